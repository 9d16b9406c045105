from hotloop import njit


@njit
def f(x):
    a, b = x
    return a


f(3)
