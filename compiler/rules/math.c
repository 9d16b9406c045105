/* Type functions of math, cmath and NumPy's functions of scalars.
 *
 * math: float32 operands give float32 (as in Numba; CPython would give float64), everything else float64.  A call on
 * literals alone is a literal again: x32 * math.sqrt(2.0) stays float32.
 * numpy: NumPy's own result types, except that booleans and 8-bit integers give float32 where NumPy has float16. */
#include "number.h"
#include <string.h>

/* --- math ---------------------------------------------------------------------------------------------------------------- */

/* CPython's own result for literal operands; NULL when some operand is no literal, or when it raises. */
static const hl_type *fold_call(hl_site *s)
{
    PyObject *args[8];
    if (s->n > 8) return NULL;
    int n = 0;
    for (int k = 0; k < s->n; k++) {
        if (s->types[k]->kind == HL_K_OMITTED) continue;
        if (!hl_is_literal(s->types[k]) || n != k) return NULL;
        args[n++] = s->types[k]->obj;
    }
    const char *dot = strchr(s->rule->key, '.');
    PyObject *module = PyImport_ImportModule(dot - s->rule->key == 4 ? "math" : "cmath");
    PyObject *f = module ? PyObject_GetAttrString(module, dot + 1) : NULL;
    PyObject *r = f ? PyObject_Vectorcall(f, args, (size_t)n, NULL) : NULL;
    Py_XDECREF(f);
    Py_XDECREF(module);
    const hl_type *t = hl_literal_of(s, r);
    if (t) s->inst->flags |= HL_I_NORAISE;
    return t;
}

static void may_raise(hl_site *s) { s->inst->flags &= (uint16_t)~HL_I_NORAISE; }

static const hl_type *real_operand(hl_site *s, int k)
{
    const hl_type *t = hl_number(s->types[k]);
    if (t && hl_is_complex(t)) {
        hl_reject(s, "must be real number, not complex");
        return NULL;
    }
    return t;
}

/* All operands real: they meet in float32 or float64, which is also the result. */
static const hl_type *real_function(hl_site *s, bool always_double)
{
    const hl_type *t = NULL;
    may_raise(s);
    for (int k = 0; k < s->n; k++) {
        if (!real_operand(s, k)) return NULL;
        t = k ? hl_promote(t, s->types[k]) : s->types[k];
    }
    const hl_type *r = fold_call(s);
    if (r) return r;
    t = always_double || !t || hl_unliteral(t) != hl_T.float32 ? hl_T.float64 : hl_T.float32;
    for (int k = 0; k < s->n; k++) s->types[k] = t;
    return t;
}

const hl_type *hl_type_math1(hl_site *s) { return real_function(s, false); }
const hl_type *hl_type_math2(hl_site *s) { return real_function(s, false); }
const hl_type *hl_type_math3(hl_site *s) { return real_function(s, true); }
const hl_type *hl_type_hypot(hl_site *s) { return real_function(s, false); }
const hl_type *hl_type_double1(hl_site *s) { return real_function(s, true); }
const hl_type *hl_type_double2(hl_site *s) { return real_function(s, true); }

const hl_type *hl_type_nextafter(hl_site *s)
{
    if (!real_operand(s, 0) || !real_operand(s, 1) || !hl_is_intlike(hl_unliteral(s->types[2]))) return NULL;
    s->types[0] = s->types[1] = hl_T.float64, s->types[2] = hl_T.int64;
    may_raise(s);
    return hl_T.float64;
}

const hl_type *hl_type_math_log(hl_site *s)
{
    if (s->types[1]->kind != HL_K_OMITTED) return real_function(s, false);
    s->n = 1;
    const hl_type *t = real_function(s, false);
    s->n = 2;
    return t;
}

/* Two tuples of real numbers of equal length; they are converted where they are used. */
const hl_type *hl_type_dist(hl_site *s)
{
    const hl_type *p = s->types[0], *q = s->types[1];
    if (p->kind != HL_K_TUPLE || q->kind != HL_K_TUPLE) return NULL;
    if (p->nitems != q->nitems) {
        hl_reject(s, "both points must have the same number of dimensions");
        return NULL;
    }
    for (int k = 0; k < p->nitems; k++)
        if (!hl_is_real(hl_unliteral(p->items[k])) || !hl_is_real(hl_unliteral(q->items[k]))) return NULL;
    return hl_T.float64;
}

static const hl_type *pair(hl_site *s, const hl_type *a, const hl_type *b)
{
    return hl_type_tuple(hl_site_types(s), (const hl_type *const[]){a, b}, 2, NULL);
}

const hl_type *hl_type_ldexp(hl_site *s)
{
    if (!real_operand(s, 0) || !hl_is_intlike(hl_unliteral(s->types[1]))) return NULL;
    const hl_type *r = fold_call(s);
    if (r) return r;
    s->types[0] = hl_T.float64, s->types[1] = hl_T.int64;
    return hl_T.float64;
}

const hl_type *hl_type_frexp(hl_site *s)
{
    if (!real_operand(s, 0)) return NULL;
    s->types[0] = hl_T.float64;
    return pair(s, hl_T.float64, hl_T.int64);
}

const hl_type *hl_type_modf(hl_site *s)
{
    if (!real_operand(s, 0)) return NULL;
    s->types[0] = hl_T.float64;
    return pair(s, hl_T.float64, hl_T.float64);
}

const hl_type *hl_type_math_to_int(hl_site *s)
{
    const hl_type *t = real_operand(s, 0), *r;
    if (!t) return NULL;
    if ((r = fold_call(s))) return r;
    if (hl_is_float(t)) {
        may_raise(s);
        return hl_T.int64;
    }
    s->inst->flags |= HL_I_NORAISE;
    return s->types[0] = hl_is_u64(t) ? t : hl_T.int64;
}

const hl_type *hl_type_math_is(hl_site *s) { return real_operand(s, 0) ? hl_T.boolean : NULL; }

const hl_type *hl_type_isclose(hl_site *s)
{
    bool complex = s->rule->key[0] == 'c';
    for (int k = 0; k < s->n; k++) {
        if (s->types[k]->kind == HL_K_OMITTED) continue;
        bool wide = complex && k < 2;
        if (wide ? !hl_number(s->types[k]) : !real_operand(s, k)) return NULL;
        s->types[k] = wide ? hl_T.complex128 : hl_T.float64;
    }
    may_raise(s);
    return hl_T.boolean;
}

static bool all_ints(hl_site *s)
{
    for (int k = 0; k < s->n; k++) {
        if (s->types[k]->kind == HL_K_OMITTED || s->types[k]->kind == HL_K_NONE) continue;
        const hl_type *t = hl_number(s->types[k]);
        if (!t || !hl_is_intlike(t)) {
            if (t) hl_reject(s, "'%s' object cannot be interpreted as an integer", hl_is_float(t) ? "float" : "complex");
            return false;
        }
        s->types[k] = hl_T.int64;
    }
    return true;
}

const hl_type *hl_type_gcd(hl_site *s) { return all_ints(s) ? hl_T.int64 : NULL; }
const hl_type *hl_type_int_function(hl_site *s) { return all_ints(s) ? hl_T.int64 : NULL; }

/* --- cmath ------------------------------------------------------------------------------------------------------------------- */

static const hl_type *complex_function(hl_site *s, const hl_type *result)
{
    for (int k = 0; k < s->n; k++)
        if (s->types[k]->kind != HL_K_OMITTED) {
            if (!hl_number(s->types[k])) return NULL;
            s->types[k] = hl_T.complex128;
        }
    return result;
}

const hl_type *hl_type_cmath1(hl_site *s) { return complex_function(s, hl_T.complex128); }
const hl_type *hl_type_cmath_log(hl_site *s) { return complex_function(s, hl_T.complex128); }
const hl_type *hl_type_cmath_is(hl_site *s) { return complex_function(s, hl_T.boolean); }
const hl_type *hl_type_phase(hl_site *s) { return complex_function(s, hl_T.float64); }
const hl_type *hl_type_polar(hl_site *s) { return complex_function(s, pair(s, hl_T.float64, hl_T.float64)); }

const hl_type *hl_type_rect(hl_site *s)
{
    for (int k = 0; k < 2; k++) {
        if (!real_operand(s, k)) return NULL;
        s->types[k] = hl_T.float64;
    }
    return hl_T.complex128;
}

/* --- numpy: types ------------------------------------------------------------------------------------------------------------------ */

/* While a row is lifted over arrays, s->types holds items; which operand is an array decides promotion. */
static bool is_array(const hl_site *s, int k)
{
    return s->args && s->args[k] && s->args[k]->type && hl_is_array(s->args[k]->type);
}

const hl_type *hl_numpy_promote(hl_site *s, int k, int l)
{
    const hl_type *a = s->types[k], *b = s->types[l];
    if (!hl_number(a) || !hl_number(b)) return NULL;
    bool x = is_array(s, k), y = is_array(s, l);
    if (!x && !y) x = !hl_is_literal(a), y = !hl_is_literal(b); /* NumPy scalars are strong, literals weak */
    return hl_unliteral(hl_promote_array(a, x, b, y));
}

const hl_type *hl_numpy_float(const hl_type *t)
{
    if (hl_is_float(t)) return t;
    return t->kind == HL_K_BOOL || t->bits <= 16 ? hl_T.float32 : hl_T.float64;
}

static const hl_type *base(hl_site *s, int k) { return hl_number(s->types[k]); }

static const hl_type *no_complex(hl_site *s, const hl_type *t)
{
    if (!t || !hl_is_complex(t)) return t;
    hl_reject(s, "%s is not defined for complex numbers", s->rule->key);
    return NULL;
}

static const hl_type *both(hl_site *s, const hl_type *t) { return t ? s->types[0] = s->types[1] = t : NULL; }

/* --- numpy: one operand ------------------------------------------------------------------------------------------------------------ */

const hl_type *hl_type_np_float(hl_site *s)
{
    const hl_type *t = base(s, 0);
    return t ? s->types[0] = hl_is_complex(t) ? t : hl_numpy_float(t) : NULL;
}

const hl_type *hl_type_np_real(hl_site *s) { return no_complex(s, hl_type_np_float(s)); }
const hl_type *hl_type_np_sinc(hl_site *s)
{
    const hl_type *t = base(s, 0);
    return t ? s->types[0] = hl_is_intlike(t) ? hl_T.float64 : t : NULL;
}

const hl_type *hl_type_np_whole(hl_site *s) { return no_complex(s, base(s, 0)); }

const hl_type *hl_type_np_same(hl_site *s)
{
    const hl_type *t = base(s, 0);
    if (t && t->kind == HL_K_BOOL) {
        static const char *const as_int8[] = {"numpy.square", "numpy.reciprocal", "numpy.conjugate"};
        for (int k = 0; k < 3; k++)
            if (!strcmp(s->rule->key, as_int8[k])) return s->types[0] = hl_T.int8;
        hl_reject(s, "%s is not defined for booleans", s->rule->key);
        return NULL;
    }
    return t;
}

const hl_type *hl_type_np_invert(hl_site *s)
{
    const hl_type *t = base(s, 0);
    return t && hl_is_intlike(t) ? t : NULL;
}

const hl_type *hl_type_np_abs(hl_site *s)
{
    const hl_type *t = base(s, 0);
    if (!t) return NULL;
    return hl_is_complex(t) ? t->bits == 64 ? hl_T.float32 : hl_T.float64 : t;
}

const hl_type *hl_type_np_bit_count(hl_site *s)
{
    const hl_type *t = base(s, 0);
    return t && hl_is_int(t) ? hl_T.uint8 : NULL;
}

const hl_type *hl_type_np_is(hl_site *s) { return base(s, 0) ? hl_T.boolean : NULL; }
const hl_type *hl_type_np_is_real(hl_site *s) { return no_complex(s, base(s, 0)) ? hl_T.boolean : NULL; }

const hl_type *hl_type_np_angle(hl_site *s)
{
    const hl_type *t = base(s, 0);
    if (!t) return NULL;
    s->types[0] = hl_is_complex(t) ? t : hl_numpy_float(t) == hl_T.float32 ? hl_T.complex64 : hl_T.complex128;
    return s->types[0]->bits == 64 ? hl_T.float32 : hl_T.float64;
}

const hl_type *hl_type_np_part(hl_site *s) { return hl_type_np_abs(s); }

/* --- numpy: two operands ------------------------------------------------------------------------------------------------------------- */

const hl_type *hl_type_np_arith(hl_site *s)
{
    const hl_type *t = hl_numpy_promote(s, 0, 1);
    if (t && t->kind == HL_K_BOOL && !strcmp(s->rule->key, "numpy.subtract")) {
        hl_reject(s, "numpy boolean subtract is not supported, use the bitwise_xor or the logical_xor function instead");
        return NULL;
    }
    return both(s, t);
}

const hl_type *hl_type_np_divide(hl_site *s)
{
    const hl_type *t = hl_numpy_promote(s, 0, 1);
    return both(s, t && hl_is_intlike(t) ? hl_T.float64 : t);
}

/* floor_divide, remainder, fmod: booleans count as int8 */
const hl_type *hl_type_np_count(hl_site *s)
{
    const hl_type *t = no_complex(s, hl_numpy_promote(s, 0, 1));
    return both(s, t && t->kind == HL_K_BOOL ? hl_T.int8 : t);
}

const hl_type *hl_type_np_power(hl_site *s)
{
    const hl_type *t = hl_numpy_promote(s, 0, 1);
    return both(s, t && t->kind == HL_K_BOOL ? hl_T.int8 : t);
}

const hl_type *hl_type_np_float_power(hl_site *s)
{
    const hl_type *t = hl_numpy_promote(s, 0, 1);
    return both(s, t ? hl_is_complex(t) ? hl_T.complex128 : hl_T.float64 : NULL);
}

const hl_type *hl_type_np_extreme(hl_site *s) { return both(s, hl_numpy_promote(s, 0, 1)); }

const hl_type *hl_type_np_real2(hl_site *s)
{
    const hl_type *t = no_complex(s, hl_numpy_promote(s, 0, 1));
    return both(s, t ? hl_numpy_float(t) : NULL);
}

const hl_type *hl_type_np_ldexp(hl_site *s)
{
    const hl_type *t = no_complex(s, base(s, 0));
    if (!t || !hl_is_intlike(hl_unliteral(s->types[1]))) return NULL;
    s->types[1] = hl_T.int64;
    return s->types[0] = hl_numpy_float(t);
}

/* Integers, and booleans as they are or as `boolean` says (NULL: refused). */
static const hl_type *np_ints(hl_site *s, const hl_type *boolean)
{
    const hl_type *t = hl_numpy_promote(s, 0, 1), *r = t && t->kind == HL_K_BOOL ? boolean : t;
    if (t && (!r || !hl_is_intlike(r))) {
        hl_reject(s, "%s needs integers, not %s", s->rule->key, t->name);
        return NULL;
    }
    return both(s, r);
}

const hl_type *hl_type_np_gcd(hl_site *s) { return np_ints(s, NULL); }
const hl_type *hl_type_np_bits(hl_site *s) { return np_ints(s, hl_T.boolean); }
const hl_type *hl_type_np_shift(hl_site *s) { return np_ints(s, hl_T.int8); }
const hl_type *hl_type_np_logical(hl_site *s) { return base(s, 0) && base(s, 1) ? hl_T.boolean : NULL; }

/* NumPy compares integers of different signs exactly, and orders complex numbers by real, then imaginary part. */
const hl_type *hl_type_np_compare(hl_site *s)
{
    const hl_type *t = hl_numpy_promote(s, 0, 1), *x = base(s, 0), *y = base(s, 1);
    if (!t) return NULL;
    if (hl_is_intlike(x) && hl_is_intlike(y) && t->kind == HL_K_FLOAT) {
        s->types[0] = hl_is_u64(x) ? hl_T.uint64 : hl_T.int64;
        s->types[1] = hl_is_u64(y) ? hl_T.uint64 : hl_T.int64;
    } else both(s, t);
    return hl_T.boolean;
}

const hl_type *hl_type_np_clip(hl_site *s)
{
    const hl_type *t = no_complex(s, base(s, 0));
    for (int k = 1; k < 3; k++) {
        if (!t || s->types[k]->kind == HL_K_OMITTED || s->types[k]->kind == HL_K_NONE) continue;
        const hl_type *u = no_complex(s, hl_numpy_promote(s, 0, k));
        t = u && t != u ? hl_promote_array(t, true, u, true) : u;
    }
    for (int k = 0; t && k < 3; k++)
        if (hl_number(s->types[k])) s->types[k] = t;
    return t;
}

const hl_type *hl_type_np_round(hl_site *s)
{
    const hl_type *t = base(s, 0);
    if (!t || (s->types[1]->kind != HL_K_OMITTED && !hl_is_intlike(hl_unliteral(s->types[1])))) return NULL;
    if (s->types[1]->kind != HL_K_OMITTED) s->types[1] = hl_T.int64;
    return t->kind == HL_K_BOOL ? s->types[0] = hl_T.float64 : t;
}

const hl_type *hl_type_np_divmod(hl_site *s)
{
    const hl_type *t = hl_type_np_count(s);
    return t ? pair(s, t, t) : NULL;
}

const hl_type *hl_type_np_modf(hl_site *s)
{
    const hl_type *t = hl_type_np_real(s);
    return t ? pair(s, t, t) : NULL;
}

const hl_type *hl_type_np_frexp(hl_site *s)
{
    const hl_type *t = hl_type_np_real(s);
    return t ? pair(s, t, hl_T.int32) : NULL;
}
