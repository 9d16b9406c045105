/* Types of exceptions.  Classes are constants, so `raise ValueError`, `except (KeyError, IndexError)` and calls of
 * exception classes are known while compiling; what a handler catches is an exception of any class. */
#include "container.h"
#include "text.h"

static bool is_class(const hl_type *t) { return t->kind == HL_K_CONST && PyExceptionClass_Check(t->obj); }
static bool is_object(const hl_type *t) { return t->kind == HL_K_CONST && PyExceptionInstance_Check(t->obj); } /* of a global variable */

const hl_type *hl_type_exception_new(hl_site *s)
{
    if (!is_class(s->types[0])) return NULL;
    for (int k = 1; k < s->n; k++)
        if (!hl_boxable(s->types[k])) {
            hl_reject(s, "%s cannot be an argument of an exception", s->types[k]->name);
            return NULL;
        }
    return hl_type_exception(hl_site_types(s), s->types[0]->obj);
}

/* raise; raise a; raise a from b */
const hl_type *hl_type_raise(hl_site *s)
{
    for (int k = 0; k < s->n; k++) {
        const hl_type *t = s->types[k];
        if (is_class(t) || is_object(t) || t->kind == HL_K_EXCEPTION || (k == 1 && t->kind == HL_K_NONE)) continue;
        hl_reject(s, k ? "exception causes must derive from BaseException" : "exceptions must derive from BaseException");
        return NULL;
    }
    return hl_T.none;
}

const hl_type *hl_type_reraise(hl_site *s) { return s->types[0]->kind == HL_K_EXCEPTION ? hl_T.none : NULL; }
const hl_type *hl_type_handling(hl_site *s) { return s->types[0]->kind == HL_K_EXCEPTION ? hl_T.none : NULL; }
const hl_type *hl_type_handled(hl_site *s) { return hl_T.none; }
const hl_type *hl_type_catch(hl_site *s) { return hl_T.exception; }
const hl_type *hl_type_assertion(hl_site *s) { return hl_type_const(hl_site_types(s), PyExc_AssertionError); }

const hl_type *hl_type_exception_truth(hl_site *s)
{
    return s->types[0]->kind == HL_K_EXCEPTION ? hl_type_literal(hl_site_types(s), Py_True) : NULL;
}

const hl_type *hl_type_exc_match(hl_site *s)
{
    const hl_type *c = s->types[1];
    if (s->types[0]->kind != HL_K_EXCEPTION) return NULL;
    bool ok = is_class(c);
    if (c->kind == HL_K_TUPLE) {
        ok = true;
        for (int k = 0; k < c->nitems; k++) ok &= is_class(c->items[k]);
    }
    if (ok) return hl_T.boolean;
    hl_reject(s, "catching %s: exception classes must be known while compiling", c->name);
    return NULL;
}

const hl_type *hl_type_isinstance_exception(hl_site *s)
{
    return s->types[0]->kind == HL_K_EXCEPTION && !s->types[0]->obj ? hl_type_exc_match(s) : NULL;
}
