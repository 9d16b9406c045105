/* Addresses of what machine code calls: the runtime (rtcalls.def), the C library, the compiler's helpers, the vector library.
 *
 * libhotloop's own handle finds its functions and those of the libraries it depends on (libm, libc), wherever the process
 * loaded them.  The vector libraries are opened by the first program that has a use for them: loading SLEEF takes longer than
 * compiling a small function.
 */
#include "codegen.h"
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

static struct {
    pthread_once_t once, vector_once;
    void *runtime, *sleef, *mvec;
} libs = {.once = PTHREAD_ONCE_INIT, .vector_once = PTHREAD_ONCE_INIT};

static const char *const sleef_names[] = {"libsleefgnuabi.so.3", "libsleefgnuabi.so", "libsleefgnuabi.dylib", NULL};
static const char *const mvec_names[] = {"libmvec.so.1", NULL};

static void *open_first(const char *const *names)
{
    void *lib = NULL;
    for (; !lib && *names; names++)
        lib = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
    return lib;
}

static void open_libraries(void)
{
    Dl_info info;
    if (dladdr((void *)hl_drop, &info) && info.dli_fname)
        libs.runtime = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
}

static void open_vector_libraries(void)
{
    libs.sleef = open_first(sleef_names);
    libs.mvec = open_first(mvec_names);
}

/* Functions that code generation calls by itself; they are in no shared library that is sure to be there. */
#if defined(__SIZEOF_INT128__)
__int128 __divti3(__int128, __int128);
__int128 __modti3(__int128, __int128);
unsigned __int128 __udivti3(unsigned __int128, unsigned __int128);
unsigned __int128 __umodti3(unsigned __int128, unsigned __int128);
double __powidf2(double, int);
float __powisf2(float, int);
#define HELPERS(X) X(__divti3) X(__modti3) X(__udivti3) X(__umodti3) X(__powidf2) X(__powisf2)
#else
#define HELPERS(X)
#endif
static const struct { const char *name; void *at; } helpers[] = {
#define X(f) {#f, (void *)f},
    HELPERS(X)
#undef X
    {"fmod", (void *)(double (*)(double, double))fmod},
};

void *hl_symbol_vecmath(const char *name, bool fast)
{
    pthread_once(&libs.vector_once, open_vector_libraries);
    void *at = libs.sleef ? dlsym(libs.sleef, name) : NULL;
    return !at && fast && libs.mvec ? dlsym(libs.mvec, name) : at;
}

void *hl_symbol_address(const char *name)
{
    pthread_once(&libs.once, open_libraries);
    if (!strcmp(name, HL_SIGNAL_FLAG)) return (void *)(uintptr_t)hl_signal_flag();
    void *at = libs.runtime ? dlsym(libs.runtime, name) : NULL;
    for (size_t k = 0; !at && k < sizeof helpers / sizeof *helpers; k++)
        if (!strcmp(helpers[k].name, name))
            at = helpers[k].at;
    if (!at && !strncmp(name, "_ZGV", 4))
        at = hl_symbol_vecmath(name, true);
    return at ? at : dlsym(RTLD_DEFAULT, name);
}
