"""The runtime through ctypes: memory, lists, exceptions.

libhotloop.so is loaded as a PyDLL: its functions may be called with the GIL held and raise Python exceptions.
"""
import ctypes
import os
import sys

import numpy as np
import pytest

import hotloop

LIB = os.path.join(os.path.dirname(hotloop.__file__), "libhotloop.so")
rt = ctypes.PyDLL(LIB)
I64, I32, P, PYO = ctypes.c_int64, ctypes.c_int32, ctypes.c_void_p, ctypes.py_object


def declare(name, res, *args):
    f = getattr(rt, "hl_" + name)
    f.restype, f.argtypes = res, list(args)
    return f


live = declare("live_allocations", I64)
fail_after = declare("fail_after", None, I64)
mem_pyobject = declare("mem_pyobject", P, PYO)
mem_object = declare("mem_object", P, P)
drop = declare("drop", None, P)
list_new = declare("list_new", P, I64, I32, ctypes.c_uint64)
list_append = declare("list_append", I32, P, P)
list_slice = declare("list_slice", P, P, I64, I64, I64)
list_set_slice = declare("list_set_slice", I32, P, I64, I64, I64, P)
list_sort = declare("list_sort", I32, P, I32, I32, I32)
list_pop = declare("list_pop", I32, P, I64, P)
list_insert = declare("list_insert", I32, P, I64, P)
list_repeat = declare("list_repeat", P, P, I64)
list_extend = declare("list_extend", I32, P, P)


class List(ctypes.Structure):
    _fields_ = [("refs", I64), ("drop", P), ("len", I64), ("cap", I64), ("data", P), ("nslots", I32), ("dirty", I32),
                ("mem_mask", ctypes.c_uint64)]


def of(p):
    return ctypes.cast(p, ctypes.POINTER(List)).contents


def ints(p):
    n = of(p).len * of(p).nslots
    return list((I64 * n).from_address(of(p).data)) if n else []


def make(values, nslots=1):
    p = list_new(0, nslots, 0)
    for v in values:
        v = v if isinstance(v, tuple) else (v,)
        assert list_append(p, (I64 * nslots)(*v)) == 0
    return p


@pytest.fixture(autouse=True)
def balanced():
    before = live()
    yield
    fail_after(-1)
    assert live() == before


@pytest.mark.parametrize("start,stop,step", [(1, 3, 1), (0, 0, 1), (3, 1, 1), (5, 5, 1), (0, 5, 2), (4, -1, -1), (3, 0, -2)])
def test_slices(start, stop, step):
    a = make([10, 11, 12, 13, 14])
    py = [10, 11, 12, 13, 14]
    sl = slice(start, None if stop < 0 else stop, step)
    s = list_slice(a, start, stop, step)
    assert ints(s) == py[sl]
    b = make([7, 8])
    try:
        py[sl] = [7, 8]
    except ValueError as e:
        with pytest.raises(ValueError) as got:
            list_set_slice(a, start, stop, step, b)
        assert str(got.value) == str(e)
    else:
        assert list_set_slice(a, start, stop, step, b) == 0
    assert ints(a) == py
    assert list_set_slice(a, 0, of(a).len, 1, a) == 0 and ints(a) == py
    assert list_extend(a, a) == 0 and ints(a) == py + py
    for p in (a, b, s):
        drop(p)


def test_insert_pop_errors():
    a = make([1])
    assert list_insert(a, -5, (I64 * 1)(0)) == 0 and list_insert(a, 9, (I64 * 1)(2)) == 0
    assert ints(a) == [0, 1, 2]
    out = (I64 * 1)()
    assert list_pop(a, -1, out) == 0 and out[0] == 2
    with pytest.raises(IndexError, match="pop index out of range"):
        list_pop(a, 5, out)
    drop(a)
    a = make([])
    with pytest.raises(IndexError, match="pop from empty list"):
        list_pop(a, -1, out)
    drop(a)


@pytest.mark.parametrize("n", [0, 1, 2, 10, 24, 25, 300, 5000])
@pytest.mark.parametrize("reverse", [False, True])
def test_list_sort_is_stable(n, reverse):
    rng = np.random.default_rng(n)
    rows = [(int(k), i) for i, k in enumerate(rng.integers(-20, 20, n))]
    a = make(rows, 2)
    assert list_sort(a, 4, 0, reverse) == 0
    flat = [x for row in sorted(rows, key=lambda r: r[0], reverse=reverse) for x in row]
    assert ints(a) == flat
    drop(a)


def test_managed_items_and_repeat():
    class Thing:
        pass

    x = Thing()
    n = sys.getrefcount(x)
    a = list_new(0, 1, 1)
    list_append(a, (P * 1)(mem_pyobject(x)))
    r = list_repeat(a, 4)
    assert of(r).len == 4 and len(set(ints(r))) == 1
    b = list_slice(r, 1, 3, 1)
    assert list_set_slice(b, 0, 1, 1, b) == 0 and of(b).len == 3
    for p in (a, r, b):
        drop(p)
    assert sys.getrefcount(x) == n
    with pytest.raises(MemoryError):
        list_new(1 << 61, 1, 0)


def test_each_allocation_may_fail():
    for n in range(1, 20):
        fail_after(n)
        made = []
        try:
            made.append(list_new(3, 1, 0))
            for _ in range(20):
                list_append(made[0], (I64 * 1)(5))
            made.append(list_slice(made[0], 0, of(made[0]).len, 2))
            list_sort(made[1], 4, 0, 0)
        except MemoryError:
            pass
        else:
            break
        finally:
            fail_after(-1)
            for p in made:
                drop(p)
    else:
        pytest.fail("never succeeded")


def test_array_blocks():
    alloc = declare("array_alloc", P, I64, I32, ctypes.POINTER(P))
    for n in (0, 1, 100, 5 << 20):
        data = P()
        m = alloc(n, 1, data)
        assert data.value % 64 == 0 and not any((ctypes.c_char * n).from_address(data.value).raw[:200])
        drop(m)
    with pytest.raises(MemoryError, match="Unable to allocate 4 EiB for an array"):
        alloc(1 << 62, 0, data)
    with pytest.raises(MemoryError):
        alloc(-1, 0, data)


def test_loans():
    loan, end = declare("loan", P, PYO), declare("loan_end", None, P)
    x = object()
    count = sys.getrefcount
    n = count(x)
    m = loan(x)
    assert count(x) == n and mem_object(m) == id(x)
    end(m)
    m = loan(x)
    ctypes.cast(m, ctypes.POINTER(I64))[0] += 1
    end(m)
    assert count(x) == n + 1
    drop(m)
    assert count(x) == n


def test_raise_value():
    raise_value, null = declare("raise_value", None, P, PYO, P, PYO), PYO()
    held = mem_pyobject(KeyError("boom", 3))
    with pytest.raises(KeyError) as e:
        raise_value(held, null, None, OSError)
    assert e.value.args == ("boom", 3) and isinstance(e.value.__cause__, OSError)
    e = None
    with pytest.raises(ValueError) as e:
        raise_value(None, ValueError, held, null)
    assert e.value.args == () and e.value.__cause__.args == ("boom", 3)
    drop(held)
    with pytest.raises(TypeError, match="exceptions must derive from BaseException"):
        raise_value(None, 3, None, null)


def test_messages():
    raise_ = declare("raise", None, I32, I64, I64)
    seen = {}
    for k in range(200):
        try:
            raise_(k, 5, 3)
        except SystemError:
            break
        except BaseException as e:
            seen[str(e)] = type(e)
    assert seen["division by zero"] is ZeroDivisionError
    assert seen["index 5 is out of bounds for axis with size 3"] is IndexError
    assert all("%" not in s for s in seen)


def test_every_runtime_call_has_its_function():
    import re
    path = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "compiler", "rtcalls.def")
    names = re.findall(r"^RT\((\w+),", open(path).read(), re.M)
    assert len(names) > 50
    missing = [n for n in names if not hasattr(rt, n[2:] if n.startswith("C_") else "hl_" + n)]
    assert not missing
