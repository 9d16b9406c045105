from hotloop import njit


@njit
def f(a, x):
    return a[x]


f([1, 2, 3], 1.5)
