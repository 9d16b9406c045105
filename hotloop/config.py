"""Switches in the environment: the first two are read here when hotloop is imported, the others by the compiler.

HOTLOOP_DISABLE_JIT=1   decorators return the Python function unchanged (for debuggers and coverage)
HOTLOOP_NUM_THREADS=n   threads that parallel code may use; the number of usable cores otherwise
HOTLOOP_DUMP=…          stages that the compiler prints: bytecode, ir, types, llvm, optimised, asm
HOTLOOP_VERIFY=1        the graph is verified after every pass
HOTLOOP_CPU=…           compiles for this CPU, by LLVM's name (x86-64-v3), with the features in HOTLOOP_CPU_FEATURES (+avx2,-avx512f)
"""
import os


def _flag(name):
    return os.environ.get(name, "0").strip().lower() not in ("", "0", "false", "no", "off")


def _count(name, default):
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isdigit() or int(text) < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {text!r}")
    return int(text)


def _cores():
    try:
        return len(os.sched_getaffinity(0)) or 1
    except AttributeError:
        return os.cpu_count() or 1


DISABLE_JIT = _flag("HOTLOOP_DISABLE_JIT")
NUMBA_NUM_THREADS = NUMBA_DEFAULT_NUM_THREADS = _count("HOTLOOP_NUM_THREADS", _cores())
THREADING_LAYER = "default"
