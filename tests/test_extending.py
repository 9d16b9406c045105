"""overload, register_jitable and their relatives."""
import pytest

import numpy as np

from hotloop import errors, njit, types
from hotloop.extending import is_jitted, literally, member_chooser, overload, overload_attribute, overload_method, register_jitable


def size_of(x, scale=1):
    raise NotImplementedError


@overload(size_of)
def choose_size_of(x, scale=1):
    if isinstance(x, types.Array):
        return lambda x, scale=1: x.size * scale
    if isinstance(x, types.Integer):
        return lambda x, scale=1: x * scale
    return None


def test_overload_chooses_by_type():
    f = njit(lambda x: size_of(x) + 1)
    assert f(np.zeros((3, 4))) == 13 and f(5) == 6
    assert njit(lambda x: size_of(x, 3))(5) == 15 and njit(lambda x: size_of(x, scale=3))(5) == 15
    with pytest.raises(errors.TypingError, match="no implementation"):
        f("text")


def test_overloads_are_tried_from_the_newest():
    def what(x):
        raise NotImplementedError

    @overload(what)
    def first(x):
        return lambda x: 1

    @overload(what)
    def second(x):
        if isinstance(x, types.Float):
            return lambda x: 2
    f = njit(lambda x: what(x))
    assert f(1) == 1 and f(1.5) == 2


def test_overload_with_options():
    def ratio(x, y):
        raise NotImplementedError

    @overload(ratio, jit_options={"error_model": "numpy"}, inline="always")
    def choose(x, y):
        return lambda x, y: x + y
    assert njit(lambda x, y: ratio(x, y))(1, 2) == 3


def test_errors_of_choosers_arrive():
    def odd(x):
        raise NotImplementedError

    @overload(odd)
    def choose(x):
        raise errors.TypingError("only even types")
    with pytest.raises(errors.TypingError, match="only even types"):
        njit(lambda x: odd(x))(1)
    with pytest.raises(TypeError):
        overload(3)
    with pytest.raises(TypeError, match="hashable"):
        overload(type("C", (), {"__call__": lambda self: 0, "__hash__": None})())(lambda: None)


def test_register_jitable():
    @register_jitable
    def plain(x):
        return x * 3

    @register_jitable(fastmath=True)
    def fast(x):
        return x * 5
    assert not is_jitted(plain) and plain(2) == 6 and plain("a") == "aaa"
    f = njit(lambda x: plain(x) + fast(x))
    assert f(2) == 16 and is_jitted(f)


def test_members_are_looked_up_along_the_classes():
    def chooser(x):
        return None
    overload_method(types.Integer, "twice")(chooser)
    overload_attribute(types.Type, "nothing")(chooser)
    assert member_chooser(types.int8, "twice", method=True) is chooser
    assert member_chooser(types.float64, "twice", method=True) is None
    assert member_chooser(types.float64, "nothing", method=False) is chooser
    with pytest.raises(TypeError):
        overload_method(types.int8, "x")


def test_literally():
    assert literally(3) == 3
