/* Linear expressions (with products of two) over the values of a function, and what is known about their range: shared by
 * bounds*.c. */
#ifndef HL_BOUNDS_H
#define HL_BOUNDS_H
#include "../compile.h"
#include "../infer/infer.h"

enum { HL_MAX_TERMS = 8 };

/* An integer, or the size of axis `axis` of the array `value` when axis >= 0. */
typedef struct hl_factor { hl_inst *value; int axis; } hl_factor;
typedef struct hl_term { hl_factor f[2]; int nf; int64_t coef; } hl_term; /* coef * f[0] (* f[1]); f[0] before f[1] */
typedef struct hl_affine { int64_t c; int n; hl_term t[HL_MAX_TERMS]; bool ok; } hl_affine; /* !ok: of no such form, or too large */

hl_affine hl_affine_const(int64_t c);
hl_affine hl_affine_factor(hl_factor f);
hl_affine hl_affine_add(hl_affine a, hl_affine b, int64_t times);     /* a + times * b */
hl_affine hl_affine_mul(hl_affine a, hl_affine b);
bool hl_affine_same(const hl_affine *a, const hl_affine *b);
bool hl_affine_takes(const hl_type *t);                               /* values of this integer type fit into int64 */
hl_affine hl_affine_of(hl_inst *v);                                   /* of an integer value; at worst 1 * v */
hl_affine hl_affine_size(hl_inst *array, int axis);                   /* of an axis */

/* lo <= value <= hi, given that `positive` is at least 1 (n = 0, c = 1 when nothing has to be given). */
typedef struct hl_fact { bool ok; hl_affine lo, hi, positive; } hl_fact;
hl_fact hl_fact_of(hl_inst *v, const hl_block *at);                   /* what holds in block `at`, which v dominates */
static inline bool hl_factor_same(hl_factor a, hl_factor b) { return a.value == b.value && a.axis == b.axis; }

/* bounds_divide.c */
typedef struct hl_division { hl_inst *inst; hl_block *loop; } hl_division;
typedef struct hl_divisors { hl_inst **at; int n, cap; } hl_divisors; /* a vector of divisions */
bool hl_divide_any(const hl_func *f);                                 /* is there a division that may raise? */
hl_block *hl_divide_loop(hl_inst *i);                                 /* header of the outermost loop before which its divisor is known; NULL: none, or no division */
void hl_divide_hoist(hl_inst *divisor, const hl_block *loop, hl_inst *before); /* what it is computed from leaves the loop */
#endif
