import numpy as np
from hotloop import njit


@njit
def f(a):
    a[0] = "x"


f(np.ones(3))
