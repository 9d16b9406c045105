"""np.add(a, b, out) and out=: the result goes into an array that exists, which is also the value."""
import itertools

import numpy as np
import pytest

import hotloop
from hotloop import float64, guvectorize, njit, vectorize
from harness import check


def positional(a, b, o):
    return np.multiply(a, b, o)


def keyword(a, o):
    np.sqrt(a, out=o)
    return o


def in_place(z, c):
    for _ in range(3):
        np.multiply(z, z, z)
        np.add(z, c, z)
    return z


def into_view(a, b, o):
    np.add(a, b, o[::2])
    np.subtract(a, b, out=o[1::2])
    return o


def overlapping(a):
    np.add(a[:-1], a[1:], a[1:])
    return a


def test_out():
    a = np.arange(6.0)
    check(positional, a, a + 1, np.zeros(6))
    check(positional, a.reshape(2, 3), np.arange(3.0), np.zeros((2, 3)))
    check(positional, np.arange(6), 2, np.zeros(6))
    check(keyword, a, np.zeros(6))
    check(keyword, a.astype(np.float32), np.zeros(6, np.complex128))
    check(in_place, a * (0.1 + 0.2j), a * 1j, rtol=1e-14)
    check(into_view, a, a + 1, np.zeros(12))
    check(overlapping, a)


def test_broadcast_into():
    with pytest.raises(ValueError):
        hotloop.njit(positional)(np.arange(6.0), 1.0, np.zeros(5))


def test_refused():
    with pytest.raises(hotloop.TypingError, match="same_kind"):
        hotloop.njit(positional)(np.arange(3.0), 1.0, np.zeros(3, np.int64))


@vectorize
def apart(a, b):
    return a * 2 - b


@pytest.mark.parametrize("f", [np.add, apart], ids=lambda f: f.__name__)
def test_every_shape_is_judged_as_numpy_does(f):
    """Unlike a store into out[...], the result must not lose a dimension of one item."""
    @njit
    def plain(a, b, o):
        f(a, b, o)

    @njit
    def fused(a, b, o):
        f(a * 3, b, out=o)
    shapes = [(), (1,), (2,), (3,), (1, 2), (2, 2), (2, 1), (1, 1), (3, 2), (0,), (2, 0)]
    for a, b, o in itertools.product(shapes, shapes, shapes):
        for call, scale in ((plain, 1), (fused, 3)):
            outs, said = [np.zeros(o), np.zeros(o)], []
            for g, args in ((f, (np.ones(a) * scale, np.ones(b))), (call, (np.ones(a), np.ones(b)))):
                try:
                    g(*args, outs[len(said)])
                    said.append(None)
                except ValueError as e:
                    said.append(str(e))
            assert said[0] == said[1] and (outs[0] == outs[1]).all()


def test_read_only():
    @njit
    def call(a, o):
        np.add(a, 1, out=o)
    o = np.zeros(2)
    o.flags.writeable = False
    with pytest.raises(ValueError, match="output array is read-only"):
        call(np.ones(2), o)


@guvectorize([(float64[:], float64, float64[:])], "(n),()->(n)")
def shifted(x, k, out):
    for i in range(len(x)):
        out[i] = x[i] + k


@pytest.mark.parametrize("f", [np.add, apart, shifted], ids=lambda f: f.__name__)
def test_none_and_tuples_of_one(f):
    @njit
    def optional(a, out=None):
        return f(a, 1, out=out)

    @njit
    def of_one(a, out):
        return f(a, 1, out=(out,))
    a, o = np.arange(3.0), np.zeros(3)
    want = f(a, 1)
    for got in (optional(a), optional(a, None), optional(a, o), of_one(a, np.zeros(3))):
        assert (got == want).all()
    assert optional(a, o) is o and of_one(a, o) is o and (o == want).all()
