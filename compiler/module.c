/* The extension module hotloop._compiler: a capsule for the binding and a few functions for tests and inspection.
 * It is imported at the first compilation, because it pulls LLVM in. */
#include "compile.h"
#include <string.h>

extern const hl_compiler_api hl_api;
extern PyMethodDef hl_testing_methods[], hl_data_methods[];

static int exec_module(PyObject *m)
{
    if (hl_types_init() < 0) return -1;
    PyObject *c = PyCapsule_New((void *)&hl_api, HL_COMPILER_CAPSULE, NULL);
    if (!c || PyModule_AddObjectRef(m, "api", c) < 0) {
        Py_XDECREF(c);
        return -1;
    }
    Py_DECREF(c);
    return PyModule_AddFunctions(m, hl_testing_methods) < 0 ? -1 : PyModule_AddFunctions(m, hl_data_methods);
}

static PyObject *timings(PyObject *self, PyObject *unused) { return hl_api.timings(); }

/* Stages that need no argument types. */
static PyObject *dump(PyObject *self, PyObject *args)
{
    PyObject *function;
    const char *what;
    if (!PyArg_ParseTuple(args, "O!s", &PyFunction_Type, &function, &what)) return NULL;
    if (strcmp(what, "bytecode") && strcmp(what, "ir")) return PyErr_Format(PyExc_ValueError, "dump shows 'bytecode' or 'ir', not '%s'", what);
    static const hl_hooks no_hooks;
    hl_request rq = {.function = function, .nargs = -1, .options = {.opt_level = 3}};
    return hl_api.inspect(&rq, &no_hooks, what);
}

static PyMethodDef methods[] = {
    {"dump", dump, METH_VARARGS, "dump(function, what)\n\nText of a stage that needs no types: 'bytecode' (the canonical instructions) or 'ir' (the untyped graph)."},
    {"timings", timings, METH_NOARGS, "timings()\n\nSeconds that each pass took in this thread's last compilation: a list of (name, seconds)."},
    {0}};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec_module},
#if PY_VERSION_HEX >= 0x030c0000
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "hotloop._compiler", .m_doc = "The compiler.", .m_methods = methods, .m_slots = slots};

PyMODINIT_FUNC PyInit__compiler(void) { return PyModuleDef_Init(&definition); }
