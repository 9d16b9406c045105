from hotloop import njit


@njit
def read(n):
    f = open("data.txt")
    return n


read(1)
