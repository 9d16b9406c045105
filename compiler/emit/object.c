/* Code of operations on Python objects: one call of runtime/object*.c each; everything else happens there. */
#include "container.h"
#include "../../runtime/rt_object.h"

_Static_assert((int)HL_OP_matmul - HL_OP_add == (int)HL_O_MATMUL - HL_O_ADD && (int)HL_OP_pow - HL_OP_add == (int)HL_O_POW - HL_O_ADD &&
               (int)HL_OP_or - HL_OP_add == (int)HL_O_OR - HL_O_ADD && (int)HL_OP_invert - HL_OP_neg == (int)HL_O_INVERT - HL_O_NEG,
               "operators stand in one order");

static V object(hl_emit *e, hl_inst *i, int k) { return hl_one(e, i->args[k]); }
static V null(hl_emit *e) { return LLVMConstNull(e->ptr); }

static V kept(hl_emit *e, PyObject *obj)
{
    if (!obj) return null(e);
    hl_emit_keep(e, obj);
    return hl_ptr_const(e, obj);
}

static void give(hl_emit *e, hl_inst *i, V result, V *out)
{
    hl_check_not_null(e, i, result);
    out[0] = result;
}

/* 0, 1, or less than 0 for an exception. */
static V answer(hl_emit *e, hl_inst *i, V r)
{
    if (hl_ir_effects(i) & HL_E_RAISE) hl_check_or_leave(e, i, hl_icmp(e, LLVMIntSGE, r, hl_i32(e, 0)));
    return hl_icmp(e, LLVMIntNE, r, hl_i32(e, 0));
}

/* Operands first … in a row in memory. */
static V row(hl_emit *e, hl_inst *i, int first)
{
    int n = i->nargs - first;
    V at = hl_alloca_slots(e, n);
    for (int k = 0; k < n; k++) LLVMBuildStore(e->b, object(e, i, first + k), k ? hl_gep_bytes(e, at, hl_i64(e, 8 * k)) : at);
    return at;
}

/* --- operators --------------------------------------------------------------------------------------------------------- */

void hl_emit_object_binary(hl_emit *e, hl_inst *i, V *out)
{
    give(e, i, hl_rtcall(e, HL_RT_object_binary, object(e, i, 0), object(e, i, 1), hl_i32(e, i->op - HL_OP_add + HL_O_ADD),
                         hl_i32(e, i->flags & HL_I_INPLACE ? 1 : 0)), out);
}

void hl_emit_object_unary(hl_emit *e, hl_inst *i, V *out)
{
    give(e, i, hl_rtcall(e, HL_RT_object_unary, object(e, i, 0), hl_i32(e, i->op - HL_OP_neg + HL_O_NEG)), out);
}

void hl_emit_object_compare(hl_emit *e, hl_inst *i, V *out)
{
    static const struct { int op, code; } codes[] = {{HL_OP_lt, Py_LT}, {HL_OP_le, Py_LE}, {HL_OP_eq, Py_EQ},
                                                     {HL_OP_ne, Py_NE}, {HL_OP_gt, Py_GT}, {HL_OP_ge, Py_GE}};
    int code = Py_EQ;
    for (size_t k = 0; k < sizeof codes / sizeof *codes; k++)
        if (codes[k].op == i->op) code = codes[k].code;
    give(e, i, hl_rtcall(e, HL_RT_object_compare, object(e, i, 0), object(e, i, 1), hl_i32(e, code)), out);
}

void hl_emit_object_truth(hl_emit *e, hl_inst *i, V *out) { out[0] = answer(e, i, hl_rtcall(e, HL_RT_object_truth, object(e, i, 0))); }

void hl_emit_object_is(hl_emit *e, hl_inst *i, V *out)
{
    V same = answer(e, i, hl_rtcall(e, HL_RT_object_is, object(e, i, 0), object(e, i, 1)));
    out[0] = i->op == HL_OP_is ? same : LLVMBuildNot(e->b, same, "");
}

void hl_emit_object_in(hl_emit *e, hl_inst *i, V *out)
{
    V there = answer(e, i, hl_rtcall(e, HL_RT_object_contains, object(e, i, 1), object(e, i, 0)));
    out[0] = i->op == HL_OP_in ? there : LLVMBuildNot(e->b, there, "");
}

void hl_emit_object_match(hl_emit *e, hl_inst *i, V *out)
{
    out[0] = answer(e, i, hl_rtcall(e, HL_RT_object_match, object(e, i, 0), object(e, i, 1)));
}

/* --- items and attributes ---------------------------------------------------------------------------------------------- */

void hl_emit_object_getitem(hl_emit *e, hl_inst *i, V *out)
{
    bool native = i->args[1]->type->kind != HL_K_PYOBJECT && i->args[1]->type->kind != HL_K_STR && i->args[1]->type->kind != HL_K_LITERAL;
    hl_rt f = native ? HL_RT_object_item : HL_RT_object_getitem;
    give(e, i, hl_rtcall(e, f, object(e, i, 0), object(e, i, 1)), out);
}

void hl_emit_object_setitem(hl_emit *e, hl_inst *i, V *out)
{
    hl_check_status(e, i, hl_rtcall(e, HL_RT_object_setitem, object(e, i, 0), object(e, i, 1), object(e, i, 2)));
}

void hl_emit_object_delitem(hl_emit *e, hl_inst *i, V *out)
{
    hl_check_status(e, i, hl_rtcall(e, HL_RT_object_delitem, object(e, i, 0), object(e, i, 1)));
}

void hl_emit_object_getattr(hl_emit *e, hl_inst *i, V *out)
{
    give(e, i, hl_rtcall(e, HL_RT_object_getattr, object(e, i, 0), kept(e, i->obj)), out);
}

void hl_emit_object_setattr(hl_emit *e, hl_inst *i, V *out)
{
    V v = i->op == HL_OP_delattr ? null(e) : object(e, i, 1);
    hl_check_status(e, i, hl_rtcall(e, HL_RT_object_setattr, object(e, i, 0), v, kept(e, i->obj)));
}

/* --- calls ------------------------------------------------------------------------------------------------------------- */

void hl_emit_object_call(hl_emit *e, hl_inst *i, V *out)
{
    V at = row(e, i, 0), n = hl_i64(e, i->nargs), names = kept(e, i->obj);
    give(e, i, i->data ? hl_rtcall(e, HL_RT_object_method, at, n, names, kept(e, i->data))
                       : hl_rtcall(e, HL_RT_object_call, at, n, names), out);
}

void hl_emit_object_call_ex(hl_emit *e, hl_inst *i, V *out)
{
    V kwargs = i->nargs > 2 ? object(e, i, 2) : null(e);
    give(e, i, hl_rtcall(e, HL_RT_object_call_ex, object(e, i, 0), object(e, i, 1), kwargs), out);
}

/* --- displays ---------------------------------------------------------------------------------------------------------- */

void hl_emit_object_build(hl_emit *e, hl_inst *i, V *out)
{
    static const struct { int op, kind; } kinds[] = {{HL_OP_build_tuple, HL_O_TUPLE}, {HL_OP_build_list, HL_O_LIST},
        {HL_OP_build_set, HL_O_SET}, {HL_OP_build_map, HL_O_DICT}, {HL_OP_build_slice, HL_O_SLICE}};
    int kind = HL_O_TUPLE;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (kinds[k].op == i->op) kind = kinds[k].kind;
    give(e, i, hl_rtcall(e, HL_RT_object_build, row(e, i, 0), hl_i64(e, i->nargs), hl_i32(e, kind)), out);
}

void hl_emit_object_add(hl_emit *e, hl_inst *i, V *out)
{
    V a = object(e, i, 0), b = object(e, i, 1), status;
    switch (i->op) {
    case HL_OP_list_append: status = hl_rtcall(e, HL_RT_object_list_append, a, b); break;
    case HL_OP_list_extend: status = hl_rtcall(e, HL_RT_object_list_extend, a, b); break;
    case HL_OP_set_add: status = hl_rtcall(e, HL_RT_object_set_add, a, b); break;
    case HL_OP_map_add: status = hl_rtcall(e, HL_RT_object_map_add, a, b, object(e, i, 2)); break;
    default: status = hl_rtcall(e, HL_RT_object_map_merge, a, b, object(e, i, 2)); break;
    }
    hl_check_status(e, i, status);
}

void hl_emit_object_as_tuple(hl_emit *e, hl_inst *i, V *out) { give(e, i, hl_rtcall(e, HL_RT_object_list_tuple, object(e, i, 0)), out); }

void hl_emit_object_function(hl_emit *e, hl_inst *i, V *out)
{
    V code = kept(e, i->args[0]->type->obj), globals = kept(e, e->func->globals);
    give(e, i, hl_rtcall(e, HL_RT_object_function, code, globals, row(e, i, 1), hl_i64(e, i->nargs - 1), hl_i64(e, i->ival)), out);
}

/* --- taking apart ------------------------------------------------------------------------------------------------------ */

void hl_emit_object_unpack(hl_emit *e, hl_inst *i, V *out)
{
    bool star = i->op == HL_OP_unpack_ex;
    V before = hl_i64(e, star ? i->ival & 255 : i->ival), after = hl_i64(e, star ? i->ival >> 8 : -1);
    give(e, i, hl_rtcall(e, HL_RT_object_unpack, object(e, i, 0), before, after), out);
}

void hl_emit_object_unpacked(hl_emit *e, hl_inst *i, V *out)
{
    give(e, i, hl_rtcall(e, HL_RT_object_unpacked, object(e, i, 0), hl_i64(e, i->ival)), out);
}

void hl_emit_object_iter(hl_emit *e, hl_inst *i, V *out) { give(e, i, hl_rtcall(e, HL_RT_object_iter, object(e, i, 0)), out); }
void hl_emit_object_next(hl_emit *e, hl_inst *i, V *out) { out[0] = answer(e, i, hl_rtcall(e, HL_RT_object_next, object(e, i, 0))); }
void hl_emit_object_value(hl_emit *e, hl_inst *i, V *out) { give(e, i, hl_rtcall(e, HL_RT_object_value, object(e, i, 0)), out); }

/* --- exceptions, names, with ------------------------------------------------------------------------------------------- */

void hl_emit_object_raise(hl_emit *e, hl_inst *i, V *out)
{
    hl_rtcall(e, HL_RT_raise_value, object(e, i, 0), null(e), i->nargs > 1 ? object(e, i, 1) : null(e), null(e));
    hl_leave(e, i);
}

void hl_emit_object_global(hl_emit *e, hl_inst *i, V *out)
{
    give(e, i, hl_rtcall(e, HL_RT_object_global, kept(e, e->func->globals), kept(e, i->obj)), out);
}

void hl_emit_object_set_global(hl_emit *e, hl_inst *i, V *out)
{
    V v = i->nargs ? object(e, i, 0) : null(e);
    hl_check_status(e, i, hl_rtcall(e, HL_RT_object_set_global, kept(e, e->func->globals), kept(e, i->obj), v));
}

void hl_emit_object_import(hl_emit *e, hl_inst *i, V *out)
{
    give(e, i, hl_rtcall(e, HL_RT_object_import, kept(e, e->func->globals), kept(e, i->obj), object(e, i, 0), object(e, i, 1)), out);
}

void hl_emit_object_import_from(hl_emit *e, hl_inst *i, V *out)
{
    give(e, i, hl_rtcall(e, HL_RT_object_import_from, object(e, i, 0), kept(e, i->obj)), out);
}

void hl_emit_object_with(hl_emit *e, hl_inst *i, V *out)
{
    V a = object(e, i, 0);
    give(e, i, i->op == HL_OP_with_exit ? hl_rtcall(e, HL_RT_object_with_exit, a)
             : i->op == HL_OP_with_enter ? hl_rtcall(e, HL_RT_object_with_enter, a)
             : hl_rtcall(e, HL_RT_object_with_failed, a, object(e, i, 1)), out);
}

/* --- native values ----------------------------------------------------------------------------------------------------- */

void hl_emit_object_number(hl_emit *e, hl_inst *i, V *out)
{
    bool real = i->type == hl_T.float64;
    hl_rt f = real ? HL_RT_object_to_float : i->rule->id == HL_R_object_len ? HL_RT_object_len
            : i->rule->id == HL_R_object_index ? HL_RT_object_index : HL_RT_object_to_int;
    V at = hl_alloca(e, real ? e->f64 : e->i64, "number");
    hl_check_status(e, i, hl_rtcall(e, f, object(e, i, 0), at));
    out[0] = LLVMBuildLoad2(e->b, real ? e->f64 : e->i64, at, "");
}

/* The instruction `box`: int64, float64 and bool without a detour through memory. */
void hl_emit_box(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_unliteral(i->args[0]->type);
    V *p = hl_arg(e, i, 0), m;
    if (t == hl_T.float64) m = hl_rtcall(e, HL_RT_object_float, p[0]);
    else if (hl_is_int(t) && t != hl_T.uint64) m = hl_rtcall(e, HL_RT_object_int, hl_cast1(e, t, hl_T.int64, p[0]));
    else if (t->kind == HL_K_BOOL) m = hl_rtcall(e, HL_RT_object_bool, LLVMBuildZExt(e->b, p[0], e->i32, ""));
    else {
        out[0] = hl_box_value(e, i, t, p);
        return;
    }
    give(e, i, m, out);
}

void hl_emit_unbox(hl_emit *e, hl_inst *i, V *out)
{
    V slots = hl_alloca_slots(e, i->type->nparts);
    hl_check_status(e, i, hl_rtcall(e, HL_RT_object_unbox, object(e, i, 0), hl_ptr_const(e, i->type), slots, kept(e, i->obj)));
    hl_load_slots(e, i->type, slots, out);
}
