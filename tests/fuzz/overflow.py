"""Random programs under overflow="raise": a result or an OverflowError, in the same line, exactly where Python's unbounded integers leave 64 bits.

    python tests/fuzz/overflow.py COUNT [SEED]      exit status 1 and the program when one went wrong (docs/testing.md)

CPython runs the same program with every operation of arithmetic followed by a look at its result.  What the arrays hold afterwards is compared too: nothing
that comes after the overflow may have been stored, everything before it must have been.  Half of the programs are one loop over many items, whose checks the
compiler moves and vectorises; the others nest loops and branches.  tests/test_overflow_programs.py runs the programs of some fixed seeds.
"""
import ast
import random
import sys

import numpy as np
from hotloop import njit

HIGH, LOW = 2**63 - 1, -2**63
EDGES = [0, 1, -1, 2, 3, 7, -5, 100, 2**31, 2**32, 2**61, 2**62, 2**62 - 1, -2**62, HIGH // 3, HIGH // 3 + 1, -(HIGH // 3) - 1, HIGH, HIGH - 1, LOW, LOW + 1, LOW + 7]
LITERALS = [0, 1, 2, 3, 3, 5, 7, 8, 16, 31, 63, 100, -1, -2, 2**20, 2**31, 2**40, 2**62, HIGH]
FACTORS = ["2", "3", "5", "6", "7", "10", "-1", "100", str(2**20), str(2**31), "y", "k"]
BEHIND = {"//": (2, 3, 1000, -1, -3, -7), "%": (2, 3, 7, 1000, -1, -5, -7), "<<": (1, 3, 20, 40), ">>": (1, 3, 20, 40),
          "&": (1, 15, 255, 1023, 2**31 - 1, -8), "|": (7, 255, 2**31 - 1, -8), "^": (5, 255, 2**31 - 1, -8)}
CALLS = 14


# --- the reference ----------------------------------------------------------------------------------------------------------------------


def fits(x):
    if isinstance(x, int) and not LOW <= x <= HIGH:
        raise OverflowError
    return x


class Look(ast.NodeTransformer):
    """Puts fits(…) around all arithmetic."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        return ast.copy_location(ast.Call(ast.Name("fits", ast.Load()), [node], []), node)

    visit_UnaryOp = visit_BinOp

    def visit_Call(self, node):
        self.generic_visit(node)
        return ast.copy_location(ast.Call(ast.Name("fits", ast.Load()), [node], []), node) if getattr(node.func, "id", "") == "abs" else node

    def visit_AugAssign(self, node):
        target = ast.copy_location(type(node.target)(**{**vars(node.target), "ctx": ast.Load()}), node.target)
        return self.visit(ast.copy_location(ast.Assign([node.target], ast.copy_location(ast.BinOp(target, node.op, node.value), node)), node))


# --- programs ---------------------------------------------------------------------------------------------------------------------------


class Program:
    """f(x, y, z, n, a, b, out): numbers, n = len(a), arrays of int64, int8 and int64."""

    def __init__(self, rng):
        self.rng, self.inside = rng, []  # inside: for each loop around, the names of what it walks over
        self.one_loop = rng.random() < .5
        self.lines = ["def f(x, y, z, n, a, b, out):", f"    s = {self.pick('0', 'x')}", f"    k = {self.pick('0', '1', '3')}"]
        if self.one_loop:
            self.loop(1, lambda: [self.step(2) for _ in range(rng.randint(1, 3))])
        else:
            self.body(1, 4)
        self.lines += ["    return s, k, x, y, z"]
        self.source = "\n".join(self.lines)

    def pick(self, *choices):
        return self.rng.choice(choices)

    def say(self, depth, text):
        self.lines.append("    " * depth + text)

    # expressions

    def atom(self):
        inside = self.inside[-1] if self.inside else []
        return self.pick("x", "y", "z", "s", "k", "n", str(self.pick(*LITERALS)), *inside, *inside, *inside)

    def expression(self, depth):
        if depth == 0 or depth > 1 and self.rng.random() < .15:
            return self.atom()
        kind, a = self.rng.random(), self.expression(depth - 1)
        if kind < .35:
            return f"({a} {self.pick('+', '-')} {self.expression(depth - 1)})"
        if kind < .55:
            return f"({self.pick(*FACTORS, self.expression(depth - 1))} * {a})"
        if kind < .75:
            op = self.pick(*BEHIND)
            return f"({a} {op} {self.pick(*BEHIND[op])})"
        if kind < .83:
            return f"({self.pick('min', 'max')}({a}, {self.expression(depth - 1)}))"
        if kind < .87:
            return f"abs({a})"
        if kind < .91:
            return f"(-{a})"
        return f"({a} if {self.test()} else {self.expression(depth - 1)})"

    def test(self):
        return f"{self.atom()} {self.pick('<', '<=', '>', '>=', '==', '!=')} {self.atom()}"

    # loops

    def loop(self, depth, body):
        k = len(self.inside)
        form = self.pick("range", "range", "range", "items", "while")
        if form == "range":
            i = f"i{k}"
            self.say(depth, f"for {i} in range({self.pick('n', 'n', 'len(a)', '5', '1, n - 1', 'n - 1, -1, -1')}):")
            self.inside.append([i, f"a[{i}]", f"b[{i}]"])
        elif form == "items":
            self.say(depth, f"for v{k} in {self.pick('a', 'a', 'b')}:")
            self.inside.append([f"v{k}", f"v{k}"])
        else:
            self.say(depth, f"w{k} = 0")
            self.say(depth, f"while w{k} < n:")
            self.say(depth + 1, f"v{k} = a[w{k}]")
            self.say(depth + 1, f"w{k} += 1")
            self.inside.append([f"w{k}", f"v{k}", f"v{k}"])
        body()
        self.inside.pop()

    def place(self):
        """An index of `out` in the innermost loop, or None."""
        name = self.inside[-1][0] if self.inside else "v"
        return None if name.startswith("v") else name if name.startswith("i") else f"{name} - 1"

    def step(self, depth):
        """A statement of a loop that does one thing many times: sums, products, extremes, a store."""
        kind, e = self.rng.randrange(8), self.expression(self.rng.randrange(4))
        if kind < 3:
            self.say(depth, f"s {self.pick('+', '+', '-', '*')}= {e}" if self.rng.random() < .9 else f"s = {e}")
        elif kind == 3:
            self.say(depth, f"k = {e}")
        elif kind == 4:
            self.say(depth, f"s = {self.pick('max', 'min')}(s, {e})")
        elif kind == 5:
            self.say(depth, f"if {self.test()}:")
            self.say(depth + 1, f"s += {e}")
        elif kind == 6 and self.place():
            self.say(depth, f"out[{self.place()}] = {e}")
        else:
            self.say(depth, f"k += {self.atom()}")

    def body(self, depth, n):
        for _ in range(n):
            kind, target = self.rng.random(), self.pick("x", "y", "z", "s", "s")
            if kind < .35:
                self.say(depth, f"{target} = {self.expression(2)}")
            elif kind < .5:
                self.say(depth, f"{target} {self.pick('+=', '-=', '+=', '*=')} {self.expression(1)}")
            elif kind < .6:
                self.say(depth, f"k += {self.pick('1', '2', '-1')}")
            elif kind < .75 and depth < 4:
                self.say(depth, f"if {self.test()}:")
                self.body(depth + 1, 1)
                if self.rng.random() < .6:
                    self.say(depth, "else:")
                    self.body(depth + 1, 1)
            elif kind < .9 and depth < 3 and len(self.inside) < 2:
                self.loop(depth, lambda: self.body(depth + 1, self.rng.randint(1, 3)))
            elif self.place():
                self.say(depth, f"out[{self.place()}] = {self.expression(2)}")
            else:
                self.say(depth, f"{target} = {self.expression(1)}")

    # running them

    def functions(self):
        """For CPython and compiled; None where CPython computed with literals, and no type holds the result."""
        checked = ast.fix_missing_locations(Look().visit(ast.parse(self.source)))
        spaces = {"fits": fits}, {}
        exec(compile(checked, "checked", "exec"), spaces[0])
        exec(compile(self.source, "compiled", "exec"), spaces[1])
        if any(isinstance(c, int) and not LOW <= c <= HIGH for c in spaces[1]["f"].__code__.co_consts):
            return None
        return spaces[0]["f"], njit(overflow="raise")(spaces[1]["f"])

    def items(self):
        """What `a` holds: numbers of some size, small ones with an extreme among them, or extremes."""
        rng = self.rng
        n = self.pick(0, 1, 2, 5, 40, 200) if self.one_loop else self.pick(0, 1, 5, 8)
        kind = rng.randrange(4)
        if kind == 0:
            return [rng.choice(EDGES) for _ in range(n)]
        bits = rng.choice((4, 8, 20, 31, 40, 62, 63)) if kind == 1 else 4
        a = [rng.randrange(-2**bits, 2**bits) for _ in range(n)]
        if kind == 2 and n:
            a[rng.randrange(n)] = rng.choice((2**62, HIGH, LOW, 2**32))
        return a


def outcome(f, name, *args):
    out = np.zeros(max(8, len(args[4])), np.int64)
    try:
        result = tuple(int(v) for v in f(*args, out))
    except (OverflowError, ZeroDivisionError, IndexError) as e:
        tb = e.__traceback__
        while tb.tb_frame.f_code.co_filename != name:
            tb = tb.tb_next
        result = type(e), tb.tb_lineno
    return result, out.tolist()


def run(seed):
    """Raises AssertionError where the sides differ.  How many of the calls raised OverflowError."""
    rng, both, raised = random.Random(seed), None, 0
    while not both:
        program = Program(rng)
        both = program.functions()
    checked, compiled = both
    for turn in range(CALLS):
        edges = EDGES if turn % 2 else EDGES[:8]
        x, y, z = (rng.choice(edges) for _ in range(3))
        a = program.items()
        b = [rng.randint(-128, 127) for _ in range(max(8, len(a)))]
        want = outcome(checked, "checked", x, y, z, len(a), a, b)
        got = outcome(compiled, "compiled", x, y, z, len(a), np.array(a, np.int64), np.array(b, np.int8))
        assert got == want, f"seed {seed}\n{program.source}\nx, y, z = {x}, {y}, {z}\na = {a}\nb = {b}\nexact: {want}\ncompiled: {got}"
        raised += want[0][0] is OverflowError
    return raised


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**9)
    print(f"overflow: {count} programs, SEED={seed}", flush=True)
    raised = sum(run(seed + k) for k in range(count))
    print(f"{count} programs, {raised} of {CALLS * count} calls raised, 0 failures")


if __name__ == "__main__":
    main()
