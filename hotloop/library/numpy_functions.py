"""NumPy functions that are a few calls of others.

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


# --- vectors and matrices ----------------------------------------------------------------------------------------


@implements("fill_diagonal")
def fill_diagonal(a, val):
    for k in range(min(a.shape[0], a.shape[1])):
        a[k, k] = val


@implements("copyto")
def copyto(dst, src):
    dst[...] = src


# --- averages, sums, differences ---------------------------------------------------------------------------------


@implements("average")
def average(a, axis=None, weights=None):
    if weights is None:
        return np.mean(a, axis)
    return np.sum(a * weights, axis) / np.sum(weights, axis)


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
