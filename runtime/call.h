/* Helpers of the functions in rt_call.h: operands seen as arrays, results, conversion, lines along an axis. */
#ifndef HL_CALL_H
#define HL_CALL_H
#include "rt_call.h"
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <complex.h>
#include <numpy/ndarraytypes.h>
#include <string.h>

typedef float complex cfloat;
typedef double complex cdouble;

enum { HL_CALL_DIMS = 33 };

typedef struct nd { hl_mem *owner; char *data; int nd; int64_t shape[HL_CALL_DIMS], stride[HL_CALL_DIMS]; int32_t npy; int64_t item; } nd;

void hl_nd_read(nd *r, const hl_operand *a);            /* a number is a 0-dimensional array of its own slot */
static inline nd hl_nd_of(const hl_operand *a) { nd r; hl_nd_read(&r, a); return r; }
int64_t hl_nd_size(const nd *a);
hl_status hl_nd_new(nd *r, int dims, const int64_t *shape, int32_t npy);  /* new memory */
hl_status hl_nd_out(nd *r, hl_slot *out, int dims, const int64_t *shape, int32_t npy); /* … that is the result */
void hl_nd_give(const nd *r, hl_slot *out);             /* hands r over as the result */
void hl_nd_drop(nd *r);
void hl_nd_flatten(nd *r);                              /* contiguous items as one dimension */
void hl_nd_copy(const nd *dst, const nd *src);          /* same shape; converts */
hl_status hl_nd_contiguous(nd *r, const nd *a, int32_t npy); /* a C-ordered copy of dtype npy */
hl_status hl_nd_items(nd *r, const nd *a, int32_t npy); /* the same to be read only: a itself where it is in C order and of dtype npy */
hl_status hl_nd_as(nd *r, int32_t npy);                 /* r, which owns its memory, in another dtype; dropped when that fails */
nd hl_nd_axis(const nd *a, int axis, int64_t *n, int64_t *stride); /* a without the axis */
/* The lines along an axis: for (hl_lines l = hl_lines_of(&a, axis); hl_line(&l, &p); ) — p is where a line begins */
typedef struct hl_lines { nd over; int64_t index[HL_CALL_DIMS]; int64_t left; char *at; } hl_lines;
hl_lines hl_lines_of(const nd *over);
bool hl_line(hl_lines *l, char **p);
int64_t hl_arg_int(const hl_operand *a, int64_t otherwise);
double hl_arg_float(const hl_operand *a, double otherwise);
hl_status hl_arg_axis(const hl_operand *a, int dims, int *axis, int otherwise); /* normalised; ValueError */
static inline bool hl_given(const hl_operand *a) { return a->kind != HL_ARG_NONE && a->kind != HL_ARG_END; }
static inline bool hl_given_none(const hl_operand *a) { return a->kind == HL_ARG_NONE && a->npy; }
static inline int hl_count_operands(const hl_operand *a) { int n = 0; while (a[n].kind != HL_ARG_END) n++; return n; }
static inline hl_status hl_failed(hl_err err, int64_t a, int64_t b) { hl_raise(err, a, b); return 1; }
hl_status hl_failed_text(PyObject **cls, const char *format, ...);  /* PyErr_Format, with the GIL taken; gives 1 */
hl_status hl_failed_linalg(const char *text);                       /* LinAlgError */
int32_t hl_npy_promote(int32_t a, int32_t b);
static inline bool hl_npy_is_float(int32_t t) { return t == NPY_FLOAT || t == NPY_DOUBLE; }
static inline bool hl_npy_is_complex(int32_t t) { return t == NPY_CFLOAT || t == NPY_CDOUBLE; }

/* HL_BODY name_body(params) { loops }, then HL_FOR_EACH_CPU(name, (params), (args)): name() runs the loops compiled for the widest vectors
 * that this CPU has. */
#define HL_BODY static inline __attribute__((always_inline)) void
#if defined(__x86_64__)
#define HL_FOR_EACH_CPU(name, params, args)                                                                            \
    static void name##_plain params { name##_body args; }                                                              \
    static __attribute__((target("avx2"))) void name##_avx2 params { name##_body args; }                               \
    static __attribute__((target("avx512f,avx512dq"))) void name##_avx512 params { name##_body args; }                 \
    static void name params                                                                                            \
    {                                                                                                                  \
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) name##_avx512 args;               \
        else if (__builtin_cpu_supports("avx2")) name##_avx2 args;                                                     \
        else name##_plain args;                                                                                        \
    }
#else
#define HL_FOR_EACH_CPU(name, params, args) static void name params { name##_body args; }
#endif
#endif
