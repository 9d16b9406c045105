/* What type functions may ask: literals, bindings, dtypes, the reasons of a refusal. */
#include "private.h"
#include "../rules/rules.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void hl_reject(hl_site *s, const char *fmt, ...)
{
    char buf[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    s->in->why = hl_strdup(s->in->arena, buf);
}

void hl_refuse(hl_site *s, const char *cls, const char *fmt, ...)
{
    char buf[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    hl_fail(s->in->cx, cls, s->inst->block->func, s->inst->span, "%s", buf);
}

const hl_options *hl_site_options(hl_site *s)
{
    const hl_options *own = s->inst->block->func->options;
    return own ? own : &s->in->cx->rq->options;
}

hl_interner *hl_site_types(hl_site *s) { return s->in->types; }
hl_arena *hl_site_arena(hl_site *s) { return s->in->arena; }

/* --- VARs -------------------------------------------------------------------------------------------------------------- */

const hl_type *hl_resolve(hl_infer *in, const hl_type *t)
{
    if (!t->has_var) return t;
    switch (t->kind) {
    case HL_K_VAR: {
        const hl_type *b = in->vars.at[t->ival];
        return b ? hl_resolve(in, b) : t;
    }
    case HL_K_LIST: return hl_type_list(in->types, hl_resolve(in, t->elem));
    case HL_K_OPTIONAL: return hl_type_optional(in->types, hl_resolve(in, t->elem));
    case HL_K_TUPLE: case HL_K_ITER: case HL_K_CLOSURE: case HL_K_BOUND: {
        const hl_type *items[t->nitems ? t->nitems : 1];
        for (int k = 0; k < t->nitems; k++) items[k] = hl_resolve(in, t->items[k]);
        if (t->kind == HL_K_TUPLE) return hl_type_tuple(in->types, items, t->nitems, t->obj);
        if (t->kind == HL_K_CLOSURE) return hl_type_closure(in->types, t->obj, t->ival, items, t->nitems);
        if (t->kind == HL_K_BOUND) return hl_type_bound(in->types, items[0], t->obj);
        return hl_type_iter(in->types, (hl_iter_kind)t->ival, items, t->nitems, hl_resolve(in, t->elem));
    }
    default: return t;
    }
}

const hl_type *hl_head(hl_infer *in, const hl_type *t)
{
    while (t->kind == HL_K_VAR && in->vars.at[t->ival]) t = in->vars.at[t->ival];
    return t;
}

static void bind_var(hl_infer *in, int64_t number, const hl_type *to)
{
    if (in->vars.at[number] == to) return;
    in->vars.at[number] = to;
    hl_infer_requeue_all(in);
}

/* The VAR at the end of a chain of VARs, or NULL when t is none. */
static const hl_type *last_var(hl_infer *in, const hl_type *t)
{
    while (t->kind == HL_K_VAR && in->vars.at[t->ival] && in->vars.at[t->ival]->kind == HL_K_VAR) t = in->vars.at[t->ival];
    return t->kind == HL_K_VAR ? t : NULL;
}

static const hl_type *bind_pair(hl_infer *in, const hl_type *t, const hl_type *with);

/* v and w are ends of chains; afterwards both stand for one type. */
static const hl_type *join_variables(hl_infer *in, const hl_type *v, const hl_type *w)
{
    const hl_type *tv = in->vars.at[v->ival], *tw = in->vars.at[w->ival];
    const hl_type *u = tv && tw ? bind_pair(in, tv, tw) : tv ? tv : tw;
    if (tv && tw && !u) return NULL;
    bind_var(in, v->ival, w);
    if (u) bind_var(in, w->ival, u);
    return u ? u : w;
}

/* Does t mention the VAR v?  A type that contained itself would have no end. */
static bool occurs(const hl_type *v, const hl_type *t)
{
    if (t == v) return true;
    if (!t->has_var) return false;
    if (t->elem && occurs(v, t->elem)) return true;
    for (int k = 0; k < t->nitems; k++)
        if (occurs(v, t->items[k])) return true;
    return false;
}

static const hl_type *bind_variable(hl_infer *in, const hl_type *v, const hl_type *with)
{
    const hl_type *w = last_var(in, with);
    if (w) return w == v ? v : join_variables(in, v, w);
    if (with != v && occurs(v, with)) return NULL;
    const hl_type *old = in->vars.at[v->ival];
    with = hl_unliteral_deep(in->types, with);
    const hl_type *u = old ? bind_pair(in, old, with) : with;
    if (u) bind_var(in, v->ival, u = hl_unliteral_deep(in->types, u));
    return u;
}

static const hl_type *bind_pair(hl_infer *in, const hl_type *t, const hl_type *with)
{
    if (t == with || with->kind == HL_K_UNKNOWN) return t;
    if (t->kind == HL_K_UNKNOWN) return with;
    const hl_type *v = last_var(in, t), *w = last_var(in, with);
    if (v) return bind_variable(in, v, with);
    if (w) return bind_variable(in, w, t);
    if (t->kind == HL_K_PYOBJECT || with->kind == HL_K_PYOBJECT) return in->objects ? hl_T.pyobject : NULL;
    if (t->kind == HL_K_LIST && with->kind == HL_K_LIST) {
        const hl_type *e = bind_pair(in, t->elem, with->elem);
        return e ? hl_type_list(in->types, e) : NULL;
    }
    if (t->kind == HL_K_TUPLE && with->kind == HL_K_TUPLE && t->nitems == with->nitems && t->obj == with->obj) {
        const hl_type *items[t->nitems ? t->nitems : 1];
        for (int k = 0; k < t->nitems; k++)
            if (!(items[k] = bind_pair(in, t->items[k], with->items[k]))) return NULL;
        return hl_type_tuple(in->types, items, t->nitems, t->obj);
    }
    return hl_unify(in->types, t, with);
}

static bool same_lists(const hl_type *a, const hl_type *b)
{
    a = hl_unliteral(a), b = hl_unliteral(b);
    if (a == b || b->kind == HL_K_PYOBJECT) return true;
    if (b->kind == HL_K_OPTIONAL) return a->kind == HL_K_NONE || same_lists(a->kind == HL_K_OPTIONAL ? a->elem : a, b->elem);
    if (a->kind != b->kind) return true;
    if (a->kind == HL_K_LIST) return false;
    for (int k = 0; a->kind == HL_K_TUPLE && k < a->nitems && k < b->nitems; k++)
        if (!same_lists(a->items[k], b->items[k])) return false;
    return true;
}

bool hl_infer_becomes(hl_infer *in, const hl_type *t, const hl_type *as)
{
    if (t->has_var && (t->kind == HL_K_LIST || t->kind == HL_K_TUPLE) && t->kind == as->kind) hl_bind(in, t, as);
    return same_lists(hl_unliteral_deep(in->types, hl_resolve(in, t)), hl_unliteral_deep(in->types, hl_resolve(in, as)));
}

const hl_type *hl_bind(hl_infer *in, const hl_type *t, const hl_type *with) { return bind_pair(in, t, with); }

const hl_type *hl_fresh_var(hl_infer *in, hl_inst *site)
{
    if (!site->ival) {
        hl_push(in->arena, &in->vars, NULL);
        site->ival = in->vars.n; /* number + 1 */
    }
    return hl_type_var(in->types, site->ival - 1);
}

bool hl_becomes(hl_site *s, const hl_type *t, const hl_type *as) { return hl_infer_becomes(s->in, t, as); }

/* --- literals ------------------------------------------------------------------------------------------------------------- */

bool hl_literal_int(const hl_type *t, int64_t *out)
{
    if (t->kind != HL_K_LITERAL || !hl_is_intlike(t->elem)) return false;
    *out = t->ival;
    return true;
}

bool hl_literal_bool(const hl_type *t, bool *out)
{
    if (t->kind != HL_K_LITERAL || t->elem->kind != HL_K_BOOL) return false;
    *out = t->ival != 0;
    return true;
}

const char *hl_literal_str(const hl_type *t)
{
    return t->kind == HL_K_LITERAL && t->elem->kind == HL_K_STR ? PyUnicode_AsUTF8(t->obj) : NULL;
}

/* --- dtypes ------------------------------------------------------------------------------------------------------------------ */

/* A Python object that names a scalar type: a class (np.float32, float), a dtype, a hotloop type object. */
static const hl_type *dtype_of_object(PyObject *o)
{
    if (o == (PyObject *)&PyFloat_Type) return hl_T.float64;
    if (o == (PyObject *)&PyLong_Type) return hl_T.int64;
    if (o == (PyObject *)&PyBool_Type) return hl_T.boolean;
    if (o == (PyObject *)&PyComplex_Type) return hl_T.complex128;
    static PyObject *dtype_class;
    if (!dtype_class) {
        PyObject *np = PyImport_ImportModule("numpy");
        dtype_class = np ? PyObject_GetAttrString(np, "dtype") : NULL;
        Py_XDECREF(np);
        if (!dtype_class) return PyErr_Clear(), NULL;
    }
    if (!PyType_Check(o) && !PyUnicode_Check(o) && !PyObject_TypeCheck(o, (PyTypeObject *)dtype_class)) return NULL;
    PyObject *d = PyObject_CallOneArg(dtype_class, o);
    PyObject *num = d ? PyObject_GetAttrString(d, "num") : NULL;
    PyObject *native = num ? PyObject_GetAttrString(d, "isnative") : NULL;
    const hl_type *t = native && PyObject_IsTrue(native) == 1 ? hl_type_from_npy((int)PyLong_AsLong(num)) : NULL;
    Py_XDECREF(native);
    Py_XDECREF(num);
    Py_XDECREF(d);
    PyErr_Clear();
    return t;
}

const hl_type *hl_dtype_of(const hl_type *t, const hl_type *dflt)
{
    switch (t->kind) {
    case HL_K_OMITTED: case HL_K_NONE: return dflt;
    case HL_K_DTYPE: return t->elem;
    case HL_K_CONST: return dtype_of_object(t->obj);
    case HL_K_LITERAL: return t->elem->kind == HL_K_STR ? dtype_of_object(t->obj) : NULL;
    default: return NULL;
    }
}

/* --- ufuncs ------------------------------------------------------------------------------------------------------------------- */

static int read_types(hl_site *s, PyObject *tuple, const hl_type **out)
{
    Py_ssize_t n = PyTuple_Check(tuple) ? PyTuple_GET_SIZE(tuple) : 0;
    if (n > HL_UFUNC_OPERANDS) return -1;
    for (Py_ssize_t k = 0; k < n; k++)
        if (!(out[k] = s->in->cx->hooks->type_from(PyTuple_GET_ITEM(tuple, k)))) return -1;
    return (int)n;
}

bool hl_choose_loop(hl_site *s, PyObject *ufunc, const hl_type *const *types, int n, hl_choice *out)
{
    const hl_hooks *h = s->in->cx->hooks;
    PyObject *choose = h->ufunc(ufunc), *args = choose ? PyTuple_New(n) : NULL, *r = NULL;
    bool ok = args;
    for (int k = 0; ok && k < n; k++) {
        PyObject *t = h->type_object(hl_unliteral(types[k]));
        if (t) PyTuple_SET_ITEM(args, k, t);
        ok = t;
    }
    if (ok) r = PyObject_Call(choose, args, NULL);
    ok = r && PyTuple_Check(r) && PyTuple_GET_SIZE(r) == 4;
    if (r && PyUnicode_Check(r)) hl_reject(s, "%s", PyUnicode_AsUTF8(r)); /* the reason why not */
    if (ok) {
        out->function = hl_keep(s->in->arena, Py_NewRef(PyTuple_GET_ITEM(r, 0)));
        out->layout = hl_keep(s->in->arena, Py_NewRef(PyTuple_GET_ITEM(r, 3)));
        out->n = read_types(s, PyTuple_GET_ITEM(r, 1), out->in), out->nout = read_types(s, PyTuple_GET_ITEM(r, 2), out->out);
        ok = out->n >= 0 && out->nout >= 0;
    }
    Py_XDECREF(choose), Py_XDECREF(args), Py_XDECREF(r);
    return ok;
}
