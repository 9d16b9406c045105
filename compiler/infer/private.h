/* Shared by the files of compiler/infer/ alone. */
#ifndef HL_INFER_PRIVATE_H
#define HL_INFER_PRIVATE_H
#include "infer.h"

/* A function body specialised for argument types. */
typedef struct hl_instance {
    hl_func *func;
    PyObject *key;                 /* Python function, or code object of a closure */
    const hl_func *maker;          /* of a closure: the function that made it */
    const hl_type **types; int ntypes;
    const hl_type *ret;            /* UNKNOWN until a return has been typed */
    int revised;                   /* how often that was found anew (visit_return) */
    const hl_type *declared;       /* of an eager signature, or NULL */
    HL_VEC(hl_inst *) callers;
    bool used;                     /* reachable from the function asked for (finish) */
    bool trial;                    /* compiled natively or not at all: else the calls of it become objects (object.c) */
    bool abandoned;                /* … and they did */
} hl_instance;

/* What a call was resolved to; call->data until the end of inference, when it becomes the callee's hl_func * or NULL. */
typedef enum hl_target_kind { HL_TO_ROWS, HL_TO_FUNCTION, HL_TO_CLOSURE, HL_TO_OVERLOAD } hl_target_kind;
typedef struct hl_target {
    hl_target_kind kind;
    const hl_rule *rows;           /* ROWS: first of a chain (hl_rule_next) */
    const char *name;              /* ROWS: of the function for messages when the rows' key is not its name; operand 0 is then the function itself */
    PyObject *function;            /* FUNCTION, OVERLOAD: Python object; CLOSURE: code */
    const hl_func *maker;          /* CLOSURE: the function that made it */
    const hl_options *options;     /* of a jitted callee; NULL: the maker's, or else the caller's */
    hl_instance *instance;         /* chosen for the present types */
} hl_target;

/* Per-instruction notes of inference, by func->next_inst order of creation. */
typedef struct hl_note {
    const char *failed;
    const char *object;            /* why CPython does this instruction; NULL: it does not (object.c) */
    int visits;
    hl_target *target;
    hl_inst **spread;              /* of a call that was f(*args): f and args */
    bool queued;
} hl_note;

typedef struct hl_block_note { bool live; bool *edges; int nedges; } hl_block_note;

typedef struct hl_rule_call { hl_inst *inst; hl_instance *callee; } hl_rule_call;

struct hl_infer {
    hl_cx *cx;
    hl_arena *arena;
    hl_interner *types;
    HL_VEC(hl_inst *) work;
    HL_VEC(hl_instance *) instances;
    HL_VEC(hl_rule_call) rule_calls; /* functions that rules call (hl_call_type) */
    HL_VEC(const hl_type *) vars;  /* what each VAR is bound to; NULL: nothing yet */
    bool some_objects;             /* some value is a Python object */
    const char *why;               /* reason of the last hl_reject */
    bool objects;                  /* Python objects are allowed where inference looks now */
    const hl_type *optional_hint;
    int depth;
};

hl_note *hl_infer_note(hl_inst *i);
void hl_infer_queue(hl_infer *in, hl_inst *i);
void hl_infer_queue_users(hl_infer *in, hl_inst *i);
void hl_infer_requeue_all(hl_infer *in);
hl_inst *hl_infer_insert(hl_infer *in, hl_inst *before, hl_op op, hl_inst *const *args, int n); /* new, typed at once */
/* May a value of type t be used as one of `as`?  Numbers are converted; a list is not: it is there, and others see it, so its items must be of
 * that type already, or still be open. */
bool hl_infer_becomes(hl_infer *in, const hl_type *t, const hl_type *as);
hl_inst *hl_infer_const(hl_infer *in, hl_inst *before, PyObject *obj);
void hl_infer_set_args(hl_infer *in, hl_inst *i, hl_inst *const *args, int n);
void hl_infer_visit(hl_infer *in, hl_inst *i);
const hl_type *hl_infer_const_type(hl_infer *in, PyObject *obj);
/* maker: of a closure, whose key is its code */
hl_instance *hl_infer_instance(hl_infer *in, PyObject *key, const hl_func *maker, const hl_type *const *types, int n, hl_inst *at);
/* Rules in order; result type, with site->types filled by the row that won (stored in inst->rule), or NULL. */
const hl_type *hl_infer_rules(hl_infer *in, hl_inst *i, const hl_rule *first, const hl_type **types);
bool hl_infer_unwrap(const hl_type **types, int n);     /* optionals become their values */
bool hl_infer_unwrap_self(const hl_rule *r, const hl_type **types); /* the object of a method or an attribute does: None has none of them */
PyObject *hl_none_error(const hl_inst *i, int k);       /* (class, text) of what i raises when operand k is None; a new reference, NULL: error set */
const hl_type *hl_infer_call(hl_infer *in, hl_inst *i, const hl_type **wanted);    /* call.c; NULL: failed; UNKNOWN: wait */
bool hl_infer_take_sequences(hl_infer *in, hl_inst *i, const hl_type *const *types); /* a + [1, 2], a[0] = (1, 2): with arrays from now on; for c in text: over a list */
bool hl_infer_in_array(hl_infer *in, hl_inst *i, const hl_type *const *types);      /* x in a: becomes np.any(a == x) */
const hl_type *hl_infer_call_ex(hl_infer *in, hl_inst *i);
const hl_type *hl_infer_getattr(hl_infer *in, hl_inst *i, const hl_type **wanted);
int hl_infer_finish(hl_infer *in);
void hl_infer_set_type(hl_infer *in, hl_inst *i, const hl_type *t);
void hl_infer_restore_call(hl_infer *in, hl_inst *i);   /* the operands that a call had before it was resolved */
unsigned hl_infer_needs(const hl_inst *i, const hl_type *const *types, int n);
/* Python code that was called while compiling raised: a compilation error is a reason like any other, what else it is is the user's to see. */
void hl_infer_refused(hl_infer *in, hl_inst *i);
int hl_infer_constant_call(hl_infer *in, hl_inst *i, PyObject *callee);     /* constant_call.c; 1: i is a constant now; 0: a call like others; -1: failed */
/* object.c */
bool hl_infer_gradual(const hl_infer *in, const hl_func *f);
bool hl_infer_allows(const hl_infer *in, const hl_inst *i);                  /* Python objects here? */
void hl_infer_box(hl_infer *in, hl_inst *v, const hl_inst *user);            /* v is used as an object: sees to it that nothing is lost */
void hl_infer_make_object(hl_infer *in, hl_inst *i, const char *why);
bool hl_infer_forces(const hl_infer *in, const hl_inst *i);                  /* an object whatever its operands are */
int hl_infer_record(hl_infer *in);                                           /* record.c: what stayed an object, into cx->objects */
bool hl_infer_objectify(hl_infer *in, hl_inst *failed);                      /* false: the failure stands */
/* --- for messages (explain.c); the call's operands as they stand in the source, positional ones first */
typedef struct hl_call_facts {
    hl_inst *callee;               /* NULL: not known any more */
    hl_inst *const *args; int n, npos;
    PyObject *const *names;        /* of the n - npos keyword operands */
    const char *name;              /* of what is called */
    const hl_rule *rows;           /* of a library function or method, or NULL */
    int hidden;                    /* parameters of the rows that are no arguments: the function itself */
} hl_call_facts;
hl_inst *hl_infer_method_named(const hl_inst *call); /* where the method that is called was looked up; NULL: it calls none */
void hl_infer_call_facts(hl_infer *in, hl_inst *call, hl_call_facts *out);
bool hl_infer_call_accepts(hl_infer *in, hl_inst *call, int which, const hl_type *sample); /* would a sample do as this operand? */
void hl_explain(hl_infer *in, hl_inst *failed);                /* fills cx->facts */
const char *hl_explain_briefly(hl_infer *in, const hl_inst *failed); /* a reason for those who gave none: what met what */
void hl_explain_calls(hl_infer *in, const hl_inst *call);      /* the calls that led there, this one the innermost */
void hl_infer_fail(hl_infer *in, hl_inst *i, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void hl_infer_overflow(hl_cx *cx, hl_inst *i);                          /* overflow.c: marks it when it may raise OverflowError */
#endif
