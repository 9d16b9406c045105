/* Names by which emission and code generation know things in LLVM IR. */
#ifndef HL_EMIT_NAMES_H
#define HL_EMIT_NAMES_H
#define HL_SIGNAL_FLAG "hotloop.signal"  /* symbol of the flag that machine code reads (runtime/signal.c) */
#define HL_PIECES "hotloop.pieces"       /* metadata of a poll behind a loop that is to be cut into pieces (codegen/pieces.cpp) */
#define HL_CHOICE "hotloop.choice"       /* metadata of a branch between two versions of a loop that do the same, of which one looks for signals in each turn */
#define HL_OVERFLOW "hotloop.overflow"   /* metadata of the call that raises OverflowError (codegen/exact.cpp) */
#endif
