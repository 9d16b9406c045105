/* Ownership: explicit retain and release, and what to release when an instruction raises.
 *
 * Before: typed SSA in which values with managed parts are just values.  After: on every path through the function each
 * reference that was made is given up once.
 *
 *   root       a value that holds a reference of its own: a fresh result (call, new array, concatenation), an item read from
 *              a list that may change later (retained at once), a phi of such values.  Roots are numbered.
 *   borrowed   a value whose managed parts belong to others: a view, an item of a tuple, a tuple built from its operands, an
 *              iterator (it points to what it iterates), a fused instruction (its consumer evaluates it).  A use of it
 *              is a use of all roots that it was made from, which keeps them alive for long enough.
 *   for ever   parameters (the caller holds them until we return) and constants (the code holds them), and what is borrowed
 *              from nothing else: such values have no roots and cost nothing.
 *
 * Conventions that emission relies on:
 *   - instructions borrow their operands.  `return` and rules with effect c keep a reference of their last operand: a
 *     root that dies there is moved into it, anything else is retained before.  When such an instruction raises, it has
 *     not taken the reference.
 *   - a phi of roots takes over one reference on each edge: moved when the value dies on the edge, else retained there.
 *   - inst->unwind holds every root that is alive before a raising instruction and that its handler does not need.
 *     It may name a value twice, when two references are held.
 *
 * Method: backward liveness of the roots over blocks (exception edges included; what a handler needs is used by the
 * instruction that leads there), then one backward walk in each block puts a release behind every last use, then
 * the edges get what happens on them: retains for phis, releases of what lives in one successor only.
 *
 * Is an item read from a list safe to borrow?  Only if no instruction of the function can change a list of that type:
 * type-based alias analysis, as lists of different types are different lists.  Or else if no such instruction stands
 * between the read and the last use, when both are in one block: the `rows[i]` of `rows[i][j] = v`.
 */
#include "../compile.h"
#include "../infer/infer.h"
#include <string.h>

typedef uint64_t *set;

typedef struct value {
    int root;                   /* number, or -1 */
    int *from; int nfrom;       /* roots it is borrowed from; of a root: itself */
    bool tracked;               /* has managed parts or points to some */
    bool owned;                 /* is a root (known before roots are numbered) */
    bool volatile_read;         /* owned because it is retained at once */
    bool rooted;                /* depends on some root */
} value;

typedef struct block_state { set in, gen, kill; } block_state;

typedef struct own {
    hl_cx *cx;
    hl_func *f;
    hl_arena *arena;
    value *values;              /* by inst->id; instructions made by this pass have none */
    hl_inst **roots; int nroots, words;
    block_state *blocks;        /* by block->id */
    uint32_t nvalues, nblocks;  /* of the graph before this pass changed it */
    HL_VEC(const hl_type *) changed; /* types of lists that some instruction may change */
} own;

/* --- sets of roots ------------------------------------------------------------------------------------------------ */

static set new_set(own *o) { return HL_NEWN(o->arena, uint64_t, o->words); }
static bool has(set s, int r) { return s[r >> 6] >> (r & 63) & 1; }
static void add(set s, int r) { s[r >> 6] |= 1ull << (r & 63); }
static void drop(set s, int r) { s[r >> 6] &= ~(1ull << (r & 63)); }
static void add_all(own *o, set s, const uint64_t *t) { for (int k = 0; k < o->words; k++) s[k] |= t[k]; }
static void drop_all(own *o, set s, const uint64_t *t) { for (int k = 0; k < o->words; k++) s[k] &= ~t[k]; }
static void copy(own *o, set s, const uint64_t *t) { memcpy(s, t, sizeof *s * (size_t)o->words); }
#define EACH(o, s, r) for (int r = 0; r < (o)->nroots; r++) if (has(s, r))
#define EACH_BLOCK(f, b) for (int b##_k = 0; b##_k < (f)->blocks.n; b##_k++) for (hl_block *b = (f)->blocks.at[b##_k]; b; b = NULL)

static value *value_of(own *o, const hl_inst *i) { return &o->values[i->id]; }

static void add_roots(own *o, set s, const hl_inst *v)
{
    value *x = value_of(o, v);
    for (int k = 0; k < x->nfrom; k++) add(s, x->from[k]);
}

/* --- lists that may change ------------------------------------------------------------------------------------------ */

/* Lists in `t` that an instruction with such an operand can reach; a callee also reaches lists in lists. */
static void note_lists(own *o, const hl_type *t, bool deep)
{
    if (t->kind == HL_K_LIST) {
        for (int k = 0; k < o->changed.n; k++)
            if (o->changed.at[k] == t) return;
        hl_push(o->arena, &o->changed, t);
        if (!deep) return;
    }
    if (t->elem) note_lists(o, t->elem, deep);
    for (int k = 0; k < t->nitems; k++) note_lists(o, t->items[k], deep);
}

static bool only_steps(const hl_inst *i) { return i->op == HL_OP_iternext || i->op == HL_OP_itervalue; }

static void find_changed(own *o)
{
    EACH_BLOCK(o->f, b)
        for (hl_inst *i = b->first; i; i = i->next) {
            if (!(hl_ir_effects(i) & (HL_E_WRITE | HL_E_CONSUME))) continue;
            if (only_steps(i) || i->op == HL_OP_build_list || i->op == HL_OP_catch) continue;
            for (int k = 0; k < i->nargs; k++)
                if (i->args[k]->type) note_lists(o, i->args[k]->type, !i->rule);
        }
}

/* Does a read through a value of type t take something out of a list that may change? */
static bool reads_changing(own *o, const hl_type *t)
{
    if (t->kind == HL_K_LIST) {
        for (int k = 0; k < o->changed.n; k++)
            if (o->changed.at[k] == t) return true;
        return false;
    }
    if (t->kind == HL_K_OPTIONAL) return reads_changing(o, t->elem);
    if (t->kind != HL_K_ITER && t->kind != HL_K_BOUND) return false;
    if (t->kind == HL_K_ITER && !t->nitems) return o->changed.n > 0;
    for (int k = 0; k < t->nitems; k++)
        if (reads_changing(o, t->items[k])) return true;
    return false;
}

/* --- what values are ------------------------------------------------------------------------------------------------ */

static bool is_tracked(const hl_type *t)
{
    if (!t || t->has_mem) return t != NULL;
    for (int k = 0; k < t->nparts; k++)
        if (t->parts[k] == HL_P_PTR) return true;
    return false;
}

/* CPython gives new references. */
static bool by_python(const hl_inst *i) { return i->rule && i->rule->effects & HL_E_PYTHON; }

/* The result is made of operands, or of what they own. */
static bool is_borrowed(const hl_inst *i)
{
    if (i->flags & HL_I_FUSED || !i->type || !i->type->has_mem) return true;
    if (by_python(i)) return false;
    switch (i->op) {
    case HL_OP_cast: case HL_OP_check_bound: case HL_OP_narrow: case HL_OP_build_tuple: case HL_OP_build_slice: case HL_OP_getiter: return true;
    case HL_OP_box: case HL_OP_unbox: return false;
    case HL_OP_call: case HL_OP_call_ex: case HL_OP_catch: return (hl_ir_effects(i) & HL_E_BORROW) != 0;
    default: return !i->rule || (hl_ir_effects(i) & HL_E_BORROW);
    }
}

static bool is_item_read(const hl_inst *i)
{
    return i->op == HL_OP_getitem || i->op == HL_OP_itervalue || i->op == HL_OP_unpack_item || i->op == HL_OP_call;
}

/* --- items that are used up before their list can change ------------------------------------------------------------ */

static bool mentions(const hl_type *t, const hl_type *list, bool deep)
{
    if (t == list) return true;
    if (t->kind == HL_K_LIST && !deep) return false;
    if (t->elem && mentions(t->elem, list, deep)) return true;
    for (int k = 0; k < t->nitems; k++)
        if (mentions(t->items[k], list, deep)) return true;
    return false;
}

/* May instruction i change a list of this type?  As find_changed has it. */
static bool changes(const hl_inst *i, const hl_type *list)
{
    if (!(hl_ir_effects(i) & (HL_E_WRITE | HL_E_CONSUME)) || only_steps(i) || i->op == HL_OP_build_list) return false;
    for (int k = 0; k < i->nargs; k++)
        if (i->args[k]->type && mentions(i->args[k]->type, list, !i->rule)) return true;
    return false;
}

enum { MAX_ITEMS_AT_ONCE = 4 };

/* Are all uses of item i, and of items read from it, in its block and before anything that may change the list that it was
 * read from?  Needs uses. */
static bool used_up_at_once(const hl_inst *i)
{
    const hl_type *list = i->args[0]->type;
    const hl_inst *items[MAX_ITEMS_AT_ONCE] = {i};
    int n = 1, left = i->uses.n;
    if (i->op != HL_OP_getitem || list->kind != HL_K_LIST) return false;
    for (const hl_inst *k = i->next; k && left; k = k->next) {
        int hits = 0;
        for (int a = 0; a < k->nargs; a++)
            for (int q = 0; q < n; q++) hits += k->args[a] == items[q];
        if (changes(k, list)) return false;
        if (!hits) continue;
        if (hl_ops[k->op].effects & HL_E_TERM) return false;
        left -= hits;
        if (!is_tracked(k->type)) continue;
        if (k->op != HL_OP_getitem || k->args[0]->type->kind != HL_K_LIST || n == MAX_ITEMS_AT_ONCE) return false;
        items[n++] = k;
        left += k->uses.n;
    }
    return !left;
}

static void classify(own *o, hl_inst *i)
{
    value *v = value_of(o, i);
    v->root = -1;
    v->tracked = is_tracked(i->type) || i->flags & HL_I_FUSED || i->op == HL_OP_unpack || i->op == HL_OP_unpack_ex;
    if (!v->tracked || (hl_ops[i->op].effects & HL_E_CONST) || i->op == HL_OP_param || i->op == HL_OP_phi) return;
    if (!is_borrowed(i)) {
        v->owned = true;
        return;
    }
    if (!i->type || !i->type->has_mem || i->flags & HL_I_FUSED || !is_item_read(i)) return;
    for (int k = 0; k < i->nargs; k++)
        if (i->args[k]->type && reads_changing(o, i->args[k]->type) && !used_up_at_once(i)) v->owned = v->volatile_read = true;
}

/* A phi is for ever when all that comes in is: assumed of all phis, then taken back where it is wrong. */
static void find_rooted(own *o)
{
    for (bool changed = true; changed;) {
        changed = false;
        EACH_BLOCK(o->f, b)
            for (hl_inst *i = b->first; i; i = i->next) {
                value *v = value_of(o, i);
                if (!v->tracked || v->rooted) continue;
                v->rooted = v->owned;
                for (int k = 0; k < i->nargs && !v->rooted; k++) v->rooted = value_of(o, i->args[k])->rooted;
                if (v->rooted) v->owned |= i->op == HL_OP_phi, changed = true;
            }
    }
}

/* Numbers the roots and lists those of every borrowed value. */
static void list_roots(own *o)
{
    HL_VEC(hl_inst *) roots = {0};
    EACH_BLOCK(o->f, b)
        for (hl_inst *i = b->first; i; i = i->next)
            if (value_of(o, i)->owned) {
                value_of(o, i)->root = roots.n;
                hl_push(o->arena, &roots, i);
            }
    o->roots = roots.at, o->nroots = roots.n, o->words = (roots.n + 63) / 64;
    set s = new_set(o);
    EACH_BLOCK(o->f, b)
        for (hl_inst *i = b->first; i; i = i->next) {
            value *v = value_of(o, i);
            if (!v->rooted) continue;
            memset(s, 0, sizeof *s * (size_t)o->words);
            if (v->root >= 0) add(s, v->root);
            else for (int k = 0; k < i->nargs; k++) add_roots(o, s, i->args[k]);
            HL_VEC(int) from = {0};
            EACH(o, s, r) hl_push(o->arena, &from, r);
            v->from = from.at, v->nfrom = from.n;
        }
}

/* An iterator is the state of one loop: with a phi of two there would be no telling what to keep alive. */
static int refuse_iterator_phis(own *o)
{
    EACH_BLOCK(o->f, b)
        for (hl_inst *i = b->first; i && (hl_ops[i->op].effects & HL_E_HEAD); i = i->next)
            if (i->op == HL_OP_phi && value_of(o, i)->owned && !i->type->has_mem)
                return hl_fail(o->cx, "UnsupportedError", o->f, i->span, "which of several iterators a loop goes over is only known at run time");
    return 0;
}

/* --- liveness --------------------------------------------------------------------------------------------------------- */

/* The raising instruction's way out is an edge only if something raises. */
static void cut_idle_handlers(hl_func *f)
{
    EACH_BLOCK(f, b) {
        bool raises = !b->handler;
        for (hl_inst *i = b->last; i && !raises; i = i->prev) raises = (hl_ir_effects(i) & HL_E_RAISE) != 0;
        if (!raises) hl_ir_cut_handler(b);
    }
}

static int nedges(const hl_block *b) { return b->nsucc + (b->handler != NULL); }
static hl_block *target(const hl_block *b, int k) { return k < b->nsucc ? b->succ[k] : b->handler; }

/* What is alive on edge k of b: what lives in the target, and what its phis take from here. */
static void live_on_edge(own *o, hl_block *b, int k, set out)
{
    hl_block *to = target(b, k);
    copy(o, out, o->blocks[to->id].in);
    int p = hl_ir_pred_index(b, k);
    for (hl_inst *i = to->first; i && (hl_ops[i->op].effects & HL_E_HEAD); i = i->next)
        if (i->op == HL_OP_phi) add_roots(o, out, i->args[p]);
}

/* Uses before definitions in the block go to gen. */
static void summarise(own *o, hl_block *b)
{
    block_state *s = &o->blocks[b->id];
    s->in = new_set(o), s->gen = new_set(o), s->kill = new_set(o);
    for (hl_inst *i = b->last; i; i = i->prev) {
        value *v = value_of(o, i);
        if (v->root >= 0) add(s->kill, v->root), drop(s->gen, v->root);
        if (i->op == HL_OP_phi) continue;
        for (int k = 0; k < i->nargs; k++) add_roots(o, s->gen, i->args[k]);
    }
}

static void find_live(own *o)
{
    EACH_BLOCK(o->f, b) summarise(o, b);
    set out = new_set(o), edge = new_set(o);
    for (bool changed = true; changed;) {
        changed = false;
        for (int k = o->f->blocks.n - 1; k >= 0; k--) {
            hl_block *b = o->f->blocks.at[k];
            block_state *s = &o->blocks[b->id];
            memset(out, 0, sizeof *out * (size_t)o->words);
            for (int e = 0; e < nedges(b); e++) {
                live_on_edge(o, b, e, edge);
                add_all(o, out, edge);
            }
            drop_all(o, out, s->kill);
            add_all(o, out, s->gen);
            if (memcmp(out, s->in, sizeof *out * (size_t)o->words)) {
                copy(o, s->in, out);
                changed = true;
            }
        }
    }
}

/* --- moving --------------------------------------------------------------------------------------------------------- */

static hl_inst *make(own *o, hl_op op, hl_inst *v, hl_span span)
{
    hl_inst *i = hl_ir_new(o->f, op, &v, 1, span);
    i->type = hl_T.none;
    return i;
}

/* Same reference, other words: the parts that an aggregate was put together from, the owner of the array behind a view. */
static bool is_aggregate(const hl_inst *v)
{
    if (by_python(v)) return false;
    return v->op == HL_OP_build_tuple || v->op == HL_OP_cast || v->op == HL_OP_check_bound || v->op == HL_OP_narrow;
}
static bool is_view(const hl_inst *v)
{
    return hl_is_array(v->type) && v->nargs && v->args[0]->type && hl_is_array(v->args[0]->type) &&
           (hl_ir_effects(v) & HL_E_BORROW) != 0;
}

/* Can the references that v's parts hold be handed over, as nobody needs them afterwards?  Adds the roots to `taken`. */
static bool take(own *o, const hl_inst *v, set after, set taken)
{
    const value *x = value_of(o, v);
    if (!v->type->has_mem) return true;
    if (v->op == HL_OP_unbound || v->op == HL_OP_omitted) return true; /* its parts are NULL */
    if (x->root >= 0) {
        if (has(after, x->root) || has(taken, x->root)) return false;
        add(taken, x->root);
        return true;
    }
    if (!x->nfrom || v->flags & HL_I_FUSED) return false;
    if (is_view(v)) return take(o, v->args[0], after, taken);
    if (!is_aggregate(v)) return false;
    for (int k = 0; k < v->nargs; k++)
        if (!take(o, v->args[k], after, taken)) return false;
    return true;
}

/* The same, all or nothing. */
static bool move(own *o, const hl_inst *v, set after, set taken)
{
    set trial = new_set(o);
    copy(o, trial, taken);
    if (!take(o, v, after, trial)) return false;
    copy(o, taken, trial);
    return true;
}

/* --- inside blocks ---------------------------------------------------------------------------------------------------- */

static bool consumes(const hl_inst *i)
{
    return i->nargs && (i->op == HL_OP_return || (hl_ir_effects(i) & HL_E_CONSUME)) && i->args[i->nargs - 1]->type->has_mem;
}

static void set_unwind(own *o, hl_inst *i, set held, hl_inst *extra)
{
    HL_VEC(hl_inst *) list = {0};
    EACH(o, held, r) hl_push(o->arena, &list, o->roots[r]);
    if (extra) hl_push(o->arena, &list, extra);
    i->unwind = list.at, i->nunwind = list.n;
}

/* `live`: roots alive behind i when we come, before i when we leave; `handled`: what the handler needs, or NULL. */
static void walk_inst(own *o, hl_inst *i, set live, const uint64_t *handled)
{
    bool term = (hl_ops[i->op].effects & HL_E_TERM) != 0, raises = (hl_ir_effects(i) & HL_E_RAISE) != 0;
    value *v = value_of(o, i);
    bool used = v->root >= 0 && has(live, v->root);
    if (v->root >= 0) drop(live, v->root);
    set uses = new_set(o), taken = new_set(o);
    hl_inst *extra = NULL;
    for (int k = 0; k < i->nargs; k++) add_roots(o, uses, i->args[k]);
    if (raises && handled) add_all(o, uses, handled);
    if (consumes(i) && !move(o, i->args[i->nargs - 1], live, taken)) {
        extra = i->args[i->nargs - 1];
        hl_ir_before(i, make(o, HL_OP_retain, extra, i->span));
    }
    /* A branch's operands were made to live on all edges, and what is alive at a raise is in its unwind list. */
    EACH(o, uses, r) {
        if (has(live, r) || has(taken, r) || i->op == HL_OP_raise || i->op == HL_OP_reraise) continue;
        hl_inst *rel = make(o, HL_OP_release, o->roots[r], i->span);
        if (term) hl_ir_before(i, rel);
        else hl_ir_after(i, rel);
    }
    /* Directly behind i, before the list that an item was read from may be released. */
    if (v->root >= 0 && used == v->volatile_read) hl_ir_after(i, make(o, used ? HL_OP_retain : HL_OP_release, i, i->span));
    add_all(o, live, uses);
    if (!raises) return;
    set held = taken; /* done with it */
    copy(o, held, live);
    if (handled) drop_all(o, held, handled);
    set_unwind(o, i, held, extra);
}

/* Roots that are alive when b's terminator is reached, its own uses included when it leads somewhere. */
static void live_at_end(own *o, hl_block *b, set out)
{
    set edge = new_set(o);
    memset(out, 0, sizeof *out * (size_t)o->words);
    for (int k = 0; k < b->nsucc; k++) {
        live_on_edge(o, b, k, edge);
        add_all(o, out, edge);
    }
    if (b->nsucc)
        for (int k = 0; k < b->last->nargs; k++) add_roots(o, out, b->last->args[k]);
}

static void walk_block(own *o, hl_block *b)
{
    set live = new_set(o), handled = NULL;
    live_at_end(o, b, live);
    if (b->handler) live_on_edge(o, b, b->nsucc, handled = new_set(o));
    hl_inst *prev;
    for (hl_inst *i = b->last; i; i = prev) {
        prev = i->prev;
        if (i->op != HL_OP_phi) {
            walk_inst(o, i, live, handled);
            continue;
        }
        value *v = value_of(o, i);
        if (v->root < 0) continue;
        if (!has(live, v->root)) hl_ir_prepend(b, make(o, HL_OP_release, i, i->span));
        drop(live, v->root);
    }
}

/* --- edges ------------------------------------------------------------------------------------------------------------ */

typedef HL_VEC(hl_inst *) code;

/* What has to happen on edge k of b when the roots `held` are alive there: retains first, as they may be of what is
 * released.  Returns false when nothing has to. */
static bool edge_code(own *o, hl_block *b, int k, const uint64_t *held, code *c)
{
    hl_block *to = target(b, k);
    set in = o->blocks[to->id].in, taken = new_set(o), rest = new_set(o);
    int p = hl_ir_pred_index(b, k);
    hl_span span = b->last->span;
    for (hl_inst *i = to->first; i && (hl_ops[i->op].effects & HL_E_HEAD); i = i->next)
        if (i->op == HL_OP_phi && i->id < o->nvalues && value_of(o, i)->root >= 0 && !move(o, i->args[p], in, taken))
            hl_push(o->arena, c, make(o, HL_OP_retain, i->args[p], span));
    copy(o, rest, held);
    drop_all(o, rest, in);
    drop_all(o, rest, taken);
    EACH(o, rest, r) hl_push(o->arena, c, make(o, HL_OP_release, o->roots[r], span));
    return c->n > 0;
}

static void place_before_end(hl_block *b, const code *c)
{
    for (int k = 0; k < c->n; k++) hl_ir_before(b->last, c->at[k]);
}

static void normal_edges(own *o, hl_block *b)
{
    set held = new_set(o);
    live_at_end(o, b, held);
    for (int k = 0; k < b->nsucc; k++) {
        code c = {0};
        hl_block *to = b->succ[k];
        if (!edge_code(o, b, k, held, &c)) continue;
        if (b->nsucc == 1) place_before_end(b, &c);
        else if (to->pred.n == 1)
            while (c.n) hl_ir_prepend(to, c.at[--c.n]);
        else place_before_end(hl_ir_split_succ(b, k), &c);
    }
}

/* Exception edges with something to do on them.  Each edge to the handler gets a handler of its own, which catches, does
 * what is to be done, and goes on to the old one; what that one caught becomes a phi. */
static void split_handler(own *o, hl_block *h, const code *codes)
{
    hl_inst *caught = h->first;
    while (caught && caught->op != HL_OP_catch) caught = (hl_ops[caught->op].effects & HL_E_HEAD) ? caught->next : NULL;
    hl_inst **args = HL_NEWN(o->arena, hl_inst *, h->pred.n);
    for (int p = 0; p < h->pred.n; p++) {
        hl_block *from = h->pred.at[p];
        if (!codes[p].n && !caught) continue;
        hl_block *mid = hl_ir_split_succ(from, from->nsucc);
        if (caught) {
            args[p] = hl_ir_new(o->f, HL_OP_catch, NULL, 0, caught->span);
            args[p]->type = caught->type, args[p]->rule = caught->rule;
            hl_ir_before(mid->last, args[p]);
        }
        place_before_end(mid, &codes[p]);
    }
    if (!caught) return;
    caught->op = HL_OP_phi;
    caught->args = args, caught->nargs = h->pred.n;
}

static void exception_edges(own *o, hl_block *h)
{
    code *codes = HL_NEWN(o->arena, code, h->pred.n);
    set held = new_set(o);
    bool any = false;
    for (int p = 0; p < h->pred.n; p++) {
        hl_block *from = h->pred.at[p];
        if (from->handler != h || hl_ir_pred_index(from, from->nsucc) != p) continue;
        live_on_edge(o, from, from->nsucc, held);
        any |= edge_code(o, from, from->nsucc, held, &codes[p]);
    }
    if (any) split_handler(o, h, codes);
}

/* --- the pass --------------------------------------------------------------------------------------------------------- */

/* Is there anything to do?  Constants cost nothing until somebody takes one. */
static bool has_managed(const hl_func *f)
{
    EACH_BLOCK(f, b)
        for (const hl_inst *i = b->first; i; i = i->next)
            if (consumes(i) || (i->type && i->type->has_mem && !(hl_ops[i->op].effects & HL_E_CONST))) return true;
    return false;
}

static int run(hl_cx *cx, hl_func *f)
{
    if (!has_managed(f)) return 0;
    cut_idle_handlers(f);
    hl_ir_order(f);
    own *o = HL_NEW(cx->arena, own);
    o->cx = cx, o->f = f, o->arena = cx->arena;
    o->nvalues = f->next_inst, o->nblocks = (uint32_t)f->blocks.n;
    o->values = HL_NEWN(o->arena, value, o->nvalues);
    o->blocks = HL_NEWN(o->arena, block_state, o->nblocks);
    find_changed(o);
    if (o->changed.n) hl_ir_uses(f);
    EACH_BLOCK(f, b)
        for (hl_inst *i = b->first; i; i = i->next) classify(o, i);
    find_rooted(o);
    if (refuse_iterator_phis(o)) return -1;
    list_roots(o);
    find_live(o);
    EACH_BLOCK(f, b) walk_block(o, b);
    for (uint32_t k = 0; k < o->nblocks; k++) normal_edges(o, f->blocks.at[k]);
    for (uint32_t k = 0; k < o->nblocks; k++) exception_edges(o, f->blocks.at[k]);
    hl_ir_order(f);
    return 0;
}

int hl_pass_ownership(hl_cx *cx)
{
    for (int k = 0; k < cx->funcs.n; k++)
        if (run(cx, cx->funcs.at[k])) return -1;
    return 0;
}
