"""Measures hotloop beside the newest Numba, C and CPython in one go; writes benchmarks/results.md and results.svg.

    make bench                     everything, about ten minutes
    make bench ARGS="--quick"      fewer rounds, for a look; writes nothing into the repository

Every figure is the least of several rounds; in a round all sides take their turn one after the other.  Compilation is the
first call in a fresh process, less a warm call.
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

import bars
import cases
import report

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
SCRATCH = ROOT / ".bench"
SIDES = ("hotloop", "numba", "c", "python")

START = """
import time, numpy as np
def sum2d(arr):
    m, n = arr.shape
    result = 0.0
    for i in range(m):
        for j in range(n):
            result += arr[i, j]
    return result
a = np.ones((500, 500))
t0 = time.perf_counter()
import SIDE
t1 = time.perf_counter()
SIDE.njit(sum2d)(a)
t2 = time.perf_counter()
print(t1 - t0, t2 - t0)
"""


#: The first error of a fresh process, and the import before it.
FIRST_ERROR = """
import time, cases
scope = {}
exec(compile(cases.WRONG, "wrong.py", "exec"), scope)
a = cases.np.ones(30)
t0 = time.perf_counter()
import SIDE
t1 = time.perf_counter()
try:
    SIDE.njit(scope["wrong"])(a, 3)
except Exception as error:
    text = str(error)
t2 = time.perf_counter()
assert "total" in text
print(t1 - t0, t2 - t1)
"""


class Side:
    """A server of one side (worker.py)."""

    def __init__(self, name):
        self.name = name
        self.process = subprocess.Popen([sys.executable, HERE / "worker.py", name, "serve"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=environment())

    def ask(self, do, **request):
        """The answer, or None with the cause printed when this side cannot do it."""
        try:
            self.process.stdin.write(json.dumps({"do": do, **request}) + "\n")
            self.process.stdin.flush()
            answer = json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            self.process.kill()
            self.__init__(self.name)
            answer = {"error": "the process ended"}
        if isinstance(answer, dict) and "error" in answer:
            print(f"  {self.name}: {do} {request}: {answer['error']}", file=sys.stderr)
            return None
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def environment():
    return {**os.environ, "PYTHONSAFEPATH": "1", "PYTHONPATH": str(HERE)}


def child(*args):
    """What a fresh process prints; None when it fails."""
    done = subprocess.run([sys.executable, *map(str, args)], capture_output=True, text=True, env=environment())
    if done.returncode:
        print("  " + " ".join(map(str, args))[:60], done.stderr.strip().splitlines()[-1:], file=sys.stderr)
        return None
    return done.stdout


def least(old, new):
    return new if old is None else old if new is None else min(old, new)


def measure_start(rounds):
    """Seconds of `import` beyond NumPy, and of import and first call of the 2-D sum, in fresh processes."""
    seconds = {side: {"import": [], "import_and_call": []} for side in ("hotloop", "numba")}
    for _ in range(rounds):
        for side, found in seconds.items():
            out = child("-c", START.replace("SIDE", side))
            if out:
                a, b = map(float, out.split())
                found["import"].append(a)
                found["import_and_call"].append(b)
    return {side: {k: statistics.median(v) if v else None for k, v in found.items()} for side, found in seconds.items()}


def measure_first_error(rounds):
    """Seconds of the first error in a fresh process, import not included."""
    seconds = {"hotloop": [], "numba": []}
    for _ in range(rounds):
        for side, found in seconds.items():
            out = child("-c", FIRST_ERROR.replace("SIDE", side))
            if out:
                found.append(float(out.split()[1]))
    return {side: statistics.median(v) if v else None for side, v in seconds.items()}


def measure_first(rounds):
    """Seconds that the first call takes beyond a warm one, LLVM loaded, each in a fresh process.

    Where the machine's noise makes the warm call the longer one, the whole first call is taken: an upper bound."""
    found = {}
    for case in cases.CASES:
        if not case.first:
            continue
        row = found[case.name] = {}
        for turn in range(rounds):
            for side in ("hotloop", "numba"):
                if turn and row.get(side) is None or turn > 1 and row[side] > 3:
                    continue
                out = child(HERE / "worker.py", side, "first", case.name)
                if out:
                    first, warm = json.loads(out)
                    row[side] = least(row.get(side), first - warm if warm < first else first)
                else:
                    row[side] = None
        print(f"  {case.name}: " + ", ".join(f"{s} {report.human(t)}" for s, t in row.items()), flush=True)
    return found


def measure_warm(sides, rounds):
    found = {}
    for case in cases.CASES:
        if not case.warm:
            continue
        row = found[case.name] = {}
        for _ in range(rounds):
            for name, side in sides.items():
                if name == "c" and not case.twin or name == "python" and not case.python or name in row and row[name] is None:
                    continue
                row[name] = least(row.get(name), side.ask("warm", case=case.name, seconds=0.15))
        print(f"  {case.name}: " + ", ".join(f"{s} {report.human(t)}" for s, t in row.items()), flush=True)
    return found


def measure_overhead(sides, rounds):
    found = {}
    for name, *_ in cases.OVERHEAD:
        row = found[name] = {}
        for _ in range(rounds):
            for side in ("hotloop", "numba", "python"):
                row[side] = least(row.get(side), sides[side].ask("overhead", case=name))
    return found


def measure_rest(sides):
    both = ("hotloop", "numba")
    return {
        "accuracy": {s: sides[s].ask("accuracy", fastmath=False) for s in both},
        "accuracy_fast": {s: sides[s].ask("accuracy", fastmath=True) for s in both},
        "threads": {s: sides[s].ask("threads") for s in both},
        "error": {s: sides[s].ask("error") for s in both},
        "dask": {s: sides[s].ask("dask") for s in both},
        "flat": {"hotloop": sides["hotloop"].ask("flat")},
    }


def machine():
    """What the figures were measured with."""
    import numba
    import numpy
    model = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    gcc = subprocess.run(["gcc", "--version"], capture_output=True, text=True).stdout.splitlines()[0]
    return {"cpu": model[0] if model else platform.processor(), "cores": os.cpu_count(), "python": platform.python_version(),
            "numpy": numpy.__version__, "numba": numba.__version__, "gcc": gcc.split()[-1]}


def build_twins():
    """Without -ffp-contract=off gcc makes one rounding of a product and a sum (FMA): another program than Python's, whose result differs.

    (The Mandelbrot set, 250 iterations: 4 pixels of 1.5 million, 27 in a section at the rim; without contraction all are equal.)"""
    SCRATCH.mkdir(exist_ok=True)
    subprocess.run(["gcc", "-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC", HERE / "twins.c", "-o", SCRATCH / "twins.so", "-lm"], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds; results go to .bench/")
    parser.add_argument("--only", nargs="*", metavar="CASE", help="these cases alone; results go to .bench/")
    options = parser.parse_args()
    if options.only:
        cases.CASES = [c for c in cases.CASES if c.name in options.only]
    rounds = 2 if options.quick else 5
    build_twins()
    sides = {name: Side(name) for name in SIDES}
    results = {"machine": machine()}
    print("import and first call in fresh processes", flush=True)
    results["start"] = measure_start(3 if options.quick else 9)
    print("first calls", flush=True)
    results["first"] = measure_first(1 if options.quick else 3)
    print("calls", flush=True)
    results["overhead"] = measure_overhead(sides, rounds)
    print("warm", flush=True)
    results["warm"] = measure_warm(sides, rounds)
    print("accuracy, threads, memory", flush=True)
    results.update(measure_rest(sides))
    for side in sides.values():
        side.close()
    print("safety", flush=True)
    results["safety"] = json.loads(child(HERE / "safety.py", "--json") or "{}")
    results["first_error"] = measure_first_error(3 if options.quick else 7)
    npbench = SCRATCH / "npbench.json"
    results["npbench"] = json.loads(npbench.read_text()) if npbench.exists() else None
    (SCRATCH / "results.json").write_text(json.dumps(results, indent=1))
    to = SCRATCH if options.quick or options.only else HERE
    text = report.markdown(results, bars.judge(results))
    (to / "results.md").write_text(text)
    report.picture(results, to / "results.svg")
    print(text)


if __name__ == "__main__":
    main()
