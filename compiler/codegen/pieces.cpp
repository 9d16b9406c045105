/* Loops that signals can interrupt, and that are vectorised all the same.
 *
 * passes/poll.c puts a poll behind such a loop; metadata marks both: a volatile load of the flag, and a branch to the code that runs
 * signal handlers, which comes back or leaves the function.  Here the loop, whose number of turns is known when it begins, is cut into pieces:
 *
 *       before                          after
 *
 *         ↓                               ↓
 *       loop ←┐                         piece: up to its end or some turns further  ←─┐
 *         ↓ ──┘                           ↓                                           │
 *       poll → …                        loop ←┐                                       │
 *         ↓                               ↓ ──┘                                       │
 *       behind                          at its end?  ── no ──→  poll ─────────────────┘
 *                                         ↓ yes                  ↓
 *                                       behind                   …
 *
 * So looking costs nothing in the loop and next to nothing behind it.  A piece makes so many turns that BUDGET turns of innermost loops come
 * together: in nests that is computed from the numbers of turns of inner loops, where they are known, as far out as they are known.
 * What the loop carries is what it carries from piece to piece.  What stands between the loop and the poll runs after each piece: that is only
 * what LLVM itself moved there from the loop (stores of values that it kept in registers), and doing it once more is right.
 *
 * In nests of three and more the innermost loop is left whole, and not looked for signals behind, when its number of turns is part of such a
 * computation: there, one more branch behind five turns would be felt.  When it makes many turns after all, it looks in each (long_loops.cpp).
 *
 * A loop whose number of turns LLVM's passes made unknowable (two reasons to leave it became one condition) gets a look in each turn instead, at the
 * place where it may be left for the poll: what the poll needs is known there.
 *
 * The pass runs in front of the vectoriser, behind everything that wants to see nests as they were written.
 */
#include "pieces.h"
#include "each_loop.h"
#include "../emit/names.h"
#include "long_loops.h"
#include "llvm/Analysis/AssumptionCache.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/MDBuilder.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm/Transforms/Utils/LoopSimplify.h"
#include "llvm/Transforms/Utils/LoopUtils.h"
#include "llvm/Transforms/Utils/SSAUpdater.h"
#include "llvm/Transforms/Utils/ScalarEvolutionExpander.h"
#include "llvm/Transforms/Utils/ValueMapper.h"

using namespace llvm;

namespace {
enum { NEAR = 4, BUDGET_BITS = 18, UNKNOWN = 16 };

struct Poll {
    Instruction *flag, *test;               /* the volatile load, and its comparison with 0 */
    BranchInst *branch;
    BasicBlock *quiet, *come;               /* where it goes when no signal has come, and when one has, */
    BasicBlock *back;                       /* and the block in which the way of a signal comes to `quiet` */
    SmallVector<BasicBlock *, 4> between;   /* blocks behind the one where the loop is left, up to the poll's own */
};

/* An integer that the loop steps by 1 or -1, and its value when the loop is left. */
struct Count {
    PHINode *phi;
    Value *last;
    const SCEV *end;      /* … when it has made all turns */
    bool down;
};

struct Shape {
    BasicBlock *exiting, *exit;             /* where the loop is left, and for where */
    BranchInst *leave;
    unsigned way_out;                       /* successor of `leave` */
    Poll poll;
    Count count;
};

struct Cutter {
    Function &f;
    LoopInfo &loops;
    DominatorTree &dominators;
    ScalarEvolution &se;
    AssumptionCache &assumptions;
    unsigned mark;
    SmallPtrSet<BasicBlock *, 8> settled = {}; /* heads of loops that were cut, of their pieces, and of loops that are left whole */
    SmallPtrSet<BasicBlock *, 4> watched = {}; /* blocks behind which a turn looks at the flag */
    SmallVector<BasicBlock *, 4> whole = {};   /* heads of loops that are left whole unless they turn out to be long */

    bool find_poll(BasicBlock *exit, Poll &out) const;
    bool find_count(Loop *loop, BasicBlock *exiting, Count &out);
    void copy(BasicBlock *b, BasicBlock *before, const Poll &poll, BasicBlock *to, ValueToValueMapTy &moved);
    BasicBlock *move_poll(BasicBlock *exit, Poll &poll, ValueToValueMapTy &moved);
    void mend(ValueToValueMapTy &moved, BasicBlock *look);
    const SCEV *turns_of(Loop *loop);
    const SCEV *work_in(Loop *loop);
    Instruction *outside(Loop *loop, std::initializer_list<Value *> values) const;
    Value *turns_of_piece(Loop *loop, SCEVExpander &expander);
    bool look_at(Loop *loop, Shape &out);
    void forget(const Poll &poll);
    bool spare(Loop *loop);
    void look_when_long(BasicBlock *header);
    void renew(ValueToValueMapTy &moved, BasicBlock *look);
    bool cut(Loop *loop);
    void watch(BasicBlock *from, unsigned way_out, const Poll &poll);
    bool watch(Loop *loop);
    bool run();
};

/* The first marked poll from `exit` on, there or behind jumps. */
bool Cutter::find_poll(BasicBlock *exit, Poll &out) const
{
    for (BasicBlock *b = exit; b && out.between.size() < NEAR; b = b->getSingleSuccessor()) {
        if (b != exit)
            out.between.push_back(b);
        for (Instruction &i : *b) {
            MDNode *node = i.getMetadata(mark);
            if (!node)
                continue;
            out.flag = &i;
            out.branch = dyn_cast<BranchInst>(b->getTerminator());
            auto *test = out.branch && out.branch->isConditional() ? dyn_cast<ICmpInst>(out.branch->getCondition()) : nullptr;
            if (!test || !test->isEquality() || test->getOperand(0) != &i || test->getParent() != b || !test->hasOneUse() || !i.hasOneUse())
                return false;
            out.test = test;
            unsigned to = test->getPredicate() == ICmpInst::ICMP_EQ ? 0 : 1;
            out.quiet = out.branch->getSuccessor(to);
            BasicBlock *come = out.come = out.branch->getSuccessor(1 - to);
            for (BasicBlock *s : successors(come)) /* one way on from the handlers leads there, perhaps through a block of its own */
                if (s == out.quiet || (s->getSinglePredecessor() == come && s->getSingleSuccessor() == out.quiet && s->size() == 1))
                    out.back = s == out.quiet ? come : s;
            return out.back && come->getSinglePredecessor() == b;
        }
    }
    return false;
}

/* What b does on the way from `before`, once more, at the end of `to`; neither the poll's look at the flag nor the jump at b's end. */
void Cutter::copy(BasicBlock *b, BasicBlock *before, const Poll &poll, BasicBlock *to, ValueToValueMapTy &moved)
{
    for (Instruction &i : *b) {
        if (auto *phi = dyn_cast<PHINode>(&i)) {
            Value *v = phi->getIncomingValueForBlock(before);
            auto known = moved.find(v);
            moved[phi] = known != moved.end() ? static_cast<Value *>(known->second) : v;
        } else if (!i.isTerminator() && &i != poll.flag && &i != poll.test) {
            Instruction *copy = i.clone();
            copy->insertInto(to, to->end());
            RemapInstruction(copy, moved, RF_NoModuleLevelChanges | RF_IgnoreMissingLocals);
            moved[&i] = copy;
        }
    }
}

/* Takes the poll out of the way: `look` goes to it, and has what stands between the loop and it, once more.  Who comes from elsewhere (the
 * loop did not run at all) goes past.  A piece takes so long that the flag is left to hl_poll: no load, no branch, no block. */
BasicBlock *Cutter::move_poll(BasicBlock *exit, Poll &poll, ValueToValueMapTy &moved)
{
    BasicBlock *look = BasicBlock::Create(f.getContext(), "look", &f, poll.quiet), *from = poll.branch->getParent(), *before = exit;
    for (BasicBlock *b : poll.between) {
        copy(b, before, poll, look, moved);
        before = b;
    }
    poll.come->replacePhiUsesWith(from, look);
    BranchInst::Create(poll.come, look);
    BranchInst::Create(poll.quiet, from);
    for (Instruction *i : {static_cast<Instruction *>(poll.branch), poll.test, poll.flag})
        i->eraseFromParent();
    return look;
}

/* What was defined between the loop and the poll, used where control now comes from `look` as well. */
void Cutter::mend(ValueToValueMapTy &moved, BasicBlock *look)
{
    for (auto pair : moved) {
        auto *v = const_cast<Instruction *>(dyn_cast<Instruction>(pair.first));
        if (!v) /* a function that is called there, mapped to itself */
            continue;
        SSAUpdater updater;
        SmallVector<Use *, 8> wrong;
        for (Use &use : v->uses())
            if (!dominators.dominates(v, use))
                wrong.push_back(&use);
        if (wrong.empty())
            continue;
        updater.Initialize(v->getType(), "");
        updater.AddAvailableValue(v->getParent(), v);
        updater.AddAvailableValue(look, pair.second);
        for (Use *use : wrong)
            updater.RewriteUse(*use);
    }
}

/* A loop is left in its latch, or, when it was not rotated, in its header. */
bool Cutter::find_count(Loop *loop, BasicBlock *exiting, Count &out)
{
    BasicBlock *latch = loop->getLoopLatch();
    const SCEV *turns = se.getExitCount(loop, exiting);
    if (isa<SCEVCouldNotCompute>(turns) || !turns->getType()->isIntegerTy() || se.getTypeSizeInBits(turns->getType()) > 64)
        return false;
    for (PHINode &phi : loop->getHeader()->phis()) {
        auto *steps = phi.getType()->isIntegerTy(64) ? dyn_cast<SCEVAddRecExpr>(se.getSCEV(&phi)) : nullptr;
        if (!steps || steps->getLoop() != loop || !steps->isAffine())
            continue;
        const SCEV *step = steps->getStepRecurrence(se);
        if (!step->isOne() && !step->isAllOnesValue())
            continue;
        const SCEV *n = se.getNoopOrZeroExtend(turns, phi.getType());
        if (exiting == latch)
            n = se.getAddExpr(n, se.getOne(phi.getType()));
        Value *last = exiting == latch ? phi.getIncomingValueForBlock(latch) : &phi;
        out = {&phi, last, se.getAddExpr(steps->getStart(), se.getMulExpr(step, n)), !step->isOne()};
        return true;
    }
    return false;
}

const SCEV *Cutter::turns_of(Loop *loop)
{
    BasicBlock *latch = loop->getLoopLatch(), *exiting = latch && loop->isLoopExiting(latch) ? latch : loop->getHeader();
    const SCEV *n = loop->isLoopExiting(exiting) ? se.getExitCount(loop, exiting) : se.getCouldNotCompute();
    return isa<SCEVCouldNotCompute>(n) || !n->getType()->isIntegerTy() || se.getTypeSizeInBits(n->getType()) > 64 ? nullptr : n;
}

/* Turns of innermost loops in one turn of this one, about; nullptr: not known. */
const SCEV *Cutter::work_in(Loop *loop)
{
    Type *i64 = Type::getInt64Ty(f.getContext());
    const SCEV *sum = se.getZero(i64), *most = se.getConstant(i64, 1 << BUDGET_BITS);
    for (Loop *inner : loop->getSubLoops()) {
        const SCEV *turns = turns_of(inner), *work = work_in(inner);
        if (!turns || !work)
            return nullptr;
        turns = se.getUMinExpr(se.getNoopOrZeroExtend(turns, i64), most); /* so that products fit */
        sum = se.getAddExpr(sum, work->isZero() ? turns : se.getMulExpr(turns, se.getUMinExpr(work, most)));
    }
    return sum;
}

/* As far outside of the loop as the values are known. */
Instruction *Cutter::outside(Loop *loop, std::initializer_list<Value *> values) const
{
    Instruction *at = loop->getLoopPreheader()->getTerminator();
    for (Loop *l = loop->getParentLoop(); l && l->getLoopPreheader(); l = l->getParentLoop()) {
        for (Value *v : values)
            if (!l->isLoopInvariant(v))
                return at;
        at = l->getLoopPreheader()->getTerminator();
    }
    return at;
}

Value *Cutter::turns_of_piece(Loop *loop, SCEVExpander &expander)
{
    Type *i64 = Type::getInt64Ty(f.getContext());
    Instruction *at = loop->getLoopPreheader()->getTerminator();
    const SCEV *work = work_in(loop);
    if (work && work->isZero())
        return ConstantInt::get(i64, 1 << BUDGET_BITS);
    if (!work || !se.isLoopInvariant(work, loop) || !expander.isSafeToExpandAt(work, at))
        return ConstantInt::get(i64, UNKNOWN);
    Value *w = expander.expandCodeFor(work, i64, at);
    IRBuilder<> b(outside(loop, {w}));
    Value *bits = b.CreateSub(b.getInt64(64), b.CreateBinaryIntrinsic(Intrinsic::ctlz, w, b.getFalse()));
    return b.CreateLShr(b.getInt64(1 << BUDGET_BITS), b.CreateBinaryIntrinsic(Intrinsic::umin, bits, b.getInt64(BUDGET_BITS)));
}

/* What has to be known about a marked loop. */
bool Cutter::look_at(Loop *loop, Shape &out)
{
    if (!findOptionMDForLoop(loop, HL_PIECES))
        return false;
    simplifyLoop(loop, &dominators, &loops, &se, &assumptions, nullptr, false);
    BasicBlock *latch = loop->getLoopLatch();
    if (!loop->getLoopPreheader() || !latch)
        return false;
    for (BasicBlock *exiting : {latch, loop->getHeader()}) { /* by a `break` it may be left in the latch, too */
        auto *leave = dyn_cast<BranchInst>(exiting->getTerminator());
        if (!leave || !leave->isConditional() || !loop->isLoopExiting(exiting))
            continue;
        unsigned way_out = loop->contains(leave->getSuccessor(0)) ? 1 : 0;
        out = {exiting, leave->getSuccessor(way_out), leave, way_out, {}, {}};
        bool leaves_one = loops.getLoopFor(out.exit) == loop->getParentLoop(); /* more: the poll belongs to a loop around this one */
        if (leaves_one && out.exit->getUniquePredecessor() == exiting && find_poll(out.exit, out.poll))
            return find_count(loop, exiting, out.count);
    }
    return false;
}

void Cutter::forget(const Poll &poll)
{
    poll.test->replaceAllUsesWith(ConstantInt::getBool(f.getContext(), poll.branch->getSuccessor(0) == poll.quiet));
    poll.test->eraseFromParent();
    poll.flag->eraseFromParent();
}

/* A loop that is not to be cut loses its poll: one that makes few turns, or in a nest of three (above), which may have to be copied first. */
bool Cutter::spare(Loop *loop)
{
    Shape s = {};
    if (!loop->isInnermost() || !look_at(loop, s))
        return false;
    const SCEV *n = se.getExitCount(loop, s.exiting);
    auto *constant = dyn_cast<SCEVConstant>(n);
    bool few = constant && constant->getAPInt().ult(1 << BUDGET_BITS);
    if (!few && !(loop->getLoopDepth() > 2 && se.isLoopInvariant(n, loop->getParentLoop())))
        return false;
    if (!few && hl_may_be_long(loop, n, se))
        whole.push_back(loop->getHeader());
    else
        forget(s.poll);
    settled.insert(loop->getHeader());
    return true;
}

bool Cutter::cut(Loop *loop)
{
    Shape s = {};
    if (!look_at(loop, s))
        return false;
    BasicBlock *exiting = s.exiting, *exit = s.exit;
    auto *leave = s.leave;
    unsigned way_out = s.way_out;
    Poll &poll = s.poll;
    Count &count = s.count;
    BasicBlock *front = loop->getLoopPreheader(), *header = loop->getHeader(), *latch = loop->getLoopLatch();
    Type *i64 = Type::getInt64Ty(f.getContext());
#if LLVM_VERSION_MAJOR >= 22
    SCEVExpander expander(se, "pieces");
#else
    SCEVExpander expander(se, f.getDataLayout(), "pieces");
#endif
    Value *start = count.phi->getIncomingValueForBlock(front), *end = nullptr;
    if (auto *test = dyn_cast<ICmpInst>(leave->getCondition())) /* as a rule the condition names the end */
        for (Value *v : test->operands())
            if (loop->isLoopInvariant(v) && v->getType() == i64 && se.getSCEV(v) == count.end)
                end = v;
    if (!end && !expander.isSafeToExpandAt(count.end, front->getTerminator()))
        return false;
    formLCSSA(*loop, dominators, &loops, &se);
    if (!end)
        end = expander.expandCodeFor(count.end, i64, front->getTerminator());
    Value *turns = turns_of_piece(loop, expander);
    IRBuilder<> b(outside(loop, {start, end, turns}));
    Value *some = b.CreateBinaryIntrinsic(Intrinsic::umin, count.down ? b.CreateSub(start, end) : b.CreateSub(end, start), turns);
    Value *first = count.down ? b.CreateSub(start, some) : b.CreateAdd(start, some);

    BasicBlock *piece = SplitEdge(front, header, &dominators, &loops);
    ValueToValueMapTy moved;
    BasicBlock *look = move_poll(exit, poll, moved);

    /* the way back from the poll leads to `again`, and from there to the next piece */
    BasicBlock *again = BasicBlock::Create(f.getContext(), "again", &f, poll.quiet);
    BranchInst::Create(piece, again);
    poll.back->getTerminator()->replaceSuccessorWith(poll.quiet, again);
    poll.quiet->removePredecessor(poll.back, true);

    /* the loop is left at the end of the piece */
    PHINode *limit = PHINode::Create(i64, 2, "limit", piece->begin());
    limit->addIncoming(first, front);
    b.SetInsertPoint(leave);
    Value *old = leave->getCondition();
    leave->setCondition(way_out ? b.CreateICmpNE(count.last, limit) : b.CreateICmpEQ(count.last, limit));
    RecursivelyDeleteTriviallyDeadInstructions(old);

    /* what it carries goes on with the next piece */
    auto at_exit = [&](Value *v) -> Value * {
        auto *i = dyn_cast<Instruction>(v);
        if (!i || !loop->contains(i))
            return v;
        for (PHINode &there : exit->phis()) /* a second one would keep the vectoriser from sums in order: it counts their uses */
            if (there.getIncomingValueForBlock(exiting) == v)
                return &there;
        PHINode *phi = PHINode::Create(v->getType(), 1, "", exit->begin());
        phi->addIncoming(v, exiting);
        return phi;
    };
    Value *reached = at_exit(count.last);
    for (PHINode &phi : header->phis()) {
        Value *start = phi.getIncomingValueForBlock(piece), *last = at_exit(exiting == latch ? phi.getIncomingValueForBlock(latch) : &phi);
        PHINode *kept = PHINode::Create(phi.getType(), 2, "", piece->begin());
        phi.setIncomingValueForBlock(piece, kept);
        kept->addIncoming(start, front);
        kept->addIncoming(last, again);
    }
    b.SetInsertPoint(again->getTerminator());
    Value *left = count.down ? b.CreateSub(reached, end) : b.CreateSub(end, reached);
    left = b.CreateBinaryIntrinsic(Intrinsic::umin, left, turns);
    limit->addIncoming(count.down ? b.CreateSub(reached, left) : b.CreateAdd(reached, left), again);

    /* from the loop to the poll when there is more, else past it */
    Instruction *jump = exit->getTerminator();
    b.SetInsertPoint(jump);
    b.CreateCondBr(b.CreateICmpNE(limit, end), look, jump->getSuccessor(0), MDBuilder(f.getContext()).createUnlikelyBranchWeights());
    jump->eraseFromParent();

    renew(moved, look);
    settled.insert(header);
    settled.insert(piece);
    return true;
}

/* --- in each turn ------------------------------------------------------------------------------------------------------------- */

/* Between `from`, where the loop may be left for the poll, and the next block of its turn: a look at the flag, and a copy of the way to
 * the poll and of what it does.  All that this needs is known there, as it is where the loop is left. */
void Cutter::watch(BasicBlock *from, unsigned way_out, const Poll &poll)
{
    BasicBlock *exit = from->getTerminator()->getSuccessor(way_out), *on = from->getTerminator()->getSuccessor(1 - way_out);
    BasicBlock *tick = SplitEdge(from, on, &dominators, &loops), *look = BasicBlock::Create(f.getContext(), "look", &f, poll.quiet);
    ValueToValueMapTy moved;
    BasicBlock *before = from;
    for (BasicBlock *b = exit;; b = b->getSingleSuccessor()) {
        copy(b, before, poll, look, moved);
        if (b == poll.branch->getParent())
            break;
        before = b;
    }
    copy(poll.come, poll.branch->getParent(), poll, look, moved);
    Instruction *leave = poll.come->getTerminator()->clone();
    leave->insertInto(look, look->end());
    RemapInstruction(leave, moved, RF_NoModuleLevelChanges | RF_IgnoreMissingLocals);
    for (unsigned k = 0; k < leave->getNumSuccessors(); k++) {
        BasicBlock *to = leave->getSuccessor(k);
        if (to == poll.quiet || to == poll.back) {
            leave->setSuccessor(k, on);
            continue;
        }
        for (PHINode &phi : to->phis()) {
            Value *v = phi.getIncomingValueForBlock(poll.come);
            auto known = moved.find(v);
            phi.addIncoming(known != moved.end() ? static_cast<Value *>(known->second) : v, look);
        }
    }
    for (PHINode &phi : on->phis())
        phi.addIncoming(phi.getIncomingValueForBlock(tick), look);
    Instruction *jump = tick->getTerminator();
    IRBuilder<> b(jump);
    auto *flag = cast<LoadInst>(b.Insert(poll.flag->clone()));
    flag->setMetadata(mark, nullptr);
    b.CreateCondBr(b.CreateIsNotNull(flag), look, on, MDBuilder(f.getContext()).createUnlikelyBranchWeights());
    jump->eraseFromParent();
    renew(moved, look);
}

/* A loop that could not be cut is left for a poll: it looks in every turn then.  LLVM makes such loops: one whose turns end in several
 * places, by `continue`, may become two in each other, of which neither counts. */
bool Cutter::watch(Loop *loop)
{
    SmallVector<BasicBlock *, 4> from, latches;
    loop->getExitingBlocks(from);
    loop->getLoopLatches(latches);
    for (BasicBlock *b : from) {
        auto *leave = dyn_cast<BranchInst>(b->getTerminator());
        bool always = leave && leave->isConditional() && all_of(latches, [&](BasicBlock *latch) { return dominators.dominates(b, latch); });
        unsigned way_out = always && loop->contains(leave->getSuccessor(0)) ? 1 : 0;
        Poll poll = {};
        if (!always || loop->contains(leave->getSuccessor(way_out)) || !loop->contains(leave->getSuccessor(1 - way_out)) || !find_poll(leave->getSuccessor(way_out), poll) ||
            !isa<BranchInst>(poll.come->getTerminator()))
            continue;
        if (!watched.insert(b).second)
            return false;
        watch(b, way_out, poll);
        return true;
    }
    return false;
}

/* A loop that was left whole looks in each turn when it turns out to be long (long_loops.cpp). */
void Cutter::look_when_long(BasicBlock *header)
{
    Loop *loop = loops.getLoopFor(header);
    Shape s = {};
    if (!look_at(loop, s)) {
        watch(loop);
        return;
    }
    const SCEV *turns = se.getExitCount(loop, s.exiting);
    if (!hl_choose_when_long(loop, turns, dominators, se)) {
        BasicBlock *copy = hl_copy_for_long(loop, turns, loops, dominators, se);
        if (!copy) {
            watch(loop);
            return;
        }
        ValueToValueMapTy none;
        renew(none, nullptr);
        loop = loops.getLoopFor(copy);
        addStringMetadataToLoop(loop, "llvm.loop.disable_nonforced", 1);
        if (!watch(loop))
            return; /* the poll behind both stays */
    }
    forget(s.poll);
}

/* New loops: nothing that is known about loops holds any more. */
void Cutter::renew(ValueToValueMapTy &moved, BasicBlock *look)
{
    dominators.recalculate(f);
    mend(moved, look);
    loops.releaseMemory();
    loops.analyze(dominators);
    se.forgetAllLoops();
}

bool Cutter::run()
{
    bool changed = false;
    for (Loop *loop : loops.getLoopsInPreorder())
        changed |= spare(loop);
    SmallPtrSet<BasicBlock *, 8> seen(settled.begin(), settled.end());
    changed |= hl_each_loop(loops, seen, false, [&](Loop *loop) { return cut(loop); });
    changed |= hl_each_loop(loops, settled, true, [&](Loop *loop) { return watch(loop); }); /* what an inner loop looks at in each turn, the loop around it need not */
    for (BasicBlock *header : whole)
        look_when_long(header);
    return changed;
}
} // namespace

PreservedAnalyses PiecesPass::run(Function &f, FunctionAnalysisManager &analyses)
{
    unsigned mark = f.getContext().getMDKindID(HL_PIECES);
    bool marked = false;
    for (BasicBlock &b : f)
        for (Instruction &i : b)
            marked |= i.hasMetadata(mark);
    if (!marked)
        return PreservedAnalyses::all();
    Cutter cutter{f, analyses.getResult<LoopAnalysis>(f), analyses.getResult<DominatorTreeAnalysis>(f),
                  analyses.getResult<ScalarEvolutionAnalysis>(f), analyses.getResult<AssumptionAnalysis>(f), mark};
    if (!cutter.run())
        return PreservedAnalyses::all();
    PreservedAnalyses kept; /* the cutter keeps them up to date */
    kept.preserve<DominatorTreeAnalysis>();
    kept.preserve<LoopAnalysis>();
    kept.preserve<ScalarEvolutionAnalysis>();
    return kept;
}
