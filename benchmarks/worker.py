"""One side of the benchmark in a process of its own.

    worker.py SIDE serve          answers requests, one JSON object a line, until its input ends
    worker.py SIDE first CASE     one first call in this fresh process, LLVM loaded by another function before

SIDE is hotloop, numba, python or c.  run.py keeps a server of every side and asks them in turn, so that what disturbs
the machine disturbs all of them alike.
"""
import ctypes
import gc
import json
import math
import os
import pathlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import cases

TWINS = pathlib.Path(__file__).resolve().parent.parent / ".bench" / "twins.so"


def decorator(side, **options):
    """The side's njit; CPython's is the identity."""
    if side == "python":
        return lambda f: f
    module = __import__(side)
    return module.njit(**options) if options else module.njit


def best(call, seconds):
    """The shortest time of one call of many, made for about `seconds`."""
    clock = time.perf_counter
    start = clock()
    call()
    once = max(clock() - start, 1e-9)
    inner = max(1, int(2e-4 / once))
    shortest, end = once, clock() + seconds
    while True:
        start = clock()
        for _ in range(inner):
            call()
        stop = clock()
        shortest = min(shortest, (stop - start) / inner)
        if stop > end:
            return shortest


class Server:
    def __init__(self, side):
        self.side = side
        self.ready = {}

    def prepare(self, name):
        """The compiled case with its arguments, warm."""
        if name not in self.ready:
            case = cases.BY_NAME[name]
            args = case.args(False)
            if self.side == "c":
                call = case.twin(ctypes.CDLL(str(TWINS)), args)
            else:
                function = case.make(decorator(self.side))
                call = lambda: function(*args)  # noqa: E731
            call()
            self.ready[name] = call, args
        return self.ready[name]

    def warm(self, case, seconds):
        call, _ = self.prepare(case)
        gc.collect()
        gc.disable()
        try:
            return best(call, seconds)
        finally:
            gc.enable()

    def overhead(self, case):
        (make, args), = [(m, a) for n, _, m, a in cases.OVERHEAD if n == case]
        function, args = make(decorator(self.side)), args()
        function(*args)
        code = "def loop(n, f, a, b):\n    for _ in range(n):\n        f(%s)\n" % ("a, b" if len(args) == 2 else "a")
        scope = {}
        exec(code, scope)
        empty = {}
        exec(code.replace("f(a, b)", "a").replace("f(a)", "a"), empty)
        clock, n = time.perf_counter, 100_000
        a, b = args if len(args) == 2 else (args[0], None)

        def shortest(loop):
            times = []
            for _ in range(5):
                start = clock()
                loop(n, function, a, b)
                times.append(clock() - start)
            return min(times) / n

        return shortest(scope["loop"]) - shortest(empty["loop"])

    def accuracy(self, fastmath):
        """Largest error in ULP of each function of cases.ACCURACY."""
        errors = {}
        for name, function, reference, limit in cases.ACCURACY:
            x = cases.rng().uniform(-limit, limit, 200_000)
            out = np.zeros_like(x)
            decorator(self.side, fastmath=fastmath)(function)(x, out)
            want = reference(x)
            errors[name] = float(np.max(np.abs(out - want) / np.spacing(np.abs(want).astype(np.float64))))
        return errors

    def threads(self):
        """Seconds of the sigmoid over slices with one thread and with two."""
        kernel = decorator(self.side, nogil=True)(cases.programs.sigmoid)
        x = cases.rng().uniform(-4, 4, 8 * 10**6)
        out = np.zeros_like(x)
        slices = [(x[k:k + 10**6], out[k:k + 10**6]) for k in range(0, len(x), 10**6)]
        kernel(*slices[0])
        times = {}
        for n in (1, 2):
            with ThreadPoolExecutor(n) as pool:
                times[n] = best(lambda: list(pool.map(lambda s: kernel(*s), slices)), 1.0)
        return times

    def error(self):
        """Seconds until the error of a wrong program (cases.WRONG) is there, the least of several copies of it."""
        times = []
        for _ in range(12):
            scope = {}
            exec(compile(cases.WRONG, "wrong.py", "exec"), scope)
            function, a = decorator(self.side)(scope["wrong"]), np.ones(30)
            start = time.perf_counter()
            try:
                function(a, 3)
            except Exception as exc:
                text = str(exc)
                times.append(time.perf_counter() - start)
                if "total" not in text:
                    raise
        return min(times)

    def dask(self):
        """Seconds of gufuncs over 10⁸ items: called on the array in one thread, and on a Dask array with all cores.

        Dask is asked in two ways: gufunc(array), where its apply_gufunc copies each chunk, and array.map_blocks(gufunc), where it does not
        as long as all dimensions stay (drop_axis joins the chunks along that axis, even if there is one): keepdims=True.
        One gufunc computes and gives little back; the other reads and writes at the speed of memory, where each chunk's result that
        Dask makes and copies counts as much as the kernel.
        """
        import dask.array
        guvectorize = __import__(self.side).guvectorize

        @guvectorize(["(float32[:], float32[:])"], "(n)->()")
        def logsumexp(x, out):
            top = x[0]
            for i in range(1, x.shape[0]):
                top = max(top, x[i])
            s = 0.0
            for i in range(x.shape[0]):
                s += math.exp(x[i] - top)
            out[0] = top + math.log(s)

        @guvectorize(["(int8[:,:], int8[:,:])"], "(n,m)->(n,m)")
        def mean(x, out):
            out[:] = 0
            for i in range(1, x.shape[0] - 1):
                for j in range(1, x.shape[1] - 1):
                    out[i, j] = (x[i - 1, j - 1] + x[i - 1, j] + x[i - 1, j + 1] + x[i, j - 1] + x[i, j] + x[i, j + 1]
                                 + x[i + 1, j - 1] + x[i + 1, j] + x[i + 1, j + 1]) // 9

        def measure(gufunc, a, out, chunk, **options):
            chunked = dask.array.from_array(a, chunks=chunk)
            # what is to be done is known beforehand, as when one graph is run over one array after another; a result of 10⁸ items goes into `out`
            ways = {"applied": gufunc(chunked), "blocks": chunked.map_blocks(gufunc, dtype=a.dtype, **options)}
            calls = {"bare": lambda: gufunc(a, out)}
            for name, lazy in ways.items():
                into = out.reshape(lazy.shape)
                stored = dask.array.store(lazy, into, lock=False, compute=False)
                calls[name] = lambda stored=stored: stored.compute(scheduler="threads", num_workers=os.cpu_count())
                calls[name]()
                if not np.array_equal(out, gufunc(a)):
                    raise AssertionError("Dask and the bare gufunc differ")
            times = dict.fromkeys(calls)
            for _ in range(5):
                for name, call in calls.items():
                    once = best(call, 0.3)
                    times[name] = once if times[name] is None else min(times[name], once)
            return times

        logits = cases.rng().standard_normal((100_000, 1000), dtype=np.float32)
        found = {"logsumexp": measure(logsumexp, logits, np.empty(100_000, np.float32), (12_500, 1000), keepdims=True, chunks=((12_500,) * 8, 1))}
        del logits
        pixels = cases.rng().integers(-100, 100, (100, 1000, 1000), dtype=np.int8)
        return found | {"mean": measure(mean, pixels, np.empty_like(pixels), (5, 1000, 1000))}

    def flat(self):
        """Growth of resident memory, in MB, over 10⁶ calls and over 10³ compilations of closures that are dropped."""
        jit = decorator(self.side)
        function, a = jit(lambda a, x: a * x), np.ones(10)

        def calls(n):
            for _ in range(n):
                function(a, 2.0)

        def closures(n):
            for k in range(n):
                jit(lambda x: x + k)(1)

        growth = {}
        for name, action, n in (("calls", calls, 10**6), ("closures", closures, 1000)):
            action(n // 10)
            gc.collect()
            before = resident()
            action(n)
            gc.collect()
            growth[name] = (resident() - before) / 1e6
        return growth


def resident():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096


def first(side, name):
    case = cases.BY_NAME[name]
    jit = decorator(side)
    jit(lambda x: x + 1)(1)
    args = case.args(True)
    function = case.make(jit)
    start = time.perf_counter()
    function(*args)
    middle = time.perf_counter()
    function(*args)
    return middle - start, best(lambda: function(*args), 0.05)


def main():
    side, what, *rest = sys.argv[1:]
    if what == "first":
        print(json.dumps(first(side, *rest)))
        return
    server = Server(side)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(server, request.pop("do"))(**request)
        except Exception as exc:
            answer = {"error": f"{type(exc).__name__}: {exc}"[:300]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
