/* Complex arithmetic.  A complex number is two parts, real and imaginary.
 *
 * Products and quotients follow CPython (Objects/complexobject.c; the quotient is R. L. Smith's, CACM 5, 1962), which has
 * no recovery of infinities as C99 has.  Division by zero: ZeroDivisionError, or NumPy's a/|0| part by part.  Elementary
 * functions are C99's, called through runtime/math.c. */
#include "scalar.h"
#include "../../runtime/rt_numpy.h"
#include <math.h>
#include <string.h>

static void multiply(hl_emit *e, const V *a, const V *b, V *out)
{
    V re = hl_fbin(e, LLVMFSub, hl_fbin(e, LLVMFMul, a[0], b[0]), hl_fbin(e, LLVMFMul, a[1], b[1]));
    V im = hl_fbin(e, LLVMFAdd, hl_fbin(e, LLVMFMul, a[0], b[1]), hl_fbin(e, LLVMFMul, a[1], b[0]));
    out[0] = re, out[1] = im;
}

static V both_zero(hl_emit *e, const V *b)
{
    V zero = hl_real(e, b[0], 0);
    return hl_ibin(e, LLVMAnd, hl_fcmp(e, LLVMRealOEQ, b[0], zero), hl_fcmp(e, LLVMRealOEQ, b[1], zero));
}

/* Smith: divide by the larger part of b first.  p is that part, q the other; x, y are a's parts in the same order. */
static void divide(hl_emit *e, const V *a, const V *b, bool zero_is_inf, V *out)
{
    V br = hl_scalar_intrinsic(e, "llvm.fabs", 1, &b[0]), bi = hl_scalar_intrinsic(e, "llvm.fabs", 1, &b[1]);
    V c = hl_fcmp(e, LLVMRealOGE, br, bi);
    V p = hl_select(e, c, b[0], b[1]), q = hl_select(e, c, b[1], b[0]);
    V x = hl_select(e, c, a[0], a[1]), y = hl_select(e, c, a[1], a[0]);
    V ratio = hl_fbin(e, LLVMFDiv, q, p), denom = hl_fbin(e, LLVMFAdd, p, hl_fbin(e, LLVMFMul, q, ratio));
    V re = hl_fbin(e, LLVMFAdd, x, hl_fbin(e, LLVMFMul, y, ratio));
    V xr = hl_fbin(e, LLVMFMul, x, ratio);
    V im = hl_select(e, c, hl_fbin(e, LLVMFSub, y, xr), hl_fbin(e, LLVMFSub, xr, y));
    re = hl_fbin(e, LLVMFDiv, re, denom), im = hl_fbin(e, LLVMFDiv, im, denom);
    if (zero_is_inf) {
        V none = both_zero(e, b);
        re = hl_select(e, none, hl_fbin(e, LLVMFDiv, a[0], br), re);
        im = hl_select(e, none, hl_fbin(e, LLVMFDiv, a[1], br), im);
    }
    out[0] = re, out[1] = im;
}

static V to_double(hl_emit *e, V x) { return LLVMTypeOf(x) == e->f32 ? LLVMBuildFPExt(e->b, x, e->f64, "") : x; }
static V from_double(hl_emit *e, V x, V like) { return LLVMTypeOf(like) == e->f32 ? LLVMBuildFPTrunc(e->b, x, e->f32, "") : x; }

static void load_pair(hl_emit *e, V at, V like, V *out)
{
    for (int k = 0; k < 2; k++) {
        V p = hl_gep_bytes(e, at, hl_i64(e, 8 * k));
        out[k] = from_double(e, LLVMBuildLoad2(e->b, e->f64, p, ""), like);
    }
}

/* Constant integer exponents are products, as in CPython for |n| <= 100. */
static void power(hl_emit *e, hl_inst *i, const V *a, const V *b, V *out)
{
    double n, im;
    if (hl_scalar_real(b[0], &n) && hl_scalar_real(b[1], &im) && im == 0 && n == floor(n) && n >= 1 && n <= 8) {
        V p[2] = {a[0], a[1]};
        bool have = false;
        for (int m = (int)n;; multiply(e, p, p, p)) {
            if (m & 1) {
                if (have) multiply(e, out, p, out);
                else out[0] = p[0], out[1] = p[1];
                have = true;
            }
            if (!(m >>= 1)) return;
        }
    }
    V at = hl_alloca(e, LLVMArrayType2(e->f64, 2), "cpow"), p[4];
    for (int k = 0; k < 4; k++) p[k] = to_double(e, k < 2 ? a[k] : b[k - 2]);
    if (hl_raises(e, i)) hl_check_status(e, i, hl_rtcall(e, HL_RT_complex_pow, p[0], p[1], p[2], p[3], at));
    else hl_rtcall(e, HL_RT_cmath_pow, p[0], p[1], p[2], p[3], at);
    load_pair(e, at, a[0], out);
}

void hl_complex_arith(hl_emit *e, hl_inst *i, hl_op op, const V *a, const V *b, V *out)
{
    switch (op) {
    case HL_OP_add:
    case HL_OP_sub:
        for (int k = 0; k < 2; k++) out[k] = hl_fbin(e, op == HL_OP_add ? LLVMFAdd : LLVMFSub, a[k], b[k]);
        break;
    case HL_OP_mul: multiply(e, a, b, out); break;
    case HL_OP_truediv:
        if (hl_raises(e, i)) hl_check(e, i, LLVMBuildNot(e->b, both_zero(e, b), ""), HL_ERR_zero_cdiv, NULL, NULL);
        divide(e, a, b, !hl_raises(e, i), out);
        break;
    default: power(e, i, a, b, out); break;
    }
}

/* Equality part by part; NumPy orders complex numbers by their real parts first. */
V hl_complex_compare(hl_emit *e, hl_op op, const V *a, const V *b)
{
    if (op == HL_OP_eq || op == HL_OP_ne) {
        LLVMRealPredicate p = op == HL_OP_eq ? LLVMRealOEQ : LLVMRealUNE;
        return hl_ibin(e, op == HL_OP_eq ? LLVMAnd : LLVMOr, hl_fcmp(e, p, a[0], b[0]), hl_fcmp(e, p, a[1], b[1]));
    }
    bool less = op == HL_OP_lt || op == HL_OP_le;
    V first = hl_fcmp(e, less ? LLVMRealOLT : LLVMRealOGT, a[0], b[0]);
    V second = hl_fcmp(e, op == HL_OP_lt ? LLVMRealOLT : op == HL_OP_le ? LLVMRealOLE : op == HL_OP_gt ? LLVMRealOGT : LLVMRealOGE, a[1], b[1]);
    V known = hl_fcmp(e, LLVMRealORD, a[1], b[1]);
    V tie = hl_ibin(e, LLVMAnd, hl_fcmp(e, LLVMRealOEQ, a[0], b[0]), second);
    return hl_ibin(e, LLVMOr, hl_ibin(e, LLVMAnd, first, known), tie);
}

/* sqrt(x*x + y*y) without a call and without branches, within 1 ULP: operands so large or small that their squares would
 * leave the range are scaled by a power of two first, float32 are squared in float64.  An infinity beats a NaN (C99 F.9.4.3). */
V hl_hypot(hl_emit *e, V x, V y)
{
    bool f32 = LLVMTypeOf(x) == e->f32;
    V v[2] = {to_double(e, x), to_double(e, y)}, size[2], s[2], scale = NULL, back = NULL;
    for (int k = 0; k < 2; k++) size[k] = hl_scalar_intrinsic(e, "llvm.fabs", 1, &v[k]);
    if (!f32) {
        V m = hl_select(e, hl_fcmp(e, LLVMRealOGT, size[0], size[1]), size[0], size[1]);
        V small = hl_fcmp(e, LLVMRealOLT, m, hl_f64(e, 0x1p-480)), large = hl_fcmp(e, LLVMRealOGT, m, hl_f64(e, 0x1p500));
        scale = hl_select(e, large, hl_f64(e, 0x1p-600), hl_select(e, small, hl_f64(e, 0x1p600), hl_f64(e, 1)));
        back = hl_select(e, large, hl_f64(e, 0x1p600), hl_select(e, small, hl_f64(e, 0x1p-600), hl_f64(e, 1)));
    }
    for (int k = 0; k < 2; k++) {
        V w = f32 ? v[k] : hl_fbin(e, LLVMFMul, v[k], scale);
        s[k] = hl_fbin(e, LLVMFMul, w, w);
    }
    V sum = hl_fbin(e, LLVMFAdd, s[0], s[1]), r = hl_scalar_intrinsic(e, "llvm.sqrt", 1, &sum);
    if (!f32) r = hl_fbin(e, LLVMFMul, r, back);
    V inf = hl_f64(e, INFINITY), infinite = hl_ibin(e, LLVMOr, hl_fcmp(e, LLVMRealOEQ, size[0], inf), hl_fcmp(e, LLVMRealOEQ, size[1], inf));
    return from_double(e, hl_select(e, infinite, inf, r), x);
}

V hl_complex_abs(hl_emit *e, const V *a) { return hl_hypot(e, a[0], a[1]); }

/* Elementary functions, by name. */
static const struct { const char *name; hl_rt call; } functions[] = {
#define X(f) {#f, HL_RT_cmath_##f},
    HL_CMATH(X) X(log10)
#undef X
};

/* What C99 lacks, made from what it has; y is the imaginary part. */
static bool composed(hl_emit *e, const char *name, const V *a, V *out)
{
    V ln2 = hl_real(e, a[0], 0.693147180559945309417), z[2];
    if (!strcmp(name, "log2")) {
        hl_complex_math(e, "log", a, out);
        for (int k = 0; k < 2; k++) out[k] = hl_fbin(e, LLVMFMul, out[k], hl_real(e, a[0], 1.442695040888963407360));
    } else if (!strcmp(name, "exp2")) {
        for (int k = 0; k < 2; k++) z[k] = hl_fbin(e, LLVMFMul, a[k], ln2);
        hl_complex_math(e, "exp", z, out);
    } else if (!strcmp(name, "expm1")) { /* expm1(x) cos(y) - 2 sin(y/2)**2, exp(x) sin(y) */
        V half = hl_fbin(e, LLVMFMul, a[1], hl_real(e, a[1], 0.5)), s = hl_libm(e, "sin", &half, 1);
        V first = hl_fbin(e, LLVMFMul, hl_libm(e, "expm1", &a[0], 1), hl_libm(e, "cos", &a[1], 1));
        V second = hl_fbin(e, LLVMFMul, hl_real(e, s, 2), hl_fbin(e, LLVMFMul, s, s));
        V im = hl_fbin(e, LLVMFMul, hl_libm(e, "exp", &a[0], 1), hl_libm(e, "sin", &a[1], 1));
        out[0] = hl_fbin(e, LLVMFSub, first, second), out[1] = im;
    } else if (!strcmp(name, "log1p")) {
        V x = hl_fbin(e, LLVMFAdd, a[0], hl_real(e, a[0], 1)), size = hl_hypot(e, x, a[1]);
        V angle = hl_libm(e, "atan2", (V[]){a[1], x}, 2);
        out[0] = hl_libm(e, "log", &size, 1), out[1] = angle;
    } else return false;
    return true;
}

bool hl_complex_math(hl_emit *e, const char *name, const V *a, V *out)
{
    for (int k = 0; k < (int)(sizeof functions / sizeof *functions); k++) {
        if (strcmp(functions[k].name, name)) continue;
        V at = hl_alloca(e, LLVMArrayType2(e->f64, 2), "cmath");
        hl_rtcall(e, functions[k].call, to_double(e, a[0]), to_double(e, a[1]), at);
        load_pair(e, at, a[0], out);
        return true;
    }
    return composed(e, name, a, out);
}
