/* What the type functions of containers share with each other and with their emitters. */
#ifndef HL_RULES_CONTAINER_H
#define HL_RULES_CONTAINER_H
#include "../infer/infer.h"

/* The ITER type that iterating over a value of type `over` gives; an ITER gives itself.  NULL with the reason in *why when
 * nothing can be iterated (why may be NULL). */
bool hl_iter_counts(const hl_type *iter); /* is the number of its items known when a loop over it begins, unless the loop changes a list? */
const hl_type *hl_iter_over(hl_interner *in, const hl_type *over, const char **why);
/* The item type of a tuple whose items all have one type (literals aside); NULL when they differ.  () gives NULL. */
const hl_type *hl_tuple_uniform(hl_interner *in, const hl_type *tuple);
/* Position of the first part of item k. */
int hl_tuple_offset(const hl_type *tuple, int k);
/* The index that a literal, possibly negative index stands for in a sequence of n items; -1 when it is out of range. */
int hl_index_at(int64_t index, int n);
/* start, stop and step of a slice whose bounds are literals or None, adjusted to a sequence of n items as
 * slice.indices does; the number of items it selects, or -1 when a bound is not a literal, -2 when the step is zero. */
int hl_slice_literal(const hl_type *slice, int64_t n, int64_t *start, int64_t *step);
/* Is t a slice whose bounds are integers or None?  Rejects other slices. */
bool hl_slice_of_ints(hl_site *s, const hl_type *t);
/* Is == (less: also <) between values of these types defined here, by hl_value_equal (hl_value_less)? */
bool hl_comparable(const hl_type *a, const hl_type *b, bool less);
const hl_type *hl_value_of(const hl_type *t);            /* of an optional what it may hold; other types as they are, literals as their base */
bool hl_has_truth(const hl_type *t);                      /* bool() of such values is hl_value_truth in emit/compare.c */
/* Type of operand k with the VARs inside it kept, so that a component taken out of it still names the same VAR. */
const hl_type *hl_raw(hl_site *s, int k);
/* Makes the element type of operand k, a list, take items of type `item`: binds a VAR, or else asks whether the item
 * converts without loss.  Returns the element type; NULL after hl_reject. */
const hl_type *hl_list_takes(hl_site *s, int k, const hl_type *item);
#endif
