/* Reads the text form that print.c describes.
 *
 * One pass over the lines collects instructions; what they refer to by number (values, blocks) may come later in the
 * text and is looked up at the end.  Any text at all is either a graph or an error with a line number: what is
 * wrong is found here when it concerns words, and by verify.c when it concerns the graph.
 */
#include "ir.h"
#include "../infer/infer.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_NUMBER = 200000, MAX_DEPTH = 40, MAX_ITEMS = 1000 };

typedef struct value_ref { hl_inst **slot; long number; int line; } value_ref;
typedef struct block_ref { hl_inst *from; long number; int line; } block_ref; /* target of a terminator */
typedef struct handler_ref { hl_block *from; long number; int line; } handler_ref;
typedef struct phi_ref { hl_inst *phi; long *numbers; int line; } phi_ref;

typedef struct parser {
    hl_arena *arena;
    hl_interner *types;
    const char *s;
    int line;
    char *error;
    jmp_buf out;
    hl_func *f;
    hl_block *block;
    HL_VEC(hl_inst *) values;    /* by number in the text */
    HL_VEC(hl_block *) labels;
    HL_VEC(value_ref) value_refs;
    HL_VEC(block_ref) block_refs;
    HL_VEC(handler_ref) handlers;
    HL_VEC(phi_ref) phis;
} parser;

static _Noreturn __attribute__((format(printf, 3, 4))) void fail(parser *p, int line, const char *fmt, ...)
{
    char buf[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    PyErr_Clear();
    p->error = hl_sprintf(p->arena, "line %d: %s", line, buf);
    longjmp(p->out, 1);
}

/* --- words ------------------------------------------------------------------------------------------------------ */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80);
}
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static void skip(parser *p)
{
    while (*p->s == ' ' || *p->s == '\t' || *p->s == '\r') p->s++;
}

static bool at(parser *p, char c)
{
    skip(p);
    return *p->s == c;
}

static bool take(parser *p, char c)
{
    if (!at(p, c)) return false;
    p->s++;
    return true;
}

static void expect(parser *p, char c)
{
    if (!take(p, c)) fail(p, p->line, "'%c' expected, '%.20s' found", c, *p->s == '\n' || !*p->s ? "end of line" : p->s);
}

static const char *keep_text(parser *p, const char *from, const char *to)
{
    char *t = hl_alloc(p->arena, (size_t)(to - from) + 1);
    memcpy(t, from, (size_t)(to - from));
    return t;
}

static const char *word(parser *p, const char *what)
{
    skip(p);
    const char *from = p->s;
    while (is_word(*p->s)) p->s++;
    if (p->s == from) fail(p, p->line, "%s expected, '%.20s' found", what, *from == '\n' || !*from ? "end of line" : from);
    return keep_text(p, from, p->s);
}

/* %12 or b12 */
static long number(parser *p, char sigil, const char *what)
{
    skip(p);
    if (*p->s != sigil || !is_digit(p->s[1])) fail(p, p->line, "%s expected", what);
    long n = 0;
    for (p->s++; is_digit(*p->s); p->s++) {
        n = n * 10 + (*p->s - '0');
        if (n >= MAX_NUMBER) fail(p, p->line, "number of %s is too large", what);
    }
    return n;
}

static long long integer(parser *p)
{
    skip(p);
    char *end;
    errno = 0;
    if (!is_digit(*p->s) && !(*p->s == '-' && is_digit(p->s[1]))) fail(p, p->line, "integer expected");
    long long v = strtoll(p->s, &end, 10);
    if (errno) fail(p, p->line, "integer does not fit in 64 bits");
    p->s = end;
    return v;
}

/* Spaces, comments and ends of lines; a comment `; 3:12` behind an instruction is its place. */
static void end_of_line(parser *p, hl_span *span)
{
    skip(p);
    if (*p->s == ';' || *p->s == '#') {
        int line, col;
        if (span && sscanf(p->s, "; %9d:%9d", &line, &col) == 2) *span = (hl_span){line, line, col, col};
        while (*p->s && *p->s != '\n') p->s++;
    }
    if (*p->s && *p->s != '\n') fail(p, p->line, "'%.20s' is not expected here", p->s);
}

static void blank_lines(parser *p)
{
    for (; *p->s; p->s++, p->line++) {
        skip(p);
        if (*p->s != '\n' && *p->s != ';' && *p->s != '#') return;
        end_of_line(p, NULL);
        if (!*p->s) return;
    }
}

static void next_line(parser *p)
{
    end_of_line(p, NULL);
    blank_lines(p);
}

/* --- Python values ---------------------------------------------------------------------------------------------- */

/* A name is looked up in builtins and in modules that are loaded anyway: text must not import what it likes. */
static PyObject *named_object(parser *p)
{
    const char *from = ++p->s;
    while (*p->s && !strchr(" \t\r\n,)]", *p->s)) p->s++;
    const char *name = keep_text(p, from, p->s);
    PyObject *found = NULL;
    for (const char *dot = name + strlen(name); !found; dot--) {
        while (dot > name && *dot != '.' && *dot) dot--;
        if (dot == name) break;
        PyObject *key = PyUnicode_FromString(keep_text(p, name, dot));
        PyObject *o = key ? PyImport_GetModule(key) : NULL;
        Py_XDECREF(key);
        for (const char *rest = dot; o && *rest;) {
            const char *end = strchr(rest + 1, '.');
            if (!end) end = rest + strlen(rest);
            PyObject *item = PyObject_GetAttrString(o, keep_text(p, rest + 1, end));
            Py_SETREF(o, item);
            rest = end;
        }
        PyErr_Clear();
        found = o;
    }
    if (!found) fail(p, p->line, "no object is known as @%.100s", name);
    return hl_keep(p->arena, found);
}

static PyObject *literal(parser *p, const char *from, const char *to)
{
    const char *text = keep_text(p, from, to);
    if (!strcmp(text, "nan")) return hl_keep(p->arena, PyFloat_FromDouble(Py_NAN));
    if (!strcmp(text, "Ellipsis")) text = "...";
    PyObject *ast = PyImport_ImportModule("ast");
    PyObject *o = ast ? PyObject_CallMethod(ast, "literal_eval", "s", text) : NULL;
    Py_XDECREF(ast);
    if (!o) fail(p, p->line, "'%.40s' is not a value", text);
    return hl_keep(p->arena, o);
}

static PyObject *object(parser *p, int depth);

/* (a, b), (a,), () or a value in parentheses, as repr puts round complex numbers. */
static PyObject *parenthesis(parser *p, int depth)
{
    HL_VEC(PyObject *) items = {0};
    bool comma = false;
    for (expect(p, '('); !at(p, ')');) {
        hl_push(p->arena, &items, object(p, depth + 1));
        if (!take(p, ',')) break;
        comma = true;
    }
    expect(p, ')');
    if (items.n == 1 && !comma) return items.at[0];
    PyObject *t = PyTuple_New(items.n);
    if (!t) fail(p, p->line, "out of memory");
    for (int k = 0; k < items.n; k++) PyTuple_SET_ITEM(t, k, Py_NewRef(items.at[k]));
    return hl_keep(p->arena, t);
}

static PyObject *object(parser *p, int depth)
{
    skip(p);
    if (depth > MAX_DEPTH) fail(p, p->line, "value is nested too deeply");
    if (*p->s == '@') return named_object(p);
    if (*p->s == '(') return parenthesis(p, depth);
    const char *from = p->s, *q = from + (*from == 'b' && (from[1] == '\'' || from[1] == '"'));
    if (*q == '\'' || *q == '"') {
        char quote = *q++;
        for (; *q != quote; q++) {
            if (*q == '\\' && q[1]) q++;
            if (!*q || *q == '\n') fail(p, p->line, "string does not end");
        }
        p->s = q + 1;
        return literal(p, from, p->s);
    }
    while (is_word(*p->s) || *p->s == '.' || *p->s == '+' || *p->s == '-') p->s++;
    if (p->s == from) fail(p, p->line, "value expected");
    return literal(p, from, p->s);
}

/* --- types ------------------------------------------------------------------------------------------------------ */

static const hl_type *type(parser *p, PyObject *constant, int depth);

static int type_list(parser *p, const hl_type **items, int depth)
{
    int n = 0;
    for (expect(p, '('); !at(p, ')');) {
        if (n == MAX_ITEMS) fail(p, p->line, "too many items in a type");
        items[n++] = type(p, NULL, depth);
        if (!take(p, ',')) break;
    }
    expect(p, ')');
    return n;
}

static const hl_type *array_type(parser *p, int depth)
{
    expect(p, '(');
    const hl_type *dtype = type(p, NULL, depth);
    if (!hl_is_number(dtype)) fail(p, p->line, "an array cannot have items of type %s", dtype->name);
    expect(p, ',');
    long long ndim = integer(p);
    if (ndim < 0 || ndim > 64) fail(p, p->line, "an array cannot have %lld axes", ndim);
    expect(p, 'd');
    expect(p, ',');
    const char *layout = word(p, "layout");
    if (strcmp(layout, "C") && strcmp(layout, "F") && strcmp(layout, "A")) fail(p, p->line, "layout is C, F or A");
    int flags = 0;
    while (take(p, ',')) {
        const char *w = word(p, "readonly or unaligned");
        if (!strcmp(w, "readonly")) flags |= HL_T_READONLY;
        else if (!strcmp(w, "unaligned")) flags |= HL_T_UNALIGNED;
        else fail(p, p->line, "an array cannot be '%.20s'", w);
    }
    expect(p, ')');
    return hl_type_array(dtype, (int)ndim, *layout, flags);
}

static const hl_type *tuple_type(parser *p, bool uniform, int depth)
{
    const hl_type *items[MAX_ITEMS];
    if (!uniform) return hl_type_tuple(p->types, items, type_list(p, items, depth), NULL);
    expect(p, '(');
    items[0] = type(p, NULL, depth);
    expect(p, 'x');
    long long n = integer(p);
    if (n < 0 || n > MAX_ITEMS) fail(p, p->line, "a tuple type cannot have %lld items", n);
    expect(p, ')');
    for (int k = 1; k < n; k++) items[k] = items[0];
    return hl_type_tuple(p->types, items, (int)n, NULL);
}

static const hl_type *iter_type(parser *p, int depth)
{
    static const char *const names[] = {"range", "list", "tuple", "array", "flat", "enumerate", "zip", "reversed", "ndindex",
                                        "ndenumerate", "nditer"};
    expect(p, '(');
    const char *w = word(p, "what is iterated");
    int kind = 0;
    while (kind < (int)(sizeof names / sizeof *names) && strcmp(names[kind], w)) kind++;
    if (kind == sizeof names / sizeof *names) fail(p, p->line, "there is no iterator over '%.20s'", w);
    expect(p, '-');
    expect(p, '>');
    const hl_type *elem = type(p, NULL, depth);
    expect(p, ')');
    /* What is iterated follows from what is yielded only here. */
    const hl_type *over = kind == HL_ITER_RANGE ? hl_T.range : kind == HL_ITER_LIST ? hl_type_list(p->types, elem) : NULL;
    return hl_type_iter(p->types, (hl_iter_kind)kind, &over, over != NULL, elem);
}

static const hl_type *exception_type(parser *p)
{
    expect(p, '(');
    const char *w = word(p, "class");
    expect(p, ')');
    if (!strcmp(w, "any")) return hl_T.exception;
    PyObject *builtins = PyImport_ImportModule("builtins");
    PyObject *cls = builtins ? PyObject_GetAttrString(builtins, w) : NULL;
    Py_XDECREF(builtins);
    if (!cls) fail(p, p->line, "there is no exception class '%.40s'", w);
    hl_keep(p->arena, cls);
    if (!PyExceptionClass_Check(cls)) fail(p, p->line, "'%.40s' is not an exception class", w);
    return hl_type_exception(p->types, cls);
}

static const hl_type *literal_type(parser *p, int depth)
{
    expect(p, '[');
    PyObject *value = object(p, 0);
    expect(p, ']');
    expect(p, '(');
    const hl_type *base = type(p, NULL, depth);
    expect(p, ')');
    const hl_type *t = hl_type_literal(p->types, value);
    if (!t || t->elem != base) fail(p, p->line, "that value is not a literal of type %s", base->name);
    return t;
}

static const hl_type *method_type(parser *p, int depth)
{
    expect(p, '(');
    const hl_type *self = type(p, NULL, depth);
    expect(p, '.');
    PyObject *name = PyUnicode_InternFromString(word(p, "method"));
    expect(p, ')');
    if (!name) fail(p, p->line, "that is no name");
    return hl_type_bound(p->types, self, hl_keep(p->arena, name));
}

static const hl_type *composite_type(parser *p, const char *name, PyObject *constant, int depth)
{
    const hl_type *inner[MAX_ITEMS];
    if (!strcmp(name, "Literal")) return literal_type(p, depth);
    if (!strcmp(name, "array")) return array_type(p, depth);
    if (!strcmp(name, "Tuple") || !strcmp(name, "UniTuple")) return tuple_type(p, *name == 'U', depth);
    if (!strcmp(name, "iter")) return iter_type(p, depth);
    if (!strcmp(name, "exception")) return exception_type(p);
    if (!strcmp(name, "method")) return method_type(p, depth);
    if (!strcmp(name, "const")) {
        if (!constant) fail(p, p->line, "only a `const` instruction can be typed const(…) in text");
        for (expect(p, '('); !at(p, ')'); p->s++)
            if (!*p->s || *p->s == '\n') fail(p, p->line, "')' expected");
        expect(p, ')');
        return hl_type_const(p->types, constant);
    }
    bool list = !strcmp(name, "list"), dtype = !strcmp(name, "dtype"), optional = !strcmp(name, "OptionalType"),
         slice = !strcmp(name, "slice");
    if (!list && !dtype && !optional && !slice) fail(p, p->line, "unknown type '%.40s'", name);
    int n = type_list(p, inner, depth);
    if (n != (slice ? 3 : 1)) fail(p, p->line, "%s(…) has another number of items", name);
    if (dtype && !hl_is_number(inner[0])) fail(p, p->line, "dtype(…) of a type that is no number");
    return slice ? hl_type_slice(p->types, inner[0], inner[1], inner[2])
         : list  ? hl_type_list(p->types, inner[0])
         : dtype ? hl_type_dtype(inner[0])
                 : hl_type_optional(p->types, inner[0]);
}

static const hl_type *type(parser *p, PyObject *constant, int depth)
{
    if (depth > MAX_DEPTH) fail(p, p->line, "type is nested too deeply");
    const char *name = word(p, "type");
    const struct { const char *name; const hl_type *type; } plain[] = {
        {"unknown", hl_T.unknown}, {"none", hl_T.none}, {"omitted", hl_T.omitted}, {"bool", hl_T.boolean},
        {"int8", hl_T.int8}, {"int16", hl_T.int16}, {"int32", hl_T.int32}, {"int64", hl_T.int64}, {"uint8", hl_T.uint8},
        {"uint16", hl_T.uint16}, {"uint32", hl_T.uint32}, {"uint64", hl_T.uint64}, {"float32", hl_T.float32},
        {"float64", hl_T.float64}, {"complex64", hl_T.complex64}, {"complex128", hl_T.complex128},
        {"unicode_type", hl_T.str}, {"range", hl_T.range}, {"ellipsis", hl_T.ellipsis}, {"pyobject", hl_T.pyobject}};
    for (size_t k = 0; k < sizeof plain / sizeof *plain; k++)
        if (!strcmp(plain[k].name, name)) return plain[k].type;
    if (!strncmp(name, "var", 3) && is_digit(name[3])) return hl_type_var(p->types, strtol(name + 3, NULL, 10));
    const hl_type *t = composite_type(p, name, constant, depth + 1);
    if (!t) fail(p, p->line, "out of memory");
    return t;
}

/* --- instructions ----------------------------------------------------------------------------------------------- */

static void define(parser *p, long n, hl_inst *i)
{
    while (p->values.n <= n) hl_push(p->arena, &p->values, NULL);
    if (p->values.at[n]) fail(p, p->line, "%%%ld is defined twice", n);
    p->values.at[n] = i;
}

/* A list of values, `%1, %2`; refs are filled in at the end. */
static void value_list(parser *p, hl_inst ***row, int *nrow)
{
    HL_VEC(long) numbers = {0};
    do hl_push(p->arena, &numbers, number(p, '%', "value")); while (take(p, ',') && at(p, '%'));
    *row = HL_NEWN(p->arena, hl_inst *, numbers.n);
    *nrow = numbers.n;
    for (int k = 0; k < numbers.n; k++)
        hl_push(p->arena, &p->value_refs, ((value_ref){&(*row)[k], numbers.at[k], p->line}));
}

static void phi_operands(parser *p, hl_inst *i)
{
    HL_VEC(long) blocks = {0}, values = {0};
    do {
        hl_push(p->arena, &blocks, number(p, 'b', "block"));
        hl_push(p->arena, &values, number(p, '%', "value"));
    } while (take(p, ','));
    i->nargs = values.n;
    i->args = HL_NEWN(p->arena, hl_inst *, values.n);
    for (int k = 0; k < values.n; k++)
        hl_push(p->arena, &p->value_refs, ((value_ref){&i->args[k], values.at[k], p->line}));
    hl_push(p->arena, &p->phis, ((phi_ref){i, blocks.at, p->line}));
}

/* Immediate, values, blocks: each may be missing, commas between those that are there. */
static void operands(parser *p, hl_inst *i)
{
    hl_imm_kind imm = hl_ops[i->op].imm;
    bool comma = true;
    if (imm == HL_IMM_INT) {
        i->ival = integer(p);
        comma = take(p, ',');
    } else if (imm != HL_IMM_NONE && !at(p, '%') && !at(p, '\n') && !at(p, ':') && !at(p, ';') && *p->s) {
        PyObject *o = object(p, 0);
        if (imm == HL_IMM_NAME && !PyUnicode_CheckExact(o)) fail(p, p->line, "%s needs a name", hl_ops[i->op].name);
        if (imm == HL_IMM_NAME) {
            Py_INCREF(o);
            PyUnicode_InternInPlace(&o);
            hl_keep(p->arena, o);
        }
        i->obj = o;
        comma = take(p, ',');
    }
    if (imm == HL_IMM_NAME && !i->obj) fail(p, p->line, "%s needs a name", hl_ops[i->op].name);
    if (i->op == HL_OP_const && !i->obj) fail(p, p->line, "const needs a value");
    if (i->op == HL_OP_phi && at(p, 'b')) phi_operands(p, i);
    else if (comma && at(p, '%')) value_list(p, &i->args, &i->nargs);
    if (!(hl_ops[i->op].effects & HL_E_TERM)) return;
    for (int n = 0; at(p, 'b'); n++, take(p, ',')) {
        if (n == 2) fail(p, p->line, "a block has at most two targets");
        hl_push(p->arena, &p->block_refs, ((block_ref){i, number(p, 'b', "block"), p->line}));
    }
}

static const hl_rule *rule(parser *p)
{
    skip(p);
    const char *from = p->s;
    while (*p->s && *p->s != ']' && *p->s != '\n') p->s++;
    const char *name = keep_text(p, from, p->s);
    expect(p, ']');
    for (int k = 0; k < HL_R_COUNT; k++)
        if (hl_rules[k].name && !strcmp(hl_rules[k].name, name)) return &hl_rules[k];
    fail(p, p->line, "there is no rule '%.60s'", name);
}

static void instruction(parser *p)
{
    if (!p->block) fail(p, p->line, "an instruction stands before the first block");
    bool named = at(p, '%');
    long n = 0;
    if (named) {
        n = number(p, '%', "value");
        expect(p, '=');
    }
    const char *name = word(p, "instruction");
    int op = 0;
    while (op < HL_OP_COUNT && strcmp(hl_ops[op].name, name)) op++;
    if (op == HL_OP_COUNT) fail(p, p->line, "unknown instruction '%.40s'", name);
    hl_inst *i = hl_ir_new(p->f, (hl_op)op, NULL, 0, (hl_span){0});
    hl_ir_append(p->block, i);
    operands(p, i);
    if (named) define(p, n, i);
    if (take(p, ':')) i->type = type(p, i->op == HL_OP_const ? i->obj : NULL, 0);
    while (take(p, '!')) {
        const char *w = word(p, "flag");
        int flag = hl_ir_flag(w);
        if (!flag) fail(p, p->line, "unknown flag '%.40s'", w);
        i->flags |= (uint16_t)flag;
    }
    if (take(p, '[')) i->rule = rule(p);
    if (at(p, 'u')) {
        if (strcmp(word(p, "unwind"), "unwind")) fail(p, p->line, "unwind expected");
        expect(p, '(');
        value_list(p, &i->unwind, &i->nunwind);
        expect(p, ')');
    }
    end_of_line(p, &i->span);
}

/* --- blocks and the function -------------------------------------------------------------------------------------- */

static void block_head(parser *p)
{
    long n = number(p, 'b', "block");
    expect(p, ':');
    p->block = hl_ir_block(p->f);
    while (p->labels.n <= n) hl_push(p->arena, &p->labels, NULL);
    if (p->labels.at[n]) fail(p, p->line, "b%ld is defined twice", n);
    p->labels.at[n] = p->block;
    if (at(p, 'h')) {
        if (strcmp(word(p, "handler"), "handler")) fail(p, p->line, "handler expected");
        hl_push(p->arena, &p->handlers, ((handler_ref){p->block, number(p, 'b', "block"), p->line}));
    }
    end_of_line(p, NULL);
}

static bool is_block_head(const char *s)
{
    if (*s++ != 'b' || !is_digit(*s)) return false;
    while (is_digit(*s)) s++;
    return *s == ':';
}

static void header(parser *p)
{
    if (strcmp(word(p, "func"), "func")) fail(p, p->line, "func expected");
    expect(p, '@');
    const char *from = p->s;
    while (*p->s && *p->s != '(' && *p->s != '\n') p->s++;
    const char *name = keep_text(p, from, p->s);
    HL_VEC(const char *) names = {0};
    HL_VEC(const hl_type *) types = {0};
    for (expect(p, '('); !at(p, ')');) {
        from = p->s;
        while (*p->s && !strchr(":,) \t\r\n", *p->s)) p->s++;
        if (p->s == from) fail(p, p->line, "name of a parameter expected");
        hl_push(p->arena, &names, keep_text(p, from, p->s));
        const hl_type *t = take(p, ':') ? type(p, NULL, 0) : NULL;
        hl_push(p->arena, &types, t);
        if (!take(p, ',')) break;
    }
    expect(p, ')');
    p->f = hl_ir_func(p->arena, name, names.n);
    for (int k = 0; k < names.n; k++) p->f->param_names[k] = names.at[k], p->f->param_types[k] = types.at[k];
    if (take(p, '-')) {
        expect(p, '>');
        p->f->ret_type = type(p, NULL, 0);
    }
    expect(p, '{');
}

static hl_block *block_at(parser *p, long n, int line)
{
    if (n >= p->labels.n || !p->labels.at[n]) fail(p, line, "there is no block b%ld", n);
    return p->labels.at[n];
}

/* Puts the predecessors of the phi's block into the order in which the phi names them. */
static void order_preds(parser *p, const phi_ref *r)
{
    hl_block *b = r->phi->block;
    bool first = b->first == r->phi;
    if (b->pred.n != r->phi->nargs)
        fail(p, r->line, "phi has %d operands, its block %d predecessors", r->phi->nargs, b->pred.n);
    for (int k = 0; k < b->pred.n; k++) {
        hl_block *want = block_at(p, r->numbers[k], r->line);
        int j = k;
        while (j < b->pred.n && b->pred.at[j] != want) j++;
        if (j == b->pred.n) fail(p, r->line, "b%ld is not a predecessor, or is named too often", r->numbers[k]);
        if (j != k && !first) fail(p, r->line, "phis of a block must name the predecessors in one order");
        b->pred.at[j] = b->pred.at[k];
        b->pred.at[k] = want;
    }
}

static void resolve(parser *p)
{
    for (int k = 0; k < p->value_refs.n; k++) {
        value_ref *r = &p->value_refs.at[k];
        if (r->number >= p->values.n || !p->values.at[r->number]) fail(p, r->line, "%%%ld is not defined", r->number);
        *r->slot = p->values.at[r->number];
    }
    for (int k = 0; k < p->block_refs.n; k++) {
        block_ref *r = &p->block_refs.at[k];
        hl_block *to = block_at(p, r->number, r->line);
        if (r->from->block->nsucc == 2) fail(p, r->line, "a block has at most two targets");
        hl_ir_edge(r->from->block, to);
    }
    for (int k = 0; k < p->handlers.n; k++)
        hl_ir_set_handler(p->handlers.at[k].from, block_at(p, p->handlers.at[k].number, p->handlers.at[k].line));
    for (int k = 0; k < p->phis.n; k++) order_preds(p, &p->phis.at[k]);
}

static void function(parser *p)
{
    blank_lines(p);
    header(p);
    for (;;) {
        next_line(p);
        if (!*p->s) fail(p, p->line, "'}' expected, end of text found");
        if (take(p, '}')) break;
        if (is_block_head(p->s)) block_head(p);
        else instruction(p);
    }
    next_line(p);
    if (*p->s) fail(p, p->line, "text after the function's end");
    if (!p->f->blocks.n) fail(p, p->line, "the function has no blocks");
    resolve(p);
}

hl_func *hl_ir_parse(hl_arena *a, hl_interner *in, const char *text, char **error)
{
    parser *p = HL_NEW(a, parser);
    p->arena = a, p->types = in, p->s = text, p->line = 1;
    *error = NULL;
    if (setjmp(p->out)) {
        *error = p->error;
        return NULL;
    }
    function(p);
    return p->f;
}
