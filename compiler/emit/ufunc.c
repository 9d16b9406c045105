/* NumPy's functions of scalars, which rules/array.c lifts over arrays: the emitters see one item.  Nothing raises. */
#include "scalar.h"
#include <math.h>
#include <string.h>

static const char *function_name(const hl_inst *i) { return strrchr(i->rule->key, '.') + 1; }

/* NumPy's name -> C's */
static const struct { const char *numpy, *c; } renamed[] = {
    {"arcsin", "asin"}, {"arccos", "acos"}, {"arctan", "atan"}, {"arctan2", "atan2"},
    {"arcsinh", "asinh"}, {"arccosh", "acosh"}, {"arctanh", "atanh"}};

static const char *c_name(const hl_inst *i)
{
    const char *name = function_name(i);
    for (size_t k = 0; k < sizeof renamed / sizeof *renamed; k++)
        if (!strcmp(renamed[k].numpy, name)) return renamed[k].c;
    return name;
}

static V math(hl_emit *e, const char *name, const hl_type *t, int n, V const *v)
{
    V out;
    const V *args[2] = {&v[0], &v[n - 1]};
    hl_math(e, name, t, args, n, &out);
    return out;
}

void hl_emit_np_math(hl_emit *e, hl_inst *i, V *out)
{
    const V *args[2] = {hl_arg(e, i, 0), i->nargs > 1 ? hl_arg(e, i, 1) : NULL};
    hl_math(e, c_name(i), hl_arg_type(i, 0), args, i->nargs, out);
}

void hl_emit_np_operator(hl_emit *e, hl_inst *i, V *out)
{
    int last = i->nargs > 1 ? 1 : 0;
    hl_emit_op(e, NULL, hl_operator_of(i->rule), hl_arg_type(i, 0), hl_arg_type(i, last), hl_arg(e, i, 0), hl_arg(e, i, last), out);
}

/* --- one operand ------------------------------------------------------------------------------------------------------- */

void hl_emit_np_rint(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_arg_type(i, 0), *part = hl_real_part(t);
    for (int k = 0; k < t->nparts; k++) out[k] = math(e, "rint", part, 1, &hl_arg(e, i, 0)[k]);
}

/* degrees rad2deg, radians deg2rad */
void hl_emit_np_angle_unit(hl_emit *e, hl_inst *i, V *out)
{
    const char *name = function_name(i);
    bool to_degrees = !strcmp(name, "degrees") || !strcmp(name, "rad2deg");
    V x = hl_arg(e, i, 0)[0];
    out[0] = hl_fbin(e, LLVMFMul, x, hl_real(e, x, to_degrees ? 180.0 / M_PI : M_PI / 180.0));
}

/* floor ceil trunc fix: integers are whole */
void hl_emit_np_whole(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_arg_type(i, 0);
    const char *name = function_name(i);
    V x = hl_arg(e, i, 0)[0];
    out[0] = t->kind == HL_K_FLOAT ? math(e, strcmp(name, "fix") ? name : "trunc", t, 1, &x) : x;
}

/* To the next float away from zero, with the sign of x; NaN for infinities. */
void hl_emit_np_spacing(hl_emit *e, hl_inst *i, V *out)
{
    V x = hl_arg(e, i, 0)[0], below = hl_fcmp(e, LLVMRealOLT, x, hl_real(e, x, 0));
    V far = hl_select(e, below, hl_real(e, x, -INFINITY), hl_real(e, x, INFINITY));
    V next = hl_libm(e, "nextafter", (V[]){x, far}, 2);
    out[0] = hl_fbin(e, LLVMFSub, next, x);
}

/* sin(y) / y for y = pi * x */
void hl_emit_np_sinc(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_arg_type(i, 0);
    V *x = hl_arg(e, i, 0), y[2], none = LLVMBuildNot(e->b, hl_truth(e, t, x), "");
    for (int k = 0; k < t->nparts; k++)
        y[k] = hl_fbin(e, LLVMFMul, hl_real(e, x[0], M_PI), hl_select(e, none, hl_real(e, x[0], k ? 0 : 1e-20), x[k]));
    const V *args[1] = {y};
    V s[2];
    hl_math(e, "sin", t, args, 1, s);
    hl_arith(e, NULL, HL_OP_truediv, t, s, y, out);
}

void hl_emit_np_square(hl_emit *e, hl_inst *i, V *out)
{
    V *x = hl_arg(e, i, 0);
    hl_arith(e, NULL, HL_OP_mul, hl_arg_type(i, 0), x, x, out);
}

/* Smith's division (Communications of the ACM 5, 1962), which gives NaN for 0, as NumPy's. */
static void complex_reciprocal(hl_emit *e, V const *x, V *out)
{
    V size[2], one = hl_real(e, x[0], 1);
    for (int k = 0; k < 2; k++) size[k] = hl_scalar_intrinsic(e, "llvm.fabs", 1, &x[k]);
    V real = hl_fcmp(e, LLVMRealOLE, size[1], size[0]), large = hl_select(e, real, x[0], x[1]), small = hl_select(e, real, x[1], x[0]);
    V r = hl_fbin(e, LLVMFDiv, small, large), d = hl_fbin(e, LLVMFAdd, large, hl_fbin(e, LLVMFMul, small, r));
    out[0] = hl_fbin(e, LLVMFDiv, hl_select(e, real, one, r), d);
    out[1] = LLVMBuildFNeg(e->b, hl_fbin(e, LLVMFDiv, hl_select(e, real, r, one), d), "");
}

/* Of integers: 1 and -1 are their own, of 0 it is what C makes of (int)inf, all else is 0. */
void hl_emit_np_reciprocal(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_arg_type(i, 0);
    V *x = hl_arg(e, i, 0);
    if (hl_is_complex(t)) {
        complex_reciprocal(e, x, out);
        return;
    }
    if (t->kind != HL_K_INT) {
        out[0] = hl_fbin(e, LLVMFDiv, hl_real(e, x[0], 1), x[0]);
        return;
    }
    V zero = hl_int(e, x[0], 0), unit = hl_icmp(e, LLVMIntEQ, x[0], hl_int(e, x[0], 1));
    if (hl_signed(t)) unit = hl_ibin(e, LLVMOr, unit, hl_icmp(e, LLVMIntEQ, x[0], hl_int(e, x[0], -1)));
    V least = t->bits < 32 ? zero : hl_int(e, x[0], hl_signed(t) ? INT64_MIN >> (64 - t->bits) : 0);
    out[0] = hl_select(e, hl_icmp(e, LLVMIntEQ, x[0], zero), least, hl_select(e, unit, x[0], zero));
}

/* -1, 0, 1; NaN stays; a complex number keeps its direction */
void hl_emit_np_sign(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_arg_type(i, 0);
    V *x = hl_arg(e, i, 0);
    if (t->kind == HL_K_INT) {
        V zero = hl_int(e, x[0], 0), some = LLVMBuildZExt(e->b, hl_icmp(e, LLVMIntNE, x[0], zero), LLVMTypeOf(x[0]), "");
        out[0] = hl_signed(t) ? hl_select(e, hl_icmp(e, LLVMIntSLT, x[0], zero), hl_int(e, x[0], -1), some) : some;
    } else if (t->kind == HL_K_FLOAT) {
        V zero = hl_real(e, x[0], 0), up = hl_select(e, hl_fcmp(e, LLVMRealOGT, x[0], zero), hl_real(e, x[0], 1), hl_fbin(e, LLVMFAdd, x[0], zero));
        out[0] = hl_select(e, hl_fcmp(e, LLVMRealOLT, x[0], zero), hl_real(e, x[0], -1), up);
    } else {
        V size = hl_complex_abs(e, x), none = hl_fcmp(e, LLVMRealOEQ, size, hl_real(e, size, 0));
        V inf = hl_real(e, size, __builtin_inf()), zero = hl_real(e, size, 0), one = hl_real(e, size, 1), far[2];
        for (int k = 0; k < 2; k++) far[k] = hl_fcmp(e, LLVMRealOEQ, hl_scalar_intrinsic(e, "llvm.fabs", 1, &x[k]), inf);
        V only = hl_ibin(e, LLVMXor, far[0], far[1]); /* one infinite part outweighs the other */
        for (int k = 0; k < 2; k++) {
            V end = hl_select(e, far[k], hl_scalar_intrinsic(e, "llvm.copysign", 2, (V[]){one, x[k]}), zero);
            out[k] = hl_select(e, none, zero, hl_select(e, only, end, hl_fbin(e, LLVMFDiv, x[k], size)));
        }
    }
}

void hl_emit_np_bit_count(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_arg_type(i, 0);
    V size;
    hl_abs(e, t, hl_arg(e, i, 0), &size);
    V n = hl_scalar_intrinsic(e, "llvm.ctpop", 1, &size);
    out[0] = t->bits == 8 ? n : LLVMBuildTrunc(e->b, n, e->i8, "");
}

void hl_emit_np_signbit(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_arg_type(i, 0);
    V x = hl_arg(e, i, 0)[0];
    if (t->kind == HL_K_FLOAT) x = LLVMBuildBitCast(e->b, x, t->bits == 32 ? e->i32 : e->i64, "");
    out[0] = t->kind == HL_K_FLOAT || hl_signed(t) ? hl_icmp(e, LLVMIntSLT, x, hl_int(e, x, 0)) : hl_bool(e, false);
}

void hl_emit_np_logical(hl_emit *e, hl_inst *i, V *out)
{
    const char *name = function_name(i) + sizeof "logical";
    V a = hl_truth(e, hl_arg_type(i, 0), hl_arg(e, i, 0));
    if (i->nargs == 1) {
        out[0] = LLVMBuildNot(e->b, a, "");
        return;
    }
    V b = hl_truth(e, hl_arg_type(i, 1), hl_arg(e, i, 1));
    out[0] = hl_ibin(e, name[0] == 'a' ? LLVMAnd : name[0] == 'o' ? LLVMOr : LLVMXor, a, b);
}

void hl_emit_np_angle(hl_emit *e, hl_inst *i, V *out)
{
    V *z = hl_arg(e, i, 0);
    out[0] = hl_libm(e, "atan2", (V[]){z[1], z[0]}, 2);
}

/* --- two operands --------------------------------------------------------------------------------------------------------- */

/* The remainder with the sign of the first operand. */
void hl_emit_np_fmod(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_arg_type(i, 0);
    V a = hl_arg(e, i, 0)[0], b = hl_arg(e, i, 1)[0];
    if (t->kind == HL_K_FLOAT) {
        out[0] = hl_fbin(e, LLVMFRem, a, b);
        return;
    }
    V one = hl_int(e, b, 1), odd; /* 0 % would trap, as would INT_MIN % -1; both give 0 */
    if (hl_signed(t)) odd = hl_icmp(e, LLVMIntULT, hl_ibin(e, LLVMAdd, b, one), hl_int(e, b, 2));
    else odd = hl_icmp(e, LLVMIntEQ, b, hl_int(e, b, 0));
    out[0] = hl_ibin(e, hl_signed(t) ? LLVMSRem : LLVMURem, a, hl_select(e, odd, one, b));
}

static V extreme(hl_emit *e, const char *name, const hl_type *t, V a, V b)
{
    if (t->kind == HL_K_FLOAT) return math(e, name, t, 2, (V[]){a, b});
    bool max = strstr(name, "max") != NULL;
    return hl_select(e, hl_compare(e, max ? HL_OP_ge : HL_OP_le, t, &a, &b), a, b);
}

/* Complex numbers are ordered by real, then imaginary part; one with a NaN part is a NaN. */
static void complex_extreme(hl_emit *e, const char *name, const hl_type *t, const V *a, const V *b, V *out)
{
    bool max = strstr(name, "max") != NULL, nan_wins = name[0] == 'm';
    const V *n = nan_wins ? a : b;
    V first = hl_compare(e, max ? HL_OP_ge : HL_OP_le, t, a, b), odd = hl_fcmp(e, LLVMRealUNO, n[0], n[1]);
    first = hl_ibin(e, LLVMOr, first, odd);
    for (int k = 0; k < 2; k++) out[k] = hl_select(e, first, a[k], b[k]);
}

/* maximum minimum: NaN wins; fmax fmin: NaN loses */
void hl_emit_np_extreme(hl_emit *e, hl_inst *i, V *out)
{
    if (hl_arg_type(i, 0)->kind == HL_K_COMPLEX) {
        complex_extreme(e, function_name(i), hl_arg_type(i, 0), hl_arg(e, i, 0), hl_arg(e, i, 1), out);
        return;
    }
    out[0] = extreme(e, function_name(i), hl_arg_type(i, 0), hl_arg(e, i, 0)[0], hl_arg(e, i, 1)[0]);
}

void hl_emit_np_clip(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_scalar_of(i->type);
    V x = hl_operand1(e, i, 0, t);
    if (hl_given(i, 1)) x = extreme(e, "maximum", t, x, hl_operand1(e, i, 1, t));
    if (hl_given(i, 2)) x = extreme(e, "minimum", t, x, hl_operand1(e, i, 2, t));
    out[0] = x;
}

/* 10**|n| is exact up to 22, and pow is as good as NumPy's beyond. */
static V power_of_ten(hl_emit *e, V n)
{
    int64_t c;
    if (hl_scalar_int(n, &c)) return hl_f64(e, pow(10, (double)(c < 0 ? -c : c)));
    V x;
    hl_abs(e, hl_T.int64, &n, &x);
    return hl_libm(e, "pow", (V[]){hl_f64(e, 10), LLVMBuildSIToFP(e->b, x, e->f64, "")}, 2);
}

static V round_part(hl_emit *e, const hl_type *t, V x, V n, V scale)
{
    V up = hl_icmp(e, LLVMIntSGE, n, hl_i64(e, 0));
    V y = hl_select(e, up, hl_fbin(e, LLVMFMul, x, scale), hl_fbin(e, LLVMFDiv, x, scale));
    y = math(e, "rint", t, 1, &y);
    return hl_select(e, up, hl_fbin(e, LLVMFDiv, y, scale), hl_fbin(e, LLVMFMul, y, scale));
}

/* NumPy rounds x * 10**n and divides again; integers change only for negative n. */
void hl_emit_np_round(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_arg_type(i, 0), *part = hl_real_part(t);
    V *x = hl_arg(e, i, 0), n = hl_given(i, 1) ? hl_operand1(e, i, 1, hl_T.int64) : hl_i64(e, 0);
    int64_t c;
    bool plain = hl_scalar_int(n, &c) && (c == 0 || (c > 0 && hl_is_intlike(t)));
    if (hl_is_intlike(t)) {
        if (plain) out[0] = x[0];
        else out[0] = hl_cast1(e, hl_T.int64, t, hl_rtcall(e, HL_RT_int_round_digits, hl_cast1(e, t, hl_T.int64, x[0]), n));
        return;
    }
    V scale = plain ? NULL : hl_cast1(e, hl_T.float64, part, power_of_ten(e, n));
    for (int k = 0; k < t->nparts; k++) out[k] = plain ? math(e, "rint", part, 1, &x[k]) : round_part(e, part, x[k], n, scale);
}

/* log(exp(a) + exp(b)) = max + log1p(exp(-|a - b|)); equal operands, infinities among them: a + log(2) */
void hl_emit_np_logaddexp(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_arg_type(i, 0);
    bool two = !strcmp(function_name(i), "logaddexp2");
    V a = hl_arg(e, i, 0)[0], b = hl_arg(e, i, 1)[0], d = hl_fbin(e, LLVMFSub, a, b);
    V least = hl_fneg(e, math(e, "fabs", t, 1, &d)), p = hl_libm(e, two ? "exp2" : "exp", &least, 1);
    V rest = hl_libm(e, "log1p", &p, 1);
    if (two) rest = hl_fbin(e, LLVMFMul, rest, hl_real(e, a, 1.442695040888963407360));
    V sum = hl_fbin(e, LLVMFAdd, hl_select(e, hl_fcmp(e, LLVMRealOGT, d, hl_real(e, d, 0)), a, b), rest);
    V same = hl_fbin(e, LLVMFAdd, a, hl_real(e, a, two ? 1 : 0.693147180559945309417));
    sum = hl_select(e, hl_fcmp(e, LLVMRealUNO, d, d), d, sum);
    out[0] = hl_select(e, hl_fcmp(e, LLVMRealOEQ, a, b), same, sum);
}

void hl_emit_np_heaviside(hl_emit *e, hl_inst *i, V *out)
{
    V x = hl_arg(e, i, 0)[0], h = hl_arg(e, i, 1)[0], zero = hl_real(e, x, 0);
    V r = hl_select(e, hl_fcmp(e, LLVMRealOLT, x, zero), zero, hl_real(e, x, 1));
    r = hl_select(e, hl_fcmp(e, LLVMRealOEQ, x, zero), h, r);
    out[0] = hl_select(e, hl_fcmp(e, LLVMRealUNO, x, x), x, r);
}

/* gcd, and lcm = |a| / gcd(a, b) * |b| */
void hl_emit_np_gcd(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_arg_type(i, 0), *wide = hl_signed(t) ? hl_T.int64 : hl_T.uint64;
    V a = hl_operand1(e, i, 0, wide), b = hl_operand1(e, i, 1, wide), g = hl_rtcall(e, hl_signed(t) ? HL_RT_gcd : HL_RT_unsigned_gcd, a, b);
    if (!strcmp(function_name(i), "lcm")) {
        V none = hl_icmp(e, LLVMIntEQ, g, hl_i64(e, 0)), x, y;
        hl_abs(e, wide, &a, &x), hl_abs(e, wide, &b, &y);
        g = hl_ibin(e, LLVMMul, hl_ibin(e, LLVMUDiv, x, hl_select(e, none, hl_i64(e, 1), g)), y);
    }
    out[0] = hl_cast1(e, wide, t, g);
}

void hl_emit_np_divmod(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_arg_type(i, 0);
    V *a = hl_arg(e, i, 0), *b = hl_arg(e, i, 1);
    hl_arith(e, NULL, HL_OP_floordiv, t, a, b, &out[0]);
    hl_arith(e, NULL, HL_OP_mod, t, a, b, &out[1]);
}
