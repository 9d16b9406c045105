/* Exceptions.
 *
 * A handler finds the exception on the stack.  push_exc puts a marker below it that knows the exception which is handled
 * from there on; a bare `raise` looks for the topmost marker, so it needs no state at run time.  What is raised meanwhile gets
 * the exception as its __context__: `handling` and `handled` tell the runtime from where to where (runtime/handled.c).
 */
#include "build.h"

int hl_build_handled_depth(hl_builder *b)
{
    int n = 0;
    for (hl_frame *fr = b->frame; fr; fr = fr->outer)
        for (int k = 0; k < fr->depth; k++) n += fr->stack[k].kind == HL_ITEM_HANDLED;
    return n;
}

void hl_build_do_assertion(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_build_push(b, hl_build_emit(b, HL_OP_assertion, NULL, 0));
}

void hl_build_do_push_exc(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_inst *e = hl_build_pop(b);
    hl_build_emit1(b, HL_OP_handling, e)->ival = hl_build_handled_depth(b);
    hl_build_push_kind(b, HL_ITEM_HANDLED)->value = e;
    hl_build_push(b, e);
}

void hl_build_do_pop_exc(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_build_pop_item(b);
    hl_build_emit(b, HL_OP_handled, NULL, 0)->ival = hl_build_handled_depth(b);
}

void hl_build_do_exc_match(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_inst *cls = hl_build_pop(b);
    hl_build_push(b, hl_build_emit2(b, HL_OP_exc_match, hl_build_peek(b, 1), cls));
}

static hl_inst *handled(hl_builder *b)
{
    for (hl_frame *fr = b->frame; fr; fr = fr->outer)
        for (int k = fr->depth - 1; k >= 0; k--)
            if (fr->stack[k].kind == HL_ITEM_HANDLED)
                return fr->stack[k].value ? fr->stack[k].value : hl_build_read(b, fr->stack_var + k);
    return NULL;
}

void hl_build_do_raise(hl_builder *b, const hl_bc *bc)
{
    hl_inst *e = bc->arg ? NULL : handled(b);
    if (e) hl_build_leave(b, HL_OP_reraise, &e, 1);
    else hl_build_leave(b, HL_OP_raise, hl_build_pop_n(b, bc->arg), bc->arg);
}

void hl_build_do_reraise(hl_builder *b, const hl_bc *bc)
{
    (void)bc;
    hl_inst *e = hl_build_pop(b);
    hl_build_leave(b, HL_OP_reraise, &e, 1);
}

/* Only in handlers of generators, which are no handlers for us (build_flow.c) unless they lie in a try of the caller. */
void hl_build_do_stop_error(hl_builder *b, const hl_bc *bc) { (void)b, (void)bc; }
