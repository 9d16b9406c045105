"""Methods of ufuncs, NumPy's and those that `vectorize` makes: reduce, accumulate, reduceat, outer, at.

NumPy says in which types a method works (``resolve_dtypes``); what runs are loops around calls of the ufunc, which are inlined.  A
method along an axis other than the first is the same one of each subarray.
"""
import numpy as np

from .. import _binding, types
from ..errors import TypingError

_of_others = {}  # (ufunc, key) -> implementation; our own ufuncs keep theirs, and go when they go


def find(ufunc, name):
    """The chooser for a method of a ufunc, or None."""
    choose = _choosers.get(name)
    if choose is None or ufunc.signature is not None or ufunc.nout != 1:
        return None
    owner = _binding.ufunc_owner(ufunc)
    known = _of_others if owner is None else owner.__dict__.setdefault("_methods", {})

    def chooser(*args, **kwargs):
        try:
            key, make = choose(ufunc, *args, **kwargs)
        except TypeError as e:
            raise TypingError(f"{ufunc.__name__}.{name}() in compiled code: {e}") from None
        if make is None:
            return None
        key = ufunc if owner is None else None, name, *key
        if key not in known:
            known[key] = make()
        return known[key]
    return chooser


# --- what is given -------------------------------------------------------------------------------------------------------------------


def _array(t, what="array"):
    if not isinstance(t, types.Array) or not t.ndim:
        raise TypeError(f"{what} is {t}, it takes an array of at least one dimension")
    return t


def _axis(t, ndim):
    """The number of an axis, counted from the first; None: its value is asked for."""
    if t == 0:
        return 0
    if isinstance(t, types.Integer) and ndim == 1:
        return 0
    if not isinstance(t, types.Literal) or not isinstance(t.literal_value, int):
        return None
    axis = t.literal_value
    if not -ndim <= axis < ndim:
        raise TypeError(f"axis {axis} is out of bounds for array of dimension {ndim}")
    return axis % ndim


def _resolved(ufunc, array, method):
    """The types in which a reduction works: what it carries on, and what it reads.  Nothing is computed in float16, here as elsewhere."""
    if ufunc.nin != 2:
        raise TypeError("reductions are of functions of two numbers")
    carried, read, _ = ufunc.resolve_dtypes((None, _binding.as_dtype(array.dtype), None), reduction=method)
    found = [np.dtype(np.float32) if d == np.float16 else d for d in (carried, read)]
    for d in found:
        _binding.from_dtype(d)
    return tuple(d.type for d in found)


# --- reductions ----------------------------------------------------------------------------------------------------------------------


def _along(ufunc, method, array, axis, make_first, extra=()):
    array = _array(array)
    at = _axis(axis, array.ndim)
    if at is None:
        return (), None
    types_of = _resolved(ufunc, array, method)
    return (array.ndim == 1, at, *types_of, *extra), lambda: make_first(*types_of) if at == 0 else _inner[method](ufunc, at, *types_of)


def _reduce(ufunc, array, axis=0):
    several = isinstance(array, types.Array) and array.ndim > 1
    return _along(ufunc, True, array, axis, lambda *t: _reduce_arrays(ufunc, *t) if several else _reduce_numbers(ufunc, *t))


def _reduce_numbers(ufunc, carried, read):
    identity, name = ufunc.identity, ufunc.__name__

    def reduce(array, axis=0):
        if len(array) == 0:
            if identity is None:
                raise ValueError("zero-size array to reduction operation " + name + " which has no identity")
            return carried(identity)
        s = carried(array[0])
        for k in range(1, len(array)):
            s = carried(ufunc(s, read(array[k])))
        return s
    return reduce


def _reduce_arrays(ufunc, carried, read):
    identity, name = ufunc.identity, ufunc.__name__

    def reduce(array, axis=0):
        if len(array) == 0:
            if identity is None:
                raise ValueError("zero-size array to reduction operation " + name + " which has no identity")
            return np.full(array.shape[1:], identity, carried)
        result = array[0].astype(carried)
        for k in range(1, len(array)):
            ufunc(result, array[k], result)
        return result
    return reduce


def _inner_reduce(ufunc, at, carried, read):
    inner, behind = at - 1, at + 1

    def reduce(array, axis=0):
        result = np.empty(array.shape[:at] + array.shape[behind:], carried)
        for k in range(len(array)):
            result[k] = ufunc.reduce(array[k], inner)
        return result
    return reduce


def _accumulate(ufunc, array, axis=0):
    several = isinstance(array, types.Array) and array.ndim > 1
    return _along(ufunc, "accumulate", array, axis, lambda *t: _accumulate_first(ufunc, several, *t))


def _accumulate_first(ufunc, several, carried, read):
    """`several`: dimensions; it is a constant of the function, so that one of the branches is compiled."""
    def accumulate(array, axis=0):
        result = np.empty(array.shape, carried)
        if len(array) > 0:
            s = result[0] = array[0] if several else carried(array[0])
            for k in range(1, len(array)):
                if several:
                    ufunc(result[k - 1], array[k], result[k])
                else:
                    s = result[k] = carried(ufunc(s, read(array[k])))
        return result
    return accumulate


def _inner_accumulate(ufunc, at, carried, read):
    inner = at - 1

    def accumulate(array, axis=0):
        result = np.empty(array.shape, carried)
        for k in range(len(array)):
            result[k] = ufunc.accumulate(array[k], inner)
        return result
    return accumulate


def _reduceat(ufunc, array, indices, axis=0):
    indices = _array(indices, "indices")
    if indices.ndim != 1 or not isinstance(indices.dtype, types.Integer):
        raise TypeError(f"indices is {indices}, it takes an array of ints of one dimension")
    several = isinstance(array, types.Array) and array.ndim > 1
    return _along(ufunc, "reduceat", array, axis, lambda *t: _reduceat_first(ufunc, several, *t))


def _check_indices(ufunc):
    name = ufunc.__name__

    def check(indices, n):
        for k in range(len(indices)):
            if not 0 <= indices[k] < n:
                raise IndexError("index " + str(indices[k]) + " out-of-bounds in " + name + ".reduceat [0, " + str(n) + ")")
    return check


def _reduceat_first(ufunc, several, carried, read):
    """`several`: dimensions; it is a constant of the function, so that one of the branches is compiled."""
    check = _check_indices(ufunc)

    def reduceat(array, indices, axis=0):
        n, m = len(array), len(indices)
        check(indices, n)
        result = np.empty((m,) + array.shape[1:], carried)
        for k in range(m):
            rest = range(indices[k] + 1, indices[k + 1] if k + 1 < m else n)
            if several:
                row = result[k]
                row[...] = array[indices[k]]
                for i in rest:
                    ufunc(row, array[i], row)
            else:
                s = carried(array[indices[k]])
                for i in rest:
                    s = carried(ufunc(s, read(array[i])))
                result[k] = s
        return result
    return reduceat


def _inner_reduceat(ufunc, at, carried, read):
    inner, behind = at - 1, at + 1

    def reduceat(array, indices, axis=0):
        result = np.empty(array.shape[:at] + (len(indices),) + array.shape[behind:], carried)
        for k in range(len(array)):
            result[k] = ufunc.reduceat(array[k], indices, inner)
        return result
    return reduceat


_inner = {True: _inner_reduce, "accumulate": _inner_accumulate, "reduceat": _inner_reduceat}


# --- outer, at -----------------------------------------------------------------------------------------------------------------------


def _outer(ufunc, A, B):
    if ufunc.nin != 2:
        raise TypeError("outer is of functions of two operands")
    for t in (A, B):
        if not isinstance(t, (types.Array, types.Number, types.Boolean, types.Literal)):
            raise TypeError(f"it takes arrays and numbers, not {t}")
    ndim = [t.ndim if isinstance(t, types.Array) else None for t in (A, B)]
    return (*ndim,), lambda: _outer_of(ufunc, *ndim)


def _outer_of(ufunc, left, right):
    """`left`, `right`: dimensions, None for numbers, which are not weak here: NumPy makes arrays of them."""
    ones = (1,) * (right or 0)

    def numbers(A, B):
        return ufunc(A, B)

    def number_first(A, B):
        return ufunc(np.full((), A), B)

    def number_last(A, B):
        return ufunc(A, np.full((), B))

    def outer(A, B):
        return ufunc(A.reshape(A.shape + ones), B)
    return {(True, True): numbers, (True, False): number_first, (False, True): number_last, (False, False): outer}[left is None, right is None]


def _at(ufunc, a, indices, b=None):
    """One index for each dimension; an index is an int or an array of ints of one dimension."""
    a = _array(a, "a")
    given = tuple(indices) if isinstance(indices, types.BaseTuple) else (indices,)
    arrays = [isinstance(t, types.Array) for t in given]
    if len(given) != a.ndim or not any(arrays) or any(t.ndim != 1 or not isinstance(t.dtype, types.Integer) for t, is_array in zip(given, arrays) if is_array) or \
            not all(is_array or isinstance(t, (types.Integer, types.Literal)) for t, is_array in zip(given, arrays)):
        raise TypeError(f"it takes as many indices as the array has dimensions, arrays of ints of one dimension or ints, one array at least; not {indices} for {a}")
    if ufunc.nin != (1 if b is None else 2):
        raise TypeError(f"{ufunc.__name__}() takes {ufunc.nin} operands")
    many = isinstance(b, types.Array) and b.ndim > 0
    if many and b.ndim != 1:
        raise TypeError(f"b is {b}, it takes a number or an array of one dimension")
    form = isinstance(indices, types.BaseTuple), tuple(arrays), None if b is None else many
    return form, lambda: _written_at(ufunc, *form)


def _written_at(ufunc, is_tuple, arrays, many):
    """Writes the loop: how many indices there are is a matter of the types."""
    pick = [f"indices[{n}]" if is_tuple else "indices" for n in range(len(arrays))]
    first = pick[arrays.index(True)]
    place = ", ".join(f"{p}[k % len({p})]" if is_array else p for p, is_array in zip(pick, arrays))
    longest = "\n".join(f"    if len({p}) != n and len({p}) != 1:\n        if n != 1:\n            raise IndexError('shape mismatch: indexing arrays could not be broadcast together')\n"
                        f"        n = len({p})" for p, is_array in zip(pick, arrays) if is_array and p != first)
    value = {None: "", False: ", b", True: ", b[k % len(b)]"}[many]
    lines = [f"def at(a, indices{'' if many is None else ', b'}):", f"    n = len({first})", longest,
             "    if len(b) != n and len(b) != 1:\n        raise ValueError('array is not broadcastable to correct shape')" if many else "",
             "    for k in range(n):", f"        a[{place}] = ufunc(a[{place}]{value})"]
    scope = {"ufunc": ufunc}
    exec("\n".join(line for line in lines if line), scope)
    return scope["at"]


_choosers = {"reduce": _reduce, "accumulate": _accumulate, "reduceat": _reduceat, "outer": _outer, "at": _at}
