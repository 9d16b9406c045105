/* Facts for reports: what the typed program says about each place of the source, as lines of JSON.
 *
 *   {"kind": "function", "name", "file", "line", "result", "params": [[name, type], …]}   the lines that follow belong to it
 *   {"kind": "value", "at": span, "op", "type", "does": […]}    an operation; `does` lists what costs: see facts[]
 *   {"kind": "mention", "at": span, "name", "type"}             a variable named in the source
 *   {"kind": "loop", "at": span, "depth", "copy"}               copy: "checked" for the copy that keeps its range checks
 *   {"kind": "remark", …}                                       from LLVM's vectoriser (codegen/llvm_extra.cpp)
 *   {"kind": "code", "text"}                                    assembly with .loc directives
 *
 * A span is [line, column, end line, end column], columns in UTF-8 bytes from 0, -1 when not known.  hotloop/report.py makes
 * text and pages of it.  Nothing here runs unless a report is asked for. */
#include "compile.h"
#include "infer/infer.h"
#include <string.h>

void hl_report_string(hl_text *out, const char *text)
{
    hl_text_printf(out, "\"");
    while (*text) {
        size_t plain = strcspn(text, "\"\\\n\r\t");
        hl_text_printf(out, "%.*s", (int)plain, text);
        text += plain;
        if (!*text) break;
        unsigned char c = (unsigned char)*text++;
        if (c == '"' || c == '\\') hl_text_printf(out, "\\%c", c);
        else hl_text_printf(out, "\\u%04x", c);
    }
    hl_text_printf(out, "\"");
}

static void span(hl_text *out, hl_span s) { hl_text_printf(out, "[%d, %d, %d, %d]", s.line, s.col, s.end_line, s.end_col); }

/* --- what an operation costs ------------------------------------------------------------------------------------------------ */

static bool indexes(const hl_inst *i)
{
    if (i->op != HL_OP_getitem && i->op != HL_OP_setitem) return false;
    const hl_type *t = hl_unliteral(i->args[0]->type), *k = hl_unliteral(i->args[1]->type);
    if (t->kind != HL_K_ARRAY && t->kind != HL_K_LIST) return false;
    if (k->kind == HL_K_TUPLE) {
        for (int j = 0; j < k->nitems; j++)
            if (hl_is_int(hl_unliteral(k->items[j]))) return true;
        return false;
    }
    return hl_is_int(k);
}

static bool is_checked(const hl_func *f, const hl_inst *i) { return indexes(i) && !(i->flags & HL_I_NOBOUNDS) && (!f->options || f->options->boundscheck); }
static bool is_proved(const hl_func *f, const hl_inst *i) { return indexes(i) && i->flags & HL_I_NOBOUNDS; }
static bool is_fused(const hl_func *f, const hl_inst *i) { return i->flags & HL_I_FUSED; }

/* The result is new memory: managed, not borrowed, and made here rather than handed on. */
static bool allocates(const hl_func *f, const hl_inst *i)
{
    if (!i->rule || i->flags & HL_I_FUSED || !i->type->has_mem || i->rule->kind == HL_RULE_ATTR) return false;
    const hl_type *t = hl_unliteral(i->type);
    return (t->kind == HL_K_ARRAY || t->kind == HL_K_LIST) && !(hl_ir_effects(i) & HL_E_BORROW) && i->op != HL_OP_getitem;
}

/* A loop nest over items: an array expression, a reduction, an assignment to a slice. */
static bool runs_over_items(const hl_func *f, const hl_inst *i)
{
    if (!(hl_ir_effects(i) & HL_E_FUSES) || i->flags & HL_I_FUSED) return false;
    bool any = i->type->kind == HL_K_ARRAY;
    for (int k = 0; k < i->nargs; k++) any |= i->args[k]->type && i->args[k]->type->kind == HL_K_ARRAY;
    return any;
}

static bool calls_python(const hl_func *f, const hl_inst *i) { return hl_ir_effects(i) & HL_E_SERIAL; }
static bool is_object(const hl_func *f, const hl_inst *i) { return i->type->kind == HL_K_PYOBJECT; }

static const struct { const char *name; bool (*holds)(const hl_func *f, const hl_inst *i); } facts[] = {
    {"checked", is_checked}, {"unchecked", is_proved}, {"fused", is_fused}, {"allocates", allocates}, {"nest", runs_over_items}, {"python", calls_python},
    {"object", is_object},
};

/* --- the graph ----------------------------------------------------------------------------------------------------------------- */

static void value(hl_text *out, const hl_func *f, const hl_block *b, const hl_inst *i)
{
    if (!i->type || i->span.line <= 0 || i->op == HL_OP_phi || i->op == HL_OP_param || (hl_ops[i->op].effects & HL_E_TERM)) return;
    if (i->op == HL_OP_retain || i->op == HL_OP_release) return;
    hl_text_printf(out, "{\"kind\": \"value\", \"at\": ");
    span(out, i->span);
    hl_text_printf(out, ", \"op\": \"%s\", \"slow\": %s, \"type\": ", hl_ops[i->op].name, b->slow ? "true" : "false");
    hl_report_string(out, i->type->name);
    hl_text_printf(out, ", \"does\": [");
    const char *sep = "";
    for (size_t k = 0; k < sizeof facts / sizeof *facts; k++)
        if (facts[k].holds(f, i)) hl_text_printf(out, "%s\"%s\"", sep, facts[k].name), sep = ", ";
    hl_text_printf(out, "]}\n");
}

/* The lines of a loop: from that of its header's first instruction that has one, to the last that something in it has. */
static void loop(hl_text *out, const hl_func *f, const hl_block *b)
{
    hl_span at = {0};
    for (const hl_inst *i = b->first; i && at.line <= 0; i = i->next)
        if (i->op != HL_OP_phi) at = i->span;
    for (int k = 0; k < f->blocks.n; k++) {
        if (!hl_ir_loop_contains(b, f->blocks.at[k])) continue;
        for (const hl_inst *i = f->blocks.at[k]->first; i; i = i->next)
            if (i->span.end_line > at.end_line) at.end_line = i->span.end_line;
    }
    hl_text_printf(out, "{\"kind\": \"loop\", \"at\": ");
    span(out, at);
    hl_text_printf(out, ", \"depth\": %d, \"copy\": \"%s\"}\n", b->loop_depth, b->slow ? "checked" : "");
}

static void function(hl_text *out, hl_func *f)
{
    hl_text_printf(out, "{\"kind\": \"function\", \"line\": %d, \"name\": ", f->first_line);
    hl_report_string(out, f->name ? f->name : "?");
    hl_text_printf(out, ", \"file\": ");
    hl_report_string(out, f->filename ? f->filename : "?");
    hl_text_printf(out, ", \"result\": ");
    hl_report_string(out, f->ret_type ? f->ret_type->name : "?");
    hl_text_printf(out, ", \"params\": [");
    for (int k = 0; k < f->nparams; k++) {
        hl_text_printf(out, k ? ", [" : "[");
        hl_report_string(out, f->param_names && f->param_names[k] ? f->param_names[k] : "?");
        hl_text_printf(out, ", ");
        hl_report_string(out, f->param_types[k]->name);
        hl_text_printf(out, "]");
    }
    hl_text_printf(out, "]}\n");
    hl_ir_order(f);
    hl_ir_dominators(f);
    hl_ir_loops(f);
    for (int k = 0; k < f->blocks.n; k++) {
        const hl_block *b = f->blocks.at[k];
        if (b->loop == b) loop(out, f, b);
        for (const hl_inst *i = b->first; i; i = i->next) value(out, f, b, i);
    }
    for (int k = 0; k < f->mentions.n; k++) {
        const hl_mention *m = &f->mentions.at[k];
        const char *name = PyUnicode_AsUTF8(m->name);
        if (!name) PyErr_Clear();
        if (!name || !m->value->type) continue;
        hl_text_printf(out, "{\"kind\": \"mention\", \"at\": ");
        span(out, m->span);
        hl_text_printf(out, ", \"name\": ");
        hl_report_string(out, name);
        hl_text_printf(out, ", \"type\": ");
        hl_report_string(out, m->value->type->name);
        hl_text_printf(out, "}\n");
    }
}

void hl_report_graph(hl_cx *cx, hl_text *out)
{
    for (int k = 0; k < cx->funcs.n; k++) function(out, cx->funcs.at[k]);
}

void hl_report_code(hl_cx *cx, hl_text *out)
{
    hl_text asm_text = {0};
    hl_codegen_asm(cx, &asm_text);
    hl_text_printf(out, "{\"kind\": \"code\", \"text\": ");
    hl_report_string(out, asm_text.at ? asm_text.at : "");
    hl_text_printf(out, "}\n");
    hl_text_free(&asm_text);
}
