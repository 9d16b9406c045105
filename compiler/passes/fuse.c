/* Array expressions without temporaries (design decision 6).
 *
 * A lazy (element-wise) instruction is marked HL_I_FUSED, so that it gets no memory, when
 *   - it has one user, in the same block, whose row evaluates operands item by item (HL_E_FUSES or HL_E_LAZY);
 *   - nothing between the two writes memory that a user can see, because its operands are read only at the user's place;
 *   - it computes its items without raising: only the call of a ufunc, whose function the user wrote, may do otherwise;
 *   - it stands where that user reads items (the value of a store, not the array stored into).
 * The user's loop nest then computes its items (emit/element.c).  Users are visited before what they use, so whole trees fuse.
 *
 * Shapes that do not fit raise, so when that is found out shows: whether a tree's shapes fit is asked once, at its consumer, unless
 * something between an instruction and its user may raise (and would then do so first), or the user is on another line.  Such an
 * instruction is marked HL_I_STANDS.
 */
#include "../compile.h"
#include "../infer/infer.h"
#include "../rules/array.h"

enum { MAX_LEAVES = 24 };

static bool reads_items(const hl_inst *user, const hl_inst *v)
{
    switch (user->op) {
    case HL_OP_setitem: return user->args[2] == v && user->args[0] != v && user->args[1] != v;
    case HL_OP_getitem: return false;
    default: break;
    }
    bool in_place = user->flags & HL_I_INPLACE && user->rule->effects & HL_E_BORROW;
    if (hl_refuses_negative(user) && user->args[1] == v) return false; /* exponents are looked at before any item is computed */
    return !in_place || user->args[0] != v;
}

static bool quiet_between(const hl_inst *from, const hl_inst *to)
{
    for (const hl_inst *i = from->next; i != to; i = i->next)
        if (!i || hl_ir_effects(i) & HL_E_WRITE) return false;
    return true;
}

/* Arrays that the expression reads. */
static int leaves(const hl_inst *v)
{
    int n = 0;
    for (int k = 0; k < v->nargs; k++) {
        const hl_inst *a = v->args[k];
        if (a->flags & HL_I_FUSED) n += leaves(a);
        else n += hl_is_array(a->type);
    }
    return n;
}

/* A list display of numbers (or of such displays, all of one length) whose only user is np.array is never made. */
static bool is_tree(const hl_inst *v, int depth)
{
    if (v->op != HL_OP_build_list) return depth > 0 && hl_is_number(hl_unliteral(v->type));
    if (v->uses.n != 1 || !v->nargs || depth > 8) return false;
    for (int k = 0; k < v->nargs; k++) {
        const hl_inst *a = v->args[k];
        if (!is_tree(a, depth + 1) || (a->op == HL_OP_build_list && a->block != v->block)) return false;
        if ((a->op == HL_OP_build_list) != (v->args[0]->op == HL_OP_build_list)) return false;
        if (a->op == HL_OP_build_list && a->nargs != v->args[0]->nargs) return false;
    }
    return true;
}

static bool may_fuse_list(const hl_inst *v)
{
    if (v->op != HL_OP_build_list || v->uses.n != 1 || !v->type || v->type->kind != HL_K_LIST) return false;
    const hl_inst *user = v->uses.at[0];
    if (user->op == HL_OP_build_list) return user->flags & HL_I_FUSED;
    bool array = user->rule && (user->rule->id == HL_R_np_array_of || user->rule->id == HL_R_np_asarray_of);
    return array && user->args[0] == v && user->block == v->block && !v->block->handler && is_tree(v, 0);
}

static bool may_fuse(const hl_inst *v)
{
    if (!v->rule || !(v->rule->effects & HL_E_LAZY) || !hl_is_array(v->type) || v->uses.n != 1) return false;
    const hl_inst *user = v->uses.at[0];
    if (user->block != v->block || !user->rule || !(user->rule->effects & (HL_E_LAZY | HL_E_FUSES))) return false;
    if (v->block->handler && hl_ir_effects(v) & HL_E_RAISE) return false;
    if (hl_is_ufunc_call(v) && hl_ufunc_call_raises(v)) return false;
    return reads_items(user, v) && quiet_between(v, user);
}

/* The consumer at the end of the chain of fused instructions. */
static const hl_inst *consumer(const hl_inst *v)
{
    while (v->flags & HL_I_FUSED) v = v->uses.at[0];
    return v;
}

/* May it turn out at this fused instruction's user that its shapes do not fit?  Operands come first. */
static bool may_not_fit(const hl_inst *v)
{
    int arrays = 0;
    for (int k = 0; k < v->nargs; k++) {
        const hl_inst *a = v->args[k];
        arrays += hl_is_array(a->type) && a->type->ndim > 0 && (!k || a != v->args[k - 1]);
        if (a->flags & HL_I_FUSED && !(a->flags & HL_I_STANDS) && may_not_fit(a)) return true;
    }
    return arrays > 1;
}

static bool same_line(const hl_span *a, const hl_span *b) { return a->line == b->line && a->inlined == b->inlined; }

static bool is_exposed(const hl_inst *v)
{
    const hl_inst *user = v->uses.at[0];
    if (!same_line(&v->span, &user->span)) return true;
    for (const hl_inst *i = v->next; i != user; i = i->next)
        if (hl_ir_effects(i) & HL_E_RAISE && (!(i->flags & HL_I_FUSED) || hl_refuses_negative(i) || hl_confines_any(i))) return true;
    return false;
}

static void find_exposed(hl_block *b)
{
    for (hl_inst *i = b->first; i; i = i->next)
        if (i->flags & HL_I_FUSED && hl_is_array(i->type) && may_not_fit(i) && is_exposed(i)) i->flags |= HL_I_STANDS;
}

int hl_pass_fuse(hl_cx *cx)
{
    for (int f = 0; f < cx->funcs.n; f++) {
        hl_func *fn = cx->funcs.at[f];
        hl_ir_uses(fn);
        for (int b = 0; b < fn->blocks.n; b++) {
            for (hl_inst *i = fn->blocks.at[b]->last; i; i = i->prev) {
                if (may_fuse_list(i)) i->flags |= HL_I_FUSED;
                if (!may_fuse(i)) continue;
                const hl_inst *end = consumer(i->uses.at[0]);
                if (!quiet_between(i, end)) continue;
                i->flags |= HL_I_FUSED;
                if (leaves(end) > MAX_LEAVES) i->flags &= ~HL_I_FUSED;
            }
            find_exposed(fn->blocks.at[b]);
        }
    }
    return 0;
}
