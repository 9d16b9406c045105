/* Calls: who is called, which argument goes to which parameter, and what comes back.
 *
 * A call is resolved once, when the type of its callee is first known; what it was resolved to (hl_target) and its
 * original operands are kept.  Rows of one name may differ in their parameters, so operands are bound anew for each
 * row that is tried, and the row that wins leaves its binding in the instruction: args[k] is the k-th parameter then. */
#include "private.h"
#include "../rules/array.h"
#include "../rules/rules.h"
#include <string.h>

enum { MAX_ARGS = 64 };

/* Operands as they stand in the source. */
typedef struct actuals {
    int npos, nkw;
    hl_inst *pos[MAX_ARGS];
    hl_inst *kw[MAX_ARGS];
    PyObject *names[MAX_ARGS];
} actuals;

typedef struct call_note {
    hl_target target;
    actuals args;
    hl_inst *omitted, *out;
    hl_inst **given; int ngiven;   /* operands before the call was resolved, the callee first */
} call_note;

static PyObject *choose_overload(hl_infer *in, hl_inst *i, call_note *c, bool literals);
static const hl_type *call_overload(hl_infer *in, hl_inst *i, call_note *c);

static void remember(hl_infer *in, call_note *c, hl_inst *const *args, int n)
{
    c->given = HL_NEWN(in->arena, hl_inst *, n + 1);
    memcpy(c->given, args, sizeof *args * (size_t)n);
    c->ngiven = n;
}

/* Operands that resolving made for the call are of no use any more. */
static void forget_made(hl_inst *i, hl_inst *const *given, int ngiven)
{
    for (int k = 0; k < i->nargs; k++) {
        hl_inst *a = i->args[k];
        bool was = false;
        for (int g = 0; g < ngiven; g++) was |= given[g] == a;
        if (was || (a->op != HL_OP_unpack_item && a->op != HL_OP_build_tuple)) continue;
        a->op = HL_OP_omitted, a->nargs = 0, a->rule = NULL, a->type = hl_T.omitted;
        hl_infer_note(a)->failed = NULL;
    }
}

void hl_infer_restore_call(hl_infer *in, hl_inst *i)
{
    hl_note *n = hl_infer_note(i);
    call_note *c = (call_note *)n->target;
    i->rule = NULL, i->data = NULL;
    if (c) {
        c->target.instance = NULL;
        forget_made(i, c->given, c->ngiven);
        hl_infer_set_args(in, i, c->given, c->ngiven);
    }
    if (!n->spread) return;
    forget_made(i, n->spread, 2);
    i->op = HL_OP_call_ex;
    hl_infer_set_args(in, i, n->spread, 2);
}

/* --- binding to the parameters of a row ------------------------------------------------------------------------------------ */

static hl_inst *omitted(hl_infer *in, hl_inst *i, call_note *c)
{
    if (!c->omitted) {
        c->omitted = hl_infer_insert(in, i, HL_OP_omitted, NULL, 0);
        c->omitted->type = hl_T.omitted;
    }
    return c->omitted;
}

static bool name_is(PyObject *name, const char *s, size_t n)
{
    Py_ssize_t len;
    const char *u = PyUnicode_AsUTF8AndSize(name, &len);
    return u && (size_t)len == n && !memcmp(u, s, n);
}

/* Number of operands bound, or -1 with in->why set. */
static int bind_row(hl_infer *in, hl_inst *i, call_note *c, const hl_rule *r, hl_inst **out)
{
    hl_params p;
    hl_rule_params(r, &p);
    const actuals *a = &c->args;
    memset(out, 0, sizeof *out * (size_t)p.n);
    int n = p.n;
    for (int k = 0; k < a->npos; k++) {
        if (k < p.npos) out[k] = a->pos[k];
        else if (p.rest && n < MAX_ARGS) out[n++] = a->pos[k];
        else {
            in->why = hl_sprintf(in->arena, "takes at most %d arguments, %d were given", p.npos, a->npos);
            return -1;
        }
    }
    for (int k = 0; k < a->nkw; k++) {
        int at = -1;
        for (int q = 0; q < p.n; q++)
            if (name_is(a->names[k], p.name[q], p.len[q])) at = q;
        if (at < 0 || out[at]) {
            in->why = hl_sprintf(in->arena, at < 0 ? "has no parameter '%s' here" : "got several values for '%s'", PyUnicode_AsUTF8(a->names[k]));
            return -1;
        }
        out[at] = a->kw[k];
    }
    for (int k = 0; k < p.n; k++) {
        if (out[k]) continue;
        if (!p.optional[k]) {
            in->why = hl_sprintf(in->arena, "needs a value for '%.*s'", (int)p.len[k], p.name[k]);
            return -1;
        }
        out[k] = omitted(in, i, c);
    }
    return n;
}

static bool types_of(hl_infer *in, hl_inst *const *args, int n, const hl_type **types)
{
    for (int k = 0; k < n; k++) {
        if (!args[k]->type || args[k]->type->kind == HL_K_UNKNOWN) return false;
        types[k] = hl_resolve(in, args[k]->type);
    }
    return true;
}

static const hl_type *try_row(hl_infer *in, hl_inst *i, const hl_rule *r, hl_inst **args, int n, const hl_type **types)
{
    hl_site s = {in, i, r, n, types, args};
    const hl_type *t = r->type(&s);
    if (PyErr_Occurred()) in->cx->python_error = true;
    return t;
}

static const char *row_name(const call_note *c) { return c->target.name ? c->target.name : c->target.rows->key; }

static bool fits_out(hl_infer *in, hl_inst *i, const call_note *c, const hl_type *t)
{
    const hl_type *out = c->out && c->out->type ? hl_resolve(in, c->out->type) : NULL;
    if (!out) return true;
    if (!hl_is_array(out)) hl_infer_fail(in, i, "return arrays must be of ArrayType, not %s", out->name);
    else if (!hl_same_kind(t, out)) {
        const char *name = row_name(c), *dot = strrchr(name, '.');
        hl_infer_fail(in, i, "Cannot cast ufunc '%s' output from dtype('%s') to dtype('%s') with casting rule 'same_kind'", dot ? dot + 1 : name,
                      hl_unliteral(hl_item_of(t))->name, out->elem->name);
    } else return true;
    return false;
}

/* --- lists and tuples of numbers where NumPy expects arrays, text that is gone over ------------------------------------------- */

/* module.name(v), in front of `before`; NULL when there is no such function. */
static hl_inst *converted(hl_infer *in, hl_inst *before, hl_inst *v, const char *module, const char *name)
{
    PyObject *m = PyImport_ImportModule(module), *function = m ? PyObject_GetAttrString(m, name) : NULL;
    Py_XDECREF(m);
    if (!function) return PyErr_Clear(), NULL;
    hl_inst *args[2] = {hl_infer_const(in, before, hl_keep(in->arena, function)), v};
    hl_inst *call = hl_infer_insert(in, before, HL_OP_call, args, 2);
    hl_infer_queue(in, call);
    return call;
}

static hl_inst *as_array(hl_infer *in, hl_inst *before, hl_inst *v) { return converted(in, before, v, "numpy", "asarray"); }

/* The list of a text's characters, which is what can be iterated. */
static hl_inst *as_chars(hl_infer *in, hl_inst *before, hl_inst *v) { return converted(in, before, v, "builtins", "list"); }

static bool is_text(hl_infer *in, const hl_inst *v) { return v->type && hl_unliteral(hl_resolve(in, v->type))->kind == HL_K_STR; }

/* Does operand k of a function go over its items? */
static bool iterates(const call_note *c, int k)
{
    static const struct { const char *key; int first, last; } places[] = {
        {"builtins.enumerate", 0, 0}, {"builtins.reversed", 0, 0}, {"builtins.any", 0, 0}, {"builtins.all", 0, 0}, {"builtins.zip", 0, MAX_ARGS}, {"extend", 1, 1},
    };
    const hl_rule *r = c->target.rows;
    if (k == 0 && c->args.npos == 1 && r->kind == HL_RULE_FUNC && (!strcmp(r->key, "builtins.min") || !strcmp(r->key, "builtins.max"))) return true;
    for (size_t n = 0; n < sizeof places / sizeof *places; n++)
        if (!strcmp(places[n].key, r->key)) return k >= places[n].first && k <= places[n].last;
    return false;
}

/* Names of parameters that may be anything np.asarray takes. */
static bool takes_any_sequence(const char *name, size_t n)
{
    static const char *const names[] = {"a", "b", "x", "x1", "x2", "z", "m", "v", "y", "p", "q", "ar", "ar1", "ar2", "arr", "ary", "val", "condition", "bins",
                                        "weights", "xp", "fp", "array", "element", "test_elements", "prototype", "values", "min", "max", "a_min", "a_max", "fill_value"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strlen(names[k]) == n && !memcmp(names[k], name, n)) return true;
    return false;
}

/* Does a row of the chain have such a parameter there (or of that name)?  Functions that change their argument want the list itself. */
static bool may_be_sequence(const hl_rule *r, int place, PyObject *name)
{
    for (; r; r = hl_rule_next(r)) {
        hl_params p;
        if (r->effects & HL_E_WRITE || (r->kind == HL_RULE_FUNC ? strncmp(r->key, "numpy.", 6) : r->self != HL_K_ARRAY)) continue;
        hl_rule_params(r, &p);
        for (int k = 0; k < p.n; k++)
            if ((name ? name_is(name, p.name[k], p.len[k]) : k == place && k < p.npos) && takes_any_sequence(p.name[k], p.len[k])) return true;
    }
    return false;
}

static bool is_sequence(hl_infer *in, const hl_inst *v) { return v->type && v->type->kind != HL_K_UNKNOWN && hl_is_array_like(hl_resolve(in, v->type)); }

/* (a, [1, 2]) for np.concatenate and its like: a tuple of arrays.  NULL: nothing to do. */
static hl_inst *as_pile(hl_infer *in, hl_inst *before, hl_inst *v)
{
    bool some = false;
    if (v->op != HL_OP_build_tuple || v->nargs >= MAX_ARGS) return NULL;
    hl_inst *items[MAX_ARGS];
    for (int k = 0; k < v->nargs; k++) some |= is_sequence(in, v->args[k]);
    for (int k = 0; some && k < v->nargs; k++)
        if (!(items[k] = is_sequence(in, v->args[k]) ? as_array(in, before, v->args[k]) : v->args[k])) return NULL;
    if (!some) return NULL;
    hl_inst *tuple = hl_infer_insert(in, before, HL_OP_build_tuple, items, v->nargs);
    hl_infer_queue(in, tuple);
    return tuple;
}

static bool is_pile(const hl_rule *r)
{
    hl_params p;
    if (!strcmp(r->key, "numpy.array") || !strcmp(r->key, "numpy.asarray")) return true;
    hl_rule_params(r, &p);
    return p.n && ((p.len[0] == 6 && !memcmp(p.name[0], "arrays", 6)) || (p.len[0] == 3 && !memcmp(p.name[0], "tup", 3)));
}

/* No row took the operands: those that NumPy would make arrays of become arrays, texts that are gone over lists, and the rows are asked again. */
static bool take_sequences(hl_infer *in, hl_inst *i, call_note *c)
{
    bool some = false;
    hl_inst *args[MAX_ARGS];
    int n = 0, self = c->target.rows->kind == HL_RULE_METHOD;
    args[n++] = c->given[0];
    for (int k = 0; k < c->args.npos + c->args.nkw; k++) {
        hl_inst **v = k < c->args.npos ? &c->args.pos[k] : &c->args.kw[k - c->args.npos], *array = NULL;
        PyObject *name = k < c->args.npos ? NULL : c->args.names[k - c->args.npos];
        if (k == 0 && is_pile(c->target.rows)) array = as_pile(in, i, *v);
        else if (is_text(in, *v) && iterates(c, k)) array = as_chars(in, i, *v);
        else if ((k || !self) && is_sequence(in, *v) && may_be_sequence(c->target.rows, k, name)) array = as_array(in, i, *v);
        if (array) *v = array, some = true;
        if (n < MAX_ARGS) args[n++] = *v;
    }
    if (some) hl_infer_set_args(in, i, args, n);
    return some;
}

bool hl_infer_take_sequences(hl_infer *in, hl_inst *i, const hl_type *const *types)
{
    int over = i->op == HL_OP_getiter || i->op == HL_OP_unpack || i->op == HL_OP_unpack_ex ? 0 : i->op == HL_OP_list_extend ? 1 : -1;
    if (over >= 0 && is_text(in, i->args[over])) {
        hl_inst *args[2] = {i->args[0], i->nargs > 1 ? i->args[1] : NULL};
        if (!(args[over] = as_chars(in, i, args[over]))) return false;
        hl_infer_set_args(in, i, args, i->nargs);
        return true;
    }
    bool arithmetic = i->op >= HL_OP_add && i->op <= HL_OP_matmul, comparison = i->op >= HL_OP_lt && i->op <= HL_OP_ge;
    int at = i->op == HL_OP_setitem && hl_is_array(types[0]) ? 2 : !arithmetic && !comparison ? -1 : hl_is_array(types[0]) ? 1 : hl_is_array(types[1]) ? 0 : -1;
    if (at < 0 || !hl_is_array_like(types[at])) return false;
    hl_index_plan p;
    const char *why;
    if (at == 2 && hl_index_plan_make(types[0], types[1], &p, &why) && !p.nfancy && !p.ndim && !p.ellipsis) return false; /* one item */
    hl_inst *args[3] = {i->args[0], i->args[1], i->nargs > 2 ? i->args[2] : NULL};
    if (!(args[at] = as_array(in, i, args[at]))) return false;
    hl_infer_set_args(in, i, args, i->nargs);
    return true;
}

/* A new reference; NULL, without an exception: there is no NumPy, or it lacks the name. */
static PyObject *numpy_function(const char *name)
{
    PyObject *np = PyImport_ImportModule("numpy"), *f = np ? PyObject_GetAttrString(np, name) : NULL;
    Py_XDECREF(np);
    PyErr_Clear();
    return f;
}

/* x in a, x not in a: np.any(a == x), and its contrary. */
bool hl_infer_in_array(hl_infer *in, hl_inst *i, const hl_type *const *types)
{
    bool contrary = i->op == HL_OP_not_in;
    if ((i->op != HL_OP_in && !contrary) || !hl_is_array(types[1])) return false;
    if (!hl_is_array(types[0]) && !hl_is_number(hl_unliteral(types[0])) && !hl_is_array_like(types[0])) return false;
    PyObject *any = numpy_function("any");
    if (!any) return false;
    hl_inst *pair[2] = {i->args[1], i->args[0]}, *args[2] = {hl_infer_const(in, i, hl_keep(in->arena, any)), hl_infer_insert(in, i, HL_OP_eq, pair, 2)};
    hl_infer_queue(in, args[1]);
    if (contrary) {
        hl_inst *call = hl_infer_insert(in, i, HL_OP_call, args, 2);
        hl_infer_queue(in, call);
        i->op = HL_OP_not;
        hl_infer_set_args(in, i, &call, 1);
    } else {
        i->op = HL_OP_call;
        hl_infer_set_args(in, i, args, 2);
    }
    hl_infer_queue(in, i);
    return true;
}

/* --- calls of rows ----------------------------------------------------------------------------------------------------------------- */

/* No row takes the call: an overload may have this form of it (hotloop/library), also of an array's method, by the name of the function. */
static bool to_form(hl_infer *in, hl_inst *i, call_note *c)
{
    const hl_rule *r = c->target.rows;
    const hl_type *types[2 * MAX_ARGS], *callee = c->given[0]->type;
    int npos = c->args.npos, nkw = c->args.nkw;
    if (!in->cx->hooks || !in->cx->hooks->overload || !types_of(in, c->args.pos, npos, types) || !types_of(in, c->args.kw, nkw, types + npos)) return false;
    if (hl_infer_needs(i, types, npos + nkw)) return false;
    PyObject *function = NULL, *chooser, *impl = NULL;
    if (r->kind == HL_RULE_METHOD && r->self == HL_K_ARRAY) function = numpy_function(r->key);
    else if (r->kind == HL_RULE_FUNC && callee && callee->kind == HL_K_CONST) function = Py_NewRef(callee->obj);
    chooser = function ? hl_keep(in->arena, in->cx->hooks->overload(function)) : NULL;
    Py_XDECREF(function);
    PyErr_Clear();
    if (!chooser) return false;
    c->target.function = chooser;
    for (int literals = 0; literals < 2 && (!literals || impl == Py_None); literals++) {
        Py_XDECREF(impl);
        impl = choose_overload(in, i, c, literals);
    }
    /* What a chooser says against the call is said when it goes there; one without such a parameter has not seen it. */
    bool takes = impl ? impl != Py_None : !PyErr_GivenExceptionMatches(PyErr_Occurred(), PyExc_TypeError);
    Py_XDECREF(impl);
    PyErr_Clear();
    if (takes) c->target.kind = HL_TO_OVERLOAD;
    return takes;
}

static const hl_type *call_rows(hl_infer *in, hl_inst *i, call_note *c)
{
    hl_inst *args[MAX_ARGS];
    const hl_type *types[MAX_ARGS];
    const char *why = NULL, *misfit = NULL; /* what a row that took the operands said counts more than that others did not */
    for (int optional = 0; optional < 2; optional++)
        for (const hl_rule *r = c->target.rows; r; r = hl_rule_next(r)) {
            in->why = NULL;
            int n = bind_row(in, i, c, r, args);
            if (n >= 0) {
                if (!types_of(in, args, n, types)) return hl_T.unknown;
                unsigned need = hl_infer_needs(i, types, n);
                if ((r->effects & need) != need) continue;
                bool unwraps = hl_infer_unwrap_self(r, types);
                if (optional && !hl_infer_unwrap(types, n)) continue;
                const hl_type *t = try_row(in, i, r, args, n, types);
                if (in->cx->python_error) return NULL;
                if (t && !fits_out(in, i, c, t)) return NULL;
                if (t) {
                    i->rule = r;
                    i->flags = (uint16_t)(optional || unwraps ? i->flags | HL_I_UNWRAPS : i->flags & ~HL_I_UNWRAPS);
                    if (n != i->nargs || memcmp(i->args, args, sizeof *args * (size_t)n)) hl_infer_set_args(in, i, args, n);
                    return t;
                }
            }
            if (in->why && n >= 0) why = in->why;
            else if (in->why) misfit = in->why;
        }
    if (take_sequences(in, i, c)) return hl_T.unknown;
    if (to_form(in, i, c)) return call_overload(in, i, c);
    if (!why) why = misfit;
    hl_infer_fail(in, i, "%s", why ? why : "");
    return NULL;
}

void hl_infer_call_facts(hl_infer *in, hl_inst *i, hl_call_facts *out)
{
    const call_note *c = (const call_note *)hl_infer_note(i)->target;
    hl_inst **args = HL_NEWN(in->arena, hl_inst *, 2 * MAX_ARGS);
    *out = (hl_call_facts){.args = args};
    if (c) {
        int first = c->target.name != NULL, npos = c->args.npos - first; /* a named target comes as an operand of its own */
        memcpy(args, c->args.pos + first, sizeof *args * (size_t)npos);
        memcpy(args + npos, c->args.kw, sizeof *args * (size_t)c->args.nkw);
        out->npos = npos, out->n = npos + c->args.nkw, out->names = c->args.names, out->hidden = first;
        if (c->target.kind == HL_TO_ROWS) out->rows = c->target.rows, out->name = row_name(c);
        else out->callee = c->given[0];
        return;
    }
    int nkw = i->obj ? (int)PyTuple_GET_SIZE(i->obj) : 0;
    out->callee = i->args[0];
    out->n = i->nargs - 1 < 2 * MAX_ARGS ? i->nargs - 1 : 2 * MAX_ARGS, out->npos = out->n - nkw;
    memcpy(args, i->args + 1, sizeof *args * (size_t)out->n);
    out->names = nkw ? &PyTuple_GET_ITEM(i->obj, 0) : NULL;
}

hl_inst *hl_infer_method_named(const hl_inst *i)
{
    const call_note *c = i->op == HL_OP_call && i->rule && i->rule->kind == HL_RULE_METHOD && i->note ? (const call_note *)((const hl_note *)i->note)->target : NULL;
    return c && c->ngiven && c->given[0]->op == HL_OP_getattr ? c->given[0] : NULL;
}

bool hl_infer_call_accepts(hl_infer *in, hl_inst *i, int which, const hl_type *sample)
{
    call_note *c = (call_note *)hl_infer_note(i)->target;
    which += c->target.name != NULL;
    const hl_inst *operand = which < c->args.npos ? c->args.pos[which] : c->args.kw[which - c->args.npos];
    hl_inst *args[MAX_ARGS];
    const hl_type *types[MAX_ARGS];
    bool yes = false;
    if (which == 0 && c->target.rows->kind == HL_RULE_METHOD) return false; /* the rows belong to the object's type */
    for (const hl_rule *r = c->target.rows; r && !yes; r = hl_rule_next(r)) {
        int n = bind_row(in, i, c, r, args);
        if (n < 0 || !types_of(in, args, n, types)) continue;
        for (int k = 0; k < n; k++)
            if (args[k] == operand) types[k] = sample;
        hl_site s = {in, i, r, n, types, args};
        yes = r->type(&s) != NULL;
        PyErr_Clear();
    }
    return yes;
}

/* --- binding to the parameters of a Python function ---------------------------------------------------------------------------- */

typedef struct signature { PyCodeObject *code; PyObject *names, *defaults, *kwdefaults; hl_inst *closure; int ndefaults; } signature;

/* Default of parameter k: from the function object, or captured in the closure value. */
static hl_inst *default_of(hl_infer *in, hl_inst *i, const signature *s, int k)
{
    int argc = s->code->co_argcount;
    if (k < argc) {
        int at = k - (argc - s->ndefaults);
        if (at < 0) return NULL;
        if (!s->closure) return hl_infer_const(in, i, PyTuple_GET_ITEM(s->defaults, at));
        hl_inst *d = hl_infer_insert(in, i, HL_OP_unpack_item, &s->closure, 1);
        d->ival = at;
        hl_infer_queue(in, d);
        return d;
    }
    PyObject *v = s->kwdefaults ? PyDict_GetItem(s->kwdefaults, PyTuple_GET_ITEM(s->names, k)) : NULL;
    return v ? hl_infer_const(in, i, v) : NULL;
}

/* Rewrites the operands of call i to the parameters (keyword-only ones after positional ones, *args as a tuple last). */
static int bind_signature(hl_infer *in, hl_inst *i, const actuals *a, const signature *s, const char *name, hl_inst **out)
{
    PyCodeObject *co = s->code;
    int argc = co->co_argcount, n = argc + co->co_kwonlyargcount;
    if (n + 1 >= MAX_ARGS) return hl_infer_fail(in, i, "more than %d parameters", MAX_ARGS - 2), -1;
    if (co->co_flags & CO_VARKEYWORDS) return hl_infer_fail(in, i, "%s takes **kwargs, which is not supported", name), -1;
    memset(out, 0, sizeof *out * MAX_ARGS);
    hl_inst *rest[MAX_ARGS];
    int nrest = 0;
    for (int k = 0; k < a->npos; k++) {
        if (k < argc) out[k] = a->pos[k];
        else rest[nrest++] = a->pos[k];
    }
    if (nrest && !(co->co_flags & CO_VARARGS))
        return hl_infer_fail(in, i, "%s() takes %d positional arguments but %d were given", name, argc, a->npos), -1;
    for (int k = 0; k < a->nkw; k++) {
        int at = -1;
        for (int q = co->co_posonlyargcount; q < n; q++)
            if (PyUnicode_Compare(a->names[k], PyTuple_GET_ITEM(s->names, q)) == 0) at = q;
        if (at < 0 || out[at])
            return hl_infer_fail(in, i, at < 0 ? "%s() got an unexpected keyword argument '%s'" : "%s() got multiple values for argument '%s'", name, PyUnicode_AsUTF8(a->names[k])), -1;
        out[at] = a->kw[k];
    }
    for (int k = 0; k < n; k++)
        if (!out[k] && !(out[k] = default_of(in, i, s, k)))
            return hl_infer_fail(in, i, "%s() missing a required argument: '%s'", name, PyUnicode_AsUTF8(PyTuple_GET_ITEM(s->names, k))), -1;
    if (co->co_flags & CO_VARARGS) {
        out[n++] = hl_infer_insert(in, i, HL_OP_build_tuple, rest, nrest);
        hl_infer_queue(in, out[n - 1]);
    }
    return n;
}

static int bind_function(hl_infer *in, hl_inst *i, call_note *c)
{
    PyObject *fn = c->target.function;
    signature s = {.code = (PyCodeObject *)PyFunction_GET_CODE(fn), .defaults = PyFunction_GET_DEFAULTS(fn), .kwdefaults = PyFunction_GET_KW_DEFAULTS(fn)};
    s.ndefaults = s.defaults ? (int)PyTuple_GET_SIZE(s.defaults) : 0;
    s.names = hl_keep(in->arena, PyCode_GetVarnames(s.code));
    hl_inst *out[MAX_ARGS];
    int n = bind_signature(in, i, &c->args, &s, PyUnicode_AsUTF8(((PyFunctionObject *)fn)->func_name), out);
    if (n < 0) return -1;
    hl_infer_set_args(in, i, out, n);
    return 0;
}

static int bind_closure(hl_infer *in, hl_inst *i, call_note *c, hl_inst *callee, const hl_type *t)
{
    signature s = {.code = (PyCodeObject *)t->obj, .closure = callee};
    int ncaptured = (int)PyTuple_GET_SIZE(hl_keep(in->arena, PyCode_GetFreevars(s.code)));
    s.ndefaults = t->nitems - ncaptured;
    s.names = hl_keep(in->arena, PyCode_GetVarnames(s.code));
    hl_inst *out[MAX_ARGS];
    int n = bind_signature(in, i, &c->args, &s, PyUnicode_AsUTF8(s.code->co_name), out);
    if (n < 0) return -1;
    for (int k = 0; k < ncaptured; k++) {
        hl_inst *v = hl_infer_insert(in, i, HL_OP_unpack_item, &callee, 1);
        v->ival = s.ndefaults + k;
        hl_infer_queue(in, v);
        out[n++] = v;
    }
    hl_infer_set_args(in, i, out, n);
    return 0;
}

/* --- resolving the callee --------------------------------------------------------------------------------------------------------- */

static int to_rows(call_note *c, const hl_rule *rows, hl_inst *first, const char *name)
{
    c->target = (hl_target){.kind = HL_TO_ROWS, .rows = rows, .name = name};
    if (first) {
        memmove(c->args.pos + 1, c->args.pos, sizeof *c->args.pos * (size_t)c->args.npos);
        c->args.pos[0] = first;
        c->args.npos++;
    }
    return 0;
}

static int to_function(hl_infer *in, hl_inst *i, call_note *c, PyObject *fn, hl_target_kind kind)
{
    c->target.kind = kind, c->target.function = fn;
    return kind == HL_TO_FUNCTION ? bind_function(in, i, c) : 0;
}

/* Functions of these packages are not compiled from their Python source: they are either rows, overloads, or refused. */
static bool foreign(PyObject *fn)
{
    PyObject *m = ((PyFunctionObject *)fn)->func_module;
    const char *u = m && PyUnicode_Check(m) ? PyUnicode_AsUTF8(m) : NULL;
    return u && (!strncmp(u, "numpy", 5) || !strncmp(u, "scipy", 5));
}

static const char *class_name(PyObject *cls)
{
    const char *name = ((PyTypeObject *)cls)->tp_name, *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

/* Arguments of a namedtuple into the places of its fields: keywords, and defaults for what is not given.  What is given without names and is
 * too much or too little for a class without defaults is left to the row. */
static bool fill_fields(hl_infer *in, hl_inst *i, call_note *c, PyObject *cls)
{
    actuals *a = &c->args;
    PyObject *fields = hl_keep(in->arena, PyObject_GetAttrString(cls, "_fields")), *defaults = hl_keep(in->arena, PyObject_GetAttrString(cls, "_field_defaults"));
    Py_ssize_t n = fields && PyTuple_Check(fields) ? PyTuple_GET_SIZE(fields) : MAX_ARGS;
    PyErr_Clear(); /* a class of the user's own may have neither */
    if (n >= MAX_ARGS || a->npos > n) return true;
    int npos = a->npos;
    for (Py_ssize_t k = npos; k < n; k++) a->pos[k] = NULL;
    for (int k = 0; k < a->nkw; k++) {
        Py_ssize_t at = PySequence_Index(fields, a->names[k]);
        PyErr_Clear();
        const char *wrong = at < 0 ? "has no field" : a->pos[at] ? "got several values for" : NULL;
        if (wrong) return hl_infer_fail(in, i, "%s %s '%s'", class_name(cls), wrong, PyUnicode_AsUTF8(a->names[k])), false;
        a->pos[at] = a->kw[k];
    }
    for (Py_ssize_t k = npos; k < n; k++) {
        PyObject *name = PyTuple_GET_ITEM(fields, k), *value = defaults && PyDict_Check(defaults) ? PyDict_GetItem(defaults, name) : NULL;
        if (!a->pos[k] && !value) return hl_infer_fail(in, i, "%s: the field '%s' has no value", class_name(cls), PyUnicode_AsUTF8(name)), false;
        if (!a->pos[k]) a->pos[k] = hl_infer_const(in, i, value);
    }
    a->npos = (int)n, a->nkw = 0;
    return true;
}

static int resolve_class(hl_infer *in, hl_inst *i, call_note *c, hl_inst *callee, PyObject *cls)
{
    if (PyExceptionClass_Check(cls)) return to_rows(c, hl_rules_of_key("builtins.BaseException"), callee, class_name(cls));
    if (PyType_IsSubtype((PyTypeObject *)cls, &PyTuple_Type) && PyObject_HasAttrString(cls, "_fields")) {
        if (!fill_fields(in, i, c, cls)) return -1;
        const hl_rule *rows = hl_rules_of_key("collections.namedtuple");
        if (rows) return to_rows(c, rows, callee, class_name(cls));
    }
    return hl_infer_fail(in, i, "the class %s cannot be called here", ((PyTypeObject *)cls)->tp_name), -1;
}

/* A second call instruction in front of i, with the callee and operands `args`. */
static hl_inst *call_before(hl_infer *in, hl_inst *i, hl_inst *callee, const call_note *c, call_note **note)
{
    hl_inst *args[MAX_ARGS] = {callee};
    memcpy(args + 1, c->args.pos, sizeof *args * (size_t)c->args.npos);
    hl_inst *call = hl_infer_insert(in, i, HL_OP_call, args, c->args.npos + 1);
    *note = HL_NEW(in->arena, call_note);
    (*note)->args = c->args;
    remember(in, *note, args, c->args.npos + 1);
    hl_infer_note(call)->target = (hl_target *)*note;
    return call;
}

/* Instruction i becomes another name of v. */
static int becomes(hl_infer *in, hl_inst *i, hl_op op, hl_inst *const *v, int n)
{
    i->op = op, i->obj = NULL;
    hl_infer_set_args(in, i, v, n);
    hl_infer_queue(in, i);
    return 1;
}

/* np.add(a, b, out): the call without out, out[...] = its result, and out as the value. */
static int call_out(hl_infer *in, hl_inst *i, call_note *c, hl_inst *callee, hl_inst *out, const hl_rule *rows, const char *name)
{
    call_note *note;
    hl_inst *call = call_before(in, i, callee, c, &note);
    note->out = out;
    to_rows(note, rows, name ? callee : NULL, name);
    hl_inst *store[3] = {out, hl_infer_const(in, i, Py_Ellipsis), call};
    hl_inst *into = hl_infer_insert(in, i, HL_OP_setitem, store, 3);
    into->flags |= HL_I_INPLACE;
    hl_infer_queue(in, into);
    hl_infer_queue(in, call);
    return becomes(in, i, HL_OP_cast, &out, 1);
}

static int ufunc_number(PyObject *ufunc, const char *what)
{
    PyObject *n = PyObject_GetAttrString(ufunc, what);
    int v = n ? (int)PyLong_AsLong(n) : -1;
    Py_XDECREF(n);
    PyErr_Clear();
    return v;
}

/* What was given as out: out=(a,) is a, and out=None is none. */
static hl_inst *given_out(hl_infer *in, hl_inst *out)
{
    if (out->op == HL_OP_build_tuple && out->nargs == 1) out = out->args[0];
    const hl_type *t = out->type ? hl_resolve(in, out->type) : NULL;
    return t && (t->kind == HL_K_NONE || t->kind == HL_K_OMITTED) ? NULL : out;
}

static bool has_out(const call_note *c, int nin)
{
    return c->args.npos == nin && c->args.nkw == 1 && !PyUnicode_CompareWithASCIIString(c->args.names[0], "out");
}

/* The out operand of a call of a numpy.ufunc, taken from the operands; NULL: there is none. */
static hl_inst *take_out(hl_infer *in, call_note *c, PyObject *ufunc)
{
    if (strcmp(Py_TYPE(ufunc)->tp_name, "numpy.ufunc")) return NULL;
    int n = ufunc_number(ufunc, "nin");
    if (c->args.npos == n + 1) return given_out(in, c->args.pos[--c->args.npos]);
    return has_out(c, n) ? given_out(in, c->args.kw[--c->args.nkw]) : NULL;
}

/* A gufunc writes into the outputs that it is given; they are the value of the call. */
static int call_into(hl_infer *in, hl_inst *i, call_note *c, hl_inst *callee, PyObject *gufunc, const char *name)
{
    int nin = ufunc_number(gufunc, "nin"), nout = ufunc_number(gufunc, "nout");
    hl_inst *out = nout == 1 && has_out(c, nin) ? given_out(in, c->args.kw[--c->args.nkw]) : NULL;
    if (out) c->args.pos[c->args.npos++] = out;
    if (c->args.npos != nin + nout || c->args.nkw) return to_rows(c, hl_rules_of_key("hotloop.call_gufunc"), callee, name);
    call_note *note;
    hl_inst *outs[MAX_ARGS];
    memcpy(outs, c->args.pos + nin, sizeof *outs * (size_t)nout);
    hl_inst *call = call_before(in, i, callee, c, &note);
    to_rows(note, hl_rules_of_key("hotloop.call_gufunc_into"), callee, name);
    hl_infer_queue(in, call);
    return becomes(in, i, nout == 1 ? HL_OP_cast : HL_OP_build_tuple, outs, nout);
}

/* A ufunc that vectorize or guvectorize made; 0: it is none. */
static int resolve_ufunc(hl_infer *in, hl_inst *i, call_note *c, hl_inst *callee, PyObject *obj, int *done)
{
    PyObject *chooser = in->cx->hooks ? in->cx->hooks->ufunc(obj) : NULL;
    if (!chooser) return 0;
    PyObject *n = PyObject_GetAttrString(obj, "__name__"), *owner = PyObject_GetAttrString(chooser, "__self__"), *layout = owner ? PyObject_GetAttrString(owner, "layout") : NULL;
    Py_DECREF(chooser), Py_XDECREF(owner);
    const char *name = n ? hl_strdup(in->arena, PyUnicode_AsUTF8(n)) : "ufunc";
    bool core = layout && layout != Py_None;
    Py_XDECREF(n), Py_XDECREF(layout);
    if (core) return *done = call_into(in, i, c, callee, obj, name), 1;
    const hl_rule *rows = hl_rules_of_key("hotloop.call_ufunc");
    hl_inst *out = ufunc_number(obj, "nout") == 1 ? take_out(in, c, obj) : NULL;
    *done = out ? call_out(in, i, c, callee, out, rows, name) : to_rows(c, rows, callee, name);
    return 1;
}

/* Rows know no functions as arguments: max(items, key=f) is the library's. */
static bool has_key(const call_note *c)
{
    for (int k = 0; k < c->args.nkw; k++)
        if (name_is(c->args.names[k], "key", 3)) return true;
    return false;
}

static int resolve_object(hl_infer *in, hl_inst *i, call_note *c, hl_inst *callee, PyObject *obj)
{
    const hl_hooks *h = in->cx->hooks;
    const hl_rule *rows = hl_rules_of_function(obj);
    hl_inst *out = rows ? take_out(in, c, obj) : NULL;
    int done;
    if (out) return call_out(in, i, c, callee, out, rows, NULL);
    PyObject *o = rows && has_key(c) && h && h->overload ? h->overload(obj) : NULL;
    if (o) return to_function(in, i, c, hl_keep(in->arena, o), HL_TO_OVERLOAD);
    if (PyErr_Occurred()) return in->cx->python_error = true, -1;
    if (rows) return to_rows(c, rows, NULL, NULL);
    if (resolve_ufunc(in, i, c, callee, obj, &done)) return done;
    hl_jitted j;
    if (h && h->jitted(obj, &j)) {
        hl_note_locals(in->cx, j.py_func, j.locals);
        hl_options *own = HL_NEW(in->arena, hl_options);
        *own = j.options;
        c->target.options = own;
        return to_function(in, i, c, j.py_func, HL_TO_FUNCTION);
    }
    if (h && h->overload && (o = h->overload(obj))) return to_function(in, i, c, hl_keep(in->arena, o), HL_TO_OVERLOAD);
    if (PyErr_Occurred()) return in->cx->python_error = true, -1;
    if (PyType_Check(obj)) return resolve_class(in, i, c, callee, obj);
    const hl_type *t = h ? h->type_from(obj) : NULL;
    if (t && (rows = hl_rules_of_key("hotloop.cast"))) {
        hl_inst *d = hl_infer_insert(in, i, HL_OP_const, NULL, 0);
        d->obj = obj, d->type = hl_type_dtype(t);
        return to_rows(c, rows, d, NULL);
    }
    PyErr_Clear();
    if (PyFunction_Check(obj) && !foreign(obj)) return to_function(in, i, c, obj, HL_TO_FUNCTION);
    const char *module = "";
    PyObject *m = PyObject_GetAttrString(obj, "__module__");
    if (!m) PyErr_Clear();
    else if (PyUnicode_Check(m)) module = hl_sprintf(in->arena, "%s.", PyUnicode_AsUTF8(m));
    Py_XDECREF(m);
    const char *name = hl_type_const(in->types, obj)->name; /* const(name) */
    hl_infer_fail(in, i, "%s%.*s is not supported in compiled code", module, (int)strlen(name) - 7, name + 6);
    return -1;
}

static int resolve_method(hl_infer *in, hl_inst *i, call_note *c, hl_inst *callee, const hl_type *t)
{
    if (callee->op != HL_OP_getattr) return hl_infer_fail(in, i, "a method must be called where it is named"), -1;
    const hl_type *self = hl_unliteral(t->items[0]);
    if (self->kind == HL_K_OPTIONAL) self = self->elem;
    const hl_rule *rows = hl_rules_of_method((hl_kind)self->kind, PyUnicode_AsUTF8(t->obj));
    return to_rows(c, rows, callee->args[0], NULL);
}

static int resolve(hl_infer *in, hl_inst *i, call_note *c, hl_inst *callee, const hl_type *t)
{
    switch (t->kind) {
    case HL_K_CONST: {
        int done = hl_infer_constant_call(in, i, t->obj);
        return done ? done : resolve_object(in, i, c, callee, t->obj);
    }
    case HL_K_BOUND: return resolve_method(in, i, c, callee, t);
    case HL_K_CLOSURE:
        c->target = (hl_target){.kind = HL_TO_CLOSURE, .function = t->obj, .maker = (const hl_func *)(intptr_t)t->ival};
        return bind_closure(in, i, c, callee, t);
    case HL_K_DISPATCHER: {
        PyObject *d = in->cx->hooks ? in->cx->hooks->dispatcher(t->ival) : NULL;
        if (d) return resolve_object(in, i, c, callee, d);
        return hl_infer_fail(in, i, "the function given as an argument is gone"), -1;
    }
    default: return hl_infer_fail(in, i, "a value of type %s cannot be called", t->name), -1;
    }
}

/* --- results -------------------------------------------------------------------------------------------------------------------------- */

/* Compiled natively or not at all: library functions, Python functions of other modules, and what these call (object.c). */
static bool is_trial(hl_infer *in, const hl_inst *i, const hl_target *target)
{
    const hl_func *caller = i->block->func;
    const hl_instance *me = caller->data;
    if (me->trial) return true;
    if (target->options || target->kind == HL_TO_CLOSURE || !hl_infer_allows(in, i)) return false;
    return target->kind == HL_TO_OVERLOAD || PyFunction_GET_GLOBALS(target->function) != caller->globals;
}

static void set_options(hl_infer *in, const hl_inst *i, const hl_target *target, hl_instance *f)
{
    const hl_func *like = target->maker ? target->maker : i->block->func;
    const hl_options *o = target->options ? target->options : like->options;
    f->trial = is_trial(in, i, target);
    if (f->trial && !target->options) {
        hl_options *native = HL_NEW(in->arena, hl_options);
        *native = o ? *o : in->cx->rq->options;
        native->nopython = true, native->forceobj = false;
        o = native;
    }
    f->func->options = o;
}

/* A jitted callee that gets Python objects looks at them itself, when it is called. */
static bool through_dispatcher(hl_infer *in, hl_inst *i, const hl_target *target, const hl_type *const *types)
{
    if (!target->options || !hl_infer_allows(in, i)) return false;
    for (int k = 0; k < i->nargs; k++)
        if (types[k]->has_object) {
            hl_infer_make_object(in, i, "an argument is a Python object, so the function is chosen when it is called");
            return true;
        }
    return false;
}

/* Parameters that the callee uses as Python objects although they were given natively. */
static bool box_arguments(hl_infer *in, hl_inst *i, const hl_instance *f)
{
    bool any = false;
    for (int k = 0; k < i->nargs; k++)
        if (f->func->param_types[k] != f->types[k]) hl_infer_box(in, i->args[k], i), any = true;
    return any;
}

static const hl_type *call_instance(hl_infer *in, hl_inst *i, hl_target *target, PyObject *key)
{
    const hl_type *types[MAX_ARGS];
    if (!types_of(in, i->args, i->nargs, types)) return hl_T.unknown;
    for (int k = 0; k < i->nargs; k++)
        if (hl_unliteral(types[k])->kind != HL_K_STR) types[k] = hl_unliteral_deep(in->types, types[k]);
    if (through_dispatcher(in, i, target, types)) return hl_T.unknown;
    bool outer = in->cx->gradual;
    in->cx->gradual = hl_infer_allows(in, i) && !is_trial(in, i, target) && !(target->options && target->options->nopython);
    hl_instance *f = hl_infer_instance(in, key, target->maker, types, i->nargs, i);
    in->cx->gradual = outer;
    if (!f) return NULL;
    if (!f->func->options && f != in->instances.at[0]) set_options(in, i, target, f);
    if (f->abandoned) return hl_infer_fail(in, i, "%s cannot be compiled for these arguments", f->func->name), NULL;
    if (f != in->instances.at[0] && box_arguments(in, i, f)) return hl_T.unknown;
    if (target->instance != f) {
        target->instance = f;
        i->data = f->func;
        hl_push(in->arena, &f->callers, i);
    }
    i->rule = NULL;
    return f->ret;
}

/* Type objects for a user's overload: the bound operands, in the order of the call. */
static PyObject *choose_overload(hl_infer *in, hl_inst *i, call_note *c, bool literals)
{
    const actuals *a = &c->args;
    PyObject *args = PyTuple_New(a->npos), *kwargs = PyDict_New(), *impl = NULL;
    bool ok = args && kwargs;
    for (int k = 0; ok && k < a->npos + a->nkw; k++) {
        hl_inst *v = k < a->npos ? a->pos[k] : a->kw[k - a->npos];
        const hl_type *t = hl_resolve(in, v->type);
        PyObject *o = in->cx->hooks->type_object(literals ? t : hl_unliteral_deep(in->types, t));
        if (!o) ok = false;
        else if (k < a->npos) PyTuple_SET_ITEM(args, k, o);
        else ok = PyDict_SetItem(kwargs, a->names[k - a->npos], o) == 0, Py_DECREF(o);
    }
    if (ok) impl = PyObject_Call(c->target.function, args, kwargs);
    Py_XDECREF(args);
    Py_XDECREF(kwargs);
    return impl;
}

void hl_infer_refused(hl_infer *in, hl_inst *i)
{
    PyObject *cls, *value, *trace;
    PyErr_Fetch(&cls, &value, &trace);
    PyErr_NormalizeException(&cls, &value, &trace);
    PyObject *m = PyImport_ImportModule("hotloop.errors"), *e = m ? PyObject_GetAttrString(m, "HotloopError") : NULL;
    PyObject *s = e && PyErr_GivenExceptionMatches(cls, e) ? PyObject_Str(value) : NULL;
    const char *u = s ? PyUnicode_AsUTF8(s) : NULL;
    if (u) hl_infer_fail(in, i, "%s", u);
    else PyErr_Restore(cls, value, trace), in->cx->python_error = true;
    if (u) Py_XDECREF(cls), Py_XDECREF(value), Py_XDECREF(trace);
    Py_XDECREF(s), Py_XDECREF(e), Py_XDECREF(m);
}

static const hl_type *call_overload(hl_infer *in, hl_inst *i, call_note *c)
{
    const hl_type *types[2 * MAX_ARGS];
    if (!types_of(in, c->args.pos, c->args.npos, types) || !types_of(in, c->args.kw, c->args.nkw, types)) return hl_T.unknown;
    PyObject *impl = choose_overload(in, i, c, false);
    if (impl == Py_None) Py_DECREF(impl), impl = choose_overload(in, i, c, true);
    if (!impl) return hl_infer_refused(in, i), NULL;
    hl_keep(in->arena, impl);
    hl_jitted j;
    if (in->cx->hooks->jitted(impl, &j)) impl = j.py_func;
    if (!PyFunction_Check(impl)) {
        hl_infer_fail(in, i, "no implementation for these argument types");
        return NULL;
    }
    /* chooser functions make a new function object each time: its code is what identifies it when nothing is captured */
    for (int k = 0; k < in->instances.n; k++) {
        PyObject *key = in->instances.at[k]->key;
        if (PyFunction_Check(key) && PyFunction_GET_CODE(key) == PyFunction_GET_CODE(impl) && !PyFunction_GET_CLOSURE(impl)) impl = key;
    }
    PyObject *chooser = c->target.function;
    c->target.function = impl;
    int bad = bind_function(in, i, c);
    c->target.function = chooser;
    return bad ? NULL : call_instance(in, i, &c->target, impl);
}

const hl_type *hl_infer_call(hl_infer *in, hl_inst *i, const hl_type **types)
{
    hl_note *note = hl_infer_note(i);
    call_note *c = (call_note *)note->target;
    if (note->spread && note->spread[1]->type && hl_resolve(in, note->spread[1]->type)->kind != HL_K_TUPLE) {
        hl_infer_make_object(in, i, "f(*args) needs a tuple: the number of arguments must be known");
        return hl_T.unknown;
    }
    if (c && c->given[0]->type && c->given[0]->type->kind == HL_K_PYOBJECT) {
        hl_infer_make_object(in, i, "the function is a Python object");
        return hl_T.unknown;
    }
    if (!c && types[0]->kind == HL_K_PYOBJECT && in->objects) return hl_infer_rules(in, i, hl_rules_of_op(HL_OP_call), types);
    if (!c) {
        c = HL_NEW(in->arena, call_note);
        remember(in, c, i->args, i->nargs);
        int nkw = i->obj ? (int)PyTuple_GET_SIZE(i->obj) : 0, npos = i->nargs - 1 - nkw;
        if (i->nargs >= MAX_ARGS) return hl_infer_fail(in, i, "more than %d arguments", MAX_ARGS - 1), NULL;
        c->args.npos = npos, c->args.nkw = nkw;
        memcpy(c->args.pos, i->args + 1, sizeof *i->args * (size_t)npos);
        memcpy(c->args.kw, i->args + 1 + npos, sizeof *i->args * (size_t)nkw);
        for (int k = 0; k < nkw; k++) c->args.names[k] = PyTuple_GET_ITEM(i->obj, k);
        int done = resolve(in, i, c, i->args[0], types[0]);
        if (done) return done < 0 ? NULL : hl_T.unknown; /* rewritten */
        note->target = (hl_target *)c;
    }
    switch (c->target.kind) {
    case HL_TO_ROWS: return call_rows(in, i, c);
    case HL_TO_OVERLOAD: return call_overload(in, i, c);
    default: return call_instance(in, i, &c->target, c->target.function);
    }
}

/* f(*args): the tuple's items become operands, once its type is known. */
const hl_type *hl_infer_call_ex(hl_infer *in, hl_inst *i)
{
    const hl_type *t = hl_resolve(in, i->args[1]->type);
    if (i->nargs > 2) return hl_infer_fail(in, i, "f(**kwargs) is not supported"), NULL;
    if (t->kind != HL_K_TUPLE) return hl_infer_fail(in, i, "f(*args) needs a tuple, not %s: the number of arguments must be known", t->name), NULL;
    hl_inst *args[MAX_ARGS + 1] = {i->args[0]}, *tuple = i->args[1];
    if (t->nitems >= MAX_ARGS) return hl_infer_fail(in, i, "more than %d arguments", MAX_ARGS - 1), NULL;
    for (int k = 0; k < t->nitems; k++) {
        args[k + 1] = hl_infer_insert(in, i, HL_OP_unpack_item, &tuple, 1);
        args[k + 1]->ival = k;
        hl_infer_queue(in, args[k + 1]);
    }
    hl_note *note = hl_infer_note(i);
    note->spread = HL_NEWN(in->arena, hl_inst *, 2);
    note->spread[0] = i->args[0], note->spread[1] = tuple;
    i->op = HL_OP_call, i->obj = NULL;
    hl_infer_set_args(in, i, args, t->nitems + 1);
    hl_infer_queue(in, i);
    return hl_T.unknown;
}

/* --- attributes ---------------------------------------------------------------------------------------------------------------------------- */

static const hl_type *const_attribute(hl_infer *in, hl_inst *i, PyObject *obj)
{
    PyObject *v = PyObject_GetAttr(obj, i->obj);
    if (!v) {
        PyErr_Clear();
        hl_infer_fail(in, i, "%s has no attribute '%s'", hl_type_const(in->types, obj)->name, PyUnicode_AsUTF8(i->obj));
        return NULL;
    }
    i->op = HL_OP_const, i->nargs = 0;
    i->obj = hl_keep(in->arena, v);
    return hl_infer_const_type(in, v);
}

const hl_type *hl_infer_getattr(hl_infer *in, hl_inst *i, const hl_type **types)
{
    const hl_type *t = types[0], *self = hl_unliteral(t);
    if (self->kind == HL_K_OPTIONAL) self = self->elem;
    const char *name = PyUnicode_AsUTF8(i->obj);
    if (t->kind == HL_K_CONST) return const_attribute(in, i, t->obj);
    if (t->kind == HL_K_PYOBJECT && in->objects) return hl_infer_rules(in, i, hl_rules_of_op(HL_OP_getattr), types);
    in->why = NULL;
    const hl_rule *row = hl_rules_of_attr((hl_kind)self->kind, name);
    const hl_type *r = row ? hl_infer_rules(in, i, row, types) : NULL;
    if (r || in->cx->python_error) return r;
    if (hl_rules_of_method((hl_kind)self->kind, name)) {
        i->rule = NULL;
        return hl_type_bound(in->types, t, i->obj);
    }
    hl_infer_fail(in, i, "%s", in->why ? in->why : "");
    return NULL;
}

/* A rule's instruction depends on an instance. */
static const hl_type *call_from_rule(hl_site *s, hl_instance *f, hl_func **instance)
{
    *instance = f->func;
    for (int k = 0; k < s->in->rule_calls.n; k++)
        if (s->in->rule_calls.at[k].inst == s->inst && s->in->rule_calls.at[k].callee == f) return f->ret;
    hl_push(s->in->arena, &f->callers, s->inst);
    hl_push(s->in->arena, &s->in->rule_calls, ((hl_rule_call){s->inst, f}));
    return f->ret;
}

const hl_type *hl_call_type(hl_site *s, const hl_type *callee, const hl_type *const *types, int n, hl_func **instance)
{
    hl_jitted j;
    PyObject *fn = callee->kind == HL_K_CONST ? callee->obj : callee->kind == HL_K_DISPATCHER ? s->in->cx->hooks->dispatcher(callee->ival) : NULL;
    if (fn && s->in->cx->hooks->jitted(fn, &j)) fn = j.py_func;
    if (!fn || !PyFunction_Check(fn)) return NULL;
    hl_instance *f = hl_infer_instance(s->in, fn, NULL, types, n, s->inst);
    return f ? call_from_rule(s, f, instance) : NULL;
}

const hl_type *hl_call_jitted(hl_site *s, PyObject *dispatcher, const hl_type *const *types, int n, hl_func **instance)
{
    hl_jitted j;
    hl_infer *in = s->in;
    if (!in->cx->hooks->jitted(dispatcher, &j)) return NULL;
    hl_note_locals(in->cx, j.py_func, j.locals);
    hl_instance *f = hl_infer_instance(in, j.py_func, NULL, types, n, s->inst);
    if (!f) return NULL;
    if (!f->func->options && f != in->instances.at[0]) {
        hl_options *own = HL_NEW(in->arena, hl_options);
        *own = j.options;
        own->always_inline |= !f->func->has_loops;
        f->func->options = own;
    }
    return call_from_rule(s, f, instance);
}
