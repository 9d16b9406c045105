"""NumPy functions: new arrays, shapes, reductions, sorting, joining, searching, linear algebra, random numbers."""
import warnings

import numpy as np
import pytest

import hotloop
from harness import DTYPES, check, check_error, values
from hotloop import njit
from test_arrays import A, B, C, I, V, function, run, store

warnings.simplefilter("ignore")
RNG = np.random.default_rng(2)
AN = A.copy()
AN[1, 2] = AN[3, :] = np.nan
W = RNG.random(9)


# --- new arrays and shapes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("expr", [
    "np.zeros(3)", "np.zeros((2, 3))", "np.ones((2, 3), dtype=np.int32)", "np.ones(2, np.complex64)", "np.full(3, 7)", "np.full((2, 2), 1.5)",
    "np.full((2, 2), 1, np.float32)", "np.full(2, True)", "np.zeros(a.shape)", "np.zeros(a.shape[1:])", "np.zeros((2, 3), order='F')", "np.zeros(())",
    "np.zeros_like(a)", "np.ones_like(a, dtype=np.int8)", "np.empty_like(a).shape", "np.empty((2, 0)).size", "np.full_like(a, 3)", "np.zeros_like(a.T)",
    "np.zeros(3, dtype='float32')", "np.zeros(3, np.uint8)", "np.zeros(2, bool)", "np.zeros(2, int)", "np.zeros(3, a.dtype)",
    "np.eye(3)", "np.eye(3, 4, 1)", "np.eye(4, 3, -1)", "np.eye(2, dtype=np.int64)", "np.identity(3)",
    "np.arange(5)", "np.arange(2, 10, 3)", "np.arange(0.0, 1.0, 0.1)", "np.arange(10, 0, -3)", "np.arange(5, dtype=np.float32)", "np.arange(5, 2)",
    "np.arange(3.5)", "np.linspace(0, 1, 5)", "np.linspace(0, 1, 5, endpoint=False)", "np.linspace(0, 1)", "np.linspace(3, -3, 7)", "np.linspace(0, 1, 1)",
    "np.array([1, 2, 3])", "np.array([1.0, 2, 3])", "np.array([[1, 2], [3, 4]])", "np.array((1, 2.5))", "np.array(((1, 2), (3, 4)))", "np.array(a)",
    "np.array([x for x in range(4)])", "np.array([[i * j for i in range(3)] for j in range(2)])", "np.array([1, 2], dtype=np.float32)", "np.array(5)",
    "np.array([])", "np.array([a[0, 0], a[1, 1]])", "np.array([(1, 2), (3, 4)])", "np.array([1j, 2])", "np.array([True, False])", "np.array([[1.5]])",
    "np.asarray(a)", "np.asarray(a, dtype=np.float32)", "np.asarray([1, 2])", "np.ascontiguousarray(a.T)", "np.ascontiguousarray(a)",
    "np.asfortranarray(a)", "a.copy()", "np.copy(a.T)", "a.reshape(20)", "a.reshape(5, 4)", "a.reshape((2, -1))", "a.reshape(-1)", "a.reshape((4, 5, 1))",
    "a.T.reshape(20)", "a[:, ::2].reshape(12)", "a[::2].reshape(2, 5, 1)", "np.reshape(a, (10, 2))", "a.ravel()", "a.T.ravel()", "a.flatten()",
    "np.ravel(a)", "a.transpose()", "a.transpose(1, 0)", "np.transpose(a)", "np.transpose(a, (1, 0))", "np.swapaxes(a, 0, 1)", "np.expand_dims(a, 1)",
    "np.expand_dims(a, -1)", "np.squeeze(a[None], 0)", "np.atleast_1d(a)", "np.atleast_2d(a[0])", "np.atleast_3d(a)", "np.flip(a)", "np.flipud(a)",
    "np.fliplr(a)", "np.flip(a, 1)", "np.broadcast_to(a, (2, 4, 5))", "np.broadcast_to(a[:, :1], (4, 3))", "np.diag(a)", "np.diag(a, 1)", "np.diag(a[0])",
    "np.diag(a[0], -1)", "np.diagonal(a)", "np.moveaxis(a[None], 0, 2)", "np.tri(3, 4)", "np.triu(a)", "np.tril(a, -1)", "np.vander(a[0], 3)",
    "np.zeros(-1)", "np.zeros((3, -2))", "a.reshape(3, 7)", "a.reshape(-1, 7)",
])
def test_new_arrays(expr):
    run(expr, A, message="reshape" not in expr)


def test_views_share_memory():
    for body in ("v = a.reshape(20)", "v = a.ravel()", "v = a.T[0]", "v = a.reshape(2, 10)[1]", "v = np.flip(a)[0]", "v = np.expand_dims(a, 0)[0, 1]",
                 "v = a[::2].reshape(1, 2, 5)[0, 1]", "v = np.asarray(a)[2]", "v = a.transpose(1, 0)[1]"):
        store(f"{body}\nv[1] = 99", A)
    for body in ("v = a.copy()", "v = a.flatten()", "v = np.array(a)", "v = a.T.ravel()", "v = a[:, ::2].reshape(12)"):
        store(f"{body}\nv[1] = 99", A)


def test_zeroed_memory_is_lazy():
    import time

    @njit
    def f():
        out = np.zeros(200_000_000)
        out[0] = 1
        return out
    f()
    start = time.perf_counter()
    f()
    assert time.perf_counter() - start < 0.05


def test_refused():
    check_error(function("np.zeros(a)", 1), (1.5,), hotloop.TypingError)
    check_error(function("np.zeros(3, dtype=a)", 1), (1.5,), hotloop.TypingError, "dtype")
    check_error(function("np.array([a, 'x'])", 1), (1,), hotloop.TypingError)
    check_error(function("np.sum(a, axis=5)", 1), (A,), hotloop.TypingError, "axis")
    check_error(function("np.sum(a, foo=5)", 1), (A,), hotloop.TypingError)
    check_error(function("np.concatenate(a)", 1), (A,), hotloop.TypingError)


@pytest.mark.parametrize("expr", [
    "np.array([[]])", "np.array([[], []])", "np.array([[[]]])", "np.asarray([])", "x = []\nreturn np.array(x), len(x)",
    "x = [[]]\ny = np.array(x)\nreturn y, x", "x = []\ny = sum(x)\nreturn y, x", "np.full((2, 2), np.nan, dtype=int)", "np.full(2, -np.inf, dtype=np.int8)",
    "np.full(2, 1e30, dtype=np.uint64)", "np.arange(0, 3, 0.5, dtype=np.int64)", "np.arange(0, 3, 0.7, dtype=np.int8)", "np.arange(0, 1, 0.1, dtype=np.float32)",
    "np.arange(5, 0, -0.3, dtype=np.float32)", "np.arange(2**24, 2**24 + 6, dtype=np.float32)", "np.arange(300, dtype=np.uint8)",
    "np.arange(0).reshape(0, -1)", "np.arange(0).reshape(-1, 0)", "np.arange(0).reshape(-1, 3)",
])
def test_arrays_from_little(expr):
    run(expr)


INT_LIST, FLOAT_LIST = [3, 1, 2], [1.5, -2.0, 7.0]


@pytest.mark.parametrize("expr", [
    "a + [1, 2, 3, 4, 5]", "(1, 2.5, 3, 4, 5) - a", "a == [1, 2, 3, 4, 5]", "[1, 2, 3, 4, 5] < a", "a + [1, 2]", "a @ [1, 2, 3, 4, 5]", "[1, 2, 3, 4] @ a",
    "np.sqrt(b), b", "np.maximum(b, c)", "np.maximum(c, 0)", "np.where([True, False, True], b, c)", "np.concatenate(([0], a[0]))", "np.concatenate((b, c))",
    "np.hstack(([0], a[0], 5))", "np.vstack((a[0], [1, 2, 3, 4, 5]))", "np.stack((b, c))", "np.array([a[0], a[1]])", "np.array((a[0], a[1] > 0))",
    "np.array([r for r in a])", "np.array((a[0], [1, 2, 3, 4, 5]))", "np.clip(c, [0, 0, 0], 3)", "np.percentile(c, (10, 90))", "np.percentile(a, (10, 90), axis=0)",
    "np.linalg.norm(c), np.linalg.norm((3, 4))", "np.dot(b, c)", "a[:3, :3].dot(b)", "np.searchsorted((1, 2, 3), b)", "np.append(a[0], [5, 6])", "np.unique((3, 1, 3))",
    "np.sort((3, 1, 2))", "np.cumsum((3, 1.5, 2))", "np.round(c)", "np.float32(c)", "np.full_like(b, 7)", "np.ravel([[1, 2], [3, 4]])", "np.sum([[1, 2], [3, 4]], axis=0)",
    "np.reshape(b, (3, 1))", "np.zeros((2, 3)) + [c, c]", "np.median((3, 1))", "np.mean((1, 2.5))", "a[0].searchsorted([1, 2])", "np.array([a[0], a[1, :2]])",
    "s = 0.0\nfor k in range(3):\n    b.append(k)\n    s += np.sum(np.sqrt(b)) + np.dot([k, 1], [2, 3])\nreturn s, b",
    "try:\n    return a + [1, 2, 3]\nexcept ValueError:\n    return 5.0 * a",
])
def test_sequences_as_arrays(expr):
    run(expr, A, INT_LIST, FLOAT_LIST, rtol=1e-14, message="a[1, :2]" not in expr)


@pytest.mark.parametrize("body", [
    "a += [1, 2, 3, 4, 5]", "a[0] = [1, 2, 3, 4, 5]", "a[0] = (1, 2.7, 3, 4, 5)", "a[:] = [[1], [2], [3], [4]]", "a[:3, 0] = b", "a[:3, 0] = c", "a[:, 1:3] = [5, 6]",
    "a[[0, 2]] = [1, 2, 3, 4, 5]", "a[[0, 2], [1, 3]] = [1, 2]", "a[a > 0.5] = [1]", "a[a > 0.5] = [1, 2]", "a[0] = [1, 2]",
])
def test_stores_of_sequences(body):
    for a in (A, I, A > 0.5):
        if "+=" not in body or a.dtype != bool:
            run(body + "\nreturn a", a, INT_LIST, FLOAT_LIST)


@pytest.mark.parametrize("expr", [
    "a.copy('F').ravel('F')", "a.copy(order='C')", "np.copy(a, order='F')", "a.ravel('F')", "np.ravel(a, 'F')", "a.flatten('F')", "a.T.flatten(order='C')", "(a + 1).flatten('F')",
    "a.ravel(order='C')", "np.clip(a, min=0.2, max=0.6)", "np.clip(a, max=0.5)", "a.T.ravel('F')[0]",
])
def test_order_and_other_keywords(expr):
    for a in (A, np.asfortranarray(A), A[::2, ::-1], C, A[:0]):
        if a.size or "[0]" not in expr:
            run(expr, a)
    run("a.T.ravel('F')[:] = 0\nreturn a", A)
    run("a.T.flatten('F')[:] = 0\nreturn a", A)
    check_error(function("a.ravel('K')", 1), (A[::2, ::-1],), hotloop.TypingError, "depends on how the array lies")


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_sign_of_complex_numbers(dtype):
    inf, nan = np.inf, np.nan
    special = [complex(x, y) for x in (0.0, -0.0, 1.5, inf, -inf, nan) for y in (0.0, -0.0, -2.0, inf, -inf, nan)]
    run("np.sign(a)", np.array(special, dtype), ulp=1)


@pytest.mark.parametrize("expr", ["a[0], a[1], 7", "a[1], a[0], 50, False", "a[0], 1, 5", "0, a[1], 5", "a[0], a[1], 5, dtype=np.float64", "a[0], a[1], 9, dtype=np.int32",
                                  "-3, b, 4, dtype=np.float32", "a[0], a[1], 1000"])
def test_linspace_of_single_precision(expr):
    run(f"np.linspace({expr})", np.array([0.1, 7.3], np.float32), 0.3)


def test_matmul_in_place_is_refused():
    """It would have to change the caller's array."""
    check_error(function("a @= b\nreturn a", 2), (np.eye(3), np.eye(3)), hotloop.TypingError, r"write a\[...\] = a @ b")
    run("a[...] = a @ b\nreturn a", B[:, :4], A[:, :4], rtol=1e-13)


def test_imaginary_part_of_real_numbers_is_read_only():
    run("a.imag[...] = 3\nreturn a", A)
    run("a.conj()[0] = 3\nreturn a", A)
    run("a.conj(), a.conjugate()", A > 0.5)


def test_positions_of_one_number():
    run("np.unique(a, return_inverse=True, return_index=True, return_counts=True)", np.array(3))


@pytest.mark.parametrize("order", ["1", "2", "-2", "np.inf", "-np.inf", "-1", "3", "0"])
def test_norms(order):
    f, along = njit(function(f"np.linalg.norm(a, {order})", 1)), njit(function(f"np.linalg.norm(a, {order}, axis=-1)", 1))
    for dtype in ("float64", "float32", "complex128", "int8"):
        for shape in ((5,), (4, 5), (0,), (0, 5), (2, 3, 4), ()):
            check(f, np.asarray(values(dtype, shape)), rtol=1e-5 if dtype == "float32" else 1e-12)
            if shape:
                check(along, values(dtype, shape), rtol=1e-5 if dtype == "float32" else 1e-12)


def test_lists_of_unequal_length():
    check_error(function("np.array([[0.0] * k for k in range(a)])", 1), (3,), ValueError, "inhomogeneous")


# --- reductions --------------------------------------------------------------------------------------------------

REDUCTIONS = ("sum", "prod", "min", "max", "mean", "var", "std", "argmin", "argmax", "any", "all")


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name):
    for expr in (f"a.{name}()", f"np.{name}(a)", f"a.{name}(axis=0)", f"a.{name}(1)", f"np.{name}(a, axis=-1)", f"a.T.{name}()", f"a.T.{name}(0)",
                 f"a[::2, ::-1].{name}()", f"a[::2, ::-1].{name}(0)", f"(a * 2 + b).{name}()", f"(a * 2 + b).{name}(0)", f"(a[0] + b).{name}(axis=1)",
                 f"np.{name}(a, axis=1, keepdims=True)", f"np.{name}(a[0] - 0.5)", f"np.{name}(a[0, 0])"):
        run(expr, A, B, rtol=1e-13)
    run(f"np.{name}(a, axis=b)", C, 1, rtol=1e-13)
    run(f"np.{name}(a, axis=b)", C, -1, rtol=1e-13)
    if name not in ("argmin", "argmax"):
        run(f"np.{name}(a, axis=(0, 2))", C, rtol=1e-13)
    run(f"np.{name}(a)", AN)
    run(f"np.{name}(a, axis=1)", AN, rtol=1e-13)
    run(f"np.{name}(a)", np.zeros(0))
    run(f"np.{name}(a, axis=1)", np.zeros((0, 3)))


@pytest.mark.parametrize("name", REDUCTIONS + ("count_nonzero",))
def test_reductions_of_all_dtypes(name):
    whole, rows = njit(function(f"np.{name}(a)", 1)), njit(function(f"np.{name}(a, axis=0)", 1))
    for dtype in DTYPES:
        a = values(dtype, (5, 7)) if name != "prod" else np.minimum(values(dtype, (3, 4)).real, 3).astype(dtype)
        tolerance = 1e-5 if dtype in ("float32", "complex64") else 1e-12
        check(whole, a, rtol=tolerance)
        check(rows, a, rtol=tolerance)


@pytest.mark.parametrize("name", ["min", "max", "argmin", "argmax"])
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_extremes_of_complex_numbers(name, dtype):
    """By real parts, then by imaginary parts; the first number that has a NaN wins."""
    nan = np.array([1 + 1j, complex(np.nan, 1), 2, complex(3, np.nan), complex(3, -1), complex(3, 4)] * 3, dtype)
    cases = [np.roll(nan, k)[:n] for k in range(6) for n in (1, 4, 18)] + [values(dtype, 50, special=True), np.array([3 + 1j, 3 - 1j, 3 + 2j, 2 + 9j], dtype)]
    whole, rows, columns = (njit(function(f"np.{name}(a{more})", 1)) for more in ("", ", axis=0", ", axis=1, keepdims=True"))
    for a in cases:
        check(whole, a)
        check(whole, a[::-1])
    for k in range(6):
        check(rows, np.roll(nan, k).reshape(3, 6))
        check(columns, np.roll(nan, k).reshape(3, 6).T)
    check(whole, np.zeros(0, dtype))


@pytest.mark.parametrize("name", ("sum", "prod", "min", "max", "mean", "any", "all"))
def test_reductions_over_no_axis(name):
    for dtype in ("bool", "int8", "float32", "complex128"):
        check(function(f"np.{name}(a, axis=())", 1), values(dtype, (4, 5)), rtol=1e-6)
        if name != "mean":
            check(function(f"a.{name}(axis=0), np.{name}(a, -1)", 1), np.array(values(dtype, ())))
    check_error(function("a.std(axis=())", 1), (A,), hotloop.TypingError, "empty tuple of axes")
    check_error(function(f"a.{name}(axis=(0, -2))", 1), (A,), hotloop.TypingError, "duplicate value in 'axis'")
    check_error(function("a.argmax(axis=(0,))", 1), (A,), hotloop.TypingError, "axis must be an int")
    check_error(function(f"np.{name}(a, b)", 2), (np.array(1.0), 0), hotloop.TypingError, "out of bounds")


@pytest.mark.parametrize("name", ["nansum", "nanmean", "nanmin", "nanmax", "nanvar", "nanstd", "nanprod"])
def test_reductions_without_nan(name):
    for expr in (f"np.{name}(a)", f"np.{name}(a, axis=1)", f"np.{name}(a, 0)"):
        run(expr, AN, rtol=1e-13)
        run(expr, I, rtol=1e-13)


@pytest.mark.parametrize("expr", [
    "np.ptp(a)", "a.var(ddof=1)", "np.std(a, axis=0, ddof=1)", "a.sum(dtype=np.float32)", "np.mean(a > 0.5)", "(a > 0).all()", "(a > 2).any()",
    "np.exp(a).sum()", "np.sum(a * a)", "np.max(np.abs(a - 0.5))", "a.mean() + a.sum()", "np.sum(a[1:] * a[:-1])", "sum(a[0])", "max(a[0])", "min(a[1])",
    "np.amax(a)", "np.amin(a, axis=0)", "np.argmax(a > 0.9)", "(a + a).argmin()",
])
def test_reduced_expressions(expr):
    run(expr, A, rtol=2e-7 if "float32" in expr else 1e-13)


def test_sums_are_accurate():
    a = np.full(10_000_000, 0.1, np.float32)
    assert abs(float(njit(lambda x: x.sum())(a)) - 1e6) < 2
    b = RNG.random(1_000_000)
    exact = float(np.sum(b.astype(np.longdouble)))
    assert abs(njit(lambda x: x.sum())(b) - exact) < 1e-9


# --- what the runtime does ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("expr", [
    "np.sort(a)", "np.sort(a, axis=0)", "np.argsort(a)", "np.argsort(a, 0)", "a.argsort()", "np.unique(a)", "np.cumsum(a)", "np.cumsum(a, axis=1)",
    "np.cumprod(a, 0)", "a.cumsum()", "np.median(a)", "np.median(a, axis=0)", "np.percentile(a, 30)", "np.percentile(a, np.array([10.0, 50.0]))",
    "np.quantile(a, 0.25)", "np.percentile(a, 101)", "np.nanmedian(a)", "np.concatenate((a, a))", "np.concatenate((a, a), axis=1)", "np.concatenate([a, a])",
    "np.concatenate((a[0], np.arange(3)))", "np.stack((a, a))", "np.stack((a, a), axis=1)", "np.stack((a, a), axis=-1)", "np.stack([a, a])", "np.vstack((a, a))",
    "np.hstack((a, a))", "np.hstack((a[0], a[1]))", "np.vstack((a, a[0]))", "np.column_stack((a[0], a[1]))", "np.column_stack((a, a))", "np.dstack((a, a))",
    "np.append(a, a)", "np.append(a, 3.0)", "np.append(a, a, axis=0)", "np.delete(a, 1)", "np.delete(a, 1, 0)", "np.delete(a, np.array([1, 2]), 1)",
    "np.insert(a[0], 1, 5.0)", "np.repeat(a, 2)", "np.repeat(a, 2, 1)", "np.repeat(a[0], np.array([0, 1, 2, 3, 0]))", "np.tile(a, 2)", "np.tile(a, (2, 3))",
    "np.roll(a, 1)", "np.roll(a, -2, axis=1)", "np.take(a, np.array([1, 3]))", "np.take(a, np.array([1, 3]), axis=1)", "np.take(a, np.array([99]))",
    "np.nonzero(a > 0.5)", "np.flatnonzero(a > 0.5)", "np.argwhere(a > 0.5)", "np.where(a > 0.5)", "(a > 0.5).nonzero()", "np.nonzero(a[0])",
    "np.histogram(a)", "np.histogram(a, 5, (0.0, 1.0))", "np.histogram(a, np.array([0.0, 0.3, 1.0]))", "np.digitize(a, np.array([0.2, 0.5]))",
    "np.digitize(a, np.array([0.5, 0.2]))", "np.interp(a, np.array([0.0, 1.0]), np.array([3.0, 5.0]))", "np.interp(0.3, a[0], a[1])", "np.isin(a, a[0])",
    "np.array_equal(a, a)", "np.array_equal(a, a + 1)", "np.partition(a[0], 2)[2]", "np.diff(a)", "np.diff(a, axis=0)", "np.diff(a, 2)",
    "np.concatenate((a, a[:, :2]))", "np.stack((a, a[1:]))", "np.sort(a).mean() + np.linalg.norm(a) + np.percentile(a, 50)", "np.trapezoid(a[0])",
])
def test_whole_arrays(expr):
    run(expr, A, rtol=1e-13)


@pytest.mark.parametrize("expr", ["np.searchsorted(a, b)", "np.searchsorted(a, 0.5)", "np.searchsorted(a, b, side='right')", "a.searchsorted(0.3)",
                                  "np.searchsorted(a, 1)"])
def test_searchsorted(expr):
    run(expr, np.sort(V), W)


@pytest.mark.parametrize("dtype", DTYPES)
def test_whole_arrays_of_all_dtypes(dtype):
    a = values(dtype, (4, 6))
    run("(np.sort(a), a.ravel()[np.argsort(a.ravel())], np.unique(a), np.concatenate((a, a)), np.roll(a, 1), a[a != 0], np.repeat(a, 2))", a, message=False)
    run("(np.cumsum(a), np.flatnonzero(a), np.take(a, np.array([1, -1])), np.append(a, a))", a, rtol=1e-5)
    if "complex" not in dtype and dtype != "bool":
        run("(np.median(a), np.percentile(a, 30.0))", a, rtol=1e-6)


@pytest.mark.parametrize("body", ["a.sort()", "a.sort(axis=0)", "a[1].sort()", "a.T.sort()", "a[0].partition(2)\na[0] = a[0, 2]"])
def test_sorting_in_place(body):
    store(body, A)


def test_counting():
    k = RNG.integers(0, 4, 6)
    run("np.bincount(a)", k)
    run("np.bincount(a, minlength=10)", k)
    run("np.bincount(a, b)", k, RNG.random(6))
    run("np.bincount(a)", np.array([1, -1]))


# --- linear algebra ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("expr", [
    "np.dot(a, a.T)", "a @ a.T", "a @ a[0]", "a.T @ a[:, 0]", "a[0] @ a.T", "a.dot(a.T)", "np.dot(a[0], a[1])", "np.outer(a[0], a[1])", "np.kron(a, a)",
    "np.vdot(a, a)", "np.matmul(a, a.T)", "a @ a", "np.dot(a, a)", "np.trace(a)", "np.linalg.norm(a)", "np.linalg.norm(a[0])", "np.linalg.norm(a, axis=1)",
    "np.linalg.norm(a, 1)", "np.linalg.norm(a[0], np.inf)", "np.cov(a)", "np.corrcoef(a)", "np.cov(a[0], a[1])", "a[::2] @ a[::-2].T", "a @ np.zeros((5, 0))",
])
def test_linear_algebra(expr):
    run(expr, A, rtol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
def test_products_of_all_dtypes(dtype):
    a = values(dtype, (4, 4))
    run("(a @ a, np.dot(a[0], a[1]), a @ a[0])", a, rtol=1e-4)


SPD = A @ A.T + np.eye(4)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128", "int64"])
def test_linear_systems(dtype):
    a = (SPD * 10).astype(dtype)
    tolerance = 1e-3 if dtype in ("float32", "complex64") else 1e-9
    run("(np.linalg.cholesky(a), np.linalg.inv(a), np.linalg.solve(a, a[:, 0]), np.linalg.solve(a, a[:, :2].copy() * 2), np.linalg.det(a))", a, rtol=tolerance)
    run("(np.linalg.inv(a.T), np.linalg.det(a[::-1]))", a, rtol=tolerance)


@pytest.mark.parametrize("expr", ["np.linalg.inv(a)", "np.linalg.cholesky(a)", "np.linalg.solve(a, a[0])", "np.linalg.det(a)", "np.linalg.solve(a, a[0, :2])"])
def test_linear_systems_without_solution(expr):
    run(expr, np.zeros((3, 3)))
    run(expr, -SPD, rtol=1e-9)
    run(expr, np.ones((2, 3)), message=False)


def test_stacks_of_matrices():
    for a, b in ((C, RNG.random((5, 2))), (C, RNG.random((3, 5, 2))), (RNG.random(4), C), (C, RNG.random(5)), (RNG.random((2, 1, 3, 4)), C)):
        run("a @ b", a, b, rtol=1e-13)


# --- random numbers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("expr", [
    "np.random.random(3)", "np.random.random()", "np.random.rand()", "np.random.rand(2, 3)", "np.random.randn(4)", "np.random.randn()", "np.random.random((2, 2))",
    "np.random.normal(1.0, 2.0, 5)", "np.random.normal()", "np.random.normal(0, 1)", "np.random.uniform(2, 3, (2, 2))", "np.random.uniform()",
    "np.random.uniform(-1.0, 1.0)", "np.random.randint(10)", "np.random.randint(2, 9)", "np.random.randint(2, 9, 4)", "np.random.randint(0, 5, size=(2, 2))",
    "np.random.permutation(6)", "np.random.permutation(np.arange(5.0))", "np.random.choice(5)", "np.random.choice(5, 3)", "np.random.choice(np.arange(5.0), 3)",
    "np.random.choice(6, 3, replace=False)", "np.random.choice(3, 5, p=np.array([0.2, 0.3, 0.5]))", "np.random.exponential(2.0, 3)", "np.random.poisson(3.0, 4)",
    "np.random.standard_normal(3)", "np.random.binomial(10, 0.3, 4)", "np.random.gamma(2.0, 1.0, 3)", "np.random.beta(1.0, 2.0)", "np.random.lognormal(size=2)",
])
def test_random_streams(expr):
    run(f"np.random.seed(42)\nreturn {expr}, np.random.random()", rtol=1e-14)


def test_shuffle():
    for a in (V, A, A.T, np.arange(10)[::2]):
        store("np.random.seed(1)\nnp.random.shuffle(a)", a)


def test_bad_random_parameters():
    run("np.random.normal(0.0, -1.0)", message=False)
    run("np.random.randint(5, 5)", message=False)
