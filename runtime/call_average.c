/* average: weighted means of all items, or along an axis.
 *
 * Everything is summed in double precision, items of single precision too, whose means NumPy rounds at each step. */
#include "call.h"

typedef double lanes __attribute__((vector_size(64), aligned(8), may_alias));

static inline __attribute__((always_inline)) double sum_lanes(const lanes *s)
{
    lanes all = s[0] + s[1] + (s[2] + s[3]);
    return all[0] + all[1] + (all[2] + all[3]) + (all[4] + all[5] + (all[6] + all[7]));
}

/* The sums of x * w and of w, many side by side; w NULL: weights of 1 */
HL_BODY weigh_line_body(double *sum, double *weight, int64_t n, const double *x, const double *w)
{
    lanes s[4] = {{0}}, t[4] = {{0}};
    int64_t k = 0;
    if (w)
        for (; k + 32 <= n; k += 32) {
            const lanes *item = (const lanes *)(x + k), *by = (const lanes *)(w + k);
            s[0] += item[0] * by[0], s[1] += item[1] * by[1], s[2] += item[2] * by[2], s[3] += item[3] * by[3];
            t[0] += by[0], t[1] += by[1], t[2] += by[2], t[3] += by[3];
        }
    else
        for (; k + 16 <= n; k += 16) {
            const lanes *item = (const lanes *)(x + k);
            s[0] += item[0], s[1] += item[1];
        }
    *sum = sum_lanes(s), *weight = sum_lanes(t);
    for (; k < n; k++) *sum += w ? x[k] * w[k] : x[k], *weight += w ? w[k] : 0;
    if (!w) *weight = (double)n;
}
HL_FOR_EACH_CPU(weigh_line, (double *sum, double *weight, int64_t n, const double *x, const double *w), (sum, weight, n, x, w))

/* For each of the m results: sums[j] of x * w, weights[j] of w, where x[k * m + j] has the weight w[k * step + j * across] (none: 1). */
#define WEIGH(T)                                                                                                       \
    static void weigh_##T(T *sums, T *weights, int64_t n, int64_t m, const T *x, const T *w, int64_t step, int64_t across) \
    {                                                                                                                  \
        for (int64_t j = 0; j < m; j++) sums[j] = weights[j] = 0;                                                      \
        for (int64_t k = 0; k < n; k++, x += m)                                                                        \
            for (int64_t j = 0; j < m; j++) {                                                                          \
                T weight = w ? w[k * step + j * across] : 1;                                                           \
                sums[j] += x[j] * weight, weights[j] += weight;                                                        \
            }                                                                                                          \
    }
WEIGH(double) WEIGH(cdouble)
#undef WEIGH

/* sums / weights; true: a sum of weights is 0 */
static bool divide(int32_t npy, char *sums, const char *weights, int64_t m)
{
    bool zero = false;
    for (int64_t j = 0; j < m; j++) {
        if (npy == NPY_DOUBLE) zero |= ((double *)weights)[j] == 0, ((double *)sums)[j] /= ((double *)weights)[j];
        else zero |= ((cdouble *)weights)[j] == 0, ((cdouble *)sums)[j] /= ((cdouble *)weights)[j];
    }
    return zero;
}

/* a, axis, weights: all items are the same line without an axis.  The weights have a's shape, or the length of the axis. */
hl_status hl_np_average(const hl_operand *op, hl_slot *out)
{
    nd a = hl_nd_of(op), w = {.nd = 0}, as, ws = {.owner = NULL}, r, weights;
    bool weighed = hl_given(&op[2]), along = hl_given(&op[1]), line = false;
    int axis = 0;
    if (along && hl_arg_axis(&op[1], a.nd, &axis, 0)) return 1;
    if (weighed) {
        w = hl_nd_of(&op[2]);
        bool same = w.nd == a.nd && !memcmp(w.shape, a.shape, sizeof *a.shape * (size_t)a.nd);
        line = !same && along && w.nd == 1 && w.shape[0] == a.shape[axis];
        if (!same && !along) return hl_failed_text(&PyExc_TypeError, "Axis must be specified when shapes of a and weights differ.");
        if (!same && !line) return hl_failed_text(&PyExc_ValueError, "Shape of weights must be consistent with shape of a along specified axis.");
    }
    bool pairs = hl_npy_is_complex(a.npy) || (weighed && hl_npy_is_complex(w.npy));
    int32_t npy = pairs ? NPY_CDOUBLE : NPY_DOUBLE, given = weighed ? hl_npy_promote(a.npy, w.npy) : a.npy;
    bool single = (given == NPY_FLOAT || given == NPY_CFLOAT) && (hl_npy_is_float(a.npy) || hl_npy_is_complex(a.npy));
    if (hl_nd_items(&as, &a, npy)) return 1;
    if (weighed && hl_nd_items(&ws, &w, npy)) return hl_nd_drop(&as), 1;
    int64_t n = along ? a.shape[axis] : hl_nd_size(&a), stride, outer = 1, m = 1;
    for (int k = 0; along && k < a.nd; k++) *(k < axis ? &outer : &m) *= k == axis ? 1 : a.shape[k];
    nd rest = as;
    if (along) rest = hl_nd_axis(&as, axis, &n, &stride);
    else rest.nd = 0;
    hl_status bad = hl_nd_new(&r, rest.nd, rest.shape, npy);
    if (!bad && (bad = hl_nd_new(&weights, 1, &m, npy))) hl_nd_drop(&r);
    bool zero = false;
    for (int64_t o = 0; o < outer && !bad; o++) {
        char *to = r.data + o * m * r.item;
        const char *x = as.data + o * n * m * r.item, *by = weighed ? ws.data + (line ? 0 : o * n * m * r.item) : NULL;
        if (pairs) weigh_cdouble((cdouble *)to, (cdouble *)weights.data, n, m, (const cdouble *)x, (const cdouble *)by, line ? 1 : m, !line);
        else if (m == 1) weigh_line((double *)to, (double *)weights.data, n, (const double *)x, (const double *)by);
        else weigh_double((double *)to, (double *)weights.data, n, m, (const double *)x, (const double *)by, line ? 1 : m, !line);
        zero |= divide(npy, to, weights.data, m);
    }
    hl_nd_drop(&as);
    if (ws.owner) hl_nd_drop(&ws);
    if (bad) return 1;
    hl_nd_drop(&weights);
    if (zero && weighed) return hl_nd_drop(&r), hl_failed_text(&PyExc_ZeroDivisionError, "Weights sum to zero, can't be normalized");
    if (r.nd) return hl_nd_as(&r, single ? given : npy) ? 1 : (hl_nd_give(&r, out), 0);
    memcpy(out, r.data, (size_t)r.item); /* a number comes wide */
    hl_nd_drop(&r);
    return 0;
}
