"""Blocks under objmode: a few statements for the interpreter inside of compiled code."""
import numpy as np
import pytest

import hotloop
from harness import check
from hotloop import jit, njit, objmode, types
from hotloop.errors import TypingError, UnsupportedError

VECTOR = types.float64[:]
LOG = []


def text_and_back(x):
    with objmode(y="int64"):
        y = int(str(x) + "1")
    return y + 1


def array_result(a):
    with objmode(r=VECTOR, s="float64"):
        r = np.sort(a)[::-1].copy()
        s = float(r.sum())
    t = 0.0
    for i in range(len(r)):
        t += r[i] * i
    return t + s


def in_a_loop(n):
    t = 0
    for i in range(n):
        with hotloop.objmode(k="int64"):
            if i % 2:
                k = i * 2
            else:
                k = -i
        t += k
    return t


def exception_is_caught(x):
    try:
        with objmode(y="int64"):
            y = {}["k"]
    except KeyError:
        return -x
    return y


def nothing_comes_out(x):
    with objmode():
        z = [x, "a"]
        LOG.append(len(z))
    return x


def statements(n):
    y = 0
    for q in range(10):
        with objmode(y="int64"):
            y = y + sum([q for _ in range(n)]) + sum(k for k in {1: 2})
            import colorsys  # noqa: F401
            try:
                {}["a"]
            except KeyError:
                pass
        if y > 20:
            break
    return y


def own_variables(n):
    z = 5
    for i in range(n):
        with objmode(y="int64"):
            z = i
            y = z
    return y


def sometimes(n):
    with objmode(y="int64"):
        if n > 3:
            y = 1
    return y


def several(n):
    with objmode(t="Tuple((int64, float64))", u="unicode_type"):
        t = (1, 2.5)
        u = f"{n}"
    return t[1], u


@pytest.mark.parametrize("decorate", [njit, jit, njit(nogil=True)], ids=["njit", "jit", "nogil"])
@pytest.mark.parametrize("func, args", [
    (text_and_back, (4,)), (array_result, (np.arange(4.0),)), (in_a_loop, (7,)), (exception_is_caught, (3,)), (nothing_comes_out, (1,)),
    (statements, (3,)), (own_variables, (2,)), (sometimes, (5,)), (sometimes, (1,)), (several, (1,))], ids=lambda v: getattr(v, "__name__", None))
def test_as_cpython(func, args, decorate):
    check(decorate(func), *args)


def undeclared(x):
    with objmode(y="int64"):
        y = 1
        z = 2
    return y + z


def undeclared_through_a_loop(n):
    z = 0
    for _ in range(n):
        with objmode(y="int64"):
            y = 1
            z = y
    return z


def not_assigned(x):
    with objmode(y="int64"):
        z = 1  # noqa: F841
    return x


def no_type(x):
    with objmode(y="nothing"):
        y = 1  # noqa: F841
    return x


def type_not_known(x):
    with objmode(y=x):
        y = 1  # noqa: F841
    return x


def positional(x):
    with objmode("int64"):
        pass
    return x


def returns(x):
    with objmode(y="int64"):
        y = 1  # noqa: F841
        return x


def nested(x):
    with objmode(q="int64"):
        with objmode(z="int64"):
            z = 1
        q = z
    return q


def list_argument(items):
    with objmode(y="int64"):
        y = len(items)
    return y


@pytest.mark.parametrize("func, arg, cls, text", [
    (undeclared, 1, TypingError, r"variable 'z' is assigned in a block under objmode.*objmode\(z=type\)"),
    (undeclared_through_a_loop, 2, TypingError, "variable 'z' is assigned in a block under objmode"),
    (not_assigned, 1, TypingError, "objmode declares variable 'y', which the block does not assign"),
    (no_type, 1, TypingError, "the type of variable 'y' of objmode: unknown type 'nothing'"),
    (type_not_known, 1, TypingError, "the type of variable 'y' of objmode must be known"),
    (positional, 1, TypingError, "keyword arguments only"),
    (returns, 1, UnsupportedError, "return from inside of a block under objmode"),
    (nested, 1, UnsupportedError, "inside of another"),
    (list_argument, [1, 2], TypingError, "list of int64 cannot become a Python object")], ids=lambda v: getattr(v, "__name__", None))
def test_refused(func, arg, cls, text):
    with pytest.raises(cls, match=text):
        njit(func)(arg)


def make(value):
    def f(x):
        with objmode(y="int64"):
            y = VALUES[x]
        return y
    VALUES = {0: value}
    return f


@pytest.mark.parametrize("declared, value, found", [
    ("int64", "no", "unicode_type"), ("int64", 2.5, "float64"), ("int64", None, "none"), ("float64[:]", np.zeros((2, 2)), r"array\(float64, 2d, C\)"),
    ("float64[:]", np.zeros(2, np.int64), r"array\(int64, 1d, C\)"), ("unicode_type", 3, "int64"), ("int64", {}, "dict")])
def test_declared_types_are_checked(declared, value, found):
    store = {"v": value}

    @njit
    def f(x):
        with objmode(y=declared):
            y = store["v"]
        return y

    with pytest.raises(TypeError, match=f"variable 'y' is declared .*, its value is {found}"):
        f(1)


def test_safe_conversions_are_made():
    @njit
    def f(x):
        with objmode(y="float64", z="int64"):
            y = x + 1
            z = True
        return y / 2, z

    assert f(2) == (1.5, 1)


def test_plain_python():
    assert text_and_back(4) == 42
    with objmode(x="anything"):
        pass
