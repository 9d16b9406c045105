from hotloop import njit


@njit
def f(n):
    return len(n)


f(4)
