from decimal import Decimal

from hotloop import njit


@njit
def f(x):
    return x + 1


f(Decimal("1.5"))
