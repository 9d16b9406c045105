import numpy as np
from hotloop import njit


@njit
def spectrum(a):
    return np.fft.fft(a)


spectrum(np.ones(4))
