/* Object code and its linking, and the texts that inspection shows. */
#include "codegen.h"
#include "llvm_extra.h"
#include <stdlib.h>
#include <string.h>

static int fail(hl_cx *cx, const char *text)
{
    return hl_fail(cx, "InternalError", cx->funcs.at[0], (hl_span){0}, "%s", text);
}

int hl_pass_generate(hl_cx *cx)
{
    hl_emit *e = cx->emit;
    const char *why = "out of memory";
    hl_machine *m = hl_machine_take(&why);
    if (!m)
        return fail(cx, why);
    /* Code generation rewrites the IR; who wants to look at it afterwards gets a copy. */
    LLVMModuleRef work = cx->dump ? LLVMCloneModule(e->mod) : e->mod;
    hl_code *code = cx->code = calloc(1, sizeof *code);
    if (code) {
        const char *bytes = hlx_emit_object(m->emitter, work, &code->size);
        if ((code->object = malloc(code->size)))
            memcpy(code->object, bytes, code->size);
    }
    if (work != e->mod)
        LLVMDisposeModule(work);
    hl_machine_give(m);
    if (!code || !code->object)
        return fail(cx, why);
    return cx->error ? -1 : 0;
}

static int link_code(hl_code *code, hl_entry *entry, char **error)
{
    void *address = NULL;
    code->linked = hlx_link(code->object, code->size, hl_symbol_address, HL_ENTRY_SYMBOL, &address, error);
    *entry = (hl_entry)address;
    return code->linked ? 0 : -1;
}

int hl_pass_link(hl_cx *cx)
{
    char *error = NULL;
    if (link_code(cx->code, &cx->entry, &error) < 0) {
        fail(cx, error);
        free(error);
        return -1;
    }
    free(cx->code->object);
    cx->code->object = NULL;
    return 0;
}

hl_code *hl_code_link(const char *object, size_t size, hl_entry *entry, char **error)
{
    hl_code *code = calloc(1, sizeof *code);
    if (!code || !(code->object = malloc(size))) {
        free(code);
        *error = strdup("out of memory");
        return NULL;
    }
    memcpy(code->object, object, size);
    code->size = size;
    int bad = link_code(code, entry, error);
    free(code->object);
    code->object = NULL;
    if (bad) {
        hl_code_free(code);
        return NULL;
    }
    return code;
}

void hl_code_free(hl_code *code)
{
    if (!code)
        return;
    if (code->linked)
        hlx_unlink(code->linked);
    free(code->object);
    free(code);
}

/* --- inspection ------------------------------------------------------------------------------------------------------------ */
void hl_codegen_ir(hl_cx *cx, hl_text *out)
{
    hl_emit *e = cx->emit;
    if (!e || !e->mod)
        return;
    char *text = LLVMPrintModuleToString(e->mod);
    hl_text_printf(out, "%s", text);
    LLVMDisposeMessage(text);
}

void hl_codegen_asm(hl_cx *cx, hl_text *out)
{
    hl_emit *e = cx->emit;
    const char *why = NULL;
    hl_machine *m = e && e->mod ? hl_machine_take(&why) : NULL;
    if (!m)
        return;
    LLVMModuleRef copy = LLVMCloneModule(e->mod);
    LLVMMemoryBufferRef text = NULL;
    char *error = NULL;
    if (LLVMTargetMachineEmitToMemoryBuffer(m->tm, copy, LLVMAssemblyFile, &error, &text)) {
        hl_text_printf(out, "; %s\n", error);
        LLVMDisposeMessage(error);
    } else {
        hl_text_printf(out, "%.*s", (int)LLVMGetBufferSize(text), LLVMGetBufferStart(text));
        LLVMDisposeMemoryBuffer(text);
    }
    LLVMDisposeModule(copy);
    hl_machine_give(m);
}

void hl_codegen_dispose(hl_cx *cx)
{
    hl_emit *e = cx->emit;
    if (!e)
        return;
    if (e->b)
        LLVMDisposeBuilder(e->b);
    if (e->mod)
        LLVMDisposeModule(e->mod);
    if (e->lc)
        LLVMContextDispose(e->lc);
    cx->emit = NULL;
}
