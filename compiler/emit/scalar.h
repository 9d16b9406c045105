/* Shared by the files that emit scalar arithmetic: number.c, complex.c, cast.c, math.c, ufunc.c.
 *
 * All of them build straight-line code: choices are selects, so that the vectoriser sees one block.  Only what may
 * raise branches, through hl_check, and only when `i` is given and the error model is Python's. */
#ifndef HL_EMIT_SCALAR_H
#define HL_EMIT_SCALAR_H
#include "../rules/number.h"
#include "emit.h"

static inline bool hl_signed(const hl_type *t) { return t->kind == HL_K_INT && (t->flags & HL_T_SIGNED); }
static inline const hl_type *hl_scalar_of(const hl_type *t)
{
    t = hl_unliteral(t);
    return t->kind == HL_K_ARRAY ? t->elem : t;
}
/* float64 of complex128, float32 of complex64, the type itself otherwise */
static inline const hl_type *hl_real_part(const hl_type *t)
{
    return t->kind == HL_K_COMPLEX ? (t->bits == 64 ? hl_T.float32 : hl_T.float64) : t;
}
static inline const hl_type *hl_arg_type(const hl_inst *i, int k) { return hl_scalar_of(i->args[k]->type); }
static inline bool hl_raises(const hl_emit *e, const hl_inst *i)
{
    return i && !e->opt.error_model_numpy && !(i->flags & HL_I_NORAISE);
}
static inline bool hl_must_fit(const hl_inst *i) { return i && i->flags & HL_I_OVERFLOW; }
void hl_check_narrowed(hl_emit *e, hl_inst *i, const hl_type *from, const hl_type *to, V v); /* OverflowError unless v is the same in the narrower type */
V hl_exact(hl_emit *e, hl_inst *i, hl_op op, const hl_type *t, V a, V b); /* a + b, a - b, a * b in 64 bits, or OverflowError */
static inline bool hl_given(const hl_inst *i, int k)
{
    return k < i->nargs && i->args[k]->type->kind != HL_K_OMITTED && i->args[k]->type->kind != HL_K_NONE;
}

V hl_fast(hl_emit *e, V v);                                   /* sets the fast-math flags where asked for */
V hl_fbin(hl_emit *e, LLVMOpcode op, V a, V b);               /* floating-point operation of two operands */
V hl_fneg(hl_emit *e, V a);
V hl_fcmp(hl_emit *e, LLVMRealPredicate p, V a, V b);
V hl_ibin(hl_emit *e, LLVMOpcode op, V a, V b);
V hl_icmp(hl_emit *e, LLVMIntPredicate p, V a, V b);
V hl_real(hl_emit *e, V like, double v);                      /* a float constant of the type of `like` */
V hl_int(hl_emit *e, V like, int64_t v);
V hl_scalar_intrinsic(hl_emit *e, const char *name, int n, const V *args); /* overloaded on the type of args[0] */
bool hl_scalar_int(V v, int64_t *out);                         /* is v an integer constant? */
bool hl_scalar_real(V v, double *out);

/* Operand k of the instruction converted to scalar type `to`. */
void hl_operand(hl_emit *e, hl_inst *i, int k, const hl_type *to, V *out);
V hl_operand1(hl_emit *e, hl_inst *i, int k, const hl_type *to);

/* One call of a C function on floats that touches no memory; `name` without the f of the float version. */
V hl_libm(hl_emit *e, const char *name, const V *args, int n);
/* x to an int64 as int() does: ValueError, OverflowError. */
V hl_float_to_int(hl_emit *e, hl_inst *i, V x);
/* The vector version of a call when there is one (vecmath.c). */
void hl_vecmath(hl_emit *e, V call, const char *name, bool f32);
/* Vector functions with code of their own (vecexp.c); the symbols that the vectoriser calls them by end so. */
#define HL_VECEXP_OWN ".own"
bool hl_vecexp_has(const char *name);

/* number.c: one operator on operands of the instruction; a and b may differ in type (shifts, exact comparison). */
void hl_emit_op(hl_emit *e, hl_inst *i, hl_op op, const hl_type *ta, const hl_type *tb, const V *a, const V *b, V *out);
V hl_compare_numbers(hl_emit *e, hl_inst *i, hl_op op, const hl_type *ta, const V *a, const hl_type *tb, const V *b);
V hl_compare_values(hl_emit *e, hl_op op, const hl_type *ta, const hl_type *tb, const V *a, const V *b);
void hl_abs(hl_emit *e, const hl_type *t, const V *a, V *out);

/* known.c: from how a value was made; NaN counts as both */
bool hl_known_positive(const hl_inst *v);
bool hl_known_not_negative(const hl_inst *v);

/* complex.c */
void hl_complex_arith(hl_emit *e, hl_inst *i, hl_op op, const V *a, const V *b, V *out);
V hl_complex_compare(hl_emit *e, hl_op op, const V *a, const V *b);
bool hl_complex_math(hl_emit *e, const char *name, const V *a, V *out); /* false: no such function */
V hl_power_by_int(hl_emit *e, V a, int64_t n, bool is_float); /* a multiplied with itself; n > 0 */
V hl_hypot(hl_emit *e, V x, V y);
V hl_complex_abs(hl_emit *e, const V *a);
#endif
