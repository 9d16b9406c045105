"""Operators, conversions and builtins on scalars: CPython against compiled code at the edges of every type.

The reference is CPython's own operator on Python numbers; what docs/differences.md says about integers (64 bits that
wrap), unsigned operands and float32 is applied to its result."""
import cmath
import itertools
import math
import operator

import numpy as np
import pytest

import hotloop
from hotloop import njit
from harness import Difference, check, check_error, checks, compare

nan, inf = math.nan, math.inf
INTS = (0, 1, -1, 2, -2, 3, -7, 10, 63, 64, 65, 2**31 - 1, -2**31, 2**53 + 1, -2**53 - 1, 2**62, 2**63 - 1, -2**63)
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e-310, -5e-324, 1e16, 1.7e308, -1.7e308, math.pi, inf, -inf, nan)
BOOLS = (False, True)
COMPLEX = tuple(complex(a, b) for a in (0.0, -0.0, 1.5, -2.0, 1e200, inf, nan) for b in (0.0, -1.0, 3.25, -1e-200, -inf))
BY_KIND = {"bool": BOOLS, "int": INTS, "float": FLOATS, "complex": COMPLEX}

BINARY = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv, "%": operator.mod,
    "**": operator.pow, "<<": operator.lshift, ">>": operator.rshift, "&": operator.and_, "|": operator.or_, "^": operator.xor,
    "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge,
}
COMPARISONS = ("<", "<=", "==", "!=", ">", ">=")


def function(text, *names):
    """A Python function of the given parameters that returns an expression."""
    scope = {"math": math, "np": np, "cmath": cmath, "operator": operator, "hotloop": hotloop}
    exec(f"def f({', '.join(names)}):\n    return {text}\n", scope)
    return scope["f"]


def wrap(value, bits=64, signed=True):
    """An integer as machine code holds it."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if signed and value >> (bits - 1) else value


def outcome(func, *args):
    try:
        return func(*args)
    except Exception as exc:
        return exc


def same(want, got, ulp=0, note=""):
    if isinstance(want, Exception) or isinstance(got, Exception):
        if type(want) is not type(got) or want.args != got.args:
            raise Difference(f"{note}: {got!r} instead of {want!r}")
    else:
        compare(want, got, note, ulp=ulp)


def int_power(a, b):
    """a ** b of int64: a negative exponent raises, because the type cannot depend on its value."""
    if b < 0:
        raise ValueError("Integers to negative integer powers are not allowed.")
    return wrap(pow(a, b, 1 << 64))


def float_power(a, b):
    """a ** b of float64: overflow gives inf, a negative base with a broken exponent NaN."""
    if a == 0 and b < 0:
        raise ZeroDivisionError("0.0 cannot be raised to a negative power" if not (math.isinf(b)) else "0.0 cannot be raised to a negative power")
    try:
        return math.pow(a, b)
    except OverflowError:
        return math.copysign(inf, -1 if a < 0 and b % 2 == 1 else 1)
    except ValueError:
        return nan


def reference(op, a, b):
    """CPython's result for Python numbers, in 64 bits."""
    kinds = {type(a), type(b)}
    ints = kinds <= {int, bool}
    if op == "**" and ints:
        return int_power(int(a), int(b))
    if op == "**" and complex not in kinds:
        return float_power(float(a), float(b))
    if op in ("<<", ">>") and ints:
        if b < 0:
            raise ValueError("negative shift count")
        return wrap(int(a) << int(b)) if op == "<<" and b < 64 else 0 if op == "<<" else int(a) >> int(b)
    if op == "/" and ints and b:
        return float(a) / float(b)
    r = BINARY[op](a, b)
    return wrap(r) if type(r) is int else r


def legal(op, *kinds):
    if op in ("<<", ">>", "&", "|", "^"):
        return set(kinds) <= {"bool", "int"}
    return "complex" not in kinds or op in ("+", "-", "*", "/", "**", "==", "!=")


PAIRS = [(op, a, b) for op in BINARY for a in BY_KIND for b in BY_KIND if legal(op, a, b)]


@pytest.mark.parametrize("op, a, b", PAIRS, ids=lambda v: str(v))
def test_binary_operator(op, a, b):
    compiled = njit(function(f"a {op} b", "a", "b"))
    ulp = 0
    if op == "**":
        ulp = 8 if "complex" in (a, b) else 1
    for x, y in itertools.product(BY_KIND[a], BY_KIND[b]):
        if op == "**" and "complex" in (a, b) and not moderate(x, y):
            continue
        same(outcome(reference, op, x, y), outcome(compiled, x, y), ulp, f"{x!r} {op} {y!r}")


def moderate(*numbers):
    """Complex powers of huge and infinite numbers are nobody's specification."""
    return all(abs(complex(v)) < 1e3 and abs(complex(v)) not in (inf, nan) for v in numbers)


CONSTANTS = {"int": (0, 1, -1, 2, 3, 7, 8, 10, -2, -3, -8, 64, 2**62, -2**63), "float": (0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.5, -2.0, inf, nan)}


@pytest.mark.parametrize("op", ("+", "*", "/", "//", "%", "<<", ">>", "&", "<", "==", ">="))
@pytest.mark.parametrize("kind", ("int", "float", "bool"))
def test_constant_operand(op, kind):
    """The short cuts that constant divisors take give what the general code gives."""
    for c in CONSTANTS["int"] + CONSTANTS["float"]:
        if not legal(op, kind, type(c).__name__):
            continue
        right, left = njit(function(f"a {op} c", "a, c=None")), None
        scope = {"inf": inf, "nan": nan, "c": c}
        exec(f"def right(a):\n    return a {op} c\ndef left(a):\n    return c {op} a\n", scope)
        right, left = njit(scope["right"]), njit(scope["left"])
        for x in BY_KIND[kind]:
            same(outcome(reference, op, x, c), outcome(right, x), 0, f"{x!r} {op} {c!r}")
            same(outcome(reference, op, c, x), outcome(left, x), 0, f"{c!r} {op} {x!r}")


@pytest.mark.parametrize("n", (0, 1, 2, 3, 4, 5, 8, 12, 16, 17, -1, -2, -3))
def test_power_of_constant_exponent(n):
    scope = {}
    exec(f"def f(a):\n    return a ** {n}\n", scope)
    compiled = njit(scope["f"])
    for x in INTS:
        want = outcome(int_power, x, n) if n >= 0 else outcome(float_power, float(x), float(n))
        same(want, outcome(compiled, x), 8 if n < 0 else 0, f"{x} ** {n}")
    for x in FLOATS:
        if n not in (0, 1) and x and not 1e-15 < abs(x) < 1e15 and math.isfinite(x):
            continue  # rounding and overflow on the way differ
        same(outcome(float_power, x, float(n)), outcome(compiled, x), 8, f"{x} ** {n}")


UNARY = {"-": operator.neg, "+": operator.pos, "~": operator.invert, "not ": operator.not_, "bool": bool, "abs": abs}


@pytest.mark.parametrize("op", UNARY)
@pytest.mark.parametrize("kind", BY_KIND)
def test_unary_operator(op, kind):
    if op == "~" and kind in ("float", "complex"):
        check_error(function("~a", "a"), (BY_KIND[kind][0],), hotloop.TypingError)
        return
    compiled = njit(function(f"{op}(a)", "a"))
    for x in BY_KIND[kind]:
        if op == "~" and kind == "bool":
            want = ~int(x)
        else:
            want = outcome(UNARY[op], x)
        if isinstance(want, OverflowError):
            want = inf
        same(wrap(want) if type(want) is int else want, outcome(compiled, x), 1 if op == "abs" else 0, f"{op}{x!r}")


def test_truth_in_branches():
    def f(a):
        n = 0
        if a:
            n += 1
        if not a:
            n += 2
        while a:
            return n + 10
        return n

    checks(f, [(v,) for kind in BY_KIND.values() for v in kind])


# --- NumPy widths ---------------------------------------------------------------------------------------------------

WIDTHS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


def ends(dtype):
    info = np.iinfo(dtype)
    return [np.dtype(dtype).type(v) for v in (0, 1, 2, 7, info.max, info.min, info.max - 1)] + ([np.dtype(dtype).type(-1)] if info.min else [])


@pytest.mark.parametrize("b", WIDTHS)
@pytest.mark.parametrize("a", WIDTHS)
def test_int_widths(a, b):
    """Integers compute in 64 bits; uint64 with a signed operand in float64; comparisons are exact."""
    unsigned = "uint64" in (a, b) and a[0] == b[0] == "u"
    mixed = "uint64" in (a, b) and not unsigned
    for op in ("+", "-", "*", "//", "%", "&", "^", ">>", "<", "==", ">="):
        compiled = njit(function(f"a {op} b", "a", "b"))
        for x, y in itertools.product(ends(a), ends(b)):
            p, q = int(x), int(y)
            if op in COMPARISONS:
                want = BINARY[op](p, q)
            elif op == ">>":
                want = outcome(reference, op, p, q) if q < 64 else (-1 if p < 0 else 0) if q >= 0 else ValueError("negative shift count")
            elif op in "&^":
                want = wrap(BINARY[op](p, q), 64, "uint64" not in (a, b))
            elif mixed:
                want = outcome(BINARY[op], float(p), float(q))
            else:
                want = outcome(BINARY[op], p, q)
                if type(want) is int:
                    want = wrap(want, 64, not unsigned)
            same(want, outcome(compiled, x, y), 0, f"{x!r} {op} {y!r}")


@pytest.mark.parametrize("kind", ("int64", "uint64"))
def test_exact_comparison_of_int_and_float(kind):
    ints = [0, 1, 2**53 - 1, 2**53, 2**53 + 1, 2**62 + 1, 2**63 - 1] + ([2**63, 2**64 - 1, 2**64 - 1024] if kind[0] == "u" else [-1, -2**53 - 1, -2**63])
    floats = [0.5, -0.5, 2.0**53, 2.0**53 + 2, 2.0**62, 2.0**63, -2.0**63, 2.0**64, 1e300, -1e300, inf, -inf, nan, 0.0, 1.0]
    for op in COMPARISONS:
        left, right = njit(function(f"a {op} b", "a", "b")), njit(function(f"b {op} a", "a", "b"))
        for n, x in itertools.product(ints, floats):
            m = np.uint64(n) if kind[0] == "u" else n
            same(BINARY[op](n, x), left(m, x), 0, f"{n} {op} {x}")
            same(BINARY[op](x, n), right(m, x), 0, f"{x} {op} {n}")


F32 = [np.float32(v) for v in (0.0, -0.0, 1.0, -1.5, 0.1, 3.0, 1e-42, 3e38, -3e38, inf, -inf, nan)]


@pytest.mark.parametrize("op", ("+", "-", "*", "/", "//", "%", "**", "<", "==", ">="))
def test_float32(op):
    compiled = njit(function(f"a {op} b", "a", "b"))
    for x, y in itertools.product(F32, F32):
        with np.errstate(all="ignore"):
            if op in ("/", "//", "%") and y == 0:
                want = outcome(BINARY[op], 1.0, 0.0)
            elif op == "**" and x == 0 and y < 0:
                want = outcome(operator.pow, 0.0, -1.0)
            else:
                want = BINARY[op](x, y)
        same(want, outcome(compiled, x, y), 1 if op == "**" else 0, f"{x!r} {op} {y!r}")


def test_literals_are_weak():
    def half(x):
        return x * 0.5, x + 1, 2 - x, x / 3, x * (2 * math.pi)

    for x in (np.float32(0.1), np.float32(1e10)):
        for want, got in zip(half(x), njit(half)(x)):
            assert isinstance(want, np.float32) and float(want) == got

    def unsigned(u):
        return u + 1, u * 3, u >> 3, u ^ 5, u < -1, u > 2**62, 1 << u

    u = np.uint64(2**63 + 5)
    assert njit(unsigned)(u) == (2**63 + 6, (3 * (2**63 + 5)) % 2**64, (2**63 + 5) >> 3, 2**63, False, True, 0)


def test_literal_branches_are_cut():
    @njit
    def f(x):
        if 2 * 3 + 1 > 7 or not 1.5 < 2:
            return x.no_such_attribute
        return x + (10 if 2**3 == 8 else "text")

    assert f(1) == 11


def test_complex64():
    values = [np.complex64(complex(a, b)) for a in (0.1, -2.0, 3e20) for b in (0.0, 1.3, -1e-20)]
    for op in ("+", "-", "*", "/", "==", "!="):
        compiled = njit(function(f"a {op} b", "a", "b"))
        for x, y in itertools.product(values, values):
            with np.errstate(all="ignore"):
                same(BINARY[op](x, y), compiled(x, y), 2, f"{x} {op} {y}")


# --- error model ------------------------------------------------------------------------------------------------------


def test_error_model_numpy():
    def divide(a, b):
        return a / b, a // b, a % b

    compiled = njit(error_model="numpy")(divide)
    for a, b in itertools.product((1.5, -1.5, 0.0, inf, nan), (0.0, -0.0, 2.0)):
        with np.errstate(all="ignore"):
            compare(divide(np.float64(a), np.float64(b)), compiled(a, b), f"{a}, {b}")
    for a in (5, 0, -5):
        with np.errstate(all="ignore"):
            compare(tuple(v.item() for v in divide(np.int64(a), np.int64(0))), compiled(a, 0), f"{a}, 0")
    assert njit(error_model="numpy")(lambda x: x ** -1.0)(0.0) == inf
    assert math.isnan(njit(error_model="numpy")(lambda x: math.sqrt(x))(-1.0))


def test_zero_division_is_caught():
    def f(a, b):
        try:
            return a // b
        except ZeroDivisionError:
            return -1

    checks(f, [(7, 2), (7, 0), (-7, 2)])


# --- conversions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ("int", "float", "bool", "complex"))
@pytest.mark.parametrize("kind", BY_KIND)
def test_constructors(name, kind):
    if kind == "complex" and name in ("int", "float"):
        check_error(function(f"{name}(a)", "a"), (1j,), hotloop.TypingError, "argument must be")
        return
    compiled, convert = njit(function(f"{name}(a)", "a")), getattr(__import__("builtins"), name)
    for x in BY_KIND[kind]:
        if name == "int" and kind == "float" and math.isfinite(x) and abs(x) >= 2**63:
            with pytest.raises(OverflowError, match="64"):
                compiled(x)
            continue
        same(outcome(convert, x), outcome(compiled, x), 0, f"{name}({x!r})")


def test_constructors_of_nothing_and_text():
    check(lambda: (int(), float(), bool(), complex()))
    check(lambda: (int("12"), float("inf"), float("-1.5e3"), complex("1+2j")))
    check(lambda a, b: (complex(a, b), complex(b, a), complex(a)), 1.5, -0.0)
    check(lambda a, b: complex(a, b), 1 + 2j, 3 - 1j)
    check(lambda a: int(a), np.float32(3.99))
    check(lambda a: int(a), -2.0**63)


@pytest.mark.parametrize("to", WIDTHS + ("float32", "float64", "complex64", "complex128", "bool_"))
@pytest.mark.parametrize("kind", ("int", "float", "bool", "complex"))
def test_numpy_constructors(to, kind):
    """They wrap, cut off and round as astype does."""
    if kind == "complex" and not to.startswith("complex") and to != "bool_":
        return
    compiled = njit(function(f"np.{to}(a)", "a"))
    for x in BY_KIND[kind]:
        if kind == "float" and "int" in to and not (abs(x) < 2**31 and (x >= 0 or to[0] == "i")):
            continue  # C leaves it open
        with np.errstate(all="ignore"):
            want = np.array(x).astype(to)[()]
        same(want, compiled(x), 0, f"np.{to}({x!r})")


def test_type_objects_are_constructors():
    @njit
    def f(x):
        return hotloop.types.int8(x), hotloop.types.float32(x), hotloop.types.uint8(x)

    try:
        assert f(300.7) == (44, float(np.float32(300.7)), 44)
    except hotloop.TypingError as exc:
        pytest.skip(str(exc).splitlines()[0])


# --- builtins --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ("min", "max"))
def test_min_max(name):
    two, three = njit(function(f"{name}(a, b)", "a", "b")), njit(function(f"{name}(a, b, c)", "a", "b", "c"))
    pick = {"min": min, "max": max}[name]
    for values in (INTS, FLOATS, BOOLS):
        for x, y in itertools.product(values, values):
            same(pick(x, y), two(x, y), 0, f"{name}({x}, {y})")
            same(pick(y, x, y), three(y, x, y), 0, f"{name}({y}, {x}, {y})")
    same(float(pick(2, 2.5)), two(2, 2.5), 0)
    clamp = njit(lambda x: min(max(x, 0), 255))
    assert [clamp(v) for v in (-3, 7, 999)] == [0, 7, 255]
    assert njit(lambda x: max(x, 0.0))(np.float32(0.1)) == float(np.float32(0.1))


def test_round():
    one, digits = njit(lambda x: round(x)), njit(lambda x, n: round(x, n))
    for x in FLOATS + (0.5, 1.5, 2.5, -0.5, -1.5, 2.675, 1e15 + 0.5, 4503599627370497.5):
        want = outcome(round, x)
        if type(want) is int and abs(want) >= 2**63:
            continue
        same(want, outcome(one, x), 0, f"round({x})")
        for n in (0, 1, 2, 5, 10, 17, 300, 400, -1, -2, -300, -400):
            want = outcome(round, x, n)
            if not isinstance(want, Exception):
                same(want, outcome(digits, x, n), 0, f"round({x}, {n})")
    for x in (0.15, 0.25, 0.35, 2.675, 1.005, 1e22, 123456789.987654321, 5.5e-5, 0.1 + 0.2, 12345.6789, 0.5, 25.0, 35.0, 45.0):
        for n in range(-3, 12):
            same(round(x, n), digits(x, n), 0, f"round({x}, {n})")
            same(round(-x, n), digits(-x, n), 0, f"round({-x}, {n})")
    for x in (0, 5, 15, 25, -5, -15, 149, 150, 151, 10**12 + 5, True):
        for n in (0, 1, -1, -2, -3, -30):
            same(round(x, n), digits(x, n), 0, f"round({x}, {n})")
        same(round(x), one(x), 0, f"round({x})")


def test_divmod():
    compiled = njit(lambda a, b: divmod(a, b))
    for values in (INTS, FLOATS):
        for x, y in itertools.product(values, values):
            want = outcome(divmod, x, y)
            if isinstance(want, tuple) and type(want[0]) is int:
                want = tuple(wrap(v) for v in want)
            same(want, outcome(compiled, x, y), 0, f"divmod({x}, {y})")


def test_pow():
    two, three = njit(lambda a, b: pow(a, b)), njit(lambda a, b, m: pow(a, b, m))
    for x, y in itertools.product(INTS, (0, 1, 2, 5, 63, 64)):
        same(int_power(x, y), two(x, y), 0)
    for x, y, m in itertools.product(INTS, (0, 1, 2, 65, 2**63 - 1, -1, -3), (1, -1, 2, 7, -7, 2**61 - 1, 2**63 - 1, -2**63, 0)):
        same(outcome(pow, x, y, m), outcome(three, x, y, m), 0, f"pow({x}, {y}, {m})")


def test_attributes_and_methods():
    def parts(z):
        return z.real, z.imag, z.conjugate()

    for kind in BY_KIND.values():
        checks(parts, [(v,) for v in kind])

    def bits(n):
        return n.bit_length(), n.bit_count(), n.numerator, n.denominator

    for n in INTS:
        same(bits(n), njit(bits)(n), 0, str(n))
    check(lambda x: x.bit_length(), True)
    for x in FLOATS:
        check(lambda x: x.is_integer(), x)
    check(lambda x: x.item(), np.float32(0.1))
    assert njit(lambda x: x.astype(np.int8))(np.float64(-3.7)) == -3


def test_operator_module():
    names = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "lshift": "<<",
             "rshift": ">>", "and_": "&", "or_": "|", "xor": "^", "lt": "<", "le": "<=", "eq": "==", "ne": "!=", "gt": ">", "ge": ">="}
    for name, op in names.items():
        compiled = njit(function(f"operator.{name}(a, b)", "a", "b"))
        for x, y in ((7, 3), (-7, 2), (7, 0), (0, 5)):
            same(outcome(reference, op, x, y), outcome(compiled, x, y), 0, f"{name}({x}, {y})")
    check(lambda a: (operator.neg(a), operator.invert(a), operator.truth(a), operator.pos(a)), 12)


def test_refused():
    for text in ("a % b", "a // b", "a < b", "a & b", "a << b"):
        check_error(function(text, "a", "b"), (1j, 2j), hotloop.TypingError)
    check_error(function("a & b", "a", "b"), (1.0, 2), hotloop.TypingError)
    check_error(function("pow(a, 2, 3)", "a"), (1.0,), hotloop.TypingError)


def test_loops_over_numbers():
    """Accumulation widens literals; counters and flags meet."""
    def collatz(n):
        steps = 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        return steps

    def newton(x):
        guess, last = x, 0
        while abs(guess - last) > 1e-12:
            guess, last = (guess + x / guess) / 2, guess
        return guess

    def hash_bytes(n):
        h = np.uint64(14695981039346656037)
        for k in range(n):
            h ^= np.uint64(k & 255)
            h *= np.uint64(1099511628211)
        return h

    checks(collatz, [(1,), (27,), (97,)])
    checks(newton, [(2.0,), (1e10,)])
    with np.errstate(all="ignore"):
        assert njit(hash_bytes)(50) == int(hash_bytes(50))


def test_mandelbrot():
    def escape(c, most):
        z = 0j
        for k in range(most):
            if abs(z) > 2:
                return k
            z = z * z + c
        return most

    checks(escape, [(complex(a, b), 50) for a in np.linspace(-2, 1, 7) for b in np.linspace(-1, 1, 5)])


@pytest.mark.parametrize("op", ("+", "-", "*", "//", "%", "/", "<", "==", "**"))
@pytest.mark.parametrize("kind", ("int", "float", "mixed"))
def test_random_operands(op, kind):
    """Magnitudes spread over the whole range, so that quotients and remainders of every size occur."""
    rng = np.random.default_rng(7)
    compiled = njit(function(f"a {op} b", "a", "b"))

    def number(as_float):
        if as_float:
            return float(rng.standard_normal() * 2.0 ** rng.integers(-60, 60))
        return int(rng.integers(-2**63, 2**63 - 1)) >> int(rng.integers(0, 63))

    for k in range(600):
        x, y = number(kind == "float"), number(kind == "float" or kind == "mixed")
        if op == "**":
            x, y = (x, abs(y) & 63) if kind == "int" else (abs(float(x)) + 1e-9, y % 5)
        if op in ("//", "%") and k % 3 == 0:
            x = y * (k % 7)  # exact multiples
            x = wrap(x) if type(x) is int else x
        same(outcome(reference, op, x, y), outcome(compiled, x, y), 1 if op == "**" else 0, f"{x!r} {op} {y!r}")


def test_uint64_beside_a_first_zero():
    """`h = 0` is no signed number that a uint64 would meet in float64, in loops and where the function returns it."""
    def bits(a):
        h = 0
        for x in a:
            h ^= x
        return h

    def largest(a):
        m = 0
        for i in range(len(a)):
            if a[i] > m:
                m = a[i]
        return m, m

    def first(a, n):
        for x in a:
            if x > n:
                return x
        return 0

    for a in (np.array([2**64 - 1, 5, 2**63], np.uint64), np.array([1, 2], np.uint64)):
        check(bits, a)
        check(largest, a)
        check(first, a, 3)
