/* Random numbers: NumPy's legacy streams (np.random.seed, rand, normal …) and Python's random module, number for number.
 *
 * Both stand on MT19937 (Matsumoto, Nishimura, ACM TOMACS 8 (1998)).  NumPy's RandomState promises never to change its
 * streams, so each distribution below makes the same draws and the same floating-point operations in the same order as NumPy:
 * polar normals with the second one kept (Marsaglia), gamma by Marsaglia and Tsang (2000), binomial by BTPE (random_binomial.c),
 * Poisson by PTRS (Hörmann 1993), hypergeometric by HRUA (Stadlober 1989), zipf by Devroye's rejection.
 *
 * Compiled code has its own state, one per thread and per module (NumPy, Python), seeded from the system until a seed is given.
 */
#include "gil.h"
#include "random.h"
#include <math.h>
#include <numpy/ndarraytypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static __thread hl_mt np_state, py_state;

/* --- the generator ------------------------------------------------------------------------------------------------------------ */
void hl_mt_refill(hl_mt *s)
{
    uint32_t *k = s->key;
#define TWIST(i, next, far)                                                                                            \
    do {                                                                                                               \
        uint32_t y = (k[i] & 0x80000000u) | (k[next] & 0x7fffffffu);                                                   \
        k[i] = k[far] ^ (y >> 1) ^ (-(y & 1) & 0x9908b0dfu);                                                           \
    } while (0)
    for (int i = 0; i < 624 - 397; i++)
        TWIST(i, i + 1, i + 397);
    for (int i = 624 - 397; i < 623; i++)
        TWIST(i, i + 1, i + 397 - 624);
    TWIST(623, 0, 396);
#undef TWIST
    s->pos = 0;
}

static void seed_word(hl_mt *s, uint32_t seed)
{
    for (uint32_t k = 0; k < 624; k++) {
        s->key[k] = seed;
        seed = 1812433253u * (seed ^ (seed >> 30)) + k + 1;
    }
    s->pos = 624;
    s->has_gauss = false;
    s->ready = true;
}

static void seed_words(hl_mt *s, const uint32_t *init, size_t n)
{
    uint32_t *k = s->key;
    size_t i = 1, j = 0;
    seed_word(s, 19650218u);
    for (size_t c = n > 624 ? n : 624; c; c--) {
        k[i] = (k[i] ^ ((k[i - 1] ^ (k[i - 1] >> 30)) * 1664525u)) + init[j] + (uint32_t)j;
        if (++i == 624)
            k[0] = k[623], i = 1;
        if (++j == n)
            j = 0;
    }
    for (int c = 623; c; c--) {
        k[i] = (k[i] ^ ((k[i - 1] ^ (k[i - 1] >> 30)) * 1566083941u)) - (uint32_t)i;
        if (++i == 624)
            k[0] = k[623], i = 1;
    }
    k[0] = 0x80000000u;
}

static hl_mt *ready(hl_mt *s)
{
    if (__builtin_expect(!s->ready, 0)) {
        uint32_t entropy[16] = {0};
        if (getentropy(entropy, sizeof entropy)) /* no such source: addresses and a constant are better than one stream for all */
            entropy[0] = (uint32_t)(uintptr_t)s, entropy[1] = (uint32_t)((uintptr_t)s >> 32), entropy[2] = 0x9e3779b9u;
        seed_words(s, entropy, 16);
    }
    return s;
}

hl_mt *hl_random_state(void) { return ready(&np_state); }

hl_status hl_random_seed(int64_t seed)
{
    if (seed < 0 || seed > UINT32_MAX) {
        hl_raise(HL_ERR_seed_range, 0, 0);
        return 1;
    }
    seed_word(&np_state, (uint32_t)seed);
    return 0;
}

/* --- continuous distributions --------------------------------------------------------------------------------------------------- */
#define DOUBLE() hl_mt_double(s)

static double gauss(hl_mt *s)
{
    double x1, x2, r2;
    if (s->has_gauss) {
        s->has_gauss = false;
        return s->gauss;
    }
    do {
        x1 = 2.0 * DOUBLE() - 1.0;
        x2 = 2.0 * DOUBLE() - 1.0;
        r2 = x1 * x1 + x2 * x2;
    } while (r2 >= 1.0 || r2 == 0.0);
    double f = sqrt(-2.0 * log(r2) / r2);
    s->gauss = f * x1;
    s->has_gauss = true;
    return f * x2;
}

static double expo(hl_mt *s) { return -log(1.0 - DOUBLE()); }

static double gamma_below_one(hl_mt *s, double shape)
{
    for (;;) {
        double u = DOUBLE(), v = expo(s);
        if (u <= 1.0 - shape) {
            double x = pow(u, 1. / shape);
            if (x <= v)
                return x;
        } else {
            double y = -log((1 - u) / shape), x = pow(1.0 - shape + shape * y, 1. / shape);
            if (x <= v + y)
                return x;
        }
    }
}

static double std_gamma(hl_mt *s, double shape)
{
    if (shape == 1.0)
        return expo(s);
    if (shape == 0.0)
        return 0.0;
    if (shape < 1.0)
        return gamma_below_one(s, shape);
    double b = shape - 1. / 3., c = 1. / sqrt(9 * b);
    for (;;) {
        double x, v;
        do {
            x = gauss(s);
            v = 1.0 + c * x;
        } while (v <= 0.0);
        v = v * v * v;
        double u = DOUBLE();
        if (u < 1.0 - 0.0331 * (x * x) * (x * x))
            return b * v;
        if (log(u) < 0.5 * x * x + b * (1. - v + log(v)))
            return b * v;
    }
}

double hl_random_std_gamma(hl_mt *s, double shape) { return std_gamma(s, shape); }

typedef double (*draw_fn)(hl_mt *s, double a, double b, double c);
#define DRAW(name) static double draw_##name(hl_mt *s, double a, double b, double c)

DRAW(random) { return DOUBLE(); }
DRAW(uniform) { return a + (b - a) * DOUBLE(); }
DRAW(standard_normal) { return gauss(s); }
DRAW(normal) { return a + b * gauss(s); }
DRAW(standard_exponential) { return expo(s); }
DRAW(exponential) { return a * expo(s); }
DRAW(standard_gamma) { return std_gamma(s, a); }
DRAW(gamma) { return b * std_gamma(s, a); }
DRAW(chisquare) { return 2.0 * std_gamma(s, a / 2.0); }

DRAW(f)
{
    double num = draw_chisquare(s, a, 0, 0) * b;
    return num / (draw_chisquare(s, b, 0, 0) * a);
}

DRAW(standard_t)
{
    double num = gauss(s), denom = std_gamma(s, a / 2);
    return sqrt(a / 2) * num / sqrt(denom);
}

DRAW(standard_cauchy)
{
    double num = gauss(s);
    return num / gauss(s);
}

DRAW(beta)
{
    if (a > 1.0 || b > 1.0) {
        double ga = std_gamma(s, a), gb = std_gamma(s, b);
        return ga / (ga + gb);
    }
    for (;;) { /* Jöhnk */
        double u = DOUBLE(), v = DOUBLE(), x = pow(u, 1.0 / a), y = pow(v, 1.0 / b);
        if (x + y > 1.0)
            continue;
        if (x + y > 0)
            return x / (x + y);
        double lx = log(u) / a, ly = log(v) / b, m = lx > ly ? lx : ly;
        lx -= m;
        ly -= m;
        return exp(lx - log(exp(lx) + exp(ly)));
    }
}

DRAW(laplace)
{
    double u;
    do
        u = DOUBLE();
    while (u == 0.0);
    return u >= 0.5 ? a - b * log(2.0 - u - u) : a + b * log(u + u);
}

DRAW(logistic)
{
    double u;
    do
        u = DOUBLE();
    while (u == 0.0);
    return a + b * log(u / (1.0 - u));
}

DRAW(gumbel)
{
    double u;
    do
        u = 1.0 - DOUBLE();
    while (u == 1.0);
    return a - b * log(-log(u));
}

DRAW(lognormal) { return exp(a + b * gauss(s)); }
DRAW(pareto) { return exp(expo(s) / a) - 1; }
DRAW(power) { return pow(1 - exp(-expo(s)), 1. / a); }
DRAW(rayleigh) { return a * sqrt(-2.0 * log1p(-DOUBLE())); }
DRAW(weibull) { return a == 0.0 ? 0.0 : pow(expo(s), 1. / a); }

DRAW(wald)
{
    double mu_2l = a / (2 * b), y = gauss(s);
    y = a * y * y;
    double x = a + mu_2l * (y - sqrt(4 * b * y + y * y)), u = DOUBLE();
    return u <= a / (a + x) ? x : a * a / x;
}

DRAW(vonmises) /* Best and Fisher (1979) */
{
    if (isnan(b))
        return NAN;
    if (b < 1e-8)
        return M_PI * (2 * DOUBLE() - 1);
    double r = 1 + sqrt(1 + 4 * b * b), rho = (r - sqrt(2 * r)) / (2 * b), w;
    double t = b < 1e-5 ? 1. / b + b : (1 + rho * rho) / (2 * rho);
    for (;;) {
        double u = DOUBLE(), z = cos(M_PI * u);
        w = (1 + t * z) / (t + z);
        double y = b * (t - w), v = DOUBLE();
        if (y * (2 - y) - v >= 0 || log(y / v) + 1 - y >= 0)
            break;
    }
    double u = DOUBLE(), angle = acos(w);
    angle = (u < 0.5 ? -angle : angle) + a;
    double mod = fmod(fabs(angle) + M_PI, 2 * M_PI) - M_PI;
    return angle < 0 ? -mod : mod;
}

DRAW(triangular) /* a left, b mode, c right */
{
    double base = c - a, leftbase = b - a, ratio = leftbase / base, u = DOUBLE();
    return u <= ratio ? a + sqrt(u * (leftbase * base)) : c - sqrt((1.0 - u) * ((c - b) * base));
}

/* --- what NumPy accepts ------------------------------------------------------------------------------------------------------------- */
typedef struct hl_param {
    const char *name;
    char rule; /* 0 any, n not negative, p positive, u in [0, 1], g in (0, 1], l in [0, 1), 1 above 1, s from 1 on, L a Poisson mean, f finite range */
} hl_param;

static const char *violates(char rule, double x)
{
    switch (rule) {
    case 'n': return signbit(x) && x == x ? "%s < 0" : NULL;
    case 'p': return !(x > 0) ? "%s <= 0" : NULL;
    case 'u': return !(x >= 0) || !(x <= 1) ? "%s < 0, %s > 1 or %s is NaN" : NULL;
    case 'g': return !(x > 0) || !(x <= 1) ? "%s <= 0, %s > 1 or %s contains NaNs" : NULL;
    case 'l': return !(x >= 0) || !(x < 1) ? "%s < 0, %s >= 1 or %s is NaN" : NULL;
    case 's': return !(x >= 1) ? "%s < 1 or %s is NaN" : NULL;
    case '1': return !(x > 1) ? "%s <= 1 or %s is NaN" : NULL;
    case 'L': return !(x >= 0) ? "%s < 0 or %s is NaN" : x > 9.2233720064847708e+18 ? "%s value too large" : NULL;
    default: return NULL;
    }
}

static hl_status refuse(PyObject *cls, const char *text, const char *name)
{
    hl_gil g = hl_gil_take();
    char buf[128];
    PyOS_snprintf(buf, sizeof buf, text, name, name, name);
    PyErr_SetString(cls, buf);
    hl_gil_give(g);
    return 1;
}

static hl_status check(const hl_param *p, const double *x)
{
    for (int k = 0; k < 3; k++) {
        const char *text = violates(p[k].rule, x[k]);
        if (text)
            return refuse(PyExc_ValueError, text, p[k].name);
    }
    return 0;
}

static const struct hl_dist_row {
    draw_fn draw;
    hl_param params[3];
} dists[HL_DIST_COUNT] = {
    [HL_DIST_RANDOM] = {draw_random},
    [HL_DIST_UNIFORM] = {draw_uniform},
    [HL_DIST_STANDARD_NORMAL] = {draw_standard_normal},
    [HL_DIST_NORMAL] = {draw_normal, {{"loc", 0}, {"scale", 'n'}}},
    [HL_DIST_STANDARD_EXPONENTIAL] = {draw_standard_exponential},
    [HL_DIST_EXPONENTIAL] = {draw_exponential, {{"scale", 'n'}}},
    [HL_DIST_STANDARD_GAMMA] = {draw_standard_gamma, {{"shape", 'n'}}},
    [HL_DIST_GAMMA] = {draw_gamma, {{"shape", 'n'}, {"scale", 'n'}}},
    [HL_DIST_BETA] = {draw_beta, {{"a", 'p'}, {"b", 'p'}}},
    [HL_DIST_CHISQUARE] = {draw_chisquare, {{"df", 'p'}}},
    [HL_DIST_F] = {draw_f, {{"dfnum", 'p'}, {"dfden", 'p'}}},
    [HL_DIST_STANDARD_T] = {draw_standard_t, {{"df", 'p'}}},
    [HL_DIST_STANDARD_CAUCHY] = {draw_standard_cauchy},
    [HL_DIST_LAPLACE] = {draw_laplace, {{"loc", 0}, {"scale", 'n'}}},
    [HL_DIST_LOGISTIC] = {draw_logistic, {{"loc", 0}, {"scale", 'n'}}},
    [HL_DIST_LOGNORMAL] = {draw_lognormal, {{"mean", 0}, {"sigma", 'n'}}},
    [HL_DIST_GUMBEL] = {draw_gumbel, {{"loc", 0}, {"scale", 'n'}}},
    [HL_DIST_PARETO] = {draw_pareto, {{"a", 'p'}}},
    [HL_DIST_POWER] = {draw_power, {{"a", 'p'}}},
    [HL_DIST_RAYLEIGH] = {draw_rayleigh, {{"scale", 'n'}}},
    [HL_DIST_WEIBULL] = {draw_weibull, {{"a", 'n'}}},
    [HL_DIST_WALD] = {draw_wald, {{"mean", 'p'}, {"scale", 'p'}}},
    [HL_DIST_VONMISES] = {draw_vonmises, {{"mu", 0}, {"kappa", 'n'}}},
    [HL_DIST_TRIANGULAR] = {draw_triangular},
};

static hl_status check_ranges(int32_t dist, double a, double b, double c)
{
    if (dist == HL_DIST_UNIFORM && !isfinite(b - a))
        return refuse(PyExc_OverflowError, "Range exceeds valid bounds", "");
    if (dist != HL_DIST_TRIANGULAR)
        return 0;
    if (a > b)
        return refuse(PyExc_ValueError, "left > mode", "");
    if (b > c)
        return refuse(PyExc_ValueError, "mode > right", "");
    return a == c ? refuse(PyExc_ValueError, "left == right", "") : 0;
}

hl_status hl_random_fill(int32_t dist, double a, double b, double c, int64_t n, double *out)
{
    const struct hl_dist_row *row = &dists[dist];
    hl_mt *s = hl_random_state();
    if (check(row->params, (double[]){a, b, c}) || check_ranges(dist, a, b, c))
        return 1;
    switch (dist) { /* the frequent ones without a call for each number */
    case HL_DIST_RANDOM:
        for (int64_t k = 0; k < n; k++)
            out[k] = DOUBLE();
        break;
    case HL_DIST_STANDARD_NORMAL:
    case HL_DIST_NORMAL: {
        double loc = dist == HL_DIST_NORMAL ? a : 0, scale = dist == HL_DIST_NORMAL ? b : 1;
        for (int64_t k = 0; k < n; k++)
            out[k] = loc + scale * gauss(s);
        break;
    }
    default:
        for (int64_t k = 0; k < n; k++)
            out[k] = row->draw(s, a, b, c);
    }
    return 0;
}

double hl_random_double(void) { return hl_mt_double(hl_random_state()); }
double hl_random_gauss(void) { return gauss(hl_random_state()); }

/* --- integers ---------------------------------------------------------------------------------------------------------------------------- */
static const struct hl_idist_row {
    int64_t (*draw)(hl_mt *s, double a, double b, double c);
    hl_param params[3];
} idists[HL_IDIST_COUNT] = {
    [HL_IDIST_POISSON] = {hl_draw_poisson, {{"lam", 'L'}}},
    [HL_IDIST_BINOMIAL] = {hl_draw_binomial, {{"n", 'n'}, {"p", 'u'}}},
    [HL_IDIST_GEOMETRIC] = {hl_draw_geometric, {{"p", 'g'}}},
    [HL_IDIST_NEGATIVE_BINOMIAL] = {hl_draw_negative_binomial, {{"n", 'p'}, {"p", 'g'}}},
    [HL_IDIST_ZIPF] = {hl_draw_zipf, {{"a", '1'}}},
    [HL_IDIST_LOGSERIES] = {hl_draw_logseries, {{"p", 'l'}}},
    [HL_IDIST_HYPERGEOMETRIC] = {hl_draw_hypergeometric, {{"ngood", 'n'}, {"nbad", 'n'}, {"nsample", 's'}}},
};

hl_status hl_random_fill_int(int32_t idist, double a, double b, double c, int64_t n, int64_t *out)
{
    const struct hl_idist_row *row = &idists[idist];
    hl_mt *s = hl_random_state();
    if (check(row->params, (double[]){a, b, c}))
        return 1;
    if (idist == HL_IDIST_HYPERGEOMETRIC && a + b < c)
        return refuse(PyExc_ValueError, "ngood + nbad < nsample", "");
    for (int64_t k = 0; k < n; k++)
        out[k] = row->draw(s, a, b, c);
    return 0;
}

static uint64_t mask_for(uint64_t max) { return max ? UINT64_MAX >> __builtin_clzll(max) : 0; }

/* 0 … max by masked rejection, with as few 32-bit draws as fit. */
static uint64_t interval(hl_mt *s, uint64_t max)
{
    uint64_t mask = mask_for(max), v;
    if (!max)
        return 0;
    if (max <= UINT32_MAX) {
        while ((v = hl_mt_word(s) & mask) > max)
            ;
        return v;
    }
    do {
        v = (uint64_t)hl_mt_word(s) << 32;
        v = (v | hl_mt_word(s)) & mask;
    } while (v > max);
    return v;
}

/* NumPy cuts one 32-bit draw into several of a narrow type, anew for each array. */
static void fill_narrow(hl_mt *s, int64_t low, uint64_t max, int64_t n, int bits, char *out)
{
    uint32_t mask = (uint32_t)mask_for(max), buf = 0, size = bits == 16 ? 2 : 1, v;
    int left = 0;
    for (int64_t k = 0; k < n; k++, out += size) {
        v = 0;
        while (max) { /* one possible value needs no draw */
            if (!left) {
                buf = hl_mt_word(s);
                left = 32 / bits;
            } else {
                buf >>= bits;
            }
            left--;
            v = buf & mask;
            if (v <= max)
                break;
        }
        uint32_t y = (uint32_t)low + v;
        memcpy(out, &y, size); /* little end first; big-endian machines are not supported by the slots either */
    }
}

static int narrow_bits(int32_t dtype)
{
    switch (dtype) {
    case NPY_BOOL: return 1;
    case NPY_BYTE: case NPY_UBYTE: return 8;
    case NPY_SHORT: case NPY_USHORT: return 16;
    case NPY_INT: case NPY_UINT: return 32;
    default: return 64;
    }
}

/* low and high - 1 must be items of the dtype, and there must be one between them. */
static hl_status refuse_range(int64_t low, int64_t high, int32_t dtype)
{
    static const struct { int32_t npy; const char *name; int64_t least, most; } ends[] = {
        {NPY_BOOL, "bool", 0, 1}, {NPY_BYTE, "int8", INT8_MIN, INT8_MAX}, {NPY_UBYTE, "uint8", 0, UINT8_MAX}, {NPY_SHORT, "int16", INT16_MIN, INT16_MAX},
        {NPY_USHORT, "uint16", 0, UINT16_MAX}, {NPY_INT, "int32", INT32_MIN, INT32_MAX}, {NPY_UINT, "uint32", 0, UINT32_MAX},
        {NPY_ULONG, "uint64", 0, INT64_MAX}, {NPY_ULONGLONG, "uint64", 0, INT64_MAX},
    };
    for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
        bool below = low < ends[k].least;
        if (ends[k].npy != dtype || (!below && high - (high > INT64_MIN) <= ends[k].most)) continue;
        hl_gil g = hl_gil_take();
        PyErr_Format(PyExc_ValueError, "%s is out of bounds for %s", below ? "low" : "high", ends[k].name);
        hl_gil_give(g);
        return 1;
    }
    if (low < high) return 0;
    hl_raise(low ? HL_ERR_random_range : HL_ERR_random_high, 0, 0);
    return 1;
}

hl_status hl_random_ints(int64_t low, int64_t high, int64_t n, int32_t dtype, void *out)
{
    hl_mt *s = hl_random_state();
    if ((low >= high || narrow_bits(dtype) < 64 || low < 0) && refuse_range(low, high, dtype)) return 1;
    uint64_t max = (uint64_t)high - 1 - (uint64_t)low;
    int bits = narrow_bits(dtype);
    if (bits < 32) {
        fill_narrow(s, low, max, n, bits, out);
    } else if (bits == 32) {
        for (int64_t k = 0; k < n; k++)
            ((uint32_t *)out)[k] = (uint32_t)low + (uint32_t)interval(s, max);
    } else {
        uint64_t mask = mask_for(max), v;
        for (int64_t k = 0; k < n; k++) {
            if (max > UINT32_MAX || !max)
                v = interval(s, max);
            else
                while ((v = hl_mt_word(s) & mask) > max)
                    ;
            ((uint64_t *)out)[k] = (uint64_t)low + v;
        }
    }
    return 0;
}

hl_status hl_random_shuffle(void *data, int64_t n, int64_t stride, int64_t rowbytes)
{
    hl_mt *s = hl_random_state();
    char *at = data, small[64], *t = rowbytes <= (int64_t)sizeof small ? small : hl_malloc((size_t)rowbytes);
    if (!t) {
        hl_raise(HL_ERR_memory, 0, 0);
        return 1;
    }
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = (int64_t)interval(s, (uint64_t)i);
        if (i == j)
            continue;
        memcpy(t, at + j * stride, (size_t)rowbytes);
        memcpy(at + j * stride, at + i * stride, (size_t)rowbytes);
        memcpy(at + i * stride, t, (size_t)rowbytes);
    }
    if (t != small)
        hl_free(t);
    return 0;
}

void hl_random_permutation(int64_t n, int64_t *out)
{
    for (int64_t k = 0; k < n; k++)
        out[k] = k;
    hl_mt *s = hl_random_state();
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = (int64_t)interval(s, (uint64_t)i), t = out[j];
        out[j] = out[i];
        out[i] = t;
    }
}

/* --- Python's random module ---------------------------------------------------------------------------------------------------------------- */
void hl_pyrandom_seed(int64_t seed)
{
    uint64_t u = seed < 0 ? -(uint64_t)seed : (uint64_t)seed;
    seed_words(&py_state, (uint32_t[]){(uint32_t)u, (uint32_t)(u >> 32)}, u >> 32 ? 2 : 1);
}

double hl_pyrandom_random(void) { return hl_mt_double(ready(&py_state)); }

double hl_pyrandom_gauss(double mu, double sigma)
{
    hl_mt *s = ready(&py_state);
    if (s->has_gauss) {
        s->has_gauss = false;
        return mu + s->gauss * sigma;
    }
    double x2pi = DOUBLE() * (2.0 * M_PI), g2rad = sqrt(-2.0 * log(1.0 - DOUBLE()));
    s->gauss = sin(x2pi) * g2rad;
    s->has_gauss = true;
    return mu + cos(x2pi) * g2rad * sigma;
}

hl_status hl_pyrandom_randrange(int64_t low, int64_t high, int64_t *out)
{
    hl_mt *s = ready(&py_state);
    if (low >= high) {
        hl_gil g = hl_gil_take();
#if PY_VERSION_HEX >= 0x030C0000
        PyErr_Format(PyExc_ValueError, "empty range in randrange(%lld, %lld)", (long long)low, (long long)high);
#else
        PyErr_Format(PyExc_ValueError, "empty range for randrange() (%lld, %lld, %lld)", (long long)low, (long long)high, (long long)high - (long long)low);
#endif
        hl_gil_give(g);
        return 1;
    }
    uint64_t n = (uint64_t)high - (uint64_t)low, v;
    int bits = 64 - __builtin_clzll(n);
    do { /* getrandbits: whole words from the little end, the last one's upper bits */
        v = bits <= 32 ? hl_mt_word(s) >> (32 - bits) : hl_mt_word(s);
        if (bits > 32)
            v |= (uint64_t)(hl_mt_word(s) >> (64 - bits)) << 32;
    } while (v >= n);
    *out = (int64_t)((uint64_t)low + v);
    return 0;
}
