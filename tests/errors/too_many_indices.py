import numpy as np
from hotloop import njit


@njit
def f(a):
    return a[0, 1]


f(np.arange(4.0))
