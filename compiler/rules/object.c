/* Types of operations on Python objects: all operands are converted to pyobject, and so is the result unless Python itself
 * guarantees a class (bool, int of len(), float of float()).  Whether Python objects are allowed here at all, and whether
 * this operation is one on them, inference says (hl_site_object). */
#include "rules.h"

static bool objects(hl_site *s)
{
    if (!hl_site_object(s)) return false;
    for (int k = 0; k < s->n; k++) hl_site_box(s, k);
    return true;
}

const hl_type *hl_type_object(hl_site *s) { return objects(s) ? hl_T.pyobject : NULL; }
const hl_type *hl_type_object_bool(hl_site *s) { return objects(s) ? hl_T.boolean : NULL; }
const hl_type *hl_type_object_none(hl_site *s) { return objects(s) ? hl_T.none : NULL; }
const hl_type *hl_type_object_text(hl_site *s) { return objects(s) ? hl_T.str : NULL; }

/* a[i] with a machine integer needs no int object. */
const hl_type *hl_type_object_item(hl_site *s)
{
    const hl_type *i = s->types[1];
    if (!objects(s)) return NULL;
    if (hl_is_int(hl_unliteral(i)) && !hl_is_literal(i) && hl_unliteral(i) != hl_T.uint64) s->types[1] = hl_T.int64;
    return hl_T.pyobject;
}

/* Operand 0 is the code object, which stays what it is. */
const hl_type *hl_type_object_function(hl_site *s)
{
    if (!hl_site_object(s)) return NULL;
    for (int k = 1; k < s->n; k++) hl_site_box(s, k);
    return hl_T.pyobject;
}

const hl_type *hl_type_object_raise(hl_site *s) { return objects(s) ? hl_T.none : NULL; }

/* Instructions that nothing but CPython does. */
static const hl_type *always(hl_site *s, const hl_type *t)
{
    static const struct { int op; const char *what; } named[] = {
        {HL_OP_load_global, "a global variable that is not defined yet"}, {HL_OP_store_global, "assignment to a global variable"},
        {HL_OP_delete_global, "del of a global variable"}, {HL_OP_import, "import of a module that nobody has imported yet"},
        {HL_OP_import_from, "import"}, {HL_OP_with_exit, "with statement"}, {HL_OP_with_enter, "with statement"},
        {HL_OP_with_failed, "with statement"}};
    if (hl_site_allowed(s)) {
        for (int k = 0; k < s->n; k++) hl_site_box(s, k);
        return t;
    }
    for (size_t k = 0; k < sizeof named / sizeof *named; k++)
        if (named[k].op == s->inst->op) hl_reject(s, "%s is not supported in nopython mode", named[k].what);
    return NULL;
}

const hl_type *hl_type_object_always(hl_site *s) { return always(s, hl_T.pyobject); }
const hl_type *hl_type_object_always_none(hl_site *s) { return always(s, hl_T.none); }

/* --- to native values ---------------------------------------------------------------------------------------------------- */

static bool is_object(const hl_type *t) { return t->kind == HL_K_PYOBJECT; }

const hl_type *hl_type_object_len(hl_site *s) { return is_object(s->types[0]) && hl_site_allowed(s) ? hl_T.int64 : NULL; }
const hl_type *hl_type_object_float(hl_site *s) { return is_object(s->types[0]) && hl_site_allowed(s) ? hl_T.float64 : NULL; }
const hl_type *hl_type_object_yes(hl_site *s) { return is_object(s->types[0]) && hl_site_allowed(s) ? hl_T.boolean : NULL; }

/* infer/finish.c puts operator.index in front of each operand that is an object. */
const hl_type *hl_type_object_range(hl_site *s)
{
    bool any = false;
    for (int k = 0; k < s->n; k++) {
        const hl_type *t = hl_unliteral(s->types[k]);
        if (is_object(t)) any = true;
        else if (t->kind != HL_K_OMITTED && !hl_is_intlike(t)) return NULL;
        else if (t->kind != HL_K_OMITTED) s->types[k] = hl_T.int64;
    }
    return any && hl_site_allowed(s) ? hl_T.range : NULL;
}
