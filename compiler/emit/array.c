/* Arrays as values: parts, strides that types know, attributes, new memory, iteration.
 *
 * parts: [owner, data, shape…, stride…].  The innermost stride of a C array is a constant (the item size), whatever the part says:
 * that is what lets LLVM vectorise.  A view made by an index keeps constant strides constant. */
#include "array.h"
#include <string.h>

void hl_array_known(hl_emit *e, const hl_type *t, V *parts)
{
    int nd = t->ndim;
    if (!nd || t->layout == 'A') return;
    parts[2 + nd + (t->layout == 'C' ? nd - 1 : 0)] = hl_i64(e, hl_itemsize(t->elem));
}

V *hl_array_parts(hl_emit *e, hl_inst *v)
{
    V *p = hl_parts(e, v), *known = HL_NEWN(e->arena, V, v->type->nparts);
    for (int k = 0; k < v->type->nparts; k++) known[k] = p[k]; /* a phi's own parts still have to be filled in */
    hl_array_known(e, v->type, known);
    return known;
}

V hl_array_size(hl_emit *e, int nd, V const *shape)
{
    V n = hl_i64(e, 1);
    for (int k = 0; k < nd; k++) n = hl_mul64(e, n, shape[k]);
    return n;
}

void hl_array_c_strides(hl_emit *e, const hl_type *t, V const *shape, V *strides)
{
    V s = hl_i64(e, hl_itemsize(t->elem));
    for (int j = 0; j < t->ndim; j++) {
        int k = t->layout == 'F' ? j : t->ndim - 1 - j;
        strides[k] = s;
        s = hl_mul64(e, s, shape[k]);
    }
}

void hl_array_fill_parts(hl_emit *e, const hl_type *t, V owner, V data, V const *shape, V const *strides, V *out)
{
    (void)e;
    out[0] = owner, out[1] = data;
    for (int k = 0; k < t->ndim; k++) out[2 + k] = shape[k], out[2 + t->ndim + k] = strides[k];
}

V hl_array_slots(hl_emit *e, const hl_type *t, const V *parts)
{
    V slots = hl_alloca_slots(e, t->nparts);
    hl_store_slots(e, t, parts, slots);
    return slots;
}

V hl_index_value(hl_emit *e, const hl_type *t, V v)
{
    t = hl_unliteral(t);
    return t == hl_T.int64 || t == hl_T.uint64 ? v : hl_cast1(e, t, hl_T.int64, v);
}

V hl_try_new_array(hl_emit *e, const hl_type *t, const V *shape, bool zero, V *out)
{
    V sizes = hl_alloca_slots(e, t->ndim);
    for (int k = 0; k < t->ndim; k++) LLVMBuildStore(e->b, shape[k], k ? hl_gep_bytes(e, sizes, hl_i64(e, 8 * k)) : sizes);
    /* the owner is declared noalias and the data is part of it: nothing else that the function knows points there */
    V owner = hl_rtcall(e, HL_RT_array_make, hl_i32(e, t->ndim), sizes, hl_i64(e, hl_itemsize(t->elem)), hl_i32(e, zero));
    V strides[HL_DIMS];
    hl_array_c_strides(e, t, shape, strides);
    hl_array_fill_parts(e, t, owner, hl_gep_bytes(e, owner, hl_i64(e, HL_ARRAY_DATA)), shape, strides, out);
    return owner;
}

void hl_new_array(hl_emit *e, hl_inst *i, const hl_type *t, const V *shape, bool zero, V *out)
{
    hl_check_not_null(e, i, hl_try_new_array(e, t, shape, zero, out));
}

/* --- attributes --------------------------------------------------------------------------------------------------------------- */

void hl_emit_array_shape(hl_emit *e, hl_inst *i, V *out)
{
    V *a = hl_array_parts(e, i->args[0]);
    memcpy(out, a + 2, sizeof *out * i->args[0]->type->ndim);
}

void hl_emit_array_strides(hl_emit *e, hl_inst *i, V *out)
{
    V *a = hl_array_parts(e, i->args[0]);
    memcpy(out, a + 2 + i->args[0]->type->ndim, sizeof *out * i->args[0]->type->ndim);
}

void hl_emit_array_size(hl_emit *e, hl_inst *i, V *out)
{
    V *a = hl_array_parts(e, i->args[0]);
    out[0] = hl_array_size(e, i->args[0]->type->ndim, a + 2);
}

void hl_emit_array_nbytes(hl_emit *e, hl_inst *i, V *out)
{
    hl_emit_array_size(e, i, out);
    out[0] = hl_mul64(e, out[0], hl_i64(e, hl_itemsize(i->args[0]->type->elem)));
}

void hl_emit_array_len(hl_emit *e, hl_inst *i, V *out) { out[0] = hl_array_parts(e, i->args[0])[2]; }

/* ndim, itemsize, dtype: the type says it all (a literal; finish made it a constant, or nobody asks). */
void hl_emit_array_known(hl_emit *e, hl_inst *i, V *out)
{
    if (hl_is_literal(i->type)) out[0] = hl_i64(e, i->type->ival);
}

void hl_emit_array_transposed(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->args[0]->type;
    V *a = hl_array_parts(e, i->args[0]);
    int nd = t->ndim;
    out[0] = a[0], out[1] = a[1];
    for (int k = 0; k < nd; k++) out[2 + k] = a[2 + nd - 1 - k], out[2 + nd + k] = a[2 + nd + nd - 1 - k];
}

/* .real and .imag of a complex array look at every other number. */
static void half_view(hl_emit *e, hl_inst *i, bool second, V *out)
{
    const hl_type *t = i->args[0]->type;
    V *a = hl_array_parts(e, i->args[0]);
    memcpy(out, a, sizeof *out * t->nparts);
    if (second) out[1] = hl_gep_bytes(e, a[1], hl_i64(e, hl_itemsize(t->elem) / 2));
}

void hl_emit_array_real(hl_emit *e, hl_inst *i, V *out) { half_view(e, i, false, out); }
void hl_emit_array_imag(hl_emit *e, hl_inst *i, V *out) { half_view(e, i, true, out); }

/* The imaginary part of real numbers: zeros. */
void hl_emit_array_no_imag(hl_emit *e, hl_inst *i, V *out)
{
    hl_new_array(e, i, i->type, hl_array_parts(e, i->args[0]) + 2, true, out);
}

void hl_emit_array_self(hl_emit *e, hl_inst *i, V *out)
{
    memcpy(out, hl_array_parts(e, i->args[0]), sizeof *out * i->args[0]->type->nparts);
}

/* --- size-1 arrays as numbers ---------------------------------------------------------------------------------------------------- */

static V truth_of(hl_emit *e, hl_inst *i, const hl_type *t, V *a)
{
    V item[2];
    hl_check(e, i, hl_eq64(e, hl_array_size(e, t->ndim, a + 2), hl_i64(e, 1)), HL_ERR_truth_array, NULL, NULL);
    hl_load_item(e, t, a[1], item);
    return hl_truth(e, t->elem, item);
}

void hl_emit_array_truth(hl_emit *e, hl_inst *i, V *out)
{
    out[0] = truth_of(e, i, i->args[0]->type, hl_array_parts(e, i->args[0]));
}

/* None is false. */
void hl_emit_truth_optional_array(hl_emit *e, hl_inst *i, V *out)
{
    V *p = hl_arg(e, i, 0);
    hl_aside some = hl_aside_begin(e, p[0]);
    out[0] = hl_aside_end(e, some, truth_of(e, i, i->args[0]->type->elem, p + 1), hl_bool(e, false));
}

/* a.item(), float(a), int(a) */
void hl_emit_array_scalar(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->args[0]->type;
    V *a = hl_array_parts(e, i->args[0]), x[2];
    bool item = i->rule->kind == HL_RULE_METHOD;
    V ok = item ? hl_eq64(e, hl_array_size(e, t->ndim, a + 2), hl_i64(e, 1)) : hl_bool(e, t->ndim == 0);
    hl_check(e, i, ok, item ? HL_ERR_item_size : HL_ERR_scalar_array, NULL, NULL);
    hl_load_item(e, t, a[1], x);
    hl_cast(e, i, t->elem, i->type, x, out);
}
