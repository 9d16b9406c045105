/* The pass `hl-pieces`, see pieces.cpp. */
#ifndef HL_PIECES_H
#define HL_PIECES_H
#include "llvm/IR/PassManager.h"

struct PiecesPass : llvm::PassInfoMixin<PiecesPass> {
    llvm::PreservedAnalyses run(llvm::Function &f, llvm::FunctionAnalysisManager &analyses);
};
#endif
