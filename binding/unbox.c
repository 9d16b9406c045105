/* Python values into slots.
 *
 * hl_take accepts a value only when its type is exactly t: it answers the dispatcher's question "is this the specialisation?"
 * and fills the slots in the same walk, so a call that hits looks at each argument once.  hl_unbox converts as well, by
 * the rules of hl_can_cast; it serves signatures, the declared types of locals, and constants.
 *
 * What the slots own: arrays and strings of a call are loans (runtime/rt.h), ended by hl_give_back; lists and what lies in
 * them are owned.
 */
#include "binding.h"
#include <math.h>

/* --- scalars ---------------------------------------------------------------------------------------------------------------- */

static bool exact_long(PyObject *o, int64_t *out)
{
    if (hl_small_int(o, out)) return true;
    int overflow;
    *out = PyLong_AsLongLongAndOverflow(o, &overflow);
    return !overflow;
}

static int take_int(const hl_type *t, PyObject *o, hl_slot *s)
{
    if (PyLong_CheckExact(o)) {
        if (t == hl_T.int64) return exact_long(o, &s->i);
        int64_t v;
        if (t != hl_T.uint64 || exact_long(o, &v)) return 0;
        unsigned long long u = PyLong_AsUnsignedLongLong(o);
        if (u == (unsigned long long)-1 && PyErr_Occurred()) return PyErr_Clear(), 0;
        s->i = (int64_t)u;
        return 1;
    }
    const hl_type *own = hl_typeof_scalar(Py_TYPE(o));
    if (own != t) {
        if (own || t != hl_T.int64 || !PyLong_Check(o) || PyBool_Check(o)) return 0;
        return exact_long(o, &s->i);
    }
    s->i = 0;
    PyArray_ScalarAsCtype(o, s);
    return 1;
}

static int take_float(const hl_type *t, PyObject *o, hl_slot *s)
{
    if (t == hl_T.float64) {
        if (!PyFloat_Check(o)) return 0; /* np.float64 is a float */
        s->f = PyFloat_AS_DOUBLE(o);
        return 1;
    }
    if (!PyArray_IsScalar(o, Float)) return 0;
    s->i = 0;
    s->f32 = PyArrayScalar_VAL(o, Float);
    return 1;
}

static int take_complex(const hl_type *t, PyObject *o, hl_slot *s)
{
    if (t == hl_T.complex128) {
        if (!PyComplex_Check(o)) return 0;
        Py_complex c = ((PyComplexObject *)o)->cval;
        s[0].f = c.real, s[1].f = c.imag;
        return 1;
    }
    if (!PyArray_IsScalar(o, CFloat)) return 0;
    float v[2];
    PyArray_ScalarAsCtype(o, v);
    s[0].i = s[1].i = 0;
    s[0].f32 = v[0], s[1].f32 = v[1];
    return 1;
}

static int take_bool(PyObject *o, hl_slot *s)
{
    if (o != Py_True && o != Py_False && !PyArray_IsScalar(o, Bool)) return 0;
    s->i = o == Py_True || (o != Py_False && PyArrayScalar_VAL(o, Bool));
    return 1;
}

/* --- what holds references ----------------------------------------------------------------------------------------------------- */

static int take_object(PyObject *o, hl_slot *s, hl_intake *in)
{
    s->p = in->loan ? hl_loan(o) : hl_mem_pyobject(o);
    return s->p ? 1 : -1;
}

static int take_array(const hl_type *t, PyObject *o, hl_slot *s, hl_intake *in)
{
    const hl_type *own;
    if (PyArray_CheckExact(o)) own = hl_typeof_array((PyArrayObject *)o);
    else own = PyArray_Check(o) ? hl_typeof(o) : NULL;
    if (own != t) {
        bool fits = own && in->item && hl_can_cast(own, t) >= 0; /* a list's arrays may have several layouts */
        if (!fits) return PyErr_Clear(), 0;
    }
    if (take_object(o, s, in) < 0) return -1;
    hl_fill_array((PyArrayObject *)o, s, s->p);
    return 1;
}

static int take_tuple(const hl_type *t, PyObject *o, hl_slot *s, hl_intake *in)
{
    if (t->obj ? (PyObject *)Py_TYPE(o) != t->obj : !PyTuple_CheckExact(o)) return 0;
    if (PyTuple_GET_SIZE(o) != t->nitems) return 0;
    hl_slot *at = s;
    for (int k = 0; k < t->nitems; at += t->items[k++]->nparts) {
        int r = hl_take(t->items[k], PyTuple_GET_ITEM(o, k), at, in);
        if (r == 1) continue;
        while (k-- > 0) at -= t->items[k]->nparts, in->loan ? hl_give_back(t->items[k], at) : hl_release_parts(t->items[k], at);
        return r;
    }
    return 1;
}

static int take_attributes(PyObject *o, const char *const *names, const hl_type *const *types, hl_slot *s)
{
    for (int k = 0; k < 3; k++) {
        PyObject *v = PyObject_GetAttrString(o, names[k]);
        if (!v) return -1;
        int64_t i = 0;
        if (types[k]->kind == HL_K_NONE ? v != Py_None : v == Py_None) return Py_DECREF(v), 0;
        if (v != Py_None) {
            PyObject *index = PyNumber_Index(v);
            i = index ? PyLong_AsLongLong(index) : -1;
            Py_XDECREF(index);
        }
        Py_DECREF(v);
        if (i == -1 && PyErr_Occurred()) return -1;
        if (types[k]->kind != HL_K_NONE) (s++)->i = i;
    }
    return 1;
}

static const char *const range_names[] = {"start", "stop", "step"};

static int take_optional(const hl_type *t, PyObject *o, hl_slot *s, hl_intake *in)
{
    s->i = o != Py_None;
    if (o != Py_None) return hl_take(t->elem, o, s + 1, in);
    memset(s + 1, 0, sizeof *s * t->elem->nparts);
    return 1;
}

int hl_take(const hl_type *t, PyObject *o, hl_slot *s, hl_intake *in)
{
    switch ((hl_kind)t->kind) {
    case HL_K_INT: return take_int(t, o, s);
    case HL_K_FLOAT: return take_float(t, o, s);
    case HL_K_COMPLEX: return take_complex(t, o, s);
    case HL_K_BOOL: return take_bool(o, s);
    case HL_K_NONE: return o == Py_None;
    case HL_K_ELLIPSIS: return o == Py_Ellipsis;
    case HL_K_ARRAY: return take_array(t, o, s, in);
    case HL_K_LIST: return PyList_CheckExact(o) ? hl_take_list(t, o, s, in) : 0;
    case HL_K_TUPLE: return PyTuple_Check(o) ? take_tuple(t, o, s, in) : 0;
    case HL_K_STR: return PyUnicode_Check(o) ? take_object(o, s, in) : 0;
    case HL_K_RANGE:
        if (!PyRange_Check(o)) return 0;
        return take_attributes(o, range_names, (const hl_type *[]){hl_T.int64, hl_T.int64, hl_T.int64}, s);
    case HL_K_SLICE: return PySlice_Check(o) ? take_attributes(o, range_names, t->items, s) : 0;
    case HL_K_OPTIONAL: return take_optional(t, o, s, in);
    case HL_K_DISPATCHER: {
        hl_dispatcher *d = Py_TYPE(o) == hl_dispatcher_class ? (hl_dispatcher *)o : hl_callback_dispatcher(o);
        return d && d->serial == t->ival;
    }
    case HL_K_EXCEPTION: return PyExceptionInstance_Check(o) ? take_object(o, s, in) : 0;
    case HL_K_PYOBJECT: return take_object(o, s, in);
    case HL_K_CONST: return o == t->obj;
    case HL_K_LITERAL: case HL_K_DTYPE: {
        const hl_type *own = t->kind == HL_K_DTYPE ? hl_typeof(o) : NULL;
        if (t->kind == HL_K_LITERAL && Py_TYPE(o) == Py_TYPE(t->obj)) {
            int same = PyObject_RichCompareBool(o, t->obj, Py_EQ);
            return same == 1 ? hl_take(t->elem, o, s, in) : same;
        }
        PyErr_Clear();
        return own == t;
    }
    default: return 0;
    }
}

void hl_give_back(const hl_type *t, hl_slot *s)
{
    switch ((hl_kind)t->kind) {
    case HL_K_ARRAY: case HL_K_STR: case HL_K_PYOBJECT: case HL_K_EXCEPTION: hl_loan_end(s->p); break;
    case HL_K_LIST: hl_release(s->p); break;
    case HL_K_TUPLE:
        for (int k = 0; k < t->nitems; s += t->items[k++]->nparts)
            if (t->items[k]->has_mem) hl_give_back(t->items[k], s);
        break;
    case HL_K_OPTIONAL:
        if (s->i && t->elem->has_mem) hl_give_back(t->elem, s + 1);
        break;
    case HL_K_LITERAL: hl_give_back(t->elem, s); break;
    default: break;
    }
}

/* --- conversions ------------------------------------------------------------------------------------------------------------------ */

static int to_int(const hl_type *t, PyObject *o, hl_slot *s)
{
    PyObject *i = PyFloat_Check(o) || PyArray_IsScalar(o, Floating) ? PyNumber_Long(o) : PyNumber_Index(o);
    if (!i && PyArray_IsScalar(o, Bool)) PyErr_Clear(), i = PyNumber_Long(o);
    if (!i) return -1;
    int64_t v;
    if (!exact_long(i, &v)) {
        unsigned long long u = PyLong_AsUnsignedLongLong(i);
        Py_DECREF(i);
        if (u == (unsigned long long)-1 && PyErr_Occurred()) {
            PyErr_Clear();
            PyErr_Format(PyExc_OverflowError, "value too large to convert to %s", t->name);
            return -1;
        }
        s->i = (int64_t)u;
    } else {
        Py_DECREF(i);
        s->i = v;
    }
    int shift = 64 - t->bits; /* narrower: wraps, as storing into an array of the type does */
    if (shift) s->i = t->flags & HL_T_SIGNED ? (int64_t)((uint64_t)s->i << shift) >> shift : (int64_t)((uint64_t)s->i << shift >> shift);
    return 0;
}

static int to_float(const hl_type *t, PyObject *o, hl_slot *s)
{
    double v = PyFloat_AsDouble(o);
    if (v == -1.0 && PyErr_Occurred()) return -1;
    if (t->bits == 64) s->f = v;
    else s->i = 0, s->f32 = (float)v;
    return 0;
}

static int to_complex(const hl_type *t, PyObject *o, hl_slot *s)
{
    Py_complex c = PyComplex_AsCComplex(o);
    if (c.real == -1.0 && PyErr_Occurred()) return -1;
    if (t->bits == 128) s[0].f = c.real, s[1].f = c.imag;
    else s[0].i = s[1].i = 0, s[0].f32 = (float)c.real, s[1].f32 = (float)c.imag;
    return 0;
}

static int to_tuple(const hl_type *t, PyObject *o, hl_slot *s, hl_intake *in)
{
    hl_slot *at = s;
    for (int k = 0; k < t->nitems; at += t->items[k++]->nparts)
        if (hl_unbox(t->items[k], PyTuple_GET_ITEM(o, k), at, in) < 0) {
            while (k-- > 0) at -= t->items[k]->nparts, in->loan ? hl_give_back(t->items[k], at) : hl_release_parts(t->items[k], at);
            return -1;
        }
    return 0;
}

int hl_unbox(const hl_type *t, PyObject *o, hl_slot *s, hl_intake *in)
{
    int r = hl_take(t, o, s, in);
    if (r) return r < 0 ? -1 : 0;
    const hl_type *from = hl_typeof(o);
    if (!from) return -1;
    bool empty_list = t->kind == HL_K_LIST && from->kind == HL_K_LIST && from->has_var;
    if (!empty_list && hl_can_cast(from, t) < 0) {
        hl_error("UnsupportedTypeError", "cannot convert %s to %s", from->name, t->name);
        return -1;
    }
    switch ((hl_kind)t->kind) {
    case HL_K_INT: return to_int(t, o, s);
    case HL_K_FLOAT: return to_float(t, o, s);
    case HL_K_COMPLEX: return to_complex(t, o, s);
    case HL_K_TUPLE: return to_tuple(t, o, s, in);
    case HL_K_OPTIONAL: s->i = 1; return hl_unbox(t->elem, o, s + 1, in);
    case HL_K_ARRAY:
        if (take_object(o, s, in) < 0) return -1;
        hl_fill_array((PyArrayObject *)o, s, s->p);
        return 0;
    default: hl_error("UnsupportedTypeError", "cannot convert %s to %s", from->name, t->name); return -1;
    }
}
