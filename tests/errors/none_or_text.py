from hotloop import njit


@njit
def f(x):
    found = None
    if x > 2:
        found = "big"
    return found + 1


f(3)
