"""math, cmath and NumPy's functions of scalars against CPython and NumPy, at ordinary and at special arguments."""
import cmath
import itertools
import math
import sys

import numpy as np
import pytest

import hotloop
from hotloop import njit
from harness import check, check_error, checks, compare
from test_numbers import WIDTHS, function, inf, nan, outcome, same

REALS = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 0.1, 2.0, -2.5, 3.7, 10.0, 1e-3, 1e-300, -5e-324, 1e5, 123456.789, 700.0, -700.0,
         1000.0, -1000.0, 1e300, inf, -inf, nan, math.pi, math.e, 20.0, 171.5)

#: Functions that compiled code lets overflow to inf, or give NaN, where CPython raises.
QUIET = {"exp", "exp2", "expm1", "sinh", "cosh", "sin", "cos", "tan", "gamma", "lgamma"}
ONE = [n for n in ("sqrt exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc gamma "
                   "lgamma cbrt fabs degrees radians ulp").split() if hasattr(math, n)]


@pytest.mark.parametrize("name", ONE)
def test_math_of_one_number(name):
    compiled, func = njit(function(f"math.{name}(x)", "x")), getattr(math, name)
    for x in REALS + (0, 1, 2, -3, 100, True):
        want, got = outcome(func, x), outcome(compiled, x)
        if isinstance(want, OverflowError) or (name in ("sin", "cos", "tan") and isinstance(want, ValueError)):
            assert not isinstance(got, Exception) and not math.isfinite(got), (x, got)
            continue
        if name == "ulp" and isinstance(x, int):
            want = math.ulp(float(x))
        if name == "lgamma" and isinstance(want, float) and abs(want - got) < 1e-13:
            continue  # near a root
        same(want, got, {"gamma": 12, "lgamma": 12}.get(name, 2), f"{name}({x})")


@pytest.mark.parametrize("name", ONE)
def test_math_of_float32(name):
    """float32 in, float32 out (ulp: float64)."""
    if name == "ulp":
        return
    compiled, func = njit(function(f"math.{name}(x)", "x")), getattr(math, name)
    for x in (0.0, 0.5, 0.75, 1.0, 1.5, 3.0, 10.0, -0.25, -2.0):
        want, got = outcome(func, float(np.float32(x))), outcome(compiled, np.float32(x))
        same(np.float32(want) if isinstance(want, float) else want, got, 4, f"{name}({x})")


TWO = ("atan2", "pow", "fmod", "remainder", "copysign", "hypot", "nextafter")


@pytest.mark.parametrize("name", TWO)
def test_math_of_two_numbers(name):
    compiled, func = njit(function(f"math.{name}(x, y)", "x", "y")), getattr(math, name)
    for x, y in itertools.product(REALS, REALS):
        want, got = outcome(func, x, y), outcome(compiled, x, y)
        if isinstance(want, OverflowError):
            assert math.isinf(got), (x, y)
            continue
        same(want, got, 1, f"{name}({x}, {y})")
    same(func(3, 4), compiled(3, 4), 1)


def test_log_with_base():
    compiled = njit(lambda x, b: math.log(x, b))
    for x, b in itertools.product((8.0, 0.5, 1.0, 0.0, -1.0, inf, nan), (2.0, 10.0, 1.0, 0.0, -3.0, inf)):
        same(outcome(math.log, x, b), outcome(compiled, x, b), 1, f"log({x}, {b})")
    checks(lambda n: math.log(n), [(1,), (2**62,), (0,), (-5,)], ulp=1)


@pytest.mark.parametrize("name", ("floor", "ceil", "trunc"))
def test_to_int(name):
    compiled, func = njit(function(f"math.{name}(x)", "x")), getattr(math, name)
    for x in REALS + (2.5, -2.5, 1e18, 7, -7, True):
        want = outcome(func, x)
        if isinstance(want, int) and abs(want) >= 2**63:
            with pytest.raises(OverflowError):
                compiled(x)
        else:
            same(want, outcome(compiled, x), 0, f"{name}({x})")


def test_representation():
    for x in REALS:
        check(lambda x: (math.frexp(x), math.modf(x), math.isnan(x), math.isinf(x), math.isfinite(x)), x)
        for n in (0, 1, -1, 52, -1074, 2000, -3000, 2**40, -2**40):
            want, got = outcome(math.ldexp, x, n), njit(lambda x, n: math.ldexp(x, n))(x, n) if n == 0 else LDEXP(x, n)
            same(math.copysign(inf, x) if isinstance(want, OverflowError) else want, got, 0, f"ldexp({x}, {n})")
    check(lambda n: (math.isnan(n), math.isinf(n), math.isfinite(n), math.frexp(n)), 12)


LDEXP = njit(lambda x, n: math.ldexp(x, n))


def test_isclose():
    plain, tolerances = njit(lambda a, b: math.isclose(a, b)), njit(lambda a, b, r, t: math.isclose(a, b, rel_tol=r, abs_tol=t))
    for a, b in itertools.product((0.0, 1.0, 1.0 + 1e-10, 1.0 + 1e-8, -1.0, 1e300, inf, -inf, nan), repeat=2):
        assert plain(a, b) is math.isclose(a, b)
        for r, t in ((0.0, 0.0), (1e-3, 0.0), (0.0, 0.5), (-1.0, 0.0), (0.1, -1.0), (inf, 0.0)):
            same(outcome(lambda: math.isclose(a, b, rel_tol=r, abs_tol=t)), outcome(tolerances, a, b, r, t), 0, f"isclose({a}, {b}, {r}, {t})")


def test_hypot_and_dist():
    check(lambda a, b, c: (math.hypot(), math.hypot(a), math.hypot(a, b, c), math.hypot(a, b, c, 1)), 3.0, -4, 12.5, ulp=2)
    check(lambda a, b: math.hypot(a, b, 1.0), inf, nan)
    check(lambda p, q: math.dist(p, q), (1.0, 2.0, 3), (4, 6.5, 3.0), ulp=2)
    check_error(lambda p, q: math.dist(p, q), ((1.0, 2.0), (3.0,)), hotloop.TypingError, "dimensions")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="steps= is of Python 3.12")
def test_nextafter_steps():
    compiled = njit(lambda x, y, n: math.nextafter(x, y, steps=n))
    for x, y in itertools.product((0.0, -0.0, 1.0, -5e-324, 1e300, inf, -inf, nan), repeat=2):
        for n in (0, 1, 3, 2**62, -1):
            same(outcome(lambda: math.nextafter(x, y, steps=n)), outcome(compiled, x, y, n), 0, f"nextafter({x}, {y}, {n})")


@pytest.mark.skipif(not hasattr(math, "fma"), reason="math.fma is of Python 3.13")
def test_fma():
    checks(lambda a, b, c: math.fma(a, b, c), [(1.5, 2.0, 1e-20), (inf, 0.0, 1.0), (inf, 1.0, -inf), (nan, 1.0, 1.0), (0.1, 10.0, -1.0)])


def test_integers():
    ints = (0, 1, 2, 6, -4, 35, 2**40, -(2**62), 12345678901234567)
    gcd, lcm = njit(lambda a, b: math.gcd(a, b)), njit(lambda a, b: math.lcm(a, b))
    for a, b in itertools.product(ints, ints):
        assert gcd(a, b) == math.gcd(a, b)
        want = math.lcm(a, b)
        if want < 2**63:
            assert lcm(a, b) == want
        else:
            with pytest.raises(OverflowError):
                lcm(a, b)
    check(lambda a, b, c: (math.gcd(), math.gcd(a), math.gcd(a, b, c), math.lcm(), math.lcm(a), math.lcm(a, b, c)), -12, 18, 27)
    checks(lambda n: math.isqrt(n), [(n,) for n in (0, 1, 2, 3, 4, 15, 16, 2**52, 2**62 - 1, 2**63 - 1, (2**31 + 5) ** 2 - 1, -1)])
    checks(lambda n: math.factorial(n), [(n,) for n in (*range(21), -1)])
    check_error(lambda n: math.factorial(n), (21,), OverflowError)
    checks(lambda n, k: math.comb(n, k), [(n, k) for n in (0, 1, 5, 30, 62, -1) for k in (0, 1, 3, 31, 62, -1)])
    checks(lambda n, k: math.perm(n, k), [(n, k) for n in (0, 1, 5, 20, -1) for k in (0, 1, 3, 6, -1)])
    checks(lambda n: math.perm(n), [(5,), (0,)])
    check_error(lambda x: math.factorial(x), (3.0,), hotloop.TypingError, "cannot be interpreted as an integer")
    check_error(lambda x: math.sqrt(x), (1j,), hotloop.TypingError, "must be real number, not complex")


def test_constants_fold_to_weak_literals():
    def gauss(x, m, s):
        return math.exp(-0.5 * ((x - m) / s) ** 2) / (s * math.sqrt(2 * math.pi))

    f32 = np.float32
    got = njit(gauss)(f32(0.3), f32(0.1), f32(1.2))
    assert got == float(f32(got))
    assert abs(got - gauss(0.3, 0.1, 1.2)) < 1e-6
    check(lambda: (math.tau, math.inf, -math.inf, math.sin(1), math.floor(2.5)))


def test_fastmath_keeps_classification():
    @njit(fastmath=True)
    def f(x):
        return math.isnan(x), math.isinf(x), np.isfinite(x), math.sqrt(abs(x)) + x * 0.1

    assert f(nan)[:3] == (True, False, False) and f(-inf)[:3] == (False, True, False)
    assert abs(f(4.0)[3] - 2.4) < 1e-15


def test_exceptions_can_be_caught():
    def f(x):
        try:
            return math.log(x)
        except ValueError:
            return -1.0

    checks(f, [(2.0,), (0.0,), (-3.0,), (nan,)])


# --- cmath ------------------------------------------------------------------------------------------------------------

PLANE = [complex(a, b) for a in (0.0, -0.0, 0.5, -1.5, 1.0, -1.0, 3.0) for b in (0.0, -0.0, 0.25, -2.0, 1.0)]
EDGE = [complex(a, b) for a in (inf, -inf, nan, 1.0, 0.0, 1e300) for b in (inf, -inf, nan, 0.0, 1.0, 1e300)]
CMATH = "sqrt exp log log10 sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh".split()


@pytest.mark.parametrize("name", CMATH)
def test_cmath(name):
    compiled, func = njit(function(f"cmath.{name}(z)", "z")), getattr(cmath, name)
    for z in PLANE + [0.3, 2, True]:
        want, got = outcome(func, z), outcome(compiled, z)
        if isinstance(want, complex) and not isinstance(got, Exception):
            assert cmath.isclose(want, got, rel_tol=1e-14, abs_tol=1e-15) or want == got, (z, want, got)
            for w, g in ((want.real, got.real), (want.imag, got.imag)):
                assert math.copysign(1, w) == math.copysign(1, g) or abs(w) < 1e-15, (z, want, got)
        else:
            same(want, got, 0, f"{name}({z})")


@pytest.mark.parametrize("name", CMATH)
def test_cmath_at_infinity(name):
    """Which arguments raise, and which parts are infinite or NaN (signs of zeros of NaN results are nobody's)."""
    compiled, func = njit(function(f"cmath.{name}(z)", "z")), getattr(cmath, name)

    def kind(v):
        if isinstance(v, Exception):
            return type(v), v.args
        return tuple("nan" if math.isnan(x) else math.copysign(1, x) * inf if math.isinf(x) else "finite" for x in (v.real, v.imag))

    for z in EDGE:
        if 1e300 in (abs(z.real), abs(z.imag)) and name in ("asin", "acos", "asinh", "acosh", "sqrt", "log", "log10", "atan", "atanh"):
            continue
        want, got = kind(outcome(func, z)), kind(outcome(compiled, z))
        assert want == got or {"nan", "finite"} & set(want) & set(got) and len(want) == 2, (name, z, want, got)


def test_polar():
    check(lambda z: (cmath.phase(z), cmath.polar(z)), -3 + 4j, ulp=1)
    checks(lambda z: cmath.phase(z), [(z,) for z in PLANE], ulp=1)
    checks(lambda r, p: cmath.rect(r, p), [(r, p) for r in (0.0, 2.0, -3.0, inf) for p in (0.0, -0.0, 1.0, 4.0)], ulp=1)
    checks(lambda r, p: cmath.rect(r, p), [(1.0, inf), (0.0, inf), (nan, 0.0), (1.0, nan)])
    checks(lambda z, b: cmath.log(z, b), [(8.0, 2.0), (1j, 2.0), (-1.0, 10.0), (2.0, 1.0), (0.0, 2.0), (2.0, 0.0)], ulp=2)
    checks(lambda z: (cmath.isnan(z), cmath.isinf(z), cmath.isfinite(z)), [(z,) for z in EDGE])
    checks(lambda a, b: cmath.isclose(a, b), [(1 + 1j, 1 + 1j), (1 + 1j, 1 + 1.0000000001j), (1j, 2j), (complex(inf, 0), complex(inf, 0))])
    check(lambda: (cmath.pi, cmath.infj, cmath.nanj))


# --- numpy ---------------------------------------------------------------------------------------------------------------


def numpy_scalars(kind):
    if kind == "float":
        return REALS
    if kind == "float32":
        return tuple(np.float32(v) for v in (0.0, -0.0, 0.5, -0.75, 1.0, 2.5, 100.0, inf, -inf, nan))
    if kind == "complex":
        return tuple(PLANE)
    if kind == "bool":
        return (False, True)
    if kind == "int":
        return (0, 1, -1, 2, -7, 100, 2**40)
    return tuple(np.dtype(kind).type(v) for v in (0, 1, 2, 7, np.iinfo(kind).max, np.iinfo(kind).min))


FLOAT1 = ("sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh exp exp2 expm1 log log2 log10 log1p sqrt cbrt fabs rint "
          "degrees radians rad2deg deg2rad floor ceil trunc fix spacing sinc square reciprocal positive negative absolute sign isnan isinf "
          "isfinite isposinf isneginf signbit logical_not conjugate angle real imag").split()
NOT_COMPLEX = set("cbrt fabs degrees radians rad2deg deg2rad floor ceil trunc fix spacing sinc isposinf isneginf signbit".split())
NOT_BOOL = set("positive negative sign fix isposinf isneginf sinc".split())


def numpy_want(func, *args):
    with np.errstate(all="ignore"):
        want = func(*args)
    return np.float32(want) if isinstance(want, np.float16) else want


def agree(want, got, name, args, ulp=2):
    """Within `ulp`; complex results by modulus, as their small parts lose digits."""
    if isinstance(want, (complex, np.complexfloating)):
        want, got = complex(want), complex(got)
        if cmath.isfinite(want) and cmath.isfinite(got):
            assert abs(want - got) <= 1e-14 * max(abs(want), 1), (name, args, want, got)
        return
    same(want, got, ulp, f"{name}{args!r}")


@pytest.mark.parametrize("kind", ("float", "float32", "complex", "bool", "int", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"))
@pytest.mark.parametrize("name", FLOAT1)
def test_numpy_of_one_number(name, kind):
    if (kind == "complex" and name in NOT_COMPLEX) or (kind == "bool" and name in NOT_BOOL):
        return
    compiled, func = njit(function(f"np.{name}(x)", "x")), getattr(np, name)
    small = kind in ("bool", "int8", "uint8") and name != "sinc"
    for x in numpy_scalars(kind):
        if name == "reciprocal" and not kind.startswith(("float", "complex")) and int(x) == 0:
            continue
        if kind == "complex" and name in ("arctanh", "log", "log2", "log10", "sign", "reciprocal", "log1p") and (abs(x) in (0, 1)):
            continue
        arg = np.array(x)[()]
        want = numpy_want(func, arg.astype("f4") if small and name not in INT_KEEPING else arg)
        agree(want, compiled(x), name, (x,))


INT_KEEPING = set("square reciprocal positive negative absolute sign isnan isinf isfinite signbit logical_not conjugate real imag floor ceil trunc "
                  "fix isposinf isneginf".split())

REAL2 = ("add subtract multiply divide floor_divide remainder power float_power fmod maximum minimum fmax fmin arctan2 hypot copysign nextafter "
         "logaddexp logaddexp2 heaviside equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor").split()
INT2 = "bitwise_and bitwise_or bitwise_xor left_shift right_shift gcd lcm".split()


@pytest.mark.parametrize("kind", ("float", "float32", "int", "int8", "uint8", "int16", "uint32", "int64", "uint64"))
@pytest.mark.parametrize("name", REAL2 + INT2)
def test_numpy_of_two_numbers(name, kind):
    if name in INT2 and kind.startswith("float"):
        return
    compiled, func = njit(function(f"np.{name}(x, y)", "x", "y")), getattr(np, name)
    values = numpy_scalars(kind)
    small = kind in ("int8", "uint8")
    for x, y in itertools.product(values, values):
        if name == "power" and not kind.startswith("float") and (y < 0 or abs(int(y)) > 100):
            continue
        if name == "power" and y == 0.5:
            continue  # NumPy takes the square root, of -inf as well
        if name == "lcm" and kind.endswith("int64") and max(abs(int(x)), abs(int(y))) > 2**60:
            continue
        a, b = np.array(x)[()], np.array(y)[()]
        if small and name in ("arctan2", "hypot", "copysign", "nextafter", "logaddexp", "logaddexp2", "heaviside", "divide"):
            a, b = (np.float64(a), np.float64(b)) if name == "divide" else (np.float32(a), np.float32(b))
        want = numpy_want(func, a, b)
        if isinstance(want, (float, np.floating)) and want == 0 and name in ("maximum", "minimum", "fmax", "fmin"):
            assert compiled(x, y) == 0
            continue
        agree(want, compiled(x, y), name, (x, y))


def test_numpy_mixed_types():
    """Two NumPy scalars promote as NumPy's, a literal is weak."""
    cases = [(np.int8(100), np.int8(100)), (np.int8(-1), np.uint8(200)), (np.uint8(200), np.float32(0.5)), (np.int32(7), np.float32(0.1)),
             (np.float32(0.1), np.float64(0.1)), (np.uint64(5), np.int64(-3)), (np.complex64(1j), np.float32(2)), (True, np.int8(5))]
    for name in ("add", "multiply", "divide"):
        compiled, func = njit(function(f"np.{name}(x, y)", "x", "y")), getattr(np, name)
        for x, y in cases:
            agree(numpy_want(func, x, y), compiled(x, y), name, (x, y), 0)
    assert njit(lambda x: np.add(x, 1))(np.int8(127)) == -128
    assert njit(lambda x: np.multiply(x, 0.1))(np.float32(0.3)) == float(np.float32(0.3) * np.float32(0.1))


def test_numpy_round_clip():
    for x in (0.5, 1.5, -2.5, 2.675, 123.456, -0.04, inf, nan):
        checks(lambda x: (np.round(x), np.round(x, 1), np.around(x, 2), np.round(x, -1), np.rint(x)), [(x,)], ulp=1)
    checks(lambda x, n: np.round(x, n), [(1.2345, n) for n in (0, 1, 3, -1, -3)], ulp=1)
    checks(lambda n: (np.round(n), np.round(n, -1)), [(15,), (25,), (-7,)])
    checks(lambda x: np.clip(x, 0.0, 1.0), [(-0.5,), (0.25,), (7.0,), (nan,)])
    checks(lambda x, a, b: np.clip(x, a, b), [(5, 0, 3), (-5, 0, 3), (2, 0, 3)])
    checks(lambda x: np.clip(x, None, 3), [(5,), (1,)])


def test_numpy_pairs():
    for x in (2.75, -0.5, 8.0, inf, nan, 0.0):
        check(lambda x: (np.modf(x), np.frexp(x), np.ldexp(x, 3)), x)
    checks(lambda a, b: np.divmod(a, b), [(7.5, 2.0), (-7.5, 2.0), (7, -2), (7, 3)])


def test_numpy_raises_nothing():
    @njit
    def f(a, b):
        return np.divide(a, b), np.floor_divide(a, b), np.remainder(a, b), np.log(a), np.sqrt(a)

    with np.errstate(all="ignore"):
        x = np.float64(-1.0)
        want = (x / 0, x // 0, x % np.float64(0), np.log(x), np.sqrt(x))
    compare(want, f(-1.0, 0.0))
    assert f(-7, 0)[1:3] == (0, 0)


@pytest.mark.parametrize("name", ("exp", "sin", "log", "tanh", "sqrt", "hypot"))
def test_in_a_loop(name):
    """The vectorised loop gives what the single call gives, to 1 ULP."""
    call = f"math.{name}(x[i])" if name != "hypot" else "math.hypot(x[i], 1.5)"
    scope = {"math": math}
    exec(f"def f(x, out):\n    for i in range(x.size):\n        out[i] = {call}\n    return out\n", scope)
    x = np.random.default_rng(1).uniform(0.1, 9, 1001)
    check(scope["f"], x, np.zeros_like(x), ulp=2)
    check(scope["f"], x.astype("f4"), np.zeros(x.size, "f4"), rtol=1e-6)


assert WIDTHS


def test_checks_that_cannot_fail_are_not_missed():
    """Where the sign of a divisor or of a root's argument is known no test is made; elsewhere it is."""
    def known(x):
        return 1.0 / (1.0 + math.exp(-x)), x / math.sqrt(x * x + 1), math.sqrt(x**2 + abs(x)), math.log(1 + x * x)

    checks(known, [(v,) for v in (0.0, -3.0, 2.5, 1e100, nan)], ulp=2)
    checks(lambda x: 1.0 / math.exp(x), [(1.0,), (-1000.0 + 300,)], ulp=1)
    for text in ("1.0 / (x * x)", "1.0 / abs(x)", "math.log(x * x)", "1.0 / (x * x + x * x)", "math.sqrt(x * y)", "1.0 / math.sqrt(x * x)",
                 "math.log(abs(x))", "1.0 / (x * x - 1)", "math.sqrt(x * x - 4)", "1.0 / x ** 2"):
        checks(function(text, "x", "y"), [(0.0, 1.0), (1.0, -1.0), (2.0, 0.5), (-0.0, -2.0)], ulp=1)

    def changed(x):
        a = x[0]
        x[0] = -1.0
        return math.sqrt(a * x[0])

    check(changed, np.array([2.0]))
