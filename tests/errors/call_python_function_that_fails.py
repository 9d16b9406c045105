from hotloop import njit


def helper(x):
    return {"value": x}


@njit
def f(x):
    return helper(x)


f(1)
