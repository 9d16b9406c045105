/* Arrays of random numbers; shuffles, permutations, choices. */
#include "call.h"

static hl_status sized(nd *r, const hl_operand *sizes, int32_t npy)
{
    int64_t shape[HL_CALL_DIMS];
    int n = hl_count_operands(sizes);
    for (int k = 0; k < n; k++) shape[k] = hl_arg_int(&sizes[k], 0);
    return hl_nd_new(r, n, shape, npy);
}

/* distribution (integers: 1000 + hl_idist), a, b, c, sizes … */
hl_status hl_np_random_array(const hl_operand *a, hl_slot *out)
{
    nd r;
    int32_t dist = (int32_t)a[0].v.i;
    bool whole = dist >= 1000;
    double p[3];
    for (int k = 0; k < 3; k++) p[k] = hl_arg_float(&a[1 + k], 0);
    if (sized(&r, a + 4, whole ? NPY_INT64 : NPY_DOUBLE)) return 1;
    hl_status bad = whole ? hl_random_fill_int(dist - 1000, p[0], p[1], p[2], hl_nd_size(&r), (int64_t *)r.data)
                          : hl_random_fill(dist, p[0], p[1], p[2], hl_nd_size(&r), (double *)r.data);
    if (bad) return hl_nd_drop(&r), 1;
    hl_nd_give(&r, out);
    return 0;
}

/* low, high, dtype (a number of that type), sizes … */
hl_status hl_np_random_ints_array(const hl_operand *a, hl_slot *out)
{
    nd r;
    int64_t low = hl_arg_int(a, 0), high = hl_arg_int(&a[1], 0);
    if (sized(&r, a + 3, a[2].npy)) return 1;
    if (hl_random_ints(low, high, hl_nd_size(&r), a[2].npy, r.data)) return hl_nd_drop(&r), 1;
    hl_nd_give(&r, out);
    return 0;
}

hl_status hl_np_shuffle(const hl_operand *a, hl_slot *out)
{
    (void)out;
    nd x = hl_nd_of(a), rest = x, c;
    int64_t n, stride, want = x.item;
    rest = hl_nd_axis(&x, 0, &n, &stride);
    bool packed = true;
    for (int k = x.nd - 1; k > 0; k--) packed &= x.stride[k] == want, want *= x.shape[k];
    (void)rest;
    if (packed) return hl_random_shuffle(x.data, n, stride, want);
    if (hl_nd_contiguous(&c, &x, x.npy)) return 1;
    hl_status bad = hl_random_shuffle(c.data, n, c.stride[0], c.stride[0]);
    if (!bad) hl_nd_copy(&x, &c);
    hl_nd_drop(&c);
    return bad;
}

/* an int: a permutation of range(n); an array: a shuffled copy */
hl_status hl_np_permutation(const hl_operand *a, hl_slot *out)
{
    nd r;
    if (a[0].kind == HL_ARG_INT) {
        int64_t n = a[0].v.i;
        if (hl_nd_out(&r, out, 1, &n, NPY_INT64)) return 1;
        hl_random_permutation(n, (int64_t *)r.data);
        return 0;
    }
    nd x = hl_nd_of(a);
    if (hl_nd_contiguous(&r, &x, x.npy)) return 1;
    /* NumPy shuffles an array of one dimension itself and a list of row numbers of any other: the stream is the same */
    if (hl_random_shuffle(r.data, r.shape[0], r.stride[0], r.stride[0])) return hl_nd_drop(&r), 1;
    hl_nd_give(&r, out);
    return 0;
}

/* a (int or 1-D array), replace, p (or none), sizes … : no sizes: one item */
hl_status hl_np_choice(const hl_operand *a, hl_slot *out)
{
    nd x = a[0].kind == HL_ARG_ARRAY ? hl_nd_of(a) : (nd){.nd = 1, .npy = NPY_INT64, .item = 8, .shape = {hl_arg_int(a, 0)}}, r, index, p = {0};
    int64_t n = x.shape[0], one = 1, m;
    bool single = !hl_given(&a[3]) , replace = hl_arg_int(&a[1], 1);
    if (n <= 0) return hl_failed(HL_ERR_choice_empty, 0, 0);
    if (single ? hl_nd_new(&index, 1, &one, NPY_INT64) : sized(&index, a + 3, NPY_INT64)) return 1;
    int64_t *v = (int64_t *)index.data;
    m = hl_nd_size(&index);
    hl_status bad = 0;
    if (hl_given(&a[2])) {
        nd given = hl_nd_of(&a[2]);
        bad = hl_nd_size(&given) != n ? hl_failed(HL_ERR_choice_size, 0, 0) : !replace ? hl_failed(HL_ERR_choice_replace, 0, 0) : hl_nd_contiguous(&p, &given, NPY_DOUBLE);
        double *q = (double *)p.data;
        for (int64_t k = 1; !bad && k < n; k++) q[k] += q[k - 1];
        for (int64_t k = 0; !bad && k < n; k++) q[k] /= q[n - 1];
        for (int64_t k = 0; !bad && k < m; k++) {
            double u = hl_random_double();
            hl_searchsorted(q, n, 8, &u, 1, 8, NPY_DOUBLE, 1, &v[k]);
        }
    } else if (replace) bad = hl_random_ints(0, n, m, NPY_INT64, v);
    else if (m > n) bad = hl_failed(HL_ERR_choice_many, 0, 0);
    else {
        int64_t *all = hl_malloc((size_t)n * 8);
        if (!all) bad = hl_failed(HL_ERR_memory, 0, 0);
        else hl_random_permutation(n, all), memcpy(v, all, (size_t)m * 8);
        hl_free(all);
    }
    if (p.owner) hl_nd_drop(&p);
    if (!bad && single) {
        if (!x.data) out[0].i = v[0];
        else if (hl_npy_is_complex(x.npy)) hl_items_convert(out, 16, NPY_CDOUBLE, x.data + v[0] * x.stride[0], 0, x.npy, 1);
        else hl_items_convert(out, 8, hl_npy_is_float(x.npy) ? NPY_DOUBLE : NPY_INT64, x.data + v[0] * x.stride[0], 0, x.npy, 1);
    }
    if (bad || single) {
        hl_nd_drop(&index);
        return bad;
    }
    if (!x.data) {
        hl_nd_give(&index, out);
        return 0;
    }
    bad = hl_nd_new(&r, index.nd, index.shape, x.npy);
    for (int64_t k = 0; !bad && k < m; k++) memcpy(r.data + k * r.item, x.data + v[k] * x.stride[0], (size_t)x.item);
    hl_nd_drop(&index);
    if (!bad) hl_nd_give(&r, out);
    return bad;
}
