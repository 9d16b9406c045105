/* exp of a vector, in the loop itself.
 *
 * A call of a vector library's function costs more than the mathematics: no vector register survives it, so that the loop loads its
 * invariants and the function its coefficients each time, and nothing overlaps.  Here the vectoriser is given names that belong to
 * nobody (vecmath.c); behind it hl_vecexp_expand puts code in the place of each call that it made.  Loops that were not vectorised
 * and the last items of those that were call the C library, so nothing is emitted for them.  Measured on Zen 4, against SLEEF
 * 3.6's u10 version called: 0.53 and 1.0 ns an item (AVX-512, double).
 *
 *     n = round(x / ln 2)      by adding 1.5 · 2^52, whose last bits are whole numbers
 *     r = x - n·ln 2           |r| ≤ ln 2 / 2; ln 2 in two parts, the first so short that n times it is exact
 *     p = 1 + r + r²·q(r)      Horner's rule; q minimax for the relative error of p (Remez): 7.7e-18, float 3.1e-9
 *     p · 2^n                  AVX-512's scalef; elsewhere by two factors 2^⌊n/2⌋ · 2^⌈n/2⌉ made of bits, so that
 *                              subnormal results are rounded once
 *
 * x is first limited to where the result is neither 0 nor infinite, and a little more: what lies beyond gives 0 and infinity like what
 * lies there; NaN passes.  Largest error found against quadruple precision: 0.904 ULP in 6·10^6 doubles, 0.895 ULP in all floats.
 * The method is the textbook's: J.-M. Muller, Elementary Functions, 3rd ed., 2016, chapters 3 and 11.
 */
#include "../codegen/codegen.h"
#include "scalar.h"
#include <string.h>

typedef struct kernel {
    const char *symbol_end;      /* of the scalar name in the symbol */
    double largest, least;       /* results beyond are infinite, 0 */
    double per_ln2, round, ln2, ln2_rest;
    int mantissa;                /* bits behind the point */
    int degree;                  /* of q, with 1 and r */
    double q[12];                /* highest first */
} kernel;

/* `round` holds twice the exponent's bias, so that the sum's last bits are n as the factors want it. */
static const kernel kernels[] = {
    {"_exp" HL_VECEXP_OWN, 710, -746, 0x1.71547652b82fep+0, 0x1.8p52 + 2 * 1023, 0x1.62e42fefa38p-1, 0x1.ef35793c7673p-45, 52, 11,
     {0x1.af61e70c7b142p-26, 0x1.28b3fc2796a52p-22, 0x1.71ddf771f2b75p-19, 0x1.a01993cbb722cp-16, 0x1.a01a01afbf385p-13, 0x1.6c16c185f81d7p-10,
      0x1.111111110f8c8p-7, 0x1.5555555550415p-5, 0x1.5555555555558p-3, 0x1.0000000000009p-1, 1, 1}},
    {"_expf" HL_VECEXP_OWN, 89, -104, 0x1.715476p0, 0x1.8p23 + 2 * 127, 0x1.62e4p-1, 0x1.7f7d1cp-20, 23, 6,
     {0x1.6a242ep-10, 0x1.1239e2p-7, 0x1.5558f2p-5, 0x1.555492p-3, 0x1.fffffcp-2, 1, 1}},
};

/* What a kernel needs while it is emitted. */
typedef struct site {
    hl_emit *e;
    const kernel *k;
    LLVMTypeRef type, bits;      /* of the vector; the same as integers */
    unsigned lanes;
} site;

static V splat(V scalar, unsigned lanes)
{
    V all[64];
    for (unsigned k = 0; k < lanes; k++) all[k] = scalar;
    return LLVMConstVector(all, lanes);
}

static V real(const site *s, double v) { return splat(LLVMConstReal(LLVMGetElementType(s->type), v), s->lanes); }
static V whole(const site *s, int v) { return splat(LLVMConstInt(LLVMGetElementType(s->bits), (unsigned)v, false), s->lanes); }

static V fma_of(const site *s, V a, V b, V c)
{
    unsigned id = LLVMLookupIntrinsicID("llvm.fma", 8);
    LLVMTypeRef over = s->type;
    V f = LLVMGetIntrinsicDeclaration(s->e->mod, id, &over, 1);
    return LLVMBuildCall2(s->e->b, LLVMIntrinsicGetType(s->e->lc, id, &over, 1), f, (V[]){a, b, c}, 3, "");
}

/* The limit where x is beyond it; a NaN is not. */
static V limit(const site *s, LLVMRealPredicate beyond, V x, double at)
{
    V bound = real(s, at);
    return LLVMBuildSelect(s->e->b, LLVMBuildFCmp(s->e->b, beyond, x, bound, ""), bound, x, "");
}

/* The name of AVX-512's instruction for this vector; NULL: the machine has none. */
static const char *scalef_name(const site *s)
{
    bool f32 = s->k->mantissa == 23;
    unsigned bits = s->lanes * (f32 ? 32 : 64);
    if (!hl_machine_has(bits == 512 ? "avx512f" : "avx512vl"))
        return NULL;
    return hl_sprintf(s->e->arena, "llvm.x86.avx512.mask.scalef.p%c.%u", f32 ? 's' : 'd', bits);
}

/* p · 2^n; `sum`: n as the last bits of a float */
static V scale(const site *s, V p, V n, V sum)
{
    LLVMBuilderRef b = s->e->b;
    const char *name = scalef_name(s);
    unsigned id = name ? LLVMLookupIntrinsicID(name, strlen(name)) : 0;
    if (id) {
        LLVMTypeRef type = LLVMIntrinsicGetType(s->e->lc, id, NULL, 0), params[5];
        LLVMGetParamTypes(type, params);
        V args[5] = {p, n, LLVMGetUndef(s->type), LLVMConstAllOnes(params[3]), LLVMConstInt(s->e->i32, 4 /* the current rounding */, false)};
        return LLVMBuildCall2(b, type, LLVMGetIntrinsicDeclaration(s->e->mod, id, NULL, 0), args, (unsigned)LLVMCountParamTypes(type), "");
    }
    V biased = LLVMBuildBitCast(b, sum, s->bits, ""), low = LLVMBuildLShr(b, biased, whole(s, 1), ""), high = LLVMBuildSub(b, biased, low, "");
    V factors[2] = {low, high};
    for (int k = 0; k < 2; k++)
        p = LLVMBuildFMul(b, p, LLVMBuildBitCast(b, LLVMBuildShl(b, factors[k], whole(s, s->k->mantissa), ""), s->type, ""), "");
    return p;
}

static V exp_of(const site *s, V x)
{
    const kernel *k = s->k;
    LLVMBuilderRef b = s->e->b;
    x = limit(s, LLVMRealOGT, x, k->largest);
    x = limit(s, LLVMRealOLT, x, k->least);
    V round = real(s, k->round), sum = fma_of(s, x, real(s, k->per_ln2), round), n = LLVMBuildFSub(b, sum, round, "");
    V r = fma_of(s, n, real(s, -k->ln2_rest), fma_of(s, n, real(s, -k->ln2), x));
    V p = real(s, k->q[0]);
    for (int c = 1; c <= k->degree; c++) p = fma_of(s, p, r, real(s, k->q[c]));
    return scale(s, p, n, sum);
}

bool hl_vecexp_has(const char *name) { return !strcmp(name, "exp") && hl_machine_has("fma"); }

static const kernel *kernel_of(V function)
{
    size_t len, end;
    const char *name = LLVMGetValueName2(function, &len);
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++)
        if ((end = strlen(kernels[k].symbol_end)) < len && !memcmp(name + len - end, kernels[k].symbol_end, end))
            return &kernels[k];
    return NULL;
}

static void expand(hl_emit *e, const kernel *k, V call)
{
    LLVMTypeRef type = LLVMTypeOf(call);
    site s = {.e = e, .k = k, .type = type, .lanes = LLVMGetVectorSize(type)};
    s.bits = LLVMVectorType(k->mantissa == 23 ? e->i32 : e->i64, s.lanes);
    LLVMPositionBuilderBefore(e->b, call);
    LLVMReplaceAllUsesWith(call, exp_of(&s, LLVMGetOperand(call, 0)));
    LLVMInstructionEraseFromParent(call);
}

void hl_vecexp_expand(hl_emit *e)
{
    for (V f = LLVMGetFirstFunction(e->mod), following; f; f = following) {
        const kernel *k = kernel_of(f);
        following = LLVMGetNextFunction(f);
        if (!k)
            continue;
        for (LLVMUseRef u = LLVMGetFirstUse(f), next; u; u = next) {
            V call = LLVMGetUser(u);
            next = LLVMGetNextUse(u);
            if (LLVMIsACallInst(call))
                expand(e, k, call);
        }
    }
}
