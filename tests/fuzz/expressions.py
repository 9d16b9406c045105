"""Random expressions whose value CPython and compiled code must agree on, to the last bit.

Every expression knows its type, and more where the two sides are allowed to differ (docs/differences.md), so that those programs
are never made:

* **Integers** carry bounds, found by interval arithmetic.  CPython's integers do not wrap and compiled ones do: what may leave
  64 bits goes through `wrap(…)`, which is the identity in compiled code and the reduction modulo 2**64 in CPython, and until
  then only meets operations that commute with it.
* **Floats** may carry a grid (s, m): a multiple of 2**-s below 2**m, so that sums of them are exact and NumPy's order of
  summation does not matter.
* Items of arrays are NumPy scalars in CPython, with division and overflow of their own: they are marked, and converted before
  an operation where that shows.
* Arrays carry a tag that says which of them have the same shape.
"""
import re

import numpy as np

MAX, MIN = 2**63 - 1, -2**63
SMALL = (-8, 8)
RANGES = (SMALL, (0, 7), (-1000, 1000), (0, 255), (MIN, MAX))
INT_DTYPES = ("int64", "int32", "uint8", "int8", "int16", "uint16", "uint32")
DTYPES = ("float64", "int64", "float32", "int32", "uint8", "bool", "int8", "int16", "uint16", "uint32", "uint64", "complex128", "complex64")
FREE = None          # the grid of any float
COARSE = (2, 4)      # quarters below 16


class E:
    """An expression: its text, its type, and what is known about its value."""

    __slots__ = ("text", "type", "lo", "hi", "grid", "np", "tag")

    def __init__(self, text, type, lo=MIN, hi=MAX, grid=FREE, np=False, tag=None):
        self.text, self.type, self.lo, self.hi, self.grid, self.np, self.tag = text, type, lo, hi, grid, np, tag

    def __str__(self):
        return self.text


def is_array(type):
    return type[0] == "array"


def array_type(dtype, ndim):
    return ("array", dtype, ndim)


def bits(lo, hi):
    """The least k with both in [-2**k, 2**k - 1]."""
    return max(lo.bit_length() if lo >= 0 else (-lo - 1).bit_length(), hi.bit_length() if hi >= 0 else (-hi - 1).bit_length())


def corners(f, a, b):
    found = [f(x, y) for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
    return min(found), max(found)


def exact(grid, kind_bits):
    """Whether sums of up to 64 items of that grid are exact."""
    return grid is not FREE and sum(grid) + 7 <= kind_bits


class Expressions:
    """Expressions over the variables in scope; `programs.Program` has the statements."""

    #: `type` of a variable -> method that makes an expression of that type
    def expr(self, type, depth):
        if type[0] == "array":
            return self.array(type, depth)
        return getattr(self, f"{type[0]}_expr")(type, depth)

    def variables(self, test):
        return [v for v in self.scope.values() if test(v)]

    def of_type(self, type):
        return self.variables(lambda v: v.type == type)

    # --- integers ------------------------------------------------------------------------------------------------------

    def int_literal(self):
        c = self.c
        n = c.weighted({0: 4, 1: 4, 2: 3, 3: 3, 5: 2, 7: 2, -1: 3, 10: 1, 64: 1, -7: 1, 255: 1, 1000: 1, 2**31 - 1: 1, -2**31: 1, 2**53 + 1: 1, MAX: 1, MIN + 1: 1})
        return E(str(n) if n >= 0 else f"({n})", ("int",), n, n)

    def int_atom(self):
        found = self.of_type(("int",))
        if found and self.c.chance(75):
            return self.c.pick(found)
        return self.int_literal()

    def wrapped(self, e):
        """`e` in 64 bits."""
        if MIN <= e.lo and e.hi <= MAX:
            return e
        return E(f"wrap({e})", ("int",))

    def int_expr(self, type=("int",), depth=2):
        return self.wrapped(self.ring(depth))

    def within(self, lo, hi, depth=1):
        """An integer expression with values in [lo, hi] alone."""
        return self.reduce(self.int_expr(depth=depth), lo, hi)

    def reduce(self, e, lo, hi):
        e = self.wrapped(e)
        if lo <= e.lo and e.hi <= hi:
            return E(e.text, ("int",), e.lo, e.hi)
        if lo == 0 and hi & (hi + 1) == 0 and self.c.chance(40):
            return E(f"({e} & {hi})", ("int",), lo, hi)
        if self.c.chance(30):
            return E(f"max({lo}, min({hi}, {e}))", ("int",), lo, hi)
        if (lo, hi) == (0, MAX):
            return E(f"({e} & {hi})", ("int",), lo, hi)
        if lo == 0:
            return E(f"({e} % {hi + 1})", ("int",), lo, hi)
        span = hi - lo + 1
        return E(f"({e} % {span} - {-lo})" if lo < 0 else f"({e} % {span} + {lo})", ("int",), lo, hi)

    def ring(self, depth):
        """An integer expression that may be beyond 64 bits."""
        c = self.c
        if depth <= 0:
            return self.int_atom()
        kind = c.weighted({"atom": 3, "+": 5, "*": 4, "-": 3, "bits": 3, "div": 4, "shift": 2, "unary": 2, "choose": 2, "call": 2,
                           "of_float": 2, "of_bool": 1, "of_list": 4, "of_array": 5, "reduce": 3, "power": 1, "minmax": 2, "of_tuple": 2, "helper": 4, "text": 1})
        if kind == "atom":
            return self.int_atom()
        e = getattr(self, "int_" + {"+": "add", "*": "mul", "-": "sub"}.get(kind, kind))(depth - 1)
        if (e.lo < MIN or e.hi > MAX) and not re.search("[a-zA-Z]", e.text):
            try:
                n = (eval(e.text) - MIN) % 2**64 + MIN  # CPython would fold it, to a number of more than 64 bits
            except (ArithmeticError, ValueError):  # as it may where it would not be reached
                return self.int_atom()
            return E(f"({n})", ("int",), n, n)
        return e

    def int_add(self, depth):
        a, b = self.ring(depth), self.ring(depth)
        return E(f"({a} + {b})", ("int",), a.lo + b.lo, a.hi + b.hi)

    def int_sub(self, depth):
        a, b = self.ring(depth), self.ring(depth)
        return E(f"({a} - {b})", ("int",), a.lo - b.hi, a.hi - b.lo)

    def int_mul(self, depth):
        a, b = self.ring(depth), self.ring(depth)
        return E(f"({a} * {b})", ("int",), *corners(lambda x, y: x * y, a, b))

    def int_unary(self, depth):
        kind = self.c.pick(("-", "~", "+", "abs"))
        if kind == "abs":
            a = self.wrapped(self.ring(depth))
            return E(f"abs({a})", ("int",), 0 if a.lo <= 0 <= a.hi else min(abs(a.lo), abs(a.hi)), max(abs(a.lo), abs(a.hi)))
        a = self.ring(depth)
        lo, hi = {"-": (-a.hi, -a.lo), "~": (-a.hi - 1, -a.lo - 1), "+": (a.lo, a.hi)}[kind]
        return E(f"({kind}{a})", ("int",), lo, hi)

    def int_bits(self, depth):
        op = self.c.pick("&|^")
        a, b = self.ring(depth), self.ring(depth)
        k = max(bits(a.lo, a.hi), bits(b.lo, b.hi))
        lo, hi = -2**k, 2**k - 1
        if op == "&" and (a.lo >= 0 or b.lo >= 0):
            lo, hi = 0, max(min(x.hi for x in (a, b) if x.lo >= 0), 0)
        elif a.lo >= 0 and b.lo >= 0:
            lo = 0
        return E(f"({a} {op} {b})", ("int",), lo, hi)

    def int_shift(self, depth):
        c = self.c
        n = c.weighted({1: 4, 0: 1, 3: 2, 31: 1, 62: 1, 63: 1, -1: 4})
        if n < 0:
            e = self.within(-1 if c.chance(15) else 0, 7, depth)
            amount, lo, hi = str(e), 0, max(e.hi, 0)
        else:
            amount, lo, hi = str(n), n, n
        if c.chance(50):
            a = self.wrapped(self.ring(depth))
            return E(f"({a} >> {amount})", ("int",), min(a.lo >> lo, a.lo >> hi), max(a.hi >> lo, a.hi >> hi))
        a = self.ring(depth)
        return E(f"({a} << {amount})", ("int",), min(a.lo << lo, a.lo << hi), max(a.hi << lo, a.hi << hi))

    def int_div(self, depth):
        c = self.c
        op = c.pick(("%", "//"))
        a, b = self.int_expr(depth=depth), self.int_expr(depth=0) if c.chance(40) else self.int_literal()
        if b.lo == b.hi == 0 and not c.chance(10):
            b = E("3", ("int",), 3, 3)
        if op == "//":
            most = max(abs(a.lo), abs(a.hi))
            lo, hi = (-most if b.lo < 0 or a.lo < 0 else 0), (a.hi if b.lo > 0 else most)
            return E(f"({a} // {b})", ("int",), lo, max(hi, 0))
        return E(f"({a} % {b})", ("int",), min(b.lo + 1, 0), max(b.hi - 1, 0))

    def int_power(self, depth):
        a = self.ring(depth)
        n = self.c.pick((2, 3, 1, 0, 5))
        found = [x ** n for x in (a.lo, a.hi)] + ([0] if a.lo <= 0 <= a.hi else [])
        return E(f"({a} ** {n})", ("int",), min(found), max(found))

    def int_choose(self, depth):
        a, b = self.int_expr(depth=depth), self.int_expr(depth=depth)
        return E(f"({a} if {self.bool_expr(depth=depth)} else {b})", ("int",), min(a.lo, b.lo), max(a.hi, b.hi))

    def int_minmax(self, depth):
        name = self.c.pick(("min", "max"))
        f = min if name == "min" else max
        a, b = self.int_expr(depth=depth), self.int_expr(depth=depth)
        return E(f"{name}({a}, {b})", ("int",), f(a.lo, b.lo), f(a.hi, b.hi))

    def int_call(self, depth):
        c = self.c
        kind = c.pick(("divmod", "gcd", "bit", "pow", "int"))
        if kind == "divmod":
            return E(f"divmod({self.within(-1000, 1000, depth)}, {c.pick((7, -3, 1))})[{c.upto(2)}]", ("int",), -1001, 1001)
        if kind == "gcd":
            return E(f"math.gcd({self.within(-1000, 1000, depth)}, {self.within(-1000, 1000, 0)})", ("int",), 0, 1000)
        if kind == "bit":
            return E(f"len({self.text_expr(depth=0)})", ("int",), 0, 1000)
        if kind == "pow":
            return E(f"({self.within(-8, 8, depth)} ** {self.within(0, 7, 0)})", ("int",), -8**7, 8**7)
        return E(f"int({self.int_expr(depth=depth)})", ("int",))

    def int_of_float(self, depth):
        x = self.float_expr(depth=depth)
        name = self.c.pick(("int", "math.floor", "math.ceil", "round", "math.trunc"))
        if x.grid is FREE or x.grid[1] > 50:
            return E(f"{name}(min(max({self.scalar(x)}, -1e6), 1e6))", ("int",), -10**6, 10**6)
        return E(f"{name}({self.scalar(x)})", ("int",), -2**x.grid[1] - 1, 2**x.grid[1] + 1)

    def int_of_bool(self, depth):
        b = self.bool_expr(depth=depth)
        return E(f"int({b})" if self.c.chance(50) else f"({b} + {self.c.pick((0, 1))})", ("int",), 0, 2)

    def int_text(self, depth):
        return E(f"len({self.text_expr(depth=depth)})", ("int",), 0, 1000)

    # --- whole numbers out of containers

    def int_of_list(self, depth):
        c = self.c
        lists = self.variables(lambda v: v.type[0] == "list")
        if not lists:
            return self.int_atom()
        v = c.pick(lists)
        kind = c.weighted({"len": 3, "item": 5, "sum": 1, "index": 1, "count": 1, "min": 1, "pop": 1})
        if kind == "len" or v.type[1] != ("int",):
            return E(f"len({v})", ("int",), 0, 10**6)
        if kind == "item":
            return E(f"{v}[{self.index(f'len({v})', depth)}]", ("int",), *v.item)
        if kind == "pop":
            return E(f"{v}.pop({c.pick(('', '0', '-1'))})", ("int",), *v.item)
        if kind == "sum":
            return E(f"sum({v})", ("int",), v.item[0] * 10**4, v.item[1] * 10**4)
        if kind == "min":
            return E(f"{c.pick(('min', 'max'))}({v})", ("int",), *v.item)
        return E(f"{v}.{kind}({self.int_expr(depth=0)})", ("int",), 0, 10**6)

    def int_of_tuple(self, depth):
        c = self.c
        found = self.variables(lambda v: v.type[0] == "tuple")
        if not found:
            return self.int_atom()
        v = c.pick(found)
        ints = [k for k, t in enumerate(v.type[1]) if t == ("int",)]
        if c.chance(15) or not ints:
            return E(f"len({v})", ("int",), len(v.type[1]), len(v.type[1]))
        lo, hi = v.item
        if len(ints) == len(v.type[1]) and c.chance(40):
            return E(f"{v}[{self.index(len(ints), depth)}]", ("int",), lo, hi)
        k = c.pick(ints)
        return E(f"{v}[{k - len(v.type[1]) if c.chance(30) else k}]", ("int",), lo, hi)

    def int_of_array(self, depth):
        c = self.c
        arrays = self.variables(lambda v: is_array(v.type))
        if not arrays:
            return self.int_atom()
        v = c.pick(arrays)
        kind = c.weighted({"item": 8, "len": 2, "shape": 2, "size": 1, "ndim": 1})
        if kind == "item" and v.type[1] in INT_DTYPES:
            info = np.iinfo(v.type[1])
            return E(f"int({self.item(v, depth)})", ("int",), int(info.min), int(info.max))
        if kind == "ndim":
            return E(f"{v}.ndim", ("int",), v.type[2], v.type[2])
        if kind == "shape":
            return E(f"{v}.shape[{c.upto(v.type[2]) - c.chance(30) * v.type[2]}]", ("int",), 0, 10**6)
        return E(f"{v}.size" if kind == "size" else f"len({v})", ("int",), 0, 10**6)

    def int_reduce(self, depth):
        c = self.c
        kind = c.weighted({"sum": 4, "max": 2, "min": 2, "argmax": 1, "argmin": 1, "count_nonzero": 1, "prod": 1})
        dtype = c.pick(INT_DTYPES)
        a = self.array(array_type(dtype, c.pick((1, 2))), depth)
        text = f"np.{kind}({a})" if c.chance(70) or kind == "count_nonzero" else f"{a}.{kind}()"
        if kind in ("argmax", "argmin", "count_nonzero"):
            return E(f"int({text})", ("int",), 0, 10**6)
        if kind in ("min", "max"):
            info = np.iinfo(dtype)
            return E(f"int({text})", ("int",), int(info.min), int(info.max))
        if dtype.startswith("u"):
            if kind == "prod":
                return self.int_atom()
            return E(f"int({text})", ("int",), 0, 10**4 * int(np.iinfo(dtype).max))
        return E(f"int({text})", ("int",))

    def index(self, size, depth=1):
        """Text of an index into something with `size` items: mostly in range."""
        c = self.c
        kind = c.weighted({"literal": 3, "mod": 5, "loop": 6, "negative": 2, "any": 1})
        loops = self.variables(lambda v: v.type == ("int",) and v.counter)
        if kind == "loop" and loops:
            v = c.pick(loops)
            return c.pick((f"{v}", f"{v} - 1", f"-{v}", f"{v} + 1", f"{v} % {size}", f"-1 - {v}", f"{size} - 1 - {v}", f"2 * {v}"))
        if kind == "mod":
            return f"{self.int_expr(depth=depth)} % {size}"
        if kind == "negative":
            return c.pick(("-1", "-2", "-3"))
        if kind == "any":
            return str(self.int_expr(depth=depth))
        return c.pick(("0", "1", "2"))

    def item(self, v, depth):
        """Text of one item of an array."""
        parts = [self.index(f"{v}.shape[{k}]" if v.type[2] > 1 else f"len({v})", depth - 1) for k in range(v.type[2])]
        return f"{v}[{', '.join(parts)}]"

    # --- floats ----------------------------------------------------------------------------------------------------------

    def scalar(self, e):
        """`e` as CPython's own number, not NumPy's."""
        return f"{e.type[0] if e.type[0] != 'f4' else 'float'}({e})" if e.np else e.text

    def float_atom(self):
        c = self.c
        found = self.of_type(("float",))
        if found and c.chance(75):
            return c.pick(found)
        x = c.weighted({"0.5": 4, "1.0": 4, "0.0": 2, "-0.25": 3, "3.0": 2, "2.5": 3, "1e300": 1, "-0.0": 1, "1e-308": 1, "0.1": 1, "math.inf": 1, "math.nan": 1})
        return E(x if x[0] != "-" else f"({x})", ("float",), grid=(2, 2) if x in ("0.5", "1.0", "0.0", "-0.25", "3.0", "2.5") else FREE)

    def float_expr(self, type=("float",), depth=2):
        c = self.c
        if depth <= 0:
            return self.float_atom()
        kind = c.weighted({"atom": 3, "+": 5, "*": 5, "-": 3, "/": 3, "//": 1, "%": 1, "unary": 2, "choose": 2, "of_int": 3, "minmax": 2,
                           "exact": 2, "item": 6, "sum": 3, "of_list": 3, "part": 1, "f4": 2, "helper": 3, "round": 1})
        if kind in ("+", "*", "-", "/", "//", "%"):
            return self.float_binary(kind, depth - 1)
        return getattr(self, "float_" + kind)(depth - 1) if kind != "atom" else self.float_atom()

    def float_binary(self, op, depth):
        c = self.c
        a = self.float_expr(depth=depth)
        b = E(str(self.within(-1000, 1000, depth)), ("float",), grid=(0, 10)) if c.chance(25) else self.float_expr(depth=depth)
        if b.text[0].isdigit() and b.text.isdigit() and op in ("/", "//", "%"):
            b = self.float_atom()
        if c.chance(25) and op not in ("/", "//", "%"):
            a, b = b, a
        grid, np_ = FREE, a.np or b.np
        if op in ("/", "//", "%"):
            divisor = self.scalar(b) if c.chance(30) else f"({b} + 0.125)" if not b.np else f"(float({b}) + 0.125)"
            return E(f"({self.scalar(a)} {op} {divisor})", ("float",))
        if a.grid and b.grid:
            if op == "*":
                grid = (a.grid[0] + b.grid[0], a.grid[1] + b.grid[1])
            else:
                grid = (max(a.grid[0], b.grid[0]), max(a.grid[1], b.grid[1]) + 1)
            if sum(grid) > 52:
                grid = FREE
        return E(f"({a} {op} {b})", ("float",), grid=grid, np=np_)

    def float_unary(self, depth):
        a = self.float_expr(depth=depth)
        return E(f"abs({a})" if self.c.chance(40) else f"(-{a})", ("float",), grid=a.grid, np=a.np)

    def float_choose(self, depth):
        a, b = self.float_expr(depth=depth), self.float_expr(depth=depth)
        return E(f"({self.scalar(a)} if {self.bool_expr(depth=depth)} else {self.scalar(b)})", ("float",), grid=self.meet(a.grid, b.grid))

    @staticmethod
    def meet(a, b):
        return (max(a[0], b[0]), max(a[1], b[1])) if a and b else FREE

    def float_minmax(self, depth):
        a, b = self.float_expr(depth=depth), self.float_expr(depth=depth)
        return E(f"{self.c.pick(('min', 'max'))}({self.scalar(a)}, {self.scalar(b)})", ("float",), grid=self.meet(a.grid, b.grid))

    def float_of_int(self, depth):
        a = self.within(-1000, 1000, depth)
        if self.c.chance(30):
            return E(f"({a} / {self.c.pick((2, 4, 3, 7))})", ("float",))
        return E(f"float({a})", ("float",), grid=(0, 10))

    def float_exact(self, depth):
        a = self.scalar(self.float_expr(depth=depth))
        return E(self.c.pick((f"math.sqrt(abs({a}))", f"math.copysign({a}, {self.float_atom()})", f"math.fabs({a})", f"float(math.isnan({a}))",
                              f"np.sqrt(abs({a}))", f"np.floor({a})", f"float(np.maximum({a}, 0.5))")), ("float",), np=True)

    def float_round(self, depth):
        a = self.float_expr(depth=depth)
        return E(f"round({self.scalar(a)}, {self.c.pick((1, 2, 0))})", ("float",))

    def float_item(self, depth):
        found = self.variables(lambda v: is_array(v.type) and v.type[1] == "float64")
        if not found:
            return self.float_atom()
        v = self.c.pick(found)
        return E(self.item(v, depth), ("float",), grid=v.grid, np=True)

    def float_f4(self, depth):
        return E(f"float({self.f4_expr(depth=depth)})", ("float",))

    def float_sum(self, depth):
        c = self.c
        dtype = c.pick(("float64", "float32"))
        a = self.array(array_type(dtype, c.pick((1, 2))), depth)
        kind = c.weighted({"sum": 4, "max": 2, "min": 1, "mean": 1})
        if kind in ("sum", "mean") and not exact(a.grid, 24 if dtype == "float32" else 53):
            return E(f"float(np.count_nonzero({a}))", ("float",), grid=(0, 10))
        if kind in ("max", "min"):
            return E(f"float(abs(np.{kind}({a})))" if a.grid is FREE else f"float(np.{kind}({a}))", ("float",), grid=a.grid)
        text = f"np.{kind}({a})" if c.chance(60) else f"{a}.{kind}()"
        if kind == "mean":  # of nothing it is NaN with a warning
            return E(f"float({text})", ("float",))
        return E(f"float({text})", ("float",), grid=(a.grid[0], a.grid[1] + 7))

    def float_of_list(self, depth):
        found = self.variables(lambda v: v.type == ("list", ("float",)))
        if not found:
            return self.float_atom()
        v = self.c.pick(found)
        return E(f"{v}[{self.index(f'len({v})', depth)}]", ("float",))

    def float_part(self, depth):
        return E(f"{self.complex_expr(depth=depth)}.{self.c.pick(('real', 'imag'))}", ("float",), np=True)

    # --- float32: NumPy scalars, beside literals and each other ------------------------------------------------------------

    def f4_expr(self, type=("f4",), depth=2):
        c = self.c
        arrays = self.variables(lambda v: is_array(v.type) and v.type[1] == "float32")
        scalars = self.of_type(("f4",))
        if depth <= 0 or c.chance(25):
            if arrays and c.chance(60):
                return E(self.item(c.pick(arrays), depth), ("f4",), np=True)
            if scalars:
                return c.pick(scalars)
            return E(f"np.float32({c.pick((0.5, 1.25, 3.0))})", ("f4",), np=True)
        a = self.f4_expr(depth=depth - 1)
        b = self.f4_expr(depth=depth - 1) if c.chance(50) else c.pick(("0.5", "2", "1.5", "0.1"))
        return E(c.pick((f"({a} + {b})", f"({a} * {b})", f"({a} - {b})", f"({b} * {a})", f"(-{a})", f"abs({a})", f"({a} / {c.pick(('2.0', '3', '0.1'))})")), ("f4",), np=True)

    # --- complex -----------------------------------------------------------------------------------------------------------

    def complex_expr(self, type=("complex",), depth=2):
        c = self.c
        if depth <= 0 or c.chance(20):
            found = self.of_type(("complex",))
            if found and c.chance(75):
                return c.pick(found)
            return E(c.pick(("1j", "(1+2j)", "0j", "(-0.5+0.25j)", "(3-0j)")), ("complex",))
        kind = c.weighted({"binary": 6, "neg": 1, "conj": 1, "make": 3, "item": 3, "mixed": 2})
        if kind == "binary":
            return E(f"({self.complex_expr(depth=depth - 1)} {c.pick('+*-')} {self.complex_expr(depth=depth - 1)})", ("complex",))
        if kind == "mixed":
            return E(f"({self.complex_expr(depth=depth - 1)} {c.pick('+*-')} {self.scalar(self.float_expr(depth=depth - 1))})", ("complex",))
        if kind == "neg":
            return E(f"(-{self.complex_expr(depth=depth - 1)})", ("complex",))
        if kind == "conj":
            return E(f"{self.complex_expr(depth=depth - 1)}.conjugate()", ("complex",))
        if kind == "item":
            found = self.variables(lambda v: is_array(v.type) and v.type[1] == "complex128")
            if found:
                return E(f"complex({self.item(c.pick(found), depth)})", ("complex",))
        return E(f"complex({self.scalar(self.float_expr(depth=depth - 1))}, {self.scalar(self.float_expr(depth=depth - 1))})", ("complex",))

    # --- truth ---------------------------------------------------------------------------------------------------------------

    def bool_expr(self, type=("bool",), depth=2):
        c = self.c
        found = self.of_type(("bool",))
        if depth <= 0:
            if found:
                return c.pick(found)
            return E(f"({self.int_atom()} {c.pick(('<', '>', '=='))} {self.int_atom()})", ("bool",))
        kind = c.weighted({"ints": 6, "atom": 2, "floats": 4, "not": 2, "and": 3, "or": 3, "chain": 2, "in": 2, "truth": 2, "sequence": 2, "any": 2, "text": 1,
                           "complex": 1, "item": 2, "isnan": 1})
        op = c.pick(("<", "<=", "==", "!=", ">", ">="))
        d = depth - 1
        if kind == "ints":
            return E(f"({self.int_expr(depth=d)} {op} {self.int_expr(depth=d)})", ("bool",))
        if kind == "floats":
            b = self.float_expr(depth=d) if c.chance(70) else self.within(-1000, 1000, d)
            return E(f"bool({self.float_expr(depth=d)} {op} {b})", ("bool",))
        if kind == "not":
            return E(f"(not {self.bool_expr(depth=d)})", ("bool",))
        if kind in ("and", "or"):
            return E(f"({self.bool_expr(depth=d)} {kind} {self.bool_expr(depth=d)})", ("bool",))
        if kind == "chain":
            return E(f"({self.int_expr(depth=d)} {op} {self.int_expr(depth=d)} {c.pick(('<', '>=', '!='))} {self.int_expr(depth=d)})", ("bool",))
        if kind == "truth":
            what = self.variables(lambda v: v.type[0] in ("int", "float", "list", "text", "tuple", "complex"))
            return E(f"bool({c.pick(what)})", ("bool",)) if what else self.bool_expr(depth=0)
        if kind == "isnan":
            return E(f"{c.pick(('math.isnan', 'math.isinf', 'math.isfinite'))}({self.scalar(self.float_expr(depth=d))})", ("bool",))
        if kind == "text":
            return E(f"({self.text_expr(depth=d)} {c.pick(('==', '!=', '<', 'in'))} {self.text_expr(depth=d)})", ("bool",))
        if kind == "complex":
            return E(f"({self.complex_expr(depth=d)} {c.pick(('==', '!='))} {self.complex_expr(depth=d)})", ("bool",))
        if kind == "any":
            a = self.array(array_type(c.pick(("bool", "int32", "float64")), c.pick((1, 2))), d)
            return E(f"bool({c.pick(('np.any', 'np.all'))}({a}))", ("bool",))
        if kind == "item":
            arrays = self.variables(lambda v: is_array(v.type) and v.type[1] == "bool")
            return E(f"bool({self.item(c.pick(arrays), d)})", ("bool",)) if arrays else self.bool_expr(depth=0)
        if kind == "in":
            lists = self.of_type(("list", ("int",)))
            box = c.pick(lists) if lists else f"({self.int_atom()}, {self.int_atom()}, 3)"
            return E(f"({self.int_expr(depth=d)} {c.pick(('in', 'not in'))} {box})", ("bool",))
        if kind == "sequence":
            both = self.variables(lambda v: v.type[0] in ("list", "tuple"))
            pairs = [(a, b) for a in both for b in both if a.type == b.type and not any(t in str(a.type) for t in ("float", "complex"))]
            if pairs:
                a, b = c.pick(pairs)
                return E(f"({a} {op} {b})", ("bool",))
        return self.bool_expr(depth=0)

    # --- strings ---------------------------------------------------------------------------------------------------------------

    def text_expr(self, type=("text",), depth=1):
        c = self.c
        found = self.of_type(("text",))
        if depth <= 0 or c.chance(30):
            if found and c.chance(70):
                return c.pick(found)
            return E(c.pick(("'a'", "''", "'bcd'", "'é'", "'n = '")), ("text",))
        text = self.call(("text",), depth - 1) if c.chance(30) else None
        return E(text or c.pick((f"f'{{{self.int_atom()}}}'", f"str({self.int_expr(depth=depth - 1)})", f"f'<{{{self.int_atom()}}}>'",
                                 f"({self.text_expr(depth=0)} if {self.bool_expr(depth=0)} else {self.text_expr(depth=0)})")), ("text",))

    # --- containers --------------------------------------------------------------------------------------------------------------

    def tuple_expr(self, type, depth):
        c = self.c
        found = self.of_type(type)
        if found and c.chance(30):
            return c.pick(found)
        text = self.call(type, depth - 1) if c.chance(30) else None
        if text:
            return E(text, type)
        items = [self.item_expr(t, depth - 1) for t in type[1]]
        return E("(" + ", ".join(items) + ("," if len(items) == 1 else "") + ")", type)

    def item_expr(self, type, depth, lo=-1000, hi=1000):
        """Text of a value that goes into a container: an int in the containers' range, CPython's own float."""
        if type == ("int",):
            return str(self.within(lo, hi, depth))
        e = self.expr(type, depth)
        return self.scalar(e) if type[0] in ("float", "complex") else str(e)

    def list_expr(self, type, depth):
        c = self.c
        found = self.of_type(type)
        item = type[1]
        kind = c.weighted({"display": 5, "comprehension": 4, "slice": 3, "sorted": 2, "repeat": 1, "join": 1, "list": 1})
        if kind in ("slice", "sorted", "join", "list") and not found:
            kind = "display"
        if kind == "display":
            return E("[" + ", ".join(self.item_expr(item, depth - 1) for _ in range(1 + c.upto(3))) + "]", type)
        if kind == "slice":
            v = c.pick(found)
            return E(f"{v}[{self.slice()}]", type)
        if kind == "join":
            return E(f"({c.pick(found)}[:5] + {c.pick(found)}[-3:])", type)
        if kind == "repeat":
            return E(f"([{self.item_expr(item, depth - 1)}] * {self.within(-1, 7, 0)})", type)
        if kind == "list":
            return E(f"list({c.pick(found)})", type)
        if kind == "sorted" and item in (("int",), ("bool",)):
            return E(f"sorted({c.pick(found)}{', reverse=True' if c.chance(30) else ''})", type)
        with self.inner() as name:
            source, variable = self.iterable(name)
            self.scope[name] = variable
            value = self.item_expr(item, depth - 1)
            test = f" if {self.bool_expr(depth=0)}" if c.chance(40) else ""
        return E(f"[{value} for {name} in {source}{test}]", type)

    def slice(self, step=True):
        """Text of a slice."""
        c = self.c
        ends = ("", "1", "2", "-1", "0", "-2", "5", "100", "-100")
        text = f"{self.within(-8, 8, 0) if c.chance(15) else c.pick(ends)}:{self.within(-8, 8, 0) if c.chance(15) else c.pick(ends)}"
        return text + (f":{c.pick((2, -1, 1, -2, 3))}" if step and c.chance(35) else "")
