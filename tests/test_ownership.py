"""The ownership pass on random programs: no reference is lost, and none is given up twice."""
import numpy  # noqa: F401  (names in the text refer to loaded modules)
import pytest

from hotloop._compiler import run_pass
from ownership_machine import Machine, Program


@pytest.mark.parametrize("start", range(0, 300, 50))
def test_references_balance_on_every_path(start):
    finished = 0
    for seed in range(start, start + 50):
        program = Program(seed)
        text = run_pass(program.text, "ownership")
        for way in range(20):
            try:
                finished += Machine(text, way).run()
            except AssertionError as e:
                raise AssertionError(f"program {seed}, way {way}: {e}\n{text}") from None
    assert finished > 500


def test_the_machine_notices():
    """Each retain, release and unwind list that is taken away must be missed by somebody."""
    text = run_pass(Program(7).text, "ownership")
    lines = text.splitlines()
    marked = [k for k, line in enumerate(lines) if line.startswith(("  retain", "  release"))]
    assert len(marked) > 5
    for k in marked:
        broken = "\n".join(lines[:k] + lines[k + 1:])
        with pytest.raises(AssertionError):
            for way in range(400):
                Machine(broken, way).run()
