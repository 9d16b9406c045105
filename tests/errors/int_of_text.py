from hotloop import njit


@njit
def f(s):
    return int(s)


f("12")
