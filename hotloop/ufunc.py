"""``@vectorize``: a function of numbers becomes a ``numpy.ufunc``.

What it makes *is* a ``numpy.ufunc``, lazy ones too: NumPy resolves the types, and asks a promoter that the ufunc carries
(binding/ufunc.c) for a loop when it has none for the types at hand.  So there is nothing that NumPy, Dask, xarray or pandas would
have to be told about.
"""
import copyreg
import sys
import types as _pytypes

import numpy as np

from . import _binding
from .decorators import _function_of, make_dispatcher
from .errors import TypingError
from .signatures import Signature, normalize

_OPTIONS = ("nopython", "target", "identity", "cache", "fastmath", "nogil", "forceobj", "boundscheck", "locals")
_TARGETS = ("cpu", "parallel")


def vectorize(ftylist_or_function=(), **options):
    """Makes a ``numpy.ufunc`` of a function that takes and returns numbers.

    Parameters
    ----------
    ftylist_or_function : function, or str, type object signature, or list of these
        With signatures the loops are compiled at once, and NumPy takes the first one to which the inputs can be cast safely: so list
        narrow types first.  Without, each new combination of input types compiles a loop, which is kept.
    target : {'cpu', 'parallel'}
        'parallel' is accepted; loops run serially in this version, and a warning says so once.
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
    for name in options:
        if name not in _OPTIONS:
            raise TypeError(f"vectorize() got an unexpected keyword argument {name!r}; the options are {', '.join(_OPTIONS)}")
    target, identity = options.pop("target", "cpu"), options.pop("identity", None)
    if target not in _TARGETS:
        raise ValueError(f"target={target!r} is not supported by vectorize(); 'cpu' and 'parallel' are")
    if not (identity is None or isinstance(identity, (int, np.integer)) and identity in (0, 1)
            or isinstance(identity, str) and identity == "reorderable"):
        raise ValueError(f"identity is 0, 1, None or 'reorderable', not {identity!r}")
    if options.pop("forceobj", False):
        raise ValueError("forceobj can't be used with vectorize: a loop runs without the GIL")
    options.pop("nopython", None)
    settings = {**options, "nopython": True, "error_model": "numpy"}
    if target == "parallel":
        settings["parallel"] = True

    def wrap(func):
        return _make(func, settings, sigs, identity)

    if _is_function(ftylist_or_function):
        sigs = ()
        return wrap(ftylist_or_function)
    sigs = _signatures(ftylist_or_function)
    return wrap


def _is_function(value):
    return isinstance(value, (_pytypes.FunctionType, _binding.Dispatcher)) or (
        callable(value) and not isinstance(value, (str, Signature, list, tuple)))


def _signatures(value):
    """One signature or several, as a list of (return type or None, argument types)."""
    if isinstance(value, (str, Signature)) or isinstance(value, tuple) and value and not _several(value):
        value = [value]
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"vectorize() takes a function, a signature or a list of signatures, not {value!r}")
    return [normalize(sig) for sig in value]


def _several(value):
    return any(isinstance(v, Signature) or isinstance(v, str) and "(" in v for v in value)


def _make(func, settings, sigs, identity):
    func = _function_of(func)
    code = func.__code__
    if code.co_flags & 0x0C or code.co_kwonlyargcount:
        raise TypeError(f"vectorize() takes a function of positional parameters; {func.__qualname__}() has others")
    dispatcher = make_dispatcher(func, settings, stacklevel=5)
    return _UFunc(dispatcher, sigs, identity).build()


class _UFunc:
    """What compiles the loops of one ufunc, and describes it to compiled code and to pickle."""

    def __init__(self, dispatcher, sigs, identity):
        self.dispatcher, self.sigs, self.identity = dispatcher, [(ret, tuple(args)) for ret, args in sigs], identity
        self.func = dispatcher.py_func
        self.nin = self.func.__code__.co_argcount
        self.lazy = not self.sigs
        self.loops = []  # (dtypes of the inputs, dtype of the result), in the order in which NumPy searches
        self.calls = {}  # loop -> the function that compiled code calls

    def build(self):
        ufunc = _binding.ufunc_new(self.func.__name__, self.func.__doc__ or "", self.nin, self.identity, self, self.lazy)
        for ret, args in self.sigs:
            self._add(ufunc, args, ret)
        self.dispatcher.__dict__["_ufunc"] = ufunc  # unpickling it twice gives it twice
        return ufunc

    def _add(self, ufunc, args, ret=None):
        out = _binding.ufunc_add(ufunc, self.dispatcher, tuple(args), ret)
        loop = tuple(_binding.as_dtype(t) for t in args), _binding.as_dtype(out)
        if loop not in self.loops:
            self.loops.append(loop)
        return loop

    def _loop(self, ufunc, dtypes):
        """The loop for exactly these inputs, compiled unless there is one."""
        for loop in self.loops:
            if loop[0] == dtypes:
                return loop
        return self._add(ufunc, [_binding.from_dtype(d) for d in dtypes])

    def _promote(self, ufunc, given, signature):
        """The dtypes of a loop for these DType classes (None: not given), or None: that's for NumPy to say."""
        ins = [s or g for s, g in zip(signature[:self.nin], given)]
        if ins[0] is None and self.nin == 2:  # of a reduction
            ins[0] = ins[1]
        ins = _concrete(ins)
        if ins is None:
            return None
        wanted = signature[self.nin]
        wanted = None if wanted is None else _concrete([wanted])
        if signature[self.nin] is not None and wanted is None:
            return None
        loop = self._loop(ufunc, ins)
        if wanted and loop[1] != wanted[0] and not any(signature[:self.nin]):
            # dtype= as NumPy's own arithmetic takes it: the inputs are converted to it
            loop = self._loop(ufunc, wanted * self.nin)
        if wanted and loop[1] != wanted[0]:
            return None
        return (*loop[0], loop[1])

    def _choose(self, *args, **kwargs):
        """How compiled code calls the ufunc with arguments of these types."""
        name = self.func.__name__
        if kwargs or len(args) != self.nin:
            raise TypingError(f"the ufunc {name}() takes {self.nin} positional arguments in compiled code")
        try:
            given = tuple(_binding.as_dtype(t) for t in args)
        except TypeError:
            raise TypingError(f"in compiled code the ufunc {name}() takes numbers, not ({', '.join(map(str, args))}); "
                              "loop over the items of arrays") from None
        if self.lazy:
            loop = given, None
        else:
            loop = next((c for c in self.loops if all(np.can_cast(g, t, "safe") for g, t in zip(given, c[0]))), None)
            if loop is None:
                raise TypingError(f"no loop of the ufunc {name}() takes ({', '.join(map(str, args))})")
        if loop not in self.calls:
            self.calls[loop] = self._call(*loop)
        return self.calls[loop]

    def _call(self, ins, out):
        names = [f"a{k}" for k in range(self.nin)]
        scope = {"_f": self.dispatcher, **{f"_t{k}": d.type for k, d in enumerate(ins)}}
        body = f"_f({', '.join(f'_t{k}({a})' for k, a in enumerate(names))})"
        if out is not None:
            scope["_r"], body = out.type, f"_r({body})"
        name = self.func.__name__ if self.func.__name__.isidentifier() else "ufunc"
        exec(compile(f"def {name}({', '.join(names)}):\n    return {body}\n", f"<ufunc {name}>", "exec"), scope)
        return scope[name]


def _concrete(classes):
    """The dtypes that these DType classes stand for; Python's numbers are weak (NEP 50).  None: a loop can't be made for them."""
    weak = {int: 0, float: 0.0, complex: 0j}
    strong = []
    for c in classes:
        if c is None:
            return None
        if c.type in weak:
            continue
        try:
            d = np.dtype(np.float32 if c.type is np.float16 else c.type)
            _binding.from_dtype(d)
        except TypeError:
            return None
        strong.append(d)
    rest = iter(tuple(strong))
    out = tuple(np.result_type(*strong, weak[c.type]) if c.type in weak else next(rest) for c in classes)
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
    return _rebuild, (owner.dispatcher, owner.sigs, owner.identity)


def _rebuild(dispatcher, sigs, identity):
    known = dispatcher.__dict__.get("_ufunc")
    return known if known is not None else _UFunc(dispatcher, sigs, identity).build()


copyreg.pickle(np.ufunc, _reduce)
