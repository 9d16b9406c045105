"""Mathematical functions in loops: within 1 ULP (4 under fastmath) at every vector width, special values as math and NumPy have them."""
import os
import subprocess
import sys

import numpy as np
import pytest

from hotloop import njit

RANGES = {
    "acos": (-1, 1), "asin": (-1, 1), "atan": (-50, 50), "atanh": (-1, 1), "cbrt": (-1e10, 1e10), "cos": (-1e4, 1e4), "exp": (-700, 700),
    "exp2": (-1000, 1000), "expm1": (-40, 700), "log": (0, 1e5), "log10": (0, 1e5), "log1p": (-1, 1e5), "log2": (0, 1e5), "sin": (-1e4, 1e4),
    "tan": (-1e4, 1e4), "tanh": (-25, 25), "sinh": (-700, 700), "cosh": (-700, 700), "asinh": (-1e5, 1e5), "acosh": (1, 1e5),
}
NUMPY = {"acos": "arccos", "asin": "arcsin", "atan": "arctan", "atanh": "arctanh", "asinh": "arcsinh", "acosh": "arccosh"}
SPECIAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324, 2.3e-308, 1e300, -1e300, 710.0, -746.0, 1e22]


def arguments(name, dtype, n=100_000):
    rng = np.random.default_rng(5)
    lo, hi = RANGES[name]
    if dtype == np.float32:
        lo, hi = max(lo, -85), min(hi, 85)
        if name == "log1p":
            hi = 1e5
    x = np.concatenate([rng.uniform(lo, hi, n // 2), rng.uniform(-2, 2, n // 4), np.ldexp(rng.uniform(-1, 1, n // 4), rng.integers(-40, 20, n // 4))])
    return np.where((x >= lo) & (x <= hi), x, rng.uniform(lo, hi, n)).astype(dtype)


def ulps(got, want):
    """Distance in units of the last place of the exact result."""
    rounded = want.astype(got.dtype)
    unit = np.spacing(np.abs(rounded)).astype(want.dtype)
    return float(np.max(np.abs(got.astype(want.dtype) - want) / unit))


def looped(name, **options):
    scope = {"np": np}
    exec(f"def f(x, out):\n    for i in range(x.shape[0]):\n        out[i] = np.{NUMPY.get(name, name)}(x[i])\n", scope)
    return njit(**options)(scope["f"])


def worst(name, dtype, **options):
    x = arguments(name, dtype)
    out = np.empty_like(x)
    looped(name, **options)(x, out)
    with np.errstate(all="ignore"):
        return ulps(out, getattr(np, NUMPY.get(name, name))(x.astype(np.longdouble if dtype == np.float64 else np.float64)))


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="needs a longdouble wider than double")
@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_one_ulp(name, dtype):
    library = 2.1 if name in ("sinh", "cosh", "asinh", "acosh") else 1.001  # scalar calls: what the C library gives
    assert worst(name, dtype) <= library
    assert worst(name, dtype, fastmath=True) <= 4


@pytest.mark.parametrize("name", RANGES)
def test_special_values(name):
    x = np.array(SPECIAL * 16)
    out = np.empty_like(x)
    looped(name)(x, out)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(out, getattr(np, NUMPY.get(name, name))(x), rtol=4e-16, atol=5e-324)


def check_exp(dtype):
    """Results from the smallest subnormal number to the largest, and what lies beyond."""
    info, wide = np.finfo(dtype), np.longdouble if dtype == np.float64 else np.float64
    last, first = float(np.log(info.max)), float(np.log(wide(info.smallest_subnormal) / 2))
    edges = [np.nextafter(dtype(v), dtype(to)) for v in (last, first) for to in (-np.inf, np.inf)]
    x = np.concatenate([np.linspace(first - 2, last + 2, 100_003), np.repeat([np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, info.max, info.min, last, first, *edges], 16)])
    x = np.random.default_rng(0).permutation(x.astype(dtype))
    out = np.empty_like(x)
    looped("exp")(x, out)
    with np.errstate(all="ignore"):
        want = np.exp(x.astype(wide))
        rounded = want.astype(dtype)
    finite = np.isfinite(rounded)
    np.testing.assert_array_equal(out[~finite], rounded[~finite])
    assert ulps(out[finite], want[finite]) <= (1 if dtype == np.float64 else 1.001)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_exp_everywhere(dtype):
    check_exp(dtype)


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="names of x86 features")
@pytest.mark.parametrize("features", ["+avx2,+fma", "+sse2", "+avx512f,+avx2,+fma", "+avx512f,+avx512vl,+avx2,+fma,+prefer-256-bit"])
def test_other_widths(features):
    if "avx512f" in features and "avx512f" not in open("/proc/cpuinfo").read():
        pytest.skip("this processor has no AVX-512")
    code = ("import numpy as np, test_vecmath as t\n"
            f"if 'fma' in '{features}':  # without it, SLEEF's: infinite for the largest argument too\n"
            "    t.check_exp(np.float64), t.check_exp(np.float32)\n"
            "for name in ('exp', 'log', 'sin', 'atan', 'cbrt', 'tanh'):\n"
            "    for dtype in (np.float64, np.float32):\n"
            "        w = t.worst(name, dtype)\n"
            "        assert w <= 1.001, (name, dtype, w)\n")
    env = dict(os.environ, HOTLOOP_CPU="x86-64", HOTLOOP_CPU_FEATURES=features,
               PYTHONPATH=os.pathsep.join([os.path.dirname(os.path.abspath(__file__)), *sys.path]))
    r = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert r.returncode == 0, r.stderr


def root_of_distance(x, y):
    s = 0.0
    for i in range(len(x)):
        s += np.sqrt((x[i] - y[i]) ** 2 + 1.0)
    return s


def quotient(x, y):
    s = -0.0
    for i in range(len(x)):
        s += x[i] / (y[i] * y[i] + 1.0)
    return s


def long_formula(x, y):
    s = 0.0
    for i in range(len(x)):
        z = x[i]
        s += (((((z + y[i]) * z + 2.0) * z - 3.0) * z + 4.0) * z - 5.0) * y[i]
    return s


@pytest.mark.parametrize("function", [root_of_distance, quotient, long_formula])
def test_sums_in_order_are_exact_and_vectorised(function):
    """Values in vectors, added one after the other: the very bits of CPython."""
    compiled = njit(error_model="numpy")(function)
    rng = np.random.default_rng(2)
    for n in [*range(20), 63, 64, 65, 1000]:
        x, y = rng.normal(size=(2, n)) * 10.0 ** rng.integers(-8, 8, (2, n))
        for a, b in ((x, y), (x[::-1], y), (x[::3].copy(), y[::3])):
            assert np.array(compiled(a, b)).tobytes() == np.array(float(function(a, b))).tobytes()
    (loop,) = [loop for f in compiled.report(file=None).functions if "array(float64, 1d, C), array(float64, 1d, C)" in f.signature for loop in f.loops]
    assert loop.vectorised > 1


def test_extremes_are_no_sums():
    """What is carried round a loop over extremes does not wait for additions: it is vectorised, strictly too."""
    @njit
    def span(a):
        return a.max() - a.min()

    a = np.random.default_rng(3).normal(size=1000)
    assert span(a) == a.max() - a.min()
    loops = [loop for f in span.report(file=None).functions for loop in f.loops]
    assert loops and all(loop.vectorised > 1 for loop in loops)
