/* One arena per compilation: everything the compiler builds for one specialisation is freed at one point. */
#ifndef HL_ARENA_H
#define HL_ARENA_H
#include "types.h"

typedef struct hl_arena hl_arena;
HL_API hl_arena *hl_arena_new(void);
HL_API void hl_arena_free(hl_arena *a);
HL_API void *hl_alloc(hl_arena *a, size_t bytes);                     /* zeroed, 16-byte aligned; aborts never: see below */
HL_API char *hl_strdup(hl_arena *a, const char *s);
HL_API char *hl_sprintf(hl_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
HL_API PyObject *hl_keep(hl_arena *a, PyObject *owned);               /* the arena owns this reference from now on */
HL_API size_t hl_arena_bytes(const hl_arena *a);
/* hl_alloc never returns NULL: memory exhaustion longjmps to the context's boundary (compile.c), which raises
 * MemoryError. arena->escape is set there. */
HL_API void hl_arena_set_escape(hl_arena *a, void *jmpbuf);

#define HL_NEW(a, T) ((T *)hl_alloc((a), sizeof(T)))
#define HL_NEWN(a, T, n) ((T *)hl_alloc((a), sizeof(T) * (size_t)(n)))

/* A growing row: HL_VEC(T) v; hl_push(arena, &v, item). */
#define HL_VEC(T) struct { T *at; int n, cap; }
#define hl_push(a, v, x)                                                                                               \
    do {                                                                                                               \
        if ((v)->n == (v)->cap) {                                                                                      \
            int cap_ = (v)->cap ? (v)->cap * 2 : 8;                                                                    \
            void *p_ = hl_alloc((a), sizeof(*(v)->at) * (size_t)cap_);                                                 \
            if ((v)->n) memcpy(p_, (v)->at, sizeof(*(v)->at) * (size_t)(v)->n);                                        \
            (v)->at = p_, (v)->cap = cap_;                                                                             \
        }                                                                                                              \
        (v)->at[(v)->n++] = (x);                                                                                       \
    } while (0)
#endif
