/* Borders of stencils: filled with a constant, or read from elsewhere in the array. */
#include "rt_stencil.h"
#include <string.h>

enum { MAX_DIMS = 64 };

typedef struct frame {
    int nd;
    int64_t item, shape[MAX_DIMS], stride[MAX_DIMS], from[MAX_DIMS], to[MAX_DIMS];
    const char *value;
} frame;

static void fill_line(const frame *f, char *at, int64_t n, int64_t stride)
{
    for (; n > 0; n--, at += stride) memcpy(at, f->value, (size_t)f->item);
}

/* All items of dimensions d …, of those with index lo … hi along d. */
static void fill(const frame *f, int d, char *at, int64_t lo, int64_t hi)
{
    at += lo * f->stride[d];
    if (d == f->nd - 1) {
        fill_line(f, at, hi - lo, f->stride[d]);
        return;
    }
    for (int64_t k = lo; k < hi; k++, at += f->stride[d]) fill(f, d + 1, at, 0, f->shape[d + 1]);
}

/* Two slabs along d; between them, the frame that the other dimensions make. */
static void fill_frame(const frame *f, int d, char *at)
{
    fill(f, d, at, 0, f->from[d]);
    fill(f, d, at, f->to[d], f->shape[d]);
    if (d == f->nd - 1) return;
    at += f->from[d] * f->stride[d];
    for (int64_t k = f->from[d]; k < f->to[d]; k++, at += f->stride[d]) fill_frame(f, d + 1, at);
}

void hl_stencil_border(const int64_t *array, int32_t meta, const int64_t *inside, const void *value)
{
    frame f = {.nd = meta >> 8 & 0xff, .item = meta & 0xff, .value = value};
    char *data;
    memcpy(&data, &array[1], sizeof data);
    for (int d = 0; d < f.nd; d++) {
        f.shape[d] = array[2 + d], f.stride[d] = array[2 + f.nd + d];
        f.from[d] = inside[2 * d], f.to[d] = inside[2 * d + 1];
        if (!f.shape[d]) return;
    }
    fill_frame(&f, 0, data);
}

static int64_t modulo(int64_t i, int64_t n)
{
    int64_t r = i % n;
    return r < 0 ? r + n : r;
}

int64_t hl_stencil_place(int32_t border, int64_t i, int64_t n)
{
    int64_t at;
    switch (border) {
    case HL_PLACE_WRAP: return modulo(i, n);
    case HL_PLACE_REFLECT: at = modulo(i, 2 * n); return at < n ? at : 2 * n - 1 - at;
    case HL_PLACE_MIRROR:
        if (n == 1) return 0;
        at = modulo(i, 2 * n - 2);
        return at < n ? at : 2 * n - 2 - at;
    default: return i < 0 ? 0 : n - 1;
    }
}
