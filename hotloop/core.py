"""Numba's module names, for programs that import them: hotloop.core.errors, hotloop.core.types."""
import sys

from . import errors, types

sys.modules[__name__ + ".errors"] = errors
sys.modules[__name__ + ".types"] = types
