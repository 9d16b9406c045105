/* Type functions of numbers that other files of rules/ use. */
#ifndef HL_RULES_NUMBER_H
#define HL_RULES_NUMBER_H
#include "../infer/infer.h"

/* The base type when t is a number (literal or not), else NULL. */
static inline const hl_type *hl_number(const hl_type *t)
{
    t = hl_unliteral(t);
    return hl_is_number(t) ? t : NULL;
}
static inline bool hl_is_u64(const hl_type *t) { return t->kind == HL_K_INT && t->bits == 64 && !(t->flags & HL_T_SIGNED); }
static inline bool hl_is_signed(const hl_type *t) { return t->kind == HL_K_INT && (t->flags & HL_T_SIGNED); }

/* The value of `op` on literal operands as a literal type; NULL when CPython raises or the result does not fit. */
const hl_type *hl_fold_binary(hl_site *s, hl_op op, const hl_type *a, const hl_type *b);
const hl_type *hl_fold_unary(hl_site *s, hl_op op, const hl_type *a);
const hl_type *hl_literal_of(hl_site *s, PyObject *owned);  /* gives the reference away; NULL and clears the error for NULL */

/* bool of two numbers compared by `op`; chooses the types in which they are compared. */
const hl_type *hl_compare_types(hl_site *s, hl_op op);
/* The result of `op` on the operands of the site. */
const hl_type *hl_operator_type(hl_site *s, hl_op op);
/* Which operator a row of the operator module is. */
hl_op hl_operator_of(const hl_rule *r);

/* A call of a type, dtype(x). */
const hl_type *hl_rule_cast_call(hl_site *s, const hl_type *dtype);

/* The type in which NumPy computes an operation of operands k and l (arrays by their items), NULL: not numbers. */
const hl_type *hl_numpy_promote(hl_site *s, int k, int l);
/* float32 or float64 for a real operand of a NumPy function: NumPy has float16 for 8 bits, compiled code float64. */
const hl_type *hl_numpy_float(const hl_type *t);
#endif
