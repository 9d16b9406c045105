"""Threads: ``prange`` and their number."""
import threading

from . import _binding, config


class prange:
    """``range`` whose iterations may run at the same time in functions compiled with ``parallel=True``.

    In plain Python it is `range`.
    """

    def __new__(cls, *args):
        return range(*args)


class _Local(threading.local):
    threads = config.NUMBA_NUM_THREADS


_local = _Local()


def get_num_threads():
    """The number of threads that parallel code started by this thread may use."""
    return _local.threads


def set_num_threads(n):
    """Sets that number, from 1 to the number the process started with."""
    most = config.NUMBA_NUM_THREADS
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError("The number of threads specified must be an integer")
    if not 1 <= n <= most:
        raise ValueError(f"The number of threads must be between 1 and {most}")
    _local.threads = int(n)
    _binding.set_threads(_local.threads)


def get_thread_id():
    """The number of the worker that runs the calling code; 0 outside of parallel code."""
    return 0


def threading_layer():
    """Name of the library that runs parallel code."""
    raise ValueError("Threading layer is not initialized.")
