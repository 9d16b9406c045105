import numpy as np
from hotloop import njit


@njit
def f(a):
    del a.shape
    return a


f(np.ones(3))
