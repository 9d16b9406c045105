/* Lists in and out.
 *
 * A Python list becomes an hl_list: one pass over the items, with loops of their own for float, int and bool.  The table of
 * one call (hl_traffic) remembers the pairs, because CPython lets a function see and keep identity: f(a, a) is one list, a
 * list that comes back is the list that went in, and what the function did to a list shows in the caller's.
 *
 * Writing back leaves an item alone when its value did not change, so items keep their identity and, for subclasses such
 * as np.float64, their class.
 */
#include "binding.h"

enum { MANY = 16 };

/* --- the table --------------------------------------------------------------------------------------------------------------- */

static uint32_t bucket(const void *p, int cap)
{
    return (uint32_t)(((uintptr_t)p >> 4) * 0x9e3779b97f4a7c15u >> 33) & (uint32_t)(cap * 2 - 1);
}

static void index_one(hl_traffic *tr, int k)
{
    uint32_t mask = (uint32_t)tr->cap * 2 - 1, b = bucket(tr->at[k].py, tr->cap);
    while (tr->by_py[b]) b = (b + 1) & mask;
    tr->by_py[b] = k + 1;
    b = bucket(tr->at[k].list, tr->cap);
    while (tr->by_list[b]) b = (b + 1) & mask;
    tr->by_list[b] = k + 1;
}

static int traffic_grow(hl_traffic *tr)
{
    int cap = tr->cap ? tr->cap * 2 : 4;
    hl_passed *at = tr->few;
    if (cap > 4) {
        at = PyMem_Malloc(sizeof *at * (size_t)cap);
        int32_t *index = cap >= MANY ? PyMem_Calloc((size_t)cap * 4, sizeof *index) : NULL;
        if (!at || (cap >= MANY && !index)) {
            PyMem_Free(at), PyMem_Free(index);
            PyErr_NoMemory();
            return -1;
        }
        memcpy(at, tr->at, sizeof *at * (size_t)tr->n);
        if (tr->at != tr->few) PyMem_Free(tr->at);
        PyMem_Free(tr->by_py);
        tr->by_py = index, tr->by_list = index ? index + cap * 2 : NULL;
    }
    tr->at = at, tr->cap = cap;
    for (int k = 0; tr->by_py && k < tr->n; k++) index_one(tr, k);
    return 0;
}

static int traffic_add(hl_traffic *tr, PyObject *py, hl_list *l, const hl_type *t)
{
    if (tr->n == tr->cap && traffic_grow(tr) < 0) return -1;
    hl_retain(&l->head);
    tr->at[tr->n++] = (hl_passed){Py_NewRef(py), l, t};
    if (tr->by_py) index_one(tr, tr->n - 1);
    return 0;
}

static hl_passed *find_py(hl_traffic *tr, PyObject *py)
{
    if (tr->by_py) {
        for (uint32_t b = bucket(py, tr->cap); tr->by_py[b]; b = (b + 1) & (uint32_t)(tr->cap * 2 - 1))
            if (tr->at[tr->by_py[b] - 1].py == py) return &tr->at[tr->by_py[b] - 1];
        return NULL;
    }
    for (int k = 0; k < tr->n; k++)
        if (tr->at[k].py == py) return &tr->at[k];
    return NULL;
}

PyObject *hl_traffic_object(hl_traffic *tr, const hl_list *l)
{
    if (tr->by_list) {
        for (uint32_t b = bucket(l, tr->cap); tr->by_list[b]; b = (b + 1) & (uint32_t)(tr->cap * 2 - 1))
            if (tr->at[tr->by_list[b] - 1].list == l) return tr->at[tr->by_list[b] - 1].py;
        return NULL;
    }
    for (int k = 0; k < tr->n; k++)
        if (tr->at[k].list == l) return tr->at[k].py;
    return NULL;
}

void hl_traffic_end(hl_traffic *tr)
{
    for (int k = 0; k < tr->n; k++) {
        hl_release(&tr->at[k].list->head);
        Py_DECREF(tr->at[k].py);
    }
    if (tr->at != tr->few) PyMem_Free(tr->at);
    PyMem_Free(tr->by_py);
}

/* --- in ------------------------------------------------------------------------------------------------------------------------ */

/* What Python calls the class of items of this type. */
static const char *python_name(const hl_type *t)
{
    return t == hl_T.int64 ? "int" : t == hl_T.float64 ? "float" : t == hl_T.complex128 ? "complex" : t->kind == HL_K_STR ? "str" : t->name;
}

static int mixed(const hl_type *t, PyObject *o, Py_ssize_t k)
{
    const hl_type *own = hl_typeof(PyList_GET_ITEM(o, k));
    if (!own) return -1;
    const char *hint = hl_is_real(t->elem) && hl_is_real(own) ? "; make all its numbers one type" : "";
    hl_error("UnsupportedTypeError", "a list in compiled code holds items of one type: item 0 is %s, item %zd is %s%s",
             python_name(t->elem), k, python_name(own), hint);
    return -1;
}

/* The number of items taken by the loops for exact float, int and bool. */
static Py_ssize_t take_plain(const hl_type *t, PyObject *o, hl_slot *at)
{
    PyObject **items = ((PyListObject *)o)->ob_item;
    Py_ssize_t n = PyList_GET_SIZE(o), k = 0;
    if (t == hl_T.float64)
        for (; k < n && PyFloat_CheckExact(items[k]); k++) at[k].f = PyFloat_AS_DOUBLE(items[k]);
    else if (t == hl_T.int64)
        for (; k < n && PyLong_CheckExact(items[k]) && hl_small_int(items[k], &at[k].i); k++) {}
    else if (t == hl_T.boolean)
        for (; k < n && PyBool_Check(items[k]); k++) at[k].i = items[k] == Py_True;
    return k;
}

static uint64_t mem_mask(const hl_type *t)
{
    uint64_t mask = 0;
    for (int k = 0; k < t->nparts; k++) mask |= (uint64_t)(t->parts[k] == HL_P_MEM) << k;
    return mask;
}

/* 1; 0: an item is of another type and nobody minds (hl_intake.quiet); -1 */
static int take_items(const hl_type *t, PyObject *o, hl_list *l, hl_intake *in)
{
    const hl_type *e = t->elem;
    hl_intake owned = {.item = true, .quiet = in->quiet, .traffic = in->traffic};
    Py_ssize_t n = l->len, k = e->nparts == 1 ? take_plain(e, o, l->data) : 0;
    for (; k < n && k < PyList_GET_SIZE(o); k++) {
        int r = hl_take(e, PyList_GET_ITEM(o, k), l->data + k * e->nparts, &owned);
        if (r == 0 && in->quiet) {
            l->len = k; /* what is there so far is given back with the list */
            return 0;
        }
        if (r < 0 || (r == 0 && mixed(t, o, k) < 0)) return -1;
    }
    return 1;
}

/* 0 when the list is plainly of another type, judged by its first item. */
static int first_fits(const hl_type *t, PyObject *o)
{
    if (PyList_GET_SIZE(o) == 0) return 1; /* an empty list is any list */
    PyObject *first = PyList_GET_ITEM(o, 0);
    if (t->elem == hl_T.float64 && PyFloat_CheckExact(first)) return 1;
    if (hl_is_number(t->elem) || t->elem->kind == HL_K_STR) {
        const hl_type *own = hl_typeof(first);
        return own ? own == t->elem : (PyErr_Clear(), 0);
    }
    const hl_type *own = hl_typeof(o);
    if (!own) return PyErr_Clear(), 0;
    return own == t || (own->has_var && own->elem->kind == t->elem->kind); /* empty lists inside: the items decide */
}

int hl_take_list(const hl_type *t, PyObject *o, hl_slot *s, hl_intake *in)
{
    hl_passed *before = in->traffic ? find_py(in->traffic, o) : NULL;
    if (before) {
        if (before->type != t) return 0;
        hl_retain(&before->list->head);
        s->p = before->list;
        return 1;
    }
    if (t->elem->nparts > 64) {
        hl_error("UnsupportedTypeError", "a list of %s is not supported: its items have more than 64 parts", t->elem->name);
        return -1;
    }
    int fits = first_fits(t, o);
    if (fits <= 0) return fits;
    hl_list *l = hl_list_new(PyList_GET_SIZE(o), t->elem->nparts, mem_mask(t->elem));
    if (!l) return -1;
    int taken = take_items(t, o, l, in);
    if (taken == 1 && in->traffic && traffic_add(in->traffic, o, l, t) < 0) taken = -1;
    if (taken != 1) {
        hl_release(&l->head);
        return taken;
    }
    s->p = l;
    return 1;
}

/* --- out ----------------------------------------------------------------------------------------------------------------------- */

static PyObject *box_item(const hl_type *e, const hl_slot *s, hl_traffic *tr)
{
    if (e == hl_T.float64) return PyFloat_FromDouble(s->f);
    if (e == hl_T.int64) return PyLong_FromLongLong(s->i);
    return hl_box(e, s, tr);
}

PyObject *hl_box_list(const hl_type *t, hl_list *l, hl_traffic *tr)
{
    PyObject *known = tr ? hl_traffic_object(tr, l) : NULL;
    if (known) return Py_NewRef(known);
    const hl_type *e = t->elem;
    PyObject *o = PyList_New(l->len);
    if (!o) return NULL;
    PyObject **items = ((PyListObject *)o)->ob_item;
    for (int64_t k = 0; k < l->len; k++)
        if (!(items[k] = box_item(e, l->data + k * e->nparts, tr))) return Py_DECREF(o), NULL;
    return o;
}

/* The object for an item after the call: the old one where nothing changed. */
static PyObject *item_after(const hl_type *e, const hl_slot *s, PyObject *old, hl_traffic *tr)
{
    if (old) {
        if (e == hl_T.float64 && PyFloat_CheckExact(old)) {
            double was = PyFloat_AS_DOUBLE(old);
            if (!memcmp(&was, &s->f, sizeof was)) return Py_NewRef(old);
        } else if (hl_box_is(e, s, old, tr))
            return Py_NewRef(old);
    }
    return box_item(e, s, tr);
}

static int write_back(hl_passed *p, hl_traffic *tr)
{
    hl_list *l = p->list;
    const hl_type *e = p->type->elem;
    PyObject *fresh = PyList_New(l->len);
    if (!fresh) return -1;
    for (int64_t k = 0; k < l->len; k++) {
        PyObject *old = k < PyList_GET_SIZE(p->py) ? PyList_GET_ITEM(p->py, k) : NULL;
        PyObject *v = item_after(e, l->data + k * e->nparts, old, tr);
        if (!v) return Py_DECREF(fresh), -1;
        PyList_SET_ITEM(fresh, k, v);
    }
    int r = PyList_SetSlice(p->py, 0, PY_SSIZE_T_MAX, fresh);
    Py_DECREF(fresh);
    return r;
}

int hl_traffic_write_back(hl_traffic *tr)
{
    PyObject *cls, *value, *trace;
    PyErr_Fetch(&cls, &value, &trace);
    for (int k = 0; k < tr->n; k++)
        if (tr->at[k].list->dirty && write_back(&tr->at[k], tr) < 0) {
            Py_XDECREF(cls), Py_XDECREF(value), Py_XDECREF(trace);
            return -1;
        }
    PyErr_Restore(cls, value, trace);
    return 0;
}
