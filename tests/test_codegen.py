"""Code generation: threads at once, memory given back, options, inspection, other CPUs."""
import gc
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from hotloop import njit


def make(k, **options):
    scope = {}
    exec(f"def f(a, x):\n    s = x\n    for i in range(len(a)):\n        for j in range({k % 5 + 1}):\n            s += a[i] * j + {k}\n    return s\n", scope)
    return njit(**options)(scope["f"]), scope["f"]


def test_threads_compile_at_once():
    a, wrong = np.arange(20.0), []

    def work(seed):
        try:
            for k in range(seed, seed + 30):
                f, py = make(k)
                if f(a, 1.5) != py(a, 1.5):
                    wrong.append(k)
        except BaseException as e:  # noqa: BLE001 (told below)
            wrong.append(e)

    threads = [threading.Thread(target=work, args=(100 * t,)) for t in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc")
def test_code_of_dead_functions_is_given_back():
    a = np.arange(20.0)

    def rounds(n):
        for k in range(n):
            make(k)[0](a, 1.5)
        gc.collect()

    rounds(100)
    before = resident()
    rounds(300)
    assert resident() - before < 12 << 20


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="names of x86 CPUs")
@pytest.mark.parametrize("cpu", ["x86-64", "x86-64-v3"])
def test_other_cpus(cpu):
    code = "import numpy as np, test_codegen as t\na = np.arange(50.)\nf, py = t.make(3)\nassert f(a, 1.) == py(a, 1.)"
    env = dict(os.environ, HOTLOOP_CPU=cpu, PYTHONPATH=os.pathsep.join([os.path.dirname(os.path.abspath(__file__)), *sys.path]))
    r = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert r.returncode == 0, r.stderr


def test_large_function():
    lines = "".join(f"    if x > {k}:\n        s += x * {k}\n" for k in range(300))
    scope = {}
    exec("def f(x):\n    s = 0.0\n" + lines + "    return s\n", scope)
    assert njit(scope["f"])(77.5) == scope["f"](77.5)


def test_many_callees():
    scope = {"njit": njit}
    exec("@njit\ndef g0(x):\n    return x + 1\n" + "".join(f"@njit\ndef g{k}(x):\n    return g{k - 1}(x) * 2 - {k}\n" for k in range(1, 30)), scope)
    x = want = 3
    want += 1
    for k in range(1, 30):
        want = want * 2 - k
    assert scope["g29"](x) == want
