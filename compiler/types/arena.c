/* Arenas: chunks that grow geometrically, freed together, and the Python references they keep.
 *
 * Memory comes zeroed.  Exhaustion escapes by longjmp to the boundary that owns the arena (hl_arena_set_escape), so
 * that no stage of the compiler has to check each small allocation. */
#include "arena.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct chunk {
    struct chunk *next;
    size_t used, size;
    max_align_t data[];
} chunk;

struct hl_arena {
    chunk *first;
    size_t total;
    jmp_buf *escape;
    PyObject **kept;
    size_t nkept, cap_kept;
};

enum { FIRST_CHUNK = 16 << 10, LARGEST_CHUNK = 1 << 20 };

hl_arena *hl_arena_new(void) { return calloc(1, sizeof(hl_arena)); }

void hl_arena_free(hl_arena *a)
{
    if (!a) return;
    for (size_t k = 0; k < a->nkept; k++) Py_DECREF(a->kept[k]);
    free(a->kept);
    for (chunk *c = a->first, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(a);
}

void hl_arena_set_escape(hl_arena *a, void *jmpbuf) { a->escape = jmpbuf; }
size_t hl_arena_bytes(const hl_arena *a) { return a->total; }

static _Noreturn void exhausted(hl_arena *a)
{
    if (a->escape) longjmp(*a->escape, 1);
    Py_FatalError("hotloop: out of memory outside of a compilation");
}

void *hl_alloc(hl_arena *a, size_t bytes)
{
    bytes = (bytes + 15) & ~(size_t)15;
    chunk *c = a->first;
    if (!c || c->size - c->used < bytes) {
        size_t size = c ? c->size * 2 : FIRST_CHUNK;
        if (size > LARGEST_CHUNK) size = LARGEST_CHUNK;
        if (size < bytes) size = bytes;
        c = calloc(1, sizeof(chunk) + size);
        if (!c) exhausted(a);
        c->size = size;
        c->next = a->first;
        a->first = c;
        a->total += size;
    }
    void *p = (char *)c->data + c->used;
    c->used += bytes;
    return p;
}

char *hl_strdup(hl_arena *a, const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(hl_alloc(a, n), s, n);
}

char *hl_sprintf(hl_arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *s = hl_alloc(a, (size_t)n + 1);
    va_start(ap, fmt);
    vsnprintf(s, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return s;
}

PyObject *hl_keep(hl_arena *a, PyObject *owned)
{
    if (!owned) return NULL;
    if (a->nkept == a->cap_kept) {
        size_t cap = a->cap_kept ? a->cap_kept * 2 : 16;
        PyObject **k = realloc(a->kept, cap * sizeof *k);
        if (!k) {
            Py_DECREF(owned);
            exhausted(a);
        }
        a->kept = k, a->cap_kept = cap;
    }
    return a->kept[a->nkept++] = owned;
}
