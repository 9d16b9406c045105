import numpy as np
from hotloop import njit


@njit
def f(a):
    return a[0]


f(np.zeros(3, dtype=">f8"))
