import numpy as np
from hotloop import njit


@njit
def f(n, kind):
    return np.zeros(n, dtype=kind)


f(3, "float32")
