/* Sorting, searching, statistics of order, cumulative sums. */
#include "call.h"
#include <math.h>

/* --- sort --------------------------------------------------------------------------------------------------------------- */

static double float_at(const char *p, int npy)
{
    float f;
    double d;
    if (npy == NPY_DOUBLE) return memcpy(&d, p, 8), d;
    memcpy(&f, p, 4);
    return (double)f;
}

/* Sorts a line; of the items that are equal only zeros of both signs can be told apart, and get back the order that they had. */
static hl_status sort_stably(char *p, int64_t n, int64_t stride, int npy)
{
    int64_t zeros = 0, minus = 0, k = 0;
    bool *negative = hl_malloc((size_t)(n ? n : 1));
    if (!negative) return hl_failed(HL_ERR_memory, 0, 0);
    for (; k < n; k++) {
        double v = float_at(p + k * stride, npy);
        if (v == 0) minus += negative[zeros++] = signbit(v) != 0;
    }
    hl_status bad = hl_sort(p, n, stride, npy);
    if (!bad && minus && minus < zeros) {
        for (k = 0; float_at(p + k * stride, npy) != 0;) k++;
        for (int64_t z = 0; z < zeros; z++) {
            double d = negative[z] ? -0.0 : 0.0;
            float f = (float)d;
            memcpy(p + (k + z) * stride, npy == NPY_DOUBLE ? (void *)&d : (void *)&f, npy == NPY_DOUBLE ? 8 : 4);
        }
    }
    hl_free(negative);
    return bad;
}

static hl_status sort_lines(const nd *a, int axis, bool stable)
{
    int64_t n, stride;
    nd rest = hl_nd_axis(a, axis, &n, &stride);
    hl_lines l = hl_lines_of(&rest);
    for (char *p; hl_line(&l, &p);)
        if (stable && hl_npy_is_float(a->npy) ? sort_stably(p, n, stride, a->npy) : hl_sort(p, n, stride, a->npy)) return 1;
    return 0;
}

/* a, axis, kind: 1 when it is stable */
hl_status hl_np_sort(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), r;
    int axis = 0;
    if (x.nd && hl_arg_axis(&a[1], x.nd, &axis, -1)) return 1;
    if (hl_nd_contiguous(&r, &x, x.npy)) return 1;
    if (hl_given_none(&a[1])) hl_nd_flatten(&r), axis = 0;
    if (x.nd && sort_lines(&r, axis, hl_arg_int(&a[2], 0))) return hl_nd_drop(&r), 1;
    hl_nd_give(&r, out);
    return 0;
}

hl_status hl_np_sort_method(const hl_operand *a, hl_slot *out)
{
    (void)out;
    nd x = hl_nd_of(a);
    int axis;
    if (hl_arg_axis(&a[1], x.nd, &axis, -1)) return 1;
    return sort_lines(&x, axis, hl_arg_int(&a[2], 0));
}

static hl_status argsort(nd x, int axis, hl_slot *out)
{
    nd r;
    int64_t n, stride, rn, rstride;
    if (hl_nd_new(&r, x.nd, x.shape, NPY_INT64)) return 1;
    nd xs = hl_nd_axis(&x, axis, &n, &stride), rs = hl_nd_axis(&r, axis, &rn, &rstride);
    int64_t *line = rstride == 8 ? NULL : hl_malloc((size_t)(n ? n : 1) * 8);
    if (rstride != 8 && !line) return hl_nd_drop(&r), hl_failed(HL_ERR_memory, 0, 0);
    hl_lines lx = hl_lines_of(&xs), lr = hl_lines_of(&rs);
    hl_status bad = 0;
    for (char *p, *q; !bad && hl_line(&lx, &p) && hl_line(&lr, &q);) {
        bad = hl_argsort(p, n, stride, x.npy, line ? line : (int64_t *)q);
        for (int64_t k = 0; line && k < n; k++) *(int64_t *)(q + k * rstride) = line[k];
    }
    hl_free(line);
    if (bad) return hl_nd_drop(&r), 1;
    hl_nd_give(&r, out);
    return 0;
}

hl_status hl_np_argsort(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), flat;
    int axis;
    if (!hl_given_none(&a[1])) return hl_arg_axis(&a[1], x.nd, &axis, -1) || argsort(x, axis, out);
    if (hl_nd_contiguous(&flat, &x, x.npy)) return 1;
    hl_nd_flatten(&flat);
    hl_status bad = argsort(flat, 0, out);
    hl_nd_drop(&flat);
    return bad;
}

/* kth as an array of int64, normalised */
static hl_status kth_of(const hl_operand *a, int64_t n, nd *k)
{
    nd given = hl_nd_of(a);
    if (given.nd == 0) given.nd = 1, given.shape[0] = 1, given.stride[0] = 8;
    if (hl_nd_contiguous(k, &given, NPY_INT64)) return 1;
    int64_t *v = (int64_t *)k->data;
    for (int64_t j = 0; j < k->shape[0]; j++) {
        if (v[j] < -n || v[j] >= n) {
            hl_raise(HL_ERR_partition_kth, v[j], n);
            hl_nd_drop(k);
            return 1;
        }
        if (v[j] < 0) v[j] += n;
    }
    return 0;
}

static hl_status partition_lines(const nd *a, const hl_operand *kth, int axis)
{
    int64_t n, stride;
    nd rest = hl_nd_axis(a, axis, &n, &stride), k;
    if (!hl_nd_size(a)) return 0;
    if (kth_of(kth, n, &k)) return 1;
    hl_lines l = hl_lines_of(&rest);
    hl_status bad = 0;
    for (char *p; !bad && hl_line(&l, &p);) bad = hl_partition(p, n, stride, a->npy, (int64_t *)k.data, k.shape[0]);
    hl_nd_drop(&k);
    return bad;
}

hl_status hl_np_partition(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), r;
    int axis;
    if (hl_arg_axis(&a[2], x.nd, &axis, -1) || hl_nd_contiguous(&r, &x, x.npy)) return 1;
    if (partition_lines(&r, &a[1], axis)) return hl_nd_drop(&r), 1;
    hl_nd_give(&r, out);
    return 0;
}

hl_status hl_np_partition_method(const hl_operand *a, hl_slot *out)
{
    (void)out;
    nd x = hl_nd_of(a);
    int axis;
    return hl_arg_axis(&a[2], x.nd, &axis, -1) || partition_lines(&x, &a[1], axis);
}

hl_status hl_np_argpartition(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), r, k;
    if (x.nd != 1) return hl_failed(HL_ERR_one_dimension, 0, 0);
    if (kth_of(&a[1], x.shape[0], &k)) return 1;
    hl_status bad = hl_nd_new(&r, 1, x.shape, NPY_INT64);
    if (!bad && (bad = hl_argpartition(x.data, x.shape[0], x.stride[0], x.npy, (int64_t *)k.data, k.shape[0], (int64_t *)r.data))) hl_nd_drop(&r);
    hl_nd_drop(&k);
    if (!bad) hl_nd_give(&r, out);
    return bad;
}

/* --- searching ---------------------------------------------------------------------------------------------------------- */

static hl_status search(const hl_operand *a, nd *r)
{
    nd x = hl_nd_of(a), v = hl_nd_of(&a[1]), xs = x, vs;
    int32_t npy = a[1].kind == HL_ARG_ARRAY || a[1].kind == HL_ARG_COMPLEX ? hl_npy_promote(x.npy, v.npy)
                  : a[1].kind == HL_ARG_FLOAT && !hl_npy_is_float(x.npy) && !hl_npy_is_complex(x.npy) ? NPY_DOUBLE : a[1].kind == HL_ARG_INT ? hl_npy_promote(x.npy, NPY_INT64) : hl_npy_promote(x.npy, v.npy);
    bool convert = npy != x.npy;
    if (convert && hl_nd_contiguous(&xs, &x, npy)) return 1;
    if (hl_nd_items(&vs, &v, npy)) return convert ? hl_nd_drop(&xs), 1 : 1;
    hl_status bad = hl_nd_new(r, v.nd, v.shape, NPY_INT64);
    if (!bad) hl_searchsorted(xs.data, x.shape[0], xs.stride[0], vs.data, hl_nd_size(&vs), vs.item, npy, (int32_t)hl_arg_int(&a[2], 0), (int64_t *)r->data);
    hl_nd_drop(&vs);
    if (convert) hl_nd_drop(&xs);
    return bad;
}

/* a, v, side (1: right) */
hl_status hl_np_searchsorted(const hl_operand *a, hl_slot *out)
{
    nd r;
    if (search(a, &r)) return 1;
    hl_nd_give(&r, out);
    return 0;
}

hl_status hl_np_searchsorted_scalar(const hl_operand *a, hl_slot *out)
{
    nd r;
    if (search(a, &r)) return 1;
    out[0].i = *(int64_t *)r.data;
    hl_nd_drop(&r);
    return 0;
}

/* x, bins, right: where x falls among monotonic bins */
hl_status hl_np_digitize(const hl_operand *a, hl_slot *out)
{
    nd bins = hl_nd_of(&a[1]), up;
    if (hl_nd_contiguous(&up, &bins, NPY_DOUBLE)) return 1;
    double *b = (double *)up.data;
    int64_t n = up.shape[0];
    bool down = n > 1 && b[0] > b[n - 1], right = hl_arg_int(&a[2], 0);
    for (int64_t k = 1; k < n; k++)
        if (down ? b[k] > b[k - 1] : b[k] < b[k - 1]) return hl_nd_drop(&up), hl_failed(HL_ERR_bins_monotonic, 0, 0);
    for (int64_t k = 0; down && k < n / 2; k++) {
        double t = b[k];
        b[k] = b[n - 1 - k], b[n - 1 - k] = t;
    }
    nd x = hl_nd_of(a), xs, r;
    hl_status bad = hl_nd_items(&xs, &x, NPY_DOUBLE);
    if (!bad && !(bad = hl_nd_new(&r, x.nd, x.shape, NPY_INT64))) {
        int64_t *o = (int64_t *)r.data, m = hl_nd_size(&r);
        hl_searchsorted(b, n, 8, xs.data, m, 8, NPY_DOUBLE, !right, o);
        for (int64_t k = 0; down && k < m; k++) o[k] = n - o[k];
        hl_nd_give(&r, out);
    }
    if (xs.owner) hl_nd_drop(&xs);
    hl_nd_drop(&up);
    return bad;
}

hl_status hl_np_unique(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), all;
    if (hl_nd_contiguous(&all, &x, x.npy)) return 1;
    int64_t n = hl_unique(all.data, hl_nd_size(&all), x.npy);
    if (n < 0) return hl_nd_drop(&all), 1;
    all.nd = 1, all.shape[0] = n, all.stride[0] = all.item;
    if (n * 2 >= hl_nd_size(&x)) {
        hl_nd_give(&all, out);
        return 0;
    }
    nd r; /* do not keep a large block for a few items */
    hl_status bad = hl_nd_contiguous(&r, &all, x.npy);
    hl_nd_drop(&all);
    if (!bad) hl_nd_give(&r, out);
    return bad;
}

/* --- cumulative ------------------------------------------------------------------------------------------------------------ */

/* the result holds the items already, in the dtype of the sums */
#define RUN(T, OP)                                                                                                     \
    for (int64_t k = 1; k < n; k++) *(T *)(p + k * stride) = (T)(*(T *)(p + (k - 1) * stride) OP *(T *)(p + k * stride))

static void run_line(char *p, int64_t n, int64_t stride, int32_t npy, bool product)
{
    switch (npy) {
    case NPY_FLOAT: if (product) RUN(float, *); else RUN(float, +); break;
    case NPY_DOUBLE: if (product) RUN(double, *); else RUN(double, +); break;
    case NPY_CFLOAT: if (product) RUN(_Complex float, *); else RUN(_Complex float, +); break;
    case NPY_CDOUBLE: if (product) RUN(_Complex double, *); else RUN(_Complex double, +); break;
    case NPY_BYTE: case NPY_UBYTE: if (product) RUN(uint8_t, *); else RUN(uint8_t, +); break;
    case NPY_SHORT: case NPY_USHORT: if (product) RUN(uint16_t, *); else RUN(uint16_t, +); break;
    case NPY_INT: case NPY_UINT: if (product) RUN(uint32_t, *); else RUN(uint32_t, +); break;
    default: if (product) RUN(uint64_t, *); else RUN(uint64_t, +); break;
    }
}
#undef RUN

static int32_t sum_type(int32_t npy)
{
    switch (npy) {
    case NPY_FLOAT: case NPY_DOUBLE: case NPY_CFLOAT: case NPY_CDOUBLE: return npy;
    case NPY_UBYTE: case NPY_USHORT: case NPY_UINT: case NPY_ULONG: case NPY_ULONGLONG: return NPY_UINT64;
    default: return NPY_INT64;
    }
}

/* a, axis, dtype */
static hl_status cumulate(const hl_operand *a, hl_slot *out, bool product)
{
    nd x = hl_nd_of(a), r;
    if (hl_nd_contiguous(&r, &x, hl_given(&a[2]) ? a[2].npy : sum_type(x.npy))) return 1;
    if (hl_given(&a[1])) {
        int axis;
        int64_t n, stride;
        if (hl_arg_axis(&a[1], x.nd, &axis, 0)) return hl_nd_drop(&r), 1;
        nd rest = hl_nd_axis(&r, axis, &n, &stride);
        hl_lines l = hl_lines_of(&rest);
        for (char *p; hl_line(&l, &p);) run_line(p, n, stride, r.npy, product);
    } else {
        r.shape[0] = hl_nd_size(&r), r.nd = 1, r.stride[0] = r.item;
        run_line(r.data, r.shape[0], r.item, r.npy, product);
    }
    hl_nd_give(&r, out);
    return 0;
}

hl_status hl_np_cumsum(const hl_operand *a, hl_slot *out) { return cumulate(a, out, false); }
hl_status hl_np_cumprod(const hl_operand *a, hl_slot *out) { return cumulate(a, out, true); }

/* --- order statistics --------------------------------------------------------------------------------------------------------- */

/* From the nearer end, as NumPy does: between items of float32 the distance is one of float32, and where q is a number (not an
 * array) all else is. */
typedef enum precision { DOUBLE, SINGLE_DISTANCE, SINGLE } precision;

static double lerp(double a, double b, double t, precision p)
{
    if (p == SINGLE) {
        float d = (float)b - (float)a;
        return t >= 0.5 ? (float)b - d * (float)(1 - t) : (float)a + d * (float)t;
    }
    double d = p == DOUBLE ? b - a : (float)b - (float)a;
    return t >= 0.5 ? b - d * (1 - t) : a + d * t;
}

typedef struct quantile_job { hl_quantile_method method; int work; bool skip_nan; precision p; } quantile_job; /* work: int64, uint64 or double */

/* Between which two of m sorted items quantile q lies, and how far from the one to the other.  A discrete method gives the first.  Beyond
 * an end both are that end, as in NumPy: no distance at all, but of an infinity, which gives NaN. */
static double quantile_place(hl_quantile_method method, double q, int64_t m, int64_t kth[2])
{
    double n = (double)m, at = q * (n - 1), alpha = 0, beta = 0;
    switch (method) {
    case HL_Q_LOWER: at = floor(at); break;
    case HL_Q_HIGHER: at = ceil(at); break;
    case HL_Q_NEAREST: at = rint(at); break;
    case HL_Q_INVERTED_CDF: at = ceil(n * q - 1); break;
    case HL_Q_CLOSEST_OBSERVATION:
        at = n * q - 1.5;
        at = floor(at) == at && fmod(at, 2) != 0 ? at : floor(at) + 1; /* half way: an even one, counted from 1 */
        break;
    case HL_Q_LINEAR: break;
    case HL_Q_MIDPOINT: at = 0.5 * (floor(at) + ceil(at)); break;
    case HL_Q_AVERAGED_INVERTED_CDF: at = n * q - 1; break;
    case HL_Q_INTERPOLATED_INVERTED_CDF: beta = 1; break;
    case HL_Q_HAZEN: alpha = beta = 0.5; break;
    case HL_Q_WEIBULL: break;
    case HL_Q_MEDIAN_UNBIASED: alpha = beta = 1 / 3.0; break;
    case HL_Q_NORMAL_UNBIASED: alpha = beta = 3 / 8.0; break;
    }
    if (method >= HL_Q_INTERPOLATED_INVERTED_CDF) at = n * q + (alpha + q * (1 - alpha - beta)) - 1;
    double low = floor(at), part = at - low;
    if (at < 0 || at >= n - 1) return kth[0] = kth[1] = at < 0 ? 0 : m - 1, n;
    kth[0] = (int64_t)low, kth[1] = method < HL_Q_DISCRETE_END ? kth[0] : kth[0] + 1;
    return method == HL_Q_AVERAGED_INVERTED_CDF ? (part == 0 ? 0.5 : 1) : method == HL_Q_MIDPOINT ? (part == 0 ? 0 : 0.5) : part;
}

/* The quantiles q of a line of items that are 8 bytes wide; it is partitioned on the way. */
static hl_status quantile_of(void *line, int64_t n, const double *q, int64_t nq, void *out, const quantile_job *job)
{
    double *x = line;
    int64_t kth[2], m = job->work == NPY_DOUBLE ? 0 : n;
    for (int64_t k = 0; k < n && job->work == NPY_DOUBLE; k++)
        if (x[k] == x[k]) x[m++] = x[k];
    if (m < n && !job->skip_nan) m = 0;
    for (int64_t j = 0; j < nq; j++) {
        if (!m) {
            ((double *)out)[j] = NAN;
            continue;
        }
        double part = quantile_place(job->method, q[j], m, kth);
        if (hl_partition(line, m, 8, job->work, kth, 2)) return 1;
        if (job->method < HL_Q_DISCRETE_END) memcpy((char *)out + 8 * j, (char *)line + 8 * kth[0], 8);
        else ((double *)out)[j] = lerp(x[kth[0]], x[kth[1]], part, job->p);
    }
    return 0;
}

/* The lines of x along an axis: place j of the result holds the j-th quantile of all lines. */
static hl_status quantile_lines(const nd *x, int axis, const double *q, int64_t nq, nd *r, const quantile_job *job)
{
    int64_t n, stride;
    nd rest = hl_nd_axis(x, axis, &n, &stride);
    int64_t lines = hl_nd_size(&rest), o = 0;
    char *line = hl_malloc((size_t)(n + nq + 1) * 8), *one = line + 8 * n;
    if (!line) return hl_failed(HL_ERR_memory, 0, 0);
    hl_status bad = 0;
    hl_lines l = hl_lines_of(&rest);
    for (char *at; !bad && hl_line(&l, &at); o++) {
        hl_items_convert(line, 8, job->work, at, stride, x->npy, n);
        bad = quantile_of(line, n, q, nq, one, job);
        hl_items_convert(r->data + o * r->item, lines * r->item, r->npy, one, 8, job->work, nq);
    }
    hl_free(line);
    return bad;
}

/* How the items are worked on and what the result holds: whole numbers stay so when the method gives one of them. */
static quantile_job quantile_begin(const hl_operand *a, bool several, bool skip_nan, int *result)
{
    quantile_job job = {(hl_quantile_method)hl_arg_int(&a[3], HL_Q_LINEAR), NPY_DOUBLE, skip_nan, a->npy != NPY_FLOAT ? DOUBLE : several ? SINGLE_DISTANCE : SINGLE};
    bool item = job.method < HL_Q_DISCRETE_END, single = a->npy == NPY_FLOAT && (item || !several);
    *result = single ? NPY_FLOAT : NPY_DOUBLE;
    if (item && a->npy != NPY_FLOAT && a->npy != NPY_DOUBLE) job.work = (a->npy == NPY_UBYTE || a->npy == NPY_USHORT || a->npy == NPY_UINT || a->npy == NPY_ULONG || a->npy == NPY_ULONGLONG) ? NPY_UINT64 : NPY_INT64, *result = a->npy;
    return job;
}

/* a, q, axis, method: without the axis of all items; a scalar q gives a scalar, an array of q as many */
static hl_status quantile(const hl_operand *a, hl_slot *out, double scale, bool skip_nan)
{
    nd x = hl_nd_of(a), q = hl_nd_of(&a[1]), xs = {0}, qs, r = {0};
    int axis = 0, result;
    quantile_job job = quantile_begin(a, q.nd, skip_nan, &result);
    bool along = hl_given(&a[2]);
    if (along && hl_arg_axis(&a[2], x.nd, &axis, 0)) return 1;
    if (hl_nd_contiguous(&qs, &q, NPY_DOUBLE)) return 1;
    double *v = (double *)qs.data, one;
    int64_t nq = hl_nd_size(&qs);
    for (int64_t k = 0; k < nq; k++) {
        v[k] /= scale;
        if (!(v[k] >= 0 && v[k] <= 1)) return hl_nd_drop(&qs), hl_failed(scale == 1 ? HL_ERR_quantile_q : HL_ERR_percentile_q, 0, 0);
    }
    if (!along) { /* one line of all items */
        if (hl_nd_items(&xs, &x, job.work)) return hl_nd_drop(&qs), 1;
        x = xs, x.nd = 1, x.shape[0] = hl_nd_size(&xs), x.stride[0] = 8;
    }
    int dims = q.nd + x.nd - 1;
    int64_t shape[2 * HL_CALL_DIMS];
    memcpy(shape, q.shape, sizeof *shape * (size_t)q.nd);
    for (int k = 0, d = q.nd; k < x.nd; k++)
        if (k != axis) shape[d++] = x.shape[k];
    hl_status bad = 0;
    if (dims) bad = hl_nd_new(&r, dims, shape, result);
    else r = (nd){.data = (char *)&one, .npy = job.work, .item = 8};
    if (!bad && x.shape[axis] == 0) {
        if (!skip_nan || job.work != NPY_DOUBLE) bad = hl_failed(HL_ERR_index_array0, -1, 0);
        else one = NAN;
    } else if (!bad) bad = quantile_lines(&x, axis, v, nq, &r, &job);
    if (xs.owner) hl_nd_drop(&xs);
    hl_nd_drop(&qs);
    if (bad) return r.owner ? hl_nd_drop(&r), 1 : 1;
    if (dims) hl_nd_give(&r, out);
    else out[0].f = one;
    return 0;
}

hl_status hl_np_percentile(const hl_operand *a, hl_slot *out) { return quantile(a, out, 100, false); }
hl_status hl_np_quantile(const hl_operand *a, hl_slot *out) { return quantile(a, out, 1, false); }
hl_status hl_np_nanpercentile(const hl_operand *a, hl_slot *out) { return quantile(a, out, 100, true); }
hl_status hl_np_nanquantile(const hl_operand *a, hl_slot *out) { return quantile(a, out, 1, true); }

/* The mean of the one or two items in the middle. */
static hl_status median_of(double *x, int64_t n, double *out, bool skip_nan)
{
    int64_t m = 0;
    for (int64_t k = 0; k < n; k++)
        if (x[k] == x[k]) x[m++] = x[k];
    *out = NAN;
    if (!m || (m < n && !skip_nan)) return 0;
    int64_t kth[2] = {(m - 1) / 2, m / 2};
    if (hl_partition(x, m, 8, NPY_DOUBLE, kth, 2)) return 1;
    *out = kth[0] == kth[1] ? x[kth[0]] : (x[kth[0]] + x[kth[1]]) / 2;
    return 0;
}

/* a[, axis] */
static hl_status median(const hl_operand *a, hl_slot *out, bool skip_nan)
{
    nd x = hl_nd_of(a), xs, r;
    int axis = 0;
    bool along = a[1].kind == HL_ARG_INT;
    if (along && hl_arg_axis(&a[1], x.nd, &axis, 0)) return 1;
    if (!along) {
        if (hl_nd_contiguous(&xs, &x, NPY_DOUBLE)) return 1;
        hl_status bad = median_of((double *)xs.data, hl_nd_size(&xs), &out[0].f, skip_nan);
        hl_nd_drop(&xs);
        return bad;
    }
    int64_t n, stride;
    nd rest = hl_nd_axis(&x, axis, &n, &stride);
    if (hl_nd_new(&r, rest.nd, rest.shape, x.npy == NPY_FLOAT ? NPY_FLOAT : NPY_DOUBLE)) return 1;
    double *line = hl_malloc((size_t)(n ? n : 1) * 8), one;
    hl_lines l = hl_lines_of(&rest);
    hl_status bad = line ? 0 : hl_failed(HL_ERR_memory, 0, 0);
    char *o = r.data;
    for (char *p; !bad && hl_line(&l, &p); o += r.item) {
        hl_items_convert(line, 8, NPY_DOUBLE, p, stride, x.npy, n);
        bad = median_of(line, n, &one, skip_nan);
        hl_items_convert(o, 8, r.npy, &one, 8, NPY_DOUBLE, 1);
    }
    hl_free(line);
    if (bad) return hl_nd_drop(&r), 1;
    if (r.nd) hl_nd_give(&r, out);
    else out[0].f = one, hl_nd_drop(&r);
    return 0;
}

hl_status hl_np_median(const hl_operand *a, hl_slot *out) { return median(a, out, false); }
hl_status hl_np_nanmedian(const hl_operand *a, hl_slot *out) { return median(a, out, true); }

/* Where the largest (least) item stands.  As in NumPy, a NaN counts as an infinity: [nan, -inf] has its largest in place 0. */
#define PLACE(T, WORST)                                                                                                \
    do {                                                                                                               \
        const T *v = (const T *)xs.data;                                                                               \
        for (int64_t k = 0; k < n; k++) {                                                                              \
            if (v[k] != v[k]) continue;                                                                                \
            seen = true;                                                                                               \
            if (v[at] != v[at] ? v[k] != (WORST) : most ? v[k] > v[at] : v[k] < v[at]) at = k;                         \
        }                                                                                                              \
    } while (0)
static hl_status nan_place(const hl_operand *a, hl_slot *out, bool most)
{
    nd x = hl_nd_of(a), xs;
    int32_t npy = hl_npy_is_float(x.npy) ? NPY_DOUBLE : x.npy == NPY_UINT64 ? NPY_UINT64 : NPY_INT64;
    int64_t n = hl_nd_size(&x), at = 0;
    bool seen = false;
    if (n == 0) return hl_failed(most ? HL_ERR_argmax_empty : HL_ERR_argmin_empty, 0, 0);
    if (hl_nd_items(&xs, &x, npy)) return 1;
    if (npy == NPY_DOUBLE) PLACE(double, most ? -INFINITY : INFINITY);
    else if (npy == NPY_INT64) PLACE(int64_t, 0);
    else PLACE(uint64_t, 0);
    hl_nd_drop(&xs);
    out[0].i = at;
    return seen ? 0 : hl_failed(HL_ERR_all_nan, 0, 0);
}
#undef PLACE

hl_status hl_np_nanargmax(const hl_operand *a, hl_slot *out) { return nan_place(a, out, true); }
hl_status hl_np_nanargmin(const hl_operand *a, hl_slot *out) { return nan_place(a, out, false); }

/* --- counting --------------------------------------------------------------------------------------------------------------------- */

/* x, weights, minlength */
hl_status hl_np_bincount(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), xs, ws = {0}, r;
    bool weighted = hl_given(&a[1]);
    if (hl_nd_items(&xs, &x, NPY_INT64)) return 1;
    int64_t *v = (int64_t *)xs.data, n = hl_nd_size(&xs), size = hl_arg_int(&a[2], 0);
    hl_status bad = 0;
    for (int64_t k = 0; k < n && !bad; k++) {
        if (v[k] < 0) bad = hl_failed(HL_ERR_bincount_negative, 0, 0);
        else if (v[k] >= size) size = v[k] + 1;
    }
    if (!bad && weighted) {
        nd w = hl_nd_of(&a[1]);
        bad = hl_nd_size(&w) != n ? hl_failed(HL_ERR_bincount_weights, 0, 0) : hl_nd_items(&ws, &w, NPY_DOUBLE);
    }
    if (!bad) bad = hl_nd_new(&r, 1, &size, weighted ? NPY_DOUBLE : NPY_INT64);
    if (!bad) {
        memset(r.data, 0, (size_t)size * 8);
        for (int64_t k = 0; k < n; k++)
            if (weighted) ((double *)r.data)[v[k]] += ((double *)ws.data)[k];
            else ((int64_t *)r.data)[v[k]]++;
        hl_nd_give(&r, out);
    }
    if (ws.owner) hl_nd_drop(&ws);
    hl_nd_drop(&xs);
    return bad;
}

/* x, xp, fp[, left, right] */
hl_status hl_np_interp(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), xp = hl_nd_of(&a[1]), fp = hl_nd_of(&a[2]), xs, ps = {0}, fs = {0}, r = {0};
    if (hl_nd_items(&xs, &x, NPY_DOUBLE)) return 1;
    hl_status bad = hl_nd_size(&xp) != hl_nd_size(&fp) ? hl_failed(HL_ERR_interp_length, 0, 0) : hl_nd_size(&xp) == 0 ? hl_failed(HL_ERR_interp_empty, 0, 0) : 0;
    bad = bad || hl_nd_items(&ps, &xp, NPY_DOUBLE) || hl_nd_items(&fs, &fp, NPY_DOUBLE) || (x.nd && hl_nd_new(&r, x.nd, x.shape, NPY_DOUBLE));
    if (!bad) {
        double *p = (double *)ps.data, *f = (double *)fs.data, *v = (double *)xs.data, *o = x.nd ? (double *)r.data : &out[0].f;
        int64_t n = hl_nd_size(&ps), m = hl_nd_size(&xs);
        double left = hl_arg_float(&a[3], f[0]), right = hl_arg_float(&a[4], f[n - 1]);
        for (int64_t k = 0; k < m; k++) {
            int64_t j;
            if (v[k] != v[k]) o[k] = v[k];
            else if (v[k] > p[n - 1]) o[k] = right;
            else if (v[k] < p[0]) o[k] = left;
            else {
                hl_searchsorted(p, n, 8, &v[k], 1, 8, NPY_DOUBLE, 1, &j);
                j--;
                if (j == n - 1 || p[j] == v[k]) o[k] = f[j];
                else {
                    double slope = (f[j + 1] - f[j]) / (p[j + 1] - p[j]);
                    o[k] = slope * (v[k] - p[j]) + f[j];
                    if (o[k] != o[k]) o[k] = slope * (v[k] - p[j + 1]) + f[j + 1];
                    if (o[k] != o[k] && f[j] == f[j + 1]) o[k] = f[j];
                }
            }
        }
        if (x.nd) hl_nd_give(&r, out);
    }
    if (bad && r.owner) hl_nd_drop(&r);
    if (fs.owner) hl_nd_drop(&fs);
    if (ps.owner) hl_nd_drop(&ps);
    hl_nd_drop(&xs);
    return bad;
}
