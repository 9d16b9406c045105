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

const hl_opcode hl_read_opcodes[256] = {
    HL_COMMON_OPCODES,
    HL_OPCODES_SINCE_312,
    EXPAND(LOAD_FAST, load_fast), EXPAND(LOAD_FAST_LOAD_FAST, load_load), EXPAND(STORE_FAST_LOAD_FAST, store_load),
    EXPAND(STORE_FAST_STORE_FAST, store_store),
    EXPAND(COMPARE_OP, compare), FIXED(TO_BOOL, truth, 0),
    ARG(CONVERT_VALUE, convert), FIXED(FORMAT_SIMPLE, format, 0), FIXED(FORMAT_WITH_SPEC, format, 1),
    FIXED(MAKE_FUNCTION, make_function, 0), ARG(SET_FUNCTION_ATTRIBUTE, function_attr),
    ARG(CALL, call), ARG(CALL_KW, call_kw),
    EXPAND(FOR_ITER, for_iter),
};
#endif
