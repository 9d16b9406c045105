from hotloop import njit


@njit
def f(n):
    return f((n, n))


f(3)
