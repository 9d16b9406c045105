/* Types of strings.  What is known of literals is decided here, so `if mode == "fast"` leaves no code. */
#include "text.h"
#include "container.h"

static bool is_str(const hl_type *t) { return hl_unliteral(t)->kind == HL_K_STR; }

static const hl_type *literal_of(hl_site *s, PyObject *owned)
{
    const hl_type *t = owned ? hl_type_literal(hl_site_types(s), owned) : NULL;
    Py_XDECREF(owned);
    return t;
}

bool hl_boxable(const hl_type *t)
{
    t = hl_unliteral(t);
    switch (t->kind) {
    case HL_K_CLOSURE: case HL_K_BOUND: case HL_K_ITER: case HL_K_CONST: case HL_K_DTYPE: case HL_K_ELLIPSIS: case HL_K_OMITTED:
    case HL_K_DISPATCHER: case HL_K_WINDOW: case HL_K_POINTER: return false;
    case HL_K_LIST: case HL_K_OPTIONAL: return hl_boxable(t->elem);
    case HL_K_TUPLE:
        for (int k = 0; k < t->nitems; k++)
            if (!hl_boxable(t->items[k])) return false;
        return true;
    default: return true;
    }
}

const hl_type *hl_type_str_compare(hl_site *s)
{
    const hl_type *a = s->types[0], *b = s->types[1];
    int op = s->rule->op;
    if (!is_str(a) && !is_str(b)) return NULL;
    if (is_str(a) && is_str(b)) {
        static const int codes[] = {Py_LT, Py_LE, Py_EQ, Py_NE, Py_GT, Py_GE}, ops[] = {HL_OP_lt, HL_OP_le, HL_OP_eq, HL_OP_ne, HL_OP_gt, HL_OP_ge};
        if (!hl_is_literal(a) || !hl_is_literal(b)) return hl_T.boolean;
        for (int k = 0; k < 6; k++)
            if (ops[k] == op) return literal_of(s, PyObject_RichCompare(a->obj, b->obj, codes[k]));
    }
    if ((op == HL_OP_eq || op == HL_OP_ne) && hl_comparable(a, b, false)) /* a str never equals anything else */
        return hl_type_literal(hl_site_types(s), op == HL_OP_ne ? Py_True : Py_False);
    return NULL;
}

const hl_type *hl_type_str_in(hl_site *s)
{
    const hl_type *a = s->types[0], *b = s->types[1];
    if (!is_str(a) || !is_str(b)) return NULL;
    if (!hl_is_literal(a) || !hl_is_literal(b)) return hl_T.boolean;
    bool in = PyUnicode_Contains(b->obj, a->obj) == 1;
    return hl_type_literal(hl_site_types(s), in == (s->rule->op == HL_OP_in) ? Py_True : Py_False);
}

const hl_type *hl_type_str_concat(hl_site *s)
{
    const hl_type *a = s->types[0], *b = s->types[1];
    return is_str(a) && is_str(b) ? hl_T.str : NULL;
}

const hl_type *hl_type_str_repeat(hl_site *s)
{
    int times = is_str(s->types[0]) ? 1 : 0;
    if (!is_str(s->types[!times]) || !hl_is_intlike(hl_unliteral(s->types[times]))) return NULL;
    s->types[times] = hl_T.int64;
    return hl_T.str;
}

const hl_type *hl_type_str_truth(hl_site *s)
{
    const hl_type *t = s->types[0];
    if (!is_str(t)) return NULL;
    return hl_is_literal(t) ? hl_type_literal(hl_site_types(s), PyUnicode_GET_LENGTH(t->obj) ? Py_True : Py_False) : hl_T.boolean;
}

const hl_type *hl_type_len_str(hl_site *s)
{
    const hl_type *t = s->types[0];
    if (!is_str(t)) return NULL;
    return hl_is_literal(t) ? literal_of(s, PyLong_FromSsize_t(PyUnicode_GET_LENGTH(t->obj))) : hl_T.int64;
}

/* list(text), which is also how everything else goes over text (hl_infer_take_sequences). */
const hl_type *hl_type_chars(hl_site *s)
{
    if (!is_str(s->types[0])) return NULL;
    const hl_type *var = hl_fresh_var(s->in, s->inst);
    return hl_bind(s->in, var, hl_T.str) ? hl_type_list(hl_site_types(s), var) : NULL;
}

/* What CPython makes of literals; NULL when that raises: it then does at run time, too. */
static const hl_type *folded(hl_site *s, PyObject *owned)
{
    if (!owned) PyErr_Clear();
    return literal_of(s, owned);
}

const hl_type *hl_type_str_item(hl_site *s)
{
    const hl_type *t = s->types[0], *at = s->types[1], *known = NULL;
    int64_t k;
    if (!is_str(t) || at->kind == HL_K_SLICE) return NULL;
    if (!hl_is_intlike(hl_unliteral(at))) {
        hl_reject(s, "string indices must be integers, not %s", at->name);
        return NULL;
    }
    if (hl_is_literal(t) && hl_literal_int(at, &k)) known = folded(s, PySequence_GetItem(t->obj, (Py_ssize_t)(k < 0 ? k + PyUnicode_GET_LENGTH(t->obj) : k)));
    s->types[0] = hl_T.str;
    s->types[1] = hl_T.int64;
    return known ? known : hl_T.str;
}

const hl_type *hl_type_str_slice(hl_site *s)
{
    if (!is_str(s->types[0]) || !hl_slice_of_ints(s, s->types[1])) return NULL;
    s->types[0] = hl_T.str;
    return hl_T.str;
}

const hl_type *hl_type_ord(hl_site *s)
{
    const hl_type *t = s->types[0];
    if (!is_str(t)) return NULL;
    s->types[0] = hl_T.str;
    if (!hl_is_literal(t) || PyUnicode_GET_LENGTH(t->obj) != 1) return hl_T.int64;
    return literal_of(s, PyLong_FromUnsignedLong(PyUnicode_READ_CHAR(t->obj, 0)));
}

const hl_type *hl_type_chr(hl_site *s)
{
    if (!hl_is_intlike(hl_unliteral(s->types[0]))) return NULL;
    s->types[0] = hl_T.int64;
    return hl_T.str;
}

static const hl_type *boxed(hl_site *s, int k)
{
    if (hl_boxable(s->types[k])) return hl_T.str;
    hl_reject(s, "%s cannot be made a str in compiled code", s->types[k]->name);
    return NULL;
}

const hl_type *hl_type_str_of(hl_site *s) { return boxed(s, 0); }

const hl_type *hl_type_format(hl_site *s)
{
    return s->types[1]->kind == HL_K_NONE || is_str(s->types[1]) ? boxed(s, 0) : NULL;
}

const hl_type *hl_type_build_string(hl_site *s)
{
    for (int k = 0; k < s->n; k++)
        if (!is_str(s->types[k])) return NULL;
    return hl_T.str;
}

/* Rows put named parameters first: sep, end, then what is printed. */
const hl_type *hl_type_print(hl_site *s)
{
    for (int k = 0; k < 2; k++)
        if (s->types[k]->kind != HL_K_OMITTED && s->types[k]->kind != HL_K_NONE && !is_str(s->types[k])) {
            hl_reject(s, "%s must be None or a string, not %s", k ? "end" : "sep", s->types[k]->name);
            return NULL;
        }
    if (s->types[2]->kind != HL_K_OMITTED && !hl_has_truth(s->types[2])) {
        hl_reject(s, "flush is a bool, not %s", s->types[2]->name);
        return NULL;
    }
    for (int k = 3; k < s->n; k++)
        if (!boxed(s, k)) return NULL;
    return hl_T.none;
}
