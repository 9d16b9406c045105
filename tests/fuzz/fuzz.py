"""Fuzzing: random programs, compiled and in CPython (docs/testing.md).

    python tests/fuzz/fuzz.py --count 2000 --seed 7      exit status 1 when a program went wrong; the smallest one is printed

Programs run in batches, each in a process of its own with a seed of its own (the run's seed and the batch's number), so that a crash ends one
batch only; that batch is run again with each program in a forked process, where Hypothesis can make the crashing program small as well.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
SILENT = 180  # seconds after which a program counts as hanging


# --- one batch --------------------------------------------------------------------------------------------------------------


def in_child(run, source):
    """`run` in a forked process: what is fatal there is an exception here."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            os.close(read)
            try:
                refused, wrong = run(source), None
            except AssertionError as e:
                refused, wrong = None, f"{e}"
            os.write(write, json.dumps([refused, wrong]).encode()[:60000])
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    with open(read, "rb") as f:
        told = f.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        raise AssertionError(f"the process died of signal {os.WTERMSIG(status)}")
    refused, wrong = json.loads(told)
    if wrong is not None:
        raise AssertionError(wrong)
    return refused


def batch(count, seed, current, isolate):
    """Runs one batch; prints a line of JSON."""
    import gc

    import execute
    import hypothesis
    from programs import programs

    gc.freeze()  # what imports made stays: collections that look for leaks are short

    tally = collections.Counter()
    refusals = collections.Counter()
    failed = []

    def check(source):
        pathlib.Path(current).write_text(str(source))
        refused = in_child(execute.run, source) if isolate else execute.run(source)
        tally["programs"] += not failed
        if refused:
            tally["refused"] += not failed
            refusals[execute.reason(refused)] += not failed

    @hypothesis.seed(seed)
    @hypothesis.settings(max_examples=count, database=None, deadline=None, suppress_health_check=list(hypothesis.HealthCheck), report_multiple_bugs=False,
                         print_blob=False)
    @hypothesis.given(programs())
    def run(source):
        try:
            check(source)
        except AssertionError as e:
            failed[:] = [(str(source), str(e))]
            raise

    try:
        run()
    except Exception as e:
        if not failed or not isinstance(e, AssertionError):
            raise
    print(json.dumps({"tally": tally, "refusals": refusals, "failed": failed[:1]}))


# --- all batches --------------------------------------------------------------------------------------------------------------


def child(count, seed, isolate=False):
    """The result of a batch in a process of its own, or a failed one when the process died."""
    with tempfile.TemporaryDirectory() as folder:
        current = pathlib.Path(folder, "program.py")
        command = [sys.executable, __file__, "--batch", str(current), "--count", str(count), "--seed", str(seed)] + ["--isolate"] * isolate
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            while process.poll() is None:
                try:
                    out, _ = process.communicate(timeout=20)
                    break
                except subprocess.TimeoutExpired:
                    if current.exists() and time.time() - current.stat().st_mtime > SILENT:
                        process.kill()
            else:
                out = ""
        finally:
            process.kill()
        process.wait()
        if process.returncode == 0:
            return json.loads(out.splitlines()[-1])
        died = f"the process ended with status {process.returncode}"
        text = current.read_text() if current.exists() else ""
    if not isolate:
        result = child(count, seed, isolate=True)
        if result["failed"]:
            return result
        died += ", but not when each program has a process of its own"
    return {"tally": {}, "refusals": {}, "failed": [(text, died)]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000, help="programs")
    parser.add_argument("--seed", type=int, help="makes a run repeatable; a fresh one by default")
    parser.add_argument("--size", type=int, default=500, help="programs in a batch")
    parser.add_argument("--keep", help="folder for programs that went wrong")
    parser.add_argument("--refusals", action="store_true", help="list what the compiler refused")
    parser.add_argument("--most-failures", type=int, default=3, help="stop after so many batches with a failure")
    parser.add_argument("--batch", help=argparse.SUPPRESS)
    parser.add_argument("--isolate", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.batch:
        return batch(options.count, options.seed, options.batch, options.isolate)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**9)
    print(f"fuzzing: {options.count} programs, SEED={seed}", flush=True)
    start, tally, refusals, failures, left, number = time.time(), collections.Counter(), collections.Counter(), 0, options.count, 0
    while left > 0 and failures < options.most_failures:
        result = child(min(options.size, left), seed + 1000003 * number)
        tally.update(result["tally"])
        refusals.update(result["refusals"])
        for text, why in result["failed"]:
            failures += 1
            print(f"\n--- batch {number} (seed {seed + 1000003 * number}): {why}\n\n{text}\n", flush=True)
            if options.keep:
                pathlib.Path(options.keep).mkdir(parents=True, exist_ok=True)
                pathlib.Path(options.keep, f"{seed}-{number}.py").write_text(f"# {why}\n{text}\n".replace("\n# ", "\n#"))
        left -= options.size
        number += 1
        if number % 20 == 0:
            print(f"... {tally['programs']} programs, {tally['refused']} refused, {failures} failures, {time.time() - start:.0f} s", flush=True)
    done = tally["programs"]
    print(f"{done} programs, {tally['refused']} refused ({100 * tally['refused'] / max(done, 1):.1f} %), {failures} failures, {time.time() - start:.0f} s")
    if options.refusals:
        for text, n in refusals.most_common(40):
            print(f"{n:6} {text}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
