/* Ctrl-C and other signals while compiled code runs.
 *
 * CPython's own handler of a signal only notes that it came: it sets a flag in the interpreter's state, and the main thread runs the
 * Python function when it next looks.  Compiled loops look too (passes/poll.c): they read that flag, and call hl_poll when it is set.
 * So every Python signal handler works, whenever it was installed, and no handler of ours stands in anybody's way.
 *
 * The flag is not part of CPython's public interface:
 *
 *   3.11            _PyRuntime.ceval.signals_pending; only the interpreter's loop clears it
 *   3.12 and newer  _PyRuntime.signals.is_tripped; PyErr_CheckSignals clears it
 *
 * Its place is taken from the headers that this file was compiled with.  hl_signals_init then looks whether the running interpreter has
 * what is known by other ways in the places around it (the GIL's holder and switching interval; the handlers that signal.getsignal
 * returns).  If it has not, compiled loops read a flag that is never set: signals are handled when the function returns.
 *
 * On x86-64 hl_poll keeps all registers but its result's and r11, as LLVM's convention `preserve_all` says.  Where a loop looks, the code generator
 * then has nothing to save, and no reason to hold what the loop uses in registers that the function itself would have to save: loops
 * keep the shape that they have without polls, and code generation takes a fifth less time.
 */
#ifdef HL_INTERNAL_HEADERS
#define Py_BUILD_CORE 1
#include <Python.h>
#include <internal/pycore_runtime.h>
#endif
#include "gil.h"

static const int never = 0;

/* What assembly below names. */
#define HIDDEN __attribute__((visibility("hidden"), used))
HIDDEN const int *hl_poll_flag = &never;
HIDDEN char hl_poll_wide; /* this processor has AVX: 16 registers of 32 bytes */
HIDDEN hl_status hl_poll_now(void);

const int *hl_signal_flag(void) { return hl_poll_flag; }

#if defined(HL_INTERNAL_HEADERS) && PY_VERSION_HEX < 0x030C0000

static bool is_main_thread(void) { return PyThread_get_thread_ident() == _PyRuntime.main_thread; }

static const int *find_flag(void)
{
    PyObject *ask = PySys_GetObject("getswitchinterval"), *seconds = ask ? PyObject_CallNoArgs(ask) : NULL;
    double interval = seconds ? PyFloat_AsDouble(seconds) * 1e6 : -1;
    Py_XDECREF(seconds);
    const struct _ceval_runtime_state *c = &_PyRuntime.ceval;
    double off = interval - (double)c->gil.interval;
    bool right = off > -1.5 && off < 1.5 && c->gil.last_holder._value == (uintptr_t)PyThreadState_Get() && c->gil.locked._value == 1 &&
                 _PyRuntime.interpreters.main == PyInterpreterState_Main();
    return right ? (const int *)&c->signals_pending : &never;
}

#elif defined(HL_INTERNAL_HEADERS)

static bool is_main_thread(void) { return PyThread_get_thread_ident() == _PyRuntime.main_thread; }

/* Does the interpreter's table hold the handler that Python code is told? */
static bool has_handler(PyObject *signals, long number)
{
    PyObject *told = PyObject_CallMethod(signals, "getsignal", "l", number);
    PyObject *held;
    memcpy(&held, (const void *)&_PyRuntime.signals.handlers[number].func, sizeof held); /* 3.12 wraps it into a structure */
    bool same = told && (told == Py_None ? !held || held == Py_None : told == held);
    Py_XDECREF(told);
    return same;
}

static bool is_attribute(PyObject *signals, const char *name, const PyObject *held)
{
    PyObject *told = PyObject_GetAttrString(signals, name);
    bool same = told && told == held;
    Py_XDECREF(told);
    return same;
}

static const int *find_flag(void)
{
    PyObject *signals = PyImport_ImportModule("_signal");
    bool right = signals && _PyRuntime.interpreters.main == PyInterpreterState_Main() &&
                 is_attribute(signals, "SIG_DFL", _PyRuntime.signals.default_handler) &&
                 is_attribute(signals, "SIG_IGN", _PyRuntime.signals.ignore_handler);
    static const char *const some[] = {"SIGINT", "SIGTERM", "SIGALRM", "SIGABRT", "SIGUSR2"};
    for (size_t k = 0; right && k < sizeof some / sizeof *some; k++) {
        PyObject *number = PyObject_GetAttrString(signals, some[k]);
        long n = number ? PyLong_AsLong(number) : -1;
        Py_XDECREF(number);
        if (n > 0 && n < Py_NSIG) right = has_handler(signals, n);
        else PyErr_Clear(); /* this system has no such signal */
    }
    Py_XDECREF(signals);
    return right ? (const int *)&_PyRuntime.signals.is_tripped : &never;
}

#else
static bool is_main_thread(void) { return false; }
static const int *find_flag(void) { return &never; }
#endif

/* The interpreter's own loop looks at its flags when a Python function begins. */
static int run_interpreter(void)
{
    static PyObject *nothing;
    if (!nothing) {
        PyObject *names = PyDict_New();
        if (names && PyDict_SetItemString(names, "__builtins__", PyEval_GetBuiltins()) == 0)
            nothing = PyRun_String("lambda: None", Py_eval_input, names, names);
        Py_XDECREF(names);
    }
    PyObject *r = nothing ? PyObject_CallNoArgs(nothing) : NULL;
    Py_XDECREF(r);
    return r ? 0 : -1;
}

void hl_signals_init(void)
{
    const int *found = find_flag();
    PyErr_Clear(); /* what could not be found out is not known: the flag is not used then */
    hl_poll_flag = found;
#if defined(__x86_64__)
    hl_poll_wide = __builtin_cpu_supports("avx") != 0;
#endif
}

/* The flag is set: the work of hl_poll. */
HIDDEN hl_status hl_poll_now(void)
{
    if (!is_main_thread()) return 0; /* the main thread will see it */
    hl_gil g = hl_gil_take();
    int bad = PyErr_CheckSignals();
    if (!bad && *(const volatile int *)hl_poll_flag) bad = run_interpreter();
    hl_gil_give(g);
    return bad ? 1 : 0;
}

#if defined(__x86_64__)
/* Nothing to do is found out by two instructions.  Else everything that a C function may change is kept on the stack: the general
 * registers below rbp, under them the vector registers. */
#define STRING_(x) #x
#define STRING(x) STRING_(x)
#define C(name) STRING(__USER_LABEL_PREFIX__) #name
#define EACH_REGISTER(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define SAVE_WIDE(n) "vmovups %ymm" #n ", 32*" #n "(%rsp)\n"
#define LOAD_WIDE(n) "vmovups 32*" #n "(%rsp), %ymm" #n "\n"
#define SAVE_SSE(n) "movups %xmm" #n ", 32*" #n "(%rsp)\n"
#define LOAD_SSE(n) "movups 32*" #n "(%rsp), %xmm" #n "\n"
__asm__(".text\n"
        ".globl " C(hl_poll) "\n"
#if defined(__ELF__)
        ".type " C(hl_poll) ", @function\n"
#endif
        C(hl_poll) ":\n"
        "movq " C(hl_poll_flag) "(%rip), %r11\n"
        "cmpl $0, (%r11)\n"
        "jne 1f\n"
        "xorl %eax, %eax\n"
        "ret\n"
        "1: pushq %rbp\n"
        "movq %rsp, %rbp\n"
        "pushq %rcx\n pushq %rdx\n pushq %rsi\n pushq %rdi\n pushq %r8\n pushq %r9\n pushq %r10\n"
        "subq $512, %rsp\n"
        "andq $-32, %rsp\n"
        "cmpb $0, " C(hl_poll_wide) "(%rip)\n"
        "je 2f\n" EACH_REGISTER(SAVE_WIDE) "vzeroupper\n"
        "call " C(hl_poll_now) "\n" EACH_REGISTER(LOAD_WIDE) "jmp 3f\n"
        "2:\n" EACH_REGISTER(SAVE_SSE)
        "call " C(hl_poll_now) "\n" EACH_REGISTER(LOAD_SSE)
        "3: leaq -56(%rbp), %rsp\n"
        "popq %r10\n popq %r9\n popq %r8\n popq %rdi\n popq %rsi\n popq %rdx\n popq %rcx\n"
        "popq %rbp\n"
        "ret\n"
#if defined(__ELF__)
        ".size " C(hl_poll) ", .-" C(hl_poll) "\n"
#endif
);
#else
hl_status hl_poll(void) { return *(const volatile int *)hl_poll_flag ? hl_poll_now() : 0; }
#endif
