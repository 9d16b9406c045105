/* NumPy functions that take whole arrays and are not worth compiling: sorting, joining, searching, statistics of order …
 *
 * All have one signature, so that one emitter serves them (emit/array_call.c): operands in a row of hl_operand, the result in
 * slots.  A result array is new (C-contiguous, one reference of the caller's) unless said otherwise. */
#ifndef HL_RT_CALL_H
#define HL_RT_CALL_H
#include "rt_array.h"
#include "rt_numpy.h"

typedef enum hl_operand_kind { HL_ARG_NONE, HL_ARG_ARRAY, HL_ARG_INT, HL_ARG_FLOAT, HL_ARG_COMPLEX, HL_ARG_LIST, HL_ARG_END } hl_operand_kind;
typedef struct hl_operand { /* 16 bytes; the emitter writes two words */
    hl_slot v;              /* ARRAY: its slots; INT, FLOAT: the number; COMPLEX: two doubles behind p; LIST: hl_list of items */
    int32_t npy;            /* dtype of an array, of the items of a list, of a number; NONE: was None given? */
    int16_t ndim, kind;
} hl_operand;

/* Operand 1 of fancy_get and fancy_set: the number of dimensions before the indexed ones in the low 8 bits; above them, in 5 bits each,
 * which axis of the array the first HL_INDEX_AXES indexed dimensions are, for messages. */
enum { HL_INDEX_AXES = 11 };

/* Methods of percentiles, operand 3: those of Hyndman and Fan ("Sample quantiles in statistical packages", The American Statistician 50,
 * 1996) and NumPy's own, under NumPy's names.  The discrete ones come first: they give an item as it is. */
#define HL_QUANTILE_METHODS(X)                                                                                         \
    X(LOWER, "lower") X(HIGHER, "higher") X(NEAREST, "nearest") X(INVERTED_CDF, "inverted_cdf") X(CLOSEST_OBSERVATION, "closest_observation") \
    X(LINEAR, "linear") X(MIDPOINT, "midpoint") X(AVERAGED_INVERTED_CDF, "averaged_inverted_cdf")                     \
    X(INTERPOLATED_INVERTED_CDF, "interpolated_inverted_cdf") X(HAZEN, "hazen") X(WEIBULL, "weibull")                 \
    X(MEDIAN_UNBIASED, "median_unbiased") X(NORMAL_UNBIASED, "normal_unbiased")
typedef enum hl_quantile_method {
#define X(id, name) HL_Q_##id,
    HL_QUANTILE_METHODS(X)
#undef X
    HL_Q_DISCRETE_END = HL_Q_LINEAR
} hl_quantile_method;

#define HL_NP_CALLS(X) /* name, operands as in NumPy */                                                                \
    X(sort) X(sort_method) X(argsort) X(partition) X(partition_method) X(argpartition) X(searchsorted) X(unique)       \
    X(cumsum) X(cumprod) X(median) X(nanmedian) X(percentile) X(quantile) X(nanpercentile) X(nanquantile)              \
    X(concatenate) X(stack) X(vstack) X(hstack) X(column_stack) X(dstack) X(append) X(delete_) X(insert)               \
    X(repeat) X(tile) X(roll) X(take) X(bincount) X(digitize) X(interp) X(histogram)                                   \
    X(nonzero) X(flatnonzero) X(argwhere) X(trace) X(outer) X(norm) X(fancy_get) X(fancy_set) X(array_equal)           \
    X(dot) X(matmul) X(vdot) X(random_array) X(random_ints_array) X(shuffle) X(permutation) X(choice)                  \
    X(diff) X(kron) X(isin) X(tri) X(triu) X(tril) X(cov) X(corrcoef) X(trapezoid) X(vander) X(searchsorted_scalar)                   \
    X(cholesky) X(inv) X(solve) X(det) X(slogdet) X(eigh) X(eigvalsh) X(svd) X(svdvals) X(qr) X(unique_flags) X(take_one)          \
    X(intersect1d) X(union1d) X(setdiff1d) X(setxor1d) X(nanargmax) X(nanargmin) X(isclose) X(allclose)                           \
    X(pinv) X(matrix_rank) X(cond) X(matrix_power) X(convolve) X(correlate) X(polyval) X(gradient)  \
    X(nan_to_num) X(fill_diagonal) X(meshgrid) X(cross) X(average)
#define X(name) HL_API hl_status hl_np_##name(const hl_operand *a, hl_slot *out);
HL_NP_CALLS(X)
#undef X
#endif
