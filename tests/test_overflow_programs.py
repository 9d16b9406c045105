"""overflow="raise" in random programs of fixed seeds (tests/fuzz/overflow.py)."""
import pathlib
import sys

import pytest

sys.path.append(str(pathlib.Path(__file__).with_name("fuzz")))  # behind examples, which has another programs.py

import overflow  # noqa: E402


@pytest.mark.parametrize("seed", range(200))
def test_same_as_unbounded_integers(seed):
    overflow.run(seed)
