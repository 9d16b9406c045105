/* Dot, matrix-vector and matrix-matrix products.
 *
 * float32, float64, complex64 and complex128 go to the BLAS that is already in the process because NumPy (or SciPy) brought it: its
 * library is found among the loaded ones by name, its entry points by the spellings that wheels and distributions use
 * (scipy_cblas_dgemm64_, cblas_dgemm64_, cblas_dgemm …; "64" ones take 64-bit integers).  Operands that BLAS cannot address
 * (neither dimension contiguous, negative or zero strides) are copied first.
 *
 * Integers, booleans, products too small to be worth the call, and processes without a BLAS use the loops below: row times
 * scalar added to row, which vectorises, in blocks that stay in the second-level cache.
 */
#include "rt_numpy.h"
#include <complex.h>
#include <dlfcn.h>
#include <numpy/ndarraytypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#ifdef __linux__
#include <link.h>
#endif

enum { ROW_MAJOR = 101, NO_TRANS = 111, TRANS = 112, UPPER = 121 };
#define SMALL_PRODUCT 512 /* multiplications below which the call costs more than the work */
#define SMALL_DOT 64

/* --- finding the library ------------------------------------------------------------------------------------------------------ */
typedef enum { S, D, C, Z, NTYPES } blas_type;

static struct {
    pthread_once_t once;
    bool wide; /* 64-bit integers */
    void *lib;
    void *gemm[NTYPES], *syrk[NTYPES], *gemv[NTYPES], *dot[NTYPES], *dotc[NTYPES];
} blas = {.once = PTHREAD_ONCE_INIT};

static const struct { const char *format; bool wide; } spellings[] = {
    {"scipy_cblas_%s64_", true}, {"cblas_%s64_", true}, {"cblas_%s_64", true}, {"scipy_cblas_%s", false}, {"cblas_%s", false},
};

static bool use_library(void *lib)
{
    static const char *const gemm[] = {"sgemm", "dgemm", "cgemm", "zgemm"}, *const syrk[] = {"ssyrk", "dsyrk", "csyrk", "zsyrk"}, *const gemv[] = {"sgemv", "dgemv", "cgemv", "zgemv"},
                             *const dot[] = {"sdot", "ddot", "cdotu_sub", "zdotu_sub"}, *const dotc[] = {"sdot", "ddot", "cdotc_sub", "zdotc_sub"};
    for (size_t s = 0; s < sizeof spellings / sizeof *spellings; s++) {
        char name[64];
        bool all = true;
#define FIND(table)                                                                                                    \
    for (int t = 0; t < NTYPES; t++) {                                                                                 \
        snprintf(name, sizeof name, spellings[s].format, table[t]);                                                    \
        all &= (blas.table[t] = dlsym(lib, name)) != NULL;                                                             \
    }
        FIND(gemm) FIND(syrk) FIND(gemv) FIND(dot) FIND(dotc)
#undef FIND
        if (all) {
            blas.wide = spellings[s].wide;
            blas.lib = lib;
            return true;
        }
    }
    memset(blas.gemm, 0, sizeof blas.gemm);
    memset(blas.syrk, 0, sizeof blas.syrk);
    memset(blas.gemv, 0, sizeof blas.gemv);
    memset(blas.dot, 0, sizeof blas.dot);
    return false;
}

static bool use_path(const char *path, int flags)
{
    void *lib = dlopen(path, RTLD_NOW | flags);
    if (!lib)
        return false;
    if (use_library(lib))
        return true; /* the handle is kept: the library stays */
    dlclose(lib);
    return false;
}

#ifdef __linux__
static int consider(struct dl_phdr_info *info, size_t size, void *done)
{
    static const char *const marks[] = {"openblas", "mkl_rt", "libblis", "libcblas", "libblas"};
    const char *name = info->dlpi_name, *base = name ? strrchr(name, '/') : NULL;
    for (size_t k = 0; base && k < sizeof marks / sizeof *marks; k++)
        if (strstr(base, marks[k]) && use_path(name, RTLD_NOLOAD))
            return 1;
    return 0;
}
static void find_blas(void) { dl_iterate_phdr(consider, NULL); }
#else
static void find_blas(void) {}
#endif

void hl_blas_use(const char *path)
{
    pthread_once(&blas.once, find_blas);
    if (!blas.gemm[D])
        use_path(path, 0);
}

void *hl_lapack(const char *name, bool *wide)
{
    static const char *const formats[2][2] = {{"scipy_%s_", "%s_"}, {"scipy_%s_64_", "%s_64_"}};
    pthread_once(&blas.once, find_blas);
    *wide = blas.wide;
    for (int k = 0; blas.lib && k < 2; k++) {
        char symbol[64];
        snprintf(symbol, sizeof symbol, formats[blas.wide][k], name);
        void *f = dlsym(blas.lib, symbol);
        if (f) return f;
    }
    return NULL;
}

/* Which BLAS routines do for this dtype, or -1. */
static int type_of(int32_t dtype)
{
    pthread_once(&blas.once, find_blas);
    if (!blas.gemm[D])
        return -1;
    switch (dtype) {
    case NPY_FLOAT: return S;
    case NPY_DOUBLE: return D;
    case NPY_CFLOAT: return C;
    case NPY_CDOUBLE: return Z;
    default: return -1;
    }
}

/* --- loops ----------------------------------------------------------------------------------------------------------------------------- */
typedef float complex cfloat;
typedef double complex cdouble;
typedef uint8_t truth; /* bool: or for +, and for * */

#define MADD(c, a, b) ((c) + (a) * (b))
#define MADD_TRUTH(c, a, b) ((c) | ((a) & (b)))
#define SAME(a) (a)

/* No overflow: narrow unsigned types compute in int and are cut; 64-bit ones wrap. */
#define LOOPS(T, madd, conj_of)                                                                                        \
    static void gemm_##T(int64_t m, int64_t n, int64_t k, const char *a, int64_t as0, int64_t as1, const char *b, int64_t bs0, int64_t bs1, char *c, \
                         int64_t cs0, int64_t cs1)                                                                     \
    {                                                                                                                  \
        for (int64_t i = 0; i < m; i++)                                                                                \
            for (int64_t j = 0; j < n; j++)                                                                            \
                *(T *)(c + i * cs0 + j * cs1) = 0;                                                                     \
        for (int64_t p0 = 0; p0 < k; p0 += 128)                                                                        \
            for (int64_t j0 = 0; j0 < n; j0 += 256)                                                                    \
                for (int64_t i = 0; i < m; i++)                                                                        \
                    for (int64_t p = p0; p < k && p < p0 + 128; p++) {                                                 \
                        T x = *(const T *)(a + i * as0 + p * as1);                                                     \
                        int64_t w = n - j0 < 256 ? n - j0 : 256;                                                       \
                        const char *from = b + p * bs0 + j0 * bs1;                                                     \
                        char *to = c + i * cs0 + j0 * cs1;                                                             \
                        if (bs1 == sizeof(T) && cs1 == sizeof(T)) {                                                    \
                            const T *restrict y = (const T *)from;                                                     \
                            T *restrict z = (T *)to;                                                                   \
                            for (int64_t j = 0; j < w; j++)                                                            \
                                z[j] = (T)madd(z[j], x, y[j]);                                                         \
                        } else {                                                                                       \
                            for (int64_t j = 0; j < w; j++, from += bs1, to += cs1)                                    \
                                *(T *)to = (T)madd(*(T *)to, x, *(const T *)from);                                     \
                        }                                                                                              \
                    }                                                                                                  \
    }                                                                                                                  \
    static void dot_##T(int64_t n, const char *x, int64_t xs, const char *y, int64_t ys, int32_t conj_x, void *out)    \
    {                                                                                                                  \
        T sum = 0;                                                                                                     \
        if (conj_x)                                                                                                    \
            for (int64_t j = 0; j < n; j++, x += xs, y += ys)                                                          \
                sum = (T)madd(sum, conj_of(*(const T *)x), *(const T *)y);                                             \
        else                                                                                                           \
            for (int64_t j = 0; j < n; j++, x += xs, y += ys)                                                          \
                sum = (T)madd(sum, *(const T *)x, *(const T *)y);                                                      \
        *(T *)out = sum;                                                                                               \
    }
LOOPS(truth, MADD_TRUTH, SAME)
LOOPS(uint8_t, MADD, SAME)
LOOPS(uint16_t, MADD, SAME)
LOOPS(uint32_t, MADD, SAME)
LOOPS(uint64_t, MADD, SAME)
LOOPS(float, MADD, SAME)
LOOPS(double, MADD, SAME)
LOOPS(cfloat, MADD, conjf)
LOOPS(cdouble, MADD, conj)

typedef struct loops {
    int size;
    void (*gemm)(int64_t, int64_t, int64_t, const char *, int64_t, int64_t, const char *, int64_t, int64_t, char *, int64_t, int64_t);
    void (*dot)(int64_t, const char *, int64_t, const char *, int64_t, int32_t, void *);
} loops;

static const loops *loops_of(int32_t dtype)
{
#define ROW(T) {sizeof(T), gemm_##T, dot_##T}
    static const loops rows[] = {ROW(truth), ROW(uint8_t), ROW(uint16_t), ROW(uint32_t), ROW(uint64_t), ROW(float), ROW(double), ROW(cfloat), ROW(cdouble)};
#undef ROW
    switch (dtype) {
    case NPY_BOOL: return &rows[0];
    case NPY_BYTE: case NPY_UBYTE: return &rows[1];
    case NPY_SHORT: case NPY_USHORT: return &rows[2];
    case NPY_INT: case NPY_UINT: return &rows[3];
    case NPY_LONG: case NPY_ULONG: return sizeof(long) == 4 ? &rows[3] : &rows[4];
    case NPY_LONGLONG: case NPY_ULONGLONG: return &rows[4];
    case NPY_FLOAT: return &rows[5];
    case NPY_DOUBLE: return &rows[6];
    case NPY_CFLOAT: return &rows[7];
    default: return &rows[8];
    }
}

/* --- operands that BLAS can address ---------------------------------------------------------------------------------------------------- */
typedef struct matrix {
    const char *at;
    int64_t ld; /* items from one row (column) to the next */
    int trans;
    void *copy; /* to be freed */
} matrix;

static bool copy_matrix(matrix *x, const char *a, int64_t m, int64_t n, int64_t s0, int64_t s1, int size)
{
    char *to = x->copy = hl_malloc((size_t)(m * n) * (size_t)size);
    if (!to)
        return false;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++, to += size)
            memcpy(to, a + i * s0 + j * s1, (size_t)size);
    x->at = x->copy;
    x->ld = n;
    return true;
}

/* m by n with these strides as (perhaps transposed) rows; a stride along an axis of one item says nothing. */
static bool as_matrix(matrix *x, const void *a, int64_t m, int64_t n, int64_t s0, int64_t s1, int size)
{
    *x = (matrix){.at = a, .trans = NO_TRANS};
    if (m == 1)
        s0 = n * size;
    if (n == 1)
        s1 = size;
    if (s1 == size && s0 >= n * size && s0 % size == 0)
        x->ld = s0 / size;
    else if ((s0 == size || m == 1) && s1 >= m * size && s1 % size == 0)
        x->ld = s1 / size, x->trans = TRANS;
    else
        return copy_matrix(x, a, m, n, s0, s1, size);
    return true;
}

static bool fits(int64_t x) { return blas.wide || x <= INT32_MAX; }

/* --- calls ----------------------------------------------------------------------------------------------------------------------------------- */
/* A routine with the integer width of this library; `alpha` by value for real types, by address for complex ones. */
#define BLAS_GEMM(I, A, one, zero)                                                                                     \
    ((void (*)(int, int, int, I, I, I, A, const void *, I, const void *, I, A, void *, I))blas.gemm[t])(               \
        ROW_MAJOR, a->trans, b->trans, (I)m, (I)n, (I)k, one, a->at, (I)a->ld, b->at, (I)b->ld, zero, c, (I)ldc)
#define BLAS_SYRK(I, A, one, zero)                                                                                     \
    ((void (*)(int, int, int, I, I, A, const void *, I, A, void *, I))blas.syrk[t])(                                   \
        ROW_MAJOR, UPPER, a->trans, (I)n, (I)k, one, a->at, (I)a->ld, zero, c, (I)ldc)
#define BLAS_GEMV(I, A, one, zero)                                                                                     \
    ((void (*)(int, int, I, I, A, const void *, I, const void *, I, A, void *, I))blas.gemv[t])(                       \
        ROW_MAJOR, a->trans, (I)(a->trans == TRANS ? n : m), (I)(a->trans == TRANS ? m : n), one, a->at, (I)a->ld, x, (I)incx, zero, y, (I)incy)
#define BY_TYPE(CALL)                                                                                                  \
    static const float c1[2] = {1, 0}, c0[2] = {0, 0};                                                                 \
    static const double z1[2] = {1, 0}, z0[2] = {0, 0};                                                                \
    switch (t * 2 + blas.wide) {                                                                                       \
    case S * 2: CALL(int, float, 1, 0); break;                                                                         \
    case S * 2 + 1: CALL(int64_t, float, 1, 0); break;                                                                 \
    case D * 2: CALL(int, double, 1, 0); break;                                                                        \
    case D * 2 + 1: CALL(int64_t, double, 1, 0); break;                                                                \
    case C * 2: CALL(int, const void *, c1, c0); break;                                                                \
    case C * 2 + 1: CALL(int64_t, const void *, c1, c0); break;                                                        \
    case Z * 2: CALL(int, const void *, z1, z0); break;                                                                \
    default: CALL(int64_t, const void *, z1, z0); break;                                                               \
    }

static void call_gemm(int t, int64_t m, int64_t n, int64_t k, const matrix *a, const matrix *b, void *c, int64_t ldc) { BY_TYPE(BLAS_GEMM) }

static void call_syrk(int t, int64_t n, int64_t k, const matrix *a, void *c, int64_t ldc) { BY_TYPE(BLAS_SYRK) }

static void call_gemv(int t, int64_t m, int64_t n, const matrix *a, const void *x, int64_t incx, void *y, int64_t incy) { BY_TYPE(BLAS_GEMV) }

static void call_dot(int t, int64_t n, const void *x, int64_t incx, const void *y, int64_t incy, bool conj_x, void *out)
{
    void *f = conj_x ? blas.dotc[t] : blas.dot[t];
#define REAL(T, I) *(T *)out = ((T (*)(I, const void *, I, const void *, I))f)((I)n, x, (I)incx, y, (I)incy)
#define COMPLEX(I) ((void (*)(I, const void *, I, const void *, I, void *))f)((I)n, x, (I)incx, y, (I)incy, out)
    if (t == S && blas.wide) REAL(float, int64_t);
    else if (t == S) REAL(float, int);
    else if (t == D && blas.wide) REAL(double, int64_t);
    else if (t == D) REAL(double, int);
    else if (blas.wide) COMPLEX(int64_t);
    else COMPLEX(int);
#undef REAL
#undef COMPLEX
}

static hl_status no_memory(void)
{
    hl_raise(HL_ERR_memory, 0, 0);
    return 1;
}

/* --- the three products --------------------------------------------------------------------------------------------------------------------- */
hl_status hl_dot(int32_t dtype, int64_t n, const void *x, int64_t xs, const void *y, int64_t ys, int32_t conj_x, void *out)
{
    const loops *l = loops_of(dtype);
    int t = n < SMALL_DOT ? -1 : type_of(dtype);
    int64_t part = blas.wide ? n : 1 << 30;
    if (t < 0 || xs < 0 || ys < 0 || xs % l->size || ys % l->size || xs == 0 || ys == 0 || !fits(xs / l->size) || !fits(ys / l->size) || n > part)
        l->dot(n, x, xs, y, ys, conj_x, out);
    else
        call_dot(t, n, x, xs / l->size, y, ys / l->size, conj_x, out);
    return 0;
}

/* Short products of contiguous vectors: eight sums side by side, as wide registers hold them. */
#define SHORT_DOT(T)                                                                                                   \
    static T short_dot_##T(int64_t n, const T *x, const T *y)                                                          \
    {                                                                                                                  \
        T sums[8] = {0};                                                                                               \
        int64_t j = 0;                                                                                                 \
        for (; j + 8 <= n; j += 8)                                                                                     \
            for (int k = 0; k < 8; k++)                                                                                \
                sums[k] += x[j + k] * y[j + k];                                                                        \
        for (int k = 0; j + k < n; k++)                                                                                \
            sums[k] += x[j + k] * y[j + k];                                                                            \
        return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));              \
    }
SHORT_DOT(float)
SHORT_DOT(double)

double hl_dot_f64(int64_t n, const void *x, int64_t xs, const void *y, int64_t ys)
{
    if (n < SMALL_DOT && xs == sizeof(double) && ys == sizeof(double))
        return short_dot_double(n, x, y);
    double out;
    hl_dot(NPY_DOUBLE, n, x, xs, y, ys, 0, &out);
    return out;
}

float hl_dot_f32(int64_t n, const void *x, int64_t xs, const void *y, int64_t ys)
{
    if (n < SMALL_DOT && xs == sizeof(float) && ys == sizeof(float))
        return short_dot_float(n, x, y);
    float out;
    hl_dot(NPY_FLOAT, n, x, xs, y, ys, 0, &out);
    return out;
}

/* A vector that BLAS can step along, or a copy. */
static const char *as_vector(const void *x, int64_t n, int64_t *stride, int size, void **copy)
{
    if (n <= 1)
        *stride = size;
    if (*stride > 0 && *stride % size == 0 && fits(*stride / size)) {
        *stride /= size;
        return x;
    }
    matrix m = {0};
    if (!copy_matrix(&m, x, n, 1, *stride, 0, size))
        return NULL;
    *copy = m.copy;
    *stride = 1;
    return m.at;
}

hl_status hl_gemv(int32_t dtype, int64_t m, int64_t n, const void *a, int64_t as0, int64_t as1, const void *x, int64_t xs, void *y, int64_t ys)
{
    const loops *l = loops_of(dtype);
    int t = m * n < SMALL_PRODUCT ? -1 : type_of(dtype);
    matrix am = {0};
    void *copy = NULL;
    if (t >= 0 && ys > 0 && ys % l->size == 0 && fits(m) && fits(n) && fits(ys / l->size)) {
        const char *v = as_vector(x, n, &xs, l->size, &copy);
        bool ok = v && as_matrix(&am, a, m, n, as0, as1, l->size);
        if (ok && fits(am.ld))
            call_gemv(t, m, n, &am, v, xs, y, ys / l->size);
        hl_free(am.copy);
        hl_free(copy);
        return ok ? 0 : no_memory();
    }
    for (int64_t i = 0; i < m; i++)
        l->dot(n, (const char *)a + i * as0, as1, x, xs, 0, (char *)y + i * ys);
    return 0;
}

/* The lower triangle of c is made the upper one's mirror image, a tile at a time: a column touches a line of the cache per item. */
#define MIRROR(T)                                                                                                      \
    static void mirror_##T(T *c, int64_t n, int64_t ldc)                                                               \
    {                                                                                                                  \
        enum { TILE = 16 };                                                                                            \
        for (int64_t i0 = 0; i0 < n; i0 += TILE)                                                                       \
            for (int64_t j0 = i0; j0 < n; j0 += TILE)                                                                  \
                for (int64_t i = i0; i < n && i < i0 + TILE; i++)                                                      \
                    for (int64_t j = j0 > i ? j0 : i + 1; j < n && j < j0 + TILE; j++)                                 \
                        c[j * ldc + i] = c[i * ldc + j];                                                               \
    }
MIRROR(float)
MIRROR(double)
MIRROR(cfloat)
MIRROR(cdouble)

static void mirror(int t, void *c, int64_t n, int64_t ldc)
{
    switch (t) {
    case S: mirror_float(c, n, ldc); break;
    case D: mirror_double(c, n, ldc); break;
    case C: mirror_cfloat(c, n, ldc); break;
    default: mirror_cdouble(c, n, ldc); break;
    }
}

static hl_status blas_gemm(int t, int size, int64_t m, int64_t n, int64_t k, const void *a, int64_t as0, int64_t as1, const void *b, int64_t bs0,
                           int64_t bs1, char *c, int64_t cs0, int64_t cs1)
{
    matrix am = {0}, bm = {0};
    char *rows = c;
    int64_t ldc = m == 1 ? n : cs0 / size;
    bool direct = (cs1 == size || n == 1) && (m == 1 || (cs0 >= n * size && cs0 % size == 0));
    bool own = a == b && m == n && as0 == bs1 && as1 == bs0; /* A A': symmetric, half of it is computed */
    bool ok = as_matrix(&am, a, m, k, as0, as1, size) && (own || as_matrix(&bm, b, k, n, bs0, bs1, size));
    if (ok && !direct) {
        ldc = n;
        ok = (rows = hl_malloc((size_t)(m * n) * (size_t)size)) != NULL;
    }
    if (ok) {
        if (own) call_syrk(t, n, k, &am, rows, ldc), mirror(t, rows, n, ldc);
        else call_gemm(t, m, n, k, &am, &bm, rows, ldc);
        for (int64_t i = 0; !direct && i < m; i++)
            for (int64_t j = 0; j < n; j++)
                memcpy(c + i * cs0 + j * cs1, rows + (i * n + j) * size, (size_t)size);
    }
    if (!direct)
        hl_free(rows);
    hl_free(am.copy);
    hl_free(bm.copy);
    return ok ? 0 : no_memory();
}

hl_status hl_gemm(int32_t dtype, int64_t m, int64_t n, int64_t k, const void *a, int64_t as0, int64_t as1, const void *b, int64_t bs0, int64_t bs1, void *c,
                  int64_t cs0, int64_t cs1)
{
    const loops *l = loops_of(dtype);
    int t = m * n * k < SMALL_PRODUCT ? -1 : type_of(dtype);
    if (t < 0 || !fits(m) || !fits(n) || !fits(k)) {
        l->gemm(m, n, k, a, as0, as1, b, bs0, bs1, c, cs0, cs1);
        return 0;
    }
    bool columns = cs0 == l->size && cs1 != l->size; /* C in Fortran order: its transpose is B' A' in C order */
    return columns ? blas_gemm(t, l->size, n, m, k, b, bs1, bs0, a, as1, as0, c, cs1, cs0)
                   : blas_gemm(t, l->size, m, n, k, a, as0, as1, b, bs0, bs1, c, cs0, cs1);
}
