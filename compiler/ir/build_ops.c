/* Stack handling, variables, operators, displays, items and attributes, control. */
#include "build.h"

/* --- the stack ---------------------------------------------------------------------------------------------------------- */

void hl_build_do_pop(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    if (hl_build_item(b, 1)->generator) hl_build_pop(b); /* fails */
    else hl_build_pop_item(b);
}

void hl_build_do_null(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_build_push_kind(b, HL_ITEM_NULL);
}

void hl_build_do_copy(hl_builder *b, const hl_bc *bc)
{
    hl_item *from = hl_build_item(b, bc->arg);
    from->shared = true;
    hl_item it = *from;
    it.fresh = false;
    *hl_build_push_kind(b, it.kind) = it;
}

void hl_build_do_swap(hl_builder *b, const hl_bc *bc)
{
    hl_item *x = hl_build_item(b, bc->arg), *y = hl_build_item(b, 1), it = *x;
    *x = *y;
    *y = it;
}

/* --- variables ---------------------------------------------------------------------------------------------------------- */

void hl_build_do_const(hl_builder *b, const hl_bc *bc) { hl_build_push(b, hl_build_const(b, bc->obj)); }

static const char *name_of(hl_builder *b, int local)
{
    const char *s = PyUnicode_AsUTF8(b->frame->s->vars[local].name);
    if (!s) PyErr_Clear();
    return s ? s : "?";
}

/* For reports: the type of a variable where the source names it. */
static void mention(hl_builder *b, int local, hl_inst *value)
{
    if (b->cx->report && b->span.line > 0)
        hl_push(b->arena, &b->f->mentions, ((hl_mention){value, b->frame->s->vars[local].name, b->span}));
}

hl_inst *hl_build_load(hl_builder *b, int local)
{
    hl_frame *fr = b->frame;
    if (fr->var[local] < 0) {
        if (!fr->frozen[local]) hl_build_fail(b, "TypingError", "free variable '%s' has no value yet", name_of(b, local));
        return hl_build_const(b, fr->frozen[local] ? fr->frozen[local] : Py_None);
    }
    hl_inst *v = hl_build_read(b, fr->var[local]);
    if (hl_bit(fr->unbound, local)) {
        hl_bit_put(fr->unbound, local, false);
        if (v->op != HL_OP_unbound && v->op != HL_OP_phi) {
            mention(b, local, v);
            return v;
        }
        v = hl_build_emit1(b, HL_OP_check_bound, v);
        v->obj = fr->s->vars[local].name;
        b->checks = true;
        hl_build_split(b);
        hl_build_write(b, fr->var[local], v);
    }
    mention(b, local, v);
    return v;
}

static bool refuse_frozen(hl_builder *b, int local)
{
    if (b->frame->var[local] >= 0) return false;
    hl_build_fail(b, "UnsupportedError", "assignment to nonlocal variable '%s' is not supported", name_of(b, local));
    return true;
}

/* The value as the type that the option `locals` declares for the variable, if it does. */
static hl_inst *as_declared(hl_builder *b, int local, hl_inst *value)
{
    PyObject *declared = b->cx->locals && b->f->code ? PyDict_GetItem(b->cx->locals, b->f->code) : NULL;
    PyObject *type = declared ? PyDict_GetItemString(declared, name_of(b, local)) : NULL;
    if (!type) return value;
    PyObject *what = hl_keep(b->arena, PyTuple_Pack(2, type, b->frame->s->vars[local].name));
    if (!what) return hl_build_python_error(b), value;
    hl_inst *c = hl_build_emit1(b, HL_OP_convert, value);
    c->obj = what;
    return c;
}

void hl_build_store(hl_builder *b, int local, hl_inst *value)
{
    if (refuse_frozen(b, local)) return;
    value = as_declared(b, local, value);
    hl_build_split(b);
    hl_build_write(b, b->frame->var[local], value);
    mention(b, local, value);
    if (!b->frame->flow->cleared[local]) hl_bit_put(b->frame->unbound, local, false);
}

static void unbind(hl_builder *b, int local)
{
    hl_build_split(b);
    hl_build_write(b, b->frame->var[local], hl_build_unbound(b, b->frame->var[local]));
    hl_bit_put(b->frame->unbound, local, true);
}

void hl_build_do_load(hl_builder *b, const hl_bc *bc) { hl_build_push(b, hl_build_load(b, bc->arg)); }
void hl_build_do_store(hl_builder *b, const hl_bc *bc) { hl_build_store(b, bc->arg, hl_build_pop(b)); }

void hl_build_do_delete(hl_builder *b, const hl_bc *bc)
{
    if (refuse_frozen(b, bc->arg)) return;
    hl_build_load(b, bc->arg);
    unbind(b, bc->arg);
}

void hl_build_do_load_clear(hl_builder *b, const hl_bc *bc)
{
    if (refuse_frozen(b, bc->arg)) return;
    hl_build_push(b, hl_build_read(b, b->frame->var[bc->arg]));
    unbind(b, bc->arg);
}

void hl_build_do_closure(hl_builder *b, const hl_bc *bc)
{
    hl_frame *fr = b->frame;
    PyObject *frozen = fr->frozen[bc->arg];
    hl_inst *v = fr->var[bc->arg] >= 0 ? hl_build_read(b, fr->var[bc->arg]) : hl_build_const(b, frozen ? frozen : Py_None);
    hl_item *it = hl_build_push_kind(b, HL_ITEM_CELL);
    it->cell = bc->arg;
    it->value = v;
}

/* --- operators ---------------------------------------------------------------------------------------------------------- */

void hl_build_do_unary(hl_builder *b, const hl_bc *bc) { hl_build_push(b, hl_build_emit1(b, (hl_op)bc->arg, hl_build_pop(b))); }

void hl_build_do_binary(hl_builder *b, const hl_bc *bc)
{
    hl_inst **v = hl_build_pop_n(b, 2);
    hl_build_push(b, hl_build_emit(b, (hl_op)bc->arg, v, 2));
}

void hl_build_do_inplace(hl_builder *b, const hl_bc *bc)
{
    hl_build_do_binary(b, bc);
    hl_build_item(b, 1)->value->flags |= HL_I_INPLACE;
}

/* These give a bool whatever the operands are. */
static bool is_bool(const hl_inst *i)
{
    switch (i->op) {
    case HL_OP_truth: case HL_OP_not: case HL_OP_is: case HL_OP_is_not: case HL_OP_in: case HL_OP_not_in: case HL_OP_exc_match:
        return true;
    default: return false;
    }
}

static hl_inst *truth(hl_builder *b, hl_inst *v) { return is_bool(v) ? v : hl_build_emit1(b, HL_OP_truth, v); }

void hl_build_do_truth(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_build_push(b, truth(b, hl_build_pop(b)));
}

/* --- items and attributes -------------------------------------------------------------------------------------------------- */

void hl_build_do_getitem(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_inst **v = hl_build_pop_n(b, 2);
    hl_build_push(b, hl_build_emit(b, HL_OP_getitem, v, 2));
}

void hl_build_do_setitem(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_inst **v = hl_build_pop_n(b, 3), *args[] = {v[1], v[2], v[0]};
    hl_build_emit(b, HL_OP_setitem, args, 3);
}

void hl_build_do_delitem(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_build_emit(b, HL_OP_delitem, hl_build_pop_n(b, 2), 2);
}

void hl_build_do_get_slice(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_inst **v = hl_build_pop_n(b, 3);
    hl_build_push(b, hl_build_emit2(b, HL_OP_getitem, v[0], hl_build_emit2(b, HL_OP_build_slice, v[1], v[2])));
}

void hl_build_do_set_slice(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_inst **v = hl_build_pop_n(b, 4), *args[] = {v[1], hl_build_emit2(b, HL_OP_build_slice, v[2], v[3]), v[0]};
    hl_build_emit(b, HL_OP_setitem, args, 3);
}

void hl_build_do_set_attr(hl_builder *b, const hl_bc *bc)
{
    hl_inst **v = hl_build_pop_n(b, 2);
    hl_build_emit2(b, HL_OP_setattr, v[1], v[0])->obj = bc->obj;
}

void hl_build_do_delete_attr(hl_builder *b, const hl_bc *bc)
{
    const char *name = PyUnicode_AsUTF8(bc->obj);
    if (!hl_build_gradual(b)) hl_build_fail(b, "UnsupportedError", "del of attribute '%s' is not supported", name ? name : "?");
    else hl_build_emit1(b, HL_OP_delattr, hl_build_pop(b))->obj = bc->obj;
}

/* --- displays --------------------------------------------------------------------------------------------------------------- */

static void display(hl_builder *b, hl_op op, int n) { hl_build_push(b, hl_build_emit(b, op, hl_build_pop_n(b, n), n)); }

void hl_build_do_build_tuple(hl_builder *b, const hl_bc *bc)
{
    if (!hl_build_cells(b, bc->arg)) display(b, HL_OP_build_tuple, bc->arg);
}

void hl_build_do_build_list(hl_builder *b, const hl_bc *bc) { display(b, HL_OP_build_list, bc->arg); }
void hl_build_do_build_set(hl_builder *b, const hl_bc *bc) { display(b, HL_OP_build_set, bc->arg); }
void hl_build_do_build_slice(hl_builder *b, const hl_bc *bc) { display(b, HL_OP_build_slice, bc->arg); }
void hl_build_do_build_string(hl_builder *b, const hl_bc *bc) { display(b, HL_OP_build_string, bc->arg); }

void hl_build_do_build_map(hl_builder *b, const hl_bc *bc)
{
    display(b, HL_OP_build_map, 2 * bc->arg);
    hl_build_item(b, 1)->fresh = true;
}

void hl_build_do_build_key_map(hl_builder *b, const hl_bc *bc)
{
    hl_inst *keys = hl_build_pop(b), **values = hl_build_pop_n(b, bc->arg);
    if (b->failed || keys->op != HL_OP_const || !PyTuple_Check(keys->obj) || PyTuple_GET_SIZE(keys->obj) != bc->arg) {
        hl_build_fail(b, "UnsupportedError", "this bytecode (keys of a display) is not supported");
        return;
    }
    hl_inst **args = HL_NEWN(b->arena, hl_inst *, 2 * bc->arg + 1);
    for (int k = 0; k < bc->arg; k++) {
        args[2 * k] = hl_build_const(b, PyTuple_GET_ITEM(keys->obj, k));
        args[2 * k + 1] = values[k];
    }
    hl_build_push(b, hl_build_emit(b, HL_OP_build_map, args, 2 * bc->arg))->fresh = true;
}

/* The items of a constant tuple or frozenset, one instruction each. */
static hl_inst **const_items(hl_builder *b, PyObject *obj, int *n)
{
    PyObject *items = PySequence_Tuple(obj);
    if (!items) {
        hl_build_python_error(b);
        *n = 0;
        return NULL;
    }
    hl_keep(b->arena, items);
    *n = (int)PyTuple_GET_SIZE(items);
    hl_inst **v = HL_NEWN(b->arena, hl_inst *, *n + 1);
    for (int k = 0; k < *n; k++) v[k] = hl_build_const(b, PyTuple_GET_ITEM(items, k));
    return v;
}

/* [1, 2, 3] comes as an empty display that is extended by a constant, {1, 2, 3} likewise. */
static bool fill_display(hl_builder *b, hl_item *it, hl_inst *from)
{
    hl_inst *empty = it->value;
    if (it->shared || !empty || from->op != HL_OP_const || empty->nargs || (empty->op != HL_OP_build_list && empty->op != HL_OP_build_set)) return false;
    if (!PyTuple_CheckExact(from->obj) && !PyFrozenSet_CheckExact(from->obj)) return false;
    if (empty->next != from && !(empty->next && empty->next->op == HL_OP_jump && from->prev == NULL)) return false;
    int n;
    hl_inst **items = const_items(b, from->obj, &n);
    it->value = hl_build_emit(b, (hl_op)empty->op, items, n);
    hl_ir_remove(empty);
    return true;
}

static void add_part(hl_builder *b, hl_display *d, hl_inst *value, bool star)
{
    if (d->nparts == d->room) {
        struct hl_display_part *parts = HL_NEWN(b->arena, struct hl_display_part, d->room = 2 * d->room + 8);
        if (d->nparts) memcpy(parts, d->parts, sizeof *parts * (size_t)d->nparts);
        d->parts = parts;
    }
    d->parts[d->nparts++] = (struct hl_display_part){value, star};
}

/* Long displays come item by item.  Nobody has seen the object yet, so its instruction can move down to the new items;
 * not any more when another instruction got it (room is -1 then). */
static bool grow(hl_builder *b, hl_item *it, hl_op op, hl_inst *const *values, int n)
{
    hl_inst *i = it->value;
    if (b->failed || it->shared || i->op != op || it->display || it->room < 0) return false;
    hl_build_split(b);
    if (i->nargs + n > it->room) {
        hl_inst **args = HL_NEWN(b->arena, hl_inst *, it->room = 2 * (i->nargs + n) + 8);
        if (i->nargs) memcpy(args, i->args, sizeof *args * (size_t)i->nargs);
        i->args = args;
    }
    for (int k = 0; k < n; k++) i->args[i->nargs++] = values[k];
    hl_ir_remove(i);
    hl_ir_append(b->cur, i);
    b->raised = b->catcher.block && (hl_ops[op].effects & HL_E_RAISE);
    return true;
}

static void extend(hl_builder *b, hl_item *it, hl_op op, hl_inst *value, bool star)
{
    if (!it->value) {
        hl_build_fail(b, "UnsupportedError", "this bytecode (no list where one is needed) is not supported");
        return;
    }
    if (!it->display && !it->shared && it->value->op == HL_OP_build_list) {
        it->display = HL_NEW(b->arena, hl_display);
        for (int k = 0; k < it->value->nargs; k++) add_part(b, it->display, it->value->args[k], false);
        hl_push(b->arena, &it->display->made, it->value);
    }
    hl_inst *i = hl_build_emit2(b, op, it->value, value);
    it->room = -1;
    if (!it->display) return;
    add_part(b, it->display, value, star);
    hl_push(b->arena, &it->display->made, i);
}

void hl_build_do_list_extend(hl_builder *b, const hl_bc *bc)
{
    hl_inst *from = hl_build_pop(b);
    hl_item *it = hl_build_item(b, bc->arg);
    if (b->failed || fill_display(b, it, from)) return;
    extend(b, it, HL_OP_list_extend, from, true);
}

/* A display's list lies right below; a comprehension's deeper. */
void hl_build_do_list_append(hl_builder *b, const hl_bc *bc)
{
    hl_inst *value = hl_build_pop(b), *list = hl_build_item_value(b, bc->arg);
    hl_item *it = hl_build_item(b, bc->arg);
    if (bc->arg == 1 && (b->failed || grow(b, it, HL_OP_build_list, &value, 1))) return;
    if (bc->arg == 1) it->room = -1;
    if (it->display) extend(b, it, HL_OP_list_append, value, false);
    else hl_build_emit2(b, HL_OP_list_append, list, value);
}

/* (a, *b, c) = (a,) + tuple(b) + (c,): unlike a list it keeps each item's own type. */
void hl_build_do_list_to_tuple(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_item it = hl_build_pop_item(b);
    if (it.kind == HL_ITEM_VALUE && !it.display && it.value->op == HL_OP_build_list && it.room > 0 && !it.shared) { /* a long one */
        it.value->op = HL_OP_build_tuple;
        hl_build_push(b, it.value);
        return;
    }
    if (it.kind != HL_ITEM_VALUE || !it.display || it.shared) {
        hl_item *again = hl_build_push_kind(b, it.kind);
        *again = it;
        hl_build_push(b, hl_build_emit1(b, HL_OP_list_to_tuple, hl_build_pop(b)));
        return;
    }
    hl_inst *all = NULL;
    hl_inst **run = HL_NEWN(b->arena, hl_inst *, it.display->nparts + 1);
    int n = 0;
    for (int k = 0; k <= it.display->nparts; k++) {
        struct hl_display_part *p = k < it.display->nparts ? &it.display->parts[k] : NULL;
        if (p && !p->star) {
            run[n++] = p->value;
            continue;
        }
        if (n) {
            hl_inst *part = hl_build_emit(b, HL_OP_build_tuple, run, n);
            all = all ? hl_build_emit2(b, HL_OP_add, all, part) : part;
            n = 0;
        }
        if (!p) break;
        hl_inst *part = hl_build_emit2(b, HL_OP_call, hl_build_const(b, (PyObject *)&PyTuple_Type), p->value);
        all = all ? hl_build_emit2(b, HL_OP_add, all, part) : part;
    }
    for (int k = 0; k < it.display->made.n; k++) hl_ir_remove(it.display->made.at[k]);
    hl_build_push(b, all);
}

/* Is the dict on top the keyword arguments of a call that comes now? */
static bool calls_next(hl_builder *b)
{
    hl_frame *fr = b->frame;
    return fr->pc + 1 < fr->bb->end && fr->s->at.at[fr->pc + 1].op == HL_BC_call_ex;
}

/* No instruction of their own: the method says what happens. */
static void update(hl_builder *b, int nth, const char *method)
{
    hl_inst *from = hl_build_pop(b), *to = hl_build_item_value(b, nth);
    hl_item *it = hl_build_item(b, nth);
    if (b->failed || fill_display(b, it, from)) return;
    bool empty = it->fresh && !to->nargs;
    it->fresh = false;
    it->room = -1;
    if (empty && calls_next(b)) { /* f(**a) is f(**{**a}) */
        it->value = from;
        return;
    }
    hl_inst *m = hl_build_emit1(b, HL_OP_getattr, to);
    m->obj = hl_keep(b->arena, PyUnicode_InternFromString(method));
    hl_build_emit2(b, HL_OP_call, m, from);
}

void hl_build_do_set_update(hl_builder *b, const hl_bc *bc) { update(b, bc->arg, "update"); }
void hl_build_do_map_update(hl_builder *b, const hl_bc *bc) { update(b, bc->arg, "update"); }

/* The arguments f(**a, **b): keys must differ, and the message that says so names f, which lies below the positional arguments. */
void hl_build_do_map_merge(hl_builder *b, const hl_bc *bc)
{
    hl_item *map = hl_build_item(b, bc->arg + 1);
    if (!hl_build_gradual(b) || b->failed || (map->fresh && map->value && !map->value->nargs && calls_next(b))) {
        update(b, bc->arg, "update");
        return;
    }
    hl_inst *from = hl_build_pop(b), *to = hl_build_item_value(b, bc->arg);
    hl_item *f = hl_build_item(b, bc->arg + 2);
    if (f->kind != HL_ITEM_VALUE) f = hl_build_item(b, bc->arg + 3);
    hl_item *it = hl_build_item(b, bc->arg);
    it->fresh = false, it->room = -1;
    hl_inst *args[] = {to, from, f->kind == HL_ITEM_VALUE && f->value ? f->value : hl_build_const(b, Py_None)};
    hl_build_emit(b, HL_OP_map_merge, args, 3);
}

void hl_build_do_set_add(hl_builder *b, const hl_bc *bc)
{
    hl_inst *value = hl_build_pop(b);
    hl_build_item_value(b, bc->arg);
    if (bc->arg == 1 && grow(b, hl_build_item(b, 1), HL_OP_build_set, &value, 1)) return;
    hl_build_item(b, bc->arg)->room = -1;
    hl_build_emit2(b, HL_OP_set_add, hl_build_item_value(b, bc->arg), value);
}

void hl_build_do_map_add(hl_builder *b, const hl_bc *bc)
{
    hl_inst **kv = hl_build_pop_n(b, 2), *args[] = {hl_build_item_value(b, bc->arg), kv[0], kv[1]};
    if (bc->arg == 1 && hl_build_item(b, 1)->fresh && grow(b, hl_build_item(b, 1), HL_OP_build_map, kv, 2)) return;
    hl_build_item(b, bc->arg)->room = -1;
    hl_build_emit(b, HL_OP_map_add, args, 3);
}

/* --- taking apart ------------------------------------------------------------------------------------------------------------- */

static void push_items(hl_builder *b, hl_inst *from, int n)
{
    for (int k = n - 1; k >= 0; k--) {
        hl_inst *item = hl_build_emit1(b, HL_OP_unpack_item, from);
        item->ival = k;
        hl_build_push(b, item);
    }
}

void hl_build_do_unpack(hl_builder *b, const hl_bc *bc)
{
    hl_inst *v = hl_build_pop(b);
    if (v->op == HL_OP_build_tuple && v->nargs == bc->arg) {
        for (int k = v->nargs - 1; k >= 0; k--) hl_build_push(b, v->args[k]);
        return;
    }
    hl_inst *u = hl_build_emit1(b, HL_OP_unpack, v);
    u->ival = bc->arg;
    push_items(b, u, bc->arg);
}

void hl_build_do_unpack_ex(hl_builder *b, const hl_bc *bc)
{
    hl_inst *u = hl_build_emit1(b, HL_OP_unpack_ex, hl_build_pop(b));
    u->ival = bc->arg;
    push_items(b, u, (bc->arg & 255) + 1 + (bc->arg >> 8));
}

/* --- f-strings ------------------------------------------------------------------------------------------------------------------ */

static hl_inst *format(hl_builder *b, hl_inst *v, hl_inst *spec, int conversion)
{
    hl_inst *i = hl_build_emit2(b, HL_OP_format, v, spec);
    i->ival = conversion;
    return i;
}

void hl_build_do_convert(hl_builder *b, const hl_bc *bc)
{
    hl_inst *v = hl_build_pop(b);
    hl_build_push(b, format(b, v, hl_build_const(b, Py_None), bc->arg));
}

/* What was converted is a str already; formatting it without a specification changes nothing. */
void hl_build_do_format(hl_builder *b, const hl_bc *bc)
{
    hl_inst *spec = bc->arg ? hl_build_pop(b) : NULL, *v = hl_build_pop(b);
    if (!spec && v->op == HL_OP_format && v->ival) hl_build_push(b, v);
    else hl_build_push(b, format(b, v, spec ? spec : hl_build_const(b, Py_None), 0));
}

/* --- control ---------------------------------------------------------------------------------------------------------------------- */

/* Where a loop's next turn begins is where CPython looks for signals as well. */
static void poll(hl_builder *b, const hl_bb *to)
{
    if (to->order <= b->frame->bb->order) hl_build_emit(b, HL_OP_poll, NULL, 0);
}

void hl_build_do_jump(hl_builder *b, const hl_bc *bc)
{
    hl_bb *to = hl_build_target(b, bc);
    poll(b, to);
    hl_build_goto(b, to, b->frame->depth);
}

/* The local variables and stack places that hold v, where it is known not to be None: they hold its value from here on. */
static void narrow(hl_builder *b, hl_inst *v)
{
    hl_frame *fr = b->frame;
    hl_inst *some = NULL;
    for (int k = 0; k < fr->s->nvars; k++) {
        if (fr->var[k] < 0 || hl_build_held(b, fr->var[k]) != v) continue;
        if (!some) some = hl_build_emit1(b, HL_OP_narrow, v);
        hl_build_write(b, fr->var[k], some);
    }
    for (int k = 0; k < fr->depth; k++) {
        if (fr->stack[k].kind != HL_ITEM_VALUE || fr->stack[k].value != v) continue;
        if (!some) some = hl_build_emit1(b, HL_OP_narrow, v);
        fr->stack[k].value = some;
    }
}

/* Is v worth narrowing where it is true: may it be None, as far as one can tell from where it comes, and is it looked at again? */
static bool narrows(hl_builder *b, const hl_inst *v)
{
    hl_frame *fr = b->frame;
    if (v->op != HL_OP_phi && v->op != HL_OP_call && v->op != HL_OP_call_ex && v->op != HL_OP_param) return false;
    for (int k = 0; k < fr->s->nvars; k++)
        if (fr->var[k] >= 0 && hl_build_held(b, fr->var[k]) == v) return true;
    for (int k = 0; k < fr->depth; k++)
        if (fr->stack[k].kind == HL_ITEM_VALUE && fr->stack[k].value == v) return true;
    return false;
}

/* A jump to the target if the value on the stack is true (or, as `when` says, false). */
static void choose(hl_builder *b, const hl_bc *bc, bool when)
{
    hl_inst *v = hl_build_pop(b), *condition = truth(b, v), *of = condition->op == HL_OP_truth ? condition->args[0] : v;
    hl_bb *to = hl_build_target(b, bc), *on = hl_build_behind(b), *yes = when ? to : on, *no = when ? on : to;
    int depth = b->frame->depth;
    poll(b, to);
    if (!narrows(b, of)) {
        hl_build_fork(b, condition, yes, depth, no, depth);
        return;
    }
    hl_build_fork_open(b, condition, true, no, depth);
    narrow(b, of);
    hl_build_goto(b, yes, depth);
}

void hl_build_do_jump_if(hl_builder *b, const hl_bc *bc) { choose(b, bc, true); }
void hl_build_do_jump_unless(hl_builder *b, const hl_bc *bc) { choose(b, bc, false); }

static void choose_none(hl_builder *b, const hl_bc *bc, bool when)
{
    hl_inst *v = hl_build_pop(b), *none = hl_build_emit2(b, HL_OP_is, v, hl_build_const(b, Py_None));
    hl_bb *to = hl_build_target(b, bc), *on = hl_build_behind(b);
    int depth = b->frame->depth;
    poll(b, to);
    hl_build_fork_open(b, none, false, when ? to : on, depth);
    narrow(b, v);
    hl_build_goto(b, when ? on : to, depth);
}

void hl_build_do_jump_none(hl_builder *b, const hl_bc *bc) { choose_none(b, bc, true); }
void hl_build_do_jump_not_none(hl_builder *b, const hl_bc *bc) { choose_none(b, bc, false); }

void hl_build_do_iter(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_build_push(b, hl_build_emit1(b, HL_OP_getiter, hl_build_pop(b)));
}

void hl_build_do_for_iter(hl_builder *b, const hl_bc *bc)
{
    hl_inst *more = hl_build_emit1(b, HL_OP_iternext, hl_build_peek(b, 1));
    int depth = b->frame->depth;
    hl_build_fork(b, more, hl_build_behind(b), depth, hl_build_target(b, bc), depth - 1);
}

void hl_build_do_unsupported(hl_builder *b, const hl_bc *bc) { hl_build_fail(b, "UnsupportedError", "%s is not supported", bc->text); }
