/* The compiler's front door and its context: one compilation = one hl_cx = one arena. */
#ifndef HL_COMPILE_H
#define HL_COMPILE_H
#include "ir/ir.h"
#include "../runtime/rt.h"

/* Named as LLVM's flags are, which have the same bits. */
typedef enum hl_fast_flag {
    HL_FAST_REASSOC = 1, HL_FAST_NNAN = 2, HL_FAST_NINF = 4, HL_FAST_NSZ = 8, HL_FAST_ARCP = 16, HL_FAST_CONTRACT = 32, HL_FAST_AFN = 64, HL_FAST_ALL = 127
} hl_fast_flag;

typedef struct hl_options hl_options;
struct hl_options {
    bool nopython, nogil, boundscheck, error_model_numpy, parallel, forceobj, no_inline, always_inline, profile, interrupts, overflow_raise;
    unsigned fastmath;           /* what floating-point operations may assume: bits of hl_fast_flag */
    int opt_level;               /* 0..3; 3 is the default */
};

/* What the binding knows about a jitted function; the compiler asks for it through hl_hooks. */
typedef struct hl_jitted {
    PyObject *py_func;           /* borrowed */
    hl_options options;
    PyObject *locals;            /* dict name -> type object, or NULL */
} hl_jitted;

typedef struct hl_hooks {
    bool (*jitted)(PyObject *obj, hl_jitted *out);                     /* is obj a dispatcher? */
    const hl_type *(*type_of)(PyObject *obj);                          /* typeof for constants (arrays, tuples, …): NULL: no type, no exception */
    PyObject *(*type_object)(const hl_type *t);                        /* Python-level type object (for overload functions); new reference */
    const hl_type *(*type_from)(PyObject *type_object);                /* back again */
    PyObject *(*overload)(PyObject *function);                         /* Python implementation chooser for a function object, or NULL (new ref) */
    PyObject *(*ufunc)(PyObject *obj);                                 /* of a ufunc of ours: chooses how compiled code calls it (Loops._choose); NULL: none (new ref) */
    PyObject *(*dispatcher)(int64_t serial);                           /* the live dispatcher with this serial, borrowed; NULL: it died */
    int (*unbox)(const hl_type *t, PyObject *obj, hl_slot *slots);     /* for constants: the caller owns the parts */
} hl_hooks;

typedef struct hl_code hl_code;  /* linked machine code, codegen/codegen.h */

/* The loop of a ufunc as entry: emit/ufunc_loop.c.  A gufunc's operands have core dimensions, each a symbol of its layout: those of
 * operand k are sym[offset[k]] … sym[offset[k] + ndim[k] - 1]. */
typedef struct hl_ufunc_loop {
    int nin, nout;
    const int *ndim, *offset, *sym;  /* ndim NULL: a ufunc, whose function returns its results */
    int nsym;
} hl_ufunc_loop;

typedef struct hl_request {
    PyObject *function;          /* Python function */
    PyObject *dispatcher;        /* or NULL */
    const hl_type *const *args; int nargs;  /* one per parameter, *args gathered into a TUPLE, defaults filled in (LITERAL or OMITTED never); nargs -1: only to look at what needs no types */
    const hl_type *ret;          /* of an eager signature, or NULL */
    hl_options options;
    bool callback;               /* the entry is a C function of these types: emit/callback.c */
    const hl_ufunc_loop *loop;         /* the entry is the loop of a ufunc; NULL: slots in, slots out */
} hl_request;

typedef struct hl_result {
    hl_entry entry;
    hl_code *code;               /* hl_code_free when the specialisation dies */
    const hl_type *ret;
    PyObject *keep;              /* constants that machine code refers to; owned */
    uint64_t mutates;            /* bit k: argument k may be changed by the function (lists are written back then) */
    PyObject *record;            /* list of what stayed a Python object (infer/record.c), or NULL; owned */
    uint64_t objects;            /* bit k: argument k is to be passed as a Python object, whatever the request said */
    double seconds;
} hl_result;

#define HL_COMPILER_VERSION 4    /* of hl_compiler_api, hl_hooks, hl_request and hl_result */
/* What _compiler exports to the binding in the capsule "hotloop._compiler.api". */
typedef struct hl_compiler_api {
    int version;                 /* HL_COMPILER_VERSION */
    int (*compile)(const hl_request *rq, const hl_hooks *hooks, hl_result *out); /* 0, or -1 with a Python exception. Holds the GIL except while LLVM works. */
    void (*code_free)(hl_code *code);
    PyObject *(*inspect)(const hl_request *rq, const hl_hooks *hooks, const char *what); /* "bytecode" "ir" "types" "llvm" "asm": str */
    PyObject *(*timings)(void);  /* list of (pass name, seconds) of this thread's last compilation */
} hl_compiler_api;
#define HL_COMPILER_CAPSULE "hotloop._compiler.api"

/* --- inside the compiler ------------------------------------------------------------------------------------------- */
typedef struct hl_cx {
    hl_arena *arena;
    hl_interner *types;          /* local types */
    const hl_request *rq;
    const hl_hooks *hooks;
    bool gradual;                /* Python objects are allowed in what is built now */
    HL_VEC(hl_func *) funcs;     /* funcs.at[0] is the one asked for; the rest are its callees */
    hl_func *contiguous;         /* of a gufunc: the function once more, for C-contiguous core dimensions; or NULL */
    PyObject *locals;            /* dict: code object -> what the option `locals` declares; kept by the arena; or NULL */
    /* the first error wins */
    const char *error_class;     /* "TypingError" "UnsupportedError" … in hotloop.errors; NULL: none */
    char *error;
    const hl_func *error_func;
    hl_span error_span;
    PyObject *facts;             /* dict for hotloop/explain.py (infer/explain.c); kept by the arena; or NULL */
    bool python_error;           /* a Python exception is set already; hand it on */
    void *infer, *emit;          /* the stages' own state */
    unsigned dump;               /* from HOTLOOP_DUMP */
    bool report;                 /* facts for a report are collected: mentions of variables, source lines in machine code */
    hl_text *dump_to;            /* inspect collects here; NULL: stderr */
    hl_code *code; hl_entry entry;
    PyObject *keep;              /* list of constants that machine code refers to */
    PyObject *objects;           /* list of what stayed a Python object, or NULL */
} hl_cx;

/* Records an error (unless one is recorded already) and returns -1. */
int hl_fail(hl_cx *cx, const char *cls, const hl_func *f, hl_span span, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* The function's option `locals` (NULL: none), noted before it is built. */
void hl_note_locals(hl_cx *cx, PyObject *py_func, PyObject *locals);
/* Reader and builder: code object -> SSA.  NULL with cx->error set. `function` supplies globals, closure cells. */
hl_func *hl_build(hl_cx *cx, PyObject *function);
hl_func *hl_build_code(hl_cx *cx, PyObject *code, PyObject *globals, PyObject *const *freevars /* values, may be NULL */);
/* Passes: each works on all functions of cx; 0 or -1 with cx->error. */
int hl_pass_infer(hl_cx *cx);
int hl_pass_fuse(hl_cx *cx);
int hl_pass_bounds(hl_cx *cx);
int hl_pass_ranges(hl_cx *cx);
int hl_pass_overflow(hl_cx *cx);
int hl_pass_poll(hl_cx *cx);
int hl_pass_ownership(hl_cx *cx);
int hl_pass_emit(hl_cx *cx);
int hl_pass_optimise(hl_cx *cx);
int hl_pass_generate(hl_cx *cx);
int hl_pass_link(hl_cx *cx);
/* Facts for reports, as lines of JSON (report.c). */
void hl_report_graph(hl_cx *cx, hl_text *out);
void hl_report_code(hl_cx *cx, hl_text *out);
void hl_report_string(hl_text *out, const char *text); /* quoted */
/* Dumps, and what the stages keep outside of the arena. */
void hl_read_dump(PyObject *code, hl_text *out);
void hl_codegen_ir(hl_cx *cx, hl_text *out);
void hl_codegen_asm(hl_cx *cx, hl_text *out);
void hl_codegen_dispose(hl_cx *cx); /* module, context, buffers; any stage may have been the last */
void hl_code_free(hl_code *code);
#endif
