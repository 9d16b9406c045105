/* Arrays at run time: new memory, overlap, and what NumPy functions do with whole arrays of any dtype.
 *
 *   slots   an array value in memory: owner, data, shape…, stride…, 8 bytes each
 *   meta    ndim << 8 | item size
 */
#ifndef HL_RT_ARRAY_H
#define HL_RT_ARRAY_H
#include "rt.h"

/* New C-contiguous memory for shape[ndim]; *data is where its items begin.  NULL: ValueError (negative, too large) or MemoryError. */
HL_API hl_mem *hl_array_new(int32_t ndim, const int64_t *shape, int64_t itemsize, int32_t zero, void **data);
HL_API hl_mem *hl_array_make(int32_t ndim, const int64_t *shape, int64_t itemsize, int32_t zero); /* the data is HL_ARRAY_DATA behind the result */
enum { HL_APART_WHOLE = 1 << 24 };
/* Where to read `src` while `dst` is written: its own data when both lie apart or are the very same items, else a copy of its memory
 * in which all items have the same distances.  With HL_APART_WHOLE
 * views of src are read, not src itself: the very same items count as overlap.  Copies hang on *temps until hl_array_apart_end.  NULL: MemoryError, copies freed. */
HL_API void *hl_array_apart(const int64_t *dst, int32_t dst_meta, const int64_t *src, int32_t src_meta, void **temps);
HL_API void hl_array_apart_end(void **temps);
/* May `view` be made of the memory of array x?  meta: dimensions << 8 | bytes of an item, and of the view how its items are aligned and
 * whether it must not reach beyond x. */
enum { HL_STRIDED_ALIGN = 24, HL_STRIDED_WITHIN = 1 << 23 };
HL_API hl_status hl_array_strided(const int64_t *x, int32_t x_meta, const int64_t *view, int32_t view_meta);
/* The least of n × m floats (size: bytes of one, with HL_EXTREME_MAX of rt_numpy.h: the greatest), at least one; NaN when there is one. */
HL_API double hl_array_extreme(const char *data, int64_t n, int64_t stride, int64_t m, int64_t inner_stride, int32_t size);
/* ends[0], ends[1]: start and stop of a slice (given: bit 0, bit 1) with any step; ends[0] becomes the first index, result: how many */
HL_API int64_t hl_slice_adjust(int64_t *ends, int64_t step, int64_t n, int32_t given);
typedef struct hl_extent { int64_t start, len; } hl_extent;
HL_API HL_KEEPS_REGISTERS hl_extent hl_slice_clamp(int64_t start, int64_t stop, int64_t n); /* a[start:stop] of n items */
/* ceil((stop - start) / step), at least 0; step != 0 */
HL_API int64_t hl_range_count(int64_t start, int64_t stop, int64_t step);
/* out: slots of nd dimensions, sizes filled in.  A view when strides can describe it, else a C-ordered copy; the owner is one
 * reference of the caller's. */
HL_API hl_status hl_array_reshape(const int64_t *a, int32_t meta, int64_t *out, int32_t nd);
/* New array of the numbers in a list nested `depth` deep (tuples inside count as one dimension more: nd = depth + 1).
 * from, to: NumPy type numbers; shape[nd] and *data are filled in. */
HL_API hl_mem *hl_array_from_list(const hl_list *list, int32_t depth, int32_t nd, int32_t from, int32_t to, int64_t *shape, void **data);
HL_API int64_t hl_npy_size(int32_t type); /* bytes of an item */
/* Copies n items between dtypes, each with its stride; complex to real keeps the real part. */
HL_API void hl_items_convert(void *dst, int64_t dstride, int32_t to, const void *src, int64_t sstride, int32_t from, int64_t n);
/* The errors that name shapes.  sizes: for each of n shapes its number of dimensions, then its dimensions.
 * what 0: operands could not be broadcast together; 1: input (first) into destination (second);
 * 2: value array (first) to indexing result (second) */
/* Errors that name shapes: n times [number of dimensions, sizes …]. */
HL_API void hl_raise_shapes(int32_t what, const int64_t *sizes, int32_t n);
/* A core dimension of a gufunc's operand (which: operand << 8 | dimension) has another size than it must have. */
HL_API void hl_raise_core(PyObject *gufunc, int32_t which, int64_t size, int64_t want);
HL_API void hl_raise_mask(int64_t axis, int64_t size, int64_t mask);
#endif
