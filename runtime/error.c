/* Exceptions that machine code raises and catches.
 *
 * The pending exception is the one in the calling thread's Python state, as in any C extension; machine code says so by
 * its status.  Messages come from compiler/errors.def.  While the error leaves compiled functions each of them adds its
 * traceback entries (traceback.c).
 */
#include "gil.h"
#include <string.h>

hl_box_fn hl_box_hook;

/* --- the GIL and the pending exception ---------------------------------------------------------------------------------- */
static __thread PyObject *foreign_exc; /* of a thread that has no Python state of its own */

/* The state of the thread that runs Python now: of the whole process in 3.11, of the calling thread since 3.12. */
#if PY_VERSION_HEX >= 0x030D0000
#define RUNNING_STATE PyThreadState_GetUnchecked()
#else
#define RUNNING_STATE _PyThreadState_UncheckedGet()
#endif

_Thread_local bool hl_gil_here;

hl_gil hl_gil_ask(void)
{
    PyThreadState *mine = PyGILState_GetThisThreadState();
    hl_gil g = {.foreign = mine == NULL, .held = mine && mine == RUNNING_STATE};
    if (g.held)
        return g;
    g.state = PyGILState_Ensure();
    if (g.foreign && foreign_exc) {
        hl_exc_set(foreign_exc);
        foreign_exc = NULL;
    }
    return g;
}

void hl_gil_back(hl_gil g)
{
    if (g.foreign && PyErr_Occurred())
        foreign_exc = hl_exc_fetch();
    PyGILState_Release(g.state);
}

PyObject *hl_error_take(void)
{
    PyObject *exc = foreign_exc;
    foreign_exc = NULL;
    return exc;
}

void hl_error_put(PyObject *exc)
{
    hl_gil g = hl_gil_take();
    hl_exc_set(exc);
    hl_gil_give(g);
}

void hl_decref_quietly(PyObject *obj)
{
    if (Py_REFCNT(obj) > 1 || !PyErr_Occurred()) {
        Py_DECREF(obj);
        return;
    }
    PyObject *pending = hl_exc_fetch();
    Py_DECREF(obj);
    hl_exc_set(pending);
}

/* --- by number ------------------------------------------------------------------------------------------------------------ */
typedef struct hl_err_row {
    PyObject **cls;
    const char *text;
} hl_err_row;

static const hl_err_row rows[HL_ERR_COUNT] = {
#define ERR(name, cls, text) [HL_ERR_##name] = {&PyExc_##cls, text},
#include "../compiler/errors.def"
#undef ERR
};

/* NumPy's own class: a ValueError and an IndexError. */
static void raise_axis(int64_t axis, int64_t ndim)
{
    PyObject *m = PyImport_ImportModule("numpy.exceptions"), *cls = m ? PyObject_GetAttrString(m, "AxisError") : NULL;
    PyObject *exc = cls ? PyObject_CallFunction(cls, "LLO", (long long)axis, (long long)ndim, Py_None) : NULL;
    if (exc)
        PyErr_SetObject(cls, exc);
    Py_XDECREF(exc);
    Py_XDECREF(cls);
    Py_XDECREF(m);
}

static void set_error(int32_t err, int64_t a, int64_t b)
{
    if (err < 0 || err >= HL_ERR_COUNT) {
        PyErr_Format(PyExc_SystemError, "hotloop: unknown error number %d", (int)err);
        return;
    }
    const hl_err_row *r = &rows[err];
    if (err == HL_ERR_pow_overflow) { /* an errno pair, as CPython's float_pow makes it */
        PyObject *args = Py_BuildValue("(is)", 34, "Numerical result out of range");
        if (args)
            PyErr_SetObject(*r->cls, args);
        Py_XDECREF(args);
    } else if (err == HL_ERR_axis_range) {
        raise_axis(a, b);
    } else if (!*r->text) {
        PyErr_SetNone(*r->cls);
    } else if (!strchr(r->text, '%')) {
        PyErr_SetString(*r->cls, r->text);
    } else {
        PyErr_Format(*r->cls, r->text, (long long)a, (long long)b, (long long)a, (long long)b);
    }
}

void hl_raise(int32_t err, int64_t a, int64_t b)
{
    hl_gil g = hl_gil_take();
    set_error(err, a, b);
    hl_gil_give(g);
}

void hl_raise_memory(int64_t nbytes)
{
    hl_gil g = hl_gil_take();
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double x = (double)nbytes;
    int u = 0;
    while (x >= 1024 && u < 6)
        x /= 1024, u++;
    char size[32];
    PyOS_snprintf(size, sizeof size, u ? "%.3g" : "%.0f", x);
    PyErr_Format(PyExc_MemoryError, "Unable to allocate %s %s for an array", size, units[u]);
    hl_gil_give(g);
}

/* --- by object ------------------------------------------------------------------------------------------------------------ */
/* An exception instance from a class or an instance (new reference); NULL with TypeError set, as `raise` does. */
static PyObject *instance_of(PyObject *x)
{
    if (PyExceptionInstance_Check(x))
        return Py_NewRef(x);
    if (!PyExceptionClass_Check(x)) {
        PyErr_SetString(PyExc_TypeError, "exceptions must derive from BaseException");
        return NULL;
    }
    PyObject *exc = PyObject_CallNoArgs(x);
    if (exc && !PyExceptionInstance_Check(exc)) {
        PyErr_Format(PyExc_TypeError, "calling %R should have returned an instance of BaseException, not %R", x, Py_TYPE(exc));
        Py_CLEAR(exc);
    }
    return exc;
}

static int set_cause(PyObject *exc, PyObject *cause)
{
    PyObject *c = NULL; /* `from None`: no cause, and the context is not shown */
    if (cause != Py_None) {
        if (!PyExceptionClass_Check(cause) && !PyExceptionInstance_Check(cause)) {
            PyErr_SetString(PyExc_TypeError, "exception causes must derive from BaseException");
            return -1;
        }
        if (!(c = instance_of(cause)))
            return -1;
    }
    PyException_SetCause(exc, c); /* takes over c; sets __suppress_context__ */
    return 0;
}

void hl_raise_value(hl_mem *exception, PyObject *cls_or_instance, hl_mem *cause, PyObject *cause_object)
{
    hl_gil g = hl_gil_take();
    PyObject *exc = instance_of(exception ? hl_mem_object(exception) : cls_or_instance);
    PyObject *from = cause ? hl_mem_object(cause) : cause_object;
    if (exc && (!from || set_cause(exc, from) == 0))
        PyErr_SetObject((PyObject *)Py_TYPE(exc), exc);
    Py_XDECREF(exc);
    hl_gil_give(g);
}

void hl_raise_text(PyObject *error)
{
    hl_gil g = hl_gil_take();
    PyErr_SetObject(PyTuple_GET_ITEM(error, 0), PyTuple_GET_ITEM(error, 1));
    hl_gil_give(g);
}

hl_mem *hl_catch(PyObject *where, int32_t place)
{
    hl_gil g = hl_gil_take();
    PyObject *exc = hl_exc_fetch();
    if (!exc) { /* machine code said "failed" without an exception: a fault of ours, and told as such */
        PyErr_SetString(PyExc_SystemError, "hotloop: compiled code failed without setting an exception");
        exc = hl_exc_fetch();
    }
    hl_traceback_add(exc, where, place);
    hl_mem *m = hl_mem_caught(exc);
    Py_DECREF(exc);
    hl_gil_give(g);
    return m;
}

void hl_reraise(hl_mem *exception)
{
    hl_gil g = hl_gil_take();
    hl_exc_set(Py_NewRef(hl_mem_object(exception)));
    hl_gil_give(g);
}

int32_t hl_exc_match(hl_mem *exception, PyObject *cls)
{
    hl_gil g = hl_gil_take();
    int32_t yes = PyErr_GivenExceptionMatches(hl_mem_object(exception), cls);
    hl_gil_give(g);
    return yes;
}

void hl_unbound(PyObject *name)
{
    hl_gil g = hl_gil_take();
    PyErr_Format(PyExc_UnboundLocalError, "cannot access local variable '%U' where it is not associated with a value", name);
    hl_gil_give(g);
}

void hl_unraisable(PyObject *where)
{
    hl_gil g = hl_gil_take();
    if (PyErr_Occurred())
        PyErr_WriteUnraisable(where);
    hl_gil_give(g);
}

/* --- Python objects made on cold paths ------------------------------------------------------------------------------------------ */
static hl_mem *wrap(PyObject *owned)
{
    hl_mem *m = owned ? hl_mem_pyobject(owned) : NULL;
    Py_XDECREF(owned);
    return m;
}

hl_mem *hl_box_object(const hl_type *type, const hl_slot *slots)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = NULL;
    if (hl_box_hook)
        m = wrap(hl_box_hook(type, slots));
    else
        PyErr_SetString(PyExc_SystemError, "hotloop: the binding has not installed its boxing function");
    hl_gil_give(g);
    return m;
}

static PyObject *tuple_of(int64_t n, hl_mem *const *items)
{
    PyObject *t = PyTuple_New((Py_ssize_t)n);
    for (int64_t k = 0; t && k < n; k++)
        PyTuple_SET_ITEM(t, (Py_ssize_t)k, Py_NewRef(hl_mem_object(items[k])));
    return t;
}

hl_mem *hl_tuple_object(int64_t n, hl_mem *const *items)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = wrap(tuple_of(n, items));
    hl_gil_give(g);
    return m;
}

hl_mem *hl_format(hl_mem *value, hl_mem *spec, int32_t conversion)
{
    static PyObject *(*const convert[])(PyObject *) = {NULL, PyObject_Str, PyObject_Repr, PyObject_ASCII};
    hl_gil g = hl_gil_take();
    PyObject *v = hl_mem_object(value), *s = hl_mem_object(spec), *out;
    v = conversion ? convert[conversion & 3](v) : Py_NewRef(v);
    if (v && PyUnicode_CheckExact(v) && (!s || s == Py_None))
        out = Py_NewRef(v);
    else
        out = v ? PyObject_Format(v, s == Py_None ? NULL : s) : NULL;
    Py_XDECREF(v);
    hl_mem *m = wrap(out);
    hl_gil_give(g);
    return m;
}

hl_mem *hl_join(int64_t n, hl_mem *const *pieces)
{
    hl_gil g = hl_gil_take();
    PyObject *t = tuple_of(n, pieces), *empty = t ? PyUnicode_New(0, 0) : NULL;
    hl_mem *m = empty ? wrap(PyUnicode_Join(empty, t)) : NULL;
    Py_XDECREF(t);
    Py_XDECREF(empty);
    hl_gil_give(g);
    return m;
}

hl_mem *hl_str_object(PyObject *str)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = hl_mem_pyobject(str);
    hl_gil_give(g);
    return m;
}

/* Python's own print, looked up at each call: it may have been replaced, and sys.stdout redirected. */
hl_status hl_print(int64_t n, hl_mem *const *items)
{
    hl_gil g = hl_gil_take();
    PyObject *t = tuple_of(n, items), *builtins = t ? PyImport_ImportModule("builtins") : NULL;
    PyObject *print = builtins ? PyObject_GetAttrString(builtins, "print") : NULL;
    PyObject *r = print ? PyObject_CallObject(print, t) : NULL;
    Py_XDECREF(print);
    Py_XDECREF(builtins);
    Py_XDECREF(t);
    Py_XDECREF(r);
    hl_gil_give(g);
    return r ? 0 : 1;
}
