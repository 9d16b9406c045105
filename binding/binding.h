/* What the files of binding/ share.
 *
 *   module.c      hotloop._binding: functions and types that the package sees
 *   typeof.c      Python value -> type
 *   typeobj.c     Python-level type objects, one for each hl_type
 *   unbox.c       Python value -> slots          box.c    slots -> Python value
 *   lists.c       lists in and out, and the table of lists of one call
 *   dispatcher.c  the object that @njit makes, and its call path
 *   arguments.c   keywords, defaults and *args -> one value per parameter
 *   callback.c    C callbacks: functions with a C address
 *   ufunc.c       ufuncs and their loops     ufunc_lazy.c    loops that are compiled on demand
 *   overloads.c   specialisations: choice, compilation, life and death; the hooks that the compiler calls
 *
 * State is static: NumPy's C API and the interned types are per process anyway, and module.c refuses to load into a
 * second interpreter.
 */
#ifndef HL_BINDING_H
#define HL_BINDING_H
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>
#define PY_ARRAY_UNIQUE_SYMBOL hl_numpy_api
#ifndef HL_IMPORT_NUMPY
#define NO_IMPORT_ARRAY
#endif
#include "../compiler/compile.h"
#include "../runtime/gil.h"
#include "../runtime/rt_object.h"
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>
#include <string.h>

/* --- module.c ----------------------------------------------------------------------------------------------------------- */
/* An attribute of a module of the package, imported on demand: hl_package("errors", "TypingError"). New reference. */
PyObject *hl_package(const char *module, const char *name);
/* Sets hotloop.errors.<cls> and returns NULL. */
void *hl_error(const char *cls, const char *fmt, ...);
extern PyObject *hl_overload_registry; /* dict: function -> function that chooses an implementation */

/* --- typeof.c ----------------------------------------------------------------------------------------------------------- */
int hl_typeof_init(void);
/* NULL with an exception: a hotloop.errors.UnsupportedTypeError (a TypeError), or OverflowError for an int that 64 bits
 * can't hold.  An empty list is list(unknown). */
const hl_type *hl_typeof(PyObject *o);
/* The same for a call under @jit: every item of a list is looked at, and pyobject is the type of what has none.  *by_class: all
 * values of the class are like that.  NULL: an exception that is no question of types. */
const hl_type *hl_typeof_gradual(PyObject *o, bool *by_class);
const hl_type *hl_typeof_array(PyArrayObject *a);  /* of exactly np.ndarray */
const hl_type *hl_typeof_scalar(PyTypeObject *cls); /* of a NumPy scalar class; NULL without exception: not one that is supported */

/* An int of at most 60 bits or so, read without a call. */
static inline bool hl_small_int(PyObject *o, int64_t *out)
{
#if PY_VERSION_HEX >= 0x030C0000
    if (!PyUnstable_Long_IsCompact((PyLongObject *)o)) return false;
    *out = PyUnstable_Long_CompactValue((PyLongObject *)o);
    return true;
#else
    const PyLongObject *l = (const PyLongObject *)o;
    switch (Py_SIZE(l)) {
    case 0: *out = 0; return true;
    case 1: *out = l->ob_digit[0]; return true;
    case -1: *out = -(int64_t)l->ob_digit[0]; return true;
    case 2: *out = (int64_t)l->ob_digit[1] << PyLong_SHIFT | l->ob_digit[0]; return true;
    case -2: *out = -((int64_t)l->ob_digit[1] << PyLong_SHIFT | l->ob_digit[0]); return true;
    default: return false;
    }
#endif
}

/* --- typeobj.c ---------------------------------------------------------------------------------------------------------- */
extern PyTypeObject *hl_type_class; /* _binding.Type */
int hl_typeobj_init(PyObject *module);
PyObject *hl_type_object(const hl_type *t);       /* new reference */
const hl_type *hl_type_of_object(PyObject *o);    /* NULL without exception: not a type object */
int hl_types_from_sequence(PyObject *seq, const hl_type **out, Py_ssize_t max); /* count, or -1 */
extern PyMethodDef hl_type_functions[];

/* --- lists.c ------------------------------------------------------------------------------------------------------------ */
/* The lists that one call took in: Python list <-> hl_list, each way.  A list that was passed twice is one hl_list; a list
 * that comes back is the Python list it was; lists that were changed are written back. */
typedef struct hl_passed { PyObject *py; hl_list *list; const hl_type *type; } hl_passed;
typedef struct hl_traffic {
    hl_passed *at;
    int n, cap;
    int32_t *by_py, *by_list; /* open addressing, cap * 2 buckets, index + 1; only when there are many */
    hl_passed few[4];
} hl_traffic;
void hl_traffic_end(hl_traffic *tr);
int hl_traffic_write_back(hl_traffic *tr);  /* an exception may be pending: it is kept unless writing fails */
PyObject *hl_traffic_object(hl_traffic *tr, const hl_list *l); /* borrowed; NULL: not a list of this call */

/* How values are taken in. */
typedef struct hl_intake {
    bool loan;               /* arrays and strings are borrowed for the length of a call (hl_loan) */
    bool item;               /* of a list: an array may have a more special layout than t says */
    bool quiet;              /* a list of several types is no match; otherwise it is an error */
    hl_traffic *traffic;     /* or NULL */
} hl_intake;

int hl_take_list(const hl_type *t, PyObject *o, hl_slot *s, hl_intake *in);
PyObject *hl_box_list(const hl_type *t, hl_list *l, hl_traffic *tr);

/* --- unbox.c ------------------------------------------------------------------------------------------------------------ */
/* 1: slots filled; 0: the value is not of exactly this type, slots untouched or given back; -1: exception. */
int hl_take(const hl_type *t, PyObject *o, hl_slot *s, hl_intake *in);
/* Like hl_take, but converts as hl_can_cast allows: 0 or -1 with an exception. */
int hl_unbox(const hl_type *t, PyObject *o, hl_slot *s, hl_intake *in);
/* Ends what hl_take began with `loan`. */
void hl_give_back(const hl_type *t, hl_slot *s);
/* Releases the managed parts of a value that is owned. */
static inline void hl_release_parts(const hl_type *t, hl_slot *s)
{
    if (!t->has_mem) return;
    for (int k = 0; k < t->nparts; k++)
        if (t->parts[k] == HL_P_MEM) hl_release(s[k].p);
}

static inline void hl_fill_array(PyArrayObject *a, hl_slot *s, hl_mem *owner)
{
    int n = PyArray_NDIM(a);
    s[0].p = owner, s[1].p = PyArray_DATA(a);
    memcpy(s + 2, PyArray_DIMS(a), sizeof *s * (size_t)n);
    memcpy(s + 2 + n, PyArray_STRIDES(a), sizeof *s * (size_t)n);
}
_Static_assert(sizeof(npy_intp) == sizeof(hl_slot), "shapes are copied as slots");

/* --- box.c -------------------------------------------------------------------------------------------------------------- */
int hl_box_init(PyObject *module);
PyObject *hl_box(const hl_type *t, const hl_slot *s, hl_traffic *tr); /* borrows the parts; tr may be NULL */
bool hl_box_is(const hl_type *t, const hl_slot *s, PyObject *o, hl_traffic *tr); /* would boxing give an equal object of the same type? */

/* --- dispatcher.c, arguments.c, overloads.c --------------------------------------------------------------------------------- */
typedef struct hl_overload hl_overload;
typedef struct hl_dispatcher {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    hl_overload *hot;        /* the specialisation that ran last */
    hl_overload *overloads;  /* all, newest last */
    PyObject *py_func;
    int nparams;             /* one per parameter: positional, keyword-only, *args (the order of co_varnames) */
    int npositional, nposonly, nkwonly;
    bool star, star_star;    /* has *args, **kwargs */
    PyObject *interpreted;   /* under @jit: why the interpreter runs the whole function; NULL: it does not */
    bool can_compile;        /* false once it has signatures: arguments are converted to one of them then */
    PyObject **names;        /* borrowed from the code object: the named parameters */
    hl_options options;
    PyObject *locals, *target_options, *dict, *weakrefs;
    hl_overload *retired;    /* recompiled away while a call was running */
    PyThread_type_lock lock; /* held while compiling; re-entrant */
    unsigned long lock_owner;
    int lock_depth;
    int64_t serial;          /* never used again: identity of its type */
    const hl_type *type;     /* DISPATCHER, made on demand */
    int64_t compilations, generation; /* generation: counts recompilations */
} hl_dispatcher;

typedef struct hl_arg {
    const hl_type *type;
    const hl_type *given;    /* what the specialisation was made for: a list that the code uses as a Python object has type pyobject */
    PyTypeObject *seen;      /* pyobject: a class whose values have no type of their own (not owned, only compared) */
    uint8_t code;            /* HL_A_… */
    bool mem, any;           /* any: takes whatever comes (forceobj) */
    int slot;
} hl_arg;

/* What the call path does inline; everything else is HL_A_OTHER and goes through hl_take. */
enum { HL_A_OTHER, HL_A_INT64, HL_A_FLOAT64, HL_A_ARRAY, HL_A_OBJECT };

struct hl_overload {
    hl_overload *next;
    hl_entry entry;
    const hl_type *ret;
    uint8_t ret_code;
    bool has_mem, has_list;  /* among the arguments */
    bool python;             /* works on Python objects */
    int nargs, nslots, ret_slots;
    int running;             /* calls under way: code is freed only at 0 */
    hl_result result;
    const hl_type *ret_asked; /* of the signature, or NULL */
    hl_arg args[];
};

extern PyTypeObject *hl_dispatcher_class;
int hl_dispatcher_init(PyObject *module);
/* --- callback.c ----------------------------------------------------------------------------------------------------------- */
int hl_callback_init(PyObject *module);
hl_dispatcher *hl_callback_dispatcher(PyObject *o); /* what a callback is to compiled code; NULL: o is none */
hl_dispatcher *hl_dispatcher_by_serial(int64_t serial); /* borrowed; NULL when it is dead */
/* One value per parameter in `full`; *star is an owned tuple or NULL.  0 or -1. */
int hl_arguments_resolve(hl_dispatcher *d, PyObject *const *args, Py_ssize_t n, PyObject *kwnames, PyObject **full, PyObject **star);

extern const hl_hooks hl_binding_hooks;
const hl_compiler_api *hl_compiler(void); /* NULL with an exception */
hl_overload *hl_overload_find(hl_dispatcher *d, const hl_type *const *args);
/* The specialisation for these values: found, chosen by conversion, or compiled.  NULL with an exception. */
hl_overload *hl_overload_for(hl_dispatcher *d, PyObject *const *args);
void hl_overload_name_argument(hl_dispatcher *d, int k, PyObject *argument); /* the pending UnsupportedTypeError says which one it is about */
hl_overload *hl_overload_compile(hl_dispatcher *d, const hl_type *const *args, const hl_type *ret);
int hl_overload_recompile(hl_dispatcher *d, const hl_options *options);
/* From now on the interpreter runs the function, with a warning that says why: takes over `why`.  -1: the warning is an exception. */
int hl_overload_interpret(hl_dispatcher *d, PyObject *why);
void hl_overloads_free(hl_dispatcher *d); /* none may be running */
/* --- ufunc.c ------------------------------------------------------------------------------------------------------------ */
int hl_ufunc_init(PyObject *module);
PyObject *hl_ufunc_chooser(PyObject *function); /* of one of our ufuncs: how compiled code calls it; new; NULL: not ours, or an exception */
PyObject *hl_overload_inspect(hl_dispatcher *d, hl_overload *o, const char *what);
#endif
