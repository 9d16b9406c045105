/* Iteration: one interface for everything a `for` can go over, so that enumerate, zip, list(), sum() … compose.
 *
 * An ITER value is a pointer to its *state*, a row of 8-byte slots in an entry-block alloca; LLVM's SROA turns the slots
 * into registers.  Each hl_iter_kind has one hl_iterating, entered by a line ITERATE(KIND, name) in iterate.def and
 * defined as `const hl_iterating hl_iterate_<name>` in the file of whoever owns the type.
 *
 *   slots   how many slots the state takes
 *   init    fills the state from the parts of what is iterated (iter->items, their parts one after another)
 *   next    i1: is there an item?  May branch: emission goes on wherever the builder stands afterwards
 *   value   parts of that item, once for each `next` that said yes; managed parts are borrowed.  Stepping is done by one of the two
 *
 * Composite iterators keep the state of what they wrap inside their own, except when that is an iterator that existed
 * before (`enumerate(zip(a, b))`): the wrapped iterator's state stays where it is, as Python's sharing demands.  It is
 * found through SSA (`made`), so that its pointer is not stored and SROA still sees all uses; only when the way through
 * SSA is broken by a phi or a call is the pointer stored in the state (see sub_state).
 */
#ifndef HL_EMIT_ITERATE_H
#define HL_EMIT_ITERATE_H
#include "emit.h"

typedef struct hl_iterator {
    hl_inst *at;          /* the instruction being emitted: errors are its */
    const hl_type *type;  /* the ITER */
    hl_inst *made;        /* the instruction that made it, when SSA shows it; else NULL */
    V state;
} hl_iterator;

typedef struct hl_iterating {
    int (*slots)(hl_emit *e, const hl_type *iter);
    void (*init)(hl_emit *e, const hl_iterator *it, const V *over);
    V (*next)(hl_emit *e, const hl_iterator *it);
    void (*value)(hl_emit *e, const hl_iterator *it, V *out);
} hl_iterating;

#define ITERATE(kind, name) extern const hl_iterating hl_iterate_##name;
#include "iterate.def"
#undef ITERATE

const hl_iterating *hl_iterating_of(const hl_type *iter);
hl_inst *hl_iter_maker(hl_inst *iterator);                             /* for hl_iterator.made */
V hl_iter_slot(hl_emit *e, V state, int k);                            /* address of slot k */
V hl_iter_get(hl_emit *e, V state, int k);                             /* slot k as i64 */
void hl_iter_set(hl_emit *e, V state, int k, V i64);
V hl_iter_take(hl_emit *e, V state, int k, int by);                    /* slot k, which then goes on by `by` */

/* Iterating inside one instruction (sum, list(), `in`, unpacking …): a value of any iterable type or an ITER.
 *
 *     hl_loop l;
 *     hl_loop_begin(e, i, type, parts, &l);     emission goes on in the body, l.item holds the item's parts
 *     …                                         hl_br(e, l.done) leaves early, hl_br(e, l.head) continues
 *     hl_loop_end(e, &l);                       … and behind the loop
 *
 * What the body carries from one turn to the next lives in allocas (hl_alloca). */
typedef struct hl_loop {
    hl_iterator it;
    const hl_type *elem;  /* type of the items */
    V *item;
    LLVMBasicBlockRef head, done;
} hl_loop;
void hl_loop_begin(hl_emit *e, hl_inst *i, const hl_type *over, const V *parts, hl_inst *value /* that has these parts, or NULL */, hl_loop *l);
void hl_loop_end(hl_emit *e, hl_loop *l);
#endif
