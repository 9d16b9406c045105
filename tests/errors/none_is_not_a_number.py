from hotloop import njit


@njit
def last(a):
    x = None
    return x + 1


last(3)
