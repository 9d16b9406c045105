/* Types of lists, and of what folds an iterable into one value.
 *
 * A list has one element type.  A display, list() and *rest make a list whose element type is a VAR; each item that is put
 * in binds it (infer.h), so [] learns its type from its first append and [0] becomes a list of floats when a float is
 * stored in it.  A list that came from Python has its type already: items must convert to it without loss. */
#include "container.h"
#include <string.h>

enum { MAX_SLOTS = 64 }; /* hl_list.mem_mask has 64 bits */

/* The element type before VARs were replaced by their bindings. */
static const hl_type *raw_elem(hl_site *s, int k) { return hl_raw(s, k)->elem; }

/* Can values of this type be items?  A type that is not resolved yet may turn out to be. */
static bool storable(hl_site *s, const hl_type *t)
{
    switch (t->kind) {
    case HL_K_ITER: case HL_K_RANGE: case HL_K_CONST: case HL_K_CLOSURE: case HL_K_BOUND: case HL_K_DTYPE: case HL_K_SLICE:
    case HL_K_DISPATCHER: case HL_K_ELLIPSIS: case HL_K_OMITTED: case HL_K_WINDOW:
        hl_reject(s, "a list cannot hold %s", t->name);
        return false;
    default: break;
    }
    if (t->kind == HL_K_TUPLE)
        for (int k = 0; k < t->nitems; k++)
            if (!storable(s, t->items[k])) return false;
    if (t->nparts <= MAX_SLOTS) return true;
    hl_reject(s, "the items of this list would have %d parts, more than %d", t->nparts, MAX_SLOTS);
    return false;
}

/* Does a value of this type go into a list of elem without loss? */
static bool converts(const hl_type *item, const hl_type *elem)
{
    if (item == elem) return true;
    if (hl_is_number(hl_unliteral(item)) && hl_is_number(elem)) {
        int64_t v;
        if (hl_literal_int(item, &v) && elem->kind == HL_K_INT)
            return elem->bits == 64 ? elem->flags & HL_T_SIGNED || v >= 0
                                    : v >= (elem->flags & HL_T_SIGNED ? -(1LL << (elem->bits - 1)) : 0) &&
                                          v < 1LL << (elem->bits - (elem->flags & HL_T_SIGNED ? 1 : 0));
        if (hl_is_literal(item) && hl_is_float(elem)) return !hl_is_complex(item->elem);
        int c = hl_can_cast(item, elem);
        return c >= 0 && c <= 2;
    }
    int c = hl_can_cast(item, elem);
    return c >= 0 && c <= 2;
}

const hl_type *hl_list_takes(hl_site *s, int k, const hl_type *item)
{
    hl_interner *in = hl_site_types(s);
    if (!storable(s, hl_resolve(s->in, item))) return NULL;
    const hl_type *raw = raw_elem(s, k), *bound = hl_bind(s->in, raw, hl_unliteral_deep(in, item));
    const hl_type *elem = hl_resolve(s->in, raw);
    if (bound && hl_resolve(s->in, bound) == elem && hl_becomes(s, item, elem)) return elem;
    if (!elem->has_var && converts(item, elem)) return elem;
    hl_reject(s, "the list holds %s; %s does not fit in", elem->name, item->name);
    return NULL;
}

/* Operand k, which is stored in list operand `list`. */
static bool store_operand(hl_site *s, int list, int k)
{
    const hl_type *elem = hl_list_takes(s, list, hl_raw(s, k));
    if (!elem) return false;
    s->types[k] = elem;
    return true;
}

static bool is_list(const hl_type *t) { return t->kind == HL_K_LIST; }

static bool int_operand(hl_site *s, int k)
{
    if (!hl_is_intlike(hl_unliteral(s->types[k]))) return false;
    s->types[k] = hl_T.int64;
    return true;
}

/* A list of the same type as operand k, VARs included. */
static const hl_type *list_like(hl_site *s, int k) { return hl_type_list(hl_site_types(s), raw_elem(s, k)); }

/* --- making --------------------------------------------------------------------------------------------------------------- */

/* Lets the element type of a list that is made here take one more type of items. */
static bool bind_item(hl_site *s, const hl_type *var, const hl_type *item)
{
    if (!storable(s, hl_resolve(s->in, item))) return false;
    if (hl_bind(s->in, var, hl_unliteral_deep(hl_site_types(s), item))) return true;
    hl_reject(s, "the items of a list must have one type; this one has %s and %s", hl_resolve(s->in, var)->name, item->name);
    return false;
}

const hl_type *hl_type_build_list(hl_site *s)
{
    const hl_type *var = hl_fresh_var(s->in, s->inst);
    for (int k = 0; k < s->n; k++)
        if (!bind_item(s, var, hl_raw(s, k))) return NULL;
    const hl_type *elem = hl_resolve(s->in, var);
    for (int k = 0; k < s->n; k++) {
        if (!hl_becomes(s, hl_raw(s, k), elem))
            return hl_reject(s, "the items of a list must have one type; this one has %s and %s", elem->name, s->types[k]->name), NULL;
        s->types[k] = elem;
    }
    return hl_type_list(hl_site_types(s), var);
}

/* The type of what comes out of operand k; NULL after a rejection. */
static const hl_type *items_of(hl_site *s, int k)
{
    const char *why = NULL;
    const hl_type *iter = hl_iter_over(hl_site_types(s), hl_raw(s, k), &why);
    if (!iter) hl_reject(s, "%s: %s", s->types[k]->name, why);
    return iter ? iter->elem : NULL;
}

/* What the items of operand k meet in: those of a tuple may be of several types, since no loop goes over them. */
static const hl_type *common_item(hl_site *s, int k)
{
    const hl_type *t = s->types[k], *u = NULL;
    if (t->kind != HL_K_TUPLE || !t->nitems) return items_of(s, k);
    for (int n = 0; n < t->nitems; n++) {
        const hl_type *item = hl_unliteral_deep(hl_site_types(s), t->items[n]);
        u = n ? hl_unify(hl_site_types(s), u, item) : item;
        if (!u) {
            hl_reject(s, "the items of %s have no type in common", t->name);
            return NULL;
        }
    }
    return u;
}

const hl_type *hl_type_list_new(hl_site *s)
{
    const hl_type *var = hl_fresh_var(s->in, s->inst);
    if (s->types[0]->kind != HL_K_OMITTED) {
        const hl_type *elem = items_of(s, 0);
        if (!elem) return NULL;
        if (!(s->types[0]->kind == HL_K_TUPLE && !s->types[0]->nitems) && !bind_item(s, var, elem)) return NULL;
    }
    return hl_type_list(hl_site_types(s), var);
}

static bool has_keys(const hl_type *t)
{
    if (t->kind != HL_K_TUPLE) return hl_is_real(t);
    for (int k = 0; k < t->nitems; k++)
        if (!has_keys(t->items[k])) return false;
    return true;
}

static bool sortable(hl_site *s, const hl_type *elem)
{
    if (elem->has_var || has_keys(elem)) return true;
    hl_reject(s, "a list of %s cannot be sorted in compiled code; lists of integers, floats, bools and tuples of them can", elem->name);
    return false;
}

static bool reverse_operand(hl_site *s, int k)
{
    if (s->types[k]->kind == HL_K_OMITTED) return true;
    if (!hl_is_intlike(hl_unliteral(s->types[k]))) return false;
    s->types[k] = hl_T.boolean;
    return true;
}

const hl_type *hl_type_sorted(hl_site *s)
{
    const hl_type *elem = items_of(s, 0);
    if (elem) elem = hl_resolve(s->in, elem);
    if (!elem || !sortable(s, elem) || !reverse_operand(s, 1)) return NULL;
    const hl_type *var = hl_fresh_var(s->in, s->inst);
    return bind_item(s, var, elem) ? hl_type_list(hl_site_types(s), var) : NULL;
}

/* --- items ---------------------------------------------------------------------------------------------------------------------- */

const hl_type *hl_type_list_item(hl_site *s)
{
    if (!is_list(s->types[0]) || s->types[1]->kind == HL_K_SLICE) return NULL;
    if (int_operand(s, 1)) return raw_elem(s, 0);
    hl_reject(s, "list indices must be integers or slices, not %s", s->types[1]->name);
    return NULL;
}

bool hl_slice_of_ints(hl_site *s, const hl_type *t)
{
    if (t->kind != HL_K_SLICE) return false;
    for (int k = 0; k < 3; k++)
        if (t->items[k]->kind != HL_K_NONE && !hl_is_intlike(hl_unliteral(t->items[k]))) {
            hl_reject(s, "slice indices must be integers or None, not %s", t->items[k]->name);
            return false;
        }
    return true;
}

const hl_type *hl_type_list_slice(hl_site *s)
{
    return is_list(s->types[0]) && hl_slice_of_ints(s, s->types[1]) ? list_like(s, 0) : NULL;
}

const hl_type *hl_type_list_set(hl_site *s)
{
    return is_list(s->types[0]) && int_operand(s, 1) && store_operand(s, 0, 2) ? hl_T.none : NULL;
}

const hl_type *hl_type_list_set_slice(hl_site *s)
{
    if (!is_list(s->types[0]) || !hl_slice_of_ints(s, s->types[1])) return NULL;
    const hl_type *item = items_of(s, 2);
    if (!item || !hl_list_takes(s, 0, is_list(s->types[2]) ? raw_elem(s, 2) : item)) return NULL;
    return hl_T.none;
}

const hl_type *hl_type_list_del(hl_site *s) { return is_list(s->types[0]) && int_operand(s, 1) ? hl_T.none : NULL; }

const hl_type *hl_type_list_del_slice(hl_site *s)
{
    return is_list(s->types[0]) && hl_slice_of_ints(s, s->types[1]) ? hl_T.none : NULL;
}

/* --- operators -------------------------------------------------------------------------------------------------------------------- */

const hl_type *hl_type_list_extend(hl_site *s)
{
    if (!is_list(s->types[0])) return NULL;
    const hl_type *item = items_of(s, 1);
    if (!item) return NULL;
    if (s->types[1]->kind == HL_K_TUPLE && !s->types[1]->nitems) return hl_T.none;
    return hl_list_takes(s, 0, is_list(s->types[1]) ? raw_elem(s, 1) : item) ? hl_T.none : NULL;
}

const hl_type *hl_type_list_iadd(hl_site *s)
{
    if (!(s->inst->flags & HL_I_INPLACE) || !is_list(s->types[0])) return NULL;
    return hl_type_list_extend(s) ? list_like(s, 0) : NULL;
}

const hl_type *hl_type_list_concat(hl_site *s)
{
    if (!is_list(s->types[0]) || !is_list(s->types[1])) return NULL;
    const hl_type *a = raw_elem(s, 0), *b = raw_elem(s, 1);
    const hl_type *u = hl_bind(s->in, a, b);
    if (u && hl_resolve(s->in, a) == hl_resolve(s->in, b)) return list_like(s, 0);
    hl_reject(s, "%s and %s cannot be joined into one list", s->types[0]->name, s->types[1]->name);
    return NULL;
}

const hl_type *hl_type_list_repeat(hl_site *s)
{
    int side = is_list(s->types[0]) ? 0 : 1;
    if (!is_list(s->types[side]) || !int_operand(s, 1 - side)) return NULL;
    return list_like(s, side);
}

const hl_type *hl_type_list_imul(hl_site *s)
{
    return s->inst->flags & HL_I_INPLACE && is_list(s->types[0]) ? hl_type_list_repeat(s) : NULL;
}

const hl_type *hl_type_list_truth(hl_site *s) { return is_list(s->types[0]) ? hl_T.boolean : NULL; }
const hl_type *hl_type_len_list(hl_site *s) { return is_list(s->types[0]) ? hl_T.int64 : NULL; }

/* --- methods ------------------------------------------------------------------------------------------------------------------------ */

const hl_type *hl_type_list_append(hl_site *s) { return is_list(s->types[0]) && store_operand(s, 0, 1) ? hl_T.none : NULL; }

const hl_type *hl_type_list_insert(hl_site *s) { return int_operand(s, 1) && store_operand(s, 0, 2) ? hl_T.none : NULL; }

const hl_type *hl_type_list_pop(hl_site *s)
{
    if (s->types[1]->kind != HL_K_OMITTED && !int_operand(s, 1)) return NULL;
    return raw_elem(s, 0);
}

const hl_type *hl_type_list_nothing(hl_site *s) { return hl_T.none; }

const hl_type *hl_type_list_copy(hl_site *s) { return list_like(s, 0); }

const hl_type *hl_type_list_sort(hl_site *s)
{
    return sortable(s, s->types[0]->elem) && reverse_operand(s, 1) ? hl_T.none : NULL;
}

const hl_type *hl_type_list_count(hl_site *s)
{
    const hl_type *elem = s->types[0]->elem;
    if (elem->has_var || hl_comparable(elem, s->types[1], false)) return hl_T.int64;
    hl_reject(s, "%s and %s cannot be compared", elem->name, s->types[1]->name);
    return NULL;
}

const hl_type *hl_type_list_index(hl_site *s)
{
    for (int k = 2; k < 4; k++)
        if (s->types[k]->kind != HL_K_OMITTED && !int_operand(s, k)) return NULL;
    return hl_type_list_count(s);
}

const hl_type *hl_type_list_remove(hl_site *s) { return hl_type_list_count(s) ? hl_T.none : NULL; }

/* --- folds ---------------------------------------------------------------------------------------------------------------------------- */

/* sum() adds to an int 0 first, as CPython does: bools and small integers add up in 64 bits. */
const hl_type *hl_type_sum_iterable(hl_site *s)
{
    const hl_type *over = s->types[0];
    if (over->kind == HL_K_ARRAY && over->ndim != 1) return NULL;
    const hl_type *elem = common_item(s, 0);
    if (!elem) return NULL;
    elem = hl_resolve(s->in, elem);
    if (elem->has_var || (over->kind == HL_K_TUPLE && !over->nitems)) elem = hl_T.int64;
    const hl_type *start = s->types[1], *zero = hl_T.int64;
    if (!hl_is_number(elem) || (start->kind != HL_K_OMITTED && !hl_is_number(hl_unliteral(start)))) {
        hl_reject(s, "items of type %s cannot be added up", elem->name);
        return NULL;
    }
    PyObject *o = PyLong_FromLong(0);
    if (start->kind == HL_K_OMITTED) start = o ? hl_type_literal(hl_site_types(s), o) : zero;
    Py_XDECREF(o);
    const hl_type *t = hl_promote(start, elem);
    if (t && s->types[1]->kind != HL_K_OMITTED) s->types[1] = t;
    return t;
}

/* min(a, b, …) of what is ordered and no number: tuples, strings, lists. */
const hl_type *hl_type_min_value(hl_site *s)
{
    if (s->n < 2) return NULL;
    const hl_type *t = NULL;
    for (int k = 0; k < s->n; k++) {
        const hl_type *x = hl_unliteral_deep(hl_site_types(s), s->types[k]), *u = k ? hl_unify(hl_site_types(s), t, x) : x;
        if (!u || !hl_comparable(u, u, true)) {
            if (u) hl_reject(s, "values of type %s have no order", u->name);
            else hl_reject(s, "%s and %s have no order", t->name, x->name);
            return NULL;
        }
        t = u;
    }
    for (int k = 0; k < s->n; k++) s->types[k] = t;
    return t;
}

const hl_type *hl_type_min_iterable(hl_site *s)
{
    const hl_type *over = s->types[0];
    if (over->kind == HL_K_ARRAY && over->ndim != 1) return NULL;
    if (hl_is_number(hl_unliteral(over))) return NULL;
    bool empty = over->kind == HL_K_TUPLE && !over->nitems;
    const hl_type *elem = common_item(s, 0), *dflt = s->types[1];
    if (!elem) return NULL;
    elem = hl_resolve(s->in, elem);
    if (elem->has_var || empty) elem = dflt->kind == HL_K_OMITTED ? hl_T.int64 : hl_unliteral_deep(hl_site_types(s), dflt);
    if (!hl_comparable(elem, elem, true)) {
        hl_reject(s, "items of type %s have no order", elem->name);
        return NULL;
    }
    if (dflt->kind == HL_K_OMITTED) return elem;
    const hl_type *u = hl_unify(hl_site_types(s), elem, hl_unliteral_deep(hl_site_types(s), dflt));
    if (u != elem) {
        hl_reject(s, "the default is %s, the items are %s", dflt->name, elem->name);
        return NULL;
    }
    s->types[1] = elem;
    return elem;
}

const hl_type *hl_type_any_iterable(hl_site *s)
{
    const hl_type *over = s->types[0];
    if (over->kind == HL_K_ARRAY && over->ndim != 1) return NULL;
    bool each = over->kind == HL_K_TUPLE; /* which are asked one by one, whatever their types */
    for (int k = 0; each && k < over->nitems; k++) each = hl_has_truth(over->items[k]);
    if (each) return hl_T.boolean;
    const hl_type *elem = items_of(s, 0);
    if (!elem) return NULL;
    elem = hl_resolve(s->in, elem);
    if (elem->kind == HL_K_VAR || hl_has_truth(elem)) return hl_T.boolean;
    hl_reject(s, "the truth of %s", elem->name);
    return NULL;
}
