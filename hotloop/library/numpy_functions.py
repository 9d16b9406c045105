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


@implements("copyto")
def copyto(dst, src):
    dst[...] = src


@implements("logspace")
def logspace(start, stop, num=50, endpoint=True, base=10.0):
    if endpoint:
        return np.power(base, np.linspace(start, stop, num))
    return np.power(base, np.linspace(start, stop, num, endpoint=False))
