"""Runs NPBench's own Numba files (*_numba_n.py) with Numba and with hotloop, from a checkout of NPBench.

    NPBENCH=path make bench-npbench                          all kernels, preset S; writes benchmarks/npbench.md
    NPBENCH=path make bench-npbench ARGS="gemm jacobi_2d"    these alone

The files are not changed: in hotloop's process the module `numba` is hotloop.  Each kernel runs in a process of its own
with a time-out; its answer is compared with NPBench's NumPy version on the same input, by NPBench's own criterion.  Where they differ it may
be the file that says something else than the NumPy version: what CPython makes of the same file, undecorated, is right too, and the remark says so.
Compile time is the first call less a warm one.
"""
import argparse
import importlib
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import threading
import time
import types

import numpy as np

import bars
import report

HERE = pathlib.Path(__file__).resolve().parent
SCRATCH = HERE.parent / ".bench"
TIMEOUT = 240
PAUSE = 0.05  # seconds in front of each turn: the threads of OpenBLAS wait for more work, busily, for a while
BURSTS = 9  # in which all sides take their turn: of each the least counts, of all the median
AGAIN = 4  # rounds more, in new processes, for a kernel on which the two are close: many are as fast as memory, which others use as well


# --- in the child --------------------------------------------------------------------------------------------------------


def pretend_numba(**options):
    """Makes `import numba` give hotloop, with these options added to every decoration."""
    import hotloop

    def with_options(decorator):
        def decorate(function=None, /, *args, **own):
            own = {**own, **options}
            return decorator(function, *args, **own) if function else decorator(**own)
        return decorate if options else decorator

    stand_in = types.ModuleType("numba")
    stand_in.__dict__.update({k: v for k, v in vars(hotloop).items() if not k.startswith("__")})
    stand_in.jit, stand_in.njit = with_options(hotloop.jit), with_options(hotloop.njit)
    sys.modules["numba"] = stand_in


def module_name(info, suffix):
    return f"npbench.benchmarks.{info['relative_path'].replace('/', '.')}.{info['module_name']}{suffix}"


def module(info, suffix):
    return importlib.import_module(module_name(info, suffix))


def data_of(info, preset):
    """The kernel's input, as NPBench's own initialisation makes it."""
    data = dict(info["parameters"][preset])
    if info.get("init"):
        made = getattr(module(info, ""), info["init"]["func_name"])(*[data[a] for a in info["init"]["input_args"]])
        names = info["init"]["output_args"]
        data.update(zip(names, made if len(names) > 1 else [made]))
    return data


def call(function, info, data, clock=time.perf_counter):
    """One call on fresh copies: seconds, and everything that NPBench compares."""
    args = [data[a].copy() if a in info["array_args"] else data[a] for a in info["input_args"]]
    start = clock()
    result = function(*args)
    seconds = clock() - start
    outputs = list(result) if isinstance(result, (tuple, list)) else [] if result is None else [result]
    outputs += [a for n, a in zip(info["input_args"], args) if n in info.get("output_args", ())]
    return seconds, outputs


def agrees(want, got):
    """NPBench's criterion: np.allclose, or a relative error of the whole array below 1e-5.

    As there, results are compared in pairs: some Numba files return nothing where NumPy's return what they changed.
    """
    if want and not got:
        return "no results"
    for k, (w, g) in enumerate(zip(want, got)):
        w, g = np.asarray(w), np.asarray(g)
        if w.shape != g.shape:
            return f"result {k} has shape {g.shape} instead of {w.shape}"
        if np.allclose(w, g, rtol=1e-5, atol=1e-8, equal_nan=True):
            continue
        error = np.linalg.norm((w - g).ravel()) / max(np.linalg.norm(w.ravel()), 1e-300)
        if not error < 1e-5:
            return f"result {k}: relative error {error:.3g}"
    return ""


def burst(function, info, data, budget=0.1):
    """Seconds of the fastest call of several in a row."""
    best, end = math.inf, time.perf_counter() + budget
    while True:
        best = min(best, call(function, info, data)[0])
        if time.perf_counter() > end:
            return best


def cost_of_checks(function, info, data, budget=1.0, most=300):
    """The kernel's time with range checks over its time without them; the two take turns, and the processor's time of the thread counts.

    Where they seem to differ they are given four times as long."""
    pretend_numba(boundscheck=False)
    sys.modules.pop(module_name(info, "_numba_n"))
    sides = getattr(module(info, "_numba_n"), info["func_name"]), function
    call(sides[0], info, data)
    spent, least, n, start = ([], []), [math.inf, math.inf], 0, time.perf_counter()
    while n < 5 or n < most and time.perf_counter() - start < budget * (4 if least[1] > 1.05 * least[0] else 1):
        for k in ((0, 1), (1, 0))[n % 2]:
            spent[k].append(call(sides[k], info, data, time.thread_time)[0])
            least[k] = sorted(spent[k])[:3][-1]  # the clock of a virtual machine jumps now and then
        n += 1
    return least[1] / least[0]


def undecorated(info):
    """The kernel's Numba file as CPython runs it: the decorators give the functions back."""
    def decorator(function=None, *args, **options):
        return function if callable(function) else lambda f: f

    loaded = {name: sys.modules.pop(name) for name in ("numba", module_name(info, "_numba_n"))}
    sys.modules["numba"] = types.ModuleType("numba")
    sys.modules["numba"].__dict__.update(jit=decorator, njit=decorator, prange=range)
    try:
        return getattr(module(info, "_numba_n"), info["func_name"])
    finally:
        sys.modules.update(loaded)


def judge(info, data, want, got):
    """What is wrong with an answer, and what is to be said about it."""
    wrong = agrees(want, got)
    if not wrong:
        return "", ""
    with np.errstate(all="ignore"):
        _, python = call(undecorated(info), info, data)
    file = agrees(want, python)
    if file and not agrees(python, got):
        return "", f"as CPython with this file; the NumPy version differs ({file})"
    return wrong, ""


def run_kernel(path, side, name, preset):
    """Prints JSON objects: what the first call was like, then an answer to each line that it is asked: `burst`, `checks`."""
    sys.path.insert(0, path)
    info = json.loads((pathlib.Path(path) / "bench_info" / f"{name}.json").read_text())["benchmark"]
    data = data_of(info, preset)
    reference = getattr(module(info, "_numpy"), info["func_name"])
    with np.errstate(all="ignore"):
        _, want = call(reference, info, data)
    found = {"right": True}
    function = reference
    if side != "numpy":
        if side == "hotloop":
            pretend_numba()
        import numba
        numba.njit(lambda x: x + 1)(1)   # LLVM is loaded
        function = getattr(module(info, "_numba_n"), info["func_name"])
        found["first"], got = call(function, info, data)
        wrong, remark = judge(info, data, want, got)
        found.update(right=not wrong, wrong=wrong, remark=remark)
    print(json.dumps(found), flush=True)
    for line in sys.stdin:
        print(json.dumps(burst(function, info, data) if line.strip() == "burst" else cost_of_checks(function, info, data)), flush=True)


# --- in the parent ---------------------------------------------------------------------------------------------------------


class Child:
    """A side of a kernel, in a process of its own."""

    def __init__(self, path, side, name, preset):
        env = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONSAFEPATH": "1"}
        self.process = subprocess.Popen([sys.executable, __file__, path, "--child", side, name, "--preset", preset], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        self.late = False
        self.found = self.answer()

    def give_up(self):
        self.late = True
        self.process.kill()

    def answer(self):
        """The next line it prints; where it dies or takes too long, a result that says so."""
        timer = threading.Timer(TIMEOUT, self.give_up)
        timer.start()
        lines = []
        while True:
            line = self.process.stdout.readline()
            if not line or line[0] in "{0123456789":
                break
            lines.append(line)
        timer.cancel()
        if line:
            return json.loads(line)
        if self.late:
            return {"right": False, "wrong": f"longer than {TIMEOUT} s"}
        lines = [line for line in self.process.stderr.read().strip().splitlines() if line.strip()] or [f"exit status {self.process.wait()}"]
        cause = next((line for line in reversed(lines) if "Error" in line), lines[-1])
        return {"right": False, "wrong": cause.strip()[:200]}

    def ask(self, what):
        """Seconds, or a ratio; None when it is wrong or has died."""
        if not self.found["right"]:
            return None
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        answer = self.answer()
        if isinstance(answer, dict):
            self.found = answer
            return None
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.stderr.close()
        self.process.wait()


def one_round(options, name):
    """{side: what was found}: all compile, then take turns; who is first changes."""
    children = {side: Child(options.npbench, side, name, options.preset) for side in options.sides}
    bursts = {side: [] for side in children}
    for k in range(BURSTS):
        for side in list(children)[:: -1 if k % 2 else 1]:
            time.sleep(PAUSE)
            bursts[side].append(children[side].ask("burst"))
    for side, child in children.items():
        if None not in bursts[side]:
            child.found["warm"] = statistics.median(bursts[side])
            if "first" in child.found:
                child.found["compile"] = max(child.found["first"] - child.found["warm"], 1e-6)
        checks = child.ask("checks") if side == "hotloop" else None
        if checks is not None:
            child.found["checks"] = checks
        child.close()
    return {side: child.found for side, child in children.items()}


def middle(runs):
    """One result of a side's rounds: the median of each figure; of a wrong answer, that."""
    wrong = next((r for r in runs if not r["right"]), None)
    return wrong or {**runs[-1], **{k: statistics.median(r[k] for r in runs) for k in ("first", "warm", "compile", "checks") if k in runs[-1]}}


def measure(options, name, rounds, done):
    """Adds to the rounds done; {side: the middle of them}."""
    done += [one_round(options, name) for _ in range(rounds)]
    return {side: middle([r[side] for r in done]) for side in options.sides}


def are_close(sides):
    warm = [sides.get(side, {}).get("warm") for side in ("hotloop", "numba")]
    return None not in warm and 2 / 3 < warm[0] / warm[1] < 3 / 2


def markdown(kernels, preset):
    rows, ratios, checks = [], [], []
    for name, sides in sorted(kernels.items()):
        h, n, p = (sides.get(s, {}) for s in ("hotloop", "numba", "numpy"))
        if not h.get("right"):
            rows.append((name, "–", report.human(n.get("compile")), "", "–", report.human(n.get("warm")), report.human(p.get("warm")),
                         "", "", h.get("wrong", "").replace("|", "\\|")))
            continue
        checks.append(h["checks"])
        remarks = [h.get("remark", ""), "" if n.get("right") else "Numba: " + n.get("wrong", "")[:60]]
        rows.append((name, report.human(h["compile"]), report.human(n.get("compile")), report.times(n.get("compile"), h["compile"]),
                     report.human(h["warm"]), report.human(n.get("warm")), report.human(p.get("warm")),
                     report.times(n.get("warm"), h["warm"]), f"{h['checks']:.3f}", "; ".join(filter(None, remarks)).replace("|", "\\|")))
        if n.get("right"):
            ratios.append((n["compile"] / h["compile"], n["warm"] / h["warm"]))
    right = sum(1 for s in kernels.values() if s.get("hotloop", {}).get("right"))
    numba_right = sum(1 for s in kernels.values() if s.get("numba", {}).get("right"))
    summary = f"{right} of {len(kernels)} kernels run and are right with hotloop, {numba_right} with Numba."
    if ratios:
        a, b = (bars.geomean(column) for column in zip(*ratios))
        summary += f" Geometric means over those right on both sides: compilation {a:.3g}× shorter, run time {b:.3g}× shorter."
    if checks:
        summary += f" Range checks cost a factor of {bars.geomean(checks):.3f}, at most {max(checks):.3f}."
    head = ("kernel", "compile", "Numba", "ratio", "warm", "Numba", "NumPy", "Numba / hotloop", "checks on / off", "remark")
    return (f"# NPBench, preset {preset}\n\nMade by `NPBENCH=path make bench-npbench`: NPBench's own `*_numba_n.py` files, unchanged, "
            f"on both sides. All sides take turns, {BURSTS} times, for the fastest of several calls; the median counts. Where one takes less than one and a half "
            f"times as long as the other, that is done {AGAIN} times more, in new processes.\n\n{summary}\n\n" + report.table(head, rows) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("npbench", type=os.path.abspath, help="a checkout of https://github.com/spcl/npbench")
    parser.add_argument("kernels", nargs="*", help="these alone; results go to .bench/")
    parser.add_argument("--preset", default="S")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--sides", nargs="*", default=["numpy", "numba", "hotloop"])
    parser.add_argument("--child", nargs=2, metavar=("SIDE", "KERNEL"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_kernel(options.npbench, *options.child, options.preset)
        return
    names = sorted(p.stem for p in (pathlib.Path(options.npbench) / "bench_info").glob("*.json"))
    if not names:
        sys.exit(f"{options.npbench} is no checkout of NPBench: it has no bench_info/*.json")
    kernels = {}
    for name in options.kernels or names:
        done = []
        sides = measure(options, name, options.rounds, done)
        if are_close(sides):
            sides = measure(options, name, AGAIN, done)
        kernels[name] = sides
        print(f"{name}: " + "; ".join(
            f"{s} " + (f"{report.human(v.get('compile'))} + {report.human(v['warm'])}" if v.get("right") else v["wrong"])
            for s, v in sides.items()), flush=True)
    to = SCRATCH if options.kernels or set(options.sides) < {"numpy", "numba", "hotloop"} else HERE
    if to is HERE:
        (SCRATCH / "npbench.json").write_text(json.dumps({"preset": options.preset, "kernels": kernels}, indent=1))
    text = markdown(kernels, options.preset)
    (to / "npbench.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
