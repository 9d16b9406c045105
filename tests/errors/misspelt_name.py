from hotloop import njit

count = 3


@njit
def total(x):
    return x * cuont


total(2)
