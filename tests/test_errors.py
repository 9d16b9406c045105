"""The text of compilation errors: every program in tests/errors/ is wrong, and the text beside it is what the user reads.

    python tests/test_errors.py         writes all expected texts anew (after a change of wording: read the difference)

The compiler reads bytecode, which marks other places in other versions of Python: where CPython 3.12 or later says something else
than 3.11, the text stands in name.3.12.txt.  Run the command above under 3.11 first.

A program that compiles by now has nothing to do here: delete it.
"""
import logging
import os
import pathlib
import pickle
import pty
import re
import subprocess
import sys
import time

import pytest

import hotloop
from hotloop import errors, hints

PROGRAMS = pathlib.Path(__file__).with_name("errors")
#: What a message must not show: names of the compiler's own instructions, types and constants, addresses.
INTERNAL = re.compile(r"0x[0-9a-f]{4,}|\b(?:getitem|setitem|getattr|build_\w+|unpack_ex|getiter|iternext|Literal|UniTuple|Tuple\(|(?<!np\.)array\("
                      r"|unicode_type|var\d|const\(|closure\(|phi|pyobject)\b|\bparts\b")


def run(path):
    """(class, text) of the exception that the program ends in; its folder's name is left out of the text."""
    code = compile(path.read_text(), str(path), "exec")
    try:
        exec(code, {"__name__": path.stem})
    except Exception as e:
        return type(e).__name__, str(e).replace(str(path.parent) + os.sep, "")
    return None, "no error\n"


def golden(path):
    cls, text = run(path)
    return f"{cls}: {text}\n"


def expected(path):
    """The file with the text for this version of Python: the newest that is not newer."""
    for minor in range(sys.version_info.minor, 11, -1):
        of_version = path.with_suffix(f".3.{minor}.txt")
        if of_version.exists():
            return of_version
    return path.with_suffix(".txt")


def programs():
    return sorted(PROGRAMS.glob("*.py"))


@pytest.mark.parametrize("path", programs(), ids=lambda p: p.stem)
def test_text(path):
    text = golden(path)
    assert text == expected(path).read_text()
    assert len(text.splitlines()) <= 12
    assert all(len(line) <= 130 for line in text.splitlines()[1:])
    source = path.read_text()
    assert not [m for m in INTERNAL.findall(text) if m not in source]


def test_there_are_enough():
    assert len(programs()) >= 60
    assert {p.name.split(".")[0] for p in PROGRAMS.glob("*.txt")} == {p.stem for p in programs()}


def test_each_hint_is_well_formed():
    assert len(hints.HINTS) >= 25
    for hint in hints.HINTS:
        re.compile(hint.pattern)
        assert hint.text and len(hint.text) < 180, hint.name
    assert len({h.name for h in hints.HINTS}) == len(hints.HINTS)


def wrong(x):
    return x + "1"


def test_classes_are_found_under_numbas_names():
    from hotloop.core import errors as core_errors
    assert core_errors.TypingError is errors.TypingError
    with pytest.raises(errors.TypingError) as info:
        hotloop.njit(wrong)(1)
    assert isinstance(info.value, errors.NumbaError)
    assert info.value.lineno == wrong.__code__.co_firstlineno + 1 and info.value.filename == __file__
    with pytest.raises(TypeError):
        hotloop.njit(wrong)({})


def test_without_source_the_instruction_is_named():
    scope = {}
    exec(compile("def f(x):\n    y = x * 2\n    return y + 'a'\n", "gone.py", "exec"), scope)
    with pytest.raises(errors.TypingError) as info:
        hotloop.njit(scope["f"])(1)
    assert re.search(r'File "gone.py", line 3, in f, bytecode offset \d+ \(BINARY_OP\)', str(info.value))


def test_without_columns():
    source = "from hotloop import njit\n@njit\ndef f(x):\n    return x + 'a'\nf(1)\n"
    path = PROGRAMS / "add_number_and_text.py"
    out = subprocess.run([sys.executable, "-X", "no_debug_ranges", str(path)], capture_output=True, text=True)
    assert f'File "{path}", line 8, in label' in out.stderr and 'total = total + "1"' in out.stderr
    out = subprocess.run([sys.executable, "-X", "no_debug_ranges", "-c", source], capture_output=True, text=True)
    assert "`+` does not work between int64 and str" in out.stderr


def test_no_colour_in_pickles_logs_and_captures(caplog):
    with pytest.raises(errors.TypingError) as info:
        hotloop.njit(wrong)(1)
    again = pickle.loads(pickle.dumps(info.value))
    assert "\x1b" not in str(info.value) + str(again) + repr(info.value)
    assert str(again) == str(info.value)
    logging.getLogger("t").error("failed", exc_info=info.value)
    assert "\x1b" not in caplog.text


def on_terminal(code, **environment):
    """What `python -c code` writes when standard error is a terminal."""
    master, slave = pty.openpty()
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "PYTHON_COLORS")}
    process = subprocess.Popen([sys.executable, "-c", code], stderr=slave, env={**env, "TERM": "xterm", "PYTHON_COLORS": "0", **environment})
    os.close(slave)
    out = b""
    while True:
        try:
            data = os.read(master, 4096)
        except OSError:
            break
        if not data:
            break
        out += data
    os.close(master)
    process.wait()
    return out.decode()


RAISE = f"import runpy; runpy.run_path({str(PROGRAMS / 'add_number_and_text.py')!r})"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_colour_on_a_terminal():
    text = on_terminal(RAISE)
    assert "\x1b[" in text and "^^^" in text
    assert "\x1b[" not in on_terminal(RAISE, NO_COLOR="1")
    logged = "import logging\ntry:\n " + RAISE.replace("; ", "\n ") + "\nexcept Exception: logging.exception('x')"
    assert "\x1b[" not in on_terminal(logged)


FIFTY = "def f(n, text):\n    total = 0\n" + "".join(f"    a{k} = n + {k}\n    total += a{k} * 2\n" for k in range(23)) + "    return total + text\n"


def test_an_error_arrives_soon():
    def seconds():
        scope = {}
        exec(compile(FIFTY, "fifty.py", "exec"), scope)
        f = hotloop.njit(scope["f"])
        start = time.perf_counter()
        with pytest.raises(errors.TypingError):
            f(1, "x")
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.02


if __name__ == "__main__":
    for program in programs():
        says = golden(program)
        if sys.version_info < (3, 12):
            program.with_suffix(".txt").write_text(says)
        elif says != expected(program).read_text():
            program.with_suffix(f".3.{sys.version_info.minor}.txt").write_text(says)
