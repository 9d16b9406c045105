from hotloop import njit


@njit
def f(z):
    return z < 1j


f(2j)
