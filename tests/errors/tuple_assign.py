from hotloop import njit


@njit
def f(x):
    t = (1, 2)
    t[0] = x
    return t


f(1)
