/* Ctrl-C and other signals while compiled code runs.
 *
 * CPython's own handler of a signal only notes that it came: it sets a flag in the interpreter's state, and the main thread runs the
 * Python function when it next looks.  Compiled loops look too (passes/poll.c): they read that flag, and call hl_poll when it is set.
 * So every Python signal handler works, whenever it was installed, and no handler of ours stands in anybody's way.
 *
 * The flag is not part of CPython's public interface:
 *
 *   3.11            _PyRuntime.ceval.signals_pending; only the interpreter's loop clears it
 *   3.12 and newer  _PyRuntime.signals.is_tripped; PyErr_CheckSignals clears it
 *
 * Its place is taken from the headers that this file was compiled with.  hl_signals_init then looks whether the running interpreter has
 * what is known by other ways in the places around it (the GIL's holder and switching interval; the handlers that signal.getsignal
 * returns).  If it has not, compiled loops read a flag that is never set: signals are handled when the function returns.
 */
#ifdef HL_INTERNAL_HEADERS
#define Py_BUILD_CORE 1
#include <Python.h>
#include <internal/pycore_runtime.h>
#endif
#include "gil.h"

static const int never = 0;
static const int *flag = &never;

const int *hl_signal_flag(void) { return flag; }

#if defined(HL_INTERNAL_HEADERS) && PY_VERSION_HEX < 0x030C0000

static bool is_main_thread(void) { return PyThread_get_thread_ident() == _PyRuntime.main_thread; }

static const int *find_flag(void)
{
    PyObject *ask = PySys_GetObject("getswitchinterval"), *seconds = ask ? PyObject_CallNoArgs(ask) : NULL;
    double interval = seconds ? PyFloat_AsDouble(seconds) * 1e6 : -1;
    Py_XDECREF(seconds);
    const struct _ceval_runtime_state *c = &_PyRuntime.ceval;
    double off = interval - (double)c->gil.interval;
    bool right = off > -1.5 && off < 1.5 && c->gil.last_holder._value == (uintptr_t)PyThreadState_Get() && c->gil.locked._value == 1 &&
                 _PyRuntime.interpreters.main == PyInterpreterState_Main();
    return right ? (const int *)&c->signals_pending : &never;
}

#elif defined(HL_INTERNAL_HEADERS)

static bool is_main_thread(void) { return PyThread_get_thread_ident() == _PyRuntime.main_thread; }

/* Does the interpreter's table hold the handler that Python code is told? */
static bool has_handler(PyObject *signals, long number)
{
    PyObject *told = PyObject_CallMethod(signals, "getsignal", "l", number);
    PyObject *held;
    memcpy(&held, (const void *)&_PyRuntime.signals.handlers[number].func, sizeof held); /* 3.12 wraps it into a structure */
    bool same = told && (told == Py_None ? !held || held == Py_None : told == held);
    Py_XDECREF(told);
    return same;
}

static bool is_attribute(PyObject *signals, const char *name, const PyObject *held)
{
    PyObject *told = PyObject_GetAttrString(signals, name);
    bool same = told && told == held;
    Py_XDECREF(told);
    return same;
}

static const int *find_flag(void)
{
    PyObject *signals = PyImport_ImportModule("_signal");
    bool right = signals && _PyRuntime.interpreters.main == PyInterpreterState_Main() &&
                 is_attribute(signals, "SIG_DFL", _PyRuntime.signals.default_handler) &&
                 is_attribute(signals, "SIG_IGN", _PyRuntime.signals.ignore_handler);
    static const char *const some[] = {"SIGINT", "SIGTERM", "SIGALRM", "SIGABRT", "SIGUSR2"};
    for (size_t k = 0; right && k < sizeof some / sizeof *some; k++) {
        PyObject *number = PyObject_GetAttrString(signals, some[k]);
        long n = number ? PyLong_AsLong(number) : -1;
        Py_XDECREF(number);
        if (n > 0 && n < Py_NSIG) right = has_handler(signals, n);
        else PyErr_Clear(); /* this system has no such signal */
    }
    Py_XDECREF(signals);
    return right ? (const int *)&_PyRuntime.signals.is_tripped : &never;
}

#else
static bool is_main_thread(void) { return false; }
static const int *find_flag(void) { return &never; }
#endif

/* The interpreter's own loop looks at its flags when a Python function begins. */
static int run_interpreter(void)
{
    static PyObject *nothing;
    if (!nothing) {
        PyObject *names = PyDict_New();
        if (names && PyDict_SetItemString(names, "__builtins__", PyEval_GetBuiltins()) == 0)
            nothing = PyRun_String("lambda: None", Py_eval_input, names, names);
        Py_XDECREF(names);
    }
    PyObject *r = nothing ? PyObject_CallNoArgs(nothing) : NULL;
    Py_XDECREF(r);
    return r ? 0 : -1;
}

void hl_signals_init(void)
{
    const int *found = find_flag();
    PyErr_Clear(); /* what could not be found out is not known: the flag is not used then */
    flag = found;
}

hl_status hl_poll(void)
{
    if (!is_main_thread()) return 0; /* the main thread will see it */
    hl_gil g = hl_gil_take();
    int bad = PyErr_CheckSignals();
    if (!bad && *(const volatile int *)flag) bad = run_interpreter();
    hl_gil_give(g);
    return bad ? 1 : 0;
}
