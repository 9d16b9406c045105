/* Looking rows up.  table.c expands rules.def once; chains keep the order of the file. */
#ifndef HL_RULES_H
#define HL_RULES_H
#include "../infer/infer.h"

int hl_rules_init(void);                                        /* needs the GIL; resolves FUNC keys to Python objects */
const hl_rule *hl_rules_of_op(hl_op op);                        /* first row of the chain, or NULL */
const hl_rule *hl_rules_of_function(PyObject *function);        /* by identity */
const hl_rule *hl_rules_of_key(const char *key);                /* FUNC rows by their key */
const hl_rule *hl_rules_of_method(hl_kind self, const char *name);
const hl_rule *hl_rules_of_attr(hl_kind self, const char *name); /* a row "*" answers for any name */
const hl_rule *hl_rule_next(const hl_rule *r);                  /* the next of its chain */
/* The parameters of a FUNC or METHOD row: "a, b=, *rest, c="; positional arguments fill the first npos, keywords any. */
typedef struct hl_params { int n, npos; const char *name[16]; size_t len[16]; bool optional[16]; bool rest; } hl_params;
void hl_rule_params(const hl_rule *r, hl_params *out);
#endif
