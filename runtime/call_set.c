/* Sets: arrays of distinct items, sorted.
 *
 * np.unique with positions (where distinct items first stand, which of them each item is, how often each occurs): a stable order of the
 * items tells all three, because items that are equal stand side by side in it, the first of them first.
 * What two arrays have in common, or not: their distinct items sorted together, so that what is in both stands side by side. */
#include "call.h"

/* --- unique ----------------------------------------------------------------------------------------------------------------- */

static bool is_nan(const char *p, int32_t npy)
{
    return npy == NPY_DOUBLE ? *(const double *)p != *(const double *)p : npy == NPY_FLOAT && *(const float *)p != *(const float *)p;
}

/* NaNs count as equal. */
static bool same(const char *p, const char *q, const nd *x)
{
    if (x->npy == NPY_DOUBLE) return *(const double *)p == *(const double *)q || (is_nan(p, x->npy) && is_nan(q, x->npy));
    if (x->npy == NPY_FLOAT) return *(const float *)p == *(const float *)q || (is_nan(p, x->npy) && is_nan(q, x->npy));
    return !memcmp(p, q, (size_t)x->item);
}

/* order[k]: the item in place k; group[k]: how many groups of equal items begin in places 0 … k.  How many groups. */
static int64_t group_items(const nd *x, int64_t n, const int64_t *order, int64_t *group)
{
    int64_t m = 0;
    for (int64_t k = 0; k < n; k++) {
        if (!k || !same(x->data + order[k] * x->item, x->data + order[k - 1] * x->item, x)) m++;
        group[k] = m;
    }
    return m;
}

/* What is asked for, in the order of the results. */
enum { VALUES, FIRST, INVERSE, COUNTS, PARTS };

static void fill(nd *r, const nd *x, int64_t n, const int64_t *order, const int64_t *group)
{
    int64_t *first = (int64_t *)r[FIRST].data, *inverse = (int64_t *)r[INVERSE].data, *counts = (int64_t *)r[COUNTS].data;
    for (int64_t k = 0; k < n; k++) {
        int64_t g = group[k] - 1;
        if (!k || group[k - 1] != group[k]) {
            memcpy(r[VALUES].data + g * x->item, x->data + order[k] * x->item, (size_t)x->item);
            if (first) first[g] = order[k];
            if (counts) counts[g] = 0;
        }
        if (inverse) inverse[order[k]] = g;
        if (counts) counts[g]++;
    }
}

/* ar, return_index, return_inverse, return_counts */
hl_status hl_np_unique_flags(const hl_operand *a, hl_slot *out)
{
    nd given = hl_nd_of(a), x, r[PARTS] = {{0}};
    int64_t n = hl_nd_size(&given), m = 0, *order = hl_malloc((size_t)(n ? n : 1) * 16), *group = order + n;
    if (!order) return hl_failed(HL_ERR_memory, 0, 0);
    hl_status bad = hl_nd_contiguous(&x, &given, given.npy);
    if (!bad) {
        bad = hl_argsort(x.data, n, x.item, x.npy, order);
        if (!bad) m = group_items(&x, n, order, group), bad = hl_nd_new(&r[VALUES], 1, &m, x.npy);
        if (!bad && hl_arg_int(&a[1], 0)) bad = hl_nd_new(&r[FIRST], 1, &m, NPY_INT64);
        if (!bad && hl_arg_int(&a[2], 0)) bad = hl_nd_new(&r[INVERSE], given.nd, given.shape, NPY_INT64);
        if (!bad && hl_arg_int(&a[3], 0)) bad = hl_nd_new(&r[COUNTS], 1, &m, NPY_INT64);
        if (!bad) fill(r, &x, n, order, group);
        hl_nd_drop(&x);
    }
    hl_free(order);
    for (int k = 0; k < PARTS; k++) {
        if (!r[k].owner) continue;
        if (bad) hl_nd_drop(&r[k]);
        else hl_nd_give(&r[k], out), out += 2 + 2 * r[k].nd;
    }
    return bad;
}

/* --- two arrays ------------------------------------------------------------------------------------------------------------- */

/* As == has it: a NaN equals nothing. */
static bool equal(const char *p, const char *q, int32_t npy)
{
    switch (npy) {
    case NPY_DOUBLE: return *(const double *)p == *(const double *)q;
    case NPY_FLOAT: return *(const float *)p == *(const float *)q;
    case NPY_CDOUBLE: return equal(p, q, NPY_DOUBLE) && equal(p + 8, q + 8, NPY_DOUBLE);
    case NPY_CFLOAT: return equal(p, q, NPY_FLOAT) && equal(p + 4, q + 4, NPY_FLOAT);
    case NPY_INT64: case NPY_UINT64: return !memcmp(p, q, 8);
    case NPY_INT32: case NPY_UINT32: return !memcmp(p, q, 4);
    case NPY_INT16: case NPY_UINT16: return !memcmp(p, q, 2);
    default: return *p == *q;
    }
}

/* is[k]: does t have item k of x? */
static hl_status members(const nd *x, const nd *t, bool invert, char *is)
{
    nd xs, ts;
    int32_t npy = hl_npy_promote(x->npy, t->npy);
    int64_t n = 0, m = hl_nd_size(x), *at = hl_malloc((size_t)(m ? m : 1) * 8);
    if (!at) return hl_failed(HL_ERR_memory, 0, 0);
    if (hl_nd_contiguous(&ts, t, npy)) return hl_free(at), 1;
    hl_status bad = hl_nd_items(&xs, x, npy);
    if (!bad && (n = hl_unique(ts.data, hl_nd_size(&ts), npy)) < 0) hl_nd_drop(&xs), bad = 1;
    if (!bad) {
        hl_searchsorted(ts.data, n, ts.item, xs.data, m, xs.item, npy, 0, at);
        for (int64_t k = 0; k < m; k++) is[k] = (at[k] < n && equal(xs.data + k * xs.item, ts.data + at[k] * ts.item, npy)) != invert;
        hl_nd_drop(&xs);
    }
    hl_nd_drop(&ts);
    hl_free(at);
    return bad;
}

/* element, test_elements, assume_unique, invert */
hl_status hl_np_isin(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), t = hl_nd_of(&a[1]), r;
    if (hl_nd_new(&r, x.nd, x.shape, NPY_BOOL)) return 1;
    if (members(&x, &t, hl_arg_int(&a[3], 0), r.data)) return hl_nd_drop(&r), 1;
    hl_nd_give(&r, out);
    return 0;
}

/* The items where keep[k], as a new array; x is dropped. */
static hl_status kept(nd *x, int64_t n, const char *keep, hl_slot *out)
{
    nd r;
    int64_t m = 0;
    for (int64_t k = 0; k < n; k++) m += keep[k];
    hl_status bad = hl_nd_new(&r, 1, &m, x->npy);
    char *to = bad ? NULL : r.data;
    for (int64_t k = 0; !bad && k < n; k++)
        if (keep[k]) memcpy(to, x->data + k * x->item, (size_t)x->item), to += x->item;
    if (!bad) hl_nd_give(&r, out);
    hl_nd_drop(x);
    return bad;
}

/* The items of both arrays, distinct in each unless they are said to be, one behind the other: how many, or -1. */
static int64_t side_by_side(const hl_operand *a, bool distinct, nd *both)
{
    nd part[2] = {hl_nd_of(a), hl_nd_of(&a[1])}, items;
    int64_t most = hl_nd_size(&part[0]) + hl_nd_size(&part[1]), n = 0;
    if (hl_nd_new(both, 1, &most, hl_npy_promote(part[0].npy, part[1].npy))) return -1;
    for (int k = 0; k < 2 && n >= 0; k++) {
        int64_t m = hl_nd_size(&part[k]);
        if (hl_nd_contiguous(&items, &part[k], both->npy)) m = -1;
        else {
            if (!distinct) m = hl_unique(items.data, m, items.npy);
            if (m > 0) memcpy(both->data + n * both->item, items.data, (size_t)(m * items.item));
            hl_nd_drop(&items);
        }
        n = m < 0 ? -1 : n + m;
    }
    if (n >= 0 && hl_sort(both->data, n, both->item, both->npy)) n = -1;
    if (n < 0) hl_nd_drop(both);
    return n;
}

/* What stands beside its equal, once, or what does not. */
static hl_status compared(const hl_operand *a, hl_slot *out, bool common)
{
    nd both;
    int64_t n = side_by_side(a, hl_arg_int(&a[2], 0), &both);
    char *keep = n < 0 ? NULL : hl_malloc((size_t)n + 1), *p = n < 0 ? NULL : both.data;
    if (!keep) return n < 0 ? 1 : (hl_nd_drop(&both), hl_failed(HL_ERR_memory, 0, 0));
    bool before = false;
    for (int64_t k = 0; k < n; k++, p += both.item) {
        bool behind = k + 1 < n && equal(p, p + both.item, both.npy);
        keep[k] = common ? behind : !before && !behind;
        before = behind;
    }
    hl_status bad = kept(&both, n, keep, out);
    hl_free(keep);
    return bad;
}

/* ar1, ar2, assume_unique */
hl_status hl_np_intersect1d(const hl_operand *a, hl_slot *out) { return compared(a, out, true); }
hl_status hl_np_setxor1d(const hl_operand *a, hl_slot *out) { return compared(a, out, false); }

/* ar1, ar2 */
hl_status hl_np_union1d(const hl_operand *a, hl_slot *out)
{
    nd both;
    int64_t n = side_by_side(a, true, &both), m = n < 0 ? -1 : hl_unique(both.data, n, both.npy);
    if (m < 0) return n < 0 ? 1 : (hl_nd_drop(&both), 1);
    char *keep = hl_malloc((size_t)m + 1);
    if (!keep) return hl_nd_drop(&both), hl_failed(HL_ERR_memory, 0, 0);
    memset(keep, 1, (size_t)m);
    hl_status bad = kept(&both, m, keep, out);
    hl_free(keep);
    return bad;
}

/* ar1, ar2, assume_unique */
hl_status hl_np_setdiff1d(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), t = hl_nd_of(&a[1]), first;
    if (hl_nd_contiguous(&first, &x, x.npy)) return 1;
    int64_t n = hl_nd_size(&x);
    if (!hl_arg_int(&a[2], 0)) n = hl_unique(first.data, n, x.npy);
    char *keep = n < 0 ? NULL : hl_malloc((size_t)n + 1);
    if (!keep) return hl_nd_drop(&first), n < 0 ? 1 : hl_failed(HL_ERR_memory, 0, 0);
    first.nd = 1, first.shape[0] = n, first.stride[0] = first.item;
    hl_status bad = members(&first, &t, true, keep);
    if (bad) hl_nd_drop(&first);
    else bad = kept(&first, n, keep, out);
    hl_free(keep);
    return bad;
}
