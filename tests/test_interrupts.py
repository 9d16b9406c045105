"""Signals stop compiled loops: Ctrl-C, and any handler written in Python; nothing is left wrong behind."""
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from hotloop import float64, guvectorize, njit
from hotloop._compiler import run_pass  # noqa: F401  (the compiler is there)

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX timers")

HUGE = 10**13


class Alarm(Exception):
    pass


@contextlib.contextmanager
def alarm(seconds, handler):
    """The handler runs after so many seconds.  What does not stop then is ended, with a message, by SIGALRM's default action in a child."""
    old = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


def raises(number, frame):
    raise Alarm("time is over")


def stops(f, *args):
    with alarm(0.05, raises), pytest.raises(Alarm, match="time is over"):
        f(*args)


def counted(n):
    s = 0
    for i in range(n):
        s += i * i ^ s
    return s


def counted_down(n):
    s = 0
    for i in range(n, 0, -1):
        s += i * i ^ s
    return s


def stepped(n, k):
    s = 0
    for i in range(0, n, k):
        s += i * i ^ s
    return s


def nested(n, m):
    s = 0.0
    for i in range(n):
        for j in range(m):
            s += i * j
    return s


def three(n, m, k):
    s = 0.0
    for i in range(n):
        for j in range(m):
            for p in range(k):
                s += i * j + p
    return s


def around_branch(n, m):
    s = 0.0
    for i in range(n):
        if i & 1048575 == m:
            for j in range(m):
                s += i * j
    return s


def left_early(n):
    s = 0
    for i in range(n):
        s ^= i * i
        if s == -1:
            break
    return s


def while_loop(n):
    i = 0
    while i < n:
        i += 1
        if i > 5:
            i -= 1
    return i


def forever(n):
    while True:
        n = n * 5 + 1
        if n == 3:
            return n


def in_callee(n):
    return helper(n) + 1


@njit
def helper(n):
    s = 0
    for i in range(n):
        s += i * i ^ s
    return s


def zeros(n):
    total = 0.0
    for _ in range(n):
        total += np.zeros(50)[7]
    return total


@njit
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


@njit
def hanoi(n, a, b, c):
    if n:
        hanoi(n - 1, a, c, b)
        hanoi(n - 1, c, b, a)


@njit
def even(n):
    if n == 0:
        return 1
    return odd(n - 1) + odd(n - 1)


@njit
def odd(n):
    if n == 0:
        return 0
    return even(n - 1)


@njit
def stubborn(n):
    """Catches what comes from below and what comes here, and goes on to the end."""
    if n < 0:
        return 0
    try:
        return stubborn(n - 1) + stubborn(n - 1)
    except ValueError:
        return 1


@njit
def branching(n, k):
    if n == 0:
        return 0
    s = 0
    for i in range(k):
        s += branching(n - 1, k)
    return s


def recursive(n):
    return fibonacci(n)


def continues(n):
    s = 0
    for i in range(n):
        if i & 5 == 1:
            continue
        if i % 7 == 3:
            s ^= i
            continue
        s += i * i
        if s & 1023 == 5:
            s -= 7
    return s


def continues_outside(n, m):
    total = 0
    for i in range(n):
        if i % 3 == 1:
            continue
        for j in range(m):
            if j > 3:
                break
            if (i + j) % 2:
                continue
            total += i * j
    return total


def continues_inside(n, m):
    s = 0
    for i in range(n):
        for j in range(m):
            if (i ^ j) % 5 == 1:
                continue
            s += j
            if s % 3 == 0:
                continue
            s ^= i
    return s


def left_for_two_reasons(n):
    """Whether an index fits and whether it was the last turn become one condition in LLVM, and turns are not counted."""
    a, b, s = np.zeros(3), np.zeros((3, 3)), 0.0
    for i in range(len(a)):
        for j in range(1, n - 2, 2):
            b[-1, 1] = s + a[i]
            s += a[i]
            if s > 40.0:
                break
    return s


LOOPS = [(counted, HUGE), (continues, HUGE), (continues_outside, HUGE, 9), (continues_inside, HUGE, 2), (continues_inside, 2, HUGE), (left_for_two_reasons, HUGE),
          (counted_down, HUGE), (stepped, HUGE, 3), (nested, HUGE, 5), (nested, 5, HUGE), (nested, HUGE, 0), (three, HUGE, 2, 2),
         (three, 2, HUGE, 2), (three, 1, 1000000, 1000000), (around_branch, HUGE, 9), (left_early, HUGE), (while_loop, 10), (forever, 1), (in_callee, HUGE),
         (zeros, HUGE), (recursive, 70), (fibonacci, 70), (hanoi, 60, 0, 1, 2), (even, 120), (stubborn, 60), (branching, 60, 3)]


@pytest.mark.parametrize("case", LOOPS, ids=lambda c: "_".join(getattr(x, "__name__", str(x)) for x in c))
def test_alarm_stops(case):
    f, *args = case
    compiled = njit(f)
    if f is not in_callee and f is not forever:
        compiled(*[min(a, 2) for a in args])
    stops(compiled, *args)


def test_arrays_and_lists():
    @njit
    def over_array(a, n):
        s = 0.0
        for _ in range(n):
            for x in a:
                s += x
        return s

    @njit
    def over_list(a, n):
        rows = [0.0] * len(a)
        for _ in range(n):
            for k, x in enumerate(a):
                rows[k] += x
        return rows

    @njit
    def over_two(a, b, n):
        s = 0.0
        for _ in range(n):
            for x, y in zip(a, b):
                s += x * y
        return s

    a = np.arange(1000.0)
    stops(over_array, a, HUGE)
    stops(over_list, a.tolist(), HUGE)
    stops(over_two, a, a[::-1], HUGE)


def test_pieces_change_nothing():
    """Loops long enough to be cut, of every shape: results as CPython gives them, or as a formula does."""
    @njit
    def cumulative(a, out):
        s = 0
        for i in range(len(a)):
            s += a[i]
            out[i] = s
        return s

    @njit
    def down(a):
        s, last = 0, -1
        for i in range(len(a) - 1, -1, -1):
            s = (s * 3 + a[i]) % 1000003
            last = i
        return s, last

    @njit
    def items(a):
        s = 0
        for k, x in enumerate(a):
            s += k * x
        return s

    @njit
    def early(a, stop):
        for i in range(len(a)):
            if a[i] == stop:
                return i
        return -1

    @njit
    def last(n, k):
        i = -1
        for i in range(5, n, k):
            pass
        return i

    @njit
    def rows(n, m):
        a = np.zeros(m, np.int64)
        for i in range(n):
            for j in range(m):
                a[j] += i ^ j
        return a

    @njit
    def grows(n):
        a = [0]
        for x in a:
            if len(a) < n:
                a.append(x + 1)
        return len(a), a[-1]

    a = np.random.default_rng(0).integers(0, 50, 700_000)
    out = np.zeros_like(a)
    assert cumulative(a, out) == a.sum() and np.array_equal(out, np.cumsum(a))
    assert down(a[:300_000]) == down.py_func(a[:300_000].tolist())
    assert items(a) == int((a * np.arange(len(a))).sum())
    assert items(a.tolist()) == int((a * np.arange(len(a))).sum())
    a[654_321] = 99
    assert early(a, 99) == 654_321 and early(a, 100) == -1
    for n in (0, 5, 6, 2**18, 2**18 + 5, 2**18 + 6, 2**19 + 5, 900_001):
        for k in (1, 2, 7):
            assert last(n, k) == last.py_func(n, k), (n, k)
    n = 2000
    assert np.array_equal(rows(n, 1000), (np.arange(n)[:, None] ^ np.arange(1000)).sum(0))
    assert np.array_equal(rows(3, 400_000), (np.arange(3)[:, None] ^ np.arange(400_000)).sum(0))
    assert grows(300_000) == (300_000, 299_999)


def test_sigint_is_keyboard_interrupt():
    @njit(nogil=True)
    def f(n):
        s = 0
        for i in range(n):
            s += i * i ^ s
        return s
    f(3)
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            f(HUGE)
    finally:
        thread.join()
        signal.signal(signal.SIGINT, old)


def test_handler_that_returns():
    """The loop goes on where it was; a sticky flag would show as time."""
    seen = []
    n = 200_000_000

    @njit
    def f(n):
        s = 0.0
        for i in range(n):
            s += i & 3
        return s
    want = f(n)
    with alarm(0.02, lambda number, frame: seen.append(number)):
        assert f(n) == want
        while not seen:
            time.sleep(0.01)
    assert seen == [signal.SIGALRM]


@pytest.mark.parametrize("f, args", [(continues, (300_000,)), (continues_outside, (200_000, 9)), (continues_inside, (700, 500)), (left_for_two_reasons, (900_000,)),
                                     (three, (50, 70, 80)), (left_early, (900_000,))])
def test_going_on_is_right(f, args):
    """Handlers that return, at different places of the loop, leave the result as it is."""
    compiled, seen = njit(f), []
    want = f(*args)
    assert compiled(*args) == want
    for seconds in np.linspace(0.001, 0.01, 10):
        with alarm(float(seconds), lambda *_: seen.append(1)):
            end = time.monotonic() + 0.02
            while time.monotonic() < end:
                assert compiled(*args) == want
    assert len(seen) == 10


def test_handler_that_returns_changes_no_register():
    """More values than registers, of both kinds, live where a loop looks; the handler itself computes with vectors."""
    n, names = 300_000, range(40)
    body = "".join(f"        x{k} = x{k} * 0.5 + i\n        n{k} ^= n{(k + 1) % 40} + i\n" for k in names)
    source = ("def f(n):\n" + "".join(f"    x{k}, n{k} = {k}.5, {k}\n" for k in names) + "    i = 0\n    while i < n:\n        i += 1\n" + body +
              "    return (" + ", ".join(f"x{k}" for k in names) + "), (" + ", ".join(f"n{k}" for k in names) + ")\n")
    scope, seen, a = {}, [], np.random.default_rng(0).random(1000)
    exec(source, scope)
    f = njit(scope["f"])
    want = f(n)
    assert f(7) == scope["f"](7)
    for seconds in np.linspace(0.001, 0.02, 20):
        with alarm(float(seconds), lambda *_: seen.append(np.exp(a).sum())):
            end = time.monotonic() + 0.03
            while time.monotonic() < end:
                assert f(n) == want
    assert len(seen) == 20


def test_handler_sees_the_caller():
    frames = []

    def handler(number, frame):
        frames.append(frame.f_code.co_name)
        raise Alarm("time is over")

    @njit
    def f(n):
        while n > 0:
            n += 1
            n -= 1
        return n
    f(0)

    def caller():
        f(5)
    with alarm(0.05, handler), pytest.raises(Alarm):
        caller()
    assert frames == ["caller"]


def test_traceback_names_the_loop():
    @njit
    def f(n):
        s = 0
        for i in range(n):
            s += i * i ^ s
        return s
    f(1)
    with alarm(0.05, raises), pytest.raises(Alarm) as caught:
        f(HUGE)
    assert "f" in [entry.name for entry in caught.traceback]


def test_try_sees_it():
    @njit
    def kept(n):
        done = 0
        try:
            for i in range(n):
                done = i
        except Alarm:
            return done
        return -1

    @njit
    def last(n):
        total = 0
        for _ in range(3):
            try:
                for i in range(n):
                    total += i & 1
            finally:
                total += 1000
            n = 10
        return total
    assert kept(3) == -1
    with alarm(0.05, raises):
        assert kept(HUGE) > 0
    assert last(10) == 3015
    stops(last, HUGE)


def test_nothing_leaks():
    @njit
    def f(n, m):
        keep = [np.ones(10)]
        for i in range(n):
            a = np.full(m, i * 1.0)
            keep[0] = a
            b = [a, a + 1]
            for j in range(10):
                keep[0][j % m] += b[1][j % m]
        return keep[0]
    f(2, 10)
    for _ in range(3):
        stops(f, HUGE, 10)


def test_other_threads_go_on():
    """A signal is the main thread's; another thread's loop does not see it."""
    @njit(nogil=True)
    def f(n):
        s = 0.0
        for i in range(n):
            s += i & 3
        return s
    n = 300_000_000
    want = f(n)
    got = []
    thread = threading.Thread(target=lambda: got.append(f(n)))
    with alarm(0.02, raises), pytest.raises(Alarm):
        thread.start()
        while True:
            time.sleep(1)
    end = time.monotonic() + 60
    while not got and time.monotonic() < end: # an interrupted join() is not sure to wait a second time
        time.sleep(0.01)
    thread.join()
    assert got == [want]


def test_off():
    seen = []

    @njit(interrupts=False)
    def f(n):
        s = 0.0
        for i in range(n):
            s += i & 3
        return s
    f(1)
    assert not f.inspect_llvm(f.signatures[0]).count("hotloop.signal")
    with alarm(0.001, lambda *_: seen.append(1)):
        f(100_000_000)
    while not seen:
        time.sleep(0.001)


def test_flag_is_known():
    """This interpreter is one whose flag the runtime knows."""
    lib = ctypes.PyDLL(next(line.split()[-1] for line in open("/proc/self/maps") if "libhotloop" in line)) if os.path.exists("/proc/self/maps") else None
    if lib is None:
        pytest.skip("needs /proc")
    lib.hl_signal_flag.restype = ctypes.POINTER(ctypes.c_int)
    assert lib.hl_signal_flag()[0] in (0, 1)
    stops(njit(counted), HUGE)


def test_control_c_in_a_process():
    program = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from hotloop import float64, guvectorize, njit
@njit
def f(n):
    s = 0
    for i in range(n):
        for j in range(n):
            s += i * j ^ s
    return s
f(2)
print("ready", flush=True)
try:
    f(10**9)
except KeyboardInterrupt:
    print("stopped", f(3) == f.py_func(3), flush=True)
"""
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "stopped True\n"
        assert child.wait(20) == 0
    finally:
        child.kill()
        child.wait()


DEEP = """
import signal, time
import numpy as np
from hotloop import njit

class Alarm(Exception):
    pass

def plain(n, m, k):
    s = 0
    for a in range(n):
        for b in range(m):
            for i in range(k):
                s += i % 7
    return s

def floats(n, m, k):
    s = 0.0
    for a in range(n):
        for b in range(m):
            for i in range(k):
                s += i * 0.5 + a
    return s

def four(n, m, k):
    s = 0
    for a in range(n):
        for b in range(m):
            for c in range(n):
                for i in range(k, 0, -1):
                    s ^= i * 5 + c
    return s

def ends(n, m, k):
    s = 0
    for a in range(n):
        for b in range(m):
            for i in range(k):
                s += i & 3
                if s < 0:
                    break
            s ^= b
    return s

def two(n, m, k):
    s = 0
    for a in range(n):
        for b in range(m):
            for i in range(3 * m):
                s += i % 5
            for i in range(0, k, 2):
                s += i % 7
    return s

def around(n, m, k):
    s, a = 0, 0
    while a < n:
        a += 1
        for b in range(m):
            for i in range(k):
                s += i % 7
    return s

def caught(n, m, k):
    s = 0
    for a in range(n):
        try:
            for b in range(m):
                for i in range(k):
                    s += i % 7
        finally:
            s += 1
    return s

@njit
def inner(m, k):
    s = 0
    for b in range(m):
        for i in range(k):
            s += i * i ^ b
    return s

def calls(n, m, k):
    s = 0
    for a in range(n):
        s += inner(m, k)
    return s

def window(x, n, m, k):
    s = 0.0
    for a in range(n):
        for b in range(m):
            for i in range(k):
                s += x[a + i]
    return s

def items(x, n, m, k):
    s = 0.0
    for a in range(n):
        for b in range(m):
            for v in x:
                s += v
    return s

def writes(x, n, m, k):
    for a in range(n):
        for b in range(m):
            for i in range(k):
                x[i & 7] += a + b
    return x[3]

def table(x, n, m, k):
    for a in range(n):
        for b in range(m):
            for i in range(k):
                x[a + i] = b
    return x[3]

wide = lambda n: np.lib.stride_tricks.as_strided(np.zeros(8), (n + 9,), (0,))
SCALARS, ARRAYS = [plain, floats, four, ends, two, around, caught, calls], [window, items, writes, table]
"""


def child(program, timeout=60):
    """What a process prints that runs the program; a loop that does not stop is killed."""
    done = subprocess.run([sys.executable, "-c", DEEP + program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("options", [{}, {"boundscheck": False}, {"fastmath": True}, {"overflow": "raise"}], ids=str)
def test_deep_nests_stop_in_their_innermost_loop(options):
    """Its number of turns is part of how often the loops around it look, so that it is left whole, unless it is long."""
    assert child(f"""
def raises(number, frame):
    raise Alarm
signal.signal(signal.SIGALRM, raises)
for f in SCALARS + ARRAYS:
    jitted = njit(**{options})(f)
    few, many = ((n, 2, n) if f in SCALARS else (wide(n), 3, 2, n) for n in (3, {10**11}))
    jitted(*few)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        print("finished", f.__name__, jitted(*many[:-3], 3, 2, many[-1]))
    except Alarm:
        pass
print("all")
""") == "all\n"


def test_deep_nests_with_long_innermost_loops_are_right():
    """On both sides of what is long, with handlers that return or without, the result is that of the same loops without looks."""
    assert child("""
seen, finished = [], 0
signal.signal(signal.SIGALRM, lambda *_: seen.append(1))
for f in SCALARS + ARRAYS:
    looks, not_one = njit(f), njit(interrupts=False)(f)
    for k in (0, 1, 5, 2**20, 2**25 + 3):
        args = lambda: (1, 2, k) if f in SCALARS else (np.arange(k + 9.0) if f is not writes else np.arange(8.0), 1, 2, k)
        want = not_one(*args())
        for seconds in (0, 0.01):
            signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
            got = looks(*args())
            signal.setitimer(signal.ITIMER_REAL, 0)
            assert got == want, (f.__name__, k, got, want)
assert len(seen) > 12
print("all")
""") == "all\n"


def test_gufunc_over_many_small_cores():
    """No core takes long; the loop over them looks."""
    @guvectorize([(float64[:], float64[:])], "(n)->()")
    def total(x, out):
        s = 0.0
        for v in x:
            s += v
        out[0] = s
    n = 10**12
    everywhere = np.lib.stride_tricks.as_strided(np.zeros(1), (n,), (0,))
    start = time.perf_counter()
    stops(total, np.broadcast_to(np.ones(3), (n, 3)), everywhere)
    assert time.perf_counter() - start < 30
    assert total(np.ones((2, 3))).tolist() == [3, 3]


def test_nests_around_heavy_turns_stop():
    """Only the loop next to what takes long looks; those around it rely on it, but for what they do themselves."""
    def inside(a, n, m):
        s = 0.0
        for i in range(n):
            for j in range(m):
                s += np.max(a[i & 3:(i & 3) + 5])
        return s

    def beside(a, n, m):
        s = 0.0
        for i in range(n):
            s += np.max(a[i & 3:(i & 3) + 5])
            for j in range(m):
                s += np.max(a[j & 3:(j & 3) + 5])
        return s

    for f, n, m in ((inside, HUGE, 3), (inside, 3, HUGE), (beside, HUGE, 0), (beside, 3, HUGE)):
        stops(njit(f), np.arange(10.0), n, m)
