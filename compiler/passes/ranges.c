/* overflow="raise": checks that cannot fail go.
 *
 * Every integer value lies in an interval, found on demand from what it is computed from: literals, the ends of a range, remainders, masks, items of
 * narrow arrays, sizes.  Where a block is only reached through a comparison (`if n < 2: return n`, the test of a `while`), the comparison narrows the
 * interval of its operands.  An operation whose exact result, computed in 128 bits, lies in 64 needs no check; neither does one that stores into a
 * narrower type what is known to fit.
 *
 * An operation that overflows raises, so a result that is used lies in 64 bits in any case: intervals are cut there.  A phi that is asked for while its
 * own interval is being found may be anything, which ends the recursion; two kinds of loop variables are known all the same:
 *
 *   counters of loops    what bounds.h knows of them (range, enumerate, `while i < n`)
 *   slow counters        k += 1 in a loop, also in several places and loops: phis that only meet each other, values below 2**61, and sums of one of
 *                        these with a literal of at most 4.  Such a sum needs 2**59 additions to leave 62 bits, one after another: years
 */
#include "bounds.h"
#include <string.h>

enum { MAX_WEB = 24, MAX_DEPTH = 24, MAX_UP = 16, SMALL_STEP = 4 };
typedef __int128 wide;
typedef struct span64 { int64_t lo, hi; } interval;
static const interval everything = {INT64_MIN, INT64_MAX};

typedef struct ranges {
    hl_func *f;
    interval *known;             /* by id */
    char *state;                 /* 0: not asked, 1: being found, 2: known */
    int depth;
} ranges;

static interval of(ranges *r, hl_inst *v);

/* --- intervals ------------------------------------------------------------------------------------------------------------ */

static interval cut(wide lo, wide hi)
{
    return (interval){lo < INT64_MIN ? INT64_MIN : lo > INT64_MAX ? INT64_MAX : (int64_t)lo, hi > INT64_MAX ? INT64_MAX : hi < INT64_MIN ? INT64_MIN : (int64_t)hi};
}

static interval both(interval a, interval b)
{
    interval r = {a.lo > b.lo ? a.lo : b.lo, a.hi < b.hi ? a.hi : b.hi};
    return r.lo <= r.hi ? r : a; /* code that never runs */
}

static interval either(interval a, interval b) { return (interval){a.lo < b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi}; }

static interval of_type(const hl_type *t)
{
    t = hl_unliteral(t);
    if (t->kind == HL_K_BOOL) return (interval){0, 1};
    if (t->kind != HL_K_INT || t->bits > 32) return everything;
    int64_t half = (int64_t)1 << (t->bits - 1);
    return t->flags & HL_T_SIGNED ? (interval){-half, half - 1} : (interval){0, 2 * half - 1};
}

static bool is_int64(const hl_type *t)
{
    t = hl_unliteral(t);
    return t->kind == HL_K_INT && t->bits == 64 && t->flags & HL_T_SIGNED;
}

static bool literal(const hl_inst *v, int64_t *out)
{
    if (!hl_is_literal(v->type) || !hl_affine_takes(v->type)) return false;
    *out = v->type->ival;
    return true;
}

/* Least and largest of four: an operation that is monotone in each operand. */
typedef struct ends { wide lo, hi; } ends;
static ends corners(wide (*op)(int64_t, int64_t), interval a, interval b)
{
    wide at[4] = {op(a.lo, b.lo), op(a.lo, b.hi), op(a.hi, b.lo), op(a.hi, b.hi)};
    ends r = {at[0], at[0]};
    for (int k = 1; k < 4; k++) {
        if (at[k] < r.lo) r.lo = at[k];
        if (at[k] > r.hi) r.hi = at[k];
    }
    return r;
}

static wide product(int64_t a, int64_t b) { return (wide)a * b; }
static wide floor_quotient(int64_t a, int64_t b) { return (wide)a / b - ((wide)a % b && (a < 0) != (b < 0)); }
static wide shifted_right(int64_t a, int64_t b) { return a >> (b > 63 ? 63 : b); }

/* The interval of a result before it is cut to 64 bits; false: this operation is none of arithmetic. */
static bool exact(const hl_inst *i, interval a, interval b, ends *out)
{
    switch (i->op) {
    case HL_OP_add: *out = (ends){(wide)a.lo + b.lo, (wide)a.hi + b.hi}; return true;
    case HL_OP_sub: *out = (ends){(wide)a.lo - b.hi, (wide)a.hi - b.lo}; return true;
    case HL_OP_neg: *out = (ends){-(wide)a.hi, -(wide)a.lo}; return true;
    case HL_OP_mul: *out = corners(product, a, b); return true;
    case HL_OP_lshift:
        if (b.lo < 0 || b.hi > 62) return false;
        *out = corners(product, a, (interval){(int64_t)1 << b.lo, (int64_t)1 << b.hi});
        return true;
    case HL_OP_floordiv:
        if (b.lo < 1) return false;
        *out = corners(floor_quotient, a, b);
        return true;
    default: return false;
    }
}

/* --- of values ------------------------------------------------------------------------------------------------------------ */

static interval remainder_of(interval b)
{
    if (b.lo >= 1) return (interval){0, b.hi - 1};
    if (b.hi <= -1) return (interval){b.lo + 1, 0};
    return (interval){b.lo < 0 ? b.lo + 1 : 0, b.hi > 0 ? b.hi - 1 : 0};
}

static interval of_bits(const hl_inst *i, interval a, interval b)
{
    if (i->op == HL_OP_and) {
        if (a.lo < 0 && b.lo < 0) return everything;
        return (interval){0, a.lo < 0 ? b.hi : b.lo < 0 ? a.hi : a.hi < b.hi ? a.hi : b.hi};
    }
    if (a.lo < 0 || b.lo < 0) return everything;
    int64_t most = a.hi > b.hi ? a.hi : b.hi;
    return (interval){0, most ? (int64_t)(UINT64_MAX >> __builtin_clzll((uint64_t)most)) : 0};
}

static interval of_call(ranges *r, const hl_inst *i)
{
    if (!i->rule || !i->rule->key || i->rule->kind != HL_RULE_FUNC || !i->nargs) return everything;
    bool max = !strcmp(i->rule->key, "builtins.max"), min = !strcmp(i->rule->key, "builtins.min");
    if (!strcmp(i->rule->key, "builtins.len")) return (interval){0, INT64_MAX};
    if (!strcmp(i->rule->key, "builtins.abs") && is_int64(i->args[0]->type)) {
        interval a = of(r, i->args[0]);
        return a.lo >= 0 ? a : cut(0, -(wide)a.lo > a.hi ? -(wide)a.lo : a.hi);
    }
    if ((!max && !min) || i->nargs < 2) return everything;
    interval all = everything;
    for (int k = 0; k < i->nargs; k++) {
        const hl_type *t = hl_unliteral(i->args[k]->type);
        if (t->kind == HL_K_OMITTED) continue;
        if (!hl_affine_takes(t)) return everything;
        interval a = of(r, i->args[k]);
        if (!k) all = a;
        else all = max ? (interval){a.lo > all.lo ? a.lo : all.lo, a.hi > all.hi ? a.hi : all.hi}
                       : (interval){a.lo < all.lo ? a.lo : all.lo, a.hi < all.hi ? a.hi : all.hi};
    }
    return all;
}

/* An expression over values; products of two and coefficients included. */
static ends of_affine(ranges *r, const hl_affine *e)
{
    ends sum = {e->c, e->c};
    for (int k = 0; k < e->n; k++) {
        const hl_term *t = &e->t[k];
        interval a = t->f[0].axis >= 0 ? (interval){0, INT64_MAX} : of(r, t->f[0].value);
        if (t->nf == 2) return (ends){INT64_MIN, INT64_MAX};
        wide lo = (wide)t->coef * (t->coef > 0 ? a.lo : a.hi), hi = (wide)t->coef * (t->coef > 0 ? a.hi : a.lo);
        sum.lo += lo, sum.hi += hi;
    }
    return sum;
}

/* What bounds.h knows of a loop's variable in block `at`. */
static interval of_fact(ranges *r, hl_inst *v, const hl_block *at)
{
    hl_fact f = hl_fact_of(v, at);
    if (!f.ok || f.positive.n || f.positive.c < 1) return everything;
    ends lo = of_affine(r, &f.lo), hi = of_affine(r, &f.hi);
    interval got = cut(lo.lo, hi.hi);
    return got.lo <= got.hi ? got : everything;
}

typedef struct web { hl_inst *at[MAX_WEB]; int n; bool up, down; interval leaves; bool any; } web;

static bool web_adds(web *w, hl_inst *v)
{
    for (int k = 0; k < w->n; k++)
        if (w->at[k] == v) return true;
    if (w->n == MAX_WEB) return false;
    w->at[w->n++] = v;
    return true;
}

/* v is a sum of a value of the web and a small literal: that value, the step noted. */
static hl_inst *stepped(web *w, const hl_inst *v)
{
    int64_t c;
    if ((v->op != HL_OP_add && v->op != HL_OP_sub) || !is_int64(v->type) || !is_int64(v->args[0]->type) || !is_int64(v->args[1]->type)) return NULL;
    bool first = v->op == HL_OP_add && literal(v->args[0], &c);
    if ((!first && !literal(v->args[1], &c)) || c > SMALL_STEP || c < -SMALL_STEP) return NULL;
    if (v->op == HL_OP_sub) c = -c;
    w->up |= c > 0, w->down |= c < 0;
    return v->args[first];
}

static interval of_web(ranges *r, hl_inst *phi)
{
    static const int64_t most = (int64_t)1 << 61;
    web w = {0};
    web_adds(&w, phi);
    for (int k = 0; k < w.n; k++) {
        hl_inst *v = w.at[k], *from;
        if (v->op == HL_OP_phi && is_int64(v->type)) {
            for (int q = 0; q < v->nargs; q++)
                if (!web_adds(&w, v->args[q])) return everything;
        } else if ((from = stepped(&w, v))) {
            if (!web_adds(&w, from)) return everything;
        } else {
            interval a = of(r, v);
            w.leaves = w.any ? either(w.leaves, a) : a;
            w.any = true;
            if (a.lo < -most || a.hi > most) return everything;
        }
    }
    return w.any ? (interval){w.leaves.lo - (w.down ? most : 0), w.leaves.hi + (w.up ? most : 0)} : everything;
}

static interval of_phi(ranges *r, hl_inst *i)
{
    interval all = of_web(r, i);
    if (all.lo == INT64_MIN && all.hi == INT64_MAX)
        for (int k = 0; k < i->nargs; k++) all = k ? either(all, of(r, i->args[k])) : of(r, i->args[k]);
    return both(all, of_fact(r, i, i->block));
}

static interval at_block(ranges *r, hl_inst *v, const hl_block *at);

static interval of_arithmetic(ranges *r, const hl_inst *i)
{
    hl_inst *x = i->args[0], *y = i->args[i->nargs - 1];
    int64_t c;
    ends e;
    if (!hl_affine_takes(x->type) || !hl_affine_takes(y->type)) return everything;
    if (!exact(i, at_block(r, x, i->block), at_block(r, y, i->block), &e)) return everything;
    interval a = cut(e.lo, e.hi);
    if (i->op == HL_OP_mul && (literal(x, &c) || literal(y, &c)) && c > 1) a = (interval){a.lo / c * c, a.hi / c * c}; /* a multiple: 3 * x + 1 fits where 3 * x does */
    return a;
}

static interval find(ranges *r, hl_inst *i)
{
    int64_t c;
    ends e;
    if (literal(i, &c)) return (interval){c, c};
    if (!hl_is_intlike(hl_unliteral(i->type))) return everything;
    if (!is_int64(i->type) && i->op != HL_OP_cast) return of_type(i->type);
    switch (i->op) {
    case HL_OP_add: case HL_OP_sub: case HL_OP_mul: case HL_OP_lshift: case HL_OP_neg: case HL_OP_floordiv:
        return of_arithmetic(r, i);
    case HL_OP_mod: return is_int64(i->args[0]->type) && is_int64(i->args[1]->type) ? remainder_of(at_block(r, i->args[1], i->block)) : everything;
    case HL_OP_and: case HL_OP_or: case HL_OP_xor:
        return hl_affine_takes(i->args[0]->type) && hl_affine_takes(i->args[1]->type) ? of_bits(i, of(r, i->args[0]), of(r, i->args[1])) : everything;
    case HL_OP_rshift: {
        interval by = of(r, i->args[1]);
        if (!hl_affine_takes(i->args[0]->type) || !hl_affine_takes(i->args[1]->type) || by.lo < 0) return everything;
        e = corners(shifted_right, of(r, i->args[0]), by);
        return cut(e.lo, e.hi);
    }
    case HL_OP_cast: {
        if (!hl_affine_takes(i->args[0]->type)) return of_type(i->type);
        interval from = at_block(r, i->args[0], i->block), to = of_type(i->type);
        return from.lo >= to.lo && from.hi <= to.hi ? from : to;
    }
    case HL_OP_call: return of_call(r, i);
    case HL_OP_phi: return of_phi(r, i);
    default: return of_fact(r, i, i->block);
    }
}

static interval of(ranges *r, hl_inst *v)
{
    if (r->state[v->id] == 2) return r->known[v->id];
    if (r->state[v->id] == 1 || r->depth > MAX_DEPTH) return of_type(v->type);
    r->state[v->id] = 1;
    r->depth++;
    interval found = find(r, v);
    r->depth--;
    r->known[v->id] = found;
    r->state[v->id] = 2;
    return found;
}

/* --- comparisons that were passed ------------------------------------------------------------------------------------------- */

/* What `v op limit` (or its contrary) says about v. */
static interval by_comparison(interval a, hl_op op, bool holds, interval limit)
{
    static const hl_op contrary[][2] = {{HL_OP_lt, HL_OP_ge}, {HL_OP_le, HL_OP_gt}, {HL_OP_gt, HL_OP_le}, {HL_OP_ge, HL_OP_lt}, {HL_OP_eq, HL_OP_ne}, {HL_OP_ne, HL_OP_eq}};
    for (size_t k = 0; !holds && k < sizeof contrary / sizeof *contrary; k++)
        if (contrary[k][0] == op) {
            op = contrary[k][1];
            break;
        }
    switch (op) {
    case HL_OP_lt: return both(a, cut(INT64_MIN, (wide)limit.hi - 1));
    case HL_OP_le: return both(a, (interval){INT64_MIN, limit.hi});
    case HL_OP_gt: return both(a, cut((wide)limit.lo + 1, INT64_MAX));
    case HL_OP_ge: return both(a, (interval){limit.lo, INT64_MAX});
    case HL_OP_eq: return both(a, limit);
    default: return a;
    }
}

static hl_op mirrored(hl_op op) { return op == HL_OP_lt ? HL_OP_gt : op == HL_OP_gt ? HL_OP_lt : op == HL_OP_le ? HL_OP_ge : op == HL_OP_ge ? HL_OP_le : op; }

static interval after_branch(ranges *r, interval a, const hl_inst *v, const hl_inst *condition, bool holds)
{
    while ((condition->op == HL_OP_truth || condition->op == HL_OP_not || condition->op == HL_OP_cast) && hl_unliteral(condition->args[0]->type)->kind == HL_K_BOOL) {
        holds ^= condition->op == HL_OP_not;
        condition = condition->args[0];
    }
    hl_op op = condition->op;
    if (op != HL_OP_lt && op != HL_OP_le && op != HL_OP_gt && op != HL_OP_ge && op != HL_OP_eq && op != HL_OP_ne) return a;
    if (!hl_affine_takes(condition->args[0]->type) || !hl_affine_takes(condition->args[1]->type)) return a;
    if (condition->args[0] == v) return by_comparison(a, op, holds, of(r, condition->args[1]));
    if (condition->args[1] == v) return by_comparison(a, mirrored(op), holds, of(r, condition->args[0]));
    return a;
}

/* The interval of v in a block that v dominates. */
static interval at_block(ranges *r, hl_inst *v, const hl_block *at)
{
    interval a = of(r, v);
    int64_t c;
    if (literal(v, &c)) return a;
    int up = 0;
    for (const hl_block *b = at->idom; b && up++ < MAX_UP && hl_ir_dominates(v->block, b); b = b == b->idom ? NULL : b->idom) {
        if (b->nsucc != 2 || b->last->op != HL_OP_branch || b->succ[0] == b->succ[1]) continue;
        for (int s = 0; s < 2; s++)
            if (b->succ[s]->pred.n == 1 && hl_ir_dominates(b->succ[s], at)) a = after_branch(r, a, v, b->last->args[0], s == 0);
    }
    if (v->op == HL_OP_phi) a = both(a, of_fact(r, v, at));
    return a;
}

/* --- the pass --------------------------------------------------------------------------------------------------------------- */

static bool fits(interval a, const hl_type *t)
{
    interval to = of_type(t);
    t = hl_unliteral(t);
    if (t->kind == HL_K_INT && t->bits == 64 && !(t->flags & HL_T_SIGNED)) return a.lo >= 0;
    return t->kind == HL_K_INT && a.lo >= to.lo && a.hi <= to.hi;
}

static bool cannot_overflow(ranges *r, hl_inst *i)
{
    ends e;
    if (i->op == HL_OP_setitem) {
        hl_inst *from = i->args[2]->op == HL_OP_cast ? i->args[2]->args[0] : NULL;
        return from && hl_affine_takes(from->type) && fits(at_block(r, from, i->block), i->args[2]->type);
    }
    if (i->op == HL_OP_call && (!i->rule || !i->rule->key || !i->nargs)) return false;
    if (i->op == HL_OP_call && !strncmp(i->rule->key, "numpy.", 6) && i->nargs == 1)
        return hl_affine_takes(i->args[0]->type) && fits(at_block(r, i->args[0], i->block), i->type);
    if (i->op == HL_OP_call) return !strcmp(i->rule->key, "builtins.abs") && is_int64(i->args[0]->type) && at_block(r, i->args[0], i->block).lo > INT64_MIN;
    if (!is_int64(i->type)) return false;
    for (int k = 0; k < i->nargs; k++)
        if (!hl_affine_takes(i->args[k]->type)) return false;
    return exact(i, at_block(r, i->args[0], i->block), at_block(r, i->args[i->nargs - 1], i->block), &e) && e.lo >= INT64_MIN && e.hi <= INT64_MAX;
}

static bool any_checks(const hl_func *f)
{
    for (int k = 0; k < f->blocks.n; k++)
        for (const hl_inst *i = f->blocks.at[k]->first; i; i = i->next)
            if (i->flags & HL_I_OVERFLOW) return true;
    return false;
}

static void run(hl_func *f)
{
    hl_ir_order(f);
    hl_ir_dominators(f);
    hl_ir_loops(f);
    ranges r = {.f = f, .known = HL_NEWN(f->arena, interval, f->next_inst + 1), .state = HL_NEWN(f->arena, char, f->next_inst + 1)};
    for (int k = 0; k < f->blocks.n; k++)
        for (hl_inst *i = f->blocks.at[k]->first; i; i = i->next)
            if (i->flags & HL_I_OVERFLOW && cannot_overflow(&r, i)) i->flags &= (uint16_t)~HL_I_OVERFLOW;
}

int hl_pass_ranges(hl_cx *cx)
{
    for (int k = 0; k < cx->funcs.n; k++)
        if (any_checks(cx->funcs.at[k])) run(cx->funcs.at[k]);
    return 0;
}
