from hotloop import njit


@njit
def f(x):
    y = x if x > 0 else "negative"
    return y


f(3)
