/* What is known about the sign of a float from how it was made: the test for a zero divisor or a negative root is left
 * out where it cannot fail, because a test in a loop keeps the loop from being vectorised.
 *
 *   1.0 / (1.0 + math.exp(-x))        the divisor is at least 1
 *   math.sqrt(dx * dx + dy * dy)      the root's argument is not negative
 *
 * NaN passes every test, so "not negative" means: not negative, or NaN.  Sums and products of floats keep the property (a
 * product may underflow to zero, so positive times positive is only not negative); integers wrap, and do not. */
#include "scalar.h"
#include <string.h>

enum { DEPTH = 8 };
typedef enum sign { ANY, NOT_NEGATIVE, POSITIVE } sign;

static sign of_value(double v) { return v > 0 ? POSITIVE : v == 0 ? NOT_NEGATIVE : ANY; }
static sign least(sign a, sign b) { return a < b ? a : b; }
static sign most(sign a, sign b) { return a > b ? a : b; }

static sign sign_of(const hl_inst *v, int depth);

/* Functions of math and numpy whose values are never negative, whatever the operand. */
static sign of_call(const hl_inst *v, int depth)
{
    static const struct { const char *name; sign sign; } known[] = {
        {"exp", NOT_NEGATIVE}, {"exp2", NOT_NEGATIVE}, {"sqrt", NOT_NEGATIVE}, {"fabs", NOT_NEGATIVE}, {"abs", NOT_NEGATIVE},
        {"absolute", NOT_NEGATIVE}, {"hypot", NOT_NEGATIVE}, {"square", NOT_NEGATIVE}, {"erfc", NOT_NEGATIVE},
        {"acos", NOT_NEGATIVE}, {"acosh", NOT_NEGATIVE}, {"cosh", POSITIVE}, {"dist", NOT_NEGATIVE}};
    const char *dot = v->rule && v->rule->kind == HL_RULE_FUNC ? strrchr(v->rule->key, '.') : NULL;
    if (dot && v->nargs == 1 && !strcmp(dot, ".sqrt") && sign_of(v->args[0], depth) == POSITIVE) return POSITIVE;
    for (size_t k = 0; dot && k < sizeof known / sizeof *known; k++)
        if (!strcmp(known[k].name, dot + 1)) return known[k].sign;
    return ANY;
}

/* May something between a and b, in one block, change memory? */
static bool written_between(const hl_inst *a, const hl_inst *b)
{
    for (const hl_inst *i = a->next; i; i = i->next) {
        if (i == b) return false;
        if (hl_ir_effects(i) & HL_E_WRITE) return true;
    }
    return true;
}

/* Is it the same number?  Items and attributes read twice count: x[i] * x[i]. */
static bool same_value(const hl_inst *a, const hl_inst *b, int depth)
{
    if (a == b || (a->type == b->type && a->type && hl_is_literal(a->type))) return true;
    if (depth == 0 || a->op != b->op || a->rule != b->rule || a->nargs != b->nargs || a->obj != b->obj || a->block != b->block) return false;
    if (a->op != HL_OP_getitem && a->op != HL_OP_getattr && a->op != HL_OP_cast && a->op != HL_OP_sub && a->op != HL_OP_add) return false;
    for (int k = 0; k < a->nargs; k++)
        if (!same_value(a->args[k], b->args[k], depth - 1)) return false;
    return a->op != HL_OP_getitem || !written_between(a, b);
}

/* x * x, x ** 2 */
static bool is_square(const hl_inst *v)
{
    if (v->op == HL_OP_mul) return same_value(v->args[0], v->args[1], 4);
    const hl_inst *n = v->args[1];
    while (n->op == HL_OP_cast) n = n->args[0];
    if (!n->type || !hl_is_literal(n->type)) return false;
    double e = PyFloat_AsDouble(n->type->obj);
    return e == 2 || e == 4 || e == 6 || e == 8;
}

static sign of_float(const hl_inst *v, int depth)
{
    switch (v->op) {
    case HL_OP_add: {
        sign a = sign_of(v->args[0], depth), b = sign_of(v->args[1], depth);
        return a == ANY || b == ANY ? ANY : most(a, b);
    }
    case HL_OP_mul:
        if (is_square(v)) return NOT_NEGATIVE;
        return least(NOT_NEGATIVE, least(sign_of(v->args[0], depth), sign_of(v->args[1], depth)));
    case HL_OP_truediv: return least(NOT_NEGATIVE, least(sign_of(v->args[0], depth), sign_of(v->args[1], depth)));
    case HL_OP_pow: return is_square(v) || sign_of(v->args[0], depth) != ANY ? NOT_NEGATIVE : ANY;
    case HL_OP_pos: return sign_of(v->args[0], depth);
    case HL_OP_call: return of_call(v, depth);
    default: return ANY;
    }
}

static sign sign_of(const hl_inst *v, int depth)
{
    if (!v->type || depth == 0) return ANY;
    if (hl_is_literal(v->type)) {
        const hl_type *t = v->type->elem;
        return hl_is_real(t) ? of_value(PyFloat_AsDouble(v->type->obj)) : ANY;
    }
    if (v->op == HL_OP_cast) return hl_is_number(hl_unliteral(v->args[0]->type)) ? sign_of(v->args[0], depth - 1) : ANY;
    if (v->rule && v->rule->kind == HL_RULE_OP && (v->nargs == 0 || !hl_is_float(hl_unliteral(v->args[0]->type)))) return ANY;
    return v->type->kind == HL_K_FLOAT ? of_float(v, depth - 1) : ANY;
}

bool hl_known_positive(const hl_inst *v) { return sign_of(v, DEPTH) == POSITIVE; }
bool hl_known_not_negative(const hl_inst *v) { return sign_of(v, DEPTH) != ANY; }
