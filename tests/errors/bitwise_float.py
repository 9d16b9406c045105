from hotloop import njit


@njit
def f(x):
    return x & 1


f(2.5)
