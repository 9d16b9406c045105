"""Range checks: what the compiler proves away must never be missed.

Random loop nests with indices that are in range for some arguments and not for others run in CPython and compiled: the same
results, the same arrays afterwards, the same IndexError in the same iteration.
"""
import random

import numpy as np
import pytest

from hotloop import njit


class Program:
    names = ["n", "m", "h", "w", "len(a)", "a.shape[0]", "b.shape[1]"]
    more, result = [], "z"

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.lines = ["def f(a, b, c, n, m):", "    s = 0.0", "    h, w = b.shape", "    z = np.zeros(n + 3)"] + ["    " + line for line in self.more]
        self.counters = []
        self.body(1, self.rng.randint(1, 3))
        self.lines.append(f"    return s, {self.result}")
        self.source = "\n".join(self.lines)
        space = {"np": np, "grow": grow}
        exec(self.source, space)
        self.f = space["f"]

    def say(self, depth, text):
        self.lines.append("    " * depth + text)

    def pick(self, *choices):
        return self.rng.choice(choices)

    def bound(self):
        name = self.pick(*self.names)
        return self.pick(name, name, "%s - 1" % name, "%s - 2" % name, "%s + 1" % name, "%s // 2" % name,
                         *(["%s + 1" % i for i in self.counters] or ["3"]))

    def index(self):
        i = self.pick(*self.counters) if self.counters else "n"
        j = self.pick(*self.counters) if self.counters else "m"
        k = self.rng.randint(1, 2)
        return self.pick(i, i, i, "%s + %d" % (i, k), "%s - %d" % (i, k), "%s + %s" % (i, j), "%s - %s" % (i, j), "2*%s" % i,
                         "%s*w + %s" % (i, j), "(%s + %d) %% n" % (i, k), "n - 1 - %s" % i, "-1", "-1 - %s" % i, "-%s" % i, "0", "c[%s]" % i, "n - %d" % k)

    def access(self):
        return self.pick("a[%s]" % self.index(), "b[%s, %s]" % (self.index(), self.index()), "z[%s]" % self.index(),
                         "b[%s][%s]" % (self.index(), self.index()), "b.T[%s, %s]" % (self.index(), self.index()))

    def read(self):
        return self.access()

    def statement(self, depth):
        kind = self.rng.random()
        if kind < .5:
            self.say(depth, "s += %s" % self.read())
        elif kind < .75:
            self.say(depth, "%s = s + %s" % (self.access().replace("].T", "]"), self.read()))
        elif kind < .85 and self.counters:
            self.say(depth, "if %s > 0:" % self.pick(*self.counters))
            self.say(depth + 1, "s += a[%s - 1]" % self.pick(*self.counters))
        elif kind < .92 and self.counters:
            self.say(depth, "if s > 40.0:")
            self.say(depth + 1, self.pick("break", "continue") if "while" not in self.kind else "break")
        else:
            self.say(depth, "try:")
            self.say(depth + 1, "s += %s" % self.access())
            self.say(depth, "except IndexError:")
            self.say(depth + 1, "s -= 1.5")

    def body(self, depth, loops):
        if loops:
            i = "ijk"[len(self.counters)]
            lo, hi = self.pick("0", "0", "1", "n - 2", *self.counters), self.bound()
            self.kind = self.pick("for", "for", "for", "down", "step", "while", "while down")
            if self.kind == "for":
                self.say(depth, "for %s in range(%s, %s):" % (i, lo, hi) if self.rng.random() < .5 else "for %s in range(%s):" % (i, hi))
            elif self.kind == "down":
                self.say(depth, "for %s in range(%s - 1, %s - 1, -1):" % (i, hi, lo))
            elif self.kind == "step":
                self.say(depth, "for %s in range(%s, %s, %s):" % (i, lo, hi, self.pick("2", "m")))
            elif self.kind == "while":
                self.say(depth, "%s = %s" % (i, lo))
                self.say(depth, "while %s %s %s:" % (i, self.pick("<", "<="), hi))
            else:
                self.say(depth, "%s = %s - 1" % (i, hi))
                self.say(depth, "while %s >= %s:" % (i, lo))
            kind = self.kind
            self.counters.append(i)
            for _ in range(self.rng.randint(0, 1)):
                self.statement(depth + 1)
            self.body(depth + 1, loops - 1)
            self.kind = kind
            for _ in range(self.rng.randint(0 if loops > 1 else 1, 2)):
                self.statement(depth + 1)
            self.counters.pop()
            if "while" in kind:
                self.say(depth + 1, "%s %s 1" % (i, "-=" if "down" in kind else "+="))
        elif self.counters:
            self.statement(depth)


class Slices(Program):
    """Reads windows: slices that lie inside, are clamped, or are empty, as the arguments have it."""

    def window(self):
        i = self.index()
        return self.pick("%s:%s" % (i, self.index()), "%s:(%s) + %d" % (i, i, self.rng.randint(1, 3)), "%s:(%s) + m" % (i, i), "%s:" % i, ":%s" % i,
                         "(%s)*m:(%s + 1)*m" % (i, i), "%s:%s:%s" % (i, self.index(), self.pick("2", "1", "-1")))

    def read(self):
        if self.rng.random() < .3:
            return self.access()
        return self.pick("np.sum(a[%s])" % self.window(), "np.sum(b[%s, %s])" % (self.window(), self.window()), "len(z[%s])" % self.window(),
                         "np.sum(b[%s, %s])" % (self.index(), self.window()), "np.sum(b.T[%s, %s])" % (self.window(), self.window()),
                         "np.max(b[%s, %s])" % (self.window(), self.window()), "np.min(a[%s])" % self.window(), "np.sum(b[..., None, %s])" % self.window())


class Lists(Program):
    """Lists beside the arrays; some loops make them longer or shorter, also through another name and in a function that is called."""

    names = Program.names + ["len(l)", "len(q)"]
    more = ["l = [0.5] * (n + 4)", "q = [k * 0.25 for k in range(m + 9)]", "r = l", "rows = [[1.5] * 3, [2.5, 0.5]]"]
    result = "np.array(l + q + rows[0] + [len(rows) * 1.0])"

    def bound(self):
        return self.pick("len(l)", "len(q)", "len(l) - 1", "len(r)") if self.rng.random() < .5 else super().bound()

    def access(self):
        if self.rng.random() < .25:
            return super().access()
        return self.pick("l[%s]", "l[%s]", "q[%s]", "r[%s]", "rows[0][%s]", "l[%s]") % self.index()

    def statement(self, depth):
        if self.rng.random() < .15:
            self.say(depth, self.pick("if len(l) < 40:", "if len(r) < 30 and s > 3.0:"))
            self.say(depth + 1, self.pick("l.append(s)", "r.append(1.0)", "grow(l)", "l.insert(0, s)", "q.append(2.0)", "rows[0].append(s)"))
        elif self.rng.random() < .1:
            self.say(depth, "if len(l) > 2:")
            self.say(depth + 1, self.pick("l.pop()", "del r[0]"))
        else:
            super().statement(depth)


@njit
def grow(x):
    x.append(7.0)


def outcome(f, a, b, c, n, m):
    a, b = a.copy(), b.copy()
    try:
        s, z = f(a, b, c, n, m)
        return "result", (np.float64(s), z, a, b)
    except (IndexError, ZeroDivisionError, ValueError) as e:
        return type(e).__name__ + ": " + str(e), (a, b)


ARGUMENTS = [(4, 2, 4, 4, 4), (4, 3, 9, 9, 9), (3, 2, 5, 4, 6), (0, 1, 3, 2, 2), (5, 1, 0, 3, 0), (6, 2, 20, 12, 12), (-2, -1, 4, 4, 4), (2, 0, 6, 6, 3)]


@pytest.mark.parametrize("kind, seed", [(Program, k) for k in range(90)] + [(Slices, k) for k in range(60)] + [(Lists, k) for k in range(90)])
def test_same_as_cpython(kind, seed):
    p = kind(seed)
    g = njit(p.f)
    for n, m, size, h, w in ARGUMENTS:
        r = np.random.default_rng(seed)
        args = r.random(size), r.random((h, w)), r.integers(0, 6, 12), n, m
        want, got = outcome(p.f, *args), outcome(g, *args)
        assert want[0] == got[0], (p.source, n, m, size, h, w)
        for x, y in zip(want[1], got[1]):
            assert np.allclose(x, y), (p.source, n, m, size, h, w)


# --- what is proved or asked in front of the loop: nothing may be left in it ---------------------------------------------------------

def forwards(a, out):
    for i in range(len(a)):
        out[i] = a[i]


def reversed_by_hand(a):
    s = 0.0
    for i in range(len(a)):
        s += a[len(a) - 1 - i]
    return s


def from_the_end(a):
    s = 0.0
    for i in range(len(a)):
        s += a[-1 - i] + a[-1]
    return s


def with_the_one_before(a, out):
    for i in range(1, len(a)):
        out[i] = a[i] - a[i - 1]


def enumerated(a, out):
    for i, x in enumerate(a):
        out[i] = 2 * x


def while_below(a):
    s, i = 0.0, 0
    while i < len(a):
        s += a[i]
        i += 1
    return s


def row_by_row(m):
    s = 0.0
    h, w = m.shape
    for i in range(h):
        for j in range(1, w - 1):
            s += m[i, j - 1] + m[i, j] + m[i, j + 1]
    return s


def flat(a, h, w):
    s = 0.0
    for i in range(h):
        for j in range(w):
            s += a[i * w + j]
    return s


def list_filled(n):
    l = [0.0] * n
    for i in range(n):
        l[i] = i * 0.5
    s = 0.0
    for i in range(1, len(l)):
        s += l[i] - l[i - 1]
    return s


def list_while(n):
    l = [k * 0.5 for k in range(n)]
    s, i = 0.0, 0
    while i < len(l):
        s += l[i]
        i += 1
    return s


def list_sieve(n):
    prime = [True] * (n + 1)
    for i in range(2, 5):
        for j in range(i * i, n + 1, i):
            prime[j] = False
    return len(prime)


VECTOR = np.arange(12.0)
FREE = [(forwards, VECTOR, VECTOR.copy()), (reversed_by_hand, VECTOR), (from_the_end, VECTOR), (with_the_one_before, VECTOR, VECTOR.copy()), (enumerated, VECTOR, VECTOR.copy()),
        (while_below, VECTOR), (row_by_row, np.ones((4, 5))), (flat, VECTOR, 3, 4), (list_filled, 9), (list_while, 9), (list_sieve, 50)]


@pytest.mark.parametrize("case", FREE, ids=lambda case: case[0].__name__)
def test_no_checks_are_left(case):
    f, *args = case
    g = njit(f)
    want, got = f(*args), g(*args)
    assert want == got or want is got is None
    assert g.report(file=None).functions[0].checks_left == []


def grows(n):
    l = [0.0]
    for i in range(n):
        l.append(l[i] + 1)
    return l


def grows_by_another_name(n):
    l = [0.0] * 3
    r = l
    s, i = 0.0, 0
    while i < len(l):
        s += l[i]
        if i < n:
            r.append(1.0)
        i += 1
    return s


def shrinks(n):
    l = [1.0] * n
    s = 0.0
    for i in range(len(l)):
        s += l[i]
        l.pop()
    return s


def test_lists_that_change_keep_their_checks():
    for f, n, left in ((grows, 20, 1), (grows_by_another_name, 5, 1), (shrinks, 0, 1)):
        g = njit(f)
        assert f(n) == g(n)
        assert len(g.report(file=None).functions[0].checks_left) == left
    with pytest.raises(IndexError, match="list index out of range"):
        njit(shrinks)(6)
