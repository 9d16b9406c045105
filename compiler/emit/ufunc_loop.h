/* Shared by ufunc_loop.c and gufunc_loop.c: the entry of a loop that NumPy calls.
 *
 *   i32 entry(ptr context, ptr data, ptr dimensions, ptr strides, ptr auxiliary)     an ArrayMethod's strided loop */
#ifndef HL_EMIT_UFUNC_LOOP_H
#define HL_EMIT_UFUNC_LOOP_H
#include "private.h"

enum { HL_LOOP_CONTEXT, HL_LOOP_DATA, HL_LOOP_DIMENSIONS, HL_LOOP_STRIDES };

/* Emission goes on in the first block of the entry, or of the function that the entry will have called; returns the block that reports a failure. */
LLVMBasicBlockRef hl_ufunc_begin(hl_emit *e, bool is_entry);
void hl_ufunc_hand_over(hl_emit *e, V *serial, V p[4]);       /* that function is complete: now the entry, and its first parameters */
int64_t hl_ufunc_cost(const hl_func *f);                      /* about how many operations a call takes, loops run once */
V hl_ufunc_word(hl_emit *e, LLVMTypeRef t, int param, int k); /* entry k of an array that the loop was given */
void hl_emit_gufunc_loop(hl_emit *e, hl_func *f);
#endif
