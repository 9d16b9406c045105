/* Choices are made last: y = x ^ (c ? k : 0) becomes y = c ? x ^ k : x where c waits for the same value as x.
 *
 * LLVM makes the first form of the second unless k is a constant.  In a chain, as that of a checksum,
 *
 *     if (crc ^ byte) & 1: crc = (crc >> 1) ^ k
 *     else:                crc = crc >> 1
 *
 * the first form waits for c, then for the choice, then for the operation; in the second the operation is done while c is found out
 * (the CRC-16 of bytes: 1.6 times faster on Zen 4).  Where c has nothing to do with x, as in `if a[i] > 0: n += k`, the first
 * form is the one that waits less, and stays.  Vectors are left alone: what counts there is the number of operations.
 */
#include "codegen.h"

enum { DEPTH = 4 };

/* Is v computed from x, or from what x is computed from, in a few steps? */
static bool waits_for(LLVMValueRef v, LLVMValueRef x, int depth)
{
    if (v == x)
        return true;
    if (!LLVMIsAInstruction(v) || LLVMIsAPHINode(v) || LLVMIsALoadInst(v) || depth == 0)
        return false;
    int n = LLVMGetNumOperands(v);
    for (int k = 0; k < n; k++)
        if (waits_for(LLVMGetOperand(v, (unsigned)k), x, depth - 1))
            return true;
    return false;
}

static bool wait_together(LLVMValueRef c, LLVMValueRef x)
{
    if (waits_for(c, x, DEPTH))
        return true;
    if (!LLVMIsABinaryOperator(x))
        return false;
    for (unsigned k = 0; k < 2; k++) {
        LLVMValueRef from = LLVMGetOperand(x, k);
        if (LLVMIsAInstruction(from) && !LLVMIsALoadInst(from) && waits_for(c, from, DEPTH))
            return true;
    }
    return false;
}

static bool is_zero(LLVMValueRef v) { return LLVMIsAConstantInt(v) && LLVMIsNull(v); }

/* The operation that takes the chosen value, if 0 leaves its other operand (*x) as it is. */
static LLVMValueRef taker(LLVMValueRef chosen, LLVMValueRef *x)
{
    LLVMUseRef use = LLVMGetFirstUse(chosen);
    LLVMValueRef op = use && !LLVMGetNextUse(use) ? LLVMGetUser(use) : NULL;
    if (!op || !LLVMIsABinaryOperator(op))
        return NULL;
    bool second = LLVMGetOperand(op, 1) == chosen;
    *x = LLVMGetOperand(op, !second);
    switch (LLVMGetInstructionOpcode(op)) {
    case LLVMXor: case LLVMOr: case LLVMAdd: return op;
    case LLVMSub: return second ? op : NULL;
    default: return NULL;
    }
}

/* What to go on with behind `select`: it and its taker may be gone. */
static LLVMValueRef put_off(hl_emit *e, LLVMValueRef select)
{
    LLVMValueRef next = LLVMGetNextInstruction(select), x, op, c = LLVMGetOperand(select, 0);
    bool zero_first = is_zero(LLVMGetOperand(select, 1));
    LLVMValueRef k = LLVMGetOperand(select, zero_first ? 2 : 1);
    if (LLVMIsAConstant(k) || !(zero_first || is_zero(LLVMGetOperand(select, 2))) || !(op = taker(select, &x)) || LLVMIsAConstant(x) || !wait_together(c, x))
        return next;
    LLVMPositionBuilderBefore(e->b, op);
    LLVMValueRef done = LLVMBuildBinOp(e->b, LLVMGetInstructionOpcode(op), x, k, "");
    LLVMReplaceAllUsesWith(op, LLVMBuildSelect(e->b, c, zero_first ? x : done, zero_first ? done : x, ""));
    if (next == op)
        next = LLVMGetNextInstruction(op);
    LLVMInstructionEraseFromParent(op);
    LLVMInstructionEraseFromParent(select);
    return next;
}

void hl_late_choices(hl_emit *e)
{
    for (LLVMValueRef f = LLVMGetFirstFunction(e->mod); f; f = LLVMGetNextFunction(f))
        for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(f); b; b = LLVMGetNextBasicBlock(b))
            for (LLVMValueRef i = LLVMGetFirstInstruction(b), next; i; i = next) {
                next = LLVMGetNextInstruction(i);
                if (LLVMIsASelectInst(i) && LLVMGetTypeKind(LLVMTypeOf(i)) == LLVMIntegerTypeKind)
                    next = put_off(e, i);
            }
}
