/* From a call's arguments to one value per parameter: keywords, defaults and *args, in the order of co_varnames
 * (positional, keyword-only, *args).  A call that does not fit gets CPython's TypeError, worded by hotloop/arguments.py,
 * which only failing calls import.
 */
#include "binding.h"

/* The parameter that a keyword names, or -1.  Names are interned, so comparing pointers nearly always decides. */
static int parameter_of(hl_dispatcher *d, PyObject *name)
{
    int n = d->npositional + d->nkwonly;
    for (int k = d->nposonly; k < n; k++)
        if (d->names[k] == name) return k;
    for (int k = d->nposonly; k < n; k++)
        if (PyUnicode_Compare(d->names[k], name) == 0) return k;
    return -1;
}

static int explain(hl_dispatcher *d, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    PyObject *f = hl_package("arguments", "explain"), *r = NULL;
    PyObject *given = f ? PyTuple_New(n) : NULL;
    for (Py_ssize_t k = 0; given && k < n; k++) PyTuple_SET_ITEM(given, k, Py_NewRef(args[k]));
    if (given) r = PyObject_CallFunctionObjArgs(f, d->py_func, given, kwnames ? kwnames : Py_None, NULL);
    if (r) PyErr_SetString(PyExc_SystemError, "a call was refused that CPython would accept");
    Py_XDECREF(f), Py_XDECREF(given), Py_XDECREF(r);
    return -1;
}

int hl_arguments_resolve(hl_dispatcher *d, PyObject *const *args, Py_ssize_t n, PyObject *kwnames, PyObject **full, PyObject **star)
{
    int named = d->npositional + d->nkwonly;
    Py_ssize_t npos = n < d->npositional ? n : d->npositional, nkw = kwnames ? PyTuple_GET_SIZE(kwnames) : 0;
    *star = NULL;
    if (n > npos && !d->star) return explain(d, args, n, kwnames);
    memcpy(full, args, sizeof *full * (size_t)npos);
    memset(full + npos, 0, sizeof *full * (size_t)(named - npos));
    for (Py_ssize_t k = 0; k < nkw; k++) {
        int p = parameter_of(d, PyTuple_GET_ITEM(kwnames, k));
        if (p < 0 || full[p]) return explain(d, args, n, kwnames);
        full[p] = args[n + k];
    }
    PyObject *defaults = PyFunction_GET_DEFAULTS(d->py_func), *kwdefaults = PyFunction_GET_KW_DEFAULTS(d->py_func);
    Py_ssize_t ndefaults = defaults ? PyTuple_GET_SIZE(defaults) : 0;
    for (int k = (int)npos; k < named; k++) {
        if (full[k]) continue;
        if (k >= d->npositional) full[k] = kwdefaults ? PyDict_GetItemWithError(kwdefaults, d->names[k]) : NULL;
        else if (k >= d->npositional - ndefaults) full[k] = PyTuple_GET_ITEM(defaults, k - (d->npositional - ndefaults));
        if (!full[k]) return PyErr_Occurred() ? -1 : explain(d, args, n, kwnames);
    }
    if (!d->star) return 0;
    if (!(*star = PyTuple_New(n - npos))) return -1;
    for (Py_ssize_t k = npos; k < n; k++) PyTuple_SET_ITEM(*star, k - npos, Py_NewRef(args[k]));
    full[named] = *star;
    return 0;
}
