"""Programs that went wrong under `make fuzz`, made small: one test a mistake that was mended."""
import numpy as np
import pytest
from harness import check, checks

from hotloop import _binding, njit


def test_variable_bound_in_a_branch_that_is_never_taken():
    def f(x):
        if bool(0.5 < 0):
            v = 0
        return v
    check(f, 1.0)


def test_handler_of_code_that_cannot_raise_once_types_are_known():
    def f(x):
        try:
            v = np.zeros(0, np.float64)
            w = 0.5 if (0 < 0) else 0.5
        except ZeroDivisionError:
            w = 0
        return len(v)
    check(f, 0)


@pytest.mark.parametrize("items", ([1], [2, 3]))
def test_value_of_a_try_block_widens_behind_it(items):
    @njit
    def f(x, k):
        v = 1.5
        try:
            v = x[k]
        except IndexError:
            pass
        return v
    assert f(items, 0) == items[0] and f(items, 7) == 1.5


def test_int_of_unsigned_is_signed():
    def f(a):
        return int(a.sum()) - 8, int(a[0]) % 17 - 20, [int(x) - 1 for x in a]
    checks(f, [np.zeros(2, np.uint64), np.array([3, 200], np.uint64)])


def test_possibly_unbound_variable_that_is_always_the_same_literal():
    def f(n):
        for i in range(n):
            v = 0
        return v + 1
    checks(f, [0, 3])


def test_literals_beyond_64_bits_wrap_as_variables_do():
    def f(x):
        low = -9223372036854775807
        high = 4611686018427387904
        return 1 - low == x, high + high == x, high * 2 == x, (1 - low) // 3, -(low - 1) == x
    low = -2**63
    assert njit(f)(low) == (True, True, True, low // 3, True)


def test_slice_of_another_size_releases_what_was_to_be_stored():
    def f(x, t, step):
        x[0:4:step] = t
        return x
    checks(f, [([1, 2, 3, 4], (7, 8, 9), 2), ([1, 2, 3, 4], (7, 8, 9), 0), ([1, 2, 3, 4], (7, 8), 2)])


def test_handler_without_memory_for_the_exception():
    @njit
    def f(x):
        out = []
        try:
            for v in x:
                out.append([v])
        except KeyError:
            out.append([-1.0])
        finally:
            out.append([0.0])
        return out
    want = f([1.0, 2.0])
    for n in range(1, 20):
        _binding.fail_after(n)
        try:
            got = f([1.0, 2.0])
        except MemoryError:
            continue
        finally:
            _binding.fail_after(-1)
        assert got == want
        return
    pytest.fail("no call got through")


def test_value_of_a_copied_loop_bounds_a_loop_in_a_handler():
    def f(a, n):
        for i in range(n):
            try:
                rows = [i < 2, False]
            finally:
                for j in range(2):
                    a[-i] = 0.5
                    a[i + j] += 1.0
        return rows
    checks(f, [(np.ones(6), 3), (np.ones(6), 6), (np.ones(6), 1)])


def test_last_value_of_a_loop_offsets_the_next_one():
    def f(a, n):
        last = 0
        for i in range(n):
            a[i] += 1.0
            last = i
        for j in range(n):
            a[last + j] *= 2.0
        return last
    checks(f, [(np.ones(6), 3), (np.ones(6), 5), (np.ones(6), 0), (np.ones(3), 4)])


def test_a_display_that_crosses_blocks():
    def f(n, b):
        t = [*range(2), n if n > 3 else -n, *b]
        return t[0] + t[-1], len(t)

    for n in (1, 5):
        check(f, n, (7, 8))


@njit
def never_returns(x):
    if 0 < 1:
        raise AssertionError(x)
    return 0.5


def test_an_exception_of_a_function_that_never_returns_is_caught():
    def goes_on(x):
        try:
            y = never_returns(x)
        except Exception:
            y = -1.0
        return y

    def returns(x):
        try:
            return never_returns(x)
        except AssertionError:
            return -2.0
        finally:
            x += 1

    def nested(x):
        n = 0
        for k in range(3):
            try:
                try:
                    n += int(never_returns(x))
                finally:
                    n += 1
            except AssertionError:
                n += 10
        return n

    for f in (goes_on, returns, nested):
        check(f, 3)


def test_questions_in_front_of_a_loop_stand_behind_what_may_raise(monkeypatch):
    """In a `try` block what may raise ends its block: whether the slices of a loop lie inside was asked behind a display."""
    monkeypatch.setenv("HOTLOOP_VERIFY", "1")

    def f(items):
        try:
            w = 0
            while w < ((-1) % 8):
                w += 1
                b = np.zeros((0, 0), np.uint8)
                v = [(int(b[0 % b.shape[0], 1:].sum()) % 2001 - 1000) for _ in items]
            x = 0
            y = 0
        finally:
            z = 0
            u = z
        return 0

    checks(f, [([1, 2, 3],), ([1],)])


CONSTANT = np.arange(3.0)


@pytest.mark.parametrize("opt_level", (0, 3))
def test_an_entry_that_its_function_was_inlined_into(opt_level):
    """What it calls then is a helper, not the function (codegen/entry.c)."""
    def f(x):
        return CONSTANT

    def g(x):
        for k in range(x):
            if k == 2:
                return CONSTANT, k
        return CONSTANT, x

    for function in (f, g):
        compiled = njit(opt_level=opt_level)(function)
        for x in (0, 2, 3):
            check(compiled, x)


def test_shapes_that_do_not_fit_are_found_out_in_order():
    """Also those of an expression whose items are computed later, by what uses it (passes/fuse.c)."""
    def division_between(a, b, x):
        v = a + b
        w = [0.5 / x]
        return v * 2.0, w

    def index_between(a, b, x):
        v = -(a * b)
        w = a[int(x) + 3]
        return np.sum(v + w)

    def in_turn(a, b, x):
        v = np.sqrt(a + b)
        w = b * a[1:]
        return (w + v[:2]).sum() + 1 / x

    fits, longer = np.arange(3.0), np.arange(4.0)
    for f in (division_between, index_between, in_turn):
        checks(f, [(fits, fits, 0.0), (fits, longer, 0.0), (longer, fits, 1.0), (longer, longer, -1.0), (longer, longer, 1.0), (fits, np.ones(1), 0.0),
                   (np.ones(1), longer, 0.0)])


def test_the_line_of_shapes_that_do_not_fit():
    @njit
    def f(a, b):
        v = a + b
        w = v * 2.0
        return w + 1.0

    with pytest.raises(ValueError, match=r"together with shapes \(3,\) \(4,\) $") as caught:
        f(np.arange(3.0), np.arange(4.0))
    assert caught.traceback[-1].lineno == f.py_func.__code__.co_firstlineno + 1


@pytest.mark.parametrize("dtype", (np.int64, np.int32, np.int8, np.uint8, np.bool_))
def test_negative_exponents_of_integers(dtype):
    def whole(a, k):
        return a ** k

    def sum_of(a, k):
        return np.sum(a ** k + 1)

    def between(a, k, x):
        p = np.power(a, k)
        w = 1 // x
        return p + w

    def in_place(a, k):
        a **= k
        return a

    def computed(a, k):
        return (a ** (k - 1)).max() if a.size else 0

    a = np.array([1, 2, 3, 1]).astype(dtype)
    exponents = [2, 0, -1, np.array([0, 1, 2, 3]), np.array([1, 2, -1, 0]), np.array([[1], [2]]), np.array([[1], [-2]]), np.array(-1), np.array([0, 9, 9, 2])[::-1],
                 np.array([1, 2, -1, 0], np.int8), np.array([1, 2, 3, 0], np.int16), np.array([True, False, True, True])]
    if dtype == np.uint8:  # NumPy refuses the literal, not the value
        exponents.remove(-1)
    for k in exponents:
        checks(sum_of, [(a, k), (a[:0].reshape(0, 4), k), (a[::2].reshape(2, 1), k)])
        checks(between, [(a, k, 0), (a, k, 1)])
        if dtype != np.bool_:
            checks(whole, [(a, k), (a[:1], k)])
        if dtype == np.int64 and np.min(k) >= 0 and np.ndim(k) < 2:
            checks(in_place, [(a, k)])
        if isinstance(k, np.ndarray) and k.dtype != np.bool_ or dtype != np.uint8 and not isinstance(k, np.ndarray):
            if dtype != np.uint8 or np.ndim(k):  # else a number of CPython's, here one of NumPy's there
                check(computed, a, k)


def test_nothing_is_written_before_a_negative_exponent_raises():
    @njit
    def f(a, k):
        a **= k

    a = np.arange(4)
    for k in (-1, np.array([2, 2, -1, 2])):
        with pytest.raises(ValueError, match="negative integer powers"):
            f(a, k)
        assert a.tolist() == [0, 1, 2, 3]


NARROW = ("int8", "uint8", "int16", "uint32", "int64", "uint64")
INTEGERS = ((-1, 3), (300, 400), (-300, 300), (0, 256), (127, 2**40), (-2**63, 2**63 - 1))


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("func", (
    lambda a, k, j: a + k, lambda a, k, j: np.sum(a * k), lambda a, k, j: k // a, lambda a, k, j: np.minimum(a, k), lambda a, k, j: np.gcd(a, k),
    lambda a, k, j: a + 300, lambda a, k, j: a * -1, lambda a, k, j: a == k, lambda a, k, j: a / k, lambda a, k, j: np.logical_and(a, 256),
    lambda a, k, j: np.logical_or(a, k), lambda a, k, j: a[:0] - k), ids=lambda f: "-".join(f.__code__.co_names) or str(f.__code__.co_consts))
def test_numbers_that_do_not_fit_the_array_beside_them(func, dtype):
    checks(func, [(np.array([1, 5, 3], dtype), *limits) for limits in INTEGERS])


@pytest.mark.parametrize("dtype", (*NARROW, "bool"))
def test_limits_that_the_dtype_of_a_clipped_array_cannot_hold(dtype):
    for func in (lambda a, k, j: np.clip(a, k, j), lambda a, k, j: a.clip(None, k), lambda a, k, j: np.clip(a, -1, 256), lambda a, k, j: np.clip(a, k, a),
                 lambda a, k, j: np.clip(a, 0.5, k), lambda a, k, j: np.clip(a, 300, 400)):
        checks(func, [(np.array([1, 0, 3], dtype), *limits) for limits in INTEGERS])


@pytest.mark.parametrize("dtype", ("int8", "uint8"))
def test_number_that_does_not_fit_raises_where_it_stands(dtype):
    def in_place(a, b, k):
        b += 1
        b[1:] -= k
        return a

    def in_order(a, b, k):
        return (a + np.ones(7)) * (b * k)

    def caught(a, b, k):
        try:
            return np.sum(b * k), True
        except OverflowError:
            return np.sum(b), False

    for func in (in_place, in_order, caught):
        for k in (1, -200, 300):
            check(func, np.ones(3), np.array([1, 2, 3], dtype), k, message=func is not in_order)


def test_nan_as_a_literal_limit_of_clip():
    checks(lambda a: (np.clip(a, None, np.nan), np.clip(a, np.nan, 3), a.clip(np.nan, None)), [np.ones(3), np.array([2, 5], np.uint8), np.ones((), np.float32)])


def test_functions_of_arrays_without_dimensions():
    c, v = np.array(6, np.uint8), np.array([1.0, 2.0, 0.5])
    for func in (lambda c, v: np.column_stack((c, c)), lambda c, v: np.column_stack((c, v[:1])), lambda c, v: np.polyval(v, c), lambda c, v: np.polyval(c.reshape(1), c),
                 lambda c, v: np.ascontiguousarray(c), lambda c, v: np.asfortranarray(c), lambda c, v: np.dstack((c, c)), lambda c, v: np.vstack((c, c))):
        check(func, c, v)
        check(func, np.array(2.5, np.float32), v.astype(np.float32))


@pytest.mark.parametrize("dtype", (np.int8, np.uint16, np.int32, np.uint64))
def test_counts_of_bits_have_a_dtype_of_their_own(dtype):
    check(lambda a: (np.bitwise_count(a), np.bitwise_count(a - 3) + a), np.array([4, 0, 127, 5]).astype(dtype))


def test_quantiles_of_infinities():
    inf = np.inf
    for items in ([inf], [1.0, inf, 2.0, inf], [-inf, inf], [-inf, 3.0], [1.0, 2.0, -inf, inf, 0.5], [-0.0], [-0.0, -0.0, 1.0]):
        a = np.array(items)
        checks(lambda a, q: (np.percentile(a, 100 * q), np.quantile(a, np.array([0.0, q, 1.0])), np.nanquantile(a, q)), [(a, q) for q in (0.0, 0.25, 0.5, 0.75, 1.0)])


def test_reciprocals_of_complex_numbers():
    parts = (0.0, -0.0, 1.5, -2.0, np.inf, -np.inf, np.nan)
    for dtype in (np.complex128, np.complex64):
        check(lambda z: np.reciprocal(z), np.array([complex(x, y) for x in parts for y in parts], dtype))


def test_a_sequence_is_no_item():
    def whole(a, b):
        a[()] = b

    def first(a, b):
        a[0, -1] = b * 2

    def outside(a, b):
        a[5, 0] = b

    def in_place(a, b):
        a[0, 0] += b

    for dtype in ("float64", "int8", "complex64"):
        for b in (np.ones(1), np.ones(3), np.array(2.0), np.ones((1, 1)), np.ones(0)):
            check(whole, np.zeros((), dtype), b.astype(dtype), message=dtype != "complex64")
            for func in (first, outside, in_place):
                check(func, np.zeros((2, 2), dtype), b.astype(dtype), message=dtype != "complex64")


def test_message_of_the_range_of_nothing():
    checks(lambda a: np.ptp(a), [np.zeros(0), np.zeros((0, 2), np.uint8)])


@pytest.mark.parametrize("func", (
    lambda a: a.ravel(), lambda a: np.ravel(a), lambda a: a[1].ravel(), lambda a: a[:, :1].ravel(), lambda a: a.T.ravel(), lambda a: a.ravel("F"),
    lambda a: a[:1, ::2].ravel(), lambda a: a[1:].ravel(), lambda a: a[:0].ravel(), lambda a: a.T.ravel("F")), ids=range(10))
def test_ravel_is_a_view_of_what_lies_in_one_piece(func):
    @njit
    def f(a):
        r = func_(a)
        r[:] = 7
        return r

    func_ = njit(func)
    base = np.arange(40.0).reshape(4, 10)
    for a in (base, np.asfortranarray(base), base[:, ::2], base[::-1], base[:, 1:3], base[:2, :2].T, base[:3, ::10], base.astype(np.int8)[:, ::3]):
        check(f, a)


def test_mean_of_complex_numbers_that_are_not_finite():
    a = np.array([[1 + 2j, 3 - 1j], [complex(np.inf, 1), 2j], [complex(0, np.nan), 1j]])
    for dtype in (np.complex128, np.complex64):
        checks(lambda z: (np.mean(z), z.mean(axis=1), np.mean(z, axis=0)), [a.astype(dtype), a[:1].astype(dtype), a[:, :1].astype(dtype)])


def test_functions_of_16_bit_integers_of_both_signs():
    check(lambda a, b: (np.hypot(a, b), np.copysign(b, a), np.arctan2(a, a)), np.array([3, 5], np.uint16), np.array([4, -12], np.int16), ulp=1)


def test_items_of_flat_of_read_only_arrays():
    def f(a, k):
        a.flat[k] = 1

    a = np.arange(6.0).reshape(2, 3)
    a.flags.writeable = False
    checks(f, [(a, 0), (a, 9)])
