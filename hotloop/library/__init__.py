"""Functions, most of them NumPy's, that are written in the compiled language itself, through the public `overload`.

Nothing here is imported before compiled code calls one of these functions: the compiler asks `find`, which knows in which module a
function is and imports that module alone.
"""
from importlib import import_module

from .. import _binding

# module here -> functions that it has, by their names in NumPy or builtins
_contents = {
    "sets": "in1d",
    "shapes": "split array_split hsplit vsplit dsplit rot90 ediff1d nancumsum nancumprod",
    "selecting": "extract compress take_along_axis trim_zeros tril_indices triu_indices diag_indices inner hamming hanning blackman bartlett",
    "filling": "full full_like array ascontiguousarray asfortranarray",
    "order_statistics": "median nanmedian percentile quantile nanpercentile nanquantile norm",
    "reductions": "sum prod min max amin amax any all mean",
    "numpy_functions": "copyto logspace",
    "ordering": "max min sorted",
}
_modules = {name: module for module, names in _contents.items() for name in names.split()}


def find(function):
    """The chooser of overloads (see `extending.overload`) for a function or a method of a ufunc, or None."""
    ufunc = getattr(function, "__self__", None)
    if type(ufunc).__name__ == "ufunc":
        from . import ufunc_methods
        return ufunc_methods.find(ufunc, function.__name__)
    module = _modules.get(getattr(function, "__name__", None))
    if module is None:
        return None
    import_module("." + module, __name__)
    return _binding.overloads.get(function)
