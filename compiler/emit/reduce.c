/* Reductions: one loop nest over the (fused) operand, without temporaries.
 *
 *   whole array            accumulators are carried round all loops; sums go block by block, so that rounding errors grow with
 *                          n / 1024 instead of n, and may be reassociated, so that they vectorise
 *   last axes              the same, inside loops over the dimensions that stay
 *   other axes             when one accumulator is enough, items are accumulated into the result, row by row, along the memory
 *   an axis known at       the operand is viewed with that axis moved to the end
 *   run time
 *
 * min and max give NaN when there is one (llvm.minimum), as NumPy's.  An instruction that does so is three on most machines; over the floats of a
 * whole array of one or two dimensions it is cheaper to take the extreme as if there were none and to add the items up as well: only when that sum is NaN (or infinities of both
 * signs made it so) is the answer looked for again, in the runtime.  var and std go over the operand twice: mean first; so do argmin and
 * argmax: the extreme first, then its place.
 */
#include "../../runtime/rt_numpy.h"
#include "array.h"
#include "container.h"
#include <string.h>

typedef struct reducer {
    hl_reduction r;
    const hl_type *item, *acc; /* of the operand; in which to accumulate */
    int n;                     /* accumulators */
    V init[4];
    bool nan;                  /* NaNs do not count */
    bool summed;               /* min, max: as if there were no NaN, which the second accumulator, a sum, tells */
    const V *initial;          /* parts of what was given as initial=, of type acc; or NULL */
    const V *mean;             /* second pass: parts of the mean (var, std), the extreme (argmin, argmax) */
} reducer;

static LLVMTypeRef half_type(hl_emit *e, const hl_type *t) { return hl_part_type(e, t->parts[0]); }

static V fast_flag(V v, unsigned flags)
{
    if (LLVMIsAInstruction(v) && LLVMCanValueUseFastMathFlags(v)) LLVMSetFastMathFlags(v, flags);
    return v;
}

/* The value that min (largest = true) or max starts from. */
static V extreme(hl_emit *e, const hl_type *t, bool largest)
{
    if (hl_is_float(t)) return LLVMConstReal(hl_scalar_type(e, t), largest ? __builtin_inf() : -__builtin_inf());
    if (t->kind == HL_K_BOOL) return hl_bool(e, largest);
    unsigned long long ones = t->bits == 64 ? ~0ULL : (1ULL << t->bits) - 1;
    if (t->flags & HL_T_SIGNED) return LLVMConstInt(hl_scalar_type(e, t), largest ? ones >> 1 : (ones >> 1) + 1, false);
    return LLVMConstInt(hl_scalar_type(e, t), largest ? ones : 0, false);
}

static bool is_arg(hl_reduction r) { return r == HL_RED_ARGMIN || r == HL_RED_ARGMAX; }
static bool is_var(hl_reduction r) { return r == HL_RED_VAR || r == HL_RED_STD || r == HL_RED_NANVAR || r == HL_RED_NANSTD; }
static bool is_mean(hl_reduction r) { return r == HL_RED_MEAN || r == HL_RED_NANMEAN; }
static bool is_sum(hl_reduction r) { return r == HL_RED_SUM || r == HL_RED_NANSUM || is_mean(r) || is_var(r); }

static void reducer_init(hl_emit *e, reducer *q, hl_reduction r, const hl_type *item, const hl_type *acc)
{
    *q = (reducer){.r = r, .item = item, .acc = acc, .n = 1};
    q->nan = r >= HL_RED_NANSUM && (hl_is_float(item) || hl_is_complex(item));
    V zero = LLVMConstNull(half_type(e, acc));
    switch (r) {
    case HL_RED_MIN: case HL_RED_MAX: case HL_RED_ARGMIN: case HL_RED_ARGMAX: case HL_RED_NANMIN: case HL_RED_NANMAX:
        q->init[0] = q->init[1] = extreme(e, hl_is_complex(acc) ? hl_type_float(acc->bits / 2) : acc, r == HL_RED_MIN || r == HL_RED_ARGMIN || r == HL_RED_NANMIN);
        q->n = acc->nparts;
        break;
    case HL_RED_PTP: q->init[0] = extreme(e, acc, true), q->init[1] = extreme(e, acc, false), q->n = 2; break;
    case HL_RED_ANY: q->init[0] = hl_bool(e, false); break;
    case HL_RED_ALL: q->init[0] = hl_bool(e, true); break;
    case HL_RED_COUNT: q->init[0] = hl_i64(e, 0); break;
    case HL_RED_PROD: case HL_RED_NANPROD:
        q->init[0] = hl_is_intlike(acc) ? LLVMConstInt(half_type(e, acc), 1, false) : LLVMConstReal(half_type(e, acc), 1.0);
        q->init[1] = zero, q->n = hl_is_complex(acc) ? 2 : 1;
        break;
    default: q->init[0] = q->init[1] = zero, q->n = acc->nparts;
    }
    if (q->nan && r >= HL_RED_NANMIN) q->init[q->n++] = hl_i64(e, 0); /* how many are no NaN */
}

static V is_nan(hl_emit *e, const hl_type *t, const V *x)
{
    V n = LLVMBuildFCmp(e->b, LLVMRealUNO, x[0], x[0], "");
    return hl_is_complex(t) ? LLVMBuildOr(e->b, n, LLVMBuildFCmp(e->b, LLVMRealUNO, x[1], x[1], ""), "") : n;
}

static V add(hl_emit *e, V a, V b)
{
    LLVMTypeRef t = LLVMTypeOf(a);
    if (LLVMGetTypeKind(t) == LLVMVectorTypeKind) t = LLVMGetElementType(t);
    if (LLVMGetTypeKind(t) == LLVMIntegerTypeKind) return LLVMBuildAdd(e->b, a, b, "");
    return fast_flag(LLVMBuildFAdd(e->b, a, b, ""), LLVMFastMathAllowReassoc);
}

static V lesser(hl_emit *e, const hl_type *t, V a, V b, bool min)
{
    if (t->kind == HL_K_BOOL) return min ? LLVMBuildAnd(e->b, a, b, "") : LLVMBuildOr(e->b, a, b, "");
    V args[2] = {a, b};
    LLVMTypeRef type = LLVMTypeOf(a); /* or a vector of them */
    if (hl_is_float(t)) return fast_flag(hl_intrinsic(e, min ? "llvm.minimum" : "llvm.maximum", type, args, 2), LLVMFastMathNoSignedZeros);
    bool s = t->flags & HL_T_SIGNED;
    return hl_intrinsic(e, min ? (s ? "llvm.smin" : "llvm.umin") : s ? "llvm.smax" : "llvm.umax", type, args, 2);
}

/* The lesser (or greater) of two complex numbers: by real parts, equal ones by imaginary parts; the first that has a NaN wins. */
static void lesser_complex(hl_emit *e, const hl_type *t, V const *a, V const *b, bool min, V *out)
{
    LLVMRealPredicate before = min ? LLVMRealOLT : LLVMRealOGT, not_behind = min ? LLVMRealOLE : LLVMRealOGE;
    V real = LLVMBuildAnd(e->b, LLVMBuildFCmp(e->b, before, a[0], b[0], ""), LLVMBuildFCmp(e->b, LLVMRealORD, a[1], b[1], ""), "");
    V imag = LLVMBuildAnd(e->b, LLVMBuildFCmp(e->b, LLVMRealOEQ, a[0], b[0], ""), LLVMBuildFCmp(e->b, not_behind, a[1], b[1], ""), "");
    V first = LLVMBuildOr(e->b, is_nan(e, t, a), LLVMBuildOr(e->b, real, imag, ""), "");
    for (int k = 0; k < 2; k++) out[k] = LLVMBuildSelect(e->b, first, a[k], b[k], "");
}

/* |x - mean|^2 */
static V deviation(hl_emit *e, const reducer *q, const V *x)
{
    V d = LLVMBuildFSub(e->b, x[0], q->mean[0], "");
    V s = LLVMBuildFMul(e->b, d, d, "");
    if (!hl_is_complex(q->acc)) return s;
    V di = LLVMBuildFSub(e->b, x[1], q->mean[1], "");
    return LLVMBuildFAdd(e->b, s, LLVMBuildFMul(e->b, di, di, ""), "");
}

/* argmin, argmax: the extreme first, then, in a second pass, the first place where it stands; both passes vectorise. */
static void reduce_arg(hl_emit *e, const reducer *q, V const *x, V position, V const *acc, V *out)
{
    bool inexact = hl_is_float(q->item) || hl_is_complex(q->item);
    if (!q->mean) {
        if (hl_is_complex(q->item)) lesser_complex(e, q->item, acc, x, q->r == HL_RED_ARGMIN, out);
        else out[0] = lesser(e, q->item, acc[0], x[0], q->r == HL_RED_ARGMIN);
        return;
    }
    V there = hl_compare(e, HL_OP_eq, q->item, x, q->mean);
    if (inexact) there = LLVMBuildOr(e->b, there, LLVMBuildAnd(e->b, is_nan(e, q->item, x), is_nan(e, q->item, q->mean), ""), "");
    V place = LLVMBuildSelect(e->b, there, position, hl_i64(e, INT64_MAX), "");
    out[0] = hl_intrinsic(e, "llvm.smin", e->i64, (V[]){acc[0], place}, 2);
}

/* One item x (of type q->item) into the accumulators. */
static void reduce_item(hl_emit *e, const reducer *q, V const *x, V position, V const *acc, V *out)
{
    V v[2], skip = q->nan ? is_nan(e, q->item, x) : NULL;
    int counter = q->n - 1;
    switch (q->r) {
    case HL_RED_ANY: out[0] = LLVMBuildOr(e->b, acc[0], hl_truth(e, q->item, x), ""); return;
    case HL_RED_ALL: out[0] = LLVMBuildAnd(e->b, acc[0], hl_truth(e, q->item, x), ""); return;
    case HL_RED_COUNT: out[0] = LLVMBuildAdd(e->b, acc[0], LLVMBuildZExt(e->b, hl_truth(e, q->item, x), e->i64, ""), ""); return;
    case HL_RED_ARGMIN: case HL_RED_ARGMAX: reduce_arg(e, q, x, position, acc, out); return;
    case HL_RED_PTP:
        out[0] = lesser(e, q->acc, acc[0], x[0], true), out[1] = lesser(e, q->acc, acc[1], x[0], false);
        return;
    case HL_RED_MIN: case HL_RED_MAX:
        if (hl_is_complex(q->acc)) {
            lesser_complex(e, q->acc, acc, x, q->r == HL_RED_MIN, out);
            return;
        }
        out[0] = lesser(e, q->acc, acc[0], x[0], q->r == HL_RED_MIN);
        if (!q->summed) return;
        fast_flag(out[0], LLVMFastMathNoSignedZeros | LLVMFastMathNoNaNs);
        out[1] = add(e, acc[1], x[0]);
        return;
    case HL_RED_NANMIN: case HL_RED_NANMAX:
        v[0] = skip ? LLVMBuildSelect(e->b, skip, q->init[0], x[0], "") : x[0];
        out[0] = lesser(e, q->acc, acc[0], v[0], q->r == HL_RED_NANMIN);
        if (skip) out[counter] = LLVMBuildAdd(e->b, acc[counter], LLVMBuildZExt(e->b, LLVMBuildNot(e->b, skip, ""), e->i64, ""), "");
        return;
    default: break;
    }
    hl_item_cast(e, q->item, q->acc, x, v);
    if (q->r == HL_RED_PROD || q->r == HL_RED_NANPROD) {
        if (skip)
            for (int k = 0; k < q->acc->nparts; k++) v[k] = LLVMBuildSelect(e->b, skip, q->init[k], v[k], "");
        hl_arith(e, NULL, HL_OP_mul, q->acc, acc, v, out);
        if (!hl_is_complex(q->acc)) fast_flag(out[0], LLVMFastMathAllowReassoc);
        return;
    }
    int n = q->acc->nparts;
    if (q->mean) {
        v[0] = deviation(e, q, v);
        if (n > 1) out[1] = acc[1];
        n = 1;
    }
    for (int k = 0; k < n; k++) {
        if (skip) v[k] = LLVMBuildSelect(e->b, skip, LLVMConstNull(LLVMTypeOf(v[k])), v[k], "");
        out[k] = add(e, acc[k], v[k]);
    }
    if (skip && q->r >= HL_RED_NANMIN) out[counter] = LLVMBuildAdd(e->b, acc[counter], LLVMBuildZExt(e->b, LLVMBuildNot(e->b, skip, ""), e->i64, ""), "");
}

static V as_float(hl_emit *e, const hl_type *t, V n)
{
    return LLVMBuildSIToFP(e->b, n, half_type(e, t), "");
}

static void divide(hl_emit *e, const hl_type *t, V const *x, V by, V *out)
{
    if (hl_is_complex(t)) { /* by a complex number, as NumPy does it: a NaN or an infinity in one part shows in the other */
        hl_arith(e, NULL, HL_OP_truediv, t, x, (V[]){by, LLVMConstNull(LLVMTypeOf(by))}, out);
        return;
    }
    for (int k = 0; k < t->nparts; k++) out[k] = LLVMBuildFDiv(e->b, x[k], by, "");
}

/* The result of sum, prod, min or max, and what it starts from. */
static void begin_with(hl_emit *e, const reducer *q, V *out)
{
    const hl_type *t = q->acc;
    V from[2] = {q->initial[0], t->nparts > 1 ? q->initial[1] : NULL}, with[2] = {out[0], out[1]};
    if (q->r == HL_RED_PROD) hl_arith(e, NULL, HL_OP_mul, t, from, with, out);
    else if (q->r == HL_RED_SUM) for (int k = 0; k < t->nparts; k++) out[k] = add(e, from[k], with[k]);
    else if (hl_is_complex(t)) lesser_complex(e, t, from, with, q->r == HL_RED_MIN, out);
    else out[0] = lesser(e, t, from[0], with[0], q->r == HL_RED_MIN);
}

/* What the accumulators say, as the result; count: how many items, ddof: a float or NULL. */
static void reduce_finish(hl_emit *e, const reducer *q, V const *acc, V count, V ddof, V *out)
{
    const hl_type *t = q->acc;
    V n = q->nan && q->r >= HL_RED_NANMIN ? acc[q->n - 1] : count;
    switch (q->r) {
    case HL_RED_MEAN: case HL_RED_NANMEAN: divide(e, t, acc, as_float(e, t, n), out); return;
    case HL_RED_VAR: case HL_RED_STD: case HL_RED_NANVAR: case HL_RED_NANSTD: {
        const hl_type *real = hl_is_complex(t) ? hl_type_float(t->bits / 2) : t;
        V f = as_float(e, real, n);
        if (ddof) f = LLVMBuildFSub(e->b, f, ddof, "");
        V zero = LLVMConstNull(LLVMTypeOf(f));
        f = LLVMBuildSelect(e->b, LLVMBuildFCmp(e->b, LLVMRealOLT, f, zero, ""), zero, f, ""); /* NumPy: max(n - ddof, 0) */
        if (q->r >= HL_RED_NANSUM) /* nanvar: no degrees of freedom left gives NaN */
            f = LLVMBuildSelect(e->b, LLVMBuildFCmp(e->b, LLVMRealOLE, f, zero, ""), LLVMConstReal(LLVMTypeOf(f), __builtin_nan("")), f, "");
        out[0] = LLVMBuildFDiv(e->b, acc[0], f, "");
        if (q->r == HL_RED_STD || q->r == HL_RED_NANSTD) out[0] = hl_intrinsic(e, "llvm.sqrt", LLVMTypeOf(out[0]), out, 1);
        return;
    }
        case HL_RED_PTP: out[0] = hl_is_float(t) ? LLVMBuildFSub(e->b, acc[1], acc[0], "") : LLVMBuildSub(e->b, acc[1], acc[0], ""); return;
    case HL_RED_NANMIN: case HL_RED_NANMAX:
        out[0] = q->nan ? LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntEQ, n, hl_i64(e, 0), ""), LLVMConstReal(LLVMTypeOf(acc[0]), __builtin_nan("")), acc[0], "") : acc[0];
        return;
    default:
        for (int k = 0; k < q->n; k++) out[k] = acc[k];
        if (q->initial) begin_with(e, q, out);
    }
}

/* --- the nest -------------------------------------------------------------------------------------------------------------------- */

typedef struct job {
    hl_inst *i, *v;          /* the reduction, its operand */
    hl_nest *n;
    int kept;                /* levels 0 … kept-1 are the dimensions that stay */
    int lanes;               /* of vectors that the rows of a window are reduced with (lanes.c); 0: no vectors */
    int leaf;                /* or -1: the operand is leaf `leaf` (an axis known at run time) */
    V count, ddof;
    reducer q;
} job;

static void pass_lanes(hl_emit *e, job *j, V *acc);

/* One pass over the items of the inner levels; results in acc. */
static void pass(hl_emit *e, job *j, V *acc)
{
    hl_nest *n = j->n;
    if (j->lanes) {
        pass_lanes(e, j, acc);
        return;
    }
    n->nacc = 0;
    for (int k = 0; k < j->q.n; k++) {
        bool wide = n->blocked && n->nd && LLVMTypeOf(j->q.init[k]) == e->f32;
        hl_nest_accumulate(n, wide ? hl_f64(e, 0.0) : j->q.init[k]);
        if (wide) n->acc[k].inner = e->f32;
    }
    hl_nest_levels(e, n, j->kept, n->nd + 1);
    V x[2], in[4], out[4];
    if (j->leaf >= 0) hl_nest_load(e, n, j->leaf, x);
    else hl_nest_value(e, n, j->v, x);
    for (int k = 0; k < j->q.n; k++) in[k] = hl_nest_acc(n, k);
    V position = NULL;
    if (is_arg(j->q.r)) position = j->kept ? hl_add64(e, n->index[n->nd - 1], n->index[n->nd]) : hl_nest_position(e, n);
    reduce_item(e, &j->q, x, position, in, out);
    for (int k = 0; k < j->q.n; k++) n->acc[k].next = out[k];
    hl_nest_close_levels(e, n, j->kept, n->nd + 1);
    for (int k = 0; k < j->q.n; k++) {
        acc[k] = n->acc[k].next;
        if (n->acc[k].inner != n->acc[k].type) acc[k] = LLVMBuildFPTrunc(e->b, acc[k], n->acc[k].inner, "");
    }
}

/* --- windows ----------------------------------------------------------------------------------------------------------------------- */

static void lane_item(hl_emit *e, void *arg, V x, V const *acc, V *out) { reduce_item(e, arg, &x, NULL, acc, out); }

/* An extreme of floats as if there were no NaN; the second accumulator keeps one. */
static void lane_extreme(hl_emit *e, void *arg, V x, V const *acc, V *out)
{
    const reducer *q = arg;
    out[0] = fast_flag(lesser(e, q->acc, acc[0], x, q->r == HL_RED_MIN), LLVMFastMathNoSignedZeros | LLVMFastMathNoNaNs);
    out[1] = LLVMBuildSelect(e->b, LLVMBuildFCmp(e->b, LLVMRealUNO, x, x, ""), x, acc[1], "");
}

/* One value of all lanes. */
static V across(hl_emit *e, const reducer *q, V lanes)
{
    LLVMTypeRef t = LLVMTypeOf(lanes);
    bool floats = hl_is_float(q->acc), s = q->acc->flags & HL_T_SIGNED, min = q->r == HL_RED_MIN;
    if (is_sum(q->r) && floats) return fast_flag(hl_intrinsic(e, "llvm.vector.reduce.fadd", t, (V[]){LLVMConstNull(LLVMGetElementType(t)), lanes}, 2), LLVMFastMathAllowReassoc);
    if (is_sum(q->r)) return hl_intrinsic(e, "llvm.vector.reduce.add", t, &lanes, 1);
    if (!floats) return hl_intrinsic(e, min ? (s ? "llvm.vector.reduce.smin" : "llvm.vector.reduce.umin") : s ? "llvm.vector.reduce.smax" : "llvm.vector.reduce.umax", t, &lanes, 1);
    V r = hl_intrinsic(e, min ? "llvm.vector.reduce.fmin" : "llvm.vector.reduce.fmax", t, &lanes, 1);
    return fast_flag(r, LLVMFastMathNoSignedZeros | LLVMFastMathNoNaNs);
}

/* How many lanes a pass over the window has; 0: the ordinary nest. */
static int lanes_of(const job *j)
{
    const reducer *q = &j->q;
    bool fits = q->r == HL_RED_SUM || q->r == HL_RED_MEAN || q->r == HL_RED_MIN || q->r == HL_RED_MAX || q->r == HL_RED_VAR || q->r == HL_RED_STD;
    return fits && !j->kept && j->leaf < 0 ? hl_lanes_width(j->n, j->v, q->acc) : 0;
}

static void pass_lanes(hl_emit *e, job *j, V *acc)
{
    reducer q = j->q;
    hl_lane_op op = {.width = j->lanes, .n = q.n, .masked = q.n, .item = lane_item, .arg = &q};
    V mean, vectors[HL_LANE_ACCS];
    q.item = q.acc; /* lanes convert */
    if (q.mean) mean = hl_lanes_splat(e, j->lanes, q.mean[0]), q.mean = &mean;
    for (int k = 0; k < q.n; k++) {
        bool minus = is_sum(q.r) && hl_is_float(q.acc); /* -0 + x is x, whatever x is */
        op.init[k] = hl_lanes_splat(e, j->lanes, minus ? LLVMConstReal(half_type(e, q.acc), -0.0) : q.init[k]);
        op.partial[k] = is_sum(q.r);
    }
    bool extreme = !is_sum(q.r) && hl_is_float(q.acc);
    if (extreme) op.n = 2, op.masked = 1 + hl_is_fused(j->v), op.item = lane_extreme, op.init[1] = LLVMConstNull(LLVMTypeOf(op.init[0]));
    hl_lanes_reduce(e, j->n, j->v, q.acc, &op, vectors);
    for (int k = 0; k < q.n; k++) acc[k] = across(e, &q, vectors[k]);
    if (!extreme) return;
    V odd = LLVMBuildFCmp(e->b, LLVMRealUNO, vectors[1], vectors[1], ""), any = hl_intrinsic(e, "llvm.vector.reduce.or", LLVMTypeOf(odd), &odd, 1);
    LLVMBasicBlockRef from = hl_here(e), nan = hl_bb(e, "nan"), done = hl_bb(e, "extreme");
    hl_cond(e, any, nan, done);
    hl_unlikely(e, LLVMGetBasicBlockTerminator(from), 0);
    hl_at(e, nan);
    hl_br(e, done);
    hl_at(e, done);
    acc[0] = hl_phi2(e, LLVMTypeOf(acc[0]), acc[0], from, LLVMConstReal(LLVMTypeOf(acc[0]), __builtin_nan("")), nan);
}

static void reduce_inner(hl_emit *e, job *j, V *out)
{
    V acc[4], mean[2];
    pass(e, j, acc);
    if (is_arg(j->q.r)) {
        reducer first = j->q;
        memcpy(mean, acc, sizeof mean);
        j->q.mean = mean, j->q.init[0] = hl_i64(e, INT64_MAX), j->q.n = 1;
        pass(e, j, out);
        j->q = first;
        return;
    }
    if (is_var(j->q.r)) {
        reducer first = j->q;
        V n = first.nan ? acc[first.n - 1] : j->count;
        divide(e, first.acc, acc, as_float(e, first.acc, n), mean);
        j->q.mean = mean;
        pass(e, j, acc);
        reduce_finish(e, &j->q, acc, j->count, j->ddof, out);
        j->q = first;
        return;
    }
    reduce_finish(e, &j->q, acc, j->count, j->ddof, out);
}

/* min or max of all floats of one array, an operand that is in memory. */
static void reduce_summed(hl_emit *e, job *j, V *out)
{
    V acc[4];
    j->q.summed = true, j->q.init[1] = LLVMConstNull(half_type(e, j->q.acc)), j->q.n = 2;
    const hl_leaf *l = &j->n->leaf[0];
    j->n->cheap = true;
    pass(e, j, acc);
    LLVMBasicBlockRef again = hl_bb(e, "nan"), done = hl_bb(e, "extreme"), from = hl_here(e);
    hl_cond(e, LLVMBuildFCmp(e->b, LLVMRealUNO, acc[1], acc[1], ""), again, done);
    hl_at(e, again);
    bool rows = l->type->ndim == 2;
    V n = rows ? hl_arr_shape(l->parts, 0) : hl_i64(e, 1), step = rows ? hl_arr_stride(l->type, l->parts, 0) : hl_i64(e, 0);
    V m = hl_arr_shape(l->parts, rows), inner = hl_arr_stride(l->type, l->parts, rows);
    V r = hl_rtcall(e, HL_RT_array_extreme, hl_arr_data(l->parts), n, step, m, inner, hl_i32(e, hl_itemsize(l->type->elem) | (j->q.r == HL_RED_MAX ? HL_EXTREME_MAX : 0)));
    if (LLVMTypeOf(acc[0]) == e->f32) r = LLVMBuildFPTrunc(e->b, r, e->f32, "");
    hl_br(e, done);
    hl_at(e, done);
    out[0] = hl_phi2(e, LLVMTypeOf(acc[0]), acc[0], from, r, again);
}

static bool may_sum(const job *j)
{
    bool extreme = (j->q.r == HL_RED_MIN || j->q.r == HL_RED_MAX) && !j->q.initial, floats = hl_is_float(j->q.acc) && j->q.item == j->q.acc;
    return extreme && floats && j->n->nd >= 1 && j->n->nd <= 2 && j->n->nleaf == 1 && j->n->leaf[0].inst == j->v && !hl_is_fused(j->v);
}

static V reduced_count(hl_emit *e, int nd, V const *shape, int64_t axes)
{
    V c = hl_i64(e, 1);
    for (int k = 0; k < nd; k++)
        if (axes >> k & 1) c = hl_mul64(e, c, shape[k]);
    return c;
}

static bool refuses_empty(hl_reduction r)
{
    return r == HL_RED_MIN || r == HL_RED_MAX || r == HL_RED_NANMIN || r == HL_RED_NANMAX || r == HL_RED_PTP || is_arg(r);
}

static hl_err empty_error(hl_reduction r)
{
    switch (r) {
    case HL_RED_MIN: return HL_ERR_reduce_min;
    case HL_RED_MAX: case HL_RED_PTP: return HL_ERR_reduce_max;
    case HL_RED_NANMIN: return HL_ERR_reduce_fmin;
    case HL_RED_NANMAX: return HL_ERR_reduce_fmax;
    default: return r == HL_RED_ARGMIN ? HL_ERR_argmin_empty : HL_ERR_argmax_empty;
    }
}

static void check_not_empty(hl_emit *e, hl_inst *i, hl_reduction r, int nd, V const *shape, int64_t axes)
{
    for (int k = 0; refuses_empty(r) && k < nd; k++) /* axis by axis: the loops then know that they run */
        if (axes >> k & 1) hl_check(e, i, LLVMBuildICmp(e->b, LLVMIntSGT, shape[k], hl_i64(e, 0), ""), empty_error(r), NULL, NULL);
}

/* The result seen with all dimensions of the operand: those reduced have stride 0. */
static int result_leaf(hl_emit *e, hl_nest *n, const hl_type *rt, V *out, int64_t axes, bool keep, V const *shape)
{
    const hl_type *t = hl_type_array(rt->elem, n->nd, 'A', 0);
    V *parts = HL_NEWN(e->arena, V, t->nparts);
    parts[0] = out[0], parts[1] = out[1];
    for (int k = 0, d = 0; k < n->nd; k++) {
        bool gone = axes >> k & 1;
        parts[2 + k] = shape[k];
        parts[2 + n->nd + k] = gone ? hl_i64(e, 0) : out[2 + rt->ndim + d];
        d += !gone || keep;
    }
    int l = hl_nest_leaf(e, n, NULL, t, parts);
    n->leaf[l].written = true;
    return l;
}

static bool one_accumulator(const reducer *q)
{
    if (q->r == HL_RED_ANY || q->r == HL_RED_ALL || q->r == HL_RED_COUNT) return true;
    return q->n == q->acc->nparts && !is_var(q->r) && !is_arg(q->r) && q->r != HL_RED_PTP && q->r != HL_RED_NANMEAN;
}

/* Items accumulated into the result, along the memory of the operand. */
static void reduce_rows(hl_emit *e, job *j, const hl_type *rt, V *out, int64_t axes, bool keep, V const *shape)
{
    const reducer *q = &j->q;
    hl_nest *fill = HL_NEW(e->arena, hl_nest);
    const V *first = q->initial ? q->initial : q->init;
    if (q->initial || !LLVMIsNull(first[0])) {
        hl_nest_init(fill, j->i, rt->ndim, out + 2);
        int l = hl_nest_leaf(e, fill, NULL, rt, out);
        fill->leaf[l].written = true;
        hl_nest_open(e, fill);
        hl_nest_store(e, fill, l, first);
        hl_nest_close(e, fill);
    }
    hl_nest *n = j->n;
    int l = result_leaf(e, n, rt, out, axes, keep, shape);
    n->fixed = true;
    for (int k = 0; k < l; k++) n->leaf[k].apart = true;
    hl_nest_open(e, n);
    V x[2], acc[2], next[2];
    hl_nest_load(e, n, l, acc);
    hl_nest_value(e, n, j->v, x);
    reduce_item(e, q, x, NULL, acc, next);
    hl_nest_store(e, n, l, next);
    hl_nest_close(e, n);
    if (!is_mean(q->r)) return;
    hl_nest *last = HL_NEW(e->arena, hl_nest);
    hl_nest_init(last, j->i, rt->ndim, out + 2);
    int m = hl_nest_leaf(e, last, NULL, rt, out);
    last->leaf[m].written = true;
    hl_nest_open(e, last);
    hl_nest_load(e, last, m, acc);
    reduce_finish(e, q, acc, j->count, NULL, next);
    hl_nest_store(e, last, m, next);
    hl_nest_close(e, last);
}

static void reduce_axes(hl_emit *e, job *j, int64_t axes, bool keep, V const *shape, V *out)
{
    hl_nest *n = j->n;
    const hl_type *rt = j->i->type;
    int nd = n->nd;
    V dims[HL_DIMS];
    int d = 0;
    for (int k = 0; k < nd; k++)
        if (!(axes >> k & 1)) dims[d++] = shape[k];
        else if (keep) dims[d++] = hl_i64(e, 1);
    bool rows = !(axes >> (nd - 1) & 1) && one_accumulator(&j->q) && j->leaf < 0;
    hl_new_array(e, j->i, rt, dims, rows && !j->q.initial && LLVMIsNull(j->q.init[0]), out);
    if (rows) {
        reduce_rows(e, j, rt, out, axes, keep, shape);
        return;
    }
    int l = result_leaf(e, n, rt, out, axes, keep, shape);
    for (int k = 0; k < l; k++) n->leaf[k].apart = true;
    n->fixed = true;
    n->blocked = is_sum(j->q.r) && !hl_is_intlike(j->q.acc);
    int at = 0;
    for (int k = 0; k < nd; k++) if (!(axes >> k & 1)) n->perm[at++] = k;
    j->kept = at;
    for (int k = 0; k < nd; k++) if (axes >> k & 1) n->perm[at++] = k;
    hl_nest_prepare(e, n);
    hl_nest_levels(e, n, 0, j->kept);
    V r[2];
    reduce_inner(e, j, r);
    n->leaf[l].addr = n->leaf[l].row[j->kept];
    hl_nest_store(e, n, l, r);
    n->nacc = 0;
    hl_nest_close_levels(e, n, 0, j->kept);
}

/* An axis that run time tells: the operand (evaluated first when it is an expression) with that axis moved to the end. */
static V *move_axis(hl_emit *e, hl_inst *i, hl_inst *v, V *a, V axis)
{
    const hl_type *t = v->type;
    int nd = t->ndim;
    V n = hl_i64(e, nd);
    V at = hl_pick(e, LLVMBuildICmp(e->b, LLVMIntSLT, axis, hl_i64(e, 0), ""), LLVMBuildAdd(e->b, axis, n, ""), axis);
    hl_check(e, i, LLVMBuildICmp(e->b, LLVMIntULT, at, n, ""), HL_ERR_axis_range, axis, n);
    V *out = HL_NEWN(e->arena, V, t->nparts);
    memcpy(out, a, sizeof *out * t->nparts);
    for (int part = 2; part <= 2 + nd; part += nd) {
        V last = a[part];
        for (int k = 1; k < nd; k++) last = hl_pick(e, hl_eq64(e, at, hl_i64(e, k)), a[part + k], last);
        for (int k = 0; k < nd - 1; k++)
            out[part + k] = hl_pick(e, LLVMBuildICmp(e->b, LLVMIntSGE, hl_i64(e, k), at, ""), a[part + k + 1], a[part + k]);
        out[part + nd - 1] = last;
    }
    return out;
}

static V ddof_of(hl_emit *e, hl_inst *i, hl_reduce_args p, const hl_type *acc)
{
    if (p.ddof < 0 || i->args[p.ddof]->type->kind == HL_K_OMITTED) return NULL;
    const hl_type *real = hl_is_complex(acc) ? hl_type_float(acc->bits / 2) : acc;
    return hl_cast1(e, hl_unliteral(i->args[p.ddof]->type), real, hl_one(e, i->args[p.ddof]));
}

/* The items of a list, or of a tuple put into memory, as an array. */
static V *sequence_parts(hl_emit *e, hl_inst *v, const hl_type *t)
{
    V *a = HL_NEWN(e->arena, V, t->nparts), *p = hl_parts(e, v);
    a[0] = LLVMConstNull(e->ptr), a[3] = hl_i64(e, 8 * t->elem->nparts);
    if (v->type->kind == HL_K_LIST) {
        a[2] = hl_list_len(e, p[0]), a[1] = hl_list_data(e, p[0]);
        return a;
    }
    a[2] = hl_i64(e, v->type->nitems), a[1] = hl_alloca_slots(e, v->type->nparts);
    hl_store_slots(e, v->type, p, a[1]);
    return a;
}

void hl_emit_reduce(hl_emit *e, hl_inst *i, V *out)
{
    job j = {.i = i, .v = i->args[0], .n = HL_NEW(e->arena, hl_nest), .leaf = -1};
    hl_reduction r = hl_reduction_of(i->rule);
    hl_reduce_args p = hl_reduce_args_of(i->rule);
    const hl_type *sequence = hl_reduce_sequence(j.v->type);
    const hl_type *item = sequence ? sequence->elem : hl_unliteral(hl_item_of(j.v->type)), *dtype = NULL;
    if (p.dtype >= 0) dtype = hl_dtype_of(i->args[p.dtype]->type, NULL);
    reducer_init(e, &j.q, r, item, hl_reduce_accumulator(r, item, dtype));
    V initial[2];
    const hl_type *given = p.initial >= 0 ? hl_unliteral(i->args[p.initial]->type) : hl_T.omitted;
    if (hl_is_number(given)) hl_item_cast(e, given, j.q.acc, hl_parts(e, i->args[p.initial]), initial), j.q.initial = initial;
    j.ddof = ddof_of(e, i, p, j.q.acc);
    int64_t axes = *(int64_t *)i->data;
    int nd = sequence ? 1 : hl_ndim_of(j.v);
    bool all = axes == -1 || (axes == -2 && nd == 1) || axes == (nd < 63 ? (1LL << nd) - 1 : -1);
    V shape[HL_DIMS];
    if (!sequence) hl_shape_of(e, i, j.v, shape);
    V *owned = NULL;
    if (sequence) {
        V *a = sequence_parts(e, j.v, sequence);
        shape[0] = a[2];
        hl_nest_init(j.n, i, 1, shape);
        j.leaf = hl_nest_leaf(e, j.n, NULL, sequence, a);
    } else if (axes == -2 && !all) {
        V *a = hl_is_fused(j.v) ? NULL : hl_array_parts(e, j.v);
        if (!a) {
            a = owned = HL_NEWN(e->arena, V, j.v->type->nparts);
            hl_new_array(e, i, j.v->type, shape, false, a);
            hl_nest_assign(e, i, j.v->type, a, j.v, NULL);
        }
        a = move_axis(e, i, j.v, a, hl_one(e, i->args[p.axis]));
        memcpy(shape, a + 2, sizeof *shape * (size_t)nd);
        axes = 1LL << (nd - 1);
        hl_nest_init(j.n, i, nd, shape);
        j.leaf = hl_nest_leaf(e, j.n, NULL, hl_type_array(item, nd, 'A', j.v->type->flags), a);
    } else {
        hl_nest_init(j.n, i, nd, shape);
        hl_nest_tree(e, j.n, j.v);
    }
    j.count = all ? hl_array_size(e, nd, shape) : reduced_count(e, nd, shape, axes);
    bool one = all && !hl_is_array(i->type), early = one && refuses_empty(r) && !j.q.initial && hl_lanes_refuse_empty(e, j.n, i, j.v, empty_error(r));
    if (!early && !j.q.initial) check_not_empty(e, i, r, nd, shape, all ? -1 : axes);
    if (one) {
        j.n->ordered = is_arg(r);
        j.n->blocked = is_sum(r) && !hl_is_intlike(j.q.acc);
        hl_nest_prepare(e, j.n);
        j.lanes = lanes_of(&j);
        (!j.lanes && may_sum(&j) ? reduce_summed : reduce_inner)(e, &j, out);
    } else reduce_axes(e, &j, axes == -1 ? (1LL << nd) - 1 : axes, hl_is_array(i->type) && i->type->ndim == nd && p.keepdims >= 0, shape, out);
    if (owned) hl_emit_release(e, j.v->type, owned);
}
