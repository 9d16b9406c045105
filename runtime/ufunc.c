/* What the loops of ufuncs need besides their own code (compiler/emit/ufunc_loop.c). */
#include "rt.h"
#include <string.h>

/* One item for a whole row: the item, `count` times, in the buffer.  A row stays where it is. */
char *hl_ufunc_spread(char *at, int64_t stride, int64_t size, int64_t count, char *buffer)
{
    if (stride || count <= 0) return at;
    memcpy(buffer, at, (size_t)size);
    for (int64_t have = 1; have < count;) {
        int64_t more = have < count - have ? have : count - have;
        memcpy(buffer + have * size, buffer, (size_t)(more * size));
        have += more;
    }
    return buffer;
}
