"""``with objmode(…)``: a few lines for the interpreter inside of compiled code."""


class objmode:
    """A block whose statements CPython runs, inside of a compiled function.

    ``with objmode(x="float64[:]", n=int64):`` may use any Python object.  Variables of the function can be read in the block; those that it assigns and
    that are used behind it must be declared with their types, and are checked against them when the block ends.

    In plain Python the block is just its statements.

    Parameters
    ----------
    **types : str or type
        Types of variables, as text, which is parsed and never evaluated, or as type objects.
    """

    _is_objmode = True
    __slots__ = ()

    def __init__(self, **types):
        pass

    def __enter__(self):
        return None

    def __exit__(self, *exc):
        return False
