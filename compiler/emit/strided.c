/* Views that are described by strides: as_strided and sliding_window_view of numpy.lib.stride_tricks.
 *
 * NumPy's as_strided looks anywhere in memory; here a view has to stay within the memory of the array that it is made of, as every
 * other access of compiled code does (docs/safety.md), and its items have to be aligned. */
#include "../../runtime/rt_array.h"
#include "array.h"

static void unpack(hl_emit *e, hl_inst *v, V const *otherwise, int nd, V *out)
{
    if (v->type->kind != HL_K_TUPLE) {
        for (int k = 0; k < nd; k++) out[k] = otherwise[k];
        return;
    }
    V *p = hl_parts(e, v);
    for (int k = 0, at = 0; k < nd; at += v->type->items[k++]->nparts) out[k] = hl_index_value(e, v->type->items[k], p[at]);
}

void hl_emit_np_as_strided(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *a = i->args[0]->type, *t = i->type;
    V *parts = hl_array_parts(e, i->args[0]), strides[HL_DIMS];
    for (int k = 0; k < a->ndim; k++) strides[k] = hl_arr_stride(a, parts, k);
    V shape[HL_DIMS], steps[HL_DIMS];
    unpack(e, i->args[1], parts + 2, t->ndim, shape);
    unpack(e, i->args[2], strides, t->ndim, steps);
    hl_array_fill_parts(e, t, parts[0], parts[1], shape, steps, out);
    int align = t->flags & HL_T_UNALIGNED ? 1 : hl_is_complex(t->elem) ? hl_itemsize(t->elem) / 2 : hl_itemsize(t->elem);
    int32_t meta = align << HL_STRIDED_ALIGN | (e->opt.boundscheck ? HL_STRIDED_WITHIN : 0) | t->ndim << 8 | hl_itemsize(t->elem);
    hl_check_status(e, i, hl_rtcall(e, HL_RT_array_strided, hl_array_slots(e, a, parts), hl_i32(e, a->ndim << 8 | hl_itemsize(a->elem)),
                                    hl_array_slots(e, t, out), hl_i32(e, meta)));
}

void hl_emit_np_sliding_window(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *a = i->args[0]->type, *w = i->args[1]->type;
    V *parts = hl_array_parts(e, i->args[0]), window[HL_DIMS], shape[HL_DIMS], steps[HL_DIMS], positive = NULL, fits = NULL;
    int axes[HL_DIMS], n = hl_window_axes(a, w, i->args[2]->type, axes);
    if (w->kind == HL_K_TUPLE) unpack(e, i->args[1], NULL, n, window);
    else window[0] = hl_index_value(e, w, hl_one(e, i->args[1]));
    for (int k = 0; k < a->ndim; k++) shape[k] = parts[2 + k], steps[k] = hl_arr_stride(a, parts, k);
    for (int k = 0; k < n; k++) {
        V *size = &shape[axes[k]];
        positive = hl_both(e, positive, LLVMBuildICmp(e->b, LLVMIntSGE, window[k], hl_i64(e, 0), ""));
        fits = hl_both(e, fits, LLVMBuildICmp(e->b, LLVMIntSLE, window[k], *size, ""));
        *size = hl_sub64(e, *size, hl_sub64(e, window[k], hl_i64(e, 1)));
        shape[a->ndim + k] = window[k], steps[a->ndim + k] = steps[axes[k]];
    }
    if (positive) hl_check(e, i, positive, HL_ERR_window_negative, NULL, NULL);
    if (fits) hl_check(e, i, fits, HL_ERR_window_large, NULL, NULL);
    hl_array_fill_parts(e, i->type, parts[0], parts[1], shape, steps, out);
}
