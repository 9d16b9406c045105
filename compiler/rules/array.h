/* What the type rules and the emission of arrays share: how an index is read, which reduction a name means, how a
 * scalar function is lifted over items. */
#ifndef HL_RULES_ARRAY_H
#define HL_RULES_ARRAY_H
#include "../infer/infer.h"

enum { HL_DIMS = 32 }; /* most dimensions an array in compiled code may have; NumPy allows 64 */

/* --- indices (array_index.c) ---------------------------------------------------------------------------------------------- */
typedef enum hl_index_kind { HL_IX_INT, HL_IX_SLICE, HL_IX_FULL, HL_IX_NEW, HL_IX_ARRAY, HL_IX_MASK } hl_index_kind;
typedef struct hl_index_item {
    hl_index_kind kind;
    const hl_type *type; /* of the component; NULL for the FULL slices that an ellipsis or missing dimensions stand for */
    int part;            /* its first part among the parts of the index value */
} hl_index_item;
/* An index spelled out: one item for each dimension of the array (a mask: for each of its dimensions together) and
 * one for each new axis, in order. */
typedef struct hl_index_plan {
    int n;
    hl_index_item at[3 * HL_DIMS];
    int nint, nnew, nfancy; /* how many INT, NEW, ARRAY + MASK */
    bool ellipsis;
    int ndim;               /* of the result; fancy indices not counted */
    char layout;            /* of the result when it is a view */
} hl_index_plan;
/* False when `index` does not index `array`; *why then says so, or is NULL when it is no index at all. */
bool hl_index_plan_make(const hl_type *array, const hl_type *index, hl_index_plan *p, const char **why);

typedef struct hl_reshape_args { int first, end, order; } hl_reshape_args; /* operands: the sizes, first … end - 1, and the order */
hl_reshape_args hl_reshape_args_of(const hl_rule *row, int n);
/* strided.c: along which axes of an array its sliding windows run, and how many; -1: the types do not say that */
int hl_window_axes(const hl_type *array, const hl_type *window, const hl_type *axis, int *axes);
int hl_shape_ndim(const hl_type *t);   /* numpy_construct.c: dimensions of a shape, an int or a tuple of ints; -1: no shape */
/* --- element-wise (array_element.c) ------------------------------------------------------------------------------------------ */
/* How an element-wise instruction computes one item: operands are converted to `operand`, the scalar result of type
 * `scalar` to the item of the result.  Remembered in inst->data of lifted rows. */
typedef struct hl_lift {
    const hl_rule *row;                /* the scalar row */
    int n;
    const hl_type *operand[8];
    const hl_type *scalar;
} hl_lift;
static inline const hl_type *hl_item_of(const hl_type *t) { return t->kind == HL_K_ARRAY ? t->elem : t; }
const hl_type *hl_element_operand(int op, const hl_type *a, const hl_type *b); /* in which an operator on items works */
int hl_element_op(const hl_inst *i, const hl_rule *row);
bool hl_refuses_negative(const hl_inst *i);    /* an integer power whose exponents, operand 1, may be negative: NumPy raises */
const hl_type *hl_confines(const hl_inst *i, int k); /* the integer dtype that operand k, a number, may not fit: NumPy raises OverflowError; or NULL */
bool hl_confines_any(const hl_inst *i);         /* is there such an operand? */
const hl_type *hl_element_result(int op, const hl_type *operand);
const hl_type *hl_array_of(hl_site *s, const hl_type *item, int ndim);                   /* C array; the item itself when ndim is 0 */

bool hl_same_kind(const hl_type *from, const hl_type *to);                                   /* of items, numbers or arrays: NumPy's casting="same_kind" */
const hl_type *hl_element_array(const hl_type *item, const hl_type *const *types, int n); /* what an element-wise operation on these gives */

/* --- ufuncs made by vectorize and guvectorize (ufunc_call.c) ------------------------------------------------------------------- */
/* inst->data of their calls: the function, in which types it takes the operands, and to which its results are converted. */
typedef struct hl_ufunc_call {
    hl_func *callee;
    PyObject *ufunc;
    int nin, nout;            /* of a gufunc, nin: all operands, the outputs among them; nout: those that are made */
    const hl_type *in[HL_UFUNC_OPERANDS], *out[HL_UFUNC_OPERANDS];
    int ndim[HL_UFUNC_OPERANDS], sym[HL_UFUNC_OPERANDS][HL_DIMS]; /* of a gufunc: the core dimensions */
    int nwritten;             /* of a gufunc: its outputs */
    int64_t size[HL_UFUNC_OPERANDS]; /* of a symbol; 0: the operands say it */
    int nsym;
} hl_ufunc_call;
bool hl_calls_ufunc(const hl_inst *i);       /* or a gufunc */
bool hl_is_ufunc_call(const hl_inst *i);
bool hl_ufunc_call_raises(const hl_inst *i); /* may its function raise? */

char hl_order_of(const hl_type *t, const hl_type *a, char otherwise);
int hl_sort_kind_of(const hl_type *kind, const hl_type *stable); /* 1: a stable one; -1: not known while compiling */
int hl_quantile_method_of(const hl_type *t);  /* hl_quantile_method, or -1 */
bool hl_is_array_like(const hl_type *t);     /* a list or tuple of numbers (or of such) that np.asarray takes */

/* --- reductions (array_reduce.c) --------------------------------------------------------------------------------------------- */
typedef enum hl_reduction {
    HL_RED_NONE, HL_RED_SUM, HL_RED_PROD, HL_RED_MIN, HL_RED_MAX, HL_RED_MEAN, HL_RED_VAR, HL_RED_STD, HL_RED_ARGMIN, HL_RED_ARGMAX,
    HL_RED_ANY, HL_RED_ALL, HL_RED_COUNT, HL_RED_PTP, HL_RED_NANSUM, HL_RED_NANPROD, HL_RED_NANMIN, HL_RED_NANMAX, HL_RED_NANMEAN, HL_RED_NANVAR,
    HL_RED_NANSTD,
} hl_reduction;
hl_reduction hl_reduction_of(const hl_rule *row);
/* Where the operands of a reduction row stand: -1 when the row has no such parameter. */
typedef struct hl_reduce_args { int axis, dtype, ddof, keepdims, out, initial; } hl_reduce_args;
const hl_type *hl_reduce_sequence(const hl_type *t);
hl_reduce_args hl_reduce_args_of(const hl_rule *row);
/* Type in which the accumulator works; NULL when there is none. */
const hl_type *hl_reduce_accumulator(hl_reduction r, const hl_type *item, const hl_type *dtype);
#endif
