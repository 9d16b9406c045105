"""Threads that call, compile and drop functions; `make tsan` runs the same for longer."""
import gc
import pathlib
import sys

import pytest

from hotloop import _binding

sys.path.append(str(pathlib.Path(__file__).with_name("fuzz")))  # behind examples, which has another programs.py


@pytest.mark.keeps_memory  # what a first use makes for the process; a second run must leave nothing
def test_sixteen_threads():
    import threads
    assert threads.main(seconds=0.3, threads=4) == 0
    gc.collect()
    before = _binding.live_allocations()
    assert threads.main(seconds=1.5, threads=16) == 0
    gc.collect()
    assert _binding.live_allocations() <= before
