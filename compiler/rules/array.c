/* Types of attributes of arrays, of arrays as numbers, and of the iterators that NumPy makes. */
#include "array.h"
#include "rules.h"
#include <string.h>
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/ndarraytypes.h>

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
    if (s->n > 1 && s->types[1]->kind != HL_K_OMITTED && s->types[1]->kind != HL_K_NONE) return NULL; /* the row before said why not */
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
    return hl_is_array(a) && !hl_is_complex(a->elem) ? hl_type_array(a->elem, a->ndim, 'C', HL_T_READONLY) : NULL;
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

/* np.iinfo(t), np.finfo(t): the object itself, made while compiling; its attributes are constants. */
const hl_type *hl_type_np_info(hl_site *s)
{
    static const char *const names[] = {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64", "complex64", "complex128"};
    const hl_type *t = hl_dtype_of(s->types[0], NULL);
    if (!t && hl_is_number(hl_unliteral(s->types[0]))) t = hl_unliteral(s->types[0]);
    if (!t) return hl_reject(s, "%s is not a dtype known while compiling", s->types[0]->name), NULL;
    static const int places[] = {NPY_BOOL, NPY_INT8, NPY_INT16, NPY_INT32, NPY_INT64, NPY_UINT8, NPY_UINT16, NPY_UINT32, NPY_UINT64, NPY_FLOAT32, NPY_FLOAT64, NPY_COMPLEX64, NPY_COMPLEX128};
    const char *name = NULL;
    for (size_t k = 0; k < sizeof places / sizeof *places; k++)
        if (places[k] == hl_type_to_npy(t)) name = names[k];
    PyObject *np = name ? PyImport_ImportModule("numpy") : NULL;
    PyObject *info = np ? PyObject_CallMethod(np, strrchr(s->rule->key, '.') + 1, "s", name) : NULL;
    Py_XDECREF(np);
    if (!info) return NULL;
    return hl_type_const(hl_site_types(s), hl_keep(hl_site_arena(s), info));
}

/* np.result_type of arrays, numbers and dtypes */
const hl_type *hl_type_np_result_type(hl_site *s)
{
    const hl_type *t = NULL;
    for (int k = 0; k < s->n; k++) {
        const hl_type *x = hl_is_array(s->types[k]) ? s->types[k]->elem : hl_is_number(hl_unliteral(s->types[k])) ? hl_unliteral(s->types[k]) : hl_dtype_of(s->types[k], NULL);
        if (!x) return NULL;
        t = t ? hl_promote_array(t, true, x, true) : x;
    }
    return t ? hl_type_dtype(t) : NULL;
}

const hl_type *hl_type_np_dtype(hl_site *s)
{
    const hl_type *t = hl_dtype_of(s->types[0], NULL);
    return t ? hl_type_dtype(t) : NULL;
}

/* a.astype(dtype, copy=False) of what has that dtype already */
const hl_type *hl_type_array_astype_same(hl_site *s)
{
    bool copy = true;
    if (!hl_is_array(s->types[0]) || !hl_literal_bool(s->types[2], &copy) || copy) return NULL;
    return hl_dtype_of(s->types[1], NULL) == s->types[0]->elem ? s->types[0] : NULL;
}

/* a.view(dtype) with items of the same size */
const hl_type *hl_type_array_view_as(hl_site *s)
{
    const hl_type *a = s->types[0], *t = hl_dtype_of(s->types[1], NULL);
    if (!t) return hl_reject(s, "the dtype is not known while compiling"), NULL;
    if (hl_itemsize(t) != hl_itemsize(a->elem)) return hl_reject(s, "a view as items of another size is not supported"), NULL;
    return hl_type_array(t, a->ndim, a->layout, a->flags);
}

/* a.flat[k], a.flat[k] = v */
const hl_type *hl_type_flat_item(hl_site *s)
{
    const hl_type *it = s->types[0];
    if (it->kind != HL_K_ITER || it->ival != HL_ITER_FLAT || !hl_is_int(hl_unliteral(s->types[1]))) return NULL;
    if (s->inst->op == HL_OP_getitem) return it->elem;
    if (!hl_is_number(hl_unliteral(s->types[2])) || (hl_is_complex(hl_unliteral(s->types[2])) && !hl_is_complex(it->elem))) return NULL;
    s->types[2] = it->elem;
    return hl_T.none;
}
