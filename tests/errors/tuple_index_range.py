from hotloop import njit


@njit
def f(x):
    t = (1, 2)
    return t[2]


f(1)
