/* NumPy's and mathematics' share of the runtime: sorting, random numbers, linear algebra, scalar helpers.
 *
 *   dtype     a NumPy type number: NPY_BOOL … NPY_ULONGLONG, NPY_FLOAT, NPY_DOUBLE, NPY_CFLOAT, NPY_CDOUBLE
 *   stride    bytes from one item to the next; may be negative or zero; items may lie on any address
 *   NaN       is larger than every number, and NaNs are equal (NumPy's sort order); complex numbers are ordered by real, then
 *             imaginary part
 * Functions that return hl_status fail only with MemoryError unless said otherwise; the others cannot fail.
 */
#ifndef HL_RT_NUMPY_H
#define HL_RT_NUMPY_H
#include "rt.h"

/* --- sort.c ----------------------------------------------------------------------------------------------------------- */
HL_API hl_status hl_sort(void *data, int64_t n, int64_t stride, int32_t dtype); /* ascending, in place */
HL_API hl_status hl_argsort(const void *data, int64_t n, int64_t stride, int32_t dtype, int64_t *out); /* stable; out is contiguous */
/* Each kth (0 <= kth[j] < n, contiguous) is where sorting would put it, smaller ones before, larger ones behind. */
HL_API hl_status hl_partition(void *data, int64_t n, int64_t stride, int32_t dtype, const int64_t *kth, int64_t nkth);
HL_API hl_status hl_argpartition(const void *data, int64_t n, int64_t stride, int32_t dtype, const int64_t *kth, int64_t nkth, int64_t *out);
/* Where to insert each of the nv values v into sorted a (same dtype); right: behind equal ones. */
HL_API void hl_searchsorted(const void *a, int64_t n, int64_t stride, const void *v, int64_t nv, int64_t vstride, int32_t dtype,
                            int32_t right, int64_t *out);
/* Sorts n items already copied into `data` (contiguous) and moves the distinct ones to the front; how many. -1: MemoryError */
HL_API int64_t hl_unique(void *data, int64_t n, int32_t dtype);

/* --- random.c: NumPy's legacy RandomState streams; one state per thread, seeded from the system until hl_random_seed --------- */
typedef enum hl_dist { /* parameters a, b, c in the order of np.random's arguments */
    HL_DIST_RANDOM, HL_DIST_UNIFORM, HL_DIST_STANDARD_NORMAL, HL_DIST_NORMAL, HL_DIST_STANDARD_EXPONENTIAL, HL_DIST_EXPONENTIAL,
    HL_DIST_STANDARD_GAMMA, HL_DIST_GAMMA, HL_DIST_BETA, HL_DIST_CHISQUARE, HL_DIST_F, HL_DIST_STANDARD_T, HL_DIST_STANDARD_CAUCHY,
    HL_DIST_LAPLACE, HL_DIST_LOGISTIC, HL_DIST_LOGNORMAL, HL_DIST_GUMBEL, HL_DIST_PARETO, HL_DIST_POWER, HL_DIST_RAYLEIGH,
    HL_DIST_WEIBULL, HL_DIST_WALD, HL_DIST_VONMISES, HL_DIST_TRIANGULAR,
    HL_DIST_COUNT
} hl_dist;
typedef enum hl_idist { /* the ones that give integers */
    HL_IDIST_POISSON, HL_IDIST_BINOMIAL, HL_IDIST_GEOMETRIC, HL_IDIST_NEGATIVE_BINOMIAL, HL_IDIST_ZIPF, HL_IDIST_LOGSERIES,
    HL_IDIST_HYPERGEOMETRIC,
    HL_IDIST_COUNT
} hl_idist;
HL_API hl_status hl_random_seed(int64_t seed); /* ValueError unless 0 <= seed < 2**32 */
/* n numbers into contiguous out; ValueError for parameters that NumPy refuses. */
HL_API hl_status hl_random_fill(int32_t dist, double a, double b, double c, int64_t n, double *out);
HL_API hl_status hl_random_fill_int(int32_t idist, double a, double b, double c, int64_t n, int64_t *out);
HL_API double hl_random_double(void);          /* np.random.random(), alone */
HL_API double hl_random_gauss(void);           /* np.random.standard_normal(), alone */
/* np.random.randint(low, high): low <= x < high, n numbers into out of the integer dtype (NPY_INT64 by default); ValueError */
HL_API hl_status hl_random_ints(int64_t low, int64_t high, int64_t n, int32_t dtype, void *out);
/* Shuffles n rows of rowbytes contiguous bytes each, stride bytes apart. */
HL_API hl_status hl_random_shuffle(void *data, int64_t n, int64_t stride, int64_t rowbytes);
HL_API void hl_random_permutation(int64_t n, int64_t *out); /* of 0 … n-1: np.random.permutation(n) */
/* Python's random module: a state of its own per thread. */
HL_API void hl_pyrandom_seed(int64_t seed);
HL_API double hl_pyrandom_random(void);
HL_API double hl_pyrandom_gauss(double mu, double sigma);
HL_API double hl_pyrandom_normal(double mu, double sigma);
HL_API double hl_pyrandom_log(void);          /* -log(1 - random()) */
HL_API void hl_pyrandom_shuffle(hl_list *l);
HL_API hl_status hl_pyrandom_randrange(int64_t low, int64_t high, int64_t *out); /* low <= x < high; ValueError when empty */

/* --- blas.c: dtype as above, integers included; strides in bytes, any -------------------------------------------------------- */
HL_API void *hl_lapack(const char *name, bool *wide); /* Fortran routine "dgesv" of that library, or NULL; wide: its integers have 64 bits */
HL_API void hl_blas_use(const char *path);     /* a library that NumPy or SciPy ships; the binding passes it once */
HL_API hl_status hl_dot(int32_t dtype, int64_t n, const void *x, int64_t xs, const void *y, int64_t ys, int32_t conj_x, void *out);
HL_API double hl_dot_f64(int64_t n, const void *x, int64_t xs, const void *y, int64_t ys); /* aligned items; cannot fail */
HL_API double hl_replace_special(double x, double nan, double posinf, double neginf); /* nan_to_num of a number */
HL_API float hl_dot_f32(int64_t n, const void *x, int64_t xs, const void *y, int64_t ys);
/* y = A x, A is m by n */
HL_API hl_status hl_gemv(int32_t dtype, int64_t m, int64_t n, const void *a, int64_t as0, int64_t as1, const void *x, int64_t xs,
                         void *y, int64_t ys);
/* C = A B, A is m by k, B is k by n; C must not overlap A or B */
HL_API hl_status hl_gemm(int32_t dtype, int64_t m, int64_t n, int64_t k, const void *a, int64_t as0, int64_t as1,
                         const void *b, int64_t bs0, int64_t bs1, void *c, int64_t cs0, int64_t cs1);

/* --- math.c ------------------------------------------------------------------------------------------------------------- */
HL_API int64_t hl_int_pow(int64_t base, int64_t exp);        /* exp >= 0; wraps in 64 bits; unsigned operands alike */
HL_API double hl_float_mod(double a, double b);               /* Python's %, b != 0 */
HL_API double hl_float_floordiv(double a, double b);          /* Python's //, b != 0 */
HL_API double hl_np_float_mod(double a, double b);            /* NumPy's: any b */
HL_API double hl_np_float_floordiv(double a, double b);
HL_API double hl_round_digits(double x, int64_t ndigits);     /* round(x, ndigits), correctly rounded */
HL_API int64_t hl_int_round_digits(int64_t x, int64_t ndigits); /* round(int, ndigits) */
HL_API int64_t hl_gcd(int64_t a, int64_t b);
HL_API int64_t hl_isqrt(int64_t n);                           /* n >= 0 */
HL_API hl_status hl_lcm(int64_t a, int64_t b, int64_t *out);  /* OverflowError when it does not fit */
HL_API hl_status hl_factorial(int64_t n, int64_t *out);       /* ValueError n < 0; OverflowError n > 20 */
HL_API hl_status hl_comb(int64_t n, int64_t k, int64_t *out);
HL_API hl_status hl_perm(int64_t n, int64_t k, int64_t *out);
/* Complex functions: out[0], out[1] = f(re + i im), by the C library (C99 annex G); nothing raises. */
#define HL_CMATH(X) X(exp) X(log) X(sqrt) X(sin) X(cos) X(tan) X(sinh) X(cosh) X(tanh) X(asin) X(acos) X(atan) X(asinh) X(acosh) X(atanh)
#define X(f) HL_API void hl_cmath_##f(double re, double im, double *out);
HL_CMATH(X)
#undef X
HL_API void hl_cmath_log10(double re, double im, double *out);
HL_API void hl_cmath_pow(double ar, double ai, double br, double bi, double *out);   /* NumPy's: nothing raises */
HL_API hl_status hl_complex_pow(double ar, double ai, double br, double bi, double *out); /* Python's: ZeroDivisionError, OverflowError */
HL_API void hl_complex_div(double ar, double ai, double br, double bi, double *out); /* Smith's way, as CPython and NumPy do; b != 0 is the caller's care */
/* --- number.c ------------------------------------------------------------------------------------------------------------- */
HL_API void hl_float_to_int_error(double x);                  /* sets what int(x) raises for this x */
HL_API hl_status hl_int_pow_exact(int64_t base, int64_t exponent, int32_t is_signed, int64_t *out); /* exponent >= 0; OverflowError */
HL_API hl_status hl_int_pow_mod(int64_t base, int64_t exponent, int64_t modulus, int64_t *out); /* pow(base, exponent, modulus); ValueError */
HL_API uint64_t hl_unsigned_gcd(uint64_t a, uint64_t b);
HL_API double hl_nextafter_steps(double x, double y, int64_t steps); /* math.nextafter(x, y, steps=steps), steps >= 0 */
enum { HL_EXTREME_MAX = 1 << 24 }; /* hl_array_extreme */
#endif
