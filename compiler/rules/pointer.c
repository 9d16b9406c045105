/* Types of pointers and of the arrays made of them. */
#include "array.h"

/* What p[i] is; NULL: nothing. */
static const hl_type *target(hl_site *s)
{
    const hl_type *p = s->types[0];
    if (p->kind != HL_K_POINTER) return NULL;
    if (p->elem->kind == HL_K_NONE) return hl_reject(s, "void * points to nothing in particular; carray(ptr, shape, dtype) makes an array of it"), NULL;
    if (!hl_is_int(hl_unliteral(s->types[1]))) return hl_reject(s, "a pointer is indexed by an int"), NULL;
    return p->elem;
}

const hl_type *hl_type_pointer_item(hl_site *s) { return target(s); }

const hl_type *hl_type_pointer_set(hl_site *s)
{
    const hl_type *t = target(s);
    if (!t) return NULL;
    if (hl_can_cast(s->types[2], t) < 0) return hl_reject(s, "%s cannot be stored where %s is", s->types[2]->name, t->name), NULL;
    s->types[2] = t;
    return hl_T.none;
}

/* carray, farray: ptr, shape, dtype= */
static const hl_type *array_at(hl_site *s, char layout)
{
    const hl_type *p = s->types[0], *given = s->types[2];
    if (p->kind != HL_K_POINTER) return hl_reject(s, "the first argument is a pointer, not %s", p->name), NULL;
    bool is_given = given->kind != HL_K_OMITTED && given->kind != HL_K_NONE, is_void = p->elem->kind == HL_K_NONE;
    const hl_type *dtype = is_given ? hl_dtype_of(given, NULL) : p->elem;
    if (is_void && !is_given) return hl_reject(s, "explicit dtype required for void* argument"), NULL;
    if (!dtype || hl_type_to_npy(dtype) < 0) return hl_reject(s, "items of type %s cannot be those of an array", (dtype ? dtype : given)->name), NULL;
    if (!is_void && dtype != p->elem) return hl_reject(s, "mismatching dtype '%s' for pointer type '%s'", dtype->name, p->name), NULL;
    int nd = hl_shape_ndim(s->types[1]);
    if (nd < 0) return hl_reject(s, "the shape must be an int or a tuple of ints"), NULL;
    return hl_type_array(dtype, nd, nd > 1 ? layout : 'C', 0);
}

const hl_type *hl_type_carray(hl_site *s) { return array_at(s, 'C'); }
const hl_type *hl_type_farray(hl_site *s) { return array_at(s, 'F'); }
