/* What passes want to know about a loop before it runs. */
#ifndef HL_LOOPS_H
#define HL_LOOPS_H
#include "../compile.h"

/* Turns of `for i in range(…)` over constants, or of a `for` over a tuple; -1: not known.  Needs loops. */
int64_t hl_loop_turns(const hl_block *header);
/* Polls in recursive functions (recursion.c). */
void hl_poll_recursion(hl_func *f);
#endif
