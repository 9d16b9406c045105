import numpy as np
from hotloop import njit


@njit
def f(n):
    return np.zeros([n, n])


f(3)
