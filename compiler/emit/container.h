/* What the emitters of tuples, lists, strings and iterators share. */
#ifndef HL_EMIT_CONTAINER_H
#define HL_EMIT_CONTAINER_H
#include "../rules/container.h"
#include "emit.h"

/* --- lists: fields of hl_list (runtime/rt.h), read and written in place.  Accesses carry TBAA tags, one a
 * field and one for items, so LLVM keeps length and data pointer in registers through a loop that stores items. */
V hl_list_len(hl_emit *e, V list);
void hl_list_set_len(hl_emit *e, V list, V len);
V hl_list_cap(hl_emit *e, V list);
V hl_list_data(hl_emit *e, V list);
void hl_list_touch(hl_emit *e, V list);                                    /* sets the dirty flag */
V hl_list_address(hl_emit *e, const hl_type *elem, V data, V index);       /* of an item */
void hl_list_load(hl_emit *e, const hl_type *elem, V address, V *out);     /* parts of an item, not retained */
void hl_list_store(hl_emit *e, const hl_type *elem, V address, const V *parts);
V hl_list_make(hl_emit *e, hl_inst *i, const hl_type *elem, V len);        /* new list of zeroed items */
/* Appends; takes over the item's references, unless memory runs out: then `retained` releases them again, `fresh` also
 * the list, which nobody else knows yet. */
void hl_list_push(hl_emit *e, hl_inst *i, const hl_type *elem, V list, const V *parts, bool retained, bool fresh);

/* Number of items of a range (start, stop, step), as an unsigned 64-bit number. */
V hl_range_count(hl_emit *e, const V *range);

/* --- comparison of values of any type that hl_comparable accepts --------------------------------------------------- */
V hl_value_compare(hl_emit *e, hl_inst *i, hl_op op, const hl_type *ta, const V *a, const hl_type *tb, const V *b);
V hl_value_equal(hl_emit *e, hl_inst *i, const hl_type *ta, const V *a, const hl_type *tb, const V *b);
V hl_value_truth(hl_emit *e, hl_inst *i, const hl_type *t, const V *parts);

/* --- Python objects --------------------------------------------------------------------------------------------------- */
V hl_box_value(hl_emit *e, hl_inst *i, const hl_type *t, const V *parts);  /* hl_mem of the boxed value, a new reference */

V hl_box_operands(hl_emit *e, hl_inst *i, int first);                      /* operands first … boxed as one Python tuple, a new reference */

/* slice.indices of a SLICE value over len items.  Fails on step 0. */
void hl_slice_bounds(hl_emit *e, hl_inst *i, const hl_type *slice, const V *parts, V len, V *start, V *stop, V *step);

static inline bool hl_is_omitted(const hl_inst *i, int k) { return i->args[k]->type->kind == HL_K_OMITTED; }
static inline V hl_zero(hl_emit *e) { return hl_i64(e, 0); }
static inline V hl_add(hl_emit *e, V a, V b) { return LLVMBuildAdd(e->b, a, b, ""); }
static inline V hl_icmp(hl_emit *e, LLVMIntPredicate p, V a, V b) { return LLVMBuildICmp(e->b, p, a, b, ""); }
#endif
