"""runtime/math.c against CPython and NumPy, bit for bit."""
import cmath
import ctypes
import math
import random
import struct

import numpy as np
import pytest

from runtime_library import F64, I32, I64, declare

def bits(x):
    return "nan" if x != x else struct.pack("d", x)


SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -2.5, math.inf, -math.inf, math.nan, 5e-324, 1e308, 2.675, 1e22, 1e23, 123456789.5]


def samples(n, seed=1):
    r = random.Random(seed)
    out = list(SPECIAL)
    for _ in range(n):
        out.append(r.choice([r.uniform(-10, 10), r.gauss(0, 1e6), round(r.uniform(-100, 100), 2), r.randrange(-1000, 1000) / 8,
                             math.ldexp(r.random(), r.randrange(-60, 80))]))
    return out


def test_mod_and_floordiv():
    mod, div = declare("float_mod", F64, F64, F64), declare("float_floordiv", F64, F64, F64)
    npmod, npdiv = declare("np_float_mod", F64, F64, F64), declare("np_float_floordiv", F64, F64, F64)
    xs = samples(300)
    for a in xs:
        for b in xs[:60]:
            if b != 0:
                assert bits(mod(a, b)) == bits(a % b) and bits(div(a, b)) == bits(a // b), (a, b)
            with np.errstate(all="ignore"):
                assert bits(npmod(a, b)) == bits(np.float64(a) % np.float64(b)), (a, b)
                assert bits(npdiv(a, b)) == bits(np.float64(a) // np.float64(b)), (a, b)


def test_round_digits():
    f = declare("round_digits", F64, F64, I64)
    for x in samples(4000, 2):
        for nd in (0, 1, 2, 3, 5, 10, 15, 20, 25, 300, 330, -1, -2, -3, -5, -20, -310):
            if math.isfinite(x):
                try:
                    want = round(x, nd)
                except OverflowError:
                    want = math.copysign(math.inf, x)
                assert bits(f(x, nd)) == bits(want), (x, nd)


def test_round_int():
    f = declare("int_round_digits", I64, I64, I64)
    for x in (0, 5, 15, 25, -5, -15, 149, 150, 151, 12345, -98765, 10**18, -(2**63), 2**63 - 1):
        for nd in (2, 0, -1, -2, -3, -17):
            if -(2**63) <= round(x, nd) < 2**63:
                assert f(x, nd) == round(x, nd), (x, nd)


def test_integers():
    gcd, isqrt, power = declare("gcd", I64, I64, I64), declare("isqrt", I64, I64), declare("int_pow", I64, I64, I64)
    r = random.Random(3)
    out = I64()
    lcm, comb, perm, fact = [declare(n, I32, *([I64] * k), ctypes.POINTER(I64)) for n, k in (("lcm", 2), ("comb", 2), ("perm", 2), ("factorial", 1))]
    for _ in range(2000):
        a, b = r.randrange(-2**40, 2**40) >> r.randrange(40), r.randrange(-2**40, 2**40) >> r.randrange(40)
        assert gcd(a, b) == math.gcd(a, b)
        n = r.randrange(2**63) >> r.randrange(63)
        assert isqrt(n) == math.isqrt(n)
        assert power(a, abs(b) % 50) == ((a ** (abs(b) % 50) + 2**63) % 2**64) - 2**63
        for f, g, args in ((lcm, math.lcm, (a, b)), (comb, math.comb, (n % 70, abs(a) % 70)), (perm, math.perm, (n % 30, abs(a) % 30)),
                           (fact, math.factorial, (n % 25,))):
            want = g(*args)
            if want < 2**63:
                assert f(*args, out) == 0 and out.value == want, (g, args)
            else:
                with pytest.raises(OverflowError):
                    f(*args, out)
    assert isqrt(2**63 - 1) == math.isqrt(2**63 - 1)
    for f, args, text in ((fact, (-1,), "factorial() not defined for negative values"), (comb, (-1, 0), "n must be a non-negative integer"),
                          (perm, (1, -1), "k must be a non-negative integer")):
        with pytest.raises(ValueError) as e:
            f(*args, out)
        assert str(e.value) == text


def complex_samples(n):
    r = random.Random(4)
    return [complex(0, 0), 1j, 1 + 0j, -1 + 0j, 2 - 3j, -0.5 + 0.25j] + [complex(r.gauss(0, 2), r.gauss(0, 2)) for _ in range(n)]


def test_complex_power_and_division():
    out = (F64 * 2)()
    py, npy, div = [declare(n, I32 if n == "complex_pow" else None, F64, F64, F64, F64, ctypes.POINTER(F64))
                    for n in ("complex_pow", "cmath_pow", "complex_div")]
    zs = complex_samples(60)
    powers = zs + [complex(k, 0) for k in (-3, -1, 2, 3, 5, 17, 100, 101)]
    for a in zs:
        for b in powers:
            args = (a.real, a.imag, b.real, b.imag, out)
            try:
                want = a ** b
            except (ZeroDivisionError, OverflowError) as e:
                with pytest.raises(type(e)) as got:
                    py(*args)
                assert type(got.value) is type(e)
            else:
                assert py(*args) == 0
                assert cmath.isclose(complex(*out), want, rel_tol=1e-14), (a, b)
            with np.errstate(all="ignore"):
                want = np.complex128(a) ** np.complex128(b)
            npy(*args)
            assert np.isclose(complex(*out), want, rtol=1e-13, equal_nan=True), (a, b)
            if b:
                div(*args)
                assert complex(*out) == a / b


@pytest.mark.parametrize("name", "exp log sqrt sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh log10".split())
def test_complex_functions(name):
    f, g, out = declare("cmath_" + name, None, F64, F64, ctypes.POINTER(F64)), getattr(cmath, name), (F64 * 2)()
    for z in complex_samples(200):
        try:
            want = g(z)
        except ValueError:
            continue
        f(z.real, z.imag, out)
        assert cmath.isclose(complex(*out), want, rel_tol=1e-12, abs_tol=1e-15), z
