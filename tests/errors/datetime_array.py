import numpy as np
from hotloop import njit


@njit
def f(a):
    return a[0]


f(np.array(["2020-01-01"], dtype="datetime64[D]"))
