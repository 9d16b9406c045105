"""Random loops under overflow="raise", against integers that raise as soon as they leave 64 bits (docs/testing.md).

    python tests/fuzz/overflow.py COUNT [SEED]      exit status 1 and the program when one went wrong

Results, exceptions, and what was stored before an exception have to agree.
"""
import random
import re
import sys

import numpy as np
from hotloop import njit


class Checked(int):
    """An int64 that raises OverflowError where a result does not fit."""


def _operator(name):
    plain = getattr(int, name)

    def operate(*operands):
        result = plain(*operands)
        if result is NotImplemented:
            return result
        if not -2**63 <= result < 2**63:
            raise OverflowError(name)
        return Checked(result)

    setattr(Checked, name, operate)


for _name in ("add", "sub", "mul", "floordiv", "mod", "lshift", "rshift", "and", "or", "xor"):
    _operator(f"__{_name}__")
    _operator(f"__r{_name}__")
for _name in ("__neg__", "__abs__", "__invert__"):
    _operator(_name)


def checked_range(*bounds):
    return map(Checked, range(*bounds))


def expression(rng, names, depth):
    if depth == 0 or rng.random() < 0.2:
        return rng.choice(names)
    left = expression(rng, names, depth - 1)
    kind = rng.randrange(12)
    if kind < 6:
        right = expression(rng, names, depth - 1) if rng.random() < 0.6 else str(rng.choice((1, 2, 3, 7, 100, 2**20, 2**31)))
        return f"({left} {rng.choice('++-*')} {right})"
    if kind == 6:
        return f"({left} {rng.choice(('//', '%'))} {rng.choice((-7, -1, 2, 3, 1000))})"
    if kind == 7:
        return f"({left} {rng.choice(('<<', '>>'))} {rng.choice((1, 3, 20, 40))})"
    if kind == 8:
        return f"({left} {rng.choice('&|^')} {rng.choice((255, 2**31 - 1, -8))})"
    if kind == 9:
        return rng.choice((f"abs({left})", f"(-{left})"))
    if kind == 10:
        return f"{rng.choice(('min', 'max'))}({left}, {expression(rng, names, depth - 1)})"
    return f"({left} & {rng.choice((1, 15, 1023))})"


def program(rng):
    loop = rng.choice(("for i in range(n):", "for i in range(1, n - 1):", "for i in range(n - 1, -1, -1):", "for x in a:", "while w < n:"))
    names, body = ["s", "t", "k"], []
    if "x" in loop:
        names += ["x"] * 3
    elif loop.startswith("while"):
        names += ["w", "x", "x"]
        body += ["x = a[w]", "w += 1"]
    else:
        names += ["i"] + ["a[i]"] * 3
    for _ in range(rng.randrange(1, 4)):
        e = expression(rng, names, rng.randrange(0, 4))
        kind = rng.randrange(8)
        if kind < 3:
            body.append(f"s {rng.choice('++-*')}= {e}" if rng.random() < 0.9 else f"s = {e}")
        elif kind == 3:
            body.append(f"t = {e}")
        elif kind == 4:
            body.append(f"s = {rng.choice(('max', 'min'))}(s, {e})")
        elif kind == 5:
            body += [f"if {rng.choice(names)} > {rng.choice(names)}:", f"    s += {e}"]
        elif kind == 6 and " i " in loop:
            body.append(f"out[i] = {e}")
        else:
            body.append(f"t += {rng.choice(names)}")
    lines = ["s = k", f"t = {rng.choice((0, 1, 3))}", "w = 0", loop, *("    " + line for line in body), "return s, t"]
    return "def f(a, k, n, out):\n" + "".join(f"    {line}\n" for line in lines)


def arguments(rng):
    n = rng.choice((0, 1, 2, 5, 40, 200))
    bits = rng.choice((4, 8, 20, 31, 40, 62, 63))
    a = [rng.randrange(-2**bits, 2**bits) for _ in range(n)]
    if rng.random() < 0.5 and n:
        a = [v % 100 for v in a]
        a[rng.randrange(n)] = rng.choice((2**62, 2**63 - 1, -2**63, 2**32))
    return a, rng.choice((0, 1, -5, 2**31, 2**62, -2**63)), n


def outcome(f, a, k, n, out):
    try:
        return tuple(int(v) for v in f(a, k, n, out)), [int(v) for v in out]
    except (OverflowError, IndexError) as e:
        return type(e), [int(v) for v in out]


def one(seed):
    rng = random.Random(seed)
    text = program(rng)
    scope, checked = {}, {"range": checked_range}
    exec(text, scope)
    checked["Checked"] = Checked
    exec(re.sub(r"t = (\d)\n", r"t = Checked(\1)\n", text, count=1), checked)
    compiled = njit(overflow="raise")(scope["f"])
    for _ in range(6):
        a, k, n = arguments(rng)
        want = outcome(checked["f"], [Checked(v) for v in a], Checked(k), n, [0] * n)
        got = outcome(compiled, np.array(a, np.int64), k, n, np.zeros(n, np.int64))
        assert got == want, f"seed {seed}\n{text}\na = {a}, k = {k}, n = {n}\nexact: {want}\ncompiled: {got}"
    return want[0] is OverflowError


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**9)
    print(f"overflow: {count} programs, SEED={seed}", flush=True)
    raised = sum(one(seed + k) for k in range(count))
    print(f"{count} programs, {raised} of them raised in their last call, 0 failures")


if __name__ == "__main__":
    main()
