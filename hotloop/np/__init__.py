"""Numba's module names, for programs that import them: np.numpy_support."""
