/* overflow="raise": which instructions check that their integer result fits.
 *
 * Such instructions get HL_I_OVERFLOW: they may raise then, for inference and every later pass, and emission checks (emit/number.c).  Integers compute in 64
 * bits; what is narrowed, by np.int8(x) or a store into an array of int8, must fit as well.  Arithmetic on whole arrays is NumPy's, which wraps.
 *
 * The bounds pass takes the flag away again from the arithmetic of an index when it knows that nothing in it can be large.
 */
#include "../compile.h"
#include "private.h"
#include <string.h>

static bool is_word(const hl_type *t) { return t && t->kind == HL_K_INT && t->bits == 64; }

static bool is_signed_word(const hl_type *t) { return is_word(t) && t->flags & HL_T_SIGNED; }

static bool scalars(const hl_inst *i)
{
    for (int k = 0; k < i->nargs; k++)
        if (!hl_is_intlike(hl_unliteral(i->args[k]->type))) return false;
    return true;
}

/* A divisor of -1 alone makes a quotient that does not fit. */
static bool may_be_minus_one(const hl_inst *divisor)
{
    return !hl_is_literal(divisor->type) || divisor->type->ival == -1;
}

static bool narrows(const hl_type *from, const hl_type *to)
{
    if (from->kind != HL_K_INT || to->kind != HL_K_INT) return false;
    bool s = from->flags & HL_T_SIGNED, t = to->flags & HL_T_SIGNED;
    return from->bits - s > to->bits - t || (s && !t);
}

static bool may_overflow(const hl_inst *i)
{
    static const char *const calls[] = {"operator.add", "operator.sub", "operator.mul", "operator.pow", "operator.lshift", "operator.neg", "operator.floordiv",
                                        "builtins.abs", "builtins.pow", "builtins.sum"};
    if (!i->rule || !i->type || hl_is_literal(i->type)) return false;
    switch (i->op) {
    case HL_OP_add: case HL_OP_sub: case HL_OP_mul: case HL_OP_pow: case HL_OP_lshift: return is_word(i->type) && scalars(i);
    case HL_OP_neg: return is_signed_word(i->type) && scalars(i);
    case HL_OP_floordiv: return is_signed_word(i->type) && scalars(i) && may_be_minus_one(i->args[1]);
    case HL_OP_setitem: return hl_is_array(i->args[0]->type) && i->args[2]->op == HL_OP_cast && narrows(hl_unliteral(i->args[2]->args[0]->type), hl_unliteral(i->args[2]->type));
    case HL_OP_call: break;
    default: return false;
    }
    if (i->rule->kind != HL_RULE_FUNC || !i->nargs) return false;
    for (size_t k = 0; k < sizeof calls / sizeof *calls; k++)
        if (!strcmp(i->rule->key, calls[k])) return is_word(i->type);
    return i->nargs == 1 && !strncmp(i->rule->key, "numpy.", 6) && strstr(i->rule->key, "int") && narrows(hl_unliteral(i->args[0]->type), i->type);
}

static bool wanted(const hl_cx *cx, const hl_func *f) { return f->options ? f->options->overflow_raise : cx->rq->options.overflow_raise; }

void hl_infer_overflow(hl_cx *cx, hl_inst *i)
{
    if (wanted(cx, i->block->func) && may_overflow(i)) i->flags |= HL_I_OVERFLOW;
}

/* Once all types are known, and what is converted before it is stored. */
int hl_pass_overflow(hl_cx *cx)
{
    for (int k = 0; k < cx->funcs.n; k++) {
        hl_func *f = cx->funcs.at[k];
        if (!wanted(cx, f)) continue;
        for (int b = 0; b < f->blocks.n; b++)
            for (hl_inst *i = f->blocks.at[b]->first; i; i = i->next)
                if (may_overflow(i)) i->flags |= HL_I_OVERFLOW;
    }
    return 0;
}
