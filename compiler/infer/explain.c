/* What a message needs to know: the facts behind the failure that inference reports.
 *
 * The wording is hotloop/explain.py's.  Here the graph is asked, once, when the compilation has failed already: what the operands
 * are and where they come from, which other types would have been accepted (the rules themselves are asked again, with one
 * operand replaced by a sample type), which names there are beside the one that was not found, and through which calls the
 * compiler came.  All of it goes into one dict of plain Python values, cx->facts.  Whatever fails here is left out: the error
 * that is being reported matters more. */
#include "private.h"
#include "../rules/rules.h"
#include <string.h>

enum { MAX_OPERANDS = 6, MAX_PLACES = 8, MAX_CALLS = 32 };

/* Adds and gives up the reference to v. */
static void put(PyObject *facts, const char *key, PyObject *v)
{
    if (!v || PyDict_SetItemString(facts, key, v) < 0) PyErr_Clear();
    Py_XDECREF(v);
}

static PyObject *text(const char *s) { return PyUnicode_DecodeUTF8(s, (Py_ssize_t)strlen(s), "replace"); }

static void append(PyObject *list, PyObject *v)
{
    if (!v || !list || PyList_Append(list, v) < 0) PyErr_Clear();
    Py_XDECREF(v);
}

static PyObject *span_of(hl_span s) { return Py_BuildValue("(iiii)", s.line, s.col, s.end_line, s.end_col); }

static PyObject *facts_of(hl_cx *cx)
{
    if (!cx->facts) cx->facts = hl_keep(cx->arena, PyDict_New());
    return cx->facts;
}

/* --- where a value comes from ------------------------------------------------------------------------------------------ */

static const hl_inst *behind(const hl_inst *v)
{
    while ((v->op == HL_OP_check_bound || v->op == HL_OP_cast || v->op == HL_OP_unwrap || v->op == HL_OP_narrow) && v->nargs) v = v->args[0];
    return v;
}

/* Definitions behind v that phis hide, each once, in source order of the phi's operands. */
static int definitions(hl_infer *in, const hl_inst *v, const hl_inst **found, int n, const hl_inst **seen, int *nseen)
{
    v = behind(v);
    for (int k = 0; k < *nseen; k++)
        if (seen[k] == v) return n;
    if (*nseen < 4 * MAX_PLACES) seen[(*nseen)++] = v;
    if (v->op != HL_OP_phi) {
        if (v->type && v->op != HL_OP_unbound && n < MAX_PLACES) found[n++] = v;
        return n;
    }
    for (int k = 0; k < v->nargs && *nseen < 4 * MAX_PLACES; k++) n = definitions(in, v->args[k], found, n, seen, nseen);
    return n;
}

static int all_definitions(hl_infer *in, const hl_inst *v, const hl_inst **found)
{
    const hl_inst *seen[4 * MAX_PLACES];
    int nseen = 0;
    return definitions(in, v, found, 0, seen, &nseen);
}

static const char *origin_of(const hl_inst *v)
{
    return v->op == HL_OP_param ? "argument" : v->op == HL_OP_const ? "constant" : v->op == HL_OP_itervalue ? "loop" : "value";
}

/* (type, kind of origin, name of the parameter or None, span of the definition) */
static PyObject *place(hl_infer *in, const hl_inst *v)
{
    const hl_func *f = v->block ? v->block->func : NULL;
    const char *name = v->op == HL_OP_param && f && f->param_names ? f->param_names[v->ival] : NULL;
    const hl_type *t = v->type ? hl_resolve(in, v->type) : hl_T.unknown;
    PyObject *type = t->kind == HL_K_CONST ? PyUnicode_FromFormat("object(%s)", Py_TYPE(t->obj)->tp_name) : text(t->name), *span = span_of(v->span);
    PyObject *p = type && span ? Py_BuildValue("(OszO)", type, origin_of(v), name, span) : NULL;
    Py_XDECREF(type), Py_XDECREF(span);
    return p;
}

/* The operand's own type with the place where it got it; a variable with several definitions: the first of that type. */
static PyObject *operand(hl_infer *in, const hl_inst *v)
{
    const hl_inst *found[MAX_PLACES], *from = behind(v);
    int n = all_definitions(in, v, found);
    const hl_type *t = v->type ? hl_unliteral(hl_resolve(in, v->type)) : NULL;
    for (int k = n - 1; k >= 0; k--)
        if (from->op == HL_OP_phi || hl_unliteral(hl_resolve(in, found[k]->type)) == t) from = found[k];
    PyObject *p = place(in, from);
    if (p && t && t->kind != HL_K_CONST) {
        PyObject *name = text(t->name);
        if (name) PyTuple_SetItem(p, 0, name);
    }
    return p;
}

static PyObject *places(hl_infer *in, const hl_inst *const *at, int n)
{
    PyObject *list = PyList_New(0);
    const hl_type *shown[MAX_PLACES];
    int nshown = 0;
    for (int k = 0; k < n; k++) {
        const hl_type *t = hl_unliteral(hl_resolve(in, at[k]->type));
        bool again = false;
        for (int q = 0; q < nshown; q++) again |= shown[q] == t;
        if (again) continue;
        shown[nshown++] = t;
        append(list, place(in, at[k]));
    }
    return list;
}

/* --- through which calls ------------------------------------------------------------------------------------------------- */

static PyObject *call_place(const hl_inst *call)
{
    const hl_func *f = call->block->func;
    PyObject *span = span_of(call->span);
    PyObject *p = span ? Py_BuildValue("(zzO)", f->name, f->filename, span) : NULL;
    Py_XDECREF(span);
    return p;
}

void hl_explain_calls(hl_infer *in, const hl_inst *call)
{
    PyObject *facts = facts_of(in->cx), *list = PyList_New(0);
    for (int n = 0; call && n < MAX_CALLS; n++) {
        append(list, call_place(call));
        const hl_instance *f = call->block->func->data;
        call = f && f->callers.n ? f->callers.at[0] : NULL;
    }
    if (facts) put(facts, "calls", list);
    else Py_XDECREF(list);
}

/* --- what would be accepted ------------------------------------------------------------------------------------------------ */

/* Samples of the kinds of values that programs have. */
static int samples(hl_infer *in, const hl_type **out)
{
    int n = 0;
    out[n++] = hl_T.int64, out[n++] = hl_T.float64, out[n++] = hl_T.complex128, out[n++] = hl_T.boolean, out[n++] = hl_T.str;
    out[n++] = hl_type_array(hl_T.int64, 1, 'C', 0);
    out[n++] = hl_type_array(hl_T.float64, 1, 'C', 0);
    out[n++] = hl_type_array(hl_T.float64, 2, 'C', 0);
    out[n++] = hl_type_list(in->types, hl_T.float64);
    const hl_type *two[2] = {hl_T.int64, hl_T.int64};
    out[n++] = hl_type_tuple(in->types, two, 2, NULL);
    return n;
}
enum { SAMPLES = 16 };

/* Types that are plain data: asking a rule about others might start the compilation of another function. */
static bool plain(const hl_type *t)
{
    if (t->has_var || t->kind == HL_K_DISPATCHER || t->kind == HL_K_CLOSURE || t->kind == HL_K_PYOBJECT) return false;
    return t->kind != HL_K_CONST || !PyCallable_Check(t->obj) || PyType_Check(t->obj);
}

static bool operator_accepts(hl_infer *in, hl_inst *i, int which, const hl_type *sample)
{
    bool yes = false;
    for (const hl_rule *r = hl_rules_of_op(i->op); r && !yes; r = hl_rule_next(r)) {
        const hl_type *types[i->nargs + 4];
        for (int k = 0; k < i->nargs; k++) types[k] = k == which ? sample : hl_resolve(in, i->args[k]->type);
        hl_site s = {in, i, r, i->nargs, types, i->args};
        yes = r->type(&s) != NULL;
        PyErr_Clear();
    }
    return yes;
}

/* For each operand the samples that would do in its place: [[name, …], …]. */
static PyObject *accepted(hl_infer *in, hl_inst *i, hl_inst *const *args, int n)
{
    for (int k = 0; k < n; k++)
        if (!args[k]->type || !plain(hl_resolve(in, args[k]->type))) return NULL;
    const hl_type *sample[SAMPLES];
    int nsamples = samples(in, sample);
    const hl_type **vars = HL_NEWN(in->arena, const hl_type *, in->vars.n + 1); /* rules bind the item types of new lists: undone */
    int nvars = in->vars.n;
    if (nvars) memcpy(vars, in->vars.at, sizeof *vars * (size_t)nvars);
    PyObject *all = PyList_New(0);
    for (int k = 0; k < n; k++) {
        PyObject *some = PyList_New(0);
        for (int q = 0; q < nsamples; q++) {
            bool yes = i->op == HL_OP_call ? hl_infer_call_accepts(in, i, k, sample[q]) : operator_accepts(in, i, k, sample[q]);
            if (yes) append(some, text(sample[q]->name));
            if (nvars) memcpy(in->vars.at, vars, sizeof *vars * (size_t)nvars);
        }
        append(all, some);
    }
    return all;
}

/* --- names -------------------------------------------------------------------------------------------------------------------- */

static PyObject *member_names(int kind)
{
    PyObject *list = PyList_New(0);
    for (int id = 1; id < HL_R_COUNT; id++)
        if ((hl_rules[id].kind == HL_RULE_METHOD || hl_rules[id].kind == HL_RULE_ATTR) && hl_rules[id].self == kind) append(list, text(hl_rules[id].key));
    return list;
}

static PyObject *parameters(const hl_rule *rows, int hidden)
{
    PyObject *list = PyList_New(0);
    for (const hl_rule *r = rows; r; r = hl_rule_next(r)) {
        const char *rest = hidden ? strchr(r->params, ',') : r->params;
        append(list, text(rest ? rest + 2 * hidden : ""));
    }
    return list;
}

/* --- by kind of instruction ------------------------------------------------------------------------------------------------------ */

static void explain_operands(hl_infer *in, PyObject *facts, hl_inst *const *args, int n)
{
    PyObject *list = PyList_New(0);
    for (int k = 0; k < n && k < MAX_OPERANDS; k++) append(list, operand(in, args[k]));
    put(facts, "operands", list);
}

/* Names of the operands, None for positional ones. */
static PyObject *keywords(const hl_call_facts *c)
{
    PyObject *list = PyList_New(0);
    for (int k = 0; k < c->n; k++) append(list, Py_NewRef(k < c->npos ? Py_None : c->names[k - c->npos]));
    return list;
}

static void explain_call(hl_infer *in, PyObject *facts, hl_inst *i)
{
    hl_call_facts c;
    hl_infer_call_facts(in, i, &c);
    if (c.callee && c.callee->type) {
        const hl_type *t = hl_resolve(in, c.callee->type);
        put(facts, "callee", text(t->name));
        if (t->kind != HL_K_CONST) put(facts, "value", operand(in, c.callee));
        else put(facts, "object", Py_NewRef(t->obj));
    }
    put(facts, "keywords", keywords(&c));
    if (c.rows) {
        put(facts, "called", text(c.name));
        put(facts, "method", PyBool_FromLong(c.rows->kind == HL_RULE_METHOD));
        put(facts, "parameters", parameters(c.rows, c.hidden));
        if (c.n <= MAX_OPERANDS) put(facts, "accepts", accepted(in, i, c.args, c.n));
    }
    explain_operands(in, facts, c.args, c.n);
}

static void explain_attribute(hl_infer *in, PyObject *facts, hl_inst *i)
{
    put(facts, "name", Py_XNewRef(i->obj));
    explain_operands(in, facts, i->args, i->nargs);
    const hl_type *t = i->nargs && i->args[0]->type ? hl_resolve(in, i->args[0]->type) : NULL;
    if (!t) return;
    if (t->kind == HL_K_CONST) put(facts, "object", Py_NewRef(t->obj));
    else put(facts, "names", member_names(hl_unliteral(t)->kind));
}

/* What several ways make of one value. */
static void explain_phi(hl_infer *in, PyObject *facts, hl_inst *const *values, int n)
{
    const hl_inst *found[MAX_PLACES], *seen[4 * MAX_PLACES];
    int nfound = 0, nseen = 0;
    for (int k = 0; k < n; k++) nfound = definitions(in, values[k], found, nfound, seen, &nseen);
    put(facts, "places", places(in, found, nfound));
}

/* Bytecode may have one return statement several times, once a way that leads there (CPython from 3.12 on): then the ways differ. */
static void explain_returns(hl_infer *in, PyObject *facts, hl_func *f)
{
    HL_VEC(hl_inst *) values = {0};
    hl_inst *before = NULL;
    bool copied = true;
    PyObject *list = PyList_New(0);
    for (int b = 0; b < f->blocks.n; b++) {
        hl_inst *r = hl_ir_term(f->blocks.at[b]);
        if (!r || r->op != HL_OP_return || !r->args[0]->type) continue;
        copied &= !before || (before->span.line == r->span.line && before->span.col == r->span.col);
        before = r;
        hl_push(in->arena, &values, r->args[0]);
        PyObject *type = text(hl_unliteral(hl_resolve(in, r->args[0]->type))->name), *span = span_of(r->span);
        append(list, type && span ? Py_BuildValue("(OszO)", type, "return", NULL, span) : NULL);
        Py_XDECREF(type), Py_XDECREF(span);
    }
    if (copied && values.n > 1) {
        put(facts, "op", text(hl_ops[HL_OP_phi].name));
        explain_phi(in, facts, values.at, values.n);
        Py_XDECREF(list);
        return;
    }
    put(facts, "places", list);
}

void hl_explain(hl_infer *in, hl_inst *i)
{
    PyObject *facts = facts_of(in->cx);
    if (!facts) {
        PyErr_Clear();
        return;
    }
    put(facts, "op", text(hl_ops[i->op].name));
    const hl_instance *f = i->block->func->data;
    if (f && f->callers.n) hl_explain_calls(in, f->callers.at[0]);
    switch (i->op) {
    case HL_OP_phi:
        explain_phi(in, facts, &i, 1);
        if (i->obj) put(facts, "name", Py_NewRef(i->obj));
        break;
    case HL_OP_return: explain_returns(in, facts, i->block->func); break;
    case HL_OP_call: explain_call(in, facts, i); break;
    case HL_OP_getattr: case HL_OP_setattr: explain_attribute(in, facts, i); break;
    default:
        explain_operands(in, facts, i->args, i->nargs);
        if (i->nargs && i->nargs <= 3 && hl_rules_of_op(i->op)) put(facts, "accepts", accepted(in, i, i->args, i->nargs));
    }
}

const char *hl_explain_briefly(hl_infer *in, const hl_inst *i)
{
    char *s = hl_strdup(in->arena, "");
    for (int k = i->op == HL_OP_call; k < i->nargs; k++) {
        const hl_type *t = i->args[k]->type;
        if (t) s = hl_sprintf(in->arena, "%s%s%s", s, *s ? ", " : "", hl_unliteral(hl_resolve(in, t))->name);
    }
    if (i->op == HL_OP_phi || i->op == HL_OP_return) return hl_sprintf(in->arena, "no native type holds all of %s", i->op == HL_OP_phi ? s : "the results");
    if (i->op == HL_OP_getattr && i->obj) return hl_sprintf(in->arena, "%s has no native attribute '%s'", s, PyUnicode_AsUTF8(i->obj));
    return hl_sprintf(in->arena, "no native code for %s with %s", i->op == HL_OP_call ? "this call" : hl_ops[i->op].meaning, s);
}
