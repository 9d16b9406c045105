/* A stencil, as rules and emission see it (the Python object behind it is hotloop.stencils.Stencil). */
#ifndef HL_RULES_STENCIL_H
#define HL_RULES_STENCIL_H
#include "array.h"

/* How a window is read beyond the border of its array.  INSIDE: it never is.  The others are SciPy's (runtime/stencil.c). */
typedef enum hl_border { HL_BORDER_INSIDE, HL_BORDER_NEAREST, HL_BORDER_WRAP, HL_BORDER_REFLECT, HL_BORDER_MIRROR, HL_BORDER_COUNT } hl_border;

enum { HL_STENCIL_ARGS = 60 };
typedef struct hl_stencil {
    PyObject *object;
    PyObject *kernel;             /* a function */
    PyObject *cval;               /* NULL: not given */
    hl_border border;             /* INSIDE: points whose window leaves the array get cval */
    int ndeclared;                /* dimensions of the option neighborhood; -1: not given */
    int64_t low[HL_DIMS], high[HL_DIMS];
    int nargs;
    bool standard[HL_STENCIL_ARGS]; /* indexed like any array */
    /* the kernel compiled for windows inside the array, and for those that reach over its border */
    hl_func *inside, *edge;
} hl_stencil;

bool hl_stencil_read(PyObject *object, hl_stencil *out);  /* false: an exception is set */
/* One component of a relative index, whose parts begin at `part` of the index value. */
bool hl_window_plan(const hl_type *window, const hl_type *index, hl_index_plan *p, const char **why);
#endif
