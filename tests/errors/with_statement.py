from hotloop import njit


@njit
def f(n):
    with open("x") as file:
        n += 1
    return n


f(3)
