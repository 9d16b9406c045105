import math

import numpy as np
from hotloop import njit


@njit
def f(a):
    return math.sin(a)


f(np.ones(3))
