"""``@jit`` and ``@njit``: from a Python function to a dispatcher."""
import types as _pytypes
import warnings

from . import _binding, config
from .errors import HotloopOptionWarning

# LLVM's names -> hl_fast_flag
_FAST_FLAGS = {"reassoc": 1, "nnan": 2, "ninf": 4, "nsz": 8, "arcp": 16, "contract": 32, "afn": 64, "fast": 127}
_FLAGS = ("nopython", "nogil", "boundscheck", "parallel", "forceobj")
# Options that are accepted and do nothing (yet): name -> why.
_IGNORED = {
    "cache": "compiled code is not kept between processes in this version",
    "parallel": "prange runs serially in this version",
    "looplift": "loops are compiled wherever their values have types",
    "pipeline": "the compiler has one pipeline",
    "pipeline_class": "the compiler has one pipeline",
    "target": "only 'cpu' is supported",
    "target_backend": "only 'cpu' is supported",
    "debug": "line information is not generated in this version",
    "_dbg_extend_lifetime": "", "_dbg_optnone": "", "_nrt": "", "no_rewrites": "", "no_cpython_wrapper": "",
    "no_cfunc_wrapper": "", "identity": "", "writable_args": "", "nopython_fallback": "",
}
_QUIET_WHEN = {"cache": (False,), "parallel": (False,), "looplift": (True, None), "target": ("cpu",), "debug": (False, None),
               "no_cpython_wrapper": (False, True), "no_cfunc_wrapper": (False, True), "no_rewrites": (False,), "_nrt": (True,)}
_OPTIONS = {*_FLAGS, "fastmath", *_IGNORED, "error_model", "inline", "locals", "signature", "opt_level", "interrupts", "overflow"}
_warned = set()
watched = None  # a list while somebody wants to know which dispatchers are made (python -m hotloop annotate)


def _warn_ignored(name, value, stacklevel):
    if value in _QUIET_WHEN.get(name, ()) or name in _warned:
        return
    _warned.add(name)
    why = _IGNORED[name]
    warnings.warn(f"the option {name}={value!r} has no effect{': ' + why if why else ''}", HotloopOptionWarning, stacklevel=stacklevel)


def _compiler_options(options, stacklevel):
    """What the options of a decorator mean to the compiler."""
    for name in options:
        if name not in _OPTIONS:
            raise TypeError(f"jit() got an unexpected keyword argument {name!r}; the options are "
                            f"{', '.join(sorted(n for n in _OPTIONS if n[0] != '_'))}")
    if options.get("nopython") and options.get("forceobj"):
        raise ValueError("only one of 'nopython' and 'forceobj' can be True")
    if options.get("target", "cpu") not in ("cpu", "host"):
        raise ValueError(f"target={options['target']!r} is not supported by jit(); 'cpu' is")
    model = options.get("error_model", "python")
    if model not in ("python", "numpy"):
        raise ValueError(f"error_model is 'python' or 'numpy', not {model!r}")
    inline = options.get("inline", "never")
    if inline not in ("never", "always") and not callable(inline):
        raise ValueError(f"inline is 'never', 'always' or a function, not {inline!r}")
    level = options.get("opt_level", 3)
    if level not in (0, 1, 2, 3):
        raise ValueError(f"opt_level is 0, 1, 2 or 3, not {level!r}")
    for name, value in options.items():
        if name in _IGNORED:
            _warn_ignored(name, value, stacklevel + 1)
    out = {name: bool(options.get(name)) for name in _FLAGS}
    bounds = options.get("boundscheck")
    out["boundscheck"] = True if bounds is None else bool(bounds)  # safe unless the user says otherwise
    fast = options.get("fastmath", False)
    if isinstance(fast, (set, frozenset, dict, list, tuple)):
        if unknown := sorted(set(fast) - set(_FAST_FLAGS), key=str):
            raise ValueError(f"fastmath is True, False or a set of {', '.join(sorted(_FAST_FLAGS))}; {unknown[0]!r} is none of them")
    else:
        fast = ("fast",) if fast else ()
    out["fastmath"] = 0
    for name in fast:
        out["fastmath"] |= _FAST_FLAGS[name]
    out["error_model_numpy"] = model == "numpy"
    overflow = options.get("overflow", "wrap")
    if overflow not in ("wrap", "raise"):
        raise ValueError(f"overflow is 'wrap' or 'raise', not {overflow!r}")
    out["overflow_raise"] = overflow == "raise"
    out["interrupts"] = bool(options.get("interrupts", True))
    out["always_inline"] = inline == "always"
    out["opt_level"] = level
    return out


def _locals_option(declared):
    if not declared:
        return None
    if not isinstance(declared, dict):
        raise TypeError(f"locals is a dict from names to types, not {type(declared).__name__}")
    from .signatures import as_type
    return {str(name): as_type(t) for name, t in declared.items()}


def make_dispatcher(func, options, signatures=(), stacklevel=2):
    """A dispatcher for `func` with Numba's options; compiled at once for the signatures, if there are any."""
    compiler_options = _compiler_options(options, stacklevel + 1)
    d = _binding.Dispatcher(func, compiler_options, _locals_option(options.get("locals")), dict(options))
    if watched is not None:
        watched.append(d)
    for sig in signatures:
        d.compile(sig)
    if signatures:
        d.disable_compile()
    return d


def _signatures_of(value):
    """The list of signatures that a decorator's first argument stands for, or None when it is not a signature."""
    from .signatures import is_signature
    if isinstance(value, list):
        return value
    return [value] if is_signature(value) else None


def _function_of(func):
    if isinstance(func, _binding.Dispatcher):
        return func.py_func
    if isinstance(func, (staticmethod, classmethod)):
        raise TypeError(f"put @jit below @{type(func).__name__}: it compiles the function, not the descriptor")
    if isinstance(func, type):
        raise TypeError(f"jit() compiles functions; {func.__name__} is a class")
    if not isinstance(func, _pytypes.FunctionType):
        raise TypeError(f"jit() compiles Python functions; {func!r} is a {type(func).__name__}")
    return func


def jit(signature_or_function=None, locals=None, cache=False, pipeline_class=None, boundscheck=None, **options):
    """Compiles a function when it is called, or at once for given signatures.

    Use it bare, ``@jit``; with options, ``@jit(nogil=True)``; with signatures, ``@jit("f8(f8)")`` or ``@jit([int64(int64), float64(float64)])``.

    Parameters
    ----------
    signature_or_function : function, or str, type object signature, tuple of types, or list of these
        After signatures the function converts its arguments to one of them and compiles nothing new.
    nopython : bool
        Refuse values that would have to stay Python objects (`njit` sets it).  Without it they are Python objects, and all others
        are compiled.
    forceobj : bool
        Every value is a Python object.
    nogil : bool
        Release the global interpreter lock while compiled code runs.
    fastmath : bool or set of str
        Let floating-point operations be reordered and replaced by faster ones of a few ULP, and assume that there are no NaNs and
        infinities.  A set of LLVM's flags permits these alone: ``{"reassoc", "nsz"}`` reorders and keeps NaNs.
    error_model : {'python', 'numpy'}
        Division by zero raises, or gives inf and nan.
    overflow : {'wrap', 'raise'}
        What arithmetic does whose result needs more than 64 bits: wrap round, the default, or raise OverflowError.
    interrupts : bool
        Loops look for signals, so that Ctrl-C and other handlers work while the function runs; on by default. Off, a signal waits until the
        function returns.
    boundscheck : bool
        False leaves out the range checks of indices.
    inline : {'never', 'always'}
        'always' puts the function into its callers.
    locals : dict
        Types of local variables.

    Returns
    -------
    Dispatcher, or a decorator that makes one
    """
    if "argtypes" in options or "restype" in options:
        raise TypeError("argtypes and restype are not supported; give a signature instead")
    for name, value, default in (("locals", locals, None), ("cache", cache, False), ("pipeline_class", pipeline_class, None),
                                 ("boundscheck", boundscheck, None)):
        if value is not default:
            options[name] = value
    sigs = []
    func = signature_or_function
    if "signature" in options:
        sigs = _signatures_of(options.pop("signature")) or []
    if func is not None and not callable(func) or isinstance(func, (str, tuple, list)) or type(func).__name__ == "Signature":
        given = _signatures_of(func)
        if given is None:
            raise TypeError(f"jit() takes a function or a signature, not {func!r}")
        sigs, func = given, None

    def wrap(func, stacklevel=3):
        if config.DISABLE_JIT:
            return func
        return make_dispatcher(_function_of(func), options, sigs, stacklevel)

    return wrap if func is None else wrap(func, 4)


def njit(*args, **options):
    """``jit(nopython=True)``: every value of the function must have a type of its own."""
    if options.pop("forceobj", False):
        raise ValueError("forceobj can't be used with njit; use jit")
    options["nopython"] = True
    return jit(*args, **options)


def register_jitable(*args, **options):
    """Lets compiled code call a function that stays a plain Python function for everybody else.

    Used bare or with the options of `jit`.
    """
    def wrap(func):
        if config.DISABLE_JIT:
            return func
        from . import extending
        extending.register_implementation(func, make_dispatcher(func, {"nopython": True, **options}))
        return func

    if options or not args:
        return wrap
    return wrap(*args)
