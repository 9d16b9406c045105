"""Arrays: attributes, indices, views, stores, element-wise expressions, iteration; every dtype and layout."""
import numpy as np
import pytest

import hotloop
from harness import DTYPES, INTS, LAYOUTS, check, check_error, laid_out, values
from hotloop import njit

RNG = np.random.default_rng(1)
A = RNG.random((4, 5))
B = RNG.random((4, 5))
C = RNG.random((3, 4, 5))
V = RNG.random(5)
I = RNG.integers(-5, 9, (4, 5))
NAMES = "abcdef"


def function(body, n):
    """`def f(a, b, …)` with an expression, or statements that end in a return."""
    if "\n" not in body and not body.startswith("return"):
        body = f"return {body}"
    scope = {"np": np}
    text = f"def f({', '.join(NAMES[:n])}):\n" + "".join(f"    {line}\n" for line in body.split("\n"))
    exec(text, scope)
    return scope["f"]


def run(body, *args, **options):
    return check(function(body, len(args)), *args, **options)


def store(statements, *args, **options):
    return run(statements + "\nreturn a", *args, **options)


# --- attributes and basic indices --------------------------------------------------------------------------------


@pytest.mark.parametrize("expr", [
    "a.shape", "a.strides", "a.ndim", "a.size", "a.itemsize", "a.nbytes", "len(a)", "a.T", "a.dtype == np.float64",
    "a.real", "a.imag", "np.ndim(a)", "np.shape(a)", "np.size(a)", "a[1:2, 3:4].item()", "float(a[1:2, 3])", "bool(a[:1, 0])",
    "a[1]", "a[-1]", "a[1, 2]", "a[1][2]", "a[1:3]", "a[:, 1:4]", "a[::2]", "a[::-1]", "a[:, ::-2]", "a[..., 1]", "a[1, ...]",
    "a[None]", "a[:, None, 1]", "a[-3:-1, -2]", "a[10:]", "a[3:1]", "a[5]", "a[0, 7]", "a[0, -6]", "a[:, -2:]", "a[::-1, ::-1]",
    "a[100::-1]", "a[-100:2:-1]", "a[()]", "a[...]", "a[1:3][0][::2][1]", "a.T[1]", "a[np.int8(2), np.uint8(1)]", "a[2][None, ::2]",
])
def test_reading(expr):
    run(expr, A)


@pytest.mark.parametrize("expr, args", [
    ("a[b:c]", (1, 3)), ("a[b:c]", (-3, -1)), ("a[b:c]", (7, 9)), ("a[b:c]", (-9, 9)), ("a[b:c:d]", (3, 0, -1)), ("a[b:c:d]", (0, 4, 2)),
    ("a[b:c:d]", (0, 4, 0)), ("a[b, c]", (2, -1)), ("a[:, b]", (-1,)), ("a[b]", (4,)), ("a[b]", (-5,)), ("a[b:]", (2,)), ("a[:b:c]", (-1, 3)),
])
def test_reading_at_variables(expr, args):
    run(expr, A, *args)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int64", "float32", "float64", "complex64"])
def test_layouts(dtype, layout):
    a = array(dtype, layout)
    run("(a.shape, a.T, a + a, a.sum(), a == a)", a, rtol=1e-5)
    if a.ndim == 2 and a.size:
        run("(a[1], a[:, 1], a[1, 1], a[::-1, 1:].sum(axis=0), a.ravel(), a.copy())", a, rtol=1e-5)
        store("a[1] = a[0]", a)
        store("a[1, 1] = 1", a)


def array(dtype, layout):
    base = values(dtype, (6, 8))
    cut = {"strided": base[::2, 1::3], "negative": base[::-1, ::-2], "empty": base[:0], "0-d": base[1, 1:2].reshape(())}
    return cut[layout] if layout in cut else laid_out(base, layout)


def test_read_only():
    a = A.copy()
    a.flags.writeable = False
    for body in ("a[1, 1] = 2", "a[1] = 2", "a += 1", "a[:, 1] *= 2", "a.fill(3)", "a[a > 0.5] = 1", "a.sort()"):
        store(body, a)


def test_bad_indices():
    check_error(function("a[1.5]", 1), (A,), hotloop.TypingError, "integers")
    check_error(function("a[1, 2, 3]", 1), (A,), hotloop.TypingError, "too many indices")
    check_error(function("a[..., 1, ...]", 1), (A,), hotloop.TypingError, "ellipsis")
    check_error(function("a['x']", 1), (A,), hotloop.TypingError)


# --- stores ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [
    "a[1] = 5", "a[1, 2] = 7", "a[:, 1] = b[:, 2]", "a[1:3] = b[0]", "a[...] = b * 2 + a", "a += b", "a *= 2", "a[1] += b[0]", "a[1:] += a[:-1]",
    "a[1:] = a[:-1]", "a[:-1] = a[1:]", "a[::-1] = a", "a[:] = a[::-1]", "a[1:, 1:] = a[:-1, :-1]", "a -= a[0]", "a /= a[:, :1]",
    "a[0] = b[:, 0]", "a[:, 0] -= a[:, 1] * 2", "a[2, 3] += 1", "a[9] = b[0]", "a[-1] = 1", "a.T[:] = b.T", "a[:, ::2] = a[:, ::-2]",
    "a[1:3, 1:3] = a[0:2, 0:2] + a[2:4, 2:4]", "a //= 2", "a **= 2", "a %= 0.3", "a[:] = 0", "a[1:1] = 3", "a[:, None] = b[:, None]",
    "a[0, :] = a[:, 0].sum()", "a[::2] = a[1::2]", "a[:2] = a[1:3] * a[2:4]", "a[0] = b", "a[:, :1] = b[:, :1] + b[:1]", "a.fill(3)",
    "a[1] = b[1].astype(np.float32)",
])
def test_stores(body):
    store(body, A, B)


@pytest.mark.parametrize("body", ["a += b", "a[1:] += b[:-1]", "a[:] = b[::-1] + a", "a[:, 1:] = b[:, :-1]", "a[0] = b[:, 0][:4]"])
def test_arguments_that_overlap(body):
    square = RNG.random((4, 4))
    store(body, square, square)
    store(body, square, square.T)
    long = RNG.random(40)
    store(body, long[:16].reshape(4, 4), long[3:19].reshape(4, 4))


@pytest.mark.parametrize("dtype", DTYPES)
def test_stores_convert(dtype):
    a = np.zeros((3, 4), dtype)
    if np.dtype(dtype).kind == "c":
        store("a[1] = b\na[0, 0] = c", a, values("float64", 4), 2)
    else:
        store("a[1] = b\na[0, 0] = c\na[2] = d", a, np.abs(values("float64", 4)), 2, values("int8", 4) % 3)


def test_refused_stores():
    check_error(function("a[0] = b\nreturn a", 2), (A, 1j), hotloop.TypingError)
    check_error(function("a += b\nreturn a", 2), (I, A), hotloop.TypingError, "same_kind")
    check_error(function("a[0] = 'x'\nreturn a", 1), (A,), hotloop.TypingError)


# --- element-wise ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("expr", [
    "a + b", "a * 2 + b", "a * b - a / b", "-a", "+a", "a > 0.5", "(a > 0.2) & (a < 0.7)", "~(a > 0.5)", "a ** 2", "2 ** a", "a // 0.3", "a % 0.3",
    "a != b", "1 / a", "a[::2] + b[::2]", "a.T + b.T", "a.T + b.T * 2.0", "a[:, :1] + b", "a + b[:1]", "a[:, :1] + b[:1]", "a[0] + b",
    "a[:, None] + b[None, :]", "a + a.T[:, :4].T", "abs(a - 0.5)", "np.where(a > 0.5, a, b)", "np.where(a > 0.5, 1, 0)", "np.where(a > 0.5, a, 0)",
    "np.clip(a, 0.2, 0.8)", "a.clip(0.3, 0.6)", "np.clip(a, b, 1.0)", "np.clip(a, 0.5, None)", "a.astype(np.int64)", "(a * 10).astype(np.uint8)",
    "np.float32(a)", "np.add(a, b)", "np.maximum(a, b) - np.minimum(a, 0.5)", "np.hypot(a, b)", "np.round(a, 2)", "a.round(1)", "a.conj()",
    "(a + b).sum()", "np.sqrt(a) * np.sqrt(b)", "np.floor(a * 10)", "np.sign(a - 0.5)", "np.isnan(a)", "np.logical_and(a > 0.3, b > 0.3)",
    "a + b[:, :3]", "a + b[:3]", "a[0:0] + b[0:0]", "(a + 1)[1]", "a * b * a * b + a - b",
])
def test_expressions(expr):
    run(expr, A, B, ulp=2)


@pytest.mark.parametrize("op", ["+", "-", "*", "/", "//", "%", "**", "&", "|", "^", "<<", ">>", "<", "<=", "==", "!="])
def test_operators_on_all_dtypes(op):
    f = njit(function(f"a {op} b", 2))
    for x in DTYPES:
        for y in ("bool", "int8", "uint8", "int32", "uint64", "float32", "float64", "complex64") if x != "int64" else DTYPES:
            a, b = values(x, (3, 4)), values(y, (3, 4), seed=1)
            if op in ("**", "<<", ">>"):
                b = np.abs(b).astype(y) if y != "bool" else b
            if op == "**" and np.result_type(a, b).kind in "iu":
                b = np.minimum(b, np.array(3, y))
            try:
                with np.errstate(all="ignore"):
                    want = eval(f"a {op} b")
            except TypeError:
                continue
            if want.dtype != np.float16 and not (op in "<<=" and "c" in (a.dtype.kind, b.dtype.kind)):
                check(f, a, b, rtol=1e-4 if op == "**" else 1e-5)


@pytest.mark.parametrize("dtype", INTS)
def test_literals_are_weak(dtype):
    a = values(dtype, 6)
    run("(a + 1, a * 2, a // 3, a % 3, a > 2, a == -1, 7 - a, a / 2, a * 0.5)", a)
    if dtype in ("int8", "uint8"):
        run("a + 300", a)


def test_scalars_beside_arrays():
    a = values("float32", 5)
    run("(a * b, a + c, a / d)", a, 2.5, 3, np.float32(1.5))
    run("a ** b", np.arange(5), 3)
    run("a ** b", np.arange(5), -1)


def test_zero_dimensions():
    a = np.array(2.5)
    run("(a + 1, a * a, a[()], a.sum(), a.ndim, a.reshape(1))", a)
    store("a[()] = 3", a)
    store("a[...] = 4", a)


def test_many_dimensions():
    a = RNG.random((2, 3, 2, 3, 2))
    run("(a + a[::-1], a[1, ..., 0], a[:, 1, None].sum(axis=2), a.T[0, 1], a.sum(axis=(1, 3)))", a, rtol=1e-12)


def test_temporaries_used_twice():
    run("t = a * b\ns = t + t\nt[0] = 1\nreturn s, t", A, B)
    run("t = a + 1\na[0] = 99\nreturn t", A)
    run("t = a + b\nb[:] = 0\nreturn t.sum()", A, B, rtol=1e-13)
    run("t = a[1:] * 2\na[1:] = t\na[:-1] = t\nreturn a", A)


def test_arrays_through_control_flow():
    run("s = a\nfor k in range(3):\n    s = s + a * k\nreturn s", A, rtol=1e-15)
    run("if b > 0:\n    t = a[1:]\nelse:\n    t = a[::2]\nt = t * 2\nreturn t.sum()", A, 1, rtol=1e-13)
    run("t = a\nfor k in range(2):\n    t = t[:-1]\nt += 1\nreturn a", A)
    run("x, y = a, b\nfor k in range(3):\n    x, y = y, x + y\nreturn x", A, B)


def test_new_arrays_do_not_share():
    def f(n):
        out = []
        for k in range(n):
            t = np.zeros(3)
            t[k] = k + 1
            out.append(t)
        return out[0], out[1], out[2]
    check(f, 3)


# --- iteration ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [
    "t = 0.0\nfor x in a[0]:\n    t += x\nreturn t",
    "t = 0.0\nfor r in a:\n    for x in r:\n        t += x\nreturn t",
    "t = 0.0\nfor r in a.T:\n    t = t * 2 + r[1]\nreturn t",
    "t = 0.0\nfor i, x in np.ndenumerate(a):\n    t += x * i[0] + i[1]\nreturn t",
    "t = 0.0\nfor i, j in np.ndindex(a.shape):\n    t += a[i, j] * i\nreturn t",
    "t = 0\nfor i, j in np.ndindex(3, 4):\n    t += i * j\nreturn t",
    "t = 0.0\nfor x in a.T.flat:\n    t = t * 1.5 + x\nreturn t",
    "t = 0.0\nfor k, r in enumerate(a):\n    t += k * r.sum()\nreturn t",
    "t = 0.0\nfor x, y in zip(a[0], a[1]):\n    t += x * y\nreturn t",
    "for r in a:\n    r[0] = 9\nreturn a",
    "return [r.sum() for r in a]",
])
def test_iteration(body):
    run(body, A, rtol=1e-13)


# --- advanced indices --------------------------------------------------------------------------------------------

MASK = A > 0.5
ROWS = np.array([True, False, True, True])
IX = np.array([2, 0, -1, 1])


@pytest.mark.parametrize("expr, args", [
    ("a[b]", (A, MASK)), ("a[~b]", (A, MASK)), ("a[b].sum()", (A, MASK)), ("a[b]", (A, ROWS)), ("a[b]", (V, IX)), ("a[b]", (A, IX)),
    ("a[:, b]", (A, IX)), ("a[1, b]", (A, IX)), ("a[b, c]", (A, IX, np.arange(4))), ("a[b, 1]", (A, IX)), ("a[b]", (A, np.array([[0, 1], [2, 3]]))),
    ("a[..., b]", (C, IX)), ("a[b, 1:3]", (A, IX)), ("a[[0, 2]]", (A,)), ("a[b]", (V, np.array([99]))), ("a[b]", (A, np.array([True, False]))),
    ("a[a > 0.3]", (V,)), ("a[b]", (V, np.array([], np.int64))), ("a[b]", (V, IX.astype(np.int16))), ("a[b]", (A.T, MASK.T)),
    ("a[b]", (C, C[:, :, 0] > 0.5)), ("a[::-1][b]", (V, IX)), ("a[b[:, None], c]", (A, IX, np.arange(3))),
])
def test_advanced_reading(expr, args):
    run(expr, *args, rtol=1e-14)


@pytest.mark.parametrize("body, args", [
    ("a[b] = 0", (A, MASK)), ("a[b] = c", (A, MASK, RNG.random(int(MASK.sum())))), ("a[b] = 1.5", (V, IX)), ("a[b] += 1", (V, IX)),
    ("a[b] += 1", (A, MASK)), ("a[b] = c", (A, IX, V)), ("a[:, b] = 0", (A, IX)), ("a[b] = a[c]", (V, IX, IX[::-1])), ("a[a < 0.5] = 0", (A,)),
    ("a[b, c] = 7", (A, IX, np.arange(4))), ("a[b] = c", (A, ROWS, V)), ("a[b] = c", (V, IX, RNG.random(3))), ("a[b] = a", (V, np.arange(5)[::-1])),
    ("a[b] *= 2", (V, np.array([0, 0, 1]))), ("a[b] = 1", (V, np.array([7]))), ("a[b] = 1", (V, np.array([True]))),
])
def test_advanced_stores(body, args):
    store(body, *args)


CUBE = RNG.random((3, 4, 5))
TWO = np.array([0, -1])
SOME = np.array([True, False, True])
PLANE = CUBE[:, :, 0] > 0.4


@pytest.mark.parametrize("expr, args", [
    ("a[b, 1]", (CUBE, SOME)), ("a[b, :, 1]", (CUBE, SOME)), ("a[0, a[0] > 0.5]", (CUBE,)), ("a[b, 1]", (CUBE, PLANE)), ("a[b, c]", (CUBE, SOME, TWO)),
    ("a[b, :, c]", (CUBE, TWO, TWO)), ("a[0, :, b]", (CUBE, TWO)), ("a[b, :, c]", (CUBE, TWO[:, None], TWO)), ("a[b, None, 1]", (CUBE, SOME)),
    ("a[b, ..., 1]", (CUBE, SOME)), ("a[1:, b, ::2]", (CUBE, PLANE[0])), ("a[b, :, c]", (CUBE, SOME, np.arange(3))), ("a[b, :, 0]", (CUBE, SOME[:2])),
    ("a[0, :, b]", (CUBE, np.array([7]))), ("a[None, 0, b]", (CUBE, np.array([9]))), ("a[b, 9]", (CUBE, PLANE)), ("a[None, b, None, c]", (CUBE, TWO, TWO)),
    ("a[b, :, c]", (CUBE.transpose(1, 0, 2), PLANE[0], 1)), ("a[b & False, 1]", (CUBE, SOME)),
])
def test_masks_beside_other_indices(expr, args):
    run(expr, *args)


@pytest.mark.parametrize("body, args", [
    ("a[b, :, 1] += 1", (CUBE, SOME)), ("a[b, 1] = 7", (CUBE, SOME)), ("a[b, :, b] = 1", (CUBE, TWO)), ("a[0, :, b] = c", (CUBE, TWO, np.arange(4))),
    ("a[0, b] *= 2", (CUBE, PLANE[0])), ("a[b, 1, 2] = c", (CUBE, SOME, TWO)), ("a[b, 0] = c", (CUBE, PLANE, np.arange(99))),
    ("a[b, :, c] += d", (CUBE, TWO, TWO, np.arange(4))),
])
def test_stores_with_masks_beside_other_indices(body, args):
    store(body, *args)


def test_no_memory_is_lost_when_allocation_fails():
    from hotloop import _binding
    f = njit(function("t = a * 2 + b\nu = np.sort(t[0])\nreturn np.concatenate((u, t[1])) + np.zeros(10)", 2))
    want = f(A, B)
    if not hasattr(_binding, "fail_after"):
        pytest.skip("the binding does not let allocations fail")
    before = _binding.live_allocations()
    for n in range(20):
        _binding.fail_after(n)
        try:
            got = f(A, B)
        except MemoryError:
            continue
        finally:
            _binding.fail_after(-1)
        np.testing.assert_array_equal(got, want)
        break
    got = None
    assert _binding.live_allocations() <= before


# --- extremes of floats: a NaN anywhere, infinities of both signs, sums that overflow ------------------------------------------

EXTREMES = {
    "plain": [3.0, -1.5, 2.25, 7.0], "nan first": [np.nan, 1.0, 2.0], "nan last": [5.0, 1.0, np.nan], "nan between": [1.0, np.nan, 9.0],
    "infinities": [np.inf, 1.0, -np.inf, 4.0], "infinities and nan": [np.inf, -np.inf, np.nan, 4.0], "least": [-np.inf] * 3, "greatest": [np.inf] * 2,
    "overflow": [3e38, 3e38, -3e38, -3e38, -3e38, -3e38], "overflow in double": [1.7e308, 1.7e308, -1.7e308, -np.inf], "one nan": [np.nan], "one": [-2.5],
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_of_special_values(name, dtype):
    with np.errstate(over="ignore"):
        values = np.array(EXTREMES[name], dtype)
    for n in (1, 9, 40, 150):   # scalar code, one vector, several
        a = np.full(len(values) * n, values.min() if values.min() == values.min() else 0.5, dtype)
        a[n // 2::n] = values
        run("np.max(a), np.min(a), a.max(), a.min()", a)
        run("np.max(a), np.min(a)", a[::-2])
        run("np.max(a), np.min(a)", a.reshape(len(values), n))
        run("np.max(a), np.min(a)", a.reshape(n, len(values)).T)
        run("np.max(a[1:, ::2]), np.min(a[::-1, :b])", np.stack([a, a, a]), n)
        run("np.max(a, axis=0), np.min(a, axis=1)", a.reshape(len(values), n))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_windows(dtype):
    """Small windows of a larger array in a loop, some with a NaN, some clamped, some empty."""
    a = RNG.random((9, 26)).astype(dtype)
    a[4, 7] = np.nan
    body = """r = np.zeros((b, c))
for i in range(b):
    for j in range(c):
        r[i, j] = np.max(a[i*d:(i+1)*d, j*e:(j+1)*e])
return r"""
    for b, c, d, e in ((3, 2, 3, 13), (3, 3, 3, 8), (4, 3, 2, 8), (5, 2, 2, 13), (5, 3, 2, 13), (2, 2, -1, 3), (2, 2, 0, 3), (1, 1, 40, 40)):
        run(body, a, b, c, d, e)
        run(body, a[::-1, ::2], b, c, d, e)
        run(body.replace("np.max", "np.sum"), a, b, c, d, e, rtol=1e-6)
