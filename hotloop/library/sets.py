"""Set operations: sorted arrays of distinct items, as NumPy defines them."""
import numpy as np

from ..extending import overload


def _register(name):
    """`overload`, for a function that not every NumPy has."""
    function = getattr(np, name, None)
    return overload(function) if function is not None else lambda chooser: chooser


def _intersection(ar1, ar2, assume_unique=False):
    both = np.append(ar1, ar2) if assume_unique else np.append(np.unique(ar1), np.unique(ar2))
    both.sort()
    return both[:-1][both[1:] == both[:-1]]


def _union(ar1, ar2):
    return np.unique(np.append(ar1, ar2))


def _difference(ar1, ar2, assume_unique=False):
    first = ar1.ravel() if assume_unique else np.unique(ar1)
    return first[~np.isin(first, ar2)]


def _exclusive(ar1, ar2, assume_unique=False):
    both = np.append(ar1, ar2) if assume_unique else np.append(np.unique(ar1), np.unique(ar2))
    both.sort()
    n = both.size
    alone = np.ones(n, np.bool_)
    for k in range(1, n):
        if both[k] == both[k - 1]:
            alone[k] = alone[k - 1] = False
    return both[alone]


def _membership(ar1, ar2):
    return np.isin(ar1.ravel(), ar2)


@_register("intersect1d")
def intersect1d(ar1, ar2, assume_unique=False):
    return _intersection


@_register("union1d")
def union1d(ar1, ar2):
    return _union


@_register("setdiff1d")
def setdiff1d(ar1, ar2, assume_unique=False):
    return _difference


@_register("setxor1d")
def setxor1d(ar1, ar2, assume_unique=False):
    return _exclusive


@_register("in1d")
def in1d(ar1, ar2):
    return _membership
