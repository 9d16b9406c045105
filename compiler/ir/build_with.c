/* `with`, and blocks under objmode.
 *
 * A context manager is a Python object, and so are the two calls that a `with` makes of it.
 *
 * `with objmode(x="float64[:]", y=int64):` is no context manager but a region: what stands in it is done by CPython
 * (HL_I_OBJECT on its instructions), whatever the function is otherwise.  The region lasts as long as an item of kind
 * OBJMODE lies on the stack, in the place where `with` keeps the exit method.  Where it ends each declared variable that the
 * block assigned is converted, with a check, to its type; other variables that it assigned are *lost*: a use of them behind
 * the block is an error.  Exceptions pass through as if there were no `with`.
 */
#include "build.h"
#include "../read/read.h"

struct hl_objmode {
    PyObject *names;            /* tuple of str */
    PyObject **types;           /* type objects */
    int depth, begin;           /* of the stack before the with; its instruction in the stream */
};

static const char *utf8(PyObject *name)
{
    const char *s = PyUnicode_AsUTF8(name);
    if (!s) PyErr_Clear();
    return s ? s : "?";
}

/* --- the region ----------------------------------------------------------------------------------------------------------- */

void hl_build_find_region(hl_builder *b)
{
    b->objmode = NULL;
    for (hl_frame *fr = b->frame; fr && b->regions.n; fr = fr->outer)
        for (int k = fr->depth - 1; k >= 0; k--)
            if (fr->stack[k].kind == HL_ITEM_OBJMODE) {
                b->objmode = fr->stack[k].objmode;
                return;
            }
}

/* The handler that gets the exceptions of a block: those of a region go on to the next one. */
int hl_build_handler(const hl_builder *b, const hl_frame *fr, int handler)
{
    for (int k = 0; k < b->regions.n && handler >= 0; k++)
        if (b->regions.at[k].frame == fr && b->regions.at[k].handler == handler) {
            handler = fr->flow->blocks[handler].handler;
            k = -1;
        }
    return handler;
}

/* Is the value a call of the class hotloop.objmode?  Then the call; NULL: it is an ordinary context manager. */
static hl_inst *objmode_call(hl_inst *manager)
{
    if (manager->op != HL_OP_call || !manager->nargs || manager->args[0]->op != HL_OP_const) return NULL;
    PyObject *cls = manager->args[0]->obj;
    if (!PyType_Check(cls)) return NULL;
    PyObject *mark = PyObject_GetAttrString(cls, "_is_objmode");
    if (!mark) PyErr_Clear();
    Py_XDECREF(mark);
    return mark ? manager : NULL;
}

/* The type that a declaration names: a type object, or its text, which is parsed and never evaluated. */
static PyObject *declared_type(hl_builder *b, PyObject *name, const hl_inst *value)
{
    if (value->op != HL_OP_const) {
        hl_build_fail(b, "TypingError", "the type of variable '%s' of objmode must be known while compiling", utf8(name));
        return NULL;
    }
    PyObject *m = PyImport_ImportModule("hotloop.signatures");
    PyObject *t = m ? PyObject_CallMethod(m, "as_type", "O", value->obj) : NULL;
    Py_XDECREF(m);
    if (t) return hl_keep(b->arena, t);
    PyObject *cls, *e, *trace;
    PyErr_Fetch(&cls, &e, &trace);
    PyObject *text = e ? PyObject_Str(e) : NULL;
    hl_build_fail(b, "TypingError", "the type of variable '%s' of objmode: %s", utf8(name), text ? utf8(text) : "not a type");
    Py_XDECREF(text), Py_XDECREF(cls), Py_XDECREF(e), Py_XDECREF(trace);
    PyErr_Clear();
    return NULL;
}

static void begin_region(hl_builder *b, hl_inst *call)
{
    hl_frame *fr = b->frame;
    int n = call->obj ? (int)PyTuple_GET_SIZE(call->obj) : 0;
    if (call->nargs - 1 != n) hl_build_fail(b, "TypingError", "objmode() takes keyword arguments only: objmode(x=type, …)");
    if (b->objmode) hl_build_fail(b, "UnsupportedError", "a block under objmode inside of another one is not supported");
    hl_objmode *m = HL_NEW(b->arena, hl_objmode);
    m->types = HL_NEWN(b->arena, PyObject *, n + 1);
    m->names = call->obj;
    for (int k = 0; k < n && !b->failed; k++) m->types[k] = declared_type(b, PyTuple_GET_ITEM(call->obj, k), call->args[1 + k]);
    if (b->failed) return;
    hl_ir_remove(call);
    b->raised = false;
    m->depth = fr->depth, m->begin = fr->pc;
    int body = fr->pc + 1 < fr->s->at.n ? fr->flow->block_of[fr->pc + 1] : -1;
    hl_region_of region = {fr, body >= 0 ? fr->flow->blocks[body].handler : -1};
    hl_push(b->arena, &b->regions, region);
    hl_build_push_kind(b, HL_ITEM_OBJMODE)->objmode = m;
    hl_build_push(b, hl_build_const(b, Py_None));
    b->objmode = m;
}

/* --- its end -------------------------------------------------------------------------------------------------------------- */

static bool assigned(const hl_builder *b, const hl_objmode *m, int local)
{
    const hl_frame *fr = b->frame;
    for (int pc = m->begin; pc < fr->pc; pc++) {
        const hl_bc *bc = &fr->s->at.at[pc];
        if ((bc->op == HL_BC_store || bc->op == HL_BC_delete) && bc->arg == local) return true;
    }
    return false;
}

static int declared_at(const hl_objmode *m, PyObject *name)
{
    for (int k = 0; m->names && k < PyTuple_GET_SIZE(m->names); k++)
        if (PyUnicode_Compare(PyTuple_GET_ITEM(m->names, k), name) == 0) return k;
    return -1;
}

static void convert_variable(hl_builder *b, int local, PyObject *type)
{
    PyObject *name = b->frame->s->vars[local].name;
    hl_inst *v = hl_build_load(b, local);
    if (v->op == HL_OP_lost) return;
    hl_inst *c = hl_build_emit1(b, HL_OP_convert, v);
    c->obj = hl_keep(b->arena, PyTuple_Pack(2, type, name));
    if (!c->obj) hl_build_python_error(b);
    hl_build_write(b, b->frame->var[local], c);
}

static void lose_variable(hl_builder *b, int local)
{
    hl_inst *l = hl_build_emit(b, HL_OP_lost, NULL, 0);
    l->obj = b->frame->s->vars[local].name;
    b->lost = true;
    hl_build_write(b, b->frame->var[local], l);
    hl_bit_put(b->frame->unbound, local, false);
}

static bool is_variable(const hl_frame *fr, PyObject *name)
{
    for (int v = 0; v < fr->s->nvars; v++)
        if (PyUnicode_Compare(fr->s->vars[v].name, name) == 0) return true;
    return false;
}

void hl_build_end_region(hl_builder *b, const hl_item *exit)
{
    hl_frame *fr = b->frame;
    const hl_objmode *m = exit->objmode;
    if (fr->depth != m->depth) {
        hl_build_fail(b, "UnsupportedError", "return from inside of a block under objmode is not supported: assign the value to a declared variable");
        return;
    }
    int found = 0;
    for (int k = 0; k < fr->s->nvars && !b->failed; k++) {
        int d = declared_at(m, fr->s->vars[k].name);
        bool mine = fr->var[k] >= 0 && assigned(b, m, k);
        if (d >= 0 && mine) found++, convert_variable(b, k, m->types[d]);
        else if (d >= 0) hl_build_fail(b, "TypingError", "objmode declares variable '%s', which the block does not assign", utf8(fr->s->vars[k].name));
        else if (mine) lose_variable(b, k);
    }
    for (int k = 0; !b->failed && m->names && found < PyTuple_GET_SIZE(m->names) && k < PyTuple_GET_SIZE(m->names); k++)
        if (!is_variable(fr, PyTuple_GET_ITEM(m->names, k)))
            hl_build_fail(b, "TypingError", "objmode declares variable '%s', which the block does not assign", utf8(PyTuple_GET_ITEM(m->names, k)));
    hl_build_find_region(b);
}

/* Uses of lost variables, also through phis.  What is not used has gone before. */
void hl_build_check_lost(hl_builder *b)
{
    hl_func *f = b->f;
    hl_inst **lost = HL_NEWN(b->arena, hl_inst *, f->next_inst);
    for (bool changed = true; changed;) {
        changed = false;
        for (int k = 0; k < f->blocks.n; k++)
            for (hl_inst *i = f->blocks.at[k]->first; i; i = i->next) {
                if (lost[i->id]) continue;
                hl_inst *from = i->op == HL_OP_lost ? i : NULL;
                for (int a = 0; a < i->nargs && !from; a++) from = lost[i->args[a]->id];
                if (!from) continue;
                if (i->op != HL_OP_phi && i->op != HL_OP_lost) {
                    b->span = i->span;
                    hl_build_fail(b, "TypingError", "variable '%s' is assigned in a block under objmode that does not declare its type: write objmode(%s=type)", utf8(from->obj), utf8(from->obj));
                    return;
                }
                lost[i->id] = from;
                changed = true;
            }
    }
}

/* --- with ----------------------------------------------------------------------------------------------------------------- */

void hl_build_do_before_with(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_inst *manager = hl_build_pop(b), *call = objmode_call(manager);
    if (b->failed) return;
    if (call) {
        begin_region(b, call);
        return;
    }
    if (!hl_build_gradual(b)) hl_build_fail(b, "UnsupportedError", "with statement is not supported");
    if (b->failed) return;
    hl_build_push(b, hl_build_emit1(b, HL_OP_with_exit, manager));
    hl_build_push(b, hl_build_emit1(b, HL_OP_with_enter, manager));
}

void hl_build_do_with_except(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_inst *exit = hl_build_peek(b, 4), *e = hl_build_peek(b, 1);
    if (!b->failed) hl_build_push(b, hl_build_emit2(b, HL_OP_with_failed, exit, e));
}
