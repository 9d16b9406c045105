/* sum, min, max, any, all over whatever can be iterated.  Tuples are unrolled; the rest is a loop whose accumulator
 * LLVM's SROA turns into a phi. */
#include "container.h"
#include "scalar.h"
#include "iterate.h"
#include <math.h>
#include <string.h>

typedef struct fold {
    hl_inst *i;
    const hl_type *type;  /* of the accumulator */
    V acc, has, error;    /* allocas: accumulator slots; was there an item; rounding errors of a float sum */
    LLVMBasicBlockRef done;
} fold;

typedef void (*fold_step)(hl_emit *e, fold *f, const hl_type *t, const V *item);

/* Calls step for each item of operand 0; a step may branch to f->done. */
static void each(hl_emit *e, fold *f, fold_step step)
{
    const hl_type *over = f->i->args[0]->type;
    V *p = hl_arg(e, f->i, 0);
    if (over->kind == HL_K_TUPLE) {
        f->done = hl_bb(e, "each.done");
        for (int k = 0; k < over->nitems; p += over->items[k]->nparts, k++) step(e, f, over->items[k], p);
        hl_br(e, f->done);
        hl_at(e, f->done);
        return;
    }
    hl_loop l;
    hl_loop_begin(e, f->i, over, p, f->i->args[0], &l);
    f->done = l.done;
    step(e, f, l.elem, l.item);
    hl_loop_end(e, &l);
}

static void get(hl_emit *e, fold *f, V *out) { hl_load_slots(e, f->type, f->acc, out); }
static void set(hl_emit *e, fold *f, const V *parts) { hl_store_slots(e, f->type, parts, f->acc); }

/* --- sum ------------------------------------------------------------------------------------------------------------------ */

/* From Python 3.12 on, sum() of floats carries the rounding errors along: Neumaier, "Rundungsfehleranalyse einiger
 * Verfahren zur Summation endlicher Summen", ZAMM 54 (1974). */
static bool compensates(const hl_type *t) { return PY_VERSION_HEX >= 0x030C0000 && t == hl_T.float64; }

static V magnitude(hl_emit *e, V x)
{
    unsigned id = LLVMLookupIntrinsicID("llvm.fabs", 9);
    V fn = LLVMGetIntrinsicDeclaration(e->mod, id, &e->f64, 1);
    return LLVMBuildCall2(e->b, LLVMIntrinsicGetType(e->lc, id, &e->f64, 1), fn, &x, 1, "");
}

static void add_compensated(hl_emit *e, fold *f, V acc, V x)
{
    V t = LLVMBuildFAdd(e->b, acc, x, ""), c = LLVMBuildLoad2(e->b, e->f64, f->error, "");
    V larger = LLVMBuildFCmp(e->b, LLVMRealOGE, magnitude(e, acc), magnitude(e, x), "");
    V big = hl_select(e, larger, acc, x), small = hl_select(e, larger, x, acc);
    V lost = LLVMBuildFAdd(e->b, LLVMBuildFSub(e->b, big, t, ""), small, "");
    LLVMBuildStore(e->b, LLVMBuildFAdd(e->b, c, lost, ""), f->error);
    set(e, f, &t);
}

static void add_item(hl_emit *e, fold *f, const hl_type *t, const V *item)
{
    V acc[2], x[2], r[2];
    get(e, f, acc);
    hl_cast(e, f->i, hl_unliteral(t), f->type, item, x);
    if (f->error) add_compensated(e, f, acc[0], x[0]);
    else {
        hl_arith(e, hl_must_fit(f->i) ? f->i : NULL, HL_OP_add, f->type, acc, x, r);
        set(e, f, r);
    }
}

void hl_emit_sum_iterable(hl_emit *e, hl_inst *i, V *out)
{
    fold f = {.i = i, .type = i->type, .acc = hl_alloca_slots(e, i->type->nparts)};
    V start[2];
    if (hl_is_omitted(i, 1)) for (int k = 0; k < i->type->nparts; k++) start[k] = LLVMConstNull(hl_part_type(e, i->type->parts[k]));
    else memcpy(start, hl_arg(e, i, 1), sizeof *start * i->type->nparts);
    set(e, &f, start);
    if (compensates(i->type)) {
        f.error = hl_alloca(e, e->f64, "error");
        LLVMBuildStore(e->b, hl_f64(e, 0), f.error);
    }
    each(e, &f, add_item);
    get(e, &f, out);
    if (!f.error) return;
    V c = LLVMBuildLoad2(e->b, e->f64, f.error, "");
    V finite = LLVMBuildFCmp(e->b, LLVMRealOLT, magnitude(e, c), hl_f64(e, (double)INFINITY), "");
    V useful = LLVMBuildAnd(e->b, finite, LLVMBuildFCmp(e->b, LLVMRealONE, c, hl_f64(e, 0), ""), "");
    out[0] = hl_select(e, useful, LLVMBuildFAdd(e->b, out[0], c, ""), out[0]);
}

/* --- min, max ----------------------------------------------------------------------------------------------------------------- */

static bool wants_max(const hl_inst *i) { return i->rule->id == HL_R_max_iterable || i->rule->id == HL_R_max_value; }

static void better_item(hl_emit *e, fold *f, const hl_type *t, const V *item)
{
    const hl_type *type = f->type;
    V best[type->nparts + 1], x[type->nparts + 1];
    LLVMBasicBlockRef compare = hl_bb(e, "compare"), take = hl_bb(e, "take"), next = hl_bb(e, "next");
    hl_cast(e, f->i, t, type, item, x);
    hl_cond(e, LLVMBuildLoad2(e->b, e->i1, f->has, ""), compare, take);
    hl_at(e, compare);
    get(e, f, best);
    hl_cond(e, hl_value_compare(e, f->i, wants_max(f->i) ? HL_OP_gt : HL_OP_lt, type, x, type, best), take, next);
    hl_at(e, take);
    set(e, f, x);
    LLVMBuildStore(e->b, hl_bool(e, true), f->has);
    hl_br(e, next);
    hl_at(e, next);
}

void hl_emit_min_iterable(hl_emit *e, hl_inst *i, V *out)
{
    fold f = {.i = i, .type = i->type, .acc = hl_alloca_slots(e, i->type->nparts), .has = hl_alloca(e, e->i1, "has")};
    LLVMBuildStore(e->b, hl_bool(e, false), f.has);
    if (!hl_is_omitted(i, 1)) set(e, &f, hl_arg(e, i, 1));
    each(e, &f, better_item);
    if (hl_is_omitted(i, 1))
        hl_check(e, i, LLVMBuildLoad2(e->b, e->i1, f.has, ""), wants_max(i) ? HL_ERR_max_empty : HL_ERR_min_empty, NULL, NULL);
    get(e, &f, out);
    hl_emit_retain(e, i->type, out);
}

void hl_emit_min_value(hl_emit *e, hl_inst *i, V *out)
{
    const hl_type *t = i->type;
    memcpy(out, hl_arg(e, i, 0), sizeof *out * t->nparts);
    for (int k = 1; k < i->nargs; k++) {
        V *x = hl_arg(e, i, k), better = hl_value_compare(e, i, wants_max(i) ? HL_OP_gt : HL_OP_lt, t, x, t, out);
        for (int p = 0; p < t->nparts; p++) out[p] = hl_select(e, better, x[p], out[p]);
    }
    hl_emit_retain(e, t, out);
}

/* --- any, all -------------------------------------------------------------------------------------------------------------------- */

/* The accumulator is the answer so far: false for any, true for all; the first item that turns it ends the loop. */
static void ask_item(hl_emit *e, fold *f, const hl_type *t, const V *item)
{
    bool any = f->i->rule->id == HL_R_any_iterable;
    LLVMBasicBlockRef turn = hl_bb(e, "decided"), next = hl_bb(e, "next");
    V truth = hl_value_truth(e, f->i, t, item);
    hl_cond(e, truth, any ? turn : next, any ? next : turn);
    hl_at(e, turn);
    LLVMBuildStore(e->b, hl_bool(e, any), f->has);
    hl_br(e, f->done);
    hl_at(e, next);
}

void hl_emit_any_iterable(hl_emit *e, hl_inst *i, V *out)
{
    fold f = {.i = i, .type = hl_T.boolean, .has = hl_alloca(e, e->i1, "answer")};
    LLVMBuildStore(e->b, hl_bool(e, i->rule->id == HL_R_all_iterable), f.has);
    each(e, &f, ask_item);
    out[0] = LLVMBuildLoad2(e->b, e->i1, f.has, "");
}
