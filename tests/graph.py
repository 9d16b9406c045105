"""Runs the untyped graph of a function on Python objects, instruction by instruction.

What the reader and the builder make of a function can so be compared with CPython on any values, before types or machine code
come in.  `run(function, *args)` gives the function's result or raises what it raises; UnboundLocalError, the order of side
effects and which handler sees which variables are all observable.
"""
import operator
import types

import hotloop._compiler as compiler

BINARY = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv,
    "floordiv": operator.floordiv, "mod": operator.mod, "pow": operator.pow, "lshift": operator.lshift,
    "rshift": operator.rshift, "and": operator.and_, "or": operator.or_, "xor": operator.xor,
    "matmul": operator.matmul,
}
INPLACE = {
    "add": operator.iadd, "sub": operator.isub, "mul": operator.imul, "truediv": operator.itruediv,
    "floordiv": operator.ifloordiv, "mod": operator.imod, "pow": operator.ipow, "lshift": operator.ilshift,
    "rshift": operator.irshift, "and": operator.iand, "or": operator.ior, "xor": operator.ixor,
    "matmul": operator.imatmul,
}
PLAIN = {
    "neg": operator.neg, "pos": operator.pos, "invert": operator.invert, "not": operator.not_, "truth": bool,
    "lt": operator.lt, "le": operator.le, "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "ge": operator.ge,
    "is": operator.is_, "is_not": operator.is_not, "in": lambda a, b: a in b, "not_in": lambda a, b: a not in b,
    "getitem": operator.getitem, "delitem": operator.delitem, "setitem": operator.setitem,
    "build_slice": slice, "list_append": list.append, "set_add": set.add, "list_extend": list.extend,
    "list_to_tuple": tuple, "map_add": operator.setitem, "exc_match": isinstance,
    "build_tuple": lambda *a: a, "build_list": lambda *a: list(a), "build_set": lambda *a: set(a),
    "build_map": lambda *a: dict(zip(a[::2], a[1::2])), "build_string": lambda *a: "".join(a),
}
UNBOUND = object()
CONVERSIONS = {0: lambda v: v, 1: str, 2: repr, 3: ascii}


class Iterator:
    """iternext steps, itervalue looks."""

    def __init__(self, of):
        self.it = iter(of)
        self.value = None

    def step(self):
        for self.value in self.it:
            return True
        return False


def unpack_ex(v, before, after):
    first, *rest = [*v], None
    items = first
    if len(items) < before + after:
        raise ValueError(f"not enough values to unpack (expected at least {before + after}, got {len(items)})")
    end = len(items) - after
    return (*items[:before], items[before:end], *items[end:])


def unpack(v, n):
    items = list(v)
    if len(items) > n:
        raise ValueError(f"too many values to unpack (expected {n})")
    if len(items) < n:
        raise ValueError(f"not enough values to unpack (expected {n}, got {len(items)})")
    return items


class Frame:
    """One activation of a graph."""

    def __init__(self, data, args, globals_):
        self.blocks = data["blocks"]
        self.args = args
        self.globals = globals_
        self.values = {}
        self.raised = None      # what `catch` takes
        self.handled = None

    def function(self, code, n, *rest):
        """An inner function: captured values are parameters behind the others."""
        defaults, captured = rest[:n], rest[n:]
        cells = tuple(types.CellType(v) for v in captured)
        return types.FunctionType(code, self.globals, code.co_name, defaults, cells)

    def evaluate(self, op, a, ival, obj, inplace):
        if op in BINARY:
            return (INPLACE if inplace else BINARY)[op](*a)
        if op in PLAIN:
            return PLAIN[op](*a)
        return getattr(self, "do_" + op)(a, ival, obj)

    def do_param(self, a, ival, obj): return self.args[ival]
    def do_const(self, a, ival, obj): return obj
    def do_unbound(self, a, ival, obj): return UNBOUND
    def do_assertion(self, a, ival, obj): return AssertionError
    def do_getattr(self, a, ival, obj): return getattr(a[0], obj)
    def do_setattr(self, a, ival, obj): setattr(a[0], obj, a[1])
    def do_getiter(self, a, ival, obj): return Iterator(a[0])
    def do_iternext(self, a, ival, obj): return a[0].step()
    def do_itervalue(self, a, ival, obj): return a[0].value
    def do_unpack(self, a, ival, obj): return unpack(a[0], ival)
    def do_unpack_ex(self, a, ival, obj): return unpack_ex(a[0], ival & 255, ival >> 8)
    def do_unpack_item(self, a, ival, obj): return a[0][ival]
    def do_make_function(self, a, ival, obj): return self.function(a[0], ival, *a[1:])
    def do_call_ex(self, a, ival, obj): return a[0](*a[1], **(a[2] if len(a) > 2 else {}))

    def do_narrow(self, a, ival, obj):
        assert a[0] is not None
        return a[0]

    def do_check_bound(self, a, ival, obj):
        if a[0] is UNBOUND:
            raise UnboundLocalError(f"cannot access local variable '{obj}' where it is not associated with a value")
        return a[0]

    def do_call(self, a, ival, obj):
        names = obj or ()
        n = len(a) - len(names)
        return a[0](*a[1:n], **dict(zip(names, a[n:])))

    def do_format(self, a, ival, obj):
        return format(CONVERSIONS[ival](a[0]), "" if a[1] is None else a[1])

    def do_catch(self, a, ival, obj):
        e, self.raised = self.raised, None
        return e

    def do_handling(self, a, ival, obj):
        pass

    def do_handled(self, a, ival, obj):
        pass

    def leave(self, op, a):
        if op == "reraise":
            raise a[0]
        if not a:
            raise RuntimeError("No active exception to reraise")
        e = a[0]() if isinstance(a[0], type) else a[0]
        if len(a) > 1:
            raise e from a[1]
        raise e

    def run(self):
        at, came_from, position = 0, None, 0
        while True:
            insts, succ, handler, pred = self.blocks[at]
            phis = {}
            for ident, op, args, ival, obj, inplace in insts:
                if op == "phi":
                    places = [k for k, p in enumerate(pred) if p == came_from]
                    phis[ident] = self.values[args[places[position]]]
            self.values.update(phis)
            try:
                result = self.run_block(insts)
            except BaseException as e:  # noqa: BLE001 - handlers of the graph look at it
                if handler < 0:
                    raise
                self.raised = e
                came_from, at, position = at, handler, 0
                continue
            if result is not None and result[0] == "return":
                return result[1]
            to = succ[result[1]]
            position = succ[:result[1]].count(to)
            came_from, at = at, to

    def run_block(self, insts):
        for ident, op, args, ival, obj, inplace in insts:
            if op == "phi":
                continue
            a = [self.values[k] for k in args]
            if any(v is UNBOUND for v in a) and op != "check_bound":
                raise AssertionError(f"{op} sees an unbound variable")
            if op == "jump":
                return "go", 0
            if op == "branch":
                assert isinstance(a[0], bool)
                return "go", 0 if a[0] else 1
            if op == "return":
                return "return", a[0]
            if op == "poll":
                continue
            if op in ("raise", "reraise"):
                self.leave(op, a)
            self.values[ident] = self.evaluate(op, a, ival, obj, inplace)


def bind(function, args):
    """Arguments as the graph wants them: defaults filled in, *args as a tuple at the end."""
    code = function.__code__
    n = code.co_argcount
    values = list(args[:n])
    defaults = function.__defaults__ or ()
    while len(values) < n:
        values.append(defaults[len(values) - n + len(defaults)])
    for name in code.co_varnames[n:n + code.co_kwonlyargcount]:
        values.append(function.__kwdefaults__[name])
    if code.co_flags & 4:
        values.append(tuple(args[n:]))
    return values


def run(function, *args):
    data = compiler.graph(function)
    return Frame(data, bind(function, args), function.__globals__).run()


def graph(function):
    return compiler.graph(function)
