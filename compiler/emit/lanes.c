/* Windows, a[j:j+h, k:k+w] in a loop over j and k, reduced with the items of a row at once, as the lanes of one vector.
 *
 * The rows of a window are shorter than what a loop vectoriser works for.  So each row is read through a mask that says which lanes there
 * are; lanes that there are not stay what they were.  The mask of a row's first vector is the same for all rows, and for all windows
 * of the same width: licm moves it out of the loops.  What is left for a row of up to `width` items is a load an operand, the arithmetic, and
 * one branch.  (Strips from top to bottom would be less code, but the rows of an image are often 4 KB apart: then the cache holds few of
 * them, and wide windows took ten times as long.)  The accumulators are vectors round all rows; the lanes are put together once, behind
 * them (reduce.c).
 *
 * Every loop here runs at least once, without asking.  When a dimension is empty, so is the mask, and a masked load touches nothing.
 *
 * What only run time can tell is told by the mask as well: where an operand's items do not lie side by side (a transposed array, a column that
 * is broadcast along the row), a step is one item instead of `width` ones.
 *
 * Needs masked loads of 4 and 8 bytes (AVX); items that take other sizes, and operators beyond + - * / and the sign, are left to the
 * ordinary nest (element_nest.c). */
#include "../codegen/codegen.h"
#include "../codegen/llvm_extra.h"
#include "array.h"
#include "scalar.h"
#include <string.h>

enum { VECTOR_BYTES = 32 };

typedef struct lanes {
    hl_emit *e;
    hl_nest *n;
    int width;                /* lanes of a vector */
    V mask;                   /* those that there are, at the place at hand */
    V at[HL_NEST_LEAVES];     /* where the operands are read */
} lanes;

/* A loop that runs at least once. */
typedef struct ring {
    LLVMBasicBlockRef head;
    V left, at[HL_NEST_LEAVES], acc[HL_LANE_ACCS];
} ring;

/* --- what fits ----------------------------------------------------------------------------------------------------------------- */

static bool is_real(const hl_type *t) { return (hl_is_float(t) || hl_is_int(t)) && (t->bits == 32 || t->bits == 64); }

static bool may_cast(const hl_type *from, const hl_type *to)
{
    if (from == to) return true;
    if (hl_is_float(from)) return hl_is_float(to) && from->bits < to->bits;
    return hl_is_int(to) ? from->bits <= to->bits : from->bits == 32;
}

/* The operator of a fused instruction that works on vectors as it does on scalars; 0: none. */
static int vector_op(const hl_inst *v)
{
    void hl_emit_array_binary(hl_emit *, hl_inst *, V *), hl_emit_array_unary(hl_emit *, hl_inst *, V *);
    hl_emit_fn emit = hl_emitters[v->rule->id];
    int op = hl_element_op(v, v->rule);
    if (emit == hl_emit_array_unary) return op == HL_OP_neg ? op : 0;
    if (emit != hl_emit_array_binary) return 0;
    bool ring_op = op == HL_OP_add || op == HL_OP_sub || op == HL_OP_mul;
    return ring_op || (op == HL_OP_truediv && hl_is_float(hl_item_of(v->type))) ? op : 0;
}

static const hl_type *operand_type(const hl_inst *v, int op)
{
    return v->nargs == 1 ? hl_item_of(v->type) : hl_element_operand(op, v->args[0]->type, v->args[1]->type);
}

/* Bits of the widest item that v, as items of type t, is made of; 0: it does not fit. */
static int widest(const hl_inst *v, const hl_type *t)
{
    const hl_type *item = hl_unliteral(hl_item_of(v->type));
    if (!is_real(t)) return 0;
    if (!hl_is_array(v->type) && !hl_is_fused(v)) return hl_is_number(item) && !hl_is_complex(item) ? t->bits : 0;
    if (!is_real(item) || !may_cast(item, t)) return 0;
    int bits = item->bits > t->bits ? item->bits : t->bits;
    if (!hl_is_fused(v)) return bits;
    int op = vector_op(v);
    for (int k = 0; op && k < v->nargs && k < 2; k++) {
        int b = widest(v->args[k], operand_type(v, op));
        if (!b) return 0;
        bits = b > bits ? b : bits;
    }
    return op ? bits : 0;
}

int hl_lanes_width(const hl_nest *n, const hl_inst *v, const hl_type *t)
{
    if (!n->window || n->nd < 2 || !hl_machine_has("avx")) return 0;
    for (int k = 0; k < n->nleaf; k++) {
        int64_t step;
        if (hl_const_int(n->leaf[k].stride[n->perm[n->nd - 1]], &step) && step != hl_itemsize(n->leaf[k].type->elem)) return 0;
    }
    int bits = widest(v, t);
    return bits ? 8 * VECTOR_BYTES / bits : 0;
}

/* --- vectors ------------------------------------------------------------------------------------------------------------------- */

V hl_lanes_splat(hl_emit *e, int width, V x)
{
    LLVMTypeRef t = LLVMVectorType(LLVMTypeOf(x), (unsigned)width);
    if (LLVMIsConstant(x)) {
        V all[width];
        for (int k = 0; k < width; k++) all[k] = x;
        return LLVMConstVector(all, (unsigned)width);
    }
    V none = LLVMGetPoison(t), first = LLVMBuildInsertElement(e->b, none, x, hl_i32(e, 0), "");
    return LLVMBuildShuffleVector(e->b, first, none, LLVMConstNull(LLVMVectorType(e->i32, (unsigned)width)), "");
}

/* The first `count` lanes. */
static V mask_of(const lanes *l, V count)
{
    LLVMTypeRef t = l->width * 32 == 8 * VECTOR_BYTES ? l->e->i32 : l->e->i64; /* as wide as the items: no conversion of masks */
    V number[l->width];
    for (int k = 0; k < l->width; k++) number[k] = LLVMConstInt(t, (unsigned)k, false);
    V limit = hl_lanes_splat(l->e, l->width, t == l->e->i64 ? count : LLVMBuildTrunc(l->e->b, count, t, ""));
    return LLVMBuildICmp(l->e->b, LLVMIntSLT, LLVMConstVector(number, (unsigned)l->width), limit, "");
}

static V cast_lanes(const lanes *l, const hl_type *from, const hl_type *to, V x)
{
    if (from == to) return x;
    LLVMTypeRef t = LLVMVectorType(hl_scalar_type(l->e, to), (unsigned)l->width);
    bool s = hl_signed(from);
    if (hl_is_float(from)) return LLVMBuildFPExt(l->e->b, x, t, "");
    if (hl_is_float(to)) return s ? LLVMBuildSIToFP(l->e->b, x, t, "") : LLVMBuildUIToFP(l->e->b, x, t, "");
    if (from->bits == to->bits) return x;
    return s ? LLVMBuildSExt(l->e->b, x, t, "") : LLVMBuildZExt(l->e->b, x, t, "");
}

static V load_lanes(const lanes *l, int leaf)
{
    const hl_type *a = l->n->leaf[leaf].type;
    LLVMTypeRef t = LLVMVectorType(hl_memory_type(l->e, a->elem), (unsigned)l->width);
    return hlx_masked_load(l->e->b, t, l->at[leaf], a->flags & HL_T_UNALIGNED ? 1 : (unsigned)hl_itemsize(a->elem), l->mask);
}

/* Items of v as type t. */
static V value_of(const lanes *l, hl_inst *v, const hl_type *t)
{
    const hl_type *item = hl_unliteral(hl_item_of(v->type));
    if (hl_is_fused(v)) {
        int op = vector_op(v);
        const hl_type *work = operand_type(v, op);
        V x = value_of(l, v->args[0], work), r;
        if (v->nargs == 1) hl_unary(l->e, (hl_op)op, work, &x, &r);
        else {
            V y = v->args[1] == v->args[0] ? x : value_of(l, v->args[1], work);
            hl_arith(l->e, NULL, (hl_op)op, work, &x, &y, &r);
        }
        return cast_lanes(l, item, t, r);
    }
    if (hl_is_array(v->type))
        for (int k = 0; k < l->n->nleaf; k++)
            if (l->n->leaf[k].inst == v) return cast_lanes(l, item, t, load_lanes(l, k));
    return hl_lanes_splat(l->e, l->width, hl_cast1(l->e, item, t, hl_one(l->e, v)));
}

/* --- loops --------------------------------------------------------------------------------------------------------------------- */

static V phi_of(hl_emit *e, V init, LLVMBasicBlockRef from)
{
    V p = LLVMBuildPhi(e->b, LLVMTypeOf(init), "");
    LLVMAddIncoming(p, &init, &from, 1);
    return p;
}

static void again(V phi, V value, LLVMBasicBlockRef from) { LLVMAddIncoming(phi, &value, &from, 1); }

static void open_ring(lanes *l, ring *r, V turns, int nacc, V *acc)
{
    hl_emit *e = l->e;
    LLVMBasicBlockRef from = hl_here(e);
    r->head = hl_bb(e, "row");
    hl_br(e, r->head);
    hl_at(e, r->head);
    r->left = phi_of(e, turns, from);
    for (int k = 0; k < l->n->nleaf; k++) r->at[k] = l->at[k] = phi_of(e, l->at[k], from);
    for (int k = 0; k < nacc; k++) r->acc[k] = acc[k] = phi_of(e, acc[k], from);
}

/* Ends the turn: another one while more than `by` is left.  `mask`: a phi of the masks, or NULL. */
static void close_ring(lanes *l, ring *r, V by, V const *steps, int nacc, V const *acc, V mask)
{
    hl_emit *e = l->e;
    LLVMBasicBlockRef turn = hl_here(e), done = hl_bb(e, "done"), from = mask ? hl_bb(e, "more") : turn;
    V more = LLVMBuildICmp(e->b, LLVMIntSGT, r->left, by, ""), left = LLVMBuildNSWSub(e->b, r->left, by, ""), next = NULL;
    if (mask) { /* only then is another mask made */
        hl_cond(e, more, from, done);
        hl_unlikely(e, LLVMGetBasicBlockTerminator(turn), 0);
        hl_at(e, from);
        next = mask_of(l, hl_min64(e, left, by));
        LLVMAddIncoming(mask, &next, &from, 1);
    }
    again(r->left, left, from);
    for (int k = 0; k < l->n->nleaf; k++) {
        V step = steps[k];
        again(r->at[k], hl_const_is(step, 0) ? r->at[k] : LLVMBuildGEP2(e->b, e->i8, r->at[k], &step, 1, ""), from);
        l->at[k] = r->at[k];
    }
    for (int k = 0; k < nacc; k++) again(r->acc[k], acc[k], from);
    if (mask) hl_br(e, r->head);
    else hl_cond(e, more, r->head, done);
    hl_hint_loop(e, LLVMGetBasicBlockTerminator(from), (hl_hint[]){{"llvm.loop.isvectorized", 1}}, 1);
    hl_at(e, done);
}

/* One row into acc. */
static void reduce_row(lanes *l, hl_inst *v, const hl_type *t, hl_lane_op *op, V trip, V step, V first, V const *steps, V *acc)
{
    hl_emit *e = l->e;
    ring r;
    V row[HL_LANE_ACCS], next[HL_LANE_ACCS];
    for (int k = 0; k < op->n; k++) row[k] = op->partial[k] ? op->init[k] : acc[k];
    LLVMBasicBlockRef from = hl_here(e);
    open_ring(l, &r, trip, op->n, row);
    V mask = l->mask = phi_of(e, first, from);
    op->item(e, op->arg, value_of(l, v, t), row, next);
    for (int k = 0; k < op->n && k < op->masked; k++) next[k] = LLVMBuildSelect(e->b, mask, next[k], row[k], "");
    close_ring(l, &r, step, steps, op->n, next, mask);
    for (int k = 0; k < op->n; k++)
        if (!op->partial[k]) acc[k] = next[k];
        else acc[k] = LLVMGetTypeKind(LLVMGetElementType(LLVMTypeOf(next[k]))) == LLVMIntegerTypeKind ? LLVMBuildAdd(e->b, acc[k], next[k], "")
                      : LLVMBuildFAdd(e->b, acc[k], next[k], "");
}

/* value, or 0 when one of the sizes is not positive */
static V if_all(hl_emit *e, int n, V const *sizes, V value)
{
    V zero = hl_i64(e, 0);
    for (int k = 0; k < n; k++) value = hl_pick(e, LLVMBuildICmp(e->b, LLVMIntSGT, sizes[k], zero, ""), value, zero);
    return value;
}

/* The block where these values, which are phis of two, constants or parameters, join; NULL: anything else. */
static LLVMBasicBlockRef phi_block(int n, V const *values)
{
    LLVMBasicBlockRef block = NULL;
    for (int k = 0; k < n; k++) {
        if (LLVMIsConstant(values[k]) || LLVMIsAArgument(values[k])) continue;
        if (!LLVMIsAPHINode(values[k]) || LLVMCountIncoming(values[k]) != 2) return NULL;
        LLVMBasicBlockRef b = LLVMGetInstructionParent(values[k]);
        if (block && block != b) return NULL;
        block = b;
    }
    for (unsigned side = 0; block && side < 2; side++) /* finished already: no loop */
        for (int k = 0; k < n; k++)
            if (LLVMIsAPHINode(values[k]) && !LLVMGetBasicBlockTerminator(LLVMGetIncomingBlock(values[k], side))) return NULL;
    return block;
}

/* What they are on one of the ways there, and where that way comes from. */
static LLVMBasicBlockRef phi_side(int n, V const *values, int side, V *out)
{
    LLVMBasicBlockRef from = NULL;
    for (int k = 0; k < n; k++) {
        bool phi = LLVMIsAPHINode(values[k]);
        out[k] = phi ? LLVMGetIncomingValue(values[k], (unsigned)side) : values[k];
        if (phi) from = LLVMGetIncomingBlock(values[k], (unsigned)side);
    }
    return from;
}

/* What a window of this shape begins with: the length of its rows, 0 when there is no row, and the mask of their first vector. */
typedef struct start { V trip, mask; } start;

static start start_of(const lanes *l, V const *shape, V step)
{
    hl_emit *e = l->e;
    int rows = l->n->nd - 1;
    V trip = l->n->full ? shape[rows] : if_all(e, rows, shape, shape[rows]);
    return (start){trip, mask_of(l, hl_min64(e, trip, step))};
}

/* Where windows are clamped only if they stick out (index.c), the shape is one of two, and both are known before that is asked.  So is what follows
 * from them; and what follows from the usual one is the same for all windows, and is made in front of the loops. */
static start start_early(const lanes *l, V step)
{
    hl_emit *e = l->e;
    int nd = l->n->nd;
    LLVMBasicBlockRef here = hl_here(e), from[2], join = LLVMIsConstant(step) ? phi_block(nd, l->n->shape) : NULL;
    if (!join) return start_of(l, l->n->shape, step);
    start s[2];
    for (int side = 0; side < 2; side++) {
        V shape[HL_DIMS];
        from[side] = phi_side(nd, l->n->shape, side, shape);
        hl_before(e, LLVMGetBasicBlockTerminator(from[side]));
        s[side] = start_of(l, shape, step);
    }
    hl_before(e, LLVMGetFirstInstruction(join));
    start r = {hl_phi2(e, e->i64, s[0].trip, from[0], s[1].trip, from[1]), hl_phi2(e, LLVMTypeOf(s[0].mask), s[0].mask, from[0], s[1].mask, from[1])};
    hl_at(e, here);
    return r;
}

/* May `i` raise where v is made?  Nothing between the two can be seen from outside, or raise; and a handler needs nothing of it. */
static bool follows(const hl_inst *i, const hl_inst *v)
{
    if (i->block->handler) return v->next == i;
    const hl_inst *x = v->block == i->block ? v->next : NULL;
    while (x && x != i && !(hl_ir_effects(x) & ~(unsigned)(HL_E_READ | HL_E_BORROW | HL_E_CONST | HL_E_LAZY | HL_E_VIEW))) x = x->next;
    return x == i;
}

static V all_positive(hl_emit *e, int n, V const *sizes)
{
    V all = NULL;
    for (int k = 0; k < n; k++) all = hl_both(e, all, LLVMBuildICmp(e->b, LLVMIntSGT, sizes[k], hl_i64(e, 0), ""));
    return all;
}

/* The windows of all turns are said to lie `inside` (index.c) only if these sizes are positive, too; false: nothing says so.  The other branch that goes
 * there, in front of `clamp`, asks for that itself. */
static bool refuse_entry(hl_emit *e, LLVMBasicBlockRef inside, LLVMBasicBlockRef clamp, int n, V const *sizes)
{
    bool any = false;
    for (LLVMUseRef u = LLVMGetFirstUse(LLVMBasicBlockAsValue(inside)); u; u = LLVMGetNextUse(u)) {
        V branch = LLVMGetUser(u);
        if (LLVMGetInstructionOpcode(branch) != LLVMBr || !LLVMIsConditional(branch)) continue;
        if (LLVMGetSuccessor(branch, 0) != inside || LLVMGetSuccessor(branch, 1) == clamp) continue;
        hl_before(e, branch);
        LLVMSetCondition(branch, hl_both(e, LLVMGetCondition(branch), all_positive(e, n, sizes)));
        any = true;
    }
    return any;
}

/* Raises `err` if the window is empty, and asks only in those that are clamped: the others, where the two ways join (index.c), are of one size, so whether
 * that is positive can be part of the condition for going there, which does not vary.  False: that cannot be done here, and nothing was. */
bool hl_lanes_refuse_empty(hl_emit *e, hl_nest *n, hl_inst *i, const hl_inst *v, hl_err err)
{
    int nd = n->nd;
    bool chosen = v->op == HL_OP_getitem && v->flags & HL_I_INSIDE && v->nargs > 2 && follows(i, v);
    LLVMBasicBlockRef here = hl_here(e), join = chosen ? phi_block(nd, n->shape) : NULL;
    if (!join) return false;
    V inner[HL_DIMS], clamped[HL_DIMS];
    LLVMBasicBlockRef from = phi_side(nd, n->shape, 0, inner), clamp = phi_side(nd, n->shape, 1, clamped);
    if (LLVMIsConditional(LLVMGetBasicBlockTerminator(clamp)) || !refuse_entry(e, from, clamp, nd, inner)) return false;
    LLVMInstructionEraseFromParent(LLVMGetBasicBlockTerminator(clamp));
    LLVMBasicBlockRef fail = hl_bb(e, "fail");
    hl_at(e, clamp);
    hl_cond(e, all_positive(e, nd, clamped), join, fail);
    hl_at(e, fail);
    hl_rtcall(e, HL_RT_raise, hl_i32(e, (int32_t)err), hl_i64(e, 0), hl_i64(e, 0));
    hl_leave(e, i);
    hl_at(e, here);
    return n->full = true;
}

void hl_lanes_reduce(hl_emit *e, hl_nest *n, hl_inst *v, const hl_type *t, hl_lane_op *op, V *acc)
{
    lanes l = {.e = e, .n = n, .width = op->width};
    int rows = n->nd - 1;
    V side = n->fast, inner[HL_NEST_LEAVES], outer[HL_NEST_LEAVES];
    for (int k = 0; k < n->nleaf; k++) {
        l.at[k] = hl_arr_data(n->leaf[k].parts);
        side = hl_both(e, side, hl_eq64(e, n->leaf[k].stride[rows], hl_i64(e, hl_itemsize(n->leaf[k].type->elem))));
    }
    for (int k = 0; k < n->nleaf; k++) inner[k] = hl_pick(e, side, hl_i64(e, hl_itemsize(n->leaf[k].type->elem) * l.width), n->leaf[k].slow);
    V step = hl_pick(e, side, hl_i64(e, l.width), hl_i64(e, 1));
    start first = start_early(&l, step);
    for (int k = 0; k < op->n; k++) acc[k] = op->init[k];
    ring r[HL_DIMS];
    for (int k = 0; k < rows; k++) open_ring(&l, &r[k], n->shape[k], op->n, acc);
    reduce_row(&l, v, t, op, first.trip, step, first.mask, inner, acc);
    for (int k = rows - 1; k >= 0; k--) {
        for (int j = 0; j < n->nleaf; j++) outer[j] = n->leaf[j].stride[k];
        close_ring(&l, &r[k], hl_i64(e, 1), outer, op->n, acc, NULL);
    }
}
