/* Slots into Python values.
 *
 * Numbers of every width become Python's int, float, complex and bool, as under Numba (docs/differences.md); arrays become
 * ndarrays without a copy: an array that came in goes out as the same object, a view of it has it as its base, and fresh
 * memory is held by a small owner object.  Boxing borrows: the caller still owns the parts.
 */
#include "binding.h"

/* --- memory that an ndarray keeps alive ------------------------------------------------------------------------------------------- */

typedef struct memory { PyObject_HEAD hl_mem *mem; } memory;

static void memory_dealloc(PyObject *self)
{
    PyTypeObject *cls = Py_TYPE(self);
    hl_release(((memory *)self)->mem);
    PyObject_Free(self);
    Py_DECREF(cls);
}

static PyType_Slot memory_slots[] = {
    {Py_tp_dealloc, memory_dealloc},
    {Py_tp_doc, "Memory made by compiled code, kept alive by the arrays that use it."},
    {0, NULL}};
static PyType_Spec memory_spec = {.name = "hotloop._binding.Memory", .basicsize = sizeof(memory),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, .slots = memory_slots};
static PyTypeObject *memory_class;

static PyObject *memory_new(hl_mem *m)
{
    memory *o = PyObject_New(memory, memory_class);
    if (!o) return NULL;
    hl_retain(m);
    o->mem = m;
    return (PyObject *)o;
}

/* --- arrays ------------------------------------------------------------------------------------------------------------------------ */

static const npy_intp *shape_of(const hl_slot *s) { return (const npy_intp *)(s + 2); }
static const npy_intp *strides_of(const hl_type *t, const hl_slot *s) { return (const npy_intp *)(s + 2 + t->ndim); }

/* Is `o` this very array? */
static bool is_array(const hl_type *t, const hl_slot *s, PyObject *o)
{
    if (!PyArray_Check(o)) return false;
    PyArrayObject *a = (PyArrayObject *)o;
    if (PyArray_DATA(a) != s[1].p || PyArray_NDIM(a) != t->ndim || hl_type_from_npy(PyArray_TYPE(a)) != t->elem) return false;
    if (!PyArray_ISWRITEABLE(a) != !!(t->flags & HL_T_READONLY)) return false;
    size_t bytes = sizeof(npy_intp) * t->ndim;
    return !memcmp(PyArray_DIMS(a), shape_of(s), bytes) && !memcmp(PyArray_STRIDES(a), strides_of(t, s), bytes);
}

static PyObject *box_array(const hl_type *t, const hl_slot *s)
{
    hl_mem *owner = s[0].p;
    PyObject *lender = owner ? hl_mem_object(owner) : NULL;
    if (lender && is_array(t, s, lender)) return Py_NewRef(lender);
    PyArray_Descr *d = PyArray_DescrFromType(hl_type_to_npy(t->elem));
    PyObject *o = PyArray_NewFromDescr(&PyArray_Type, d, t->ndim, shape_of(s), strides_of(t, s), s[1].p,
                                       t->flags & HL_T_READONLY ? 0 : NPY_ARRAY_WRITEABLE, NULL);
    if (!o) return NULL;
    PyArrayObject *a = (PyArrayObject *)o;
    if (!owner) { /* nobody keeps the memory alive for us */
        PyObject *copy = PyArray_NewCopy(a, NPY_KEEPORDER);
        Py_DECREF(o);
        return copy;
    }
    PyObject *base = lender ? Py_NewRef(lender) : memory_new(owner);
    if (!base || PyArray_SetBaseObject(a, base) < 0) return Py_DECREF(o), NULL;
    return o;
}

/* --- scalars and small things --------------------------------------------------------------------------------------------------------- */

static PyObject *box_int(const hl_type *t, const hl_slot *s)
{
    int shift = 64 - t->bits; /* a part fills the low bytes of its slot only */
    if (t->flags & HL_T_SIGNED) return PyLong_FromLongLong((int64_t)((uint64_t)s->i << shift) >> shift);
    return PyLong_FromUnsignedLongLong((uint64_t)s->i << shift >> shift);
}

static PyObject *box_complex(const hl_type *t, const hl_slot *s)
{
    return t->bits == 128 ? PyComplex_FromDoubles(s[0].f, s[1].f) : PyComplex_FromDoubles(s[0].f32, s[1].f32);
}

static PyObject *box_tuple(const hl_type *t, const hl_slot *s, hl_traffic *tr)
{
    PyObject *o = PyTuple_New(t->nitems);
    if (!o) return NULL;
    for (int k = 0; k < t->nitems; s += t->items[k++]->nparts) {
        PyObject *item = hl_box(t->items[k], s, tr);
        if (!item) return Py_DECREF(o), NULL;
        PyTuple_SET_ITEM(o, k, item);
    }
    if (!t->obj) return o;
    PyObject *make = PyObject_GetAttrString(t->obj, "_make"); /* of namedtuple: no need to know its __new__ */
    PyObject *named = make ? PyObject_CallOneArg(make, o) : NULL;
    Py_XDECREF(make);
    Py_DECREF(o);
    return named;
}

static PyObject *box_range(const hl_slot *s)
{
    return PyObject_CallFunction((PyObject *)&PyRange_Type, "LLL", (long long)s[0].i, (long long)s[1].i, (long long)s[2].i);
}

static PyObject *box_slice(const hl_type *t, const hl_slot *s, hl_traffic *tr)
{
    PyObject *parts[3] = {NULL, NULL, NULL}, *o = NULL;
    int k = 0;
    for (; k < 3 && (parts[k] = hl_box(t->items[k], s, tr)); k++) s += t->items[k]->nparts;
    if (k == 3) o = PySlice_New(parts[0], parts[1], parts[2]);
    for (k = 0; k < 3; k++) Py_XDECREF(parts[k]);
    return o;
}

static PyObject *box_managed(const hl_slot *s)
{
    PyObject *o = s->p ? hl_mem_object(s->p) : NULL;
    if (!o) return PyErr_SetString(PyExc_SystemError, "compiled code returned a reference to nothing"), NULL;
    return Py_NewRef(o);
}

PyObject *hl_box(const hl_type *t, const hl_slot *s, hl_traffic *tr)
{
    switch ((hl_kind)t->kind) {
    case HL_K_INT: return box_int(t, s);
    case HL_K_FLOAT: return PyFloat_FromDouble(t->bits == 64 ? s->f : (double)s->f32);
    case HL_K_BOOL: return PyBool_FromLong(s->b);
    case HL_K_COMPLEX: return box_complex(t, s);
    case HL_K_NONE: case HL_K_OMITTED: return Py_NewRef(Py_None);
    case HL_K_ELLIPSIS: return Py_NewRef(Py_Ellipsis);
    case HL_K_ARRAY: return box_array(t, s);
    case HL_K_LIST: return hl_box_list(t, s->p, tr);
    case HL_K_TUPLE: return box_tuple(t, s, tr);
    case HL_K_STR: case HL_K_EXCEPTION: case HL_K_PYOBJECT: return box_managed(s);
    case HL_K_OPTIONAL: return s->b ? hl_box(t->elem, s + 1, tr) : Py_NewRef(Py_None);
    case HL_K_RANGE: return box_range(s);
    case HL_K_SLICE: return box_slice(t, s, tr);
    case HL_K_DTYPE: return (PyObject *)PyArray_DescrFromType(hl_type_to_npy(t->elem));
    case HL_K_CONST: case HL_K_LITERAL: return Py_NewRef(t->obj);
    case HL_K_DISPATCHER: {
        PyObject *d = (PyObject *)hl_dispatcher_by_serial(t->ival);
        if (d) return Py_NewRef(d);
        break;
    }
    default: break;
    }
    PyErr_Format(PyExc_TypeError, "a value of type %s cannot leave compiled code", t->name);
    return NULL;
}

bool hl_box_is(const hl_type *t, const hl_slot *s, PyObject *o, hl_traffic *tr)
{
    switch ((hl_kind)t->kind) {
    case HL_K_NONE: return o == Py_None;
    case HL_K_LIST: return tr && hl_traffic_object(tr, s->p) == o;
    case HL_K_ARRAY: return s[0].p && hl_mem_object(s[0].p) == o && is_array(t, s, o);
    case HL_K_STR: case HL_K_PYOBJECT: case HL_K_EXCEPTION: return s->p && hl_mem_object(s->p) == o;
    case HL_K_TUPLE:
        if (!PyTuple_Check(o) || PyTuple_GET_SIZE(o) != t->nitems || (t->obj && (PyObject *)Py_TYPE(o) != t->obj)) return false;
        for (int k = 0; k < t->nitems; s += t->items[k++]->nparts)
            if (!hl_box_is(t->items[k], s, PyTuple_GET_ITEM(o, k), tr)) return false;
        return true;
    case HL_K_INT: case HL_K_FLOAT: case HL_K_COMPLEX: case HL_K_BOOL: {
        hl_slot now[2] = {{0}, {0}};
        int size[2] = {t->kind == HL_K_COMPLEX ? t->bits / 16 : hl_itemsize(t), t->kind == HL_K_COMPLEX ? t->bits / 16 : 0};
        hl_intake in = {.loan = true};
        if (hl_take(t, o, now, &in) != 1) return PyErr_Clear(), false;
        return !memcmp(&now[0], &s[0], (size_t)size[0]) && (!size[1] || !memcmp(&now[1], &s[1], (size_t)size[1]));
    }
    default: return false;
    }
}

/* For the runtime, which boxes values for messages and print. */
static PyObject *box_for_runtime(const hl_type *t, const hl_slot *s) { return hl_box(t, s, NULL); }

/* For variables that are declared: what converts without loss is taken. */
static int unbox_for_runtime(const hl_type *t, PyObject *o, hl_slot *out, PyObject *variable)
{
    hl_intake in = {.item = true, .quiet = true};
    int r = hl_take(t, o, out, &in);
    if (r) return r < 0 ? -1 : 0;
    const hl_type *from = hl_typeof(o);
    int c = from ? hl_can_cast(from, t) : -1;
    if (c >= 0 && c <= 2) return hl_unbox(t, o, out, &in);
    PyErr_Clear();
    const char *what = variable == Py_None ? "the result" : "variable", *name = variable == Py_None ? "" : PyUnicode_AsUTF8(variable);
    PyErr_Format(PyExc_TypeError, "%s%s%s%s is declared %s, its value is %s", what, *name ? " '" : "", name, *name ? "'" : "", t->name,
                 from ? from->name : Py_TYPE(o)->tp_name);
    return -1;
}

int hl_box_init(PyObject *module)
{
    hl_unbox_hook = unbox_for_runtime;
    memory_class = (PyTypeObject *)PyType_FromModuleAndSpec(module, &memory_spec, NULL);
    if (!memory_class) return -1;
    hl_box_hook = box_for_runtime;
    return 0;
}
