"""numpy.linalg functions that are made of others."""
import numpy as np

from .. import types
from ..extending import overload


def _power(a, n):
    if a.shape[0] != a.shape[1]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    if n < 0:
        raise ValueError("negative powers need the inverse matrix: use the power of np.linalg.inv(a)")
    result = np.eye(a.shape[0]).astype(a.dtype)
    base = a.copy()
    while n > 0:
        if n & 1:
            result = result @ base
        n >>= 1
        if n > 0:
            base = base @ base
    return result


@overload(np.linalg.matrix_power)
def matrix_power(a, n):
    if not isinstance(a, types.Array) or a.ndim != 2:
        return None
    return _power
