/* The emission pass: module, functions, blocks, phis; the rest is done by the rows' emitters. */
#include "../rules/stencil.h"
#include "emit.h"
#include "../rules/array.h"
#include "private.h"
#include <string.h>

enum { INLINE_BELOW = 40 }; /* instructions: smaller functions are always inlined */

/* --- types of functions -------------------------------------------------------------------------------------------------- */

static int count_parts(const hl_type *const *types, int n)
{
    int total = 0;
    for (int k = 0; k < n; k++) total += types[k]->nparts;
    return total;
}

static LLVMTypeRef function_type(hl_emit *e, const hl_func *f, bool recursive)
{
    int n = count_parts(f->param_types, f->nparams), at = 0;
    LLVMTypeRef params[n + 1], result[f->ret_type->nparts + 1];
    for (int k = 0; k < f->nparams; k++)
        for (int p = 0; p < f->param_types[k]->nparts; p++) params[at++] = hl_part_type(e, f->param_types[k]->parts[p]);
    if (recursive) params[at++] = e->i32;
    result[0] = e->i32;
    for (int p = 0; p < f->ret_type->nparts; p++) result[p + 1] = hl_part_type(e, f->ret_type->parts[p]);
    return LLVMFunctionType(LLVMStructTypeInContext(e->lc, result, f->ret_type->nparts + 1u, false), params, (unsigned)at, false);
}

/* --- the call graph --------------------------------------------------------------------------------------------------------- */


static bool is_stencil(const hl_inst *i) { return i->rule && (i->rule->id == HL_R_stencil_new || i->rule->id == HL_R_stencil_out); }

/* The functions that an instruction calls, itself or item by item. */
static void callees_of(const hl_inst *i, hl_func **out)
{
    if (is_stencil(i)) out[0] = ((hl_stencil *)i->data)->inside, out[1] = ((hl_stencil *)i->data)->edge;
    else if (hl_calls_ufunc(i)) out[0] = ((const hl_ufunc_call *)i->data)->callee;
    else if (i->op == HL_OP_call && !i->rule) out[0] = i->data;
}

static bool reaches(hl_func *from, hl_func *to, hl_func **seen, int *nseen)
{
    for (int b = 0; b < from->blocks.n; b++)
        for (hl_inst *i = from->blocks.at[b]->first; i; i = i->next) {
            hl_func *callees[2] = {0};
            callees_of(i, callees);
            for (int c = 0; c < 2 && callees[c]; c++) {
                if (callees[c] == to) return true;
                bool known = false;
                for (int k = 0; k < *nseen; k++) known |= seen[k] == callees[c];
                if (known) continue;
                seen[(*nseen)++] = callees[c];
                if (reaches(callees[c], to, seen, nseen)) return true;
            }
        }
    return false;
}

static bool is_recursive(hl_emit *e, hl_func *f)
{
    hl_func **seen = HL_NEWN(e->arena, hl_func *, e->cx->funcs.n + 1);
    int n = 0;
    return reaches(f, f, seen, &n);
}

static void add_attribute(hl_emit *e, V fn, const char *name)
{
    LLVMAddAttributeAtIndex(fn, LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(e->lc, LLVMGetEnumAttributeKindForName(name, strlen(name)), 0));
}

static void declare_function(hl_emit *e, hl_func *f)
{
    hl_emitted *m = HL_NEW(e->arena, hl_emitted);
    m->recursive = is_recursive(e, f);
    m->type = function_type(e, f, m->recursive);
    m->fn = LLVMAddFunction(e->mod, f->name ? f->name : "function", m->type);
    LLVMSetLinkage(m->fn, LLVMInternalLinkage);
    add_attribute(e, m->fn, "nounwind");
    bool root = f == e->cx->funcs.at[0] || f == e->cx->contiguous, gufunc = e->cx->rq->loop && e->cx->rq->loop->ndim;
    bool apart = root && f->has_loops && !gufunc;
    int size = 0;
    for (int b = 0; b < f->blocks.n; b++)
        for (hl_inst *i = f->blocks.at[b]->first; i; i = i->next) size++, apart |= is_stencil(i);
    /* Arguments tell LLVM more about aliases than values loaded from a frame do: the function asked for stays on its own
     * when it has loops, and those that run stencils always do.  A gufunc's may be called for each few items, so it becomes part of the
     * outer loop (its arguments tell the more there: gufunc_loop.c). */
    if (apart) add_attribute(e, m->fn, "noinline");
    else if (f->options && f->options->no_inline && !root) add_attribute(e, m->fn, "noinline");
    else if (!m->recursive && (size < INLINE_BELOW || root || (f->options && f->options->always_inline))) add_attribute(e, m->fn, "alwaysinline");
    f->data = m;
}

/* --- instructions -------------------------------------------------------------------------------------------------------------- */

/* Behind an operation on Python objects, when their time is measured. */
static void count_time(hl_emit *e, const hl_inst *i)
{
    PyObject *file = e->func->code ? ((PyCodeObject *)e->func->code)->co_filename : Py_None;
    hl_emit_keep(e, file);
    hl_rtcall(e, HL_RT_profile_end, hl_ptr_const(e, file), hl_i64(e, i->span.line));
}

static void emit_inst(hl_emit *e, hl_inst *i)
{
    bool list = i->flags & HL_I_FUSED && i->op == HL_OP_build_list;
    if (list || i->op == HL_OP_const || i->op == HL_OP_omitted || i->op == HL_OP_phi) return;
    int n = i->type ? i->type->nparts : 0;
    hl_emit_line(e, i->span);
    V *out = HL_NEWN(e->arena, V, n + 1);
    bool timed = e->cx->rq->options.profile && i->span.line > 0 && hl_ir_effects(i) & HL_E_SERIAL;
    if (timed) hl_rtcall(e, HL_RT_profile_begin);
    if (i->rule) hl_emitters[i->rule->id](e, i, out);
    else hl_emit_core(e, i, out);
    if (timed) count_time(e, i);
    if (i->type && !hl_is_literal(i->type)) e->vals[i->id] = out;
}

static void emit_phi(hl_emit *e, hl_inst *i)
{
    V *out = HL_NEWN(e->arena, V, i->type->nparts + 1);
    for (int p = 0; p < i->type->nparts; p++) out[p] = LLVMBuildPhi(e->b, hl_part_type(e, i->type->parts[p]), "");
    e->vals[i->id] = out;
}

static void fill_phi(hl_emit *e, hl_inst *i)
{
    hl_block *b = i->block;
    for (int k = 0; k < i->nargs; k++) {
        hl_block *p = b->pred.at[k];
        V *in = hl_parts(e, i->args[k]);
        bool exceptional = p->handler == b;
        for (int q = 0; q < i->type->nparts; q++) {
            V phi = e->vals[i->id][q];
            if (exceptional) {
                hl_error_phi(e, p, phi, in[q]);
                continue;
            }
            LLVMBasicBlockRef from = p->data;
            LLVMAddIncoming(phi, &in[q], &from, 1);
        }
    }
}

static void emit_block(hl_emit *e, hl_block *b)
{
    hl_at(e, e->blocks[b->id]);
    for (hl_inst *i = b->first; i && i->op == HL_OP_phi; i = i->next) emit_phi(e, i);
    for (hl_inst *i = b->first; i; i = i->next) {
        if (i == b->last) b->data = hl_here(e);
        emit_inst(e, i);
    }
}

static void emit_function(hl_emit *e, hl_func *f)
{
    hl_emitted *m = f->data;
    e->func = f, e->fn = m->fn;
    e->opt = f->options ? *f->options : e->cx->rq->options;
    e->vals = HL_NEWN(e->arena, V *, f->next_inst + 1);
    e->blocks = HL_NEWN(e->arena, LLVMBasicBlockRef, f->blocks.n + 1);
    e->params = HL_NEWN(e->arena, V, LLVMCountParams(m->fn) + 1);
    LLVMGetParams(m->fn, e->params);
    e->allocas = hl_bb(e, "entry");
    LLVMBasicBlockRef start = hl_bb(e, "start");
    for (int b = 0; b < f->blocks.n; b++) e->blocks[b] = hl_bb(e, "");
    hl_speculate(f);
    hl_error_begin(e);
    hl_emit_lines_function(e, f);
    hl_at(e, e->allocas);
    hl_br(e, start);
    hl_at(e, start);
    e->depth = m->recursive ? LLVMGetLastParam(m->fn) : NULL; /* of active calls (core.c) */
    hl_br(e, e->blocks[0]);
    for (int b = 0; b < f->blocks.n; b++) emit_block(e, f->blocks.at[b]);
    hl_error_finish(e);
    for (int b = 0; b < f->blocks.n; b++)
        for (hl_inst *i = f->blocks.at[b]->first; i && i->op == HL_OP_phi; i = i->next) fill_phi(e, i);
    hl_emit_lines_leave(e);
}

/* The door for the binding: slots in, slots out. */
static void emit_entry(hl_emit *e, hl_func *f)
{
    hl_emitted *m = f->data;
    LLVMTypeRef params[2] = {e->ptr, e->ptr};
    e->fn = LLVMAddFunction(e->mod, "entry", LLVMFunctionType(e->i32, params, 2, false));
    add_attribute(e, e->fn, "nounwind");
    if (f->has_loops) { /* it only hands over: not worth the optimisers' time */
        add_attribute(e, e->fn, "optnone");
        add_attribute(e, e->fn, "noinline");
    }
    hl_at(e, hl_bb(e, ""));
    int n = count_parts(f->param_types, f->nparams), at = 0;
    V args[n + 1], frame = LLVMGetParam(e->fn, 0);
    for (int k = 0; k < f->nparams; k++) {
        hl_load_slots(e, f->param_types[k], at ? hl_gep_bytes(e, frame, hl_i64(e, 8 * at)) : frame, args + at);
        at += f->param_types[k]->nparts;
    }
    if (m->recursive) args[at++] = hl_i32(e, 0);
    V r = LLVMBuildCall2(e->b, m->type, m->fn, args, (unsigned)at, "");
    V parts[f->ret_type->nparts + 1];
    for (int p = 0; p < f->ret_type->nparts; p++) parts[p] = LLVMBuildExtractValue(e->b, r, (unsigned)p + 1, "");
    hl_store_slots(e, f->ret_type, parts, LLVMGetParam(e->fn, 1));
    LLVMBuildRet(e->b, LLVMBuildExtractValue(e->b, r, 0, ""));
}

int hl_pass_emit(hl_cx *cx)
{
    hl_emit *e = cx->emit = HL_NEW(cx->arena, hl_emit);
    e->cx = cx, e->arena = cx->arena, e->opt = cx->rq->options;
    e->lc = LLVMContextCreate();
    e->mod = LLVMModuleCreateWithNameInContext(cx->funcs.at[0]->name ? cx->funcs.at[0]->name : "hotloop", e->lc);
    e->b = LLVMCreateBuilderInContext(e->lc);
    e->i1 = LLVMInt1TypeInContext(e->lc), e->i8 = LLVMInt8TypeInContext(e->lc), e->i16 = LLVMInt16TypeInContext(e->lc);
    e->i32 = LLVMInt32TypeInContext(e->lc), e->i64 = LLVMInt64TypeInContext(e->lc);
    e->f32 = LLVMFloatTypeInContext(e->lc), e->f64 = LLVMDoubleTypeInContext(e->lc);
    e->ptr = LLVMPointerTypeInContext(e->lc, 0), e->voidt = LLVMVoidTypeInContext(e->lc);
    hl_emit_lines_begin(e);
    for (int k = 0; k < cx->funcs.n; k++) declare_function(e, cx->funcs.at[k]);
    for (int k = 0; k < cx->funcs.n && !cx->error; k++) emit_function(e, cx->funcs.at[k]);
    if (!cx->error) (cx->rq->loop ? hl_emit_ufunc_loop : cx->rq->callback ? hl_emit_callback : emit_entry)(e, cx->funcs.at[0]);
    hl_emit_lines_end(e);
    return cx->error || cx->python_error || PyErr_Occurred() ? -1 : 0;
}
