/* What CPython says when None stands where a value is wanted.
 *
 * An operand that may be None is taken for its value where no rule knows what to do with None (hl_infer_unwrap); the check that finish
 * puts in front of the instruction raises what the interpreter would have raised there: the class and the words depend on the operation,
 * and on which operand is None.  The other operand's class is told by its type; that it is None as well is not foreseen. */
#include "private.h"
#include <string.h>

static const struct { uint8_t op; const char *sign; } signs[] = {
    {HL_OP_add, "+"}, {HL_OP_sub, "-"}, {HL_OP_mul, "*"}, {HL_OP_truediv, "/"}, {HL_OP_floordiv, "//"}, {HL_OP_mod, "%"}, {HL_OP_pow, "**"},
    {HL_OP_lshift, "<<"}, {HL_OP_rshift, ">>"}, {HL_OP_and, "&"}, {HL_OP_or, "|"}, {HL_OP_xor, "^"}, {HL_OP_matmul, "@"},
};
static const struct { uint8_t op; const char *sign; } orders[] = {{HL_OP_lt, "<"}, {HL_OP_le, "<="}, {HL_OP_gt, ">"}, {HL_OP_ge, ">="}};

/* Operations by one operand: what is said when that is None. */
static const struct { uint8_t op, operand; const char *text; } others[] = {
    {HL_OP_neg, 0, "bad operand type for unary -: 'NoneType'"},
    {HL_OP_pos, 0, "bad operand type for unary +: 'NoneType'"},
    {HL_OP_invert, 0, "bad operand type for unary ~: 'NoneType'"},
    {HL_OP_in, 1, "argument of type 'NoneType' is not iterable"},
    {HL_OP_not_in, 1, "argument of type 'NoneType' is not iterable"},
    {HL_OP_getitem, 0, "'NoneType' object is not subscriptable"},
    {HL_OP_setitem, 0, "'NoneType' object does not support item assignment"},
    {HL_OP_delitem, 0, "'NoneType' object does not support item deletion"},
    {HL_OP_getiter, 0, "'NoneType' object is not iterable"},
    {HL_OP_unpack, 0, "cannot unpack non-iterable NoneType object"},
    {HL_OP_unpack_ex, 0, "cannot unpack non-iterable NoneType object"},
};

/* Functions, by their first operand. */
static const struct { const char *key, *text; } functions[] = {
    {"builtins.len", "object of type 'NoneType' has no len()"},
    {"builtins.abs", "bad operand type for abs(): 'NoneType'"},
    {"builtins.range", "'NoneType' object cannot be interpreted as an integer"},
    {"builtins.int", "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'"},
    {"builtins.float", "float() argument must be a string or a real number, not 'NoneType'"},
    {"builtins.round", "type NoneType doesn't define __round__ method"},
    {"builtins.sum", "'NoneType' object is not iterable"},
    {"builtins.any", "'NoneType' object is not iterable"},
    {"builtins.all", "'NoneType' object is not iterable"},
    {"builtins.sorted", "'NoneType' object is not iterable"},
    {"builtins.list", "'NoneType' object is not iterable"},
    {"builtins.enumerate", "'NoneType' object is not iterable"},
    {"builtins.reversed", "'NoneType' object is not reversible"},
};

/* The Python class of values of a type, as messages name it; NULL: its operators do not say such things. */
static const char *class_name(const hl_type *t)
{
    t = hl_unliteral(t);
    switch (t->kind) {
    case HL_K_BOOL: return "bool";
    case HL_K_INT: return "int";
    case HL_K_FLOAT: return "float";
    case HL_K_COMPLEX: return "complex";
    case HL_K_NONE: return "NoneType";
    case HL_K_STR: return "str";
    case HL_K_LIST: return "list";
    case HL_K_TUPLE: return t->obj ? strrchr(((PyTypeObject *)t->obj)->tp_name, '.') ? NULL : ((PyTypeObject *)t->obj)->tp_name : "tuple";
    case HL_K_RANGE: return "range";
    case HL_K_OPTIONAL: return class_name(t->elem);
    default: return NULL;
    }
}

static PyObject *of_operator(const hl_inst *i, int k)
{
    const char *other = i->nargs == 2 ? class_name(i->args[!k]->type) : NULL, *none = "NoneType";
    if (!other) return NULL;
    const char *left = k ? other : none, *right = k ? none : other;
    for (size_t n = 0; n < sizeof signs / sizeof *signs; n++)
        if (signs[n].op == i->op) {
            const char *also = i->op == HL_OP_pow && !(i->flags & HL_I_INPLACE) ? " or pow()" : "";
            return PyUnicode_FromFormat("unsupported operand type(s) for %s%s%s: '%s' and '%s'", signs[n].sign, i->flags & HL_I_INPLACE ? "=" : "", also, left, right);
        }
    for (size_t n = 0; n < sizeof orders / sizeof *orders; n++)
        if (orders[n].op == i->op)
            return PyUnicode_FromFormat("'%s' not supported between instances of '%s' and '%s'", orders[n].sign, left, right);
    return NULL;
}

static PyObject *text_of(const hl_inst *i, int k)
{
    if (i->rule && i->rule->kind == HL_RULE_FUNC) {
        for (size_t n = 0; k == 0 && n < sizeof functions / sizeof *functions; n++)
            if (!strcmp(functions[n].key, i->rule->key)) return PyUnicode_FromString(functions[n].text);
        return strncmp(i->rule->key, "math.", 5) ? NULL : PyUnicode_FromString("must be real number, not NoneType");
    }
    for (size_t n = 0; n < sizeof others / sizeof *others; n++)
        if (others[n].op == i->op && others[n].operand == k) return PyUnicode_FromString(others[n].text);
    if (k == 1 && (i->op == HL_OP_getitem || i->op == HL_OP_setitem || i->op == HL_OP_delitem)) {
        const char *name = class_name(i->args[0]->type);
        if (name && !strcmp(name, "str")) return PyUnicode_FromString("string indices must be integers, not 'NoneType'");
        return name ? PyUnicode_FromFormat("%s indices must be integers or slices, not NoneType", name) : NULL;
    }
    return of_operator(i, k);
}

PyObject *hl_none_error(const hl_inst *i, int k)
{
    bool method = i->rule && i->rule->kind == HL_RULE_METHOD && k == 0, attribute = method || (i->op == HL_OP_getattr && i->obj);
    PyObject *text = method      ? PyUnicode_FromFormat("'NoneType' object has no attribute '%s'", i->rule->key)
                     : attribute ? PyUnicode_FromFormat("'NoneType' object has no attribute '%U'", i->obj)
                                 : text_of(i, k);
    if (!text) {
        PyErr_Clear();
        text = PyUnicode_FromString("expected a value, got None");
    }
    PyObject *pair = text ? PyTuple_Pack(2, attribute ? PyExc_AttributeError : PyExc_TypeError, text) : NULL;
    Py_XDECREF(text);
    return pair;
}
