/* a[index]: items, views, stores.
 *
 * A full index of ints is an address: bounds check (hl_check) unless passes/bounds.c proved it unnecessary, wrapping of negative
 * numbers by a select unless the sign is known.  Anything else with slices is a view: new shape, strides and data pointer, the
 * same owner (borrowed). */
#include "array.h"
#include "scalar.h"
#include <string.h>

static hl_err out_of_bounds(int axis)
{
    static const hl_err by_axis[] = {HL_ERR_index_array0, HL_ERR_index_array1, HL_ERR_index_array2, HL_ERR_index_array3, HL_ERR_index_array4,
                                     HL_ERR_index_array5};
    return axis < 6 ? by_axis[axis] : HL_ERR_index_array;
}

static bool never_negative(hl_inst *i, const hl_type *t, V x)
{
    int64_t c;
    return i->flags & HL_I_NOWRAP || hl_unliteral(t)->kind == HL_K_BOOL || (hl_is_int(hl_unliteral(t)) && !(hl_unliteral(t)->flags & HL_T_SIGNED)) ||
           (hl_const_int(x, &c) && c >= 0);
}

/* Index x of a dimension of n items: wrapped and checked. */
static V checked(hl_emit *e, hl_inst *i, const hl_type *t, V x, V n, int axis)
{
    V at = hl_index_value(e, t, x);
    int64_t c;
    if (hl_const_int(at, &c) && c < 0) at = LLVMBuildAdd(e->b, n, at, "");
    else if (!never_negative(i, t, at)) at = LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, at, hl_i64(e, 0), ""), LLVMBuildAdd(e->b, at, n, ""), at, "");
    if (!(i->flags & HL_I_NOBOUNDS) && e->opt.boundscheck)
        hl_check(e, i, LLVMBuildICmp(e->b, LLVMIntULT, at, n, ""), out_of_bounds(axis), hl_index_value(e, t, x), n);
    return at;
}

/* --- slices ------------------------------------------------------------------------------------------------------------------------ */

/* A bound of a slice with a step known to be positive, clamped into 0 … n. */
static V clamp_up(hl_emit *e, hl_inst *i, const hl_type *t, V at, V n)
{
    int64_t c;
    V zero = hl_i64(e, 0);
    if (hl_const_int(at, &c)) return c >= 0 ? (c ? hl_min64(e, at, n) : at) : hl_max64(e, hl_add64(e, n, at), zero);
    if (never_negative(i, t, at)) return hl_min64(e, at, n);
    V below = LLVMBuildICmp(e->b, LLVMIntSLT, at, zero, "");
    return LLVMBuildSelect(e->b, below, hl_max64(e, LLVMBuildAdd(e->b, at, n, ""), zero), hl_min64(e, at, n), "");
}

/* … negative: into -1 … n-1 */
static V clamp_down(hl_emit *e, V at, V n)
{
    V minus = hl_i64(e, -1), below = LLVMBuildICmp(e->b, LLVMIntSLT, at, hl_i64(e, 0), "");
    return hl_pick(e, below, hl_max64(e, LLVMBuildAdd(e->b, at, n, ""), minus), hl_min64(e, at, LLVMBuildSub(e->b, n, hl_i64(e, 1), "")));
}

typedef struct span { V start, len, step; } span;

/* Every step-th of `len` items. */
static span stepped(hl_emit *e, V start, V len, V step)
{
    int64_t c;
    if (hl_const_int(step, &c) && c > 1) len = LLVMBuildUDiv(e->b, hl_add64(e, len, hl_i64(e, c - 1)), step, "");
    return (span){start, len, step};
}

/* What the program wrote of a slice of n items; what it left out (no type) is as it is for a positive step: 0, n and 1. */
typedef struct ends { V start, stop, step, n; const hl_type *from, *to; } ends;

static ends ends_of(hl_emit *e, const hl_type *t, const V *p, V n)
{
    ends s = {hl_i64(e, 0), n, hl_i64(e, 1), n, NULL, NULL};
    const hl_type *given[3];
    V *end[3] = {&s.start, &s.stop, &s.step};
    for (int k = 0; k < 3; p += t->items[k++]->nparts) {
        given[k] = t->items[k]->kind == HL_K_NONE ? NULL : t->items[k];
        if (given[k]) *end[k] = hl_index_value(e, given[k], *p);
    }
    s.from = given[0], s.to = given[1];
    return s;
}

/* First item, number of items and step of slice t (parts p) over n items. */
static span slice_span(hl_emit *e, hl_inst *i, const hl_type *t, const V *p, V n)
{
    ends s = ends_of(e, t, p, n);
    V step = s.step;
    int64_t c;
    V zero = hl_i64(e, 0), one = hl_i64(e, 1);
    if (hl_const_int(step, &c) && c > 0) {
        V lo = s.from ? clamp_up(e, i, s.from, s.start, n) : zero, hi = s.to ? clamp_up(e, i, s.to, s.stop, n) : n;
        V len = hl_const_is(lo, 0) ? hi : hl_max64(e, hl_sub64(e, hi, lo), zero);
        return stepped(e, lo, len, step);
    }
    if (hl_const_int(step, &c) && c < 0) {
        V hi = s.from ? clamp_down(e, s.start, n) : LLVMBuildSub(e->b, n, one, ""), lo = s.to ? clamp_down(e, s.stop, n) : hl_i64(e, -1);
        V len = hl_max64(e, LLVMBuildSub(e->b, hi, lo, ""), zero);
        if (c < -1) len = LLVMBuildUDiv(e->b, hl_add64(e, len, hl_i64(e, -c - 1)), hl_i64(e, -c), "");
        return (span){hi, len, step};
    }
    hl_check(e, i, LLVMBuildICmp(e->b, LLVMIntNE, step, zero, ""), HL_ERR_slice_step, NULL, NULL);
    V state = hl_alloca_slots(e, 2);
    V none = LLVMConstInt(e->i64, (unsigned long long)INT64_MIN, true);
    LLVMBuildStore(e->b, s.from ? s.start : none, state);
    LLVMBuildStore(e->b, s.to ? s.stop : none, hl_gep_bytes(e, state, hl_i64(e, 8)));
    V len = hl_rtcall(e, HL_RT_slice_adjust, state, step, n, hl_i32(e, (s.from != NULL) | (s.to != NULL) << 1));
    return (span){LLVMBuildLoad2(e->b, e->i64, state, ""), len, step};
}

/* … with a positive step, when 0 <= start <= stop <= n: no clamping, and the number of items is the difference that the program wrote. */
static span inner_span(hl_emit *e, ends s) { return stepped(e, s.start, hl_const_is(s.start, 0) ? s.stop : hl_sub64(e, s.stop, s.start), s.step); }

/* … when that was asked and is not so: one call, since the code for it would take a tenth of the time that a function with a window takes to compile. */
static span outer_span(hl_emit *e, ends s)
{
    if (hl_const_is(s.start, 0) && s.stop == s.n) return inner_span(e, s);
    V both = hl_rtcall(e, HL_RT_slice_clamp, s.start, s.stop, s.n);
    return stepped(e, LLVMBuildExtractValue(e->b, both, 0, ""), LLVMBuildExtractValue(e->b, both, 1, ""), s.step);
}

/* 0 <= start < stop <= n; what is empty may be clamped: the reductions that refuse it need not ask inside then (lanes.c). */
static V is_inner(hl_emit *e, ends s)
{
    return hl_both(e, LLVMBuildICmp(e->b, LLVMIntULT, s.start, s.stop, ""), s.stop == s.n ? NULL : LLVMBuildICmp(e->b, LLVMIntULE, s.stop, s.n, ""));
}

/* --- views ---------------------------------------------------------------------------------------------------------------------------- */

/* The slices of a plan. */
static void plan_spans(hl_emit *e, hl_inst *i, const V *a, const hl_index_plan *p, const V *index, bool inside, span *out)
{
    for (int k = 0, dim = 0; k < p->n; k++) {
        const hl_index_item *it = &p->at[k];
        V n = it->kind == HL_IX_SLICE ? hl_arr_shape(a, dim) : NULL;
        if (n) out[k] = inside ? inner_span(e, ends_of(e, it->type, &index[it->part], n)) : slice_span(e, i, it->type, &index[it->part], n);
        dim += it->kind != HL_IX_NEW;
    }
}

/* … that all lie inside, for all turns of the loops around, if `inside` holds; else each turn asks for itself, and clamps where it must. */
static void choose_spans(hl_emit *e, V inside, const V *a, const hl_index_plan *p, const V *index, span *out)
{
    LLVMBasicBlockRef ask = hl_bb(e, "ask"), inner = hl_bb(e, "inner"), clamp = hl_bb(e, "clamp"), join = hl_bb(e, "join");
    ends s[HL_DIMS + 1];
    span in[HL_DIMS + 1], clamped[HL_DIMS + 1];
    int n = 0, at[HL_DIMS + 1];
    V all = NULL;
    for (int k = 0, dim = 0; k < p->n; dim += p->at[k++].kind != HL_IX_NEW)
        if (p->at[k].kind == HL_IX_SLICE) s[n] = ends_of(e, p->at[k].type, &index[p->at[k].part], hl_arr_shape(a, dim)), at[n++] = k;
    for (int k = 0; k < n; k++) in[k] = inner_span(e, s[k]);
    hl_cond(e, inside, inner, ask);
    hl_unlikely(e, LLVMGetBasicBlockTerminator(hl_here(e)), 1);
    hl_at(e, ask);
    for (int k = 0; k < n; k++) all = hl_both(e, all, is_inner(e, s[k]));
    hl_cond(e, all, inner, clamp);
    hl_at(e, clamp);
    for (int k = 0; k < n; k++) clamped[k] = outer_span(e, s[k]);
    hl_br(e, join);
    hl_at(e, inner);
    hl_br(e, join);
    hl_at(e, join);
    for (int k = 0; k < n; k++) {
        V start = in[k].start == clamped[k].start ? in[k].start : hl_phi2(e, e->i64, in[k].start, inner, clamped[k].start, clamp);
        V len = in[k].len == clamped[k].len ? in[k].len : hl_phi2(e, e->i64, in[k].len, inner, clamped[k].len, clamp);
        out[at[k]] = (span){start, len, in[k].step};
    }
}

void hl_index_view(hl_emit *e, hl_inst *i, const hl_type *array, const V *a, const hl_index_plan *p, const V *index, V *out)
{
    V shape[HL_DIMS], strides[HL_DIMS], data = a[1], at[HL_DIMS];
    span *spans = HL_NEWN(e->arena, span, p->n + 1);
    for (int k = 0, dim = 0; k < p->n; k++) { /* checks first: where they do not vary with a loop, LLVM takes them out of it only so */
        if (p->at[k].kind == HL_IX_INT) at[k] = checked(e, i, p->at[k].type, index[p->at[k].part], hl_arr_shape(a, dim), dim);
        dim += p->at[k].kind != HL_IX_NEW;
    }
    bool inside = i->op == HL_OP_getitem && i->flags & HL_I_INSIDE;
    if (inside && i->nargs > 2) choose_spans(e, hl_arg(e, i, 2)[0], a, p, index, spans);
    else plan_spans(e, i, a, p, index, inside, spans);
    int dim = 0, nd = 0;
    for (int k = 0; k < p->n; k++) {
        const hl_index_item *it = &p->at[k];
        if (it->kind == HL_IX_NEW) {
            shape[nd] = hl_i64(e, 1), strides[nd++] = hl_i64(e, 0);
            continue;
        }
        V n = hl_arr_shape(a, dim), stride = hl_arr_stride(array, a, dim);
        if (it->kind == HL_IX_FULL) shape[nd] = n, strides[nd++] = stride;
        else if (it->kind == HL_IX_INT) data = hl_gep_bytes(e, data, hl_mul64(e, at[k], stride));
        else {
            span s = spans[k];
            if (!hl_const_is(s.start, 0)) data = LLVMBuildGEP2(e->b, e->i8, data, (V[]){hl_mul64(e, s.start, stride)}, 1, "");
            shape[nd] = s.len, strides[nd++] = hl_mul64(e, stride, s.step);
        }
        dim++;
    }
    out[0] = a[0], out[1] = data;
    for (int k = 0; k < nd; k++) out[2 + k] = shape[k], out[2 + nd + k] = strides[k];
}

/* Is the stop of slice v its start + 1? */
static bool is_next(const hl_inst *v)
{
    int64_t one;
    if (v->op != HL_OP_build_slice || (v->nargs > 2 && v->args[2]->type->kind != HL_K_NONE)) return false;
    const hl_inst *stop = v->args[1];
    return stop->op == HL_OP_add && stop->nargs == 2 && stop->args[0] == v->args[0] && hl_is_int(hl_unliteral(v->args[0]->type)) &&
           hl_literal_int(stop->args[1]->type, &one) && one == 1;
}

/* Does a slice of this type, like 0:1 or -1:, select one item, or none, whatever it is a slice of? */
static bool is_unit(const hl_type *slice)
{
    int64_t a, b;
    if (slice->items[2]->kind != HL_K_NONE || !hl_literal_int(slice->items[0], &a)) return false;
    if (slice->items[1]->kind == HL_K_NONE) return a == -1;
    return hl_literal_int(slice->items[1], &b) && b == a + 1 && (a >= 0 || b < 0);
}

bool hl_at_most_one(const hl_inst *v, int d)
{
    hl_index_plan p;
    const char *why;
    if (!v || v->op != HL_OP_getitem || !hl_is_array(v->args[0]->type) || !hl_is_array(v->type)) return false;
    if (!hl_index_plan_make(v->args[0]->type, v->args[1]->type, &p, &why) || p.nfancy) return false;
    for (int k = 0; k < p.n; k++) {
        if (p.at[k].kind == HL_IX_INT || d--) continue;
        if (p.at[k].kind != HL_IX_SLICE) return false;
        if (is_unit(p.at[k].type)) return true;
        const hl_inst *index = v->args[1];
        if (index->op != HL_OP_build_tuple) return is_next(index);
        return !p.ellipsis && k < index->nargs && is_next(index->args[k]);
    }
    return false;
}

static const hl_index_plan *plan_of(hl_emit *e, hl_inst *i, hl_index_plan *p)
{
    const char *why;
    (void)e;
    hl_index_plan_make(i->args[0]->type, i->args[1]->type, p, &why);
    return p;
}

/* --- addresses of items ------------------------------------------------------------------------------------------------------------------ */

/* In a[i, j*s + u] without checks, j*s changes less often than u: the address is summed up from the outermost loop inwards, so
 * that every loop adds only what it changes, and LLVM moves the rest out.  (Sums wrap: their order does not matter.) */
typedef struct terms { V offset[2 * HL_DIMS]; int depth[2 * HL_DIMS]; int n; bool split; } terms;

static bool is_int64_arith(const hl_inst *v)
{
    if (!v->rule || v->nargs != 2 || (v->op != HL_OP_add && v->op != HL_OP_sub && v->op != HL_OP_mul) || hl_unliteral(v->type) != hl_T.int64) return false;
    return hl_unliteral(v->args[0]->type) == hl_T.int64 && hl_unliteral(v->args[1]->type) == hl_T.int64;
}

static int depth_of(const hl_inst *v, int limit)
{
    if (hl_is_literal(v->type) || !v->block) return 0;
    if (v->block->loop_depth == 0 || limit == 0) return v->block->loop_depth;
    if (v->op == HL_OP_cast) return depth_of(v->args[0], limit - 1);
    if (!is_int64_arith(v)) return v->block->loop_depth;
    int a = depth_of(v->args[0], limit - 1), b = depth_of(v->args[1], limit - 1);
    return a > b ? a : b;
}

int hl_depth_of(const hl_inst *v) { return depth_of(v, 4); }

/* Is v a sum of something from an outer and something from an inner loop? */
static bool splits(const hl_inst *v)
{
    if (!is_int64_arith(v) || v->op == HL_OP_mul || hl_is_literal(v->args[0]->type) || hl_is_literal(v->args[1]->type)) return false;
    return hl_depth_of(v->args[0]) != hl_depth_of(v->args[1]);
}

static void add_term(hl_emit *e, terms *s, V index, V stride, int depth)
{
    int k = s->n++;
    V offset = hl_mul64(e, index, stride);
    for (; k && s->depth[k - 1] > depth; k--) s->depth[k] = s->depth[k - 1], s->offset[k] = s->offset[k - 1];
    s->depth[k] = depth, s->offset[k] = offset;
}

/* The index v, whose value is `at`, of an axis with this stride. */
static void add_axis(hl_emit *e, terms *s, hl_inst *v, V at, V stride)
{
    if (!v || !splits(v)) {
        add_term(e, s, at, stride, v ? hl_depth_of(v) : 0);
        return;
    }
    s->split = true;
    for (int k = 0; k < 2; k++) {
        V x = hl_one(e, v->args[k]);
        if (k == 1 && v->op == HL_OP_sub) x = LLVMBuildNeg(e->b, x, "");
        add_term(e, s, x, stride, hl_depth_of(v->args[k]));
    }
}

static V item_address(hl_emit *e, hl_inst *i)
{
    const hl_type *t = i->args[0]->type;
    hl_index_plan p;
    plan_of(e, i, &p);
    V *a = hl_array_parts(e, i->args[0]), *index = hl_arg(e, i, 1), at[HL_DIMS], addr = a[1];
    for (int k = 0; k < p.n; k++) at[k] = checked(e, i, p.at[k].type, index[p.at[k].part], hl_arr_shape(a, k), k);
    hl_inst *given = i->args[1];
    bool free = (i->flags & (HL_I_NOBOUNDS | HL_I_NOWRAP)) == (HL_I_NOBOUNDS | HL_I_NOWRAP), tuple = given->op == HL_OP_build_tuple && given->nargs == p.n;
    terms s = {.n = 0};
    for (int k = 0; k < p.n; k++) add_axis(e, &s, !free ? NULL : tuple ? given->args[k] : p.n == 1 ? given : NULL, at[k], hl_arr_stride(t, a, k));
    /* the address of a part of a sum may lie outside the array */
    for (int k = 0; k < s.n; k++) addr = s.split ? LLVMBuildGEP2(e->b, e->i8, addr, &s.offset[k], 1, "") : hl_gep_bytes(e, addr, s.offset[k]);
    return addr;
}

void hl_emit_array_item(hl_emit *e, hl_inst *i, V *out) { hl_load_item(e, i->args[0]->type, item_address(e, i), out); }

void hl_emit_array_view(hl_emit *e, hl_inst *i, V *out)
{
    hl_index_plan p;
    hl_index_view(e, i, i->args[0]->type, hl_array_parts(e, i->args[0]), plan_of(e, i, &p), hl_arg(e, i, 1), out);
    hl_array_known(e, i->type, out);
}

/* --- stores ---------------------------------------------------------------------------------------------------------------------------- */

static bool refuse_readonly(hl_emit *e, hl_inst *i)
{
    if (!(i->args[0]->type->flags & HL_T_READONLY)) return false;
    hl_check(e, i, hl_bool(e, false), i->flags & HL_I_INPLACE ? HL_ERR_readonly_out : HL_ERR_readonly, NULL, NULL);
    return true;
}

void hl_emit_array_set_item(hl_emit *e, hl_inst *i, V *out)
{
    (void)out;
    if (refuse_readonly(e, i)) return;
    if (i->flags & HL_I_OVERFLOW) {
        hl_inst *from = i->args[2]->args[0];
        hl_check_narrowed(e, i, from->type, i->args[2]->type, hl_one(e, from));
    }
    V addr = item_address(e, i);
    hl_store_item(e, i->args[0]->type, addr, hl_arg(e, i, 2));
}

/* a[view] = a[view] op= …: the items are there already. */
static bool stored_already(const hl_inst *i)
{
    const hl_inst *v = i->args[2];
    if (!v->rule || !(v->flags & HL_I_INPLACE) || !(hl_ir_effects(v) & HL_E_BORROW)) return false;
    const hl_inst *view = v->args[0];
    return view->op == HL_OP_getitem && view->args[0] == i->args[0] && view->args[1] == i->args[1];
}

/* a[0] = b with an array b of one or more dimensions: an item takes a number; a bool, the truth of b. */
static bool refuse_sequence(hl_emit *e, hl_inst *i, const hl_index_plan *p)
{
    hl_inst *v = i->args[2];
    const hl_type *item = i->args[0]->type->elem;
    if (p->ndim || p->ellipsis || !hl_ndim_of(v) || item->kind == HL_K_BOOL) return false;
    V shape[HL_DIMS];
    hl_shape_of(e, i, v, shape); /* v itself may be in error */
    hl_check(e, i, hl_bool(e, false), hl_is_complex(item) ? HL_ERR_scalar_array : HL_ERR_sequence, NULL, NULL);
    return true;
}

void hl_emit_array_set_view(hl_emit *e, hl_inst *i, V *out)
{
    (void)out;
    if (refuse_readonly(e, i) || stored_already(i)) return;
    hl_index_plan p;
    plan_of(e, i, &p);
    const hl_type *a = i->args[0]->type, *t = hl_type_array(a->elem, p.ndim, p.ndim ? p.layout : 'C', a->flags);
    V *parts = HL_NEWN(e->arena, V, t->nparts);
    hl_index_view(e, i, a, hl_array_parts(e, i->args[0]), &p, hl_arg(e, i, 1), parts);
    hl_array_known(e, t, parts);
    if (refuse_sequence(e, i, &p)) return;
    if (i->flags & HL_I_INPLACE) hl_check_out(e, i, t->ndim, parts + 2, i->args[2]);
    else hl_check_into(e, i, t->ndim, parts + 2, i->args[2], false);
    int more = hl_ndim_of(i->args[2]) - t->ndim;
    if (more > 0) { /* NumPy lets leading dimensions of the value go when they have one item */
        const hl_type *wide = hl_type_array(a->elem, t->ndim + more, 'A', a->flags);
        V *all = HL_NEWN(e->arena, V, wide->nparts);
        all[0] = parts[0], all[1] = parts[1];
        for (int k = 0; k < wide->ndim; k++) {
            all[2 + k] = k < more ? hl_i64(e, 1) : hl_arr_shape(parts, k - more);
            all[2 + wide->ndim + k] = k < more ? hl_i64(e, 0) : hl_arr_stride(t, parts, k - more);
        }
        t = wide, parts = all;
    }

    hl_nest_assign(e, i, t, parts, i->args[2], i->args[0]);
}
