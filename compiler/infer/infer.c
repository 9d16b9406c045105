/* The engine of inference: the work list, phis, branches, instances.  infer.h tells the method.
 *
 * Invariants while it runs: a block is typed only when it is live (control can reach it); an instruction whose operands
 * are not all typed waits; an operation that no rule accepts is only *noted* as failed, because a later, wider operand
 * type may be accepted; the first failure in source order is reported when nothing moves any more. */
#include "private.h"
#include "../rules/rules.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_VISITS = 200, VISITS_PER_LIST = 8, MAX_INSTANCES = 2000, MAX_OF_ONE = 200, MAX_PARTS = 1000 };

static hl_block_note *block_note(hl_infer *in, hl_block *b)
{
    hl_block_note *n = b->data;
    if (!n) b->data = n = HL_NEW(in->arena, hl_block_note);
    if (n->nedges < b->pred.n) {
        bool *e = HL_NEWN(in->arena, bool, b->pred.n);
        if (n->nedges) memcpy(e, n->edges, (size_t)n->nedges);
        n->edges = e, n->nedges = b->pred.n;
    }
    return n;
}

hl_note *hl_infer_note(hl_inst *i)
{
    if (!i->note) i->note = HL_NEW(i->block->func->arena, hl_note);
    return i->note;
}

static bool live(const hl_block *b) { return b->data && ((hl_block_note *)b->data)->live; }

void hl_infer_queue(hl_infer *in, hl_inst *i)
{
    hl_note *n = hl_infer_note(i);
    if (n->queued || !live(i->block)) return;
    n->queued = true;
    hl_push(in->arena, &in->work, i);
}

void hl_infer_queue_users(hl_infer *in, hl_inst *i)
{
    for (int k = 0; k < i->uses.n; k++) hl_infer_queue(in, i->uses.at[k]);
}

/* May a type variable that is bound change what is known of i? */
static bool depends(hl_inst *i)
{
    if (!i->type || i->type->has_var || i->type->kind == HL_K_UNKNOWN || hl_infer_note(i)->failed || hl_ops[i->op].effects & HL_E_TERM) return true;
    for (int k = 0; k < i->nargs; k++)
        if (i->args[k]->type && i->args[k]->type->has_var) return true;
    return false;
}

void hl_infer_requeue_all(hl_infer *in)
{
    for (int f = 0; f < in->instances.n; f++) {
        hl_func *fn = in->instances.at[f]->func;
        for (int b = 0; b < fn->blocks.n; b++)
            for (hl_inst *i = fn->blocks.at[b]->first; i; i = i->next)
                if (depends(i)) hl_infer_queue(in, i);
    }
}

/* --- new instructions made on the way ----------------------------------------------------------------------------------- */

void hl_infer_set_args(hl_infer *in, hl_inst *i, hl_inst *const *args, int n)
{
    hl_inst **copy = HL_NEWN(in->arena, hl_inst *, n);
    for (int k = 0; k < n; k++) {
        copy[k] = args[k];
        hl_push(in->arena, &args[k]->uses, i);
    }
    i->args = copy, i->nargs = n;
}

hl_inst *hl_infer_insert(hl_infer *in, hl_inst *before, hl_op op, hl_inst *const *args, int n)
{
    hl_inst *i = hl_ir_new(before->block->func, op, args, n, before->span);
    i->flags |= before->flags & HL_I_OBJECT;
    hl_ir_before(before, i);
    for (int k = 0; k < n; k++) hl_push(in->arena, &args[k]->uses, i);
    return i;
}

hl_inst *hl_infer_const(hl_infer *in, hl_inst *before, PyObject *obj)
{
    hl_inst *i = hl_infer_insert(in, before, HL_OP_const, NULL, 0);
    i->obj = obj;
    i->type = hl_infer_const_type(in, obj);
    return i;
}

/* --- types of constants ----------------------------------------------------------------------------------------------------- */

static const hl_type *const_tuple(hl_infer *in, PyObject *obj)
{
    Py_ssize_t n = PyTuple_GET_SIZE(obj);
    const hl_type **items = HL_NEWN(in->arena, const hl_type *, n + 1);
    for (Py_ssize_t k = 0; k < n; k++) items[k] = hl_infer_const_type(in, PyTuple_GET_ITEM(obj, k));
    return hl_type_tuple(in->types, items, (int)n, PyTuple_CheckExact(obj) ? NULL : (PyObject *)Py_TYPE(obj));
}

const hl_type *hl_infer_const_type(hl_infer *in, PyObject *obj)
{
    if (obj == Py_None) return hl_T.none;
    if (obj == Py_Ellipsis) return hl_T.ellipsis;
    const hl_type *t = hl_type_literal(in->types, obj);
    if (t) return t;
    if (PyTuple_Check(obj) && (PyTuple_CheckExact(obj) || PyObject_HasAttrString(obj, "_fields"))) return const_tuple(in, obj);
    if (!PyType_Check(obj) && !PyCallable_Check(obj) && !PyModule_Check(obj) && in->cx->hooks) {
        t = in->cx->hooks->type_of(obj);
        if (t && t->kind == HL_K_LIST) t = NULL; /* a global list may change under us: not a constant */
        if (t) return t;
    }
    return hl_type_const(in->types, obj);
}

/* --- visiting ------------------------------------------------------------------------------------------------------------------ */

void hl_infer_fail(hl_infer *in, hl_inst *i, const char *fmt, ...)
{
    char buf[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    hl_infer_note(i)->failed = hl_strdup(in->arena, buf);
}

void hl_infer_set_type(hl_infer *in, hl_inst *i, const hl_type *t)
{
    if (!t || i->type == t) return;
    i->type = t;
    hl_infer_queue_users(in, i);
}

static void enter_block(hl_infer *in, hl_block *b);

static void take_edge(hl_infer *in, hl_block *from, hl_block *to)
{
    hl_block_note *n = block_note(in, to);
    bool news = false;
    for (int k = 0; k < to->pred.n; k++)
        if (to->pred.at[k] == from && !n->edges[k]) n->edges[k] = news = true;
    if (!n->live) enter_block(in, to);
    else if (news)
        for (hl_inst *i = to->first; i && i->op == HL_OP_phi; i = i->next) hl_infer_queue(in, i);
}

static void enter_block(hl_infer *in, hl_block *b)
{
    block_note(in, b)->live = true;
    /* the work list is a stack: last first */
    for (hl_inst *i = b->last; i; i = i->prev) hl_infer_queue(in, i);
}

/* A phi that is an object makes objects of all that comes in. */
static void box_phi(hl_infer *in, hl_inst *i)
{
    hl_block_note *n = block_note(in, i->block);
    for (int k = 0; k < i->nargs; k++)
        if (n->edges[k] && i->args[k]->op != HL_OP_unbound) hl_infer_box(in, i->args[k], i);
}

static void visit_phi(hl_infer *in, hl_inst *i)
{
    hl_block_note *n = block_note(in, i->block);
    const hl_type *t = hl_infer_note(i)->object ? hl_T.pyobject : hl_T.unknown;
    for (int k = 0; k < i->nargs; k++) {
        hl_inst *a = i->args[k];
        if (!n->edges[k] || !a->type || a->op == HL_OP_unbound) continue;
        const hl_type *at = hl_resolve(in, a->type), *u = hl_bind(in, t, at);
        if (!u) {
            hl_infer_fail(in, i, "%s", "");
            return;
        }
        t = u;
    }
    hl_infer_note(i)->failed = NULL;
    if (t->kind != HL_K_UNKNOWN) hl_infer_set_type(in, i, t);
    for (int k = 0; k < i->nargs; k++)
        if (n->edges[k] && i->args[k]->type && i->args[k]->op != HL_OP_unbound && !hl_infer_becomes(in, i->args[k]->type, t)) hl_infer_fail(in, i, "%s", "");
    if (t->kind == HL_K_PYOBJECT) box_phi(in, i);
}

static void visit_branch(hl_infer *in, hl_inst *i)
{
    const hl_type *t = i->args[0]->type;
    bool value;
    if (!t) return;
    if (hl_literal_bool(t, &value)) take_edge(in, i->block, i->block->succ[value ? 0 : 1]);
    else take_edge(in, i->block, i->block->succ[0]), take_edge(in, i->block, i->block->succ[1]);
}

/* The part of t that does not survive its function: an iterator is state on the stack, a method belongs to one place. */
static const hl_type *stays_behind(const hl_type *t)
{
    if (t->kind == HL_K_ITER || t->kind == HL_K_BOUND) return t;
    for (int k = 0; k < t->nitems; k++) {
        const hl_type *s = stays_behind(t->items[k]);
        if (s) return s;
    }
    return NULL;
}

static void queue_returns(hl_infer *in, hl_func *f)
{
    for (int b = 0; b < f->blocks.n; b++)
        if (f->blocks.at[b]->last && f->blocks.at[b]->last->op == HL_OP_return) hl_infer_queue(in, f->blocks.at[b]->last);
}

/* A signature narrows numbers as a store into an array does; a complex number stays complex. */
static bool fits_signature(hl_infer *in, const hl_type *t, const hl_type *declared)
{
    if (t == declared || declared->kind == HL_K_PYOBJECT || t->kind == HL_K_PYOBJECT) return true;
    if (hl_is_number(t) && hl_is_number(declared)) return hl_is_complex(declared) || !hl_is_complex(t);
    if (t->kind == HL_K_TUPLE && declared->kind == HL_K_TUPLE && t->nitems == declared->nitems) {
        for (int k = 0; k < t->nitems; k++)
            if (!fits_signature(in, t->items[k], declared->items[k])) return false;
        return true;
    }
    if (declared->kind == HL_K_OPTIONAL) return t->kind == HL_K_NONE || fits_signature(in, t->kind == HL_K_OPTIONAL ? t->elem : t, declared->elem);
    if (t->has_var) return hl_bind(in, t, declared) != NULL;
    return hl_can_cast(t, declared) >= 0;
}

/* What the results meet in as they are now.  An earlier look may have seen another type, where a variable had only been None so far and
 * a[None] is a view, or only the 0 that it begins with, an int64 before a uint64 was added; it counts no more, as in phis.  Types of recursive
 * functions might go round and round: hence a limit. */
enum { MAX_REVISIONS = 8 };
static const hl_type *meet_returns(hl_infer *in, hl_func *f)
{
    const hl_type *u = hl_T.unknown;
    for (int b = 0; u && b < f->blocks.n; b++) {
        hl_inst *r = f->blocks.at[b]->last;
        if (r && r->op == HL_OP_return && r->args[0]->type) u = hl_bind(in, u, hl_resolve(in, r->args[0]->type)); /* literals meet as in phis */
    }
    return u ? hl_unliteral_deep(in->types, u) : NULL;
}

static void visit_return(hl_infer *in, hl_inst *i)
{
    hl_instance *f = i->block->func->data;
    const hl_type *t = i->args[0]->type;
    if (!t) return;
    t = hl_unliteral_deep(in->types, hl_resolve(in, t));
    if (f->ret->kind == HL_K_PYOBJECT && in->objects) {
        hl_infer_box(in, i->args[0], i);
        return;
    }
    const hl_type *stays = stays_behind(t);
    if (stays) {
        hl_infer_fail(in, i, "%s cannot be returned from compiled code", stays->name);
        return;
    }
    if (in->objects && f == in->instances.at[0] && !f->declared && t->flags & HL_T_LOCAL) {
        hl_infer_fail(in, i, "a value of type %s cannot be returned to Python", t->name);
        return;
    }
    bool checked = t->kind == HL_K_PYOBJECT && f->declared && in->objects; /* unboxed where it returns */
    const hl_type *u = checked ? f->declared : !f->declared ? hl_bind(in, f->ret, t) : fits_signature(in, t, f->declared) ? f->declared : NULL;
    if (!f->declared && u != f->ret) {
        const hl_type *now = meet_returns(in, f->func);
        if (now && now != u && f->revised++ < MAX_REVISIONS) u = now;
    }
    if (!u) {
        hl_infer_fail(in, i, "%s", "");
        return;
    }
    hl_infer_note(i)->failed = NULL;
    if (u->kind == HL_K_PYOBJECT && t != u && !f->declared) hl_infer_box(in, i->args[0], i);
    if (!f->declared && !hl_infer_becomes(in, i->args[0]->type, u)) hl_infer_fail(in, i, "%s", "");
    if (u == f->ret) return;
    f->ret = u;
    if (u->kind == HL_K_PYOBJECT || u->kind == HL_K_LIST || u->kind == HL_K_TUPLE) queue_returns(in, f->func);
    for (int k = 0; k < f->callers.n; k++) hl_infer_queue(in, f->callers.at[k]);
}

/* Operand types with literals and bindings; false when one is still unknown. */
static bool operand_types(hl_infer *in, hl_inst *i, const hl_type **types)
{
    for (int k = 0; k < i->nargs; k++) {
        const hl_type *t = i->args[k]->type;
        if (!t || t->kind == HL_K_UNKNOWN) return false;
        types[k] = hl_resolve(in, t);
    }
    return true;
}

/* Effects that a row must have: it must be made for Python objects when there are some. */
unsigned hl_infer_needs(const hl_inst *i, const hl_type *const *types, int n)
{
    if (i->note && ((hl_note *)i->note)->object) return HL_E_PYTHON;
    for (int k = 0; k < n; k++)
        if (types[k]->has_object) return HL_E_OBJECT;
    return 0;
}

/* None or a value: rules that take neither are tried again as if it were a value; the cast that finish inserts raises when it is None.  Was there one? */
bool hl_infer_unwrap(const hl_type **types, int n)
{
    bool any = false;
    for (int k = 0; k < n; k++)
        if (types[k]->kind == HL_K_OPTIONAL) types[k] = types[k]->elem, any = true;
    return any;
}

bool hl_infer_unwrap_self(const hl_rule *r, const hl_type **types)
{
    return (r->kind == HL_RULE_METHOD || r->kind == HL_RULE_ATTR) && hl_infer_unwrap(types, 1);
}

const hl_type *hl_infer_rules(hl_infer *in, hl_inst *i, const hl_rule *first, const hl_type **types)
{
    const hl_type *given[i->nargs + 1];
    memcpy(given, types, sizeof *types * (size_t)i->nargs);
    in->why = NULL;
    unsigned need = hl_infer_needs(i, types, i->nargs);
    for (const hl_rule *r = first; r; r = hl_rule_next(r)) {
        if ((r->effects & need) != need) continue;
        hl_site s = {in, i, r, i->nargs, types, i->args};
        bool unwraps = hl_infer_unwrap_self(r, types);
        const hl_type *t = r->type(&s);
        if (t) {
            i->rule = r;
            i->flags = (uint16_t)(unwraps ? i->flags | HL_I_UNWRAPS : i->flags & ~HL_I_UNWRAPS);
            return t;
        }
        if (in->cx->python_error || PyErr_Occurred()) {
            in->cx->python_error = true;
            return NULL;
        }
        memcpy(types, given, sizeof *types * (size_t)i->nargs);
    }
    const hl_type *t = hl_infer_unwrap(types, i->nargs) ? hl_infer_rules(in, i, first, types) : NULL; /* again */
    if (t) i->flags |= HL_I_UNWRAPS;
    return t;
}

static const hl_type *visit_operation(hl_infer *in, hl_inst *i, const hl_type **types)
{
    const char *object = hl_infer_note(i)->object;
    if (object) {
        const hl_type *t = hl_infer_rules(in, i, hl_rules_of_op(i->op), types);
        if (!t && !in->cx->python_error) hl_infer_fail(in, i, "%s", object);
        return t;
    }
    if (i->op == HL_OP_call) return hl_infer_call(in, i, types);
    if (i->op == HL_OP_call_ex) return hl_infer_call_ex(in, i);
    if (i->op == HL_OP_getattr) return hl_infer_getattr(in, i, types);
    if (i->op == HL_OP_not && hl_unliteral(types[0])->kind != HL_K_BOOL) {
        hl_inst *t = hl_infer_insert(in, i, HL_OP_truth, &i->args[0], 1);
        hl_infer_set_args(in, i, &t, 1);
        hl_infer_queue(in, i);
        hl_infer_queue(in, t);
        return hl_T.unknown;
    }
    const hl_type *t = hl_infer_rules(in, i, hl_rules_of_op(i->op), types);
    if (!t && !in->cx->python_error && (hl_infer_take_sequences(in, i, types) || hl_infer_in_array(in, i, types))) return hl_T.unknown;
    if (!t && !in->cx->python_error)
        hl_infer_fail(in, i, "%s", in->why ? in->why : "");
    return t;
}

/* When the last instruction of a `try` block may raise, its handler is live. */
static void take_handler(hl_infer *in, hl_inst *i)
{
    hl_block *b = i->block;
    hl_infer_overflow(in->cx, i);
    if (b->handler && hl_ir_effects(i) & HL_E_RAISE) take_edge(in, b, b->handler);
}

static void visit_terminator(hl_infer *in, hl_inst *i)
{
    switch (i->op) {
    case HL_OP_branch: visit_branch(in, i); break;
    case HL_OP_jump: take_edge(in, i->block, i->block->succ[0]); break;
    case HL_OP_return: visit_return(in, i); break;
    default: { /* raise, reraise, unreachable */
        const hl_type *types[i->nargs + 1];
        if (!operand_types(in, i, types)) return;
        if (hl_rules_of_op(i->op)) visit_operation(in, i, types);
        if (i->block->handler) take_edge(in, i->block, i->block->handler);
    }
    }
}

/* Another name for the operand; of an optional, its value.  One that is None yet has no value to be named. */
static void visit_alias(hl_infer *in, hl_inst *i)
{
    if (hl_infer_note(i)->object) {
        hl_infer_set_type(in, i, hl_T.pyobject);
        hl_infer_box(in, i->args[0], i);
        return;
    }
    const hl_type *t = i->args[0]->type ? hl_resolve(in, i->args[0]->type) : NULL;
    if (t && i->op == HL_OP_narrow) t = t->kind == HL_K_NONE ? NULL : t->kind == HL_K_OPTIONAL ? t->elem : t;
    if (t) hl_infer_set_type(in, i, t);
}

void hl_infer_visit(hl_infer *in, hl_inst *i)
{
    hl_note *n = hl_infer_note(i);
    in->objects = hl_infer_allows(in, i);
    if (in->objects && !n->object && hl_infer_forces(in, i))
        hl_infer_make_object(in, i, i->flags & HL_I_OBJECT ? "in a block under objmode" : "the option forceobj=True");
    if (++n->visits > MAX_VISITS + VISITS_PER_LIST * in->vars.n) { /* each variable that is bound asks everything again */
        hl_infer_fail(in, i, "the types of this loop do not settle");
        return;
    }
    if (hl_ops[i->op].effects & HL_E_TERM) {
        visit_terminator(in, i);
        return;
    }
    switch (i->op) {
    case HL_OP_phi: visit_phi(in, i); return;
    case HL_OP_param:
        in->some_objects |= i->block->func->param_types[i->ival]->has_object;
        hl_infer_set_type(in, i, i->block->func->param_types[i->ival]); return;
    case HL_OP_const: hl_infer_set_type(in, i, i->type ? i->type : hl_infer_const_type(in, i->obj)); hl_infer_queue_users(in, i); return;
    case HL_OP_poll: hl_infer_set_type(in, i, hl_T.none); take_handler(in, i); return;
    case HL_OP_omitted: hl_infer_set_type(in, i, hl_T.omitted); return;
    case HL_OP_cast: case HL_OP_check_bound: case HL_OP_narrow: /* cast: a second name (call_out) */
        visit_alias(in, i);
        if (i->op == HL_OP_check_bound && i->block->handler) take_edge(in, i->block, i->block->handler);
        return;
    case HL_OP_unbound: case HL_OP_unbox: return;
    case HL_OP_convert: {
        const hl_type *to = in->cx->hooks->type_from(PyTuple_GET_ITEM(i->obj, 0));
        if (!to) {
            PyErr_Clear();
            hl_infer_fail(in, i, "`locals` declares something that is not a type");
        } else if (i->args[0]->type && in->objects && (i->args[0]->type->kind == HL_K_PYOBJECT || i->flags & HL_I_OBJECT)) {
            hl_infer_box(in, i->args[0], i);
            i->op = HL_OP_unbox, i->obj = PyTuple_GET_ITEM(i->obj, 1); /* checked when it runs */
            hl_infer_set_type(in, i, to);
            take_handler(in, i);
        } else if (i->args[0]->type && hl_can_cast(hl_resolve(in, i->args[0]->type), to) < 0)
            hl_infer_fail(in, i, "`locals` declares %s, the value is %s", to->name, hl_resolve(in, i->args[0]->type)->name);
        else hl_infer_set_type(in, i, to);
        return;
    }
    default: break;
    }
    const hl_type *types[i->nargs + 4];
    if (!operand_types(in, i, types)) return;
    n->failed = NULL;
    const hl_type *t = visit_operation(in, i, types);
    if (!t) return;
    if (t->kind != HL_K_UNKNOWN) hl_infer_set_type(in, i, t);
    take_handler(in, i); /* a function that never returns may raise all the same */
}

/* --- instances -------------------------------------------------------------------------------------------------------------------- */

static void start(hl_infer *in, hl_instance *f)
{
    hl_ir_uses(f->func);
    enter_block(in, f->func->blocks.at[0]);
}

static bool same_types(const hl_instance *f, const hl_type *const *types, int n)
{
    if (f->ntypes != n) return false;
    for (int k = 0; k < n; k++)
        if (f->types[k] != types[k]) return false;
    return true;
}

/* A recursive call whose argument types grow would go on for ever. */
static bool grows(const hl_infer *in, const PyObject *key, const hl_type *const *types, int n)
{
    int same = 0;
    for (int k = 0; k < in->instances.n; k++) same += in->instances.at[k]->key == key;
    for (int k = 0; k < n; k++)
        if (same && types[k]->nparts > MAX_PARTS) return true;
    return same >= MAX_OF_ONE || in->instances.n >= MAX_INSTANCES;
}

/* Closures of one code may have been made by functions with different globals or options. */
static bool same_maker(const hl_instance *f, const hl_func *maker)
{
    return f->maker == maker || (f->maker && maker && f->maker->globals == maker->globals && f->maker->options == maker->options);
}

hl_instance *hl_infer_instance(hl_infer *in, PyObject *key, const hl_func *maker, const hl_type *const *types, int n, hl_inst *at)
{
    for (int k = 0; k < in->instances.n; k++)
        if (in->instances.at[k]->key == key && same_maker(in->instances.at[k], maker) && same_types(in->instances.at[k], types, n)) return in->instances.at[k];
    if (grows(in, key, types, n)) {
        hl_fail(in->cx, "TypingError", at ? at->block->func : NULL, at ? at->span : (hl_span){0}, "each call needs new argument types, without end: the arguments of this recursive call grow");
        return NULL;
    }
    hl_func *fn = PyFunction_Check(key) ? hl_build(in->cx, key) : hl_build_code(in->cx, key, maker->globals, NULL);
    if (!fn) {
        hl_explain_calls(in, at);
        return NULL;
    }
    if (fn->nparams != n) {
        hl_fail(in->cx, "TypingError", at ? at->block->func : fn, at ? at->span : (hl_span){0}, "%s takes %d arguments, %d were given", fn->name, fn->nparams, n);
        return NULL;
    }
    hl_instance *f = HL_NEW(in->arena, hl_instance);
    f->func = fn, f->key = key, f->maker = maker, f->ntypes = n, f->ret = hl_T.unknown;
    f->types = HL_NEWN(in->arena, const hl_type *, n + 1);
    memcpy(f->types, types, sizeof *types * (size_t)n);
    fn->param_types = HL_NEWN(in->arena, const hl_type *, n + 1);
    memcpy(fn->param_types, types, sizeof *types * (size_t)n);
    fn->data = f;
    hl_push(in->arena, &in->instances, f);
    start(in, f);
    return f;
}

/* The failure that comes first in the source of the first function that has one; NULL: none. */
static hl_inst *first_failure(hl_infer *in)
{
    hl_inst *worst = NULL;
    for (int f = 0; f < in->instances.n && !worst; f++) {
        hl_func *fn = in->instances.at[f]->func;
        if (in->instances.at[f]->abandoned) continue;
        for (int b = 0; b < fn->blocks.n; b++)
            for (hl_inst *i = fn->blocks.at[b]->first; i && live(fn->blocks.at[b]); i = i->next)
                if (i->note && ((hl_note *)i->note)->failed && (!worst || i->span.line < worst->span.line)) worst = i;
    }
    return worst;
}

/* An error that ends a compilation is only a failure of the instruction where Python objects may take over. */
static bool absorb(hl_infer *in, hl_inst *i)
{
    const hl_instance *f = i->block->func->data;
    if (!hl_infer_allows(in, i) && !f->trial) return false;
    const char *why = in->cx->error ? in->cx->error : "its typing failed";
    if (in->cx->python_error || PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_Exception) || PyErr_ExceptionMatches(PyExc_MemoryError)) return false;
        PyObject *cls, *value, *trace;
        PyErr_Fetch(&cls, &value, &trace);
        PyErr_NormalizeException(&cls, &value, &trace);
        PyObject *text = value ? hl_keep(in->arena, PyObject_Str(value)) : NULL;
        if (text && PyUnicode_AsUTF8(text)) why = PyUnicode_AsUTF8(text);
        PyErr_Clear();
        Py_XDECREF(cls), Py_XDECREF(value), Py_XDECREF(trace);
    }
    in->cx->error = NULL, in->cx->error_class = NULL, in->cx->python_error = false;
    hl_infer_fail(in, i, "%s", why);
    return true;
}

static bool waits_for_items(hl_infer *in, const hl_inst *i)
{
    for (int k = 0; k < i->nargs && (!i->type || i->type->kind == HL_K_UNKNOWN); k++)
        if (i->args[k]->type && hl_resolve(in, i->args[k]->type)->has_var) return true;
    return false;
}

/* Something waits for what a list holds, and nothing is left that would say it: the list stays empty.  To NumPy it is one of floats. */
static bool bind_rest(hl_infer *in)
{
    const hl_type *items = NULL;
    for (int k = 0; k < in->instances.n; k++) {
        const hl_func *f = in->instances.at[k]->func;
        for (int b = 0; b < f->blocks.n; b++) {
            const hl_block_note *n = f->blocks.at[b]->data;
            for (hl_inst *i = f->blocks.at[b]->first; i && n && n->live; i = i->next) {
                if (!waits_for_items(in, i)) continue;
                const hl_target *t = i->note ? ((hl_note *)i->note)->target : NULL;
                bool numpy = t && t->rows && t->rows->key && !strncmp(t->rows->key, "numpy.", 6);
                if (!items || numpy) items = numpy ? hl_T.float64 : hl_T.int64;
            }
        }
    }
    bool bound = false;
    for (int k = 0; items && k < in->vars.n; k++)
        if (!in->vars.at[k]) in->vars.at[k] = items, bound = true;
    if (bound) hl_infer_requeue_all(in);
    return bound;
}

static int run(hl_infer *in)
{
    for (;;) {
        while (in->work.n) {
            hl_inst *i = in->work.at[--in->work.n];
            hl_infer_note(i)->queued = false;
            hl_infer_visit(in, i);
            if ((in->cx->error || in->cx->python_error) && !absorb(in, i)) return -1;
        }
        hl_inst *i = first_failure(in);
        if (!i && bind_rest(in)) continue;
        if (!i) return 0;
        const char *why = ((hl_note *)i->note)->failed;
        if (hl_infer_objectify(in, i)) continue;
        hl_fail(in->cx, "TypingError", i->block->func, i->span, "%s", why);
        hl_explain(in, i);
        return -1;
    }
}

/* The function of a gufunc is compiled twice: for core dimensions with any steps, and for contiguous ones. */
static int start_contiguous(hl_infer *in)
{
    const hl_instance *any = in->instances.at[0];
    const hl_type *types[any->ntypes + 1];
    bool differs = false;
    for (int k = 0; k < any->ntypes; k++) {
        const hl_type *t = types[k] = any->types[k];
        if (hl_is_array(t) && t->layout == 'A') types[k] = hl_type_array(t->elem, t->ndim, 'C', t->flags), differs = true;
    }
    if (!differs) return 0;
    hl_instance *f = hl_infer_instance(in, in->cx->rq->function, NULL, types, any->ntypes, NULL);
    if (f) in->cx->contiguous = f->func;
    return f ? 0 : -1;
}

int hl_pass_infer(hl_cx *cx)
{
    hl_infer *in = cx->infer = HL_NEW(cx->arena, hl_infer);
    in->cx = cx, in->arena = cx->arena, in->types = cx->types;
    if (hl_rules_init() < 0) {
        cx->python_error = true;
        return -1;
    }
    hl_instance *f = HL_NEW(in->arena, hl_instance);
    f->func = cx->funcs.at[0], f->key = cx->rq->function, f->ntypes = f->func->nparams, f->ret = hl_T.unknown;
    f->types = f->func->param_types;
    f->declared = cx->rq->ret;
    if (f->declared) f->ret = f->declared;
    f->func->data = f;
    hl_push(in->arena, &in->instances, f);
    start(in, f);
    if (cx->rq->loop && cx->rq->loop->ndim && start_contiguous(in) < 0) return -1;
    if (run(in) < 0) return -1;
    return hl_infer_finish(in);
}
