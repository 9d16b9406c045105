/* Vector versions of mathematical functions.
 *
 * A call of exp carries the attribute "vector-function-abi-variant"="_ZGVeN8v_exp(_ZGVeN8v_exp),…": the loop vectoriser then may
 * replace eight scalar calls by one of the named function, which lives in SLEEF's GNU vector ABI library (exp: vecexp.c).  The mangling is
 * the vector function ABI's: b, d, e = SSE, AVX2, AVX-512; N = no mask; lanes; a v for each parameter; scalar name.
 *
 * What is in the table was measured on 64,000 arguments a function (uniform, near zero, logarithmic) and on special values, against
 * quadruple precision (double) and double precision (float): at most 1 ULP, and infinities, NaNs and zeros as the C library has
 * them.  Left out for that reason: sinh and cosh (infinite from 709.78 on), asinh and acosh (infinite from 1e155), fmod (NaN where the
 * quotient overflows), lgamma, tgamma; and erf, erfc because the scalar ones are faster.  log1p is infinite above 1e307.
 * Under fastmath the 3.5-ULP versions are taken, and glibc's libmvec (4 ULP) where there is no SLEEF.
 */
#include "../codegen/codegen.h"
#include "scalar.h"
#include <stdio.h>
#include <string.h>

static const struct { const char *name; int params; } vector_functions[] = {
    {"acos", 1}, {"asin", 1}, {"atan", 1}, {"atan2", 2}, {"atanh", 1}, {"cbrt", 1}, {"cos", 1}, {"exp", 1}, {"exp10", 1}, {"exp2", 1}, {"expm1", 1},
    {"hypot", 2}, {"log", 1}, {"log10", 1}, {"log1p", 1}, {"log2", 1}, {"pow", 2}, {"sin", 1}, {"tan", 1}, {"tanh", 1},
};

static const struct { char isa; int bytes; } widths[] = {{'b', 16}, {'d', 32}, {'e', 64}};

static int params_of(const char *name)
{
    for (size_t k = 0; k < sizeof vector_functions / sizeof *vector_functions; k++)
        if (!strcmp(vector_functions[k].name, name))
            return vector_functions[k].params;
    return 0;
}

/* The symbol of the best version there is; false: none. */
static bool choose(char *symbol, size_t n, const char *prefix, const char *name, bool f32, bool fast)
{
    const char *suffix = f32 ? "f" : "";
    if (hl_vecexp_has(name)) {
        snprintf(symbol, n, "%s_%s%s" HL_VECEXP_OWN, prefix, name, suffix);
        return true;
    }
    if (fast) {
        snprintf(symbol, n, "%s_%s%s_u35", prefix, name, suffix);
        if (hl_symbol_vecmath(symbol, true))
            return true;
    }
    snprintf(symbol, n, "%s_%s%s", prefix, name, suffix);
    return hl_symbol_vecmath(symbol, fast) != NULL;
}

static void declare(hl_emit *e, const char *symbol, bool f32, int lanes, int params)
{
    if (LLVMGetNamedFunction(e->mod, symbol))
        return;
    LLVMTypeRef v = LLVMVectorType(f32 ? e->f32 : e->f64, (unsigned)lanes), args[2] = {v, v};
    LLVMAddFunction(e->mod, symbol, LLVMFunctionType(v, args, (unsigned)params, false));
}

void hl_vecmath(hl_emit *e, V call, const char *name, bool f32)
{
    int params = params_of(name), have = hl_machine_vector_bytes();
    char all[512] = "";
    size_t at = 0;
    if (!params)
        return;
    for (size_t k = 0; k < sizeof widths / sizeof *widths && widths[k].bytes <= have; k++) {
        char prefix[32], symbol[80];
        int lanes = widths[k].bytes / (f32 ? 4 : 8);
        snprintf(prefix, sizeof prefix, "_ZGV%cN%d%s", widths[k].isa, lanes, params == 2 ? "vv" : "v");
        if (!choose(symbol, sizeof symbol, prefix, name, f32, e->opt.fastmath & HL_FAST_AFN))
            continue;
        declare(e, symbol, f32, lanes, params);
        at += (size_t)snprintf(all + at, sizeof all - at, "%s%s_%s%s(%s)", at ? "," : "", prefix, name, f32 ? "f" : "", symbol);
    }
    if (at)
        LLVMAddCallSiteAttribute(call, LLVMAttributeFunctionIndex, LLVMCreateStringAttribute(e->lc, "vector-function-abi-variant", 27, all, (unsigned)at));
}
