from hotloop import njit


@njit
def f(n, kind):
    try:
        return 1 // n
    except kind:
        return 0


f(0, ZeroDivisionError)
