"""``@cfunc``: a Python function as a C function, for libraries that call back; and arrays of the memory that C hands over."""
import numpy as np

from . import _binding
from .decorators import _function_of, make_dispatcher
from .errors import UnsupportedTypeError
from .signatures import Signature, normalize

_OPTIONS = ("nopython", "fastmath", "boundscheck", "error_model", "inline", "cache", "debug", "opt_level", "nogil")


def cfunc(sig, locals=None, cache=False, pipeline_class=None, **options):
    """Compiles a function, at once, into a C function of the signature's types.

    Parameters
    ----------
    sig : str, Signature
        Numbers and pointers (``types.CPointer(float64)``, ``types.voidptr``); ``void`` for a function that returns nothing.
    locals : dict
        Types of local variables.
    fastmath, boundscheck, error_model
        As for `jit`.

    Returns
    -------
    decorator, which gives a `CFunc`

    Raises
    ------
    TypeError
        The signature has no return type, or a type that C has not.
    HotloopError
        The function can't be compiled.

    Examples
    --------
    >>> from hotloop import cfunc
    >>> @cfunc("float64(float64, float64)")
    ... def add(x, y):
    ...     return x + y
    >>> add.ctypes(4.0, 5.0)
    9.0
    """
    if not isinstance(sig, (str, tuple, Signature)):
        raise TypeError(f"cfunc() takes a signature, as in @cfunc('float64(float64)'), not {sig!r}")
    for name in options:
        if name not in _OPTIONS:
            raise KeyError(f"Unrecognized options: {name!r}; the options are {', '.join(_OPTIONS)}")
    if options.get("nopython") is False:
        raise ValueError("a C callback has no interpreter: nopython=False can't be had")
    ret, args = normalize(sig)
    if ret is None:
        raise TypeError("C callback needs an explicit return type")
    for t in (*args, ret):
        if not _is_c(t, t is ret):
            raise UnsupportedTypeError(f"C functions take and return numbers and pointers; {t} is none of these"
                                       + (": pass a pointer to it" if t._kind in ("COMPLEX", "ARRAY") else ""))
    settings = {**options, "nopython": True}
    if locals:
        settings["locals"] = locals

    def wrap(func):
        func = _function_of(func)
        return CFunc(make_dispatcher(func, settings, stacklevel=4), args, ret)

    return wrap


def _is_c(t, is_result):
    return t._kind in ("BOOL", "INT", "FLOAT", "POINTER") or is_result and t._kind == "NONE"


# --- C's names of the types --------------------------------------------------------------------------------------------------------

_C_NAMES = {"int8": "signed char", "int16": "short", "int32": "int", "int64": "long", "uint8": "unsigned char", "uint16": "unsigned short",
            "uint32": "unsigned int", "uint64": "unsigned long", "float32": "float", "float64": "double", "bool": "_Bool", "none": "void"}


def _c_name(t):
    if t._kind == "POINTER":
        inner = _c_name(t.dtype)
        return inner + "*" if inner.endswith("*") else inner + " *"
    return _C_NAMES[t.name]


def _ctypes_type(t):
    import ctypes
    if t._kind == "NONE":
        return None
    if t._kind == "POINTER":
        if t.dtype._kind in ("NONE", "COMPLEX"):
            return ctypes.c_void_p
        return ctypes.POINTER(_ctypes_type(t.dtype))
    if t._kind == "BOOL":
        return ctypes.c_bool
    return {**{f"int{n}": getattr(ctypes, f"c_int{n}") for n in (8, 16, 32, 64)}, **{f"uint{n}": getattr(ctypes, f"c_uint{n}") for n in (8, 16, 32, 64)},
            "float32": ctypes.c_float, "float64": ctypes.c_double}[t.name]


class CFunc(_binding.Callback):
    """A C function made of a Python function.

    Called from Python it is the Python function, from jitted functions the compiled one.  C calls `address`; an exception inside is
    printed ("Exception ignored in …") and the result is zero then.  It may be called by any thread, with the GIL or without.

    Attributes
    ----------
    address : int
        Valid as long as this object lives.
    ctypes : ctypes function
        Keeps this object.  `scipy.LowLevelCallable` takes it.
    capsule : PyCapsule
        The address under the name of its C signature; keeps this object.  `scipy.LowLevelCallable` takes it.
    cffi : cffi pointer
    native_name : str
        Of the function in the machine code.
    """

    native_name = "entry"

    def __new__(cls, dispatcher, args, ret):
        self = super().__new__(cls, dispatcher, args, ret)
        self.args, self.return_type = args, ret
        func = dispatcher.py_func
        for name in ("__name__", "__qualname__", "__module__", "__doc__"):
            setattr(self, name, getattr(func, name))
        self.__wrapped__ = func
        return self

    def __init__(self, dispatcher, args, ret):
        pass

    def __call__(self, *args, **kwargs):
        return self.__wrapped__(*args, **kwargs)

    def __repr__(self):
        return f"<hotloop C callback {self.__qualname__!r}>"

    @property
    def ctypes(self):
        found = self.__dict__.get("_ctypes")
        found = found and found()
        if found is None:
            import ctypes
            import weakref
            found = ctypes.CFUNCTYPE(_ctypes_type(self.return_type), *map(_ctypes_type, self.args))(self.address)
            found.hotloop_cfunc = self  # whoever holds the pointer holds the code
            self._ctypes = weakref.ref(found)
        return found

    @property
    def cffi(self):
        import cffi
        return cffi.FFI().cast("void *", self.address)

    @property
    def signature(self):
        """The signature in C."""
        return f"{_c_name(self.return_type)} ({', '.join(map(_c_name, self.args))})"

    @property
    def capsule(self):
        return self._capsule(self.signature)

    def inspect_llvm(self):
        """The LLVM IR."""
        return self._inspect("llvm")

    def inspect_asm(self):
        """The assembly."""
        return self._inspect("asm")

    def __reduce__(self):
        import sys
        module, found = sys.modules.get(self.__module__), None
        if module is not None and self.__module__ not in ("__main__", "__mp_main__") and "<" not in self.__qualname__:
            found = module
            for part in self.__qualname__.split("."):
                found = getattr(found, part, None)
        return self.__qualname__ if found is self else (CFunc, (self._dispatcher, self.args, self.return_type))


# --- arrays of foreign memory ---------------------------------------------------------------------------------------------------------


def _shape(shape):
    try:
        shape = (shape.__index__(),) if hasattr(shape, "__index__") else tuple(n.__index__() for n in shape)
    except (TypeError, AttributeError):
        raise TypeError(f"expected a sequence of integers or a single integer, got {shape!r}") from None
    if any(n < 0 for n in shape):
        raise ValueError("negative dimensions are not allowed")
    return shape


def _array(ptr, shape, dtype, order):
    import ctypes
    if isinstance(ptr, ctypes.c_void_p):
        if dtype is None:
            raise TypeError("explicit dtype required for void* argument")
        dtype, address = np.dtype(dtype), ptr.value
    elif isinstance(ptr, ctypes._Pointer):
        own = np.dtype(ptr._type_)
        if dtype is not None and np.dtype(dtype) != own:
            raise TypeError(f"mismatching dtype '{np.dtype(dtype)}' for pointer {ptr!r}")
        dtype, address = own, ctypes.cast(ptr, ctypes.c_void_p).value
    else:
        raise TypeError(f"expected a ctypes pointer, got {ptr!r}")
    shape = _shape(shape)
    size = dtype.itemsize * int(np.prod(shape, dtype=object))
    if not size:
        return np.empty(shape, dtype, order)
    if not address:
        raise ValueError("the pointer is NULL")
    memory = (ctypes.c_char * size).from_address(address)
    memory.pointer = ptr
    return np.ndarray(shape, dtype, memory, order=order)


def carray(ptr, shape, dtype=None):
    """The array of this shape, in C order, in the memory that a pointer points to.

    Compiled functions call it with pointers, Python with ctypes' pointers.  Nothing is copied, and nobody but the caller knows how long
    the memory lives.

    Parameters
    ----------
    ptr : CPointer or ctypes pointer
    shape : int or tuple of int
    dtype : dtype
        Needed for a void pointer.

    Returns
    -------
    numpy.ndarray
    """
    return _array(ptr, shape, dtype, "C")


def farray(ptr, shape, dtype=None):
    """`carray`, in Fortran order."""
    return _array(ptr, shape, dtype, "F")
