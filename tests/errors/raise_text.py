from hotloop import njit


@njit
def f(n):
    if n < 0:
        raise "negative"
    return n


f(3)
