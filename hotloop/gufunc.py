"""``@guvectorize``: a function of arrays becomes a generalised ``numpy.ufunc``.

As with `vectorize` what it makes is a ``numpy.ufunc``.  The function gets views of the *core dimensions* that the layout names, and
writes into its outputs; NumPy goes over all other dimensions.
"""
import re

import numpy as np

from . import _binding, types
from .signatures import Signature, normalize
from .ufunc import Loops, _dispatcher, _positional, _settings, _several, concrete, item_dtype, operand_dtypes

_OPTIONS = ("nopython", "target", "identity", "cache", "fastmath", "nogil", "forceobj", "boundscheck", "locals", "writable_args")


def guvectorize(ftylist, signature=None, **options):
    """Makes a generalised ``numpy.ufunc`` of a function that takes arrays and writes into its last ones.

    Parameters
    ----------
    ftylist : str, tuple of types, type object signature, or list of these; or the layout
        Types of all operands, outputs included: ``"(float64[:], float64[:])"`` or ``float64[:], float64[:]``.  The loops are compiled at once,
        and NumPy takes the one for just the inputs' types, else the first one to which they can be cast safely.  With the layout alone, each new combination of types
        compiles a loop; the outputs' types are those of the arrays that a call passes, or `dtype`, or those of a loop for the same inputs.
    signature : str
        The layout: core dimensions of inputs and outputs, as in ``"(m,n),(n,p)->(m,p)"``.  ``()`` is a number, or as an output an
        array of one item.  A number instead of a name is a size: ``"(n)->(3)"``.  Without outputs, ``"(n),(k)"``, the function changes the
        arrays that it gets, and NumPy finds the loop by all of their types.
    writable_args : sequence of int or str
        Inputs that the function may change.  The others are read-only.  Of a layout without outputs these are all arrays, unless some
        are named.
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
    if not layout[1]:
        signature = signature.partition("->")[0]  # as NumPy writes it
    options = dict(options)
    identity, writable = options.pop("identity", None), options.pop("writable_args", ())
    if identity not in (0, 1, None, "reorderable"):
        raise ValueError(f"identity is 0, 1, None or 'reorderable', not {identity!r}")
    settings = _settings("guvectorize", options, _OPTIONS)
    sigs = _signatures(ftylist)

    def wrap(func):
        func = _positional("guvectorize", func)
        return GUFunc(_dispatcher(func, settings), sigs, identity, signature, _writable(func, writable, layout, sigs)).build()
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
        if len(sides) == 2 and not sides[1] and not text[at:].strip():
            return sides
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
        elif at == len(text):
            return sides if len(sides) == 2 else [sides[0], []]
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


def _writable(func, given, layout, sigs):
    """The numbers of the inputs that the function may change."""
    nin = len(layout[0])
    if not given and not layout[1]:
        return tuple(k for k, dims in enumerate(layout[0]) if dims or sigs and all(len(args) > k and isinstance(args[k], types.Array) for args in sigs))
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
        dtypes = _dtypes(args)
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

    def _choose(self, *given):
        """How compiled code calls the gufunc with operands of these types, outputs given or not (see `UFunc._choose`)."""
        dims = self.dims[0] + self.dims[1]
        if len(given) not in (self.nin, len(dims)):
            return f"takes {self.nin} inputs and, if they are given, {self.nout} outputs; {len(given)} operands were given"
        for k, (t, core) in enumerate(zip(given, dims)):
            if getattr(t, "ndim", 0) < len(core) or k >= self.nin and not isinstance(t, types.Array):
                return f"operand {k + 1}, {t}, has fewer dimensions than the {len(core)} of ({','.join(core)})"
            if any(d.endswith("?") for d in core):
                return "dimensions that may be missing are not supported in compiled code"
        loop = self._known_loop(given)
        if isinstance(loop, str):
            return loop
        given = tuple(map(_converted, given, loop[0] + loop[1]))
        params = tuple(self._parameter(k, d, *given[k:k + 1]) for k, d in enumerate(loop[0] + loop[1]))
        made = () if len(given) == len(dims) else self._made(given, loop)
        return made if isinstance(made, str) else (self.dispatcher, params, made, self._symbols())

    def _known_loop(self, given):
        """The loop for operands of these types, or why there is none."""
        inputs, outs = given[:self.nin], tuple(map(item_dtype, given[self.nin:]))
        if not self.lazy:
            return self._search(inputs, outs)
        ins = operand_dtypes(inputs)
        if ins is None:
            return "there are no loops for these types"
        if outs or not self.nout:
            return ins, outs
        found = self._compiled(ins)
        return found[0] if len(found) == 1 else "the types of the outputs are not known: pass the outputs, or give guvectorize() signatures"

    def _compiled(self, ins):
        """The loops that there are for inputs of these dtypes."""
        return [loop for loop in self.loops if loop[0] == ins] or [loop for loop in [self._first_safe(ins)] if loop]

    def _parameter(self, k, dtype, given=None):
        """The type in which the function takes operand k."""
        t, core = _binding.from_dtype(dtype), (self.dims[0] + self.dims[1])[k]
        args = next((args for _, args in self.sigs if _dtypes(args)[k] == dtype), None)
        if not core and k < self.nin and not (args and isinstance(args[k], types.Array)):
            return t
        layout = "C"
        if core and isinstance(given, types.Array):
            layout = given.layout if given.layout == "C" or given.ndim == len(core) else "A"
        return types.Array(t, len(core) or 1, layout, readonly=k < self.nin and k not in self.writable)

    def _made(self, given, loop):
        """The types of outputs that compiled code makes itself."""
        known = {d for core in self.dims[0] for d in core}
        outer = max((t.ndim - len(core) for t, core in zip(given, self.dims[0]) if isinstance(t, types.Array)), default=0)
        for k, core in enumerate(self.dims[1]):
            if any(not d.isdigit() and d not in known for d in core):
                return f"the size of output {k + 1}, ({','.join(core)}), is not known: pass the outputs"
        return tuple(types.Array(_binding.from_dtype(d), outer + len(core), "C") for d, core in zip(loop[1], self.dims[1]))

    def _symbols(self):
        """Number of outputs, symbols of each operand's core dimensions, sizes of the symbols (0: any)."""
        names = list(dict.fromkeys(d for core in self.dims[0] + self.dims[1] for d in core))
        return self.nout, tuple(tuple(map(names.index, core)) for core in self.dims[0] + self.dims[1]), tuple(int(n) if n.isdigit() else 0 for n in names)

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
        if any(signature[nin:]) or not self.nout:
            outs = concrete([None if c is None else c.type for c in signature[nin:]])
            if outs is None:
                return None
            loop = self._loop(ufunc, ins + outs)
            return loop[0] + loop[1]
        found = self._compiled(ins)
        if len(found) == 1:
            return found[0][0] + found[0][1]
        raise TypeError(f"the types of the outputs of {self.func.__name__}() are not known: pass the outputs, or dtype=, "
                        "or give guvectorize() signatures")


def _dtypes(args):
    return tuple(map(item_dtype, args))


def _converted(t, dtype):
    """The type of an operand once compiled code has cast it to the loop's dtype: an array becomes a copy."""
    if not isinstance(t, types.Array) or item_dtype(t) == dtype:
        return t
    return types.Array(_binding.from_dtype(dtype), t.ndim, "F" if t.layout == "F" and t.ndim > 1 else "C")


def _overrides(value):
    """Does the value take over calls of ufuncs?"""
    return type(value) is not np.ndarray and getattr(type(value), "__array_ufunc__", np.ndarray.__array_ufunc__) is not np.ndarray.__array_ufunc__
