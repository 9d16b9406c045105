/* The type of a Python value.
 *
 * The rules are Numba's where a Numba user would notice: int is int64 (uint64 when only that holds it), NumPy scalars have their
 * own type, an array's type is dtype, dimensions, layout and whether it is read-only or unaligned, a tuple's is the
 * types of its items, a list's is that of its items, which must be one type.  What CPython treats differently from
 * how a compiled function would (subclasses of list, arrays with units or masks, structured and object dtypes) is refused
 * with an exception that says what to pass instead.
 *
 * A list is typed by its first item when that is a number or a string: the loop that takes the items in checks the others
 * (lists.c).  Lists of anything else are looked through here.
 */
#include "binding.h"

enum { DTYPES = 24, DIMS = 8 };
static const hl_type *array_types[DTYPES][DIMS][12]; /* by NumPy type number, dimensions, layout × flags; filled on demand */

enum { SCALARS = 17 };
static struct { PyTypeObject *cls; const hl_type *type; } scalars[SCALARS];
static PyObject *matrix_class, *masked_class; /* found when first met */

int hl_typeof_init(void)
{
    PyTypeObject *const classes[] = {
        &PyDoubleArrType_Type, &PyFloatArrType_Type, &PyBoolArrType_Type, &PyByteArrType_Type, &PyShortArrType_Type,
        &PyIntArrType_Type, &PyLongArrType_Type, &PyLongLongArrType_Type, &PyUByteArrType_Type, &PyUShortArrType_Type,
        &PyUIntArrType_Type, &PyULongArrType_Type, &PyULongLongArrType_Type, &PyCFloatArrType_Type, &PyCDoubleArrType_Type};
    for (size_t k = 0; k < sizeof classes / sizeof *classes; k++) {
        PyArray_Descr *d = PyArray_DescrFromTypeObject((PyObject *)classes[k]);
        if (!d) return -1;
        scalars[k].cls = classes[k];
        scalars[k].type = hl_type_from_npy(d->type_num);
        Py_DECREF(d);
    }
    return 0;
}

const hl_type *hl_typeof_scalar(PyTypeObject *cls)
{
    for (int k = 0; k < SCALARS && scalars[k].cls; k++)
        if (scalars[k].cls == cls) return scalars[k].type;
    return NULL;
}

static const hl_type *refuse(const char *fmt, const char *what)
{
    return hl_error("UnsupportedTypeError", fmt, what);
}

/* --- arrays --------------------------------------------------------------------------------------------------------------- */

static const hl_type *refuse_dtype(PyArray_Descr *d)
{
    PyObject *s = PyObject_Str((PyObject *)d);
    const char *u = s ? PyUnicode_AsUTF8(s) : NULL;
    if (u && !PyArray_ISNBO(d->byteorder))
        hl_error("UnsupportedTypeError", "arrays of byte order '%c' (dtype %s) are not supported in compiled functions; pass "
                 "a.astype(a.dtype.newbyteorder('='))", d->byteorder, u);
    else if (u)
        hl_error("UnsupportedTypeError", "arrays of dtype %s are not supported in compiled functions", u);
    Py_XDECREF(s);
    return NULL;
}

const hl_type *hl_typeof_array(PyArrayObject *a)
{
    PyArray_Descr *d = PyArray_DESCR(a);
    int f = PyArray_FLAGS(a), n = PyArray_NDIM(a);
    int layout = f & NPY_ARRAY_C_CONTIGUOUS ? 0 : f & NPY_ARRAY_F_CONTIGUOUS ? 1 : 2;
    int which = layout + (f & NPY_ARRAY_WRITEABLE ? 0 : 3) + (f & NPY_ARRAY_ALIGNED ? 0 : 6);
    if (!PyArray_ISNBO(d->byteorder)) return refuse_dtype(d);
    bool cached = d->type_num >= 0 && d->type_num < DTYPES && n < DIMS;
    if (cached && array_types[d->type_num][n][which]) return array_types[d->type_num][n][which];
    const hl_type *dtype = hl_type_from_npy(d->type_num);
    if (!dtype) return refuse_dtype(d);
    const hl_type *t = hl_type_array(dtype, n, "CFA"[layout],
                                     (f & NPY_ARRAY_WRITEABLE ? 0 : HL_T_READONLY) | (f & NPY_ARRAY_ALIGNED ? 0 : HL_T_UNALIGNED));
    if (cached) array_types[d->type_num][n][which] = t;
    return t;
}

static int is_instance_of(PyObject *o, PyObject **cache, const char *module, const char *name)
{
    if (!*cache) {
        PyObject *m = PyImport_ImportModule(module);
        *cache = m ? PyObject_GetAttrString(m, name) : NULL;
        Py_XDECREF(m);
        if (!*cache) return -1;
    }
    return PyObject_IsInstance(o, *cache);
}

/* A subclass of ndarray is its array, unless it means something else by its values (a mask, units) or by its operators. */
static const hl_type *typeof_array_subclass(PyObject *o)
{
    int masked = is_instance_of(o, &masked_class, "numpy.ma", "MaskedArray");
    int matrix = masked ? 0 : is_instance_of(o, &matrix_class, "numpy", "matrix");
    if (masked < 0 || matrix < 0) return NULL;
    PyObject *mine = PyObject_GetAttrString((PyObject *)Py_TYPE(o), "__array_ufunc__");
    PyObject *base = PyObject_GetAttrString((PyObject *)&PyArray_Type, "__array_ufunc__");
    bool own = mine != base;
    Py_XDECREF(mine), Py_XDECREF(base);
    if (PyErr_Occurred()) return NULL;
    if (masked || matrix || own)
        return refuse("%s is not supported in compiled functions: it behaves differently from the array inside it; pass np.asarray(x)",
                      Py_TYPE(o)->tp_name);
    return hl_typeof_array((PyArrayObject *)o);
}

/* --- containers ------------------------------------------------------------------------------------------------------------ */

static const hl_type *typeof_tuple(PyObject *o)
{
    Py_ssize_t n = PyTuple_GET_SIZE(o);
    PyObject *cls = NULL;
    if (!PyTuple_CheckExact(o)) {
        if (!PyObject_HasAttrString(o, "_fields"))
            return refuse("%s, a subclass of tuple, is not supported in compiled functions; pass tuple(x)", Py_TYPE(o)->tp_name);
        cls = (PyObject *)Py_TYPE(o);
    }
    if (n > 1000) return refuse("%s of more than 1000 items is not supported in compiled functions; pass an array or a list", "a tuple");
    const hl_type *items[n ? n : 1];
    if (Py_EnterRecursiveCall(" while finding the type of a tuple")) return NULL;
    bool ok = true;
    for (Py_ssize_t k = 0; k < n && ok; k++) ok = (items[k] = hl_typeof(PyTuple_GET_ITEM(o, k))) != NULL;
    Py_LeaveRecursiveCall();
    return ok ? hl_type_tuple(NULL, items, (int)n, cls) : NULL;
}

/* Item types that differ only in what both can be seen as: array layouts, and lists of which one is empty. */
static const hl_type *common_item(const hl_type *a, const hl_type *b)
{
    if (a == b) return a;
    if (a->kind == HL_K_UNKNOWN) return b;
    if (b->kind == HL_K_UNKNOWN) return a;
    if (a->kind == HL_K_ARRAY && b->kind == HL_K_ARRAY) return hl_unify(NULL, a, b);
    if (a->kind == HL_K_LIST && b->kind == HL_K_LIST) {
        const hl_type *e = common_item(a->elem, b->elem);
        return e ? hl_type_list(NULL, e) : NULL;
    }
    return NULL;
}

static const hl_type *typeof_list(PyObject *o)
{
    if (PyList_GET_SIZE(o) == 0) return hl_type_list(NULL, hl_T.unknown);
    if (Py_EnterRecursiveCall(" while finding the type of a list")) return NULL;
    const hl_type *t = hl_typeof(PyList_GET_ITEM(o, 0)), *first = t;
    bool simple = t && (hl_is_number(t) || t->kind == HL_K_STR);
    for (Py_ssize_t k = 1; t && !simple && k < PyList_GET_SIZE(o); k++) {
        const hl_type *item = hl_typeof(PyList_GET_ITEM(o, k));
        const hl_type *both = item ? common_item(t, item) : NULL;
        if (item && !both)
            hl_error("UnsupportedTypeError", "a list in compiled code holds items of one type: item 0 is %s, item %zd is %s", first->name, k,
                     item->name);
        t = both;
    }
    Py_LeaveRecursiveCall();
    return t ? hl_type_list(NULL, t) : NULL;
}

static const hl_type *typeof_slice(PyObject *o)
{
    PySliceObject *s = (PySliceObject *)o;
    PyObject *parts[3] = {s->start, s->stop, s->step};
    const hl_type *t[3];
    for (int k = 0; k < 3; k++) {
        t[k] = parts[k] == Py_None ? hl_T.none : PyIndex_Check(parts[k]) ? hl_T.int64 : NULL;
        if (!t[k]) return refuse("a slice with %s is not supported in compiled functions", Py_TYPE(parts[k])->tp_name);
    }
    return hl_type_slice(NULL, t[0], t[1], t[2]);
}

/* --- the rest -------------------------------------------------------------------------------------------------------------- */

static const hl_type *typeof_int(PyObject *o)
{
    int64_t v;
    if (hl_small_int(o, &v)) return hl_T.int64;
    int overflow;
    long long l = PyLong_AsLongLongAndOverflow(o, &overflow);
    if (l == -1 && PyErr_Occurred()) return NULL;
    if (!overflow) return hl_T.int64;
    if (overflow > 0) {
        (void)PyLong_AsUnsignedLongLong(o);
        if (!PyErr_Occurred()) return hl_T.uint64;
        PyErr_Clear();
    }
    PyErr_SetString(PyExc_OverflowError, "int too large for compiled code, which computes in 64 bits");
    return NULL;
}

static const hl_type *typeof_dtype(PyArray_Descr *d)
{
    const hl_type *t = PyArray_ISNBO(d->byteorder) ? hl_type_from_npy(d->type_num) : NULL;
    return t ? hl_type_dtype(t) : refuse_dtype(d);
}

static const hl_type *typeof_class(PyObject *o)
{
    const hl_type *t = hl_typeof_scalar((PyTypeObject *)o);
    if (!t)
        t = o == (PyObject *)&PyFloat_Type ? hl_T.float64 : o == (PyObject *)&PyLong_Type ? hl_T.int64
          : o == (PyObject *)&PyBool_Type ? hl_T.boolean : o == (PyObject *)&PyComplex_Type ? hl_T.complex128 : NULL;
    if (t) return hl_type_dtype(t);
    return refuse("the class %s is not supported as an argument of compiled functions", ((PyTypeObject *)o)->tp_name);
}

/* Subclasses of the number classes are the number: enumerations, np.float64 and whatever users derive. */
static const hl_type *typeof_rare(PyObject *o)
{
    const hl_type *t = hl_typeof_scalar(Py_TYPE(o));
    if (t) return t;
    if (PyArray_Check(o)) return typeof_array_subclass(o);
    if (PyTuple_Check(o)) return typeof_tuple(o);
    if (PyRange_Check(o)) return hl_T.range;
    if (PySlice_Check(o)) return typeof_slice(o);
    if (o == Py_Ellipsis) return hl_T.ellipsis;
    if (PyArray_IsScalar(o, Generic) && !PyArray_IsScalar(o, Unicode))
        return refuse("%s is not supported in compiled functions", Py_TYPE(o)->tp_name);
    if (PyUnicode_Check(o)) return hl_T.str;
    if (PyLong_Check(o)) return typeof_int(o);
    if (PyFloat_Check(o)) return hl_T.float64;
    if (PyComplex_Check(o)) return hl_T.complex128;
    if (PyArray_DescrCheck(o)) return typeof_dtype((PyArray_Descr *)o);
    if ((t = hl_type_of_object(o)) && hl_is_number(t)) return hl_type_dtype(t);
    if (PyType_Check(o)) return typeof_class(o);
    if (PyList_Check(o))
        return refuse("%s, a subclass of list, is not supported in compiled functions; pass list(x)", Py_TYPE(o)->tp_name);
    if (PyFunction_Check(o))
        return refuse("a Python %s is not supported as an argument of compiled functions; decorate it with @njit", "function");
    return refuse("values of class %s are not supported in compiled functions", Py_TYPE(o)->tp_name);
}

static const hl_type *typeof_dispatcher(hl_dispatcher *d)
{
    if (!d->type) d->type = hl_type_dispatcher((PyObject *)d, d->serial);
    return d->type;
}

const hl_type *hl_typeof(PyObject *o)
{
    PyTypeObject *cls = Py_TYPE(o);
    if (cls == &PyFloat_Type) return hl_T.float64;
    if (cls == &PyLong_Type) return typeof_int(o);
    if (cls == &PyArray_Type) return hl_typeof_array((PyArrayObject *)o);
    if (cls == &PyBool_Type) return hl_T.boolean;
    if (cls == &PyTuple_Type) return typeof_tuple(o);
    if (cls == &PyList_Type) return typeof_list(o);
    if (cls == &PyComplex_Type) return hl_T.complex128;
    if (cls == &PyUnicode_Type) return hl_T.str;
    if (cls == hl_dispatcher_class) return typeof_dispatcher((hl_dispatcher *)o);
    if (o == Py_None) return hl_T.none;
    if (hl_callback_dispatcher(o)) return typeof_dispatcher(hl_callback_dispatcher(o));
    return typeof_rare(o);
}

/* --- under @jit ------------------------------------------------------------------------------------------------------------ */

static bool mentions_list(const hl_type *t)
{
    if (t->kind == HL_K_LIST) return true;
    for (int k = 0; k < t->nitems; k++)
        if (mentions_list(t->items[k])) return true;
    return false;
}

/* Do all items of the lists in o have the type that the first ones promise? */
static int lists_hold(const hl_type *t, PyObject *o)
{
    hl_slot slots[t->nparts + 1];
    hl_intake in = {.quiet = true};
    int r = hl_take(t, o, slots, &in);
    if (r == 1) hl_release_parts(t, slots);
    return r;
}

static bool decided_by_class(PyObject *o)
{
    const unsigned long by_value = Py_TPFLAGS_LONG_SUBCLASS | Py_TPFLAGS_LIST_SUBCLASS | Py_TPFLAGS_TUPLE_SUBCLASS | Py_TPFLAGS_TYPE_SUBCLASS;
    return !(Py_TYPE(o)->tp_flags & by_value) && !PySlice_Check(o) && !PyArray_Check(o) && !PyArray_DescrCheck(o) &&
           Py_TYPE(o) != hl_type_class;
}

const hl_type *hl_typeof_gradual(PyObject *o, bool *by_class)
{
    *by_class = false;
    const hl_type *t = hl_typeof(o);
    if (!t) {
        if (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_OverflowError) && !PyErr_ExceptionMatches(PyExc_RecursionError)) return NULL;
        PyErr_Clear();
        *by_class = decided_by_class(o);
        return hl_T.pyobject;
    }
    if (t->has_var) return t;
    if (mentions_list(t)) {
        int r = lists_hold(t, o);
        if (r < 0) return NULL;
        if (r == 0) return hl_T.pyobject;
    }
    return t;
}
