/* Code of lists.  What programs do in loops (read, write, append with room to spare, length) is done in place on the
 * fields of hl_list; everything else calls runtime/list.c.
 *
 * Every change sets the dirty flag: the binding writes such a list back to the Python list it came from. */
#include "container.h"
#include "iterate.h"
#include <stddef.h>
#include <string.h>

/* --- TBAA: the fields of lists and their items are different memory --------------------------------------------------------- */

static LLVMMetadataRef tbaa_tag(hl_emit *e, const char *name)
{
    LLVMMetadataRef zero = LLVMValueAsMetadata(hl_zero(e)), root[1] = {LLVMMDStringInContext2(e->lc, "hotloop", 7)};
    LLVMMetadataRef type[3] = {LLVMMDStringInContext2(e->lc, name, strlen(name)), LLVMMDNodeInContext2(e->lc, root, 1), zero};
    LLVMMetadataRef node = LLVMMDNodeInContext2(e->lc, type, 3), tag[3] = {node, node, zero};
    return LLVMMDNodeInContext2(e->lc, tag, 3);
}

static V tagged(hl_emit *e, V access, const char *name)
{
    unsigned kind = LLVMGetMDKindIDInContext(e->lc, "tbaa", 4);
    LLVMSetMetadata(access, kind, LLVMMetadataAsValue(e->lc, tbaa_tag(e, name)));
    return access;
}

static V field(hl_emit *e, V list, size_t offset) { return hl_gep_bytes(e, list, hl_i64(e, (int64_t)offset)); }

static V get_field(hl_emit *e, V list, size_t offset, LLVMTypeRef t, const char *name)
{
    return tagged(e, LLVMBuildLoad2(e->b, t, field(e, list, offset), ""), name);
}

static void set_field(hl_emit *e, V list, size_t offset, V v, const char *name)
{
    tagged(e, LLVMBuildStore(e->b, v, field(e, list, offset)), name);
}

V hl_list_len(hl_emit *e, V list) { return get_field(e, list, offsetof(hl_list, len), e->i64, "list length"); }
void hl_list_set_len(hl_emit *e, V list, V len) { set_field(e, list, offsetof(hl_list, len), len, "list length"); }
V hl_list_cap(hl_emit *e, V list) { return get_field(e, list, offsetof(hl_list, cap), e->i64, "list capacity"); }
V hl_list_data(hl_emit *e, V list) { return get_field(e, list, offsetof(hl_list, data), e->ptr, "list data"); }
void hl_list_touch(hl_emit *e, V list) { set_field(e, list, offsetof(hl_list, dirty), hl_i32(e, 1), "list changed"); }

V hl_list_address(hl_emit *e, const hl_type *elem, V data, V index)
{
    return hl_gep_bytes(e, data, LLVMBuildNSWMul(e->b, index, hl_i64(e, 8 * (int64_t)elem->nparts), ""));
}

static V slot(hl_emit *e, V address, int k) { return k ? hl_gep_bytes(e, address, hl_i64(e, 8 * k)) : address; }

void hl_list_load(hl_emit *e, const hl_type *elem, V address, V *out)
{
    for (int k = 0; k < elem->nparts; k++) {
        LLVMTypeRef t = hl_part_type(e, elem->parts[k]);
        V v = tagged(e, LLVMBuildLoad2(e->b, t == e->i1 ? e->i8 : t, slot(e, address, k), ""), "list item");
        out[k] = t == e->i1 ? LLVMBuildTrunc(e->b, v, e->i1, "") : v;
    }
}

void hl_list_store(hl_emit *e, const hl_type *elem, V address, const V *parts)
{
    for (int k = 0; k < elem->nparts; k++) {
        V v = elem->parts[k] == HL_P_I1 ? LLVMBuildZExt(e->b, parts[k], e->i8, "") : parts[k];
        tagged(e, LLVMBuildStore(e->b, v, slot(e, address, k)), "list item");
    }
}

/* --- making ------------------------------------------------------------------------------------------------------------------- */

static uint64_t mem_mask(const hl_type *elem)
{
    uint64_t m = 0;
    for (int k = 0; k < elem->nparts && k < 64; k++) m |= (uint64_t)(elem->parts[k] == HL_P_MEM) << k;
    return m;
}

V hl_list_make(hl_emit *e, hl_inst *i, const hl_type *elem, V len)
{
    V list = hl_rtcall(e, HL_RT_list_new, len, hl_i32(e, elem->nparts), hl_i64(e, (int64_t)mem_mask(elem)));
    hl_check_not_null(e, i, list);
    return list;
}

void hl_list_push(hl_emit *e, hl_inst *i, const hl_type *elem, V list, const V *parts, bool retained, bool fresh)
{
    V len = hl_list_len(e, list), room = hl_icmp(e, LLVMIntSLT, len, hl_list_cap(e, list)), more = hl_add(e, len, hl_i64(e, 1));
    LLVMBasicBlockRef full = hl_bb(e, "full"), store = hl_bb(e, "append");
    hl_cond(e, room, store, full);
    hl_at(e, full);
    V grown = hl_rtcall(e, HL_RT_list_reserve, list, more);
    if (retained) { /* undone, together with a list that nobody else knows yet */
        LLVMBasicBlockRef lost = hl_bb(e, "lost");
        hl_cond(e, hl_icmp(e, LLVMIntEQ, grown, hl_i32(e, 0)), store, lost);
        hl_at(e, lost);
        hl_emit_release(e, elem, parts);
        if (fresh) hl_emit_release(e, hl_type_list(e->cx->types, elem), &list);
        hl_leave(e, i);
    } else {
        hl_check_status(e, i, grown);
        hl_br(e, store);
    }
    hl_at(e, store);
    hl_list_store(e, elem, hl_list_address(e, elem, hl_list_data(e, list), len), parts);
    hl_list_set_len(e, list, more);
    hl_list_touch(e, list);
}

void hl_emit_build_list(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *elem = i->type->elem;
    out[0] = hl_list_make(e, i, elem, hl_i64(e, i->nargs));
    V data = i->nargs ? hl_list_data(e, out[0]) : NULL;
    for (int k = 0; k < i->nargs; k++) {
        V *p = hl_arg(e, i, k);
        hl_emit_retain(e, elem, p);
        hl_list_store(e, elem, hl_list_address(e, elem, data, hl_i64(e, k)), p);
    }
}

/* Appends what comes out of operand k. */
static void push_all(hl_emit *e, hl_inst *i, int k, const hl_type *elem, V list, bool fresh)
{
    hl_loop l;
    hl_loop_begin(e, i, i->args[k]->type, hl_arg(e, i, k), i->args[k], &l);
    V item[elem->nparts + 1];
    hl_cast(e, i, l.elem, elem, l.item, item);
    hl_emit_retain(e, elem, item);
    hl_list_push(e, i, elem, list, item, elem->has_mem || fresh, fresh);
    hl_loop_end(e, &l);
}

/* Same memory layout, so that the runtime can copy items as they are. */
static bool same_items(const hl_type *list, const hl_type *elem) { return list->kind == HL_K_LIST && list->elem == elem; }

static V copy_list(hl_emit *e, hl_inst *i, V list)
{
    V r = hl_rtcall(e, HL_RT_list_slice, list, hl_zero(e), hl_list_len(e, list), hl_i64(e, 1));
    hl_check_not_null(e, i, r);
    return r;
}

static V list_of(hl_emit *e, hl_inst *i)
{
    const hl_type *elem = i->type->elem, *from = i->args[0]->type;
    if (same_items(from, elem)) return copy_list(e, i, hl_one(e, i->args[0]));
    V list = hl_list_make(e, i, elem, hl_zero(e));
    if (from->kind != HL_K_OMITTED) push_all(e, i, 0, elem, list, true);
    return list;
}

void hl_emit_list_new(hl_emit *e, hl_inst *i, V *out) { out[0] = list_of(e, i); }

/* Stable sorts by one slot after another, the least significant first, order tuples.  Returns the status. */
static V sort_by_parts(hl_emit *e, const hl_type *t, int slot, V list, V reverse)
{
    if (t->kind == HL_K_TUPLE) {
        V status = hl_i32(e, 0);
        for (int k = t->nitems - 1; k >= 0; k--)
            status = LLVMBuildOr(e->b, status, sort_by_parts(e, t->items[k], slot + hl_tuple_offset(t, k), list, reverse), "");
        return status;
    }
    bool is_unsigned = t->kind == HL_K_INT && !(t->flags & HL_T_SIGNED);
    return hl_rtcall(e, HL_RT_list_sort_by, list, hl_i32(e, slot), hl_i32(e, t->parts[0]), hl_i32(e, is_unsigned), reverse);
}

static V sort_list(hl_emit *e, const hl_type *elem, V list, hl_inst *reverse)
{
    V flag = reverse->type->kind == HL_K_OMITTED ? hl_i32(e, 0) : LLVMBuildZExt(e->b, hl_one(e, reverse), e->i32, "");
    return sort_by_parts(e, elem, 0, list, flag);
}

void hl_emit_sorted(hl_emit *e, hl_inst *i, V *out)
{
    out[0] = list_of(e, i);
    LLVMBasicBlockRef lost = hl_bb(e, "lost"), ok = hl_bb(e, "sorted");
    hl_cond(e, hl_icmp(e, LLVMIntEQ, sort_list(e, i->type->elem, out[0], i->args[1]), hl_i32(e, 0)), ok, lost);
    hl_at(e, lost);
    hl_emit_release(e, i->type, out);
    hl_leave(e, i);
    hl_at(e, ok);
}

/* --- indexing --------------------------------------------------------------------------------------------------------------------- */

/* Address of item `index` of the list, after the checks. */
static V item_address(hl_emit *e, hl_inst *i, V list, V index, const hl_type *elem, hl_err err)
{
    V len = i->flags & HL_I_NOBOUNDS && i->flags & HL_I_NOWRAP ? NULL : hl_list_len(e, list);
    if (!(i->flags & HL_I_NOWRAP)) index = hl_select(e, hl_icmp(e, LLVMIntSLT, index, hl_zero(e)), hl_add(e, index, len), index);
    if (!(i->flags & HL_I_NOBOUNDS) && e->opt.boundscheck) hl_check(e, i, hl_icmp(e, LLVMIntULT, index, len), err, NULL, NULL);
    return hl_list_address(e, elem, hl_list_data(e, list), index);
}

void hl_emit_list_item(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *elem = i->args[0]->type->elem;
    hl_list_load(e, elem, item_address(e, i, hl_one(e, i->args[0]), hl_one(e, i->args[1]), elem, HL_ERR_index_list), out);
}

void hl_emit_list_set(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *elem = i->args[0]->type->elem;
    V list = hl_one(e, i->args[0]), old[elem->nparts + 1];
    V at = item_address(e, i, list, hl_one(e, i->args[1]), elem, HL_ERR_index_list_set);
    if (elem->has_mem) hl_list_load(e, elem, at, old);
    hl_list_store(e, elem, at, hl_arg(e, i, 2));
    hl_list_touch(e, list);
    hl_emit_release(e, elem, old);
}

/* One bound of slice.indices: the value (negative ones count from the end) clamped to [low, high]. */
static V clamp(hl_emit *e, V v, V len, V low, V high)
{
    v = hl_select(e, hl_icmp(e, LLVMIntSLT, v, hl_zero(e)), hl_add(e, v, len), v);
    v = hl_select(e, hl_icmp(e, LLVMIntSLT, v, low), low, v);
    return hl_select(e, hl_icmp(e, LLVMIntSGT, v, high), high, v);
}

/* Parts of component k of a slice, as an int64, or NULL for None. */
static V slice_part(hl_emit *e, const hl_type *t, const V *parts, int k)
{
    const hl_type *c = t->items[k];
    if (c->kind == HL_K_NONE) return NULL;
    for (int j = 0; j < k; j++) parts += t->items[j]->nparts;
    return hl_cast1(e, hl_unliteral(c), hl_T.int64, parts[0]);
}

void hl_slice_bounds(hl_emit *e, hl_inst *i, const hl_type *t, const V *parts, V len, V *start, V *stop, V *step)
{
    V zero = hl_zero(e), one = hl_i64(e, 1), last = LLVMBuildSub(e->b, len, one, "");
    *start = slice_part(e, t, parts, 0), *stop = slice_part(e, t, parts, 1), *step = slice_part(e, t, parts, 2);
    if (!*step) *step = one;
    else hl_check(e, i, hl_icmp(e, LLVMIntNE, *step, zero), HL_ERR_slice_step, NULL, NULL);
    V up = hl_icmp(e, LLVMIntSGT, *step, zero);
    V low = hl_select(e, up, zero, hl_i64(e, -1)), high = hl_select(e, up, len, last);
    *start = *start ? clamp(e, *start, len, low, high) : hl_select(e, up, low, high);
    *stop = *stop ? clamp(e, *stop, len, low, high) : hl_select(e, up, high, low);
}

void hl_emit_list_slice(hl_emit *e, hl_inst *i, V *out)
{
    V list = hl_one(e, i->args[0]), start, stop, step;
    hl_slice_bounds(e, i, i->args[1]->type, hl_arg(e, i, 1), hl_list_len(e, list), &start, &stop, &step);
    out[0] = hl_rtcall(e, HL_RT_list_slice, list, start, stop, step);
    hl_check_not_null(e, i, out[0]);
}

void hl_emit_list_set_slice(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *elem = i->args[0]->type->elem;
    V list = hl_one(e, i->args[0]), start, stop, step;
    hl_slice_bounds(e, i, i->args[1]->type, hl_arg(e, i, 1), hl_list_len(e, list), &start, &stop, &step);
    if (same_items(i->args[2]->type, elem)) {
        hl_check_status(e, i, hl_rtcall(e, HL_RT_list_set_slice, list, start, stop, step, hl_one(e, i->args[2])));
        return;
    }
    V from = hl_list_make(e, i, elem, hl_zero(e));
    push_all(e, i, 2, elem, from, true);
    V status = hl_rtcall(e, HL_RT_list_set_slice, list, start, stop, step, from);
    hl_emit_release(e, i->args[0]->type, &from);
    hl_check_status(e, i, status);
}

void hl_emit_list_del(hl_emit *e, hl_inst *i, V *out)
{
    hl_check_status(e, i, hl_rtcall(e, HL_RT_list_del, hl_one(e, i->args[0]), hl_one(e, i->args[1])));
}

void hl_emit_list_del_slice(hl_emit *e, hl_inst *i, V *out)
{
    V list = hl_one(e, i->args[0]), start, stop, step;
    hl_slice_bounds(e, i, i->args[1]->type, hl_arg(e, i, 1), hl_list_len(e, list), &start, &stop, &step);
    hl_check_status(e, i, hl_rtcall(e, HL_RT_list_del_slice, list, start, stop, step));
}

/* --- operators --------------------------------------------------------------------------------------------------------------------- */

static void extend(hl_emit *e, hl_inst *i)
{
    const hl_type *elem = i->args[0]->type->elem;
    V list = hl_one(e, i->args[0]);
    if (same_items(i->args[1]->type, elem)) hl_check_status(e, i, hl_rtcall(e, HL_RT_list_extend, list, hl_one(e, i->args[1])));
    else push_all(e, i, 1, elem, list, false);
}

void hl_emit_list_extend(hl_emit *e, hl_inst *i, V *out) { extend(e, i); }

void hl_emit_list_iadd(hl_emit *e, hl_inst *i, V *out)
{
    extend(e, i);
    out[0] = hl_one(e, i->args[0]);
}

void hl_emit_list_concat(hl_emit *e, hl_inst *i, V *out)
{
    out[0] = hl_rtcall(e, HL_RT_list_concat, hl_one(e, i->args[0]), hl_one(e, i->args[1]));
    hl_check_not_null(e, i, out[0]);
}

void hl_emit_list_repeat(hl_emit *e, hl_inst *i, V *out)
{
    int side = i->args[0]->type->kind == HL_K_LIST ? 0 : 1;
    out[0] = hl_rtcall(e, HL_RT_list_repeat, hl_one(e, i->args[side]), hl_one(e, i->args[1 - side]));
    hl_check_not_null(e, i, out[0]);
}

void hl_emit_list_imul(hl_emit *e, hl_inst *i, V *out)
{
    out[0] = hl_one(e, i->args[0]);
    hl_check_status(e, i, hl_rtcall(e, HL_RT_list_repeat_inplace, out[0], hl_one(e, i->args[1])));
}

void hl_emit_list_truth(hl_emit *e, hl_inst *i, V *out)
{
    out[0] = hl_icmp(e, LLVMIntNE, hl_list_len(e, hl_one(e, i->args[0])), hl_zero(e));
}

void hl_emit_len_list(hl_emit *e, hl_inst *i, V *out) { out[0] = hl_list_len(e, hl_one(e, i->args[0])); }

/* --- methods --------------------------------------------------------------------------------------------------------------------------- */

void hl_emit_list_append(hl_emit *e, hl_inst *i, V *out)
{
    hl_list_push(e, i, i->args[0]->type->elem, hl_one(e, i->args[0]), hl_arg(e, i, 1), false, false);
}

static V spilled(hl_emit *e, const hl_type *t, const V *parts)
{
    V slots = hl_alloca_slots(e, t->nparts);
    hl_store_slots(e, t, parts, slots);
    return slots;
}

void hl_emit_list_insert(hl_emit *e, hl_inst *i, V *out)
{
    V list = hl_one(e, i->args[0]), item = spilled(e, i->args[0]->type->elem, hl_arg(e, i, 2));
    /* with room made before, the insertion cannot fail: a failing instruction must not have taken the item */
    hl_check_status(e, i, hl_rtcall(e, HL_RT_list_reserve, list, hl_add(e, hl_list_len(e, list), hl_i64(e, 1))));
    hl_rtcall(e, HL_RT_list_insert, list, hl_one(e, i->args[1]), item);
}

void hl_emit_list_pop(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *elem = i->args[0]->type->elem;
    V list = hl_one(e, i->args[0]);
    if (hl_is_omitted(i, 1)) { /* the last one: in place */
        V len = hl_list_len(e, list), last = LLVMBuildNSWSub(e->b, len, hl_i64(e, 1), "");
        hl_check(e, i, hl_icmp(e, LLVMIntNE, len, hl_zero(e)), HL_ERR_index_pop_empty, NULL, NULL);
        hl_list_load(e, elem, hl_list_address(e, elem, hl_list_data(e, list), last), out);
        hl_list_set_len(e, list, last);
        hl_list_touch(e, list);
        return;
    }
    V slots = hl_alloca_slots(e, elem->nparts);
    hl_check_status(e, i, hl_rtcall(e, HL_RT_list_pop, list, hl_one(e, i->args[1]), slots));
    hl_load_slots(e, elem, slots, out);
}

void hl_emit_list_reverse(hl_emit *e, hl_inst *i, V *out) { hl_rtcall(e, HL_RT_list_reverse, hl_one(e, i->args[0])); }
void hl_emit_list_clear(hl_emit *e, hl_inst *i, V *out) { hl_rtcall(e, HL_RT_list_clear, hl_one(e, i->args[0])); }
void hl_emit_list_copy(hl_emit *e, hl_inst *i, V *out) { out[0] = copy_list(e, i, hl_one(e, i->args[0])); }

void hl_emit_list_sort(hl_emit *e, hl_inst *i, V *out)
{
    hl_check_status(e, i, sort_list(e, i->args[0]->type->elem, hl_one(e, i->args[0]), i->args[1]));
}

/* Walks the items from *at (an alloca) while at < stop; emission stands in the body with `equal` telling whether the item
 * equals operand `value`. */
typedef struct search { V at; LLVMBasicBlockRef head, next, done; V equal, index; } search;

static search search_begin(hl_emit *e, hl_inst *i, int value, V start, V stop)
{
    const hl_type *elem = i->args[0]->type->elem;
    V list = hl_one(e, i->args[0]), *x = hl_arg(e, i, value), item[elem->nparts + 1];
    search s = {.at = hl_alloca(e, e->i64, "at"), .head = hl_bb(e, "search"), .next = hl_bb(e, "search.next"), .done = hl_bb(e, "search.done")};
    LLVMBasicBlockRef body = hl_bb(e, "search.body");
    LLVMBuildStore(e->b, start, s.at);
    hl_br(e, s.head);
    hl_at(e, s.head);
    s.index = LLVMBuildLoad2(e->b, e->i64, s.at, "");
    V more = hl_icmp(e, LLVMIntSLT, s.index, hl_list_len(e, list));
    if (stop) more = LLVMBuildAnd(e->b, more, hl_icmp(e, LLVMIntSLT, s.index, stop), "");
    hl_cond(e, more, body, s.done);
    hl_at(e, s.next);
    LLVMBuildStore(e->b, LLVMBuildNSWAdd(e->b, s.index, hl_i64(e, 1), ""), s.at);
    hl_br(e, s.head);
    hl_at(e, body);
    hl_list_load(e, elem, hl_list_address(e, elem, hl_list_data(e, list), s.index), item);
    s.equal = hl_value_equal(e, i, elem, item, i->args[value]->type, x);
    return s;
}

void hl_emit_list_count(hl_emit *e, hl_inst *i, V *out)
{
    V n = hl_alloca(e, e->i64, "count");
    LLVMBuildStore(e->b, hl_zero(e), n);
    search s = search_begin(e, i, 1, hl_zero(e), NULL);
    LLVMBuildStore(e->b, hl_add(e, LLVMBuildLoad2(e->b, e->i64, n, ""), LLVMBuildZExt(e->b, s.equal, e->i64, "")), n);
    hl_br(e, s.next);
    hl_at(e, s.done);
    out[0] = LLVMBuildLoad2(e->b, e->i64, n, "");
}

/* Position of operand 1 between start and stop (NULL: the end), or -1. */
static V find(hl_emit *e, hl_inst *i, V start, V stop)
{
    V found = hl_alloca(e, e->i64, "found");
    LLVMBuildStore(e->b, hl_i64(e, -1), found);
    search s = search_begin(e, i, 1, start, stop);
    LLVMBasicBlockRef hit = hl_bb(e, "search.hit");
    hl_cond(e, s.equal, hit, s.next);
    hl_at(e, hit);
    LLVMBuildStore(e->b, s.index, found);
    hl_br(e, s.done);
    hl_at(e, s.done);
    return LLVMBuildLoad2(e->b, e->i64, found, "");
}

void hl_emit_list_index(hl_emit *e, hl_inst *i, V *out)
{
    V bound[2] = {hl_zero(e), NULL}, len = hl_list_len(e, hl_one(e, i->args[0])), zero = hl_zero(e);
    for (int k = 0; k < 2; k++) {
        if (hl_is_omitted(i, 2 + k)) continue;
        V b = hl_one(e, i->args[2 + k]);
        b = hl_select(e, hl_icmp(e, LLVMIntSLT, b, zero), hl_add(e, b, len), b);
        bound[k] = hl_select(e, hl_icmp(e, LLVMIntSLT, b, zero), zero, b);
    }
    out[0] = find(e, i, bound[0], bound[1]);
    LLVMBasicBlockRef missing = hl_bb(e, "missing"), ok = hl_bb(e, "found");
    hl_cond(e, hl_icmp(e, LLVMIntSGE, out[0], zero), ok, missing);
    hl_at(e, missing);
    V x = hl_box_value(e, i, i->args[1]->type, hl_arg(e, i, 1));
    hl_rtcall(e, HL_RT_raise_missing, x);
    hl_emit_release(e, hl_T.pyobject, &x);
    hl_leave(e, i);
    hl_at(e, ok);
}

void hl_emit_list_remove(hl_emit *e, hl_inst *i, V *out)
{
    V at = find(e, i, hl_zero(e), NULL);
    hl_check(e, i, hl_icmp(e, LLVMIntSGE, at, hl_zero(e)), HL_ERR_remove_missing, NULL, NULL);
    hl_check_status(e, i, hl_rtcall(e, HL_RT_list_del, hl_one(e, i->args[0]), at));
}
