/* Both sides of a choice between sums, computed before it.
 *
 *     x = x // 2 if x % 2 == 0 else 3 * x + 1
 *
 * With overflow="raise" the right-hand side may raise, and what may raise keeps LLVM from choosing without a branch; where the choice is unpredictable
 * that is most of the time.  So the few pure instructions of short arms move in front of the branch, and a check among them counts only when its arm is
 * taken: "it fits, or this is not my arm".  The arms are empty then, and the phis behind them become selects.
 *
 * Nothing is observed in between: the arms hold no other instruction that raises, reads or writes.
 */
#include "private.h"

enum { MOST = 6 }; /* instructions in both arms */

static bool is_pure(const hl_inst *i)
{
    switch (i->op) {
    case HL_OP_const: case HL_OP_omitted: case HL_OP_cast: case HL_OP_neg: case HL_OP_add: case HL_OP_sub: case HL_OP_mul: case HL_OP_and: case HL_OP_or: case HL_OP_xor: break;
    case HL_OP_floordiv: case HL_OP_mod: case HL_OP_lshift: case HL_OP_rshift:
        if (!hl_is_literal(i->args[1]->type)) return false;
        break;
    default: return false;
    }
    if (i->op == HL_OP_const || i->op == HL_OP_omitted) return true;
    if (!i->type || !hl_is_intlike(hl_unliteral(i->type)) || i->flags & HL_I_FUSED) return false;
    for (int k = 0; k < i->nargs; k++)
        if (!hl_is_intlike(hl_unliteral(i->args[k]->type))) return false;
    if (i->flags & HL_I_OVERFLOW) return i->op == HL_OP_add || i->op == HL_OP_sub || i->op == HL_OP_mul;
    return !(hl_ir_effects(i) & (HL_E_READ | HL_E_WRITE | HL_E_RAISE | HL_E_CONSUME));
}

/* A block that does nothing but a little arithmetic between `from` and `to`.  Adds to the numbers of instructions and checks. */
static bool is_arm(const hl_block *arm, const hl_block *from, const hl_block *to, int *size, int *checks)
{
    if (arm->nsucc != 1 || arm->succ[0] != to || arm->pred.n != 1 || arm->pred.at[0] != from || arm->handler) return false;
    for (const hl_inst *i = arm->first; i != arm->last; i = i->next) {
        if (!is_pure(i)) return false;
        *size += i->op != HL_OP_const && i->op != HL_OP_omitted;
        *checks += (i->flags & HL_I_OVERFLOW) != 0;
    }
    return arm->last->op == HL_OP_jump;
}

static void move_out(hl_block *arm, hl_block *to)
{
    for (hl_inst *i = arm->first, *next; i != arm->last; i = next) {
        next = i->next;
        hl_ir_remove(i);
        hl_ir_before(to->last, i);
        i->note = arm;
    }
}

void hl_speculate(hl_func *f)
{
    for (int k = 0; k < f->blocks.n; k++)
        for (hl_inst *i = f->blocks.at[k]->first; i; i = i->next) i->note = NULL;
    for (int k = 0; k < f->blocks.n; k++) {
        hl_block *b = f->blocks.at[k];
        if (b->nsucc != 2 || b->succ[0] == b->succ[1] || b->last->op != HL_OP_branch || b->handler || b->slow) continue;
        hl_block *x = b->succ[0], *y = b->succ[1], *join = x->nsucc == 1 && x->succ[0] == y ? y : y->nsucc == 1 ? y->succ[0] : NULL;
        int size = 0, checks = 0;
        if (!join || !((x == join || is_arm(x, b, join, &size, &checks)) && (y == join || is_arm(y, b, join, &size, &checks)))) continue;
        if (!checks || size > MOST || join->id <= b->id) continue;
        if (x != join) move_out(x, b);
        if (y != join) move_out(y, b);
    }
}

V hl_unless_taken(hl_emit *e, const hl_inst *i)
{
    const hl_block *arm = i->note;
    if (!arm) return NULL;
    V taken = hl_parts(e, i->block->last->args[0])[0];
    return i->block->succ[0] == arm ? LLVMBuildNot(e->b, taken, "") : taken;
}
