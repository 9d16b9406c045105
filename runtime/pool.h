/* Work shared by several threads (pool.c). */
#ifndef HL_POOL_H
#define HL_POOL_H
#include "rt.h"

typedef hl_status (*hl_pool_body)(void *context, int64_t begin, int64_t end);
/* body(context, k * length, …) for all pieces of [0, n), by as many threads as the caller may use.  0, or 1 with the exception of the
 * lowest piece that failed set in the calling thread.  May be called with the GIL or without; bodies run without it. */
HL_API hl_status hl_pool_run(hl_pool_body body, void *context, int64_t n, int64_t length);
HL_API int hl_pool_threads(void);          /* how many threads work for the calling one, itself included */
HL_API void hl_pool_set_threads(int n);    /* for the calling thread; 0: as many as the process may use */
#endif
