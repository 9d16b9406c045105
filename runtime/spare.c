/* Large blocks of memory that were freed, kept for the next of their size.
 *
 * The C library gives large blocks back to the system at once, and what comes from there next is mapped, and zeroed, page by page as it
 * is first touched: under a hypervisor that takes longer than most loops take over the same bytes.  A function that is called again
 * mostly wants the sizes that it wanted before, so the last few blocks wait here.  At most TOTAL bytes do, which is what glibc itself
 * may keep (malloc(3): M_TRIM_THRESHOLD is twice M_MMAP_THRESHOLD, and that grows up to 32 MiB); the oldest go first.
 *
 * Nobody ever waits for the lock: who finds it taken does without.  So no thread is held up, and a child that was forked while another
 * thread had it can go on. */
#define _GNU_SOURCE
#include "spare.h"
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 16, LARGEST = 33 << 20, TOTAL = 64 << 20 };

#ifdef __has_feature /* Clang's way to say it */
#define FOLLOWED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define FOLLOWED 1
#else
#define FOLLOWED 0
#endif

#if FOLLOWED
/* AddressSanitizer follows each block from malloc to free. */
bool hl_spare_keep(void *p) { return (void)p, false; }
void *hl_spare_take(size_t n, size_t most) { return (void)n, (void)most, NULL; }
size_t hl_spare_room(void *p, size_t asked) { return (void)p, asked; }
#else
static struct { void *p; size_t n; } kept[KEPT]; /* oldest first */
static size_t total;
static int count;
static bool busy;

static bool enter(void) { return !__atomic_test_and_set(&busy, __ATOMIC_ACQUIRE); }
static void leave(void) { __atomic_clear(&busy, __ATOMIC_RELEASE); }

static void *remove_at(int k)
{
    void *p = kept[k].p;
    total -= kept[k].n;
    memmove(&kept[k], &kept[k + 1], sizeof kept[0] * (size_t)(--count - k));
    return p;
}

bool hl_spare_keep(void *p)
{
    size_t n = malloc_usable_size(p);
    if (n < HL_SPARE_FROM || n > LARGEST || !enter()) return false;
    void *old[KEPT];
    int dropped = 0;
    while (count == KEPT || total + n > TOTAL) old[dropped++] = remove_at(0);
    kept[count].p = p, kept[count++].n = n;
    total += n;
    leave();
    while (dropped) free(old[--dropped]);
    return true;
}

void *hl_spare_take(size_t n, size_t most)
{
    if (n < HL_SPARE_FROM || n > LARGEST || !enter()) return NULL;
    int best = -1;
    for (int k = 0; k < count; k++)
        if (kept[k].n >= n && kept[k].n <= most && (best < 0 || kept[k].n <= kept[best].n)) best = k;
    void *p = best < 0 ? NULL : remove_at(best);
    leave();
    return p;
}

size_t hl_spare_room(void *p, size_t asked) { return asked < HL_SPARE_FROM ? asked : malloc_usable_size(p); }
#endif
