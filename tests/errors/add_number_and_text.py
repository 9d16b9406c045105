from hotloop import njit


@njit
def label(n):
    total = 0
    for i in range(n):
        total = total + "1"
    return total


label(3)
