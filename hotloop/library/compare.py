"""isclose, allclose, nan_to_num: the rules of NumPy's documentation, item by item."""
import numpy as np

from .. import types
from ..extending import overload


def _closeness(a, b, rtol, atol, equal_nan):
    # NumPy converts b alone: the difference of unsigned integers is one of floats
    near = b * 1.0
    close = ((np.abs(a - near) <= atol + rtol * np.abs(near)) & np.isfinite(near)) | (a == b)
    if equal_nan:
        return close | ((a != a) & (b != b))
    return close


def _close_numbers(a, b, rtol, atol, equal_nan):
    if a == b:
        return True
    if equal_nan and a != a and b != b:
        return True
    near = b * 1.0
    return bool(np.isfinite(near)) and abs(a - near) <= atol + rtol * abs(near)


def _is_array(t):
    return isinstance(t, types.Array) and t.ndim > 0


def _isclose_arrays(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    near = b * 1.0
    close = ((np.abs(a - near) <= atol + rtol * np.abs(near)) & np.isfinite(near)) | (a == b)
    if equal_nan:
        return close | ((a != a) & (b != b))
    return close


def _isclose_numbers(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    return _close_numbers(a, b, rtol, atol, equal_nan)


def _allclose_arrays(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    return bool(np.all(_closeness(a, b, rtol, atol, equal_nan)))


@overload(np.isclose)
def isclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    return _isclose_arrays if _is_array(a) or _is_array(b) else _isclose_numbers


@overload(np.allclose)
def allclose(a, b, rtol=1e-05, atol=1e-08, equal_nan=False):
    return _allclose_arrays if _is_array(a) or _is_array(b) else _isclose_numbers


# --- nan_to_num ------------------------------------------------------------------------------------------------------


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
