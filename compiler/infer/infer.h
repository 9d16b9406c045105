/* Inference: a type for every value.
 *
 * Optimistic data flow over SSA, in the manner of sparse conditional constant propagation (Wegman, Zadeck, TOPLAS
 * 1991): all values start UNKNOWN, types only grow (hl_unify), blocks become executable when a branch that types
 * allow leads there; branches decided by literal conditions are cut, so dead code is never typed.  One work list serves
 * all functions of a compilation: a call to a jitted function makes (or finds) an *instance* of it for the argument
 * types, and when an instance's return type grows, its callers are looked at again.  Recursion needs nothing else.
 *
 * How one operation is typed is a row of compiler/rules/: the first row whose type function accepts the operand types wins,
 * and the emitter obeys the row (inst->rule).  After the fixpoint `finish` inserts casts so that every operand has exactly
 * the type that the row asked for.
 */
#ifndef HL_INFER_H
#define HL_INFER_H
#include "../compile.h"
#include "../ir/ir.h"

typedef struct hl_infer hl_infer;
typedef struct hl_rule hl_rule;

/* What a type function sees. */
typedef struct hl_site {
    hl_infer *in;
    hl_inst *inst;
    const hl_rule *rule;
    int n;                  /* operands: for FUNC and METHOD rows the parameters in order (self first), then variadic ones */
    const hl_type **types;  /* resolved operand types, never UNKNOWN, literals kept; OMITTED where not given.
                               The function may replace an entry by the type it wants the operand converted to;
                               entries left alone are passed as they are, literals as their base type. */
    hl_inst **args;
} hl_site;

/* Returns the result type; NULL: this row does not apply (hl_reject may have said why). */
typedef const hl_type *(*hl_rule_fn)(hl_site *s);

typedef enum { HL_RULE_OP, HL_RULE_FUNC, HL_RULE_METHOD, HL_RULE_ATTR } hl_rule_kind;
struct hl_rule {
    int id;                 /* HL_R_<id> */
    hl_rule_kind kind;
    int op;                 /* OP rows: hl_op */
    int self;               /* METHOD, ATTR rows: hl_kind of the object */
    const char *key;        /* "numpy.zeros"; method or attribute name */
    const char *params;     /* "shape, dtype=, order="  a name with = may be omitted; "*rest" takes what is left, what comes behind it or "*" is given by keyword */
    const char *name;
    hl_rule_fn type;
    unsigned effects;       /* HL_E_… from the letters: r w x as in ops.def, b BORROW, c CONSUME, l LAZY, f FUSES, s SERIAL, u UFUNC, o OBJECT, P PYTHON */
};

typedef enum hl_rule_id {
    HL_R_NONE,
#define RULE(id, op, type, emit, effects) HL_R_##id,
#define FUNC(id, key, params, type, emit, effects) HL_R_##id,
#define METHOD(id, kind, key, params, type, emit, effects) HL_R_##id,
#define ATTR(id, kind, key, type, emit, effects) HL_R_##id,
#include "../rules/rules.def"
#undef RULE
#undef FUNC
#undef METHOD
#undef ATTR
    HL_R_COUNT
} hl_rule_id;
extern hl_rule hl_rules[HL_R_COUNT];

/* --- for type functions ------------------------------------------------------------------------------------------ */
void hl_reject(hl_site *s, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* why the row does not apply; shown when none does */
/* The operation is wrong whatever types are found yet: ends inference with an error of this class (hotloop.errors). */
void hl_refuse(hl_site *s, const char *cls, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
const hl_options *hl_site_options(hl_site *s);                   /* of the function that the operation is part of */
hl_interner *hl_site_types(hl_site *s);                          /* where local types go */
hl_arena *hl_site_arena(hl_site *s);
const hl_type *hl_resolve(hl_infer *in, const hl_type *t);       /* VARs replaced by what they are bound to, deeply */
const hl_type *hl_head(hl_infer *in, const hl_type *t);          /* the same at the top only: list(VAR) stays what it is */
/* Makes the VARs inside `t` take what unifies them with `with` (list.append binds [] this way).  Returns the unified type or NULL. */
const hl_type *hl_bind(hl_infer *in, const hl_type *t, const hl_type *with);
bool hl_becomes(hl_site *s, const hl_type *t, const hl_type *as); /* a list only one of the very same items (hl_infer_becomes) */
const hl_type *hl_fresh_var(hl_infer *in, hl_inst *site);        /* the VAR that belongs to this instruction (same one each time) */
/* Literal value of an operand: false when it is not one. */
bool hl_literal_int(const hl_type *t, int64_t *out);
bool hl_literal_bool(const hl_type *t, bool *out);
const char *hl_literal_str(const hl_type *t);                    /* NULL when not a literal str */
/* dtype argument: a DTYPE, a CONST class (np.float32, float, int, bool, complex), a literal str; OMITTED gives `dflt`. NULL: not a dtype. */
const hl_type *hl_dtype_of(const hl_type *t, const hl_type *dflt);
/* Typing a call from inside a rule (map-like functions, key=, library functions): result type; the instance goes to *callee. */
const hl_type *hl_call_type(hl_site *s, const hl_type *callee, const hl_type *const *types, int n, hl_func **instance);
/* Python objects (infer/object.c): are they allowed here; is this an operation on one; operand k is boxed. */
bool hl_site_allowed(hl_site *s);
bool hl_site_object(hl_site *s);
void hl_site_box(hl_site *s, int k);
/* The same of a jitted function, with its own options; without loops it is inlined. */
const hl_type *hl_call_jitted(hl_site *s, PyObject *dispatcher, const hl_type *const *types, int n, hl_func **instance);
/* How a ufunc that vectorize or guvectorize made does a call with operands of these types: its function, and the types in which that
 * takes them; out: what the loop makes of the results (nout 0: just what the function returns).  False: hl_reject has said why. */
enum { HL_UFUNC_OPERANDS = 32 };
typedef struct hl_choice {
    PyObject *function, *layout;   /* layout: of a gufunc, the symbols of each operand's core dimensions, then the sizes of the symbols; borrowed, kept by the arena */
    int n, nout;
    const hl_type *in[HL_UFUNC_OPERANDS], *out[HL_UFUNC_OPERANDS];
} hl_choice;
bool hl_choose_loop(hl_site *s, PyObject *ufunc, const hl_type *const *types, int n, hl_choice *out);
#endif
