import numpy as np
from hotloop import njit


@njit
def scale(values, factor):
    out = np.zeros(len(values))
    for i in range(len(values)):
        out[i] = values[i] * 2.0 + factor
    return out


scale(np.ones(3), "2")
