/* Calls of runtime functions on whole arrays (runtime/rt_call.h): operands laid out in memory, one call, the result read back.
 * A handful of instructions each, whatever the function does. */
#include "array.h"
#include "../../runtime/rt_call.h"
#include <float.h>
#include <string.h>

typedef struct call { V at[64][2]; int n; } call; /* words of each operand: value, npy | ndim << 32 | kind << 48 */

static V word(hl_emit *e, int npy, int ndim, hl_operand_kind kind)
{
    uint64_t w = (uint32_t)npy | (uint64_t)(uint16_t)ndim << 32 | (uint64_t)kind << 48;
    return LLVMConstInt(e->i64, w, false);
}

static void push(hl_emit *e, call *c, V value, int npy, int ndim, hl_operand_kind kind)
{
    if (c->n < 63) c->at[c->n][0] = value, c->at[c->n++][1] = word(e, npy, ndim, kind);
}


static void push_number(hl_emit *e, call *c, const hl_type *t, const V *p)
{
    if (hl_is_intlike(t)) push(e, c, hl_cast1(e, t, t == hl_T.uint64 ? t : hl_T.int64, p[0]), hl_type_to_npy(hl_T.int64), 0, HL_ARG_INT);
    else if (hl_is_float(t)) push(e, c, hl_cast1(e, t, hl_T.float64, p[0]), hl_type_to_npy(hl_T.float64), 0, HL_ARG_FLOAT);
    else {
        V pair[2];
        hl_item_cast(e, t, hl_T.complex128, p, pair);
        V slots = hl_alloca_slots(e, 2);
        hl_store_slots(e, hl_T.complex128, pair, slots);
        push(e, c, slots, hl_type_to_npy(hl_T.complex128), 0, HL_ARG_COMPLEX);
    }
}

static void push_value(hl_emit *e, call *c, const hl_type *t, V *p)
{
    const hl_type *u = hl_unliteral(t);
    if (hl_is_array(t)) push(e, c, hl_array_slots(e, t, p), hl_type_to_npy(t->elem), t->ndim, HL_ARG_ARRAY);
    else if (hl_is_number(u)) push_number(e, c, u, p);
    else if (t->kind == HL_K_LIST) {
        bool arrays = hl_is_array(t->elem);
        push(e, c, p[0], hl_type_to_npy(arrays ? t->elem->elem : t->elem), arrays ? t->elem->ndim : 0, HL_ARG_LIST);
    } else if (t->kind == HL_K_TUPLE)
        for (int k = 0; k < t->nitems; k++) {
            push_value(e, c, t->items[k], p);
            p += t->items[k]->nparts;
        }
    else if (t->kind == HL_K_LITERAL && t->elem->kind == HL_K_STR) { /* side="right" */
        const char *s = hl_literal_str(t);
        push(e, c, hl_i64(e, s && !strcmp(s, "right")), 0, 0, HL_ARG_INT);
    } else if (t->kind == HL_K_DTYPE || t->kind == HL_K_CONST) {
        const hl_type *d = hl_dtype_of(t, NULL);
        push(e, c, hl_i64(e, 0), d ? hl_type_to_npy(d) : 0, 0, HL_ARG_INT);
    } else push(e, c, hl_i64(e, 0), t->kind == HL_K_NONE, 0, HL_ARG_NONE); /* axis=None is not the axis left out */
}

static void push_operand(hl_emit *e, call *c, hl_inst *v)
{
    V *p = v->type->nparts && !(hl_is_literal(v->type) && v->type->elem->kind == HL_K_STR) ? hl_is_array(v->type) ? hl_array_parts(e, v) : hl_parts(e, v) : NULL;
    push_value(e, c, v->type, p);
}

/* Result of type t from the slots: numbers come wide (int64, double, two doubles) unless they are `raw` items of their type. */
static void take_result(hl_emit *e, const hl_type *t, V slots, bool raw, V *out)
{
    if (t->kind == HL_K_NONE) return;
    if (!hl_is_number(t)) {
        hl_load_slots(e, t, slots, out);
        return;
    }
    if (raw) {
        hl_load_item(e, hl_type_array(t, 1, 'C', 0), slots, out);
        return;
    }
    const hl_type *wide = hl_is_complex(t) ? hl_T.complex128 : hl_is_float(t) ? hl_T.float64 : hl_T.int64;
    V in[2];
    hl_load_slots(e, wide, slots, in);
    hl_item_cast(e, wide, t, in, out);
}

static void finish_call(hl_emit *e, hl_inst *i, call *c, hl_rt f, bool raw, V *out)
{
    push(e, c, hl_i64(e, 0), 0, 0, HL_ARG_END);
    V args = hl_alloca_slots(e, 2 * c->n), slots = hl_alloca_slots(e, i->type->nparts < 2 ? 2 : i->type->nparts);
    for (int k = 0; k < c->n; k++)
        for (int w = 0; w < 2; w++) LLVMBuildStore(e->b, c->at[k][w], 2 * k + w ? hl_gep_bytes(e, args, hl_i64(e, 16 * k + 8 * w)) : args);
    hl_check_status(e, i, hl_rtcall(e, f, args, slots));
    take_result(e, i->type, slots, raw, out);
}

static void plain_call(hl_emit *e, hl_inst *i, hl_rt f, bool raw, V *out)
{
    call c = {.n = 0};
    for (int k = 0; k < i->nargs; k++) push_operand(e, &c, i->args[k]);
    finish_call(e, i, &c, f, raw, out);
}

static bool refuse_readonly(hl_emit *e, hl_inst *i, hl_err err)
{
    if (!hl_is_array(i->args[0]->type) || !(i->args[0]->type->flags & HL_T_READONLY)) return false;
    hl_check(e, i, hl_bool(e, false), err, NULL, NULL);
    return true;
}

#define CALL(name) void hl_emit_call_##name(hl_emit *e, hl_inst *i, V *out) { plain_call(e, i, HL_RT_np_##name, false, out); }
CALL(argsort) CALL(partition) CALL(argpartition) CALL(searchsorted) CALL(searchsorted_scalar) CALL(unique) CALL(unique_flags) CALL(slogdet)
CALL(eigh) CALL(eigvalsh) CALL(svd) CALL(svdvals) CALL(qr) CALL(cumsum) CALL(cumprod)
CALL(median) CALL(nanmedian) CALL(concatenate) CALL(stack) CALL(vstack)
CALL(hstack) CALL(column_stack) CALL(dstack) CALL(append) CALL(delete_) CALL(insert) CALL(repeat) CALL(tile) CALL(roll) CALL(take) CALL(bincount)
CALL(digitize) CALL(interp) CALL(histogram) CALL(nonzero) CALL(flatnonzero) CALL(argwhere) CALL(trace) CALL(outer) CALL(norm) CALL(array_equal)
CALL(permutation) CALL(diff) CALL(kron) CALL(isin) CALL(tri) CALL(triu) CALL(tril) CALL(cov) CALL(corrcoef) CALL(trapezoid) CALL(vander)
CALL(cholesky) CALL(inv) CALL(solve) CALL(det) CALL(intersect1d) CALL(union1d) CALL(setdiff1d) CALL(setxor1d) CALL(nanargmax)
CALL(nanargmin) CALL(isclose) CALL(allclose) CALL(pinv) CALL(matrix_rank) CALL(cond) CALL(matrix_power) CALL(gradient)
CALL(nan_to_num) CALL(cross) CALL(average)
#undef CALL
#define RAW(name) void hl_emit_call_##name(hl_emit *e, hl_inst *i, V *out) { plain_call(e, i, HL_RT_np_##name, true, out); }
RAW(take_one) RAW(vdot)
#undef RAW

/* array, asarray of arrays: stacked along a new first axis */
void hl_emit_np_array_stack(hl_emit *e, hl_inst *i, V *out)
{
    call c = {.n = 0};
    push_operand(e, &c, i->args[0]);
    push(e, &c, hl_i64(e, 0), 0, 0, HL_ARG_INT);
    finish_call(e, i, &c, HL_RT_np_stack, false, out);
}

/* Vector times vector of one type of floats is a call by value; everything else goes the general way. */
static void emit_product(hl_emit *e, hl_inst *i, hl_rt general, hl_err mismatch, V *out)
{
    const hl_type *a = i->args[0]->type, *b = i->args[1]->type;
    bool vectors = a->ndim == 1 && b->ndim == 1 && a->elem == b->elem && hl_is_float(a->elem) && !((a->flags | b->flags) & HL_T_UNALIGNED);
    if (!vectors) {
        plain_call(e, i, general, true, out);
        return;
    }
    V *x = hl_array_parts(e, i->args[0]), *y = hl_array_parts(e, i->args[1]);
    V n = hl_arr_shape(x, 0), ny = hl_arr_shape(y, 0);
    bool dot = mismatch == HL_ERR_dot_shape;
    hl_check(e, i, hl_eq64(e, n, ny), mismatch, dot ? n : ny, dot ? ny : n);
    out[0] = hl_rtcall(e, a->elem == hl_T.float64 ? HL_RT_dot_f64 : HL_RT_dot_f32, n, hl_arr_data(x), hl_arr_stride(a, x, 0), hl_arr_data(y), hl_arr_stride(b, y, 0));
}

void hl_emit_call_dot(hl_emit *e, hl_inst *i, V *out) { emit_product(e, i, HL_RT_np_dot, HL_ERR_dot_shape, out); }
void hl_emit_call_matmul(hl_emit *e, hl_inst *i, V *out) { emit_product(e, i, HL_RT_np_matmul, HL_ERR_matmul_shape, out); }
#define IN_PLACE(name, err) void hl_emit_call_##name(hl_emit *e, hl_inst *i, V *out) { if (!refuse_readonly(e, i, err)) plain_call(e, i, HL_RT_np_##name, false, out); }
IN_PLACE(partition_method, HL_ERR_readonly_partition) IN_PLACE(shuffle, HL_ERR_readonly_array) IN_PLACE(fill_diagonal, HL_ERR_readonly_underlying)
#undef IN_PLACE

/* sort: a, axis, kind; also stable=True */
static void emit_sort(hl_emit *e, hl_inst *i, hl_rt f, V *out)
{
    call c = {.n = 0};
    for (int k = 0; k < 2; k++) push_operand(e, &c, i->args[k]);
    push(e, &c, hl_i64(e, hl_sort_kind_of(i->args[2]->type, i->args[3]->type) == 1), 0, 0, HL_ARG_INT);
    finish_call(e, i, &c, f, false, out);
}

void hl_emit_call_sort(hl_emit *e, hl_inst *i, V *out) { emit_sort(e, i, HL_RT_np_sort, out); }
void hl_emit_call_sort_method(hl_emit *e, hl_inst *i, V *out) { if (!refuse_readonly(e, i, HL_ERR_readonly_sort)) emit_sort(e, i, HL_RT_np_sort_method, out); }

/* percentile and its like: a, q, axis and the method */
#define QUANTILE(name)                                                                                                 \
    void hl_emit_call_##name(hl_emit *e, hl_inst *i, V *out)                                                          \
    {                                                                                                                  \
        call c = {.n = 0};                                                                                             \
        for (int k = 0; k < 3; k++) push_operand(e, &c, i->args[k]);                                                   \
        push(e, &c, hl_i64(e, hl_quantile_method_of(i->args[3]->type)), 0, 0, HL_ARG_INT);                             \
        finish_call(e, i, &c, HL_RT_np_##name, false, out);                                                            \
    }
QUANTILE(percentile) QUANTILE(quantile) QUANTILE(nanpercentile) QUANTILE(nanquantile)
#undef QUANTILE

/* convolve, correlate: two vectors, and the mode: 0 valid, 1 same, 2 full, or a string that the runtime looks at */
static void emit_convolution(hl_emit *e, hl_inst *i, hl_rt f, int otherwise, V *out)
{
    const hl_type *t = i->args[2]->type;
    call c = {.n = 0};
    for (int k = 0; k < 2; k++) push_operand(e, &c, i->args[k]);
    if (t->kind == HL_K_STR) push(e, &c, hl_one(e, i->args[2]), 0, 0, HL_ARG_NONE);
    else {
        const char *mode = t->kind == HL_K_OMITTED ? NULL : hl_literal_str(t);
        push(e, &c, hl_i64(e, !mode ? otherwise : *mode == 'v' ? 0 : *mode == 's' ? 1 : 2), 0, 0, HL_ARG_INT);
    }
    finish_call(e, i, &c, f, false, out);
}

void hl_emit_call_convolve(hl_emit *e, hl_inst *i, V *out) { emit_convolution(e, i, HL_RT_np_convolve, 2, out); }
void hl_emit_call_correlate(hl_emit *e, hl_inst *i, V *out) { emit_convolution(e, i, HL_RT_np_correlate, 0, out); }

/* polyval of real numbers at one of them: Horner's rule, here */
void hl_emit_call_polyval(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *p = i->args[0]->type, *x = hl_unliteral(i->args[1]->type);
    if (!hl_is_array(p) || hl_is_array(x) || !hl_is_float(i->type)) {
        plain_call(e, i, HL_RT_np_polyval, true, out);
        return;
    }
    V *a = hl_array_parts(e, i->args[0]), at = hl_cast1(e, x, i->type, hl_one(e, i->args[1])), item[2];
    hl_for l = hl_for_begin(e, hl_i64(e, 0), hl_arr_shape(a, 0), "k");
    V y = hl_for_phi(e, &l, LLVMConstReal(LLVMTypeOf(at), 0));
    hl_load_item(e, p, hl_gep_bytes(e, hl_arr_data(a), hl_mul64(e, l.i, hl_arr_stride(p, a, 0))), item);
    hl_for_next(e, &l, y, LLVMBuildFAdd(e->b, LLVMBuildFMul(e->b, y, at, ""), hl_cast1(e, p->elem, i->type, item[0]), ""));
    hl_for_end(e, &l);
    out[0] = y;
}

/* nan_to_num(x, copy=False): x itself comes back, borrowed */
void hl_emit_call_nan_to_num_here(hl_emit *e, hl_inst *i, V *out)
{
    if (!hl_is_intlike(i->type->elem)) refuse_readonly(e, i, HL_ERR_readonly); /* in whole numbers nothing is replaced */
    plain_call(e, i, HL_RT_np_nan_to_num, false, out);
}

/* nan_to_num of a number */
void hl_emit_nan_to_num_number(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->type;
    double most = t == hl_T.float32 ? FLT_MAX : DBL_MAX, otherwise[3] = {0, most, -most};
    V x = hl_cast1(e, hl_unliteral(i->args[0]->type), t, hl_one(e, i->args[0])), with[3];
    for (int k = 0; k < 3; k++) {
        const hl_type *g = hl_unliteral(i->args[2 + k]->type);
        with[k] = hl_is_number(g) ? hl_cast1(e, g, hl_T.float64, hl_one(e, i->args[2 + k])) : hl_f64(e, otherwise[k]);
    }
    out[0] = hl_is_float(t) ? hl_cast1(e, hl_T.float64, t, hl_rtcall(e, HL_RT_replace_special, hl_cast1(e, t, hl_T.float64, x), with[0], with[1], with[2])) : x;
}

/* indexing=, vectors */
void hl_emit_call_meshgrid(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *indexing = i->args[0]->type;
    call c = {.n = 0};
    push(e, &c, hl_i64(e, hl_is_literal(indexing) && *hl_literal_str(indexing) == 'i'), 0, 0, HL_ARG_INT);
    for (int k = 1; k < i->nargs; k++) push_operand(e, &c, i->args[k]);
    finish_call(e, i, &c, HL_RT_np_meshgrid, false, out);
}

/* --- random numbers ------------------------------------------------------------------------------------------------------------ */

typedef struct distribution { const char *name; int number, nparams; double params[3]; } distribution;
#define D(name, id, n, ...) {name, HL_DIST_##id, n, {__VA_ARGS__}}
#define I(name, id, n, ...) {name, 1000 + HL_IDIST_##id, n, {__VA_ARGS__}}
static const distribution distributions[] = {
    D("random", RANDOM, 0, 0), D("random_sample", RANDOM, 0, 0), D("ranf", RANDOM, 0, 0), D("sample", RANDOM, 0, 0), D("rand", RANDOM, 0, 0),
    D("randn", STANDARD_NORMAL, 0, 0), D("standard_normal", STANDARD_NORMAL, 0, 0), D("uniform", UNIFORM, 2, 0, 1), D("normal", NORMAL, 2, 0, 1),
    D("standard_exponential", STANDARD_EXPONENTIAL, 0, 0), D("exponential", EXPONENTIAL, 1, 1), D("standard_gamma", STANDARD_GAMMA, 1, 1),
    D("gamma", GAMMA, 2, 1, 1), D("beta", BETA, 2, 1, 1), D("chisquare", CHISQUARE, 1, 1), D("f", F, 2, 1, 1), D("standard_t", STANDARD_T, 1, 1),
    D("standard_cauchy", STANDARD_CAUCHY, 0, 0), D("laplace", LAPLACE, 2, 0, 1), D("logistic", LOGISTIC, 2, 0, 1), D("lognormal", LOGNORMAL, 2, 0, 1),
    D("gumbel", GUMBEL, 2, 0, 1), D("pareto", PARETO, 1, 1), D("power", POWER, 1, 1), D("rayleigh", RAYLEIGH, 1, 1), D("weibull", WEIBULL, 1, 1),
    D("wald", WALD, 2, 1, 1), D("vonmises", VONMISES, 2, 0, 1), D("triangular", TRIANGULAR, 3, 0, 0, 1),
    I("poisson", POISSON, 1, 1), I("binomial", BINOMIAL, 2, 1, 0.5), I("geometric", GEOMETRIC, 1, 0.5), I("negative_binomial", NEGATIVE_BINOMIAL, 2, 1, 0.5),
    I("zipf", ZIPF, 1, 2), I("logseries", LOGSERIES, 1, 0.5), I("hypergeometric", HYPERGEOMETRIC, 3, 1, 1, 1),
};
#undef D
#undef I

static const distribution *distribution_of(const hl_rule *row)
{
    const char *name = strrchr(row->key, '.') + 1;
    for (size_t k = 0; k < sizeof distributions / sizeof *distributions; k++)
        if (!strcmp(distributions[k].name, name)) return &distributions[k];
    return NULL;
}

static V real_param(hl_emit *e, hl_inst *i, const distribution *d, int k)
{
    if (k >= d->nparams || i->args[k]->type->kind == HL_K_OMITTED || i->args[k]->type->kind == HL_K_NONE) return hl_f64(e, k < d->nparams ? d->params[k] : 0);
    return hl_cast1(e, hl_unliteral(i->args[k]->type), hl_T.float64, hl_one(e, i->args[k]));
}

/* parameters, then the size (or, for rand and randn, sizes) */
void hl_emit_random(hl_emit *e, hl_inst *i, V *out)
{
    const distribution *d = distribution_of(i->rule);
    V p[3];
    for (int k = 0; k < 3; k++) p[k] = real_param(e, i, d, k);
    if (!hl_is_array(i->type)) {
        if (d->number == HL_DIST_RANDOM) out[0] = hl_rtcall(e, HL_RT_random_double);
        else if (d->number == HL_DIST_STANDARD_NORMAL) out[0] = hl_rtcall(e, HL_RT_random_gauss);
        else {
            bool whole = d->number >= 1000;
            V slot = hl_alloca_slots(e, 1);
            hl_check_status(e, i, hl_rtcall(e, whole ? HL_RT_random_fill_int : HL_RT_random_fill, hl_i32(e, d->number % 1000), p[0], p[1], p[2], hl_i64(e, 1), slot));
            out[0] = LLVMBuildLoad2(e->b, whole ? e->i64 : e->f64, slot, "");
        }
        return;
    }
    call c = {.n = 0};
    push(e, &c, hl_i64(e, d->number), 0, 0, HL_ARG_INT);
    for (int k = 0; k < 3; k++) push(e, &c, p[k], hl_type_to_npy(hl_T.float64), 0, HL_ARG_FLOAT);
    for (int k = d->nparams; k < i->nargs; k++) push_operand(e, &c, i->args[k]);
    finish_call(e, i, &c, HL_RT_np_random_array, false, out);
}

void hl_emit_random_seed(hl_emit *e, hl_inst *i, V *out)
{
    (void)out;
    hl_check_status(e, i, hl_rtcall(e, HL_RT_random_seed, hl_one(e, i->args[0])));
}

/* randint: low, high=, size=, dtype= */
void hl_emit_randint(hl_emit *e, hl_inst *i, V *out)
{
    bool alone = i->args[1]->type->kind == HL_K_OMITTED || i->args[1]->type->kind == HL_K_NONE;
    V low = alone ? hl_i64(e, 0) : hl_one(e, i->args[0]), high = hl_one(e, i->args[alone ? 0 : 1]);
    const hl_type *item = hl_item_of(i->type);
    if (!hl_is_array(i->type)) {
        V slot = hl_alloca_slots(e, 1);
        hl_check_status(e, i, hl_rtcall(e, HL_RT_random_ints, low, high, hl_i64(e, 1), hl_i32(e, hl_type_to_npy(item)), slot));
        hl_load_item(e, hl_type_array(item, 1, 'C', 0), slot, out);
        return;
    }
    call c = {.n = 0};
    push(e, &c, low, 0, 0, HL_ARG_INT);
    push(e, &c, high, 0, 0, HL_ARG_INT);
    push(e, &c, hl_i64(e, 0), hl_type_to_npy(item), 0, HL_ARG_INT);
    push_operand(e, &c, i->args[2]);
    finish_call(e, i, &c, HL_RT_np_random_ints_array, false, out);
}

/* choice: a, size=, replace=, p= */
void hl_emit_choice(hl_emit *e, hl_inst *i, V *out)
{
    call c = {.n = 0};
    push_operand(e, &c, i->args[0]);
    push_operand(e, &c, i->args[2]);
    push_operand(e, &c, i->args[3]);
    push_operand(e, &c, i->args[1]);
    finish_call(e, i, &c, HL_RT_np_choice, false, out);
}

/* --- advanced indices ------------------------------------------------------------------------------------------------------------ */

static bool is_indexed(hl_index_kind kind) { return kind == HL_IX_ARRAY || kind == HL_IX_MASK || kind == HL_IX_INT; }

/* Does a slice, None or ... stand between the arrays and ints of an index?  The dimensions of the arrays come first then. */
static bool is_apart(const hl_index_plan *p)
{
    int runs = 0;
    for (int k = 0; k < p->n; k++) runs += is_indexed(p->at[k].kind) && (k == 0 || !is_indexed(p->at[k - 1].kind));
    return runs > 1;
}

/* The view's dimensions in another order: those marked first. */
static void marked_first(hl_emit *e, const hl_type *vt, V *view, const bool *marked)
{
    int nd = vt->ndim, at = 0;
    V *was = HL_NEWN(e->arena, V, vt->nparts);
    memcpy(was, view, sizeof *was * (size_t)vt->nparts);
    for (int turn = 0; turn < 2; turn++)
        for (int k = 0; k < nd; k++)
            if (marked[k] == !turn) view[2 + at] = was[2 + k], view[2 + nd + at++] = was[2 + nd + k];
}

/* The basic parts of the index applied, the indexed dimensions left as they are; then the index arrays. */
static void fancy(hl_emit *e, hl_inst *i, hl_inst *value, hl_rt f, V *out)
{
    const hl_type *t = i->args[0]->type;
    hl_index_plan p, basic;
    const char *why;
    hl_index_plan_make(t, i->args[1]->type, &p, &why);
    basic = (hl_index_plan){.layout = 'A'};
    bool marked[3 * HL_DIMS] = {false};
    int before = 0, first = -1, axis = 0, n = 0;
    uint64_t axes = 0; /* of the array, one for each index */
    for (int k = 0; k < p.n; k++) {
        hl_index_kind kind = p.at[k].kind;
        bool indexed = is_indexed(kind);
        if (indexed && first < 0) first = k, before = basic.n;
        int dims = kind == HL_IX_MASK ? p.at[k].type->ndim : 1;
        for (int d = 0; indexed && d < dims; d++, n++) {
            if (n < HL_INDEX_AXES) axes |= (uint64_t)(axis + d) << (8 + 5 * n);
            marked[basic.n] = true, basic.at[basic.n++] = (hl_index_item){HL_IX_FULL, NULL, 0};
        }
        if (!indexed) basic.at[basic.n++] = p.at[k];
        axis += kind == HL_IX_NEW ? 0 : dims;
    }
    const hl_type *vt = hl_type_array(t->elem, basic.n, 'A', t->flags);
    V *index = hl_arg(e, i, 1), *view = HL_NEWN(e->arena, V, vt->nparts);
    hl_index_view(e, i, t, hl_array_parts(e, i->args[0]), &basic, index, view);
    if (is_apart(&p)) before = 0, marked_first(e, vt, view, marked);
    call c = {.n = 0};
    push_value(e, &c, vt, view);
    push(e, &c, hl_i64(e, (int64_t)(axes | (uint64_t)before)), 0, 0, HL_ARG_INT);
    if (value) push_operand(e, &c, value);
    else push(e, &c, hl_i64(e, 0), 0, 0, HL_ARG_NONE);
    for (int k = 0; k < p.n; k++)
        if (is_indexed(p.at[k].kind)) push_value(e, &c, p.at[k].type, &index[p.at[k].part]);
    finish_call(e, i, &c, f, false, out);
}

/* a[index] of one dimension each: a loop here.  A bad index reads item 0 and is remembered; the runtime then says what is wrong. */
static void gather(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->args[0]->type, *ti = i->args[1]->type;
    V *a = hl_array_parts(e, i->args[0]), *index = hl_array_parts(e, i->args[1]), size = hl_arr_shape(a, 0), zero = hl_i64(e, 0);
    V none = LLVMBuildICmp(e->b, LLVMIntEQ, size, zero, ""), some = LLVMBuildICmp(e->b, LLVMIntNE, index[2], zero, "");
    hl_new_array(e, i, i->type, index + 2, false, out);
    hl_nest *n = HL_NEW(e->arena, hl_nest);
    V turns = hl_select(e, none, zero, index[2]);
    hl_nest_init(n, i, 1, &turns);
    int to = hl_nest_leaf(e, n, NULL, i->type, out), from = hl_nest_leaf(e, n, NULL, ti, index);
    n->leaf[to].written = n->leaf[from].written = true; /* neither is broadcast */
    int bad = hl_nest_accumulate(n, LLVMBuildAnd(e->b, none, some, ""));
    hl_nest_open(e, n);
    V k, item[2];
    hl_nest_load(e, n, from, &k);
    k = hl_index_value(e, ti->elem, k);
    if (ti->elem->flags & HL_T_SIGNED) k = LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, k, zero, ""), LLVMBuildAdd(e->b, k, size, ""), k, "");
    V ok = LLVMBuildICmp(e->b, LLVMIntULT, k, size, "");
    k = LLVMBuildSelect(e->b, ok, k, zero, "");
    hl_load_item(e, t, hl_gep_bytes(e, a[1], hl_mul64(e, k, hl_arr_stride(t, a, 0))), item);
    hl_nest_store(e, n, to, item);
    n->acc[bad].next = LLVMBuildOr(e->b, hl_nest_acc(n, bad), LLVMBuildNot(e->b, ok, ""), "");
    hl_nest_close(e, n);
    LLVMBasicBlockRef fail = hl_bb(e, "fail"), done = hl_bb(e, "ok");
    hl_cond(e, n->acc[bad].next, fail, done);
    hl_at(e, fail);
    V ignored[4];
    hl_emit_release(e, i->type, out);
    fancy(e, i, NULL, HL_RT_np_fancy_get, ignored);
    LLVMBuildUnreachable(e->b);
    hl_at(e, done);
}

void hl_emit_array_fancy(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->args[0]->type, *ti = i->args[1]->type;
    if (t->ndim == 1 && hl_is_array(ti) && ti->ndim == 1 && hl_is_int(ti->elem) && !hl_is_complex(t->elem)) gather(e, i, out);
    else fancy(e, i, NULL, HL_RT_np_fancy_get, out);
}

void hl_emit_array_set_fancy(hl_emit *e, hl_inst *i, V *out)
{
    if (!refuse_readonly(e, i, HL_ERR_readonly)) fancy(e, i, i->args[2], HL_RT_np_fancy_set, out);
}
