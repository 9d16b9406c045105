from hotloop import njit


@njit
def f(a):
    return max(a, "b")


f(1)
