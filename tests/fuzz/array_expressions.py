"""Random expressions of whole arrays: views, constructors, element-wise operations, selections.

A tag is the text of a shape ("n,m"; "n[1:]" is what that slice leaves of n): arrays of equal tags have equal shapes, whatever
the arguments are.  A None in place of a tag is a shape that nothing is known about.  `a.grid` holds for all items.
"""
import itertools

import numpy as np
from expressions import COARSE, DTYPES, FREE, E, Expressions, array_type, is_array

#: dtype -> pairs of different dtypes whose arithmetic gives it
PAIRS = {d: [(a, b) for a, b in itertools.permutations(DTYPES, 2) if "bool" not in (a, b) and np.result_type(a, b) == d] for d in DTYPES}
KIND = {d: np.dtype(d).kind for d in DTYPES}
QUARTERS = ("0.25", "-1.5", "2.0", "0.0", "3.75")


def bits_of(dtype):
    return 24 if dtype in ("float32", "complex64") else 53


def cut(tag, dim, text):
    """The tag behind a slice of one dimension; whole and reversed keep it."""
    dims = tag.split(",")
    if text not in (":", "::-1"):
        dims[dim] += f"[{text}]"
    return ",".join(dims)


class ArrayExpressions(Expressions):
    def array(self, type, depth, tag=None):
        """An array of `type`; with `tag` of that shape, or None when there is none at hand."""
        c = self.c
        _, dtype, ndim = type
        found = self.variables(lambda v: v.type == type and (tag is None or v.tag == tag))
        if depth <= 0 or tag is not None and c.chance(40):
            if found:
                return c.pick(found)
            if tag is None:
                return self.view(type) or self.construct(type)
            return None
        kind = c.weighted({"variable": 3, "view": 5, "elementwise": 6, "unary": 3, "where": 1, "compare": 2, "cast": 2, "construct": 2, "select": 2,
                           "axis": 1, "method": 1, "scalar": 4, "helper": 2})
        if tag is not None and kind in ("view", "construct", "select", "axis", "helper"):
            kind = "elementwise"
        if kind == "variable":
            return c.pick(found) if found else self.array(type, 0, tag)
        return getattr(self, "array_" + kind, lambda *a: None)(type, depth - 1, tag) or self.array(type, 0, tag)

    def array_helper(self, type, depth, tag):
        text = self.call(type, depth)
        return E(text, type) if text else None

    # --- views -----------------------------------------------------------------------------------------------------------

    def array_view(self, type, depth, tag):
        return self.view(type)

    def view(self, type):
        """A view of a variable, as an expression that may also be stored into."""
        c = self.c
        _, dtype, ndim = type
        found = self.variables(lambda v: is_array(v.type) and v.type[1] == dtype and v.type[2] >= ndim)
        if not found:
            return None
        v = c.pick(found)
        have, index, tag = v.type[2], [], v.tag
        if have == ndim == 2 and c.chance(25):
            return E(f"{v}.T", type, grid=v.grid, tag=tag and ",".join(reversed(tag.split(","))))
        if have == ndim and c.chance(10):
            return E(f"{v}[...]", type, grid=v.grid, tag=tag)
        drop = c.upto(2) if have > ndim else None
        kept = 0
        for k in range(have):
            if k == drop:
                index.append(self.index(f"{v}.shape[{k}]", 1))
                if tag is not None:
                    dims = tag.split(",")
                    del dims[kept]
                    tag = ",".join(dims)
                continue
            text = c.weighted({":": 4, "::-1": 3, "1:": 3, ":-1": 3, "::2": 2, "1:-1": 2, "?": 2, ":2": 1, "-2:": 1, "5:": 1, "::-2": 1, "-2::-1": 1, "3:1": 1})
            if text == "?":
                text, tag = self.slice(), None
            if tag is not None:
                tag = cut(tag, kept, text)
            kept += 1
            index.append(text)
        return E(f"{v}[{', '.join(index)}]", type, grid=v.grid, tag=tag)

    # --- new arrays --------------------------------------------------------------------------------------------------------

    def array_construct(self, type, depth, tag):
        return self.construct(type)

    def construct(self, type):
        c = self.c
        _, dtype, ndim = type
        witnesses = self.variables(lambda v: is_array(v.type) and v.type[2] == ndim)
        small = {"b": "True", "f": "0.75", "c": "(1+0.5j)"}.get(KIND[dtype], "3")
        grid = COARSE if KIND[dtype] in "fc" else FREE
        if witnesses and c.chance(60):
            v = c.pick(witnesses)
            text = c.pick((f"np.zeros({v}.shape, np.{dtype})", f"np.ones({v}.shape, np.{dtype})", f"np.full({v}.shape, {small}, np.{dtype})",
                           f"np.zeros_like({v}, dtype=np.{dtype})"))
            return E(text, type, grid=grid, tag=v.tag)
        if ndim == 1 and c.chance(30) and dtype in ("int64", "float64"):
            n = self.within(0, 7, 1)
            return E(f"np.arange({n})" if dtype == "int64" else f"(np.arange({n}) * 0.5)", type, grid=COARSE)
        if ndim == 1 and c.chance(20):
            return E(f"np.array([{', '.join([small] * (1 + c.upto(3)))}], np.{dtype})", type, grid=grid)
        shape = [str(self.within(0, 7, 0)) for _ in range(ndim)]
        shape = shape[0] if ndim == 1 else f"({', '.join(shape)})"
        return E(c.pick((f"np.zeros({shape}, np.{dtype})", f"np.ones({shape}, dtype=np.{dtype})", f"np.full({shape}, {small}, np.{dtype})")), type, grid=grid)

    # --- item by item --------------------------------------------------------------------------------------------------------

    def partner(self, a, dtype, depth):
        """A second operand for `a`: as large, or one that broadcasts, seldom one that does not fit."""
        c = self.c
        _, _, ndim = a.type
        if ndim == 2 and a.tag and c.chance(30):
            row = self.array(array_type(dtype, 1), depth, a.tag.split(",")[1])
            if row is not None:
                return row
        if a.tag:
            same = self.array(array_type(dtype, ndim), depth, a.tag)
            if same is not None:
                return same
        if c.chance(3):
            return self.array(array_type(dtype, ndim), 0)
        return None

    def number_for(self, dtype, depth):
        """A scalar beside which an array keeps its dtype."""
        kind = KIND[dtype]
        if kind in "iu":
            return self.within(0, 100 if kind == "i" else 7, depth)
        if kind == "f":
            if self.c.chance(30):
                e = self.within(-100, 100, depth)
                return E(e.text, ("float",), grid=(0, 7))
            e = self.float_expr(depth=depth)
            return E(self.scalar(e), ("float",), grid=e.grid)
        return E(self.c.pick(("2.0", "1j", "3", "(0.5+1j)")), ("complex",), grid=(1, 3))

    def result_grid(self, op, a, b, dtype):
        if KIND[dtype] not in "fc" or a.grid is FREE or b.grid is FREE:
            return FREE
        if op == "*":
            grid = (a.grid[0] + b.grid[0], a.grid[1] + b.grid[1] + (KIND[dtype] == "c"))
        elif op in "+-":
            grid = (max(a.grid[0], b.grid[0]), max(a.grid[1], b.grid[1]) + 1)
        else:
            return FREE
        return grid if sum(grid) <= bits_of(dtype) else FREE

    def operators(self, dtype):
        return {"b": ("&", "|", "^"), "f": ("+", "*", "-", "/", "//", "%"), "c": ("+", "*", "-")}.get(KIND[dtype], ("+", "*", "-", "//", "%", "&", "|", "^", "<<", ">>"))

    def array_elementwise(self, type, depth, tag):
        c = self.c
        _, dtype, ndim = type
        left = right = dtype
        op = c.pick(self.operators(dtype))
        if PAIRS[dtype] and c.chance(25) and op in "+-*":
            left, right = c.pick(PAIRS[dtype])
        a = self.array(array_type(left, ndim), depth, tag)
        if a is None:
            return None
        b = self.partner(a, right, depth)
        if b is None:
            return self.with_number(a, type, op, depth) if left == dtype and dtype != "bool" else None
        if KIND[dtype] == "c" and op == "*" and self.result_grid(op, a, b, dtype) is FREE:
            op = "+"
        grid = self.result_grid(op, a, b, dtype)
        if a.type[2] == b.type[2] and c.chance(15) and op in "+*-":
            name = {"+": "add", "*": "multiply", "-": "subtract"}[op]
            return E(f"np.{name}({a}, {b})", type, grid=grid, tag=a.tag)
        return E(f"({a} {op} {b})", type, grid=grid, tag=a.tag)

    def array_scalar(self, type, depth, tag):
        _, dtype, ndim = type
        a = self.array(type, depth, tag)
        if a is None or dtype == "bool":
            return None
        return self.with_number(a, type, self.c.pick(self.operators(dtype)), depth)

    def with_number(self, a, type, op, depth):
        dtype = type[1]
        b = self.number_for(dtype, min(depth, 1))
        if KIND[dtype] == "c" and op == "*" and self.result_grid(op, a, b, dtype) is FREE:
            op = "+"
        grid = self.result_grid(op, a, b, dtype)
        text = f"({b} {op} {a})" if self.c.chance(25) else f"({a} {op} {b})"
        return E(text, type, grid=grid, tag=a.tag)

    def array_unary(self, type, depth, tag):
        c = self.c
        _, dtype, ndim = type
        a = self.array(type, depth, tag)
        if a is None:
            return None
        kind = KIND[dtype]
        if kind == "b":
            return E(f"(~{a})", type, tag=a.tag)
        if kind == "c":
            return E(c.pick((f"(-{a})", f"np.conj({a})")), type, grid=a.grid, tag=a.tag)
        if kind == "f" and c.chance(60):
            name = c.pick(("sqrt", "floor", "ceil", "trunc", "rint", "square", "sign"))
            return E(f"np.{name}({a})", type, grid=FREE, tag=a.tag)
        if kind in "iu" and c.chance(30):
            return E(f"(~{a})", type, tag=a.tag)
        return E(c.pick((f"np.abs({a})", f"(-{a})", f"np.negative({a})", f"abs({a})")), type, grid=a.grid, tag=a.tag)

    def array_where(self, type, depth, tag):
        a = self.array(type, depth, tag)
        if a is None or a.tag is None:
            return None
        mask = self.array(array_type("bool", type[2]), depth, a.tag)
        b = self.array(type, 0, a.tag)
        if mask is None or b is None:
            return None
        grid = self.meet(a.grid, b.grid)
        if KIND[type[1]] not in "cb" and self.c.chance(30):
            b = self.number_for(type[1], 1)
            grid = self.meet(a.grid, b.grid)
        return E(f"np.where({mask}, {a}, {b})", type, grid=grid, tag=a.tag)

    def array_compare(self, type, depth, tag):
        c = self.c
        _, dtype, ndim = type
        if dtype != "bool":  # the other operations of two arrays
            if KIND[dtype] not in "iuf":
                return None
            a = self.array(type, depth, tag)
            b = a is not None and self.partner(a, dtype, depth)
            name = c.pick(("minimum", "maximum"))
            return E(f"np.{name}({a}, {b})", type, grid=self.meet(a.grid, b.grid), tag=a.tag) if b else None
        other = c.pick(DTYPES)
        a = self.array(array_type(other, ndim), depth, tag)
        if a is None:
            return None
        b = self.partner(a, other if c.chance(70) else c.pick(DTYPES), depth)
        if b is None or b.type[0] != "array":
            b = self.number_for(other, 1) if other != "bool" else "True"
        op = c.pick(("<", "==", ">", "!=", "<=", ">=")) if not (KIND[other] == "c" or is_array(getattr(b, "type", ("?",))) and KIND[b.type[1]] == "c") else "=="
        return E(f"({a} {op} {b})", type, tag=a.tag)

    def array_cast(self, type, depth, tag):
        """From a dtype whose values fit: what C leaves open is not asked."""
        c = self.c
        _, dtype, ndim = type
        kind = KIND[dtype]
        other = c.pick([d for d in DTYPES if KIND[d] in ("biu" if kind in "iu" else "biuf" if kind == "f" else "biufc")])
        a = self.array(array_type(other, ndim), depth, tag)
        if a is None:
            return None
        grid = a.grid if a.grid and KIND[other] in "fc" and sum(a.grid) <= bits_of(dtype) else FREE
        return E(f"{a}.astype(np.{dtype})", type, grid=grid, tag=a.tag)

    # --- selections and others ---------------------------------------------------------------------------------------------

    def array_select(self, type, depth, tag):
        c = self.c
        _, dtype, ndim = type
        if ndim != 1:
            return None
        a = self.array(type, depth)
        kind = c.pick(("mask", "take", "join", "sort", "flip", "roll", "repeat"))
        if kind == "mask":
            mask = self.array(array_type("bool", 1), depth, a.tag) if a.tag else None
            return E(f"{a}[{mask}]", type, grid=a.grid) if mask is not None else None
        if kind == "take":
            where = self.variables(lambda v: v.type == array_type("int64", 1))
            return E(f"{a}[{c.pick(where)} % 3]", type, grid=a.grid) if where else None
        if kind == "join":
            b = self.array(type, 0)
            return E(f"np.concatenate(({a}, {b}))", type, grid=self.meet(a.grid, b.grid))
        if kind == "sort":
            return E(f"np.sort({a})", type, grid=a.grid, tag=a.tag) if dtype not in ("complex64", "complex128") else None
        if kind == "flip":
            return E(f"np.flip({a})", type, grid=a.grid, tag=a.tag)
        if kind == "roll":
            return E(f"np.roll({a}, {self.within(-8, 8, 0)})", type, grid=a.grid, tag=a.tag)
        return E(f"np.repeat({a}, 2)", type, grid=a.grid)

    def array_axis(self, type, depth, tag):
        """Reductions along an axis."""
        c = self.c
        _, dtype, ndim = type
        if ndim != 1 or dtype not in ("int64", "float64", "uint64", "bool"):
            return None
        source = {"int64": ("int64", "int32", "int8", "bool"), "uint64": ("uint8", "uint16"), "float64": ("float64",), "bool": ("bool",)}[dtype]
        a = self.array(array_type(c.pick(source), 2), depth)
        axis = c.upto(2)
        kept = a.tag and a.tag.split(",")[1 - axis]
        if dtype == "bool":
            return E(f"np.{c.pick(('any', 'all'))}({a}, axis={axis})", type, tag=kept)
        if dtype == "float64" and (a.grid is FREE or sum(a.grid) > 45):
            return None
        grid = (a.grid[0], a.grid[1] + 7) if dtype == "float64" else FREE
        return E(c.pick((f"np.sum({a}, axis={axis})", f"{a}.sum({axis})")), type, grid=grid, tag=kept)

    def array_method(self, type, depth, tag):
        c = self.c
        _, dtype, ndim = type
        if tag is None and ndim == 1 and c.chance(50):
            a = self.array(array_type(dtype, 2), depth)
            return E(c.pick((f"{a}.ravel()", f"{a}.flatten()", f"{a}.reshape(-1)")), type, grid=a.grid)
        a = self.array(type, depth, tag)
        if a is None:
            return None
        if tag is None and ndim == 1 and dtype in ("int64", "uint64") and c.chance(30):
            return E(f"np.cumsum({a})", type, tag=a.tag)
        return E(c.pick((f"{a}.copy()", f"np.ascontiguousarray({a})")), type, grid=a.grid, tag=a.tag)
