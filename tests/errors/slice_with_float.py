import numpy as np
from hotloop import njit


@njit
def f(a, k):
    return a[:k]


f(np.ones(3), 1.5)
