/* The canonical stream as text, for HOTLOOP_DUMP=bytecode. */
#include "read.h"
#include "../compile.h"
#include <setjmp.h>

static void print_operand(const hl_stream *s, const hl_bc *bc, hl_text *out) {
    switch (hl_bcs[bc->op].operand) {
    case HL_BCO_NONE: break;
    case HL_BCO_INT: hl_text_printf(out, " %d", bc->arg); break;
    case HL_BCO_OP: hl_text_printf(out, " %s", hl_ops[bc->arg].name); break;
    case HL_BCO_TEXT: hl_text_printf(out, " %s", bc->text); break;
    case HL_BCO_GOTO: hl_text_printf(out, " -> %d", bc->target); break;
    case HL_BCO_VAR: {
        const char *name = PyUnicode_AsUTF8(s->vars[bc->arg].name);
        static const char *const kinds[] = {[HL_V_LOCAL] = "", [HL_V_CELL] = " (cell)", [HL_V_FREE] = " (free)"};
        hl_text_printf(out, " %s%s", name ? name : "?", kinds[s->vars[bc->arg].kind]);
        break;
    }
    case HL_BCO_NAME: {
        const char *name = PyUnicode_AsUTF8(bc->obj);
        hl_text_printf(out, " %s", name ? name : "?");
        break;
    }
    case HL_BCO_OBJ: {
        PyObject *repr = PyObject_Repr(bc->obj);
        const char *text = repr ? PyUnicode_AsUTF8(repr) : NULL;
        hl_text_printf(out, " %s", text ? text : "?");
        Py_XDECREF(repr);
        break;
    }
    }
    PyErr_Clear();
}

static void print_stream(const hl_stream *s, hl_text *out)
{
    int line = 0;
    for (int i = 0; i < s->at.n; i++) {
        const hl_bc *bc = &s->at.at[i];
        if (bc->span.line && bc->span.line != line) hl_text_printf(out, "%5d ", line = bc->span.line);
        else hl_text_printf(out, "      ");
        hl_text_printf(out, "%4d  %s", i, hl_bcs[bc->op].name);
        print_operand(s, bc, out);
        hl_text_printf(out, "\n");
    }
    for (int i = 0; i < s->nregions; i++) {
        const hl_region *g = &s->regions[i];
        hl_text_printf(out, "      try %d to %d -> %d, depth %d%s\n", g->start, g->end - 1, g->target, g->depth,
            g->lasti ? ", lasti" : "");
    }
}

void hl_read_dump(PyObject *code, hl_text *out)
{
    hl_arena *a = hl_arena_new();
    jmp_buf escape;
    if (!a || setjmp(escape)) {
        hl_text_printf(out, "(no memory)\n");
        if (a) hl_arena_free(a);
        return;
    }
    hl_arena_set_escape(a, &escape);
    const hl_stream *s = hl_read(a, code);
    hl_text_printf(out, "bytecode of %s\n", PyUnicode_AsUTF8(((PyCodeObject *)code)->co_qualname));
    if (s) print_stream(s, out);
    else hl_text_printf(out, "(unknown bytecode)\n"), PyErr_Clear();
    hl_arena_free(a);
}
