/* The graph as Python data, for tests that run it (tests/graph.py) instead of reading its text.
 *
 *   {'params': [name, …], 'blocks': [(instructions, successors, handler, predecessors), …]}
 *   instruction: (id, op, operand ids, integer immediate, object immediate or None, inplace)
 *
 * Blocks are named by their index; handler is -1 where there is none.
 */
#include "ir.h"

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

/* New reference, or NULL with an exception. */
PyObject *hl_ir_data(const hl_func *f)
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
