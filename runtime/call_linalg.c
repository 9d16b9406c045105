/* Products, norms and matrices of a given form. */
#include "call.h"
#include <math.h>
#include <stdio.h>

/* --- dot and matmul -------------------------------------------------------------------------------------------------------- */

static hl_status same_type(const hl_operand *a, int32_t npy, nd *x, bool *made)
{
    hl_nd_read(x, a);
    *made = x->npy != npy;
    if (!*made) return 0;
    nd given = *x;
    return hl_nd_contiguous(x, &given, npy);
}

static hl_status product_2d(const nd *x, const nd *y, nd *r)
{
    return hl_gemm(x->npy, x->shape[0], y->shape[1], x->shape[1], x->data, x->stride[0], x->stride[1], y->data, y->stride[0], y->stride[1], r->data,
                   r->stride[0], r->stride[1]);
}

/* "(4,5)" */
static const char *shape_text(const nd *a, char *buf, size_t size)
{
    size_t n = (size_t)snprintf(buf, size, "(");
    for (int k = 0; k < a->nd && n < size; k++) n += (size_t)snprintf(buf + n, size - n, k ? ",%lld" : "%lld", (long long)a->shape[k]);
    if (n < size) snprintf(buf + n, size - n, a->nd == 1 ? ",)" : ")");
    return buf;
}

static hl_status misaligned(const nd *x, const nd *y, bool dot)
{
    int64_t k = x->shape[x->nd - 1];
    int d = y->nd > 1 ? y->nd - 2 : 0;
    char a[256], b[256];
    if (!dot)
        return hl_failed_text(&PyExc_ValueError, "matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature (n?,k),(k,m?)->(n?,m?) (size %lld is "
                              "different from %lld)", (long long)y->shape[d], (long long)k);
    return hl_failed_text(&PyExc_ValueError, "shapes %s and %s not aligned: %lld (dim %d) != %lld (dim %d)", shape_text(x, a, sizeof a), shape_text(y, b, sizeof b),
                          (long long)k, x->nd - 1, (long long)y->shape[d], d);
}

static hl_status product(const nd *x, const nd *y, hl_slot *out, bool dot)
{
    int64_t k = x->shape[x->nd - 1], ky = y->shape[y->nd > 1 ? y->nd - 2 : 0], shape[2];
    if (k != ky) return misaligned(x, y, dot);
    if (x->nd == 1 && y->nd == 1) return hl_dot(x->npy, k, x->data, x->stride[0], y->data, y->stride[0], 0, out);
    nd r;
    int n = 0;
    if (x->nd == 2) shape[n++] = x->shape[0];
    if (y->nd == 2) shape[n++] = y->shape[1];
    if (hl_nd_new(&r, n, shape, x->npy)) return 1;
    hl_status bad;
    if (x->nd == 2 && y->nd == 2) bad = product_2d(x, y, &r);
    else if (x->nd == 2) bad = hl_gemv(x->npy, x->shape[0], k, x->data, x->stride[0], x->stride[1], y->data, y->stride[0], r.data, r.stride[0]);
    else bad = hl_gemv(x->npy, y->shape[1], k, y->data, y->stride[1], y->stride[0], x->data, x->stride[0], r.data, r.stride[0]);
    if (bad) return hl_nd_drop(&r), 1;
    hl_nd_give(&r, out);
    return 0;
}

/* Stacks of matrices: the leading dimensions broadcast. */
static hl_status product_stacked(const nd *a, const nd *b, hl_slot *out)
{
    nd x = *a, y = *b;
    bool row = x.nd == 1, column = y.nd == 1;
    if (row) x.nd = 2, x.shape[1] = x.shape[0], x.stride[1] = x.stride[0], x.shape[0] = 1, x.stride[0] = 0;
    if (column) y.nd = 2, y.shape[1] = 1, y.stride[1] = 0;
    if (x.shape[x.nd - 1] != y.shape[y.nd - 2]) return misaligned(&x, &y, false);
    int lead = (x.nd > y.nd ? x.nd : y.nd) - 2;
    nd r, xs = x, ys = y, rs;
    int64_t shape[HL_CALL_DIMS];
    for (int k = 0; k < lead; k++) {
        int xd = k - (lead - (x.nd - 2)), yd = k - (lead - (y.nd - 2));
        int64_t sx = xd < 0 ? 1 : x.shape[xd], sy = yd < 0 ? 1 : y.shape[yd];
        if (sx != sy && sx != 1 && sy != 1) return hl_failed(HL_ERR_broadcast, 0, 0);
        shape[k] = xs.shape[k] = ys.shape[k] = sx == 1 ? sy : sx;
        xs.stride[k] = xd < 0 || sx == 1 ? 0 : x.stride[xd], ys.stride[k] = yd < 0 || sy == 1 ? 0 : y.stride[yd];
    }
    xs.nd = ys.nd = lead;
    shape[lead] = x.shape[x.nd - 2], shape[lead + 1] = y.shape[y.nd - 1];
    if (hl_nd_new(&r, lead + 2, shape, x.npy)) return 1;
    rs = r, rs.nd = lead;
    hl_lines lx = hl_lines_of(&xs), ly = hl_lines_of(&ys), lr = hl_lines_of(&rs);
    nd mx = x, my = y, mr = r;
    mx.nd = my.nd = mr.nd = 2;
    for (int k = 0; k < 2; k++) {
        mx.shape[k] = x.shape[x.nd - 2 + k], mx.stride[k] = x.stride[x.nd - 2 + k];
        my.shape[k] = y.shape[y.nd - 2 + k], my.stride[k] = y.stride[y.nd - 2 + k];
        mr.shape[k] = r.shape[lead + k], mr.stride[k] = r.stride[lead + k];
    }
    hl_status bad = 0;
    while (!bad && hl_line(&lx, &mx.data) && hl_line(&ly, &my.data) && hl_line(&lr, &mr.data)) bad = product_2d(&mx, &my, &mr);
    if (bad) return hl_nd_drop(&r), 1;
    if (column) r.nd--;
    if (row) { /* the dimension before the last goes */
        int d = r.nd - (column ? 1 : 2);
        for (int k = d; k < r.nd - 1; k++) r.shape[k] = r.shape[k + 1], r.stride[k] = r.stride[k + 1];
        r.nd--;
    }
    hl_nd_give(&r, out);
    return 0;
}

static hl_status multiply(const hl_operand *a, hl_slot *out, bool dot)
{
    int32_t npy = hl_npy_promote(a[0].npy, a[1].npy);
    nd x, y;
    bool mx, my = false;
    y.owner = NULL;
    if (same_type(a, npy, &x, &mx)) return 1;
    hl_status bad = same_type(&a[1], npy, &y, &my);
    if (!bad) bad = x.nd > 2 || y.nd > 2 ? product_stacked(&x, &y, out) : product(&x, &y, out, dot);
    if (mx) hl_nd_drop(&x);
    if (my && y.owner) hl_nd_drop(&y);
    return bad;
}

hl_status hl_np_dot(const hl_operand *a, hl_slot *out) { return multiply(a, out, true); }
hl_status hl_np_matmul(const hl_operand *a, hl_slot *out) { return multiply(a, out, false); }

/* *r = x @ y, for square matrices; what r was is dropped. */
static hl_status product_into(nd *r, const nd *x, const nd *y)
{
    nd p;
    if (hl_nd_new(&p, 2, x->shape, x->npy)) return 1;
    if (product_2d(x, y, &p)) return hl_nd_drop(&p), 1;
    hl_nd_drop(r);
    *r = p;
    return 0;
}

/* a, n: powers by squaring, in NumPy's order of products */
hl_status hl_np_matrix_power(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), base, result = {.owner = NULL};
    int64_t n = hl_arg_int(&a[1], 0), one = 1;
    uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    if (x.shape[0] != x.shape[1]) return hl_failed_linalg("Last 2 dimensions of the array must be square");
    if (n < 0) {
        hl_slot inverse[6];
        if (!hl_npy_is_float(x.npy) && !hl_npy_is_complex(x.npy))
            return hl_failed_text(&PyExc_ValueError, "whole numbers have no inverse matrix: convert to float64 first");
        if (hl_np_inv(a, inverse)) return 1;
        base = hl_nd_of(&(hl_operand){.v.p = inverse, .npy = x.npy, .ndim = 2, .kind = HL_ARG_ARRAY});
    } else if (hl_nd_contiguous(&base, &x, x.npy)) return 1;
    hl_status bad = 0;
    if (!left && !(bad = hl_nd_new(&result, 2, x.shape, x.npy))) {
        memset(result.data, 0, (size_t)(hl_nd_size(&result) * result.item));
        for (int64_t k = 0; k < x.shape[0]; k++) hl_items_convert(result.data + k * (result.stride[0] + result.item), 0, result.npy, &one, 0, NPY_INT64, 1);
    }
    while (left && !bad) {
        if (left & 1) bad = result.owner ? product_into(&result, &result, &base) : hl_nd_contiguous(&result, &base, base.npy);
        left >>= 1;
        if (left && !bad) bad = product_into(&base, &base, &base);
    }
    hl_nd_drop(&base);
    if (!bad) hl_nd_give(&result, out);
    else if (result.owner) hl_nd_drop(&result);
    return bad;
}

hl_status hl_np_vdot(const hl_operand *a, hl_slot *out)
{
    int32_t npy = hl_npy_promote(a[0].npy, a[1].npy);
    nd x = hl_nd_of(a), y = hl_nd_of(&a[1]), xs, ys;
    if (hl_nd_size(&x) != hl_nd_size(&y)) return hl_failed(HL_ERR_dot_shape, hl_nd_size(&x), hl_nd_size(&y));
    if (hl_nd_items(&xs, &x, npy)) return 1;
    hl_status bad = hl_nd_items(&ys, &y, npy);
    if (!bad) {
        bad = hl_dot(npy, hl_nd_size(&xs), xs.data, xs.item, ys.data, ys.item, 1, out);
        hl_nd_drop(&ys);
    }
    hl_nd_drop(&xs);
    return bad;
}

/* a, b flattened */
hl_status hl_np_outer(const hl_operand *a, hl_slot *out)
{
    int32_t npy = hl_npy_promote(a[0].npy, a[1].npy);
    nd x = hl_nd_of(a), y = hl_nd_of(&a[1]), xs, ys, r;
    if (hl_nd_items(&xs, &x, npy)) return 1;
    hl_status bad = hl_nd_items(&ys, &y, npy);
    int64_t shape[2] = {hl_nd_size(&x), hl_nd_size(&y)};
    if (!bad) {
        bad = hl_nd_new(&r, 2, shape, npy);
        if (!bad) bad = hl_gemm(npy, shape[0], shape[1], 1, xs.data, xs.item, xs.item, ys.data, ys.item, ys.item, r.data, r.stride[0], r.stride[1]);
        hl_nd_drop(&ys);
    }
    hl_nd_drop(&xs);
    if (!bad) hl_nd_give(&r, out);
    return bad;
}

hl_status hl_np_kron(const hl_operand *a, hl_slot *out)
{
    int32_t npy = hl_npy_promote(a[0].npy, a[1].npy);
    nd x = hl_nd_of(a), y = hl_nd_of(&a[1]), xs, ys, r;
    int dims = x.nd;
    for (nd *v = &x; v; v = v == &x ? &y : NULL)
        if (v->nd == 1) v->shape[1] = v->shape[0], v->stride[1] = v->stride[0], v->shape[0] = 1, v->nd = 2;
    if (x.nd != 2 || y.nd != 2) return hl_failed(HL_ERR_two_dimensions, 0, 0);
    if (hl_nd_items(&xs, &x, npy)) return 1;
    hl_status bad = hl_nd_items(&ys, &y, npy);
    int64_t shape[2] = {x.shape[0] * y.shape[0], x.shape[1] * y.shape[1]};
    if (!bad) {
        bad = hl_nd_new(&r, 2, shape, npy);
        for (int64_t i = 0; !bad && i < x.shape[0]; i++)
            for (int64_t k = 0; !bad && k < y.shape[0]; k++) /* row of x times row of y: an outer product */
                bad = hl_gemm(npy, x.shape[1], y.shape[1], 1, xs.data + i * xs.stride[0], xs.item, xs.item, ys.data + k * ys.stride[0], ys.item, ys.item,
                              r.data + (i * y.shape[0] + k) * r.stride[0], y.shape[1] * r.item, r.item);
        hl_nd_drop(&ys);
    }
    hl_nd_drop(&xs);
    if (!bad && dims == 1) hl_nd_flatten(&r);
    if (!bad) hl_nd_give(&r, out);
    return bad;
}

/* --- vector products --------------------------------------------------------------------------------------------------------- */

/* n times r = x × y: vectors of three items in order, the next ones xs and ys bytes on */
#define CROSS(T)                                                                                                       \
    static void cross_##T(T *r, int64_t n, const char *x, int64_t xs, const char *y, int64_t ys)                       \
    {                                                                                                                  \
        for (; n > 0; n--, r += 3, x += xs, y += ys) {                                                                 \
            const T *a = (const T *)x, *b = (const T *)y;                                                              \
            r[0] = a[1] * b[2] - a[2] * b[1], r[1] = a[2] * b[0] - a[0] * b[2], r[2] = a[0] * b[1] - a[1] * b[0];      \
        }                                                                                                              \
    }
CROSS(double) CROSS(float) CROSS(uint64_t) CROSS(cdouble) CROSS(cfloat)
#undef CROSS

/* a, b: vectors of three in the last dimension, the others broadcast; narrow integers are computed in 64 bits and cut */
hl_status hl_np_cross(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), y = hl_nd_of(&a[1]), xs, ys, r;
    int32_t npy = hl_npy_promote(x.npy, y.npy), wide = hl_npy_is_float(npy) || hl_npy_is_complex(npy) ? npy : NPY_INT64;
    if (x.shape[x.nd - 1] != 3 || y.shape[y.nd - 1] != 3)
        return hl_failed_text(&PyExc_ValueError, "Both input arrays must be (arrays of) 3-dimensional vectors, but they are %lld and %lld dimensional instead.",
                              (long long)x.shape[x.nd - 1], (long long)y.shape[y.nd - 1]);
    int lead = (x.nd > y.nd ? x.nd : y.nd) - 1;
    int64_t shape[HL_CALL_DIMS];
    if (hl_nd_items(&xs, &x, wide)) return 1;
    if (hl_nd_items(&ys, &y, wide)) return hl_nd_drop(&xs), 1;
    nd over[2] = {xs, ys};
    hl_status bad = 0;
    for (int s = 0; s < 2; s++) over[s].nd = lead;
    for (int k = 0; k < lead && !bad; k++) {
        const nd *of[2] = {&xs, &ys};
        for (int s = 0; s < 2; s++) {
            int d = k - (lead - (of[s]->nd - 1));
            over[s].shape[k] = d < 0 ? 1 : of[s]->shape[d], over[s].stride[k] = d < 0 || of[s]->shape[d] == 1 ? 0 : of[s]->stride[d];
        }
        int64_t m = over[0].shape[k], n = over[1].shape[k];
        shape[k] = m == 1 ? n : m;
        if (m != n && m != 1 && n != 1) bad = hl_failed(HL_ERR_broadcast, 0, 0);
        over[0].shape[k] = over[1].shape[k] = shape[k];
    }
    shape[lead] = 3;
    if (!bad && !(bad = hl_nd_new(&r, lead + 1, shape, wide))) {
        int64_t n = 1, xn, step[2] = {0, 0};
        if (lead) over[0] = hl_nd_axis(&over[0], lead - 1, &n, &step[0]), over[1] = hl_nd_axis(&over[1], lead - 1, &xn, &step[1]);
        hl_lines lx = hl_lines_of(&over[0]), ly = hl_lines_of(&over[1]);
        char *to = r.data;
        for (char *p, *q; hl_line(&lx, &p) && hl_line(&ly, &q); to += 3 * n * r.item) {
            if (wide == NPY_DOUBLE) cross_double((double *)to, n, p, step[0], q, step[1]);
            else if (wide == NPY_FLOAT) cross_float((float *)to, n, p, step[0], q, step[1]);
            else if (wide == NPY_INT64) cross_uint64_t((uint64_t *)to, n, p, step[0], q, step[1]);
            else if (wide == NPY_CDOUBLE) cross_cdouble((cdouble *)to, n, p, step[0], q, step[1]);
            else cross_cfloat((cfloat *)to, n, p, step[0], q, step[1]);
        }
        bad = hl_nd_as(&r, npy);
    }
    hl_nd_drop(&xs);
    hl_nd_drop(&ys);
    if (!bad) hl_nd_give(&r, out);
    return bad;
}

/* --- norms, traces ------------------------------------------------------------------------------------------------------------ */

/* Norm of a line of doubles: ord 2 when not given; the least item of nothing is an error, which the caller raises */
static double norm_of(const double *x, int64_t n, bool given, double ord)
{
    double s = 0;
    if (!given || ord == 2) {
        hl_dot(NPY_DOUBLE, n, x, 8, x, 8, 0, &s);
        return sqrt(s);
    }
    if (isinf(ord)) {
        s = ord > 0 ? 0 : INFINITY;
        for (int64_t k = 0; k < n; k++) s = x[k] != x[k] || s != s ? NAN : ord > 0 ? fmax(s, fabs(x[k])) : fmin(s, fabs(x[k]));
        return s;
    }
    for (int64_t k = 0; k < n; k++) s += ord == 0 ? x[k] != 0 : ord == 1 ? fabs(x[k]) : pow(fabs(x[k]), ord);
    return ord == 0 || ord == 1 ? s : pow(s, 1 / ord);
}

/* Moduli as doubles; real numbers as they are. */
static hl_status moduli(nd *r, const nd *a)
{
    if (!hl_npy_is_complex(a->npy)) return hl_nd_items(r, a, NPY_DOUBLE);
    nd c;
    if (hl_nd_items(&c, a, NPY_CDOUBLE)) return 1;
    hl_status bad = hl_nd_new(r, a->nd, a->shape, NPY_DOUBLE);
    if (!bad)
        for (int64_t k = 0, n = hl_nd_size(r); k < n; k++) ((double *)r->data)[k] = hypot(((double *)c.data)[2 * k], ((double *)c.data)[2 * k + 1]);
    hl_nd_drop(&c);
    return bad;
}

/* ord of a matrix: the largest (2) or smallest (-2) singular value. */
static hl_status spectral_norm(const hl_operand *a, double ord, double *out)
{
    hl_slot slots[4];
    nd s;
    if (hl_np_svdvals(a, slots)) return 1;
    hl_operand values = {.v.p = slots, .npy = a->npy == NPY_FLOAT || a->npy == NPY_CFLOAT ? NPY_FLOAT : NPY_DOUBLE, .ndim = 1, .kind = HL_ARG_ARRAY};
    nd given = hl_nd_of(&values);
    hl_status bad = hl_nd_contiguous(&s, &given, NPY_DOUBLE);
    if (!bad) {
        int64_t n = hl_nd_size(&s);
        if (!n && ord < 0) bad = hl_failed(HL_ERR_reduce_min, 0, 0);
        else *out = !n ? 0 : ((double *)s.data)[ord > 0 ? 0 : n - 1]; /* they come in descending order */
        hl_nd_drop(&s);
    }
    hl_release(slots[0].p);
    return bad;
}

/* Matrix norms that need no singular values: the largest (smallest) sum of moduli of a column (1) or a row (inf). */
static hl_status matrix_norm(const nd *m, double ord, double *out)
{
    bool rows = isinf(ord), most = ord > 0;
    if (!rows && fabs(ord) != 1) return hl_failed(HL_ERR_matrix_norm, 0, 0);
    if (!most && !m->shape[rows ? 0 : 1]) return hl_failed(HL_ERR_reduce_min, 0, 0);
    int64_t outer = m->shape[rows ? 0 : 1], inner = m->shape[rows ? 1 : 0];
    *out = most ? 0 : INFINITY;
    for (int64_t k = 0; k < outer; k++) {
        double s = 0;
        for (int64_t j = 0; j < inner; j++) s += fabs(((double *)m->data)[rows ? k * m->shape[1] + j : j * m->shape[1] + k]);
        *out = s != s || *out != *out ? NAN : most ? fmax(*out, s) : fmin(*out, s);
    }
    return 0;
}

/* x, ord, axis */
hl_status hl_np_norm(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), m;
    bool given = hl_given(&a[1]);
    double ord = hl_arg_float(&a[1], 2);
    if (!hl_given(&a[2]) && x.nd == 1 && x.npy == NPY_DOUBLE && (!given || ord == 2)) {
        hl_dot(NPY_DOUBLE, x.shape[0], x.data, x.stride[0], x.data, x.stride[0], 0, &out[0].f);
        out[0].f = sqrt(out[0].f);
        return 0;
    }
    if (hl_given(&a[2])) {
        int axis;
        int64_t n, stride;
        nd r;
        if (hl_arg_axis(&a[2], x.nd, &axis, -1) || moduli(&m, &x)) return 1;
        nd rest = hl_nd_axis(&m, axis, &n, &stride);
        if (!n && given && isinf(ord) && ord < 0) return hl_nd_drop(&m), hl_failed(HL_ERR_reduce_min, 0, 0);
        double *line = hl_malloc((size_t)(n ? n : 1) * 8);
        hl_status bad = !line ? hl_failed(HL_ERR_memory, 0, 0) : hl_nd_new(&r, rest.nd, rest.shape, x.npy == NPY_FLOAT || x.npy == NPY_CFLOAT ? NPY_FLOAT : NPY_DOUBLE);
        hl_lines l = hl_lines_of(&rest);
        char *o = bad ? NULL : r.data;
        for (char *p; !bad && hl_line(&l, &p); o += r.item) {
            hl_items_convert(line, 8, NPY_DOUBLE, p, stride, NPY_DOUBLE, n);
            double v = norm_of(line, n, given, ord);
            hl_items_convert(o, 8, r.npy, &v, 8, NPY_DOUBLE, 1);
        }
        hl_free(line);
        hl_nd_drop(&m);
        if (!bad) hl_nd_give(&r, out);
        return bad;
    }
    if (given && x.nd != 1 && x.nd != 2) return hl_failed(HL_ERR_norm_dimensions, 0, 0);
    if (given && x.nd == 2 && fabs(ord) == 2) return spectral_norm(a, ord, &out[0].f);
    if (moduli(&m, &x)) return 1;
    hl_status bad = 0;
    if (given && x.nd == 1 && isinf(ord) && ord < 0 && !x.shape[0]) bad = hl_failed(HL_ERR_reduce_min, 0, 0);
    else if (given && x.nd == 2) bad = matrix_norm(&m, ord, &out[0].f);
    else out[0].f = norm_of((double *)m.data, hl_nd_size(&m), given, ord);
    hl_nd_drop(&m);
    return bad;
}

/* a (2-D), offset; the sum in the dtype of sums, written as int64, double or two doubles */
hl_status hl_np_trace(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a);
    int64_t k = hl_arg_int(&a[1], 0), row = k < 0 ? -k : 0, col = k > 0 ? k : 0;
    int64_t n = x.shape[0] - row < x.shape[1] - col ? x.shape[0] - row : x.shape[1] - col;
    bool real = hl_npy_is_float(x.npy), pairs = hl_npy_is_complex(x.npy);
    double s[2] = {0, 0};
    int64_t total = 0;
    for (int64_t j = 0; j < n; j++) {
        const char *p = x.data + (row + j) * x.stride[0] + (col + j) * x.stride[1];
        double v[2] = {0, 0};
        int64_t i;
        if (pairs) hl_items_convert(v, 16, NPY_CDOUBLE, p, 0, x.npy, 1);
        else if (real) hl_items_convert(v, 8, NPY_DOUBLE, p, 0, x.npy, 1);
        else hl_items_convert(&i, 8, NPY_INT64, p, 0, x.npy, 1), total += i;
        s[0] += v[0], s[1] += v[1];
    }
    if (pairs) out[0].f = s[0], out[1].f = s[1];
    else if (real) out[0].f = s[0];
    else out[0].i = total;
    return 0;
}

/* --- matrices of a given form ----------------------------------------------------------------------------------------------------- */

/* N, M, k -> ones at and below diagonal k, in the dtype of operand 3 (a number of that type) */
hl_status hl_np_tri(const hl_operand *a, hl_slot *out)
{
    nd r;
    int64_t shape[2] = {hl_arg_int(a, 0), hl_arg_int(&a[1], hl_arg_int(a, 0))}, k = hl_arg_int(&a[2], 0), one = 1, zero = 0;
    if (hl_nd_out(&r, out, 2, shape, hl_given(&a[3]) ? a[3].npy : NPY_DOUBLE)) return 1;
    for (int64_t i = 0; i < shape[0]; i++)
        for (int64_t j = 0; j < shape[1]; j++)
            hl_items_convert(r.data + i * r.stride[0] + j * r.item, 8, r.npy, j <= i + k ? &one : &zero, 8, NPY_INT64, 1);
    return 0;
}

static hl_status triangle(const hl_operand *a, hl_slot *out, bool lower)
{
    nd x = hl_nd_of(a), r;
    int64_t k = hl_arg_int(&a[1], 0);
    if (x.nd != 2) return hl_failed(HL_ERR_two_dimensions, 0, 0);
    if (hl_nd_contiguous(&r, &x, x.npy)) return 1;
    for (int64_t i = 0; i < x.shape[0]; i++)
        for (int64_t j = 0; j < x.shape[1]; j++)
            if (lower ? j > i + k : j < i + k) memset(r.data + i * r.stride[0] + j * r.item, 0, (size_t)r.item);
    hl_nd_give(&r, out);
    return 0;
}

hl_status hl_np_triu(const hl_operand *a, hl_slot *out) { return triangle(a, out, false); }
hl_status hl_np_tril(const hl_operand *a, hl_slot *out) { return triangle(a, out, true); }

/* x, N, increasing */
hl_status hl_np_vander(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), xs, r;
    int64_t shape[2] = {x.shape[0], hl_arg_int(&a[1], x.shape[0])};
    bool up = hl_arg_int(&a[2], 0), whole = !hl_npy_is_float(x.npy) && hl_npy_promote(x.npy, NPY_INT64) == NPY_INT64;
    if (hl_nd_items(&xs, &x, whole ? NPY_INT64 : NPY_DOUBLE)) return 1;
    hl_status bad = hl_nd_new(&r, 2, shape, whole ? NPY_INT64 : NPY_DOUBLE);
    for (int64_t i = 0; !bad && i < shape[0]; i++) {
        int64_t p = 1, v = ((int64_t *)xs.data)[i];
        double q = 1, w = ((double *)xs.data)[i];
        for (int64_t k = 0; k < shape[1]; k++) {
            int64_t at = i * shape[1] + (up ? k : shape[1] - 1 - k);
            if (whole) ((int64_t *)r.data)[at] = p, p *= v;
            else ((double *)r.data)[at] = q, q *= w;
        }
    }
    hl_nd_drop(&xs);
    if (!bad) hl_nd_give(&r, out);
    return bad;
}

/* --- differences, areas, correlations --------------------------------------------------------------------------------------------- */

#define SUBTRACT(T) for (int64_t k = 0; k + 1 < n; k++) *(T *)(q + k * qs) = (T)(*(T *)(p + (k + 1) * ps) - *(T *)(p + k * ps))
static void diff_line(char *q, int64_t qs, const char *p, int64_t ps, int64_t n, const nd *a)
{
    switch (a->npy) {
    case NPY_FLOAT: SUBTRACT(float); break;
    case NPY_DOUBLE: SUBTRACT(double); break;
    case NPY_CFLOAT: SUBTRACT(_Complex float); break;
    case NPY_CDOUBLE: SUBTRACT(_Complex double); break;
    case NPY_BOOL: for (int64_t k = 0; k + 1 < n; k++) q[k * qs] = p[(k + 1) * ps] != p[k * ps]; break;
    default:
        if (a->item == 1) SUBTRACT(uint8_t);
        else if (a->item == 2) SUBTRACT(uint16_t);
        else if (a->item == 4) SUBTRACT(uint32_t);
        else SUBTRACT(uint64_t);
    }
}

/* a, n, axis */
hl_status hl_np_diff(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), r = x;
    int axis;
    int64_t turns = hl_arg_int(&a[1], 1);
    if (turns < 0) return hl_failed(HL_ERR_diff_order, turns, 0);
    if (hl_arg_axis(&a[2], x.nd, &axis, -1)) return 1;
    if (turns == 0 && hl_nd_contiguous(&r, &x, x.npy)) return 1;
    for (int64_t t = 0; t < turns; t++) {
        nd next;
        int64_t shape[HL_CALL_DIMS], n, ps, m, qs;
        memcpy(shape, x.shape, sizeof shape);
        if (shape[axis]) shape[axis]--;
        hl_status bad = hl_nd_new(&next, x.nd, shape, x.npy);
        if (!bad) {
            nd from = hl_nd_axis(&x, axis, &n, &ps), to = hl_nd_axis(&next, axis, &m, &qs);
            hl_lines lf = hl_lines_of(&from), lt = hl_lines_of(&to);
            for (char *p, *q; hl_line(&lf, &p) && hl_line(&lt, &q);) diff_line(q, qs, p, ps, n, &x);
        }
        if (t) hl_nd_drop(&x);
        if (bad) return 1;
        x = r = next;
    }
    hl_nd_give(&r, out);
    return 0;
}

/* y, x (or none), dx: one dimension */
hl_status hl_np_trapezoid(const hl_operand *a, hl_slot *out)
{
    nd y = hl_nd_of(a), ys, xs = {0};
    if (hl_nd_items(&ys, &y, NPY_DOUBLE)) return 1;
    double *v = (double *)ys.data, dx = hl_arg_float(&a[2], 1), s = 0;
    hl_status bad = 0;
    if (hl_given(&a[1])) {
        nd x = hl_nd_of(&a[1]);
        bad = hl_nd_size(&x) != hl_nd_size(&y);
        if (bad) hl_raise_shapes(HL_SHAPES_OPERANDS, (int64_t[]){1, hl_nd_size(&x) - 1, 1, hl_nd_size(&y) - 1}, 2);
        else bad = hl_nd_items(&xs, &x, NPY_DOUBLE);
    }
    for (int64_t k = 1, n = hl_nd_size(&ys); !bad && k < n; k++)
        s += (xs.data ? ((double *)xs.data)[k] - ((double *)xs.data)[k - 1] : dx) * (v[k] + v[k - 1]) / 2;
    out[0].f = s;
    if (xs.owner) hl_nd_drop(&xs);
    hl_nd_drop(&ys);
    return bad;
}

/* m (rows are variables), y or none, rowvar; of cov also bias, ddof -> the covariance matrix, or the correlations */
static hl_status covariance(const hl_operand *a, hl_slot *out, bool correlation)
{
    nd x = hl_nd_of(a), all, r;
    bool rows = hl_arg_int(&a[2], 1) || x.nd == 1, two = hl_given(&a[1]);
    nd y = two ? hl_nd_of(&a[1]) : x;
    if (x.nd == 2 && !rows) {
        int64_t t = x.shape[0];
        x.shape[0] = x.shape[1], x.shape[1] = t, t = x.stride[0], x.stride[0] = x.stride[1], x.stride[1] = t;
    }
    if (x.nd == 1) x.nd = 2, x.shape[1] = x.shape[0], x.stride[1] = x.stride[0], x.shape[0] = 1;
    if (two && y.nd == 1) y.nd = 2, y.shape[1] = y.shape[0], y.stride[1] = y.stride[0], y.shape[0] = 1;
    if (two && y.shape[1] != x.shape[1]) return hl_failed(HL_ERR_concat_shape, 0, 0);
    int64_t shape[2] = {x.shape[0] + (two ? y.shape[0] : 0), x.shape[1]}, n = shape[1], square[2] = {shape[0], shape[0]};
    if (hl_nd_new(&all, 2, shape, NPY_DOUBLE)) return 1;
    nd part = all;
    part.shape[0] = x.shape[0];
    hl_nd_copy(&part, &x);
    part.data += part.shape[0] * part.stride[0], part.shape[0] = shape[0] - x.shape[0];
    if (two) hl_nd_copy(&part, &y);
    bool bias = !correlation && hl_arg_int(&a[3], 0);
    double *v = (double *)all.data, div = (double)n - (correlation ? 1 : hl_arg_float(&a[4], bias ? 0 : 1));
    for (int64_t i = 0; i < shape[0]; i++) {
        double s = 0;
        for (int64_t k = 0; k < n; k++) s += v[i * n + k];
        s /= (double)n;
        for (int64_t k = 0; k < n; k++) v[i * n + k] -= s;
    }
    hl_status bad = hl_nd_new(&r, 2, square, NPY_DOUBLE);
    if (!bad) bad = hl_gemm(NPY_DOUBLE, shape[0], shape[0], n, all.data, all.stride[0], 8, all.data, 8, all.stride[0], r.data, r.stride[0], 8);
    hl_nd_drop(&all);
    if (bad) return 1;
    double *c = (double *)r.data;
    for (int64_t k = 0; k < shape[0] * shape[0]; k++) c[k] /= div > 0 ? div : 0;
    if (correlation) {
        double *d = hl_malloc((size_t)shape[0] * 8 + 8);
        if (!d) return hl_nd_drop(&r), hl_failed(HL_ERR_memory, 0, 0);
        for (int64_t i = 0; i < shape[0]; i++) d[i] = sqrt(c[i * shape[0] + i]);
        for (int64_t i = 0; i < shape[0]; i++)
            for (int64_t j = 0; j < shape[0]; j++) {
                double q = c[i * shape[0] + j] / d[i] / d[j];
                c[i * shape[0] + j] = q > 1 ? 1 : q < -1 ? -1 : q;
            }
        hl_free(d);
    }
    if (a[0].ndim == 1 && !two) { /* one variable: a scalar */
        out[0].f = c[0];
        hl_nd_drop(&r);
        return 0;
    }
    hl_nd_give(&r, out);
    return 0;
}

hl_status hl_np_cov(const hl_operand *a, hl_slot *out) { return covariance(a, out, false); }
hl_status hl_np_corrcoef(const hl_operand *a, hl_slot *out) { return covariance(a, out, true); }
