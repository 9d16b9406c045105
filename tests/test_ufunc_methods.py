"""reduce, accumulate, reduceat, outer and at of ufuncs in compiled code, against the same calls from Python."""
import gc
import math
import weakref

import numpy as np
import pytest
from ufuncs import views

from hotloop import float64, guvectorize, int64, jit, njit, vectorize
from hotloop.errors import TypingError


@vectorize([int64(int64, int64), float64(float64, float64)], identity=0)
def eager(a, b):
    return a + b


@vectorize
def lazy(a, b):
    return a - 2 * b


@vectorize([float64(float64, float64)])
def picky(a, b):
    if b > 90:
        raise ValueError("too large", b)
    return a + b


@vectorize
def one(a):
    return a + 1


UFUNCS = [eager, lazy, np.add, np.multiply, np.maximum, np.subtract, np.hypot, np.bitwise_xor]
DTYPES = ["?", "i1", "u2", "i8", "f4", "f8", "c16"]


def arrays(dtype):
    seen = views((np.arange(1, 25).reshape(2, 3, 4) % 7).astype(dtype))
    return {name: seen[name] for name in ("C", "F", "inner steps", "reversed", "one", "row", "plane")}


def outcome(f, *args):
    try:
        r = f(*args)
    except (TypeError, TypingError):
        return "types"
    except (ValueError, IndexError) as e:
        return type(e)
    return r


def same(got, want):
    if isinstance(want, (str, type)) or isinstance(got, (str, type)):
        assert got is want, (got, want)
        return
    half = np.asarray(want).dtype == np.float16
    np.testing.assert_allclose(np.asarray(got).astype(complex), np.asarray(want).astype(complex), rtol=2e-3 if half else 1e-5)
    if np.ndim(want) and not half:
        assert got.dtype == want.dtype and got.shape == want.shape


@pytest.mark.parametrize("method", ["reduce", "accumulate"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda u: u.__name__)
def test_reductions(ufunc, dtype, method):
    calls = {"0": lambda a: getattr(ufunc, method)(a)}
    for axis in (-1, 1, 2):
        calls[str(axis)] = eval(f"lambda a: u.{method}(a, axis={axis})", {"u": ufunc})
    compiled = {axis: njit(eval(f"lambda a: u.{method}(a, axis={axis})", {"u": ufunc})) for axis in calls}
    for name, a in arrays(dtype).items():
        for axis, call in calls.items():
            if int(axis) < a.ndim:
                same(outcome(compiled[axis], a), outcome(call, a))


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda u: u.__name__)
def test_nothing_to_reduce(ufunc):
    f, g = njit(lambda a: ufunc.reduce(a)), njit(lambda a: ufunc.accumulate(a))
    for a in (np.zeros(0), np.zeros((0, 3)), np.zeros((3, 0))):
        same(outcome(f, a), outcome(ufunc.reduce, a))
        same(outcome(g, a), outcome(ufunc.accumulate, a))


@pytest.mark.parametrize("dtype", ["i1", "f8"])
@pytest.mark.parametrize("ufunc", [eager, lazy, np.add, np.maximum], ids=lambda u: u.__name__)
def test_reduceat(ufunc, dtype):
    first, last = njit(lambda a, i: ufunc.reduceat(a, i)), njit(lambda a, i: ufunc.reduceat(a, i, -1))
    for a in arrays(dtype).values():
        for i in ([0], [0, 1], [1, 0, 1], [0, 0], [5], [-1], []):
            i = np.array(i, int)
            same(outcome(first, a, i), outcome(ufunc.reduceat, a, i))
            same(outcome(last, a, i), outcome(lambda a, i: ufunc.reduceat(a, i, -1), a, i))


@pytest.mark.parametrize("ufunc", [eager, lazy, np.add, np.hypot], ids=lambda u: u.__name__)
def test_outer(ufunc):
    @njit
    def f(a, b):
        return ufunc.outer(a, b)
    for a in (*arrays("f8").values(), 2.5, np.zeros((0, 2))):
        for b in (np.arange(3), np.ones((2, 2), "f4"), 3, np.zeros(0)):
            same(outcome(f, a, b), outcome(ufunc.outer, a, b))


@pytest.mark.parametrize("dtype", ["i1", "i8", "f4", "f8"])
@pytest.mark.parametrize("ufunc", [eager, lazy, np.add, np.maximum], ids=lambda u: u.__name__)
def test_at(ufunc, dtype):
    @njit
    def at(a, i, b):
        ufunc.at(a, i, b)

    @njit
    def at_pairs(a, i, j, b):
        ufunc.at(a, (i, j), b)
    i, j = np.array([0, 3, 3, -1, 0]), np.array([1, 1, 0, 0, 1], "i4")
    for b in (2, 1.5, np.arange(5), np.ones(5, "f4"), np.array([7])):
        a, c = np.arange(5).astype(dtype), np.arange(5).astype(dtype)
        at(a, i, b), ufunc.at(c, i, b)
        assert (a == c).all()
        a, c = np.arange(8).astype(dtype).reshape(4, 2), np.arange(8).astype(dtype).reshape(4, 2)
        at_pairs(a, i, j, b), ufunc.at(c, (i, j), b)
        assert (a == c).all()
    at_pairs(a, i, 1, 2), ufunc.at(c, (i, 1), 2)
    assert (a == c).all()
    for i, b, error in (([9], 1.0, IndexError), ([0, 1], np.ones(3), ValueError)):
        with pytest.raises(error):
            ufunc.at(np.zeros(3), i, b)
        with pytest.raises(error):
            at(np.zeros(3), np.array(i), b)


def test_at_of_one_operand():
    @njit
    def at(a, i):
        np.negative.at(a, i)
        one.at(a, i)
    a = np.arange(4.0)
    at(a, np.array([1, 3]))
    assert a.tolist() == [0, 0, 2, -2]


def test_in_a_program():
    """Histogram and distances, as people write them with NumPy."""
    @njit
    def histogram(x, n):
        counts = np.zeros(n, np.int64)
        np.add.at(counts, (x * n).astype(np.int64), 1)
        return counts

    @njit
    def farthest(a):
        return np.maximum.reduce(np.abs(np.subtract.outer(a, a)), axis=1)
    x = np.random.default_rng(0).random(1000)
    assert (histogram(x, 10) == np.histogram(x, 10, (0, 1))[0]).all()
    assert (farthest(x) == np.maximum(x.max() - x, x - x.min())).all()


def test_exceptions():
    @njit
    def f(a):
        try:
            return picky.reduce(a)
        except ValueError:
            return -1.0
    assert f(np.arange(5.0)) == 10 and f(np.arange(100.0)) == -1


def test_refused():
    @guvectorize([(float64[:], float64[:])], "(n)->()")
    def core(x, out):
        out[0] = x[0]
    calls = [(lambda a: eager.reduce(a, axis=3), "out of bounds"), (lambda a: eager.reduce(a[0, 0]), "at least one dimension"), (lambda a: one.reduce(a), "two numbers"),
             (lambda a: eager.reduce(a, keepdims=True), "keepdims"), (lambda a: eager.at(a, np.array([0]), 1), "as many indices"), (lambda a: core.reduce(a), "not supported"),
             (lambda a: np.divmod.outer(a, a), "not supported"), (lambda a: eager.outer(a, "x"), "arrays and numbers"), (lambda a: eager.reduceat(a, 1), "array of at least one")]
    for f, what in calls:
        with pytest.raises(TypingError, match=what):
            njit(f)(np.ones((2, 3)))


def test_axis_of_a_vector_may_vary_that_of_others_not():
    @njit
    def f(a, axis):
        return eager.reduce(a, axis)
    assert f(np.arange(5), 0) == 10
    with pytest.raises(TypingError):
        f(np.ones((2, 2)), 0)


def test_forgotten_with_the_ufunc():
    def make():
        @vectorize
        def short(a, b):
            return math.hypot(a, b)
        f = njit(lambda a: short.reduce(a))
        assert f(np.array([3.0, 4.0])) == 5
        return weakref.ref(f)
    gone = make()
    gc.collect()
    assert gone() is None


def test_gradual():
    """What is refused under njit is done by NumPy under jit."""
    @jit
    def f(a):
        return eager.reduce(a, keepdims=True, axis=1)
    assert f(np.ones((2, 3))).tolist() == [[3.0], [3.0]]
