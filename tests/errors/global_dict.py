from hotloop import njit

table = {"a": 1}


@njit
def f(n):
    return table["a"] + n


f(3)
