"""hotloop under Numba's name, for libraries that import it by that name (../../run.py).

Names and submodules are hotloop's.  What it does not have can be imported and called, so that the rest of a library can be tested, and
gives an `Absent`; a signature with one in it is left out, so the function is compiled for the types it is called with.
"""
import importlib
import importlib.abc
import importlib.machinery
import os
import sys
import types as python_types

import hotloop

__version__ = "0.60.0"


class Absent:
    """Something of Numba's that hotloop does not have."""

    def __init__(self, name):
        self._name = name

    def __call__(self, *args, **kwargs):
        return self

    def __getitem__(self, key):
        return self

    __iter__ = None

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        return Absent(f"{self._name}.{name}")

    def __repr__(self):
        return f"<{self._name}, which hotloop does not have>"


class Type:
    """A type, or a function that makes one: with an `Absent` among the arguments it makes one of those."""

    def __init__(self, of):
        self.of = of

    def __call__(self, *args, **kwargs):
        return Absent("a type of absent ones") if has_absent(args) else wrapped(self.of(*map(unwrapped, args), **kwargs))

    def __getitem__(self, key):
        return wrapped(self.of[key])

    def __instancecheck__(self, value):
        return isinstance(unwrapped(value), self.of)

    def __getattr__(self, name):
        return getattr(self.of, name)


def wrapped(value):
    return Type(value) if callable(value) else value


def unwrapped(value):
    if isinstance(value, (list, tuple)):
        return type(value)(map(unwrapped, value))
    return value.of if isinstance(value, Type) else value


def has_absent(value):
    return isinstance(value, Absent) or isinstance(value, (list, tuple)) and any(map(has_absent, value))


class Module(python_types.ModuleType):
    """A module of hotloop's, or none, under Numba's name for it."""

    __path__ = ()

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        path = self.__name__.partition(".")[2]
        try:
            value = getattr(importlib.import_module("hotloop." + path), name)
        except (ImportError, AttributeError):
            return Absent(f"{self.__name__}.{name}")
        return wrapped(value) if path == "types" else value


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if name.startswith("numba.") else None

    def create_module(self, spec):
        return Module(spec.name)

    def exec_module(self, module):
        pass


sys.meta_path.insert(0, Finder())
sys.modules["numba.typed"] = Module("numba.typed")


class List:
    """Makes a list: hotloop's hold one type anyway."""

    def __new__(cls, iterable=()):
        return list(iterable)

    def __class_getitem__(cls, item):
        return cls

    @staticmethod
    def empty_list(item, allocated=0):
        return []


# Compiled functions know the class only as an object.
sys.modules["numba.typed"].List = List if os.environ.get("GRADUAL") else list
for _name in ("types", "core.types"):
    sys.modules["numba." + _name] = Module("numba.types")
types = sys.modules["numba.types"]


def _decorator(of):
    def decorator(*args, **options):
        if os.environ.get("GRADUAL"):
            options.pop("nopython", None)
        if args and not isinstance(args[0], python_types.FunctionType):
            args = () if has_absent(args[0]) else tuple(map(unwrapped, args))
        return of(*args, **options)
    return decorator


jit = _decorator(hotloop.jit)
njit = jit if os.environ.get("GRADUAL") else _decorator(hotloop.njit)


def __getattr__(name):
    if name[:2] == "__":
        raise AttributeError(name)
    value = getattr(hotloop, name, None)
    if value is None or isinstance(value, python_types.ModuleType):
        return importlib.import_module("numba." + name)
    return wrapped(value) if name in hotloop.types.__dict__ else value
