/* Innermost loops of deep nests that turn out to be long.
 *
 * pieces.cpp leaves the innermost loop of a nest of three and more whole: as a rule it goes over a window, of five turns, and one more branch behind
 * them would be felt.  But it may be of any length.  Its number of turns is known in front of the nest, so a long one is sent somewhere else before it
 * begins, to a place where each turn looks for signals:
 *
 *   the version    Where range checks left the nest, there are two versions of it, and a branch that chooses (passes/bounds.c; metadata marks it).
 *   with checks    The one with checks looks in each turn.  One more condition for the other costs nothing.
 *
 *   a copy         else, of the innermost loop alone.  The comparison stands in front of all loops in which it does not vary; what is left is
 *                  a branch in front of the loop that always goes the same way.  The copy is cheap to compile: it is not vectorised.
 *
 * Long is what may take more than some 50 ms, or 0.2 s when every turn waits for memory.  Loops like that wait for memory, or for sums, and lose
 * little by looking.
 */
#include "long_loops.h"
#include "../emit/names.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/LoopUtils.h"
#include "llvm/Transforms/Utils/ScalarEvolutionExpander.h"
#include "llvm/Transforms/Utils/ValueMapper.h"

using namespace llvm;

namespace {
enum { LONG = 1 << 28, SHORT_TURN = 8, SLOW = 256 }; /* instructions: in all turns, in one, and what a slow one (a load that waits for memory, 150 ns) stands for */

/* A call, a division, an item that is not beside that of the turn before. */
bool is_slow(Loop *loop, Instruction *i, ScalarEvolution &se)
{
    if (i->isIntDivRem())
        return !isa<Constant>(i->getOperand(1));
    auto *load = dyn_cast<LoadInst>(i);
    const SCEV *at = load ? se.getSCEV(load->getPointerOperand()) : nullptr;
    return at ? !isa<SCEVAddRecExpr>(at) && !se.isLoopInvariant(at, loop) : isa<CallInst>(i) && !isa<IntrinsicInst>(i);
}

/* turns */
uint64_t limit_of(Loop *loop, ScalarEvolution &se)
{
    unsigned n = 0;
    for (BasicBlock *b : loop->blocks())
        for (Instruction &i : *b)
            n += is_slow(loop, &i, se) ? unsigned(SLOW) : !isa<PHINode>(i);
    return LONG / std::max(n, unsigned(SHORT_TURN));
}

/* A condition in front of `at`, which may stand where it is not sure that the loop is reached at all. */
Value *takes_long(Loop *loop, const SCEV *turns, Instruction *at, ScalarEvolution &se)
{
#if LLVM_VERSION_MAJOR >= 22
    SCEVExpander expander(se, "long");
#else
    SCEVExpander expander(se, at->getDataLayout(), "long");
#endif
    if (!expander.isSafeToExpandAt(turns, at))
        return nullptr;
    Value *n = expander.expandCodeFor(turns, turns->getType(), at);
    IRBuilder<> b(at);
    return b.CreateFreeze(b.CreateICmpUGT(n, ConstantInt::get(n->getType(), limit_of(loop, se))));
}

/* The loop's blocks once more, not entered yet; they leave for where the loop is left for. */
BasicBlock *copy(Loop *loop)
{
    ValueToValueMapTy copies;
    SmallVector<BasicBlock *, 8> blocks;
    SmallVector<BasicBlock *, 4> exits;
    for (BasicBlock *b : loop->blocks()) {
        BasicBlock *c = CloneBasicBlock(b, copies, ".long", b->getParent());
        copies[b] = c;
        blocks.push_back(c);
    }
    remapInstructionsInBlocks(blocks, copies);
    loop->getUniqueExitBlocks(exits);
    for (BasicBlock *exit : exits)
        for (PHINode &phi : exit->phis())
            for (unsigned k = 0, n = phi.getNumIncomingValues(); k < n; k++) {
                Value *v = phi.getIncomingValue(k), *there = copies.lookup(v), *from = copies.lookup(phi.getIncomingBlock(k));
                if (from)
                    phi.addIncoming(there ? there : v, cast<BasicBlock>(from));
            }
    return blocks.front();
}
} // namespace

bool hl_may_be_long(Loop *loop, const SCEV *turns, ScalarEvolution &se) { return se.getUnsignedRangeMax(turns).ugt(limit_of(loop, se)); }

bool hl_choose_when_long(Loop *loop, const SCEV *turns, DominatorTree &dominators, ScalarEvolution &se)
{
    BasicBlock *header = loop->getHeader();
    BranchInst *choice = nullptr;
    unsigned mark = header->getContext().getMDKindID(HL_CHOICE), way = 0;
    for (auto *node = dominators.getNode(header)->getIDom(); node; node = node->getIDom()) {
        auto *branch = dyn_cast<BranchInst>(node->getBlock()->getTerminator());
        if (!branch || !branch->isConditional() || !branch->hasMetadata(mark) || loop->getParentLoop()->contains(branch))
            continue;
        for (unsigned k = 0; k < 2; k++)
            if (dominators.dominates(BasicBlockEdge(branch->getParent(), branch->getSuccessor(k)), header))
                choice = branch, way = k;
    }
    Value *is_long = choice ? takes_long(loop, turns, choice, se) : nullptr;
    if (!is_long)
        return false;
    IRBuilder<> b(choice);
    choice->setCondition(way ? b.CreateOr(choice->getCondition(), is_long) : b.CreateAnd(choice->getCondition(), b.CreateNot(is_long)));
    return true;
}

BasicBlock *hl_copy_for_long(Loop *loop, const SCEV *turns, LoopInfo &loops, DominatorTree &dominators, ScalarEvolution &se)
{
    Instruction *jump = loop->getLoopPreheader()->getTerminator();
    Value *is_long = takes_long(loop, turns, jump, se);
    if (!is_long)
        return nullptr;
    bool moved = false;
    for (Loop *l = loop->getParentLoop(); l && l->getLoopPreheader() && l->makeLoopInvariant(is_long, moved);)
        l = l->getParentLoop();
    formLCSSA(*loop, dominators, &loops, &se);
    BasicBlock *header = copy(loop);
    IRBuilder<> b(jump);
    b.CreateCondBr(is_long, header, loop->getHeader(), MDBuilder(jump->getContext()).createUnlikelyBranchWeights());
    jump->eraseFromParent();
    return header;
}
