/* Lists: growing rows of items, an item being nslots slots.
 *
 * An item's managed slots (mem_mask) are references that the list owns.  Operations that remove items let go of them only
 * after the list is whole again, because the last release may run a Python finaliser.  Growth follows CPython's
 * list_resize (1/8 more and a little), so appending is amortised constant.
 *
 * `dirty` is set by everything that changes the list; the binding writes dirty lists back to their Python originals.
 */
#include "rt.h"
#include "gil.h"
#include "sort.h"
#include <string.h>

#define SLOT(l, k) ((l)->data + (size_t)(k) * (size_t)(l)->nslots)

static size_t item_bytes(const hl_list *l) { return (size_t)l->nslots * sizeof(hl_slot); }

static void retain_items(const hl_list *l, const hl_slot *at, int64_t n)
{
    if (!l->mem_mask)
        return;
    for (int64_t k = 0; k < n; k++, at += l->nslots)
        for (uint64_t m = l->mem_mask; m; m &= m - 1)
            hl_retain(at[__builtin_ctzll(m)].p);
}

static void release_items(const hl_list *l, const hl_slot *at, int64_t n)
{
    if (!l->mem_mask)
        return;
    for (int64_t k = 0; k < n; k++, at += l->nslots)
        for (uint64_t m = l->mem_mask; m; m &= m - 1)
            hl_release(at[__builtin_ctzll(m)].p);
}

static void drop_list(hl_mem *m)
{
    hl_list *l = (hl_list *)m;
    release_items(l, l->data, l->len);
    hl_free(l->data);
    hl_free(l);
}

/* Bytes for cap items of nslots slots, or SIZE_MAX. */
static size_t bytes_for(int64_t cap, int32_t nslots)
{
    size_t n;
    if (cap < 0 || __builtin_mul_overflow((size_t)cap, (size_t)nslots * sizeof(hl_slot), &n) || n > PTRDIFF_MAX)
        return SIZE_MAX;
    return n;
}

hl_list *hl_list_new(int64_t len, int32_t nslots, uint64_t mem_mask)
{
    size_t n = bytes_for(len, nslots);
    hl_list *l = n == SIZE_MAX ? NULL : hl_malloc(sizeof *l);
    hl_slot *data = NULL;
    if (l && n && !(data = hl_zeroed(n))) {
        hl_free(l);
        l = NULL;
    }
    if (!l) {
        hl_raise(HL_ERR_memory, 0, 0);
        return NULL;
    }
    *l = (hl_list){{1, drop_list}, .len = len, .cap = len, .data = data, .nslots = nslots, .mem_mask = mem_mask};
    return l;
}

hl_status hl_list_reserve(hl_list *l, int64_t cap)
{
    if (cap <= l->cap)
        return 0;
    int64_t grown = cap + (cap >> 3) + 6;
    size_t n = bytes_for(grown, l->nslots);
    hl_slot *p = NULL;
    if (n != SIZE_MAX && l->nslots == 0)
        p = l->data;
    else if (n != SIZE_MAX)
        p = hl_grow(l->data, (size_t)l->cap * item_bytes(l), &n);
    if (!p && l->nslots) {
        hl_raise(HL_ERR_memory, 0, 0);
        return 1;
    }
    l->data = p;
    l->cap = l->nslots ? (int64_t)(n / item_bytes(l)) : grown;
    return 0;
}

static void put(hl_list *l, int64_t at, const hl_slot *item)
{
    if (l->nslots == 1)
        l->data[at] = *item;
    else
        memcpy(SLOT(l, at), item, item_bytes(l));
}

hl_status hl_list_append(hl_list *l, const hl_slot *item)
{
    if (l->len >= l->cap && hl_list_reserve(l, l->len + 1))
        return 1; /* the item's references are the caller's still */
    put(l, l->len++, item);
    l->dirty = 1;
    return 0;
}

hl_status hl_list_insert(hl_list *l, int64_t at, const hl_slot *item)
{
    if (l->len >= l->cap && hl_list_reserve(l, l->len + 1))
        return 1;
    if (at < 0 && (at += l->len) < 0)
        at = 0;
    if (at > l->len)
        at = l->len;
    if (l->nslots) {
        memmove(SLOT(l, at + 1), SLOT(l, at), (size_t)(l->len - at) * item_bytes(l));
        put(l, at, item);
    }
    l->len++;
    l->dirty = 1;
    return 0;
}

static void close_gap(hl_list *l, int64_t at, int64_t n)
{
    if (l->nslots && at + n < l->len)
        memmove(SLOT(l, at), SLOT(l, at + n), (size_t)(l->len - at - n) * item_bytes(l));
    l->len -= n;
    l->dirty = 1;
}

hl_status hl_list_pop(hl_list *l, int64_t at, hl_slot *item)
{
    if (at < 0)
        at += l->len;
    if (at < 0 || at >= l->len) {
        hl_raise(l->len ? HL_ERR_index_pop : HL_ERR_index_pop_empty, 0, 0);
        return 1;
    }
    memcpy(item, SLOT(l, at), item_bytes(l));
    close_gap(l, at, 1);
    return 0;
}

hl_status hl_list_del(hl_list *l, int64_t at)
{
    hl_slot gone[64];
    if (at < 0)
        at += l->len;
    if (at < 0 || at >= l->len) {
        hl_raise(HL_ERR_index_list_set, 0, 0);
        return 1;
    }
    memcpy(gone, SLOT(l, at), item_bytes(l));
    close_gap(l, at, 1);
    release_items(l, gone, 1);
    return 0;
}

hl_status hl_list_extend(hl_list *l, const hl_list *from)
{
    int64_t n = from->len; /* `from` may be l itself: taken before it grows */
    if (__builtin_expect(l->len > INT64_MAX - n, 0) || hl_list_reserve(l, l->len + n))
        return 1;
    if (n && l->nslots) {
        memcpy(SLOT(l, l->len), from->data, (size_t)n * item_bytes(l));
        retain_items(l, SLOT(l, l->len), n);
    }
    l->len += n;
    l->dirty = 1;
    return 0;
}

static int64_t slice_len(int64_t start, int64_t stop, int64_t step)
{
    if (step > 0)
        return start < stop ? (stop - start - 1) / step + 1 : 0;
    return start > stop ? (start - stop - 1) / -step + 1 : 0;
}

hl_list *hl_list_slice(const hl_list *l, int64_t start, int64_t stop, int64_t step)
{
    int64_t n = slice_len(start, stop, step);
    hl_list *r = hl_list_new(n, l->nslots, l->mem_mask);
    if (!r || !n || !l->nslots)
        return r;
    if (step == 1)
        memcpy(r->data, SLOT(l, start), (size_t)n * item_bytes(l));
    else
        for (int64_t k = 0; k < n; k++)
            memcpy(SLOT(r, k), SLOT(l, start + k * step), item_bytes(l));
    retain_items(r, r->data, n);
    return r;
}

/* l[start:stop] = from, a simple slice: any length. */
static hl_status splice(hl_list *l, int64_t start, int64_t stop, const hl_list *from)
{
    if (stop < start)
        stop = start;
    int64_t out = stop - start, in = from->len, more = in - out;
    if (more > 0 && hl_list_reserve(l, l->len + more))
        return 1;
    hl_list *gone = NULL; /* what is replaced, until the list is whole */
    if (out && l->mem_mask && !(gone = hl_list_slice(l, start, stop, 1)))
        return 1;
    if (l->nslots) {
        if (gone)
            release_items(l, SLOT(l, start), out); /* `gone` holds them still */
        memmove(SLOT(l, start + in), SLOT(l, stop), (size_t)(l->len - stop) * item_bytes(l));
        if (in)
            memcpy(SLOT(l, start), from->data, (size_t)in * item_bytes(l));
        retain_items(l, SLOT(l, start), in);
    }
    l->len += more;
    l->dirty = 1;
    if (gone)
        hl_release(&gone->head);
    return 0;
}

static hl_status assign_strided(hl_list *l, int64_t start, int64_t n, int64_t step, const hl_list *from)
{
    hl_list *gone = NULL;
    if (l->mem_mask && !(gone = hl_list_slice(l, start, start + n * step, step)))
        return 1;
    for (int64_t k = 0; l->nslots && k < n; k++) {
        hl_slot *at = SLOT(l, start + k * step);
        if (gone)
            release_items(l, at, 1);
        memcpy(at, SLOT(from, k), item_bytes(l));
        retain_items(l, at, 1);
    }
    l->dirty = 1;
    if (gone)
        hl_release(&gone->head);
    return 0;
}

hl_status hl_list_set_slice(hl_list *l, int64_t start, int64_t stop, int64_t step, const hl_list *from)
{
    hl_list *copy = NULL;
    if (from == l) {
        if (!(copy = hl_list_slice(l, 0, l->len, 1)))
            return 1;
        from = copy;
    }
    hl_status failed;
    int64_t n = slice_len(start, stop, step);
    if (step == 1) {
        failed = splice(l, start, stop, from);
    } else if (n != from->len) {
        hl_raise(HL_ERR_slice_size, from->len, n);
        failed = 1;
    } else {
        failed = assign_strided(l, start, n, step, from);
    }
    if (copy)
        hl_release(&copy->head);
    return failed;
}

hl_status hl_list_del_slice(hl_list *l, int64_t start, int64_t stop, int64_t step)
{
    hl_list none = {.nslots = l->nslots, .mem_mask = l->mem_mask};
    int64_t n = slice_len(start, stop, step);
    if (n == 0)
        return 0;
    if (step == 1)
        return splice(l, start, stop, &none);
    if (step < 0) { /* the same items from the other end */
        start += (n - 1) * step;
        step = -step;
    }
    hl_list *gone = NULL;
    if (l->mem_mask && !(gone = hl_list_slice(l, start, start + n * step, step)))
        return 1;
    int64_t to = start;
    for (int64_t k = start, next = start; k < l->len; k++) {
        if (k == next && n > 0) {
            if (gone)
                release_items(l, SLOT(l, k), 1); /* `gone` holds them still */
            next += step;
            n--;
        } else if (l->nslots) {
            memmove(SLOT(l, to++), SLOT(l, k), item_bytes(l));
        } else {
            to++;
        }
    }
    l->len = to;
    l->dirty = 1;
    if (gone)
        hl_release(&gone->head);
    return 0;
}

hl_list *hl_list_concat(const hl_list *a, const hl_list *b)
{
    hl_list *r = hl_list_new(a->len + b->len, a->nslots, a->mem_mask | b->mem_mask);
    if (!r || !r->nslots)
        return r;
    if (a->len)
        memcpy(r->data, a->data, (size_t)a->len * item_bytes(a));
    if (b->len)
        memcpy(SLOT(r, a->len), b->data, (size_t)b->len * item_bytes(b));
    retain_items(r, r->data, r->len);
    return r;
}

/* Fills l[n:] with copies of the first n items, doubling. */
static void fill_copies(hl_list *l, int64_t n)
{
    for (int64_t have = n; l->nslots && have < l->len;) {
        int64_t k = have < l->len - have ? have : l->len - have;
        memcpy(SLOT(l, have), l->data, (size_t)k * item_bytes(l));
        have += k;
    }
    retain_items(l, SLOT(l, n), l->len - n);
}

hl_list *hl_list_repeat(const hl_list *l, int64_t times)
{
    int64_t n;
    if (times < 0)
        times = 0;
    if (__builtin_mul_overflow(l->len, times, &n))
        n = -1; /* refused by hl_list_new */
    hl_list *r = hl_list_new(n, l->nslots, l->mem_mask);
    if (!r || !n || !l->nslots)
        return r;
    if (l->nslots == 1 && l->len == 1 && !l->data[0].i) /* [0] * n: the pages are zero already */
        return r;
    memcpy(r->data, l->data, (size_t)l->len * item_bytes(l));
    retain_items(r, r->data, l->len);
    fill_copies(r, l->len);
    return r;
}

hl_status hl_list_repeat_inplace(hl_list *l, int64_t times)
{
    int64_t n, had = l->len;
    if (times <= 0) {
        hl_list_clear(l);
        return 0;
    }
    if (__builtin_mul_overflow(had, times, &n)) {
        hl_raise(HL_ERR_memory, 0, 0);
        return 1;
    }
    if (hl_list_reserve(l, n))
        return 1;
    l->len = n;
    l->dirty = 1;
    if (had)
        fill_copies(l, had);
    return 0;
}

void hl_list_reverse(hl_list *l)
{
    size_t n = item_bytes(l);
    hl_slot t[64];
    for (int64_t i = 0, j = l->len - 1; n && i < j; i++, j--) {
        memcpy(t, SLOT(l, i), n);
        memcpy(SLOT(l, i), SLOT(l, j), n);
        memcpy(SLOT(l, j), t, n);
    }
    l->dirty = 1;
}

void hl_list_clear(hl_list *l)
{
    hl_list old = *l;
    l->data = NULL;
    l->len = l->cap = 0;
    l->dirty = 1;
    release_items(&old, old.data, old.len);
    hl_free(old.data);
}

/* --- sort: order-preserving unsigned keys of one slot, sorted with their positions, then one permutation ------------ */
static uint64_t key_of(hl_slot s, int32_t kind, int32_t is_unsigned)
{
    switch (kind) {
    case HL_P_I1: return s.b & 1;
    case HL_P_I8: return is_unsigned ? (uint64_t)(uint8_t)s.i : hl_key_i64((int8_t)s.i);
    case HL_P_I16: return is_unsigned ? (uint64_t)(uint16_t)s.i : hl_key_i64((int16_t)s.i);
    case HL_P_I32: return is_unsigned ? (uint64_t)(uint32_t)s.i : hl_key_i64(s.i32);
    case HL_P_F32: return hl_key_f64((double)s.f32);
    case HL_P_F64: return hl_key_f64(s.f);
    default: return is_unsigned ? (uint64_t)s.i : hl_key_i64(s.i);
    }
}

hl_status hl_list_sort_by(hl_list *l, int32_t slot, int32_t kind, int32_t is_unsigned, int32_t reverse)
{
    int64_t n = l->len;
    if (n < 2 || !l->nslots)
        return 0;
    uint64_t flip = reverse ? ~(uint64_t)0 : 0, before = 0;
    bool sorted = true;
    hl_pair *pairs = hl_malloc((size_t)n * sizeof *pairs);
    if (!pairs)
        goto no_memory;
    for (int64_t k = 0; k < n; k++) {
        uint64_t key = key_of(SLOT(l, k)[slot], kind, is_unsigned) ^ flip; /* flipped keys: descending, and still stable */
        sorted &= key >= before;
        before = key;
        pairs[k] = (hl_pair){key, k};
    }
    if (!sorted) {
        hl_slot *out = NULL;
        if (hl_sort_pairs(pairs, n) || !(out = hl_malloc((size_t)l->cap * item_bytes(l)))) {
            hl_free(pairs);
            goto no_memory;
        }
        for (int64_t k = 0; k < n; k++)
            memcpy(out + k * l->nslots, SLOT(l, pairs[k].at), item_bytes(l));
        hl_free(l->data);
        l->data = out;
    }
    hl_free(pairs);
    l->dirty = 1;
    return 0;
no_memory:
    hl_raise(HL_ERR_memory, 0, 0);
    return 1;
}

hl_status hl_list_sort(hl_list *l, int32_t kind, int32_t is_unsigned, int32_t reverse)
{
    return hl_list_sort_by(l, 0, kind, is_unsigned, reverse);
}
