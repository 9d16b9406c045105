from hotloop import njit


@njit
def f(prices):
    return prices["apple"]


f({"apple": 1.5})
