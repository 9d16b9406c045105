/* Element-wise instructions: how each computes one item, the shape of a (fused) expression, and evaluation into a new array.
 *
 * A lazy instruction is either *fused* (HL_I_FUSED, passes/fuse.c): then it has no memory, and its consumer's loop nest asks
 * hl_item_of_rule for its items; or it is evaluated here, over a nest of its own, into a new array.  An expression over
 * 0-dimensional operands is a scalar, as in NumPy. */
#include "array.h"
#include <string.h>

bool hl_is_fused(const hl_inst *v) { return v->flags & HL_I_FUSED; }

static bool item_like(const hl_type *t) { return hl_is_array(t) || hl_is_number(hl_unliteral(t)); }

int hl_lazy_operands(const hl_inst *v, hl_inst **out)
{
    int n = 0;
    for (int k = 0; k < v->nargs && n < HL_LAZY_OPERANDS; k++)
        if (item_like(v->args[k]->type)) out[n++] = v->args[k];
    return n;
}

/* --- shapes ------------------------------------------------------------------------------------------------------------------ */

/* Broadcasts `shape` (nv dimensions) into acc (nd >= nv, aligned to the right); *ok gathers the tests. */
void hl_broadcast(hl_emit *e, int nd, V *acc, int nv, V const *shape, V *ok)
{
    for (int k = 0; k < nv; k++) {
        V *a = &acc[nd - nv + k], b = shape[k];
        int64_t x, y;
        if (*a == b || hl_const_is(b, 1)) continue;
        if (hl_const_is(*a, 1)) {
            *a = b;
            continue;
        }
        bool ka = hl_const_int(*a, &x), kb = hl_const_int(b, &y);
        V one = hl_i64(e, 1);
        if (ka) { /* the result is x; b must be x or 1 */
            *ok = hl_both(e, *ok, kb ? hl_bool(e, x == y) : LLVMBuildOr(e->b, hl_eq64(e, b, *a), hl_eq64(e, b, one), ""));
            continue;
        }
        V r = kb ? b : hl_pick(e, hl_eq64(e, *a, one), b, *a);
        V fits = kb ? LLVMBuildOr(e->b, hl_eq64(e, *a, b), hl_eq64(e, *a, one), "")
                    : LLVMBuildOr(e->b, hl_eq64(e, r, b), hl_eq64(e, b, one), "");
        *ok = hl_both(e, *ok, fits);
        *a = r;
    }
}

/* The shapes that broadcast together, for the message. */
typedef struct shapes { int n, nd[HL_NEST_LEAVES]; const V *sizes[HL_NEST_LEAVES]; } shapes;

/* The sizes of a value: of an array, and of a fused instruction whose shapes were looked at where it stands. */
static const V *sizes_of(hl_emit *e, hl_inst *v)
{
    return hl_is_fused(v) ? e->vals[v->id] : &hl_array_parts(e, v)[2];
}

static bool is_open(const hl_inst *v) { return hl_is_fused(v) && !(v->flags & HL_I_STANDS); }

static void shape_into(hl_emit *e, hl_inst *top, hl_inst *v, int nd, V *acc, V *ok, shapes *seen)
{
    if (is_open(v) || v == top) {
        hl_inst *ops[HL_LAZY_OPERANDS];
        int n = hl_lazy_operands(v, ops);
        for (int k = 0; k < n; k++) shape_into(e, NULL, ops[k], nd, acc, ok, seen);
    } else if (hl_is_array(v->type)) {
        const V *sizes = sizes_of(e, v);
        hl_broadcast(e, nd, acc, v->type->ndim, sizes, ok);
        if (seen->n < HL_NEST_LEAVES) seen->nd[seen->n] = v->type->ndim, seen->sizes[seen->n++] = sizes;
    }
}

void hl_check_shapes(hl_emit *e, hl_inst *i, V ok, int what, int n, const int *nd, const V *const *sizes)
{
    if (!ok || (LLVMIsAConstantInt(ok) && LLVMConstIntGetZExtValue(ok))) return;
    LLVMBasicBlockRef go_on = hl_bb(e, "ok"), fail = hl_bb(e, "fail");
    hl_cond(e, ok, go_on, fail);
    hl_at(e, fail);
    int words = 0, at = 0;
    for (int k = 0; k < n; k++) words += 1 + nd[k];
    V slots = hl_alloca_slots(e, words);
    for (int k = 0; k < n; k++)
        for (int d = -1; d < nd[k]; d++, at++)
            LLVMBuildStore(e->b, d < 0 ? hl_i64(e, nd[k]) : sizes[k][d], at ? hl_gep_bytes(e, slots, hl_i64(e, 8 * at)) : slots);
    hl_rtcall(e, HL_RT_raise_shapes, hl_i32(e, what), slots, hl_i32(e, n));
    hl_leave(e, i);
    hl_at(e, go_on);
}

static void check_shapes(hl_emit *e, hl_inst *i, V ok, int what, const shapes *s) { hl_check_shapes(e, i, ok, what, s->n, s->nd, s->sizes); }

int hl_ndim_of(hl_inst *v) { return hl_is_array(v->type) ? v->type->ndim : 0; }

static void broadcast_shape(hl_emit *e, hl_inst *i, hl_inst *v, int nd, V *shape)
{
    V ok = NULL;
    for (int k = 0; k < nd; k++) shape[k] = hl_i64(e, 1);
    shapes seen = {.n = 0};
    shape_into(e, i, v, nd, shape, &ok, &seen);
    check_shapes(e, i, ok, 0, &seen);
}

void hl_shape_of(hl_emit *e, hl_inst *i, hl_inst *v, V *shape) { broadcast_shape(e, i, v, hl_ndim_of(v), shape); }
void hl_shape_of_operands(hl_emit *e, hl_inst *i, int nd, V *shape) { broadcast_shape(e, i, i, nd, shape); }

/* --- items ------------------------------------------------------------------------------------------------------------------------ */

void hl_item_cast(hl_emit *e, const hl_type *from, const hl_type *to, const V *in, V *out)
{
    from = hl_unliteral(from);
    if (from == to) {
        for (int k = 0; k < to->nparts; k++) out[k] = in[k];
        return;
    }
    V re = in[0], im = hl_is_complex(from) ? in[1] : NULL;
    if (!hl_is_complex(from) && !hl_is_complex(to)) {
        out[0] = hl_cast1(e, from, to, re);
        return;
    }
    if (to->kind == HL_K_BOOL) {
        V zero = LLVMConstNull(LLVMTypeOf(re));
        out[0] = LLVMBuildOr(e->b, LLVMBuildFCmp(e->b, LLVMRealUNE, re, zero, ""), LLVMBuildFCmp(e->b, LLVMRealUNE, im, zero, ""), "");
        return;
    }
    const hl_type *half_from = hl_is_complex(from) ? hl_type_float(from->bits / 2) : from;
    const hl_type *half_to = hl_is_complex(to) ? hl_type_float(to->bits / 2) : to;
    out[0] = hl_cast1(e, half_from, half_to, re);
    if (hl_is_complex(to)) out[1] = im ? hl_cast1(e, half_from, half_to, im) : LLVMConstNull(hl_scalar_type(e, half_to));
}

/* Item of operand v as type t. */
static void operand(hl_emit *e, hl_nest *n, hl_inst *v, const hl_type *t, V *out)
{
    V raw[2];
    hl_nest_value(e, n, v, raw);
    hl_item_cast(e, hl_item_of(v->type), t, raw, out);
}

static bool is_comparison(int op) { return op == HL_OP_lt || op == HL_OP_le || op == HL_OP_eq || op == HL_OP_ne || op == HL_OP_gt || op == HL_OP_ge; }

static bool is_signed(const hl_type *t) { return hl_is_int(t) && t->flags & HL_T_SIGNED; }

/* uint64 against a signed integer: exact, by looking at the sign first. */
static V compare_mixed(hl_emit *e, int op, const hl_type *a, V x, const hl_type *b, V y)
{
    bool left = is_signed(a);
    V s = left ? x : y, u = left ? y : x;
    s = hl_cast1(e, left ? a : b, hl_T.int64, s);
    V negative = LLVMBuildICmp(e->b, LLVMIntSLT, s, hl_i64(e, 0), "");
    V same = hl_compare(e, (hl_op)op, hl_T.uint64, left ? &s : &u, left ? &u : &s);
    bool less = op == HL_OP_lt || op == HL_OP_le, more = op == HL_OP_gt || op == HL_OP_ge;
    return hl_select(e, negative, hl_bool(e, op == HL_OP_ne || (left ? less : more)), same);
}

/* Bitwise and logical work on bools; true when op was done. */
static bool bool_operator(hl_emit *e, int op, V a, V b, V *out)
{
    switch (op) {
    case HL_OP_add: case HL_OP_or: *out = LLVMBuildOr(e->b, a, b, ""); return true;
    case HL_OP_mul: case HL_OP_and: *out = LLVMBuildAnd(e->b, a, b, ""); return true;
    case HL_OP_xor: *out = LLVMBuildXor(e->b, a, b, ""); return true;
    default: return false;
    }
}

/* a op b on items x of type a and y of type b; the result has type hl_element_result(op, …). */
void hl_item_operator(hl_emit *e, hl_op op, const hl_type *t, const hl_type *a, const V *x, const hl_type *b, const V *y, V *out)
{
    a = hl_unliteral(a), b = hl_unliteral(b);
    V u[2], w[2];
    if (is_comparison(op) && hl_is_intlike(a) && hl_is_intlike(b) && (a == hl_T.uint64 || b == hl_T.uint64) && (is_signed(a) || is_signed(b))) {
        out[0] = compare_mixed(e, op, a, x[0], b, y[0]);
        return;
    }
    hl_item_cast(e, a, t, x, u);
    hl_item_cast(e, b, t, y, w);
    if (is_comparison(op)) out[0] = hl_compare(e, op, t, u, w);
    else if (t->kind == HL_K_BOOL && bool_operator(e, op, u[0], w[0], out)) return;
    else hl_arith(e, NULL, op, t, u, w, out);
}

static void item_binary(hl_emit *e, hl_nest *n, hl_inst *v, V *out)
{
    hl_inst *a = v->args[0], *b = v->args[1];
    hl_op op = (hl_op)hl_element_op(v, v->rule);
    V x[2], y[2];
    hl_nest_value(e, n, a, x);
    if (a == b) memcpy(y, x, sizeof y);
    else hl_nest_value(e, n, b, y);
    hl_item_operator(e, op, hl_element_operand(op, a->type, b->type), hl_item_of(a->type), x, hl_item_of(b->type), y, out);
}

static void item_unary(hl_emit *e, hl_nest *n, hl_inst *v, V *out)
{
    const hl_type *t = hl_item_of(v->type);
    V x[2];
    operand(e, n, v->args[0], t, x);
    if (v->op == HL_OP_pos) memcpy(out, x, sizeof *x * t->nparts);
    else if (t->kind == HL_K_BOOL) out[0] = LLVMBuildNot(e->b, x[0], "");
    else hl_unary(e, (hl_op)v->op, t, x, out);
}

/* A value that scalar emitters find through hl_parts. */
static hl_inst *pretend(hl_emit *e, hl_inst *like, const hl_type *t, V const *parts)
{
    hl_inst *p = HL_NEW(e->arena, hl_inst);
    uint32_t id = e->func->next_inst++;
    V **vals = HL_NEWN(e->arena, V *, id + 1);
    memcpy(vals, e->vals, sizeof *vals * id);
    p->op = HL_OP_cast, p->id = id, p->type = t, p->span = like->span, p->block = like->block;
    vals[id] = HL_NEWN(e->arena, V, t->nparts ? t->nparts : 1);
    for (int k = 0; k < t->nparts; k++) vals[id][k] = parts[k];
    e->vals = vals;
    return p;
}

/* A scalar row over items: its own emitter, on an instruction made up for one item. */
static void item_lift(hl_emit *e, hl_nest *n, hl_inst *v, V *out)
{
    const hl_lift *l = v->data;
    hl_inst one = *n->at;
    one.op = v->op, one.rule = l->row, one.type = l->scalar, one.data = NULL, one.span = v->span;
    one.flags = HL_I_NORAISE, one.nargs = v->nargs;
    one.args = HL_NEWN(e->arena, hl_inst *, v->nargs);
    for (int k = 0; k < v->nargs; k++) {
        one.args[k] = v->args[k];
        if (!item_like(v->args[k]->type)) continue;
        V x[2];
        operand(e, n, v->args[k], l->operand[k], x);
        one.args[k] = pretend(e, v, l->operand[k], x);
    }
    V raw[2];
    hl_emitters[l->row->id](e, &one, raw);
    hl_item_cast(e, l->scalar, hl_item_of(v->type), raw, out);
}

static void item_where(hl_emit *e, hl_nest *n, hl_inst *v, V *out)
{
    const hl_type *t = hl_item_of(v->type);
    V c[2], x[2], y[2];
    hl_nest_value(e, n, v->args[0], c);
    V cond = hl_truth(e, hl_unliteral(hl_item_of(v->args[0]->type)), c);
    operand(e, n, v->args[1], t, x);
    operand(e, n, v->args[2], t, y);
    for (int k = 0; k < t->nparts; k++) out[k] = LLVMBuildSelect(e->b, cond, x[k], y[k], "");
}

/* Does integer x of type `from` lie in the range of type t? Only the ends that are asked for. */
static V in_range(hl_emit *e, const hl_type *from, V x, const hl_type *t, bool low, bool high)
{
    bool s = from->flags & HL_T_SIGNED, ts = t->flags & HL_T_SIGNED;
    V wide = hl_cast1(e, from, s ? hl_T.int64 : hl_T.uint64, x), ok = NULL;
    if (low && s) ok = LLVMBuildICmp(e->b, LLVMIntSGE, wide, hl_i64(e, ts ? INT64_MIN >> (64 - t->bits) : 0), "");
    if (high && t->bits - ts < from->bits - s) ok = hl_both(e, ok, LLVMBuildICmp(e->b, s ? LLVMIntSLE : LLVMIntULE, wide, hl_i64(e, (int64_t)(UINT64_MAX >> (64 - t->bits + ts))), ""));
    return ok ? ok : hl_bool(e, true);
}

/* A limit of np.clip (operand k) beyond what t holds, on the side where it limits nothing (check_numbers refused the other), is the end of t. */
static V bounded(hl_emit *e, hl_inst *v, int k, const hl_type *t, V limit)
{
    bool is_signed = t->flags & HL_T_SIGNED;
    int64_t low = is_signed ? INT64_MIN >> (64 - t->bits) : 0, high = (int64_t)(UINT64_MAX >> (64 - t->bits + is_signed));
    V fits = in_range(e, hl_unliteral(v->type), hl_one(e, v), t, k == 1, k == 2);
    return LLVMBuildSelect(e->b, fits, limit, LLVMConstInt(LLVMTypeOf(limit), (unsigned long long)(k == 1 ? low : high), true), "");
}

/* minimum(maximum(x, lo), hi); a NaN stays a NaN because no comparison with it is true. */
static void item_clip(hl_emit *e, hl_nest *n, hl_inst *v, V *out)
{
    const hl_type *t = hl_item_of(v->type);
    operand(e, n, v->args[0], t, out);
    for (int k = 1; k < 3; k++) {
        if (!item_like(v->args[k]->type)) continue;
        V limit[2];
        operand(e, n, v->args[k], t, limit);
        if (hl_confines(v, k)) limit[0] = bounded(e, v->args[k], k, t, limit[0]);
        V beyond = hl_compare(e, k == 1 ? HL_OP_lt : HL_OP_gt, t, out, limit);
        V bad = hl_is_float(t) ? LLVMBuildFCmp(e->b, LLVMRealUNO, limit[0], limit[0], "") : NULL;
        if (bad && !LLVMIsNull(bad)) beyond = LLVMBuildOr(e->b, beyond, bad, "");
        out[0] = LLVMBuildSelect(e->b, beyond, limit[0], out[0], "");
    }
}

static void item_astype(hl_emit *e, hl_nest *n, hl_inst *v, V *out) { operand(e, n, v->args[0], hl_item_of(v->type), out); }

/* Which item function belongs to which emitter. */
void hl_emit_array_binary(hl_emit *e, hl_inst *i, V *out);
void hl_emit_array_unary(hl_emit *e, hl_inst *i, V *out);
void hl_emit_array_lift(hl_emit *e, hl_inst *i, V *out);
void hl_emit_array_where(hl_emit *e, hl_inst *i, V *out);
void hl_emit_array_clip(hl_emit *e, hl_inst *i, V *out);
void hl_emit_array_astype(hl_emit *e, hl_inst *i, V *out);
void hl_emit_call_ufunc(hl_emit *e, hl_inst *i, V *out);
void hl_item_ufunc(hl_emit *e, hl_nest *n, hl_inst *v, V *out);

hl_item_fn hl_item_of_rule(const hl_inst *v)
{
    static const struct { hl_emit_fn emit; hl_item_fn item; } table[] = {
        {hl_emit_array_binary, item_binary}, {hl_emit_array_unary, item_unary}, {hl_emit_array_lift, item_lift},
        {hl_emit_array_where, item_where},   {hl_emit_array_clip, item_clip},   {hl_emit_array_astype, item_astype},
        {hl_emit_call_ufunc, hl_item_ufunc},
    };
    hl_emit_fn emit = hl_emitters[v->rule->id];
    for (size_t k = 0; k < sizeof table / sizeof *table; k++)
        if (table[k].emit == emit) return table[k].item;
    return NULL;
}

/* --- evaluation ------------------------------------------------------------------------------------------------------------------------ */

/* Is any item negative? */
static V any_negative(hl_emit *e, hl_inst *i, hl_inst *v)
{
    V *parts = hl_array_parts(e, v), x[2];
    hl_nest *n = HL_NEW(e->arena, hl_nest);
    hl_nest_init(n, i, v->type->ndim, &parts[2]);
    int leaf = hl_nest_leaf(e, n, v, v->type, parts), any = hl_nest_accumulate(n, hl_bool(e, false));
    hl_nest_open(e, n);
    hl_nest_load(e, n, leaf, x);
    n->acc[any].next = LLVMBuildOr(e->b, hl_nest_acc(n, any), LLVMBuildICmp(e->b, LLVMIntSLT, x[0], LLVMConstNull(LLVMTypeOf(x[0])), ""), "");
    hl_nest_close(e, n);
    return n->acc[any].next;
}

/* NumPy refuses integers to negative integer powers, wherever the exponents come from, if there is an item to compute. */
static void check_powers(hl_emit *e, hl_inst *i, int nd, V const *shape)
{
    if (!hl_refuses_negative(i)) return;
    hl_inst *by = i->args[1];
    const hl_type *t = hl_unliteral(hl_item_of(by->type));
    V bad = hl_is_array(by->type) ? any_negative(e, i, by)
                                  : LLVMBuildICmp(e->b, LLVMIntSLT, hl_cast1(e, t, hl_T.int64, hl_one(e, by)), hl_i64(e, 0), "");
    if (LLVMIsAConstantInt(bad) && !LLVMConstIntGetZExtValue(bad)) return;
    V none = LLVMBuildICmp(e->b, LLVMIntEQ, hl_array_size(e, nd, shape), hl_i64(e, 0), "");
    hl_check(e, i, LLVMBuildOr(e->b, none, LLVMBuildNot(e->b, bad, ""), ""), HL_ERR_int_to_neg_pow, NULL, NULL);
}

/* Numbers that do not fit the dtype of the arrays beside them; np.clip takes limits that are no limits. */
static void check_numbers(hl_emit *e, hl_inst *i)
{
    static const hl_err errors[] = {HL_ERR_fits_int8, HL_ERR_fits_int16, HL_ERR_fits_int32, HL_ERR_fits_int64, HL_ERR_fits_uint8, HL_ERR_fits_uint16, HL_ERR_fits_uint32, HL_ERR_fits_uint64};
    bool clips = hl_item_of_rule(i) == item_clip;
    for (int k = 0; k < i->nargs; k++) {
        const hl_type *t = hl_confines(i, k), *from = hl_unliteral(i->args[k]->type);
        if (!t) continue;
        V x = hl_one(e, i->args[k]), ok = in_range(e, from, x, t, !clips || k == 2, !clips || k == 1);
        hl_check(e, i, ok, errors[__builtin_ctz(t->bits / 8) + (t->flags & HL_T_SIGNED ? 0 : 4)], hl_cast1(e, from, hl_T.int64, x), NULL);
    }
}

/* What raises does so where the instruction stands, even though its items are computed later. */
static void stand(hl_emit *e, hl_inst *i, V *out)
{
    bool powers = hl_refuses_negative(i);
    check_numbers(e, i);
    V *shape = i->flags & HL_I_STANDS ? out : HL_NEWN(e->arena, V, HL_DIMS);
    if (!powers && shape != out) return;
    hl_shape_of_operands(e, i, hl_ndim_of(i), shape);
    check_powers(e, i, hl_ndim_of(i), shape);
}

void hl_element_evaluate(hl_emit *e, hl_inst *i, V *out)
{
    if (hl_is_fused(i)) {
        stand(e, i, out);
        return;
    }
    V shape[HL_DIMS];
    check_numbers(e, i);
    if (hl_is_array(i->type)) hl_shape_of(e, i, i, shape);
    check_powers(e, i, hl_ndim_of(i), shape);
    if (!hl_is_array(i->type)) { /* of 0-dimensional operands */
        hl_nest *n = HL_NEW(e->arena, hl_nest);
        hl_nest_init(n, i, 0, NULL);
        hl_nest_tree(e, n, i);
        hl_nest_open(e, n);
        hl_nest_value(e, n, i, out);
        hl_nest_close(e, n);
        hl_nest_leave(e, n, NULL, NULL, 0, NULL);
        return;
    }
    hl_new_array(e, i, i->type, shape, false, out);
    hl_nest_assign(e, i, i->type, out, i, NULL);
}

void hl_emit_array_binary(hl_emit *e, hl_inst *i, V *out) { hl_element_evaluate(e, i, out); }
void hl_emit_array_unary(hl_emit *e, hl_inst *i, V *out) { hl_element_evaluate(e, i, out); }
void hl_emit_array_lift(hl_emit *e, hl_inst *i, V *out) { hl_element_evaluate(e, i, out); }
void hl_emit_array_where(hl_emit *e, hl_inst *i, V *out) { hl_element_evaluate(e, i, out); }
void hl_emit_array_clip(hl_emit *e, hl_inst *i, V *out) { hl_element_evaluate(e, i, out); }
void hl_emit_array_astype(hl_emit *e, hl_inst *i, V *out) { hl_element_evaluate(e, i, out); }

/* Is the shape of v, broadcast, that of the destination?  Leading dimensions of 1 may be missing. */
void hl_check_into(hl_emit *e, hl_inst *at, int nd, V const *dest, hl_inst *v, bool in_place)
{
    int nv = hl_ndim_of(v);
    V shape[HL_DIMS], ok = NULL;
    hl_shape_of(e, at, v, shape);
    for (int k = 0; k < nv; k++) {
        V s = shape[k], d = nd - nv + k < 0 ? hl_i64(e, 1) : dest[nd - nv + k];
        if (s == d || hl_const_is(s, 1)) continue;
        V fits = hl_eq64(e, s, d);
        if (!LLVMIsAConstantInt(s)) fits = LLVMBuildOr(e->b, fits, hl_eq64(e, s, hl_i64(e, 1)), "");
        ok = hl_both(e, ok, fits);
    }
    shapes both = {.n = 2, .nd = {nv, nd}, .sizes = {shape, dest}}, three = {.n = 3, .nd = {nd, nv, nd}, .sizes = {dest, shape, dest}};
    check_shapes(e, at, ok, !in_place, in_place ? &three : &both);
}

/* The shapes of the operands of v, or its own when it has been evaluated. */
static shapes operand_shapes(hl_emit *e, hl_inst *at, hl_inst *v)
{
    shapes s = {.n = 0};
    hl_inst *ops[HL_LAZY_OPERANDS] = {v};
    int n = is_open(v) ? hl_lazy_operands(v, ops) : 1;
    for (int k = 0; k < n; k++) {
        V *sizes = HL_NEWN(e->arena, V, HL_DIMS);
        hl_shape_of(e, at, ops[k], sizes);
        s.nd[s.n] = hl_ndim_of(ops[k]), s.sizes[s.n++] = sizes;
    }
    return s;
}

/* out=: unlike a store, it keeps all dimensions of the result. */
void hl_check_out(hl_emit *e, hl_inst *at, int nd, V const *dest, hl_inst *v)
{
    int nv = hl_ndim_of(v), n = nv > nd ? nv : nd;
    V both[HL_DIMS], ok = NULL, held = nv > nd ? hl_bool(e, false) : NULL;
    shapes all = operand_shapes(e, at, v), two = {.n = 2, .nd = {nd, n}, .sizes = {dest, both}};
    all.nd[all.n] = nd, all.sizes[all.n++] = dest;
    for (int k = 0; k < n; k++) both[k] = hl_i64(e, 1);
    for (int k = 0; k < all.n; k++) hl_broadcast(e, n, both, all.nd[k], all.sizes[k], &ok);
    for (int k = 0; k < n && nv <= nd; k++) held = hl_both(e, held, hl_eq64(e, both[k], dest[k]));
    check_shapes(e, at, ok, HL_SHAPES_OPERANDS, &all);
    check_shapes(e, at, held, HL_SHAPES_OUT, &two);
}

/* a += expr: items of a change in place. */
void hl_emit_array_inplace(hl_emit *e, hl_inst *i, V *out)
{
    hl_inst *a = i->args[0], *b = i->args[1];
    const hl_type *t = a->type;
    V *parts = hl_array_parts(e, a);
    for (int k = 0; k < t->nparts; k++) out[k] = parts[k];
    if (t->flags & HL_T_READONLY) {
        hl_check(e, i, hl_bool(e, false), HL_ERR_readonly_out, NULL, NULL);
        return;
    }
    check_numbers(e, i);
    hl_check_into(e, i, t->ndim, &parts[2], b, true);
    check_powers(e, i, t->ndim, &parts[2]);
    hl_nest *n = HL_NEW(e->arena, hl_nest);
    hl_nest_init(n, i, t->ndim, &parts[2]);
    int d = hl_nest_leaf(e, n, NULL, t, parts);
    n->leaf[d].written = true;
    hl_nest_tree(e, n, b);
    V temps = hl_nest_separate(e, n, d, a);
    hl_nest_open(e, n);
    V x[2], y[2], r[2], stored[2];
    hl_nest_load(e, n, d, x);
    hl_nest_value(e, n, b, y);
    const hl_type *work = hl_element_operand(i->op, t, b->type);
    hl_item_operator(e, (hl_op)i->op, work, t->elem, x, hl_item_of(b->type), y, r);
    hl_item_cast(e, hl_element_result(i->op, work), t->elem, r, stored);
    hl_nest_store(e, n, d, stored);
    hl_nest_close(e, n);
    hl_nest_joined(e, temps);
}
