"""NumPy functions written in the compiled language itself.

They are compiled like a user's code, through the same public interface (hotloop.extending), when a compiled function calls
them.  The binding imports this package when it meets a NumPy function that no row of compiler/rules/ does.
"""
from . import numpy_functions  # noqa: F401  (registers)

loaded = True
