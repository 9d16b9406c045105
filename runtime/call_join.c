/* Joining, repeating, moving and picking items. */
#include "call.h"

/* --- joining ----------------------------------------------------------------------------------------------------------- */

typedef struct pile { int n, cap; nd *at; } pile;

/* Operand 0 on: arrays (a tuple was flattened by the emitter) or one list of arrays; up to `last` excluded. */
static hl_status pile_of(pile *p, const hl_operand *a, int n)
{
    int64_t count = n == 1 && a[0].kind == HL_ARG_LIST ? ((hl_list *)a[0].v.p)->len : n;
    *p = (pile){.at = hl_malloc(sizeof(nd) * (size_t)(count ? count : 1))};
    if (!p->at) return hl_failed(HL_ERR_memory, 0, 0);
    p->n = (int)count;
    for (int64_t k = 0; k < count; k++) {
        hl_operand item = a[k < n ? k : 0];
        if (a[0].kind == HL_ARG_LIST) {
            hl_list *l = a[0].v.p;
            item = (hl_operand){.v.p = l->data + k * l->nslots, .npy = a[0].npy, .ndim = a[0].ndim, .kind = HL_ARG_ARRAY};
        } else item = a[k];
        p->at[k] = hl_nd_of(&item);
        if (item.kind == HL_ARG_INT || item.kind == HL_ARG_FLOAT) p->at[k].data = (char *)&a[k].v;
    }
    return count ? 0 : (hl_free(p->at), hl_failed(HL_ERR_concat_empty, 0, 0));
}

static int32_t common_type(const pile *p)
{
    int32_t t = p->at[0].npy;
    for (int k = 1; k < p->n; k++) t = hl_npy_promote(t, p->at[k].npy);
    return t;
}

/* Joins along an axis that all have. */
static hl_status join(pile *p, int axis, hl_slot *out)
{
    nd r, part;
    int64_t shape[HL_CALL_DIMS], at = 0;
    int dims = p->at[0].nd;
    memcpy(shape, p->at[0].shape, sizeof shape);
    for (int k = 1; k < p->n; k++) {
        for (int d = 0; d < dims; d++)
            if (p->at[k].nd != dims)
                return hl_failed_text(&PyExc_ValueError, "all the input arrays must have same number of dimensions, but the array at index 0 has %d dimension(s) and the "
                                      "array at index %d has %d dimension(s)", dims, k, p->at[k].nd);
            else if (d != axis && p->at[k].shape[d] != shape[d])
                return hl_failed_text(&PyExc_ValueError, "all the input array dimensions except for the concatenation axis must match exactly, but along dimension %d, "
                                      "the array at index 0 has size %lld and the array at index %d has size %lld", d, (long long)shape[d], k, (long long)p->at[k].shape[d]);
        shape[axis] += p->at[k].shape[axis];
    }
    if (hl_nd_new(&r, dims, shape, common_type(p))) return 1;
    for (int k = 0; k < p->n; k++) {
        part = r;
        part.data += at * r.stride[axis];
        part.shape[axis] = p->at[k].shape[axis];
        hl_nd_copy(&part, &p->at[k]);
        at += part.shape[axis];
    }
    hl_nd_give(&r, out);
    return 0;
}

/* a new dimension of size 1 before dimension d */
static void widen(nd *a, int d)
{
    for (int k = a->nd; k > d; k--) a->shape[k] = a->shape[k - 1], a->stride[k] = a->stride[k - 1];
    a->shape[d] = 1, a->stride[d] = a->item;
    a->nd++;
}

static void at_least(nd *a, int dims)
{
    while (a->nd < dims) widen(a, dims == 3 && a->nd == 2 ? 2 : 0); /* atleast_3d: (n) -> (1, n, 1), (n, m) -> (n, m, 1) */
}

/* All items of all, one after another. */
static hl_status join_flat(const pile *p, hl_slot *out)
{
    nd r, part;
    int64_t total = 0, at = 0;
    for (int k = 0; k < p->n; k++) total += hl_nd_size(&p->at[k]);
    if (hl_nd_new(&r, 1, &total, common_type(p))) return 1;
    for (int k = 0; k < p->n; k++) { /* a C-ordered array of its shape over the piece of the result */
        part = p->at[k];
        part.npy = r.npy, part.item = r.item, part.data = r.data + at * r.item;
        int64_t s = r.item;
        for (int d = part.nd - 1; d >= 0; d--) part.stride[d] = s, s *= part.shape[d];
        hl_nd_copy(&part, &p->at[k]);
        at += hl_nd_size(&part);
    }
    hl_nd_give(&r, out);
    return 0;
}

/* The last operand is the axis (or none). */
static hl_status joined(const hl_operand *a, hl_slot *out, int dims, int axis, bool fresh)
{
    pile p;
    int n = hl_count_operands(a) - 1;
    if (pile_of(&p, a, n)) return 1;
    hl_status bad = 0;
    if (axis == -1 && !fresh && hl_given_none(&a[n])) {
        bad = join_flat(&p, out);
        hl_free(p.at);
        return bad;
    }
    for (int k = 0; k < p.n; k++) at_least(&p.at[k], dims);
    int nds = p.at[0].nd + fresh;
    if (axis == -1) bad = hl_given(&a[n]) ? hl_arg_axis(&a[n], nds, &axis, 0) : (axis = 0);
    for (int k = 1; k < p.n && fresh && !bad; k++)
        if (p.at[k].nd != p.at[0].nd || memcmp(p.at[k].shape, p.at[0].shape, sizeof *p.at->shape * (size_t)p.at[0].nd)) bad = hl_failed(HL_ERR_stack_shape, 0, 0);
    for (int k = 0; k < p.n && fresh && !bad; k++) widen(&p.at[k], axis);
    if (!bad) bad = join(&p, axis, out);
    hl_free(p.at);
    return bad;
}

hl_status hl_np_concatenate(const hl_operand *a, hl_slot *out) { return joined(a, out, 0, -1, false); }
hl_status hl_np_stack(const hl_operand *a, hl_slot *out) { return joined(a, out, 0, -1, true); }
hl_status hl_np_vstack(const hl_operand *a, hl_slot *out) { return joined(a, out, 2, 0, false); }
hl_status hl_np_dstack(const hl_operand *a, hl_slot *out) { return joined(a, out, 3, 2, false); }

hl_status hl_np_hstack(const hl_operand *a, hl_slot *out)
{
    int dims = a[0].ndim < 1 ? 1 : a[0].ndim;
    return joined(a, out, 1, dims == 1 ? 0 : 1, false);
}

hl_status hl_np_column_stack(const hl_operand *a, hl_slot *out)
{
    pile p;
    if (pile_of(&p, a, hl_count_operands(a) - 1)) return 1;
    for (int k = 0; k < p.n; k++)
        while (p.at[k].nd < 2) widen(&p.at[k], p.at[k].nd);
    hl_status bad = join(&p, 1, out);
    hl_free(p.at);
    return bad;
}

/* arr, values, axis: flattened without axis */
hl_status hl_np_append(const hl_operand *a, hl_slot *out)
{
    nd two[2] = {hl_nd_of(a), hl_nd_of(&a[1])}, flat[2] = {{0}, {0}};
    pile p = {.n = 2, .at = two};
    int axis = 0;
    hl_status bad = 0;
    if (hl_given(&a[2])) bad = hl_arg_axis(&a[2], two[0].nd, &axis, 0);
    else
        for (int k = 0; k < 2 && !bad; k++) {
            bad = hl_nd_items(&flat[k], &two[k], two[k].npy);
            if (bad) break;
            flat[k].shape[0] = hl_nd_size(&flat[k]), flat[k].nd = 1, flat[k].stride[0] = flat[k].item;
            p.at = flat;
        }
    if (!bad) bad = join(&p, axis, out);
    for (int k = 0; k < 2; k++)
        if (flat[k].owner) hl_nd_drop(&flat[k]);
    return bad;
}

/* --- one line of items ----------------------------------------------------------------------------------------------------- */

static hl_status flat_copy(nd *r, const hl_operand *a)
{
    nd x = hl_nd_of(a);
    if (hl_nd_contiguous(r, &x, x.npy)) return 1;
    r->shape[0] = hl_nd_size(r), r->nd = 1, r->stride[0] = r->item;
    return 0;
}

/* Rows of an array along axis `axis`: the block of items at one index is outer * inner; copies block from -> to. */
typedef struct rows { int64_t outer, n, inner; } rows; /* inner in bytes */

static rows rows_of(const nd *c, int axis)
{
    rows r = {1, c->shape[axis], c->item};
    for (int k = 0; k < axis; k++) r.outer *= c->shape[k];
    for (int k = axis + 1; k < c->nd; k++) r.inner *= c->shape[k];
    return r;
}

/* result[…, k, …] = c[…, from(k), …] for the m indices in `index` */
static hl_status pick(const nd *c, int axis, const int64_t *index, int64_t m, nd *r)
{
    int64_t shape[HL_CALL_DIMS];
    memcpy(shape, c->shape, sizeof shape);
    shape[axis] = m;
    if (hl_nd_new(r, c->nd, shape, c->npy)) return 1;
    rows w = rows_of(c, axis);
    char *to = r->data;
    for (int64_t o = 0; o < w.outer; o++)
        for (int64_t k = 0; k < m; k++, to += w.inner) memcpy(to, c->data + (o * w.n + index[k]) * w.inner, (size_t)w.inner);
    return 0;
}

/* The operand as a C-ordered array, flattened when there is no axis. */
static hl_status with_axis(const hl_operand *a, const hl_operand *axis_arg, nd *c, int *axis)
{
    nd x = hl_nd_of(a);
    *axis = 0;
    if (hl_given(axis_arg)) return hl_arg_axis(axis_arg, x.nd, axis, 0) || hl_nd_contiguous(c, &x, x.npy);
    return flat_copy(c, a);
}

static hl_status picked(nd *c, int axis, const int64_t *index, int64_t m, hl_slot *out)
{
    nd r;
    hl_status bad = pick(c, axis, index, m, &r);
    hl_nd_drop(c);
    if (!bad) hl_nd_give(&r, out);
    return bad;
}

/* a, repeats (int or array), axis */
hl_status hl_np_repeat(const hl_operand *a, hl_slot *out)
{
    nd c, times;
    int axis;
    if (with_axis(a, &a[2], &c, &axis)) return 1;
    nd t = hl_nd_of(&a[1]);
    if (hl_nd_items(&times, &t, NPY_INT64)) return hl_nd_drop(&c), 1;
    int64_t n = c.shape[axis], total = 0, nt = hl_nd_size(&times), *v = (int64_t *)times.data;
    hl_status bad = nt != 1 && nt != n ? hl_failed(HL_ERR_broadcast, 0, 0) : 0;
    for (int64_t k = 0; k < n && !bad; k++) {
        int64_t c1 = v[nt == 1 ? 0 : k];
        if (c1 < 0) bad = hl_failed(HL_ERR_repeat_negative, 0, 0);
        total += c1;
    }
    int64_t *index = bad ? NULL : hl_malloc((size_t)(total ? total : 1) * 8);
    if (!bad && !index) bad = hl_failed(HL_ERR_memory, 0, 0);
    if (!bad) {
        int64_t at = 0;
        for (int64_t k = 0; k < n; k++)
            for (int64_t q = 0; q < v[nt == 1 ? 0 : k]; q++) index[at++] = k;
        bad = picked(&c, axis, index, total, out);
    } else hl_nd_drop(&c);
    hl_free(index);
    hl_nd_drop(&times);
    return bad;
}

/* a, shift, axis */
hl_status hl_np_roll(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), c, r;
    int axis;
    if (with_axis(a, &a[2], &c, &axis)) return 1;
    if (hl_nd_contiguous(&r, &x, x.npy)) return hl_nd_drop(&c), 1;
    rows w = rows_of(&c, axis);
    int64_t shift = w.n ? hl_arg_int(&a[1], 0) % w.n : 0;
    if (shift < 0) shift += w.n;
    for (int64_t o = 0; o < w.outer; o++) {
        char *to = r.data + o * w.n * w.inner, *from = c.data + o * w.n * w.inner;
        memcpy(to + shift * w.inner, from, (size_t)((w.n - shift) * w.inner));
        memcpy(to, from + (w.n - shift) * w.inner, (size_t)(shift * w.inner));
    }
    hl_nd_drop(&c);
    hl_nd_give(&r, out);
    return 0;
}

/* a, reps… (ints, as many as the tuple had) */
hl_status hl_np_tile(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), r;
    int nr = hl_count_operands(a) - 1, dims = x.nd > nr ? x.nd : nr;
    int64_t shape[HL_CALL_DIMS], reps[HL_CALL_DIMS];
    while (x.nd < dims) widen(&x, 0);
    for (int k = 0; k < dims; k++) {
        reps[k] = k < dims - nr ? 1 : hl_arg_int(&a[1 + k - (dims - nr)], 1);
        shape[k] = x.shape[k] * (reps[k] < 0 ? 0 : reps[k]);
    }
    if (hl_nd_new(&r, dims, shape, x.npy)) return 1;
    /* the result as (reps, n) pairs of dimensions, the operand broadcast along reps */
    nd to = {.nd = 2 * dims, .data = r.data, .npy = x.npy, .item = x.item}, from = to;
    if (2 * dims > HL_CALL_DIMS) return hl_nd_drop(&r), hl_failed(HL_ERR_too_large, 0, 0);
    from.data = x.data;
    for (int k = 0; k < dims; k++) {
        to.shape[2 * k] = from.shape[2 * k] = reps[k] < 0 ? 0 : reps[k], to.stride[2 * k] = r.stride[k] * x.shape[k], from.stride[2 * k] = 0;
        to.shape[2 * k + 1] = from.shape[2 * k + 1] = x.shape[k], to.stride[2 * k + 1] = r.stride[k], from.stride[2 * k + 1] = x.stride[k];
    }
    hl_nd_copy(&to, &from);
    hl_nd_give(&r, out);
    return 0;
}

/* Index arrays, normalised against n; IndexError */
static hl_status indices_of(const hl_operand *a, int64_t n, int axis, nd *index)
{
    nd given = hl_nd_of(a);
    if (hl_nd_contiguous(index, &given, NPY_INT64)) return 1;
    int64_t *v = (int64_t *)index->data, m = hl_nd_size(index);
    for (int64_t k = 0; k < m; k++) {
        if (v[k] < -n || v[k] >= n) {
            hl_raise(axis < 6 ? (hl_err)(HL_ERR_index_array0 + axis) : HL_ERR_index_array, v[k], n);
            hl_nd_drop(index);
            return 1;
        }
        if (v[k] < 0) v[k] += n;
    }
    return 0;
}

/* a, indices, axis */
hl_status hl_np_take(const hl_operand *a, hl_slot *out)
{
    nd c, index, r;
    int axis;
    if (with_axis(a, &a[2], &c, &axis)) return 1;
    if (indices_of(&a[1], c.shape[axis], axis, &index)) return hl_nd_drop(&c), 1;
    hl_status bad = pick(&c, axis, (int64_t *)index.data, hl_nd_size(&index), &r);
    if (!bad) { /* the dimensions of the indices stand where the axis was */
        nd shaped = r;
        shaped.nd = 0;
        for (int k = 0; k < axis; k++) shaped.shape[shaped.nd++] = r.shape[k];
        for (int k = 0; k < index.nd; k++) shaped.shape[shaped.nd++] = index.shape[k];
        for (int k = axis + 1; k < r.nd; k++) shaped.shape[shaped.nd++] = r.shape[k];
        int64_t s = r.item;
        for (int k = shaped.nd - 1; k >= 0; k--) shaped.stride[k] = s, s *= shaped.shape[k];
        hl_nd_give(&shaped, out);
    }
    hl_nd_drop(&index);
    hl_nd_drop(&c);
    return bad;
}

/* a, an int, axis: the item itself, or the array of a dimension less */
hl_status hl_np_take_one(const hl_operand *a, hl_slot *out)
{
    nd c, index, r;
    int axis;
    if (with_axis(a, &a[2], &c, &axis)) return 1;
    if (indices_of(&a[1], c.shape[axis], axis, &index)) return hl_nd_drop(&c), 1;
    hl_status bad = pick(&c, axis, (int64_t *)index.data, 1, &r);
    if (!bad && r.nd == 1) memcpy(out, r.data, (size_t)r.item), hl_nd_drop(&r);
    else if (!bad) {
        for (int k = axis; k + 1 < r.nd; k++) r.shape[k] = r.shape[k + 1], r.stride[k] = r.stride[k + 1];
        r.nd--;
        hl_nd_give(&r, out);
    }
    hl_nd_drop(&index);
    hl_nd_drop(&c);
    return bad;
}

/* arr, obj (an int or ints), axis */
hl_status hl_np_delete_(const hl_operand *a, hl_slot *out)
{
    nd c, index;
    int axis;
    if (with_axis(a, &a[2], &c, &axis)) return 1;
    int64_t n = c.shape[axis], m = 0;
    if (indices_of(&a[1], n, axis, &index)) return hl_nd_drop(&c), 1;
    int64_t *keep = hl_calloc((size_t)(n ? n : 1) * 8), *gone = (int64_t *)index.data, ngone = hl_nd_size(&index);
    hl_status bad = keep ? 0 : hl_failed(HL_ERR_memory, 0, 0);
    if (!bad) {
        for (int64_t k = 0; k < ngone; k++) keep[gone[k]] = 1;
        for (int64_t k = 0; k < n; k++)
            if (!keep[k]) keep[m++] = k;
            else keep[k] = 0;
        /* keep[0 … m-1] are the survivors: m <= k whenever it is written, so nothing unread is lost */
        bad = picked(&c, axis, keep, m, out);
    } else hl_nd_drop(&c);
    hl_free(keep);
    hl_nd_drop(&index);
    return bad;
}

/* arr, obj (an int), values, along the flattened array */
hl_status hl_np_insert(const hl_operand *a, hl_slot *out)
{
    nd c, v = hl_nd_of(&a[2]), r, part;
    if (flat_copy(&c, a)) return 1;
    int64_t n = c.shape[0], at = hl_arg_int(&a[1], 0), m = hl_nd_size(&v), total = n + m;
    if (at < -n || at > n) return hl_nd_drop(&c), hl_failed(HL_ERR_index_array0, at, n);
    if (at < 0) at += n;
    if (hl_nd_new(&r, 1, &total, c.npy)) return hl_nd_drop(&c), 1;
    memcpy(r.data, c.data, (size_t)(at * c.item));
    part = r, part.data += at * r.item, part.shape[0] = m;
    if (v.nd == 0) v.nd = 1, v.shape[0] = 1, v.stride[0] = 0;
    hl_nd_copy(&part, &v);
    memcpy(r.data + (at + m) * r.item, c.data + at * c.item, (size_t)((n - at) * c.item));
    hl_nd_drop(&c);
    hl_nd_give(&r, out);
    return 0;
}

/* --- where things are --------------------------------------------------------------------------------------------------------- */

static bool is_true(const char *p, const nd *a)
{
    char b;
    hl_items_convert(&b, 1, NPY_BOOL, p, a->item, a->npy, 1);
    return b;
}

static int64_t count_true(const nd *a)
{
    hl_lines l = hl_lines_of(a);
    int64_t n = 0;
    for (char *p; hl_line(&l, &p);) n += is_true(p, a);
    return n;
}

/* One array of indices for each dimension: out holds them one after another (4 slots each). */
hl_status hl_np_nonzero(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), r[HL_CALL_DIMS];
    int64_t n = count_true(&x), at = 0;
    for (int k = 0; k < x.nd; k++)
        if (hl_nd_new(&r[k], 1, &n, NPY_INT64)) {
            while (k--) hl_nd_drop(&r[k]);
            return 1;
        }
    hl_lines l = hl_lines_of(&x);
    int64_t index[HL_CALL_DIMS];
    memcpy(index, l.index, sizeof index);
    for (char *p; hl_line(&l, &p); memcpy(index, l.index, sizeof index))
        if (is_true(p, &x)) {
            for (int k = 0; k < x.nd; k++) ((int64_t *)r[k].data)[at] = index[k];
            at++;
        }
    for (int k = 0; k < x.nd; k++) hl_nd_give(&r[k], out + 4 * k);
    return 0;
}

hl_status hl_np_flatnonzero(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), r;
    int64_t n = count_true(&x), at = 0, k = 0;
    if (hl_nd_out(&r, out, 1, &n, NPY_INT64)) return 1;
    hl_lines l = hl_lines_of(&x);
    for (char *p; hl_line(&l, &p); k++)
        if (is_true(p, &x)) ((int64_t *)r.data)[at++] = k;
    return 0;
}

hl_status hl_np_argwhere(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), r;
    int64_t shape[2] = {count_true(&x), x.nd}, at = 0, index[HL_CALL_DIMS];
    if (hl_nd_out(&r, out, 2, shape, NPY_INT64)) return 1;
    hl_lines l = hl_lines_of(&x);
    memcpy(index, l.index, sizeof index);
    for (char *p; hl_line(&l, &p); memcpy(index, l.index, sizeof index))
        if (is_true(p, &x))
            for (int k = 0; k < x.nd; k++) ((int64_t *)r.data)[at++] = index[k];
    return 0;
}

/* --- comparison --------------------------------------------------------------------------------------------------------------- */

hl_status hl_np_array_equal(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), y = hl_nd_of(&a[1]), xs, ys;
    out[0].i = 0;
    if (x.nd != y.nd) return 0;
    for (int k = 0; k < x.nd; k++)
        if (x.shape[k] != y.shape[k]) return 0;
    int32_t npy = hl_npy_promote(x.npy, y.npy);
    if (hl_nd_items(&xs, &x, npy)) return 1;
    if (hl_nd_items(&ys, &y, npy)) return hl_nd_drop(&xs), 1;
    int64_t n = hl_nd_size(&xs) * (hl_npy_is_complex(npy) ? 2 : 1);
    bool same = true;
    if (npy == NPY_DOUBLE || npy == NPY_CDOUBLE) for (int64_t k = 0; k < n && same; k++) same = ((double *)xs.data)[k] == ((double *)ys.data)[k];
    else if (npy == NPY_FLOAT || npy == NPY_CFLOAT) for (int64_t k = 0; k < n && same; k++) same = ((float *)xs.data)[k] == ((float *)ys.data)[k];
    else same = !memcmp(xs.data, ys.data, (size_t)(n * xs.item));
    out[0].i = same;
    hl_nd_drop(&xs);
    hl_nd_drop(&ys);
    return 0;
}
