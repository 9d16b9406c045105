/* Iterating over arrays: rows, a.flat, np.ndenumerate, np.ndindex (see iterate.h). */
#include "array.h"
#include "iterate.h"

/* --- iteration: state = [next, parts of the array …] -------------------------------------------------------------------- */

static const hl_type *over(const hl_iterator *it) { return it->type->items[0]; }

static int iter_slots(hl_emit *e, const hl_type *iter)
{
    (void)e;
    return 1 + iter->items[0]->nparts;
}

static void iter_init(hl_emit *e, const hl_iterator *it, const V *parts)
{
    hl_iter_set(e, it->state, 0, hl_i64(e, 0));
    hl_store_slots(e, over(it), parts, hl_iter_slot(e, it->state, 1));
}

static V is_before(hl_emit *e, const hl_iterator *it, V n) { return LLVMBuildICmp(e->b, LLVMIntSLT, hl_iter_get(e, it->state, 0), n, ""); }
static V take(hl_emit *e, const hl_iterator *it) { return hl_iter_take(e, it->state, 0, 1); }

static void iter_parts(hl_emit *e, const hl_iterator *it, V *parts)
{
    hl_load_slots(e, over(it), hl_iter_slot(e, it->state, 1), parts);
    hl_array_known(e, over(it), parts);
}

static V iter_next(hl_emit *e, const hl_iterator *it)
{
    return is_before(e, it, hl_iter_get(e, it->state, 3)); /* slots 1, 2: owner and data; 3: shape[0] */
}

static void iter_value(hl_emit *e, const hl_iterator *it, V *out)
{
    const hl_type *t = over(it);
    V parts[2 + 2 * HL_DIMS];
    iter_parts(e, it, parts);
    V addr = hl_gep_bytes(e, parts[1], hl_mul64(e, take(e, it), hl_arr_stride(t, parts, 0)));
    if (t->ndim == 1) {
        hl_load_item(e, t, addr, out);
        return;
    }
    hl_array_fill_parts(e, it->type->elem, parts[0], addr, parts + 3, parts + 2 + t->ndim + 1, out);
}

const hl_iterating hl_iterate_array = {iter_slots, iter_init, iter_next, iter_value};

/* a.flat, and np.ndenumerate: items by their C-order number */
static V flat_next(hl_emit *e, const hl_iterator *it)
{
    V parts[2 + 2 * HL_DIMS];
    iter_parts(e, it, parts);
    return is_before(e, it, hl_array_size(e, over(it)->ndim, parts + 2));
}

/* Coordinates of the item with number `at`, and its address. */
static V flat_address(hl_emit *e, const hl_type *t, const V *parts, V at, V *coords)
{
    V addr = parts[1];
    for (int k = t->ndim - 1; k >= 0; k--) {
        V n = hl_arr_shape(parts, k);
        coords[k] = k ? LLVMBuildURem(e->b, at, n, "") : at;
        if (k) at = LLVMBuildUDiv(e->b, at, n, "");
        addr = hl_gep_bytes(e, addr, hl_mul64(e, coords[k], hl_arr_stride(t, parts, k)));
    }
    return addr;
}

static void flat_value(hl_emit *e, const hl_iterator *it, V *out)
{
    V parts[2 + 2 * HL_DIMS], coords[HL_DIMS];
    iter_parts(e, it, parts);
    V at = take(e, it);
    if (over(it)->layout == 'C') hl_load_item(e, over(it), hl_gep_bytes(e, parts[1], hl_mul64(e, at, hl_i64(e, hl_itemsize(over(it)->elem)))), out);
    else hl_load_item(e, over(it), flat_address(e, over(it), parts, at, coords), out);
}

const hl_iterating hl_iterate_flat = {iter_slots, iter_init, flat_next, flat_value};

static void ndenumerate_value(hl_emit *e, const hl_iterator *it, V *out)
{
    V parts[2 + 2 * HL_DIMS];
    iter_parts(e, it, parts);
    V addr = flat_address(e, over(it), parts, take(e, it), out);
    hl_load_item(e, over(it), addr, out + over(it)->ndim);
}

const hl_iterating hl_iterate_ndenumerate = {iter_slots, iter_init, flat_next, ndenumerate_value};

/* np.ndindex(shape): items[0] is the tuple of sizes */
static void ndindex_sizes(hl_emit *e, const hl_iterator *it, V *n)
{
    const hl_type *t = over(it);
    V raw[HL_DIMS];
    hl_load_slots(e, t, hl_iter_slot(e, it->state, 1), raw);
    for (int k = 0; k < t->nitems; k++) n[k] = hl_index_value(e, t->items[k], raw[k]);
}

static V ndindex_next(hl_emit *e, const hl_iterator *it)
{
    V n[HL_DIMS];
    ndindex_sizes(e, it, n);
    return is_before(e, it, hl_array_size(e, over(it)->nitems, n));
}

static void ndindex_value(hl_emit *e, const hl_iterator *it, V *out)
{
    V n[HL_DIMS], at = take(e, it);
    ndindex_sizes(e, it, n);
    for (int k = over(it)->nitems - 1; k >= 0; k--) {
        out[k] = k ? LLVMBuildURem(e->b, at, n[k], "") : at;
        if (k) at = LLVMBuildUDiv(e->b, at, n[k], "");
    }
}

const hl_iterating hl_iterate_ndindex = {iter_slots, iter_init, ndindex_next, ndindex_value};

/* --- making the iterators above ---------------------------------------------------------------------------------------------------- */

static void make_iterator(hl_emit *e, hl_inst *i, const V *over_parts, V *out)
{
    const hl_iterating *how = hl_iterating_of(i->type);
    hl_iterator it = {i, i->type, i, hl_alloca_slots(e, how->slots(e, i->type))};
    how->init(e, &it, over_parts);
    out[0] = it.state;
}

void hl_emit_array_flat(hl_emit *e, hl_inst *i, V *out) { make_iterator(e, i, hl_array_parts(e, i->args[0]), out); }

void hl_emit_ndindex(hl_emit *e, hl_inst *i, V *out)
{
    V sizes[HL_DIMS];
    int n = 0;
    for (int k = 0; k < i->nargs; k++) {
        V *p = hl_arg(e, i, k);
        for (int q = 0; q < i->args[k]->type->nparts; q++) sizes[n++] = p[q];
    }
    make_iterator(e, i, sizes, out);
}

/* a.flat[k] and a.flat[k] = v */
void hl_emit_flat_item(hl_emit *e, hl_inst *i, V *out)
{
    hl_iterator it = {i, i->args[0]->type, NULL, hl_one(e, i->args[0])};
    const hl_type *t = over(&it);
    if (i->op == HL_OP_setitem && t->flags & HL_T_READONLY) {
        hl_check(e, i, hl_bool(e, false), HL_ERR_readonly_flat, NULL, NULL);
        return;
    }
    V parts[2 + 2 * HL_DIMS], coords[HL_DIMS];
    iter_parts(e, &it, parts);
    V n = hl_array_size(e, t->ndim, parts + 2), k = hl_index_value(e, i->args[1]->type, hl_one(e, i->args[1])), given = k;
    k = LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, k, hl_i64(e, 0), ""), LLVMBuildAdd(e->b, k, n, ""), k, "");
    hl_check(e, i, LLVMBuildICmp(e->b, LLVMIntULT, k, n, ""), HL_ERR_index_flat, given, n);
    V addr = flat_address(e, t, parts, k, coords);
    if (i->op == HL_OP_getitem) hl_load_item(e, t, addr, out);
    else hl_store_item(e, t, addr, hl_arg(e, i, 2));
}
