"""Compiled functions that pass arrays, tuples and lists through branches, loops and exceptions: same results as CPython, and
(tests/conftest.py) nothing left behind."""
import sys

import numpy as np
import pytest
from harness import check
from runtime_library import I64, Strangers, give_back, own

import hotloop


def A(n):
    return np.random.default_rng(n).random(n)


def shrinking(a):
    s = 0.0
    b = a
    while b.shape[0] > 1:
        s += b[0]
        b = b[1:]
    return s, b


def aggregate(a):
    b = a + 1
    c = b[1:]
    return c, b, a


def list_of_arrays(n):
    xs = [np.zeros(2)]
    for i in range(n):
        xs.append(np.ones(2) * i)
    t = 0.0
    for y in xs:
        t += y[0]
    z = xs[1]
    xs.pop()
    xs[0] = z
    return xs, z, t


def loop_of_try(a, n):
    s = 0.0
    b = np.zeros(3)
    for i in range(n):
        try:
            c = a * 2
            s += c[i]
            b = c
        except IndexError:
            s -= 1
            b = b + 1
    return s, b


def leave_try(a, n):
    b = np.zeros(3)
    try:
        b = a + 1
        b = a[:n] + b[:n]
        x = b[n-1] + a[n]
    except IndexError:
        return b, -1.0
    return b, x


def optional(a, f):
    b = None
    if f > 0:
        b = a + 1
    if b is None:
        return 0.0
    return b[0]


def swapped(a, n):
    b = a.copy()
    c = a + 1
    for i in range(n):
        b, c = c, b + c
    return b, c


def tuples(a, n):
    t = (a + 1, a[1:], n)
    u = (t, a)
    if n > 2:
        return t[0]
    return u[0][1]


def raising(a, n):
    b = a + 1
    if n > 2:
        raise ValueError("too big")
    return b / n


def list_of_lists(n):
    xs = [[float(i + j) for j in range(i)] for i in range(n)]
    s = 0.0
    for x in xs:
        for y in x:
            s += y
    xs[1] = xs[2]
    w = xs[1]
    w.append(2.5)
    return xs, s, w


def strings(n):
    xs = ["a", "b"]
    for i in range(n):
        xs.append("c")
    return xs


CASES = [
    (shrinking, lambda: (A(5),)),
    (aggregate, lambda: (A(5),)),
    (list_of_arrays, lambda: (4,)),
    (loop_of_try, lambda: (A(4), 6)),
    (leave_try, lambda: (A(4), 2)),
    (leave_try, lambda: (A(4), 4)),
    (leave_try, lambda: (A(4), 5)),
    (optional, lambda: (A(4), 1)),
    (optional, lambda: (A(4), -1)),
    (swapped, lambda: (A(4), 3)),
    (tuples, lambda: (A(4), 3)),
    (tuples, lambda: (A(4), 1)),
    (raising, lambda: (A(4), 3)),
    (raising, lambda: (A(4), 2)),
    (list_of_lists, lambda: (4,)),
    (strings, lambda: (3,)),
]


@pytest.mark.parametrize("f, args", CASES, ids=lambda x: x.__name__.strip("<>"))
def test_same_as_cpython(f, args):
    check(f, *args())


# --- functions that handle nothing but constants: each call gives a reference of its own away ------------------------------------------

TABLE = np.arange(3.0)
PAIR = (TABLE, "a word of its own")


def constant_text(a):
    return "naïve, and not interned"


def constant_array():
    return TABLE


def constant_pair():
    return PAIR


def one_of_two(a):
    if a:
        return "one of two"
    return "two of two"


def constant_raised():
    raise ValueError("a message that is kept")


@pytest.mark.parametrize("f, args", [(constant_text, (1,)), (constant_array, ()), (constant_pair, ()), (one_of_two, (0,)), (constant_raised, ())],
                         ids=lambda x: getattr(x, "__name__", ""))
def test_constants_outlive_what_is_returned(f, args):
    compiled = hotloop.njit(f)
    check(f, *args)

    def call():
        try:
            return compiled(*args)
        except ValueError as e:
            return e.args[0]

    call()
    constants = [TABLE, PAIR[1]] + [c for c in f.__code__.co_consts if isinstance(c, str)]
    counts = [sys.getrefcount(c) for c in constants]
    for _ in range(5):
        call()
    kept = [call() for _ in range(300)]  # the owners of what is freed too early are soon used for something else
    others = [hotloop.njit(lambda x: x)(np.arange(k)) for k in range(3)]
    for k in kept:
        np.testing.assert_equal(k, kept[0])
    del kept, k, others
    assert [sys.getrefcount(c) for c in constants] == counts


@pytest.mark.parametrize("fault", ["given back twice", "given back while it is another's", "kept"])
def test_strangers_notice(fault):
    strangers = Strangers()
    o = own("of its own")
    give_back(o)
    strangers.move_in()
    assert o in strangers.owners
    if fault == "kept":
        I64.from_address(o).value += 1
    else:
        give_back(o)
    if fault == "given back while it is another's":
        strangers.move_in()
        assert strangers.owners.count(o) == 2
    assert strangers.leave() == 1
    if fault == "kept":
        I64.from_address(o).value -= 1
        give_back(o)
