/* Calls of ufuncs in compiled code (rules/ufunc_call.c): the function is called for numbers, or for the items of a loop nest, where it
 * is inlined and vectorises with what is around it.  Where an item raises, the arrays that were to be filled are given up. */
#include "ufunc_call.h"
#include "private.h"

V hl_ufunc_function(hl_emit *e, const hl_ufunc_call *c, V *args, int n, V *results)
{
    hl_emitted *m = c->callee->data;
    if (m->recursive) args[n++] = e->depth ? LLVMBuildAdd(e->b, e->depth, hl_i32(e, 1), "") : hl_i32(e, 0);
    V r = LLVMBuildCall2(e->b, m->type, m->fn, args, (unsigned)n, "");
    for (int p = 0; p < c->callee->ret_type->nparts; p++) results[p] = LLVMBuildExtractValue(e->b, r, (unsigned)p + 1, "");
    return LLVMBuildExtractValue(e->b, r, 0, "");
}

void hl_ufunc_check(hl_emit *e, V status, LLVMBasicBlockRef *failed)
{
    LLVMBasicBlockRef ok = hl_bb(e, "ok");
    if (!*failed) *failed = hl_bb(e, "failed");
    hl_cond(e, LLVMBuildICmp(e->b, LLVMIntEQ, status, hl_i32(e, 0), ""), ok, *failed);
    hl_at(e, ok);
}

void hl_new_arrays(hl_emit *e, hl_inst *i, const hl_type *const *types, V (*shape)[HL_DIMS], int n, V *const *parts)
{
    for (int k = 0; k < n; k++) {
        V owner = hl_try_new_array(e, types[k], shape[k], false, parts[k]);
        LLVMBasicBlockRef made = hl_bb(e, "made"), none = hl_bb(e, "none");
        hl_cond(e, LLVMBuildIsNull(e->b, owner, ""), none, made);
        hl_at(e, none);
        for (int j = 0; j < k; j++) hl_emit_release(e, types[j], parts[j]);
        hl_leave(e, i);
        hl_at(e, made);
    }
}

/* Result k of the function, as the loop gives it. */
static void result(hl_emit *e, const hl_ufunc_call *c, int k, const V *results, V *out)
{
    const hl_type *ret = hl_unliteral(c->callee->ret_type);
    int at = 0;
    if (ret->kind == HL_K_TUPLE)
        for (int j = 0; j < k; j++) at += ret->items[j]->nparts;
    hl_item_cast(e, ret->kind == HL_K_TUPLE ? ret->items[k] : ret, c->out[k], results + at, out);
}

/* The operands of v as the function takes them: numbers, or (in a nest) items. */
static int operands(hl_emit *e, hl_nest *n, hl_inst *v, V *args)
{
    const hl_ufunc_call *c = v->data;
    int at = 0;
    for (int k = 0; k < c->nin; at += c->in[k++]->nparts) {
        hl_inst *a = v->args[k + 1];
        V raw[2];
        if (n) hl_nest_value(e, n, a, raw);
        else
            for (int p = 0; p < a->type->nparts; p++) raw[p] = hl_parts(e, a)[p];
        hl_item_cast(e, hl_item_of(a->type), c->in[k], raw, args + at);
    }
    return at;
}

enum { MOST_PARTS = 2 * HL_UFUNC_OPERANDS + 1 };

static void call_item(hl_emit *e, hl_nest *n, hl_inst *v, V *results)
{
    V args[MOST_PARTS], status;
    status = hl_ufunc_function(e, v->data, args, operands(e, n, v, args), results);
    if (hl_ufunc_call_raises(v)) hl_ufunc_check(e, status, &n->failed);
}

void hl_item_ufunc(hl_emit *e, hl_nest *n, hl_inst *v, V *out)
{
    V results[MOST_PARTS];
    call_item(e, n, v, results);
    result(e, v->data, 0, results, out);
}

static bool any_array(const hl_inst *i)
{
    for (int k = 1; k < i->nargs; k++)
        if (hl_is_array(i->args[k]->type)) return true;
    return false;
}

/* With numbers alone. */
static void call_once(hl_emit *e, hl_inst *i, V *out)
{
    const hl_ufunc_call *c = i->data;
    V args[MOST_PARTS], results[MOST_PARTS];
    hl_check_status(e, i, hl_ufunc_function(e, c, args, operands(e, NULL, i, args), results));
    for (int k = 0, at = 0; k < c->nout; at += c->out[k++]->nparts) result(e, c, k, results, out + at);
}

void hl_emit_call_ufunc(hl_emit *e, hl_inst *i, V *out)
{
    if (any_array(i)) hl_element_evaluate(e, i, out);
    else call_once(e, i, out);
}

/* Several results: one nest that fills as many arrays. */
void hl_emit_call_ufunc_several(hl_emit *e, hl_inst *i, V *out)
{
    const hl_ufunc_call *c = i->data;
    const hl_type *types[HL_UFUNC_OPERANDS];
    V shape[HL_UFUNC_OPERANDS][HL_DIMS], *parts[HL_UFUNC_OPERANDS], results[MOST_PARTS], item[2];
    int nd = 0, leaf[HL_UFUNC_OPERANDS];
    if (!any_array(i)) {
        call_once(e, i, out);
        return;
    }
    for (int k = 0, at = 0; k < c->nout; at += types[k++]->nparts) types[k] = i->type->items[k], parts[k] = out + at, nd = hl_is_array(types[k]) ? types[k]->ndim : 0;
    if (nd) hl_shape_of_operands(e, i, nd, shape[0]);
    for (int k = 1; k < c->nout; k++)
        for (int d = 0; d < nd; d++) shape[k][d] = shape[0][d];
    if (nd) hl_new_arrays(e, i, types, shape, c->nout, parts);
    hl_nest *n = HL_NEW(e->arena, hl_nest);
    hl_nest_init(n, i, nd, shape[0]);
    for (int k = 0; k < c->nout && nd; k++) leaf[k] = hl_nest_leaf(e, n, NULL, types[k], parts[k]), n->leaf[leaf[k]].written = true;
    hl_nest_tree(e, n, i);
    for (int k = 0; k < n->nleaf; k++) n->leaf[k].apart = !n->leaf[k].written;
    hl_nest_open(e, n);
    call_item(e, n, i, results);
    for (int k = 0; k < c->nout; k++) {
        result(e, c, k, results, nd ? item : parts[k]);
        if (nd) hl_nest_store(e, n, leaf[k], item);
    }
    hl_nest_close(e, n);
    hl_nest_leave(e, n, types, parts, nd ? c->nout : 0, NULL);
}
