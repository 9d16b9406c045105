/* The number table: which type two numbers meet in (docs/differences.md, "Number types").
 *
 *   arithmetic on scalars   integers compute in 64 bits; a literal is weak (NEP 50); float32 with an integer variable of
 *                           at most 16 bits stays float32; uint64 with a signed variable gives float64
 *   element-wise            NumPy's promotion; beside an array a scalar of the same or a lower kind is weak
 *   unify (phi)             the narrowest type that holds both values; literals are strong
 */
#include "types.h"
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/ndarraytypes.h>
#include <string.h>

/* bool < int < float < complex */
static int rank(const hl_type *t)
{
    switch (t->kind) {
    case HL_K_BOOL: return 0;
    case HL_K_INT: return 1;
    case HL_K_FLOAT: return 2;
    case HL_K_COMPLEX: return 3;
    default: return -1;
    }
}

static bool is_signed(const hl_type *t) { return t->kind == HL_K_INT && (t->flags & HL_T_SIGNED); }
static bool is_u64(const hl_type *t) { return t == hl_T.uint64; }

/* NumPy's promote_types on two scalar types. */
static const hl_type *numpy_promote(const hl_type *a, const hl_type *b)
{
    if (a == b) return a;
    int ra = rank(a), rb = rank(b);
    if (ra > rb) return numpy_promote(b, a);
    if (ra == 0) return b; /* bool with anything */
    if (ra == 1 && rb == 1) {
        if (is_signed(a) == is_signed(b)) return a->bits > b->bits ? a : b;
        const hl_type *s = is_signed(a) ? a : b, *u = is_signed(a) ? b : a;
        if (s->bits > u->bits) return s;
        return u->bits == 64 ? hl_T.float64 : hl_type_int(u->bits * 2, true);
    }
    if (rb == 2) {
        if (ra == 1) return b->bits == 64 || a->bits > 16 ? hl_T.float64 : hl_T.float32;
        return hl_T.float64; /* float32 with float64 */
    }
    if (ra == 1) return b->bits == 128 || a->bits > 16 ? hl_T.complex128 : hl_T.complex64;
    if (ra == 2) return b->bits == 128 || a->bits == 64 ? hl_T.complex128 : hl_T.complex64;
    return hl_T.complex128;
}

/* A weak number of rank r beside the strong type t. */
static const hl_type *weak_beside(int r, const hl_type *t)
{
    int rt = rank(t);
    if (r <= rt) return t;
    if (r == 1) return hl_T.int64;                                              /* bool beside int */
    if (r == 2) return hl_T.float64;                                            /* bool, int beside float */
    return rt == 2 && t->bits == 32 ? hl_T.complex64 : hl_T.complex128;
}

const hl_type *hl_promote(const hl_type *a, const hl_type *b)
{
    bool la = hl_is_literal(a), lb = hl_is_literal(b);
    const hl_type *x = hl_unliteral(a), *y = hl_unliteral(b);
    int rx = rank(x), ry = rank(y), r = rx > ry ? rx : ry;
    if (rx < 0 || ry < 0) return NULL;
    if (r <= 1) {
        if (is_u64(x) || is_u64(y)) {
            const hl_type *other = is_u64(x) ? y : x;
            bool weak = is_u64(x) ? lb : la;
            return weak || !is_signed(other) ? hl_T.uint64 : hl_T.float64;
        }
        return hl_T.int64;
    }
    if (la && !lb && rx >= 1) return weak_beside(rx, y);
    if (lb && !la && ry >= 1) return weak_beside(ry, x);
    return numpy_promote(x, y);
}

const hl_type *hl_promote_array(const hl_type *a, bool a_array, const hl_type *b, bool b_array)
{
    const hl_type *x = hl_unliteral(a), *y = hl_unliteral(b);
    int rx = rank(x), ry = rank(y);
    if (rx < 0 || ry < 0) return NULL;
    if (a_array && !b_array) return hl_is_literal(b) || ry <= rx || ry == 3 ? weak_beside(ry, x) : numpy_promote(x, y);
    if (b_array && !a_array) return hl_promote_array(b, true, a, false);
    return numpy_promote(x, y);
}

/* --- unify ---------------------------------------------------------------------------------------------------------------- */

static const hl_type *unify_numbers(const hl_type *a, const hl_type *b)
{
    const hl_type *x = hl_unliteral(a), *y = hl_unliteral(b);
    /* h = 0; h ^= u64 stays uint64: a literal that is not negative belongs to both */
    if (is_u64(x) && hl_is_literal(b) && y == hl_T.int64 && b->ival >= 0) return x;
    if (is_u64(y) && hl_is_literal(a) && x == hl_T.int64 && a->ival >= 0) return y;
    if (rank(x) == 0 && rank(y) == 1) return y;
    if (rank(y) == 0 && rank(x) == 1) return x;
    return numpy_promote(x, y);
}

static const hl_type *unify_items(hl_interner *in, const hl_type *a, const hl_type *b)
{
    if (a->nitems != b->nitems) return NULL;
    if (a->kind == HL_K_TUPLE && a->obj != b->obj) return NULL;
    const hl_type *items[a->nitems ? a->nitems : 1];
    for (int k = 0; k < a->nitems; k++)
        if (!(items[k] = hl_unify(in, a->items[k], b->items[k]))) return NULL;
    return a->kind == HL_K_TUPLE ? hl_type_tuple(in, items, a->nitems, a->obj)
                                 : hl_type_slice(in, items[0], items[1], items[2]);
}

const hl_type *hl_unify(hl_interner *in, const hl_type *a, const hl_type *b)
{
    if (a == b || b->kind == HL_K_UNKNOWN) return a;
    if (a->kind == HL_K_UNKNOWN) return b;
    const hl_type *x = hl_unliteral(a), *y = hl_unliteral(b);
    if (rank(x) >= 0 && rank(y) >= 0) return unify_numbers(a, b);
    if (x->kind == HL_K_NONE || y->kind == HL_K_NONE) {
        const hl_type *other = x->kind == HL_K_NONE ? y : x;
        return hl_type_optional(in, hl_unliteral_deep(in, other));
    }
    if (x->kind == HL_K_OPTIONAL || y->kind == HL_K_OPTIONAL) {
        const hl_type *u = hl_unify(in, x->kind == HL_K_OPTIONAL ? x->elem : x, y->kind == HL_K_OPTIONAL ? y->elem : y);
        return u ? hl_type_optional(in, hl_unliteral_deep(in, u)) : NULL;
    }
    if (x->kind != y->kind) return NULL;
    switch (x->kind) {
    case HL_K_STR: return hl_T.str;
    case HL_K_TUPLE: case HL_K_SLICE: return unify_items(in, x, y);
    case HL_K_ARRAY:
        if (x->elem != y->elem || x->ndim != y->ndim) return NULL;
        return hl_type_array(x->elem, x->ndim, x->layout == y->layout ? x->layout : 'A', x->flags | y->flags);
    case HL_K_EXCEPTION: return hl_T.exception;
    default: return x == y ? x : NULL;
    }
}

/* --- conversions of arguments (docs/conversions.md) -------------------------------------------------------------------------- */

static int number_cast(const hl_type *from, const hl_type *to)
{
    int rf = rank(from), rt = rank(to);
    if (rf > rt) return rf == 3 || rt == 0 ? -1 : 3; /* float to int is unsafe, complex to real impossible */
    if (rf == rt) {
        if (rf == 1) {
            if (is_signed(from) == is_signed(to)) return to->bits > from->bits ? 1 : 3;
            return is_signed(to) && to->bits > from->bits ? 1 : 3;
        }
        return to->bits > from->bits ? 1 : 3;
    }
    if (rf == 0) return rt == 1 ? 1 : 2;
    if (rf == 1) return to->bits / (rt == 3 ? 2 : 1) > from->bits || (to->bits / (rt == 3 ? 2 : 1) == 64) ? 2 : 3;
    return to->bits / 2 >= from->bits ? 2 : 3; /* float to complex */
}

int hl_can_cast(const hl_type *from, const hl_type *to)
{
    from = hl_unliteral(from);
    if (from == to) return 0;
    if (rank(from) >= 0 && rank(to) >= 0) return number_cast(from, to);
    if (to->kind == HL_K_OPTIONAL) {
        if (from->kind == HL_K_NONE) return 1;
        int c = hl_can_cast(from->kind == HL_K_OPTIONAL ? from->elem : from, to->elem);
        return c < 0 ? -1 : c > 1 ? c : 1;
    }
    if (from->kind != to->kind) return -1;
    if (from->kind == HL_K_ARRAY)
        return from->elem == to->elem && from->ndim == to->ndim && (from->layout == to->layout || to->layout == 'A') &&
                       !(from->flags & ~to->flags) ? 1 : -1;
    if (from->kind == HL_K_TUPLE && from->nitems == to->nitems && (!to->obj || from->obj == to->obj)) {
        int worst = 0;
        for (int k = 0; k < from->nitems; k++) {
            int c = hl_can_cast(from->items[k], to->items[k]);
            if (c < 0) return -1;
            if (c > worst) worst = c;
        }
        return worst;
    }
    return -1;
}

/* --- NumPy's type numbers ------------------------------------------------------------------------------------------------------- */

int hl_type_to_npy(const hl_type *t)
{
    t = hl_unliteral(t);
    switch (t->kind) {
    case HL_K_BOOL: return NPY_BOOL;
    case HL_K_INT:
        switch (t->bits) {
        case 8: return is_signed(t) ? NPY_INT8 : NPY_UINT8;
        case 16: return is_signed(t) ? NPY_INT16 : NPY_UINT16;
        case 32: return is_signed(t) ? NPY_INT32 : NPY_UINT32;
        default: return is_signed(t) ? NPY_INT64 : NPY_UINT64;
        }
    case HL_K_FLOAT: return t->bits == 32 ? NPY_FLOAT32 : NPY_FLOAT64;
    case HL_K_COMPLEX: return t->bits == 64 ? NPY_COMPLEX64 : NPY_COMPLEX128;
    default: return -1;
    }
}

const hl_type *hl_type_from_npy(int n)
{
    switch (n) {
    case NPY_BOOL: return hl_T.boolean;
    case NPY_BYTE: return hl_T.int8;
    case NPY_UBYTE: return hl_T.uint8;
    case NPY_SHORT: return hl_T.int16;
    case NPY_USHORT: return hl_T.uint16;
    case NPY_INT: return hl_T.int32;
    case NPY_UINT: return hl_T.uint32;
    case NPY_LONG: return hl_type_int(8 * (int)sizeof(long), true);
    case NPY_ULONG: return hl_type_int(8 * (int)sizeof(long), false);
    case NPY_LONGLONG: return hl_T.int64;
    case NPY_ULONGLONG: return hl_T.uint64;
    case NPY_FLOAT: return hl_T.float32;
    case NPY_DOUBLE: return hl_T.float64;
    case NPY_CFLOAT: return hl_T.complex64;
    case NPY_CDOUBLE: return hl_T.complex128;
    default: return NULL;
    }
}
