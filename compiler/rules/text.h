/* Shared by the type functions of strings and exceptions. */
#ifndef HL_RULES_TEXT_H
#define HL_RULES_TEXT_H
#include "../infer/infer.h"

/* Can a value of this type become a Python object at run time (printed, formatted, put into an exception)? */
bool hl_boxable(const hl_type *t);
#endif
