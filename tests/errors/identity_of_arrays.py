import numpy as np
from hotloop import njit


@njit
def f(a, b):
    return a is b


f(np.ones(2), np.ones(2))
