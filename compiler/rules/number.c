/* Type functions of the operators on numbers, and literal folding.
 *
 * Literals fold where the result decides a type or a branch: Literal[2] * Literal[3] is Literal[6], so that weak constants
 * stay weak (x32 * (2 * PI) is float32) and branches on constants are cut.  CPython itself does the folding; what raises
 * or exceeds 64 bits is left to run time.  Termination: a literal that changes round a loop is unified to its base. */
#include "number.h"
#include <math.h>
#include <string.h>

/* --- folding --------------------------------------------------------------------------------------------------------- */

const hl_type *hl_literal_of(hl_site *s, PyObject *owned)
{
    if (!owned) {
        PyErr_Clear();
        return NULL;
    }
    owned = hl_keep(hl_site_arena(s), owned);
    const hl_type *t = hl_type_literal(hl_site_types(s), owned);
    if (!t) PyErr_Clear();
    return t;
}

static int compare_word(hl_op op)
{
    switch (op) {
    case HL_OP_lt: return Py_LT;
    case HL_OP_le: return Py_LE;
    case HL_OP_eq: return Py_EQ;
    case HL_OP_ne: return Py_NE;
    case HL_OP_gt: return Py_GT;
    case HL_OP_ge: return Py_GE;
    default: return -1;
    }
}

/* Exponents and counts that could make CPython build a number of a million digits. */
static bool too_large_to_fold(hl_op op, const hl_type *b)
{
    int64_t n;
    if (op == HL_OP_pow) return hl_literal_int(b, &n) ? n > 64 || n < -64 : false;
    return op == HL_OP_lshift && (!hl_literal_int(b, &n) || n > 64);
}

/* A result beyond int64 of operands within it is left to run time, where it wraps, instead of becoming a uint64. */
static const hl_type *folded_number(hl_site *s, const hl_type *a, const hl_type *b, PyObject *owned)
{
    const hl_type *t = hl_literal_of(s, owned);
    return t && hl_is_u64(t->elem) && !hl_is_u64(hl_unliteral(a)) && !hl_is_u64(hl_unliteral(b)) ? NULL : t;
}

const hl_type *hl_fold_binary(hl_site *s, hl_op op, const hl_type *a, const hl_type *b)
{
    if (!hl_is_literal(a) || !hl_is_literal(b) || !hl_number(a) || !hl_number(b) || too_large_to_fold(op, b)) return NULL;
    PyObject *x = a->obj, *y = b->obj;
    if (compare_word(op) >= 0) return hl_literal_of(s, PyObject_RichCompare(x, y, compare_word(op)));
    switch (op) {
    case HL_OP_add: return folded_number(s, a, b, PyNumber_Add(x, y));
    case HL_OP_sub: return folded_number(s, a, b, PyNumber_Subtract(x, y));
    case HL_OP_mul: return folded_number(s, a, b, PyNumber_Multiply(x, y));
    case HL_OP_truediv: return folded_number(s, a, b, PyNumber_TrueDivide(x, y));
    case HL_OP_floordiv: return folded_number(s, a, b, PyNumber_FloorDivide(x, y));
    case HL_OP_mod: return folded_number(s, a, b, PyNumber_Remainder(x, y));
    case HL_OP_pow: return folded_number(s, a, b, PyNumber_Power(x, y, Py_None));
    case HL_OP_lshift: return folded_number(s, a, b, PyNumber_Lshift(x, y));
    case HL_OP_rshift: return folded_number(s, a, b, PyNumber_Rshift(x, y));
    case HL_OP_and: return folded_number(s, a, b, PyNumber_And(x, y));
    case HL_OP_or: return folded_number(s, a, b, PyNumber_Or(x, y));
    case HL_OP_xor: return folded_number(s, a, b, PyNumber_Xor(x, y));
    default: return NULL;
    }
}

const hl_type *hl_fold_unary(hl_site *s, hl_op op, const hl_type *a)
{
    if (!hl_is_literal(a) || !hl_number(a)) return NULL;
    switch (op) {
    case HL_OP_neg: return folded_number(s, a, a, PyNumber_Negative(a->obj));
    case HL_OP_pos: return folded_number(s, a, a, PyNumber_Positive(a->obj));
    /* ~True is deprecated in CPython: no warning from here */
    case HL_OP_invert: return a->elem->kind == HL_K_INT ? folded_number(s, a, a, PyNumber_Invert(a->obj)) : NULL;
    case HL_OP_truth: return hl_literal_of(s, PyBool_FromLong(PyObject_IsTrue(a->obj)));
    default: return NULL;
    }
}

/* A literal result needs no operands; they stay as they are, and nothing raises. */
static const hl_type *folded(hl_site *s, const hl_type *t)
{
    s->inst->flags |= HL_I_NORAISE;
    return t;
}

/* --- arithmetic ------------------------------------------------------------------------------------------------------------ */

static void set_both(hl_site *s, const hl_type *t) { s->types[0] = s->types[1] = t; }

static void may_raise(hl_site *s, bool yes)
{
    if (yes) s->inst->flags &= (uint16_t)~HL_I_NORAISE;
    else s->inst->flags |= HL_I_NORAISE;
}

/* Is t a literal number different from zero? */
static bool literal_not_zero(const hl_type *t)
{
    return hl_is_literal(t) && hl_number(t) && PyObject_IsTrue(t->obj) == 1;
}

static const hl_type *arith_type(hl_site *s, hl_op op)
{
    const hl_type *a = s->types[0], *b = s->types[1], *t = hl_promote(a, b), *r;
    if (!t) return NULL;
    if ((r = hl_fold_binary(s, op, a, b))) return folded(s, r);
    set_both(s, t);
    return t;
}

const hl_type *hl_type_arith(hl_site *s) { return arith_type(s, (hl_op)s->inst->op); }

static const hl_type *int_truediv_type(hl_site *s)
{
    const hl_type *a = s->types[0], *b = s->types[1], *r;
    if (!hl_is_intlike(hl_unliteral(a)) || !hl_is_intlike(hl_unliteral(b))) return NULL;
    if ((r = hl_fold_binary(s, HL_OP_truediv, a, b))) return folded(s, r);
    may_raise(s, !literal_not_zero(b));
    return hl_T.float64;
}

const hl_type *hl_type_int_truediv(hl_site *s) { return int_truediv_type(s); }

/* /, //, % where at least one operand is no integer, or the result is one */
static const hl_type *divide_type(hl_site *s, hl_op op)
{
    const hl_type *b = s->types[1], *t = arith_type(s, op);
    if (!t || hl_is_literal(t)) return t;
    if (t->kind == HL_K_COMPLEX && op != HL_OP_truediv) {
        hl_reject(s, "unsupported operand type(s) for %s: 'complex' and 'complex'", op == HL_OP_mod ? "%" : "//");
        return NULL;
    }
    may_raise(s, !literal_not_zero(b));
    return t;
}

const hl_type *hl_type_divide(hl_site *s) { return divide_type(s, (hl_op)s->inst->op); }

/* The type cannot depend on a value: int ** int is an integer, unless the exponent is a negative literal. */
static const hl_type *pow_type(hl_site *s)
{
    const hl_type *a = s->types[0], *b = s->types[1], *t = arith_type(s, HL_OP_pow);
    if (!t || hl_is_literal(t)) return t;
    int64_t n = 0;
    bool fixed = hl_literal_int(b, &n);
    if (t->kind == HL_K_INT && fixed && n < 0) set_both(s, t = hl_T.float64);
    may_raise(s, !(hl_is_literal(b) && PyFloat_Check(b->obj) && PyFloat_AsDouble(b->obj) >= 0) && !(fixed && n >= 0) && !literal_not_zero(a));
    if (t->kind == HL_K_INT && !fixed) may_raise(s, !hl_is_u64(hl_unliteral(b)));
    return t;
}

const hl_type *hl_type_pow(hl_site *s) { return pow_type(s); }

static const hl_type *shift_type(hl_site *s, hl_op op)
{
    const hl_type *a = s->types[0], *b = s->types[1], *r;
    const hl_type *x = hl_unliteral(a), *y = hl_unliteral(b);
    if (!hl_is_intlike(x) || !hl_is_intlike(y)) return NULL;
    if ((r = hl_fold_binary(s, op, a, b))) return folded(s, r);
    int64_t n;
    may_raise(s, !(hl_literal_int(b, &n) && n >= 0) && hl_is_signed(y));
    bool u64 = hl_is_u64(x) || (hl_is_literal(a) && hl_is_u64(y));
    s->types[0] = u64 ? hl_T.uint64 : hl_T.int64;
    s->types[1] = hl_is_u64(y) ? hl_T.uint64 : hl_T.int64;
    return s->types[0];
}

const hl_type *hl_type_shift(hl_site *s) { return shift_type(s, (hl_op)s->inst->op); }

/* Bits of int64 and uint64 together are those of uint64. */
static const hl_type *bits_type(hl_site *s, hl_op op)
{
    const hl_type *a = s->types[0], *b = s->types[1], *r;
    const hl_type *x = hl_unliteral(a), *y = hl_unliteral(b);
    if (!hl_is_intlike(x) || !hl_is_intlike(y)) return NULL;
    if ((r = hl_fold_binary(s, op, a, b))) return folded(s, r);
    bool both = x->kind == HL_K_BOOL && y->kind == HL_K_BOOL;
    set_both(s, both ? hl_T.boolean : hl_is_u64(x) || hl_is_u64(y) ? hl_T.uint64 : hl_T.int64);
    return s->types[0];
}

const hl_type *hl_type_bits(hl_site *s) { return bits_type(s, (hl_op)s->inst->op); }

/* Small integers compute in 64 bits. */
static const hl_type *widened(const hl_type *t) { return hl_is_intlike(t) && !hl_is_u64(t) ? hl_T.int64 : t; }

static const hl_type *unary_type(hl_site *s, hl_op op)
{
    const hl_type *t = hl_number(s->types[0]), *r = t ? hl_fold_unary(s, op, s->types[0]) : NULL;
    if (r) return folded(s, r);
    if (!t || (op == HL_OP_invert && !hl_is_intlike(t))) return NULL;
    return s->types[0] = widened(t);
}

const hl_type *hl_type_sign(hl_site *s) { return unary_type(s, (hl_op)s->inst->op); }
const hl_type *hl_type_invert(hl_site *s) { return unary_type(s, HL_OP_invert); }

const hl_type *hl_type_truth(hl_site *s)
{
    if (!hl_number(s->types[0])) return NULL;
    const hl_type *r = hl_fold_unary(s, HL_OP_truth, s->types[0]);
    return r ? r : hl_T.boolean;
}

/* --- comparison --------------------------------------------------------------------------------------------------------------- */

/* Does the literal equal its conversion to the other kind, and can no rounded neighbour be mistaken for it? */
static bool small_literal(const hl_type *t)
{
    int64_t n;
    if (hl_literal_int(t, &n)) return n <= INT64_C(1) << 53 && n >= -(INT64_C(1) << 53);
    return hl_is_literal(t) && t->elem->kind == HL_K_FLOAT && fabs(PyFloat_AsDouble(t->obj)) < 0x1p53;
}

/* CPython compares int with float exactly; a 64-bit integer variable and a float must then stay what they are. */
static bool needs_exact(const hl_type *n, const hl_type *x)
{
    if (hl_unliteral(n)->kind != HL_K_INT || hl_unliteral(x)->kind != HL_K_FLOAT) return false;
    return hl_unliteral(n)->bits == 64 && !small_literal(n) && !small_literal(x);
}

static const hl_type *wide_int(const hl_type *t) { return hl_is_u64(t) ? hl_T.uint64 : hl_T.int64; }

const hl_type *hl_compare_types(hl_site *s, hl_op op)
{
    const hl_type *a = s->types[0], *b = s->types[1], *t = hl_promote(a, b);
    if (!t) return NULL;
    const hl_type *x = hl_unliteral(a), *y = hl_unliteral(b);
    if (t->kind == HL_K_COMPLEX && op != HL_OP_eq && op != HL_OP_ne) {
        hl_reject(s, "complex numbers have no order");
        return NULL;
    }
    if (x->kind == HL_K_BOOL && y->kind == HL_K_BOOL) t = hl_T.boolean;
    if (hl_is_intlike(x) && hl_is_intlike(y) && t->kind == HL_K_FLOAT) s->types[0] = wide_int(x), s->types[1] = wide_int(y);
    else if (t == hl_T.uint64 && ((hl_is_literal(a) && a->ival < 0 && !hl_is_u64(x)) || (hl_is_literal(b) && b->ival < 0 && !hl_is_u64(y))))
        s->types[0] = wide_int(x), s->types[1] = wide_int(y);
    else if (needs_exact(a, b)) s->types[0] = wide_int(x), s->types[1] = hl_T.float64;
    else if (needs_exact(b, a)) s->types[0] = hl_T.float64, s->types[1] = wide_int(y);
    else set_both(s, t);
    return hl_T.boolean;
}

static const hl_type *compare_type(hl_site *s, hl_op op)
{
    const hl_type *r = hl_fold_binary(s, op, s->types[0], s->types[1]);
    return r ? r : hl_compare_types(s, op);
}

const hl_type *hl_type_compare(hl_site *s) { return compare_type(s, (hl_op)s->inst->op); }

/* --- operators under another name ---------------------------------------------------------------------------------------------- */

hl_op hl_operator_of(const hl_rule *r)
{
    static const struct { const char *name; hl_op op; } names[] = {
        {"add", HL_OP_add}, {"sub", HL_OP_sub}, {"subtract", HL_OP_sub}, {"mul", HL_OP_mul}, {"multiply", HL_OP_mul},
        {"truediv", HL_OP_truediv}, {"divide", HL_OP_truediv}, {"floordiv", HL_OP_floordiv}, {"floor_divide", HL_OP_floordiv},
        {"mod", HL_OP_mod}, {"remainder", HL_OP_mod}, {"pow", HL_OP_pow}, {"power", HL_OP_pow}, {"float_power", HL_OP_pow},
        {"lshift", HL_OP_lshift}, {"left_shift", HL_OP_lshift}, {"rshift", HL_OP_rshift}, {"right_shift", HL_OP_rshift},
        {"and_", HL_OP_and}, {"bitwise_and", HL_OP_and}, {"or_", HL_OP_or}, {"bitwise_or", HL_OP_or}, {"xor", HL_OP_xor},
        {"bitwise_xor", HL_OP_xor}, {"lt", HL_OP_lt}, {"less", HL_OP_lt}, {"le", HL_OP_le}, {"less_equal", HL_OP_le},
        {"eq", HL_OP_eq}, {"equal", HL_OP_eq}, {"ne", HL_OP_ne}, {"not_equal", HL_OP_ne}, {"gt", HL_OP_gt},
        {"greater", HL_OP_gt}, {"ge", HL_OP_ge}, {"greater_equal", HL_OP_ge}, {"neg", HL_OP_neg}, {"negative", HL_OP_neg},
        {"pos", HL_OP_pos}, {"positive", HL_OP_pos}, {"invert", HL_OP_invert}, {"truth", HL_OP_truth}};
    const char *name = strrchr(r->key, '.') + 1;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (!strcmp(names[k].name, name)) return names[k].op;
    return HL_OP_COUNT;
}

const hl_type *hl_operator_type(hl_site *s, hl_op op)
{
    const hl_type *t;
    switch (op) {
    case HL_OP_add: case HL_OP_sub: case HL_OP_mul: may_raise(s, false); return arith_type(s, op);
    case HL_OP_truediv: t = int_truediv_type(s); return t ? t : divide_type(s, op);
    case HL_OP_floordiv: case HL_OP_mod: return divide_type(s, op);
    case HL_OP_pow: return pow_type(s);
    case HL_OP_lshift: case HL_OP_rshift: return shift_type(s, op);
    case HL_OP_and: case HL_OP_or: case HL_OP_xor: may_raise(s, false); return bits_type(s, op);
    case HL_OP_neg: case HL_OP_pos: case HL_OP_invert: may_raise(s, false); return unary_type(s, op);
    case HL_OP_truth: may_raise(s, false); return hl_type_truth(s);
    default: may_raise(s, false); return compare_type(s, op);
    }
}

const hl_type *hl_type_operator(hl_site *s) { return hl_operator_type(s, hl_operator_of(s->rule)); }
