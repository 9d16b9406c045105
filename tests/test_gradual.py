"""Gradual compilation: under @jit a value without a native type is a Python object, and everything beside it stays native."""
import sys

import numpy as np
import pytest

from harness import check
from hotloop import jit, njit
from hotloop.errors import TypingError


class Point:
    def __init__(self, x):
        self.x = x

    def moved(self, by, times=1):
        return self.x + by * times


def same(func, *args, **options):
    """`check` of the function under @jit."""
    return check(jit(**options)(func), *args)


# --- operations on objects ---------------------------------------------------------------------------------------


def test_item_of_a_dict():
    def f(d):
        return d["house"]

    for value in (3, "text", None, [1, "a"], Point, 2**80):
        same(f, {"house": value})
    same(f, {})


def test_attributes_and_calls():
    def f(p, q):
        p.x = q
        return p.moved(3) + p.x, p.moved(2, times=4), p.moved(by=1)

    same(lambda x: f(Point(x), 7), 2)
    assert jit(f)(Point(2), 7) == f(Point(2), 7)
    with pytest.raises(AttributeError, match="'int' object has no attribute 'moved'"):
        jit(lambda p, d: d["p"].moved(p))(1, {"p": 3})


OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^", "@", "<", "<=", "==", "!=", ">", ">=", "is", "in")


@pytest.mark.parametrize("op", OPERATORS)
@pytest.mark.parametrize("pair", [(7, 3), (2**70, 5), (7.5, 2), ("ab", "b"), ([1, 2], [3]), ({1, 2}, {2})], ids=repr)
def test_operators(op, pair):
    scope = {}
    exec(f"def f(d): return d['a'] {op} d['b']\ndef g(d):\n    a = d['a']\n    a {op}= d['b']\n    return a" if op[0] not in "<=>!i" or op in ("<<", ">>")
         else f"def f(d): return d['a'] {op} d['b']", scope)
    for name in ("f", "g"):
        if name in scope:
            same(scope[name], {"a": pair[0], "b": pair[1]})


def test_native_beside_object():
    def f(d, n):
        s = 0.0
        for i in range(n):
            s += i * 0.5
        return s * d["k"]

    same(f, {"k": 2}, 1000)


def test_exceptions_are_cpythons():
    def f(d, k):
        try:
            return d[k]
        except KeyError as e:
            return "none", e.args

    same(f, {}, 1)
    same(f, {1: 2}, 1)

    def g(d):
        return d["a"]["b"]

    same(g, {"a": {}})
    same(g, {"a": 3})


def test_iteration_and_unpacking():
    def f(d):
        total = 0
        for k in d:
            total += d[k]
        a, *b, c = d
        return total, a, b, c, len(d), [k for k in d]

    same(f, {1: 10, 2: 20, 3: 30})
    same(f, {1: 10})

    def g(d):
        a, b = d["pair"]
        return float(a), int(b), str(a), f"{a}-{b:>5}", bool(a), not b

    same(g, {"pair": (1, 2)})
    for wrong in ((1,), (1, 2, 3), 7, "ab", {1}):
        same(g, {"pair": wrong})


def test_a_list_that_becomes_an_object_is_one_list():
    def f(d):
        items = [1, 2]
        d["items"] = items
        items.append(3)
        return items

    d = {}
    assert jit(f)(d) is d["items"] and d["items"] == [1, 2, 3]

    def g(d, items):
        d["items"] = items
        items.append(4)

    d, items = {}, [1]
    jit(g)(d, items)
    assert d["items"] is items and items == [1, 4]


def test_references_are_given_back():
    class Thing:
        pass

    def f(d, n):
        x = d["thing"]
        for _ in range(n):
            x = d["thing"]
            if x is None:
                return x
        try:
            x.missing
        except AttributeError:
            pass
        return x

    thing = Thing()
    d = {"thing": thing}
    g = jit(f)
    g(d, 3)
    before = sys.getrefcount(thing), sys.getrefcount(d)
    for _ in range(100):
        g(d, 5)
    assert (sys.getrefcount(thing), sys.getrefcount(d)) == before


def test_njit_refuses():
    with pytest.raises(TypingError, match="argument 'd'"):
        njit(lambda d: d["house"])({"house": 1})


def test_specialisations_stay_apart():
    f = jit(lambda x: x + x)
    assert f({1}.pop()) == 2
    with pytest.raises(TypeError):
        f({})
    assert f(1.5) == 3.0 and f([1, "a"]) == [1, "a", 1, "a"] and f([1]) == [1, 1]
    assert np.array_equal(f(np.arange(3)), [0, 2, 4])
    names = {str(s) for s in f.signatures}
    assert len(names) == 5
