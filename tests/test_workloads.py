"""The programs that people bring to this kind of compiler, each as they write it."""
import math
import pickle
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import hotloop
import programs
from harness import check, check_error, checks
from hotloop import jit, njit

# --- lists and loops -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("func", [programs.add_loop, programs.add_comprehension])
def test_lists(func):
    x = [float(i) / 7 for i in range(100_000)]
    checks(func, [(x, 10.0), ([1.5], 2), ([], 1.0)])


def test_list_of_ints():
    check(programs.add_comprehension, list(range(1000)), 5)
    check(programs.add_comprehension, list(range(1000)), 0.5)


# --- threads ---------------------------------------------------------------------------------------------------------------


@jit(nopython=True, nogil=True)
def sigmoid_slice(x, out, begin, end):
    for i in range(begin, end):
        out[i] = 1.0 / (1.0 + math.exp(-x[i]))


sigmoid_view = jit(nopython=True, nogil=True)(programs.sigmoid)


def test_threads():
    x = np.linspace(-6, 6, 200_001)
    want = 1 / (1 + np.exp(-x))
    for call in (lambda out, a, b: sigmoid_slice(x, out, a, b), lambda out, a, b: sigmoid_view(x[a:b], out[a:b])):
        out = np.zeros_like(x)
        step = 10_000
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda a: call(out, a, min(a + step, len(x))), range(0, len(x), step)))
        np.testing.assert_allclose(out, want, rtol=1e-14)


def test_threads_error():
    """An exception in one thread arrives at its caller and nowhere else."""

    @njit(nogil=True)
    def f(n):
        if n == 3:
            raise ValueError("three", 3)
        return n * 2

    with ThreadPoolExecutor(4) as pool:
        results = [pool.submit(f, n) for n in range(6)]
    for n, r in enumerate(results):
        if n == 3:
            assert r.exception().args == ("three", 3)
        else:
            assert r.result() == 2 * n


# --- CNN -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def images():
    rng = np.random.default_rng(1)
    return rng.random((3, 3, 12, 12), np.float32), rng.random((4, 3, 5, 5), np.float32)


def test_conv(images):
    x, w = images
    rs = np.zeros((3, 4, 8, 8), np.float32)
    check(programs.conv_slices, x, w, rs, rtol=1e-5)
    check(programs.conv_loops, x, w, rs, rtol=1e-5)


def test_conv_double(images):
    x, w = (a.astype(np.float64) for a in images)
    rs = np.zeros((3, 4, 8, 8))
    check(programs.conv_slices, x, w, rs, rtol=1e-12)
    check(programs.conv_loops, x, w, rs)


def test_conv_args(images):
    """Kernels are often called through *args."""
    x, w = images

    @njit
    def run(kernel, x, *args):
        kernel(x, *args)

    @njit
    def conv(x, *args):
        w, rs, fh, fw = args
        for i in range(x.shape[0]):
            for j in range(rs.shape[2]):
                for p in range(rs.shape[3]):
                    window = x[i, ..., j:j+fh, p:p+fw]
                    for q in range(len(w)):
                        rs[i, q, j, p] += np.sum(w[q]*window)

    check(conv, x, w, np.zeros((3, 4, 8, 8), np.float32), 5, 5, rtol=1e-5)
    check(run, conv, x, w, np.zeros((3, 4, 8, 8), np.float32), 5, 5, rtol=1e-5)


def test_maxpool(images):
    x, _ = images
    rs = np.zeros((3, 3, 6, 6), np.float32)
    check(programs.maxpool_slices, x, rs, 2)
    check(programs.maxpool_loops, x, rs, 2)

    def maxpool(x, *args):
        rs, s = args
        for i in range(rs.shape[0]):
            for q in range(rs.shape[1]):
                for j in range(rs.shape[2]):
                    for p in range(rs.shape[3]):
                        best = x[i, q, j*s, p*s]
                        for a in range(s):
                            for b in range(s):
                                v = x[i, q, j*s + a, p*s + b]
                                if v > best:
                                    best = v
                        rs[i, q, j, p] = best

    check(maxpool, x, rs, 2)


def test_relu_loop():
    def relu(x):
        out = np.empty_like(x)
        for i, v in np.ndenumerate(x):
            out[i] = v if v > 0 else 0
        return out

    check(relu, np.linspace(-2, 2, 24).reshape(4, 6))


# --- scalars -----------------------------------------------------------------------------------------------------------------


def test_hypot():
    checks(programs.hypot, [(3.0, 4.0), (3, 4), (-3, 4.0), (1e300, 1e300), (math.inf, 1.0), (math.nan, 1.0)])
    check(programs.hypot, 0.0, 0.0)
    check(programs.hypot, 0, 0)


def test_py_func():
    f = njit(programs.hypot)
    assert f.py_func is programs.hypot
    assert f.py_func(3.0, 4.0) == f(3.0, 4.0) == 5.0


def test_numpy_scalars():
    def f(x):
        return np.sin(x) + np.square(x)

    checks(f, [0.5, -1.25, 3], ulp=1)

    def g(a):
        return np.square(a)

    check(g, np.arange(5.0))
    check(g, 7)
    check(g, 1.5)


def test_inspect_types(capsys):
    f = njit(programs.hypot)
    f(3.0, 4.0)
    f.inspect_types()
    out = capsys.readouterr().out
    assert "float64" in out and "hypot" in out


# --- Mandelbrot ----------------------------------------------------------------------------------------------------------------


def test_mandelbrot():
    fractal = programs.fractal(njit)
    image = np.zeros((64, 96), np.uint8)
    got = check(fractal, -2.0, 1.0, -1.0, 1.0, image, 20)
    assert got.dtype == np.uint8 and 100 < (got == 255).sum() < 64 * 96
    np.testing.assert_array_equal(got, programs.fractal(lambda f: f)(-2.0, 1.0, -1.0, 1.0, image, 20))


def test_mandelbrot_large():
    fractal = programs.fractal(njit)
    image = np.zeros((1024, 1536), np.uint8)
    got = fractal(-2.0, 1.0, -1.0, 1.0, image, 20)
    small = fractal(-2.0, 1.0, -1.0, 1.0, np.zeros((64, 96), np.uint8), 20)
    assert got is image
    np.testing.assert_array_equal(got[::16, ::16], small)


# --- arrays --------------------------------------------------------------------------------------------------------------------


def sum2d_int(arr):
    result = 0
    for i in range(arr.shape[0]):
        for j in range(arr.shape[1]):
            result += arr[i][j]
    return result


def test_sum2d():
    a = np.arange(500 * 500.0).reshape(500, 500) / 3
    for view in (a, a.T, a[::2, 1::3], a[::-1], np.asfortranarray(a), a[:0]):
        check(programs.sum2d, view)
    check(sum2d_int, np.arange(12).reshape(3, 4))
    check(programs.sum2d, np.arange(12, dtype=np.int32).reshape(3, 4))


def test_sum2d_float32():
    """`result` holds a float64: docs/differences.md, number types."""
    a = np.random.default_rng(0).random((50, 60), np.float32)
    assert njit(programs.sum2d)(a) == njit(programs.sum2d)(a.astype(np.float64))


def test_one_specialisation_per_type():
    f = njit(programs.sum2d)
    a = np.ones((4, 5))
    for x in (a, a, a.astype(np.float32), a.astype(np.int64), np.asfortranarray(a)):
        assert f(x) == 20
    assert len(f.signatures) == 4
    assert len(f.overloads) == 4


def test_add_matrices():
    a = np.random.default_rng(0).random((20, 30))
    check(programs.add_matrices, a, a.T.copy().T, np.zeros((20, 30)))
    check(programs.add_matrices, a, a, np.zeros((20, 30), np.float32))


def test_polar_distance():
    rng = np.random.default_rng(0)
    check(programs.polar_distances(njit), *(rng.random(100) for _ in range(4)), np.zeros(100), rtol=1e-13)


def test_stencil_by_hand():
    """Nine int8 pixels sum without wrapping: integers compute in 64 bits."""
    def smooth(x):
        out = np.zeros_like(x)
        for i in range(1, x.shape[0] - 1):
            for j in range(1, x.shape[1] - 1):
                out[i, j] = (x[i-1, j-1] + x[i-1, j] + x[i-1, j+1] + x[i, j-1] + x[i, j] + x[i, j+1]
                             + x[i+1, j-1] + x[i+1, j] + x[i+1, j+1]) // 9
        return out

    x = np.random.default_rng(0).integers(0, 128, (30, 40)).astype(np.int8)
    want = smooth(x.astype(np.int64)).astype(np.int8)
    np.testing.assert_array_equal(njit(smooth)(x), want)


def test_sort_mean_norm_percentile():
    check(programs.statistics, np.random.default_rng(0).random(1001), rtol=1e-13)


def test_exp_sum():
    check(programs.exp_sum, np.random.default_rng(0).random(10_001), rtol=1e-13)


def test_gaussian_loop():
    x = np.random.default_rng(0).uniform(-3, 3, 10_001)
    check(programs.gaussian, x, 0.5, 1.2, np.zeros_like(x), rtol=1e-15)
    check(programs.gaussian, x.astype(np.float32), 0.5, 1.2, np.zeros(len(x), np.float32), rtol=1e-5)


# --- memory --------------------------------------------------------------------------------------------------------------------


def reshaped_zeros(n):
    out = np.zeros(n)
    out[0] = 1
    return out.reshape(n // 4, 4)


def test_zeros():
    check(reshaped_zeros, 20)
    f = njit(reshaped_zeros)
    f(8)
    big = f(20_000_000)
    assert big.shape == (5_000_000, 4) and big[0, 0] == 1 and not big[1:10].any() and big[-1, -1] == 0


def test_zeros_touch_no_memory():
    """Twenty million zeroed items cost what lazy pages cost, not a pass over 160 MB."""
    g = njit(programs.lazy_zeros)
    g(8)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        a = g(20_000_000)
        times.append(time.perf_counter() - start)
        del a
    assert min(times) < 0.01


def test_dump(capsys):
    """The intermediate representations can be printed."""
    f = njit(programs.lazy_zeros)
    f(8)
    signature = f.signatures[0]
    assert "define" in f.inspect_llvm(signature)
    assert set(f.inspect_llvm()) == {signature}
    assert f.inspect_asm(signature)


# --- object mode, refused where the machine code is asked for -----------------------------------------------------------------------


def test_dict_argument_nopython():
    @jit(nopython=True)
    def f(d):
        return d["house"]

    text = check_error(f, ({"house": 2, "car": 35},), hotloop.TypingError)
    assert "dict" in text


# --- things that must stay flat -----------------------------------------------------------------------------------------------------


def _resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * 4096


def test_calls_do_not_leak():
    f = njit(lambda a, x: a * x)
    a = np.ones(10)
    for _ in range(10_000):
        f(a, 2.0)
    before = _resident()
    for _ in range(200_000):
        f(a, 2.0)
    assert _resident() - before < 4e6


def test_dropped_functions_free_their_code():
    def make(k):
        return njit(lambda x: x + k)

    for k in range(50):
        assert make(k)(1) == k + 1
    before = _resident()
    for k in range(150):
        assert make(k)(1) == k + 1
    assert _resident() - before < 20e6


def test_pickle_workload():
    f = pickle.loads(pickle.dumps(sigmoid_slice))
    out = np.zeros(3)
    f(np.zeros(3), out, 0, 3)
    assert out.tolist() == [0.5] * 3
