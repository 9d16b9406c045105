/* Reading: a code object of the running CPython becomes the canonical instruction stream.
 *
 *   code object ─ pyXYZ.c (opcode table of one version) ─ hl_stream: hl_bc instructions, variables, exception regions
 *
 * Only this folder knows a Python version.  What differs between versions and ends here: opcode numbers, caches,
 * EXTENDED_ARG, jump distances, where a call keeps its NULL, keyword names, superinstructions (LOAD_FAST_LOAD_FAST),
 * MAKE_FUNCTION's flags, f-string opcodes, what FOR_ITER leaves behind.  The canonical form is close to 3.13's.
 *
 * The unspecialised bytecode is read (PyCode_GetCode), source positions come from co_linetable (PEP 657), exception
 * regions from co_exceptiontable; both formats are described in CPython's Objects/locations.md and
 * Objects/exception_handling_notes.txt (InternalDocs/ from 3.14 on).
 *
 * Targets and regions are indices into the stream.  An instruction that stands for nothing (RESUME, NOP, CACHE, …)
 * leaves no trace; a jump to it goes to what follows.
 */
#ifndef HL_READ_H
#define HL_READ_H
#include "../ir/ir.h"

typedef enum hl_bc_op {
#define BC(name, operand, flow, meaning) HL_BC_##name,
#include "bytecode.def"
#undef BC
    HL_BC_COUNT
} hl_bc_op;

typedef enum hl_bc_operand {
    HL_BCO_NONE, HL_BCO_INT, HL_BCO_OBJ, HL_BCO_VAR, HL_BCO_NAME, HL_BCO_OP, HL_BCO_TEXT, HL_BCO_GOTO
} hl_bc_operand;
typedef enum hl_bc_flow { HL_BCF_NEXT, HL_BCF_JUMP, HL_BCF_FORK, HL_BCF_STOP } hl_bc_flow;

typedef struct hl_bc_info { const char *name; hl_bc_operand operand; hl_bc_flow flow; } hl_bc_info;
extern const hl_bc_info hl_bcs[HL_BC_COUNT];

typedef struct hl_bc {
    uint8_t op;
    int arg;            /* INT, VAR, OP */
    int target;         /* GOTO: index in the stream */
    int offset;         /* of the original instruction, in bytes */
    PyObject *obj;      /* OBJ, NAME; borrowed from the code object */
    const char *text;   /* TEXT */
    hl_span span;
} hl_bc;

/* [start, end) goes to `target` when it raises: the stack is cut to `depth`, then, when `lasti`, one item that nobody looks
 * at is pushed, then the exception. */
typedef struct hl_region { int start, end, target, depth; bool lasti; } hl_region;

typedef enum hl_var_kind { HL_V_LOCAL, HL_V_CELL, HL_V_FREE } hl_var_kind;
typedef struct hl_var { PyObject *name; hl_var_kind kind; } hl_var;

typedef struct hl_stream {
    PyObject *code;
    HL_VEC(hl_bc) at;
    hl_var *vars; int nvars;    /* parameters first, free variables last */
    int nfree;
    hl_region *regions; int nregions;
    int nparams;                /* positional, keyword-only, then *args */
    int stacksize;
    int flags;                  /* CO_… */
} hl_stream;

/* NULL with a Python exception set when memory is exhausted or the bytecode is not what this version's table says. */
hl_stream *hl_read(hl_arena *a, PyObject *code);
#endif
