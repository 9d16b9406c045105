"""NumPy functions that hotloop/library/ writes in the compiled language, and what compilation alone decides."""
import numpy as np
import pytest

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

    from hotloop import njit
    njit(lambda a: np.allclose(a, a))(V)
    start = time.perf_counter()
    njit(lambda a: np.allclose(a, a + 1))(V)
    assert time.perf_counter() - start < 0.5
