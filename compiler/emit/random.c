/* Python's random module: the draws are the runtime's, the arithmetic on them is CPython's, step by step. */
#include "container.h"

static bool given(const hl_inst *v) { return v->type->kind != HL_K_OMITTED; }
static V real(hl_emit *e, hl_inst *i, int k, double otherwise) { return given(i->args[k]) ? hl_one(e, i->args[k]) : hl_f64(e, otherwise); }

void hl_emit_py_random(hl_emit *e, hl_inst *i, V *out)
{
    (void)i;
    out[0] = hl_rtcall(e, HL_RT_pyrandom_random);
}

void hl_emit_py_seed(hl_emit *e, hl_inst *i, V *out)
{
    (void)out;
    hl_rtcall(e, HL_RT_pyrandom_seed, hl_one(e, i->args[0]));
}

/* a + (b - a) * random() */
void hl_emit_py_uniform(hl_emit *e, hl_inst *i, V *out)
{
    V a = hl_one(e, i->args[0]), b = hl_one(e, i->args[1]), u = hl_rtcall(e, HL_RT_pyrandom_random);
    out[0] = LLVMBuildFAdd(e->b, a, LLVMBuildFMul(e->b, LLVMBuildFSub(e->b, b, a, ""), u, ""), "");
}

void hl_emit_py_gauss(hl_emit *e, hl_inst *i, V *out) { out[0] = hl_rtcall(e, HL_RT_pyrandom_gauss, real(e, i, 0, 0), real(e, i, 1, 1)); }
void hl_emit_py_normal(hl_emit *e, hl_inst *i, V *out) { out[0] = hl_rtcall(e, HL_RT_pyrandom_normal, real(e, i, 0, 0), real(e, i, 1, 1)); }

/* -log(1 - random()) / lambd */
void hl_emit_py_exponential(hl_emit *e, hl_inst *i, V *out)
{
    V rate = real(e, i, 0, 1), log = hl_rtcall(e, HL_RT_pyrandom_log);
    hl_check(e, i, LLVMBuildFCmp(e->b, LLVMRealUNE, rate, hl_f64(e, 0), ""), HL_ERR_zero_fdiv, NULL, NULL);
    out[0] = LLVMBuildFDiv(e->b, log, rate, "");
}

static void range_draw(hl_emit *e, hl_inst *i, V low, V high, V *out)
{
    V slot = hl_alloca_slots(e, 1);
    hl_check_status(e, i, hl_rtcall(e, HL_RT_pyrandom_randrange, low, high, slot));
    out[0] = LLVMBuildLoad2(e->b, e->i64, slot, "");
}

void hl_emit_py_randint(hl_emit *e, hl_inst *i, V *out)
{
    range_draw(e, i, hl_one(e, i->args[0]), LLVMBuildAdd(e->b, hl_one(e, i->args[1]), hl_i64(e, 1), ""), out);
}

void hl_emit_py_randrange(hl_emit *e, hl_inst *i, V *out)
{
    if (given(i->args[1])) range_draw(e, i, hl_one(e, i->args[0]), hl_one(e, i->args[1]), out);
    else range_draw(e, i, hl_i64(e, 0), hl_one(e, i->args[0]), out);
}

void hl_emit_py_shuffle(hl_emit *e, hl_inst *i, V *out)
{
    (void)out;
    hl_rtcall(e, HL_RT_pyrandom_shuffle, hl_one(e, i->args[0]));
}
