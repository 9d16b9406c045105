/* Shared by emit.c and core.c. */
#ifndef HL_EMIT_PRIVATE_H
#define HL_EMIT_PRIVATE_H
#include "emit.h"

/* hl_func->data during emission. */
typedef struct hl_emitted { V fn; LLVMTypeRef type; bool recursive; } hl_emitted;

void hl_emit_core(hl_emit *e, hl_inst *i, V *out); /* instructions without a row */
void hl_emit_loop_safe(hl_emit *e, hl_inst *i, V *out); /* emit/bounds.c */
void hl_speculate(hl_func *f);                            /* emit/speculate.c */
V hl_unless_taken(hl_emit *e, const hl_inst *i);          /* that the arm which instruction i was moved out of is not taken; NULL: it stands where it stood */
void hl_emit_ufunc_loop(hl_emit *e, hl_func *f);         /* emit/ufunc_loop.c: the entry of a ufunc's loop */
void hl_emit_callback(hl_emit *e, hl_func *f);            /* emit/callback.c: the entry of a C callback */
void hl_emit_loop_hint(hl_emit *e, hl_inst *jump);       /* tells LLVM what the back edge of a loop is worth */
bool hl_stencil_unrolls(const hl_func *f);                /* emit/stencil.c: is it a kernel whose loops are short? */
/* emit/location.c: source lines for reports; they do nothing otherwise */
void hl_emit_lines_begin(hl_emit *e);
void hl_emit_lines_function(hl_emit *e, const hl_func *f);
void hl_emit_line(hl_emit *e, hl_span at);
void hl_emit_lines_leave(hl_emit *e);
void hl_emit_lines_end(hl_emit *e);
void hl_emit_box(hl_emit *e, hl_inst *i, V *out);        /* emit/object.c */
void hl_emit_unbox(hl_emit *e, hl_inst *i, V *out);
#endif
