import numpy as np
from hotloop import njit


@njit
def f(n):
    return np.array([[1, 2], 3])


f(3)
