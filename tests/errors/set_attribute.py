import numpy as np
from hotloop import njit


@njit
def f(a):
    a.name = 3
    return a


f(np.ones(3))
