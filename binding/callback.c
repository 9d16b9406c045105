/* C callbacks: a function compiled once, for the C types of its signature, and the address of its machine code.
 *
 * The object owns the code: hotloop/callbacks.py sees to it that whatever hands the address out keeps the object. */
#include "binding.h"

PyTypeObject *hl_callback_class;

typedef struct callback {
    PyObject_HEAD
    hl_dispatcher *dispatcher;   /* of the same function: its options, and how compiled code calls it */
    PyObject *types, *ret;       /* of the signature */
    hl_result result;
} callback;

hl_dispatcher *hl_callback_dispatcher(PyObject *o)
{
    return PyObject_TypeCheck(o, hl_callback_class) ? ((callback *)o)->dispatcher : NULL;
}

/* What is compiled; types has room for 255. */
static int request(hl_dispatcher *d, PyObject *seq, PyObject *ret, const hl_type **types, hl_request *rq)
{
    int n = hl_types_from_sequence(seq, types, 255);
    const hl_type *t = n < 0 ? NULL : hl_type_of_object(ret);
    if (t && n == d->nparams) {
        *rq = (hl_request){.function = d->py_func, .dispatcher = (PyObject *)d, .args = types, .nargs = n, .ret = t, .options = d->options, .callback = true};
        return 0;
    }
    if (n >= 0 && !t) PyErr_Format(PyExc_TypeError, "expected a return type, got %R", ret);
    else if (n >= 0) PyErr_Format(PyExc_TypeError, "the signature has %d arguments, the function takes %d", n, d->nparams);
    return -1;
}

/* Callback(dispatcher, argument_types, return_type) */
static PyObject *callback_new(PyTypeObject *cls, PyObject *args, PyObject *kwargs)
{
    PyObject *dispatcher, *seq, *ret;
    const hl_type *types[256];
    if (!PyArg_ParseTuple(args, "O!OO", hl_dispatcher_class, &dispatcher, &seq, &ret)) return NULL;
    hl_request rq;
    if (request((hl_dispatcher *)dispatcher, seq, ret, types, &rq) < 0) return NULL;
    const hl_compiler_api *api = hl_compiler();
    callback *c = api ? (callback *)cls->tp_alloc(cls, 0) : NULL;
    if (!c) return NULL;
    c->dispatcher = (hl_dispatcher *)Py_NewRef(dispatcher);
    c->types = Py_NewRef(seq), c->ret = Py_NewRef(ret);
    if (api->compile(&rq, &hl_binding_hooks, &c->result) < 0) return Py_DECREF(c), NULL;
    return (PyObject *)c;
}

static int callback_traverse(PyObject *self, visitproc visit, void *arg)
{
    callback *c = (callback *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(c->dispatcher);
    Py_VISIT(c->types);
    Py_VISIT(c->ret);
    Py_VISIT(c->result.keep);
    return 0;
}

static void callback_dealloc(PyObject *self)
{
    callback *c = (callback *)self;
    PyTypeObject *cls = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (c->result.code) hl_compiler()->code_free(c->result.code);
    Py_XDECREF(c->result.keep);
    Py_XDECREF(c->dispatcher);
    Py_XDECREF(c->types);
    Py_XDECREF(c->ret);
    cls->tp_free(self);
    Py_DECREF(cls);
}

static PyObject *get_address(PyObject *self, void *x) { return PyLong_FromVoidPtr((void *)((callback *)self)->result.entry); }
static PyObject *get_dispatcher(PyObject *self, void *x) { return Py_NewRef((PyObject *)((callback *)self)->dispatcher); }

/* A capsule named by the C signature keeps the callback, and owns the name. */
static void drop_capsule(PyObject *capsule)
{
    const char *name = PyCapsule_GetName(capsule);
    PyObject *owner = PyCapsule_GetContext(capsule);
    PyMem_Free((void *)name);
    Py_XDECREF(owner);
}

static PyObject *callback_capsule(PyObject *self, PyObject *signature)
{
    Py_ssize_t n;
    const char *text = PyUnicode_AsUTF8AndSize(signature, &n);
    char *name = text ? PyMem_Malloc((size_t)n + 1) : NULL;
    if (!name) return text ? PyErr_NoMemory() : NULL;
    memcpy(name, text, (size_t)n + 1);
    PyObject *capsule = PyCapsule_New((void *)((callback *)self)->result.entry, name, NULL);
    if (!capsule) return PyMem_Free(name), NULL;
    PyCapsule_SetContext(capsule, Py_NewRef(self));
    PyCapsule_SetDestructor(capsule, drop_capsule);
    return capsule;
}

static PyObject *callback_inspect(PyObject *self, PyObject *what)
{
    callback *c = (callback *)self;
    const char *name = PyUnicode_AsUTF8(what);
    const hl_type *types[256];
    hl_request rq;
    if (!name || request(c->dispatcher, c->types, c->ret, types, &rq) < 0) return NULL;
    return hl_compiler()->inspect(&rq, &hl_binding_hooks, name);
}

static PyMethodDef methods[] = {
    {"_inspect", callback_inspect, METH_O, "What a stage of the compiler left behind."},
    {"_capsule", callback_capsule, METH_O, "A PyCapsule of the address, named by this signature."},
    {NULL, NULL, 0, NULL}};
static PyGetSetDef getset[] = {
    {"address", get_address, NULL, "Address of the C function; it is valid as long as this object lives.", NULL},
    {"_dispatcher", get_dispatcher, NULL, NULL, NULL},
    {0}};
static PyType_Slot slots[] = {
    {Py_tp_new, callback_new},     {Py_tp_dealloc, callback_dealloc}, {Py_tp_traverse, callback_traverse}, {Py_tp_methods, methods},
    {Py_tp_getset, getset},        {Py_tp_doc, "A compiled function with the address of a C function."},
    {0, NULL}};
static PyType_Spec spec = {.name = "hotloop._binding.Callback", .basicsize = sizeof(callback),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE, .slots = slots};

int hl_callback_init(PyObject *module)
{
    hl_callback_class = (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
    return hl_callback_class ? PyModule_AddObjectRef(module, "Callback", (PyObject *)hl_callback_class) : -1;
}
