"""Runs one function in CPython and compiled, and compares everything a caller can see.

CPython with NumPy is the specification, so a test states a function and arguments and nothing else:

    check(func, 3, array)              the same value, type, exception and changed arguments
    check(func, x, ulp=1)              floats within 1 unit in the last place
    check_error(func, (x,), TypingError, "cannot unify")

What is compared, and what is allowed to differ (docs/differences.md):

* ints, bools, strings, None and structure exactly; floats exactly unless `ulp=` or `rtol=` is given; a NaN equals a
  NaN; -0.0 differs from 0.0; complex numbers part by part.
* A NumPy scalar from CPython may be the Python number of the same kind from compiled code.
* Arrays by dtype, shape and values, whatever their memory layout; `layout=True` also asks for the same strides.
* Exceptions by class and arguments (`message=False`: by class alone).
* Arguments after the call: lists and arrays must have changed in the same way.

Each side gets copies of the arguments that keep aliasing, overlap, strides, alignment and the read-only flag.
"""
import gc
import math
import os
import sys
import types

import numpy as np
import pytest
from runtime_library import Strangers

import hotloop
from hotloop import _binding

# --- copies of arguments -----------------------------------------------------------------------------------------


def _root(array):
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _copy_array(array, memo):
    """A view at the same place of a byte-for-byte copy of the memory that owns `array`."""
    root = _root(array)
    if id(root) not in memo:
        low, high = np.lib.array_utils.byte_bounds(root)
        low = min(low, root.ctypes.data)
        size = max(high - low, 1)
        space = np.empty(size + 128, np.uint8)
        start = (low - space.ctypes.data) % 64
        if root.size:
            source = (np.ctypeslib.ctypes.c_ubyte * size).from_address(low)
            space[start:start + size] = np.frombuffer(source, np.uint8)
        memo[id(root)] = (root, low, space, start)
    _, low, space, start = memo[id(root)]
    offset = array.ctypes.data - low + start if array.size else start
    out = np.ndarray(array.shape, array.dtype, buffer=space, offset=offset, strides=array.strides)
    out.flags.writeable = array.flags.writeable
    return out


def copy_args(value, memo=None, plain_functions=False):
    """A deep copy that keeps what a compiled function can see: aliasing, overlap, strides, flags."""
    memo = {} if memo is None else memo

    def copy(v):
        if isinstance(v, np.ndarray):
            return _copy_array(v, memo)
        if isinstance(v, list):
            if id(v) not in memo:
                memo[id(v)] = (v, out := [])
                out.extend(copy(i) for i in v)
            return memo[id(v)][1]
        if isinstance(v, tuple):
            items = [copy(i) for i in v]
            return type(v)(*items) if hasattr(v, "_fields") else tuple(items)
        if isinstance(v, dict):
            return {k: copy(i) for k, i in v.items()}
        if plain_functions and (hasattr(v, "py_func") or isinstance(v, types.FunctionType)):
            return plain(v)
        return v

    return copy(value)


def plain(func, memo=None):
    """`func` with every jitted function that it reaches replaced by the Python function behind it."""
    memo = {} if memo is None else memo
    func = getattr(func, "py_func", func)
    if not isinstance(func, types.FunctionType):
        return func
    if func in memo:
        return memo[func]

    def names(code):
        found = set(code.co_names)
        for const in code.co_consts:
            if isinstance(const, types.CodeType):
                found |= names(const)
        return found

    scope = dict(func.__globals__)
    cells = tuple(types.CellType() for _ in func.__closure__ or ())
    out = types.FunctionType(func.__code__, scope, func.__name__, func.__defaults__, cells)
    out.__kwdefaults__ = func.__kwdefaults__
    memo[func] = out
    for name in names(func.__code__):
        if hasattr(scope.get(name), "py_func") or scope.get(name) is func:
            scope[name] = plain(scope[name], memo)
    for old, new in zip(func.__closure__ or (), cells):
        try:
            content = old.cell_contents
        except ValueError:
            continue
        new.cell_contents = plain(content, memo) if hasattr(content, "py_func") else content
    return out


# --- comparison --------------------------------------------------------------------------------------------------


class Difference(AssertionError):
    """The compiled function did something else than CPython."""


def _number(value):
    """A NumPy scalar as the Python number of its kind."""
    return value.item() if isinstance(value, np.generic) else value


def _floats_equal(a, b, ulp, rtol, spacing=np.float64):
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if a == b:
        return math.copysign(1, a) == math.copysign(1, b) or bool(ulp or rtol)
    if math.isinf(a) or math.isinf(b):
        return False
    if ulp and abs(a - b) <= ulp * float(np.spacing(spacing(max(abs(a), abs(b))))):
        return True
    return bool(rtol) and abs(a - b) <= rtol * max(abs(a), abs(b))


def _array_difference(a, b, ulp, rtol):
    """Indices at which two arrays of one dtype and shape differ."""
    if a.dtype.kind == "c":
        part = a.real.dtype
        a, b = (np.ascontiguousarray(x).view(part).reshape(x.shape + (2,)) for x in (a, b))
    if a.dtype.kind != "f":
        return np.argwhere(np.asarray(a != b))
    with np.errstate(all="ignore"):
        same = (np.isnan(a) & np.isnan(b)) | ((a == b) & ((np.signbit(a) == np.signbit(b)) | bool(ulp or rtol)))
        larger = np.maximum(np.abs(a), np.abs(b))
        finite = np.isfinite(a) & np.isfinite(b)
        if ulp:
            same |= finite & (np.abs(a - b) <= ulp * np.spacing(larger))
        if rtol:
            same |= finite & (np.abs(a - b) <= rtol * larger)
    return np.argwhere(~same)


def compare(want, got, where="result", *, ulp=0, rtol=0, layout=False):
    """Raises Difference unless `got`, from compiled code, equals `want`, from CPython."""

    def differ(what):
        raise Difference(f"{where}: {what}\n  CPython:  {want!r}\n  compiled: {got!r}")

    if isinstance(want, np.ndarray) and (want.ndim or isinstance(got, np.ndarray)):
        if not isinstance(got, np.ndarray):
            differ(f"{type(got).__name__} instead of an array")
        if want.dtype != got.dtype:
            differ(f"dtype {got.dtype} instead of {want.dtype}")
        if want.shape != got.shape:
            differ(f"shape {got.shape} instead of {want.shape}")
        if layout and want.size and want.strides != got.strides:
            differ(f"strides {got.strides} instead of {want.strides}")
        bad = _array_difference(want, got, ulp, rtol)
        if len(bad):
            at = tuple(int(i) for i in bad[0])[:want.ndim]
            differ(f"{len(bad)} of {want.size} items differ, the first at {at}: {want[at]!r} and {got[at]!r}")
        return
    if isinstance(want, types.FunctionType) or hasattr(want, "py_func"):
        return
    precision = type(want) if isinstance(want, np.floating) else np.float64
    if isinstance(want, np.complexfloating):
        precision = want.real.dtype.type
    want, got = _number(want), _number(got)
    if type(want) is not type(got):
        differ(f"{type(got).__name__} instead of {type(want).__name__}")
    if isinstance(want, float):
        if not _floats_equal(want, got, ulp, rtol, precision):
            differ("value")
    elif isinstance(want, complex):
        if not (_floats_equal(want.real, got.real, ulp, rtol, precision)
                and _floats_equal(want.imag, got.imag, ulp, rtol, precision)):
            differ("value")
    elif isinstance(want, (list, tuple)):
        if len(want) != len(got):
            differ(f"{len(got)} items instead of {len(want)}")
        for i, (x, y) in enumerate(zip(want, got)):
            compare(x, y, f"{where}[{i}]", ulp=ulp, rtol=rtol, layout=layout)
    elif isinstance(want, dict):
        if list(want) != list(got):
            differ("keys")
        for k in want:
            compare(want[k], got[k], f"{where}[{k!r}]", ulp=ulp, rtol=rtol, layout=layout)
    elif want != got:
        differ("value")


# --- the checks --------------------------------------------------------------------------------------------------


def outcome(func, args, kwargs):
    """("value", result) or ("raises", class, args); holds no frame alive."""
    try:
        with np.errstate(all="ignore"):
            return "value", func(*args, **kwargs)
    except Exception as exc:
        return "raises", type(exc), exc.args, exc


def compare_outcomes(want, got, ulp, rtol, layout, message):
    if want[0] != got[0]:
        (failed,) = [o for o in (want, got) if o[0] == "raises"]
        side = "CPython" if failed is want else "compiled code"
        other = got if failed is want else want
        raise Difference(f"{side} raises {failed[1].__name__}{failed[2]!r}; the other gives {other[1]!r}") from failed[3]
    if want[0] == "value":
        compare(want[1], got[1], ulp=ulp, rtol=rtol, layout=layout)
    elif want[1] is not got[1]:
        raise Difference(f"{got[1].__name__}{got[2]!r} instead of {want[1].__name__}{want[2]!r}") from got[3]
    elif message:
        try:
            compare(want[2], got[2], "arguments of the exception", ulp=ulp, rtol=rtol)
        except Difference:
            raise Difference(f"{got[1].__name__} with {got[2]!r} instead of {want[2]!r}") from got[3]


def check(func, *args, kwargs=None, ulp=0, rtol=0, layout=False, message=True, **options):
    """Runs `func(*args, **kwargs)` in CPython and compiled, twice, and compares all that a caller can see.

    Parameters
    ----------
    func : function or dispatcher
        A plain function is compiled with ``hotloop.njit(**options)``.
    ulp, rtol : number
        Allowed error of floats: units in the last place, or relative.
    layout : bool
        Arrays must also have the same strides.
    message : bool
        Exceptions must have the same arguments, not only the same class.

    Returns
    -------
    The compiled function's result (None when both raised).
    """
    compiled = func if hasattr(func, "py_func") else hotloop.njit(**options)(func)
    kwargs = kwargs or {}
    args, kwargs = copy_args((args, kwargs))  # the caller's own objects stay as they are
    want_args, want_kwargs = copy_args((args, kwargs), plain_functions=True)
    want = outcome(plain(func), want_args, want_kwargs)
    strangers = Strangers()
    for turn in ("first call", "second call"):
        got = None
        strangers.move_in()  # what the first call gave away without owning it, the second does not get
        got_args, got_kwargs = copy_args((args, kwargs))
        got = outcome(compiled, got_args, got_kwargs)
        try:
            compare_outcomes(want, got, ulp, rtol, layout, message)
            compare(want_args, got_args, "arguments", ulp=ulp, rtol=rtol)
            compare(want_kwargs, got_kwargs, "keywords", ulp=ulp, rtol=rtol)
        except Difference as exc:
            text = f"{turn} of {compiled!r}{_short(args)}: {exc}"
            cause = exc.__cause__
            raise Difference(text) from cause
    if gone := strangers.leave():
        raise Difference(f"{compiled!r}{_short(args)}: {gone} owners were released, or kept, after their end")
    if INJECT:
        fail_each_allocation(compiled, args, kwargs, want)
    return got[1] if got[0] == "value" else None


#: HOTLOOP_INJECT=1 (`make inject`): every check goes on with fail_each_allocation.
INJECT = os.environ.get("HOTLOOP_INJECT", "0") != "0"
MOST_ALLOCATIONS = 400


def fail_each_allocation(compiled, args, kwargs, want):
    """Makes the first, the second, … allocation of a call fail, and those after it, until the call gets through.

    Each time there must be a MemoryError (or what the function makes of it), and nothing may be lost.  From the 30th on some are left out.
    """
    catches = bool(compiled.py_func.__code__.co_exceptiontable)
    n, misses = 1, 0
    while n < MOST_ALLOCATIONS:
        before = _binding.live_allocations()
        got_args, got_kwargs = copy_args((args, kwargs))
        _binding.fail_after(n)
        try:
            got = outcome(compiled, got_args, got_kwargs)
        finally:
            _binding.fail_after(-1)
        if got[0] == "raises" and want[0] == "raises" and got[1] is want[1] is not MemoryError or got[0] == "value" and not catches:
            return  # there were fewer allocations
        if got[0] == "raises" and got[1] is not MemoryError and not catches:
            raise Difference(f"{compiled!r}{_short(args)}: {got[1].__name__}{got[2]!r} when allocation {n} fails") from got[3]
        misses = misses + 1 if got[0] == "value" else 0
        if misses > 3:  # a function that catches exceptions: it gets through, or hides them
            return
        got = got_args = got_kwargs = None
        if _binding.live_allocations() > before:
            gc.collect()
            if _binding.live_allocations() > before:
                raise Difference(f"{compiled!r}{_short(args)}: {_binding.live_allocations() - before} allocations are lost when allocation {n} fails")
        n += 1 + n // 30


def exception_story(exc, depth=0):
    """All that a user sees of an exception: class, arguments, traceback entries with columns, cause and context.

    Entries of other files than the tests' (NumPy's own, this harness) are left out."""
    if exc is None or depth > 8:
        return None
    entries, tb = [], exc.__traceback__
    while tb is not None:
        code = tb.tb_frame.f_code
        if "/test_" in code.co_filename:
            positions = list(code.co_positions())[tb.tb_lasti // 2]
            entries.append((code.co_name, tb.tb_lineno, *positions))
        tb = tb.tb_next
    return {"class": type(exc), "args": [_number(a) for a in exc.args], "entries": entries, "suppress": exc.__suppress_context__,
            "cause": exception_story(exc.__cause__, depth + 1), "context": exception_story(exc.__context__, depth + 1)}


def check_traceback(func, *args):
    """The exception that leaves `func(*args)` compiled tells the same story as CPython's."""
    compiled = func if hasattr(func, "py_func") else hotloop.njit(func)
    stories = []
    for f in (plain(func), compiled, compiled):
        try:
            f(*copy_args(args, plain_functions=f is not compiled))
        except BaseException as exc:
            stories.append(exception_story(exc))
            assert sys.exc_info()[1] is exc
        else:
            raise AssertionError(f"{f!r} did not raise")
        assert sys.exc_info()[1] is None
    want, *rest = stories
    assert want["entries"]
    for got in rest:
        assert got == want
    return want


def checks(func, cases, **options):
    """`check` on each argument tuple of `cases`, with one compiled function."""
    compiled = hotloop.njit(**{k: options.pop(k) for k in list(options) if k not in _CHECK_OPTIONS})(func)
    for args in cases:
        check(compiled, *(args if isinstance(args, tuple) else (args,)), **options)


_CHECK_OPTIONS = {"kwargs", "ulp", "rtol", "layout", "message"}


def _short(args):
    text = repr(args)
    return text if len(text) < 400 else text[:400] + "…"


@hotloop.njit
def _still_alive(a, b):
    return a + b


def check_error(func, args, cls, match=None, **options):
    """The compiled call raises `cls` with a message that `match` finds; afterwards the process compiles and runs on."""
    compiled = func if hasattr(func, "py_func") else hotloop.njit(**options)(func)
    with pytest.raises(cls, match=match) as info:
        compiled(*copy_args(tuple(args)))
    assert _still_alive(20, 22) == 42
    return str(info.value)


# --- material ----------------------------------------------------------------------------------------------------

INTS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float32", "float64")
COMPLEX = ("complex64", "complex128")
DTYPES = ("bool",) + INTS + FLOATS + COMPLEX
LAYOUTS = ("C", "F", "strided", "negative", "readonly", "unaligned", "empty", "0-d")

all_dtypes = pytest.mark.parametrize("dtype", DTYPES)
real_dtypes = pytest.mark.parametrize("dtype", INTS + FLOATS)
int_dtypes = pytest.mark.parametrize("dtype", INTS)
float_dtypes = pytest.mark.parametrize("dtype", FLOATS)
inexact_dtypes = pytest.mark.parametrize("dtype", FLOATS + COMPLEX)
all_layouts = pytest.mark.parametrize("layout", LAYOUTS)

#: Values at which arithmetic goes wrong.
SPECIAL_FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e-310, 5e-324, 1.7e308, -1.7e308,
                  math.pi, math.inf, -math.inf, math.nan)
SPECIAL_INTS = (0, 1, -1, 2, -2, 7, -7, 63, 64, 2**31 - 1, -2**31, 2**53 + 1, 2**63 - 1, -2**63)


def values(dtype, shape, seed=0, special=False):
    """Random items of `dtype`: small numbers, or with `special` the dtype's extremes, infinities and NaN too."""
    rng = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype.kind in "iu":
        out = rng.integers(0 if dtype.kind == "u" else -9, 10, shape).astype(dtype)
        ends = [np.iinfo(dtype).min, np.iinfo(dtype).max]
    elif dtype.kind == "f":
        out = rng.uniform(-4, 4, shape).astype(dtype)
        ends = [0.0, -0.0, np.inf, -np.inf, np.nan]
    else:
        out = (rng.uniform(-4, 4, shape) + 1j * rng.uniform(-4, 4, shape)).astype(dtype)
        ends = [complex(np.inf, 1), complex(0, -np.inf), complex(np.nan, 0), -0.0]
    if special and out.size:
        flat = out.reshape(-1)
        flat[:len(ends)] = ends[:flat.size]
        rng.shuffle(flat)
        out = flat.reshape(shape)
    return out


def arrays(dtype="float64", ndim=1, layout="C", seed=0, special=False, size=None):
    """An array of `dtype` with `ndim` dimensions in memory as `layout` (one of LAYOUTS) says."""
    shape = tuple((7, 5, 4, 3, 2)[:ndim]) if size is None else (size,) * ndim
    if layout == "0-d":
        return values(dtype, (1,), seed, special).reshape(())
    if layout == "empty":
        return values(dtype, (0,) + shape[1:], seed)
    return laid_out(values(dtype, shape, seed, special), layout)


def laid_out(a, layout):
    """A copy of an array in memory as `layout` (one of the first six of LAYOUTS) says."""
    if layout in ("C", "F", "readonly"):
        out = a.copy("F" if layout == "F" else "C")
        out.flags.writeable = layout != "readonly"
        return out
    if layout == "strided":  # between its items are others, which would show
        out = np.resize(a.reshape(-1)[::-1], tuple(2 * n + 1 for n in a.shape))[tuple(slice(1, None, 2) for _ in a.shape)]
    elif layout == "negative":
        out = np.empty(a.shape, a.dtype)[tuple(slice(None, None, -1) for _ in a.shape)]
    else:
        out = np.ndarray(a.shape, a.dtype, buffer=np.zeros(a.nbytes + 1, np.uint8), offset=1)
    out[...] = a
    return out


def overlapping(dtype="float64", size=12, shift=2):
    """Two views of one array, the second `shift` items further on."""
    base = values(dtype, size + shift)
    return base[:size], base[shift:]
