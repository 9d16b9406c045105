"""The runtime library through ctypes, for tests of its functions without the compiler."""
import ctypes
import os

import hotloop

library = ctypes.PyDLL(os.path.join(os.path.dirname(hotloop.__file__), "libhotloop.so"))
I64, I32, F64, P = ctypes.c_int64, ctypes.c_int32, ctypes.c_double, ctypes.c_void_p


def declare(name, result, *args):
    """The function hl_<name> with its types."""
    f = getattr(library, "hl_" + name)
    f.restype, f.argtypes = result, list(args)
    return f


live = declare("live_allocations", I64)
