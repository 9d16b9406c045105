/* The graph as Python data, for tests that run it (tests/graph.py) instead of reading its text.
 *
 *   {'params': [name, …], 'blocks': [(instructions, successors, handler, predecessors), …]}
 *   instruction: (id, op, operand ids, integer immediate, object immediate or None, inplace)
 *
 * Blocks are named by their index; handler is -1 where there is none.
 */
#include "../compile.h"
#include <setjmp.h>

extern const hl_compiler_api hl_api; /* compile.c */

static PyObject *ids_of(hl_inst *const *args, int n)
{
    PyObject *t = PyTuple_New(n);
    for (int k = 0; t && k < n; k++) {
        PyObject *id = PyLong_FromUnsignedLong(args[k]->id);
        if (!id) Py_CLEAR(t);
        else PyTuple_SET_ITEM(t, k, id);
    }
    return t;
}

static PyObject *blocks_of(hl_block *const *blocks, int n)
{
    PyObject *t = PyTuple_New(n);
    for (int k = 0; t && k < n; k++) {
        PyObject *id = PyLong_FromUnsignedLong(blocks[k]->id);
        if (!id) Py_CLEAR(t);
        else PyTuple_SET_ITEM(t, k, id);
    }
    return t;
}

static PyObject *insts_of(const hl_block *b)
{
    PyObject *list = PyList_New(0);
    for (const hl_inst *i = b->first; list && i; i = i->next) {
        PyObject *args = ids_of(i->args, i->nargs);
        PyObject *row = args ? Py_BuildValue("IsNLOi", (unsigned)i->id, hl_ops[i->op].name, args, (long long)i->ival,
                                             i->obj ? i->obj : Py_None, (i->flags & HL_I_INPLACE) != 0) : NULL;
        if (!row || PyList_Append(list, row)) Py_CLEAR(list);
        Py_XDECREF(row);
    }
    return list;
}

static PyObject *data_of(const hl_func *f)
{
    PyObject *blocks = PyList_New(0), *params = PyList_New(0);
    for (int k = 0; blocks && k < f->blocks.n; k++) {
        const hl_block *b = f->blocks.at[k];
        PyObject *insts = insts_of(b), *succ = blocks_of(b->succ, b->nsucc), *pred = blocks_of(b->pred.at, b->pred.n);
        PyObject *row = insts && succ && pred ? Py_BuildValue("OOiO", insts, succ, b->handler ? (int)b->handler->id : -1, pred) : NULL;
        if (!row || PyList_Append(blocks, row)) Py_CLEAR(blocks);
        Py_XDECREF(row);
        Py_XDECREF(insts);
        Py_XDECREF(succ);
        Py_XDECREF(pred);
    }
    for (int k = 0; params && k < f->nparams; k++) {
        PyObject *name = PyUnicode_FromString(f->param_names[k]);
        if (!name || PyList_Append(params, name)) Py_CLEAR(params);
        Py_XDECREF(name);
    }
    PyObject *result = blocks && params ? Py_BuildValue("{sOsO}", "params", params, "blocks", blocks) : NULL;
    Py_XDECREF(blocks);
    Py_XDECREF(params);
    return result;
}

static PyObject *build(PyObject *function)
{
    hl_cx cx = {.arena = hl_arena_new()};
    if (!cx.arena) return PyErr_NoMemory();
    jmp_buf escape;
    PyObject *result = NULL;
    if (setjmp(escape)) {
        PyErr_NoMemory();
    } else {
        hl_arena_set_escape(cx.arena, &escape);
        const hl_func *f = hl_build(&cx, function);
        if (f) result = data_of(f);
        else if (!PyErr_Occurred()) PyErr_SetString(PyExc_SystemError, cx.error ? cx.error : "the function was not built");
    }
    hl_arena_free(cx.arena);
    return result;
}

/* The graph keeps objects of the arena: its immediates are referenced by the data before the arena goes. */
static PyObject *graph(PyObject *module, PyObject *function)
{
    (void)module;
    if (!PyFunction_Check(function)) return PyErr_Format(PyExc_TypeError, "graph() takes a Python function, not %s", Py_TYPE(function)->tp_name);
    PyObject *text = hl_api.inspect(&(hl_request){.function = function, .nargs = -1}, &(hl_hooks){0}, "ir");
    if (!text) return NULL; /* the pipeline says what is wrong */
    Py_DECREF(text);
    return build(function);
}

PyMethodDef hl_data_methods[] = {
    {"graph", graph, METH_O, "graph(function)\n\nThe untyped graph as Python data (compiler/ir/data.c says how)."},
    {NULL, NULL, 0, NULL},
};
