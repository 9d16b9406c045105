from hotloop import njit


@njit("flaot64(float64)")
def f(a):
    return a
