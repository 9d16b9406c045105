"""overflow="raise" in random programs: a result or an OverflowError, in the same line, exactly where Python's unbounded integers leave 64 bits.

CPython runs the same program with every operation of arithmetic followed by a look at its result.  What the arrays hold afterwards is compared too: nothing
that comes after the overflow may have been stored, everything before it must have been.
"""
import ast
import random

import numpy as np
import pytest

from hotloop import njit

HIGH, LOW = 2**63 - 1, -2**63
EDGES = [0, 1, -1, 2, 3, 7, -5, 100, 2**31, 2**32, 2**61, 2**62, 2**62 - 1, -2**62, HIGH // 3, HIGH // 3 + 1, -(HIGH // 3) - 1, HIGH, HIGH - 1, LOW, LOW + 1, LOW + 7]


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


class Program:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.loops = 0
        self.lines = ["def f(x, y, z, n, a, b, out):", "    s = 0", "    k = 0"]
        self.body(1, 4)
        self.lines += ["    return s, k, x, y, z"]
        self.source = "\n".join(self.lines)

    def pick(self, *choices):
        return self.rng.choice(choices)

    def literal(self):
        return str(self.pick(0, 1, 2, 3, 3, 5, 7, 8, 16, 31, 63, 100, -1, -2, 2**31, 2**40, 2**62, HIGH))

    def atom(self):
        inside = ["i%d" % (self.loops - 1), "a[i%d]" % (self.loops - 1), "b[i%d]" % (self.loops - 1)] if self.loops else []
        return self.pick("x", "y", "z", "s", "k", "n", self.literal(), *inside, *inside)

    def expression(self, depth):
        if depth == 0:
            return self.atom()
        kind, a = self.rng.random(), self.expression(depth - 1)
        if kind < .35:
            return f"({a} {self.pick('+', '-')} {self.expression(depth - 1)})"
        if kind < .55:
            return f"({self.pick('2', '3', '5', '6', '7', '10', '-1', 'y', 'k')} * {a})"
        if kind < .7:
            return f"({a} {self.pick('// 2', '% 2', '% 7', '// 3', '& 255', '>> 3', '| 7', '^ 5', '// -3', '% -5')})"
        if kind < .8:
            return f"({self.pick('min', 'max')}({a}, {self.expression(depth - 1)}))"
        if kind < .85:
            return f"abs({a})"
        if kind < .9:
            return f"(-{a})"
        return f"({a} if {self.test()} else {self.expression(depth - 1)})"

    def test(self):
        return f"{self.atom()} {self.pick('<', '<=', '>', '>=', '==', '!=')} {self.atom()}"

    def say(self, depth, text):
        self.lines.append("    " * depth + text)

    def body(self, depth, n):
        for _ in range(n):
            kind, target = self.rng.random(), self.pick("x", "y", "z", "s", "s")
            if kind < .35:
                self.say(depth, f"{target} = {self.expression(2)}")
            elif kind < .5:
                self.say(depth, f"{target} {self.pick('+=', '-=', '+=')} {self.expression(1)}")
            elif kind < .6:
                self.say(depth, f"k += {self.pick('1', '2', '-1')}")
            elif kind < .75 and depth < 4:
                self.say(depth, f"if {self.test()}:")
                self.body(depth + 1, 1)
                if self.rng.random() < .6:
                    self.say(depth, "else:")
                    self.body(depth + 1, 1)
            elif kind < .9 and depth < 3 and self.loops < 2:
                i = f"i{self.loops}"
                self.say(depth, f"for {i} in range({self.pick('n', 'len(a)', '5')}):")
                self.loops += 1
                self.body(depth + 1, self.rng.randint(1, 3))
                self.loops -= 1
            elif self.loops:
                self.say(depth, f"out[i{self.loops - 1}] = {self.expression(2)}")
            else:
                self.say(depth, f"{target} = {self.expression(1)}")

    def functions(self):
        checked = ast.fix_missing_locations(Look().visit(ast.parse(self.source)))
        spaces = {"fits": fits}, {}
        exec(compile(checked, "checked", "exec"), spaces[0])
        exec(compile(self.source, "compiled", "exec"), spaces[1])
        if any(isinstance(c, int) and not LOW <= c <= HIGH for c in spaces[1]["f"].__code__.co_consts):
            return None  # CPython computed with literals, and no type holds the result
        return spaces[0]["f"], njit(overflow="raise")(spaces[1]["f"])


def outcome(f, name, x, y, z, a, b):
    out = np.zeros(8, np.int64)
    try:
        result = f(x, y, z, len(a), a, b, out)
    except (OverflowError, ZeroDivisionError, IndexError) as e:
        tb = e.__traceback__
        while tb.tb_frame.f_code.co_filename != name:
            tb = tb.tb_next
        result = type(e), tb.tb_lineno
    return result, out.tolist()


def python_ints(a):
    """An array whose items are Python's integers, so that nothing wraps in CPython's run."""
    return a.tolist()


@pytest.mark.parametrize("seed", range(120))
def test_same_as_unbounded_integers(seed):
    p, both = Program(seed), None
    while not (both := p.functions()):
        seed += 1000
        p = Program(seed)
    checked, compiled = both
    rng = random.Random(seed)
    for turn in range(14):
        edges = EDGES if turn % 2 else EDGES[:8]
        x, y, z = (rng.choice(edges) for _ in range(3))
        a = np.array([rng.choice(edges) if turn % 3 == 0 else rng.randint(-9, 9) for _ in range(rng.choice([0, 1, 5, 8]))], np.int64)
        b = np.array([rng.randint(-128, 127) for _ in range(8)], np.int8)
        want = outcome(checked, "checked", x, y, z, python_ints(a), python_ints(b))
        got = outcome(compiled, "compiled", x, y, z, a, b)
        assert got == want, (p.source, x, y, z, a, b)
