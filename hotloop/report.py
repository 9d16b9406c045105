"""What became of a function: types, loops, allocations, range checks, Python objects, machine code, line by line.

The compiler hands over facts (compiler/report.c); this module sorts them by line and says them in words; `report_page` makes the HTML.

    report = f.report()          # writes f-report.html
    print(report)                # the same in short
"""
import json
import linecache
import os
import re
import time

from . import _binding, inspection
from .signatures import normalize

# LLVM's name of the obstacle -> what it means, and what may help ("": nothing simple)
_REASONS = {
    "CantReorderFPOps": ("the additions or multiplications of floats would happen in another order", "fastmath=True allows that"),
    "UnsafeDep": ("an iteration reads what an earlier one wrote", ""),
    "CantIdentifyArrayBounds": ("it is not known whether the arrays overlap", "work on contiguous arrays"),
    "CantVectorizeLibcall": ("it calls a function that has no vector form", ""),
    "CantVectorizeCall": ("it calls a function that has no vector form", ""),
    "CantVectorizeInstruction": ("an operation in it has no vector form", ""),
    "CantVectorizeInstructionReturnType": ("an operation in it has no vector form", ""),
    "CantVectorizeStore": ("its stores have no vector form", ""),
    "NoCFGForSelect": ("what it does depends on a condition", "np.where or min/max may say the same without a branch"),
    "CFGNotUnderstood": ("it leaves in several ways", "take break, return and raise out of the loop"),
    "LoopContainsUnsupportedSwitch": ("it branches in many ways", ""),
    "LoopContainsSwitch": ("it branches in many ways", ""),
    "NonReductionValueUsedOutsideLoop": ("a value is carried from one iteration to the next", ""),
    "UnsupportedPhi": ("a value is carried from one iteration to the next", ""),
    "CantComputeNumberOfIterations": ("it is not known beforehand how often it runs", "for i in range(n) says so; break and raise do not"),
    "UnsupportedUncountableLoop": ("it is not known beforehand how often it runs", "for i in range(n) says so; break and raise do not"),
    "TooManyUncountableEarlyExits": ("it may be left early", "take break, return and raise out of the loop"),
    "EarlyExitNotLatchPredecessor": ("it may be left early", "take break, return and raise out of the loop"),
    "NoConditionLoadForEarlyExitLoop": ("it may be left early, by a range check or a break", "indices that are computed need their check"),
    "RecurrencesInEarlyExitLoop": ("it may be left early, by a range check or a break, and carries a value", "indices that are computed need their check"),
    "WritesInEarlyExitLoop": ("it may be left early, by a range check or a break, and writes before that", "indices that are computed need their check"),
    "VectorizationNotBeneficial": ("vectors would not be faster: too few iterations, or memory in the wrong order", ""),
    "MemoryCheckTooExpensive": ("too many arrays might overlap", ""),
    "CantReorderMemOps": ("it is not known whether the arrays overlap", ""),
    "InvariantStore": ("it stores to the same place in every iteration", "sum into a variable, store after the loop"),
    "CantVectorizeStoreToLoopInvariantAddress": ("it stores to the same place in every iteration", "sum into a variable, store after the loop"),
    "AddsInOrder": ("floats are added in order, and an addition takes longer than the rest", "fastmath=True allows another order"),
    "MissedTransformsDisabled": ("this copy of the loop keeps its range checks and is rarely run", ""),
    "NoInductionVariable": ("it has no counter", ""),
    "LoopInvariantLoad": ("it reads and writes the same place in every iteration", ""),
    "NonSimpleLoad": ("it looks at memory that others may change", ""),
}
_DONE = re.compile(r"vectorization width: (vscale x )?(\d+), interleaved count: (\d+)")
_LABEL = re.compile(r"^[.\w$]+:")
_LOC = re.compile(r"^\s*\.loc\s+(\d+)\s+(\d+)")
_FILE = re.compile(r'^\s*\.file\s+(\d+)\s+(?:"([^"]*)"\s+)?"([^"]*)"')


class Loop:
    """One loop of the source, or one array expression.

    Attributes
    ----------
    line : int
    kind : {'loop', 'array expression'}
    vectorised : int
        Items that one instruction works on; 1 when it was not vectorised, 0 when no loop is left (unrolled, or computed away).
    inner : bool
        It contains no other loop.
    reasons : list of (line, str, str)
        What stands in the way and on which line, and what may help.
    """

    def __init__(self, line, kind="loop", end=None, inner=True):
        self.line, self.kind, self.end, self.inner = line, kind, end or line, inner
        self.vectorised = 0
        self.reasons = []
        self.checked_copy = False

    @property
    def verdict(self):
        """In words."""
        if not self.inner and not self.vectorised:
            return "contains loops"
        if self.vectorised > 1:
            return f"vectorised, {self.vectorised} at a time"
        if not self.vectorised:
            return "no loop is left: unrolled, or done by one call"
        if not self.reasons:
            return "not vectorised"
        line, why, _ = self.reasons[0]
        return f"not vectorised: {why}" + (f" (line {line})" if line != self.line else "")

    @property
    def hint(self):
        """What may help, or ''."""
        return self.reasons[0][2] if self.vectorised == 1 and self.reasons else ""


class FunctionReport:
    """One compiled function: the one asked for, or one that it calls."""

    def __init__(self, facts):
        self.name, self.filename, self.first_line = facts["name"], facts["file"], facts["line"]
        self.result, self.params = facts["result"], [tuple(p) for p in facts["params"]]
        self.values, self.mentions, self.loops = [], [], []
        self.code = {}  # line -> instructions of assembly
        self.objects = []  # (line, what, why)
        self.shares = {}  # line -> share of the measured call that its Python objects took
        self._marks = []

    @property
    def signature(self):
        return f"({', '.join(t for _, t in self.params)}) -> {self.result}"

    @property
    def lines(self):
        """First and last line that belong to it."""
        last = max([v["at"][2] for v in self.values + self.mentions] + [self.first_line])
        first = min([v["at"][0] for v in self.values + self.mentions] + [self.first_line])
        return first, last

    @property
    def source(self):
        """Numbered lines; none when the source is not at hand."""
        first, last = self.lines
        numbered = [(k, linecache.getline(self.filename, k).rstrip("\n")) for k in range(first, last + 1)]
        return numbered if any(text for _, text in numbered) else []

    def lines_that(self, fact):
        """Lines with an operation of which this holds: 'allocates', 'checked', 'unchecked', 'python', 'object', 'fused', 'nest'."""
        return sorted({v["at"][0] for v in self.values if fact in v["does"]})

    @property
    def allocations(self):
        return self.lines_that("allocates")

    @property
    def checks_left(self):
        """Lines with indices that are compared with the size whenever they are used; a rarely run copy of a loop does not count."""
        return sorted({v["at"][0] for v in self.values if "checked" in v["does"] and not v["slow"]})

    def _finish(self, remarks):
        nests = set(self.lines_that("nest"))
        spans = {}
        for loop in self._marks:
            line, end = loop["at"][0], loop["at"][2]
            if line <= 0:
                continue
            known = spans.setdefault(line, Loop(line, end=end))
            known.checked_copy |= loop["copy"] == "checked"
        loops = sorted(spans.values(), key=lambda l: (l.line, -l.end))
        for outer in loops:
            outer.inner = not any(outer.line < l.line and l.end <= outer.end for l in loops)
        expressions = {}
        reasons = []
        for remark in remarks:
            line = remark["line"]
            if remark["name"] == "AddsInOrder":
                reasons.append((line, *_REASONS[remark["name"]]))
            if remark["name"] in ("Vectorized", "Interleaved", "MissedDetails", "MissedTransformsDisabled", "AddsInOrder"):
                if line in nests:
                    loop = expressions.setdefault(line, Loop(line, "array expression"))
                else:
                    around = [l for l in loops if l.line <= line <= l.end]
                    loop = around[-1] if around else expressions.setdefault(line, Loop(line, "array expression"))
                _judge(loop, remark, reasons)
                reasons = []
            elif remark["name"] in _REASONS:
                reasons.append((line, *_REASONS[remark["name"]]))
            elif remark["text"].startswith("loop not vectorized: ") and remark["name"] != "MissedExplicitlyDisabled":  # said above, with the line
                reasons.append((line, remark["text"][len("loop not vectorized: "):].split("\n")[0], ""))
        self.loops = sorted([*loops, *expressions.values()], key=lambda l: l.line)

    def text(self):
        """What is worth knowing, a line a fact."""
        out = [f"{self.name}{self.signature}", f"  {self.filename}:{self.first_line}"]
        for loop in self.loops:
            hint = f"; {loop.hint}" if loop.hint else ""
            out.append(f"  line {loop.line}: {loop.kind}, {loop.verdict}{hint}")
        for title, lines in (("new arrays and lists", self.allocations), ("range checks left", self.checks_left),
                             ("calls into Python", self.lines_that("python"))):
            if lines:
                out.append(f"  {title}: line{'s' * (len(lines) > 1)} {', '.join(map(str, lines))}")
        if self.shares:
            out.append(f"  Python objects took {sum(self.shares.values()):.0%} of the measured call: "
                       + ", ".join(f"line {line} {share:.1%}" for line, share in sorted(self.shares.items())))
        for line, what, why in self.objects:
            out.append(f"  line {line}: {what} {'runs in the interpreter' if what == 'the whole function' else 'stays a Python object'}: {why}")
        return "\n".join(out)


def _judge(loop, remark, reasons):
    """A loop may be compiled several times (with and without range checks, in several callers): its best copy counts."""
    done = _DONE.search(remark["text"])
    if done:
        loop.vectorised = max(loop.vectorised, int(done.group(2)))
    elif remark["name"] == "MissedTransformsDisabled":
        loop.checked_copy = True
    elif loop.vectorised < 2:
        loop.vectorised = 1
        if reasons and not loop.reasons:
            loop.reasons = list(dict.fromkeys(reasons))


class Report:
    """What became of one or more compiled functions.

    Attributes
    ----------
    functions : list of FunctionReport
    path : str or None
        The HTML page, when one was written.
    """

    def __init__(self, functions):
        self.functions = functions
        self.path = None

    def __str__(self):
        return "\n\n".join(f.text() for f in self.functions)

    __repr__ = __str__

    def html(self):
        """The page, self-contained."""
        from .report_page import page
        return page(self)

    _repr_html_ = html

    def save(self, path):
        """Writes the page; returns its absolute path."""
        with open(path, "w", encoding="utf-8") as f:
            f.write(self.html())
        self.path = os.path.abspath(path)
        return self.path


def _code_by_line(text, wanted):
    """Assembly sorted by source line: (absolute file name, line) -> instructions; files that nobody wants are left out."""
    files, here, out = {}, None, {}
    for line in text.splitlines():
        if m := _FILE.match(line):
            files[m.group(1)] = os.path.join(m.group(2) or "", m.group(3))
        elif m := _LOC.match(line):
            here = (files.get(m.group(1), ""), int(m.group(2)))
        elif here and here[0] in wanted and here[1] and (not line.lstrip().startswith((".", "#")) or _LABEL.match(line)):
            if not line.startswith((".Ltmp", ".Lfunc", ".LCPI")):
                out.setdefault(here, []).append(line.expandtabs(8).rstrip())
    return out


def _parse(text):
    functions, remarks, code = [], [], ""
    for line in text.splitlines():
        fact = json.loads(line)
        kind = fact.pop("kind")
        if kind == "function":
            functions.append(FunctionReport(fact))
        elif kind == "value":
            functions[-1].values.append(fact)
        elif kind == "mention":
            functions[-1].mentions.append(fact)
        elif kind == "loop":
            functions[-1]._marks.append(fact)
        elif kind == "remark":
            remarks.append(fact)
        else:
            code = fact["text"]
    return functions, remarks, code


def _is_library(filename):
    return os.path.dirname(os.path.abspath(filename)).startswith(os.path.dirname(os.path.abspath(__file__)))


def of_specialisation(d, args):
    """Reports on a dispatcher's specialisation and the functions compiled with it, the library's left out."""
    functions, remarks, code = _parse(d._inspect(args, "report"))
    functions = [f for k, f in enumerate(functions) if k == 0 or not _is_library(f.filename)]
    unique = {}
    for f in functions:
        unique.setdefault((f.filename, f.first_line, f.signature), f)
    functions = list(unique.values())
    objects = inspection.objects(d, args)
    assembly = _code_by_line(code, {f.filename for f in functions})
    for f in functions:
        first, last = f.lines
        f.code = {line: text for (name, line), text in assembly.items() if name == f.filename and first <= line <= last}
        mine = []
        for remark in remarks:
            inside = [line for name, line in remark["lines"] if name == f.filename and first <= line <= last]
            if inside:  # the innermost line of this function: the loop may be that of a function inlined there
                mine.append({"name": remark["name"], "text": remark["text"], "line": inside[0]})
        f.objects = [(o.line, o.what, o.why) for o in objects if o.filename == f.filename and first <= o.line <= last]
        f._finish(mine)
    return functions


def _of_interpreted(d):
    """For a function that has no native code at all: its source, and why."""
    code = d.py_func.__code__
    f = FunctionReport({"name": d.py_func.__qualname__, "file": code.co_filename, "line": code.co_firstlineno, "result": "pyobject",
                        "params": [(name, "pyobject") for name in code.co_varnames[:code.co_argcount]]})
    last = max((line for _, _, line in code.co_lines() if line), default=code.co_firstlineno)
    f.values = [{"at": [line, -1, line, -1], "op": "", "type": "", "does": [], "slow": False} for line in (code.co_firstlineno, last)]
    f.objects = [(o.line, o.what, o.why) for o in inspection.objects(d)[()]]
    return f


def of_dispatchers(dispatchers):
    """One report on everything that these dispatchers have compiled."""
    out = []
    for d in dispatchers:
        if d._interpreted is not None:
            out.append(_of_interpreted(d))
        else:
            out += [f for args in inspection.signatures(d) for f in of_specialisation(d, args)]
    return Report(out)


def _measure(d, functions, args):
    """Calls a copy of the function that measures, and notes which share of the time went into Python objects, by line."""
    copy = _binding.Dispatcher(d.py_func, {**d._options, "profile": True}, d._locals, d.targetoptions)
    clock = time.perf_counter
    _binding.profile_start()
    start = clock()
    try:
        copy(*args)
    finally:
        seconds = clock() - start
        rows = _binding.profile_stop()
    seconds -= sum(o.compile_time for o in inspection.overloads(copy).values())
    for f in functions:
        first, last = f.lines
        for filename, line, spent, _ in rows:
            if filename == f.filename and first <= line <= last:
                f.shares[line] = min(1.0, spent / max(seconds, 1e-9))


def of_dispatcher(d, signature=None, file=..., measure=None):
    """What became of a compiled function.

    Parameters
    ----------
    signature : signature or tuple of types, optional
        One specialisation; all of them otherwise.
    file : str or path or None
        Where the HTML page goes: ``<name>-report.html`` in the current folder unless said otherwise; None writes none.
    measure : tuple, optional
        Arguments.  The function is called with them once, and the report says which share of the time its Python objects took.

    Returns
    -------
    Report
        Shows itself as a page in notebooks and as text elsewhere.

    Raises
    ------
    ValueError
        Nothing has been compiled yet.
    """
    if d._interpreted is not None:
        wanted = []
    else:
        wanted = inspection.signatures(d) if signature is None else [normalize(signature)[1]]
    if not wanted and d._interpreted is None:
        raise ValueError(f"{d.py_func.__qualname__} has not been compiled yet: call it first, or give it a signature with .compile()")
    out = Report([f for args in wanted for f in of_specialisation(d, args)] or [_of_interpreted(d)])
    if measure is not None:
        _measure(d, out.functions, measure)
    if file is not None:
        out.save(re.sub(r"\W", "-", d.py_func.__name__).strip("-") + "-report.html" if file is ... else file)
    return out
