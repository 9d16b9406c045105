import math

from hotloop import njit


@njit
def root(a):
    return math.sqrt(a, 2)


root(3.0)
