"""np.in1d, which newer NumPy versions do not have."""
import numpy as np

from ..extending import overload


def _membership(ar1, ar2):
    return np.isin(ar1.ravel(), ar2)


if hasattr(np, "in1d"):
    @overload(np.in1d)
    def in1d(ar1, ar2):
        return _membership
