/* Discrete distributions (random.c has the rules that all obey). */
#include "random.h"
#include <math.h>
#include <stdlib.h>

#define DOUBLE() hl_mt_double(s)

/* log(gamma(x)) by Stirling's series with the recurrence below 7 (Zhang, Jin, Computation of special functions, 1996). */
static double loggam(double x)
{
    static const double a[10] = {8.333333333333333e-02, -2.777777777777778e-03, 7.936507936507937e-04, -5.952380952380952e-04,
                                 8.417508417508418e-04, -1.917526917526918e-03, 6.410256410256410e-03, -2.955065359477124e-02,
                                 1.796443723688307e-01, -1.39243221690590e+00};
    if (x == 1.0 || x == 2.0)
        return 0.0;
    int64_t n = x < 7.0 ? (int64_t)(7 - x) : 0;
    double x0 = x + (double)n, x2 = (1.0 / x0) * (1.0 / x0), g = a[9];
    for (int k = 8; k >= 0; k--) {
        g *= x2;
        g += a[k];
    }
    g = g / x0 + 0.5 * 1.8378770664093453e+00 + (x0 - 0.5) * log(x0) - x0;
    if (x < 7.0)
        for (int64_t k = 1; k <= n; k++) {
            g -= log(x0 - 1.0);
            x0 -= 1.0;
        }
    return g;
}

/* --- Poisson -------------------------------------------------------------------------------------------------------------------- */
static int64_t poisson_mult(hl_mt *s, double lam)
{
    double enlam = exp(-lam), prod = 1.0;
    for (int64_t x = 0;; x++) {
        prod *= DOUBLE();
        if (!(prod > enlam))
            return x;
    }
}

static int64_t poisson_ptrs(hl_mt *s, double lam)
{
    double slam = sqrt(lam), loglam = log(lam), b = 0.931 + 2.53 * slam, a = -0.059 + 0.02483 * b;
    double invalpha = 1.1239 + 1.1328 / (b - 3.4), vr = 0.9277 - 3.6224 / (b - 2);
    for (;;) {
        double u = DOUBLE() - 0.5, v = DOUBLE(), us = 0.5 - fabs(u);
        int64_t k = (int64_t)floor((2 * a / us + b) * u + lam + 0.43);
        if (us >= 0.07 && v <= vr)
            return k;
        if (k < 0 || (us < 0.013 && v > us))
            continue;
        if (log(v) + log(invalpha) - log(a / (us * us) + b) <= -lam + (double)k * loglam - loggam((double)k + 1))
            return k;
    }
}

int64_t hl_draw_poisson(hl_mt *s, double lam, double unused1, double unused2)
{
    return lam >= 10 ? poisson_ptrs(s, lam) : lam == 0 ? 0 : poisson_mult(s, lam);
}

/* --- binomial: inversion for small means, else BTPE (Kachitvichyanukul, Schmeiser, CACM 31 (1988)) ------------------------------------- */
static int64_t binomial_inversion(hl_mt *s, int64_t n, double p)
{
    double q = 1.0 - p, qn = exp((double)n * log(q)), np = (double)n * p, limit = np + 10.0 * sqrt(np * q + 1);
    int64_t bound = (int64_t)((double)n < limit ? (double)n : limit), x = 0;
    double px = qn, u = DOUBLE();
    while (u > px) {
        x++;
        if (x > bound) {
            x = 0;
            px = qn;
            u = DOUBLE();
        } else {
            u -= px;
            px = ((double)(n - x + 1) * p * px) / ((double)x * q);
        }
    }
    return x;
}

typedef struct btpe {
    int64_t n, m;
    double r, q, fm, p1, xm, xl, xr, c, laml, lamr, p2, p3, p4;
} btpe;

static btpe btpe_setup(int64_t n, double p)
{
    btpe b = {.n = n};
    double a;
    b.r = p < 1.0 - p ? p : 1.0 - p;
    b.q = 1.0 - b.r;
    b.fm = (double)n * b.r + b.r;
    b.m = (int64_t)floor(b.fm);
    b.p1 = floor(2.195 * sqrt((double)n * b.r * b.q) - 4.6 * b.q) + 0.5;
    b.xm = (double)b.m + 0.5;
    b.xl = b.xm - b.p1;
    b.xr = b.xm + b.p1;
    b.c = 0.134 + 20.5 / (15.3 + (double)b.m);
    a = (b.fm - b.xl) / (b.fm - b.xl * b.r);
    b.laml = a * (1.0 + a / 2.0);
    a = (b.xr - b.fm) / (b.xr * b.q);
    b.lamr = a * (1.0 + a / 2.0);
    b.p2 = b.p1 * (1.0 + 2.0 * b.c);
    b.p3 = b.p2 + b.c / b.laml;
    b.p4 = b.p3 + b.c / b.lamr;
    return b;
}

static double stirling(double x)
{
    double x2 = x * x;
    return (13680. - (462. - (132. - (99. - 140. / x2) / x2) / x2) / x2) / x / 166320.;
}

/* Is candidate y accepted at height v? */
static bool btpe_accept(const btpe *b, int64_t y, double v)
{
    double nrq = (double)b->n * b->r * b->q;
    int64_t k = llabs(y - b->m);
    if (!(k > 20 && (double)k < nrq / 2.0 - 1)) {
        double t = b->r / b->q, a = t * (double)(b->n + 1), f = 1.0;
        for (int64_t i = b->m + 1; i <= y; i++)
            f *= a / (double)i - t;
        for (int64_t i = y + 1; i <= b->m; i++)
            f /= a / (double)i - t;
        return !(v > f);
    }
    double dk = (double)k, rho = (dk / nrq) * ((dk * (dk / 3.0 + 0.625) + 0.16666666666666666) / nrq + 0.5), t = -(double)(k * k) / (2 * nrq), a = log(v);
    if (a < t - rho)
        return true;
    if (a > t + rho)
        return false;
    double x1 = (double)(y + 1), f1 = (double)(b->m + 1), z = (double)(b->n + 1 - b->m), w = (double)(b->n - y + 1);
    return !(a > b->xm * log(f1 / x1) + ((double)(b->n - b->m) + 0.5) * log(z / w) + (double)(y - b->m) * log(w * b->r / (x1 * b->q)) + stirling(f1) +
                     stirling(z) + stirling(x1) + stirling(w));
}

static int64_t binomial_btpe(hl_mt *s, int64_t n, double p)
{
    btpe b = btpe_setup(n, p);
    for (;;) {
        double u = DOUBLE() * b.p4, v = DOUBLE();
        int64_t y;
        if (u <= b.p1) { /* the triangle: accepted at once */
            y = (int64_t)floor(b.xm - b.p1 * v + u);
            return p > 0.5 ? n - y : y;
        }
        if (u <= b.p2) { /* the parallelogram */
            double x = b.xl + (u - b.p1) / b.c;
            v = v * b.c + 1.0 - fabs((double)b.m - x + 0.5) / b.p1;
            if (v > 1.0)
                continue;
            y = (int64_t)floor(x);
        } else if (u <= b.p3) { /* the left tail */
            y = (int64_t)floor(b.xl + log(v) / b.laml);
            if (y < 0 || v == 0.0)
                continue;
            v = v * (u - b.p2) * b.laml;
        } else {
            y = (int64_t)floor(b.xr - log(v) / b.lamr);
            if (y > n || v == 0.0)
                continue;
            v = v * (u - b.p3) * b.lamr;
        }
        if (btpe_accept(&b, y, v))
            return p > 0.5 ? n - y : y;
    }
}

int64_t hl_draw_binomial(hl_mt *s, double trials, double p, double unused)
{
    int64_t n = (int64_t)trials;
    if (n == 0 || p == 0.0)
        return 0;
    double q = p <= 0.5 ? p : 1.0 - p;
    int64_t x = q * (double)n <= 30.0 ? binomial_inversion(s, n, q) : binomial_btpe(s, n, q);
    return p <= 0.5 ? x : n - x;
}

/* --- the others -------------------------------------------------------------------------------------------------------------------------- */
int64_t hl_draw_geometric(hl_mt *s, double p, double unused1, double unused2)
{
    double u = DOUBLE();
    if (p < 0.333333333333333333333333)
        return (int64_t)ceil(log(1.0 - u) / log(1.0 - p));
    double sum = p, prod = p, q = 1.0 - p;
    int64_t x = 1;
    while (u > sum) {
        prod *= q;
        sum += prod;
        x++;
    }
    return x;
}

int64_t hl_draw_negative_binomial(hl_mt *s, double n, double p, double unused)
{
    double y = (1 - p) / p * hl_random_std_gamma(s, n);
    return hl_draw_poisson(s, y, 0, 0);
}

int64_t hl_draw_zipf(hl_mt *s, double a, double unused1, double unused2)
{
    double am1 = a - 1.0, b = pow(2.0, am1);
    for (;;) {
        double u = 1.0 - DOUBLE(), v = DOUBLE(), x = floor(pow(u, -1.0 / am1));
        if (x > 9223372036854775807.0 || x < 1.0)
            continue;
        double t = pow(1.0 + 1.0 / x, am1);
        if (v * x * (t - 1.0) / (b - 1.0) <= t / b)
            return (int64_t)x;
    }
}

int64_t hl_draw_logseries(hl_mt *s, double p, double unused1, double unused2)
{
    double r = log(1.0 - p);
    for (;;) {
        double v = DOUBLE();
        if (v >= p)
            return 1;
        double u = DOUBLE(), q = 1.0 - exp(r * u);
        if (v <= q * q) {
            int64_t x = (int64_t)floor(1 + log(v) / log(q));
            if (x < 1 || v == 0.0)
                continue;
            return x;
        }
        return v >= q ? 1 : 2;
    }
}

static int64_t hypergeometric_small(hl_mt *s, int64_t good, int64_t bad, int64_t sample)
{
    int64_t d1 = bad + good - sample, least = good < bad ? good : bad, k = sample;
    double y = (double)least;
    while (y > 0.0) {
        y -= (double)(int64_t)floor(DOUBLE() + y / (double)(d1 + k));
        if (--k == 0)
            break;
    }
    int64_t z = (int64_t)((double)least - y);
    return good > bad ? sample - z : z;
}

static int64_t hypergeometric_hrua(hl_mt *s, int64_t good, int64_t bad, int64_t sample)
{
    int64_t lo = good < bad ? good : bad, hi = good < bad ? bad : good, all = good + bad, m = sample < all - sample ? sample : all - sample, z;
    double d4 = (double)lo / (double)all, d5 = 1.0 - d4, d6 = (double)m * d4 + 0.5;
    double d7 = sqrt((double)(all - m) * (double)sample * d4 * d5 / (double)(all - 1) + 0.5), d8 = 1.7155277699214135 * d7 + 0.8989161620588988;
    int64_t d9 = (int64_t)floor((double)(m + 1) * (double)(lo + 1) / (double)(all + 2));
#define LOGS(z) (loggam((double)((z) + 1)) + loggam((double)(lo - (z) + 1)) + loggam((double)(m - (z) + 1)) + loggam((double)(hi - m + (z) + 1)))
    double d10 = LOGS(d9), cap = (double)(m < lo ? m : lo) + 1.0, far = floor(d6 + 16 * d7), d11 = cap < far ? cap : far;
    for (;;) {
        double x = DOUBLE(), y = DOUBLE(), w = d6 + d8 * (y - 0.5) / x;
        if (w < 0.0 || w >= d11)
            continue;
        z = (int64_t)floor(w);
        double t = d10 - LOGS(z);
        if (x * (4.0 - x) - 3.0 <= t)
            break;
        if (x * (x - t) >= 1)
            continue;
        if (2.0 * log(x) <= t)
            break;
    }
#undef LOGS
    if (good > bad)
        z = m - z;
    return m < sample ? good - z : z;
}

int64_t hl_draw_hypergeometric(hl_mt *s, double good, double bad, double sample)
{
    if (sample > 10)
        return hypergeometric_hrua(s, (int64_t)good, (int64_t)bad, (int64_t)sample);
    return sample > 0 ? hypergeometric_small(s, (int64_t)good, (int64_t)bad, (int64_t)sample) : 0;
}
