/* Decoding driver: runs over the code units, applies the version's table, then turns byte offsets into indices. */
#include "opcodes.h"
#include "positions.h"

#if PY_VERSION_HEX < 0x030B0000 || PY_VERSION_HEX >= 0x030E0000
#error "the reader has tables for CPython 3.11, 3.12 and 3.13"
#endif

const hl_bc_info hl_bcs[HL_BC_COUNT] = {
#define BC(name, operand, flow, meaning) {#name, HL_BCO_##operand, HL_BCF_##flow},
#include "bytecode.def"
#undef BC
};

/* --- what expand functions use ---------------------------------------------------------------------------------- */
hl_bc *hl_read_put(hl_reader *r, hl_bc_op op, int arg) {
    hl_bc bc = {.op = (uint8_t)op, .arg = arg, .target = -1, .offset = r->offset, .span = r->span};
    bc.span.offset = r->offset;
    hl_push(r->arena, &r->s->at, bc);
    return &r->s->at.at[r->s->at.n - 1];
}

void hl_read_put_obj(hl_reader *r, hl_bc_op op, PyObject *tuple, int index) {
    if (index < 0 || index >= PyTuple_GET_SIZE(tuple)) r->broken = true;
    else hl_read_put(r, op, 0)->obj = PyTuple_GET_ITEM(tuple, index);
}

void hl_read_put_var(hl_reader *r, hl_bc_op op, int var) {
    if (var < 0 || var >= r->s->nvars) r->broken = true;
    else hl_read_put(r, op, var);
}

void hl_read_put_jump(hl_reader *r, hl_bc_op op, int distance) {
    hl_read_put(r, op, 0)->target = r->next + 2 * distance;
}

void hl_read_refuse(hl_reader *r, const char *what) {
    hl_read_put(r, HL_BC_unsupported, 0)->text = what;
}

/* --- rows of several versions ------------------------------------------------------------------------------------ */
void hl_read_return_const(hl_reader *r, int arg) {
    hl_read_put_obj(r, HL_BC_const, r->consts, arg);
    hl_read_put(r, HL_BC_return, 0);
}

void hl_read_load_global(hl_reader *r, int arg) {
    if (arg & 1) hl_read_put(r, HL_BC_null, 0);
    hl_read_put_obj(r, HL_BC_global, r->names, arg >> 1);
}

void hl_read_load_attr(hl_reader *r, int arg) {
    hl_read_put_obj(r, HL_BC_attr, r->names, arg >> 1);
    if (arg & 1) hl_read_put(r, HL_BC_null, 0);
}

void hl_read_binary_op(hl_reader *r, int arg) {
    static const uint8_t ops[] = {
        [NB_ADD] = HL_OP_add, [NB_AND] = HL_OP_and, [NB_FLOOR_DIVIDE] = HL_OP_floordiv, [NB_LSHIFT] = HL_OP_lshift,
        [NB_MATRIX_MULTIPLY] = HL_OP_matmul, [NB_MULTIPLY] = HL_OP_mul, [NB_REMAINDER] = HL_OP_mod, [NB_OR] = HL_OP_or,
        [NB_POWER] = HL_OP_pow, [NB_RSHIFT] = HL_OP_rshift, [NB_SUBTRACT] = HL_OP_sub,
        [NB_TRUE_DIVIDE] = HL_OP_truediv, [NB_XOR] = HL_OP_xor,
    };
    _Static_assert(NB_XOR + 1 == NB_INPLACE_ADD, "in-place operators follow the others in the same order");
    if (arg < 0 || arg >= 2 * NB_INPLACE_ADD) r->broken = true;
    else if (arg < NB_INPLACE_ADD) hl_read_put(r, HL_BC_binary, ops[arg]);
    else hl_read_put(r, HL_BC_inplace, ops[arg - NB_INPLACE_ADD]);
}

void hl_read_compare(hl_reader *r, int which, bool truth) {
    static const uint8_t ops[] = {
        [Py_LT] = HL_OP_lt, [Py_LE] = HL_OP_le, [Py_EQ] = HL_OP_eq, [Py_NE] = HL_OP_ne, [Py_GT] = HL_OP_gt, [Py_GE] = HL_OP_ge,
    };
    if (which < 0 || which >= (int)sizeof ops) r->broken = true;
    else hl_read_put(r, HL_BC_binary, ops[which]);
    if (truth) hl_read_put(r, HL_BC_truth, 0);
}

void hl_read_is_op(hl_reader *r, int arg) { hl_read_put(r, HL_BC_binary, arg & 1 ? HL_OP_is_not : HL_OP_is); }
void hl_read_contains_op(hl_reader *r, int arg) { hl_read_put(r, HL_BC_binary, arg & 1 ? HL_OP_not_in : HL_OP_in); }

void hl_read_call_ex(hl_reader *r, int arg) { hl_read_put(r, HL_BC_call_ex, arg & 1); }

void hl_read_kw_names(hl_reader *r, int arg) {
    if (arg < 0 || arg >= PyTuple_GET_SIZE(r->consts)) r->broken = true;
    else r->kw_names = PyTuple_GET_ITEM(r->consts, arg);
}

void hl_read_call(hl_reader *r, int arg) {
    if (!r->kw_names) {
        hl_read_put(r, HL_BC_call, arg);
        return;
    }
    hl_read_put(r, HL_BC_const, 0)->obj = r->kw_names;
    hl_read_put(r, HL_BC_call_kw, arg);
    r->kw_names = NULL;
}

void hl_read_make_function(hl_reader *r, int arg) {
    hl_read_put(r, HL_BC_make_function, 0);
    for (int flag = 8; flag; flag >>= 1)
        if (arg & flag) hl_read_put(r, HL_BC_function_attr, flag);
}

void hl_read_format_value(hl_reader *r, int arg) {
    bool spec = arg & 4;
    if (arg & 3) {
        if (spec) hl_read_put(r, HL_BC_swap, 2);
        hl_read_put(r, HL_BC_convert, arg & 3);
        if (spec) hl_read_put(r, HL_BC_swap, 2);
    }
    hl_read_put(r, HL_BC_format, spec);
}

/* The numbers are those of Include/internal/pycore_intrinsics.h. */
void hl_read_intrinsic_1(hl_reader *r, int arg) {
    static const char *const refused[] = {[1] = "an interactive statement", [2] = "import *", [4] = "async generator"};
    enum { I_STOPITERATION_ERROR = 3, I_UNARY_POSITIVE = 5, I_LIST_TO_TUPLE = 6 };
    switch (arg) {
    case I_STOPITERATION_ERROR: hl_read_put(r, HL_BC_stop_error, 0); break;
    case I_UNARY_POSITIVE: hl_read_put(r, HL_BC_unary, HL_OP_pos); break;
    case I_LIST_TO_TUPLE: hl_read_put(r, HL_BC_list_to_tuple, 0); break;
    default: hl_read_refuse(r, arg > 0 && arg < 5 ? refused[arg] : "type parameters"); break;
    }
}

void hl_read_intrinsic_2(hl_reader *r, int arg) {
    enum { I_PREP_RERAISE_STAR = 1 };
    hl_read_refuse(r, arg == I_PREP_RERAISE_STAR ? "except*" : "type parameters");
}

/* --- one instruction ---------------------------------------------------------------------------------------------- */
static void decode(hl_reader *r, int opcode, int arg) {
    const hl_opcode *row = &hl_read_opcodes[opcode];
    switch ((hl_form)row->form) {
    case HL_FORM_NONE: r->broken = true; break;
    case HL_FORM_SKIP: break;
    case HL_FORM_FIXED: hl_read_put(r, row->op, row->value); break;
    case HL_FORM_ARG: hl_read_put(r, row->op, arg); break;
    case HL_FORM_VAR: hl_read_put_var(r, row->op, arg); break;
    case HL_FORM_CONST: hl_read_put_obj(r, row->op, r->consts, arg); break;
    case HL_FORM_NAME: hl_read_put_obj(r, row->op, r->names, arg); break;
    case HL_FORM_FORWARD: hl_read_put_jump(r, row->op, arg); break;
    case HL_FORM_BACKWARD: hl_read_put_jump(r, row->op, -arg); break;
    case HL_FORM_REFUSE: hl_read_refuse(r, row->text); break;
    case HL_FORM_EXPAND: row->expand(r, arg); break;
    }
}

/* The driver: index[u] becomes the stream index of what code unit u (or the first one behind it that stands for
 * something) was translated to.  An instruction's extended arguments belong to it: jumps go to the first of them. */
static void decode_all(hl_reader *r, const uint8_t *units, int nunits, const hl_span *spans, int *index) {
    unsigned high = 0;
    for (int u = 0; u < nunits; u++) {
        int opcode = units[2 * u];
        unsigned arg = high << 8 | units[2 * u + 1];
        index[u] = r->s->at.n;
        high = opcode == EXTENDED_ARG ? arg : 0;
        int next = u + 1;
        while (next < nunits && units[2 * next] == CACHE) next++;
        r->offset = 2 * u;
        r->next = 2 * next;
        r->span = spans[u];
        decode(r, opcode, (int)arg);
        if (r->broken) {
            PyErr_Format(PyExc_SystemError, "hotloop: unknown bytecode in %R: opcode %d argument %d at offset %d",
                r->s->code, opcode, (int)arg, 2 * u);
            return;
        }
    }
    index[nunits] = r->s->at.n;
}

/* Numbers that count items of the stack or choose a form: no compiler writes others, and the builder relies on it. */
static bool check_numbers(const hl_stream *s) {
    for (int i = 0; i < s->at.n; i++) {
        const hl_bc *bc = &s->at.at[i];
        if (hl_bcs[bc->op].operand != HL_BCO_INT) continue;
        int count = bc->op == HL_BC_unpack_ex ? (bc->arg & 255) + (bc->arg >> 8) : bc->arg;
        int most = bc->op == HL_BC_raise ? 2 : bc->op == HL_BC_build_slice ? 3 : s->stacksize + 8;
        if (count < (bc->op == HL_BC_build_slice ? 2 : 0) || count > most) {
            PyErr_Format(PyExc_SystemError, "hotloop: wrong bytecode in %R: %s %d at offset %d", s->code, hl_bcs[bc->op].name, bc->arg, bc->offset);
            return false;
        }
    }
    return true;
}

static bool resolve_jumps(hl_stream *s, const int *index, int nunits) {
    for (int i = 0; i < s->at.n; i++) {
        hl_bc *bc = &s->at.at[i];
        if (hl_bcs[bc->op].operand != HL_BCO_GOTO) continue;
        int unit = bc->target / 2;
        if (bc->target < 0 || unit >= nunits || index[unit] >= s->at.n) return false;
        bc->target = index[unit];
    }
    return true;
}

static bool read_regions(hl_arena *a, hl_stream *s, PyObject *table, const int *index, int nunits) {
    const uint8_t *at = (const uint8_t *)PyBytes_AS_STRING(table), *end = at + PyBytes_GET_SIZE(table);
    HL_VEC(hl_region) regions = {0};
    hl_region region;
    while (hl_read_region(&at, end, &region)) {
        if (region.start < 0 || region.end < region.start || region.end > nunits || region.target >= nunits ||
            index[region.target] >= s->at.n) return false;
        region.start = index[region.start];
        region.end = index[region.end];
        region.target = index[region.target];
        if (region.start < region.end) hl_push(a, &regions, region);
    }
    s->regions = regions.at;
    s->nregions = regions.n;
    return true;
}

/* co_localspluskinds: the values of CO_FAST_… in CPython's Include/internal/pycore_code.h. */
static void read_vars(hl_arena *a, hl_stream *s, PyCodeObject *co) {
    enum { FAST_CELL = 0x40, FAST_FREE = 0x80 };
    s->nvars = (int)PyTuple_GET_SIZE(co->co_localsplusnames);
    s->vars = HL_NEWN(a, hl_var, s->nvars + 1);
    const uint8_t *kinds = (const uint8_t *)PyBytes_AS_STRING(co->co_localspluskinds);
    for (int i = 0; i < s->nvars; i++) {
        s->vars[i].name = PyTuple_GET_ITEM(co->co_localsplusnames, i);
        s->vars[i].kind = kinds[i] & FAST_FREE ? HL_V_FREE : kinds[i] & FAST_CELL ? HL_V_CELL : HL_V_LOCAL;
        s->nfree += s->vars[i].kind == HL_V_FREE;
    }
}

hl_stream *hl_read(hl_arena *a, PyObject *code) {
    PyCodeObject *co = (PyCodeObject *)code;
    PyObject *bytes = PyCode_GetCode(co);
    if (!bytes) return NULL;
    hl_keep(a, bytes);
    hl_stream *s = HL_NEW(a, hl_stream);
    s->code = code;
    s->flags = co->co_flags;
    s->stacksize = co->co_stacksize;
    s->nparams = co->co_argcount + co->co_kwonlyargcount + !!(co->co_flags & CO_VARARGS);
    read_vars(a, s, co);

    int nunits = (int)(PyBytes_GET_SIZE(bytes) / 2);
    hl_span *spans = HL_NEWN(a, hl_span, nunits + 1);
    hl_read_positions(co->co_linetable, co->co_firstlineno, spans, nunits);
    int *index = HL_NEWN(a, int, nunits + 1);
    hl_reader r = {.arena = a, .s = s, .consts = co->co_consts, .names = co->co_names};
    decode_all(&r, (const uint8_t *)PyBytes_AS_STRING(bytes), nunits, spans, index);
    if (r.broken) return NULL;
    if (!check_numbers(s)) return NULL;
    hl_bc_flow last = s->at.n ? (hl_bc_flow)hl_bcs[s->at.at[s->at.n - 1].op].flow : HL_BCF_NEXT;
    if (last == HL_BCF_NEXT || last == HL_BCF_FORK) {
        PyErr_Format(PyExc_SystemError, "hotloop: the bytecode of %R does not end with a return or a jump", code);
        return NULL;
    }
    if (!resolve_jumps(s, index, nunits) || !read_regions(a, s, co->co_exceptiontable, index, nunits)) {
        PyErr_Format(PyExc_SystemError, "hotloop: a jump of %R leads nowhere", code);
        return NULL;
    }
    return s;
}
