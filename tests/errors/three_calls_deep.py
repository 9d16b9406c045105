import math

from hotloop import njit


@njit
def norm(v):
    return math.sqrt(v.x)


@njit
def scale(v):
    return norm(v) * 2


@njit
def step(v):
    return scale(v) + 1


@njit
def main(n):
    return step(n)


main(3)
