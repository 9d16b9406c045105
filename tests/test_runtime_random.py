"""runtime/random.c against np.random and random, number for number."""
import ctypes
import os
import random
import re

import numpy as np
import pytest

import hotloop

rt = ctypes.PyDLL(os.path.join(os.path.dirname(hotloop.__file__), "libhotloop.so"))
HEADER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "runtime", "rt_numpy.h")
I64, I32, F64, P = ctypes.c_int64, ctypes.c_int32, ctypes.c_double, ctypes.c_void_p


def declare(name, res, *args):
    f = getattr(rt, "hl_" + name)
    f.restype, f.argtypes = res, list(args)
    return f


seed = declare("random_seed", I32, I64)
fill = declare("random_fill", I32, I32, F64, F64, F64, I64, P)
fill_int = declare("random_fill_int", I32, I32, F64, F64, F64, I64, P)
ints = declare("random_ints", I32, I64, I64, I64, I32, P)
shuffle = declare("random_shuffle", I32, P, I64, I64, I64)
permutation = declare("random_permutation", None, I64, P)


def enum(prefix):
    text = open(HEADER).read()
    return [n.lower() for n in re.findall(r"HL_" + prefix + r"_(\w+)", text) if n != "COUNT"]


CASES = {
    "random": [()], "uniform": [(-3, 5)], "standard_normal": [()], "normal": [(2, 3)], "standard_exponential": [()], "exponential": [(2.5,)],
    "standard_gamma": [(0.3,), (1,), (4.5,), (0,)], "gamma": [(2.2, 3.0)], "beta": [(0.3, 0.7), (2, 5), (1e-3, 1e-3)], "chisquare": [(3,)],
    "f": [(3, 7)], "standard_t": [(4,)], "standard_cauchy": [()], "laplace": [(1, 2)], "logistic": [(1, 2)], "lognormal": [(0.5, 0.25)],
    "gumbel": [(1, 2)], "pareto": [(3,)], "power": [(2.5,)], "rayleigh": [(2,)], "weibull": [(1.5,), (0,)], "wald": [(1, 3)],
    "vonmises": [(0.5, 4), (0.5, 1e-6), (0, 1e-9)], "triangular": [(-1, 0.5, 2)],
    "poisson": [(0.5,), (9.5,), (10,), (200,), (0,)], "binomial": [(10, 0.3), (100, 0.7), (1000, 0.4), (10000, 0.9), (0, 0.5), (5, 0)],
    "geometric": [(0.05,), (0.5,)], "negative_binomial": [(5, 0.3)], "zipf": [(2.5,), (1.3,)], "logseries": [(0.3,), (0.97,)],
    "hypergeometric": [(10, 20, 5), (100, 50, 40), (50, 100, 120)],
}


@pytest.mark.parametrize("number,name", list(enumerate(enum("DIST"))))
@pytest.mark.parametrize("s", [0, 42, 2**32 - 1])
def test_continuous(number, name, s):
    for args in CASES[name]:
        seed(s)
        out = np.empty(2001)
        assert fill(number, *(list(args) + [0, 0, 0])[:3], len(out), out.ctypes.data) == 0
        np.testing.assert_array_equal(out, getattr(np.random.RandomState(s), name)(*args, size=len(out)), str((name, args)))


@pytest.mark.parametrize("number,name", list(enumerate(enum("IDIST"))))
def test_discrete(number, name):
    for s in (0, 7):
        for args in CASES[name]:
            seed(s)
            out = np.empty(2000, np.int64)
            assert fill_int(number, *(list(args) + [0, 0, 0])[:3], len(out), out.ctypes.data) == 0
            np.testing.assert_array_equal(out, getattr(np.random.RandomState(s), name)(*args, size=len(out)), str((name, args)))


@pytest.mark.parametrize("name,args", [
    ("normal", (0, -1)), ("exponential", (-1.0,)), ("gamma", (-1, 1)), ("beta", (0, 1)), ("chisquare", (0,)), ("triangular", (1, 0, 2)),
    ("triangular", (0, 3, 2)), ("triangular", (1, 1, 1)), ("uniform", (-1e308, 1e308)), ("poisson", (-1,)), ("poisson", (float("nan"),)),
    ("binomial", (5, 1.5)), ("geometric", (0,)), ("zipf", (1.0,)), ("logseries", (1.0,)), ("hypergeometric", (1, 1, 5)), ("hypergeometric", (1, 1, 0)), ("negative_binomial", (0, 0.5))])
def test_refusals(name, args):
    names, f = (enum("DIST"), fill) if name in enum("DIST") else (enum("IDIST"), fill_int)
    out = np.empty(1)
    with pytest.raises(Exception) as want:
        getattr(np.random.RandomState(0), name)(*args)
    with pytest.raises(type(want.value)) as got:
        f(names.index(name), *(list(args) + [0, 0, 0])[:3], 1, out.ctypes.data)
    assert str(got.value) == str(want.value)


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"])
def test_randint(dtype):
    for low, high in ((0, 2), (0, 1), (0, 100), (3, 10**6), (-5, 2**40), (0, 2**63 - 1), (-(2**63), 2**63 - 1), (0, 2**32), (0, 256), (-128, 127)):
        info = np.iinfo(dtype) if dtype != "?" else None
        if low < (info.min if info else 0) or high - 1 > (info.max if info else 1):
            continue
        out = np.empty(1001, dtype)
        seed(5)
        assert ints(low, high, len(out), out.dtype.num, out.ctypes.data) == 0
        np.testing.assert_array_equal(out, np.random.RandomState(5).randint(low, high, len(out), dtype))
    with pytest.raises(ValueError, match="low >= high"):
        ints(3, 3, 1, 7, out.ctypes.data)


def test_shuffle_permutation_seed():
    for n in (0, 1, 2, 50):
        seed(9)
        out = np.empty(n, np.int64)
        permutation(n, out.ctypes.data)
        np.testing.assert_array_equal(out, np.random.RandomState(9).permutation(n))
        for a in (np.arange(n) * 1.5, np.arange(n * 30).reshape(n, 30)):
            b = a.copy()
            seed(9)
            shuffle(a.ctypes.data, n, a.strides[0], a.strides[0])
            np.random.RandomState(9).shuffle(b)
            np.testing.assert_array_equal(a, b)
    for bad in (-1, 2**32):
        with pytest.raises(ValueError, match=re.escape("Seed must be between 0 and 2**32 - 1")):
            seed(bad)


def test_unseeded_streams_differ_and_threads_have_their_own():
    import threading
    double, seen = declare("random_double", F64), []
    for _ in range(4):
        t = threading.Thread(target=lambda: seen.append(double()))
        t.start()
        t.join()
    assert len(set(seen)) == 4


def test_python_random():
    pyseed, rnd = declare("pyrandom_seed", None, I64), declare("pyrandom_random", F64)
    gauss, rr = declare("pyrandom_gauss", F64, F64, F64), declare("pyrandom_randrange", I32, I64, I64, ctypes.POINTER(I64))
    out = I64()
    for s in (0, 1, -5, 2**40 + 3):
        r = random.Random(s)
        pyseed(s)
        for k in range(700):
            assert rnd() == r.random()
            assert gauss(1.0, 2.0) == r.gauss(1.0, 2.0)
            lo, hi = -k, k * k + (2**50 if k % 3 == 0 else 1)
            assert rr(lo, hi, out) == 0 and out.value == r.randrange(lo, hi)
    with pytest.raises(ValueError) as want:
        random.randrange(5, 2)
    with pytest.raises(ValueError) as got:
        rr(5, 2, out)
    assert str(got.value) == str(want.value)
