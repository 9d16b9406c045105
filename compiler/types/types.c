/* The type interner.
 *
 * A constructor fills a key (an hl_type on the stack), `intern` finds the type with the same key or makes it.  Two
 * tables hold types: the global one, for the life of the process, and one per compilation for types that refer to
 * Python objects or to VARs (HL_T_LOCAL); a type with a local component is local.  The global table is locked. */
#include "types.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_PARTS = 4096 };

struct hl_interner {
    const hl_type **buckets;
    uint32_t nbuckets, count;
    pthread_mutex_t lock;
    bool local;
};

hl_fixed_types hl_T;
static hl_interner global = {.lock = PTHREAD_MUTEX_INITIALIZER};
static uint32_t next_id;

hl_interner *hl_interner_new(void)
{
    hl_interner *in = calloc(1, sizeof *in);
    if (!in) return NULL;
    pthread_mutex_init(&in->lock, NULL);
    in->local = true;
    return in;
}

static void type_free(hl_type *t)
{
    Py_XDECREF(t->obj);
    Py_XDECREF(t->py);
    free((void *)t->items);
    free((void *)t->parts);
    free((void *)t->name);
    free(t);
}

void hl_interner_free(hl_interner *in)
{
    if (!in) return;
    for (uint32_t k = 0; k < in->nbuckets; k++)
        for (const hl_type *t = in->buckets[k], *next; t; t = next) {
            next = t->next;
            type_free((hl_type *)t);
        }
    free(in->buckets);
    pthread_mutex_destroy(&in->lock);
    free(in);
}

/* --- parts ------------------------------------------------------------------------------------------------------------ */

static hl_part int_part(int bits)
{
    return bits == 8 ? HL_P_I8 : bits == 16 ? HL_P_I16 : bits == 32 ? HL_P_I32 : HL_P_I64;
}

static void add_parts(hl_part *out, int *n, const hl_type *t)
{
    for (int k = 0; t && k < t->nparts && *n < MAX_PARTS; k++) out[(*n)++] = t->parts[k];
}

/* The parts of a type from its kind and components. */
static int parts_of(const hl_type *t, hl_part *out)
{
    int n = 0;
    switch ((hl_kind)t->kind) {
    case HL_K_BOOL: out[n++] = HL_P_I1; break;
    case HL_K_INT: out[n++] = int_part(t->bits); break;
    case HL_K_FLOAT: out[n++] = t->bits == 32 ? HL_P_F32 : HL_P_F64; break;
    case HL_K_COMPLEX: out[n++] = t->bits == 64 ? HL_P_F32 : HL_P_F64; out[n] = out[n - 1]; n++; break;
    case HL_K_STR: case HL_K_LIST: case HL_K_EXCEPTION: case HL_K_PYOBJECT: out[n++] = HL_P_MEM; break;
    case HL_K_LITERAL: add_parts(out, &n, t->elem); break;
    case HL_K_ARRAY:
        out[n++] = HL_P_MEM, out[n++] = HL_P_PTR;
        for (int k = 0; k < 2 * t->ndim; k++) out[n++] = HL_P_I64;
        break;
    case HL_K_WINDOW: /* data, then for each dimension where the window is, the sizes, the strides */
        out[n++] = HL_P_PTR;
        for (int k = 0; k < 3 * t->elem->ndim; k++) out[n++] = HL_P_I64;
        break;
    case HL_K_POINTER: out[n++] = HL_P_PTR; break;
    case HL_K_RANGE: out[n++] = HL_P_I64, out[n++] = HL_P_I64, out[n++] = HL_P_I64; break;
    case HL_K_ITER: out[n++] = HL_P_PTR; break;
    case HL_K_OPTIONAL: out[n++] = HL_P_I1; add_parts(out, &n, t->elem); break;
    case HL_K_TUPLE: case HL_K_SLICE: case HL_K_CLOSURE: case HL_K_BOUND:
        for (int k = 0; k < t->nitems; k++) add_parts(out, &n, t->items[k]);
        break;
    case HL_K_UNKNOWN: case HL_K_VAR: case HL_K_NONE: case HL_K_OMITTED: case HL_K_ELLIPSIS: case HL_K_DTYPE:
    case HL_K_CONST: case HL_K_DISPATCHER: case HL_KIND_COUNT: break;
    }
    return n;
}

/* --- names ------------------------------------------------------------------------------------------------------------ */

typedef struct text { char *at; size_t len, cap; } text;
static __attribute__((format(printf, 2, 3))) void put(text *s, const char *fmt, ...)
{
    char buf[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    if (n >= (int)sizeof buf) n = sizeof buf - 1;
    if (s->len + (size_t)n + 1 > s->cap) {
        s->cap = (s->len + (size_t)n + 1) * 2;
        char *p = realloc(s->at, s->cap);
        if (!p) return;
        s->at = p;
    }
    memcpy(s->at + s->len, buf, (size_t)n + 1);
    s->len += (size_t)n;
}

static void put_items(text *s, const hl_type *t)
{
    for (int k = 0; k < t->nitems; k++) put(s, "%s%s", k ? ", " : "", t->items[k]->name);
}

static bool uniform(const hl_type *t)
{
    for (int k = 1; k < t->nitems; k++)
        if (t->items[k] != t->items[0]) return false;
    return t->nitems > 0;
}

static const char *object_name(PyObject *o, char *buf, size_t n)
{
    PyObject *q = PyObject_GetAttrString(o, "__qualname__");
    if (!q) PyErr_Clear(), q = PyObject_GetAttrString(o, "__name__");
    if (!q) PyErr_Clear(), q = PyObject_Repr(o);
    const char *u = q && PyUnicode_Check(q) ? PyUnicode_AsUTF8(q) : NULL;
    if (!u) PyErr_Clear();
    snprintf(buf, n, "%s", u ? u : "object");
    Py_XDECREF(q);
    return buf;
}

static void put_tuple_name(text *s, const hl_type *t, char *buf, size_t n)
{
    if (t->obj && uniform(t)) put(s, "%s(%s x %d)", object_name(t->obj, buf, n), t->items[0]->name, t->nitems);
    else if (t->obj) put(s, "%s(", object_name(t->obj, buf, n)), put_items(s, t), put(s, ")");
    else if (uniform(t)) put(s, "UniTuple(%s x %d)", t->items[0]->name, t->nitems);
    else put(s, "Tuple("), put_items(s, t), put(s, ")");
}

static void put_literal_name(text *s, const hl_type *t)
{
    PyObject *r = PyObject_Repr(t->obj);
    const char *u = r ? PyUnicode_AsUTF8(r) : NULL;
    if (!u) PyErr_Clear();
    put(s, "Literal[%s](%s)", u ? u : "?", t->elem->name);
    Py_XDECREF(r);
}

static const char *name_of(const hl_type *t)
{
    static const char *iters[] = {"range", "list", "tuple", "array", "flat", "enumerate", "zip", "reversed", "ndindex",
                                  "ndenumerate", "nditer"};
    char buf[256];
    text s = {0};
    switch ((hl_kind)t->kind) {
    case HL_K_UNKNOWN: put(&s, "unknown"); break;
    case HL_K_VAR: put(&s, "var%lld", (long long)t->ival); break;
    case HL_K_NONE: put(&s, "none"); break;
    case HL_K_OMITTED: put(&s, "omitted"); break;
    case HL_K_BOOL: put(&s, "bool"); break;
    case HL_K_INT: put(&s, "%sint%d", t->flags & HL_T_SIGNED ? "" : "u", t->bits); break;
    case HL_K_FLOAT: put(&s, "float%d", t->bits); break;
    case HL_K_COMPLEX: put(&s, "complex%d", t->bits); break;
    case HL_K_STR: put(&s, "unicode_type"); break;
    case HL_K_LITERAL: put_literal_name(&s, t); break;
    case HL_K_TUPLE: put_tuple_name(&s, t, buf, sizeof buf); break;
    case HL_K_LIST: put(&s, "list(%s)", t->elem->name); break;
    case HL_K_ARRAY:
        put(&s, "array(%s, %dd, %c%s%s)", t->elem->name, t->ndim, t->layout, t->flags & HL_T_READONLY ? ", readonly" : "",
            t->flags & HL_T_UNALIGNED ? ", unaligned" : "");
        break;
    case HL_K_RANGE: put(&s, "range"); break;
    case HL_K_SLICE: put(&s, "slice("), put_items(&s, t), put(&s, ")"); break;
    case HL_K_ELLIPSIS: put(&s, "ellipsis"); break;
    case HL_K_ITER: put(&s, "iter(%s -> %s)", iters[t->ival], t->elem->name); break;
    case HL_K_DTYPE: put(&s, "dtype(%s)", t->elem->name); break;
    case HL_K_CONST: put(&s, "const(%s)", object_name(t->obj, buf, sizeof buf)); break;
    case HL_K_CLOSURE: put(&s, "closure(%s)", object_name(t->obj, buf, sizeof buf)); break;
    case HL_K_BOUND: put(&s, "method(%s.%s)", t->items[0]->name, object_name(t->obj, buf, sizeof buf)); break;
    case HL_K_DISPATCHER: put(&s, "type(CPUDispatcher(%s))", t->obj ? PyUnicode_AsUTF8(t->obj) : "?"); break;
    case HL_K_WINDOW: put(&s, "window(%s)", t->elem->name); break;
    case HL_K_POINTER: put(&s, "%s*", t->elem->kind == HL_K_NONE ? "void" : t->elem->name); break;
    case HL_K_EXCEPTION: put(&s, "exception(%s)", t->obj ? object_name(t->obj, buf, sizeof buf) : "any"); break;
    case HL_K_OPTIONAL: put(&s, "OptionalType(%s)", t->elem->name); break;
    case HL_K_PYOBJECT: put(&s, "pyobject"); break;
    case HL_KIND_COUNT: break;
    }
    return s.at ? s.at : "type";
}

/* --- interning --------------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t h, uint64_t v)
{
    h ^= v + 0x9e3779b97f4a7c15u + (h << 6) + (h >> 2);
    return h * 0xff51afd7ed558ccdu;
}

static bool by_content(const hl_type *t) { return t->kind == HL_K_LITERAL && t->elem->kind == HL_K_STR; }

/* ival says all there is to say. */
static bool ignores_object(const hl_type *t)
{
    return t->kind == HL_K_DISPATCHER || (t->kind == HL_K_LITERAL && t->elem->kind != HL_K_COMPLEX);
}

static uint64_t hash_of(const hl_type *t)
{
    uint64_t h = mix(t->kind, (uint64_t)t->bits | (uint64_t)t->flags << 8 | (uint64_t)t->ndim << 16 |
                                  (uint64_t)(unsigned char)t->layout << 24 | (uint64_t)t->nitems << 32);
    h = mix(h, (uintptr_t)t->elem);
    h = mix(h, (uint64_t)t->ival);
    h = mix(h, by_content(t) ? (uint64_t)PyObject_Hash(t->obj) : ignores_object(t) ? 0 : (uintptr_t)t->obj);
    for (int k = 0; k < t->nitems; k++) h = mix(h, (uintptr_t)t->items[k]);
    return h;
}

static bool same(const hl_type *a, const hl_type *b)
{
    if (a->kind != b->kind || a->bits != b->bits || a->flags != b->flags || a->ndim != b->ndim || a->layout != b->layout ||
        a->nitems != b->nitems || a->elem != b->elem || a->ival != b->ival)
        return false;
    for (int k = 0; k < a->nitems; k++)
        if (a->items[k] != b->items[k]) return false;
    if (a->obj == b->obj) return true;
    if (by_content(a)) return PyUnicode_Compare(a->obj, b->obj) == 0;
    return ignores_object(a);
}

static bool grow(hl_interner *in)
{
    uint32_t n = in->nbuckets ? in->nbuckets * 2 : 64;
    const hl_type **b = calloc(n, sizeof *b);
    if (!b) return in->nbuckets != 0;
    for (uint32_t k = 0; k < in->nbuckets; k++)
        for (hl_type *t = (hl_type *)in->buckets[k], *next; t; t = next) {
            next = (hl_type *)t->next;
            t->next = b[t->hash % n];
            b[t->hash % n] = t;
        }
    free(in->buckets);
    in->buckets = b, in->nbuckets = n;
    return true;
}

static const hl_type *make(const hl_type *key)
{
    hl_type *t = malloc(sizeof *t);
    if (!t) return NULL;
    *t = *key;
    t->items = NULL, t->name = NULL, t->py = NULL;
    if (key->nitems) {
        const hl_type **items = malloc(sizeof *items * key->nitems);
        if (!items) return free(t), NULL;
        memcpy(items, key->items, sizeof *items * key->nitems);
        t->items = items;
    }
    Py_XINCREF(t->obj);
    hl_part parts[MAX_PARTS];
    int n = parts_of(t, parts);
    t->nparts = (uint16_t)n;
    hl_part *p = malloc(sizeof *p * (size_t)(n ? n : 1));
    if (!p) return NULL;
    memcpy(p, parts, sizeof *p * (size_t)n);
    t->parts = p;
    for (int k = 0; k < n; k++) t->has_mem |= p[k] == HL_P_MEM;
    t->has_var = t->kind == HL_K_VAR || t->kind == HL_K_UNKNOWN || (t->elem && t->elem->has_var);
    t->has_object = t->kind == HL_K_PYOBJECT || (t->elem && t->elem->has_object);
    for (int k = 0; k < t->nitems; k++) t->has_var |= t->items[k]->has_var, t->has_object |= t->items[k]->has_object;
    t->id = __atomic_fetch_add(&next_id, 1, __ATOMIC_RELAXED);
    t->name = name_of(t);
    return t;
}

static const hl_type *intern(hl_interner *in, hl_type *key)
{
    bool local = key->flags & HL_T_LOCAL || (key->elem && key->elem->flags & HL_T_LOCAL);
    for (int k = 0; k < key->nitems; k++) local |= (key->items[k]->flags & HL_T_LOCAL) != 0;
    if (local && in) key->flags |= HL_T_LOCAL;
    else in = &global, key->flags &= (uint8_t)~HL_T_LOCAL;
    key->hash = hash_of(key);
    pthread_mutex_lock(&in->lock);
    const hl_type *found = NULL;
    if (in->count >= in->nbuckets && !grow(in)) goto out;
    for (found = in->buckets[key->hash % in->nbuckets]; found; found = found->next)
        if (found->hash == key->hash && same(found, key)) goto out;
    found = make(key);
    if (found) {
        ((hl_type *)found)->next = in->buckets[key->hash % in->nbuckets];
        in->buckets[key->hash % in->nbuckets] = found;
        in->count++;
    }
out:
    pthread_mutex_unlock(&in->lock);
    if (!found && !PyErr_Occurred()) PyErr_NoMemory();
    return found;
}

/* --- constructors -------------------------------------------------------------------------------------------------------- */

static const hl_type *simple(hl_kind k, int bits, int flags)
{
    hl_type key = {.kind = (uint8_t)k, .bits = (uint8_t)bits, .flags = (uint8_t)flags};
    return intern(NULL, &key);
}

static void fill_fixed(void)
{
    hl_T = (hl_fixed_types){
        .unknown = simple(HL_K_UNKNOWN, 0, 0), .none = simple(HL_K_NONE, 0, 0), .omitted = simple(HL_K_OMITTED, 0, 0),
        .boolean = simple(HL_K_BOOL, 8, 0), .int8 = hl_type_int(8, true), .int16 = hl_type_int(16, true),
        .int32 = hl_type_int(32, true), .int64 = hl_type_int(64, true), .uint8 = hl_type_int(8, false),
        .uint16 = hl_type_int(16, false), .uint32 = hl_type_int(32, false), .uint64 = hl_type_int(64, false),
        .float32 = hl_type_float(32), .float64 = hl_type_float(64), .complex64 = hl_type_complex(64),
        .complex128 = hl_type_complex(128), .str = simple(HL_K_STR, 0, 0), .range = simple(HL_K_RANGE, 0, 0),
        .ellipsis = simple(HL_K_ELLIPSIS, 0, 0), .exception = simple(HL_K_EXCEPTION, 0, 0),
        .pyobject = simple(HL_K_PYOBJECT, 0, 0)};
}

int hl_types_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill_fixed);
    return hl_T.pyobject ? 0 : -1;
}

const hl_type *hl_type_int(int bits, bool is_signed) { return simple(HL_K_INT, bits, is_signed ? HL_T_SIGNED : 0); }
const hl_type *hl_type_float(int bits) { return simple(HL_K_FLOAT, bits, 0); }
const hl_type *hl_type_complex(int bits) { return simple(HL_K_COMPLEX, bits, 0); }

const hl_type *hl_type_var(hl_interner *in, int64_t number)
{
    hl_type key = {.kind = HL_K_VAR, .flags = HL_T_LOCAL, .ival = number};
    return intern(in, &key);
}

const hl_type *hl_type_literal(hl_interner *in, PyObject *value)
{
    hl_type key = {.kind = HL_K_LITERAL, .flags = HL_T_LOCAL, .obj = value};
    if (PyBool_Check(value)) key.elem = hl_T.boolean, key.ival = value == Py_True;
    else if (PyLong_CheckExact(value)) {
        int overflow;
        key.ival = PyLong_AsLongLongAndOverflow(value, &overflow), key.elem = hl_T.int64;
        if (overflow > 0) {
            unsigned long long u = PyLong_AsUnsignedLongLong(value);
            if (PyErr_Occurred()) return PyErr_Clear(), NULL;
            key.ival = (int64_t)u, key.elem = hl_T.uint64;
        } else if (overflow < 0)
            return NULL;
    } else if (PyFloat_CheckExact(value)) {
        double d = PyFloat_AS_DOUBLE(value);
        memcpy(&key.ival, &d, 8), key.elem = hl_T.float64;
    } else if (PyComplex_CheckExact(value))
        key.elem = hl_T.complex128;
    else if (PyUnicode_CheckExact(value))
        key.elem = hl_T.str;
    else
        return NULL;
    return intern(in, &key);
}

const hl_type *hl_type_tuple(hl_interner *in, const hl_type *const *items, int n, PyObject *namedtuple)
{
    hl_type key = {.kind = HL_K_TUPLE, .items = items, .nitems = (uint16_t)n, .obj = namedtuple};
    return intern(in, &key);
}

const hl_type *hl_type_list(hl_interner *in, const hl_type *elem)
{
    hl_type key = {.kind = HL_K_LIST, .elem = elem};
    return intern(in, &key);
}

const hl_type *hl_type_array(const hl_type *dtype, int ndim, char layout, int flags)
{
    hl_type key = {.kind = HL_K_ARRAY, .elem = dtype, .ndim = (uint8_t)ndim, .layout = ndim == 0 ? 'C' : layout, .flags = (uint8_t)flags};
    return intern(NULL, &key);
}

const hl_type *hl_type_slice(hl_interner *in, const hl_type *start, const hl_type *stop, const hl_type *step)
{
    const hl_type *items[3] = {start, stop, step};
    hl_type key = {.kind = HL_K_SLICE, .items = items, .nitems = 3};
    return intern(in, &key);
}

const hl_type *hl_type_iter(hl_interner *in, hl_iter_kind k, const hl_type *const *over, int n, const hl_type *elem)
{
    hl_type key = {.kind = HL_K_ITER, .ival = k, .items = over, .nitems = (uint16_t)n, .elem = elem};
    return intern(in, &key);
}

const hl_type *hl_type_dtype(const hl_type *scalar)
{
    hl_type key = {.kind = HL_K_DTYPE, .elem = scalar};
    return intern(NULL, &key);
}

const hl_type *hl_type_const(hl_interner *in, PyObject *obj)
{
    hl_type key = {.kind = HL_K_CONST, .obj = obj, .flags = HL_T_LOCAL};
    return intern(in, &key);
}

/* Its global names and its options are those of the function that made it, wherever it is called. */
const hl_type *hl_type_closure(hl_interner *in, PyObject *code, int64_t maker, const hl_type *const *captured, int n)
{
    hl_type key = {.kind = HL_K_CLOSURE, .obj = code, .ival = maker, .items = captured, .nitems = (uint16_t)n, .flags = HL_T_LOCAL};
    return intern(in, &key);
}

const hl_type *hl_type_bound(hl_interner *in, const hl_type *self, PyObject *name)
{
    hl_type key = {.kind = HL_K_BOUND, .obj = name, .items = &self, .nitems = 1, .flags = HL_T_LOCAL};
    return intern(in, &key);
}

/* Dispatchers die, their types stay: the serial, never used again, is the identity. The object is not referred to;
 * `obj` is the dispatcher's name, for printing. */
const hl_type *hl_type_dispatcher(PyObject *dispatcher, int64_t serial)
{
    char buf[256];
    hl_type key = {.kind = HL_K_DISPATCHER, .ival = serial};
    key.obj = PyUnicode_FromString(object_name(dispatcher, buf, sizeof buf));
    if (!key.obj) return NULL;
    const hl_type *t = intern(NULL, &key);
    Py_DECREF(key.obj);
    return t;
}

const hl_type *hl_type_window(hl_interner *in, const hl_type *array, PyObject *stencil, int border)
{
    hl_type key = {.kind = HL_K_WINDOW, .elem = array, .obj = stencil, .ival = border, .flags = HL_T_LOCAL};
    return intern(in, &key);
}

const hl_type *hl_type_pointer(const hl_type *to)
{
    hl_type key = {.kind = HL_K_POINTER, .elem = to};
    return intern(NULL, &key);
}

const hl_type *hl_type_exception(hl_interner *in, PyObject *cls)
{
    hl_type key = {.kind = HL_K_EXCEPTION, .obj = cls, .flags = cls ? HL_T_LOCAL : 0};
    return intern(in, &key);
}

const hl_type *hl_type_optional(hl_interner *in, const hl_type *elem)
{
    if (elem->kind == HL_K_OPTIONAL || elem->kind == HL_K_NONE) return elem;
    hl_type key = {.kind = HL_K_OPTIONAL, .elem = elem};
    return intern(in, &key);
}

const hl_type *hl_unliteral_deep(hl_interner *in, const hl_type *t)
{
    if (t->kind == HL_K_LITERAL) return t->elem;
    if (t->kind != HL_K_TUPLE && t->kind != HL_K_SLICE) return t;
    const hl_type *items[t->nitems ? t->nitems : 1];
    bool changed = false;
    for (int k = 0; k < t->nitems; k++) changed |= (items[k] = hl_unliteral_deep(in, t->items[k])) != t->items[k];
    if (!changed) return t;
    return t->kind == HL_K_TUPLE ? hl_type_tuple(in, items, t->nitems, t->obj) : hl_type_slice(in, items[0], items[1], items[2]);
}

int hl_itemsize(const hl_type *t)
{
    t = hl_unliteral(t);
    return t->kind == HL_K_BOOL ? 1 : t->bits / 8;
}
