/* Types of stencils.
 *
 * @stencil makes two things of a kernel (hotloop/stencils.py): an ordinary jitted function, and an object that describes the
 * stencil.  All that the function does is to call hotloop.stencils.apply(out, object, *arguments), which is a row of
 * stencil.def; so a stencil is called from Python and from compiled code like any function.
 *
 * The row compiles the kernel for WINDOWs instead of arrays.  A window is a place in an array: its only operation is to be indexed
 * relative to that place.  So the kernel is read, built and typed like any other function, and nothing is rewritten.  Where the
 * border is not constant the kernel is compiled twice: for windows that lie inside the array, and for those that reach over its
 * border.  How far a window reaches is known when all types are: emit/stencil.c collects the literal indices. */
#include "stencil.h"
#include "../infer/infer.h"
#include <string.h>

static const char *const borders[HL_BORDER_COUNT] = {"constant", "nearest", "wrap", "reflect", "mirror"};

/* --- the Python object ------------------------------------------------------------------------------------------------------- */

static PyObject *attribute(PyObject *object, const char *name) /* borrowed: the object keeps it */
{
    PyObject *v = PyObject_GetAttrString(object, name);
    Py_XDECREF(v);
    return v;
}

static bool read_neighborhood(PyObject *v, hl_stencil *out)
{
    out->ndeclared = -1;
    if (v == Py_None) return true;
    out->ndeclared = (int)PyTuple_GET_SIZE(v);
    for (int k = 0; k < out->ndeclared && k < HL_DIMS; k++) {
        PyObject *pair = PyTuple_GET_ITEM(v, k);
        out->low[k] = PyLong_AsLongLong(PyTuple_GET_ITEM(pair, 0));
        out->high[k] = PyLong_AsLongLong(PyTuple_GET_ITEM(pair, 1));
    }
    return !PyErr_Occurred();
}

bool hl_stencil_read(PyObject *object, hl_stencil *out)
{
    memset(out, 0, sizeof *out);
    out->object = object;
    PyObject *neighborhood = attribute(object, "neighborhood"), *mode = attribute(object, "mode"), *given = attribute(object, "has_cval");
    PyObject *standard = attribute(object, "standard");
    out->kernel = attribute(object, "kernel"), out->cval = attribute(object, "cval");
    if (!neighborhood || !mode || !given || !standard || !out->kernel || !out->cval) return false;
    if (given != Py_True) out->cval = NULL;
    for (int k = 0; k < HL_BORDER_COUNT; k++)
        if (!PyUnicode_CompareWithASCIIString(mode, borders[k])) out->border = (hl_border)k;
    out->nargs = (int)PyTuple_GET_SIZE(standard);
    for (int k = 0; k < out->nargs && k < HL_STENCIL_ARGS; k++) out->standard[k] = PyTuple_GET_ITEM(standard, k) == Py_True;
    return read_neighborhood(neighborhood, out);
}

/* --- the call ------------------------------------------------------------------------------------------------------------------ */

#define FAIL(s, ...) (hl_refuse(s, "NumbaValueError", __VA_ARGS__), NULL)

/* Types of the kernel's parameters for windows of this kind; NULL: they do not fit the stencil. */
static const hl_type **kernel_types(hl_site *s, const hl_stencil *st, hl_border border)
{
    const hl_type **types = HL_NEWN(hl_site_arena(s), const hl_type *, s->n), *first = hl_unliteral(s->types[2]);
    if (!hl_is_array(first) || !first->ndim)
        return FAIL(s, "the first argument of a stencil is an array of at least one dimension, not %s", first->name);
    if (st->ndeclared >= 0 && st->ndeclared != first->ndim)
        return FAIL(s, "the neighborhood has %d dimensions, the array has %d", st->ndeclared, first->ndim);
    for (int k = 0; k < st->nargs; k++) {
        const hl_type *t = types[k] = hl_unliteral_deep(hl_site_types(s), s->types[k + 2]);
        if (!hl_is_array(t) || st->standard[k]) continue;
        if (t->ndim != first->ndim)
            return FAIL(s, "arrays that a stencil indexes relatively have one number of dimensions: the first has %d, argument %d has %d "
                           "(standard_indexing names arrays that are indexed as usual)", first->ndim, k + 1, t->ndim);
        types[k] = hl_type_window(hl_site_types(s), t, st->object, (int)border);
    }
    return types;
}

/* Result of the kernel compiled for these windows; UNKNOWN: wait; NULL: it cannot be. */
static const hl_type *kernel_result(hl_site *s, const hl_stencil *st, hl_border border, hl_func **kernel)
{
    const hl_type **types = kernel_types(s, st, border);
    if (!types) return NULL;
    const hl_type *t = hl_call_type(s, hl_type_const(hl_site_types(s), st->kernel), types, st->nargs, kernel);
    if (!t) return NULL;
    if (!(*kernel)->options) {
        hl_options *o = HL_NEW(hl_site_arena(s), hl_options);
        *o = *hl_site_options(s);
        o->always_inline = border == HL_BORDER_INSIDE, o->no_inline = !o->always_inline;
        (*kernel)->options = o;
    }
    if (t->kind == HL_K_UNKNOWN || hl_is_number(t)) return t;
    return FAIL(s, "the kernel of a stencil returns a number, not %s", t->name);
}

static bool check_cval(hl_site *s, const hl_stencil *st, const hl_type *item)
{
    if (st->border != HL_BORDER_INSIDE || !st->cval) return true;
    const hl_type *t = hl_type_literal(hl_site_types(s), st->cval);
    if (!t) return hl_refuse(s, "NumbaValueError", "cval is a number that fits into 64 bits"), false;
    if (!hl_is_number(t->elem) || hl_can_cast(t, item) < 0) return hl_refuse(s, "NumbaValueError", "cval is %s, which an array of %s cannot hold", t->elem->name, item->name), false;
    if (hl_is_float(t->elem) && hl_is_intlike(item) && !Py_IS_FINITE(PyFloat_AS_DOUBLE(st->cval)))
        return hl_refuse(s, "NumbaValueError", "cval is not finite, the stencil's result is an array of %s", item->name), false;
    return true;
}

/* The number that the kernel returns, with inst->data filled in. */
static const hl_type *stencil_item(hl_site *s)
{
    if (s->types[1]->kind != HL_K_CONST) return hl_reject(s, "the stencil must be known while compiling"), NULL;
    hl_stencil *st = s->inst->data;
    if (!st) {
        st = s->inst->data = HL_NEW(hl_site_arena(s), hl_stencil);
        if (!hl_stencil_read(s->types[1]->obj, st)) return NULL;
    }
    if (s->n - 2 != st->nargs) return hl_reject(s, "the kernel takes %d arguments, %d were given", st->nargs, s->n - 2), NULL;
    const hl_type *t = kernel_result(s, st, HL_BORDER_INSIDE, &st->inside);
    if (!t || st->border == HL_BORDER_INSIDE) return t;
    const hl_type *edge = kernel_result(s, st, st->border, &st->edge);
    return !edge || edge->kind == HL_K_UNKNOWN ? edge : t;
}

const hl_type *hl_type_stencil_new(hl_site *s)
{
    if (s->types[0]->kind != HL_K_NONE && s->types[0]->kind != HL_K_OMITTED) return NULL;
    const hl_type *t = stencil_item(s);
    if (!t || t->kind == HL_K_UNKNOWN) return t;
    const hl_type *first = hl_unliteral(s->types[2]);
    return check_cval(s, s->inst->data, t) ? hl_type_array(t, first->ndim, first->layout == 'F' ? 'F' : 'C', 0) : NULL;
}

const hl_type *hl_type_stencil_out(hl_site *s)
{
    const hl_type *out = s->types[0];
    if (out->kind == HL_K_NONE || out->kind == HL_K_OMITTED) return NULL;
    if (!hl_is_array(out)) return FAIL(s, "out is %s; it must be an array", out->name);
    const hl_type *t = stencil_item(s);
    if (!t || t->kind == HL_K_UNKNOWN) return t;
    if (out->ndim != s->types[2]->ndim) return FAIL(s, "out has %d dimensions, the stencil's first array has %d", out->ndim, s->types[2]->ndim);
    if (hl_can_cast(t, out->elem) < 0) return FAIL(s, "the kernel returns %s, which out, an array of %s, cannot hold", t->name, out->elem->name);
    return check_cval(s, s->inst->data, out->elem) ? out : NULL;
}

/* --- windows --------------------------------------------------------------------------------------------------------------------- */

bool hl_window_plan(const hl_type *window, const hl_type *index, hl_index_plan *p, const char **why)
{
    if (!hl_index_plan_make(window->elem, index, p, why)) return false;
    if (p->nfancy || p->nnew || p->ellipsis || p->n != window->elem->ndim) return *why = "a relative index has an int for each dimension", false;
    for (int k = 0; k < p->n; k++) {
        const hl_type *t = p->at[k].type;
        if (p->at[k].kind == HL_IX_INT) continue;
        if (p->at[k].kind == HL_IX_FULL && !t) return *why = "a relative index has an int for each dimension", false;
        if (p->at[k].kind == HL_IX_FULL || t->items[0]->kind == HL_K_NONE || t->items[1]->kind == HL_K_NONE || t->items[2]->kind != HL_K_NONE)
            return *why = "a slice of a relative index has a start, a stop and no step", false;
    }
    return true;
}

static bool plan_of(hl_site *s, hl_index_plan *p)
{
    const char *why;
    if (s->types[0]->kind != HL_K_WINDOW) return false;
    if (hl_window_plan(s->types[0], s->types[1], p, &why)) return true;
    hl_reject(s, "%s", why ? why : "only ints and slices are relative indices");
    return false;
}

const hl_type *hl_type_window_item(hl_site *s)
{
    hl_index_plan p;
    return plan_of(s, &p) && !p.ndim ? s->types[0]->elem->elem : NULL;
}

const hl_type *hl_type_window_view(hl_site *s)
{
    hl_index_plan p;
    if (!plan_of(s, &p) || !p.ndim) return NULL;
    if (s->types[0]->ival != HL_BORDER_INSIDE) return hl_reject(s, "slices of relative indices need func_or_mode='constant'"), NULL;
    const hl_type *a = s->types[0]->elem;
    return hl_type_array(a->elem, p.ndim, p.ndim == 1 && a->ndim == 1 ? a->layout : 'A', a->flags | HL_T_READONLY);
}

const hl_type *hl_type_window_set(hl_site *s)
{
    if (s->types[0]->kind == HL_K_WINDOW) hl_refuse(s, "NumbaValueError", "a stencil's kernel cannot change the arrays that it indexes relatively; it returns the new value");
    return NULL;
}

const hl_type *hl_type_window_shape(hl_site *s)
{
    int nd = s->types[0]->elem->ndim;
    const hl_type *items[HL_DIMS];
    for (int k = 0; k < nd; k++) items[k] = hl_T.int64;
    return hl_type_tuple(hl_site_types(s), items, nd, NULL);
}

const hl_type *hl_type_window_int(hl_site *s) { return s->types[0]->kind == HL_K_WINDOW ? hl_T.int64 : NULL; }
const hl_type *hl_type_window_dtype(hl_site *s) { return hl_type_dtype(s->types[0]->elem->elem); }

const hl_type *hl_type_window_known(hl_site *s)
{
    PyObject *n = PyLong_FromLong(s->types[0]->elem->ndim);
    const hl_type *t = n ? hl_type_literal(hl_site_types(s), n) : NULL;
    Py_XDECREF(n);
    return t;
}
