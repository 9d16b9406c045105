/* Comparison and truth of values of any type (hl_comparable says which): numbers, strings, None, tuples, lists, nested.
 *
 * Sequences compare as in CPython: the first pair of items that is not equal decides, by the operator itself; when there
 * is none, the lengths do. */
#include "container.h"
#include "scalar.h"

static V decided(hl_emit *e, hl_op op, int order)
{
    switch (op) {
    case HL_OP_eq: return hl_bool(e, order == 0);
    case HL_OP_ne: return hl_bool(e, order != 0);
    case HL_OP_lt: return hl_bool(e, order < 0);
    case HL_OP_le: return hl_bool(e, order <= 0);
    case HL_OP_gt: return hl_bool(e, order > 0);
    default: return hl_bool(e, order >= 0);
    }
}

static LLVMIntPredicate signed_predicate(hl_op op)
{
    switch (op) {
    case HL_OP_eq: return LLVMIntEQ;
    case HL_OP_ne: return LLVMIntNE;
    case HL_OP_lt: return LLVMIntSLT;
    case HL_OP_le: return LLVMIntSLE;
    case HL_OP_gt: return LLVMIntSGT;
    default: return LLVMIntSGE;
    }
}

static V compare_tuples(hl_emit *e, hl_inst *i, hl_op op, const hl_type *ta, const V *a, const hl_type *tb, const V *b)
{
    int na = ta->nitems, nb = tb->nitems, n = na < nb ? na : nb;
    if ((op == HL_OP_eq || op == HL_OP_ne) && na != nb) return hl_bool(e, op == HL_OP_ne);
    V result = decided(e, op, na - nb);
    for (int k = n - 1; k >= 0; k--) {
        const V *x = a + hl_tuple_offset(ta, k), *y = b + hl_tuple_offset(tb, k);
        V equal = hl_value_equal(e, i, ta->items[k], x, tb->items[k], y);
        if (op == HL_OP_eq) result = LLVMBuildAnd(e->b, equal, result, "");
        else if (op == HL_OP_ne) result = LLVMBuildOr(e->b, LLVMBuildNot(e->b, equal, ""), result, "");
        else result = hl_select(e, equal, result, hl_value_compare(e, i, op, ta->items[k], x, tb->items[k], y));
    }
    return result;
}

static V compare_lists(hl_emit *e, hl_inst *i, hl_op op, const hl_type *ta, V a, const hl_type *tb, V b)
{
    const hl_type *ea = ta->elem, *eb = tb->elem;
    V result = hl_alloca(e, e->i1, "order"), at = hl_alloca(e, e->i64, "at"), x[ea->nparts + 1], y[eb->nparts + 1];
    V na = hl_list_len(e, a), nb = hl_list_len(e, b), n = hl_select(e, hl_icmp(e, LLVMIntSLT, na, nb), na, nb);
    V lengths = hl_icmp(e, signed_predicate(op), na, nb);
    LLVMBasicBlockRef head = hl_bb(e, "compare"), body = hl_bb(e, "compare.body"), next = hl_bb(e, "compare.next");
    LLVMBasicBlockRef differ = hl_bb(e, "compare.differ"), done = hl_bb(e, "compare.done");
    LLVMBuildStore(e->b, lengths, result);
    LLVMBuildStore(e->b, hl_zero(e), at);
    if (op == HL_OP_eq || op == HL_OP_ne) hl_cond(e, hl_icmp(e, LLVMIntEQ, na, nb), head, done);
    else hl_br(e, head);
    hl_at(e, head);
    V k = LLVMBuildLoad2(e->b, e->i64, at, "");
    hl_cond(e, hl_icmp(e, LLVMIntSLT, k, n), body, done);
    hl_at(e, body);
    hl_list_load(e, ea, hl_list_address(e, ea, hl_list_data(e, a), k), x);
    hl_list_load(e, eb, hl_list_address(e, eb, hl_list_data(e, b), k), y);
    hl_cond(e, hl_value_equal(e, i, ea, x, eb, y), next, differ);
    hl_at(e, next);
    LLVMBuildStore(e->b, LLVMBuildNSWAdd(e->b, k, hl_i64(e, 1), ""), at);
    hl_br(e, head);
    hl_at(e, differ);
    V order = op == HL_OP_eq || op == HL_OP_ne ? hl_bool(e, op == HL_OP_ne) : hl_value_compare(e, i, op, ea, x, eb, y);
    LLVMBuildStore(e->b, order, result);
    hl_br(e, done);
    hl_at(e, done);
    return LLVMBuildLoad2(e->b, e->i1, result, "");
}

static V compare_strings(hl_emit *e, hl_op op, const hl_type *ta, const V *a, const hl_type *tb, const V *b)
{
    if (hl_is_literal(ta) && hl_is_literal(tb)) return decided(e, op, PyUnicode_Compare(ta->obj, tb->obj));
    return hl_icmp(e, signed_predicate(op), hl_rtcall(e, HL_RT_str_compare, a[0], b[0]), hl_i32(e, 0));
}

/* Is there a value, and its type and parts: of an optional those inside it. */
static V there(hl_emit *e, const hl_type **t, const V **parts)
{
    if ((*t)->kind != HL_K_OPTIONAL) return hl_bool(e, (*t)->kind != HL_K_NONE);
    *t = (*t)->elem;
    return *(*parts)++;
}

/* == and != where either may be None: the values are asked when both are there. */
static V compare_optionals(hl_emit *e, hl_inst *i, hl_op op, const hl_type *ta, const V *a, const hl_type *tb, const V *b)
{
    V hx = there(e, &ta, &a), hy = there(e, &tb, &b), both = hl_ibin(e, LLVMAnd, hx, hy);
    V nones = hl_icmp(e, op == HL_OP_eq ? LLVMIntEQ : LLVMIntNE, hx, hy); /* when one is None */
    if (ta->kind == HL_K_NONE || tb->kind == HL_K_NONE) return nones;
    hl_aside values = hl_aside_begin(e, both);
    return hl_aside_end(e, values, hl_value_compare(e, i, op, ta, a, tb, b), nones);
}

V hl_value_compare(hl_emit *e, hl_inst *i, hl_op op, const hl_type *ta, const V *a, const hl_type *tb, const V *b)
{
    const hl_type *x = hl_unliteral(ta), *y = hl_unliteral(tb);
    if (x->kind == HL_K_OPTIONAL || y->kind == HL_K_OPTIONAL) return compare_optionals(e, i, op, x, a, y, b);
    if (hl_is_number(x) && hl_is_number(y)) return hl_compare_numbers(e, i, op, x, a, y, b);
    if (x->kind != y->kind) return hl_bool(e, op == HL_OP_ne); /* None, a number, a str … never equal each other */
    switch (x->kind) {
    case HL_K_TUPLE: return compare_tuples(e, i, op, x, a, y, b);
    case HL_K_LIST: return compare_lists(e, i, op, x, a[0], y, b[0]);
    case HL_K_STR: return compare_strings(e, op, ta, a, tb, b);
    default: return decided(e, op, 0); /* None */
    }
}

V hl_value_equal(hl_emit *e, hl_inst *i, const hl_type *ta, const V *a, const hl_type *tb, const V *b)
{
    return hl_value_compare(e, i, HL_OP_eq, ta, a, tb, b);
}

/* None is false; there is no list or string to be asked then. */
static V truth_of_optional(hl_emit *e, hl_inst *i, const hl_type *t, const V *parts)
{
    hl_aside some = hl_aside_begin(e, parts[0]);
    return hl_aside_end(e, some, hl_value_truth(e, i, t->elem, parts + 1), hl_bool(e, false));
}

V hl_value_truth(hl_emit *e, hl_inst *i, const hl_type *t, const V *parts)
{
    const hl_type *x = hl_unliteral(t);
    switch (x->kind) {
    case HL_K_OPTIONAL: return truth_of_optional(e, i, x, parts);
    case HL_K_TUPLE: return hl_bool(e, x->nitems != 0);
    case HL_K_LIST: return hl_icmp(e, LLVMIntNE, hl_list_len(e, parts[0]), hl_zero(e));
    case HL_K_STR: return hl_icmp(e, LLVMIntNE, hl_rtcall(e, HL_RT_str_len, parts[0]), hl_zero(e));
    case HL_K_RANGE: return hl_icmp(e, LLVMIntNE, hl_range_count(e, parts), hl_zero(e));
    case HL_K_NONE: return hl_bool(e, false);
    default: return hl_truth(e, x, parts);
    }
}

/* The answer for None is known (ival), the other one is its contrary. */
void hl_emit_isinstance(hl_emit *e, hl_inst *i, V *out)
{
    if (hl_is_literal(i->type)) return;
    V is = hl_arg(e, i, 0)[0];
    out[0] = i->ival ? LLVMBuildNot(e->b, is, "") : is;
}

void hl_emit_bool_of(hl_emit *e, hl_inst *i, V *out) { out[0] = hl_value_truth(e, i, i->args[0]->type, hl_arg(e, i, 0)); }

/* --- rows ---------------------------------------------------------------------------------------------------------------------- */

void hl_emit_seq_compare(hl_emit *e, hl_inst *i, V *out)
{
    out[0] = hl_value_compare(e, i, (hl_op)i->op, i->args[0]->type, hl_arg(e, i, 0), i->args[1]->type, hl_arg(e, i, 1));
}

static V in_tuple(hl_emit *e, hl_inst *i, const hl_type *tx, const V *x, const hl_type *t, const V *p)
{
    V found = hl_bool(e, false);
    for (int k = 0; k < t->nitems; p += t->items[k]->nparts, k++)
        found = LLVMBuildOr(e->b, found, hl_value_equal(e, i, t->items[k], p, tx, x), "");
    return found;
}

static V in_list(hl_emit *e, hl_inst *i, const hl_type *tx, const V *x, const hl_type *t, V list)
{
    V result = hl_alloca(e, e->i1, "in"), at = hl_alloca(e, e->i64, "at"), item[t->elem->nparts + 1];
    LLVMBasicBlockRef head = hl_bb(e, "in"), body = hl_bb(e, "in.body"), next = hl_bb(e, "in.next"), done = hl_bb(e, "in.done");
    LLVMBuildStore(e->b, hl_zero(e), at);
    hl_br(e, head);
    hl_at(e, head);
    V k = LLVMBuildLoad2(e->b, e->i64, at, ""), more = hl_icmp(e, LLVMIntSLT, k, hl_list_len(e, list));
    LLVMBuildStore(e->b, more, result); /* stays true only when the loop is left by a hit */
    hl_cond(e, more, body, done);
    hl_at(e, body);
    hl_list_load(e, t->elem, hl_list_address(e, t->elem, hl_list_data(e, list), k), item);
    hl_cond(e, hl_value_equal(e, i, t->elem, item, tx, x), done, next);
    hl_at(e, next);
    LLVMBuildStore(e->b, LLVMBuildNSWAdd(e->b, k, hl_i64(e, 1), ""), at);
    hl_br(e, head);
    hl_at(e, done);
    return LLVMBuildLoad2(e->b, e->i1, result, "");
}

void hl_emit_seq_in(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *tx = i->args[0]->type, *t = i->args[1]->type;
    V *x = hl_arg(e, i, 0), *p = hl_arg(e, i, 1);
    out[0] = t->kind == HL_K_TUPLE ? in_tuple(e, i, tx, x, t, p) : in_list(e, i, tx, x, t, p[0]);
    if (i->op == HL_OP_not_in) out[0] = LLVMBuildNot(e->b, out[0], "");
}
