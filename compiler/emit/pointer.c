/* Pointers: items behind them, and arrays of the memory they point to.  Nobody owns that memory: the array's owner is NULL. */
#include "array.h"
#include <string.h>

static V address(hl_emit *e, hl_inst *i, int64_t size)
{
    V at = hl_index_value(e, hl_unliteral(i->args[1]->type), hl_one(e, i->args[1]));
    return hl_gep_bytes(e, hl_one(e, i->args[0]), hl_mul64(e, at, hl_i64(e, size)));
}

void hl_emit_pointer_item(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->type;
    if (t->kind == HL_K_POINTER) out[0] = LLVMBuildLoad2(e->b, e->ptr, address(e, i, 8), "");
    else hl_load_item(e, hl_type_array(t, 1, 'C', 0), address(e, i, hl_itemsize(t)), out);
}

void hl_emit_pointer_set(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->args[0]->type->elem;
    if (t->kind == HL_K_POINTER) LLVMBuildStore(e->b, hl_one(e, i->args[2]), address(e, i, 8));
    else hl_store_item(e, hl_type_array(t, 1, 'C', 0), address(e, i, hl_itemsize(t)), hl_arg(e, i, 2));
}

void hl_emit_carray(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->type, *st = hl_unliteral(i->args[1]->type);
    V *given = hl_arg(e, i, 1), shape[HL_DIMS], strides[HL_DIMS], step = hl_i64(e, hl_itemsize(t->elem));
    for (int k = 0; k < t->ndim; k++) {
        shape[k] = hl_index_value(e, hl_unliteral(st->kind == HL_K_TUPLE ? st->items[k] : st), given[k]);
        hl_check(e, i, LLVMBuildICmp(e->b, LLVMIntSGE, shape[k], hl_i64(e, 0), ""), HL_ERR_negative_dim, NULL, NULL);
    }
    if (t->layout == 'C') hl_array_c_strides(e, t, shape, strides);
    else
        for (int k = 0; k < t->ndim; k++) {
            strides[k] = step;
            step = hl_mul64(e, step, shape[k]);
        }
    hl_array_fill_parts(e, t, LLVMConstNull(e->ptr), hl_one(e, i->args[0]), shape, strides, out);
}
