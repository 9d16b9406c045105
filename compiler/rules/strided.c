/* Types of views that are described by strides: numpy.lib.stride_tricks.  The number of dimensions is known from the types; which axes
 * windows run along has to be written as numbers. */
#include "array.h"
#include "rules.h"

static bool given(const hl_type *t) { return t->kind != HL_K_OMITTED && t->kind != HL_K_NONE; }

/* A view of a with nd dimensions; `writeable` may say that it is none to write to, and does so when `otherwise` is false. */
static const hl_type *view_of(hl_site *s, int nd, int writeable, bool otherwise)
{
    const hl_type *a = s->types[0];
    bool write = otherwise;
    if (given(s->types[writeable]) && !hl_literal_bool(s->types[writeable], &write)) return hl_reject(s, "writeable must be written as True or False"), NULL;
    if (nd > HL_DIMS) return hl_reject(s, "an array in compiled code has at most %d dimensions", HL_DIMS), NULL;
    return hl_type_array(a->elem, nd, nd ? 'A' : 'C', a->flags | (write ? 0 : HL_T_READONLY));
}

/* as_strided: x, shape=, strides=, subok=, writeable= */
const hl_type *hl_type_np_as_strided(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a)) return NULL;
    int nd[2];
    for (int k = 0; k < 2; k++) {
        const hl_type *t = s->types[1 + k];
        nd[k] = given(t) ? hl_shape_ndim(t) : a->ndim;
        if (nd[k] < 0 || (given(t) && t->kind != HL_K_TUPLE)) return hl_reject(s, "%s must be a tuple of ints", k ? "strides" : "shape"), NULL;
    }
    if (nd[0] != nd[1]) return hl_reject(s, "mismatch in length of strides and shape: %d and %d", nd[1], nd[0]), NULL;
    return view_of(s, nd[0], 4, true);
}

int hl_window_axes(const hl_type *array, const hl_type *window, const hl_type *axis, int *axes)
{
    int n = hl_shape_ndim(window);
    for (int k = 0; k < n; k++) {
        int64_t v = k;
        const hl_type *t = axis->kind == HL_K_TUPLE && k < axis->nitems ? axis->items[k] : axis;
        if (given(axis) && !hl_literal_int(t, &v)) return -1;
        if (v < -array->ndim || v >= array->ndim) return -1;
        axes[k] = (int)(v < 0 ? v + array->ndim : v);
    }
    int naxes = !given(axis) ? array->ndim : axis->kind == HL_K_TUPLE ? axis->nitems : 1;
    return n == naxes ? n : -1;
}

/* sliding_window_view: x, window_shape, axis=, subok=, writeable= */
const hl_type *hl_type_np_sliding_window(hl_site *s)
{
    int axes[HL_DIMS];
    if (!hl_is_array(s->types[0]) || hl_shape_ndim(s->types[1]) < 0) return NULL;
    int n = hl_window_axes(s->types[0], s->types[1], s->types[2], axes);
    if (n < 0) return hl_reject(s, "window_shape and axis must name as many axes of the array, and the axes be written as numbers"), NULL;
    return view_of(s, s->types[0]->ndim + n, 4, false);
}
