/* Types of ranges and iterators.  hl_iter_over says for each kind of value how it is iterated and what comes out;
 * enumerate and zip only combine its answers. */
#include "container.h"
#include <string.h>

/* An item of an array along its first axis: a scalar, or a view with one dimension less. */
static const hl_type *array_item(const hl_type *a)
{
    if (a->ndim == 1) return a->elem;
    return hl_type_array(a->elem, a->ndim - 1, a->layout == 'C' ? 'C' : 'A', a->flags & (HL_T_READONLY | HL_T_UNALIGNED));
}

const hl_type *hl_iter_over(hl_interner *in, const hl_type *over, const char **why)
{
    const char *dummy;
    if (!why) why = &dummy;
    switch (over->kind) {
    case HL_K_ITER: return over;
    case HL_K_RANGE: return hl_type_iter(in, HL_ITER_RANGE, &over, 1, hl_T.int64);
    case HL_K_LIST: return hl_type_iter(in, HL_ITER_LIST, &over, 1, over->elem);
    case HL_K_TUPLE: {
        const hl_type *elem = over->nitems ? hl_tuple_uniform(in, over) : hl_T.none;
        if (elem) return hl_type_iter(in, HL_ITER_TUPLE, &over, 1, elem);
        *why = "the items of this tuple have different types, so the loop variable would have no single type; index it with literals or unpack it";
        return NULL;
    }
    case HL_K_ARRAY:
        if (over->ndim) return hl_type_iter(in, HL_ITER_ARRAY, &over, 1, array_item(over));
        *why = "iteration over a 0-d array";
        return NULL;
    default: break; /* text is made a list first (hl_infer_take_sequences) */
    }
    *why = "it is not iterable";
    return NULL;
}

bool hl_iter_counts(const hl_type *iter)
{
    switch (iter->ival) {
    case HL_ITER_RANGE: case HL_ITER_LIST: case HL_ITER_ARRAY: case HL_ITER_FLAT: case HL_ITER_NDENUMERATE: case HL_ITER_NDINDEX:
    case HL_ITER_REVERSED: return true;
    case HL_ITER_ENUMERATE: case HL_ITER_ZIP:
        for (int k = 0; k < iter->nitems; k++) {
            const hl_type *over = iter->items[k];
            bool counts = over->kind == HL_K_RANGE || over->kind == HL_K_LIST || over->kind == HL_K_ARRAY;
            if (!counts) return false;
        }
        return iter->nitems > 0;
    default: return false;
    }
}

static const hl_type *iter_of(hl_site *s, const hl_type *over)
{
    const char *why = NULL;
    const hl_type *t = hl_iter_over(hl_site_types(s), over, &why);
    if (!t && over->has_var) t = hl_iter_over(hl_site_types(s), hl_resolve(s->in, over), &why); /* a tuple of lists */
    if (!t) hl_reject(s, "%s: %s", over->name, why);
    return t;
}

/* The step of a range when it is 1 or -1 for certain, else 0.  Only constants count: the type of a variable may still
 * grow, and nobody would look here again. */
static int unit_step(const hl_inst *range)
{
    if (!range->rule || (range->rule->id != HL_R_range && range->rule->id != HL_R_prange)) return 0;
    const hl_inst *step = range->args[2];
    if (step->op == HL_OP_omitted) return 1;
    int64_t v;
    return step->op == HL_OP_const && step->type && hl_literal_int(step->type, &v) && (v == 1 || v == -1) ? (int)v : 0;
}

/* Iterator over a range; one that is known to step by 1 or -1 says so in items[1], because it needs no item count. */
static const hl_type *range_iter(hl_interner *in, int step)
{
    const hl_type *over[2] = {hl_T.range, NULL};
    if (step) {
        PyObject *v = PyLong_FromLong(step);
        over[1] = v ? hl_type_literal(in, v) : NULL;
        Py_XDECREF(v);
    }
    return hl_type_iter(in, HL_ITER_RANGE, over, over[1] ? 2 : 1, hl_T.int64);
}

/* --- range ------------------------------------------------------------------------------------------------------------ */

const hl_type *hl_type_range(hl_site *s)
{
    for (int k = 0; k < 3; k++) {
        if (s->types[k]->kind == HL_K_OMITTED) continue;
        if (!hl_is_intlike(hl_unliteral(s->types[k]))) {
            hl_reject(s, "'%s' object cannot be interpreted as an integer", s->types[k]->name);
            return NULL;
        }
        /* a literal step other than zero can't fail; neither can no step */
        if (k == 2) break;
        s->types[k] = hl_T.int64;
    }
    int64_t step = 1;
    bool known = s->types[2]->kind == HL_K_OMITTED || hl_literal_int(s->types[2], &step);
    s->inst->flags &= (uint16_t)~HL_I_NORAISE;
    if (known && step) s->inst->flags |= HL_I_NORAISE;
    if (s->types[2]->kind != HL_K_OMITTED) s->types[2] = hl_T.int64;
    return hl_T.range;
}

const hl_type *hl_type_range_attr(hl_site *s) { return hl_T.int64; }

const hl_type *hl_type_len_range(hl_site *s) { return s->types[0]->kind == HL_K_RANGE ? hl_T.int64 : NULL; }

const hl_type *hl_type_range_item(hl_site *s)
{
    if (s->types[0]->kind != HL_K_RANGE) return NULL;
    if (!hl_is_intlike(hl_unliteral(s->types[1]))) {
        hl_reject(s, "a range is indexed with an integer, not %s", s->types[1]->name);
        return NULL;
    }
    s->types[1] = hl_T.int64;
    return hl_T.int64;
}

const hl_type *hl_type_range_in(hl_site *s)
{
    if (s->types[1]->kind != HL_K_RANGE || !hl_is_intlike(hl_unliteral(s->types[0]))) return NULL;
    s->types[0] = hl_T.int64;
    return hl_T.boolean;
}

const hl_type *hl_type_range_truth(hl_site *s) { return s->types[0]->kind == HL_K_RANGE ? hl_T.boolean : NULL; }

const hl_type *hl_type_range_eq(hl_site *s)
{
    return s->types[0]->kind == HL_K_RANGE && s->types[1]->kind == HL_K_RANGE ? hl_T.boolean : NULL;
}

/* --- the protocol -------------------------------------------------------------------------------------------------------- */

const hl_type *hl_type_getiter(hl_site *s)
{
    if (s->types[0]->kind == HL_K_RANGE) return range_iter(hl_site_types(s), unit_step(s->args[0]));
    return iter_of(s, hl_raw(s, 0));
}

/* Nothing ever comes out of an empty tuple, nor of what waits for its items. */
static bool yields_nothing(const hl_type *t)
{
    if (t->kind == HL_K_TUPLE) return t->nitems == 0;
    if (t->kind != HL_K_ITER) return false;
    for (int k = 0; k < t->nitems; k++)
        if (yields_nothing(t->items[k])) return true;
    return false;
}

const hl_type *hl_type_iternext(hl_site *s)
{
    if (s->types[0]->kind != HL_K_ITER) return NULL;
    return yields_nothing(s->types[0]) ? hl_type_literal(hl_site_types(s), Py_False) : hl_T.boolean;
}

const hl_type *hl_type_itervalue(hl_site *s) { return s->types[0]->kind == HL_K_ITER ? hl_raw(s, 0)->elem : NULL; }

/* --- what wraps ---------------------------------------------------------------------------------------------------------- */

const hl_type *hl_type_enumerate(hl_site *s)
{
    const hl_type *sub = iter_of(s, hl_raw(s, 0));
    if (!sub) return NULL;
    if (s->types[1]->kind != HL_K_OMITTED) {
        if (!hl_is_intlike(hl_unliteral(s->types[1]))) {
            hl_reject(s, "the start of enumerate is %s, not an integer", s->types[1]->name);
            return NULL;
        }
        s->types[1] = hl_T.int64;
    }
    const hl_type *pair[2] = {hl_T.int64, sub->elem}, *over = hl_raw(s, 0);
    const hl_type *elem = hl_type_tuple(hl_site_types(s), pair, 2, NULL);
    return hl_type_iter(hl_site_types(s), HL_ITER_ENUMERATE, &over, 1, elem);
}

const hl_type *hl_type_zip(hl_site *s)
{
    const hl_type *items[s->n + 1], *over[s->n + 1];
    for (int k = 0; k < s->n; k++) {
        over[k] = hl_raw(s, k);
        const hl_type *sub = iter_of(s, over[k]);
        if (!sub) return NULL;
        items[k] = sub->elem;
    }
    const hl_type *elem = hl_type_tuple(hl_site_types(s), items, s->n, NULL);
    return hl_type_iter(hl_site_types(s), HL_ITER_ZIP, over, s->n, elem);
}

/* reversed(range) is the range the other way round, reversed(array) the array with its first stride turned: only lists
 * and tuples need an iterator of their own. */
const hl_type *hl_type_reversed(hl_site *s)
{
    hl_interner *in = hl_site_types(s);
    const hl_type *over = hl_raw(s, 0);
    if (over->kind == HL_K_ITER) {
        hl_reject(s, "'%s' object is not reversible", over->name);
        return NULL;
    }
    if (over->kind == HL_K_ARRAY) over = hl_type_array(over->elem, over->ndim, 'A', over->flags);
    const hl_type *sub = iter_of(s, over);
    if (!sub) return NULL;
    if (over->kind == HL_K_RANGE) return range_iter(in, 0);
    if (over->kind == HL_K_ARRAY) return sub;
    return hl_type_iter(in, HL_ITER_REVERSED, &over, 1, sub->elem);
}
