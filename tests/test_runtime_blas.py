"""runtime/blas.c against NumPy."""
import ctypes

import numpy as np
import pytest
from runtime_library import I32, I64, P, declare, live

dot = declare("dot", I32, I32, I64, P, I64, P, I64, I32, P)
gemv = declare("gemv", I32, I32, I64, I64, P, I64, I64, P, I64, P, I64)
gemm = declare("gemm", I32, I32, I64, I64, I64, P, I64, I64, P, I64, I64, P, I64, I64)
DTYPES = ["?", "i1", "u2", "i4", "i8", "u8", "f4", "f8", "c8", "c16"]


def layouts(shape, dtype, rng):
    """The same kind of matrix in every order a view can have."""
    m, n = shape
    def fill(*s):
        a = rng.standard_normal(s) * 5
        if np.dtype(dtype).kind == "c":
            a = a + 1j * rng.standard_normal(s)
        if np.dtype(dtype).kind == "u":
            a = abs(a)
        return (a > 0 if dtype == "?" else a).astype(dtype)
    yield fill(m, n)
    yield fill(n, m).T
    yield fill(2 * m + 1, 3 * n + 2)[1 : 2 * m + 1 : 2, 2::3][:m, :n]
    yield fill(m, n)[::-1, ::-1]
    yield np.broadcast_to(fill(1, n), (m, n))
    yield fill(m, n + 3)[:, :n]


@pytest.fixture(autouse=True)
def balanced():
    before = live()
    yield
    assert live() == before


def close(got, want, dtype):
    if np.dtype(dtype).kind in "fc":
        tol = 1e-4 if dtype in ("f4", "c8") else 1e-12
        np.testing.assert_allclose(got, want, rtol=tol, atol=tol * 100)
    else:
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3, 4), (1, 200, 30), (30, 1, 20), (17, 19, 1), (33, 40, 29), (3, 2, 0), (0, 4, 5)])
def test_gemm(dtype, shape):
    rng = np.random.default_rng(1)
    m, n, k = shape
    for a in layouts((m, k), dtype, rng):
        for b in layouts((k, n), dtype, rng):
            want = a @ b
            for c in layouts((m, n), dtype, rng):
                if not c.flags.writeable:
                    continue
                assert gemm(c.dtype.num, m, n, k, a.ctypes.data, *a.strides, b.ctypes.data, *b.strides, c.ctypes.data, *c.strides) == 0
                close(c, want, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 900), (2, 400), (33, 40), (70, 9), (16, 16), (17, 0)])
def test_times_its_own_transpose(dtype, shape):
    """Is symmetric to the last bit, and leaves what lies between the rows of the result alone."""
    rng = np.random.default_rng(2)
    n, k = shape
    for a in layouts((n, k), dtype, rng):
        want = a @ a.T.copy()
        for c in layouts((n, n), dtype, rng):
            if not c.flags.writeable:
                continue
            around, kept = (None, None) if c.base is None else (c.base, c.base.copy())
            assert gemm(c.dtype.num, n, n, k, a.ctypes.data, *a.strides, a.ctypes.data, *a.strides[::-1], c.ctypes.data, *c.strides) == 0
            close(c, want, dtype)
            assert (c == c.T).all()
            if around is not None:
                got = c.copy()
                c[...] = 0
                after = around.copy()
                around[...] = kept
                c[...] = 0
                np.testing.assert_array_equal(after, around)
                c[...] = got


@pytest.mark.parametrize("dtype", DTYPES)
def test_gemv_dot(dtype):
    rng = np.random.default_rng(2)
    for m, n in ((1, 1), (3, 5), (40, 30), (1, 700), (700, 1), (0, 3), (3, 0)):
        vectors = [v for x in layouts((n, 2), dtype, rng) for v in (x[:, 0],)]
        for a in layouts((m, n), dtype, rng):
            for x in vectors:
                for y in (np.ones(m, dtype), np.ones(2 * m, dtype)[::2], np.ones(m, dtype)[::-1]):
                    assert gemv(y.dtype.num, m, n, a.ctypes.data, *a.strides, x.ctypes.data, *x.strides, y.ctypes.data, *y.strides) == 0
                    close(y, a @ x, dtype)
        for x in vectors:
            for y in vectors:
                out = np.empty(1, dtype)
                for conj in (0, 1):
                    assert dot(out.dtype.num, n, x.ctypes.data, x.strides[0], y.ctypes.data, y.strides[0], conj, out.ctypes.data) == 0
                    close(out[0], np.vdot(x, y) if conj else np.dot(x, y), dtype)
