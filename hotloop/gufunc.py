"""``@guvectorize``: a function of arrays becomes a generalised ``numpy.ufunc``.

As with `vectorize` what it makes is a ``numpy.ufunc``.  The function gets views of the *core dimensions* that the layout names, and
writes into its outputs; NumPy goes over all other dimensions.
"""
import re

import numpy as np

from . import _binding, types
from .errors import TypingError
from .signatures import Signature, normalize
from .ufunc import Loops, _dispatcher, _positional, _settings, _several, concrete

_OPTIONS = ("nopython", "target", "identity", "cache", "fastmath", "nogil", "forceobj", "boundscheck", "locals", "writable_args")


def guvectorize(ftylist, signature=None, **options):
    """Makes a generalised ``numpy.ufunc`` of a function that takes arrays and writes into its last ones.

    Parameters
    ----------
    ftylist : str, tuple of types, type object signature, or list of these; or the layout
        Types of all operands, outputs included: ``"(float64[:], float64[:])"`` or ``float64[:], float64[:]``.  The loops are compiled at once,
        and NumPy takes the first one to which the inputs can be cast safely.  With the layout alone, each new combination of types
        compiles a loop; the outputs' types are those of the arrays that a call passes, or `dtype`, or those of a loop for the same inputs.
    signature : str
        The layout: core dimensions of inputs and outputs, as in ``"(m,n),(n,p)->(m,p)"``.  ``()`` is a number, or as an output an
        array of one item.  A number instead of a name is a size: ``"(n)->(3)"``.
    writable_args : sequence of int or str
        Inputs that the function may change.  The others are read-only.
    target : {'cpu', 'parallel'}
        'parallel': several threads share the outer dimensions.
    identity : {0, 1, None, 'reorderable'}
    nopython, cache, fastmath, nogil
        As for `jit`.  Loops always run without the GIL.

    Returns
    -------
    A decorator that makes a numpy.ufunc

    Raises
    ------
    ValueError
        A layout that can't be read.
    TypeError
        Types that don't fit the layout, or a function with another number of parameters.

    Examples
    --------
    >>> import numpy as np
    >>> from hotloop import guvectorize, float64
    >>> @guvectorize([(float64[:], float64[:])], "(n)->()")
    ... def mean(x, out):
    ...     s = 0.0
    ...     for v in x:
    ...         s += v
    ...     out[0] = s / len(x)
    >>> mean(np.arange(6.0).reshape(2, 3))
    array([1., 4.])
    """
    if signature is None:
        ftylist, signature = (), ftylist
    if not isinstance(signature, str):
        raise TypeError(f"the layout is text such as '(n),()->(n)', not {signature!r}")
    layout = parse_layout(signature)
    options = dict(options)
    identity, writable = options.pop("identity", None), options.pop("writable_args", ())
    if identity not in (0, 1, None, "reorderable"):
        raise ValueError(f"identity is 0, 1, None or 'reorderable', not {identity!r}")
    settings = _settings("guvectorize", options, _OPTIONS)
    sigs = _signatures(ftylist)

    def wrap(func):
        func = _positional("guvectorize", func)
        return GUFunc(_dispatcher(func, settings), sigs, identity, signature, _writable(func, writable, len(layout[0]))).build()
    return wrap


# --- layouts and types ----------------------------------------------------------------------------------------------------------------

_OPERAND = re.compile(r"\s*\(\s*([^()]*?)\s*\)\s*")
_DIMENSION = re.compile(r"(?:[A-Za-z_][A-Za-z_0-9]*|[1-9][0-9]*)\??\Z")


def parse_layout(text):
    """Reads a layout such as ``"(m,n),(n)->(m)"``.

    Returns
    -------
    inputs, outputs : lists of tuples of str
        The core dimensions of each operand.

    Raises
    ------
    ValueError
        With the position of the mistake.
    """
    def fail(what, at):
        raise ValueError(f"{what} at position {at} of the layout:\n    {text}\n    {' ' * at}^")

    sides, at = [[]], 0
    while True:
        m = _OPERAND.match(text, at)
        if not m:
            fail("expected the dimensions of an operand in parentheses", at)
        names = [n.strip() for n in m.group(1).split(",")] if m.group(1) else []
        for name in names:
            if not _DIMENSION.match(name):
                fail(f"a dimension is a name or a positive number, {name!r} is neither:", m.start(1))
        sides[-1].append(tuple(names))
        at = m.end()
        if text.startswith("->", at) and len(sides) == 1:
            sides.append([])
            at += 2
        elif text.startswith(",", at):
            at += 1
        elif at == len(text) and len(sides) == 2:
            return sides
        else:
            fail("expected ',' or '->'" if len(sides) == 1 else "expected ',' or the end", at)


def _signatures(value):
    """Signatures as a list of tuples of argument types."""
    if isinstance(value, (str, Signature)) or isinstance(value, tuple) and value and not _several(value):
        value = [value]
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"guvectorize() takes a signature or a list of signatures, not {value!r}")
    sigs = [normalize(sig) for sig in value]
    for ret, args in sigs:
        if ret is not None and ret is not types.none:
            raise TypeError(f"a gufunc writes into its outputs and returns nothing; the signature ({', '.join(map(str, args))}) -> {ret} says otherwise")
    return [tuple(args) for _, args in sigs]


def _writable(func, given, nin):
    """The numbers of the inputs that the function may change."""
    names, found = func.__code__.co_varnames[:func.__code__.co_argcount], set()
    for w in (given,) if isinstance(given, str) else given:
        k = names.index(w) if isinstance(w, str) and w in names else w
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 0 <= k < nin:
            raise ValueError(f"writable_args: {w!r} is no input of {func.__qualname__}(); those are {', '.join(names[:nin])}")
        found.add(int(k))
    return tuple(sorted(found))


def _fits(t, dims, is_output):
    if isinstance(t, types.Array):
        return t.ndim == max(len(dims), 1) if not dims else t.ndim == len(dims)
    return not dims and not is_output and isinstance(t, (types.Number, types.Boolean))


def _check(func, layout, sig):
    """Do the types of a signature fit the layout?"""
    inputs, outputs = layout
    operands = inputs + outputs
    names = func.__code__.co_varnames
    if len(sig) != len(operands):
        raise TypeError(f"{func.__qualname__}(): the signature ({', '.join(map(str, sig))}) has {len(sig)} types, the layout {len(operands)} operands")
    for k, (t, dims) in enumerate(zip(sig, operands)):
        if _fits(t, dims, k >= len(inputs)):
            continue
        wanted = f"an array of {len(dims)} dimension{'s' * (len(dims) != 1)}" if dims else \
            "an array of one dimension (for its one item)" if k >= len(inputs) else "a number, or an array of one dimension (for its one item)"
        raise TypeError(f"{func.__qualname__}(): argument {k + 1}, '{names[k]}', is {t} in the signature, but ({','.join(dims)}) in the layout: "
                        f"that is {wanted}")


# --- loops ------------------------------------------------------------------------------------------------------------------------------


class GUFunc(Loops):
    """The ufunc of a function that writes into its outputs."""

    def __init__(self, dispatcher, sigs, identity, layout, writable):
        self.dims = parse_layout(layout)
        inputs, outputs = self.dims
        super().__init__(dispatcher, [(None, args) for args in sigs], identity, len(inputs), len(outputs))
        self.layout, self.writable = layout, writable
        func, n = self.func, self.nin + self.nout
        if func.__code__.co_argcount != n:
            raise TypeError(f"{func.__qualname__}() has {func.__code__.co_argcount} parameters, the layout {layout} has {n} operands")
        for _, args in self.sigs:
            _check(func, self.dims, args)

    def _state(self):
        return [args for _, args in self.sigs], self.identity, self.layout, self.writable

    def _add(self, ufunc, args, ret=None):
        _binding.ufunc_add(ufunc, self.dispatcher, tuple(args), ret)
        dtypes = tuple(_binding.as_dtype(t.dtype if isinstance(t, types.Array) else t) for t in args)
        return self._keep((dtypes[:self.nin], dtypes[self.nin:]))

    def _loop(self, ufunc, dtypes):
        """The loop for exactly these operands, compiled unless there is one."""
        loop = dtypes[:self.nin], dtypes[self.nin:]
        if loop in self.loops:
            return loop
        return self._add(ufunc, [self._type(k, d) for k, d in enumerate(dtypes)])

    def _type(self, k, dtype):
        t, dims = _binding.from_dtype(dtype), (self.dims[0] + self.dims[1])[k]
        return t if not dims and k < self.nin else types.Array(t, len(dims) or 1, "A")

    def _prepare(self, ufunc, args, kwargs):
        """The loop for a call that passes outputs: ``signature=``, or None where NumPy is to say what is wrong or whose call it is."""
        nin = self.nin
        outs = kwargs.get("out", ())
        outs = args[nin:] or (outs if isinstance(outs, tuple) else (outs,))
        if len(args) < nin or len(outs) != self.nout or not all(isinstance(o, np.ndarray) for o in outs):
            return None
        if any(_overrides(a) for a in (*args[:nin], *outs)):
            return None
        ins = concrete([type(a) if type(a) in (int, float, complex) else np.asarray(a).dtype for a in args[:nin]])
        given = concrete([o.dtype for o in outs])
        if ins is None or given is None:
            return None
        loop = self._loop(ufunc, ins + given)
        return loop[0] + loop[1]

    def _promote(self, ufunc, given, signature):
        """The dtypes of a loop for these DType classes (None: not given): compiled when the outputs' types are said, else one that is there."""
        nin = self.nin
        ins = concrete([None if c is None else c.type for c in (s or g for s, g in zip(signature[:nin], given))])
        if ins is None:
            return None
        if any(signature[nin:]):
            outs = concrete([None if c is None else c.type for c in signature[nin:]])
            if outs is None:
                return None
            loop = self._loop(ufunc, ins + outs)
            return loop[0] + loop[1]
        found = [loop for loop in self.loops if loop[0] == ins] or [loop for loop in [self._first_safe(ins)] if loop]
        if len(found) == 1:
            return found[0][0] + found[0][1]
        raise TypeError(f"the types of the outputs of {self.func.__name__}() are not known: pass the outputs, or dtype=, "
                        "or give guvectorize() signatures")


def _overrides(value):
    """Does the value take over calls of ufuncs?"""
    return type(value) is not np.ndarray and getattr(type(value), "__array_ufunc__", np.ndarray.__array_ufunc__) is not np.ndarray.__array_ufunc__
