from hotloop import njit


@njit
def f(n):
    s = 0
    for i, x in enumerate(n):
        s += i
    return s


f(3)
