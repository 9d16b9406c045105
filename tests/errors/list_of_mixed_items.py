from hotloop import njit


@njit
def f(n):
    return [1, "two", n]


f(3)
