/* Sorting unsigned keys of one width; included once for each width with KEY and NAME(x) defined.
 *
 *   small      branch-free quicksort down to insertion: what fits the first-level cache
 *   large      least significant digit first, a byte a pass, into a scratch copy and back; a pass whose digit is the same in
 *              all keys is left out (small integers, positive numbers), so equal costs follow from the values' range
 *   select     quickselect with a median of medians of a few for pivot; what does not shrink fast enough is sorted
 */
#ifndef SMALL_SORT

#define SMALL_SORT 16
#define RADIX_FROM 512
#endif

static void NAME(insertion)(KEY *a, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        KEY x = a[i];
        int64_t j = i;
        for (; j > 0 && a[j - 1] > x; j--)
            a[j] = a[j - 1];
        a[j] = x;
    }
}

static inline KEY NAME(median3)(KEY a, KEY b, KEY c)
{
    KEY lo = a < b ? a : b, hi = a < b ? b : a;
    return c < lo ? lo : c > hi ? hi : c;
}

static KEY NAME(pivot)(const KEY *a, int64_t n)
{
    int64_t s = n / 8, m = n / 2;
    return NAME(median3)(NAME(median3)(a[0], a[s], a[2 * s]), NAME(median3)(a[m - s], a[m], a[m + s]), NAME(median3)(a[n - 1 - 2 * s], a[n - 1 - s], a[n - 1]));
}

/* Keys below p to the front (strict) or keys not above p (not strict); how many.  Every key is moved, none is branched on. */
static int64_t NAME(split)(KEY *a, int64_t n, KEY p, int strict)
{
    int64_t k = 0;
    for (int64_t i = 0; i < n; i++) {
        KEY x = a[i], y = a[k];
        a[i] = y;
        a[k] = x;
        k += strict ? x < p : x <= p;
    }
    return k;
}

static void NAME(quick)(KEY *a, int64_t n)
{
    while (n > SMALL_SORT) {
        KEY p = NAME(pivot)(a, n);
        int64_t k = NAME(split)(a, n, p, 1);
        if (k == 0) { /* p is the least: its equals are in place once they are in front */
            k = NAME(split)(a, n, p, 0);
            a += k, n -= k;
            continue;
        }
        if (k < n - k) {
            NAME(quick)(a, k);
            a += k, n -= k;
        } else {
            NAME(quick)(a + k, n - k);
            n = k;
        }
    }
    NAME(insertion)(a, n);
}

/* By the digits from `first` on: those below are in order already. */
static void NAME(radix)(KEY *a, KEY *tmp, int64_t n, int first)
{
    static const int digits = (int)sizeof(KEY);
    uint32_t count[sizeof(KEY)][256] = {{0}}; /* n < 2**32: larger ones are cut by the caller */
    for (int64_t k = 0; k < n; k++)
        for (int d = first; d < digits; d++)
            count[d][(a[k] >> (8 * d)) & 255]++;
    KEY *from = a, *to = tmp;
    for (int d = first; d < digits; d++) {
        uint32_t *c = count[d], sum = 0;
        if (c[(a[0] >> (8 * d)) & 255] == n)
            continue;
        for (int v = 0; v < 256; v++) {
            uint32_t here = c[v];
            c[v] = sum;
            sum += here;
        }
        for (int64_t k = 0; k < n; k++) {
            KEY x = from[k];
            to[c[(x >> (8 * d)) & 255]++] = x;
        }
        KEY *t = from;
        from = to, to = t;
    }
    if (from != a)
        memcpy(a, from, (size_t)n * sizeof *a);
}

/* -1: no memory for the scratch copy. */
static int NAME(sort)(KEY *a, int64_t n)
{
    bool up = true, down = true;
    for (int64_t k = 1; k < n && (up || down); k++)
        up &= a[k - 1] <= a[k], down &= a[k - 1] >= a[k];
    if (up)
        return 0;
    if (down) {
        for (int64_t i = 0, j = n - 1; i < j; i++, j--) {
            KEY t = a[i];
            a[i] = a[j], a[j] = t;
        }
        return 0;
    }
    if (n < RADIX_FROM) {
        NAME(quick)(a, n);
        return 0;
    }
    if (n > UINT32_MAX / 2) { /* halves of a split by value */
        int64_t k = NAME(split)(a, n, NAME(pivot)(a, n), 0);
        if (k < n)
            return NAME(sort)(a, k) || NAME(sort)(a + k, n - k) ? -1 : 0;
    }
    KEY *tmp = hl_malloc((size_t)n * sizeof *tmp);
    if (!tmp)
        return -1;
    NAME(radix)(a, tmp, n, 0);
    hl_free(tmp);
    return 0;
}

/* a[k] is what sorting would put there, smaller or equal ones before, larger or equal ones behind. */
static int NAME(select)(KEY *a, int64_t n, int64_t k)
{
    for (int64_t budget = 4 * n; n > RADIX_FROM / 8;) {
        if ((budget -= n) < 0)
            return NAME(sort)(a, n);
        KEY p = NAME(pivot)(a, n);
        int64_t at = NAME(split)(a, n, p, 1);
        if (k < at) {
            n = at;
            continue;
        }
        a += at, n -= at, k -= at;
        if ((at = NAME(split)(a, n, p, 0)) > k) /* among the pivot's equals */
            return 0;
        a += at, n -= at, k -= at;
    }
    NAME(quick)(a, n);
    return 0;
}
