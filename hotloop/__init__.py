"""hotloop: a just-in-time compiler for numerical Python.

    from hotloop import njit

    @njit
    def total(a):
        s = 0.0
        for x in a:
            s += x
        return s

Importing is quick: names below load what they need when they are first used, and LLVM is loaded by the first compilation.
"""
try:
    from .decorators import jit, njit
except ImportError as exc:
    import os as _os
    if _os.path.exists(_os.path.join(_os.path.dirname(__file__), "meson.build")):
        raise ImportError(f"{_os.path.dirname(__file__)} is hotloop's source folder, not the installed package: start Python in "
                          "another folder, or with -P") from exc
    raise

__version__ = "0.1.0"

# name -> module that has it
_lazy = {
    "register_jitable": "decorators", "objmode": "objmode",
    "prange": "parallel", "get_num_threads": "parallel", "set_num_threads": "parallel", "get_thread_id": "parallel",
    "threading_layer": "parallel",
    "typeof": "typing", "from_dtype": "typing", "literally": "extending", "literal_unroll": "typing",
    "Signature": "signatures", "vectorize": "ufunc", "guvectorize": "gufunc", "stencil": "stencils", "cfunc": "callbacks", "carray": "callbacks", "farray": "callbacks",
    **dict.fromkeys("""HotloopError TypingError UnsupportedError UnsupportedBytecodeError LoweringError RequireLiteralValue
                       HotloopWarning HotloopPerformanceWarning NumbaError NumbaTypeError NumbaValueError NumbaWarning
                       NumbaPerformanceWarning NumbaDeprecationWarning NumbaPendingDeprecationWarning
                       NumbaExperimentalFeatureWarning""".split(), "errors"),
}
_submodules = {"config", "core", "errors", "extending", "inspection", "np", "parallel", "pickling", "callbacks", "signatures", "stencils", "types", "typing", "ufunc", "gufunc"}
_type_names = frozenset("""
    void none boolean bool_ b1 int8 int16 int32 int64 uint8 uint16 uint32 uint64 intp uintp intc uintc int_ uint ssize_t size_t
    i1 i2 i4 i8 u1 u2 u4 u8 f4 f8 c8 c16 float32 float64 float_ double complex64 complex128 char uchar short ushort long_ ulong
    longlong ulonglong byte unicode_type voidptr optional
""".split())

__all__ = ["jit", "njit", "prange", "typeof", "types", "errors", "extending", "config", "register_jitable", "from_dtype",
           "literally", "get_num_threads", "set_num_threads", "get_thread_id", "threading_layer", "vectorize", "guvectorize", "stencil", "cfunc", "carray", "farray", "objmode", *sorted(_type_names)]


def __getattr__(name):
    import importlib
    if name in _submodules:
        return importlib.import_module("." + name, __name__)
    if name in _type_names:
        value = getattr(importlib.import_module(".types", __name__), name)
    elif name in _lazy:
        value = getattr(importlib.import_module("." + _lazy[name], __name__), name)
    else:
        raise AttributeError(f"module 'hotloop' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
