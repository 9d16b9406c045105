/* Divisions in loops by what the loop does not change.
 *
 * x / s raises ZeroDivisionError, and a branch out of a loop keeps LLVM from vectorising it.  When s is known before the loop,
 * or is computed by pure arithmetic from such values (s * sqrt(2*pi)), that it is not zero becomes one more condition of the
 * loop's version without checks (bounds.c). */
#include "bounds.h"

static bool may_divide_by_zero(const hl_inst *i)
{
    if (i->op != HL_OP_truediv && i->op != HL_OP_floordiv && i->op != HL_OP_mod) return false;
    if (!i->rule || !(hl_ir_effects(i) & HL_E_RAISE)) return false;
    const hl_type *a = i->args[0]->type, *b = i->args[1]->type;
    return a && b && hl_is_real(hl_unliteral(a)) && hl_is_real(hl_unliteral(b)) && !hl_is_literal(b);
}

bool hl_divide_any(const hl_func *f)
{
    for (int k = 0; k < f->blocks.n; k++)
        for (const hl_inst *i = f->blocks.at[k]->first; i; i = i->next)
            if (may_divide_by_zero(i)) return true;
    return false;
}

/* Computed in the loop, but from nothing that the loop changes? */
static bool is_fixed(const hl_inst *v, const hl_block *loop, int depth)
{
    if (!hl_ir_loop_contains(loop, v->block)) return true;
    if (depth > 8 || !v->type || !hl_is_number(hl_unliteral(v->type))) return false;
    switch (v->op) {
    case HL_OP_const: return true;
    case HL_OP_add: case HL_OP_sub: case HL_OP_mul: case HL_OP_truediv: case HL_OP_neg: case HL_OP_pos: case HL_OP_cast: case HL_OP_call: break;
    default: return false;
    }
    if ((v->op == HL_OP_call && (!v->rule || v->rule->kind != HL_RULE_FUNC)) || hl_ir_effects(v) & (HL_E_RAISE | HL_E_READ | HL_E_WRITE)) return false;
    for (int k = 0; k < v->nargs; k++)
        if (!is_fixed(v->args[k], loop, depth + 1)) return false;
    return true;
}

hl_block *hl_divide_loop(hl_inst *i)
{
    hl_block *found = NULL;
    if (!may_divide_by_zero(i)) return NULL;
    for (hl_block *h = i->block->loop; h && is_fixed(i->args[1], h, 0); h = h->loop_parent) found = h;
    return found;
}

void hl_divide_hoist(hl_inst *v, const hl_block *loop, hl_inst *before)
{
    if (!hl_ir_loop_contains(loop, v->block)) return;
    for (int k = 0; k < v->nargs; k++) hl_divide_hoist(v->args[k], loop, before);
    hl_ir_remove(v);
    hl_ir_before(before, v);
}
