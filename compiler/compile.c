/* The pipeline: one table, a row a pass, and the loop that runs it.  Who has read this file knows the compiler.
 *
 *   read     code object → SSA               read/, ir/build*.c
 *   infer    a type for every value          infer/, rules/
 *   fuse     array expressions               passes/fuse.c
 *   overflow integers that must fit          infer/overflow.c
 *   bounds   range checks leave hot loops    passes/bounds.c
 *   ranges   integers that do fit            passes/ranges.c
 *   poll     loops look for signals          passes/poll.c
 *   own      retain and release              passes/ownership.c
 *   emit     LLVM IR                         emit/
 *   optimise LLVM passes                     codegen/optimise.c   (without the GIL)
 *   generate object code                     codegen/generate.c   (without the GIL)
 *   link     into the process                codegen/generate.c   (without the GIL)
 *
 * After each pass over the SSA graph the verifier runs when HOTLOOP_VERIFY is set (tests and debug builds set it) and
 * names the pass that broke something; HOTLOOP_DUMP=bytecode,ir,types,llvm,asm prints what a stage left behind. */
#include "compile.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DUMP_BYTECODE = 1, DUMP_IR = 2, DUMP_TYPES = 4, DUMP_LLVM = 8, DUMP_ASM = 16, DUMP_OPT = 32, DUMP_REPORT = 64 };
static const struct { const char *name; unsigned bit; } dump_names[] = {
    {"bytecode", DUMP_BYTECODE}, {"ir", DUMP_IR}, {"types", DUMP_TYPES}, {"llvm", DUMP_LLVM}, {"optimised", DUMP_OPT}, {"asm", DUMP_ASM},
    {"report", DUMP_REPORT}};

void hl_note_locals(hl_cx *cx, PyObject *py_func, PyObject *locals)
{
    if (!locals || !PyFunction_Check(py_func)) return;
    if (!cx->locals && !(cx->locals = hl_keep(cx->arena, PyDict_New()))) return;
    if (PyDict_SetItem(cx->locals, PyFunction_GET_CODE(py_func), locals) < 0) cx->python_error = true;
}

static int pass_read(hl_cx *cx)
{
    hl_jitted self;
    if (cx->rq->dispatcher && cx->hooks->jitted(cx->rq->dispatcher, &self)) hl_note_locals(cx, self.py_func, self.locals);
    cx->gradual = !cx->rq->options.nopython && cx->rq->nargs >= 0;
    hl_func *f = hl_build(cx, cx->rq->function);
    if (!f) return -1;
    if (cx->rq->nargs >= 0 && f->nparams != cx->rq->nargs)
        return hl_fail(cx, "TypingError", f, (hl_span){.line = f->first_line, .col = -1}, "%s takes %d arguments, the signature has %d", f->name, f->nparams, cx->rq->nargs);
    f->param_types = HL_NEWN(cx->arena, const hl_type *, f->nparams + 1);
    for (int k = 0; k < cx->rq->nargs; k++) f->param_types[k] = cx->rq->args[k];
    hl_push(cx->arena, &cx->funcs, f);
    return 0;
}

typedef struct hl_pass {
    const char *name;
    int (*run)(hl_cx *cx);
    bool graph;      /* leaves an SSA graph: verify it */
    bool typed;      /* … with types */
    bool free_gil;   /* touches no Python object */
    unsigned dump;   /* what HOTLOOP_DUMP shows behind it */
    void (*report)(hl_cx *cx, hl_text *out); /* what it adds to a report */
} hl_pass;

static const hl_pass pipeline[] = {
    {"read", pass_read, .graph = true, .dump = DUMP_IR},
    {"infer", hl_pass_infer, .graph = true, .typed = true},
    {"fuse", hl_pass_fuse, .graph = true, .typed = true},
    {"overflow", hl_pass_overflow, .graph = true, .typed = true},
    {"bounds", hl_pass_bounds, .graph = true, .typed = true},
    {"ranges", hl_pass_ranges, .graph = true, .typed = true},
    {"poll", hl_pass_poll, .graph = true, .typed = true},
    {"own", hl_pass_ownership, .graph = true, .typed = true, .dump = DUMP_TYPES, .report = hl_report_graph},
    {"emit", hl_pass_emit, .dump = DUMP_LLVM},
    {"optimise", hl_pass_optimise, .free_gil = true, .dump = DUMP_OPT},
    {"generate", hl_pass_generate, .free_gil = true, .dump = DUMP_ASM | DUMP_REPORT, .report = hl_report_code},
    {"link", hl_pass_link, .free_gil = true},
};
enum { NPASSES = sizeof pipeline / sizeof *pipeline };

static _Thread_local double seconds[NPASSES];

/* --- errors ------------------------------------------------------------------------------------------------------------ */

int hl_fail(hl_cx *cx, const char *cls, const hl_func *f, hl_span span, const char *fmt, ...)
{
    if (cx->error) return -1;
    char buf[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    cx->error = hl_strdup(cx->arena, buf);
    cx->error_class = cls, cx->error_func = f, cx->error_span = span;
    return -1;
}

/* hotloop/explain.py builds the text; C hands over the facts: class, reason, place, and what inference knows. */
static void raise_error(hl_cx *cx)
{
    if (cx->python_error || PyErr_Occurred()) return;
    PyObject *m = PyImport_ImportModule("hotloop.errors");
    if (!m) return;
    const hl_func *f = cx->error_func;
    hl_span s = cx->error_span;
    PyObject *e = PyObject_CallMethod(m, "compile_error", "ssOOzs(iiii)O", cx->error_class ? cx->error_class : "HotloopError",
                                      cx->error ? cx->error : "compilation failed", f && f->code ? f->code : Py_None,
                                      f && f->globals ? f->globals : Py_None, f ? f->filename : NULL,
                                      f && f->name ? f->name : "", s.line, s.col, s.end_line, s.end_col, cx->facts ? cx->facts : Py_None);
    Py_DECREF(m);
    if (!e) return;
    PyErr_SetObject((PyObject *)Py_TYPE(e), e);
    Py_DECREF(e);
}

/* --- dumps --------------------------------------------------------------------------------------------------------------- */

static unsigned dump_wanted(const char *names)
{
    unsigned bits = 0;
    for (size_t k = 0; names && k < sizeof dump_names / sizeof *dump_names; k++)
        if (strstr(names, dump_names[k].name)) bits |= dump_names[k].bit;
    return bits;
}

static void dump(hl_cx *cx, const hl_pass *p)
{
    if (cx->report) {
        if (p->report) p->report(cx, cx->dump_to);
        return;
    }
    if (!(cx->dump & p->dump)) return;
    hl_text t = {0}, *out = cx->dump_to ? cx->dump_to : &t;
    if (p->dump & (DUMP_IR | DUMP_TYPES))
        for (int k = 0; k < cx->funcs.n; k++) hl_ir_print(cx->funcs.at[k], out);
    else if (p->dump & DUMP_ASM) hl_codegen_asm(cx, out);
    else hl_codegen_ir(cx, out);
    if (!cx->dump_to && t.at) fputs(t.at, stderr);
    hl_text_free(&t);
}

static void dump_bytecode(hl_cx *cx)
{
    PyObject *code = PyFunction_Check(cx->rq->function) ? PyFunction_GET_CODE(cx->rq->function) : NULL;
    hl_text t = {0}, *out = cx->dump_to ? cx->dump_to : &t;
    if (code) hl_read_dump(code, out);
    if (!cx->dump_to && t.at) fputs(t.at, stderr);
    hl_text_free(&t);
}

/* --- running ----------------------------------------------------------------------------------------------------------------- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int verify(hl_cx *cx, const hl_pass *p)
{
    for (int k = 0; k < cx->funcs.n; k++) {
        char *bad = hl_ir_verify(cx->funcs.at[k], p->typed);
        if (bad) return hl_fail(cx, "InternalError", cx->funcs.at[k], (hl_span){0}, "pass %s left a wrong graph: %s", p->name, bad);
    }
    return 0;
}

static int run_passes(hl_cx *cx, unsigned until)
{
    bool check = getenv("HOTLOOP_VERIFY") != NULL;
    memset(seconds, 0, sizeof seconds);
    if (cx->dump & DUMP_BYTECODE) dump_bytecode(cx);
    if (until == DUMP_BYTECODE) return 0;
    for (int k = 0; k < NPASSES; k++) {
        const hl_pass *p = &pipeline[k];
        double start = now();
        int bad;
        if (p->free_gil) {
            Py_BEGIN_ALLOW_THREADS
            bad = p->run(cx);
            Py_END_ALLOW_THREADS
        } else
            bad = p->run(cx);
        seconds[k] = now() - start;
        if (bad || cx->error || cx->python_error || (!p->free_gil && PyErr_Occurred())) return -1;
        if (p->graph && check && verify(cx, p) < 0) return -1;
        dump(cx, p);
        if (until & p->dump) return 0;
    }
    return 0;
}

/* Arguments that inference found to be used as Python objects (infer/object.c). */
static uint64_t object_arguments(const hl_cx *cx)
{
    uint64_t bits = 0;
    for (int k = 0; k < cx->rq->nargs && k < 64; k++)
        if (cx->funcs.at[0]->param_types[k] != cx->rq->args[k]) bits |= 1ull << k;
    return bits;
}

static hl_span first_return(const hl_func *f)
{
    for (int b = 0; b < f->blocks.n; b++)
        if (hl_ir_term(f->blocks.at[b])->op == HL_OP_return) return hl_ir_term(f->blocks.at[b])->span;
    return (hl_span){.line = f->first_line, .col = -1};
}

/* One compilation: a context, an arena, one exit. `until`: stop behind the pass with this dump bit (0: all the way). */
static int with_context(const hl_request *rq, const hl_hooks *hooks, hl_result *out, unsigned until, hl_text *to)
{
    double start = now();
    if (hl_types_init() < 0) return -1;
    hl_cx *volatile cx = calloc(1, sizeof(hl_cx));
    if (!cx) return PyErr_NoMemory(), -1;
    cx->rq = rq, cx->hooks = hooks, cx->dump_to = to;
    cx->dump = until ? until : dump_wanted(getenv("HOTLOOP_DUMP")) & ~(unsigned)DUMP_REPORT;
    cx->report = until == DUMP_REPORT;
    cx->arena = hl_arena_new();
    cx->types = hl_interner_new();
    jmp_buf escape;
    volatile int bad = -1;
    if (!cx->arena || !cx->types) PyErr_NoMemory();
    else if (setjmp(escape)) PyErr_NoMemory();
    else {
        hl_arena_set_escape(cx->arena, escape);
        bad = run_passes(cx, until);
        if (bad) raise_error(cx);
    }
    hl_codegen_dispose(cx);
    if (!bad && out) {
        *out = (hl_result){.entry = cx->entry, .code = cx->code, .ret = cx->funcs.at[0]->ret_type, .keep = cx->keep, .mutates = ~0ull, .record = cx->objects, .objects = object_arguments(cx), .seconds = now() - start};
    } else {
        if (cx->code) hl_code_free(cx->code);
        Py_XDECREF(cx->keep);
        Py_XDECREF(cx->objects);
    }
    if (!bad && out && out->ret->flags & HL_T_LOCAL) {
        /* the result would outlive its type: only values with a Python form come back */
        bad = -1;
        hl_code_free(out->code);
        Py_XDECREF(out->keep);
        Py_XDECREF(out->record);
        cx->error = NULL, cx->error_class = NULL;
        hl_fail(cx, "TypingError", cx->funcs.at[0], first_return(cx->funcs.at[0]), "%s cannot be returned to Python", out->ret->name);
        raise_error(cx);
    }
    hl_interner_free(cx->types);
    hl_arena_free(cx->arena);
    free(cx);
    return bad;
}

static int compile(const hl_request *rq, const hl_hooks *hooks, hl_result *out) { return with_context(rq, hooks, out, 0, NULL); }

static PyObject *inspect(const hl_request *rq, const hl_hooks *hooks, const char *what)
{
    unsigned until = dump_wanted(what);
    if (!until) return PyErr_Format(PyExc_ValueError, "nothing to inspect is called '%s'; choose from bytecode, ir, types, llvm, optimised, asm, report", what);
    until &= ~(until - 1); /* one */
    hl_text t = {0};
    PyObject *s = NULL;
    if (with_context(rq, hooks, NULL, until, &t) == 0) s = PyUnicode_DecodeUTF8(t.at ? t.at : "", (Py_ssize_t)t.len, "replace");
    hl_text_free(&t);
    return s;
}

static PyObject *timings(void)
{
    PyObject *l = PyList_New(NPASSES);
    for (int k = 0; l && k < NPASSES; k++) {
        PyObject *t = Py_BuildValue("(sd)", pipeline[k].name, seconds[k]);
        if (!t) return Py_DECREF(l), NULL;
        PyList_SET_ITEM(l, k, t);
    }
    return l;
}

const hl_compiler_api hl_api = {.version = HL_COMPILER_VERSION, .compile = compile, .code_free = hl_code_free, .inspect = inspect, .timings = timings};
