"""nan_to_num: the rules of NumPy's documentation, item by item."""
import numpy as np

from .. import types
from ..extending import overload


def _replacer(largest):
    def replaced(x, nan, posinf, neginf):
        if x != x:
            return nan
        if x == np.inf:
            return largest if posinf is None else posinf
        if x == -np.inf:
            return -largest if neginf is None else neginf
        return float(x)
    return replaced


_replace32 = _replacer(float(np.finfo(np.float32).max))
_replace64 = _replacer(float(np.finfo(np.float64).max))


def _whole(x, copy=True, nan=0.0, posinf=None, neginf=None):
    return x.copy() if copy else x


def _same(x, copy=True, nan=0.0, posinf=None, neginf=None):
    return x


def _for_items(replaced, is_complex):
    if is_complex:
        def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
            out = x.copy()
            flat = out.ravel()
            for k in range(flat.size):
                flat[k] = complex(replaced(flat[k].real, nan, posinf, neginf), replaced(flat[k].imag, nan, posinf, neginf))
            return out
    else:
        def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
            out = x.copy()
            flat = out.ravel()
            for k in range(flat.size):
                flat[k] = replaced(flat[k], nan, posinf, neginf)
            return out
    return nan_to_num


def _number(x, copy=True, nan=0.0, posinf=None, neginf=None):
    return _replace64(x, nan, posinf, neginf)


_arrays = {types.float32: _for_items(_replace32, False), types.float64: _for_items(_replace64, False),
           types.complex64: _for_items(_replace32, True), types.complex128: _for_items(_replace64, True)}


@overload(np.nan_to_num)
def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    if isinstance(x, types.Array):
        return _arrays.get(x.dtype, _whole)
    if isinstance(x, types.Float):
        return _number
    return _same if isinstance(x, (types.Integer, types.Boolean)) else None
