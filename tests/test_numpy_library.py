"""NumPy functions that hotloop/library/ writes in the compiled language, and what compilation alone decides."""
import numpy as np
import pytest

from harness import arrays, check, laid_out
from hotloop import njit
from test_arrays import A, B, V, run, store

X = A - 0.5
X3 = np.random.default_rng(5).random((4, 3))


@pytest.mark.parametrize("expr", [
    "np.isclose(a, a + 1e-9)", "np.isclose(a, a + 1e-3)", "np.isclose(1.0, 1.0 + 1e-9)", "np.allclose(a, a)", "np.allclose(a, a + 1)", "np.average(a)",
    "np.average(a, weights=a)", "np.nan_to_num(a / (a - a))", "np.nan_to_num(np.log(a - 0.3), nan=7.0)", "np.meshgrid(a[0], a[1])", "np.rot90(a)",
    "np.rot90(a, 2)", "np.rot90(a, -1)", "np.nancumsum(a)", "np.nanargmax(a)", "np.nanargmin(a)", "np.ediff1d(a)", "np.gradient(a[0])", "np.gradient(a[0], 2.0)",
    "np.convolve(a[0], a[1])", "np.convolve(a[0], a[1, :3], 'same')", "np.convolve(a[0], a[1, :3], 'valid')", "np.correlate(a[0], a[1])",
    "np.correlate(a[0], a[1, :2], 'full')", "np.polyval(a[0], 2.0)", "np.polyval(a[0], a)", "np.logspace(0, 1, 4)", "np.union1d(a[0], a[1])",
    "np.intersect1d(a[0], a[0, :2])", "np.setdiff1d(a[0], a[0, :2])", "np.linalg.matrix_power(a[:, :4], 3)", "np.linalg.matrix_power(a[:, :4], 0)",
    "np.linalg.matrix_power(a, 2)", "np.split(a, 2)", "np.split(a, 3)", "np.array_split(a[0], 2)",
])
def test_library(expr):
    run(expr, A, rtol=1e-12)


def test_cross():
    run("np.cross(a[0], a[1])", X3, rtol=1e-14)
    run("np.cross(a, a[::-1])", X3, rtol=1e-12)
    run("np.cross(a[0], a)", X3, rtol=1e-12)
    run("np.cross(a[0], a[1])", np.arange(6).reshape(2, 3))


@pytest.mark.parametrize("body", ["np.fill_diagonal(a, 7.0)", "np.copyto(a, 1.0)", "np.copyto(a, a[0])"])
def test_changes_in_place(body):
    store(body, A)


@pytest.mark.parametrize("expr", [
    "np.iinfo(np.int64).max", "np.iinfo(np.uint8).max + 1", "np.finfo(np.float64).eps", "np.finfo(a.dtype).tiny", "a.astype(np.float32, copy=False)",
    "np.zeros(2, np.result_type(a, 1)).dtype == np.float64", "np.array(a, copy=True)", "a.flat[3]", "a.flat[-1]", "a.flat[99]", "a.view(np.int64)",
    "np.sum([1.0, 2.0])", "np.mean([1, 2])", "np.max((1, 2))", "np.prod(a.shape)", "np.std([1.0, 2.0, 4.0])", "np.any([False, True])", "np.argmax((1, 5, 2))",
])
def test_decided_while_compiling(expr):
    run(expr, A, rtol=1e-15)


def test_out_parameters():
    store("np.sqrt(a, out=a)", A, ulp=1)
    store("np.add(a, b, a)", A, B)
    store("np.multiply(a[1:], 2, out=a[:-1])", A)


def test_flat_stores():
    store("a.flat[3] = 9.0\na.T.flat[1] = 8.0", A)


def test_libraries_compile_quickly():
    """A library function costs what the same lines in the user's own function would cost."""
    import time

    njit(lambda a: np.allclose(a, a))(V)
    start = time.perf_counter()
    njit(lambda a: np.allclose(a, a + 1))(V)
    assert time.perf_counter() - start < 0.5


# --- convolutions, polynomials, differences: every dtype, strided operands, kernels longer than the signal -------------------------------

def _items(dtype, n, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.integers(-9, 9, n) if np.dtype(dtype).kind in "iu" else rng.normal(size=n)
    return (x + 1j * rng.normal(size=n) if np.dtype(dtype).kind == "c" else x).astype(dtype)


SIZES = [(1, 1), (5, 2), (2, 5), (40, 3), (3, 40), (200, 70), (70, 200), (64, 16), (33, 4), (4, 33)]


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int8", "uint16", "complex128", "complex64"])
def test_convolutions(dtype, mode):
    single = dtype in ("float32", "complex64")
    # sums near zero differ by more than their own size
    compare = dict(rtol=0, ulp=0) if dtype[0] in "iu" else dict(rtol=1e-3 if single else 1e-9)
    both = njit(eval(f"lambda a, v: (np.convolve(a, v, '{mode}'), np.correlate(a, v, '{mode}'))", {"np": np}))
    for n, m in SIZES:
        a, v = np.abs(_items(dtype, n)) + 1, np.abs(_items(dtype, m, 1)) + 1
        check(both, a.astype(dtype), v.astype(dtype), **compare)
        check(both, np.repeat(a, 2).astype(dtype)[::-2], v.astype(dtype), **compare)
        check(both, a.astype(dtype), v.astype(np.float64), **{**compare, "rtol": 1e-3 if single else 1e-9})
        if dtype[0] == "c":
            check(both, a.astype(dtype) * 1j, v.astype(dtype) * (1 - 2j), **compare)


def test_convolution_modes():
    check(lambda a, mode: np.convolve(a, a, mode), A[0], "same", rtol=1e-12)
    check(lambda a, mode: np.correlate(a, a, mode), A[0], "valid", rtol=1e-12)
    check(lambda a: np.convolve([1, 2, 3], a), A[0], rtol=1e-12)
    for a, v in ((np.empty(0), V), (V, np.empty(0))):
        check(lambda a, v: np.convolve(a, v), a, v)
        check(lambda a, v: np.correlate(a, v), a, v)
    with pytest.raises(ValueError, match="mode must be one of 'valid', 'same', or 'full'"):
        njit(lambda a, mode: np.convolve(a, a, mode))(V, "other")


def test_convolution_of_special_values():
    """Nothing is multiplied that NumPy does not multiply: infinities and NaN stay where they are."""
    a = np.arange(60.0)
    a[[3, 20, 50]] = np.inf, np.nan, -np.inf
    check(lambda a, v: (np.convolve(a, v), np.convolve(v, a, "same")), a, np.array([1.0, 2.0, 4.0]))


@pytest.mark.parametrize("coefficients", ["float64", "float32", "int64", "int8", "complex128"])
@pytest.mark.parametrize("places", ["float64", "float32", "int64", "int8", "uint32", "complex64"])
def test_polyval(coefficients, places):
    rtol = 1e-4 if "float32" in (coefficients, places) or places == "complex64" else 1e-12
    p, x = _items(coefficients, 4), _items(places, 51)
    check(lambda p, x: np.polyval(p, x), p, x, rtol=rtol)
    check(lambda p, x: np.polyval(p, x), p[::-1], x.reshape(17, 3).T, rtol=rtol)
    check(lambda p, x: np.polyval(p, x), p, complex(x[0]) if places[0] == "c" else float(x[0]), rtol=rtol)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "uint8", "complex128", "complex64"])
def test_gradient(dtype):
    rtol = 1e-6 if dtype in ("float32", "complex64") else 0 if dtype[0] != "c" else 1e-14
    for n in (2, 3, 40):
        f = _items(dtype, n)
        check(lambda f: np.gradient(f), f, rtol=rtol)
        check(lambda f, h: (np.gradient(f, h), np.gradient(f[::-1], 0.25)), f, 0.3, rtol=rtol)
        check(lambda f, h: np.gradient(f, h), f, 2, rtol=rtol)
    check(lambda f: np.gradient(f), V[:1])


@pytest.mark.parametrize("layout", ["readonly", "strided", "negative", "unaligned"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "complex128"])
def test_layouts_of_library_operands(dtype, layout):
    a, m = arrays(dtype, 1, layout, size=40), arrays(dtype, 2, layout, size=4)
    check(lambda a: (np.convolve(a, a[:3]), np.correlate(a[:3], a, "full"), np.polyval(a[:4], a), np.gradient(a)), a, rtol=1e-4)
    check(lambda m: (np.linalg.pinv(m), np.linalg.matrix_power(m, 2)), m, rtol=1e-2)


# --- by singular values, by squaring --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "complex128", "complex64"])
@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3), (1, 1)])
def test_by_singular_values(dtype, shape):
    rtol = 1e-2 if dtype in ("float32", "complex64") else 1e-8
    a = _items(dtype, shape[0] * shape[1]).reshape(shape) + np.eye(*shape, dtype=dtype) * 8
    check(lambda a: (np.linalg.pinv(a), np.linalg.pinv(a, 0.3), np.linalg.cond(a)), a, rtol=rtol)
    check(lambda a: np.linalg.pinv(a.T), a, rtol=rtol)
    check(lambda a: (np.linalg.matrix_rank(a), np.linalg.matrix_rank(a * 0), np.linalg.matrix_rank(a, 9.5)), a)


def test_singular_values_of_special_matrices():
    check(lambda a: (np.linalg.matrix_rank(a), np.linalg.cond(a * 0)), np.array([[1.0, 2.0], [2.0, 4.0]]))
    for shape in ((0, 3), (3, 0), (0, 0)):
        check(lambda a: np.linalg.pinv(a), np.empty(shape))
        check(lambda a: np.linalg.cond(a), np.empty(shape))


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int8", "complex128"])
def test_matrix_power(dtype):
    a = (_items(dtype, 9).reshape(3, 3) + 2 * np.eye(3)).astype(dtype)
    for n in (0, 1, 2, 3, 5, 8) if dtype[0] == "i" else (-3, -1, 0, 1, 2, 3, 5, 8):
        check(lambda a, n: (np.linalg.matrix_power(a, n), np.linalg.matrix_power(a.T, n)), a, n, rtol=1e-3 if dtype == "float32" else 1e-9)
    check(lambda a: np.linalg.matrix_power(a[:2], 2), a)


# --- averages, vector products, grids, diagonals, NaN ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("layout", ["C", "F", "strided", "unaligned"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "uint8", "complex128"])
def test_average(dtype, layout):
    rtol = 1e-5 if dtype == "float32" else 1e-12
    a = arrays(dtype, 3, layout)
    a[...] = np.abs(a)  # sums near zero differ by more than their own size
    w = np.random.default_rng(2).random(a.shape)
    check(lambda a, w: (np.average(a), np.average(a, 1), np.average(a, weights=w), np.average(a, axis=-1)), a, w, rtol=rtol)
    check(lambda a, w: (np.average(a, 0, w), np.average(a, 1, w), np.average(a, 2, w)), a, w, rtol=rtol)
    check(lambda a, v, w: (np.average(a, 0, v), np.average(a, 2, w)), a, w[:, 0, 0], w[0, 0].astype(np.float32), rtol=1e-5)
    check(lambda a, w: np.average(a[0, 0], weights=w), a, np.arange(1, a.shape[2] + 1), rtol=rtol)


def test_average_refused():
    check(lambda a, w: np.average(a, weights=w), A, A[0])
    check(lambda a, w: np.average(a, 0, w), A, A[0])
    check(lambda a, w: np.average(a, weights=w), V, V * 0)
    check(lambda a, w: np.average(a, 1, w), A, A * 0)
    check(lambda a: np.average(a, 2), A, message=False)
    check(lambda a, w: np.average(a, weights=w), [1.0, 2.0], np.array([1j, 2.0]))


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int8", "complex64", "complex128"])
def test_cross_of_all_shapes(dtype):
    a, b = _items(dtype, 12).reshape(4, 3), _items(dtype, 24, 1).reshape(2, 4, 3)
    rtol = 1e-4 if dtype in ("float32", "complex64") else 1e-12
    check(lambda a, b: (np.cross(a, b), np.cross(b, a[0]), np.cross(a[:1], b[:, ::-1]), np.cross(a.T[:, :3], a[:3])), a, b, rtol=rtol)
    check(lambda a, b: np.cross(a, b), np.ones((2, 3)), np.ones((4, 3)), message=False)
    check(lambda a, b: np.cross(a, b), np.ones(4), np.ones(3), message=np.lib.NumpyVersion(np.__version__) >= "2.5.0")  # older ones say it otherwise


def test_meshgrids():
    x, y, z = np.arange(3), np.linspace(0, 1, 4), np.array([1j, 2.0])
    check(lambda x: np.meshgrid(x), x)
    check(lambda x, y: (np.meshgrid(x, y), np.meshgrid(x[::-1], y[::2], indexing="ij")), x, y)
    check(lambda x, y, z: np.meshgrid(x, y, z), x, y, z)
    check(lambda x, y, z: np.meshgrid(x, y, z, x, indexing="ij"), x, y, z)
    check(lambda x, y: np.meshgrid(x, y), x[:0], y)


def test_diagonals_filled():
    fill = njit(lambda a, v: np.fill_diagonal(a, v))
    for shape in ((4, 4), (3, 7), (7, 3), (0, 3), (3, 3, 3)):
        for v in (5.0, V, np.arange(2)):
            check(fill, np.zeros(shape), v)
            check(fill, np.zeros(shape).T, v)
            check(fill, np.zeros(shape, np.int8), 3)
            check(lambda a, v: np.fill_diagonal(a, v, wrap=True), np.zeros(shape), v)
    check(fill, np.zeros((2, 3, 2)), 1.0)
    check(lambda a: np.fill_diagonal(a, a[0]), A[:, :3] + 1)
    frozen = np.zeros((2, 2))
    frozen.flags.writeable = False
    check(fill, frozen, 1.0)


@pytest.mark.parametrize("layout", ["C", "F", "strided", "negative", "unaligned", "readonly"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "complex128", "complex64"])
def test_nan_to_num(dtype, layout):
    a = arrays(dtype, 2, "C")
    if a.dtype.kind != "i":
        a[0, 0], a[1, 1], a[2, 2] = np.nan, np.inf, -np.inf
    if a.dtype.kind == "c":
        a[3, 3] = complex(np.nan, -np.inf)
    a = laid_out(a, layout)
    check(lambda a: (np.nan_to_num(a), np.nan_to_num(a, nan=1.5, posinf=2), np.nan_to_num(a.T, True, 0, None, -7.0)), a)
    check(lambda a: np.nan_to_num(a, copy=False, nan=3), a, message=layout != "readonly")


def test_nan_to_num_of_numbers():
    f = njit(lambda x: (np.nan_to_num(x), np.nan_to_num(x, nan=1.0, posinf=2.0, neginf=3.0)))
    for x in (np.nan, np.inf, -np.inf, 1.5, 3, True, np.float32(np.inf), np.float32(-np.inf)):
        check(f, x)
    kept = njit(lambda a: np.nan_to_num(a, copy=False))
    a = np.array([np.nan, 1.0])
    assert np.shares_memory(kept(a), a) and (a == [0, 1]).all()
