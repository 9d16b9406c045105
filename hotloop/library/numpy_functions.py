"""Implementations of NumPy functions by other NumPy functions.

Each takes NumPy's parameters under NumPy's names.  Tests of ``ndim``, ``dtype``, ``is None`` and literals are decided while
compiling, so only the branch that applies is compiled.
"""
import numpy as np

from ..extending import register_implementation


def implements(*names):
    """Registers the function for the named NumPy functions that this NumPy has."""
    def register(implementation):
        for name in names:
            owner = np
            for part in name.split("."):
                owner = getattr(owner, part, None)
            if owner is not None:
                register_implementation(owner, implementation)
        return implementation
    return register


# --- comparison --------------------------------------------------------------------------------------------------


@implements("isclose")
def isclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    near = (np.abs(a - b) <= atol + rtol * np.abs(b)) & np.isfinite(b) | (a == b)
    if equal_nan:
        return near | (np.isnan(a) & np.isnan(b))
    return near


@implements("allclose")
def allclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    return bool(np.all(isclose(a, b, rtol, atol, equal_nan)))


@implements("nan_to_num")
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    largest = np.finfo(x.dtype).max
    high = largest if posinf is None else posinf
    low = -largest if neginf is None else neginf
    return np.where(np.isnan(x), nan, np.where(x == np.inf, high, np.where(x == -np.inf, low, x)))


# --- vectors and matrices ----------------------------------------------------------------------------------------


@implements("cross")
def cross(a, b):
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ValueError("Both input arrays must be (arrays of) 3-dimensional vectors")
    if a.ndim == 1 and b.ndim == 1:
        return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])
    x = a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1]
    y = a[..., 2] * b[..., 0] - a[..., 0] * b[..., 2]
    z = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return np.stack((x, y, z), axis=-1)


@implements("linalg.matrix_power")
def matrix_power(a, n):
    if a.shape[0] != a.shape[1]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    if n < 0:
        raise ValueError("negative powers need the inverse matrix, which is not supported")
    if n == 0:
        return np.eye(a.shape[0], dtype=a.dtype)
    square = a.copy()
    while n % 2 == 0:
        square = square @ square
        n //= 2
    result = square.copy()
    n //= 2
    while n > 0:
        square = square @ square
        if n % 2 == 1:
            result = result @ square
        n //= 2
    return result


@implements("fill_diagonal")
def fill_diagonal(a, val):
    for k in range(min(a.shape[0], a.shape[1])):
        a[k, k] = val


@implements("meshgrid")
def meshgrid(x, y):
    first = np.empty((y.shape[0], x.shape[0]), x.dtype)
    second = np.empty((y.shape[0], x.shape[0]), y.dtype)
    first[...] = x
    second[...] = y[:, None]
    return first, second


@implements("rot90")
def rot90(m, k=1):
    turns = k % 4
    if turns == 1:
        return m[:, ::-1].T
    if turns == 2:
        return m[::-1, ::-1]
    if turns == 3:
        return m.T[:, ::-1]
    return m[::1, ::1]


@implements("copyto")
def copyto(dst, src):
    dst[...] = src


# --- averages, sums, differences ---------------------------------------------------------------------------------


@implements("average")
def average(a, axis=None, weights=None):
    if weights is None:
        return np.mean(a, axis)
    return np.sum(a * weights, axis) / np.sum(weights, axis)


@implements("nancumsum")
def nancumsum(a, axis=None):
    return np.cumsum(np.where(np.isnan(a), 0, a), axis)


@implements("nanargmax")
def nanargmax(a):
    if np.all(np.isnan(a)):
        raise ValueError("All-NaN slice encountered")
    return np.argmax(np.where(np.isnan(a), -np.inf, a))


@implements("nanargmin")
def nanargmin(a):
    if np.all(np.isnan(a)):
        raise ValueError("All-NaN slice encountered")
    return np.argmin(np.where(np.isnan(a), np.inf, a))


@implements("ediff1d")
def ediff1d(ary):
    return np.diff(np.ravel(ary))


@implements("gradient")
def gradient(f, spacing=1.0):
    n = f.shape[0]
    if n < 2:
        raise ValueError("Shape of array too small to calculate a numerical gradient, at least (edge_order + 1) elements are required.")
    out = np.empty(n, (f[:1] / 2).dtype)
    out[1:-1] = (f[2:] - f[:-2]) / (2.0 * spacing)
    out[0] = (f[1] - f[0]) / spacing
    out[-1] = (f[-1] - f[-2]) / spacing
    return out


def _convolution(a, v):
    out = np.zeros(a.shape[0] + v.shape[0] - 1, (a[:1] * v[:1]).dtype)
    for k in range(v.shape[0]):
        out[k:k + a.shape[0]] += a * v[k]
    return out


@implements("convolve")
def convolve(a, v, mode="full"):
    if a.shape[0] == 0 or v.shape[0] == 0:
        raise ValueError("a cannot be empty" if a.shape[0] == 0 else "v cannot be empty")
    n, m = max(a.shape[0], v.shape[0]), min(a.shape[0], v.shape[0])
    out = _convolution(a, v)
    if mode == "valid":
        return out[m - 1:n]
    if mode == "same":
        return out[(m - 1) // 2:(m - 1) // 2 + n]
    return out


@implements("correlate")
def correlate(a, v, mode="valid"):
    return convolve(a, np.conj(v[::-1]), mode)


@implements("polyval")
def polyval(p, x):
    y = x * 0 + p[0] * 0
    for k in range(p.shape[0]):
        y = y * x + p[k]
    return y


@implements("logspace")
def logspace(start, stop, num=50, endpoint=True, base=10.0):
    if endpoint:
        return np.power(base, np.linspace(start, stop, num))
    return np.power(base, np.linspace(start, stop, num, endpoint=False))


# --- sets --------------------------------------------------------------------------------------------------------


@implements("union1d")
def union1d(ar1, ar2):
    return np.unique(np.concatenate((np.ravel(ar1), np.ravel(ar2))))


@implements("intersect1d")
def intersect1d(ar1, ar2):
    both = np.sort(np.concatenate((np.unique(ar1), np.unique(ar2))))
    return both[:-1][both[1:] == both[:-1]]


@implements("setdiff1d")
def setdiff1d(ar1, ar2):
    first = np.unique(ar1)
    return first[~np.isin(first, ar2)]


# --- pieces ------------------------------------------------------------------------------------------------------


@implements("array_split")
def array_split(ary, sections):
    size, extra = ary.shape[0] // sections, ary.shape[0] % sections
    pieces, start = [], 0
    for k in range(sections):
        stop = start + size + (1 if k < extra else 0)
        pieces.append(ary[start:stop])
        start = stop
    return pieces


@implements("split")
def split(ary, sections):
    if ary.shape[0] % sections:
        raise ValueError("array split does not result in an equal division")
    return array_split(ary, sections)
