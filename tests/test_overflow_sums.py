"""overflow="raise" in loops that are vectorised: the same OverflowError, or the same result, as one addition after another."""
import numpy as np
import pytest

from hotloop import njit

HIGH, LOW = 2**63 - 1, -2**63
SIZES = [0, 1, 2, 7, 8, 64, 65, 1000]


def total(a, s):
    for x in a:
        s += x
    return s


def indexed(a, s):
    for i in range(len(a)):
        s -= a[i]
    return s


def backwards(a, s):
    for i in range(len(a) - 1, -1, -1):
        s += a[i]
    return s


def tripled(a, s):
    for x in a:
        s += 3 * x
    return s


def squares(a, s):
    for x in a:
        s += x * x
    return s


def shifted(a, s):
    for i in range(len(a)):
        s += a[i] + 5 * i
    return s


def two(a, s):
    t = s
    for x in a:
        s += x
        t -= x - 1
    return s // 2 + t // 2


def largest_difference(a, s):
    best = 0
    for i in range(1, len(a)):
        best = max(best, a[i] - a[i - 1])
    return best


FUNCTIONS = [total, indexed, backwards, tripled, squares, shifted, two, largest_difference]


class Exact(int):
    """An integer that raises when a result leaves 64 bits."""


def _checked(name):
    method = getattr(int, name)

    def operation(self, other):
        result = method(int(self), int(other))
        if not LOW <= result <= HIGH:
            raise OverflowError
        return Exact(result)

    return operation


for _name in ("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__"):
    setattr(Exact, _name, _checked(_name))


def outcome(f, a, s):
    try:
        return int(f(a, s))
    except OverflowError:
        return OverflowError


def both(f, compiled, a, s):
    want = outcome(f, [Exact(x) for x in a], Exact(s))
    assert outcome(compiled, a, s) == want, (f.__name__, a, s)
    return want


def data(n, rng):
    yield rng.integers(-1000, 1000, n)
    yield rng.integers(-2**40, 2**40, n)
    yield rng.integers(0, 2**62 // max(n, 1), n, endpoint=True)
    yield rng.integers(-2**62, 2**62, n)
    for value in (HIGH, LOW, 2**62, -2**62 - 1, 2**31, HIGH // 3 + 1):
        a = rng.integers(-3, 3, n)
        a[rng.integers(0, n + 1):][:1] = value
        yield a
    a = np.zeros(n, np.int64)           # leaves 64 bits on the way, and comes back
    a[:2] = HIGH
    a[2:4] = LOW
    yield a


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("options", [{}, {"interrupts": False}, {"boundscheck": False}], ids=str)
def test_same_as_one_after_another(f, options):
    compiled, rng = njit(overflow="raise", **options)(f), np.random.default_rng(3)
    seen = set()
    for n in SIZES:
        for a in data(n, rng):
            for s in (0, -5, 2**62, -2**62, HIGH, LOW + 3):
                seen.add(both(f, compiled, a, s) is OverflowError)
                both(f, compiled, a[::-1], s)
                both(f, compiled, np.repeat(a, 3)[::3], s)
    assert seen == {False, True}


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.bool_], ids=lambda d: d.__name__)
def test_narrow_items(dtype):
    compiled, rng = njit(overflow="raise")(total), np.random.default_rng(4)
    for n in SIZES:
        a = (rng.integers(0, 2, n) if dtype is np.bool_ else rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, n, endpoint=True)).astype(dtype)
        for s in (0, HIGH, LOW, HIGH - 1000, HIGH - int(a.sum(dtype=np.int64)) if n and a.sum(dtype=np.int64) > 0 else 1):
            both(total, compiled, a, s)


@pytest.mark.parametrize("at", [0, 2**18 - 1, 2**18, 2**19 + 5, 600_000 - 1])
def test_in_one_of_many_pieces(at):
    compiled = njit(overflow="raise")(total)
    a = np.ones(600_000, np.int64)
    a[at] = HIGH - at - 1 if at else HIGH
    start = 1 if not at else 0
    if at == 0 or at < len(a) - 1:
        with pytest.raises(OverflowError, match="64 bits"):
            compiled(a, start)
    assert compiled(a[:at + 1], 0) == (HIGH if at == 0 else HIGH - 1)


def test_the_line_is_named():
    @njit(overflow="raise")
    def f(a):
        s = 1
        for x in a:
            s += x
        return s

    first = f.py_func.__code__.co_firstlineno
    with pytest.raises(OverflowError) as e:
        f(np.array([5, HIGH]))
    assert e.traceback[-1].lineno + 1 == first + 4
