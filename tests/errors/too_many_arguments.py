from hotloop import njit


@njit
def add(a, b):
    return a + b


@njit
def f(x):
    return add(x, 1, 2)


f(1)
