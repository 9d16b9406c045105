from hotloop import njit

seen = []


@njit
def f(n):
    seen.append(n)
    return n


f(3)
