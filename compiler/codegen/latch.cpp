/* One way back.
 *
 * Each `continue` is a jump to the head of its loop.  LLVM, before it does anything with loops, makes two loops in each other of one whose turns end in
 * several places when some of them leave a value as it is (separateNestedLoop in LoopSimplify): neither counts its turns any more, so that
 * neither is vectorised, unrolled or cut into pieces (pieces.cpp).  Here all jumps back meet in a block of their own first.
 */
#include "pieces.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;

PreservedAnalyses LatchPass::run(Function &f, FunctionAnalysisManager &analyses)
{
    LoopInfo &loops = analyses.getResult<LoopAnalysis>(f);
    DominatorTree &dominators = analyses.getResult<DominatorTreeAnalysis>(f);
    bool changed = false;
    for (Loop *loop : loops.getLoopsInPreorder()) {
        SmallVector<BasicBlock *, 4> latches;
        loop->getLoopLatches(latches);
        if (latches.size() < 2 || any_of(latches, [](BasicBlock *b) { return isa<IndirectBrInst>(b->getTerminator()); }))
            continue;
        MDNode *about = nullptr;
        for (BasicBlock *b : latches)
            if (MDNode *node = b->getTerminator()->getMetadata(LLVMContext::MD_loop)) {
                about = about ? about : node;
                b->getTerminator()->setMetadata(LLVMContext::MD_loop, nullptr);
            }
        BasicBlock *latch = SplitBlockPredecessors(loop->getHeader(), latches, ".latch", &dominators, &loops);
        if (about)
            latch->getTerminator()->setMetadata(LLVMContext::MD_loop, about);
        changed = true;
    }
    if (!changed)
        return PreservedAnalyses::all();
    PreservedAnalyses kept;
    kept.preserve<LoopAnalysis>();
    kept.preserve<DominatorTreeAnalysis>();
    return kept;
}
