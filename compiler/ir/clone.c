/* A second copy of a loop, chosen by a condition in front of it.
 *
 *   before:  from -> header …           after:  from -> chooser -> header …   (when the condition holds)
 *                                                          \-----> copy of header …
 *
 * Both copies leave to the same blocks.  A value of the loop that is used behind it has two definitions then; its uses
 * are rewritten to phis where the copies' ways meet, found backwards from each use (Braun et al., CC 2013, section 2).
 */
#include "ir.h"
#include <string.h>

typedef struct copier {
    hl_func *f;
    hl_block *header;
    HL_VEC(hl_block *) region, copies;
    hl_block **copy_of;        /* by block->id of the original; NULL outside of the loop */
    hl_inst **inst_of;         /* by inst->id of the original */
    uint8_t *is_copy;          /* by block->id */
    uint32_t nblocks, ninsts;
} copier;

static bool in_region(const copier *c, const hl_block *b) { return b->id < c->nblocks && c->copy_of[b->id]; }

static hl_inst *mapped(const copier *c, hl_inst *v)
{
    return v->id < c->ninsts && c->inst_of[v->id] ? c->inst_of[v->id] : v;
}

static hl_block *mapped_block(const copier *c, hl_block *b) { return b && in_region(c, b) ? c->copy_of[b->id] : b; }

/* The one edge that enters the loop, or -1. */
static int entering_edge(const hl_block *header)
{
    int at = -1;
    for (int p = 0; p < header->pred.n; p++) {
        if (hl_ir_loop_contains(header, header->pred.at[p])) continue;
        if (at >= 0) return -1;
        at = p;
    }
    return at;
}

static bool may_copy(const copier *c)
{
    int p = entering_edge(c->header);
    if (p < 0 || c->header->pred.at[p]->handler == c->header) return false;
    for (int k = 0; k < c->region.n; k++)
        for (hl_inst *i = c->region.at[k]->first; i; i = i->next) {
            if (i->op == HL_OP_param) return false;
            if (!(i->flags & HL_I_FUSED) && !(i->type && i->type->kind == HL_K_ITER)) continue;
            /* What is evaluated at its user, and the state of a loop, cannot be told apart by a phi. */
            for (int u = 0; u < i->uses.n; u++)
                if (!in_region(c, i->uses.at[u]->block)) return false;
        }
    return true;
}

/* Constants do not belong to any place. */
static void hoist_constants(copier *c, hl_block *to)
{
    for (int k = 0; k < c->region.n; k++)
        for (hl_inst *i = c->region.at[k]->first, *next; i; i = next) {
            next = i->next;
            if (!(hl_ops[i->op].effects & HL_E_CONST)) continue;
            hl_ir_remove(i);
            hl_ir_before(to->last, i);
        }
}

static hl_inst *copy_inst(copier *c, const hl_inst *i)
{
    hl_inst *n = hl_ir_new(c->f, (hl_op)i->op, i->args, i->nargs, i->span);
    uint32_t id = n->id;
    hl_inst **args = n->args;
    *n = *i;
    n->id = id, n->args = args, n->prev = n->next = NULL, n->block = NULL;
    memset(&n->uses, 0, sizeof n->uses);
    c->inst_of[i->id] = n;
    return n;
}

static void copy_blocks(copier *c)
{
    for (int k = 0; k < c->region.n; k++) {
        hl_block *b = c->region.at[k], *n = c->copies.at[k];
        n->cold = b->cold;
        n->slow = true;
        for (hl_inst *i = b->first; i; i = i->next) hl_ir_append(n, copy_inst(c, i));
    }
    for (int k = 0; k < c->copies.n; k++)
        for (hl_inst *i = c->copies.at[k]->first; i; i = i->next)
            for (int a = 0; a < i->nargs; a++) i->args[a] = mapped(c, i->args[a]);
}

/* Edges of the copies: inside, predecessors keep their order; to blocks outside, edges and phi operands are added. */
static void connect(copier *c)
{
    for (int k = 0; k < c->region.n; k++) {
        hl_block *b = c->region.at[k], *n = c->copies.at[k];
        for (int p = 0; p < b->pred.n; p++) {
            hl_block *from = b->pred.at[p]; /* of the header, one is in front of the loop */
            hl_push(c->f->arena, &n->pred, mapped_block(c, from));
        }
        for (int s = 0; s <= b->nsucc; s++) {
            hl_block *to = s < b->nsucc ? b->succ[s] : b->handler;
            if (!to) continue;
            if (s < b->nsucc) n->succ[n->nsucc++] = mapped_block(c, to);
            else n->handler = mapped_block(c, to);
            if (in_region(c, to)) continue;
            int p = hl_ir_pred_index(b, s);
            hl_push(c->f->arena, &to->pred, n);
            for (hl_inst *i = to->first; i && (hl_ops[i->op].effects & HL_E_HEAD); i = i->next)
                if (i->op == HL_OP_phi) hl_ir_add_arg(c->f, i, mapped(c, i->args[p]));
        }
    }
}

/* --- values used behind the loop -------------------------------------------------------------------------------------- */

typedef struct reader {
    copier *c;
    hl_inst *v, *copy;
    hl_inst **at;              /* by block->id: the value at its start */
    HL_VEC(hl_inst *) phis;
} reader;

static hl_inst *read_start(reader *r, hl_block *b);

static hl_inst *read_end(reader *r, hl_block *b)
{
    if (in_region(r->c, b)) return r->v;
    if (r->c->is_copy[b->id]) return r->copy;
    return read_start(r, b);
}

static hl_inst *read_start(reader *r, hl_block *b)
{
    if (r->at[b->id]) return r->at[b->id];
    if (!b->pred.n) return r->v; /* not reached: the value dominates its uses */
    if (b->pred.n == 1) return r->at[b->id] = read_end(r, b->pred.at[0]);
    hl_inst *phi = hl_ir_new(r->c->f, HL_OP_phi, NULL, 0, r->v->span);
    phi->type = r->v->type;
    if (b->first) hl_ir_before(b->first, phi);
    else hl_ir_append(b, phi);
    r->at[b->id] = phi;
    hl_push(r->c->f->arena, &r->phis, phi);
    for (int p = 0; p < b->pred.n; p++) {
        hl_inst *in = read_end(r, b->pred.at[p]);
        hl_ir_add_arg(r->c->f, phi, in);
    }
    return phi;
}

/* Phis that join a value with itself go, until none does. */
static void simplify(reader *r)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (int k = 0; k < r->phis.n; k++) {
            hl_inst *phi = r->phis.at[k], *one = NULL;
            if (!phi->block) continue;
            bool several = false;
            for (int a = 0; a < phi->nargs; a++) {
                if (phi->args[a] == phi || phi->args[a] == one) continue;
                several |= one != NULL;
                one = phi->args[a];
            }
            if (several || !one) continue;
            hl_ir_replace(r->c->f, phi, one);
            hl_ir_remove(phi);
            changed = true;
        }
    }
}

static void join_value(copier *c, hl_inst *v)
{
    reader r = {.c = c, .v = v, .copy = c->inst_of[v->id]};
    for (int u = 0; u < v->uses.n; u++) {
        hl_inst *use = v->uses.at[u];
        if (in_region(c, use->block)) continue;
        if (!r.at) r.at = HL_NEWN(c->f->arena, hl_inst *, c->f->blocks.n);
        for (int k = 0; k < use->nargs; k++) {
            if (use->args[k] != v) continue;
            use->args[k] = use->op == HL_OP_phi ? read_end(&r, use->block->pred.at[k]) : read_start(&r, use->block);
        }
    }
    simplify(&r);
}

/* --- the door --------------------------------------------------------------------------------------------------------- */

hl_block *hl_ir_copy_loop(hl_func *f, hl_block *header, hl_block **copy)
{
    hl_ir_uses(f);
    copier c = {.f = f, .header = header};
    for (int k = 0; k < f->blocks.n; k++) {
        f->blocks.at[k]->id = (uint32_t)k;
        if (hl_ir_loop_contains(header, f->blocks.at[k])) hl_push(f->arena, &c.region, f->blocks.at[k]);
    }
    c.nblocks = (uint32_t)f->blocks.n, c.ninsts = f->next_inst;
    c.copy_of = HL_NEWN(f->arena, hl_block *, c.nblocks);
    c.inst_of = HL_NEWN(f->arena, hl_inst *, c.ninsts);
    for (int k = 0; k < c.region.n; k++) c.copy_of[c.region.at[k]->id] = header; /* marks the region for may_copy */
    if (!may_copy(&c)) return NULL;
    hl_block *from = header->pred.at[entering_edge(header)];
    int nth = 0;
    while (from->succ[nth] != header) nth++;
    hl_block *chooser = hl_ir_split_succ(from, nth);
    hoist_constants(&c, chooser);
    for (int k = 0; k < c.region.n; k++) {
        hl_block *n = hl_ir_block(f);
        hl_push(f->arena, &c.copies, n);
        c.copy_of[c.region.at[k]->id] = n;
    }
    c.is_copy = HL_NEWN(f->arena, uint8_t, f->blocks.n);
    for (int k = 0; k < c.copies.n; k++) c.is_copy[c.copies.at[k]->id] = 1;
    copy_blocks(&c);
    connect(&c);
    for (int k = 0; k < c.region.n; k++)
        for (hl_inst *i = c.region.at[k]->first; i; i = i->next)
            if (i->id < c.ninsts && i->uses.n) join_value(&c, i);
    *copy = c.copy_of[header->id];
    return chooser;
}
