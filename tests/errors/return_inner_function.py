from hotloop import njit


@njit
def f(n):
    def add(x):
        return x + n
    return add


f(3)
