from hotloop import njit


@njit
def f(values):
    return values[0]


f([1, "two"])
