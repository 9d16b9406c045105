/* Innermost loops of deep nests that turn out to be long, see long_loops.cpp. */
#ifndef HL_LONG_LOOPS_H
#define HL_LONG_LOOPS_H
#include <cstdint>

namespace llvm {
class BasicBlock;
class DominatorTree;
class Loop;
class LoopInfo;
class SCEV;
class ScalarEvolution;
} // namespace llvm

/* May the innermost loop, which jumps back `turns` times, take longer than a signal ought to wait? */
bool hl_may_be_long(llvm::Loop *loop, const llvm::SCEV *turns, llvm::ScalarEvolution &se);

/* Has the choice between two versions of the nest fall on the one that looks in each turn when the loop takes long.  false: there is no such choice. */
bool hl_choose_when_long(llvm::Loop *loop, const llvm::SCEV *turns, llvm::DominatorTree &dominators, llvm::ScalarEvolution &se);

/* Copies the loop; control goes to the copy when it takes long.  The copy's header, or nullptr: how long it takes is not known in front of it.
 * What was known about dominance and loops is out of date afterwards. */
llvm::BasicBlock *hl_copy_for_long(llvm::Loop *loop, const llvm::SCEV *turns, llvm::LoopInfo &loops, llvm::DominatorTree &dominators, llvm::ScalarEvolution &se);
#endif
