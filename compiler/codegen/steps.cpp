/* Pointers that step with an outer loop.
 *
 * A row of an array begins at `data + i * stride`.  LLVM multiplies anew in each turn of i: the processor has the product in time, but in a loop around a
 * short one (a window of a picture, the columns of a small matrix) its two or three instructions are a tenth of all there are.  Here such
 * an address becomes a pointer that is carried round the loop and steps by the stride:
 *
 *       for i: row = data + i * stride          row = data
 *              …                                for i: …; row += stride
 *
 * That is LLVM's strength reduction for its plainest case.  The whole of that pass is a search for the cheapest set of address computations and
 * takes 40 % of code generation (machine.c); this is a walk over outer loops by means of what scalar evolution knows already.  Innermost loops
 * are left to the vectoriser and to addressing modes.
 *
 * Runs in front of hl-pieces, so that the pieces of a loop hand the pointer on.
 */
#include "pieces.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm/Transforms/Utils/ScalarEvolutionExpander.h"

using namespace llvm;

namespace {
enum { DEPTH = 4 };

struct Stepper {
    Function &f;
    LoopInfo &loops;
    ScalarEvolution &se;
    bool changed = false;

    bool multiplies(Value *v, Loop *loop, int depth) const;
    PHINode *carry(Loop *loop, const SCEVAddRecExpr *steps, Type *type);
    void treat(Loop *loop);
};

/* Is there a product of variables, made in this loop itself, behind v? */
bool Stepper::multiplies(Value *v, Loop *loop, int depth) const
{
    auto *i = dyn_cast<Instruction>(v);
    if (!i || loops.getLoopFor(i->getParent()) != loop || depth == 0)
        return false;
    if (i->getOpcode() == Instruction::Mul && !isa<ConstantInt>(i->getOperand(1)))
        return true;
    if (!isa<BinaryOperator>(i) && !isa<GetElementPtrInst>(i))
        return false;
    return any_of(i->operands(), [&](Value *from) { return multiplies(from, loop, depth - 1); });
}

PHINode *Stepper::carry(Loop *loop, const SCEVAddRecExpr *steps, Type *type)
{
    BasicBlock *front = loop->getLoopPreheader(), *latch = loop->getLoopLatch();
    Instruction *at = front->getTerminator();
    const SCEV *start = steps->getStart(), *step = steps->getStepRecurrence(se);
#if LLVM_VERSION_MAJOR >= 22
    SCEVExpander expander(se, "steps");
#else
    SCEVExpander expander(se, f.getDataLayout(), "steps");
#endif
    if (!expander.isSafeToExpandAt(start, at) || !expander.isSafeToExpandAt(step, at))
        return nullptr;
    Value *first = expander.expandCodeFor(start, type, at), *by = expander.expandCodeFor(step, step->getType(), at);
    PHINode *phi = PHINode::Create(type, 2, "", loop->getHeader()->begin());
    IRBuilder<> b(latch->getTerminator());
    phi->addIncoming(first, front);
    phi->addIncoming(b.CreatePtrAdd(phi, by), latch);
    return phi;
}

void Stepper::treat(Loop *loop)
{
    SmallDenseMap<const SCEV *, PHINode *, 8> known;
    SmallVector<WeakTrackingVH, 8> found;
    for (BasicBlock *block : loop->blocks())
        for (Instruction &i : *block)
            if (isa<GetElementPtrInst>(i) && i.getType()->isPointerTy() && multiplies(&i, loop, DEPTH))
                found.push_back(&i);
    for (WeakTrackingVH &handle : reverse(found)) { /* the last of a chain takes the others with it */
        auto *gep = cast_or_null<GetElementPtrInst>(handle);
        auto *steps = gep ? dyn_cast<SCEVAddRecExpr>(se.getSCEV(gep)) : nullptr;
        if (!steps || steps->getLoop() != loop || !steps->isAffine())
            continue;
        PHINode *&phi = known[steps];
        if (!phi && !(phi = carry(loop, steps, gep->getType())))
            continue;
        se.forgetValue(gep);
        gep->replaceAllUsesWith(phi);
        RecursivelyDeleteTriviallyDeadInstructions(gep);
        changed = true;
    }
}
} // namespace

PreservedAnalyses StepsPass::run(Function &f, FunctionAnalysisManager &analyses)
{
    LoopInfo &loops = analyses.getResult<LoopAnalysis>(f);
    if (loops.empty() || all_of(loops, [](Loop *l) { return l->isInnermost(); }))
        return PreservedAnalyses::all();
    Stepper stepper{f, loops, analyses.getResult<ScalarEvolutionAnalysis>(f)};
    for (Loop *loop : loops.getLoopsInPreorder())
        if (!loop->isInnermost() && loop->getLoopPreheader() && loop->getLoopLatch())
            stepper.treat(loop);
    if (!stepper.changed)
        return PreservedAnalyses::all();
    PreservedAnalyses kept;
    kept.preserveSet<CFGAnalyses>();
    kept.preserve<ScalarEvolutionAnalysis>();
    return kept;
}
