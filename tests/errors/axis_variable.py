import numpy as np
from hotloop import njit


@njit
def f(a, axes):
    return np.sum(a, axis=axes, keepdims=True)


f(np.ones((2, 2)), (0, 1))
