/* Times of operations on Python objects, profile.c. */
#ifndef HL_RT_PROFILE_H
#define HL_RT_PROFILE_H
#include "rt.h"

typedef struct hl_profile_row { void *file; int64_t line, nanoseconds, count; } hl_profile_row; /* file: the code object's co_filename */

/* Called by machine code. */
HL_API void hl_profile_begin(void);
HL_API void hl_profile_end(void *file, int64_t line);
/* Of this thread. */
HL_API int hl_profile_start(void);                          /* 0, or -1: no memory */
HL_API int hl_profile_stop(const hl_profile_row **rows);    /* how many rows; they live until hl_profile_free */
HL_API void hl_profile_free(void);
#endif
