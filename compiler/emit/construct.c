/* What makes arrays (np.zeros, np.array, np.arange …) and views with another shape. */
#include "array.h"
#include <string.h>

typedef struct hl_dims { int n, from[HL_DIMS]; uint64_t reverse; } hl_dims; /* rules/numpy_construct.c */

static bool given(const hl_inst *v) { return v->type->kind != HL_K_OMITTED && v->type->kind != HL_K_NONE; }

/* Sizes out of an int or a tuple of ints; how many. */
static int sizes_of(hl_emit *e, hl_inst *v, V *out)
{
    V *p = hl_parts(e, v);
    if (v->type->kind != HL_K_TUPLE) {
        out[0] = hl_index_value(e, v->type, p[0]);
        return 1;
    }
    for (int k = 0; k < v->type->nitems; k++) out[k] = hl_index_value(e, v->type->items[k], p[k]);
    return v->type->nitems;
}

/* --- filled with one value ----------------------------------------------------------------------------------------------------- */

static void fill(hl_emit *e, hl_inst *i, const hl_type *t, V *parts, V const *value)
{
    hl_nest *n = HL_NEW(e->arena, hl_nest);
    hl_nest_init(n, i, t->ndim, parts + 2);
    int l = hl_nest_leaf(e, n, NULL, t, parts);
    n->leaf[l].written = true;
    hl_nest_open(e, n);
    hl_nest_store(e, n, l, value);
    hl_nest_close(e, n);
}

static void one_value(hl_emit *e, const hl_type *t, V *out)
{
    LLVMTypeRef p = hl_scalar_type(e, t);
    out[0] = hl_is_float(t) || hl_is_complex(t) ? LLVMConstReal(p, 1.0) : LLVMConstInt(p, 1, false);
    if (hl_is_complex(t)) out[1] = LLVMConstNull(p);
}

static V *shape_from(hl_emit *e, hl_inst *v, V *buf)
{
    if (hl_is_array(v->type)) return hl_array_parts(e, v) + 2;
    sizes_of(e, v, buf);
    return buf;
}

void hl_emit_np_empty(hl_emit *e, hl_inst *i, V *out)
{
    V buf[HL_DIMS];
    hl_new_array(e, i, i->type, shape_from(e, i->args[0], buf), false, out);
}

void hl_emit_np_zeros(hl_emit *e, hl_inst *i, V *out)
{
    V buf[HL_DIMS];
    hl_new_array(e, i, i->type, shape_from(e, i->args[0], buf), true, out);
}

void hl_emit_np_ones(hl_emit *e, hl_inst *i, V *out)
{
    V one[2];
    hl_emit_np_empty(e, i, out);
    one_value(e, i->type->elem, one);
    fill(e, i, i->type, out, one);
}

void hl_emit_np_full(hl_emit *e, hl_inst *i, V *out)
{
    V value[2];
    hl_emit_np_empty(e, i, out);
    hl_cast(e, i, hl_unliteral(i->args[1]->type), i->type->elem, hl_arg(e, i, 1), value);
    fill(e, i, i->type, out, value);
}

void hl_emit_array_fill(hl_emit *e, hl_inst *i, V *out)
{
    (void)out;
    const hl_type *t = i->args[0]->type;
    if (t->flags & HL_T_READONLY) hl_check(e, i, hl_bool(e, false), HL_ERR_readonly, NULL, NULL);
    else fill(e, i, t, hl_array_parts(e, i->args[0]), hl_arg(e, i, 1));
}

/* count items of value, `step` bytes apart from data */
static void fill_diagonal(hl_emit *e, const hl_type *t, V data, V step, V count, V const *value)
{
    hl_for l = hl_for_begin(e, hl_i64(e, 0), count, "diagonal");
    hl_store_item(e, t, hl_gep_bytes(e, data, hl_mul64(e, l.i, step)), value);
    hl_for_end(e, &l);
}

/* Where diagonal k of an n by m matrix begins (row, column), and its length. */
static V diagonal(hl_emit *e, V n, V m, V k, V *row, V *col)
{
    V zero = hl_i64(e, 0);
    *row = hl_max64(e, hl_sub64(e, zero, k), zero), *col = hl_max64(e, k, zero);
    return hl_max64(e, hl_min64(e, hl_sub64(e, n, *row), hl_sub64(e, m, *col)), zero);
}

void hl_emit_np_eye(hl_emit *e, hl_inst *i, V *out)
{
    bool eye = i->nargs > 2;
    V n = hl_one(e, i->args[0]), m = eye && given(i->args[1]) ? hl_one(e, i->args[1]) : n, k = eye && given(i->args[2]) ? hl_one(e, i->args[2]) : hl_i64(e, 0);
    V one[2], row, col;
    hl_new_array(e, i, i->type, (V[]){n, m}, true, out);
    one_value(e, i->type->elem, one);
    V count = diagonal(e, n, m, k, &row, &col), item = hl_i64(e, hl_itemsize(i->type->elem));
    V start = hl_gep_bytes(e, out[1], hl_add64(e, hl_mul64(e, row, out[4]), hl_mul64(e, col, item)));
    fill_diagonal(e, i->type, start, hl_add64(e, out[4], item), count, one);
}

void hl_emit_np_diag_make(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->args[0]->type;
    V *v = hl_array_parts(e, i->args[0]), k = given(i->args[1]) ? hl_one(e, i->args[1]) : hl_i64(e, 0), row, col;
    V far = hl_max64(e, k, hl_sub64(e, hl_i64(e, 0), k)), n = hl_add64(e, v[2], far), item = hl_i64(e, hl_itemsize(t->elem));
    hl_new_array(e, i, i->type, (V[]){n, n}, true, out);
    diagonal(e, n, n, k, &row, &col);
    V start = hl_gep_bytes(e, out[1], hl_add64(e, hl_mul64(e, row, out[4]), hl_mul64(e, col, item)));
    hl_for l = hl_for_begin(e, hl_i64(e, 0), v[2], "diagonal");
    V x[2];
    hl_load_item(e, t, hl_gep_bytes(e, v[1], hl_mul64(e, l.i, v[3])), x);
    hl_store_item(e, i->type, hl_gep_bytes(e, start, hl_mul64(e, l.i, hl_add64(e, out[4], item))), x);
    hl_for_end(e, &l);
}

void hl_emit_np_diag_view(hl_emit *e, hl_inst *i, V *out)
{
    V *a = hl_array_parts(e, i->args[0]), k = given(i->args[1]) ? hl_one(e, i->args[1]) : hl_i64(e, 0), row, col;
    V count = diagonal(e, a[2], a[3], k, &row, &col);
    out[0] = a[0], out[2] = count, out[3] = hl_add64(e, a[4], a[5]);
    out[1] = LLVMBuildGEP2(e->b, e->i8, a[1], (V[]){hl_add64(e, hl_mul64(e, row, a[4]), hl_mul64(e, col, a[5]))}, 1, "");
}

/* --- ranges ---------------------------------------------------------------------------------------------------------------------- */

/* ceil((stop - start) / step), at least 0 */
static V arange_count(hl_emit *e, hl_inst *i, V start, V stop, V step)
{
    bool real = LLVMGetTypeKind(LLVMTypeOf(step)) == LLVMDoubleTypeKind;
    V zero = hl_i64(e, 0), ok;
    if (!real) {
        if (hl_const_is(step, 1)) return hl_max64(e, hl_sub64(e, stop, start), zero);
        ok = LLVMBuildICmp(e->b, LLVMIntNE, step, zero, "");
        hl_check(e, i, ok, HL_ERR_zero_div, NULL, NULL);
        V state = hl_alloca_slots(e, 2);
        LLVMBuildStore(e->b, start, state);
        LLVMBuildStore(e->b, stop, hl_gep_bytes(e, state, hl_i64(e, 8)));
        return hl_rtcall(e, HL_RT_range_count, start, stop, step);
    }
    hl_check(e, i, LLVMBuildFCmp(e->b, LLVMRealUNE, step, hl_f64(e, 0), ""), HL_ERR_step_zero, NULL, NULL);
    V q = LLVMBuildFDiv(e->b, LLVMBuildFSub(e->b, stop, start, ""), step, "");
    q = hl_intrinsic(e, "llvm.ceil", e->f64, &q, 1);
    ok = LLVMBuildFCmp(e->b, LLVMRealOLT, q, hl_f64(e, 9.2e18), "");
    hl_check(e, i, ok, HL_ERR_arange_size, NULL, NULL);
    V neg = LLVMBuildFCmp(e->b, LLVMRealOLT, q, hl_f64(e, 0.0), "");
    return LLVMBuildFPToSI(e->b, hl_select(e, neg, hl_f64(e, 0.0), q), e->i64, "");
}

void hl_emit_np_arange(hl_emit *e, hl_inst *i, V *out)
{
    bool real = false, alone = !given(i->args[1]);
    for (int k = 0; k < 3; k++) real |= given(i->args[k]) && hl_is_float(hl_unliteral(i->args[k]->type));
    const hl_type *t = real ? hl_T.float64 : hl_T.int64, *item = i->type->elem;
    V one = real ? hl_f64(e, 1.0) : hl_i64(e, 1), zero = real ? hl_f64(e, 0.0) : hl_i64(e, 0);
    V start = alone ? zero : hl_one(e, i->args[0]), stop = hl_one(e, i->args[alone ? 0 : 1]), step = given(i->args[2]) ? hl_one(e, i->args[2]) : one;
    V n = arange_count(e, i, start, stop, step);
    hl_new_array(e, i, i->type, &n, false, out);
    /* As NumPy: from the first two items, converted already. */
    V second = real ? LLVMBuildFAdd(e->b, start, step, "") : hl_add64(e, start, step);
    const hl_type *in = hl_is_float(item) ? item : hl_T.int64;
    start = hl_cast1(e, item, in, hl_cast1(e, t, item, start)), second = hl_cast1(e, item, in, hl_cast1(e, t, item, second));
    step = hl_is_float(in) ? LLVMBuildFSub(e->b, second, start, "") : hl_sub64(e, second, start);
    hl_for l = hl_for_begin(e, hl_i64(e, 0), n, "arange");
    V v = hl_is_float(in) ? LLVMBuildFAdd(e->b, start, LLVMBuildFMul(e->b, LLVMBuildSIToFP(e->b, l.i, hl_scalar_type(e, in), ""), step, ""), "")
                          : hl_add64(e, start, hl_mul64(e, l.i, step));
    v = hl_cast1(e, in, item, v);
    hl_store_item(e, i->type, hl_gep_bytes(e, out[1], hl_mul64(e, l.i, hl_i64(e, hl_itemsize(item)))), &v);
    hl_for_end(e, &l);
}

void hl_emit_np_linspace(hl_emit *e, hl_inst *i, V *out)
{
    bool end = *(bool *)i->data;
    const hl_type *item = i->type->elem;
    const hl_type *in = hl_unliteral(i->args[0]->type); /* float32, as both ends are, or float64 */
    LLVMTypeRef real = hl_scalar_type(e, in);
    V start = hl_one(e, i->args[0]), stop = hl_one(e, i->args[1]), n = given(i->args[2]) ? hl_one(e, i->args[2]) : hl_i64(e, 50);
    V zero = hl_i64(e, 0), one = hl_i64(e, 1);
    hl_check(e, i, LLVMBuildICmp(e->b, LLVMIntSGE, n, zero, ""), HL_ERR_linspace_num, n, NULL);
    hl_new_array(e, i, i->type, &n, false, out);
    V div = end ? LLVMBuildSub(e->b, n, one, "") : n, delta = LLVMBuildFSub(e->b, stop, start, "");
    V step = LLVMBuildFDiv(e->b, delta, LLVMBuildSIToFP(e->b, hl_max64(e, div, one), real, ""), "");
    V size = hl_i64(e, hl_itemsize(item));
    hl_for l = hl_for_begin(e, zero, n, "linspace");
    V v = LLVMBuildFAdd(e->b, LLVMBuildFMul(e->b, LLVMBuildSIToFP(e->b, l.i, real, ""), step, ""), start, "");
    if (hl_is_int(item)) v = hl_intrinsic(e, "llvm.floor", real, &v, 1);
    v = hl_cast1(e, in, item, v);
    hl_store_item(e, i->type, hl_gep_bytes(e, out[1], hl_mul64(e, l.i, size)), &v);
    hl_for_end(e, &l);
    if (!end) return;
    hl_for last = hl_for_begin(e, hl_max64(e, div, one), n, "last"); /* once, when n > 1 */
    V x = hl_cast1(e, in, item, stop);
    hl_store_item(e, i->type, hl_gep_bytes(e, out[1], hl_mul64(e, last.i, size)), &x);
    hl_for_end(e, &last);
}

/* --- copies -------------------------------------------------------------------------------------------------------------------------- */

void hl_emit_np_copy(hl_emit *e, hl_inst *i, V *out)
{
    hl_inst *a = i->args[0];
    V shape[HL_DIMS];
    hl_shape_of(e, i, a, shape);
    hl_new_array(e, i, i->type, shape, false, out);
    hl_nest_assign(e, i, i->type, out, a, NULL);
}

/* flatten, ravel of what does not lie so: a copy in that order, seen as one dimension */
void hl_emit_np_flat_copy(hl_emit *e, hl_inst *i, V *out)
{
    hl_inst *a = i->args[0];
    char order = hl_order_of(i->args[1]->type, a->type, 'C');
    const hl_type *t = hl_type_array(a->type->elem, a->type->ndim, a->type->ndim > 1 ? order : 'C', 0);
    V shape[HL_DIMS], parts[2 + 2 * HL_DIMS];
    hl_shape_of(e, i, a, shape);
    hl_new_array(e, i, t, shape, false, parts);
    hl_nest_assign(e, i, t, parts, a, NULL);
    out[0] = parts[0], out[1] = parts[1], out[2] = hl_array_size(e, t->ndim, shape), out[3] = hl_i64(e, hl_itemsize(t->elem));
}

void hl_emit_np_ravel_view(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->args[0]->type;
    V *a = hl_array_parts(e, i->args[0]);
    out[0] = a[0], out[1] = a[1], out[2] = hl_array_size(e, t->ndim, a + 2), out[3] = hl_i64(e, hl_itemsize(t->elem));
}

/* Not known to lie so: looked at when it runs.  The result owns what it looks at. */
void hl_emit_np_ravel_any(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->args[0]->type;
    bool fortran = hl_order_of(i->args[1]->type, t, 'C') == 'F';
    V *a = hl_array_parts(e, i->args[0]), step = hl_i64(e, hl_itemsize(t->elem)), lies_so = NULL, copy[4];
    for (int k = 0; k < t->ndim; k++) {
        int d = fortran ? k : t->ndim - 1 - k;
        V n = hl_arr_shape(a, d);
        lies_so = hl_both(e, lies_so, LLVMBuildOr(e->b, hl_eq64(e, hl_arr_stride(t, a, d), step), hl_eq64(e, n, hl_i64(e, 1)), ""));
        step = hl_mul64(e, step, n);
    }
    LLVMBasicBlockRef view = hl_bb(e, "view"), other = hl_bb(e, "copy"), join = hl_bb(e, "raveled");
    hl_cond(e, lies_so, view, other);
    hl_at(e, other);
    hl_emit_np_flat_copy(e, i, copy);
    LLVMBasicBlockRef copied = hl_here(e);
    hl_br(e, join);
    hl_at(e, view);
    hl_emit_retain(e, t, a);
    LLVMBasicBlockRef viewed = hl_here(e);
    hl_br(e, join);
    hl_at(e, join);
    for (int k = 0; k < 2; k++) out[k] = hl_phi2(e, e->ptr, a[k], viewed, copy[k], copied);
    out[2] = hl_array_size(e, t->ndim, a + 2), out[3] = hl_i64(e, hl_itemsize(t->elem));
}

/* --- reshape ------------------------------------------------------------------------------------------------------------------------- */

/* The sizes asked for, with the one that is -1 worked out. */
static int new_shape(hl_emit *e, hl_inst *i, V size, V *shape)
{
    int nd = 0;
    hl_reshape_args p = hl_reshape_args_of(i->rule, i->nargs);
    for (int k = p.first; k < p.end; k++) nd += sizes_of(e, i->args[k], shape + nd);
    int64_t c;
    V asked[HL_DIMS];
    memcpy(asked, shape, sizeof *asked * (size_t)nd);
    V zero = hl_i64(e, 0), one = hl_i64(e, 1), product = one, unknowns = zero, unknown[HL_DIMS];
    for (int k = 0; k < nd; k++) {
        if (hl_const_int(shape[k], &c)) unknown[k] = hl_bool(e, c < 0);
        else unknown[k] = LLVMBuildICmp(e->b, LLVMIntSLT, shape[k], zero, "");
        product = hl_mul64(e, product, hl_pick(e, unknown[k], one, shape[k]));
        unknowns = hl_add64(e, unknowns, hl_pick(e, unknown[k], one, zero));
    }
    if (!hl_const_is(unknowns, 0) && !hl_const_is(unknowns, 1))
        hl_check(e, i, LLVMBuildICmp(e->b, LLVMIntSLE, unknowns, one, ""), HL_ERR_reshape_unknown, NULL, NULL);
    V some = hl_const_is(unknowns, 0) ? hl_bool(e, false) : hl_const_is(unknowns, 1) ? hl_bool(e, true) : LLVMBuildICmp(e->b, LLVMIntNE, unknowns, zero, "");
    V divisor = LLVMIsAConstantInt(product) && !hl_const_is(product, 0) ? product : hl_pick(e, hl_eq64(e, product, zero), one, product);
    /* nothing is any number of nothings: the -1 cannot be told */
    if (!hl_const_is(unknowns, 0) && (!LLVMIsAConstantInt(product) || hl_const_is(product, 0))) {
        V told = LLVMBuildICmp(e->b, LLVMIntNE, product, zero, "");
        hl_check_shapes(e, i, hl_pick(e, some, told, hl_bool(e, true)), HL_SHAPES_RESHAPE, 2, (int[]){1, nd}, (const V *[]){&size, asked});
    }
    V rest = hl_const_is(divisor, 1) ? size : LLVMBuildSDiv(e->b, size, divisor, "");
    for (int k = 0; k < nd; k++) shape[k] = hl_pick(e, unknown[k], rest, shape[k]);
    V total = hl_pick(e, some, hl_mul64(e, product, rest), product);
    hl_check_shapes(e, i, hl_eq64(e, total, size), HL_SHAPES_RESHAPE, 2, (int[]){1, nd}, (const V *[]){&size, asked});
    return nd;
}

static void turn_round(V *v, int n)
{
    for (int k = 0; k < n / 2; k++) {
        V was = v[k];
        v[k] = v[n - 1 - k], v[n - 1 - k] = was;
    }
}

/* Taking the items in Fortran's order is what C's order does between the transposes. */
static bool takes_fortran(const hl_inst *i)
{
    const hl_type *a = i->args[0]->type, *order = i->args[hl_reshape_args_of(i->rule, i->nargs).order]->type;
    const char *o = order->kind != HL_K_OMITTED && order->kind != HL_K_NONE ? hl_literal_str(order) : "C";
    return *o == 'F' || (*o == 'A' && a->layout == 'F');
}

void hl_emit_np_reshape_view(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->args[0]->type;
    V *a = hl_array_parts(e, i->args[0]), shape[HL_DIMS], strides[HL_DIMS];
    new_shape(e, i, hl_array_size(e, t->ndim, a + 2), shape);
    hl_array_c_strides(e, i->type, shape, strides); /* or Fortran's, as the type says */
    hl_array_fill_parts(e, i->type, a[0], a[1], shape, strides, out);
}

/* Not known to be contiguous: the runtime finds strides for the new shape, or copies.  The result owns what it looks at. */
void hl_emit_np_reshape_any(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->args[0]->type;
    V *a = hl_array_parts(e, i->args[0]), shape[HL_DIMS], from[2 + 2 * HL_DIMS];
    int nd = new_shape(e, i, hl_array_size(e, t->ndim, a + 2), shape);
    bool fortran = takes_fortran(i);
    memcpy(from, a, sizeof *from * (size_t)(2 + 2 * t->ndim));
    if (fortran) turn_round(shape, nd), turn_round(from + 2, t->ndim), turn_round(from + 2 + t->ndim, t->ndim);
    V slots = hl_alloca_slots(e, i->type->nparts);
    for (int k = 0; k < nd; k++) LLVMBuildStore(e->b, shape[k], hl_gep_bytes(e, slots, hl_i64(e, 8 * (2 + k))));
    V status = hl_rtcall(e, HL_RT_array_reshape, hl_array_slots(e, hl_type_array(t->elem, t->ndim, 'A', t->flags), from), hl_i32(e, t->ndim << 8 | hl_itemsize(t->elem)), slots, hl_i32(e, nd));
    hl_check_status(e, i, status);
    hl_load_slots(e, i->type, slots, out);
    memcpy(out + 2, shape, sizeof *out * (size_t)nd);
    if (fortran) turn_round(out + 2, nd), turn_round(out + 2 + nd, nd);
}

/* --- views with other dimensions ----------------------------------------------------------------------------------------------------- */

void hl_emit_np_dims_view(hl_emit *e, hl_inst *i, V *out)
{
    const hl_dims *d = i->data;
    const hl_type *t = i->args[0]->type;
    V *a = hl_array_parts(e, i->args[0]), one = hl_i64(e, 1);
    out[0] = a[0], out[1] = a[1];
    for (int k = 0; k < d->n; k++) {
        int f = d->from[k];
        V n = f < 0 ? one : hl_arr_shape(a, f), s = f < 0 ? hl_i64(e, 0) : hl_arr_stride(t, a, f);
        if (d->reverse >> k & 1) { /* an empty dimension moves the pointer nowhere that is read */
            out[1] = LLVMBuildGEP2(e->b, e->i8, out[1], (V[]){LLVMBuildMul(e->b, LLVMBuildSub(e->b, n, one, ""), s, "")}, 1, "");
            s = LLVMBuildNeg(e->b, s, "");
        }
        out[2 + k] = n, out[2 + d->n + k] = s;
    }
    hl_array_known(e, i->type, out);
}

/* squeeze: the dimensions that go must have one item */
void hl_emit_np_squeeze(hl_emit *e, hl_inst *i, V *out)
{
    const hl_dims *d = i->data;
    V *a = hl_array_parts(e, i->args[0]);
    for (int k = 0; k < i->args[0]->type->ndim; k++) {
        bool kept = false;
        for (int j = 0; j < d->n; j++) kept |= d->from[j] == k;
        if (!kept) hl_check(e, i, hl_eq64(e, hl_arr_shape(a, k), hl_i64(e, 1)), HL_ERR_squeeze, NULL, NULL);
    }
    hl_emit_np_dims_view(e, i, out);
}

void hl_emit_np_broadcast_to(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->args[0]->type;
    V *a = hl_array_parts(e, i->args[0]), shape[HL_DIMS], ok = NULL, one = hl_i64(e, 1), zero = hl_i64(e, 0);
    int nd = sizes_of(e, i->args[1], shape);
    out[0] = a[0], out[1] = a[1];
    for (int k = 0; k < nd; k++) {
        int d = k - (nd - t->ndim);
        out[2 + k] = shape[k], out[2 + nd + k] = zero;
        if (d < 0) {
            ok = hl_both(e, ok, LLVMBuildICmp(e->b, LLVMIntSGE, shape[k], zero, ""));
            continue;
        }
        V n = hl_arr_shape(a, d), single = hl_eq64(e, n, one), same = hl_eq64(e, n, shape[k]);
        ok = hl_both(e, ok, LLVMBuildOr(e->b, same, LLVMBuildAnd(e->b, single, LLVMBuildICmp(e->b, LLVMIntSGE, shape[k], zero, ""), ""), ""));
        out[2 + nd + k] = hl_pick(e, single, zero, hl_arr_stride(t, a, d));
    }
    hl_check_shapes(e, i, ok, HL_SHAPES_BROADCAST_TO, 2, (int[]){t->ndim, nd}, (const V *[]){a + 2, shape});
}
