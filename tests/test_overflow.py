"""overflow="raise": what CPython would compute beyond 64 bits is an OverflowError; everything else is as ever."""
import operator

import numpy as np
import pytest

from hotloop import njit

HIGH, LOW = 2**63 - 1, -2**63
ENDS = [HIGH, LOW, HIGH - 1, LOW + 1, 0, 1, -1, 3, -3, 2**31, 2**32, -2**32, 3037000499, 3037000500]
COUNTS = [0, 1, 2, 3, 61, 62, 63, 64, 65, 1000]


def agree(f, *args):
    try:
        want = f(*args)
    except Exception as e:  # noqa: BLE001 - whatever CPython raises
        want = e
    compiled = njit(overflow="raise")(f)
    if isinstance(want, Exception):
        with pytest.raises(type(want), match=str(want) or None):
            compiled(*args)
    elif LOW <= want <= HIGH:
        assert compiled(*args) == want
    else:
        with pytest.raises(OverflowError, match="integer result does not fit in 64 bits"):
            compiled(*args)


BINARY = [operator.add, operator.sub, operator.mul]


@pytest.mark.parametrize("f", [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: operator.mul(a, b)],
                         ids=["add", "sub", "mul", "operator"])
def test_binary(f):
    for a in ENDS:
        for b in ENDS:
            agree(f, a, b)


@pytest.mark.parametrize("f", [lambda a: -a, lambda a: abs(a), lambda a: a // -1, lambda a: a**3, lambda a: a**2, lambda a: a << 1, lambda a: a << 63],
                         ids=["neg", "abs", "floordiv", "cube", "square", "double", "far"])
def test_unary(f):
    for a in ENDS + [2**20, 2**21, 2097151, -2097152, -2097153]:
        agree(f, a)


def test_shift_and_power():
    for a in (0, 1, -1, 2, -2, 5, HIGH, LOW):
        for n in COUNTS:
            agree(lambda a, n: a << n, a, n)
            agree(lambda a, n: a**n, a, n)
    for b in (-1, 1, 7, 0):
        for a in (LOW, HIGH, -5):
            agree(lambda a, b: a // b, a, b)


def test_sum_of_a_list():
    agree(lambda x: sum(x), [HIGH, 1])
    agree(lambda x: sum(x), [HIGH, -1, 1])


def test_unsigned():
    f = njit(overflow="raise")(lambda a, b: a[0] * b[0])
    big = np.array([2**63], np.uint64)
    assert f(big, np.array([1], np.uint64)) == 2**63
    with pytest.raises(OverflowError):
        f(big, np.array([2], np.uint64))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.uint64])
def test_narrowing(dtype):
    @njit(overflow="raise")
    def store(a, v):
        a[1] = v

    @njit(overflow="raise")
    def convert(v):
        return dtype(v)
    low, high = int(np.iinfo(dtype).min), min(int(np.iinfo(dtype).max), HIGH)
    a = np.zeros(3, dtype)
    for v in (low, high, 0, 1):
        store(a, v)
        assert a.tolist() == [0, v, 0] and convert(v) == v
    for v in (low - 1, high + 1, HIGH, LOW):
        if low <= v <= high or not LOW <= v <= HIGH:
            continue
        a[:] = 7
        with pytest.raises(OverflowError, match=f"integer {v} does not fit in {a.itemsize * 8} bits"):
            store(a, v)
        with pytest.raises(OverflowError):
            convert(v)
        assert a.tolist() == [7, 7, 7]


def test_try_and_ownership():
    @njit(overflow="raise")
    def f(a, b, n):
        got = []
        for _ in range(n):
            x = np.ones(3)
            try:
                got.append(a * b + 1)
                x[0] = a * a
            except OverflowError:
                got.append(-1)
            got.append(int(x[0]))
        return got
    assert f(2, 3, 2) == [7, 4, 7, 4]
    assert f(2**40, 2**40, 2) == [-1, 1, -1, 1]
    assert f(2**40, 2, 1) == [2**41 + 1, -1, 1]

    @njit(overflow="raise")
    def g(n):
        keep = [np.ones(4), np.ones(4)]
        s = 1
        for k in range(n):
            s = s * 3
            keep[k % 2] = np.full(2, 1.0 * s)
        return s
    assert g(39) == 3**39
    with pytest.raises(OverflowError):
        g(60)


def test_indices_still_vectorise():
    """Arithmetic of indices that are known to be in range is not checked."""
    @njit(overflow="raise")
    def f(a, w):
        for i in range(len(a) // w):
            for j in range(w):
                a[i * w + j] = 1.5
    a = np.zeros(60)
    f(a, 6)
    assert (a == 1.5).all()
    g = njit(lambda a, i, j: a[i * j])
    with pytest.raises(IndexError):
        g(a, 100, 100)
    with pytest.raises(OverflowError):
        njit(overflow="raise")(lambda a, i, j: a[i * j])(a, 2**40, 2**40)


def test_default_wraps_and_option_is_checked():
    assert njit(lambda a: a + 1)(HIGH) == LOW
    assert njit(overflow="wrap")(lambda a: a * 2)(HIGH) == -2
    with pytest.raises(ValueError, match="'wrap' or 'raise'"):
        njit(overflow="sometimes")(lambda a: a)


def test_callees_keep_their_own():
    @njit
    def wraps(a):
        return a + 1

    @njit(overflow="raise")
    def f(a):
        return wraps(a)

    @njit(overflow="raise")
    def inner(a):
        return (lambda x: x + 1)(a)
    assert f(HIGH) == LOW
    with pytest.raises(OverflowError):
        inner(HIGH)


@pytest.mark.parametrize("args", [(0, 10, 0), (5, 1, 0), (0, 0, 0), (0.0, 10.0, 0.0), (1.5, 1.0, 0.0)])
def test_arange_step_zero(args):
    def f(a, b, c):
        return np.arange(a, b, c)
    with pytest.raises(ZeroDivisionError) as want:
        f(*args)
    with pytest.raises(ZeroDivisionError, match=f"^{want.value}$"):
        njit(f)(*args)
