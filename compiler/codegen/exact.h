/* The pass `hl-exact`, see exact.cpp. */
#ifndef HL_EXACT_H
#define HL_EXACT_H
#include "llvm/IR/PassManager.h"

struct ExactPass : llvm::PassInfoMixin<ExactPass> {
    llvm::PreservedAnalyses run(llvm::Function &f, llvm::FunctionAnalysisManager &analyses);
};
#endif
