/* The door of a ufunc's loop: NumPy calls it with rows of operands instead of slots.
 *
 *   i32 entry(ptr context, ptr data, ptr dimensions, ptr strides, ptr auxiliary)     an ArrayMethod's strided loop
 *
 * The compiled function is called, and nearly always inlined, in one of two loops: `fast`, where the result and every input are
 * contiguous, or an input is one item for all (stride 0); and `strided`.  An input that is one item is spread over a buffer of
 * HL_UFUNC_BLOCK items, and the fast loop goes block by block over that buffer again and again: so one vectorised loop serves
 * every mixture of scalars and rows, and costs no code for each.  Without such inputs the block is the whole row.
 *
 * Operands may overlap (accumulate hands in the result moved by one item), so nothing says noalias: LLVM's run-time checks
 * choose the vector loop.  Data is aligned and in native byte order; NumPy copies what is not.  The loop runs without the GIL;
 * a status other than 0 says that an exception is set in this thread, and ends the loop with -1, which NumPy hands on.
 * A function that calls mathematical functions has much code once it is vectorised, and gains much by it: so there the fast loop is
 * the only one that is.  It goes over every row, block by block; strided operands are gathered into buffers and scattered from them.
 * What must be done item by item, because a result is the next item's input (reduce, accumulate), goes through the strided loop.
 *
 * A function that has loops of its own is called, not inlined, and gets the strided loop alone.
 *
 * Under target="parallel" this loop is `serial`, and the entry hands it to the runtime, which calls it for pieces of the row. */
#include "ufunc_loop.h"

void hl_emit_to_number(hl_emit *e, hl_inst *i, V *out); /* conversions: number.def */

typedef struct operand {
    const hl_type *array;  /* an array of the operand's type: what load and store of items want */
    int64_t size;          /* of an item */
    V at, stride;
} operand;

typedef struct row {
    hl_emit *e;
    hl_func *f;
    int nin, nargs;        /* inputs, and with them the results */
    operand *op;
    V n;
    bool costly;           /* the function calls mathematical functions */
    LLVMBasicBlockRef failed;
} row;

/* --- the entry ------------------------------------------------------------------------------------------------------------------ */

static V entry_function(hl_emit *e, const char *name)
{
    LLVMTypeRef params[5] = {e->ptr, e->ptr, e->ptr, e->ptr, e->ptr};
    V fn = LLVMAddFunction(e->mod, name, LLVMFunctionType(e->i32, params, 5, false));
    LLVMAddAttributeAtIndex(fn, LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(e->lc, LLVMGetEnumAttributeKindForName("nounwind", 8), 0));
    return fn;
}

V hl_ufunc_word(hl_emit *e, LLVMTypeRef t, int param, int k)
{
    V base = LLVMGetParam(e->fn, (unsigned)param);
    return LLVMBuildLoad2(e->b, t, k ? hl_gep_bytes(e, base, hl_i64(e, 8 * k)) : base, "");
}

LLVMBasicBlockRef hl_ufunc_begin(hl_emit *e, bool is_entry)
{
    e->fn = entry_function(e, is_entry ? "entry" : "serial");
    if (!is_entry) LLVMSetLinkage(e->fn, LLVMInternalLinkage);
    LLVMBasicBlockRef start, failed;
    e->allocas = hl_bb(e, "entry"), start = hl_bb(e, "start"), failed = hl_bb(e, "failed");
    hl_at(e, failed);
    LLVMBuildRet(e->b, hl_i32(e, -1));
    hl_at(e, e->allocas);
    hl_br(e, start);
    hl_at(e, start);
    return failed;
}

int64_t hl_ufunc_cost(const hl_func *f)
{
    int64_t n = 1;
    for (int b = 0; b < f->blocks.n; b++)
        for (const hl_inst *i = f->blocks.at[b]->first; i; i = i->next) n++;
    return n;
}

void hl_ufunc_hand_over(hl_emit *e, V *serial, V p[4])
{
    *serial = e->fn;
    e->fn = entry_function(e, "entry");
    for (unsigned k = 0; k < 4; k++) p[k] = LLVMGetParam(e->fn, k);
    hl_at(e, hl_bb(e, ""));
}

/* The entry that has the runtime cut the row into pieces. */
static void emit_parallel(hl_emit *e, const hl_func *f)
{
    const hl_ufunc_loop *l = e->cx->rq->loop;
    V serial, p[4];
    int64_t cost = hl_ufunc_cost(f) * (f->has_loops ? 16 : 1);
    hl_ufunc_hand_over(e, &serial, p);
    LLVMBuildRet(e->b, hl_rtcall(e, HL_RT_ufunc_parallel, serial, p[0], p[1], p[2], p[3], hl_i32(e, l->nin), hl_i32(e, l->nout), hl_i64(e, cost)));
}

/* --- rows of items ---------------------------------------------------------------------------------------------------------------- */

/* results[i] = f(inputs[i]); `unit`: strides are the items' sizes. */
static void emit_item(row *r, const V *base, V i, bool unit)
{
    hl_emit *e = r->e;
    hl_emitted *m = r->f->data;
    V args[LLVMCountParams(m->fn) + 1], addr[r->nargs];
    int at = 0;
    for (int k = 0; k < r->nargs; k++) {
        V step = unit ? hl_i64(e, r->op[k].size) : r->op[k].stride;
        addr[k] = hl_gep_bytes(e, base[k], LLVMBuildMul(e->b, i, step, ""));
    }
    for (int k = 0; k < r->nin; k++) {
        hl_load_item(e, r->op[k].array, addr[k], args + at);
        at += r->op[k].array->elem->nparts;
    }
    if (m->recursive) args[at++] = hl_i32(e, 0);
    V result = LLVMBuildCall2(e->b, m->type, m->fn, args, (unsigned)at, "");
    LLVMBasicBlockRef ok = hl_bb(e, "ok");
    V status = LLVMBuildExtractValue(e->b, result, 0, "");
    hl_cond(e, LLVMBuildICmp(e->b, LLVMIntEQ, status, hl_i32(e, 0), ""), ok, r->failed);
    hl_at(e, ok);
    unsigned from = 1;
    for (int k = r->nin; k < r->nargs; k++) {
        const hl_type *out = r->op[k].array;
        V parts[2];
        for (int p = 0; p < out->elem->nparts; p++) parts[p] = LLVMBuildExtractValue(e->b, result, from++, "");
        hl_store_item(e, out, addr[k], parts);
    }
}

static void emit_strided(row *r)
{
    V base[r->nargs];
    for (int k = 0; k < r->nargs; k++) base[k] = r->op[k].at;
    hl_for l = hl_for_begin(r->e, hl_i64(r->e, 0), r->n, "i");
    emit_item(r, base, l.i, false);
    LLVMBasicBlockRef latch = hl_here(r->e);
    hl_for_end(r->e, &l);
    if (r->costly) hl_hint_loop(r->e, LLVMGetBasicBlockTerminator(latch), (hl_hint[]){{"llvm.loop.vectorize.width", 1}, {"llvm.loop.interleave.count", 1}}, 2);
    LLVMBuildRet(r->e->b, hl_i32(r->e, 0));
}

static V minimum(hl_emit *e, V a, V b) { return hl_select(e, LLVMBuildICmp(e->b, LLVMIntSLT, a, b, ""), a, b); }

static V buffer_of(row *r, int k)
{
    V buffer = hl_alloca(r->e, LLVMArrayType2(r->e->i8, (uint64_t)(HL_UFUNC_BLOCK * r->op[k].size)), "buffer");
    LLVMSetAlignment(buffer, 64);
    return buffer;
}

static V is_contiguous(row *r, int k) { return LLVMBuildICmp(r->e->b, LLVMIntEQ, r->op[k].stride, hl_i64(r->e, r->op[k].size), ""); }

/* Of each operand, where a block of `count` contiguous items is that begins with item `start`. */
static void block_operands(row *r, V start, V count, const V *base, const V *buffer, V *at)
{
    hl_emit *e = r->e;
    for (int k = 0; k < r->nargs; k++) {
        at[k] = hl_gep_bytes(e, base[k], LLVMBuildMul(e->b, start, r->op[k].stride, ""));
        if (!r->costly) continue;
        if (k < r->nin) at[k] = hl_rtcall(e, HL_RT_ufunc_gather, at[k], r->op[k].stride, hl_i64(e, r->op[k].size), count, buffer[k]);
        else at[k] = hl_select(e, is_contiguous(r, k), at[k], buffer[k]);
    }
}

static void store_block(row *r, V start, V count, const V *base, const V *buffer)
{
    hl_emit *e = r->e;
    for (int k = r->nin; k < r->nargs && r->costly; k++) {
        V to = hl_gep_bytes(e, base[k], LLVMBuildMul(e->b, start, r->op[k].stride, ""));
        hl_rtcall(e, HL_RT_ufunc_scatter, to, r->op[k].stride, hl_i64(e, r->op[k].size), count, buffer[k]);
    }
}

/* `blocks`: the row goes in blocks. */
static void emit_fast(row *r, V blocks)
{
    hl_emit *e = r->e;
    V size = hl_select(e, blocks, minimum(e, r->n, hl_i64(e, HL_UFUNC_BLOCK)), r->n), base[r->nargs], buffer[r->nargs], moved[r->nargs];
    for (int k = 0; k < r->nargs; k++) {
        const operand *o = &r->op[k];
        base[k] = o->at;
        buffer[k] = r->costly || k < r->nin ? buffer_of(r, k) : NULL;
        if (k >= r->nin) continue;
        V spread = hl_rtcall(e, HL_RT_ufunc_spread, o->at, o->stride, hl_i64(e, o->size), size, buffer[k]);
        if (!r->costly) base[k] = spread;
    }
    LLVMBasicBlockRef before = hl_here(e), head = hl_bb(e, "blocks"), body = hl_bb(e, "block"), done = hl_bb(e, "end");
    hl_br(e, head);
    hl_at(e, head);
    V start = LLVMBuildPhi(e->b, e->i64, "start"), zero = hl_i64(e, 0);
    hl_cond(e, LLVMBuildICmp(e->b, LLVMIntSLT, start, r->n, ""), body, done);
    hl_at(e, body);
    V count = minimum(e, size, LLVMBuildSub(e->b, r->n, start, ""));
    block_operands(r, start, count, base, buffer, moved);
    hl_for l = hl_for_begin(e, zero, count, "i");
    emit_item(r, moved, l.i, true);
    hl_for_end(e, &l);
    store_block(r, start, count, base, buffer);
    V next = LLVMBuildAdd(e->b, start, size, "");
    LLVMBasicBlockRef latch = hl_here(e);
    hl_br(e, head);
    LLVMAddIncoming(start, &zero, &before, 1);
    LLVMAddIncoming(start, &next, &latch, 1);
    hl_at(e, done);
    LLVMBuildRet(e->b, hl_i32(e, 0));
}

/* Goes to one of the two loops; gives whether the fast one is to go in blocks. */
static V choose_loop(row *r, LLVMBasicBlockRef fast, LLVMBasicBlockRef strided)
{
    hl_emit *e = r->e;
    V near = hl_bool(e, true), whole = hl_bool(e, true); /* contiguous or one item for all; all contiguous */
    for (int k = 0; k < r->nargs; k++) {
        V unit = is_contiguous(r, k), one = LLVMBuildICmp(e->b, LLVMIntEQ, r->op[k].stride, hl_i64(e, 0), "");
        whole = LLVMBuildAnd(e->b, whole, unit, "");
        near = LLVMBuildAnd(e->b, near, k < r->nin ? LLVMBuildOr(e->b, unit, one, "") : unit, "");
    }
    V blocks = LLVMBuildNot(e->b, whole, "");
    if (r->costly) {
        LLVMBasicBlockRef ask = hl_bb(e, "ask");
        hl_cond(e, whole, fast, ask);
        hl_at(e, ask);
        V p[4];
        for (unsigned k = 0; k < 4; k++) p[k] = LLVMGetParam(e->fn, k);
        V free = hl_rtcall(e, HL_RT_ufunc_independent, p[HL_LOOP_DATA], p[HL_LOOP_DIMENSIONS], p[HL_LOOP_STRIDES], hl_i32(e, r->nin), hl_i32(e, r->nargs - r->nin));
        near = LLVMBuildICmp(e->b, LLVMIntNE, free, hl_i32(e, 0), "");
    }
    hl_cond(e, near, fast, strided);
    return blocks;
}

/* Does the function call mathematical functions? */
static bool is_costly(const hl_func *f, int depth)
{
    for (int b = 0; b < f->blocks.n; b++)
        for (const hl_inst *i = f->blocks.at[b]->first; i; i = i->next) {
            bool real = i->type && (hl_is_float(hl_unliteral(i->type)) || hl_is_complex(hl_unliteral(i->type)));
            if (real && i->op == HL_OP_pow) return true;
            if (real && i->rule && i->rule->kind == HL_RULE_FUNC && hl_emitters[i->rule->id] != hl_emit_to_number) return true;
            if (i->op == HL_OP_call && !i->rule && i->data && depth < 8 && is_costly(i->data, depth + 1)) return true;
        }
    return false;
}

static bool refuse(hl_emit *e, hl_func *f, const char *what, int k, const hl_type *t)
{
    hl_fail(e->cx, "TypingError", f, (hl_span){.line = f->first_line}, "a ufunc's function takes numbers and returns a number or a tuple of numbers; %s %d is %s", what, k + 1, t->name);
    return false;
}

static const hl_type *result_type(const hl_func *f, int k)
{
    const hl_type *t = hl_unliteral(f->ret_type);
    return hl_unliteral(t->kind == HL_K_TUPLE ? t->items[k] : t);
}

static bool has_rows(hl_emit *e, hl_func *f)
{
    const hl_type *ret = hl_unliteral(f->ret_type);
    int nout = e->cx->rq->loop->nout, given = ret->kind == HL_K_TUPLE ? ret->nitems : 1;
    for (int k = 0; k < f->nparams; k++)
        if (!hl_is_number(f->param_types[k])) return refuse(e, f, "argument", k, f->param_types[k]);
    if (given != nout) {
        hl_fail(e->cx, "TypingError", f, (hl_span){.line = f->first_line}, "the ufunc was made with %d output%s, the function returns %s%s", nout, nout == 1 ? "" : "s", ret->name,
                nout == 1 ? "; several outputs need `return a, b` with the tuple spelled out" : "");
        return false;
    }
    for (int k = 0; k < nout; k++)
        if (!hl_is_number(result_type(f, k))) return refuse(e, f, "result", k, result_type(f, k));
    return true;
}

static void emit_rows(hl_emit *e, hl_func *f)
{
    const hl_ufunc_loop *loop = e->cx->rq->loop;
    if (!has_rows(e, f)) return;
    row r = {.e = e, .f = f, .nin = loop->nin, .nargs = loop->nin + loop->nout, .op = HL_NEWN(e->arena, operand, loop->nin + loop->nout)};
    bool parallel = e->cx->rq->options.parallel;
    r.failed = hl_ufunc_begin(e, !parallel);
    r.n = hl_ufunc_word(e, e->i64, HL_LOOP_DIMENSIONS, 0);
    for (int k = 0; k < r.nargs; k++) {
        const hl_type *t = k < r.nin ? hl_unliteral(f->param_types[k]) : result_type(f, k - r.nin);
        r.op[k] = (operand){.array = hl_type_array(t, 1, 'A', 0), .size = hl_itemsize(t), .at = hl_ufunc_word(e, e->ptr, HL_LOOP_DATA, k),
                            .stride = hl_ufunc_word(e, e->i64, HL_LOOP_STRIDES, k)};
    }
    if (!f->has_loops) {
        LLVMBasicBlockRef fast = hl_bb(e, "fast"), strided = hl_bb(e, "strided");
        r.costly = is_costly(f, 0);
        V blocks = choose_loop(&r, fast, strided);
        hl_at(e, fast);
        emit_fast(&r, blocks);
        hl_at(e, strided);
    }
    emit_strided(&r);
    if (parallel) emit_parallel(e, f);
}

void hl_emit_ufunc_loop(hl_emit *e, hl_func *f) { (e->cx->rq->loop->ndim ? hl_emit_gufunc_loop : emit_rows)(e, f); }
