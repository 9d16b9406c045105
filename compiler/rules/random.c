/* Types of Python's random module. */
#include "../infer/infer.h"
#include <string.h>

static bool given(const hl_type *t) { return t->kind != HL_K_OMITTED; }

const hl_type *hl_type_py_random(hl_site *s)
{
    (void)s;
    return hl_T.float64;
}

/* All parameters are real numbers. */
const hl_type *hl_type_py_real(hl_site *s)
{
    for (int k = 0; k < s->n; k++) {
        if (!given(s->types[k])) continue;
        if (!hl_is_real(hl_unliteral(s->types[k]))) return NULL;
        s->types[k] = hl_T.float64;
    }
    return hl_T.float64;
}

static bool integers(hl_site *s)
{
    for (int k = 0; k < s->n; k++) {
        if (!given(s->types[k])) continue;
        if (!hl_is_intlike(hl_unliteral(s->types[k]))) return hl_reject(s, "the arguments must be ints"), false;
        s->types[k] = hl_T.int64;
    }
    return true;
}

const hl_type *hl_type_py_integer(hl_site *s) { return integers(s) ? hl_T.int64 : NULL; }
const hl_type *hl_type_py_seed(hl_site *s) { return integers(s) ? hl_T.none : NULL; }

const hl_type *hl_type_py_shuffle(hl_site *s)
{
    if (s->types[0]->kind == HL_K_LIST) return hl_T.none;
    return hl_reject(s, "a list is needed; np.random.shuffle takes arrays"), NULL;
}
