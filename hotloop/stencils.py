"""``@stencil``: a kernel that computes one item from its neighbours becomes a function of whole arrays.

Two objects are made of the kernel.  `Stencil` describes it; the compiler reads that (compiler/rules/stencil.c).  The decorator
returns an ordinary jitted function with the kernel's parameters and ``out``, which does nothing but call `apply`; so it is called
from Python and from compiled code like any other.
"""
import builtins
import types as _pytypes
import weakref
from itertools import product

import numpy as np

from . import _binding, config, pickling
from .decorators import _function_of, make_dispatcher
from .errors import NumbaValueError

MODES = ("constant", "nearest", "wrap", "reflect", "mirror")
_COMPILER_OPTIONS = ("fastmath", "boundscheck", "error_model", "nogil")
_OPTIONS = ("func_or_mode", "neighborhood", "standard_indexing", "cval", *_COMPILER_OPTIONS)


class Stencil:
    """What the compiler wants to know about a stencil.

    Attributes
    ----------
    kernel : function
    mode : str
    neighborhood : tuple of (int, int), or None
    has_cval : bool
    cval : number
    standard : tuple of bool
        For each parameter: is it indexed like any array?
    """

    __slots__ = ("kernel", "mode", "neighborhood", "has_cval", "cval", "standard", "options", "__weakref__")

    def __init__(self, kernel, mode, options):
        self.kernel, self.mode, self.options = kernel, mode, options
        self.neighborhood = _neighborhood(options.get("neighborhood"))
        self.has_cval, self.cval = "cval" in options, _cval(options.get("cval", 0))
        self.standard = _standard(kernel, options.get("standard_indexing", ()))

    def __call__(self, *args, out=None):
        return apply(out, self, *args)


def _neighborhood(value):
    if value is None:
        return None
    try:
        pairs = tuple((int(low), int(high)) for low, high in value if low == int(low) and high == int(high))
    except (TypeError, ValueError):
        pairs = ()
    if not pairs or len(pairs) != len(value):
        raise NumbaValueError(f"neighborhood has a pair of ints for each dimension, such as ((-1, 1), (-1, 1)); {value!r} has not")
    for low, high in pairs:
        if low > high:
            raise NumbaValueError(f"neighborhood: {low} to {high} is empty")
        if max(-low, high) > 1 << 30:
            raise NumbaValueError("neighborhood: a relative index lies between -2**30 and 2**30")
    return pairs


def _cval(value):
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, (bool, int, float, complex)):
        raise NumbaValueError(f"cval is a number, not {value!r}")
    return value


def _standard(kernel, names):
    code = kernel.__code__
    if code.co_flags & 0x0C or code.co_kwonlyargcount or not code.co_argcount:
        raise NumbaValueError(f"a stencil's kernel has positional parameters, at least one; {kernel.__qualname__}() is of another kind")
    if code.co_argcount > 60:
        raise NumbaValueError("a stencil's kernel has at most 60 parameters")
    params = code.co_varnames[:code.co_argcount]
    names = (names,) if isinstance(names, str) else tuple(names)
    for name in names:
        if name not in params:
            raise NumbaValueError(f"standard_indexing names {name!r}; the parameters of {kernel.__qualname__}() are {', '.join(params)}")
    if params[0] in names:
        raise NumbaValueError(f"the first parameter, {params[0]!r}, must be indexed relatively: it says where the kernel runs")
    return tuple(name in names for name in params)


# --- the decorator ------------------------------------------------------------------------------------------------------------------


def stencil(func_or_mode="constant", **options):
    """Makes a function of arrays from a kernel that computes one item from its neighbours.

    In the kernel, ``a[0, -1]`` is the item to the left of the present one, for every array argument that `standard_indexing` does not
    name.  The first argument is an array, and the result has its shape; further arrays that are indexed relatively have as many
    dimensions and are at least as large.  Numbers are passed on as they are.

    Parameters
    ----------
    func_or_mode : function or {'constant', 'nearest', 'wrap', 'reflect', 'mirror'}
        What happens where the neighbourhood reaches over the border.  'constant' (the default): the kernel does not run, the item
        is `cval`.  The others read inside of the array instead, as in `scipy.ndimage`.
    neighborhood : tuple of (int, int)
        The least and the greatest relative index along each dimension; needed when an index is not a constant.
    cval : number
        Default 0.
    standard_indexing : tuple of str
        Parameters that are arrays indexed as usual.
    fastmath, boundscheck, error_model, nogil
        As for `jit`.

    Returns
    -------
    Dispatcher, or a decorator that makes one
        Called with the kernel's arguments and optionally ``out=``, an array of the first one's shape for the result.  Without, the
        result is a new array of the type that the kernel returns.  When `out` is given and `cval` is not, the border of `out` is left
        as it is.

    Raises
    ------
    hotloop.errors.NumbaValueError
        An option or an argument does not fit; at the latest in the first call.

    Examples
    --------
    >>> import numpy as np
    >>> from hotloop import stencil
    >>> @stencil
    ... def between(a):
    ...     return (a[-1] + a[1]) / 2
    >>> between(np.array([0.0, 1.0, 4.0, 9.0]))
    array([0., 2., 5., 0.])
    """
    for name in options:
        if name not in _OPTIONS:
            raise NumbaValueError(f"Unknown stencil option {name}; the options are {', '.join(_OPTIONS)}")
    if isinstance(func_or_mode, str):
        mode, func = func_or_mode, None
    else:
        mode, func = "constant", func_or_mode
    if mode not in MODES:
        raise NumbaValueError(f"Unsupported mode style {mode}; the modes are {', '.join(MODES)}")

    def wrap(func):
        return _make(_function_of(func), mode, options)

    wrap.__name__, wrap._hotloop_constant = "stencil", True
    return wrap if func is None else wrap(func)


stencil._hotloop_constant = True  # compiled code calls it while it is compiled (compiler/infer/constant_call.c)


def _make(kernel, mode, options):
    described = Stencil(kernel, mode, dict(options))
    if config.DISABLE_JIT:
        return described
    d = make_dispatcher(_driver(described), {"nopython": True, **{k: options[k] for k in _COMPILER_OPTIONS if k in options}}, stacklevel=5)
    d.func, d.mode, d.neighborhood, d.options, d._stencil = kernel, mode, described.neighborhood, described.options, described
    return d


def _driver(described):
    """The function that is compiled: ``def kernel(a, b, *, out=None): return apply(out, stencil, a, b)``."""
    import ast
    kernel = described.kernel
    code = kernel.__code__
    params = ", ".join(code.co_varnames[:code.co_argcount])
    names = {"apply", "stencil", "out"} & set(params.split(", "))  # a parameter with such a name hides ours
    out, keyword = ("None", "") if "out" in names else ("out", ", *, out=None")
    rename = {name: name + "_" * (1 + max(map(len, params.split(", ")))) for name in names - {"out"}}
    call, what = rename.get("apply", "apply"), rename.get("stencil", "stencil")
    tree = ast.parse(f"def driver({params}{keyword}):\n    return {call}({out}, {what}, {params})")
    for node in ast.walk(tree):  # errors and tracebacks show the line where the kernel begins
        if hasattr(node, "lineno"):
            node.lineno = node.end_lineno = code.co_firstlineno
            node.col_offset = node.end_col_offset = 0
    scope = {call: apply, what: described, "__name__": kernel.__module__, "__builtins__": builtins}
    exec(compile(tree, code.co_filename, "exec"), scope)
    driver = scope.pop("driver")
    driver.__code__ = driver.__code__.replace(co_name=kernel.__name__, co_qualname=kernel.__qualname__)
    driver.__name__, driver.__qualname__, driver.__module__ = kernel.__name__, kernel.__qualname__, kernel.__module__
    driver.__doc__, driver.__defaults__ = kernel.__doc__, kernel.__defaults__
    return driver


# --- in Python -----------------------------------------------------------------------------------------------------------------------


class _Window:
    """An array seen from a position."""

    def __init__(self, array, mode, low, high):
        self.array, self.mode, self.low, self.high = array, mode, low, high
        self.at = (0,) * array.ndim
        self.outside = False
        self.shape, self.ndim, self.size, self.dtype = array.shape, array.ndim, array.size, array.dtype

    def __len__(self):
        return len(self.array)

    def _place(self, i, n):
        if 0 <= i < n:
            return i
        self.outside = True
        if self.mode == "wrap":
            return i % n
        if self.mode == "reflect":
            return min(i % (2 * n), 2 * n - 1 - i % (2 * n))
        if self.mode == "mirror" and n > 1:
            return min(i % (2 * n - 2), 2 * n - 2 - i % (2 * n - 2))
        return min(max(i, 0), n - 1)

    def __getitem__(self, index):
        index = index if isinstance(index, tuple) else (index,)
        where = []
        for k, (i, at, n) in enumerate(zip(index, self.at, self.shape, strict=True)):
            parts = range(i.start, i.stop) if isinstance(i, slice) else (i,)
            for p in parts:
                self.low[k], self.high[k] = min(self.low[k], p), max(self.high[k], p)
            places = [self._place(at + p, n) for p in parts]
            where.append(places if isinstance(i, slice) else places[0])
        return self.array[np.ix_(*([w] if isinstance(w, int) else w for w in where))].reshape(
            [len(w) for w in where if not isinstance(w, int)])[()]


def apply(out, stencil, *args):
    """Runs a stencil in Python, item by item: what compiled code does, for looking at it in a debugger.

    The reach of the kernel is found by running it, so an index that it never uses does not count.
    """
    first = args[0]
    nd = first.ndim
    low, high = [0] * nd, [0] * nd
    windows = [_Window(a, stencil.mode, low, high) if isinstance(a, np.ndarray) and not usual else a
               for a, usual in zip(args, stencil.standard, strict=True)]
    values = {}
    for at in np.ndindex(first.shape):
        for w in windows:
            if isinstance(w, _Window):
                w.at = at
        values[at] = stencil.kernel(*windows)
    if stencil.neighborhood is not None:
        low, high = ([min(p[0], 0) for p in stencil.neighborhood], [max(p[1], 0) for p in stencil.neighborhood])
    given = out is not None
    if not given:
        out = np.empty(first.shape, np.asarray(next(iter(values.values()), 0.0)).dtype)
    for at in product(*map(range, first.shape)):
        if stencil.mode != "constant" or builtins.all(-lo <= i < n - hi for i, n, lo, hi in zip(at, first.shape, low, high)):
            out[at] = values[at]
        elif stencil.has_cval or not given:
            out[at] = stencil.cval
    return out


# --- pickling ------------------------------------------------------------------------------------------------------------------------

_known = weakref.WeakValueDictionary()  # identity -> stencil
_identities = weakref.WeakKeyDictionary()  # stencil -> identity


def _rebuild(identity, kernel, mode, options):
    found = _known.get(identity)
    if found is None:
        found = _known[identity] = _make(kernel, mode, options)
        _identities[found] = identity
    return found


def reduce_stencil(d):
    """``__reduce__`` of a stencil that can't be found by name."""
    identity = _identities.get(d)
    if identity is None:
        import uuid
        identity = _identities[d] = uuid.uuid4().hex
        _known[identity] = d
    return _rebuild, (identity, pickling._portable(d.func), d.mode, d.options)
