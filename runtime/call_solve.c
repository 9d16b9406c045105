/* Linear systems: cholesky, inv, solve, det, through the LAPACK that comes with NumPy's BLAS.
 *
 * Work is done in float64 or complex128 and converted to the dtype of the result.  LAPACK sees memory by columns, so a matrix in C
 * order is its transpose; what follows from that is said at each call.  Without a LAPACK the loops at the end do it. */
#include "call.h"
#include <math.h>

/* The matrix as a contiguous copy for work: by rows, or (turned) by columns. */
static hl_status work_copy(nd *r, const nd *a, bool turned, bool pairs)
{
    nd t = *a;
    if (turned && a->nd == 2) t.shape[0] = a->shape[1], t.shape[1] = a->shape[0], t.stride[0] = a->stride[1], t.stride[1] = a->stride[0];
    return hl_nd_contiguous(r, &t, pairs ? NPY_CDOUBLE : NPY_DOUBLE);
}

static hl_status check_square(const nd *a)
{
    return a->shape[0] == a->shape[1] ? 0 : hl_failed_linalg("Last 2 dimensions of the array must be square");
}

/* --- the loops: Gaussian elimination and Cholesky on complex numbers, matrices by columns ------------------------------- */

/* LU with row exchanges in place; 0, or 1 + the column without a pivot. */
static int64_t plain_getrf(int64_t n, cdouble *a, int64_t *pivot)
{
    for (int64_t k = 0; k < n; k++) {
        int64_t p = k;
        for (int64_t i = k + 1; i < n; i++)
            if (cabs(a[i + k * n]) > cabs(a[p + k * n])) p = i;
        pivot[k] = p;
        if (a[p + k * n] == 0) return k + 1;
        for (int64_t j = 0; j < n && p != k; j++) {
            cdouble t = a[k + j * n];
            a[k + j * n] = a[p + j * n], a[p + j * n] = t;
        }
        for (int64_t i = k + 1; i < n; i++) a[i + k * n] /= a[k + k * n];
        for (int64_t j = k + 1; j < n; j++)
            for (int64_t i = k + 1; i < n; i++) a[i + j * n] -= a[i + k * n] * a[k + j * n];
    }
    return 0;
}

static void plain_getrs(int64_t n, const cdouble *a, const int64_t *pivot, cdouble *b)
{
    for (int64_t k = 0; k < n; k++) {
        cdouble t = b[k];
        b[k] = b[pivot[k]], b[pivot[k]] = t;
    }
    for (int64_t k = 0; k < n; k++)
        for (int64_t i = k + 1; i < n; i++) b[i] -= a[i + k * n] * b[k];
    for (int64_t k = n - 1; k >= 0; k--) {
        b[k] /= a[k + k * n];
        for (int64_t i = 0; i < k; i++) b[i] -= a[i + k * n] * b[k];
    }
}

/* The upper triangle (by columns) of U with U^H U = A. */
static int64_t plain_potrf(int64_t n, cdouble *a)
{
    for (int64_t j = 0; j < n; j++) {
        for (int64_t i = 0; i <= j; i++) {
            cdouble s = a[i + j * n];
            for (int64_t k = 0; k < i; k++) s -= conj(a[k + i * n]) * a[k + j * n];
            if (i < j) a[i + j * n] = s / a[i + i * n];
            else if (!(creal(s) > 0)) return j + 1;
            else a[j + j * n] = sqrt(creal(s));
        }
    }
    return 0;
}

/* --- LAPACK, or the loops on a complex copy -------------------------------------------------------------------------------- */

typedef union integer { int64_t wide; int32_t narrow; } integer;
static integer as_integer(int64_t v, bool wide) { return wide ? (integer){.wide = v} : (integer){.narrow = (int32_t)v}; }
static int64_t of_integer(const integer *i, bool wide) { return wide ? i->wide : i->narrow; }

/* a is n by n by columns; its factors replace it; pivot[n] counts from 0. Result: 0, k > 0 (singular), -1 (no memory). */
static int64_t getrf(int64_t n, char *a, bool pairs, int64_t *pivot)
{
    bool wide;
    void (*f)(integer *, integer *, void *, integer *, void *, integer *) = hl_lapack(pairs ? "zgetrf" : "dgetrf", &wide);
    integer m = as_integer(n, wide), lda = as_integer(n ? n : 1, wide), info = {0};
    if (f) {
        f(&m, &m, a, &lda, pivot, &info);
        for (int64_t k = n - 1; k >= 0; k--) { /* from the end: narrow ones are widened in place */
            int32_t narrow;
            memcpy(&narrow, (char *)pivot + 4 * k, 4);
            pivot[k] = (wide ? pivot[k] : narrow) - 1;
        }
        return of_integer(&info, wide);
    }
    if (pairs) return plain_getrf(n, (cdouble *)a, pivot);
    cdouble *c = hl_malloc((size_t)(n * n) * sizeof *c + 1);
    if (!c) return -1;
    for (int64_t k = 0; k < n * n; k++) c[k] = ((double *)a)[k];
    int64_t r = plain_getrf(n, c, pivot);
    for (int64_t k = 0; k < n * n; k++) ((double *)a)[k] = creal(c[k]);
    hl_free(c);
    return r;
}

/* Solves for m right sides by columns, in place. */
static int64_t gesv(int64_t n, int64_t m, char *a, char *b, bool pairs)
{
    bool wide;
    void (*f)(integer *, integer *, void *, integer *, void *, void *, integer *, integer *) = hl_lapack(pairs ? "zgesv" : "dgesv", &wide);
    int64_t *pivot = hl_malloc((size_t)n * 8 + 8);
    if (!pivot) return -1;
    int64_t r = 0;
    integer in = as_integer(n, wide), im = as_integer(m, wide), lda = as_integer(n ? n : 1, wide), info = {0};
    if (f) {
        f(&in, &im, a, &lda, pivot, b, &lda, &info);
        r = of_integer(&info, wide);
    } else {
        cdouble *ca = (cdouble *)a, *cb = hl_malloc((size_t)n * sizeof *cb + 1);
        if (!pairs) {
            ca = hl_malloc((size_t)(n * n) * sizeof *ca + 1);
            for (int64_t k = 0; ca && k < n * n; k++) ca[k] = ((double *)a)[k];
        }
        r = !ca || !cb ? -1 : plain_getrf(n, ca, pivot);
        for (int64_t j = 0; !r && j < m; j++) {
            for (int64_t i = 0; i < n; i++) cb[i] = pairs ? ((cdouble *)b)[j * n + i] : ((double *)b)[j * n + i];
            plain_getrs(n, ca, pivot, cb);
            for (int64_t i = 0; i < n; i++) {
                if (pairs) ((cdouble *)b)[j * n + i] = cb[i];
                else ((double *)b)[j * n + i] = creal(cb[i]);
            }
        }
        hl_free(cb);
        if (!pairs) hl_free(ca);
    }
    hl_free(pivot);
    return r;
}

static int64_t potrf(int64_t n, char *a, bool pairs)
{
    bool wide;
    void (*f)(const char *, integer *, void *, integer *, integer *, size_t) = hl_lapack(pairs ? "zpotrf" : "dpotrf", &wide);
    integer in = as_integer(n, wide), lda = as_integer(n ? n : 1, wide), info = {0};
    if (f) {
        f("U", &in, a, &lda, &info, 1);
        return of_integer(&info, wide);
    }
    if (pairs) return plain_potrf(n, (cdouble *)a);
    cdouble *c = hl_malloc((size_t)(n * n) * sizeof *c + 1);
    if (!c) return -1;
    for (int64_t k = 0; k < n * n; k++) c[k] = ((double *)a)[k];
    int64_t r = plain_potrf(n, c);
    for (int64_t k = 0; k < n * n; k++) ((double *)a)[k] = creal(c[k]);
    hl_free(c);
    return r;
}

static hl_status outcome(int64_t info, const char *text) { return info == 0 ? 0 : info < 0 ? hl_failed(HL_ERR_memory, 0, 0) : hl_failed_linalg(text); }

/* dtype of the result: that of the operand, float64 for integers */
static int32_t result_type(int32_t npy) { return hl_npy_is_float(npy) || hl_npy_is_complex(npy) ? npy : NPY_DOUBLE; }

/* r, in the working dtype, becomes the result in dtype npy. */
static hl_status deliver(nd *r, int32_t npy, hl_slot *out)
{
    nd c;
    if (r->npy == npy) return hl_nd_give(r, out), 0;
    hl_status bad = hl_nd_contiguous(&c, r, npy);
    hl_nd_drop(r);
    if (!bad) hl_nd_give(&c, out);
    return bad;
}

/* --- the functions -------------------------------------------------------------------------------------------------------- */

/* By rows the lower triangle of A is by columns the upper one of A^T = conj(A) = U^H U; read by rows again, U is L. */
hl_status hl_np_cholesky(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), w;
    bool pairs = hl_npy_is_complex(x.npy);
    if (check_square(&x) || work_copy(&w, &x, false, pairs)) return 1;
    int64_t n = x.shape[0];
    if (outcome(potrf(n, w.data, pairs), "Matrix is not positive definite")) return hl_nd_drop(&w), 1;
    for (int64_t i = 0; i < n; i++) memset(w.data + (i * n + i + 1) * w.item, 0, (size_t)((n - i - 1) * w.item));
    return deliver(&w, result_type(x.npy), out);
}

/* By columns A^T X = I gives X = (A^-1)^T, which by rows is A^-1. */
hl_status hl_np_inv(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), w, r;
    bool pairs = hl_npy_is_complex(x.npy);
    if (check_square(&x) || work_copy(&w, &x, false, pairs)) return 1;
    int64_t n = x.shape[0];
    hl_status bad = hl_nd_new(&r, 2, x.shape, w.npy);
    if (!bad) {
        memset(r.data, 0, (size_t)(n * n * r.item));
        for (int64_t k = 0; k < n; k++) *(double *)(r.data + (k * n + k) * r.item) = 1;
        if ((bad = outcome(gesv(n, n, w.data, r.data, pairs), "Singular matrix"))) hl_nd_drop(&r);
    }
    hl_nd_drop(&w);
    return bad ? 1 : deliver(&r, result_type(x.npy), out);
}

/* Both operands are turned, so that LAPACK sees them as they are; the result is turned back. */
hl_status hl_np_solve(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), b = hl_nd_of(&a[1]), w, r;
    bool pairs = hl_npy_is_complex(x.npy) || hl_npy_is_complex(b.npy);
    int64_t n = x.shape[0], m = b.nd == 2 ? b.shape[1] : 1;
    if (check_square(&x)) return 1;
    if (b.shape[0] != n)
        return hl_failed_text(&PyExc_ValueError, "solve%s: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature (m,m),(m%s)->(m%s) (size %lld is different from %lld)",
                              b.nd == 2 ? "" : "1", b.nd == 2 ? ",n" : "", b.nd == 2 ? ",n" : "", (long long)b.shape[0], (long long)n);
    if (work_copy(&w, &x, true, pairs)) return 1;
    hl_status bad = work_copy(&r, &b, true, pairs);
    if (!bad && (bad = outcome(gesv(n, m, w.data, r.data, pairs), "Singular matrix"))) hl_nd_drop(&r);
    hl_nd_drop(&w);
    if (bad) return 1;
    int32_t npy = hl_npy_promote(result_type(x.npy), result_type(b.npy));
    if (b.nd == 1) return deliver(&r, npy, out);
    nd back;
    nd seen = r;
    seen.shape[0] = n, seen.shape[1] = m, seen.stride[0] = r.item, seen.stride[1] = n * r.item;
    bad = hl_nd_contiguous(&back, &seen, npy);
    hl_nd_drop(&r);
    if (!bad) hl_nd_give(&back, out);
    return bad;
}

/* The product of the pivots, with the sign of the exchanges; det A^T = det A. */
hl_status hl_np_det(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), w;
    bool pairs = hl_npy_is_complex(x.npy);
    if (check_square(&x) || work_copy(&w, &x, false, pairs)) return 1;
    int64_t n = x.shape[0], *pivot = hl_malloc((size_t)n * 8 + 8);
    int64_t info = pivot ? getrf(n, w.data, pairs, pivot) : -1;
    cdouble d = info > 0 ? 0 : 1;
    for (int64_t k = 0; !info && k < n; k++) {
        d *= pairs ? ((cdouble *)w.data)[k * n + k] : ((double *)w.data)[k * n + k];
        if (pivot[k] != k) d = -d;
    }
    hl_free(pivot);
    hl_nd_drop(&w);
    if (info < 0) return hl_failed(HL_ERR_memory, 0, 0);
    out[0].f = creal(d);
    if (pairs) out[1].f = cimag(d);
    return 0;
}
