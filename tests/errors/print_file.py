import sys

from hotloop import njit


@njit
def f(n):
    print(n, file=sys.stderr)


f(3)
