"""Types of Python values and of NumPy dtypes."""
from . import _binding


def typeof(value, purpose=None):
    """The type that `value` has as an argument of a compiled function.

    Raises
    ------
    hotloop.errors.UnsupportedTypeError
        A `TypeError`: values of this class can't be passed.
    """
    return _binding.typeof(value)


def from_dtype(dtype):
    """The type that stands for a NumPy dtype."""
    import numpy
    return _binding.from_dtype(numpy.dtype(dtype))


def as_dtype(t):
    """The NumPy dtype that stands for a number type."""
    return _binding.as_dtype(t)


def literal_unroll(container):
    """In compiled code: a loop over a tuple of several types is unrolled.  In Python: the tuple itself."""
    return container
