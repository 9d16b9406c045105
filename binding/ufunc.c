/* Loops of ufuncs: what @vectorize adds to a numpy.ufunc, so that NumPy itself resolves types, broadcasts, buffers, reduces.
 *
 * A ufunc is made without loops.  Each compiled loop is registered as an ArrayMethod (PyUFunc_AddLoopFromSpec): it runs without
 * the GIL and returns -1 when an exception is set, which the older kind of loop could not say.  The same loop is listed in the
 * ufunc's own table of types, functions and data, where NumPy's search for a loop to which the inputs can be cast safely, and the
 * attributes `types` and `ntypes`, find it.
 *
 * A lazy ufunc has in addition a promoter for any types: NumPy asks it when no loop takes the inputs exactly.  It has the loop
 * compiled, adds it and names its types; NumPy goes on with it and remembers the answer.
 *
 * Tables and machine code belong to a UFuncLoops object, which the ufunc keeps as its `obj`; it also keeps `owner`, the Python
 * object that compiles (hotloop/ufunc.py).  Compiled loops of the ufunc set no floating-point warnings: vectorised code computes
 * both sides of a branch, and would warn of what never happened. */
#include "binding.h"
#define PY_UFUNC_UNIQUE_SYMBOL hl_ufunc_api
#include <numpy/ufuncobject.h>
#include <numpy/dtype_api.h>

typedef struct ufunc_loops {
    PyObject_HEAD
    PyObject *owner, *name, *doc; /* the ufunc points into the two texts */
    int nargs, n, cap, identity;
    char *types;
    PyUFuncGenericFunction *functions;
    void **data;
    hl_result *results;
} ufunc_loops;

static PyTypeObject *loops_class;

/* NumPy's ufunc module is imported when the first ufunc is made. */
static int ready(void)
{
    static bool done;
    if (!done && _import_umath() < 0) return -1;
    done = true;
    return 0;
}

static ufunc_loops *loops_of(PyObject *ufunc)
{
    if (!loops_class || Py_TYPE(ufunc) != &PyUFunc_Type) return NULL;
    PyObject *o = ((PyUFuncObject *)ufunc)->obj;
    return o && Py_TYPE(o) == loops_class ? (ufunc_loops *)o : NULL;
}

static int loops_traverse(PyObject *self, visitproc visit, void *arg)
{
    ufunc_loops *l = (ufunc_loops *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(l->owner);
    for (int k = 0; k < l->n; k++) Py_VISIT(l->results[k].keep);
    return 0;
}

static int loops_clear(PyObject *self)
{
    Py_CLEAR(((ufunc_loops *)self)->owner);
    return 0;
}

static void loops_dealloc(PyObject *self)
{
    ufunc_loops *l = (ufunc_loops *)self;
    PyTypeObject *cls = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    const hl_compiler_api *api = l->n ? hl_compiler() : NULL;
    for (int k = 0; k < l->n; k++) {
        api->code_free(l->results[k].code);
        Py_XDECREF(l->results[k].keep);
    }
    Py_XDECREF(l->owner), Py_XDECREF(l->name), Py_XDECREF(l->doc);
    PyMem_Free(l->types), PyMem_Free(l->functions), PyMem_Free(l->data), PyMem_Free(l->results);
    cls->tp_free(self);
    Py_DECREF(cls);
}

/* --- loops --------------------------------------------------------------------------------------------------------------------- */

/* The older signature, for whoever reads the ufunc's table. */
static void legacy_loop(char **args, const npy_intp *dimensions, const npy_intp *strides, void *loop)
{
    ((PyArrayMethod_StridedLoop *)loop)(NULL, args, dimensions, strides, NULL);
}

/* 0 and 1 as items of the result's type. */
static int reduction_initial(PyArrayMethod_Context *context, npy_bool empty, void *initial)
{
    ufunc_loops *l = context->caller ? loops_of(context->caller) : NULL;
    if (!l || (l->identity != PyUFunc_Zero && l->identity != PyUFunc_One)) return 0;
    PyObject *value = PyLong_FromLong(l->identity == PyUFunc_One);
    PyArray_Descr *d = context->descriptors[0];
    npy_intp one = 1;
    PyObject *item = value ? PyArray_SimpleNew(1, &one, d->type_num) : NULL;
    int r = item ? PyArray_SETITEM((PyArrayObject *)item, PyArray_DATA((PyArrayObject *)item), value) : -1;
    if (!r) memcpy(initial, PyArray_DATA((PyArrayObject *)item), (size_t)PyArray_ITEMSIZE((PyArrayObject *)item));
    Py_XDECREF(value), Py_XDECREF(item);
    return r ? -1 : 1;
}

#define GROW(p) ((q = PyMem_Realloc(p, sizeof *(p) * (size_t)cap)) ? (p = q, true) : false)

static int reserve(PyUFuncObject *u, ufunc_loops *l)
{
    void *q;
    if (l->n < l->cap) return 0;
    int cap = l->cap ? 2 * l->cap : 4;
    if (!GROW(l->functions) || !GROW(l->data) || !GROW(l->results)) return PyErr_NoMemory(), -1;
    if (!(q = PyMem_Realloc(l->types, (size_t)(cap * l->nargs)))) return PyErr_NoMemory(), -1;
    l->types = q, l->cap = cap;
    u->types = l->types, u->functions = l->functions, u->data = l->data;
    return 0;
}

static bool known(const ufunc_loops *l, const char *types)
{
    for (int k = 0; k < l->n; k++)
        if (!memcmp(l->types + k * l->nargs, types, (size_t)l->nargs)) return true;
    return false;
}

static int register_method(PyUFuncObject *u, ufunc_loops *l, const char *types, void *loop)
{
    PyArray_DTypeMeta *dtypes[NPY_MAXARGS];
    PyArray_Descr *descrs[NPY_MAXARGS];
    for (int k = 0; k < l->nargs; k++) dtypes[k] = NPY_DTYPE(descrs[k] = PyArray_DescrFromType(types[k]));
    PyType_Slot slots[] = {{NPY_METH_strided_loop, loop}, {NPY_METH_get_reduction_initial, reduction_initial}, {0, NULL}};
    PyArrayMethod_Spec spec = {.name = u->name, .nin = u->nin, .nout = u->nout, .casting = NPY_NO_CASTING, .dtypes = dtypes, .slots = slots,
        .flags = NPY_METH_NO_FLOATINGPOINT_ERRORS | (l->identity == PyUFunc_None ? 0 : NPY_METH_IS_REORDERABLE)};
    int r = PyUFunc_AddLoopFromSpec((PyObject *)u, &spec);
    for (int k = 0; k < l->nargs; k++) Py_DECREF(descrs[k]);
    return r;
}

/* Takes over the code of *r. */
static int add_loop(PyUFuncObject *u, ufunc_loops *l, const hl_type *const *args, hl_result *r)
{
    char types[NPY_MAXARGS];
    for (int k = 0; k < l->nargs; k++) types[k] = (char)hl_type_to_npy(k < l->nargs - 1 ? args[k] : r->ret);
    int bad = known(l, types) ? 1 : reserve(u, l) < 0 || register_method(u, l, types, (void *)r->entry) < 0 ? -1 : 0;
    if (bad) { /* or another thread was faster */
        hl_compiler()->code_free(r->code);
        Py_XDECREF(r->keep);
        return bad < 0 ? -1 : 0;
    }
    memcpy(l->types + l->n * l->nargs, types, (size_t)l->nargs);
    l->functions[l->n] = legacy_loop, l->data[l->n] = (void *)r->entry, l->results[l->n] = *r;
    u->ntypes = ++l->n;
    return 0;
}

/* ufunc_add(ufunc, dispatcher, argument types, return type or None): compiles a loop and adds it; gives its return type. */
static PyObject *ufunc_add(PyObject *m, PyObject *args)
{
    PyObject *u, *d, *seq, *ret;
    const hl_type *types[NPY_MAXARGS], *asked = NULL;
    if (ready() < 0 || !PyArg_ParseTuple(args, "O!O!OO", &PyUFunc_Type, &u, hl_dispatcher_class, &d, &seq, &ret)) return NULL;
    ufunc_loops *l = loops_of(u);
    if (!l) return PyErr_Format(PyExc_TypeError, "%R is not made by vectorize", u);
    int n = hl_types_from_sequence(seq, types, NPY_MAXARGS - 1);
    if (n < 0) return NULL;
    if (ret != Py_None && !(asked = hl_type_of_object(ret))) return PyErr_Format(PyExc_TypeError, "expected a return type, got %R", ret);
    for (int k = 0; k < n; k++)
        if (hl_type_to_npy(types[k]) < 0) return PyErr_Format(PyExc_TypeError, "a ufunc works on numbers; %s is none", types[k]->name);
    if (asked && hl_type_to_npy(asked) < 0) return PyErr_Format(PyExc_TypeError, "a ufunc gives a number; %s is none", asked->name);
    if (n != l->nargs - 1) return PyErr_Format(PyExc_TypeError, "the signature has %d arguments, %U() takes %d", n, l->name, l->nargs - 1);
    const hl_compiler_api *api = hl_compiler();
    if (!api) return NULL;
    hl_dispatcher *own = (hl_dispatcher *)d;
    hl_request rq = {.function = own->py_func, .dispatcher = d, .args = types, .nargs = n, .ret = asked, .options = own->options, .ufunc_loop = true};
    hl_result r;
    if (api->compile(&rq, &hl_binding_hooks, &r) < 0) return NULL;
    r.ret = hl_unliteral(r.ret);
    const hl_type *gives = r.ret;
    return add_loop((PyUFuncObject *)u, l, types, &r) < 0 ? NULL : hl_type_object(gives);
}

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
    ufunc_loops *l = loops_of(u);
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

/* --- making one -------------------------------------------------------------------------------------------------------------------- */

/* ufunc_new(name, doc, nin, identity, owner, lazy); identity: 0, 1, None or "reorderable". */
static PyObject *ufunc_new(PyObject *m, PyObject *args)
{
    PyObject *name, *doc, *identity, *owner;
    int nin, lazy;
    if (!PyArg_ParseTuple(args, "UUiOOp", &name, &doc, &nin, &identity, &owner, &lazy) || ready() < 0) return NULL;
    if (nin < 1 || nin + 1 > NPY_MAXARGS)
        return PyErr_Format(PyExc_TypeError, "a ufunc takes 1 to %d arguments, %U() takes %d", NPY_MAXARGS - 1, name, nin);
    ufunc_loops *l = (ufunc_loops *)loops_class->tp_alloc(loops_class, 0);
    if (!l) return NULL;
    l->owner = Py_NewRef(owner), l->name = Py_NewRef(name), l->doc = Py_NewRef(doc), l->nargs = nin + 1;
    l->identity = identity == Py_None ? PyUFunc_None : PyUnicode_Check(identity) ? PyUFunc_ReorderableNone
                  : PyObject_IsTrue(identity) ? PyUFunc_One : PyUFunc_Zero;
    const char *name8 = PyUnicode_AsUTF8(name), *doc8 = PyUnicode_AsUTF8(doc);
    PyObject *u = name8 && doc8 ? PyUFunc_FromFuncAndData(NULL, NULL, NULL, 0, nin, 1, l->identity, name8, doc8, 0) : NULL;
    if (!u) return Py_DECREF(l), NULL;
    ((PyUFuncObject *)u)->obj = (PyObject *)l;
    PyObject_GC_Track(u); /* as np.frompyfunc does: owner and function may refer to the ufunc */
    if (lazy && add_promoter(u, nin + 1) < 0) Py_CLEAR(u);
    return u;
}

/* ufunc_owner(object): what compiles the loops of this ufunc; None for everything else. */
static PyObject *ufunc_owner(PyObject *m, PyObject *u)
{
    if (ready() < 0) return NULL;
    ufunc_loops *l = loops_of(u);
    return Py_NewRef(l && l->owner ? l->owner : Py_None);
}

PyObject *hl_ufunc_chooser(PyObject *function)
{
    if (!PyUFunc_API) return NULL; /* no ufunc has been made */
    ufunc_loops *l = loops_of(function);
    return l && l->owner ? PyObject_GetAttrString(l->owner, "_choose") : NULL;
}

static PyMethodDef functions[] = {
    {"ufunc_new", ufunc_new, METH_VARARGS, "A ufunc without loops."},
    {"ufunc_add", ufunc_add, METH_VARARGS, "Compiles a loop and adds it to a ufunc."},
    {"ufunc_owner", ufunc_owner, METH_O, "What compiles the loops of a ufunc, or None."},
    {NULL, NULL, 0, NULL}};

static PyType_Slot loops_slots[] = {
    {Py_tp_dealloc, loops_dealloc}, {Py_tp_traverse, loops_traverse}, {Py_tp_clear, loops_clear},
    {Py_tp_doc, "The compiled loops of a ufunc."}, {0, NULL}};
static PyType_Spec loops_spec = {.name = "hotloop._binding.UFuncLoops", .basicsize = sizeof(ufunc_loops),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION, .slots = loops_slots};

int hl_ufunc_init(PyObject *module)
{
    loops_class = (PyTypeObject *)PyType_FromModuleAndSpec(module, &loops_spec, NULL);
    return loops_class ? PyModule_AddFunctions(module, functions) : -1;
}
