"""``@vectorize``: a function of numbers becomes a ``numpy.ufunc``.

What it makes *is* a ``numpy.ufunc``, lazy ones too: NumPy resolves the types, and asks a promoter that the ufunc carries
(binding/ufunc_lazy.c) for a loop when it has none for the types at hand.  So there is nothing that NumPy, Dask, xarray or pandas would
have to be told about.
"""
import copyreg
import dis
import sys
import types as _pytypes

import numpy as np

from . import _binding, types
from .decorators import _function_of, make_dispatcher
from .signatures import Signature, normalize

_OPTIONS = ("nopython", "target", "identity", "cache", "fastmath", "nogil", "forceobj", "boundscheck", "locals")
_TARGETS = ("cpu", "parallel")


def vectorize(ftylist_or_function=(), **options):
    """Makes a ``numpy.ufunc`` of a function that takes numbers and returns a number or a tuple of numbers.

    Parameters
    ----------
    ftylist_or_function : function, or str, type object signature, or list of these
        With signatures the loops are compiled at once, and NumPy takes the one for just the inputs' types, else the first one to which they can be cast safely: so list
        narrow types first.  Without, each new combination of input types compiles a loop, which is kept.
    target : {'cpu', 'parallel'}
        'parallel': long rows are shared by several threads.  The results are those of 'cpu'.
    identity : {0, 1, None, 'reorderable'}
        What `reduce` begins with.
    nopython, cache, fastmath, nogil
        As for `jit`.  Loops always run without the GIL.

    Returns
    -------
    numpy.ufunc, or a decorator that makes one

    Examples
    --------
    >>> from hotloop import vectorize, float64
    >>> @vectorize([float64(float64, float64)])
    ... def rel_diff(x, y):
    ...     return 2 * (x - y) / (x + y)
    >>> float(rel_diff(3.0, 1.0))
    1.0
    """
    identity = options.pop("identity", None)
    if not (identity is None or isinstance(identity, (int, np.integer)) and identity in (0, 1)
            or isinstance(identity, str) and identity == "reorderable"):
        raise ValueError(f"identity is 0, 1, None or 'reorderable', not {identity!r}")
    settings = _settings("vectorize", options, _OPTIONS)

    def wrap(func):
        return _make(func, settings, sigs, identity)

    if _is_function(ftylist_or_function):
        sigs = ()
        return wrap(ftylist_or_function)
    sigs = _signatures("vectorize", ftylist_or_function)
    return wrap


def _settings(decorator, options, known):
    """The options of `jit` for the function behind a ufunc."""
    for name in options:
        if name not in known:
            raise TypeError(f"{decorator}() got an unexpected keyword argument {name!r}; the options are {', '.join(known)}")
    options = dict(options)
    target = options.pop("target", "cpu")
    if target == "cuda":
        raise ValueError(f"target='cuda' is not available in this version of hotloop: {decorator}() compiles for 'cpu' and 'parallel'")
    if target not in _TARGETS:
        raise ValueError(f"target={target!r} is not supported by {decorator}(); 'cpu' and 'parallel' are")
    if options.pop("forceobj", False):
        raise ValueError(f"forceobj can't be used with {decorator}: a loop runs without the GIL")
    return {**options, "nopython": True, "error_model": "numpy", "target": target}


def _dispatcher(func, settings):
    """The function behind a ufunc, with the option that cuts its rows into pieces."""
    options = {k: v for k, v in settings.items() if k != "target"}
    dispatcher = make_dispatcher(func, options, stacklevel=6)
    if settings["target"] == "parallel":
        dispatcher = _binding.Dispatcher(func, {**dispatcher._options, "parallel": True}, dispatcher._locals, {**options, "target": "parallel"})
    return dispatcher


def _is_function(value):
    return isinstance(value, (_pytypes.FunctionType, _binding.Dispatcher)) or (
        callable(value) and not isinstance(value, (str, Signature, list, tuple)))


def _signatures(decorator, value):
    """One signature or several, as a list of (return type or None, argument types)."""
    if isinstance(value, (str, Signature)) or isinstance(value, tuple) and value and not _several(value):
        value = [value]
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"{decorator}() takes a function, a signature or a list of signatures, not {value!r}")
    return [normalize(sig) for sig in value]


def _several(value):
    return any(isinstance(v, (Signature, tuple)) or isinstance(v, str) and "(" in v for v in value)


def _positional(decorator, func):
    func = _function_of(func)
    code = func.__code__
    if code.co_flags & 0x0C or code.co_kwonlyargcount:
        raise TypeError(f"{decorator}() takes a function of positional parameters; {func.__qualname__}() has others")
    return func


def _make(func, settings, sigs, identity):
    func = _positional("vectorize", func)
    nout = _outputs(func, sigs)
    return UFunc(_dispatcher(func, settings), sigs, identity, nout).build()


def _outputs(func, sigs):
    """How many numbers the function returns: as the signatures say, or as its return statements show."""
    given = {len(ret) if isinstance(ret, types.BaseTuple) else 1 for ret, _ in sigs if ret is not None}
    if len(given) > 1:
        raise TypeError(f"the signatures of {func.__qualname__}() differ in the number of results: {sorted(given)}")
    return given.pop() if given else _tuple_displays(func.__code__)


def _tuple_displays(code):
    """The length of the tuples that a function's return statements spell out; 1 where they are no tuples.

    A ufunc knows the number of its outputs before it knows any types.
    """
    found, before = set(), None
    for i in dis.get_instructions(code):
        if i.opname == "RETURN_VALUE" and before is not None:
            if before.opname == "BUILD_TUPLE":
                found.add(before.arg)
            elif before.opname in ("LOAD_CONST", "RETURN_CONST") and isinstance(before.argval, tuple):
                found.add(len(before.argval))
        elif i.opname == "RETURN_CONST" and isinstance(i.argval, tuple):
            found.add(len(i.argval))
        before = i
    return max(found) if found else 1


class Loops:
    """What compiles the loops of one ufunc, and describes it to compiled code and to pickle."""

    layout, writable = None, ()

    def __init__(self, dispatcher, sigs, identity, nin, nout):
        self.dispatcher, self.sigs, self.identity = dispatcher, [(ret, tuple(args)) for ret, args in sigs], identity
        self.func = dispatcher.py_func
        self.nin, self.nout = nin, nout
        self.lazy = not self.sigs
        self.loops = []  # (dtypes of the inputs, dtypes of the results), in the order in which NumPy searches

    def build(self):
        ufunc = _binding.ufunc_new(self.func.__name__, self.func.__doc__ or "", self.nin, self.nout, self.identity, self, self.lazy,
                                   self.layout, self.writable)
        for ret, args in self.sigs:
            self._add(ufunc, args, ret)
        self.dispatcher.__dict__["_ufunc"] = ufunc  # unpickling it twice gives it twice
        return ufunc

    def _keep(self, loop):
        if loop not in self.loops:
            self.loops.append(loop)
        return loop

    def _first_safe(self, given):
        """The first loop to which inputs of these dtypes can be cast safely, or None."""
        return next((c for c in self.loops if all(np.can_cast(g, t, "safe") for g, t in zip(given, c[0]))), None)

    def _search(self, given, outs=()):
        """The loop that NumPy takes for operands of these types, of which it has them all: exactly these dtypes, else the first one to which
        all inputs can be cast safely and whose results the outputs can hold; or why there is none.
        """
        ins, weak = _operands(given)
        if not any(weak):
            for loop in self.loops:
                if loop[0] == ins:
                    return self._result_fits(loop, outs) or loop
        why = None
        for loop in self.loops:
            if all(_weak_fits(g, t) if w else np.can_cast(g, t, "safe") for g, t, w in zip(ins, loop[0], weak)):
                why = self._result_fits(loop, outs)
                if why is None:
                    return loop
        return why or (f"ufunc '{self.func.__name__}' not supported for the input types ({', '.join(map(str, given))}), and the inputs could not be "
                       "safely coerced to any supported types according to the casting rule ''safe''")

    def _result_fits(self, loop, outs):
        """None, or why arrays of the dtypes `outs` can't take the loop's results."""
        for made, out in zip(loop[1], outs):
            if not np.can_cast(made, out, "same_kind"):
                return f"Cannot cast ufunc '{self.func.__name__}' output from {made!r} to {out!r} with casting rule 'same_kind'"
        return None


class UFunc(Loops):
    """The ufunc of a function that returns its results."""

    def __init__(self, dispatcher, sigs, identity, nout):
        super().__init__(dispatcher, sigs, identity, dispatcher.py_func.__code__.co_argcount, nout)

    def _add(self, ufunc, args, ret=None):
        outs = _binding.ufunc_add(ufunc, self.dispatcher, tuple(args), ret)
        return self._keep((tuple(map(_binding.as_dtype, args)), tuple(map(_binding.as_dtype, outs))))

    def _loop(self, ufunc, dtypes):
        """The loop for exactly these inputs, compiled unless there is one."""
        for loop in self.loops:
            if loop[0] == dtypes:
                return loop
        return self._add(ufunc, [_binding.from_dtype(d) for d in dtypes])

    def _promote(self, ufunc, given, signature):
        """The dtypes of a loop for these DType classes (None: not given), or None: that's for NumPy to say."""
        nin = self.nin
        ins = [s or g for s, g in zip(signature[:nin], given)]
        if ins[0] is None and nin == 2:  # of a reduction
            ins[0] = ins[1]
        ins = concrete([None if c is None else c.type for c in ins])
        if ins is None:
            return None
        wanted = [None if c is None else concrete([c.type]) for c in signature[nin:]]
        if any(c is not None and w is None for c, w in zip(signature[nin:], wanted)):
            return None
        loop = None
        if nin == 2 and signature[0] is not None and not any(signature[1:]):
            # NumPy's second question about a reduction, whose result had another type than its operands.  accumulate and reduceat want
            # one type for all three: the items are converted to what is carried on.
            loop = self._loop(ufunc, ins[:1] * 2)
        if loop is None or loop[1] != ins[:1]:
            loop = self._loop(ufunc, ins)
        if wanted[0] and not self._gives(loop, wanted) and not any(signature[:nin]):
            # dtype= as NumPy's own arithmetic takes it: the inputs are converted to it
            loop = self._loop(ufunc, wanted[0] * nin)
        return loop[0] + loop[1] if self._gives(loop, wanted) else None

    @staticmethod
    def _gives(loop, wanted):
        return all(w is None or w[0] == t for w, t in zip(wanted, loop[1]))

    def _state(self):
        return self.sigs, self.identity, self.nout

    def _choose(self, *given):
        """How compiled code calls the ufunc with operands of these types: function, its argument types, result types, layout; or why not."""
        if len(given) != self.nin:
            return f"takes {self.nin} positional arguments in compiled code, {len(given)} were given"
        if self.lazy:
            ins = operand_dtypes(given)
            return (self.dispatcher, tuple(map(_binding.from_dtype, ins)), (), None) if ins else "there are no loops for these types"
        loop = self._search(given)
        if isinstance(loop, str):
            return loop
        return self.dispatcher, tuple(map(_binding.from_dtype, loop[0])), tuple(map(_binding.from_dtype, loop[1])), None


_WEAK = {"i": int, "u": int, "f": float, "c": complex}


def item_dtype(t):
    """The dtype of a number's type, or of the items of an array's."""
    return _binding.as_dtype(t.dtype if isinstance(t, types.Array) else t)


def operand_dtypes(given):
    """The dtypes in which operands of these types enter a lazy ufunc in compiled code: numbers are weak beside arrays."""
    arrays = any(isinstance(t, types.Array) for t in given)
    classes = []
    for t in given:
        dtype = item_dtype(t)
        classes.append(_WEAK.get(dtype.kind, dtype) if arrays and not isinstance(t, types.Array) else dtype)
    return concrete(classes)


def _operands(given):
    """dtypes of operands in compiled code, and which of them are weak: those are Python's numbers, beside an array of their kind or a higher
    one (bool < integers < floats and complex numbers).  So NumPy's own search for a loop takes them.
    """
    rank = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 2}
    dtypes = tuple(map(item_dtype, given))
    arrays = [isinstance(t, types.Array) for t in given]
    highest = max((rank[d.kind] for d, a in zip(dtypes, arrays) if a), default=-1)
    weak = [not a and d.kind in _WEAK for d, a in zip(dtypes, arrays)]
    return dtypes, weak if highest >= max((rank[d.kind] for d, w in zip(dtypes, weak) if w), default=9) else [False] * len(weak)


def _weak_fits(dtype, to):
    """Does a Python number of this dtype's kind go into the dtype `to`?"""
    order = "iufc"
    return to.kind in ("iufc" if dtype.kind in "iu" else order[order.index(dtype.kind):])


def concrete(classes):
    """The dtypes of a loop for inputs of these scalar classes or dtypes, as a tuple; Python's numbers are weak (NEP 50).

    None: a loop can't be made for them.
    """
    weak = {int: 0, float: 0.0, complex: 0j}
    strong = []
    for c in classes:
        if c is None:
            return None
        if isinstance(c, type) and c in weak:
            continue
        try:
            d = np.dtype(c)
            d = np.dtype(np.float32) if d == np.float16 else d.newbyteorder("=")
            _binding.from_dtype(d)
        except TypeError:
            return None
        strong.append(d)
    rest = iter(tuple(strong))
    out = tuple(np.result_type(*strong, weak[c]) if isinstance(c, type) and c in weak else next(rest) for c in classes)
    try:
        for d in out:
            _binding.from_dtype(d)
    except TypeError:
        return None
    return out


# --- pickling ------------------------------------------------------------------------------------------------------------------
# NumPy pickles a ufunc as its name, to be found in some module.  Ours travel as module and name where that finds them, otherwise as
# function and signatures; all others as before.

_numpys = copyreg.dispatch_table.get(np.ufunc)


def _named(module, name):
    obj = sys.modules.get(module)
    if obj is None:
        import importlib
        obj = importlib.import_module(module)
    for part in name.split("."):
        obj = getattr(obj, part)
    return obj


def _reduce(ufunc):
    owner = _binding.ufunc_owner(ufunc)
    if owner is None:
        return _numpys(ufunc) if _numpys else ufunc.__name__
    module, name = owner.func.__module__, owner.func.__qualname__
    if module not in ("__main__", "__mp_main__") and "<" not in name:
        try:
            if _named(module, name) is ufunc:
                return _named, (module, name)
        except (ImportError, AttributeError):
            pass
    return _rebuild, (type(owner), owner.dispatcher, *owner._state())


def _rebuild(cls, dispatcher, *state):
    known = dispatcher.__dict__.get("_ufunc")
    return known if known is not None else cls(dispatcher, *state).build()


copyreg.pickle(np.ufunc, _reduce)
