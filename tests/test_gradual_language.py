"""Every construct of the language over Python objects, under @jit and under @jit(forceobj=True), beside CPython."""
import contextlib
import gc
import json
import sys

import numpy as np
import pytest

from hotloop import _binding, jit

COUNT = 0


class Manager:
    def __init__(self, log, swallow=False):
        self.log, self.swallow = log, swallow

    def __enter__(self):
        self.log.append("in")
        return self

    def __exit__(self, *exc):
        self.log.append(exc[0].__name__ if exc[0] else "out")
        return self.swallow


class Index:
    def __getitem__(self, i):
        return i

    def __index__(self):
        return 3


def with_loop(log, n):
    t = 0
    with Manager(log) as m:
        for i in range(n):
            t += i
        m.log.append(t)
    return t, log


def with_swallows(log):
    with Manager(log, True):
        log.append(1)
        raise ValueError("x")
    return log


def with_passes_on(log):
    with Manager(log):
        log.nothing
    return log


def with_return(log, n):
    with Manager(log):
        if n > 3:
            return n, log
        log.append("small")
    return 0, log


def with_two(log):
    with Manager(log) as a, contextlib.suppress(KeyError):
        {}["missing"]
    return a.log


def with_no_manager(n):
    with n:
        return 1


def store_global(n):
    global COUNT
    COUNT += n
    return COUNT


def undefined_name(n):
    if n > 3:
        return missing_name  # noqa: F821
    return n


def late_import(x):
    import colorsys
    from collections import abc
    return colorsys.rgb_to_hsv(x, x, x), abc.Mapping


def import_of_nothing(x):
    from json import nothing
    return nothing, x


def keywords(d):
    return dict(d, **d), max(*d), sorted(d, key=lambda k: str(k))


def merged_keywords(a, d, e):
    return dict(x=a, **d, **e)


def delete_attribute(o):
    o.x = 3
    had = hasattr(o, "x")
    del o.x
    return had, hasattr(o, "x")


def displays(a, b):
    d = {"a": a, "b": b}
    items = [*d, a, *(b, a)]
    return d, {a, b, a}, {k: v for k, v in d.items()}, {k for k in d}, items, (*items,)


def comprehensions(d, n):
    return (sum(v for v in d.values()), [x * 2 for x in d.values() if x > 1], {k: i for i, k in enumerate(d)}, any(k == "b" for k in d),
            ",".join(str(i) for i in range(n)))


def strings(s):
    return s.upper(), s.split(","), s.replace("a", "b"), "%s-%d" % (s, 3), s[::-1], s[1:], s * 2, s.encode()


def arrays(d, a):
    b = d["array"]
    b[0] = 5.0
    return a.sum() + b.sum(), a.tobytes(), float(np.fft.fft(a)[0].real), b is d["array"]


def lists(n):
    out = []
    out.append(n)
    out.append("x")
    out.append(None)
    mixed = [1, 2.5, "a"]
    return out, mixed, out + mixed, out[1], len(out), (out, mixed)


def finally_block(d):
    x = 0
    try:
        x = d["x"]
        y = x + 1
    except KeyError as e:
        x = str(e)
    finally:
        d["done"] = x
    return x, d


def many_results(d, n):
    if n == 0:
        return d
    if n == 1:
        return 3
    if n == 2:
        return None
    if n == 3:
        return [1, 2]
    return 2.5


def gen(n):
    for i in range(n):
        yield i


def generators(n):
    return [x for x in gen(n)], list(gen(n))


def inner_function(d):
    def inner(x, y=2):
        return x + d["k"] + y
    return inner(1), [inner][0](5), list(map(inner, [1, 2]))


def while_object(d):
    n = 0
    while d:
        d.popitem()
        n += 1
    return n


def booleans(d):
    return 1 < d["x"] < 5, d["x"] and 3, d.get("y") or "z", not d, d.get("y") is None, d is d


def slices(d):
    return d["items"][1:3], d["items"][::2], d["items"][-1], Index()[1, 2], Index()[...], Index()[1:2, 3]


def f_strings(d):
    return f"{d['x']!r:>10} {d} {3.5:.2f} {d['x']:{'>'}{9}}"


def matching(d):
    match d["x"]:
        case 1:
            return "one"
        case _:
            return "other"


def other_library(items):
    return json.dumps(items)


def enumerated(d):
    t = 0
    for i, k in enumerate(d):
        t += i + d[k]
    for _a, b in zip(d, range(10)):
        t += b
    return t


def one_of_two(x, n):
    y = n
    if n > 2:
        y = x
    return y


def raise_what_comes(d):
    try:
        raise d["e"]
    except d["e"] as e:
        return type(e).__name__


def ranges(d):
    return [i for i in range(d["n"])], [i for i in range(1, d["n"], 2)]


def loop_else(d):
    for k in d:
        if d[k] == 2:
            break
    else:
        return "none"
    return k


def in_place(d):
    x = d["list"]
    x += [3]
    d["list"] += (4,)
    d["n"] **= 2
    return x, d


def unpack_nested(d):
    (a, (b, *c)), e = d["t"]
    return a, b, c, e


def swap(d):
    d["a"], d["b"] = d["b"], d["a"]
    return d


def starred_call(d):
    args = (1, 2) if d else [3]
    return max(*args, *d)


def dict_methods(d):
    d.setdefault("z", []).append(1)
    d.update(y=3)
    return d.pop("z"), list(d.items()), d.get("q", 7)


CASES = [
    (with_loop, lambda: ([], 100)), (with_swallows, lambda: ([],)), (with_passes_on, lambda: ([],)), (with_return, lambda: ([], 1)),
    (with_return, lambda: ([], 5)), (with_two, lambda: ([],)), (with_no_manager, lambda: (3,)), (store_global, lambda: (3,)), (undefined_name, lambda: (1,)),
    (undefined_name, lambda: (5,)), (late_import, lambda: (0.5,)), (import_of_nothing, lambda: (1,)), (keywords, lambda: ({"a": 1, "b": 2},)),
    (merged_keywords, lambda: (1, {"y": 2}, {"z": 3})), (merged_keywords, lambda: (1, {"y": 2}, {"y": 3})), (merged_keywords, lambda: (1, {"x": 2}, {})),
    (merged_keywords, lambda: (1, 3, {})), (delete_attribute, lambda: (Manager([]),)), (displays, lambda: (1, "b")), (displays, lambda: (1, 2)),
    (displays, lambda: ([], 2)), (comprehensions, lambda: ({"a": 1, "b": 2}, 3)), (strings, lambda: ("a,b,c",)),
    (arrays, lambda: ({"array": np.ones(3)}, np.arange(4.0))), (lists, lambda: (3,)), (finally_block, lambda: ({"x": 1},)), (finally_block, lambda: ({},)),
    (finally_block, lambda: ({"x": "a"},)), *[(many_results, lambda k=k: ({}, k)) for k in range(5)], (generators, lambda: (4,)), (inner_function, lambda: ({"k": 2},)),
    (while_object, lambda: ({1: 2, 3: 4},)), (booleans, lambda: ({"x": 3},)), (booleans, lambda: ({"x": 0, "y": 1},)), (slices, lambda: ({"items": [1, 2, 3, 4]},)),
    (f_strings, lambda: ({"x": "a"},)), (matching, lambda: ({"x": 1},)), (matching, lambda: ({"x": 2},)), (other_library, lambda: ([1, 2],)),
    (other_library, lambda: ([1, "a"],)), (enumerated, lambda: ({"a": 1, "b": 2},)), (one_of_two, lambda: ("x", 1)), (one_of_two, lambda: ({}, 5)),
    (raise_what_comes, lambda: ({"e": ValueError},)), (raise_what_comes, lambda: ({"e": 3},)), (ranges, lambda: ({"n": 5},)), (ranges, lambda: ({"n": Index()},)),
    (ranges, lambda: ({"n": 2.5},)), (loop_else, lambda: ({"a": 1, "b": 2},)), (loop_else, lambda: ({"a": 1},)), (in_place, lambda: ({"list": [1], "n": 3},)),
    (unpack_nested, lambda: ({"t": ((1, (2, 3, 4)), 5)},)), (unpack_nested, lambda: ({"t": ((1, ()), 5)},)), (swap, lambda: ({"a": 1, "b": "x"},)),
    (starred_call, lambda: ({5: 1},)), (starred_call, lambda: ({},)), (dict_methods, lambda: ({"y": 1},)),
]


def outcome(func, args):
    global COUNT
    COUNT = 0
    try:
        return repr(func(*args))
    except Exception as exc:
        return type(exc).__name__, str(exc)


@pytest.mark.filterwarnings("ignore::hotloop.errors.HotloopPerformanceWarning")
@pytest.mark.parametrize("options", [{}, {"forceobj": True}, {"nogil": True}], ids=["jit", "forceobj", "nogil"])
@pytest.mark.parametrize("case", range(len(CASES)), ids=[f"{k}-{f.__name__}" for k, (f, _) in enumerate(CASES)])
def test_as_cpython(case, options):
    func, make = CASES[case]
    compiled = jit(**options)(func)
    want = outcome(func, make())
    assert outcome(compiled, make()) == want
    live = _binding.live_allocations()
    args = make()
    before = [sys.getrefcount(a) for a in args if not isinstance(a, (int, float, str))]
    assert outcome(compiled, args) == want
    gc.collect()
    after = [sys.getrefcount(a) for a in args if not isinstance(a, (int, float, str))]
    if func is not store_global:
        assert after == before
    assert _binding.live_allocations() <= live
