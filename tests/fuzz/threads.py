"""Sixteen threads call, compile and drop the same and different functions; every result is checked.

    python tests/fuzz/threads.py [SECONDS] [THREADS] [SEED]

`make tsan` runs it with hotloop's libraries under ThreadSanitizer, `make test` for a second without.
"""
import gc
import random
import sys
import threading
import time
import traceback

import numpy as np

import hotloop
from hotloop import njit


@njit
def polynomial(x, k):
    return x * x + k


@njit(nogil=True)
def spin(a, out, rounds):
    """Runs beside other threads: reads one array, writes another."""
    for r in range(rounds):
        for i in range(len(a)):
            out[i] = out[i] * 0.5 + a[i] * polynomial(1.0, r)
    return out.sum()


@njit(nogil=True)
def lists(n):
    rows = [[i] for i in range(n)]
    total = 0
    for row in rows:
        row.append(len(row))
        total += sum(row)
    return total, rows


@njit(nogil=True)
def raises(n):
    try:
        if n % 3 == 0:
            raise KeyError(n)
        return [n][n % 3]
    except IndexError:
        raise ValueError("out", n)


@njit(nogil=True)
def expression(a, b):
    t = a * b + np.sqrt(np.abs(a))
    return np.sort(t[::-1]), t.max()


def shared_data():
    rng = np.random.default_rng(0)
    return rng.random(500), rng.random(500)


A, B = shared_data()
WANT = {"expression": expression.py_func(A, B), "lists": lists.py_func(20), "spin": None}


def call_scalar(rng):
    x = rng.randrange(1000)
    assert polynomial(x, 1) == x * x + 1
    assert polynomial(x + 0.5, 1.0) == (x + 0.5) ** 2 + 1


def call_spin(rng):
    out = np.zeros(500)
    got = spin(A, out, 20)
    assert got == WANT["spin"], (got, WANT["spin"])


def call_lists(rng):
    assert lists(20) == WANT["lists"]


def call_raises(rng):
    n = rng.randrange(9)
    try:
        raises(n)
        raise AssertionError("nothing was raised")
    except KeyError as e:
        assert e.args == (n,) and n % 3 == 0
    except ValueError as e:
        assert e.args == ("out", n) and n % 3


def call_expression(rng):
    rows, top = expression(A, B)
    assert top == WANT["expression"][1] and np.array_equal(rows, WANT["expression"][0])


SHARED = {}
LOCK = threading.Lock()


def compile_own(rng):
    """A function of this thread alone, compiled, called and dropped."""
    k = rng.randrange(1000)
    scope = {}
    exec(f"def f(x, y):\n    s = {k}\n    for i in range(x):\n        s += i * y\n    return s\n", scope)
    f = njit(scope["f"], nogil=bool(k & 1))
    assert f(4, 2) == k + 12
    if k % 3 == 0:
        assert f(4, 2.0) == k + 12.0


def compile_shared(rng):
    """Several threads are the first to call the same function, with several types; it is dropped now and then."""
    with LOCK:
        if "f" not in SHARED or rng.random() < 0.05:
            SHARED["f"] = njit(nogil=True)(lambda x, y: x + y * 3)
        f = SHARED["f"]
    assert f(2, 5) == 17
    if rng.random() < 0.5:
        assert f(2.0, 5) == 17.0
    else:
        assert f(np.ones(3), 2)[1] == 7.0


def call_random(rng):
    assert 0 <= draw() < 1


@njit(nogil=True)
def draw():
    return np.random.random()


def collect(rng):
    gc.collect()


WORK = {call_scalar: 10, call_spin: 10, call_lists: 10, call_raises: 10, call_expression: 10, call_random: 5, compile_own: 3, compile_shared: 4, collect: 0.2}


def main(seconds=1.0, threads=16, seed=None):
    seed = random.SystemRandom().randrange(10**9) if seed is None else seed
    print(f"threads: {threads} for {seconds:g} s, SEED={seed}", flush=True)
    out = np.zeros(500)
    WANT["spin"] = spin(A, out, 20)
    end, counts, failures = time.monotonic() + seconds, [0] * threads, []
    sys.setswitchinterval(1e-4)

    def work(number):
        rng = random.Random(seed + number)
        try:
            while time.monotonic() < end and not failures:
                rng.choices(list(WORK), list(WORK.values()))[0](rng)
                counts[number] += 1
        except BaseException:
            failures.append(traceback.format_exc())

    crew = [threading.Thread(target=work, args=(k,)) for k in range(threads)]
    for t in crew:
        t.start()
    for t in crew:
        t.join()
    sys.setswitchinterval(5e-3)
    SHARED.clear()
    for text in failures[:2]:
        print(text)
    print(f"{sum(counts)} calls, {len(failures)} failures; hotloop {hotloop.__version__}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*(type_(v) for type_, v in zip((float, int, int), sys.argv[1:]))))
