/* Calls that are made while compiling: of Python functions that carry the attribute `_hotloop_constant`, such as `stencil`, which makes a
 * function of a function.  What they are given must be known now, and the call becomes the constant that they return:
 *
 *     stencil(kernel, neighborhood=((-1, 1),))(a)
 *
 * Known are constants, tuples of these, what literals compute (-k), and functions made here whose captured variables are known.  A
 * value that a phi merges is not, even while its type is a literal: the type may still grow. */
#include "private.h"

enum { MAX_DEPTH = 16, MAX_NAMES = 64 };

static PyObject *constant(hl_infer *in, const hl_inst *v, int depth);

static PyObject *constant_tuple(hl_infer *in, hl_inst *const *items, int n, int depth)
{
    PyObject *t = PyTuple_New(n);
    for (int k = 0; t && k < n; k++) {
        PyObject *item = constant(in, items[k], depth);
        if (!item) return Py_DECREF(t), NULL;
        PyTuple_SET_ITEM(t, k, item);
    }
    return t;
}

/* The function that make_function would make: code, defaults, captured values. */
static PyObject *constant_function(hl_infer *in, const hl_inst *v, int depth)
{
    PyObject *code = v->args[0]->obj;
    int ndefaults = (int)v->ival, ncells = v->nargs - 1 - ndefaults;
    PyObject *f = PyFunction_New(code, v->block->func->globals), *cells = NULL;
    PyObject *defaults = f ? constant_tuple(in, v->args + 1, ndefaults, depth) : NULL;
    if (defaults) cells = constant_tuple(in, v->args + 1 + ndefaults, ncells, depth);
    bool ok = cells && (!ndefaults || PyFunction_SetDefaults(f, defaults) == 0);
    for (int k = 0; ok && k < ncells; k++) {
        PyObject *value = PyTuple_GET_ITEM(cells, k), *cell = PyCell_New(value);
        PyTuple_SET_ITEM(cells, k, cell);
        Py_DECREF(value);
        ok = cell;
    }
    if (ok && ncells) ok = PyFunction_SetClosure(f, cells) == 0;
    Py_XDECREF(defaults), Py_XDECREF(cells);
    if (!ok) Py_CLEAR(f);
    return f;
}

/* A new reference; NULL: the value is not known, or an exception is set. */
static PyObject *constant(hl_infer *in, const hl_inst *v, int depth)
{
    if (depth > MAX_DEPTH) return NULL;
    const hl_type *t = v->type ? hl_resolve(in, v->type) : NULL;
    switch (v->op) {
    case HL_OP_const: return Py_NewRef(v->obj);
    case HL_OP_build_tuple: return constant_tuple(in, v->args, v->nargs, depth + 1);
    case HL_OP_make_function: return constant_function(in, v, depth + 1);
    case HL_OP_phi: case HL_OP_param: return NULL;
    case HL_OP_check_bound: case HL_OP_narrow: return constant(in, v->args[0], depth + 1);
    default: break;
    }
    if (!t || t->kind != HL_K_LITERAL) return NULL;
    for (int k = 0; k < v->nargs; k++) {
        PyObject *operand = constant(in, v->args[k], depth + 1);
        if (!operand) return NULL;
        Py_DECREF(operand);
    }
    return Py_NewRef(t->obj);
}

static bool is_constant_function(PyObject *callee)
{
    PyObject *dict = PyFunction_Check(callee) ? ((PyFunctionObject *)callee)->func_dict : NULL;
    return dict && PyDict_GetItemString(dict, "_hotloop_constant");
}

static int unknown(hl_infer *in, hl_inst *i, PyObject *callee, const char *what)
{
    if (PyErr_Occurred()) in->cx->python_error = true;
    else hl_infer_fail(in, i, "%s() is called while compiling, so what it is given, and what a function that it is given captures, must be constants; %s is not",
                       PyUnicode_AsUTF8(((PyFunctionObject *)callee)->func_name), what);
    return -1;
}

int hl_infer_constant_call(hl_infer *in, hl_inst *i, PyObject *callee)
{
    if (!is_constant_function(callee)) return 0;
    int nkw = i->obj ? (int)PyTuple_GET_SIZE(i->obj) : 0, npos = i->nargs - 1 - nkw, bad = 0;
    for (int k = 1; k < i->nargs; k++)
        if (!i->args[k]->type) return 0;
    PyObject *args = PyTuple_New(npos), *kwargs = PyDict_New(), *r = NULL;
    for (int k = 0; args && kwargs && !bad && k < npos + nkw; k++) {
        PyObject *name = k < npos ? NULL : PyTuple_GET_ITEM(i->obj, k - npos), *v = constant(in, i->args[k + 1], 0);
        if (!v) bad = unknown(in, i, callee, name ? PyUnicode_AsUTF8(name) : hl_sprintf(in->arena, "argument %d", k + 1));
        else if (name) PyDict_SetItem(kwargs, name, v), Py_DECREF(v);
        else PyTuple_SET_ITEM(args, k, v);
    }
    if (!bad && args && kwargs && !PyErr_Occurred()) r = PyObject_Call(callee, args, kwargs);
    Py_XDECREF(args), Py_XDECREF(kwargs);
    if (bad) return -1;
    if (!r) return hl_infer_refused(in, i), -1;
    i->op = HL_OP_const, i->nargs = 0, i->obj = hl_keep(in->arena, r);
    hl_infer_queue(in, i);
    return 1;
}
