from hotloop import njit


@njit
def f(n):
    import wave
    return n


f(3)
