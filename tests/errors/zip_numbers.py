from hotloop import njit


@njit
def f(a, n):
    s = 0
    for x, y in zip(a, n):
        s += x * y
    return s


f([1, 2], 3)
