/* CPython 3.12: comprehensions are inlined, the method bit is LOAD_ATTR's, slices have opcodes, FOR_ITER's target is an
 * END_FOR that it jumps over. */
#include "opcodes.h"
#if PY_VERSION_HEX >= 0x030C0000 && PY_VERSION_HEX < 0x030D0000

static void compare(hl_reader *r, int arg) { hl_read_compare(r, arg >> 4, false); }

static void return_const(hl_reader *r, int arg) {
    hl_read_put_obj(r, HL_BC_const, r->consts, arg);
    hl_read_put(r, HL_BC_return, 0);
}

const hl_opcode hl_read_opcodes[256] = {
    HL_COMMON_OPCODES,
    SKIP(END_FOR),
    VAR(LOAD_FAST, load), VAR(LOAD_FAST_CHECK, load), VAR(LOAD_FAST_AND_CLEAR, load_clear), VAR(LOAD_CLOSURE, closure),
    EXPAND(LOAD_ATTR, hl_read_load_attr), EXPAND(COMPARE_OP, compare),
    FIXED(BINARY_SLICE, get_slice, 0), FIXED(STORE_SLICE, set_slice, 0),
    EXPAND(FORMAT_VALUE, hl_read_format_value),
    EXPAND(MAKE_FUNCTION, hl_read_make_function), EXPAND(KW_NAMES, hl_read_kw_names), EXPAND(CALL, hl_read_call),
    EXPAND(CALL_INTRINSIC_1, hl_read_intrinsic_1), EXPAND(CALL_INTRINSIC_2, hl_read_intrinsic_2),
    FORWARD(FOR_ITER, for_iter),
    FORWARD(POP_JUMP_IF_FALSE, jump_unless), FORWARD(POP_JUMP_IF_TRUE, jump_if),
    FORWARD(POP_JUMP_IF_NONE, jump_none), FORWARD(POP_JUMP_IF_NOT_NONE, jump_not_none),
    EXPAND(RETURN_CONST, return_const),
    REFUSE(LOAD_SUPER_ATTR, "super()"), REFUSE(LOAD_LOCALS, "class definition"),
    REFUSE(LOAD_FROM_DICT_OR_GLOBALS, "class definition"), REFUSE(LOAD_FROM_DICT_OR_DEREF, "class definition"),
    REFUSE(END_SEND, "yield from or await"), REFUSE(CLEANUP_THROW, "yield from or await"),
};
#endif
