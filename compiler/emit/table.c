/* The emitters, one a row of compiler/rules/, and the runtime calls. */
#include "emit.h"
#include <stdarg.h>
#include <string.h>

#define RULE(id, op, type, emit, effects) void emit(hl_emit *, hl_inst *, V *);
#define FUNC(id, key, params, type, emit, effects) void emit(hl_emit *, hl_inst *, V *);
#define METHOD(id, kind, key, params, type, emit, effects) void emit(hl_emit *, hl_inst *, V *);
#define ATTR(id, kind, key, type, emit, effects) void emit(hl_emit *, hl_inst *, V *);
#include "../rules/rules.def"
#undef RULE
#undef FUNC
#undef METHOD
#undef ATTR

const hl_emit_fn hl_emitters[HL_R_COUNT] = {
#define RULE(id, op, type, emit, effects) [HL_R_##id] = emit,
#define FUNC(id, key, params, type, emit, effects) [HL_R_##id] = emit,
#define METHOD(id, kind, key, params, type, emit, effects) [HL_R_##id] = emit,
#define ATTR(id, kind, key, type, emit, effects) [HL_R_##id] = emit,
#include "../rules/rules.def"
#undef RULE
#undef FUNC
#undef METHOD
#undef ATTR
};

static const struct { const char *name, *symbol; const char *result, *args, *effects; } calls[HL_RT_COUNT] = {
#define RT(name, ret, args, effects) [HL_RT_##name] = {#name, "hl_" #name, #ret, args, effects},
#include "../rtcalls.def"
#undef RT
};

static LLVMTypeRef letter_type(hl_emit *e, char c)
{
    switch (c) {
    case 'i': return e->i64;
    case 'w': return e->i32;
    case 'd': return e->f64;
    case 'f': return e->f32;
    case 'p': return e->ptr;
    case 's': return LLVMStructTypeInContext(e->lc, (LLVMTypeRef[]){e->i64, e->i64}, 2, false);
    default: return e->voidt;
    }
}

static void add_attribute(hl_emit *e, V fn, unsigned where, const char *name, uint64_t value)
{
    unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
    LLVMAddAttributeAtIndex(fn, where, LLVMCreateEnumAttribute(e->lc, kind, value));
}

/* LLVM's number of the convention under which a call changes no register but its result's and r11 (runtime/signal.c). */
enum { PRESERVE_ALL = 15 };
#if defined(__x86_64__)
enum { KEEPS_REGISTERS = true };
#else
enum { KEEPS_REGISTERS = false };
#endif

static void declare(hl_emit *e, hl_rt f)
{
    LLVMTypeRef args[16];
    unsigned n = (unsigned)strlen(calls[f].args);
    for (unsigned k = 0; k < n; k++) args[k] = letter_type(e, calls[f].args[k]);
    const char *symbol = !strncmp(calls[f].name, "C_", 2) ? calls[f].name + 2 : calls[f].symbol;
    e->rt_type[f] = LLVMFunctionType(letter_type(e, calls[f].result[0]), args, n, false);
    V fn = e->rt[f] = LLVMAddFunction(e->mod, symbol, e->rt_type[f]);
    add_attribute(e, fn, LLVMAttributeFunctionIndex, "nounwind", 0);
    for (const char *c = calls[f].effects; *c; c++) {
        if (*c == 'p') add_attribute(e, fn, LLVMAttributeFunctionIndex, "memory", 0), add_attribute(e, fn, LLVMAttributeFunctionIndex, "willreturn", 0);
        if (*c == 'c') add_attribute(e, fn, LLVMAttributeFunctionIndex, "cold", 0);
        if (*c == 'h') add_attribute(e, fn, LLVMAttributeFunctionIndex, "memory", 3 << 2); /* inaccessible memory: read and written */
        if (*c == 'k' && KEEPS_REGISTERS) LLVMSetFunctionCallConv(fn, PRESERVE_ALL);
        if (*c == 'a') add_attribute(e, fn, LLVMAttributeReturnIndex, "noalias", 0);
    }
}

V hl_rtcall(hl_emit *e, hl_rt f, ...)
{
    if (!e->rt[f]) declare(e, f);
    V args[16];
    unsigned n = (unsigned)strlen(calls[f].args);
    va_list ap;
    va_start(ap, f);
    for (unsigned k = 0; k < n; k++) args[k] = va_arg(ap, V);
    va_end(ap);
    V call = LLVMBuildCall2(e->b, e->rt_type[f], e->rt[f], args, n, "");
    LLVMSetInstructionCallConv(call, LLVMGetFunctionCallConv(e->rt[f]));
    return call;
}
