"""numpy.linalg in compiled code, compared by what the results mean: factors are unique up to signs only."""
import numpy as np
import pytest

import hotloop
from harness import check, checks, values

DTYPES = ("float32", "float64", "complex64", "complex128", "int64")


def matrix(dtype, n=5, seed=0):
    a = values(dtype, (n, n), seed)
    return a + (3 * n * np.eye(n)).astype(a.dtype)


def tolerance(dtype):
    return 1e-4 if dtype in ("float32", "complex64") else 1e-11


@pytest.mark.parametrize("dtype", DTYPES)
def test_solve(dtype):
    def solve(a, b):
        return np.linalg.solve(a, b)

    def inv(a):
        return np.linalg.inv(a)

    def det(a):
        return np.linalg.det(a)
    a = matrix(dtype)
    for m in (a, a.T, np.asfortranarray(a), matrix(dtype, 10)[::2, ::2], a[:1, :1]):
        n = len(m)
        check(solve, m, values(dtype, n, 3), rtol=tolerance(dtype))
        check(solve, m, values(dtype, (n, 3), 3), rtol=tolerance(dtype) * 10)
        check(inv, m, rtol=tolerance(dtype) * 10)
        check(det, m, rtol=tolerance(dtype))
    check(inv, a[:0, :0])


@pytest.mark.parametrize("dtype", ("float64", "complex128", "int64"))
def test_slogdet(dtype):
    def f(a):
        sign, size = np.linalg.slogdet(a)
        return sign, size
    checks(f, [(matrix(dtype),), (matrix(dtype)[::-1],), (np.zeros((2, 2), dtype),)], rtol=1e-12)


def test_errors():
    def inv(a):
        return np.linalg.inv(a)

    def cholesky(a):
        return np.linalg.cholesky(a)

    def caught(a):
        try:
            return np.linalg.inv(a)[0, 0]
        except Exception:
            return -1.0
    check(inv, np.zeros((3, 3)))
    check(inv, np.ones((3, 2)))
    check(cholesky, -np.eye(2))
    check(caught, np.zeros((3, 3)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_cholesky(dtype):
    def f(a):
        return np.linalg.cholesky(a)
    a = matrix(dtype)
    a = a @ np.conj(a.T)
    checks(f, [(a,), (np.asfortranarray(a),), (a[:1, :1],)], rtol=tolerance(dtype) * 100)


@pytest.mark.parametrize("dtype", DTYPES)
def test_eigh(dtype):
    @hotloop.njit
    def eigh(a):
        return np.linalg.eigh(a)

    def values_alone(a):
        return np.linalg.eigvalsh(a)
    a = matrix(dtype)
    a = a + np.conj(a.T)
    w, v = eigh(a)
    want = np.linalg.eigh(a)
    assert w.dtype == want[0].dtype and v.dtype == want[1].dtype
    np.testing.assert_allclose(w, want[0], rtol=tolerance(dtype))
    np.testing.assert_allclose(a @ v, v * w, atol=tolerance(dtype) * 1000)
    check(values_alone, a, rtol=tolerance(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5), (1, 4)])
def test_svd_qr(dtype, shape):
    @hotloop.njit
    def whole(a):
        return np.linalg.svd(a)

    @hotloop.njit
    def reduced(a):
        return np.linalg.svd(a, full_matrices=False)

    @hotloop.njit
    def qr(a):
        return np.linalg.qr(a)
    a = values(dtype, shape)
    k = min(shape)
    near = dict(atol=tolerance(dtype) * 100)
    for f, full in ((whole, True), (reduced, False)):
        u, s, vt = f(a)
        want = np.linalg.svd(a, full_matrices=full)
        assert [x.shape for x in want] == [u.shape, s.shape, vt.shape]
        assert [x.dtype for x in want] == [u.dtype, s.dtype, vt.dtype]
        np.testing.assert_allclose(s, want[1], rtol=tolerance(dtype) * 100, atol=tolerance(dtype))
        np.testing.assert_allclose((u[:, :k] * s) @ vt[:k], a, **near)
        np.testing.assert_allclose(np.conj(u.T) @ u, np.eye(u.shape[1]), **near)
    q, r = qr(a)
    want = np.linalg.qr(a)
    assert [x.shape for x in want] == [q.shape, r.shape] and want[0].dtype == q.dtype
    np.testing.assert_allclose(q @ r, a, **near)
    np.testing.assert_allclose(np.conj(q.T) @ q, np.eye(k), **near)
    assert not np.tril(r, -1).any()


def test_compositions():
    def power(a, n):
        return np.linalg.matrix_power(a, n)

    def others(a):
        return np.linalg.pinv(a), np.linalg.matrix_rank(a), np.linalg.cond(a)
    a = matrix("float64", 3) / 10
    for n in (0, 1, 2, 3, 7, -1, -2):
        check(power, a, n, rtol=1e-10)
    check(power, np.array([[1, 1], [1, 0]]), 10)
    checks(others, [(values("float64", (4, 3)),), (values("float64", (3, 4)),)], rtol=1e-9)
