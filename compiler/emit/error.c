/* The ways out of an instruction that fails.
 *
 *   inside `try`    one landing block an instruction: releases inst->unwind, goes to the handler
 *   elsewhere       one cleanup block a set of values to release (equal sets share it), then the function's exit block,
 *                   which makes the traceback entry and returns status 1.  A phi carries the place.
 *
 * A place is the number of a bytecode instruction: its offset, and above INLINED which code it belongs to (a row of func->inlined);
 * -1 for an exception that goes on and has its entry already.  runtime/traceback.c makes the entry of it.
 *
 * Every value of an unwind list is defined before the instruction that fails, so it dominates the cleanup block that
 * all such instructions share. */
#include "private.h"
#include <string.h>

typedef struct cleanup { hl_inst **values; int n; LLVMBasicBlockRef bb, overflow; V place, overflow_place; } cleanup;
typedef struct landing { hl_inst *inst; LLVMBasicBlockRef bb, end; } landing;
typedef struct arrival { hl_block *handler; V place; } arrival;
typedef struct unwind {
    HL_VEC(cleanup) cleanups; HL_VEC(landing) landings; HL_VEC(arrival) arrivals;
    V where, handles;
} unwind;

void hl_error_begin(hl_emit *e) { e->unwind = HL_NEW(e->arena, unwind); }

enum { INLINED = 20 };

static V place_of(hl_emit *e, const hl_inst *i)
{
    const hl_span *s = &i->span;
    if (i->op == HL_OP_reraise) return hl_i32(e, -1);
    return hl_i32(e, s->offset >> INLINED || s->inlined >> (31 - INLINED) ? 0 : s->inlined << INLINED | s->offset);
}

/* [code, place of its call, NULL for the runtime's own use] */
static PyObject *where_row(PyObject *code, const hl_span *call)
{
    return Py_BuildValue("[OiO]", code, call ? call->inlined << INLINED | call->offset : -1, Py_None);
}

/* [globals, row of the function's own code, rows of what is inlined …]; functions of hotloop's own library are not shown. */
V hl_error_where(hl_emit *e)
{
    unwind *u = e->unwind;
    const hl_func *f = e->func;
    if (u->where) return u->where;
    PyObject *module = f->globals ? PyDict_GetItemString(f->globals, "__name__") : NULL;
    const char *name = module && PyUnicode_Check(module) ? PyUnicode_AsUTF8(module) : NULL;
    if (!f->code || (name && !strncmp(name, "hotloop.library.", 16))) return u->where = LLVMConstNull(e->ptr);
    PyObject *list = PyList_New(0), *row = where_row(f->code, NULL);
    bool bad = !list || !row || PyList_Append(list, f->globals ? f->globals : Py_None) < 0 || PyList_Append(list, row) < 0;
    Py_XDECREF(row);
    for (int k = 0; !bad && k < f->inlined.n; k++) {
        row = where_row(f->inlined.at[k].code, &f->inlined.at[k].call);
        bad = !row || PyList_Append(list, row) < 0;
        Py_XDECREF(row);
    }
    if (bad) PyErr_Clear(), u->where = LLVMConstNull(e->ptr);
    else hl_emit_keep(e, list), u->where = hl_ptr_const(e, list);
    Py_XDECREF(list);
    return u->where;
}

V hl_error_handles(hl_emit *e)
{
    unwind *u = e->unwind;
    if (!u->handles) u->handles = hl_alloca(e, e->i8, "handles");
    return u->handles;
}

V hl_error_place_phi(hl_emit *e, hl_block *handler)
{
    unwind *u = e->unwind;
    arrival a = {handler, LLVMBuildPhi(e->b, e->i32, "place")};
    hl_push(e->arena, &u->arrivals, a);
    return a.place;
}

static V place_phi(hl_emit *e, LLVMBasicBlockRef bb)
{
    LLVMBasicBlockRef here = hl_here(e);
    hl_at(e, bb);
    V phi = LLVMBuildPhi(e->b, e->i32, "place");
    hl_at(e, here);
    return phi;
}

static cleanup *cleanup_of(hl_emit *e, hl_inst *i)
{
    unwind *u = e->unwind;
    for (int k = 0; k < u->cleanups.n; k++) {
        cleanup *c = &u->cleanups.at[k];
        if (c->n == i->nunwind && (!c->n || !memcmp(c->values, i->unwind, sizeof *c->values * (size_t)c->n))) return c;
    }
    cleanup c = {.values = i->unwind, .n = i->nunwind, .bb = hl_bb(e, "cleanup")};
    c.place = place_phi(e, c.bb);
    hl_push(e->arena, &u->cleanups, c);
    return &u->cleanups.at[u->cleanups.n - 1];
}

static landing *landing_of(hl_emit *e, hl_inst *i)
{
    unwind *u = e->unwind;
    for (int k = 0; k < u->landings.n; k++)
        if (u->landings.at[k].inst == i) return &u->landings.at[k];
    landing l = {.inst = i, .bb = hl_bb(e, "landing")};
    hl_push(e->arena, &u->landings, l);
    return &u->landings.at[u->landings.n - 1];
}

/* Where a failing instruction goes from block `from`. */
static LLVMBasicBlockRef way_out(hl_emit *e, hl_inst *i, LLVMBasicBlockRef from)
{
    if (i->block->handler) return landing_of(e, i)->bb;
    cleanup *c = cleanup_of(e, i);
    V place = place_of(e, i);
    LLVMAddIncoming(c->place, &place, &from, 1);
    return c->bb;
}

void hl_leave(hl_emit *e, hl_inst *i) { hl_br(e, way_out(e, i, hl_here(e))); }

void hl_check_or_leave(hl_emit *e, hl_inst *i, V ok)
{
    if (LLVMIsAConstantInt(ok) && LLVMConstIntGetZExtValue(ok)) return;
    LLVMBasicBlockRef go_on = hl_bb(e, "ok");
    hl_cond(e, ok, go_on, way_out(e, i, hl_here(e)));
    hl_at(e, go_on);
}

void hl_check(hl_emit *e, hl_inst *i, V ok, hl_err err, V a, V b)
{
    if (!i || (LLVMIsAConstantInt(ok) && LLVMConstIntGetZExtValue(ok))) return;
    LLVMBasicBlockRef go_on = hl_bb(e, "ok"), fail = hl_bb(e, "fail");
    hl_cond(e, ok, go_on, fail);
    hl_at(e, fail);
    hl_rtcall(e, HL_RT_raise, hl_i32(e, (int32_t)err), a ? a : hl_i64(e, 0), b ? b : hl_i64(e, 0));
    hl_leave(e, i);
    hl_at(e, go_on);
}

/* The branch at the end of `from` goes to its first target.  LLVM makes one condition of this and the next branch if it does not know. */
static void expect_first(hl_emit *e, LLVMBasicBlockRef from)
{
    LLVMMetadataRef weights[3] = {LLVMMDStringInContext2(e->lc, "branch_weights", 14), LLVMValueAsMetadata(hl_i32(e, 1 << 20)), LLVMValueAsMetadata(hl_i32(e, 1))};
    V node = LLVMMetadataAsValue(e->lc, LLVMMDNodeInContext2(e->lc, weights, 3));
    LLVMSetMetadata(LLVMGetBasicBlockTerminator(from), LLVMGetMDKindIDInContext(e->lc, "prof", 4), node);
}

static void check_fits(hl_emit *e, hl_inst *i, V ok)
{
    if (i->block->handler) {
        hl_check(e, i, ok, HL_ERR_int_overflow, NULL, NULL);
        return;
    }
    cleanup *c = cleanup_of(e, i);
    if (!c->overflow) {
        c->overflow = hl_bb(e, "overflow");
        c->overflow_place = place_phi(e, c->overflow);
    }
    V place = place_of(e, i);
    LLVMBasicBlockRef from = hl_here(e), go_on = hl_bb(e, "ok");
    LLVMAddIncoming(c->overflow_place, &place, &from, 1);
    hl_cond(e, ok, go_on, c->overflow);
    hl_at(e, go_on);
}

/* What was moved out of an arm must fit if that arm is taken, which is looked at only when it does not. */
void hl_check_fits(hl_emit *e, hl_inst *i, V ok)
{
    V elsewhere = hl_unless_taken(e, i);
    if (!elsewhere) {
        check_fits(e, i, ok);
        return;
    }
    LLVMBasicBlockRef fits = hl_bb(e, "fits"), large = hl_bb(e, "large"), from = hl_here(e);
    hl_cond(e, ok, fits, large);
    expect_first(e, from);
    hl_at(e, large);
    check_fits(e, i, elsewhere);
    hl_br(e, fits);
    hl_at(e, fits);
}

void hl_check_status(hl_emit *e, hl_inst *i, V status)
{
    hl_check_or_leave(e, i, LLVMBuildICmp(e->b, LLVMIntEQ, status, hl_i32(e, 0), ""));
}

void hl_check_not_null(hl_emit *e, hl_inst *i, V p) { hl_check_or_leave(e, i, LLVMBuildIsNotNull(e->b, p, "")); }

static void release_all(hl_emit *e, hl_inst **values, int n)
{
    for (int k = 0; k < n; k++) hl_emit_release(e, values[k]->type, hl_parts(e, values[k]));
}

/* Fills the blocks that way_out handed out. */
void hl_error_finish(hl_emit *e)
{
    unwind *u = e->unwind;
    for (int k = 0; k < u->landings.n; k++) {
        landing *l = &u->landings.at[k];
        hl_at(e, l->bb);
        release_all(e, l->inst->unwind, l->inst->nunwind);
        l->end = hl_here(e);
        V place = place_of(e, l->inst);
        for (int a = 0; a < u->arrivals.n; a++)
            if (u->arrivals.at[a].handler == l->inst->block->handler) LLVMAddIncoming(u->arrivals.at[a].place, &place, &l->end, 1);
        hl_br(e, e->blocks[l->inst->block->handler->id]);
    }
    if (!u->cleanups.n) return;
    for (int k = 0; k < u->cleanups.n; k++) {
        cleanup *c = &u->cleanups.at[k];
        if (!c->overflow) continue;
        hl_at(e, c->overflow);
        V raise = hl_rtcall(e, HL_RT_raise, hl_i32(e, HL_ERR_int_overflow), hl_i64(e, 0), hl_i64(e, 0));
        LLVMSetMetadata(raise, LLVMGetMDKindIDInContext(e->lc, HL_OVERFLOW, strlen(HL_OVERFLOW)), LLVMMetadataAsValue(e->lc, LLVMMDNodeInContext2(e->lc, NULL, 0)));
        LLVMAddIncoming(c->place, &c->overflow_place, &c->overflow, 1);
        hl_br(e, c->bb);
    }
    LLVMBasicBlockRef exit = hl_bb(e, "exit");
    V exit_place = place_phi(e, exit);
    for (int k = 0; k < u->cleanups.n; k++) {
        cleanup *c = &u->cleanups.at[k];
        hl_at(e, c->bb);
        release_all(e, c->values, c->n);
        LLVMBasicBlockRef end = hl_here(e);
        LLVMAddIncoming(exit_place, &c->place, &end, 1);
        hl_br(e, exit);
    }
    hl_at(e, exit);
    if (u->handles) hl_rtcall(e, HL_RT_handled, u->handles, hl_i32(e, 0));
    if (!LLVMIsNull(hl_error_where(e))) hl_rtcall(e, HL_RT_unwind, hl_error_where(e), exit_place);
    LLVMTypeRef rt = LLVMGetReturnType(LLVMGlobalGetValueType(e->fn));
    V r = LLVMBuildInsertValue(e->b, LLVMConstNull(rt), hl_i32(e, 1), 0, "");
    LLVMBuildRet(e->b, r);
}

void hl_error_phi(hl_emit *e, hl_block *from, V phi, V value)
{
    unwind *u = e->unwind;
    for (int k = 0; k < u->landings.n; k++)
        if (u->landings.at[k].inst->block == from) LLVMAddIncoming(phi, &value, &u->landings.at[k].end, 1);
}
