"""raise, try, except, else, finally, assert; what leaves and what is caught.

PYTEST_DONT_REWRITE: assert statements are tested here.
"""
import numpy as np
import pytest
from harness import check, check_error, checks

import hotloop
from hotloop import njit


class Custom(Exception):
    """An exception class of the user's."""


class Narrow(Custom):
    """A class below it."""


def test_raise_class():
    def f(k):
        if k == 0:
            raise ValueError
        if k == 1:
            raise KeyError
        if k == 2:
            raise Custom
        return k

    checks(f, [0, 1, 2, 3])


def test_raise_with_arguments():
    def f(k, x):
        if k == 0:
            raise ValueError("message")
        if k == 1:
            raise ValueError("message", k, x)
        if k == 2:
            raise Custom(x)
        if k == 3:
            raise IndexError((k, x), "a", None, True, 1 + 2j)
        if k == 4:
            raise RuntimeError()
        return x

    checks(f, [(k, 2.5) for k in range(6)])


def test_raise_with_list_and_array():
    def f(a, x):
        if len(x) > 1:
            raise ValueError(x, x[0])
        raise ValueError(a.shape, a[0])

    checks(f, [(np.arange(3.0), [1, 2]), (np.arange(3.0), [1])])


def test_raise_fstring():
    def f(n, x):
        raise ValueError(f"n is {n}, x is {x:.3f} and {x!r:>10} {'literal'}")

    check(f, 3, 2.5)


def test_raise_from():
    def f(k):
        try:
            if k == 0:
                raise KeyError("inner")
            if k == 1:
                raise IndexError("other")
        except KeyError as e:
            raise ValueError("outer") from e
        except IndexError:
            raise ValueError("hidden") from None
        return k

    checks(f, [0, 1, 2])


def test_cause_is_set():
    @njit
    def f():
        try:
            raise KeyError("inner")
        except KeyError as e:
            raise ValueError("outer") from e

    with pytest.raises(ValueError) as info:
        f()
    assert isinstance(info.value.__cause__, KeyError) and info.value.__cause__.args == ("inner",)


def test_bare_raise():
    def f(k):
        try:
            if k:
                raise Custom(k)
        except Custom:
            if k > 1:
                raise
            return -1
        return k

    checks(f, [0, 1, 2])


def test_except_classes():
    def f(k):
        try:
            if k == 0:
                raise ValueError("v")
            if k == 1:
                raise KeyError("k")
            if k == 2:
                raise IndexError("i")
            if k == 3:
                raise Narrow("n")
            if k == 4:
                raise TypeError("t")
        except ValueError:
            return 10
        except (KeyError, IndexError):
            return 20
        except Custom:
            return 30
        return 40

    checks(f, [0, 1, 2, 3, 4, 5])


def test_except_exception_and_bare():
    def f(k):
        try:
            if k == 0:
                raise ValueError("v")
            return 1
        except Exception:
            return 2

    def g(k):
        try:
            if k == 0:
                raise ValueError("v")
            return 1
        except:  # noqa: E722
            return 2

    for k in (0, 1):
        check(f, k)
        check(g, k)


def test_runtime_errors_are_caught():
    def f(a, i, d):
        try:
            return a[i] / d
        except IndexError:
            return -1.0
        except ZeroDivisionError:
            return -2.0

    checks(f, [([1.0, 2.0], 1, 2), ([1.0, 2.0], 5, 2), ([1.0, 2.0], 1, 0)])


def test_else_and_finally():
    def f(k):
        out = []
        try:
            out.append(1)
            if k == 1:
                raise ValueError("x")
        except ValueError:
            out.append(2)
        else:
            out.append(3)
        finally:
            out.append(4)
        return out

    checks(f, [0, 1])


def test_finally_when_nothing_catches():
    def f(k, x):
        try:
            if k:
                raise Custom(k)
        finally:
            x.append(k)
        return k

    checks(f, [(0, [1]), (5, [1])])


def test_finally_returns():
    def f(k):
        try:
            if k:
                raise ValueError("lost")
            return 1
        finally:
            if k > 1:
                return 2  # noqa: B012

    checks(f, [0, 1, 2])


def test_values_across_handler():
    def f(n):
        s, last = 0, -1
        for i in range(n):
            try:
                s += i
                if i % 3 == 0:
                    raise ValueError("three")
                last = i
                s += 100
            except ValueError:
                s -= 1000
        return s, last

    checks(f, [0, 1, 7])


def test_nested_try():
    def f(k):
        out = []
        try:
            try:
                if k == 0:
                    raise KeyError("a")
                if k == 1:
                    raise ValueError("b")
                out.append(0)
            except KeyError:
                out.append(1)
                if k == 0:
                    raise ValueError("again")
            finally:
                out.append(2)
        except ValueError:
            out.append(3)
        return out

    checks(f, [0, 1, 2])


def test_try_in_loop_break_continue():
    def f(n):
        out = []
        for i in range(n):
            try:
                if i == 1:
                    continue
                if i == 4:
                    break
                if i == 2:
                    raise ValueError("two")
                out.append(i)
            except ValueError:
                out.append(-i)
            finally:
                out.append(100 + i)
        return out

    checks(f, [0, 2, 3, 7])


def test_exception_in_called_function():
    @njit
    def inner(k):
        if k > 2:
            raise Custom("too large", k)
        return k * 2

    def f(k):
        try:
            return inner(k)
        except Custom:
            return -inner(0) - 1

    def g(k):
        return inner(k) + 1

    for k in (1, 3):
        check(njit(f), k)
        check(njit(g), k)


def test_exception_value():
    def f(k):
        try:
            if k:
                raise Custom("x", k)
            raise ValueError("y")
        except Exception as e:
            if isinstance(e, Custom):
                return 1
            return 2

    checks(f, [0, 1])


def test_exception_made_then_raised():
    def f(k):
        e = ValueError("made before", k)
        if k:
            raise e
        return k

    checks(f, [0, 1])


def test_assert():
    def f(x):
        assert x > 0
        assert x > 1, "small"
        assert x > 2, ("tuple", x)
        return x

    checks(f, [0, 1, 2, 3])


SHARED = ValueError("shared", 3)


def test_an_exception_of_a_global_variable():
    def f(k):
        if k == 1:
            raise SHARED
        if k == 2:
            raise KeyError(k) from SHARED
        try:
            raise SHARED from KeyError
        except ValueError:
            return 7

    checks(f, [1, 2, 3])
    with pytest.raises(ValueError) as info:
        njit(f)(1)
    assert info.value is SHARED


def test_messages_about_arguments_name_the_class_and_the_operand():
    def f(k):
        raise UnicodeDecodeError("utf8", b"abc", k)

    text = check_error(f, (1,), hotloop.TypingError, "UnicodeDecodeError")
    assert 'b"abc" is an object of class bytes' in text
    check_error(lambda k: ImportError("text", name=k), (1,), hotloop.TypingError, r"ImportError\(\*args\)")


def test_raising_something_else_is_refused():
    def f(k):
        if k:
            raise 3  # noqa
        return k

    check_error(f, (1,), hotloop.TypingError, "BaseException")


def test_memory_is_given_back_when_an_error_leaves():
    def f(n, k):
        x = [float(i) for i in range(n)]
        y = [[i] for i in range(n)]
        z = np.zeros(n)
        for i in range(n):
            x.append(z[i])
            y[0].append(y[i][0])
        return x[k] + y[k][0]

    checks(f, [(5, 2), (5, 100)])


def test_memory_in_handlers():
    def f(n, k):
        total = 0.0
        for i in range(n):
            x = [float(i), 2.0]
            try:
                y = [x, [3.0]]
                total += y[i][k]
            except IndexError:
                total += 100.0
        return total

    checks(f, [(3, 0), (3, 1), (3, 5), (1, 7)])


def test_traceback_shows_the_users_lines():
    import traceback

    def f(k):
        if k:
            raise Custom("here")
        return k

    with pytest.raises(Custom) as info:
        njit(f)(1)
    entries = traceback.extract_tb(info.value.__traceback__)
    assert entries[-1].filename == __file__ and entries[-1].lineno == f.__code__.co_firstlineno + 2
    assert entries[-1].name == "f"
