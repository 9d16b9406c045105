/* Target machines for the host CPU with all its features.
 *
 * Creating one costs 0.2 ms, its pipeline as much again, and one machine may work for one thread at a time: so they are kept in a
 * pool that grows to the number of threads that ever compiled at once.
 *
 * HOTLOOP_CPU and HOTLOOP_CPU_FEATURES (LLVM's names: "x86-64-v3", "+avx2,-avx512f") choose another CPU than the one at hand.
 *
 * Loop strength reduction is off: on the kernels measured it took 40 % of code generation, all code ran as fast without it, and
 * address arithmetic in its usual forms is hoisted before it comes to that.
 */
#include "codegen.h"
#include "llvm_extra.h"
#include <llvm-c/Core.h>
#include <llvm-c/Target.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    pthread_once_t once;
    pthread_mutex_t lock;
    hl_machine *idle;
    LLVMTargetRef target;
    char *triple, *cpu, *features, *identity;
    const char *error;
    int vector_bytes;
} host = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};

static char *from_env(const char *name, char *(*detect)(void))
{
    const char *v = getenv(name);
    return v && *v ? strdup(v) : detect();
}

static char *no_features(void) { return strdup(""); }

static bool has_feature(const char *name)
{
    size_t n = strlen(name);
    for (const char *at = host.features; at && (at = strchr(at, '+')); at++)
        if (!strncmp(at + 1, name, n) && (!at[n + 1] || at[n + 1] == ','))
            return true;
    return false;
}

static void find_vector_width(void)
{
#if defined(__x86_64__)
    /* Named CPUs (HOTLOOP_CPU) carry no feature list here: the baseline's width is right for all of them. */
    host.vector_bytes = has_feature("avx512f") ? 64 : has_feature("avx2") && has_feature("fma") ? 32 : 16;
#endif
}

static void start(void)
{
    char *error = NULL;
    if (LLVMInitializeNativeTarget() || LLVMInitializeNativeAsmPrinter()) {
        host.error = "this LLVM was built without a code generator for this machine";
        return;
    }
    hlx_set_option("disable-lsr", "true");
    hlx_set_option("force-ordered-reductions", "true"); /* where it pays: llvm_extra.cpp */
    hlx_set_option("force-loop-cold-block", "true"); /* the poll of a loop in pieces is not in its way */
    host.triple = LLVMGetDefaultTargetTriple();
    host.cpu = from_env("HOTLOOP_CPU", LLVMGetHostCPUName);
    host.features = from_env("HOTLOOP_CPU_FEATURES", getenv("HOTLOOP_CPU") ? no_features : LLVMGetHostCPUFeatures);
    if (LLVMGetTargetFromTriple(host.triple, &host.target, &error)) {
        host.error = error; /* lives as long as the process */
        return;
    }
    find_vector_width();
    unsigned major, minor, patch;
    LLVMGetVersion(&major, &minor, &patch);
    size_t n = strlen(host.triple) + strlen(host.cpu) + strlen(host.features) + 64;
    if ((host.identity = malloc(n)))
        snprintf(host.identity, n, "LLVM %u.%u.%u %s %s %s", major, minor, patch, host.triple, host.cpu, host.features);
}

const char *hl_machine_identity(void)
{
    pthread_once(&host.once, start);
    return host.identity ? host.identity : "";
}

bool hl_machine_has(const char *feature)
{
    pthread_once(&host.once, start);
    return has_feature(feature);
}

int hl_machine_vector_bytes(void)
{
    pthread_once(&host.once, start);
    return host.vector_bytes;
}

hl_machine *hl_machine_take(const char **error)
{
    pthread_once(&host.once, start);
    if (host.error) {
        *error = host.error;
        return NULL;
    }
    pthread_mutex_lock(&host.lock);
    hl_machine *m = host.idle;
    if (m)
        host.idle = m->next;
    pthread_mutex_unlock(&host.lock);
    if (m)
        return m;
    *error = "no target machine for this CPU";
    if (!(m = calloc(1, sizeof *m)))
        return NULL;
    m->tm = LLVMCreateTargetMachine(host.target, host.triple, host.cpu, host.features, LLVMCodeGenLevelDefault, LLVMRelocPIC, LLVMCodeModelSmall);
    m->emitter = m->tm ? hlx_emitter_new(m->tm) : NULL;
    if (!m->emitter) {
        if (m->tm)
            LLVMDisposeTargetMachine(m->tm);
        free(m);
        return NULL;
    }
    return m;
}

void hl_machine_give(hl_machine *m)
{
    pthread_mutex_lock(&host.lock);
    m->next = host.idle;
    host.idle = m;
    pthread_mutex_unlock(&host.lock);
}
