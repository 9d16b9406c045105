"""Random programs: functions that call each other, statements of every kind, and arguments.

`program(draw)` gives Source: text that defines `f` (and jitted functions that it calls), and texts of tuples of arguments.  Programs end:
loops are short, recursion counts down.  Types are stable: a variable keeps the type that it got first, as the compiler asks.
Names are unique, so that a variable of one branch is never the variable of another.
"""
import contextlib
import dataclasses
import re

import numpy as np
from array_expressions import KIND, QUARTERS, ArrayExpressions
from choices import Choices
from expressions import COARSE, DTYPES, FREE, INT_DTYPES, MAX, MIN, RANGES, E, array_type, is_array
from hypothesis import strategies as st

ERRORS = ("ValueError", "IndexError", "KeyError", "ZeroDivisionError", "RuntimeError", "Oops")
CATCHES = ("ZeroDivisionError", "(IndexError, ValueError)", "ValueError", "Exception", "Oops", "ArithmeticError", "LookupError", "")
ITEMS = (("int",), ("float",), ("bool",), ("complex",), ("tuple", (("int",), ("float",))), ("tuple", (("int",), ("int",), ("int",))), ("list", ("int",)))
LIST_ITEMS = (("int",), ("float",), ("int",), ("bool",), ("tuple", (("int",), ("float",))), ("list", ("int",)))
NUMBERS = (("int",), ("float",), ("bool",))
REALS = [d for d in DTYPES if KIND[d] != "c"]
LAYOUTS = ("C", "F", "strided", "negative", "readonly", "unaligned")


class Var(E):
    """A variable: `item` bounds the integers in it, `fixed` ones are not assigned to, `counter` ones make good indices."""

    __slots__ = ("item", "fixed", "counter")

    def __init__(self, text, type, lo=MIN, hi=MAX, fixed=False, counter=False, **known):
        super().__init__(text, type, lo, hi, **known)
        self.item, self.fixed, self.counter = (-1000, 1000), fixed, counter


@dataclasses.dataclass
class Helper:
    name: str
    params: list     # of Var
    returns: tuple   # a type
    defaults: int = 0


@dataclasses.dataclass
class Source:
    text: str
    args: list       # texts of tuples

    def __str__(self):
        return self.text + "\n" + "\n".join(f"ARGS{k} = {a}" for k, a in enumerate(self.args))


class Program(ArrayExpressions):
    def __init__(self, draw):
        self.c = Choices(draw)
        self.lines, self.indent, self.scope, self.names = [], 0, {}, 0
        self.helpers, self.constants, self.loops, self.returns, self.handlers = [], {}, 0, None, 0

    # --- text and names ---------------------------------------------------------------------------------------------------

    def put(self, line):
        self.lines.append("    " * self.indent + line)

    def name(self, letter="v"):
        self.names += 1
        return f"{letter}{self.names}"

    @contextlib.contextmanager
    def inner(self):
        """A scope for the variable of a comprehension."""
        saved, self.scope = self.scope, dict(self.scope)
        yield self.name("k")
        self.scope = saved

    @contextlib.contextmanager
    def block(self, leak=0):
        """An indented block; its variables end with it (`leak`: seldom they do not, and may then be unbound)."""
        saved, self.scope, before = self.scope, dict(self.scope), len(self.lines)
        self.indent += 1
        yield
        if len(self.lines) == before:
            self.put("pass")
        self.indent -= 1
        if not (leak and self.c.chance(leak)):
            self.scope = saved

    def some_type(self):
        c = self.c
        kind = c.weighted({"int": 6, "float": 5, "bool": 2, "list": 3, "tuple": 3, "array": 6, "complex": 1, "f4": 1, "text": 1})
        if kind == "list":
            return ("list", c.pick(LIST_ITEMS))
        if kind == "tuple":
            return ("tuple", tuple(c.pick(ITEMS) for _ in range(1 + c.upto(3)))) if c.chance(60) else ("tuple", (("int",),) * (1 + c.upto(4)))
        if kind == "array":
            return array_type(c.pick(DTYPES), c.weighted({1: 3, 2: 2}))
        return (kind,)

    # --- calls of jitted functions ---------------------------------------------------------------------------------------------

    def call(self, type, depth):
        found = [h for h in self.helpers if h.returns == type]
        if not found:
            return None
        c = self.c
        h = c.pick(found)
        skip = c.upto(h.defaults + 1)
        args = []
        for k, p in enumerate(h.params[:len(h.params) - skip]):
            text = self.argument(p, depth)
            if text is None:
                return None
            args.append(f"{p}={text}" if k == len(h.params) - skip - 1 and c.chance(20) else text)
        return f"{h.name}({', '.join(args)})"

    def argument(self, p, depth):
        if p.type == ("int",):
            return str(self.within(p.lo, p.hi, depth))
        if is_array(p.type):  # a variable, so that layouts vary and what the function stores is seen
            found = self.variables(lambda v: v.type == p.type and v.grid == p.grid)
            return str(self.c.pick(found)) if found else None
        if p.type[0] == "list":
            found = self.of_type(p.type)
            return str(self.c.pick(found)) if found else None
        return self.item_expr(p.type, depth)

    def int_helper(self, depth):
        text = self.call(("int",), depth)
        return E(text, ("int",)) if text else self.int_atom()

    def float_helper(self, depth):
        text = self.call(("float",), depth)
        return E(text, ("float",)) if text else self.float_atom()

    # --- statements --------------------------------------------------------------------------------------------------------------

    STATEMENTS = {"new": 12, "assign": 6, "augmented": 5, "if": 5, "for": 5, "list": 4, "store": 7, "while": 2, "try": 3, "raise": 1, "return": 1,
                  "loop_end": 2, "unpack": 1, "swap": 1, "closure": 1, "assert": 1, "call": 2, "delete": 1, "inplace": 2}

    def statement(self, depth):
        kind = self.c.weighted(self.STATEMENTS)
        if depth <= 0 and kind in ("if", "for", "while", "try", "closure"):
            kind = "new"
        getattr(self, "do_" + kind)(depth)

    def statements(self, most, depth):
        for _ in range(1 + self.c.upto(most)):
            self.c.part(lambda: self.statement(depth))

    def declare(self, type, e, **known):
        """A variable that holds `e` from here on."""
        v = Var(self.name(), type, grid=e.grid if is_array(type) or type == ("float",) else FREE, tag=e.tag, **known)
        self.scope[v.text] = v
        return v

    def do_new(self, depth):
        c = self.c
        type = self.some_type()
        e = self.expr(type, 2)
        if type == ("int",):
            lo, hi = c.pick(RANGES)
            text = str(self.reduce(e, lo, hi))
            v = self.declare(type, e, lo=lo, hi=hi)
        else:
            text = self.scalar(e) if type[0] in ("float", "complex") else str(e)
            v = self.declare(type, e)
            if type == ("float",):  # it will be assigned to
                v.grid = FREE
        self.put(f"{v} = {text}")

    def assignable(self):
        return self.variables(lambda v: not v.fixed and (not is_array(v.type) or v.tag is None and v.grid is FREE))

    def do_assign(self, depth):
        found = self.assignable()
        if not found:
            return self.do_new(depth)
        v = self.c.pick(found)
        e = self.expr(v.type, 2)
        text = str(self.reduce(e, v.lo, v.hi)) if v.type == ("int",) else self.scalar(e) if v.type[0] in ("float", "complex") else str(e)
        self.put(f"{v} = {text}")

    def do_augmented(self, depth):
        c = self.c
        found = self.variables(lambda v: not v.fixed and v.type[0] in ("int", "float", "complex", "bool"))
        if not found:
            return self.do_new(depth)
        v = c.pick(found)
        if v.type == ("int",):
            e, op = self.within(-1000, 1000, 1), c.pick("+-*")
            if v.lo == MIN:
                self.put(f"{v} = wrap({v} {op} {e})")
            else:
                self.put(f"{v} {op}= {e}")
                self.put(f"{v} = {self.reduce(E(v.text, ('int',), -10**6, 10**6), v.lo, v.hi)}")
        elif v.type == ("bool",):
            self.put(f"{v} {c.pick('&|^')}= {self.bool_expr(depth=1)}")
        else:
            self.put(f"{v} {c.pick('+-*')}= {self.scalar(self.expr(v.type, 1))}")

    def do_if(self, depth):
        c = self.c
        self.put(f"if {self.bool_expr(depth=2)}:")
        with self.block(leak=4):
            self.statements(2, depth - 1)
        if c.chance(25):
            self.put(f"elif {self.bool_expr(depth=1)}:")
            with self.block():
                self.statements(2, depth - 1)
        if c.chance(50):
            self.put("else:")
            with self.block():
                self.statements(2, depth - 1)

    def iterable(self, name):
        """Text of something to loop over, and the variable that holds its items."""
        c = self.c
        lists = self.variables(lambda v: v.type in (("list", ("int",)), ("list", ("float",))))
        kind = c.weighted({"range": 8, "list": 3, "tuple": 1, "reversed": 1})
        if kind in ("list", "reversed") and lists:
            v = c.pick(lists)
            item = v.type[1]
            var = Var(name, item, *(v.item if item == ("int",) else ()), fixed=True)
            return (f"reversed({v})" if kind == "reversed" else f"{v}[:6]" if c.chance(40) else str(v)), var
        if kind == "tuple":
            return f"({self.within(-1000, 1000, 1)}, {self.within(-1000, 1000, 0)})", Var(name, ("int",), -1000, 1000, fixed=True)
        form = c.weighted({"n": 5, "n,n": 2, "step": 2, "len": 4, "back": 1})
        arrays = self.variables(lambda v: is_array(v.type))
        if form == "len" and arrays:
            v = c.pick(arrays)
            k = c.upto(v.type[2])
            return c.pick((f"range({v}.shape[{k}])", f"range(1, {v}.shape[{k}] - 1)", f"range({v}.shape[{k}] - 1, -1, -1)")), Var(name, ("int",), -1, 10**6, fixed=True, counter=True)
        text = {"n,n": f"range({self.within(-8, 8, 0)}, {self.within(-8, 8, 1)})", "step": f"range({self.within(-8, 8, 0)}, {self.within(0, 7, 0)}, {c.pick((2, 3, -1))})",
                "back": f"range({self.within(0, 7, 0)}, -1, -1)"}.get(form) or f"range({self.within(0, 7, 1)})"
        return text, Var(name, ("int",), -8, 8, fixed=True, counter=True)

    def do_for(self, depth):
        c = self.c
        if self.loops >= 2:
            return self.do_new(depth)
        form = c.weighted({"plain": 7, "enumerate": 1, "zip": 1, "array": 2})
        arrays = self.variables(lambda v: is_array(v.type) and v.type[1:] in (("float64", 1), ("int64", 1), ("int8", 1), ("uint8", 1)))
        before, first, made = dict(self.scope), None, []
        if form == "array" and arrays:
            v, name, item = c.pick(arrays), self.name("i"), self.name("v")
            kind = "float" if v.type[1] == "float64" else "int"
            source, made, first = str(v), [Var(item, (kind,))], f"{item} = {kind}({name})"
        elif form == "enumerate":
            name, item = self.name("i"), self.name("i")
            source, var = self.iterable(item)
            source, made, name = f"enumerate({source})", [Var(name, ("int",), 0, 10**6, fixed=True, counter=True), var], f"{name}, {item}"
        elif form == "zip":
            a, b = self.name("i"), self.name("i")
            (one, x), (two, y) = self.iterable(a), self.iterable(b)
            source, made, name = f"zip({one}, {two})", [x, y], f"{a}, {b}"
        else:
            name = self.name("i")
            source, var = self.iterable(name)
            made = [var]
        walked = set(re.findall(r"\w+", source))
        self.put(f"for {name} in {source}:")
        self.scope = before
        self.loops += 1
        with self.block(leak=4):
            self.scope.update({v.text: v for v in made})
            if first:
                self.put(first)
            for v in self.of_type(("list", ("int",))) + self.of_type(("list", ("float",))):
                if v.text in walked:  # the body may append to it
                    self.put(f"if len({v}) > 20:")
                    self.put("    break")
            self.statements(3, depth - 1)
        self.loops -= 1
        if c.chance(15):
            self.put("else:")
            with self.block():
                self.statements(2, depth - 1)

    def do_while(self, depth):
        c = self.c
        if self.loops >= 2:
            return self.do_new(depth)
        v = self.name("w")
        self.put(f"{v} = 0")
        limit = self.within(0, 7, 0)
        test = c.pick((f"{v} < {limit}", f"{v} < {limit} and {self.bool_expr(depth=1)}", "True"))
        self.put(f"while {test}:")
        self.loops += 1
        with self.block(leak=4):
            self.put(f"{v} += 1")
            if test == "True":
                self.put(f"if {v} > {limit}:")
                self.put("    break")
            self.scope[v] = Var(v, ("int",), 0, 1000, fixed=True, counter=True)
            self.statements(3, depth - 1)
        self.loops -= 1
        self.scope[v] = Var(v, ("int",), 0, 1000, fixed=True)
        if c.chance(15):
            self.put("else:")
            with self.block():
                self.statements(2, depth - 1)

    def do_loop_end(self, depth):
        if self.loops:
            self.put(f"if {self.bool_expr(depth=1)}:")
            self.put(f"    {self.c.pick(('break', 'continue'))}")
        else:
            self.do_new(depth)

    def do_try(self, depth):
        c = self.c
        self.put("try:")
        with self.block(leak=3):
            self.statements(3, depth - 1)
        catches = [c.pick(CATCHES) for _ in range(c.upto(3))] if c.chance(90) else []
        catches = list(dict.fromkeys(catches))
        if "" in catches:
            catches.remove("")
            catches.append("")
        for catch in catches:
            self.put(f"except {catch}:" if catch else "except:")
            self.handlers += 1
            with self.block():
                self.statements(2, depth - 1)
            self.handlers -= 1
        if catches and c.chance(25):
            self.put("else:")
            with self.block():
                self.statements(2, depth - 1)
        if not catches or c.chance(30):
            self.put("finally:")
            with self.block():
                self.statements(2, depth - 1)

    def do_raise(self, depth):
        c = self.c
        if self.handlers and c.chance(40):
            self.put("raise")
            return
        error = c.pick(ERRORS)
        args = c.pick(("'bad'", f"'bad', {self.int_expr(depth=1)}", "", str(self.int_expr(depth=1)), f"{self.scalar(self.float_expr(depth=1))}"))
        if self.indent < 2 or c.chance(50):
            self.put(f"if {self.bool_expr(depth=1)}:")
            self.put(f"    raise {error}({args})")
        else:
            self.put(f"raise {error}({args})" if c.chance(85) else f"raise {error}")

    def do_assert(self, depth):
        self.put(f"assert {self.bool_expr(depth=2)}" + self.c.pick(("", ", 'no'", f", {self.int_atom()}")))

    def do_return(self, depth):
        if self.indent < 2:
            self.put(f"if {self.bool_expr(depth=1)}:")
            self.put("    " + self.return_text())
        else:
            self.put(self.return_text())

    def return_text(self):
        return f"return {self.item_expr(self.returns, 2, MIN, MAX)}"

    def do_list(self, depth):
        c = self.c
        found = self.variables(lambda v: v.type[0] == "list" and not v.fixed)
        if not found:
            return self.do_new(depth)
        v = c.pick(found)
        item = v.type[1]
        kind = c.weighted({"append": 6, "set": 4, "insert": 2, "pop": 2, "extend": 2, "slice": 2, "del": 1, "reverse": 1, "sort": 1, "remove": 1, "clear": 1, "iadd": 1, "del_slice": 1})
        value = self.item_expr(item, 1)
        at = self.index(f"len({v})", 1)
        if kind in ("extend", "iadd", "slice"):
            others = self.of_type(v.type)
            other = f"{c.pick(others)}[:3]" if c.chance(50) else f"[{value}]"
            self.put({"extend": f"{v}.extend({other})", "iadd": f"{v} += {other}", "slice": f"{v}[{self.slice(step=False)}] = {other}"}[kind])
        elif kind == "remove" and item != ("int",) or kind == "sort" and item not in (("int",), ("bool",)):
            self.put(f"{v}.reverse()")
        else:
            self.put({"append": f"{v}.append({value})", "set": f"{v}[{at}] = {value}", "insert": f"{v}.insert({at}, {value})", "pop": f"{v}.pop({at})",
                      "del": f"del {v}[{at}]", "reverse": f"{v}.reverse()", "sort": f"{v}.sort({'reverse=True' if c.chance(30) else ''})",
                      "remove": f"{v}.remove({value})", "clear": f"{v}.clear()", "del_slice": f"del {v}[{self.slice()}]"}[kind])

    def stored(self, v, depth):
        """Text of a number that may be stored into array `v`."""
        c = self.c
        dtype = v.type[1]
        kind = KIND[dtype]
        if kind == "b":
            return str(self.bool_expr(depth=depth))
        if kind in "iu":
            info = np.iinfo(dtype)
            return str(self.within(max(int(info.min), MIN), min(int(info.max), MAX), depth))
        if v.grid is not FREE:
            return c.pick(QUARTERS) if c.chance(50) else f"({self.within(-32, 31, depth)} * 0.25)"
        e = self.expr(("float",) if kind == "f" or c.chance(50) else ("complex",), depth)
        return self.scalar(e)

    def do_store(self, depth):
        """An item or a part of an array."""
        c = self.c
        found = self.variables(lambda v: is_array(v.type))
        if not found:
            return self.do_new(depth)
        v = c.pick(found)
        _, dtype, ndim = v.type
        kind = c.weighted({"item": 8, "view": 4, "mask": 1, "all": 2, "update": 3, "copy": 2})
        if kind == "item":
            self.put(f"{self.item(v, 2)} = {self.stored(v, 2)}")
        elif kind == "update" and v.grid is FREE and KIND[dtype] in "iuf" and dtype != "uint64":
            e = self.number_for(dtype, 1) if dtype != "float32" else c.pick(QUARTERS)  # where float64 comes to the same (differences.md)
            self.put(f"{self.item(v, 1)} {c.pick('+-*')}= {e}" if KIND[dtype] == "f" else f"{self.item(v, 1)} {c.pick('+-^')}= {self.within(0, 7, 1)}")
        elif kind == "mask" and v.tag:
            mask = self.array(array_type("bool", ndim), 1, v.tag)
            self.put(f"{v}[{mask}] = {self.stored(v, 1)}" if mask else f"{v}[...] = {self.stored(v, 1)}")
        elif kind in ("view", "copy"):
            # the same grid on both sides; overlap is welcome
            target = self.view(array_type(dtype, 1 + c.upto(ndim)))
            if target is None or "[" not in target.text and "." not in target.text:
                return self.do_assert(depth)
            value = self.array(target.type, 1, target.tag) if target.tag else None
            if value is None or value.grid is FREE and target.grid is not FREE or target.grid is not FREE and max(value.grid[0] - 2, value.grid[1] - 4) > 0:
                value = self.stored(E("", target.type, grid=target.grid), 1)
            self.put(f"{target} = {value}" if not target.text.endswith(".T") else f"{target}[...] = {value}")
        else:
            value = self.array(v.type, 2, v.tag) if v.tag and v.grid is FREE else None
            self.put(f"{v}[{':' if ndim == 1 else '...'}] = {value or self.stored(v, 2)}")

    def do_inplace(self, depth):
        c = self.c
        found = self.variables(lambda v: is_array(v.type) and v.grid is FREE and KIND[v.type[1]] in "iuf")
        if not found:
            return self.do_new(depth)
        v = c.pick(found)
        op = c.pick([op for op in self.operators(v.type[1]) if not (op == "/" and KIND[v.type[1]] != "f")])
        value = self.array(v.type, 1, v.tag) if v.tag and c.chance(60) else None
        value = value if value is not None else self.number_for(v.type[1], 1)
        if c.chance(20) and v.type[2] == 1 and KIND[v.type[1]] in "iuf":
            if KIND[v.type[1]] == "f":
                self.put(f"{v}[:] += 0.0")  # zeros of both signs are equal, and in which order they come is chance (differences.md)
            self.put(f"{v}.sort()")
        elif v.fixed or c.chance(50):
            self.put(f"{v}[:] {op}= {value}")
        else:
            self.put(f"{v} {op}= {value}")

    def do_unpack(self, depth):
        found = self.variables(lambda v: v.type[0] == "tuple" and len(v.type[1]) > 1)
        if not found:
            return self.do_new(depth)
        v = self.c.pick(found)
        made = [Var(self.name(), t, *((-1000, 1000) if t == ("int",) else ())) for t in v.type[1]]
        self.put(f"{', '.join(map(str, made))} = {v}")
        self.scope.update({m.text: m for m in made})

    def do_swap(self, depth):
        found = self.assignable()
        pairs = [(a, b) for a in found for b in found if a is not b and a.type == b.type and (a.lo, a.hi) == (b.lo, b.hi)]
        if not pairs:
            return self.do_new(depth)
        a, b = self.c.pick(pairs)
        self.put(f"{a}, {b} = {b}, {a}")

    def do_closure(self, depth):
        """A function inside, that reads the variables around it."""
        c = self.c
        h = Helper(self.name("g"), [Var(self.name("p"), c.pick((("int",), ("float",))), -1000, 1000) for _ in range(c.upto(3))], c.pick((("int",), ("float",))))
        with self.inner():
            self.scope.update({p.text: p for p in h.params})
            body = self.item_expr(h.returns, 2)
        if c.chance(50):
            self.put(f"{h.name} = lambda {', '.join(p.text for p in h.params)}: {body}")
        else:
            self.put(f"def {h.name}({', '.join(p.text for p in h.params)}):")
            self.put(f"    return {body}")
        kept, self.helpers = self.helpers, [h]
        call = self.call(h.returns, 1)
        self.helpers = kept
        if call:
            v = self.declare(h.returns, E(call, h.returns), lo=-1000 if h.returns == ("int",) else MIN, hi=1000 if h.returns == ("int",) else MAX)
            v.fixed = True
            self.put(f"{v} = {call}")

    def do_call(self, depth):
        if not self.helpers:
            return self.do_new(depth)
        h = self.c.pick(self.helpers)
        text = self.call(h.returns, 1)
        if text is None:
            return self.do_new(depth)
        if h.returns == ("int",) or self.c.chance(30):
            self.put(text)
        else:
            self.put(f"{self.declare(h.returns, E(text, h.returns))} = {text}")

    def do_delete(self, depth):
        found = self.variables(lambda v: not v.fixed)
        if len(found) < 5 or self.indent > 1:
            return self.do_new(depth)
        v = self.c.pick(found)
        self.put(f"del {v}")
        if not self.c.chance(5):
            del self.scope[v.text]

    # --- functions -----------------------------------------------------------------------------------------------------------

    def function(self, name, params, returns, most, depth, defaults=(), recursive=False):
        self.scope = self.constants | {p.text: p for p in params}
        self.returns, self.loops, self.handlers = returns, 0, 0
        heads = [p.text for p in params]
        for k, text in enumerate(defaults):
            heads[k - len(defaults)] += f"={text}"
        self.put("@njit")
        self.put(f"def {name}({', '.join(heads)}):")
        self.indent += 1
        if recursive:
            self.put(f"if {params[0]} <= 0:")
            self.put("    " + self.return_text())
        self.statements(most, depth)
        if recursive:
            rest = [self.argument(p, 0) or p.text for p in params[1:]]
            v = self.declare(returns, E("", returns))
            self.put(f"{v} = {name}({', '.join([f'{params[0]} - 1', *rest])})")
        self.put(self.return_text())
        self.indent -= 1
        self.put("")

    def constant(self):
        """A global variable: an array, which functions also store into, a tuple of numbers, a text."""
        c = self.c
        numbers = tuple(c.pick(NUMBERS) for _ in range(1 + c.upto(4)))
        type = c.weighted({"array": 5, "tuple": 3, "text": 2})
        type = array_type(c.pick(REALS), c.weighted({1: 3, 2: 2})) if type == "array" else ("tuple", numbers) if type == "tuple" else ("text",)
        v = Var(self.name("K"), type, fixed=True)
        dims = {f"size{n}": n for n in (3, 5, 1, 0, 8)}
        if is_array(type):
            v.tag = ",".join(c.pick(tuple(dims)) for _ in range(type[2]))
        self.put(f"{v} = {argument_text(c, v, dims, c.pick(LAYOUTS))}")
        self.constants[v.text] = v

    def teller(self, name, params):
        """A function that handles nothing but constants."""
        c = self.c
        found = tuple(self.constants.values())
        one, two = c.pick(found), c.pick(found)
        form = c.weighted({"one": 5, "pair": 2, "text": 2, "part": 1})
        if form == "pair":
            values, type = (f"({one}, {two})", f"({two}, {one})"), ("tuple", (one.type, two.type))
        elif form == "text":
            values, type = ("'a text of its own'", "'none'"), ("text",)
        elif form == "part" and is_array(one.type):
            values, type = (f"{one}[1:]", f"{one}[:-1]"), one.type
        else:
            values, type = (str(one), str(c.pick([k for k in found if k.type == one.type]))), one.type
        self.put("@njit")
        self.put(f"def {name}({', '.join(map(str, params))}):")
        if params[0].type == ("int",) and c.chance(40) and (form != "pair" or one.type == two.type):
            self.put(f"    if {params[0]} > {c.pick((0, 1, 100))}:")
            self.put(f"        return {values[1]}")
        self.put(f"    return {values[0]}")
        self.put("")
        return type

    def helper(self):
        c = self.c
        if self.constants and c.chance(25):
            h = Helper(self.name("h"), [Var(self.name("p"), ("int",), -1000, 1000)], None)
            h.returns = self.teller(h.name, h.params)
            return self.helpers.append(h)
        params = []
        recursive = c.chance(20)
        if recursive:
            params.append(Var(self.name("p"), ("int",), -1, 5, fixed=True))
        for _ in range(1 + c.upto(3)):
            type = c.weighted({("int",): 4, ("float",): 3, array_type("float64", 1): 1, array_type("int64", 1): 1, ("list", ("int",)): 1, ("bool",): 1, array_type("float64", 2): 1})
            params.append(Var(self.name("p"), type, *((-1000, 1000) if type == ("int",) else ()), grid=COARSE if is_array(type) and "float64" in type else FREE))
        returns = c.weighted({("int",): 4, ("float",): 4, ("bool",): 1, ("tuple", (("int",), ("float",))): 2, ("list", ("int",)): 1, array_type("float64", 1): 1})
        h = Helper(self.name("h"), params, returns)
        defaults = []
        while len(defaults) < len(params) - 1 and params[-1 - len(defaults)].type in (("int",), ("float",)) and c.chance(20):
            defaults.insert(0, "3" if params[-1 - len(defaults)].type == ("int",) else "0.5")
        h.defaults = len(defaults)
        self.function(h.name, params, returns, 3, 1, defaults, recursive)
        self.helpers.append(h)

    def main(self):
        c = self.c
        params = []
        for _ in range(1 + c.upto(4)):
            type = self.some_type()
            v = Var(self.name("a"), type)
            if type == ("int",):
                v.lo, v.hi = c.pick(RANGES)
            elif is_array(type):
                v.grid = COARSE if KIND[type[1]] == "c" or KIND[type[1]] == "f" and c.chance(60) else FREE
                v.tag = ("n",) if type[2] == 1 else ("n,m",)
                v.tag = c.pick(("n", "m")) if type[2] == 1 else c.pick(("n,m", "m,n", "n,n"))
                v.fixed = True
            params.append(v)
        if self.constants and c.chance(6):
            self.teller("f", params)
            return params
        returns = c.pick(self.helpers).returns if self.helpers and c.chance(25) else self.some_type()
        if c.chance(60):
            returns = ("tuple", (returns, *(self.some_type() for _ in range(c.upto(3)))))
        self.function("f", params, returns, 9, 3)
        return params


# --- arguments ---------------------------------------------------------------------------------------------------------------


def argument_text(c, v, dims, layout):
    kind = v.type[0]
    if kind == "array":
        shape = "(" + ", ".join(str(dims[d]) for d in v.tag.split(",")) + ",)"
        special = v.grid is FREE and KIND[v.type[1]] == "f" or KIND[v.type[1]] in "iu" and c.chance(30)
        return f"array({v.type[1]!r}, {shape}, {layout!r}, {c.upto(100)}, special={bool(special and c.chance(50))})"
    if kind == "int":
        return str(c.pick([n for n in (0, 1, 3, -1, 7, -8, v.lo, v.hi, 100, 2**31, -2**31 - 1, 2**62) if v.lo <= n <= v.hi]))
    if kind == "float":
        return c.pick(("0.5", "0.0", "-1.25", "3.0", "1e300", "-0.0", "inf", "nan", "-7.0", "1e-310"))
    if kind == "f4":
        return c.pick(("np.float32(0.5)", "np.float32(-2)", "np.float32(0.1)"))
    if kind == "bool":
        return c.pick(("False", "True"))
    if kind == "complex":
        return c.pick(("(1+2j)", "0j", "(-0.5-0.25j)"))
    if kind == "text":
        return c.pick(("'a'", "''", "'hé'"))
    sub = (v.type[1],) * (1 + c.upto(5)) if kind == "list" else v.type[1]
    items = [argument_text(c, Var("", t, -1000, 1000), dims, layout) for t in sub]
    return "[" + ", ".join(items) + "]" if kind == "list" else "(" + "".join(i + ", " for i in items) + ")"


@st.composite
def programs(draw):
    p = Program(draw)
    c = p.c
    for _ in range(c.upto(3)):
        c.part(p.constant)
    for _ in range(c.upto(3)):
        c.part(p.helper)
    params = c.part(p.main)
    calls = []
    layouts = [c.pick(LAYOUTS) for _ in params]  # the same in each call: those are types of their own
    for _ in range(2):
        dims = {"n": c.pick((3, 5, 1, 0, 8, 17)), "m": c.pick((3, 4, 2, 7))}
        calls.append("(" + "".join(argument_text(c, v, dims, layout) + ", " for v, layout in zip(params, layouts)) + ")")
    return Source("\n".join(p.lines), calls)
