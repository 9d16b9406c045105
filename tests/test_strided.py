"""as_strided, sliding_window_view and slice objects made by calls."""
import numpy as np
import pytest
from harness import check, checks, laid_out
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from hotloop import njit

LAYOUTS = ("C", "F", "strided", "negative", "readonly")
DTYPES = (np.bool_, np.int8, np.uint16, np.int64, np.float32, np.float64, np.complex64, np.complex128)


def windows(x, n):
    return as_strided(x, shape=(x.shape[0] - n + 1, n), strides=(x.strides[0], x.strides[0]))


def diagonal(x):
    return as_strided(x, (min(x.shape),), (x.strides[0] + x.strides[1],))


def one_of_each(x):
    return as_strided(x), as_strided(x, strides=x.strides), as_strided(x, shape=x.shape[:1], strides=(0,)), as_strided(x, (), ())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_as_strided(layout, dtype):
    x = laid_out(np.arange(24).reshape(4, 6).astype(dtype), layout)
    checks(windows, [(x[0], 3), (x[0], 1), (x[:, 1], 4), (x[::2, ::2][1], 2), (x[0], 6), (x[0, :0], 1)], layout=True)
    checks(diagonal, [(x,), (x[1:],), (x.T,), (x[:, :0],)], layout=True)
    checks(one_of_each, [(x,), (x[0],)], layout=True)


def test_as_strided_shares_memory_and_keeps_it():
    @njit
    def rows(n):
        x = np.arange(n)
        return as_strided(x, (n // 2, 2), (2 * x.itemsize, x.itemsize))
    assert rows(6).tolist() == [[0, 1], [2, 3], [4, 5]]

    def writes(x):
        w = as_strided(x, shape=(2, 2), strides=(16, 8))
        w[1, 1] = -1.0
        w += 0.5
        return w.sum()
    check(writes, np.arange(5.0))

    def reads_only(x):
        return as_strided(x, (2,), (8,), writeable=False)
    assert not njit(reads_only)(np.arange(3.0)).flags.writeable

    def written(x):
        as_strided(x, (2,), (8,), False, False)[0] = 1.0
    with pytest.raises(Exception, match="read-only"):
        njit(written)(np.arange(3.0))


def test_as_strided_stays_inside():
    @njit
    def view(x, n, m, a, b):
        return as_strided(x, (n, m), (a, b))
    x = np.arange(12.0)
    for args in ((3, 4, 32, 8), (2, 2, 0, 88), (0, 5, 1000, 1000), (1, 1, 10**6, 10**6), (12, 12, 0, 8)):
        assert np.array_equal(view(x, *args), as_strided(x, args[:2], args[2:]))
    for args in ((4, 4, 32, 8), (1, 13, 8, 8), (2, 1, -8, 8), (2**40, 2**40, 2**40, 2**40), (2, 1, 2**62, 8), (2, 1, -2**63, 8)):
        with pytest.raises(ValueError, match="reaches out of the memory|too (big|large)"):
            view(x, *args)
    assert view(x[::-1], 2, 1, -8, 8).tolist() == [[11.0], [10.0]]
    assert view(x[11:], 1, 1, 8, 8).tolist() == [[11.0]]
    with pytest.raises(ValueError, match="reaches out"):
        view(x[11:], 1, 2, 8, 8)
    with pytest.raises(ValueError, match="reaches out .* 0 bytes"):
        view(x[:0], 1, 1, 8, 8)
    with pytest.raises(ValueError, match="unaligned"):
        view(x, 2, 2, 8, 4)
    with pytest.raises(ValueError, match="negative dimensions"):
        view(x, -1, 2, 8, 8)
    free = njit(lambda x, n: as_strided(x, (n,), (8,)), boundscheck=False)
    assert free(x[:2], 12).tolist() == x.tolist()


@pytest.mark.parametrize("call", (lambda x: as_strided(x, 3, (8,)), lambda x: as_strided(x, (3, 1), (8,)), lambda x: as_strided(x, (3.0,), (8,)),
                                  lambda x: as_strided(x, (3,), (8,), writeable=x), lambda x: sliding_window_view(x, (1, 2)),
                                  lambda x: sliding_window_view(x, 2, axis=1), lambda x: sliding_window_view(x, (2,), axis=len(x))))
def test_what_types_refuse(call):
    with pytest.raises(Exception, match="tuple of ints|mismatch in length|writeable must|axes"):
        njit(call)(np.arange(4.0))


def sums_of_windows(x, n):
    return sliding_window_view(x, n).sum(axis=1)


def windows_2d(x, a, b):
    return sliding_window_view(x, (a, b))


def along_axes(x, n):
    return sliding_window_view(x, n, axis=0), sliding_window_view(x, (n, 2), axis=(-1, 0)), sliding_window_view(x, (n, n), (1, 1))


@pytest.mark.parametrize("dtype", (np.int16, np.float64, np.complex64))
@pytest.mark.parametrize("layout", LAYOUTS)
def test_sliding_window_view(layout, dtype):
    x = laid_out(np.arange(30).reshape(5, 6).astype(dtype), layout)
    checks(sums_of_windows, [(x[1], n) for n in (1, 2, 6, 7, 0, -1)])
    checks(windows_2d, [(x, a, b) for a in (0, 1, 3, 5, 6, -1) for b in (1, 6)], layout=True)
    checks(along_axes, [(x, n) for n in (1, 2, 3, 9)], layout=True)
    assert not njit(windows_2d)(x, 2, 2).flags.writeable


def test_writing_through_windows():
    def f(x):
        w = sliding_window_view(x, 3, writeable=True)
        w[0] = 7.0
        w[2, 1] = -1.0
        return x
    check(f, np.arange(6.0))


def slices(x, a, b, c):
    s = slice(a, b, c)
    return x[s], x[slice(b)], x[slice(a, b)], x[slice(None, None, -1)], x[slice(None, None, c)]


@pytest.mark.parametrize("x", (np.arange(7.0), list(range(7)), "abcdefg"), ids=("array", "list", "str"))
def test_slice_objects(x):
    checks(slices, [(x, 0, 3, 2), (x, None, None, -1), (x, 1, None, None), (x, np.int32(1), 5, 1), (x, -3, -1, 1), (x, 5, 0, -2), (x, 0, 9, 0)])


def test_slices_of_several_dimensions():
    def f(x, k, n):
        rows = slice(k, None, n)
        x[rows, slice(2)] = -1
        return x[rows, ..., slice(None, None, 2)].copy(), x
    check(f, np.arange(24).reshape(4, 6), 1, 2)

    def put(items, a, b):
        items[slice(a, b)] = [7]
        return items
    check(put, [1, 2, 3, 4], 1, 3)
    with pytest.raises(Exception, match="slice indices must be integers or None"):
        njit(slices)(np.arange(3.0), 0.5, 1, 1)
