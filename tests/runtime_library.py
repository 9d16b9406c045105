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


own, give_back = declare("mem_pyobject", P, ctypes.py_object), declare("object_release", None, P)


class Strangers:
    """Owners of an object of their own, in the memory of owners that have just ended.

    A function that gives away a reference that it does not own, or gives one back twice, refers to an owner that has ended, and nothing
    shows until its memory serves another, perhaps much later.  Strangers move in at once: who still refers to that memory gets a
    stranger in place of his object, and what he retains or releases is seen in its count.
    """

    def __init__(self):
        self.owners = []

    def move_in(self, count=16):
        """`count`: owners of a call's arguments, which ended after what is looked for, are taken too."""
        self.owners += [own("a stranger") for _ in range(count)]

    def leave(self):
        """How many of them somebody else retained or released."""
        self.move_in()  # also where a stranger was: one that ended gave its memory on
        alone = {o for o in self.owners if I64.from_address(o).value == 1}
        wrong = len(self.owners) - len(alone)
        for o in alone:
            give_back(o)
        self.owners = []
        return wrong
