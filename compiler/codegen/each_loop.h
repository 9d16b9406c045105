/* A walk over loops for passes that make new ones. */
#ifndef HL_EACH_LOOP_H
#define HL_EACH_LOOP_H
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Analysis/LoopInfo.h"
#include <algorithm>

/* Calls change(loop) once for each loop whose header is not among those `seen`, loops before those inside them, or behind (inner_first).
 * A change leaves other loops behind, so after each the walk begins anew.  Did anything change? */
template <typename Change> bool hl_each_loop(llvm::LoopInfo &loops, llvm::SmallPtrSetImpl<llvm::BasicBlock *> &seen, bool inner_first, Change change)
{
    bool changed = false;
    for (bool found = true; found;) {
        found = false;
        auto all = loops.getLoopsInPreorder();
        if (inner_first)
            std::reverse(all.begin(), all.end());
        for (llvm::Loop *loop : all) {
            if (!seen.insert(loop->getHeader()).second || !change(loop))
                continue;
            found = changed = true;
            break;
        }
    }
    return changed;
}
#endif
