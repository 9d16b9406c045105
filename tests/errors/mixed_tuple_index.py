from hotloop import njit


@njit
def f(k):
    t = (1, "two", 3.0)
    return t[k]


f(1)
