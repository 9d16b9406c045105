"""Indexing and slicing str in compiled code: the characters and the errors of CPython."""
import pytest
from harness import check, checks

from hotloop import TypingError, njit

TEXTS = ("", "a", "hotloop", "naïve", "日本語", "a\U0001F600b", "x" * 300)


def test_items():
    def f(s, k):
        return s[k]

    checks(f, [(s, k) for s in TEXTS for k in (0, 1, -1, 2, -3, 6, 7, -7, -8, 2**62, -2**62)])


def test_items_of_literals():
    def f(k):
        return "hotloop"[2], "hotloop"[-1], "hotloop"[k], len("hotloop"[1])

    checks(f, [(0,), (-7,), (7,), (-8,)])

    def outside():
        return "hot"[3]

    check(outside)


def test_an_index_error_is_caught():
    def f(s):
        n = 0
        try:
            while True:
                n += ord(s[n])
        except IndexError:
            return n, s
        return -1, s

    checks(f, [("\x01\x01",), ("",), ("\x02\x00\x03",)])


def test_slices():
    def f(s, i, j, step):
        return s[i:j], s[:j], s[i:], s[:], s[::step], s[i:j:step], s[j:i:step]

    checks(f, [(s, i, j, step) for s in TEXTS for i in (0, 1, -2, 400) for j in (0, 3, -1, -400) for step in (1, 2, -1, -3)])
    check(f, "hotloop", 0, 1, 0)


def test_iteration():
    def f(s):
        n, items = 0, ["q"]
        for c in s:
            n = n * 31 + ord(c) & 0xffffff
        for i, c in enumerate(s, 5):
            n += i * ord(c)
        for a, b in zip(s, s[1:]):
            n += a == b
        for a, k in zip(s, range(100)):
            n += ord(a) * k
        for a in reversed(s):
            n = n * 3 + ord(a) & 0xffffff
        for c in "ab":
            items.append(c + s)
        items.extend(s)
        return n, items, [c for c in s], list(s), [*s], any(c == "a" for c in s), all(c != "n" for c in s), sum(ord(c) for c in s)

    checks(f, TEXTS)


def test_iteration_that_ends_early():
    def f(s):
        n = 0
        try:
            for c in s:
                if c == "t":
                    return c, n
                if c == "日":
                    raise ValueError(c)
                n += 1
        except ValueError:
            n = -n - 1
        return s, n

    checks(f, TEXTS)


def test_unpacking_and_extremes():
    def two(s):
        a, b = s
        return b, a

    def rest(s):
        a, *b = s
        return b, a

    def extremes(s):
        return min(s), max(s)

    for f in (two, rest, extremes):
        checks(f, ("ab", "a", "", "日本語"))


def test_repetition():
    def f(s, n, wide):
        t = s
        t *= n
        return s * n, n * s, s * wide, "ab" * n, "a" * (n > 0), t

    checks(f, [(s, n, n > 0) for s in TEXTS for n in (0, 1, 3, -2)] + [("ab", 2**62, True)], message=False)


def test_characters_and_codes():
    def f(s, k):
        return ord(s), chr(k), ord("\u00e9"), chr(ord(s) + 1)

    checks(f, [("a", 65), ("\U0001F600", 0x10FFFE), ("é", 0), ("ab", 65), ("", 65), ("a", -1), ("a", 0x110000), ("\U0010FFFF", 1)])


def test_programs():
    def digits(s):
        n = 0
        for k in range(len(s)):
            c = s[k]
            if "0" <= c <= "9":
                n = 10 * n + ord(c) - ord("0")
            elif c != "_":
                raise ValueError(f"no digit at {k}: {c!r}")
        return n

    checks(digits, [("12_345",), ("",), ("1x",), ("٣",)])

    def palindrome(s):
        return s == s[::-1], s[0] + s[-1]

    checks(palindrome, [("level",), ("levels",), ("",)])

    def distance(a, b):
        row = list(range(len(b) + 1))
        for i in range(1, len(a) + 1):
            before, row[0] = row[0], i
            for j in range(1, len(b) + 1):
                before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a[i - 1] != b[j - 1]))
        return row[-1]

    checks(distance, [("kitten", "sitting"), ("", "abc"), ("日本", "日本語")])


@pytest.mark.parametrize("index, message", [(1.5, "string indices must be integers, not float64"), ("a", "string indices must be integers, not str")])
def test_wrong_indices(index, message):
    with pytest.raises(TypingError, match=message):
        njit(lambda s, k: s[k])("abc", index)
