/* np.isclose, np.allclose: |x - y| <= atol + rtol·|y| for finite y, or x == y.
 *
 * As in NumPy, y is converted to a float first, and single precision is kept: where y is single, so is its tolerance, and where both are, so is
 * their difference; a number beside an array of singles is one of them.  Items are read as doubles (complex: two), which changes none of them.
 */
#include "call.h"
#include <math.h>

typedef struct closeness { double rtol, atol; bool nan_equal, y_single, both_single; } closeness;

static inline bool numbers_close(const closeness *c, double x, double y)
{
    double tolerance = c->y_single ? (float)c->atol + (float)c->rtol * fabsf((float)y) : c->atol + c->rtol * fabs(y), apart;
    if (c->both_single) x = (float)x, y = (float)y, apart = fabsf((float)x - (float)y), tolerance = (float)tolerance;
    else apart = fabs(x - y);
    return (apart <= tolerance && isfinite(y)) || x == y || (c->nan_equal && x != x && y != y);
}

static bool pairs_close(const closeness *c, const double *x, const double *y)
{
    double size = c->y_single ? hypotf((float)y[0], (float)y[1]) : hypot(y[0], y[1]);
    double tolerance = c->y_single ? (float)c->atol + (float)c->rtol * (float)size : c->atol + c->rtol * size;
    if (c->both_single) tolerance = (float)tolerance;
    double re = c->both_single ? (float)x[0] - (float)y[0] : x[0] - y[0], im = c->both_single ? (float)x[1] - (float)y[1] : x[1] - y[1];
    double apart = c->both_single ? hypotf((float)re, (float)im) : hypot(re, im);
    return (apart <= tolerance && isfinite(y[0]) && isfinite(y[1])) || (x[0] == y[0] && x[1] == y[1]) ||
           (c->nan_equal && (x[0] != x[0] || x[1] != x[1]) && (y[0] != y[0] || y[1] != y[1]));
}

/* The operand stretched to the shape; one item stays one. */
static hl_status stretched(const nd *x, int dims, const int64_t *shape, int32_t npy, nd *r)
{
    nd wide = *x;
    if (hl_nd_size(x) == 1) return hl_nd_items(r, x, npy);
    wide.nd = dims;
    for (int k = 0; k < dims; k++) {
        int from = k - (dims - x->nd);
        bool one = from < 0 || x->shape[from] == 1;
        wide.shape[k] = shape[k], wide.stride[k] = one ? 0 : x->stride[from];
    }
    return hl_nd_items(r, &wide, npy);
}

static hl_status mismatch(const nd *x, const nd *y)
{
    int64_t sizes[2 * HL_CALL_DIMS + 2], n = 0;
    for (const nd *v = x; v; v = v == x ? y : NULL) {
        sizes[n++] = v->nd;
        for (int k = 0; k < v->nd; k++) sizes[n++] = v->shape[k];
    }
    hl_raise_shapes(0, sizes, 2);
    return 1;
}

static hl_status common_shape(const nd *x, const nd *y, int *dims, int64_t *shape)
{
    *dims = x->nd > y->nd ? x->nd : y->nd;
    for (int k = 0; k < *dims; k++) {
        int i = k - (*dims - x->nd), j = k - (*dims - y->nd);
        int64_t m = i < 0 ? 1 : x->shape[i], n = j < 0 ? 1 : y->shape[j];
        if (m != n && m != 1 && n != 1) return mismatch(x, y);
        shape[k] = m == 1 ? n : m;
    }
    return 0;
}

static bool is_single(int32_t npy) { return npy == NPY_FLOAT || npy == NPY_CFLOAT; }

/* Is small enough to be single beside a single? */
static bool is_short(int32_t npy) { return hl_npy_promote(npy, NPY_FLOAT) == NPY_FLOAT || npy == NPY_CFLOAT; }

/* x, y, rtol, atol, equal_nan; `is`: the answers one by one, or NULL: *all */
static hl_status compare(const hl_operand *a, const nd *x, const nd *y, int dims, const int64_t *shape, char *is, bool *all)
{
    nd xs, ys;
    bool pairs = hl_npy_is_complex(x->npy) || hl_npy_is_complex(y->npy);
    int32_t npy = pairs ? NPY_CDOUBLE : NPY_DOUBLE;
    bool x_number = a[0].kind != HL_ARG_ARRAY && a[0].kind != HL_ARG_LIST, y_number = a[1].kind != HL_ARG_ARRAY && a[1].kind != HL_ARG_LIST;
    bool both_single = is_single(y->npy) ? x_number || is_short(x->npy) : y_number && is_single(x->npy);
    closeness c = {hl_arg_float(&a[2], 1e-5), hl_arg_float(&a[3], 1e-8), hl_arg_int(&a[4], 0), is_single(y->npy), both_single};
    if (stretched(x, dims, shape, npy, &xs)) return 1;
    if (stretched(y, dims, shape, npy, &ys)) return hl_nd_drop(&xs), 1;
    int64_t n = 1, width = pairs ? 2 : 1, xstep = hl_nd_size(&xs) == 1 ? 0 : width, ystep = hl_nd_size(&ys) == 1 ? 0 : width;
    for (int k = 0; k < dims; k++) n *= shape[k];
    const double *p = (const double *)xs.data, *q = (const double *)ys.data;
    *all = true;
    for (int64_t k = 0; k < n && (is || *all); k++, p += xstep, q += ystep) {
        bool close = pairs ? pairs_close(&c, p, q) : numbers_close(&c, *p, *q);
        *all &= close;
        if (is) is[k] = close;
    }
    hl_nd_drop(&xs);
    hl_nd_drop(&ys);
    return 0;
}

hl_status hl_np_isclose(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), y = hl_nd_of(&a[1]), r;
    int dims;
    int64_t shape[HL_CALL_DIMS];
    bool all;
    if (x.nd == 0 && y.nd == 0) return hl_np_allclose(a, out);
    if (common_shape(&x, &y, &dims, shape) || hl_nd_new(&r, dims, shape, NPY_BOOL)) return 1;
    if (compare(a, &x, &y, dims, shape, r.data, &all)) return hl_nd_drop(&r), 1;
    hl_nd_give(&r, out);
    return 0;
}

hl_status hl_np_allclose(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), y = hl_nd_of(&a[1]);
    int dims;
    int64_t shape[HL_CALL_DIMS];
    bool all;
    if (common_shape(&x, &y, &dims, shape) || compare(a, &x, &y, dims, shape, NULL, &all)) return 1;
    out[0].i = all;
    return 0;
}
