/* Stencils: the loops around a kernel, and the kernel's windows.
 *
 * How far the kernel reaches is known here: `low` and `high` of each dimension are the extremes of its relative indices (literals),
 * or what the option neighborhood declares.  They cut the array into the inside, where no window reaches over a border, and slabs.
 *
 *   inside    a loop nest in the order of memory; its body is the kernel, always inlined.  A relative index needs no range check
 *             there but against the neighborhood, and none at all when it is literal, so the inner loop vectorises.
 *   border    constant: the runtime fills the slabs (runtime/stencil.c).  Other modes: a second nest, over the slabs alone, calls the
 *             kernel that was compiled for windows which map every index into the array.
 *
 * Parts of a window: data, position, sizes, strides.  Inside, data is the address of the item at the position; at the border it is
 * that of the array.  What is read may overlap `out`: then it is copied first (hl_array_apart). */
#include "../rules/stencil.h"
#include "../../runtime/rt_array.h"
#include "array.h"
#include "private.h"
#include <string.h>

typedef struct stencil_nest {
    hl_inst *at;
    const hl_stencil *st;
    int nd, nargs, perm[HL_DIMS];  /* level k runs along dimension perm[k]; the last level is innermost */
    hl_inst **args;                /* of the kernel */
    V *parts[HL_STENCIL_ARGS];
    V data[HL_STENCIL_ARGS];       /* of arrays: where to read them */
    V from[HL_DIMS], to[HL_DIMS];  /* the inside */
    const hl_type *type; V *result;
    bool fresh;                    /* the result is new memory */
    V copies;                      /* NULL: nothing may overlap */
} stencil_nest;

/* --- how far the kernel reaches ------------------------------------------------------------------------------------------------ */

typedef struct reach { const hl_stencil *st; hl_cx *cx; int64_t low[HL_DIMS], high[HL_DIMS]; bool any; } reach;

static int fail_index(reach *r, hl_inst *i, int64_t at, int axis)
{
    return hl_fail(r->cx, "NumbaValueError", i->block->func, i->span, "relative index %lld of axis %d is outside of the declared neighborhood, %lld to %lld",
                   (long long)at, axis, (long long)r->st->low[axis], (long long)r->st->high[axis]);
}

/* Relative indices first … last of an axis are read. */
static int add_reach(reach *r, hl_inst *i, int axis, int64_t first, int64_t last)
{
    if (r->st->ndeclared >= 0 && first < r->st->low[axis]) return fail_index(r, i, first, axis);
    if (r->st->ndeclared >= 0 && last > r->st->high[axis]) return fail_index(r, i, last, axis);
    enum { FAR = 1 << 30 };
    if (first < -FAR || last > FAR)
        return hl_fail(r->cx, "NumbaValueError", i->block->func, i->span, "a relative index lies between -2**30 and 2**30");
    if (first < r->low[axis]) r->low[axis] = first;
    if (last > r->high[axis]) r->high[axis] = last;
    return 0;
}

static int add_index(reach *r, hl_inst *i)
{
    hl_index_plan p;
    const char *why;
    if (!hl_window_plan(i->args[0]->type, i->args[1]->type, &p, &why)) return 0;
    r->any = true;
    for (int k = 0; k < p.n; k++) {
        const hl_type *t = p.at[k].type, *full = i->args[1]->type->kind == HL_K_TUPLE ? i->args[1]->type->items[k] : i->args[1]->type;
        int64_t first, last;
        bool known = p.at[k].kind == HL_IX_INT ? hl_literal_int(full, &first) && (last = first, true)
                                               : hl_literal_int(t->items[0], &first) && hl_literal_int(t->items[1], &last) && (last--, true);
        if (!known && r->st->ndeclared < 0)
            return hl_fail(r->cx, "NumbaValueError", i->block->func, i->span, "this relative index is not a constant: say how far the stencil "
                           "reaches, as in neighborhood=((-1, 1), ...)");
        if (known && last >= first && add_reach(r, i, k, first, last) < 0) return -1;
    }
    return 0;
}

static int find_reach(hl_emit *e, stencil_nest *n, reach *r)
{
    *r = (reach){.st = n->st, .cx = e->cx};
    for (int f = 0; f < e->cx->funcs.n; f++) {
        hl_func *fn = e->cx->funcs.at[f];
        for (int b = 0; b < fn->blocks.n; b++)
            for (hl_inst *i = fn->blocks.at[b]->first; i; i = i->next)
                if (i->op == HL_OP_getitem && i->args[0]->type->kind == HL_K_WINDOW && i->args[0]->type->obj == n->st->object && add_index(r, i) < 0) return -1;
    }
    for (int k = 0; n->st->ndeclared >= 0 && k < n->nd; k++) {
        r->low[k] = n->st->low[k] < 0 ? n->st->low[k] : 0;
        r->high[k] = n->st->high[k] > 0 ? n->st->high[k] : 0;
    }
    if (r->any || n->st->ndeclared >= 0) return 0;
    return hl_fail(e->cx, "NumbaValueError", n->st->inside, (hl_span){.line = n->st->inside->first_line}, "the stencil's kernel reads none of the arrays that it indexes relatively");
}

bool hl_stencil_unrolls(const hl_func *f)
{
    enum { MOST = 100 }; /* points of the neighborhood */
    const hl_type *w = f->nparams ? f->param_types[0] : NULL;
    hl_stencil st;
    if (!w || w->kind != HL_K_WINDOW || w->ival != HL_BORDER_INSIDE || !hl_stencil_read(w->obj, &st) || st.ndeclared < 0) return false;
    int64_t points = 1;
    for (int k = 0; k < st.ndeclared && points <= MOST; k++) points *= st.high[k] - st.low[k] + 1;
    return points <= MOST;
}

/* --- operands and result --------------------------------------------------------------------------------------------------------- */

static bool is_window(const stencil_nest *n, int k) { return hl_is_array(n->args[k]->type) && !n->st->standard[k]; }

static void check_sizes(hl_emit *e, stencil_nest *n)
{
    bool same = n->st->border != HL_BORDER_INSIDE;
    for (int k = 1; k < n->nargs; k++)
        for (int d = 0; is_window(n, k) && n->args[k] != n->args[0] && d < n->nd; d++) {
            V size = hl_arr_shape(n->parts[k], d), first = hl_arr_shape(n->parts[0], d);
            V ok = same ? hl_eq64(e, size, first) : LLVMBuildICmp(e->b, LLVMIntSGE, size, first, "");
            hl_check(e, n->at, ok, same ? HL_ERR_stencil_shape : HL_ERR_stencil_smaller, size, first);
        }
}

/* New memory, in the order of the first array. */
static void new_result(hl_emit *e, stencil_nest *n)
{
    const hl_type *t = n->type;
    V shape[HL_DIMS], c[2 + 2 * HL_DIMS];
    for (int k = 0; k < n->nd; k++) shape[k] = hl_arr_shape(n->parts[0], n->perm[k]);
    hl_new_array(e, n->at, hl_type_array(t->elem, n->nd, 'C', 0), shape, false, c);
    n->result[0] = c[0], n->result[1] = c[1];
    for (int k = 0; k < n->nd; k++) n->result[2 + n->perm[k]] = c[2 + k], n->result[2 + n->nd + n->perm[k]] = c[2 + n->nd + k];
    n->fresh = true;
}

static void given_result(hl_emit *e, stencil_nest *n)
{
    hl_inst *out = n->at->args[0];
    V *parts = hl_array_parts(e, out);
    memcpy(n->result, parts, sizeof *parts * n->type->nparts);
    hl_check(e, n->at, hl_bool(e, !(n->type->flags & HL_T_READONLY)), HL_ERR_readonly_out, NULL, NULL);
    for (int d = 0; d < n->nd; d++) {
        V size = hl_arr_shape(n->result, d), first = hl_arr_shape(n->parts[0], d);
        hl_check(e, n->at, hl_eq64(e, size, first), HL_ERR_stencil_out, size, first);
    }
    V slots = NULL;
    for (int k = 0; k < n->nargs; k++) {
        const hl_type *t = n->args[k]->type;
        if (!hl_is_array(t) || hl_surely_apart(out, n->args[k])) continue;
        if (!slots) {
            slots = hl_array_slots(e, n->type, n->result);
            n->copies = hl_alloca(e, e->ptr, "copies");
            LLVMBuildStore(e->b, LLVMConstNull(e->ptr), n->copies);
        }
        n->data[k] = hl_rtcall(e, HL_RT_array_apart, slots, hl_i32(e, n->nd << 8 | hl_itemsize(n->type->elem)), hl_array_slots(e, t, n->parts[k]),
                               hl_i32(e, HL_APART_WHOLE | t->ndim << 8 | hl_itemsize(t->elem)), n->copies);
        hl_check_not_null(e, n->at, n->data[k]);
    }
}

static void prepare(hl_emit *e, stencil_nest *n, const reach *r)
{
    for (int k = 0; k < n->nargs; k++) {
        bool array = hl_is_array(n->args[k]->type);
        n->parts[k] = array ? hl_array_parts(e, n->args[k]) : hl_parts(e, n->args[k]);
        n->data[k] = array ? hl_arr_data(n->parts[k]) : NULL;
    }
    check_sizes(e, n);
    if (n->at->rule->id == HL_R_stencil_new) new_result(e, n);
    else given_result(e, n);
    for (int d = 0; d < n->nd; d++) {
        V size = hl_arr_shape(n->parts[0], d);
        n->from[d] = r->low[d] ? hl_min64(e, hl_i64(e, -r->low[d]), size) : hl_i64(e, 0);
        n->to[d] = r->high[d] ? LLVMBuildSub(e->b, size, hl_i64(e, r->high[d]), "") : size;
        if (r->high[d]) n->to[d] = hl_max64(e, n->from[d], n->to[d]);
    }
}

/* --- the kernel at one point -------------------------------------------------------------------------------------------------- */

/* The kernel failed: an exception is set. */
static void check_kernel(hl_emit *e, stencil_nest *n, V status)
{
    LLVMBasicBlockRef go_on = hl_bb(e, "ok"), fail = hl_bb(e, "fail");
    hl_cond(e, LLVMBuildICmp(e->b, LLVMIntEQ, status, hl_i32(e, 0), ""), go_on, fail);
    hl_at(e, fail);
    if (n->fresh) hl_emit_release(e, n->type, n->result);
    if (n->copies) hl_rtcall(e, HL_RT_array_apart_end, n->copies);
    hl_leave(e, n->at);
    hl_at(e, go_on);
}

/* index: where the point is; data: of the arrays, as the kernel wants them; to: where the result goes. */
static void call_kernel(hl_emit *e, stencil_nest *n, hl_func *kernel, V const *index, V const *data, V to)
{
    hl_emitted *m = kernel->data;
    V args[LLVMCountParamTypes(m->type) + 1], item[2];
    unsigned at = 0;
    for (int k = 0; k < n->nargs; k++) {
        V *p = n->parts[k];
        const hl_type *t = n->args[k]->type;
        if (!is_window(n, k)) {
            for (int q = 0; q < kernel->param_types[k]->nparts; q++) args[at++] = q == 1 && n->data[k] ? n->data[k] : p[q];
            continue;
        }
        args[at++] = data[k];
        for (int d = 0; d < n->nd; d++) args[at++] = index[d];
        for (int q = 2; q < t->nparts; q++) args[at++] = p[q];
    }
    if (m->recursive) args[at++] = e->depth ? LLVMBuildAdd(e->b, e->depth, hl_i32(e, 1), "") : hl_i32(e, 0);
    V r = LLVMBuildCall2(e->b, m->type, m->fn, args, at, "");
    check_kernel(e, n, LLVMBuildExtractValue(e->b, r, 0, ""));
    for (int k = 0; k < kernel->ret_type->nparts; k++) item[k] = LLVMBuildExtractValue(e->b, r, (unsigned)k + 1, "");
    V stored[2];
    hl_item_cast(e, kernel->ret_type, n->type->elem, item, stored);
    hl_store_item(e, n->type, to, stored);
}

/* One dimension further: of the result, and of the arrays unless data is NULL. */
static void step_into(hl_emit *e, stencil_nest *n, int d, V i, V *data, V *to)
{
    for (int k = 0; data && k < n->nargs; k++)
        if (is_window(n, k)) data[k] = hl_gep_bytes(e, data[k], hl_mul64(e, i, hl_arr_stride(n->args[k]->type, n->parts[k], d)));
    *to = hl_gep_bytes(e, *to, hl_mul64(e, i, hl_arr_stride(n->type, n->result, d)));
}

static void emit_inside(hl_emit *e, stencil_nest *n)
{
    hl_for loop[HL_DIMS];
    V index[HL_DIMS], data[HL_STENCIL_ARGS], to = hl_arr_data(n->result);
    memcpy(data, n->data, sizeof data);
    for (int k = 0; k < n->nd; k++) {
        int d = n->perm[k];
        loop[k] = hl_for_begin(e, n->from[d], n->to[d], k == n->nd - 1 ? "inner" : "outer");
        index[d] = loop[k].i;
        step_into(e, n, d, index[d], data, &to);
    }
    call_kernel(e, n, n->st->inside, index, data, to);
    for (int k = n->nd - 1; k >= 0; k--) hl_for_end(e, &loop[k]);
}

/* The same nest over all points, but in rows that cross the inside the innermost loop leaps over it. */
static void emit_edges(hl_emit *e, stencil_nest *n)
{
    hl_for loop[HL_DIMS];
    V index[HL_DIMS], to = hl_arr_data(n->result), crosses = NULL;
    for (int k = 0; k < n->nd; k++) {
        int d = n->perm[k];
        V start = hl_i64(e, 0), from = n->from[d], until = n->to[d];
        bool inner = k == n->nd - 1;
        if (inner) {
            crosses = hl_both(e, crosses, LLVMBuildICmp(e->b, LLVMIntSLT, from, until, ""));
            start = hl_pick(e, hl_both(e, crosses, hl_eq64(e, from, start)), until, start);
        }
        loop[k] = hl_for_begin(e, start, hl_arr_shape(n->parts[0], d), inner ? "inner" : "outer");
        index[d] = loop[k].i;
        step_into(e, n, d, index[d], NULL, &to);
        if (inner) {
            V next = hl_add64(e, index[d], hl_i64(e, 1)), leap = hl_add64(e, hl_sub64(e, until, from), hl_i64(e, 1));
            loop[k].step = hl_pick(e, hl_both(e, crosses, LLVMBuildICmp(e->b, LLVMIntEQ, next, from, "")), leap, hl_i64(e, 1));
            continue;
        }
        V in = LLVMBuildAnd(e->b, LLVMBuildICmp(e->b, LLVMIntSGE, index[d], from, ""), LLVMBuildICmp(e->b, LLVMIntSLT, index[d], until, ""), "");
        crosses = hl_both(e, crosses, in);
    }
    call_kernel(e, n, n->st->edge, index, n->data, to);
    for (int k = n->nd - 1; k >= 0; k--) hl_for_end(e, &loop[k]);
}

static void fill_border(hl_emit *e, stencil_nest *n)
{
    const hl_type *t = n->type->elem, *given = n->st->cval ? hl_type_literal(e->cx->types, n->st->cval) : NULL;
    V item[2] = {LLVMConstNull(hl_scalar_type(e, t)), LLVMConstNull(hl_scalar_type(e, t))}, bounds = hl_alloca_slots(e, 2 * n->nd), space = hl_alloca_slots(e, 2);
    if (given) {
        Py_complex c = PyComplex_AsCComplex(n->st->cval);
        V number[2] = {hl_is_intlike(given->elem) ? LLVMConstInt(hl_scalar_type(e, given->elem), (uint64_t)given->ival, true) : hl_f64(e, c.real), hl_f64(e, c.imag)};
        hl_item_cast(e, given->elem, t, number, item);
    }
    for (int d = 0; d < n->nd; d++) {
        LLVMBuildStore(e->b, n->from[d], hl_gep_bytes(e, bounds, hl_i64(e, 16 * d)));
        LLVMBuildStore(e->b, n->to[d], hl_gep_bytes(e, bounds, hl_i64(e, 16 * d + 8)));
    }
    hl_store_item(e, hl_type_array(t, 1, 'C', 0), space, item);
    hl_rtcall(e, HL_RT_stencil_border, hl_array_slots(e, n->type, n->result), hl_i32(e, n->nd << 8 | hl_itemsize(t)), bounds, space);
}

void hl_emit_stencil(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *first = i->args[2]->type;
    for (int k = 0; k < i->type->nparts; k++) out[k] = LLVMConstNull(hl_part_type(e, i->type->parts[k])); /* when it fails below */
    stencil_nest *n = HL_NEW(e->arena, stencil_nest);
    reach r;
    *n = (stencil_nest){.at = i, .st = i->data, .nd = first->ndim, .nargs = i->nargs - 2, .args = i->args + 2, .type = i->type, .result = out};
    if (!hl_is_array(i->type)) { /* types say that the kernel never returns */
        hl_fail(e->cx, "NumbaValueError", n->st->inside, (hl_span){.line = n->st->inside->first_line}, "the kernel of a stencil returns a number; this one never returns");
        return;
    }
    for (int k = 0; k < n->nd; k++) n->perm[k] = first->layout == 'F' ? n->nd - 1 - k : k;
    if (find_reach(e, n, &r) < 0) return;
    prepare(e, n, &r);
    bool border = false;
    for (int d = 0; d < n->nd; d++) border |= r.low[d] || r.high[d];
    emit_inside(e, n); /* first: as long as the runtime has not seen new memory, LLVM knows that nothing else points there */
    if (border && n->st->border != HL_BORDER_INSIDE) emit_edges(e, n);
    else if (border && (n->fresh || n->st->cval)) fill_border(e, n);
    if (n->copies) hl_rtcall(e, HL_RT_array_apart_end, n->copies);
}

/* --- windows ------------------------------------------------------------------------------------------------------------------- */

/* Parts of a window with what its array's type knows. */
static V *window_parts(hl_emit *e, hl_inst *v)
{
    const hl_type *a = v->type->elem;
    V *p = HL_NEWN(e->arena, V, v->type->nparts + 1);
    memcpy(p, hl_parts(e, v), sizeof *p * v->type->nparts);
    if (a->layout != 'A') p[1 + 2 * a->ndim + (a->layout == 'C' ? a->ndim - 1 : 0)] = hl_i64(e, hl_itemsize(a->elem));
    return p;
}

/* Run-time relative indices from … to are of the neighborhood. */
static void check_reach(hl_emit *e, hl_inst *i, const hl_stencil *st, int axis, V from, V to)
{
    int64_t a, b;
    if (!e->opt.boundscheck || st->ndeclared < 0) return;
    V low = hl_i64(e, st->low[axis]), high = hl_i64(e, st->high[axis]);
    if (!hl_const_int(from, &a) || a < st->low[axis]) hl_check(e, i, LLVMBuildICmp(e->b, LLVMIntSGE, from, low, ""), HL_ERR_stencil_reach, from, hl_i64(e, axis));
    if (!hl_const_int(to, &b) || b > st->high[axis]) hl_check(e, i, LLVMBuildICmp(e->b, LLVMIntSLE, to, high, ""), HL_ERR_stencil_reach, to, hl_i64(e, axis));
}

/* Where in the array index `at` of an axis with n items is read: itself, or what the border mode says. */
static V place(hl_emit *e, int border, V at, V n)
{
    hl_aside outside = hl_aside_begin(e, LLVMBuildICmp(e->b, LLVMIntUGE, at, n, ""));
    return hl_aside_end(e, outside, hl_rtcall(e, HL_RT_stencil_place, hl_i32(e, border), at, n), at);
}

static bool plan_of(hl_emit *e, hl_inst *i, hl_index_plan *p, hl_stencil *st, V *out)
{
    const char *why;
    if (hl_window_plan(i->args[0]->type, i->args[1]->type, p, &why) && hl_stencil_read(i->args[0]->type->obj, st)) return true;
    for (int k = 0; k < i->type->nparts; k++) out[k] = LLVMConstNull(hl_part_type(e, i->type->parts[k]));
    e->cx->python_error = true;
    return false;
}

void hl_emit_window_item(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *w = i->args[0]->type, *a = w->elem;
    hl_index_plan p;
    hl_stencil st;
    if (!plan_of(e, i, &p, &st, out)) return;
    V *parts = window_parts(e, i->args[0]), *index = hl_arg(e, i, 1), addr = parts[0];
    for (int k = 0; k < a->ndim; k++) {
        V at = hl_index_value(e, p.at[k].type, index[p.at[k].part]);
        check_reach(e, i, &st, k, at, at);
        if (w->ival != HL_BORDER_INSIDE) at = place(e, (int)w->ival, hl_add64(e, parts[1 + k], at), parts[1 + a->ndim + k]);
        addr = hl_gep_bytes(e, addr, hl_mul64(e, at, parts[1 + 2 * a->ndim + k]));
    }
    hl_load_item(e, a, addr, out);
}

void hl_emit_window_view(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *a = i->args[0]->type->elem;
    hl_index_plan p;
    hl_stencil st;
    if (!plan_of(e, i, &p, &st, out)) return;
    V *parts = window_parts(e, i->args[0]), *index = hl_arg(e, i, 1), data = parts[0];
    int nd = 0;
    for (int k = 0; k < a->ndim; k++) {
        const hl_type *t = p.at[k].type;
        V stride = parts[1 + 2 * a->ndim + k], at, zero = hl_i64(e, 0);
        if (p.at[k].kind == HL_IX_INT) {
            at = hl_index_value(e, t, index[p.at[k].part]);
            check_reach(e, i, &st, k, at, at);
        } else {
            at = hl_index_value(e, t->items[0], index[p.at[k].part]);
            V stop = hl_index_value(e, t->items[1], index[p.at[k].part + t->items[0]->nparts]), empty = LLVMBuildICmp(e->b, LLVMIntSGE, at, stop, "");
            V len = hl_pick(e, empty, zero, hl_sub64(e, stop, at));
            V first = hl_pick(e, empty, hl_i64(e, st.low[k]), at), last = hl_pick(e, empty, hl_i64(e, st.low[k]), hl_sub64(e, stop, hl_i64(e, 1)));
            check_reach(e, i, &st, k, first, last);
            out[2 + nd] = len, out[2 + p.ndim + nd++] = stride;
        }
        data = hl_gep_bytes(e, data, hl_mul64(e, at, stride));
    }
    out[0] = LLVMConstNull(e->ptr), out[1] = data;
}

/* a.shape, len(a): of the whole array */
void hl_emit_window_shape(hl_emit *e, hl_inst *i, V *out)
{
    V *p = hl_arg(e, i, 0);
    int nd = i->args[0]->type->elem->ndim;
    memcpy(out, p + 1 + nd, sizeof *out * (size_t)i->type->nparts);
}

void hl_emit_window_size(hl_emit *e, hl_inst *i, V *out)
{
    int nd = i->args[0]->type->elem->ndim;
    out[0] = hl_array_size(e, nd, hl_arg(e, i, 0) + 1 + nd);
}
