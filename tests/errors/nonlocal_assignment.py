from hotloop import njit


@njit
def f(n):
    total = 0
    def add(x):
        nonlocal total
        total += x
    add(n)
    return total


f(3)
