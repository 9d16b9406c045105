from hotloop import njit


@njit
def f(n):
    class A:
        pass
    return n


f(3)
