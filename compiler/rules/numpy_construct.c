/* Types of what makes arrays: empty … linspace, array and asarray, copies, and views with another shape. */
#include "array.h"
#include "rules.h"
#include <string.h>

static bool given(const hl_type *t) { return t->kind != HL_K_OMITTED && t->kind != HL_K_NONE; }
static bool is_int(const hl_type *t) { return hl_is_int(hl_unliteral(t)); }

/* Dimensions of a shape argument: an int, or a tuple of ints; -1: neither. */
int hl_shape_ndim(const hl_type *t)
{
    if (is_int(t)) return 1;
    if (t->kind != HL_K_TUPLE || t->nitems > HL_DIMS) return -1;
    for (int k = 0; k < t->nitems; k++)
        if (!is_int(t->items[k])) return -1;
    return t->nitems;
}

/* order="C" or "F"; 0: something else */
static char order_of(const hl_type *t)
{
    if (!given(t)) return 'C';
    const char *o = hl_literal_str(t);
    return o && (!strcmp(o, "C") || !strcmp(o, "F")) ? *o : 0;
}

static const hl_type *made(hl_site *s, const hl_type *dtype, int nd, char layout)
{
    if (!dtype) return hl_reject(s, "the dtype is not known while compiling"), NULL;
    if (nd < 0) return hl_reject(s, "the shape must be an int or a tuple of ints"), NULL;
    if (!layout) return hl_reject(s, "order must be written as 'C' or 'F'"), NULL;
    return hl_type_array(dtype, nd, nd > 1 ? layout : 'C', 0);
}

/* empty, zeros, ones: shape, dtype=, order= */
const hl_type *hl_type_np_new(hl_site *s) { return made(s, hl_dtype_of(s->types[1], hl_T.float64), hl_shape_ndim(s->types[0]), order_of(s->types[2])); }

/* full: shape, fill_value, dtype=, order= */
const hl_type *hl_type_np_full(hl_site *s)
{
    const hl_type *v = hl_unliteral(s->types[1]);
    if (!hl_is_number(v)) return NULL;
    const hl_type *dtype = hl_dtype_of(s->types[2], v);
    if (dtype) s->types[1] = hl_is_complex(v) && !hl_is_complex(dtype) ? s->types[1] : dtype;
    return made(s, dtype, hl_shape_ndim(s->types[0]), order_of(s->types[3]));
}

/* *_like: a, dtype= */
const hl_type *hl_type_np_like(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a)) return NULL;
    return made(s, hl_dtype_of(s->types[1], a->elem), a->ndim, a->layout == 'F' ? 'F' : 'C');
}

const hl_type *hl_type_np_full_like(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a) || !hl_is_number(hl_unliteral(s->types[1]))) return NULL;
    const hl_type *dtype = hl_dtype_of(s->types[2], a->elem);
    if (dtype && hl_is_complex(hl_unliteral(s->types[1])) && !hl_is_complex(dtype)) return NULL;
    if (dtype) s->types[1] = dtype;
    return made(s, dtype, a->ndim, a->layout == 'F' ? 'F' : 'C');
}

/* eye: N, M=, k=, dtype=; identity: n, dtype= */
const hl_type *hl_type_np_eye(hl_site *s)
{
    for (int k = 0; k < 3; k++)
        if (given(s->types[k]) && !is_int(s->types[k])) return NULL;
    for (int k = 0; k < 3; k++)
        if (given(s->types[k])) s->types[k] = hl_T.int64;
    return made(s, hl_dtype_of(s->types[3], hl_T.float64), 2, 'C');
}

const hl_type *hl_type_np_identity(hl_site *s)
{
    if (!is_int(s->types[0])) return NULL;
    s->types[0] = hl_T.int64;
    return made(s, hl_dtype_of(s->types[1], hl_T.float64), 2, 'C');
}

/* arange: start, stop=, step=, dtype= */
const hl_type *hl_type_np_arange(hl_site *s)
{
    const hl_type *t = hl_T.int64;
    for (int k = 0; k < 3; k++) {
        if (!given(s->types[k])) continue;
        const hl_type *u = hl_unliteral(s->types[k]);
        if (!hl_is_real(u)) return NULL;
        if (hl_is_float(u) || (u == hl_T.uint64 && !given(s->types[3]))) t = hl_T.float64; /* NumPy begins with int64, and promotes */
    }
    const hl_type *dtype = hl_dtype_of(s->types[3], t);
    if (!dtype || hl_is_complex(dtype) || dtype->kind == HL_K_BOOL) return hl_reject(s, "arange needs a real dtype"), NULL;
    for (int k = 0; k < 3; k++)
        if (given(s->types[k])) s->types[k] = t;
    return hl_type_array(dtype, 1, 'C', 0);
}

/* linspace: start, stop, num=, endpoint=, retstep=, dtype= */
const hl_type *hl_type_np_linspace(hl_site *s)
{
    bool end = true, single = s->types[0] == hl_T.float32 && s->types[1] == hl_T.float32;
    bool weak = (s->types[0] == hl_T.float32 && hl_is_literal(s->types[1])) || (s->types[1] == hl_T.float32 && hl_is_literal(s->types[0]));
    for (int k = 0; k < 2; k++) {
        if (!hl_is_real(hl_unliteral(s->types[k]))) return NULL;
        if (!single) s->types[k] = hl_T.float64;
    }
    if (given(s->types[2]) && !is_int(s->types[2])) return NULL;
    if (given(s->types[2])) s->types[2] = hl_T.int64;
    if (given(s->types[3]) && !hl_literal_bool(s->types[3], &end)) return hl_reject(s, "endpoint must be written as True or False"), NULL;
    if (given(s->types[4])) return hl_reject(s, "retstep is not supported"), NULL;
    bool *remember = HL_NEW(hl_site_arena(s), bool);
    *remember = end, s->inst->data = remember;
    const hl_type *dtype = hl_dtype_of(s->types[5], single || weak ? hl_T.float32 : hl_T.float64);
    return !dtype || hl_is_complex(dtype) ? NULL : hl_type_array(dtype, 1, 'C', 0);
}

/* --- np.array of sequences ------------------------------------------------------------------------------------------------------ */

/* Number type and nesting of lists and tuples of numbers.  Lists are filled in at run time (hl_array_from_list), so what they hold must
 * be numbers of one type or tuples of such; tuples may hold tuples.  NULL: something else. */
static const hl_type *in_list(const hl_type *t, int *depth)
{
    const hl_type *u = hl_unliteral(t);
    if (hl_is_number(u)) return u;
    if (t->kind == HL_K_VAR || t->kind == HL_K_UNKNOWN) return hl_T.float64;
    if (t->kind == HL_K_LIST) return ++*depth, in_list(t->elem, depth);
    if (t->kind != HL_K_TUPLE || !t->nitems) return NULL;
    for (int k = 0; k < t->nitems; k++)
        if (!hl_is_number(hl_unliteral(t->items[k])) || hl_unliteral(t->items[k]) != hl_unliteral(t->items[0])) return NULL;
    ++*depth;
    return hl_unliteral(t->items[0]);
}

static const hl_type *in_tuple(const hl_type *t, int *depth)
{
    if (hl_is_number(hl_unliteral(t))) return hl_unliteral(t);
    if (t->kind != HL_K_TUPLE) return NULL;
    const hl_type *item = NULL;
    int d = -1;
    for (int k = 0; k < t->nitems; k++) {
        int dk = 0;
        const hl_type *x = in_tuple(t->items[k], &dk);
        if (!x || (d >= 0 && (dk != d || (t->items[k]->kind == HL_K_TUPLE && t->items[k]->nitems != t->items[0]->nitems)))) return NULL;
        d = dk;
        item = item ? hl_promote_array(item, true, x, true) : x;
    }
    *depth += 1 + (d < 0 ? 0 : d);
    return item ? item : hl_T.float64;
}

bool hl_is_array_like(const hl_type *t)
{
    int depth = 0;
    if ((t->kind != HL_K_LIST && (t->kind != HL_K_TUPLE || t->obj || !t->nitems)) || t->has_var) return false;
    return (t->kind == HL_K_LIST ? in_list(t, &depth) : in_tuple(t, &depth)) && depth <= HL_DIMS;
}

/* array, asarray: object, dtype= */
const hl_type *hl_type_np_array_sequence(hl_site *s)
{
    const hl_type *t = s->types[0];
    if (t->kind != HL_K_LIST && t->kind != HL_K_TUPLE && !hl_is_number(hl_unliteral(t))) return NULL;
    int depth = 0;
    if (t->has_var && !(s->args[0]->op == HL_OP_build_list && s->args[0]->nargs == 0 && s->args[0]->uses.n == 1)) return hl_T.unknown; /* not bound yet */
    const hl_type *item = t->kind == HL_K_LIST ? in_list(t, &depth) : in_tuple(t, &depth);
    if (!item || depth > HL_DIMS) {
        if (t->kind == HL_K_TUPLE && t->nitems && hl_is_array(t->items[0])) return NULL;
        return hl_reject(s, "%s has no single shape and number type", t->name), NULL;
    }
    const hl_type *dtype = hl_dtype_of(s->types[1], item);
    if (!dtype) return hl_reject(s, "the dtype is not known while compiling"), NULL;
    if (hl_is_complex(item) && !hl_is_complex(dtype)) return NULL;
    return hl_type_array(dtype, depth, 'C', 0);
}

/* ascontiguousarray and asfortranarray give one dimension at least (hotloop/library/filling.py) */
static bool widens(hl_site *s) { return !s->types[0]->ndim && strstr(s->rule->key, ".as") && strcmp(s->rule->key, "numpy.asarray"); }

/* array of an array: a copy; also copy, a.copy(), flatten, ascontiguousarray of what is not contiguous */
const hl_type *hl_type_np_array_copy(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a) || widens(s)) return NULL;
    const hl_type *item = s->n > 1 ? hl_dtype_of(s->types[1], a->elem) : a->elem;
    if (!item || (hl_is_complex(a->elem) && !hl_is_complex(item))) return NULL;
    return hl_type_array(item, a->ndim, 'C', 0);
}

/* asarray, ascontiguousarray of what already is */
const hl_type *hl_type_np_asarray_same(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a) || widens(s) || (s->n > 1 && hl_dtype_of(s->types[1], a->elem) != a->elem)) return NULL;
    const char *name = strrchr(s->rule->key, '.') + 1;
    if (!strcmp(name, "ascontiguousarray") && a->layout != 'C') return NULL;
    if (!strcmp(name, "asfortranarray") && a->layout != 'F' && !(a->ndim < 2 && a->layout == 'C')) return NULL;
    return a;
}

/* The order in which operand k wants the items of array a: C or F; K and A: as they lie when that is F order.  0: not written so. */
char hl_order_of(const hl_type *t, const hl_type *a, char otherwise)
{
    const char *o = given(t) ? hl_literal_str(t) : (char[]){otherwise, 0};
    if (!o || strlen(o) != 1 || !strchr("CFKA", *o)) return 0;
    return *o == 'K' || *o == 'A' ? (a->layout == 'F' ? 'F' : 'C') : *o;
}

static char order_at(hl_site *s, int k, char otherwise)
{
    char o = hl_order_of(s->types[k], s->types[0], otherwise);
    if (!o) hl_reject(s, "order must be written as 'C', 'F', 'K' or 'A'");
    return o;
}

/* copy: a, order= */
const hl_type *hl_type_np_ordered_copy(hl_site *s)
{
    const hl_type *a = s->types[0];
    char order = hl_is_array(a) ? order_at(s, 1, s->rule->kind == HL_RULE_METHOD ? 'C' : 'K') : 0;
    return order ? hl_type_array(a->elem, a->ndim, a->ndim > 1 ? order : 'C', 0) : NULL;
}

/* flatten, ravel: a, order=; which order 'K' and 'A' are must be known, since the items come in it */
static char flat_order(hl_site *s)
{
    const hl_type *a = s->types[0];
    const char *o = hl_literal_str(s->types[1]);
    if (!hl_is_array(a)) return 0;
    if (o && (*o == 'K' || *o == 'A') && a->layout == 'A' && a->ndim > 1) return hl_reject(s, "order='%s' depends on how the array lies in memory, which is not known while compiling", o), 0;
    return order_at(s, 1, 'C');
}

const hl_type *hl_type_np_flat_copy(hl_site *s) { return flat_order(s) ? hl_type_array(s->types[0]->elem, 1, 'C', 0) : NULL; }

const hl_type *hl_type_np_fortran_copy(hl_site *s)
{
    const hl_type *a = s->types[0];
    return hl_is_array(a) && !widens(s) ? hl_type_array(a->elem, a->ndim, a->ndim > 1 ? 'F' : 'C', 0) : NULL;
}

/* ravel: a view of what is contiguous */
const hl_type *hl_type_np_ravel_view(hl_site *s)
{
    const hl_type *a = s->types[0];
    char order = flat_order(s);
    bool lies_so = order && (a->layout == order || (a->ndim < 2 && a->layout == 'C'));
    return lies_so ? hl_type_array(a->elem, 1, 'C', a->flags) : NULL;
}

/* ravel of what may lie so; of what nobody writes to a copy is as good */
const hl_type *hl_type_np_ravel_any(hl_site *s)
{
    const hl_type *a = s->types[0];
    return flat_order(s) && a->ndim && !(a->flags & HL_T_READONLY) ? hl_type_array(a->elem, 1, 'C', a->flags) : NULL;
}

/* Where the operands of a reshape stand: of the method, the order and then the sizes; of the function, the shape and then the order. */
hl_reshape_args hl_reshape_args_of(const hl_rule *row, int n)
{
    return row->kind == HL_RULE_METHOD ? (hl_reshape_args){2, n, 1} : (hl_reshape_args){1, 2, 2};
}

/* Dimensions asked for, as one shape or as several sizes, and the order in which the items are taken; -1: no shape */
static int reshape_ndim(hl_site *s, char *order)
{
    const hl_type *a = s->types[0];
    hl_reshape_args p = hl_reshape_args_of(s->rule, s->n);
    const char *o = given(s->types[p.order]) ? hl_literal_str(s->types[p.order]) : "C";
    if (!hl_is_array(a)) return -1;
    if (!o || strlen(o) != 1 || !strchr("CFA", *o)) return hl_reject(s, "order must be written as 'C', 'F' or 'A'"), -1;
    if (*o == 'A' && a->layout == 'A' && a->ndim > 1) return hl_reject(s, "order='A' depends on how the array lies in memory, which is not known while compiling"), -1;
    *order = *o == 'F' || (*o == 'A' && a->layout == 'F') ? 'F' : 'C';
    if (p.end - p.first == 1) return hl_shape_ndim(s->types[p.first]);
    for (int k = p.first; k < p.end; k++)
        if (!is_int(s->types[k])) return -1;
    return p.end - p.first;
}

const hl_type *hl_type_np_reshape_view(hl_site *s)
{
    const hl_type *a = s->types[0];
    char order;
    int nd = reshape_ndim(s, &order);
    bool lies_so = nd >= 0 && (a->layout == order || (a->ndim < 2 && a->layout == 'C'));
    return lies_so ? hl_type_array(a->elem, nd, nd > 1 ? order : 'C', a->flags) : NULL;
}

const hl_type *hl_type_np_reshape_any(hl_site *s)
{
    char order;
    int nd = reshape_ndim(s, &order);
    return nd >= 0 ? hl_type_array(s->types[0]->elem, nd, 'A', s->types[0]->flags) : NULL;
}

/* --- views with other dimensions -------------------------------------------------------------------------------------------------- */

/* The literal ints of operand k (an int or a tuple), normalised; -1: not all literals in range. */
static int axes_of(const hl_type *t, int nd, int *out)
{
    int64_t v;
    int n = t->kind == HL_K_TUPLE ? t->nitems : 1;
    for (int k = 0; k < n; k++) {
        if (!hl_literal_int(t->kind == HL_K_TUPLE ? t->items[k] : t, &v) || v < -nd || v >= nd) return -1;
        out[k] = (int)(v < 0 ? v + nd : v);
    }
    return n;
}

/* What a view takes from the array: dimension from[k], or a new one of size 1 (-1); `reverse` bits turn a dimension round. */
typedef struct hl_dims { int n, from[HL_DIMS]; uint64_t reverse; } hl_dims;

static hl_dims *remember_dims(hl_site *s)
{
    hl_dims *d = HL_NEW(hl_site_arena(s), hl_dims);
    s->inst->data = d;
    return d;
}

static const hl_type *dims_view(hl_site *s, const hl_dims *d)
{
    const hl_type *a = s->types[0];
    bool same = d->n == a->ndim && !d->reverse, reversed = same;
    for (int k = 0; k < d->n; k++) same &= d->from[k] == k, reversed &= d->from[k] == a->ndim - 1 - k;
    char layout = same ? a->layout : reversed && a->layout != 'A' ? (a->layout == 'C' ? 'F' : 'C') : 'A';
    return hl_type_array(a->elem, d->n, layout, a->flags);
}

/* transpose: a, *axes */
const hl_type *hl_type_np_permute(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a) || s->n < 2 || s->types[1]->kind == HL_K_OMITTED || s->types[1]->kind == HL_K_NONE) return NULL;
    int axes[HL_DIMS], n = 0;
    bool seen[HL_DIMS] = {false};
    for (int k = 1; k < s->n; k++) {
        int m = axes_of(s->types[k], a->ndim, axes + n);
        if (m < 0) return hl_reject(s, "the axes must be written as numbers"), NULL;
        n += m;
    }
    if (n != a->ndim) return hl_reject(s, "axes don't match array"), NULL;
    hl_dims *d = remember_dims(s);
    d->n = n;
    for (int k = 0; k < n; k++) {
        if (seen[axes[k]]) return hl_reject(s, "repeated axis in transpose"), NULL;
        seen[axes[k]] = true, d->from[k] = axes[k];
    }
    return dims_view(s, d);
}

/* swapaxes: a, axis1, axis2 */
const hl_type *hl_type_np_swapaxes(hl_site *s)
{
    const hl_type *a = s->types[0];
    int x, y;
    if (!hl_is_array(a) || axes_of(s->types[1], a->ndim, &x) != 1 || axes_of(s->types[2], a->ndim, &y) != 1) return hl_reject(s, "the axes must be written as numbers"), NULL;
    hl_dims *d = remember_dims(s);
    d->n = a->ndim;
    for (int k = 0; k < d->n; k++) d->from[k] = k == x ? y : k == y ? x : k;
    return dims_view(s, d);
}

/* moveaxis: a, source, destination */
const hl_type *hl_type_np_moveaxis(hl_site *s)
{
    const hl_type *a = s->types[0];
    int x, y;
    if (!hl_is_array(a) || axes_of(s->types[1], a->ndim, &x) != 1 || axes_of(s->types[2], a->ndim, &y) != 1) return hl_reject(s, "the axes must be written as numbers"), NULL;
    hl_dims *d = remember_dims(s);
    int rest = 0;
    for (int k = 0; k < a->ndim; k++) {
        if (k == y) {
            d->from[k] = x;
            continue;
        }
        if (rest == x) rest++;
        d->from[k] = rest++;
    }
    d->n = a->ndim;
    return dims_view(s, d);
}

/* expand_dims: a, axis */
const hl_type *hl_type_np_expand_dims(hl_site *s)
{
    const hl_type *a = s->types[0];
    int at[HL_DIMS];
    if (!hl_is_array(a)) return NULL;
    int n = axes_of(s->types[1], a->ndim + (s->types[1]->kind == HL_K_TUPLE ? s->types[1]->nitems : 1), at);
    if (n < 0) return hl_reject(s, "the axis must be written as a number"), NULL;
    hl_dims *d = remember_dims(s);
    d->n = a->ndim + n;
    for (int k = 0, from = 0; k < d->n; k++) {
        bool fresh = false;
        for (int j = 0; j < n; j++) fresh |= at[j] == k;
        d->from[k] = fresh ? -1 : from++;
    }
    return dims_view(s, d);
}

/* squeeze: a, axis (a literal) */
const hl_type *hl_type_np_squeeze(hl_site *s)
{
    const hl_type *a = s->types[0];
    int at[HL_DIMS];
    if (!hl_is_array(a)) return NULL;
    int n = axes_of(s->types[1], a->ndim, at);
    if (n < 0) return hl_reject(s, "squeeze needs the axis written as a number: the number of dimensions must be known while compiling"), NULL;
    hl_dims *d = remember_dims(s);
    for (int k = 0; k < a->ndim; k++) {
        bool gone = false;
        for (int j = 0; j < n; j++) gone |= at[j] == k;
        if (!gone) d->from[d->n++] = k;
    }
    return dims_view(s, d);
}

/* atleast_1d, atleast_2d, atleast_3d of an array */
const hl_type *hl_type_np_atleast(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a)) return NULL;
    int want = s->rule->key[strlen("numpy.atleast_")] - '0';
    hl_dims *d = remember_dims(s);
    if (a->ndim >= want) for (int k = 0; k < a->ndim; k++) d->from[d->n++] = k;
    else if (want < 3 || a->ndim == 0) {
        while (d->n < want - a->ndim) d->from[d->n++] = -1;
        for (int k = 0; k < a->ndim; k++) d->from[d->n++] = k;
    } else if (a->ndim == 1) d->n = 3, d->from[0] = -1, d->from[1] = 0, d->from[2] = -1;
    else d->n = 3, d->from[0] = 0, d->from[1] = 1, d->from[2] = -1;
    const hl_type *t = dims_view(s, d);
    return a->layout == 'C' && a->ndim && want < 3 ? hl_type_array(t->elem, t->ndim, 'C', t->flags) : t;
}

/* ascontiguousarray, asfortranarray of an array without dimensions: one of one item */
const hl_type *hl_type_np_contiguous_0d(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a) || a->ndim) return NULL;
    if (s->n > 1 && hl_dtype_of(s->types[1], a->elem) != a->elem) return NULL;
    hl_dims *d = remember_dims(s);
    d->n = 1, d->from[0] = -1;
    return dims_view(s, d);
}

/* flip: m, axis=; fliplr, flipud */
const hl_type *hl_type_np_flip(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a)) return NULL;
    const char *name = strrchr(s->rule->key, '.') + 1;
    hl_dims *d = remember_dims(s);
    d->n = a->ndim;
    for (int k = 0; k < d->n; k++) d->from[k] = k;
    int at[HL_DIMS], n;
    if (!strcmp(name, "flipud")) d->reverse = 1;
    else if (!strcmp(name, "fliplr")) {
        if (a->ndim < 2) return hl_reject(s, "Input must be >= 2-d."), NULL;
        d->reverse = 2;
    } else if (!given(s->types[1])) d->reverse = (1ULL << d->n) - 1;
    else {
        if ((n = axes_of(s->types[1], a->ndim, at)) < 0) return hl_reject(s, "the axis must be written as a number"), NULL;
        for (int k = 0; k < n; k++) d->reverse |= 1ULL << at[k];
    }
    return hl_type_array(a->elem, a->ndim, 'A', a->flags);
}

/* broadcast_to: array, shape */
const hl_type *hl_type_np_broadcast_to(hl_site *s)
{
    const hl_type *a = s->types[0];
    int nd = hl_shape_ndim(s->types[1]);
    if (!hl_is_array(a) || nd < a->ndim) return NULL;
    return hl_type_array(a->elem, nd, 'A', HL_T_READONLY | (a->flags & HL_T_UNALIGNED));
}

/* diag: v, k= */
const hl_type *hl_type_np_diag_make(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a) || a->ndim != 1 || (given(s->types[1]) && !is_int(s->types[1]))) return NULL;
    if (given(s->types[1])) s->types[1] = hl_T.int64;
    return hl_type_array(a->elem, 2, 'C', 0);
}

const hl_type *hl_type_np_diag_view(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a) || a->ndim != 2 || (given(s->types[1]) && !is_int(s->types[1]))) return NULL;
    if (given(s->types[1])) s->types[1] = hl_T.int64;
    return hl_type_array(a->elem, 1, 'A', a->flags | HL_T_READONLY);
}

/* a.fill(v) */
const hl_type *hl_type_array_fill(hl_site *s)
{
    const hl_type *v = hl_unliteral(s->types[1]);
    if (!hl_is_number(v) || (hl_is_complex(v) && !hl_is_complex(s->types[0]->elem))) return NULL;
    s->types[1] = s->types[0]->elem;
    return hl_T.none;
}
