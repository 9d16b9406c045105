/* Types of element-wise operations: operators with an array among the operands, and scalar functions lifted over arrays.
 *
 * dtypes are NumPy's (hl_promote_array).  An expression over 0-dimensional arrays gives a scalar.  NumPy computes functions of 8-bit
 * integers in float16; here float32 is the smallest floating type (docs/differences.md). */
#include "array.h"
#include "number.h"
#include "rules.h"
#include <string.h>

static bool item_like(const hl_type *t) { return hl_is_array(t) || hl_is_number(hl_unliteral(t)); }

static bool is_comparison(int op) { return op == HL_OP_lt || op == HL_OP_le || op == HL_OP_eq || op == HL_OP_ne || op == HL_OP_gt || op == HL_OP_ge; }

const hl_type *hl_array_of(hl_site *s, const hl_type *item, int ndim)
{
    (void)s;
    return ndim ? hl_type_array(item, ndim, 'C', 0) : item;
}

/* A literal beside an array stands for itself, not for its own type. */
static const hl_type *item_with_literal(const hl_type *t) { return hl_is_array(t) ? t->elem : t; }

const hl_type *hl_element_operand(int op, const hl_type *a, const hl_type *b)
{
    const hl_type *x = item_with_literal(a), *y = item_with_literal(b);
    const hl_type *ux = hl_unliteral(x), *uy = hl_unliteral(y);
    const hl_type *t = hl_promote_array(x, hl_is_array(a), y, hl_is_array(b));
    if (!t) return NULL;
    if (is_comparison(op)) {
        if (hl_is_intlike(ux) && hl_is_intlike(uy)) return ux == hl_T.uint64 || uy == hl_T.uint64 ? hl_T.uint64 : hl_T.int64;
        return t;
    }
    if (op == HL_OP_truediv && hl_is_intlike(t)) return hl_T.float64;
    if (t->kind == HL_K_BOOL && (op == HL_OP_floordiv || op == HL_OP_mod || op == HL_OP_pow || op == HL_OP_lshift || op == HL_OP_rshift)) return hl_T.int8;
    return t;
}

const hl_type *hl_element_result(int op, const hl_type *operand) { return is_comparison(op) ? hl_T.boolean : operand; }

/* Layout and dimensions of the result: F when all operands with two or more dimensions are. */
static const hl_type *result_type(const hl_type *item, const hl_type *const *types, int n)
{
    int nd = 0;
    bool f = false, other = false;
    for (int k = 0; k < n; k++)
        if (hl_is_array(types[k]) && types[k]->ndim > nd) nd = types[k]->ndim;
    for (int k = 0; k < n; k++) {
        if (!hl_is_array(types[k]) || types[k]->ndim == 0) continue;
        if (types[k]->layout == 'F' && types[k]->ndim == nd) f = true;
        else other = true;
    }
    return nd ? hl_type_array(item, nd, f && !other && nd > 1 ? 'F' : 'C', 0) : item;
}

const hl_type *hl_element_array(const hl_type *item, const hl_type *const *types, int n) { return result_type(item, types, n); }

/* bool < unsigned < signed < float < complex */
static int kind_rank(const hl_type *t)
{
    t = hl_unliteral(hl_item_of(t));
    return t->kind == HL_K_BOOL ? 0 : hl_is_int(t) ? (t->flags & HL_T_SIGNED ? 2 : 1) : hl_is_float(t) ? 3 : 4;
}

bool hl_same_kind(const hl_type *from, const hl_type *to) { return kind_rank(from) <= kind_rank(to); }

static const struct { const char *name; int op; } ufuncs[] = {
    {"add", HL_OP_add}, {"subtract", HL_OP_sub}, {"multiply", HL_OP_mul}, {"divide", HL_OP_truediv}, {"floor_divide", HL_OP_floordiv},
    {"remainder", HL_OP_mod}, {"power", HL_OP_pow}, {"pow", HL_OP_pow}, {"bitwise_and", HL_OP_and}, {"bitwise_or", HL_OP_or}, {"bitwise_xor", HL_OP_xor},
    {"left_shift", HL_OP_lshift}, {"right_shift", HL_OP_rshift}, {"equal", HL_OP_eq}, {"not_equal", HL_OP_ne}, {"less", HL_OP_lt},
    {"less_equal", HL_OP_le}, {"greater", HL_OP_gt}, {"greater_equal", HL_OP_ge},
};

/* NumPy's name of an operator. */
static const char *ufunc_name(int op)
{
    for (size_t k = 0; k < sizeof ufuncs / sizeof *ufuncs; k++)
        if (ufuncs[k].op == op) return ufuncs[k].name;
    return hl_ops[op].name;
}

/* The operator that an instruction stands for: its own, or that of a ufunc (np.add). */
int hl_element_op(const hl_inst *i, const hl_rule *row)
{
    if (!row || row->kind != HL_RULE_FUNC) return i->op;
    const char *name = strrchr(row->key, '.') + 1;
    for (size_t k = 0; k < sizeof ufuncs / sizeof *ufuncs; k++)
        if (!strcmp(ufuncs[k].name, name)) return ufuncs[k].op;
    return i->op;
}

bool hl_refuses_negative(const hl_inst *i)
{
    if (!i->rule || hl_element_op(i, i->rule) != HL_OP_pow || i->nargs < 2 || !item_like(i->args[1]->type)) return false;
    return hl_is_int(hl_item_of(i->type)) && hl_is_signed(hl_unliteral(hl_item_of(i->args[1]->type)));
}

static bool any_array(hl_site *s)
{
    for (int k = 0; k < s->n; k++)
        if (hl_is_array(s->types[k])) return true;
    return false;
}

/* Does integer type t hold every value of v, a number beside arrays?  Of a literal, its value. */
static bool holds(const hl_type *t, const hl_type *v)
{
    const hl_type *from = hl_unliteral(v);
    int64_t c;
    bool is_signed = t->flags & HL_T_SIGNED, from_signed = from->flags & HL_T_SIGNED;
    if (hl_literal_int(v, &c)) {
        if (c < 0) return is_signed && c >= INT64_MIN >> (64 - t->bits);
        return t->bits - is_signed >= 63 || c < 1LL << (t->bits - is_signed);
    }
    return (is_signed || !from_signed) && t->bits - is_signed >= from->bits - from_signed;
}

const hl_type *hl_type_array_binary(hl_site *s);
const hl_type *hl_type_array_inplace(hl_site *s);
const hl_type *hl_type_array_lift(hl_site *s);
const hl_type *hl_type_array_clip(hl_site *s);

/* In which type the operation works on operand k. */
static const hl_type *worked_in(const hl_inst *i, int k)
{
    hl_rule_fn f = i->rule ? i->rule->type : NULL;
    if (f == hl_type_array_clip) return hl_item_of(i->type);
    if (f == hl_type_array_lift) return ((const hl_lift *)i->data)->operand[k];
    if (f != hl_type_array_binary && f != hl_type_array_inplace) return NULL;
    int op = hl_element_op(i, i->rule);
    return is_comparison(op) ? NULL : hl_element_operand(op, i->args[0]->type, i->args[1]->type);
}

const hl_type *hl_confines(const hl_inst *i, int k)
{
    const hl_type *v = i->args[k]->type, *t = hl_is_int(hl_unliteral(v)) ? worked_in(i, k) : NULL;
    return t && hl_is_int(t) && !holds(t, v) ? t : NULL;
}

bool hl_confines_any(const hl_inst *i)
{
    for (int k = 0; k < i->nargs; k++)
        if (hl_confines(i, k)) return true;
    return false;
}

/* A literal becomes a number of the type in which the operation works, unless NumPy refuses it: that is said when it happens. */
static const hl_type *literal_in(const hl_type *v, const hl_type *t)
{
    return hl_is_int(t) && hl_is_int(hl_unliteral(v)) && !holds(t, v) ? v : t;
}

static bool allowed(hl_site *s, int op, const hl_type *t)
{
    bool bits = op == HL_OP_and || op == HL_OP_or || op == HL_OP_xor, shift = op == HL_OP_lshift || op == HL_OP_rshift;
    if ((bits || shift) && !hl_is_intlike(t)) return hl_reject(s, "%s is not defined for %s", hl_ops[op].name, t->name), false;
    if (op == HL_OP_sub && t->kind == HL_K_BOOL)
        return hl_reject(s, "numpy boolean subtract, the `-` operator, is not supported, use the bitwise_xor, the `^` operator, or the logical_xor function instead."), false;
    if (hl_is_complex(t) && (op == HL_OP_floordiv || op == HL_OP_mod)) return hl_reject(s, "%s is not defined for complex numbers", hl_ops[op].name), false;
    return true;
}

const hl_type *hl_type_array_binary(hl_site *s)
{
    if (!any_array(s) || !item_like(s->types[0]) || !item_like(s->types[1])) return NULL;
    if (s->inst->flags & HL_I_INPLACE && hl_is_array(s->types[0])) return NULL; /* the row before said why not */
    int op = hl_element_op(s->inst, s->rule);
    const hl_type *t = hl_element_operand(op, s->types[0], s->types[1]);
    if (!t || !allowed(s, op, t)) return NULL;
    for (int k = 0; k < 2; k++) /* a literal stays what it is: its kind decides, and the emitter converts it */
        if (!hl_is_array(s->types[k]) && hl_is_literal(s->types[k])) s->types[k] = is_comparison(op) ? hl_unliteral(s->types[k]) : literal_in(s->types[k], t);
    return result_type(hl_element_result(op, t), s->types, 2);
}

const hl_type *hl_type_array_inplace(hl_site *s)
{
    if (!(s->inst->flags & HL_I_INPLACE) || !hl_is_array(s->types[0]) || !item_like(s->types[1])) return NULL;
    const hl_type *a = s->types[0], *b = s->types[1];
    int op = s->inst->op;
    if (hl_is_array(b) && b->ndim > a->ndim) return hl_reject(s, "the right side has more dimensions than the left"), NULL;
    const hl_type *t = hl_element_operand(op, a, b);
    if (!t || !allowed(s, op, t)) return NULL;
    const hl_type *work = t;
    t = hl_element_result(op, t);
    if (!hl_same_kind(t, a)) return hl_reject(s, "Cannot cast ufunc '%s' output from dtype('%s') to dtype('%s') with casting rule 'same_kind'", ufunc_name(op), t->name, a->elem->name), NULL;
    if (!hl_is_array(b) && hl_is_literal(b)) s->types[1] = literal_in(b, work) == b ? b : t;
    return a;
}

const hl_type *hl_type_array_unary(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a)) return NULL;
    int op = s->inst->op;
    if (a->elem->kind == HL_K_BOOL && op != HL_OP_invert)
        return hl_reject(s, "The numpy boolean negative, the `-` operator, is not supported, use the `~` operator or the logical_not function instead."), NULL;
    if (op == HL_OP_invert && !hl_is_intlike(a->elem)) return hl_reject(s, "~ is not defined for %s", a->elem->name), NULL;
    return result_type(a->elem, s->types, 1);
}

/* --- scalar rows over items ---------------------------------------------------------------------------------------------------- */

/* All number operands brought to one type by NumPy's promotion. */
static const hl_type *common_item(hl_site *s)
{
    const hl_type *t = NULL;
    bool array = false;
    for (int k = 0; k < s->n; k++) {
        if (!item_like(s->types[k])) continue;
        const hl_type *x = item_with_literal(s->types[k]);
        bool is_array = hl_is_array(s->types[k]);
        t = t ? hl_promote_array(t, array, x, is_array) : x;
        array |= is_array;
        if (!t) return NULL;
    }
    return t ? hl_unliteral(t) : NULL;
}

/* The scalar row on items: all of type `item`, or (NULL) each of its own. */
static const hl_type *try_scalar(hl_site *s, const hl_rule *row, const hl_type *item, hl_lift *l)
{
    const hl_type *types[8];
    hl_site sub = *s;
    if (s->n > 8) return NULL;
    for (int k = 0; k < s->n; k++) types[k] = !item_like(s->types[k]) ? s->types[k] : item ? item : hl_is_array(s->types[k]) ? s->types[k]->elem : s->types[k];
    sub.types = types, sub.rule = row;
    const hl_type *t = row->type(&sub);
    if (!t) return NULL;
    t = hl_unliteral(t);
    if (!hl_is_number(t)) return NULL;
    *l = (hl_lift){.row = row, .n = s->n, .scalar = t};
    for (int k = 0; k < s->n; k++) l->operand[k] = hl_unliteral(types[k]);
    return t;
}

/* Names whose scalar row has another one. */
static const char *scalar_key(const hl_rule *row)
{
    static const char *const other[][2] = {
        {"builtins.abs", "numpy.absolute"}, {"round", "numpy.round"}, {"conj", "numpy.conjugate"}, {"conjugate", "numpy.conjugate"},
    };
    for (size_t k = 0; k < sizeof other / sizeof *other; k++)
        if (!strcmp(other[k][0], row->key)) return other[k][1];
    return row->key;
}

/* The row of the same name that computes one item.  An integer result has the dtype of the integer operands; a function of small
 * integers that gives floats gives float32. */
static const hl_type *lift(hl_site *s, hl_lift *l, bool each)
{
    const hl_type *item = each ? NULL : common_item(s), *first = hl_unliteral(item ? item : hl_item_of(s->types[0]));
    if (!item && !each) return NULL;
    for (const hl_rule *r = hl_rules_of_key(scalar_key(s->rule)); r; r = hl_rule_next(r)) {
        if (!(r->effects & HL_E_UFUNC)) continue;
        const hl_type *t = try_scalar(s, r, item, l);
        if (!t) continue;
        bool small = hl_is_intlike(first);
        for (int k = 0; k < s->n && small; k++)
            if (hl_is_array(s->types[k])) small = hl_is_intlike(s->types[k]->elem) && (s->types[k]->elem->kind == HL_K_BOOL || s->types[k]->elem->bits <= 16);
        if (hl_is_float(t) && small && item && (t = try_scalar(s, r, hl_T.float32, l))) return t;
        return hl_is_int(t) && t->bits == 64 && hl_is_int(first) ? first : t;
    }
    return NULL;
}

static const hl_type *lift_type(hl_site *s, bool each)
{
    if (!any_array(s)) return NULL;
    hl_lift *l = HL_NEW(hl_site_arena(s), hl_lift);
    const hl_type *item = lift(s, l, each);
    if (!item) return NULL;
    s->inst->data = l;
    return result_type(item, s->types, s->n);
}

const hl_type *hl_type_array_lift(hl_site *s) { return lift_type(s, false); }
const hl_type *hl_type_array_lift_each(hl_site *s)
{
    int64_t decimals = 0;
    bool some = s->n > 1 && s->types[1]->kind != HL_K_OMITTED && !(hl_literal_int(s->types[1], &decimals) && !decimals);
    if (some && strstr(s->rule->key, "round") && hl_is_array(s->types[0]) && s->types[0]->elem->kind == HL_K_BOOL)
        return hl_reject(s, "booleans are not rounded to decimals: a float64 result cannot be cast to bool"), NULL;
    return lift_type(s, true);
}

/* --- the others ---------------------------------------------------------------------------------------------------------------------- */

const hl_type *hl_type_array_where(hl_site *s)
{
    for (int k = 0; k < 3; k++)
        if (!item_like(s->types[k])) return NULL;
    const hl_type *x = s->types[1], *y = s->types[2];
    bool ax = hl_is_array(x), ay = hl_is_array(y);
    const hl_type *ix = item_with_literal(x), *iy = item_with_literal(y);
    const hl_type *t = ax || ay ? hl_promote_array(ix, ax, iy, ay) : hl_promote(ix, iy);
    if (!ax && !ay && hl_is_literal(ix) && hl_is_literal(iy)) t = hl_promote_array(hl_unliteral(ix), true, hl_unliteral(iy), true);
    if (!t) return NULL;
    for (int k = 1; k < 3; k++)
        if (!hl_is_array(s->types[k])) s->types[k] = t;
    return result_type(t, s->types, 3);
}

const hl_type *hl_type_array_clip(hl_site *s)
{
    if (!hl_is_array(s->types[0])) return NULL;
    const hl_type *t = s->types[0]->elem;
    for (int k = 1; k < 3; k++) {
        const hl_type *x = s->types[k];
        if (x->kind == HL_K_NONE || x->kind == HL_K_OMITTED) continue;
        if (!item_like(x)) return NULL;
        t = hl_promote_array(t, true, item_with_literal(x), hl_is_array(x));
        if (!t || hl_is_complex(t)) return NULL;
    }
    for (int k = 1; k < 3; k++)
        if (item_like(s->types[k]) && !hl_is_array(s->types[k]) && !(hl_is_int(t) && hl_is_int(hl_unliteral(s->types[k])))) s->types[k] = t;
    return result_type(t, s->types, 3);
}

const hl_type *hl_type_array_astype(hl_site *s)
{
    const hl_type *t = s->n > 1 ? hl_dtype_of(s->types[1], NULL) : NULL;
    if (!hl_is_array(s->types[0])) return NULL;
    if (!t) return hl_reject(s, "%s is not a dtype", s->n > 1 ? s->types[1]->name : "nothing"), NULL;
    if (hl_is_complex(s->types[0]->elem) && !hl_is_complex(t) && t->kind != HL_K_BOOL) return hl_reject(s, "a complex array cannot become %s; take .real", t->name), NULL;
    return s->types[0]->ndim ? result_type(t, s->types, 1) : hl_type_array(t, 0, 'C', 0);
}

/* np.float32(a), np.int64(a) …: what the scalar row makes of an item */
const hl_type *hl_type_array_convert(hl_site *s)
{
    hl_lift l;
    if (!hl_is_array(s->types[0])) return NULL;
    for (const hl_rule *r = hl_rules_of_key(s->rule->key); r; r = hl_rule_next(r)) {
        const hl_type *t = r->effects & HL_E_UFUNC ? try_scalar(s, r, NULL, &l) : NULL;
        if (t) return hl_is_complex(s->types[0]->elem) && !hl_is_complex(t) ? NULL : result_type(t, s->types, 1);
    }
    return NULL;
}
