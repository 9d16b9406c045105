/* CPython 3.13: superinstructions, TO_BOOL before jumps, CALL_KW, the NULL of a call above the callee, LOAD_FAST of a cell
 * variable where older versions have LOAD_CLOSURE, FOR_ITER's target is an END_FOR and a POP_TOP that it jumps over. */
#include "opcodes.h"
#if PY_VERSION_HEX >= 0x030D0000 && PY_VERSION_HEX < 0x030E0000

static void load_fast(hl_reader *r, int arg) {
    bool cell = arg >= 0 && arg < r->s->nvars && r->s->vars[arg].kind != HL_V_LOCAL;
    hl_read_put_var(r, cell ? HL_BC_closure : HL_BC_load, arg);
}

static void load_load(hl_reader *r, int arg) { load_fast(r, arg >> 4), load_fast(r, arg & 15); }

static void store_load(hl_reader *r, int arg) {
    hl_read_put_var(r, HL_BC_store, arg >> 4);
    load_fast(r, arg & 15);
}

static void store_store(hl_reader *r, int arg) {
    hl_read_put_var(r, HL_BC_store, arg >> 4);
    hl_read_put_var(r, HL_BC_store, arg & 15);
}

static void compare(hl_reader *r, int arg) { hl_read_compare(r, arg >> 5, arg & 16); }
static void for_iter(hl_reader *r, int arg) { hl_read_put_jump(r, HL_BC_for_iter, arg + 2); }

static void return_const(hl_reader *r, int arg) {
    hl_read_put_obj(r, HL_BC_const, r->consts, arg);
    hl_read_put(r, HL_BC_return, 0);
}

const hl_opcode hl_read_opcodes[256] = {
    HL_COMMON_OPCODES,
    SKIP(END_FOR),
    EXPAND(LOAD_FAST, load_fast), VAR(LOAD_FAST_CHECK, load), VAR(LOAD_FAST_AND_CLEAR, load_clear),
    EXPAND(LOAD_FAST_LOAD_FAST, load_load), EXPAND(STORE_FAST_LOAD_FAST, store_load),
    EXPAND(STORE_FAST_STORE_FAST, store_store),
    EXPAND(LOAD_ATTR, hl_read_load_attr), EXPAND(COMPARE_OP, compare), FIXED(TO_BOOL, truth, 0),
    FIXED(BINARY_SLICE, get_slice, 0), FIXED(STORE_SLICE, set_slice, 0),
    ARG(CONVERT_VALUE, convert), FIXED(FORMAT_SIMPLE, format, 0), FIXED(FORMAT_WITH_SPEC, format, 1),
    FIXED(MAKE_FUNCTION, make_function, 0), ARG(SET_FUNCTION_ATTRIBUTE, function_attr),
    ARG(CALL, call), ARG(CALL_KW, call_kw),
    EXPAND(CALL_INTRINSIC_1, hl_read_intrinsic_1), EXPAND(CALL_INTRINSIC_2, hl_read_intrinsic_2),
    EXPAND(FOR_ITER, for_iter),
    FORWARD(POP_JUMP_IF_FALSE, jump_unless), FORWARD(POP_JUMP_IF_TRUE, jump_if),
    FORWARD(POP_JUMP_IF_NONE, jump_none), FORWARD(POP_JUMP_IF_NOT_NONE, jump_not_none),
    EXPAND(RETURN_CONST, return_const),
    REFUSE(LOAD_SUPER_ATTR, "super()"), REFUSE(LOAD_LOCALS, "class definition"),
    REFUSE(LOAD_FROM_DICT_OR_GLOBALS, "class definition"), REFUSE(LOAD_FROM_DICT_OR_DEREF, "class definition"),
    REFUSE(END_SEND, "yield from or await"), REFUSE(CLEANUP_THROW, "yield from or await"),
};
#endif
