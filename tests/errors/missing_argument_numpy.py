import numpy as np
from hotloop import njit


@njit
def fill(n):
    return np.full(n)


fill(3)
