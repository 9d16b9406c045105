"""The test suites of libraries built on Numba, run with hotloop in its place (docs/testing.md).

    python tests/libraries/run.py [NAME ...]      all of them without a name; in the environment of `make libraries`
"""
import collections
import importlib.util
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# library -> settings of the stand-in. GRADUAL: @njit is @jit, because the library hands Python objects to compiled functions.
LIBRARIES = {"quantecon": {}, "pyts": {}, "sparse": {"GRADUAL": "1"}}


def run(name):
    """Runs one suite; returns what pytest counted, and the reasons that hotloop gave, with their numbers."""
    tests = os.path.dirname(importlib.util.find_spec(name).origin)
    env = {**os.environ, **LIBRARIES[name], "PYTHONPATH": str(HERE / "stand_in"), "PYTHONSAFEPATH": "1"}
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "--import-mode=importlib", "-p", "no:cacheprovider", "-W", "ignore", "--rootdir", tests, tests],
                          env=env, cwd=tests, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    counted = re.findall(r"^(?:=+ )?(\d+ (?:passed|failed|error).*?)(?: =+)?$", done.stdout, re.M)
    reasons = re.findall(r"^E +(hotloop\.errors\.\w+: .*)$", done.stdout, re.M)
    return counted[-1] if counted else done.stdout[-2000:], collections.Counter(reasons)


def main(names):
    for name in names or LIBRARIES:
        counted, reasons = run(name)
        print(f"{name:12} {counted}", flush=True)
        for reason, n in reasons.most_common():
            print(f"{n:16} × {reason}")


if __name__ == "__main__":
    main(sys.argv[1:])
