from hotloop import njit


@njit
def f(s):
    return -s


f("abc")
