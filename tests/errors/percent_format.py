from hotloop import njit


@njit
def f(n):
    return "value: %d" % n


f(3)
