/* The bill of gradual typing: which values stayed Python objects, on which lines, and why (f.objects()). */
#include "private.h"

/* The reason that typing gave, or else the operand that it comes from. */
static const char *reason(hl_infer *in, const hl_inst *i)
{
    const hl_note *n = i->note;
    if (n && n->object) return n->object;
    if (i->op == HL_OP_param) return "an argument of a class that has no native type";
    for (int k = 0; k < i->nargs; k++) {
        const hl_inst *a = i->args[k];
        if (!a->type || a->type->kind != HL_K_PYOBJECT || a->op == HL_OP_box || a->op == HL_OP_const) continue;
        if (a->op == HL_OP_param) return hl_sprintf(in->arena, "argument '%s' is a Python object", a->block->func->param_names[a->ival]);
        return hl_sprintf(in->arena, "works on a Python object, the result of line %d", a->span.line);
    }
    return "done by CPython";
}

static const char *name_of(hl_infer *in, const hl_inst *i)
{
    if (i->op == HL_OP_param) return hl_sprintf(in->arena, "argument '%s'", i->block->func->param_names[i->ival]);
    if (i->op == HL_OP_phi) return "a variable with several values";
    return hl_ops[i->op].name;
}

static bool is_object(const hl_inst *i)
{
    if (i->op == HL_OP_param || i->op == HL_OP_phi) return i->type && i->type->kind == HL_K_PYOBJECT;
    return i->op == HL_OP_unbox || (i->rule && i->rule->effects & HL_E_PYTHON);
}

static int add(hl_infer *in, const hl_inst *i)
{
    hl_cx *cx = in->cx;
    const hl_func *f = i->block->func;
    hl_span s = i->span;
    if (i->op == HL_OP_param) s = (hl_span){.line = f->first_line, .col = -1, .end_col = -1};
    if (!cx->objects && !(cx->objects = PyList_New(0))) return -1;
    PyObject *row = Py_BuildValue("(siiiiss)", f->filename ? f->filename : "", s.line, s.col, s.end_line, s.end_col, name_of(in, i), reason(in, i));
    int r = row ? PyList_Append(cx->objects, row) : -1;
    Py_XDECREF(row);
    return r;
}

int hl_infer_record(hl_infer *in)
{
    for (int k = 0; k < in->cx->funcs.n; k++) {
        const hl_func *f = in->cx->funcs.at[k];
        for (int b = 0; b < f->blocks.n; b++)
            for (hl_inst *i = f->blocks.at[b]->first; i; i = i->next)
                if (is_object(i) && add(in, i) < 0) {
                    in->cx->python_error = true;
                    return -1;
                }
    }
    return 0;
}
