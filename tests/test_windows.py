"""Reductions of windows, a[j:j+h, k:k+w] in a loop: rows shorter and longer than a vector, every layout, edges of memory."""
import ctypes
import mmap

import hotloop
import numpy as np
import pytest
from harness import check, laid_out

TYPES = ["float32", "float64", "int32", "int64", "uint32", "uint64", "int8", "int16", "uint8", "bool", "complex64", "complex128"]
WHOLE = ["sum", "mean", "min", "max", "var", "std"]


def program(expression, result="float64"):
    """out[j, k] = the expression of `window`, h × w items of a (and `v`, weights that broadcast; `s`, a scalar)."""
    text = (f"def f(a, v, s, h, w):\n    out = np.zeros((max(a.shape[0] - h + 1, 0), max(a.shape[1] - w + 1, 0)), np.{result})\n"
            f"    for j in range(out.shape[0]):\n        for k in range(out.shape[1]):\n            window = a[j:j+h, k:k+w]\n"
            f"            out[j, k] = {expression}\n    return out\n")
    space = {"np": np}
    exec(text, space)
    return space["f"]


def items(dtype, *shape, seed=0):
    """Whole numbers, so that sums are exact in any order."""
    rng = np.random.default_rng(seed)
    a = rng.integers(0, 2, shape) if dtype == "bool" else rng.integers(0 if dtype.startswith("u") else -9, 10, shape)
    return (a + 1j * rng.integers(-9, 10, shape) if dtype.startswith("complex") else a).astype(dtype)


def layouts(a):
    return {"C": a, "F": np.asfortranarray(a), "steps": np.repeat(np.repeat(a, 2, 0), 3, 1)[::2, ::3], "backwards": a[:, ::-1],
            "upside down": a[::-1], "unaligned": laid_out(a, "unaligned"), "read-only": laid_out(a, "readonly"), "transposed": a.T}


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", WHOLE + ["prod", "any", "all", "ptp", "argmax"])
def test_every_reduction(name, dtype):
    if (name in ("min", "max", "argmax", "ptp") and dtype.startswith("complex")) or (name == "ptp" and dtype == "bool"):
        pytest.skip("is refused")
    a = items(dtype, 7, 21) if name != "prod" else items("bool", 7, 21).astype(dtype)
    f = hotloop.njit(program(f"np.{name}(window)", "complex128" if dtype.startswith("complex") else "float64"))
    for h, w in [(1, 1), (2, 2), (3, 3), (3, 5), (2, 9), (4, 17)]:
        check(f, a, a, 0, h, w, rtol=2e-5 if dtype in ("float32", "complex64") else 1e-12)


@pytest.mark.parametrize("name", ["sum", "max", "min", "mean"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_layouts(name, dtype):
    f = hotloop.njit(program(f"np.{name}(window)"))
    for a in layouts(items(dtype, 9, 13)).values():
        for h, w in [(3, 3), (1, 8), (2, 11)]:
            check(f, a, a, 0, h, w, rtol=1e-6)


@pytest.mark.parametrize("shape", [(3, 5), (1, 5), (3, 1), (1, 1), (5,), (1,), ()])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint64"])
def test_weights_broadcast(shape, dtype):
    f = hotloop.njit(program("np.sum(v * window)"))
    a = items(dtype, 8, 12)
    weights = items(dtype, *shape, seed=1)
    for v in (layouts(weights).values() if len(shape) == 2 else [weights]):
        if v.shape == shape:
            check(f, a, v, 0, 3, 5)


def test_weights_that_do_not_broadcast():
    f = hotloop.njit(program("np.sum(v * window)"))
    check(f, items("float64", 8, 12), items("float64", 3, 4), 0, 3, 5)
    check(f, items("float64", 8, 12), items("float64", 3, 4), 0, 3, 1)  # the window is what is stretched


@pytest.mark.parametrize("expression", [
    "np.sum(window * v + s)", "np.sum(-window)", "np.max(window - v)", "np.min(v - window * 2)", "np.mean((window - s) * (window - s))",
    "np.sum(window / v)", "np.sum((window - np.mean(window)) ** 2)", "np.sum(np.abs(window - v))", "np.sum(window, dtype=np.float64)",
    "np.max(np.sqrt(window * window))", "np.sum(window[:, ::2])", "np.sum(window.T * v.T)", "np.sum(window[::-1] * v)", "window.sum() + window.max()",
    "np.sum(window > s)", "np.sum(a[j:j+h, k:k+w] * a[j:j+h, k:k+w])", "np.sum(np.where(window > s, window, v))",
])
@pytest.mark.parametrize("types", ["float32 float32", "float64 float64", "float32 float64", "int32 int32", "int32 float64", "int64 float32", "int32 int64"])
def test_expressions(expression, types):
    ta, tv = types.split()
    v = items(tv, 3, 5, seed=2)
    v[v == 0] = 1
    for s in (2, 0.5):
        check(program(expression), items(ta, 6, 14), v, s, 3, 5, rtol=2e-5 if "float32" in types else 1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["min", "max", "sum", "mean"])
@pytest.mark.parametrize("expression", ["window", "window * v", "window + s"])
def test_special_values(name, dtype, expression):
    """A NaN anywhere is seen, and infinities of both signs are no NaN to an extreme."""
    f = hotloop.njit(program(f"np.{name}({expression})"))
    for special in ([np.nan], [np.inf], [-np.inf], [np.inf, -np.inf], [np.inf, np.nan], [-0.0]):
        for at in range(0, 24, 5):
            a = items(dtype, 4, 12).astype(dtype)
            for n, x in enumerate(special):
                a.flat[at + 2 * n] = x
            check(f, a, np.ones((2, 10), dtype), 0.0, 2, 10, rtol=1e-6)


def test_extremes_alone():
    a = np.full((4, 6), -np.inf)
    check(program("np.max(window)"), a, a, 0, 2, 3)
    check(program("np.min(window)"), -a, a, 0, 2, 3)
    for dtype in ("int32", "int64", "uint32", "uint64"):
        info = np.iinfo(dtype)
        f = program("np.max(window)", dtype)
        check(f, np.full((4, 6), info.min, dtype), a, 0, 2, 3)
        check(program("np.min(window)", dtype), np.full((4, 6), info.max, dtype), a, 0, 2, 3)


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("h, w", [(0, 3), (3, 0), (0, 0)])
def test_empty_windows(name, h, w):
    check(program(f"np.{name}(window)"), items("float64", 5, 5), np.ones((1, 1)), 0, h, w)


def clamped(a, h, w, by):
    total = 0.0
    for j in range(-2, a.shape[0] + 2):
        for k in range(-2, a.shape[1] + 2):
            total += by * np.sum(a[j:j+h, k:k+w]) + np.sum(a[:, j:j+h, None][:, :, 0]) + np.sum(a[j:j+h, k:k+w] * 2)
    return total


def test_clamped_windows():
    for h, w in [(3, 3), (1, 9), (2, -1), (-1, 4)]:
        check(clamped, items("float64", 6, 11), h, w, 3)


def three(a, v, h, w):
    out = np.zeros((a.shape[1] - h + 1, a.shape[2] - w + 1))
    low = 0.0
    for j in range(out.shape[0]):
        for k in range(out.shape[1]):
            window = a[..., j:j+h, k:k+w]
            out[j, k] = np.sum(v * window) + window.std()
            low = min(low, np.min(window), np.max(-window * v))
    return out, low


SLICES = {"both ends": "a[j*s-p:j*s-p+h, k*s-p:k*s-p+h]", "from": "a[j*s-p:, k*s-p:]", "to": "a[:j*s+h, :k*s+h]", "whole rows": "a[j*s:j*s+h, :]",
          "steps": "a[j*s:j*s+h:2, k*s:k*s+h:3]", "one row": "a[j, k*s-p:k*s+h]"}


@pytest.mark.parametrize("name", ["sum", "max"])
@pytest.mark.parametrize("slices", SLICES.values(), ids=SLICES)
def test_some_windows_stick_out(slices, name):
    """Most lie inside, some begin in front of the array (so at its end), some end behind it, some are empty."""
    space = {"np": np}
    exec(f"def f(a, n, m, s, p, h):\n    out = np.zeros((n, m))\n    for j in range(n):\n        for k in range(m):\n"
         f"            out[j, k] = np.{name}({slices})\n    return out\n", space)
    f = hotloop.njit(space["f"])
    for a in (items("float64", 9, 11), items("float64", 9, 11)[:, ::-1], items("float64", 0, 4)):
        for s, p, h in [(1, 0, 3), (1, 1, 3), (2, 0, 2), (2, 3, 9), (1, 0, 12), (-1, -8, 2), (3, 20, 2)]:
            for n, m in [(4, 5), (9, 11), (3, 30)]:
                check(f, a, n, m, s, p, h)


def seen_before(a, out, h, w):
    n = 0
    for j in range(out.shape[0]):
        for k in range(out.shape[1]):
            window = a[j:j+h, k:k+w]
            n += 1
            out[j, k] = n
            out[j, k] += np.max(window)
    return n


def caught(a, out, h, w):
    n = 0
    for j in range(out.shape[0]):
        for k in range(out.shape[1]):
            try:
                window = a[j:j+h, k:k+w]
                n = j * 10 + k
                out[j, k] = np.min(window)
            except ValueError:
                out[j, k] = -n
    return n


def caught_at_once(a, out, h, w):
    n = 0
    for j in range(out.shape[0]):
        for k in range(out.shape[1]):
            try:
                out[j, k] = np.max(a[j:j+h, k:k+w])
            except ValueError:
                n += 1
                out[j, k] = -n
    return n


def of_lists(a, out, h, w):
    kept = [0.0]
    for j in range(out.shape[0]):
        for k in range(out.shape[1]):
            kept = [kept[0] + np.max(a[j:j+h, k:k+w])]
            out[j, k] = kept[0]
    return kept


@pytest.mark.parametrize("f", [seen_before, caught, caught_at_once, of_lists], ids=lambda f: f.__name__)
def test_where_an_empty_window_raises(f):
    """Windows are empty from the start, or only those that begin behind the end; what ran before has run."""
    compiled = hotloop.njit(f)
    for dtype in ("float32", "float64", "int32", "int8"):
        a = items(dtype, 6, 9)
        for shape in ((6, 9), (4, 7), (7, 9), (6, 11), (0, 3)):
            for h, w in ((3, 3), (1, 1), (0, 2), (2, 0), (-1, 3), (2, 12)):
                check(compiled, a, np.zeros(shape), h, w)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_three_dimensions(dtype):
    for depth in (0, 1, 3):
        for shape in [(depth, 3, 4), (1, 3, 4), (3, 4), (1, 1, 4), (depth, 1, 1)]:
            check(three, items(dtype, depth, 5, 9), items(dtype, *shape, seed=3), 3, 4, rtol=1e-5 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_long_sums_are_as_exact_as_numpys(dtype):
    rng = np.random.default_rng(5)
    a = rng.random((600, 700)).astype(dtype)
    f = hotloop.njit(program("np.sum(window)"))
    exact = np.sum(a[:, :699], dtype=np.longdouble)
    assert abs(f(a, a, 0, 600, 699)[0, 0] - exact) <= 64 * np.finfo(dtype).eps * exact


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
def test_nothing_is_read_behind_the_last_item(dtype):
    """The array ends where a page ends, and the next page cannot be read."""
    page = mmap.PAGESIZE
    memory = mmap.mmap(-1, 3 * page)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    for side in (start, start + 2 * page):
        assert libc.mprotect(ctypes.c_void_p(side), page, 0) == 0
    try:
        n = page // np.dtype(dtype).itemsize // 8
        a = np.frombuffer((ctypes.c_char * page).from_address(start + page), dtype).reshape(8, n)
        a[...] = 1
        total, most = hotloop.njit(program("np.sum(window)")), hotloop.njit(program("np.max(window * v)"))
        for view in (a, a[::-1, ::-1]):
            for h, w in [(1, 1), (2, 3), (3, 5), (8, 9)]:
                assert (total(view, view, 0, h, w) == h * w).all()
                assert (most(view, view[:h, :w], 0, h, w) == 1).all()
        del a, view
    finally:
        for side in (start, start + 2 * page):
            libc.mprotect(ctypes.c_void_p(side), page, 3)


# --- views that are one item wide: they are broadcast along that dimension ---------------------------------------------------


@pytest.mark.parametrize("cut", ["0:1", "2:3", "-1:", "-2:-1", "7:8", "-9:-8", "j:j+1", "j:j + 1:None", "-1:0"])
@pytest.mark.parametrize("expression", ["x.T - x", "x - b", "np.sqrt(x * x + b)", "x + x", "x[:, 0:1] - x[0:1, :]", "a[0:1] * x", "np.sum(x * b)", "np.max(b - x)",
                                        "np.sum(x - x.T, axis=0)"])
def test_views_of_one_column(cut, expression):
    space = {"np": np}
    exec(f"def f(a, b, j):\n    x = a[:, {cut}]\n    return {expression}\n", space)
    f = hotloop.njit(space["f"])
    for a in (items("float64", 4, 4), items("float64", 1, 4), items("float64", 4, 0), items("float64", 5, 1), np.asfortranarray(items("float32", 4, 4))):
        for j in (0, 2, -1, -2, 9):
            check(f, a, items("float64", 4, 6, seed=1), j, rtol=1e-6, message=False)  # that a fused expression names more shapes is a known difference


def test_one_column_is_written_to():
    def f(a, j):
        a[:, 1:2] = a[:, 2:3] + 1
        a[:, j:j+1] += a[:, 0:1]
        a[:, 0:1] = a[:, 0:1].T[:, 0:1]
        return a
    for j in (0, 3, -1, 8):
        check(f, items("float64", 4, 4), j)
        check(f, items("int32", 3, 5), j)
