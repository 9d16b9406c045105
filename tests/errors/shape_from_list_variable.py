import numpy as np
from hotloop import njit


@njit
def f(n):
    shape = [n, n]
    return np.zeros(shape)


f(3)
