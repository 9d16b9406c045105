/* The passes `hl-pieces` and `hl-steps`, see pieces.cpp and steps.cpp. */
#ifndef HL_PIECES_H
#define HL_PIECES_H
#include "llvm/IR/PassManager.h"

struct PiecesPass : llvm::PassInfoMixin<PiecesPass> {
    llvm::PreservedAnalyses run(llvm::Function &f, llvm::FunctionAnalysisManager &analyses);
};

struct StepsPass : llvm::PassInfoMixin<StepsPass> {
    llvm::PreservedAnalyses run(llvm::Function &f, llvm::FunctionAnalysisManager &analyses);
};
#endif
