"""@cfunc: C functions made of Python functions, called by ctypes, by SciPy, by C itself and by threads of its own."""
import ctypes
import doctest
import gc
import pathlib
import pickle
import shutil
import subprocess
import sys
import textwrap
import weakref

import numpy as np
import pytest

from hotloop import carray, cfunc, farray, njit, types
from hotloop.errors import SignatureError, TypingError, UnsupportedTypeError

DOUBLES = ctypes.POINTER(ctypes.c_double)


def doubles(a):
    return a.ctypes.data_as(DOUBLES)


@pytest.fixture
def printed(capfd, monkeypatch):
    """What Python printed to stderr since the last look; pytest's own hook would make warnings of it."""
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    return lambda: capfd.readouterr().err


# --- values in and out -------------------------------------------------------------------------------------------------------------

NUMBERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64", "boolean"]


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name):
    t = getattr(types, name)
    same = cfunc(t(t))(lambda x: x)
    dtype = np.dtype("bool" if name == "boolean" else name)
    values = [0, 1] if name == "boolean" else [0, 1, 3.5, -2.25] if dtype.kind == "f" else [0, 1, np.iinfo(dtype).min, np.iinfo(dtype).max]
    for v in values:
        assert same.ctypes(v) == v


def test_narrow_results_wrap_and_narrow_arguments_are_cut():
    @cfunc("uint8(uint8)")
    def add(x):
        return x + 250

    @cfunc("int64(int8, uint16)")
    def wide(a, b):
        return a * 100000 + b
    assert add.ctypes(10) == 4
    garbage = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(wide.address)
    assert garbage(0x123456FF, -1) == -100000 + 65535


def test_many_arguments():
    @cfunc("float64(int8, float32, int64, float64, uint8, int16, float32, int32, float64, uint64, boolean, float64, float64, float64, float64, float64, int8)")
    def many(a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r):
        return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k + 12 * m + 13 * n + 14 * o + 15 * p + 16 * q + 17 * r
    args = [-1, 2.5, 3, -4.5, 5, -6, 7.5, -8, 9.5, 10, True, 12.5, 13, 14, 15, 16, -17]
    assert many.ctypes(*args) == sum((k + 1) * v for k, v in enumerate(args))


def test_no_result_and_no_arguments():
    calls = np.zeros(1)

    @cfunc("void(CPointer(float64))")
    def count(p):
        p[0] += 1
    assert count.ctypes(doubles(calls)) is None
    count.ctypes(doubles(calls))
    assert calls[0] == 2
    assert cfunc("int32()")(lambda: 42).ctypes() == 42


def test_forms_of_the_signature():
    for sig in ("float64(float64)", types.float64(types.float64), "double(double)"):
        assert cfunc(sig)(lambda x: x / 2).ctypes(3.0) == 1.5


# --- pointers ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int32", "uint64", "float32", "float64", "complex64", "complex128"])
def test_items_behind_pointers(dtype):
    t = types.CPointer(types.float64 if dtype == "float64" else getattr(types, "boolean" if dtype == "bool" else dtype))

    @cfunc(types.void(t, t, types.intp))
    def swap(a, b, n):
        for i in range(n):
            a[i], b[n - 1 - i] = b[n - 1 - i], a[i]
    a, b = (np.arange(5) % 2 + k for k in (0, 1))
    a, b = a.astype(dtype), b.astype(dtype)
    x, y = a.copy(), b.copy()
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ssize_t)(swap.address)(x.ctypes.data, y.ctypes.data, 5)
    np.testing.assert_array_equal(x, b[::-1])
    np.testing.assert_array_equal(y, a[::-1])


def test_negative_index_and_conversion():
    @cfunc("void(CPointer(int32))")
    def write(p):
        p[-1] = 2.9
        p[1] = True
    a = np.zeros(3, np.int32)
    write.ctypes(ctypes.cast(a.ctypes.data + 4, ctypes.POINTER(ctypes.c_int32)))
    assert a.tolist() == [2, 0, 1]


def test_pointers_to_pointers():
    @cfunc("float64(CPointer(CPointer(float64)), intp)")
    def first_of_rows(rows, n):
        total = 0.0
        for i in range(n):
            total += rows[i][0]
        return total

    @cfunc("void(CPointer(CPointer(float64)))")
    def exchange(rows):
        rows[0], rows[1] = rows[1], rows[0]
    a, b = np.array([1.5, 2]), np.array([4.0, 8])
    rows = (DOUBLES * 2)(doubles(a), doubles(b))
    pointer = ctypes.cast(rows, ctypes.POINTER(DOUBLES))
    assert first_of_rows.ctypes(pointer, 2) == 5.5
    exchange.ctypes(pointer)
    assert rows[0][0] == 4.0 and rows[1][1] == 2.0


def test_pointer_results():
    @cfunc("CPointer(float64)(CPointer(CPointer(float64)))")
    def second(rows):
        return rows[1]

    @cfunc("voidptr(voidptr)")
    def same(p):
        return p
    a, b = np.array([1.0]), np.array([2.0])
    assert second.ctypes(ctypes.cast((DOUBLES * 2)(doubles(a), doubles(b)), ctypes.POINTER(DOUBLES)))[0] == 2.0
    assert same.ctypes(4096) == 4096 and same.ctypes(None) is None


def test_carray_and_farray_in_compiled_code():
    @cfunc("float64(CPointer(float64), intp, intp, voidptr)")
    def check(p, m, n, data):
        c, f = carray(p, (m, n)), farray(p, (m, n))
        flat = carray(p, m * n)
        u = carray(data, (2,), dtype=np.int16)
        v = farray(data, (1, 2), np.int16)
        c[0, 1] = 50.0
        f[1, 0] += 1000.0 * u[1] + v[0, 0]
        return flat.sum() + c.shape[0] * 1e6 + (c * 2)[1, 1] + f[0, 1]
    a, u = np.arange(6.0), np.array([3, 7], np.int16)
    b = a.copy()
    c, f = b.reshape(2, 3), b.reshape((2, 3), order="F")
    c[0, 1] = 50
    f[1, 0] += 7003
    expected = b.sum() + 2e6 + (c * 2)[1, 1] + f[0, 1]
    assert check.ctypes(doubles(a), 2, 3, u.ctypes.data) == expected
    np.testing.assert_array_equal(a, b)


def test_arrays_of_foreign_memory_go_to_other_functions(printed):
    @njit
    def total(a):
        return a.sum(), a[::-1].copy()

    @cfunc("float64(CPointer(float64), intp)")
    def run(p, n):
        s, r = total(carray(p, n))
        keep = [carray(p, n), r]
        return s + keep[1][0] * 100 + len(keep)
    assert run.ctypes(doubles(np.arange(4.0)), 4) == 6 + 300 + 2
    assert run.ctypes(None, 0) == 0.0 and "index 0 is out of bounds" in printed()


def test_negative_shape(printed):
    @cfunc("float64(CPointer(float64), intp)")
    def run(p, n):
        return carray(p, n).sum() + 1
    assert run.ctypes(doubles(np.ones(2)), -1) == 0
    assert "negative dimensions" in printed()


def test_carray_in_python():
    a = np.arange(6.0)
    c, f = carray(doubles(a), (2, 3)), farray(doubles(a), (2, 3))
    np.testing.assert_array_equal(c, a.reshape(2, 3))
    np.testing.assert_array_equal(f, a.reshape((2, 3), order="F"))
    c[0, 0] = -1
    assert a[0] == -1 and f[0, 0] == -1 and f.flags.f_contiguous
    void = ctypes.c_void_p(a.ctypes.data)
    assert carray(void, 4, np.float32).dtype == np.float32
    assert carray(doubles(a), np.int8(3)).shape == (3,) and carray(doubles(a), (0, 3)).shape == (0, 3)
    assert carray(doubles(a), 2, np.float64).tolist() == [-1, 1]
    for call, message in ((lambda: carray(void, 2), "explicit dtype"), (lambda: carray(3, 2), "ctypes pointer"),
                          (lambda: carray(doubles(a), 2, np.int64), "mismatching dtype"), (lambda: carray(doubles(a), 2.5), "integers"),
                          (lambda: carray(doubles(a), "ab"), "integers")):
        with pytest.raises(TypeError, match=message):
            call()
    with pytest.raises(ValueError, match="negative"):
        carray(doubles(a), -1)
    with pytest.raises(ValueError, match="NULL"):
        carray(DOUBLES(), 3)


# --- callers -----------------------------------------------------------------------------------------------------------------------


def test_qsort():
    @cfunc("intc(CPointer(float64), CPointer(float64))")
    def compare(a, b):
        return -1 if a[0] < b[0] else 1 if a[0] > b[0] else 0
    qsort = ctypes.CDLL(None).qsort
    a = np.random.default_rng(0).random(1000)
    expected = np.sort(a)
    qsort(ctypes.c_void_p(a.ctypes.data), ctypes.c_size_t(len(a)), ctypes.c_size_t(8), compare.ctypes)
    np.testing.assert_array_equal(a, expected)


def test_scipy():
    scipy = pytest.importorskip("scipy")
    from scipy import integrate, ndimage

    @cfunc("float64(float64)")
    def bell(x):
        return np.exp(-x * x)

    @cfunc("float64(intc, CPointer(float64), voidptr)")
    def scaled(n, x, data):
        return carray(data, 1, np.float64)[0] * x[0] * n
    for low_level in (scipy.LowLevelCallable(bell.ctypes), scipy.LowLevelCallable(bell.capsule)):
        assert integrate.quad(low_level, -np.inf, np.inf)[0] == pytest.approx(np.sqrt(np.pi), rel=1e-8)
    factor = np.array([6.0])
    data = ctypes.cast(factor.ctypes.data, ctypes.c_void_p)
    assert integrate.quad(scipy.LowLevelCallable(scaled.ctypes, data), 0, 1)[0] == pytest.approx(3)

    @cfunc("intc(CPointer(float64), intp, CPointer(float64), voidptr)")
    def mean(values, n, result, data):
        result[0] = carray(values, n).mean()
        return 1
    a = np.random.default_rng(0).random((20, 30))
    got = ndimage.generic_filter(a, scipy.LowLevelCallable(mean.ctypes), size=3)
    np.testing.assert_allclose(got, ndimage.uniform_filter(a, 3), rtol=1e-12)


def test_a_failing_filter_is_reported(printed):
    scipy = pytest.importorskip("scipy")
    from scipy import ndimage

    @cfunc("intc(CPointer(float64), intp, CPointer(float64), voidptr)")
    def picky(values, n, result, data):
        if values[0] > 2:
            raise ValueError("too large", n)
        result[0] = values[0]
        return 1
    with pytest.raises(Exception):  # SciPy sees the 0
        ndimage.generic_filter(np.arange(5.0), scipy.LowLevelCallable(picky.ctypes), size=3)
    assert "too large" in printed()


def test_cffi():
    cffi = pytest.importorskip("cffi")

    @cfunc("int32(int32)")
    def twice(x):
        return 2 * x
    function = cffi.FFI().cast("int (*)(int)", twice.cffi)
    assert function(21) == 42


def test_from_jitted_functions_and_python():
    @cfunc("float64(float64)")
    def square(x):
        return x * x

    @njit
    def run(x):
        return square(x) + square(2)

    @njit
    def apply(f, x):
        return f(x)
    assert run(3.0) == 13.0 and apply(square, 4.0) == 16.0
    assert square(5) == 25 and isinstance(square(5), int)


# --- exceptions --------------------------------------------------------------------------------------------------------------------


def test_exceptions_are_printed(printed):
    @cfunc("float64(float64, intc)")
    def f(x, n):
        if n == 1:
            raise ValueError("what happened")
        return x / n
    assert f.ctypes(3.0, 2) == 1.5
    assert f.ctypes(3.0, 1) == 0
    error = printed()
    assert "Exception ignored in" in error and "ValueError: what happened" in error and "in f" in error
    assert f.ctypes(3.0, 0) == 0
    assert "ZeroDivisionError" in printed()
    assert f.ctypes(3.0, 2) == 1.5 and not printed()


def test_unraisable_hook():
    seen = []

    @cfunc("void(intp)")
    def f(n):
        np.zeros(3)[n]
    hook, sys.unraisablehook = sys.unraisablehook, lambda u: seen.append((u.exc_type, str(u.exc_value), u.object))
    try:
        f.ctypes(3)
        f.ctypes(2)
    finally:
        sys.unraisablehook = hook
    assert seen == [(IndexError, "index 3 is out of bounds for axis 0 with size 3", f.__wrapped__)]


def test_what_the_function_catches_is_not_printed(printed):
    @cfunc("int64(int64)")
    def f(n):
        try:
            return 10 // n
        except ZeroDivisionError:
            return -1
    assert f.ctypes(0) == -1 and f.ctypes(5) == 2 and not printed()


def test_recursion(printed):
    @njit
    def down(n):
        return 0 if n == 0 else 1 + down(n - 1)

    @cfunc("int64(int64)")
    def outer(n):
        return down(n)
    assert outer.ctypes(100) == 100
    assert outer.ctypes(10**7) == 0
    assert "RecursionError" in printed()


CALLER = """
#include <pthread.h>
typedef double (*function)(double, long);
struct job { function f; int from, to; double *out; };
static void *work(void *p)
{
    struct job *j = p;
    for (int i = j->from; i < j->to; i++) j->out[i] = j->f(i, 8);
    return 0;
}
void run(function f, int threads, int each, double *out)
{
    pthread_t t[16];
    struct job j[16];
    for (int k = 0; k < threads; k++) {
        j[k] = (struct job){f, k * each, (k + 1) * each, out};
        pthread_create(&t[k], 0, work, &j[k]);
    }
    for (int k = 0; k < threads; k++) pthread_join(t[k], 0);
}
"""


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
def test_threads_that_python_does_not_know(tmp_path):
    (tmp_path / "caller.c").write_text(CALLER)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", tmp_path / "caller.so", tmp_path / "caller.c", "-lpthread"], check=True)
    run = ctypes.CDLL(str(tmp_path / "caller.so")).run  # without the GIL
    seen = []

    @cfunc("float64(float64, intp)")
    def f(x, n):
        a = np.ones(n) * x
        if x % 100 == 99:
            raise ValueError("at", x)
        return a.sum()
    out = np.full(800, -1.0)
    hook, sys.unraisablehook = sys.unraisablehook, lambda u: seen.append(u.exc_value.args)
    try:
        run(f.ctypes, 8, 100, ctypes.c_void_p(out.ctypes.data))
    finally:
        sys.unraisablehook = hook
    expected = np.arange(800.0) * 8
    expected[99::100] = 0
    np.testing.assert_array_equal(out, expected)
    assert sorted(seen) == [("at", float(x)) for x in range(99, 800, 100)]


# --- refusals ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sig, error, message", [
    ("float64(float64[:])", UnsupportedTypeError, "pass a pointer"),
    ("float64[:](float64)", UnsupportedTypeError, "pass a pointer"),
    ("complex128(float64)", UnsupportedTypeError, "pass a pointer"),
    ("float64(unicode_type)", UnsupportedTypeError, "numbers and pointers"),
    ("UniTuple(float64, 2)(float64)", UnsupportedTypeError, "numbers and pointers"),
    ("float64(void)", UnsupportedTypeError, "numbers and pointers"),
    ("(float64,)", TypeError, "explicit return type"),
    ((types.float64,), TypeError, "explicit return type"),
    ("float64(CPointer(unicode_type))", SignatureError, "pointers to unicode_type"),
    ("float64(float64, float64)", TypeError, "2 arguments, the function takes 1"),
    (["float64(float64)"], TypeError, "takes a signature"),
    (lambda x: x, TypeError, "takes a signature"),
])
def test_wrong_signatures(sig, error, message):
    with pytest.raises(error, match=message):
        cfunc(sig)(lambda x: x)


@pytest.mark.parametrize("sig, function, message", [
    ("void(float64)", lambda x: x, "returns float64, its signature says none"),
    ("float64(float64)", lambda x: None, "returns none, its signature says float64"),
    ("float64(float64)", lambda x: x * 1j, "returns complex128"),
    ("float64(float64)", lambda x: [x], "returns list"),
    ("float64(CPointer(float64))", lambda p: p, "float64\\*, its signature says"),
    ("voidptr(CPointer(float64))", lambda p: p, "float64\\*, its signature says"),
    ("float64(voidptr)", lambda p: p[0], "points to nothing in particular"),
    ("float64(CPointer(float64))", lambda p: p[0.5], "indexed by an int"),
    ("float64(CPointer(float64))", lambda p: (p + 1)[0], "add"),
    ("float64(voidptr)", lambda p: carray(p, 2)[0], "explicit dtype"),
    ("float64(CPointer(float64))", lambda p: carray(p, 2, np.int8)[0], "mismatching dtype"),
    ("float64(CPointer(float64))", lambda p: carray(p, 2.0)[0], "shape must be"),
    ("float64(float64)", lambda p: carray(p, 2)[0], "is a pointer, not float64"),
    ("float64(CPointer(CPointer(float64)))", lambda p: carray(p, 2)[0][0], "cannot be those of an array"),
    ("float64(float64)", lambda x: x.nothing, "nothing"),
])
def test_wrong_functions(sig, function, message):
    with pytest.raises(TypingError, match=message):
        cfunc(sig)(function)


def test_storing_a_pointer_as_a_number():
    def store(p):
        p[0] = p
    with pytest.raises(TypingError, match="cannot be stored"):
        cfunc("void(CPointer(float64))")(store)


def test_wrong_options():
    with pytest.raises(KeyError, match="Unrecognized"):
        cfunc("float64(float64)", color=1)
    with pytest.raises(ValueError, match="nopython"):
        cfunc("float64(float64)", nopython=False)
    with pytest.raises(TypeError):
        cfunc("float64(float64)")(3)


# --- the object --------------------------------------------------------------------------------------------------------------------


@cfunc("float64(float64)")
def by_name(x):
    """Doc."""
    return x + 1


def test_attributes():
    assert by_name.__name__ == "by_name" and by_name.__doc__ == "Doc." and by_name.__wrapped__(1) == 2
    assert "by_name" in repr(by_name) and by_name.address == ctypes.cast(by_name.ctypes, ctypes.c_void_p).value
    assert by_name.native_name in by_name.inspect_llvm() and "ret" in by_name.inspect_asm()
    assert types.CPointer(types.float64) is types.CPointer(types.float64) and types.CPointer(types.float64).dtype is types.float64
    assert str(types.voidptr) == "void*" and str(types.CPointer(types.CPointer(types.int8))) == "int8**"
    assert pickle.loads(pickle.dumps(types.CPointer(types.voidptr))) is types.CPointer(types.voidptr)


def test_signature_in_c():
    f = cfunc("int32(CPointer(float32), voidptr, CPointer(CPointer(uint8)), boolean, uint64)")(lambda a, b, c, d, e: e)
    assert f.signature == "int (float *, void *, unsigned char **, _Bool, unsigned long)"
    assert '"int (float *, void *, unsigned char **, _Bool, unsigned long)"' in repr(f.capsule)


@pytest.mark.parametrize("take", [lambda f: f.ctypes, lambda f: f.capsule])
def test_what_hands_the_address_out_keeps_the_code(take):
    f = cfunc("float64(float64)")(lambda x: x * 3)
    alive, taken = weakref.ref(f), take(f)
    del f
    gc.collect()
    assert alive() is not None
    if hasattr(taken, "argtypes"):
        assert taken(2.0) == 6.0
    del taken
    gc.collect()
    assert alive() is None


def test_pickle():
    assert pickle.loads(pickle.dumps(by_name)) is by_name
    k = 7
    f = cfunc("float64(float64)")(lambda x: x + k)
    program = f"""
        import pickle
        assert pickle.loads({pickle.dumps(f)!r}).ctypes(1.0) == 8.0
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


def test_options():
    f = cfunc("float64(float64)", error_model="numpy")(lambda x: 1 / x)
    assert f.ctypes(0.0) == np.inf
    f = cfunc("float64(int8)", locals={"y": types.float32})
    def third(x):
        y = x / 3
        return y
    assert f(third).ctypes(1) == float(np.float32(1 / 3))


def test_documentation():
    pytest.importorskip("scipy")
    page = pathlib.Path(__file__).parent.parent / "docs" / "cfunc.md"
    result = doctest.testfile(str(page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert result.attempted > 15 and result.failed == 0
