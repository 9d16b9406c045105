/* Strings, exceptions and printing: the Python objects that compiled code handles as they are, always on cold paths.
 * Each is an hl_mem_pyobject; results are new references, NULL with an exception set. */
#include "rt.h"
#include "gil.h"
#include "rt_object.h"

static int set_text(PyObject *kwargs, const char *name, hl_mem *value)
{
    return value ? PyDict_SetItemString(kwargs, name, hl_mem_object(value)) : 0;
}

/* Python's own print, looked up at each call: it may have been replaced, and sys.stdout redirected. */
hl_status hl_print_tuple(hl_mem *args, hl_mem *sep, hl_mem *end, int32_t flush)
{
    hl_gil g = hl_gil_take();
    PyObject *builtins = PyImport_ImportModule("builtins"), *r = NULL;
    PyObject *print = builtins ? PyObject_GetAttrString(builtins, "print") : NULL;
    PyObject *kwargs = print ? PyDict_New() : NULL;
    if (kwargs && set_text(kwargs, "sep", sep) == 0 && set_text(kwargs, "end", end) == 0 && (!flush || PyDict_SetItemString(kwargs, "flush", Py_True) == 0))
        r = PyObject_Call(print, hl_mem_object(args), kwargs);
    Py_XDECREF(kwargs);
    Py_XDECREF(print);
    Py_XDECREF(builtins);
    Py_XDECREF(r);
    hl_gil_give(g);
    return r ? 0 : 1;
}

hl_mem *hl_exception_new(PyObject *cls, hl_mem *args)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = NULL;
    PyObject *exc = args ? PyObject_CallObject(cls, hl_mem_object(args)) : PyObject_CallNoArgs(cls);
    if (exc && !PyExceptionInstance_Check(exc))
        PyErr_Format(PyExc_TypeError, "calling %R should have returned an instance of BaseException, not %R", cls, Py_TYPE(exc));
    else if (exc)
        m = hl_mem_pyobject(exc);
    Py_XDECREF(exc);
    hl_gil_give(g);
    return m;
}

void hl_raise_missing(hl_mem *value)
{
    hl_gil g = hl_gil_take();
#if PY_VERSION_HEX >= 0x030E0000
    (void)value;
    PyErr_SetString(PyExc_ValueError, "list.index(x): x not in list");
#else
    PyErr_Format(PyExc_ValueError, "%R is not in list", hl_mem_object(value));
#endif
    hl_gil_give(g);
}

int32_t hl_str_compare(hl_mem *a, hl_mem *b)
{
    if (a == b)
        return 0;
    hl_gil g = hl_gil_take();
    int32_t r = PyUnicode_Compare(hl_mem_object(a), hl_mem_object(b));
    hl_gil_give(g);
    return r;
}

int32_t hl_str_contains(hl_mem *text, hl_mem *part)
{
    hl_gil g = hl_gil_take();
    int32_t r = PyUnicode_Contains(hl_mem_object(text), hl_mem_object(part));
    hl_gil_give(g);
    return r;
}

/* A str never changes: its length can be read without the GIL. */
int64_t hl_str_len(hl_mem *s) { return PyUnicode_GET_LENGTH(hl_mem_object(s)); }

hl_mem *hl_str_item(hl_mem *s, int64_t at)
{
    PyObject *text = hl_mem_object(s);
    Py_ssize_t n = PyUnicode_GET_LENGTH(text);
    if (at < 0) at += n;
    hl_gil g = hl_gil_take();
    hl_mem *m = NULL;
    if (at < 0 || at >= n) PyErr_SetString(PyExc_IndexError, "string index out of range");
    else m = hl_mem_take(PyUnicode_FromOrdinal((int)PyUnicode_READ_CHAR(text, at)));
    hl_gil_give(g);
    return m;
}

hl_mem *hl_str_repeat(hl_mem *s, int64_t times)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = hl_mem_take(PySequence_Repeat(hl_mem_object(s), times));
    hl_gil_give(g);
    return m;
}

hl_list *hl_str_chars(hl_mem *s)
{
    PyObject *text = hl_mem_object(s);
    Py_ssize_t n = PyUnicode_GET_LENGTH(text);
    hl_list *l = hl_list_new(n, 1, 1);
    if (!l) return NULL;
    hl_gil g = hl_gil_take();
    for (Py_ssize_t k = 0; l && k < n; k++) {
        l->data[k].p = hl_mem_take(PyUnicode_FromOrdinal((int)PyUnicode_READ_CHAR(text, k)));
        if (l->data[k].p) continue;
        hl_release((hl_mem *)l); /* what is not filled is NULL */
        l = NULL;
    }
    hl_gil_give(g);
    return l;
}

hl_mem *hl_str_slice(hl_mem *s, int64_t start, int64_t stop, int64_t step)
{
    hl_gil g = hl_gil_take();
    PyObject *bounds[3], *slice = NULL, *part = NULL, *text = hl_mem_object(s);
    bounds[0] = PyLong_FromLongLong(start);
    bounds[1] = stop < 0 ? Py_NewRef(Py_None) : PyLong_FromLongLong(stop); /* -1 is in front of the first one */
    bounds[2] = PyLong_FromLongLong(step);
    if (bounds[0] && bounds[1] && bounds[2]) slice = PySlice_New(bounds[0], bounds[1], bounds[2]);
    if (slice) part = start < 0 ? PyUnicode_FromString("") : PyObject_GetItem(text, slice);
    hl_mem *m = hl_mem_take(part);
    Py_XDECREF(slice);
    for (int k = 0; k < 3; k++) Py_XDECREF(bounds[k]);
    hl_gil_give(g);
    return m;
}

int64_t hl_ord(hl_mem *s)
{
    PyObject *text = hl_mem_object(s);
    if (PyUnicode_GET_LENGTH(text) == 1) return PyUnicode_READ_CHAR(text, 0);
    hl_gil g = hl_gil_take();
    PyErr_Format(PyExc_TypeError, "ord() expected a character, but string of length %zd found", PyUnicode_GET_LENGTH(text));
    hl_gil_give(g);
    return -1;
}

hl_mem *hl_chr(int64_t code)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = NULL;
    if (code < 0 || code > 0x10FFFF) PyErr_SetString(PyExc_ValueError, "chr() arg not in range(0x110000)");
    else m = hl_mem_take(PyUnicode_FromOrdinal((int)code));
    hl_gil_give(g);
    return m;
}
