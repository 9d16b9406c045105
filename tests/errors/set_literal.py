from hotloop import njit


@njit
def f(n):
    return len({1, 2, n})


f(3)
