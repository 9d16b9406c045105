/* Shared by the emission of arrays: element_nest.c (loop nests), element.c, index.c, reduce.c, construct.c, linalg.c. */
#ifndef HL_EMIT_ARRAY_H
#define HL_EMIT_ARRAY_H
#include "../rules/array.h"
#include "emit.h"

/* --- small arithmetic on i64 that folds what it can see, so that constant strides stay constants --------------------- */
bool hl_const_is(V v, int64_t c);
bool hl_const_int(V v, int64_t *out);
V hl_add64(hl_emit *e, V a, V b);
V hl_sub64(hl_emit *e, V a, V b);
V hl_mul64(hl_emit *e, V a, V b);
V hl_min64(hl_emit *e, V a, V b);
V hl_max64(hl_emit *e, V a, V b);
V hl_eq64(hl_emit *e, V a, V b);               /* constant true for one and the same value */
V hl_pick(hl_emit *e, V cond, V a, V b);       /* select that folds constant conditions and equal arms */
V hl_both(hl_emit *e, V a, V b);               /* and of two i1, either may be NULL */
V hl_intrinsic(hl_emit *e, const char *name, LLVMTypeRef t, V *args, int n); /* overloaded on one type */

/* --- arrays as values ------------------------------------------------------------------------------------------------- */
/* The parts of an array operand with what its type knows put in as constants (innermost stride of a C array …). */
V *hl_array_parts(hl_emit *e, hl_inst *v);
void hl_array_known(hl_emit *e, const hl_type *t, V *parts);
V hl_array_size(hl_emit *e, int nd, V const *shape);
void hl_array_c_strides(hl_emit *e, const hl_type *t, V const *shape, V *strides);
void hl_array_fill_parts(hl_emit *e, const hl_type *t, V owner, V data, V const *shape, V const *strides, V *out);
V hl_array_slots(hl_emit *e, const hl_type *t, const V *parts); /* parts in memory, for the runtime */
bool hl_is_fused(const hl_inst *v);
V hl_index_value(hl_emit *e, const hl_type *t, V v);             /* an int operand as i64 */

/* --- indices (index.c) ---------------------------------------------------------------------------------------------------- */
/* parts of the view that the (basic) plan selects from an array */
void hl_index_view(hl_emit *e, hl_inst *i, const hl_type *array, const V *a, const hl_index_plan *p, const V *index, V *out);

bool hl_at_most_one(const hl_inst *v, int d);                    /* v is a view like a[:, k:k+1] that has one item, or none, along dimension d */
int hl_depth_of(const hl_inst *v);                               /* in how many loops the value of v changes */
/* --- loop nests (element_nest.c) --------------------------------------------------------------------------------------------- */
typedef struct hl_leaf {
    hl_inst *inst;            /* the operand, or NULL for one given by its parts */
    const hl_type *type;      /* an array type */
    V *parts;
    V stride[HL_DIMS];        /* along each dimension of the nest; constant 0 where it is broadcast */
    V slow;                   /* along the innermost dimension when the middle loop runs along it */
    V row[HL_DIMS + 2];       /* address on entry to each level of the nest */
    V addr;                   /* in the body: of the item */
    bool written;             /* stored to */
    bool apart;               /* read, and proved not to overlap what is written */
} hl_leaf;

/* A value carried round the loops, from level `first` inwards. */
typedef struct hl_accumulator {
    V init, next, phi[HL_DIMS + 2];
    LLVMTypeRef type, inner;  /* inside rows and blocks; a float sum is carried on in double outside of them */
    int first;
    bool open;
} hl_accumulator;

enum { HL_NEST_LEAVES = 48, HL_NEST_ACCS = 6, HL_NEST_SHIFT = 10, HL_NEST_BLOCK = 1 << HL_NEST_SHIFT, HL_LAZY_OPERANDS = 8 };
typedef struct hl_nest {
    hl_inst *at;              /* the instruction at work: errors are its */
    int nd;
    V shape[HL_DIMS];
    int perm[HL_DIMS];        /* level k runs along dimension perm[k] */
    hl_leaf leaf[HL_NEST_LEAVES]; int nleaf;
    hl_accumulator acc[HL_NEST_ACCS]; int nacc;
    bool fixed;               /* the order of the loops is given: never flat */
    bool ordered;             /* items are visited in C order */
    bool blocked;             /* sums: accumulators are added up block by block, or row by row (so the error grows with the number of
                                 blocks, and short rows need not wait for each other) */
    /* made by hl_nest_prepare */
    V fast, length;
    bool partial, window;
    bool full;                /* no dimension is empty */
    bool cheap;               /* an item costs next to nothing: in a window not worth vectors */
    V trip[HL_DIMS + 2], index[HL_DIMS + 2];
    hl_for loop[HL_DIMS + 2];
    bool looped[HL_DIMS + 2];
    V scope;
    LLVMBasicBlockRef failed; /* an item raised (ufunc_call.c): whoever made the nest leaves from there; NULL: nothing can */
} hl_nest;

void hl_nest_init(hl_nest *n, hl_inst *at, int nd, V const *shape);
int hl_nest_leaf(hl_emit *e, hl_nest *n, hl_inst *inst, const hl_type *t, V *parts); /* number of the leaf */
void hl_nest_tree(hl_emit *e, hl_nest *n, hl_inst *v);          /* the arrays that v reads become leaves */
int hl_nest_accumulate(hl_nest *n, V init);
void hl_nest_prepare(hl_emit *e, hl_nest *n);                   /* steps and trip counts; levels are 0 … nd */
void hl_nest_levels(hl_emit *e, hl_nest *n, int from, int to);  /* opens levels from … to-1 */
void hl_nest_close_levels(hl_emit *e, hl_nest *n, int from, int to);
void hl_nest_open(hl_emit *e, hl_nest *n);                      /* all of it: emission goes on in the innermost body */
void hl_nest_close(hl_emit *e, hl_nest *n);                     /* acc[k].next holds the result from here on */
V hl_nest_acc(hl_nest *n, int k);                               /* in the body: the accumulator's value */
V hl_nest_position(hl_emit *e, hl_nest *n);                     /* in the body: C-order number of the item */
void hl_nest_value(hl_emit *e, hl_nest *n, hl_inst *v, V *out); /* item of v: array, scalar or fused expression */
void hl_nest_load(hl_emit *e, hl_nest *n, int leaf, V *out);
void hl_nest_store(hl_emit *e, hl_nest *n, int leaf, const V *parts);
/* Evaluates v into memory at parts (of array type t), broadcasting.  `dest` is the value that memory belongs to; NULL: it is
 * new, and nothing overlaps it. */
void hl_nest_assign(hl_emit *e, hl_inst *at, const hl_type *t, V *parts, hl_inst *v, hl_inst *dest);
/* Sees to it that reading the leaves gives what they held before the nest began to store; returns what hl_nest_joined takes. */
V hl_nest_separate(hl_emit *e, hl_nest *n, int written, hl_inst *dest);
void hl_nest_joined(hl_emit *e, V temps);
/* Behind a nest whose items may raise: gives up the n values of these types that it was to fill, and leaves. */
void hl_nest_leave(hl_emit *e, hl_nest *n, const hl_type *const *types, V *const *parts, int count, V temps);
bool hl_surely_apart(hl_inst *a, hl_inst *b);                   /* their memories cannot overlap */

/* --- windows (lanes.c) ------------------------------------------------------------------------------------------------------------ */
enum { HL_LANE_ACCS = 2 };
typedef struct hl_lane_op {
    int width, n;             /* lanes; accumulators */
    int masked;               /* how many of them an item that is not there, a zero of each operand, would change */
    V init[HL_LANE_ACCS];     /* vectors */
    bool partial[HL_LANE_ACCS]; /* a sum: each row begins anew and is added */
    void (*item)(hl_emit *e, void *arg, V x, V const *acc, V *out);
    void *arg;
} hl_lane_op;
/* How many items of v, taken as type t, the rows of a prepared nest are reduced by at once; 0: they cannot be. */
int hl_lanes_width(const hl_nest *n, const hl_inst *v, const hl_type *t);
bool hl_lanes_refuse_empty(hl_emit *e, hl_nest *n, hl_inst *i, const hl_inst *v, hl_err err);
void hl_lanes_reduce(hl_emit *e, hl_nest *n, hl_inst *v, const hl_type *t, hl_lane_op *op, V *acc);
V hl_lanes_splat(hl_emit *e, int width, V x);

/* --- element-wise (element.c) --------------------------------------------------------------------------------------------------- */
typedef void (*hl_item_fn)(hl_emit *e, hl_nest *n, hl_inst *v, V *out);
hl_item_fn hl_item_of_rule(const hl_inst *v);                   /* how a lazy instruction computes one item */
int hl_lazy_operands(const hl_inst *v, hl_inst **out);          /* the operands that are evaluated item by item */
/* Converts an item; real and complex, no checks. */
void hl_item_cast(hl_emit *e, const hl_type *from, const hl_type *to, const V *in, V *out);
void hl_broadcast(hl_emit *e, int nd, V *acc, int nv, V const *shape, V *ok);
void hl_shape_of_operands(hl_emit *e, hl_inst *i, int nd, V *shape); /* to which i's operands broadcast */
void hl_element_evaluate(hl_emit *e, hl_inst *i, V *out);        /* into a new array, unless its consumer does it */
void hl_check_into(hl_emit *e, hl_inst *at, int nd, V const *dest, hl_inst *v, bool in_place); /* may v be stored into that shape? */
void hl_check_out(hl_emit *e, hl_inst *at, int nd, V const *dest, hl_inst *v); /* is it the shape of an out for v? */
void hl_item_operator(hl_emit *e, hl_op op, const hl_type *t, const hl_type *a, const V *x, const hl_type *b, const V *y, V *out);
/* Fails unless ok, with a message that names n shapes; `what` as in hl_raise_shapes. */
void hl_check_shapes(hl_emit *e, hl_inst *i, V ok, int what, int n, const int *nd, const V *const *sizes);
#endif
