/* Order, uses, dominators, loops.
 *
 * Exception edges (block -> handler) are edges like any other in all of it.
 *
 * The order is a reverse post-order that keeps the blocks of a loop together: the depth-first walk treats the exits of a
 * loop as additional successors of its header and visits them first, so everything behind the loop is finished, and
 * hence numbered later, than everything in it.  Such an edge only says "the exit comes after the header", which is true
 * anyway, so the result is still topological for all but back edges.  Blocks that lead only to a raise are moved
 * behind the others (nothing but such blocks follows them, so that too keeps the order topological).
 *
 * Dominators: Cooper, Harvey, Kennedy, "A simple, fast dominance algorithm" (2001).  Loops are natural loops: a back edge
 * leads to a block that dominates where it comes from; cycles without such a block are not called loops.
 */
#include "ir.h"
#include <string.h>

typedef HL_VEC(hl_block *) blocks;

/* Every edge of b, handler last; NULL when there are no more. */
static hl_block *edge(const hl_block *b, int k)
{
    return k < b->nsucc ? b->succ[k] : k == b->nsucc ? b->handler : NULL;
}

/* --- order ------------------------------------------------------------------------------------------------------ */

enum { UNSEEN, OPEN, DONE };

typedef struct walk {
    hl_func *f;
    uint8_t *state;          /* by block->id */
    hl_block **rpo;          /* filled from the end */
    int at;
    blocks *exits;           /* by header's id, or NULL in the first walk */
    bool cycle;              /* an edge to an open block was seen */
} walk;

typedef struct frame { hl_block *b; int next; } frame;

/* The k-th block to visit from b: exits of the loop that b heads, then the handler, then cold successors, then the
 * successors from last to first.  What is visited last comes directly behind b. */
static hl_block *visit(const walk *w, const hl_block *b, int k)
{
    if (w->exits) {
        int n = w->exits[b->id].n;
        if (k < n) return w->exits[b->id].at[k];
        k -= n;
    }
    if (b->handler && k-- == 0) return b->handler;
    bool cold_first = b->nsucc == 2 && b->succ[0]->cold && !b->succ[1]->cold;
    if (k >= b->nsucc) return NULL;
    return b->succ[cold_first ? k : b->nsucc - 1 - k];
}

static void depth_first(walk *w, hl_block *entry)
{
    HL_VEC(frame) stack = {0};
    w->state[entry->id] = OPEN;
    hl_push(w->f->arena, &stack, ((frame){entry, 0}));
    while (stack.n) {
        frame *top = &stack.at[stack.n - 1];
        hl_block *to = visit(w, top->b, top->next++);
        if (!to) {
            w->state[top->b->id] = DONE;
            w->rpo[--w->at] = top->b;
            stack.n--;
        } else if (w->state[to->id] == UNSEEN) {
            w->state[to->id] = OPEN;
            hl_push(w->f->arena, &stack, ((frame){to, 0}));
        } else if (w->state[to->id] == OPEN) {
            w->cycle = true;
        }
    }
}

/* One walk; the order is in f->blocks and ids afterwards, blocks that were not reached are gone from it. */
static bool reorder(hl_func *f, blocks *exits)
{
    int n = f->blocks.n;
    walk w = {f, HL_NEWN(f->arena, uint8_t, n), HL_NEWN(f->arena, hl_block *, n), n, exits, false};
    depth_first(&w, f->blocks.at[0]);
    f->blocks.n = n - w.at;
    memcpy(f->blocks.at, w.rpo + w.at, sizeof(*w.rpo) * (size_t)f->blocks.n);
    for (int k = 0; k < f->blocks.n; k++) f->blocks.at[k]->id = (uint32_t)k;
    return w.cycle;
}

/* Ids are positions before this; afterwards no reachable block knows an unreachable one. */
static void drop_unreachable(hl_func *f)
{
    int n = f->blocks.n;
    for (int k = 0; k < n; k++) f->blocks.at[k]->id = (uint32_t)k;
    uint8_t *seen = HL_NEWN(f->arena, uint8_t, n);
    blocks work = {0};
    seen[0] = 1;
    hl_push(f->arena, &work, f->blocks.at[0]);
    while (work.n) {
        hl_block *b = work.at[--work.n];
        for (int k = 0; k <= b->nsucc; k++) {
            hl_block *to = edge(b, k);
            if (!to || seen[to->id]) continue;
            seen[to->id] = 1;
            hl_push(f->arena, &work, to);
        }
    }
    int kept = 0;
    for (int k = 0; k < n; k++) {
        hl_block *b = f->blocks.at[k];
        if (seen[k]) {
            f->blocks.at[kept++] = b;
            continue;
        }
        hl_ir_cut_handler(b);
        while (b->nsucc) hl_ir_cut_edge(b, b->nsucc - 1);
    }
    f->blocks.n = kept;
    for (int k = 0; k < kept; k++) f->blocks.at[k]->id = (uint32_t)k;
}

/* Least fixpoint from the terminators that raise; one backward sweep settles all but odd shapes. */
static void find_cold(hl_func *f)
{
    for (int k = 0; k < f->blocks.n; k++) f->blocks.at[k]->cold = false;
    for (bool changed = true; changed;) {
        changed = false;
        for (int k = f->blocks.n - 1; k >= 0; k--) {
            hl_block *b = f->blocks.at[k];
            if (b->cold || !b->last || (b->handler && !b->handler->cold)) continue;
            int op = b->last->op;
            bool cold = op == HL_OP_raise || op == HL_OP_reraise || op == HL_OP_unreachable;
            if (b->nsucc) {
                cold = true;
                for (int s = 0; s < b->nsucc; s++) cold &= b->succ[s]->cold;
            }
            if (cold) b->cold = changed = true;
        }
    }
}

static blocks *loop_exits(hl_func *f)
{
    blocks *exits = HL_NEWN(f->arena, blocks, f->blocks.n);
    for (int k = 0; k < f->blocks.n; k++) {
        hl_block *b = f->blocks.at[k];
        for (int s = b->nsucc; s >= 0; s--) {
            hl_block *to = edge(b, s);
            if (!to) continue;
            for (hl_block *h = b->loop; h && !hl_ir_loop_contains(h, to); h = h->loop_parent)
                hl_push(f->arena, &exits[h->id], to);
        }
    }
    return exits;
}

static void cold_last(hl_func *f)
{
    int n = f->blocks.n, at = 0;
    hl_block **sorted = HL_NEWN(f->arena, hl_block *, n);
    for (int cold = 0; cold < 2; cold++)
        for (int k = 0; k < n; k++)
            if ((k && f->blocks.at[k]->cold) == cold) sorted[at++] = f->blocks.at[k];
    memcpy(f->blocks.at, sorted, sizeof(*sorted) * (size_t)n);
}

void hl_ir_order(hl_func *f)
{
    drop_unreachable(f);
    find_cold(f);
    f->has_loops = reorder(f, NULL);
    if (f->has_loops) {
        hl_ir_dominators(f);
        hl_ir_loops(f);
        reorder(f, loop_exits(f));
    }
    cold_last(f);
    f->next_inst = 0;
    f->has_try = false;
    for (int k = 0; k < f->blocks.n; k++) {
        hl_block *b = f->blocks.at[k];
        b->id = (uint32_t)k;
        f->has_try |= b->handler != NULL;
        for (hl_inst *i = b->first; i; i = i->next) i->id = f->next_inst++;
    }
}

void hl_ir_uses(hl_func *f)
{
    for (int k = 0; k < f->blocks.n; k++)
        for (hl_inst *i = f->blocks.at[k]->first; i; i = i->next) i->uses.n = 0;
    for (int k = 0; k < f->blocks.n; k++)
        for (hl_inst *i = f->blocks.at[k]->first; i; i = i->next)
            for (int a = 0; a < i->nargs; a++) hl_push(f->arena, &i->args[a]->uses, i);
}

/* --- dominators ------------------------------------------------------------------------------------------------- */

static hl_block *common(hl_block *a, hl_block *b)
{
    while (a != b) {
        while (a->id > b->id) a = a->idom;
        while (b->id > a->id) b = b->idom;
    }
    return a;
}

void hl_ir_dominators(hl_func *f)
{
    hl_block *entry = f->blocks.at[0];
    for (int k = 0; k < f->blocks.n; k++) f->blocks.at[k]->idom = NULL;
    entry->idom = entry;
    for (bool changed = true; changed;) {
        changed = false;
        for (int k = 1; k < f->blocks.n; k++) {
            hl_block *b = f->blocks.at[k], *dom = NULL;
            for (int p = 0; p < b->pred.n; p++) {
                hl_block *from = b->pred.at[p];
                if (from->idom) dom = dom ? common(from, dom) : from;
            }
            if (dom != b->idom) b->idom = dom, changed = true;
        }
    }
    entry->idom = NULL;
    entry->dom_depth = 0;
    for (int k = 1; k < f->blocks.n; k++) f->blocks.at[k]->dom_depth = f->blocks.at[k]->idom->dom_depth + 1;
}

bool hl_ir_dominates(const hl_block *a, const hl_block *b)
{
    while (b && b->dom_depth > a->dom_depth) b = b->idom;
    return a == b;
}

/* --- loops ------------------------------------------------------------------------------------------------------ */

/* The header of the outermost loop found so far around b. */
static hl_block *outermost(hl_block *b)
{
    hl_block *h = b->loop;
    while (h && h->loop_parent) h = h->loop_parent;
    return h;
}

/* Marks what reaches the back edges of h without passing through h.  Inner loops were marked before, and are hopped over
 * as a whole. */
static void collect(hl_func *f, hl_block *h)
{
    blocks work = {0};
    for (int p = 0; p < h->pred.n; p++)
        if (hl_ir_dominates(h, h->pred.at[p])) hl_push(f->arena, &work, h->pred.at[p]);
    if (!work.n) return;
    h->loop = h;
    while (work.n) {
        hl_block *b = work.at[--work.n], *inner = outermost(b);
        if (inner == h || b == h) continue;
        if (inner) inner->loop_parent = h;
        else b->loop = h, inner = b;
        for (int p = 0; p < inner->pred.n; p++)
            if (!hl_ir_dominates(inner, inner->pred.at[p]) || inner == b) hl_push(f->arena, &work, inner->pred.at[p]);
    }
}

void hl_ir_loops(hl_func *f)
{
    for (int k = 0; k < f->blocks.n; k++) {
        hl_block *b = f->blocks.at[k];
        b->loop = b->loop_parent = NULL;
        b->loop_depth = 0;
    }
    for (int k = f->blocks.n - 1; k >= 0; k--) collect(f, f->blocks.at[k]);
    for (int k = 0; k < f->blocks.n; k++) { /* outer headers come first in the order */
        hl_block *b = f->blocks.at[k], *outer = b->loop == b ? b->loop_parent : b->loop;
        b->loop_depth = (outer ? outer->loop_depth : 0) + (b->loop == b);
    }
}

bool hl_ir_loop_contains(const hl_block *header, const hl_block *b)
{
    for (const hl_block *h = b->loop; h; h = h->loop_parent)
        if (h == header) return true;
    return false;
}
