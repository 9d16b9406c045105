/* Gradual typing: what happens to a value that has no native type.
 *
 * pyobject is the top of the lattice.  Where Python objects are allowed (a function under @jit without nopython, a block
 * under objmode) an instruction that no rule accepts is not the end: when nothing moves any more, the first such
 * instruction *becomes an object*, that is, it takes the row of rules/object.def and CPython does it; its operands are boxed,
 * its result is a pyobject, and inference goes on.  Types only grow on the way, so it ends.
 *
 * Boxing must not lose anything.  Numbers, strings and tuples of them never change, arrays share their memory with the
 * ndarray that they become.  A native list would be copied, an iterator or a closure has no form as an object: then the
 * instruction that made the value becomes an object itself, back to a parameter if need be, which the caller passes as the
 * Python object then (hl_infer_box).
 *
 * Callees.  A jitted callee that was given an object is called through its dispatcher, which sees what the object really is
 * and runs native code for it.  Library functions, and Python functions of other modules, are compiled natively or not at
 * all: when something in them fails, the calls that led there become objects (trial instances).
 */
#include "private.h"
#include "../rules/rules.h"
#include <string.h>

static const hl_options *options_of(const hl_infer *in, const hl_func *f) { return f->options ? f->options : &in->cx->rq->options; }

bool hl_infer_gradual(const hl_infer *in, const hl_func *f) { return !options_of(in, f)->nopython; }

bool hl_infer_allows(const hl_infer *in, const hl_inst *i)
{
    return hl_infer_gradual(in, i->block->func) || (i->flags & HL_I_OBJECT);
}

/* --- what type functions ask --------------------------------------------------------------------------------------------- */

bool hl_site_allowed(hl_site *s) { return hl_infer_allows(s->in, s->inst); }

/* Some row of the instruction is CPython's. */
static bool has_python_row(const hl_inst *i)
{
    for (const hl_rule *r = hl_rules_of_op((hl_op)i->op); r; r = hl_rule_next(r))
        if (r->effects & HL_E_PYTHON) return true;
    return false;
}

bool hl_infer_forces(const hl_infer *in, const hl_inst *i)
{
    return (options_of(in, i->block->func)->forceobj || i->flags & HL_I_OBJECT) && has_python_row(i);
}

bool hl_site_object(hl_site *s)
{
    if (!hl_infer_allows(s->in, s->inst)) return false;
    if (s->inst->note && ((hl_note *)s->inst->note)->object) return true;
    for (int k = 0; k < s->n; k++)
        if (s->types[k]->kind == HL_K_PYOBJECT) return true;
    return false;
}

void hl_site_box(hl_site *s, int k)
{
    hl_infer_box(s->in, s->args[k], s->inst);
    s->types[k] = hl_T.pyobject;
    s->in->some_objects = true;
}

/* --- what can be boxed --------------------------------------------------------------------------------------------------- */

static bool keeps_identity(const hl_type *t)
{
    switch ((hl_kind)t->kind) {
    case HL_K_LIST: case HL_K_ITER: case HL_K_CLOSURE: case HL_K_BOUND: case HL_K_VAR: case HL_K_UNKNOWN: case HL_K_OMITTED: return false;
    case HL_K_OPTIONAL: return keeps_identity(t->elem);
    case HL_K_TUPLE: case HL_K_SLICE:
        for (int k = 0; k < t->nitems; k++)
            if (t->items[k]->kind == HL_K_CONST || !keeps_identity(t->items[k])) return false;
        return true;
    default: return true;
    }
}

/* Units say themselves what they are; of anything else the type must outlive the compilation. */
static bool boxes(hl_infer *in, const hl_type *t)
{
    if (t->kind == HL_K_CONST || t->kind == HL_K_LITERAL) return true;
    if (t->kind == HL_K_EXCEPTION) return true;
    return keeps_identity(t) && !(hl_unliteral_deep(in->types, t)->flags & HL_T_LOCAL);
}

/* --- becoming an object -------------------------------------------------------------------------------------------------- */

void hl_infer_make_object(hl_infer *in, hl_inst *i, const char *why)
{
    hl_note *n = hl_infer_note(i);
    if (n->object) return;
    n->object = why;
    n->failed = NULL;
    i->flags &= (uint16_t)~HL_I_NORAISE;
    if (i->op == HL_OP_call) hl_infer_restore_call(in, i);
    if (i->op == HL_OP_phi || i->op == HL_OP_cast || i->op == HL_OP_check_bound || i->op == HL_OP_narrow) hl_infer_set_type(in, i, hl_T.pyobject);
    hl_infer_queue(in, i);
}

static const char *because(hl_infer *in, const hl_inst *v, const hl_inst *user)
{
    const char *t = hl_resolve(in, v->type)->name;
    return user ? hl_sprintf(in->arena, "%s is used as a Python object in line %d", t, user->span.line)
                : hl_sprintf(in->arena, "%s is used as a Python object", t);
}

/* The caller passes argument k of this function as a Python object. */
static void box_param(hl_infer *in, hl_inst *p, const hl_inst *user)
{
    hl_func *f = p->block->func;
    hl_instance *me = f->data;
    if (me == in->instances.at[0] && p->ival >= 64) {
        hl_infer_fail(in, p, "%s; only the first 64 parameters can be passed as Python objects when they are lists", because(in, p, user));
        return;
    }
    f->param_types[p->ival] = hl_T.pyobject;
    hl_infer_note(p)->object = because(in, p, user);
    hl_infer_set_type(in, p, hl_T.pyobject);
    if (me == in->instances.at[0]) return;
    for (int k = 0; k < me->callers.n; k++) hl_infer_queue(in, me->callers.at[k]);
}

/* Everything the instance returns becomes an object; false when it may not. */
static bool box_returns(hl_infer *in, hl_instance *f, const hl_inst *user)
{
    if (!hl_infer_gradual(in, f->func) || f->trial) return false;
    f->ret = hl_T.pyobject;
    for (int b = 0; b < f->func->blocks.n; b++) {
        hl_inst *t = f->func->blocks.at[b]->last;
        if (t && t->op == HL_OP_return && t->args[0]->type) hl_infer_box(in, t->args[0], user);
    }
    for (int k = 0; k < f->callers.n; k++) hl_infer_queue(in, f->callers.at[k]);
    return true;
}

void hl_infer_box(hl_infer *in, hl_inst *v, const hl_inst *user)
{
    if (!v->type) return;
    const hl_type *t = hl_resolve(in, v->type);
    hl_note *n = hl_infer_note(v);
    if (t->kind == HL_K_PYOBJECT || n->object || (boxes(in, t) && t->kind != HL_K_UNKNOWN)) return;
    if (!hl_infer_allows(in, v)) {
        hl_infer_fail(in, v, t->kind == HL_K_LIST ? "%s cannot become a Python object: the two would be different lists" : "%s cannot become a Python object", t->name);
        return;
    }
    const char *why = because(in, v, user);
    switch (v->op) {
    case HL_OP_param: box_param(in, v, user); break;
    case HL_OP_phi:
        hl_infer_make_object(in, v, why);
        break;
    case HL_OP_cast: case HL_OP_check_bound: case HL_OP_narrow:
        hl_infer_make_object(in, v, why);
        hl_infer_box(in, v->args[0], user);
        break;
    case HL_OP_call: {
        hl_target *to = n->target;
        if (to && to->instance && box_returns(in, to->instance, user)) {
            hl_infer_set_type(in, v, hl_T.pyobject);
            break;
        }
        hl_infer_make_object(in, v, why);
        break;
    }
    default: hl_infer_make_object(in, v, why);
    }
}

/* --- when nothing moves any more ------------------------------------------------------------------------------------------- */

/* The calls that led to a trial instance become objects; false when there is one where that is not allowed. */
static bool give_up(hl_infer *in, hl_instance *f, const char *why)
{
    f->abandoned = true;
    bool all = true;
    for (int k = 0; k < f->callers.n; k++) {
        hl_inst *call = f->callers.at[k];
        hl_target *to = hl_infer_note(call)->target;
        hl_instance *caller = call->block->func->data;
        if (!to || to->instance != f || caller->abandoned) continue;
        if (hl_infer_allows(in, call)) hl_infer_make_object(in, call, why);
        else if (caller->trial) all &= give_up(in, caller, why);
        else all = false;
    }
    return all;
}

static bool becomes_object(const hl_inst *i)
{
    switch (i->op) {
    case HL_OP_convert: case HL_OP_const: case HL_OP_param: case HL_OP_unbound: return false;
    case HL_OP_phi: case HL_OP_return: return true;
    default: return has_python_row(i) || i->op == HL_OP_cast || i->op == HL_OP_narrow;
    }
}

bool hl_infer_objectify(hl_infer *in, hl_inst *i)
{
    hl_note *n = hl_infer_note(i);
    hl_instance *f = i->block->func->data;
    const char *why = *n->failed ? n->failed : hl_explain_briefly(in, i);
    if (f->trial) return give_up(in, f, why);
    if (n->object || !hl_infer_allows(in, i) || !becomes_object(i)) return false;
    if (i->op == HL_OP_return) {
        n->failed = NULL;
        n->object = why;
        if (f->declared) return false;
        return box_returns(in, f, i);
    }
    hl_infer_make_object(in, i, why);
    return true;
}
