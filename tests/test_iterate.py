"""range, iteration, enumerate, zip, reversed: what `for` goes over."""
import numpy as np
import pytest
from harness import check, check_error, checks

from hotloop import njit, prange

EXTREMES = [(0,), (5,), (-3,), (2, 9), (9, 2), (-4, 4), (0, 10, 3), (10, 0, -3), (10, 0, 3), (0, 10, -1), (-5, 5, 2),
            (2**63 - 3, 2**63 - 1), (-2**63, -2**63 + 3), (2**63 - 6, 2**63 - 1, 4), (-2**63 + 5, -2**63, -4),
            (0, 10, 2**62), (5, -5, -2**63), (-2**63, 2**63 - 1, 2**62), (2**63 - 1, -2**63, -2**62)]


@pytest.mark.parametrize("args", EXTREMES)
def test_range_items(args):
    def one(a):
        return [i for i in range(a)]

    def two(a, b):
        return [i for i in range(a, b)]

    def three(a, b, c):
        return [i for i in range(a, b, c)]

    check((one, two, three)[len(args) - 1], *args)


def test_range_literal_steps():
    def f(n):
        out = []
        for i in range(0, n, 1):
            out.append(i)
        for i in range(n, -1, -1):
            out.append(i)
        for i in range(1, n, 3):
            out.append(i)
        for i in range(n, 0, -2):
            out.append(i)
        return out

    checks(f, [0, 1, 7, -2])


def test_range_step_changes():
    def f(n):
        step, out = 1, []
        for _ in range(3):
            for i in range(0, n, step):
                out.append(i)
            step = step + 2
        return out

    checks(f, [10, 0])


def test_range_zero_step():
    def f(n, s):
        t = 0
        for i in range(0, n, s):
            t += i
        return t

    checks(f, [(10, 2), (10, 0), (10, -1)])


def test_range_object():
    def f(a, b, c, x):
        r = range(a, b, c)
        return r.start, r.stop, r.step, len(r), x in r, x not in r, bool(r), r == range(a, b, c), r != range(a, b, 1)

    checks(f, [(0, 10, 3, 6), (0, 10, 3, 5), (10, 0, -2, 4), (10, 0, -2, 0), (5, 5, 1, 5), (0, 1, 7, 0)])


def test_range_getitem():
    def f(a, b, c, k):
        return range(a, b, c)[k]

    checks(f, [(0, 10, 3, 0), (0, 10, 3, -1), (0, 10, 3, 3), (0, 10, 3, 4), (0, 10, 3, -5), (10, 0, -1, 2)])


def test_loop_variable_survives():
    def f(n):
        i = -1
        for i in range(n):
            if i == 5:
                break
        else:
            i += 100
        return i

    checks(f, [0, 3, 6, 20])


def test_loop_variable_may_be_changed():
    def f(n):
        out = []
        for i in range(n):
            out.append(i)
            i += 10
            out.append(i)
        return out

    check(f, 4)


def test_prange():
    def f(n):
        s = 0
        for i in prange(1, n):
            s += i
        return s

    assert njit(f)(10) == 45


def test_iterate_list():
    def f(x):
        s = 0.0
        for v in x:
            s += v
        return s

    checks(f, [([1.0, 2.5],), ([1, 2, 3],), ([0.5],)])


def test_list_grows_while_iterated():
    def f(n):
        x = [1, 2, 3]
        out = []
        for v in x:
            if len(x) < n:
                x.append(v * 10)
            out.append(v)
        return out, x

    checks(f, [3, 6, 10])


def test_list_shrinks_while_iterated():
    def f(n):
        x = list(range(n))
        out = []
        for v in x:
            out.append(v)
            if v % 2 == 0:
                x.pop()
        return out, x

    checks(f, [0, 5, 10])


def test_iterate_tuple():
    def f(t):
        s = 0
        for v in t:
            s += v
        return s

    checks(f, [((1, 2, 3),), ((1.5, 2.5),), ((7,),)])


def test_iterate_literal_tuple():
    def f():
        s = 0
        for v in (3, 1, 4, 1, 5):
            s = s * 10 + v
        for w in ():
            s = 0
        return s

    check(f)


def test_iterate_mixed_tuple_is_refused():
    from hotloop import TypingError

    def f(t):
        for v in t:
            pass

    check_error(f, ((1, 2.5),), TypingError, "different types")


def test_iterate_tuple_of_tuples():
    def f(t):
        out = []
        for a, b in t:
            out.append(a * 10 + b)
        return out

    check(f, ((1, 2), (3, 4), (5, 6)))


def test_iterate_array():
    def f(a):
        s = 0.0
        for v in a:
            s += v
        return s

    check(f, np.arange(5.0))


def test_iterate_rows():
    def f(a):
        out = []
        for row in a:
            out.append(row[0] + row[-1])
        return out

    check(f, np.arange(12.0).reshape(4, 3))


def test_iterate_scalar_is_refused():
    from hotloop import TypingError

    def f(a):
        for v in a:
            pass

    check_error(f, (3,), TypingError, "not iterable")


def test_enumerate():
    def f(x, k):
        out = []
        for i, v in enumerate(x):
            out.append(i * 100 + v)
        for i, v in enumerate(x, k):
            out.append(i * 100 + v)
        for i, v in enumerate(x, start=-1):
            out.append(i * 100 + v)
        return out

    checks(f, [([5, 6, 7], 3), ((1, 2), 10), ([8], 1)])


def test_enumerate_array():
    def f(a):
        s = 0.0
        for i, v in enumerate(a):
            s += i * v
        return s

    check(f, np.arange(5.0))


def test_enumerate_pair_kept():
    def f(x):
        out = []
        for p in enumerate(x):
            out.append(p)
        return out

    check(f, [1.5, 2.5])


def test_zip():
    def f(a, b, c):
        out = []
        for x, y, z in zip(a, b, c):
            out.append(x * 100 + y * 10 + z)
        return out

    checks(f, [([1, 2, 3], [4, 5, 6], [7, 8, 9]), ([1, 2, 3], [4, 5], [7]), ([1], (1, 2), [3, 4, 5]), ((1, 2), (3, 4), [5, 6])])


def test_zip_of_nothing():
    def f():
        n = 0
        for _ in zip():
            n += 1
        return n

    check(f)


def test_zip_ranges_and_arrays():
    def f(n, a):
        s = 0.0
        for i, j, v in zip(range(n), range(n, 0, -1), a):
            s += i * j * v
        return s

    check(f, 7, np.arange(5.0))


def test_nested_wrappers():
    def f(a, b):
        out = []
        for i, (x, y) in enumerate(zip(a, b)):
            out.append(i + x * y)
        for x, (i, y) in zip(a, enumerate(b)):
            out.append(i + x * y)
        for (i, x), (j, y) in zip(enumerate(a), enumerate(b, 5)):
            out.append(i * j + x * y)
        for i, (j, x) in enumerate(enumerate(a, 3), 4):
            out.append(i * j + x)
        return out

    checks(f, [([1, 2, 3], [4, 5, 6]), ([1], [4, 5]), ((1, 2), [3])])


def test_shared_iterator():
    def f(x):
        it = enumerate(x)
        out = []
        for i, v in it:
            out.append(i * 10 + v)
            if i == 1:
                break
        for i, v in it:
            out.append(-i * 10 - v)
        return out

    check(f, [1, 2, 3, 4])


def test_zip_stops_at_the_first():
    def f(a, b):
        it = enumerate(b)
        out = []
        for x, (i, y) in zip(a, it):
            out.append(x * y + i)
        for i, y in it:
            out.append(y)
        return out

    checks(f, [([1, 2], [3, 4, 5, 6]), ([1, 2, 3], [4]), ([1], [1, 2])])


def test_zip_of_an_iterator_with_itself():
    def f(x):
        it = enumerate(x)
        out = []
        for (i, a), (j, b) in zip(it, it):
            out.append(i * 1000 + a * 100 + j * 10 + b)
        return out

    check(f, [1, 2, 3, 4, 5])


def test_reversed():
    def f(x, n):
        out = []
        for v in reversed(x):
            out.append(v)
        for v in reversed(range(n)):
            out.append(v)
        for v in reversed(range(1, n, 3)):
            out.append(v)
        for v in reversed(range(n, -4, -3)):
            out.append(v)
        for i, v in enumerate(reversed(x)):
            out.append(i * v)
        return out

    checks(f, [([1, 2, 3], 5), ((4, 5), 10), ([7], 0), ([8], -2)])


@pytest.mark.parametrize("args", [a for a in EXTREMES if len(a) == 3] + [(-2**63, -2**63 + 3, 1), (2**63 - 1, 2**63 - 4, -1), (2**63 - 4, 2**63 - 1, 1), (3, 0, -2**63)])
def test_reversed_range_at_the_ends(args):
    """Its own stop would lie in front of its start, beyond the integers there are."""
    def any_step(a, b, c):
        return [i for i in reversed(range(a, b, c))], [x for x in enumerate(reversed(range(a, b, c)))]

    def up(a, b):
        return [i for i in reversed(range(a, b))]

    def down(a, b):
        return [i for i in reversed(range(a, b, -1))]

    check(any_step, *args)
    if abs(args[2]) == 1:
        check(up if args[2] > 0 else down, *args[:2])


def test_range_whose_distances_need_65_bits():
    """LLVM must not be told that k * step fits: it would draw conclusions about the items."""
    def literal():
        out = [0]
        for i in range(-2**63, 2**63 - 1, 2**62 + 5):
            if i // 3 > 2:
                out.append(i)
            if i >> 60 < 0:
                out.append(i)
            out.append(i % 7)
        return out

    def variable(a, b, c):
        out = [0]
        for i in range(a, b, c):
            out.append(i if i < 0 else i // 2)
        return out

    check(literal)
    checks(variable, [(-2**63, 2**63 - 1, 2**62 + 5), (2**63 - 1, -2**63, -2**62), (-2**63, 2**63 - 1, 2**63 - 1), (5, -2**63, -2**62)])


def test_reversed_array():
    def f(a):
        out = []
        for v in reversed(a):
            out.append(v)
        return out

    checks(f, [np.arange(4.0), np.arange(8.0)[1::2], np.arange(4.0)[::-1]])


def test_reversed_list_that_shrinks():
    def f(n):
        x = list(range(n))
        out = []
        for v in reversed(x):
            out.append(v)
            if len(x) > 2:
                x.pop()
                x.pop()
        return out

    checks(f, [1, 4, 7])


def test_nested_loops_reuse_iterators():
    def f(n):
        s = 0
        for i in range(n):
            for j, v in enumerate([1, 2, 3]):
                for k in reversed(range(i)):
                    s += i * j * k + v
        return s

    check(f, 6)


def test_comprehensions():
    def f(x, n):
        a = [v * 2 for v in x]
        b = [v for v in x if v > 1]
        c = [i * j for i in range(n) for j in range(i)]
        d = [[i + j for j in range(2)] for i in range(n)]
        e = [(i, float(v)) for i, v in enumerate(x)]
        return a, b, c, d, e

    checks(f, [([1, 2, 3], 3), ([0.5, 1.5], 4)])


def test_loops_with_else_continue():
    def f(x, stop):
        out = []
        for i, v in enumerate(x):
            if v == stop:
                break
            if v % 2:
                continue
            out.append(v)
        else:
            out.append(-1)
        return out

    checks(f, [([1, 2, 3, 4], 9), ([1, 2, 3, 4], 3), ([2, 4], 2)])


def test_unpack_from_iterables():
    def f(n):
        a, b, c = range(n)
        return a + b * c

    checks(f, [3, 2, 4])


def test_iterator_as_argument_of_a_compiled_function():
    @njit
    def total(it):
        s = 0
        for i, (x, y) in it:
            s += i * x * y
            if i == 1:
                break
        return s

    def f(a, b):
        it = enumerate(zip(a, b), 1)
        s = total(it) * 1000
        for i, (x, y) in it:
            s += i * 100 + x * 10 + y
        return s

    checks(njit(f), [([1, 2, 3], [4, 5, 6]), ([1], [2])])


def test_iterator_cannot_be_returned():
    from hotloop import TypingError

    @njit
    def g(x):
        return enumerate(x)

    def f(x):
        s = 0
        for i, v in g(x):
            s += i * v
        return s

    check_error(f, ([1, 2],), TypingError, "cannot be returned")


def test_methods_are_not_values():
    from hotloop import TypingError

    def f(x):
        return x.append

    def g(x):
        return x, x.append

    def h(x):
        x.append(x)

    def k():
        x = []
        x.append(x)
        return x

    check_error(f, ([1],), TypingError, "cannot be returned")
    check_error(g, ([1],), TypingError, "method")
    check_error(h, ([1],), TypingError, "does not fit")
    check_error(k, (), TypingError, "does not fit")
