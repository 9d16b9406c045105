import numpy as np
from hotloop import njit


@njit
def f(a):
    a.append(3.0)
    return a


f(np.ones(3))
