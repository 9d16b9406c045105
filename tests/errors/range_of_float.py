from hotloop import njit


@njit
def f(n):
    s = 0
    for i in range(n / 2):
        s += i
    return s


f(4)
