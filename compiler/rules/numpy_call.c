/* Types of functions that the runtime does on whole arrays (emit/array_call.c, runtime/rt_call.h). */
#include "array.h"
#include "rules.h"
#include "../../runtime/rt_call.h"
#include <string.h>

static bool given(const hl_type *t) { return t->kind != HL_K_OMITTED && t->kind != HL_K_NONE; }
static bool is_int(const hl_type *t) { return hl_is_intlike(hl_unliteral(t)); }
static bool is_number(const hl_type *t) { return hl_is_number(hl_unliteral(t)); }
static const hl_type *vector(const hl_type *item) { return hl_type_array(item, 1, 'C', 0); }
static const hl_type *c_array(const hl_type *item, int nd) { return nd ? hl_type_array(item, nd, 'C', 0) : NULL; }
static const hl_type *item_of(const hl_type *t) { return hl_unliteral(hl_is_array(t) ? t->elem : t); }

/* Anything that names a sequence of numbers: an array, or a list or tuple of numbers (which np.array would take). */
static bool is_array(hl_site *s, int k)
{
    if (hl_is_array(s->types[k])) return true;
    if ((s->types[k]->kind == HL_K_LIST && !s->types[k]->has_var) || s->types[k]->kind == HL_K_TUPLE) hl_reject(s, "a %s is not taken for an array here; use np.array(...)", s->types[k]->kind == HL_K_LIST ? "list" : "tuple");
    return false;
}

/* Lists of numbers are sequences that the runtime reads in place: to the type function they are vectors. */
static const hl_type *with_lists(hl_site *s, hl_rule_fn f)
{
    const hl_type *lists[16] = {NULL};
    for (int k = 0; k < s->n && k < 16; k++) {
        const hl_type *t = s->types[k];
        if (t->kind != HL_K_LIST || !hl_is_number(t->elem) || t->elem == hl_T.complex64) continue;
        lists[k] = t;
        s->types[k] = vector(t->elem);
    }
    const hl_type *r = f(s);
    for (int k = 0; k < s->n && k < 16; k++)
        if (lists[k]) s->types[k] = lists[k];
    return r;
}
#define LISTS(name)                                                                                                    \
    static const hl_type *name##_of(hl_site *s);                                                                       \
    const hl_type *hl_type_call_##name(hl_site *s) { return with_lists(s, name##_of); }                                \
    static const hl_type *name##_of(hl_site *s)

/* The axis parameter k must be an int. */
static bool axis_ok(hl_site *s, int k)
{
    if (k >= s->n || !given(s->types[k]) || is_int(s->types[k])) return true;
    hl_reject(s, "axis must be an int");
    return false;
}

/* sort, partition, a.sort() …: a, … with axis last */
/* np.sort(a, axis=None) */
static bool is_flattened(hl_site *s)
{
    hl_params p;
    hl_rule_params(s->rule, &p);
    return s->n > 1 && p.len[1] == 4 && !memcmp(p.name[1], "axis", 4) && s->types[1]->kind == HL_K_NONE;
}

LISTS(same)
{
    const hl_type *a = s->types[0];
    return is_array(s, 0) && a->ndim ? c_array(a->elem, is_flattened(s) ? 1 : a->ndim) : NULL;
}

const hl_type *hl_type_call_in_place(hl_site *s) { return hl_is_array(s->types[0]) && s->types[0]->ndim ? hl_T.none : NULL; }
LISTS(indices)
{
    if (!is_array(s, 0) || !s->types[0]->ndim) return NULL;
    return c_array(hl_T.int64, is_flattened(s) ? 1 : s->types[0]->ndim);
}

int hl_sort_kind_of(const hl_type *kind, const hl_type *stable)
{
    static const char *const names[] = {"quicksort", "heapsort", "stable", "mergesort"};
    const char *name = given(kind) ? hl_literal_str(kind) : "quicksort";
    bool flag = false;
    if (given(stable) && !hl_literal_bool(stable, &flag)) return -1;
    for (int k = 0; name && k < 4; k++)
        if (!strcmp(names[k], name)) return k >= 2 || flag;
    return -1;
}

/* sort: a, axis=, kind=, stable= */
const hl_type *hl_type_call_sort(hl_site *s)
{
    if (hl_sort_kind_of(s->types[2], s->types[3]) < 0)
        return hl_reject(s, "kind must be written as 'quicksort', 'heapsort', 'mergesort' or 'stable', and stable as True or False"), NULL;
    return s->rule->kind == HL_RULE_METHOD ? hl_type_call_in_place(s) : hl_type_call_same(s);
}

/* partition: a, kth, axis= */
const hl_type *hl_type_call_partition(hl_site *s)
{
    if (!is_int(s->types[1]) && !(hl_is_array(s->types[1]) && is_int(s->types[1]->elem))) return NULL;
    if (!axis_ok(s, 2)) return NULL;
    return s->rule->kind == HL_RULE_METHOD ? hl_type_call_in_place(s) : strstr(s->rule->key, "arg") ? hl_type_call_indices(s) : hl_type_call_same(s);
}

/* searchsorted: a, v, side= */
LISTS(searchsorted)
{
    const hl_type *v = s->types[1];
    if (!is_array(s, 0) || s->types[0]->ndim != 1 || !hl_is_array(v) || !v->ndim) return NULL;
    return c_array(hl_T.int64, v->ndim);
}

LISTS(searchsorted_scalar)
{
    return is_array(s, 0) && s->types[0]->ndim == 1 && is_number(s->types[1]) ? hl_T.int64 : NULL;
}

LISTS(digitize)
{
    if (!is_array(s, 0) || !is_array(s, 1) || s->types[1]->ndim != 1 || !s->types[0]->ndim) return NULL;
    if (hl_is_complex(s->types[0]->elem) || hl_is_complex(s->types[1]->elem)) return hl_reject(s, "x may not be complex"), NULL;
    return c_array(hl_T.int64, s->types[0]->ndim);
}

LISTS(vector) { return is_array(s, 0) ? vector(s->types[0]->elem) : NULL; }
LISTS(flat_indices) { return is_array(s, 0) ? vector(hl_T.int64) : NULL; }
LISTS(argwhere) { return is_array(s, 0) && s->types[0]->ndim ? c_array(hl_T.int64, 2) : NULL; }

/* unique: ar, return_index=, return_inverse=, return_counts= */
LISTS(unique_flags)
{
    const hl_type *a = s->types[0], *items[4];
    if (!is_array(s, 0)) return NULL;
    if (hl_is_complex(a->elem)) return hl_reject(s, "the positions of complex numbers are not supported"), NULL;
    int n = 0;
    items[n++] = vector(a->elem);
    for (int k = 1; k < 4; k++) {
        bool wanted = false;
        if (given(s->types[k]) && !hl_literal_bool(s->types[k], &wanted)) return hl_reject(s, "the flags must be written as True or False"), NULL;
        if (wanted) items[n++] = k == 2 ? hl_type_array(hl_T.int64, a->ndim, 'C', 0) : vector(hl_T.int64);
    }
    return n == 1 ? items[0] : hl_type_tuple(hl_site_types(s), items, n, NULL);
}

LISTS(isin)
{
    return is_array(s, 0) && s->types[0]->ndim && is_array(s, 1) ? c_array(hl_T.boolean, s->types[0]->ndim) : NULL;
}

/* ar1, ar2, assume_unique=; the difference keeps the dtype of the first */
LISTS(sets)
{
    if (!is_array(s, 0) || !is_array(s, 1) || (s->n > 2 && given(s->types[2]) && !is_int(s->types[2]))) return NULL;
    return vector(strstr(s->rule->key, "diff") ? s->types[0]->elem : hl_promote_array(s->types[0]->elem, true, s->types[1]->elem, true));
}

LISTS(place) { return is_array(s, 0) && !hl_is_complex(s->types[0]->elem) ? hl_T.int64 : NULL; }

/* nonzero, where(condition): a tuple of index arrays */
const hl_type *hl_type_call_nonzero(hl_site *s)
{
    const hl_type *items[HL_DIMS];
    if (!is_array(s, 0) || !s->types[0]->ndim) return NULL;
    if (s->n > 1 && (given(s->types[1]) || given(s->types[2]))) return NULL;
    for (int k = 0; k < s->types[0]->ndim; k++) items[k] = vector(hl_T.int64);
    return hl_type_tuple(hl_site_types(s), items, s->types[0]->ndim, NULL);
}

/* cumsum, cumprod: a, axis=, dtype= */
LISTS(cumulative)
{
    if (!is_array(s, 0) || !axis_ok(s, 1)) return NULL;
    const hl_type *dtype = hl_dtype_of(s->types[2], NULL);
    if (given(s->types[2]) && (!dtype || dtype->kind == HL_K_BOOL)) return hl_reject(s, "dtype is not a number type known while compiling"), NULL;
    if (dtype && hl_is_complex(s->types[0]->elem) && !hl_is_complex(dtype)) return NULL;
    const hl_type *t = hl_reduce_accumulator(HL_RED_SUM, s->types[0]->elem, dtype);
    return given(s->types[1]) ? c_array(t, s->types[0]->ndim) : vector(t);
}

static const hl_type *real_result(const hl_type *item) { return item == hl_T.float32 ? item : hl_T.float64; }

/* median: a, axis= */
LISTS(median)
{
    const hl_type *a = s->types[0];
    if (!is_array(s, 0) || hl_is_complex(a->elem) || !axis_ok(s, 1)) return NULL;
    return given(s->types[1]) && a->ndim > 1 ? c_array(real_result(a->elem), a->ndim - 1) : given(s->types[1]) && !a->ndim ? NULL : real_result(a->elem);
}

/* The method that operand t names; -1: none.  It is linear when not given. */
int hl_quantile_method_of(const hl_type *t)
{
    static const char *const names[] = {
#define X(id, name) name,
        HL_QUANTILE_METHODS(X)
#undef X
    };
    const char *name = given(t) ? hl_literal_str(t) : "linear";
    for (int k = 0; name && k < (int)(sizeof names / sizeof *names); k++)
        if (!strcmp(names[k], name)) return k;
    return -1;
}

/* percentile: a, q, axis=, method= */
LISTS(percentile)
{
    const hl_type *a = s->types[0], *q = s->types[1];
    int method = hl_quantile_method_of(s->types[3]);
    if (!is_array(s, 0) || hl_is_complex(a->elem) || !axis_ok(s, 2)) return NULL;
    if (a->elem->kind == HL_K_BOOL) return hl_reject(s, "NumPy does not interpolate between booleans"), NULL;
    if (method < 0) return hl_reject(s, "the method must be written as one of NumPy's names, such as 'linear' or 'nearest'"), NULL;
    bool item = method < HL_Q_DISCRETE_END;
    int rest = given(s->types[2]) ? a->ndim - 1 : 0;
    if (rest < 0) return NULL;
    const hl_type *one = item ? a->elem : real_result(a->elem);
    if (hl_is_real(hl_unliteral(q))) return rest ? c_array(one, rest) : one;
    return hl_is_array(q) && q->ndim ? c_array(item ? one : hl_T.float64, q->ndim + rest) : NULL;
}

/* --- joining ------------------------------------------------------------------------------------------------------------------------ */

/* Item type and dimensions of a tuple or list of arrays; 0 dimensions for numbers. */
static const hl_type *pile(hl_site *s, int *nd)
{
    const hl_type *t = s->types[0], *item = NULL;
    *nd = -1;
    if (t->kind == HL_K_LIST && hl_is_array(t->elem)) return *nd = t->elem->ndim, t->elem->elem;
    if (t->kind != HL_K_TUPLE || !t->nitems || t->nitems > 48) return hl_reject(s, "a tuple or list of arrays is needed"), NULL;
    for (int k = 0; k < t->nitems; k++) {
        const hl_type *a = t->items[k];
        if (!hl_is_array(a) && !is_number(a)) return hl_reject(s, "a tuple of arrays is needed, this one holds %s", a->name), NULL;
        int n = hl_is_array(a) ? a->ndim : 0;
        if (n > *nd) *nd = n;
        item = item ? hl_promote_array(item, true, item_of(a), true) : item_of(a);
    }
    return item;
}

static bool same_ndim(hl_site *s, int nd)
{
    const hl_type *t = s->types[0];
    for (int k = 0; t->kind == HL_K_TUPLE && k < t->nitems; k++)
        if ((hl_is_array(t->items[k]) ? t->items[k]->ndim : 0) != nd) return hl_reject(s, "all the input arrays must have same number of dimensions"), false;
    return true;
}

const hl_type *hl_type_call_concatenate(hl_site *s)
{
    int nd;
    const hl_type *item = pile(s, &nd);
    if (item && s->types[1]->kind == HL_K_NONE) return vector(item); /* flattened */
    if (!item || !same_ndim(s, nd) || !axis_ok(s, 1)) return NULL;
    if (nd == 0) return hl_reject(s, "zero-dimensional arrays cannot be concatenated"), NULL;
    return c_array(item, nd);
}

const hl_type *hl_type_call_stack(hl_site *s)
{
    int nd;
    const hl_type *item = pile(s, &nd);
    return item && same_ndim(s, nd) && axis_ok(s, 1) && nd ? c_array(item, nd + 1) : NULL;
}

/* array, asarray of a tuple or list of arrays: object, dtype= */
const hl_type *hl_type_np_array_stack(hl_site *s)
{
    const hl_type *t = s->types[0];
    int nd;
    if (!(t->kind == HL_K_LIST && hl_is_array(t->elem)) && !(t->kind == HL_K_TUPLE && t->nitems && hl_is_array(t->items[0]))) return NULL;
    const hl_type *item = pile(s, &nd);
    if (!item || !same_ndim(s, nd) || !nd || nd >= HL_DIMS) return NULL;
    if (hl_dtype_of(s->types[1], item) != item) return hl_reject(s, "arrays are stacked as they are, use astype for another dtype"), NULL;
    return c_array(item, nd + 1);
}

/* vstack, hstack, column_stack, dstack: tup, and an axis that the row leaves out */
const hl_type *hl_type_call_pile(hl_site *s)
{
    int nd;
    const hl_type *item = pile(s, &nd);
    const char *name = strrchr(s->rule->key, '.') + 1;
    if (!item) return NULL;
    int least = !strcmp(name, "hstack") ? 1 : !strcmp(name, "dstack") ? 3 : 2;
    return c_array(item, nd > least ? nd : least);
}

/* append: arr, values, axis=; flattened without axis */
LISTS(append)
{
    if (!is_array(s, 0) || !(hl_is_array(s->types[1]) || is_number(s->types[1])) || !axis_ok(s, 2)) return NULL;
    const hl_type *item = hl_promote_array(s->types[0]->elem, true, item_of(s->types[1]), true);
    return given(s->types[2]) ? c_array(item, s->types[0]->ndim) : vector(item);
}

/* repeat, roll, delete: a, ints, axis= */
const hl_type *hl_type_call_along(hl_site *s)
{
    if (!is_array(s, 0) || !axis_ok(s, 2)) return NULL;
    const hl_type *p = s->types[1];
    if (!is_int(p) && !(hl_is_array(p) && is_int(p->elem)) && !(p->kind == HL_K_LIST && is_int(p->elem))) return NULL;
    bool roll = strstr(s->rule->key, "roll") != NULL;
    return given(s->types[2]) || roll ? c_array(s->types[0]->elem, s->types[0]->ndim) : vector(s->types[0]->elem);
}

/* take: a, indices, axis= */
LISTS(take)
{
    const hl_type *p = s->types[1];
    if (!is_array(s, 0) || !axis_ok(s, 2)) return NULL;
    int nd = hl_is_array(p) && is_int(p->elem) ? p->ndim : p->kind == HL_K_LIST && is_int(p->elem) ? 1 : -1;
    if (nd < 1) return NULL;
    return c_array(s->types[0]->elem, given(s->types[2]) ? s->types[0]->ndim - 1 + nd : nd);
}

/* take of one item: a number, or an array of a dimension less */
const hl_type *hl_type_call_take_one(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a) || !a->ndim || !is_int(s->types[1]) || !axis_ok(s, 2)) return NULL;
    return given(s->types[2]) && a->ndim > 1 ? c_array(a->elem, a->ndim - 1) : a->elem;
}

const hl_type *hl_type_call_insert(hl_site *s)
{
    if (!is_array(s, 0) || s->types[0]->ndim != 1 || !is_int(s->types[1]) || !(hl_is_array(s->types[2]) || is_number(s->types[2]))) return NULL;
    return vector(s->types[0]->elem);
}

/* tile: A, reps */
const hl_type *hl_type_call_tile(hl_site *s)
{
    const hl_type *r = s->types[1];
    if (!is_array(s, 0)) return NULL;
    int n = is_int(r) ? 1 : r->kind == HL_K_TUPLE ? r->nitems : -1;
    for (int k = 0; r->kind == HL_K_TUPLE && k < r->nitems; k++)
        if (!is_int(r->items[k])) return NULL;
    return n < 0 ? NULL : c_array(s->types[0]->elem, n > s->types[0]->ndim ? n : s->types[0]->ndim);
}

/* --- counting, interpolation ------------------------------------------------------------------------------------------------------------ */

LISTS(bincount)
{
    if (!is_array(s, 0) || s->types[0]->ndim != 1 || !is_int(s->types[0]->elem)) return NULL;
    if (given(s->types[1]) && !is_array(s, 1)) return NULL;
    return vector(given(s->types[1]) ? hl_T.float64 : hl_T.int64);
}

/* histogram: a, bins=, range= (a pair) */
LISTS(histogram)
{
    if (!is_array(s, 0) || hl_is_complex(s->types[0]->elem)) return NULL;
    if (given(s->types[1]) && !is_int(s->types[1]) && !(hl_is_array(s->types[1]) && s->types[1]->ndim == 1)) return NULL;
    if (given(s->types[2]) && !(s->types[2]->kind == HL_K_TUPLE && s->types[2]->nitems == 2)) return NULL;
    const hl_type *pair[2] = {vector(hl_T.int64), vector(hl_T.float64)};
    return hl_type_tuple(hl_site_types(s), pair, 2, NULL);
}

/* interp: x, xp, fp, left=, right= */
LISTS(interp)
{
    const hl_type *x = s->types[0];
    if (!is_array(s, 1) || !is_array(s, 2) || s->types[1]->ndim != 1 || s->types[2]->ndim != 1) return NULL;
    for (int k = 0; k < 3; k++)
        if (hl_is_array(s->types[k]) && hl_is_complex(s->types[k]->elem)) return hl_reject(s, "complex numbers are not interpolated"), NULL;
    if (hl_is_real(hl_unliteral(x))) return hl_T.float64;
    return hl_is_array(x) && x->ndim ? c_array(hl_T.float64, x->ndim) : NULL;
}

/* convolve, correlate: a, v, mode= */
LISTS(convolve)
{
    const hl_type *m = s->types[2];
    const char *mode = hl_is_literal(m) && m->elem->kind == HL_K_STR ? hl_literal_str(m) : NULL;
    if (!is_array(s, 0) || !is_array(s, 1) || s->types[0]->ndim != 1 || s->types[1]->ndim != 1) return NULL;
    if (m->kind != HL_K_OMITTED && m->kind != HL_K_STR && !(mode && (!strcmp(mode, "full") || !strcmp(mode, "same") || !strcmp(mode, "valid"))))
        return hl_reject(s, "the mode is 'full', 'same' or 'valid'"), NULL;
    return vector(hl_promote_array(s->types[0]->elem, true, s->types[1]->elem, true));
}

/* polyval: p, x */
LISTS(polyval)
{
    const hl_type *x = s->types[1];
    if (!is_array(s, 0) || s->types[0]->ndim != 1 || !(is_number(x) || hl_is_array(x))) return NULL;
    const hl_type *t = hl_promote_array(item_of(x), true, s->types[0]->elem, true);
    return hl_is_array(x) && x->ndim ? c_array(t, x->ndim) : t;
}

/* gradient: f, spacing= */
LISTS(gradient)
{
    const hl_type *f = s->types[0];
    if (!is_array(s, 0) || f->elem->kind == HL_K_BOOL || (given(s->types[1]) && !hl_is_real(hl_unliteral(s->types[1])))) return NULL;
    if (f->ndim != 1) return hl_reject(s, "gradients of arrays of one dimension are supported"), NULL;
    return vector(hl_is_intlike(f->elem) ? hl_T.float64 : f->elem);
}

/* nan_to_num: x, copy=, nan=, posinf=, neginf= */
static bool replacements_ok(hl_site *s)
{
    for (int k = 2; k < 5; k++)
        if (given(s->types[k]) && !hl_is_real(hl_unliteral(s->types[k]))) return hl_reject(s, "what NaN and infinities are replaced by must be real numbers"), false;
    return true;
}

const hl_type *hl_type_call_nan_to_num_here(hl_site *s)
{
    bool copied = true;
    return hl_is_array(s->types[0]) && hl_literal_bool(s->types[1], &copied) && !copied && replacements_ok(s) ? s->types[0] : NULL;
}

LISTS(nan_to_num)
{
    bool copied = true;
    if (!is_array(s, 0) || !replacements_ok(s)) return NULL;
    if (given(s->types[1]) && !hl_literal_bool(s->types[1], &copied)) return hl_reject(s, "copy must be written as True or False"), NULL;
    return hl_type_array(s->types[0]->elem, s->types[0]->ndim, 'C', 0);
}

const hl_type *hl_type_nan_to_num_number(hl_site *s)
{
    const hl_type *t = hl_unliteral(s->types[0]);
    return hl_is_real(t) && replacements_ok(s) ? t : NULL;
}

/* fill_diagonal: a, val, wrap= */
const hl_type *hl_type_call_fill_diagonal(hl_site *s)
{
    const hl_type *a = s->types[0], *v = s->types[1];
    if (!hl_is_array(a) || !(hl_is_array(v) || is_number(v)) || (given(s->types[2]) && !is_int(s->types[2]))) return NULL;
    if (a->ndim < 2) return hl_reject(s, "array must be at least 2-d"), NULL;
    if (hl_is_complex(item_of(v)) && !hl_is_complex(a->elem)) return hl_reject(s, "complex numbers do not fit an array of %s", a->elem->name), NULL;
    return hl_T.none;
}

/* meshgrid: indexing=, vectors */
const hl_type *hl_type_call_meshgrid(hl_site *s)
{
    const hl_type *items[HL_DIMS];
    const char *order = hl_is_literal(s->types[0]) && s->types[0]->elem->kind == HL_K_STR ? hl_literal_str(s->types[0]) : NULL;
    int n = s->n - 1;
    if (s->types[0]->kind != HL_K_OMITTED && !(order && (!strcmp(order, "xy") || !strcmp(order, "ij")))) return hl_reject(s, "indexing must be 'xy' or 'ij'"), NULL;
    if (n < 1 || n > HL_DIMS) return hl_reject(s, "one to %d arrays are taken", HL_DIMS), NULL;
    for (int k = 0; k < n; k++) {
        if (!is_array(s, 1 + k)) return NULL;
        items[k] = c_array(s->types[1 + k]->elem, n);
    }
    return hl_type_tuple(hl_site_types(s), items, n, NULL);
}

LISTS(cross)
{
    for (int k = 0; k < 2; k++)
        if (!is_array(s, k) || !s->types[k]->ndim) return NULL;
    const hl_type *x = s->types[0], *y = s->types[1], *t = hl_promote_array(x->elem, true, y->elem, true);
    if (t->kind == HL_K_BOOL) return hl_reject(s, "booleans are not subtracted"), NULL;
    return c_array(t, x->ndim > y->ndim ? x->ndim : y->ndim);
}

/* average: a, axis=, weights= */
LISTS(average)
{
    const hl_type *a = s->types[0], *t;
    if (!is_array(s, 0) || !axis_ok(s, 1) || (given(s->types[2]) && !is_array(s, 2))) return NULL;
    if (given(s->types[1]) && !a->ndim) return NULL;
    t = given(s->types[2]) ? hl_promote_array(a->elem, true, s->types[2]->elem, true) : a->elem;
    if (hl_is_intlike(a->elem)) t = hl_promote_array(t, true, hl_T.float64, true);
    return given(s->types[1]) && a->ndim > 1 ? c_array(t, a->ndim - 1) : t;
}

static bool close_options(hl_site *s)
{
    for (int k = 2; k < 5; k++)
        if (given(s->types[k]) && !hl_is_real(hl_unliteral(s->types[k]))) return false;
    return true;
}

const hl_type *hl_type_close_numbers(hl_site *s)
{
    return hl_is_real(hl_unliteral(s->types[0])) && hl_is_real(hl_unliteral(s->types[1])) && close_options(s) ? hl_T.boolean : NULL;
}

/* isclose, allclose: a, b, rtol=, atol=, equal_nan=; of two real numbers: the row above */
LISTS(close)
{
    int nd = 0;
    bool real = true;
    for (int k = 0; k < 2; k++) {
        const hl_type *t = s->types[k];
        if (hl_is_array(t)) nd = t->ndim > nd ? t->ndim : nd, real = false;
        else if (!is_number(t)) return NULL;
        else real &= !hl_is_complex(hl_unliteral(t));
    }
    if (real || !close_options(s)) return NULL;
    return nd == 0 || strstr(s->rule->key, "all") ? hl_T.boolean : c_array(hl_T.boolean, nd);
}

const hl_type *hl_type_call_array_equal(hl_site *s) { return is_array(s, 0) && is_array(s, 1) ? hl_T.boolean : NULL; }

/* --- linear algebra ---------------------------------------------------------------------------------------------------------------------- */

static const hl_type *product(hl_site *s)
{
    return hl_promote_array(s->types[0]->elem, true, s->types[1]->elem, true);
}

/* dot, a @ b */
const hl_type *hl_type_call_dot(hl_site *s)
{
    const hl_type *a = s->types[0], *b = s->types[1];
    if (!hl_is_array(a) || !hl_is_array(b) || !a->ndim || !b->ndim) return NULL;
    bool dot = s->rule->key && strstr(s->rule->key, "dot");
    if (s->inst->op == HL_OP_matmul && s->inst->flags & HL_I_INPLACE) return hl_reject(s, "`a @= b` in place is not supported; write a[...] = a @ b"), NULL;
    if (dot && (a->ndim > 2 || b->ndim > 2)) return hl_reject(s, "dot takes arrays of one or two dimensions; use matmul for stacks of matrices"), NULL;
    const hl_type *t = product(s);
    if (a->ndim > 2 || b->ndim > 2) {
        int nd = (a->ndim > b->ndim ? a->ndim : b->ndim) - (a->ndim == 1) - (b->ndim == 1);
        return c_array(t, nd);
    }
    int nd = a->ndim + b->ndim - 2;
    return nd ? c_array(t, nd) : t;
}

const hl_type *hl_type_call_vdot(hl_site *s) { return is_array(s, 0) && is_array(s, 1) ? product(s) : NULL; }

const hl_type *hl_type_call_outer(hl_site *s) { return is_array(s, 0) && is_array(s, 1) ? c_array(product(s), 2) : NULL; }
const hl_type *hl_type_call_kron(hl_site *s) { return is_array(s, 0) && is_array(s, 1) && s->types[0]->ndim == s->types[1]->ndim && (s->types[0]->ndim == 1 || s->types[0]->ndim == 2) ? c_array(product(s), s->types[0]->ndim) : NULL; }

/* linalg.norm: x, ord=, axis= */
const hl_type *hl_type_call_norm(hl_site *s)
{
    const hl_type *a = s->types[0];
    int64_t axis;
    if (!is_array(s, 0) || !axis_ok(s, 2) || (given(s->types[1]) && !hl_is_real(hl_unliteral(s->types[1])))) return NULL;
    const hl_type *t = a->elem == hl_T.float32 || a->elem == hl_T.complex64 ? hl_T.float32 : hl_T.float64;
    if (given(s->types[2]) && a->ndim == 1 && hl_literal_int(s->types[2], &axis) && (axis == 0 || axis == -1)) return s->types[2] = hl_T.omitted, t;
    return given(s->types[2]) && a->ndim > 1 ? c_array(t, a->ndim - 1) : given(s->types[2]) ? NULL : t;
}

/* cholesky, inv: a square matrix; det: a number; solve: a, b */
const hl_type *hl_type_call_linalg(hl_site *s)
{
    const hl_type *a = s->types[0], *item;
    if (!is_array(s, 0)) return NULL;
    if (a->ndim != 2) return hl_reject(s, "a matrix is needed; stacks of matrices are not supported"), NULL;
    item = hl_is_intlike(a->elem) ? hl_T.float64 : a->elem;
    const char *name = strrchr(s->rule->key, '.') + 1;
    if (!strcmp(name, "det")) return item;
    if (strcmp(name, "solve")) return c_array(item, 2);
    const hl_type *b = s->types[1];
    if (!is_array(s, 1) || b->ndim < 1 || b->ndim > 2) return NULL;
    return c_array(hl_promote_array(item, true, hl_is_intlike(b->elem) ? hl_T.float64 : b->elem, true), b->ndim);
}

const hl_type *hl_type_call_trace(hl_site *s)
{
    const hl_type *a = s->types[0];
    return is_array(s, 0) && a->ndim == 2 ? hl_reduce_accumulator(HL_RED_SUM, a->elem, NULL) : NULL;
}

/* triu, tril: m, k= */
const hl_type *hl_type_call_triangle(hl_site *s) { return is_array(s, 0) && s->types[0]->ndim == 2 && axis_ok(s, 1) ? c_array(s->types[0]->elem, 2) : NULL; }

/* tri: N, M=, k=, dtype= */
const hl_type *hl_type_call_tri(hl_site *s)
{
    const hl_type *t = hl_dtype_of(s->types[3], hl_T.float64);
    for (int k = 0; k < 3; k++)
        if (given(s->types[k]) && !is_int(s->types[k])) return NULL;
    return t ? c_array(t, 2) : NULL;
}

const hl_type *hl_type_call_vander(hl_site *s)
{
    return is_array(s, 0) && s->types[0]->ndim == 1 && !hl_is_complex(s->types[0]->elem) ? c_array(hl_promote_array(s->types[0]->elem, true, hl_T.int64, true), 2) : NULL;
}

/* diff: a, n=, axis= */
LISTS(diff) { return is_array(s, 0) && s->types[0]->ndim && axis_ok(s, 1) && axis_ok(s, 2) ? c_array(s->types[0]->elem, s->types[0]->ndim) : NULL; }

LISTS(trapezoid)
{
    if (!is_array(s, 0) || s->types[0]->ndim != 1 || hl_is_complex(s->types[0]->elem) || (given(s->types[1]) && !is_array(s, 1))) return NULL;
    return hl_T.float64;
}

/* cov, corrcoef: m, y=, rowvar=, (bias=, ddof=) */
const hl_type *hl_type_call_cov(hl_site *s)
{
    const hl_type *m = s->types[0];
    if (!is_array(s, 0) || m->ndim > 2 || !m->ndim || hl_is_complex(m->elem) || (given(s->types[1]) && !is_array(s, 1))) return NULL;
    return m->ndim == 1 && !given(s->types[1]) ? hl_T.float64 : c_array(hl_T.float64, 2);
}

/* --- random ---------------------------------------------------------------------------------------------------------------------------------- */


/* Parameters are real numbers; the last one is the size. */
const hl_type *hl_type_random(hl_site *s)
{
    const char *name = strrchr(s->rule->key, '.') + 1;
    static const char *const whole[] = {"poisson", "binomial", "geometric", "negative_binomial", "zipf", "logseries", "hypergeometric"};
    const hl_type *t = hl_T.float64, *size = s->types[s->n - 1];
    for (size_t k = 0; k < sizeof whole / sizeof *whole; k++)
        if (!strcmp(whole[k], name)) t = hl_T.int64;
    for (int k = 0; k < s->n - 1; k++)
        if (given(s->types[k]) && !hl_is_real(hl_unliteral(s->types[k]))) return hl_reject(s, "parameters that are arrays are not supported"), NULL;
    if (!given(size)) return t;
    int nd = hl_shape_ndim(size);
    return nd < 0 ? NULL : nd ? c_array(t, nd) : hl_type_array(t, 0, 'C', 0);
}

/* rand, randn: sizes */
const hl_type *hl_type_rand(hl_site *s)
{
    for (int k = 0; k < s->n; k++)
        if (!is_int(s->types[k])) return NULL;
    return s->n ? c_array(hl_T.float64, s->n) : hl_T.float64;
}

const hl_type *hl_type_random_seed(hl_site *s)
{
    if (!is_int(s->types[0])) return NULL;
    s->types[0] = hl_T.int64;
    return hl_T.none;
}

/* randint: low, high=, size=, dtype= */
const hl_type *hl_type_randint(hl_site *s)
{
    for (int k = 0; k < 2; k++) {
        if (!given(s->types[k])) continue;
        if (!is_int(s->types[k])) return NULL;
        s->types[k] = hl_T.int64;
    }
    const hl_type *t = hl_dtype_of(s->types[3], hl_T.int64);
    if (!t || !hl_is_intlike(t)) return NULL;
    if (!given(s->types[2])) return t;
    int nd = hl_shape_ndim(s->types[2]);
    return nd > 0 ? c_array(t, nd) : NULL;
}

const hl_type *hl_type_permutation(hl_site *s)
{
    if (is_int(s->types[0])) return vector(hl_T.int64);
    return hl_is_array(s->types[0]) && s->types[0]->ndim ? c_array(s->types[0]->elem, s->types[0]->ndim) : NULL;
}

/* choice: a, size=, replace=, p= */
const hl_type *hl_type_choice(hl_site *s)
{
    const hl_type *a = s->types[0], *t = is_int(a) ? hl_T.int64 : hl_is_array(a) && a->ndim == 1 ? a->elem : NULL;
    if (!t || (given(s->types[3]) && !is_array(s, 3))) return NULL;
    if (!given(s->types[1])) return t;
    int nd = hl_shape_ndim(s->types[1]);
    return nd > 0 ? c_array(t, nd) : NULL;
}
