/* Types of attributes of arrays, of arrays as numbers, and of the iterators that NumPy makes. */
#include "array.h"
#include <string.h>

static const hl_type *sizes(hl_site *s)
{
    const hl_type *items[HL_DIMS];
    int nd = s->types[0]->ndim;
    if (nd > HL_DIMS) return hl_reject(s, "arrays of more than %d dimensions are not supported", HL_DIMS), NULL;
    for (int k = 0; k < nd; k++) items[k] = hl_T.int64;
    return hl_type_tuple(hl_site_types(s), items, nd, NULL);
}

static const hl_type *literal(hl_site *s, long v)
{
    return hl_type_literal(hl_site_types(s), hl_keep(hl_site_arena(s), PyLong_FromLong(v)));
}

const hl_type *hl_type_array_sizes(hl_site *s) { return sizes(s); }
const hl_type *hl_type_array_int(hl_site *s) { return hl_is_array(s->types[0]) ? hl_T.int64 : NULL; }
const hl_type *hl_type_array_ndim(hl_site *s) { return hl_is_array(s->types[0]) ? literal(s, s->types[0]->ndim) : NULL; }
const hl_type *hl_type_array_itemsize(hl_site *s) { return literal(s, hl_itemsize(s->types[0]->elem)); }
const hl_type *hl_type_array_dtype(hl_site *s) { return hl_type_dtype(s->types[0]->elem); }

const hl_type *hl_type_array_transposed(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a)) return NULL;
    char layout = a->ndim < 2 ? a->layout : a->layout == 'C' ? 'F' : a->layout == 'F' ? 'C' : 'A';
    return hl_type_array(a->elem, a->ndim, layout, a->flags);
}

/* .real, .imag of a complex array */
const hl_type *hl_type_array_half(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a) || !hl_is_complex(a->elem)) return NULL;
    return hl_type_array(hl_type_float(a->elem->bits / 2), a->ndim, 'A', a->flags);
}

const hl_type *hl_type_array_self(hl_site *s) { return hl_is_array(s->types[0]) && !hl_is_complex(s->types[0]->elem) ? s->types[0] : NULL; }

const hl_type *hl_type_array_no_imag(hl_site *s)
{
    const hl_type *a = s->types[0];
    return hl_is_array(a) && !hl_is_complex(a->elem) ? hl_type_array(a->elem, a->ndim, 'C', 0) : NULL;
}

const hl_type *hl_type_array_truth(hl_site *s) { return hl_is_array(s->types[0]) ? hl_T.boolean : NULL; }
const hl_type *hl_type_array_item_method(hl_site *s) { return hl_is_array(s->types[0]) ? s->types[0]->elem : NULL; }

const hl_type *hl_type_array_to_scalar(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a)) return NULL;
    const char *name = strrchr(s->rule->key, '.') + 1;
    const hl_type *t = !strcmp(name, "float") ? hl_T.float64 : !strcmp(name, "int") ? hl_T.int64 : !strcmp(name, "bool") ? hl_T.boolean : hl_T.complex128;
    if (hl_is_complex(a->elem) && !hl_is_complex(t)) return NULL;
    return t;
}

const hl_type *hl_type_ndenumerate(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a)) return NULL;
    const hl_type *pair[2] = {sizes(s), a->elem};
    const hl_type *item = hl_type_tuple(hl_site_types(s), pair, 2, NULL);
    return hl_type_iter(hl_site_types(s), HL_ITER_NDENUMERATE, &a, 1, item);
}

/* np.ndindex(3, 4) or np.ndindex((3, 4)) */
const hl_type *hl_type_ndindex(hl_site *s)
{
    const hl_type *shape = s->n == 1 && s->types[0]->kind == HL_K_TUPLE ? s->types[0] : NULL;
    int n = shape ? shape->nitems : s->n;
    const hl_type *const *types = shape ? shape->items : s->types;
    const hl_type *items[HL_DIMS], *ints[HL_DIMS];
    if (n > HL_DIMS) return NULL;
    for (int k = 0; k < n; k++) {
        items[k] = hl_unliteral(types[k]), ints[k] = hl_T.int64;
        if (!hl_is_int(items[k])) return NULL;
    }
    const hl_type *over = hl_type_tuple(hl_site_types(s), items, n, NULL);
    return hl_type_iter(hl_site_types(s), HL_ITER_NDINDEX, &over, 1, hl_type_tuple(hl_site_types(s), ints, n, NULL));
}

const hl_type *hl_type_np_shape(hl_site *s) { return hl_is_array(s->types[0]) ? sizes(s) : NULL; }
