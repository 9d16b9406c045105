"""Tuples, lists, strings, folds over them: value, type, exception and changed arguments as in CPython."""
import collections
import io
import sys

import numpy as np
import pytest
from harness import check, check_error, checks

from hotloop import TypingError, njit

Point = collections.namedtuple("Point", "x y")
Segment = collections.namedtuple("Segment", ["a", "b"])

# --- tuples ------------------------------------------------------------------------------------------------------


def test_tuple_build_and_return():
    def f(a, b):
        return (a, b), (a,), (), (a, (b, a), 3, 2.5, True, None, "text")

    checks(f, [(1, 2.5), (True, 1j)])


def test_tuple_index():
    def f(t):
        return t[0], t[-1], t[1]

    checks(f, [((1, 2.5, True),), ((1, 2, 3),), ((1, (2, 3), 4.5),)])


def test_tuple_index_out_of_range():
    def f(t):
        return t[3]

    check_error(f, ((1, 2),), TypingError, "out of range")


def test_tuple_variable_index():
    def f(t, k):
        return t[k]

    checks(f, [((1, 2, 3), k) for k in (-4, -3, -1, 0, 2, 3)] + [((1.5, 2.5), k) for k in (-3, -2, 0, 1, 2)] + [((7,), 0), ((7,), 1)])


def test_mixed_tuple_variable_index_is_refused():
    def f(t, k):
        return t[k]

    check_error(f, ((1, 2.5), 0), TypingError, "different types")


def test_tuple_slices():
    def f(t):
        return t[1:], t[:-1], t[::2], t[::-1], t[5:], t[:], t[-2:10], t[2:0:-1]

    checks(f, [((1, 2.5, True, 4),), ((1, 2),)])


def test_tuple_concat_and_repeat():
    def f(a, b):
        return a + b, a * 2, 3 * b, a * 0, a + (), (1,) * 4

    checks(f, [((1, 2), (2.5, True)), ((), (1,))])


def test_tuple_comparison():
    def f(a, b):
        return a == b, a != b, a < b, a <= b, a > b, a >= b

    cases = [((1, 2), (1, 2)), ((1, 2), (1, 3)), ((1, 2.0), (1, 2)), ((1, 2, 3), (1, 2)), ((2,), (1, 5)), ((), (1,)),
             ((1, float("nan")), (1, float("nan"))), ((1, float("nan"), 2), (1, 2.0, 3)), (((1, 2), 3), ((1, 2), 4)),
             ((True, 1), (1, True))]
    for a, b in cases:
        check(f, a, b)


def test_tuple_comparison_of_mixed_kinds():
    def f(a, b):
        return a == b, a != b

    checks(f, [((1, "a"), (1, "a")), ((1, "a"), ("a", 1)), ((1, None), (1, 2)), (((1,), 2), (1, 2)), ((1j,), (1,))])


def test_unsigned_in_tuples_compare_exactly():
    def f(a, b, c):
        x, y = (a[0],), (b,)
        return x == y, x < y, x > y, (c,) < x, b in (a[0], a[1])

    big = np.array([2**63 + 5, 2**64 - 1], np.uint64)
    checks(f, [(big, -1, -5), (big, 2**63 - 1, 3), (np.array([5, 7], np.uint64), 7, 5)])


def test_integers_beyond_floats_compare_exactly_inside_of_containers():
    """2**53 + 1 is no float: converted to one it would equal 2.0**53."""
    def f(n, x):
        t, values = (n,), [n]
        return t == (x,), t != (x,), t < (x,), t >= (x,), (x,) < t, values == [x], x in t, x in values, [(1, n)] < [(1, x)]

    checks(f, [(n, x) for x in (2.0**53, -2.0**53, 2.0**63, float("inf"), float("nan"), 0.5) for n in (2**53, 2**53 + 1, -2**53 - 1, 2**63 - 1, 0)])

    def unsigned(a, x):
        t = (a[0],)
        return t == (x,), t < (x,), t > (x,), x in t

    compiled = njit(unsigned)  # an item of an array is a Python number, in compiled code
    for n in (2**63, 2**63 + 1, 2**64 - 1, 3):
        for x in (2.0**63, 2.0**64, 3.0, -1.0):
            assert compiled(np.array([n], np.uint64), x) == unsigned([n], x)


def test_tuple_in():
    def f(x, t):
        return x in t, x not in t, x in (1, 2, 3), x in (), x in (1.5, None, "a")

    checks(f, [(1, (1, 2)), (5, (1, 2)), (1.5, (1, 1.5)), (2.0, (1, 2))])


def test_tuple_len_truth():
    def f(t):
        a = 1 if t else 0
        return len(t), a, not t, bool(()), len(())

    checks(f, [((1, 2.5),), ((1,),)])


def test_tuple_count_index():
    def f(t, x):
        return t.count(x), t.index(x)

    checks(f, [((1, 2, 1), 1), ((1, 2.5, 2), 2)])


def test_tuple_index_bounds():
    def f(t, x, a, b):
        return t.index(x, a, b)

    checks(f, [((1, 2, 1), 1, 1, 3), ((1, 2, 1), 1, -1, 100), ((5, 6, 5), 5, 0, -2)])


def test_tuple_index_missing():
    def f(t, x):
        return t.index(x)

    checks(f, [((1, 2), 3)])


def test_tuple_unpack():
    def f(t):
        a, b, c = t
        (d, e), g = (a, b), c
        return c, b, a, d, e, g

    checks(f, [((1, 2.5, True),), ((1, (2, 3), [4.0]),)])


def test_swap():
    def f(a, b):
        a, b = b, a
        a, b, c = b, a, a
        return a, b, c

    check(f, 1, 2)


def test_tuple_unpack_wrong_length():
    def f(t):
        a, b = t
        return a

    checks(f, [((1, 2, 3),), ((1,),)])
    check_error(f, ((1, 2.5, 3),), TypingError, "too many values")


def test_starred_unpack():
    def f(t):
        a, *b = t
        *c, d = t
        e, *g, h = t
        return a, b, c, d, e, g, h

    checks(f, [((1, 2, 3, 4),), ((1, 2),), ((1.5, 2.5, 3.5),)])


def test_starred_unpack_list():
    def f(x):
        a, *b = x
        c, d, *e = x
        *g, h = x
        return a, b, c, d, e, g, h

    checks(f, [([1, 2, 3],), ([1.5, 2.5],), ([1],), ([],)])


def test_unpack_list():
    def f(x):
        a, b = x
        return a + b

    checks(f, [([1, 2],), ([1.5, 2.5],), ([1],), ([1, 2, 3],)])


def test_tuple_of_tuple():
    def f(t):
        return tuple(t), tuple(), tuple((1, 2.5))

    check(f, (1, 2))


def test_tuple_from_list_is_refused():
    def f(x):
        return tuple(x)

    check_error(f, ([1, 2],), TypingError, "length of a tuple")


def test_tuple_in_variable_of_loop():
    def f(n):
        t = (0, 1)
        for i in range(n):
            t = (t[1], t[0] + t[1])
        return t

    checks(f, [0, 1, 10])


def test_tuple_widens_in_loop():
    def f(n):
        t = (0, 0)
        for i in range(n):
            t = (t[0] + 0.5, t[1] + 1)
        return t[0]

    checks(f, [1, 10])


def test_star_args():
    def f(a, *rest):
        return a, len(rest), rest

    def g(x, *rest):
        return x + rest[0] * rest[1]

    checks(f, [(1,), (1, 2.5), (1, 2, 3)])
    checks(g, [(1, 2, 3)])


def test_call_with_star():
    @njit
    def inner(a, b, c):
        return a * 100 + b * 10 + c

    def f(t, x):
        return inner(*t), inner(x, *t[1:]), inner(*t[:2], x)

    check(njit(f), (1, 2, 3), 7)


def test_namedtuple_argument():
    def f(p):
        a, b = p
        return p.x + p.y * 10, p[0], p[-1], len(p), a, b, p

    checks(f, [(Point(1, 2.5),), (Point(True, 2),)])


def test_namedtuple_construction():
    def f(a, b):
        p = Point(a, b)
        q = Point(y=a, x=b)
        s = Segment(p, q)
        return p, q, s.a.x + s.b.y, s, p == q, p == (a, b), p + q, p[::-1]

    check(f, 1, 2)
    check(f, 1.5, 2.5)


Defaults = collections.namedtuple("Defaults", "x y z", defaults=(2.5, (1, 2)))


def test_namedtuple_defaults():
    def f(a):
        return Defaults(a), Defaults(a, 1), Defaults(z=3, x=a), Defaults(a, z=a, y=None), Defaults(y=a, x=1).y

    check(f, 1)
    check(f, np.arange(3))


@pytest.mark.parametrize("make, match", [
    (lambda a: Point(a, x=3), "several values for 'x'"), (lambda a: Point(y=a), "'x' has no value"), (lambda a: Point(a), "'y' has no value"),
    (lambda a: Defaults(y=a), "'x' has no value"), (lambda a: Point(a, z=3), "no field 'z'"), (lambda a: Point(a, a, a), "2 fields, 3 values"),
])
def test_namedtuple_with_wrong_arguments(make, match):
    check_error(make, (1,), TypingError, match)


def test_namedtuple_unknown_field():
    def f(p):
        return p.z

    check_error(f, (Point(1, 2),), TypingError, "no attribute 'z'")


def test_tuple_holds_list_and_array():
    def f(n):
        x = [1.0] * n
        a = np.zeros(n)
        t = (x, a, n)
        t[0].append(2.0)
        t[1][0] = 5.0
        y, b, m = t
        return y, b, m, t[0][-1]

    check(f, 3)


def test_list_of_tuples_of_arrays():
    def f(n):
        out = []
        for i in range(n):
            out.append((np.full(2, float(i)), i))
        s = 0.0
        for a, k in out:
            s += a[1] * k
        out[0] = out[1]
        a, k = out.pop()
        return s, out[0][0], a, k

    check(f, 4)


# --- lists: making, items ----------------------------------------------------------------------------------------


def test_list_literals():
    def f(a, b):
        return [a, b], [a], [[a], [b, a]], [(a, b)], [True, False]

    checks(f, [(1, 2), (1.5, 2.5)])


def test_empty_list_learns_its_type():
    def f(n):
        x = []
        for i in range(n):
            x.append(i * 0.5)
        return x

    checks(f, [1, 5])


def test_empty_list_stays_empty():
    def f():
        x = []
        return len(x)

    check(f)


def test_list_widens():
    def f(n):
        x = [0] * n
        for i in range(n):
            x[i] = i * 0.5
        return x

    checks(f, [1, 4])


def test_lists_that_meet_widen_together():
    def branch(c):
        x = [1] if c else [0.5]
        return x[0] + 0.25

    def returns(c):
        if c:
            return [1]
        return [0.5]

    def rows(c):
        x, y = [1], [0.5]
        z = [x, y]
        x.append(2)
        return z[0][0] + 0.25, z[1][0] + 0.25

    def optional(c):
        x = None
        if c:
            x = [2]
        else:
            x = [0.5]
        return x[0] + 0.25

    for f in (branch, rows, optional):
        checks(f, [True, False])
    assert [njit(returns)(c) for c in (True, False)] == [[1.0], [0.5]]


def test_lists_of_different_items_do_not_meet():
    """A list that came in holds what it holds: read as one of other numbers it would be nonsense."""
    def branch(c, x, y):
        z = x if c else y
        return z[0]

    def pair(c, x, y):
        z = (x, 1) if c else (y, 1)
        return z[0][0]

    def rows(c, x, y):
        return [x, y][0][0]

    def append(c, x, y):
        z = [x]
        z.append(y)
        return z[0][0]

    def later(c, x, y):
        z = [1]
        w = [x, z]
        z.append(0.5)
        return w[0][0]

    def returns(c, x, y):
        if c:
            return x
        return y

    for f in (branch, pair, rows, append, later, returns):
        check_error(f, (True, [3, 1], [1.5, 2.0]), TypingError)
        if f is not later:
            check(f, True, [3, 1], [4, 2])


def test_list_of_mixed_kinds_is_refused():
    def f():
        return [1, "a"]

    check_error(f, (), TypingError, "one type")


def test_argument_list_keeps_its_type():
    def f(x):
        x.append(2.5)

    check_error(f, ([1, 2],), TypingError, "int64")


def test_list_constructor():
    def f(x, t, n):
        a = list(x)
        a.append(x[0])
        return a, list(t), list(range(n)), list(), list(enumerate(x)), list(zip(x, t)), list(reversed(x))

    checks(f, [([1, 2], (3, 4), 3), ([1.5], (2.5,), 0)])


def test_list_from_array():
    def f(a):
        return list(a)

    check(f, np.arange(4.0))


def test_list_index():
    def f(x, i):
        return x[i]

    checks(f, [([1, 2, 3], i) for i in (-4, -3, -1, 0, 2, 3)] + [([True, False], 1), ([1j, 2j], -1), ([(1, 2.5)], 0), ([0.5], 0)])


def test_list_setitem():
    def f(x, i, v):
        x[i] = v
        return x[i] == v

    checks(f, [([1, 2, 3], i, 9) for i in (-4, -3, -1, 0, 2, 3)] + [([1.0], 0, 5.5), ([True], 0, False)])


def test_list_slices():
    def f(x, a, b, c):
        return x[a:b:c], x[a:], x[:b], x[::c], x[:], x[a:b]

    bounds = (-10, -3, -1, 0, 1, 2, 5, 10)
    checks(f, [([1, 2, 3, 4, 5], a, b, c) for a in bounds for b in bounds[::2] for c in (-2, -1, 1, 3)])
    checks(f, [([1, 2], 0, 2, 0)])


def test_list_set_slices():
    def f(x, a, b, y):
        x[a:b] = y[1:]
        return len(x)

    bounds = (-10, -2, 0, 1, 3, 10)
    checks(f, [([1, 2, 3, 4], a, b, y) for a in bounds for b in bounds for y in ([0], [0, 9], [0, 7, 8, 9, 10, 11])])


def test_list_set_extended_slices():
    def f(x, a, b, c, y):
        x[a:b:c] = y
        return len(x)

    checks(f, [([1, 2, 3, 4, 5], 0, 5, 2, [7, 8, 9]), ([1, 2, 3, 4, 5], 4, 0, -2, [7, 8]), ([1, 2, 3], 0, 3, 2, [1]), ([1, 2, 3], 0, 3, 0, [1])])


def test_list_set_slice_from_other_iterables():
    def f(x, t):
        x[1:2] = t
        x[0:0] = range(3)
        x[:] = x
        return x

    check(f, [1, 2, 3], (7, 8))


def test_list_delete():
    def f(x, i):
        del x[i]
        return x

    checks(f, [([1, 2, 3], i) for i in (-4, -3, -1, 0, 2, 3)])


def test_list_delete_slices():
    def f(x, a, b, c):
        del x[a:b:c]
        return x

    checks(f, [([1, 2, 3, 4, 5, 6], a, b, c) for a in (-9, 0, 2, 5) for b in (-2, 0, 4, 9) for c in (-3, -1, 1, 2)])


def test_list_delete_slices_of_managed_items():
    def f(n, c):
        x = [[i] for i in range(n)]
        del x[1::c]
        x[0:1] = [[7], [8]]
        return x

    checks(f, [(6, 1), (6, 2), (6, 3), (1, 1)])


# --- lists: operators --------------------------------------------------------------------------------------------


def test_list_concat():
    def f(x, y):
        z = x + y
        z.append(z[0])
        return z, x, y

    checks(f, [([1, 2], [3]), ([1.5], [2.5, 3.5])])


def test_list_concat_of_literals_widens():
    def f():
        return [1] + [2.5]

    assert njit(f)() == [1.0, 2.5]


def test_list_iadd():
    def f(x, y, t):
        z = x
        x += y
        x += t
        x += range(2)
        return x, z, len(z)

    checks(f, [([1, 2], [3], (4, 5)), ([1], [2, 3, 4], (4,))])


def test_list_iadd_self():
    def f(x):
        x += x
        x.extend(x)
        return x

    check(f, [1, 2])


def test_list_repeat():
    def f(x, n):
        return x * n, n * x, [0.0] * n, [1, 2] * 3, [x[0]] * n

    checks(f, [([1, 2], 3), ([1.5], 0), ([1.5], -1), ([True], 2)])


def test_list_imul():
    def f(x, n):
        y = x
        x *= n
        return x, y

    checks(f, [([1, 2], 3), ([1, 2], 0), ([1, 2], -1), ([1, 2], 1)])


def test_repeated_managed_items_are_shared():
    def f(n):
        x = [[0]] * n
        x[0][0] = 5
        return x

    check(f, 3)


def test_list_comparison():
    def f(x, y):
        return x == y, x != y, x < y, x <= y, x > y, x >= y

    checks(f, [([1, 2], [1, 2]), ([1, 2], [1, 3]), ([1, 2], [1]), ([1], [1.0]), ([1.5], [1]), ([(1, 2)], [(1, 3)]), ([[1], [2]], [[1], [2]])])


def test_list_equals_other_kinds():
    def f(x, t):
        return x == t, x != t, x == 1, x != 2.5

    check(f, [1, 2], (1, 2))


def test_list_in():
    def f(x, v):
        return v in x, v not in x

    checks(f, [([1, 2, 3], 2), ([1, 2, 3], 5), ([1.5], 1.5), ([1, 2], 2.0), ([float("nan")], float("nan")), ([(1, 2), (3, 4)], (3, 4))])


def test_list_len_truth():
    def f(x):
        n = 0
        while x:
            x.pop()
            n += 1
        return n, len(x), bool(x), not x

    checks(f, [([1, 2, 3],), ([0.5],)])


# --- lists: methods ----------------------------------------------------------------------------------------------


def test_append_pop():
    def f(x, n):
        for i in range(n):
            x.append(i)
        a = x.pop()
        b = x.pop(0)
        c = x.pop(-2)
        return a, b, c, x

    checks(f, [([1, 2], 5), ([1], 3), ([1, 2, 3], 0), ([1, 2], 0)])


def test_pop_errors():
    def f(x, i):
        return x.pop(i)

    def g(x):
        x.pop()
        return x.pop()

    checks(f, [([1, 2], i) for i in (-3, -2, 1, 2)])
    check(g, [1])


def test_extend():
    def f(x, y, t):
        x.extend(y)
        x.extend(t)
        x.extend(range(3))
        x.extend(())
        x.extend([v * 2 for v in y])
        return x

    checks(f, [([1], [2, 3], (4, 5)), ([1], [2], (3,))])


def test_extend_with_array():
    def f(x, a):
        x.extend(a)
        return x

    check(f, [1.5], np.arange(3.0))


def test_insert():
    def f(x, i, v):
        x.insert(i, v)
        return x

    checks(f, [([1, 2, 3], i, 9) for i in (-10, -3, -1, 0, 1, 3, 10)])


def test_index_count_remove():
    def f(x, v):
        return x.count(v), x.index(v)

    def g(x, v):
        x.remove(v)
        return x

    def h(x, v, a, b):
        return x.index(v, a, b)

    cases = [([1, 2, 1, 3], 1), ([1.5, 2.5], 2.5), ([1, 2], 2.0)]
    checks(f, cases)
    checks(g, cases)
    checks(h, [([1, 2, 1], 1, 1, 3), ([1, 2, 1], 1, -1, 10), ([1, 2, 1], 1, -100, 1)])


def test_index_remove_missing():
    def f(x, v):
        return x.index(v)

    def g(x, v):
        x.remove(v)

    def h(x, v, a, b):
        return x.index(v, a, b)

    check(f, [1, 2], 5)
    check(f, [(1, 2.5)], (1, 2.0))
    check(g, [1, 2], 5)
    check(h, [1, 2, 1], 2, 2, 10)


def test_reverse_clear_copy():
    def f(x):
        y = x.copy()
        y.reverse()
        z = y.copy()
        z.clear()
        x.append(x[0])
        return x, y, z

    checks(f, [([1, 2, 3],), ([1.5, 2.5],), ([(1, 2), (3, 4)],)])


def test_clear_then_use():
    def f(x):
        x.clear()
        x.append(5)
        x.append(6)
        return x

    check(f, [1, 2, 3])


@pytest.mark.parametrize("n", [0, 1, 2, 5, 33, 1000])
def test_sort(n):
    def f(x):
        y = sorted(x)
        z = sorted(x, reverse=True)
        x.sort()
        w = x.copy()
        w.sort(reverse=True)
        return x, y, z, w

    rng = np.random.default_rng(n)
    check(f, [float(v) for v in rng.normal(size=n)] or [0.0])
    check(f, [int(v) for v in rng.integers(-5, 5, n)] or [0])


def test_sorted_of_others():
    def f(t, n, a):
        return sorted(t), sorted(range(n, 0, -1)), sorted(a), sorted([3, 1, 2])

    check(f, (3, 1, 2), 4, np.array([2.5, -1.0, 0.0]))


def test_sort_signed_zero_and_infinities():
    def f(x):
        x.sort()
        return x

    checks(f, [([0.0, -0.0, 1.0, -0.0],), ([float("inf"), -1.0, float("-inf"), 0.0],)])


def test_sort_tuples():
    def f(x):
        y = sorted(x, reverse=True)
        x.sort()
        return x, y

    rng = np.random.default_rng(1)
    check(f, [(int(a), float(b)) for a, b in rng.integers(-3, 3, (50, 2))])
    check(f, [(int(a), (float(b), bool(c))) for a, b, c in rng.integers(-2, 2, (60, 3))])


def test_sorting_what_has_no_order_is_refused():
    def f(x):
        x.sort()
        return x

    check_error(f, ([2j, 1j],), TypingError, "cannot be sorted")


# --- lists: nesting ----------------------------------------------------------------------------------------------


def test_nested_lists():
    def f(n):
        rows = [[0] * n for _ in range(n)]
        for i in range(n):
            for j in range(n):
                rows[i][j] = i * n + j
        return rows

    checks(f, [1, 4])


def test_adjacency_lists():
    def f(n):
        adj = [[] for _ in range(n)]
        for i in range(n):
            for j in range(i):
                adj[i].append(j)
                adj[j].append(i)
        return adj

    checks(f, [1, 5])


def test_nested_list_argument():
    def f(x):
        s = 0
        for row in x:
            for v in row:
                s += v
        x[0][0] = 100
        x.append([1, 2])
        x[1].append(7)
        return s, x

    check(f, [[1, 2], [3], [4, 5, 6]])


def test_list_rows_are_shared():
    def f(n):
        row = [1.0] * n
        rows = [row, row]
        rows[0][0] = 9.0
        a = rows[1]
        rows[1] = [2.0]
        a.append(3.0)
        return row, rows, a is row, rows[1] is row

    check(f, 2)


def test_items_outlive_their_list():
    def f(n):
        x = [[i] for i in range(n)]
        last = x[-1]
        first = x.pop(0)
        x[0] = [100]
        x.clear()
        return first, last

    checks(f, [2, 3])


def test_list_of_arrays():
    def f(n):
        x = []
        for i in range(n):
            x.append(np.full(i + 1, float(i)))
        a = x[1]
        x[1] = x[0]
        s = 0.0
        for v in x:
            s += v.sum()
        return s, a, x[1], x.pop()

    check(f, 4)


def test_list_swaps_rows():
    def f(n):
        x = [[i, i * i] for i in range(n)]
        for i in range(n - 1):
            x[i], x[i + 1] = x[i + 1], x[i]
        return x

    checks(f, [2, 5])


def test_list_in_loop_phi():
    def f(n):
        prev = [1]
        for i in range(n):
            cur = [1]
            for j in range(len(prev) - 1):
                cur.append(prev[j] + prev[j + 1])
            cur.append(1)
            prev = cur
        return prev

    checks(f, [0, 1, 6])


def test_returned_argument_list_is_the_same():
    def f(x):
        return x

    x = [1, 2]
    assert njit(f)(x) is x


def test_reads_do_not_write_back():
    class Probe(list):
        pass

    def f(x):
        return x[0] + len(x)

    check(f, [1, 2, 3])


def test_written_back_in_place():
    @njit
    def f(x):
        x[1] = 10.0
        x.append(3.0)

    x = [1.0, 2.0]
    first = x[0]
    f(x)
    assert x == [1.0, 10.0, 3.0] and x[0] is first or x[0] == first


def test_two_names_one_list():
    def f(x, y):
        x.append(1)
        return len(y), x is y

    z = [1, 2]
    check(f, z, z)
    check(f, [1], [2])


def test_stack_and_queue():
    def f(n):
        stack, order = [0], []
        while stack:
            v = stack.pop()
            order.append(v)
            for w in (2 * v + 1, 2 * v + 2):
                if w < n:
                    stack.append(w)
        return order

    checks(f, [1, 10, 30])


def test_sieve():
    def f(n):
        is_prime = [True] * (n + 1)
        is_prime[0] = is_prime[1] = False
        for i in range(2, n + 1):
            if is_prime[i]:
                for j in range(i * i, n + 1, i):
                    is_prime[j] = False
        return [i for i in range(n + 1) if is_prime[i]]

    checks(f, [1, 50, 200])


# --- folds -------------------------------------------------------------------------------------------------------


def test_sum_min_max():
    def f(x):
        return sum(x), min(x), max(x)

    checks(f, [([1, 2, 3],), ([1.5, -2.5],), ((3, 1, 2),), ((1.5,),), ([True, True],), ([7],)])


def test_sum_start():
    def f(x, s):
        return sum(x, s), sum(x, start=s), sum(()), sum([])

    checks(f, [([1, 2], 10), ([1.5], 1), ([1], 0.5), ([1j], 2)])


def test_sum_of_floats_like_cpython():
    def f(x):
        return sum(x)

    rng = np.random.default_rng(3)
    check(f, [float(v) for v in rng.normal(size=1000) * 10.0 ** rng.integers(-10, 10, 1000)])
    check(f, [0.1] * 10)
    check(f, [1e308, 1e308, -1e308])


def test_folds_over_ranges():
    def f(n):
        return sum(range(n)), max(range(1, n + 1)), min(range(n, 0, -1)), any(range(n)), all(range(1, n))

    checks(f, [1, 5])


def test_min_max_empty():
    def h(x):
        x.clear()
        return max(x, default=-5), min(x, default=-6)

    def k(n):
        return min([i for i in range(n)])

    def m(n):
        return max([i for i in range(n)])

    check(k, 0)
    check(m, 0)
    check(h, [1, 2])


def test_min_max_nan_and_tuples():
    def f(x):
        return min(x), max(x)

    nan = float("nan")
    checks(f, [([nan, 1.0, 2.0],), ([1.0, nan, 0.5],), ([(1, 2), (1, 1), (0, 5)],), ([0.0, -0.0],), ([-0.0, 0.0],)])


def test_min_max_of_tuples_strings_and_lists():
    def f(a, b):
        return max(a, b), min(a, b), max(b, a, b), min([b, a]), max((a, b))

    for a, b in (((1, 2.5), (1, 0.5)), ("abc", "ab"), ([1, 2], [1, 3]), ((1, [2]), (1, [2, 0])), (Point(1, 2), Point(0, 5)), ((), ())):
        checks(f, [(a, b), (b, a), (a, a)])

    def chosen(a, b):
        c = max(a, b)
        c.append(7)
        return c, a, b

    checks(chosen, [([1], [2]), ([2], [1])])


def test_folds_over_mixed_tuples():
    def f(a, b):
        t = (a, b, 2.5)
        return max(t), min(t), sum(t), sum((True, a)), any((a, "", ())), all((b, (1,), "x", None))

    checks(f, [(1.0, 7.0), (0.0, -3.0)])


def test_min_max_take_one_iterable_or_values():
    check_error(lambda a: max(a, 5), ([1, 2],), TypingError, "have no order")
    check_error(lambda a: max((a, "text")), (1,), TypingError, "no type in common")
    check_error(lambda a: sorted(a, True), ([1, 2],), TypingError, "at most 1")
    check_error(lambda a: a.sort(True), ([1, 2],), TypingError, "at most 1")


def test_any_all():
    def f(x):
        return any(x), all(x)

    checks(f, [([0, 0],), ([0, 1],), ([1, 1],), ([0.0, float("nan")],), ((0, 1),), ((True, True),), ((),)])


def test_folds_over_arrays():
    def f(a):
        return sum(a), min(a), max(a), any(a > 1), all(a > -1)

    check(f, np.array([3.0, 1.0, 2.0]))


def test_max_of_zip():
    def f(x, y):
        return max(zip(x, y)), min(enumerate(x))

    check(f, [1, 3, 3], [5, 1, 2])


# --- isinstance, strings, print ----------------------------------------------------------------------------------


def test_isinstance():
    def f(x):
        return (isinstance(x, int), isinstance(x, float), isinstance(x, bool), isinstance(x, complex), isinstance(x, tuple),
                isinstance(x, list), isinstance(x, np.ndarray), isinstance(x, (int, float)), isinstance(x, (list, (tuple, str))),
                isinstance(x, str), isinstance(x, object))

    for x in (1, 1.5, True, 1j, (1, 2), [1], np.arange(3), "text"):
        check(f, x)


def test_isinstance_cuts_branches():
    def f(x):
        if isinstance(x, tuple):
            return x[0] + x[1]
        if isinstance(x, np.ndarray):
            return x.sum()
        return x + 1

    checks(f, [(1,), ((1, 2.5),), (np.arange(3.0),)])


def test_isinstance_namedtuple():
    def f(p):
        return isinstance(p, Point), isinstance(p, tuple), isinstance(p, Segment)

    checks(f, [(Point(1, 2),), ((1, 2),)])


def test_string_literals():
    def f(k):
        mode = "fast"
        s = 0
        if mode == "fast":
            s += 1
        if mode != "slow":
            s += 10
        if mode in ("fast", "slow"):
            s += 100
        if "as" in mode:
            s += 1000
        if mode < "gast" and len(mode) == 4 and mode:
            s += 10000
        return s + k

    check(f, 1)


def test_string_argument():
    def f(mode, x):
        if mode == "double":
            return x * 2
        elif mode in ("half", "semi"):
            return x // 2
        return x + len(mode)

    checks(f, [("double", 4), ("half", 4), ("semi", 9), ("other", 1), ("", 1)])


def test_string_returns():
    def f(a, b, n):
        return a, a + b, str(n), f"{a}:{n:>5}", repr(a), a == b, a < b, "x" in a, len(a + b)

    checks(f, [("ab", "cd", 3), ("", "x", 2.5), ("ex", "ex", True)])


def test_string_in_variable():
    def f(k):
        s = "small"
        if k > 3:
            s = "large"
        return s, len(s), s == "large"

    checks(f, [1, 5])


def test_list_of_strings():
    def f(k):
        x = ["a", "b"]
        x.append("c" + str(k))
        return x, "b" in x, x[-1]

    check(f, 3)


def test_print(capfd):
    @njit
    def f(x, t, a, s):
        print()
        print(x, t, "lit", None, True, a, s)
        print(x, 1.5, sep="-", end="!\n")
        print([1, 2], (x, x), 1 + 2j)
        for i in range(2):
            print("i =", i)

    f(3, (1, 2.5), np.arange(2), "arg")
    compiled = capfd.readouterr().out
    f.py_func(3, (1, 2.5), np.arange(2), "arg")
    assert compiled == capfd.readouterr().out


def test_print_flushes_when_asked(monkeypatch):
    class Counter(io.StringIO):
        flushed = 0

        def flush(self):
            self.flushed += 1

    def f(n, flush):
        print(n)
        print(n, end="", flush=False)
        print(n, 2.5, sep="-", flush=True)
        print(flush=flush)
        print(n, flush=n)

    seen = []
    for g in (f, njit(f)):
        for flush in (True, False, None):
            monkeypatch.setattr(sys, "stdout", Counter())
            g(3, flush)
            seen.append((sys.stdout.getvalue(), sys.stdout.flushed))
    assert seen[:3] == seen[3:] and [n for _, n in seen[:3]] == [3, 2, 2]


def test_print_raises_what_print_raises(monkeypatch):
    class Broken:
        def write(self, text):
            raise OSError("no room")

        def flush(self):
            pass

    @njit
    def f(x):
        print(x)
        return x

    monkeypatch.setattr(sys, "stdout", Broken())
    with pytest.raises(OSError, match="no room"):
        f(3)


# --- memory ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", range(0, 40))
def test_exhausted_memory_leaks_nothing(step):
    from hotloop import _binding

    @njit
    def f(n):
        x = [[float(i)] for i in range(n)]
        y = list(enumerate(x))
        x.insert(0, [1.0])
        x += x
        z = sorted([v[0] for v in x], reverse=True)
        a, *b = x
        b[1:2] = list(b)
        return len(x) + len(y) + len(z) + len(b)

    want = f(5)
    _binding.fail_after(step)
    try:
        f(5)
    except MemoryError:
        pass
    finally:
        _binding.fail_after(-1)
    assert f(5) == want


# --- keys -------------------------------------------------------------------------------------------------------------------------

def test_extremes_and_sorting_by_key():
    def f(a):
        squares = sorted(a, key=lambda x: x * x, reverse=True)
        return (sorted(a, key=lambda x: -x), squares, min(a, key=abs), max(a, key=abs), max(a, key=lambda x: x % 2, default=a[-1]),
                min([x for x in a if x > 9], key=lambda x: x, default=a[0]), max((3, -4), key=abs), sorted(a, key=None), max(a, key=None))

    def by_place(a):
        return max(range(len(a)), key=lambda i: a[i]), sorted(enumerate(a), key=lambda p: p[1]), sorted("text", key=lambda c: ord(c))

    for a in ([3, 1, 2], [5], [2, -2, 1, -1, 2], [2.5, -0.0, 0.0, -2.5]):
        check(f, a)
        check(by_place, a)


def test_keys_that_raise_and_nothing_to_choose_from():
    def first(a, log):
        def key(x):
            log.append(x)
            return 10 // x
        return max(a, key=key), sorted(a, key=key)

    def empty(a):
        return max([x for x in a if x > 9], key=lambda x: x)

    for a in ([3, 1, 2], [5, 0, 1]):
        check(first, a, [7])
        check(empty, a)
    check_error(lambda a, b: max(a, b, key=lambda x: -x), (1, 2), TypingError, "several values")


def test_many_lists_in_one_function():
    """Each has a type of its own to be found; that takes time, but comes to an end."""
    lines = "".join(f"    x{k} = [v for v in a if v > {k}]\n    t += len(x{k})\n" for k in range(110))
    scope = {}
    exec(f"def f(a):\n    t = 0\n{lines}    return t\n", scope)
    check(scope["f"], [1, 2, 3])


def test_comparison_with_an_empty_display():
    def f(a, b):
        x = [v for v in a if v > 9]
        rows = [a]
        rows.pop()
        y = []
        for v in b:
            y.append((v, a))
        return a == [], [] != a, x == [], rows == [], [] == [], a > [], y == [], [] == y, y

    checks(f, [([1, 2], [0.5]), ([10], [1.5, 2.5])])
