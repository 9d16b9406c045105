/* Loop nests over arrays: element-wise expressions, stores into views, reductions.
 *
 *   for each outer dimension          trip counts: the shape, or 1 when the nest is flat
 *     middle                          1, or blocks of a sum, or single items when an operand is broadcast along the innermost dimension
 *       inner                         the loop that LLVM vectorises: every C operand has a constant step here
 *
 * The operands that occupy memory are *leaves*.  One copy of the body serves all cases that only run time can tell apart;
 * they are told apart by trip counts and steps instead of by versions of the loop:
 *
 *   flat    all leaves are C-contiguous and have the shape of the nest: outer trips are 1, the inner trip is the whole size
 *   fast    no leaf with a constant innermost step is broadcast along that dimension: the inner loop runs along it
 *   slow    one is: the middle loop runs along it instead, with steps read at run time, and the inner loop has one item
 *
 * Stores into memory that nothing else in the nest reaches carry an alias scope, so that the vectoriser needs no checks.
 */
#include "../../runtime/rt_array.h"
#include "../codegen/codegen.h"
#include "array.h"
#include <string.h>

/* --- folding arithmetic --------------------------------------------------------------------------------------------------- */

bool hl_const_int(V v, int64_t *out)
{
    if (!v || !LLVMIsAConstantInt(v)) return false;
    *out = LLVMConstIntGetSExtValue(v);
    return true;
}

bool hl_const_is(V v, int64_t c)
{
    int64_t x;
    return hl_const_int(v, &x) && x == c;
}

V hl_add64(hl_emit *e, V a, V b)
{
    if (hl_const_is(a, 0)) return b;
    if (hl_const_is(b, 0)) return a;
    return LLVMBuildAdd(e->b, a, b, "");
}

V hl_sub64(hl_emit *e, V a, V b)
{
    if (hl_const_is(b, 0)) return a;
    return a == b ? hl_i64(e, 0) : LLVMBuildSub(e->b, a, b, "");
}

V hl_mul64(hl_emit *e, V a, V b)
{
    if (hl_const_is(a, 1)) return b;
    if (hl_const_is(b, 1)) return a;
    if (hl_const_is(a, 0) || hl_const_is(b, 0)) return hl_i64(e, 0);
    return LLVMBuildMul(e->b, a, b, "");
}

V hl_intrinsic(hl_emit *e, const char *name, LLVMTypeRef t, V *args, int n)
{
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    V f = LLVMGetIntrinsicDeclaration(e->mod, id, &t, 1);
    return LLVMBuildCall2(e->b, LLVMIntrinsicGetType(e->lc, id, &t, 1), f, args, (unsigned)n, "");
}

V hl_min64(hl_emit *e, V a, V b)
{
    int64_t x, y;
    if (a == b) return a;
    if (hl_const_int(a, &x) && hl_const_int(b, &y)) return hl_i64(e, x < y ? x : y);
    return hl_intrinsic(e, "llvm.smin", e->i64, (V[]){a, b}, 2);
}

V hl_max64(hl_emit *e, V a, V b)
{
    int64_t x, y;
    if (a == b) return a;
    if (hl_const_int(a, &x) && hl_const_int(b, &y)) return hl_i64(e, x > y ? x : y);
    return hl_intrinsic(e, "llvm.smax", e->i64, (V[]){a, b}, 2);
}

V hl_eq64(hl_emit *e, V a, V b) { return a == b ? hl_bool(e, true) : LLVMBuildICmp(e->b, LLVMIntEQ, a, b, ""); }

V hl_pick(hl_emit *e, V cond, V a, V b)
{
    if (a == b) return a;
    if (LLVMIsAConstantInt(cond)) return LLVMConstIntGetZExtValue(cond) ? a : b;
    return LLVMBuildSelect(e->b, cond, a, b, "");
}

V hl_both(hl_emit *e, V a, V b)
{
    if (!a) return b;
    if (!b) return a;
    if (LLVMIsAConstantInt(a)) return LLVMConstIntGetZExtValue(a) ? b : a;
    if (LLVMIsAConstantInt(b)) return LLVMConstIntGetZExtValue(b) ? a : b;
    return LLVMBuildAnd(e->b, a, b, "");
}

static bool is_false(V c) { return c && LLVMIsAConstantInt(c) && !LLVMConstIntGetZExtValue(c); }

/* --- leaves ------------------------------------------------------------------------------------------------------------------ */

void hl_nest_init(hl_nest *n, hl_inst *at, int nd, V const *shape)
{
    memset(n, 0, sizeof *n);
    n->at = at, n->nd = nd;
    for (int k = 0; k < nd; k++) n->shape[k] = shape[k], n->perm[k] = k;
}

int hl_nest_leaf(hl_emit *e, hl_nest *n, hl_inst *inst, const hl_type *t, V *parts)
{
    hl_leaf *l = &n->leaf[n->nleaf];
    *l = (hl_leaf){.inst = inst, .type = t, .parts = parts};
    (void)e;
    return n->nleaf++;
}

void hl_nest_tree(hl_emit *e, hl_nest *n, hl_inst *v)
{
    if (hl_is_fused(v) || v == n->at) {
        hl_inst *ops[HL_LAZY_OPERANDS];
        int k = hl_lazy_operands(v, ops);
        for (int j = 0; j < k; j++) hl_nest_tree(e, n, ops[j]);
        return;
    }
    if (!hl_is_array(v->type)) return;
    for (int k = 0; k < n->nleaf; k++)
        if (n->leaf[k].inst == v && !n->leaf[k].written) return;
    hl_nest_leaf(e, n, v, v->type, hl_array_parts(e, v));
}

int hl_nest_accumulate(hl_nest *n, V init)
{
    n->acc[n->nacc] = (hl_accumulator){.init = init, .type = LLVMTypeOf(init), .inner = LLVMTypeOf(init)};
    return n->nacc++;
}

/* --- steps and trip counts -------------------------------------------------------------------------------------------------- */

/* Dimension of the leaf that dimension k of the nest runs along; -1: none. */
static int leaf_dim(const hl_nest *n, const hl_leaf *l, int k) { return k - (n->nd - l->type->ndim); }

static void leaf_strides(hl_emit *e, hl_nest *n, hl_leaf *l, V *fast)
{
    int inner = n->nd ? n->perm[n->nd - 1] : -1;
    for (int k = 0; k < n->nd; k++) {
        int d = leaf_dim(n, l, k);
        V zero = hl_i64(e, 0);
        if (d < 0) {
            l->stride[k] = zero;
            continue;
        }
        V size = hl_arr_shape(l->parts, d), stride = hl_arr_stride(l->type, l->parts, d);
        bool same = size == n->shape[k] || l->written;
        V wide = same ? stride : hl_const_is(size, 1) || hl_at_most_one(l->inst, d) ? zero : NULL;
        if (!wide && k == inner && LLVMIsAConstantInt(stride)) {
            *fast = hl_both(e, *fast, hl_eq64(e, size, n->shape[k]));
            l->slow = hl_pick(e, hl_eq64(e, size, hl_i64(e, 1)), zero, stride);
            wide = stride;
        }
        l->stride[k] = wide ? wide : hl_pick(e, hl_eq64(e, size, hl_i64(e, 1)), zero, stride);
    }
    if (!l->slow && n->nd) l->slow = l->stride[inner];
}

/* Can the nest be one loop over all items?  Constant false, constant true, or a test. */
static V flat_test(hl_emit *e, hl_nest *n)
{
    char layout = 0;
    if (n->nd < 2 || n->fixed) return hl_bool(e, false);
    for (int k = 0; k < n->nleaf; k++) {
        const hl_type *t = n->leaf[k].type;
        if (t->ndim == 0) continue;
        if (t->ndim != n->nd || t->layout == 'A' || (layout && layout != t->layout)) return hl_bool(e, false);
        layout = t->layout;
    }
    if (!layout || (n->ordered && layout == 'F')) return hl_bool(e, false);
    if (layout == 'F')
        for (int k = 0; k < n->nd; k++) n->perm[k] = n->nd - 1 - k;
    V ok = NULL;
    for (int k = 0; k < n->nleaf; k++)
        for (int d = 0; n->leaf[k].type->ndim && d < n->nd; d++)
            ok = hl_both(e, ok, hl_eq64(e, hl_arr_shape(n->leaf[k].parts, d), n->shape[d]));
    return ok ? ok : hl_bool(e, true);
}

static void prepare_trips(hl_emit *e, hl_nest *n, V flat, V fast)
{
    int nd = n->nd, in = n->perm[nd - 1];
    V one = hl_i64(e, 1), len = n->shape[in];
    for (int k = 0; k < nd - 1; k++) n->trip[k] = hl_pick(e, flat, one, n->shape[n->perm[k]]);
    if (!is_false(flat)) len = hl_pick(e, flat, hl_array_size(e, nd, n->shape), len);
    n->length = len;
    n->partial = n->blocked; /* rows are blocks of their own */
    n->blocked = n->blocked && (nd == 1 || !is_false(flat));
    if (!n->blocked) {
        n->trip[nd - 1] = hl_pick(e, fast, one, n->shape[in]);
        n->trip[nd] = hl_pick(e, fast, len, one);
        return;
    }
    V blocks = LLVMBuildLShr(e->b, LLVMBuildAdd(e->b, len, hl_i64(e, HL_NEST_BLOCK - 1), ""), hl_i64(e, HL_NEST_SHIFT), "");
    n->trip[nd - 1] = hl_pick(e, fast, blocks, n->shape[in]);
    n->trip[nd] = NULL; /* depends on the block: next_trip */
}

/* Trip count of the inner loop of a sum in blocks. */
static V block_trip(hl_emit *e, hl_nest *n, V block)
{
    V left = hl_sub64(e, n->length, LLVMBuildShl(e->b, block, hl_i64(e, HL_NEST_SHIFT), ""));
    return hl_pick(e, n->fast, hl_min64(e, left, hl_i64(e, HL_NEST_BLOCK)), hl_i64(e, 1));
}

static void alias_scope(hl_emit *e, hl_nest *n)
{
    bool stores = false;
    for (int k = 0; k < n->nleaf; k++) stores |= n->leaf[k].written;
    if (!stores) return;
    size_t nfn;
    const char *fn = LLVMGetValueName2(e->fn, &nfn);
    char name[256];
    int len = snprintf(name, sizeof name, "%.200s.%u", fn, (unsigned)n->at->id);
    LLVMMetadataRef domain = LLVMMDNodeInContext2(e->lc, (LLVMMetadataRef[]){LLVMMDStringInContext2(e->lc, "hl", 2)}, 1);
    LLVMMetadataRef scope = LLVMMDNodeInContext2(e->lc, (LLVMMetadataRef[]){LLVMMDStringInContext2(e->lc, name, (size_t)len), domain}, 2);
    n->scope = LLVMMetadataAsValue(e->lc, LLVMMDNodeInContext2(e->lc, &scope, 1));
}

/* --- opening ------------------------------------------------------------------------------------------------------------------- */

static V level_stride(hl_emit *e, hl_nest *n, hl_leaf *l, int level)
{
    int nd = n->nd;
    if (level < nd - 1) return l->stride[n->perm[level]];
    V inner = l->stride[n->perm[nd - 1]];
    if (level == nd) return inner;
    return n->blocked ? hl_pick(e, n->fast, hl_mul64(e, inner, hl_i64(e, HL_NEST_BLOCK)), l->slow) : l->slow;
}

static void open_level(hl_emit *e, hl_nest *n, int level)
{
    static const char *const names[] = {"outer", "mid", "inner"};
    int nd = n->nd;
    V trip = n->trip[level];
    if (!trip) trip = block_trip(e, n, n->index[nd - 1]);
    n->looped[level] = !hl_const_is(trip, 1);
    V steps[HL_NEST_LEAVES];
    for (int k = 0; k < n->nleaf; k++) steps[k] = n->looped[level] ? level_stride(e, n, &n->leaf[k], level) : NULL;
    if (n->looped[level]) n->loop[level] = hl_for_begin(e, hl_i64(e, 0), trip, names[level < nd - 1 ? 0 : level - nd + 2]);
    n->index[level] = n->looped[level] ? n->loop[level].i : hl_i64(e, 0);
    for (int k = 0; k < n->nacc; k++) {
        hl_accumulator *a = &n->acc[k];
        if (!a->open) a->open = true, a->first = level;
        V before = level == a->first ? a->init : a->phi[level - 1];
        if (level == nd && n->partial && level > a->first) before = LLVMConstNull(a->inner);
        a->phi[level] = n->looped[level] ? hl_for_phi(e, &n->loop[level], before) : before;
    }
    for (int k = 0; k < n->nleaf; k++) {
        hl_leaf *l = &n->leaf[k];
        l->row[level + 1] = !n->looped[level] || hl_const_is(steps[k], 0) ? l->row[level] : hl_gep_bytes(e, l->row[level], hl_mul64(e, n->index[level], steps[k]));
    }
}

/* a[…, j:j+h, k:k+w] in a loop over j and k. */
static bool is_window(const hl_inst *v)
{
    if (!v || v->op != HL_OP_getitem || v->type->ndim < 2 || v->args[1]->op != HL_OP_build_tuple || v->args[1]->nargs < 2) return false;
    for (int k = v->args[1]->nargs - 2; k < v->args[1]->nargs; k++) {
        const hl_inst *s = v->args[1]->args[k];
        if (s->op != HL_OP_build_slice || s->args[0]->type->kind == HL_K_NONE || s->args[1]->type->kind == HL_K_NONE) return false;
        if (!hl_depth_of(s->args[0]) || !hl_depth_of(s->args[1])) return false;
    }
    return true;
}

void hl_nest_prepare(hl_emit *e, hl_nest *n)
{
    V fast = hl_bool(e, true), flat = hl_bool(e, false);
    if (n->nd) {
        flat = flat_test(e, n);
        for (int k = 0; k < n->nleaf; k++) leaf_strides(e, n, &n->leaf[k], &fast);
        n->fast = fast;
        for (int k = 0; k < n->nleaf; k++) n->window |= is_window(n->leaf[k].inst);
        prepare_trips(e, n, flat, fast);
    }
    alias_scope(e, n);
    for (int k = 0; k < n->nleaf; k++) n->leaf[k].row[0] = hl_arr_data(n->leaf[k].parts);
}

void hl_nest_levels(hl_emit *e, hl_nest *n, int from, int to)
{
    if (n->nd == 0) {
        for (int k = 0; k < n->nleaf; k++) n->leaf[k].addr = n->leaf[k].row[0];
        for (int k = 0; k < n->nacc; k++) n->acc[k].phi[0] = n->acc[k].init;
        return;
    }
    for (int k = from; k < to; k++) open_level(e, n, k);
    if (to > n->nd)
        for (int k = 0; k < n->nleaf; k++) n->leaf[k].addr = n->leaf[k].row[n->nd + 1];
}

V hl_nest_acc(hl_nest *n, int k) { return n->acc[k].phi[n->nd]; }

void hl_nest_open(hl_emit *e, hl_nest *n)
{
    hl_nest_prepare(e, n);
    hl_nest_levels(e, n, 0, n->nd + 1);
}

/* The rows of a window are short: vectors of one register, one at a time, and so no second vector loop for what is left; for the two
 * instructions an item of an extreme (pooling, dilation), none at all. */
static void hint_window(hl_emit *e, hl_nest *n, const hl_for *l)
{
    int widest = 1;
    for (int k = 0; k < n->nleaf; k++) widest = hl_itemsize(n->leaf[k].type->elem) > widest ? hl_itemsize(n->leaf[k].type->elem) : widest;
    if (widest >= 16) return;
    V jump = LLVMGetBasicBlockTerminator(LLVMGetInstructionParent(LLVMGetIncomingValue(l->i, 1)));
    bool folds = n->nacc && !n->scope && hl_machine_has("avx"); /* the rest of a row goes through the same vectors, masked */
    hl_hint hints[] = {{"llvm.loop.vectorize.width", n->cheap ? 1 : 32 / widest}, {"llvm.loop.interleave.count", 1}, {"llvm.loop.vectorize.predicate.enable", 1}};
    hl_hint_loop(e, jump, hints, folds && !n->cheap ? 3 : 2);
}

/* Closes levels to-1 … from; acc.next becomes what the accumulators hold behind them. */
void hl_nest_close_levels(hl_emit *e, hl_nest *n, int from, int to)
{
    for (int level = to - 1; level >= from && n->nd; level--) {
        for (int k = 0; k < n->nacc; k++) {
            hl_accumulator *a = &n->acc[k];
            if (n->looped[level] && level >= a->first) hl_for_next(e, &n->loop[level], a->phi[level], a->next);
        }
        if (n->looped[level]) hl_for_end(e, &n->loop[level]);
        if (n->looped[level] && level == n->nd && n->window) hint_window(e, n, &n->loop[level]);
        for (int k = 0; k < n->nacc; k++) {
            hl_accumulator *a = &n->acc[k];
            if (level < a->first) continue;
            if (n->looped[level]) a->next = a->phi[level];
            if (level == n->nd && n->partial && level > a->first) {
                V outer = a->phi[level - 1];
                if (a->inner != a->type) a->next = LLVMBuildFPExt(e->b, a->next, a->type, "");
                a->next = LLVMGetTypeKind(a->type) == LLVMIntegerTypeKind ? LLVMBuildAdd(e->b, outer, a->next, "") : LLVMBuildFAdd(e->b, outer, a->next, "");
            }
        }
    }
}

void hl_nest_close(hl_emit *e, hl_nest *n) { hl_nest_close_levels(e, n, 0, n->nd + 1); }

/* C-order number of the item at hand, for nests that are `ordered`. */
V hl_nest_position(hl_emit *e, hl_nest *n)
{
    V p = hl_i64(e, 0);
    for (int k = 0; k < n->nd - 1; k++) p = hl_mul64(e, hl_add64(e, p, n->index[k]), n->shape[k + 1]);
    return n->nd ? hl_add64(e, hl_add64(e, p, n->index[n->nd - 1]), n->index[n->nd]) : p;
}

/* --- items ---------------------------------------------------------------------------------------------------------------------- */

static void mark(hl_nest *n, hl_emit *e, V access, const hl_leaf *l)
{
    if (!n->scope) return;
    if (!l->written && !l->apart) return;
    const char *kind = l->written ? "alias.scope" : "noalias";
    LLVMSetMetadata(access, LLVMGetMDKindIDInContext(e->lc, kind, (unsigned)strlen(kind)), n->scope);
}

static unsigned item_align(const hl_type *array)
{
    int size = hl_itemsize(array->elem);
    return array->flags & HL_T_UNALIGNED ? 1 : (unsigned)(hl_is_complex(array->elem) ? size / 2 : size);
}

void hl_nest_load(hl_emit *e, hl_nest *n, int leaf, V *out)
{
    hl_leaf *l = &n->leaf[leaf];
    const hl_type *t = l->type->elem;
    LLVMTypeRef mt = hl_is_complex(t) ? (t->bits == 64 ? e->f32 : e->f64) : hl_memory_type(e, t);
    for (int k = 0; k < t->nparts; k++) {
        V at = k ? hl_gep_bytes(e, l->addr, hl_i64(e, hl_itemsize(t) / 2)) : l->addr;
        V v = LLVMBuildLoad2(e->b, mt, at, "");
        LLVMSetAlignment(v, item_align(l->type));
        mark(n, e, v, l);
        out[k] = t->kind == HL_K_BOOL ? LLVMBuildICmp(e->b, LLVMIntNE, v, LLVMConstNull(mt), "") : v;
    }
}

void hl_nest_store(hl_emit *e, hl_nest *n, int leaf, const V *parts)
{
    hl_leaf *l = &n->leaf[leaf];
    const hl_type *t = l->type->elem;
    for (int k = 0; k < t->nparts; k++) {
        V at = k ? hl_gep_bytes(e, l->addr, hl_i64(e, hl_itemsize(t) / 2)) : l->addr;
        V v = t->kind == HL_K_BOOL ? LLVMBuildZExt(e->b, parts[k], e->i8, "") : parts[k];
        V s = LLVMBuildStore(e->b, v, at);
        LLVMSetAlignment(s, item_align(l->type));
        mark(n, e, s, l);
    }
}

void hl_nest_value(hl_emit *e, hl_nest *n, hl_inst *v, V *out)
{
    if (hl_is_fused(v) || v == n->at) {
        hl_item_of_rule(v)(e, n, v, out);
        return;
    }
    if (hl_is_array(v->type)) {
        for (int k = 0; k < n->nleaf; k++)
            if (n->leaf[k].inst == v && !n->leaf[k].written) {
                hl_nest_load(e, n, k, out);
                return;
            }
    }
    V *p = hl_parts(e, v);
    for (int k = 0; k < v->type->nparts; k++) out[k] = p[k];
}

/* --- what may overlap ----------------------------------------------------------------------------------------------------------- */

/* The instruction whose memory v looks into. */
static hl_inst *root_of(hl_inst *v)
{
    while (v->rule && v->nargs && v->op != HL_OP_phi && hl_ir_effects(v) & HL_E_BORROW && hl_is_array(v->args[0]->type)) v = v->args[0];
    return v;
}

/* Memory that this instruction allocated. */
static bool makes_memory(const hl_inst *v)
{
    if (!v->rule || v->op == HL_OP_phi || v->op == HL_OP_param || hl_ir_effects(v) & HL_E_BORROW || v->rule->effects & HL_E_VIEW) return false;
    switch (v->rule->kind) {
    case HL_RULE_FUNC: return v->rule->effects & HL_E_LAZY || (v->rule->key && !strncmp(v->rule->key, "numpy.", 6));
    case HL_RULE_METHOD: return v->rule->self == HL_K_ARRAY;
    default: return v->rule->effects & HL_E_LAZY && v->op != HL_OP_getitem && v->op != HL_OP_itervalue && v->op != HL_OP_unpack_item;
    }
}

bool hl_surely_apart(hl_inst *a, hl_inst *b)
{
    a = root_of(a), b = root_of(b);
    if (a == b) return false;
    bool ma = makes_memory(a), mb = makes_memory(b);
    return (ma && (mb || b->op == HL_OP_param)) || (mb && a->op == HL_OP_param);
}

static bool same_parts(const hl_leaf *a, const hl_leaf *b)
{
    if (a->type->ndim != b->type->ndim || hl_itemsize(a->type->elem) != hl_itemsize(b->type->elem)) return false;
    for (int k = 1; k < a->type->nparts; k++)
        if (a->parts[k] != b->parts[k]) return false;
    return true;
}

/* Memory that several leaves look into, and how far away it is read. */
typedef struct root { hl_inst *inst; V delta; } root;

/* Where to read memory `parts` while d is written (hl_array_apart). */
static V read_at(hl_emit *e, hl_nest *n, const hl_leaf *d, V dslots, const hl_type *t, V *parts, V temps, int flag)
{
    V data = hl_rtcall(e, HL_RT_array_apart, dslots, hl_i32(e, d->type->ndim << 8 | hl_itemsize(d->type->elem)), hl_array_slots(e, t, parts),
                       hl_i32(e, flag | t->ndim << 8 | hl_itemsize(t->elem)), temps);
    hl_check_not_null(e, n->at, data);
    return data;
}

static V *moved(hl_emit *e, const hl_leaf *l, V data)
{
    V *copy = HL_NEWN(e->arena, V, l->type->nparts);
    memcpy(copy, l->parts, sizeof *copy * l->type->nparts);
    copy[1] = data;
    return copy;
}

/* The end of the memory of an array that has no gaps, or of one dimension with a known positive step; NULL: not that simple. */
static V end_of(hl_emit *e, const hl_type *t, V *parts)
{
    int64_t step;
    V bytes;
    if (t->ndim && (t->layout == 'C' || t->layout == 'F')) bytes = hl_mul64(e, hl_array_size(e, t->ndim, parts + 2), hl_i64(e, hl_itemsize(t->elem)));
    else if (t->ndim == 1 && hl_const_int(parts[3], &step) && step > 0) bytes = hl_mul64(e, parts[2], parts[3]);
    else return NULL;
    return LLVMBuildGEP2(e->b, e->i8, hl_arr_data(parts), &bytes, 1, "");
}

/* read_at, behind a test of the two ranges where that is a matter of a few instructions. */
static V read_or_copy(hl_emit *e, hl_nest *n, const hl_leaf *d, V dslots, const hl_type *dt, V *dparts, const hl_type *t, V *parts, V temps, int flag)
{
    V data = hl_arr_data(parts), de = end_of(e, dt, dparts), le = de ? end_of(e, t, parts) : NULL;
    if (!le) return read_at(e, n, d, dslots, t, parts, temps, flag);
    V below = LLVMBuildICmp(e->b, LLVMIntULE, le, hl_arr_data(dparts), ""), above = LLVMBuildICmp(e->b, LLVMIntULE, de, data, "");
    LLVMBasicBlockRef near = hl_bb(e, "near"), apart = hl_bb(e, "apart"), from = hl_here(e);
    hl_cond(e, LLVMBuildOr(e->b, below, above, ""), apart, near);
    hl_at(e, near);
    V moved_to = read_at(e, n, d, dslots, t, parts, temps, flag);
    LLVMBasicBlockRef end = hl_here(e);
    hl_br(e, apart);
    hl_at(e, apart);
    return hl_phi2(e, e->ptr, data, from, moved_to, end);
}

/* Leaves that may overlap what is written are read from a copy of their memory (which keeps their steps), unless they are the very
 * items that are written: those are read before they are written anyway.  Leaves of another array than the written one ask once for
 * that array, because it hardly ever overlaps. */
V hl_nest_separate(hl_emit *e, hl_nest *n, int written, hl_inst *dest)
{
    hl_leaf *d = &n->leaf[written];
    V temps = NULL, dslots = NULL;
    root roots[HL_NEST_LEAVES];
    int nroots = 0;
    for (int k = 0; k < n->nleaf; k++) {
        hl_leaf *l = &n->leaf[k];
        if (k == written || same_parts(l, d)) continue;
        /* the same item read and written in two halves must stay in order */
        l->apart = !hl_is_complex(l->type->elem);
        if (hl_surely_apart(dest, l->inst)) continue;
        if (!temps) {
            temps = hl_alloca(e, e->ptr, "copies");
            LLVMBuildStore(e->b, LLVMConstNull(e->ptr), temps);
            dslots = hl_array_slots(e, d->type, d->parts);
        }
        hl_inst *r = root_of(l->inst);
        if (r == root_of(dest) || r == l->inst || r->op == HL_OP_phi) {
            l->parts = moved(e, l, read_or_copy(e, n, d, dslots, d->type, d->parts, l->type, l->parts, temps, 0));
            continue;
        }
        int at = 0;
        while (at < nroots && roots[at].inst != r) at++;
        if (at == nroots) {
            hl_inst *dr = root_of(dest); /* where both arrays are in one piece, the test is about them, not the views: it moves out of loops */
            bool whole = dr->type->layout != 'A' && dr->op != HL_OP_phi && hl_array_parts(e, dr);
            V *parts = hl_array_parts(e, r);
            V data = read_or_copy(e, n, d, dslots, whole ? dr->type : d->type, whole ? hl_array_parts(e, dr) : d->parts, r->type, parts, temps, HL_APART_WHOLE);
            V delta = LLVMBuildSub(e->b, LLVMBuildPtrToInt(e->b, data, e->i64, ""), LLVMBuildPtrToInt(e->b, hl_arr_data(parts), e->i64, ""), "");
            roots[nroots++] = (root){r, delta};
        }
        l->parts = moved(e, l, LLVMBuildGEP2(e->b, e->i8, hl_arr_data(l->parts), &roots[at].delta, 1, ""));
    }
    return temps;
}

void hl_nest_joined(hl_emit *e, V temps)
{
    if (temps) hl_rtcall(e, HL_RT_array_apart_end, temps);
}

void hl_nest_leave(hl_emit *e, hl_nest *n, const hl_type *const *types, V *const *parts, int count, V temps)
{
    if (!n->failed) return;
    LLVMBasicBlockRef behind = hl_here(e);
    hl_at(e, n->failed);
    hl_nest_joined(e, temps);
    for (int k = 0; k < count; k++) hl_emit_release(e, types[k], parts[k]);
    hl_leave(e, n->at);
    hl_at(e, behind);
}

void hl_nest_assign(hl_emit *e, hl_inst *at, const hl_type *t, V *parts, hl_inst *v, hl_inst *dest)
{
    hl_nest *n = HL_NEW(e->arena, hl_nest);
    hl_nest_init(n, at, t->ndim, &parts[2]);
    int d = hl_nest_leaf(e, n, NULL, t, parts);
    n->leaf[d].written = true;
    hl_nest_tree(e, n, v);
    V temps = NULL;
    if (dest) temps = hl_nest_separate(e, n, d, dest);
    else
        for (int k = 1; k < n->nleaf; k++) n->leaf[k].apart = true;
    hl_nest_open(e, n);
    V item[2], stored[2];
    hl_nest_value(e, n, v, item);
    hl_item_cast(e, hl_item_of(v->type), t->elem, item, stored);
    hl_nest_store(e, n, d, stored);
    hl_nest_close(e, n);
    hl_nest_joined(e, temps);
    hl_nest_leave(e, n, &t, &parts, dest ? 0 : 1, temps);
}
