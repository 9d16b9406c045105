"""Ufuncs and gufuncs that compiled functions call: values, fusion, exceptions, leaks (conftest.py)."""
import math

import numpy as np
import pytest
from ufuncs import largest, plus, views

from hotloop import float32, float64, guvectorize, njit, vectorize
from hotloop.errors import TypingError


@vectorize(["float32(float32,float32)", float64(float64, float64)])
def add(a, b):
    return a + b


@vectorize
def density(x, m, s):
    return math.exp(-0.5 * ((x - m) / s) ** 2) / (s * math.sqrt(2 * math.pi))


@vectorize
def divided(a, b):
    return a // b, a % b


@vectorize
def picky(a):
    if a > 90:
        raise ValueError("too large", a)
    return a * 2


@vectorize
def both(a):
    if a > 90:
        raise ValueError("too large", a)
    return a * 2, a > 1


def same(got, want):
    assert type(got) is type(want) or np.ndim(want) == 0
    np.testing.assert_array_equal(got, want)
    assert np.asarray(got).dtype == np.asarray(want).dtype


A = np.arange(1.0, 25.0).reshape(2, 3, 4)
SHAPES = ("C", "F", "strided", "reversed", "row", "column", "no rows", "one", "0-d")


@pytest.mark.parametrize("left", SHAPES)
@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "i8"])
def test_element_by_element(left, dtype):
    @njit
    def f(a, b):
        return add(a, b), add(a, 2), add(1.5, b), density(a, 0.5, b)
    seen = views(A.astype(dtype))
    a = seen[left]
    for b in (seen[name] for name in SHAPES):
        try:
            np.broadcast_shapes(a.shape, b.shape)
        except ValueError:
            with pytest.raises(ValueError, match="broadcast"):
                f(a, b)
            continue
        got, want = f(a, b), (add(a, b), add(a, 2), add(1.5, b), density(a, 0.5, b))
        for g, w in zip(got, want):
            np.testing.assert_allclose(g, w, rtol=1e-6)
            assert np.asarray(g).dtype == np.asarray(w).dtype or np.ndim(w) == 0


def test_weak_numbers():
    @njit
    def variable(a, y):
        return density(a, y, y)
    assert variable(np.ones(3, "f4"), 0.5).dtype == np.float32

    @njit
    def beyond(a):
        return divided(a, 1000)
    with pytest.raises(TypingError, match="Python integer 1000 out of bounds for int8"):
        beyond(np.ones(3, "i1"))


def test_several_results():
    @njit
    def f(a, b):
        q, r = divided(a, b)
        return q, r, q * b + r
    for a, b in ((7, 2), (np.arange(12).reshape(3, 4), 3), (np.arange(4), np.arange(1, 4)[:, None]), (np.arange(12)[::-2], 5), (np.zeros(0, int), 1)):
        q, r, back = f(a, b)
        same(q, a // b)
        same(r, a % b)
        assert (back == a).all() if np.ndim(a) else back == a


def test_fused_without_temporaries():
    @njit
    def total(a):
        return np.sum(add(a, 1.0) * density(a, 0.0, 1.0) + np.sqrt(a))

    @njit
    def into(a, out):
        out[...] = add(a, a) * 2.0
    a = np.linspace(0, 3, 10_000)
    assert total(a) == pytest.approx(np.sum((a + 1) * density(a, 0.0, 1.0) + np.sqrt(a)), rel=1e-12)
    out = np.empty_like(a)
    into(a, out)
    assert (out == 4 * a).all()
    for f in (total, into):
        text = f.inspect_llvm(f.signatures[0])
        assert "hl_array_make" not in text and "hl_array_new" not in text


def test_out():
    @njit
    def positional(a, o):
        return add(a, 1.0, o)

    @njit
    def keyword(a, o):
        return add(a, 1.0, out=o)
    for f in (positional, keyword):
        a, o = np.arange(6.0), np.zeros(6)
        assert f(a, o) is o and (o == a + 1).all()
        f(o, o)
        assert (o == a + 2).all()
        f(o[:-1], o[1:])
        assert o.tolist() == [2, 3, 4, 5, 6, 7]
        with pytest.raises(ValueError):
            f(a, np.zeros(5))


def test_exceptions():
    @njit
    def plain(a):
        return picky(a)

    @njit
    def several(a):
        return both(a)

    @njit
    def into(a, o):
        o[:] = picky(a) + 1

    @njit
    def caught(a):
        try:
            return picky(a).sum()
        except ValueError:
            return -1.0

    @njit
    def zero_d(a):
        return picky(a[()])
    good, bad = np.arange(12.0).reshape(3, 4), np.arange(12.0).reshape(3, 4) * 10
    o = np.zeros((3, 4))
    assert (plain(good) == 2 * good).all() and (several(good)[1] == (good > 1)).all() and caught(good) == 132 and caught(bad) == -1
    into(good, o)
    assert (o == 2 * good + 1).all()
    o[:] = 0
    for call in (lambda: plain(bad), lambda: plain(95.0), lambda: several(bad), lambda: into(bad, o), lambda: plain(np.array(95.0)), lambda: zero_d(np.array(95.0)),
                 lambda: several(95.0), lambda: plain(bad[::-1, ::2])):
        with pytest.raises(ValueError) as e:
            call()
        assert e.value.args[0] == "too large"
    assert not o.any()


def test_ufunc_in_ufunc():
    @vectorize
    def outer(a):
        return add(a, a) * divided(a, 2)[0]

    @njit
    def f(a):
        return outer(a) + 1
    a = np.arange(5.0)
    assert f(a).tolist() == [x * 2 * (x // 2) + 1 for x in a]


def test_recursion():
    @njit
    def power(x, n):
        return 1.0 if n == 0 else x * power(x, n - 1)

    @vectorize
    def cube(x):
        return power(x, 3)

    @njit
    def f(a):
        return cube(a)
    assert f(np.arange(4.0)).tolist() == [0, 1, 8, 27]


def test_refused():
    @njit
    def count(a):
        return add(a)

    @njit
    def keyword(a):
        return add(a, a, dtype=np.float32)

    @njit
    def text(a):
        return add(a, "x")

    @njit
    def unsafe(a):
        return add(a, 1j)
    for f, what in ((count, "2 positional"), (keyword, "dtype"), (text, "operand 2 is"), (unsafe, "could not be safely coerced")):
        with pytest.raises(TypingError, match=what):
            f(np.ones(3))


# --- gufuncs ---------------------------------------------------------------------------------------------------------------------------------


@guvectorize([(float32[:, :], float32[:, :], float32[:, :]), (float64[:, :], float64[:, :], float64[:, :])], "(m,n),(n,p)->(m,p)")
def matmul(a, b, c):
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = a[0, 0] * 0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            c[i, j] = s


@guvectorize([(float64[:], float64[:])], "(n)->(3)")
def extent(x, out):
    if len(x) > 50:
        raise ValueError("too long", len(x))
    out[0], out[1], out[2] = x.min(), x.max(), len(x)


@guvectorize([(float64[:], float64[:], float64[:])], "(n),()->(n)")
def older(x, k, out):
    for i in range(len(x)):
        out[i] = x[i] * k[0]


@guvectorize("(n),()->(n)")
def lazy(x, k, out):
    for i in range(len(x)):
        out[i] = x[i] + k


@guvectorize([(float64[:, :], float64[:, :])], "(m,n)->(n,m)")
def turned(x, out):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[j, i] = x[i, j]


@pytest.mark.parametrize("dtype", ["i1", "u4", "f4", "f8", "?"])
def test_gufunc_makes_its_outputs(dtype):
    @njit
    def f(x, k):
        return plus(x, k)

    @njit
    def g(x, k):
        return older(x, k)

    @njit
    def h(x):
        value, place = largest(x)
        return value, place, extent(x)

    @njit
    def planes(x):
        return turned(x), largest(turned(x)), plus(x, x[..., 0])
    for x in views(A.astype(dtype)).values():
        if x.ndim == 0:
            continue
        if 0 in x.shape[-2:]:  # nothing to find the largest of
            same(f(x, 1.0), plus(x, 1.0))
            continue
        before = x.copy()
        for k in (2, 1.5, np.arange(x.shape[0]) * 1.0 if x.ndim == 2 else 0.5, np.array(3.0)):
            same(f(x, k), plus(x, k))
            same(g(x, k), older(x, k))
        for got, want in zip(h(x), (*largest(x), extent(x))):
            same(got, want)
        if x.ndim > 1:
            t, both, b = planes(x)
            for got, want in zip((t, *both, b), (turned(x), *largest(turned(x)), plus(x, x[..., 0]))):
                same(got, want)
        same(x, before)
    same(f(np.zeros((2, 0)), 1.0), np.zeros((2, 0)))
    same(f(np.zeros((0, 2)), 1.0), np.zeros((0, 2)))


def test_results_without_dimensions_are_numbers():
    @njit
    def call(x):
        value, place = largest(x)
        return value * 2 if value > place else -1.0
    assert call(np.array([1.0, 7.0])) == 14.0 and call(np.array([0, 0], "i2")) == -1.0


def test_gufunc_matmul():
    @njit
    def f(a, b):
        return matmul(a, b)
    a, b = np.arange(24.0).reshape(2, 3, 4), np.arange(20.0).reshape(4, 5)
    for x in (a, a[0], a[:, ::-1], np.asfortranarray(a), a.astype("f4")):
        for y in (b, np.asfortranarray(b), b[:, ::2], b[None, None]):
            y = y.astype(x.dtype)
            same(f(x, y), np.matmul(x, y))
    for x, y in ((a, a), (a, b[:3])):
        with pytest.raises(ValueError, match=r"matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature \(m,n\),\(n,p\)->\(m,p\) \(size 3 is different from 4\)"):
            f(x, y)
    with pytest.raises(ValueError, match="broadcast"):
        f(a, np.ones((3, 4, 5)))


def test_gufunc_into_outputs():
    @njit
    def f(x, k, o):
        return plus(x, k, o)

    @njit
    def keyword(x, k, o):
        plus(x, k, out=o)

    @njit
    def several(x, v, p):
        return largest(x, v, p)

    @njit
    def untyped(x, k, o):
        lazy(x, k, o)
        return o.sum()
    x = np.arange(24.0).reshape(2, 3, 4)
    for call in (f, keyword):
        o = np.zeros_like(x)
        r = call(x, 1.0, o)
        assert r is (o if call is f else None)
        assert (o == x + 1).all()
    v, p = np.zeros((2, 3)), np.zeros((2, 3), int)
    r = several(x, v, p)
    assert r[0] is v and r[1] is p and (v == x.max(-1)).all() and (p == 3).all()
    assert untyped(x, 1.0, np.zeros((2, 3, 4), "f4")) == x.sum() + 24
    for bad in (o[:1], o[..., :2], np.zeros((3, 4)), np.zeros((5, 2, 3, 4))[:0]):
        if bad.ndim == 4:
            same(f(x, 1.0, bad), bad)
            continue
        before = bad.copy()
        with pytest.raises(ValueError):
            f(x, 5.0, bad)
        same(bad, before)
    wide = np.zeros((5, 2, 3, 4))
    assert (f(x, 1.0, wide) == np.broadcast_to(x + 1, wide.shape)).all()


def test_gufunc_overlap():
    @njit
    def f(x, o):
        plus(x, 1.0, o)

    @njit
    def backwards(x):
        plus(x[::-1], 0.0, x)
    x = np.arange(10.0)
    f(x[:-1], x[1:])
    assert x.tolist() == [0.0] + [i + 1.0 for i in range(9)]
    x = np.arange(10.0)
    backwards(x)
    assert x.tolist() == list(range(10))[::-1]
    x = np.arange(12.0).reshape(3, 4)
    f(x, x)
    assert (x == np.arange(12.0).reshape(3, 4) + 1).all()


def test_gufunc_exceptions_and_refusals():
    @njit
    def f(x):
        return extent(x)

    @njit
    def unknown(x):
        return lazy(x, 1.0)

    @njit
    def p(x, k):
        return plus(x, k)
    with pytest.raises(ValueError, match="too long"):
        f(np.ones((3, 51)))
    assert f(np.ones((3, 50)))[0, 2] == 50
    frozen = np.ones(3)
    frozen.flags.writeable = False

    @njit
    def into(x, o):
        plus(x, 1.0, o)
    with pytest.raises(ValueError, match="read-only"):
        into(np.ones(3), frozen)
    for call, what in ((lambda: unknown(np.ones(3)), "not known"), (lambda: p(2.0, np.ones(3)), "fewer dimensions"),
                       (lambda: p(np.ones(3), 1j), "could not be safely coerced")):
        with pytest.raises(TypingError, match=what):
            call()
