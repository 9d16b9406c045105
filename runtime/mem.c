/* The one door for allocations.
 *
 * Everything the runtime allocates comes through hl_malloc and its kin, so that it can be counted (after every test
 * allocations must equal frees) and made to fail (each allocation can be the one that does not succeed, in the manner of
 * Lua's memerr.lua).
 *
 * Array memory is one allocation: the owner's head, then the data on a 64-byte boundary:
 *
 *      raw ... | hl_array { head, raw } | data ...
 *              ^ data - sizeof(hl_array)  ^ multiple of 64
 *
 * Zeroed memory comes from calloc, whose fresh pages the kernel zeroes when they are first touched: np.zeros of any size
 * costs nothing until it is used.  From 4 MiB on the pages are asked to be huge, as NumPy does.
 *
 * A *loan* is the owner of an argument while a call runs.  It does not raise the Python object's count (the caller's frame
 * keeps the object alive); only when the call is over and somebody still refers to the owner does it become a real one.
 * Loans recycle through a free list; with the GIL held that needs no lock.  On a free-threaded build they come from malloc,
 * and under AddressSanitizer, which otherwise could not see that one is used after its end.
 */
#include "rt.h"
#include "gil.h"
#include "rt_object.h"
#include "spare.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGN ((size_t)64)
#define HUGE_FROM ((size_t)4 << 20)
#define HUGE_PAGE ((uintptr_t)2 << 20)
#define LOANS_KEPT 256

static int64_t live;           /* allocations less frees */
static int64_t fail_left = -1; /* allocations that still succeed; -1: all */

static bool denied(void)
{
    if (__builtin_expect(__atomic_load_n(&fail_left, __ATOMIC_RELAXED) < 0, 1))
        return false;
    /* Once it has reached zero it stays there: "and those after it". */
    int64_t left = __atomic_load_n(&fail_left, __ATOMIC_RELAXED);
    while (left > 0 && !__atomic_compare_exchange_n(&fail_left, &left, left - 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    return left == 0;
}

static void *counted(void *p)
{
    if (p)
        __atomic_fetch_add(&live, 1, __ATOMIC_RELAXED);
    return p;
}

void *hl_malloc(size_t n)
{
    if (denied())
        return NULL;
    void *p = hl_spare_take(n, 2 * n);
    return counted(p ? p : malloc(n ? n : 1));
}

void *hl_calloc(size_t n) { return denied() ? NULL : counted(calloc(1, n ? n : 1)); }

void *hl_zeroed(size_t n)
{
    if (denied())
        return NULL;
    void *p = hl_spare_take(n, 2 * n);
    return counted(p ? memset(p, 0, n) : calloc(1, n ? n : 1));
}

void *hl_grow(void *p, size_t used, size_t *n)
{
    if (denied())
        return NULL;
    void *q = hl_spare_take(*n, 16 * *n); /* a list that grows is about to grow further */
    if (q && p) {
        memcpy(q, p, used);
        if (!hl_spare_keep(p))
            free(p);
    } else if (!q)
        q = realloc(p, *n ? *n : 1);
    if (q)
        *n = hl_spare_room(q, *n);
    return p ? q : counted(q);
}

void hl_free(void *p)
{
    if (!p)
        return;
    __atomic_fetch_sub(&live, 1, __ATOMIC_RELAXED);
    if (!hl_spare_keep(p))
        free(p);
}

/* The n-th allocation from now is the first to fail, so n - 1 succeed. */
void hl_fail_after(int64_t n) { __atomic_store_n(&fail_left, n > 0 ? n - 1 : n, __ATOMIC_RELAXED); }
void hl_drop(hl_mem *m) { m->drop(m); }

/* --- arrays ---------------------------------------------------------------------------------------------------------- */
typedef struct hl_array {
    hl_mem head;
    void *raw;
} hl_array;

static_assert(sizeof(hl_array) == HL_ARRAY_DATA, "machine code finds the data there");

static void drop_array(hl_mem *m) { hl_free(((hl_array *)m)->raw); }

hl_mem *hl_array_alloc(int64_t nbytes, int32_t zero, void **data)
{
    size_t n = (size_t)nbytes, extra = sizeof(hl_array) + ALIGN - 1;
    void *raw = NULL;
    if (nbytes >= 0 && n <= SIZE_MAX / 2 - extra)
        raw = zero ? hl_calloc(n + extra) : hl_malloc(n + extra);
    if (!raw) {
        hl_raise_memory(nbytes);
        return NULL;
    }
    uintptr_t at = ((uintptr_t)raw + sizeof(hl_array) + ALIGN - 1) & ~(uintptr_t)(ALIGN - 1);
#ifdef MADV_HUGEPAGE
    if (n >= HUGE_FROM) {
        uintptr_t from = (at + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1), to = (at + n) & ~(HUGE_PAGE - 1);
        if (to > from)
            (void)madvise((void *)from, to - from, MADV_HUGEPAGE); /* advice: a kernel without huge pages says no */
    }
#endif
    hl_array *a = (hl_array *)(at - sizeof(hl_array));
    a->head = (hl_mem){1, drop_array};
    a->raw = raw;
    *data = (void *)at;
    return &a->head;
}

/* --- owners that are Python objects ------------------------------------------------------------------------------------ */
static int64_t live_owners; /* changed with the GIL held; loans are too frequent for an atomic count */

#if defined(Py_GIL_DISABLED) || defined(__SANITIZE_ADDRESS__)
#define COUNT_OWNER(by) __atomic_fetch_add(&live_owners, by, __ATOMIC_RELAXED)
static hl_pyowner *owner_new(void) { return malloc(sizeof(hl_pyowner)); }
static void owner_recycle(hl_pyowner *o) { free(o); }
#else
static hl_pyowner *free_loans;
static int free_count;
#define COUNT_OWNER(by) (live_owners += (by))
static hl_pyowner *owner_new(void)
{
    hl_pyowner *o = free_loans;
    if (!o)
        return malloc(sizeof(hl_pyowner));
    free_loans = o->next;
    free_count--;
    return o;
}

static void owner_recycle(hl_pyowner *o)
{
    if (free_count >= LOANS_KEPT) {
        free(o);
        return;
    }
    o->next = free_loans;
    free_loans = o;
    free_count++;
}
#endif

int64_t hl_live_allocations(void)
{
    return __atomic_load_n(&live, __ATOMIC_RELAXED) + __atomic_load_n(&live_owners, __ATOMIC_RELAXED);
}

static void drop_pyobject(hl_mem *m)
{
    hl_pyowner *o = (hl_pyowner *)m;
    hl_gil g = hl_gil_take();
    PyObject *obj = o->obj, *item = o->item;
    COUNT_OWNER(-1);
    owner_recycle(o);
    if (item)
        hl_decref_quietly(item);
    hl_decref_quietly(obj);
    hl_gil_give(g);
}

/* Mostly the last reference to a fresh result: then nobody else can change the count. */
void hl_object_release(hl_mem *m)
{
    hl_pyowner *o = (hl_pyowner *)m;
    if (!m)
        return;
    if (!hl_gil_here || __atomic_load_n(&m->refs, __ATOMIC_ACQUIRE) != 1 || o->item) {
        hl_release(m);
        return;
    }
    PyObject *obj = o->obj;
    COUNT_OWNER(-1);
    owner_recycle(o);
    if (Py_REFCNT(obj) > 1)
        Py_DECREF(obj);
    else
        hl_decref_quietly(obj);
}

static hl_pyowner *owner_of(PyObject *obj)
{
    hl_pyowner *o = denied() ? NULL : owner_new();
    if (!o) {
        PyErr_NoMemory();
        return NULL;
    }
    COUNT_OWNER(1);
    o->head = (hl_mem){1, drop_pyobject};
    o->obj = obj;
    o->item = NULL;
    return o;
}

hl_mem *hl_mem_pyobject(PyObject *obj)
{
    hl_pyowner *o = owner_of(obj);
    if (!o)
        return NULL;
    Py_INCREF(obj);
    return &o->head;
}

hl_mem *hl_mem_take(PyObject *owned)
{
    hl_pyowner *o = owned ? owner_of(owned) : NULL;
    if (!o)
        Py_XDECREF(owned);
    return o ? &o->head : NULL;
}

/* Owners for exceptions that are caught when there is no memory left: `catch` has nowhere to report that it failed.
 * One is held as long as its handler runs. */
static struct spare { hl_pyowner owner; int32_t used; } spares[64];

static void drop_spare(hl_mem *m)
{
    hl_gil g = hl_gil_take();
    PyObject *obj = ((hl_pyowner *)m)->obj;
    __atomic_store_n(&((struct spare *)m)->used, 0, __ATOMIC_RELEASE);
    hl_decref_quietly(obj);
    hl_gil_give(g);
}

static hl_mem *spare_owner(PyObject *obj)
{
    for (size_t k = 0; k < sizeof spares / sizeof *spares; k++)
        if (!__atomic_exchange_n(&spares[k].used, 1, __ATOMIC_ACQUIRE)) {
            spares[k].owner = (hl_pyowner){.head = {1, drop_spare}, .obj = Py_NewRef(obj)};
            return &spares[k].owner.head;
        }
    Py_FatalError("hotloop: no memory to handle an exception");
}

hl_mem *hl_mem_caught(PyObject *exc)
{
    hl_mem *m = hl_mem_pyobject(exc);
    if (m)
        return m;
    PyErr_Clear();
    return spare_owner(exc);
}

hl_mem *hl_loan(PyObject *obj)
{
    hl_pyowner *o = owner_of(obj);
    return o ? &o->head : NULL;
}

void hl_loan_end(hl_mem *m)
{
    hl_pyowner *o = (hl_pyowner *)m;
    if (__atomic_load_n(&m->refs, __ATOMIC_ACQUIRE) == 1) {
        COUNT_OWNER(-1);
        owner_recycle(o);
        return;
    }
    /* Somebody kept it.  While our own reference is held it cannot fall to zero, so the order below is safe against
     * other threads' releases. */
    Py_INCREF(o->obj);
    hl_release(m);
}

PyObject *hl_mem_give(hl_mem *m)
{
    hl_pyowner *o = (hl_pyowner *)m;
    if (!m) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_SystemError, "hotloop: compiled code returned a reference to nothing");
        return NULL;
    }
    PyObject *obj = o->obj;
    if (m->drop == drop_pyobject && __atomic_load_n(&m->refs, __ATOMIC_ACQUIRE) == 1 && !o->item) {
        COUNT_OWNER(-1);
        owner_recycle(o);
        return obj;
    }
    Py_INCREF(obj);
    hl_release(m);
    return obj;
}

PyObject *hl_mem_object(hl_mem *m)
{
    return m && (m->drop == drop_pyobject || m->drop == drop_spare) ? ((hl_pyowner *)m)->obj : NULL;
}
