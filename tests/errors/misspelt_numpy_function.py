import numpy as np
from hotloop import njit


@njit
def norm(a):
    return np.sqrrt(a)


norm(np.ones(3))
