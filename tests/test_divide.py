"""Divisions in loops by what the loop does not change: the version without checks must not change what a caller sees."""
import math

import numpy as np
import pytest

from harness import check


def scaled(x, s, o):
    for i in range(len(x)):
        o[i] = float(x[i]) / s  # NumPy scalars divide by zero without an exception
    return o


def gaussian(x, m, s, o):
    for i in range(len(x)):
        o[i] = math.exp(-0.5 * ((float(x[i]) - m) / s) ** 2) / (s * math.sqrt(2 * math.pi))
    return o


def digits(n, base):
    total = 0
    for i in range(n):
        total += i // base + i % base
    return total


def nested(a, rows, columns):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            a[i, j] = float(a[i, j]) / rows + j / (columns * rows)
    return a


@pytest.mark.parametrize("s", [2.0, -0.5, 0.0, -0.0, math.inf, math.nan])
def test_scaled(s):
    check(scaled, np.arange(40.0), s, np.full(40, -1.0))
    check(scaled, np.arange(0.0), s, np.full(40, -1.0))
    check(gaussian, np.linspace(-3, 3, 41), 0.5, s, np.full(41, -1.0), rtol=1e-15)


@pytest.mark.parametrize("base", [3, -7, 0])
def test_digits(base):
    check(digits, 100, base)
    check(digits, 0, base)


@pytest.mark.parametrize("rows, columns", [(2.0, 3.0), (0.0, 3.0), (2.0, 0.0)])
def test_nested(rows, columns):
    check(nested, np.arange(12.0).reshape(3, 4), rows, columns)
    check(nested, np.zeros((3, 0)), rows, columns)
