"""Exceptions as their user sees them: class, arguments, traceback entries with columns, causes and contexts, beside CPython's.

PYTEST_DONT_REWRITE: assert statements are tested here.
"""
import math

import numpy as np
import pytest
from harness import check_traceback

from hotloop import njit

PROGRAMS = []


def program(*args):
    def add(func):
        PROGRAMS.append(pytest.param(func, args, id=getattr(func, "py_func", func).__name__))
        return func
    return add


class Custom(Exception):
    """An exception class of the user's."""


@njit
def divide(a, b):
    return a // b


@njit
def twice(a, b):
    x = divide(a, b)
    return x + divide(b, a)


@njit
def item(a, k):
    return a[k]


@njit
def down(n):
    if n == 0:
        raise Custom("bottom", n)
    return down(n - 1) + 1


@program([1, 2], 5)
def one_line(a, k):
    return a[k]


@program([1, 2], 5)
def in_an_expression(a, k):
    b = 3
    return b * (a[0] + a[k]) - 2


@program([1, 2], 5)
def over_several_lines(a, k):
    return (a[0] +
            a[1] +
            a[k]
            + 3)


@program(0)
def in_a_called_function(n):
    return 1 + divide(3, n)


@program(0)
def two_calls_deep(n):
    return twice(n + 3, n) * 2


@program(3)
def recursion(n):
    return down(n)


@program(2)
def calls_in_a_loop(n):
    s = 0
    for i in range(5):
        s += divide(10, n - i)
    return s


@program([1, 2, 3])
def comprehension(a):
    return [10 // (x - 2) for x in a]


@program([1, 2, 3])
def comprehension_with_calls(a):
    b = [item(a, x) for x in a if x > 0]
    return b


@program([[1], [2, 3]])
def nested_comprehension(a):
    return [[x // (y - 3) for y in row] for row in a for x in row]


@program(7)
def inner_function(n):
    def f(x):
        return x // (n - 7)
    return f(3)


@program(7)
def lambda_inside(n):
    f = lambda x: x % (n - 7)  # noqa: E731
    return f(3) + 1


@program(-1)
def raise_class(n):
    if n < 0:
        raise ValueError
    return n


@program(-1)
def raise_with_arguments(n):
    if n < 0:
        raise Custom("negative", n, 2.5)
    return n


@program(-1)
def raise_from(n):
    try:
        return divide(n, 0)
    except ZeroDivisionError as e:
        raise ValueError("bad") from e


@program(-1)
def raise_from_none(n):
    try:
        return divide(n, 0)
    except ZeroDivisionError:
        raise ValueError("bad") from None


@program(-1)
def raise_from_class(n):
    if n < 0:
        raise ValueError("bad") from KeyError
    return n


@program([1], 3)
def context_of_a_raise(a, k):
    try:
        return a[k]
    except IndexError:
        raise ValueError("other", k)


@program([1], 3)
def context_of_an_operation(a, k):
    try:
        return a[k]
    except IndexError:
        return k // (k - 3)


@program([1], 3)
def context_through_a_call(a, k):
    try:
        return item(a, k)
    except IndexError:
        return divide(k, 0)


@program([1], 3)
def context_of_a_context(a, k):
    try:
        try:
            return a[k]
        except IndexError:
            return k // (k - 3)
    except ZeroDivisionError:
        raise Custom(k)


@program([1], 3)
def context_in_a_nested_handler(a, k):
    try:
        return a[k]
    except IndexError:
        try:
            return k // (k - 3)
        except ZeroDivisionError:
            raise Custom(k)


@program([1], 3)
def no_context_behind_a_handler(a, k):
    try:
        a[0] = a[k]
    except IndexError:
        a[0] = 7
    return a[k]


@program([1], 3)
def context_of_the_outer_handler(a, k):
    try:
        return a[k]
    except IndexError:
        try:
            a[0] = k // (k - 3)
        except ZeroDivisionError:
            a[0] = 2
        raise Custom(a[0])


@program([1], 3)
def handlers_in_a_loop(a, k):
    for i in range(3):
        try:
            return a[k + i]
        except IndexError:
            if i == 1:
                continue
            if i == 2:
                return a[k + 20]
    return 0


@program([1], 3)
def left_by_break(a, k):
    for _ in range(3):
        try:
            return a[k]
        except IndexError:
            break
    return a[k + 1]


@njit
def swallow(a, k):
    try:
        return a[k]
    except IndexError:
        return -1


@program([1], 3)
def left_by_return(a, k):
    return a[swallow(a, k) + 9]


@program([1], 3)
def left_by_an_exception(a, k):
    try:
        context_of_an_operation_(a, k)
    except ZeroDivisionError:
        a[0] = 5
    return a[k]


context_of_an_operation_ = njit(context_of_an_operation)


@program([1], 3)
def bare_raise(a, k):
    try:
        return a[k]
    except IndexError:
        if k > 2:
            raise
        return 0


@program([1], 3)
def raise_again(a, k):
    try:
        return a[k]
    except IndexError as e:
        raise e


@program([1], 3)
def not_matching(a, k):
    try:
        return a[k]
    except (KeyError, ZeroDivisionError):
        return 0


@program([1], 3)
def finally_on_the_way(a, k):
    try:
        return a[k]
    finally:
        a.append(k)


@program([1], 3)
def finally_raises(a, k):
    try:
        return a[k]
    finally:
        a[0] = k // (k - 3)


@program([1], 3)
def else_raises(a, k):
    try:
        b = a[0]
    except IndexError:
        b = 2
    else:
        b = a[k]
    return b


@program([1], 3)
def exception_kept_and_raised(a, k):
    e = Custom("made before", k)
    a.append(k)
    raise e


@program(3)
def assertion(n):
    assert n > 2
    assert n > 5, ("too small", n)
    return n


@program(-1.0)
def mathematics(x):
    return 2 * math.sqrt(x) + 1


@program(np.arange(3.0), 7)
def array_item(a, k):
    return a[k] * 2


@program(np.ones((2, 3)), 2)
def array_item_2d(a, k):
    s = 0.0
    for i in range(k + 1):
        for j in range(3):
            s += a[i, j]
    return s


@program(np.ones(3), np.ones(4))
def broadcast(a, b):
    c = a * 2
    return c + b


@program(np.ones(3), 7)
def store(a, k):
    a[k] = 1.0
    return a


@program(np.ones(3), 7)
def augmented_store(a, k):
    a[k] += 1.0
    return a


@program([1, 2, 3])
def unpack(a):
    x, y = a
    return x + y


@program([1, 2])
def unpack_in_a_loop(a):
    s = 0
    for x, (y, z) in enumerate([(1, 2), (3, 4)]):
        s += y // (x - 1) + z
    return s


@program([1])
def remove(a):
    a.pop()
    a.pop()
    return a


@program(math.inf)
def convert(x):
    return int(x) + 1


@program(5)
def condition(n):
    if n > 3 and n // (n - 5) > 2:
        return 1
    return 0


@program(5)
def while_condition(n):
    while 10 // n > 0:
        n -= 1
    return n


@program(5)
def unbound(n):
    if n < 3:
        x = 1
    return x + n


@program([3, 2, 1, 0])
def generator_expression(a):
    return sum(6 // x for x in a)


@program([3, 2, 1, 0])
def any_of_a_generator_expression(a):
    return any(6 // x > 6 for x in a)


@program([3, 1], 5)
def deleted_item(a, k):
    del a[k]
    return a


@program(2, -3)
def shift(a, b):
    c = a << 1
    return c >> b


@program("abc", 1)
def formatted(s, n):
    if n:
        raise KeyError(f"{s} {n:>4}")
    return n


@pytest.mark.parametrize("func, args", PROGRAMS)
def test_the_same_story(func, args):
    check_traceback(func, *args)


def test_there_are_many():
    assert len(PROGRAMS) >= 50


def test_frames_can_be_looked_at():
    import traceback
    n = 3

    def f(k):
        return k // (n - 3)

    def g(k):
        return [f_(x) for x in [k]]

    f_ = njit(f)
    with pytest.raises(ZeroDivisionError) as info:
        njit(g)(1)
    for frame, _ in traceback.walk_tb(info.value.__traceback__):
        assert frame.f_globals["__name__"] == __name__ or frame.f_locals is not None
        repr(frame)
    traceback.clear_frames(info.value.__traceback__)
    text = "".join(traceback.format_exception(info.value))
    assert "return k // (n - 3)" in text and "\n           ~~^^~~" in text


def test_a_library_function_shows_no_frames_of_its_own():
    def f(a):
        return np.cross(a, a)

    with pytest.raises(ValueError) as info:
        njit(f)(np.ones(4))
    import traceback
    assert [e.name for e in traceback.extract_tb(info.value.__traceback__)][1:] == ["f"]


def test_handled_exceptions_of_threads():
    import threading
    failed = []

    def work():
        try:
            for _ in range(200):
                check_traceback(context_in_a_nested_handler, [1], 3)
        except BaseException as e:
            failed.append(e)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed


def test_context_is_that_of_the_caller():
    @njit
    def f(n):
        return 1 // n

    try:
        raise KeyError("outside")
    except KeyError as outside:
        with pytest.raises(ZeroDivisionError) as info:
            f(0)
        assert info.value.__context__ is outside
