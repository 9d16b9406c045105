/* Lazy ufuncs: loops that are compiled when a call first needs them.
 *
 * NumPy asks a *promoter* when no loop takes the inputs exactly.  Ours has the owner (hotloop/ufunc.py) compile the loop and names its
 * types; NumPy goes on with it and remembers the answer.
 *
 * A promoter is not told what outputs were given.  A ufunc does not need to know: its function says what it returns.  The outputs of a
 * lazy gufunc have no other types than those of the arrays given; so its calls pass through here first, and where the loop for exactly
 * these inputs and outputs is missing, or is not the only one for these inputs, the owner compiles it and says `signature=`. */
#include "ufunc.h"

/* --- promotion ------------------------------------------------------------------------------------------------------------------- */

static PyObject *dtype_tuple(PyArray_DTypeMeta *const *dtypes, int n)
{
    PyObject *t = PyTuple_New(n);
    for (int k = 0; t && k < n; k++) PyTuple_SET_ITEM(t, k, Py_NewRef(dtypes[k] ? (PyObject *)dtypes[k] : Py_None));
    return t;
}

/* owner._promote(ufunc, dtypes, signature) gives the types of a loop that exists now, or None: NumPy decides. */
static int promote(PyObject *u, PyArray_DTypeMeta *const given[], PyArray_DTypeMeta *const signature[], PyArray_DTypeMeta *found[])
{
    hl_ufunc_loops *l = hl_ufunc_loops_of(u);
    if (!l || !l->owner) return -1;
    PyObject *a = dtype_tuple(given, l->nargs), *b = dtype_tuple(signature, l->nargs);
    PyObject *r = a && b ? PyObject_CallMethod(l->owner, "_promote", "OOO", u, a, b) : NULL;
    Py_XDECREF(a), Py_XDECREF(b);
    if (!r || r == Py_None) return Py_XDECREF(r), -1;
    int bad = PyTuple_Check(r) && PyTuple_GET_SIZE(r) == l->nargs ? 0 : -1;
    for (int k = 0; !bad && k < l->nargs; k++) {
        PyArray_Descr *d = (PyArray_Descr *)PyTuple_GET_ITEM(r, k);
        found[k] = NPY_DTYPE(d);
        Py_INCREF(found[k]);
    }
    Py_DECREF(r);
    return bad;
}

static int add_promoter(PyObject *u, int nargs)
{
    PyObject *any = PyTuple_New(nargs), *capsule = PyCapsule_New((void *)promote, "numpy._ufunc_promoter", NULL);
    for (int k = 0; any && k < nargs; k++) PyTuple_SET_ITEM(any, k, Py_NewRef((PyObject *)&PyArrayDescr_Type));
    int r = any && capsule ? PyUFunc_AddPromoter(u, any, capsule) : -1;
    Py_XDECREF(any), Py_XDECREF(capsule);
    return r;
}

/* --- calls of lazy gufuncs --------------------------------------------------------------------------------------------------------- */

static bool has_keyword(PyObject *kwnames, const char *name)
{
    for (Py_ssize_t k = 0; kwnames && k < PyTuple_GET_SIZE(kwnames); k++)
        if (!PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(kwnames, k), name)) return true;
    return false;
}

static bool takes(const hl_ufunc_loops *l, int loop, PyObject *const *args, int n)
{
    for (int k = 0; k < n; k++)
        if (PyArray_TYPE((PyArrayObject *)args[k]) != l->types[loop * l->nargs + k]) return false;
    return true;
}

/* Arrays alone, and one loop takes these inputs: the one for these outputs. */
static bool settled(const hl_ufunc_loops *l, PyObject *const *args, Py_ssize_t n)
{
    if (n != l->nargs) return false;
    for (int k = 0; k < l->nargs; k++)
        if (!PyArray_CheckExact(args[k])) return false;
    int found = 0, inputs = 0;
    for (int loop = 0; loop < l->n; loop++) inputs += takes(l, loop, args, l->nin), found += takes(l, loop, args, l->nargs);
    return inputs == 1 && found == 1;
}

/* The call once more, as a tuple and a dict. */
static int unpack(PyObject *const *args, Py_ssize_t n, PyObject *kwnames, PyObject **tuple, PyObject **dict)
{
    *tuple = PyTuple_New(n), *dict = PyDict_New();
    for (Py_ssize_t k = 0; *tuple && k < n; k++) PyTuple_SET_ITEM(*tuple, k, Py_NewRef(args[k]));
    for (Py_ssize_t k = 0; *dict && kwnames && k < PyTuple_GET_SIZE(kwnames); k++)
        if (PyDict_SetItem(*dict, PyTuple_GET_ITEM(kwnames, k), args[n + k]) < 0) return -1;
    return *tuple && *dict ? 0 : -1;
}

static PyObject *call_prepared(hl_ufunc_loops *l, PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *signature = PyObject_CallMethod(l->owner, "_prepare", "OOO", self, args, kwargs);
    if (!signature) return NULL;
    if (signature != Py_None && PyDict_SetItemString(kwargs, "signature", signature) < 0) return Py_DECREF(signature), NULL;
    Py_DECREF(signature);
    Py_ssize_t n = PyTuple_GET_SIZE(args), nkw = PyDict_GET_SIZE(kwargs), at = 0, pos = 0;
    PyObject *flat[n + nkw + 1], *names = PyTuple_New(nkw), *key, *value, *r = NULL;
    for (Py_ssize_t k = 0; k < n; k++) flat[k] = PyTuple_GET_ITEM(args, k);
    while (names && PyDict_Next(kwargs, &pos, &key, &value)) {
        PyTuple_SET_ITEM(names, at, Py_NewRef(key));
        flat[n + at++] = value;
    }
    if (names) r = l->call(self, flat, (size_t)n, nkw ? names : NULL);
    Py_XDECREF(names);
    return r;
}

static PyObject *lazy_call(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    hl_ufunc_loops *l = hl_ufunc_loops_of(self);
    Py_ssize_t n = PyVectorcall_NARGS(nargsf);
    bool outputs = n > l->nin || has_keyword(kwnames, "out");
    bool asked = has_keyword(kwnames, "signature") || has_keyword(kwnames, "sig") || has_keyword(kwnames, "dtype");
    if (!l->owner || !outputs || asked || settled(l, args, n)) return l->call(self, args, nargsf, kwnames);
    PyObject *tuple, *dict, *r = NULL;
    if (unpack(args, n, kwnames, &tuple, &dict) == 0) r = call_prepared(l, self, tuple, dict);
    Py_XDECREF(tuple), Py_XDECREF(dict);
    return r;
}

int hl_ufunc_make_lazy(PyObject *u)
{
    hl_ufunc_loops *l = hl_ufunc_loops_of(u);
    if (add_promoter(u, l->nargs) < 0) return -1;
    if (!l->core) return 0;
    l->call = ((PyUFuncObject *)u)->vectorcall;
    ((PyUFuncObject *)u)->vectorcall = lazy_call;
    return 0;
}
