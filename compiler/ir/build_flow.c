/* What has to be known about the bytecode before SSA construction starts.
 *
 * Handlers that matter.  CPython's exception table also covers code where nothing but tidying up happens on the way out:
 * the body of `except` (COPY, POP_EXCEPT, RERAISE), `except … as e` (e is deleted), comprehensions (their variables are put
 * back), generators.  A handler that only moves stack items and ends in a reraise is not one: an exception goes on to
 * where that reraise would take it.  When it stores or deletes variables as well this holds only if nobody is left who
 * could see them, that is, if the exception leaves the function.  So code in `except` bodies is not cut into blocks.
 *
 * Unbound variables.  Forward data flow, "may be unbound" as a bit per variable, union where ways meet.  An exception edge
 * carries the state of the block's beginning and whatever is deleted in the block.  Loading a variable proves that it is
 * bound from there on.  Stores that put back what a load_clear saved (3.12 and newer, around comprehensions) may store
 * "unbound", hence such variables keep their bit; the builder looks at the value then.
 *
 * Only blocks that edges lead to are built, in reverse post-order: all predecessors but those of back edges come first.
 */
#include "build.h"
#include <string.h>

/* --- handlers that matter ------------------------------------------------------------------------------------------- */

/* The reraise at which a handler that does nothing else ends; -1 when it does something else. */
static int cleanup_end(const hl_stream *s, int from, bool *stores)
{
    for (int at = from; at < s->at.n; at++) switch (s->at.at[at].op) {
    case HL_BC_push_exc: case HL_BC_pop_exc: case HL_BC_copy: case HL_BC_swap: case HL_BC_pop: case HL_BC_const: case HL_BC_stop_error:
        break;
    case HL_BC_delete: /* raises unless what comes before has bound the variable */
        if (at == from || s->at.at[at - 1].op != HL_BC_store || s->at.at[at - 1].arg != s->at.at[at].arg) return -1;
        /* fall through */
    case HL_BC_store:
        *stores = true;
        break;
    case HL_BC_reraise: return at;
    default: return -1;
    }
    return -1;
}

/* region_of[pc]: the region that covers it; taken[r]: the region whose handler really gets r's exceptions.  Both -1: none. */
typedef struct try_map { const hl_stream *s; int *region_of, *taken; } try_map;

enum { NOT_KNOWN = -2 };

static int taken(try_map *m, int region)
{
    if (region < 0) return -1;
    if (m->taken[region] != NOT_KNOWN) return m->taken[region];
    m->taken[region] = region; /* also what a cycle of handlers sees */
    bool stores = false;
    int end = cleanup_end(m->s, m->s->regions[region].target, &stores);
    if (end >= 0 && m->region_of[end] != region) {
        int outer = taken(m, m->region_of[end]);
        if (outer < 0 || !stores) m->taken[region] = outer;
    }
    return m->taken[region];
}

static try_map map_regions(hl_arena *a, const hl_stream *s)
{
    try_map m = {s, HL_NEWN(a, int, s->at.n + 1), HL_NEWN(a, int, s->nregions + 1)};
    for (int i = 0; i <= s->at.n; i++) m.region_of[i] = -1;
    for (int r = 0; r < s->nregions; r++) {
        m.taken[r] = NOT_KNOWN;
        for (int i = s->regions[r].start; i < s->regions[r].end; i++) m.region_of[i] = r;
    }
    for (int r = 0; r < s->nregions; r++) taken(&m, r);
    return m;
}

/* --- blocks ----------------------------------------------------------------------------------------------------------- */

static int handler_at(const try_map *m, int pc) { return m->region_of[pc] < 0 ? -1 : m->taken[m->region_of[pc]]; }

static void find_leaders(const hl_stream *s, const try_map *m, uint8_t *leader)
{
    leader[0] = 1;
    for (int i = 0; i < s->at.n; i++) {
        const hl_bc *bc = &s->at.at[i];
        if (hl_bcs[bc->op].operand == HL_BCO_GOTO) leader[bc->target] = 1;
        if (hl_bcs[bc->op].flow != HL_BCF_NEXT) leader[i + 1] = 1;
        if (i && handler_at(m, i) != handler_at(m, i - 1)) leader[i] = 1;
    }
    for (int r = 0; r < s->nregions; r++) leader[s->regions[r].target] = 1;
}

static void cut_blocks(hl_arena *a, hl_flow *w, const hl_stream *s, const try_map *m)
{
    uint8_t *leader = HL_NEWN(a, uint8_t, s->at.n + 1);
    find_leaders(s, m, leader);
    for (int i = 0; i < s->at.n; i++) w->nblocks += leader[i], w->nhandlers += s->at.at[i].op == HL_BC_push_exc;
    w->blocks = HL_NEWN(a, hl_bb, w->nblocks);
    w->block_of = HL_NEWN(a, int, s->at.n + 1);
    int k = -1;
    for (int i = 0; i < s->at.n; i++) {
        if (leader[i]) w->blocks[++k].first = i;
        w->block_of[i] = k;
        w->blocks[k].end = i + 1;
    }
    for (int i = 0; i < w->nblocks; i++) {
        hl_bb *bb = &w->blocks[i];
        const hl_bc *last = &s->at.at[bb->end - 1];
        hl_bc_flow flow = hl_bcs[last->op].flow;
        if ((flow == HL_BCF_NEXT || flow == HL_BCF_FORK) && i + 1 < w->nblocks) bb->next[bb->nnext++] = i + 1;
        if (flow == HL_BCF_FORK || flow == HL_BCF_JUMP) bb->next[bb->nnext++] = w->block_of[last->target];
        if (last->op == HL_BC_for_iter && i + 1 < w->nblocks) w->blocks[i + 1].item = true;
        int r = handler_at(m, bb->first);
        bb->handler = r < 0 ? -1 : w->block_of[s->regions[r].target];
        if (r >= 0) w->blocks[bb->handler].caught = &s->regions[r];
    }
}

/* --- order -------------------------------------------------------------------------------------------------------------- */

static int edge(const hl_bb *bb, int k) { return k < 0 ? -1 : k < bb->nnext ? bb->next[k] : k == bb->nnext ? bb->handler : -1; }

/* The k-th edge to walk: the handler, the target, what follows.  What is walked last comes first, so a loop's body comes before
 * what is behind the loop, whose look-ups then find the loop's header complete. */
static int walk(const hl_bb *bb, int k) { return edge(bb, bb->nnext - (bb->handler < 0) - k); }

static void order_blocks(hl_arena *a, hl_flow *w)
{
    int *stack = HL_NEWN(a, int, w->nblocks), *at = HL_NEWN(a, int, w->nblocks), *post = HL_NEWN(a, int, w->nblocks);
    int depth = 0, npost = 0;
    stack[depth++] = 0;
    w->blocks[0].reached = true;
    while (depth) {
        int k = stack[depth - 1], to = walk(&w->blocks[k], at[k]);
        if (to < 0) {
            post[npost++] = k;
            depth--;
            continue;
        }
        at[k]++;
        if (w->blocks[to].reached) continue;
        w->blocks[to].reached = true;
        stack[depth++] = to;
    }
    w->order = HL_NEWN(a, int, npost);
    w->norder = npost;
    for (int i = 0; i < npost; i++) {
        w->order[i] = post[npost - 1 - i];
        w->blocks[w->order[i]].order = i;
    }
    for (int i = 0; i < npost; i++) {
        const hl_bb *bb = &w->blocks[w->order[i]];
        for (int k = 0, to; (to = edge(bb, k)) >= 0; k++) {
            w->blocks[to].pending++;
            if (w->blocks[to].order <= i) w->loops = true;
        }
    }
}

/* --- unbound variables ---------------------------------------------------------------------------------------------------- */

/* `state` goes from the beginning of the block to its end; `deleted` collects what was unbound on the way. */
static void pass_block(const hl_flow *w, const hl_stream *s, const hl_bb *bb, uint64_t *state, uint64_t *deleted)
{
    for (int i = bb->first; i < bb->end; i++) {
        const hl_bc *bc = &s->at.at[i];
        switch (bc->op) {
        case HL_BC_load: hl_bit_put(state, bc->arg, false); break;
        case HL_BC_store:
            if (!w->cleared[bc->arg]) hl_bit_put(state, bc->arg, false);
            break;
        case HL_BC_delete: case HL_BC_load_clear:
            hl_bit_put(state, bc->arg, true);
            hl_bit_put(deleted, bc->arg, true);
            break;
        }
    }
}

static void find_unbound(hl_arena *a, hl_flow *w, const hl_stream *s, const uint64_t *unbound)
{
    w->cleared = HL_NEWN(a, bool, s->nvars + 1);
    for (int i = 0; i < s->at.n; i++)
        if (s->at.at[i].op == HL_BC_load_clear) w->cleared[s->at.at[i].arg] = true;
    for (int i = 0; i < w->nblocks; i++) w->blocks[i].unbound = HL_NEWN(a, uint64_t, w->nwords);
    memcpy(w->blocks[0].unbound, unbound, sizeof *unbound * (size_t)w->nwords);
    uint64_t *state = HL_NEWN(a, uint64_t, w->nwords), *deleted = HL_NEWN(a, uint64_t, w->nwords);
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < w->norder; i++) {
            const hl_bb *bb = &w->blocks[w->order[i]];
            memcpy(state, bb->unbound, sizeof *state * (size_t)w->nwords);
            memset(deleted, 0, sizeof *deleted * (size_t)w->nwords);
            pass_block(w, s, bb, state, deleted);
            for (int k = 0, to; (to = edge(bb, k)) >= 0; k++)
                for (int j = 0; j < w->nwords; j++) {
                    uint64_t in = k < bb->nnext ? state[j] : bb->unbound[j] | deleted[j];
                    if (in & ~w->blocks[to].unbound[j]) changed = true;
                    w->blocks[to].unbound[j] |= in;
                }
        }
    }
}

hl_flow *hl_build_flow(hl_arena *a, const hl_stream *s, const uint64_t *unbound)
{
    hl_flow *w = HL_NEW(a, hl_flow);
    w->nwords = s->nvars / 64 + 1;
    try_map m = map_regions(a, s);
    cut_blocks(a, w, s, &m);
    order_blocks(a, w);
    find_unbound(a, w, s, unbound);
    return w;
}
