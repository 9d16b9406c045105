/* Traceback entries of compiled functions.
 *
 * CPython shows a traceback entry from its code object (file, name, table of positions), the offset of the instruction in it,
 * and the line.  An entry of a compiled function has them as if the interpreter had run it, so it shows the user's line with
 * marks under the expression.  Its frame is made for the entry (PyFrame_New); it never runs and has no local variables.  For
 * a frame made so CPython expects the variables of the code to be there, free ones in particular, when somebody looks at
 * f_locals: so it gets a copy of the code object without variables, made at the first entry and kept beside the code.
 *
 * Comprehensions that are built into their function have code of their own in 3.11, and an entry of their own.
 */
#include "gil.h"
#include <frameobject.h>

enum { INLINED = 20, MAX_NESTING = 32 };

/* New reference, or NULL with an exception. */
static PyObject *without_variables(PyObject *code)
{
    PyObject *replace = PyObject_GetAttrString(code, "replace"), *none = PyTuple_New(0), *empty = PyTuple_New(0), *copy = NULL;
    int flags = ((PyCodeObject *)code)->co_flags & (CO_OPTIMIZED | CO_NEWLOCALS);
    PyObject *changes = Py_BuildValue("{s:i,s:i,s:i,s:i,s:i,s:O,s:O,s:O}", "co_argcount", 0, "co_posonlyargcount", 0, "co_kwonlyargcount", 0,
                                      "co_nlocals", 0, "co_flags", flags, "co_varnames", empty, "co_freevars", empty, "co_cellvars", empty);
    if (replace && none && empty && changes)
        copy = PyObject_Call(replace, none, changes);
    Py_XDECREF(replace);
    Py_XDECREF(none);
    Py_XDECREF(empty);
    Py_XDECREF(changes);
    return copy;
}

/* The copy that belongs to a row [code, place of the call, copy or None]; borrowed. */
static PyObject *stand_in(PyObject *row)
{
    PyObject *copy = PyList_GET_ITEM(row, 2);
    if (copy == Py_None) {
        if (!(copy = without_variables(PyList_GET_ITEM(row, 0))))
            return NULL;
        PyList_SetItem(row, 2, copy);
    }
    return copy;
}

/* The traceback `next` with an entry above it; takes over the reference to next (NULL: none). */
static PyObject *entry(PyObject *next, PyObject *globals, PyObject *row, int offset)
{
    PyObject *code = stand_in(row), *tb = NULL;
    PyFrameObject *frame = code ? PyFrame_New(PyThreadState_Get(), (PyCodeObject *)code, globals, NULL) : NULL;
    if (frame)
        tb = PyObject_CallFunction((PyObject *)&PyTraceBack_Type, "OOii", next ? next : Py_None, frame, offset,
                                   PyCode_Addr2Line((PyCodeObject *)code, offset));
    Py_XDECREF(frame);
    if (!tb)
        return PyErr_Clear(), next; /* an entry that could not be made is left out; the exception itself matters more */
    Py_XDECREF(next);
    return tb;
}

void hl_traceback_add(PyObject *exc, PyObject *where, int32_t place)
{
    if (!where || place < 0)
        return;
    PyObject *globals = PyList_GET_ITEM(where, 0), *own = NULL;
    if (!PyDict_Check(globals) && !(globals = own = PyDict_New()))
        return PyErr_Clear();
    PyObject *tb = PyException_GetTraceback(exc);
    for (int n = 0; place >= 0 && n < MAX_NESTING; n++) {
        Py_ssize_t k = 1 + (place >> INLINED);
        if (k >= PyList_GET_SIZE(where))
            break;
        PyObject *row = PyList_GET_ITEM(where, k);
        tb = entry(tb, globals, row, place & ((1 << INLINED) - 1));
        place = (int32_t)PyLong_AsLong(PyList_GET_ITEM(row, 1));
    }
    if (tb && PyException_SetTraceback(exc, tb) < 0)
        PyErr_Clear();
    Py_XDECREF(tb);
    Py_XDECREF(own);
}

void hl_unwind(PyObject *where, int32_t place)
{
    hl_gil g = hl_gil_take();
    PyObject *exc = place >= 0 ? hl_exc_fetch() : NULL;
    if (exc) {
        hl_traceback_add(exc, where, place);
        hl_exc_set(exc);
    }
    hl_gil_give(g);
}
