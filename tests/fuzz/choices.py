"""Where the program generator's choices come from: Hypothesis, in chunks of bytes.

A draw from Hypothesis costs some 50 µs, and a program takes hundreds of choices.  So bytes are drawn CHUNK at a time, and each
choice takes one or two of them.  Each part of a program that may be missing (a statement, a function) starts with a chunk of
its own inside a span: Hypothesis shrinks a program by leaving out whole spans and by lowering bytes, and a byte 0 is the
simplest choice everywhere.
"""
from hypothesis import strategies as st

CHUNK = 24
_chunk = st.binary(min_size=CHUNK, max_size=CHUNK)


@st.composite
def _part(draw, choices, function):
    saved = choices._draw, choices._bytes
    choices._draw, choices._bytes = draw, iter(())
    try:
        return function()
    finally:
        choices._draw, choices._bytes = saved


class Choices:
    """Bytes turned into decisions; `draw` is Hypothesis's."""

    def __init__(self, draw):
        self._draw = draw
        self._bytes = iter(())

    def _byte(self):
        for byte in self._bytes:
            return byte
        self._bytes = iter(self._draw(_chunk))
        return next(self._bytes)

    def part(self, function):
        """function(), with choices that are left out together."""
        return self._draw(_part(self, function))

    def upto(self, n):
        """A number from 0 to n - 1; 0 is the simplest."""
        if n <= 1:
            return 0
        byte = self._byte()
        return (byte if n <= 200 else byte << 8 | self._byte()) % n

    def pick(self, options):
        """One of a sequence, the simplest first."""
        return options[self.upto(len(options))]

    def chance(self, percent):
        """True so often; False is simpler."""
        return self.upto(100) >= 100 - percent

    def weighted(self, table):
        """One of {value: weight}, the simplest first."""
        at = self.upto(sum(table.values()))
        for value, weight in table.items():
            if at < weight:
                return value
            at -= weight
        raise AssertionError("weights")
