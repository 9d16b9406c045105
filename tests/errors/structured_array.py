import numpy as np
from hotloop import njit


@njit
def f(a):
    return a["x"]


f(np.zeros(3, dtype=[("x", float)]))
