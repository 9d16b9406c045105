"""Runs a generated program three times: by CPython, compiled, and compiled without optimisation; compares all that a caller can see."""
import linecache
import math
import os
import re
import sys
import warnings

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
os.environ.setdefault("HOTLOOP_VERIFY", "1")  # before the compiler is loaded

import harness  # noqa: E402
from runtime_library import Strangers  # noqa: E402

import hotloop  # noqa: E402
from hotloop import _binding  # noqa: E402
from hotloop.errors import HotloopError, InternalError, LoweringError  # noqa: E402

VARIANTS = (("optimised", {}), ("unoptimised", {"opt_level": 0}))


class Oops(Exception):
    """A class of the program's own."""


class Wrong(AssertionError):
    """A program on which the sides differ."""


def array(dtype, shape, layout, seed, special=False):
    """The array that `ARGS` asks for: small values on a grid of quarters, or with `special` any."""
    rng = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        base = rng.integers(0, 2, shape).astype(bool)
    elif dtype.kind in "iu":
        base = rng.integers(0 if dtype.kind == "u" else -9, 10, shape).astype(dtype)
    else:
        base = (rng.integers(-32, 32, shape) * 0.25).astype(dtype)
        if dtype.kind == "c":
            base = base + (1j * rng.integers(-8, 8, shape) * 0.25).astype(dtype)
    if special and base.size:
        ends = [np.iinfo(dtype).min, np.iinfo(dtype).max, 0] if dtype.kind in "iu" else [0.1, np.inf, np.nan, -0.0, 1e30]
        base.reshape(-1)[rng.integers(0, base.size, 3)] = rng.permutation(np.array(ends, dtype))[:3]
    return harness.laid_out(base, layout)


def _wrap(x):
    return ((x + 2**63) & (2**64 - 1)) - 2**63


@hotloop.njit
def _identity(x):
    return x


_identity_plain = hotloop.njit(opt_level=0)(_identity.py_func)


def namespace(text, options=None):
    """The program's globals; options None: not compiled."""
    scope = {"__name__": "fuzz", "np": np, "math": math, "Oops": Oops, "nan": math.nan, "inf": math.inf, "array": array}
    if options is None:
        scope["wrap"], scope["njit"] = _wrap, lambda f: f
    else:
        scope["wrap"], scope["njit"] = (_identity_plain if options.get("opt_level") == 0 else _identity), hotloop.njit(**options)
    name = "<program>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    exec(compile(text, name, "exec"), scope)
    return scope


def refusal(outcome):
    """The message with which the compiler refused, or None."""
    if outcome[0] == "raises" and issubclass(outcome[1], HotloopError):
        if issubclass(outcome[1], (InternalError, LoweringError)):
            raise Wrong(f"{outcome[1].__name__}: {outcome[3]}")
        return str(outcome[3])
    return None


BROADCASTING = ("operands could not be broadcast together", "non-broadcastable output operand")


def names_shapes(outcome):
    """Is it NumPy's message about shapes?  A fused expression names those of all its arrays, the output's too (docs/differences.md)."""
    return outcome[0] == "raises" and str(outcome[3]).startswith(BROADCASTING)


def run(source, count=None):
    """Raises Wrong where the sides differ.  Gives None, or why the compiler refused the program."""
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(3000)
    before = _binding.live_allocations()
    text = source.text
    plain = namespace(text)
    constants = [k for k, value in plain.items() if isinstance(value, np.ndarray)]
    sides = [(name, namespace(text, options)) for name, options in VARIANTS]
    refused, strangers = None, Strangers()
    for args_text in source.args:
        args = eval(args_text, plain)
        want_args = harness.copy_args(args)
        want = harness.outcome(plain["f"], want_args, {})
        if want[0] == "raises" and want[1] is NameError:
            break  # a closure before its variable: when that is noticed is CPython's affair
        if want[0] == "raises" and isinstance(want[3], (MemoryError, TypeError, AttributeError, NameError)) and not isinstance(want[3], UnboundLocalError):
            raise Wrong(f"not a valid program: {want[1].__name__}: {want[3]}")
        for name, scope in sides:
            got_args = harness.copy_args(args)
            got = harness.outcome(scope["f"], got_args, {})
            refused = refusal(got)
            if refused:
                break
            try:
                harness.compare_outcomes(want, got, 0, 0, False, not names_shapes(want))
                harness.compare(want_args, got_args, "arguments")
                for k in constants:
                    harness.compare(plain[k], scope[k], k)
            except harness.Difference as e:
                raise Wrong(f"{name}, f{args_text}: {e}") from None
            got = got_args = None
            strangers.move_in()
        if refused:
            break
    want = got = got_args = want_args = args = None
    for scope in (plain, *(scope for _, scope in sides)):
        scope.clear()  # the functions end, and with them what their constants own
    scope = sides = plain = None
    if gone := strangers.leave():
        raise Wrong(f"{gone} owners were released, or kept, after their end")
    if _binding.live_allocations() > before:
        import gc
        gc.collect()
        if _binding.live_allocations() > before:
            raise Wrong(f"{_binding.live_allocations() - before} allocations were not freed")
    return refused


def reason(refused):
    """The gist of a refusal, for the statistics."""
    line = refused.strip().splitlines()[0] if refused.strip() else refused
    return re.sub(r"[0-9]+", "N", line)[:100]
