import numpy as np
from hotloop import njit


@njit
def f(a, shape):
    return a.reshape(shape)


f(np.ones(6), [2, 3])
