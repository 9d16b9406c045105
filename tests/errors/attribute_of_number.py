from hotloop import njit


@njit
def f(x):
    return x.shape


f(3)
