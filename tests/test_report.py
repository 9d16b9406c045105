"""f.report() and python -m hotloop annotate: facts by line, the text, the page, and the page in a browser."""
import html
import os
import re
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

import hotloop
from hotloop import njit

PROGRAM = '''\
import sys
import numpy as np
from hotloop import njit

@njit
def twice(x):
    return x * 2.0

@njit
def work(a, where, n):
    s = 0.0
    for i in range(len(a)):
        s += twice(a[i])
    out = np.empty(n)
    for i in range(n):
        out[i] = a[where[i]] + s
    b = np.sqrt(a + 1.0) * a
    for i in range(1, n):
        out[i] = out[i - 1] * 0.5
    ü = [x for x in b]
    return out, len(ü)

work(np.ones(100), np.arange(100), 50)
print(sys.argv[1:])
'''


def line_of(text):
    return 1 + PROGRAM[:PROGRAM.index(text)].count("\n")


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM, encoding="utf-8")
    return path


@pytest.fixture
def report(program):
    space = {}
    exec(compile(PROGRAM, str(program), "exec"), space)
    return space["work"].report(file=None)


def annotate(*args, cwd, check=True):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [os.path.dirname(os.path.dirname(hotloop.__file__)), os.environ.get("PYTHONPATH")]))}
    return subprocess.run([sys.executable, "-m", "hotloop", "annotate", *map(str, args)], cwd=cwd, env=env, capture_output=True, text=True, check=check,
                          encoding="utf-8")


def loop_at(report, text):
    (found,) = [l for l in report.functions[0].loops if l.line == line_of(text)]
    return found


def test_functions_and_signatures(report):
    work, twice = report.functions
    assert (work.name, work.first_line) == ("work", line_of("def work") - 1)
    assert work.signature == "(array(float64, 1d, C), array(int64, 1d, C), int64) -> Tuple(array(float64, 1d, C), int64)"
    assert (twice.name, twice.signature) == ("twice", "(float64) -> float64")


def test_what_prevents_vectors(report):
    order = loop_at(report, "for i in range(len(a))")
    assert order.vectorised == 1 and "added in order" in order.verdict and "fastmath" in order.hint
    assert order.reasons[0][0] == line_of("s += twice")
    carried = loop_at(report, "for i in range(1, n)")
    assert carried.vectorised == 1 and "earlier one wrote" in carried.verdict
    left = loop_at(report, "for i in range(n)")
    assert left.vectorised == 1 and "left early" in left.verdict


def test_array_expressions_are_loops(report):
    nest = loop_at(report, "b = np.sqrt")
    assert nest.kind == "array expression"
    assert nest.vectorised > 1 and nest.verdict == f"vectorised, {nest.vectorised} at a time"


def test_fastmath_lets_it_vectorise():
    @njit(fastmath=True)
    def total(a):
        s = 0.0
        for x in a:
            s += x
        return s

    total(np.ones(5))
    (loop,) = total.report(file=None).functions[0].loops
    assert loop.vectorised > 1


def test_costs_by_line(report):
    work = report.functions[0]
    assert work.allocations == sorted(line_of(t) for t in ("out = np.empty", "b = np.sqrt", "ü = ["))
    assert work.checks_left == [line_of("out[i] = a[where")]
    assert line_of("s += twice") in work.lines_that("unchecked")


def test_boundscheck_false_leaves_no_checks():
    @njit(boundscheck=False)
    def pick(a, where):
        s = 0.0
        for k in where:
            s += a[k]
        return s

    pick(np.ones(5), np.arange(3))
    assert pick.report(file=None).functions[0].checks_left == []


def test_text(report):
    text = str(report)
    assert f"line {line_of('b = np.sqrt')}: array expression, vectorised" in text
    assert f"range checks left: line {line_of('out[i] = a[where')}" in text


def test_machine_code_belongs_to_lines(report):
    code = report.functions[0].code
    assert any("sqrt" in i for i in code[line_of("b = np.sqrt")])
    first, last = report.functions[0].lines
    assert all(first <= line <= last for line in code)


def test_types_are_nested_spans(report):
    page = report.html()
    row = re.search(r"<tr class='line'>(?:(?!</tr>).)*np\.sqrt|<tr class='line'>(?:(?!</tr>).)*sqrt.*?</tr>", page, re.S)
    assert row
    plain = [html.unescape(re.sub("<[^>]*>", "", cell)) for cell in re.findall(r"<tr class='line'><td[^>]*>\d+</td><td>(.*?)</td>", page)]
    assert "    ü = [x for x in b]" in plain and "        s += twice(a[i])" in plain
    assert 'data-t="s: ' in page and 'data-t="ü: list(float64)"' in page
    for cell in re.findall(r"<td>(<span.*?|[^<]*<span.*?)</td>", page):
        assert cell.count("<span") == cell.count("</span>")


def test_report_writes_a_page(tmp_path, monkeypatch):
    @njit
    def add(x, y):
        return x + y

    add(1, 2)
    add(1.0, 2.0)
    monkeypatch.chdir(tmp_path)
    r = add.report()
    assert r.path == str(tmp_path / "add-report.html") and os.path.getsize(r.path) > 1000
    assert [f.signature for f in r.functions] == ["(int64, int64) -> int64", "(float64, float64) -> float64"]
    one = add.report("float64(float64, float64)", tmp_path / "one.html")
    assert len(one.functions) == 1 and os.path.exists(tmp_path / "one.html")
    assert r._repr_html_() == r.html()


def test_nothing_compiled_yet():
    @njit
    def never(x):
        return x

    with pytest.raises(ValueError, match="never has not been compiled yet"):
        never.report()


def test_without_source():
    space = {"njit": njit}
    exec("@njit\ndef hidden(x):\n    return x + 1\n", space)
    space["hidden"](1)
    r = space["hidden"].report(file=None)
    assert "source not at hand" in r.html()


def test_a_report_changes_nothing():
    @njit
    def scale(a):
        for i in range(len(a)):
            a[i] *= 2
        return a.sum()

    before = scale(np.ones(3))
    compiled = scale.signatures
    scale.report(file=None)
    assert scale(np.ones(3)) == before and scale.signatures == compiled


def test_annotate(program, tmp_path):
    run = annotate("-t", "-o", "out.html", program, "--flag", "x", cwd=tmp_path)
    assert "['--flag', 'x']" in run.stdout and "array expression, vectorised" in run.stdout
    assert "2 compiled functions" in run.stderr or "3 compiled functions" in run.stderr
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "def work(" in html.unescape(re.sub("<[^>]*>", "", page))
    assert "http" not in re.sub(r"<td>.*?</td>", "", page)  # self-contained


def test_annotate_a_program_that_fails(tmp_path):
    (tmp_path / "bad.py").write_text("from hotloop import njit\nf = njit(lambda x: x + 1)\nf(1)\nraise SystemExit(3)\n")
    run = annotate("bad.py", cwd=tmp_path, check=False)
    assert run.returncode == 3 and (tmp_path / "bad-report.html").exists()


def test_annotate_without_compiled_functions(tmp_path):
    (tmp_path / "plain.py").write_text("print('hello')\n")
    run = annotate("plain.py", cwd=tmp_path)
    assert "compiled nothing" in run.stderr and not list(tmp_path.glob("*.html"))


def test_python_objects_are_named():
    @hotloop.jit
    def mixed(d, a):
        k = d["house"]
        s = 0.0
        for x in a:
            s += x
        return k, s

    mixed({"house": 2}, np.ones(10))
    r = mixed.report(file=None)
    first = mixed.py_func.__code__.co_firstlineno
    assert (first + 2, "d[\"house\"]", "argument 'd' is a Python object") in r.functions[0].objects
    assert f"line {first + 2}: d[\"house\"] stays a Python object" in str(r)
    assert "<span class='b py'>d[&quot;house&quot;]</span>" in r.html()
    assert first + 2 in r.functions[0].lines_that("python") and first + 5 not in r.functions[0].lines_that("python")


class Clock:
    calls = 0

    def wait(self, seconds):
        self.calls += 1
        time.sleep(seconds)


def test_measured_shares():
    @hotloop.jit
    def work(clock, a):
        s = 0.0
        for x in a:
            s += x
        clock.wait(0.001)
        clock.wait(0.05)
        return s

    clock = Clock()
    work(clock, np.ones(10))
    r = work.report(file=None, measure=(clock, np.ones(10)))
    assert clock.calls == 4  # called once more
    shares, first = r.functions[0].shares, work.py_func.__code__.co_firstlineno
    assert set(shares) == {first + 5, first + 6}
    assert shares[first + 6] > 0.5 > shares[first + 5]
    assert "Python objects took" in str(r) and "of the time</span>" in r.html()
    assert work.report(file=None).functions[0].shares == {}


def test_a_measured_call_that_fails():
    @hotloop.jit
    def pick(d, k):
        return d[k]

    pick({1: 2}, 1)
    with pytest.raises(KeyError):
        pick.report(file=None, measure=({}, 1))
    assert pick.report(file=None, measure=({1: 3}, 1)).functions[0].shares


def test_functions_that_the_interpreter_runs():
    @hotloop.jit
    def numbers(n):
        yield from range(n)

    with pytest.warns(hotloop.HotloopPerformanceWarning):
        assert list(numbers(3)) == [0, 1, 2]
    r = numbers.report(file=None)
    assert "the whole function runs in the interpreter" in str(r) and "yield" in str(r)
    assert "numbers(pyobject)" in r.html()


BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
USE = """<script>
const row = [...document.querySelectorAll('tr.line')].find(r => r.firstChild.textContent === '%d');
row.querySelector('td.code').click();
const item = [...row.querySelectorAll('[data-t]')].find(e => e.textContent === 'a');
item.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
document.title = [document.getElementById('tip').textContent, getComputedStyle(document.getElementById('tip')).display,
                  getComputedStyle(row.nextElementSibling).display, row.nextElementSibling.textContent.includes('sqrt')].join(' | ');
</script></body>"""


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here")
def test_in_a_browser(report, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(report.html().replace("</body>", USE % line_of("b = np.sqrt")), encoding="utf-8")
    run = subprocess.run([BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()],
                         capture_output=True, text=True, timeout=120, encoding="utf-8")
    title = re.search("<title>(.*?)</title>", run.stdout)
    assert title, run.stderr
    assert html.unescape(title.group(1)) == "a: array(float64, 1d, C) | block | table-row | true"
