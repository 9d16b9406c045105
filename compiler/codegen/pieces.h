/* Our own passes over loops: `hl-latch`, `hl-steps` and `hl-pieces`, see latch.cpp, steps.cpp, pieces.cpp. */
#ifndef HL_PIECES_H
#define HL_PIECES_H
#include "llvm/IR/PassManager.h"

struct PiecesPass : llvm::PassInfoMixin<PiecesPass> {
    llvm::PreservedAnalyses run(llvm::Function &f, llvm::FunctionAnalysisManager &analyses);
};

struct LatchPass : llvm::PassInfoMixin<LatchPass> {
    llvm::PreservedAnalyses run(llvm::Function &f, llvm::FunctionAnalysisManager &analyses);
};

struct StepsPass : llvm::PassInfoMixin<StepsPass> {
    llvm::PreservedAnalyses run(llvm::Function &f, llvm::FunctionAnalysisManager &analyses);
};
#endif
