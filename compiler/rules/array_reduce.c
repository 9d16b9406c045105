/* Types of reductions: np.sum(a, axis=, dtype=, keepdims=, initial=) and its family, as functions and methods.
 *
 * The name of the row says which reduction it is (hl_reduction_of).  axis is None, an int (a literal, or one known at run
 * time), or a tuple of literal ints.  Result dtypes are NumPy's: small integers are summed in 64 bits. */
#include "array.h"
#include "rules.h"
#include <string.h>

static const struct { const char *name; hl_reduction r; } names[] = {
    {"sum", HL_RED_SUM}, {"prod", HL_RED_PROD}, {"min", HL_RED_MIN}, {"amin", HL_RED_MIN}, {"max", HL_RED_MAX}, {"amax", HL_RED_MAX},
    {"mean", HL_RED_MEAN}, {"var", HL_RED_VAR}, {"std", HL_RED_STD}, {"argmin", HL_RED_ARGMIN}, {"argmax", HL_RED_ARGMAX},
    {"any", HL_RED_ANY}, {"all", HL_RED_ALL}, {"count_nonzero", HL_RED_COUNT}, {"ptp", HL_RED_PTP}, {"nansum", HL_RED_NANSUM},
    {"nanprod", HL_RED_NANPROD}, {"nanmin", HL_RED_NANMIN}, {"nanmax", HL_RED_NANMAX}, {"nanmean", HL_RED_NANMEAN},
    {"nanvar", HL_RED_NANVAR}, {"nanstd", HL_RED_NANSTD},
};

hl_reduction hl_reduction_of(const hl_rule *row)
{
    const char *dot = strrchr(row->key, '.'), *name = dot ? dot + 1 : row->key;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (!strcmp(names[k].name, name)) return names[k].r;
    return HL_RED_NONE;
}

static int place(const hl_params *p, const char *name)
{
    for (int k = 0; k < p->n; k++)
        if (p->len[k] == strlen(name) && !memcmp(p->name[k], name, p->len[k])) return k;
    return -1;
}

hl_reduce_args hl_reduce_args_of(const hl_rule *row)
{
    hl_params p;
    hl_rule_params(row, &p);
    return (hl_reduce_args){place(&p, "axis"), place(&p, "dtype"), place(&p, "ddof"), place(&p, "keepdims"), place(&p, "out"), place(&p, "initial")};
}

const hl_type *hl_reduce_accumulator(hl_reduction r, const hl_type *item, const hl_type *dtype)
{
    switch (r) {
    case HL_RED_SUM: case HL_RED_PROD: case HL_RED_NANSUM: case HL_RED_NANPROD:
        if (dtype) return dtype;
        if (item->kind == HL_K_BOOL) return hl_T.int64;
        if (hl_is_int(item)) return item->flags & HL_T_SIGNED ? hl_T.int64 : hl_T.uint64;
        return item;
    case HL_RED_MEAN: case HL_RED_NANMEAN: case HL_RED_VAR: case HL_RED_STD: case HL_RED_NANVAR: case HL_RED_NANSTD:
        if (dtype) return hl_is_intlike(dtype) ? NULL : dtype;
        return hl_is_intlike(item) ? hl_T.float64 : item;
    case HL_RED_MIN: case HL_RED_MAX: case HL_RED_ARGMIN: case HL_RED_ARGMAX: case HL_RED_PTP: case HL_RED_NANMIN: case HL_RED_NANMAX:
        if (hl_is_complex(item)) return r == HL_RED_PTP || r == HL_RED_NANMIN || r == HL_RED_NANMAX ? NULL : item;
        return item->kind == HL_K_BOOL && r == HL_RED_PTP ? NULL : item;
    default: return item;
    }
}

static const hl_type *result_item(hl_reduction r, const hl_type *acc)
{
    switch (r) {
    case HL_RED_VAR: case HL_RED_STD: case HL_RED_NANVAR: case HL_RED_NANSTD: return hl_is_complex(acc) ? hl_type_float(acc->bits / 2) : acc;
    case HL_RED_ARGMIN: case HL_RED_ARGMAX: case HL_RED_COUNT: return hl_T.int64;
    case HL_RED_ANY: case HL_RED_ALL: return hl_T.boolean;
    default: return acc;
    }
}

/* An axis as a bit.  0 with a reason: there is no such axis. */
static int64_t axis_bit(int64_t v, int nd, const char **why)
{
    if (v < -nd || v >= nd) return *why = "axis is out of bounds for this array", 0;
    return 1LL << (v < 0 ? v + nd : v);
}

/* Bits of the dimensions that go; -1: all; -2: one that only run time knows; -3: error, with a reason. */
int64_t hl_reduce_axes(const hl_type *t, int nd, const char **why)
{
    int64_t v;
    *why = NULL;
    if (t->kind == HL_K_OMITTED || t->kind == HL_K_NONE) return -1;
    if (hl_literal_int(t, &v)) {
        if (!nd && (v == 0 || v == -1)) return 0; /* a ufunc has these axes where there are no dimensions */
        int64_t bit = axis_bit(v, nd, why);
        return *why ? -3 : bit;
    }
    if (hl_is_int(hl_unliteral(t))) return -2;
    if (t->kind != HL_K_TUPLE) return *why = "axis must be None, an int or a tuple of ints", -3;
    int64_t bits = 0;
    for (int k = 0; k < t->nitems; k++) {
        if (!hl_literal_int(t->items[k], &v)) return *why = "the axes in the tuple must be written as numbers", -3;
        int64_t bit = axis_bit(v, nd, why);
        if (bits & bit) *why = "duplicate value in 'axis'";
        if (*why) return -3;
        bits |= bit;
    }
    return bits;
}

static bool given(hl_site *s, int k) { return k >= 0 && s->types[k]->kind != HL_K_OMITTED && s->types[k]->kind != HL_K_NONE; }

/* A list of numbers, or a tuple of numbers of one type, seen as an array (its items lie one or two slots apart); NULL: neither. */
const hl_type *hl_reduce_sequence(const hl_type *t)
{
    const hl_type *item = t->kind == HL_K_LIST ? hl_unliteral(t->elem) : t->kind == HL_K_TUPLE && t->nitems ? hl_unliteral(t->items[0]) : NULL;
    for (int k = 1; item && t->kind == HL_K_TUPLE && k < t->nitems; k++)
        if (hl_unliteral(t->items[k]) != item) return NULL;
    return item && hl_is_number(item) && item != hl_T.complex64 ? hl_type_array(item, 1, 'A', HL_T_READONLY) : NULL;
}

/* With axis=() each item is reduced by itself: into one accumulator that is the result. */
static bool takes_no_axes(hl_reduction r)
{
    return (r >= HL_RED_SUM && r <= HL_RED_MEAN) || (r >= HL_RED_ANY && r <= HL_RED_COUNT) || r == HL_RED_NANSUM || r == HL_RED_NANPROD;
}

const hl_type *hl_type_reduce(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (hl_reduce_sequence(a)) a = hl_reduce_sequence(a);
    bool scalar = hl_is_number(hl_unliteral(a)) && s->rule->kind == HL_RULE_FUNC;
    if (!hl_is_array(a) && !scalar) return NULL;
    const hl_type *item = scalar ? hl_unliteral(a) : a->elem;
    int ndim = scalar ? 0 : a->ndim;
    hl_reduction r = hl_reduction_of(s->rule);
    hl_reduce_args p = hl_reduce_args_of(s->rule);
    if (given(s, p.out)) return hl_reject(s, "out= is not supported"), NULL;
    const hl_type *dtype = given(s, p.dtype) ? hl_dtype_of(s->types[p.dtype], NULL) : NULL;
    if (given(s, p.dtype) && !dtype) return hl_reject(s, "dtype is not a dtype known while compiling"), NULL;
    const hl_type *acc = hl_reduce_accumulator(r, item, dtype);
    if (!acc) return hl_reject(s, "%s is not defined for %s", s->rule->key, item->name), NULL;
    bool keep = false;
    if (given(s, p.keepdims) && !hl_literal_bool(s->types[p.keepdims], &keep)) return hl_reject(s, "keepdims must be written as True or False"), NULL;
    if (given(s, p.ddof) && !hl_is_real(hl_unliteral(s->types[p.ddof]))) return NULL;
    if (given(s, p.initial)) {
        const hl_type *first = hl_unliteral(s->types[p.initial]);
        if (!hl_is_number(first) || (hl_is_complex(first) && !hl_is_complex(acc))) return hl_reject(s, "initial must be a number that converts to %s", acc->name), NULL;
        s->types[p.initial] = acc;
    }
    const char *why;
    int64_t axes = p.axis < 0 ? -1 : hl_reduce_axes(s->types[p.axis], ndim, &why);
    if (axes == -3) return hl_reject(s, "%s", why), NULL;
    bool mean = r == HL_RED_MEAN || r == HL_RED_VAR || r == HL_RED_STD || r >= HL_RED_NANMEAN;
    if (!ndim && (axes == -2 || (mean && !axes && s->types[p.axis]->kind != HL_K_TUPLE))) return hl_reject(s, "axis is out of bounds for this array"), NULL;
    bool several = axes >= 0 && s->types[p.axis]->kind == HL_K_TUPLE;
    if (several && (r == HL_RED_ARGMIN || r == HL_RED_ARGMAX)) return hl_reject(s, "axis must be an int"), NULL;
    if (several && !axes && ndim && !takes_no_axes(r)) return hl_reject(s, "an empty tuple of axes is not supported"), NULL;
    if (axes == -2 && keep) return hl_reject(s, "keepdims needs an axis that is written as a number"), NULL;
    /* an axis that is a literal stays one in the IR: emission reads it from here */
    int64_t *remember = HL_NEW(hl_site_arena(s), int64_t);
    *remember = axes, s->inst->data = remember;
    if (axes == -2) s->types[p.axis] = hl_T.int64;
    int nd = keep ? ndim : axes == -1 ? 0 : axes == -2 ? ndim - 1 : ndim - __builtin_popcountll((unsigned long long)axes);
    return hl_array_of(s, result_item(r, acc), nd);
}
