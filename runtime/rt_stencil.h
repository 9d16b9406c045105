/* Borders of stencils.
 *
 *   array, meta   as in rt_array.h
 *   inside        for each dimension, the first index of the inside and the one behind its last: 0 <= first <= last <= size
 */
#ifndef HL_RT_STENCIL_H
#define HL_RT_STENCIL_H
#include "rt.h"

/* How an index beyond the border is read, in SciPy's words (scipy.ndimage, "mode"); numbered as hl_border (compiler/rules/stencil.h).
 *   nearest   a a a | a b c d | d d d
 *   wrap      b c d | a b c d | a b c
 *   reflect   c b a | a b c d | d c b
 *   mirror    d c b | a b c d | c b a */
enum { HL_PLACE_NEAREST = 1, HL_PLACE_WRAP, HL_PLACE_REFLECT, HL_PLACE_MIRROR };

/* Every item that is not inside becomes *value. */
HL_API void hl_stencil_border(const int64_t *array, int32_t meta, const int64_t *inside, const void *value);
/* The index in 0 … n-1 at which index i is read; n > 0. */
HL_API int64_t hl_stencil_place(int32_t border, int64_t i, int64_t n);
#endif
