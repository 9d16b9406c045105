from hotloop import njit


@njit
def low_bits(n):
    return n % 2**64


low_bits(3)
