/* How long operations on Python objects take: for reports that measure a call (hotloop/report.py).
 *
 * Machine code compiled with the option `profile` calls hl_profile_begin and hl_profile_end around each operation that works on Python
 * objects.  Each thread counts for itself, by place; places are few, so a row is found by looking through them.  What the two calls
 * themselves take is measured once and subtracted. */
#include "rt_profile.h"
#include <stdlib.h>
#include <time.h>

enum { ROWS = 512 };
typedef struct profile { int n; int64_t start; hl_profile_row row[ROWS]; } profile;
static _Thread_local profile *mine;

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* An operation that raises is begun and never ended: it is not counted. */
void hl_profile_begin(void)
{
    if (mine) mine->start = now();
}

void hl_profile_end(void *file, int64_t line)
{
    if (!mine) return;
    int64_t spent = now() - mine->start;
    int k = 0;
    while (k < mine->n && (mine->row[k].line != line || mine->row[k].file != file)) k++;
    if (k == ROWS) return;
    if (k == mine->n) mine->row[mine->n++] = (hl_profile_row){file, line, 0, 0};
    mine->row[k].nanoseconds += spent;
    mine->row[k].count++;
}

int hl_profile_start(void)
{
    free(mine);
    return (mine = calloc(1, sizeof *mine)) ? 0 : -1;
}

static int64_t cost_of_measuring(void)
{
    int64_t least = INT64_MAX;
    for (int k = 0; k < 100; k++) {
        int64_t a = now(), b = now();
        if (b - a < least) least = b - a;
    }
    return least;
}

int hl_profile_stop(const hl_profile_row **rows)
{
    if (!mine) return 0;
    int64_t cost = cost_of_measuring();
    for (int k = 0; k < mine->n; k++) {
        hl_profile_row *r = &mine->row[k];
        r->nanoseconds = r->nanoseconds > cost * r->count ? r->nanoseconds - cost * r->count : 0;
    }
    *rows = mine->row;
    return mine->n;
}

void hl_profile_free(void)
{
    free(mine);
    mine = NULL;
}
