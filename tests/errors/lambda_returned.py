from hotloop import njit


@njit
def f(n):
    return lambda x: x + n


f(3)
