"""A reshape of strided memory may be a view: stores that read it while they write its array."""
import numpy as np
import pytest

from harness import check


def rows(b):
    b[1:, :] = np.reshape(b[:-1, :], (b.shape[0] - 1, b.shape[1])) + 0
    return b


def line(b):
    b[2:] = np.reshape(b[:-2], (b.shape[0] - 2,))
    return b


def every_second(b):
    c = b[::2]
    c[1:] = np.reshape(c[:-1], (c.shape[0] - 1,))
    return b


def strided(a):
    wide = np.zeros(a.shape + (2,))
    wide[..., 0] = a
    return wide[..., 0]


@pytest.mark.parametrize("func, a", [(rows, np.arange(20.0).reshape(5, 4)), (line, np.arange(12.0)), (every_second, np.arange(16.0))])
def test_reshape(func, a):
    check(func, a)
    check(func, strided(a))
