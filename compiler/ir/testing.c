/* The graph and single passes for Python tests: text in, text out, no LLVM and no inference.
 *
 *   parse_print(text) -> text           reads and prints again
 *   run_pass(text, pass, typed=True, boundscheck=True) -> text
 *                                       verifies, runs one pass, verifies, prints
 *
 * ValueError says what is wrong with a text, or with what a pass made of it.
 */
#include "../compile.h"
#include "../rules/rules.h"
#include <setjmp.h>
#include <string.h>

static int pass_order(hl_cx *cx)
{
    hl_ir_order(cx->funcs.at[0]);
    return 0;
}

static const struct { const char *name; int (*run)(hl_cx *cx); } passes[] = {
    {"order", pass_order},
    {"infer", hl_pass_infer},
    {"ownership", hl_pass_ownership},
    {"bounds", hl_pass_bounds},
    {"ranges", hl_pass_ranges},
    {"fuse", hl_pass_fuse},
    {"poll", hl_pass_poll},
};

static PyObject *failed(const char *what, const char *why)
{
    if (!PyErr_Occurred()) PyErr_Format(PyExc_ValueError, "%s%s", what, why ? why : "failed");
    return NULL;
}

static PyObject *text_of(const hl_func *f)
{
    hl_text t = {0};
    hl_ir_print(f, &t);
    PyObject *s = PyUnicode_FromStringAndSize(t.at, (Py_ssize_t)t.len);
    hl_text_free(&t);
    return s;
}

static PyObject *run(hl_cx *cx, const char *text, int (*pass)(hl_cx *), bool typed)
{
    char *error;
    hl_func *f = hl_ir_parse(cx->arena, cx->types, text, &error);
    if (!f) return failed("", error);
    if (!pass) return text_of(f);
    hl_push(cx->arena, &cx->funcs, f);
    if ((error = hl_ir_verify(f, typed && pass != hl_pass_infer))) return failed("before: ", error);
    if (pass(cx)) return failed("", cx->error);
    if ((error = hl_ir_verify(f, typed))) return failed("after: ", error);
    return text_of(f);
}

/* Sets up what a compilation has, and takes it down whatever happens. */
static PyObject *with_context(const char *text, int (*pass)(hl_cx *), bool typed, bool boundscheck)
{
    if (hl_types_init() || hl_rules_init()) return NULL;
    hl_request rq = {.options = {.nopython = true, .boundscheck = boundscheck, .interrupts = true, .opt_level = 3}};
    hl_cx *cx = PyMem_Calloc(1, sizeof *cx);
    if (!cx) return PyErr_NoMemory();
    cx->arena = hl_arena_new();
    cx->types = hl_interner_new();
    cx->rq = &rq;
    PyObject *result = NULL;
    jmp_buf escape;
    if (!cx->arena || !cx->types || setjmp(escape)) {
        PyErr_NoMemory();
    } else {
        hl_arena_set_escape(cx->arena, &escape);
        result = run(cx, text, pass, typed);
    }
    hl_arena_free(cx->arena);
    hl_interner_free(cx->types);
    PyMem_Free(cx);
    return result;
}

static PyObject *parse_print(PyObject *module, PyObject *args)
{
    const char *text;
    if (!PyArg_ParseTuple(args, "s:parse_print", &text)) return NULL;
    return with_context(text, NULL, false, true);
}

static PyObject *run_pass(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"text", "name", "typed", "boundscheck", NULL};
    const char *text, *name;
    int typed = 1, boundscheck = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "ss|pp:run_pass", names, &text, &name, &typed, &boundscheck)) return NULL;
    for (size_t k = 0; k < sizeof passes / sizeof *passes; k++)
        if (!strcmp(passes[k].name, name)) return with_context(text, passes[k].run, typed, boundscheck);
    PyErr_Format(PyExc_ValueError, "there is no pass '%s'", name);
    return NULL;
}

PyMethodDef hl_testing_methods[] = {
    {"parse_print", parse_print, METH_VARARGS, "parse_print(text) -> text: reads IR and prints it again."},
    {"run_pass", (PyCFunction)(void (*)(void))run_pass, METH_VARARGS | METH_KEYWORDS,
     "run_pass(text, name, typed=True, boundscheck=True) -> text: runs one pass on IR."},
    {NULL, NULL, 0, NULL},
};
