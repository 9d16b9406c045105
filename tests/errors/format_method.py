from hotloop import njit


@njit
def f(n):
    return "value: {}".format(n)


f(3)
