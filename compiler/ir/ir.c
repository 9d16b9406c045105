/* Building and changing the SSA graph.
 *
 * Everything here keeps three lists in step: a block's instructions, the edges (succ and handler on one side, pred on
 * the other), and the operands of phis, which correspond to pred one by one.  An edge is named by where it starts, and a
 * block may reach another one twice (a branch with equal targets): the k-th occurrence of a block in pred is then the
 * k-th of its outgoing edges that lead there, in the order succ[0], succ[1], handler.
 */
#include "ir.h"
#include "../infer/infer.h"
#include <string.h>

/* Letters to bits while compiling: no table has to be filled at start-up. */
#define AT(s, k) (sizeof(s) > (k) ? (s)[sizeof(s) > (k) ? (k) : 0] : '\0')
#define HAS(s, c) (AT(s, 0) == (c) || AT(s, 1) == (c) || AT(s, 2) == (c) || AT(s, 3) == (c))
#define EFFECTS(s)                                                                                                     \
    ((HAS(s, 'r') ? HL_E_READ : 0u) | (HAS(s, 'w') ? HL_E_WRITE : 0u) | (HAS(s, 'x') ? HL_E_RAISE : 0u) |              \
     (HAS(s, 't') ? HL_E_TERM : 0u) | (HAS(s, 'p') ? HL_E_HEAD : 0u) | (HAS(s, 'k') ? HL_E_CONST : 0u))
#define IMM(s) (AT(s, 0) == 'i' ? HL_IMM_INT : AT(s, 0) == 'o' ? HL_IMM_OBJ : AT(s, 0) == 'n' ? HL_IMM_NAME : HL_IMM_NONE)

const hl_op_info hl_ops[HL_OP_COUNT] = {
#define OP(name, min, max, imm, effects, meaning) {#name, min, max, IMM(#imm), EFFECTS(effects), meaning},
#include "../ops.def"
#undef OP
};

hl_func *hl_ir_func(hl_arena *a, const char *name, int nparams)
{
    hl_func *f = HL_NEW(a, hl_func);
    f->arena = a;
    f->name = name;
    f->filename = "";
    f->nparams = nparams;
    f->param_names = HL_NEWN(a, const char *, nparams);
    f->param_types = HL_NEWN(a, const hl_type *, nparams);
    return f;
}

hl_block *hl_ir_block(hl_func *f)
{
    hl_block *b = HL_NEW(f->arena, hl_block);
    b->func = f;
    b->id = (uint32_t)f->blocks.n;
    hl_push(f->arena, &f->blocks, b);
    return b;
}

hl_inst *hl_ir_new(hl_func *f, hl_op op, hl_inst *const *args, int nargs, hl_span span)
{
    hl_inst *i = HL_NEW(f->arena, hl_inst);
    i->op = (uint16_t)op;
    i->id = f->next_inst++;
    i->nargs = nargs;
    if (nargs) {
        i->args = HL_NEWN(f->arena, hl_inst *, nargs);
        memcpy(i->args, args, sizeof(*args) * (size_t)nargs);
    }
    i->span = span;
    return i;
}

/* --- places ----------------------------------------------------------------------------------------------------- */

/* Puts `i` between two neighbours of block b, either of which may be NULL (the block's end). */
static void link_between(hl_block *b, hl_inst *prev, hl_inst *next, hl_inst *i)
{
    i->block = b;
    i->prev = prev;
    i->next = next;
    *(prev ? &prev->next : &b->first) = i;
    *(next ? &next->prev : &b->last) = i;
}

void hl_ir_append(hl_block *b, hl_inst *i) { link_between(b, b->last, NULL, i); }
void hl_ir_before(hl_inst *where, hl_inst *i) { link_between(where->block, where->prev, where, i); }
void hl_ir_after(hl_inst *where, hl_inst *i) { link_between(where->block, where, where->next, i); }

void hl_ir_prepend(hl_block *b, hl_inst *i)
{
    hl_inst *at = b->first;
    while (at && (hl_ops[at->op].effects & HL_E_HEAD)) at = at->next;
    link_between(b, at ? at->prev : b->last, at, i);
}

void hl_ir_remove(hl_inst *i)
{
    *(i->prev ? &i->prev->next : &i->block->first) = i->next;
    *(i->next ? &i->next->prev : &i->block->last) = i->prev;
    i->prev = i->next = NULL;
    i->block = NULL;
}

void hl_ir_add_arg(hl_func *f, hl_inst *i, hl_inst *arg)
{
    hl_inst **args = HL_NEWN(f->arena, hl_inst *, i->nargs + 1);
    if (i->nargs) memcpy(args, i->args, sizeof(*args) * (size_t)i->nargs);
    args[i->nargs++] = arg;
    i->args = args;
}

/* --- edges ------------------------------------------------------------------------------------------------------ */

int hl_ir_pred_index(const hl_block *from, int nth)
{
    const hl_block *to = nth < from->nsucc ? from->succ[nth] : from->handler;
    int skip = 0;
    for (int k = 0; k < nth; k++) skip += from->succ[k] == to;
    for (int p = 0; p < to->pred.n; p++)
        if (to->pred.at[p] == from && skip-- == 0) return p;
    return -1;
}

static void drop_pred(hl_block *to, int p)
{
    to->pred.n--;
    memmove(to->pred.at + p, to->pred.at + p + 1, sizeof(*to->pred.at) * (size_t)(to->pred.n - p));
    for (hl_inst *i = to->first; i && (hl_ops[i->op].effects & HL_E_HEAD); i = i->next) {
        if (i->op != HL_OP_phi || p >= i->nargs) continue;
        i->nargs--;
        memmove(i->args + p, i->args + p + 1, sizeof(*i->args) * (size_t)(i->nargs - p));
    }
}

void hl_ir_edge(hl_block *from, hl_block *to)
{
    from->succ[from->nsucc++] = to;
    hl_push(from->func->arena, &to->pred, from);
}

void hl_ir_set_handler(hl_block *b, hl_block *handler)
{
    b->handler = handler;
    hl_push(b->func->arena, &handler->pred, b);
}

void hl_ir_cut_edge(hl_block *from, int succ)
{
    hl_block *to = from->succ[succ];
    int p = hl_ir_pred_index(from, succ);
    if (p >= 0) drop_pred(to, p);
    from->nsucc--;
    for (int k = succ; k < from->nsucc; k++) from->succ[k] = from->succ[k + 1];
    from->succ[from->nsucc] = NULL;
}

void hl_ir_cut_handler(hl_block *b)
{
    if (!b->handler) return;
    int p = hl_ir_pred_index(b, b->nsucc);
    if (p >= 0) drop_pred(b->handler, p);
    b->handler = NULL;
}

hl_block *hl_ir_split_succ(hl_block *from, int nth)
{
    hl_func *f = from->func;
    int p = hl_ir_pred_index(from, nth);
    hl_block *to = nth < from->nsucc ? from->succ[nth] : from->handler, *mid = hl_ir_block(f);
    mid->cold = to->cold;
    hl_span span = from->last ? from->last->span : (hl_span){0};
    hl_ir_append(mid, hl_ir_new(f, HL_OP_jump, NULL, 0, span));
    if (nth < from->nsucc) from->succ[nth] = mid;
    else from->handler = mid;
    hl_push(f->arena, &mid->pred, from);
    mid->succ[mid->nsucc++] = to;
    to->pred.at[p] = mid; /* the same position: phi operands stay where they are */
    return mid;
}

hl_block *hl_ir_split_edge(hl_block *from, hl_block *to)
{
    int nth = 0;
    while (nth < from->nsucc && from->succ[nth] != to) nth++;
    return hl_ir_split_succ(from, nth);
}

hl_block *hl_ir_split_after(hl_inst *i)
{
    hl_block *b = i->block;
    hl_func *f = b->func;
    /* The handler belongs to the last instruction of the block that may raise. */
    bool keeps_handler = !i->next || (hl_ir_effects(i) & HL_E_RAISE);
    hl_block *rest = hl_ir_block(f);
    rest->cold = b->cold;
    rest->first = i->next;
    rest->last = i->next ? b->last : NULL;
    i->next = NULL;
    b->last = i;
    if (rest->first) rest->first->prev = NULL;
    for (hl_inst *k = rest->first; k; k = k->next) k->block = rest;
    int p[2] = {-1, -1};
    for (int k = 0; k < b->nsucc; k++) p[k] = hl_ir_pred_index(b, k);
    int h = b->handler ? hl_ir_pred_index(b, b->nsucc) : -1;
    for (int k = 0; k < b->nsucc; k++) {
        rest->succ[rest->nsucc++] = b->succ[k];
        if (p[k] >= 0) b->succ[k]->pred.at[p[k]] = rest;
        b->succ[k] = NULL;
    }
    b->nsucc = 0;
    if (b->handler && !keeps_handler) {
        rest->handler = b->handler;
        b->handler = NULL;
        if (h >= 0) rest->handler->pred.at[h] = rest;
    }
    hl_ir_append(b, hl_ir_new(f, HL_OP_jump, NULL, 0, i->span));
    hl_ir_edge(b, rest);
    return rest;
}

void hl_ir_replace(hl_func *f, hl_inst *old, hl_inst *by)
{
    for (int b = 0; b < f->blocks.n; b++)
        for (hl_inst *i = f->blocks.at[b]->first; i; i = i->next) {
            for (int k = 0; k < i->nargs; k++)
                if (i->args[k] == old) i->args[k] = by;
            for (int k = 0; k < i->nunwind; k++)
                if (i->unwind[k] == old) i->unwind[k] = by;
        }
    for (int k = 0; k < f->mentions.n; k++)
        if (f->mentions.at[k].value == old) f->mentions.at[k].value = by;
}

unsigned hl_ir_effects(const hl_inst *i)
{
    const unsigned structure = HL_E_TERM | HL_E_HEAD | HL_E_CONST;
    unsigned e = hl_ops[i->op].effects;
    if (i->rule) e = (e & structure) | (i->rule->effects & ~structure);
    if (i->flags & HL_I_NORAISE) e &= ~(unsigned)HL_E_RAISE;
    return i->flags & (HL_I_OVERFLOW | HL_I_UNWRAPS) ? e | HL_E_RAISE : e;
}
