/* Type functions of core.def: identity, truth of units, closures. */
#include "container.h"
#include "rules.h"
#include <string.h>

static const hl_type *boolean(hl_site *s, bool v) { return hl_type_literal(hl_site_types(s), v ? Py_True : Py_False); }

/* What `is` can decide from types alone is a literal; None against an optional and bool against bool are asked at run time. */
const hl_type *hl_rule_is(hl_site *s)
{
    const hl_type *a = s->types[0], *b = s->types[1];
    bool same_word = s->inst->op == HL_OP_is;
    if (a->kind == HL_K_NONE && b->kind == HL_K_NONE) return boolean(s, same_word);
    if (a->kind == HL_K_NONE || b->kind == HL_K_NONE) {
        const hl_type *other = a->kind == HL_K_NONE ? b : a;
        return other->kind == HL_K_OPTIONAL ? hl_T.boolean : boolean(s, !same_word);
    }
    if (a->kind == HL_K_CONST || b->kind == HL_K_CONST) return boolean(s, (a == b) == same_word);
    if (a->kind == HL_K_DTYPE && b->kind == HL_K_DTYPE) return boolean(s, (a == b) == same_word);
    if (a->kind == HL_K_DISPATCHER && b->kind == HL_K_DISPATCHER) return boolean(s, (a == b) == same_word);
    const hl_type *x = hl_value_of(a), *y = hl_value_of(b);
    bool maybe = a->kind == HL_K_OPTIONAL || b->kind == HL_K_OPTIONAL, both = a->kind == HL_K_OPTIONAL && b->kind == HL_K_OPTIONAL;
    if (both && x->kind != y->kind) return hl_T.boolean; /* both may be None */
    if (x->kind == HL_K_BOOL && y->kind == HL_K_BOOL) {
        bool u, v;
        return !maybe && hl_literal_bool(a, &u) && hl_literal_bool(b, &v) ? boolean(s, (u == v) == same_word) : hl_T.boolean;
    }
    if (x->kind != y->kind) return boolean(s, !same_word);
    if (x->kind == HL_K_LIST || x->kind == HL_K_EXCEPTION) return x == y || both ? hl_T.boolean : boolean(s, !same_word);
    if (s->args[0] == s->args[1]) return boolean(s, same_word);
    hl_reject(s, "identity of %s values is not kept in compiled code; compare with ==", x->name);
    return NULL;
}

const hl_type *hl_rule_truth_unit(hl_site *s)
{
    switch (s->types[0]->kind) {
    case HL_K_NONE: return boolean(s, false);
    case HL_K_CONST: case HL_K_ELLIPSIS: case HL_K_DTYPE: case HL_K_CLOSURE: case HL_K_DISPATCHER: return boolean(s, true);
    default: return NULL;
    }
}

const hl_type *hl_rule_truth_optional(hl_site *s)
{
    return s->types[0]->kind == HL_K_OPTIONAL && hl_has_truth(s->types[0]) ? hl_T.boolean : NULL;
}

const hl_type *hl_rule_truth_optional_array(hl_site *s)
{
    return s->types[0]->kind == HL_K_OPTIONAL && hl_is_array(s->types[0]->elem) ? hl_T.boolean : NULL;
}

const hl_type *hl_rule_not(hl_site *s)
{
    bool v;
    if (hl_literal_bool(s->types[0], &v)) return boolean(s, !v);
    return s->types[0]->kind == HL_K_BOOL ? hl_T.boolean : NULL;
}

/* == between dtypes, classes, None. */
const hl_type *hl_rule_eq_unit(hl_site *s)
{
    const hl_type *a = s->types[0], *b = s->types[1];
    bool eq_word = s->inst->op == HL_OP_eq;
    if (a->kind == HL_K_DTYPE || b->kind == HL_K_DTYPE) {
        const hl_type *x = hl_dtype_of(a, NULL), *y = hl_dtype_of(b, NULL);
        return x && y ? boolean(s, (x == y) == eq_word) : NULL;
    }
    if (a->kind == HL_K_NONE || b->kind == HL_K_NONE) {
        if (a->kind == HL_K_OPTIONAL || b->kind == HL_K_OPTIONAL) return NULL;
        if (hl_is_array(a) || hl_is_array(b)) return NULL;
        return boolean(s, (a->kind == b->kind) == eq_word);
    }
    if (a->kind == HL_K_CONST && b->kind == HL_K_CONST) {
        int r = PyObject_RichCompareBool(a->obj, b->obj, Py_EQ);
        return r < 0 ? NULL : boolean(s, (r == 1) == eq_word);
    }
    return NULL;
}

const hl_type *hl_rule_make_function(hl_site *s)
{
    if (s->types[0]->kind != HL_K_CONST) return NULL;
    return hl_type_closure(hl_site_types(s), s->types[0]->obj, (int64_t)(intptr_t)s->inst->block->func, s->types + 1, s->n - 1);
}

const hl_type *hl_rule_closure_item(hl_site *s)
{
    const hl_type *t = s->types[0];
    return t->kind == HL_K_CLOSURE && s->inst->ival < t->nitems ? t->items[s->inst->ival] : NULL;
}

/* Bounds are int64 or None; literal ones stay in the type, so that x[::2] is known to step by two. */
const hl_type *hl_rule_build_slice(hl_site *s)
{
    const hl_type *items[3] = {hl_T.none, hl_T.none, hl_T.none};
    for (int k = 0; k < s->n; k++) {
        const hl_type *t = s->types[k];
        if (t->kind == HL_K_OMITTED) continue;
        if (t->kind != HL_K_NONE && !hl_is_intlike(hl_unliteral(t))) {
            hl_reject(s, "slice indices must be integers or None, not %s", t->name);
            return NULL;
        }
        if (t->kind != HL_K_NONE && hl_unliteral(t) != hl_T.int64) t = s->types[k] = hl_T.int64;
        items[k] = t;
    }
    return hl_type_slice(hl_site_types(s), items[0], items[1], items[2]);
}

/* slice(stop) */
const hl_type *hl_rule_slice_to(hl_site *s)
{
    const hl_type *t = hl_rule_build_slice(s);
    return t ? hl_type_slice(hl_site_types(s), hl_T.none, t->items[0], hl_T.none) : NULL;
}
