/* Mathematical functions: calls of libm that the vectoriser understands, and the modules math and cmath.
 *
 * A call is declared `nounwind willreturn memory(none)`, so that it can be hoisted, merged and dropped, and carries the
 * names of its vector versions (vecmath.c).  What the processor does itself is an LLVM intrinsic.
 *
 * Errors: a test of the argument in front of the call raises ValueError outside of the domain (sqrt, log, asin …); NaN
 * passes.  Overflow gives inf and sin, cos, tan of inf give NaN, because a test there would keep loops over exp and sin
 * from being vectorised (docs/differences.md).  With the error model "numpy" there are no tests at all. */
#include "scalar.h"
#include <math.h>
#include <string.h>

/* --- calls ----------------------------------------------------------------------------------------------------------- */

static void attribute(hl_emit *e, V f, const char *name)
{
    unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
    LLVMAddAttributeAtIndex(f, LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(e->lc, kind, 0));
}

V hl_libm(hl_emit *e, const char *name, const V *args, int n)
{
    LLVMTypeRef t = LLVMTypeOf(args[0]), params[4];
    bool f32 = t == e->f32;
    const char *symbol = f32 ? hl_sprintf(e->arena, "%sf", name) : name;
    for (int k = 0; k < n; k++) params[k] = LLVMTypeOf(args[k]);
    LLVMTypeRef ft = LLVMFunctionType(t, params, (unsigned)n, false);
    V f = LLVMGetNamedFunction(e->mod, symbol);
    if (!f) {
        f = LLVMAddFunction(e->mod, symbol, ft);
        attribute(e, f, "nounwind"), attribute(e, f, "willreturn"), attribute(e, f, "memory");
    }
    V call = hl_fast(e, LLVMBuildCall2(e->b, ft, f, (V *)args, (unsigned)n, ""));
    hl_vecmath(e, call, name, f32);
    return call;
}

static const struct { const char *name, *intrinsic; } intrinsics[] = {
    {"sqrt", "llvm.sqrt"}, {"fabs", "llvm.fabs"}, {"floor", "llvm.floor"}, {"ceil", "llvm.ceil"}, {"trunc", "llvm.trunc"},
    {"rint", "llvm.rint"}, {"copysign", "llvm.copysign"}, {"fma", "llvm.fma"}, {"fmax", "llvm.maxnum"}, {"fmin", "llvm.minnum"},
    {"maximum", "llvm.maximum"}, {"minimum", "llvm.minimum"}};

void hl_math(hl_emit *e, const char *name, const hl_type *t, const V *const *args, int n, V *out)
{
    t = hl_unliteral(t);
    if (t->kind == HL_K_COMPLEX) {
        if (!strcmp(name, "abs") || !strcmp(name, "fabs")) out[0] = hl_complex_abs(e, args[0]);
        else if (!hl_complex_math(e, name, args[0], out))
            hl_fail(e->cx, "LoweringError", e->func, (hl_span){0}, "%s is not defined for complex numbers", name);
        return;
    }
    V v[4];
    for (int k = 0; k < n; k++) v[k] = args[k][0];
    for (size_t k = 0; k < sizeof intrinsics / sizeof *intrinsics; k++)
        if (!strcmp(intrinsics[k].name, name)) {
            out[0] = hl_scalar_intrinsic(e, intrinsics[k].intrinsic, n, v);
            return;
        }
    out[0] = strcmp(name, "hypot") ? hl_libm(e, name, v, n) : hl_hypot(e, v[0], v[1]);
}

static V math(hl_emit *e, const char *name, int n, V const *v)
{
    V out;
    const V *args[4];
    for (int k = 0; k < n; k++) args[k] = &v[k];
    hl_math(e, name, LLVMTypeOf(v[0]) == e->f32 ? hl_T.float32 : hl_T.float64, args, n, &out);
    return out;
}

/* "math.sqrt" -> "sqrt" */
static const char *function_name(const hl_inst *i) { return strrchr(i->rule->key, '.') + 1; }

static V fabs_of(hl_emit *e, V x) { return hl_scalar_intrinsic(e, "llvm.fabs", 1, &x); }
static V is_nan(hl_emit *e, V x) { return hl_fcmp(e, LLVMRealUNO, x, x); }
static V is_finite(hl_emit *e, V x) { return hl_fcmp(e, LLVMRealONE, fabs_of(e, x), hl_real(e, x, INFINITY)); }
static V both(hl_emit *e, V a, V b) { return hl_ibin(e, LLVMAnd, a, b); }
static V either(hl_emit *e, V a, V b) { return hl_ibin(e, LLVMOr, a, b); }
static V negation(hl_emit *e, V a) { return LLVMBuildNot(e->b, a, ""); }
static void check(hl_emit *e, hl_inst *i, V ok, hl_err err)
{
    if (hl_raises(e, i)) hl_check(e, i, ok, err, NULL, NULL);
}

/* --- math: one and two operands ---------------------------------------------------------------------------------------- */

/* Poles of gamma: zero, the negative integers; `inf` says whether -inf counts as one. */
static V not_a_pole(hl_emit *e, V x, bool inf)
{
    V pole = both(e, hl_fcmp(e, LLVMRealOLE, x, hl_real(e, x, 0)), hl_fcmp(e, LLVMRealOEQ, math(e, "floor", 1, &x), x));
    if (!inf) pole = both(e, pole, hl_fcmp(e, LLVMRealONE, x, hl_real(e, x, -INFINITY)));
    return negation(e, pole);
}

typedef enum domain { ALL, NOT_NEGATIVE, POSITIVE, ABOVE_MINUS_1, UNIT, OPEN_UNIT, FROM_1, GAMMA, LGAMMA } domain;
static const struct { const char *name, *libm; domain domain; } functions[] = {
    {"sqrt", NULL, NOT_NEGATIVE}, {"log", NULL, POSITIVE}, {"log2", NULL, POSITIVE}, {"log10", NULL, POSITIVE},
    {"log1p", NULL, ABOVE_MINUS_1}, {"asin", NULL, UNIT}, {"acos", NULL, UNIT}, {"atanh", NULL, OPEN_UNIT},
    {"acosh", NULL, FROM_1}, {"gamma", "tgamma", GAMMA}, {"lgamma", "lgamma", LGAMMA}};

/* Unordered comparisons: NaN is in every domain. */
static V in_domain(hl_emit *e, domain d, V x)
{
    switch (d) {
    case NOT_NEGATIVE: return hl_fcmp(e, LLVMRealUGE, x, hl_real(e, x, 0));
    case POSITIVE: return hl_fcmp(e, LLVMRealUGT, x, hl_real(e, x, 0));
    case ABOVE_MINUS_1: return hl_fcmp(e, LLVMRealUGT, x, hl_real(e, x, -1));
    case UNIT: return hl_fcmp(e, LLVMRealULE, fabs_of(e, x), hl_real(e, x, 1));
    case OPEN_UNIT: return hl_fcmp(e, LLVMRealULT, fabs_of(e, x), hl_real(e, x, 1));
    case FROM_1: return hl_fcmp(e, LLVMRealUGE, x, hl_real(e, x, 1));
    case GAMMA: return not_a_pole(e, x, true);
    case LGAMMA: return not_a_pole(e, x, false);
    default: return hl_bool(e, true);
    }
}

static V checked(hl_emit *e, hl_inst *i, const char *name, const hl_inst *made, V x)
{
    for (size_t k = 0; k < sizeof functions / sizeof *functions; k++) {
        if (strcmp(functions[k].name, name)) continue;
        domain d = functions[k].domain;
        bool inside = d == POSITIVE || d == GAMMA || d == LGAMMA ? hl_known_positive(made)
                    : (d == NOT_NEGATIVE || d == ABOVE_MINUS_1) && hl_known_not_negative(made);
        if (hl_raises(e, i) && !inside) check(e, i, in_domain(e, d, x), HL_ERR_math_domain);
        if (functions[k].libm) name = functions[k].libm;
        break;
    }
    return math(e, name, 1, &x);
}

void hl_emit_math1(hl_emit *e, hl_inst *i, V *out)
{
    const char *name = function_name(i);
    V x = hl_arg(e, i, 0)[0];
    if (!strcmp(name, "degrees")) out[0] = hl_fbin(e, LLVMFMul, x, hl_real(e, x, 180.0 / M_PI));
    else if (!strcmp(name, "radians")) out[0] = hl_fbin(e, LLVMFMul, x, hl_real(e, x, M_PI / 180.0));
    else out[0] = checked(e, i, name, i->args[0], x);
}

/* log(x, base) = log(x) / log(base) */
void hl_emit_math_log(hl_emit *e, hl_inst *i, V *out)
{
    V num = checked(e, i, "log", i->args[0], hl_arg(e, i, 0)[0]);
    out[0] = num;
    if (!hl_given(i, 1)) return;
    V den = checked(e, i, "log", i->args[1], hl_arg(e, i, 1)[0]);
    check(e, i, hl_fcmp(e, LLVMRealUNE, den, hl_real(e, den, 0)), HL_ERR_zero_fdiv);
    out[0] = hl_fbin(e, LLVMFDiv, num, den);
}

void hl_emit_math2(hl_emit *e, hl_inst *i, V *out)
{
    const char *name = function_name(i);
    V v[2] = {hl_arg(e, i, 0)[0], hl_arg(e, i, 1)[0]};
    V r = out[0] = !strcmp(name, "fmod") ? hl_fbin(e, LLVMFRem, v[0], v[1]) : math(e, name, 2, v);
    if (!hl_raises(e, i) || !(hl_ir_effects(i) & HL_E_RAISE)) return;
    V bad = both(e, is_nan(e, r), hl_fcmp(e, LLVMRealORD, v[0], v[1]));
    if (!strcmp(name, "pow")) {
        V pole = both(e, hl_fcmp(e, LLVMRealOEQ, v[0], hl_real(e, r, 0)), hl_fcmp(e, LLVMRealOLT, v[1], hl_real(e, r, 0)));
        bad = either(e, bad, both(e, pole, is_finite(e, v[1])));
    }
    check(e, i, negation(e, bad), HL_ERR_math_domain);
}

void hl_emit_math_fma(hl_emit *e, hl_inst *i, V *out)
{
    V v[3] = {hl_arg(e, i, 0)[0], hl_arg(e, i, 1)[0], hl_arg(e, i, 2)[0]};
    out[0] = math(e, "fma", 3, v);
    if (!hl_raises(e, i)) return;
    V number = both(e, hl_fcmp(e, LLVMRealORD, v[0], v[1]), hl_fcmp(e, LLVMRealORD, v[2], v[2]));
    check(e, i, negation(e, both(e, is_nan(e, out[0]), number)), HL_ERR_fma_invalid);
}

void hl_emit_nextafter(hl_emit *e, hl_inst *i, V *out)
{
    V steps = hl_arg(e, i, 2)[0];
    hl_check(e, i, hl_icmp(e, LLVMIntSGE, steps, hl_i64(e, 0)), HL_ERR_steps_neg, NULL, NULL);
    out[0] = hl_rtcall(e, HL_RT_nextafter_steps, hl_arg(e, i, 0)[0], hl_arg(e, i, 1)[0], steps);
}

static V hypot_of(hl_emit *e, V const *v, int n)
{
    if (n == 0) return hl_f64(e, 0);
    V r = n == 1 ? fabs_of(e, v[0]) : v[0];
    for (int k = 1; k < n; k++) r = hl_hypot(e, r, v[k]);
    return r;
}

void hl_emit_hypot(hl_emit *e, hl_inst *i, V *out)
{
    V v[i->nargs + 1];
    for (int k = 0; k < i->nargs; k++) v[k] = hl_arg(e, i, k)[0];
    out[0] = hypot_of(e, v, i->nargs);
}

void hl_emit_dist(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *p = i->args[0]->type, *q = i->args[1]->type;
    V *a = hl_arg(e, i, 0), *b = hl_arg(e, i, 1), d[p->nitems + 1];
    for (int k = 0; k < p->nitems; k++) /* real numbers: one part each */
        d[k] = hl_fbin(e, LLVMFSub, hl_cast1(e, p->items[k], hl_T.float64, a[k]), hl_cast1(e, q->items[k], hl_T.float64, b[k]));
    out[0] = hypot_of(e, d, p->nitems);
}

/* --- math: the representation of floats ---------------------------------------------------------------------------------- */

/* Distance to the next float away from zero; from the largest, to the one before it. */
void hl_emit_ulp(hl_emit *e, hl_inst *i, V *out)
{
    V x = fabs_of(e, hl_arg(e, i, 0)[0]);
    V up = hl_libm(e, "nextafter", (V[]){x, hl_real(e, x, INFINITY)}, 2), down = hl_libm(e, "nextafter", (V[]){x, hl_real(e, x, 0)}, 2);
    V step = hl_select(e, is_finite(e, up), hl_fbin(e, LLVMFSub, up, x), hl_fbin(e, LLVMFSub, x, down));
    out[0] = hl_select(e, is_finite(e, x), step, x);
}

static V call_on_exponent(hl_emit *e, const char *name, V x, V exponent)
{
    LLVMTypeRef over[2] = {LLVMTypeOf(x), e->i32};
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    V args[2] = {x, exponent}, f = LLVMGetIntrinsicDeclaration(e->mod, id, over, 2);
    return LLVMBuildCall2(e->b, LLVMIntrinsicGetType(e->lc, id, over, 2), f, args, exponent ? 2 : 1, "");
}

void hl_emit_ldexp(hl_emit *e, hl_inst *i, V *out)
{
    V n = hl_arg(e, i, 1)[0], most = hl_i64(e, 1 << 16), least = hl_i64(e, -(1 << 16));
    n = hl_select(e, hl_icmp(e, LLVMIntSGT, n, most), most, n);
    n = hl_select(e, hl_icmp(e, LLVMIntSLT, n, least), least, n);
    out[0] = call_on_exponent(e, "llvm.ldexp", hl_arg(e, i, 0)[0], LLVMBuildTrunc(e->b, n, e->i32, ""));
}

void hl_emit_frexp(hl_emit *e, hl_inst *i, V *out)
{
    V x = hl_arg(e, i, 0)[0], finite = is_finite(e, x), both_parts = call_on_exponent(e, "llvm.frexp", x, NULL);
    V exponent = hl_select(e, finite, LLVMBuildExtractValue(e->b, both_parts, 1, ""), hl_i32(e, 0));
    out[0] = hl_select(e, finite, LLVMBuildExtractValue(e->b, both_parts, 0, ""), x);
    out[1] = i->type->items[1]->bits == 64 ? LLVMBuildSExt(e->b, exponent, e->i64, "") : exponent;
}

void hl_emit_modf(hl_emit *e, hl_inst *i, V *out)
{
    V x = hl_arg(e, i, 0)[0], whole = math(e, "trunc", 1, &x);
    V infinite = hl_fcmp(e, LLVMRealOEQ, fabs_of(e, x), hl_real(e, x, INFINITY));
    V rest = hl_select(e, infinite, hl_real(e, x, 0), hl_fbin(e, LLVMFSub, x, whole));
    out[0] = math(e, "copysign", 2, (V[]){rest, x}), out[1] = whole;
}

void hl_emit_math_to_int(hl_emit *e, hl_inst *i, V *out)
{
    const char *name = function_name(i);
    V x = hl_arg(e, i, 0)[0];
    if (hl_arg_type(i, 0)->kind != HL_K_FLOAT) out[0] = x;
    else out[0] = hl_float_to_int(e, i, strcmp(name, "trunc") ? math(e, name, 1, &x) : x);
}

/* isnan isinf isfinite isposinf isneginf of any number; exempt from fast-math flags, or they would mean nothing */
static V classify(hl_emit *e, const char *name, V x)
{
    if (!strcmp(name, "isnan")) return is_nan(e, x);
    if (!strcmp(name, "isfinite")) return is_finite(e, x);
    double inf = !strcmp(name, "isneginf") ? -INFINITY : INFINITY;
    return hl_fcmp(e, LLVMRealOEQ, strcmp(name, "isinf") ? x : fabs_of(e, x), hl_real(e, x, inf));
}

void hl_emit_is_float(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_arg_type(i, 0);
    const char *name = function_name(i);
    bool finite = !strcmp(name, "isfinite");
    V *x = hl_arg(e, i, 0);
    if (hl_is_intlike(t)) out[0] = hl_bool(e, finite);
    else if (t->kind == HL_K_FLOAT) out[0] = classify(e, name, x[0]);
    else out[0] = hl_ibin(e, finite ? LLVMAnd : LLVMOr, classify(e, name, x[0]), classify(e, name, x[1]));
}

void hl_emit_isclose(hl_emit *e, hl_inst *i, V *out)
{
    bool complex = i->rule->key[0] == 'c';
    const hl_type *t = complex ? hl_T.complex128 : hl_T.float64;
    V a[2], b[2], d[2], rel = hl_given(i, 2) ? hl_operand1(e, i, 2, hl_T.float64) : hl_f64(e, 1e-9);
    V least = hl_given(i, 3) ? hl_operand1(e, i, 3, hl_T.float64) : hl_f64(e, 0), zero = hl_f64(e, 0);
    hl_operand(e, i, 0, t, a), hl_operand(e, i, 1, t, b);
    check(e, i, both(e, hl_fcmp(e, LLVMRealUGE, rel, zero), hl_fcmp(e, LLVMRealUGE, least, zero)), HL_ERR_isclose_tol);
    for (int k = 0; k < (complex ? 2 : 1); k++) d[k] = hl_fbin(e, LLVMFSub, a[k], b[k]);
    V size_a, size_b, size;
    hl_abs(e, t, a, &size_a), hl_abs(e, t, b, &size_b), hl_abs(e, t, d, &size);
    V near = either(e, hl_fcmp(e, LLVMRealOLE, size, hl_fbin(e, LLVMFMul, rel, size_b)),
                    hl_fcmp(e, LLVMRealOLE, size, hl_fbin(e, LLVMFMul, rel, size_a)));
    near = either(e, near, hl_fcmp(e, LLVMRealOLE, size, least));
    V finite = both(e, hl_fcmp(e, LLVMRealUNE, size_a, hl_f64(e, INFINITY)), hl_fcmp(e, LLVMRealUNE, size_b, hl_f64(e, INFINITY)));
    out[0] = either(e, hl_compare(e, HL_OP_eq, t, a, b), both(e, finite, near));
}

/* np.isclose of real numbers: |a - b| <= atol + rtol·|b| for finite b, or a == b; as runtime/call_close.c */
void hl_emit_close_numbers(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *a = hl_arg_type(i, 0), *b = hl_arg_type(i, 1);
    const hl_type *own = b == hl_T.float32 ? b : hl_T.float64, *wide = a == hl_T.float32 ? own : hl_T.float64;
    V near = hl_operand1(e, i, 1, own), rel = hl_given(i, 2) ? hl_operand1(e, i, 2, own) : hl_real(e, near, 1e-5);
    V least = hl_given(i, 3) ? hl_operand1(e, i, 3, own) : hl_real(e, near, 1e-8);
    V most = hl_cast1(e, own, wide, hl_fbin(e, LLVMFAdd, least, hl_fbin(e, LLVMFMul, rel, fabs_of(e, near))));
    V x = hl_operand1(e, i, 0, wide), y = hl_cast1(e, own, wide, near);
    V close = both(e, hl_fcmp(e, LLVMRealOLE, fabs_of(e, hl_fbin(e, LLVMFSub, x, y)), most), is_finite(e, y));
    out[0] = either(e, close, hl_fcmp(e, LLVMRealOEQ, x, y));
    if (hl_given(i, 4)) out[0] = either(e, out[0], both(e, hl_operand1(e, i, 4, hl_T.boolean), both(e, is_nan(e, x), is_nan(e, y))));
}

/* --- math: integers -------------------------------------------------------------------------------------------------------- */

void hl_emit_gcd(hl_emit *e, hl_inst *i, V *out)
{
    V r = i->nargs > 1 ? hl_arg(e, i, 0)[0] : hl_i64(e, 0);
    for (int k = i->nargs > 1; k < i->nargs; k++) r = hl_rtcall(e, HL_RT_gcd, r, hl_arg(e, i, k)[0]);
    out[0] = r;
}

void hl_emit_lcm(hl_emit *e, hl_inst *i, V *out)
{
    V r = hl_i64(e, 1), at = hl_alloca(e, e->i64, "lcm");
    for (int k = 0; k < i->nargs; k++) {
        hl_check_status(e, i, hl_rtcall(e, HL_RT_lcm, r, hl_arg(e, i, k)[0], at));
        r = LLVMBuildLoad2(e->b, e->i64, at, "");
    }
    out[0] = r;
}

void hl_emit_isqrt(hl_emit *e, hl_inst *i, V *out)
{
    V n = hl_arg(e, i, 0)[0];
    hl_check(e, i, hl_icmp(e, LLVMIntSGE, n, hl_i64(e, 0)), HL_ERR_isqrt_neg, NULL, NULL);
    out[0] = hl_rtcall(e, HL_RT_isqrt, n);
}

/* factorial, comb, perm */
void hl_emit_int_function(hl_emit *e, hl_inst *i, V *out)
{
    const char *name = function_name(i);
    V n = hl_operand1(e, i, 0, hl_T.int64), at = hl_alloca(e, e->i64, name), status;
    if (!hl_given(i, 1)) status = hl_rtcall(e, HL_RT_factorial, n, at);
    else status = hl_rtcall(e, name[0] == 'c' ? HL_RT_comb : HL_RT_perm, n, hl_operand1(e, i, 1, hl_T.int64), at);
    hl_check_status(e, i, status);
    out[0] = LLVMBuildLoad2(e->b, e->i64, at, "");
}

/* --- cmath -------------------------------------------------------------------------------------------------------------------- */

/* A NaN that no operand had is outside of the domain, as is a pole of log, atan and atanh; other infinities are overflow. */
static void check_complex(hl_emit *e, hl_inst *i, const char *name, const V *in, const V *out)
{
    if (!hl_raises(e, i) || !(hl_ir_effects(i) & HL_E_RAISE)) return;
    V known = hl_fcmp(e, LLVMRealORD, in[0], in[1]), lost = hl_fcmp(e, LLVMRealUNO, out[0], out[1]);
    check(e, i, negation(e, both(e, known, lost)), HL_ERR_math_domain);
    V finite = both(e, is_finite(e, in[0]), is_finite(e, in[1])), still = both(e, is_finite(e, out[0]), is_finite(e, out[1]));
    bool pole = !strncmp(name, "log", 3) || !strncmp(name, "atan", 4);
    check(e, i, either(e, negation(e, finite), still), pole ? HL_ERR_math_domain : HL_ERR_math_range);
}

void hl_emit_cmath1(hl_emit *e, hl_inst *i, V *out)
{
    const char *name = function_name(i);
    V *z = hl_arg(e, i, 0);
    hl_complex_math(e, name, z, out);
    check_complex(e, i, name, z, out);
}

void hl_emit_cmath_log(hl_emit *e, hl_inst *i, V *out)
{
    V *z = hl_arg(e, i, 0), base[2];
    hl_complex_math(e, "log", z, out);
    if (!hl_given(i, 1)) {
        check_complex(e, i, "log", z, out);
        return;
    } /* CPython asks only about the logarithm that it computed last */
    hl_complex_math(e, "log", hl_arg(e, i, 1), base);
    check_complex(e, i, "log", hl_arg(e, i, 1), base);
    check(e, i, hl_truth(e, hl_T.complex128, base), HL_ERR_math_domain);
    hl_complex_arith(e, NULL, HL_OP_truediv, out, base, out);
}

static V phase_of(hl_emit *e, const V *z) { return hl_libm(e, "atan2", (V[]){z[1], z[0]}, 2); }

void hl_emit_phase(hl_emit *e, hl_inst *i, V *out) { out[0] = phase_of(e, hl_arg(e, i, 0)); }

void hl_emit_polar(hl_emit *e, hl_inst *i, V *out)
{
    V *z = hl_arg(e, i, 0);
    out[0] = hl_complex_abs(e, z), out[1] = phase_of(e, z);
}

void hl_emit_rect(hl_emit *e, hl_inst *i, V *out)
{
    V r = hl_arg(e, i, 0)[0], phi = hl_arg(e, i, 1)[0], sign = math(e, "copysign", 2, (V[]){hl_f64(e, 1), r});
    V flat = hl_fcmp(e, LLVMRealOEQ, phi, hl_f64(e, 0)), none = hl_fcmp(e, LLVMRealOEQ, r, hl_f64(e, 0));
    V re = hl_fbin(e, LLVMFMul, r, math(e, "cos", 1, &phi)), im = hl_fbin(e, LLVMFMul, r, math(e, "sin", 1, &phi));
    V in[2] = {r, phi};
    re = hl_select(e, flat, r, hl_select(e, none, r, re));
    im = hl_select(e, flat, hl_fbin(e, LLVMFMul, sign, phi), hl_select(e, none, hl_f64(e, 0), im));
    out[0] = hl_select(e, is_nan(e, phi), hl_fbin(e, LLVMFAdd, re, phi), re);
    out[1] = hl_select(e, is_nan(e, phi), hl_fbin(e, LLVMFAdd, im, phi), im);
    if (!hl_raises(e, i)) return;
    V lost = both(e, hl_fcmp(e, LLVMRealUNO, out[0], out[1]), hl_fcmp(e, LLVMRealORD, in[0], in[1]));
    check(e, i, negation(e, lost), HL_ERR_math_domain);
}
