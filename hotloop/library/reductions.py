"""Forms of reductions that no row has: where=, and out= to write into.

    np.sum(a, axis, where=w)              np.sum(np.where(w, a, 0), axis)
    np.max(a, axis, initial=x, where=w)   np.max(np.where(w, a, x), axis, initial=x)
    np.mean(a, axis, where=w)             the sum above over the number of items that count
    np.sum(a, axis, out=r)                r[...] = np.sum(a, axis)

An axis and keepdims decide how many dimensions the result has, so they are constants of the implementation, one for each combination.
Methods of arrays come here too, by the name of the function.
"""
import numpy as np

from .. import _binding, types
from ..errors import TypingError
from ..extending import overload
from .arguments import UNKNOWN, constant, is_given, once, reduced_ndim


def _masked_sum(spread, at, keep, item):
    def sum(a, axis=None, dtype=None, out=None, keepdims=False, initial=None, where=True):
        return np.sum(np.where(spread(where, a.shape), a, 0), at, dtype, None, keep, initial)
    return sum


def _masked_prod(spread, at, keep, item):
    def prod(a, axis=None, dtype=None, out=None, keepdims=False, initial=None, where=True):
        return np.prod(np.where(spread(where, a.shape), a, 1), at, dtype, None, keep, initial)
    return prod


def _masked_min(spread, at, keep, item):
    def min(a, axis=None, out=None, keepdims=False, initial=None, where=True):
        return np.min(np.where(spread(where, a.shape), a, item(initial)), at, None, keep, item(initial))
    return min


def _masked_max(spread, at, keep, item):
    def max(a, axis=None, out=None, keepdims=False, initial=None, where=True):
        return np.max(np.where(spread(where, a.shape), a, item(initial)), at, None, keep, item(initial))
    return max


def _masked_any(spread, at, keep, item):
    def any(a, axis=None, out=None, keepdims=False, where=True):
        return np.any(np.logical_and(a, spread(where, a.shape)), at, None, keep)
    return any


def _masked_all(spread, at, keep, item):
    def all(a, axis=None, out=None, keepdims=False, where=True):
        return np.all(np.logical_or(a, np.logical_not(spread(where, a.shape))), at, None, keep)
    return all


def _masked_mean(spread, at, keep, item, scalar):
    nothing = complex(np.nan, np.nan) if issubclass(item, np.complexfloating) else np.nan

    def mean(a, axis=None, dtype=None, out=None, keepdims=False, where=True):
        mask = spread(where, a.shape)
        total = np.sum(np.where(mask, a, 0), at, item, None, keep)
        count = np.sum(mask, at, None, None, keep)
        if scalar:
            return item(total / count) if count else item(nothing)
        return (total / count).astype(item)
    return mean


def _no_identity(name):
    message = f"reduction operation '{name}imum' does not have an identity, so to use a where mask one has to specify 'initial'"

    def reduction(a, axis=None, out=None, keepdims=False, initial=None, where=True):
        raise ValueError(message)
    return reduction


_masked = {"sum": _masked_sum, "prod": _masked_prod, "min": _masked_min, "max": _masked_max, "any": _masked_any, "all": _masked_all}


def _spread_array(where, shape):
    return np.broadcast_to(where, shape)


def _spread_other(where, shape):
    return np.broadcast_to(np.array(where), shape)


def _check_mask(where, ndim):
    item = where.dtype if isinstance(where, (types.Array, types.List)) else types.unliteral(where)
    if not isinstance(item, types.Boolean):
        raise TypingError(f"where is {where}, it takes booleans")
    if isinstance(where, types.Array) and where.ndim > ndim or isinstance(where, types.List) and not ndim:
        raise TypingError(f"where has more dimensions than the array, which has {ndim}")


def _dtype_class(t):
    try:
        return (_binding.as_dtype(t.dtype) if isinstance(t, types.DType) else np.dtype(t.key if isinstance(t, types.Function) else constant(t))).type
    except TypeError:
        raise TypingError(f"{t} is not a dtype known while compiling") from None


def _with_mask(name, a, at, keep, dtype, initial, where):
    _check_mask(where, a.ndim)
    if name in ("min", "max") and not is_given(initial):
        return (name, None), lambda: _no_identity(name)
    item, scalar = _binding.as_dtype(a.dtype).type, reduced_ndim(a.ndim, at, keep) == 0
    spread = _spread_array if isinstance(where, types.Array) else _spread_other
    if name != "mean":
        return (name, at, keep, item, spread), lambda: _masked[name](spread, at, keep, item)
    item = item if issubclass(item, np.inexact) else np.float64
    if is_given(dtype):
        item = _dtype_class(dtype)
        if not issubclass(item, np.inexact):
            raise TypingError(f"the dtype of a mean is one of floats or complex numbers, not {dtype}")
    return (name, at, keep, item, spread, scalar), lambda: _masked_mean(spread, at, keep, item, scalar)


# --- out= ------------------------------------------------------------------------------------------------------------


_ufuncs = {"sum": "add", "prod": "multiply", "min": "minimum", "max": "maximum", "any": "logical_or", "all": "logical_and", "mean": "add"}


def _into(name, at, keep, ndim):
    """The reduction without out=, stored there.  Which parameters there are depends on the reduction."""
    reduction, ufunc = getattr(np, name), _ufuncs[name]

    def fits(out, r):
        if out.ndim != ndim:
            raise ValueError("output parameter for reduction operation " + ufunc + " has the wrong number of dimensions: Found " + str(out.ndim) + " but expected " + str(ndim))
        if ndim > 0:
            if out.shape != r.shape:
                raise ValueError("output parameter for reduction operation " + ufunc + " has the wrong shape")

    def with_dtype(a, axis=None, dtype=None, out=None, keepdims=False, initial=None):
        r = reduction(a, at, dtype, None, keep)
        fits(out, r)
        out[...] = r
        return out

    def starting(a, axis=None, dtype=None, out=None, keepdims=False, initial=None):
        r = reduction(a, at, dtype, None, keep, initial)
        fits(out, r)
        out[...] = r
        return out

    def without_dtype(a, axis=None, out=None, keepdims=False, initial=None):
        r = reduction(a, at, None, keep)
        fits(out, r)
        out[...] = r
        return out

    def starting_without_dtype(a, axis=None, out=None, keepdims=False, initial=None):
        r = reduction(a, at, None, keep, initial)
        fits(out, r)
        out[...] = r
        return out
    return {"sum": starting, "prod": starting, "mean": with_dtype, "min": starting_without_dtype, "max": starting_without_dtype}.get(name, without_dtype)


def _choose(name, a, axis, dtype, out, keepdims, initial, where):
    if not isinstance(a, types.Array) or isinstance(dtype, types.UnicodeType) and constant(dtype) is UNKNOWN:
        return None
    at, keep = constant(axis), constant(keepdims)
    if at is UNKNOWN or not isinstance(keep, bool):
        return None
    masked = where is not True
    if is_given(out):
        if masked or not isinstance(out, types.Array):
            raise TypingError("out= and where= together are not supported" if masked else f"out is {out}, it takes an array")
        key, make = (name, "out", at, keep, a.ndim), lambda: _into(name, at, keep, reduced_ndim(a.ndim, at, keep))
    elif masked:
        key, make = _with_mask(name, a, at, keep, dtype, initial, where)
    else:
        return None
    return once(key, make)


def _register(function, name):
    if name in ("sum", "prod"):
        def chooser(a, axis=None, dtype=None, out=None, keepdims=False, initial=None, where=True):
            return _choose(name, a, axis, dtype, out, keepdims, initial, where)
    elif name == "mean":
        def chooser(a, axis=None, dtype=None, out=None, keepdims=False, *, where=True):
            return _choose(name, a, axis, dtype, out, keepdims, None, where)
    elif name in ("min", "max"):
        def chooser(a, axis=None, out=None, keepdims=False, initial=None, where=True):
            return _choose(name, a, axis, None, out, keepdims, initial, where)
    else:
        def chooser(a, axis=None, out=None, keepdims=False, *, where=True):
            return _choose(name, a, axis, None, out, keepdims, None, where)
    overload(function)(chooser)


for _name in _ufuncs:
    _register(getattr(np, _name), _name)
_register(np.amin, "min")
_register(np.amax, "max")
