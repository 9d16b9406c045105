/* nan_to_num, fill_diagonal, meshgrid: items written by their value or their place. */
#include "call.h"
#include <float.h>

/* --- nan_to_num ------------------------------------------------------------------------------------------------------------------------ */

double hl_replace_special(double x, double nan, double posinf, double neginf)
{
    return x != x ? nan : x > DBL_MAX ? posinf : x < -DBL_MAX ? neginf : x;
}

#define REPLACE(T)                                                                                                     \
    static inline T replaced_##T(T x, const T *with)                                                                   \
    {                                                                                                                  \
        T r = x > with[3] ? with[1] : x;                                                                               \
        r = x < -with[3] ? with[2] : r;                                                                                \
        return x != x ? with[0] : r;                                                                                   \
    }                                                                                                                  \
    static void replace_##T(char *to, int64_t ts, const char *from, int64_t fs, int64_t n, int parts, const double *given) \
    {                                                                                                                  \
        const T with[4] = {(T)given[0], (T)given[1], (T)given[2], (T)given[3]};                                        \
        if (ts == parts * (int64_t)sizeof(T) && fs == ts && ((uintptr_t)to | (uintptr_t)from) % sizeof(T) == 0) {      \
            for (int64_t k = 0; k < n * parts; k++) ((T *)to)[k] = replaced_##T(((const T *)from)[k], with);           \
            return;                                                                                                    \
        }                                                                                                              \
        for (; n > 0; n--, to += ts, from += fs) {                                                                     \
            T x[2];                                                                                                    \
            memcpy(x, from, sizeof *x * (size_t)parts);                                                                \
            for (int k = 0; k < parts; k++) x[k] = replaced_##T(x[k], with);                                           \
            memcpy(to, x, sizeof *x * (size_t)parts);                                                                  \
        }                                                                                                              \
    }
REPLACE(double) REPLACE(float)
#undef REPLACE

/* x, copy, nan, posinf, neginf; without a copy x itself is changed and comes back, borrowed */
hl_status hl_np_nan_to_num(const hl_operand *a, hl_slot *out)
{
    nd x = hl_nd_of(a), r = x;
    bool single = x.npy == NPY_FLOAT || x.npy == NPY_CFLOAT, pairs = hl_npy_is_complex(x.npy), copied = hl_arg_int(&a[1], 1) != 0;
    double most = single ? FLT_MAX : DBL_MAX, with[4] = {hl_arg_float(&a[2], 0), hl_arg_float(&a[3], most), hl_arg_float(&a[4], -most), most};
    if (!hl_npy_is_float(x.npy) && !pairs) { /* whole numbers stay as they are */
        if (copied && hl_nd_contiguous(&r, &x, x.npy)) return 1;
        hl_nd_give(&r, out);
        return 0;
    }
    if (copied && hl_nd_new(&r, x.nd, x.shape, x.npy)) return 1;
    hl_nd_give(&r, out);
    int64_t n = 1, from = 0, to = 0;
    nd source = x.nd ? hl_nd_axis(&x, x.nd - 1, &n, &from) : x, target = r.nd ? hl_nd_axis(&r, r.nd - 1, &n, &to) : r;
    hl_lines ls = hl_lines_of(&source), lt = hl_lines_of(&target);
    for (char *p, *q; hl_line(&ls, &p) && hl_line(&lt, &q);) (single ? replace_float : replace_double)(q, to, p, from, n, pairs ? 2 : 1, with);
    return 0;
}

/* --- fill_diagonal --------------------------------------------------------------------------------------------------------------------- */

/* a, val, wrap: val's items in turn; a tall matrix has one diagonal, or (wrap) one below another with a row between them. */
hl_status hl_np_fill_diagonal(const hl_operand *op, hl_slot *out)
{
    (void)out;
    nd a = hl_nd_of(op), v = hl_nd_of(&op[1]), vs;
    int64_t length = a.shape[0], along = 0;
    for (int k = 0; k < a.nd; k++) {
        if (a.nd > 2 && a.shape[k] != length) return hl_failed_text(&PyExc_ValueError, "All dimensions of input must be of equal length");
        along += a.stride[k];
    }
    bool wrapped = a.nd == 2 && hl_arg_int(&op[2], 0) && a.shape[1] > 0;
    int64_t turns = a.nd > 2 || a.shape[0] < a.shape[1] ? length : wrapped ? (a.shape[0] * a.shape[1] + a.shape[1]) / (a.shape[1] + 1) : a.shape[1];
    int64_t items = hl_nd_size(&v);
    if (!items) return 0;
    if (hl_nd_contiguous(&vs, &v, a.npy)) return 1; /* val may lie in a */
    for (int64_t k = 0; k < turns; k++) {
        char *to = a.data + k * along;
        if (wrapped) to = a.data + k * (a.shape[1] + 1) / a.shape[1] * a.stride[0] + k * (a.shape[1] + 1) % a.shape[1] * a.stride[1];
        const char *from = vs.data + (items == 1 ? 0 : k % items * vs.item);
        if (a.item == 8) memcpy(to, from, 8);
        else memcpy(to, from, (size_t)a.item);
    }
    hl_nd_drop(&vs);
    return 0;
}

/* --- meshgrid -------------------------------------------------------------------------------------------------------------------------- */

/* 1 for indexing="ij", then the vectors: an array of all their sizes for each; "xy" exchanges the first two dimensions. */
hl_status hl_np_meshgrid(const hl_operand *op, hl_slot *out)
{
    int n = hl_count_operands(op + 1);
    bool exchanged = n > 1 && !hl_arg_int(op, 0);
    int64_t shape[HL_CALL_DIMS];
    hl_mem *made[HL_CALL_DIMS];
    for (int k = 0; k < n; k++) {
        nd x = hl_nd_of(&op[1 + k]);
        shape[exchanged && k < 2 ? 1 - k : k] = hl_nd_size(&x);
    }
    for (int k = 0; k < n; k++, out += 2 + 2 * n) {
        nd x = hl_nd_of(&op[1 + k]), items, spread, r = {.owner = NULL};
        hl_status bad = hl_nd_items(&items, &x, x.npy) || hl_nd_out(&r, out, n, shape, x.npy);
        if (!bad) {
            spread = r, spread.data = items.data;
            for (int d = 0; d < n; d++) spread.stride[d] = d == (exchanged && k < 2 ? 1 - k : k) ? items.item : 0;
            hl_nd_copy(&r, &spread);
        }
        if (items.owner) hl_nd_drop(&items);
        made[k] = r.owner;
        for (int j = 0; bad && j < k; j++) hl_release(made[j]);
        if (bad) return 1;
    }
    return 0;
}
