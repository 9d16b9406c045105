/* The pass list.
 *
 * Hand-picked, and measured on eleven kernels (2-D sum with and without range checks, 7-deep convolution, Mandelbrot, axpy,
 * 5-point stencil, histogram, matrix product, dot product, bitwise CRC, hypot): a quarter of default<O3>'s time, and code that runs as
 * fast on all of them.  What earns its place:
 *
 *   hl-latch                       our own, see latch.cpp: loops with `continue` stay one loop
 *   loop-rotate, early-cse first   a rotated loop asks at its entry whether it runs at all; loop_safe (passes/bounds.c) has answered that for
 *                                  inner loops, so these questions go before licm, which then moves the sums of a nest into registers
 *                                  (the convolution: 1.4 times; unswitching by LLVM would do the same for 8 ms)
 *   simplifycfg before early-cse   both arms of a branch become selects whose common parts are then seen (loop-idiom recognises
 *                                  the CRC only so)
 *   early-cse<memssa>, gvn         loads of list and array headers that nothing changed
 *   gvn<no-load-pre> in loops      with it x[i - 1] would be the last turn's x[i]: a vector of these has to be put together from two others,
 *                                  which costs more than to load it (a mean of nine int8 pixels: 1.25 times)
 *   hl-forward                     our own: does that where the loop stays as it is and where it pays, from a store to a load
 *   simple-loop-unswitch           range checks that do not vary with a loop leave it (trivial conditions only)
 *   hl-unroll                      our own: loop-unroll-full where a number of turns may be a constant
 *   simplifycfg after unrolling    range checks that became constant leave no exit of the loop around, which then vectorises
 *   loop-idiom                     memset, memcpy, CRC tables
 *   hl-narrow                      our own: correlated-propagation where there are divisions, which it narrows by the range of their operands: a mean
 *                                  of nine pixels then vectorises (16 times)
 *   hl-pieces                      our own, see pieces.cpp: loops that may be interrupted; as late as the vectoriser allows, so that nothing
 *                                  else sees the additional loops
 *   hl-steps                       our own, see steps.cpp: rows' addresses are added up by outer loops; in front of hl-pieces, so that pieces hand
 *                                  them on (max-pooling over 2×2 pixels: 1.13 times)
 *   hl-exact                       our own, see exact.cpp: sums under overflow="raise"
 *   hl-interleave                  our own, see llvm_extra.cpp
 *   hl-split-results               our own: the status of an inlined call decides a branch, which simplifycfg then threads
 *   licm at the end                under fastmath: a division by what does not vary is a product with its inverse (instcombine takes back what
 *                                  the first licm made of it)
 *   hl-ahead                       our own, behind instcombine, which would undo it
 *   hl-align                       our own
 *   instcombine at the end         what the vectoriser leaves is not simple
 *   …<nontrivial>                  only around the kernels of stencils that index arrays as usual: their range checks do not vary with the
 *                                  point, so the loop over the points is made twice instead of asking in each (4 times)
 * and what does not: slp-vectorizer, partial unrolling (slower on the histogram and the convolution), a second licm, newgvn, indvars (our
 * counters are 64 bits wide and start as they should: 5 to 7 % of compile time for the same code).
 *
 * `no-verify-fixpoint` is not optional: the textual pass aborts the process when one round was not enough.
 */
#include "codegen.h"
#include "llvm_extra.h"
#include <llvm-c/Analysis.h>
#include <stdlib.h>

#define COMBINE "instcombine<no-verify-fixpoint>"
#define CLEAN "sroa,simplifycfg,early-cse<memssa>"
#define LOOPS_BY(unswitch)                                                                                                                                       \
    "hl-latch,loop(loop-rotate),early-cse,simplifycfg,loop-mssa(licm," unswitch "),loop(loop-idiom,loop-deletion),hl-unroll,simplifycfg,gvn<no-load-pre>,"                                  \
    "hl-narrow," COMBINE ",hl-interleave,hl-steps,hl-pieces,hl-exact,loop-vectorize,hl-forward," COMBINE ",simplifycfg,hl-ahead,hl-align"
#define LOOPS LOOPS_BY("simple-loop-unswitch")
#define CHOOSING_LOOPS LOOPS_BY("simple-loop-unswitch<nontrivial>")
#define FAST_LOOPS LOOPS ",loop-mssa(licm)"
#define INLINE "function(" CLEAN "),cgscc(inline),globaldce,function(hl-split-results),"

enum { HAS_LOOPS = 1, HAS_CALLEES = 2, FAST = 4, CHOOSES = 8 };
static const char *const pipelines[] = {
    [0] = "always-inline,function(" CLEAN "," COMBINE ",simplifycfg)",
    [HAS_LOOPS] = "always-inline,function(" CLEAN "," COMBINE "," LOOPS ")",
    [HAS_CALLEES] = "always-inline," INLINE "function(" CLEAN "," COMBINE ",gvn,simplifycfg)",
    [HAS_CALLEES | HAS_LOOPS] = "always-inline," INLINE "function(" CLEAN "," COMBINE "," LOOPS ")",
    [HAS_LOOPS | FAST] = "always-inline,function(" CLEAN "," COMBINE "," FAST_LOOPS ")",
    [HAS_CALLEES | HAS_LOOPS | FAST] = "always-inline," INLINE "function(" CLEAN "," COMBINE "," FAST_LOOPS ")",
    [HAS_CALLEES | HAS_LOOPS | CHOOSES] = "always-inline," INLINE "function(" CLEAN "," COMBINE "," CHOOSING_LOOPS ")",
    [HAS_CALLEES | HAS_LOOPS | FAST | CHOOSES] = "always-inline," INLINE "function(" CLEAN "," COMBINE "," CHOOSING_LOOPS ",loop-mssa(licm))",
};
static const char quick[] = "always-inline,function(sroa,early-cse,simplifycfg)"; /* opt_level 0 */

/* Whatever the layout, every loop has an edge to its own block or to one further up: so it is enough to remember the blocks
 * that the walk has passed (an open hash of their addresses). */
static bool seen(LLVMBasicBlockRef *table, size_t mask, LLVMBasicBlockRef b, bool add)
{
    size_t k = ((uintptr_t)b >> 4) * 0x9E3779B97F4A7C15u >> 20 & mask;
    while (table[k] && table[k] != b)
        k = (k + 1) & mask;
    bool there = table[k] == b;
    if (add)
        table[k] = b;
    return there;
}

static bool has_loops(LLVMValueRef fn)
{
    size_t size = 16;
    while (size < 2 * (size_t)LLVMCountBasicBlocks(fn))
        size *= 2;
    LLVMBasicBlockRef *passed = calloc(size, sizeof *passed);
    bool found = !passed; /* no memory: the longer list is right for everything */
    for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(fn); b && !found; b = LLVMGetNextBasicBlock(b)) {
        seen(passed, size - 1, b, true);
        LLVMValueRef t = LLVMGetBasicBlockTerminator(b);
        unsigned n = t ? LLVMGetNumSuccessors(t) : 0;
        for (unsigned s = 0; s < n && !found; s++)
            found = seen(passed, size - 1, LLVMGetSuccessor(t, s), false);
    }
    free(passed);
    return found;
}

static const char *choose(hl_cx *cx, LLVMModuleRef mod)
{
    int kind = 0, defined = 0;
    if (cx->rq->options.opt_level == 0)
        return quick;
    for (LLVMValueRef f = LLVMGetFirstFunction(mod); f; f = LLVMGetNextFunction(f)) {
        if (LLVMIsDeclaration(f))
            continue;
        defined++;
        if (!(kind & HAS_LOOPS) && has_loops(f))
            kind |= HAS_LOOPS;
    }
    if (defined > 2 && !cx->rq->options.no_inline) /* the function and its entry are one */
        kind |= HAS_CALLEES;
    if (kind & HAS_LOOPS && cx->rq->options.fastmath & HL_FAST_ARCP)
        kind |= FAST;
    if (kind & HAS_LOOPS && kind & HAS_CALLEES && ((hl_emit *)cx->emit)->chooses)
        kind |= CHOOSES;
    return pipelines[kind];
}

static void on_diagnostic(LLVMDiagnosticInfoRef d, void *context)
{
    hl_cx *cx = context;
    if (LLVMGetDiagInfoSeverity(d) != LLVMDSError)
        return;
    char *text = LLVMGetDiagInfoDescription(d);
    hl_fail(cx, "InternalError", cx->funcs.at[0], (hl_span){0}, "LLVM: %s", text);
    LLVMDisposeMessage(text);
}

/* Nothing calls the vector versions of mathematical functions before the vectoriser does: they are kept for it. */
static void keep_vector_functions(hl_emit *e)
{
    unsigned n = 0;
    for (LLVMValueRef f = LLVMGetFirstFunction(e->mod); f; f = LLVMGetNextFunction(f)) {
        size_t len;
        n += !strncmp(LLVMGetValueName2(f, &len), "_ZGV", 4);
    }
    if (!n)
        return;
    LLVMValueRef *kept = HL_NEWN(e->arena, LLVMValueRef, n), *at = kept;
    for (LLVMValueRef f = LLVMGetFirstFunction(e->mod); f; f = LLVMGetNextFunction(f)) {
        size_t len;
        if (!strncmp(LLVMGetValueName2(f, &len), "_ZGV", 4))
            *at++ = f;
    }
    LLVMValueRef g = LLVMAddGlobal(e->mod, LLVMArrayType2(e->ptr, n), "llvm.compiler.used");
    LLVMSetInitializer(g, LLVMConstArray2(e->ptr, kept, n));
    LLVMSetLinkage(g, LLVMAppendingLinkage);
    LLVMSetSection(g, "llvm.metadata");
}

static void on_remark(void *arg, const char *name, const char *text, const hlx_line *lines, int n)
{
    hl_text *out = arg;
    hl_text_printf(out, "{\"kind\": \"remark\", \"name\": ");
    hl_report_string(out, name);
    hl_text_printf(out, ", \"text\": ");
    hl_report_string(out, text);
    hl_text_printf(out, ", \"lines\": [");
    for (int k = 0; k < n; k++) {
        hl_text_printf(out, k ? ", [" : "[");
        hl_report_string(out, lines[k].file);
        hl_text_printf(out, ", %u]", lines[k].line);
    }
    hl_text_printf(out, "]}\n");
}

static int verify(hl_cx *cx, const char *who)
{
    hl_emit *e = cx->emit;
    char *bad = NULL;
    if (getenv("HOTLOOP_VERIFY") && LLVMVerifyModule(e->mod, LLVMReturnStatusAction, &bad))
        hl_fail(cx, "InternalError", cx->funcs.at[0], (hl_span){0}, "%s left wrong LLVM IR: %s", who, bad);
    LLVMDisposeMessage(bad);
    return cx->error ? -1 : 0;
}

int hl_pass_optimise(hl_cx *cx)
{
    hl_emit *e = cx->emit;
    const char *why = NULL;
    LLVMContextSetDiagnosticHandler(e->lc, on_diagnostic, cx);
    if (cx->report)
        hlx_listen(e->lc, on_remark, cx->dump_to);
    if (verify(cx, "emission") < 0)
        return -1;
    hl_machine *m = hl_machine_take(&why);
    if (!m)
        return hl_fail(cx, "InternalError", cx->funcs.at[0], (hl_span){0}, "%s", why);
    char *triple = LLVMGetTargetMachineTriple(m->tm);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(m->tm);
    keep_vector_functions(e);
    LLVMSetTarget(e->mod, triple);
    LLVMSetModuleDataLayout(e->mod, layout);
    LLVMDisposeMessage(triple);
    LLVMDisposeTargetData(layout);
    char *error = hlx_run_passes(e->mod, choose(cx, e->mod), m->tm);
    hl_machine_give(m);
    hl_vecexp_expand(e);
    hl_late_choices(e);
    hl_join_entry(e);
    if (error) {
        hl_fail(cx, "InternalError", cx->funcs.at[0], (hl_span){0}, "LLVM: %s", error);
        free(error);
    }
    return cx->error ? -1 : verify(cx, "optimisation");
}
