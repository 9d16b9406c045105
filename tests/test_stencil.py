"""@stencil against a reference that visits every item in Python."""
import doctest
import itertools
import pathlib
import pickle
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from harness import laid_out

import hotloop
from hotloop import njit, stencil
from hotloop.errors import NumbaValueError, TypingError

MODES = ["constant", "nearest", "wrap", "reflect", "mirror"]

# --- the reference -----------------------------------------------------------------------------------------------------------------


def _placed(i, n, mode):
    """Index i of an axis with n items, by SciPy's definitions: the array is laid out again and again."""
    if 0 <= i < n:
        return i
    if mode == "nearest":
        return 0 if i < 0 else n - 1
    order = {"wrap": list(range(n)), "reflect": [*range(n), *range(n - 1, -1, -1)],
             "mirror": [*range(n), *range(n - 2, 0, -1)]}[mode]
    return order[i % len(order)]


class View:
    """What the kernel sees in the reference."""

    def __init__(self, array, at, mode):
        self.array, self.at, self.mode = array, at, mode
        self.shape, self.ndim, self.size = array.shape, array.ndim, array.size

    def __getitem__(self, index):
        index = index if isinstance(index, tuple) else (index,)
        where = tuple(_placed(a + i, n, self.mode) for a, i, n in zip(self.at, index, self.array.shape, strict=True))
        x = self.array[where]
        return x.item() if x.dtype.kind in "iub" or x.dtype in (np.float64, np.complex128) else x


def reference(kernel, args, low, high, dtype, mode="constant", cval=0, usual=()):
    first = args[0]
    out = np.zeros(first.shape, dtype)
    for at in itertools.product(*map(range, first.shape)):
        inside = all(0 <= i + lo and i + hi < n for i, lo, hi, n in zip(at, low, high, first.shape))
        if mode == "constant" and not inside:
            out[at] = cval
        else:
            out[at] = kernel(*[View(a, at, mode) if isinstance(a, np.ndarray) and k not in usual else a for k, a in enumerate(args)])
    return out


def same(got, expected):
    assert got.dtype == expected.dtype and got.shape == expected.shape
    np.testing.assert_array_equal(got, expected)


# --- arrays ------------------------------------------------------------------------------------------------------------------------

DTYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64", "complex64", "complex128"]


def numbers(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "c":
        return (rng.integers(-99, 99, shape) + 1j * rng.integers(-99, 99, shape)).astype(dtype)
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    return rng.integers(0 if np.dtype(dtype).kind == "u" else -100, 100, shape).astype(dtype)


LAYOUTS = ("C", "F", "strided", "negative", "unaligned", "readonly", "broadcast")


def in_layout(a, layout):
    return np.broadcast_to(a[:1], a.shape) if layout == "broadcast" else laid_out(a, layout)

# --- kernels of constants ----------------------------------------------------------------------------------------------------------


def cross(a):
    return a[-1, 0] + a[1, 0] + a[0, -1] + a[0, 1]


def lopsided(a):
    return a[-2, 0] - a[0, 1]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype, mode):
    a = numbers((6, 7), dtype)
    out = {"bool": "int64", "uint64": "uint64", "int64": "int64"}.get(dtype, dtype)
    out = "int64" if np.dtype(out).kind in "iu" and out != "uint64" else out
    same(stencil(mode)(cross)(a), reference(cross, (a,), (-1, -1), (1, 1), out, mode))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout, mode):
    a = in_layout(numbers((5, 6), "float64"), layout)
    s = stencil(mode)(lopsided)
    expected = reference(lopsided, (a,), (-2, 0), (0, 1), "float64", mode)
    before = a.copy()
    same(s(a), expected)
    same(a, before)
    out = laid_out(np.full(a.shape, 7.0), layout if layout in ("F", "strided", "negative", "unaligned") else "C")
    assert s(a, out=out) is out
    inner = (slice(2, None), slice(None, -1)) if mode == "constant" else ...
    same(out[inner], expected[inner])


def test_layout_of_the_result():
    a = numbers((5, 6), "float64")
    s = stencil(cross)
    assert s(a).flags.c_contiguous and s(a[::2]).flags.c_contiguous and s(np.asfortranarray(a)).flags.f_contiguous


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (5, 0), (1, 1), (1, 9), (9, 1), (2, 2), (3, 1), (3, 3), (4, 2)])
def test_small_arrays(shape, mode):
    a = numbers(shape, "float64")

    def wide(a):
        return a[-3, 1] + 2 * a[1, -2]
    same(stencil(mode)(wide)(a), reference(wide, (a,), (-3, -2), (1, 1), "float64", mode))


@pytest.mark.parametrize("mode", MODES)
def test_one_dimension(mode):
    def kernel(a):
        return a[-2] - 3 * a[1]
    for n in range(8):
        a = numbers(n, "float64")
        same(stencil(mode)(kernel)(a), reference(kernel, (a,), (-2,), (1,), "float64", mode))


@pytest.mark.parametrize("mode", MODES)
def test_far_over_the_border(mode):
    """Indices several times the size of the array, as SciPy's filters allow."""
    def kernel(a):
        return a[-7] + 10 * a[8]
    for n in range(1, 6):
        a = numbers(n, "int64")
        same(stencil(mode)(kernel)(a), reference(kernel, (a,), (-7,), (8,), "int64", mode))


@pytest.mark.parametrize("mode", MODES)
def test_three_and_four_dimensions(mode):
    def kernel3(a):
        return a[-1, 0, 0] + 2 * a[0, 1, 0] + 4 * a[0, 0, -2] + a[0, 0, 0]

    def kernel4(a):
        return a[0, 0, 0, 1] - a[-1, 0, 1, 0]
    for order in "CF":
        a = np.array(numbers((3, 4, 5), "int32"), order=order)
        same(stencil(mode)(kernel3)(a), reference(kernel3, (a,), (-1, 0, -2), (0, 1, 0), "int64", mode))
        a = np.array(numbers((3, 2, 3, 4), "float32"), order=order)
        same(stencil(mode)(kernel4)(a), reference(kernel4, (a,), (-1, 0, 0, 0), (0, 0, 1, 1), "float32", mode))


def test_only_positive_or_negative_indices():
    def ahead(a):
        return a[2]

    def behind(a):
        return a[-1] + a[-2]
    a = numbers(6, "int64")
    same(stencil(ahead)(a), reference(ahead, (a,), (0,), (2,), "int64"))
    same(stencil(behind)(a), reference(behind, (a,), (-2,), (0,), "int64"))


def test_result_types():
    a = numbers(5, "int8")
    assert stencil(lambda a: a[0] + a[1])(a).dtype == np.int64
    assert stencil(lambda a: a[0] / a[1])(a + np.int8(100)).dtype == np.float64
    assert stencil(lambda a: a[0] > a[1])(a).dtype == np.bool_
    assert stencil(lambda a: a[0] * 1j)(a).dtype == np.complex128
    assert stencil(lambda a: a[0])(a).dtype == np.int8
    assert stencil(lambda a: np.float32(a[0]))(a).dtype == np.float32
    assert stencil(lambda a: np.uint8(3) if a[0] > 0 else a[0])(a).dtype.kind == "i"


def test_nine_int8_do_not_wrap():
    @stencil
    def mean(a):
        return (a[-1, -1] + a[-1, 0] + a[-1, 1] + a[0, -1] + a[0, 0] + a[0, 1] + a[1, -1] + a[1, 0] + a[1, 1]) // 9
    for value in (127, -128):
        got = mean(np.full((40, 50), value, np.int8))
        assert (got[1:-1, 1:-1] == value).all() and (got[0] == 0).all() and (got[:, -1] == 0).all()


def test_wide_rows_and_remainders():
    """Every length of a row around the widths of vectors."""
    def kernel(a):
        return (a[-1, 0] + a[1, 1]) // 3
    s = stencil(kernel)
    for n in [*range(1, 40), 63, 64, 65, 130]:
        a = numbers((4, n), "int16", seed=n)
        same(s(a), reference(kernel, (a,), (-1, 0), (1, 1), "int64"))


# --- indices that vary ------------------------------------------------------------------------------------------------------------


def test_loop_over_the_neighborhood():
    def kernel(a):
        total = 0.0
        for i in range(-3, 1):
            total += a[i]
        return total / 4
    s = stencil(neighborhood=((-3, 0),))(kernel)
    for n in (0, 1, 3, 4, 5, 40):
        a = numbers(n, "float64")
        same(s(a), reference(kernel, (a,), (-3,), (0,), "float64"))


@pytest.mark.parametrize("mode", MODES)
def test_loop_in_two_dimensions(mode):
    k = 2

    def kernel(a, w):
        total = 0.0
        for i in range(-k, k + 1):
            for j in range(-1, 2):
                total += w[i + k, j + 1] * a[i, j]
        return total
    a, w = numbers((7, 6), "float64"), numbers((5, 3), "float64", 1)
    s = stencil(mode, neighborhood=((-k, k), (-1, 1)), standard_indexing=("w",))(kernel)
    same(s(a, w), reference(kernel, (a, w), (-2, -1), (2, 1), "float64", mode, usual=(1,)))


def test_declared_neighborhood_is_wider_than_the_indices():
    def kernel(a):
        return a[0]
    a = numbers(6, "int64")
    same(stencil(neighborhood=((-1, 2),))(kernel)(a), reference(kernel, (a,), (-1,), (2,), "int64"))
    same(stencil(neighborhood=((-5, -3),))(lambda a: a[-4])(a), reference(lambda a: a[-4], (a,), (-5,), (0,), "int64"))


def test_index_from_an_argument():
    def kernel(a, i):
        return a[i]
    s = stencil(neighborhood=((-2, 2),))(kernel)
    a = numbers(9, "int64")
    for i in range(-2, 3):
        same(s(a, i), reference(kernel, (a, i), (-2,), (2,), "int64"))
    for i in (-3, 3, -2**63, 2**63 - 1):
        with pytest.raises(IndexError, match="neighborhood"):
            s(a, i)


@pytest.mark.parametrize("mode", MODES)
def test_run_time_index_outside_of_the_neighborhood(mode):
    @stencil(mode, neighborhood=((-1, 1), (0, 0)))
    def kernel(a):
        total = 0
        for i in range(-1, 3):
            total += a[i, 0]
        return total
    with pytest.raises(IndexError, match="relative index 2 of axis 0"):
        kernel(numbers((5, 5), "int64"))


def test_index_from_another_array():
    def kernel(a, shift):
        return a[shift[0]]
    a = numbers(8, "int64")
    shift = np.array([0, 1, -1, 1, 0, -1, 1, 0], np.int8)
    same(stencil(neighborhood=((-1, 1),))(kernel)(a, shift), reference(kernel, (a, shift), (-1,), (1,), "int64"))


def test_slices():
    a = numbers((6, 7), "float64")
    got = stencil(neighborhood=((-1, 1), (-1, 1)))(lambda a: np.median(a[-1:2, -1:2]))(a)
    expected = np.zeros(a.shape)
    for i, j in itertools.product(range(1, 5), range(1, 6)):
        expected[i, j] = np.median(a[i - 1:i + 2, j - 1:j + 2])
    same(got, expected)
    got = stencil(lambda a: np.max(a[-1:2, 0]) - a[0, 1])(a)  # constant ends need no declaration
    expected = np.zeros(a.shape)
    for i, j in itertools.product(range(1, 5), range(6)):
        expected[i, j] = np.max(a[i - 1:i + 2, j]) - a[i, j + 1]
    same(got, expected)


def test_slice_outside_of_the_neighborhood():
    a = numbers(9, "float64")
    s = stencil(neighborhood=((-1, 1),))(lambda a, n: np.sum(a[-1:n]))
    assert s(a, 2)[4] == a[3:6].sum() and s(a, 1)[4] == a[3:5].sum() and s(a, -3)[4] == 0
    for n in (3, 100, 2**63 - 1):
        with pytest.raises(IndexError, match="neighborhood"):
            s(a, n)


# --- arguments ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_several_arrays_and_numbers(mode):
    def kernel(a, b, w, c):
        return w * a[-1, 0] + b[0, 1] * c
    a, b = numbers((5, 6), "float64"), numbers((5, 6), "int16", 1)
    for w, c in ((2, 1.5), (0.25, 3)):
        same(stencil(mode)(kernel)(a, b, w, c), reference(kernel, (a, b, w, c), (-1, 0), (0, 1), "float64", mode))


def test_mixed_layouts():
    def kernel(a, b):
        return a[-1, 0] - b[0, 1]
    a, b = numbers((5, 6), "float64"), numbers((5, 6), "float32", 1)
    expected = reference(kernel, (a, b), (-1, 0), (0, 1), "float64")
    s = stencil(kernel)
    for x, y in itertools.product(LAYOUTS, LAYOUTS):
        if "broadcast" not in (x, y):
            same(s(in_layout(a, x), in_layout(b, y)), expected)


def test_one_array_twice():
    def kernel(a, b):
        return a[-1] * b[1]
    a = numbers(9, "int64")
    same(stencil(kernel)(a, a), reference(kernel, (a, a), (-1,), (1,), "int64"))
    same(stencil(kernel)(a[1:], a[:-1]), reference(kernel, (a[1:], a[:-1]), (-1,), (1,), "int64"))


def test_further_arrays_may_be_larger():
    def kernel(a, b):
        return a[0] + b[1]
    a, b = numbers(5, "int64"), numbers(9, "int64", 1)
    same(stencil(kernel)(a, b), reference(kernel, (a, b), (0,), (1,), "int64"))
    with pytest.raises(ValueError, match="4 items along an axis where the first one has 5"):
        stencil(kernel)(a, b[:4])
    with pytest.raises(ValueError, match="one shape"):
        stencil("wrap")(kernel)(a, b)


def test_standard_indexing():
    def kernel(a, table):
        return a[0] * table[0] + a[1] * table[-1]
    a, table = numbers(7, "float64"), numbers((3,), "float64", 1)
    s = stencil(standard_indexing=("table",))(kernel)
    same(s(a, table), reference(kernel, (a, table), (0,), (1,), "float64", usual=(1,)))
    same(s(a, table.astype(np.int8)), reference(kernel, (a, table), (0,), (1,), "float64", usual=(1,)))
    with pytest.raises(IndexError):
        s(a, table[:0])
    wide = np.arange(6).reshape(2, 3)
    same(stencil(standard_indexing="t")(lambda a, t: a[0] + t[1, 2])(a, wide), a + 5)


@pytest.mark.parametrize("k", [1, 2, 4, 5])
def test_weights_of_any_size(k):
    """Unrolled loops and others; the table's range checks are asked once, and fail in the right place."""
    def kernel(a, w):
        total = 0.0
        for i in range(-k, k + 1):
            for j in range(-k, k + 1):
                total += a[i, j] * w[i + k, j + k]
        return total
    reach = ((-k, k), (-k, k))
    a, w = numbers((2 * k + 7, 2 * k + 11), "float64"), numbers((2 * k + 1, 2 * k + 1), "float64", 1)
    s = stencil(neighborhood=reach, standard_indexing=("w",))(kernel)
    same(s(a, w), reference(kernel, (a, w), (-k, -k), (k, k), "float64", usual=(1,)))
    same(s(a, w[::-1].T), reference(kernel, (a, w[::-1].T), (-k, -k), (k, k), "float64", usual=(1,)))
    with pytest.raises(IndexError, match=f"index {2 * k} is out of bounds for axis 1"):
        s(a, w[:, :-1])
    same(s(a[:2 * k], w[:, :-1]), np.zeros((2 * k, a.shape[1])))  # no point, no mistake


def test_keywords_and_defaults():
    def kernel(a, w=3.0):
        return a[0] * w
    s = stencil(kernel)
    a = numbers(4, "float64")
    same(s(a), a * 3)
    same(s(a, w=2.0), a * 2)
    same(s(w=0.5, a=a), a * 0.5)
    with pytest.raises(TypeError):
        s(a, 1.0, 2.0)
    with pytest.raises(TypeError):
        s(a, nothing=1)
    with pytest.raises(TypeError):
        s()


@pytest.mark.parametrize("names", ["out a", "a out", "a apply", "a stencil", "apply stencil", "stencil apply out"])
def test_parameters_may_have_any_name(names):
    scope = {}
    first, *rest = names.split()
    exec(f"def kernel({', '.join(names.split())}):\n    return {first}[1]" + "".join(f" + {n}[0]" for n in rest), scope)
    a = numbers(5, "int64")
    args = [a] * len(names.split())
    same(stencil(scope["kernel"])(*args), reference(scope["kernel"], args, (0,), (1,), "int64"))


def test_facts_about_the_array():
    a = numbers((4, 6), "int64")
    s = stencil(lambda a: a[0, 0] * 0 + a.shape[0] * 1000 + a.shape[1] * 100 + a.ndim * 10 + len(a) + a.size)
    assert (s(a) == 4000 + 600 + 20 + 4 + 24).all()


# --- cval and out -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cval", [0, 1, -7, True, 2.5, np.nan, -np.inf, np.float32(1.5)])
def test_cval(cval):
    a = numbers((5, 6), "float64")
    same(stencil(cval=cval)(lopsided)(a), reference(lopsided, (a,), (-2, 0), (0, 1), "float64", cval=cval))


@pytest.mark.parametrize("dtype, cval, stored", [("int8", 300, 300), ("int64", 2.9, 2), ("bool", True, True), ("complex128", 1 - 2j, 1 - 2j),
                                                 ("float32", 0.1, np.float32(0.1)), ("uint64", 2**64 - 1, 2**64 - 1)])
def test_cval_of_other_types(dtype, cval, stored):
    def kernel(a):
        return a[1]
    a = numbers(5, dtype)
    got = stencil(cval=cval)(kernel)(a)
    if (dtype, cval) == ("int8", 300):  # as NumPy's assignment to an int8 item wraps
        stored = np.array(300).astype(np.int8)
    assert got[-1] == stored
    same(got[:-1], a[1:])


def test_out():
    a = numbers((5, 6), "float64")
    expected = reference(lopsided, (a,), (-2, 0), (0, 1), "float64", cval=9)
    for dtype in ("float64", "float32", "int64", "complex128", "int8"):
        out = np.full((5, 6), 3, dtype)
        assert stencil(cval=9)(lopsided)(a, out=out) is out
        same(out, expected.astype(dtype))
    out = np.full((5, 6), 3.0)  # without cval its border stays
    stencil(lopsided)(a, out=out)
    same(out, reference(lopsided, (a,), (-2, 0), (0, 1), "float64", cval=3))


@pytest.mark.parametrize("mode", MODES)
def test_out_overlaps_what_is_read(mode):
    def kernel(a, b):
        return a[-1, 0] + 2 * a[0, 1] - b[1, 0]
    s = stencil(mode, cval=5)(kernel)
    base = numbers((9, 6), "float64")
    expected = reference(kernel, (base[:6], base[2:8]), (-1, 0), (1, 1), "float64", mode, cval=5)
    for place in (slice(0, 6), slice(1, 7), slice(2, 8), slice(3, 9)):
        m = base.copy()
        s(m[:6], m[2:8], out=m[place])
        same(m[place], expected)
    m = base[:6, :6].copy()
    expected = reference(kernel, (m, m.T), (-1, 0), (1, 1), "float64", mode, cval=5)
    s(m, m.T, out=m)
    same(m, expected)
    m = base[:6, :6].copy()
    s(m, m.T, out=m[::-1, ::-1])
    same(m[::-1, ::-1], expected)


def test_out_overlaps_an_array_of_standard_indexing():
    def kernel(a, t):
        return a[1] + t[0] + t[1]
    s = stencil(standard_indexing=("t",))(kernel)
    m = numbers(8, "int64")
    expected = reference(kernel, (m.copy(), m.copy()), (0,), (1,), "int64", usual=(1,))
    a = m.copy()
    s(a, m, out=m)
    same(m[:-1], expected[:-1])


# --- called from compiled code ----------------------------------------------------------------------------------------------------

shared = stencil(cross)


@njit
def calls_shared(a):
    return shared(a) * 2 + a


def test_in_njit():
    for layout in LAYOUTS:
        a = in_layout(numbers((5, 6), "float64"), layout)
        same(calls_shared(a), reference(cross, (a,), (-1, -1), (1, 1), "float64") * 2 + a)


def test_in_njit_with_out_and_keywords():
    s = stencil(cval=1)(lambda a, w: a[-1] * w)

    @njit
    def run(a, out):
        s(a, 2, out=out)
        return s(a, w=0.5, out=None), s(w=3, a=a)
    a, out = numbers(7, "float64"), np.zeros(7)
    half, three = run(a, out)
    for got, w in ((out, 2), (half, 0.5), (three, 3)):
        same(got, reference(lambda a, w: a[-1] * w, (a, w), (-1,), (0,), "float64", cval=1))
    m = a.copy()
    run(m, m)
    same(m, out)


def test_steps_that_follow_each_other():
    """A buffer goes back and forth: what one stencil wrote the next one reads."""
    s = stencil("nearest")(lambda a: (a[-1] + a[0] + a[1]) / 4)

    @njit
    def steps(a, n):
        x, y = a.copy(), np.empty_like(a)
        for _ in range(n):
            s(x, out=y)
            x, y = y, x
        return x, s(s(a))
    a = numbers(20, "float64")
    x = a
    for k in range(5):
        x = reference(lambda a: (a[-1] + a[0] + a[1]) / 4, (x,), (-1,), (1,), "float64", "nearest")
        if k == 1:
            twice = x
    got, got2 = steps(a, 5)
    same(got, x)
    same(got2, twice)


def test_two_stencils_of_one_kernel():
    narrow, wide = stencil(lambda a: a[0]), None
    wide = stencil(neighborhood=((-2, 2),), cval=-1)(narrow.func)

    @njit
    def both(a):
        return narrow(a), wide(a)
    a = numbers(6, "int64")
    x, y = both(a)
    same(x, a)
    same(y, reference(narrow.func, (a,), (-2,), (2,), "int64", cval=-1))


def test_kernel_calls_jitted_functions():
    @njit
    def middle(x, y):
        return (x + y) / 2

    @njit
    def left(w):
        return w[-2]
    k = 10.0
    a = numbers(8, "float64")
    got = stencil(lambda a: middle(a[-1], left(a)) + k)(a)
    same(got, reference(lambda a: (a[-1] + a[-2]) / 2 + 10, (a,), (-2,), (0,), "float64"))


def test_a_kernel_that_uses_a_stencil():
    inner = stencil(lambda a: a[0] + a[1])

    @njit
    def total(x):
        b = np.ones(4) * x
        return inner(b).sum()
    a = numbers(5, "float64")
    same(stencil(lambda a: total(a[0]))(a), a * 6)


def test_endless_recursion():
    @njit
    def deeper(x):
        if x < 0:
            return x
        return endless(np.ones(3) * x)[1]

    endless = stencil(lambda a: deeper(a[0] + a[1]) + 1.0)
    with pytest.raises(RecursionError):
        endless(np.ones(3))


def test_made_inside_of_a_function():
    def make(k):
        @stencil(neighborhood=((-k, k),))
        def kernel(a):
            total = 0
            for i in range(-k, k + 1):
                total += a[i]
            return total
        return kernel
    a = numbers(9, "int64")
    for k in (1, 2, 3):
        same(make(k)(a), reference(lambda a: sum(a[i] for i in range(-k, k + 1)), (a,), (-k,), (k,), "int64"))


REACH = 1


def test_made_in_compiled_code():
    @njit
    def of_a_lambda(a):
        return stencil(lambda b: b[0, 1] + b[0, -1])(a)

    @njit
    def of_a_function(a, s):
        k = 2

        def kernel(b, scale):
            return (b[k] - b[-k]) * scale
        return stencil(kernel)(a, s)

    @njit
    def decorated(a):
        @stencil("wrap", neighborhood=((-REACH, REACH),))
        def kernel(b):
            s = 0.0
            for i in range(-REACH, REACH + 1):
                s += b[i]
            return s
        return kernel(a)

    @njit
    def again_and_again(a):
        for _ in range(3):
            a = stencil(lambda b: (b[-1] + b[1]) / 2, cval=1)(a)
        return a
    a, x = np.arange(20.0).reshape(4, 5), np.arange(8.0)
    np.testing.assert_array_equal(of_a_lambda(a), stencil(lambda b: b[0, 1] + b[0, -1])(a))
    np.testing.assert_array_equal(of_a_function(x, 3), stencil(lambda b: (b[2] - b[-2]) * 3)(x))
    np.testing.assert_array_equal(decorated(x), stencil("wrap")(lambda b: b[-1] + b[0] + b[1])(x))
    between, want = stencil(lambda b: (b[-1] + b[1]) / 2, cval=1), x
    for _ in range(3):
        want = between(want)
    np.testing.assert_array_equal(again_and_again(x), want)


def test_made_in_compiled_code_of_what_is_not_known():
    @njit
    def captured(a, n):
        return stencil(lambda b: b[n])(a)

    @njit
    def option(a, n):
        return stencil(lambda b: b[0], neighborhood=((-n, n),))(a)

    @njit
    def changing(a, n):
        k = 1
        for _ in range(n):
            a = stencil(lambda b: b[0], neighborhood=((-k, k),))(a)
            k += 1
        return a

    @njit
    def misspelt(a, n):
        return stencil(lambda b: b[0], mode="wrap")(a)
    for f, what in ((captured, "argument 1 is not"), (option, "neighborhood is not"), (changing, "neighborhood is not"), (misspelt, "Unknown stencil option mode")):
        with pytest.raises(TypingError, match=what):
            f(np.arange(5.0), 1)


def test_exec_has_no_source():
    scope = {"stencil": stencil, "np": np}
    exec("@stencil\ndef f(a):\n    return a[-1] + a[1]\nr = f(np.arange(5))", scope)
    assert scope["r"].tolist() == [0, 2, 4, 6, 0]
    with pytest.raises(NumbaValueError, match="not a constant"):
        exec("@stencil\ndef f(a, i):\n    return a[i]\nr = f(np.arange(5), 1)", scope)


# --- exceptions of the kernel --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("given", [False, True])
def test_an_exception_in_the_kernel(mode, given):
    def kernel(a):
        return 1 // a[0, -1]
    a = np.ones((4, 5), np.int64)
    a[3, 3] = 0
    s = stencil(mode)(kernel)
    with pytest.raises(ZeroDivisionError) as e:
        s(a, out=np.zeros_like(a) if given else None)
    frames = [f.name for f in e.traceback]
    assert "kernel" in frames
    with pytest.raises(ZeroDivisionError):
        s(a)
    a[3, 3] = 1
    assert s(a).sum() == (16 if mode == "constant" else 20)


def test_raise_and_try():
    @stencil
    def picky(a):
        if a[0] < 0:
            raise ValueError("negative", 3)
        return a[0] + a[1]

    @njit
    def run(a):
        try:
            return picky(a)
        except ValueError:
            return a * 0
    a = np.array([1.0, 2.0, -3.0, 4.0])
    with pytest.raises(ValueError, match="negative"):
        picky(a)
    same(run(a), a * 0)
    same(run(abs(a)), np.array([3.0, 5.0, 7.0, 0]))


def test_out_of_memory():
    s = stencil(lambda a: a[0] + a[1])
    a = numbers(100, "float64")
    s(a)
    for n in range(3):
        hotloop._binding.fail_after(n)
        try:
            s(a)
        except MemoryError:
            pass
        finally:
            hotloop._binding.fail_after(-1)
    same(s(a)[:-1], a[:-1] + a[1:])


# --- refusals -----------------------------------------------------------------------------------------------------------------------

A1, A2 = np.arange(6.0), np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize("make, message", [
    (lambda: stencil("circular"), "Unsupported mode style circular"),
    (lambda: stencil(color=3), "Unknown stencil option color"),
    (lambda: stencil(neighborhood=5)(lambda a: a[0]), "neighborhood has a pair of ints for each dimension"),
    (lambda: stencil(neighborhood=((1, -1),))(lambda a: a[0]), "1 to -1 is empty"),
    (lambda: stencil(neighborhood=((-1.5, 1),))(lambda a: a[0]), "pair of ints"),
    (lambda: stencil(neighborhood=((-1, 1, 2),))(lambda a: a[0]), "pair of ints"),
    (lambda: stencil(neighborhood=())(lambda a: a[0]), "pair of ints"),
    (lambda: stencil(neighborhood=((0, 2**40),))(lambda a: a[0]), "2\\*\\*30"),
    (lambda: stencil(cval="x")(lambda a: a[0]), "cval is a number"),
    (lambda: stencil(standard_indexing=("c",))(lambda a, b: a[0]), "standard_indexing names 'c'"),
    (lambda: stencil(standard_indexing=("a",))(lambda a, b: a[0]), "must be indexed relatively"),
    (lambda: stencil(lambda *a: a[0]), "positional parameters"),
    (lambda: stencil(lambda a, *, b: a[0]), "positional parameters"),
    (lambda: stencil(lambda: 1), "positional parameters"),
])
def test_wrong_options(make, message):
    with pytest.raises(NumbaValueError, match=message):
        make()


@pytest.mark.parametrize("kernel, options, args, message", [
    (lambda a, i: a[i], {}, (A1, 1), "not a constant"),
    (lambda a: a[0:a.ndim], {}, (A1,), "not a constant|returns a number"),
    (lambda a: a[2], {"neighborhood": ((-1, 1),)}, (A1,), "relative index 2 of axis 0 is outside of the declared neighborhood"),
    (lambda a: a[0, -3], {"neighborhood": ((-1, 1), (-2, 0))}, (A2,), "relative index -3 of axis 1"),
    (lambda a: a[2**40], {}, (A1,), "2\\*\\*30"),
    (lambda a: a[0], {"neighborhood": ((-1, 1), (0, 0))}, (A1,), "2 dimensions, the array has 1"),
    (lambda a, b: a[0] + b[0, 0], {}, (A1, A2), "the first has 1, argument 2 has 2"),
    (lambda a, b: a + b[0], {}, (1.0, A1), "first argument of a stencil is an array"),
    (lambda a: 1.0, {}, (A1,), "reads none"),
    (lambda a: (a[0], 1), {}, (A1,), "returns a number, not Tuple"),
    (lambda a: None, {}, (A1,), "returns a number, not none"),
    (lambda a: a, {}, (A1,), "returns a number, not window"),
    (lambda a: str(a[0]), {}, (A1,), "returns a number"),
    (lambda a: a[0], {"cval": 1j}, (A1,), "cval is complex128"),
    (lambda a: a[0], {"cval": float("nan")}, (np.arange(3),), "cval is not finite"),
    (lambda a: a[0], {"cval": 2**70}, (A1,), "64 bits"),
])
def test_wrong_calls(kernel, options, args, message):
    s = stencil(**options)(kernel)
    for _ in range(2):
        with pytest.raises(NumbaValueError, match=message):
            s(*args)


@pytest.mark.parametrize("kernel, args, message", [
    (lambda a: a[0, 1], (A1,), "too many indices"),
    (lambda a: a[0], (A2,), "an int for each dimension"),
    (lambda a: a[0.5], (A1,), "only integers"),
    (lambda a: a[None], (A1,), "an int for each dimension"),
    (lambda a: a[...], (A1,), "an int for each dimension"),
    (lambda a: a[::2].sum(), (A1,), "a start, a stop and no step"),
    (lambda a: a[:2].sum(), (A1,), "a start, a stop and no step"),
    (lambda a: a + 1, (A1,), "window"),
    (lambda a: a.sum(), (A1,), "no attribute 'sum'"),
    (lambda a: np.sum(a), (A1,), "window"),
    (lambda a: [a][0][0], (A1,), "a list cannot hold window"),
])
def test_what_windows_cannot_do(kernel, args, message):
    with pytest.raises(TypingError, match=message):
        stencil(kernel)(*args)


def test_assignment_is_refused():
    def kernel(a):
        a[0] = 1.0
        return a[0]
    with pytest.raises(NumbaValueError, match="cannot change"):
        stencil(kernel)(A1)


def test_a_kernel_that_never_returns():
    def kernel(a):
        raise KeyError(a[0])
    with pytest.raises(NumbaValueError, match="returns a number"):
        stencil(kernel)(A1)


def test_slices_need_the_constant_mode():
    with pytest.raises(TypingError, match="func_or_mode='constant'"):
        stencil("wrap")(lambda a: a[-1:2].sum())(A1)


@pytest.mark.parametrize("out, error, message", [
    (np.zeros(5), ValueError, "out has 5 items along an axis where its first array has 6"),
    (np.zeros((6, 1)), NumbaValueError, "out has 2 dimensions"),
    (3.0, NumbaValueError, "out is float64; it must be an array"),
    (laid_out(np.zeros(6), "readonly"), ValueError, "read-only"),
])
def test_wrong_out(out, error, message):
    s = stencil(cval=4)(lambda a: a[1])
    before = np.array(out)
    with pytest.raises(error, match=message):
        s(A1, out=out)
    same(np.array(out), before)


def test_out_that_cannot_hold_the_result():
    with pytest.raises(NumbaValueError, match="returns complex128, which out, an array of float64"):
        stencil(lambda a: a[0] * 1j)(A1, out=np.zeros(6))
    with pytest.raises(NumbaValueError, match="cval is complex128"):
        stencil(cval=1j)(lambda a: a[0])(A1, out=np.zeros(6))


def test_objects_and_lists_are_refused():
    s = stencil(lambda a: a[0])
    with pytest.raises(TypeError):
        s(np.array([1, None]))
    with pytest.raises(NumbaValueError, match="array"):
        s([1.0, 2.0])
    with pytest.raises(NumbaValueError, match="array"):
        s(np.float64(3))
    with pytest.raises(NumbaValueError, match="at least one dimension"):
        s(np.array(3.0))


# --- the object ----------------------------------------------------------------------------------------------------------------------


def test_attributes():
    s = stencil("wrap", neighborhood=[[-1, 1]], cval=2)(pickled_kernel)
    assert s.func is pickled_kernel and s.mode == "wrap" and s.neighborhood == ((-1, 1),) and s.options["cval"] == 2
    assert s.__name__ == "pickled_kernel" and s.__doc__ == "A kernel." and s.__module__ == __name__
    a = np.arange(3.0)
    s(a)
    assert len(s.signatures) == 1
    assert "getitem" in s.inspect_ir(s.signatures[0]) or s.inspect_ir(s.signatures[0])


def pickled_kernel(a):
    """A kernel."""
    return a[-1] + a[1]


@stencil
def found_by_name(a):
    return a[-1] - a[1]


def test_pickle():
    assert pickle.loads(pickle.dumps(found_by_name)) is found_by_name
    k = 5
    s = stencil("reflect", neighborhood=((-1, 1),))(lambda a: a[-1] + k)
    data = pickle.dumps(s)
    assert pickle.loads(data) is s
    program = f"""
        import pickle, numpy as np
        s = pickle.loads({data!r})
        assert s is pickle.loads({data!r})
        assert s.mode == "reflect" and s.neighborhood == ((-1, 1),)
        assert s(np.arange(3.0)).tolist() == [5.0, 5.0, 6.0]
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


def test_fastmath_and_error_model():
    a = np.array([1.0, 0.0, 2.0])
    assert stencil(error_model="numpy")(lambda a: 1 / a[0])(a).tolist() == [1.0, np.inf, 0.5]
    with pytest.raises(ZeroDivisionError):
        stencil(lambda a: 1 / a[0])(a)
    same(stencil(fastmath=True)(lambda a: a[0] * 2)(a), a * 2)


def test_in_python():
    """Without a compiler the same kernels run in Python."""
    program = """
        import numpy as np
        from hotloop import stencil
        a = np.arange(12.0).reshape(3, 4)
        for mode in ("constant", "nearest", "wrap", "reflect", "mirror"):
            s = stencil(mode, cval=3)(lambda a: a[-1, 0] + 2 * a[0, 2])
            out = np.zeros((3, 4))
            assert s(a, out=out) is out
            print(mode, s(a).tolist() == out.tolist(), out.tolist())
    """
    import os
    runs = [subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, capture_output=True, text=True,
                           env={**os.environ, "HOTLOOP_DISABLE_JIT": flag}).stdout for flag in ("0", "1")]
    assert runs[0] == runs[1] and runs[0].count("True") == 5


# --- against SciPy ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["nearest", "wrap", "reflect", "mirror"])
def test_like_scipy(mode):
    ndimage = pytest.importorskip("scipy.ndimage")

    @stencil(mode, neighborhood=((-2, 2), (-1, 1)), standard_indexing=("w",))
    def correlate(a, w):
        total = 0.0
        for i in range(-2, 3):
            for j in range(-1, 2):
                total += a[i, j] * w[i + 2, j + 1]
        return total
    w = numbers((5, 3), "float64", 1)
    for shape in ((9, 8), (2, 3), (1, 1), (5, 1)):
        a = numbers(shape, "float64")
        np.testing.assert_allclose(correlate(a, w), ndimage.correlate(a, w, mode=mode), rtol=1e-12)


def test_many_threads():
    from concurrent.futures import ThreadPoolExecutor
    s = stencil("wrap", nogil=True)(lambda a: a[-1] + a[1])
    a = numbers(1000, "int64")
    expected = np.roll(a, 1) + np.roll(a, -1)
    with ThreadPoolExecutor(4) as pool:
        for got in pool.map(lambda _: s(a), range(40)):
            same(got, expected)


def test_documentation():
    page = pathlib.Path(__file__).parent.parent / "docs" / "stencil.md"
    result = doctest.testfile(str(page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert result.attempted > 20 and result.failed == 0
    assert doctest.testmod(hotloop.stencils).failed == 0
