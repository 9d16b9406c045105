/* loop_safe: the conditions under which a loop's accesses need no checks (passes/bounds.c says how they are written down).
 * All of them are computed, and none branches: there is one decision per loop, and all are expected to hold. */
#include "array.h"
#include "container.h"
#include "private.h"
#include <llvm-c/DebugInfo.h>
#include <string.h>

static V factor_value(hl_emit *e, hl_inst *i, PyObject *factor)
{
    hl_inst *v = i->args[PyLong_AsLong(PyTuple_GET_ITEM(factor, 0))];
    long axis = PyLong_AsLong(PyTuple_GET_ITEM(factor, 1));
    V *p = hl_parts(e, v);
    if (axis >= 0 && v->type->kind == HL_K_LIST) return hl_list_len(e, p[0]);
    if (axis >= 0) return hl_arr_shape(p, (int)axis);
    if (axis <= -2) return p[0];
    const hl_type *t = hl_unliteral(v->type);
    return t == hl_T.int64 ? p[0] : hl_cast1(e, t, hl_T.int64, p[0]);
}

static V both(hl_emit *e, V a, V b) { return a ? LLVMBuildAnd(e->b, a, b, "") : b; }

/* -2**bits <= v < 2**bits */
static V is_small(hl_emit *e, V v, int bits)
{
    V shifted = LLVMBuildAdd(e->b, v, hl_i64(e, (int64_t)1 << bits), "");
    return LLVMBuildICmp(e->b, LLVMIntULT, shifted, hl_i64(e, (int64_t)2 << bits), "");
}

static V is_not_zero(hl_emit *e, V v)
{
    V zero = LLVMConstNull(LLVMTypeOf(v));
    return LLVMGetTypeKind(LLVMTypeOf(v)) == LLVMIntegerTypeKind ? LLVMBuildICmp(e->b, LLVMIntNE, v, zero, "") : LLVMBuildFCmp(e->b, LLVMRealUNE, v, zero, "");
}

static V condition_value(hl_emit *e, PyObject *condition, const V *factors)
{
    V sum = hl_i64(e, PyLong_AsLongLong(PyTuple_GET_ITEM(condition, 0)));
    for (Py_ssize_t k = 1; k < PyTuple_GET_SIZE(condition); k++) {
        PyObject *term = PyTuple_GET_ITEM(condition, k);
        int64_t coef = PyLong_AsLongLong(PyTuple_GET_ITEM(term, 0));
        V v = factors[PyLong_AsLong(PyTuple_GET_ITEM(term, 1))];
        if (PyTuple_GET_SIZE(term) == 3) v = LLVMBuildMul(e->b, v, factors[PyLong_AsLong(PyTuple_GET_ITEM(term, 2))], "");
        if (coef == -1) sum = LLVMBuildSub(e->b, sum, v, "");
        else sum = hl_add64(e, sum, coef == 1 ? v : LLVMBuildMul(e->b, v, hl_i64(e, coef), ""));
    }
    return LLVMBuildICmp(e->b, LLVMIntSGE, sum, hl_i64(e, 0), "");
}

void hl_emit_loop_safe(hl_emit *e, hl_inst *i, V *out)
{
    int bits = (int)PyLong_AsLong(PyTuple_GET_ITEM(i->obj, 0));
    PyObject *factors = PyTuple_GET_ITEM(i->obj, 1);
    Py_ssize_t n = PyTuple_GET_SIZE(factors);
    V values[n + 1], ok = NULL;
    e->chooses |= e->func->nparams && e->func->param_types[0]->kind == HL_K_WINDOW;
    for (Py_ssize_t k = 0; k < n; k++) {
        values[k] = factor_value(e, i, PyTuple_GET_ITEM(factors, k));
        long axis = PyLong_AsLong(PyTuple_GET_ITEM(PyTuple_GET_ITEM(factors, k), 1));
        V holds = axis == -2 ? is_not_zero(e, values[k]) : axis == -3 ? LLVMBuildICmp(e->b, LLVMIntSGT, values[k], hl_i64(e, 0), "") : is_small(e, values[k], bits);
        ok = both(e, ok, holds);
    }
    for (Py_ssize_t k = 2; k < PyTuple_GET_SIZE(i->obj); k++) ok = both(e, ok, condition_value(e, PyTuple_GET_ITEM(i->obj, k), values));
    out[0] = ok ? ok : hl_bool(e, true);
}

/* What LLVM is told about the loop with this back edge. */
void hl_hint_loop(hl_emit *e, V jump, const hl_hint *hints, int n)
{
    LLVMMetadataRef self = LLVMTemporaryMDNode(e->lc, NULL, 0), parts[n + 1];
    parts[0] = self;
    for (int k = 0; k < n; k++) {
        LLVMMetadataRef property[2] = {LLVMMDStringInContext2(e->lc, hints[k].name, strlen(hints[k].name))};
        if (hints[k].value) property[1] = LLVMValueAsMetadata(hl_i32(e, hints[k].value));
        parts[k + 1] = LLVMMDNodeInContext2(e->lc, property, hints[k].value ? 2 : 1);
    }
    LLVMMetadataRef node = LLVMMDNodeInContext2(e->lc, parts, (size_t)n + 1);
    LLVMMetadataReplaceAllUsesWith(self, node); /* a loop's node names itself, so that no two are one */
    LLVMSetMetadata(jump, LLVMGetMDKindIDInContext(e->lc, "llvm.loop", 9), LLVMMetadataAsValue(e->lc, node));
}

/* The copy of a loop that keeps its checks runs when an exception is near: LLVM need not unroll or vectorise it.  The loops of a
 * stencil's kernel are unrolled where they are short: the loop around the kernel is the one to vectorise.  A loop that is to be cut into
 * pieces says so (codegen/pieces.cpp), and so does the choice between the two (codegen/long_loops.cpp). */
void hl_emit_loop_hint(hl_emit *e, hl_inst *jump)
{
    hl_block *b = jump->block;
    bool back = false, pieces = false;
    for (int k = 0; k < b->nsucc; k++)
        if (b->succ[k]->id <= b->id) back = true, pieces |= b->succ[k]->pieces;
    if (jump->op == HL_OP_branch && jump->args[0]->op == HL_OP_loop_safe) {
        LLVMMetadataRef mark = LLVMMDNodeInContext2(e->lc, NULL, 0);
        LLVMSetMetadata(LLVMGetBasicBlockTerminator(hl_here(e)), LLVMGetMDKindIDInContext(e->lc, HL_CHOICE, sizeof HL_CHOICE - 1), LLVMMetadataAsValue(e->lc, mark));
    }
    if (!back) return;
    const char *text = b->slow ? "llvm.loop.disable_nonforced" : pieces ? HL_PIECES : hl_stencil_unrolls(e->func) ? "llvm.loop.unroll.full" : NULL;
    if (text) hl_hint_loop(e, LLVMGetBasicBlockTerminator(hl_here(e)), &(hl_hint){text, 0}, 1);
}
