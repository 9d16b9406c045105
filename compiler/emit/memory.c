/* Slots, array items, reference counts. */
#include "private.h"
#include <string.h>

LLVMTypeRef hl_part_type(hl_emit *e, hl_part p)
{
    switch (p) {
    case HL_P_I1: return e->i1;
    case HL_P_I8: return e->i8;
    case HL_P_I16: return e->i16;
    case HL_P_I32: return e->i32;
    case HL_P_I64: return e->i64;
    case HL_P_F32: return e->f32;
    case HL_P_F64: return e->f64;
    default: return e->ptr;
    }
}

LLVMTypeRef hl_scalar_type(hl_emit *e, const hl_type *t) { return hl_part_type(e, t->parts[0]); }

LLVMTypeRef hl_memory_type(hl_emit *e, const hl_type *t)
{
    LLVMTypeRef p = hl_scalar_type(e, t);
    return p == e->i1 ? e->i8 : p;
}

V hl_alloca(hl_emit *e, LLVMTypeRef t, const char *name)
{
    LLVMBasicBlockRef here = hl_here(e);
    V term = LLVMGetBasicBlockTerminator(e->allocas);
    if (term) hl_before(e, term);
    else LLVMPositionBuilderAtEnd(e->b, e->allocas);
    V a = LLVMBuildAlloca(e->b, t, name);
    hl_at(e, here);
    return a;
}

V hl_alloca_slots(hl_emit *e, int n) { return hl_alloca(e, LLVMArrayType2(e->i64, (uint64_t)(n ? n : 1)), "slots"); }

V hl_gep_bytes(hl_emit *e, V base, V offset) { return LLVMBuildInBoundsGEP2(e->b, e->i8, base, &offset, 1, ""); }

static LLVMMetadataRef tag_node(hl_emit *e, const char *name, LLVMMetadataRef parent)
{
    LLVMMetadataRef ops[2] = {LLVMMDStringInContext2(e->lc, name, strlen(name)), parent};
    return LLVMMDNodeInContext2(e->lc, ops, parent ? 2 : 1);
}

V hl_tagged(hl_emit *e, V access, hl_tag tag)
{
    static const char *names[] = {[HL_TAG_ITEM] = "item", [HL_TAG_HEADER] = "header", [HL_TAG_FLAG] = "flag"};
    if (!e->tags[tag]) {
        LLVMMetadataRef type = tag_node(e, names[tag], tag_node(e, "hotloop", NULL));
        LLVMMetadataRef ops[3] = {type, type, LLVMValueAsMetadata(hl_i64(e, 0))};
        e->tags[tag] = LLVMMetadataAsValue(e->lc, LLVMMDNodeInContext2(e->lc, ops, 3));
    }
    LLVMSetMetadata(access, LLVMGetMDKindIDInContext(e->lc, "tbaa", 4), e->tags[tag]);
    return access;
}

static V slot(hl_emit *e, V slots, int k) { return k ? hl_gep_bytes(e, slots, hl_i64(e, 8 * k)) : slots; }

void hl_store_slots(hl_emit *e, const hl_type *t, const V *parts, V slots)
{
    for (int k = 0; k < t->nparts; k++) {
        V v = t->parts[k] == HL_P_I1 ? LLVMBuildZExt(e->b, parts[k], e->i8, "") : parts[k];
        hl_tagged(e, LLVMBuildStore(e->b, v, slot(e, slots, k)), HL_TAG_ITEM);
    }
}

void hl_load_slots(hl_emit *e, const hl_type *t, V slots, V *out)
{
    for (int k = 0; k < t->nparts; k++) {
        LLVMTypeRef p = hl_part_type(e, t->parts[k]);
        V v = hl_tagged(e, LLVMBuildLoad2(e->b, p == e->i1 ? e->i8 : p, slot(e, slots, k), ""), HL_TAG_ITEM);
        out[k] = p == e->i1 ? LLVMBuildTrunc(e->b, v, e->i1, "") : v;
    }
}

/* --- array items ---------------------------------------------------------------------------------------------------------- */

void hl_load_item(hl_emit *e, const hl_type *array, V addr, V *out)
{
    const hl_type *t = array->elem;
    LLVMTypeRef m = hl_memory_type(e, t);
    for (int k = 0; k < t->nparts; k++) {
        V v = LLVMBuildLoad2(e->b, m, k ? hl_gep_bytes(e, addr, hl_i64(e, k * t->bits / 16)) : addr, "");
        hl_tagged(e, v, HL_TAG_ITEM);
        if (array->flags & HL_T_UNALIGNED) LLVMSetAlignment(v, 1);
        out[k] = t->kind == HL_K_BOOL ? LLVMBuildICmp(e->b, LLVMIntNE, v, LLVMConstNull(e->i8), "") : v;
    }
}

void hl_store_item(hl_emit *e, const hl_type *array, V addr, const V *parts)
{
    const hl_type *t = array->elem;
    for (int k = 0; k < t->nparts; k++) {
        V v = t->kind == HL_K_BOOL ? LLVMBuildZExt(e->b, parts[k], e->i8, "") : parts[k];
        V st = LLVMBuildStore(e->b, v, k ? hl_gep_bytes(e, addr, hl_i64(e, k * t->bits / 16)) : addr);
        hl_tagged(e, st, HL_TAG_ITEM);
        if (array->flags & HL_T_UNALIGNED) LLVMSetAlignment(st, 1);
    }
}

/* --- reference counts: two helper functions per module, which LLVM inlines where it pays ------------------------------------ */

static V helper_begin(hl_emit *e, const char *name, LLVMBasicBlockRef *saved)
{
    *saved = hl_here(e);
    V fn = LLVMAddFunction(e->mod, name, LLVMFunctionType(e->voidt, &e->ptr, 1, false));
    LLVMSetLinkage(fn, LLVMInternalLinkage);
    LLVMAddAttributeAtIndex(fn, LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(e->lc, LLVMGetEnumAttributeKindForName("nounwind", 8), 0));
    hl_at(e, LLVMAppendBasicBlockInContext(e->lc, fn, ""));
    return fn;
}

/* if (m) { old = atomically m->refs += by; if (drops && old == 1) hl_drop(m); } */
static V helper(hl_emit *e, const char *name, bool drops)
{
    LLVMBasicBlockRef saved;
    LLVMMetadataRef line = LLVMGetCurrentDebugLocation2(e->b);
    hl_emit_lines_leave(e);
    V fn = helper_begin(e, name, &saved), m = LLVMGetParam(fn, 0);
    LLVMBasicBlockRef count = LLVMAppendBasicBlockInContext(e->lc, fn, ""), out = LLVMAppendBasicBlockInContext(e->lc, fn, "");
    hl_cond(e, LLVMBuildIsNull(e->b, m, ""), out, count);
    hl_at(e, count);
    V old = LLVMBuildAtomicRMW(e->b, drops ? LLVMAtomicRMWBinOpSub : LLVMAtomicRMWBinOpAdd, m, hl_i64(e, 1),
                               drops ? LLVMAtomicOrderingAcquireRelease : LLVMAtomicOrderingMonotonic, false);
    if (drops) {
        LLVMBasicBlockRef last = LLVMAppendBasicBlockInContext(e->lc, fn, "");
        hl_cond(e, LLVMBuildICmp(e->b, LLVMIntEQ, old, hl_i64(e, 1), ""), last, out);
        hl_at(e, last);
        hl_rtcall(e, HL_RT_drop, m);
    }
    hl_br(e, out);
    hl_at(e, out);
    LLVMBuildRetVoid(e->b);
    hl_at(e, saved);
    if (line) LLVMSetCurrentDebugLocation2(e->b, line);
    return fn;
}

static void on_mem_parts(hl_emit *e, const hl_type *t, const V *parts, V fn)
{
    LLVMTypeRef ft = LLVMFunctionType(e->voidt, &e->ptr, 1, false);
    for (int k = 0; k < t->nparts; k++)
        if (t->parts[k] == HL_P_MEM && !LLVMIsNull(parts[k])) {
            V p = parts[k];
            LLVMBuildCall2(e->b, ft, fn, &p, 1, "");
        }
}

void hl_emit_retain(hl_emit *e, const hl_type *t, const V *parts)
{
    if (!t->has_mem) return;
    if (!e->retain) e->retain = helper(e, "retain", false);
    on_mem_parts(e, t, parts, e->retain);
}

void hl_emit_release(hl_emit *e, const hl_type *t, const V *parts)
{
    if (!t->has_mem) return;
    if (t->kind == HL_K_PYOBJECT) {
        if (!LLVMIsNull(parts[0])) hl_rtcall(e, HL_RT_object_release, parts[0]);
        return;
    }
    if (!e->release) e->release = helper(e, "release", true);
    on_mem_parts(e, t, parts, e->release);
}
