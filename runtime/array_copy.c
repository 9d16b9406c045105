/* Items between dtypes; arrays out of lists; reshaping. */
#include "rt_array.h"
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/ndarraytypes.h>
#include <string.h>

/* --- conversion: from anything into a common wide form, and out again --------------------------------------------------- */

typedef struct wide { double re, im; int64_t i; uint64_t u; int kind; } wide; /* kind: 0 int, 1 unsigned, 2 real, 3 complex */

#define LOAD(T) ({ T v_; memcpy(&v_, p, sizeof v_); v_; })
static wide load_item(const char *p, int32_t type)
{
    wide w = {0};
    switch (type) {
    case NPY_BOOL: w.i = LOAD(uint8_t) != 0; break;
    case NPY_BYTE: w.i = LOAD(int8_t); break;
    case NPY_SHORT: w.i = LOAD(int16_t); break;
    case NPY_INT: w.i = LOAD(int32_t); break;
    case NPY_LONG: case NPY_LONGLONG: w.i = LOAD(int64_t); break;
    case NPY_UBYTE: w.i = LOAD(uint8_t); break;
    case NPY_USHORT: w.i = LOAD(uint16_t); break;
    case NPY_UINT: w.i = LOAD(uint32_t); break;
    case NPY_ULONG: case NPY_ULONGLONG: w.u = LOAD(uint64_t), w.i = (int64_t)w.u, w.kind = 1; break;
    case NPY_FLOAT: w.re = (double)LOAD(float), w.kind = 2; break;
    case NPY_DOUBLE: w.re = LOAD(double), w.kind = 2; break;
    case NPY_CFLOAT: w.re = (double)LOAD(float), p += 4, w.im = (double)LOAD(float), w.kind = 3; break;
    case NPY_CDOUBLE: w.re = LOAD(double), p += 8, w.im = LOAD(double), w.kind = 3; break;
    default: break;
    }
    return w;
}
#undef LOAD

static double real_of(const wide *w) { return w->kind >= 2 ? w->re : w->kind == 1 ? (double)w->u : (double)w->i; }

/* As the CPU converts: out of range is not an error, as in NumPy. */
static int64_t int_of(const wide *w)
{
    if (w->kind < 2) return w->i;
    if (w->re >= 9223372036854775808.0) return w->re < 18446744073709551616.0 ? (int64_t)(uint64_t)w->re : INT64_MIN;
    return w->re > -9223372036854775809.0 ? (int64_t)w->re : INT64_MIN;
}

#define STORE(T, x) do { T v_ = (T)(x); memcpy(p, &v_, sizeof v_); } while (0)
static void store_item(char *p, int32_t type, const wide *w)
{
    switch (type) {
    case NPY_BOOL: STORE(uint8_t, w->kind < 2 ? w->i != 0 : w->re != 0 || w->im != 0); break;
    case NPY_BYTE: case NPY_UBYTE: STORE(int8_t, int_of(w)); break;
    case NPY_SHORT: case NPY_USHORT: STORE(int16_t, int_of(w)); break;
    case NPY_INT: case NPY_UINT: STORE(int32_t, int_of(w)); break;
    case NPY_LONG: case NPY_LONGLONG: case NPY_ULONG: case NPY_ULONGLONG: STORE(int64_t, int_of(w)); break;
    case NPY_FLOAT: STORE(float, real_of(w)); break;
    case NPY_DOUBLE: STORE(double, real_of(w)); break;
    case NPY_CFLOAT: STORE(float, real_of(w)); p += 4; STORE(float, w->im); break;
    case NPY_CDOUBLE: STORE(double, real_of(w)); p += 8; STORE(double, w->im); break;
    default: break;
    }
}
#undef STORE

int64_t hl_npy_size(int32_t type)
{
    switch (type) {
    case NPY_BOOL: case NPY_BYTE: case NPY_UBYTE: return 1;
    case NPY_SHORT: case NPY_USHORT: return 2;
    case NPY_INT: case NPY_UINT: case NPY_FLOAT: return 4;
    case NPY_CDOUBLE: return 16;
    default: return 8;
    }
}

/* --- the same for rows, between real types: one loop a pair ------------------------------------------------------------------ */

#define ROW(T, F)                                                                                                      \
    do {                                                                                                               \
        for (; n > 0; n--, d += ds, s += ss) {                                                                         \
            F v_;                                                                                                      \
            memcpy(&v_, s, sizeof v_);                                                                                 \
            T w_ = (T)v_;                                                                                              \
            memcpy(d, &w_, sizeof w_);                                                                                 \
        }                                                                                                              \
        return true;                                                                                                   \
    } while (0)
#define FROM_INT(T)                                                                                                    \
    switch (from) {                                                                                                    \
    case NPY_BYTE: ROW(T, int8_t);                                                                             \
    case NPY_SHORT: ROW(T, int16_t);                                                                          \
    case NPY_INT: ROW(T, int32_t);                                                                            \
    case NPY_LONG: case NPY_LONGLONG: ROW(T, int64_t);                                                        \
    case NPY_BOOL: case NPY_UBYTE: ROW(T, uint8_t);                                                           \
    case NPY_USHORT: ROW(T, uint16_t);                                                                       \
    case NPY_UINT: ROW(T, uint32_t);                                                                         \
    case NPY_ULONG: case NPY_ULONGLONG: ROW(T, uint64_t);                                                    \
    default: break;                                                                                                    \
    }

typedef struct pair { double re, im; } pair;
#define COPY(T)                                                                                                        \
    if (ss == 0 && ds == sizeof(T) && (uintptr_t)d % _Alignof(T) == 0) { /* one item, repeated */                     \
        T v_;                                                                                                          \
        memcpy(&v_, s, sizeof v_);                                                                                     \
        for (int64_t k = 0; k < n; k++) ((T *)d)[k] = v_;                                                              \
        return;                                                                                                        \
    }                                                                                                                  \
    for (; n > 0; n--, d += ds, s += ss) {                                                                             \
        T v_;                                                                                                          \
        memcpy(&v_, s, sizeof v_);                                                                                     \
        memcpy(d, &v_, sizeof v_);                                                                                     \
    }                                                                                                                  \
    return

static void copy_row(char *d, int64_t ds, const char *s, int64_t ss, int64_t size, int64_t n)
{
    switch (size) {
    case 1: COPY(uint8_t);
    case 2: COPY(uint16_t);
    case 4: COPY(uint32_t);
    case 8: COPY(uint64_t);
    default: COPY(pair);
    }
}
#undef COPY

static bool convert_row(char *d, int64_t ds, int32_t to, const char *s, int64_t ss, int32_t from, int64_t n)
{
    switch (to) {
    case NPY_DOUBLE:
        FROM_INT(double)
        if (from == NPY_FLOAT) ROW(double, float);
        if (from == NPY_DOUBLE) ROW(double, double);
        return false;
    case NPY_FLOAT:
        FROM_INT(float)
        if (from == NPY_FLOAT) ROW(float, float);
        if (from == NPY_DOUBLE) ROW(float, double);
        return false;
    case NPY_LONG: case NPY_LONGLONG: FROM_INT(int64_t) return false;
    case NPY_INT: case NPY_UINT: FROM_INT(int32_t) return false;
    case NPY_SHORT: case NPY_USHORT: FROM_INT(int16_t) return false;
    case NPY_BYTE: case NPY_UBYTE: FROM_INT(int8_t) return false;
    default: return false;
    }
}
#undef ROW
#undef FROM_INT

void hl_items_convert(void *dst, int64_t dstride, int32_t to, const void *src, int64_t sstride, int32_t from, int64_t n)
{
    char *d = dst;
    const char *s = src;
    int64_t size = hl_npy_size(from);
    if (from == to && dstride == size && sstride == size) {
        memmove(d, s, (size_t)(n * size));
        return;
    }
    if (from == to) {
        copy_row(d, dstride, s, sstride, size, n);
        return;
    }
    if (convert_row(d, dstride, to, s, sstride, from, n)) return;
    for (; n > 0; n--, d += dstride, s += sstride) {
        wide w = load_item(s, from);
        store_item(d, to, &w);
    }
}

/* --- lists ---------------------------------------------------------------------------------------------------------------- */

static hl_status list_shape(const hl_list *l, int32_t depth, int64_t *shape)
{
    shape[0] = l->len;
    if (depth == 1) return 0;
    if (!l->len) {
        for (int k = 1; k < depth; k++) shape[k] = 0;
        return 0;
    }
    return list_shape(l->data[0].p, depth - 1, shape + 1);
}

static bool fill_from(const hl_list *l, int32_t depth, const int64_t *shape, int32_t from, int32_t to, int32_t slots, char **out)
{
    if (l->len != shape[0]) return false;
    if (depth > 1) {
        for (int64_t k = 0; k < l->len; k++)
            if (!fill_from(l->data[k].p, depth - 1, shape + 1, from, to, slots, out)) return false;
        return true;
    }
    /* a complex number takes two slots of 8 bytes; single precision ones do not lie side by side */
    int64_t size = hl_npy_size(to), n = l->len * (l->nslots / slots);
    const char *src = (const char *)l->data;
    if (from == NPY_CFLOAT)
        for (int64_t k = 0; k < n; k++, src += 16, *out += size) {
            float pair[2];
            memcpy(pair, src, 4), memcpy(pair + 1, src + 8, 4);
            hl_items_convert(*out, size, to, pair, 8, from, 1);
        }
    else {
        hl_items_convert(*out, size, to, src, 8 * slots, from, n);
        *out += n * size;
    }
    return true;
}

hl_mem *hl_array_from_list(const hl_list *list, int32_t depth, int32_t nd, int32_t from, int32_t to, int64_t *shape, void **data)
{
    int32_t slots = from == NPY_CFLOAT || from == NPY_CDOUBLE ? 2 : 1;
    list_shape(list, depth, shape);
    const hl_list *inner = list;
    for (int k = 1; k < depth && inner->len; k++) inner = inner->data[0].p;
    if (nd > depth) shape[depth] = inner->nslots / slots;
    hl_mem *owner = hl_array_new(nd, shape, hl_npy_size(to), 0, data);
    if (!owner) return NULL;
    char *out = *data;
    if (fill_from(list, depth, shape, from, to, slots, &out)) return owner;
    hl_release(owner);
    hl_raise(HL_ERR_inhomogeneous, 0, 0);
    return NULL;
}

int64_t hl_range_count(int64_t start, int64_t stop, int64_t step)
{
    if (step > 0) return start < stop ? (int64_t)(((uint64_t)stop - (uint64_t)start - 1) / (uint64_t)step) + 1 : 0;
    return stop < start ? (int64_t)(((uint64_t)start - (uint64_t)stop - 1) / -(uint64_t)step) + 1 : 0;
}

/* --- reshape ---------------------------------------------------------------------------------------------------------------- */

/* Strides of the new shape over the old memory: runs of old dimensions that lie in one piece are split anew (NumPy's
 * _attempt_nocopy_reshape).  False when there are none. */
static bool strides_for(int nd, const int64_t *shape, const int64_t *strides, int nn, const int64_t *ns, int64_t *out)
{
    int64_t os[64], ot[64];
    int on = 0;
    for (int k = 0; k < nd; k++)
        if (shape[k] != 1) os[on] = shape[k], ot[on++] = strides[k];
    int oi = 0, oj = 1, ni = 0, nj = 1;
    while (ni < nn && oi < on) {
        int64_t np = ns[ni], op = os[oi];
        while (np != op)
            if (np < op) np *= ns[nj++];
            else op *= os[oj++];
        for (int k = oi; k < oj - 1; k++)
            if (ot[k] != os[k + 1] * ot[k + 1]) return false;
        out[nj - 1] = ot[oj - 1];
        for (int k = nj - 1; k > ni; k--) out[k - 1] = out[k] * ns[k];
        ni = nj++, oi = oj++;
    }
    int64_t last = ni >= 1 ? out[ni - 1] : 1;
    for (int k = ni; k < nn; k++) out[k] = last;
    return true;
}

static void copy_rows(char **to, const char *from, int nd, const int64_t *shape, const int64_t *strides, int64_t item)
{
    if (nd == 0) {
        memcpy(*to, from, (size_t)item);
        *to += item;
        return;
    }
    for (int64_t k = 0; k < shape[0]; k++) copy_rows(to, from + k * strides[0], nd - 1, shape + 1, strides + 1, item);
}

hl_status hl_array_reshape(const int64_t *a, int32_t meta, int64_t *out, int32_t nd)
{
    int old = meta >> 8;
    int64_t item = meta & 255, n = 1;
    const int64_t *shape = a + 2, *strides = a + 2 + old;
    for (int k = 0; k < old; k++) n *= shape[k];
    if (n && strides_for(old, shape, strides, nd, out + 2, out + 2 + nd)) {
        hl_retain((hl_mem *)a[0]);
        out[0] = a[0], out[1] = a[1];
        return 0;
    }
    void *data;
    hl_mem *owner = hl_array_new(nd, out + 2, item, 0, &data);
    if (!owner) return 1;
    char *to = data;
    if (n) copy_rows(&to, (const char *)a[1], old, shape, strides, item);
    out[0] = (int64_t)owner, out[1] = (int64_t)data;
    for (int k = nd - 1; k >= 0; k--) out[2 + nd + k] = item, item *= out[2 + k];
    return 0;
}
