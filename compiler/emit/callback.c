/* The entry of a C callback: an ordinary C function that calls the compiled one.
 *
 *   RESULT entry(ARGUMENTS)     numbers and pointers, as the platform's C passes them; a bool is a byte
 *
 * C has no exceptions: one that the function raises is printed as Python prints what a destructor raises, and the result is zero.
 * The caller need not hold the GIL, and may be a thread that Python has never seen: the runtime takes it where it is needed.
 *
 * Callers may leave anything in the upper bits of narrow integers, so parameters are declared in their own width; results carry the
 * attribute by which LLVM extends them on platforms whose callers look there. */
#include "emit.h"
#include "private.h"
#include <string.h>

static LLVMTypeRef c_type(hl_emit *e, const hl_type *t)
{
    return t->kind == HL_K_NONE ? e->voidt : t->kind == HL_K_BOOL ? e->i8 : hl_part_type(e, t->parts[0]);
}

static void attribute(hl_emit *e, V fn, LLVMAttributeIndex at, const char *name)
{
    LLVMAddAttributeAtIndex(fn, at, LLVMCreateEnumAttribute(e->lc, LLVMGetEnumAttributeKindForName(name, strlen(name)), 0));
}

void hl_emit_callback(hl_emit *e, hl_func *f)
{
    hl_emitted *m = f->data;
    const hl_type *ret = f->ret_type;
    LLVMTypeRef params[f->nparams + 1], result = c_type(e, ret);
    for (int k = 0; k < f->nparams; k++) params[k] = c_type(e, f->param_types[k]);
    e->fn = LLVMAddFunction(e->mod, "entry", LLVMFunctionType(result, params, (unsigned)f->nparams, false));
    attribute(e, e->fn, LLVMAttributeFunctionIndex, "nounwind");
    if (hl_is_intlike(ret) && ret->bits < 32) attribute(e, e->fn, LLVMAttributeReturnIndex, ret->flags & HL_T_SIGNED && ret->kind == HL_K_INT ? "signext" : "zeroext");
    hl_at(e, hl_bb(e, ""));
    V args[f->nparams + 1];
    unsigned n = 0;
    for (; n < (unsigned)f->nparams; n++) {
        args[n] = LLVMGetParam(e->fn, n);
        if (f->param_types[n]->kind == HL_K_BOOL) args[n] = LLVMBuildICmp(e->b, LLVMIntNE, args[n], LLVMConstNull(e->i8), "");
    }
    if (m->recursive) args[n++] = hl_i32(e, 0);
    V r = LLVMBuildCall2(e->b, m->type, m->fn, args, n, "");
    LLVMBasicBlockRef fine = hl_bb(e, "fine"), failed = hl_bb(e, "failed");
    hl_cond(e, LLVMBuildICmp(e->b, LLVMIntEQ, LLVMBuildExtractValue(e->b, r, 0, ""), hl_i32(e, 0), ""), fine, failed);
    hl_at(e, failed);
    hl_emit_keep(e, e->cx->rq->function);
    hl_rtcall(e, HL_RT_unraisable, hl_ptr_const(e, e->cx->rq->function));
    if (ret->kind == HL_K_NONE) LLVMBuildRetVoid(e->b);
    else LLVMBuildRet(e->b, LLVMConstNull(result));
    hl_at(e, fine);
    if (ret->kind == HL_K_NONE) {
        LLVMBuildRetVoid(e->b);
        return;
    }
    V value = LLVMBuildExtractValue(e->b, r, 1, "");
    LLVMBuildRet(e->b, ret->kind == HL_K_BOOL ? LLVMBuildZExt(e->b, value, e->i8, "") : value);
}
