/* The builder: canonical bytecode (read/read.h) to SSA.
 *
 *   build.c        the driver: parameters, bytecode blocks in reverse post-order, the stack, exception edges
 *   build_flow.c   before building: bytecode blocks and edges, handlers that matter, variables that may be unbound
 *   build_ssa.c    variables: Braun, Buchwald, Hack, Leißa, Mallon, Zwinkau, "Simple and Efficient Construction of Static
 *                  Single Assignment Form" (CC 2013); cleaning up afterwards
 *   build_ops.c    operators, displays, attributes, control
 *   build_call.c   calls, inner functions, comprehensions and generator expressions (inlined)
 *   build_name.c   globals, modules, imports
 *   build_try.c    handlers
 *
 * Three kinds of places hold values.  Local variables and stack places have a number each (an "SSA variable") under
 * which blocks look up each other's definitions.  Inside a bytecode block the stack is a row of items that hold values
 * directly; at the block's end the items are written to their variables, and the next block's items start out as "look
 * in the variable" (item.value NULL), so that what is merely carried along costs nothing.
 *
 * Some stack items are no values: the NULL of a call, cells on their way into a closure, a comprehension's function.  They
 * are the same on every way to a block, so a block takes over the kinds from whoever reaches it first.
 */
#ifndef HL_BUILD_H
#define HL_BUILD_H
#include "../compile.h"
#include "../read/read.h"
#include "ir.h"

typedef struct hl_frame hl_frame;

/* --- the stack ---------------------------------------------------------------------------------------------------- */
typedef enum hl_item_kind {
    HL_ITEM_VALUE,
    HL_ITEM_NULL,       /* nothing that a program can see */
    HL_ITEM_HANDLED,    /* lies below a handler's temporaries; value: the exception that is being handled */
    HL_ITEM_CELL,       /* cell of local variable `cell`; where a value is needed, its value (3.13: same opcode) */
    HL_ITEM_CELLS,      /* tuple of cells, likewise */
    HL_ITEM_FUNCTION,   /* a function that is still being put together, or a comprehension waiting for its call */
    HL_ITEM_OBJMODE,    /* where `with` keeps the exit method: inside of a block under objmode */
} hl_item_kind;

typedef struct hl_objmode hl_objmode; /* build_with.c */

typedef struct hl_cells { int n; int *at; hl_inst **values; } hl_cells; /* local variables of the frame that makes the closure */

typedef struct hl_making {
    PyObject *code;
    hl_cells *cells;
    hl_inst **defaults; int ndefaults;
    hl_span span;
} hl_making;

/* [a, *b, c] in the making, in case it becomes a tuple: f(a, *b, c) and (a, *b, c) start as lists in CPython. */
typedef struct hl_display {
    struct hl_display_part { hl_inst *value; bool star; } *parts; int nparts, room;
    HL_VEC(hl_inst *) made;     /* the list's instructions; they go when the tuple comes */
} hl_display;

typedef struct hl_item {
    uint8_t kind;
    bool generator;     /* a list that stands for a generator: only a call that takes any iterable may have it */
    bool fresh;         /* a {…} that nobody else has seen */
    bool shared;        /* was copied, or came from another block: no display that is still in the making */
    int cell;
    int room;           /* for operands of `value`, a display that grows; 0: not known */
    hl_inst *value;     /* VALUE, HANDLED, CELL; NULL: what the place's SSA variable holds */
    union { hl_cells *cells; hl_making *making; hl_display *display; hl_objmode *objmode; };
} hl_item;

/* --- bytecode blocks ------------------------------------------------------------------------------------------------ */
typedef struct hl_bb {
    int first, end;             /* instructions [first, end) of the stream */
    int next[2], nnext;         /* blocks: where it goes on; of a FORK the target second */
    int handler;                /* block where exceptions go; -1: out of the frame */
    const hl_region *caught;    /* of a handler: how the stack looks there */
    bool item;                  /* begins with the item of the for_iter before it */
    bool reached;               /* by the edges above */
    int order;                  /* position in the reverse post-order */
    int pending;                /* edges to here from blocks that are not built yet */
    uint64_t *unbound;          /* at the beginning: bit set of local variables that may be unbound */
    hl_block *ir;               /* NULL: no edge led here so far */
    bool built;
    hl_item *entry; int depth;  /* the stack at the beginning; values are NULL */
} hl_bb;

typedef struct hl_flow {
    hl_bb *blocks; int nblocks;
    int *block_of;              /* instruction -> block */
    int *order; int norder;     /* reachable blocks in reverse post-order */
    bool *cleared;              /* variables with a load_clear: a store may put "unbound" back */
    int nhandlers;              /* of exceptions */
    int nwords;                 /* of a bit set */
    bool loops;
} hl_flow;

/* `unbound`: variables that may be unbound when the code starts; read once. */
hl_flow *hl_build_flow(hl_arena *a, const hl_stream *s, const uint64_t *unbound);
static inline bool hl_item_has_value(const hl_item *it)
{
    return it->kind == HL_ITEM_VALUE || it->kind == HL_ITEM_HANDLED || it->kind == HL_ITEM_CELL;
}
static inline bool hl_bit(const uint64_t *set, int k) { return set[k >> 6] >> (k & 63) & 1; }
static inline void hl_bit_put(uint64_t *set, int k, bool on)
{
    if (on) set[k >> 6] |= UINT64_C(1) << (k & 63);
    else set[k >> 6] &= ~(UINT64_C(1) << (k & 63));
}

/* --- one code object ------------------------------------------------------------------------------------------------ */
typedef struct hl_catcher { hl_frame *frame; hl_bb *block; } hl_catcher; /* block NULL: exceptions leave the function */

typedef enum hl_inline_mode {
    HL_INLINE_NOT,              /* the function itself */
    HL_INLINE_COMPREHENSION,    /* returns its list, set or dict */
    HL_INLINE_LIST,             /* a generator expression, as a list */
    HL_INLINE_ANY, HL_INLINE_ALL, /* one that any() or all() takes: stops where they stop */
} hl_inline_mode;

struct hl_frame {
    hl_frame *outer;            /* of inlined code: the frame that calls it */
    const hl_stream *s;
    hl_flow *flow;
    int *var;                   /* local variable -> SSA variable; -1: frozen */
    PyObject **frozen;          /* free variables with a value known now; NULL: it has none */
    hl_frame **owner; int *owned; /* FREE ones of inlined code: whose local variable it is, and which */
    int stack_var;              /* SSA variable of stack place 0 */
    hl_item *stack; int depth, room;
    uint64_t *unbound;          /* at this instruction */
    int pc;
    hl_bb *bb;
    int inlined;                /* of its spans */
    hl_catcher inherited;
    hl_inline_mode mode;
    hl_block *join;             /* inlined code goes on here when it is done */
    int result;                 /* SSA variable of what it leaves */
    hl_inst *list;              /* HL_INLINE_LIST */
};

typedef struct hl_region_of { const hl_frame *frame; int handler; } hl_region_of; /* the handler of a block under objmode, which is none */

typedef struct hl_builder {
    hl_cx *cx;
    hl_arena *arena;
    hl_func *f;
    hl_frame *frame;
    hl_block *cur;              /* block under construction; NULL behind a terminator */
    bool raised;                /* its last instruction may raise into `catcher`: the block has to end */
    hl_catcher catcher;
    hl_span span;
    bool failed;
    PyObject *builtins;         /* dict */
    int nvars;                  /* SSA variables */
    HL_VEC(PyObject *) names;   /* of SSA variables; NULL for stack places */
    HL_VEC(hl_inst *) unbound;  /* their `unbound` instructions, made when needed */
    HL_VEC(hl_inst *) phis;
    bool checks;                /* some check_bound was made */
    hl_objmode *objmode;        /* the block under objmode that is being built; NULL: none */
    HL_VEC(hl_region_of) regions;
    bool lost;                  /* some variable was assigned in such a block only */
} hl_builder;

/* --- build.c ---------------------------------------------------------------------------------------------------------- */
void hl_build_fail(hl_builder *b, const char *cls, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void hl_build_python_error(hl_builder *b);
hl_inst *hl_build_emit(hl_builder *b, hl_op op, hl_inst *const *args, int nargs);
hl_inst *hl_build_emit1(hl_builder *b, hl_op op, hl_inst *x);
hl_inst *hl_build_emit2(hl_builder *b, hl_op op, hl_inst *x, hl_inst *y);
hl_inst *hl_build_const(hl_builder *b, PyObject *obj); /* obj must outlive the compilation: hl_keep */
void hl_build_split(hl_builder *b);                    /* what follows goes to a new block when the last instruction may raise */
hl_item *hl_build_push(hl_builder *b, hl_inst *value);
hl_item *hl_build_push_kind(hl_builder *b, hl_item_kind kind);
hl_item hl_build_pop_item(hl_builder *b);
hl_inst *hl_build_pop(hl_builder *b);                  /* a value; never NULL, after a failure any */
hl_inst **hl_build_pop_n(hl_builder *b, int n);        /* n values, deepest first */
hl_item *hl_build_item(hl_builder *b, int nth);        /* from the top, which is 1; its value is looked up */
hl_inst *hl_build_item_value(hl_builder *b, int nth);
hl_inst *hl_build_peek(hl_builder *b, int nth);       /* … for an instruction that keeps it: no display goes on growing in its place */
void hl_build_flush(hl_builder *b, int depth);         /* items below depth go to their variables */
void hl_build_goto(hl_builder *b, hl_bb *to, int depth);
void hl_build_fork(hl_builder *b, hl_inst *condition, hl_bb *yes, int yes_depth, hl_bb *no, int no_depth);
void hl_build_fork_open(hl_builder *b, hl_inst *condition, bool when, hl_bb *other, int depth); /* if it is `when`, on in a block of its own, the current one from here */
void hl_build_leave(hl_builder *b, hl_op op, hl_inst *const *args, int nargs); /* return, raise, reraise */
void hl_build_end(hl_builder *b);                      /* before a terminator that the caller appends itself */
hl_bb *hl_build_target(hl_builder *b, const hl_bc *bc);
hl_bb *hl_build_behind(hl_builder *b);                 /* the block that follows the current one */
hl_frame *hl_build_frame(hl_builder *b, const hl_stream *s, hl_frame *outer);
void hl_build_code_blocks(hl_builder *b);              /* all of b->frame, from b->cur */

int hl_build_handled_depth(hl_builder *b);             /* how many exceptions are being handled at this instruction */

/* --- build_ssa.c ------------------------------------------------------------------------------------------------------ */
int hl_build_var(hl_builder *b, PyObject *name);       /* a new SSA variable */
hl_block *hl_build_block(hl_builder *b, bool sealed);
void hl_build_mark_region(hl_builder *b, hl_block *block); /* phis of the block are Python objects where b->objmode is set */
void hl_build_seal(hl_builder *b, hl_block *block);    /* no more predecessors will come */
void hl_build_write(hl_builder *b, int var, hl_inst *value);
hl_inst *hl_build_read(hl_builder *b, int var);
hl_inst *hl_build_held(hl_builder *b, int var);        /* what the current block has read or written of it so far; NULL: neither */
hl_inst *hl_build_unbound(hl_builder *b, int var);
void hl_build_finish(hl_builder *b);

/* --- build_with.c ----------------------------------------------------------------------------------------------------- */
static inline bool hl_build_gradual(const hl_builder *b) { return b->cx->gradual || b->objmode; } /* Python objects here? */
void hl_build_find_region(hl_builder *b);
int hl_build_handler(const hl_builder *b, const hl_frame *fr, int handler);
void hl_build_end_region(hl_builder *b, const hl_item *exit);
void hl_build_check_lost(hl_builder *b);

/* --- by topic ----------------------------------------------------------------------------------------------------------- */
typedef void (*hl_build_fn)(hl_builder *b, const hl_bc *bc);
#define BC(name, operand, flow, meaning) void hl_build_do_##name(hl_builder *b, const hl_bc *bc);
#include "../read/bytecode.def"
#undef BC
hl_inst *hl_build_load(hl_builder *b, int local);      /* local variable of the frame, checked where it may be unbound */
void hl_build_store(hl_builder *b, int local, hl_inst *value);
bool hl_build_cells(hl_builder *b, int n);             /* n cells on top become one item; false: they are no cells */
void hl_build_inline(hl_builder *b, const hl_making *made, hl_inst *iterator, hl_inline_mode mode); /* pushes the result */
bool hl_build_is_inlined(const hl_making *made);
/* A variable of the closure that is made at the current instruction, as seen by its frame; NULL after a failure. */
hl_inst *hl_build_capture(hl_builder *b, const hl_making *made, int which);
#endif
