from hotloop import njit


@njit
def area(r):
    return pi * r * r


area(2.0)
