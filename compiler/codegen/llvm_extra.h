/* What LLVM's C API lacks, with C names. */
#ifndef HL_LLVM_EXTRA_H
#define HL_LLVM_EXTRA_H
#include <llvm-c/TargetMachine.h>
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Sets a command-line option of LLVM's by name; an option that this LLVM does not have is left alone. */
void hlx_set_option(const char *name, const char *value);

/* Runs a textual pipeline, which may contain our own function passes, `hl-…`.  NULL, or a message to be freed. */
char *hlx_run_passes(LLVMModuleRef m, const char *pipeline, LLVMTargetMachineRef tm);

/* Reads the lanes of a vector that the mask names; the others are zero, and their memory is not touched. */
LLVMValueRef hlx_masked_load(LLVMBuilderRef b, LLVMTypeRef vector, LLVMValueRef at, unsigned align, LLVMValueRef mask);

/* What the loop vectoriser says while passes run over modules of this context: `on` is called for each remark, with the lines of the
 * place, innermost first (a loop of an inlined function has several).  name: LLVM's short name of the remark. */
typedef struct hlx_line { const char *file; unsigned line; } hlx_line;
void hlx_listen(LLVMContextRef context, void (*on)(void *arg, const char *name, const char *text, const hlx_line *lines, int n), void *arg);

/* A code generation pipeline that is built once and run on many modules: building it costs as much as a small function. */
typedef struct hlx_emitter hlx_emitter;
hlx_emitter *hlx_emitter_new(LLVMTargetMachineRef tm); /* NULL: the target has no object files */
void hlx_emitter_free(hlx_emitter *e);
const char *hlx_emit_object(hlx_emitter *e, LLVMModuleRef m, size_t *size); /* valid until the next call */

/* Links a relocatable object into the process.  Returns its memory (hlx_unlink) or NULL with *error malloc'ed. */
void *hlx_link(const char *object, size_t size, void *(*resolve)(const char *name), const char *entry, void **address, char **error);
void hlx_unlink(void *linked);

#ifdef __cplusplus
}
#endif
#endif
