"""Forms of NumPy's functions beyond the usual parameters: in, order=, where=, initial=, out=, keepdims=, method=, fills that are arrays."""
import warnings

import numpy as np
import pytest

import hotloop
from harness import COMPLEX, DTYPES, FLOATS, INTS, LAYOUTS, all_dtypes, arrays, check, check_error, laid_out, real_dtypes, values
from hotloop import njit

warnings.simplefilter("ignore")
KEEP = ("C", "F", "strided", "negative", "readonly", "unaligned")


#: Every dtype once, every layout twice or more.
some = pytest.mark.parametrize("dtype, layout", [(dtype, LAYOUTS[(3 * k + turn * 5) % len(LAYOUTS)]) for k, dtype in enumerate(DTYPES) for turn in range(2)])


def form(expr, *names):
    scope = {"np": np}
    exec(f"def f({', '.join(names or ('a', 'b'))}):\n    return {expr}", scope)
    return njit(scope["f"])


def forms(exprs, *cases, names=(), **options):
    for expr in exprs:
        f = form(expr, *names)
        for case in cases:
            try:
                check(f, *case, **options)
            except Exception as e:
                e.add_note(expr)
                raise


# --- x in a ----------------------------------------------------------------------------------------------------------


@all_dtypes
def test_in(dtype):
    a = arrays(dtype, 2, special=dtype in FLOATS)
    cases = [(laid_out(a, layout),) for layout in KEEP] + [(a[:0],), (a[1, 1:2].reshape(()),)]
    forms(["3 in a", "3 not in a", "2.5 in a", "True in a", "a[1, 1] in a", "a[0] in a", "a in a", "[1, 2, 3, 4, 5] in a", "300 in a", "-1 in a", "(1 in a) or (2 in a)"],
          *cases[:-2], names="a")
    forms(["3 in a", "1 not in a", "0 in a", "2j in a"], *cases, names="a")


def test_in_nan_and_shapes():
    forms(["b in a", "b not in a"], (np.array([np.nan]), np.nan), (np.zeros((2, 3)), np.arange(3)), (np.zeros((2, 3)), np.arange(4)), (np.zeros(0), 1.0),
          (np.arange(3), 1), (np.arange(3, dtype=np.uint64), -1), (np.array([2**64 - 1], np.uint64), -1), (np.arange(3, dtype=np.int8), 256))


def test_in_decides_branches():
    @njit
    def f(a, x):
        n = 0
        for k in range(5):
            if k in a and k not in a[1:]:
                n += k
        while x in a:
            x += 1
        return n, x
    check(f, np.array([3, 4, 1, 7]), 3)


# --- reshape ---------------------------------------------------------------------------------------------------------


@some
def test_reshape_order(dtype, layout):
    a = arrays(dtype, 3, layout)
    if a.size == 105:
        a = a[:6, :4]
    forms(["a.reshape(-1, 3, order='F')", "a.reshape((-1, 3), order='F')", "np.reshape(a, (-1, 1, 3), order='F')", "np.reshape(a, -1, 'F')", "np.reshape(a, (-1, 3), order='C')",
           "a.reshape(a.size, order='F')", "a.reshape((1,) + a.shape + (1,), order='F')", "a.reshape(-1, 3, order='F')[1:, ::-1].reshape(-1, order='F')",
           "a.reshape(7, 11, order='F')", "a.reshape(-1, -1, order='F')", "a.ravel(order='F')", "a.flatten('F')", "a.T.reshape(-1, order='F')"],
          (a,), names="a", message=False)


def test_reshape_order_a():
    for layout in ("C", "F"):
        forms(["a.reshape(2, -1, order='A')", "np.reshape(a, -1, order='A')"], (arrays("float64", 2, layout)[:4].copy(layout),), names="a")
    check_error(form("a.reshape(-1, order='A')", "a"), (np.zeros((4, 4))[::2, ::2],), hotloop.TypingError, "order='A' depends on how the array lies in memory")
    check_error(form("a.reshape(-1, order='K')", "a"), (np.zeros((4, 4)),), hotloop.TypingError, "order must be written as 'C', 'F' or 'A'")


def test_reshape_order_shares_memory():
    def f(a):
        v = a.reshape(2, 6, order="F")
        v[1, 2] = 99
        w = a.T.reshape((4, 3), order="C")
        w[0, 0] = 98
        return v
    g = njit(f)
    for a in (np.asfortranarray(np.arange(12.0).reshape(3, 4)), np.arange(12.0).reshape(3, 4), np.arange(12.0)):
        check(g, a) if a.ndim == 2 else check(njit(lambda a: a.reshape(3, 4, order="F")), a)


# --- full, array -----------------------------------------------------------------------------------------------------


@all_dtypes
def test_full_of_an_array(dtype):
    a = arrays(dtype, 1)
    cases = [(laid_out(a, layout),) for layout in KEEP]
    forms(["np.full((2, 7), a)", "np.full(7, a)", "np.full((3, 2, 7), a, order='F')", "np.full((2, 7), a, dtype=a.dtype)", "np.full(3, a)", "np.full((0, 7), a)",
           "np.full_like(np.zeros((2, 7), a.dtype), a)", "np.full((7, 2), a[:, None])", "np.full(3, a[:1])", "np.full((2, 2), a[0])"], *cases, names="a")
    forms(["np.full((2, 3), a)", "np.full((), a)"], (arrays(dtype, 1, "0-d"),), names="a")
    if np.dtype(dtype).kind != "c":
        forms(["np.full((2, 7), a, np.float32)", "np.full((2, 7), a, 'int16')", "np.full_like(np.zeros((2, 7)), a)", "np.full_like(np.zeros((2, 7)), a, dtype=np.int8)"], (a,), names="a")


def test_full_of_a_list():
    forms(["np.full((2, 3), [1, 2, 3])", "np.full((2, 2), [[1.5], [2.5]])", "np.full((2, 2), (1, 2))", "np.full_like(a, [1, 2])"], (np.zeros((3, 2)),), names="a")


@some
def test_array_ndmin(dtype, layout):
    forms(["np.array(a, ndmin=3)", "np.array(a, ndmin=1)", "np.array(a, ndmin=0)", "np.array(a, ndmin=2, copy=True)", "np.array(a, np.complex128, ndmin=4)"],
          (arrays(dtype, 2, layout),), names="a")


def test_array_ndmin_of_sequences():
    forms(["np.array(5, ndmin=2)", "np.array([1, 2], ndmin=2)", "np.array([[1, 2]], ndmin=1)", "np.array((1.5, 2), ndmin=3)", "np.array([a, a], ndmin=3)", "np.array([a, a], dtype=a.dtype, ndmin=3)",
           "np.array([1, 2], dtype=np.float32, ndmin=2)", "np.array(a[0], ndmin=2)"], (np.arange(3.0),), names="a")


# --- reductions ------------------------------------------------------------------------------------------------------


def whole(dtype, layout):
    """An array of whole numbers, whose sums are exact in any order."""
    a = arrays(dtype, 2, layout)
    return a if a.dtype.kind in "biu" else laid_out(np.rint(a), layout) if layout in KEEP else np.asarray(np.rint(a), dtype)


@some
def test_initial(dtype, layout):
    a = whole(dtype, layout)
    axes = ["axis=0, ", "axis=-1, ", "axis=(0, 1), ", "axis=(), "] if a.ndim else [""]
    for axis in axes + [""]:
        forms([f"np.sum(a, {axis}initial=b)", f"a.prod({axis}initial=b)", f"np.min(a, {axis}initial=b, keepdims=True)", f"a.max({axis}initial=b)"], (a, 2), rtol=1e-5)
    forms(["np.sum(a, initial=5)", "np.max(a * 2, initial=-3)", "np.min(a + a, initial=1)", "np.amax(a, initial=3)"][: 1 if dtype.startswith("u") else 4], (a, 2), rtol=1e-5)
    if dtype in FLOATS + INTS:
        forms(["np.sum(a, initial=2.5)", "np.max(a, initial=1.5)", "np.amin(a, initial=1.5)"], (a, 2), rtol=1e-5)
    if dtype in COMPLEX:
        forms(["np.sum(a, initial=2j)", "np.prod(a, initial=1 + 1j)", "np.max(a, initial=9 + 1j)"], (a, 2), rtol=1e-4)


def test_initial_with_nan_and_lists():
    a = np.array([[1.0, np.nan], [3.0, 4.0]])
    forms(["np.max(a, initial=b)", "np.min(a, axis=0, initial=b)", "np.max(a, axis=1, initial=b)", "np.sum(a, axis=1, initial=b)"], (a, 2.0), (a, np.nan))
    forms(["np.sum([1, 2], initial=b)", "np.max((1, 2), initial=b)", "np.sum(a, 0, None, None, False, b)", "np.max(a, 0, None, True, b)", "np.sum(3, initial=b)"], (a, 2.0))
    check_error(form("np.sum(a, initial=b)"), (np.arange(3), 1j), hotloop.TypingError, "initial must be a number that converts to int64")


@some
def test_where(dtype, layout):
    a = whole(dtype, layout)
    mask = values("bool", a.shape, 3)
    axes = ["", "axis=0, ", "axis=-1, keepdims=True, ", "axis=(0, 1), "] if a.ndim else [""]
    for axis in axes:
        forms([f"np.sum(a, {axis}where=b)", f"a.prod({axis}where=b, initial=2)", f"np.min(a, {axis}initial=1, where=b)", f"a.max({axis}initial=1, where=b)",
               f"np.any(a, {axis}where=b)", f"a.all({axis}where=b)", f"np.mean(a, {axis}where=b)"], (a, mask), rtol=1e-5)


def test_where_broadcasts():
    a = arrays("float64", 2)
    row, column = values("bool", 5, 1), values("bool", (7, 1), 2)
    forms(["np.sum(a, where=b)", "np.mean(a, axis=0, where=b)", "a.max(where=b, initial=0)", "a.any(axis=1, where=b)", "np.amin(a, where=b, initial=0)"], (a, row), (a, column), rtol=1e-14)
    forms(["np.sum(a, where=b)", "np.mean(a[0], where=b)", "np.all(a, where=b)"], (a, True), (a, False), rtol=1e-13)
    forms(["np.sum(a, where=False)", "np.mean(a, where=False)", "np.any(a, where=False)", "np.all(a, axis=0, where=False)", "np.sum(a, axis=0, where=[True, False, True, True, False, True, True][:5])",
           "np.sum(a, where=a > 0)", "a.mean(axis=1, where=a > 1)", "np.mean(a, dtype=a.dtype, where=b)", "np.mean(a, dtype=np.float32, where=b)", "np.mean(a, dtype='complex128', where=b)", "np.mean(a, dtype=float, where=b)", "np.sum(a, 0, np.float32, where=b)", "np.max(a, where=b)"], (a, row), rtol=1e-6)
    check(form("np.sum(a, where=b)"), a[:1], values("bool", (3, 5), 1), message=False)
    check_error(form("np.percentile(a, 5, keepdims=True)", "a"), (a + 1j,), hotloop.TypingError)
    check_error(form("np.array(a, ndmin=2)", "a"), ("x",), hotloop.TypingError)
    check_error(form("np.sum(a, where=b)"), (a, np.ones(5)), hotloop.TypingError, "it takes booleans")
    check_error(form("np.sum(a, where=b)"), (a, np.ones((2, 7, 5), bool)), hotloop.TypingError, "where has more dimensions than the array")


@pytest.mark.parametrize("out", ["float64", "float32", "int8", "int64", "complex128", "bool"])
@pytest.mark.parametrize("dtype", ["float64", "int8", "bool", "uint32"])
def test_out(dtype, out):
    def store(call):
        scope = {"np": np}
        exec(f"def f(a, out):\n    r = {call}\n    return r, out", scope)
        return njit(scope["f"])
    a = values(dtype, (3, 4))
    for call in ("np.sum(a, axis=0, out=out)", "a.prod(0, None, out)", "np.min(a, axis=0, out=out)", "a.max(axis=-2, out=out)", "np.any(a, axis=0, out=out)", "np.all(a, 0, out)",
                 "a.mean(axis=0, out=out)", "np.sum(a, axis=0, out=out, initial=2)", "np.amax(a, 0, out=out, initial=1)"):
        check(store(call), a, np.zeros(4, out), rtol=1e-6)
    check(store("np.sum(a, axis=0, keepdims=True, out=out)"), a, np.zeros((1, 4), out), rtol=1e-6)
    check(store("np.sum(a, out=out)"), a, np.zeros((), out), rtol=1e-6)
    check(store("np.sum(a, out=out)"), a, np.zeros(1, out))
    check(store("np.max(a, axis=1, out=out)"), a, np.zeros(4, out), message=False)


def test_what_reductions_refuse():
    a = np.arange(6.0).reshape(2, 3)
    check_error(form("np.sum(a, out=b, where=True)"), (a, 3), hotloop.TypingError, "")
    check_error(form("np.sum(a, out=b)"), (a, 3), hotloop.TypingError, "out is .*, it takes an array")
    check_error(form("np.std(a, where=b)"), (a, a > 1), hotloop.TypingError, "where")


# --- medians, percentiles, norms ---------------------------------------------------------------------------------------

METHODS = ["inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull", "linear", "median_unbiased",
           "normal_unbiased", "lower", "higher", "midpoint", "nearest"]


@pytest.mark.parametrize("method", METHODS)
def test_percentile_methods(method):
    f, g = form(f"np.percentile(a, b, method='{method}')"), form(f"np.quantile(a, b, axis=0, method='{method}')")
    for dtype in ("float64", "float32", "int64", "uint8", "int16"):
        for n in (1, 2, 3, 4, 5, 8, 11):
            a = values(dtype, (n, 2), n)
            for q in (0, 10, 25, 37.5, 50, 62.5, 75, 100):
                check(f, a[:, 0], q, rtol=1e-6 if dtype == "float32" else 1e-14)
                check(g, a, q / 100, rtol=1e-6 if dtype == "float32" else 1e-14)
            check(f, a, np.array([0.0, 30, 50, 100]), rtol=1e-6 if dtype == "float32" else 1e-14)


@pytest.mark.parametrize("method", METHODS)
def test_percentile_methods_with_nan(method):
    a = arrays("float64", 2)
    a[1, 1] = a[2, 3] = np.nan
    a[:, 4] = np.nan
    forms([f"np.percentile(a, 30, axis=0, method='{method}')", f"np.nanpercentile(a, b, axis=0, method='{method}')", f"np.nanquantile(a, 0.6, method='{method}')",
           f"np.nanquantile(a, 0.6, axis=1, method='{method}')"], (a, np.array([5.0, 70.0])), rtol=1e-14)


def test_percentile_methods_keep_large_integers():
    a = np.array([2**62 + 1, 2**62 + 3, 2**62 + 5])
    forms(["np.percentile(a, b, method='nearest')", "np.quantile(a, 0.5, method='lower')", "np.percentile(a, [0, 50], method='higher')"], (a, 50), (a.astype(np.uint64) * 3, 100))


def test_percentile_methods_refused():
    check_error(form("np.percentile(a, 5, method='best')", "a"), (np.arange(3.0),), hotloop.TypingError, "the method must be written as one of NumPy's names")
    forms(["np.percentile(a, 101, method='lower')", "np.percentile(a[:0], 10, method='lower')"], (np.arange(3.0),), (np.arange(3),), names="a", message=False)


@pytest.mark.parametrize("dtype, layout", [("float64", "C"), ("float64", "0-d"), ("float32", "strided"), ("int8", "F"), ("bool", "C"), ("uint16", "empty"), ("float64", "unaligned")])
def test_statistics_keepdims(dtype, layout):
    a = arrays(dtype, 2, layout)
    exprs = ["np.median(a, keepdims=True)", "np.nanmedian(a, None, keepdims=True)", "np.median(a, keepdims=False)"]
    if dtype != "bool" and a.size:
        exprs += ["np.percentile(a, 30, keepdims=True)", "np.quantile(a, 0.3, keepdims=True, method='lower')"]
        if a.ndim:
            exprs += ["np.percentile(a, b, axis=1, keepdims=True)", "np.quantile(a, b / 100, keepdims=True)", "np.nanpercentile(a, 40, axis=0, keepdims=True)",
                      "np.percentile(a, [20, 40], axis=-1, keepdims=True, method='nearest')"]
    if a.ndim and a.size:
        exprs += ["np.median(a, axis=0, keepdims=True)", "np.median(a, -1, keepdims=True)", "np.median(a[0], axis=0, keepdims=True)"]
    forms(exprs, (a, np.array([10.0, 90.0])), rtol=1e-6)


@pytest.mark.parametrize("dtype, layout", [("float64", "C"), ("float64", "strided"), ("float32", "F"), ("int8", "negative"), ("complex128", "unaligned"), ("complex64", "readonly")])
def test_norms(dtype, layout):
    a = arrays(dtype, 2, layout)
    forms(["np.linalg.norm(a, 'fro')", "np.linalg.norm(a, 'nuc')", "np.linalg.norm(a, ord='fro', keepdims=True)", "np.linalg.norm(a, 'nuc', axis=(0, 1))", "np.linalg.norm(a, axis=(0, 1))",
           "np.linalg.norm(a, axis=(1, 0), keepdims=True)", "np.linalg.norm(a, keepdims=True)", "np.linalg.norm(a, axis=0, keepdims=True)", "np.linalg.norm(a, 1, axis=-1, keepdims=True)",
           "np.linalg.norm(a, np.inf, keepdims=True)", "np.linalg.norm(a, 1, axis=(0, 1), keepdims=True)", "np.linalg.norm(a[0], keepdims=True)", "np.linalg.norm(a[0], 3, axis=0, keepdims=True)",
           "np.linalg.norm(a, 2, keepdims=True)"], (a,), names="a", rtol=1e-4)


def test_norms_refused():
    check_error(form("np.linalg.norm(a, 'fro')", "a"), (np.zeros(3),), hotloop.TypingError, "the norm 'fro' is one of a matrix")
    check_error(form("np.linalg.norm(a, 'best')", "a"), (np.zeros((3, 3)),), hotloop.TypingError, "'best' is no norm that NumPy knows")


# --- smaller ones ----------------------------------------------------------------------------------------------------


def test_arange_of_uint64():
    a = np.array([3, 7], np.uint64)
    forms(["np.arange(a[0])", "np.arange(1, a[0])", "np.arange(a[0], 9)", "np.arange(a[0], a[1], 2)", "np.arange(a[0], dtype=np.uint64)", "np.arange(b, a[1])", "np.arange(np.uint64(4))",
           "np.arange(a[0], a[1], dtype=np.int8)", "np.arange(np.uint32(4))", "np.arange(np.uint8(1), 5)", "np.arange(True)"], (a, 1))


@all_dtypes
def test_contiguous_has_a_dimension(dtype):
    for layout in ("0-d", "C", "F", "strided"):
        forms(["np.ascontiguousarray(a)", "np.asfortranarray(a)", "np.asarray(a)", "np.ascontiguousarray(a).shape"], (arrays(dtype, 2, layout),), names="a")
    forms(["np.ascontiguousarray(5)", "np.asfortranarray(2.5)", "np.ascontiguousarray(a[0])", "np.ascontiguousarray([1, 2])"], (values(dtype, 3),), names="a")
    if np.dtype(dtype).kind != "c":
        forms(["np.ascontiguousarray(a, dtype=np.float32)"], (arrays(dtype, 2, "0-d"),), names="a")


@pytest.mark.parametrize("dtype", FLOATS)
def test_stable_sort_keeps_signs_of_zeros(dtype):
    rng = np.random.default_rng(1)
    in_place = njit(lambda a: a.sort(kind="stable"))
    for n in (0, 1, 2, 9, 40, 1000):
        a = rng.choice([0.0, -0.0, 1.0, -1.0, np.nan], n).astype(dtype)
        for x in (laid_out(a, "C"), laid_out(a, "strided"), laid_out(a, "unaligned"), np.stack([a, a[::-1]]).T, a.clip(0, 0)):
            forms(["np.signbit(np.sort(a, axis=0, kind='stable'))", "np.signbit(np.sort(a, kind='mergesort'))", "np.signbit(np.sort(a, axis=None, kind='stable'))", "np.argsort(a, kind='stable', axis=0)"],
                  (x,), names="a")
            want, got = x.copy(), x.copy()
            want.sort(kind="stable")
            in_place(got)
            np.testing.assert_array_equal(want, got)
            np.testing.assert_array_equal(np.signbit(want), np.signbit(got))
    check_error(form("np.sort(a, kind='best')", "a"), (np.zeros(3),), hotloop.TypingError, "kind must be written as")


def test_rounding_booleans():
    forms(["np.round(a).sum()", "a.round(0).sum()"], (np.array([True, False]),), names="a")
    check_error(form("np.round(a, 1)", "a"), (np.array([True]),), hotloop.TypingError, "booleans are not rounded to decimals")


def test_own_overloads_of_forms():
    """What no row takes goes to an overload of the user's; what a row takes does not."""
    from hotloop import types
    from hotloop.extending import overload

    @overload(np.trace)
    def trace(a, offset=0):
        return (lambda a, offset=0: a.shape[0] * 1000.0) if isinstance(a, types.Array) and a.ndim == 3 else None
    assert njit(lambda a: np.trace(a))(np.zeros((2, 3, 3))) == 2000.0
    assert njit(lambda a: np.trace(a))(np.eye(3)) == 3.0
