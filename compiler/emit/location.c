/* Source lines in LLVM IR, for reports: the vectoriser names the line of the loop that it speaks of, and assembly says which
 * line an instruction comes from.  Ordinary compilations carry none: line tables cost time in every pass. */
#include "private.h"
#include <llvm-c/DebugInfo.h>
#include <string.h>

static LLVMMetadataRef file_of(hl_emit *e, const hl_func *f)
{
    const char *path = f->filename ? f->filename : "?", *slash = strrchr(path, '/');
    size_t dir = slash ? (size_t)(slash - path) : 0;
    const char *name = slash ? slash + 1 : path;
    return LLVMDIBuilderCreateFile(e->lines, name, strlen(name), path, dir);
}

void hl_emit_lines_begin(hl_emit *e)
{
    if (!e->cx->report) return;
    e->lines = LLVMCreateDIBuilder(e->mod);
    LLVMMetadataRef file = file_of(e, e->cx->funcs.at[0]);
    LLVMDIBuilderCreateCompileUnit(e->lines, LLVMDWARFSourceLanguageC, file, "hotloop", 7, true, "", 0, 0, "", 0, LLVMDWARFEmissionLineTablesOnly, 0, false,
                                   false, "", 0, "", 0);
    const char key[] = "Debug Info Version";
    LLVMAddModuleFlag(e->mod, LLVMModuleFlagBehaviorWarning, key, sizeof key - 1,
                      LLVMValueAsMetadata(hl_i32(e, (int32_t)LLVMDebugMetadataVersion())));
}

void hl_emit_lines_function(hl_emit *e, const hl_func *f)
{
    if (!e->lines) return;
    LLVMMetadataRef file = file_of(e, f), none = NULL;
    LLVMMetadataRef type = LLVMDIBuilderCreateSubroutineType(e->lines, file, &none, 0, LLVMDIFlagZero);
    const char *name = f->name ? f->name : "function";
    e->scope = LLVMDIBuilderCreateFunction(e->lines, file, name, strlen(name), "", 0, file, (unsigned)f->first_line, type, true, true, (unsigned)f->first_line,
                                           LLVMDIFlagZero, true);
    LLVMSetSubprogram(e->fn, e->scope);
    hl_emit_line(e, (hl_span){.line = f->first_line});
}

void hl_emit_line(hl_emit *e, hl_span at)
{
    if (!e->lines || at.line <= 0) return;
    LLVMSetCurrentDebugLocation2(e->b, LLVMDIBuilderCreateDebugLocation(e->lc, (unsigned)at.line, at.col < 0 ? 0 : (unsigned)at.col + 1, e->scope, NULL));
}

/* What follows belongs to no source. */
void hl_emit_lines_leave(hl_emit *e)
{
    if (e->lines) LLVMSetCurrentDebugLocation2(e->b, NULL);
}

void hl_emit_lines_end(hl_emit *e)
{
    if (!e->lines) return;
    LLVMDIBuilderFinalize(e->lines);
    LLVMDisposeDIBuilder(e->lines);
    e->lines = NULL;
}
