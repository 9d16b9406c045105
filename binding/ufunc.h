/* Shared by ufunc.c and ufunc_lazy.c. */
#ifndef HL_BINDING_UFUNC_H
#define HL_BINDING_UFUNC_H
#include "binding.h"
#define PY_UFUNC_UNIQUE_SYMBOL hl_ufunc_api
#ifndef HL_IMPORT_UFUNC
#define NO_IMPORT_UFUNC
#endif
#include <numpy/ufuncobject.h>
#include <numpy/dtype_api.h>

typedef struct hl_ufunc_loops {
    PyObject_HEAD
    PyObject *owner, *name, *doc, *signature; /* the ufunc points into the texts */
    vectorcallfunc call;     /* the ufunc's own, where ours stands in front of it */
    int nin, nargs, n, cap, identity;
    bool core;               /* a gufunc, whose function writes into its outputs; also where the layout has no dimensions: NumPy takes that for a ufunc */
    char *types;
    PyUFuncGenericFunction *functions;
    void **data;
    hl_result *results;
} hl_ufunc_loops;

hl_ufunc_loops *hl_ufunc_loops_of(PyObject *ufunc); /* NULL: not one of ours */
int hl_ufunc_make_lazy(PyObject *ufunc);            /* it asks its owner for loops that it lacks */
#endif
