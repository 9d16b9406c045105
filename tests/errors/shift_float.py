from hotloop import njit


@njit
def f(x):
    return x << 2


f(2.5)
