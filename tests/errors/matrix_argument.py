import numpy as np
from hotloop import njit


@njit
def f(a):
    return a * a


f(np.matrix([[1, 2], [3, 4]]))
