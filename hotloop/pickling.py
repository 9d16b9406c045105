"""Pickling of compiled functions.

A function that its module gives under its name travels as that name.  Any other (a closure, a lambda, whatever ``__main__``
defines) travels as its code, defaults, closure and the globals that it uses, so that worker processes need nothing but hotloop and
the same version of Python.  What the code refers to goes into the pickle's *state*, after the function itself is known to the
pickler: recursive functions refer to themselves.

Unpickling the same function twice in one process gives the same object, compiled code included.  A worker gets it anew with every
task and drops it in between, so the latest ones are kept.
"""
import collections
import importlib
import marshal
import sys
import types as _types
import uuid
import weakref

from . import _binding

_known = weakref.WeakValueDictionary()  # identity -> dispatcher
_recent = collections.deque(maxlen=64)  # the latest that came here by pickle
_identities = weakref.WeakKeyDictionary()  # dispatcher -> identity


def _by_name(d):
    """The qualified name under which importing gives this very object, or None."""
    func = d.py_func
    module = sys.modules.get(func.__module__)
    if module is None or func.__module__ in ("__main__", "__mp_main__") or "<" in func.__qualname__:
        return None
    obj = module
    for part in func.__qualname__.split("."):
        obj = getattr(obj, part, None)
    return func.__qualname__ if obj is d else None


def _globals_used(code, found=None):
    found = set() if found is None else found
    found.update(code.co_names)
    for const in code.co_consts:
        if isinstance(const, _types.CodeType):
            _globals_used(const, found)
    return found


class _Module:
    """Stands for a module in a pickle."""

    def __init__(self, name):
        self.name = name

    def __reduce__(self):
        return importlib.import_module, (self.name,)


class _Function:
    """Stands for a plain Python function that can't be found by name."""

    def __init__(self, func):
        self.func = func

    def __reduce__(self):
        return _make_function, (_code_of(self.func),), _state_of(self.func), None, None, _set_function_state


def _portable(value):
    if isinstance(value, _types.ModuleType):
        return _Module(value.__name__)
    if isinstance(value, _types.FunctionType):
        found = sys.modules.get(value.__module__)
        for part in value.__qualname__.split("."):
            found = getattr(found, part, None)
        if found is not value or value.__module__ in ("__main__", "__mp_main__"):
            return _Function(value)
    return value


def _code_of(func):
    return (sys.version_info[:2], marshal.dumps(func.__code__), func.__module__, func.__name__, func.__qualname__,
            len(func.__closure__ or ()))


def _state_of(func):
    scope = {k: _portable(func.__globals__[k]) for k in _globals_used(func.__code__) if k in func.__globals__}
    cells = []
    for cell in func.__closure__ or ():
        try:
            cells.append((_portable(cell.cell_contents),))
        except ValueError:  # empty
            cells.append(())
    return {"globals": scope, "cells": cells, "defaults": func.__defaults__, "kwdefaults": func.__kwdefaults__, "doc": func.__doc__}


def _make_function(data):
    version, code, module, name, qualname, ncells = data
    if tuple(version) != sys.version_info[:2]:
        raise RuntimeError(f"{qualname}() was pickled by Python {version[0]}.{version[1]}; its code can't run in "
                           f"{sys.version_info[0]}.{sys.version_info[1]}")
    scope = {"__name__": module, "__builtins__": __builtins__}
    func = _types.FunctionType(marshal.loads(code), scope, name, None, tuple(_types.CellType() for _ in range(ncells)))
    func.__qualname__, func.__module__ = qualname, module
    return func


def _set_function_state(func, state):
    func.__globals__.update(state["globals"])
    for cell, content in zip(func.__closure__ or (), state["cells"]):
        if content:
            cell.cell_contents = content[0]
    func.__defaults__, func.__kwdefaults__, func.__doc__ = state["defaults"], state["kwdefaults"], state["doc"]


def _rebuild(identity, data, compiler_options, locals_, options):
    known = _known.get(identity)
    if known is not None:
        return known
    d = _binding.Dispatcher(_make_function(data), compiler_options, locals_, options)
    d.__dict__["_incomplete"] = True
    _known[identity] = d
    _identities[d] = identity
    _recent.append(d)
    return d


def reduce_dispatcher(d):
    """``__reduce__`` of a dispatcher."""
    name = _by_name(d)
    if name:
        return name
    if "_stencil" in d.__dict__:
        from .stencils import reduce_stencil
        return reduce_stencil(d)
    identity = _identities.get(d)
    if identity is None:
        identity = _identities[d] = uuid.uuid4().hex
        _known[identity] = d
    func = d.py_func
    state = _state_of(func)
    state["signatures"] = None if d._can_compile else [(args, ret) for args, ret, *_ in d._overloads()]
    return _rebuild, (identity, _code_of(func), d._options, d._locals, d.targetoptions), state


def set_state(d, state):
    """``__setstate__`` of a dispatcher."""
    if not d.__dict__.pop("_incomplete", False):
        return  # known in this process
    _set_function_state(d.py_func, state)
    d.__dict__["__doc__"] = state["doc"]
    for args, ret in state["signatures"] or ():
        d._compile(args, ret)
    if state["signatures"] is not None:
        d.disable_compile()
