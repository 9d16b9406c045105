from hotloop import njit


@njit
def f(n):
    print(n, n, sep=n)


f(3)
