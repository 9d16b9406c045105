from hotloop import njit


@njit
def f(n, **options):
    return n


f(3)
