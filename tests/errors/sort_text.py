from hotloop import njit


@njit
def f(n):
    names = ["b", "a"]
    names.sort()
    return names


f(3)
