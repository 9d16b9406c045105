/* After the fixpoint: the graph is made to say what inference found.
 *
 *   1. instances that nobody calls are left out; element types that nothing bound become int64 (an empty list of anything)
 *   2. branches that types decided, blocks that cannot be reached and handlers of code that cannot raise are cut; a phi of nothing that
 *      is bound is not bound
 *   3. check_bound gets its condition: what may be unbound is asked also when all its values are the same literal
 *   4. values that turned out to be literals become constants
 *   5. casts: every operand gets the type its user wants; an array becomes a copy of that dtype, and what a row writes there is stored back
 *   6. in `try` blocks what may raise is set apart
 *   7. pure values without users go
 *   8. methods of Python objects are called without being made first
 */
#include "private.h"
#include "../rules/rules.h"
#include <string.h>

static bool live(const hl_block *b) { return b->data && ((hl_block_note *)b->data)->live; }

#define EACH_BLOCK(f, b) for (int b##_k = 0; b##_k < (f)->blocks.n; b##_k++) for (hl_block *b = (f)->blocks.at[b##_k]; b; b = NULL)

/* --- 1 ------------------------------------------------------------------------------------------------------------------- */

static void mark_used(hl_infer *in, hl_instance *f)
{
    if (f->used) return;
    f->used = true;
    if (f != in->instances.at[0]) hl_push(in->arena, &in->cx->funcs, f->func);
    EACH_BLOCK(f->func, b)
        for (hl_inst *i = b->first; i && live(b); i = i->next)
            if (i->op == HL_OP_call && i->data && i->note && ((hl_note *)i->note)->target && ((hl_note *)i->note)->target->instance)
                mark_used(in, ((hl_note *)i->note)->target->instance);
    for (int k = 0; k < in->rule_calls.n; k++)
        if (in->rule_calls.at[k].inst->block->func == f->func) mark_used(in, in->rule_calls.at[k].callee);
}

static void resolve_types(hl_infer *in, hl_instance *f)
{
    for (int k = 0; k < f->ntypes; k++) f->func->param_types[k] = hl_resolve(in, f->func->param_types[k]);
    f->ret = hl_resolve(in, f->ret);
    if (f->ret->kind == HL_K_UNKNOWN) f->ret = hl_T.none; /* never returns: raises or loops for ever */
    f->func->ret_type = f->ret;
    EACH_BLOCK(f->func, b)
        for (hl_inst *i = b->first; i; i = i->next)
            if (i->type) i->type = hl_resolve(in, i->type);
}

/* --- 2 ------------------------------------------------------------------------------------------------------------------- */

static bool block_raises(const hl_block *b)
{
    for (const hl_inst *i = b->first; i; i = i->next)
        if (hl_ir_effects(i) & HL_E_RAISE) return true;
    return false;
}

/* Instruction i was reached but never typed: it is, or depends on, a call of a function that never returns, or reads a
 * variable that is never bound there. The call or the check stays, nothing after it does. */
static void end_block_at(hl_func *f, hl_inst *i)
{
    hl_block *b = i->block;
    while (b->nsucc) hl_ir_cut_edge(b, b->nsucc - 1);
    while (b->last != i) hl_ir_remove(b->last);
    if ((i->op == HL_OP_call && i->data) || i->op == HL_OP_check_bound) {
        i->type = hl_T.none;
        if (i->op == HL_OP_check_bound && !i->args[0]->type) i->args[0]->type = hl_T.none;
        hl_ir_append(b, hl_ir_new(f, HL_OP_unreachable, NULL, 0, i->span));
        return;
    }
    if (b->handler) hl_ir_cut_handler(b);
    i->op = HL_OP_unreachable, i->nargs = 0, i->rule = NULL;
}

/* A phi that inference reached and gave no type: on all ways that are taken the variable is not bound, and so the phi is not either. */
static bool unbind_phi(hl_func *f, hl_inst *i)
{
    for (int k = 0; k < i->nargs; k++) {
        if (i->args[k]->op != HL_OP_unbound) continue;
        hl_inst *u = hl_ir_new(f, HL_OP_unbound, NULL, 0, i->span);
        u->obj = i->args[k]->obj;
        hl_ir_prepend(f->blocks.at[0], u);
        hl_ir_replace(f, i, u);
        hl_ir_remove(i);
        return true;
    }
    return false;
}

static void unbind_phis(hl_func *f)
{
    for (bool again = true; again;) {
        again = false;
        EACH_BLOCK(f, b)
            for (hl_inst *i = b->first, *next; i && i->op == HL_OP_phi && live(b); i = next) {
                next = i->next;
                if (!i->type && unbind_phi(f, i)) again = true;
            }
    }
}

static void cut_dead(hl_func *f)
{
    unbind_phis(f);
    EACH_BLOCK(f, b) {
        if (!live(b)) continue;
        hl_inst *t = hl_ir_term(b);
        bool value;
        if (t->op == HL_OP_branch && t->args[0]->type && hl_literal_bool(t->args[0]->type, &value)) {
            hl_ir_cut_edge(b, value ? 1 : 0);
            t->op = HL_OP_jump, t->nargs = 0;
        }
        for (hl_inst *i = b->first; i; i = i->next)
            if (!i->type && i != t && i->op != HL_OP_unbound && i->op != HL_OP_phi && !(hl_ops[i->op].effects & HL_E_TERM)) {
                end_block_at(f, i);
                break;
            }
        if (b->handler && (!live(b->handler) || !block_raises(b))) hl_ir_cut_handler(b);
    }
    EACH_BLOCK(f, b)
        if (!live(b)) {
            while (b->nsucc) hl_ir_cut_edge(b, b->nsucc - 1);
            if (b->handler) hl_ir_cut_handler(b);
        }
    hl_ir_order(f);
}

/* --- 3 ------------------------------------------------------------------------------------------------------------------- */

static hl_inst *bool_const(hl_infer *in, hl_func *f, bool v)
{
    hl_inst *c = hl_ir_new(f, HL_OP_const, NULL, 0, (hl_span){0});
    c->obj = v ? Py_True : Py_False;
    c->type = hl_type_literal(in->types, c->obj);
    hl_ir_prepend(f->blocks.at[0], c);
    return c;
}

/* The parallel phi that says whether v holds a value; made[] remembers them by id of v. */
static hl_inst *boundness(hl_infer *in, hl_func *f, hl_inst *v, hl_inst **made, uint32_t nmade, hl_inst *yes, hl_inst *no)
{
    if (v->op == HL_OP_unbound) return no;
    if (v->op != HL_OP_phi) return yes;
    if (v->id < nmade && made[v->id]) return made[v->id];
    hl_inst *p = hl_ir_new(f, HL_OP_phi, NULL, 0, v->span);
    p->type = hl_T.boolean;
    hl_ir_before(v, p);
    if (v->id < nmade) made[v->id] = p;
    for (int k = 0; k < v->nargs; k++)
        hl_ir_add_arg(f, p, boundness(in, f, v->args[k], made, nmade, yes, no));
    return p;
}

static void make_check_bound(hl_infer *in, hl_func *f)
{
    hl_inst **made = NULL, *yes = NULL, *no = NULL;
    uint32_t nmade = f->next_inst;
    EACH_BLOCK(f, b)
        for (hl_inst *i = b->first, *next; i; i = next) {
            next = i->next;
            if (i->op != HL_OP_check_bound) continue;
            if (!made) made = HL_NEWN(in->arena, hl_inst *, nmade), yes = bool_const(in, f, true), no = bool_const(in, f, false);
            hl_inst *c = boundness(in, f, i->args[0], made, nmade, yes, no);
            if (c == yes) {
                hl_ir_replace(f, i, i->args[0]);
                hl_ir_remove(i);
            } else {
                hl_ir_add_arg(f, i, c);
                if (!i->type) i->type = hl_T.none;
            }
        }
}

/* --- 4 ------------------------------------------------------------------------------------------------------------------- */

static bool is_unit(const hl_type *t) { return t->kind == HL_K_LITERAL || t->kind == HL_K_NONE || t->kind == HL_K_CONST; }

static bool pure(const hl_inst *i)
{
    if (i->type && i->type->kind == HL_K_BOUND) return true;
    return !(hl_ir_effects(i) & (HL_E_WRITE | HL_E_RAISE | HL_E_TERM)) && i->op != HL_OP_param && i->op != HL_OP_catch;
}

static void cast_by_rule(hl_infer *in, hl_inst *i);

static void make_literals(hl_infer *in, hl_func *f)
{
    EACH_BLOCK(f, b)
        for (hl_inst *i = b->first, *next; i; i = next) {
            next = i->next;
            if (i->flags & HL_I_UNWRAPS && i->type && is_unit(i->type)) cast_by_rule(in, i); /* what is known of the value holds when there is one */
            if (i->op == HL_OP_const || i->op == HL_OP_unbound || !i->type || !is_unit(i->type) || !pure(i)) continue;
            PyObject *obj = i->type->kind == HL_K_NONE ? Py_None : i->type->obj;
            if (i->op == HL_OP_phi) {
                hl_inst *c = hl_ir_new(f, HL_OP_const, NULL, 0, i->span);
                c->obj = obj, c->type = i->type;
                hl_ir_prepend(f->blocks.at[0], c);
                hl_ir_replace(f, i, c);
                hl_ir_remove(i);
                continue;
            }
            i->op = HL_OP_const, i->obj = obj, i->nargs = 0, i->rule = NULL;
        }
}

/* --- 5 ------------------------------------------------------------------------------------------------------------------- */

/* The value as a Python object: what is known while compiling is a constant, strings and exceptions are objects already. */
static hl_inst *box_before(hl_func *f, hl_inst *where, hl_inst *v)
{
    const hl_type *t = v->type;
    bool constant = v->op == HL_OP_const || t->kind == HL_K_LITERAL || t->kind == HL_K_CONST || t->kind == HL_K_NONE;
    bool same = !constant && (t->kind == HL_K_STR || t->kind == HL_K_EXCEPTION);
    hl_inst *b = hl_ir_new(f, constant ? HL_OP_const : same ? HL_OP_cast : HL_OP_box, &v, constant ? 0 : 1, where->span);
    if (constant) b->obj = v->op == HL_OP_const ? v->obj : t->kind == HL_K_NONE ? Py_None : t->obj;
    b->type = hl_T.pyobject;
    hl_ir_before(where, b);
    return b;
}

static hl_inst *by_row_before(hl_func *f, hl_inst *where, hl_op op, int rule, hl_inst *const *args, int n, const hl_type *t)
{
    hl_inst *i = hl_ir_new(f, op, args, n, where->span);
    i->rule = &hl_rules[rule], i->type = t;
    hl_ir_before(where, i);
    return i;
}

/* A copy of array v with items of another dtype, as astype makes it. */
static hl_inst *convert_items(hl_func *f, hl_inst *where, hl_inst *v, const hl_type *to)
{
    return by_row_before(f, where, HL_OP_call, HL_R_array_astype, &v, 1, to);
}

/* What `where` raises when its operand v is None; NULL: nothing better than a TypeError. */
static PyObject *none_error(hl_func *f, hl_inst *where, const hl_inst *v)
{
    for (int k = 0; k < where->nargs; k++)
        if (where->args[k] == v) return hl_keep(f->arena, hl_none_error(where, k));
    return NULL;
}

static hl_inst *cast_before(hl_func *f, hl_inst *where, hl_inst *v, const hl_type *to);

/* Does some item of a tuple become a Python object that is none yet? */
static bool boxes_items(const hl_type *from, const hl_type *to)
{
    if (from->kind != HL_K_TUPLE || to->kind != HL_K_TUPLE || from->nitems != to->nitems) return false;
    for (int k = 0; k < to->nitems; k++)
        if ((to->items[k]->kind == HL_K_PYOBJECT && from->items[k]->kind != HL_K_PYOBJECT) || boxes_items(from->items[k], to->items[k])) return true;
    return false;
}

/* A tuple taken apart and put together of its items as `to` has them. */
static hl_inst *cast_items(hl_func *f, hl_inst *where, hl_inst *v, const hl_type *to)
{
    hl_inst *items[to->nitems + 1];
    hl_inst *apart = v->op == HL_OP_build_tuple ? NULL : by_row_before(f, where, HL_OP_unpack, HL_R_unpack_tuple, &v, 1, v->type);
    if (apart) apart->ival = to->nitems;
    for (int k = 0; k < to->nitems; k++) {
        const hl_type *from = v->type->items[k];
        items[k] = apart ? by_row_before(f, where, HL_OP_unpack_item, HL_R_unpack_item, &apart, 1, from) : v->args[k];
        if (apart) items[k]->ival = k;
        if (from != to->items[k]) items[k] = cast_before(f, where, items[k], to->items[k]);
    }
    return by_row_before(f, where, HL_OP_build_tuple, HL_R_build_tuple, items, to->nitems, to);
}

static hl_inst *cast_before(hl_func *f, hl_inst *where, hl_inst *v, const hl_type *to)
{
    const hl_type *from = v->type;
    if (hl_is_array(from) && hl_is_array(to) && from->elem != to->elem) return convert_items(f, where, v, to);
    if (to->kind == HL_K_PYOBJECT) return box_before(f, where, v);
    if (boxes_items(from, to)) return cast_items(f, where, v, to);
    if (to->kind == HL_K_OPTIONAL && boxes_items(from, to->elem)) return cast_before(f, where, cast_items(f, where, v, to->elem), to);
    if (from->kind == HL_K_PYOBJECT) {
        hl_inst *u = hl_ir_new(f, HL_OP_unbox, &v, 1, where->span);
        u->obj = Py_None, u->type = to;
        hl_ir_before(where, u);
        return u;
    }
    bool unwraps = from->kind == HL_K_OPTIONAL && to->kind != HL_K_OPTIONAL;
    if (unwraps && hl_unliteral(to) != from->elem) {
        hl_inst *u = cast_before(f, where, v, from->elem);
        return cast_before(f, where, u, to);
    }
    hl_inst *c = hl_ir_new(f, unwraps ? HL_OP_unwrap : HL_OP_cast, &v, 1, where->span);
    c->type = to;
    if (unwraps) c->obj = none_error(f, where, v);
    hl_ir_before(where, c);
    return c;
}

static bool needs_cast(const hl_type *from, const hl_type *to)
{
    return from != to && from && !(hl_is_literal(from) && from->elem == to);
}

static void cast_operand(hl_func *f, hl_inst *i, int k, const hl_type *to)
{
    if (to && needs_cast(i->args[k]->type, to)) i->args[k] = cast_before(f, i, i->args[k], to);
}

static void cast_phi(hl_func *f, hl_inst *i)
{
    for (int k = 0; k < i->nargs; k++) {
        hl_inst *a = i->args[k];
        if (a->op == HL_OP_unbound) {
            if (a->type != i->type) { /* its value does not matter, its type must fit */
                hl_inst *u = hl_ir_new(f, HL_OP_unbound, NULL, 0, a->span);
                u->obj = a->obj, u->type = i->type;
                hl_ir_prepend(f->blocks.at[0], u);
                i->args[k] = u;
            }
            continue;
        }
        if (!a->type) a->type = i->type; /* from a path that inference did not take */
        if (!needs_cast(a->type, i->type)) continue;
        hl_block *p = i->block->pred.at[k];
        hl_inst *where = hl_ir_term(p);
        if (p->handler == i->block && where->prev && where->prev != a && where->prev->op != HL_OP_phi) where = where->prev;
        else if (p->handler && p->handler != i->block) where = hl_ir_term(hl_ir_split_edge(p, i->block)); /* nothing goes behind what may raise */
        i->args[k] = cast_before(f, where, a, i->type);
    }
}

/* i has written into a converted copy of array `to`: to[...] = copy, behind i. */
static void write_back(hl_infer *in, hl_inst *i, hl_inst *to, hl_inst *copy)
{
    hl_func *f = i->block->func;
    hl_inst *all = hl_ir_new(f, HL_OP_const, NULL, 0, i->span), *args[3] = {to, all, copy};
    all->obj = Py_Ellipsis, all->type = hl_infer_const_type(in, Py_Ellipsis);
    hl_ir_before(i, all);
    hl_inst *store = hl_ir_new(f, HL_OP_setitem, args, 3, i->span);
    hl_ir_after(i, store);
    const hl_type *types[3] = {to->type, all->type, copy->type};
    store->type = hl_infer_rules(in, store, hl_rules_of_op(HL_OP_setitem), types);
    cast_by_rule(in, store);
}

static void cast_by_rule(hl_infer *in, hl_inst *i)
{
    const hl_type *types[i->nargs + 4];
    for (int k = 0; k < i->nargs; k++) types[k] = i->args[k]->type;
    hl_site s = {in, i, i->rule, i->nargs, types, i->args};
    hl_infer_unwrap_self(i->rule, types);
    if (!i->rule->type(&s)) { /* accepted only with optionals taken as their values */
        for (int k = 0; k < i->nargs; k++) types[k] = i->args[k]->type;
        hl_infer_unwrap(types, i->nargs);
        i->rule->type(&s);
    }
    i->flags &= (uint16_t)~HL_I_UNWRAPS; /* the casts say it from here on */
    hl_inst *method = hl_infer_method_named(i);
    if (method && i->args[0] == method->args[0] && i->args[0]->type->kind == HL_K_OPTIONAL && types[0]->kind != HL_K_OPTIONAL)
        i->args[0] = cast_before(i->block->func, method, i->args[0], i->args[0]->type->elem); /* None has no such method, whatever the arguments do */
    for (int k = 0; k < i->nargs; k++) {
        hl_inst *given = i->args[k];
        cast_operand(i->block->func, i, k, types[k]);
        bool copied = hl_is_array(given->type) && hl_is_array(i->args[k]->type) && given->type->elem != i->args[k]->type->elem;
        if (copied && i->rule->effects & HL_E_WRITE && !(i->args[k]->type->flags & HL_T_READONLY)) write_back(in, i, given, i->args[k]);
    }
}

/* range(n) of an object: of operator.index(n). */
static void native_range(hl_infer *in, hl_inst *i)
{
    hl_func *f = i->block->func;
    for (int k = 0; k < i->nargs; k++) {
        if (i->args[k]->type->kind != HL_K_PYOBJECT) continue;
        i->args[k] = by_row_before(f, i, HL_OP_call, HL_R_object_index, &i->args[k], 1, hl_T.int64);
    }
    i->rule = &hl_rules[i->rule->id == HL_R_object_range ? HL_R_range : HL_R_prange];
    cast_by_rule(in, i);
}

/* What was no optional after all needs no second name. */
static void finish_narrow(hl_func *f, hl_inst *i)
{
    if (i->type->kind == HL_K_PYOBJECT) cast_operand(f, i, 0, i->type);
    if (i->args[0]->type->kind == HL_K_OPTIONAL) return;
    hl_ir_replace(f, i, i->args[0]);
    hl_ir_remove(i);
}

static void insert_casts(hl_infer *in, hl_func *f)
{
    EACH_BLOCK(f, b)
        for (hl_inst *i = b->first, *next; i; i = next) {
            next = i->next;
            hl_func *callee = i->op == HL_OP_call && !i->rule ? i->data : NULL;
            if (i->op == HL_OP_phi) cast_phi(f, i);
            else if (i->op == HL_OP_return) cast_operand(f, i, 0, f->ret_type);
            else if (callee) for (int k = 0; k < i->nargs; k++) cast_operand(f, i, k, callee->param_types[k]);
            else if (i->op == HL_OP_check_bound) cast_operand(f, i, 0, i->type);
            else if (i->op == HL_OP_narrow) finish_narrow(f, i);
            else if (i->op == HL_OP_unbox) cast_operand(f, i, 0, hl_T.pyobject);
            else if (i->op == HL_OP_convert) i->op = HL_OP_cast, i->obj = NULL;
            else if (i->rule && (i->rule->id == HL_R_object_range || i->rule->id == HL_R_object_prange)) native_range(in, i);
            else if (i->rule) cast_by_rule(in, i);
        }
}

/* --- 6 ------------------------------------------------------------------------------------------------------------------- */

/* What came in front of an instruction in a block with a handler may raise too, and some rows raise where the builder expected
 * nothing: each instruction that may raise gets a block of its own with the same handler. */
static void split_raising(hl_func *f)
{
    EACH_BLOCK(f, b) {
        if (!b->handler) continue;
        hl_inst *r = b->first;
        while (r && (!(hl_ir_effects(r) & HL_E_RAISE) || hl_ops[r->op].effects & HL_E_TERM)) r = r->next;
        if (!r || hl_ops[r->next->op].effects & HL_E_TERM) continue;
        hl_block *h = b->handler, *rest;
        int p = hl_ir_pred_index(b, b->nsucc);
        rest = hl_ir_split_after(r);
        if (!block_raises(rest)) continue;
        p = hl_ir_pred_index(b, b->nsucc);
        hl_ir_set_handler(rest, h);
        for (hl_inst *i = h->first; i && i->op == HL_OP_phi; i = i->next) {
            hl_ir_add_arg(f, i, i->args[p]);
            if (i->args[p] != r && i->args[p]->block != rest) continue;
            /* the variable would be an object that is not there yet */
            hl_inst *none = hl_ir_new(f, HL_OP_const, NULL, 0, r->span);
            none->obj = Py_None, none->type = i->args[p]->type;
            hl_ir_prepend(f->blocks.at[0], none);
            i->args[p] = none;
        }
    }
}

/* --- 7 ------------------------------------------------------------------------------------------------------------------- */

static void remove_unused(hl_infer *in, hl_func *f)
{
    int *count = HL_NEWN(in->arena, int, f->next_inst);
    EACH_BLOCK(f, b)
        for (hl_inst *i = b->first; i; i = i->next)
            for (int k = 0; k < i->nargs; k++)
                if (i->args[k] != i) count[i->args[k]->id]++;
    for (bool again = true; again;) {
        again = false;
        for (int k = f->blocks.n - 1; k >= 0; k--)
            for (hl_inst *i = f->blocks.at[k]->last, *prev; i; i = prev) {
                prev = i->prev;
                if (count[i->id] || !pure(i)) continue;
                for (int q = 0; q < i->nargs; q++)
                    if (i->args[q] != i && --count[i->args[q]->id] == 0) again = true;
                hl_ir_remove(i);
            }
    }
}

/* --- 8 ------------------------------------------------------------------------------------------------------------------- */

/* Nothing that a look-up of an attribute could notice happens between the two. */
static bool adjacent(const hl_inst *from, const hl_inst *to)
{
    for (const hl_inst *i = from->next; i != to; i = i->next)
        if (!i || (i->op != HL_OP_box && hl_ir_effects(i) & (HL_E_WRITE | HL_E_RAISE))) return false;
    return true;
}

/* a.name(…) of a Python object: no bound method is made when the method is called at once. */
static void call_methods(hl_func *f)
{
    hl_ir_uses(f);
    EACH_BLOCK(f, b)
        for (hl_inst *i = b->first; i; i = i->next) {
            if (!i->rule || i->rule->id != HL_R_object_call) continue;
            hl_inst *m = i->args[0];
            if (!m->rule || m->rule->id != HL_R_object_getattr || m->uses.n != 1 || m->block != b || !adjacent(m, i)) continue;
            i->args[0] = m->args[0];
            i->data = m->obj;
            hl_ir_remove(m);
        }
}

static int finish_function(hl_infer *in, hl_instance *f)
{
    hl_func *fn = f->func;
    cut_dead(fn);
    make_check_bound(in, fn);
    make_literals(in, fn);
    insert_casts(in, fn);
    if (fn->has_try) split_raising(fn);
    remove_unused(in, fn);
    if (in->some_objects) call_methods(fn);
    hl_ir_order(fn);
    EACH_BLOCK(fn, b) b->data = NULL;
    return PyErr_Occurred() ? -1 : 0;
}

int hl_infer_finish(hl_infer *in)
{
    for (int k = 0; k < in->vars.n; k++)
        if (!in->vars.at[k]) in->vars.at[k] = hl_T.int64;
    mark_used(in, in->instances.at[0]);
    for (int k = 1; k < in->instances.n; k++)
        if (in->instances.at[k]->func == in->cx->contiguous) mark_used(in, in->instances.at[k]);
    for (int k = 0; k < in->instances.n; k++)
        if (in->instances.at[k]->used) resolve_types(in, in->instances.at[k]);
    for (int k = 0; k < in->instances.n; k++)
        if (in->instances.at[k]->used && finish_function(in, in->instances.at[k]) < 0) {
            in->cx->python_error = true;
            return -1;
        }
    return in->some_objects ? hl_infer_record(in) : 0;
}
