from hotloop import njit


@njit
def f(n):
    raise 3


f(3)
