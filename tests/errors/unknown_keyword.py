from hotloop import njit


@njit
def add(a, b=1):
    return a + b


@njit
def f(x):
    return add(x, c=1)


f(1)
