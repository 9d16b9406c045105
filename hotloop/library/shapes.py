"""Functions that cut, turn and combine arrays; and a few that are one expression of others."""
import numpy as np

from .. import types
from ..errors import TypingError
from ..extending import overload


def _literal(t, default):
    """The value of a literal type, the default when the argument was not given; None: only run time knows."""
    if not isinstance(t, types.Type) or isinstance(t, types.Omitted):
        return default if not isinstance(t, (int, str)) else t
    return t.literal_value if isinstance(t, types.Literal) else None


# --- split -----------------------------------------------------------------------------------------------------------


def _sections(ary, n):
    if ary.shape[0] % n:
        raise ValueError("array split does not result in an equal division")
    size = ary.shape[0] // n
    return [ary[k * size:(k + 1) * size] for k in range(n)]


def _uneven(ary, n):
    if n <= 0:
        raise ValueError("number sections must be larger than 0.")
    size, extra = divmod(ary.shape[0], n)
    return [ary[k * size + min(k, extra):(k + 1) * size + min(k + 1, extra)] for k in range(n)]


def _at(ary, where):
    n = len(where)
    return [ary[(where[k - 1] if k > 0 else 0):(where[k] if k < n else ary.shape[0])] for k in range(n + 1)]


def _on_axis(cut, axis):
    """`cut` along another axis than the first."""
    if axis == 0:
        def split(ary, indices_or_sections, axis=0):
            return cut(ary, indices_or_sections)
        return split
    if axis == 1:
        def split(ary, indices_or_sections, axis=0):
            return [np.swapaxes(part, 0, 1) for part in cut(np.swapaxes(ary, 0, 1), indices_or_sections)]
        return split
    if axis == 2:
        def split(ary, indices_or_sections, axis=0):
            return [np.swapaxes(part, 0, 2) for part in cut(np.swapaxes(ary, 0, 2), indices_or_sections)]
        return split
    return None


_splits = {(cut, axis): _on_axis(cut, axis) for cut in (_sections, _uneven, _at) for axis in range(3)}
_plain = {}


def _choose_split(ary, places, axis, even):
    if not isinstance(ary, types.Array) or axis is None:
        return None
    axis = axis + ary.ndim if axis < 0 else axis
    if not 0 <= axis < ary.ndim:
        raise TypingError(f"axis {axis} is out of bounds for array of dimension {ary.ndim}")
    number = isinstance(places, types.Literal) or isinstance(places, types.Integer)
    cut = _at if not number else _sections if even else _uneven
    return _splits.get((cut, axis))


@overload(np.split)
def split(ary, indices_or_sections, axis=0):
    return _choose_split(ary, indices_or_sections, _literal(axis, 0), True)


@overload(np.array_split)
def array_split(ary, indices_or_sections, axis=0):
    return _choose_split(ary, indices_or_sections, _literal(axis, 0), False)


def _without_axis(implementation):
    if implementation is not None and implementation not in _plain:
        def split(ary, indices_or_sections):
            return implementation(ary, indices_or_sections)
        _plain[implementation] = split
    return _plain.get(implementation)


@overload(np.vsplit)
def vsplit(ary, indices_or_sections):
    return _without_axis(_choose_split(ary, indices_or_sections, 0, True))


@overload(np.hsplit)
def hsplit(ary, indices_or_sections):
    return _without_axis(_choose_split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0, True))


@overload(np.dsplit)
def dsplit(ary, indices_or_sections):
    return _without_axis(_choose_split(ary, indices_or_sections, 2, True))


# --- rot90 -----------------------------------------------------------------------------------------------------------

_turns = (
    lambda m, k=1: m[:],
    lambda m, k=1: np.swapaxes(np.fliplr(m), 0, 1),
    lambda m, k=1: np.flip(m, (0, 1)),
    lambda m, k=1: np.fliplr(np.swapaxes(m, 0, 1)),
)


@overload(np.rot90)
def rot90(m, k=1):
    turns = _literal(k, 1)
    if not isinstance(m, types.Array) or turns is None:
        return None
    if m.ndim < 2:
        raise TypingError("rot90 needs an array of two dimensions or more")
    return _turns[turns % 4]


# --- one expression --------------------------------------------------------------------------------------------------


@overload(np.ediff1d)
def ediff1d(ary):
    return lambda ary: np.diff(ary.ravel())


def _sum_of_numbers(a, axis=None):
    return np.cumsum(np.where(np.isnan(a), 0.0, a), axis)


def _sum(a, axis=None):
    return np.cumsum(a, axis)


def _product_of_numbers(a, axis=None):
    return np.cumprod(np.where(np.isnan(a), 1.0, a), axis)


def _product(a, axis=None):
    return np.cumprod(a, axis)


@overload(np.nancumsum)
def nancumsum(a, axis=None):
    return _sum_of_numbers if isinstance(a.dtype, (types.Float, types.Complex)) else _sum


@overload(np.nancumprod)
def nancumprod(a, axis=None):
    return _product_of_numbers if isinstance(a.dtype, (types.Float, types.Complex)) else _product
