from hotloop import njit


@njit
def f(words):
    return sum(words)


f(["a", "b"])
