from hotloop import njit


@njit
def f(n):
    s = 0
    for i in n:
        s += i
    return s


f(3)
