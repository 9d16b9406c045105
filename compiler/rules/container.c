/* Types of tuples, and what container rows share.
 *
 * A tuple's items are known one by one, literals included, so whatever is asked of a tuple with a literal index is answered
 * here and leaves no code.  An index that is only known at run time needs items of one type. */
#include "container.h"
#include <string.h>

enum { MAX_ITEMS = 1024 };

/* --- shared questions -------------------------------------------------------------------------------------------------- */

const hl_type *hl_tuple_uniform(hl_interner *in, const hl_type *t)
{
    const hl_type *first = t->nitems ? hl_unliteral_deep(in, t->items[0]) : NULL;
    for (int k = 1; k < t->nitems; k++)
        if (hl_unliteral_deep(in, t->items[k]) != first) return NULL;
    return first;
}

int hl_tuple_offset(const hl_type *t, int k)
{
    int at = 0;
    for (int j = 0; j < k; j++) at += t->items[j]->nparts;
    return at;
}

int hl_index_at(int64_t index, int n)
{
    if (index < 0) index += n;
    return index >= 0 && index < n ? (int)index : -1;
}

/* A bound of a slice: 1 known, 0 absent, -1 only known at run time. */
static int bound(const hl_type *t, int64_t *out)
{
    if (t->kind == HL_K_NONE) return 0;
    return hl_literal_int(t, out) ? 1 : -1;
}

int hl_slice_literal(const hl_type *s, int64_t n, int64_t *start, int64_t *step)
{
    int64_t from = 0, to = 0, by = 1;
    int has_from = bound(s->items[0], &from), has_to = bound(s->items[1], &to), has_by = bound(s->items[2], &by);
    if (has_from < 0 || has_to < 0 || has_by < 0) return -1;
    if (by == 0) return -2;
    Py_ssize_t a = has_from ? from : by > 0 ? 0 : PY_SSIZE_T_MAX, b = has_to ? to : by > 0 ? PY_SSIZE_T_MAX : PY_SSIZE_T_MIN;
    if (by < -PY_SSIZE_T_MAX) by = -PY_SSIZE_T_MAX;
    Py_ssize_t count = PySlice_AdjustIndices(n, &a, &b, by);
    *start = a, *step = by;
    return (int)count;
}

/* Sorts of values that never equal a value of another sort. */
static int sort_of(const hl_type *t)
{
    t = hl_unliteral(t);
    if (hl_is_number(t)) return 1;
    switch (t->kind) {
    case HL_K_NONE: return 2;
    case HL_K_STR: return 3;
    case HL_K_TUPLE: return 4;
    case HL_K_LIST: return 5;
    default: return 0;
    }
}

const hl_type *hl_value_of(const hl_type *t)
{
    t = hl_unliteral(t);
    return t->kind == HL_K_OPTIONAL ? t->elem : t;
}

bool hl_comparable(const hl_type *a, const hl_type *b, bool less)
{
    if (hl_value_of(a) != hl_unliteral(a) || hl_value_of(b) != hl_unliteral(b)) return !less && hl_comparable(hl_value_of(a), hl_value_of(b), false);
    int sa = sort_of(a), sb = sort_of(b);
    if (!sa || !sb) return false;
    if (sa != sb) return !less;
    a = hl_unliteral(a), b = hl_unliteral(b);
    switch (sa) {
    case 1: return !less || (!hl_is_complex(a) && !hl_is_complex(b));
    case 2: return !less;
    case 3: return true;
    case 4:
        if (!less && a->nitems != b->nitems) return true;
        for (int k = 0; k < a->nitems && k < b->nitems; k++)
            if (!hl_comparable(a->items[k], b->items[k], less) || !hl_comparable(a->items[k], b->items[k], false)) return false;
        return true;
    default: return hl_comparable(a->elem, b->elem, less) && hl_comparable(a->elem, b->elem, false);
    }
}

const hl_type *hl_raw(hl_site *s, int k)
{
    const hl_type *t = s->args[k]->type ? hl_head(s->in, s->args[k]->type) : s->types[k];
    return t->kind == s->types[k]->kind ? t : s->types[k];
}

static const hl_type *literal_bool(hl_site *s, bool v) { return hl_type_literal(hl_site_types(s), v ? Py_True : Py_False); }

static const hl_type *tuple_of(hl_site *s, const hl_type *const *items, int64_t n, PyObject *cls)
{
    if (n > MAX_ITEMS) {
        hl_reject(s, "a tuple of more than %d items", MAX_ITEMS);
        return NULL;
    }
    return hl_type_tuple(hl_site_types(s), items, (int)n, cls);
}

/* --- making --------------------------------------------------------------------------------------------------------------- */

const hl_type *hl_type_build_tuple(hl_site *s)
{
    const hl_type *items[s->n + 1];
    for (int k = 0; k < s->n; k++) {
        items[k] = hl_raw(s, k);
        if (items[k]->kind != HL_K_BOUND) continue;
        hl_reject(s, "a method must be called where it is named");
        return NULL;
    }
    return tuple_of(s, items, s->n, NULL);
}

const hl_type *hl_type_namedtuple(hl_site *s)
{
    PyObject *cls = s->types[0]->obj, *fields = PyObject_GetAttrString(cls, "_fields");
    if (!fields) return NULL;
    Py_ssize_t n = PyTuple_Check(fields) ? PyTuple_GET_SIZE(fields) : -1;
    Py_DECREF(fields);
    if (n != s->n - 1) {
        hl_reject(s, "%s has %zd fields, %d values were given", ((PyTypeObject *)cls)->tp_name, n, s->n - 1);
        return NULL;
    }
    const hl_type *items[n + 1];
    for (Py_ssize_t k = 0; k < n; k++) items[k] = hl_raw(s, (int)k + 1);
    return tuple_of(s, items, n, cls);
}

const hl_type *hl_type_tuple_empty(hl_site *s) { return hl_type_tuple(hl_site_types(s), NULL, 0, NULL); }

const hl_type *hl_type_tuple_of(hl_site *s)
{
    const hl_type *t = hl_raw(s, 0);
    if (t->kind == HL_K_TUPLE) return hl_type_tuple(hl_site_types(s), t->items, t->nitems, NULL);
    hl_reject(s, "tuple(%s): the length of a tuple is part of its type, and that of the argument is not known while compiling", t->name);
    return NULL;
}

const hl_type *hl_type_list_to_tuple(hl_site *s)
{
    hl_reject(s, "the length of a tuple is part of its type, and that of this list is not known while compiling");
    return NULL;
}

/* --- items ---------------------------------------------------------------------------------------------------------------------- */

const hl_type *hl_type_tuple_field(hl_site *s)
{
    const hl_type *t = hl_raw(s, 0);
    PyObject *fields = t->obj ? PyObject_GetAttrString(t->obj, "_fields") : NULL;
    if (!fields) return PyErr_Clear(), NULL;
    Py_ssize_t at = PySequence_Index(fields, s->inst->obj);
    Py_DECREF(fields);
    if (at < 0 || at >= t->nitems) return PyErr_Clear(), NULL;
    s->inst->ival = at;
    return t->items[at];
}

const hl_type *hl_type_tuple_item(hl_site *s)
{
    const hl_type *t = hl_raw(s, 0);
    int64_t index;
    if (t->kind != HL_K_TUPLE) return NULL;
    if (s->types[1]->kind != HL_K_SLICE && !hl_is_intlike(hl_unliteral(s->types[1])))
        hl_reject(s, "tuple indices must be integers or slices, not %s", s->types[1]->name);
    if (!hl_literal_int(s->types[1], &index)) return NULL;
    int at = hl_index_at(index, t->nitems);
    if (at < 0) {
        hl_reject(s, "tuple index %lld is out of range: the tuple has %d items", (long long)index, t->nitems);
        return NULL;
    }
    s->inst->ival = at;
    return t->items[at];
}

const hl_type *hl_type_tuple_item_at(hl_site *s)
{
    const hl_type *t = s->types[0];
    int64_t index;
    if (t->kind != HL_K_TUPLE || !hl_is_intlike(hl_unliteral(s->types[1])) || hl_literal_int(s->types[1], &index)) return NULL;
    s->types[1] = hl_T.int64;
    const hl_type *elem = hl_tuple_uniform(hl_site_types(s), t);
    if (!elem) hl_reject(s, "the items of this tuple have different types, so its index must be known while compiling");
    return elem;
}

/* What emission needs to know of a literal slice. */
const hl_type *hl_type_tuple_slice(hl_site *s)
{
    const hl_type *t = hl_raw(s, 0);
    if (t->kind != HL_K_TUPLE || s->types[1]->kind != HL_K_SLICE) return NULL;
    int64_t *cut = HL_NEWN(hl_site_arena(s), int64_t, 2);
    int n = hl_slice_literal(s->types[1], t->nitems, &cut[0], &cut[1]);
    if (n < 0) {
        hl_reject(s, n == -2 ? "slice step cannot be zero" : "the bounds of a tuple's slice must be known while compiling");
        return NULL;
    }
    const hl_type *items[n ? n : 1];
    for (int k = 0; k < n; k++) items[k] = t->items[cut[0] + k * cut[1]];
    s->inst->data = cut;
    return hl_type_tuple(hl_site_types(s), items, n, NULL);
}

const hl_type *hl_type_tuple_concat(hl_site *s)
{
    const hl_type *a = hl_raw(s, 0), *b = hl_raw(s, 1);
    if (a->kind != HL_K_TUPLE || b->kind != HL_K_TUPLE) return NULL;
    const hl_type *items[a->nitems + b->nitems + 1];
    if (a->nitems) memcpy(items, a->items, sizeof *items * a->nitems);
    if (b->nitems) memcpy(items + a->nitems, b->items, sizeof *items * b->nitems);
    return tuple_of(s, items, a->nitems + b->nitems, NULL);
}

const hl_type *hl_type_tuple_repeat(hl_site *s)
{
    int side = s->types[0]->kind == HL_K_TUPLE ? 0 : 1;
    const hl_type *t = hl_raw(s, side), *by = s->types[1 - side];
    if (t->kind != HL_K_TUPLE || !hl_is_intlike(hl_unliteral(by))) return NULL;
    int64_t times;
    if (!hl_literal_int(by, &times)) {
        hl_reject(s, "a tuple's length is part of its type: it is repeated only by a number known while compiling");
        return NULL;
    }
    if (times < 0) times = 0;
    if (t->nitems && times > MAX_ITEMS) times = MAX_ITEMS + 1;
    if (!t->nitems) times = 0;
    int64_t n = times * t->nitems;
    if (n > MAX_ITEMS) return tuple_of(s, NULL, n, NULL);
    const hl_type *items[n ? n : 1];
    for (int64_t k = 0; k < n; k++) items[k] = t->items[k % t->nitems];
    return tuple_of(s, items, n, NULL);
}

const hl_type *hl_type_tuple_truth(hl_site *s)
{
    return s->types[0]->kind == HL_K_TUPLE ? literal_bool(s, s->types[0]->nitems != 0) : NULL;
}

const hl_type *hl_type_len_tuple(hl_site *s)
{
    if (s->types[0]->kind != HL_K_TUPLE) return NULL;
    PyObject *n = PyLong_FromLong(s->types[0]->nitems);
    const hl_type *t = n ? hl_type_literal(hl_site_types(s), n) : NULL;
    Py_XDECREF(n);
    return t;
}

bool hl_has_truth(const hl_type *t)
{
    t = hl_value_of(t);
    switch (t->kind) {
    case HL_K_TUPLE: case HL_K_LIST: case HL_K_NONE: case HL_K_STR: case HL_K_RANGE: return true;
    default: return hl_is_number(t);
    }
}

/* bool(x) of what is not a number. */
const hl_type *hl_type_bool_of(hl_site *s)
{
    const hl_type *t = s->types[0];
    switch (hl_unliteral(t)->kind) {
    case HL_K_TUPLE: return literal_bool(s, t->nitems != 0);
    case HL_K_NONE: return literal_bool(s, false);
    case HL_K_EXCEPTION: return literal_bool(s, true);
    case HL_K_STR: if (hl_is_literal(t)) return literal_bool(s, PyUnicode_GET_LENGTH(t->obj) != 0); /* fall through */
    case HL_K_LIST: case HL_K_RANGE: return hl_T.boolean;
    case HL_K_OPTIONAL: return hl_has_truth(t) ? hl_T.boolean : NULL;
    default: return NULL;
    }
}

static bool items_comparable(hl_site *s, const hl_type *t, const hl_type *value)
{
    for (int k = 0; k < t->nitems; k++)
        if (!hl_comparable(t->items[k], value, false)) {
            hl_reject(s, "%s and %s cannot be compared", t->items[k]->name, value->name);
            return false;
        }
    return true;
}

const hl_type *hl_type_tuple_count(hl_site *s) { return items_comparable(s, s->types[0], s->types[1]) ? hl_T.int64 : NULL; }

const hl_type *hl_type_tuple_index(hl_site *s)
{
    for (int k = 2; k < 4; k++) {
        if (s->types[k]->kind == HL_K_OMITTED) continue;
        if (!hl_is_intlike(hl_unliteral(s->types[k]))) return NULL;
        s->types[k] = hl_T.int64;
    }
    return hl_type_tuple_count(s);
}

/* --- unpacking --------------------------------------------------------------------------------------------------------------------- */

const hl_type *hl_type_unpack_tuple(hl_site *s)
{
    const hl_type *t = hl_raw(s, 0);
    if (t->kind != HL_K_TUPLE) return NULL;
    if (t->nitems > s->inst->ival) hl_reject(s, "too many values to unpack (expected %lld, got %d)", (long long)s->inst->ival, t->nitems);
    else if (t->nitems < s->inst->ival)
        hl_reject(s, "not enough values to unpack (expected %lld, got %d)", (long long)s->inst->ival, t->nitems);
    return t->nitems == s->inst->ival ? t : NULL;
}

static const hl_type *same_items(hl_site *s, const hl_type *elem)
{
    int64_t n = s->inst->ival;
    const hl_type *items[n ? n : 1];
    for (int64_t k = 0; k < n; k++) items[k] = elem;
    return tuple_of(s, items, n, NULL);
}

const hl_type *hl_type_unpack_list(hl_site *s)
{
    return s->types[0]->kind == HL_K_LIST ? same_items(s, hl_raw(s, 0)->elem) : NULL;
}

const hl_type *hl_type_unpack_iterable(hl_site *s)
{
    const char *why = NULL;
    const hl_type *iter = hl_iter_over(hl_site_types(s), hl_raw(s, 0), &why);
    if (iter) return same_items(s, iter->elem);
    if (s->types[0]->kind != HL_K_TUPLE) /* the row before has said what is wrong with a tuple */
        hl_reject(s, "cannot unpack %s: %s", s->types[0]->name, why);
    return NULL;
}

/* a, *b, c = tuple: the items in the middle become a list. */
const hl_type *hl_type_unpack_ex_tuple(hl_site *s)
{
    const hl_type *t = hl_raw(s, 0);
    if (t->kind != HL_K_TUPLE) return NULL;
    int before = (int)(s->inst->ival & 255), after = (int)(s->inst->ival >> 8), rest = t->nitems - before - after;
    if (rest < 0) {
        hl_reject(s, "not enough values to unpack (expected at least %d, got %d)", before + after, t->nitems);
        return NULL;
    }
    const hl_type *elem = hl_T.unknown;
    int first = rest ? before : 0, n = rest ? rest : t->nitems; /* an empty rest has the type of its neighbours */
    for (int k = first; k < first + n; k++) {
        const hl_type *u = hl_unify(hl_site_types(s), elem, hl_unliteral_deep(hl_site_types(s), t->items[k]));
        if (!u && rest) {
            hl_reject(s, "*%s would be a list of %s and %s", "rest", elem->name, t->items[k]->name);
            return NULL;
        }
        if (u) elem = u;
    }
    if (elem->kind == HL_K_UNKNOWN) elem = hl_T.int64;
    const hl_type *items[before + after + 1];
    for (int k = 0; k < before; k++) items[k] = t->items[k];
    items[before] = hl_type_list(hl_site_types(s), hl_unliteral_deep(hl_site_types(s), elem));
    for (int k = 0; k < after; k++) items[before + 1 + k] = t->items[before + rest + k];
    return tuple_of(s, items, before + after + 1, NULL);
}

const hl_type *hl_type_unpack_ex_list(hl_site *s)
{
    if (s->types[0]->kind != HL_K_LIST) return NULL;
    int before = (int)(s->inst->ival & 255), after = (int)(s->inst->ival >> 8);
    const hl_type *items[before + after + 1];
    for (int k = 0; k <= before + after; k++) items[k] = k == before ? hl_raw(s, 0) : hl_raw(s, 0)->elem;
    return tuple_of(s, items, before + after + 1, NULL);
}

/* Also the arguments that a *args tuple brings (infer/call.c). */
const hl_type *hl_type_unpack_item(hl_site *s)
{
    const hl_type *t = hl_raw(s, 0);
    return t->kind == HL_K_TUPLE && s->inst->ival < t->nitems ? t->items[s->inst->ival] : NULL;
}

/* --- comparison ---------------------------------------------------------------------------------------------------------------------- */

static bool is_sequence(const hl_type *t) { return t->kind == HL_K_TUPLE || t->kind == HL_K_LIST; }

const hl_type *hl_type_seq_compare(hl_site *s)
{
    const hl_type *a = s->types[0], *b = s->types[1];
    int op = s->rule->op;
    bool less = op != HL_OP_eq && op != HL_OP_ne;
    if (!is_sequence(a) && !is_sequence(b)) return NULL;
    for (int k = 0; k < 2; k++) { /* beside [] as it is written: that takes the type of the other one's items */
        bool empty = s->args[k]->op == HL_OP_build_list && !s->args[k]->nargs;
        if (empty && s->types[!k]->kind == HL_K_LIST && hl_bind(s->in, hl_raw(s, k)->elem, hl_raw(s, !k)->elem)) return hl_T.boolean;
    }
    if (!hl_comparable(a, b, less)) {
        if (is_sequence(a) && is_sequence(b)) hl_reject(s, "%s and %s cannot be compared", a->name, b->name);
        return NULL;
    }
    return hl_T.boolean;
}

/* == and != where None may be on either side: None equals None alone. */
const hl_type *hl_type_optional_compare(hl_site *s)
{
    const hl_type *a = s->types[0], *b = s->types[1];
    if (a->kind != HL_K_OPTIONAL && b->kind != HL_K_OPTIONAL) return NULL;
    return hl_comparable(a, b, false) ? hl_T.boolean : NULL;
}

/* Equality of two literals, decided here; -1 when they are not both literals. */
static int literal_equal(const hl_type *a, const hl_type *b)
{
    if (!hl_is_literal(a) || !hl_is_literal(b)) return -1;
    int r = PyObject_RichCompareBool(a->obj, b->obj, Py_EQ);
    if (r < 0) PyErr_Clear();
    return r;
}

const hl_type *hl_type_seq_in(hl_site *s)
{
    const hl_type *x = s->types[0], *t = s->types[1];
    if (t->kind == HL_K_LIST) {
        if (t->elem->has_var) return hl_T.boolean;
        if (hl_comparable(t->elem, x, false)) return hl_T.boolean;
        hl_reject(s, "%s and %s cannot be compared", t->elem->name, x->name);
        return NULL;
    }
    if (t->kind != HL_K_TUPLE || !items_comparable(s, t, x)) return NULL;
    bool all = true, found = false;
    for (int k = 0; k < t->nitems; k++) {
        int r = literal_equal(x, t->items[k]);
        all &= r >= 0, found |= r == 1;
    }
    if (found || all) return literal_bool(s, found == (s->rule->op == HL_OP_in));
    return hl_T.boolean;
}

/* --- isinstance ---------------------------------------------------------------------------------------------------------------------- */

/* Python class (by module-qualified name) and the kinds of values that are instances of it. */
static const struct { const char *name; unsigned kinds; } classes[] = {
    {"builtins.int", 1u << HL_K_INT | 1u << HL_K_BOOL}, {"builtins.float", 1u << HL_K_FLOAT}, {"builtins.bool", 1u << HL_K_BOOL},
    {"builtins.complex", 1u << HL_K_COMPLEX}, {"builtins.str", 1u << HL_K_STR}, {"builtins.tuple", 1u << HL_K_TUPLE},
    {"builtins.list", 1u << HL_K_LIST}, {"builtins.range", 1u << HL_K_RANGE}, {"builtins.slice", 1u << HL_K_SLICE},
    {"builtins.NoneType", 1u << HL_K_NONE}, {"builtins.dict", 0}, {"builtins.set", 0}, {"builtins.frozenset", 0}, {"builtins.bytes", 0},
    {"builtins.object", ~0u}, {"numpy.ndarray", 1u << HL_K_ARRAY},
    /* numbers compiled code computes with are Python's and NumPy's at once */
    {"numpy.integer", 1u << HL_K_INT}, {"numpy.signedinteger", 1u << HL_K_INT}, {"numpy.unsignedinteger", 1u << HL_K_INT},
    {"numpy.floating", 1u << HL_K_FLOAT}, {"numpy.inexact", 1u << HL_K_FLOAT | 1u << HL_K_COMPLEX},
    {"numpy.complexfloating", 1u << HL_K_COMPLEX}, {"numpy.bool", 1u << HL_K_BOOL}, {"numpy.bool_", 1u << HL_K_BOOL},
    {"numpy.number", 1u << HL_K_INT | 1u << HL_K_FLOAT | 1u << HL_K_COMPLEX},
    {"numpy.generic", 1u << HL_K_INT | 1u << HL_K_FLOAT | 1u << HL_K_COMPLEX | 1u << HL_K_BOOL},
    {"numbers.Number", 1u << HL_K_INT | 1u << HL_K_BOOL | 1u << HL_K_FLOAT | 1u << HL_K_COMPLEX},
    {"numbers.Integral", 1u << HL_K_INT | 1u << HL_K_BOOL}, {"numbers.Real", 1u << HL_K_INT | 1u << HL_K_BOOL | 1u << HL_K_FLOAT},
};

/* 1 yes, 0 no, -1 the class is not known here. */
static int is_instance(const hl_type *t, PyObject *cls)
{
    if (!PyType_Check(cls)) return -1;
    const char *name = ((PyTypeObject *)cls)->tp_name;
    if (t->kind == HL_K_TUPLE && t->obj && PyType_IsSubtype((PyTypeObject *)t->obj, (PyTypeObject *)cls)) return 1;
    if (t->kind == HL_K_EXCEPTION && t->obj) return PyType_IsSubtype((PyTypeObject *)t->obj, (PyTypeObject *)cls);
    PyObject *module = PyObject_GetAttrString(cls, "__module__");
    const char *m = module && PyUnicode_Check(module) ? PyUnicode_AsUTF8(module) : "";
    const char *dot = strrchr(name, '.');
    const char *plain = dot ? dot + 1 : name;
    int r = -1;
    for (size_t k = 0; r < 0 && k < sizeof classes / sizeof *classes; k++) {
        size_t n = strlen(m);
        if (!strncmp(classes[k].name, m, n) && classes[k].name[n] == '.' && !strcmp(classes[k].name + n + 1, plain)) {
            r = (classes[k].kinds >> t->kind) & 1;
            if (r && t->kind == HL_K_INT && !strcmp(plain, "signedinteger")) r = (t->flags & HL_T_SIGNED) != 0;
            if (r && t->kind == HL_K_INT && !strcmp(plain, "unsignedinteger")) r = !(t->flags & HL_T_SIGNED);
        }
    }
    Py_XDECREF(module);
    PyErr_Clear();
    if (r >= 0) return r;
    const hl_type *scalar = hl_dtype_of(&(hl_type){.kind = HL_K_CONST, .obj = cls}, NULL); /* np.float32 and the like */
    if (scalar) return t == scalar;
    return PyType_IsSubtype((PyTypeObject *)cls, &PyTuple_Type) || PyExceptionClass_Check(cls) ? 0 : -1;
}

static int is_instance_any(hl_site *s, const hl_type *t, const hl_type *classes)
{
    if (classes->kind == HL_K_CONST) {
        int r = is_instance(t, classes->obj);
        if (r < 0) hl_reject(s, "isinstance(%s, %s): this class is not known to compiled code", t->name, classes->name);
        return r;
    }
    if (classes->kind == HL_K_DTYPE) return t == classes->elem;
    if (classes->kind != HL_K_TUPLE) {
        hl_reject(s, "isinstance() arg 2 must be a type or tuple of types known while compiling");
        return -1;
    }
    int found = 0;
    for (int k = 0; k < classes->nitems; k++) {
        int r = is_instance_any(s, t, classes->items[k]);
        if (r < 0) return -1;
        found |= r;
    }
    return found;
}

const hl_type *hl_type_isinstance(hl_site *s)
{
    const hl_type *t = hl_unliteral(s->types[0]);
    if (t->kind == HL_K_EXCEPTION && !t->obj) return NULL;
    int r = is_instance_any(s, hl_value_of(t), s->types[1]), none = t->kind == HL_K_OPTIONAL && r >= 0 ? is_instance_any(s, hl_T.none, s->types[1]) : r;
    if (r < 0 || none < 0) return NULL;
    s->inst->ival = none; /* the answer for None, where the two differ */
    return r == none ? literal_bool(s, r) : hl_T.boolean;
}
