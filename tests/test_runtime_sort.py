"""runtime/sort.c against NumPy."""
import ctypes

import numpy as np
import pytest
from runtime_library import I32, I64, P, declare, live

sort = declare("sort", I32, P, I64, I64, I32)
argsort = declare("argsort", I32, P, I64, I64, I32, P)
partition = declare("partition", I32, P, I64, I64, I32, P, I64)
searchsorted = declare("searchsorted", None, P, I64, I64, P, I64, I64, I32, I32, P)
unique = declare("unique", I64, P, I64, I32)

DTYPES = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8", "c8", "c16", np.longlong, np.ulonglong]
SIZES = [0, 1, 2, 3, 17, 25, 100, 400, 600, 3000]


def data(dtype, n, kind):
    rng = np.random.default_rng(n + 7)
    dt = np.dtype(dtype)
    if dt.kind == "b":
        a = rng.random(n) < 0.5
    elif dt.kind in "iu":
        i = np.iinfo(dt)
        a = rng.integers(i.min, i.max, n, dtype=dt, endpoint=True)
        if kind == "few":
            a = a % dt.type(5)
    else:
        a = (rng.standard_normal(n) * 100).astype(dt)
        if dt.kind == "c":
            a = (np.round(a.real) + 1j * rng.standard_normal(n)).astype(dt)
        if kind == "few":
            special = np.array([0.0, -0.0, np.nan, -np.nan, np.inf, -np.inf, 1.5, -2], dtype=dt.char.lower())
            a = rng.choice(special, n).astype(dt)
            if dt.kind == "c":
                a = (a + 1j * 0).astype(dt)
                a.real, a.imag = rng.choice(special, n), rng.choice(special, n)
    if kind == "sorted":
        a = np.sort(a)
    if kind == "reversed":
        a = np.sort(a)[::-1].copy()
    return a.astype(dt)


cases = pytest.mark.parametrize("kind", ["any", "few", "sorted", "reversed"])
dtypes = pytest.mark.parametrize("dtype", DTYPES, ids=str)


@pytest.fixture(autouse=True)
def balanced():
    before = live()
    yield
    assert live() == before


@cases
@dtypes
def test_sort_argsort(dtype, kind):
    for n in SIZES:
        a = data(dtype, n, kind)
        want = np.sort(a)
        for step in (1, 2, -1):
            wide = np.zeros(2 * n + 1, a.dtype)
            b = wide[:n] if step == 1 else wide[: 2 * n : 2] if step == 2 else wide[n - 1 :: -1] if n else wide[:0]
            b[...] = a
            got = np.empty(n, np.int64)
            assert argsort(b.ctypes.data, n, b.strides[0], a.dtype.num, got.ctypes.data) == 0
            np.testing.assert_array_equal(got, np.argsort(a, kind="stable"))
            assert sort(b.ctypes.data, n, b.strides[0], a.dtype.num) == 0
            np.testing.assert_array_equal(b, want)


@cases
@dtypes
def test_partition(dtype, kind):
    for n in SIZES[1:]:
        a = data(dtype, n, kind)
        want = np.sort(a)
        for kth in ([n // 2], [0], [n - 1], sorted({n // 4, n // 2, 3 * n // 4})[::-1]):
            b = a.copy()
            k = np.array(kth, np.int64)
            assert partition(b.ctypes.data, n, b.strides[0], a.dtype.num, k.ctypes.data, len(k)) == 0
            np.testing.assert_array_equal(b[k], want[k])
            np.testing.assert_array_equal(np.sort(b), want)
            for j in kth:
                np.testing.assert_array_equal(np.sort(b[:j]), want[:j])


@cases
@dtypes
def test_searchsorted_unique(dtype, kind):
    for n in SIZES:
        a = np.sort(data(dtype, n, kind))
        v = data(dtype, 50, "few")
        for right in (0, 1):
            out = np.empty(50, np.int64)
            searchsorted(a.ctypes.data, n, a.strides[0], v.ctypes.data, 50, v.strides[0], a.dtype.num, right, out.ctypes.data)
            np.testing.assert_array_equal(out, np.searchsorted(a, v, "right" if right else "left"))
        b = data(dtype, n, kind)
        want = np.unique(b)
        m = unique(b.ctypes.data, n, b.dtype.num)
        np.testing.assert_array_equal(b[:m], want)


def test_adversaries():
    n = 100_000
    k = np.arange(n)
    for a in (k % 7 * 1.0, np.minimum(k, n - k) * 1.0, (k * 2654435761 % 2**32) * 1.0, np.where(k % 2, k, -k) * 1.0):
        b = a.copy()
        sort(b.ctypes.data, n, 8, b.dtype.num)
        np.testing.assert_array_equal(b, np.sort(a))
        b = a.copy()
        kth = np.array([n // 3], np.int64)
        partition(b.ctypes.data, n, 8, b.dtype.num, kth.ctypes.data, 1)
        assert b[n // 3] == np.sort(a)[n // 3]
