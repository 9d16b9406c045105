"""What safety costs: each program with one safety on and with it off, in one process, taking turns.

    make bench-safety                    all programs
    make bench-safety ARGS="sum2d hash"  these alone

bounds      range checks, against boundscheck=False
interrupts  looks for signals, against interrupts=False
overflow    overflow="raise", against wrapping; integer programs (integers.py)
A ratio of 1 costs nothing.  What counts is the processor's time of the thread, the least of many calls but two: it is the same whether or not something else
runs on the machine.
"""
import json
import math
import sys
import time

from hotloop import njit

import bars
import cases
import integers
import report


SAFETIES = [("bounds", {"boundscheck": False}, {}), ("interrupts", {"interrupts": False}, {}), ("overflow", {}, {"overflow": "raise"})]


def decorator(options):
    return lambda function=None, **more: njit(**options, **more)(function) if function else njit(**options, **more)


def ratio(off, on, args, budget=0.4):
    """Time with `on` over time with `off`; where they seem to differ they are given three times as long.

    The third least counts: the clock of a virtual machine jumps now and then."""
    spent, least, start, n = ([], []), [math.inf, math.inf], time.perf_counter(), 0
    for f in (off, on):
        f(*args)
    while n < 5 or time.perf_counter() - start < budget * (3 if least[1] > 1.02 * least[0] else 1):
        for k in ((0, 1), (1, 0))[n % 2]:
            begin = time.thread_time()
            (off, on)[k](*args)
            spent[k].append(time.thread_time() - begin)
            least[k] = sorted(spent[k])[:3][-1]
        n += 1
    return least[1] / least[0]


def programs(safety):
    if safety == "overflow":
        return [(name, lambda jit, f=f: jit(f), args()) for name, f, args in integers.PROGRAMS]
    return [(c.name, c.make, c.args(False)) for c in cases.CASES if c.warm]


def measure(wanted=()):
    """{safety: {program: ratio}}"""
    return {safety: {name: ratio(make(decorator(off)), make(decorator(on)), args) for name, make, args in programs(safety) if not wanted or name in wanted}
            for safety, off, on in SAFETIES}


def tables(found):
    parts = []
    for safety, rows in found.items():
        if rows:
            last = ("geometric mean", f"{bars.geomean(rows.values()):.3f}")
            parts += [f"### {safety}", report.table(("program", "on / off"), [(name, f"{r:.3f}") for name, r in rows.items()] + [last])]
    return "\n\n".join(parts)


def main():
    if sys.argv[1:] == ["--json"]:
        print(json.dumps(measure()))
    else:
        print(tables(measure(sys.argv[1:])))


if __name__ == "__main__":
    main()
