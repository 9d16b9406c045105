import numpy as np
from hotloop import njit


@njit
def f(n):
    return np.zeros(n / 2)


f(4)
