/* Code of exceptions.  Everything here is cold: boxes, builds and raises through the runtime, then leaves. */
#include "container.h"

static V class_pointer(hl_emit *e, PyObject *cls)
{
    hl_emit_keep(e, cls);
    return hl_ptr_const(e, cls);
}

static void release_object(hl_emit *e, V m) { hl_emit_release(e, hl_T.pyobject, &m); }

void hl_emit_exception_new(hl_emit *e, hl_inst *i, V *out)
{
    V args = i->nargs > 1 ? hl_box_operands(e, i, 1) : NULL;
    out[0] = hl_rtcall(e, HL_RT_exception_new, class_pointer(e, i->args[0]->type->obj), args ? args : LLVMConstNull(e->ptr));
    if (args) release_object(e, args);
    hl_check_not_null(e, i, out[0]);
}

/* The object behind an operand of `raise` (a class, an exception, one that a global variable holds, None); *made: it was made here. */
static V operand(hl_emit *e, hl_inst *i, int k, bool *made)
{
    const hl_type *t = i->args[k]->type;
    if ((*made = t->kind != HL_K_EXCEPTION)) {
        bool object = t->kind == HL_K_CONST && PyExceptionInstance_Check(t->obj);
        V m = t->kind == HL_K_NONE || object ? hl_rtcall(e, HL_RT_str_object, class_pointer(e, object ? t->obj : Py_None))
                                   : hl_rtcall(e, HL_RT_exception_new, class_pointer(e, t->obj), LLVMConstNull(e->ptr));
        hl_check_not_null(e, i, m);
        return m;
    }
    return hl_one(e, i->args[k]);
}

void hl_emit_raise(hl_emit *e, hl_inst *i, V *out)
{
    V null = LLVMConstNull(e->ptr);
    bool made[2] = {false, false};
    if (i->nargs == 0) hl_rtcall(e, HL_RT_raise, hl_i32(e, HL_ERR_no_exception), hl_zero(e), hl_zero(e));
    else if (i->nargs == 1 && i->args[0]->type->kind == HL_K_CONST)
        hl_rtcall(e, HL_RT_raise_object, class_pointer(e, i->args[0]->type->obj), null, null);
    else {
        V exc = operand(e, i, 0, &made[0]), cause = i->nargs > 1 ? operand(e, i, 1, &made[1]) : null;
        hl_rtcall(e, HL_RT_raise_caught, exc, cause);
        if (made[0]) release_object(e, exc);
        if (made[1]) release_object(e, cause);
    }
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
    for (int k = 0; k < n; k++) yes = LLVMBuildOr(e->b, yes, hl_rtcall(e, HL_RT_exc_match, exc, class_pointer(e, classes[k]->obj)), "");
    out[0] = hl_icmp(e, LLVMIntNE, yes, hl_i32(e, 0));
}
