"""numpy.random and random: the same numbers as CPython's, from the same seed."""
import random

import numpy as np
import pytest

import hotloop
from harness import check

SEEDS = (0, 1, 12345, 2**32 - 1)

CONTINUOUS = {
    "random": [()], "random_sample": [()], "ranf": [()], "standard_normal": [()], "standard_exponential": [()], "standard_cauchy": [()],
    "uniform": [(-1.0, 3.0), (2, 5)], "normal": [(1.0, 2.0), (0, 1)], "exponential": [(2.0,)], "standard_gamma": [(0.5,), (3.0,)],
    "gamma": [(0.7, 2.0), (4.0, 1.0)], "beta": [(0.5, 0.5), (2.0, 3.0)], "chisquare": [(3.0,)], "f": [(3.0, 5.0)], "standard_t": [(4.0,)],
    "laplace": [(1.0, 2.0)], "logistic": [(0.5, 2.0)], "lognormal": [(0.0, 0.5)], "gumbel": [(0.0, 1.0)], "pareto": [(3.0,)],
    "power": [(2.0,)], "rayleigh": [(1.5,)], "weibull": [(1.5,)], "wald": [(1.0, 2.0)], "vonmises": [(0.5, 2.0)],
    "triangular": [(-1.0, 0.0, 2.0)],
}
DISCRETE = {
    "poisson": [(3.0,), (50.0,)], "binomial": [(10, 0.3), (1000, 0.5)], "geometric": [(0.2,)], "negative_binomial": [(5, 0.5)], "zipf": [(2.5,)],
    "logseries": [(0.6,)], "hypergeometric": [(10, 15, 8)],
}
CASES = [(name, args) for table in (CONTINUOUS, DISCRETE) for name, many in table.items() for args in many]


@pytest.mark.parametrize("name, args", CASES, ids=lambda v: v if isinstance(v, str) else "-".join(map(str, v)) or "plain")
def test_distribution(name, args):
    draw = getattr(np.random, name)
    n = len(args)
    if n == 0:
        def f(seed):
            np.random.seed(seed)
            return draw(), draw(3), draw((2, 2)), draw(size=4), draw()
        cases = [(s,) for s in SEEDS]
    else:
        text = ", ".join("abc"[:n])
        scope = {"np": np, "draw": draw}
        exec(f"def f(seed, {text}):\n    np.random.seed(seed)\n"
             f"    return draw({text}), draw({text}, 5), draw({text}, size=(2, 3)), draw({text})\n", scope)
        f = scope["f"]
        cases = [(s, *args) for s in SEEDS]
    compiled = hotloop.njit(f)
    for case in cases:
        check(compiled, *case, ulp=2)


def test_shapes():
    def f(seed):
        np.random.seed(seed)
        return (np.random.rand(), np.random.rand(3), np.random.rand(2, 3), np.random.randn(), np.random.randn(5), np.random.normal(size=3),
                np.random.uniform(size=(2, 2)), np.random.normal(5.0), np.random.exponential(), np.random.normal(loc=1.0, scale=0.5))
    for seed in SEEDS:
        check(f, seed)


def test_randint():
    def f(seed):
        np.random.seed(seed)
        return (np.random.randint(10), np.random.randint(5, 15), np.random.randint(0, 100, 7), np.random.randint(0, 10, size=(2, 3)),
                np.random.randint(-2**40, 2**40), np.random.randint(3, size=4))
    for seed in SEEDS:
        check(f, seed)


@pytest.mark.parametrize("args", ["0", "0, 300, 3, dtype=np.uint8", "-1, 30, 3, dtype=np.uint8", "-129, 30, dtype=np.int8", "-1, 5, 3, dtype=np.uint64", "5, 5", "5, 2",
                                  "0, 3, 3, dtype=bool", "0, 2**32 + 1, 3, dtype=np.uint32", "-128, 128, 3, dtype=np.int8", "0, 2**32, 3, dtype=np.uint32"])
def test_randint_bounds(args):
    scope = {"np": np}
    exec(f"def f():\n    np.random.seed(1)\n    return np.random.randint({args})", scope)
    check(scope["f"])


def test_randint_dtypes():
    def f(seed):
        np.random.seed(seed)
        return np.random.randint(0, 100, 5, np.int32), np.random.randint(0, 200, 9, dtype=np.uint8), np.random.randint(0, 2, 20, dtype=np.int8)
    for seed in SEEDS:
        check(f, seed)


def test_permutations():
    def f(seed, a, m):
        np.random.seed(seed)
        b = a.copy()
        np.random.shuffle(b)
        rows = m.copy()
        np.random.shuffle(rows)
        return np.random.permutation(10), np.random.permutation(a), b, rows, np.random.permutation(m)
    for seed in SEEDS:
        check(f, seed, np.arange(12.0), np.arange(12).reshape(4, 3))
        check(f, seed, np.arange(24, dtype=np.int16)[::2], np.arange(12).reshape(3, 4).T)


def test_choice():
    def f(seed, a):
        np.random.seed(seed)
        return (np.random.choice(10), np.random.choice(a), np.random.choice(a, 5), np.random.choice(7, size=(2, 3)),
                np.random.choice(a, 4, replace=False), np.random.choice(5, 3, False))

    def weighted(seed, a, p):
        np.random.seed(seed)
        return np.random.choice(a, 6, p=p), np.random.choice(4, size=3, p=p)
    for seed in SEEDS:
        check(f, seed, np.array([1.5, 2.5, 3.5, 4.5]))
        check(weighted, seed, np.arange(4), np.array([0.1, 0.2, 0.3, 0.4]))


def test_errors():
    def scale(s):
        return np.random.normal(0.0, s)

    def empty(n):
        return np.random.randint(0, n)

    def seed(n):
        np.random.seed(n)

    def many(n):
        return np.random.choice(3, n, replace=False)
    check(scale, -1.0)
    check(empty, 0, message=False)
    check(seed, -1)
    check(many, 4, message=False)


def test_stream_goes_on():
    """Numbers drawn one by one are those drawn together; the state lives on between calls."""
    @hotloop.njit
    def seed(n):
        np.random.seed(n)

    @hotloop.njit
    def one():
        return np.random.random()

    @hotloop.njit
    def normal():
        return np.random.randn()
    seed(7)
    np.random.seed(7)
    assert [one() for _ in range(5)] == [np.random.random() for _ in range(5)]
    assert [normal() for _ in range(5)] == [np.random.randn() for _ in range(5)]


def test_monte_carlo():
    def pi(n):
        np.random.seed(3)
        inside = 0
        for _ in range(n):
            x = np.random.random()
            y = np.random.uniform(0.0, 1.0)
            if x * x + y * y < 1:
                inside += 1
        return 4.0 * inside / n
    check(pi, 2000)


# --- Python's random ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS + (-5, 2**62))
def test_python_random(seed):
    def f(seed):
        random.seed(seed)
        return (random.random(), random.uniform(2.0, 5.0), random.gauss(0.0, 1.0), random.gauss(1.0, 2.0), random.normalvariate(0.0, 1.0),
                random.randint(1, 6), random.randrange(10), random.randrange(5, 500), random.expovariate(2.0), random.random())
    check(f, seed)


def test_python_shuffle():
    def f(seed, n):
        random.seed(seed)
        x = [k * 1.5 for k in range(n)]
        random.shuffle(x)
        return x

    def given(seed, x):
        random.seed(seed)
        random.shuffle(x)
    for seed in SEEDS:
        check(f, seed, 20)
        check(given, seed, list(range(9)))
    check(f, 1, 0)
    check(f, 1, 1)


def test_python_errors():
    def f(a, b):
        return random.randint(a, b)
    check(f, 3, 1, message=False)
    check(f, 3, 3)
