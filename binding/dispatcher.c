/* The dispatcher: what @njit makes of a function, and the way of a call.
 *
 *   call                one value per parameter (arguments.c when there are keywords, defaults or *args)
 *   enter               the specialisation that ran last, tried by taking the values in as its types: a hit costs one look
 *                       at each argument; then the other specialisations; then hl_overload_for, which may compile
 *   run                 machine code, over a frame of slots on the C stack
 *   leave               lists that changed are written back, the result is boxed, loans end
 *
 * The commonest values (int, float, arrays of exactly np.ndarray) are taken and boxed inline, everything else in unbox.c and
 * box.c.  The Python-facing rest of the API (inspection, pickling, statistics) is Python: the FORWARDS table names the
 * functions, so that a call needs no Python class between CPython and vectorcall (a Python subclass would lose it on 3.11).
 */
#include "binding.h"
#include <stddef.h>

PyTypeObject *hl_dispatcher_class;

/* --- identity ------------------------------------------------------------------------------------------------------------------------- */

static hl_dispatcher **alive; /* by serial, modulo capacity; open addressing */
static size_t alive_cap, alive_used;
static int64_t next_serial = 1;

static size_t alive_slot(hl_dispatcher **table, size_t cap, int64_t serial)
{
    size_t k = (size_t)serial & (cap - 1);
    while (table[k] && table[k]->serial != serial) k = (k + 1) & (cap - 1);
    return k;
}

hl_dispatcher *hl_dispatcher_by_serial(int64_t serial)
{
    return alive_cap && serial > 0 ? alive[alive_slot(alive, alive_cap, serial)] : NULL;
}

static int alive_add(hl_dispatcher *d)
{
    if (alive_used * 2 >= alive_cap) {
        size_t cap = alive_cap ? alive_cap * 2 : 64;
        hl_dispatcher **table = PyMem_Calloc(cap, sizeof *table);
        if (!table) return PyErr_NoMemory(), -1;
        for (size_t k = 0; k < alive_cap; k++)
            if (alive[k]) table[alive_slot(table, cap, alive[k]->serial)] = alive[k];
        PyMem_Free(alive);
        alive = table, alive_cap = cap;
    }
    d->serial = next_serial++;
    alive[alive_slot(alive, alive_cap, d->serial)] = d;
    alive_used++;
    return 0;
}

/* Removal closes the gap, so that every probe sequence stays unbroken (Knuth, vol. 3, algorithm 6.4 R). */
static void alive_remove(hl_dispatcher *d)
{
    if (!d->serial) return;
    size_t mask = alive_cap - 1, gap = alive_slot(alive, alive_cap, d->serial);
    for (size_t k = (gap + 1) & mask; alive[k]; k = (k + 1) & mask) {
        size_t home = (size_t)alive[k]->serial & mask;
        if (((k - home) & mask) < ((k - gap) & mask)) continue;
        alive[gap] = alive[k], gap = k;
    }
    alive[gap] = NULL;
    alive_used--;
}

/* --- a call --------------------------------------------------------------------------------------------------------------------------- */

enum { MISMATCH = 0, DONE = 1 };

static inline int take_array(const hl_type *t, PyObject *o, hl_slot *s)
{
    if (!PyArray_CheckExact(o)) return -2;
    const hl_type *own = hl_typeof_array((PyArrayObject *)o);
    if (own != t) return own ? 0 : (PyErr_Clear(), 0);
    hl_mem *loan = hl_loan(o);
    if (!loan) return -1;
    hl_fill_array((PyArrayObject *)o, s, loan);
    return 1;
}

/* A pyobject parameter takes what has no type of its own; other values have specialisations of their own.  A list that was
 * found to be used as a Python object is one whatever its items are. */
static int take_object(hl_arg *a, PyObject *o, hl_slot *s, hl_intake *in)
{
    if (Py_TYPE(o) != a->seen && !a->any && !(a->given->kind == HL_K_LIST && PyList_CheckExact(o))) {
        bool by_class;
        const hl_type *t = hl_typeof_gradual(o, &by_class);
        if (!t) return -1;
        bool is = t->kind == HL_K_PYOBJECT || (t->has_var && a->given == hl_T.pyobject);
        if (!is) return 0;
        if (by_class) a->seen = Py_TYPE(o);
    }
    s->p = in->loan ? hl_loan(o) : hl_mem_pyobject(o);
    return s->p ? 1 : -1;
}

/* As hl_take, the commonest inline. */
static inline int take(hl_arg *a, PyObject *o, hl_slot *s, hl_intake *in)
{
    switch (a->code) {
    case HL_A_INT64:
        if (PyLong_CheckExact(o) && hl_small_int(o, &s->i)) return 1;
        break;
    case HL_A_FLOAT64:
        if (PyFloat_CheckExact(o)) {
            s->f = PyFloat_AS_DOUBLE(o);
            return 1;
        }
        break;
    case HL_A_ARRAY: {
        int r = take_array(a->type, o, s);
        if (r != -2) return r;
        break;
    }
    case HL_A_OBJECT: return take_object(a, o, s, in);
    default: break;
    }
    return hl_take(a->type, o, s, in);
}

static void give_back(const hl_overload *o, hl_slot *frame, int n)
{
    for (int k = 0; k < n; k++) {
        const hl_arg *a = &o->args[k];
        if (!a->mem) continue;
        if (a->code == HL_A_ARRAY || a->code == HL_A_OBJECT) hl_loan_end(frame[a->slot].p);
        else hl_give_back(a->type, frame + a->slot);
    }
}

static inline PyObject *box_result(const hl_overload *o, hl_slot *ret, hl_traffic *tr)
{
    if (o->ret_code == HL_A_FLOAT64) return PyFloat_FromDouble(ret->f);
    if (o->ret_code == HL_A_INT64) return PyLong_FromLongLong(ret->i);
    if (o->ret_code == HL_A_OBJECT) return hl_mem_give(ret->p);
    PyObject *result = hl_box(o->ret, ret, tr);
    hl_release_parts(o->ret, ret);
    return result;
}

static inline PyObject *run(hl_dispatcher *d, hl_overload *o, const hl_slot *frame, hl_slot *ret, hl_traffic *tr)
{
    hl_status status;
    if (d->options.nogil) {
        bool here = hl_gil_here;
        hl_gil_here = false;
        PyThreadState *state = PyEval_SaveThread();
        status = o->entry(frame, ret);
        PyEval_RestoreThread(state);
        hl_gil_here = here;
    } else if (o->python) {
        bool here = hl_gil_here;
        hl_gil_here = true;
        status = o->entry(frame, ret);
        hl_gil_here = here;
    } else
        status = o->entry(frame, ret);
    PyObject *result = status ? NULL : box_result(o, ret, tr);
    if (o->has_list && (o->result.mutates || o->nargs > 64) && hl_traffic_write_back(tr) < 0) Py_CLEAR(result);
    return result;
}

/* Values into the frame: 1, or 0 (other types), or -1 - k when value k fails; the frame is given back then. */
static inline int enter(hl_overload *o, PyObject *const *values, hl_slot *frame, hl_intake *in, bool convert)
{
    for (int k = 0; k < o->nargs; k++) {
        hl_arg *a = &o->args[k];
        int r = take(a, values[k], frame + a->slot, in);
        if (r == 1) continue;
        if (r == 0 && convert) r = hl_unbox(a->type, values[k], frame + a->slot, in) < 0 ? -1 : 1;
        if (r == 1) continue;
        if (o->has_mem) give_back(o, frame, k);
        return r < 0 ? -1 - k : 0;
    }
    return 1;
}

/* MISMATCH: the values are of other types; DONE: *result is the answer, or NULL with an exception. */
static inline int attempt(hl_dispatcher *d, hl_overload *o, PyObject *const *values, bool convert, PyObject **result)
{
    hl_slot frame[o->nslots + o->ret_slots + 1];
    hl_traffic tr;
    hl_intake in = {.loan = true, .quiet = !d->options.nopython, .traffic = o->has_list ? &tr : NULL};
    if (o->has_list) memset(&tr, 0, offsetof(hl_traffic, few)), tr.at = tr.few;
    o->running++; /* whatever Python code runs below, the code stays */
    int r = enter(o, values, frame, &in, convert);
    *result = NULL;
    if (r < 0) hl_overload_name_argument(d, -1 - r, values[-1 - r]);
    if (r == 1) {
        *result = run(d, o, frame, frame + o->nslots, in.traffic);
        if (o->has_mem) give_back(o, frame, o->nargs);
    }
    if (o->has_list) hl_traffic_end(&tr);
    o->running--;
    return r == 0 ? MISMATCH : DONE;
}

static PyObject *call_other(hl_dispatcher *d, PyObject *const *values)
{
    PyObject *result;
    int64_t generation = d->generation;
    for (hl_overload *o = d->overloads; o; o = o->next) {
        bool done = attempt(d, o, values, false, &result) == DONE, stale = d->generation != generation;
        if (done && !stale) d->hot = o;
        if (done) return result;
        if (stale) return call_other(d, values); /* Python code that looking at the values ran has changed the list */
    }
    if (!d->py_func) return PyErr_SetString(PyExc_RuntimeError, "the function has been freed"), NULL;
    hl_overload *o = hl_overload_for(d, values);
    if (!o) return NULL;
    attempt(d, o, values, true, &result);
    return result;
}

static inline PyObject *call_values(hl_dispatcher *d, PyObject *const *values)
{
    PyObject *result;
    hl_overload *o = d->hot;
    if (o && attempt(d, o, values, false, &result) == DONE) return result;
    return call_other(d, values);
}

static PyObject *call_resolved(hl_dispatcher *d, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    PyObject *full[d->nparams + 1], *star;
    if (!d->py_func) return PyErr_SetString(PyExc_RuntimeError, "the function has been freed"), NULL;
    if (hl_arguments_resolve(d, args, n, kwnames, full, &star) < 0) return NULL;
    PyObject *result = call_values(d, full);
    Py_XDECREF(star);
    return result;
}

/* What no part of can be compiled: generators, class definitions and the like, under @jit. */
static PyObject *interpret(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    hl_dispatcher *d = (hl_dispatcher *)self;
    if (!d->py_func) return PyErr_SetString(PyExc_RuntimeError, "the function has been freed"), NULL;
    return PyObject_Vectorcall(d->py_func, args, nargsf & ~PY_VECTORCALL_ARGUMENTS_OFFSET, kwnames);
}

static PyObject *keywords_interpreted(hl_dispatcher *d)
{
    if (d->options.nopython || !d->star_star || d->interpreted) return NULL;
    PyObject *why = PyUnicode_FromString("a parameter that takes any keyword (**) is not supported in compiled code");
    if (why) hl_overload_interpret(d, why);
    return d->interpreted;
}

static PyObject *vectorcall(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    hl_dispatcher *d = (hl_dispatcher *)self;
    Py_ssize_t n = PyVectorcall_NARGS(nargsf);
    PyObject *result = NULL;
    if (!kwnames && n == d->npositional && d->nparams == d->npositional && !d->star_star) result = call_values(d, args);
    else if (!keywords_interpreted(d) && !PyErr_Occurred()) result = call_resolved(d, args, n, kwnames);
    if (result || !d->interpreted || PyErr_Occurred()) return result;
    d->vectorcall = interpret;
    return interpret(self, args, nargsf, kwnames);
}

/* --- life ---------------------------------------------------------------------------------------------------------------------------------- */

static int set_signature(hl_dispatcher *d)
{
    PyCodeObject *code = (PyCodeObject *)PyFunction_GET_CODE(d->py_func);
    d->npositional = code->co_argcount, d->nposonly = code->co_posonlyargcount, d->nkwonly = code->co_kwonlyargcount;
    d->star = code->co_flags & CO_VARARGS, d->star_star = code->co_flags & CO_VARKEYWORDS;
    d->nparams = d->npositional + d->nkwonly + d->star;
    int named = d->npositional + d->nkwonly;
    if (!(d->names = PyMem_New(PyObject *, named + 1))) return PyErr_NoMemory(), -1;
    PyObject *names = PyObject_GetAttrString((PyObject *)code, "co_varnames");
    if (!names) return -1;
    for (int k = 0; k < named; k++) d->names[k] = PyTuple_GET_ITEM(names, k); /* the code object has them too */
    Py_DECREF(names);
    if (d->nparams <= 255) return 0;
    hl_error("UnsupportedError", "%U() has more than 255 parameters", code->co_qualname);
    return -1;
}

static int read_options(hl_options *o, PyObject *dict)
{
    const struct { const char *name; bool *at; } flags[] = {
        {"nopython", &o->nopython}, {"nogil", &o->nogil}, {"boundscheck", &o->boundscheck}, {"error_model_numpy", &o->error_model_numpy},
        {"parallel", &o->parallel}, {"forceobj", &o->forceobj}, {"no_inline", &o->no_inline}, {"always_inline", &o->always_inline},
        {"profile", &o->profile}, {"interrupts", &o->interrupts}, {"overflow_raise", &o->overflow_raise}};
    for (size_t k = 0; k < sizeof flags / sizeof *flags; k++) {
        PyObject *v = PyDict_GetItemString(dict, flags[k].name);
        int truth = v ? PyObject_IsTrue(v) : 0;
        if (truth < 0) return -1;
        *flags[k].at = truth;
    }
    PyObject *level = PyDict_GetItemString(dict, "opt_level"), *fast = PyDict_GetItemString(dict, "fastmath");
    o->opt_level = level ? (int)PyLong_AsLong(level) : 3;
    o->fastmath = fast ? (unsigned)PyLong_AsLong(fast) : 0;
    return PyErr_Occurred() ? -1 : 0;
}

/* Dispatcher(py_func, options, locals, target_options) */
static PyObject *dispatcher_new(PyTypeObject *cls, PyObject *args, PyObject *kwargs)
{
    PyObject *func, *options, *locals, *target_options;
    if (!PyArg_ParseTuple(args, "O!O!OO", &PyFunction_Type, &func, &PyDict_Type, &options, &locals, &target_options)) return NULL;
    hl_dispatcher *d = (hl_dispatcher *)cls->tp_alloc(cls, 0);
    if (!d) return NULL;
    d->vectorcall = vectorcall;
    d->py_func = Py_NewRef(func);
    d->locals = locals == Py_None ? NULL : Py_NewRef(locals);
    d->target_options = Py_NewRef(target_options);
    d->can_compile = true;
    d->dict = PyDict_Copy(((PyFunctionObject *)func)->func_dict ? ((PyFunctionObject *)func)->func_dict : options);
    if (!((PyFunctionObject *)func)->func_dict && d->dict) PyDict_Clear(d->dict);
    d->lock = PyThread_allocate_lock();
    if (!d->dict || !d->lock || set_signature(d) < 0 || read_options(&d->options, options) < 0 || alive_add(d) < 0) {
        if (!PyErr_Occurred()) PyErr_NoMemory();
        return Py_DECREF(d), NULL;
    }
    static const char *const copied[] = {"__name__", "__qualname__", "__module__", "__doc__"};
    for (size_t k = 0; k < sizeof copied / sizeof *copied; k++) {
        PyObject *v = PyObject_GetAttrString(func, copied[k]);
        if (!v || PyDict_SetItemString(d->dict, copied[k], v) < 0) return Py_XDECREF(v), Py_DECREF(d), NULL;
        Py_DECREF(v);
    }
    return (PyObject *)d;
}

static int visit_overloads(hl_overload *o, visitproc visit, void *arg)
{
    for (; o; o = o->next) Py_VISIT(o->result.keep);
    return 0;
}

static int dispatcher_traverse(PyObject *self, visitproc visit, void *arg)
{
    hl_dispatcher *d = (hl_dispatcher *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(d->py_func);
    Py_VISIT(d->locals);
    Py_VISIT(d->target_options);
    Py_VISIT(d->dict);
    int r = visit_overloads(d->overloads, visit, arg);
    return r ? r : visit_overloads(d->retired, visit, arg);
}

static int dispatcher_clear(PyObject *self)
{
    hl_dispatcher *d = (hl_dispatcher *)self;
    hl_overloads_free(d);
    Py_CLEAR(d->py_func);
    Py_CLEAR(d->locals);
    Py_CLEAR(d->target_options);
    Py_CLEAR(d->interpreted);
    Py_CLEAR(d->dict);
    return 0;
}

static void dispatcher_dealloc(PyObject *self)
{
    hl_dispatcher *d = (hl_dispatcher *)self;
    PyTypeObject *cls = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (d->weakrefs) PyObject_ClearWeakRefs(self);
    alive_remove(d);
    dispatcher_clear(self);
    PyMem_Free(d->names);
    if (d->lock) PyThread_free_lock(d->lock);
    cls->tp_free(self);
    Py_DECREF(cls);
}

static PyObject *dispatcher_get(PyObject *self, PyObject *obj, PyObject *cls)
{
    return !obj || obj == Py_None ? Py_NewRef(self) : PyMethod_New(self, obj);
}

static PyObject *dispatcher_repr(PyObject *self)
{
    hl_dispatcher *d = (hl_dispatcher *)self;
    return d->py_func ? PyUnicode_FromFormat("CPUDispatcher(%R)", d->py_func) : PyUnicode_FromString("CPUDispatcher()");
}

/* --- what Python sees ---------------------------------------------------------------------------------------------------------------------- */

#define D(self) ((hl_dispatcher *)(self))

static hl_overload *overload_at(hl_dispatcher *d, PyObject *arg_types, bool must)
{
    const hl_type *args[256];
    int n = hl_types_from_sequence(arg_types, args, 255);
    if (n < 0) return NULL;
    hl_overload *o = n == d->nparams ? hl_overload_find(d, args) : NULL;
    if (!o && must) PyErr_Format(PyExc_KeyError, "%R", arg_types);
    return o;
}

/* _compile(arg_types, return_type_or_None) */
static PyObject *dispatcher_compile(PyObject *self, PyObject *args)
{
    hl_dispatcher *d = D(self);
    PyObject *seq, *ret;
    const hl_type *types[256], *asked = NULL;
    if (!PyArg_ParseTuple(args, "OO", &seq, &ret)) return NULL;
    int n = hl_types_from_sequence(seq, types, 255);
    if (n < 0) return NULL;
    if (ret != Py_None && !(asked = hl_type_of_object(ret))) return PyErr_Format(PyExc_TypeError, "expected a return type, got %R", ret);
    if (n != d->nparams)
        return PyErr_Format(PyExc_TypeError, "the signature has %d arguments, %U() takes %d", n,
                            ((PyFunctionObject *)d->py_func)->func_qualname, d->nparams);
    hl_overload *o = overload_at(d, seq, false);
    if (!o) o = hl_overload_compile(d, types, asked);
    if (!o) return NULL;
    Py_RETURN_NONE;
}

static PyObject *dispatcher_overloads(PyObject *self, PyObject *unused)
{
    PyObject *list = PyList_New(0);
    for (hl_overload *o = D(self)->overloads; list && o; o = o->next) {
        PyObject *args = PyTuple_New(o->nargs), *ret = hl_type_object(o->ret), *row = NULL;
        for (int k = 0; args && k < o->nargs; k++) {
            PyObject *t = hl_type_object(o->args[k].type);
            if (!t) Py_CLEAR(args);
            else PyTuple_SET_ITEM(args, k, t);
        }
        if (args && ret) row = Py_BuildValue("OOdK", args, ret, o->result.seconds, (unsigned long long)o->result.mutates);
        Py_XDECREF(args), Py_XDECREF(ret);
        if (!row || PyList_Append(list, row) < 0) Py_CLEAR(list);
        Py_XDECREF(row);
    }
    return list;
}

static PyObject *dispatcher_inspect(PyObject *self, PyObject *args)
{
    PyObject *types;
    const char *what;
    if (!PyArg_ParseTuple(args, "Os", &types, &what)) return NULL;
    hl_overload *o = overload_at(D(self), types, true);
    return o ? hl_overload_inspect(D(self), o, what) : NULL;
}

/* _objects(arg_types): rows of what stayed a Python object; of all the function when the interpreter runs it. */
static PyObject *dispatcher_objects(PyObject *self, PyObject *types)
{
    hl_dispatcher *d = D(self);
    if (d->interpreted) {
        PyCodeObject *code = (PyCodeObject *)PyFunction_GET_CODE(d->py_func);
        return Py_BuildValue("[(OiiiisO)]", code->co_filename, code->co_firstlineno, -1, 0, -1, "the whole function", d->interpreted);
    }
    hl_overload *o = overload_at(d, types, true);
    if (!o) return NULL;
    return o->result.record ? PyList_GetSlice(o->result.record, 0, PY_SSIZE_T_MAX) : PyList_New(0);
}

static PyObject *dispatcher_recompile(PyObject *self, PyObject *unused)
{
    hl_dispatcher *d = D(self);
    hl_options options = d->options;
    PyObject *module = PyImport_ImportModule("hotloop.decorators");
    PyObject *dict = module ? PyObject_CallMethod(module, "_compiler_options", "Oi", d->target_options, 2) : NULL;
    bool ok = dict && read_options(&options, dict) == 0;
    Py_XDECREF(module), Py_XDECREF(dict);
    options.profile = d->options.profile, options.parallel = d->options.parallel; /* of dispatchers that other decorators make */
    if (!ok || hl_overload_recompile(d, &options) < 0) return NULL;
    Py_RETURN_NONE;
}

static PyObject *dispatcher_disable_compile(PyObject *self, PyObject *args)
{
    int disable = 1;
    if (!PyArg_ParseTuple(args, "|p", &disable)) return NULL;
    D(self)->can_compile = !disable;
    Py_RETURN_NONE;
}

static PyObject *get_options(PyObject *self, void *c)
{
    const hl_options *o = &D(self)->options;
    return Py_BuildValue("{sNsNsisNsNsNsNsNsNsNsNsi}", "nopython", PyBool_FromLong(o->nopython), "nogil", PyBool_FromLong(o->nogil),
                         "fastmath", (int)o->fastmath, "boundscheck", PyBool_FromLong(o->boundscheck),
                         "error_model_numpy", PyBool_FromLong(o->error_model_numpy), "parallel", PyBool_FromLong(o->parallel),
                         "forceobj", PyBool_FromLong(o->forceobj), "no_inline", PyBool_FromLong(o->no_inline), "always_inline",
                         PyBool_FromLong(o->always_inline), "interrupts", PyBool_FromLong(o->interrupts), "overflow_raise",
                         PyBool_FromLong(o->overflow_raise), "opt_level", o->opt_level);
}

static PyObject *get_interpreted(PyObject *self, void *c) { return Py_NewRef(D(self)->interpreted ? D(self)->interpreted : Py_None); }
static PyObject *get_can_compile(PyObject *self, void *c) { return PyBool_FromLong(D(self)->can_compile); }
static PyObject *get_compilations(PyObject *self, void *c) { return PyLong_FromLongLong(D(self)->compilations); }
static PyObject *get_locals(PyObject *self, void *c) { return Py_NewRef(D(self)->locals ? D(self)->locals : Py_None); }

/* Attributes and methods written in Python: function `py` of hotloop/inspection.py, called with the dispatcher first. */
#define FORWARDS(METHOD, ATTRIBUTE)                                                                                                      \
    METHOD(compile, "compile(signature): compiles a specialisation now.")                                                                \
    METHOD(inspect_types, "inspect_types(file=None, signature=None): prints the source with the types of its values.")                   \
    METHOD(inspect_llvm, "inspect_llvm(signature=None): LLVM IR, for one signature or a dict for all.")                                  \
    METHOD(inspect_asm, "inspect_asm(signature=None): assembly, for one signature or a dict for all.")                                   \
    METHOD(inspect_ir, "inspect_ir(signature=None, stage='types'): the compiler's own form of the function.")                            \
    METHOD(report, "report(signature=None, file=..., measure=None): what became of each line, as an HTML page and as text.")                \
    METHOD(objects, "objects(signature=None): the values that stayed Python objects, with line and reason; a dict for all signatures.")   \
    METHOD(get_metadata, "get_metadata(signature=None): facts about the compilation of one signature, or a dict for all.")               \
    METHOD(__reduce__, "Pickles by name where that finds the same function, by code otherwise.")                                         \
    METHOD(__setstate__, "Completes an unpickled function.")                                                                             \
    ATTRIBUTE(signatures, "Argument types of the specialisations, a list of tuples.")                                                    \
    ATTRIBUTE(nopython_signatures, "The specialisations as signatures, return types included.")                                          \
    ATTRIBUTE(overloads, "The specialisations: a dict from argument types to what is known about them.")                                 \
    ATTRIBUTE(stats, "Cache statistics.")

static PyObject *forward(PyObject *self, const char *name, PyObject *args, PyObject *kwargs)
{
    PyObject *f = hl_package("inspection", name);
    Py_ssize_t n = args ? PyTuple_GET_SIZE(args) : 0;
    PyObject *all = f ? PyTuple_New(n + 1) : NULL, *r = NULL;
    if (all) {
        PyTuple_SET_ITEM(all, 0, Py_NewRef(self));
        for (Py_ssize_t k = 0; k < n; k++) PyTuple_SET_ITEM(all, k + 1, Py_NewRef(PyTuple_GET_ITEM(args, k)));
        r = PyObject_Call(f, all, kwargs);
    }
    Py_XDECREF(f), Py_XDECREF(all);
    return r;
}

#define AS_FUNCTION(py, doc) static PyObject *forward_##py(PyObject *self, PyObject *a, PyObject *k) { return forward(self, #py, a, k); }
#define AS_GETTER(py, doc) static PyObject *forward_##py(PyObject *self, void *c) { return forward(self, #py, NULL, NULL); }
FORWARDS(AS_FUNCTION, AS_GETTER)

#define AS_METHOD(py, doc) {#py, (PyCFunction)(void (*)(void))forward_##py, METH_VARARGS | METH_KEYWORDS, doc},
#define AS_GETSET(py, doc) {#py, forward_##py, NULL, doc, NULL},
#define NOTHING(py, doc)

static PyMethodDef dispatcher_methods[] = {
    FORWARDS(AS_METHOD, NOTHING)
    {"recompile", dispatcher_recompile, METH_NOARGS, "Compiles every specialisation again, with globals and `targetoptions` as they are now."},
    {"disable_compile", dispatcher_disable_compile, METH_VARARGS, "disable_compile(val=True): no new specialisations from now on."},
    {"_compile", dispatcher_compile, METH_VARARGS, NULL},
    {"_overloads", dispatcher_overloads, METH_NOARGS, NULL},
    {"_objects", dispatcher_objects, METH_O, NULL},
    {"_inspect", dispatcher_inspect, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL}};

static PyObject *get_of_function(PyObject *self, void *name) { return PyObject_GetAttrString(((hl_dispatcher *)self)->py_func, name); }

static PyGetSetDef dispatcher_getset[] = {
    FORWARDS(NOTHING, AS_GETSET)
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {"__code__", get_of_function, NULL, "The Python function's.", "__code__"},
    {"__defaults__", get_of_function, NULL, "The Python function's.", "__defaults__"},
    {"__kwdefaults__", get_of_function, NULL, "The Python function's.", "__kwdefaults__"},
    {"__annotations__", get_of_function, NULL, "The Python function's.", "__annotations__"},
    {"_options", get_options, NULL, NULL, NULL},
    {"_interpreted", get_interpreted, NULL, NULL, NULL},
    {"_can_compile", get_can_compile, NULL, NULL, NULL},
    {"_locals", get_locals, NULL, NULL, NULL},
    {"_compilations", get_compilations, NULL, NULL, NULL},
    {0}};

static PyMemberDef dispatcher_members[] = {
    {"py_func", T_OBJECT_EX, offsetof(hl_dispatcher, py_func), READONLY, "The Python function."},
    {"__wrapped__", T_OBJECT_EX, offsetof(hl_dispatcher, py_func), READONLY, "The Python function, for inspect.signature."},
    {"targetoptions", T_OBJECT, offsetof(hl_dispatcher, target_options), READONLY, "The options given to the decorator."},
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(hl_dispatcher, vectorcall), READONLY, NULL},
    {"__dictoffset__", T_PYSSIZET, offsetof(hl_dispatcher, dict), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(hl_dispatcher, weakrefs), READONLY, NULL},
    {0}};

static PyType_Slot dispatcher_slots[] = {
    {Py_tp_new, dispatcher_new},           {Py_tp_dealloc, dispatcher_dealloc},     {Py_tp_traverse, dispatcher_traverse},
    {Py_tp_clear, dispatcher_clear},       {Py_tp_call, PyVectorcall_Call},         {Py_tp_descr_get, dispatcher_get},
    {Py_tp_repr, dispatcher_repr},         {Py_tp_methods, dispatcher_methods},     {Py_tp_getset, dispatcher_getset},
    {Py_tp_members, dispatcher_members},   {Py_tp_doc, "A function compiled for the types it is called with."},
    {0, NULL}};
static PyType_Spec dispatcher_spec = {.name = "hotloop._binding.Dispatcher", .basicsize = sizeof(hl_dispatcher),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = dispatcher_slots};

int hl_dispatcher_init(PyObject *module)
{
    hl_dispatcher_class = (PyTypeObject *)PyType_FromModuleAndSpec(module, &dispatcher_spec, NULL);
    return hl_dispatcher_class ? PyModule_AddObjectRef(module, "Dispatcher", (PyObject *)hl_dispatcher_class) : -1;
}
