/* CPython 3.12: comprehensions are inlined, the method bit is LOAD_ATTR's, slices have opcodes, FOR_ITER's target is an
 * END_FOR that it jumps over. */
#include "opcodes.h"
#if PY_VERSION_HEX >= 0x030C0000 && PY_VERSION_HEX < 0x030D0000

static void compare(hl_reader *r, int arg) { hl_read_compare(r, arg >> 4, false); }

const hl_opcode hl_read_opcodes[256] = {
    HL_COMMON_OPCODES,
    HL_OPCODES_SINCE_312,
    VAR(LOAD_FAST, load), VAR(LOAD_CLOSURE, closure), EXPAND(COMPARE_OP, compare),
    EXPAND(FORMAT_VALUE, hl_read_format_value),
    EXPAND(MAKE_FUNCTION, hl_read_make_function), EXPAND(KW_NAMES, hl_read_kw_names), EXPAND(CALL, hl_read_call),
    FORWARD(FOR_ITER, for_iter),
};
#endif
