from hotloop import njit


@njit
def collect(n):
    found = ()
    for i in range(n):
        found = found + (i,)
    return found


collect(3)
