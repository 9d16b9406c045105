/* From LLVM IR to machine code in this process.
 *
 *   optimise.c     the pass list
 *   late.c         what is done behind LLVM's passes
 *   entry.c        … last of all
 *   generate.c     object code, linking, the passes' entry points, texts for inspection
 *   machine.c      the target machines: host CPU, options; a pool, because one machine serves one thread at a time
 *   symbols.c      addresses of what machine code calls
 *   llvm_extra.cpp what LLVM's C API lacks
 *
 * A specialisation is one module.  It becomes one relocatable object in memory; that object is what is linked and what a cache
 * would keep, so both run the same bytes.  Nothing here touches Python: the passes run without the GIL, on any number of threads.
 */
#ifndef HL_CODEGEN_H
#define HL_CODEGEN_H
#include "../compile.h"
#include "../emit/emit.h"
#include <llvm-c/TargetMachine.h>

#define HL_ENTRY_SYMBOL "entry" /* the one external function of a module */

struct hl_code {
    char *object;   /* relocatable object file; freed once linked unless somebody keeps it */
    size_t size;
    void *linked;   /* its memory in the process, llvm_extra.h */
};

typedef struct hl_machine {
    LLVMTargetMachineRef tm;
    struct hlx_emitter *emitter;
    struct hl_machine *next;
} hl_machine;

hl_machine *hl_machine_take(const char **error); /* NULL with a message */
void hl_machine_give(hl_machine *m);
/* What machine code depends on besides the program: LLVM's version, triple, CPU, features.  For a cache's key. */
const char *hl_machine_identity(void);
/* Widest vector registers in bytes (16, 32, 64; 0: none that a vector library serves). */
int hl_machine_vector_bytes(void);
bool hl_machine_has(const char *feature);        /* LLVM's name for it */

void hl_late_choices(hl_emit *e);                /* late.c */
void hl_join_entry(hl_emit *e);                  /* entry.c */
void *hl_symbol_address(const char *name);       /* NULL: unknown */
/* From the vector libraries: SLEEF (1 ULP), or when `fast` also glibc's (4 ULP); NULL: not there. */
void *hl_symbol_vecmath(const char *name, bool fast);

/* Links an object as hl_pass_generate made it; NULL with a message (to be freed). */
hl_code *hl_code_link(const char *object, size_t size, hl_entry *entry, char **error);
#endif
