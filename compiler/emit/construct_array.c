/* np.array of sequences.
 *
 * Tuples, and list displays that passes/fuse.c found to have no other use, are trees whose shape is known: each number is stored where it
 * belongs, and the list is never made.  Other lists are walked by the runtime. */
#include "array.h"

/* One node of a tree: a tuple given by type and parts, or a fused list display. */
typedef struct node { const hl_type *type; V *parts; hl_inst *list; } node;

static node node_of(hl_emit *e, hl_inst *v)
{
    if (v->op == HL_OP_build_list && hl_is_fused(v)) return (node){v->type, NULL, v};
    return (node){v->type, hl_parts(e, v), NULL};
}

static int length(const node *n) { return n->list ? n->list->nargs : n->type->kind == HL_K_TUPLE ? n->type->nitems : -1; }

static node child(hl_emit *e, const node *n, int k)
{
    if (n->list) return node_of(e, n->list->args[k]);
    V *p = n->parts;
    for (int j = 0; j < k; j++) p += n->type->items[j]->nparts;
    return (node){n->type->items[k], p, NULL};
}

static int tree_shape(hl_emit *e, node n, V *shape)
{
    int nd = 0;
    for (int len; (len = length(&n)) >= 0; n = child(e, &n, 0)) {
        shape[nd++] = hl_i64(e, len);
        if (!len) break;
    }
    return nd;
}

static void store_tree(hl_emit *e, hl_inst *i, const node *n, V data, int64_t *at)
{
    int len = length(n);
    const hl_type *t = i->type;
    if (len < 0) {
        V item[2];
        hl_item_cast(e, n->type, t->elem, n->parts, item);
        hl_store_item(e, t, *at ? hl_gep_bytes(e, data, hl_i64(e, *at)) : data, item);
        *at += hl_itemsize(t->elem);
        return;
    }
    for (int k = 0; k < len; k++) {
        node c = child(e, n, k);
        store_tree(e, i, &c, data, at);
    }
}

/* How a run-time list is nested, and what numbers it holds. */
static const hl_type *innermost(const hl_type *t, int *depth)
{
    for (*depth = 0; t->kind == HL_K_LIST; t = t->elem) ++*depth;
    return t->kind == HL_K_TUPLE ? hl_unliteral(t->items[0]) : hl_unliteral(t);
}

void hl_emit_np_array_sequence(hl_emit *e, hl_inst *i, V *out)
{
    hl_inst *v = i->args[0];
    V shape[HL_DIMS + 1];
    if (v->type->kind == HL_K_LIST && !hl_is_fused(v)) {
        int depth, nd = i->type->ndim;
        const hl_type *item = innermost(v->type, &depth);
        int from = item->kind == HL_K_VAR || item->kind == HL_K_UNKNOWN ? hl_type_to_npy(hl_T.float64) : hl_type_to_npy(item);
        V slots = hl_alloca_slots(e, nd), data = hl_alloca(e, e->ptr, "data");
        V owner = hl_rtcall(e, HL_RT_array_from_list, hl_one(e, v), hl_i32(e, depth), hl_i32(e, nd), hl_i32(e, from), hl_i32(e, hl_type_to_npy(i->type->elem)), slots, data);
        hl_check_not_null(e, i, owner);
        V strides[HL_DIMS];
        for (int k = 0; k < nd; k++) shape[k] = LLVMBuildLoad2(e->b, e->i64, k ? hl_gep_bytes(e, slots, hl_i64(e, 8 * k)) : slots, "");
        hl_array_c_strides(e, i->type, shape, strides);
        hl_array_fill_parts(e, i->type, owner, LLVMBuildLoad2(e->b, e->ptr, data, ""), shape, strides, out);
        return;
    }
    node n = node_of(e, v);
    int64_t at = 0;
    tree_shape(e, n, shape);
    hl_new_array(e, i, i->type, shape, false, out);
    store_tree(e, i, &n, out[1], &at);
}
