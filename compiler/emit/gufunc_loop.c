/* The door of a gufunc's loop: the function is called once for each item of the outer dimensions, with views of the core dimensions.
 *
 *   dimensions   [outer count, size of each symbol of the layout]
 *   strides      [outer stride of each operand, then the strides of the core dimensions, operand after operand]
 *
 * An operand without core dimensions is a number, or an array of one item: outputs have to be written somewhere.  The function was
 * compiled twice (infer/infer.c): where all core dimensions lie in memory without gaps the version for C-contiguous arrays runs, whose
 * loops vectorise.  Views have no owner: NumPy keeps the memory alive.
 *
 * Without any core dimensions the gufunc is to NumPy a ufunc like others, which it may reduce and accumulate: an output is then the next
 * item's input, and nothing is copied.
 *
 * This loop is `serial`; the entry hands it to the runtime (hl_gufunc_run), which copies inputs that overlap what is written, so that
 * outputs are `noalias`, and cuts the outer dimension into pieces for target="parallel". */
#include "array.h"
#include "ufunc_loop.h"

typedef struct core {
    hl_emit *e;
    const hl_ufunc_loop *loop;
    int nargs;
    V *size;                /* of each symbol */
    V *at, *step;           /* of each operand: data, outer stride */
    V **stride;             /* of each operand: core strides */
    LLVMBasicBlockRef failed;
} core;

static V size_of(const core *c, int k, int d) { return c->size[c->loop->sym[c->loop->offset[k] + d]]; }

static bool is_view(const core *c, const hl_func *f, int k) { return c->loop->ndim[k] && hl_is_array(f->param_types[k]); }

/* An axis of one item may have any stride. */
static V contiguous(core *c, const hl_func *f)
{
    hl_emit *e = c->e;
    V all = NULL;
    for (int k = 0; k < c->nargs; k++) {
        if (!is_view(c, f, k)) continue;
        const hl_type *t = f->param_types[k];
        V want = hl_i64(e, hl_itemsize(t->elem));
        for (int d = t->ndim - 1; d >= 0; d--) {
            V size = size_of(c, k, d), fits = hl_eq64(e, c->stride[k][d], want);
            all = hl_both(e, all, LLVMBuildOr(e->b, fits, LLVMBuildICmp(e->b, LLVMIntSLE, size, hl_i64(e, 1), ""), ""));
            want = hl_mul64(e, want, size);
        }
    }
    return all;
}

static int operand_parts(core *c, const hl_func *f, int k, V addr, V *out)
{
    hl_emit *e = c->e;
    const hl_type *t = f->param_types[k];
    if (!hl_is_array(t)) {
        hl_load_item(e, hl_type_array(t, 1, 'A', 0), addr, out);
        return t->nparts;
    }
    V shape[HL_DIMS], strides[HL_DIMS];
    for (int d = 0; d < t->ndim; d++) shape[d] = c->loop->ndim[k] ? size_of(c, k, d) : hl_i64(e, 1);
    if (t->layout == 'C') hl_array_c_strides(e, t, shape, strides);
    else
        for (int d = 0; d < t->ndim; d++) strides[d] = c->stride[k][d];
    hl_array_fill_parts(e, t, LLVMConstNull(e->ptr), addr, shape, strides, out);
    return t->nparts;
}

/* for each outer item: f(views) */
static void emit_calls(core *c, const hl_func *f)
{
    hl_emit *e = c->e;
    hl_emitted *m = f->data;
    V args[LLVMCountParams(m->fn) + 1], addr[c->nargs];
    hl_for l = hl_for_begin(e, hl_i64(e, 0), hl_ufunc_word(e, e->i64, HL_LOOP_DIMENSIONS, 0), "i");
    int at = 0;
    for (int k = 0; k < c->nargs; k++) {
        addr[k] = hl_for_phi(e, &l, c->at[k]); /* counted on: a product would be felt where there is little else to do */
        at += operand_parts(c, f, k, addr[k], args + at);
    }
    if (m->recursive) args[at++] = hl_i32(e, 0);
    V result = LLVMBuildCall2(e->b, m->type, m->fn, args, (unsigned)at, "");
    V status = LLVMBuildExtractValue(e->b, result, 0, "");
    LLVMBasicBlockRef ok = hl_bb(e, "ok");
    hl_cond(e, LLVMBuildICmp(e->b, LLVMIntEQ, status, hl_i32(e, 0), ""), ok, c->failed);
    hl_at(e, ok);
    for (int k = 0; k < c->nargs; k++) hl_for_next(e, &l, addr[k], LLVMBuildGEP2(e->b, e->i8, addr[k], &c->step[k], 1, ""));
    hl_for_end(e, &l);
    LLVMBuildRet(e->b, hl_i32(e, 0));
}

static bool is_written(const hl_func *f, int k) { return hl_is_array(f->param_types[k]) && !(f->param_types[k]->flags & HL_T_READONLY); }

/* Nothing else that the function sees overlaps an output, unless it may write inputs, or the layout has no dimensions. */
static void mark_written(hl_emit *e, const hl_func *f)
{
    if (!e->cx->rq->loop->nsym) return;
    hl_emitted *m = f->data;
    unsigned at = 1, kind = LLVMGetEnumAttributeKindForName("noalias", 7);
    for (int k = 0; k < e->cx->rq->loop->nin; k++)
        if (is_written(f, k)) return;
    for (int k = 0; k < f->nparams && !m->recursive; at += f->param_types[k]->nparts, k++)
        if (is_written(f, k)) LLVMAddAttributeAtIndex(m->fn, at + 1, LLVMCreateEnumAttribute(e->lc, kind, 0));
}

/* The layout as the runtime reads it (runtime/ufunc.c). */
static V layout_constant(hl_emit *e, const hl_func *f)
{
    const hl_ufunc_loop *l = e->cx->rq->loop;
    int n = 3;
    for (int k = 0; k < f->nparams; k++) n += 3 + l->ndim[k];
    V words[n];
    n = 0;
    words[n++] = hl_i32(e, l->nin), words[n++] = hl_i32(e, l->nout), words[n++] = hl_i32(e, l->nsym);
    for (int k = 0; k < f->nparams; k++) {
        const hl_type *t = f->param_types[k];
        words[n++] = hl_i32(e, l->ndim[k]), words[n++] = hl_i32(e, hl_itemsize(hl_is_array(t) ? t->elem : t)), words[n++] = hl_i32(e, is_written(f, k));
        for (int d = 0; d < l->ndim[k]; d++) words[n++] = hl_i32(e, l->sym[l->offset[k] + d]);
    }
    V global = LLVMAddGlobal(e->mod, LLVMArrayType2(e->i32, (uint64_t)n), "layout");
    LLVMSetInitializer(global, LLVMConstArray2(e->i32, words, (uint64_t)n));
    LLVMSetGlobalConstant(global, true);
    LLVMSetLinkage(global, LLVMInternalLinkage);
    return global;
}

static void read_operands(core *c)
{
    hl_emit *e = c->e;
    for (int s = 0; s < c->loop->nsym; s++) c->size[s] = hl_ufunc_word(e, e->i64, HL_LOOP_DIMENSIONS, 1 + s);
    for (int k = 0; k < c->nargs; k++) {
        c->at[k] = hl_ufunc_word(e, e->ptr, HL_LOOP_DATA, k), c->step[k] = hl_ufunc_word(e, e->i64, HL_LOOP_STRIDES, k);
        c->stride[k] = HL_NEWN(e->arena, V, c->loop->ndim[k] + 1);
        for (int d = 0; d < c->loop->ndim[k]; d++) c->stride[k][d] = hl_ufunc_word(e, e->i64, HL_LOOP_STRIDES, c->nargs + c->loop->offset[k] + d);
    }
}

void hl_emit_gufunc_loop(hl_emit *e, hl_func *f)
{
    hl_func *dense = e->cx->contiguous;
    const hl_ufunc_loop *loop = e->cx->rq->loop;
    if (f->ret_type->kind != HL_K_NONE) {
        hl_fail(e->cx, "TypingError", f, (hl_span){.line = f->first_line}, "a gufunc's function writes into its outputs and returns nothing; this one returns %s", f->ret_type->name);
        return;
    }
    int nargs = loop->nin + loop->nout;
    core c = {.e = e, .loop = loop, .nargs = nargs, .size = HL_NEWN(e->arena, V, loop->nsym + 1), .at = HL_NEWN(e->arena, V, nargs),
              .step = HL_NEWN(e->arena, V, nargs), .stride = HL_NEWN(e->arena, V *, nargs)};
    mark_written(e, f);
    bool parallel = e->cx->rq->options.parallel, alone = !loop->nsym && !parallel;
    c.failed = hl_ufunc_begin(e, alone);
    read_operands(&c);
    if (dense) {
        mark_written(e, dense);
        LLVMBasicBlockRef gaps = hl_bb(e, "gaps"), close = hl_bb(e, "contiguous");
        hl_cond(e, contiguous(&c, f), close, gaps);
        hl_at(e, close);
        emit_calls(&c, dense);
        hl_at(e, gaps);
    }
    emit_calls(&c, f);
    if (alone) return;
    V serial, p[4];
    hl_ufunc_hand_over(e, &serial, p);
    if (!loop->nsym) {
        V run = hl_rtcall(e, HL_RT_ufunc_parallel, serial, p[0], p[1], p[2], p[3], hl_i32(e, loop->nin), hl_i32(e, loop->nout), hl_i64(e, hl_ufunc_cost(f)));
        LLVMBuildRet(e->b, run);
        return;
    }
    LLVMBuildRet(e->b, hl_rtcall(e, HL_RT_gufunc_run, serial, p[0], p[1], p[2], p[3], layout_constant(e, f),
                                 hl_i32(e, parallel), hl_i64(e, hl_ufunc_cost(f))));
}
