"""np.full and np.full_like with an array to fill with, which is broadcast; np.array with ndmin=; contiguous arrays of one item."""
import numpy as np

from .. import types
from ..errors import TypingError
from ..extending import overload
from .arguments import constant, once

def _full(layout):
    def full(shape, fill_value, dtype=None, order="C"):
        if dtype is None:
            out = np.empty(shape, fill_value.dtype, layout)
        else:
            out = np.empty(shape, dtype, layout)
        out[...] = fill_value
        return out
    return full


@overload(np.full)
def full(shape, fill_value, dtype=None, order="C"):
    layout = constant(order)
    return once(("full", layout), lambda: _full(layout)) if isinstance(fill_value, types.Array) and layout in ("C", "F") else None


def _full_like(a, fill_value, dtype=None):
    out = np.empty_like(a, dtype)
    out[...] = fill_value
    return out


@overload(np.full_like)
def full_like(a, fill_value, dtype=None):
    return _full_like if isinstance(a, types.Array) and isinstance(fill_value, types.Array) else None


# --- np.array(object, ndmin=) ----------------------------------------------------------------------------------------


def _ndim(t):
    """Dimensions of the array that np.array makes of a value of this type; None: it makes none, as far as one can see."""
    if isinstance(t, types.Array):
        return t.ndim
    if isinstance(t, types.List):
        inner = _ndim(t.dtype)
        return None if inner is None else 1 + inner
    if isinstance(t, types.BaseTuple):
        inner = {_ndim(item) for item in t}
        return 1 + inner.pop() if len(inner) == 1 and None not in inner else None
    return 0 if isinstance(types.unliteral(t), (types.Number, types.Boolean)) else None


def _array(missing):
    ones = (1,) * missing

    def array(object, dtype=None, copy=True, ndmin=0):
        made = np.array(object, dtype)
        return made.reshape(ones + made.shape)
    return array


@overload(np.array)
def array(object, dtype=None, copy=True, ndmin=0):
    wanted, has = constant(ndmin), _ndim(object)
    if not isinstance(ndmin, types.Type) or not isinstance(wanted, int) or has is None or constant(copy) is not True:
        return None
    if wanted > 32:
        raise TypingError(f"ndmin is {wanted}; arrays in compiled code have up to 32 dimensions")
    missing = max(wanted - has, 0)
    return once(("array", missing), lambda: _array(missing))


# --- one item --------------------------------------------------------------------------------------------------------


def _one_item(a, dtype=None):
    return np.full(1, a, dtype)


def _contiguous(a, dtype=None):
    return _one_item if _ndim(a) == 0 else None


overload(np.ascontiguousarray)(_contiguous)
overload(np.asfortranarray)(_contiguous)
