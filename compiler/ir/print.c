/* The text form of the graph.  parse.c reads it back; printing what was parsed gives the same text.
 *
 *   func @name(a: int64, b) -> float64 {
 *   b0:
 *     %0 = param 0 : int64                        ; 3:12
 *     %1 = const 2.5 : Literal[2.5](float64)
 *     %2 = add %0, %1 : float64 !inplace [float_add] unwind(%7)
 *     %3 = call ('axis',), %8, %0, %1             immediates come first: an integer, or a Python value
 *     branch %3, b1, b2
 *   b1: handler b4                                where control goes when an instruction of this block raises
 *     %5 = phi b0 %2, b3 %6                       the order of the pairs is the order of the predecessors
 *     …
 *   }
 *
 * Parts that are not there (type before inference, rule, flags, span) are not printed.  Python values are written as
 * repr does for None, bool, int, float, complex, str, bytes, Ellipsis and tuples of them, and as @module.qualname
 * otherwise.  What rules remember in inst->data has no text.
 */
#include "ir.h"
#include "../infer/infer.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hl_text_printf(hl_text *t, const char *fmt, ...)
{
    for (;;) {
        size_t room = t->cap - t->len;
        va_list ap;
        va_start(ap, fmt);
        int n = vsnprintf(t->at ? t->at + t->len : NULL, room, fmt, ap);
        va_end(ap);
        if (n < 0) return;
        if ((size_t)n < room) {
            t->len += (size_t)n;
            return;
        }
        size_t cap = (t->len + (size_t)n + 1) * 2;
        char *p = realloc(t->at, cap);
        if (!p) return; /* the text is for people: a shorter one beats none */
        t->at = p, t->cap = cap;
    }
}

void hl_text_free(hl_text *t)
{
    free(t->at);
    *t = (hl_text){0};
}

/* --- Python values ---------------------------------------------------------------------------------------------- */

static void put_str(hl_text *out, PyObject *s)
{
    const char *u = s && PyUnicode_Check(s) ? PyUnicode_AsUTF8(s) : NULL;
    if (!u) PyErr_Clear();
    hl_text_printf(out, "%s", u ? u : "?");
}

static void put_repr(hl_text *out, PyObject *o)
{
    PyObject *r = PyObject_Repr(o);
    if (!r) PyErr_Clear();
    put_str(out, r);
    Py_XDECREF(r);
}

/* @module.qualname; ufuncs of older NumPy releases do not name their module. */
static void put_name(hl_text *out, PyObject *o)
{
    hl_text_printf(out, "@");
    PyObject *name = NULL;
    if (PyModule_Check(o)) {
        name = PyModule_GetNameObject(o);
    } else {
        PyObject *module = PyObject_GetAttrString(o, "__module__");
        if (!module) PyErr_Clear();
        name = PyObject_GetAttrString(o, "__qualname__");
        if (!name) PyErr_Clear(), name = PyObject_GetAttrString(o, "__name__");
        if (name && module && PyUnicode_Check(module)) put_str(out, module), hl_text_printf(out, ".");
        else if (name && !strcmp(Py_TYPE(o)->tp_name, "numpy.ufunc")) hl_text_printf(out, "numpy.");
        Py_XDECREF(module);
    }
    if (!name) PyErr_Clear();
    if (name) put_str(out, name);
    else hl_text_printf(out, "?%s", Py_TYPE(o)->tp_name);
    Py_XDECREF(name);
}

static void put_object(hl_text *out, PyObject *o)
{
    if (PyTuple_CheckExact(o)) {
        hl_text_printf(out, "(");
        Py_ssize_t n = PyTuple_GET_SIZE(o);
        for (Py_ssize_t k = 0; k < n; k++) {
            if (k) hl_text_printf(out, " ");
            put_object(out, PyTuple_GET_ITEM(o, k));
            if (k + 1 < n || n == 1) hl_text_printf(out, ",");
        }
        hl_text_printf(out, ")");
    } else if (PyFloat_CheckExact(o) && isinf(PyFloat_AS_DOUBLE(o))) {
        hl_text_printf(out, PyFloat_AS_DOUBLE(o) < 0 ? "-1e999" : "1e999"); /* a literal, which `inf` is not */
    } else if (o == Py_None || PyBool_Check(o) || PyLong_CheckExact(o) || PyFloat_CheckExact(o) || PyComplex_CheckExact(o) ||
               PyUnicode_CheckExact(o) || PyBytes_CheckExact(o) || o == Py_Ellipsis) {
        put_repr(out, o);
    } else {
        put_name(out, o);
    }
}

/* --- instructions ----------------------------------------------------------------------------------------------- */

static const struct { unsigned bit; const char *name; } flags[] = {
    {HL_I_INPLACE, "inplace"}, {HL_I_FUSED, "fused"}, {HL_I_STANDS, "stands"}, {HL_I_NOBOUNDS, "nobounds"},
    {HL_I_NOWRAP, "nowrap"},   {HL_I_DEAD, "dead"},   {HL_I_NORAISE, "noraise"},   {HL_I_OVERFLOW, "overflow"}, {HL_I_INSIDE, "inside"},
    {HL_I_UNWRAPS, "unwraps"},
};

int hl_ir_flag(const char *name)
{
    for (size_t k = 0; k < sizeof flags / sizeof *flags; k++)
        if (!strcmp(flags[k].name, name)) return (int)flags[k].bit;
    return 0;
}

/* Instructions that stand for what they do, not for a value. */
static bool gives_value(const hl_inst *i)
{
    switch (i->op) {
    case HL_OP_setitem: case HL_OP_delitem: case HL_OP_setattr: case HL_OP_list_append: case HL_OP_set_add:
    case HL_OP_map_add: case HL_OP_list_extend: case HL_OP_retain: case HL_OP_release:
        return false;
    default:
        return !(hl_ops[i->op].effects & HL_E_TERM);
    }
}

static void put_block(hl_text *out, const hl_block *b) { hl_text_printf(out, "b%u", b->id); }

static void put_operands(hl_text *out, const hl_inst *i)
{
    const char *sep = " ";
    if (hl_ops[i->op].imm == HL_IMM_INT) hl_text_printf(out, " %lld", (long long)i->ival), sep = ", ";
    else if (hl_ops[i->op].imm != HL_IMM_NONE && i->obj) hl_text_printf(out, " "), put_object(out, i->obj), sep = ", ";
    for (int k = 0; k < i->nargs; k++, sep = ", ") {
        hl_text_printf(out, "%s", sep);
        if (i->op == HL_OP_phi) {
            if (i->block && k < i->block->pred.n) put_block(out, i->block->pred.at[k]);
            else hl_text_printf(out, "b?");
            hl_text_printf(out, " ");
        }
        hl_text_printf(out, "%%%u", i->args[k]->id);
    }
    if (!(hl_ops[i->op].effects & HL_E_TERM)) return;
    for (int k = 0; i->block && k < i->block->nsucc; k++, sep = ", ") {
        hl_text_printf(out, "%s", sep);
        put_block(out, i->block->succ[k]);
    }
}

static void put_inst(hl_text *out, const hl_inst *i, bool used)
{
    size_t start = out->len;
    hl_text_printf(out, "  ");
    if (used || gives_value(i)) hl_text_printf(out, "%%%u = ", i->id);
    hl_text_printf(out, "%s", hl_ops[i->op].name);
    put_operands(out, i);
    if (i->type) hl_text_printf(out, " : %s", i->type->name);
    for (size_t k = 0; k < sizeof flags / sizeof *flags; k++)
        if (i->flags & flags[k].bit) hl_text_printf(out, " !%s", flags[k].name);
    if (i->rule) hl_text_printf(out, " [%s]", i->rule->name);
    for (int k = 0; k < i->nunwind; k++) hl_text_printf(out, "%s%%%u", k ? ", " : " unwind(", i->unwind[k]->id);
    if (i->nunwind) hl_text_printf(out, ")");
    if (i->span.line) {
        int width = (int)(out->len - start);
        hl_text_printf(out, "%*s; %d:%d", width < 60 ? 60 - width : 1, "", i->span.line, i->span.col);
    }
    hl_text_printf(out, "\n");
}

void hl_ir_print(const hl_func *f, hl_text *out)
{
    uint8_t *used = calloc((size_t)f->next_inst + 1, 1);
    hl_text_printf(out, "func @%s(", f->name);
    for (int k = 0; k < f->nparams; k++) {
        hl_text_printf(out, "%s%s", k ? ", " : "", f->param_names && f->param_names[k] ? f->param_names[k] : "_");
        if (f->param_types && f->param_types[k]) hl_text_printf(out, ": %s", f->param_types[k]->name);
    }
    hl_text_printf(out, ")");
    if (f->ret_type) hl_text_printf(out, " -> %s", f->ret_type->name);
    hl_text_printf(out, " {\n");
    for (int k = 0; used && k < f->blocks.n; k++)
        for (const hl_inst *i = f->blocks.at[k]->first; i; i = i->next)
            for (int a = 0; a < i->nargs; a++)
                if (i->args[a]->id < f->next_inst) used[i->args[a]->id] = 1;
    for (int k = 0; k < f->blocks.n; k++) {
        const hl_block *b = f->blocks.at[k];
        put_block(out, b);
        hl_text_printf(out, ":");
        if (b->handler) hl_text_printf(out, " handler "), put_block(out, b->handler);
        hl_text_printf(out, "\n");
        for (const hl_inst *i = b->first; i; i = i->next) put_inst(out, i, used && used[i->id]);
    }
    hl_text_printf(out, "}\n");
    free(used);
}
