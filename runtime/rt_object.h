/* Operations on Python objects (runtime/object.c, object_make.c): what compiled code does with a value of type pyobject.
 *
 * Operands and results are hl_mem_pyobject owners; operands are borrowed, results are the caller's.  NULL or 1 (status)
 * says that an exception is set, CPython's own with its traceback.  Every function takes the GIL itself when the calling
 * thread does not hold it.
 */
#ifndef HL_RT_OBJECT_H
#define HL_RT_OBJECT_H
#include "rt.h"

/* The owner behind hl_mem_pyobject. */
typedef struct hl_pyowner {
    hl_mem head;
    PyObject *obj;
    union {
        struct hl_pyowner *next; /* in the free list */
        PyObject *item;          /* of an iterator: what the last step gave and nobody took yet; owned */
    };
} hl_pyowner;
static inline PyObject *hl_object_of(const hl_mem *m) { return ((const hl_pyowner *)m)->obj; } /* m is such an owner */
HL_API void hl_object_release(hl_mem *m);    /* hl_release of a pyobject */
HL_API hl_mem *hl_mem_take(PyObject *owned); /* as hl_mem_pyobject, but takes over the reference; NULL gives NULL; needs the GIL */

/* Operators in the order of compiler/ops.def; in-place ones as a flag. */
typedef enum hl_object_op {
    HL_O_ADD, HL_O_SUB, HL_O_MUL, HL_O_TRUEDIV, HL_O_FLOORDIV, HL_O_MOD, HL_O_POW, HL_O_LSHIFT, HL_O_RSHIFT, HL_O_AND, HL_O_OR,
    HL_O_XOR, HL_O_MATMUL, HL_O_BINARY_COUNT, HL_O_NEG = HL_O_BINARY_COUNT, HL_O_POS, HL_O_INVERT, HL_O_COUNT
} hl_object_op;
HL_API hl_mem *hl_object_binary(hl_mem *a, hl_mem *b, int32_t op, int32_t inplace);
HL_API hl_mem *hl_object_unary(hl_mem *a, int32_t op);
HL_API hl_mem *hl_object_compare(hl_mem *a, hl_mem *b, int32_t op);  /* Py_LT … */
/* Answers: 0, 1, or -1 with an exception. */
HL_API int32_t hl_object_truth(hl_mem *a);
HL_API int32_t hl_object_is(hl_mem *a, hl_mem *b);
HL_API int32_t hl_object_contains(hl_mem *container, hl_mem *item);
HL_API int32_t hl_object_next(hl_mem *iterator);                     /* 1: hl_object_value has the item */
HL_API int32_t hl_object_match(hl_mem *exception, hl_mem *cls);      /* does `except cls` catch it? */

HL_API hl_mem *hl_object_getitem(hl_mem *a, hl_mem *i);
HL_API hl_mem *hl_object_item(hl_mem *a, int64_t i);                 /* a[i] of a machine integer */
HL_API hl_status hl_object_setitem(hl_mem *a, hl_mem *i, hl_mem *v);
HL_API hl_status hl_object_delitem(hl_mem *a, hl_mem *i);
HL_API hl_mem *hl_object_getattr(hl_mem *a, PyObject *name);
HL_API hl_status hl_object_setattr(hl_mem *a, hl_mem *v, PyObject *name); /* v NULL: del */
HL_API hl_mem *hl_object_call(hl_mem *const *at, int64_t n, PyObject *names);   /* at[0](at[1] …); names of the last ones, or NULL */
HL_API hl_mem *hl_object_method(hl_mem *const *at, int64_t n, PyObject *names, PyObject *method); /* at[0].method(at[1] …) */
HL_API hl_mem *hl_object_call_ex(hl_mem *f, hl_mem *args, hl_mem *kwargs);      /* f(*args, **kwargs); kwargs may be NULL */

HL_API hl_mem *hl_object_iter(hl_mem *a);                            /* an iterator of its own for each loop */
HL_API hl_mem *hl_object_value(hl_mem *iterator);
HL_API hl_mem *hl_object_unpack(hl_mem *a, int64_t before, int64_t after); /* a tuple; after -1: no star */
HL_API hl_mem *hl_object_unpacked(hl_mem *tuple, int64_t k);

/* Native values. */
HL_API hl_mem *hl_object_int(int64_t v);
HL_API hl_mem *hl_object_float(double v);
HL_API hl_mem *hl_object_bool(int32_t v);
HL_API hl_status hl_object_len(hl_mem *a, int64_t *out);
HL_API hl_status hl_object_index(hl_mem *a, int64_t *out);           /* operator.index, as range() asks it */
HL_API hl_status hl_object_to_int(hl_mem *a, int64_t *out);          /* int(a) */
HL_API hl_status hl_object_to_float(hl_mem *a, double *out);         /* float(a) */
/* a as a value of type t into slots (owned); TypeError says that it is none, and names the variable. */
HL_API hl_status hl_object_unbox(hl_mem *a, const hl_type *t, hl_slot *out, PyObject *variable);
/* The binding installs this: 0, or -1 with the exception. */
typedef int (*hl_unbox_fn)(const hl_type *t, PyObject *obj, hl_slot *out, PyObject *variable);
HL_API extern hl_unbox_fn hl_unbox_hook;

/* Displays and what builds them (object_make.c). */
typedef enum hl_object_kind { HL_O_TUPLE, HL_O_LIST, HL_O_SET, HL_O_DICT, HL_O_SLICE } hl_object_kind;
HL_API hl_mem *hl_object_build(hl_mem *const *at, int64_t n, int32_t kind);     /* DICT: keys and values in turn */
HL_API hl_status hl_object_list_append(hl_mem *list, hl_mem *v);
HL_API hl_status hl_object_list_extend(hl_mem *list, hl_mem *iterable);
HL_API hl_mem *hl_object_list_tuple(hl_mem *list);
HL_API hl_status hl_object_set_add(hl_mem *set, hl_mem *v);
HL_API hl_status hl_object_map_add(hl_mem *map, hl_mem *key, hl_mem *v);
HL_API hl_status hl_object_map_merge(hl_mem *map, hl_mem *from, hl_mem *function); /* f(**map, **from): keys must differ */
HL_API hl_mem *hl_object_function(PyObject *code, PyObject *globals, hl_mem *const *at, int64_t n, int64_t ndefaults);
/* TypeErrors of calls, as CPython words them. */
void hl_object_refuse_argument(PyObject *f, PyObject *o, const char *stars, const char *wanted);
void hl_object_refuse_keyword(PyObject *f, PyObject *key);
/* Names and modules. */
HL_API hl_mem *hl_object_global(PyObject *globals, PyObject *name);
HL_API hl_status hl_object_set_global(PyObject *globals, PyObject *name, hl_mem *v); /* v NULL: del */
HL_API hl_mem *hl_object_import(PyObject *globals, PyObject *name, hl_mem *level, hl_mem *names);
HL_API hl_mem *hl_object_import_from(hl_mem *module, PyObject *name);
/* with */
HL_API hl_mem *hl_object_with_exit(hl_mem *manager);
HL_API hl_mem *hl_object_with_enter(hl_mem *manager);
HL_API hl_mem *hl_object_with_failed(hl_mem *exit, hl_mem *exception); /* exit(type, exception, traceback) */
#endif
