import numpy as np
from hotloop import njit


@njit
def f(a):
    return a.shpae


f(np.ones(3))
