/* Code of exceptions.  Everything here is cold: boxes, builds and raises through the runtime, then leaves. */
#include "container.h"

/* A class, or another object that lives as long as the code. */
static V object_pointer(hl_emit *e, PyObject *cls)
{
    hl_emit_keep(e, cls);
    return hl_ptr_const(e, cls);
}

static void release_object(hl_emit *e, V m) { hl_emit_release(e, hl_T.pyobject, &m); }

void hl_emit_exception_new(hl_emit *e, hl_inst *i, V *out)
{
    V args = i->nargs > 1 ? hl_box_operands(e, i, 1) : NULL;
    out[0] = hl_rtcall(e, HL_RT_exception_new, object_pointer(e, i->args[0]->type->obj), args ? args : LLVMConstNull(e->ptr));
    if (args) release_object(e, args);
    hl_check_not_null(e, i, out[0]);
}

/* An operand of `raise`: a value, or an object (a class, an exception that a global variable holds, None). */
static void operand(hl_emit *e, hl_inst *i, int k, V pair[2])
{
    const hl_type *t = k < i->nargs ? i->args[k]->type : NULL;
    bool value = t && t->kind == HL_K_EXCEPTION;
    pair[0] = value ? hl_one(e, i->args[k]) : LLVMConstNull(e->ptr);
    pair[1] = t && !value ? object_pointer(e, t->kind == HL_K_NONE ? Py_None : t->obj) : LLVMConstNull(e->ptr);
}

void hl_emit_raise(hl_emit *e, hl_inst *i, V *out)
{
    V exc[2], cause[2];
    operand(e, i, 0, exc);
    operand(e, i, 1, cause);
    if (i->nargs) hl_rtcall(e, HL_RT_raise_value, exc[0], exc[1], cause[0], cause[1]);
    else hl_rtcall(e, HL_RT_raise, hl_i32(e, HL_ERR_no_exception), hl_zero(e), hl_zero(e));
    hl_leave(e, i);
}

void hl_emit_reraise(hl_emit *e, hl_inst *i, V *out)
{
    hl_rtcall(e, HL_RT_reraise, hl_one(e, i->args[0]));
    hl_leave(e, i);
}

void hl_emit_catch(hl_emit *e, hl_inst *i, V *out)
{
    V place = hl_error_place_phi(e, i->block);
    out[0] = hl_rtcall(e, HL_RT_catch, hl_error_where(e), place);
}

void hl_emit_handling(hl_emit *e, hl_inst *i, V *out)
{
    hl_rtcall(e, HL_RT_handling, hl_one(e, i->args[0]), hl_error_handles(e), hl_i32(e, (int32_t)i->ival));
}

void hl_emit_handled(hl_emit *e, hl_inst *i, V *out) { hl_rtcall(e, HL_RT_handled, hl_error_handles(e), hl_i32(e, (int32_t)i->ival)); }

void hl_emit_exc_match(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *c = i->args[1]->type, *const *classes = c->kind == HL_K_TUPLE ? c->items : &c;
    int n = c->kind == HL_K_TUPLE ? c->nitems : 1;
    V exc = hl_one(e, i->args[0]), yes = hl_i32(e, 0);
    for (int k = 0; k < n; k++) yes = LLVMBuildOr(e->b, yes, hl_rtcall(e, HL_RT_exc_match, exc, object_pointer(e, classes[k]->obj)), "");
    out[0] = hl_icmp(e, LLVMIntNE, yes, hl_i32(e, 0));
}
