"""What the choosers of this package ask about the types of arguments."""
from .. import types

UNKNOWN = object()
_made = {}


def once(key, make):
    """What `make` returns, made at the first call with this key: an implementation is one function object, compiled once."""
    if key not in _made:
        _made[key] = make()
    return _made[key]


def is_given(t):
    """Was the argument given, and not as None?"""
    return t is not None and not isinstance(t, (types.Omitted, types.NoneType))


def constant(t):
    """The value of an argument whose type tells it (a literal, a tuple of such, a default), or UNKNOWN."""
    if not is_given(t):
        return None
    if isinstance(t, types.Literal):
        return t.literal_value
    if isinstance(t, types.BaseTuple):
        items = tuple(constant(item) for item in t)
        return UNKNOWN if UNKNOWN in items else items
    return UNKNOWN if isinstance(t, types.Type) else t


def axes_of(at, ndim):
    """The axes that go, counted from the first; None stands for all of them."""
    if at is None:
        return tuple(range(ndim))
    return tuple(k + ndim if k < 0 else k for k in (at if isinstance(at, tuple) else (at,)))


def reduced_ndim(ndim, at, keep):
    """Dimensions of what a reduction gives."""
    return ndim if keep else ndim - len([k for k in axes_of(at, ndim) if k < ndim])
