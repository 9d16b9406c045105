"""The graph's text form, its checks, and passes on small pieces of text.

tests/ir/*.ir: the first line is `# pass: NAME`, with options of run_pass behind it (`typed=False`), then comments, the
text that goes in, a line `----`, and the text that must come out; a line `error: …` instead demands a ValueError with that
text.  HOTLOOP_UPDATE=1 writes what comes out into the files; read the difference before you commit it.
"""
import os
import pathlib
import random
import re

import numpy  # noqa: F401  (names in the text refer to loaded modules)
import pytest

from hotloop._compiler import parse_print, run_pass

FILES = sorted(pathlib.Path(__file__).with_name("ir").glob("*.ir"))


def split(path):
    head, _, expected = path.read_text().partition("\n----\n")
    first, _, text = head.partition("\n")
    name, *options = re.match(r"# pass: (.*)", first)[1].split()
    options = {k: v == "True" for k, v in (o.split("=") for o in options)}
    return head, name, options, text, expected


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_pass(path):
    head, name, options, text, expected = split(path)
    try:
        out = run_pass(text, name, **options)
    except ValueError as e:
        out = f"error: {e}\n"
    if os.environ.get("HOTLOOP_UPDATE"):
        path.write_text(f"{head}\n----\n{out}")
    else:
        assert out == expected


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_what_is_printed_can_be_read(path):
    expected = split(path)[4]
    if not expected.startswith("error"):
        assert parse_print(expected) == expected


def test_values_and_types_round_trip():
    text = """func @f.<locals>.g(a: int64, b, c: array(float64, 2d, C, readonly)) -> float64 {
b0:
  %0 = param 0 : int64                                      ; 3:12
  %1 = const (1, (2.5, 'a\\n"', b'x'), None, (1+2j), 1e999, -1e999, Ellipsis)
  %2 = const @builtins.range : const(range)
  %3 = const (@builtins.ValueError, @builtins.KeyError)
  %4 = const nan : float64
  %5 = const 18446744073709551615 : Literal[18446744073709551615](uint64)
  %6 = const 'x' : Literal['x'](unicode_type)
  %7 = build_tuple %0, %6 : Tuple(int64, list(list(float32)), UniTuple(bool x 3), OptionalType(array(int8, 1d, A)), range)
  %8 = getattr 'real', %7 !inplace !fused !nobounds !nowrap !noraise : dtype(complex64)
  return %0
}
"""
    text = text.replace(" !inplace !fused !nobounds !nowrap !noraise : dtype(complex64)", " : dtype(complex64) !inplace !fused !nobounds !nowrap !noraise")
    assert parse_print(text) == text


@pytest.mark.parametrize("text, message", [
    ("", "line 1: func expected"),
    ("func @f() {\nb0:\n  %0 = frob\n}", "line 3: unknown instruction 'frob'"),
    ("func @f() {\nb0:\n  return %0\n}", "line 3: %0 is not defined"),
    ("func @f() {\nb0:\n  jump b7\n}", "line 3: there is no block b7"),
    ("func @f() {\nb0:\n  %0 = const 1\n  %0 = const 1\n  return %0\n}", "line 4: %0 is defined twice"),
    ("func @f() {\nb0:\n  %0 = const 1 : int65\n}", "line 3: unknown type 'int65'"),
    ("func @f() {\nb0:\n  %0 = const 1 [no_such]\n}", "line 3: there is no rule 'no_such'"),
    ("func @f() {\nb0:\n  %0 = const 'abc\n}", "line 3: string does not end"),
    ("func @f() {\nb0:\n  %0 = const @os.getcwd.no\n}", "line 3: no object is known as @os.getcwd.no"),
    ("func @f() {\n}", "line 2: the function has no blocks"),
    ("func @f() {\nb0:\n  return %0", "line 3: '}' expected, end of text found"),
])
def test_errors_name_the_line(text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_print(text)


@pytest.mark.parametrize("body, message", [
    ("b0:\n  %0 = const 1\n", "has no terminator"),
    ("b0:\n  %0 = add %1, %1\n  %1 = const 1\n  return %0\n", "operand 0, %1, is not defined on every way here"),
    ("b0:\n  %0 = const 1\n  %1 = add %0\n  return %1\n", "has 1 operands"),
    ("b0:\n  %0 = const 1\n  return %0\n  return %0\n", "is not the last instruction"),
    ("b0:\n  %0 = const 1\n  %1 = param 0\n  return %0\n", "does not stand at the head"),
    ("b0:\n  %0 = const 1\n  branch %0, b1, b1\nb1:\n  %1 = phi b0 %0\n  return %1\n", "phi has 1 operands, its block 2 predecessors"),
    ("b0: handler b2\n  %0 = const 1\n  %1 = neg %0\n  %2 = neg %0\n  jump b1\nb1:\n  return %1\nb2:\n  %3 = catch\n  return %3\n", "may raise before the end"),
    ("b0: handler b2\n  %0 = const 1\n  %1 = neg %0\n  jump b1\nb1:\n  return %1\nb2:\n  %3 = catch\n  return %1\n", "where it may not have been computed"),
    ("b0:\n  %0 = const 1\n  branch %0, b1, b2\nb1:\n  %1 = const 2\n  jump b2\nb2:\n  return %1\n", "is not defined on every way here"),
    ("b0:\n  jump b0\n", "the entry has predecessors"),
    ("b0:\n  jump b1\nb1:\n  %0 = catch\n  return %0\n", "comes here without an exception"),
])
def test_the_verifier_refuses(body, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        run_pass("func @f(a) {\n" + body + "}\n", "order", typed=False)


def test_junk_is_an_error_and_no_crash():
    rng = random.Random(1)
    texts = [split(p)[3] for p in FILES] + [split(p)[4] for p in FILES]
    pieces = [w for t in texts for w in re.findall(r"\s+|\w+|\S", t)]
    for _ in range(1500):
        words = re.findall(r"\s+|\w+|\S", rng.choice(texts))
        for _ in range(rng.randint(1, 4)):
            k = rng.randrange(len(words))
            what = rng.random()
            if what < .4:
                words[k] = rng.choice(pieces)
            elif what < .7:
                del words[k]
            else:
                words.insert(k, rng.choice(pieces))
        text = "".join(words)
        for name in ("order", "ownership", "bounds", "ranges", "poll"):
            try:
                run_pass(text, name, typed=name != "order")
            except ValueError:
                pass
