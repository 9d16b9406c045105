/* What machine code and the binding share: the memory layout of run-time values.
 *
 *   slot       8 bytes; a value in memory is its parts (compiler/types/types.h), one slot each, little end first:
 *              an int8 part occupies the low byte of its slot.  Call frames, list items and tuples in lists use it.
 *   hl_mem     the head of everything that is reference-counted.  Every HL_P_MEM part points to one, or is NULL.
 *              Counts are atomic (functions run without the GIL).  At zero `drop` runs, once, on any thread.
 *   status     machine code returns int32: 0 = fine, 1 = an exception is set in the calling thread's Python state.
 *              Every function below that returns hl_status obeys it; those that touch Python take the GIL themselves
 *              (PyGILState_Ensure) and may be called without it.
 */
#ifndef HL_RT_H
#define HL_RT_H
#include "../compiler/types/types.h"

typedef int32_t hl_status;
typedef union hl_slot { int64_t i; double f; float f32; void *p; uint8_t b; int32_t i32; } hl_slot;
typedef hl_status (*hl_entry)(const hl_slot *args, hl_slot *ret); /* every compiled function's door for the binding */

/* LLVM's convention preserve_all: a function that changes no register but its result's (and r11), for calls beside which machine code goes on with
 * what it has in registers.  GCC's attribute says the same of a function that uses general registers alone. */
#if !defined(__x86_64__)
#define HL_KEEPS_REGISTERS
#elif defined(__clang__)
#define HL_KEEPS_REGISTERS __attribute__((preserve_all))
#else
#define HL_KEEPS_REGISTERS __attribute__((no_caller_saved_registers, target("general-regs-only")))
#endif

typedef struct hl_mem hl_mem;
struct hl_mem {
    int64_t refs;
    void (*drop)(hl_mem *);
};

/* --- mem.c: the one door for allocations ---------------------------------------------------------------------------- */
HL_API void *hl_malloc(size_t n);          /* NULL when exhausted or when a test makes it fail; counted */
HL_API void *hl_calloc(size_t n);          /* zero pages are lazy for large n */
HL_API void *hl_zeroed(size_t n);          /* … none are: for memory that is written to at once */
HL_API void *hl_grow(void *p, size_t used, size_t *n); /* realloc to n bytes or more, and n how many; only `used` ones are kept */
HL_API void hl_free(void *p);
HL_API int64_t hl_live_allocations(void);  /* allocations less frees, of the whole process */
HL_API void hl_fail_after(int64_t n);      /* the n-th allocation from now fails, and those after it; -1: none */
HL_API void hl_drop(hl_mem *m);            /* refs fell to zero: calls m->drop */
static inline void hl_retain(hl_mem *m) { if (m) __atomic_fetch_add(&m->refs, 1, __ATOMIC_RELAXED); }
static inline void hl_release(hl_mem *m)
{
    if (m && __atomic_fetch_sub(&m->refs, 1, __ATOMIC_ACQ_REL) == 1) hl_drop(m);
}
/* Array memory: owner head and data in one allocation, data aligned to 64 bytes.  NULL with MemoryError set.
 * Above 4 MiB the pages are asked to be huge. */
enum { HL_ARRAY_DATA = 24 }; /* bytes from the owner to the data: machine code relies on it */
HL_API hl_mem *hl_array_alloc(int64_t nbytes, int32_t zero, void **data);
/* An owner that keeps a Python object alive; drop takes the GIL.  `hl_loan` borrows: the count of the object is
 * raised only when hl_loan_end finds that somebody kept the owner beyond the call. */
HL_API hl_mem *hl_mem_pyobject(PyObject *obj);
HL_API hl_mem *hl_mem_caught(PyObject *exc); /* the same for an exception: always succeeds */
HL_API hl_mem *hl_loan(PyObject *obj);     /* from a free list: a few ns; refs = 1; needs the GIL */
HL_API void hl_loan_end(hl_mem *m);        /* needs the GIL */
HL_API PyObject *hl_mem_give(hl_mem *m);   /* a pyobject's owner for the object, both owned; needs the GIL */
HL_API PyObject *hl_mem_object(hl_mem *m); /* the object of the two above, borrowed; NULL for other owners */

/* --- list.c ------------------------------------------------------------------------------------------------------------ */
typedef struct hl_list {
    hl_mem head;
    int64_t len, cap;
    hl_slot *data;       /* len * nslots */
    int32_t nslots;      /* of one item */
    int32_t dirty;       /* set by whatever changes the list: the binding writes it back to Python then */
    uint64_t mem_mask;   /* bit k: slot k of an item is managed (items have at most 64 slots) */
} hl_list;
HL_API hl_list *hl_list_new(int64_t len, int32_t nslots, uint64_t mem_mask); /* len items, zeroed; NULL: MemoryError set */
HL_API hl_status hl_list_reserve(hl_list *l, int64_t cap);   /* grows by 1/8 like CPython's */
HL_API hl_status hl_list_append(hl_list *l, const hl_slot *item);  /* takes over the item's references, unless it fails */
HL_API hl_status hl_list_insert(hl_list *l, int64_t at, const hl_slot *item);
HL_API hl_status hl_list_pop(hl_list *l, int64_t at, hl_slot *item); /* gives the references; IndexError */
HL_API hl_status hl_list_del(hl_list *l, int64_t at);
HL_API hl_status hl_list_extend(hl_list *l, const hl_list *from); /* same nslots; retains */
HL_API hl_list *hl_list_slice(const hl_list *l, int64_t start, int64_t stop, int64_t step); /* indices already adjusted */
HL_API hl_status hl_list_set_slice(hl_list *l, int64_t start, int64_t stop, int64_t step, const hl_list *from);
HL_API hl_status hl_list_del_slice(hl_list *l, int64_t start, int64_t stop, int64_t step);
HL_API hl_list *hl_list_concat(const hl_list *a, const hl_list *b);
HL_API hl_list *hl_list_repeat(const hl_list *l, int64_t times);
HL_API hl_status hl_list_repeat_inplace(hl_list *l, int64_t times);
HL_API void hl_list_reverse(hl_list *l);
HL_API void hl_list_clear(hl_list *l);
/* sort by the first slot: kind is an hl_part (I64, F64, …, unsigned when is_unsigned); stable */
HL_API hl_status hl_list_sort(hl_list *l, int32_t kind, int32_t is_unsigned, int32_t reverse);
/* The same by another slot: tuples are sorted by their last slot first, by their first slot last. */
HL_API hl_status hl_list_sort_by(hl_list *l, int32_t slot, int32_t kind, int32_t is_unsigned, int32_t reverse);

/* --- error.c ------------------------------------------------------------------------------------------------------------ */
typedef enum hl_err {
#define ERR(name, cls, text) HL_ERR_##name,
#include "../compiler/errors.def"
#undef ERR
    HL_ERR_COUNT
} hl_err;
/* Of hl_raise_shapes (rt_array.h). */
enum { HL_SHAPES_OPERANDS, HL_SHAPES_INTO, HL_SHAPES_MASK, HL_SHAPES_RESHAPE /* [1, items of the array], shape */, HL_SHAPES_BROADCAST_TO, HL_SHAPES_INDEX, HL_SHAPES_OUT };
HL_API void hl_raise(int32_t err, int64_t a, int64_t b);     /* sets the exception; takes the GIL */
/* raise … [from …]: each of the two a value or a Python object, whichever is not NULL; classes are called, the exception's first */
HL_API void hl_raise_value(hl_mem *exception, PyObject *cls_or_instance, hl_mem *cause, PyObject *cause_object);
HL_API hl_mem *hl_catch(PyObject *where, int32_t place);    /* takes the pending exception: an hl_mem_pyobject */
HL_API void hl_reraise(hl_mem *exception);
HL_API int32_t hl_exc_match(hl_mem *exception, PyObject *cls);
HL_API void hl_unraisable(PyObject *where);                  /* prints the pending exception, which nobody can catch, and clears it */
/* traceback.c: `where` is [globals, [code, -1, None], [code of something inlined, place of its call, None], …] (or NULL); a place is a
 * byte offset in the code, plus the number of the row << 20; -1: there is an entry already. */
HL_API void hl_unwind(PyObject *where, int32_t place);       /* adds the traceback entries of a place to the pending exception */
HL_API void hl_traceback_add(PyObject *exc, PyObject *where, int32_t place); /* … to this one; holds the GIL, no exception is pending */
/* handled.c: which exceptions compiled code is handling; `frame` stands for the call. */
HL_API void hl_handling(hl_mem *exception, const void *frame, int32_t number);
HL_API void hl_handled(const void *frame, int32_t number);   /* this one and later ones of the call are over */
HL_API void hl_raise_text(PyObject *error);                 /* a tuple: exception class, message */
HL_API void hl_unbound(PyObject *name);                      /* UnboundLocalError as CPython words it */
/* Boxing for cold paths (messages, print): type is an hl_type *, slots its parts. New reference; needs no GIL. */
HL_API hl_mem *hl_box_object(const hl_type *type, const hl_slot *slots);
/* The binding installs its boxing function here, so that the runtime knows no layer above it. */
typedef PyObject *(*hl_box_fn)(const hl_type *type, const hl_slot *slots);
HL_API extern hl_box_fn hl_box_hook;
HL_API hl_mem *hl_tuple_object(int64_t n, hl_mem *const *items);   /* Python tuple of boxed objects */
HL_API hl_mem *hl_format(hl_mem *value, hl_mem *spec, int32_t conversion); /* str */
HL_API hl_mem *hl_join(int64_t n, hl_mem *const *pieces);          /* str */
HL_API hl_mem *hl_str_object(PyObject *str);                       /* a constant */
HL_API hl_status hl_print(int64_t n, hl_mem *const *items);        /* print(*items) */
/* --- signal.c ---------------------------------------------------------------------------------------------------------- */
HL_API void hl_signals_init(void);                                 /* GIL held; before any compiled code runs */
HL_API const int *hl_signal_flag(void);                            /* not 0 there: a signal has come, call hl_poll */
HL_API hl_status hl_poll(void);                                    /* runs Python's signal handlers, on the main thread */
/* --- text.c ------------------------------------------------------------------------------------------------------------- */
HL_API hl_status hl_print_tuple(hl_mem *args, hl_mem *sep, hl_mem *end, int32_t flush); /* print(*args, sep=sep, …); NULL: the default */
HL_API void hl_raise_missing(hl_mem *value);                       /* ValueError of list.index */
HL_API hl_mem *hl_exception_new(PyObject *cls, hl_mem *args);      /* cls(*args); args: a tuple, or NULL */
HL_API int32_t hl_str_compare(hl_mem *a, hl_mem *b);               /* < 0, 0, > 0 */
HL_API int32_t hl_str_contains(hl_mem *text, hl_mem *part);
HL_API int64_t hl_str_len(hl_mem *s);
HL_API hl_mem *hl_str_item(hl_mem *s, int64_t at);                 /* negative ones count from the end; IndexError */
HL_API hl_mem *hl_str_repeat(hl_mem *s, int64_t times);
HL_API hl_list *hl_str_chars(hl_mem *s);                            /* a list of its characters; NULL: MemoryError set */
HL_API hl_mem *hl_str_slice(hl_mem *s, int64_t start, int64_t stop, int64_t step); /* as slice.indices gives them */
HL_API int64_t hl_ord(hl_mem *s);                                  /* -1 with TypeError set */
HL_API hl_mem *hl_chr(int64_t code);                               /* ValueError */
/* --- ufunc.c ------------------------------------------------------------------------------------------------------------ */
enum { HL_UFUNC_BLOCK = 256 }; /* items of the buffer over which a scalar input is spread */
HL_API char *hl_ufunc_spread(char *at, int64_t stride, int64_t size, int64_t count, char *buffer);
HL_API char *hl_ufunc_gather(char *at, int64_t stride, int64_t size, int64_t count, char *buffer);
HL_API void hl_ufunc_scatter(char *at, int64_t stride, int64_t size, int64_t count, const char *buffer);
HL_API int32_t hl_ufunc_independent(char *const *data, const int64_t *dimensions, const int64_t *strides, int32_t nin, int32_t nout);
HL_API hl_status hl_ufunc_parallel(void *loop, void *context, char *const *data, const int64_t *dimensions, const int64_t *strides,
                                   int32_t nin, int32_t nout, int64_t cost);
HL_API hl_status hl_gufunc_run(void *loop, void *context, char *const *data, const int64_t *dimensions, const int64_t *strides,
                               const int32_t *layout, int32_t parallel, int64_t cost);
#endif
