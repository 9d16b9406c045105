/* The rule table in memory: rows expanded from rules.def, chained by what finds them. */
#include "rules.h"
#include <string.h>

#define RULE(id, op, type, emit, effects) const hl_type *type(hl_site *);
#define FUNC(id, key, params, type, emit, effects) const hl_type *type(hl_site *);
#define METHOD(id, kind, key, params, type, emit, effects) const hl_type *type(hl_site *);
#define ATTR(id, kind, key, type, emit, effects) const hl_type *type(hl_site *);
#include "rules.def"
#undef RULE
#undef FUNC
#undef METHOD
#undef ATTR

typedef struct row { const char *effects; } row;

hl_rule hl_rules[HL_R_COUNT] = {
    [HL_R_NONE] = {.name = "none"},
#define RULE(id_, op_, type_, emit, effects) [HL_R_##id_] = {.id = HL_R_##id_, .kind = HL_RULE_OP, .op = HL_OP_##op_, .self = -1, .name = #id_, .type = type_},
#define FUNC(id_, key_, params_, type_, emit, effects)                                                                \
    [HL_R_##id_] = {.id = HL_R_##id_, .kind = HL_RULE_FUNC, .op = HL_OP_call, .self = -1, .key = key_, .params = params_, .name = #id_, .type = type_},
#define METHOD(id_, kind_, key_, params_, type_, emit, effects)                                                       \
    [HL_R_##id_] = {.id = HL_R_##id_, .kind = HL_RULE_METHOD, .op = HL_OP_call, .self = HL_K_##kind_, .key = key_, .params = params_, .name = #id_, .type = type_},
#define ATTR(id_, kind_, key_, type_, emit, effects)                                                                  \
    [HL_R_##id_] = {.id = HL_R_##id_, .kind = HL_RULE_ATTR, .op = HL_OP_getattr, .self = HL_K_##kind_, .key = key_, .name = #id_, .type = type_},
#include "rules.def"
#undef RULE
#undef FUNC
#undef METHOD
#undef ATTR
};

static const row rows[HL_R_COUNT] = {
#define RULE(id_, op_, type_, emit, effects_) [HL_R_##id_] = {effects_},
#define FUNC(id_, key_, params_, type_, emit, effects_) [HL_R_##id_] = {effects_},
#define METHOD(id_, kind_, key_, params_, type_, emit, effects_) [HL_R_##id_] = {effects_},
#define ATTR(id_, kind_, key_, type_, emit, effects_) [HL_R_##id_] = {effects_},
#include "rules.def"
#undef RULE
#undef FUNC
#undef METHOD
#undef ATTR
};

static unsigned effects_of(const char *letters)
{
    unsigned e = 0;
    for (; *letters; letters++) switch (*letters) {
        case 'r': e |= HL_E_READ; break;
        case 'w': e |= HL_E_WRITE; break;
        case 'x': e |= HL_E_RAISE; break;
        case 'b': e |= HL_E_BORROW; break;
        case 'c': e |= HL_E_CONSUME; break;
        case 'l': e |= HL_E_LAZY; break;
        case 'f': e |= HL_E_FUSES; break;
        case 's': e |= HL_E_SERIAL; break;
        case 'u': e |= HL_E_UFUNC; break;
        case 'o': e |= HL_E_OBJECT; break;
        case 'v': e |= HL_E_VIEW; break;
        case 'P': e |= HL_E_PYTHON | HL_E_OBJECT | HL_E_SERIAL; break;
        default: break;
        }
    return e;
}

/* next[id]: the row after this one with the same key; chains are found by op, by key text, and by object. */
static int next_row[HL_R_COUNT], by_op[HL_OP_COUNT];
enum { BUCKETS = 1024 };
static struct key { const char *key; int self, kind, first, last, chain; } keys[HL_R_COUNT];
static int nkeys, key_heads[BUCKETS];
static PyObject *objects; /* dict: int(address of object) -> row id; the objects are kept alive by `kept` */
static PyObject *kept;

static unsigned hash_key(int kind, int self, const char *key)
{
    unsigned h = 5381u + (unsigned)kind * 77u + (unsigned)(self + 1) * 131u;
    for (; *key; key++) h = h * 33u ^ (unsigned char)*key;
    return h % BUCKETS;
}

static struct key *find_key(int kind, int self, const char *key)
{
    for (int k = key_heads[hash_key(kind, self, key)]; k; k = keys[k - 1].chain) {
        struct key *e = &keys[k - 1];
        if (e->kind == kind && e->self == self && !strcmp(e->key, key)) return e;
    }
    return NULL;
}

static void enter(int id)
{
    hl_rule *r = &hl_rules[id];
    if (r->kind == HL_RULE_OP) {
        int *p = &by_op[r->op];
        while (*p) p = &next_row[*p];
        *p = id;
        return;
    }
    struct key *e = find_key(r->kind, r->self, r->key);
    if (e) {
        next_row[e->last] = id, e->last = id;
        return;
    }
    unsigned h = hash_key(r->kind, r->self, r->key);
    keys[nkeys] = (struct key){r->key, r->self, r->kind, id, id, key_heads[h]};
    key_heads[h] = ++nkeys;
}

/* Modules whose import takes long: their rows are entered when the program has imported them, for no function of theirs is known
 * before. */
static struct { const char *name; bool entered; } slow_modules[] = {{"numpy.random", false}, {"random", false}, {"hotloop.stencils", false}, {"hotloop.callbacks", false}};
enum { SLOW_MODULES = sizeof slow_modules / sizeof *slow_modules };

static int slow_module_of(const char *key)
{
    for (int k = 0; k < SLOW_MODULES; k++) {
        size_t n = strlen(slow_modules[k].name);
        if (!strncmp(key, slow_modules[k].name, n) && key[n] == '.') return k;
    }
    return -1;
}

/* "numpy.linalg.norm" -> the object, or NULL without an exception (a name this NumPy or Python lacks). */
static PyObject *object_of(const char *key)
{
    const char *dot = strchr(key, '.');
    if (!dot) return NULL;
    char module[64];
    size_t n = (size_t)(dot - key) < sizeof module ? (size_t)(dot - key) : sizeof module - 1;
    memcpy(module, key, n), module[n] = 0;
    PyObject *o = PyImport_ImportModule(module);
    while (o && dot) {
        const char *name = dot + 1;
        dot = strchr(name, '.');
        PyObject *s = PyUnicode_FromStringAndSize(name, dot ? dot - name : (Py_ssize_t)strlen(name));
        PyObject *v = s ? PyObject_GetAttr(o, s) : NULL;
        Py_XDECREF(s);
        Py_DECREF(o);
        o = v;
    }
    if (!o) PyErr_Clear();
    return o;
}

static int enter_object(const char *key, int id)
{
    PyObject *o = object_of(key);
    if (!o) return 0;
    PyObject *address = PyLong_FromVoidPtr(o), *row = PyLong_FromLong(id);
    int bad = !address || !row || PyList_Append(kept, o) < 0;
    if (!bad && !PyDict_Contains(objects, address)) bad = PyDict_SetItem(objects, address, row) < 0;
    Py_XDECREF(address);
    Py_XDECREF(row);
    Py_DECREF(o);
    return bad ? -1 : 0;
}

/* The rows of a slow module, or (-1) those of no slow module. */
static int enter_module(int module)
{
    for (int k = 0; k < nkeys; k++)
        if (keys[k].kind == HL_RULE_FUNC && slow_module_of(keys[k].key) == module && enter_object(keys[k].key, keys[k].first) < 0) return -1;
    return 0;
}

/* Enters the rows of slow modules that have been imported meanwhile; were there any? */
static bool enter_imported(void)
{
    bool any = false;
    PyObject *modules = PyImport_GetModuleDict();
    for (int k = 0; k < SLOW_MODULES; k++) {
        if (slow_modules[k].entered || !PyDict_GetItemString(modules, slow_modules[k].name)) continue;
        slow_modules[k].entered = any = true;
        if (enter_module(k) < 0) PyErr_Clear();
    }
    return any;
}

int hl_rules_init(void)
{
    if (objects) return 0;
    for (int id = 1; id < HL_R_COUNT; id++) {
        hl_rules[id].effects = effects_of(rows[id].effects);
        enter(id);
    }
    kept = PyList_New(0);
    PyObject *d = PyDict_New();
    if (!kept || !d) return -1;
    objects = d;
    return enter_module(-1);
}

static const hl_rule *at(int id) { return id ? &hl_rules[id] : NULL; }

const hl_rule *hl_rules_of_op(hl_op op) { return at(by_op[op]); }
const hl_rule *hl_rule_next(const hl_rule *r) { return at(next_row[r->id]); }

const hl_rule *hl_rules_of_function(PyObject *function)
{
    PyObject *address = PyLong_FromVoidPtr(function);
    PyObject *row = address ? PyDict_GetItemWithError(objects, address) : NULL;
    if (address && !row && enter_imported()) row = PyDict_GetItemWithError(objects, address);
    Py_XDECREF(address);
    return row ? at((int)PyLong_AsLong(row)) : NULL;
}

static const hl_rule *first_of(struct key *e) { return e ? at(e->first) : NULL; }
const hl_rule *hl_rules_of_key(const char *key) { return first_of(find_key(HL_RULE_FUNC, -1, key)); }
const hl_rule *hl_rules_of_method(hl_kind self, const char *name) { return first_of(find_key(HL_RULE_METHOD, (int)self, name)); }
const hl_rule *hl_rules_of_attr(hl_kind self, const char *name)
{
    const hl_rule *r = first_of(find_key(HL_RULE_ATTR, (int)self, name));
    return r ? r : first_of(find_key(HL_RULE_ATTR, (int)self, "*"));
}

void hl_rule_params(const hl_rule *r, hl_params *out)
{
    bool star = false; /* what comes behind it is given by keyword alone */
    memset(out, 0, sizeof *out);
    if (r->kind == HL_RULE_METHOD) out->name[0] = "self", out->len[0] = 4, out->n = 1;
    for (const char *p = r->params; *p;) {
        p += strspn(p, " ,");
        size_t n = strcspn(p, " ,=");
        if (!n) break;
        if (*p == '*') out->rest = n > 1, out->npos = out->n, star = true;
        else if (out->n < 16) {
            out->name[out->n] = p, out->len[out->n] = n, out->optional[out->n] = p[n] == '=';
            out->n++;
        }
        p += n + (p[n] == '=');
    }
    if (!star) out->npos = out->n;
}
