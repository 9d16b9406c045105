"""numpy.linalg functions that are made of others."""
import numpy as np

from .. import types
from ..extending import overload


def _power(a, n):
    if a.shape[0] != a.shape[1]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    result = np.eye(a.shape[0]).astype(a.dtype)
    base = a.copy()
    while n > 0:
        if n & 1:
            result = result @ base
        n >>= 1
        if n > 0:
            base = base @ base
    return result


def _whole(a, n):
    if n < 0:
        raise ValueError("whole numbers have no inverse matrix: convert to float64 first")
    return _power(a, n)


def _any(a, n):
    if n < 0:
        return _power(np.linalg.inv(a), -n)
    return _power(a, n)


def _is_matrix(a):
    return isinstance(a, types.Array) and a.ndim == 2


def _is_whole(a):
    return not isinstance(a.dtype, (types.Float, types.Complex))


@overload(np.linalg.matrix_power)
def matrix_power(a, n):
    if not _is_matrix(a):
        return None
    return _whole if _is_whole(a) else _any


# --- by singular values ----------------------------------------------------------------------------------------------


def _pinv(a, rcond=1e-15):
    u, s, vt = np.linalg.svd(np.conj(a), False)
    if s.size == 0:
        return np.zeros((a.shape[1], a.shape[0]), a.dtype)
    cutoff = rcond * s.max()
    for k in range(s.size):
        s[k] = 1 / s[k] if s[k] > cutoff else 0
    return vt.T @ (s.reshape(s.size, 1) * u.T)


def _pinv_of_whole(a, rcond=1e-15):
    return _pinv(a.astype(np.float64), rcond)


def _rank(A):
    s = np.linalg.svdvals(A)
    if s.size == 0:
        return 0
    return int(np.sum(s > s.max() * max(A.shape) * np.finfo(s.dtype).eps))


def _condition(x):
    s = np.linalg.svdvals(x)
    return s[0] / s[-1]


@overload(np.linalg.pinv)
def pinv(a, rcond=1e-15):
    if not _is_matrix(a):
        return None
    return _pinv_of_whole if _is_whole(a) else _pinv


@overload(np.linalg.matrix_rank)
def matrix_rank(A):
    return _rank if _is_matrix(A) else None


@overload(np.linalg.cond)
def cond(x):
    return _condition if _is_matrix(x) else None
