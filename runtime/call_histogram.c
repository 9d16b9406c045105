/* np.histogram: items counted between edges.
 *
 * Equal bins: an item's bin is computed, and corrected by one where rounding put it on the wrong side of an edge; so the edges alone decide, as
 * in NumPy.  Other bins: binary search.  An item beyond the outer edges, or a NaN, is in no bin.
 */
#include "call.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Least and largest item, and whether all are finite; n > 0.  Four at once: a comparison need not wait for the last one's result. */
static bool range_of(const double *v, int64_t n, double *low, double *high)
{
    double lo[4] = {v[0], v[0], v[0], v[0]}, hi[4] = {v[0], v[0], v[0], v[0]}, zero = 0; /* x - x is 0 unless x is infinite or NaN */
    int64_t k = 0;
    for (; k + 4 <= n; k += 4) {
        double a = v[k], b = v[k + 1], c = v[k + 2], d = v[k + 3];
        lo[0] = a < lo[0] ? a : lo[0], lo[1] = b < lo[1] ? b : lo[1], lo[2] = c < lo[2] ? c : lo[2], lo[3] = d < lo[3] ? d : lo[3];
        hi[0] = a > hi[0] ? a : hi[0], hi[1] = b > hi[1] ? b : hi[1], hi[2] = c > hi[2] ? c : hi[2], hi[3] = d > hi[3] ? d : hi[3];
        zero += ((a - a) + (b - b)) + ((c - c) + (d - d));
    }
    for (; k < n; k++) lo[0] = v[k] < lo[0] ? v[k] : lo[0], hi[0] = v[k] > hi[0] ? v[k] : hi[0], zero += v[k] - v[k];
    *low = lo[0], *high = hi[0];
    for (int j = 1; j < 4; j++) *low = lo[j] < *low ? lo[j] : *low, *high = hi[j] > *high ? hi[j] : *high;
    for (k = 0; zero != 0 && k < n; k++)
        if (v[k] != v[k]) *low = *high = NAN; /* as min() and max() have it */
    return zero == 0;
}

/* As Python writes it. */
static const char *number_text(double x, char buf[40])
{
    if (isnan(x) || isinf(x)) return isnan(x) ? "nan" : x > 0 ? "inf" : "-inf";
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(buf, 32, "%.*g", digits, x);
        if (strtod(buf, NULL) == x) break;
    }
    return strpbrk(buf, ".e") ? buf : strcat(buf, ".0");
}

static hl_status not_finite(const char *which, double low, double high)
{
    char a[40], b[40];
    return hl_failed_text(&PyExc_ValueError, "%s range of [%s, %s] is not finite", which, number_text(low, a), number_text(high, b));
}

/* The edges of nb equal bins over the range that is given, or that of the items. */
static hl_status equal_bins(const hl_operand *a, const double *v, int64_t n, int64_t nb, nd *edges)
{
    double low = 0, high = 1;
    if (nb < 1) return hl_failed(HL_ERR_histogram_bins, 0, 0);
    if (hl_given(&a[2])) {
        low = hl_arg_float(&a[2], 0), high = hl_arg_float(&a[3], 1);
        if (low > high) return hl_failed(HL_ERR_histogram_range, 0, 0);
        if (!isfinite(low) || !isfinite(high)) return not_finite("supplied", low, high);
    } else if (n && !range_of(v, n, &low, &high)) return not_finite("autodetected", low, high);
    if (low == high) low -= 0.5, high += 0.5;
    int64_t ne = nb + 1;
    if (hl_nd_new(edges, 1, &ne, NPY_DOUBLE)) return 1;
    double step = (high - low) / (double)nb, *e = (double *)edges->data;
    bool rising = true;
    for (int64_t k = 0; k <= nb; k++) e[k] = k < nb ? (double)k * step + low : high, rising &= !(k && e[k - 1] >= e[k]);
    return rising ? 0 : hl_failed(HL_ERR_histogram_many, nb, 0);
}

static hl_status given_bins(const hl_operand *a, nd *edges)
{
    nd given = hl_nd_of(a);
    if (hl_nd_contiguous(edges, &given, NPY_DOUBLE)) return 1;
    const double *e = (const double *)edges->data;
    for (int64_t k = 1; k < edges->shape[0]; k++)
        if (e[k - 1] > e[k]) return hl_failed(HL_ERR_histogram_order, 0, 0);
    return 0;
}

/* `all`: no item is beyond the outer edges */
static inline void count_equal(const double *v, int64_t n, const double *e, int64_t nb, int64_t *counts, bool all)
{
    double low = e[0], high = e[nb], per_bin = (double)nb / (high - low), last = (double)(nb - 1);
    for (int64_t k = 0; k < n; k++) {
        double x = v[k], place = (x - low) * per_bin;
        if (!all && !(x >= low && x <= high)) continue;
        int64_t at = (int64_t)(place < last ? place : last);
        if (x < e[at]) at--;
        else if (x >= e[at + 1] && at != nb - 1) at++;
        counts[at]++;
    }
}

static void count_between(const double *v, int64_t n, const double *e, int64_t nb, int64_t *counts)
{
    for (int64_t k = 0; k < n; k++) {
        int64_t at;
        if (nb == 0 || !(v[k] >= e[0] && v[k] <= e[nb])) continue;
        hl_searchsorted((const char *)e, nb + 1, 8, (const char *)&v[k], 1, 8, NPY_DOUBLE, 1, &at);
        counts[at > nb ? nb - 1 : at - 1]++;
    }
}

/* a, bins (count or edges), low, high: counts (out[0..3]) and edges (out[4..7]) */
hl_status hl_np_histogram(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), xs, counts = {0}, edges = {0};
    if (hl_nd_items(&xs, &x, NPY_DOUBLE)) return 1;
    const double *v = (const double *)xs.data;
    bool equal = a[1].kind != HL_ARG_ARRAY && a[1].kind != HL_ARG_LIST;
    int64_t n = hl_nd_size(&xs);
    hl_status bad = equal ? equal_bins(a, v, n, hl_arg_int(&a[1], 10), &edges) : given_bins(&a[1], &edges);
    int64_t nb = bad || edges.shape[0] < 1 ? 0 : edges.shape[0] - 1;
    if (!bad) bad = hl_nd_new(&counts, 1, &nb, NPY_INT64);
    if (!bad) {
        memset(counts.data, 0, (size_t)nb * 8);
        const double *e = (const double *)edges.data;
        int64_t *c = (int64_t *)counts.data;
        if (!equal) count_between(v, n, e, nb, c);
        else if (hl_given(&a[2])) count_equal(v, n, e, nb, c, false);
        else count_equal(v, n, e, nb, c, true);
        hl_nd_give(&counts, out);
        hl_nd_give(&edges, out + 4);
    } else hl_nd_drop(&edges);
    hl_nd_drop(&xs);
    return bad;
}
