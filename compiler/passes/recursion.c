/* Recursion looks for signals.
 *
 * A function without loops takes long only if it calls itself, through whatever other functions, from more than one place: a chain of single calls ends at
 * the limit of recursion.  So a call that leads back to its own function gets a poll in front of it when another such call may have come before it in the
 * same activation: what never comes to a second call is over after a chain, and what does polls there.  fib(n - 1) + fib(n - 2) looks once in two calls, a
 * factorial never.
 *
 * The poll raises where the call would: it gets the call's handler.
 */
#include "loops.h"

enum { MANY = 64 }; /* calls: all but certainly not the first */

typedef HL_VEC(hl_func *) funcs;
typedef HL_VEC(hl_inst *) insts;

static hl_func *callee_of(const hl_inst *i) { return i->op == HL_OP_call && !i->rule ? i->data : NULL; }

/* Does `from` call `to`, itself or through others? */
static bool reaches(hl_func *from, const hl_func *to, funcs *seen)
{
    for (int b = 0; b < from->blocks.n; b++)
        for (const hl_inst *i = from->blocks.at[b]->first; i; i = i->next) {
            hl_func *callee = callee_of(i);
            bool known = !callee;
            if (callee == to) return true;
            for (int k = 0; k < seen->n; k++) known |= seen->at[k] == callee;
            if (known) continue;
            hl_push(to->arena, seen, callee);
            if (reaches(callee, to, seen)) return true;
        }
    return false;
}

static void mark_behind(const hl_block *b, bool *behind)
{
    for (int s = 0; s <= b->nsucc; s++) {
        const hl_block *to = s < b->nsucc ? b->succ[s] : b->handler;
        if (!to || behind[to->id]) continue;
        behind[to->id] = true;
        mark_behind(to, behind);
    }
}

static bool comes_before(const hl_inst *a, const hl_inst *b)
{
    while (a && a != b) a = a->next;
    return a != NULL;
}

static void poll_before(hl_inst *call)
{
    hl_block *b = call->block, *handler = b->handler;
    hl_inst *poll = hl_ir_new(b->func, HL_OP_poll, NULL, 0, call->span);
    poll->type = hl_T.none;
    hl_ir_before(call, poll);
    if (!handler) return;
    int p = hl_ir_pred_index(b, b->nsucc);
    hl_ir_set_handler(hl_ir_split_after(poll), handler);
    for (hl_inst *phi = handler->first; phi && (hl_ops[phi->op].effects & HL_E_HEAD); phi = phi->next)
        if (phi->op == HL_OP_phi) hl_ir_add_arg(b->func, phi, phi->args[p]);
}

void hl_poll_recursion(hl_func *f)
{
    insts calls = {0};
    for (int b = 0; b < f->blocks.n; b++)
        for (hl_inst *i = f->blocks.at[b]->first; i; i = i->next) {
            hl_func *callee = callee_of(i);
            if (callee && (callee == f || reaches(callee, f, &(funcs){0}))) hl_push(f->arena, &calls, i);
        }
    if (calls.n < 2) return;
    hl_ir_order(f);
    insts later = {0};
    for (int k = 0; k < calls.n; k++) {
        bool second = calls.n > MANY;
        for (int q = 0; q < calls.n && !second; q++) {
            const hl_inst *first = calls.at[q];
            bool *behind = HL_NEWN(f->arena, bool, f->blocks.n);
            mark_behind(first->block, behind);
            second = behind[calls.at[k]->block->id] || (q != k && first->block == calls.at[k]->block && comes_before(first, calls.at[k]));
        }
        if (second) hl_push(f->arena, &later, calls.at[k]);
    }
    for (int k = 0; k < later.n; k++) poll_before(later.at[k]);
    hl_ir_order(f);
}
