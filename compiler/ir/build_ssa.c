/* SSA construction (Braun et al., CC 2013) and what tidies up behind it.
 *
 * A block knows the definitions of SSA variables at its end so far.  A variable that is not defined in a block is looked
 * up in its predecessors: one, and the search goes on there; several, and a phi is made; not all known yet (the block is
 * not *sealed*), and the phi waits for them.  A phi whose operands are one value and itself is that value: it forwards to
 * it, and all operands are replaced once, at the end.  Phis that become trivial because others did are found then too,
 * hence the form is minimal for the reducible control flow that Python has.
 *
 * While building, a phi or check_bound whose `data` is set forwards to it.
 */
#include "build.h"

typedef struct waiting { int var; hl_inst *phi; } waiting;

/* block->data while building */
typedef struct hl_defs {
    hl_inst **at; int room;
    bool sealed;
    bool object;                /* inside of a block under objmode */
    HL_VEC(waiting) waiting;
} hl_defs;

static hl_defs *defs_of(hl_block *block) { return block->data; }

static hl_inst *forwarded(hl_inst *i)
{
    while (i->data) i = i->data;
    return i;
}

int hl_build_var(hl_builder *b, PyObject *name)
{
    hl_push(b->arena, &b->names, name);
    hl_push(b->arena, &b->unbound, NULL);
    return b->nvars++;
}

hl_block *hl_build_block(hl_builder *b, bool sealed)
{
    hl_block *block = hl_ir_block(b->f);
    hl_defs *d = HL_NEW(b->arena, hl_defs);
    d->sealed = sealed;
    block->data = d;
    return block;
}

/* --- definitions ---------------------------------------------------------------------------------------------------- */

static hl_inst *defined(hl_block *block, int var)
{
    hl_defs *d = defs_of(block);
    return var < d->room && d->at[var] ? d->at[var] = forwarded(d->at[var]) : NULL;
}

static void define(hl_builder *b, hl_block *block, int var, hl_inst *value)
{
    hl_defs *d = defs_of(block);
    if (var >= d->room) {
        int room = b->nvars > var ? b->nvars : var + 1;
        hl_inst **at = HL_NEWN(b->arena, hl_inst *, room);
        if (d->room) memcpy(at, d->at, sizeof *at * (size_t)d->room);
        d->at = at, d->room = room;
    }
    d->at[var] = value;
}

void hl_build_write(hl_builder *b, int var, hl_inst *value) { define(b, b->cur, var, value); }

/* Stack places have no name; one that is read before it was written is never used (a handler's leftovers). */
hl_inst *hl_build_unbound(hl_builder *b, int var)
{
    hl_inst **made = &b->unbound.at[var];
    if (*made) return *made;
    PyObject *name = b->names.at[var];
    *made = hl_ir_new(b->f, name ? HL_OP_unbound : HL_OP_const, NULL, 0, (hl_span){0});
    (*made)->obj = name ? name : Py_None;
    hl_ir_prepend(b->f->blocks.at[0], *made);
    return *made;
}

/* --- phis ------------------------------------------------------------------------------------------------------------- */

static hl_inst *read_in(hl_builder *b, hl_block *block, int var);

void hl_build_mark_region(hl_builder *b, hl_block *block) { defs_of(block)->object = b->objmode != NULL; }

static hl_inst *new_phi(hl_builder *b, hl_block *block, int var)
{
    hl_inst *phi = hl_ir_new(b->f, HL_OP_phi, NULL, 0, b->span);
    phi->obj = b->names.at[var]; /* for messages */
    if (defs_of(block)->object) phi->flags |= HL_I_OBJECT;
    if (block->first) hl_ir_before(block->first, phi);
    else hl_ir_append(block, phi);
    hl_push(b->arena, &b->phis, phi);
    return phi;
}

/* The one value that the phi can have; NULL when there are several (or none: a loop that nothing enters). */
static hl_inst *only_value(hl_inst *phi)
{
    hl_inst *same = NULL;
    for (int k = 0; k < phi->nargs; k++) {
        hl_inst *v = forwarded(phi->args[k]);
        if (v == same || v == phi) continue;
        if (same) return NULL;
        same = v;
    }
    return same;
}

static bool simplify(hl_inst *phi)
{
    hl_inst *same = only_value(phi);
    if (!same) return false;
    hl_ir_remove(phi);
    phi->data = same;
    return true;
}

static hl_inst *fill(hl_builder *b, hl_inst *phi, int var)
{
    hl_block *block = phi->block;
    hl_inst **args = HL_NEWN(b->arena, hl_inst *, block->pred.n);
    for (int k = 0; k < block->pred.n; k++) args[k] = read_in(b, block->pred.at[k], var);
    phi->args = args;
    phi->nargs = block->pred.n;
    simplify(phi);
    return forwarded(phi);
}

/* Goes up as long as there is one predecessor; what is found is noted in all blocks on the way. */
static hl_inst *read_in(hl_builder *b, hl_block *block, int var)
{
    hl_block *top = block;
    hl_inst *v;
    while (!(v = defined(top, var)) && defs_of(top)->sealed && top->pred.n == 1) top = top->pred.at[0];
    if (!v) {
        if (!defs_of(top)->sealed) {
            v = new_phi(b, top, var);
            hl_push(b->arena, &defs_of(top)->waiting, ((waiting){var, v}));
        } else if (top->pred.n == 0) {
            v = hl_build_unbound(b, var);
        } else {
            v = new_phi(b, top, var);
            define(b, top, var, v); /* ends the search in loops */
            v = fill(b, v, var);
        }
        define(b, top, var, v);
    }
    for (hl_block *k = block; k != top; k = k->pred.at[0]) define(b, k, var, v);
    return v;
}

/* What lies at hand without a search: a block that one edge leads to has what the block before it has. */
hl_inst *hl_build_held(hl_builder *b, int var)
{
    hl_inst *v = defined(b->cur, var);
    return v || b->cur->pred.n != 1 ? v : defined(b->cur->pred.at[0], var);
}

hl_inst *hl_build_read(hl_builder *b, int var) { return read_in(b, b->cur, var); }

void hl_build_seal(hl_builder *b, hl_block *block)
{
    hl_defs *d = defs_of(block);
    if (d->sealed) return;
    d->sealed = true;
    for (int k = 0; k < d->waiting.n; k++) fill(b, d->waiting.at[k].phi, d->waiting.at[k].var);
}

/* --- tidying up --------------------------------------------------------------------------------------------------------- */

#define EACH_INST(f, block, i)                                                                                         \
    for (int k_ = 0; k_ < (f)->blocks.n; k_++)                                                                         \
        for (hl_block *block = (f)->blocks.at[k_]; block; block = NULL)                                                \
            for (hl_inst *i = block->first, *next_; i && (next_ = i->next, true); i = next_)

/* check_bound stays only where a phi leads to an `unbound`. */
static void drop_checks(hl_builder *b)
{
    uint8_t *may = HL_NEWN(b->arena, uint8_t, b->f->next_inst);
    for (bool changed = true; changed;) {
        changed = false;
        for (int p = 0; p < b->phis.n; p++) {
            hl_inst *phi = b->phis.at[p];
            if (phi->data || may[phi->id]) continue;
            for (int k = 0; k < phi->nargs && !may[phi->id]; k++) {
                hl_inst *v = forwarded(phi->args[k]);
                if (v->op == HL_OP_unbound || may[v->id]) may[phi->id] = 1, changed = true;
            }
        }
    }
    EACH_INST(b->f, block, i) {
        if (i->op != HL_OP_check_bound) continue;
        hl_inst *v = forwarded(i->args[0]);
        if (v->op == HL_OP_unbound || may[v->id]) continue;
        hl_ir_remove(i);
        i->data = v;
    }
}

static bool idle(const hl_inst *i)
{
    return i->op == HL_OP_phi || !(hl_ops[i->op].effects & (HL_E_WRITE | HL_E_RAISE | HL_E_TERM | HL_E_HEAD));
}

static void drop_unused(hl_builder *b)
{
    uint8_t *used = HL_NEWN(b->arena, uint8_t, b->f->next_inst);
    HL_VEC(hl_inst *) work = {0};
    EACH_INST(b->f, block, i)
        if (!idle(i)) hl_push(b->arena, &work, i);
    while (work.n) {
        hl_inst *i = work.at[--work.n];
        for (int k = 0; k < i->nargs; k++) {
            hl_inst *v = i->args[k];
            if (!idle(v) || used[v->id]) continue;
            used[v->id] = 1;
            hl_push(b->arena, &work, v);
        }
    }
    EACH_INST(b->f, block, i)
        if (idle(i) && !used[i->id]) hl_ir_remove(i);
}

/* Can `block` continue into the block that it jumps to as one? */
static bool joins_next(const hl_block *block)
{
    if (!block->last || block->last->op != HL_OP_jump || block->handler) return false;
    const hl_block *to = block->succ[0];
    if (to == block || to->pred.n != 1 || to->handler || !to->first) return false;
    return !(hl_ops[to->first->op].effects & HL_E_HEAD);
}

static void join(hl_block *block)
{
    hl_block *to = block->succ[0];
    hl_ir_remove(block->last);
    for (hl_inst *i = to->first, *next; i; i = next) {
        next = i->next;
        hl_ir_remove(i);
        hl_ir_append(block, i);
    }
    block->nsucc = to->nsucc;
    for (int s = 0; s < to->nsucc; s++) {
        block->succ[s] = to->succ[s];
        for (int p = 0; p < to->succ[s]->pred.n; p++)
            if (to->succ[s]->pred.at[p] == to) to->succ[s]->pred.at[p] = block;
    }
    to->nsucc = 0;
    to->pred.n = 0;
}

static bool has_edge(const hl_block *from, const hl_block *to)
{
    for (int k = 0; k < from->nsucc; k++)
        if (from->succ[k] == to) return true;
    return from->handler == to;
}

/* In reverse post-order: does `block` lead into a loop from outside?  Passes like to have such blocks. */
static bool enters_loop(const hl_block *block)
{
    const hl_block *to = block->succ[0];
    if (block->id >= to->id) return false;
    for (int p = 0; p < to->pred.n; p++)
        if (to->pred.at[p]->id >= to->id) return true;
    return false;
}

/* A block that only jumps, and that one edge leads to, is cut out of the way. */
static bool bypass(hl_block *block)
{
    if (block->first != block->last || block->last->op != HL_OP_jump || block->pred.n != 1 || block->handler) return false;
    hl_block *from = block->pred.at[0], *to = block->succ[0];
    if (to == block || from->handler == block || has_edge(from, to) || enters_loop(block)) return false;
    for (int k = 0; k < from->nsucc; k++)
        if (from->succ[k] == block) from->succ[k] = to;
    for (int p = 0; p < to->pred.n; p++)
        if (to->pred.at[p] == block) to->pred.at[p] = from;
    hl_ir_remove(block->last);
    block->nsucc = 0;
    block->pred.n = 0;
    return true;
}

static void drop_empty(hl_func *f)
{
    int n = 0;
    for (int k = 0; k < f->blocks.n; k++)
        if (f->blocks.at[k]->last) f->blocks.at[n++] = f->blocks.at[k];
    f->blocks.n = n;
}

/* Minimal phis, no detours through forwarded values, nothing unused, no jump where one block can follow another. */
void hl_build_finish(hl_builder *b)
{
    hl_func *f = b->f;
    if (b->checks) drop_checks(b);
    for (bool changed = true; changed;) {
        changed = false;
        for (int p = 0; p < b->phis.n; p++)
            if (!b->phis.at[p]->data && simplify(b->phis.at[p])) changed = true;
    }
    EACH_INST(f, block, i)
        for (int k = 0; k < i->nargs; k++) i->args[k] = forwarded(i->args[k]);
    for (int k = 0; k < f->mentions.n; k++) f->mentions.at[k].value = forwarded(f->mentions.at[k].value);
    drop_unused(b);
    if (b->lost) hl_build_check_lost(b);
    for (int k = 0; k < f->blocks.n; k++) {
        hl_block *block = f->blocks.at[k];
        block->data = NULL;
        while (joins_next(block)) join(block);
        if (block->handler) f->has_try = true;
    }
    drop_empty(f);
    hl_ir_order(f);
    bool changed = false;
    for (int k = 1; k < f->blocks.n; k++) changed |= bypass(f->blocks.at[k]);
    if (!changed) return;
    drop_empty(f);
    hl_ir_order(f);
}
