/* What the functions of rt_call.h share. */
#include "call.h"
#include "gil.h"

/* Sizes and strides beyond r->nd stay as they are: half a kilobyte that nobody reads, and that is not worth a copy either. */
void hl_nd_read(nd *r, const hl_operand *a)
{
    r->owner = NULL, r->npy = a->npy, r->item = hl_npy_size(a->npy), r->nd = 0;
    if (a->kind == HL_ARG_ARRAY) {
        const hl_slot *s = a->v.p;
        r->owner = s[0].p, r->data = s[1].p, r->nd = a->ndim;
        for (int k = 0; k < r->nd; k++) r->shape[k] = s[2 + k].i, r->stride[k] = s[2 + r->nd + k].i;
        return;
    }
    if (a->kind == HL_ARG_LIST) { /* a list of numbers: 8 bytes apart */
        const hl_list *l = a->v.p;
        r->data = (char *)l->data, r->nd = 1, r->shape[0] = l->len, r->stride[0] = 8 * l->nslots;
        return;
    }
    r->data = a->kind == HL_ARG_COMPLEX ? a->v.p : (char *)&a->v;
    r->npy = a->kind == HL_ARG_INT ? NPY_INT64 : a->kind == HL_ARG_FLOAT ? NPY_DOUBLE : NPY_CDOUBLE;
    r->item = hl_npy_size(r->npy);
}

int64_t hl_nd_size(const nd *a)
{
    int64_t n = 1;
    for (int k = 0; k < a->nd; k++) n *= a->shape[k];
    return n;
}

hl_status hl_nd_new(nd *r, int dims, const int64_t *shape, int32_t npy)
{
    void *data;
    int64_t s[HL_CALL_DIMS], item = hl_npy_size(npy);
    memcpy(s, shape, sizeof *s * (size_t)dims);
    r->nd = dims, r->npy = npy, r->item = item;
    r->owner = hl_array_new(dims, s, item, 0, &data);
    if (!r->owner) return 1;
    r->data = data;
    for (int k = dims - 1; k >= 0; k--) r->shape[k] = s[k], r->stride[k] = item, item *= s[k];
    return 0;
}

void hl_nd_give(const nd *r, hl_slot *out)
{
    out[0].p = r->owner, out[1].p = r->data;
    for (int k = 0; k < r->nd; k++) out[2 + k].i = r->shape[k], out[2 + r->nd + k].i = r->stride[k];
}

hl_status hl_nd_out(nd *r, hl_slot *out, int dims, const int64_t *shape, int32_t npy)
{
    if (hl_nd_new(r, dims, shape, npy)) return 1;
    hl_nd_give(r, out);
    return 0;
}

void hl_nd_flatten(nd *r)
{
    r->shape[0] = hl_nd_size(r), r->stride[0] = r->item, r->nd = 1;
}

void hl_nd_drop(nd *r)
{
    hl_release(r->owner);
    r->owner = NULL;
}

static void copy_from(const nd *dst, char *d, const nd *src, const char *s, int k)
{
    if (k == dst->nd) {
        hl_items_convert(d, dst->item, dst->npy, s, src->item, src->npy, 1);
        return;
    }
    if (k == dst->nd - 1) {
        hl_items_convert(d, dst->stride[k], dst->npy, s, src->stride[k], src->npy, dst->shape[k]);
        return;
    }
    for (int64_t j = 0; j < dst->shape[k]; j++) copy_from(dst, d + j * dst->stride[k], src, s + j * src->stride[k], k + 1);
}

void hl_nd_copy(const nd *dst, const nd *src)
{
    if (hl_nd_size(dst)) copy_from(dst, dst->data, src, src->data, 0);
}

hl_status hl_nd_contiguous(nd *r, const nd *a, int32_t npy)
{
    if (hl_nd_new(r, a->nd, a->shape, npy)) return 1;
    hl_nd_copy(r, a);
    return 0;
}

hl_status hl_nd_items(nd *r, const nd *a, int32_t npy)
{
    bool same = a->npy == npy && (uintptr_t)a->data % (uint64_t)(hl_npy_is_complex(npy) ? a->item / 2 : a->item) == 0;
    int64_t stride = a->item;
    for (int k = a->nd; same && k-- > 0; stride *= a->shape[k]) same = a->shape[k] == 1 || a->stride[k] == stride;
    if (!same) return hl_nd_contiguous(r, a, npy);
    *r = *a, r->owner = NULL;
    stride = r->item;
    for (int k = r->nd; k-- > 0; stride *= r->shape[k]) r->stride[k] = stride;
    return 0;
}

hl_status hl_nd_as(nd *r, int32_t npy)
{
    nd given = *r;
    if (r->npy == npy) return 0;
    hl_status bad = hl_nd_contiguous(r, &given, npy);
    hl_nd_drop(&given);
    return bad;
}

nd hl_nd_axis(const nd *a, int axis, int64_t *n, int64_t *stride)
{
    nd r = *a;
    *n = a->shape[axis], *stride = a->stride[axis];
    r.nd--;
    for (int k = axis; k < r.nd; k++) r.shape[k] = a->shape[k + 1], r.stride[k] = a->stride[k + 1];
    return r;
}

hl_lines hl_lines_of(const nd *over)
{
    hl_lines l = {.over = *over, .left = hl_nd_size(over), .at = over->data};
    return l;
}

bool hl_line(hl_lines *l, char **p)
{
    if (l->left == 0) return false;
    l->left--;
    *p = l->at;
    for (int k = l->over.nd - 1; k >= 0; k--) {
        l->at += l->over.stride[k];
        if (++l->index[k] < l->over.shape[k]) break;
        l->at -= l->over.stride[k] * l->over.shape[k];
        l->index[k] = 0;
    }
    return true;
}

int64_t hl_arg_int(const hl_operand *a, int64_t otherwise)
{
    return a->kind == HL_ARG_INT ? a->v.i : a->kind == HL_ARG_FLOAT ? (int64_t)a->v.f : otherwise;
}

double hl_arg_float(const hl_operand *a, double otherwise)
{
    return a->kind == HL_ARG_INT ? (double)a->v.i : a->kind == HL_ARG_FLOAT ? a->v.f : otherwise;
}

hl_status hl_arg_axis(const hl_operand *a, int dims, int *axis, int otherwise)
{
    int64_t v = hl_arg_int(a, otherwise);
    if (v < -dims || v >= dims) return hl_failed(HL_ERR_axis_range, v, dims);
    *axis = (int)(v < 0 ? v + dims : v);
    return 0;
}

int32_t hl_npy_promote(int32_t a, int32_t b)
{
    const hl_type *t = hl_promote_array(hl_type_from_npy(a), true, hl_type_from_npy(b), true);
    return hl_type_to_npy(t);
}

hl_status hl_failed_text(PyObject **cls, const char *format, ...)
{
    va_list ap;
    hl_gil g = hl_gil_take();
    va_start(ap, format);
    PyErr_FormatV(*cls, format, ap);
    va_end(ap);
    hl_gil_give(g);
    return 1;
}

hl_status hl_failed_linalg(const char *text)
{
    hl_gil g = hl_gil_take();
    PyObject *module = PyImport_ImportModule("numpy.linalg"), *cls = module ? PyObject_GetAttrString(module, "LinAlgError") : NULL;
    if (cls) PyErr_SetString(cls, text);
    Py_XDECREF(cls);
    Py_XDECREF(module);
    hl_gil_give(g);
    return 1;
}
