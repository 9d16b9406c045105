/* New arrays, overlap of arrays, slices with unknown steps. */
#include "rt_array.h"
#include "rt_numpy.h"
#include "gil.h"
#include <string.h>

hl_mem *hl_array_new(int32_t ndim, const int64_t *shape, int64_t itemsize, int32_t zero, void **data)
{
    int64_t n = itemsize;
    bool empty = false;
    for (int k = 0; k < ndim; k++) {
        if (shape[k] < 0) return hl_raise(HL_ERR_negative_dim, 0, 0), NULL;
        empty |= shape[k] == 0;
    }
    for (int k = 0; k < ndim && !empty; k++)
        if (__builtin_mul_overflow(n, shape[k], &n)) return hl_raise(HL_ERR_too_large, 0, 0), NULL;
    return hl_array_alloc(empty ? 0 : n, zero, data);
}

hl_mem *hl_array_make(int32_t ndim, const int64_t *shape, int64_t itemsize, int32_t zero)
{
    void *data;
    return hl_array_new(ndim, shape, itemsize, zero, &data);
}

/* --- overlap -------------------------------------------------------------------------------------------------------------- */

typedef struct region { const int64_t *shape, *stride; int nd; int64_t item; intptr_t data, lo, hi; bool empty; } region;

static region region_of(const int64_t *slots, int32_t meta)
{
    region r = {.nd = meta >> 8, .item = meta & 255};
    r.data = (intptr_t)slots[1], r.shape = slots + 2, r.stride = slots + 2 + r.nd;
    r.lo = r.data, r.hi = r.data + r.item;
    for (int k = 0; k < r.nd; k++) {
        if (r.shape[k] == 0) r.empty = true;
        int64_t reach = (r.shape[k] - 1) * r.stride[k];
        if (reach < 0) r.lo += reach;
        else r.hi += reach;
    }
    return r;
}

static int64_t gcd(int64_t a, int64_t b)
{
    if (a < 0) a = -a;
    if (b < 0) b = -b;
    while (b) {
        int64_t t = a % b;
        a = b, b = t;
    }
    return a;
}

/* The very same items in the same order; a dimension of one item may have any stride. */
static bool same_items(const region *a, const region *b)
{
    if (a->data != b->data || a->nd != b->nd || a->item != b->item) return false;
    for (int k = 0; k < a->nd; k++)
        if (a->shape[k] != b->shape[k] || (a->shape[k] > 1 && a->stride[k] != b->stride[k])) return false;
    return true;
}

/* Addresses of items are data + multiples of g (all strides' common divisor): do the classes modulo g meet? */
static bool classes_meet(const region *a, const region *b)
{
    int64_t g = 0;
    for (int k = 0; k < a->nd; k++) if (a->shape[k] > 1) g = gcd(g, a->stride[k]);
    for (int k = 0; k < b->nd; k++) if (b->shape[k] > 1) g = gcd(g, b->stride[k]);
    if (g == 0) return true;
    int64_t d = (b->data - a->data) % g;
    if (d < 0) d += g;
    return d < a->item || g - d < b->item;
}

/* Two blocks of one matrix: equal outer strides S, everything else of each within S bytes.  Then an overlap needs a row distance q and
 * an inner distance r with data_b - data_a = q S + r for which both the rows and the insides meet. */
static bool blocks_meet(const region *a, const region *b)
{
    int64_t s = 0;
    int ka = -1, kb = -1;
    for (int k = 0; k < a->nd; k++) if (a->shape[k] > 1 && a->stride[k] > s) s = a->stride[k], ka = k;
    for (int k = 0; k < b->nd; k++) if (b->shape[k] > 1 && b->stride[k] == s) kb = k;
    if (s == 0 || kb < 0) return true;
    int64_t inside_a = a->item, inside_b = b->item;
    for (int k = 0; k < a->nd; k++) {
        if (k != ka && a->shape[k] > 1 && a->stride[k] < 0) return true;
        if (k != ka) inside_a += (a->shape[k] - 1) * a->stride[k];
    }
    for (int k = 0; k < b->nd; k++) {
        if (k != kb && b->shape[k] > 1 && b->stride[k] < 0) return true;
        if (k != kb) inside_b += (b->shape[k] - 1) * b->stride[k];
    }
    if (inside_a > s || inside_b > s) return true;
    int64_t d = b->data - a->data, q = d / s, r = d % s;
    if (r < 0) r += s, q--;
    for (int turn = 0; turn < 2; turn++, q++, r -= s) {
        bool rows = q < a->shape[ka] && -q < b->shape[kb], insides = r < inside_a && -r < inside_b;
        if (rows && insides) return true;
    }
    return false;
}

typedef struct temp { struct temp *next; int64_t pad[7]; } temp;

void *hl_array_apart(const int64_t *dst, int32_t dst_meta, const int64_t *src, int32_t src_meta, void **temps)
{
    bool whole = src_meta & HL_APART_WHOLE;
    region d = region_of(dst, dst_meta), s = region_of(src, src_meta & ~HL_APART_WHOLE);
    void *data = (void *)s.data;
    if (d.empty || s.empty || d.hi <= s.lo || s.hi <= d.lo || (!whole && same_items(&d, &s)) || !classes_meet(&d, &s) || !blocks_meet(&d, &s)) return data;
    temp *t = hl_malloc(sizeof *t + (size_t)(s.hi - s.lo));
    if (!t) {
        hl_array_apart_end(temps);
        hl_raise(HL_ERR_memory, 0, 0);
        return NULL;
    }
    t->next = *temps;
    *temps = t;
    memcpy(t + 1, (void *)s.lo, (size_t)(s.hi - s.lo));
    return (char *)(t + 1) + (s.data - s.lo);
}

void hl_array_apart_end(void **temps)
{
    for (temp *t = *temps, *next; t; t = next) {
        next = t->next;
        hl_free(t);
    }
    *temps = NULL;
}

/* --- strides that somebody made up ------------------------------------------------------------------------------------------ */

/* How far the items lie below and above the first one, in bytes; false: beyond what an address can say. */
static bool reach(const region *r, int64_t *below, int64_t *above)
{
    *below = 0, *above = r->item;
    for (int k = 0; k < r->nd; k++) {
        int64_t far;
        if (__builtin_mul_overflow(r->shape[k] - 1, r->stride[k], &far)) return false;
        int64_t *end = far < 0 ? below : above;
        if (__builtin_add_overflow(*end, far, end)) return false;
    }
    return true;
}

hl_status hl_array_strided(const int64_t *x, int32_t x_meta, const int64_t *view, int32_t view_meta)
{
    int64_t align = view_meta >> HL_STRIDED_ALIGN, below, above, x_below, x_above;
    region v = {.nd = view_meta >> 8 & 0xff, .item = view_meta & 255, .shape = view + 2, .stride = view + 2 + (view_meta >> 8 & 0xff)}, a = region_of(x, x_meta);
    for (int k = 0; k < v.nd; k++) {
        if (v.shape[k] < 0) return hl_raise(HL_ERR_negative_dim, 0, 0), 1;
        if (v.shape[k] == 0) v.empty = true;
    }
    if (v.empty) return 0;
    for (int k = 0; k < v.nd; k++)
        if (v.shape[k] > 1 && v.stride[k] % align) return hl_raise(HL_ERR_strided_align, v.stride[k], align), 1;
    if (!(view_meta & HL_STRIDED_WITHIN)) return 0;
    reach(&a, &x_below, &x_above);
    if (!reach(&v, &below, &above)) return hl_raise(HL_ERR_too_large, 0, 0), 1;
    if (a.empty || below < x_below || above > x_above) return hl_raise(HL_ERR_strided_beyond, above - below, a.empty ? 0 : x_above - x_below), 1;
    return 0;
}

/* --- slices ---------------------------------------------------------------------------------------------------------------- */

HL_KEEPS_REGISTERS hl_extent hl_slice_clamp(int64_t start, int64_t stop, int64_t n)
{
    start += start < 0 ? n : 0;
    stop += stop < 0 ? n : 0;
    start = start < 0 ? 0 : start > n ? n : start;
    stop = stop > n ? n : stop;
    return (hl_extent){start, stop > start ? stop - start : 0};
}

int64_t hl_slice_adjust(int64_t *ends, int64_t step, int64_t n, int32_t given)
{
    int64_t start = given & 1 ? ends[0] : step > 0 ? 0 : n - 1, stop = given & 2 ? ends[1] : step > 0 ? n : -1;
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
    if (given & 1) {
        if (start < 0) start += n;
        start = start < low ? low : start > high ? high : start;
    }
    if (given & 2) {
        if (stop < 0) stop += n;
        stop = stop < low ? low : stop > high ? high : stop;
    }
    ends[0] = start;
    if (step > 0) return start < stop ? (int64_t)(((uint64_t)(stop - start) - 1) / (uint64_t)step) + 1 : 0;
    return stop < start ? (int64_t)(((uint64_t)(start - stop) - 1) / -(uint64_t)step) + 1 : 0;
}

/* --- errors that name shapes --------------------------------------------------------------------------------------------------- */

static PyObject *joined(PyObject *text, PyObject *more) /* takes over both */
{
    PyObject *whole = text && more ? PyUnicode_Concat(text, more) : NULL;
    Py_XDECREF(text);
    Py_XDECREF(more);
    return whole;
}

/* As NumPy writes it; a size of -1 that comes first is left out. */
static PyObject *shape_text(const int64_t **at)
{
    int64_t nd = *(*at)++, k = 0;
    for (; k < nd && **at < 0; k++)
        ++*at;
    PyObject *t = PyUnicode_FromString("(");
    for (int64_t first = k; k < nd; k++, ++*at)
        t = joined(t, **at < 0 ? PyUnicode_FromString(",newaxis") : PyUnicode_FromFormat(k > first ? ",%lld" : "%lld", (long long)**at));
    return joined(t, PyUnicode_FromString(nd == 1 && t && PyUnicode_GET_LENGTH(t) > 1 ? ",)" : ")"));
}

void hl_raise_shapes(int32_t what, const int64_t *sizes, int32_t n)
{
    static const struct { const char *before, *between; } words[] = {
        [HL_SHAPES_OPERANDS] = {"operands could not be broadcast together with shapes ", ""},
        [HL_SHAPES_INTO] = {"could not broadcast input array from shape ", " into shape "},
        [HL_SHAPES_MASK] = {"shape mismatch: value array of shape ", " could not be broadcast to indexing result of shape "},
        [HL_SHAPES_RESHAPE] = {"cannot reshape array of size ", " into shape "},
        [HL_SHAPES_BROADCAST_TO] = {"operands could not be broadcast together with remapped shapes [original->remapped]: ", "  and requested shape "},
        [HL_SHAPES_INDEX] = {"shape mismatch: indexing arrays could not be broadcast together with shapes ", ""},
        [HL_SHAPES_OUT] = {"non-broadcastable output operand with shape ", " doesn't match the broadcast shape "},
    };
    hl_gil g = hl_gil_take();
    bool list = what == HL_SHAPES_OPERANDS || what == HL_SHAPES_INDEX;
    PyObject *text = PyUnicode_FromString(words[what].before);
    for (int32_t k = 0; k < n; k++) {
        if (k && !list) text = joined(text, PyUnicode_FromString(words[what].between));
        if (what == HL_SHAPES_RESHAPE && k == 0) text = joined(text, PyUnicode_FromFormat("%lld", (long long)sizes[1])), sizes += 2;
        else text = joined(text, shape_text(&sizes));
        if (list) text = joined(text, PyUnicode_FromString(" "));
    }
    if (text) PyErr_SetObject(what == HL_SHAPES_INDEX ? PyExc_IndexError : PyExc_ValueError, text);
    Py_XDECREF(text);
    hl_gil_give(g);
}

static long attribute_number(PyObject *o, const char *name)
{
    PyObject *n = PyObject_GetAttrString(o, name);
    long v = n ? PyLong_AsLong(n) : 0;
    Py_XDECREF(n);
    return v;
}

/* In NumPy's words. */
void hl_raise_core(PyObject *gufunc, int32_t which, int64_t size, int64_t want)
{
    hl_gil g = hl_gil_take();
    PyObject *name = PyObject_GetAttrString(gufunc, "__name__"), *layout = PyObject_GetAttrString(gufunc, "signature");
    long nin = attribute_number(gufunc, "nin"), k = which >> 8;
    if (name && layout && !PyErr_Occurred())
        PyErr_Format(PyExc_ValueError, "%U: %s operand %ld has a mismatch in its core dimension %d, with gufunc signature %U (size %lld is different from %lld)",
                     name, k < nin ? "Input" : "Output", k < nin ? k : k - nin, (int)(which & 255), layout, (long long)size, (long long)want);
    Py_XDECREF(name), Py_XDECREF(layout);
    hl_gil_give(g);
}

void hl_raise_mask(int64_t axis, int64_t size, int64_t mask)
{
    hl_gil g = hl_gil_take();
    PyErr_Format(PyExc_IndexError, "boolean index did not match indexed array along axis %lld; size of axis is %lld but size of corresponding boolean axis is %lld",
                 (long long)axis, (long long)size, (long long)mask);
    hl_gil_give(g);
}

/* --- extremes ------------------------------------------------------------------------------------------------------------- */

static double float_at(const char *p, int size)
{
    float f;
    double d;
    if (size == 4) return memcpy(&f, p, sizeof f), f;
    return memcpy(&d, p, sizeof d), d;
}

double hl_array_extreme(const char *data, int64_t n, int64_t stride, int64_t m, int64_t inner_stride, int32_t size)
{
    bool max = size & HL_EXTREME_MAX;
    double best = float_at(data, size & 0xff);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m; j++) {
            double x = float_at(data + i * stride + j * inner_stride, size & 0xff);
            if (x != x) return x;
            if (max ? x > best : x < best) best = x;
        }
    return best;
}
