/* The builder's driver.
 *
 * Parameters of what is built, in this order: positional ones, keyword-only ones, *args (a tuple), and, for hl_build_code
 * without `freevars`, the code's free variables in the order of co_freevars.  hl_build and hl_build_code with `freevars`
 * freeze free variables: they are constants.
 *
 * Exception edges.  `raised` says that the current IR block ends in an instruction that may raise while a handler is
 * there.  Whatever comes next, another instruction or a store to a variable, begins a new block (hl_build_split), so the handler
 * sees the variables as they were before the instruction; only a terminator may still follow in the same block.
 */
#include "build.h"
#include <stdarg.h>
#include <stdio.h>

/* --- errors ------------------------------------------------------------------------------------------------------------ */

void hl_build_fail(hl_builder *b, const char *cls, const char *fmt, ...)
{
    if (b->failed) return;
    b->failed = true;
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    hl_fail(b->cx, cls, b->f, b->span, "%s", text);
}

void hl_build_python_error(hl_builder *b)
{
    b->failed = true;
    b->cx->python_error = true;
}

/* --- instructions ------------------------------------------------------------------------------------------------------ */

static void reach(hl_builder *b, hl_frame *fr, hl_bb *to, int depth)
{
    if (!to->ir) {
        if (to->built) hl_build_fail(b, "UnsupportedError", "this bytecode (irreducible control flow) is not supported");
        to->ir = hl_build_block(b, false);
        to->depth = depth;
        to->entry = HL_NEWN(b->arena, hl_item, depth + 1);
        for (int k = 0; k < depth; k++) {
            to->entry[k] = fr->stack[k];
            if (hl_item_has_value(&fr->stack[k])) to->entry[k].value = NULL;
            to->entry[k].fresh = false;
        }
    } else if (to->depth != depth) {
        hl_build_fail(b, "UnsupportedError", "this bytecode (the stack has %d and %d items at one place) is not supported", to->depth, depth);
    }
}

/* Exceptions of b->cur go to the catcher.  The raising instruction's own value does not exist there. */
static void attach_handler(hl_builder *b)
{
    hl_frame *fr = b->catcher.frame;
    hl_bb *to = b->catcher.block;
    int depth = to->caught->depth;
    if (depth > fr->depth) {
        hl_build_fail(b, "UnsupportedError", "this bytecode (a handler that expects %d items) is not supported", depth);
        return;
    }
    if (fr == b->frame)
        for (int k = 0; k < depth; k++)
            if (fr->stack[k].value && fr->stack[k].value != b->cur->last) hl_build_write(b, fr->stack_var + k, fr->stack[k].value);
    reach(b, fr, to, depth);
    hl_ir_set_handler(b->cur, to->ir);
    b->raised = false;
}

void hl_build_split(hl_builder *b)
{
    if (!b->raised) return;
    attach_handler(b);
    hl_block *rest = hl_build_block(b, true);
    hl_ir_append(b->cur, hl_ir_new(b->f, HL_OP_jump, NULL, 0, b->span));
    hl_ir_edge(b->cur, rest);
    b->cur = rest;
}

hl_inst *hl_build_emit(hl_builder *b, hl_op op, hl_inst *const *args, int nargs)
{
    hl_build_split(b);
    hl_inst *i = hl_ir_new(b->f, op, args, nargs, b->span);
    if (b->objmode) i->flags |= HL_I_OBJECT;
    hl_ir_append(b->cur, i);
    b->raised = b->catcher.block && (hl_ops[op].effects & HL_E_RAISE);
    return i;
}

hl_inst *hl_build_emit1(hl_builder *b, hl_op op, hl_inst *x) { return hl_build_emit(b, op, &x, 1); }

hl_inst *hl_build_emit2(hl_builder *b, hl_op op, hl_inst *x, hl_inst *y)
{
    hl_inst *args[] = {x, y};
    return hl_build_emit(b, op, args, 2);
}

hl_inst *hl_build_const(hl_builder *b, PyObject *obj)
{
    hl_inst *i = hl_build_emit(b, HL_OP_const, NULL, 0);
    i->obj = obj;
    return i;
}

/* --- the stack --------------------------------------------------------------------------------------------------------- */

hl_item *hl_build_push_kind(hl_builder *b, hl_item_kind kind)
{
    hl_frame *fr = b->frame;
    if (fr->depth == fr->room) {
        hl_item *stack = HL_NEWN(b->arena, hl_item, fr->room * 2);
        memcpy(stack, fr->stack, sizeof *stack * (size_t)fr->room);
        fr->stack = stack;
        hl_build_fail(b, "UnsupportedError", "this bytecode (more than %d items on the stack) is not supported", fr->room);
        fr->room *= 2;
    }
    hl_item *it = &fr->stack[fr->depth++];
    *it = (hl_item){.kind = (uint8_t)kind};
    return it;
}

hl_item *hl_build_push(hl_builder *b, hl_inst *value)
{
    hl_item *it = hl_build_push_kind(b, HL_ITEM_VALUE);
    it->value = value;
    return it;
}

hl_item *hl_build_item(hl_builder *b, int nth)
{
    hl_frame *fr = b->frame;
    int at = fr->depth - nth;
    if (at < 0 || nth < 1) {
        static hl_item nothing;
        hl_build_fail(b, "UnsupportedError", "this bytecode (the stack is empty) is not supported");
        nothing = (hl_item){.kind = HL_ITEM_NULL};
        return &nothing;
    }
    hl_item *it = &fr->stack[at];
    if (!it->value && hl_item_has_value(it)) {
        it->value = hl_build_read(b, fr->stack_var + at);
        it->shared = true; /* other blocks know it */
    }
    return it;
}

static hl_inst *value_of(hl_builder *b, const hl_item *it)
{
    if (it->kind == HL_ITEM_VALUE && it->value) {
        if (it->generator) hl_build_fail(b, "UnsupportedError", "a generator expression is not supported here: only as the argument of a function that takes any iterable, as in sum(…)");
        return it->value;
    }
    if (it->kind == HL_ITEM_CELL && it->value) return it->value;
    if (it->kind == HL_ITEM_CELLS) return hl_build_emit(b, HL_OP_build_tuple, it->cells->values, it->cells->n);
    hl_build_fail(b, "UnsupportedError", "this bytecode (no value where one is needed) is not supported");
    return hl_build_const(b, Py_None);
}

hl_inst *hl_build_item_value(hl_builder *b, int nth) { return value_of(b, hl_build_item(b, nth)); }

hl_inst *hl_build_peek(hl_builder *b, int nth)
{
    hl_item *it = hl_build_item(b, nth);
    it->shared = true;
    return value_of(b, it);
}

hl_item hl_build_pop_item(hl_builder *b)
{
    hl_item it = *hl_build_item(b, 1);
    if (b->frame->depth) b->frame->depth--;
    return it;
}

hl_inst *hl_build_pop(hl_builder *b)
{
    hl_item it = hl_build_pop_item(b);
    return value_of(b, &it);
}

hl_inst **hl_build_pop_n(hl_builder *b, int n)
{
    hl_inst **values = HL_NEWN(b->arena, hl_inst *, n + 1);
    for (int k = n - 1; k >= 0 && !b->failed; k--) values[k] = hl_build_pop(b);
    for (int k = 0; k < n; k++)
        if (!values[k]) values[k] = hl_build_const(b, Py_None); /* after a failure */
    return values;
}

void hl_build_flush(hl_builder *b, int depth)
{
    hl_frame *fr = b->frame;
    for (int k = 0; k < depth; k++)
        if (fr->stack[k].value) hl_build_write(b, fr->stack_var + k, fr->stack[k].value);
}

/* --- terminators --------------------------------------------------------------------------------------------------------- */

void hl_build_end(hl_builder *b)
{
    if (b->raised) {
        hl_frame *fr = b->catcher.frame;
        for (int k = 0; fr == b->frame && k < b->catcher.block->caught->depth && k < fr->depth; k++)
            if (fr->stack[k].value == b->cur->last) {
                hl_build_split(b);
                break;
            }
    }
    if (b->raised) attach_handler(b);
    hl_build_flush(b, b->frame->depth);
}

static void go(hl_builder *b, hl_bb *to, int depth)
{
    if (to->caught) hl_build_fail(b, "UnsupportedError", "this bytecode (a jump into an exception handler) is not supported");
    reach(b, b->frame, to, depth);
    hl_ir_edge(b->cur, to->ir);
}

void hl_build_goto(hl_builder *b, hl_bb *to, int depth)
{
    hl_build_end(b);
    hl_ir_append(b->cur, hl_ir_new(b->f, HL_OP_jump, NULL, 0, b->span));
    go(b, to, depth);
    b->cur = NULL;
}

void hl_build_fork(hl_builder *b, hl_inst *condition, hl_bb *yes, int yes_depth, hl_bb *no, int no_depth)
{
    hl_build_end(b);
    hl_ir_append(b->cur, hl_ir_new(b->f, HL_OP_branch, &condition, 1, b->span));
    go(b, yes, yes_depth);
    go(b, no, no_depth);
    b->cur = NULL;
}

void hl_build_fork_open(hl_builder *b, hl_inst *condition, bool when, hl_bb *other, int depth)
{
    hl_build_end(b);
    hl_ir_append(b->cur, hl_ir_new(b->f, HL_OP_branch, &condition, 1, b->span));
    hl_block *own = hl_build_block(b, true);
    hl_build_mark_region(b, own);
    if (when) hl_ir_edge(b->cur, own); /* a branch's first successor is for true */
    go(b, other, depth);
    if (!when) hl_ir_edge(b->cur, own);
    b->cur = own, b->raised = false;
}

void hl_build_leave(hl_builder *b, hl_op op, hl_inst *const *args, int nargs)
{
    bool raises = hl_ops[op].effects & HL_E_RAISE;
    if (raises) hl_build_split(b);
    hl_inst *i = hl_ir_new(b->f, op, args, nargs, b->span);
    if (b->objmode) i->flags |= HL_I_OBJECT;
    hl_ir_append(b->cur, i);
    if (b->raised || (raises && b->catcher.block)) attach_handler(b);
    b->raised = false;
    b->cur = NULL;
}

hl_bb *hl_build_target(hl_builder *b, const hl_bc *bc)
{
    hl_flow *w = b->frame->flow;
    return &w->blocks[w->block_of[bc->target]];
}

hl_bb *hl_build_behind(hl_builder *b) { return b->frame->bb + 1; }

/* --- frames ---------------------------------------------------------------------------------------------------------------- */

/* Variables of a code object; the caller says where FREE ones are, in var, frozen, owner. */
hl_frame *hl_build_frame(hl_builder *b, const hl_stream *s, hl_frame *outer)
{
    hl_frame *fr = HL_NEW(b->arena, hl_frame);
    fr->outer = outer;
    fr->s = s;
    fr->var = HL_NEWN(b->arena, int, s->nvars + 1);
    fr->frozen = HL_NEWN(b->arena, PyObject *, s->nvars + 1);
    fr->owner = HL_NEWN(b->arena, hl_frame *, s->nvars + 1);
    fr->owned = HL_NEWN(b->arena, int, s->nvars + 1);
    for (int k = 0; k < s->nvars; k++) fr->var[k] = s->vars[k].kind == HL_V_FREE ? -1 : hl_build_var(b, s->vars[k].name);
    fr->room = s->stacksize + 4; /* canonical sequences need a little more than the original ones */
    fr->stack = HL_NEWN(b->arena, hl_item, fr->room);
    fr->stack_var = b->nvars;
    for (int k = 0; k < fr->room; k++) hl_build_var(b, NULL);
    fr->unbound = HL_NEWN(b->arena, uint64_t, s->nvars / 64 + 1);
    return fr;
}

static const hl_build_fn handlers[HL_BC_COUNT] = {
#define BC(name, operand, flow, meaning) hl_build_do_##name,
#include "../read/bytecode.def"
#undef BC
};

static void set_span(hl_builder *b, const hl_bc *bc)
{
    if (!bc->span.line) return;
    b->span = bc->span;
    b->span.inlined = b->frame->inlined;
}

static void enter_block(hl_builder *b, hl_bb *bb)
{
    hl_frame *fr = b->frame;
    fr->bb = bb;
    b->cur = bb->ir;
    b->raised = false;
    set_span(b, &fr->s->at.at[bb->first]);
    fr->depth = bb->depth;
    memcpy(fr->stack, bb->entry, sizeof *fr->stack * (size_t)bb->depth);
    memcpy(fr->unbound, bb->unbound, sizeof *fr->unbound * (size_t)fr->flow->nwords);
    hl_build_find_region(b);
    hl_build_mark_region(b, b->cur);
    int handler = hl_build_handler(b, fr, bb->handler);
    b->catcher = handler >= 0 ? (hl_catcher){fr, &fr->flow->blocks[handler]} : fr->inherited;
    if (bb->caught) {
        hl_inst *e = hl_build_emit(b, HL_OP_catch, NULL, 0);
        if (fr->flow->nhandlers > 1 || fr->outer) /* from the body of another handler, whose end was not reached */
            hl_build_emit(b, HL_OP_handled, NULL, 0)->ival = hl_build_handled_depth(b);
        if (bb->caught->lasti) hl_build_push_kind(b, HL_ITEM_NULL);
        hl_build_push(b, e);
    }
    if (bb->item) hl_build_push(b, hl_build_emit1(b, HL_OP_itervalue, hl_build_item_value(b, 1)));
}

/* An edge from a finished block counts as made, whether or not it was. */
static void release(hl_builder *b, hl_bb *to)
{
    if (--to->pending == 0 && to->ir) hl_build_seal(b, to->ir);
}

void hl_build_code_blocks(hl_builder *b)
{
    hl_frame *fr = b->frame;
    hl_flow *w = fr->flow;
    hl_bb *first = &w->blocks[0];
    if (w->loops) b->f->has_loops = true;
    if (first->pending) {
        hl_build_goto(b, first, 0);
    } else {
        first->ir = b->cur;
        first->entry = HL_NEW(b->arena, hl_item);
    }
    for (int k = 0; k < w->norder && !b->failed; k++) {
        hl_bb *bb = &w->blocks[w->order[k]];
        bb->built = true;
        if (bb->ir) {
            bool raised = b->raised && bb == first && b->cur == bb->ir; /* inlined code goes on in its caller's block */
            enter_block(b, bb);
            b->raised = raised;
            for (fr->pc = bb->first; fr->pc < bb->end && b->cur && !b->failed; fr->pc++) {
                const hl_bc *bc = &fr->s->at.at[fr->pc];
                set_span(b, bc);
                handlers[bc->op](b, bc);
            }
            if (b->failed) return;
            if (b->cur && bb->nnext) hl_build_goto(b, &w->blocks[bb->next[0]], fr->depth);
        }
        for (int n = 0; n < bb->nnext; n++) release(b, &w->blocks[bb->next[n]]);
        if (bb->handler >= 0) release(b, &w->blocks[bb->handler]);
    }
}

/* --- functions ------------------------------------------------------------------------------------------------------------- */

static const char *text_of(hl_builder *b, PyObject *str)
{
    const char *s = PyUnicode_AsUTF8(str);
    if (s) return hl_strdup(b->arena, s);
    PyErr_Clear();
    return "?";
}

static void refuse_kind(hl_builder *b, int flags)
{
    if (flags & CO_ASYNC_GENERATOR) hl_build_fail(b, "UnsupportedError", "%s is an async generator, which cannot be compiled", b->f->name);
    if (flags & CO_COROUTINE) hl_build_fail(b, "UnsupportedError", "%s is async (a coroutine), which cannot be compiled", b->f->name);
    if (flags & CO_GENERATOR) hl_build_fail(b, "UnsupportedError", "%s is a generator (it contains yield), which cannot be compiled", b->f->name);
    if (flags & CO_VARKEYWORDS) hl_build_fail(b, "UnsupportedError", "%s takes **kwargs, which is not supported in compiled code", b->f->name);
}

static void make_func(hl_builder *b, const hl_stream *s, PyObject *globals, bool free_params)
{
    PyCodeObject *co = (PyCodeObject *)s->code;
    int nparams = s->nparams + (free_params ? s->nfree : 0);
    hl_func *f = b->f = hl_ir_func(b->arena, text_of(b, co->co_qualname), nparams);
    f->filename = text_of(b, co->co_filename);
    f->first_line = co->co_firstlineno;
    f->code = s->code;
    f->globals = globals;
    for (int k = 0; k < nparams; k++)
        f->param_names[k] = text_of(b, s->vars[k < s->nparams ? k : s->nvars - s->nfree + k - s->nparams].name);
    b->span = (hl_span){.line = f->first_line, .end_line = f->first_line, .col = -1, .end_col = -1};
}

/* The entry block: parameters. Everything else is unbound, or frozen. */
static void make_params(hl_builder *b, const hl_stream *s, PyObject *const *freevars)
{
    hl_frame *fr = b->frame;
    for (int k = 0; k < s->nvars; k++) hl_bit_put(fr->unbound, k, true);
    for (int k = 0; k < b->f->nparams; k++) {
        int v = k < s->nparams ? k : s->nvars - s->nfree + k - s->nparams;
        if (fr->var[v] < 0) fr->var[v] = hl_build_var(b, s->vars[v].name);
        hl_inst *p = hl_build_emit(b, HL_OP_param, NULL, 0);
        p->ival = k;
        hl_build_write(b, fr->var[v], p);
        hl_bit_put(fr->unbound, v, false);
    }
    for (int k = 0; freevars && k < s->nfree; k++) fr->frozen[s->nvars - s->nfree + k] = freevars[k];
}

hl_func *hl_build_code(hl_cx *cx, PyObject *code, PyObject *globals, PyObject *const *freevars)
{
    hl_builder builder = {.cx = cx, .arena = cx->arena}, *b = &builder;
    hl_stream *s = hl_read(cx->arena, code);
    if (!s) return cx->python_error = true, NULL;
    make_func(b, s, globals, !freevars);
    refuse_kind(b, s->flags);
    if (b->failed) return NULL;
    b->builtins = PyDict_GetItemString(globals, "__builtins__");
    if (b->builtins && PyModule_Check(b->builtins)) b->builtins = PyModule_GetDict(b->builtins);
    if (!b->builtins || !PyDict_Check(b->builtins)) b->builtins = PyEval_GetBuiltins();
    b->cur = hl_build_block(b, true);
    b->frame = hl_build_frame(b, s, NULL);
    make_params(b, s, freevars);
    b->frame->flow = hl_build_flow(cx->arena, s, b->frame->unbound);
    hl_build_code_blocks(b);
    if (b->failed) return NULL;
    hl_build_finish(b);
    return b->failed ? NULL : b->f;
}

hl_func *hl_build(hl_cx *cx, PyObject *function)
{
    if (!PyFunction_Check(function)) {
        hl_fail(cx, "TypingError", NULL, (hl_span){0}, "a Python function is needed, not %s", Py_TYPE(function)->tp_name);
        return NULL;
    }
    PyObject *cells = PyFunction_GET_CLOSURE(function);
    int n = cells ? (int)PyTuple_GET_SIZE(cells) : 0;
    PyObject **freevars = HL_NEWN(cx->arena, PyObject *, n + 1);
    for (int k = 0; k < n; k++) { /* kept: the cell may get another value while the compilation runs */
        freevars[k] = PyCell_Get(PyTuple_GET_ITEM(cells, k));
        if (freevars[k]) hl_keep(cx->arena, freevars[k]);
        else PyErr_Clear();
    }
    return hl_build_code(cx, PyFunction_GET_CODE(function), PyFunction_GET_GLOBALS(function), freevars);
}
