/* Shared by ufunc_call.c and gufunc_call.c. */
#ifndef HL_EMIT_UFUNC_CALL_H
#define HL_EMIT_UFUNC_CALL_H
#include "array.h"

/* Calls the function with n parts; its results' parts go to `results`.  Returns the status. */
V hl_ufunc_function(hl_emit *e, const hl_ufunc_call *c, V *args, int n, V *results);
/* New arrays of the types and shapes; when memory is short, those made so far are given up. */
void hl_new_arrays(hl_emit *e, hl_inst *i, const hl_type *const *types, V (*shape)[HL_DIMS], int n, V *const *parts);
/* Goes on in a new block when the status is 0, and to *failed (made on first use) otherwise. */
void hl_ufunc_check(hl_emit *e, V status, LLVMBasicBlockRef *failed);
#endif
