/* Types of a[index], a[index] = v, and of iterating over arrays.
 *
 * An index is an int, a slice, None, ..., an array, a list, or a tuple of those.  hl_index_plan_make spells it out, one item a
 * dimension, for the type rules here and the emission in emit/index.c, so that both agree.
 *
 *   only ints, one for each dimension     the item itself (array_item)
 *   ints, slices, None, ...               a view that borrows the memory (array_view)
 *   one or more arrays among them         a new array (array_fancy): NumPy's "advanced" indexing
 */
#include "array.h"
#include <string.h>

static bool full_slice(const hl_type *t)
{
    return t->kind == HL_K_SLICE && t->items[0]->kind == HL_K_NONE && t->items[1]->kind == HL_K_NONE && t->items[2]->kind == HL_K_NONE;
}

static bool unit_step(const hl_type *t)
{
    int64_t step;
    return t->items[2]->kind == HL_K_NONE || (hl_literal_int(t->items[2], &step) && step == 1);
}

/* Which kind of item a component is; -1: none. */
static int kind_of(const hl_type *t)
{
    const hl_type *u = hl_unliteral(t);
    switch (u->kind) {
    case HL_K_INT: return HL_IX_INT;
    case HL_K_SLICE: return full_slice(u) ? HL_IX_FULL : HL_IX_SLICE;
    case HL_K_NONE: return HL_IX_NEW;
    case HL_K_LIST: return hl_is_int(u->elem) ? HL_IX_ARRAY : -1;
    case HL_K_ARRAY: return u->elem->kind == HL_K_BOOL ? HL_IX_MASK : u->elem->kind == HL_K_INT ? HL_IX_ARRAY : -1;
    default: return -1;
    }
}

/* Is a view made by this plan contiguous when the array is?  C: ints, then at most one slice of step 1, then whole dimensions. */
static char view_layout(const hl_type *array, const hl_index_plan *p)
{
    int n = p->n, nslice = 0;
    bool open = true, c = array->layout == 'C', f = array->layout == 'F';
    if (p->nnew) return 'A';
    for (int k = 0; k < n && c; k++) {
        const hl_index_item *it = &p->at[k];
        if (it->kind == HL_IX_INT) c = open;
        else if (it->kind == HL_IX_SLICE) c = open && unit_step(it->type), open = false, nslice++;
        else open = false;
    }
    open = true;
    for (int k = n - 1; k >= 0 && f; k--) {
        const hl_index_item *it = &p->at[k];
        if (it->kind == HL_IX_INT) f = open;
        else if (it->kind == HL_IX_SLICE) f = open && unit_step(it->type), open = false;
        else open = false;
    }
    return c ? 'C' : f ? (p->ndim == 1 ? 'C' : 'F') : 'A';
}

/* One component of the index into the plan; an ellipsis is remembered by its place. */
static bool add_item(hl_index_plan *p, const hl_type *t, int part, int *used, int *dots, const char **why)
{
    if (t->kind == HL_K_ELLIPSIS) {
        if (*dots >= 0) return *why = "an index can only have a single ellipsis ('...')", false;
        *dots = p->n;
        p->ellipsis = true;
        return true;
    }
    int kind = kind_of(t);
    if (kind < 0) {
        *why = hl_unliteral(t)->kind == HL_K_FLOAT
                   ? "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean arrays are valid indices"
                   : NULL;
        return false;
    }
    if (p->n >= 2 * HL_DIMS) return *why = "too many indices", false;
    p->at[p->n++] = (hl_index_item){(hl_index_kind)kind, hl_unliteral(t), part};
    p->nint += kind == HL_IX_INT, p->nnew += kind == HL_IX_NEW;
    p->nfancy += kind == HL_IX_ARRAY || kind == HL_IX_MASK;
    *used += kind == HL_IX_NEW ? 0 : kind == HL_IX_MASK ? t->ndim : 1;
    return true;
}

bool hl_index_plan_make(const hl_type *array, const hl_type *index, hl_index_plan *p, const char **why)
{
    memset(p, 0, sizeof *p);
    *why = NULL;
    int used = 0, dots = -1, part = 0;
    if (index->kind == HL_K_TUPLE && !index->obj) {
        for (int k = 0; k < index->nitems; k++) {
            if (!add_item(p, index->items[k], part, &used, &dots, why)) return false;
            part += index->items[k]->nparts;
        }
    } else if (!add_item(p, index, 0, &used, &dots, why)) return false;
    int missing = array->ndim - used;
    if (missing < 0) return *why = "too many indices for array", false;
    if (dots < 0) dots = p->n;
    memmove(&p->at[dots + missing], &p->at[dots], sizeof p->at[0] * (size_t)(p->n - dots));
    for (int k = 0; k < missing; k++) p->at[dots + k] = (hl_index_item){HL_IX_FULL, NULL, 0};
    p->n += missing;
    p->ndim = 0;
    for (int k = 0; k < p->n; k++) p->ndim += p->at[k].kind == HL_IX_SLICE || p->at[k].kind == HL_IX_FULL || p->at[k].kind == HL_IX_NEW;
    if (p->ndim > HL_DIMS) return *why = "too many dimensions", false;
    p->layout = view_layout(array, p);
    return true;
}

/* The plan of a site whose operand 0 is an array; false with a reason noted. */
static bool plan_of(hl_site *s, hl_index_plan *p)
{
    const char *why;
    if (!hl_is_array(s->types[0])) return false;
    if (hl_index_plan_make(s->types[0], s->types[1], p, &why)) return true;
    if (why) hl_reject(s, "%s", why);
    else hl_reject(s, "%s cannot index an array", s->types[1]->name);
    return false;
}

static bool is_item(const hl_index_plan *p) { return p->nfancy == 0 && p->ndim == 0 && !p->ellipsis; }

const hl_type *hl_type_array_item(hl_site *s)
{
    hl_index_plan p;
    return plan_of(s, &p) && is_item(&p) ? s->types[0]->elem : NULL;
}

const hl_type *hl_type_array_view(hl_site *s)
{
    hl_index_plan p;
    if (!plan_of(s, &p) || is_item(&p) || p.nfancy) return NULL;
    return hl_type_array(s->types[0]->elem, p.ndim, p.ndim ? p.layout : 'C', s->types[0]->flags);
}

/* --- advanced indices ------------------------------------------------------------------------------------------------------- */

/* Dimensions that the arrays of the index broadcast to (a mask gives one), and of the whole result.  Ints beside arrays
 * are 0-dimensional arrays. */
static int fancy_ndim(const hl_index_plan *p, int *broadcast)
{
    int b = 0;
    for (int k = 0; k < p->n; k++) {
        int nd = p->at[k].kind == HL_IX_ARRAY ? (p->at[k].type->kind == HL_K_LIST ? 1 : p->at[k].type->ndim) : p->at[k].kind == HL_IX_MASK ? 1 : 0;
        if (nd > b) b = nd;
    }
    *broadcast = b;
    return b + p->ndim;
}

static bool fancy_possible(hl_site *s, const hl_index_plan *p)
{
    for (int k = 0; k < p->n; k++)
        if (p->at[k].kind == HL_IX_MASK && p->at[k].type->ndim == 0) return hl_reject(s, "a 0-dimensional boolean index is not supported"), false;
    return true;
}

const hl_type *hl_type_array_fancy(hl_site *s)
{
    hl_index_plan p;
    int b;
    if (!hl_is_array(s->types[0])) return NULL;
    if (!plan_of(s, &p) || !p.nfancy || !fancy_possible(s, &p)) return NULL;
    int nd = fancy_ndim(&p, &b);
    if (nd > HL_DIMS) return NULL;
    if (nd == 0) return hl_reject(s, "an index of 0-dimensional arrays is not supported"), NULL;
    return hl_type_array(s->types[0]->elem, nd, 'C', 0);
}

/* --- stores ------------------------------------------------------------------------------------------------------------------ */

/* May items of type `from` be stored into `to`?  NumPy's assignment casts freely except complex to real. */
static bool storable(hl_site *s, const hl_type *from, const hl_type *to)
{
    from = hl_unliteral(from);
    if (!hl_is_number(from)) return hl_reject(s, "%s cannot be stored in an array of %s", from->name, to->name), false;
    if (hl_is_complex(from) && !hl_is_complex(to)) return hl_reject(s, "a complex number cannot be stored in an array of %s", to->name), false;
    return true;
}

const hl_type *hl_type_array_set_item(hl_site *s)
{
    hl_index_plan p;
    if (!plan_of(s, &p) || !is_item(&p)) return NULL;
    const hl_type *v = s->types[2];
    if (hl_is_array(v) && v->ndim == 0) return NULL; /* a[i] = 0-d array: a store into a 0-d view */
    if (hl_is_array(v)) return hl_reject(s, "setting an array element with a sequence"), NULL;
    if (!storable(s, v, s->types[0]->elem)) return NULL;
    s->types[2] = s->types[0]->elem;
    return hl_T.none;
}

static const hl_type *set_many(hl_site *s, int view_ndim)
{
    const hl_type *v = s->types[2];
    if (v->kind == HL_K_TUPLE || v->kind == HL_K_LIST) return hl_reject(s, "a sequence cannot be stored in a slice; use np.array(...)"), NULL;
    if (!storable(s, hl_item_of(v), s->types[0]->elem)) return NULL;
    if (hl_is_array(v) && v->ndim > view_ndim && v->ndim > HL_DIMS) return NULL;
    return hl_T.none;
}

const hl_type *hl_type_array_set_view(hl_site *s)
{
    hl_index_plan p;
    if (!plan_of(s, &p) || p.nfancy) return NULL;
    if (is_item(&p) && !hl_is_array(s->types[2])) return NULL;
    return set_many(s, p.ndim);
}

const hl_type *hl_type_array_set_fancy(hl_site *s)
{
    hl_index_plan p;
    int b;
    if (!plan_of(s, &p) || !p.nfancy || !fancy_possible(s, &p)) return NULL;
    return set_many(s, fancy_ndim(&p, &b));
}

/* --- iteration ----------------------------------------------------------------------------------------------------------------- */

const hl_type *hl_type_array_iter(hl_site *s)
{
    const hl_type *a = s->types[0];
    if (!hl_is_array(a)) return NULL;
    if (a->ndim == 0) return hl_reject(s, "iteration over a 0-d array"), NULL;
    const hl_type *item = a->ndim == 1 ? a->elem : hl_type_array(a->elem, a->ndim - 1, a->layout == 'C' ? 'C' : 'A', a->flags);
    return hl_type_iter(hl_site_types(s), HL_ITER_ARRAY, &a, 1, item);
}

/* a.flat: an iterator over all items in C order. */
const hl_type *hl_type_array_flat(hl_site *s)
{
    const hl_type *a = s->types[0];
    return hl_type_iter(hl_site_types(s), HL_ITER_FLAT, &a, 1, a->elem);
}

const hl_type *hl_type_array_len(hl_site *s)
{
    if (!hl_is_array(s->types[0])) return NULL;
    if (s->types[0]->ndim == 0) return hl_reject(s, "len() of unsized object"), NULL;
    return hl_T.int64;
}
