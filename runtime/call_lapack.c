/* slogdet, eigh, svd and what follows from it, qr by the LAPACK that came with NumPy's BLAS (blas.c finds it; solve, inv, det and cholesky are beside it).
 *
 * Everything is computed in double precision, real or complex; single precision is converted on the way in and out.  LAPACK
 * stores columns one after another: matrices are copied transposed into work memory, results back.
 *
 * Fortran's integers have 32 or 64 bits.  All are kept in int64_t: a small non-negative number reads the same at both widths
 * (little-endian machines), and a negative `info` is not 0 at either.
 */
#include "call.h"
#include "gil.h"
#include <math.h>

typedef int64_t fint;
/* The routines' arguments, for real (d) and complex (z) numbers; lengths of text come last. */
typedef void getrf_fn(const fint *m, const fint *n, void *a, const fint *lda, fint *pivots, fint *info);
typedef void dsyevd_fn(const char *job, const char *part, const fint *n, void *a, const fint *lda, double *values, void *work, const fint *lwork,
                       fint *iwork, const fint *liwork, fint *info, size_t, size_t);
typedef void zheevd_fn(const char *job, const char *part, const fint *n, void *a, const fint *lda, double *values, void *work, const fint *lwork,
                       double *rwork, const fint *lrwork, fint *iwork, const fint *liwork, fint *info, size_t, size_t);
typedef void dgesdd_fn(const char *job, const fint *m, const fint *n, void *a, const fint *lda, double *s, void *u, const fint *ldu, void *vt,
                       const fint *ldvt, void *work, const fint *lwork, fint *iwork, fint *info, size_t);
typedef void zgesdd_fn(const char *job, const fint *m, const fint *n, void *a, const fint *lda, double *s, void *u, const fint *ldu, void *vt,
                       const fint *ldvt, void *work, const fint *lwork, double *rwork, fint *iwork, fint *info, size_t);
typedef void geqrf_fn(const fint *m, const fint *n, void *a, const fint *lda, void *tau, void *work, const fint *lwork, fint *info);
typedef void orgqr_fn(const fint *m, const fint *n, const fint *k, void *a, const fint *lda, void *tau, void *work, const fint *lwork, fint *info);

/* The routine for real or complex numbers; NULL with RuntimeError set. */
static void *routine_of(const char *real, const char *complex_, bool is_complex, bool *wide)
{
    void *r = hl_lapack(is_complex ? complex_ : real, wide);
    if (r) return r;
    hl_gil g = hl_gil_take();
    PyErr_SetString(PyExc_RuntimeError, "no LAPACK library was found in this process: numpy.linalg functions need the one that NumPy brings");
    hl_gil_give(g);
    return NULL;
}

/* A matrix in columns: rows by cols numbers of `npy` (double or complex double). */
typedef struct columns { char *data; fint rows, cols; int32_t npy; int64_t item; } columns;

static int32_t wide_type(int32_t npy) { return hl_npy_is_complex(npy) ? NPY_CDOUBLE : NPY_DOUBLE; }
static int32_t result_type(int32_t npy) { return npy == NPY_FLOAT || hl_npy_is_complex(npy) ? npy : NPY_DOUBLE; }
static int32_t real_type(int32_t npy) { return npy == NPY_FLOAT || npy == NPY_CFLOAT ? NPY_FLOAT : NPY_DOUBLE; }

static nd view_of(const columns *c)
{
    return (nd){.data = c->data, .nd = 2, .npy = c->npy, .item = c->item, .shape = {c->rows, c->cols}, .stride = {c->item, c->item * c->rows}};
}

static hl_status columns_new(columns *c, fint rows, fint cols, int32_t npy)
{
    *c = (columns){.rows = rows, .cols = cols, .npy = npy, .item = hl_npy_size(npy)};
    c->data = hl_calloc((size_t)(rows * cols * c->item + 16));
    return c->data ? 0 : hl_failed(HL_ERR_memory, 0, 0);
}

static hl_status columns_of(columns *c, nd a, int32_t npy)
{
    if (columns_new(c, a.shape[0], a.shape[1], npy)) return 1;
    nd v = view_of(c);
    hl_nd_copy(&v, &a);
    return 0;
}

/* The first rows and columns as a new array; `out` moves on behind its slots. */
static hl_status give_matrix(const columns *c, fint rows, fint cols, int32_t npy, hl_slot **out)
{
    nd v = view_of(c), r;
    v.shape[0] = rows, v.shape[1] = cols;
    if (hl_nd_out(&r, *out, 2, v.shape, npy)) return 1;
    hl_nd_copy(&r, &v);
    *out += 6;
    return 0;
}

static hl_status give_vector(const double *x, int64_t n, int32_t npy, hl_slot **out)
{
    nd r;
    if (hl_nd_out(&r, *out, 1, &n, npy)) return 1;
    hl_items_convert(r.data, r.item, npy, x, 8, NPY_DOUBLE, n);
    *out += 4;
    return 0;
}

static hl_status square(const hl_operand *a, columns *c)
{
    nd x = hl_nd_of(a);
    if (x.shape[0] != x.shape[1]) return hl_failed_linalg("Last 2 dimensions of the array must be square");
    return columns_of(c, x, wide_type(x.npy));
}

/* --- determinants -------------------------------------------------------------- */

/* sign (real or complex, of modulus 1 or 0) and logarithm of the modulus of the determinant */
static hl_status log_det(const hl_operand *a, double *sign, double *log_modulus)
{
    columns m;
    bool wide = true, is_complex = hl_npy_is_complex(a->npy);
    getrf_fn *getrf = routine_of("dgetrf", "zgetrf", is_complex, &wide);
    if (!getrf || square(a, &m)) return 1;
    fint n = m.rows, info = 0, least = n ? n : 1, *pivots = hl_malloc((size_t)least * 8);
    sign[0] = 1, sign[1] = 0, *log_modulus = 0;
    if (!pivots) return hl_free(m.data), hl_failed(HL_ERR_memory, 0, 0);
    if (n) getrf(&n, &n, m.data, &least, pivots, &info);
    for (fint k = 0; k < n; k++) {
        const double *d = (const double *)(m.data + (k * n + k) * m.item);
        fint p = wide ? pivots[k] : ((int32_t *)pivots)[k];
        double re = d[0], im = is_complex ? d[1] : 0, size = is_complex ? hypot(re, im) : fabs(re), flip = p != k + 1 ? -1 : 1;
        if (size == 0) {
            sign[0] = sign[1] = 0, *log_modulus = -INFINITY;
            break;
        }
        double s0 = sign[0], s1 = sign[1];
        re *= flip / size, im *= flip / size;
        sign[0] = s0 * re - s1 * im, sign[1] = s0 * im + s1 * re;
        *log_modulus += log(size);
    }
    hl_free(pivots);
    hl_free(m.data);
    return 0;
}

hl_status hl_np_slogdet(const hl_operand *a, hl_slot *out)
{
    double sign[2], size;
    if (log_det(a, sign, &size)) return 1;
    out++->f = sign[0];
    if (hl_npy_is_complex(a->npy)) out++->f = sign[1];
    out->f = size;
    return 0;
}

/* --- factors ------------------------------------------------------------------ */

/* Eigenvalues of a Hermitian matrix, ascending, and (vectors) its eigenvectors in place of the matrix. */
static hl_status hermitian(columns *m, double *values, bool vectors)
{
    bool wide, is_complex = m->npy == NPY_CDOUBLE;
    void *evd = routine_of("dsyevd", "zheevd", is_complex, &wide);
    if (!evd) return 1;
    const char *job = vectors ? "V" : "N";
    fint n = m->rows, info = 0, lwork = -1, lrwork = -1, liwork = -1, need_i = 0;
    double need[2] = {0}, need_r = 0;
    if (!n) return 0;
    if (is_complex) ((zheevd_fn *)evd)(job, "L", &n, m->data, &n, values, need, &lwork, &need_r, &lrwork, &need_i, &liwork, &info, (size_t)1, (size_t)1);
    else ((dsyevd_fn *)evd)(job, "L", &n, m->data, &n, values, need, &lwork, &need_i, &liwork, &info, (size_t)1, (size_t)1);
    lwork = (fint)need[0], lrwork = (fint)need_r, liwork = need_i;
    double *work = hl_malloc((size_t)(lwork + 1) * (size_t)m->item), *rwork = hl_malloc((size_t)(lrwork + 1) * 8);
    fint *iwork = hl_malloc((size_t)(liwork + 1) * 8);
    hl_status bad = work && rwork && iwork ? 0 : hl_failed(HL_ERR_memory, 0, 0);
    if (!bad && is_complex) ((zheevd_fn *)evd)(job, "L", &n, m->data, &n, values, work, &lwork, rwork, &lrwork, iwork, &liwork, &info, (size_t)1, (size_t)1);
    else if (!bad) ((dsyevd_fn *)evd)(job, "L", &n, m->data, &n, values, work, &lwork, iwork, &liwork, &info, (size_t)1, (size_t)1);
    hl_free(work);
    hl_free(rwork);
    hl_free(iwork);
    return bad ? bad : info ? hl_failed_linalg("Eigenvalues did not converge") : 0;
}

static hl_status eigen(const hl_operand *a, hl_slot *out, bool vectors)
{
    columns m;
    if (square(a, &m)) return 1;
    double *values = hl_malloc((size_t)(m.rows + 1) * 8);
    hl_mem *first = NULL;
    hl_status bad = values ? hermitian(&m, values, vectors) : hl_failed(HL_ERR_memory, 0, 0);
    if (!bad && !(bad = give_vector(values, m.rows, real_type(a->npy), &out))) first = out[-4].p;
    if (!bad && vectors && (bad = give_matrix(&m, m.rows, m.rows, result_type(a->npy), &out))) hl_release(first);
    hl_free(values);
    hl_free(m.data);
    return bad;
}

hl_status hl_np_eigh(const hl_operand *a, hl_slot *out) { return eigen(a, out, true); }
hl_status hl_np_eigvalsh(const hl_operand *a, hl_slot *out) { return eigen(a, out, false); }

/* a = u diag(s) vt; job: A all of u and vt, S the first min(rows, cols), N none */
static hl_status decompose(columns *a, const char *job, columns *u, double *s, columns *vt)
{
    bool wide, is_complex = a->npy == NPY_CDOUBLE;
    void *sdd = routine_of("dgesdd", "zgesdd", is_complex, &wide);
    if (!sdd) return 1;
    fint m = a->rows, n = a->cols, k = m < n ? m : n, big = m < n ? n : m, info = 0, lwork = -1, ldu = u->rows ? u->rows : 1, ldv = vt->rows ? vt->rows : 1;
    double need[2] = {0};
    if (!k) return 0;
    double *rwork = hl_malloc((size_t)(is_complex ? k * (5 * k + 7) + 2 * big * k + 2 * k * k + k : 1) * 8), *work = NULL;
    fint *iwork = hl_malloc((size_t)(8 * k) * 8);
    hl_status bad = rwork && iwork ? 0 : hl_failed(HL_ERR_memory, 0, 0);
    for (int turn = 0; turn < 2 && !bad && !info; turn++) {
        if (turn) {
            lwork = (fint)need[0];
            if (!(work = hl_malloc((size_t)(lwork + 1) * (size_t)a->item))) bad = hl_failed(HL_ERR_memory, 0, 0);
        }
        void *w = turn ? (void *)work : need;
        if (!bad && is_complex) ((zgesdd_fn *)sdd)(job, &m, &n, a->data, &m, s, u->data, &ldu, vt->data, &ldv, w, &lwork, rwork, iwork, &info, (size_t)1);
        else if (!bad) ((dgesdd_fn *)sdd)(job, &m, &n, a->data, &m, s, u->data, &ldu, vt->data, &ldv, w, &lwork, iwork, &info, (size_t)1);
    }
    hl_free(work);
    hl_free(rwork);
    hl_free(iwork);
    return bad ? bad : info ? hl_failed_linalg("SVD did not converge") : 0;
}

/* A matrix, its singular values s and, where they are wanted, the factors u and vt. */
typedef struct factors { columns m, u, vt; double *s; fint k; } factors;

static void factors_free(factors *f)
{
    hl_free(f->u.data);
    hl_free(f->vt.data);
    hl_free(f->s);
    hl_free(f->m.data);
}

/* full: 1 whole square factors, 0 the part that matters, -1 values alone; conjugate: of the conjugate matrix.  To be freed either way. */
static hl_status factors_of(factors *f, const hl_operand *a, int full, bool conjugate)
{
    nd x = hl_nd_of(a);
    *f = (factors){.s = NULL};
    if (columns_of(&f->m, x, wide_type(x.npy))) return 1;
    columns *m = &f->m;
    if (conjugate && m->npy == NPY_CDOUBLE)
        for (fint j = 0; j < m->rows * m->cols; j++) ((double *)m->data)[2 * j + 1] *= -1;
    f->k = m->rows < m->cols ? m->rows : m->cols;
    fint nu = full == 1 ? m->rows : f->k, nv = full == 1 ? m->cols : f->k;
    if (!(f->s = hl_malloc((size_t)(f->k + 1) * 8))) return hl_failed(HL_ERR_memory, 0, 0);
    if (columns_new(&f->u, full < 0 ? 1 : m->rows, full < 0 ? 1 : nu, m->npy) || columns_new(&f->vt, full < 0 ? 1 : nv, full < 0 ? 1 : m->cols, m->npy)) return 1;
    return decompose(m, full < 0 ? "N" : full ? "A" : "S", &f->u, f->s, &f->vt);
}

static hl_status singular(const hl_operand *a, hl_slot *out, int full)
{
    factors f;
    hl_status bad = factors_of(&f, a, full, false);
    for (columns *c = &f.u; !bad && !f.k && full == 1 && c; c = c == &f.u ? &f.vt : NULL) /* of nothing: identities */
        for (fint j = 0; j < c->rows; j++) *(double *)(c->data + (j * c->rows + j) * c->item) = 1;
    hl_mem *made[2] = {NULL, NULL};
    if (!bad && full >= 0 && !(bad = give_matrix(&f.u, f.u.rows, f.u.cols, result_type(a->npy), &out))) made[0] = out[-6].p;
    if (!bad && !(bad = give_vector(f.s, f.k, real_type(a->npy), &out))) made[1] = out[-4].p;
    if (!bad && full >= 0) bad = give_matrix(&f.vt, f.vt.rows, f.vt.cols, result_type(a->npy), &out);
    for (int j = 0; bad && j < 2; j++) hl_release(made[j]);
    factors_free(&f);
    return bad;
}

hl_status hl_np_svd(const hl_operand *a, hl_slot *out) { return singular(a, out, hl_arg_int(&a[1], 1) != 0); }
hl_status hl_np_svdvals(const hl_operand *a, hl_slot *out) { return singular(a, out, -1); }

/* a, rcond: the pseudo-inverse vt^T / s * u^T of the conjugate's factors; what s has up to rcond of the largest counts as 0. */
hl_status hl_np_pinv(const hl_operand *a, hl_slot *out)
{
    factors f;
    nd r;
    hl_status bad = factors_of(&f, a, 0, true);
    int64_t shape[2] = {f.m.cols, f.m.rows};
    double cutoff = bad || !f.k ? 0 : hl_arg_float(&a[1], 1e-15) * f.s[0];
    for (fint j = 0; !bad && j < f.k; j++) {
        double scale = f.s[j] > cutoff ? 1 / f.s[j] : 0;
        fint parts = f.m.npy == NPY_CDOUBLE ? 2 : 1;
        for (fint i = 0; i < f.m.rows * parts; i++) ((double *)f.u.data)[j * f.m.rows * parts + i] *= scale;
    }
    if (!bad && !(bad = hl_nd_new(&r, 2, shape, f.m.npy))) {
        int64_t item = f.m.item;
        bad = hl_gemm(f.m.npy, shape[0], shape[1], f.k, f.vt.data, item * f.k, item, f.u.data, item * f.m.rows, item, r.data, r.stride[0], r.stride[1]);
        if (bad) hl_nd_drop(&r);
        else bad = hl_nd_as(&r, result_type(a->npy));
    }
    factors_free(&f);
    if (!bad) hl_nd_give(&r, out);
    return bad;
}

/* A, tol: how many singular values are above it */
hl_status hl_np_matrix_rank(const hl_operand *a, hl_slot *out)
{
    factors f;
    hl_status bad = factors_of(&f, a, -1, false);
    double eps = real_type(a->npy) == NPY_FLOAT ? 0x1p-23 : 0x1p-52;
    double tol = bad || !f.k ? 0 : hl_arg_float(&a[1], f.s[0] * (double)(f.m.rows > f.m.cols ? f.m.rows : f.m.cols) * eps);
    out->i = 0;
    for (fint j = 0; !bad && j < f.k; j++) out->i += f.s[j] > tol;
    factors_free(&f);
    return bad;
}

/* The largest singular value by the smallest; of a matrix of zeros infinite. */
hl_status hl_np_cond(const hl_operand *a, hl_slot *out)
{
    factors f;
    hl_status bad = factors_of(&f, a, -1, false);
    if (!bad && !f.k) bad = hl_failed_linalg("cond is not defined on empty arrays");
    if (!bad) out->f = f.s[0] == 0 ? INFINITY : f.s[0] / f.s[f.k - 1];
    factors_free(&f);
    return bad;
}

/* Calls a routine twice, for the size of its work memory and for the work: f(m, n[, k], a, lda, tau, work, lwork, info) */
static hl_status factor(void *f, fint m, fint n, const fint *k, columns *a, char *tau)
{
    double need[2] = {0};
    fint lwork = -1, info = 0, lda = a->rows ? a->rows : 1;
    if (k) ((orgqr_fn *)f)(&m, &n, k, a->data, &lda, tau, need, &lwork, &info);
    else ((geqrf_fn *)f)(&m, &n, a->data, &lda, tau, need, &lwork, &info);
    lwork = (fint)need[0];
    void *work = hl_malloc((size_t)(lwork + 1) * (size_t)a->item);
    if (!work) return hl_failed(HL_ERR_memory, 0, 0);
    if (k) ((orgqr_fn *)f)(&m, &n, k, a->data, &lda, tau, work, &lwork, &info);
    else ((geqrf_fn *)f)(&m, &n, a->data, &lda, tau, work, &lwork, &info);
    hl_free(work);
    return info ? hl_failed_linalg("Incorrect argument found in QR factorization") : 0;
}

/* The reduced factors: q is rows by k, r is k by cols. */
hl_status hl_np_qr(const hl_operand *a, hl_slot *out)
{
    bool wide, is_complex = hl_npy_is_complex(a->npy);
    void *geqrf = routine_of("dgeqrf", "zgeqrf", is_complex, &wide), *orgqr = routine_of("dorgqr", "zungqr", is_complex, &wide);
    nd x = hl_nd_of(a);
    columns m, r;
    if (!geqrf || !orgqr || columns_of(&m, x, wide_type(x.npy))) return 1;
    fint k = m.rows < m.cols ? m.rows : m.cols;
    char *tau = hl_malloc((size_t)(k + 1) * 16);
    hl_status bad = tau ? 0 : hl_failed(HL_ERR_memory, 0, 0);
    if (!bad) bad = columns_new(&r, k, m.cols, m.npy);
    else r.data = NULL;
    if (!bad && k) bad = factor(geqrf, m.rows, m.cols, NULL, &m, tau);
    for (fint c = 0; !bad && c < m.cols; c++) memcpy(r.data + c * k * r.item, m.data + c * m.rows * m.item, (size_t)((c < k ? c + 1 : k) * m.item));
    if (!bad && k) bad = factor(orgqr, m.rows, k, &k, &m, tau);
    hl_mem *first = NULL;
    if (!bad && !(bad = give_matrix(&m, m.rows, k, result_type(a->npy), &out))) first = out[-6].p;
    if (!bad && (bad = give_matrix(&r, k, m.cols, result_type(a->npy), &out))) hl_release(first);
    hl_free(r.data);
    hl_free(tau);
    hl_free(m.data);
    return bad;
}
