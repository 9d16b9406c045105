from hotloop import njit


@njit
def f(x):
    return "ab" * x


f(2.5)
