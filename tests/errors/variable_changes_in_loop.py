from hotloop import njit


@njit
def collect(n):
    x = 0
    for i in range(n):
        x = (x, i)
    return x


collect(3)
