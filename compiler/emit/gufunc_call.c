/* Calls of gufuncs in compiled code (rules/ufunc_call.c): a loop over the outer dimensions, which broadcast, around calls of the function
 * with views of the core dimensions.
 *
 * As in NumPy, inputs that an output overlaps are copied first; so nothing that the function writes is what it reads later. */
#include "../../runtime/rt_array.h"
#include "private.h"
#include "ufunc_call.h"

typedef struct nest {
    hl_emit *e;
    hl_inst *at;
    const hl_ufunc_call *c;
    int n, nd;                                   /* operands; outer dimensions */
    const hl_type *type[HL_UFUNC_OPERANDS];      /* of each operand: an array, or a number */
    V *parts[HL_UFUNC_OPERANDS];
    V size[HL_UFUNC_OPERANDS], shape[HL_DIMS];   /* of the symbols, of the outer dimensions */
} nest;

/* Arrays made for results. */
typedef struct made { int n; const hl_type *type[HL_UFUNC_OPERANDS]; V *parts[HL_UFUNC_OPERANDS]; } made;

static int outer(const nest *g, int k) { return hl_is_array(g->type[k]) ? g->type[k]->ndim - g->c->ndim[k] : 0; }
static V core_size(const nest *g, int k, int d) { return hl_arr_shape(g->parts[k], outer(g, k) + d); }
static bool is_output(const nest *g, int k) { return hl_is_array(g->c->in[k]) && !(g->c->in[k]->flags & HL_T_READONLY); }

static bool is_result(const nest *g, int k) { return k >= g->n - g->c->nwritten; } /* is_output: or an input that it may write */

/* ValueError unless sizes agree; which: operand << 8 | dimension */
static void check_core(nest *g, V size, V want, int k, int d)
{
    hl_emit *e = g->e;
    V same = hl_eq64(e, size, want);
    if (LLVMIsAConstantInt(same) && LLVMConstIntGetZExtValue(same)) return;
    LLVMBasicBlockRef fits = hl_bb(e, "fits"), differs = hl_bb(e, "differs");
    hl_cond(e, same, fits, differs);
    hl_at(e, differs);
    hl_emit_keep(e, g->c->ufunc);
    hl_rtcall(e, HL_RT_raise_core, hl_ptr_const(e, g->c->ufunc), hl_i32(e, k << 8 | d), size, want);
    hl_leave(e, g->at);
    hl_at(e, fits);
}

static void read_sizes(nest *g)
{
    hl_emit *e = g->e;
    for (int s = 0; s < g->c->nsym; s++) g->size[s] = g->c->size[s] ? hl_i64(e, g->c->size[s]) : NULL;
    for (int k = 0; k < g->n; k++)
        for (int d = 0; d < g->c->ndim[k] && g->parts[k]; d++) {
            V *known = &g->size[g->c->sym[k][d]], size = core_size(g, k, d);
            if (*known) check_core(g, size, *known, k, d);
            else *known = size;
        }
}

/* The outer shape; outputs must have it already. */
static void read_shape(nest *g)
{
    hl_emit *e = g->e;
    V ok = NULL;
    for (int k = 0; k < g->n; k++)
        if (outer(g, k) > g->nd) g->nd = outer(g, k);
    for (int d = 0; d < g->nd; d++) g->shape[d] = hl_i64(e, 1);
    for (int k = 0; k < g->n; k++)
        if (g->parts[k] && outer(g, k)) hl_broadcast(e, g->nd, g->shape, outer(g, k), &g->parts[k][2], &ok);
    for (int k = g->n - 1; k >= 0; k--) {
        if (!g->parts[k] || !is_result(g, k)) continue;
        if (outer(g, k) < g->nd) ok = hl_bool(e, false);
        for (int d = 0; d < outer(g, k); d++) ok = hl_both(e, ok, hl_eq64(e, g->shape[g->nd - outer(g, k) + d], hl_arr_shape(g->parts[k], d)));
    }
    if (ok) hl_check(e, g->at, ok, HL_ERR_broadcast, NULL, NULL);
}

/* Inputs that an output may overlap are read from copies of their memory. */
static V separate(nest *g)
{
    hl_emit *e = g->e;
    V temps = NULL;
    for (int k = 0; k < g->n; k++) {
        if (!hl_is_array(g->type[k]) || is_output(g, k)) continue;
        for (int j = 0; j < g->n; j++) {
            if (!g->parts[j] || !is_output(g, j) || j + 1 >= g->at->nargs || hl_surely_apart(g->at->args[j + 1], g->at->args[k + 1])) continue;
            if (!temps) LLVMBuildStore(e->b, LLVMConstNull(e->ptr), temps = hl_alloca(e, e->ptr, "copies"));
            V *copy = HL_NEWN(e->arena, V, g->type[k]->nparts);
            for (int p = 0; p < g->type[k]->nparts; p++) copy[p] = g->parts[k][p];
            copy[1] = hl_rtcall(e, HL_RT_array_apart, hl_array_slots(e, g->type[j], g->parts[j]), hl_i32(e, g->type[j]->ndim << 8 | hl_itemsize(g->type[j]->elem)),
                                hl_array_slots(e, g->type[k], copy), hl_i32(e, HL_APART_WHOLE | g->type[k]->ndim << 8 | hl_itemsize(g->type[k]->elem)), temps);
            hl_check_not_null(e, g->at, copy[1]);
            g->parts[k] = copy;
        }
    }
    return temps;
}

/* Operand k at the outer index as the function takes it; returns how many parts. */
static int view(nest *g, int k, const V *index, V *out)
{
    hl_emit *e = g->e;
    const hl_type *t = g->type[k], *want = g->c->in[k];
    if (!hl_is_array(t)) {
        hl_item_cast(e, t, want, g->parts[k], out);
        return want->nparts;
    }
    V at = hl_arr_data(g->parts[k]), shape[HL_DIMS], strides[HL_DIMS];
    for (int d = 0; d < outer(g, k); d++) {
        V step = hl_arr_stride(t, g->parts[k], d), size = hl_arr_shape(g->parts[k], d), i = index[g->nd - outer(g, k) + d];
        if (!is_result(g, k)) step = hl_pick(e, hl_eq64(e, size, hl_i64(e, 1)), hl_i64(e, 0), step);
        at = hl_gep_bytes(e, at, hl_mul64(e, i, step));
    }
    if (!hl_is_array(want)) {
        hl_load_item(e, t, at, out);
        return want->nparts;
    }
    for (int d = 0; d < want->ndim; d++) {
        bool item = !g->c->ndim[k];
        shape[d] = item ? hl_i64(e, 1) : core_size(g, k, d);
        strides[d] = item ? hl_i64(e, hl_itemsize(t->elem)) : hl_arr_stride(t, g->parts[k], outer(g, k) + d);
    }
    hl_array_fill_parts(e, want, hl_arr_owner(g->parts[k]), at, shape, strides, out);
    return want->nparts;
}

/* A number that the function takes as an array of one item; NULL: one that it is to give. */
static void into_memory(nest *g, int k, const V *number)
{
    hl_emit *e = g->e;
    const hl_type *t = hl_unliteral(g->type[k]), *want = g->c->in[k];
    V item[2], slot = hl_alloca_slots(e, 2), one = hl_i64(e, 1), step = hl_i64(e, hl_itemsize(want->elem));
    if (number) hl_item_cast(e, t, want->elem, number, item), hl_store_item(e, want, slot, item);
    else LLVMBuildMemSet(e->b, slot, LLVMConstNull(e->i8), hl_i64(e, 16), 8);
    g->type[k] = hl_type_array(want->elem, 0, 'C', 0);
    g->parts[k] = HL_NEWN(e->arena, V, want->nparts);
    hl_array_fill_parts(e, want, LLVMConstNull(e->ptr), slot, &one, &step, g->parts[k]);
}

static void call_all(nest *g, LLVMBasicBlockRef *failed)
{
    hl_emit *e = g->e;
    hl_for loop[HL_DIMS];
    V index[HL_DIMS], results[1];
    int n = 0, at = 0;
    for (int d = 0; d < g->nd; d++) {
        loop[d] = hl_for_begin(e, hl_i64(e, 0), g->shape[d], "outer");
        index[d] = loop[d].i;
    }
    for (int k = 0; k < g->n; k++) n += g->c->in[k]->nparts;
    V args[n + 1];
    for (int k = 0; k < g->n; k++) at += view(g, k, index, args + at);
    V status = hl_ufunc_function(e, g->c, args, at, results);
    if (hl_ufunc_call_raises(g->at)) hl_ufunc_check(e, status, failed);
    for (int d = g->nd - 1; d >= 0; d--) hl_for_end(e, &loop[d]);
}

/* Outputs that were not given: outer shape, then the core dimensions.  Numbers wait in memory (take_numbers). */
static void make_outputs(nest *g, made *m, V *out)
{
    V shape[HL_UFUNC_OPERANDS][HL_DIMS];
    const hl_ufunc_call *c = g->c;
    for (int j = 0; j < c->nout; j++) {
        int k = g->n - c->nout + j;
        g->type[k] = c->out[j];
        if (!c->out[j]->ndim) {
            into_memory(g, k, NULL);
            out += c->out[j]->elem->nparts;
            continue;
        }
        for (int d = 0; d < g->nd; d++) shape[m->n][d] = g->shape[d];
        for (int d = 0; d < c->ndim[k]; d++) shape[m->n][g->nd + d] = g->size[c->sym[k][d]];
        g->parts[k] = m->parts[m->n] = out, m->type[m->n++] = c->out[j];
        out += c->out[j]->nparts;
    }
    hl_new_arrays(g->e, g->at, m->type, shape, m->n, m->parts);
}

static void take_numbers(nest *g, V *out)
{
    const hl_ufunc_call *c = g->c;
    for (int j = 0; j < c->nout; j++) {
        const hl_type *t = c->out[j];
        if (!t->ndim) hl_load_item(g->e, t, hl_arr_data(g->parts[g->n - c->nout + j]), out);
        out += t->ndim ? t->nparts : t->elem->nparts;
    }
}

static void read_operands(nest *g)
{
    hl_emit *e = g->e;
    hl_inst *i = g->at;
    for (int k = 0; k + 1 < i->nargs; k++) {
        hl_inst *a = i->args[k + 1];
        if (hl_is_array(a->type) && a->type->flags & HL_T_READONLY && is_output(g, k)) hl_check(e, i, hl_bool(e, false), HL_ERR_readonly_out, NULL, NULL);
        g->type[k] = hl_is_array(a->type) ? a->type : hl_unliteral(a->type);
        g->parts[k] = hl_is_array(a->type) ? hl_array_parts(e, a) : hl_parts(e, a);
        if (!hl_is_array(a->type) && hl_is_array(g->c->in[k])) into_memory(g, k, g->parts[k]);
    }
    for (int k = i->nargs - 1; k < g->n; k++) g->type[k] = hl_T.none;
}

void hl_emit_call_gufunc(hl_emit *e, hl_inst *i, V *out)
{
    const hl_ufunc_call *c = i->data;
    nest *g = HL_NEW(e->arena, nest);
    made m = {.n = 0};
    *g = (nest){.e = e, .at = i, .c = c, .n = c->nin};
    read_operands(g);
    read_sizes(g);
    read_shape(g);
    V temps = separate(g);
    if (c->nout) make_outputs(g, &m, out);
    LLVMBasicBlockRef failed = NULL;
    call_all(g, &failed);
    take_numbers(g, out);
    hl_nest_joined(e, temps);
    hl_nest leave = {.at = i, .failed = failed};
    hl_nest_leave(e, &leave, m.type, m.parts, m.n, temps);
}
