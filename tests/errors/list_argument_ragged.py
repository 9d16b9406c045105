from hotloop import njit


@njit
def f(rows):
    return rows[0][0]


f([[1, 2], [3.5], "x"])
