/* Loops of ufuncs: what @vectorize adds to a numpy.ufunc, so that NumPy itself resolves types, broadcasts, buffers, reduces.
 *
 * A ufunc is made without loops.  Each compiled loop is registered as an ArrayMethod (PyUFunc_AddLoopFromSpec): it runs without
 * the GIL and returns -1 when an exception is set, which the older kind of loop could not say.  The same loop is listed in the
 * ufunc's own table of types, functions and data, where NumPy's search for a loop to which the inputs can be cast safely, and the
 * attributes `types` and `ntypes`, find it.
 *
 * Lazy ufuncs compile loops on demand: ufunc_lazy.c.
 *
 * Tables and machine code belong to a UFuncLoops object, which the ufunc keeps as its `obj`; it also keeps `owner`, the Python
 * object that compiles (hotloop/ufunc.py).  Compiled loops of the ufunc set no floating-point warnings: vectorised code computes
 * both sides of a branch, and would warn of what never happened. */
#define HL_IMPORT_UFUNC
#include "ufunc.h"
#include "../runtime/pool.h"

static PyTypeObject *loops_class;

/* NumPy's ufunc module is imported when the first ufunc is made. */
static int ready(void)
{
    static bool done;
    if (!done && _import_umath() < 0) return -1;
    done = true;
    return 0;
}

hl_ufunc_loops *hl_ufunc_loops_of(PyObject *ufunc)
{
    if (!loops_class || Py_TYPE(ufunc) != &PyUFunc_Type) return NULL;
    PyObject *o = ((PyUFuncObject *)ufunc)->obj;
    return o && Py_TYPE(o) == loops_class ? (hl_ufunc_loops *)o : NULL;
}

static int loops_traverse(PyObject *self, visitproc visit, void *arg)
{
    hl_ufunc_loops *l = (hl_ufunc_loops *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(l->owner);
    for (int k = 0; k < l->n; k++) Py_VISIT(l->results[k].keep);
    return 0;
}

static int loops_clear(PyObject *self)
{
    Py_CLEAR(((hl_ufunc_loops *)self)->owner);
    return 0;
}

static void loops_dealloc(PyObject *self)
{
    hl_ufunc_loops *l = (hl_ufunc_loops *)self;
    PyTypeObject *cls = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    const hl_compiler_api *api = l->n ? hl_compiler() : NULL;
    for (int k = 0; k < l->n; k++) {
        api->code_free(l->results[k].code);
        Py_XDECREF(l->results[k].keep);
    }
    Py_XDECREF(l->owner), Py_XDECREF(l->name), Py_XDECREF(l->doc), Py_XDECREF(l->signature);
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
    hl_ufunc_loops *l = context->caller ? hl_ufunc_loops_of(context->caller) : NULL;
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

static int reserve(PyUFuncObject *u, hl_ufunc_loops *l)
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

static bool known(const hl_ufunc_loops *l, const char *types)
{
    for (int k = 0; k < l->n; k++)
        if (!memcmp(l->types + k * l->nargs, types, (size_t)l->nargs)) return true;
    return false;
}

static int register_method(PyUFuncObject *u, hl_ufunc_loops *l, const char *types, void *loop)
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

/* The dtype of a number, or of the items of an array. */
static const hl_type *item_of(const hl_type *t) { return hl_unliteral(hl_is_array(t) ? t->elem : t); }

/* Result k of a function that returns a number or a tuple of numbers. */
static const hl_type *result_of(const hl_type *ret, int k) { return hl_unliteral(ret->kind == HL_K_TUPLE ? ret->items[k] : ret); }

/* Takes over the code of *r. */
static int add_loop(PyUFuncObject *u, hl_ufunc_loops *l, const hl_type *const *args, hl_result *r)
{
    char types[NPY_MAXARGS];
    for (int k = 0; k < l->nargs; k++) types[k] = (char)hl_type_to_npy(k < l->nin || l->core ? item_of(args[k]) : result_of(r->ret, k - l->nin));
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

/* The types in which a gufunc's function gets its operands: views with any steps; inputs that it may not write are read-only. */
static int core_types(PyUFuncObject *u, const hl_type **types)
{
    for (int k = 0; k < u->nargs; k++) {
        const hl_type *t = types[k];
        if (!hl_is_array(t)) continue;
        int flags = k < u->nin && !(u->op_flags[k] & NPY_ITER_READWRITE) ? HL_T_READONLY : 0, nd = u->core_num_dims[k];
        if (!(types[k] = hl_type_array(t->elem, t->ndim, nd ? 'A' : 'C', flags))) return -1;
    }
    return 0;
}

static int check_numbers(const hl_type *const *types, int n, const hl_type *asked, bool core)
{
    for (int k = 0; k < n; k++)
        if (hl_type_to_npy(core ? item_of(types[k]) : types[k]) < 0) return PyErr_Format(PyExc_TypeError, "a ufunc works on numbers; %s is none", types[k]->name), -1;
    int nret = !asked ? 0 : asked->kind == HL_K_TUPLE ? asked->nitems : 1;
    for (int k = 0; k < nret; k++)
        if (hl_type_to_npy(result_of(asked, k)) < 0) return PyErr_Format(PyExc_TypeError, "a ufunc gives a number; %s is none", result_of(asked, k)->name), -1;
    return 0;
}

/* The result types of a loop, as a tuple. */
static PyObject *result_types(const hl_ufunc_loops *l, const hl_type *ret)
{
    int n = l->core ? 0 : l->nargs - l->nin;
    PyObject *t = PyTuple_New(n);
    for (int k = 0; t && k < n; k++) {
        PyObject *o = hl_type_object(result_of(ret, k));
        if (!o) return Py_DECREF(t), NULL;
        PyTuple_SET_ITEM(t, k, o);
    }
    return t;
}

/* ufunc_add(ufunc, dispatcher, argument types, return type or None): compiles a loop and adds it; gives its return types.
 * Of a gufunc there are as many arguments as operands. */
static PyObject *ufunc_add(PyObject *m, PyObject *args)
{
    PyObject *o, *d, *seq, *ret;
    const hl_type *types[NPY_MAXARGS], *asked = NULL;
    if (ready() < 0 || !PyArg_ParseTuple(args, "O!O!OO", &PyUFunc_Type, &o, hl_dispatcher_class, &d, &seq, &ret)) return NULL;
    hl_ufunc_loops *l = hl_ufunc_loops_of(o);
    PyUFuncObject *u = (PyUFuncObject *)o;
    if (!l) return PyErr_Format(PyExc_TypeError, "%R is not made by vectorize", u);
    int n = hl_types_from_sequence(seq, types, NPY_MAXARGS), want = l->core ? l->nargs : l->nin;
    if (n < 0) return NULL;
    if (ret != Py_None && !(asked = hl_type_of_object(ret))) return PyErr_Format(PyExc_TypeError, "expected a return type, got %R", ret);
    if (check_numbers(types, n, asked, l->core) < 0) return NULL;
    if (n != want) return PyErr_Format(PyExc_TypeError, "the signature has %d arguments, %U() takes %d", n, l->name, want);
    const hl_compiler_api *api = hl_compiler();
    if (!api || (l->core && core_types(u, types) < 0)) return NULL;
    hl_dispatcher *own = (hl_dispatcher *)d;
    hl_ufunc_loop loop = {.nin = u->nin, .nout = u->nout};
    if (l->core) loop.ndim = u->core_num_dims, loop.offset = u->core_offsets, loop.sym = u->core_dim_ixs, loop.nsym = u->core_num_dim_ix;
    hl_request rq = {.function = own->py_func, .dispatcher = d, .args = types, .nargs = n, .ret = asked, .options = own->options, .loop = &loop};
    hl_result r;
    if (api->compile(&rq, &hl_binding_hooks, &r) < 0) return NULL;
    const hl_type *gives = r.ret = hl_unliteral(r.ret);
    return add_loop(u, l, types, &r) < 0 ? NULL : result_types(l, gives);
}

/* --- making one -------------------------------------------------------------------------------------------------------------------- */

static int identity_of(PyObject *identity)
{
    if (identity == Py_None) return PyUFunc_None;
    if (PyUnicode_Check(identity)) return PyUFunc_ReorderableNone;
    return PyObject_IsTrue(identity) ? PyUFunc_One : PyUFunc_Zero;
}

/* NumPy hands inputs that the function may write as they are, or writes the copy back. */
static int mark_writable(PyUFuncObject *u, PyObject *writable)
{
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(writable); k++) {
        long at = PyLong_AsLong(PyTuple_GET_ITEM(writable, k));
        if (at < 0 || at >= u->nin) return PyErr_Format(PyExc_ValueError, "there is no input %ld", at), -1;
        u->op_flags[at] = NPY_ITER_READWRITE | NPY_ITER_UPDATEIFCOPY | NPY_ITER_ALIGNED | NPY_ITER_NBO;
    }
    return 0;
}

/* ufunc_new(name, doc, nin, nout, identity, owner, lazy, layout, writable); identity: 0, 1, None or "reorderable"; layout: None or that
 * of a gufunc; writable: tuple of the numbers of its inputs that the function may change. */
static PyObject *ufunc_new(PyObject *m, PyObject *args)
{
    PyObject *name, *doc, *identity, *owner, *layout, *writable;
    int nin, nout, lazy;
    if (!PyArg_ParseTuple(args, "UUiiOOpOO!", &name, &doc, &nin, &nout, &identity, &owner, &lazy, &layout, &PyTuple_Type, &writable) || ready() < 0)
        return NULL;
    bool enough = nin > 0 && (nout > 0 || layout != Py_None);
    if (!enough || nin + nout > 32)
        return PyErr_Format(PyExc_TypeError, "a ufunc has at least one input and one output and at most 32 together; %U() has %d and %d", name, nin, nout);
    hl_ufunc_loops *l = (hl_ufunc_loops *)loops_class->tp_alloc(loops_class, 0);
    if (!l) return NULL;
    l->owner = Py_NewRef(owner), l->name = Py_NewRef(name), l->doc = Py_NewRef(doc), l->signature = Py_NewRef(layout);
    l->nin = nin, l->nargs = nin + nout, l->identity = identity_of(identity), l->core = layout != Py_None;
    const char *name8 = PyUnicode_AsUTF8(name), *doc8 = PyUnicode_AsUTF8(doc), *layout8 = layout == Py_None ? NULL : PyUnicode_AsUTF8(layout);
    bool read = name8 && doc8 && (layout8 || layout == Py_None);
    PyObject *u = !read ? NULL : PyUFunc_FromFuncAndDataAndSignature(NULL, NULL, NULL, 0, nin, nout, l->identity, name8, doc8, 0, layout8);
    if (!u) return Py_DECREF(l), NULL;
    ((PyUFuncObject *)u)->obj = (PyObject *)l;
    PyObject_GC_Track(u); /* as np.frompyfunc does: owner and function may refer to the ufunc */
    if (mark_writable((PyUFuncObject *)u, writable) < 0 || (lazy && hl_ufunc_make_lazy(u) < 0)) Py_CLEAR(u);
    return u;
}

/* ufunc_owner(object): what compiles the loops of this ufunc; None for everything else. */
static PyObject *ufunc_owner(PyObject *m, PyObject *u)
{
    if (ready() < 0) return NULL;
    hl_ufunc_loops *l = hl_ufunc_loops_of(u);
    return Py_NewRef(l && l->owner ? l->owner : Py_None);
}

PyObject *hl_ufunc_chooser(PyObject *function)
{
    if (!PyUFunc_API) return NULL; /* no ufunc has been made */
    hl_ufunc_loops *l = hl_ufunc_loops_of(function);
    return l && l->owner ? PyObject_GetAttrString(l->owner, "_choose") : NULL;
}

static PyObject *set_threads(PyObject *m, PyObject *n)
{
    long v = PyLong_AsLong(n);
    if (v == -1 && PyErr_Occurred()) return NULL;
    hl_pool_set_threads(v < 0 ? 0 : v > 4096 ? 4096 : (int)v);
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"set_threads", set_threads, METH_O, "How many threads work for the calling one; 0: as many as there are."},
    {"ufunc_new", ufunc_new, METH_VARARGS, "A ufunc without loops."},
    {"ufunc_add", ufunc_add, METH_VARARGS, "Compiles a loop and adds it to a ufunc."},
    {"ufunc_owner", ufunc_owner, METH_O, "What compiles the loops of a ufunc, or None."},
    {NULL, NULL, 0, NULL}};

static PyType_Slot loops_slots[] = {
    {Py_tp_dealloc, loops_dealloc}, {Py_tp_traverse, loops_traverse}, {Py_tp_clear, loops_clear},
    {Py_tp_doc, "The compiled loops of a ufunc."}, {0, NULL}};
static PyType_Spec loops_spec = {.name = "hotloop._binding.UFuncLoops", .basicsize = sizeof(hl_ufunc_loops),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION, .slots = loops_slots};

int hl_ufunc_init(PyObject *module)
{
    loops_class = (PyTypeObject *)PyType_FromModuleAndSpec(module, &loops_spec, NULL);
    return loops_class ? PyModule_AddFunctions(module, functions) : -1;
}
