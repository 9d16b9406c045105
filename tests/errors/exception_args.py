from hotloop import njit


@njit
def missing(values, x):
    for k in range(len(values)):
        if values[k] == x:
            return k
    raise ValueError(x)


@njit
def f(values, x):
    try:
        return missing(values, x)
    except ValueError as e:
        return e.args[0]


f([1, 2], 3)
