/* Code of tuples: none, mostly.  The parts of a tuple are the parts of its items side by side, so making, indexing with
 * a literal, slicing, joining and unpacking only pick values. */
#include "container.h"
#include "iterate.h"
#include <string.h>

void hl_emit_same(hl_emit *e, hl_inst *i, V *out) { memcpy(out, hl_arg(e, i, 0), sizeof *out * i->type->nparts); }

/* Operands first … nargs - 1 side by side. */
static void gather(hl_emit *e, hl_inst *i, int first, V *out)
{
    for (int k = first; k < i->nargs; k++) {
        const hl_type *t = i->args[k]->type;
        V *p = hl_arg(e, i, k);
        memcpy(out, p, sizeof *out * t->nparts);
        out += t->nparts;
    }
}

void hl_emit_build_tuple(hl_emit *e, hl_inst *i, V *out) { gather(e, i, 0, out); }
void hl_emit_namedtuple(hl_emit *e, hl_inst *i, V *out) { gather(e, i, 1, out); }
void hl_emit_tuple_concat(hl_emit *e, hl_inst *i, V *out) { gather(e, i, 0, out); }

void hl_emit_tuple_repeat(hl_emit *e, hl_inst *i, V *out)
{
    int side = i->args[0]->type->kind == HL_K_TUPLE ? 0 : 1, n = i->args[side]->type->nparts;
    V *p = hl_arg(e, i, side);
    for (int k = 0; n && k < i->type->nparts; k++) out[k] = p[k % n];
}

static void pick(hl_emit *e, hl_inst *i, int k, V *out)
{
    const hl_type *t = i->args[0]->type;
    memcpy(out, hl_arg(e, i, 0) + hl_tuple_offset(t, k), sizeof *out * t->items[k]->nparts);
}

void hl_emit_tuple_field(hl_emit *e, hl_inst *i, V *out) { pick(e, i, (int)i->ival, out); }
void hl_emit_tuple_item(hl_emit *e, hl_inst *i, V *out) { pick(e, i, (int)i->ival, out); }
void hl_emit_unpack_item(hl_emit *e, hl_inst *i, V *out) { pick(e, i, (int)i->ival, out); }

/* Two items are chosen between; more are laid out in memory and indexed there. */
void hl_emit_tuple_item_at(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->args[0]->type;
    int n = t->nitems, parts = i->type->nparts;
    V *p = hl_arg(e, i, 0), k = hl_one(e, i->args[1]);
    if (!(i->flags & HL_I_NOWRAP)) k = hl_select(e, hl_icmp(e, LLVMIntSLT, k, hl_zero(e)), hl_add(e, k, hl_i64(e, n)), k);
    if (!(i->flags & HL_I_NOBOUNDS) && e->opt.boundscheck) hl_check(e, i, hl_icmp(e, LLVMIntULT, k, hl_i64(e, n)), HL_ERR_index_tuple, NULL, NULL);
    if (n <= 2) {
        V second = hl_icmp(e, LLVMIntNE, k, hl_zero(e));
        for (int q = 0; q < parts; q++) out[q] = n == 1 ? p[q] : hl_select(e, second, p[parts + q], p[q]);
        return;
    }
    V slots = hl_alloca_slots(e, t->nparts);
    hl_store_slots(e, t, p, slots);
    hl_load_slots(e, i->type, hl_gep_bytes(e, slots, LLVMBuildNSWMul(e->b, k, hl_i64(e, 8 * parts), "")), out);
}

void hl_emit_tuple_slice(hl_emit *e, hl_inst *i, V *out)
{
    const int64_t *cut = i->data; /* start, step */
    for (int k = 0; k < i->type->nitems; k++) {
        int at = (int)(cut[0] + k * cut[1]);
        pick(e, i, at, out);
        out += i->type->items[k]->nparts;
    }
}

void hl_emit_tuple_truth(hl_emit *e, hl_inst *i, V *out) { out[0] = hl_bool(e, i->args[0]->type->nitems != 0); }

void hl_emit_tuple_count(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->args[0]->type, *x = i->args[1]->type;
    V *p = hl_arg(e, i, 0), *value = hl_arg(e, i, 1);
    out[0] = hl_zero(e);
    for (int k = 0; k < t->nitems; p += t->items[k]->nparts, k++)
        out[0] = hl_add(e, out[0], LLVMBuildZExt(e->b, hl_value_equal(e, i, t->items[k], p, x, value), e->i64, ""));
}

/* The first position that is equal and within the bounds: chosen from the last to the first. */
void hl_emit_tuple_index(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->args[0]->type, *x = i->args[1]->type;
    V *p = hl_arg(e, i, 0), *value = hl_arg(e, i, 1), n = hl_i64(e, t->nitems), zero = hl_zero(e), bound[2];
    for (int k = 0; k < 2; k++) {
        if (hl_is_omitted(i, 2 + k)) {
            bound[k] = k ? n : zero;
            continue;
        }
        V b = hl_one(e, i->args[2 + k]);
        b = hl_select(e, hl_icmp(e, LLVMIntSLT, b, zero), hl_add(e, b, n), b);
        bound[k] = b;
    }
    out[0] = hl_i64(e, -1);
    for (int k = t->nitems - 1; k >= 0; k--) {
        V at = hl_i64(e, k);
        V hit = hl_value_equal(e, i, t->items[k], p + hl_tuple_offset(t, k), x, value);
        V in = LLVMBuildAnd(e->b, hl_icmp(e, LLVMIntSGE, at, bound[0]), hl_icmp(e, LLVMIntSLT, at, bound[1]), "");
        out[0] = hl_select(e, LLVMBuildAnd(e->b, hit, in, ""), at, out[0]);
    }
    hl_check(e, i, hl_icmp(e, LLVMIntSGE, out[0], zero), HL_ERR_not_in_tuple, NULL, NULL);
}

/* --- unpacking -------------------------------------------------------------------------------------------------------------- */

static void check_length(hl_emit *e, hl_inst *i, V len, int want)
{
    V n = hl_i64(e, want);
    hl_check(e, i, hl_icmp(e, LLVMIntSGE, len, n), HL_ERR_unpack_less, n, len);
    hl_check(e, i, hl_icmp(e, LLVMIntSLE, len, n), HL_ERR_unpack_more, n, NULL);
}

void hl_emit_unpack_list(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *elem = i->args[0]->type->elem;
    V list = hl_one(e, i->args[0]);
    check_length(e, i, hl_list_len(e, list), (int)i->ival);
    V data = hl_list_data(e, list);
    for (int k = 0; k < i->ival; k++) hl_list_load(e, elem, hl_list_address(e, elem, data, hl_i64(e, k)), out + k * elem->nparts);
    hl_emit_retain(e, i->type, out); /* the list may change before the items are used */
}

/* Anything that can be iterated: imm items, and then no more. */
void hl_emit_unpack_iterable(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *over = i->args[0]->type, *iter = hl_iter_over(e->cx->types, over, NULL);
    const hl_iterating *how = hl_iterating_of(iter);
    V *parts = hl_arg(e, i, 0), n = hl_i64(e, i->ival);
    hl_iterator it = {i, iter, NULL, over->kind == HL_K_ITER ? parts[0] : hl_alloca_slots(e, how->slots(e, iter))};
    if (over->kind == HL_K_ITER) it.made = hl_iter_maker(i->args[0]);
    else how->init(e, &it, parts);
    for (int k = 0; k < i->ival; k++) {
        hl_check(e, i, how->next(e, &it), HL_ERR_unpack_less, n, hl_i64(e, k));
        how->value(e, &it, out + k * iter->elem->nparts);
    }
    hl_check(e, i, LLVMBuildNot(e->b, how->next(e, &it), ""), HL_ERR_unpack_more, n, NULL);
    hl_emit_retain(e, i->type, out);
}

void hl_emit_unpack_ex_tuple(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->args[0]->type, *elem;
    int before = (int)(i->ival & 255), after = (int)(i->ival >> 8), rest = t->nitems - before - after;
    V *p = hl_arg(e, i, 0), *at = out;
    elem = i->type->items[before]->elem;
    int head = hl_tuple_offset(t, before), tail = hl_tuple_offset(t, before + rest);
    V list = hl_list_make(e, i, elem, hl_i64(e, rest)), data = rest ? hl_list_data(e, list) : NULL;
    for (int k = 0; k < rest; k++) {
        const hl_type *from = t->items[before + k];
        V item[elem->nparts + 1], *source = p + hl_tuple_offset(t, before + k);
        hl_cast(e, i, from, elem, source, item);
        hl_list_store(e, elem, hl_list_address(e, elem, data, hl_i64(e, k)), item);
    }
    memcpy(at, p, sizeof *at * (size_t)head);
    at[head] = list;
    memcpy(at + head + 1, p + tail, sizeof *at * (size_t)(t->nparts - tail));
    hl_emit_retain(e, t, p); /* each item has one more owner now: its place, or the list */
}

void hl_emit_unpack_ex_list(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *elem = i->args[0]->type->elem;
    int before = (int)(i->ival & 255), after = (int)(i->ival >> 8), n = elem->nparts;
    V list = hl_one(e, i->args[0]), len = hl_list_len(e, list), least = hl_i64(e, before + after);
    hl_check(e, i, hl_icmp(e, LLVMIntSGE, len, least), HL_ERR_unpack_ex_less, least, len);
    V stop = LLVMBuildNSWSub(e->b, len, hl_i64(e, after), "");
    V rest = hl_rtcall(e, HL_RT_list_slice, list, hl_i64(e, before), stop, hl_i64(e, 1));
    hl_check_not_null(e, i, rest);
    V data = hl_list_data(e, list);
    for (int k = 0; k < before + after; k++) {
        V at = k < before ? hl_i64(e, k) : LLVMBuildNSWAdd(e->b, stop, hl_i64(e, k - before), "");
        V *item = out + k * n + (k < before ? 0 : 1);
        hl_list_load(e, elem, hl_list_address(e, elem, data, at), item);
        hl_emit_retain(e, elem, item);
    }
    out[before * n] = rest;
}
