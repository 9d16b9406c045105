/* Linear expressions and ranges of values.
 *
 * An integer value is written as  c + Σ coef·term,  terms being other values or sizes of arrays, or products of two of them
 * (i*width + j); sizes are followed
 * through casts, transposition, views with a plain index, in-place operators and creation (the size of np.zeros(n) is
 * n), so that two ways of asking for a size give one term.
 *
 * A fact bounds a value by two such expressions:
 *   - an item of range(a, b, s):  a … b-1 for s > 0, b+1 … a for s < 0; a step that is not constant is taken to be positive,
 *     under that condition; enumerate over an array counts its first axis
 *   - the counter of a `while` loop, a phi that starts outside and steps by constants of one sign, where the loop's test
 *     has been passed: at the head (`while True: if i >= n: break`), or at the end with a copy in front, as CPython lays
 *     `while i < n` out
 *   - x % n, for n > 0, and integers of less than 64 bits
 *
 * Coefficients and constants are kept small, so that nothing overflows as long as the terms are less than 2**40, or 2**29
 * where products occur; who draws conclusions has to see to that (bounds.c).
 */
#include "bounds.h"
#include <string.h>

enum { MAX_COEF = 1 << 16 };
static const int64_t MAX_CONST = (int64_t)1 << 40;

static const hl_affine nothing = {.ok = false};

hl_affine hl_affine_const(int64_t c) { return (hl_affine){.c = c, .ok = c <= MAX_CONST && c >= -MAX_CONST}; }

hl_affine hl_affine_factor(hl_factor f) { return (hl_affine){.n = 1, .t = {{.f = {f}, .nf = 1, .coef = 1}}, .ok = true}; }

static hl_affine term_of(hl_inst *v, int axis) { return hl_affine_factor((hl_factor){v, axis}); }

static bool same_term(const hl_term *a, const hl_term *b)
{
    return a->nf == b->nf && hl_factor_same(a->f[0], b->f[0]) && (a->nf == 1 || hl_factor_same(a->f[1], b->f[1]));
}

static bool add_term(hl_affine *a, const hl_term *t, int64_t coef)
{
    int j = 0;
    while (j < a->n && !same_term(&a->t[j], t)) j++;
    if (j == HL_MAX_TERMS) return false;
    if (j == a->n) {
        a->t[a->n++] = *t;
        a->t[j].coef = 0;
    }
    a->t[j].coef += coef;
    int64_t max = t->nf == 2 ? 1 : MAX_COEF;
    if (a->t[j].coef > max || a->t[j].coef < -max) return false;
    if (!a->t[j].coef) a->t[j] = a->t[--a->n];
    return true;
}

hl_affine hl_affine_add(hl_affine a, hl_affine b, int64_t times)
{
    if (!a.ok || !b.ok || times > MAX_COEF || times < -MAX_COEF) return nothing;
    if (__builtin_mul_overflow(b.c, times, &b.c)) return nothing;
    a.c += b.c;
    if (a.c > MAX_CONST || a.c < -MAX_CONST) return nothing;
    for (int k = 0; k < b.n; k++)
        if (!add_term(&a, &b.t[k], b.t[k].coef * times)) return nothing;
    return a;
}

/* One order for the two factors of a product. */
static hl_term product(hl_factor a, hl_factor b)
{
    bool swap = a.value->id > b.value->id || (a.value == b.value && a.axis > b.axis);
    return (hl_term){.f = {swap ? b : a, swap ? a : b}, .nf = 2};
}

hl_affine hl_affine_mul(hl_affine a, hl_affine b)
{
    if (!a.ok || !b.ok) return nothing;
    hl_affine r = hl_affine_add(hl_affine_const(0), b, a.c);
    for (int k = 0; k < a.n; k++) {
        int64_t c;
        if (__builtin_mul_overflow(a.t[k].coef, b.c, &c) || (c && !add_term(&r, &a.t[k], c))) return nothing;
        for (int j = 0; j < b.n; j++) {
            if (a.t[k].nf + b.t[j].nf > 2) return nothing;
            hl_term t = product(a.t[k].f[0], b.t[j].f[0]);
            if (!add_term(&r, &t, a.t[k].coef * b.t[j].coef)) return nothing;
        }
    }
    return r;
}

bool hl_affine_same(const hl_affine *a, const hl_affine *b)
{
    hl_affine d = hl_affine_add(*a, *b, -1);
    return d.ok && !d.n && !d.c;
}

/* --- of values -------------------------------------------------------------------------------------------------------- */

static bool is_int64(const hl_type *t)
{
    t = hl_unliteral(t);
    return t->kind == HL_K_INT && t->bits == 64 && (t->flags & HL_T_SIGNED);
}

bool hl_affine_takes(const hl_type *t)
{
    t = hl_unliteral(t);
    return t->kind == HL_K_BOOL || (t->kind == HL_K_INT && (t->bits <= 32 || t->flags & HL_T_SIGNED));
}

static bool literal(const hl_inst *v, int64_t *out)
{
    const hl_type *t = v->type;
    if (t->kind != HL_K_LITERAL || !hl_is_intlike(t->elem) || (t->elem->kind == HL_K_INT && !(t->elem->flags & HL_T_SIGNED))) return false;
    *out = t->ival;
    return true;
}

static bool key_is(const hl_inst *i, const char *key)
{
    return i->op == HL_OP_call && i->nargs && i->rule && i->rule->kind == HL_RULE_FUNC && !strcmp(i->rule->key, key);
}

static bool attr_is(const hl_inst *i, const char *name)
{
    return i->op == HL_OP_getattr && i->nargs == 1 && i->obj && PyUnicode_Check(i->obj) && !PyUnicode_CompareWithASCIIString(i->obj, name);
}

/* The item of a tuple that v takes out: tuple and position, through `unpack`. */
static hl_inst *tuple_item(const hl_inst *v, int64_t *k)
{
    hl_inst *t = v->nargs ? v->args[0] : NULL;
    if (v->op == HL_OP_unpack_item) {
        *k = v->ival;
        if (t->op != HL_OP_unpack) return NULL;
        t = t->args[0];
    } else if (v->op != HL_OP_getitem || !literal(v->args[1], k)) {
        return NULL;
    }
    if (t->type->kind != HL_K_TUPLE) return NULL;
    if (*k < 0) *k += t->type->nitems;
    return *k >= 0 && *k < t->type->nitems ? t : NULL;
}

/* v is the size of an axis: its array, or NULL. */
static hl_inst *size_of(hl_inst *v, int *axis)
{
    int64_t k;
    hl_inst *t = tuple_item(v, &k);
    if (t && (attr_is(t, "shape") || key_is(t, "numpy.shape")) && hl_is_array(t->args[0]->type)) {
        *axis = (int)k;
        return t->args[0];
    }
    *axis = 0;
    if ((key_is(v, "builtins.len") || key_is(v, "numpy.size") || attr_is(v, "size")) && hl_is_array(v->args[0]->type) &&
        (v->args[0]->type->ndim == 1 || (key_is(v, "builtins.len") && v->args[0]->type->ndim > 0)))
        return v->args[0];
    return NULL;
}

static hl_affine of(hl_inst *v, int depth)
{
    int64_t c;
    int axis;
    if (literal(v, &c)) return hl_affine_const(c);
    hl_inst *array = size_of(v, &axis);
    if (array) return hl_affine_size(array, axis);
    hl_affine self = term_of(v, -1);
    if (!is_int64(v->type) || depth > 16) return self;
    switch (v->op) {
    case HL_OP_cast: {
        int64_t k;
        hl_inst *from = v->args[0];
        return is_int64(from->type) || literal(from, &k) ? of(from, depth + 1) : self;
    }
    case HL_OP_add: case HL_OP_sub: {
        if (!is_int64(v->args[0]->type) || !is_int64(v->args[1]->type)) return self;
        hl_affine r = hl_affine_add(of(v->args[0], depth + 1), of(v->args[1], depth + 1), v->op == HL_OP_add ? 1 : -1);
        return r.ok ? r : self;
    }
    case HL_OP_mul: {
        if (!is_int64(v->args[0]->type) || !is_int64(v->args[1]->type)) return self;
        hl_affine r = hl_affine_mul(of(v->args[0], depth + 1), of(v->args[1], depth + 1));
        return r.ok ? r : self;
    }
    case HL_OP_neg: {
        hl_affine r = is_int64(v->args[0]->type) ? hl_affine_add(hl_affine_const(0), of(v->args[0], depth + 1), -1) : self;
        return r.ok ? r : self;
    }
    default: return self;
    }
}

hl_affine hl_affine_of(hl_inst *v) { return of(v, 0); }

/* --- of sizes --------------------------------------------------------------------------------------------------------- */

/* a[index]: the axis of `a` that is axis `axis` of the view, when the view has it whole; -1 when it has not. */
static int axis_behind_view(const hl_inst *view, int axis)
{
    const hl_type *t = view->args[1]->type, *a = view->args[0]->type;
    const hl_type *const *items = t->kind == HL_K_TUPLE ? t->items : &t;
    int n = t->kind == HL_K_TUPLE ? t->nitems : 1, used = 0, from = 0, to = 0;
    for (int k = 0; k < n; k++) {
        const hl_type *it = hl_unliteral(items[k]);
        if (it->kind == HL_K_INT || it->kind == HL_K_SLICE) used++;
        else if (it->kind != HL_K_ELLIPSIS && it->kind != HL_K_NONE) return -1;
    }
    for (int k = 0; k < n; k++) {
        const hl_type *it = hl_unliteral(items[k]);
        if (it->kind == HL_K_INT) from++;
        else if (it->kind == HL_K_NONE) {
            if (to++ == axis) return -1;
        } else if (it->kind == HL_K_SLICE) {
            if (to++ == axis) return it->items[0]->kind == HL_K_NONE && it->items[1]->kind == HL_K_NONE && it->items[2]->kind == HL_K_NONE ? from : -1;
            from++;
        } else {
            int more = a->ndim - used;
            if (axis < to + more) return from + axis - to;
            from += more, to += more;
        }
    }
    return from + axis - to < a->ndim ? from + axis - to : -1;
}

static hl_affine size_created(hl_inst *array, int axis)
{
    static const char *const like[] = {"numpy.zeros_like", "numpy.empty_like", "numpy.ones_like", "numpy.full_like", "numpy.copy"};
    static const char *const made[] = {"numpy.zeros", "numpy.empty", "numpy.ones", "numpy.full"};
    hl_affine self = term_of(array, axis);
    for (size_t k = 0; k < sizeof like / sizeof *like; k++)
        if (key_is(array, like[k]) && hl_is_array(array->args[0]->type) && array->args[0]->type->ndim == array->type->ndim)
            return hl_affine_size(array->args[0], axis);
    for (size_t k = 0; k < sizeof made / sizeof *made; k++) {
        if (!key_is(array, made[k])) continue;
        hl_inst *shape = array->args[0];
        if (hl_affine_takes(shape->type)) return axis == 0 ? hl_affine_of(shape) : self;
        while (shape->op == HL_OP_cast && shape->args[0]->type->kind == HL_K_TUPLE) shape = shape->args[0];
        if (shape->op == HL_OP_build_tuple && axis < shape->nargs && hl_affine_takes(shape->args[axis]->type)) return hl_affine_of(shape->args[axis]);
        if (attr_is(shape, "shape") && hl_is_array(shape->args[0]->type)) return hl_affine_size(shape->args[0], axis);
    }
    return self;
}

hl_affine hl_affine_size(hl_inst *array, int axis)
{
    for (;;) {
        hl_inst *from = array->nargs ? array->args[0] : NULL;
        if (!from || !hl_is_array(from->type)) break;
        bool view = (hl_ir_effects(array) & HL_E_BORROW) != 0, same_ndim = from->type->ndim == array->type->ndim;
        if (array->op == HL_OP_cast && same_ndim) array = from;
        else if (view && attr_is(array, "T")) axis = array->type->ndim - 1 - axis, array = from;
        else if (view && array->op == HL_OP_getitem) {
            int k = axis_behind_view(array, axis);
            if (k < 0) break;
            axis = k, array = from;
        } else if (view && same_ndim && array->flags & HL_I_INPLACE) array = from;
        else break;
    }
    return array->op == HL_OP_call ? size_created(array, axis) : term_of(array, axis);
}

/* --- facts: range, enumerate, modulo ---------------------------------------------------------------------------------- */

static const hl_fact no_fact = {.ok = false};

static hl_fact fact(hl_affine lo, hl_affine hi)
{
    return (hl_fact){.ok = lo.ok && hi.ok, .lo = lo, .hi = hi, .positive = {.c = 1, .ok = true}};
}

static bool given(const hl_inst *call, int k) { return k < call->nargs && call->args[k]->type->kind != HL_K_OMITTED; }

static hl_fact range_fact(const hl_inst *call)
{
    hl_affine lo = hl_affine_const(0), hi = hl_affine_of(call->args[0]), step = hl_affine_const(1), one = hl_affine_const(1);
    if (given(call, 1)) lo = hi, hi = hl_affine_of(call->args[1]);
    if (given(call, 2)) step = hl_affine_of(call->args[2]);
    if (!step.n && step.c < 0) return fact(hl_affine_add(hi, one, 1), lo);
    hl_fact r = fact(lo, hl_affine_add(hi, one, -1));
    if (step.n) r.positive = step;
    return r;
}

/* What the iterator behind itervalue v goes over. */
static hl_inst *iterated(const hl_inst *v)
{
    if (v->op != HL_OP_itervalue || v->args[0]->op != HL_OP_getiter) return NULL;
    hl_inst *over = v->args[0]->args[0];
    while (key_is(over, "builtins.reversed") && over->nargs) over = over->args[0];
    return over;
}

static hl_fact iterator_fact(hl_inst *v)
{
    hl_inst *over = iterated(v);
    if (over && (key_is(over, "builtins.range") || key_is(over, "hotloop.prange"))) return range_fact(over);
    int64_t k;
    hl_inst *pair = tuple_item(v, &k);
    over = pair && k == 0 ? iterated(pair) : NULL;
    if (!over || !key_is(over, "builtins.enumerate") || given(over, 1) || !hl_is_array(over->args[0]->type) || !over->args[0]->type->ndim)
        return no_fact;
    return fact(hl_affine_const(0), hl_affine_add(hl_affine_size(over->args[0], 0), hl_affine_const(1), -1));
}

static hl_fact modulo_fact(hl_inst *v)
{
    if (!is_int64(v->type) || !is_int64(v->args[1]->type)) return no_fact;
    hl_affine n = hl_affine_of(v->args[1]);
    if (!n.n && n.c < 1) return no_fact;
    hl_fact r = fact(hl_affine_const(0), hl_affine_add(n, hl_affine_const(1), -1));
    if (n.n) r.positive = n;
    return r;
}

static hl_fact narrow_fact(const hl_type *t)
{
    t = hl_unliteral(t);
    if (t->kind == HL_K_BOOL) return fact(hl_affine_const(0), hl_affine_const(1));
    if (t->kind != HL_K_INT || t->bits > 32) return no_fact;
    int64_t half = (int64_t)1 << (t->bits - 1);
    return t->flags & HL_T_SIGNED ? fact(hl_affine_const(-half), hl_affine_const(half - 1))
                                  : fact(hl_affine_const(0), hl_affine_const(2 * half - 1));
}

/* --- facts: counters of while loops ----------------------------------------------------------------------------------- */

/* Comparison `i` as an expression that is >= 0 exactly when the comparison gives `holds`. */
static hl_affine condition(const hl_inst *i, bool holds)
{
    while ((i->op == HL_OP_truth || i->op == HL_OP_not || i->op == HL_OP_cast) && hl_unliteral(i->args[0]->type)->kind == HL_K_BOOL) {
        holds ^= i->op == HL_OP_not;
        i = i->args[0];
    }
    if ((i->op != HL_OP_lt && i->op != HL_OP_le && i->op != HL_OP_gt && i->op != HL_OP_ge) || !is_int64(i->args[0]->type) ||
        !is_int64(i->args[1]->type))
        return nothing;
    hl_affine d = hl_affine_add(hl_affine_of(i->args[0]), hl_affine_of(i->args[1]), -1);
    if (i->op == HL_OP_lt || i->op == HL_OP_le) d = hl_affine_add(hl_affine_const(0), d, -1);
    if (i->op == HL_OP_lt || i->op == HL_OP_gt) d = hl_affine_add(d, hl_affine_const(1), -1);
    return holds ? d : hl_affine_add(hl_affine_const(-1), d, -1);
}

/* Only goes on, or looks for signals before. */
static bool does_nothing(const hl_block *b) { return b->first == b->last || (b->first->op == HL_OP_poll && b->first->next == b->last); }

/* The condition under which control went from `from` to `to`; jumps in between are followed backwards. */
static hl_affine condition_on_edge(const hl_block *from, const hl_block *to)
{
    while (from->nsucc == 1 && from->pred.n == 1 && does_nothing(from)) to = from, from = from->pred.at[0];
    if (from->nsucc != 2 || from->succ[0] == from->succ[1]) return nothing;
    return condition(from->last->args[0], from->succ[0] == to);
}

static bool has_term(const hl_affine *a, const hl_inst *v)
{
    for (int k = 0; k < a->n; k++)
        for (int j = 0; j < a->t[k].nf; j++)
            if (a->t[k].f[j].value == v) return true;
    return false;
}

static bool varies_in(const hl_affine *a, const hl_block *header)
{
    for (int k = 0; k < a->n; k++)
        for (int j = 0; j < a->t[k].nf; j++)
            if (hl_ir_loop_contains(header, a->t[k].f[j].value->block)) return true;
    return false;
}

/* The bound B in a condition "B - v >= 0" (sign 1) or "v - B >= 0" (sign -1). */
static hl_affine bound_in(hl_affine cond, hl_affine v, int sign, const hl_inst *phi)
{
    hl_affine b = sign > 0 ? hl_affine_add(cond, v, 1) : hl_affine_add(v, cond, -1);
    return b.ok && !has_term(&b, phi) ? b : nothing;
}

/* Where the phi starts, and the sign of its steps; 0: it is no counter. */
static int counter(hl_inst *phi, hl_affine *init)
{
    hl_block *h = phi->block;
    int sign = 0, outside = 0;
    for (int k = 0; k < phi->nargs; k++) {
        hl_affine a = hl_affine_of(phi->args[k]);
        if (!hl_ir_loop_contains(h, h->pred.at[k])) {
            *init = a;
            outside++;
            continue;
        }
        if (!a.ok || a.n != 1 || a.t[0].nf != 1 || a.t[0].f[0].value != phi || a.t[0].coef != 1 || !a.c) return 0;
        int s = a.c > 0 ? 1 : -1;
        if (sign && s != sign) return 0;
        sign = s;
    }
    return outside == 1 && init->ok ? sign : 0;
}

/* The test at the end of the loop, and its copy in front. */
static hl_affine bound_at_end(hl_inst *phi, int sign)
{
    hl_block *h = phi->block;
    hl_affine bound = nothing;
    for (int k = 0; k < phi->nargs; k++) {
        hl_affine b = bound_in(condition_on_edge(h->pred.at[k], h), hl_affine_of(phi->args[k]), sign, phi);
        if (!b.ok || varies_in(&b, h) || (bound.ok && !hl_affine_same(&b, &bound))) return nothing;
        bound = b;
    }
    return bound;
}

static hl_fact counter_fact(hl_inst *phi, const hl_block *at)
{
    hl_block *h = phi->block;
    hl_affine init = nothing, self = term_of(phi, -1), bound = nothing;
    if (h->loop != h || !is_int64(phi->type)) return no_fact;
    int sign = counter(phi, &init);
    if (!sign) return no_fact;
    if (h->nsucc == 2 && h->last->op == HL_OP_branch) {
        int in = hl_ir_loop_contains(h, h->succ[0]) ? 0 : 1;
        hl_block *body = h->succ[in];
        if (!hl_ir_loop_contains(h, h->succ[1 - in]) && body->pred.n == 1 && hl_ir_dominates(body, at))
            bound = bound_in(condition(h->last->args[0], in == 0), self, sign, phi);
    }
    if (!bound.ok) bound = bound_at_end(phi, sign);
    return sign > 0 ? fact(init, bound) : fact(bound, init);
}

hl_fact hl_fact_of(hl_inst *v, const hl_block *at)
{
    if (hl_is_intlike(hl_unliteral(v->type)) && !is_int64(v->type)) return narrow_fact(v->type);
    switch (v->op) {
    case HL_OP_cast: return hl_is_intlike(hl_unliteral(v->args[0]->type)) ? narrow_fact(v->args[0]->type) : no_fact;
    case HL_OP_phi: return counter_fact(v, at);
    case HL_OP_mod: return modulo_fact(v);
    case HL_OP_itervalue: case HL_OP_unpack_item: case HL_OP_getitem: return iterator_fact(v);
    default: return no_fact;
    }
}
