/* Types as Python objects.
 *
 * _binding.Type holds an hl_type; hotloop/types.py derives Numba's classes from it (Integer, Array, UniTuple …) and says
 * in a dict which class stands for which family.  There is one object per type, made when somebody asks for it and kept in
 * hl_type.py, so types compare by identity in Python as in C.
 *
 * Types that belong to a compilation (literals, functions inside it) die with it: their Python objects stand for the same
 * type in the global table instead.
 */
#include "binding.h"

typedef struct type_object { PyObject_HEAD const hl_type *t; } type_object;
PyTypeObject *hl_type_class;

const hl_type *hl_type_of_object(PyObject *o)
{
    return PyObject_TypeCheck(o, hl_type_class) ? ((type_object *)o)->t : NULL;
}

/* Which class of hotloop.types stands for t. */
static const char *family(const hl_type *t)
{
    static const char *const names[HL_KIND_COUNT] = {
        [HL_K_UNKNOWN] = "Undefined", [HL_K_VAR] = "Undefined", [HL_K_NONE] = "NoneType", [HL_K_OMITTED] = "Omitted",
        [HL_K_BOOL] = "Boolean", [HL_K_INT] = "Integer", [HL_K_FLOAT] = "Float", [HL_K_COMPLEX] = "Complex", [HL_K_STR] = "UnicodeType",
        [HL_K_LITERAL] = "Literal", [HL_K_TUPLE] = "Tuple", [HL_K_LIST] = "List", [HL_K_ARRAY] = "Array", [HL_K_RANGE] = "RangeType",
        [HL_K_SLICE] = "SliceType", [HL_K_ELLIPSIS] = "EllipsisType", [HL_K_ITER] = "IteratorType", [HL_K_DTYPE] = "DType",
        [HL_K_CONST] = "Function", [HL_K_CLOSURE] = "Closure", [HL_K_BOUND] = "BoundFunction", [HL_K_DISPATCHER] = "Dispatcher",
        [HL_K_EXCEPTION] = "ExceptionInstance", [HL_K_POINTER] = "CPointer", [HL_K_WINDOW] = "Undefined", [HL_K_OPTIONAL] = "Optional", [HL_K_PYOBJECT] = "PyObject"};
    if (t->kind == HL_K_LITERAL)
        switch (t->elem->kind) {
        case HL_K_INT: return "IntegerLiteral";
        case HL_K_BOOL: return "BooleanLiteral";
        case HL_K_STR: return "StringLiteral";
        default: return "Literal";
        }
    if (t->kind == HL_K_TUPLE && t->nitems) {
        bool uniform = true;
        for (int k = 1; k < t->nitems; k++) uniform &= t->items[k] == t->items[0];
        if (t->obj) return uniform ? "NamedUniTuple" : "NamedTuple";
        return uniform ? "UniTuple" : "Tuple";
    }
    if (t->kind == HL_K_TUPLE && t->obj) return "NamedTuple";
    return names[t->kind];
}

/* The same type in the global table. */
static const hl_type *globalise(const hl_type *t)
{
    if (!(t->flags & HL_T_LOCAL)) return t;
    const hl_type *items[t->nitems ? t->nitems : 1], *elem = NULL;
    for (int k = 0; k < t->nitems; k++)
        if (!(items[k] = globalise(t->items[k]))) return NULL;
    if (t->elem && !(elem = globalise(t->elem))) return NULL;
    switch ((hl_kind)t->kind) {
    case HL_K_LITERAL: return hl_type_literal(NULL, t->obj);
    case HL_K_TUPLE: return hl_type_tuple(NULL, items, t->nitems, t->obj);
    case HL_K_SLICE: return hl_type_slice(NULL, items[0], items[1], items[2]);
    case HL_K_LIST: return hl_type_list(NULL, elem);
    case HL_K_OPTIONAL: return hl_type_optional(NULL, elem);
    case HL_K_ITER: return hl_type_iter(NULL, (hl_iter_kind)t->ival, items, t->nitems, elem);
    case HL_K_CONST: return hl_type_const(NULL, t->obj);
    case HL_K_CLOSURE: return hl_type_closure(NULL, t->obj, 0, items, t->nitems);
    case HL_K_BOUND: return hl_type_bound(NULL, items[0], t->obj);
    case HL_K_EXCEPTION: return hl_type_exception(NULL, t->obj);
    default: return hl_T.unknown; /* VAR */
    }
}

PyObject *hl_type_object(const hl_type *t)
{
    if (!(t = globalise(t))) return NULL;
    if (t->py) return Py_NewRef(t->py);
    PyObject *classes = hl_package("types", "_classes");
    PyObject *cls = classes ? PyDict_GetItemString(classes, family(t)) : NULL;
    if (classes && !cls) PyErr_Format(PyExc_SystemError, "hotloop.types has no class for %s", family(t));
    PyObject *o = cls ? ((PyTypeObject *)cls)->tp_alloc((PyTypeObject *)cls, 0) : NULL;
    Py_XDECREF(classes);
    if (!o) return NULL;
    ((type_object *)o)->t = t;
    PyObject *none = NULL; /* another thread may have been faster while the class was looked up */
    if (!__atomic_compare_exchange_n(&((hl_type *)t)->py, &none, o, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        Py_DECREF(o);
        o = none;
    }
    return Py_NewRef(o);
}

static PyObject *wrap(const hl_type *t) { return t ? hl_type_object(t) : NULL; }

static const hl_type *need_type(PyObject *o)
{
    const hl_type *t = hl_type_of_object(o);
    if (!t) PyErr_Format(PyExc_TypeError, "expected a hotloop type, got %R", o);
    return t;
}

int hl_types_from_sequence(PyObject *seq, const hl_type **out, Py_ssize_t max)
{
    PyObject *fast = PySequence_Fast(seq, "expected a sequence of types");
    if (!fast) return -1;
    Py_ssize_t n = PySequence_Fast_GET_SIZE(fast);
    if (n > max) n = -1, PyErr_Format(PyExc_ValueError, "more than %zd types", max);
    for (Py_ssize_t k = 0; k < n; k++)
        if (!(out[k] = need_type(PySequence_Fast_GET_ITEM(fast, k)))) n = -1;
    Py_DECREF(fast);
    return (int)n;
}

/* --- what Python reads -------------------------------------------------------------------------------------------------------------- */

#define SELF(o) (((type_object *)(o))->t)
static PyObject *get_name(PyObject *o, void *c) { return PyUnicode_FromString(SELF(o)->name); }
static PyObject *get_bits(PyObject *o, void *c) { return PyLong_FromLong(SELF(o)->bits); }
static PyObject *get_ndim(PyObject *o, void *c) { return PyLong_FromLong(SELF(o)->ndim); }
static PyObject *get_parts(PyObject *o, void *c) { return PyLong_FromLong(SELF(o)->nparts); }
static PyObject *get_layout(PyObject *o, void *c) { return PyUnicode_FromStringAndSize(&SELF(o)->layout, SELF(o)->layout != 0); }
static PyObject *get_flag(PyObject *o, void *flag) { return PyBool_FromLong(SELF(o)->flags & (intptr_t)flag); }
static PyObject *get_elem(PyObject *o, void *c) { return SELF(o)->elem ? wrap(SELF(o)->elem) : Py_NewRef(Py_None); }
static PyObject *get_obj(PyObject *o, void *c) { return Py_NewRef(SELF(o)->obj ? SELF(o)->obj : Py_None); }
static PyObject *get_serial(PyObject *o, void *c)
{
    PyObject *d = (PyObject *)hl_dispatcher_by_serial(SELF(o)->kind == HL_K_DISPATCHER ? SELF(o)->ival : -1);
    return Py_NewRef(d ? d : Py_None);
}

static PyObject *get_kind(PyObject *o, void *c)
{
    static const char *const names[] = {
#define X(name) #name,
        HL_KINDS(X)
#undef X
    };
    return PyUnicode_FromString(names[SELF(o)->kind]);
}

static PyObject *get_items(PyObject *o, void *c)
{
    const hl_type *t = SELF(o);
    PyObject *out = PyTuple_New(t->nitems);
    for (int k = 0; out && k < t->nitems; k++) {
        PyObject *item = wrap(t->items[k]);
        if (!item) Py_CLEAR(out);
        else PyTuple_SET_ITEM(out, k, item);
    }
    return out;
}

static PyObject *type_repr(PyObject *o) { return get_name(o, NULL); }

static void type_dealloc(PyObject *o)
{
    PyTypeObject *cls = Py_TYPE(o);
    PyObject_GC_UnTrack(o);
    cls->tp_free(o);
    Py_DECREF(cls);
}

static int type_traverse(PyObject *o, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(o));
    return 0;
}

static PyGetSetDef type_getset[] = {
    {"name", get_name, NULL, "The type's name.", NULL},
    {"_kind", get_kind, NULL, NULL, NULL},
    {"_bits", get_bits, NULL, NULL, NULL},
    {"_ndim", get_ndim, NULL, NULL, NULL},
    {"_parts", get_parts, NULL, NULL, NULL},
    {"_layout", get_layout, NULL, NULL, NULL},
    {"_signed", get_flag, NULL, NULL, (void *)HL_T_SIGNED},
    {"_readonly", get_flag, NULL, NULL, (void *)HL_T_READONLY},
    {"_unaligned", get_flag, NULL, NULL, (void *)HL_T_UNALIGNED},
    {"_elem", get_elem, NULL, NULL, NULL},
    {"_items", get_items, NULL, NULL, NULL},
    {"_object", get_obj, NULL, NULL, NULL},
    {"_dispatcher", get_serial, NULL, NULL, NULL},
    {0}};
static PyType_Slot type_slots[] = {
    {Py_tp_repr, type_repr},     {Py_tp_getset, type_getset}, {Py_tp_dealloc, type_dealloc}, {Py_tp_traverse, type_traverse},
    {Py_tp_doc, "A type of compiled code; one object per type."},
    {0, NULL}};
static PyType_Spec type_spec = {.name = "hotloop._binding.Type", .basicsize = sizeof(type_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, .slots = type_slots};

int hl_typeobj_init(PyObject *module)
{
    hl_type_class = (PyTypeObject *)PyType_FromModuleAndSpec(module, &type_spec, NULL);
    return hl_type_class ? PyModule_AddObjectRef(module, "Type", (PyObject *)hl_type_class) : -1;
}

/* --- constructors and questions for Python --------------------------------------------------------------------------------------------- */

static PyObject *fixed_type(PyObject *m, PyObject *arg)
{
    const struct { const char *name; const hl_type *t; } all[] = {
        {"none", hl_T.none}, {"omitted", hl_T.omitted}, {"boolean", hl_T.boolean}, {"int8", hl_T.int8}, {"int16", hl_T.int16},
        {"int32", hl_T.int32}, {"int64", hl_T.int64}, {"uint8", hl_T.uint8}, {"uint16", hl_T.uint16}, {"uint32", hl_T.uint32},
        {"uint64", hl_T.uint64}, {"float32", hl_T.float32}, {"float64", hl_T.float64}, {"complex64", hl_T.complex64},
        {"complex128", hl_T.complex128}, {"unicode_type", hl_T.str}, {"range", hl_T.range}, {"ellipsis", hl_T.ellipsis},
        {"exception", hl_T.exception}, {"pyobject", hl_T.pyobject}, {"unknown", hl_T.unknown}};
    const char *name = PyUnicode_AsUTF8(arg);
    for (size_t k = 0; name && k < sizeof all / sizeof *all; k++)
        if (!strcmp(all[k].name, name)) return wrap(all[k].t);
    return name ? PyErr_Format(PyExc_ValueError, "no type is named %R", arg) : NULL;
}

static PyObject *array_type(PyObject *m, PyObject *args)
{
    PyObject *dtype;
    int ndim, layout, readonly, aligned;
    if (!PyArg_ParseTuple(args, "OiCpp", &dtype, &ndim, &layout, &readonly, &aligned)) return NULL;
    const hl_type *t = need_type(dtype);
    if (!t) return NULL;
    if (hl_type_to_npy(t) < 0 || hl_is_literal(t)) return PyErr_Format(PyExc_TypeError, "arrays of %s are not supported", t->name);
    if (ndim < 0 || ndim > NPY_MAXDIMS) return PyErr_Format(PyExc_ValueError, "ndim must be 0 to %d, not %d", NPY_MAXDIMS, ndim);
    if (layout != 'C' && layout != 'F' && layout != 'A') return PyErr_Format(PyExc_ValueError, "layout must be 'C', 'F' or 'A', not '%c'", layout);
    if (ndim == 1 && layout == 'F') layout = 'C';
    return wrap(hl_type_array(t, ndim, (char)layout, (readonly ? HL_T_READONLY : 0) | (aligned ? 0 : HL_T_UNALIGNED)));
}

static PyObject *tuple_type(PyObject *m, PyObject *args)
{
    PyObject *seq, *cls = NULL;
    const hl_type *items[1024];
    if (!PyArg_ParseTuple(args, "O|O", &seq, &cls)) return NULL;
    int n = hl_types_from_sequence(seq, items, 1024);
    return n < 0 ? NULL : wrap(hl_type_tuple(NULL, items, n, cls == Py_None ? NULL : cls));
}

static PyObject *slice_type(PyObject *m, PyObject *seq)
{
    const hl_type *items[3];
    int n = hl_types_from_sequence(seq, items, 3);
    if (n >= 0 && n < 3) PyErr_SetString(PyExc_ValueError, "a slice type has three items");
    return n < 3 ? NULL : wrap(hl_type_slice(NULL, items[0], items[1], items[2]));
}

static PyObject *of_one(PyObject *arg, const hl_type *(*make)(hl_interner *, const hl_type *))
{
    const hl_type *t = need_type(arg);
    return t ? wrap(make(NULL, t)) : NULL;
}
static PyObject *list_type(PyObject *m, PyObject *arg) { return of_one(arg, hl_type_list); }
static PyObject *optional_type(PyObject *m, PyObject *arg) { return of_one(arg, hl_type_optional); }
static PyObject *unliteral(PyObject *m, PyObject *arg) { return of_one(arg, hl_unliteral_deep); }

static PyObject *pointer_type(PyObject *m, PyObject *arg)
{
    const hl_type *t = need_type(arg);
    bool fits = t && (t->kind == HL_K_POINTER || t->kind == HL_K_NONE || (hl_is_number(t) && !hl_is_literal(t)));
    if (t && !fits) PyErr_Format(PyExc_TypeError, "pointers to %s are not supported", t->name);
    return fits ? wrap(hl_type_pointer(t)) : NULL;
}

static PyObject *dtype_type(PyObject *m, PyObject *arg)
{
    const hl_type *t = need_type(arg);
    if (t && (hl_type_to_npy(t) < 0 || hl_is_literal(t))) return PyErr_Format(PyExc_TypeError, "%s is no dtype", t->name);
    return t ? wrap(hl_type_dtype(t)) : NULL;
}

static PyObject *literal_type(PyObject *m, PyObject *arg)
{
    const hl_type *t = hl_type_literal(NULL, arg);
    if (!t && !PyErr_Occurred()) Py_RETURN_NONE;
    return wrap(t);
}

static PyObject *typeof_function(PyObject *m, PyObject *arg) { return wrap(hl_typeof(arg)); }

static PyObject *can_cast(PyObject *m, PyObject *args)
{
    const hl_type *t[2];
    if (hl_types_from_sequence(args, t, 2) != 2) return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_TypeError, "expected two types");
    return PyLong_FromLong(hl_can_cast(t[0], t[1]));
}

static PyObject *common(PyObject *args, bool phi)
{
    const hl_type *t[2];
    if (hl_types_from_sequence(args, t, 2) != 2) return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_TypeError, "expected two types");
    const hl_type *u = phi ? hl_unify(NULL, t[0], t[1]) : hl_promote(t[0], t[1]);
    if (!u && !PyErr_Occurred()) Py_RETURN_NONE;
    return wrap(u);
}
static PyObject *unify(PyObject *m, PyObject *args) { return common(args, true); }
static PyObject *promote(PyObject *m, PyObject *args) { return common(args, false); }

static PyObject *dtype_to_type(PyObject *m, PyObject *arg)
{
    PyArray_Descr *d = NULL;
    if (!PyArray_DescrConverter(arg, &d)) return NULL;
    const hl_type *t = PyArray_ISNBO(d->byteorder) ? hl_type_from_npy(d->type_num) : NULL;
    if (!t) PyErr_Format(PyExc_TypeError, "dtype %S is not supported in compiled functions", d);
    Py_DECREF(d);
    return wrap(t);
}

static PyObject *type_to_dtype(PyObject *m, PyObject *arg)
{
    const hl_type *t = need_type(arg);
    int num = t ? hl_type_to_npy(t) : -1;
    if (t && num < 0) PyErr_Format(PyExc_TypeError, "%s has no NumPy dtype", t->name);
    return num < 0 ? NULL : (PyObject *)PyArray_DescrFromType(num);
}

PyMethodDef hl_type_functions[] = {
    {"fixed_type", fixed_type, METH_O, "The type of this name."},
    {"array_type", array_type, METH_VARARGS, "array_type(dtype, ndim, layout, readonly, aligned)"},
    {"tuple_type", tuple_type, METH_VARARGS, "tuple_type(items, namedtuple_class=None)"},
    {"slice_type", slice_type, METH_O, "slice_type((start, stop, step))"},
    {"list_type", list_type, METH_O, "list_type(item)"},
    {"optional_type", optional_type, METH_O, "optional_type(type)"},
    {"pointer_type", pointer_type, METH_O, "The type of pointers to a number, to a pointer, or (none) to anything."},
    {"dtype_type", dtype_type, METH_O, "The type of a dtype that stands for a scalar type."},
    {"literal_type", literal_type, METH_O, "The type of this very value, or None."},
    {"unliteral", unliteral, METH_O, "The type without literal values."},
    {"typeof", typeof_function, METH_O, "The type that a value has as an argument."},
    {"can_cast", can_cast, METH_VARARGS, "can_cast(from, to): 0 same, 1 promotion, 2 safe, 3 unsafe, -1 not at all."},
    {"unify", unify, METH_VARARGS, "The type of a variable that holds both, or None."},
    {"promote", promote, METH_VARARGS, "The type in which arithmetic on both is done, or None."},
    {"from_dtype", dtype_to_type, METH_O, "The scalar type of a NumPy dtype."},
    {"as_dtype", type_to_dtype, METH_O, "The NumPy dtype of a scalar type."},
    {NULL, NULL, 0, NULL}};
