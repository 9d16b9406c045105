/* overflow="raise" in loops that only read: vectorised, and exact all the same.
 *
 *     for x in a: s += x
 *
 * leaves the loop at the first sum that does not fit; a loop with such exits is not vectorised, and a sum in another order overflows elsewhere.
 * So the loop is made twice:
 *
 *       fast: no exits, sums wrap, and an accumulator collects whatever speaks against them  ←┐
 *         ↓ ──────────────────────────────────────────────────────────────────────────────────┘
 *       nothing speaks against them?  ── no ──→  exact: the loop as it was, from the same start; it raises in the right turn, or ends
 *         ↓ yes                                    ↓
 *       behind  ←──────────────────────────────────┘
 *
 * What is collected: for a sum, the magnitudes of its terms (ORed: an upper bound for each within a factor of two); n terms below 2**62 / n and a start below
 * 2**62 keep every partial sum, in any order, within 64 bits.  For an operation on values that are not carried round the loop, the exact condition, or,
 * for products, that both factors have 32 bits.  A wrong alarm costs the time of the fast loop, nothing else.
 *
 * A loop qualifies when going on after an overflow cannot be noticed: it is a chain of blocks that reads memory in order and writes none, calls nothing, and
 * no address depends on what is checked.  Behind hl-pieces a loop is short, and only its last piece is repeated.
 */
#include "exact.h"
#include "each_loop.h"
#include "../emit/names.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/Analysis/ValueTracking.h"
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
enum { NARROW = 32, HEADROOM = 62 };   /* bits */

struct Check {
    BranchInst *branch;
    unsigned out;             /* the successor that raises */
    WithOverflowInst *op;     /* what is checked, or nullptr: the condition says it */
    PHINode *sum;             /* what op adds to, when it is carried round the loop */
};

struct Speculator {
    Function &f;
    LoopInfo &loops;
    DominatorTree &dominators;
    ScalarEvolution &se;
    unsigned mark;

    SmallVector<Check, 4> checks;
    SmallVector<BasicBlock *, 8> chain;
    uint64_t known_terms;     /* magnitudes of terms that are known beforehand, ORed */

    bool raises(BasicBlock *exit) const;
    bool find_checks(Loop *loop);
    bool is_order(Loop *loop, Value *address) const;
    bool only_reads(Loop *loop);
    bool find_sums(Loop *loop);
    Value *term_against(IRBuilder<> &b, const Check &c, Value *result);
    void forget_promises(Loop *loop);
    BasicBlock *copy(Loop *loop);
    Value *collect(Loop *loop);
    bool make(Loop *loop);
    bool run();
};

/* Does this exit, perhaps behind a jump, raise OverflowError? */
bool Speculator::raises(BasicBlock *exit) const
{
    for (int far = 0; exit && far < 3; far++, exit = exit->getSingleSuccessor())
        for (Instruction &i : *exit)
            if (i.hasMetadata(mark))
                return true;
    return false;
}

/* The blocks of the loop in a row, each left by a check or not at all before the last one. */
bool Speculator::find_checks(Loop *loop)
{
    BasicBlock *latch = loop->getLoopLatch();
    for (BasicBlock *b = loop->getHeader(); chain.size() <= loop->getNumBlocks();) {
        chain.push_back(b);
        auto *branch = dyn_cast<BranchInst>(b->getTerminator());
        if (!branch)
            return false;
        if (b == latch)
            return branch->isConditional() && chain.size() == loop->getNumBlocks() && !checks.empty();
        if (branch->isUnconditional()) {
            b = branch->getSuccessor(0);
            continue;
        }
        unsigned out = loop->contains(branch->getSuccessor(0)) ? 1 : 0;
        if (loop->contains(branch->getSuccessor(out)) || !raises(branch->getSuccessor(out)))
            return false;
        auto *flag = dyn_cast<ExtractValueInst>(branch->getCondition());
        auto *op = flag && out == 0 && flag->getIndices()[0] == 1 ? dyn_cast<WithOverflowInst>(flag->getAggregateOperand()) : nullptr;
        if (op ? !op->isSigned() || !op->getLHS()->getType()->isIntegerTy(64) || !loop->contains(op) : !isa<ICmpInst>(branch->getCondition()))
            return false;
        if (op && (any_of(op->users(), [](User *user) { return !isa<ExtractValueInst>(user); }) || any_of(checks, [&](Check &c) { return c.op == op; })))
            return false;
        checks.push_back({branch, out, op, nullptr});
        b = branch->getSuccessor(1 - out);
    }
    return false;
}

/* An address that goes on by the size of an item each turn, or stays, whatever the checks would say. */
bool Speculator::is_order(Loop *loop, Value *address) const
{
    SmallVector<Value *, 8> todo{address};
    SmallPtrSet<Value *, 16> seen;
    while (!todo.empty()) {
        auto *i = dyn_cast<Instruction>(todo.pop_back_val());
        if (!i || !loop->contains(i) || !seen.insert(i).second)
            continue;
        if (isa<WithOverflowInst>(i) || isa<LoadInst>(i))
            return false;
        todo.append(i->op_begin(), i->op_end());
    }
    return true;
}

bool Speculator::only_reads(Loop *loop)
{
    for (BasicBlock *b : chain)
        for (Instruction &i : *b) {
            if (auto *load = dyn_cast<LoadInst>(&i)) {
                const SCEV *at = se.getSCEV(load->getPointerOperand());
                auto *steps = dyn_cast<SCEVAddRecExpr>(at);
                auto *step = steps && steps->getLoop() == loop && steps->isAffine() ? dyn_cast<SCEVConstant>(steps->getStepRecurrence(se)) : nullptr;
                bool next = step && step->getAPInt().abs() == f.getDataLayout().getTypeStoreSize(load->getType()).getFixedValue();
                if (!load->isSimple() || !(next || se.isLoopInvariant(at, loop)) || !is_order(loop, load->getPointerOperand()))
                    return false;
            } else if (!isa<PHINode>(i) && !i.isTerminator() && (i.mayReadOrWriteMemory() || !isSafeToSpeculativelyExecute(&i))) {
                return false;
            }
        }
    return true;
}

/* What is carried round the loop is a counter, or a sum that nothing else in the loop looks at. */
bool Speculator::find_sums(Loop *loop)
{
    BasicBlock *latch = loop->getLoopLatch();
    for (PHINode &phi : loop->getHeader()->phis()) {
        auto *next = dyn_cast<ExtractValueInst>(phi.getIncomingValueForBlock(latch));
        auto *op = next && next->getIndices()[0] == 0 ? dyn_cast<WithOverflowInst>(next->getAggregateOperand()) : nullptr;
        Check *check = find_if(checks, [&](Check &c) { return c.op && c.op == op; });
        if (check == checks.end()) {
            auto *steps = se.isSCEVable(phi.getType()) ? dyn_cast<SCEVAddRecExpr>(se.getSCEV(&phi)) : nullptr;
            if (!steps || steps->getLoop() != loop)
                return false;
            continue;
        }
        bool adds = (op->getBinaryOp() == Instruction::Add || op->getBinaryOp() == Instruction::Sub) && (op->getLHS() == &phi || (op->getRHS() == &phi && op->getBinaryOp() == Instruction::Add)) &&
                    op->getLHS() != op->getRHS() && phi.hasOneUse();
        for (User *user : next->users())
            adds &= user == &phi || !loop->contains(cast<Instruction>(user));
        if (!adds)
            return false;
        check->sum = &phi;
    }
    return true;
}

/* What speaks against going on: a magnitude, or the sign bit. */
Value *Speculator::term_against(IRBuilder<> &b, const Check &c, Value *r)
{
    Type *i64 = b.getInt64Ty();
    Value *sign = b.getInt64(1ull << 63), *none = b.getInt64(0);
    if (!c.op)
        return c.out == 0 ? b.CreateSelect(c.branch->getCondition(), sign, none) : b.CreateSelect(c.branch->getCondition(), none, sign);
    Value *x = c.op->getLHS(), *y = c.op->getRHS();
    if (c.sum) {
        Value *term = x == c.sum ? y : x;
        ConstantRange range = se.getSignedRange(se.getSCEV(term));
        APInt most = APIntOps::umax(range.getSignedMin().abs(), range.getSignedMax().abs());
        if (most.getActiveBits() <= NARROW) {
            known_terms |= most.getZExtValue();
            return none;
        }
        return b.CreateXor(term, b.CreateAShr(term, 63));
    }
    switch (c.op->getBinaryOp()) {
    case Instruction::Add: return b.CreateAnd(b.CreateAnd(b.CreateXor(x, r), b.CreateXor(y, r)), sign);
    case Instruction::Sub: return b.CreateAnd(b.CreateAnd(b.CreateXor(x, y), b.CreateXor(x, r)), sign);
    default: {
        Value *half = ConstantInt::get(i64, 1ull << 31), *high = b.CreateOr(b.CreateAdd(x, half), b.CreateAdd(y, half));
        return b.CreateSelect(b.CreateICmpULT(high, ConstantInt::get(i64, 1ull << 32)), none, sign);
    }
    }
}

/* The loop as it is, once more, not yet entered; it leaves where the first one does. */
BasicBlock *Speculator::copy(Loop *loop)
{
    ValueToValueMapTy copies;
    SmallVector<BasicBlock *, 8> blocks;
    BasicBlock *front = BasicBlock::Create(f.getContext(), "exact", &f), *before = loop->getLoopPreheader();
    for (BasicBlock *b : chain) {
        BasicBlock *c = CloneBasicBlock(b, copies, ".exact", &f);
        copies[b] = c;
        blocks.push_back(c);
    }
    for (BasicBlock *c : blocks)
        for (Instruction &i : *c)
            RemapInstruction(&i, copies, RF_NoModuleLevelChanges | RF_IgnoreMissingLocals);
    BranchInst::Create(blocks.front(), front);
    blocks.front()->replacePhiUsesWith(before, front);
    for (BasicBlock *b : chain)
        for (BasicBlock *to : successors(b)) {
            if (loop->contains(to))
                continue;
            for (PHINode &phi : to->phis()) {
                Value *v = phi.getIncomingValueForBlock(b), *there = copies.lookup(v);
                phi.addIncoming(there ? there : v, cast<BasicBlock>(copies[b]));
            }
        }
    return front;
}

/* What LLVM knows of results because a check was passed ("this product does not wrap") holds no longer, and would make what is collected undefined. */
void Speculator::forget_promises(Loop *loop)
{
    for (BasicBlock *b : chain)
        for (Instruction &i : *b)
            if (!isa<PHINode>(i) && !i.isTerminator() && !is_order(loop, &i))
                i.dropPoisonGeneratingAnnotations();
}

/* Takes the checks out of the loop.  What the accumulator holds at the end of a turn. */
Value *Speculator::collect(Loop *loop)
{
    BasicBlock *header = loop->getHeader(), *latch = loop->getLoopLatch();
    Type *i64 = Type::getInt64Ty(f.getContext());
    PHINode *against = PHINode::Create(i64, 2, "against", header->begin());
    Value *sum = against;
    for (Check &c : checks) {
        IRBuilder<> b(c.branch);
        Value *result = c.op ? b.CreateBinOp(c.op->getBinaryOp(), c.op->getLHS(), c.op->getRHS()) : nullptr;
        Value *term = term_against(b, c, result);
        if (!isa<Constant>(term)) /* known_terms has it */
            sum = b.CreateOr(sum, term);
        BasicBlock *on = c.branch->getSuccessor(1 - c.out), *from = c.branch->getParent();
        c.branch->getSuccessor(c.out)->removePredecessor(from, true);
        b.CreateBr(on);
        c.branch->eraseFromParent();
        if (!c.op)
            continue;
        for (User *user : make_early_inc_range(c.op->users())) {
            auto *item = cast<ExtractValueInst>(user);
            item->replaceAllUsesWith(item->getIndices()[0] == 0 ? result : ConstantInt::getFalse(f.getContext()));
            item->eraseFromParent();
        }
        c.op->eraseFromParent();
    }
    against->addIncoming(ConstantInt::get(i64, 0), loop->getLoopPreheader());
    against->addIncoming(sum, latch);
    return sum;
}

bool Speculator::make(Loop *loop)
{
    checks.clear(), chain.clear(), known_terms = 0;
    BasicBlock *before = loop->getLoopPreheader(), *latch = loop->getLoopLatch();
    if (!before || !latch || !loop->isInnermost() || findStringMetadataForLoop(loop, "llvm.loop.disable_nonforced"))
        return false;
    if (!loop->isLoopExiting(latch) || !find_checks(loop) || !only_reads(loop) || !find_sums(loop))
        return false;
    const SCEV *turns = se.getExitCount(loop, latch);
    Type *i64 = Type::getInt64Ty(f.getContext());
    if (isa<SCEVCouldNotCompute>(turns) || turns->getType() != i64)
        return false;
#if LLVM_VERSION_MAJOR >= 22
    SCEVExpander expander(se, "exact");
#else
    SCEVExpander expander(se, f.getDataLayout(), "exact");
#endif
    if (!expander.isSafeToExpandAt(turns, before->getTerminator()))
        return false;
    BasicBlock *exit = latch->getTerminator()->getSuccessor(loop->contains(latch->getTerminator()->getSuccessor(0)) ? 1 : 0);
    for (Check &c : checks) /* results that are taken out of their pair behind the loop */
        for (User *user : c.op ? SmallVector<User *, 4>(c.op->users()) : SmallVector<User *, 4>())
            if (!loop->contains(cast<Instruction>(user)))
                cast<Instruction>(user)->moveAfter(c.op);
    formLCSSA(*loop, dominators, &loops, &se);
    Value *n = expander.expandCodeFor(turns, i64, before->getTerminator());
    BasicBlock *exact = copy(loop);
    SmallVector<Value *, 4> starts;
    for (Check &c : checks)
        if (c.sum)
            starts.push_back(c.sum->getIncomingValueForBlock(before));
    forget_promises(loop);
    Value *against = collect(loop);

    BasicBlock *verify = BasicBlock::Create(f.getContext(), "verify", &f, exit);
    latch->getTerminator()->replaceSuccessorWith(exit, verify);
    exit->replacePhiUsesWith(latch, verify);
    IRBuilder<> b(verify);
    PHINode *found = b.CreatePHI(i64, 1);
    found->addIncoming(against, latch);
    /* n + 1 turns are less than 2**bits */
    Value *bits = b.CreateSub(b.getInt64(64), b.CreateBinaryIntrinsic(Intrinsic::ctlz, b.CreateAdd(n, b.getInt64(1)), b.getFalse()));
    Value *limit = starts.empty() ? b.getInt64(1ull << 63) : b.CreateLShr(b.getInt64(1ull << HEADROOM), b.CreateBinaryIntrinsic(Intrinsic::umin, bits, b.getInt64(63)));
    Value *fits = b.CreateICmpULT(b.CreateOr(found, b.getInt64(known_terms)), limit);
    for (Value *start : starts)
        fits = b.CreateAnd(fits, b.CreateICmpULT(b.CreateAdd(start, b.getInt64(1ull << HEADROOM)), b.getInt64(1ull << (HEADROOM + 1))));
    b.CreateCondBr(fits, exit, exact, MDBuilder(f.getContext()).createLikelyBranchWeights());

    BasicBlock *copied = exact->getSingleSuccessor();
    dominators.recalculate(f);
    loops.releaseMemory();
    loops.analyze(dominators);
    se.forgetAllLoops();
    Loop *slow = loops.getLoopFor(copied);
    slow->setLoopID(nullptr);
    addStringMetadataToLoop(slow, "llvm.loop.disable_nonforced", 1);
    return true;
}

bool Speculator::run()
{
    SmallPtrSet<BasicBlock *, 8> seen;
    return hl_each_loop(loops, seen, false, [&](Loop *loop) { return make(loop); });
}
} // namespace

PreservedAnalyses ExactPass::run(Function &f, FunctionAnalysisManager &analyses)
{
    unsigned mark = f.getContext().getMDKindID(HL_OVERFLOW);
    bool marked = false;
    for (BasicBlock &b : f)
        for (Instruction &i : b)
            marked |= i.hasMetadata(mark);
    if (!marked)
        return PreservedAnalyses::all();
    Speculator speculator{f, analyses.getResult<LoopAnalysis>(f), analyses.getResult<DominatorTreeAnalysis>(f), analyses.getResult<ScalarEvolutionAnalysis>(f), mark, {}, {}, 0};
    return speculator.run() ? PreservedAnalyses::none() : PreservedAnalyses::all();
}
