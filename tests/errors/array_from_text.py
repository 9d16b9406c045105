import numpy as np
from hotloop import njit


@njit
def f(s):
    return np.array(s)


f("abc")
