/* Code of ranges and iterators.
 *
 *   iterator    state (slots)                       step
 *   range       next, stop                          a step of 1 or -1, known to the type: next < stop, then next += 1
 *               k, n, start, step                   otherwise, and backwards: the item count n first, then k < n (no overflow at the ends)
 *   list        list, next, current                 next < len(list), read each time: the body may change the list
 *   tuple       next, current, items …              next < n
 *   reversed    the two above from the end
 *   enumerate   next number, sub-state
 *   zip         sub-states
 *
 * These are the loop shapes that LLVM knows (one phi, one compare with an invariant).  Ranges and arrays step in
 * `value`: in front of the compare the sum would be one phi more in every rotated loop. */
#include "iterate.h"
#include "container.h"
#include <string.h>

const hl_iterating *hl_iterating_of(const hl_type *iter)
{
    switch ((hl_iter_kind)iter->ival) {
#define ITERATE(kind, name) case HL_ITER_##kind: return &hl_iterate_##name;
#include "iterate.def"
#undef ITERATE
    default: return NULL;
    }
}

V hl_iter_slot(hl_emit *e, V state, int k)
{
    return k ? hl_gep_bytes(e, state, hl_i64(e, 8 * k)) : state;
}

V hl_iter_get(hl_emit *e, V state, int k) { return LLVMBuildLoad2(e->b, e->i64, hl_iter_slot(e, state, k), ""); }
void hl_iter_set(hl_emit *e, V state, int k, V v) { LLVMBuildStore(e->b, v, hl_iter_slot(e, state, k)); }

static V get_ptr(hl_emit *e, V state, int k) { return LLVMBuildLoad2(e->b, e->ptr, hl_iter_slot(e, state, k), ""); }

/* Steps slot `next` by `by` and copies it to `current`; gives the old value. */
static V advance(hl_emit *e, V state, int next, int current, int by)
{
    V at = hl_iter_get(e, state, next);
    hl_iter_set(e, state, current, at);
    hl_iter_set(e, state, next, LLVMBuildNSWAdd(e->b, at, hl_i64(e, by), ""));
    return at;
}

/* The old value of slot `next`, which goes on by `by`. */
V hl_iter_take(hl_emit *e, V state, int next, int by)
{
    V at = hl_iter_get(e, state, next);
    hl_iter_set(e, state, next, LLVMBuildNSWAdd(e->b, at, hl_i64(e, by), ""));
    return at;
}

/* --- range ------------------------------------------------------------------------------------------------------------ */

/* Number of items, as an unsigned 64-bit number. */
V hl_range_count(hl_emit *e, const V *r)
{
    V start = r[0], stop = r[1], step = r[2], one = hl_i64(e, 1), zero = hl_zero(e);
    if (LLVMIsAConstantInt(step) && LLVMConstIntGetSExtValue(step) == 1)
        return hl_select(e, hl_icmp(e, LLVMIntSLT, start, stop), LLVMBuildSub(e->b, stop, start, ""), zero);
    V up = hl_icmp(e, LLVMIntSGT, step, zero);
    V low = hl_select(e, up, start, stop), high = hl_select(e, up, stop, start);
    V size = hl_select(e, up, step, LLVMBuildNeg(e->b, step, ""));
    V span = LLVMBuildSub(e->b, LLVMBuildSub(e->b, high, low, ""), one, "");
    V n = hl_add(e, LLVMBuildUDiv(e->b, span, size, ""), one);
    return hl_select(e, hl_icmp(e, LLVMIntSLT, low, high), n, zero);
}

void hl_emit_range(hl_emit *e, hl_inst *i, V *out)
{
    bool one = hl_is_omitted(i, 1);
    out[0] = one ? hl_zero(e) : hl_one(e, i->args[0]);
    out[1] = hl_one(e, i->args[one ? 0 : 1]);
    out[2] = hl_is_omitted(i, 2) ? hl_i64(e, 1) : hl_one(e, i->args[2]);
    if (!(i->flags & HL_I_NORAISE))
        hl_check(e, i, hl_icmp(e, LLVMIntNE, out[2], hl_zero(e)), HL_ERR_range_step, NULL, NULL);
}

void hl_emit_range_start(hl_emit *e, hl_inst *i, V *out) { out[0] = hl_arg(e, i, 0)[0]; }
void hl_emit_range_stop(hl_emit *e, hl_inst *i, V *out) { out[0] = hl_arg(e, i, 0)[1]; }
void hl_emit_range_step(hl_emit *e, hl_inst *i, V *out) { out[0] = hl_arg(e, i, 0)[2]; }
void hl_emit_len_range(hl_emit *e, hl_inst *i, V *out) { out[0] = hl_range_count(e, hl_arg(e, i, 0)); }

void hl_emit_range_truth(hl_emit *e, hl_inst *i, V *out)
{
    out[0] = hl_icmp(e, LLVMIntNE, hl_range_count(e, hl_arg(e, i, 0)), hl_zero(e));
}

void hl_emit_range_item(hl_emit *e, hl_inst *i, V *out)
{
    V *r = hl_arg(e, i, 0), k = hl_one(e, i->args[1]), n = hl_range_count(e, r);
    k = hl_select(e, hl_icmp(e, LLVMIntSLT, k, hl_zero(e)), hl_add(e, k, n), k);
    hl_check(e, i, hl_icmp(e, LLVMIntULT, k, n), HL_ERR_index_range, NULL, NULL);
    out[0] = hl_add(e, r[0], LLVMBuildMul(e->b, k, r[2], ""));
}

/* x in r: between the ends, and a whole number of steps from the start. */
void hl_emit_range_in(hl_emit *e, hl_inst *i, V *out)
{
    V x = hl_one(e, i->args[0]), *r = hl_arg(e, i, 1), zero = hl_zero(e);
    V up = hl_icmp(e, LLVMIntSGT, r[2], zero);
    V inside_up = LLVMBuildAnd(e->b, hl_icmp(e, LLVMIntSGE, x, r[0]), hl_icmp(e, LLVMIntSLT, x, r[1]), "");
    V inside_down = LLVMBuildAnd(e->b, hl_icmp(e, LLVMIntSLE, x, r[0]), hl_icmp(e, LLVMIntSGT, x, r[1]), "");
    V far = hl_select(e, up, LLVMBuildSub(e->b, x, r[0], ""), LLVMBuildSub(e->b, r[0], x, ""));
    V size = hl_select(e, up, r[2], LLVMBuildNeg(e->b, r[2], ""));
    V whole = hl_icmp(e, LLVMIntEQ, LLVMBuildURem(e->b, far, size, ""), zero);
    out[0] = LLVMBuildAnd(e->b, hl_select(e, up, inside_up, inside_down), whole, "");
    if (i->op == HL_OP_not_in) out[0] = LLVMBuildNot(e->b, out[0], "");
}

/* Ranges are equal when they are equal as sequences. */
void hl_emit_range_eq(hl_emit *e, hl_inst *i, V *out)
{
    V *a = hl_arg(e, i, 0), *b = hl_arg(e, i, 1), na = hl_range_count(e, a), nb = hl_range_count(e, b);
    V none = hl_icmp(e, LLVMIntEQ, na, hl_zero(e)), single = hl_icmp(e, LLVMIntEQ, na, hl_i64(e, 1));
    V start = hl_icmp(e, LLVMIntEQ, a[0], b[0]), step = hl_icmp(e, LLVMIntEQ, a[2], b[2]);
    V rest = LLVMBuildAnd(e->b, start, LLVMBuildOr(e->b, single, step, ""), "");
    out[0] = LLVMBuildAnd(e->b, hl_icmp(e, LLVMIntEQ, na, nb), LLVMBuildOr(e->b, none, rest, ""), "");
    if (i->op == HL_OP_ne) out[0] = LLVMBuildNot(e->b, out[0], "");
}

static int unit_step(const hl_type *iter) { return iter->nitems == 2 ? (int)iter->items[1]->ival : 0; }

static int range_slots(hl_emit *e, const hl_type *iter) { return unit_step(iter) ? 2 : 4; }

static void set_counted(hl_emit *e, V state, V n, V start, V step)
{
    V slots[] = {hl_zero(e), n, start, step};
    for (int k = 0; k < 4; k++) hl_iter_set(e, state, k, slots[k]);
}

static void range_init(hl_emit *e, const hl_iterator *it, const V *r)
{
    if (!unit_step(it->type)) {
        set_counted(e, it->state, hl_range_count(e, r), r[0], r[2]);
        return;
    }
    hl_iter_set(e, it->state, 0, r[0]);
    hl_iter_set(e, it->state, 1, r[1]);
}

static V range_next(hl_emit *e, const hl_iterator *it)
{
    int step = unit_step(it->type);
    V at = hl_iter_get(e, it->state, 0);
    return hl_icmp(e, step > 0 ? LLVMIntSLT : step < 0 ? LLVMIntSGT : LLVMIntULT, at, hl_iter_get(e, it->state, 1));
}

static bool written(const hl_inst *v, int64_t *n)
{
    while (v->op == HL_OP_cast) v = v->args[0];
    *n = 0;
    return v->op == HL_OP_omitted || (v->op == HL_OP_const && v->type && hl_literal_int(v->type, n));
}

/* Is k * step known to fit?  An item always does, but its distance from the start may need 65 bits: range(-2**63, 2**63 - 1, 2**62).
 * It fits from 0 on in any steps, and upwards from anything above. */
static bool distance_fits(const hl_inst *i)
{
    const hl_inst *range = i->nargs && i->args[0]->op == HL_OP_getiter ? i->args[0]->args[0] : NULL;
    if (!range || !range->rule || (range->rule->id != HL_R_range && range->rule->id != HL_R_prange)) return false;
    int64_t start, step;
    if (range->args[1]->op == HL_OP_omitted) return true;
    return written(range->args[0], &start) && (start == 0 || (start > 0 && written(range->args[2], &step) && step >= 0));
}

static void range_value(hl_emit *e, const hl_iterator *it, V *out)
{
    int unit = unit_step(it->type);
    out[0] = hl_iter_take(e, it->state, 0, unit ? unit : 1);
    if (unit) return;
    V start = hl_iter_get(e, it->state, 2), step = hl_iter_get(e, it->state, 3);
    if (distance_fits(it->at)) out[0] = LLVMBuildNSWAdd(e->b, start, LLVMBuildNSWMul(e->b, out[0], step, ""), "");
    else out[0] = hl_add(e, start, LLVMBuildMul(e->b, out[0], step, ""));
}

const hl_iterating hl_iterate_range = {range_slots, range_init, range_next, range_value};

/* --- list ----------------------------------------------------------------------------------------------------------------- */

static int list_slots(hl_emit *e, const hl_type *iter) { return 3; }

static void list_init(hl_emit *e, const hl_iterator *it, const V *list)
{
    LLVMBuildStore(e->b, list[0], hl_iter_slot(e, it->state, 0));
    hl_iter_set(e, it->state, 1, hl_zero(e));
}

static V list_next(hl_emit *e, const hl_iterator *it)
{
    V at = advance(e, it->state, 1, 2, 1);
    return hl_icmp(e, LLVMIntSLT, at, hl_list_len(e, get_ptr(e, it->state, 0)));
}

static void list_value(hl_emit *e, const hl_iterator *it, V *out)
{
    const hl_type *elem = it->type->elem;
    V data = hl_list_data(e, get_ptr(e, it->state, 0));
    hl_list_load(e, elem, hl_list_address(e, elem, data, hl_iter_get(e, it->state, 2)), out);
}

const hl_iterating hl_iterate_list = {list_slots, list_init, list_next, list_value};

/* --- tuple: its items are laid out in the state, behind the index --------------------------------------------------------- */

static int tuple_slots(hl_emit *e, const hl_type *iter) { return 2 + iter->items[0]->nparts; }

static void tuple_spill(hl_emit *e, const hl_iterator *it, const V *parts)
{
    const hl_type *t = it->type->items[0];
    if (t->nparts) hl_store_slots(e, t, parts, hl_iter_slot(e, it->state, 2));
}

static void tuple_init(hl_emit *e, const hl_iterator *it, const V *parts)
{
    hl_iter_set(e, it->state, 0, hl_zero(e));
    tuple_spill(e, it, parts);
}

static V tuple_next(hl_emit *e, const hl_iterator *it)
{
    return hl_icmp(e, LLVMIntSLT, advance(e, it->state, 0, 1, 1), hl_i64(e, it->type->items[0]->nitems));
}

static void tuple_value(hl_emit *e, const hl_iterator *it, V *out)
{
    const hl_type *elem = it->type->elem;
    V at = LLVMBuildNSWMul(e->b, hl_iter_get(e, it->state, 1), hl_i64(e, 8 * elem->nparts), "");
    if (elem->nparts) hl_load_slots(e, elem, hl_gep_bytes(e, hl_iter_slot(e, it->state, 2), at), out);
}

const hl_iterating hl_iterate_tuple = {tuple_slots, tuple_init, tuple_next, tuple_value};

/* --- reversed list or tuple ------------------------------------------------------------------------------------------------ */

static bool over_list(const hl_type *iter) { return iter->items[0]->kind == HL_K_LIST; }

static int reversed_slots(hl_emit *e, const hl_type *iter) { return over_list(iter) ? 3 : tuple_slots(e, iter); }

static void reversed_init(hl_emit *e, const hl_iterator *it, const V *over)
{
    if (over_list(it->type)) {
        LLVMBuildStore(e->b, over[0], hl_iter_slot(e, it->state, 0));
        hl_iter_set(e, it->state, 1, LLVMBuildNSWSub(e->b, hl_list_len(e, over[0]), hl_i64(e, 1), ""));
        return;
    }
    hl_iter_set(e, it->state, 0, hl_i64(e, it->type->items[0]->nitems - 1));
    tuple_spill(e, it, over);
}

static V reversed_next(hl_emit *e, const hl_iterator *it)
{
    bool list = over_list(it->type);
    V at = advance(e, it->state, list ? 1 : 0, list ? 2 : 1, -1);
    V ok = hl_icmp(e, LLVMIntSGE, at, hl_zero(e));
    if (!list) return ok;
    /* a list that became shorter meanwhile ends the iteration, as in CPython */
    return LLVMBuildAnd(e->b, ok, hl_icmp(e, LLVMIntSLT, at, hl_list_len(e, get_ptr(e, it->state, 0))), "");
}

static void reversed_value(hl_emit *e, const hl_iterator *it, V *out)
{
    if (over_list(it->type)) list_value(e, it, out);
    else tuple_value(e, it, out);
}

const hl_iterating hl_iterate_reversed = {reversed_slots, reversed_init, reversed_next, reversed_value};

/* --- what wraps -------------------------------------------------------------------------------------------------------------- */

/* The call that made an iterator, as far as SSA shows it. */
hl_inst *hl_iter_maker(hl_inst *i)
{
    while ((i->op == HL_OP_getiter || i->op == HL_OP_cast) && i->args[0]->type->kind == HL_K_ITER) i = i->args[0];
    return i->op == HL_OP_call && i->rule && (i->rule->id == HL_R_enumerate || i->rule->id == HL_R_zip) ? i : NULL;
}

/* Does the iterator reach places where SSA no longer shows its maker? */
static bool escapes(hl_emit *e, const hl_inst *made)
{
    for (int b = 0; b < e->func->blocks.n; b++)
        for (hl_inst *i = e->func->blocks.at[b]->first; i; i = i->next)
            for (int k = 0; k < i->nargs; k++) {
                if (i->args[k] != made) continue;
                if (i->op == HL_OP_getiter && !escapes(e, i)) continue;
                if (i->op == HL_OP_iternext || i->op == HL_OP_itervalue || i->op == HL_OP_retain || i->op == HL_OP_release) continue;
                if (i->op == HL_OP_call && i->rule && (i->rule->id == HL_R_enumerate || i->rule->id == HL_R_zip)) continue;
                return true;
            }
    return false;
}

/* Sub-iterator k, whose state begins `first` slots into that of `it`. */
static hl_iterator sub_iterator(hl_emit *e, const hl_iterator *it, int k, int first)
{
    const hl_type *over = it->type->items[k], *sub = hl_iter_over(e->cx->types, over, NULL);
    hl_iterator s = {it->at, sub, NULL, NULL};
    if (over->kind != HL_K_ITER) s.state = hl_iter_slot(e, it->state, first);
    else if (it->made) s.made = hl_iter_maker(it->made->args[k]), s.state = hl_one(e, it->made->args[k]);
    else s.state = get_ptr(e, it->state, first);
    return s;
}

static int sub_slots(hl_emit *e, const hl_type *over)
{
    if (over->kind == HL_K_ITER) return 1;
    const hl_type *sub = hl_iter_over(e->cx->types, over, NULL);
    return hl_iterating_of(sub)->slots(e, sub);
}

static void sub_init(hl_emit *e, const hl_iterator *it, int k, int first, const V *over)
{
    hl_iterator s = sub_iterator(e, it, k, first);
    if (it->type->items[k]->kind != HL_K_ITER) hl_iterating_of(s.type)->init(e, &s, over);
    else if (!it->made || escapes(e, it->made)) LLVMBuildStore(e->b, over[0], hl_iter_slot(e, it->state, first));
}

static int enumerate_slots(hl_emit *e, const hl_type *iter) { return 1 + sub_slots(e, iter->items[0]); }

static void enumerate_init(hl_emit *e, const hl_iterator *it, const V *over)
{
    hl_iter_set(e, it->state, 0, hl_zero(e)); /* hl_emit_enumerate knows the start */
    sub_init(e, it, 0, 1, over);
}

static V enumerate_next(hl_emit *e, const hl_iterator *it)
{
    hl_iterator s = sub_iterator(e, it, 0, 1);
    return hl_iterating_of(s.type)->next(e, &s);
}

static void enumerate_value(hl_emit *e, const hl_iterator *it, V *out)
{
    hl_iterator s = sub_iterator(e, it, 0, 1);
    out[0] = hl_iter_take(e, it->state, 0, 1);
    hl_iterating_of(s.type)->value(e, &s, out + 1);
}

const hl_iterating hl_iterate_enumerate = {enumerate_slots, enumerate_init, enumerate_next, enumerate_value};

/* What zip keeps of operand k: the state of an iterator of its own, or room for the item of somebody else's. */
static int zip_part(hl_emit *e, const hl_type *iter, int k)
{
    const hl_type *over = iter->items[k];
    return sub_slots(e, over) + (over->kind == HL_K_ITER ? over->elem->nparts : 0);
}

static int zip_slots(hl_emit *e, const hl_type *iter)
{
    int n = 0;
    for (int k = 0; k < iter->nitems; k++) n += zip_part(e, iter, k);
    return n;
}

static void zip_init(hl_emit *e, const hl_iterator *it, const V *over)
{
    for (int k = 0, at = 0; k < it->type->nitems; at += zip_part(e, it->type, k), k++) {
        sub_init(e, it, k, at, over);
        over += it->type->items[k]->nparts;
    }
}

/* Stops at the first that has no more.  Stepping one too far cannot be seen, unless it is an iterator that exists outside:
 * then the rest is skipped, and its item is kept here, because a later operand may step the same iterator (zip(it, it)). */
static V zip_next(hl_emit *e, const hl_iterator *it)
{
    int n = it->type->nitems;
    if (!n) return hl_bool(e, false);
    V ok = NULL, result = NULL;
    LLVMBasicBlockRef end = NULL;
    for (int k = 0, at = 0; k < n; at += zip_part(e, it->type, k), k++) {
        const hl_type *over = it->type->items[k];
        hl_iterator s = sub_iterator(e, it, k, at);
        V next = hl_iterating_of(s.type)->next(e, &s);
        ok = ok ? LLVMBuildAnd(e->b, ok, next, "") : next;
        bool outside = over->kind == HL_K_ITER, before_outside = k + 1 < n && it->type->items[k + 1]->kind == HL_K_ITER;
        if (!outside && !before_outside) continue;
        LLVMBasicBlockRef more = hl_bb(e, "zip.more");
        if (!end) {
            end = hl_bb(e, "zip.end"), result = hl_alloca(e, e->i1, "zip");
            LLVMBuildStore(e->b, hl_bool(e, false), result);
        }
        hl_cond(e, ok, more, end);
        hl_at(e, more);
        ok = NULL;
        if (!outside) continue;
        V item[over->elem->nparts + 1];
        hl_iterating_of(s.type)->value(e, &s, item);
        hl_store_slots(e, over->elem, item, hl_iter_slot(e, it->state, at + 1));
    }
    if (!end) return ok;
    LLVMBuildStore(e->b, ok ? ok : hl_bool(e, true), result);
    hl_br(e, end);
    hl_at(e, end);
    return LLVMBuildLoad2(e->b, e->i1, result, "");
}

static void zip_value(hl_emit *e, const hl_iterator *it, V *out)
{
    for (int k = 0, at = 0; k < it->type->nitems; at += zip_part(e, it->type, k), k++) {
        const hl_type *over = it->type->items[k];
        hl_iterator s = sub_iterator(e, it, k, at);
        if (over->kind == HL_K_ITER) hl_load_slots(e, over->elem, hl_iter_slot(e, it->state, at + 1), out);
        else hl_iterating_of(s.type)->value(e, &s, out);
        out += s.type->elem->nparts;
    }
}

const hl_iterating hl_iterate_zip = {zip_slots, zip_init, zip_next, zip_value};

/* --- instructions --------------------------------------------------------------------------------------------------------------- */

static V new_state(hl_emit *e, const hl_type *iter)
{
    int n = hl_iterating_of(iter)->slots(e, iter);
    return hl_alloca_slots(e, n ? n : 1);
}

void hl_emit_getiter(hl_emit *e, hl_inst *i, V *out)
{
    V *over = hl_arg(e, i, 0);
    if (i->args[0]->type->kind == HL_K_ITER) {
        out[0] = over[0];
        return;
    }
    hl_iterator it = {i, i->type, NULL, new_state(e, i->type)};
    hl_iterating_of(i->type)->init(e, &it, over);
    out[0] = it.state;
}

void hl_emit_iternext(hl_emit *e, hl_inst *i, V *out)
{
    hl_iterator it = {i, i->args[0]->type, hl_iter_maker(i->args[0]), hl_one(e, i->args[0])};
    out[0] = hl_iterating_of(it.type)->next(e, &it);
}

void hl_emit_itervalue(hl_emit *e, hl_inst *i, V *out)
{
    hl_iterator it = {i, i->args[0]->type, hl_iter_maker(i->args[0]), hl_one(e, i->args[0])};
    hl_iterating_of(it.type)->value(e, &it, out);
}

void hl_emit_enumerate(hl_emit *e, hl_inst *i, V *out)
{
    hl_iterator it = {i, i->type, i, new_state(e, i->type)};
    hl_iterate_enumerate.init(e, &it, hl_arg(e, i, 0));
    if (!hl_is_omitted(i, 1)) hl_iter_set(e, it.state, 0, hl_one(e, i->args[1]));
    out[0] = it.state;
}

void hl_emit_zip(hl_emit *e, hl_inst *i, V *out)
{
    hl_iterator it = {i, i->type, i, new_state(e, i->type)};
    int n = 0;
    for (int k = 0; k < i->nargs; k++) n += i->args[k]->type->nparts;
    V *over = HL_NEWN(e->arena, V, n + 1);
    for (int k = 0, at = 0; k < i->nargs; at += i->args[k]->type->nparts, k++)
        memcpy(over + at, hl_arg(e, i, k), sizeof *over * i->args[k]->type->nparts);
    hl_iterate_zip.init(e, &it, over);
    out[0] = it.state;
}

/* The array with its first axis turned round. */
static void turn_array(hl_emit *e, const hl_type *t, V *parts)
{
    V stride = hl_arr_stride(t, parts, 0), last = LLVMBuildSub(e->b, hl_arr_shape(parts, 0), hl_i64(e, 1), "");
    parts[1] = hl_gep_bytes(e, parts[1], LLVMBuildMul(e->b, last, stride, ""));
    parts[2 + t->ndim] = LLVMBuildNeg(e->b, stride, "");
}

void hl_emit_reversed(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->args[0]->type;
    V *over = HL_NEWN(e->arena, V, t->nparts + 1);
    memcpy(over, hl_arg(e, i, 0), sizeof *over * t->nparts);
    hl_iterator it = {i, i->type, NULL, new_state(e, i->type)};
    out[0] = it.state;
    if (t->kind == HL_K_RANGE) { /* as a range it would stop in front of its start, where there may be no integer any more */
        V n = hl_range_count(e, over), far = LLVMBuildMul(e->b, LLVMBuildSub(e->b, n, hl_i64(e, 1), ""), over[2], "");
        set_counted(e, it.state, n, hl_add(e, over[0], far), LLVMBuildNeg(e->b, over[2], ""));
        return;
    }
    if (t->kind == HL_K_ARRAY) turn_array(e, t, over);
    hl_iterating_of(i->type)->init(e, &it, over);
}

/* --- loops inside one instruction -------------------------------------------------------------------------------------------------- */

void hl_loop_begin(hl_emit *e, hl_inst *i, const hl_type *over, const V *parts, hl_inst *value, hl_loop *l)
{
    const hl_type *iter = hl_iter_over(e->cx->types, over, NULL);
    l->it = (hl_iterator){i, iter, NULL, NULL};
    if (over->kind == HL_K_ITER) l->it.state = parts[0], l->it.made = value ? hl_iter_maker(value) : NULL;
    else {
        l->it.state = new_state(e, iter);
        hl_iterating_of(iter)->init(e, &l->it, parts);
    }
    l->elem = iter->elem;
    l->item = HL_NEWN(e->arena, V, l->elem->nparts + 1);
    l->head = hl_bb(e, "each"), l->done = hl_bb(e, "each.done");
    LLVMBasicBlockRef body = hl_bb(e, "each.body");
    hl_br(e, l->head);
    hl_at(e, l->head);
    hl_cond(e, hl_iterating_of(iter)->next(e, &l->it), body, l->done);
    hl_at(e, body);
    hl_iterating_of(iter)->value(e, &l->it, l->item);
}

void hl_loop_end(hl_emit *e, hl_loop *l)
{
    hl_br(e, l->head);
    hl_at(e, l->done);
}
