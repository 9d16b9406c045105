/* Interned types: equal types are the same pointer.
 *
 *   kind      a row of HL_KINDS below
 *   parts     what a value of the type is made of in machine code: a flat row of scalars ("parts"), each one of
 *             hl_part. An int64 is one part; a complex128 two; a 2-D array is
 *             [owner, data, shape0, shape1, stride0, stride1]; a tuple is the parts of its items one after another.
 *             In memory (call frames, list items, return values) every part takes one 8-byte slot, so one layout
 *             serves the dispatcher, the runtime and the emitter.
 *
 * Types live as long as the process and are shared by all threads; the interner is locked. Types that refer to a
 * Python object that may die (a closure, a constant function) are interned in the compilation's own table (`local`).
 *
 * Literal values are types: Literal[2](int64). A literal is *weak* in arithmetic (NEP 50) and strong when unified.
 */
#ifndef HL_TYPES_H
#define HL_TYPES_H
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HL_API __attribute__((visibility("default")))

/*      kind        printed as / meaning */
#define HL_KINDS(X)                                                                                                    \
    X(UNKNOWN)    /* bottom: nothing is known yet */                                                                   \
    X(VAR)        /* an element type that a first use binds; resolved by the inference context */                      \
    X(NONE)       /* None */                                                                                           \
    X(OMITTED)    /* an argument that was not given */                                                                 \
    X(BOOL)       /* bool (Python's and NumPy's) */                                                                    \
    X(INT)        /* int8 … uint64: bits, sign */                                                                      \
    X(FLOAT)      /* float32 float64 */                                                                                \
    X(COMPLEX)    /* complex64 complex128 */                                                                           \
    X(STR)        /* str */                                                                                            \
    X(LITERAL)    /* elem = base type, obj = the Python value (ival/fval beside it) */                                 \
    X(TUPLE)      /* items; obj = namedtuple class or NULL */                                                          \
    X(LIST)       /* elem */                                                                                           \
    X(ARRAY)      /* elem = dtype, ndim, layout C F A, flags */                                                        \
    X(RANGE)      /* range object of int64: start, stop, step */                                                       \
    X(SLICE)      /* items = start, stop, step types (NONE or int) */                                                  \
    X(ELLIPSIS)   /* ... */                                                                                            \
    X(ITER)       /* iterator; items[0] = what is iterated, elem = what it yields, ival = HL_ITER_… */                 \
    X(DTYPE)      /* a numpy dtype value; elem = the scalar type it stands for */                                      \
    X(CONST)      /* a Python object known while compiling: module, function, class, dispatcher … (obj) */             \
    X(CLOSURE)    /* a function made in compiled code: obj = code object, ival = which hl_func made it, items = captured + defaults */ \
    X(BOUND)      /* a bound method: items[0] = self type, obj = name (str) */                                         \
    X(DISPATCHER) /* a jitted function given as an argument; ival = its serial, obj = its name */                        \
    X(WINDOW)     /* what a stencil's kernel sees of an array: elem = the array, obj = the stencil, ival = how its border is read */ \
    X(POINTER)    /* a C pointer; elem = what it points to, NONE for void * */                                         \
    X(EXCEPTION)  /* a caught or built exception; obj = class when known */                                            \
    X(OPTIONAL)   /* elem or None */                                                                                   \
    X(PYOBJECT)   /* anything else */

typedef enum hl_kind {
#define X(name) HL_K_##name,
    HL_KINDS(X)
#undef X
        HL_KIND_COUNT
} hl_kind;

typedef enum hl_part { HL_P_I1, HL_P_I8, HL_P_I16, HL_P_I32, HL_P_I64, HL_P_F32, HL_P_F64, HL_P_PTR, HL_P_MEM } hl_part;
/* HL_P_MEM is the one managed kind: an hl_mem * (runtime/mem.h) or NULL; retain and release act on these parts. */

typedef enum hl_iter_kind {
    HL_ITER_RANGE, HL_ITER_LIST, HL_ITER_TUPLE, HL_ITER_ARRAY, HL_ITER_FLAT, HL_ITER_ENUMERATE, HL_ITER_ZIP,
    HL_ITER_REVERSED, HL_ITER_NDINDEX, HL_ITER_NDENUMERATE, HL_ITER_NDITER
} hl_iter_kind;

enum { /* hl_type.flags */
    HL_T_SIGNED = 1,    /* INT */
    HL_T_READONLY = 2,  /* ARRAY that may not be written */
    HL_T_UNALIGNED = 4, /* ARRAY whose items may lie on any address */
    HL_T_REFLECTED = 8, /* reserved for LIST printing as Numba's reflected list */
    HL_T_LOCAL = 16,    /* interned per compilation */
};

typedef struct hl_type hl_type;
struct hl_type {
    uint8_t kind, bits, flags, ndim;
    char layout;
    uint8_t has_mem;       /* some part is HL_P_MEM */
    uint8_t has_var;       /* some component is VAR or UNKNOWN */
    uint8_t has_object;    /* it or some component is PYOBJECT */
    uint16_t nparts;
    uint16_t nitems;
    uint32_t id;           /* creation order; a stable sort key within one process */
    uint64_t hash;
    const hl_type *elem;
    const hl_type *const *items;
    PyObject *obj;
    int64_t ival;          /* LITERAL int/bool value, VAR number, ITER kind, DISPATCHER serial */
    const hl_part *parts;
    const char *name;      /* Numba's spelling: int64, array(float64, 2d, C), Tuple(int64, float64) … */
    PyObject *py;          /* the Python-level type object, made on demand by hotloop/types.py; owned */
    const hl_type *next;   /* hash chain */
};

typedef struct hl_interner hl_interner; /* one is global; each compilation has one more for local types */
HL_API hl_interner *hl_interner_new(void);
HL_API void hl_interner_free(hl_interner *in);

/* The fixed ones: hl_T.int64 and so on. Filled by hl_types_init, which may be called any number of times. */
typedef struct hl_fixed_types {
    const hl_type *unknown, *none, *omitted, *boolean, *int8, *int16, *int32, *int64, *uint8, *uint16, *uint32, *uint64,
        *float32, *float64, *complex64, *complex128, *str, *range, *ellipsis, *exception, *pyobject;
} hl_fixed_types;
HL_API extern hl_fixed_types hl_T;
HL_API int hl_types_init(void);

/* Constructors. `in` may be NULL for types with no Python object inside; they go to the global table then, and when
 * no component is local. All return NULL with a Python exception only when memory is exhausted. */
HL_API const hl_type *hl_type_int(int bits, bool is_signed);
HL_API const hl_type *hl_type_float(int bits);
HL_API const hl_type *hl_type_complex(int bits);
HL_API const hl_type *hl_type_var(hl_interner *in, int64_t number);
HL_API const hl_type *hl_type_literal(hl_interner *in, PyObject *value); /* int (64-bit) float complex bool str; else NULL */
HL_API const hl_type *hl_type_tuple(hl_interner *in, const hl_type *const *items, int n, PyObject *namedtuple);
HL_API const hl_type *hl_type_list(hl_interner *in, const hl_type *elem);
HL_API const hl_type *hl_type_array(const hl_type *dtype, int ndim, char layout, int flags);
HL_API const hl_type *hl_type_slice(hl_interner *in, const hl_type *start, const hl_type *stop, const hl_type *step);
HL_API const hl_type *hl_type_iter(hl_interner *in, hl_iter_kind k, const hl_type *const *over, int n, const hl_type *elem);
HL_API const hl_type *hl_type_dtype(const hl_type *scalar);
HL_API const hl_type *hl_type_const(hl_interner *in, PyObject *obj);
HL_API const hl_type *hl_type_closure(hl_interner *in, PyObject *code, int64_t maker, const hl_type *const *captured, int n);
HL_API const hl_type *hl_type_bound(hl_interner *in, const hl_type *self, PyObject *name);
HL_API const hl_type *hl_type_dispatcher(PyObject *dispatcher, int64_t serial);
HL_API const hl_type *hl_type_window(hl_interner *in, const hl_type *array, PyObject *stencil, int border);
HL_API const hl_type *hl_type_pointer(const hl_type *to); /* to a number, another pointer, or NONE */
HL_API const hl_type *hl_type_exception(hl_interner *in, PyObject *cls);
HL_API const hl_type *hl_type_optional(hl_interner *in, const hl_type *elem);

/* Questions. */
static inline bool hl_is_int(const hl_type *t) { return t->kind == HL_K_INT; }
static inline bool hl_is_intlike(const hl_type *t) { return t->kind == HL_K_INT || t->kind == HL_K_BOOL; }
static inline bool hl_is_float(const hl_type *t) { return t->kind == HL_K_FLOAT; }
static inline bool hl_is_complex(const hl_type *t) { return t->kind == HL_K_COMPLEX; }
static inline bool hl_is_real(const hl_type *t) { return hl_is_intlike(t) || hl_is_float(t); }
static inline bool hl_is_number(const hl_type *t) { return hl_is_real(t) || hl_is_complex(t); }
static inline bool hl_is_array(const hl_type *t) { return t->kind == HL_K_ARRAY; }
static inline bool hl_is_literal(const hl_type *t) { return t->kind == HL_K_LITERAL; }
static inline const hl_type *hl_unliteral(const hl_type *t) { return t->kind == HL_K_LITERAL ? t->elem : t; }
/* Also goes into tuples: Tuple(Literal[1](int64), float64) -> Tuple(int64, float64). */
HL_API const hl_type *hl_unliteral_deep(hl_interner *in, const hl_type *t);
HL_API int hl_itemsize(const hl_type *scalar); /* bytes of a scalar in an array; bool is 1 */

/* The number table (docs/differences.md "Number types"); see promote.c. Both work on scalars, literal or not.
 * hl_promote: the type two operands of an arithmetic operator are converted to.  NULL when either is not a number.
 * hl_promote_array: the dtype of an element-wise result, by NumPy's rules; a_array/b_array say which side is an array.
 * hl_unify: the type of a phi with these incoming types, NULL when there is none.
 * hl_can_cast: how well `from` converts to `to` as an argument: 0 same, 1 promotion, 2 safe, 3 unsafe, -1 not at all. */
HL_API const hl_type *hl_promote(const hl_type *a, const hl_type *b);
HL_API const hl_type *hl_promote_array(const hl_type *a, bool a_array, const hl_type *b, bool b_array);
HL_API const hl_type *hl_unify(hl_interner *in, const hl_type *a, const hl_type *b);
HL_API int hl_can_cast(const hl_type *from, const hl_type *to);
/* NumPy type number (NPY_DOUBLE …) of a scalar type and back; -1 / NULL when there is none. */
HL_API int hl_type_to_npy(const hl_type *scalar);
HL_API const hl_type *hl_type_from_npy(int type_num);
#endif
