"""Teaching compiled code new functions, in Python.

``overload(function)`` decorates a function that is called with the *types* of the arguments and returns an implementation for
them (or None).  The implementation is compiled like any other code and may be chosen by types, by literal values, or by
whether an argument was given.
"""
from . import _binding, types
from .decorators import make_dispatcher, register_jitable
from .errors import TypingError

__all__ = ["overload", "overload_method", "overload_attribute", "register_jitable", "is_jitted", "literally"]

_choosers = {}    # function -> list of choosers, tried from the newest
_methods = {}     # (type class, name) -> chooser
_attributes = {}  # (type class, name) -> chooser


def _chooser_for(function):
    def choose(*args, **kwargs):
        """The first implementation that an overload of the function gives for these types."""
        error = None
        for chooser, options in reversed(_choosers[function]):
            try:
                found = chooser(*args, **kwargs)
            except TypingError as e:
                error = error or e
                continue
            if found is not None:
                return _with_options(found, options)
        if error is not None:
            raise error
        return None
    return choose


def _with_options(implementation, options):
    """The implementation, as a jitted function when the overload gave options for it."""
    wanted = dict(options.get("jit_options", {}))
    if options.get("inline") == "always":
        wanted["inline"] = "always"
    if not wanted or is_jitted(implementation):
        return implementation
    return make_dispatcher(implementation, {**wanted, "nopython": True})


def _register(function, chooser, options):
    try:
        known = function in _choosers
    except TypeError:
        raise TypeError(f"{function!r} can't be overloaded: it is not hashable") from None
    if not known:
        _choosers[function] = []
        _binding.overloads[function] = _chooser_for(function)
    _choosers[function].append((chooser, options))


def register_implementation(function, implementation):
    """Compiled code that calls `function` calls `implementation`, whatever the types."""
    _register(function, lambda *args, **kwargs: implementation, {})


def overload(func, jit_options=None, strict=True, inline="never", prefer_literal=False, **options):
    """Registers a function that chooses how compiled code carries out calls of `func`.

    Parameters
    ----------
    func : callable
    jit_options : dict, optional
        Options of `jit` for the implementation.
    inline : {'never', 'always'}
    prefer_literal : bool
        Literal types are always offered first, so this changes nothing.

    Examples
    --------
    >>> @overload(len)                                    # doctest: +SKIP
    ... def my_len(x):
    ...     if isinstance(x, types.Array):
    ...         return lambda x: x.shape[0]
    """
    if not callable(func):
        raise TypeError(f"overload() takes a function, not {func!r}")
    settings = {"jit_options": dict(jit_options or {}), "strict": strict, "inline": inline, **options}

    def decorate(chooser):
        _register(func, chooser, settings)
        return chooser
    return decorate


def _on_type(registry, kind):
    def register(typ, name, **options):
        if not (isinstance(typ, type) and issubclass(typ, types.Type)):
            raise TypeError(f"{kind}() takes a class of hotloop.types, not {typ!r}")

        def decorate(chooser):
            registry[typ, name] = chooser
            return chooser
        return decorate
    return register


overload_method = _on_type(_methods, "overload_method")
overload_method.__doc__ = "``overload_method(types.Array, 'name')`` registers a chooser for a method of a class of types."
overload_attribute = _on_type(_attributes, "overload_attribute")
overload_attribute.__doc__ = "``overload_attribute(types.Array, 'name')`` registers a chooser for an attribute."


def member_chooser(t, name, method):
    """The chooser registered for a member of the type `t`, looked for along the bases of its class; None: there is none."""
    registry = _methods if method else _attributes
    for cls in type(t).__mro__:
        if (cls, name) in registry:
            return registry[cls, name]
    return None


def is_jitted(function):
    """Whether `function` is what `jit` returned."""
    return isinstance(function, _binding.Dispatcher)


def literally(value):
    """In compiled code: asks for the value's literal type.  In Python: the value itself."""
    return value
