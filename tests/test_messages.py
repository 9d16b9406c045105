"""Exceptions of operations: CPython's and NumPy's class, and their words."""
import cmath
import math

import numpy as np
import pytest
from harness import check


def ones(*shape):
    return np.ones(shape)


def readonly():
    a = ones(3)
    a.flags.writeable = False
    return a


#: expression or statement of a, b, c, and their values
CASES = [
    # sequences
    ("a[3]", [1, 2]), ("a[-3]", [1, 2]), ("a[b]", (1, 2), 5), ("a[b]", (1, 2), -3), ("range(a)[7]", 3),
    ("a.pop(5)", [1]), ("a.index(5)", [1]), ("a.index(5)", (1, 2)), ("a.remove(5)", [1]), ("a[::0]", [1, 2, 3]),
    ("[x for x in range(0, 3, a)]", 0),
    # division and powers
    ("a // b", 1, 0), ("a % b", 1, 0), ("a / b", 1, 0), ("divmod(a, b)", 1, 0), ("a // b", 1.0, 0.0), ("a % b", 1.0, 0.0), ("a / b", 1.0, 0.0),
    ("divmod(a, b)", 1.0, 0.0), ("a / b", 1j, 0j), ("a ** b", 0.0, -1.0), ("a ** b", 0j, -1j), ("a << b", 1, -1), ("a >> b", 1, -1),
    ("pow(a, b, 0)", 1, 2), ("pow(a, -1, b)", 2, 4), ("a // b", True, 0),
    # conversions
    *[(f"{f}(a)", x) for f in ("int", "round", "math.floor", "math.ceil", "math.trunc") for x in (math.inf, -math.inf, math.nan)],
    # mathematics
    *[(f"math.{f}(a)", -1.0) for f in ("sqrt", "log", "log2", "log10", "gamma", "lgamma")],
    ("math.acos(a)", 2.0), ("math.asin(a)", -2.0), ("math.acosh(a)", 0.5), ("math.atanh(a)", 1.0), ("math.log1p(a)", -2.0), ("math.log(a)", 0),
    ("math.fmod(a, b)", 1.0, 0.0), ("math.remainder(a, b)", 1.0, 0.0), ("math.pow(a, b)", -1.0, 0.5), ("math.pow(a, b)", 0.0, -1.0),
    ("math.factorial(a)", -1), ("math.comb(a, b)", -1, 2), ("math.comb(a, b)", 1, -2), ("math.perm(a, b)", -1, 2), ("math.isqrt(a)", -1),
    ("math.log(a, 1.0)", 2.0), ("cmath.log(a)", 0j), ("cmath.atanh(a)", 1 + 0j),
    # array items
    ("a[5]", ones(3)), ("a[-5]", ones(3)), ("a[1, 5]", ones(3, 3)), ("a[5, 1]", ones(3, 3)), ("a[:, 5]", ones(3, 3)), ("a[b]", ones(3), np.array([5])),
    ("a[b]", ones(3), np.array([True, False])), ("a[b]", ones(3, 3), np.array([5, 1])), ("a[b, c]", ones(3, 3), np.array([0, 1]), np.array([0, 1, 2])),
    ("np.take(a, 7)", ones(3)), ("a.item()", ones(3)), ("a.flat[9]", ones(3)),
    # shapes
    ("a + b", ones(3), ones(4)), ("a * b", ones(2, 3), ones(4)), ("np.add(a, b)", ones(3), ones(4)), ("a < b", ones(3), ones(4)),
    ("a + b + 1", ones(3), ones(4)), ("np.hypot(a, b)", ones(2, 1, 3), ones(4)), ("np.where(a > 0, a, b)", ones(3), ones(4)),
    ("a.reshape(4)", ones(6)), ("a.reshape(4, 2)", ones(6)), ("a.reshape(-1, 4)", ones(6)), ("a.reshape(4, -1)", ones(6)), ("a.reshape(-1, -1)", ones(6)),
    ("a.reshape((5,))", ones(2, 3)), ("np.reshape(a, (2, b))", ones(6), 7), ("np.broadcast_to(a, (2, 4))", ones(3)), ("np.broadcast_to(a, (2, b))", ones(2, 3), 5),
    ("a @ b", ones(3), ones(4)), ("a @ b", ones(2, 3), ones(2, 3)), ("np.matmul(a, b)", ones(3), ones(2, 3)), ("np.dot(a, b)", ones(3), ones(4)),
    ("np.dot(a, b)", ones(2, 3), ones(2, 3)), ("np.dot(a, b)", ones(2, 3), ones(2)), ("np.stack((a, b))", ones(3), ones(4)),
    ("np.concatenate((a, b))", ones(2, 3), ones(2, 2)), ("np.vstack((a, b))", ones(3), ones(4)), ("np.hstack((a, b))", ones(2, 3), ones(3, 3)),
    ("np.trapezoid(a, a[1:])", ones(4)), ("1 if a else 0", ones(3)), ("bool(a)", ones(3)), ("float(a)", ones(3)), ("int(a)", ones(3)),
    # axes
    ("np.sum(a, axis=b)", ones(2, 2), 5), ("np.roll(a, 1, axis=b)", ones(3), 3), ("np.cumsum(a, axis=b)", ones(3), 3), ("np.sort(a, axis=b)", ones(3), -2),
    # construction
    ("np.zeros(a)", -1), ("np.zeros((2, a))", -1), ("np.ones(a)", -2), ("np.empty(a)", -2), ("np.full(a, 1)", -2), ("np.linspace(0, 1, a)", -1), ("np.eye(a)", -1),
    ("np.zeros(a)", 2**62),
    # empty arrays
    *[(f"a.{f}()", np.zeros(0)) for f in ("min", "max", "argmin", "argmax")], *[(f"np.{f}(a)", np.zeros(0)) for f in ("min", "max", "argmin", "argmax")],
    # linear algebra and others
    ("np.linalg.inv(a)", np.zeros((2, 2))), ("np.linalg.inv(a)", ones(2, 3)), ("np.linalg.solve(a, a[0])", np.zeros((2, 2))), ("np.linalg.cholesky(a)", -ones(2, 2)),
    ("np.linalg.det(a)", ones(2, 3)), ("np.bincount(a)", np.array([-1])), ("np.histogram(a, 0)", ones(3)), ("np.interp(1.0, a, a[1:])", ones(3)),
    ("np.percentile(a, 101)", ones(3)), ("np.quantile(a, 1.5)", ones(3)), ("np.diff(a, -1)", ones(3)), ("np.partition(a, 7)", ones(3)),
    ("np.random.randint(a, a)", 3), ("np.random.normal(0, a)", -1.0), ("np.random.choice(a, 5, replace=False)", ones(3)),
    # formats
    ("f'{a:q}'", 1), ("f'{a:d}'", 1.5),
]

STATEMENTS = [
    ("a[3] = 1", [1, 2]), ("del a[3]", [1, 2]), ("a.pop(); a.pop()", [1]), ("a[::2] = [1]", [1, 2, 3]), ("a[::0] = [1]", [1, 2, 3]),
    ("x, y = a", [1]), ("x, y = a", [1, 2, 3]), ("x, y, *z = a", [1]), ("x, y = a", ones(3)), ("x, y = a", ones(1)), ("x, y = a[0]", ones(2, 3)),
    ("a.pop(); min(a)", [1]), ("a.pop(); max(a)", [1]),
    ("a[5] = 1", ones(3)), ("a[b] = 1", ones(3), np.array([5])), ("a[:] = b", ones(3), ones(4)), ("a += b", ones(3), ones(4)),
    ("a[1:] = b", ones(2, 3), ones(2)), ("a[b] = np.ones(2)", ones(3), np.array([True, True, True])),
    ("a[0] = 1", readonly()), ("a += 1", readonly()), ("a.sort()", readonly()), ("a.fill(1)", readonly()),
    ("assert a > 3", 1), ("assert a > 3, 'too small'", 1), ("assert a > 3, (a, 2)", 1), ("raise StopIteration", 1),
]


def compiled(body, args):
    names = "abc"[:len(args)]
    scope = {"math": math, "cmath": cmath, "np": np}
    exec(f"def f({', '.join(names)}):\n    {body}\n", scope)
    return scope["f"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES, ids=lambda c: c[0])
def test_expression(case):
    text, *args = case
    f = compiled(f"return {text}", args)
    with pytest.raises(Exception):
        f(*args)
    check(f, *args)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", STATEMENTS, ids=lambda c: c[0])
def test_statement(case):
    text, *args = case
    check(compiled(text, args), *args)
