/* The SSA graph.
 *
 *   function ─ blocks (in reverse post-order once hl_ir_order has run; block 0 is the entry)
 *      block ─ phis and params first, then instructions, the last one a terminator
 *         instruction = value: op, operands, type, source span
 *
 * Exception edges.  An instruction that may raise and stands inside a `try` ends its block *before* the terminator:
 * the block's `handler` is the block where control goes when its last non-terminator instruction raises (its handler
 * is then an extra predecessor edge, listed in handler->pred like any other).  Only the LAST non-terminator
 * instruction of a block with a handler may raise, or its terminator (raise, reraise); retain and release, which
 * passes/ownership.c puts behind it, do not count.  Outside of `try` an
 * instruction that raises leaves the function: `handler` is NULL and there is no edge.
 *
 * inst->unwind lists the owned values that die when the instruction raises (put there by passes/ownership.c); the
 * emitter releases them on the way out or on the way to the handler.
 *
 * Phi operands correspond to block->pred in order.  A predecessor may appear twice (branch with both targets equal).
 */
#ifndef HL_IR_H
#define HL_IR_H
#include "../types/arena.h"
#include "../types/types.h"

typedef enum hl_op {
#define OP(name, min, max, imm, effects, meaning) HL_OP_##name,
#include "../ops.def"
#undef OP
    HL_OP_COUNT
} hl_op;

typedef enum hl_imm_kind { HL_IMM_NONE, HL_IMM_INT, HL_IMM_OBJ, HL_IMM_NAME } hl_imm_kind;

enum { /* effects; hl_op_info.effects and hl_rule.effects */
    HL_E_READ = 1, HL_E_WRITE = 2, HL_E_RAISE = 4, HL_E_TERM = 8, HL_E_HEAD = 16, HL_E_CONST = 32,
    HL_E_BORROW = 64,  /* the managed parts of the result belong to an operand or to memory: nobody was retained */
    HL_E_CONSUME = 128,/* keeps its last operand: a reference passes to whatever it is stored in */
    HL_E_LAZY = 256,   /* element-wise: may be fused into its consumer (passes/fuse.c) */
    HL_E_FUSES = 512,  /* consumer that evaluates lazy operands item by item (element-wise, reductions, stores) */
    HL_E_SERIAL = 1024,/* touches Python objects: needs the GIL */
    HL_E_UFUNC = 2048, /* scalar row that lifts over arrays item by item (rules/array.c) */
    HL_E_OBJECT = 4096, /* takes operands that are Python objects, or have such parts, without looking into them */
    HL_E_VIEW = 16384, /* the result may look into an operand's memory, with a reference of its own */
    HL_E_PYTHON = 8192, /* done by CPython: operands and result are Python objects (rules/object.c) */
};

typedef struct hl_op_info {
    const char *name; int min, max; hl_imm_kind imm; unsigned effects; const char *meaning;
} hl_op_info;
extern const hl_op_info hl_ops[HL_OP_COUNT];

typedef struct hl_span {
    int line, end_line, col, end_col; /* 1-based lines, 0-based columns; line 0: none */
    int offset;                       /* of the bytecode instruction in its code object, in bytes */
    int inlined;                      /* 0: the function's own code, else row inlined - 1 of func->inlined */
} hl_span;
typedef struct hl_inlined { PyObject *code; hl_span call; } hl_inlined; /* a comprehension's code, built into its function; what calls it */

typedef struct hl_inst hl_inst;
typedef struct hl_block hl_block;
typedef struct hl_func hl_func;

enum { /* inst->flags */
    HL_I_INPLACE = 1,  /* a += b; of setitem: it stores the result of a ufunc into its out */
    HL_I_FUSED = 2,    /* has no memory of its own: its consumer evaluates it (passes/fuse.c) */
    HL_I_NOBOUNDS = 4, /* range checks were proved unnecessary (passes/bounds.c) */
    HL_I_NOWRAP = 8,   /* the index is known not to be negative */
    HL_I_DEAD = 16,
    HL_I_NORAISE = 32, /* the rule's `raises` does not happen here */
    HL_I_OBJECT = 64,  /* in a block under objmode: Python objects are allowed, and operands are boxed */
    HL_I_INSIDE = 128,  /* 0 <= start <= stop <= size in each slice of the index, if operand 2 (when given) holds (passes/bounds.c) */
    HL_I_STANDS = 1024, /* fused, but whether its operands' shapes fit is asked where it stands (passes/fuse.c) */
    HL_I_UNWRAPS = 512, /* accepted with optional operands taken for their values: raises when one is None; until finish.c says so in the graph */
    HL_I_OVERFLOW = 256, /* an integer result that does not fit raises (infer/overflow.c) */
};

struct hl_inst {
    uint16_t op;
    uint16_t flags;
    uint32_t id;             /* unique in the function; %id in text; dense after hl_ir_order */
    const hl_type *type;     /* NULL before inference */
    int nargs;
    hl_inst **args;
    int64_t ival;            /* imm int */
    PyObject *obj;           /* imm obj or name; borrowed, kept by the arena or the code object */
    hl_span span;
    const struct hl_rule *rule; /* how the operation is done; chosen by inference, obeyed by emission */
    void *data;              /* what that rule wants to remember: callee hl_func *, permutation, … */
    void *note;              /* scratch of the running pass */
    hl_inst **unwind; int nunwind;
    hl_block *block;
    hl_inst *prev, *next;
    HL_VEC(hl_inst *) uses;  /* valid after hl_ir_uses */
};

struct hl_block {
    uint32_t id;             /* position in func->blocks after hl_ir_order */
    hl_func *func;
    hl_inst *first, *last;
    hl_block *succ[2]; int nsucc;
    hl_block *handler;
    HL_VEC(hl_block *) pred; /* normal and exception predecessors */
    /* analyses (ir/cfg.c) */
    hl_block *idom; int dom_depth;
    hl_block *loop;          /* header of the innermost loop that contains the block (itself, for a header); or NULL */
    hl_block *loop_parent;   /* of a header: header of the next outer loop */
    int loop_depth;
    bool cold;               /* leads only to raise */
    bool pieces;             /* of a header: the loop is to be cut into pieces (passes/poll.c) */
    bool slow;               /* of the copy of a loop that keeps its range checks: not worth optimising */
    void *data;              /* scratch of the running pass */
};

typedef struct hl_mention { hl_inst *value; PyObject *name; hl_span span; } hl_mention;

struct hl_func {
    hl_arena *arena;
    const char *name;        /* qualified name */
    const char *filename;
    int first_line;
    PyObject *code;          /* code object, borrowed; NULL for text IR */
    PyObject *globals;       /* dict, borrowed */
    int nparams;
    const char **param_names;
    const hl_type **param_types; /* filled by the caller before inference */
    const hl_type *ret_type;
    HL_VEC(hl_block *) blocks;
    uint32_t next_inst;
    HL_VEC(hl_inlined) inlined;
    const struct hl_options *options; /* of its own decorator; NULL: those of the request */
    HL_VEC(hl_mention) mentions; /* when a report is wanted: where the source names a variable */
    bool has_try, has_loops;
    void *data;              /* inference: hl_instance; emission: LLVM function */
};

/* --- building ------------------------------------------------------------------------------------------------- */
hl_func *hl_ir_func(hl_arena *a, const char *name, int nparams);
hl_block *hl_ir_block(hl_func *f);                                   /* appended to f->blocks */
hl_inst *hl_ir_new(hl_func *f, hl_op op, hl_inst *const *args, int nargs, hl_span span); /* not yet placed */
void hl_ir_append(hl_block *b, hl_inst *i);                          /* at the end */
void hl_ir_before(hl_inst *where, hl_inst *i);
void hl_ir_after(hl_inst *where, hl_inst *i);
void hl_ir_prepend(hl_block *b, hl_inst *i);                         /* behind phis, params and catch */
void hl_ir_remove(hl_inst *i);                                       /* unlinks; operands are left */
void hl_ir_add_arg(hl_func *f, hl_inst *i, hl_inst *arg);
void hl_ir_edge(hl_block *from, hl_block *to);                       /* appends to succ and pred */
void hl_ir_set_handler(hl_block *b, hl_block *handler);              /* the exception edge */
void hl_ir_cut_edge(hl_block *from, int succ);                       /* removes succ[succ], its pred entry and phi operands */
void hl_ir_cut_handler(hl_block *b);
int hl_ir_pred_index(const hl_block *from, int nth);                 /* position in pred of the edge succ[nth], or handler when nth == nsucc */
hl_block *hl_ir_split_succ(hl_block *from, int nth);                  /* new block on succ[nth]; on the handler edge when nth == nsucc */
hl_block *hl_ir_split_edge(hl_block *from, hl_block *to);            /* new block between; phi operands follow */
hl_block *hl_ir_split_after(hl_inst *i);                             /* the rest of the block moves to a new one; jump between; handler stays with the first half iff i is the one that may raise, else moves along */
/* A second copy of the loop at `header` (ir/clone.c; needs loops): returns the new block in front, still with a jump to the
 * old header; *copy is the new header, which lists that block as its predecessor already.  NULL: the loop cannot be copied. */
hl_block *hl_ir_copy_loop(hl_func *f, hl_block *header, hl_block **copy);
void hl_ir_replace(hl_func *f, hl_inst *old, hl_inst *by);           /* in all operands (and unwind lists) */
static inline hl_inst *hl_ir_term(const hl_block *b) { return b->last; }
unsigned hl_ir_effects(const hl_inst *i);                            /* the rule's when chosen, the op's otherwise; less RAISE under HL_I_NORAISE */
/* --- analyses (ir/cfg.c) ---------------------------------------------------------------------------------------- */
void hl_ir_order(hl_func *f);      /* drops unreachable blocks (and phi operands from them), sorts into reverse post-order, renumbers */
void hl_ir_uses(hl_func *f);
void hl_ir_dominators(hl_func *f); /* needs order: Cooper, Harvey, Kennedy, "A simple, fast dominance algorithm" */
void hl_ir_loops(hl_func *f);      /* needs dominators: natural loops */
bool hl_ir_dominates(const hl_block *a, const hl_block *b);
bool hl_ir_loop_contains(const hl_block *header, const hl_block *b);
/* --- text ------------------------------------------------------------------------------------------------------- */
typedef struct hl_text { char *at; size_t len, cap; } hl_text;       /* malloc'ed; hl_text_free */
HL_API void hl_text_printf(hl_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
HL_API void hl_text_free(hl_text *t);
void hl_ir_print(const hl_func *f, hl_text *out);
int hl_ir_flag(const char *name);                                     /* "inplace" -> HL_I_INPLACE; 0: no such flag */
hl_func *hl_ir_parse(hl_arena *a, hl_interner *in, const char *text, char **error); /* NULL and a message with line number (in the arena) */
/* NULL when all is well; else a message (in the arena): dominance, operand counts, phis, terminators, exception edges,
 * types present when `typed`. */
char *hl_ir_verify(hl_func *f, bool typed);
/* Python functions of _compiler for tests of one stage (ir/testing.c); ends with an empty row. */
extern PyMethodDef hl_testing_methods[];
#endif
