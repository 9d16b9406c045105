/* The generator's state and the draws that random.c and random_int.c share. */
#ifndef HL_RANDOM_H
#define HL_RANDOM_H
#include "rt_numpy.h"

typedef struct hl_mt {
    uint32_t key[624];
    int pos;
    bool ready, has_gauss;
    double gauss;
} hl_mt;

void hl_mt_refill(hl_mt *s);
hl_mt *hl_random_state(void);

static inline uint32_t hl_mt_word(hl_mt *s)
{
    if (__builtin_expect(s->pos == 624, 0))
        hl_mt_refill(s);
    uint32_t y = s->key[s->pos++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

static inline double hl_mt_double(hl_mt *s)
{
    int32_t a = (int32_t)(hl_mt_word(s) >> 5), b = (int32_t)(hl_mt_word(s) >> 6);
    return (a * 67108864.0 + b) / 9007199254740992.0;
}

double hl_random_std_gamma(hl_mt *s, double shape);

int64_t hl_draw_poisson(hl_mt *s, double lam, double, double);
int64_t hl_draw_binomial(hl_mt *s, double n, double p, double);
int64_t hl_draw_geometric(hl_mt *s, double p, double, double);
int64_t hl_draw_negative_binomial(hl_mt *s, double n, double p, double);
int64_t hl_draw_zipf(hl_mt *s, double a, double, double);
int64_t hl_draw_logseries(hl_mt *s, double p, double, double);
int64_t hl_draw_hypergeometric(hl_mt *s, double good, double bad, double sample);
#endif
