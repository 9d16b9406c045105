"""NumPy's library functions: sorting, searching, joining, moving, counting, statistics of order."""
import numpy as np
import pytest

from harness import (DTYPES, INTS, FLOATS, all_dtypes, all_layouts, arrays, check, checks, real_dtypes, values)

LAYOUTS_1D = ("C", "strided", "negative", "readonly", "unaligned", "empty")
LAYOUTS_2D = ("C", "F", "strided", "negative", "empty")


def all_vectors(dtype, **kw):
    return [(arrays(dtype, 1, layout, **kw),) for layout in LAYOUTS_1D]


def all_matrices(dtype, **kw):
    return [(arrays(dtype, 2, layout, **kw),) for layout in LAYOUTS_2D]


# --- sorting -----------------------------------------------------------------------------------------------------


@all_dtypes
def test_sort(dtype):
    def sort(a):
        return np.sort(a)
    checks(sort, all_vectors(dtype) + all_matrices(dtype))
    if np.dtype(dtype).kind != "c":
        check(sort, values(dtype, 50, special=True) + values(dtype, 50) * 0)


@pytest.mark.parametrize("axis", [0, 1, -1, -2, None])
def test_sort_axis(axis):
    def sort(a):
        return np.sort(a, axis=axis)

    def order(a):
        return np.argsort(a, axis=axis)
    checks(sort, all_matrices("float64") + all_matrices("int16") + [(arrays("float32", 3),)])
    a = np.random.default_rng(1).permutation(35).reshape(7, 5)
    checks(order, [(a,), (a[::2, ::-1],), (np.asfortranarray(a),)])


@all_dtypes
def test_sort_in_place(dtype):
    def sort(a):
        a.sort()
        return a

    def columns(a):
        a.sort(axis=0)
    checks(sort, [v for v in all_vectors(dtype) + all_matrices(dtype) if v[0].flags.writeable])
    checks(columns, all_matrices(dtype))


@all_dtypes
def test_argsort(dtype):
    def order(a):
        return a[np.argsort(a, kind="stable")]

    def stable(a):
        return np.argsort(a, kind="stable"), a.argsort(kind="stable")
    checks(order, all_vectors(dtype))
    checks(stable, all_vectors(dtype) + [(values(dtype, 300),)])


@real_dtypes
def test_partition(dtype):
    def part(a, k):
        p = np.partition(a, k)
        q = a[np.argpartition(a, k)]
        return p[k], q[k], np.sort(p[:k]), np.sort(p[k + 1:])

    def own(a, k):
        b = a.copy()
        b.partition(k)
        return b[k]
    a = values(dtype, 40)
    checks(part, [(a, 3), (a, 39), (a[::-2], 7)])
    checks(own, [(a, 3), (a, 0)])


def test_partition_errors():
    def part(a, k):
        return np.partition(a, k)
    check(part, np.arange(5.0), 5)
    check(part, np.arange(5.0), -6, message=False)


@all_dtypes
def test_searchsorted(dtype):
    def left(a, v):
        return np.searchsorted(a, v), np.searchsorted(a, v, side="right"), a.searchsorted(v)

    def one(a, x):
        return np.searchsorted(a, x), np.searchsorted(a, x, side="left"), np.searchsorted(a, x, "right")
    a = np.sort(values(dtype, 30))
    v = values(dtype, 20, seed=5)
    checks(left, [(a, v), (a, v.reshape(4, 5)), (a[::2], v[::-1]), (a[:0], v), (a, v[:0])])
    for x in (a[3], v[0]):
        check(one, a, x)


def test_searchsorted_mixed():
    def both(a, v):
        return np.searchsorted(a, v)
    a = np.arange(10)
    checks(both, [(a, np.array([0.5, 3.0, 9.5])), (a, 2.5), (a.astype(np.float32), 3), (a.astype(float), np.array([3, 4])),
                  (a.astype(np.uint8), -1), (np.array([1.0, 2.0, np.nan]), np.array([np.nan, 5.0]))])


@all_dtypes
def test_unique(dtype):
    def unique(a):
        return np.unique(a)
    checks(unique, all_vectors(dtype) + all_matrices(dtype))


@real_dtypes
def test_unique_flags(dtype):
    def counts(a):
        return np.unique(a, return_counts=True)

    def inverse(a):
        u, i = np.unique(a, return_inverse=True)
        return u, i

    def every(a):
        return np.unique(a, return_index=True, return_inverse=True, return_counts=True)
    a = values(dtype, 40)
    for f in (counts, inverse, every):
        checks(f, [(a,), (a[::-2],), (a[:0],)])


# --- sums --------------------------------------------------------------------------------------------------------


@all_dtypes
def test_cumulative(dtype):
    def run(a):
        return np.cumsum(a), a.cumsum(), np.cumprod(a)
    checks(run, all_vectors(dtype) + all_matrices(dtype), rtol=1e-6 if dtype == "complex64" else 1e-13 if dtype == "complex128" else 0)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_cumulative_axis(axis):
    def run(a):
        return np.cumsum(a, axis=axis), np.cumprod(a, axis), a.cumsum(axis), a.cumprod(axis=axis)
    checks(run, all_matrices("float64") + all_matrices("int32") + [(arrays("float32", 3),)])


def test_cumulative_dtype():
    def run(a):
        return np.cumsum(a, dtype=np.float64), np.cumprod(a, dtype=np.int32), a.cumsum(dtype=np.float32)
    checks(run, [(np.arange(1, 6),), (np.arange(1, 6, dtype=np.int8),)])


def test_cumulative_nan():
    def run(a):
        return np.nancumsum(a), np.nancumprod(a)
    checks(run, [(np.array([1.0, np.nan, 3.0]),), (np.arange(4),), (np.array([[1.0, np.nan], [2, 3]]),)])


@all_dtypes
def test_diff(dtype):
    def diff(a):
        return np.diff(a)

    def second(a):
        return np.diff(a, n=2)
    checks(diff, all_vectors(dtype) + all_matrices(dtype))
    checks(second, all_vectors(dtype))


def test_diff_axis():
    def first(a):
        return np.diff(a, axis=0), np.diff(a, 1, 0), np.diff(a, 0), np.diff(a, 3, axis=-1)
    checks(first, all_matrices("float64") + all_matrices("int64"))


def test_ediff1d():
    def ediff(a):
        return np.ediff1d(a)
    checks(ediff, all_vectors("float64") + all_matrices("int32"))


@real_dtypes
def test_trapezoid(dtype):
    def area(y):
        return np.trapezoid(y)

    def scaled(y):
        return np.trapezoid(y, dx=0.5)

    def over(y, x):
        return np.trapezoid(y, x)
    y = values(dtype, 20)
    checks(area, [(y,), (y[::-2],)], rtol=1e-6)
    checks(scaled, [(y,)], rtol=1e-6)
    checks(over, [(y, np.sort(values("float64", 20)))], rtol=1e-6)


def test_interp():
    def at(x, xp, fp):
        return np.interp(x, xp, fp)

    def ends(x, xp, fp):
        return np.interp(x, xp, fp, left=-1.0, right=99.0), np.interp(x, xp, fp, 7, 8)
    xp = np.array([0.0, 1.0, 2.5, 4.0])
    fp = np.array([1.0, -1.0, 3.0, 0.5])
    x = np.linspace(-1, 5, 31)
    for f in (at, ends):
        checks(f, [(x, xp, fp), (x.reshape(1, 31), xp, fp), (0.25, xp, fp), (4.0, xp, fp), (9.0, xp, fp), (np.array([np.nan, 1]), xp, fp),
                   (np.arange(5), np.arange(4), np.arange(4) * 2), (x.astype(np.float32), xp, fp), (x, xp[:1], fp[:1])])
    check(at, x, xp[:0], fp[:0])
    check(at, x, xp, fp[:2])


# --- order statistics --------------------------------------------------------------------------------------------


@real_dtypes
def test_median(dtype):
    def median(a):
        return np.median(a)

    def axes(a):
        return np.median(a, axis=0), np.median(a, axis=1), np.median(a, axis=-1)
    a = values(dtype, 31)
    checks(median, [(a,), (a[1:],), (a[:1],), (a[::-2],), (values(dtype, (6, 5)),)])
    checks(axes, [(values(dtype, (6, 5)),), (np.asfortranarray(values(dtype, (4, 6))),)])


@pytest.mark.parametrize("dtype", FLOATS)
def test_median_nan(dtype):
    def both(a):
        return np.median(a), np.nanmedian(a)
    a = values(dtype, 9)
    b = a.copy()
    b[3] = np.nan
    checks(both, [(a,), (b,), (b[3:4],), (np.array([np.inf, -np.inf], dtype),)])


@real_dtypes
@pytest.mark.parametrize("q", [0, 13, 30.5, 50, 99.9, 100])
def test_percentile(dtype, q):
    def scalar(a, q):
        return np.percentile(a, q), np.quantile(a, q / 100)

    def several(a, q):
        return np.percentile(a, np.array([q, 25.0, 100]))
    a = values(dtype, 31)
    checks(scalar, [(a, q), (a[::-2], q), (values(dtype, (6, 5)), q)])
    check(several, a, q)


def test_percentile_nan():
    def both(a, q):
        return np.percentile(a, q), np.nanpercentile(a, q), np.nanquantile(a, q / 100), np.quantile(a, q / 100)
    a = values("float64", 12)
    b = a.copy()
    b[[3, 5]] = np.nan
    checks(both, [(a, 40.0), (b, 40.0), (b, 77)])


def test_percentile_errors():
    def percentile(a, q):
        return np.percentile(a, q)
    check(percentile, np.arange(4.0), 101)
    check(percentile, np.arange(4.0), -1.0)


def test_percentile_sequences():
    def f(a):
        return np.percentile(a, [25, 50, 75]), np.percentile(a, np.array([[1.0, 2], [3, 4]]))
    check(f, values("float64", 30))


def test_percentile_axis():
    def f(a):
        return np.percentile(a, 30, axis=0), np.percentile(a, 30.0, axis=1), np.quantile(a, np.array([0.2, 0.5]), axis=0)
    check(f, values("float64", (6, 5)))
    check(f, values("float32", (6, 5)))


# --- joining -----------------------------------------------------------------------------------------------------


@all_dtypes
def test_concatenate(dtype):
    def join(a, b):
        return np.concatenate((a, b)), np.concatenate([a, b, a])

    def columns(a, b):
        return np.concatenate((a, b), axis=1), np.concatenate((b, a), axis=-1)
    for layout in LAYOUTS_1D:
        check(join, arrays(dtype, 1, layout), arrays(dtype, 1, seed=2))
    for layout in LAYOUTS_2D[:4]:
        check(join, arrays(dtype, 2, layout), arrays(dtype, 2, seed=2))
        check(columns, arrays(dtype, 2, layout), arrays(dtype, 2, seed=2))


def test_concatenate_mixed():
    def join(a, b):
        return np.concatenate((a, b))
    for d1 in DTYPES:
        for d2 in ("int8", "uint64", "float32", "complex128"):
            check(join, values(d1, 3), values(d2, 4))
    check(join, np.ones((2, 3)), np.ones((2, 4)))


def test_concatenate_flat():
    def join(a, b):
        return np.concatenate((a, b), axis=None)
    check(join, np.ones((2, 3)), np.arange(4.0))


@all_dtypes
def test_stacks(dtype):
    def vectors(a, b):
        return (np.stack((a, b)), np.stack((a, b), axis=1), np.stack([a, b], -1), np.vstack((a, b)), np.hstack((a, b)), np.column_stack((a, b)),
                np.dstack((a, b)))
    a, b = values(dtype, 5), values(dtype, 5, seed=3)
    checks(vectors, [(a, b), (a[::-1], b), (values(dtype, (3, 4)), values(dtype, (3, 4), seed=1)), (a[:0], b[:0])])


def test_stack_lists():
    def rows(n):
        out = [np.arange(3) * k for k in range(n)]
        return np.stack(out), np.vstack(out), np.concatenate(out), np.column_stack(out)
    check(rows, 4)
    check(rows, 1)


def test_append_insert_delete():
    def change(a):
        return (np.append(a, 5), np.append(a, a), np.insert(a, 2, 7), np.insert(a, -1, 7), np.delete(a, 1), np.delete(a, -1),
                np.delete(a, np.array([0, 2])))

    def columns(a):
        return np.append(a, a, axis=0), np.append(a, a, axis=1), np.append(a, a), np.delete(a, 1, axis=0), np.delete(a, 0, axis=1), np.delete(a, 2)

    def at(a, k):
        return np.delete(a, k), np.insert(a, k, 0)
    for dtype in ("int64", "float32", "complex128", "int8"):
        checks(change, [(values(dtype, 6),), (values(dtype, 12)[::2],)])
        checks(columns, [(values(dtype, (3, 4)),)])
    check(at, np.arange(4), 9)
    check(at, np.arange(4), -5)


# --- moving ------------------------------------------------------------------------------------------------------


@all_dtypes
def test_flips(dtype):
    def flips(a):
        return np.flip(a), np.flip(a, 0), np.flipud(a)

    def matrix(a):
        return np.fliplr(a), np.flip(a, axis=(0, 1)), np.rot90(a), np.rot90(a, 2), np.rot90(a, k=-1), np.rot90(a, 4)
    checks(flips, all_vectors(dtype))
    checks(matrix, all_matrices(dtype), layout=True)


@all_dtypes
def test_roll(dtype):
    def roll(a, k):
        return np.roll(a, k)

    def axis(a, k):
        return np.roll(a, k, axis=0), np.roll(a, k, 1), np.roll(a, k, axis=-1)
    for k in (0, 1, -2, 100):
        check(roll, arrays(dtype, 1), k)
        check(roll, arrays(dtype, 2, "F"), k)
        check(axis, arrays(dtype, 2, "strided"), k)
    check(roll, arrays(dtype, 1, "empty"), 3)


@all_dtypes
def test_repeat_tile(dtype):
    def repeat(a):
        return np.repeat(a, 3), a.repeat(2), np.repeat(a, 0), np.tile(a, 2), np.tile(a, (2, 3)), np.tile(a, (2, 1, 2)), np.tile(a, 0)

    def along(a):
        return np.repeat(a, 2, axis=0), np.repeat(a, 2, axis=1), np.repeat(a, np.array([1, 0, 2]), axis=0), np.tile(a, (2, 2)), np.tile(a, 3)
    checks(repeat, all_vectors(dtype))
    checks(along, [(values(dtype, (3, 4)),), (np.asfortranarray(values(dtype, (3, 4))),)])


def test_repeat_counts():
    def repeat(a, n):
        return np.repeat(a, n)
    checks(repeat, [(np.arange(3), np.array([2, 0, 1])), (np.arange(3), np.array([2])), (np.arange(3), np.array([1, 2])), (np.arange(3), -1)], message=False)


@all_dtypes
def test_take(dtype):
    def take(a, i):
        return np.take(a, i), a.take(i)

    def axis(a, i):
        return np.take(a, i, axis=0), np.take(a, i, axis=1), np.take(a, i, -1)
    i = np.array([0, 2, -1, 2])
    checks(take, [(values(dtype, 6), i), (values(dtype, (3, 4)), i), (values(dtype, 6), i.reshape(2, 2)), (values(dtype, 12)[::-2], i)])
    checks(axis, [(values(dtype, (3, 4)), i), (values(dtype, (4, 3)).T, i.astype(np.int8))])


def test_take_errors():
    def take(a, i):
        return np.take(a, i)
    check(take, np.arange(3), np.array([0, 3]))
    check(take, np.arange(3), np.array([-4]))
    check(take, np.arange(3), 1)
    check(take, np.arange(3), 7)


# --- counting ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", INTS)
def test_bincount(dtype):
    def count(a):
        return np.bincount(a), np.bincount(a, minlength=20)

    def weighted(a, w):
        return np.bincount(a, w), np.bincount(a, weights=w, minlength=3)
    a = np.abs(values(dtype, 30))
    if dtype == "uint64":
        return
    checks(count, [(a,), (a[::-2],), (a[:0],)])
    checks(weighted, [(a, values("float64", 30)), (a, values("int32", 30))])


def test_bincount_errors():
    def count(a):
        return np.bincount(a)
    check(count, np.array([1, -1]))


@real_dtypes
def test_histogram(dtype):
    def plain(a):
        return np.histogram(a)

    def bins(a):
        return np.histogram(a, 5), np.histogram(a, bins=7, range=(-3.0, 3.0)), np.histogram(a, bins=3, range=(0, 5))

    def edges(a, e):
        return np.histogram(a, e), np.histogram(a, bins=e)
    a = values(dtype, 60)
    tolerance = 1e-6 if dtype == "float32" else 0
    if dtype == "float32":
        def plain(a):
            return np.histogram(a)[0]
    checks(plain, [(a,), (a[::-2],), (a[:1],)], rtol=tolerance)
    if dtype != "float32":
        checks(bins, [(a,)])
        checks(edges, [(a, np.array([-4.0, -1.0, 0.0, 2.0, 5.0]))])
        checks(edges, [(a, np.array([1.0])), (a, np.zeros(0)), (a, np.array([1.0, 0.0]))])


def test_histogram_of_what_has_no_range():
    def plain(a):
        return np.histogram(a)

    def many(a):
        return np.histogram(a, 50)

    def ranged(a, low, high):
        return np.histogram(a, 4, (low, high))
    odd = np.array([3.0, 1.0, -2.0, 7.5, 0.0])
    for where in range(5):
        for what in (np.nan, np.inf, -np.inf):
            a = odd.copy()
            a[where] = what
            check(plain, a)
            check(ranged, a, -1.0, 2.0)
    check(plain, np.zeros(0))
    check(plain, np.full(9, 2.5))
    check(many, np.array([1.0, np.nextafter(1.0, 2.0)]))
    check(ranged, odd, 2.0, -2.0)
    check(ranged, odd, 0.0, np.inf)
    check(ranged, odd, np.nan, 1.0)


def test_histogram_at_the_edges():
    """Items on, just below and just above every edge."""
    def f(a, n):
        return np.histogram(a, n)

    def ranged(a, n):
        return np.histogram(a, n, (-1.0, 2.0))
    for low, high, n in ((0.0, 1.0, 10), (-0.3, 0.7, 7), (1e6, 1e6 + 1, 33), (-1.0, 2.0, 3)):
        e = np.linspace(low, high, n + 1)
        a = np.concatenate([e, np.nextafter(e, -np.inf)[1:], np.nextafter(e, np.inf)[:-1]])
        check(f, a, n)
        check(ranged, a, n)


@real_dtypes
def test_digitize(dtype):
    def digitize(a, b):
        return np.digitize(a, b), np.digitize(a, b, right=True)
    a = values(dtype, 30)
    b = np.array([-2.0, 0.0, 1.0, 3.0])
    checks(digitize, [(a, b), (a, b[::-1].copy()), (a.reshape(5, 6), b), (a[:0], b)])


@pytest.mark.parametrize("items", [
    [1, np.nan, 3], [np.nan, np.nan], [np.nan, -np.inf], [np.nan, np.inf], [-np.inf, np.nan, np.inf], [], [[1, np.nan], [np.nan, 0.5]],
    [3, 1, 2], [np.nan, 5, 5, 1, 1], [True, False], [2**62, 2**62 + 1]])
def test_places_without_nan(items):
    def most(a):
        return np.nanargmax(a)

    def least(a):
        return np.nanargmin(a)
    for f in (most, least):
        check(f, np.array(items))
        check(f, np.array(items, np.float32)[::-1])


# --- sets --------------------------------------------------------------------------------------------------------


@all_dtypes
def test_sets(dtype):
    def sets(a, b):
        return np.intersect1d(a, b), np.union1d(a, b), np.setdiff1d(a, b), np.setxor1d(a, b), np.isin(a, b)

    def other(a, b):
        return np.isin(a, b, invert=True)
    a, b = values(dtype, 20), values(dtype, 15, seed=4)
    b[:3] = a[:3]
    checks(sets, [(a, b), (a[::-2], b), (a[:0], b), (a, b[:0])])
    check(other, a, b)


def test_sets_of_two_types():
    def sets(a, b):
        return np.intersect1d(a, b), np.union1d(a, b), np.setdiff1d(a, b), np.setxor1d(a, b)

    def distinct(a, b):
        return np.intersect1d(a, b, True), np.setdiff1d(a, b, assume_unique=True), np.setxor1d(a, b, assume_unique=True)

    def lists(a):
        return np.intersect1d([3, 1, 3], a), np.union1d(a, [0.5])
    whole, real, short = np.array([5, 1, 3, 3, -7]), np.array([3.0, 5.5, np.nan, -7.0, np.nan]), np.array([3, 200, 5], np.uint8)
    checks(sets, [(whole, real), (real, whole), (short, whole), (whole, short), (real, real), (whole.reshape(1, 5).T, short)])
    checks(distinct, [(np.array([4, 1, 9]), np.array([9, 2])), (np.array([2.5, -1.0]), np.array([7, 3, -1]))])
    checks(lists, [(whole,), (real,)])


def test_isin_nan():
    def isin(a, b):
        return np.isin(a, b)
    checks(isin, [(np.array([1.0, np.nan, 2]), np.array([np.nan, 2])), (np.arange(6).reshape(2, 3), np.array([2.0, 4.5])), (np.arange(3), np.array([-0.0, 1]))])


# --- comparing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", FLOATS + ("complex64", "complex128", "int32"))
def test_close(dtype):
    def close(a, b):
        return np.isclose(a, b), np.allclose(a, b), np.isclose(a, b, rtol=1e-3), np.isclose(a, b, atol=0.5), np.allclose(a, b, 0.1, 0.1)

    def nans(a, b):
        return np.isclose(a, b, equal_nan=True), np.allclose(a, b, equal_nan=True)
    a = values(dtype, 12, special=dtype != "int32")
    b = a.copy()
    b[::3] += 1
    checks(close, [(a, b), (a, a), (a[::2], b[::2])])
    checks(nans, [(a, b), (a, a)])
    checks(close, [(values(dtype, (3, 4)), values(dtype, 4)), (values(dtype, 4), 1.0)])


def test_close_of_two_types():
    def close(a, b):
        return np.isclose(a, b), np.allclose(a, b), np.isclose(a, b, 0.0, 0.25), np.allclose(a, b, equal_nan=True)

    def lists(a):
        return np.isclose([1.0, 2.0], a), np.allclose(a, [1, 2])
    single = np.array([1.0, 16777216.0, np.inf, np.nan, 3e38], np.float32)
    double = np.array([1.0 + 1e-6, 16777217.0, np.inf, np.nan, 3.00001e38])
    checks(close, [(single, double), (double, single), (single, np.nextafter(single, np.float32(0))), (np.arange(5), double), (single, np.arange(5, dtype=np.uint8)),
                   (double, 1 + 0j), (np.array([1 + 2j, np.nan, np.inf * 1j]), np.array([1 + 2.1j, np.nan, np.inf * 1j])), (double.reshape(5, 1), single),
                   (np.zeros((0, 3)), np.ones(3)), (double, np.ones(4)), (np.array(2.0), double), (single, 1.000011), (single, 16777217), (16777217.0, single), (np.array([True, False]), np.array([1, 0]))])
    checks(lists, [(np.array([1.0, 2.1]),)])


def test_close_scalars():
    def close(a, b):
        return np.isclose(a, b), np.allclose(a, b), np.isclose(a, b, rtol=0.1)
    checks(close, [(1.0, 1.0 + 1e-9), (1.0, 1.1), (np.nan, np.nan), (np.inf, np.inf), (np.inf, -np.inf), (1, 1), (1.0, 2), (np.float32(1), np.float32(1.00001)),
                   (1, np.float32(1.00001)), (True, 1.0), (1j, 1j), (1j, 1.0), (1.0, np.nan), (complex(np.nan, 1), complex(1, np.nan))])

    def nans(a, b, flag):
        return np.isclose(a, b, equal_nan=flag), np.allclose(a, b, equal_nan=True)
    checks(nans, [(np.nan, np.nan, True), (np.nan, np.nan, False), (np.nan, 1.0, True), (complex(np.nan, 1), complex(1, np.nan), True)])


@all_dtypes
def test_array_equal(dtype):
    def equal(a, b):
        return np.array_equal(a, b)
    a = values(dtype, 10)
    b = a.copy()
    b[4] = 1 - b[4] if dtype != "bool" else ~b[4]
    checks(equal, [(a, a), (a, b), (a, a[1:]), (a, a[::-1]), (a, a.reshape(2, 5)), (a[:0], a[:0])])


@all_dtypes
def test_nan_to_num(dtype):
    def plain(a):
        return np.nan_to_num(a)

    def given(a):
        return np.nan_to_num(a, nan=7.0, posinf=1.5, neginf=-2.0)
    a = values(dtype, 12, special=True)
    checks(plain, [(a,), (a[::-2],), (a.reshape(3, 4),)])
    checks(given, [(a,)])


def test_nan_to_num_scalar():
    def plain(x):
        return np.nan_to_num(x), np.nan_to_num(x, nan=3.0)
    checks(plain, [(1.5,), (np.nan,), (np.inf,), (-np.inf,)])


# --- matrices ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ("int64", "float32", "float64", "complex128"))
def test_matrices(dtype):
    def triangles(a):
        return np.tril(a), np.triu(a), np.tril(a, 1), np.triu(a, k=-1)

    def kron(a, b):
        return np.kron(a, b)
    a = values(dtype, (4, 5))
    checks(triangles, [(a,), (a.T,), (a[::2, ::-1],)])
    checks(kron, [(a, values(dtype, (2, 3))), (a.T, a), (values(dtype, 3), values(dtype, 4))], rtol=1e-13 if dtype == "complex128" else 0)


def test_tri():
    def tri(n, m, k):
        return np.tri(n), np.tri(n, m), np.tri(n, m, k), np.tri(n, k=k), np.tri(n, m, dtype=np.int32)
    checks(tri, [(3, 4, 1), (4, 3, -1), (0, 2, 0)])


@real_dtypes
def test_vander(dtype):
    def vander(x):
        return np.vander(x), np.vander(x, 3), np.vander(x, N=4, increasing=True)
    check(vander, values(dtype, 5), rtol=1e-6)


def test_meshgrid():
    def two(x, y):
        return np.meshgrid(x, y)

    def three(x, y, z):
        a, b, c = np.meshgrid(x, y, z, indexing="ij")
        return a, b, c

    def unpack(x, y):
        X, Y = np.meshgrid(x, y, indexing="xy")
        return X * Y
    checks(unpack, [(np.arange(3.0), np.arange(4))])
    checks(three, [(np.arange(3.0), np.arange(4), np.arange(2, dtype=np.float32))])
    compiled = check.__globals__["hotloop"].njit(two)
    for want, got in zip(np.meshgrid(np.arange(3), np.arange(5.0)), compiled(np.arange(3), np.arange(5.0))):
        np.testing.assert_array_equal(want, got)


@pytest.mark.parametrize("dtype", ("int64", "float32", "float64", "complex128"))
def test_cross(dtype):
    def cross(a, b):
        return np.cross(a, b)
    a, b = values(dtype, 3), values(dtype, 3, seed=2)
    checks(cross, [(a, b), (values(dtype, (4, 3)), b), (a, values(dtype, (4, 3))), (values(dtype, (4, 3)), values(dtype, (4, 3), seed=1)[::-1])], rtol=1e-13 if dtype == "complex128" else 0)


def test_split():
    def three(a):
        p = np.split(a, 3)
        return p[0], p[1], p[2], len(p)

    def at(a):
        p = np.split(a, np.array([1, 4]))
        q = np.array_split(a, 4)
        return p[0], p[1], p[2], q[0], q[3]

    def uneven(a):
        return len(np.split(a, 4))

    def columns(a):
        p = np.hsplit(a, 2)
        q = np.split(a, 2, axis=1)
        r = np.vsplit(a, 2)
        return p[1], q[0], r[1]
    checks(three, [(np.arange(9.0),), (np.arange(18)[::2],), (np.arange(12).reshape(6, 2),)])
    checks(at, [(np.arange(9.0),), (np.arange(18)[::2],)])
    check(uneven, np.arange(9.0))
    check(columns, np.arange(24).reshape(4, 6))


def test_split_is_a_view():
    def write(a):
        for p in np.split(a, 2):
            p[0] = 99
        return a
    check(write, np.arange(6))


@real_dtypes
def test_covariance(dtype):
    def cov(a):
        return np.cov(a), np.cov(a, ddof=0), np.cov(a, bias=True)

    def pairs(a, b):
        return np.cov(a, b), np.corrcoef(a, b)

    def columns(a):
        return np.cov(a, rowvar=False), np.corrcoef(a), np.corrcoef(a, rowvar=False)
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    a = values(dtype, (3, 20)) * 3
    checks(cov, [(a,)], rtol=tolerance)
    check(lambda a: (float(np.cov(a)), float(np.corrcoef(a))), a[0], rtol=tolerance)
    checks(pairs, [(a[0], a[1])], rtol=tolerance)
    checks(columns, [(a,)], rtol=tolerance)


def test_selecting():
    def pick(a, m):
        return (np.extract(a > 0, a), np.compress(a > 0, a), np.trim_zeros(np.array([0, 0, 1, 2, 0])), np.extract(m > 0, m),
                np.take_along_axis(m, np.argsort(m, axis=1), axis=1), np.take_along_axis(m, np.argsort(m, axis=0), 0),
                np.take_along_axis(a, np.argsort(a)))

    def indices(n):
        return np.tril_indices(n), np.triu_indices(n), np.tril_indices(n, -1), np.triu_indices(n, k=1), np.diag_indices(n), np.triu_indices(n, 0, 2)

    def products(a, m):
        return np.inner(a, a), np.inner(m, a[:4]), np.inner(m, m)
    a, m = values("float64", 9), values("float64", (3, 4))
    check(pick, a, m)
    checks(indices, [(4,), (1,), (0,)])
    check(products, a, m, rtol=1e-14)


def test_windows():
    def windows(n):
        return np.hamming(n), np.hanning(n) + 1, np.blackman(n) + 1, np.bartlett(n)
    checks(windows, [(n,) for n in (0, 1, 2, 7, 12)], ulp=4)


# --- sequences that are not arrays -------------------------------------------------------------------------------


def test_sequences():
    def lists(x):
        return np.sort([3.0, x, 1.0]), np.median([1, 2, 7]), np.unique([2, 1, 2]), np.cumsum([1, 2, 3]), np.argsort([x, 0.0])

    def arguments(v):
        return np.sort(v), np.median(v), np.percentile(v, 50), np.searchsorted(v, 2.5), np.diff(v), np.interp(2.5, v, v)
    check(lists, 2.0)
    check(arguments, [1.0, 2.0, 4.0])


@real_dtypes
def test_matrix_norms(dtype):
    def norms(a):
        return np.linalg.norm(a, 1), np.linalg.norm(a, -1), np.linalg.norm(a, np.inf), np.linalg.norm(a, -np.inf)
    a = values(dtype, 12).reshape(3, 4)
    check(norms, a, rtol=1e-6 if dtype == "float32" else 1e-14)


@all_layouts
def test_statistics(layout):
    def numbers(a):
        return np.sort(a).mean() + np.linalg.norm(a) + np.percentile(a, 50)
    if layout in ("empty", "0-d"):
        pytest.skip("needs items")
    check(numbers, arrays("float64", 1, layout), rtol=1e-14)
