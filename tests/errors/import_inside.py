from hotloop import njit


@njit
def f(n):
    import colorsys
    return n


f(3)
