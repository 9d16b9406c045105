/* What a version's opcode table is made of; shared by read.c and the pyXYZ.c files only.
 *
 * A row says how one opcode becomes canonical: by a form that needs nothing but the argument, or by an `expand` function
 * when it becomes several instructions or depends on more.  Rows without a form are opcodes that PyCode_GetCode never
 * gives (specialised, instrumented and internal ones).
 *
 * Cache sizes are not in the tables: PyCode_GetCode clears caches, so they read as opcode 0, CACHE.
 */
#ifndef HL_READ_OPCODES_H
#define HL_READ_OPCODES_H
#include "read.h"
#include <opcode.h>

typedef struct hl_reader {
    hl_arena *arena;
    hl_stream *s;
    PyObject *consts, *names;
    PyObject *kw_names;         /* of KW_NAMES, for the next CALL */
    int offset, next;           /* in bytes: of the instruction that is decoded, and behind its caches */
    hl_span span;
    bool broken;                /* an argument made no sense */
} hl_reader;

typedef enum hl_form {
    HL_FORM_NONE,
    HL_FORM_SKIP,               /* nothing */
    HL_FORM_FIXED,              /* op with `value` */
    HL_FORM_ARG,                /* op with the argument */
    HL_FORM_VAR,                /* op with a variable */
    HL_FORM_CONST,              /* op with co_consts[argument] */
    HL_FORM_NAME,               /* op with co_names[argument] */
    HL_FORM_FORWARD,            /* op with a jump forward */
    HL_FORM_BACKWARD,
    HL_FORM_REFUSE,             /* not compiled; `text` names the construct */
    HL_FORM_EXPAND,
} hl_form;

typedef struct hl_opcode {
    uint8_t form, op;
    uint16_t value;
    const char *text;
    void (*expand)(hl_reader *r, int arg);
} hl_opcode;
extern const hl_opcode hl_read_opcodes[256];

#define SKIP(name) [name] = {.form = HL_FORM_SKIP}
#define FIXED(name, bc, v) [name] = {.form = HL_FORM_FIXED, .op = HL_BC_##bc, .value = (v)}
#define ARG(name, bc) [name] = {.form = HL_FORM_ARG, .op = HL_BC_##bc}
#define VAR(name, bc) [name] = {.form = HL_FORM_VAR, .op = HL_BC_##bc}
#define CONST(name, bc) [name] = {.form = HL_FORM_CONST, .op = HL_BC_##bc}
#define NAME(name, bc) [name] = {.form = HL_FORM_NAME, .op = HL_BC_##bc}
#define FORWARD(name, bc) [name] = {.form = HL_FORM_FORWARD, .op = HL_BC_##bc}
#define BACKWARD(name, bc) [name] = {.form = HL_FORM_BACKWARD, .op = HL_BC_##bc}
#define REFUSE(name, what) [name] = {.form = HL_FORM_REFUSE, .op = HL_BC_unsupported, .text = (what)}
#define EXPAND(name, fn) [name] = {.form = HL_FORM_EXPAND, .expand = (fn)}

/* Rows that every version so far has in the same meaning. */
#define HL_COMMON_OPCODES                                                                                              \
    SKIP(CACHE), SKIP(NOP), SKIP(RESUME), SKIP(EXTENDED_ARG), SKIP(MAKE_CELL), SKIP(COPY_FREE_VARS),                   \
    FIXED(POP_TOP, pop, 0), FIXED(PUSH_NULL, null, 0), ARG(COPY, copy), ARG(SWAP, swap),                               \
    CONST(LOAD_CONST, const), VAR(STORE_FAST, store), VAR(DELETE_FAST, delete),                                        \
    VAR(LOAD_DEREF, load), VAR(STORE_DEREF, store), VAR(DELETE_DEREF, delete),                                         \
    EXPAND(LOAD_GLOBAL, hl_read_load_global), NAME(IMPORT_NAME, import), NAME(IMPORT_FROM, import_from),               \
    FIXED(LOAD_ASSERTION_ERROR, assertion, 0),                                                                         \
    FIXED(UNARY_NEGATIVE, unary, HL_OP_neg), FIXED(UNARY_NOT, unary, HL_OP_not),                                       \
    FIXED(UNARY_INVERT, unary, HL_OP_invert), EXPAND(BINARY_OP, hl_read_binary_op),                                    \
    EXPAND(IS_OP, hl_read_is_op), EXPAND(CONTAINS_OP, hl_read_contains_op),                                            \
    FIXED(BINARY_SUBSCR, getitem, 0), FIXED(STORE_SUBSCR, setitem, 0), FIXED(DELETE_SUBSCR, delitem, 0),               \
    NAME(STORE_ATTR, set_attr), NAME(DELETE_ATTR, delete_attr),                                                       \
    ARG(BUILD_TUPLE, build_tuple), ARG(BUILD_LIST, build_list), ARG(BUILD_SET, build_set), ARG(BUILD_MAP, build_map),  \
    ARG(BUILD_CONST_KEY_MAP, build_key_map), ARG(BUILD_SLICE, build_slice), ARG(BUILD_STRING, build_string),           \
    ARG(LIST_EXTEND, list_extend), ARG(LIST_APPEND, list_append), ARG(SET_UPDATE, set_update), ARG(SET_ADD, set_add),  \
    ARG(DICT_UPDATE, map_update), ARG(DICT_MERGE, map_merge), ARG(MAP_ADD, map_add),                                  \
    ARG(UNPACK_SEQUENCE, unpack), ARG(UNPACK_EX, unpack_ex), FIXED(GET_ITER, iter, 0),                                 \
    EXPAND(CALL_FUNCTION_EX, hl_read_call_ex), FIXED(RETURN_GENERATOR, generator, 0), FIXED(YIELD_VALUE, yield, 0),    \
    FORWARD(JUMP_FORWARD, jump), BACKWARD(JUMP_BACKWARD, jump), BACKWARD(JUMP_BACKWARD_NO_INTERRUPT, jump),            \
    FIXED(RETURN_VALUE, return, 0), ARG(RAISE_VARARGS, raise), FIXED(RERAISE, reraise, 0),                             \
    FIXED(PUSH_EXC_INFO, push_exc, 0), FIXED(CHECK_EXC_MATCH, exc_match, 0), FIXED(POP_EXCEPT, pop_exc, 0),            \
    NAME(STORE_GLOBAL, store_global), NAME(DELETE_GLOBAL, delete_global),                                              \
    REFUSE(LOAD_NAME, "a name of a module or class body"), REFUSE(STORE_NAME, "a name of a module or class body"),     \
    REFUSE(DELETE_NAME, "a name of a module or class body"),                                                           \
    REFUSE(LOAD_BUILD_CLASS, "class definition"), REFUSE(SETUP_ANNOTATIONS, "class definition"),                       \
    FIXED(BEFORE_WITH, before_with, 0), FIXED(WITH_EXCEPT_START, with_except, 0),                                      \
    REFUSE(CHECK_EG_MATCH, "except*"),                                                                                 \
    REFUSE(MATCH_MAPPING, "match statement with a pattern"), REFUSE(MATCH_SEQUENCE, "match statement with a pattern"), \
    REFUSE(MATCH_KEYS, "match statement with a pattern"), REFUSE(MATCH_CLASS, "match statement with a pattern"),       \
    REFUSE(GET_LEN, "match statement with a pattern"),                                                                 \
    REFUSE(GET_YIELD_FROM_ITER, "yield from"), REFUSE(SEND, "yield from or await"),                                    \
    REFUSE(GET_AWAITABLE, "await"), REFUSE(GET_AITER, "async for"), REFUSE(GET_ANEXT, "async for"),                    \
    REFUSE(END_ASYNC_FOR, "async for"), REFUSE(BEFORE_ASYNC_WITH, "async with")

/* … and since 3.12. */
#define HL_OPCODES_SINCE_312                                                                                           \
    SKIP(END_FOR), VAR(LOAD_FAST_CHECK, load), VAR(LOAD_FAST_AND_CLEAR, load_clear),                                   \
    EXPAND(LOAD_ATTR, hl_read_load_attr), FIXED(BINARY_SLICE, get_slice, 0), FIXED(STORE_SLICE, set_slice, 0),         \
    EXPAND(CALL_INTRINSIC_1, hl_read_intrinsic_1), EXPAND(CALL_INTRINSIC_2, hl_read_intrinsic_2),                      \
    FORWARD(POP_JUMP_IF_FALSE, jump_unless), FORWARD(POP_JUMP_IF_TRUE, jump_if),                                       \
    FORWARD(POP_JUMP_IF_NONE, jump_none), FORWARD(POP_JUMP_IF_NOT_NONE, jump_not_none),                                \
    EXPAND(RETURN_CONST, hl_read_return_const),                                                                        \
    REFUSE(LOAD_SUPER_ATTR, "super()"), REFUSE(LOAD_LOCALS, "class definition"),                                       \
    REFUSE(LOAD_FROM_DICT_OR_GLOBALS, "class definition"), REFUSE(LOAD_FROM_DICT_OR_DEREF, "class definition"),        \
    REFUSE(END_SEND, "yield from or await"), REFUSE(CLEANUP_THROW, "yield from or await")

/* For the expand functions. */
hl_bc *hl_read_put(hl_reader *r, hl_bc_op op, int arg);
void hl_read_put_obj(hl_reader *r, hl_bc_op op, PyObject *tuple, int index); /* NAME and OBJ operands */
void hl_read_put_var(hl_reader *r, hl_bc_op op, int var);
void hl_read_put_jump(hl_reader *r, hl_bc_op op, int distance);              /* in code units, from behind the caches */
void hl_read_refuse(hl_reader *r, const char *what);
void hl_read_compare(hl_reader *r, int which, bool truth);
void hl_read_set_function(hl_reader *r, int flags);                          /* MAKE_FUNCTION's flags until 3.12 */
/* Rows of several versions. */
void hl_read_load_global(hl_reader *r, int arg);
void hl_read_return_const(hl_reader *r, int arg);
void hl_read_binary_op(hl_reader *r, int arg);
void hl_read_is_op(hl_reader *r, int arg);
void hl_read_contains_op(hl_reader *r, int arg);
void hl_read_call_ex(hl_reader *r, int arg);
void hl_read_kw_names(hl_reader *r, int arg);
void hl_read_call(hl_reader *r, int arg);
void hl_read_make_function(hl_reader *r, int arg);
void hl_read_format_value(hl_reader *r, int arg);
void hl_read_intrinsic_1(hl_reader *r, int arg);
void hl_read_intrinsic_2(hl_reader *r, int arg);
void hl_read_load_attr(hl_reader *r, int arg);
#endif
