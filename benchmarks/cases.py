"""What is measured: a row a case.

make    decorator → function (examples/programs.py)
args    small → arguments; small ones, of the same types, for the first call: what it takes is compilation
twin    library, arguments → a call without parameters of the same program in C (twins.c), or None
first   whether the first call is measured
warm    whether later calls are
python  whether CPython runs it too: where its time is short enough to be of interest
"""
import ctypes
import math
import pathlib
import sys
from dataclasses import dataclass
from typing import Callable, Optional

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "examples"))
import programs  # noqa: E402


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    make: Callable
    args: Callable
    twin: Optional[Callable] = None
    first: bool = True
    warm: bool = True
    python: bool = True   # CPython's time is of interest, and short enough


def plain(function):
    return lambda jit: jit(function)


def pointer(a):
    return ctypes.c_void_p(a.ctypes.data)


def call(function, *args, result=None):
    """A call of a C function: integers are int64, floats are double."""
    function.restype = result
    converted = [pointer(a) if isinstance(a, np.ndarray) else ctypes.c_double(a) if isinstance(a, float) else ctypes.c_int64(a)
                 for a in args]
    return lambda keep=args: function(*converted)  # the arrays must live as long as the call


def rng():
    return np.random.default_rng(0)


def images(small):
    r, n = rng(), 1 if small else 64
    return r.random((n, 3, 28, 28), np.float32), r.random((16, 3, 5, 5), np.float32), np.zeros((n, 16, 24, 24), np.float32)


def pool(small):
    n = 1 if small else 64
    return rng().random((n, 16, 24, 24), np.float32), np.zeros((n, 16, 12, 12), np.float32), 2


def fractal(small):
    shape = (32, 48) if small else (1024, 1536)
    return -2.0, 1.0, -1.0, 1.0, np.zeros(shape, np.uint8), 20


def floats(small):
    return rng().random(100 if small else 100_000).tolist()


def million(small):
    return 1000 if small else 10**6


def vector(small, low=-4, high=4):
    return rng().uniform(low, high, million(small))


def module_of(jit):
    """The package that a decorator comes from; of CPython's, the identity, something without decorators."""
    return sys.modules.get((getattr(jit, "__module__", None) or "").split(".")[0])


def smoothing(jit):
    """A 3×3 mean as a stencil that a jitted function calls; on the side of CPython, what SciPy has for it."""
    side = module_of(jit)
    if not hasattr(side, "stencil"):
        from scipy.ndimage import uniform_filter
        return lambda image: uniform_filter(image, 3)

    @side.stencil
    def mean(a):
        return (a[-1, -1] + a[-1, 0] + a[-1, 1] + a[0, -1] + a[0, 0] + a[0, 1] + a[1, -1] + a[1, 0] + a[1, 1]) // 9

    return jit(lambda image: mean(image))


def moving(jit):
    """The mean of 30 days, by a loop over the neighborhood."""
    side = module_of(jit)
    if not hasattr(side, "stencil"):
        from scipy.ndimage import uniform_filter1d
        return lambda a: uniform_filter1d(a, 30, origin=14, mode="constant")

    @side.stencil(neighborhood=((-29, 0),))
    def mean(a):
        total = 0.0
        for i in range(-29, 1):
            total += a[i]
        return total / 30

    return jit(lambda a: mean(a))


def pixels(small):
    n = 10 if small else 1000
    return (rng().integers(-128, 128, (n, n)).astype(np.int8),)


def ufunc_add(jit):
    """float32 addition as an eager ufunc; on the side of CPython, np.add."""
    side = module_of(jit)
    if not hasattr(side, "vectorize"):
        return np.add
    return side.vectorize(["float32(float32, float32)", "float64(float64, float64)"])(lambda a, b: a + b)


def ufunc_density(jit):
    """The Gaussian density as a lazy ufunc; on the side of CPython, the same expression with NumPy."""
    side = module_of(jit)
    if not hasattr(side, "vectorize"):
        return lambda x, m, s: np.exp(-0.5 * ((x - m) / s) ** 2) / (s * math.sqrt(2 * math.pi))

    @side.vectorize
    def density_of(x, m, s):
        return math.exp(-0.5 * ((x - m) / s) ** 2) / (s * math.sqrt(2 * math.pi))

    return density_of


def smoothing_gufunc(jit):
    """The 3×3 mean of int8 pixels as a gufunc; on the side of CPython, what SciPy has for it."""
    side = module_of(jit)
    if not hasattr(side, "guvectorize"):
        from scipy.ndimage import uniform_filter
        return lambda image, out: uniform_filter(image, 3, output=out)

    @side.guvectorize([(side.int8[:, :], side.int8[:, :])], "(n,m)->(n,m)")
    def mean(a, out):
        n, m = a.shape
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                out[i, j] = (a[i - 1, j - 1] + a[i - 1, j] + a[i - 1, j + 1] + a[i, j - 1] + a[i, j] + a[i, j + 1]
                             + a[i + 1, j - 1] + a[i + 1, j] + a[i + 1, j + 1]) // 9

    return mean


def gradual(function):
    """Not everything has a native type: bare @jit; Numba wants to be told."""
    def make(jit):
        side = module_of(jit)
        if side.__name__ == "numba":
            return side.jit(forceobj=True)(function)
        return side.jit(function) if hasattr(side, "jit") else function
    return make


def beside_a_dict(settings, a):
    scale = float(settings["scale"])
    s = 0.0
    for i in range(len(a)):
        s += scale * a[i] * a[i]
    return s


#: 50 lines with one mistake, in line 48.
WRONG = "\n".join(["def wrong(a, n):", "    s = 0.0", *(f"    x{k} = a[{k}] * {k} + s" for k in range(22)), *(f"    s += x{k} - n" for k in range(22)),
                   "    t = (s, n)", "    u = t.total", "    s += u", "    return s"])


def floats32(n, count):
    return tuple(rng().random((count, n), np.float32))


CASES = [
    Case("hypot", "hypot (scalars)", plain(programs.hypot), lambda small: (3.0, 4.0), warm=False),
    Case("sum2d", "sum over 500×500", plain(programs.sum2d), lambda small: (rng().random((500, 500)),),
         lambda c, a: call(c.sum2d, a[0], 500, 500, result=ctypes.c_double)),
    Case("mandelbrot", "Mandelbrot 1024×1536", programs.fractal, fractal,
         lambda c, a: call(c.fractal, *a[:4], a[4], 1024, 1536, 20)),
    Case("list_loop", "list of 10⁵ floats in and out, loop", plain(programs.add_loop), lambda small: (floats(small), 0.5)),
    Case("list_comprehension", "list of 10⁵ floats in and out, comprehension", plain(programs.add_comprehension), lambda small: (floats(small), 0.5)),
    Case("appends", "10⁶ list appends", plain(programs.append_many), lambda small: (million(small),)),
    Case("conv_loops", "convolution, 7 loops", plain(programs.conv_loops), images,
         lambda c, a: call(c.conv_loops, *a, 64, 3, 28, 28, 16, 5, 5), python=False),
    Case("conv_slices", "convolution, np.sum of slices", plain(programs.conv_slices), images,
         lambda c, a: call(c.conv_loops, *a, 64, 3, 28, 28, 16, 5, 5), python=False),
    Case("maxpool_loops", "max-pooling, 6 loops", plain(programs.maxpool_loops), pool,
         lambda c, a: call(c.maxpool_loops, a[0], a[1], 64, 16, 12, 12, 2), python=False),
    Case("maxpool_slices", "max-pooling, np.max of slices", plain(programs.maxpool_slices), pool,
         lambda c, a: call(c.maxpool_loops, a[0], a[1], 64, 16, 12, 12, 2), python=False),
    Case("zeros", "np.zeros(20,000,000), one write", plain(programs.lazy_zeros), lambda small: (20_000_000,)),
    Case("statistics", "sort().mean() + norm + percentile of 10⁶", plain(programs.statistics), lambda small: (vector(small, 0, 1),)),
    Case("exp_sum", "np.exp(a).sum() of 10⁶", plain(programs.exp_sum), lambda small: (vector(small, 0, 1),),
         lambda c, a: call(c.exp_sum, a[0], 10**6, result=ctypes.c_double)),
    Case("sigmoid", "sigmoid loop, 10⁶", plain(programs.sigmoid), lambda small: (vector(small), np.zeros(million(small))),
         lambda c, a: call(c.sigmoid, a[0], a[1], 10**6)),
    Case("gaussian", "Gaussian loop, 10⁶", plain(programs.gaussian), lambda small: (vector(small), 0.5, 1.5, np.zeros(million(small))),
         lambda c, a: call(c.gaussian, a[0], 0.5, 1.5, a[3], 10**6)),
    Case("gaussian32", "Gaussian loop, float32, 10⁶", plain(programs.gaussian),
         lambda small: (vector(small).astype(np.float32), 0.5, 1.5, np.zeros(million(small), np.float32))),
    Case("sort", "np.sort of 10⁶", plain(lambda a: np.sort(a)), lambda small: (vector(small, 0, 1),)),
    Case("normal", "np.random.normal, 10⁶", plain(lambda n: np.random.normal(0.0, 1.0, n)), lambda small: (million(small),)),
    Case("stencil", "stencil, 3×3 mean of int8 1000×1000 (Python: scipy.ndimage.uniform_filter)", smoothing, pixels,
         lambda c, a: call(c.smooth, a[0], np.zeros((1000, 1000), np.int64), 1000, 1000)),
    Case("stencil_loop", "stencil, loop over 30 neighbours of 10⁶ (Python: uniform_filter1d)", moving, lambda small: (vector(small),),
         lambda c, a: call(c.moving, a[0], np.zeros(10**6), 10**6)),
    Case("ufunc_add", "ufunc, float32 a + b of 10⁵ (Python: np.add)", ufunc_add, lambda small: floats32(100 if small else 100_000, 3), first=False),
    Case("ufunc_density", "ufunc, Gaussian density, float32, 10⁶ (Python: NumPy expression)", ufunc_density,
         lambda small: (vector(small).astype(np.float32), np.float32(0.5), np.float32(1.5))),
    Case("gufunc", "gufunc, 3×3 mean of int8 1000×1000 (Python: scipy.ndimage.uniform_filter)", smoothing_gufunc,
         lambda small: (*pixels(small), np.zeros_like(*pixels(small))), lambda c, a: call(c.smooth8, *a, 1000, 1000), first=False),
    Case("beside_a_dict", "10⁶ items summed beside a dict look-up, bare @jit", gradual(beside_a_dict), lambda small: ({"scale": 2}, vector(small))),
    Case("fib", "fib(32)", programs.fibonacci, lambda small: (10 if small else 32,), lambda c, a: call(c.fib, 32, result=ctypes.c_int64), python=False),
]
BY_NAME = {c.name: c for c in CASES}

#: Calls whose overhead is measured, in nanoseconds: name, title, function, arguments.
OVERHEAD = [
    ("add", "add(1, 2)", plain(programs.add), lambda: (1, 2)),
    ("hypot", "hypot(3.0, 4.0)", plain(programs.hypot), lambda: (3.0, 4.0)),
    ("one_array", "one array argument", plain(programs.first), lambda: (np.zeros(3),)),
    ("object_item", "d['house'] of a dict, bare @jit", gradual(lambda d: d["house"]), lambda: ({"house": 2, "car": 35},)),
    ("ufunc_one", "ufunc of arrays of one item (Python: np.add)", ufunc_add, lambda: floats32(1, 2)),
]


def loop_exp(x, out):
    for i in range(len(x)):
        out[i] = math.exp(x[i])


def array_exp(x, out):
    out[:] = np.exp(x)


def density(x, out):
    for i in range(len(x)):
        out[i] = math.exp(-0.5 * ((x[i] - 0.5) / 1.5)**2) / (1.5 * math.sqrt(2 * math.pi))


def exact_exp(x):
    """exp with 64 bits of mantissa: eleven more than the results that are compared with it."""
    return np.exp(x.astype(np.longdouble))


def rounded_exp(x):
    return exact_exp(x).astype(np.float64)


#: name, function, reference, argument range.  The references of the last two are the same formulas in double
#: precision with a correctly rounded exp: their own roundings can turn one unit of exp into two.
ACCURACY = [
    ("exp in a loop", loop_exp, exact_exp, 700),
    ("np.exp of an array", array_exp, exact_exp, 700),
    ("sigmoid loop", programs.sigmoid, lambda x: 1 / (1 + rounded_exp(-x)), 30),
    ("Gaussian loop", density, lambda x: rounded_exp(-0.5 * ((x - 0.5) / 1.5)**2) / (1.5 * math.sqrt(2 * math.pi)), 8),
]
