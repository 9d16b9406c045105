/* Checks what every pass may rely on.  The order of the checks matters: later ones walk what earlier ones found sound.
 *
 *   shape      terminators end blocks and nothing else does, heads stand at the head, operand and target counts
 *   edges      succ and handler on one side, pred on the other, agree in number; phi operands correspond to pred
 *   try        in a block with a handler only the last instruction before the terminator may raise; `catch` heads a
 *              block that only exceptions lead to
 *   dominance  a value is defined on every way to its use.  What the raising instruction of a block with a handler
 *              defines does not exist on the exception edge
 *   types      (when typed) present, and consistent where values flow without an instruction: phi, branch, return
 */
#include "ir.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct check { hl_func *f; char *error; } check;

static bool __attribute__((format(printf, 4, 5))) bad(check *c, const hl_block *b, const hl_inst *i, const char *fmt, ...)
{
    char buf[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    if (!c->error)
        c->error = i ? hl_sprintf(c->f->arena, "%s: b%u, %%%u = %s: %s", c->f->name, b->id, i->id, hl_ops[i->op].name, buf)
                     : hl_sprintf(c->f->arena, "%s: b%u: %s", c->f->name, b->id, buf);
    return false;
}

/* --- shape ------------------------------------------------------------------------------------------------------ */

static int targets(int op) { return op == HL_OP_jump ? 1 : op == HL_OP_branch ? 2 : 0; }

static bool check_inst(check *c, hl_block *b, hl_inst *i, bool *in_head)
{
    const hl_op_info *info = &hl_ops[i->op];
    if (i->block != b) return bad(c, b, i, "does not know its block");
    int least = i->op == HL_OP_call && (i->rule || i->data) ? 0 : info->min; /* a resolved call has lost its callee */
    if (i->nargs < least || (info->max >= 0 && i->nargs > info->max)) return bad(c, b, i, "has %d operands", i->nargs);
    for (int k = 0; k < i->nargs; k++)
        if (!i->args[k] || !i->args[k]->block) return bad(c, b, i, "operand %d is not placed in a block", k);
    if ((info->effects & HL_E_TERM) != 0 && i->next) return bad(c, b, i, "is not the last instruction");
    if ((info->effects & HL_E_HEAD) == 0) *in_head = false;
    else if (!*in_head) return bad(c, b, i, "does not stand at the head");
    if (i->op == HL_OP_phi && i->nargs != b->pred.n)
        return bad(c, b, i, "has %d operands for %d predecessors", i->nargs, b->pred.n);
    if (i->op == HL_OP_param && (i->ival < 0 || i->ival >= c->f->nparams || b != c->f->blocks.at[0]))
        return bad(c, b, i, "there is no such parameter, or not here");
    if ((info->imm == HL_IMM_NAME || i->op == HL_OP_const) && !i->obj) return bad(c, b, i, "lacks its immediate");
    return true;
}

static bool check_shape(check *c)
{
    for (int k = 0; k < c->f->blocks.n; k++) {
        hl_block *b = c->f->blocks.at[k];
        bool in_head = true;
        if (!b->last || !(hl_ops[b->last->op].effects & HL_E_TERM)) return bad(c, b, NULL, "has no terminator");
        if (b->nsucc != targets(b->last->op)) return bad(c, b, b->last, "has %d targets", b->nsucc);
        hl_inst *before = NULL;
        for (hl_inst *i = b->first; i; before = i, i = i->next) {
            if (i->prev != before) return bad(c, b, i, "is linked wrongly");
            if (!check_inst(c, b, i, &in_head)) return false;
        }
    }
    if (c->f->blocks.at[0]->pred.n) return bad(c, c->f->blocks.at[0], NULL, "the entry has predecessors");
    return true;
}

/* --- edges and try ---------------------------------------------------------------------------------------------- */

static int edges_to(const hl_block *from, const hl_block *to)
{
    int n = from->handler == to;
    for (int k = 0; k < from->nsucc; k++) n += from->succ[k] == to;
    return n;
}

static int entries_of(const hl_block *to, const hl_block *from)
{
    int n = 0;
    for (int k = 0; k < to->pred.n; k++) n += to->pred.at[k] == from;
    return n;
}

static bool check_edges(check *c)
{
    for (int k = 0; k < c->f->blocks.n; k++) {
        hl_block *b = c->f->blocks.at[k];
        for (int s = 0; s <= b->nsucc; s++) {
            hl_block *to = s < b->nsucc ? b->succ[s] : b->handler;
            if (to && edges_to(b, to) != entries_of(to, b)) return bad(c, b, NULL, "edges to b%u and its predecessors differ", to->id);
        }
        for (int p = 0; p < b->pred.n; p++)
            if (!edges_to(b->pred.at[p], b)) return bad(c, b, NULL, "b%u is listed as a predecessor", b->pred.at[p]->id);
    }
    return true;
}

/* The last instruction before the terminator, retain and release left aside; or NULL. */
static hl_inst *raising_instruction(const hl_block *b)
{
    hl_inst *i = b->last->prev;
    while (i && (i->op == HL_OP_retain || i->op == HL_OP_release)) i = i->prev;
    return i;
}

static bool check_try(check *c)
{
    for (int k = 0; k < c->f->blocks.n; k++) {
        hl_block *b = c->f->blocks.at[k];
        for (hl_inst *i = b->first; i; i = i->next) {
            if (i->op == HL_OP_catch)
                for (int p = 0; p < b->pred.n; p++)
                    if (b->pred.at[p]->handler != b || edges_to(b->pred.at[p], b) > 1)
                        return bad(c, b, i, "b%u comes here without an exception", b->pred.at[p]->id);
            if (b->handler && i->next && (hl_ir_effects(i) & HL_E_RAISE) && raising_instruction(b) != i)
                return bad(c, b, i, "may raise before the end of a block with a handler");
        }
    }
    return true;
}

/* --- dominance -------------------------------------------------------------------------------------------------- */

/* Does `def` come before `use`, or before the end of block b when use is NULL? */
static bool available(const hl_inst *def, const hl_block *b, const hl_inst *use)
{
    if (def->block != b) return hl_ir_dominates(def->block, b);
    if (!use) return true;
    for (const hl_inst *i = def->next; i; i = i->next)
        if (i == use) return true;
    return false;
}

static bool check_operands(check *c, hl_block *b, hl_inst *i)
{
    for (int k = 0; k < i->nargs; k++) {
        hl_inst *a = i->args[k];
        bool phi = i->op == HL_OP_phi;
        if (!available(a, phi ? b->pred.at[k] : b, phi ? NULL : i))
            return bad(c, b, i, "operand %d, %%%u, is not defined on every way here", k, a->id);
    }
    for (int k = 0; k < i->nunwind; k++)
        if (!i->unwind[k] || !i->unwind[k]->block || !available(i->unwind[k], b, i))
            return bad(c, b, i, "unwind value %d is not defined on every way here", k);
    return true;
}

/* The value of b's raising instruction must not be seen where the exception leads. */
static bool check_raised(check *c, hl_block *b)
{
    hl_inst *last = raising_instruction(b);
    if (!b->handler || !last || !(hl_ir_effects(last) & HL_E_RAISE) || !last->uses.n) return true;
    uint8_t *seen = HL_NEWN(c->f->arena, uint8_t, c->f->blocks.n);
    HL_VEC(hl_block *) work = {0};
    seen[b->id] = 1;
    if (!seen[b->handler->id]) hl_push(c->f->arena, &work, b->handler);
    while (work.n) {
        hl_block *at = work.at[--work.n];
        if (seen[at->id]) continue;
        seen[at->id] = 1;
        for (int s = 0; s <= at->nsucc; s++) {
            hl_block *to = s < at->nsucc ? at->succ[s] : at->handler;
            if (to && !seen[to->id]) hl_push(c->f->arena, &work, to);
        }
    }
    for (int u = 0; u < last->uses.n; u++) {
        hl_inst *use = last->uses.at[u];
        for (int k = 0; k < use->nargs; k++) {
            if (use->args[k] != last) continue;
            if (use->op != HL_OP_phi) {
                if (use->block != b && seen[use->block->id]) return bad(c, use->block, use, "uses %%%u where it may not have been computed", last->id);
                continue;
            }
            hl_block *from = use->block->pred.at[k];
            if ((from != b && seen[from->id]) || (from == b && b->handler == use->block))
                return bad(c, use->block, use, "uses %%%u where it may not have been computed", last->id);
        }
    }
    return true;
}

static bool check_dominance(check *c)
{
    for (int k = 0; k < c->f->blocks.n; k++) {
        hl_block *b = c->f->blocks.at[k];
        for (hl_inst *i = b->first; i; i = i->next)
            if (!check_operands(c, b, i)) return false;
        if (!check_raised(c, b)) return false;
    }
    return true;
}

/* --- types ------------------------------------------------------------------------------------------------------ */

static bool check_types(check *c)
{
    for (int k = 0; k < c->f->blocks.n; k++) {
        hl_block *b = c->f->blocks.at[k];
        for (hl_inst *i = b->first; i; i = i->next) {
            for (int a = 0; a < i->nargs; a++)
                if (!i->args[a]->type) return bad(c, b, i, "operand %d has no type", a);
            if (i->type && i->type->has_var) return bad(c, b, i, "type %s is not finished", i->type->name);
            if (i->op == HL_OP_phi) {
                if (!i->type) return bad(c, b, i, "has no type");
                for (int a = 0; a < i->nargs; a++)
                    if (i->args[a]->type->nparts != i->type->nparts)
                        return bad(c, b, i, "operand %d is %s, the phi %s", a, i->args[a]->type->name, i->type->name);
            }
            if (i->op == HL_OP_branch && hl_unliteral(i->args[0]->type)->kind != HL_K_BOOL)
                return bad(c, b, i, "condition is %s", i->args[0]->type->name);
            if (i->op == HL_OP_return && c->f->ret_type && i->args[0]->type->nparts != c->f->ret_type->nparts)
                return bad(c, b, i, "returns %s, the function %s", i->args[0]->type->name, c->f->ret_type->name);
        }
    }
    return true;
}

char *hl_ir_verify(hl_func *f, bool typed)
{
    check c = {f, NULL};
    if (!check_shape(&c) || !check_edges(&c) || !check_try(&c)) return c.error;
    hl_ir_order(f);
    hl_ir_dominators(f);
    hl_ir_uses(f);
    if (check_dominance(&c) && typed) check_types(&c);
    return c.error;
}
