"""None or a value: a variable that is None on one path, and what every operation makes of it."""
import math

import numpy as np
import pytest
from harness import check, check_traceback

from hotloop import jit, njit

VALUES = (0, 3, -0.0, 2.5, 0j, True, False, (), (1, 2.5), "", "text", [], [1], np.float32(0.5), np.uint64(2**64 - 1), np.zeros(1), np.ones(1))
scalars = pytest.mark.parametrize("value", VALUES[:7], ids=repr)
values = pytest.mark.parametrize("value", VALUES, ids=repr)
both = pytest.mark.parametrize("there", (True, False))


def maybe(there, value):
    """`value` or None, of a type that is neither."""
    return value if there else None


maybe = njit(maybe)


def run(f, value, there):
    compiled = njit(f)
    if isinstance(value, list) and not value:
        compiled([1], True)  # the type of the items
    check(compiled, value, there)


@values
@both
def test_truth(value, there):
    def f(v, there):
        x = maybe(there, v)
        out = 1 if x else 2
        if not x:
            out += 10
        while x:
            out += 100
            break
        return out, bool(x), not x

    run(f, value, there)


@pytest.mark.parametrize("value", VALUES[:-2], ids=repr)
@both
def test_equality(value, there):
    def f(v, there):
        x, y = maybe(there, v), maybe(not there, v)
        return x == v, v == x, x != v, x == y, x != y, x == x, x == None, None != x, x in (v, v), (x, 1) == (v, 1), [x] == [y], x is None  # noqa: E711

    run(f, value, there)


@both
def test_equality_between_types(there):
    def f(v, there):
        x, y = maybe(there, v), maybe(there, v + 0.5)
        return x == y, x == v + 0.0, x == "text", x != (1, 2), [x, None].count(None), [None, x].index(x), x in [v, v + 1]

    run(f, 3, there)


@both
def test_any_all(there):
    def f(v, there):
        x = maybe(there, v)
        return any([x]), all((x, x)), any([x, None])

    run(f, 3, there)


@values
@both
def test_isinstance(value, there):
    def f(v, there):
        x = maybe(there, v)
        n = 0
        if isinstance(x, (int, float, complex)):
            n += 1
        if isinstance(x, (tuple, list, str, np.ndarray)):
            n += 2
        if not isinstance(x, bool):
            n += 4
        return n, isinstance(x, object), isinstance(x, dict)

    if isinstance(value, np.generic):
        value = value.item()
    run(f, value, there)


@both
def test_isinstance_narrows(there):
    def f(v, there):
        x = maybe(there, v)
        return x + 1 if isinstance(x, int) else -1

    run(f, 3, there)


@pytest.mark.parametrize("value", (True, False))
@both
def test_identity_of_booleans(value, there):
    def f(v, there):
        x, y = maybe(there, v), maybe(not there, v)
        return x is True, x is not False, True is x, x is v, x is y, x is x

    run(f, value, there)


@both
def test_identity_of_lists(there):
    def f(v, there):
        x = maybe(there, v)
        return x is v, x is not v, x is [1]

    run(f, [1], there)


def _none_cases():
    def add(x): return x + 1
    def add_right(x): return 1 - x
    def inplace(x):
        x *= 2
        return x
    def power(x): return x ** 2
    def order(x): return x < 3
    def order_right(x): return 3 >= x
    def negate(x): return -x
    def absolute(x): return abs(x)
    def root(x): return math.sqrt(x)
    def count(x): return len(range(x))
    def as_float(x): return float(x)
    def as_int(x): return int(x)
    def index_list(x): return [1, 2, 3, 4][x]
    def index_tuple(x): return (1, 2, 3, 4)[x]
    for f in (add, add_right, inplace, power, order, order_right, negate, absolute, root, count, as_float, as_int, index_list, index_tuple):
        yield f, 3

    def item(x): return x[0]
    def length(x): return len(x)
    def total(x): return sum(x)
    def contains(x): return 1 in x
    def loop(x):
        s = 0
        for i in x:
            s += i
        return s
    def unpack(x):
        a, b = x
        return a + b
    for f in (item, length, total, contains, loop, unpack):
        yield f, (1, 2)
        yield f, [1, 2]

    def append(x): x.append(1)
    def store(x): x[0] = 1
    def delete(x): del x[0]
    def concat(x): return x + [1]
    for f in (append, store, delete, concat):
        yield f, [1, 2]

    def ndim(x): return x.ndim
    def size(x): return x.size
    def method(x): return x.sum()
    for f in (ndim, size, method):
        yield f, np.ones(3)
    yield (lambda x: x.count(1)), (1, 2)


@pytest.mark.parametrize("func, value", [pytest.param(f, v, id=f"{f.__name__}-{type(v).__name__}") for f, v in _none_cases()])
def test_none_raises_what_cpython_raises(func, value):
    inner = njit(func)

    def caught(v, there):
        x = maybe(there, v)
        try:
            inner(x)
        except TypeError:
            return 1
        except AttributeError:
            return 2
        return 0

    for there in (True, False):
        check(njit(lambda v, there: inner(maybe(there, v))), value, there)
        check(njit(caught), value, there)


@both
def test_caught_where_nothing_else_raises(there):
    """The check alone keeps the handler alive."""
    def f(v, there):
        x = maybe(there, v)
        out = [0]
        try:
            out.append(x + 1)
        except TypeError:
            out.append(-1)
        finally:
            out.append(9)
        return out

    run(f, 3, there)


@njit
def last_positive(a):
    best = None
    for i in range(a.size):
        if a[i] > 0:
            best = i
    return a[best]


def test_an_index_that_is_none_at_first():
    """While nothing but None is known of it, a[None] is a view; the result is none."""
    def guarded(a):
        best = None
        for i in range(a.size):
            if a[i] > 0:
                best = i
        return a[best] if best is not None else -1.0

    for a in ([1.0, -2.0, 3.0], [1.0, -2.0], [-1.0]):
        check(guarded, np.array(a))
        if max(a) > 0:
            check(lambda a: (last_positive(a) + 1, [last_positive(a)]), np.array(a))
    with pytest.raises(TypeError, match="got None"):
        last_positive(np.array([-1.0]))


@both
def test_a_method_is_looked_up_before_its_arguments(there):
    """What the arguments do has not happened when None has no such method, nor when they raise themselves."""
    def last(items, there):
        x = maybe(there, [1])
        x.append(items.pop())
        return x

    def caught(items, there):
        x = maybe(there, [items[0]])
        try:
            x.append(items.pop() if items[0] else items[5])
            x.append(x.pop())
        except AttributeError:
            items.append(-1)
        except IndexError:
            items.append(-2)
        return x

    for items in ([1, 2], [0, 2]):
        check(njit(last), items, there)
        check(njit(caught), items, there)
    if not there:
        check_traceback(njit(last), [1], False)


def test_none_as_an_index():
    def read(items, k):
        i = maybe(k > 0, k)
        return items[i]

    def write(items, k):
        i = maybe(k > 0, k)
        items[i] = items[0]
        return items

    def delete(items, k):
        i = maybe(k > 0, k)
        del items[i]
        return items

    for k in (0, 1, 5):
        check(njit(read), "abc", k)
        for f in (read, write, delete):
            check(njit(f), [1, 2, 3], k)


# --- behind `is None`: where it is not, it is its value -------------------------------------------------------------------------------

@values
@both
def test_narrowed(value, there):
    """Lists and other variables take it for its plain type."""
    def f(v, there):
        x = y = maybe(there, v)
        items = [v]
        if x is not None:
            items.append(x)
            v = x
        if y is None:
            y = v
        items.append(y)
        return len(items), items[-1] is not None, v is not None

    run(f, value, there)


@both
def test_narrowed_by_every_form(there):
    def f(v, there):
        x = maybe(there, v)
        items = [v]
        items.append(x if x is not None else -1)
        items.append(-2 if x is None else x)
        if not x is None and x > 0:  # noqa: E714
            items.append(x)
        if x is None or items.append(x) is None:
            items.append(-3)
        while x is not None:
            items.append(x)
            x = maybe(x < 5, x + 1)
        if (y := maybe(there, v + 9)) is not None:
            items.append(y)
        for k in [maybe(there, v), maybe(not there, v)]:
            if k is None:
                continue
            items.append(k)
        return items + [k for k in (maybe(there, v), maybe(there, v + 1)) if k is not None]

    run(f, 3, there)


@both
@pytest.mark.parametrize("v", (0, 3, 5))
def test_narrowed_by_truth(v, there):
    """Where it is true it is not None: in `if`, `not`, `and`, `or`, conditional expressions and `while`."""
    def f(v, there):
        x = maybe(there, v)
        items = [v]
        if x:
            items.append(x)
        items.append(x or 7)
        items.append(x if x else -1)
        if x and x > 3 and items.append(x) is None:
            items.append(-2)
        if not x or x < 4:
            items.append(-3)
        else:
            items.append(x)
        while x:
            items.append(x)
            x = maybe(x < 5, x + 1)
        if y := maybe(there, v + 1):
            items.append(y)
        z = maybe(there, items)
        if z:
            items = z + z
        for k in [maybe(there, v), maybe(not there, v)]:
            if not k:
                continue
            items.append(k)
        return items, x and v, z is None

    run(f, v, there)


@both
def test_truth_of_zero_is_not_none(there):
    def f(v, there):
        x, text, items = maybe(there, v), maybe(there, ""), maybe(there, [v][1:])
        if x:
            return 1, "there"
        if text or items:
            return 2, text
        return 3 if x is None else x, text if text is not None else "none"

    run(f, 0, there)


@both
def test_narrowed_by_raise_and_try(there):
    def f(v, there):
        x, items = maybe(there, v), [v]
        try:
            if x is None:
                raise AssertionError("nothing there")
            items.append(x)
            items.append(items[x])
        except AssertionError:
            items.append(-1)
        except IndexError:
            items.append(x)
        return items

    for v in (0, 3):
        check(njit(f), v, there)


@both
def test_narrowed_default(there):
    """The usual first lines of a function with an optional argument; the loop may take it away again."""
    def f(v, there):
        out, start = maybe(there, np.ones(3)), maybe(there, v)
        if out is None:
            out = np.zeros(3)
        if start is None:
            start = 1
        best = None
        for k in range(start, 6):
            out[k % 3] += k
            if best is None or out[k % 3] > out[best]:
                best = k % 3
            elif best is not None and k == 4:
                best = None
        return out, start, best if best is not None else -1

    run(f, 2, there)


@both
def test_narrowed_values_stay_alive(there):
    """A part of the optional outlives it."""
    def f(v, there):
        x, kept = maybe(there, [v, v + 1]), [[v]]
        if x is not None:
            kept.append(x)
            x = None
        y = maybe(there, np.arange(v))
        if y is not None:
            z = y[1:]
            y = maybe(not there, np.zeros(2))
            return kept, z, y is None
        return kept, np.ones(1, np.int64), False

    check(njit(f), 3, there)


def test_not_narrowed_where_it_may_be_none_again():
    def f(n):
        x = maybe(n > 0, n)
        if x is not None:
            x = maybe(n > 1, n)
            return x + 1
        return 0

    check(njit(f), 0)
    check(njit(f), 1)  # TypeError
    check(njit(f), 2)


def test_narrowing_is_of_no_consequence_to_other_types():
    """Arguments that are there or None as a whole, types that are never None, dead branches."""
    def f(a, weights=None, out=None):
        if out is None:
            out = np.zeros_like(a)
        if weights is not None:
            out += a * weights
        else:
            out += a
        if a is None:
            return weights
        return out

    compiled = njit(f)
    a = np.arange(4.0)
    check(compiled, a)
    check(compiled, a, 2.0)
    check(compiled, a, a, np.ones(4))
    check(compiled, a, None, np.ones(4))


@both
def test_narrowed_beside_objects(there):
    def f(d, v, there):
        x, y = maybe(there, v), d.get(3)
        if x is not None:
            d[x] = [x]
        if y is not None:
            y.append(x)
        else:
            y = [x]
        z = x
        if z is None:
            z = d
        return d, y, z if z is not None else 0

    for d in ({}, {3: [1]}):
        check(jit(f), d, 4, there)
