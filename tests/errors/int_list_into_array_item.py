import numpy as np
from hotloop import njit


@njit
def f(a):
    a[0] = [1, 2]


f(np.ones(3))
