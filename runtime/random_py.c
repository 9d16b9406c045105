/* The parts of Python's random module that are made of several draws. */
#include "rt_numpy.h"
#include <math.h>
#include <string.h>

/* Kinderman and Monahan (1977), as in CPython */
double hl_pyrandom_normal(double mu, double sigma)
{
    static const double magic = 1.7155277699214135; /* 4 exp(-0.5) / sqrt(2) */
    for (;;) {
        double u1 = hl_pyrandom_random(), u2 = 1.0 - hl_pyrandom_random();
        double z = magic * (u1 - 0.5) / u2, zz = z * z / 4.0;
        if (zz <= -log(u2)) return mu + z * sigma;
    }
}

double hl_pyrandom_log(void) { return -log(1.0 - hl_pyrandom_random()); }

void hl_pyrandom_shuffle(hl_list *l)
{
    size_t item = sizeof(hl_slot) * (size_t)l->nslots;
    hl_slot tmp[64];
    for (int64_t i = l->len - 1; i > 0; i--) {
        int64_t j = 0;
        hl_pyrandom_randrange(0, i + 1, &j);
        hl_slot *a = l->data + i * l->nslots, *b = l->data + j * l->nslots;
        memcpy(tmp, a, item);
        memcpy(a, b, item);
        memcpy(b, tmp, item);
    }
    l->dirty = 1;
}
