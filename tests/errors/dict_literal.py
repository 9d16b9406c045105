from hotloop import njit


@njit
def f(n):
    counts = {"a": n, "b": 2}
    return counts["a"]


f(3)
