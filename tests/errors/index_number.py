from hotloop import njit


@njit
def f(x):
    return x[0]


f(3)
