/* The sorting core, shared by lists and arrays: unsigned keys whose order is the order of the values. */
#ifndef HL_SORT_H
#define HL_SORT_H
#include <stdint.h>
#include <string.h>

typedef struct hl_pair {
    uint64_t key;
    int64_t at;
} hl_pair;

int hl_sort_pairs(hl_pair *a, int64_t n); /* stable, by key; -1: no memory for the scratch copy */

static inline uint64_t hl_key_i64(int64_t x) { return (uint64_t)x ^ (UINT64_C(1) << 63); }

/* -0.0 and 0.0 are equal; NaNs of either sign are equal and come last. */
static inline uint64_t hl_key_f64(double x)
{
    uint64_t u;
    if (x != x)
        return UINT64_MAX;
    x += 0.0;
    memcpy(&u, &x, 8);
    return u ^ ((uint64_t)((int64_t)u >> 63) | (UINT64_C(1) << 63));
}
#endif
