/* Loops look for signals: Ctrl-C, and every other signal that has a handler in Python.
 *
 * The builder puts a `poll` at the end of each turn of a loop, where CPython looks too: with the exception edges of that place, so
 * that `try` and ownership know about it like about any other instruction that may raise.  A poll is a load, a comparison and a branch
 * (emit/core.c), and a loop with one is never vectorised.  This pass decides where it stays:
 *
 *   nowhere       in loops with few turns, known from the text, and nothing heavy in them; in loops whose every turn comes to polls anyway, and does
 *                 nothing heavy beside
 *   behind        a `for` over a number of items that is known when it begins, with light turns.  The poll stands behind it and is marked;
 *   the loop      codegen/pieces.cpp cuts the loop into pieces, polls between them, and otherwise goes past.  So the loop is optimised as if
 *                 nobody looked.  What the loop uses are operands of this poll: ownership must not give it up before, as control may go back
 *   every turn    what is left: loops with heavy turns, `while` loops, the third loop of a nest, seen from inside.  Of copies that keep their
 *                 range checks (passes/bounds.c) only the innermost and outermost loops, to keep the code small: nests whose innermost loop is too long
 *                 to be left whole are sent to these copies (codegen/long_loops.cpp), so that the innermost loop must look there
 *
 * What one instruction does (a sort, a product, an operation on whole arrays) is not interrupted.
 */
#include "loops.h"
#include "../rules/container.h"
#include <string.h>

enum { FEW = 1 << 8, FEW_INNERMOST = 1 << 14 }; /* turns */

enum { NOWHERE, COVERED, BEHIND, EVERY_TURN }; /* where a loop polls; COVERED: nowhere, but loops in it do in every turn */

typedef struct poller {
    hl_func *f;
    int *ways;                   /* by header's id */
    int *heights;                /* likewise: loops in each other from here inwards, those with few turns left aside */
} poller;

typedef HL_VEC(hl_inst *) values;

#define EACH_BLOCK(f, b) for (int b##_k = 0; b##_k < (f)->blocks.n; b##_k++) for (hl_block *b = (f)->blocks.at[b##_k]; b; b = NULL)

/* A stencil's kernel is one item's work. */
static bool wanted(const hl_cx *cx, const hl_func *f)
{
    if (f->nparams && f->param_types && f->param_types[0]->kind == HL_K_WINDOW) return false;
    return f->options ? f->options->interrupts : cx->rq->options.interrupts;
}

/* --- how long a turn takes ---------------------------------------------------------------------------------------------- */

static bool is_collection(const hl_type *t) { return t && (hl_is_array(t) || t->kind == HL_K_LIST || t->kind == HL_K_STR); }

/* May it take longer than some hundred nanoseconds? */
static bool is_heavy(const hl_inst *i)
{
    static const hl_op light[] = {HL_OP_getitem, HL_OP_setitem, HL_OP_getattr, HL_OP_getiter, HL_OP_iternext, HL_OP_itervalue, HL_OP_cast, HL_OP_phi,
                                  HL_OP_build_tuple, HL_OP_unpack, HL_OP_unpack_item, HL_OP_list_append, HL_OP_truth, HL_OP_is, HL_OP_is_not};
    static const char *const quick[] = {"len", "append", "size", "range", "enumerate", "zip"};
    if (i->flags & HL_I_FUSED) return false;
    if (hl_ir_effects(i) & HL_E_FUSES) return true;
    if (i->op == HL_OP_call && !i->rule) {
        const hl_func *callee = i->data;
        return !callee || callee->has_loops;
    }
    for (size_t k = 0; k < sizeof light / sizeof *light; k++)
        if (i->op == light[k]) return false;
    const char *name = i->rule && i->rule->key ? strrchr(i->rule->key, '.') : NULL;
    name = name ? name + 1 : i->rule ? i->rule->key : NULL;
    for (size_t k = 0; name && k < sizeof quick / sizeof *quick; k++)
        if (!strcmp(name, quick[k])) return false;
    for (int k = 0; k < i->nargs; k++)
        if (is_collection(i->args[k]->type)) return true;
    return false;
}

/* `own`: what inner loops do is left aside. */
static bool has_heavy_turns(const poller *p, const hl_block *header, bool own)
{
    EACH_BLOCK(p->f, b)
        for (hl_inst *i = (own ? b->loop == header : hl_ir_loop_contains(header, b)) ? b->first : NULL; i; i = i->next)
            if (is_heavy(i)) return true;
    return false;
}

static bool few_turns(const hl_block *header, int64_t few)
{
    int64_t n = hl_loop_turns(header);
    return n >= 0 && n <= few;
}

static int height_inside(const poller *p, const hl_block *header)
{
    int height = 0;
    EACH_BLOCK(p->f, b)
        if (b->loop == b && b->loop_parent == header && p->heights[b->id] > height) height = p->heights[b->id];
    return height;
}

/* Does every turn come to a loop in it that polls? */
static bool is_covered(const poller *p, const hl_block *h)
{
    EACH_BLOCK(p->f, inner) {
        if (inner->loop != inner || inner->loop_parent != h || p->ways[inner->id] == NOWHERE) continue;
        bool always = true;
        for (int k = 0; k < h->pred.n; k++)
            if (hl_ir_loop_contains(h, h->pred.at[k])) always &= hl_ir_dominates(inner, h->pred.at[k]);
        if (always) return true;
    }
    return false;
}

/* --- a poll behind the loop --------------------------------------------------------------------------------------------- */

static bool over_list(const hl_type *t)
{
    for (int k = 0; k < t->nitems; k++)
        if (t->items[k]->kind == HL_K_LIST) return true;
    return false;
}

/* A `for` whose head knows from the beginning when it ends. */
static bool is_counted(const poller *p, const hl_block *h)
{
    const hl_inst *next = h->last->op == HL_OP_branch ? h->last->args[0] : NULL;
    if (!next || next->op != HL_OP_iternext || next->block != h || !hl_iter_counts(next->args[0]->type)) return false;
    if (hl_ir_loop_contains(h, next->args[0]->block) || !hl_ir_loop_contains(h, h->succ[0]) || hl_ir_loop_contains(h, h->succ[1])) return false;
    for (const hl_inst *i = h->first; i; i = i->next)
        if (i->op == HL_OP_phi && i->type->has_mem) return false;
    bool list = over_list(next->args[0]->type); /* its length is read again after what may change memory */
    EACH_BLOCK(p->f, b)
        for (const hl_inst *i = list && hl_ir_loop_contains(h, b) ? b->first : NULL; i; i = i->next)
            if (hl_ir_effects(i) & (HL_E_WRITE | HL_E_CONSUME) && i->op != HL_OP_iternext && i->op != HL_OP_setitem) return false;
    return true;
}

/* The value that the header sees of what is v at the end of a turn; NULL: none. */
static hl_inst *at_header(const hl_block *h, int latch, hl_inst *v)
{
    for (hl_inst *i = h->first; i && i->op == HL_OP_phi; i = i->next)
        if (i->args[latch] == v) return i;
    return hl_ir_loop_contains(h, v->block) ? NULL : v;
}

/* What the handler of `poll` is to see when the poll stands behind the loop, a value for each of its phis: known only when one place
 * polls, in the block that jumps back. */
static bool handler_values(const hl_block *h, hl_inst *poll, values *out)
{
    hl_block *from = poll->block, *to = from->handler;
    int latch = -1, p = hl_ir_pred_index(from, from->nsucc);
    for (int k = 0; k < h->pred.n; k++) {
        if (!hl_ir_loop_contains(h, h->pred.at[k])) continue;
        if (latch >= 0 || h->pred.at[k] != from) return false;
        latch = k;
    }
    for (hl_inst *i = to->first; i && (hl_ops[i->op].effects & HL_E_HEAD); i = i->next) {
        if (i->op != HL_OP_phi) continue;
        hl_inst *v = at_header(h, latch, i->args[p]);
        if (!v) return false;
        hl_push(h->func->arena, out, v);
    }
    return true;
}

/* What comes into the loop from outside and may have to be given up one day. */
static void keep_alive(const poller *p, const hl_block *h, hl_inst *poll)
{
    EACH_BLOCK(p->f, b) {
        if (!hl_ir_loop_contains(h, b)) continue;
        for (hl_inst *i = b->first; i; i = i->next)
            for (int k = 0; k < i->nargs; k++) {
                hl_inst *v = i->args[k];
                bool managed = v->type->has_mem || v->type->kind == HL_K_ITER || v->flags & HL_I_FUSED, known = false;
                for (int q = 0; q < poll->nargs; q++) known |= poll->args[q] == v;
                if (managed && !known && !hl_ir_loop_contains(h, v->block)) hl_ir_add_arg(p->f, poll, v);
            }
    }
}

static bool poll_behind(const poller *p, hl_block *h, hl_inst *poll)
{
    values seen = {0};
    hl_block *handler = poll->block->handler;
    if (!is_counted(p, h) || (handler && !handler_values(h, poll, &seen))) return false;
    hl_block *behind = hl_ir_split_succ(h, 1);
    hl_inst *i = hl_ir_new(p->f, HL_OP_poll, NULL, 0, poll->span);
    i->ival = 1;
    i->type = hl_T.none;
    hl_ir_before(behind->last, i);
    h->pieces = true;
    keep_alive(p, h, i);
    if (!handler) return true;
    hl_ir_set_handler(behind, handler);
    int at = 0;
    for (hl_inst *phi = handler->first; phi && (hl_ops[phi->op].effects & HL_E_HEAD); phi = phi->next)
        if (phi->op == HL_OP_phi) hl_ir_add_arg(p->f, phi, seen.at[at++]);
    return true;
}

/* --- choosing ----------------------------------------------------------------------------------------------------------- */

static void remove_poll(hl_inst *poll)
{
    hl_ir_cut_handler(poll->block); /* nothing else raises there */
    hl_ir_remove(poll);
}

static int treat(const poller *p, hl_block *h, hl_inst *poll, bool optimised)
{
    int height = p->heights[h->id];
    if (!optimised) return EVERY_TURN;
    if (has_heavy_turns(p, h, false)) return !has_heavy_turns(p, h, true) && is_covered(p, h) ? COVERED : EVERY_TURN;
    if (!height) return NOWHERE;
    if (h->slow) return height == 1 || !h->loop_parent ? EVERY_TURN : NOWHERE;
    if (height <= 2 && poll_behind(p, h, poll)) return BEHIND;
    return height > 3 && is_covered(p, h) ? COVERED : EVERY_TURN;
}

static void run(hl_func *f, bool optimised)
{
    int nblocks = f->blocks.n;
    values *polls = HL_NEWN(f->arena, values, nblocks); /* by header's id */
    poller p = {.f = f, .ways = HL_NEWN(f->arena, int, nblocks), .heights = HL_NEWN(f->arena, int, nblocks)};
    EACH_BLOCK(f, b)
        for (hl_inst *i = b->first, *next; i; i = next) {
            next = i->next;
            if (i->op != HL_OP_poll) continue;
            if (b->loop) hl_push(f->arena, &polls[b->loop->id], i);
            else remove_poll(i); /* its loop does not go round */
        }
    for (int k = nblocks - 1; k >= 0; k--) { /* inner loops come before the ones around them */
        hl_block *h = f->blocks.at[k];
        if (!polls[k].n) continue;
        int inside = height_inside(&p, h);
        p.heights[k] = inside + !few_turns(h, inside ? FEW : FEW_INNERMOST);
        p.ways[k] = treat(&p, h, polls[k].at[0], optimised);
        for (int q = 0; p.ways[k] != EVERY_TURN && q < polls[k].n; q++) remove_poll(polls[k].at[q]);
    }
    hl_ir_order(f);
}

static bool has_poll(hl_func *f, bool remove)
{
    bool any = false;
    EACH_BLOCK(f, b)
        for (hl_inst *i = b->first, *next; i; i = next) {
            next = i->next;
            if (i->op != HL_OP_poll) continue;
            any = true;
            if (remove) remove_poll(i);
        }
    return any;
}

int hl_pass_poll(hl_cx *cx)
{
    for (int k = 0; k < cx->funcs.n; k++) {
        hl_func *f = cx->funcs.at[k];
        bool keep = wanted(cx, f);
        if (has_poll(f, !keep) && keep) {
            hl_ir_order(f);
            hl_ir_dominators(f);
            hl_ir_loops(f);
            run(f, cx->rq->options.opt_level > 0);
        }
        if (keep) hl_poll_recursion(f);
    }
    return 0;
}
