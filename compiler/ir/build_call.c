/* Calls and functions.
 *
 * Inner functions become `make_function` with the values of the variables they capture.  CPython captures cells, that is,
 * variables; the difference shows when a variable changes while the function lives.  So a function is refused when it
 * assigns to a captured variable itself (nonlocal), or when an assignment can come between its making and a use of the local
 * variable that holds it.
 *
 * Comprehensions.  3.12 and newer have them inline.  Until 3.11 [f(x) for x in it] is a function that is made and called at
 * once; its code is built in place of the call, in a frame of its own: `.0` is the iterator, its free variables are ours, its
 * return goes to the block where we go on.
 *
 * Generator expressions are functions in all versions and are inlined the same way, when a function takes them that takes any
 * iterable and goes through all of it (sum, min, sorted, …): as a list, so their items are computed before the call.  any() and
 * all() become loops that stop where they do.
 */
#include "build.h"

static const char *utf8(PyObject *name)
{
    const char *s = PyUnicode_AsUTF8(name);
    if (!s) PyErr_Clear();
    return s ? s : "?";
}

static bool is_builtin(hl_builder *b, const hl_inst *callee, const char *const *names)
{
    if (callee->op != HL_OP_const) return false;
    for (; *names; names++)
        if (PyDict_GetItemString(b->builtins, *names) == callee->obj) return true;
    return false;
}

/* --- calls ---------------------------------------------------------------------------------------------------------------- */

/* The two places of the callee: [f NULL], [NULL f], or [f self]. */
typedef struct callee { hl_item f; hl_inst *self; } callee;

static callee pop_callee(hl_builder *b)
{
    hl_item upper = hl_build_pop_item(b), deeper = hl_build_pop_item(b);
    callee c = {.f = deeper};
    if (deeper.kind == HL_ITEM_NULL) c.f = upper;
    else if (upper.kind == HL_ITEM_VALUE || upper.kind == HL_ITEM_CELL) c.self = upper.value;
    if (c.f.kind == HL_ITEM_CELL) c.f.kind = HL_ITEM_VALUE;
    return c;
}

static hl_inst *callee_value(hl_builder *b, const callee *c)
{
    static const char *const refused[] = {"eval", "exec", "compile", "globals", "locals", "vars", "dir", "super", "__import__", "breakpoint", NULL};
    if (c->f.kind != HL_ITEM_VALUE) {
        hl_build_fail(b, "UnsupportedError", "this bytecode (a call of nothing) is not supported");
        return hl_build_const(b, Py_None);
    }
    if (is_builtin(b, c->f.value, refused)) {
        PyObject *name = PyObject_GetAttrString(c->f.value->obj, "__name__");
        hl_build_fail(b, "UnsupportedError", "%s() is not supported", name && PyUnicode_Check(name) ? utf8(name) : "this function");
        Py_XDECREF(name);
        PyErr_Clear();
    }
    return c->f.value;
}

/* Does the callee look at every item of its first argument before it does anything else? */
static bool takes_iterable(hl_builder *b, const hl_inst *f)
{
    static const char *const names[] = {"sum", "min", "max", "list", "tuple", "sorted", "set", "frozenset", "dict", "any", "all", NULL};
    if (f->op == HL_OP_getattr) return PyUnicode_CompareWithASCIIString(f->obj, "join") == 0;
    return is_builtin(b, f, names);
}

static bool is_list(const hl_inst *f) { return f->op == HL_OP_const && f->obj == (PyObject *)&PyList_Type; }

static void inline_call(hl_builder *b, const hl_making *made, hl_inst *iterator);

static void call(hl_builder *b, int n, PyObject *names)
{
    hl_inst **args = HL_NEWN(b->arena, hl_inst *, n + 2);
    bool generator = false; /* the first argument stands for one */
    int nkw = names ? (int)PyTuple_GET_SIZE(names) : 0;
    for (int k = n - 1; k >= 0 && !b->failed; k--) {
        hl_item *it = hl_build_item(b, 1);
        if (k == 0 && n > nkw && it->generator) generator = true, it->generator = false;
        args[k + 2] = hl_build_pop(b);
    }
    callee c = pop_callee(b);
    if (b->failed) return;
    if (c.f.kind == HL_ITEM_OBJMODE) {
        hl_build_end_region(b, &c.f);
        hl_build_push(b, hl_build_const(b, Py_None));
        return;
    }
    if (c.f.kind == HL_ITEM_FUNCTION && hl_build_is_inlined(c.f.making)) {
        if (n + !!c.self == 1) inline_call(b, c.f.making, c.self ? c.self : args[2]);
        else hl_build_fail(b, "UnsupportedError", "this bytecode (a comprehension's call) is not supported");
        return;
    }
    hl_inst *f = callee_value(b, &c);
    if (generator && (c.self || !takes_iterable(b, f)))
        hl_build_fail(b, "UnsupportedError", "a generator expression is not supported here: only as the argument of a function that takes any iterable, as in sum(…)");
    if (b->failed) return;
    if (generator && n == 1 && is_list(f)) { /* what stands for the generator is that list */
        hl_build_push(b, args[2]);
        return;
    }
    args[0] = f;
    if (c.self) args[1] = c.self;
    else memmove(args + 1, args + 2, sizeof *args * (size_t)n);
    hl_inst *i = hl_build_emit(b, HL_OP_call, args, 1 + !!c.self + n);
    i->obj = names;
    hl_build_push(b, i);
}

void hl_build_do_call(hl_builder *b, const hl_bc *bc) { call(b, bc->arg, NULL); }

void hl_build_do_call_kw(hl_builder *b, const hl_bc *bc)
{
    hl_inst *names = hl_build_pop(b);
    if (names->op != HL_OP_const || !PyTuple_Check(names->obj)) hl_build_fail(b, "UnsupportedError", "this bytecode (keyword names) is not supported");
    else call(b, bc->arg, names->obj);
}

/* The operands of a tuple whose items are known; NULL when they are not. */
static hl_inst **tuple_items(hl_builder *b, hl_inst *tuple, int *n)
{
    *n = tuple->nargs;
    if (tuple->op == HL_OP_build_tuple) return tuple->args;
    if (tuple->op != HL_OP_const || !PyTuple_CheckExact(tuple->obj)) return NULL;
    *n = (int)PyTuple_GET_SIZE(tuple->obj);
    hl_inst **items = HL_NEWN(b->arena, hl_inst *, *n + 1);
    for (int k = 0; k < *n; k++) items[k] = hl_build_const(b, PyTuple_GET_ITEM(tuple->obj, k));
    return items;
}

/* The keys of {'a': x, …} as a tuple of names; NULL when some key is no constant str. */
static PyObject *key_names(hl_builder *b, const hl_inst *map)
{
    int n = map->nargs / 2;
    for (int k = 0; k < n; k++)
        if (map->args[2 * k]->op != HL_OP_const || !PyUnicode_Check(map->args[2 * k]->obj)) return NULL;
    PyObject *names = PyTuple_New(n);
    if (!names) return hl_build_python_error(b), NULL;
    for (int k = 0; k < n; k++) PyTuple_SET_ITEM(names, k, Py_NewRef(map->args[2 * k]->obj));
    return hl_keep(b->arena, names);
}

/* f(x, *(y, z), k=v) with everything in sight is an ordinary call. */
static hl_inst *spread_call(hl_builder *b, const callee *c, hl_inst *f, hl_inst *tuple, hl_inst *map)
{
    int n = 0, nkw = map ? map->nargs / 2 : 0;
    PyObject *names = map ? key_names(b, map) : NULL;
    if (map && !names) return NULL;
    hl_inst **items = tuple_items(b, tuple, &n);
    if (!items) return NULL;
    hl_inst **args = HL_NEWN(b->arena, hl_inst *, 2 + n + nkw);
    int at = 0;
    args[at++] = f;
    if (c->self) args[at++] = c->self;
    for (int k = 0; k < n; k++) args[at++] = items[k];
    for (int k = 0; k < nkw; k++) args[at++] = map->args[2 * k + 1];
    hl_inst *i = hl_build_emit(b, HL_OP_call, args, at);
    i->obj = names;
    if (map) hl_ir_remove(map);
    return i;
}

void hl_build_do_call_ex(hl_builder *b, const hl_bc *bc)
{
    hl_item kw = bc->arg ? hl_build_pop_item(b) : (hl_item){0};
    hl_inst *tuple = hl_build_pop(b);
    callee c = pop_callee(b);
    hl_inst *f = callee_value(b, &c), *i = NULL;
    if (b->failed) return;
    bool fresh = kw.fresh && kw.value->op == HL_OP_build_map;
    if (!bc->arg || fresh) i = spread_call(b, &c, f, tuple, bc->arg ? kw.value : NULL);
    if (!i && !b->failed) {
        hl_inst *args[] = {f, tuple, kw.value};
        i = hl_build_emit(b, HL_OP_call_ex, args, bc->arg ? 3 : 2);
    }
    if (i) hl_build_push(b, i);
}

/* --- making functions ------------------------------------------------------------------------------------------------------ */

bool hl_build_cells(hl_builder *b, int n)
{
    hl_frame *fr = b->frame;
    if (n == 0 || n > fr->depth) return false;
    for (int k = 0; k < n; k++)
        if (fr->stack[fr->depth - 1 - k].kind != HL_ITEM_CELL) return false;
    hl_cells *cells = HL_NEW(b->arena, hl_cells);
    cells->n = n;
    cells->at = HL_NEWN(b->arena, int, n);
    cells->values = HL_NEWN(b->arena, hl_inst *, n);
    for (int k = 0; k < n; k++) {
        const hl_item *it = hl_build_item(b, n - k);
        cells->at[k] = it->cell;
        cells->values[k] = it->value;
    }
    fr->depth -= n;
    hl_build_push_kind(b, HL_ITEM_CELLS)->cells = cells;
    return true;
}

bool hl_build_is_inlined(const hl_making *made)
{
    static const char *const names[] = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"};
    PyObject *name = ((PyCodeObject *)made->code)->co_name;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (PyUnicode_CompareWithASCIIString(name, names[k]) == 0) return true;
    return false;
}

/* Is there a store to free variable `name` in the code, or in code inside it? */
static bool assigns(hl_builder *b, PyObject *code, PyObject *name)
{
    const hl_stream *s = hl_read(b->arena, code);
    if (!s) return hl_build_python_error(b), true;
    for (int i = 0; i < s->at.n; i++) {
        const hl_bc *bc = &s->at.at[i];
        if (bc->op == HL_BC_const && PyCode_Check(bc->obj) && assigns(b, bc->obj, name)) return true;
        if (bc->op != HL_BC_store && bc->op != HL_BC_delete) continue;
        if (s->vars[bc->arg].kind == HL_V_FREE && PyUnicode_Compare(s->vars[bc->arg].name, name) == 0) return true;
    }
    return false;
}

/* Marks the instructions that can run after `from`, not beyond stores to variable `until` (-1: none). */
static bool *reachable(hl_arena *a, const hl_stream *s, int from, int until)
{
    bool *seen = HL_NEWN(a, bool, s->at.n + 1);
    HL_VEC(int) work = {0};
    hl_push(a, &work, from);
    while (work.n) {
        int i = work.at[--work.n];
        if (i >= s->at.n || seen[i]) continue;
        seen[i] = true;
        const hl_bc *bc = &s->at.at[i];
        if (bc->op == HL_BC_store && bc->arg == until) continue;
        hl_bc_flow flow = hl_bcs[bc->op].flow;
        if (flow == HL_BCF_NEXT || flow == HL_BCF_FORK) hl_push(a, &work, i + 1);
        if (flow == HL_BCF_JUMP || flow == HL_BCF_FORK) hl_push(a, &work, bc->target);
    }
    return seen;
}

/* May `local` change between now and a use of the variable that the function made at `pc` is stored to?  A function that is
 * not stored is an argument or a result: it is used right here. */
static bool changes(hl_builder *b, const hl_frame *fr, int local)
{
    const hl_stream *s = fr->s;
    int pc = fr->pc + 1;
    if (pc >= s->at.n || s->at.at[pc].op != HL_BC_store) return false;
    int holder = s->at.at[pc].arg;
    bool *later = reachable(b->arena, s, pc + 1, -1);
    for (int i = 0; i < s->at.n; i++) {
        const hl_bc *bc = &s->at.at[i];
        if (!later[i] || (bc->op != HL_BC_store && bc->op != HL_BC_delete) || bc->arg != local) continue;
        bool *used = reachable(b->arena, s, i + 1, holder);
        for (int k = 0; k < s->at.n; k++)
            if (used[k] && (s->at.at[k].op == HL_BC_load || s->at.at[k].op == HL_BC_closure) && s->at.at[k].arg == holder) return true;
    }
    return false;
}

hl_inst *hl_build_capture(hl_builder *b, const hl_making *made, int which)
{
    hl_frame *fr = b->frame, *owner = fr;
    int local = made->cells->at[which];
    PyObject *name = fr->s->vars[local].name;
    PyObject *function = ((PyCodeObject *)made->code)->co_name;
    if (fr->var[local] < 0) return hl_build_load(b, local);
    if (assigns(b, made->code, name))
        hl_build_fail(b, "UnsupportedError", "assignment to nonlocal variable '%s' in inner function '%s' is not supported", utf8(name), utf8(function));
    hl_inst *v = hl_build_read(b, fr->var[local]);
    if (v->op == HL_OP_unbound || (hl_bit(fr->unbound, local) && v->op == HL_OP_phi))
        hl_build_fail(b, "UnsupportedError", PyUnicode_Compare(name, function) == 0 ? "inner function '%s' that calls itself is not supported" : "variable '%s' must have a value before the inner function that uses it is defined", utf8(name));
    if (fr->owner[local]) owner = fr->owner[local], local = fr->owned[local];
    if (changes(b, owner, local))
        hl_build_fail(b, "UnsupportedError", "variable '%s' changes after inner function '%s' was defined, which is not supported", utf8(name), utf8(function));
    return b->failed ? NULL : v;
}

static void finish_function(hl_builder *b)
{
    hl_frame *fr = b->frame;
    if (fr->pc + 1 < fr->bb->end && fr->s->at.at[fr->pc + 1].op == HL_BC_function_attr) return;
    hl_making *made = hl_build_item(b, 1)->making;
    if (hl_build_is_inlined(made)) return; /* waits for its call */
    hl_build_pop_item(b);
    int flags = ((PyCodeObject *)made->code)->co_flags;
    if (flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR)) {
        hl_build_fail(b, "UnsupportedError", "generator: inner function '%s' contains yield or is async", utf8(((PyCodeObject *)made->code)->co_name));
        return;
    }
    int ncells = made->cells ? made->cells->n : 0, n = 0;
    hl_inst **args = HL_NEWN(b->arena, hl_inst *, 1 + made->ndefaults + ncells);
    args[n++] = hl_build_const(b, made->code);
    for (int k = 0; k < made->ndefaults; k++) args[n++] = made->defaults[k];
    for (int k = 0; k < ncells && !b->failed; k++) args[n++] = hl_build_capture(b, made, k);
    if (b->failed) return;
    hl_inst *i = hl_build_emit(b, HL_OP_make_function, args, n);
    i->ival = made->ndefaults;
    hl_build_push(b, i);
}

void hl_build_do_make_function(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_inst *code = hl_build_pop(b);
    if (code->op != HL_OP_const || !PyCode_Check(code->obj)) {
        hl_build_fail(b, "UnsupportedError", "this bytecode (a function without code) is not supported");
        return;
    }
    hl_making *made = HL_NEW(b->arena, hl_making);
    made->code = code->obj;
    hl_build_push_kind(b, HL_ITEM_FUNCTION)->making = made;
    finish_function(b);
}

void hl_build_do_function_attr(hl_builder *b, const hl_bc *bc)
{
    enum { DEFAULTS = 1, KEYWORD_DEFAULTS = 2, ANNOTATIONS = 4, CELLS = 8 };
    hl_item function = hl_build_pop_item(b), attr = hl_build_pop_item(b);
    bool good = function.kind == HL_ITEM_FUNCTION;
    if (bc->arg == CELLS && attr.kind == HL_ITEM_CELLS) {
        if (good) function.making->cells = attr.cells;
    } else if (bc->arg == DEFAULTS && attr.kind == HL_ITEM_VALUE) {
        if (good) function.making->defaults = tuple_items(b, attr.value, &function.making->ndefaults);
        good = good && function.making->defaults;
    } else if (bc->arg == KEYWORD_DEFAULTS) {
        hl_build_fail(b, "UnsupportedError", "default values of an inner function's keyword-only parameters are not supported");
    } else if (bc->arg != ANNOTATIONS) {
        good = false;
    }
    if (!good) hl_build_fail(b, "UnsupportedError", "this bytecode (a function's attributes) is not supported");
    if (b->failed) return;
    *hl_build_push_kind(b, HL_ITEM_FUNCTION) = function;
    finish_function(b);
}

/* --- inlining ----------------------------------------------------------------------------------------------------------------- */

static hl_frame *inlined_frame(hl_builder *b, const hl_making *made)
{
    const hl_stream *s = hl_read(b->arena, made->code);
    if (!s) return hl_build_python_error(b), NULL;
    hl_frame *outer = b->frame, *fr = hl_build_frame(b, s, outer);
    if (s->nparams != 1 || s->nfree != (made->cells ? made->cells->n : 0) || s->flags & CO_COROUTINE || s->flags & CO_ASYNC_GENERATOR) {
        hl_build_fail(b, "UnsupportedError", "asynchronous comprehension is not supported");
        return NULL;
    }
    for (int k = 1; k < s->nvars; k++) hl_bit_put(fr->unbound, k, true);
    for (int k = 0; k < s->nfree; k++) {
        int mine = s->nvars - s->nfree + k, theirs = made->cells->at[k];
        fr->var[mine] = outer->var[theirs];
        fr->frozen[mine] = outer->frozen[theirs];
        fr->owner[mine] = outer->owner[theirs] ? outer->owner[theirs] : outer;
        fr->owned[mine] = outer->owner[theirs] ? outer->owned[theirs] : theirs;
        hl_bit_put(fr->unbound, mine, hl_bit(outer->unbound, theirs));
    }
    fr->flow = hl_build_flow(b->arena, s, fr->unbound);
    return fr;
}

void hl_build_inline(hl_builder *b, const hl_making *made, hl_inst *iterator, hl_inline_mode mode)
{
    hl_frame *outer = b->frame, *fr = inlined_frame(b, made);
    if (!fr) return;
    hl_catcher catcher = b->catcher;
    hl_span span = b->span;
    fr->mode = mode;
    const hl_bc *next = outer->pc + 1 < outer->bb->end ? &outer->s->at.at[outer->pc + 1] : NULL;
    bool consumed = mode != HL_INLINE_COMPREHENSION && next && next->op == HL_BC_call; /* a generator runs when that call asks it */
    hl_push(b->arena, &b->f->inlined, ((hl_inlined){made->code, consumed ? next->span : span}));
    b->f->inlined.at[b->f->inlined.n - 1].call.inlined = outer->inlined;
    fr->inlined = b->f->inlined.n;
    if (mode == HL_INLINE_LIST) fr->list = hl_build_emit(b, HL_OP_build_list, NULL, 0);
    hl_build_split(b);
    hl_build_flush(b, outer->depth);
    hl_build_write(b, fr->var[0], iterator);
    fr->inherited = catcher;
    fr->join = hl_build_block(b, false);
    fr->result = hl_build_var(b, NULL);
    b->frame = fr;
    hl_build_code_blocks(b);
    b->frame = outer;
    if (b->failed) return;
    b->cur = fr->join;
    b->raised = false;
    b->catcher = catcher;
    b->span = span;
    hl_build_seal(b, fr->join);
    hl_build_push(b, hl_build_read(b, fr->result));
}

/* What the call in whose arguments we are calls: the builtin below the top of the stack. */
static hl_inst *pending_callee(hl_builder *b)
{
    if (b->frame->depth < 2) return NULL;
    hl_item *upper = hl_build_item(b, 1), *deeper = hl_build_item(b, 2);
    if (deeper->kind == HL_ITEM_NULL && upper->kind == HL_ITEM_VALUE) return upper->value;
    return deeper->kind == HL_ITEM_VALUE && upper->kind == HL_ITEM_NULL ? deeper->value : NULL;
}

static void inline_call(hl_builder *b, const hl_making *made, hl_inst *iterator)
{
    static const char *const any[] = {"any", NULL}, *const all[] = {"all", NULL};
    hl_frame *fr = b->frame;
    if (!(((PyCodeObject *)made->code)->co_flags & CO_GENERATOR)) {
        hl_build_inline(b, made, iterator, HL_INLINE_COMPREHENSION);
        return;
    }
    hl_inst *callee = pending_callee(b);
    const hl_bc *next = fr->pc + 1 < fr->bb->end ? &fr->s->at.at[fr->pc + 1] : NULL;
    if (callee && next && next->op == HL_BC_call && next->arg == 1 && (is_builtin(b, callee, any) || is_builtin(b, callee, all))) {
        hl_inline_mode mode = is_builtin(b, callee, any) ? HL_INLINE_ANY : HL_INLINE_ALL;
        hl_build_pop_item(b);
        hl_build_pop_item(b);
        hl_build_inline(b, made, iterator, mode);
        fr->pc++; /* the call of any or all */
        return;
    }
    hl_build_inline(b, made, iterator, HL_INLINE_LIST);
    if (!b->failed) hl_build_item(b, 1)->generator = true;
}

/* From inlined code to where its caller goes on. */
static void leave_inlined(hl_builder *b, hl_inst *result)
{
    hl_frame *fr = b->frame;
    hl_build_end(b);
    hl_build_write(b, fr->result, result);
    hl_ir_append(b->cur, hl_ir_new(b->f, HL_OP_jump, NULL, 0, b->span));
    hl_ir_edge(b->cur, fr->join);
    b->cur = NULL;
}

void hl_build_do_return(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_inst *v = hl_build_pop(b);
    switch (b->frame->mode) {
    case HL_INLINE_NOT: hl_build_leave(b, HL_OP_return, &v, 1); break;
    case HL_INLINE_COMPREHENSION: leave_inlined(b, v); break;
    case HL_INLINE_LIST: leave_inlined(b, b->frame->list); break;
    case HL_INLINE_ANY: leave_inlined(b, hl_build_const(b, Py_False)); break;
    case HL_INLINE_ALL: leave_inlined(b, hl_build_const(b, Py_True)); break;
    }
}

void hl_build_do_generator(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_build_push_kind(b, HL_ITEM_NULL);
}

/* any and all are decided by the first item that is true, or false. */
static void decide(hl_builder *b, hl_inst *item, bool when)
{
    hl_inst *truth = hl_build_emit1(b, HL_OP_truth, item);
    hl_build_end(b);
    hl_block *found = hl_build_block(b, true), *on = hl_build_block(b, true);
    hl_ir_append(b->cur, hl_ir_new(b->f, HL_OP_branch, &truth, 1, b->span));
    hl_ir_edge(b->cur, when ? found : on);
    hl_ir_edge(b->cur, when ? on : found);
    b->cur = found;
    leave_inlined(b, hl_build_const(b, when ? Py_True : Py_False));
    b->cur = on;
}

void hl_build_do_yield(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_inst *v = hl_build_pop(b);
    switch (b->frame->mode) {
    case HL_INLINE_LIST: hl_build_emit2(b, HL_OP_list_append, b->frame->list, v); break;
    case HL_INLINE_ANY: decide(b, v, true); break;
    case HL_INLINE_ALL: decide(b, v, false); break;
    default: hl_build_fail(b, "UnsupportedError", "yield is not supported"); break;
    }
    if (!b->failed) hl_build_push(b, hl_build_const(b, Py_None));
}
