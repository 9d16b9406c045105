/* Sorting (see sort.h). */
#include "rt.h"
#include "sort.h"

#define SMALL 24

static void insertion(hl_pair *a, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        hl_pair x = a[i];
        int64_t j = i;
        for (; j > 0 && a[j - 1].key > x.key; j--)
            a[j] = a[j - 1];
        a[j] = x;
    }
}

/* Least significant digit first, a byte a pass; passes whose digit is the same everywhere are left out. */
static int radix_pairs(hl_pair *a, int64_t n)
{
    hl_pair *tmp = hl_malloc((size_t)n * sizeof *tmp), *from = a, *to = tmp;
    if (!tmp)
        return -1;
    int64_t count[8][256] = {0};
    for (int64_t k = 0; k < n; k++)
        for (int d = 0; d < 8; d++)
            count[d][(a[k].key >> (8 * d)) & 255]++;
    for (int d = 0; d < 8; d++) {
        int64_t *c = count[d], sum = 0;
        if (c[(a[0].key >> (8 * d)) & 255] == n)
            continue;
        for (int v = 0; v < 256; v++) {
            int64_t here = c[v];
            c[v] = sum;
            sum += here;
        }
        for (int64_t k = 0; k < n; k++)
            to[c[(from[k].key >> (8 * d)) & 255]++] = from[k];
        hl_pair *t = from;
        from = to, to = t;
    }
    if (from != a)
        memcpy(a, from, (size_t)n * sizeof *a);
    hl_free(tmp);
    return 0;
}

int hl_sort_pairs(hl_pair *a, int64_t n)
{
    if (n > SMALL)
        return radix_pairs(a, n);
    insertion(a, n);
    return 0;
}
