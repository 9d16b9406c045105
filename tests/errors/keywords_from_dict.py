from hotloop import njit


@njit
def g(a, b):
    return a + b


@njit
def f(n):
    options = {"a": n, "b": 2}
    return g(**options)


f(3)
