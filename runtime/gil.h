/* Taking the GIL from machine code, with the pending exception kept.
 *
 * A thread that Python knows has a thread state of its own: the exception that is set in it survives
 * PyGILState_Ensure/Release.  A foreign thread (a worker of a parallel region) gets a fresh state from each Ensure, and
 * Release clears it: so for these threads hl_gil_give moves the pending exception to a thread-local place, and
 * hl_gil_take puts it back.  The parallel runner hands it on to the thread that waits with hl_error_take and hl_error_put.
 */
#ifndef HL_GIL_H
#define HL_GIL_H
#include "rt.h"

typedef struct hl_gil {
    PyGILState_STATE state;
    bool foreign;
    bool held; /* the thread had it already: nothing was done */
} hl_gil;

/* The thread holds the GIL while the machine code that it runs works on Python objects: the dispatcher says so, and no question has
 * to be asked for each operation. */
HL_API extern _Thread_local bool hl_gil_here;
HL_API hl_gil hl_gil_ask(void);
HL_API void hl_gil_back(hl_gil g);
static inline hl_gil hl_gil_take(void) { return __builtin_expect(hl_gil_here, 1) ? (hl_gil){.held = true} : hl_gil_ask(); }
static inline void hl_gil_give(hl_gil g)
{
    if (__builtin_expect(!g.held, 0)) hl_gil_back(g);
}
HL_API PyObject *hl_error_take(void);      /* the calling foreign thread's pending exception (owned) or NULL; needs no GIL */
HL_API void hl_error_put(PyObject *exc);   /* pending in the calling thread from now on; takes over the reference, and the GIL */
HL_API void hl_raise_memory(int64_t nbytes);
HL_API void hl_decref_quietly(PyObject *obj); /* a finaliser neither sees nor disturbs the pending exception; GIL held */

/* The pending exception as one normalised object (3.12 made that CPython's own way). */
#if PY_VERSION_HEX >= 0x030C0000
static inline PyObject *hl_exc_fetch(void) { return PyErr_GetRaisedException(); }
static inline void hl_exc_set(PyObject *exc) { PyErr_SetRaisedException(exc); }
#else
static inline PyObject *hl_exc_fetch(void)
{
    PyObject *type, *value, *tb;
    PyErr_Fetch(&type, &value, &tb);
    if (!type)
        return NULL;
    PyErr_NormalizeException(&type, &value, &tb);
    if (tb)
        PyException_SetTraceback(value, tb);
    Py_XDECREF(tb);
    Py_DECREF(type);
    return value;
}

static inline void hl_exc_set(PyObject *exc)
{
    PyErr_Restore(Py_NewRef(Py_TYPE(exc)), exc, PyException_GetTraceback(exc));
}
#endif
#endif
