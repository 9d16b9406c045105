/* Types of what LAPACK does (runtime/call_lapack.c): matrices of two dimensions; integers become float64, float32 and complex64 stay. */
#include "../infer/infer.h"

static const hl_type *inexact(const hl_type *t) { return hl_is_intlike(t) ? hl_T.float64 : t; }
static const hl_type *real_part(const hl_type *t) { return hl_is_complex(t) ? hl_type_float(t->bits / 2) : t; }
static const hl_type *array(const hl_type *item, int nd) { return hl_type_array(item, nd, 'C', 0); }

/* The item type in which operand 0, a matrix, is computed; NULL: it is none. */
static const hl_type *matrix(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a)) return NULL;
    if (a->ndim != 2) return hl_reject(s, "an array of two dimensions is needed, this one has %d", a->ndim), NULL;
    return inexact(a->elem);
}

const hl_type *hl_type_linalg_slogdet(hl_site *s)
{
    const hl_type *t = matrix(s), *items[2] = {t, hl_T.float64};
    if (t && t->bits / (hl_is_complex(t) ? 2 : 1) == 32) return hl_reject(s, "single precision is not supported: use a.astype(np.float64)"), NULL;
    return t ? hl_type_tuple(hl_site_types(s), items, 2, NULL) : NULL;
}

const hl_type *hl_type_linalg_values(hl_site *s)
{
    const hl_type *t = matrix(s);
    return t ? array(real_part(t), 1) : NULL;
}

const hl_type *hl_type_linalg_eigh(hl_site *s)
{
    const hl_type *t = matrix(s);
    if (!t) return NULL;
    const hl_type *items[2] = {array(real_part(t), 1), array(t, 2)};
    return hl_type_tuple(hl_site_types(s), items, 2, NULL);
}

const hl_type *hl_type_linalg_svd(hl_site *s)
{
    const hl_type *t = matrix(s);
    if (!t) return NULL;
    const hl_type *items[3] = {array(t, 2), array(real_part(t), 1), array(t, 2)};
    return hl_type_tuple(hl_site_types(s), items, 3, NULL);
}

const hl_type *hl_type_linalg_qr(hl_site *s)
{
    const hl_type *t = matrix(s);
    if (!t) return NULL;
    const hl_type *items[2] = {array(t, 2), array(t, 2)};
    return hl_type_tuple(hl_site_types(s), items, 2, NULL);
}

const hl_type *hl_type_linalg_pinv(hl_site *s)
{
    const hl_type *t = matrix(s);
    return t && (s->types[1]->kind == HL_K_OMITTED || s->types[1]->kind == HL_K_NONE || hl_is_real(hl_unliteral(s->types[1]))) ? array(t, 2) : NULL;
}

const hl_type *hl_type_linalg_rank(hl_site *s)
{
    const hl_type *tol = s->types[1];
    return matrix(s) && (tol->kind == HL_K_OMITTED || tol->kind == HL_K_NONE || hl_is_real(hl_unliteral(tol))) ? hl_T.int64 : NULL;
}

const hl_type *hl_type_linalg_cond(hl_site *s)
{
    const hl_type *t = matrix(s);
    return t ? real_part(t) : NULL;
}

/* Whole numbers stay whole. */
const hl_type *hl_type_linalg_power(hl_site *s) { return matrix(s) && hl_is_intlike(hl_unliteral(s->types[1])) ? array(s->types[0]->elem, 2) : NULL; }
