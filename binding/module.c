/* hotloop._binding: what CPython calls.  binding.h says which file does what.
 *
 * The module is initialised in two phases, but it belongs to one interpreter per process: NumPy's C API and the interned types
 * are process-wide.
 */
#define HL_IMPORT_NUMPY
#include "../runtime/rt_profile.h"
#include "binding.h"

PyObject *hl_overload_registry;

PyObject *hl_package(const char *module, const char *name)
{
    char full[128];
    PyOS_snprintf(full, sizeof full, "hotloop.%s", module);
    PyObject *m = PyImport_ImportModule(full);
    PyObject *o = m ? PyObject_GetAttrString(m, name) : NULL;
    Py_XDECREF(m);
    return o;
}

void *hl_error(const char *cls, const char *fmt, ...)
{
    PyObject *c = hl_package("errors", cls);
    if (!c) return NULL;
    va_list ap;
    va_start(ap, fmt);
    PyErr_FormatV(c, fmt, ap);
    va_end(ap);
    Py_DECREF(c);
    return NULL;
}

static PyObject *live_allocations(PyObject *m, PyObject *unused) { return PyLong_FromLongLong(hl_live_allocations()); }

static PyObject *fail_after(PyObject *m, PyObject *arg)
{
    long long n = PyLong_AsLongLong(arg);
    if (n == -1 && PyErr_Occurred()) return NULL;
    hl_fail_after(n);
    Py_RETURN_NONE;
}

static PyObject *profile_start(PyObject *m, PyObject *unused)
{
    if (hl_profile_start() < 0) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

static PyObject *profile_stop(PyObject *m, PyObject *unused)
{
    const hl_profile_row *rows = NULL;
    int n = hl_profile_stop(&rows);
    PyObject *list = PyList_New(0);
    for (int k = 0; list && k < n; k++) {
        PyObject *row = Py_BuildValue("(OLdL)", rows[k].file, (long long)rows[k].line, 1e-9 * (double)rows[k].nanoseconds, (long long)rows[k].count);
        if (!row || PyList_Append(list, row) < 0) Py_CLEAR(list);
        Py_XDECREF(row);
    }
    hl_profile_free();
    return list;
}

static PyMethodDef functions[] = {
    {"profile_start", profile_start, METH_NOARGS, "Functions compiled with the option `profile` count from now on, in this thread."},
    {"profile_stop", profile_stop, METH_NOARGS, "(file, line, seconds, count) of operations on Python objects since profile_start; the functions must still be there."},
    {"live_allocations", live_allocations, METH_NOARGS, "Allocations of compiled code that are not freed yet."},
    {"fail_after", fail_after, METH_O, "For tests: the n-th allocation from now fails, and those after it; -1: none does."},
    {NULL, NULL, 0, NULL}};

static int module_exec(PyObject *m)
{
    static bool loaded;
    if (loaded) {
        PyErr_SetString(PyExc_ImportError, "hotloop can be loaded once per process");
        return -1;
    }
    if (PyArray_ImportNumPyAPI() < 0) return -1;
    if (hl_types_init() < 0 || hl_typeof_init() < 0) return -1;
    if (PyModule_AddFunctions(m, hl_type_functions) < 0) return -1;
    if (hl_typeobj_init(m) < 0 || hl_box_init(m) < 0 || hl_dispatcher_init(m) < 0 || hl_callback_init(m) < 0 || hl_ufunc_init(m) < 0) return -1;
    if (!(hl_overload_registry = PyDict_New())) return -1;
    if (PyModule_AddObjectRef(m, "overloads", hl_overload_registry) < 0) return -1;
    hl_signals_init();
    loaded = true;
    return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, module_exec},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, NULL}};

static PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "hotloop._binding",
    .m_doc = "Types, values and calls between CPython and compiled code.", .m_methods = functions, .m_slots = slots};

PyMODINIT_FUNC PyInit__binding(void) { return PyModuleDef_Init(&module); }
