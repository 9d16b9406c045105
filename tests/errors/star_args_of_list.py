from hotloop import njit


@njit
def g(a, b):
    return a + b


@njit
def f(values):
    return g(*values)


f([1, 2])
