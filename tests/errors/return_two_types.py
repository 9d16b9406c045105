import numpy as np
from hotloop import njit


@njit
def find(a, x):
    for i in range(len(a)):
        if a[i] == x:
            return i
    return "not found"


find(np.arange(3), 1)
