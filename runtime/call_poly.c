/* convolve, correlate, polyval, gradient.
 *
 * Several results are computed side by side, each in its own order: the sums of a convolution run over the kernel, Horner's rule over
 * the coefficients.  The loops are compiled for the vectors of newer CPUs too; fused multiply-adds, which round once less, are not
 * among them. */
#include "call.h"
#include "gil.h"
#include "rt_object.h"
#include <math.h>

enum { SIDE = 16 };

#define PARAMS(T) T *r, int64_t n, const T *x, const T *y, int64_t m /* n results, m items of y */
#define KERNEL(name, T) HL_FOR_EACH_CPU(name##_##T, (PARAMS(T)), (r, n, x, y, m))

/* r[i] = the sum of x[i + k] * y[k] */
#define CORRELATE(T, U)                                                                                                \
    typedef U lanes_##T __attribute__((vector_size(64), aligned(sizeof(U)), may_alias));                               \
    HL_BODY correlate_##T##_body(PARAMS(T))                                                                            \
    {                                                                                                                  \
        enum { LANES = 64 / sizeof(T) };                                                                               \
        int64_t i = 0;                                                                                                 \
        for (; i + 4 * LANES <= n; i += 4 * LANES) {                                                                   \
            lanes_##T s[4] = {{0}};                                                                                    \
            for (int64_t k = 0; k < m; k++) {                                                                          \
                const T *at = x + i + k;                                                                               \
                U factor = (U)y[k];                                                                                    \
                s[0] += *(const lanes_##T *)at * factor, s[1] += *(const lanes_##T *)(at + LANES) * factor;            \
                s[2] += *(const lanes_##T *)(at + 2 * LANES) * factor, s[3] += *(const lanes_##T *)(at + 3 * LANES) * factor; \
            }                                                                                                          \
            memcpy(r + i, s, sizeof s);                                                                                \
        }                                                                                                              \
        for (; i + LANES <= n; i += LANES) {                                                                           \
            lanes_##T s = {0};                                                                                         \
            for (int64_t k = 0; k < m; k++) s += *(const lanes_##T *)(x + i + k) * (U)y[k];                            \
            memcpy(r + i, &s, sizeof s);                                                                               \
        }                                                                                                              \
        for (; i < n; i++) {                                                                                           \
            U s = 0;                                                                                                   \
            for (int64_t k = 0; k < m; k++) s += (U)x[i + k] * (U)y[k];                                                \
            r[i] = (T)s;                                                                                               \
        }                                                                                                              \
    }                                                                                                                  \
    KERNEL(correlate, T)
CORRELATE(double, double) CORRELATE(float, float) CORRELATE(int64_t, uint64_t)
#undef CORRELATE

/* r[i] = the polynomial with the m coefficients y at x[i] */
#define HORNER(T, U)                                                                                                   \
    HL_BODY horner_##T##_body(PARAMS(T))                                                                               \
    {                                                                                                                  \
        int64_t i = 0;                                                                                                 \
        for (; i + SIDE <= n; i += SIDE) {                                                                             \
            U s[SIDE] = {0};                                                                                           \
            for (int64_t k = 0; k < m; k++)                                                                            \
                for (int j = 0; j < SIDE; j++) s[j] = s[j] * (U)x[i + j] + (U)y[k];                                    \
            for (int j = 0; j < SIDE; j++) r[i + j] = (T)s[j];                                                         \
        }                                                                                                              \
        for (; i < n; i++) {                                                                                           \
            U s = 0;                                                                                                   \
            for (int64_t k = 0; k < m; k++) s = s * (U)x[i] + (U)y[k];                                                 \
            r[i] = (T)s;                                                                                               \
        }                                                                                                              \
    }                                                                                                                  \
    KERNEL(horner, T)
HORNER(double, double) HORNER(float, float) HORNER(int64_t, uint64_t) HORNER(cdouble, cdouble) HORNER(cfloat, cfloat)
#undef HORNER

/* The results at `from` … `to` of the full correlation; a and v lie in order, v is not longer than a. */
static void correlate(nd *r, const nd *a, const nd *v, int64_t from, int64_t to)
{
    int64_t n = a->shape[0], m = v->shape[0], item = a->item;
    for (int64_t f = from; f < to;) {
        int64_t first = f < m - 1 ? m - 1 - f : 0, last = f < n ? m : n + m - 1 - f, run = 1; /* of v's items */
        char *at = r->data + (f - from) * item;
        const char *x = a->data + (f - (m - 1) + first) * item;
        bool whole = first == 0 && last == m;
        if (whole) run = (n < to ? n : to) - f;
        if (whole && a->npy == NPY_DOUBLE) correlate_double((double *)at, run, (const double *)x, (const double *)v->data, m);
        else if (whole && a->npy == NPY_FLOAT) correlate_float((float *)at, run, (const float *)x, (const float *)v->data, m);
        else if (whole && a->npy == NPY_INT64) correlate_int64_t((int64_t *)at, run, (const int64_t *)x, (const int64_t *)v->data, m);
        else hl_dot(a->npy, last - first, x, item, v->data + first * item, item, 0, at), run = 1;
        f += run;
    }
}

static void reverse(nd *a) { a->data += (a->shape[0] - 1) * a->stride[0], a->stride[0] = -a->stride[0]; }

/* The items in the other order, in place. */
static void turn(nd *a)
{
    char *first = a->data, *last = a->data + (a->shape[0] - 1) * a->item, swap[16];
    for (size_t item = (size_t)a->item; first < last; first += item, last -= item) memcpy(swap, first, item), memcpy(first, last, item), memcpy(last, swap, item);
}

static void conjugate(nd *a)
{
    for (int64_t k = 0; k < a->shape[0]; k++) {
        if (a->npy == NPY_CDOUBLE) ((double *)a->data)[2 * k + 1] *= -1;
        else if (a->npy == NPY_CFLOAT) ((float *)a->data)[2 * k + 1] *= -1;
    }
}

/* 0 valid, 1 same, 2 full; -1 with an exception */
static int mode_of(const hl_operand *a)
{
    static const char *const names[] = {"valid", "same", "full"};
    if (a->kind == HL_ARG_INT) return (int)a->v.i;
    hl_gil g = hl_gil_take();
    PyObject *text = hl_mem_object(a->v.p);
    int mode = 2;
    while (mode >= 0 && PyUnicode_CompareWithASCIIString(text, names[mode])) mode--;
    if (mode < 0) PyErr_Format(PyExc_ValueError, "mode must be one of 'valid', 'same', or 'full' (got %R)", text);
    hl_gil_give(g);
    return mode;
}

/* a, v, mode */
static hl_status convolution(const hl_operand *op, hl_slot *out, bool correlation)
{
    nd a = hl_nd_of(op), v = hl_nd_of(&op[1]), as, vs, r;
    int32_t npy = hl_npy_promote(a.npy, v.npy);
    if (!a.shape[0] || !v.shape[0]) {
        bool first = !a.shape[0];
        if (correlation) return hl_failed_text(&PyExc_ValueError, "%s array argument cannot be empty", first ? "first" : "second");
        return hl_failed_text(&PyExc_ValueError, "%s cannot be empty", first ? "a" : "v");
    }
    bool swapped = v.shape[0] > a.shape[0];
    int mode = mode_of(&op[2]);
    if (mode < 0) return 1;
    if (!correlation) reverse(swapped ? &a : &v);
    if (hl_nd_contiguous(&vs, &v, npy)) return 1;
    if (correlation) conjugate(&vs);
    if (hl_nd_items(&as, &a, npy)) return hl_nd_drop(&vs), 1;
    nd *longer = swapped ? &vs : &as, *shorter = swapped ? &as : &vs;
    int64_t n = longer->shape[0], m = shorter->shape[0];
    int64_t from = mode == 2 ? 0 : mode == 1 ? (m - 1) / 2 : m - 1, size = mode == 2 ? n + m - 1 : mode == 1 ? n : n - m + 1;
    hl_status bad = hl_nd_new(&r, 1, &size, npy);
    if (!bad) correlate(&r, longer, shorter, from, from + size);
    hl_nd_drop(&as);
    hl_nd_drop(&vs);
    if (bad) return 1;
    if (swapped && correlation) turn(&r); /* what was computed is the correlation of v with a */
    hl_nd_give(&r, out);
    return 0;
}

hl_status hl_np_convolve(const hl_operand *a, hl_slot *out) { return convolution(a, out, false); }
hl_status hl_np_correlate(const hl_operand *a, hl_slot *out) { return convolution(a, out, true); }

/* --- polynomials -------------------------------------------------------------------------------------------------------------------- */

/* p, x: the polynomial at each item of x; narrow integers are computed in 64 bits and cut, which is what wrapping gives */
hl_status hl_np_polyval(const hl_operand *op, hl_slot *out)
{
    nd p = hl_nd_of(op), x = hl_nd_of(&op[1]), ps, xs, y;
    int32_t npy = hl_npy_promote(x.npy, p.npy), wide = hl_npy_is_float(npy) || hl_npy_is_complex(npy) ? npy : NPY_INT64;
    if (hl_nd_items(&ps, &p, wide)) return 1;
    hl_status bad = hl_nd_items(&xs, &x, wide);
    if (!bad) {
        bad = hl_nd_new(&y, x.nd, x.shape, wide);
        int64_t n = hl_nd_size(&x), m = ps.shape[0];
        if (bad) (void)0;
        else if (wide == NPY_DOUBLE) horner_double((double *)y.data, n, (double *)xs.data, (double *)ps.data, m);
        else if (wide == NPY_FLOAT) horner_float((float *)y.data, n, (float *)xs.data, (float *)ps.data, m);
        else if (wide == NPY_INT64) horner_int64_t((int64_t *)y.data, n, (int64_t *)xs.data, (int64_t *)ps.data, m);
        else if (wide == NPY_CDOUBLE) horner_cdouble((cdouble *)y.data, n, (cdouble *)xs.data, (cdouble *)ps.data, m);
        else horner_cfloat((cfloat *)y.data, n, (cfloat *)xs.data, (cfloat *)ps.data, m);
        hl_nd_drop(&xs);
    }
    hl_nd_drop(&ps);
    if (bad) return 1;
    if (hl_nd_as(&y, npy)) return 1;
    if (y.nd) return hl_nd_give(&y, out), 0;
    memcpy(out, y.data, (size_t)y.item); /* of a number: a number */
    hl_nd_drop(&y);
    return 0;
}

/* --- differences ---------------------------------------------------------------------------------------------------------------------- */

/* r = (x[k + 1] - x[k - 1]) / 2dx, one-sided at both ends; y: dx; m: a power of two, so that a division is a multiplication */
#define DIFFERENCES(T)                                                                                                 \
    HL_BODY gradient_##T##_body(PARAMS(T))                                                                             \
    {                                                                                                                  \
        T dx = *y, two = 2 * dx, half = 1 / two;                                                                       \
        if (m) for (int64_t k = 1; k + 1 < n; k++) r[k] = (x[k + 1] - x[k - 1]) * half;                                \
        else for (int64_t k = 1; k + 1 < n; k++) r[k] = (x[k + 1] - x[k - 1]) / two;                                   \
        r[0] = (x[1] - x[0]) / dx, r[n - 1] = (x[n - 1] - x[n - 2]) / dx;                                              \
    }                                                                                                                  \
    KERNEL(gradient, T)
DIFFERENCES(double) DIFFERENCES(float)
#undef DIFFERENCES

/* int64 is converted on the way: a copy of it all would take longer than the rest. */
static void gradient_int64(double *r, int64_t n, const int64_t *x, double dx, bool power)
{
    double two = 2 * dx, half = 1 / two;
    if (power) for (int64_t k = 1; k + 1 < n; k++) r[k] = ((double)x[k + 1] - (double)x[k - 1]) * half;
    else for (int64_t k = 1; k + 1 < n; k++) r[k] = ((double)x[k + 1] - (double)x[k - 1]) / two;
    r[0] = ((double)x[1] - (double)x[0]) / dx, r[n - 1] = ((double)x[n - 1] - (double)x[n - 2]) / dx;
}

/* NumPy divides a complex number by a real one by scaling both parts. */
#define DIFFERENCES(C, T)                                                                                              \
    static void gradient_##C(C *r, const C *f, int64_t n, T dx)                                                        \
    {                                                                                                                  \
        T half = 1 / (2 * dx), one = 1 / dx;                                                                           \
        for (int64_t k = 1; k + 1 < n; k++) r[k] = (f[k + 1] - f[k - 1]) * half;                                       \
        r[0] = (f[1] - f[0]) * one, r[n - 1] = (f[n - 1] - f[n - 2]) * one;                                            \
    }
DIFFERENCES(cdouble, double) DIFFERENCES(cfloat, float)
#undef DIFFERENCES

/* Is it a power of two whose inverse, halved and doubled, is a normal number of single precision too? */
static bool is_power(double x)
{
    int power;
    return fabs(frexp(x, &power)) == 0.5 && power > -100 && power < 100;
}

/* f, spacing: central differences, one-sided at both ends */
hl_status hl_np_gradient(const hl_operand *op, hl_slot *out)
{
    nd f = hl_nd_of(op), fs, r;
    int32_t npy = hl_npy_is_float(f.npy) || hl_npy_is_complex(f.npy) ? f.npy : NPY_DOUBLE;
    int64_t n = f.shape[0];
    double dx = hl_arg_float(&op[1], 1);
    if (n < 2) return hl_failed_text(&PyExc_ValueError, "Shape of array too small to calculate a numerical gradient, at least (edge_order + 1) elements are required.");
    if (hl_nd_items(&fs, &f, f.npy == NPY_INT64 ? f.npy : npy)) return 1;
    hl_status bad = hl_nd_out(&r, out, 1, &n, npy);
    if (bad) (void)0;
    else if (f.npy == NPY_INT64) gradient_int64((double *)r.data, n, (int64_t *)fs.data, dx, is_power(dx));
    else if (npy == NPY_DOUBLE) gradient_double((double *)r.data, n, (double *)fs.data, &dx, is_power(dx));
    else if (npy == NPY_FLOAT) gradient_float((float *)r.data, n, (float *)fs.data, &(float){(float)dx}, is_power(dx));
    else if (npy == NPY_CDOUBLE) gradient_cdouble((cdouble *)r.data, (cdouble *)fs.data, n, dx);
    else gradient_cfloat((cfloat *)r.data, (cfloat *)fs.data, n, (float)dx);
    hl_nd_drop(&fs);
    return bad;
}
