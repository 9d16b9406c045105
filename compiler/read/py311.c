/* CPython 3.11: comprehensions are functions, conditional jumps know a direction, LOAD_METHOD is an opcode of its own. */
#include "opcodes.h"
#if PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030C0000

static void load_method(hl_reader *r, int arg) {
    hl_read_put_obj(r, HL_BC_attr, r->names, arg);
    hl_read_put(r, HL_BC_null, 0);
}

static void compare(hl_reader *r, int arg) { hl_read_compare(r, arg, false); }

/* Jumps and keeps the value, or goes on without it. */
static void jump_false_or_pop(hl_reader *r, int arg) {
    hl_read_put(r, HL_BC_copy, 1);
    hl_read_put_jump(r, HL_BC_jump_unless, arg);
    hl_read_put(r, HL_BC_pop, 0);
}

static void jump_true_or_pop(hl_reader *r, int arg) {
    hl_read_put(r, HL_BC_copy, 1);
    hl_read_put_jump(r, HL_BC_jump_if, arg);
    hl_read_put(r, HL_BC_pop, 0);
}

const hl_opcode hl_read_opcodes[256] = {
    HL_COMMON_OPCODES,
    SKIP(PRECALL),
    VAR(LOAD_FAST, load), VAR(LOAD_CLOSURE, closure),
    NAME(LOAD_ATTR, attr), EXPAND(LOAD_METHOD, load_method),
    FIXED(UNARY_POSITIVE, unary, HL_OP_pos), EXPAND(COMPARE_OP, compare), FIXED(LIST_TO_TUPLE, list_to_tuple, 0),
    EXPAND(FORMAT_VALUE, hl_read_format_value),
    EXPAND(MAKE_FUNCTION, hl_read_make_function), EXPAND(KW_NAMES, hl_read_kw_names), EXPAND(CALL, hl_read_call),
    FORWARD(FOR_ITER, for_iter),
    FORWARD(POP_JUMP_FORWARD_IF_FALSE, jump_unless), FORWARD(POP_JUMP_FORWARD_IF_TRUE, jump_if),
    FORWARD(POP_JUMP_FORWARD_IF_NONE, jump_none), FORWARD(POP_JUMP_FORWARD_IF_NOT_NONE, jump_not_none),
    BACKWARD(POP_JUMP_BACKWARD_IF_FALSE, jump_unless), BACKWARD(POP_JUMP_BACKWARD_IF_TRUE, jump_if),
    BACKWARD(POP_JUMP_BACKWARD_IF_NONE, jump_none), BACKWARD(POP_JUMP_BACKWARD_IF_NOT_NONE, jump_not_none),
    EXPAND(JUMP_IF_FALSE_OR_POP, jump_false_or_pop), EXPAND(JUMP_IF_TRUE_OR_POP, jump_true_or_pop),
    REFUSE(LOAD_CLASSDEREF, "class definition"), REFUSE(PRINT_EXPR, "an interactive statement"),
    REFUSE(IMPORT_STAR, "import *"), REFUSE(ASYNC_GEN_WRAP, "async generator"), REFUSE(PREP_RERAISE_STAR, "except*"),
};
#endif
