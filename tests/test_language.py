"""The Python language inside compiled functions: parameters, control flow, exceptions, closures, comprehensions.

Most tests are rows `@program(cases…)`: the function runs in CPython and compiled on each case, and everything a caller
can see is compared (harness.check).  Numbers, lists, tuples and arrays have files of their own.
"""
import math
import sys
from collections import namedtuple

import numpy as np
import pytest

import hotloop
from harness import check, check_error, checks
from hotloop import jit, njit

PROGRAMS = []


def program(*cases, **options):
    """Adds a function to the table, with the arguments to run it on."""
    def add(func):
        PROGRAMS.append(pytest.param(func, cases, options, id=func.__name__))
        return func
    return add


# --- parameters ------------------------------------------------------------------------------------------------------------


@program(())
def no_parameters():
    return 42


@program((1,), (1, 2), (1, 2, 3))
def defaults(a, b=10, c=0.5):
    return a + b * c


@program((1,), (1, 2.5, 3.5), (1, 2, 3, 4))
def star_args(a, *rest):
    total = a
    for r in rest:
        total += r
    return total, len(rest)


@program((1, 2.5, 3), (4,))
def star_args_index(*args):
    return args[0], args[-1], args


@program((), (1,), (1, 2))
def star_args_empty(*args):
    return len(args)


@program((None,), (3,), (2.5,))
def none_parameter(a):
    if a is None:
        return -1.0
    return a + 1.0


@program((1,), (1, None), (1, 5))
def none_default(a, b=None):
    if b is None:
        b = 2
    return a + b


@program((True,), (False,))
def bool_default(a, flag=True):
    return a and flag, a or flag, not a


@program((1, 2.0), (2, 1.0))
def reassigned(a, b):
    a = a + b
    b = a * b
    a, b = b, a
    return a - b


def test_keywords():
    def f(a, b=2, *, c=3, d=4.0):
        return a + 10 * b + 100 * c + 1000 * d

    g = njit(f)
    check(g, 1)
    check(g, 1, 5)
    check(g, 1, kwargs={"b": 7})
    check(g, kwargs={"b": 7, "a": 1})
    check(g, 1, kwargs={"d": 1.5, "c": 9})
    check(g, kwargs={"a": 1, "b": 2, "c": 3, "d": 4})


def test_keyword_names_of_two_functions_do_not_mix():
    f = njit(lambda x, y: x - y)
    g = njit(lambda y, x: x - y)
    assert f(x=5, y=3) == 2 and g(x=5, y=3) == 2 and f(5, y=3) == 2 and g(5, x=3) == -2


@pytest.mark.parametrize("args, kwargs", [
    ((), {}), ((1, 2, 3, 4), {}), ((1,), {"a": 2}), ((1,), {"zz": 2}), ((), {"b": 1}), ((1,), {"b": 1, "c": 2, "d": 3, "e": 4}),
])
def test_wrong_arguments(args, kwargs):
    """The same TypeError as CPython's."""
    def f(a, b=2, *, c=3):
        return a + b + c

    with pytest.raises(TypeError) as want:
        f(*args, **kwargs)
    with pytest.raises(TypeError) as got:
        njit(f)(*args, **kwargs)
    assert got.value.args[0].split("f()")[-1] == want.value.args[0].split("f()")[-1]


def test_keywords_inside():
    @njit
    def inner(a, b=10, *rest, c=100):
        return a + b + c + len(rest)

    def f(x):
        return inner(x), inner(x, 1), inner(x, b=2), inner(a=x, c=3), inner(x, 1, 2, 3, c=4), inner(c=1, b=2, a=x)

    check(f, 5)
    check(f, 5.5)


def test_star_call_inside():
    @njit
    def inner(a, b, c):
        return a * 100 + b * 10 + c

    def f(t):
        return inner(*t), inner(1, *t[1:]), inner(*t[:2], 9)

    check(f, (1, 2, 3))

    def g(*args):
        return inner(*args)

    check(g, 1, 2.5, 3)


# --- branches -----------------------------------------------------------------------------------------------------------------


@program((1,), (0,), (-1,), (5,), (2.5,))
def if_elif_else(x):
    if x < 0:
        r = "negative"
    elif x == 0:
        r = "zero"
    elif x < 2:
        r = "small"
    else:
        r = "large"
    return len(r)


@program((3, 4), (4, 3), (3, 3), (3.0, 4), (math.nan, 1.0), (1.0, math.nan))
def chained(a, b):
    return a < b <= 4, 0 < a < b, a == b == 3, 1 < a > b, a != b != 3


@program((0,), (1,), (-1,), (5,))
def chained_effects(x):
    calls = [0]

    def next_one():
        calls[0] += 1
        return x

    r = 0 < next_one() < 3
    return r, calls[0]


@program((1, 0), (0, 2), (0, 0), (3, 4))
def boolean_values(a, b):
    return a and b, a or b, not a, (a and b) or 7, a and (b or 7)


@program((True, False), (False, True), (True, True))
def boolean_bits(a, b):
    return a & b, a | b, a ^ b, a + b, a == b, ~a + b


@program((1.0,), (-1.0,), (0.0,), (math.nan,))
def ternary(x):
    return (1 if x > 0 else -1) + (2.0 if x else 3.0)


@program((1,), (2,), (3,))
def ternary_mixed(x):
    y = 1 if x == 1 else 2.5 if x == 2 else 3    # a float on all paths: docs/differences.md
    return y * 1.0


@program((3,), (11,))
def walrus(n):
    total = 0
    while (k := n - total) > 2:
        total += k // 2
    return total, k, [y for x in range(n) if (y := x * x) % 2]


@program((3,), (4,))
def truth(n):
    count = 0
    if [0] * n:
        count += 1
    if n:
        count += 2
    if not 0.0:
        count += 4
    if (1, 2):
        count += 8
    if ():
        count += 16
    if n - 3:
        count += 32
    if None:
        count += 64
    return count


@program((3, None), (None, 3), (None, None), (3, 4))
def is_none(a, b):
    r = 0
    if a is None:
        r += 1
    if b is not None:
        r += 2
    if a is None and b is None:
        r += 4
    return r


@program((1,), (1.5,), (True,), (1j,), (None,))
def isinstance_branches(x):
    if isinstance(x, bool):
        return 1
    if isinstance(x, int):
        return 2
    if isinstance(x, float):
        return 3
    if isinstance(x, (complex, str)):
        return 4
    return 5


# --- loops -----------------------------------------------------------------------------------------------------------------------


@program((0,), (1,), (10,))
def while_else(n):
    i = 0
    while i < n:
        if i == 5:
            break
        i += 1
    else:
        return -i
    return i


@program((0,), (3,), (10,), (100,))
def for_else(n):
    for i in range(n):
        if i * i > 20:
            found = i
            break
    else:
        found = -1
    return found


@program((0,), (5,), (12,))
def nested_break_continue(n):
    total = 0
    for i in range(n):
        if i % 3 == 1:
            continue
        for j in range(n):
            if j > i:
                break
            if (i + j) % 2:
                continue
            total += i * j
        else:
            total += 1000
        k = 0
        while True:
            k += 1
            if k > i:
                break
            if k == 2:
                continue
            total += k
    return total


@program((10,), (0,), (1,))
def loop_variable_after(n):
    i = -7
    for i in range(n):
        pass
    return i


@program((2, 20, 3), (20, 2, -3), (5, 5, 1), (0, 10, 100), (10, 0, 1))
def range_steps(a, b, s):
    out = []
    for i in range(a, b, s):
        out.append(i)
    return out


@program((0,))
def range_zero_step(s):
    n = 0
    for i in range(0, 10, s):
        n += i
    return n


@program((2**63 - 3,))
def range_near_the_end(a):
    n = 0
    for i in range(a, 2**63 - 1):
        n += 1
    for i in range(a, 2**63 - 1, 2):
        n += 10
    for i in range(-a, -2**63, -1):
        n += 100
    return n


@program((5,))
def range_variable_rebound(n):
    total = 0
    for i in range(n):
        total += i
        i = 100
        total += i
    return total


@program((5,))
def range_object(n):
    r = range(1, n * 2, 3)
    return len(r), r[1], r[-1], 4 in r, 5 in r, sum(r)


@program(([1, 2, 3], [4.5, 5.5, 6.5]), ([1, 2, 3], [4.5]))
def enumerate_zip(a, b):
    total = 0.0
    for i, (x, y) in enumerate(zip(a, b)):
        total += i * x * y
    for i, x in enumerate(a, 10):
        total += i * x
    for x, y, z in zip(a, b, range(10)):
        total += x + y * z
    return total


@program(([1, 2, 3],))
def reversed_things(a):
    out = []
    for x in reversed(a):
        out.append(x)
    for i in reversed(range(4)):
        out.append(i)
    for t in reversed((7, 8, 9)):
        out.append(t)
    return out


@program(([1, 2, 3],))
def list_grows_while_iterated(a):
    n = 0
    for x in a:
        n += x
        if len(a) < 8:
            a.append(x + 1)
    return n


@program((27,), (1,), (97,))
def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


@program((30,), (2,), (0,))
def sieve(n):
    primes = []
    composite = [False] * (n + 1)
    for i in range(2, n + 1):
        if not composite[i]:
            primes.append(i)
            for j in range(i * i, n + 1, i):
                composite[j] = True
    return primes


@program((5,))
def type_of_a_variable_changes(n):
    x = n
    a = x // 2
    x = x / 2
    b = x
    x = (a, b)
    return x


@program((0,), (4,))
def widens_in_a_loop(n):
    s = 0
    for i in range(n):
        s = s + 0.5
    return s + 1.0


@program((10,),)
def swap_in_a_loop(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a, b


@program((4,))
def deep_nest(n):
    c = 0
    for i in range(n):
        for j in range(i, n):
            for k in range(j, n):
                for m in range(k, n):
                    if i + j == k + m:
                        c += 1
                    elif i * j > m:
                        break
                else:
                    c += 100
    return c


# --- unpacking --------------------------------------------------------------------------------------------------------------------


@program((1, 2), (1.5, 2))
def unpack_swap(a, b):
    a, b = b, a
    (c, d), e = (a, b), a + b
    [f, g] = c, d
    return a, b, c, d, e, f, g


@program(((1, 2, 3, 4),), ((1, 2.5, 3.5, 4.5),))
def unpack_star(t):
    a, *b, c = t
    *d, e = t
    f, *g = t
    return a, b, c, e, f, len(d), len(g)


@program(([1, 2, 3],), ([1, 2],), ([1, 2, 3, 4],), ([],))
def unpack_list(x):
    a, b, c = x
    return a + 10 * b + 100 * c


@program(([1, 2, 3],), ([1],), ([],))
def unpack_list_star(x):
    a, *b, c = x
    return a, b, c


@program((np.arange(3.0),), (np.arange(2.0),), (np.arange(4.0),))
def unpack_array(x):
    a, b, c = x
    return a + 10 * b + 100 * c


@program((np.arange(6.0).reshape(2, 3),))
def unpack_shape(x):
    m, n = x.shape
    (a, b), c = x.shape, x.ndim
    return m, n, a, b, c


@program(([(1, 2.0), (3, 4.0)],))
def unpack_in_for(pairs):
    t = 0.0
    for a, b in pairs:
        t += a * b
    return t


# --- assert and raise ------------------------------------------------------------------------------------------------------------


def untouched(text):
    """The function that `text` defines: pytest rewrites the assert statements of this file."""
    scope = {}
    exec(text, scope)
    return scope["f"]


program((1,), (0,), (-1,))(untouched("""
def f(x):
    assert x >= 0
    assert x, "x is zero"
    return x
"""))
program((1,), (0,))(untouched("""
def f(x):
    assert x, f"x is {x}, not more"
    return x
"""))


@program((0,), (1,), (2,), (3,), (4,), (5,), (6,), (7,))
def raises(k):
    if k == 0:
        raise ValueError
    if k == 1:
        raise ValueError("bad value", k, 2.5)
    if k == 2:
        raise IndexError(f"no item {k} of {k + 1:>4}!")
    if k == 3:
        raise ZeroDivisionError()
    if k == 4:
        raise RuntimeError((1, 2))
    if k == 5:
        raise KeyError("missing")
    if k == 6:
        raise StopIteration(None, True)
    return k


class OwnError(Exception):
    def __init__(self, a, b):
        super().__init__(a, b)
        self.both = a + b


@program((1,), (-1,))
def raises_own_class(x):
    if x < 0:
        raise OwnError(x, 2)
    return x


def test_own_class_keeps_its_attributes():
    with pytest.raises(OwnError) as info:
        njit(raises_own_class)(-5)
    assert info.value.both == -3


def test_raise_from():
    def f(x):
        try:
            return 1 // x
        except ZeroDivisionError as e:
            raise ValueError("no") from e

    def g(x):
        raise ValueError("no") from None

    check(f, 0)
    with pytest.raises(ValueError) as info:
        njit(f)(0)
    assert isinstance(info.value.__cause__, ZeroDivisionError)
    with pytest.raises(ValueError) as info:
        njit(g)(0)
    assert info.value.__cause__ is None and info.value.__suppress_context__


def test_traceback_shows_the_line():
    def inner(x):
        y = x - 1
        return 10 // y

    inner = njit(inner)

    def outer(x):
        return inner(x)

    with pytest.raises(ZeroDivisionError) as info:
        njit(outer)(1)
    first = info.value.__traceback__
    frames = []
    while first is not None:
        frames.append((first.tb_frame.f_code.co_name, first.tb_lineno))
        first = first.tb_next
    line = inner.py_func.__code__.co_firstlineno + 2
    assert ("inner", line) in frames
    assert "outer" in [name for name, _ in frames]


# --- try ---------------------------------------------------------------------------------------------------------------------------


@program((0,), (1,), (2,), (3,))
def try_except(x):
    try:
        if x == 3:
            raise ValueError("three")
        r = 10 // x
    except ZeroDivisionError:
        r = -1
    except ValueError:
        r = -2
    return r


@program((0,), (1,), (2,))
def try_else_finally(x):
    log = [0]
    try:
        r = 10 // x
        if x == 2:
            raise KeyError(x)
    except ZeroDivisionError:
        log.append(1)
        r = -1
    except KeyError:
        log.append(5)
        r = -2
    else:
        log.append(2)
    finally:
        log.append(3)
    log.append(4)
    return r, log


@program((0,), (1,))
def finally_on_the_way_out(x):
    out = [0]
    try:
        try:
            return 1 // x, out
        finally:
            out.append(1)
    except ZeroDivisionError:
        out.append(2)
    return -1, out


@program((5,), (0,))
def finally_and_break(n):
    log = [n]
    for i in range(10):
        try:
            if i == n:
                break
            if i % 2:
                continue
            log.append(i)
        finally:
            log.append(-i)
    return log


@program((0,), (1,))
def finally_return_wins(x):
    try:
        r = 1 // x
    finally:
        if x == 0:
            return -5
    return r


@program((0,), (1,), (2,))
def bare_except(x):
    try:
        if x == 1:
            raise OwnError(1, 2)
        return 1 // x
    except:  # noqa: E722
        return -1


@program((0,), (1,), (2,), (3,))
def except_tuple_and_base(x):
    try:
        if x == 1:
            raise IndexError("i")
        if x == 2:
            raise OwnError(1, 2)
        return 1 // x
    except (ZeroDivisionError, LookupError):
        return -1
    except Exception:
        return -2


@program((0,), (1,), (2,))
def unmatched_goes_on(x):
    try:
        if x == 1:
            raise OwnError(1, x)
        return 10 // x
    except IndexError:
        return -1


@program((0,), (1,))
def reraise(x):
    try:
        return 1 // x
    except ZeroDivisionError as e:
        raise


@program((0,), (1,), (2,))
def nested_try(x):
    r = 0
    try:
        try:
            if x == 0:
                raise ValueError("a")
            if x == 1:
                raise KeyError("b")
        except ValueError:
            r += 1
            raise IndexError("c")
        finally:
            r += 10
    except IndexError:
        r += 100
    except KeyError:
        r += 1000
    return r


@program((6,))
def try_in_a_loop(n):
    out = []
    for i in range(n):
        try:
            out.append(12 // (i - 3))
        except ZeroDivisionError:
            out.append(-99)
    return out


@program(([1, 2, 3], 1), ([1, 2, 3], 9))
def except_from_an_index(a, i):
    try:
        a[i] = 5
        return a[i]
    except IndexError:
        a.append(i)
        return -1


def test_exception_from_a_callee():
    @njit
    def risky(x):
        if x > 2:
            raise ValueError("too much", x)
        return x

    def f(n):
        good = 0
        for i in range(n):
            try:
                good += risky(i)
            except ValueError:
                good += 100
        return good

    check(f, 5)
    check(lambda n: risky(n) + 1, 7)


def test_variables_in_a_handler():
    def f(x):
        a = 1
        try:
            a = 2
            b = 10 // x
            a = 3
        except ZeroDivisionError:
            return a
        return a + b

    checks(f, [0, 1, 5])


def test_try_with_arrays():
    def f(a, i):
        b = a * 2.0
        try:
            c = b + 1
            c[i] = 7
        except IndexError:
            c = b
        return c, b

    check(f, np.arange(4.0), 2)
    check(f, np.arange(4.0), 9)


# --- functions -------------------------------------------------------------------------------------------------------------------


@program((5, 2.5))
def closure(a, b):
    def add(x):
        return x + a

    def twice(x):
        return add(add(x)) * b

    return add(1), twice(2.0), twice(3)


@program((3,))
def closure_default(a):
    def add(x, y=10):
        return x + y + a

    return add(1), add(1, 2), add(y=5, x=1)


@program((3,))
def lambdas(a):
    f = lambda x: x * a  # noqa: E731
    g = lambda x, y=2: f(x) + y  # noqa: E731
    return f(2), g(2), g(2, 5), (lambda: a)()


@njit
def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


@njit
def is_even(n):
    if n == 0:
        return True
    return is_odd(n - 1)


@njit
def is_odd(n):
    if n == 0:
        return False
    return is_even(n - 1)


@njit
def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


@njit
def halve(x):
    return x if x < 1 else halve(x / 2)


def test_recursion():
    checks(fib, [0, 1, 10, 15])
    checks(is_even, [0, 1, 10, 7])
    checks(is_odd, [0, 1, 10, 7])
    check(ackermann, 2, 3)
    check(halve, 100.0)


def test_recursion_without_end():
    @njit
    def down(n):
        return down(n + 1) + 1

    with pytest.raises((RecursionError, hotloop.TypingError)):
        down(0)
    assert fib(10) == 55


def test_deep_recursion():
    @njit
    def down(n):
        if n == 0:
            return 0
        return down(n - 1) + 1

    assert down(900) == 900
    with pytest.raises(RecursionError):
        down(10**9)


def test_functions_as_arguments():
    @njit
    def square(x):
        return x * x

    @njit
    def cube(x):
        return x * x * x

    @njit
    def apply(f, x):
        return f(x) + 1

    assert apply(square, 3) == 10 and apply(cube, 3) == 28 and apply(square, 1.5) == 3.25
    check(apply, cube, 4)

    def f(n):
        g, h = square, cube
        functions = (g, h)
        return apply(g, n) + apply(h, n) + functions[0](n) + functions[1](n) + apply(square, 0.5)

    check(f, 3)


def test_call_other():
    @njit
    def g(x):
        return x + 1

    @njit
    def h(x, y):
        return g(x) * g(y)

    check(lambda a: h(a, 2) + g(a), 5)
    check(lambda a: h(a, 2) + g(a), 5.5)


def test_callee_compiled_once_per_type():
    @njit
    def g(x):
        return x + 1

    @njit
    def f(x):
        return g(x) + g(x * 2) + g(0.5)

    assert f(1) == 2 + 3 + 1.5


def test_closure_over_values():
    def make(k, array, pair):
        def f(x):
            return x * k + array[1] + pair[0]
        return f

    check(make(3, np.array([1.0, 2.0]), (4, 5)), 10)
    check(make(2.5, np.array([1, 2]), (0.5, 1)), 10)


def in_module(source, **names):
    """The global names of a module of this text."""
    names = {"njit": njit, "np": np, **names}
    exec(source, names)
    return names


def test_closures_have_the_names_and_options_of_their_maker():
    """Wherever they are called."""
    library = in_module("""
K = 1
def scale(x): return x * 3
@njit(error_model="numpy")
def apply(f, a, *args): return f(a, *args) + K
@njit(error_model="numpy")
def twice(f, a): return f(f(a))
""")
    program = """
K = {K}
@njit
def helper(x): return x * K
def scale(x): return x * {K}
@njit
def by_lambda(a): return apply(lambda x: x + K, a)
@njit
def by_helper(a, b):
    def inner(x, y):
        return helper(x) + y + K
    return apply(inner, a, b)
@njit
def nested(a):
    def inner(x):
        return apply(lambda y: helper(y) - K, x)
    return twice(inner, a)
@njit
def divides(a):
    return apply(lambda x: 1.0 / (x - K), a)
"""
    first, second = (in_module(program.format(K=k), apply=library["apply"], twice=library["twice"]) for k in (100, 7))
    for names in (first, second, first):
        plain = in_module(program.format(K=names["K"]).replace("@njit", ""), apply=library["apply"].py_func, twice=library["twice"].py_func)
        for name, args in (("by_lambda", (2,)), ("by_helper", (2, 3)), ("nested", (5,)), ("divides", (2.0,))):
            assert names[name](*args) == plain[name](*args), name
        with pytest.raises(ZeroDivisionError):
            names["divides"](float(names["K"]))

    one, other = first["by_lambda"], second["by_lambda"]

    @njit
    def both(a):
        return one(a), other(a)
    assert both(2) == (103, 10)


def test_one_code_with_two_sets_of_global_names():
    """What makes closures can be a copy of a function with other globals: then they share their code."""
    import types as python_types

    def maker(a):
        return apply(lambda x: x + K, a)  # noqa: F821

    apply = njit(lambda f, a: f(a))
    made = [njit(python_types.FunctionType(maker.__code__, {"K": k}, f"maker_{k}", None, maker.__closure__)) for k in (10, 200)]
    one, other = made
    assert (one(1), other(1)) == (11, 201)

    @njit
    def f(a):
        return one(a), other(a), one(a)
    assert f(1) == (11, 201, 11)


def test_closure_over_function():
    def make(inner):
        inner = njit(inner)

        def f(x):
            return inner(x) + inner(x + 1)
        return njit(f)

    a, b = make(lambda x: x * 2), make(lambda x: x * 3)
    assert a(1) == 6 and b(1) == 9


GLOBAL_INT = 7
GLOBAL_FLOAT = 0.25
GLOBAL_TUPLE = (1, 2.5, True)
GLOBAL_ARRAY = np.arange(6.0).reshape(2, 3)
GLOBAL_STRING = "seven"
GLOBAL_NONE = None
Point = namedtuple("Point", "x y")
GLOBAL_POINT = Point(3, 4.5)


@program((1,), (2.5,))
def globals_are_constants(x):
    total = x * GLOBAL_INT + GLOBAL_FLOAT + GLOBAL_TUPLE[1] + GLOBAL_ARRAY[1, 2] + GLOBAL_POINT.y + len(GLOBAL_STRING)
    if GLOBAL_NONE is None:
        total += math.pi + np.pi + np.float32(0.5)
    return total


def test_globals_are_frozen():
    scope = {}
    exec("K = 5\ndef f(x):\n    return x + K\n", scope)
    f = njit(scope["f"])
    assert f(1) == 6
    scope["K"] = 50
    assert f(1) == 6      # the value it had when it was compiled
    f.recompile()
    assert f(1) == 51


def test_global_list():
    scope = {}
    exec("K = [1.5, 2.5]\ndef f(i):\n    return K[i]\n", scope)
    f = njit(scope["f"])
    try:
        assert f(1) == 2.5
    except hotloop.TypingError as exc:
        assert "a plain list cannot be indexed" in str(exc)


# --- comprehensions ---------------------------------------------------------------------------------------------------------------


@program((5,), (0,))
def comprehension(n):
    return [i * i for i in range(n)], [i * 0.5 for i in range(n) if i % 2]


@program((4,))
def nested_comprehension(n):
    return [(i, j) for i in range(n) for j in range(i) if (i + j) % 2], [[i * j for j in range(i)] for i in range(n)]


@program(([1.5, 2.5, 3.5], 2.0))
def comprehension_sees_locals(x, c):
    k = 3
    return [v * c + k for v in x], [v for v in x if v > c]


@program(([1, 2, 3],))
def comprehension_scope(x):
    v = 100
    y = [v for v in x]
    return v, y


@program(([1, 2, 3],))
def generator_in_reduction(x):
    return sum([v * v for v in x]), max([v for v in x]), any([v > 2 for v in x]), all([v > 2 for v in x])


# --- built-in functions ------------------------------------------------------------------------------------------------------------


@program((3, -2.5), (-3, 2.5), (0, -0.0))
def builtins_of_numbers(i, x):
    return abs(i), abs(x), min(i, 2), max(i, 2, 7), min(x, 0.5), max(x, 0.5), pow(i, 2), round(x), round(x, 1), divmod(i, 4)


@program((3,), (2.75,), (True,), (-1.5,))
def conversions(x):
    return int(x), float(x), bool(x), complex(x), complex(x, 2)


@program(([3, 1, 2],), ([3.5, 1.5],), ([True, False],))
def builtins_of_lists(x):
    return len(x), sum(x), min(x), max(x), any(x), all(x), sum(x, 10)


@program((1,))
def min_of_empty(x):
    y = [x]
    y.pop()
    return min(y)


@program((3,))
def print_nothing(x):
    print()
    return x


def test_print(capfd):
    def f(i, x, b, t):
        print(i, x, b)
        print("text", t, 1 + 2j, None)

    njit(f)(5, 0.5, True, (1, 2.5))
    got = capfd.readouterr().out
    f(5, 0.5, True, (1, 2.5))
    assert got == capfd.readouterr().out


# --- return values ------------------------------------------------------------------------------------------------------------------


@program((1,))
def returns_nothing(x):
    x + 1


@program((1,))
def returns_none(x):
    return None


@program((1,), (-1,))
def returns_on_some_paths(x):
    if x > 0:
        return
    x += 1


@program((1,), (-1,), (2.5,))
def returns_optional(x):
    if x > 0:
        return x
    return None


@program((1, 2.5), (1.5, True))
def returns_tuple(a, b):
    return a, b, (b, a), a == b, None


@program((1, 2),)
def returns_namedtuple(a, b):
    p = Point(a, b * 0.5)
    return p, p.x + p.y, Point(y=1, x=2)


@program(("some text",))
def returns_string(s):
    return "constant", s


# --- where functions come from --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("func, cases, options", PROGRAMS)
def test_program(func, cases, options):
    checks(func, cases, **options)


def test_exec():
    scope = {"np": np}
    exec("def f(x):\n    return np.sum(x) + 1\n", scope)
    check(scope["f"], np.arange(5.0))


def test_eval_lambda():
    check(eval("lambda x, y=2: x ** y"), 3)


def test_exec_jit_inside():
    scope = {}
    exec("from hotloop import njit\n@njit\ndef f(x):\n    return x + 1\nr = f(41)\n", scope)
    assert scope["r"] == 42


def test_interactive():
    """A function typed at the prompt: no source file."""
    code = compile("def f(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t\n", "<stdin>", "single")
    scope = {}
    exec(code, scope)
    check(scope["f"], 10)
    code = compile("def g(n):\n    return n + undefined_name\n", "<stdin>", "single")
    exec(code, scope)
    text = check_error(scope["g"], (1,), (NameError, hotloop.TypingError))
    assert "undefined_name" in text


def test_method_and_classmethod():
    class A:
        @staticmethod
        @njit
        def f(x):
            return x + 1

        @njit
        def g(x):
            return x + 2

    assert A.f(1) == 2 and A().f(1) == 2 and A.g(1) == 3


# --- what is refused, and how ------------------------------------------------------------------------------------------------------------


def test_undefined_variable():
    def f(x):
        if x > 0:
            y = x
        return y

    check(f, 1)
    check(f, -1)


def test_deleted_variable():
    def f(x):
        y = x
        del y
        return y

    with pytest.raises((UnboundLocalError, hotloop.TypingError, hotloop.UnsupportedError)):
        njit(f)(1)


REFUSED = []


def refused(*args, match=None):
    def add(func):
        REFUSED.append(pytest.param(func, args, match, id=func.__name__))
        return func
    return add


@refused(1, match="no_such_name")
def unknown_global(x):
    return x + no_such_name  # noqa: F821


@refused(1, match="no_such")
def unknown_attribute(x):
    return np.no_such(x)


@refused(1, 2.0)
def types_do_not_unify(a, b):
    if a > b:
        r = (1, 2)
    else:
        r = 5
    return r


@refused((1, 2))
def number_plus_tuple(t):
    return t + 1


@refused(object(), match="object")
def object_argument(x):
    return x


@refused(1)
def yields(x):
    yield x


@refused(3, match="total")
def closure_assigns(a):
    total = 0

    def add(x):
        nonlocal total
        total += x

    for i in range(a):
        add(i)
    return total


@refused(1)
def opens_a_file(x):
    with open("nothing") as f:
        return x


@refused([1, 2.5])
def mixed_list(x):
    return x[0]


@refused(1)
def calls_a_number(x):
    return x(1)


@refused(1)
def asynchronous(x):
    async def f():
        return 1
    return f()


@refused(1)
def defines_a_class(x):
    class A:
        pass
    return x


@pytest.mark.parametrize("func, args, match", REFUSED)
def test_refused(func, args, match):
    """A clear Python exception that names the file and the line."""
    errors = (hotloop.TypingError, hotloop.UnsupportedError, NameError, AttributeError, TypeError)
    text = check_error(func, args, errors)
    if match:
        assert match in text
    code = func.__code__
    if not (func is object_argument or func is mixed_list):
        assert code.co_filename.rsplit("/", 1)[-1] in text
        lines = {line for _, _, line in code.co_lines() if line}
        assert any(f"line {line}" in text for line in range(min(lines), max(lines) + 1))


def test_error_leaves_the_function_usable():
    @njit
    def f(x):
        return x + 1

    for _ in range(3):
        with pytest.raises((hotloop.TypingError, TypeError)):
            f((1, 2))
        assert f(1) == 2 and f(1.5) == 2.5


@pytest.mark.skipif(sys.version_info < (3, 12), reason="needs type parameter syntax")
def test_generic_function():
    scope = {}
    exec("def f[T](x: T) -> T:\n    return x\n", scope)
    check(scope["f"], 3)


def test_annotations_are_ignored():
    def f(x: "nonsense", y: int = 3) -> "whatever":  # noqa: F821
        z: float = x + y
        return z

    check(f, 1)


def test_large_function():
    """Hundreds of variables and branches."""
    lines = ["def f(n):", "    t = 0"]
    for i in range(300):
        lines += [f"    v{i} = n + {i}", f"    if v{i} % 3 == 0:", f"        t += v{i}"]
    lines.append("    return t + " + " + ".join(f"v{i}" for i in range(300)))
    scope = {}
    exec("\n".join(lines), scope)
    check(scope["f"], 5)


def test_many_parameters():
    names = ", ".join(f"a{i}" for i in range(60))
    scope = {}
    exec(f"def f({names}):\n    return {names.replace(',', ' +')}\n", scope)
    check(scope["f"], *range(60))
    check(scope["f"], *[i / 2 if i % 3 else i for i in range(60)])


def test_jit_bare_and_with_options():
    @jit
    def f(x):
        return x + 1

    @jit(nopython=True)
    def g(x):
        return x + 2

    @njit()
    def h(x):
        return x + 3

    assert (f(1), g(1), h(1)) == (2, 3, 4)


# --- floats from the counter of a loop around a loop (computed one turn ahead) ---------------------------------------------------


def escape_times(x0, dx, y0, dy, start, stop, step, limit):
    out = []
    for i in range(start, stop, step):
        x = x0 + i * dx
        for j in range(stop - start):
            y = (y0 - j * dy) * 0.5
            k, a, b = 0, 0.0, 0.0
            while k < limit and a * a + b * b < 4.0:
                a, b = a * a - b * b + x, 2 * a * b + y
                k += 1
            out.append(k + 1000 * i)
        out.append(int(100 * x))
    return out


@pytest.mark.parametrize("start, stop, step", [(0, 12, 1), (3, 9, 1), (0, 9, 2), (-4, 5, 3), (9, 0, -1), (5, -5, -2), (4, 4, 1), (5, 3, 1), (0, 1, 1)])
def test_floats_of_outer_counters(start, stop, step):
    check(escape_times, -2.0, 0.25, -1.0, 0.17, start, stop, step, 50)
    check(escape_times, 2.0**53, 1.0, 0.5, -0.25, start, stop, step, 5)
