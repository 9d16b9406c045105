from hotloop import njit


@njit
def f(values):
    return len(values)


f([])
