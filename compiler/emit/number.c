/* Operators on bool, int and float: arithmetic, comparison, truth.  Complex numbers are in complex.c.
 *
 * CPython is the specification: // and % round towards minus infinity (Objects/floatobject.c float_div_mod tells how
 * signed zeros, infinities and NaN come out), shifts by 64 and more push everything out, division by zero raises.  With
 * i == NULL or the error model "numpy" nothing raises and the results are NumPy's: x/0 = inf or nan, and 0 for ints.
 *
 * Nothing traps: INT64_MIN // -1 wraps.  Constant divisors and exponents take short cuts, because LLVM cannot see that
 * the selects around sdiv fall away together. */
#include "scalar.h"
#include <math.h>
#include <string.h>

/* --- small builders ------------------------------------------------------------------------------------------------ */

_Static_assert((int)HL_FAST_ALL == (int)LLVMFastMathAll && (int)HL_FAST_REASSOC == (int)LLVMFastMathAllowReassoc && (int)HL_FAST_AFN == (int)LLVMFastMathApproxFunc, "the flags are LLVM's");

V hl_fast(hl_emit *e, V v)
{
    if (e->opt.fastmath && LLVMIsAInstruction(v) && LLVMCanValueUseFastMathFlags(v)) LLVMSetFastMathFlags(v, e->opt.fastmath);
    return v;
}

V hl_fbin(hl_emit *e, LLVMOpcode op, V a, V b) { return hl_fast(e, LLVMBuildBinOp(e->b, op, a, b, "")); }
V hl_fneg(hl_emit *e, V a) { return hl_fast(e, LLVMBuildFNeg(e->b, a, "")); }
V hl_fcmp(hl_emit *e, LLVMRealPredicate p, V a, V b) { return LLVMBuildFCmp(e->b, p, a, b, ""); }
V hl_ibin(hl_emit *e, LLVMOpcode op, V a, V b) { return LLVMBuildBinOp(e->b, op, a, b, ""); }
V hl_icmp(hl_emit *e, LLVMIntPredicate p, V a, V b) { return LLVMBuildICmp(e->b, p, a, b, ""); }
V hl_real(hl_emit *e, V like, double v) { return LLVMConstReal(LLVMTypeOf(like), v); }
V hl_int(hl_emit *e, V like, int64_t v) { return LLVMConstInt(LLVMTypeOf(like), (unsigned long long)v, true); }

V hl_scalar_intrinsic(hl_emit *e, const char *name, int n, const V *args)
{
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    LLVMTypeRef over = LLVMTypeOf(args[0]);
    V f = LLVMGetIntrinsicDeclaration(e->mod, id, &over, 1);
    LLVMTypeRef type = LLVMIntrinsicGetType(e->lc, id, &over, 1);
    V v = LLVMBuildCall2(e->b, type, f, (V *)args, (unsigned)n, "");
    bool bits = !strcmp(name, "llvm.fabs") || !strcmp(name, "llvm.copysign"); /* tests for infinities are made of these */
    return bits ? v : hl_fast(e, v);
}

bool hl_scalar_int(V v, int64_t *out)
{
    if (!LLVMIsAConstantInt(v)) return false;
    *out = LLVMConstIntGetSExtValue(v);
    return true;
}

bool hl_scalar_real(V v, double *out)
{
    LLVMBool lossy;
    if (!LLVMIsAConstantFP(v)) return false;
    *out = LLVMConstRealGetDouble(v, &lossy);
    return true;
}

void hl_operand(hl_emit *e, hl_inst *i, int k, const hl_type *to, V *out)
{
    hl_cast(e, i, hl_arg_type(i, k), to, hl_arg(e, i, k), out);
}

V hl_operand1(hl_emit *e, hl_inst *i, int k, const hl_type *to)
{
    V out[2];
    hl_operand(e, i, k, to, out);
    return out[0];
}

/* --- integers ---------------------------------------------------------------------------------------------------------- */

static bool is_power_of_two(int64_t c) { return c > 0 && (c & (c - 1)) == 0; }

/* Floor division by a positive constant: the remainder's sign bit is the correction. */
static V divmod_const(hl_emit *e, bool want_div, V a, V b, int64_t c)
{
    if (is_power_of_two(c)) {
        if (want_div) return hl_ibin(e, LLVMAShr, a, hl_int(e, a, __builtin_ctzll((unsigned long long)c)));
        return hl_ibin(e, LLVMAnd, a, hl_int(e, a, c - 1));
    }
    V r = hl_ibin(e, LLVMSRem, a, b);
    int bits = (int)LLVMGetIntTypeWidth(LLVMTypeOf(a));
    V negative = hl_ibin(e, LLVMAShr, r, hl_int(e, a, bits - 1));
    if (want_div) return hl_ibin(e, LLVMAdd, hl_ibin(e, LLVMSDiv, a, b), negative);
    return hl_ibin(e, LLVMAdd, r, hl_ibin(e, LLVMAnd, negative, b));
}

/* Signed a // b or a % b for b not 0, or 0 for b == 0 when `zero_is_zero`. */
static V signed_divmod(hl_emit *e, bool want_div, V a, V b, bool zero_is_zero)
{
    int64_t c;
    bool constant = hl_scalar_int(b, &c);
    if (constant && c > 0) return divmod_const(e, want_div, a, b, c);
    V zero = hl_int(e, a, 0), one = hl_int(e, a, 1), safe = b, minus = NULL;
    if (!constant || c == -1 || c == 0) {
        V odd = zero_is_zero ? hl_icmp(e, LLVMIntULT, hl_ibin(e, LLVMAdd, b, one), hl_int(e, a, 2))
                             : hl_icmp(e, LLVMIntEQ, b, hl_int(e, a, -1));
        minus = zero_is_zero ? hl_icmp(e, LLVMIntEQ, b, hl_int(e, a, -1)) : odd;
        safe = hl_select(e, odd, one, b);
    }
    V r = hl_ibin(e, LLVMSRem, a, safe);
    V unlike = hl_icmp(e, LLVMIntSLT, hl_ibin(e, LLVMXor, r, safe), zero);
    V adjust = hl_ibin(e, LLVMAnd, hl_icmp(e, LLVMIntNE, r, zero), unlike);
    if (!want_div) return hl_ibin(e, LLVMAdd, r, hl_select(e, adjust, safe, zero));
    V q = hl_ibin(e, LLVMSDiv, a, safe);
    q = hl_ibin(e, LLVMSub, q, LLVMBuildZExt(e->b, adjust, LLVMTypeOf(a), ""));
    if (!minus) return q;
    q = hl_select(e, minus, hl_ibin(e, LLVMSub, zero, a), q);
    return zero_is_zero ? hl_select(e, hl_icmp(e, LLVMIntEQ, b, zero), zero, q) : q;
}

static V unsigned_divmod(hl_emit *e, bool want_div, V a, V b, bool zero_is_zero)
{
    LLVMOpcode op = want_div ? LLVMUDiv : LLVMURem;
    if (!zero_is_zero || LLVMIsAConstantInt(b)) {
        int64_t c;
        if (hl_scalar_int(b, &c) && c == 0) return hl_int(e, a, 0);
        return hl_ibin(e, op, a, b);
    }
    V none = hl_icmp(e, LLVMIntEQ, b, hl_int(e, a, 0));
    V q = hl_ibin(e, op, a, hl_select(e, none, hl_int(e, a, 1), b));
    return want_div ? hl_select(e, none, hl_int(e, a, 0), q) : q;
}

V hl_power_by_int(hl_emit *e, V a, int64_t n, bool is_float)
{
    LLVMOpcode mul = is_float ? LLVMFMul : LLVMMul;
    V r = NULL;
    for (V p = a;; p = hl_fbin(e, mul, p, p)) {
        if (n & 1) r = r ? hl_fbin(e, mul, r, p) : p;
        if (!(n >>= 1)) return r;
    }
}

/* lo <= a <= hi */
static V is_between(hl_emit *e, V a, int64_t lo, int64_t hi)
{
    return hl_icmp(e, LLVMIntULE, hl_ibin(e, LLVMSub, a, hl_int(e, a, lo)), hl_int(e, a, (int64_t)((uint64_t)hi - (uint64_t)lo)));
}

/* a * c for a c whose product is shifts and sums: a is compared with the ends of what fits, which nobody waits for, while the flag of a multiplication
 * makes everything wait for the multiplier. */
static V exact_scaled(hl_emit *e, hl_inst *i, V a, int64_t c)
{
    hl_check_fits(e, i, is_between(e, a, INT64_MIN / c, INT64_MAX / c));
    return hl_ibin(e, LLVMMul, a, hl_int(e, a, c));
}

static bool is_scale(int64_t c) { return c > 1 && c < 1 << 16 && (__builtin_popcountll((uint64_t)c) <= 2 || __builtin_popcountll((uint64_t)c + 1) == 1); }

V hl_exact(hl_emit *e, hl_inst *i, hl_op op, const hl_type *t, V a, V b)
{
    int64_t c;
    bool word = hl_signed(t) && LLVMGetTypeKind(LLVMTypeOf(a)) == LLVMIntegerTypeKind;
    if (word && op == HL_OP_mul && hl_scalar_int(b, &c) && is_scale(c)) return exact_scaled(e, i, a, c);
    if (word && op == HL_OP_mul && hl_scalar_int(a, &c) && is_scale(c)) return exact_scaled(e, i, b, c);
    static const char *const names[3][2] = {{"llvm.uadd.with.overflow", "llvm.sadd.with.overflow"}, {"llvm.usub.with.overflow", "llvm.ssub.with.overflow"},
                                            {"llvm.umul.with.overflow", "llvm.smul.with.overflow"}};
    const char *name = names[op == HL_OP_add ? 0 : op == HL_OP_sub ? 1 : 2][hl_signed(t)];
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    LLVMTypeRef over = LLVMTypeOf(a);
    V both = LLVMBuildCall2(e->b, LLVMIntrinsicGetType(e->lc, id, &over, 1), LLVMGetIntrinsicDeclaration(e->mod, id, &over, 1), (V[]){a, b}, 2, "");
    hl_check_fits(e, i, LLVMBuildNot(e->b, LLVMBuildExtractValue(e->b, both, 1, ""), ""));
    return LLVMBuildExtractValue(e->b, both, 0, "");
}

static V exact_power_by_int(hl_emit *e, hl_inst *i, const hl_type *t, V a, int64_t n)
{
    V r = NULL;
    for (V p = a;; p = hl_exact(e, i, HL_OP_mul, t, p, p)) { /* the last square is a factor, so it must fit too */
        if (n & 1) r = r ? hl_exact(e, i, HL_OP_mul, t, r, p) : p;
        if (!(n >>= 1)) return r;
    }
}

/* What is shifted out must be the sign. */
static void check_shift(hl_emit *e, hl_inst *i, const hl_type *t, V a, V b, V shifted)
{
    V back = hl_ibin(e, hl_signed(t) ? LLVMAShr : LLVMLShr, shifted, hl_select(e, hl_icmp(e, LLVMIntULE, b, hl_int(e, b, 63)), b, hl_int(e, b, 0)));
    hl_check_fits(e, i, hl_icmp(e, LLVMIntEQ, back, a));
}

/* Integer powers of non-negative exponents, modulo 2**64.  A negative exponent raises, or gives 0 where nothing may raise. */
static V int_power(hl_emit *e, hl_inst *i, const hl_type *t, V a, V b)
{
    int64_t n;
    if (hl_must_fit(i) && hl_scalar_int(b, &n) && n > 0 && n <= 64) return exact_power_by_int(e, i, t, a, n);
    if (hl_scalar_int(b, &n) && n >= 0 && !hl_must_fit(i)) return n == 0 ? hl_int(e, a, 1) : hl_power_by_int(e, a, n, false);
    if (hl_signed(t) && hl_raises(e, i))
        hl_check(e, i, hl_icmp(e, LLVMIntSGE, b, hl_int(e, b, 0)), HL_ERR_int_to_neg_pow, NULL, NULL);
    LLVMTypeRef own = LLVMTypeOf(a);
    if (t->bits < 64) {
        LLVMOpcode widen = hl_signed(t) ? LLVMSExt : LLVMZExt;
        a = LLVMBuildCast(e->b, widen, a, e->i64, ""), b = LLVMBuildCast(e->b, widen, b, e->i64, "");
    }
    bool guard = hl_signed(t) && !hl_raises(e, i);
    V negative = guard ? hl_icmp(e, LLVMIntSLT, b, hl_i64(e, 0)) : NULL;
    if (hl_must_fit(i)) {
        V at = hl_alloca_slots(e, 1);
        hl_check_status(e, i, hl_rtcall(e, HL_RT_int_pow_exact, a, b, hl_i32(e, hl_signed(t)), at));
        return LLVMBuildLoad2(e->b, e->i64, at, "");
    }
    V r = hl_rtcall(e, HL_RT_int_pow, a, guard ? hl_select(e, negative, hl_i64(e, 0), b) : b);
    if (guard) r = hl_select(e, negative, hl_i64(e, 0), r);
    return t->bits < 64 ? LLVMBuildTrunc(e->b, r, own, "") : r;
}

/* The count is unsigned here: what is negative counts as too large. */
static V shift(hl_emit *e, hl_op op, const hl_type *t, V a, V b)
{
    int bits = t->kind == HL_K_BOOL ? 1 : t->bits;
    V last = hl_int(e, b, bits - 1), inside = hl_icmp(e, LLVMIntULE, b, last);
    if (op == HL_OP_rshift && hl_signed(t)) return hl_ibin(e, LLVMAShr, a, hl_select(e, inside, b, last));
    V r = hl_ibin(e, op == HL_OP_lshift ? LLVMShl : LLVMLShr, a, hl_select(e, inside, b, hl_int(e, b, 0)));
    return hl_select(e, inside, r, hl_int(e, a, 0));
}

static V int_arith(hl_emit *e, hl_inst *i, hl_op op, const hl_type *t, V a, V b)
{
    bool check = hl_raises(e, i), zero = !check && !(i && i->flags & HL_I_NORAISE); /* b may be 0 */
    switch (op) {
    case HL_OP_add: return hl_must_fit(i) ? hl_exact(e, i, op, t, a, b) : hl_ibin(e, LLVMAdd, a, b);
    case HL_OP_sub: return hl_must_fit(i) ? hl_exact(e, i, op, t, a, b) : hl_ibin(e, LLVMSub, a, b);
    case HL_OP_mul: return hl_must_fit(i) ? hl_exact(e, i, op, t, a, b) : hl_ibin(e, LLVMMul, a, b);
    case HL_OP_and: return hl_ibin(e, LLVMAnd, a, b);
    case HL_OP_or: return hl_ibin(e, LLVMOr, a, b);
    case HL_OP_xor: return hl_ibin(e, LLVMXor, a, b);
    case HL_OP_pow: return int_power(e, i, t, a, b);
    case HL_OP_floordiv:
    case HL_OP_mod:
        if (check)
            hl_check(e, i, hl_icmp(e, LLVMIntNE, b, hl_int(e, b, 0)), op == HL_OP_mod ? HL_ERR_zero_mod : HL_ERR_zero_floordiv, NULL, NULL);
        if (op == HL_OP_floordiv && hl_must_fit(i)) {
            V lowest = hl_icmp(e, LLVMIntNE, a, hl_int(e, a, INT64_MIN));
            hl_check_fits(e, i, LLVMBuildOr(e->b, lowest, hl_icmp(e, LLVMIntNE, b, hl_int(e, b, -1)), ""));
        }
        return hl_signed(t) ? signed_divmod(e, op == HL_OP_floordiv, a, b, zero)
                            : unsigned_divmod(e, op == HL_OP_floordiv, a, b, zero);
    default: /* shifts */
        if (check && hl_signed(t)) hl_check(e, i, hl_icmp(e, LLVMIntSGE, b, hl_int(e, b, 0)), HL_ERR_neg_shift, NULL, NULL);
        return shift(e, op, t, a, b);
    }
}

/* NumPy's arithmetic on booleans. */
static V bool_arith(hl_emit *e, hl_op op, V a, V b)
{
    switch (op) {
    case HL_OP_add: case HL_OP_or: return hl_ibin(e, LLVMOr, a, b);
    case HL_OP_mul: case HL_OP_and: return hl_ibin(e, LLVMAnd, a, b);
    default: return hl_ibin(e, LLVMXor, a, b);
    }
}

/* --- floats ---------------------------------------------------------------------------------------------------------------- */

/* The remainder with the sign of b; fmod is exact, so one correction is enough. */
static V float_mod(hl_emit *e, V a, V b)
{
    double c;
    if (hl_scalar_real(b, &c) && c == 1.0) {
        V whole = hl_scalar_intrinsic(e, "llvm.floor", 1, &a);
        return hl_fbin(e, LLVMFSub, a, whole);
    }
    V zero = hl_real(e, a, 0), r = hl_fbin(e, LLVMFRem, a, b);
    V unlike = hl_ibin(e, LLVMXor, hl_fcmp(e, LLVMRealOLT, b, zero), hl_fcmp(e, LLVMRealOLT, r, zero));
    V signed_zero = hl_scalar_intrinsic(e, "llvm.copysign", 2, (V[]){zero, b});
    V moved = hl_select(e, unlike, hl_fbin(e, LLVMFAdd, r, b), r);
    return hl_select(e, hl_fcmp(e, LLVMRealUNE, r, zero), moved, signed_zero);
}

/* Floor of the exact quotient: (a - fmod(a, b)) / b is close to an integer, which is then found. */
static V float_floordiv(hl_emit *e, V a, V b, bool zero_is_inf)
{
    V zero = hl_real(e, a, 0), r = hl_fbin(e, LLVMFRem, a, b);
    V quotient = hl_fbin(e, LLVMFDiv, a, b);
    V q = hl_fbin(e, LLVMFDiv, hl_fbin(e, LLVMFSub, a, r), b);
    V unlike = hl_ibin(e, LLVMXor, hl_fcmp(e, LLVMRealOLT, b, zero), hl_fcmp(e, LLVMRealOLT, r, zero));
    V adjust = hl_ibin(e, LLVMAnd, hl_fcmp(e, LLVMRealUNE, r, zero), unlike);
    q = hl_select(e, adjust, hl_fbin(e, LLVMFSub, q, hl_real(e, a, 1)), q);
    V f = hl_scalar_intrinsic(e, "llvm.floor", 1, &q);
    V above = hl_fcmp(e, LLVMRealOGT, hl_fbin(e, LLVMFSub, q, f), hl_real(e, a, 0.5));
    f = hl_select(e, above, hl_fbin(e, LLVMFAdd, f, hl_real(e, a, 1)), f);
    V signed_zero = hl_scalar_intrinsic(e, "llvm.copysign", 2, (V[]){zero, quotient});
    f = hl_select(e, hl_fcmp(e, LLVMRealUNE, q, zero), f, signed_zero);
    return zero_is_inf ? hl_select(e, hl_fcmp(e, LLVMRealOEQ, b, zero), quotient, f) : f;
}

/* Constant exponents up to this are multiplications: within n/2 ULP, and some 20 times faster than pow. */
enum { LARGEST_UNROLLED_POWER = 16 };

/* x ** 0.5 is the square root, except of -0.0 and -inf, whose powers are positive; NumPy takes the root all the same. */
static V half_power(hl_emit *e, hl_inst *i, V a, bool up)
{
    V x = i ? hl_fbin(e, LLVMFAdd, a, hl_real(e, a, 0)) : a, inf = hl_real(e, a, INFINITY);
    V r = hl_scalar_intrinsic(e, "llvm.sqrt", 1, &x);
    if (i || !up) r = hl_select(e, hl_fcmp(e, LLVMRealOEQ, a, hl_fneg(e, inf)), inf, r);
    return up ? r : hl_fbin(e, LLVMFDiv, hl_real(e, a, 1), r);
}

static V float_pow(hl_emit *e, hl_inst *i, V a, V b)
{
    double c = 1;
    bool constant = hl_scalar_real(b, &c), check = hl_raises(e, i) && !(constant && c >= 0);
    V zero = hl_real(e, a, 0);
    if (check) {
        V pole = hl_ibin(e, LLVMAnd, hl_fcmp(e, LLVMRealOEQ, a, zero), hl_fcmp(e, LLVMRealOLT, b, zero));
        hl_check(e, i, LLVMBuildNot(e->b, pole, ""), HL_ERR_zero_pow, NULL, NULL);
    }
    if (constant && c == floor(c) && fabs(c) <= LARGEST_UNROLLED_POWER) {
        if (c == 0) return hl_real(e, a, 1);
        V r = hl_power_by_int(e, a, (int64_t)fabs(c), true);
        return c > 0 ? r : hl_fbin(e, LLVMFDiv, hl_real(e, a, 1), r);
    }
    if (constant && fabs(c) == 0.5) return half_power(e, i, a, c > 0);
    return hl_libm(e, "pow", (V[]){a, b}, 2);
}

static V float_arith(hl_emit *e, hl_inst *i, hl_op op, V a, V b)
{
    hl_err err = op == HL_OP_truediv ? HL_ERR_zero_fdiv : op == HL_OP_mod ? HL_ERR_zero_fmod : HL_ERR_zero_ffloordiv;
    bool divides = op == HL_OP_truediv || op == HL_OP_mod || op == HL_OP_floordiv, check = divides && hl_raises(e, i);
    bool zero = !check && !(i && i->flags & HL_I_NORAISE); /* b may be 0 */
    if (check) hl_check(e, i, hl_fcmp(e, LLVMRealUNE, b, hl_real(e, b, 0)), err, NULL, NULL);
    switch (op) {
    case HL_OP_add: return hl_fbin(e, LLVMFAdd, a, b);
    case HL_OP_sub: return hl_fbin(e, LLVMFSub, a, b);
    case HL_OP_mul: return hl_fbin(e, LLVMFMul, a, b);
    case HL_OP_truediv: return hl_fbin(e, LLVMFDiv, a, b);
    case HL_OP_mod: return float_mod(e, a, b);
    case HL_OP_floordiv: return float_floordiv(e, a, b, zero);
    default: return float_pow(e, i, a, b);
    }
}

void hl_arith(hl_emit *e, hl_inst *i, hl_op op, const hl_type *t, const V *a, const V *b, V *out)
{
    t = hl_unliteral(t);
    if (t->kind == HL_K_COMPLEX) hl_complex_arith(e, i, op, a, b, out);
    else if (t->kind == HL_K_FLOAT) out[0] = float_arith(e, i, op, a[0], b[0]);
    else if (t->kind == HL_K_BOOL) out[0] = bool_arith(e, op, a[0], b[0]);
    else out[0] = int_arith(e, i, op, t, a[0], b[0]);
}

void hl_unary(hl_emit *e, hl_op op, const hl_type *t, const V *a, V *out)
{
    t = hl_unliteral(t);
    int parts = t->kind == HL_K_COMPLEX ? 2 : 1;
    for (int k = 0; k < parts; k++) switch (op) {
        case HL_OP_neg: out[k] = parts == 2 || t->kind == HL_K_FLOAT ? hl_fneg(e, a[k]) : LLVMBuildNeg(e->b, a[k], ""); break;
        case HL_OP_invert: case HL_OP_not: out[k] = LLVMBuildNot(e->b, a[k], ""); break;
        default: out[k] = a[k]; break;
        }
}

/* --- comparison ---------------------------------------------------------------------------------------------------------- */

static LLVMRealPredicate real_predicate(hl_op op)
{
    switch (op) {
    case HL_OP_lt: return LLVMRealOLT;
    case HL_OP_le: return LLVMRealOLE;
    case HL_OP_eq: return LLVMRealOEQ;
    case HL_OP_ne: return LLVMRealUNE;
    case HL_OP_gt: return LLVMRealOGT;
    default: return LLVMRealOGE;
    }
}

static LLVMIntPredicate int_predicate(hl_op op, bool is_signed)
{
    switch (op) {
    case HL_OP_lt: return is_signed ? LLVMIntSLT : LLVMIntULT;
    case HL_OP_le: return is_signed ? LLVMIntSLE : LLVMIntULE;
    case HL_OP_eq: return LLVMIntEQ;
    case HL_OP_ne: return LLVMIntNE;
    case HL_OP_gt: return is_signed ? LLVMIntSGT : LLVMIntUGT;
    default: return is_signed ? LLVMIntSGE : LLVMIntUGE;
    }
}

V hl_compare(hl_emit *e, hl_op op, const hl_type *t, const V *a, const V *b)
{
    t = hl_unliteral(t);
    if (t->kind == HL_K_COMPLEX) return hl_complex_compare(e, op, a, b);
    if (t->kind == HL_K_FLOAT) return hl_fast(e, hl_fcmp(e, real_predicate(op), a[0], b[0]));
    return hl_icmp(e, int_predicate(op, hl_signed(t)), a[0], b[0]);
}

static hl_op mirrored(hl_op op)
{
    switch (op) {
    case HL_OP_lt: return HL_OP_gt;
    case HL_OP_le: return HL_OP_ge;
    case HL_OP_gt: return HL_OP_lt;
    case HL_OP_ge: return HL_OP_le;
    default: return op;
    }
}

/* int64 with uint64: a negative number is below every unsigned one. */
static V compare_mixed_signs(hl_emit *e, hl_op op, V s, V u)
{
    V negative = hl_icmp(e, LLVMIntSLT, s, hl_int(e, s, 0));
    V below = hl_bool(e, op == HL_OP_lt || op == HL_OP_le || op == HL_OP_ne);
    return hl_select(e, negative, below, hl_icmp(e, int_predicate(op, false), s, u));
}

/* 64-bit integer with float64, exactly.  Rounding the integer keeps the order unless it lands on x; then the distance
 * of the integer from x, which is below 2**12 and right modulo 2**64, decides. */
static V compare_int_float(hl_emit *e, hl_op op, const hl_type *t, V n, V x)
{
    bool is_signed = hl_signed(t);
    V f = hl_cast1(e, t, hl_T.float64, n);
    V limit = hl_f64(e, is_signed ? 0x1p63 : 0x1p64);
    V whole = is_signed ? LLVMBuildFPToSI(e->b, x, e->i64, "") : LLVMBuildFPToUI(e->b, x, e->i64, "");
    whole = LLVMBuildFreeze(e->b, whole, "");
    whole = hl_select(e, hl_fcmp(e, LLVMRealOGE, x, limit), hl_i64(e, is_signed ? INT64_MIN : 0), whole);
    V exact = hl_icmp(e, int_predicate(op, true), hl_ibin(e, LLVMSub, n, whole), hl_i64(e, 0));
    return hl_select(e, hl_fcmp(e, LLVMRealOEQ, f, x), exact, hl_fcmp(e, real_predicate(op), f, x));
}

V hl_compare_values(hl_emit *e, hl_op op, const hl_type *ta, const hl_type *tb, const V *a, const V *b)
{
    if (ta == tb) return hl_compare(e, op, ta, a, b);
    if (tb->kind == HL_K_FLOAT) return compare_int_float(e, op, ta, a[0], b[0]);
    if (ta->kind == HL_K_FLOAT) return compare_int_float(e, mirrored(op), tb, b[0], a[0]);
    return hl_signed(ta) ? compare_mixed_signs(e, op, a[0], b[0]) : compare_mixed_signs(e, mirrored(op), b[0], a[0]);
}

/* Any two numbers, in types of their own. */
V hl_compare_numbers(hl_emit *e, hl_inst *i, hl_op op, const hl_type *ta, const V *a, const hl_type *tb, const V *b)
{
    const hl_type *t = ta == tb && ta->kind != HL_K_BOOL ? ta : hl_promote(ta, tb), *from[2] = {ta, tb}, *to[2] = {t, t};
    bool ints = hl_is_intlike(ta) && hl_is_intlike(tb);
    if (t->kind == HL_K_FLOAT && ta != tb) /* integers of 64 bits may be no floats: they are compared as they are */
        for (int k = 0; k < 2; k++) to[k] = hl_is_intlike(from[k]) ? (from[k] == hl_T.uint64 ? hl_T.uint64 : hl_T.int64) : hl_T.float64;
    else if (ints && t == hl_T.uint64)
        for (int k = 0; k < 2; k++) to[k] = from[k]->flags & HL_T_SIGNED ? hl_T.int64 : hl_T.uint64;
    V x[2], y[2];
    hl_cast(e, i, ta, to[0], a, x);
    hl_cast(e, i, tb, to[1], b, y);
    return hl_compare_values(e, op, to[0], to[1], x, y);
}

/* --- emitters of the rows ---------------------------------------------------------------------------------------------------- */

/* int / int: CPython rounds the exact quotient; two conversions do the same below 2**53. */
static V int_truediv(hl_emit *e, hl_inst *i, const hl_type *ta, const hl_type *tb, V a, V b)
{
    if (hl_raises(e, i)) hl_check(e, i, hl_truth(e, tb, &b), HL_ERR_zero_div, NULL, NULL);
    return hl_fbin(e, LLVMFDiv, hl_cast1(e, ta, hl_T.float64, a), hl_cast1(e, tb, hl_T.float64, b));
}

/* The count keeps its own sign: a uint64 may be shifted by an int64. */
static void shift_by(hl_emit *e, hl_inst *i, hl_op op, const hl_type *t, const hl_type *count, const V *a, const V *b, V *out)
{
    if (hl_signed(count) && hl_raises(e, i)) hl_check(e, i, hl_icmp(e, LLVMIntSGE, b[0], hl_int(e, b[0], 0)), HL_ERR_neg_shift, NULL, NULL);
    hl_arith(e, NULL, op, t, a, b, out);
    if (op == HL_OP_lshift && hl_must_fit(i)) check_shift(e, i, t, a[0], b[0], out[0]);
}

void hl_emit_op(hl_emit *e, hl_inst *i, hl_op op, const hl_type *ta, const hl_type *tb, const V *a, const V *b, V *out)
{
    switch (op) {
    case HL_OP_lt: case HL_OP_le: case HL_OP_eq: case HL_OP_ne: case HL_OP_gt: case HL_OP_ge:
        out[0] = hl_compare_values(e, op, ta, tb, a, b);
        break;
    case HL_OP_neg:
        if (hl_must_fit(i)) {
            out[0] = hl_exact(e, i, HL_OP_sub, hl_T.int64, hl_int(e, a[0], 0), a[0]);
            break;
        } /* fall through */
    case HL_OP_pos: case HL_OP_invert: hl_unary(e, op, ta, a, out); break;
    case HL_OP_truth: out[0] = hl_truth(e, ta, a); break;
    case HL_OP_lshift: case HL_OP_rshift: shift_by(e, i, op, ta, tb, a, b, out); break;
    case HL_OP_truediv:
        if (hl_is_intlike(ta) && hl_is_intlike(tb)) {
            out[0] = int_truediv(e, i, ta, tb, a[0], b[0]);
            break;
        } /* fall through */
    default: hl_arith(e, i, op, ta, a, b, out); break;
    }
}

/* Operators, and the functions of the operator module. */
void hl_emit_operator(hl_emit *e, hl_inst *i, V *out)
{
    hl_op op = i->op == HL_OP_call ? hl_operator_of(i->rule) : (hl_op)i->op;
    int last = i->nargs > 1 ? 1 : 0;
    bool divides = op == HL_OP_truediv || op == HL_OP_floordiv || op == HL_OP_mod;
    if (divides && hl_known_positive(i->args[1])) i->flags |= HL_I_NORAISE;
    hl_emit_op(e, i, op, hl_arg_type(i, 0), hl_arg_type(i, last), hl_arg(e, i, 0), hl_arg(e, i, last), out);
}

V hl_truth(hl_emit *e, const hl_type *t, const V *parts)
{
    t = hl_unliteral(t);
    switch (t->kind) {
    case HL_K_BOOL: return parts[0];
    case HL_K_INT: return hl_icmp(e, LLVMIntNE, parts[0], hl_int(e, parts[0], 0));
    case HL_K_FLOAT: return hl_fcmp(e, LLVMRealUNE, parts[0], hl_real(e, parts[0], 0));
    case HL_K_COMPLEX:
        return hl_ibin(e, LLVMOr, hl_fcmp(e, LLVMRealUNE, parts[0], hl_real(e, parts[0], 0)),
                       hl_fcmp(e, LLVMRealUNE, parts[1], hl_real(e, parts[1], 0)));
    default: return hl_bool(e, false); /* None */
    }
}
