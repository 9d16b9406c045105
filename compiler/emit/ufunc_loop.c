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
 * A function that has loops of its own is called, not inlined, and gets the strided loop alone. */
#include "private.h"

enum { CONTEXT, DATA, DIMENSIONS, STRIDES };

typedef struct operand {
    const hl_type *array;  /* an array of the operand's type: what load and store of items want */
    int64_t size;          /* of an item */
    V at, stride;
} operand;

typedef struct row {
    hl_emit *e;
    hl_func *f;
    int nargs;             /* inputs and the result, the last */
    operand *op;
    V n;
    LLVMBasicBlockRef failed;
} row;

static V load_word(hl_emit *e, LLVMTypeRef t, V base, int k)
{
    return LLVMBuildLoad2(e->b, t, k ? hl_gep_bytes(e, base, hl_i64(e, 8 * k)) : base, "");
}

/* result[i] = f(inputs[i]); `unit`: strides are the items' sizes. */
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
    for (int k = 0; k < r->nargs - 1; k++) {
        hl_load_item(e, r->op[k].array, addr[k], args + at);
        at += r->op[k].array->elem->nparts;
    }
    if (m->recursive) args[at++] = hl_i32(e, 0);
    V result = LLVMBuildCall2(e->b, m->type, m->fn, args, (unsigned)at, "");
    LLVMBasicBlockRef ok = hl_bb(e, "ok");
    V status = LLVMBuildExtractValue(e->b, result, 0, "");
    hl_cond(e, LLVMBuildICmp(e->b, LLVMIntEQ, status, hl_i32(e, 0), ""), ok, r->failed);
    hl_at(e, ok);
    const hl_type *out = r->op[r->nargs - 1].array;
    V parts[2];
    for (int p = 0; p < out->elem->nparts; p++) parts[p] = LLVMBuildExtractValue(e->b, result, (unsigned)p + 1, "");
    hl_store_item(e, out, addr[r->nargs - 1], parts);
}

static void emit_strided(row *r)
{
    V base[r->nargs];
    for (int k = 0; k < r->nargs; k++) base[k] = r->op[k].at;
    hl_for l = hl_for_begin(r->e, hl_i64(r->e, 0), r->n, "i");
    emit_item(r, base, l.i, false);
    hl_for_end(r->e, &l);
    LLVMBuildRet(r->e->b, hl_i32(r->e, 0));
}

static V minimum(hl_emit *e, V a, V b) { return hl_select(e, LLVMBuildICmp(e->b, LLVMIntSLT, a, b, ""), a, b); }

static void emit_fast(row *r, V spread)
{
    hl_emit *e = r->e;
    V size = hl_select(e, spread, minimum(e, r->n, hl_i64(e, HL_UFUNC_BLOCK)), r->n), base[r->nargs], moved[r->nargs];
    for (int k = 0; k < r->nargs; k++) {
        const operand *o = &r->op[k];
        base[k] = o->at;
        if (k == r->nargs - 1) continue;
        V buffer = hl_alloca(e, LLVMArrayType2(e->i8, (uint64_t)(HL_UFUNC_BLOCK * o->size)), "spread");
        LLVMSetAlignment(buffer, 64);
        base[k] = hl_rtcall(e, HL_RT_ufunc_spread, o->at, o->stride, hl_i64(e, o->size), size, buffer);
    }
    LLVMBasicBlockRef before = hl_here(e), head = hl_bb(e, "blocks"), body = hl_bb(e, "block"), done = hl_bb(e, "end");
    hl_br(e, head);
    hl_at(e, head);
    V start = LLVMBuildPhi(e->b, e->i64, "start"), zero = hl_i64(e, 0);
    hl_cond(e, LLVMBuildICmp(e->b, LLVMIntSLT, start, r->n, ""), body, done);
    hl_at(e, body);
    for (int k = 0; k < r->nargs; k++) moved[k] = hl_gep_bytes(e, base[k], LLVMBuildMul(e->b, start, r->op[k].stride, ""));
    hl_for l = hl_for_begin(e, zero, minimum(e, size, LLVMBuildSub(e->b, r->n, start, "")), "i");
    emit_item(r, moved, l.i, true);
    hl_for_end(e, &l);
    V next = LLVMBuildAdd(e->b, start, size, "");
    LLVMBasicBlockRef latch = hl_here(e);
    hl_br(e, head);
    LLVMAddIncoming(start, &zero, &before, 1);
    LLVMAddIncoming(start, &next, &latch, 1);
    hl_at(e, done);
    LLVMBuildRet(e->b, hl_i32(e, 0));
}

/* May the fast loop run?  *spread: an input is one item for all. */
static V is_fast(row *r, V *spread)
{
    hl_emit *e = r->e;
    V all = hl_bool(e, true);
    *spread = hl_bool(e, false);
    for (int k = 0; k < r->nargs; k++) {
        V unit = LLVMBuildICmp(e->b, LLVMIntEQ, r->op[k].stride, hl_i64(e, r->op[k].size), "");
        if (k < r->nargs - 1) {
            V one = LLVMBuildICmp(e->b, LLVMIntEQ, r->op[k].stride, hl_i64(e, 0), "");
            *spread = LLVMBuildOr(e->b, *spread, one, "");
            unit = LLVMBuildOr(e->b, unit, one, "");
        }
        all = LLVMBuildAnd(e->b, all, unit, "");
    }
    return all;
}

static bool has_rows(hl_emit *e, hl_func *f)
{
    const hl_type *ret = hl_unliteral(f->ret_type);
    bool ok = hl_is_number(ret);
    if (!ok) hl_fail(e->cx, "TypingError", f, (hl_span){.line = f->first_line}, "a ufunc's function returns a number; this one returns %s", ret->name);
    for (int k = 0; k < f->nparams && ok; k++)
        if (!(ok = hl_is_number(f->param_types[k])))
            hl_fail(e->cx, "TypingError", f, (hl_span){.line = f->first_line}, "a ufunc's function takes numbers; argument %d is %s", k + 1, f->param_types[k]->name);
    return ok;
}

void hl_emit_ufunc_loop(hl_emit *e, hl_func *f)
{
    if (!has_rows(e, f)) return;
    LLVMTypeRef params[5] = {e->ptr, e->ptr, e->ptr, e->ptr, e->ptr};
    e->fn = LLVMAddFunction(e->mod, "entry", LLVMFunctionType(e->i32, params, 5, false));
    LLVMAddAttributeAtIndex(e->fn, LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(e->lc, LLVMGetEnumAttributeKindForName("nounwind", 8), 0));
    row r = {.e = e, .f = f, .nargs = f->nparams + 1, .op = HL_NEWN(e->arena, operand, f->nparams + 1)};
    LLVMBasicBlockRef start;
    e->allocas = hl_bb(e, "entry"), start = hl_bb(e, "start"), r.failed = hl_bb(e, "failed");
    hl_at(e, r.failed);
    LLVMBuildRet(e->b, hl_i32(e, -1));
    hl_at(e, e->allocas);
    hl_br(e, start);
    hl_at(e, start);
    r.n = load_word(e, e->i64, LLVMGetParam(e->fn, DIMENSIONS), 0);
    for (int k = 0; k < r.nargs; k++) {
        const hl_type *t = hl_unliteral(k < f->nparams ? f->param_types[k] : f->ret_type);
        r.op[k] = (operand){.array = hl_type_array(t, 1, 'A', 0), .size = t->kind == HL_K_BOOL ? 1 : t->bits / 8,
                            .at = load_word(e, e->ptr, LLVMGetParam(e->fn, DATA), k), .stride = load_word(e, e->i64, LLVMGetParam(e->fn, STRIDES), k)};
    }
    if (f->has_loops) {
        emit_strided(&r);
        return;
    }
    LLVMBasicBlockRef fast = hl_bb(e, "fast"), strided = hl_bb(e, "strided");
    V spread, all = is_fast(&r, &spread);
    hl_cond(e, all, fast, strided);
    hl_at(e, fast);
    emit_fast(&r, spread);
    hl_at(e, strided);
    emit_strided(&r);
}
