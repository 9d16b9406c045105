/* Operations on Python objects: each is CPython's own, with the GIL held, so that values, exceptions and messages are
 * CPython's.  A failed operation leaves the exception pending, its traceback as Python code further down made it.
 *
 * An iterator has an owner of its own for each loop: the item that the last step gave waits in it until the loop takes it.
 * Displays, functions, names and `with` are in object_make.c.
 */
#include "rt_object.h"
#include "gil.h"

#define OBJ hl_object_of

hl_unbox_fn hl_unbox_hook;

/* --- operators --------------------------------------------------------------------------------------------------------- */
typedef PyObject *(*binary_fn)(PyObject *, PyObject *);

static PyObject *power(PyObject *a, PyObject *b) { return PyNumber_Power(a, b, Py_None); }
static PyObject *power_inplace(PyObject *a, PyObject *b) { return PyNumber_InPlacePower(a, b, Py_None); }

static const binary_fn binaries[HL_O_BINARY_COUNT][2] = {
    [HL_O_ADD] = {PyNumber_Add, PyNumber_InPlaceAdd},
    [HL_O_SUB] = {PyNumber_Subtract, PyNumber_InPlaceSubtract},
    [HL_O_MUL] = {PyNumber_Multiply, PyNumber_InPlaceMultiply},
    [HL_O_TRUEDIV] = {PyNumber_TrueDivide, PyNumber_InPlaceTrueDivide},
    [HL_O_FLOORDIV] = {PyNumber_FloorDivide, PyNumber_InPlaceFloorDivide},
    [HL_O_MOD] = {PyNumber_Remainder, PyNumber_InPlaceRemainder},
    [HL_O_POW] = {power, power_inplace},
    [HL_O_LSHIFT] = {PyNumber_Lshift, PyNumber_InPlaceLshift},
    [HL_O_RSHIFT] = {PyNumber_Rshift, PyNumber_InPlaceRshift},
    [HL_O_AND] = {PyNumber_And, PyNumber_InPlaceAnd},
    [HL_O_OR] = {PyNumber_Or, PyNumber_InPlaceOr},
    [HL_O_XOR] = {PyNumber_Xor, PyNumber_InPlaceXor},
    [HL_O_MATMUL] = {PyNumber_MatrixMultiply, PyNumber_InPlaceMatrixMultiply},
};

hl_mem *hl_object_binary(hl_mem *a, hl_mem *b, int32_t op, int32_t inplace)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = hl_mem_take(binaries[op][inplace](OBJ(a), OBJ(b)));
    hl_gil_give(g);
    return m;
}

hl_mem *hl_object_unary(hl_mem *a, int32_t op)
{
    hl_gil g = hl_gil_take();
    PyObject *r = op == HL_O_NEG ? PyNumber_Negative(OBJ(a)) : op == HL_O_POS ? PyNumber_Positive(OBJ(a)) : PyNumber_Invert(OBJ(a));
    hl_mem *m = hl_mem_take(r);
    hl_gil_give(g);
    return m;
}

hl_mem *hl_object_compare(hl_mem *a, hl_mem *b, int32_t op)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = hl_mem_take(PyObject_RichCompare(OBJ(a), OBJ(b), op));
    hl_gil_give(g);
    return m;
}

/* --- questions --------------------------------------------------------------------------------------------------------- */
int32_t hl_object_truth(hl_mem *a)
{
    PyObject *o = OBJ(a);
    if (o == Py_True)
        return 1;
    if (o == Py_False || o == Py_None)
        return 0;
    hl_gil g = hl_gil_take();
    int32_t r = PyObject_IsTrue(o);
    hl_gil_give(g);
    return r;
}

int32_t hl_object_is(hl_mem *a, hl_mem *b) { return OBJ(a) == OBJ(b); }

int32_t hl_object_contains(hl_mem *container, hl_mem *item)
{
    hl_gil g = hl_gil_take();
    int32_t r = PySequence_Contains(OBJ(container), OBJ(item));
    hl_gil_give(g);
    return r;
}

/* CPython's CHECK_EXC_MATCH: only classes, or tuples of classes, can be caught. */
static bool catchable(PyObject *cls)
{
    bool ok = PyExceptionClass_Check(cls);
    if (PyTuple_Check(cls)) {
        ok = true;
        for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(cls); k++)
            ok &= PyExceptionClass_Check(PyTuple_GET_ITEM(cls, k));
    }
    if (!ok)
        PyErr_SetString(PyExc_TypeError, "catching classes that do not inherit from BaseException is not allowed");
    return ok;
}

int32_t hl_object_match(hl_mem *exception, hl_mem *cls)
{
    hl_gil g = hl_gil_take();
    int32_t r = catchable(OBJ(cls)) ? PyErr_GivenExceptionMatches(OBJ(exception), OBJ(cls)) : -1;
    hl_gil_give(g);
    return r;
}

/* --- items and attributes ---------------------------------------------------------------------------------------------- */
hl_mem *hl_object_getitem(hl_mem *a, hl_mem *i)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = hl_mem_take(PyObject_GetItem(OBJ(a), OBJ(i)));
    hl_gil_give(g);
    return m;
}

static PyObject *item_at(PyObject *o, int64_t i)
{
    if (PyList_CheckExact(o) || PyTuple_CheckExact(o)) {
        Py_ssize_t n = Py_SIZE(o), k = i < 0 ? i + n : i;
        if (k >= 0 && k < n)
            return Py_NewRef(PyList_CheckExact(o) ? PyList_GET_ITEM(o, k) : PyTuple_GET_ITEM(o, k));
    }
    PyObject *index = PyLong_FromLongLong(i), *r = index ? PyObject_GetItem(o, index) : NULL;
    Py_XDECREF(index);
    return r;
}

hl_mem *hl_object_item(hl_mem *a, int64_t i)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = hl_mem_take(item_at(OBJ(a), i));
    hl_gil_give(g);
    return m;
}

static hl_status done(hl_gil g, int r)
{
    hl_gil_give(g);
    return r < 0;
}

hl_status hl_object_setitem(hl_mem *a, hl_mem *i, hl_mem *v)
{
    hl_gil g = hl_gil_take();
    return done(g, PyObject_SetItem(OBJ(a), OBJ(i), OBJ(v)));
}

hl_status hl_object_delitem(hl_mem *a, hl_mem *i)
{
    hl_gil g = hl_gil_take();
    return done(g, PyObject_DelItem(OBJ(a), OBJ(i)));
}

hl_mem *hl_object_getattr(hl_mem *a, PyObject *name)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = hl_mem_take(PyObject_GetAttr(OBJ(a), name));
    hl_gil_give(g);
    return m;
}

hl_status hl_object_setattr(hl_mem *a, hl_mem *v, PyObject *name)
{
    hl_gil g = hl_gil_take();
    return done(g, PyObject_SetAttr(OBJ(a), name, v ? OBJ(v) : NULL));
}

/* --- calls ------------------------------------------------------------------------------------------------------------- */
/* A function that calls itself through its dispatcher goes deeper into C's stack each time. */
static bool enter_call(void) { return Py_EnterRecursiveCall(" while calling a Python object") == 0; }

static hl_mem *leave_call(PyObject *result)
{
    Py_LeaveRecursiveCall();
    return hl_mem_take(result);
}

hl_mem *hl_object_call(hl_mem *const *at, int64_t n, PyObject *names)
{
    hl_gil g = hl_gil_take();
    PyObject *args[n + 1];
    for (int64_t k = 0; k < n; k++)
        args[k] = OBJ(at[k]);
    size_t npos = (size_t)(n - 1) - (names ? (size_t)PyTuple_GET_SIZE(names) : 0);
    /* args[0] is the callee: a place in front of the arguments that a callee may use for a moment */
    PyObject *f = args[0];
    hl_mem *m = enter_call() ? leave_call(PyObject_Vectorcall(f, args + 1, npos | PY_VECTORCALL_ARGUMENTS_OFFSET, names)) : NULL;
    hl_gil_give(g);
    return m;
}

hl_mem *hl_object_method(hl_mem *const *at, int64_t n, PyObject *names, PyObject *method)
{
    hl_gil g = hl_gil_take();
    PyObject *args[n + 1];
    args[0] = NULL;
    for (int64_t k = 0; k < n; k++)
        args[k + 1] = OBJ(at[k]);
    size_t npos = (size_t)n - (names ? (size_t)PyTuple_GET_SIZE(names) : 0);
    hl_mem *m = enter_call() ? leave_call(PyObject_VectorcallMethod(method, args + 1, npos | PY_VECTORCALL_ARGUMENTS_OFFSET, names)) : NULL;
    hl_gil_give(g);
    return m;
}

/* How CPython names a callee in the messages below. */
static PyObject *name_of(PyObject *f)
{
    PyObject *name = PyObject_GetAttrString(f, "__qualname__"), *module = name ? PyObject_GetAttrString(f, "__module__") : NULL;
    PyErr_Clear();
    PyObject *s;
    if (!name)
        s = PyObject_Str(f);
    else if (module && module != Py_None && !(PyUnicode_Check(module) && !PyUnicode_CompareWithASCIIString(module, "builtins")))
        s = PyUnicode_FromFormat("%S.%S()", module, name);
    else
        s = PyUnicode_FromFormat("%S()", name);
    Py_XDECREF(name);
    Py_XDECREF(module);
    return s;
}

void hl_object_refuse_argument(PyObject *f, PyObject *o, const char *stars, const char *wanted)
{
    PyErr_Clear();
    PyObject *name = name_of(f);
    if (name)
        PyErr_Format(PyExc_TypeError, "%U argument after %s must be %s, not %.200s", name, stars, wanted, Py_TYPE(o)->tp_name);
    Py_XDECREF(name);
}

void hl_object_refuse_keyword(PyObject *f, PyObject *key)
{
    PyObject *name = name_of(f);
    if (name)
        PyErr_Format(PyExc_TypeError, "%U got multiple values for keyword argument '%S'", name, key);
    Py_XDECREF(name);
}

static PyObject *spread_args(PyObject *f, PyObject *o)
{
    if (PyTuple_CheckExact(o))
        return Py_NewRef(o);
    if (!Py_TYPE(o)->tp_iter && !PySequence_Check(o)) {
        hl_object_refuse_argument(f, o, "*", "an iterable");
        return NULL;
    }
    return PySequence_Tuple(o);
}

/* A dict is handed on as it is: the callee makes its own of it. */
static PyObject *spread_kwargs(PyObject *f, PyObject *o)
{
    if (PyDict_CheckExact(o))
        return Py_NewRef(o);
    PyObject *d = PyDict_New();
    if (d && PyDict_Update(d, o) < 0) {
        if (PyErr_ExceptionMatches(PyExc_AttributeError))
            hl_object_refuse_argument(f, o, "**", "a mapping");
        Py_CLEAR(d);
    }
    return d;
}

hl_mem *hl_object_call_ex(hl_mem *f, hl_mem *args, hl_mem *kwargs)
{
    hl_gil g = hl_gil_take();
    PyObject *k = kwargs ? spread_kwargs(OBJ(f), OBJ(kwargs)) : NULL;
    PyObject *t = kwargs && !k ? NULL : spread_args(OBJ(f), OBJ(args));
    hl_mem *m = t && enter_call() ? leave_call(PyObject_Call(OBJ(f), t, k)) : NULL;
    Py_XDECREF(t);
    Py_XDECREF(k);
    hl_gil_give(g);
    return m;
}

/* --- iteration --------------------------------------------------------------------------------------------------------- */
hl_mem *hl_object_iter(hl_mem *a)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = hl_mem_take(PyObject_GetIter(OBJ(a)));
    hl_gil_give(g);
    return m;
}

int32_t hl_object_next(hl_mem *iterator)
{
    hl_gil g = hl_gil_take();
    hl_pyowner *o = (hl_pyowner *)iterator;
    Py_CLEAR(o->item);
    PyObject *item = Py_TYPE(o->obj)->tp_iternext(o->obj);
    int32_t r = item ? 1 : 0;
    if (!item && PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_StopIteration))
            PyErr_Clear();
        else
            r = -1;
    }
    o->item = item;
    hl_gil_give(g);
    return r;
}

hl_mem *hl_object_value(hl_mem *iterator)
{
    hl_gil g = hl_gil_take();
    hl_pyowner *o = (hl_pyowner *)iterator;
    PyObject *item = o->item;
    o->item = NULL;
    hl_mem *m = hl_mem_take(item);
    hl_gil_give(g);
    return m;
}

/* --- unpacking, as CPython's unpack_iterable: it takes one item more than are wanted, and no more ------------------------- */
static PyObject *begin_unpack(PyObject *o)
{
    PyObject *it = PyObject_GetIter(o);
    if (!it && PyErr_ExceptionMatches(PyExc_TypeError) && !Py_TYPE(o)->tp_iter && !PySequence_Check(o)) {
        PyErr_Format(PyExc_TypeError, "cannot unpack non-iterable %.200s object", Py_TYPE(o)->tp_name);
    }
    return it;
}

static int take_first(PyObject *it, PyObject *out, Py_ssize_t n, Py_ssize_t after)
{
    for (Py_ssize_t k = 0; k < n; k++) {
        PyObject *item = PyIter_Next(it);
        if (!item) {
            if (PyErr_Occurred())
                return -1;
            PyErr_Format(PyExc_ValueError, after < 0 ? "not enough values to unpack (expected %zd, got %zd)"
                                                     : "not enough values to unpack (expected at least %zd, got %zd)",
                         n + (after < 0 ? 0 : after), k);
            return -1;
        }
        PyTuple_SET_ITEM(out, k, item);
    }
    return 0;
}

static int check_exhausted(PyObject *it, PyObject *from, Py_ssize_t n)
{
    PyObject *more = PyIter_Next(it);
    if (!more)
        return PyErr_Occurred() ? -1 : 0;
    Py_DECREF(more);
#if PY_VERSION_HEX >= 0x030E0000
    if (PyList_CheckExact(from) || PyTuple_CheckExact(from) || PyDict_CheckExact(from)) {
        PyErr_Format(PyExc_ValueError, "too many values to unpack (expected %zd, got %zd)", n, PyObject_Size(from));
        return -1;
    }
#endif
    (void)from;
    PyErr_Format(PyExc_ValueError, "too many values to unpack (expected %zd)", n);
    return -1;
}

static int take_rest(PyObject *it, PyObject *out, Py_ssize_t before, Py_ssize_t after)
{
    PyObject *rest = PySequence_List(it);
    if (!rest)
        return -1;
    PyTuple_SET_ITEM(out, before, rest);
    Py_ssize_t n = PyList_GET_SIZE(rest);
    if (n < after) {
        PyErr_Format(PyExc_ValueError, "not enough values to unpack (expected at least %zd, got %zd)", before + after, before + n);
        return -1;
    }
    for (Py_ssize_t k = 0; k < after; k++)
        PyTuple_SET_ITEM(out, before + 1 + k, Py_NewRef(PyList_GET_ITEM(rest, n - after + k)));
    return PyList_SetSlice(rest, n - after, n, NULL);
}

hl_mem *hl_object_unpack(hl_mem *a, int64_t before, int64_t after)
{
    hl_gil g = hl_gil_take();
    PyObject *o = OBJ(a), *out = NULL;
    if (after < 0 && PyTuple_CheckExact(o) && PyTuple_GET_SIZE(o) == before)
        out = Py_NewRef(o);
    else {
        PyObject *it = begin_unpack(o);
        out = it ? PyTuple_New(before + (after < 0 ? 0 : 1 + after)) : NULL;
        if (out && (take_first(it, out, before, after) < 0 ||
                    (after < 0 ? check_exhausted(it, o, before) : take_rest(it, out, before, after)) < 0))
            Py_CLEAR(out);
        Py_XDECREF(it);
    }
    hl_mem *m = hl_mem_take(out);
    hl_gil_give(g);
    return m;
}

hl_mem *hl_object_unpacked(hl_mem *tuple, int64_t k)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = hl_mem_pyobject(PyTuple_GET_ITEM(OBJ(tuple), k));
    hl_gil_give(g);
    return m;
}

/* --- native values ----------------------------------------------------------------------------------------------------- */
hl_mem *hl_object_int(int64_t v)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = hl_mem_take(PyLong_FromLongLong(v));
    hl_gil_give(g);
    return m;
}

hl_mem *hl_object_float(double v)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = hl_mem_take(PyFloat_FromDouble(v));
    hl_gil_give(g);
    return m;
}

hl_mem *hl_object_bool(int32_t v)
{
    hl_gil g = hl_gil_take();
    hl_mem *m = hl_mem_pyobject(v ? Py_True : Py_False);
    hl_gil_give(g);
    return m;
}

hl_status hl_object_len(hl_mem *a, int64_t *out)
{
    hl_gil g = hl_gil_take();
    Py_ssize_t n = PyObject_Size(OBJ(a));
    *out = n;
    return done(g, n < 0 ? -1 : 0);
}

/* 64 bits of an int object that is taken over. */
static int int_value(PyObject *i, int64_t *out)
{
    if (!i)
        return -1;
    int overflow;
    *out = PyLong_AsLongLongAndOverflow(i, &overflow);
    Py_DECREF(i);
    if (overflow)
        PyErr_SetString(PyExc_OverflowError, "int too large for compiled code, which computes in 64 bits");
    return overflow || (*out == -1 && PyErr_Occurred()) ? -1 : 0;
}

hl_status hl_object_index(hl_mem *a, int64_t *out)
{
    hl_gil g = hl_gil_take();
    return done(g, int_value(PyNumber_Index(OBJ(a)), out));
}

hl_status hl_object_to_int(hl_mem *a, int64_t *out)
{
    hl_gil g = hl_gil_take();
    return done(g, int_value(PyNumber_Long(OBJ(a)), out));
}

hl_status hl_object_to_float(hl_mem *a, double *out)
{
    hl_gil g = hl_gil_take();
    PyObject *f = PyNumber_Float(OBJ(a));
    *out = f ? PyFloat_AS_DOUBLE(f) : 0.0;
    Py_XDECREF(f);
    return done(g, f ? 0 : -1);
}

hl_status hl_object_unbox(hl_mem *a, const hl_type *t, hl_slot *out, PyObject *variable)
{
    hl_gil g = hl_gil_take();
    return done(g, hl_unbox_hook(t, OBJ(a), out, variable));
}
