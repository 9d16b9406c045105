from hotloop import njit


@njit
def f(n):
    out = []
    out.add(n)
    return out


f(3)
