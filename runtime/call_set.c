/* np.unique with positions: where distinct items first stand, which of them each item is, how often each occurs.
 *
 * A stable order of the items tells all three: items that are equal stand side by side in it, the first of them first. */
#include "call.h"

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
