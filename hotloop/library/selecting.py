"""Picking items by index or condition, index arrays of triangles, products of vectors, windows."""
import numpy as np

from .. import types
from ..extending import overload


def _is_array(t):
    return isinstance(t, types.Array)


def _in_array(*operands):
    return all(_is_array(t) for t in operands)


# --- picking ---------------------------------------------------------------------------------------------------------


def _extract(condition, arr):
    return np.take(arr.ravel(), np.flatnonzero(condition))


def _compress(condition, a):
    return np.take(a.ravel(), np.flatnonzero(condition))


@overload(np.extract)
def extract(condition, arr):
    return _extract if _in_array(condition, arr) else None


@overload(np.compress)
def compress(condition, a):
    return _compress if _in_array(condition, a) else None


def _along_line(arr, indices, axis=-1):
    return np.take(arr, indices)


def _along_rows(arr, indices, axis=-1):
    if arr.shape[0] != indices.shape[0]:
        raise IndexError("shape mismatch: indexing arrays could not be broadcast together")
    out = np.empty(indices.shape, arr.dtype)
    for i in range(indices.shape[0]):
        for j in range(indices.shape[1]):
            out[i, j] = arr[i, indices[i, j]]
    return out


def _along_columns(arr, indices, axis=-1):
    if arr.shape[1] != indices.shape[1]:
        raise IndexError("shape mismatch: indexing arrays could not be broadcast together")
    out = np.empty(indices.shape, arr.dtype)
    for i in range(indices.shape[0]):
        for j in range(indices.shape[1]):
            out[i, j] = arr[indices[i, j], j]
    return out


@overload(np.take_along_axis)
def take_along_axis(arr, indices, axis=-1):
    at = axis.literal_value if isinstance(axis, types.Literal) else -1 if isinstance(axis, (int, types.Omitted)) else None
    if not _in_array(arr, indices) or at is None or arr.ndim != indices.ndim:
        return None
    if arr.ndim == 1:
        return _along_line
    return {1: _along_rows, -1: _along_rows, 0: _along_columns, -2: _along_columns}.get(at) if arr.ndim == 2 else None


def _leading_zeros(filt):
    first = 0
    while first < filt.size and filt[first] == 0:
        first += 1
    last = filt.size
    while last > first and filt[last - 1] == 0:
        last -= 1
    return filt[first:last]


@overload(np.trim_zeros)
def trim_zeros(filt):
    return _leading_zeros if _is_array(filt) and filt.ndim == 1 else None


# --- triangles -------------------------------------------------------------------------------------------------------


@overload(np.tril_indices)
def tril_indices(n, k=0, m=None):
    def lower(n, k=0, m=None):
        return np.nonzero(np.tri(n, n if m is None else m, k))
    return lower


@overload(np.triu_indices)
def triu_indices(n, k=0, m=None):
    def upper(n, k=0, m=None):
        return np.nonzero(np.tri(n, n if m is None else m, k - 1) == 0)
    return upper


@overload(np.diag_indices)
def diag_indices(n):
    def diagonal(n):
        return np.arange(n), np.arange(n)
    return diagonal


# --- products --------------------------------------------------------------------------------------------------------


def _inner_vectors(a, b):
    return np.dot(a, b)


def _inner_rows(a, b):
    return np.dot(a, b.T)


@overload(np.inner)
def inner(a, b):
    if not _in_array(a, b) or a.ndim > 2 or b.ndim > 2 or not a.ndim or not b.ndim:
        return None
    return _inner_rows if b.ndim == 2 else _inner_vectors


# --- windows: Blackman and Tukey (1958), as NumPy's documentation gives them -----------------------------------------


def _window(shape):
    def window(M):
        if M < 1:
            return np.empty(0)
        if M == 1:
            return np.ones(1)
        return shape(np.arange(1 - M, M, 2), M - 1)
    return window


_windows = {
    np.hamming: _window(lambda n, m: 0.54 + 0.46 * np.cos(np.pi * n / m)),
    np.hanning: _window(lambda n, m: 0.5 + 0.5 * np.cos(np.pi * n / m)),
    np.blackman: _window(lambda n, m: 0.42 + 0.5 * np.cos(np.pi * n / m) + 0.08 * np.cos(2.0 * np.pi * n / m)),
    np.bartlett: _window(lambda n, m: np.where(n <= 0, 1 + n / m, 1 - n / m)),
}


def _register(function, implementation):
    @overload(function)
    def chooser(M):
        return implementation if isinstance(M, types.Integer) else None


for _function, _implementation in _windows.items():
    _register(_function, _implementation)
