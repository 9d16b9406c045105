/* Scalar arithmetic whose exact rules are CPython's or NumPy's, too long to be worth emitting.
 *
 * Sources: CPython Objects/floatobject.c (divmod, round), Objects/complexobject.c (division, power), NumPy's npy_math
 * (divmod of floats, complex power).  Complex elementary functions are the C library's, whose special cases (C99 annex G) both follow.
 */
#include "rt_numpy.h"
#include <complex.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef CMPLX /* glibc defines it for gcc alone */
#define CMPLX(re, im) __builtin_complex((double)(re), (double)(im))
#endif

/* --- integers ------------------------------------------------------------------------------------------------------------- */
int64_t hl_int_pow(int64_t base, int64_t exp)
{
    uint64_t b = (uint64_t)base, r = 1;
    for (uint64_t e = (uint64_t)exp; e; e >>= 1, b *= b)
        if (e & 1)
            r *= b;
    return (int64_t)r;
}

/* Binary algorithm of Stein. */
int64_t hl_gcd(int64_t a, int64_t b)
{
    uint64_t x = a < 0 ? -(uint64_t)a : (uint64_t)a, y = b < 0 ? -(uint64_t)b : (uint64_t)b;
    if (!x || !y)
        return (int64_t)(x | y);
    int shift = __builtin_ctzll(x | y);
    x >>= __builtin_ctzll(x);
    while (y) {
        y >>= __builtin_ctzll(y);
        uint64_t small = x < y ? x : y;
        y = x < y ? y - x : x - y;
        x = small;
    }
    return (int64_t)(x << shift);
}

int64_t hl_isqrt(int64_t n)
{
    int64_t r = (int64_t)sqrt((double)n);
    while (r > 0 && (uint64_t)r * (uint64_t)r > (uint64_t)n)
        r--;
    while ((uint64_t)(r + 1) * (uint64_t)(r + 1) <= (uint64_t)n)
        r++;
    return r;
}

static hl_status too_big(void)
{
    hl_raise(HL_ERR_int_overflow, 0, 0);
    return 1;
}

hl_status hl_lcm(int64_t a, int64_t b, int64_t *out)
{
    int64_t g = hl_gcd(a, b);
    *out = 0;
    if (!g || !a || !b)
        return 0;
    if (__builtin_mul_overflow(a / g, b, out) || *out == INT64_MIN)
        return too_big();
    if (*out < 0)
        *out = -*out;
    return 0;
}

hl_status hl_factorial(int64_t n, int64_t *out)
{
    *out = 1;
    if (n < 0) {
        hl_raise(HL_ERR_factorial_neg, 0, 0);
        return 1;
    }
    if (n > 20)
        return too_big();
    for (int64_t k = 2; k <= n; k++)
        *out *= k;
    return 0;
}

static hl_status choose_args(int64_t n, int64_t k)
{
    if (n >= 0 && k >= 0)
        return 0;
    hl_raise(n < 0 ? HL_ERR_comb_n : HL_ERR_comb_k, 0, 0);
    return 1;
}

hl_status hl_comb(int64_t n, int64_t k, int64_t *out)
{
    *out = 0;
    if (choose_args(n, k))
        return 1;
    if (k > n)
        return 0;
    if (k > n - k)
        k = n - k;
    unsigned __int128 r = 1;
    for (int64_t j = 1; j <= k; j++) {
        r = r * (unsigned __int128)(n - k + j) / (unsigned __int128)j; /* exact: a product of j consecutive numbers */
        if (r > INT64_MAX)
            return too_big();
    }
    *out = (int64_t)r;
    return 0;
}

hl_status hl_perm(int64_t n, int64_t k, int64_t *out)
{
    *out = 0;
    if (choose_args(n, k))
        return 1;
    if (k > n)
        return 0;
    *out = 1;
    for (int64_t j = 0; j < k; j++)
        if (__builtin_mul_overflow(*out, n - j, out))
            return too_big();
    return 0;
}

/* To a multiple of 10**-ndigits, half to even. */
int64_t hl_int_round_digits(int64_t x, int64_t ndigits)
{
    if (ndigits >= 0)
        return x;
    if (ndigits < -19)
        return 0;
    unsigned __int128 p = 1, v = x < 0 ? -(unsigned __int128)(__int128)x : (unsigned __int128)x;
    for (int64_t k = ndigits; k < 0; k++)
        p *= 10;
    unsigned __int128 q = v / p, rest = v % p * 2;
    if (rest > p || (rest == p && (q & 1)))
        q++;
    uint64_t r = (uint64_t)(q * p);
    return (int64_t)(x < 0 ? -r : r);
}

/* --- floats -------------------------------------------------------------------------------------------------------------------- */
double hl_float_mod(double a, double b)
{
    double mod = fmod(a, b);
    if (mod == 0)
        return copysign(0.0, b);
    return (b < 0) != (mod < 0) ? mod + b : mod; /* NaN goes through */
}

double hl_float_floordiv(double a, double b)
{
    double mod = fmod(a, b), div = (a - mod) / b;
    if (mod != 0 && (b < 0) != (mod < 0))
        div -= 1.0;
    if (div == 0)
        return copysign(0.0, a / b);
    double f = floor(div);
    return div - f > 0.5 ? f + 1.0 : f;
}

double hl_np_float_mod(double a, double b) { return b == 0 ? fmod(a, b) : hl_float_mod(a, b); }
double hl_np_float_floordiv(double a, double b) { return b == 0 ? a / b : hl_float_floordiv(a, b); }

/* The decimal digits of x up to 10**-ndigits, ndigits < 0, rounded half to even on the exact value. */
static double round_tens(double x, int n)
{
    char digits[400];
    int len = snprintf(digits, sizeof digits, "%.0f", fabs(x)); /* exact: x is an integer or has |x| < 2**53 ... */
    bool sticky = fabs(x) != floor(fabs(x));                    /* ... and a fraction, which only breaks ties upwards */
    if (sticky)
        len = snprintf(digits, sizeof digits, "%.0f", floor(fabs(x)));
    if (n > len)
        return copysign(0.0, x);
    char cut = digits[len - n];
    for (int k = len - n + 1; k < len && !sticky; k++)
        sticky = digits[k] != '0';
    bool odd = n < len && (digits[len - n - 1] & 1), up = cut > '5' || (cut == '5' && (sticky || odd));
    memset(digits + len - n, '0', (size_t)n);
    double r = n == len ? 0 : strtod(digits, NULL);
    if (up) { /* one more unit of the last place that is kept, added in decimal */
        int k = len - n - 1;
        while (k >= 0 && digits[k] == '9')
            digits[k--] = '0';
        if (k >= 0) {
            digits[k]++;
            r = strtod(digits, NULL);
        } else {
            memmove(digits + 1, digits, (size_t)len + 1);
            digits[0] = '1';
            r = strtod(digits, NULL);
        }
    }
    return copysign(r, x);
}

double hl_round_digits(double x, int64_t ndigits)
{
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (!isfinite(x) || x == 0 || ndigits > 323)
        return x;
    if (ndigits < -308)
        return 0.0 * x;
    if (ndigits < 0)
        return round_tens(x, (int)-ndigits);
    if (ndigits <= 22) {
        /* Away from ties the nearest integer to x * 10**n is certain, and its quotient by the exact power is correctly rounded. */
        double t = x * tens[ndigits], r = rint(t);
        if (fabs(t) < 0x1p52 && fabs(fabs(t - r) - 0.5) > fabs(t) * 0x1p-51)
            return copysign(fabs(r) / tens[ndigits], x);
    }
    char text[800];
    snprintf(text, sizeof text, "%.*f", (int)ndigits, x); /* correctly rounded, ties on the exact value to even */
    return strtod(text, NULL);
}

/* --- complex numbers ------------------------------------------------------------------------------------------------------------ */
static inline void put(double *out, double complex z) { out[0] = creal(z), out[1] = cimag(z); }

#define X(f) void hl_cmath_##f(double re, double im, double *out) { put(out, c##f(CMPLX(re, im))); }
HL_CMATH(X)
#undef X

void hl_cmath_log10(double re, double im, double *out)
{
    double complex z = clog(CMPLX(re, im));
    out[0] = creal(z) / 2.302585092994045684017991454684364208;
    out[1] = cimag(z) / 2.302585092994045684017991454684364208;
}

static void mul(double ar, double ai, double br, double bi, double *out)
{
    double re = ar * br - ai * bi, im = ar * bi + ai * br;
    out[0] = re, out[1] = im;
}

/* R. L. Smith's algorithm (CACM 5 (1962) 435); with b = 0 the quotients by zero that NumPy gives. */
void hl_complex_div(double ar, double ai, double br, double bi, double *out)
{
    double abs_br = fabs(br), abs_bi = fabs(bi);
    if (abs_br >= abs_bi) {
        if (abs_br == 0) {
            out[0] = ar / abs_br, out[1] = ai / abs_br;
            return;
        }
        double ratio = bi / br, denom = br + bi * ratio;
        out[0] = (ar + ai * ratio) / denom, out[1] = (ai - ar * ratio) / denom;
    } else if (abs_bi >= abs_br) {
        double ratio = br / bi, denom = br * ratio + bi;
        out[0] = (ar * ratio + ai) / denom, out[1] = (ai * ratio - ar) / denom;
    } else {
        out[0] = out[1] = NAN;
    }
}

static void powu(double ar, double ai, uint64_t n, double *out)
{
    double p[2] = {ar, ai};
    out[0] = 1, out[1] = 0;
    for (uint64_t mask = 1; n >= mask; mask <<= 1) {
        if (n & mask)
            mul(out[0], out[1], p[0], p[1], out);
        mul(p[0], p[1], p[0], p[1], p);
    }
}

void hl_cmath_pow(double ar, double ai, double br, double bi, double *out)
{
    if (br == 0 && bi == 0) {
        out[0] = 1, out[1] = 0;
        return;
    }
    if (ar == 0 && ai == 0) {
        out[0] = out[1] = br > 0 ? 0 : NAN;
        return;
    }
    if (bi == 0 && br == floor(br) && fabs(br) < 100) {
        int64_t n = (int64_t)br;
        if (n == 3) { /* NumPy multiplies from the right here */
            double sq[2];
            mul(ar, ai, ar, ai, sq);
            mul(ar, ai, sq[0], sq[1], out);
            return;
        }
        powu(ar, ai, (uint64_t)(n < 0 ? -n : n), out);
        if (n < 0)
            hl_complex_div(1, 0, out[0], out[1], out);
        return;
    }
    put(out, cpow(CMPLX(ar, ai), CMPLX(br, bi)));
}

hl_status hl_complex_pow(double ar, double ai, double br, double bi, double *out)
{
    bool zero = false;
    if (bi == 0 && br == floor(br) && fabs(br) <= 100) {
        powu(ar, ai, (uint64_t)fabs(br), out);
        if (br <= 0) {
            zero = out[0] == 0 && out[1] == 0;
            if (!zero)
                hl_complex_div(1, 0, out[0], out[1], out);
        }
    } else if (ar == 0 && ai == 0) {
        zero = bi != 0 || br < 0;
        out[0] = out[1] = 0;
    } else {
        double vabs = hypot(ar, ai), len = pow(vabs, br), at = atan2(ai, ar), phase = at * br;
        if (bi != 0) {
            len *= exp(-at * bi);
            phase += bi * log(vabs);
        }
        out[0] = len * cos(phase), out[1] = len * sin(phase);
    }
    if (!zero && !isinf(out[0]) && !isinf(out[1]))
        return 0;
    hl_raise(zero ? HL_ERR_zero_cpow : HL_ERR_range_cpow, 0, 0);
    return 1;
}
