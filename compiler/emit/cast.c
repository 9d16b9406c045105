/* Conversions: everything that `cast` can express, and the constructors int(), float(), np.int8() and so on.
 *
 * A float that does not fit an integer type: int() raises; NumPy's casts, and stores into integer arrays, give what C
 * compilers for x86-64 give (through int32 or int64, then cut off), here without undefined behaviour: LLVM's conversion
 * is poison outside its range, so it is frozen at once. */
#include "scalar.h"

static V int_to_int(hl_emit *e, const hl_type *from, const hl_type *to, V in)
{
    int a = from->kind == HL_K_BOOL ? 1 : from->bits, b = to->bits;
    if (a == b) return in;
    LLVMTypeRef t = hl_scalar_type(e, to);
    if (a > b) return LLVMBuildTrunc(e->b, in, t, "");
    return hl_signed(from) ? LLVMBuildSExt(e->b, in, t, "") : LLVMBuildZExt(e->b, in, t, "");
}

static V frozen(hl_emit *e, V v) { return LLVMIsAInstruction(v) ? LLVMBuildFreeze(e->b, v, "") : v; }

/* A constant outside of the range would stay poison: it becomes what the machine's instruction gives. */
static V to_signed(hl_emit *e, V in, LLVMTypeRef t)
{
    LLVMBool loses;
    if (LLVMIsAConstantFP(in)) {
        double x = LLVMConstRealGetDouble(in, &loses), limit = t == e->i32 ? 0x1p31 : 0x1p63;
        if (!(x > (t == e->i32 ? -limit - 1 : -limit) && x < limit)) return LLVMConstInt(t, t == e->i32 ? 1ULL << 31 : 1ULL << 63, false);
    }
    return frozen(e, LLVMBuildFPToSI(e->b, in, t, ""));
}

static V float_to_int(hl_emit *e, const hl_type *to, V in)
{
    if (to->bits < 32 || to == hl_T.int32) {
        V w = to_signed(e, in, e->i32);
        return to->bits == 32 ? w : LLVMBuildTrunc(e->b, w, hl_scalar_type(e, to), "");
    }
    V s = to_signed(e, in, e->i64);
    if (to->bits == 32) return LLVMBuildTrunc(e->b, s, e->i32, "");
    if (hl_signed(to)) return s;
    V limit = hl_real(e, in, 0x1p63), large = hl_fcmp(e, LLVMRealOGE, in, limit);
    V above = to_signed(e, hl_fbin(e, LLVMFSub, in, limit), e->i64);
    return hl_select(e, large, hl_ibin(e, LLVMXor, above, hl_i64(e, INT64_MIN)), s);
}

V hl_cast1(hl_emit *e, const hl_type *from, const hl_type *to, V in)
{
    from = hl_unliteral(from), to = hl_unliteral(to);
    if (from == to) return in;
    if (to->kind == HL_K_BOOL) return hl_truth(e, from, &in);
    LLVMTypeRef t = hl_scalar_type(e, to);
    if (to->kind == HL_K_FLOAT) {
        if (from->kind == HL_K_FLOAT) return from->bits > to->bits ? LLVMBuildFPTrunc(e->b, in, t, "") : LLVMBuildFPExt(e->b, in, t, "");
        return hl_signed(from) ? LLVMBuildSIToFP(e->b, in, t, "") : LLVMBuildUIToFP(e->b, in, t, "");
    }
    return from->kind == HL_K_FLOAT ? float_to_int(e, to, in) : int_to_int(e, from, to, in);
}

static void number_cast(hl_emit *e, const hl_type *from, const hl_type *to, const V *in, V *out)
{
    if (to->kind == HL_K_COMPLEX) {
        const hl_type *part = hl_real_part(to);
        V re = hl_cast1(e, hl_real_part(from), part, in[0]);
        V im = from->kind == HL_K_COMPLEX ? hl_cast1(e, hl_real_part(from), part, in[1]) : hl_real(e, re, 0);
        out[0] = re, out[1] = im;
    } else if (to->kind == HL_K_BOOL) out[0] = hl_truth(e, from, in);
    else out[0] = hl_cast1(e, hl_real_part(from), to, in[0]); /* complex to real drops the imaginary part, as NumPy does */
}

static void cast_items(hl_emit *e, hl_inst *at, const hl_type *from, const hl_type *to, const V *in, V *out)
{
    for (int k = 0; k < to->nitems; k++) {
        hl_cast(e, at, from->items[k], to->items[k], in, out);
        in += from->items[k]->nparts, out += to->items[k]->nparts;
    }
}

static V empty_part(hl_emit *e, hl_part p) { return LLVMConstNull(hl_part_type(e, p)); }

static void cast_optional(hl_emit *e, hl_inst *at, const hl_type *from, const hl_type *to, const V *in, V *out)
{
    if (to->kind != HL_K_OPTIONAL) { /* the value must be there */
        hl_check(e, at, in[0], HL_ERR_none_value, NULL, NULL);
        hl_cast(e, at, from->elem, to, in + 1, out);
        return;
    }
    if (from->kind == HL_K_NONE) {
        out[0] = hl_bool(e, false);
        for (int k = 0; k < to->elem->nparts; k++) out[1 + k] = empty_part(e, to->elem->parts[k]);
        return;
    }
    bool maybe = from->kind == HL_K_OPTIONAL;
    out[0] = maybe ? in[0] : hl_bool(e, true);
    hl_cast(e, at, maybe ? from->elem : from, to->elem, maybe ? in + 1 : in, out + 1);
}

void hl_cast(hl_emit *e, hl_inst *at, const hl_type *from, const hl_type *to, const V *in, V *out)
{
    from = hl_unliteral(from), to = hl_unliteral(to);
    if (hl_is_number(from) && hl_is_number(to)) {
        number_cast(e, from, to, in, out);
        return;
    }
    if (from != to && (from->kind == HL_K_OPTIONAL || to->kind == HL_K_OPTIONAL)) {
        cast_optional(e, at, from, to, in, out);
        return;
    }
    if (from->kind == to->kind && (to->kind == HL_K_TUPLE || to->kind == HL_K_SLICE) && from->nitems == to->nitems) {
        cast_items(e, at, from, to, in, out);
        return;
    }
    /* the same value under another name: array layouts, bound element types, a constant in place of what it is */
    for (int k = 0; k < to->nparts; k++) out[k] = k < from->nparts ? in[k] : empty_part(e, to->parts[k]);
}

/* --- constructors ------------------------------------------------------------------------------------------------------- */

V hl_float_to_int(hl_emit *e, hl_inst *i, V x)
{
    if (LLVMTypeOf(x) == e->f32) x = LLVMBuildFPExt(e->b, x, e->f64, "");
    V fits = hl_ibin(e, LLVMAnd, hl_fcmp(e, LLVMRealOGE, x, hl_f64(e, -0x1p63)), hl_fcmp(e, LLVMRealOLT, x, hl_f64(e, 0x1p63)));
    if (!LLVMIsConstant(fits)) {
        LLVMBasicBlockRef bad = hl_bb(e, "toint.bad"), ok = hl_bb(e, "toint");
        hl_cond(e, fits, ok, bad);
        hl_at(e, bad);
        hl_rtcall(e, HL_RT_float_to_int_error, x);
        hl_leave(e, i);
        hl_at(e, ok);
    } else {
        V number = hl_fcmp(e, LLVMRealORD, x, x), size = hl_scalar_intrinsic(e, "llvm.fabs", 1, &x);
        hl_check(e, i, number, HL_ERR_float_nan_int, NULL, NULL);
        hl_check(e, i, hl_fcmp(e, LLVMRealUNE, size, hl_f64(e, __builtin_inf())), HL_ERR_float_inf_int, NULL, NULL);
        hl_check(e, i, fits, HL_ERR_float_big_int, NULL, NULL);
    }
    return frozen(e, LLVMBuildFPToSI(e->b, x, e->i64, ""));
}

/* int(x), math.trunc(x) */
void hl_emit_to_int(hl_emit *e, hl_inst *i, V *out)
{
    if (!hl_given(i, 0)) out[0] = hl_i64(e, 0);
    else if (hl_arg_type(i, 0)->kind == HL_K_FLOAT) out[0] = hl_float_to_int(e, i, hl_arg(e, i, 0)[0]);
    else hl_operand(e, i, 0, hl_scalar_of(i->type), out);
}

/* Is integer v, of type `from`, the same in type `to`? */
static V same_in(hl_emit *e, const hl_type *from, const hl_type *to, V v)
{
    V there = hl_cast1(e, from, to, v), back = hl_cast1(e, to, from, there), ok = hl_icmp(e, LLVMIntEQ, back, v);
    if (hl_signed(from) == hl_signed(to)) return ok; /* else the highest bit is the sign on one side alone */
    V negative = hl_icmp(e, LLVMIntSLT, hl_signed(to) ? there : v, hl_int(e, hl_signed(to) ? there : v, 0));
    return LLVMBuildAnd(e->b, ok, LLVMBuildNot(e->b, negative, ""), "");
}

void hl_check_narrowed(hl_emit *e, hl_inst *i, const hl_type *from, const hl_type *to, V v)
{
    from = hl_unliteral(from);
    hl_check(e, i, same_in(e, from, to, v), HL_ERR_int_narrow, from->bits == 64 ? v : hl_cast1(e, from, hl_T.int64, v), hl_i64(e, to->bits));
}

static void convert(hl_emit *e, hl_inst *i, int operand, V *out)
{
    const hl_type *to = hl_scalar_of(i->type);
    if (hl_given(i, operand) && hl_must_fit(i)) hl_check_narrowed(e, i, hl_arg_type(i, operand), to, hl_arg(e, i, operand)[0]);
    if (hl_given(i, operand)) hl_operand(e, i, operand, to, out);
    else
        for (int k = 0; k < to->nparts; k++) out[k] = empty_part(e, to->parts[k]);
}

/* Every other constructor of one operand: operand 0 converted to the result, unchecked. */
void hl_emit_to_number(hl_emit *e, hl_inst *i, V *out) { convert(e, i, 0, out); }
void hl_emit_cast_call(hl_emit *e, hl_inst *i, V *out) { convert(e, i, 1, out); }

/* complex(a, b) = a + b*1j, without the multiplication */
void hl_emit_to_complex(hl_emit *e, hl_inst *i, V *out)
{
    V a[2], b[2];
    hl_emit_to_number(e, i, a);
    if (hl_given(i, 1)) {
        hl_operand(e, i, 1, hl_T.complex128, b);
        if (hl_arg_type(i, 1)->kind == HL_K_COMPLEX) a[0] = hl_fbin(e, LLVMFSub, a[0], b[1]);
        a[1] = hl_arg_type(i, 0)->kind == HL_K_COMPLEX ? hl_fbin(e, LLVMFAdd, a[1], b[0]) : b[0];
    }
    out[0] = a[0], out[1] = a[1];
}
