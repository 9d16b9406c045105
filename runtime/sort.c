/* np.sort, argsort, partition, searchsorted, unique; and the stable sort of key-position pairs that lists use.
 *
 * Values become unsigned keys whose order is NumPy's order of the values (sort.h), are sorted as such by the two instances of
 * sort_keys.h (32-bit keys for everything narrower), and become values again; a NaN comes back as the positive quiet NaN.
 * Argsort sorts pairs of key and position and is stable whatever `kind` was asked for.  Complex numbers are sorted by position:
 * first by imaginary part, then stably by real part, then stably by which parts are NaN: NumPy's order
 * (R + Rj, R + nan j, nan + Rj, nan + nan j).
 */
#include "rt_numpy.h"
#include "sort.h"
#include <math.h>
#include <numpy/ndarraytypes.h>

#define KEY uint32_t
#define NAME(x) x##_32
#include "sort_keys.h"
#undef KEY
#undef NAME
#define KEY uint64_t
#define NAME(x) x##_64
#include "sort_keys.h"
#undef KEY
#undef NAME

/* --- pairs ------------------------------------------------------------------------------------------------------------------- */
#define PAIR_SMALL 24
#define PAIR_RADIX_FROM 384

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

static void merge_pairs(hl_pair *a, hl_pair *tmp, int64_t n)
{
    if (n <= PAIR_SMALL) {
        insertion(a, n);
        return;
    }
    int64_t m = n / 2, i = 0, j = m, k = 0;
    merge_pairs(a, tmp, m);
    merge_pairs(a + m, tmp, n - m);
    memcpy(tmp, a, (size_t)m * sizeof *a);
    while (i < m && j < n)
        a[k++] = a[j].key < tmp[i].key ? a[j++] : tmp[i++];
    memcpy(a + k, tmp + i, (size_t)(m - i) * sizeof *a);
}

static void radix_pairs(hl_pair *a, hl_pair *tmp, int64_t n)
{
    int64_t count[8][256] = {{0}};
    for (int64_t k = 0; k < n; k++)
        for (int d = 0; d < 8; d++)
            count[d][(a[k].key >> (8 * d)) & 255]++;
    hl_pair *from = a, *to = tmp;
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
}

int hl_sort_pairs(hl_pair *a, int64_t n)
{
    bool sorted = true;
    for (int64_t k = 1; k < n && sorted; k++)
        sorted = a[k - 1].key <= a[k].key;
    if (sorted)
        return 0;
    if (n <= PAIR_SMALL) {
        insertion(a, n);
        return 0;
    }
    hl_pair *tmp = hl_malloc((size_t)n * sizeof *tmp);
    if (!tmp)
        return -1;
    (n < PAIR_RADIX_FROM ? merge_pairs : radix_pairs)(a, tmp, n);
    hl_free(tmp);
    return 0;
}

/* --- values and keys ----------------------------------------------------------------------------------------------------------- */
typedef struct hl_kind_info {
    uint8_t size;
    char code; /* u unsigned (bool too), i signed, f float, c complex */
} hl_kind_info;

static hl_kind_info info_of(int32_t dtype)
{
    switch (dtype) {
    case NPY_BOOL: case NPY_UBYTE: return (hl_kind_info){1, 'u'};
    case NPY_BYTE: return (hl_kind_info){1, 'i'};
    case NPY_SHORT: return (hl_kind_info){2, 'i'};
    case NPY_USHORT: return (hl_kind_info){2, 'u'};
    case NPY_INT: return (hl_kind_info){4, 'i'};
    case NPY_UINT: return (hl_kind_info){4, 'u'};
    case NPY_LONG: return (hl_kind_info){sizeof(long), 'i'};
    case NPY_ULONG: return (hl_kind_info){sizeof(long), 'u'};
    case NPY_LONGLONG: return (hl_kind_info){8, 'i'};
    case NPY_ULONGLONG: return (hl_kind_info){8, 'u'};
    case NPY_FLOAT: return (hl_kind_info){4, 'f'};
    case NPY_DOUBLE: return (hl_kind_info){8, 'f'};
    case NPY_CFLOAT: return (hl_kind_info){8, 'c'};
    default: return (hl_kind_info){16, 'c'};
    }
}

static inline uint64_t float64_key(uint64_t u)
{
    double x;
    memcpy(&x, &u, 8);
    if (x != x)
        u = UINT64_C(0x7ff8000000000000);
    return u ^ ((uint64_t)((int64_t)u >> 63) | (UINT64_C(1) << 63));
}

static inline uint32_t float32_key(uint32_t u)
{
    float x;
    memcpy(&x, &u, 4);
    if (x != x)
        u = 0x7fc00000;
    return u ^ ((uint32_t)((int32_t)u >> 31) | (UINT32_C(1) << 31));
}

/* Each loop reads with stride rs and writes with stride ws; data may be the buffer itself. */
#define EACH(T, U, expr)                                                                                               \
    for (int64_t k = 0; k < n; k++) {                                                                                  \
        T x;                                                                                                           \
        memcpy(&x, in + k * rs, sizeof x);                                                                             \
        U y = (U)(expr);                                                                                               \
        memcpy(out + k * ws, &y, sizeof y);                                                                            \
    }                                                                                                                  \
    return

static void to_keys(const char *in, int64_t rs, char *out, int64_t ws, int64_t n, hl_kind_info t)
{
    switch (t.code | t.size << 8) {
    case 'u' | 1 << 8: EACH(uint8_t, uint32_t, x);
    case 'i' | 1 << 8: EACH(int8_t, uint32_t, (uint32_t)x ^ 0x80000000u);
    case 'u' | 2 << 8: EACH(uint16_t, uint32_t, x);
    case 'i' | 2 << 8: EACH(int16_t, uint32_t, (uint32_t)x ^ 0x80000000u);
    case 'u' | 4 << 8: EACH(uint32_t, uint32_t, x);
    case 'i' | 4 << 8: EACH(uint32_t, uint32_t, x ^ 0x80000000u);
    case 'f' | 4 << 8: EACH(uint32_t, uint32_t, float32_key(x));
    case 'u' | 8 << 8: EACH(uint64_t, uint64_t, x);
    case 'i' | 8 << 8: EACH(uint64_t, uint64_t, x ^ UINT64_C(1) << 63);
    default: EACH(uint64_t, uint64_t, float64_key(x));
    }
}

static void from_keys(const char *in, int64_t rs, char *out, int64_t ws, int64_t n, hl_kind_info t)
{
    switch (t.code | t.size << 8) {
    case 'u' | 1 << 8: case 'i' | 1 << 8: EACH(uint32_t, uint8_t, x); /* the sign bit that was flipped is cut off */
    case 'u' | 2 << 8: case 'i' | 2 << 8: EACH(uint32_t, uint16_t, x);
    case 'u' | 4 << 8: EACH(uint32_t, uint32_t, x);
    case 'i' | 4 << 8: EACH(uint32_t, uint32_t, x ^ 0x80000000u);
    case 'f' | 4 << 8: EACH(uint32_t, uint32_t, x ^ (((x >> 31) - 1) | 0x80000000u));
    case 'u' | 8 << 8: EACH(uint64_t, uint64_t, x);
    case 'i' | 8 << 8: EACH(uint64_t, uint64_t, x ^ UINT64_C(1) << 63);
    default: EACH(uint64_t, uint64_t, x ^ (((x >> 63) - 1) | UINT64_C(1) << 63));
    }
}

/* The key for orders in which equals must compare equal (-0.0 and 0.0): stable sorts. */
static uint64_t one_key(const char *at, hl_kind_info t)
{
    if (t.code == 'f') {
        double d;
        float f;
        if (t.size == 4)
            memcpy(&f, at, 4), d = f;
        else
            memcpy(&d, at, 8);
        return hl_key_f64(d);
    }
    uint32_t narrow;
    uint64_t wide;
    if (t.size == 8) {
        to_keys(at, 0, (char *)&wide, 0, 1, t);
        return wide;
    }
    to_keys(at, 0, (char *)&narrow, 0, 1, t);
    return narrow;
}

static hl_status no_memory(void)
{
    hl_raise(HL_ERR_memory, 0, 0);
    return 1;
}

static bool is_aligned(const void *p, int64_t stride, int size) { return stride == size && (uintptr_t)p % (uintptr_t)size == 0; }

/* --- argsort ------------------------------------------------------------------------------------------------------------------------ */
static int complex_order(const char *data, int64_t n, int64_t stride, hl_kind_info t, hl_pair *pairs)
{
    hl_kind_info part = {t.size / 2, 'f'};
    bool nans = false;
    for (int64_t k = 0; k < n; k++) {
        const char *at = data + k * stride;
        uint64_t im = one_key(at + part.size, part);
        pairs[k] = (hl_pair){im, k};
        nans |= im == UINT64_MAX || one_key(at, part) == UINT64_MAX;
    }
    if (hl_sort_pairs(pairs, n))
        return -1;
    for (int64_t k = 0; k < n; k++)
        pairs[k].key = one_key(data + pairs[k].at * stride, part);
    if (hl_sort_pairs(pairs, n))
        return -1;
    if (!nans)
        return 0;
    for (int64_t k = 0; k < n; k++) {
        const char *at = data + pairs[k].at * stride;
        pairs[k].key = (one_key(at, part) == UINT64_MAX) * 2 + (one_key(at + part.size, part) == UINT64_MAX);
    }
    return hl_sort_pairs(pairs, n);
}

static int order(const char *data, int64_t n, int64_t stride, hl_kind_info t, hl_pair *pairs)
{
    if (t.code == 'c')
        return complex_order(data, n, stride, t, pairs);
    if (t.code == 'f' && t.size == 8) {
        double x;
        for (int64_t k = 0; k < n; k++) {
            memcpy(&x, data + k * stride, 8);
            pairs[k] = (hl_pair){hl_key_f64(x), k};
        }
    } else {
        for (int64_t k = 0; k < n; k++)
            pairs[k] = (hl_pair){one_key(data + k * stride, t), k};
    }
    return hl_sort_pairs(pairs, n);
}

/* Keys of 32 bits and positions of 32 bits make one 64-bit key each: half the memory traffic of pairs. */
static int order_packed(const char *data, int64_t n, int64_t stride, hl_kind_info t, int64_t *out)
{
    uint64_t *packed = (uint64_t *)out; /* the result's own memory */
    uint32_t narrow;
    for (int64_t k = 0; k < n; k++) {
        to_keys(data + k * stride, 0, (char *)&narrow, 0, 1, t);
        if (t.code == 'f' && narrow == 0x7fffffffu) /* -0.0 */
            narrow++;
        packed[k] = (uint64_t)narrow << 32 | (uint64_t)k;
    }
    if (n < RADIX_FROM) {
        quick_64(packed, n);
    } else {
        uint64_t *tmp = hl_malloc((size_t)n * sizeof *tmp);
        if (!tmp)
            return -1;
        radix_64(packed, tmp, n, 4); /* the positions, below, are in order */
        hl_free(tmp);
    }
    for (int64_t k = 0; k < n; k++)
        out[k] &= UINT32_MAX;
    return 0;
}

hl_status hl_argsort(const void *data, int64_t n, int64_t stride, int32_t dtype, int64_t *out)
{
    hl_kind_info t = info_of(dtype);
    if (t.size <= 4 && n <= UINT32_MAX / 2)
        return order_packed(data, n, stride, t, out) ? no_memory() : 0;
    hl_pair *pairs = hl_malloc((size_t)n * sizeof *pairs);
    if (!pairs)
        return no_memory();
    int bad = order(data, n, stride, t, pairs);
    for (int64_t k = 0; k < n; k++)
        out[k] = pairs[k].at;
    hl_free(pairs);
    return bad ? no_memory() : 0;
}

/* --- sort, partition ------------------------------------------------------------------------------------------------------------------- */
static hl_status sort_complex(char *data, int64_t n, int64_t stride, hl_kind_info t)
{
    hl_pair *pairs = hl_malloc((size_t)n * sizeof *pairs);
    char *copy = hl_malloc((size_t)n * t.size);
    int bad = !pairs || !copy || complex_order(data, n, stride, t, pairs);
    if (!bad) {
        if (t.size == 16) {
            for (int64_t k = 0; k < n; k++)
                memcpy(copy + k * 16, data + pairs[k].at * stride, 16);
            for (int64_t k = 0; k < n; k++)
                memcpy(data + k * stride, copy + k * 16, 16);
        } else {
            for (int64_t k = 0; k < n; k++)
                memcpy(copy + k * 8, data + pairs[k].at * stride, 8);
            for (int64_t k = 0; k < n; k++)
                memcpy(data + k * stride, copy + k * 8, 8);
        }
    }
    hl_free(pairs);
    hl_free(copy);
    return bad ? no_memory() : 0;
}

/* Positions in ascending order: each selection then works on what lies behind the one before. */
static int select_all(void *keys, int64_t n, bool wide, const int64_t *kth, int64_t nkth)
{
    int64_t done = 0; /* everything before is in place */
    for (int64_t last = -1;;) {
        int64_t k = INT64_MAX;
        for (int64_t j = 0; j < nkth; j++)
            if (kth[j] > last && kth[j] < k)
                k = kth[j];
        if (k >= n)
            return 0;
        if (wide ? select_64((uint64_t *)keys + done, n - done, k - done) : select_32((uint32_t *)keys + done, n - done, k - done))
            return -1;
        last = k;
        done = k + 1;
    }
}

/* nkth < 0: sort. */
static hl_status rearrange(char *data, int64_t n, int64_t stride, int32_t dtype, const int64_t *kth, int64_t nkth)
{
    hl_kind_info t = info_of(dtype);
    if (n < 2)
        return 0;
    if (t.code == 'c')
        return sort_complex(data, n, stride, t);
    int width = t.size == 8 ? 8 : 4;
    bool in_place = t.size >= 4 && is_aligned(data, stride, width);
    char *keys = in_place ? data : hl_malloc((size_t)n * (size_t)width);
    if (!keys)
        return no_memory();
    int bad;
    to_keys(data, stride, keys, width, n, t);
    if (nkth >= 0)
        bad = select_all(keys, n, width == 8, kth, nkth);
    else
        bad = width == 8 ? sort_64((uint64_t *)keys, n) : sort_32((uint32_t *)keys, n);
    from_keys(keys, width, data, stride, n, t); /* also when memory ran out: the values are all there */
    if (!in_place)
        hl_free(keys);
    return bad ? no_memory() : 0;
}

hl_status hl_sort(void *data, int64_t n, int64_t stride, int32_t dtype) { return rearrange(data, n, stride, dtype, NULL, -1); }

hl_status hl_partition(void *data, int64_t n, int64_t stride, int32_t dtype, const int64_t *kth, int64_t nkth)
{
    return rearrange(data, n, stride, dtype, kth, nkth);
}

/* A full order is a partition for every kth. */
hl_status hl_argpartition(const void *data, int64_t n, int64_t stride, int32_t dtype, const int64_t *kth, int64_t nkth, int64_t *out)
{
    return hl_argsort(data, n, stride, dtype, out);
}

/* --- unique ----------------------------------------------------------------------------------------------------------------------------- */
static bool same(const char *a, const char *b, hl_kind_info t)
{
    if (t.code == 'c') {
        hl_kind_info part = {t.size / 2, 'f'};
        bool nan_a = one_key(a, part) == UINT64_MAX || one_key(a + part.size, part) == UINT64_MAX;
        bool nan_b = one_key(b, part) == UINT64_MAX || one_key(b + part.size, part) == UINT64_MAX;
        return (nan_a && nan_b) || (one_key(a, part) == one_key(b, part) && one_key(a + part.size, part) == one_key(b + part.size, part));
    }
    return t.code == 'f' ? one_key(a, t) == one_key(b, t) : !memcmp(a, b, t.size);
}

int64_t hl_unique(void *data, int64_t n, int32_t dtype)
{
    hl_kind_info t = info_of(dtype);
    char *at = data;
    if (hl_sort(data, n, t.size, dtype))
        return -1;
    if (n == 0)
        return 0;
    int64_t kept = 1;
    for (int64_t k = 1; k < n; k++) {
        if (same(at + (kept - 1) * t.size, at + k * t.size, t))
            continue;
        memmove(at + kept * t.size, at + k * t.size, t.size);
        kept++;
    }
    return kept;
}

/* --- searchsorted --------------------------------------------------------------------------------------------------------------------------- */
/* How many items are before v: `less` (left) or not above it (right).  Halving without branches. */
#define SEARCH(T, less)                                                                                                \
    for (int64_t q = 0; q < nv; q++) {                                                                                 \
        T v, x;                                                                                                        \
        memcpy(&v, vs + q * vstride, sizeof v);                                                                        \
        int64_t lo = 0;                                                                                                \
        for (int64_t len = n; len > 0;) {                                                                              \
            int64_t half = len / 2;                                                                                    \
            memcpy(&x, a + (lo + half) * stride, sizeof x);                                                            \
            bool go = less;                                                                                            \
            lo = go ? lo + half + 1 : lo;                                                                              \
            len = go ? len - half - 1 : half;                                                                          \
        }                                                                                                              \
        out[q] = lo;                                                                                                   \
    }                                                                                                                  \
    break
#define LT(a, b) ((a) < (b) || ((b) != (b) && (a) == (a)))
#define SEARCH_INT(T) if (right) { SEARCH(T, x <= v); } else { SEARCH(T, x < v); } break
#define SEARCH_FLOAT(T) if (right) { SEARCH(T, !LT(v, x)); } else { SEARCH(T, LT(x, v)); } break

static void search(const char *a, int64_t n, int64_t stride, const char *vs, int64_t nv, int64_t vstride, hl_kind_info t, bool right, int64_t *out)
{
    switch (t.code | t.size << 8) {
    case 'u' | 1 << 8: do { SEARCH_INT(uint8_t); } while (0); break;
    case 'i' | 1 << 8: do { SEARCH_INT(int8_t); } while (0); break;
    case 'u' | 2 << 8: do { SEARCH_INT(uint16_t); } while (0); break;
    case 'i' | 2 << 8: do { SEARCH_INT(int16_t); } while (0); break;
    case 'u' | 4 << 8: do { SEARCH_INT(uint32_t); } while (0); break;
    case 'i' | 4 << 8: do { SEARCH_INT(int32_t); } while (0); break;
    case 'u' | 8 << 8: do { SEARCH_INT(uint64_t); } while (0); break;
    case 'i' | 8 << 8: do { SEARCH_INT(int64_t); } while (0); break;
    case 'f' | 4 << 8: do { SEARCH_FLOAT(float); } while (0); break;
    default: do { SEARCH_FLOAT(double); } while (0); break;
    }
}

static bool complex_before(const char *a, const char *b, hl_kind_info part)
{
    uint64_t ar = one_key(a, part), ai = one_key(a + part.size, part), br = one_key(b, part), bi = one_key(b + part.size, part);
    int ca = (ar == UINT64_MAX) * 2 + (ai == UINT64_MAX), cb = (br == UINT64_MAX) * 2 + (bi == UINT64_MAX);
    return ca != cb ? ca < cb : ar != br ? ar < br : ai < bi;
}

void hl_searchsorted(const void *a, int64_t n, int64_t stride, const void *v, int64_t nv, int64_t vstride, int32_t dtype, int32_t right, int64_t *out)
{
    hl_kind_info t = info_of(dtype), part = {t.size / 2, 'f'};
    if (t.code != 'c') {
        search(a, n, stride, v, nv, vstride, t, right, out);
        return;
    }
    for (int64_t q = 0; q < nv; q++) {
        const char *key = (const char *)v + q * vstride;
        int64_t lo = 0, hi = n;
        while (lo < hi) {
            int64_t mid = lo + (hi - lo) / 2;
            const char *x = (const char *)a + mid * stride;
            if (right ? !complex_before(key, x, part) : complex_before(x, key, part))
                lo = mid + 1;
            else
                hi = mid;
        }
        out[q] = lo;
    }
}
