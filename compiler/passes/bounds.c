/* Range checks leave hot loops.
 *
 * a[i] must raise IndexError when i is out of range and count from the end when it is negative (design decision 16).  Per
 * access this pass decides whether the machine code has to look:
 *
 *   proved      the index expression, each variable replaced by the end of its range that makes the expression largest
 *               or smallest (bounds_affine.c), lies in 0 … size-1 whatever happens: for i in range(len(a)).
 *   versioned   the same two ends contain values that are known only when the program runs, but before the loop: the
 *               conditions are collected in one `loop_safe` instruction in front of the outermost loop where they can be
 *               known.  The loop is copied (ir/clone.c); the original is entered when all conditions hold, and its
 *               accesses need no checks; the copy keeps them, so that exceptions come in the right iteration.  Only
 *               loops where a check is felt are worth the code: one access at least is in an innermost loop without
 *               array operations.
 *   checked     what is left.
 *
 * A list has as many items as it had in front of the loop if nothing in the loop makes lists longer or shorter; it is never proved, as `len` may have
 * been asked at another time.
 *
 * The ends of a slice are clamped, which hides from everybody that a[j*s : (j+1)*s] has s items.  That they lie in the array, in order,
 * is proved in the same way, or asked by a loop_safe in front of the loop that the slice takes as an operand: no loop is copied
 * for it, the slice chooses between its ends as they are and clamping.
 *
 * Divisions whose divisor is known before the loop are treated alike (bounds_divide.c): the condition is that it is not zero.
 *
 * loop_safe's immediate is (bits, factors, condition, condition, …): a factor is (operand, axis) for the size of an array's
 * axis, or (operand, -1) for an integer, (operand, -2) for a number that only must not be zero, or (operand, -3) for one that must be positive; a condition is (c, (coefficient, factor[, factor]), …) and means
 * c + Σ coefficient·factor[·factor] >= 0.  It also demands every factor to be less than 2**bits in magnitude, 2**40 or
 * 2**29 where products occur: with that, no sum or product in the conditions overflows, and neither do the index
 * computations they speak of.
 *
 * A proof needs no such demand when only sizes of arrays occur, each at most once: sizes are not negative, and sums of them
 * and small constants cannot wrap to where the proof would be wrong (a range whose end wraps is empty).
 */
#include "bounds.h"
#include <string.h>

enum { MAX_CONDITIONS = 48, MAX_LOOP = 800, MAX_GROWTH = 4000, MAX_INDICES = 32, MAX_SUBSTITUTIONS = 24 };

typedef struct conditions {
    HL_VEC(hl_factor) factors;   /* everything that takes part in arithmetic */
    HL_VEC(hl_affine) at;
    hl_inst *tame[MAX_INDICES]; int ntame; /* integers that are known not to be extreme: arrays were made of that size */
    bool products;
    bool exact;                  /* the ends of ranges are what they are in mathematics: no arithmetic on them wrapped */
} conditions;

typedef struct place {
    hl_inst *inst;
    int n;                       /* indices */
    hl_inst *index[MAX_INDICES]; int axis[MAX_INDICES];
    int nslices;
    hl_inst *slice[2 * MAX_INDICES]; /* ends of slices, which are clamped: only their sign matters */
    bool whole;                  /* index and slice list all that may be negative */
    hl_block *loop;              /* versioned there */
    conditions need;
    unsigned flags;              /* what holds when the conditions do */
} place;

typedef struct bounds {
    hl_cx *cx;
    hl_func *f;
    hl_arena *arena;
    HL_VEC(place *) places;
    HL_VEC(hl_division) divisions;
    HL_VEC(hl_block *) copied;   /* headers of loops that have two versions */
    int growth;
    bool slices;                 /* there are views made of slices */
    bool lists;                  /* items of lists are accessed */
} bounds;

static bool checked(const bounds *b)
{
    const hl_options *own = b->f->options;
    return own ? own->boundscheck : b->cx->rq->options.boundscheck;
}

/* --- what is accessed ------------------------------------------------------------------------------------------------- */

static bool add_index(place *a, hl_inst *v, int axis)
{
    if (a->n == MAX_INDICES || !hl_affine_takes(v->type)) return false;
    a->index[a->n] = v, a->axis[a->n++] = axis;
    return true;
}

static void add_slice(place *a, hl_inst *slice)
{
    if (slice->op != HL_OP_build_slice) {
        const hl_type *t = slice->type;
        for (int k = 0; k < t->nitems; k++) a->whole &= t->items[k]->kind == HL_K_NONE;
        return;
    }
    for (int k = 0; k < 2; k++) {
        const hl_type *t = slice->args[k]->type;
        if (t->kind == HL_K_NONE) continue;
        if (hl_affine_takes(t)) a->slice[a->nslices++] = slice->args[k];
        else a->whole = false;
    }
}

/* Takes the index apart.  false: something else than ints, slices, None and an ellipsis. */
static bool take_apart(place *a, const hl_type *array, hl_inst *index)
{
    hl_inst *const *items = &index;
    int n = 1, used = 0, axis = 0;
    if (index->type->kind == HL_K_TUPLE) {
        if (index->op != HL_OP_build_tuple) return false;
        items = index->args, n = index->nargs;
    }
    if (n > MAX_INDICES) return false;
    for (int k = 0; k < n; k++) {
        const hl_type *t = hl_unliteral(items[k]->type);
        used += t->kind != HL_K_NONE && t->kind != HL_K_ELLIPSIS;
    }
    for (int k = 0; k < n; k++) {
        const hl_type *t = hl_unliteral(items[k]->type);
        if (t->kind == HL_K_NONE) continue;
        if (t->kind == HL_K_ELLIPSIS) axis += array->ndim - used;
        else if (t->kind == HL_K_SLICE) add_slice(a, items[k]), axis++;
        else if (!hl_is_int(t) || !add_index(a, items[k], axis++)) return false;
    }
    return axis <= array->ndim;
}

static bool takes_slices(const hl_inst *i)
{
    return i->op == HL_OP_getitem && i->nargs == 2 && hl_is_array(i->args[0]->type) && hl_is_array(i->type) && hl_ir_effects(i) & HL_E_BORROW;
}

/* An access to one item of a list. */
static bool takes_item(const hl_inst *i) { return i->args[0]->type->kind == HL_K_LIST && hl_is_int(hl_unliteral(i->args[1]->type)); }

static void find_places(bounds *b)
{
    for (int k = 0; k < b->f->blocks.n; k++)
        for (hl_inst *i = b->f->blocks.at[k]->first; i; i = i->next) {
            if ((i->op != HL_OP_getitem && i->op != HL_OP_setitem) || !(hl_is_array(i->args[0]->type) || takes_item(i))) continue;
            place *a = HL_NEW(b->arena, place);
            a->inst = i;
            a->whole = true;
            b->slices |= takes_slices(i);
            b->lists |= takes_item(i);
            if ((takes_item(i) ? add_index(a, i->args[1], 0) : take_apart(a, i->args[0]->type, i->args[1])) && a->n) hl_push(b->arena, &b->places, a);
        }
}

/* --- ends of ranges ------------------------------------------------------------------------------------------------------ */

/* Which variable of e to replace next: the innermost one; with a loop given, only those that change in it. */
typedef struct variable { int term, factor; hl_fact fact; } variable;

static bool next_variable(const hl_affine *e, const hl_block *at, const hl_block *loop, variable *out)
{
    int depth = -1;
    for (int k = 0; k < e->n; k++)
        for (int j = 0; j < e->t[k].nf; j++) {
            hl_factor f = e->t[k].f[j];
            if (f.axis >= 0 || (loop && !hl_ir_loop_contains(loop, f.value->block)) || f.value->block->loop_depth <= depth) continue;
            hl_fact fact = hl_fact_of(f.value, at);
            if (!fact.ok) continue;
            depth = f.value->block->loop_depth;
            *out = (variable){k, j, fact};
        }
    return depth >= 0;
}

typedef enum end { LOWER, UPPER, SIZE } end;

static bool is_tame(const conditions *c, hl_factor f, const hl_block *at)
{
    if (f.axis >= 0) return true;
    for (int k = 0; k < c->ntame; k++)
        if (c->tame[k] == f.value) return true;
    return hl_fact_of(f.value, at).ok;
}

static int factor_number(bounds *b, conditions *c, hl_factor f)
{
    for (int k = 0; k < c->factors.n; k++)
        if (hl_factor_same(c->factors.at[k], f)) return k;
    hl_push(b->arena, &c->factors, f);
    return c->factors.n - 1;
}

/* Notes what has to be small for e to be computed without overflow, and whether that is certain anyway.  A value that may
 * be anything is so alone, and beside a constant that takes it, if it wraps, to where the range is empty. */
static void note(bounds *b, conditions *c, const hl_affine *e, end kind, const hl_block *at, const hl_block *loop)
{
    bool tame = true, unit = true;
    for (int k = 0; k < e->n; k++) {
        const hl_term *t = &e->t[k];
        unit &= t->nf == 1 && (t->coef == 1 || t->coef == -1);
        c->products |= t->nf == 2;
        for (int j = 0; j < t->nf; j++) {
            tame &= is_tame(c, t->f[j], at);
            /* the ends of a variable of the loop count for it */
            if (!loop || !hl_ir_loop_contains(loop, t->f[j].value->block)) factor_number(b, c, t->f[j]);
        }
    }
    bool alone = e->n == 1 && unit && e->t[0].coef == 1 && (kind == SIZE || (kind == UPPER ? e->c >= -1 : e->c <= 1));
    c->exact &= e->n == 0 || alone || (tame && unit && e->n <= 3);
}

/* Is e >= 0 whatever the terms are?  Sizes are not negative. */
static bool never_negative(const hl_affine *e)
{
    if (e->c < 0) return false;
    for (int k = 0; k < e->n; k++) {
        if (e->t[k].coef < 0) return false;
        for (int j = 0; j < e->t[k].nf; j++)
            if (e->t[k].f[j].axis < 0) return false;
    }
    return true;
}

static bool known_before(const hl_affine *e, const hl_block *loop)
{
    for (int k = 0; loop && k < e->n; k++)
        for (int j = 0; j < e->t[k].nf; j++)
            if (hl_ir_loop_contains(loop, e->t[k].f[j].value->block)) return false;
    return true;
}

static bool require(bounds *b, conditions *c, hl_affine e, const hl_block *at, const hl_block *loop, int depth);

/* e with the variable replaced by the end of its range that makes e smallest.  The other factor of a product must not be
 * negative for that. */
static bool substitute(bounds *b, conditions *c, hl_affine *e, const variable *v, const hl_block *at, const hl_block *loop, int depth)
{
    hl_term t = e->t[v->term];
    bool low = t.coef > 0;
    hl_affine end = low ? v->fact.lo : v->fact.hi, old = {.n = 1, .t = {t}, .ok = true};
    if (v->fact.positive.n && !require(b, c, hl_affine_add(v->fact.positive, hl_affine_const(1), -1), at, loop, depth)) return false;
    note(b, c, &end, low ? LOWER : UPPER, at, loop);
    if (t.nf == 2) {
        hl_affine other = hl_affine_factor(t.f[1 - v->factor]);
        if (!require(b, c, other, at, loop, depth)) return false;
        note(b, c, &old, SIZE, at, loop);
        end = hl_affine_mul(end, other);
    }
    *e = hl_affine_add(hl_affine_add(*e, old, -1), end, t.coef);
    return e->ok;
}

/* Adds what must hold so that e >= 0 at block `at`, as far as it is known before the loop.  false: it is not, or never holds. */
static bool require(bounds *b, conditions *c, hl_affine e, const hl_block *at, const hl_block *loop, int depth)
{
    if (!e.ok || depth > MAX_SUBSTITUTIONS) return false;
    variable v;
    for (int n = 0; next_variable(&e, at, loop, &v); n++)
        if (n == MAX_SUBSTITUTIONS || !substitute(b, c, &e, &v, at, loop, depth + 1)) return false;
    if (!known_before(&e, loop)) return false;
    if (never_negative(&e)) return true;
    if (!e.n) return false;
    note(b, c, &e, SIZE, at, loop);
    hl_push(b->arena, &c->at, e);
    return true;
}

/* a[-1 - i]: an index that is negative whatever happens, and so counts from the end. */
static bool counts_from_end(bounds *b, conditions *c, hl_affine e, hl_affine size, const hl_block *at, const hl_block *loop)
{
    conditions trial = *c;
    int n = c->at.n;
    hl_affine above = hl_affine_add(hl_affine_const(-1), e, -1);
    if (!require(b, &trial, above, at, loop, 0) || trial.at.n > n || !require(b, &trial, hl_affine_add(size, e, 1), at, loop, 0)) return false;
    *c = trial;
    return true;
}

/* The conditions under which the access at `a` is in range; loop NULL: ends are followed as far as they go. */
static bool conditions_of(bounds *b, place *a, const hl_block *loop, conditions *c, unsigned *flags)
{
    hl_inst *i = a->inst;
    hl_affine one = hl_affine_const(1), sizes[MAX_INDICES];
    *c = (conditions){.exact = true};
    *flags = HL_I_NOBOUNDS | (a->whole ? HL_I_NOWRAP : 0);
    for (int k = 0; k < a->n; k++) {
        hl_affine *size = &sizes[k];
        *size = hl_affine_size(i->args[0], a->axis[k]);
        if (!size->ok) return false;
        if (size->n == 1 && size->t[0].nf == 1 && size->t[0].f[0].axis < 0 && size->t[0].coef == 1) c->tame[c->ntame++] = size->t[0].f[0].value;
    }
    for (int k = 0; k < a->n; k++) {
        hl_affine e = hl_affine_of(a->index[k]);
        if (!e.ok) return false;
        note(b, c, &sizes[k], SIZE, i->block, loop);
        if (counts_from_end(b, c, e, sizes[k], i->block, loop)) {
            *flags &= ~(unsigned)HL_I_NOWRAP;
            continue;
        }
        if (!e.n && e.c < 0) return false;
        hl_affine last = hl_affine_add(hl_affine_add(sizes[k], one, -1), e, -1);
        if (!require(b, c, e, i->block, loop, 0) || !require(b, c, last, i->block, loop, 0)) return false;
    }
    for (int k = 0; k < a->nslices && *flags & HL_I_NOWRAP; k++) {
        conditions trial = *c;
        if (require(b, &trial, hl_affine_of(a->slice[k]), i->block, loop, 0)) *c = trial;
        else *flags &= ~(unsigned)HL_I_NOWRAP;
    }
    return true;
}

/* --- choosing ----------------------------------------------------------------------------------------------------------- */

/* Where an index is known to be in range, no step of its arithmetic overflows: that is part of the proof (the factors are small). */
static void trust(hl_inst *v, int depth)
{
    if (!depth || (v->op != HL_OP_add && v->op != HL_OP_sub && v->op != HL_OP_mul && v->op != HL_OP_neg && v->op != HL_OP_cast)) return;
    v->flags &= (uint16_t)~HL_I_OVERFLOW;
    for (int k = 0; k < v->nargs; k++) trust(v->args[k], depth - 1);
}

static void grant(hl_inst *i, unsigned flags)
{
    i->flags |= (uint16_t)flags;
    /* An item that is read fails for no other reason. */
    if (flags & HL_I_NOBOUNDS && i->op == HL_OP_getitem && !hl_is_array(i->type)) i->flags |= HL_I_NORAISE;
}

/* The same after a proof. */
static void grant_proved(const place *a, unsigned flags)
{
    grant(a->inst, flags);
    for (int k = 0; k < a->n; k++) trust(a->index[k], 8);
}

/* Does b run in every turn of each loop between it and `loop`? */
static bool runs_always(const hl_block *b, const hl_block *loop)
{
    for (const hl_block *h = b->loop; h; b = h, h = h->loop_parent) {
        for (int p = 0; p < h->pred.n; p++)
            if (hl_ir_loop_contains(h, h->pred.at[p]) && !hl_ir_dominates(b, h->pred.at[p])) return false;
        if (h == loop) return true;
    }
    return true;
}

/* `if i > 0: a[i-1]`: the condition in front of the loop would fail for ever; LLVM proves such checks from the `if`. */
static bool relies_on_test(const place *a, const hl_block *loop)
{
    if (runs_always(a->inst->block, loop)) return false;
    for (int k = 0; k < a->n; k++) {
        hl_affine e = hl_affine_of(a->index[k]);
        if (e.n && e.c) return true;
    }
    return false;
}

/* May there be a list in a value of this type? */
static bool may_hold_list(const hl_type *t)
{
    t = hl_unliteral(t);
    bool found = t->kind != HL_K_TUPLE && t->kind != HL_K_NONE && t->kind != HL_K_OMITTED && t->kind != HL_K_STR && !hl_is_number(t) && !hl_is_intlike(t) && !hl_is_array(t);
    for (int k = 0; t->kind == HL_K_TUPLE && k < t->nitems; k++) found |= may_hold_list(t->items[k]);
    return found;
}

/* May a list become longer or shorter by this?  Whatever writes and gets hold of a list may do that, but for storing an item. */
static bool may_resize(const hl_inst *i)
{
    if (i->op == HL_OP_iternext || i->op == HL_OP_itervalue || (i->op == HL_OP_setitem && takes_item(i))) return false;
    bool calls = i->op == HL_OP_call && !i->rule;
    if (!calls && !(hl_ir_effects(i) & (HL_E_WRITE | HL_E_CONSUME | HL_E_SERIAL | HL_E_PYTHON))) return false;
    for (int q = 0; q < i->nargs; q++)
        if (may_hold_list(i->args[q]->type)) return true;
    return false;
}

static bool resizes_lists(const bounds *b, const hl_block *loop)
{
    for (int k = 0; k < b->f->blocks.n; k++) {
        const hl_block *at = b->f->blocks.at[k];
        for (const hl_inst *i = hl_ir_loop_contains(loop, at) ? at->first : NULL; i; i = i->next)
            if (may_resize(i)) return true;
    }
    return false;
}

static hl_block *entering(const hl_block *header)
{
    hl_block *from = NULL;
    for (int p = 0; p < header->pred.n; p++) {
        if (hl_ir_loop_contains(header, header->pred.at[p])) continue;
        if (from || header->pred.at[p]->handler == header) return NULL;
        from = header->pred.at[p];
    }
    return from;
}

/* What is asked in front of a loop stands behind everything that may raise there, which in a block with a handler is the end of the block. */
static bool split_entries(hl_func *f)
{
    bool any = false;
    for (int k = f->blocks.n - 1; k >= 0; k--) {
        hl_block *header = f->blocks.at[k], *from = header->loop == header ? entering(header) : NULL;
        if (!from || !from->handler || !from->last->prev || !(hl_ir_effects(from->last->prev) & HL_E_RAISE)) continue;
        hl_ir_split_edge(from, header);
        any = true;
    }
    return any;
}

static bool is_len_of_list(const hl_inst *i)
{
    return i->op == HL_OP_call && i->nargs == 1 && i->rule && i->rule->kind == HL_RULE_FUNC && !strcmp(i->rule->key, "builtins.len") && i->args[0]->type->kind == HL_K_LIST;
}

/* len(l) in the block in front of the loop, asked when no list changes any more before it. */
static hl_inst *len_in_front(const hl_block *front, const hl_inst *list)
{
    for (hl_inst *i = front->last; i; i = i->prev) {
        if (is_len_of_list(i) && i->args[0] == list) return i;
        if (may_resize(i)) return NULL;
    }
    return NULL;
}

/* `while i < len(l)` asks in every turn.  Where no list changes its length it is asked in front of the loop, once with the first test of the loop if
 * that stands there: conditions then speak of one value. */
static void hoist_lengths(bounds *b, hl_block *header)
{
    hl_block *front = entering(header);
    if (!front || resizes_lists(b, header)) return;
    for (int k = 0; k < b->f->blocks.n; k++)
        for (hl_inst *i = b->f->blocks.at[k]->first, *next; i; i = next) {
            next = i->next;
            if (!hl_ir_loop_contains(header, i->block) || !is_len_of_list(i) || hl_ir_loop_contains(header, i->args[0]->block)) continue;
            hl_inst *known = len_in_front(front, i->args[0]);
            hl_ir_remove(i);
            if (known) hl_ir_replace(b->f, i, known);
            else hl_ir_before(front->last, i);
        }
}

static void choose_loop(bounds *b, place *a)
{
    hl_block *chain[64];
    int n = 0;
    for (hl_block *h = a->inst->block->loop; h && n < 64; h = h->loop_parent) chain[n++] = h;
    while (n-- > 0) {
        if (!conditions_of(b, a, chain[n], &a->need, &a->flags) || (takes_item(a->inst) && resizes_lists(b, chain[n]))) continue;
        if (!relies_on_test(a, chain[n])) a->loop = chain[n];
        return;
    }
}

static void decide(bounds *b, place *a)
{
    conditions c;
    unsigned flags;
    if (conditions_of(b, a, NULL, &c, &flags) && !c.at.n && c.exact) grant_proved(a, flags);
    else if (checked(b)) choose_loop(b, a);
    if (!checked(b)) grant(a->inst, HL_I_NOBOUNDS);
}

/* --- versions ------------------------------------------------------------------------------------------------------------- */

/* Same terms: the one with the smaller constant implies the other. */
static bool add_condition(bounds *b, conditions *all, const hl_affine *e)
{
    for (int k = 0; k < all->at.n; k++) {
        hl_affine d = hl_affine_add(*e, all->at.at[k], -1);
        if (!d.ok || d.n) continue;
        if (d.c < 0) all->at.at[k] = *e;
        return true;
    }
    if (all->at.n == MAX_CONDITIONS) return false;
    hl_push(b->arena, &all->at, *e);
    return true;
}

static bool merge(bounds *b, conditions *all, const conditions *c)
{
    int n = all->at.n;
    for (int k = 0; k < c->at.n; k++)
        if (!add_condition(b, all, &c->at.at[k])) return all->at.n = n, false;
    for (int k = 0; k < c->factors.n; k++) factor_number(b, all, c->factors.at[k]);
    all->products |= c->products;
    return true;
}

static PyObject *condition_tuple(bounds *b, conditions *all, const hl_affine *e)
{
    PyObject *t = PyTuple_New(e->n + 1);
    if (!t) return NULL;
    PyTuple_SET_ITEM(t, 0, PyLong_FromLongLong(e->c));
    for (int k = 0; k < e->n; k++) {
        const hl_term *m = &e->t[k];
        long long coef = m->coef;
        int f0 = factor_number(b, all, m->f[0]);
        PyTuple_SET_ITEM(t, k + 1, m->nf == 1 ? Py_BuildValue("(Li)", coef, f0) : Py_BuildValue("(Lii)", coef, f0, factor_number(b, all, m->f[1])));
    }
    return t;
}

/* The end of `for i in range(end)`, when it is known before `outer`. */
static hl_inst *turns_of(const hl_block *header, const hl_block *outer)
{
    const hl_inst *next = header->last->op == HL_OP_branch ? header->last->args[0] : NULL;
    if (!next || next->op != HL_OP_iternext || next->args[0]->op != HL_OP_getiter) return NULL;
    const hl_inst *over = next->args[0]->args[0];
    if (over->type->kind != HL_K_RANGE || over->op != HL_OP_call || !over->rule || over->nargs < 2) return NULL;
    if (over->args[1]->type->kind != HL_K_OMITTED) return NULL;
    hl_inst *end = over->args[0];
    return end->type == hl_T.int64 && !hl_ir_loop_contains(outer, end->block) ? end : NULL;
}

/* Inner loops whose ends are known: that they run at all becomes a condition too, and LLVM need not ask at each of their entries. */
static void add_turns(bounds *b, const hl_block *header, hl_divisors *ends)
{
    for (int k = 0; k < b->f->blocks.n; k++) {
        hl_block *h = b->f->blocks.at[k];
        if (h == header || h->loop != h || !hl_ir_loop_contains(header, h)) continue;
        hl_inst *end = turns_of(h, header);
        bool known = !end;
        for (int q = 0; q < ends->n; q++) known |= ends->at[q] == end;
        if (!known) hl_push(b->arena, ends, end);
    }
}

static int safe_operand(bounds *b, hl_inst *safe, hl_inst *v)
{
    int at = 0;
    while (at < safe->nargs && safe->args[at] != v) at++;
    if (at == safe->nargs) hl_ir_add_arg(b->f, safe, v);
    return at;
}

/* `divisors`: divisions by what must not be zero; `ends`: what must be positive. */
static hl_inst *make_safe(bounds *b, conditions *all, const hl_divisors *divisors, const hl_divisors *ends, hl_span span)
{
    hl_inst *i = hl_ir_new(b->f, HL_OP_loop_safe, NULL, 0, span);
    PyObject *t = hl_keep(b->arena, PyTuple_New(all->at.n + 2)), *factors = hl_keep(b->arena, PyTuple_New(all->factors.n + divisors->n + ends->n));
    if (!t || !factors) return NULL;
    for (int k = 0; k < all->factors.n; k++) {
        hl_factor m = all->factors.at[k];
        PyTuple_SET_ITEM(factors, k, Py_BuildValue("(ii)", safe_operand(b, i, m.value), m.axis));
    }
    for (int k = 0; k < divisors->n; k++)
        PyTuple_SET_ITEM(factors, all->factors.n + k, Py_BuildValue("(ii)", safe_operand(b, i, divisors->at[k]->args[1]), -2));
    for (int k = 0; k < ends->n; k++)
        PyTuple_SET_ITEM(factors, all->factors.n + divisors->n + k, Py_BuildValue("(ii)", safe_operand(b, i, ends->at[k]), -3));
    PyTuple_SET_ITEM(t, 0, PyLong_FromLong(all->products ? 29 : 40));
    PyTuple_SET_ITEM(t, 1, Py_NewRef(factors));
    for (int k = 0; k < all->at.n; k++) PyTuple_SET_ITEM(t, k + 2, condition_tuple(b, all, &all->at.at[k]));
    if (PyErr_Occurred()) return NULL;
    i->obj = t;
    i->type = hl_T.boolean;
    return i;
}

/* --- slices --------------------------------------------------------------------------------------------------------------- */

static bool takes_end(const hl_inst *v) { return v->type->kind == HL_K_NONE || hl_affine_takes(v->type); }

/* Adds what must hold so that the slice v of axis `axis` lies inside: 0 <= start <= stop <= size. */
static bool slice_inside(bounds *b, const hl_inst *at, const hl_inst *v, int axis, const hl_block *loop, conditions *c)
{
    int64_t step = 1;
    const hl_type *by = v->nargs > 2 ? v->args[2]->type : NULL;
    if (v->op != HL_OP_build_slice || !takes_end(v->args[0]) || !takes_end(v->args[1])) return false;
    if (by && hl_is_literal(by) && hl_is_intlike(by->elem)) step = by->ival;
    else if (by && by->kind != HL_K_NONE && by->kind != HL_K_OMITTED) return false;
    hl_affine size = hl_affine_size(at->args[0], axis), start = hl_affine_const(0), stop = size;
    if (v->args[0]->type->kind != HL_K_NONE) start = hl_affine_of(v->args[0]);
    if (v->args[1]->type->kind != HL_K_NONE) stop = hl_affine_of(v->args[1]);
    if (step < 1 || !size.ok || !start.ok || !stop.ok) return false;
    note(b, c, &size, SIZE, at->block, loop);
    return require(b, c, start, at->block, loop, 0) && require(b, c, hl_affine_add(stop, start, -1), at->block, loop, 0) &&
           require(b, c, hl_affine_add(size, stop, -1), at->block, loop, 0);
}

static bool is_whole(const hl_inst *v) { return v->op == HL_OP_build_slice && v->args[0]->type->kind == HL_K_NONE && v->args[1]->type->kind == HL_K_NONE; }

static bool slices_inside(bounds *b, const hl_inst *at, const hl_block *loop, conditions *c)
{
    hl_inst *index = at->args[1], *const *items = &index;
    int n = 1, used = 0, axis = 0, found = 0;
    if (index->type->kind == HL_K_TUPLE) {
        if (index->op != HL_OP_build_tuple) return false;
        items = index->args, n = index->nargs;
    }
    *c = (conditions){.exact = true};
    for (int k = 0; k < n; k++) {
        const hl_type *t = hl_unliteral(items[k]->type);
        if (t->kind != HL_K_SLICE && t->kind != HL_K_NONE && t->kind != HL_K_ELLIPSIS && !hl_is_int(t)) return false;
        used += t->kind != HL_K_NONE && t->kind != HL_K_ELLIPSIS;
    }
    for (int k = 0; k < n; k++) {
        const hl_type *t = hl_unliteral(items[k]->type);
        if (t->kind == HL_K_ELLIPSIS) axis += at->args[0]->type->ndim - used;
        else if (t->kind != HL_K_NONE) {
            if (t->kind == HL_K_SLICE && !is_whole(items[k]) && (found++, !slice_inside(b, at, items[k], axis, loop, c))) return false;
            axis++;
        }
    }
    return found > 0;
}

static int free_slices(bounds *b, hl_inst *i)
{
    hl_block *chain[64], *from;
    conditions c, all = {0};
    int n = 0;
    if (slices_inside(b, i, NULL, &c) && !c.at.n && c.exact) {
        i->flags |= HL_I_INSIDE;
        return 0;
    }
    for (hl_block *h = i->block->loop; h && n < 64; h = h->loop_parent) chain[n++] = h;
    while (n-- > 0) {
        if (!slices_inside(b, i, chain[n], &c)) continue;
        if (!(from = entering(chain[n])) || !merge(b, &all, &c)) return 0;
        hl_inst *safe = make_safe(b, &all, &(hl_divisors){0}, &(hl_divisors){0}, i->span);
        if (!safe) {
            b->cx->python_error = true;
            return hl_fail(b->cx, "HotloopError", b->f, i->span, "out of memory");
        }
        hl_ir_before(from->last, safe);
        hl_ir_add_arg(b->f, i, safe);
        i->flags |= HL_I_INSIDE;
        return 0;
    }
    return 0;
}

static int size_of_loop(const bounds *b, const hl_block *header)
{
    int n = 0;
    for (int k = 0; k < b->f->blocks.n; k++)
        if (hl_ir_loop_contains(header, b->f->blocks.at[k]))
            for (hl_inst *i = b->f->blocks.at[k]->first; i; i = i->next) n++;
    return n;
}

/* `for a in range(-1, 2)`: LLVM unrolls it. */
static bool is_short(const hl_block *header)
{
    const hl_inst *next = header->last->op == HL_OP_branch ? header->last->args[0] : NULL;
    if (!next || next->op != HL_OP_iternext || next->args[0]->op != HL_OP_getiter) return false;
    const hl_inst *over = next->args[0]->args[0];
    if (over->type->kind != HL_K_RANGE || over->op != HL_OP_call || !over->rule) return false;
    int64_t at[3] = {0, 0, 1}, n = 0;
    for (int k = 0; k < over->nargs && k < 3; k++) {
        if (over->args[k]->type->kind == HL_K_OMITTED) break;
        if (!hl_is_literal(over->args[k]->type) || !hl_is_intlike(over->args[k]->type->elem)) return false;
        at[n++] = over->args[k]->type->ival;
    }
    if (n == 1) at[1] = at[0], at[0] = 0;
    __int128 turns = at[2] ? ((__int128)at[1] - at[0]) / at[2] : 0;
    return turns <= 8;
}

/* A loop whose turns are so short that a check is felt: no loop in it, neither of the program nor of an array operation. */
static bool is_light(const bounds *b, const hl_block *header)
{
    for (int k = 0; k < b->f->blocks.n; k++) {
        const hl_block *at = b->f->blocks.at[k];
        if (!hl_ir_loop_contains(header, at)) continue;
        for (const hl_block *h = at->loop; h != header; h = h->loop_parent)
            if (!is_short(h)) return false;
        for (const hl_inst *i = at->first; i; i = i->next)
            if (hl_ir_effects(i) & HL_E_FUSES && !(i->flags & HL_I_FUSED)) return false;
    }
    return true;
}

/* A condition names a value of a loop that was copied since, and is asked outside of that loop: a phi took the value's place there. */
static bool is_stale(const bounds *b, const conditions *c, const hl_block *header)
{
    for (int k = 0; k < c->factors.n; k++)
        for (int h = 0; h < b->copied.n; h++)
            if (hl_ir_loop_contains(b->copied.at[h], c->factors.at[k].value->block) && !hl_ir_loop_contains(b->copied.at[h], header)) return true;
    return false;
}

static bool renew(bounds *b, place *a, const hl_block *header)
{
    return !is_stale(b, &a->need, header) || (conditions_of(b, a, header, &a->need, &a->flags) && !is_stale(b, &a->need, header));
}

static int version(bounds *b, hl_block *header)
{
    conditions all = {0};
    HL_VEC(place *) freed = {0};
    bool worth = false;
    for (int k = 0; k < b->places.n; k++) {
        place *a = b->places.at[k];
        if (a->loop != header || !renew(b, a, header) || !merge(b, &all, &a->need)) continue;
        hl_push(b->arena, &freed, a);
        worth = worth || is_light(b, a->inst->block->loop);
    }
    hl_divisors divisors = {0};
    for (int k = 0; k < b->divisions.n; k++) {
        if (b->divisions.at[k].loop != header) continue;
        hl_push(b->arena, &divisors, b->divisions.at[k].inst);
        worth = worth || is_light(b, b->divisions.at[k].inst->block->loop);
    }
    int size = worth ? size_of_loop(b, header) : 0;
    if (!worth || size > MAX_LOOP || b->growth + size > MAX_GROWTH) return 0;
    hl_divisors ends = {0};
    add_turns(b, header, &ends);
    hl_inst *safe = make_safe(b, &all, &divisors, &ends, header->last->span);
    if (!safe) {
        b->cx->python_error = true;
        return hl_fail(b->cx, "HotloopError", b->f, header->last->span, "out of memory");
    }
    hl_block *slow, *chooser = hl_ir_copy_loop(b->f, header, &slow);
    if (!chooser) return 0;
    hl_push(b->arena, &b->copied, header);
    b->growth += size;
    hl_ir_before(chooser->last, safe);
    chooser->last->op = HL_OP_branch;
    hl_ir_add_arg(b->f, chooser->last, safe);
    chooser->succ[chooser->nsucc++] = slow; /* whose predecessor it is already */
    for (int k = 0; k < divisors.n; k++) {
        hl_divide_hoist(divisors.at[k]->args[1], header, safe);
        divisors.at[k]->flags |= HL_I_NORAISE;
    }
    for (int k = 0; k < freed.n; k++) grant_proved(freed.at[k], freed.at[k]->flags);
    return 1;
}

static int run(hl_cx *cx, hl_func *f)
{
    bounds *b = HL_NEW(cx->arena, bounds);
    b->cx = cx, b->f = f, b->arena = cx->arena;
    find_places(b);
    if (!b->places.n && !b->slices && !hl_divide_any(f)) return 0;
    do {
        hl_ir_order(f);
        hl_ir_dominators(f);
        hl_ir_loops(f);
    } while (split_entries(f));
    for (int k = 0; k < f->blocks.n && checked(b); k++)
        for (hl_inst *i = f->blocks.at[k]->first; i; i = i->next) {
            hl_division d = {i, hl_divide_loop(i)};
            if (d.loop) hl_push(b->arena, &b->divisions, d);
        }
    for (int k = 0; k < f->blocks.n && b->lists && checked(b); k++)
        if (f->blocks.at[k]->loop == f->blocks.at[k]) hoist_lengths(b, f->blocks.at[k]);
    for (int k = 0; k < b->places.n; k++) decide(b, b->places.at[k]);
    for (int k = 0; k < f->blocks.n; k++)
        for (hl_inst *i = f->blocks.at[k]->first; i; i = i->next)
            if (takes_slices(i) && free_slices(b, i)) return -1;
    HL_VEC(hl_block *) headers = {0}; /* outer ones come first */
    for (int k = 0; k < f->blocks.n; k++)
        if (f->blocks.at[k]->loop == f->blocks.at[k]) hl_push(b->arena, &headers, f->blocks.at[k]);
    int changed = 0;
    for (int k = 0; k < headers.n; k++) {
        int done = version(b, headers.at[k]);
        if (done < 0) return -1;
        changed += done;
    }
    if (changed) hl_ir_order(f);
    return 0;
}

int hl_pass_bounds(hl_cx *cx)
{
    for (int k = 0; k < cx->funcs.n; k++)
        if (run(cx, cx->funcs.at[k])) return -1;
    return 0;
}
