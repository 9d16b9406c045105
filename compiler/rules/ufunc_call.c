/* Calls of ufuncs that vectorize made, in compiled code: with numbers a call of the function, with arrays an element-wise instruction
 * like those of array_element.c, which fuses with them.
 *
 * Calls of gufuncs go over the outer dimensions of their operands and call the function for each item; their outputs are the last
 * operands, or made.
 *
 * Python chooses the loop (hotloop/ufunc.py, Loops._choose): beside arrays numbers are weak, as everywhere in compiled code. */
#include "array.h"
#include "rules.h"

static bool item_like(const hl_type *t) { return hl_is_array(t) || hl_is_number(hl_unliteral(t)); }

/* NumPy refuses Python integers that the dtype can't hold. */
static bool literals_fit(hl_site *s, const hl_choice *c)
{
    for (int k = 0; k + 1 < s->n; k++) {
        int64_t v;
        const hl_type *t = hl_item_of(c->in[k]);
        if (!hl_literal_int(s->types[k + 1], &v) || !hl_is_int(t)) continue;
        bool is_signed = t->flags & HL_T_SIGNED;
        if (t->bits == 64 ? is_signed || v >= 0 : is_signed ? v >> (t->bits - 1) == v >> 63 : v >> t->bits == 0) continue;
        hl_reject(s, "Python integer %lld out of bounds for %s", (long long)v, t->name);
        return false;
    }
    return true;
}

/* The call's loop and the type that its function returns; NULL: refused; UNKNOWN: not known yet. */
static const hl_type *chosen(hl_site *s, hl_ufunc_call *c)
{
    hl_choice found;
    for (int k = 1; k < s->n; k++)
        if (!item_like(s->types[k])) return hl_reject(s, "a ufunc takes numbers and arrays; operand %d is %s", k, s->types[k]->name), NULL;
    if (!hl_choose_loop(s, s->types[0]->obj, s->types + 1, s->n - 1, &found)) return NULL;
    if (!literals_fit(s, &found)) return NULL;
    *c = (hl_ufunc_call){.ufunc = s->types[0]->obj, .nin = found.n, .nout = found.nout};
    for (int k = 0; k < found.n; k++) c->in[k] = found.in[k];
    for (int k = 0; k < found.nout; k++) c->out[k] = found.out[k];
    return hl_call_jitted(s, found.function, found.in, found.n, &c->callee);
}

static bool any_array(const hl_site *s)
{
    for (int k = 1; k < s->n; k++)
        if (hl_is_array(s->types[k])) return true;
    return false;
}

static void convert_numbers(hl_site *s, const hl_ufunc_call *c)
{
    for (int k = 1; k < s->n; k++)
        if (!hl_is_array(s->types[k])) s->types[k] = c->in[k - 1];
}

const hl_type *hl_type_call_ufunc(hl_site *s)
{
    hl_ufunc_call *c = HL_NEW(hl_site_arena(s), hl_ufunc_call);
    if (s->n > 8 + 1) return hl_reject(s, "in compiled code a ufunc takes at most 8 inputs"), NULL;
    const hl_type *t = chosen(s, c);
    if (!t || t->kind == HL_K_UNKNOWN) return t;
    t = hl_unliteral(t);
    if (t->kind == HL_K_TUPLE) return NULL;
    if (!hl_is_number(t)) return hl_reject(s, "the function returns %s, a ufunc's gives numbers", t->name), NULL;
    if (!c->nout) c->out[c->nout++] = t;
    s->inst->data = c;
    const hl_type *result = any_array(s) ? hl_element_array(c->out[0], s->types, s->n) : c->out[0];
    convert_numbers(s, c);
    return result;
}

const hl_type *hl_type_call_ufunc_several(hl_site *s)
{
    hl_ufunc_call *c = HL_NEW(hl_site_arena(s), hl_ufunc_call);
    const hl_type *t = s->n > 8 + 1 ? NULL : chosen(s, c), *items[HL_UFUNC_OPERANDS];
    if (!t || t->kind == HL_K_UNKNOWN) return t;
    if (t->kind != HL_K_TUPLE || t->nitems > HL_UFUNC_OPERANDS) return NULL;
    bool given = c->nout;
    if (!given) c->nout = t->nitems;
    for (int k = 0; k < c->nout; k++) {
        if (!given) c->out[k] = hl_unliteral(t->items[k]);
        if (!hl_is_number(c->out[k])) return hl_reject(s, "result %d of the function is %s, a ufunc's gives numbers", k + 1, c->out[k]->name), NULL;
        items[k] = any_array(s) ? hl_element_array(c->out[k], s->types, s->n) : c->out[k];
    }
    s->inst->data = c;
    convert_numbers(s, c);
    return hl_type_tuple(hl_site_types(s), items, c->nout, NULL);
}

/* --- gufuncs ---------------------------------------------------------------------------------------------------------------------- */

/* (number of outputs, (symbols of operand 0, …), (sizes)) */
static bool read_layout(hl_ufunc_call *c, PyObject *layout)
{
    PyObject *operands, *sizes;
    int nout;
    if (!PyArg_ParseTuple(layout, "iO!O!", &nout, &PyTuple_Type, &operands, &PyTuple_Type, &sizes)) return false;
    c->nsym = (int)PyTuple_GET_SIZE(sizes), c->nwritten = nout;
    if (c->nsym > HL_UFUNC_OPERANDS) return false;
    for (int k = 0; k < c->nsym; k++) c->size[k] = PyLong_AsLongLong(PyTuple_GET_ITEM(sizes, k));
    for (int k = 0; k < PyTuple_GET_SIZE(operands) && k < HL_UFUNC_OPERANDS; k++) {
        PyObject *one = PyTuple_GET_ITEM(operands, k);
        c->ndim[k] = (int)PyTuple_GET_SIZE(one);
        for (int d = 0; d < c->ndim[k] && d < HL_DIMS; d++) c->sym[k][d] = (int)PyLong_AsLong(PyTuple_GET_ITEM(one, d));
    }
    return !PyErr_Occurred();
}

/* Arrays of other dtypes than the loop's are cast: the function sees a copy.  What it may write there goes back behind the call
 * (infer/finish.c), unless the copy is read-only. */
static bool convert_arrays(hl_site *s, const hl_ufunc_call *c)
{
    for (int k = 1; k < s->n; k++) {
        const hl_type *t = s->types[k], *want = c->in[k - 1], *item = hl_item_of(want);
        if (!hl_is_array(t) || t->elem == item) continue;
        bool fixed = !hl_is_array(want) || want->flags & HL_T_READONLY || t->flags & HL_T_READONLY;
        if (!fixed && hl_is_complex(item) && !hl_is_complex(t->elem))
            return hl_reject(s, "operand %d is written, and %s can't be cast back to %s", k, item->name, t->elem->name), false;
        s->types[k] = hl_type_array(item, t->ndim, t->layout == 'F' && t->ndim > 1 ? 'F' : 'C', fixed ? HL_T_READONLY : 0);
    }
    return true;
}

static const hl_type *gufunc(hl_site *s, hl_ufunc_call *c)
{
    hl_choice found;
    for (int k = 1; k < s->n; k++)
        if (!item_like(s->types[k])) return hl_reject(s, "a gufunc takes numbers and arrays; operand %d is %s", k, s->types[k]->name), NULL;
    if (!hl_choose_loop(s, s->types[0]->obj, s->types + 1, s->n - 1, &found)) return NULL;
    *c = (hl_ufunc_call){.ufunc = s->types[0]->obj, .nin = found.n, .nout = found.nout};
    for (int k = 0; k < found.n; k++) c->in[k] = found.in[k];
    for (int k = 0; k < found.nout; k++) c->out[k] = found.out[k];
    if (!read_layout(c, found.layout)) return NULL;
    const hl_type *t = hl_call_jitted(s, found.function, found.in, found.n, &c->callee);
    if (t && t->kind != HL_K_UNKNOWN && t->kind != HL_K_NONE) return hl_reject(s, "the function returns %s; a gufunc's writes into its outputs", t->name), NULL;
    if (!literals_fit(s, &found) || !convert_arrays(s, c)) return NULL;
    s->inst->data = c;
    for (int k = 1; k < s->n; k++)
        if (!hl_is_array(s->types[k]) && !hl_is_array(c->in[k - 1])) s->types[k] = c->in[k - 1];
    return hl_T.none;
}

static bool may_write(const hl_type *t) { return hl_is_array(t) && !(t->flags & HL_T_READONLY); }

static bool changes_inputs(const hl_ufunc_call *c)
{
    for (int k = 0; k < c->nin - c->nwritten; k++)
        if (may_write(c->in[k])) return true;
    return false;
}

/* The outputs are made here; two rows, whose effects differ. */
const hl_type *hl_type_call_gufunc(hl_site *s)
{
    hl_ufunc_call *c = HL_NEW(hl_site_arena(s), hl_ufunc_call);
    if (!gufunc(s, c) || changes_inputs(c) != (s->rule->id == HL_R_call_gufunc_changing)) return NULL;
    const hl_type *made[HL_UFUNC_OPERANDS]; /* without dimensions: numbers */
    for (int k = 0; k < c->nout; k++) made[k] = hl_array_of(s, c->out[k]->elem, c->out[k]->ndim);
    return c->nout == 1 ? made[0] : hl_type_tuple(hl_site_types(s), made, c->nout, NULL);
}

/* The outputs are the last operands. */
const hl_type *hl_type_call_gufunc_into(hl_site *s) { return gufunc(s, HL_NEW(hl_site_arena(s), hl_ufunc_call)); }

/* --- what the function does ---------------------------------------------------------------------------------------------------- */

bool hl_calls_ufunc(const hl_inst *i) { return i->rule && i->rule->id >= HL_R_call_ufunc && i->rule->id <= HL_R_call_gufunc_into; }
bool hl_is_ufunc_call(const hl_inst *i) { return i->rule && (i->rule->id == HL_R_call_ufunc || i->rule->id == HL_R_call_ufunc_several); }

/* Rows that raise under the error model of Python alone. */
static bool follows_error_model(const hl_rule *r)
{
    static const hl_rule_id rows[] = {HL_R_math_sqrt, HL_R_math_log, HL_R_math_log2, HL_R_math_log10, HL_R_math_log1p, HL_R_math_asin, HL_R_math_acos,
                                      HL_R_math_atanh, HL_R_math_acosh, HL_R_math_pow, HL_R_math_fmod};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        if (r->id == (int)rows[k]) return true;
    return false;
}

static bool only_numbers(const hl_inst *i)
{
    for (int k = 0; k < i->nargs; k++)
        if (!hl_is_number(hl_unliteral(i->args[k]->type))) return false;
    return i->type && hl_is_number(hl_unliteral(i->type));
}

static bool raises(const hl_func *f, int depth)
{
    bool numpy = f->options && f->options->error_model_numpy;
    if (depth > 16) return true;
    for (int b = 0; b < f->blocks.n; b++)
        for (const hl_inst *i = f->blocks.at[b]->first; i; i = i->next) {
            if (!(hl_ir_effects(i) & HL_E_RAISE)) continue;
            const hl_func *callee = hl_calls_ufunc(i) ? ((const hl_ufunc_call *)i->data)->callee : i->op == HL_OP_call && !i->rule ? i->data : NULL;
            bool quiet = numpy && i->rule && (follows_error_model(i->rule) || (i->op >= HL_OP_add && i->op <= HL_OP_ge && only_numbers(i)));
            if (callee ? raises(callee, depth + 1) : !quiet) return true;
        }
    return false;
}

bool hl_ufunc_call_raises(const hl_inst *i) { return raises(((const hl_ufunc_call *)i->data)->callee, 0); }
