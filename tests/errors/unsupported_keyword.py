import numpy as np
from hotloop import njit


@njit
def total(a):
    return np.std(a, where=a > 0)


total(np.ones(4))
