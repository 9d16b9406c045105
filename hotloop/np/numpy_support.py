"""Between NumPy dtypes and types of compiled code."""
from ..typing import as_dtype, from_dtype

__all__ = ["as_dtype", "from_dtype"]
