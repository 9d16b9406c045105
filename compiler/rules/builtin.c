/* Type functions of constructors, builtins, attributes and methods of numbers. */
#include "number.h"
#include <string.h>

static bool omitted(const hl_type *t) { return t->kind == HL_K_OMITTED; }
static bool given(const hl_site *s, int k) { return k < s->n && !omitted(s->types[k]) && s->types[k]->kind != HL_K_NONE; }
static const hl_type *wide(const hl_type *t) { return hl_is_intlike(t) && !hl_is_u64(t) ? hl_T.int64 : t; }
static void may_raise(hl_site *s, bool yes)
{
    if (yes) s->inst->flags &= (uint16_t)~HL_I_NORAISE;
    else s->inst->flags |= HL_I_NORAISE;
}

/* --- constructors ------------------------------------------------------------------------------------------------------ */

/* int("12"), float("inf"), int(True): what is known is computed now, by CPython; what raises there raises at run time or is refused. */
static const hl_type *construct_literal(hl_site *s, PyTypeObject *cls)
{
    return hl_is_literal(s->types[0]) ? hl_literal_of(s, PyObject_CallOneArg((PyObject *)cls, s->types[0]->obj)) : NULL;
}

const hl_type *hl_type_to_int(hl_site *s)
{
    const hl_type *t = s->types[0], *r;
    may_raise(s, false);
    if (omitted(t)) return hl_literal_of(s, PyLong_FromLong(0));
    if ((r = construct_literal(s, &PyLong_Type))) return r;
    if (!(t = hl_number(t))) return NULL;
    if (hl_is_complex(t)) {
        hl_reject(s, "int() argument must be a string, a bytes-like object or a real number, not 'complex'");
        return NULL;
    }
    may_raise(s, hl_is_float(t));
    return hl_T.int64;
}

const hl_type *hl_type_to_float(hl_site *s)
{
    const hl_type *t = s->types[0], *r;
    if (omitted(t)) return hl_literal_of(s, PyFloat_FromDouble(0));
    if ((r = construct_literal(s, &PyFloat_Type))) return r;
    if (!(t = hl_number(t))) return NULL;
    if (hl_is_complex(t)) {
        hl_reject(s, "float() argument must be a string or a real number, not 'complex'");
        return NULL;
    }
    return hl_T.float64;
}

const hl_type *hl_type_to_bool(hl_site *s)
{
    const hl_type *r;
    if (omitted(s->types[0])) return hl_literal_of(s, PyBool_FromLong(0));
    if (!hl_number(s->types[0])) return NULL;
    return (r = construct_literal(s, &PyBool_Type)) ? r : hl_T.boolean;
}

const hl_type *hl_type_to_complex(hl_site *s)
{
    if (given(s, 0) && !hl_number(s->types[0])) return given(s, 1) ? NULL : construct_literal(s, &PyComplex_Type);
    if (given(s, 1) && !hl_number(s->types[1])) return NULL;
    return hl_T.complex128;
}

const hl_type *hl_rule_cast_call(hl_site *s, const hl_type *dtype)
{
    if (!hl_is_number(dtype) || s->n > 1 || (given(s, 0) && !hl_number(s->types[0]))) return NULL;
    return dtype;
}

/* A type object of hotloop.types, called: operand 0 is the type. */
const hl_type *hl_type_cast_call(hl_site *s)
{
    const hl_type *to = hl_dtype_of(s->types[0], NULL);
    if (!to || !hl_is_number(to)) return NULL;
    return !given(s, 1) || hl_number(s->types[1]) ? to : NULL;
}

/* np.float32(x): the row's key names the type */
const hl_type *hl_type_to_numpy(hl_site *s)
{
    static const struct { const char *name; const hl_type **type; } names[] = {
        {"int8", &hl_T.int8}, {"int16", &hl_T.int16}, {"int32", &hl_T.int32}, {"int64", &hl_T.int64},
        {"uint8", &hl_T.uint8}, {"uint16", &hl_T.uint16}, {"uint32", &hl_T.uint32}, {"uint64", &hl_T.uint64},
        {"intp", &hl_T.int64}, {"uintp", &hl_T.uint64}, {"intc", &hl_T.int32}, {"uintc", &hl_T.uint32},
        {"longlong", &hl_T.int64}, {"ulonglong", &hl_T.uint64}, {"float32", &hl_T.float32}, {"float64", &hl_T.float64},
        {"complex64", &hl_T.complex64}, {"complex128", &hl_T.complex128}, {"bool_", &hl_T.boolean}};
    const char *name = strchr(s->rule->key, '.') + 1;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (!strcmp(names[k].name, name)) return hl_rule_cast_call(s, *names[k].type);
    return NULL;
}

/* --- builtins --------------------------------------------------------------------------------------------------------------- */

const hl_type *hl_type_abs(hl_site *s)
{
    const hl_type *t = hl_number(s->types[0]);
    if (!t) return NULL;
    if (hl_is_literal(s->types[0])) {
        const hl_type *r = hl_literal_of(s, PyNumber_Absolute(s->types[0]->obj));
        if (r) return r;
    }
    if (hl_is_complex(t)) return t->bits == 64 ? hl_T.float32 : hl_T.float64;
    return s->types[0] = wide(t);
}

/* min(a, b, …): the operands meet in one type, because a type cannot depend on a value. */
const hl_type *hl_type_minmax(hl_site *s)
{
    if (s->n < 2) return NULL;
    const hl_type *t = s->types[0];
    bool all_bool = true;
    for (int k = 0; k < s->n; k++) {
        const hl_type *x = hl_number(s->types[k]);
        if (!x || hl_is_complex(x)) return NULL;
        all_bool &= x->kind == HL_K_BOOL;
        if (k) t = hl_promote(hl_unliteral(t) == t || k == 1 ? t : hl_unliteral(t), s->types[k]);
    }
    if (all_bool) t = hl_T.boolean;
    for (int k = 0; k < s->n; k++) s->types[k] = t;
    return t;
}

const hl_type *hl_type_round(hl_site *s)
{
    const hl_type *t = hl_number(s->types[0]);
    if (!t || hl_is_complex(t)) return NULL;
    bool digits = given(s, 1);
    if (digits && !hl_is_intlike(hl_unliteral(s->types[1]))) return NULL;
    if (digits) s->types[1] = hl_T.int64;
    may_raise(s, hl_is_float(t) && !digits);
    if (hl_is_float(t)) return digits ? t : hl_T.int64;
    return s->types[0] = wide(t);
}

static const hl_type *pair(hl_site *s, const hl_type *a, const hl_type *b)
{
    return hl_type_tuple(hl_site_types(s), (const hl_type *const[]){a, b}, 2, NULL);
}

const hl_type *hl_type_divmod(hl_site *s)
{
    const hl_type *t = hl_promote(s->types[0], s->types[1]);
    if (!t || hl_is_complex(t)) return NULL;
    s->types[0] = s->types[1] = t;
    return pair(s, t, t);
}

const hl_type *hl_type_pow_mod(hl_site *s)
{
    for (int k = 0; k < 3; k++) {
        if (!hl_is_intlike(hl_unliteral(s->types[k]))) {
            if (hl_number(s->types[k])) hl_reject(s, "pow() 3rd argument not allowed unless all arguments are integers");
            return NULL;
        }
        s->types[k] = hl_T.int64;
    }
    return hl_T.int64;
}

/* --- attributes, methods ------------------------------------------------------------------------------------------------------- */

const hl_type *hl_type_same(hl_site *s) { return hl_number(s->types[0]); }

const hl_type *hl_type_real(hl_site *s)
{
    const hl_type *t = hl_number(s->types[0]);
    if (!t) return NULL;
    if (hl_is_complex(t)) return t->bits == 64 ? hl_T.float32 : hl_T.float64;
    return t->kind == HL_K_BOOL ? hl_T.int64 : t;
}

const hl_type *hl_type_imag(hl_site *s) { return hl_type_real(s); }
const hl_type *hl_type_one(hl_site *s) { return hl_literal_of(s, PyLong_FromLong(1)); }
const hl_type *hl_type_dtype_of(hl_site *s) { return hl_type_dtype(hl_unliteral(s->types[0])); }

/* The Python number of the same kind. */
const hl_type *hl_type_item(hl_site *s)
{
    const hl_type *t = hl_number(s->types[0]);
    if (!t) return NULL;
    return hl_is_complex(t) ? hl_T.complex128 : hl_is_float(t) ? hl_T.float64 : t->kind == HL_K_BOOL ? t : wide(t);
}

const hl_type *hl_type_astype(hl_site *s)
{
    const hl_type *t = hl_dtype_of(s->types[1], NULL);
    return hl_number(s->types[0]) && t && hl_is_number(t) ? t : NULL;
}

const hl_type *hl_type_is_integer(hl_site *s) { return hl_number(s->types[0]) ? hl_T.boolean : NULL; }

const hl_type *hl_type_bit_method(hl_site *s)
{
    const hl_type *t = hl_number(s->types[0]);
    if (!t) return NULL;
    s->types[0] = wide(t);
    return hl_T.int64;
}
