/* Python objects that compiled code makes (displays, functions), and what it asks of modules and context managers.
 * rt_object.h says how operands and results are owned. */
#include "rt_object.h"
#include "gil.h"

#define OBJ hl_object_of

static hl_status done(hl_gil g, int r)
{
    hl_gil_give(g);
    return r < 0;
}

/* --- displays ---------------------------------------------------------------------------------------------------------- */
static PyObject *new_tuple(hl_mem *const *at, int64_t n)
{
    PyObject *t = PyTuple_New((Py_ssize_t)n);
    for (int64_t k = 0; t && k < n; k++)
        PyTuple_SET_ITEM(t, (Py_ssize_t)k, Py_NewRef(OBJ(at[k])));
    return t;
}

static PyObject *new_list(hl_mem *const *at, int64_t n)
{
    PyObject *l = PyList_New((Py_ssize_t)n);
    for (int64_t k = 0; l && k < n; k++)
        PyList_SET_ITEM(l, (Py_ssize_t)k, Py_NewRef(OBJ(at[k])));
    return l;
}

static PyObject *new_set(hl_mem *const *at, int64_t n)
{
    PyObject *s = PySet_New(NULL);
    for (int64_t k = 0; s && k < n; k++)
        if (PySet_Add(s, OBJ(at[k])) < 0)
            Py_CLEAR(s);
    return s;
}

static PyObject *new_dict(hl_mem *const *at, int64_t n)
{
    PyObject *d = PyDict_New();
    for (int64_t k = 0; d && k + 1 < n; k += 2)
        if (PyDict_SetItem(d, OBJ(at[k]), OBJ(at[k + 1])) < 0)
            Py_CLEAR(d);
    return d;
}

static PyObject *new_slice(hl_mem *const *at, int64_t n)
{
    return PySlice_New(OBJ(at[0]), OBJ(at[1]), n > 2 ? OBJ(at[2]) : NULL);
}

hl_mem *hl_object_build(hl_mem *const *at, int64_t n, int32_t kind)
{
    static PyObject *(*const makers[])(hl_mem *const *, int64_t) = {
        [HL_O_TUPLE] = new_tuple, [HL_O_LIST] = new_list, [HL_O_SET] = new_set, [HL_O_DICT] = new_dict, [HL_O_SLICE] = new_slice};
    hl_gil g = hl_gil_take();
    hl_mem *m = hl_mem_take(makers[kind](at, n));
    hl_gil_give(g);
    return m;
}

hl_status hl_object_list_append(hl_mem *list, hl_mem *v)
{
    hl_gil g = hl_gil_take();
    return done(g, PyList_Append(OBJ(list), OBJ(v)));
}

hl_status hl_object_list_extend(hl_mem *list, hl_mem *iterable)
{
    hl_gil g = hl_gil_take();
    PyObject *from = OBJ(iterable);
    if (!Py_TYPE(from)->tp_iter && !PySequence_Check(from)) {
        PyErr_Format(PyExc_TypeError, "Value after * must be an iterable, not %.200s", Py_TYPE(from)->tp_name);
        return done(g, -1);
    }
    return done(g, PyList_SetSlice(OBJ(list), PY_SSIZE_T_MAX, PY_SSIZE_T_MAX, from));
}

hl_mem *hl_object_list_tuple(hl_mem *list)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = hl_mem_take(PyList_AsTuple(OBJ(list)));
    hl_gil_give(g);
    return m;
}

hl_status hl_object_set_add(hl_mem *set, hl_mem *v)
{
    hl_gil g = hl_gil_take();
    return done(g, PySet_Add(OBJ(set), OBJ(v)));
}

hl_status hl_object_map_add(hl_mem *map, hl_mem *key, hl_mem *v)
{
    hl_gil g = hl_gil_take();
    return done(g, PyDict_SetItem(OBJ(map), OBJ(key), OBJ(v)));
}

/* f(**map, **from): the keys must be strings that are not there yet. */
static int merge(PyObject *map, PyObject *from, PyObject *f)
{
    PyObject *d = PyDict_CheckExact(from) ? Py_NewRef(from) : PyDict_New(), *key, *value;
    int r = !d ? -1 : d == from ? 0 : PyDict_Update(d, from);
    if (r < 0 && d && PyErr_ExceptionMatches(PyExc_AttributeError))
        hl_object_refuse_argument(f, from, "**", "a mapping");
    for (Py_ssize_t at = 0; r == 0 && PyDict_Next(d, &at, &key, &value);) {
        int there = PyDict_Contains(map, key);
        if (there > 0)
            hl_object_refuse_keyword(f, key);
        r = there ? -1 : PyDict_SetItem(map, key, value);
    }
    Py_XDECREF(d);
    return r;
}

hl_status hl_object_map_merge(hl_mem *map, hl_mem *from, hl_mem *function)
{
    hl_gil g = hl_gil_take();
    return done(g, merge(OBJ(map), OBJ(from), OBJ(function)));
}

/* --- functions --------------------------------------------------------------------------------------------------------- */
/* What is captured does not change any more (ir/build_call.c sees to that): a cell of its own for each value. */
static PyObject *new_closure(hl_mem *const *at, int64_t n)
{
    PyObject *t = PyTuple_New((Py_ssize_t)n);
    for (int64_t k = 0; t && k < n; k++) {
        PyObject *cell = PyCell_New(OBJ(at[k]));
        if (cell)
            PyTuple_SET_ITEM(t, (Py_ssize_t)k, cell);
        else
            Py_CLEAR(t);
    }
    return t;
}

hl_mem *hl_object_function(PyObject *code, PyObject *globals, hl_mem *const *at, int64_t n, int64_t ndefaults)
{
    hl_gil g = hl_gil_take();
    PyObject *f = PyFunction_New(code, globals);
    PyObject *defaults = f && ndefaults ? new_tuple(at, ndefaults) : NULL, *cells = f && n > ndefaults ? new_closure(at + ndefaults, n - ndefaults) : NULL;
    if ((f && ndefaults && (!defaults || PyFunction_SetDefaults(f, defaults) < 0)) ||
        (f && n > ndefaults && (!cells || PyFunction_SetClosure(f, cells) < 0)))
        Py_CLEAR(f);
    Py_XDECREF(defaults);
    Py_XDECREF(cells);
    hl_mem *m = hl_mem_take(f);
    hl_gil_give(g);
    return m;
}

/* --- names and modules ------------------------------------------------------------------------------------------------- */
static PyObject *builtins_of(PyObject *globals)
{
    PyObject *b = PyDict_GetItemString(globals, "__builtins__");
    if (b && PyModule_Check(b))
        b = PyModule_GetDict(b);
    return b && PyDict_Check(b) ? b : PyEval_GetBuiltins();
}

hl_mem *hl_object_global(PyObject *globals, PyObject *name)
{
    hl_gil g = hl_gil_take();
    PyObject *v = PyDict_GetItemWithError(globals, name);
    if (!v && !PyErr_Occurred())
        v = PyDict_GetItemWithError(builtins_of(globals), name);
    if (!v && !PyErr_Occurred())
        PyErr_Format(PyExc_NameError, "name '%U' is not defined", name);
    hl_mem *m = hl_mem_take(Py_XNewRef(v));
    hl_gil_give(g);
    return m;
}

hl_status hl_object_set_global(PyObject *globals, PyObject *name, hl_mem *v)
{
    hl_gil g = hl_gil_take();
    if (v)
        return done(g, PyDict_SetItem(globals, name, OBJ(v)));
    int r = PyDict_DelItem(globals, name);
    if (r < 0 && PyErr_ExceptionMatches(PyExc_KeyError))
        PyErr_Format(PyExc_NameError, "name '%U' is not defined", name);
    return done(g, r);
}

hl_mem *hl_object_import(PyObject *globals, PyObject *name, hl_mem *level, hl_mem *names)
{
    hl_gil g = hl_gil_take();
    PyObject *import = PyDict_GetItemString(builtins_of(globals), "__import__"), *r = NULL;
    if (import)
        r = PyObject_CallFunctionObjArgs(import, name, globals, Py_None, OBJ(names), OBJ(level), NULL);
    else if (!PyErr_Occurred())
        PyErr_SetString(PyExc_ImportError, "__import__ not found");
    hl_mem *m = hl_mem_take(r);
    hl_gil_give(g);
    return m;
}

/* A submodule that its package has no attribute for is looked up in sys.modules. */
static PyObject *import_from(PyObject *module, PyObject *name)
{
    PyObject *v = PyObject_GetAttr(module, name);
    if (v || !PyErr_ExceptionMatches(PyExc_AttributeError))
        return v;
    PyErr_Clear();
    PyObject *package = PyObject_GetAttrString(module, "__name__");
    if (!package)
        PyErr_Clear();
    PyObject *full = package && PyUnicode_Check(package) ? PyUnicode_FromFormat("%U.%U", package, name) : NULL;
    v = full ? PyImport_GetModule(full) : NULL;
    if (!v && !PyErr_Occurred()) {
        PyObject *file = PyModule_Check(module) ? PyModule_GetFilenameObject(module) : NULL;
        PyErr_Clear();
        PyObject *from = package ? package : Py_None;
        PyObject *text = file ? PyUnicode_FromFormat("cannot import name %R from %R (%S)", name, from, file)
                              : PyUnicode_FromFormat("cannot import name %R from %R (unknown location)", name, from);
        if (text)
            PyErr_SetImportError(text, package, file);
        Py_XDECREF(text);
        Py_XDECREF(file);
    }
    Py_XDECREF(package);
    Py_XDECREF(full);
    return v;
}

hl_mem *hl_object_import_from(hl_mem *module, PyObject *name)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = hl_mem_take(import_from(OBJ(module), name));
    hl_gil_give(g);
    return m;
}

/* --- with -------------------------------------------------------------------------------------------------------------- */
/* A special method, looked up on the class as CPython does, bound to the object; NULL without exception: there is none. */
static PyObject *special(PyObject *o, const char *name)
{
    PyObject *key = PyUnicode_InternFromString(name), *f = key ? _PyType_Lookup(Py_TYPE(o), key) : NULL;
    Py_XDECREF(key);
    if (!f)
        return NULL;
    descrgetfunc get = Py_TYPE(f)->tp_descr_get;
    return get ? get(f, o, (PyObject *)Py_TYPE(o)) : Py_NewRef(f);
}

static PyObject *special_or_fail(PyObject *o, const char *name, bool exit)
{
    PyObject *f = special(o, name);
    if (!f && !PyErr_Occurred())
        PyErr_Format(PyExc_TypeError, exit ? "'%.200s' object does not support the context manager protocol (missed __exit__ method)"
                                           : "'%.200s' object does not support the context manager protocol", Py_TYPE(o)->tp_name);
    return f;
}

/* CPython asks for __enter__ first. */
hl_mem *hl_object_with_exit(hl_mem *manager)
{
    hl_gil g = hl_gil_take();
    PyObject *enter = special_or_fail(OBJ(manager), "__enter__", false);
    hl_mem *m = enter ? hl_mem_take(special_or_fail(OBJ(manager), "__exit__", true)) : NULL;
    Py_XDECREF(enter);
    hl_gil_give(g);
    return m;
}

hl_mem *hl_object_with_enter(hl_mem *manager)
{
    hl_gil g = hl_gil_take();
    PyObject *enter = special_or_fail(OBJ(manager), "__enter__", false);
    hl_mem *m = enter ? hl_mem_take(PyObject_CallNoArgs(enter)) : NULL;
    Py_XDECREF(enter);
    hl_gil_give(g);
    return m;
}

hl_mem *hl_object_with_failed(hl_mem *exit, hl_mem *exception)
{
    hl_gil g = hl_gil_take();
    PyObject *exc = OBJ(exception), *trace = PyException_GetTraceback(exc);
    hl_mem *m = hl_mem_take(PyObject_CallFunctionObjArgs(OBJ(exit), (PyObject *)Py_TYPE(exc), exc, trace ? trace : Py_None, NULL));
    Py_XDECREF(trace);
    hl_gil_give(g);
    return m;
}
