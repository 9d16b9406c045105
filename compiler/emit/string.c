/* Code of strings and of printing: boxing in place, the work in runtime/text.c and runtime/error.c. */
#include "container.h"
#include <string.h>

/* A type that outlives the compilation, with the same parts: boxing at run time looks at it. */
static const hl_type *lasting(hl_emit *e, const hl_type *t) { return hl_unliteral_deep(e->cx->types, t); }

V hl_box_value(hl_emit *e, hl_inst *i, const hl_type *t, const V *parts)
{
    t = lasting(e, t);
    if (t->kind == HL_K_STR || t->kind == HL_K_EXCEPTION || t->kind == HL_K_PYOBJECT) {
        hl_emit_retain(e, t, parts);
        return parts[0];
    }
    V slots = hl_alloca_slots(e, t->nparts);
    hl_store_slots(e, t, parts, slots);
    V m = hl_rtcall(e, HL_RT_box_object, hl_ptr_const(e, t), slots);
    hl_check_not_null(e, i, m);
    return m;
}

V hl_box_operands(hl_emit *e, hl_inst *i, int first)
{
    int n = i->nargs - first, nparts = 0;
    const hl_type *types[n + 1];
    for (int k = 0; k < n; k++) {
        types[k] = lasting(e, i->args[first + k]->type);
        if (types[k]->kind == HL_K_EXCEPTION) types[k] = hl_T.exception;
        nparts += types[k]->nparts;
    }
    V parts[nparts + 1];
    for (int k = 0, at = 0; k < n; at += types[k]->nparts, k++) memcpy(parts + at, hl_arg(e, i, first + k), sizeof *parts * types[k]->nparts);
    return hl_box_value(e, i, hl_type_tuple(NULL, types, n, NULL), parts);
}

static void release_object(hl_emit *e, V m) { hl_emit_release(e, hl_T.pyobject, &m); }

void hl_emit_str_in(hl_emit *e, hl_inst *i, V *out)
{
    V r = hl_rtcall(e, HL_RT_str_contains, hl_one(e, i->args[1]), hl_one(e, i->args[0]));
    out[0] = hl_icmp(e, i->op == HL_OP_in ? LLVMIntNE : LLVMIntEQ, r, hl_i32(e, 0));
}

static V join(hl_emit *e, hl_inst *i)
{
    V pieces = hl_alloca_slots(e, i->nargs);
    for (int k = 0; k < i->nargs; k++) hl_store_slots(e, hl_T.str, hl_arg(e, i, k), k ? hl_gep_bytes(e, pieces, hl_i64(e, 8 * k)) : pieces);
    V m = hl_rtcall(e, HL_RT_join, hl_i64(e, i->nargs), pieces);
    hl_check_not_null(e, i, m);
    return m;
}

void hl_emit_str_concat(hl_emit *e, hl_inst *i, V *out) { out[0] = join(e, i); }
void hl_emit_str_repeat(hl_emit *e, hl_inst *i, V *out)
{
    int text = hl_unliteral(i->args[0]->type)->kind == HL_K_STR ? 0 : 1;
    out[0] = hl_rtcall(e, HL_RT_str_repeat, hl_one(e, i->args[text]), hl_one(e, i->args[!text]));
    hl_check_not_null(e, i, out[0]);
}

void hl_emit_build_string(hl_emit *e, hl_inst *i, V *out) { out[0] = join(e, i); }

void hl_emit_str_truth(hl_emit *e, hl_inst *i, V *out) { out[0] = hl_value_truth(e, i, i->args[0]->type, hl_arg(e, i, 0)); }
void hl_emit_len_str(hl_emit *e, hl_inst *i, V *out) { out[0] = hl_rtcall(e, HL_RT_str_len, hl_one(e, i->args[0])); }

void hl_emit_str_item(hl_emit *e, hl_inst *i, V *out)
{
    out[0] = hl_rtcall(e, HL_RT_str_item, hl_one(e, i->args[0]), hl_one(e, i->args[1]));
    hl_check_not_null(e, i, out[0]);
}

void hl_emit_str_slice(hl_emit *e, hl_inst *i, V *out)
{
    V text = hl_one(e, i->args[0]), start, stop, step;
    hl_slice_bounds(e, i, i->args[1]->type, hl_arg(e, i, 1), hl_rtcall(e, HL_RT_str_len, text), &start, &stop, &step);
    out[0] = hl_rtcall(e, HL_RT_str_slice, text, start, stop, step);
    hl_check_not_null(e, i, out[0]);
}

void hl_emit_chars(hl_emit *e, hl_inst *i, V *out)
{
    out[0] = hl_rtcall(e, HL_RT_str_chars, hl_one(e, i->args[0]));
    hl_check_not_null(e, i, out[0]);
}

void hl_emit_ord(hl_emit *e, hl_inst *i, V *out)
{
    V code = hl_rtcall(e, HL_RT_ord, hl_one(e, i->args[0]));
    hl_check_status(e, i, LLVMBuildZExt(e->b, hl_icmp(e, LLVMIntSLT, code, hl_zero(e)), e->i32, ""));
    out[0] = code;
}

void hl_emit_chr(hl_emit *e, hl_inst *i, V *out)
{
    out[0] = hl_rtcall(e, HL_RT_chr, hl_one(e, i->args[0]));
    hl_check_not_null(e, i, out[0]);
}

/* One piece of an f-string; conversion as in ops.def. */
static V formatted(hl_emit *e, hl_inst *i, V spec, int conversion)
{
    V value = hl_box_value(e, i, i->args[0]->type, hl_arg(e, i, 0));
    V m = hl_rtcall(e, HL_RT_format, value, spec ? spec : LLVMConstNull(e->ptr), hl_i32(e, conversion));
    release_object(e, value);
    hl_check_not_null(e, i, m);
    return m;
}

void hl_emit_format(hl_emit *e, hl_inst *i, V *out)
{
    out[0] = formatted(e, i, i->args[1]->type->kind == HL_K_NONE ? NULL : hl_one(e, i->args[1]), (int)i->ival);
}

void hl_emit_str_of(hl_emit *e, hl_inst *i, V *out) { out[0] = formatted(e, i, NULL, i->rule->id == HL_R_repr_of ? 2 : 1); }

void hl_emit_print(hl_emit *e, hl_inst *i, V *out)
{
    V text[2];
    for (int k = 0; k < 2; k++) {
        const hl_type *t = i->args[k]->type;
        text[k] = hl_unliteral(t)->kind == HL_K_STR ? hl_one(e, i->args[k]) : LLVMConstNull(e->ptr);
    }
    V flush = hl_is_omitted(i, 2) ? hl_bool(e, false) : hl_value_truth(e, i, i->args[2]->type, hl_arg(e, i, 2));
    V args = hl_box_operands(e, i, 3);
    V status = hl_rtcall(e, HL_RT_print_tuple, args, text[0], text[1], LLVMBuildZExt(e->b, flush, e->i32, ""));
    release_object(e, args);
    hl_check_status(e, i, status);
}
