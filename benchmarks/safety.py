"""What safety costs: each program with one safety on and with it off, in one process, taking turns.

    make bench-safety                    all programs
    make bench-safety ARGS="sum2d hash"  these alone

bounds      range checks, against boundscheck=False
interrupts  looks for signals, against interrupts=False
overflow    overflow="raise", against wrapping; integer programs
Times are the least of many; a ratio of 1 costs nothing.
"""
import math
import sys
import time

from hotloop import njit

import cases
import integers
import report


SAFETIES = [("bounds", {"boundscheck": False}, {}), ("interrupts", {"interrupts": False}, {}), ("overflow", {}, {"overflow": "raise"})]


def decorator(options):
    return lambda function=None, **more: njit(**options, **more)(function) if function else njit(**options, **more)


def ratio(off, on, args, budget=1.5):
    """Time with `on` over time with `off`."""
    least, end, n = [math.inf, math.inf], time.perf_counter() + budget, 0
    for f in (off, on):
        f(*args)
    while n < 5 or time.perf_counter() < end:
        for k in ((0, 1), (1, 0))[n % 2]:
            start = time.thread_time()
            (off, on)[k](*args)
            least[k] = min(least[k], time.thread_time() - start)
        n += 1
    return least[1] / least[0]


def programs(safety):
    if safety == "overflow":
        return [(name, lambda jit, f=f: jit(f), args()) for name, f, args in integers.PROGRAMS]
    return [(c.name, c.make, c.args(False)) for c in cases.CASES if c.warm]


def main():
    wanted = sys.argv[1:]
    for safety, off, on in SAFETIES:
        rows = [(name, ratio(make(decorator(off)), make(decorator(on)), args)) for name, make, args in programs(safety)
                if not wanted or name in wanted]
        if not rows:
            continue
        mean = math.exp(sum(math.log(r) for _, r in rows) / len(rows))
        print(f"## {safety}: on over off\n")
        print(report.table(("program", "ratio"), [(name, f"{r:.3f}") for name, r in rows] + [("geometric mean", f"{mean:.3f}")]), flush=True)
        print()


if __name__ == "__main__":
    main()
