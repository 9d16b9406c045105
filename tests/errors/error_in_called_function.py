import numpy as np
from hotloop import njit


@njit
def inner(a, k):
    return a[k] + "x"


@njit
def middle(a):
    return inner(a, 0)


@njit
def outer(n):
    a = np.ones(n)
    return middle(a)


outer(3)
