from hotloop import njit

counter = 0


@njit
def f(n):
    global counter
    counter += n
    return counter


f(3)
