/* Exceptions that compiled code is handling.
 *
 * CPython remembers in the thread's state which exception is being handled; what is raised meanwhile gets it as its
 * __context__, and sys.exc_info shows it to Python code that is called.  Compiled handlers tell their beginning and end, and
 * what was there before is kept on a stack here.  An exception that leaves a handler's body goes past its end: so each
 * entry knows its call (an address in its frame) and its number in it, and `handled` at the next catch, or at the function's
 * exit, takes away whatever is left.
 *
 * A foreign thread has no state that lasts: nothing is remembered there.
 */
#include "gil.h"
#include <stdlib.h>

typedef struct hl_handler {
    const void *frame;
    int32_t number;
    PyObject *before; /* owned, or NULL */
} hl_handler;

static __thread struct { hl_handler *at; int n, room; } stack;

void hl_handling(hl_mem *exception, const void *frame, int32_t number)
{
    hl_gil g = hl_gil_take();
    if (!g.foreign && stack.n == stack.room) {
        int room = stack.room ? 2 * stack.room : 8;
        hl_handler *at = realloc(stack.at, (size_t)room * sizeof *at);
        if (at)
            stack.at = at, stack.room = room;
    }
    if (!g.foreign && stack.n < stack.room) { /* without memory the exception just has no context */
        stack.at[stack.n++] = (hl_handler){frame, number, PyErr_GetHandledException()};
        PyErr_SetHandledException(hl_mem_object(exception));
    }
    hl_gil_give(g);
}

void hl_handled(const void *frame, int32_t number)
{
    if (!stack.n || stack.at[stack.n - 1].frame != frame)
        return;
    hl_gil g = hl_gil_take();
    while (stack.n && stack.at[stack.n - 1].frame == frame && stack.at[stack.n - 1].number >= number) {
        PyObject *before = stack.at[--stack.n].before;
        PyErr_SetHandledException(before);
        Py_XDECREF(before);
    }
    hl_gil_give(g);
    if (!stack.n) { /* nothing tells when the thread ends */
        free(stack.at);
        stack.at = NULL, stack.room = 0;
    }
}
