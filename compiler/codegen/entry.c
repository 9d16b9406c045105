/* The function and its entry become one.
 *
 * A function with loops is apart from its entry, which loads the arguments from the caller's frame (emit/emit.c): of arguments LLVM's passes
 * know that they are none of the function's own variables, of loaded values they do not.  When they are done nothing speaks for two
 * functions any more: the second one costs up to a tenth of the time that code generation takes (two 4-d arrays; a few scalars, nothing to
 * speak of), and twenty numbers, as such arrays have, would go over the stack.
 *
 * LLVM's own inliner copies the callee.  Nobody else calls it here, so its blocks simply move.
 */
#include "codegen.h"
#include <llvm-c/DebugInfo.h>
#include <string.h>

/* The call of a function that is this module's own, and that nobody else calls. */
static LLVMValueRef sole_call(LLVMValueRef entry)
{
    for (LLVMValueRef i = LLVMGetFirstInstruction(LLVMGetEntryBasicBlock(entry)); i; i = LLVMGetNextInstruction(i)) {
        LLVMValueRef callee = LLVMIsACallInst(i) ? LLVMIsAFunction(LLVMGetCalledValue(i)) : NULL;
        if (!callee || LLVMIsDeclaration(callee))
            continue;
        LLVMUseRef use = LLVMGetFirstUse(callee);
        return LLVMGetLinkage(callee) == LLVMInternalLinkage && LLVMGetUser(use) == i && !LLVMGetNextUse(use) ? i : NULL;
    }
    return NULL;
}

/* Moves instructions from `i` to the end of its block, or those that are allocas, behind the last one of `to`. */
static void move_behind(hl_emit *e, LLVMValueRef i, LLVMBasicBlockRef to, bool allocas)
{
    LLVMPositionBuilderAtEnd(e->b, to);
    for (LLVMValueRef next; i; i = next) {
        next = LLVMGetNextInstruction(i);
        if (allocas && !LLVMIsAAllocaInst(i))
            continue;
        LLVMInstructionRemoveFromParent(i);
        LLVMInsertIntoBuilder(e->b, i);
    }
}

/* Every return of `callee` becomes a jump to `behind`; what they return is one value there. */
static LLVMValueRef join_returns(hl_emit *e, LLVMValueRef callee, LLVMBasicBlockRef behind, LLVMTypeRef type)
{
    LLVMPositionBuilderAtEnd(e->b, behind);
    LLVMValueRef phi = LLVMBuildPhi(e->b, type, "");
    for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(callee); b; b = LLVMGetNextBasicBlock(b)) {
        LLVMValueRef last = LLVMGetBasicBlockTerminator(b), value = LLVMIsAReturnInst(last) ? LLVMGetOperand(last, 0) : NULL;
        if (!value)
            continue;
        LLVMAddIncoming(phi, &value, &b, 1);
        LLVMInstructionEraseFromParent(last);
        LLVMPositionBuilderAtEnd(e->b, b);
        LLVMBuildBr(e->b, behind);
    }
    return phi;
}

static unsigned attribute(const char *name) { return LLVMGetEnumAttributeKindForName(name, strlen(name)); }
static void drop_attribute(LLVMValueRef fn, const char *name) { LLVMRemoveEnumAttributeAtIndex(fn, LLVMAttributeFunctionIndex, attribute(name)); }

/* An entry that emission left out of all optimisation: it does nothing but hand over. */
static bool hands_over(LLVMValueRef entry) { return LLVMGetEnumAttributeAtIndex(entry, LLVMAttributeFunctionIndex, attribute("optnone")) != NULL; }

void hl_join_entry(hl_emit *e)
{
    LLVMValueRef entry = LLVMGetNamedFunction(e->mod, HL_ENTRY_SYMBOL), call = entry && hands_over(entry) ? sole_call(entry) : NULL;
    if (!call)
        return;
    LLVMValueRef callee = LLVMGetCalledValue(call);
    for (unsigned k = 0; k < LLVMCountParams(callee); k++)
        LLVMReplaceAllUsesWith(LLVMGetParam(callee, k), LLVMGetOperand(call, k));
    LLVMBasicBlockRef front = LLVMGetEntryBasicBlock(entry), body = LLVMGetEntryBasicBlock(callee), last = front;
    LLVMBasicBlockRef behind = LLVMAppendBasicBlockInContext(e->lc, entry, "");
    LLVMReplaceAllUsesWith(call, join_returns(e, callee, behind, LLVMTypeOf(call)));
    move_behind(e, LLVMGetNextInstruction(call), behind, false);
    LLVMInstructionEraseFromParent(call);
    move_behind(e, LLVMGetFirstInstruction(body), front, true);
    LLVMBuildBr(e->b, body);
    for (LLVMBasicBlockRef b = body, next; b; last = b, b = next) {
        next = LLVMGetNextBasicBlock(b);
        LLVMMoveBasicBlockAfter(b, last);
    }
    if (LLVMGetSubprogram(callee))
        LLVMSetSubprogram(entry, LLVMGetSubprogram(callee));
    drop_attribute(entry, "optnone");
    drop_attribute(entry, "noinline");
    LLVMDeleteFunction(callee);
}
