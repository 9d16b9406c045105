from hotloop import njit


@njit
def f(s):
    return s.upper()


f("abc")
