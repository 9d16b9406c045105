/* Loops whose number of turns the program text says. */
#include "loops.h"
#include "../infer/infer.h"

static int64_t turns_of_range(const hl_inst *range)
{
    int64_t at[3] = {0, 0, 1}, n = 0;
    for (int k = 0; k < range->nargs && k < 3; k++) {
        if (range->args[k]->type->kind == HL_K_OMITTED) break;
        if (!hl_is_literal(range->args[k]->type) || !hl_is_intlike(range->args[k]->type->elem)) return -1;
        at[n++] = range->args[k]->type->ival;
    }
    if (n == 1) at[1] = at[0], at[0] = 0;
    if (!at[2]) return -1;
    __int128 far = (__int128)at[1] - at[0], turns = (far + at[2] - (at[2] > 0 ? 1 : -1)) / at[2];
    return turns < 0 ? 0 : turns > INT64_MAX ? INT64_MAX : (int64_t)turns;
}

int64_t hl_loop_turns(const hl_block *header)
{
    const hl_inst *next = header->last->op == HL_OP_branch ? header->last->args[0] : NULL;
    if (!next || next->op != HL_OP_iternext || next->block != header || next->args[0]->op != HL_OP_getiter) return -1;
    const hl_inst *over = next->args[0]->args[0];
    if (over->type->kind == HL_K_TUPLE) return over->type->nitems;
    return over->type->kind == HL_K_RANGE && over->op == HL_OP_call && over->rule ? turns_of_range(over) : -1;
}
