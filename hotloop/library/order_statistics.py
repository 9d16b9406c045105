"""keepdims= of medians, percentiles and norms; the norms of matrices that have names."""
import numpy as np

from .. import _binding, types
from ..errors import TypingError
from ..extending import overload
from .arguments import UNKNOWN, axes_of, constant, is_given, once


def _axis(axis, ndim):
    """The axis, or None for all; UNKNOWN: it is no single literal."""
    at = constant(axis)
    if at is None or not isinstance(at, int):
        return None if at is None else UNKNOWN
    if not -ndim <= at < ndim:
        raise TypingError(f"axis {at} is out of bounds for array of dimension {ndim}")
    return at


def _item(a):
    return np.float32 if a.dtype in (types.float32, types.complex64) else np.float64


def _keeps(a, keepdims):
    """Is keepdims given, as a literal, and the array one?  What is called from here does not give it."""
    return isinstance(a, types.Array) and isinstance(keepdims, types.Type) and isinstance(constant(keepdims), bool)


# --- medians ---------------------------------------------------------------------------------------------------------


def _median_of(function, at, keep, ndim, item):
    ones = (1,) * ndim
    if not keep:
        def median(a, axis=None, keepdims=False):
            return function(a) if at is None else function(a, at)
    elif at is None or ndim == 1:
        def median(a, axis=None, keepdims=False):
            return np.full(ones, function(a), item)
    else:
        def median(a, axis=None, keepdims=False):
            return np.expand_dims(function(a, at), at)
    return median


def _median(function, a, axis, keepdims):
    at = _axis(axis, a.ndim) if _keeps(a, keepdims) else UNKNOWN
    if at is UNKNOWN:
        return None
    form = at, constant(keepdims), a.ndim, _item(a)
    return once((function, *form), lambda: _median_of(function, *form))


def _register_median(function):
    @overload(function)
    def chooser(a, axis=None, keepdims=False):
        return _median(function, a, axis, keepdims)


# --- percentiles -----------------------------------------------------------------------------------------------------


def _percentile_of(function, at, keep, ndim, ahead, method, item):
    ones, kind = (1,) * ndim, method
    place = ahead + (axes_of(at, ndim)[0] if ndim and at is not None else 0)
    if not keep:
        def percentile(a, q, axis=None, method="linear", keepdims=False):
            return function(a, q, method=kind) if at is None else function(a, q, at, method=kind)
    elif not ahead and (at is None or ndim == 1):
        def percentile(a, q, axis=None, method="linear", keepdims=False):
            return np.full(ones, function(a, q, method=kind), item)
    elif at is None:
        def percentile(a, q, axis=None, method="linear", keepdims=False):
            r = function(a, q, method=kind)
            return r.reshape(r.shape + ones)
    else:
        def percentile(a, q, axis=None, method="linear", keepdims=False):
            return np.expand_dims(function(a, q, at, method=kind), place)
    return percentile


_discrete = ("lower", "higher", "nearest", "inverted_cdf", "closest_observation")


def _percentile(function, a, q, axis, method, keepdims):
    kind = constant(method)
    at = _axis(axis, a.ndim) if _keeps(a, keepdims) else UNKNOWN
    if at is UNKNOWN or not isinstance(kind, str):
        return None
    ahead = q.ndim if isinstance(q, types.Array) else 1 if isinstance(q, types.List) else 0
    item = _binding.as_dtype(a.dtype).type if kind in _discrete else _item(a)
    form = at, constant(keepdims), a.ndim, ahead, kind, item
    return once((function, *form), lambda: _percentile_of(function, *form))


def _register_percentile(function):
    @overload(function)
    def chooser(a, q, axis=None, *, method="linear", keepdims=False):
        return _percentile(function, a, q, axis, method, keepdims)


for _function in (np.median, np.nanmedian):
    _register_median(_function)
for _function in (np.percentile, np.quantile, np.nanpercentile, np.nanquantile):
    _register_percentile(_function)


# --- norms -----------------------------------------------------------------------------------------------------------


if hasattr(np.linalg, "svdvals"):
    def singular_values(x):
        return np.linalg.svdvals(x)
else:
    def singular_values(x):
        return np.linalg.svd(x)[1]


def _norm(name, at, keep, ndim, item):
    """`name`: "fro", "nuc" or None; `at`: None stands for all axes."""
    ones = (1,) * ndim

    def plain(x, ord):
        return np.linalg.norm(x, ord) if at is None else np.linalg.norm(x, ord, at)

    def frobenius(x, ord):
        return np.linalg.norm(x)

    def nuclear(x, ord):
        return np.sum(singular_values(x))
    value = {"fro": frobenius, "nuc": nuclear}.get(name, plain)
    if not keep:
        def norm(x, ord=None, axis=None, keepdims=False):
            return value(x, ord)
    elif at is None or ndim == 1:
        def norm(x, ord=None, axis=None, keepdims=False):
            return np.full(ones, value(x, ord), item)
    else:
        def norm(x, ord=None, axis=None, keepdims=False):
            return np.expand_dims(value(x, ord), at)
    return norm


@overload(np.linalg.norm)
def norm(x, ord=None, axis=None, keepdims=False):
    if not isinstance(x, types.Array) or not isinstance(constant(keepdims), bool):
        return None
    name, at = constant(ord), constant(axis)
    name = name if isinstance(name, str) else "number" if is_given(ord) else None
    if isinstance(ord, types.UnicodeType) and name == "number" or name in (None, "number") and not isinstance(keepdims, types.Type) and not isinstance(at, tuple):
        return None  # a row has said no
    pair = isinstance(at, tuple) and x.ndim == 2 and sorted(axes_of(at, 2)) == [0, 1]
    if pair and (name != "number" or at in ((0, 1), (-2, -1))):
        at = None  # both axes of a matrix; what ord says of rows and columns holds for them in this order
    at = _axis(at, x.ndim)
    if at is UNKNOWN:
        return None
    if name in ("fro", "nuc") and (x.ndim != 2 or at is not None):
        raise TypingError(f"the norm '{name}' is one of a matrix, this array has {x.ndim if at is None else 1} dimensions")
    if name not in (None, "number", "fro", "nuc"):
        raise TypingError(f"'{name}' is no norm that NumPy knows")
    keep = constant(keepdims)
    return once(("norm", name, at, keep, x.ndim, _item(x)), lambda: _norm(name, at, keep, x.ndim, _item(x)))
