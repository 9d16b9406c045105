"""Small programs that mix lists, tuples, exceptions and calls: who owns what must come out right on every path."""
import collections

import numpy as np
from harness import check, checks

from hotloop import njit

Item = collections.namedtuple("Item", "key weight rows")


def test_merge_sort():
    @njit
    def merge(a, b):
        out = []
        i = j = 0
        while i < len(a) and j < len(b):
            if a[i] <= b[j]:
                out.append(a[i])
                i += 1
            else:
                out.append(b[j])
                j += 1
        return out + a[i:] + b[j:]
    @njit
    def sort(x):
        if len(x) <= 1:
            return x
        m = len(x) // 2
        return merge(sort(x[:m]), sort(x[m:]))
    check(sort, [5, 2, 9, 1, 3])
    check(sort, [1.5])


def test_choose_list():
    def f(a, b, k):
        x = a if k > 0 else b
        x.append(k)
        y = a or b
        return x, y, a is x
    checks(f, [([1], [2], 1), ([1], [2], -1)])


def test_list_or_none():
    def f(n):
        x = None
        if n > 2:
            x = [n]
        if x is None:
            return -1
        x.append(1)
        return len(x)
    checks(f, [1, 5])


def test_returns_none_or_list():
    def f(n):
        if n > 2:
            return [n, n]
        return None
    checks(f, [1, 5])


def test_while_rebinding():
    def f(n):
        x = [n]
        while x[0] > 0:
            y = [x[0] - 1, len(x)]
            x = y
        return x
    checks(f, [0, 5])


def test_two_lists_swapped_in_loop():
    def f(n):
        a, b = [1], [2]
        for i in range(n):
            a, b = b, a
            a.append(i)
        return a, b
    checks(f, [0, 3, 4])


def test_tuple_of_lists_rotates():
    def f(n):
        t = ([1], [2], [3])
        for i in range(n):
            t = (t[1], t[2], t[0])
            t[0].append(i)
        return t
    checks(f, [0, 4])


def test_namedtuple_with_list():
    def f(n):
        items = [Item(i, i * 0.5, [i]) for i in range(n)]
        for it in items:
            it.rows.append(it.key)
        total = 0.0
        for k, w, rows in items:
            total += w * len(rows) + rows[-1]
        return total, items[0], items
    checks(f, [1, 4])


def test_exception_releases_partial_structures():
    def f(x, k):
        out = []
        try:
            for i, v in enumerate(x):
                row = [v]
                out.append(row)
                if i == k:
                    raise KeyError(i)
                row.append(v * 2)
        except KeyError:
            out.append([-1.0])
        finally:
            out.append([0.0])
        return out
    checks(f, [([1.0, 2.0, 3.0], 1), ([1.0], 5), ([1.0, 2.0], 0)])


def test_exception_through_calls_with_lists():
    @njit
    def g(x, k):
        y = [x[0]] * 3
        if k > 2:
            raise ValueError(y, k)
        return y
    def f(n):
        got = []
        for k in range(n):
            try:
                got.append(g([k, 1], k))
            except ValueError:
                got.append([99])
        return got
    checks(f, [2, 5])


def test_closure_over_list():
    def f(n):
        x = [0] * 3
        def bump(i):
            x[i] += 1
            return x[i]
        s = 0
        for i in range(n):
            s += bump(i % 3)
        return x, s
    checks(f, [0, 7])


def test_recursion_with_lists():
    @njit
    def perms(x, k, out):
        if k == len(x):
            out.append(x[:])
            return
        for i in range(k, len(x)):
            x[k], x[i] = x[i], x[k]
            perms(x, k + 1, out)
            x[k], x[i] = x[i], x[k]
    def f(n):
        out = []
        perms([i for i in range(n)], 0, out)
        return out
    checks(njit(f), [3])


def test_matrix_mult():
    def f(a, b):
        n, m, p = len(a), len(b), len(b[0])
        c = [[0.0] * p for _ in range(n)]
        for i in range(n):
            for j in range(p):
                for k in range(m):
                    c[i][j] += a[i][k] * b[k][j]
        return c
    check(f, [[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0, 1.0], [7.0, 8.0, 2.0]])


def test_transposed():
    def f(m):
        return [[row[j] for row in m] for j in range(len(m[0]))]
    check(f, [[1, 2, 3], [4, 5, 6]])


def test_histogram():
    def f(x, n):
        h = [0] * n
        for v in x:
            h[int(v) % n] += 1
        best = max(h)
        return h, best, h.index(best)
    check(f, [1.5, 2.5, 2.7, 7.0], 5)


def test_list_of_list_arg_aliased():
    def f(m, row):
        m[0] = row
        row.append(5)
        m.append(row)
        return m
    check(f, [[1], [2]], [3])


def test_del_rows():
    def f(n):
        m = [[i] * i for i in range(n)]
        del m[0]
        m.pop()
        m.remove([1])
        m.reverse()
        return m, m.count([2, 2]), [3, 3, 3] in m
    checks(f, [5, 7])


def test_walrus_and_ternary():
    def f(x):
        out = []
        while (n := len(x)) > 1:
            out.append(n if n % 2 else -n)
            x.pop()
        return out
    check(f, [1, 2, 3, 4])


def test_dot_products():
    def f(a, b):
        return sum([x * y for x, y in zip(a, b)])
    check(f, [1.0, 2.0], [3.0, 4.0])


def test_row_kept_beyond_change():
    def f(n):
        m = [[i] for i in range(n)]
        row = m[0]
        m[0] = [9]
        m.append(row)
        row.append(7)
        return m, row
    check(f, 3)


def test_item_used_after_overwrite_in_same_block():
    def f(n):
        m = [[i, i] for i in range(n)]
        a = m[0]
        m[0] = m[1]
        m[1] = a
        b = m[0][0] + m[1][1]
        return m, b, a
    check(f, 3)


def test_generator_like_nested():
    def f(n):
        return [(i, [j for j in range(i)]) for i in range(n) if i % 2]
    check(f, 6)


def test_list_phi_widening():
    def f(flag, n):
        if flag:
            x = [1, 2]
        else:
            x = [0.5]
        x.append(n)
        return len(x)
    checks(f, [(True, 1), (False, 1)])


def test_empty_lists_meet():
    def f(n):
        x = []
        if n > 2:
            x = [1.5] * n
        for v in x:
            n += int(v)
        return n, x
    checks(f, [5])


def test_empty_list_passed_on():
    @njit
    def fill(x, n):
        for i in range(n):
            x.append(i * 2)
    def f(n):
        x = [0]
        fill(x, n)
        y = [0.5]
        y.extend([1.0])
        return x, y
    check(njit(f), 4)


def test_strings_in_loops():
    def f(n):
        s = ""
        for i in range(n):
            s += str(i) + ","
        return s, len(s), "3," in s
    checks(f, [0, 5])


def test_exception_str_values():
    def f(x):
        for i, v in enumerate(x):
            if v < 0:
                raise ValueError(f"item {i} is {v}", i, (v, [v]))
        return sum(x)
    checks(f, [([1.0, -2.5],), ([1.0],), ([1, -3],)])


def test_finally_with_return_list():
    def f(n):
        x = [n]
        try:
            if n > 1:
                return x
            x.append(2)
        finally:
            x.append(3)
        return x + [4]
    checks(f, [0, 5])


def test_nested_functions_return_tuples():
    @njit
    def minmax(x):
        return min(x), max(x), [min(x), max(x)]
    def f(x):
        lo, hi, both = minmax(x)
        return lo + hi, both
    check(njit(f), [3, 1, 2])


def test_deep_nesting():
    def f(n):
        a = [[[i * j * k for k in range(n)] for j in range(n)] for i in range(n)]
        a[1][0][1] = 100
        b = a[1]
        a[1] = a[0]
        c = b[0][:]
        c.append(a[1][1][1])
        return a, b, c
    check(f, 2)


def test_list_of_arrays_in_try():
    def f(n, k):
        arrs = [np.zeros(i + 1) for i in range(n)]
        s = 0.0
        for a in arrs:
            try:
                s += a[k]
                a[k] = 1.0
            except IndexError:
                s += 10
                arrs[0] = a
        return s, arrs
    checks(f, [(3, 1), (3, 0), (2, 5)])


def test_insert_pop_lists():
    def f(n):
        q = [[0]]
        for i in range(n):
            q.insert(0, [i])
            if i % 3 == 2:
                q.pop()
                q.pop(0)
        return q
    checks(f, [0, 4, 9])


def test_slice_assign_lists():
    def f(n):
        m = [[i] for i in range(n)]
        m[1:3] = [[100], [200], [300]]
        m[::2] = [m[0]] * len(m[::2])
        return m
    checks(f, [4, 5])


def test_bool_list_ops():
    def f(x):
        return [not v for v in x], any(x), all(x), sum(x), x.count(True), x.index(False), sorted(x)
    check(f, [True, False, True])


def test_complex_lists():
    def f(x):
        y = [v * 1j for v in x]
        y.append(2j)
        return y, sum(y), y[0] == y[1], 2j in y
    check(f, [1 + 2j, 3.5 + 0j])


def test_ifexp_lists_in_calls():
    def f(a):
        return len(a if len(a) > 2 else [9, 9]), sum(a if a[0] > 1 else [1])
    checks(f, [([1, 2, 3],), ([2],)])


def test_loop_break_with_owned():
    def f(m, k):
        for row in m:
            c = row[:]
            c.append(k)
            if c[0] == k:
                break
        else:
            return [-1]
        return c
    checks(f, [([[1], [2]], 2), ([[1], [2]], 5)])


def test_unpack_in_for_list_of_lists():
    def f(m):
        s = 0
        for a, b in m:
            s += a * b
        for i, (a, b) in enumerate(m):
            s += i * a - b
        return s
    checks(f, [([[1, 2], [3, 4]],), ([[1, 2], [3]],)])


def test_augmented_items():
    def f(x, t):
        x[0] += 1
        x[-1] *= 3
        x[1] -= t[0]
        x[0] //= 2
        x[1] **= 2
        return x
    check(f, [5, 6, 7], (1, 2))


def test_multiple_assignment_same_list():
    def f(n):
        a = b = [n]
        a.append(1)
        c = d = (a, b)
        c[0].append(2)
        return a, b, d
    check(f, 1)
