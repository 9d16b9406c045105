import numpy as np
from hotloop import njit


@njit
def f(a, b):
    return a @ b


f(np.ones((2, 2)), 3.0)
