/* What LLVM's C API lacks (llvm_extra.h): a pass of our own in a pipeline, reusing a code generation pipeline, linking one
 * object without a session, options.
 *
 * The pass `hl-interleave`: the vectoriser likes to work on two to four vectors at once.  That pays where a value is carried round the
 * loop (a sum waits for the addition before it), but elsewhere the processor overlaps iterations by itself, and a body of four
 * vectors means that a row of 28 pixels never reaches it.  Measured on Zen 4, float32 a*x + y: one vector at a time is 1.1 to 1.4 times
 * faster for 12 to 1,000 items and equal beyond, and less code to generate.  So loops that carry nothing but counters are told so, and
 * loops with a mathematical function, beside which an addition's wait is nothing.  The same pass keeps the vectoriser from plain sums
 * of floats: in order (`force-ordered-reductions`, machine.c: the values in vectors, then added one by one) they wait for the additions
 * whatever is done about the rest, so that it has to be a mathematical function, a division, or a longer formula to be worth it: a sum of
 * exp(x) is 10 times faster, of ((3x + 1)x + 2)x + y/(1 + x*x) 1.5 times, of x and x*y not at all.
 *
 * The pass `hl-split-results`: a function's result is one aggregate, its status first.  Inlined, its returns meet in a phi of
 * aggregates, through which no LLVM pass looks; made of one phi an item it lets the branch on the status be threaded, so that
 * failing leaves the loop around the call and nothing of a failure stays inside.
 *
 * The pass `hl-ahead`: `y = y0 + i * step` at the head of a loop whose body is another loop, one that ends after an unpredictable number of
 * turns (an escape-time fractal, a root finder).  The processor guesses that end wrongly, and only then begins with the next y: conversion,
 * product and sum are 13 cycles in which nothing else can be done.  Computed one turn ahead, in front of the inner loop, y is there.  (Akin
 * to the "shadow counters" of LLVM's strength reduction, but exact: no float is counted up.)
 *
 * The pass `hl-forward`: LLVM's loop-load-elim, which keeps x[i] in a register for the next turn's x[i - 1] (Gauss-Seidel 1.6 times, a
 * recurrence of second order 2.3), where it may have something to do.  It analyses every innermost loop anew, 3 % of compile time; most have
 * been vectorised by then, or do not load from the memory that they store to.
 *
 * The passes `hl-unroll` and `hl-narrow`, likewise: loop-unroll-full where a number of turns may be a constant (else 3 % of compile time),
 * correlated-propagation where there are divisions (2 %).
 *
 * The pass `hl-align`: Zen fetches decoded instructions, and predicts branches, by lines of 64 bytes.  A short loop that straddles two of them takes
 * 1.5 times as long as one that lies in one line (measured on Zen 4: a running sum of int64, with an overflow check or without), and which
 * of both it is would be chance.  Innermost loops that may fit into a line begin at one.  Deep in a nest, where they go over a window of two or
 * three items, they would be entered through the padding time and again: there the loop around them begins at a line, and they follow in it
 * (max-pooling: 1.3 times, whatever stands before).
 *
 * Linking uses RuntimeDyld directly: an object's sections are laid out, relocated against addresses that `resolve` gives, and made
 * executable.  Measured against LLJIT (LLVM 22): 0.05 ms an object against 0.13, nothing to create first against 1.4 ms, and two
 * threads share no lock.
 */
#include "llvm_extra.h"
#include "llvm/ADT/MapVector.h"
#include "exact.h"
#include "pieces.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/OptimizationRemarkEmitter.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/ExecutionEngine/RuntimeDyld.h"
#include "llvm/ExecutionEngine/SectionMemoryManager.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Scalar/CorrelatedValuePropagation.h"
#include "llvm/Transforms/Scalar/LoopLoadElimination.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/LoopUnrollPass.h"
#include "llvm/Transforms/Utils/Local.h"
#include "llvm/Transforms/Utils/LoopUtils.h"
#include <cstdlib>
#include <cstring>

using namespace llvm;

void hlx_set_option(const char *name, const char *value)
{
    auto &options = cl::getRegisteredOptions();
    auto it = options.find(name);
    if (it != options.end() && it->second->getNumOccurrences() == 0)
        it->second->addOccurrence(0, name, value);
}

LLVMValueRef hlx_masked_load(LLVMBuilderRef b, LLVMTypeRef vector, LLVMValueRef at, unsigned align, LLVMValueRef mask)
{
    Type *type = unwrap(vector);
    return wrap(unwrap(b)->CreateMaskedLoad(type, unwrap(at), Align(align), unwrap(mask), Constant::getNullValue(type)));
}

namespace {
bool carries_values(Loop *loop, ScalarEvolution &se)
{
    for (PHINode &phi : loop->getHeader()->phis())
        if (!se.isSCEVable(phi.getType()) || !isa<SCEVAddRecExpr>(se.getSCEV(&phi)))
            return true;
    return false;
}

/* A function that has vector versions, and takes longer than any sum's addition. */
bool calls_mathematics(Loop *loop)
{
    for (BasicBlock *block : loop->blocks())
        for (Instruction &i : *block)
            if (auto *call = dyn_cast<CallInst>(&i))
                if (call->getFnAttr("vector-function-abi-variant").isValid())
                    return true;
    return false;
}

/* The addition to a float that the loop carries round, one iteration after the other; nullptr: there is none. */
Instruction *sum_in_order(Loop *loop)
{
    BasicBlock *latch = loop->getLoopLatch();
    for (PHINode &phi : loop->getHeader()->phis())
        if (auto *sum = latch && phi.getType()->isFloatingPointTy() ? dyn_cast<Instruction>(phi.getIncomingValueForBlock(latch)) : nullptr)
            if ((sum->getOpcode() == Instruction::FAdd || sum->getOpcode() == Instruction::FSub) && !sum->hasAllowReassoc())
                return sum;
    return nullptr;
}

/* Does the loop more than the processor gets done while it waits for one addition to end? */
bool outlasts_an_addition(Loop *loop)
{
    enum { WHILE_ADDING = 8 };
    int n = 0;
    for (BasicBlock *block : loop->blocks())
        for (Instruction &i : *block) {
            auto *intrinsic = dyn_cast<IntrinsicInst>(&i);
            n += isa<BinaryOperator>(i) && i.getType()->isFloatingPointTy();
            if (i.getOpcode() == Instruction::FDiv || (intrinsic && intrinsic->getIntrinsicID() == Intrinsic::sqrt) || n > WHILE_ADDING)
                return true;
        }
    return calls_mathematics(loop);
}

struct InterleavePass : PassInfoMixin<InterleavePass> {
    PreservedAnalyses run(Function &f, FunctionAnalysisManager &analyses)
    {
        LoopInfo &loops = analyses.getResult<LoopAnalysis>(f);
        if (!loops.empty()) {
            ScalarEvolution &se = analyses.getResult<ScalarEvolutionAnalysis>(f);
            for (Loop *loop : loops.getLoopsInPreorder()) {
                if (loop->isInnermost() && (!carries_values(loop, se) || calls_mathematics(loop)))
                    addStringMetadataToLoop(loop, "llvm.loop.interleave.count", 1);
                Instruction *sum = loop->isInnermost() ? sum_in_order(loop) : nullptr;
                if (sum && !outlasts_an_addition(loop)) {
                    addStringMetadataToLoop(loop, "llvm.loop.vectorize.enable", 0);
                    analyses.getResult<OptimizationRemarkEmitterAnalysis>(f).emit([&] {
                        return OptimizationRemarkMissed("loop-vectorize", "AddsInOrder", sum->getDebugLoc(), loop->getHeader());
                    });
                }
            }
        }
        return PreservedAnalyses::all();
    }
};

/* Item k of an aggregate that was put together by insertvalue; NULL: made otherwise. */
Value *item_of(Value *aggregate, unsigned k)
{
    for (auto *insert = dyn_cast<InsertValueInst>(aggregate); insert; insert = dyn_cast<InsertValueInst>(aggregate)) {
        if (insert->getNumIndices() != 1)
            return nullptr;
        if (insert->getIndices()[0] == k)
            return insert->getInsertedValueOperand();
        aggregate = insert->getAggregateOperand();
    }
    auto *constant = dyn_cast<Constant>(aggregate);
    return constant ? constant->getAggregateElement(k) : nullptr;
}

/* Phis of the items that are taken out of a phi of aggregates; false: it stays. */
bool split(PHINode *phi)
{
    SmallMapVector<unsigned, PHINode *, 4> items;
    for (User *user : phi->users()) {
        auto *extract = dyn_cast<ExtractValueInst>(user);
        if (!extract || extract->getNumIndices() != 1)
            return false;
        items[extract->getIndices()[0]] = nullptr;
    }
    for (auto &item : items)
        for (Value *from : phi->incoming_values())
            if (!item_of(from, item.first))
                return false;
    for (auto &item : items) {
        auto *type = cast<StructType>(phi->getType())->getElementType(item.first);
        item.second = PHINode::Create(type, phi->getNumIncomingValues(), "", phi->getIterator());
        for (unsigned k = 0; k < phi->getNumIncomingValues(); k++)
            item.second->addIncoming(item_of(phi->getIncomingValue(k), item.first), phi->getIncomingBlock(k));
    }
    for (User *user : make_early_inc_range(phi->users())) {
        auto *extract = cast<ExtractValueInst>(user);
        extract->replaceAllUsesWith(items[extract->getIndices()[0]]);
        extract->eraseFromParent();
    }
    phi->eraseFromParent();
    return true;
}

/* The last of at most four instructions that turn the counter of the loop, one after another, into a float: x0 + i * step. */
Instruction *end_of_chain(Instruction *first, Loop *loop)
{
    Instruction *last = first;
    for (int n = 1; n < 4 && last->hasOneUse(); n++) {
        auto *next = dyn_cast<BinaryOperator>(last->user_back());
        if (!next || next->getParent() != first->getParent() || !is_contained({Instruction::FMul, Instruction::FAdd, Instruction::FSub}, next->getOpcode()))
            break;
        if (!loop->isLoopInvariant(next->getOperand(next->getOperand(0) == last)))
            break;
        last = next;
    }
    return last;
}

Value *copy_chain(Instruction *first, Instruction *last, Value *counter, BasicBlock::iterator where)
{
    Value *from = first->getOperand(0), *value = counter;
    for (Instruction *i = first;; i = i->user_back()) {
        Instruction *copy = i->clone();
        copy->insertBefore(where);
        copy->replaceUsesOfWith(from, value);
        from = i, value = copy;
        if (i == last)
            return value;
    }
}

/* The float that the counter gives is computed one turn ahead when a loop inside waits for it. */
bool compute_ahead(CastInst *first, PHINode *counter, Loop *loop, LoopInfo &loops)
{
    BasicBlock *header = loop->getHeader(), *latch = loop->getLoopLatch(), *before = loop->getLoopPreheader();
    auto *step = dyn_cast<BinaryOperator>(counter->getIncomingValueForBlock(latch));
    if (!step || step->getOpcode() != Instruction::Add || step->getOperand(0) != counter || !isa<ConstantInt>(step->getOperand(1)))
        return false;
    Instruction *last = end_of_chain(first, loop);
    bool awaited = any_of(last->users(), [&](User *user) {
        Loop *at = loops.getLoopFor(cast<Instruction>(user)->getParent());
        return at && at != loop && loop->contains(at);
    });
    if (!awaited)
        return false;
    auto behind = std::next(last->getIterator());
    auto *next = BinaryOperator::CreateAdd(counter, step->getOperand(1), "", behind);
    PHINode *phi = PHINode::Create(last->getType(), 2, "", header->begin());
    phi->addIncoming(copy_chain(first, last, counter->getIncomingValueForBlock(before), before->getTerminator()->getIterator()), before);
    phi->addIncoming(copy_chain(first, last, next, behind), latch);
    last->replaceAllUsesWith(phi);
    RecursivelyDeleteTriviallyDeadInstructions(last);
    return true;
}

/* Code generation repeats a comparison in each block that uses it, which is right for the flags of scalars, and one instruction a turn too much for
 * the mask of a window's rows, where masks have registers of their own (AVX-512).  It does not look behind a freeze. */
bool keep_masks(Function &f, const LoopInfo &loops, const TargetTransformInfo &target)
{
    SmallSetVector<CmpInst *, 4> masks;
    for (BasicBlock &block : f)
        if (Loop *loop = loops.getLoopFor(&block))
            for (Instruction &i : block)
                for (Value *operand : i.operands())
                    if (auto *mask = dyn_cast<CmpInst>(operand))
                        if (mask->getType()->isVectorTy() && !loop->contains(mask) && target.isLegalMaskedCompressStore(mask->getOperand(0)->getType(), Align(1)))
                            masks.insert(mask);
    for (CmpInst *mask : masks) {
        auto *kept = new FreezeInst(mask, "", std::next(mask->getIterator()));
        mask->replaceUsesWithIf(kept, [&](Use &use) { return use.getUser() != kept; });
    }
    return !masks.empty();
}

struct AheadPass : PassInfoMixin<AheadPass> {
    PreservedAnalyses run(Function &f, FunctionAnalysisManager &analyses)
    {
        LoopInfo &loops = analyses.getResult<LoopAnalysis>(f);
        bool changed = keep_masks(f, loops, analyses.getResult<TargetIRAnalysis>(f));
        for (Loop *loop : loops.getLoopsInPreorder()) {
            if (loop->isInnermost() || !loop->getLoopPreheader() || !loop->getLoopLatch())
                continue;
            SmallVector<std::pair<CastInst *, PHINode *>, 4> found;
            for (PHINode &phi : loop->getHeader()->phis())
                for (User *user : phi.users())
                    if ((isa<SIToFPInst>(user) || isa<UIToFPInst>(user)) && cast<Instruction>(user)->getParent() == loop->getHeader())
                        found.push_back({cast<CastInst>(user), &phi});
            for (auto &pair : found)
                changed |= compute_ahead(pair.first, pair.second, loop, loops);
        }
        return changed ? PreservedAnalyses::none() : PreservedAnalyses::all();
    }
};

/* Does the loop make few enough instructions for 64 bytes?  They have four bytes or five. */
bool is_short(Loop *loop)
{
    unsigned n = 0;
    for (BasicBlock *block : loop->blocks())
        for (Instruction &i : *block)
            n += !isa<PHINode>(i) && !isa<GetElementPtrInst>(i) && !isa<CastInst>(i) && !i.isDebugOrPseudoInst();
    return n <= 32;
}

void align_loop(Loop *loop)
{
    addStringMetadataToLoop(loop, "llvm.loop.align", 64);
    /* Code generation removes an empty block in front of the loop; where that begins the loop around it (one that was cut into pieces),
     * the two have one header then, and are one loop to it, of which all back edges must say the same. */
    BasicBlock *before = loop->getLoopPreheader();
    Loop *around = loop->getParentLoop();
    if (around && before == around->getHeader() && before->getFirstNonPHIIt() == before->getTerminator()->getIterator())
        around->setLoopID(loop->getLoopID());
}

/* A loop that was not vectorised loads items of memory that it also stores to. */
bool reads_what_it_writes(Loop *loop)
{
    SmallPtrSet<const Value *, 4> written;
    if (!loop->isInnermost() || findStringMetadataForLoop(loop, "llvm.loop.isvectorized") || findStringMetadataForLoop(loop, "llvm.loop.disable_nonforced"))
        return false;
    for (BasicBlock *block : loop->blocks())
        for (Instruction &i : *block)
            if (auto *store = dyn_cast<StoreInst>(&i))
                written.insert(getUnderlyingObject(store->getPointerOperand()));
    for (BasicBlock *block : loop->blocks())
        for (Instruction &i : *block)
            if (auto *load = dyn_cast<LoadInst>(&i); load && !written.empty() && written.count(getUnderlyingObject(load->getPointerOperand())))
                return true;
    return false;
}

/* May the number of turns be a constant?  Then a counter begins with one, and is compared with one. */
bool may_be_short(Loop *loop)
{
    BasicBlock *before = loop->getLoopPredecessor();
    SmallVector<BasicBlock *, 4> exiting;
    loop->getExitingBlocks(exiting);
    bool compared = any_of(exiting, [](BasicBlock *block) {
        auto *branch = dyn_cast<BranchInst>(block->getTerminator());
        auto *ends = branch && branch->isConditional() ? dyn_cast<CmpInst>(branch->getCondition()) : nullptr;
        return !ends || isa<Constant>(ends->getOperand(0)) || isa<Constant>(ends->getOperand(1));
    });
    return compared && (!before || any_of(loop->getHeader()->phis(), [&](PHINode &phi) { return isa<Constant>(phi.getIncomingValueForBlock(before)); }));
}

struct UnrollPass : PassInfoMixin<UnrollPass> {
    PreservedAnalyses run(Function &f, FunctionAnalysisManager &analyses)
    {
        LoopInfo &loops = analyses.getResult<LoopAnalysis>(f);
        if (none_of(loops.getLoopsInPreorder(), may_be_short))
            return PreservedAnalyses::all();
        return createFunctionToLoopPassAdaptor(LoopFullUnrollPass()).run(f, analyses);
    }
};

/* Divisions are what it is for. */
struct NarrowPass : PassInfoMixin<NarrowPass> {
    PreservedAnalyses run(Function &f, FunctionAnalysisManager &analyses)
    {
        return any_of(instructions(f), [](Instruction &i) { return i.isIntDivRem(); }) ? CorrelatedValuePropagationPass().run(f, analyses) : PreservedAnalyses::all();
    }
};

struct ForwardPass : PassInfoMixin<ForwardPass> {
    PreservedAnalyses run(Function &f, FunctionAnalysisManager &analyses)
    {
        LoopInfo &loops = analyses.getResult<LoopAnalysis>(f);
        return any_of(loops.getLoopsInPreorder(), reads_what_it_writes) ? LoopLoadEliminationPass().run(f, analyses) : PreservedAnalyses::all();
    }
};

struct AlignPass : PassInfoMixin<AlignPass> {
    PreservedAnalyses run(Function &f, FunctionAnalysisManager &analyses)
    {
        for (Loop *loop : analyses.getResult<LoopAnalysis>(f).getLoopsInPreorder()) {
            if (!loop->isInnermost() || findStringMetadataForLoop(loop, "llvm.loop.disable_nonforced"))
                continue;
            Loop *first = loop->getLoopDepth() <= 4 ? loop : loop->getParentLoop();
            if (is_short(first))
                align_loop(first);
        }
        return PreservedAnalyses::all();
    }
};

struct SplitResultsPass : PassInfoMixin<SplitResultsPass> {
    PreservedAnalyses run(Function &f, FunctionAnalysisManager &)
    {
        bool changed = false;
        for (BasicBlock &block : f)
            for (PHINode &phi : make_early_inc_range(block.phis()))
                if (phi.getType()->isStructTy())
                    changed |= split(&phi);
        return changed ? PreservedAnalyses::none() : PreservedAnalyses::all();
    }
};

bool parse_own(StringRef name, FunctionPassManager &passes, ArrayRef<PassBuilder::PipelineElement>)
{
    if (name == "hl-interleave")
        passes.addPass(InterleavePass());
    else if (name == "hl-ahead")
        passes.addPass(AheadPass());
    else if (name == "hl-unroll")
        passes.addPass(UnrollPass());
    else if (name == "hl-narrow")
        passes.addPass(NarrowPass());
    else if (name == "hl-forward")
        passes.addPass(ForwardPass());
    else if (name == "hl-align")
        passes.addPass(AlignPass());
    else if (name == "hl-split-results")
        passes.addPass(SplitResultsPass());
    else if (name == "hl-exact")
        passes.addPass(ExactPass());
    else if (name == "hl-pieces")
        passes.addPass(PiecesPass());
    else if (name == "hl-latch")
        passes.addPass(LatchPass());
    else if (name == "hl-steps")
        passes.addPass(StepsPass());
    else
        return false;
    return true;
}
} // namespace

char *hlx_run_passes(LLVMModuleRef m, const char *pipeline, LLVMTargetMachineRef tm)
{
    PassBuilder builder(reinterpret_cast<TargetMachine *>(tm));
    LoopAnalysisManager loops;
    FunctionAnalysisManager functions;
    CGSCCAnalysisManager sccs;
    ModuleAnalysisManager modules;
    ModulePassManager passes;
    builder.registerPipelineParsingCallback(parse_own);
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(sccs);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, sccs, modules);
    if (auto error = builder.parsePassPipeline(passes, pipeline))
        return strdup(toString(std::move(error)).c_str());
    passes.run(*unwrap(m), modules);
    return nullptr;
}

namespace {
/* Hands the vectoriser's remarks on; everything else goes to the handler that was there. */
class Listener : public DiagnosticHandler {
public:
    using On = void (*)(void *, const char *, const char *, const hlx_line *, int);
    Listener(On on, void *arg, std::unique_ptr<DiagnosticHandler> before) : on(on), arg(arg), before(std::move(before)) {}
    bool isAnalysisRemarkEnabled(StringRef pass) const override { return pass == "loop-vectorize"; }
    bool isMissedOptRemarkEnabled(StringRef pass) const override { return pass == "loop-vectorize"; }
    bool isPassedOptRemarkEnabled(StringRef pass) const override { return pass == "loop-vectorize"; }
    bool isAnyRemarkEnabled() const override { return true; }
    bool handleDiagnostics(const DiagnosticInfo &info) override
    {
        if (auto *remark = dyn_cast<DiagnosticInfoIROptimization>(&info)) {
            if (StringRef(remark->getPassName()) == "loop-vectorize")
                report(*remark);
            return true;
        }
        return before && before->handleDiagnostics(info);
    }

private:
    /* The remark's own place names the line of the culprit; how it was inlined is seen from the loop's instructions. */
    void report(const DiagnosticInfoIROptimization &remark)
    {
        SmallVector<hlx_line, 4> lines;
        SmallVector<std::string, 4> files;
        const DILocation *inlined = nullptr;
        if (auto *block = dyn_cast_or_null<BasicBlock>(remark.getCodeRegion()))
            for (const Instruction &i : *block)
                if (const DILocation *at = i.getDebugLoc().get()) {
                    inlined = at;
                    break;
                }
        if (remark.isLocationAvailable()) {
            DiagnosticLocation at = remark.getLocation();
            files.push_back(at.getAbsolutePath());
            lines.push_back({nullptr, at.getLine()});
        }
        for (const DILocation *at = inlined ? inlined->getInlinedAt() : nullptr; at; at = at->getInlinedAt()) {
            files.push_back(DiagnosticLocation(DebugLoc(at)).getAbsolutePath());
            lines.push_back({nullptr, at->getLine()});
        }
        for (size_t k = 0; k < lines.size(); k++)
            lines[k].file = files[k].c_str();
        on(arg, remark.getRemarkName().str().c_str(), remark.getMsg().c_str(), lines.data(), static_cast<int>(lines.size()));
    }
    On on;
    void *arg;
    std::unique_ptr<DiagnosticHandler> before;
};
} // namespace

void hlx_listen(LLVMContextRef context, Listener::On on, void *arg)
{
    LLVMContext &c = *unwrap(context);
    auto before = c.getDiagnosticHandler();
    c.setDiagnosticHandler(std::make_unique<Listener>(on, arg, std::move(before)));
}

struct hlx_emitter {
    SmallVector<char, 0> bytes;
    raw_svector_ostream out{bytes};
    legacy::PassManager passes;
};

hlx_emitter *hlx_emitter_new(LLVMTargetMachineRef tm)
{
    auto *e = new hlx_emitter;
    auto *machine = reinterpret_cast<TargetMachine *>(tm);
    if (machine->addPassesToEmitFile(e->passes, e->out, nullptr, CodeGenFileType::ObjectFile)) {
        delete e;
        return nullptr;
    }
    return e;
}

void hlx_emitter_free(hlx_emitter *e) { delete e; }

const char *hlx_emit_object(hlx_emitter *e, LLVMModuleRef m, size_t *size)
{
    e->bytes.clear();
    e->passes.run(*unwrap(m));
    *size = e->bytes.size();
    return e->bytes.data();
}

namespace {
class Resolver : public LegacyJITSymbolResolver {
public:
    explicit Resolver(void *(*resolve)(const char *)) : resolve(resolve) {}
    JITSymbol findSymbolInLogicalDylib(const std::string &) override { return nullptr; }
    JITSymbol findSymbol(const std::string &name) override
    {
#ifdef __APPLE__
        void *at = resolve(name.c_str() + (name[0] == '_'));
#else
        void *at = resolve(name.c_str());
#endif
        if (!at)
            return nullptr; /* RuntimeDyld reports it by name */
        return JITSymbol(reinterpret_cast<uintptr_t>(at), JITSymbolFlags::Exported);
    }

private:
    void *(*resolve)(const char *);
};

void *fail(char **error, const std::string &text)
{
    *error = strdup(text.c_str());
    return nullptr;
}
} // namespace

void *hlx_link(const char *object, size_t size, void *(*resolve)(const char *name), const char *entry, void **address, char **error)
{
    auto file = object::ObjectFile::createObjectFile(MemoryBufferRef(StringRef(object, size), "hotloop"));
    if (!file)
        return fail(error, toString(file.takeError()));
    auto memory = std::make_unique<SectionMemoryManager>();
    Resolver resolver(resolve);
    RuntimeDyld linker(*memory, resolver);
    linker.loadObject(**file);
    if (!linker.hasError())
        linker.finalizeWithMemoryManagerLocking();
    if (linker.hasError())
        return fail(error, linker.getErrorString().str());
#ifdef __APPLE__
    std::string name = std::string("_") + entry;
#else
    std::string name = entry;
#endif
    *address = reinterpret_cast<void *>(static_cast<uintptr_t>(linker.getSymbol(name).getAddress()));
    if (!*address)
        return fail(error, "the object does not define " + name);
    return memory.release();
}

void hlx_unlink(void *linked) { delete static_cast<SectionMemoryManager *>(linked); }
