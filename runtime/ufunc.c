/* What the loops of ufuncs need besides their own code (compiler/emit/ufunc_loop.c): scalars spread over a buffer, and rows cut into
 * pieces for several threads. */
#include "pool.h"
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

#define EACH(type, to, from) do { for (int64_t i = 0; i < count; i++) { type v; memcpy(&v, from, sizeof v); memcpy(to, &v, sizeof v); } } while (0)
typedef struct wide { uint64_t half[2]; } wide;

/* Items that are `stride` apart, without gaps in the buffer; contiguous ones stay where they are, and one item for all has been spread over
 * the buffer before. */
char *hl_ufunc_gather(char *at, int64_t stride, int64_t size, int64_t count, char *buffer)
{
    if (stride == size) return at;
    if (!stride) return buffer;
    switch (size) {
    case 1: EACH(uint8_t, buffer + i, at + i * stride); break;
    case 2: EACH(uint16_t, buffer + 2 * i, at + i * stride); break;
    case 4: EACH(uint32_t, buffer + 4 * i, at + i * stride); break;
    case 8: EACH(uint64_t, buffer + 8 * i, at + i * stride); break;
    default: EACH(wide, buffer + 16 * i, at + i * stride); break;
    }
    return buffer;
}

/* The way back. */
void hl_ufunc_scatter(char *at, int64_t stride, int64_t size, int64_t count, const char *buffer)
{
    if (stride == size) return;
    switch (size) {
    case 1: EACH(uint8_t, at + i * stride, buffer + i); break;
    case 2: EACH(uint16_t, at + i * stride, buffer + 2 * i); break;
    case 4: EACH(uint32_t, at + i * stride, buffer + 4 * i); break;
    case 8: EACH(uint64_t, at + i * stride, buffer + 8 * i); break;
    default: EACH(wide, at + i * stride, buffer + 16 * i); break;
    }
}

/* --- target="parallel" ------------------------------------------------------------------------------------------------------- */

enum {
    MAX_OPERANDS = 64, MAX_SYMBOLS = 256,
    ENOUGH = 1 << 17,      /* operations that are worth waking somebody for (some 30 µs) */
    ITEM_BYTES = 16,       /* of the largest item */
};

typedef hl_status (*loop_fn)(void *context, char *const *data, const int64_t *dimensions, const int64_t *strides, void *auxiliary);

typedef struct row {
    loop_fn loop;
    void *context;
    char *const *data;
    const int64_t *dimensions, *strides;
    int nargs, nsym;
} row;

static hl_status run_piece(void *p, int64_t begin, int64_t end)
{
    const row *r = p;
    char *data[MAX_OPERANDS];
    int64_t dimensions[1 + MAX_SYMBOLS] = {end - begin};
    for (int k = 0; k < r->nargs; k++) data[k] = r->data[k] + begin * r->strides[k];
    memcpy(dimensions + 1, r->dimensions + 1, sizeof *dimensions * (size_t)r->nsym);
    return r->loop(r->context, data, dimensions, r->strides, NULL) != 0;
}

static void extent(const char *at, int64_t stride, int64_t n, intptr_t *low, intptr_t *high)
{
    intptr_t first = (intptr_t)at, last = first + stride * (n - 1);
    *low = first < last ? first : last, *high = (first < last ? last : first) + ITEM_BYTES;
}

static bool meet(intptr_t low, intptr_t high, intptr_t low2, intptr_t high2) { return low < high2 && low2 < high; }

/* May the items be computed in any order?  Not in a reduction (all results in one place), and not where a result is the input of
 * another item (accumulate). */
static bool independent(const row *r, int nin)
{
    int64_t n = r->dimensions[0];
    for (int k = nin; k < r->nargs; k++) {
        intptr_t low, high, low2, high2;
        if (!r->strides[k]) return false;
        extent(r->data[k], r->strides[k], n, &low, &high);
        for (int j = 0; j < r->nargs; j++) {
            if (j == k || (r->data[j] == r->data[k] && r->strides[j] == r->strides[k])) continue;
            extent(r->data[j], r->strides[j], n, &low2, &high2);
            if (meet(low, high, low2, high2)) return false;
        }
    }
    return true;
}

int32_t hl_ufunc_independent(char *const *data, const int64_t *dimensions, const int64_t *strides, int32_t nin, int32_t nout)
{
    row r = {.data = data, .dimensions = dimensions, .strides = strides, .nargs = nin + nout};
    return independent(&r, nin);
}

static hl_status run_pieces(row *r, int64_t unit, int64_t cost)
{
    int64_t n = r->dimensions[0], length = ENOUGH / 2 / cost, most = n / (4 * hl_pool_threads());
    if (length < most) length = most; /* some pieces for each thread, so that all end together */
    length = (length + unit - 1) / unit * unit;
    return hl_pool_run(run_piece, r, n, length) ? -1 : 0;
}

/* Runs a ufunc's loop in pieces on several threads when that pays.  Pieces are multiples of HL_UFUNC_BLOCK items: vector code and its
 * scalar remainder may round differently, and this way an item is computed by the same code whatever the number of threads.
 * `cost`: operations of an item. */
hl_status hl_ufunc_parallel(void *loop, void *context, char *const *data, const int64_t *dimensions, const int64_t *strides, int32_t nin, int32_t nout, int64_t cost)
{
    row r = {(loop_fn)loop, context, data, dimensions, strides, nin + nout, 0};
    int64_t n = dimensions[0];
    bool small = n < 2 * HL_UFUNC_BLOCK || n < ENOUGH / cost || r.nargs > MAX_OPERANDS;
    if (small || hl_pool_threads() < 2 || !independent(&r, nin)) return r.loop(context, data, dimensions, strides, NULL);
    return run_pieces(&r, HL_UFUNC_BLOCK, cost);
}

/* --- gufuncs -------------------------------------------------------------------------------------------------------------------- */

enum { MOST_DIMS = 65 };

/* An operand with all its dimensions, the outer one first. */
typedef struct operand { char *at; int nd, size, written; int64_t n[MOST_DIMS], step[MOST_DIMS]; } operand;

/* What machine code knows of a gufunc: layout[0…2] = inputs, outputs, symbols; then each operand's number of core dimensions, size of
 * an item, whether it is written, and the symbols of its dimensions. */
static void read_operands(const row *r, const int32_t *layout, operand *op)
{
    const int32_t *at = layout + 3;
    const int64_t *core = r->strides + r->nargs;
    for (int k = 0; k < r->nargs; k++, at += 3 + at[0]) {
        operand *o = &op[k];
        o->at = r->data[k], o->nd = 1 + at[0], o->size = at[1], o->written = at[2];
        o->n[0] = r->dimensions[0], o->step[0] = r->strides[k];
        for (int d = 1; d < o->nd; d++) o->n[d] = r->dimensions[1 + at[2 + d]], o->step[d] = *core++;
    }
}

static void reach(const operand *o, intptr_t *low, intptr_t *high)
{
    *low = (intptr_t)o->at, *high = *low + o->size;
    for (int d = 0; d < o->nd; d++) {
        int64_t span = (o->n[d] - 1) * o->step[d];
        *(span < 0 ? low : high) += span;
    }
}

/* Operand k is read, and one that is written reaches into its memory. */
static bool is_overwritten(const operand *op, int n, int k)
{
    intptr_t low, high, low2, high2;
    if (op[k].written) return false;
    reach(&op[k], &low, &high);
    for (int j = 0; j < n; j++) {
        if (!op[j].written) continue;
        reach(&op[j], &low2, &high2);
        if (meet(low, high, low2, high2)) return true;
    }
    return false;
}

/* The items of a view without gaps; returns the end of the copy. */
static char *gather(char *to, const char *from, const operand *o, int d)
{
    if (d == o->nd) return memcpy(to, from, (size_t)o->size), to + o->size;
    for (int64_t i = 0; i < o->n[d]; i++) to = gather(to, from + i * o->step[d], o, d + 1);
    return to;
}

/* A copy of operand k, which the loop reads instead; NULL with MemoryError set. */
static char *copy_operand(operand *o, int64_t *outer, int64_t *core)
{
    int64_t bytes = o->size;
    for (int d = 0; d < o->nd; d++) bytes *= o->n[d];
    char *copy = hl_malloc((size_t)bytes);
    if (!copy) return hl_raise(HL_ERR_memory, 0, 0), NULL;
    gather(copy, o->at, o, 0);
    int64_t step = o->size;
    for (int d = o->nd - 1; d >= 0; step *= o->n[d--]) *(d ? &core[d - 1] : outer) = step;
    return copy;
}

/* On the calling thread, in rounds of some 30 ms, between which signals are looked for: the loops of the function look by themselves, but only
 * those that take long. */
static hl_status run_rounds(row *r, int64_t cost)
{
    enum { ROUND = 1 << 26 };
    int64_t n = r->dimensions[0], length = cost < ROUND ? ROUND / cost : 1;
    if (n <= length || r->nsym > MAX_SYMBOLS || r->nargs > MAX_OPERANDS) return r->loop(r->context, r->data, r->dimensions, r->strides, NULL);
    for (int64_t begin = 0; begin < n; begin += length)
        if (run_piece(r, begin, n - begin < length ? n : begin + length) || hl_poll()) return -1;
    return 0;
}

static hl_status run_gufunc(row *r, int32_t parallel, int64_t cost)
{
    for (int s = 0; s < r->nsym; s++)
        if (cost < ENOUGH && r->dimensions[1 + s] > 0) cost *= r->dimensions[1 + s];
    int64_t n = r->dimensions[0];
    bool alone = !parallel || n < 2 || n < ENOUGH / cost || hl_pool_threads() < 2;
    return alone || r->nsym > MAX_SYMBOLS || r->nargs > MAX_OPERANDS ? run_rounds(r, cost) : run_pieces(r, 1, cost);
}

/* Runs a gufunc's loop.  NumPy copies an operand that overlaps a written one, except where both are the same view: there it takes every
 * function for an element-wise one.  So that is done here. */
hl_status hl_gufunc_run(void *loop, void *context, char *const *data, const int64_t *dimensions, const int64_t *strides, const int32_t *layout, int32_t parallel, int64_t cost)
{
    int nargs = layout[0] + layout[1], nstrides = nargs, ncopies = 0;
    row r = {(loop_fn)loop, context, data, dimensions, strides, nargs, layout[2]};
    operand op[nargs];
    read_operands(&r, layout, op);
    for (int k = 0; k < nargs; k++) nstrides += op[k].nd - 1;
    char *moved[nargs], *copies[nargs];
    int64_t steps[nstrides], *core = steps + nargs;
    hl_status failed = 0;
    memcpy(moved, data, sizeof moved);
    memcpy(steps, strides, sizeof steps);
    for (int k = 0; k < nargs && !failed; core += op[k++].nd - 1) {
        if (dimensions[0] <= 0 || !is_overwritten(op, nargs, k)) continue;
        moved[k] = copies[ncopies] = copy_operand(&op[k], &steps[k], core);
        failed = !copies[ncopies++];
    }
    r.data = moved, r.strides = steps;
    if (!failed) failed = run_gufunc(&r, parallel, cost);
    while (ncopies > 0) hl_free(copies[--ncopies]);
    return failed ? -1 : 0;
}
