from hotloop import njit


@njit
def f(n):
    def down(k):
        return 0 if k == 0 else down(k - 1)
    return down(n)


f(3)
