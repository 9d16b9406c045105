/* Integer helpers that need more than 64 bits on the way, and cold paths of conversions. */
#include "rt_numpy.h"
#include <math.h>

void hl_float_to_int_error(double x)
{
    hl_raise(isnan(x) ? HL_ERR_float_nan_int : isinf(x) ? HL_ERR_float_inf_int : HL_ERR_float_big_int, 0, 0);
}

/* a ** -1 modulo m > 0 by Euclid's algorithm; false when a and m have a common factor. */
static bool invert(__int128 a, __int128 m, __int128 *out)
{
    __int128 r = m, s = a % m, x = 0, y = 1;
    if (s < 0) s += m;
    while (s) {
        __int128 q = r / s, t = r - q * s;
        r = s, s = t;
        t = x - q * y, x = y, y = t;
    }
    *out = x < 0 ? x + m : x;
    return r == 1;
}

hl_status hl_int_pow_exact(int64_t base, int64_t exponent, int32_t is_signed, int64_t *out)
{
    bool bad = false;
    if (is_signed) {
        int64_t r = 1;
        for (uint64_t n = (uint64_t)exponent; n && !bad; n >>= 1) {
            if (n & 1) bad |= __builtin_mul_overflow(r, base, &r);
            if (n > 1) bad |= __builtin_mul_overflow(base, base, &base); /* it will be a factor */
        }
        *out = r;
    } else {
        uint64_t r = 1, b = (uint64_t)base;
        for (uint64_t n = (uint64_t)exponent; n && !bad; n >>= 1) {
            if (n & 1) bad |= __builtin_mul_overflow(r, b, &r);
            if (n > 1) bad |= __builtin_mul_overflow(b, b, &b);
        }
        *out = (int64_t)r;
    }
    if (bad) hl_raise(HL_ERR_int_overflow, 0, 0);
    return bad;
}

hl_status hl_int_pow_mod(int64_t base, int64_t exponent, int64_t modulus, int64_t *out)
{
    if (!modulus) return hl_raise(HL_ERR_powmod_zero, 0, 0), 1;
    __int128 m = modulus < 0 ? -(__int128)modulus : modulus, b = base % m, r = 1 % m;
    if (exponent < 0 && !invert(base, m, &b)) return hl_raise(HL_ERR_powmod_inverse, 0, 0), 1;
    if (b < 0) b += m;
    for (uint64_t n = exponent < 0 ? -(uint64_t)exponent : (uint64_t)exponent; n; n >>= 1) {
        if (n & 1) r = r * b % m;
        b = b * b % m;
    }
    *out = (int64_t)(modulus < 0 && r ? r + modulus : r); /* the sign of the modulus, as of % */
    return 0;
}

uint64_t hl_unsigned_gcd(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t r = a % b;
        a = b, b = r;
    }
    return a;
}

/* Floats of one sign are ordered as their bit patterns are; negative ones are mirrored below zero. */
static int64_t rank_of(double x)
{
    union { double f; int64_t i; } u = {x};
    return u.i < 0 ? -(u.i & INT64_MAX) : u.i;
}

double hl_nextafter_steps(double x, double y, int64_t steps)
{
    if (steps == 0) return x;
    if (isnan(x) || isnan(y)) return x + y;
    int64_t from = rank_of(x), to = rank_of(y);
    if (x == y) return y;
    uint64_t distance = from < to ? (uint64_t)to - (uint64_t)from : (uint64_t)from - (uint64_t)to;
    if ((uint64_t)steps >= distance) return y;
    int64_t r = from < to ? from + steps : from - steps;
    union { int64_t i; double f; } u = {r < 0 ? -r | INT64_MIN : r};
    return r == 0 && from < 0 ? -0.0 : u.f;
}
