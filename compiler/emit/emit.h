/* Emission: typed IR to LLVM IR through the LLVM-C API.
 *
 * A value is a row of LLVM scalars, one per part of its type (types.h); phis are one LLVM phi per part.  A compiled function
 * is `internal {i32 status, parts of the result…} f(parts of the arguments…)`; the requested one also gets the entry
 * `i32 entry(ptr args, ptr ret)` over slots.  An instruction is emitted by the function in the last-but-one column
 * of its row in compiler/rules/:  void emit(hl_emit *e, hl_inst *i, LLVMValueRef *out)  fills out[0 … nparts-1].
 */
#ifndef HL_EMIT_H
#define HL_EMIT_H
#include "../compile.h"
#include "../infer/infer.h"
#include "names.h"
#include <llvm-c/Core.h>

typedef LLVMValueRef V;

/* Runtime calls: the table and its enum. */
typedef enum hl_rt {
#define RT(name, ret, args, effects) HL_RT_##name,
#include "../rtcalls.def"
#undef RT
    HL_RT_COUNT
} hl_rt;

typedef struct hl_emit {
    hl_cx *cx;
    hl_arena *arena;
    LLVMContextRef lc;
    LLVMModuleRef mod;
    LLVMBuilderRef b;
    LLVMTypeRef i1, i8, i16, i32, i64, f32, f64, ptr, voidt;
    V rt[HL_RT_COUNT]; LLVMTypeRef rt_type[HL_RT_COUNT];
    /* of the function at hand */
    hl_func *func;
    V fn;
    LLVMBasicBlockRef allocas;      /* entry block: allocas only */
    V *params;
    V **vals;                       /* by inst->id: parts; NULL: not emitted yet */
    LLVMBasicBlockRef *blocks;      /* by block->id */
    void *unwind;                   /* cleanup blocks, emit/error.c */
    V signal_flag;                  /* the interpreter's, runtime/signal.c; NULL: not asked for yet */
    V depth;                        /* of a recursive function: how many of its calls are active */
    V tags[3];
    bool chooses;                   /* a stencil's kernel asks at each point what is the same at all */
    V retain, release;              /* helper functions in the module, made on first use */
    hl_options opt;
    /* source lines, emit/location.c; NULL unless a report is made */
    LLVMDIBuilderRef lines;
    LLVMMetadataRef scope;
} hl_emit;

typedef void (*hl_emit_fn)(hl_emit *e, hl_inst *i, V *out);
extern const hl_emit_fn hl_emitters[HL_R_COUNT];

/* --- values ---------------------------------------------------------------------------------------------------------- */
V *hl_parts(hl_emit *e, hl_inst *value);               /* of an operand; constants and literals are made here */
V hl_one(hl_emit *e, hl_inst *value);                  /* the only part of a scalar */
static inline V *hl_arg(hl_emit *e, hl_inst *i, int k) { return hl_parts(e, i->args[k]); }
LLVMTypeRef hl_part_type(hl_emit *e, hl_part p);
LLVMTypeRef hl_scalar_type(hl_emit *e, const hl_type *t);  /* of one part of a scalar; bool: i1 */
LLVMTypeRef hl_memory_type(hl_emit *e, const hl_type *t);  /* as an array item holds it: bool i8 */
V hl_i64(hl_emit *e, int64_t v);
V hl_i32(hl_emit *e, int32_t v);
V hl_f64(hl_emit *e, double v);
V hl_bool(hl_emit *e, bool v);
V hl_ptr_const(hl_emit *e, const void *p);             /* address as a constant; keep what it points to alive with hl_emit_keep */
void hl_emit_keep(hl_emit *e, PyObject *obj);          /* lives as long as the code */
void hl_cast(hl_emit *e, hl_inst *at, const hl_type *from, const hl_type *to, const V *in, V *out); /* any conversion `cast` can express */
V hl_cast1(hl_emit *e, const hl_type *from, const hl_type *to, V in);  /* real scalars; no checks */
V hl_truth(hl_emit *e, const hl_type *t, const V *parts);              /* of a number */
/* --- memory ---------------------------------------------------------------------------------------------------------- */
V hl_alloca(hl_emit *e, LLVMTypeRef t, const char *name);              /* in the entry block */
V hl_alloca_slots(hl_emit *e, int n);
void hl_store_slots(hl_emit *e, const hl_type *t, const V *parts, V slots);
void hl_load_slots(hl_emit *e, const hl_type *t, V slots, V *out);
V hl_gep_bytes(hl_emit *e, V base, V offset);                          /* i8 GEP, inbounds */
/* Type-based alias classes: writing an item never changes a list's header, so length and data pointer leave loops. */
typedef enum hl_tag { HL_TAG_ITEM, HL_TAG_HEADER, HL_TAG_FLAG } hl_tag;
V hl_tagged(hl_emit *e, V load_or_store, hl_tag tag);                  /* returns it */
void hl_load_item(hl_emit *e, const hl_type *array, V addr, V *out);   /* item of an array: bool, complex, unaligned aware */
void hl_store_item(hl_emit *e, const hl_type *array, V addr, const V *parts);
void hl_emit_retain(hl_emit *e, const hl_type *t, const V *parts);
void hl_emit_release(hl_emit *e, const hl_type *t, const V *parts);
/* --- control --------------------------------------------------------------------------------------------------------- */
LLVMBasicBlockRef hl_bb(hl_emit *e, const char *name);                 /* new block, appended */
void hl_at(hl_emit *e, LLVMBasicBlockRef bb);                          /* emit there from now on */
void hl_before(hl_emit *e, V inst);                                    /* emit in front of it */
LLVMBasicBlockRef hl_here(hl_emit *e);
void hl_br(hl_emit *e, LLVMBasicBlockRef to);
void hl_cond(hl_emit *e, V c, LLVMBasicBlockRef t, LLVMBasicBlockRef f);
void hl_unlikely(hl_emit *e, V branch, int way);                       /* … is hardly ever taken: its code stands elsewhere */
V hl_phi2(hl_emit *e, LLVMTypeRef t, V a, LLVMBasicBlockRef from_a, V b, LLVMBasicBlockRef from_b);
V hl_select(hl_emit *e, V c, V a, V b);
typedef struct hl_aside { LLVMBasicBlockRef before, done; } hl_aside;
hl_aside hl_aside_begin(hl_emit *e, V when);                           /* what follows is done when this holds, and … */
V hl_aside_end(hl_emit *e, hl_aside a, V value, V otherwise);          /* … makes this value; else it is the other one */
typedef struct hl_for { V i; LLVMBasicBlockRef head, body, done, before; V hi; V step; } hl_for;
hl_for hl_for_begin(hl_emit *e, V lo, V hi, const char *name);         /* for (i = lo; i < hi; i++), signed; emission goes on in the body */
void hl_for_end(hl_emit *e, hl_for *l);                                /* … and behind the loop */
/* A phi carried round a hl_for loop: V acc = hl_for_phi(e, &l, init); … hl_for_next(e, &l, acc, new) before hl_for_end; acc holds the result after it. */
V hl_for_phi(hl_emit *e, hl_for *l, V init);
void hl_for_next(hl_emit *e, hl_for *l, V phi, V next);
typedef struct hl_hint { const char *name; int value; } hl_hint;        /* metadata of a loop; 0: it has no value */
void hl_hint_loop(hl_emit *e, V jump, const hl_hint *hints, int n);    /* jump: its back edge */
/* --- errors ---------------------------------------------------------------------------------------------------------- */
/* The instruction fails with this error unless ok.  Does nothing more when ok is constant true. */
void hl_check(hl_emit *e, hl_inst *i, V ok, hl_err err, V a, V b);     /* a, b: i64 or NULL */
void hl_check_fits(hl_emit *e, hl_inst *i, V ok);                      /* OverflowError otherwise; instructions with the same way out share the code */
void hl_check_status(hl_emit *e, hl_inst *i, V status);                /* i32 of a runtime call or callee: not 0 → leave */
void hl_check_or_leave(hl_emit *e, hl_inst *i, V ok);                  /* ok false: an exception is set already → leave */
void hl_check_not_null(hl_emit *e, hl_inst *i, V p);                   /* NULL → leave (exception is set) */
void hl_leave(hl_emit *e, hl_inst *i);                                 /* exception is set: goes to handler or out; ends the LLVM block */
void hl_error_begin(hl_emit *e);                                       /* per function */
void hl_error_finish(hl_emit *e);
V hl_error_where(hl_emit *e);                                          /* what the traceback entries of the function are made of */
V hl_error_place_phi(hl_emit *e, hl_block *handler);                   /* i32: where the exception came from; at the head of its block */
V hl_error_handles(hl_emit *e);                                        /* an address that stands for this call in runtime/handled.c */
void hl_error_phi(hl_emit *e, hl_block *from, V phi, V value);         /* adds the incoming values of the exception edge */
/* --- runtime calls ------------------------------------------------------------------------------------------------------ */
V hl_rtcall(hl_emit *e, hl_rt f, ...);                                 /* as many V as the row says */
/* --- scalar arithmetic, shared by scalar and element-wise rows (emit/number.c, emit/math.c) ------------------------------- */
/* One operator on operands already of type t; `i` names the instruction that raises (NULL: array semantics, nothing raises: x/0 as NumPy). */
void hl_arith(hl_emit *e, hl_inst *i, hl_op op, const hl_type *t, const V *a, const V *b, V *out);
V hl_compare(hl_emit *e, hl_op op, const hl_type *t, const V *a, const V *b);
void hl_unary(hl_emit *e, hl_op op, const hl_type *t, const V *a, V *out);
/* One mathematical function "sin", "hypot" … on operands of type t (float or complex): libm calls that carry their vector variants. */
void hl_math(hl_emit *e, const char *name, const hl_type *t, const V *const *args, int n, V *out);
/* Behind the vectoriser: code in the place of calls of vector functions that are in no library (vecexp.c). */
void hl_vecexp_expand(hl_emit *e);
/* --- arrays (emit/array.c, emit/element.c) -------------------------------------------------------------------------------- */
/* parts of an array value: [owner, data, shape…, stride…]; a C-contiguous type has constant strides where they are known. */
static inline V hl_arr_owner(const V *p) { return p[0]; }
static inline V hl_arr_data(const V *p) { return p[1]; }
static inline V hl_arr_shape(const V *p, int k) { return p[2 + k]; }
static inline V hl_arr_stride(const hl_type *t, const V *p, int k) { return p[2 + t->ndim + k]; }
/* New C-contiguous array: checks the sizes, allocates, fills out[] (owner, data, shape, strides). */
void hl_new_array(hl_emit *e, hl_inst *i, const hl_type *t, const V *shape, bool zero, V *out);
/* The same without the check: the owner, NULL with an exception set when there is none. */
V hl_try_new_array(hl_emit *e, const hl_type *t, const V *shape, bool zero, V *out);
/* Item-by-item view of an array, a scalar, or a fused element-wise instruction, broadcast to a shape: */
int hl_ndim_of(hl_inst *v);                                            /* 0 for scalars */
void hl_shape_of(hl_emit *e, hl_inst *i, hl_inst *v, V *shape);        /* of a (possibly fused) value; checks broadcasting */
void hl_element(hl_emit *e, hl_inst *v, V const *index, int nindex, V *out); /* item at index of the broadcast value */
#endif
