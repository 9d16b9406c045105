import numpy as np
from hotloop import njit


@njit
def pick(a, flag):
    if flag:
        x = 1
    else:
        x = np.zeros(3)
    return x


pick(3, True)
