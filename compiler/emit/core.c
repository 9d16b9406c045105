/* Values, control, and the instructions that need no row: parameters, casts, calls of compiled functions, returns. */
#include "private.h"
#include <string.h>

/* --- constants -------------------------------------------------------------------------------------------------------------- */

V hl_i64(hl_emit *e, int64_t v) { return LLVMConstInt(e->i64, (uint64_t)v, true); }
V hl_i32(hl_emit *e, int32_t v) { return LLVMConstInt(e->i32, (uint64_t)(int64_t)v, true); }
V hl_f64(hl_emit *e, double v) { return LLVMConstReal(e->f64, v); }
V hl_bool(hl_emit *e, bool v) { return LLVMConstInt(e->i1, v, false); }
V hl_ptr_const(hl_emit *e, const void *p) { return LLVMConstIntToPtr(hl_i64(e, (int64_t)(intptr_t)p), e->ptr); }

void hl_emit_keep(hl_emit *e, PyObject *obj)
{
    hl_cx *cx = e->cx;
    if (!cx->keep) cx->keep = PyList_New(0);
    if (!cx->keep || PyList_Append(cx->keep, obj) < 0) cx->python_error = true;
}

static void drop_capsule(PyObject *c) { hl_release(PyCapsule_GetPointer(c, "hotloop.mem")); }

/* The code owns one reference of m, which may be NULL. */
static void keep_mem(hl_emit *e, hl_mem *m)
{
    if (!m) return;
    PyObject *c = PyCapsule_New(m, "hotloop.mem", drop_capsule);
    if (!c) {
        e->cx->python_error = true;
        return;
    }
    hl_emit_keep(e, c);
    Py_DECREF(c);
}

static void end_loan(PyObject *c) { hl_loan_end(PyCapsule_GetPointer(c, "hotloop.loan")); }

/* A Python object that is a constant.  The code's list of constants has the reference, which the garbage collector sees; the owner
 * borrows from it, and goes first. */
static V object_const(hl_emit *e, PyObject *obj)
{
    hl_emit_keep(e, obj);
    hl_mem *m = hl_loan(obj);
    PyObject *c = m ? PyCapsule_New(m, "hotloop.loan", end_loan) : NULL;
    if (!c) {
        if (m) hl_loan_end(m);
        e->cx->python_error = true;
        return LLVMConstNull(e->ptr);
    }
    hl_emit_keep(e, c);
    Py_DECREF(c);
    return hl_ptr_const(e, m);
}

static void literal_parts(hl_emit *e, const hl_type *t, V *out)
{
    const hl_type *base = t->elem;
    switch (base->kind) {
    case HL_K_BOOL: out[0] = hl_bool(e, t->ival != 0); break;
    case HL_K_INT: out[0] = hl_i64(e, t->ival); break;
    case HL_K_FLOAT: out[0] = hl_f64(e, PyFloat_AsDouble(t->obj)); break;
    case HL_K_COMPLEX: {
        Py_complex c = PyComplex_AsCComplex(t->obj);
        out[0] = hl_f64(e, c.real), out[1] = hl_f64(e, c.imag);
        break;
    }
    default: { /* str */
        hl_mem *m = hl_str_object(t->obj);
        keep_mem(e, m);
        out[0] = hl_ptr_const(e, m);
    }
    }
}

static V slot_const(hl_emit *e, hl_part p, const hl_slot *s)
{
    switch (p) {
    case HL_P_I1: return hl_bool(e, s->b != 0);
    case HL_P_I8: return LLVMConstInt(e->i8, (uint64_t)s->i, true);
    case HL_P_I16: return LLVMConstInt(e->i16, (uint64_t)s->i, true);
    case HL_P_I32: return hl_i32(e, s->i32);
    case HL_P_I64: return hl_i64(e, s->i);
    case HL_P_F32: return LLVMConstReal(e->f32, (double)s->f32);
    case HL_P_F64: return hl_f64(e, s->f);
    default: return hl_ptr_const(e, s->p);
    }
}

/* Parts of a Python object that is a constant of type t. */
static void object_parts(hl_emit *e, const hl_type *t, PyObject *obj, V *out)
{
    if (hl_is_literal(t)) {
        literal_parts(e, t, out);
        return;
    }
    if (t->kind == HL_K_TUPLE) {
        for (int k = 0; k < t->nitems; k++) {
            object_parts(e, t->items[k], PyTuple_GET_ITEM(obj, k), out);
            out += t->items[k]->nparts;
        }
        return;
    }
    if (t->kind == HL_K_PYOBJECT) {
        out[0] = object_const(e, obj);
        return;
    }
    if (!t->nparts) return;
    hl_slot slots[t->nparts];
    memset(slots, 0, sizeof slots);
    if (e->cx->hooks->unbox(t, obj, slots) < 0) {
        e->cx->python_error = true;
        memset(slots, 0, sizeof slots);
    }
    hl_emit_keep(e, obj);
    for (int k = 0; k < t->nparts; k++) {
        if (t->parts[k] == HL_P_MEM) keep_mem(e, slots[k].p);
        out[k] = slot_const(e, t->parts[k], &slots[k]);
    }
}

V *hl_parts(hl_emit *e, hl_inst *v)
{
    if (v->op != HL_OP_const && !(v->type && hl_is_literal(v->type)) && e->vals[v->id]) return e->vals[v->id];
    if (e->vals[v->id]) return e->vals[v->id];
    int n = v->type ? v->type->nparts : 0;
    V *out = HL_NEWN(e->arena, V, n + 1);
    if (v->type && hl_is_literal(v->type)) literal_parts(e, v->type, out);
    else if (v->op == HL_OP_const && n) object_parts(e, v->type, v->obj, out);
    else
        for (int k = 0; k < n; k++) out[k] = LLVMConstNull(hl_part_type(e, v->type->parts[k]));
    return e->vals[v->id] = out;
}

V hl_one(hl_emit *e, hl_inst *v) { return hl_parts(e, v)[0]; }

/* --- control ------------------------------------------------------------------------------------------------------------------- */

LLVMBasicBlockRef hl_bb(hl_emit *e, const char *name) { return LLVMAppendBasicBlockInContext(e->lc, e->fn, name); }
void hl_at(hl_emit *e, LLVMBasicBlockRef bb) { LLVMPositionBuilderAtEnd(e->b, bb); }
/* LLVM's builder takes the source line over from the instruction; ours stays what it is. */
void hl_before(hl_emit *e, V inst)
{
    LLVMMetadataRef line = e->lines ? LLVMGetCurrentDebugLocation2(e->b) : NULL;
    LLVMPositionBuilderBefore(e->b, inst);
    if (e->lines) LLVMSetCurrentDebugLocation2(e->b, line);
}
LLVMBasicBlockRef hl_here(hl_emit *e) { return LLVMGetInsertBlock(e->b); }
void hl_br(hl_emit *e, LLVMBasicBlockRef to) { LLVMBuildBr(e->b, to); }
void hl_cond(hl_emit *e, V c, LLVMBasicBlockRef t, LLVMBasicBlockRef f) { LLVMBuildCondBr(e->b, c, t, f); }
V hl_select(hl_emit *e, V c, V a, V b) { return a == b ? a : LLVMBuildSelect(e->b, c, a, b, ""); }

void hl_unlikely(hl_emit *e, V branch, int way)
{
    V weights[2] = {hl_i32(e, way ? 2000 : 1), hl_i32(e, way ? 1 : 2000)};
    LLVMMetadataRef parts[3] = {LLVMMDStringInContext2(e->lc, "branch_weights", 14), LLVMValueAsMetadata(weights[0]), LLVMValueAsMetadata(weights[1])};
    LLVMSetMetadata(branch, LLVMGetMDKindIDInContext(e->lc, "prof", 4), LLVMMetadataAsValue(e->lc, LLVMMDNodeInContext2(e->lc, parts, 3)));
}

V hl_phi2(hl_emit *e, LLVMTypeRef t, V a, LLVMBasicBlockRef from_a, V b, LLVMBasicBlockRef from_b)
{
    V phi = LLVMBuildPhi(e->b, t, ""), values[2] = {a, b};
    LLVMBasicBlockRef from[2] = {from_a, from_b};
    LLVMAddIncoming(phi, values, from, 2);
    return phi;
}

hl_aside hl_aside_begin(hl_emit *e, V when)
{
    LLVMBasicBlockRef aside = hl_bb(e, "aside");
    hl_aside a = {hl_here(e), hl_bb(e, "join")};
    hl_cond(e, when, aside, a.done);
    hl_at(e, aside);
    return a;
}

V hl_aside_end(hl_emit *e, hl_aside a, V value, V otherwise)
{
    LLVMBasicBlockRef from = hl_here(e);
    hl_br(e, a.done);
    hl_at(e, a.done);
    return hl_phi2(e, LLVMTypeOf(value), value, from, otherwise, a.before);
}

hl_for hl_for_begin(hl_emit *e, V lo, V hi, const char *name)
{
    hl_for l = {.before = hl_here(e), .head = hl_bb(e, "head"), .body = hl_bb(e, "body"), .done = hl_bb(e, "done"), .hi = hi, .step = hl_i64(e, 1)};
    hl_br(e, l.head);
    hl_at(e, l.head);
    l.i = LLVMBuildPhi(e->b, e->i64, name);
    LLVMAddIncoming(l.i, &lo, &l.before, 1);
    hl_cond(e, LLVMBuildICmp(e->b, LLVMIntSLT, l.i, hi, ""), l.body, l.done);
    hl_at(e, l.body);
    return l;
}

void hl_for_end(hl_emit *e, hl_for *l)
{
    V next = LLVMBuildNSWAdd(e->b, l->i, l->step, "");
    LLVMBasicBlockRef latch = hl_here(e);
    LLVMAddIncoming(l->i, &next, &latch, 1);
    hl_br(e, l->head);
    hl_at(e, l->done);
}

V hl_for_phi(hl_emit *e, hl_for *l, V init)
{
    LLVMBasicBlockRef here = hl_here(e);
    hl_before(e, LLVMGetFirstInstruction(l->head));
    V phi = LLVMBuildPhi(e->b, LLVMTypeOf(init), "");
    LLVMAddIncoming(phi, &init, &l->before, 1);
    hl_at(e, here);
    return phi;
}

void hl_for_next(hl_emit *e, hl_for *l, V phi, V next)
{
    LLVMBasicBlockRef latch = hl_here(e);
    LLVMAddIncoming(phi, &next, &latch, 1);
    (void)l;
}

/* --- instructions ------------------------------------------------------------------------------------------------------------------ */

static void emit_param(hl_emit *e, hl_inst *i, V *out)
{
    int at = 0;
    for (int k = 0; k < i->ival; k++) at += e->func->param_types[k]->nparts;
    for (int p = 0; p < i->type->nparts; p++) out[p] = e->params[at + p];
}

/* Recursive functions count their active calls in a hidden last argument.  The caller looks at it, as the callee would have to save
 * registers first, which the end of a recursion has no use for. */
static V next_depth(hl_emit *e, hl_inst *i)
{
    if (!e->depth) return hl_i32(e, 0);
    V depth = LLVMBuildAdd(e->b, e->depth, hl_i32(e, 1), "");
    hl_check(e, i, LLVMBuildICmp(e->b, LLVMIntSLT, depth, hl_i32(e, Py_GetRecursionLimit()), ""), HL_ERR_recursion, NULL, NULL);
    return depth;
}

static void emit_call(hl_emit *e, hl_inst *i, V *out)
{
    hl_func *callee = i->data;
    hl_emitted *m = callee->data;
    V args[LLVMCountParamTypes(m->type) + 1];
    unsigned n = 0;
    for (int k = 0; k < i->nargs; k++) {
        V *p = hl_arg(e, i, k);
        for (int q = 0; q < callee->param_types[k]->nparts; q++) args[n++] = p[q];
    }
    if (m->recursive) args[n++] = next_depth(e, i);
    V r = LLVMBuildCall2(e->b, m->type, m->fn, args, n, "");
    hl_check_status(e, i, LLVMBuildExtractValue(e->b, r, 0, ""));
    for (int p = 0; p < i->type->nparts; p++) out[p] = LLVMBuildExtractValue(e->b, r, (unsigned)p + 1, "");
}

static void emit_return(hl_emit *e, hl_inst *i)
{
    int n = e->func->ret_type->nparts;
    V values[n + 1], *p = hl_arg(e, i, 0);
    values[0] = hl_i32(e, 0);
    for (int k = 0; k < n; k++) values[k + 1] = p[k];
    V r = LLVMGetUndef(LLVMGetReturnType(LLVMGlobalGetValueType(e->fn)));
    for (int k = 0; k <= n; k++) r = LLVMBuildInsertValue(e->b, r, values[k], (unsigned)k, "");
    LLVMBuildRet(e->b, r);
}

static void emit_check_bound(hl_emit *e, hl_inst *i, V *out)
{
    V ok = hl_one(e, i->args[1]);
    LLVMBasicBlockRef go_on = hl_bb(e, "bound"), fail = hl_bb(e, "unbound");
    hl_cond(e, ok, go_on, fail);
    hl_at(e, fail);
    hl_emit_keep(e, i->obj);
    hl_rtcall(e, HL_RT_unbound, hl_ptr_const(e, i->obj));
    hl_leave(e, i);
    hl_at(e, go_on);
    V *p = hl_arg(e, i, 0);
    for (int k = 0; k < i->type->nparts; k++) out[k] = p[k];
}

static void emit_unwrap(hl_emit *e, hl_inst *i, V *out)
{
    V *p = hl_arg(e, i, 0);
    if (!i->obj) hl_check(e, i, p[0], HL_ERR_none_value, NULL, NULL);
    else {
        LLVMBasicBlockRef go_on = hl_bb(e, "value"), fail = hl_bb(e, "none");
        hl_cond(e, p[0], go_on, fail);
        hl_at(e, fail);
        hl_emit_keep(e, i->obj);
        hl_rtcall(e, HL_RT_raise_text, hl_ptr_const(e, i->obj));
        hl_leave(e, i);
        hl_at(e, go_on);
    }
    for (int k = 0; k < i->type->nparts; k++) out[k] = p[k + 1];
}

/* Has a signal come?  Reading the flag must not be taken out of loops.  Straight to the way out from the cold block: the loop has one
 * more branch, not two. */
static void emit_poll(hl_emit *e, hl_inst *i)
{
    if (!e->signal_flag) e->signal_flag = LLVMAddGlobal(e->mod, e->i32, HL_SIGNAL_FLAG);
    V flag = hl_tagged(e, LLVMBuildLoad2(e->b, e->i32, e->signal_flag, "signal"), HL_TAG_FLAG);
    LLVMSetVolatile(flag, true);
    if (i->ival) { /* codegen/pieces.cpp looks for this */
        LLVMMetadataRef mark = LLVMMDNodeInContext2(e->lc, NULL, 0);
        LLVMSetMetadata(flag, LLVMGetMDKindIDInContext(e->lc, HL_PIECES, sizeof HL_PIECES - 1), LLVMMetadataAsValue(e->lc, mark));
    }
    LLVMBasicBlockRef come = hl_bb(e, "signal"), on = hl_bb(e, "");
    hl_cond(e, LLVMBuildICmp(e->b, LLVMIntEQ, flag, hl_i32(e, 0), ""), on, come);
    hl_at(e, come);
    hl_check_status(e, i, hl_rtcall(e, HL_RT_poll));
    hl_br(e, on);
    hl_at(e, on);
}

void hl_emit_core(hl_emit *e, hl_inst *i, V *out)
{
    switch ((hl_op)i->op) {
    case HL_OP_param: emit_param(e, i, out); break;
    case HL_OP_unbound: for (int k = 0; i->type && k < i->type->nparts; k++) out[k] = LLVMConstNull(hl_part_type(e, i->type->parts[k])); break;
    case HL_OP_cast: hl_cast(e, i, i->args[0]->type, i->type, hl_arg(e, i, 0), out); break;
    case HL_OP_unwrap: emit_unwrap(e, i, out); break;
    case HL_OP_narrow: memcpy(out, hl_arg(e, i, 0) + 1, sizeof *out * (size_t)i->type->nparts); break;
    case HL_OP_box: hl_emit_box(e, i, out); break;
    case HL_OP_unbox: hl_emit_unbox(e, i, out); break;
    case HL_OP_check_bound: emit_check_bound(e, i, out); break;
    case HL_OP_call: emit_call(e, i, out); break;
    case HL_OP_retain: hl_emit_retain(e, i->args[0]->type, hl_arg(e, i, 0)); break;
    case HL_OP_release: hl_emit_release(e, i->args[0]->type, hl_arg(e, i, 0)); break;
    case HL_OP_poll: emit_poll(e, i); break;
    case HL_OP_loop_safe: hl_emit_loop_safe(e, i, out); break;
    case HL_OP_jump: hl_br(e, e->blocks[i->block->succ[0]->id]); hl_emit_loop_hint(e, i); break;
    case HL_OP_branch:
        hl_cond(e, hl_one(e, i->args[0]), e->blocks[i->block->succ[0]->id], e->blocks[i->block->succ[1]->id]);
        hl_emit_loop_hint(e, i);
        break;
    case HL_OP_return: emit_return(e, i); break;
    case HL_OP_unreachable: LLVMBuildUnreachable(e->b); break;
    default: hl_fail(e->cx, "LoweringError", e->func, i->span, "instruction %s has no code", hl_ops[i->op].name);
    }
}

/* --- rows of core.def ----------------------------------------------------------------------------------------------------------------- */

void hl_emit_nothing(hl_emit *e, hl_inst *i, V *out) { (void)e, (void)i, (void)out; }

void hl_emit_is(hl_emit *e, hl_inst *i, V *out)
{
    if (hl_is_literal(i->type)) return;
    const hl_type *a = i->args[0]->type, *b = i->args[1]->type;
    V same;
    if (a->kind != HL_K_NONE && b->kind != HL_K_NONE && (a->kind == HL_K_OPTIONAL || b->kind == HL_K_OPTIONAL)) { /* both None, or both the same */
        V *x = hl_arg(e, i, 0), *y = hl_arg(e, i, 1), one = hl_bool(e, true);
        V hx = a->kind == HL_K_OPTIONAL ? *x++ : one, hy = b->kind == HL_K_OPTIONAL ? *y++ : one;
        bool alike = (a->kind == HL_K_OPTIONAL ? a->elem : hl_unliteral(a)) == (b->kind == HL_K_OPTIONAL ? b->elem : hl_unliteral(b));
        V equal = alike ? LLVMBuildICmp(e->b, LLVMIntEQ, x[0], y[0], "") : hl_bool(e, false);
        V have = LLVMBuildAnd(e->b, hx, hy, ""), any = LLVMBuildOr(e->b, hx, hy, "");
        same = hl_select(e, have, equal, LLVMBuildNot(e->b, any, ""));
    } else if (a->kind == HL_K_NONE || b->kind == HL_K_NONE) {
        V *p = hl_arg(e, i, a->kind == HL_K_NONE ? 1 : 0); /* an optional: part 0 says that there is a value */
        same = LLVMBuildNot(e->b, p[0], "");
    } else {
        V x = hl_one(e, i->args[0]), y = hl_one(e, i->args[1]);
        same = LLVMBuildICmp(e->b, LLVMIntEQ, x, y, "");
    }
    out[0] = i->op == HL_OP_is ? same : LLVMBuildNot(e->b, same, "");
}

void hl_emit_not(hl_emit *e, hl_inst *i, V *out) { out[0] = LLVMBuildNot(e->b, hl_one(e, i->args[0]), ""); }

/* A closure is its captured values side by side, a slice its bounds. */
void hl_emit_concat(hl_emit *e, hl_inst *i, V *out)
{
    for (int k = 0; k < i->nargs; k++) {
        V *p = hl_arg(e, i, k);
        int n = i->args[k]->type->nparts;
        for (int q = 0; q < n; q++) *out++ = p[q];
    }
}

void hl_emit_closure_item(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->args[0]->type;
    V *p = hl_arg(e, i, 0);
    for (int k = 0; k < i->ival; k++) p += t->items[k]->nparts;
    for (int k = 0; k < i->type->nparts; k++) out[k] = p[k];
}
