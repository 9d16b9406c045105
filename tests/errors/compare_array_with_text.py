import numpy as np
from hotloop import njit


@njit
def f(a):
    return a < "x"


f(np.ones(3))
