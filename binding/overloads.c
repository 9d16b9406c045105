/* Specialisations of a function: which one a call takes, how they come to be, when their code is freed; and the hooks
 * through which the compiler asks about Python objects.
 *
 * A lookup needs no lock but the GIL: new nodes go to the end of the list; those that go (the dispatcher is recompiled, or a
 * function that was an argument has died) wait in `retired` while a call runs them, and `generation` tells lookups under way.
 * Compilation holds the dispatcher's lock, so that two threads which need the same specialisation compile it once; the lock
 * is given up with the GIL while another thread compiles, and the same thread may enter again (a function that chooses an
 * overload may call what is being compiled).
 */
#include "binding.h"

/* --- the compiler ------------------------------------------------------------------------------------------------------------------ */

const hl_compiler_api *hl_compiler(void)
{
    static const hl_compiler_api *api;
    if (api) return api;
    PyObject *capsule = hl_package("_compiler", "api");
    if (!capsule) return NULL;
    const hl_compiler_api *a = PyCapsule_GetPointer(capsule, HL_COMPILER_CAPSULE);
    if (a && a->version != HL_COMPILER_VERSION)
        PyErr_SetString(PyExc_ImportError, "hotloop._compiler and hotloop._binding are of different builds; install hotloop again");
    else if (a)
        api = a; /* the module stays in sys.modules, the capsule in the module */
    if (!api) Py_DECREF(capsule);
    return api;
}

static bool hook_jitted(PyObject *obj, hl_jitted *out)
{
    hl_dispatcher *d = Py_TYPE(obj) == hl_dispatcher_class ? (hl_dispatcher *)obj : hl_callback_dispatcher(obj);
    if (!d) return false;
    *out = (hl_jitted){.py_func = d->py_func, .options = d->options, .locals = d->locals};
    return true;
}

static const hl_type *hook_type_of(PyObject *obj)
{
    const hl_type *t = hl_typeof(obj);
    if (!t) PyErr_Clear();
    return t;
}

static const hl_type *hook_type_from(PyObject *o) { return hl_type_of_object(o); }

static PyObject *registered(PyObject *function)
{
    PyObject *f = PyDict_GetItemWithError(hl_overload_registry, function);
    if (!f) PyErr_Clear(); /* not hashable */
    return Py_XNewRef(f);
}

static bool may_be_ours(PyObject *function)
{
    PyObject *self = PyCFunction_Check(function) ? PyCFunction_GET_SELF(function) : NULL;
    if (self && !strcmp(Py_TYPE(self)->tp_name, "numpy.ufunc")) return true; /* add.reduce */
    PyObject *module = PyObject_GetAttrString(function, "__module__");
    const char *name = module && PyUnicode_Check(module) ? PyUnicode_AsUTF8(module) : NULL;
    bool is = name && (!strncmp(name, "numpy", 5) || !strcmp(name, "builtins"));
    Py_XDECREF(module);
    PyErr_Clear();
    return is;
}

/* hotloop.library has what nobody else registered for a function of NumPy's or a builtin one; it imports the module that does. */
static PyObject *hook_overload(PyObject *function)
{
    PyObject *f = registered(function);
    if (f || PyErr_Occurred() || !may_be_ours(function)) return f;
    PyObject *find = hl_package("library", "find");
    f = find ? PyObject_CallOneArg(find, function) : NULL;
    Py_XDECREF(find);
    if (f == Py_None) Py_CLEAR(f);
    return f;
}

static int hook_unbox(const hl_type *t, PyObject *obj, hl_slot *slots)
{
    hl_intake in = {.loan = false};
    return hl_unbox(t, obj, slots, &in);
}

static PyObject *hook_dispatcher(int64_t serial) { return (PyObject *)hl_dispatcher_by_serial(serial); }

const hl_hooks hl_binding_hooks = {.jitted = hook_jitted, .type_of = hook_type_of, .type_object = hl_type_object,
    .type_from = hook_type_from, .overload = hook_overload, .ufunc = hl_ufunc_chooser, .unbox = hook_unbox, .dispatcher = hook_dispatcher};

/* --- making one ---------------------------------------------------------------------------------------------------------------------- */

static void overload_free(hl_overload *o)
{
    const hl_compiler_api *api = hl_compiler();
    if (o->result.code) api->code_free(o->result.code);
    Py_XDECREF(o->result.keep);
    Py_XDECREF(o->result.record);
    PyMem_Free(o);
}

static uint8_t code_of(const hl_type *t)
{
    return t == hl_T.int64 ? HL_A_INT64 : t == hl_T.float64 ? HL_A_FLOAT64 : t->kind == HL_K_ARRAY ? HL_A_ARRAY
         : t->kind == HL_K_PYOBJECT ? HL_A_OBJECT : HL_A_OTHER;
}

static bool holds_list(const hl_type *t)
{
    if (t->kind == HL_K_LIST || (t->elem && t->kind == HL_K_OPTIONAL && holds_list(t->elem))) return true;
    for (int k = 0; k < t->nitems; k++)
        if (holds_list(t->items[k])) return true;
    return false;
}

static void lay_out(hl_overload *o)
{
    o->nslots = 0, o->has_mem = o->has_list = false;
    for (int k = 0; k < o->nargs; k++) {
        const hl_type *t = o->args[k].type;
        o->args[k].code = code_of(t), o->args[k].mem = t->has_mem, o->args[k].slot = o->nslots;
        o->nslots += t->nparts;
        o->has_mem |= t->has_mem;
        o->has_list |= holds_list(t);
    }
}

static hl_overload *overload_new(const hl_type *const *args, int n, const hl_type *ret_asked)
{
    hl_overload *o = PyMem_Calloc(1, sizeof *o + sizeof *o->args * (size_t)n);
    if (!o) return PyErr_NoMemory(), NULL;
    o->nargs = n, o->ret_asked = ret_asked;
    for (int k = 0; k < n; k++) o->args[k].type = o->args[k].given = args[k];
    lay_out(o);
    return o;
}

static void request(hl_dispatcher *d, const hl_overload *o, const hl_type **args, hl_request *rq)
{
    for (int k = 0; k < o->nargs; k++) args[k] = o->args[k].given;
    *rq = (hl_request){.function = d->py_func, .dispatcher = (PyObject *)d, .args = args, .nargs = o->nargs, .ret = o->ret_asked,
                       .options = d->options};
}

static int build(hl_dispatcher *d, hl_overload *o)
{
    const hl_compiler_api *api = hl_compiler();
    if (!api) return -1;
    const hl_type *args[o->nargs ? o->nargs : 1];
    hl_request rq;
    request(d, o, args, &rq);
    if (api->compile(&rq, &hl_binding_hooks, &o->result) < 0) return -1;
    o->entry = o->result.entry, o->ret = o->result.ret;
    o->ret_code = code_of(o->ret), o->ret_slots = o->ret->nparts;
    for (int k = 0; o->result.objects && k < o->nargs && k < 64; k++)
        if (o->result.objects >> k & 1) o->args[k].type = hl_T.pyobject;
    if (o->result.objects) lay_out(o);
    o->python = o->result.record != NULL;
    for (int k = 0; k < o->nargs; k++) o->args[k].any = d->options.forceobj;
    return 0;
}

/* --- the lock -------------------------------------------------------------------------------------------------------------------------- */

static void lock(hl_dispatcher *d)
{
    unsigned long me = PyThread_get_thread_ident();
    if (d->lock_owner == me && d->lock_depth) {
        d->lock_depth++;
        return;
    }
    if (!PyThread_acquire_lock(d->lock, NOWAIT_LOCK)) {
        Py_BEGIN_ALLOW_THREADS
        PyThread_acquire_lock(d->lock, WAIT_LOCK);
        Py_END_ALLOW_THREADS
    }
    d->lock_owner = me, d->lock_depth = 1;
}

static void unlock(hl_dispatcher *d)
{
    if (--d->lock_depth) return;
    d->lock_owner = 0;
    PyThread_release_lock(d->lock);
}

/* --- choice ------------------------------------------------------------------------------------------------------------------------------ */

hl_overload *hl_overload_find(hl_dispatcher *d, const hl_type *const *args)
{
    for (hl_overload *o = d->overloads; o; o = o->next) {
        int k = 0;
        while (k < o->nargs && (o->args[k].given == args[k] || o->args[k].type == args[k])) k++;
        if (k == o->nargs) return o;
    }
    return NULL;
}

static void names_of(const hl_type *const *args, int n, char *buf, size_t size)
{
    size_t at = 0;
    buf[0] = 0;
    for (int k = 0; k < n && at < size; k++) at += (size_t)snprintf(buf + at, size - at, "%s%s", k ? ", " : "", args[k]->name);
}

/* How badly arguments fit: unsafe conversions weigh most, then safe ones, then promotions.  -1: not at all.  A function that
 * can still be compiled for its arguments converts nothing; an empty list fits any list. */
static int64_t badness(const hl_dispatcher *d, const hl_overload *o, const hl_type *const *args)
{
    static const int64_t weight[] = {0, 1, 1 << 10, 1 << 20};
    int64_t sum = 0;
    for (int k = 0; k < o->nargs; k++) {
        const hl_type *to = o->args[k].type;
        bool empty_list = args[k]->has_var && args[k]->kind == HL_K_LIST && to->kind == HL_K_LIST;
        bool object = to->kind == HL_K_PYOBJECT && !d->can_compile; /* takes anything, where nothing else fits */
        int c = empty_list ? 1 : hl_can_cast(args[k], to);
        if (!object && (c < 0 || (c > 0 && d->can_compile && !empty_list))) return -1;
        sum += c < 0 ? 1 << 15 : weight[c];
    }
    return sum;
}

/* The specialisation to which the arguments convert best.  NULL without exception: there is none. */
static hl_overload *closest(hl_dispatcher *d, const hl_type *const *args)
{
    hl_overload *best = NULL, *rival = NULL;
    int64_t least = INT64_MAX;
    for (hl_overload *o = d->overloads; o; o = o->next) {
        int64_t b = badness(d, o, args);
        if (b < 0 || b > least) continue;
        rival = b == least ? o : NULL;
        if (!rival) best = o;
        least = b;
    }
    if (!best || !rival) return best;
    char given[512];
    names_of(args, d->nparams, given, sizeof given);
    PyErr_Format(PyExc_TypeError, "Ambiguous overloading for %R (%s): several signatures fit equally well", d->py_func, given);
    return NULL;
}

static hl_overload *refuse(hl_dispatcher *d, const hl_type *const *args)
{
    char given[512];
    names_of(args, d->nparams, given, sizeof given);
    PyErr_Format(PyExc_TypeError, "No matching definition for argument type(s) %s", given);
    return NULL;
}

static const char *parameter_name(const hl_dispatcher *d, int k)
{
    const char *name = k < d->npositional + d->nkwonly ? PyUnicode_AsUTF8(d->names[k]) : NULL;
    return name ? name : "args";
}

static bool takes_object(hl_dispatcher *d, int k)
{
    for (hl_overload *o = d->overloads; o; o = o->next)
        if (o->args[k].given->kind == HL_K_PYOBJECT) return true;
    return false;
}

/* Under @jit without nopython, and where a signature says so, what has no type of its own is a Python object. */
static const hl_type *type_of_argument(hl_dispatcher *d, int k, PyObject *o)
{
    bool by_class;
    if (d->options.nopython && !takes_object(d, k)) return hl_typeof(o);
    if (d->options.forceobj) return hl_T.pyobject;
    return hl_typeof_gradual(o, &by_class);
}

/* The pending error with the argument it is about: its name, the place of the function, a hint (hotloop/explain.py).  What a
 * value's own Python code has raised stays as it is. */
void hl_overload_name_argument(hl_dispatcher *d, int k, PyObject *argument)
{
    PyObject *cls, *value, *trace, *e = NULL;
    if (!d->py_func || !PyErr_ExceptionMatches(PyExc_TypeError)) return;
    PyErr_Fetch(&cls, &value, &trace);
    PyErr_NormalizeException(&cls, &value, &trace);
    PyObject *ours = hl_package("errors", "UnsupportedTypeError"), *make = NULL, *text = NULL;
    if (ours && PyErr_GivenExceptionMatches(cls, ours)) {
        text = PyObject_Str(value), make = hl_package("errors", "argument_error");
        e = text && make ? PyObject_CallFunction(make, "OOsOO", cls, d->py_func, parameter_name(d, k), text, argument) : NULL;
    }
    if (e) PyErr_SetObject((PyObject *)Py_TYPE(e), e);
    if (!e) PyErr_Restore(cls, value, trace);
    else Py_XDECREF(cls), Py_XDECREF(value), Py_XDECREF(trace);
    Py_XDECREF(e), Py_XDECREF(make), Py_XDECREF(text), Py_XDECREF(ours);
}

int hl_overload_interpret(hl_dispatcher *d, PyObject *why)
{
    PyObject *cls = hl_package("errors", "HotloopPerformanceWarning");
    Py_XSETREF(d->interpreted, why);
    int r = cls ? PyErr_WarnFormat(cls, 1, "%U() runs in the interpreter: %U", ((PyFunctionObject *)d->py_func)->func_qualname, why) : -1;
    Py_XDECREF(cls);
    return r;
}

/* The compilation failed: because the function has something that is not supported even beside Python objects? */
static hl_overload *try_interpreting(hl_dispatcher *d)
{
    PyObject *cls, *value, *trace, *type, *why;
    PyErr_Fetch(&cls, &value, &trace);
    PyErr_NormalizeException(&cls, &value, &trace);
    PyObject *unsupported = hl_package("errors", "UnsupportedError"), *args = value ? PyObject_GetAttrString(value, "args") : NULL;
    type = unsupported && value && PyObject_IsInstance(value, unsupported) == 1 ? unsupported : NULL;
    why = type && args && PyTuple_GET_SIZE(args) ? PyObject_Str(PyTuple_GET_ITEM(args, 0)) : NULL;
    Py_XDECREF(unsupported), Py_XDECREF(args);
    if (!why) {
        PyErr_Restore(cls, value, trace);
        return NULL;
    }
    Py_XDECREF(cls), Py_XDECREF(value), Py_XDECREF(trace);
    PyObject *lines = PyUnicode_Splitlines(why, 0), *first = lines && PyList_GET_SIZE(lines) ? Py_NewRef(PyList_GET_ITEM(lines, 0)) : NULL;
    Py_DECREF(why), Py_XDECREF(lines);
    if (first) hl_overload_interpret(d, first);
    return NULL;
}

hl_overload *hl_overload_for(hl_dispatcher *d, PyObject *const *values)
{
    const hl_type *args[d->nparams ? d->nparams : 1];
    int unbound = -1;
    for (int k = 0; k < d->nparams; k++) {
        if (!(args[k] = type_of_argument(d, k, values[k]))) return hl_overload_name_argument(d, k, values[k]), NULL;
        if (args[k]->has_var) unbound = k;
    }
    hl_overload *o = hl_overload_find(d, args);
    if (!o && (!d->can_compile || unbound >= 0)) o = closest(d, args);
    if (o || PyErr_Occurred()) return o;
    if (unbound >= 0 && d->can_compile && !d->options.nopython) { /* an empty list: of nothing in particular */
        for (int k = 0; k < d->nparams; k++)
            if (args[k]->has_var) args[k] = hl_T.pyobject;
        if ((o = hl_overload_find(d, args))) return o;
    } else if (unbound >= 0 && d->can_compile) {
        hl_error("UnsupportedTypeError", "an empty list has no item type: call the function with a list that has items first, or give a signature");
        hl_overload_name_argument(d, unbound, values[unbound]);
        return NULL;
    }
    if (!d->can_compile) return refuse(d, args);
    o = hl_overload_compile(d, args, NULL);
    return o || d->options.nopython ? o : try_interpreting(d);
}

/* --- compiling ------------------------------------------------------------------------------------------------------------------------------ */

static int check_shape(hl_dispatcher *d)
{
    if (!d->star_star) return 0;
    PyObject *make = hl_package("errors", "function_error");
    PyObject *e = make ? PyObject_CallFunction(make, "sOs", "UnsupportedError", d->py_func, "a **kwargs parameter is not supported in compiled code") : NULL;
    if (e) PyErr_SetObject((PyObject *)Py_TYPE(e), e);
    Py_XDECREF(e), Py_XDECREF(make);
    return -1;
}

static void sweep(hl_overload **list)
{
    while (*list) {
        hl_overload *o = *list;
        if (o->running) list = &o->next;
        else *list = o->next, overload_free(o);
    }
}

/* Does the type name a function that is dead?  No call can have such an argument again. */
static bool names_dead(const hl_type *t)
{
    if (t->kind == HL_K_DISPATCHER) return !hl_dispatcher_by_serial(t->ival);
    if (t->elem && t->kind != HL_K_DISPATCHER && names_dead(t->elem)) return true;
    for (int k = 0; k < t->nitems; k++)
        if (names_dead(t->items[k])) return true;
    return false;
}

/* Functions given as arguments are types: a program that makes a new one for each call would collect specialisations. */
static void prune(hl_dispatcher *d)
{
    for (hl_overload **at = &d->overloads; *at;) {
        hl_overload *o = *at;
        bool dead = false;
        for (int k = 0; k < o->nargs; k++) dead |= names_dead(o->args[k].type);
        if (!dead) {
            at = &o->next;
            continue;
        }
        *at = o->next;
        o->next = d->retired, d->retired = o;
        if (d->hot == o) d->hot = NULL;
        d->generation++;
    }
    sweep(&d->retired);
}

hl_overload *hl_overload_compile(hl_dispatcher *d, const hl_type *const *args, const hl_type *ret)
{
    if (check_shape(d) < 0) return NULL;
    lock(d);
    hl_overload *o = hl_overload_find(d, args); /* another thread may have been faster */
    if (!o && (o = overload_new(args, d->nparams, ret))) {
        if (build(d, o) < 0) {
            PyMem_Free(o);
            o = NULL;
        } else {
            prune(d);
            hl_overload **end = &d->overloads;
            while (*end) end = &(*end)->next;
            __atomic_store_n(end, o, __ATOMIC_RELEASE);
            d->compilations++;
        }
    }
    unlock(d);
    return o;
}

int hl_overload_recompile(hl_dispatcher *d, const hl_options *options)
{
    lock(d);
    const hl_options before = d->options;
    d->options = *options;
    hl_overload *old = d->overloads, *fresh = NULL, **end = &fresh;
    int r = 0;
    for (hl_overload *o = old; o && !r; o = o->next) {
        const hl_type *args[o->nargs ? o->nargs : 1];
        for (int k = 0; k < o->nargs; k++) args[k] = o->args[k].given;
        hl_overload *n = overload_new(args, o->nargs, o->ret_asked);
        r = n ? build(d, n) : -1;
        if (r == 0) *end = n, end = &n->next;
        else PyMem_Free(n);
    }
    hl_overload *drop = r ? fresh : old;
    if (!r) d->overloads = fresh, d->hot = NULL, d->generation++;
    else d->options = before;
    while (drop) {
        hl_overload *next = drop->next;
        drop->next = d->retired, d->retired = drop;
        drop = next;
    }
    sweep(&d->retired);
    unlock(d);
    return r;
}

void hl_overloads_free(hl_dispatcher *d)
{
    d->hot = NULL;
    hl_overload *lists[] = {d->overloads, d->retired};
    d->overloads = d->retired = NULL;
    for (int k = 0; k < 2; k++) sweep(&lists[k]);
}

PyObject *hl_overload_inspect(hl_dispatcher *d, hl_overload *o, const char *what)
{
    const hl_compiler_api *api = hl_compiler();
    if (!api) return NULL;
    const hl_type *args[o->nargs ? o->nargs : 1];
    hl_request rq;
    request(d, o, args, &rq);
    return api->inspect(&rq, &hl_binding_hooks, what);
}
