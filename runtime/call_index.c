/* Advanced indexing: masks and arrays of integers, read and written.
 *
 * operands: the array (its basic part already applied as a view), the number of its dimensions before the indexed ones, then the
 * value to store (NONE when reading), then the index arrays, one for each of the dimensions that follow; a mask stands for as many
 * dimensions as it has.  The index arrays broadcast together; their dimensions stand where the first one was.  A mask beside other
 * indices is its nonzero() to them. */
#include "call.h"

typedef struct plan {
    nd a;
    int before, nindex;              /* dimensions before; indexed dimensions */
    uint64_t axes;                   /* … which axes of the array they are (HL_INDEX_AXES) */
    int bdims;                       /* dimensions of the broadcast index */
    int64_t bshape[HL_CALL_DIMS], n; /* … their sizes, and product */
    int64_t *offset;                 /* for each index tuple: bytes from the first item */
    int rdims;
    int64_t rshape[HL_CALL_DIMS];
} plan;

static int axis_of(const plan *p, int k) { return k < HL_INDEX_AXES ? (int)(p->axes >> 5 * k & 31) : p->before + k; }

/* A mask for the indexed dimensions k … must have their sizes. */
static hl_status mask_misfits(const plan *p, const nd *m, int k)
{
    for (int d = 0; d < m->nd; d++) {
        int64_t size = p->a.shape[p->before + k + d];
        if (m->shape[d] != size) return hl_raise_mask(axis_of(p, k + d), size, m->shape[d]), 1;
    }
    return 0;
}

static int64_t count_true(const nd *m)
{
    int64_t n = 0;
    hl_lines l = hl_lines_of(m);
    for (char *q; hl_line(&l, &q);) n += *q != 0;
    return n;
}

/* A mask of d dimensions selects along a's dimensions from `dim`: offsets of the true ones. */
static hl_status plan_mask(plan *p, const hl_operand *op, int dim)
{
    nd m = hl_nd_of(op);
    if (mask_misfits(p, &m, 0)) return 1;
    p->n = count_true(&m), p->bdims = 1, p->bshape[0] = p->n, p->nindex = m.nd;
    if (!(p->offset = hl_malloc((size_t)(p->n ? p->n : 1) * 8))) return hl_failed(HL_ERR_memory, 0, 0);
    hl_lines l = hl_lines_of(&m);
    int64_t index[HL_CALL_DIMS], at = 0;
    memcpy(index, l.index, sizeof index);
    for (char *q; hl_line(&l, &q); memcpy(index, l.index, sizeof index)) {
        if (!*q) continue;
        int64_t o = 0;
        for (int k = 0; k < m.nd; k++) o += index[k] * p->a.stride[dim + k];
        p->offset[at++] = o;
    }
    return 0;
}

static hl_status shapes_differ(const hl_operand *op, int n)
{
    int64_t sizes[n * (HL_CALL_DIMS + 1)], *at = sizes;
    for (int k = 0; k < n; k++) {
        nd x = hl_nd_of(&op[k]);
        *at++ = x.nd;
        for (int d = 0; d < x.nd; d++) *at++ = x.shape[d];
    }
    hl_raise_shapes(HL_SHAPES_INDEX, sizes, n);
    return 1;
}

static hl_status broadcast_shape(plan *p, const hl_operand *op, int n)
{
    for (int k = 0; k < n; k++) {
        nd x = hl_nd_of(&op[k]);
        if (x.nd > p->bdims) {
            memmove(p->bshape + (x.nd - p->bdims), p->bshape, sizeof *p->bshape * (size_t)p->bdims);
            for (int d = 0; d < x.nd - p->bdims; d++) p->bshape[d] = 1;
            p->bdims = x.nd;
        }
        for (int d = 0; d < x.nd; d++) {
            int64_t *s = &p->bshape[p->bdims - x.nd + d];
            if (*s == 1) *s = x.shape[d];
            else if (x.shape[d] != 1 && x.shape[d] != *s) return shapes_differ(op, n);
        }
    }
    p->n = 1;
    for (int d = 0; d < p->bdims; d++) p->n *= p->bshape[d];
    return 0;
}

static hl_status plan_arrays(plan *p, const hl_operand *op, int n)
{
    if (broadcast_shape(p, op, n)) return 1;
    p->nindex = n;
    if (!(p->offset = hl_calloc((size_t)(p->n ? p->n : 1) * 8))) return hl_failed(HL_ERR_memory, 0, 0);
    for (int k = 0; k < n; k++) {
        nd x = hl_nd_of(&op[k]), wide = x;
        int dim = p->before + k;
        int64_t size = p->a.shape[dim], at = 0;
        wide.nd = p->bdims;
        for (int d = 0; d < p->bdims; d++) {
            int xd = d - (p->bdims - x.nd);
            wide.shape[d] = p->bshape[d];
            wide.stride[d] = xd < 0 || x.shape[xd] == 1 ? 0 : x.stride[xd];
        }
        hl_lines l = hl_lines_of(&wide);
        for (char *q; hl_line(&l, &q);) {
            int64_t v;
            hl_items_convert(&v, 8, NPY_INT64, q, x.item, x.npy, 1);
            if (v < -size || v >= size) return hl_failed(axis_of(p, k) < 6 ? (hl_err)(HL_ERR_index_array0 + axis_of(p, k)) : HL_ERR_index_array, v, size);
            p->offset[at++] += (v < 0 ? v + size : v) * p->a.stride[dim];
        }
    }
    return 0;
}

/* Indices of which each stands for one dimension: masks as what their nonzero() gives. */
typedef struct indices { hl_operand op[HL_CALL_DIMS + 1]; hl_slot slots[HL_CALL_DIMS][4]; int64_t *memory[HL_CALL_DIMS]; int n; } indices;

static bool is_mask(const hl_operand *op) { return op->kind == HL_ARG_ARRAY && op->npy == NPY_BOOL; }

static hl_status spell_mask(const plan *p, indices *x, const hl_operand *op)
{
    nd m = hl_nd_of(op);
    if (mask_misfits(p, &m, x->n)) return 1;
    int64_t n = count_true(&m), index[HL_CALL_DIMS], at = 0, *places = hl_malloc((size_t)(n ? n : 1) * (size_t)m.nd * 8);
    if (!places) return hl_failed(HL_ERR_memory, 0, 0);
    x->memory[x->n] = places;
    hl_lines l = hl_lines_of(&m);
    memcpy(index, l.index, sizeof index);
    for (char *q; hl_line(&l, &q); memcpy(index, l.index, sizeof index)) {
        if (!*q) continue;
        for (int d = 0; d < m.nd; d++) places[d * n + at] = index[d];
        at++;
    }
    for (int d = 0; d < m.nd; d++, x->n++) {
        hl_slot *s = x->slots[x->n];
        s[0].p = NULL, s[1].p = places + d * n, s[2].i = n, s[3].i = 8;
        x->op[x->n] = (hl_operand){.v.p = s, .npy = NPY_INT64, .ndim = 1, .kind = HL_ARG_ARRAY};
    }
    return 0;
}

static hl_status plan_mixed(plan *p, const hl_operand *op, int n)
{
    bool masks = false;
    for (int k = 0; k < n; k++) masks |= is_mask(&op[k]);
    if (!masks) return plan_arrays(p, op, n);
    indices *x = hl_calloc(sizeof *x);
    if (!x) return hl_failed(HL_ERR_memory, 0, 0);
    hl_status bad = 0;
    for (int k = 0; k < n && !bad; k++) {
        if (is_mask(&op[k])) bad = spell_mask(p, x, &op[k]);
        else x->op[x->n++] = op[k];
    }
    if (!bad) bad = plan_arrays(p, x->op, x->n);
    for (int k = 0; k < HL_CALL_DIMS; k++) hl_free(x->memory[k]);
    hl_free(x);
    return bad;
}

static hl_status make_plan(plan *p, const hl_operand *a)
{
    *p = (plan){.a = hl_nd_of(a), .before = (int)(a[1].v.i & 255), .axes = (uint64_t)a[1].v.i >> 8};
    const hl_operand *index = a + 3;
    int n = hl_count_operands(index);
    hl_status bad = n == 1 && is_mask(index) ? plan_mask(p, index, p->before) : plan_mixed(p, index, n);
    if (bad) {
        hl_free(p->offset);
        return 1;
    }
    for (int k = 0; k < p->before; k++) p->rshape[p->rdims++] = p->a.shape[k];
    for (int k = 0; k < p->bdims; k++) p->rshape[p->rdims++] = p->bshape[k];
    for (int k = p->before + p->nindex; k < p->a.nd; k++) p->rshape[p->rdims++] = p->a.shape[k];
    return 0;
}

/* a's dimensions before and after the indexed ones */
static nd part_of(const nd *a, int from, int to, char *data)
{
    nd r = *a;
    r.data = data, r.nd = to - from;
    for (int k = from; k < to; k++) r.shape[k - from] = a->shape[k], r.stride[k - from] = a->stride[k];
    return r;
}

#define GATHER(T)                                                                                                      \
    for (int64_t k = 0; k < p->n; k++) ((T *)to)[k] = *(T *)(from + p->offset[k])

static void gather(const plan *p, char *to, const char *from)
{
    switch (p->a.item) {
    case 1: GATHER(uint8_t); break;
    case 2: GATHER(uint16_t); break;
    case 4: GATHER(uint32_t); break;
    case 8: GATHER(uint64_t); break;
    default: for (int64_t k = 0; k < p->n; k++) memcpy(to + k * p->a.item, from + p->offset[k], (size_t)p->a.item);
    }
}

static bool c_ordered(const nd *a)
{
    int64_t s = a->item;
    for (int k = a->nd - 1; k >= 0; k--) {
        if (a->shape[k] > 1 && a->stride[k] != s) return false;
        s *= a->shape[k];
    }
    return true;
}

/* How many bytes are not 0: eight counters in one word, emptied before they overflow. */
static int64_t count_mask(const uint8_t *p, int64_t n)
{
    int64_t total = 0, k = 0;
    while (k + 8 <= n) {
        uint64_t eight = 0, word;
        for (int turn = 0; turn < 255 && k + 8 <= n; turn++, k += 8) {
            memcpy(&word, p + k, 8);
            word |= word >> 4, word |= word >> 2, word |= word >> 1; /* any bit of a byte makes it true */
            eight += word & 0x0101010101010101;
        }
        for (; eight; eight >>= 8) total += (int64_t)(eight & 255);
    }
    for (; k < n; k++) total += p[k] != 0;
    return total;
}

#define COMPRESS(T)                                                                                                    \
    do {                                                                                                               \
        T *to_ = (T *)r.data;                                                                                          \
        const T *from_ = (const T *)x->data;                                                                           \
        for (int64_t k = 0; k + 8 <= size && at + 8 <= n; k += 8, done = k) {                                          \
            uint64_t eight;                                                                                            \
            memcpy(&eight, m->data + k, 8);                                                                            \
            if (!eight) continue;                                                                                      \
            for (int j = 0; j < 8; j++) to_[at] = from_[k + j], at += m->data[k + j] != 0;                                \
        }                                                                                                              \
        for (int64_t k = done; k < size && at < n; k++) to_[at] = from_[k], at += m->data[k] != 0;                     \
    } while (0)

/* A mask of the array's own shape, both in C order: no index is worked out. */
static hl_status compress(const nd *x, const nd *m, hl_slot *out)
{
    int64_t size = hl_nd_size(x), n = count_mask((const uint8_t *)m->data, size), at = 0, done = 0;
    nd r;
    if (hl_nd_out(&r, out, 1, &n, x->npy)) return 1;
    switch (x->item) {
    case 1: COMPRESS(uint8_t); break;
    case 2: COMPRESS(uint16_t); break;
    case 4: COMPRESS(uint32_t); break;
    case 8: COMPRESS(uint64_t); break;
    default:
        for (int64_t k = 0; k < size; k++)
            if (m->data[k]) memcpy(r.data + at++ * r.item, x->data + k * r.item, (size_t)r.item);
    }
    return 0;
}
#undef COMPRESS

/* Is the index one mask over all dimensions, in C order like the array? */
static bool plain_mask(const hl_operand *a, nd *x, nd *m)
{
    const hl_operand *index = a + 3;
    if (hl_count_operands(index) != 1 || index->kind != HL_ARG_ARRAY || index->npy != NPY_BOOL) return false;
    *x = hl_nd_of(a), *m = hl_nd_of(index);
    if (m->nd != x->nd || !c_ordered(x) || !c_ordered(m)) return false;
    for (int k = 0; k < x->nd; k++)
        if (x->shape[k] != m->shape[k]) return false;
    return true;
}

static inline int64_t index_at(int32_t npy, const char *p)
{
    switch (npy) {
    case NPY_BYTE: return *(const int8_t *)p;
    case NPY_UBYTE: return *(const uint8_t *)p;
    case NPY_SHORT: { int16_t v; return memcpy(&v, p, sizeof v), v; }
    case NPY_USHORT: { uint16_t v; return memcpy(&v, p, sizeof v), v; }
    case NPY_INT: { int32_t v; return memcpy(&v, p, sizeof v), v; }
    case NPY_UINT: { uint32_t v; return memcpy(&v, p, sizeof v), v; }
    default: { int64_t v; return memcpy(&v, p, sizeof v), v; }
    }
}

#define PICK(T) do { T v_; memcpy(&v_, from, sizeof v_); ((T *)data)[k] = v_; } while (0)

/* a[index] of one dimension each; false: not that case.  Straight from the slots: such indices are short and many. */
static bool pick_line(const hl_operand *a, hl_slot *out, hl_status *bad)
{
    const hl_operand *index = a + 3;
    if (index->kind != HL_ARG_ARRAY || index[1].kind != HL_ARG_END || index->npy == NPY_BOOL || index->ndim != 1 || a->ndim != 1) return false;
    const hl_slot *x = a->v.p, *ix = index->v.p;
    const char *at = ix[1].p;
    int64_t n = ix[2].i, step = ix[3].i, size = x[2].i, item = hl_npy_size(a->npy), shape = n;
    if (item == 16) return false;
    void *data;
    hl_mem *owner = hl_array_new(1, &shape, item, 0, &data);
    if ((*bad = !owner)) return true;
    for (int64_t k = 0; k < n; k++, at += step) {
        int64_t v = index_at(index->npy, at), i = v < 0 ? v + size : v;
        if ((uint64_t)i >= (uint64_t)size) {
            hl_release(owner);
            *bad = hl_failed(HL_ERR_index_array0, v, size);
            return true;
        }
        const char *from = (const char *)x[1].p + i * x[3].i;
        switch (item) {
        case 1: PICK(uint8_t); break;
        case 2: PICK(uint16_t); break;
        case 4: PICK(uint32_t); break;
        default: PICK(uint64_t);
        }
    }
    out[0].p = owner, out[1].p = data, out[2].i = n, out[3].i = item;
    return true;
}

hl_status hl_np_fancy_get(const hl_operand *a, hl_slot *out)
{
    plan p;
    nd r, x, m;
    hl_status done;
    if (pick_line(a, out, &done)) return done;
    if (plain_mask(a, &x, &m)) return compress(&x, &m, out);
    if (make_plan(&p, a)) return 1;
    if (hl_nd_out(&r, out, p.rdims, p.rshape, p.a.npy)) return hl_free(p.offset), 1;
    nd outer = part_of(&p.a, 0, p.before, p.a.data), inner = part_of(&p.a, p.before + p.nindex, p.a.nd, NULL);
    nd to = inner;
    int64_t s = r.item, row;
    for (int k = to.nd - 1; k >= 0; k--) to.stride[k] = s, s *= to.shape[k];
    row = s;
    hl_lines l = hl_lines_of(&outer);
    char *at = r.data;
    for (char *base; row && hl_line(&l, &base);) {
        if (!inner.nd) {
            gather(&p, at, base);
            at += p.n * r.item;
            continue;
        }
        for (int64_t k = 0; k < p.n; k++, at += row) {
            inner.data = base + p.offset[k], to.data = at;
            hl_nd_copy(&to, &inner);
        }
    }
    hl_free(p.offset);
    return 0;
}

static hl_status value_misfits(const plan *p, const nd *v, bool mask)
{
    if (mask && v->nd == 1 && p->rdims == 1) return hl_failed(HL_ERR_mask_values, v->shape[0], p->n);
    int64_t sizes[2 + 2 * HL_CALL_DIMS], *at = sizes;
    *at++ = v->nd;
    for (int k = 0; k < v->nd; k++) *at++ = v->shape[k];
    *at++ = p->rdims;
    for (int k = 0; k < p->rdims; k++) *at++ = p->rshape[k];
    hl_raise_shapes(2, sizes, 2);
    return 1;
}

/* The value broadcast to the selection: strides for rdims dimensions. */
static hl_status broadcast_value(const plan *p, nd *v, bool mask)
{
    nd x = *v;
    while (x.nd > p->rdims && x.shape[0] == 1) { /* leading dimensions of 1 may go */
        x.nd--;
        memmove(x.shape, x.shape + 1, sizeof *x.shape * (size_t)x.nd), memmove(x.stride, x.stride + 1, sizeof *x.stride * (size_t)x.nd);
    }
    if (x.nd > p->rdims) return value_misfits(p, &x, mask);
    *v = x;
    v->nd = p->rdims;
    for (int d = 0; d < p->rdims; d++) {
        int xd = d - (p->rdims - x.nd);
        if (xd >= 0 && x.shape[xd] != 1 && x.shape[xd] != p->rshape[d]) return *v = x, value_misfits(p, &x, mask);
        v->shape[d] = p->rshape[d], v->stride[d] = xd < 0 || x.shape[xd] == 1 ? 0 : x.stride[xd];
    }
    return 0;
}

/* Does the value lie in memory that the store changes? */
static bool overlaps(const nd *a, const nd *b)
{
    char *alo = a->data, *ahi = a->data + a->item, *blo = b->data, *bhi = b->data + b->item;
    for (int k = 0; k < a->nd; k++) if (a->stride[k] < 0) alo += (a->shape[k] - 1) * a->stride[k]; else ahi += (a->shape[k] - 1) * a->stride[k];
    for (int k = 0; k < b->nd; k++) if (b->stride[k] < 0) blo += (b->shape[k] - 1) * b->stride[k]; else bhi += (b->shape[k] - 1) * b->stride[k];
    return alo < bhi && blo < ahi;
}

hl_status hl_np_fancy_set(const hl_operand *a, hl_slot *out)
{
    (void)out;
    plan p;
    nd v = hl_nd_of(&a[2]), copy = {0}, x, m;
    if (v.nd == 0 && plain_mask(a, &x, &m)) {
        char item[16];
        hl_items_convert(item, 0, x.npy, v.data, 0, v.npy, 1);
        for (int64_t k = 0, n = hl_nd_size(&x); k < n; k++)
            if (m.data[k]) memcpy(x.data + k * x.item, item, (size_t)x.item);
        return 0;
    }
    if (make_plan(&p, a)) return 1;
    hl_status bad = 0;
    if (a[2].kind == HL_ARG_ARRAY && overlaps(&p.a, &v) && !(bad = hl_nd_contiguous(&copy, &v, v.npy))) v = copy;
    if (!bad) bad = broadcast_value(&p, &v, is_mask(&a[3]) && a[4].kind == HL_ARG_END);
    if (!bad) {
        nd outer = part_of(&p.a, 0, p.before, p.a.data), inner = part_of(&p.a, p.before + p.nindex, p.a.nd, NULL);
        nd vouter = part_of(&v, 0, p.before, v.data), vmid = part_of(&v, p.before, p.before + p.bdims, NULL), vin = part_of(&v, p.before + p.bdims, v.nd, NULL);
        hl_lines lo = hl_lines_of(&outer), lv = hl_lines_of(&vouter);
        for (char *base, *vbase; hl_line(&lo, &base) && hl_line(&lv, &vbase);) {
            vmid.data = vbase;
            hl_lines lm = hl_lines_of(&vmid);
            char *q;
            for (int64_t k = 0; k < p.n && hl_line(&lm, &q); k++) {
                inner.data = base + p.offset[k], vin.data = q;
                if (inner.nd) hl_nd_copy(&inner, &vin);
                else hl_items_convert(inner.data, 0, p.a.npy, q, 0, v.npy, 1);
            }
        }
    }
    if (copy.owner) hl_nd_drop(&copy);
    hl_free(p.offset);
    return bad;
}
