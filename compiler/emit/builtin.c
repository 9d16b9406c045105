/* Builtins, attributes and methods of numbers. */
#include "scalar.h"

/* --- abs min max ------------------------------------------------------------------------------------------------------ */

void hl_abs(hl_emit *e, const hl_type *t, const V *a, V *out)
{
    if (t->kind == HL_K_COMPLEX) out[0] = hl_complex_abs(e, a);
    else if (t->kind == HL_K_FLOAT) out[0] = hl_scalar_intrinsic(e, "llvm.fabs", 1, a);
    else if (!hl_signed(t)) out[0] = a[0];
    else {
        V negative = hl_icmp(e, LLVMIntSLT, a[0], hl_int(e, a[0], 0));
        out[0] = hl_select(e, negative, LLVMBuildNeg(e->b, a[0], ""), a[0]);
    }
}

void hl_emit_abs(hl_emit *e, hl_inst *i, V *out)
{
    V *x = hl_arg(e, i, 0);
    if (hl_must_fit(i) && hl_is_int(hl_arg_type(i, 0)) && hl_signed(hl_arg_type(i, 0)) && hl_arg_type(i, 0)->bits == 64)
        hl_check_fits(e, i, hl_icmp(e, LLVMIntNE, x[0], hl_int(e, x[0], INT64_MIN)));
    hl_abs(e, hl_arg_type(i, 0), x, out);
}

/* As CPython: the first one stays unless a later one is strictly smaller (larger); NaN is never either. */
void hl_emit_minmax(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_scalar_of(i->type);
    bool max = i->rule->key[sizeof "builtins.m" - 1] == 'a';
    V best = hl_operand1(e, i, 0, t);
    for (int k = 1; k < i->nargs; k++) {
        V x = hl_operand1(e, i, k, t);
        best = hl_select(e, hl_compare(e, max ? HL_OP_gt : HL_OP_lt, t, &x, &best), x, best);
    }
    out[0] = best;
}

/* --- round divmod pow ---------------------------------------------------------------------------------------------------- */

void hl_emit_round(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_arg_type(i, 0);
    V x = hl_arg(e, i, 0)[0];
    bool digits = hl_given(i, 1);
    V n = digits ? hl_operand1(e, i, 1, hl_T.int64) : NULL;
    if (t->kind != HL_K_FLOAT) out[0] = digits ? hl_rtcall(e, HL_RT_int_round_digits, x, n) : x;
    else if (!digits) {
        V whole = hl_scalar_intrinsic(e, "llvm.roundeven", 1, &x);
        out[0] = hl_float_to_int(e, i, whole);
    } else {
        V r = hl_rtcall(e, HL_RT_round_digits, hl_cast1(e, t, hl_T.float64, x), n);
        out[0] = hl_cast1(e, hl_T.float64, t, r);
    }
}

void hl_emit_divmod(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_arg_type(i, 0);
    V *a = hl_arg(e, i, 0), *b = hl_arg(e, i, 1);
    if (hl_raises(e, i)) {
        V zero = t->kind == HL_K_FLOAT ? hl_fcmp(e, LLVMRealUNE, b[0], hl_real(e, b[0], 0)) : hl_icmp(e, LLVMIntNE, b[0], hl_int(e, b[0], 0));
        hl_check(e, i, zero, t->kind == HL_K_FLOAT ? HL_ERR_zero_fdivmod : HL_ERR_zero_floordiv, NULL, NULL);
    }
    hl_arith(e, NULL, HL_OP_floordiv, t, a, b, &out[0]);
    hl_arith(e, NULL, HL_OP_mod, t, a, b, &out[1]);
}

void hl_emit_pow_mod(hl_emit *e, hl_inst *i, V *out)
{
    V a[3], at = hl_alloca(e, e->i64, "powmod");
    for (int k = 0; k < 3; k++) a[k] = hl_operand1(e, i, k, hl_T.int64);
    hl_check_status(e, i, hl_rtcall(e, HL_RT_int_pow_mod, a[0], a[1], a[2], at));
    out[0] = LLVMBuildLoad2(e->b, e->i64, at, "");
}

/* --- attributes, methods ---------------------------------------------------------------------------------------------------- */

void hl_emit_real(hl_emit *e, hl_inst *i, V *out) { out[0] = hl_arg(e, i, 0)[0]; }

void hl_emit_imag(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_scalar_of(i->type);
    out[0] = hl_arg_type(i, 0)->kind == HL_K_COMPLEX ? hl_arg(e, i, 0)[1] : LLVMConstNull(hl_scalar_type(e, t));
}

void hl_emit_conjugate(hl_emit *e, hl_inst *i, V *out)
{
    V *a = hl_arg(e, i, 0);
    out[0] = a[0];
    if (hl_arg_type(i, 0)->kind == HL_K_COMPLEX) out[1] = hl_fneg(e, a[1]);
}

void hl_emit_is_integer(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = hl_arg_type(i, 0);
    if (t->kind != HL_K_FLOAT) {
        out[0] = hl_bool(e, true);
        return;
    }
    V x = hl_arg(e, i, 0)[0], finite = hl_fcmp(e, LLVMRealONE, hl_scalar_intrinsic(e, "llvm.fabs", 1, &x), hl_real(e, x, __builtin_inf()));
    out[0] = hl_ibin(e, LLVMAnd, finite, hl_fcmp(e, LLVMRealOEQ, hl_scalar_intrinsic(e, "llvm.floor", 1, &x), x));
}

void hl_emit_bit_length(hl_emit *e, hl_inst *i, V *out)
{
    V size, zeros;
    hl_abs(e, hl_arg_type(i, 0), hl_arg(e, i, 0), &size);
    zeros = hl_scalar_intrinsic(e, "llvm.ctlz", 2, (V[]){size, hl_bool(e, false)});
    out[0] = hl_ibin(e, LLVMSub, hl_i64(e, 64), zeros);
}

void hl_emit_bit_count(hl_emit *e, hl_inst *i, V *out)
{
    V size;
    hl_abs(e, hl_arg_type(i, 0), hl_arg(e, i, 0), &size);
    out[0] = hl_scalar_intrinsic(e, "llvm.ctpop", 1, &size);
}
