import math

from hotloop import njit


@njit
def f(s):
    return math.sin(s)


f("1.0")
