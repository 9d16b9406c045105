from hotloop import njit


@njit
def f(n):
    out = [1.5]
    out.append("text")
    return out


f(3)
