"""Large blocks that were freed and are used again (runtime/spare.c): nothing of their old life may show."""
import ctypes
import gc
import os
import threading

import numpy as np
import pytest
from harness import check
from runtime_library import I64, P, declare, live

from hotloop import njit

SIZE = ctypes.c_size_t
malloc, calloc, zeroed = (declare(name, P, SIZE) for name in ("malloc", "calloc", "zeroed"))
grow, free = declare("grow", P, P, SIZE, ctypes.POINTER(SIZE)), declare("free", None, P)
fail_after = declare("fail_after", None, I64)
asan, tsan = (hasattr(ctypes.CDLL(None), name) for name in ("__asan_init", "__tsan_init"))
kept = pytest.mark.skipif(asan, reason="AddressSanitizer follows each block from malloc to free, so none is kept")
KB, MB = 1 << 10, 1 << 20
sizes = pytest.mark.parametrize("n", [64 * KB, 100 * KB + 8, MB, 5 * MB, 32 * MB])


@pytest.fixture(autouse=True)
def balanced():
    gc.collect()
    before = live()
    yield
    fail_after(-1)
    gc.collect()
    assert live() == before


def bytes_at(p, n):
    return np.frombuffer((ctypes.c_ubyte * n).from_address(p), np.uint8)


def leave_behind(*sizes):
    """Blocks full of something else."""
    blocks = [(malloc(n), n) for n in sizes]
    for p, n in blocks:
        bytes_at(p, n)[:] = 0xAA
    for p, _ in blocks:
        free(p)
    return blocks[0][0]


@kept
@sizes
def test_a_block_is_used_again(n):
    n += 24 * KB + 40  # a size that no other test leaves behind
    p = leave_behind(n)
    q = malloc(n)
    free(q)
    assert p == q


@sizes
def test_zeroed_memory(n):
    for take in (zeroed, calloc):
        leave_behind(n, n)
        p = take(n)
        assert not bytes_at(p, n).any()
        free(p)


@sizes
def test_growing_keeps_what_is_there(n):
    for start in (16, 60 * KB, 70 * KB):
        leave_behind(n, 2 * n)
        p = malloc(start)
        bytes_at(p, start)[:] = np.arange(start) % 251
        room = SIZE(n + start)
        q = grow(p, start, ctypes.byref(room))
        assert room.value >= n + start
        block = bytes_at(q, room.value)
        assert (block[:start] == np.arange(start) % 251).all()
        block[:] = 1
        free(q)
    room = SIZE(n)
    free(grow(None, 0, ctypes.byref(room)))


def test_allocations_fail_though_a_block_lies_there():
    leave_behind(MB)
    for take in (malloc, calloc, zeroed):
        fail_after(1)
        assert take(MB) is None
        fail_after(-1)
    p, room = malloc(100 * KB), SIZE(MB)
    bytes_at(p, 100 * KB)[:] = 7
    fail_after(1)
    assert grow(p, 100 * KB, ctypes.byref(room)) is None
    fail_after(-1)
    assert (bytes_at(p, 100 * KB) == 7).all()
    free(p)


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")


@kept
def test_what_is_kept_is_bounded():
    before = resident()
    leave_behind(*[2 * MB] * 100)
    leave_behind(*[100 * KB] * 1000)
    leave_behind(*[30 * MB] * 4, *[40 * MB] * 4)
    ctypes.CDLL(None).malloc_trim(0)  # what the C library keeps is its own
    assert resident() - before < 80 * MB


@njit(nogil=True)
def squares(n, turns, start):
    """Several arrays of a size at once, each with its own contents."""
    for t in range(turns):
        a = np.empty(n, np.int64)
        b = np.zeros(n, np.int64)
        for k in range(n):
            if b[k] != 0:
                return -1
            a[k] = start + t
            b[k] = start - t
        c = a + b
        if c.min() != 2 * start or c.max() != 2 * start:
            return -2
        if a.min() != start + t:
            return -3
    return 0


def test_threads():
    squares(1, 1, 1)
    wrong = []

    def work(k):
        for n in (9_000, 20_000, 9_000, 140_000):
            result = squares(n + 16 * k, 40, 1000 * k)
            if result:
                wrong.append(result)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


@pytest.mark.skipif(asan or tsan, reason="sanitizers' own locks do not survive such a fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork_while_other_threads_allocate():
    squares(1, 1, 1)
    stop = threading.Event()

    def work():
        while not stop.is_set():
            squares(9_000, 10, 5)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for t in threads:
        t.start()
    try:
        for k in range(20):
            pid = os.fork()
            if not pid:
                os._exit(0 if squares(9_000 + 100 * k, 10, 7) == 0 else 1)
            assert os.waitpid(pid, 0)[1] == 0
    finally:
        stop.set()
        for t in threads:
            t.join()


def test_lists_of_what_has_an_owner():
    """An item that cannot be read, far behind: those before it are let go, those behind were never there."""
    def f(rows):
        out = [r for r in rows]
        return len(out), out[0], rows[-1]

    compiled = njit(f)
    rows = [np.arange(3.0)] * 20_000
    for turn in range(3):
        check(compiled, rows)
        with pytest.raises(TypeError):
            compiled(rows[:-1] + ["no array"])


def test_lists_that_grow():
    def f(n, start):
        out, rows = [], []
        for k in range(n):
            out.append(start + k)
            if k % 1000 == 0:
                rows.append(out[-1000:])
        out.insert(n // 2, -1)
        return out, rows, [x + 1 for x in out[::2]], out * 2

    compiled = njit(f)
    for n in (9_000, 100_000, 30_000, 9_000):
        check(compiled, n, n)


def test_arrays_that_come_and_go():
    def f(n, x):
        a = np.full(n, x)
        b = np.zeros(n)
        c = np.empty(n)
        c[:] = a + b
        return b, c, np.sort(c * x), [float(v) for v in c[:9_000]]

    compiled = njit(f)
    for n in (9_000, 200_000, 9_000, 1_000_000, 150_000):
        check(compiled, n, 1.5)
        check(compiled, n, -2.5)
