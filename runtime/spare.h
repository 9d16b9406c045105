/* Large blocks of memory that were freed, kept for the next of their size (spare.c). */
#ifndef HL_SPARE_H
#define HL_SPARE_H
#include <stdbool.h>
#include <stddef.h>

enum { HL_SPARE_FROM = 64 << 10 }; /* bytes: smaller blocks are none of these functions' business */

bool hl_spare_keep(void *p);               /* false: the caller frees it */
void *hl_spare_take(size_t n, size_t most); /* the smallest block of n to `most` bytes; NULL: there is none */
size_t hl_spare_room(void *p, size_t asked); /* bytes that may be used of a block from malloc */
#endif
