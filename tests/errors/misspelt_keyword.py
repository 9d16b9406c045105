import numpy as np
from hotloop import njit


@njit
def make(n):
    return np.zeros(n, dtpye=np.float32)


make(3)
