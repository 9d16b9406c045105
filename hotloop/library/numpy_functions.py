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


@implements("logspace")
def logspace(start, stop, num=50, endpoint=True, base=10.0):
    if endpoint:
        return np.power(base, np.linspace(start, stop, num))
    return np.power(base, np.linspace(start, stop, num, endpoint=False))
