"""Dispatchers: calls, specialisations, conversions, the API, life and death."""
import copy
import functools
import gc
import inspect
import os
import pickle
import subprocess
import sys
import threading
import typing
import warnings
import weakref
from collections import namedtuple

import numpy as np
import pytest

import hotloop
from harness import check
from hotloop import errors, float64, int32, int64, jit, njit, types

Point = namedtuple("Point", "x y")


@njit
def add(x, y):
    return x + y


@njit
def module_level(x):
    """Adds one."""
    return x + 1


def plain_outer(a, b=2, *rest, c=3, d):
    return a + b * 10 + c * 100 + d * 1000 + len(rest) * 10000


# --- calls ----------------------------------------------------------------------------------------------------------------


def three(a, b=2, c=3):
    return a + 10 * b + 100 * c


@pytest.mark.parametrize("args, kwargs", [
    ((1,), {}), ((1, 5), {}), ((1, 5, 7), {}), ((1,), {"c": 9}), ((), {"a": 1}), ((), {"c": 1, "a": 2, "b": 3}), ((1, 2.5), {}), ((1,), {"b": 2.5})])
def test_keywords_and_defaults(args, kwargs):
    f = njit(three)
    assert f(*args, **kwargs) == three(*args, **kwargs)
    assert f(*args, **kwargs) == three(*args, **kwargs)


@pytest.mark.parametrize("args, kwargs", [
    ((1,), {"d": 4}), ((1, 2), {"d": 4}), ((1, 2, 3, 4), {"d": 4}), ((1,), {"d": 4, "c": 5}), ((), {"a": 1, "d": 4}), ((1, 2, 3.5), {"d": 1})])
def test_star_and_keyword_only(args, kwargs):
    f = njit(plain_outer)
    assert f(*args, **kwargs) == plain_outer(*args, **kwargs)


def posonly(a, /, b):
    return a - b


@pytest.mark.parametrize("func, args, kwargs", [
    (three, (), {}), (three, (1, 2, 3, 4), {}), (three, (1,), {"z": 1}), (three, (1,), {"a": 1}), (three, (), {"b": 1}),
    (plain_outer, (1,), {}), (plain_outer, (), {}), (plain_outer, (), {"d": 1}), (plain_outer, (1,), {"d": 1, "q": 1}),
    (posonly, (1,), {}), (posonly, (), {"a": 1, "b": 2}), (posonly, (1, 2, 3), {}), (posonly, (1, 2), {"b": 2}), (posonly, (), {}),
    (lambda: 0, (1,), {}), (lambda: 0, (), {"x": 1}), (lambda x: 0, (1, 2), {}), (lambda x, *, y=1, z: 0, (), {}), (lambda x, *, y=1, z: 0, (1, 2), {"z": 1}),
    (lambda a, b, c: 0, (), {}), (lambda x, y=1: 0, (1, 2, 3), {}), (lambda *, a, b: 0, (), {}), (lambda x, *, z=1: 0, (1, 2, 3), {"z": 1}),
])
def test_wrong_arguments_raise_what_cpython_raises(func, args, kwargs):
    with pytest.raises(TypeError) as expected:
        func(*args, **kwargs)
    with pytest.raises(TypeError) as got:
        njit(func)(*args, **kwargs)
    assert str(got.value) == str(expected.value)


def test_defaults_are_read_when_called():
    def f(x=1):
        return x
    g = njit(f)
    assert g() == 1
    f.__defaults__ = (2.5,)
    assert g() == 2.5


def test_results_are_python_numbers():
    f = njit(lambda x: x)
    for value in (1, 1.5, 1j, True, None, "text", (1, 2.0), 2**63, np.float32(1.5), np.int8(-3), np.uint8(200), np.bool_(True),
                  np.complex64(1 + 2j), range(2, 9, 3), Point(1, 2), Point(1, 2.5), (), ((1, (2.5,)), True)):
        got = f(value)
        assert got == value
        assert type(got) is (type(value.item()) if isinstance(value, np.generic) else type(value))


def test_int_and_float_subclasses():
    class Int(int):
        pass

    class Float(float):
        pass
    f = njit(lambda x: x + 1)
    assert f(Int(3)) == 4 and f(Float(1.5)) == 2.5 and f(np.float64(1.5)) == 2.5
    assert len(f.signatures) == 2


# --- specialisations ----------------------------------------------------------------------------------------------------------


def test_one_specialisation_per_type():
    f = njit(lambda x, y: x + y)
    for args in ((1, 2), (1.5, 2), (1, 2), (2.5, 2.5), (1, 2)):
        assert f(*args) == sum(args)
    assert f.signatures == [(types.int64, types.int64), (types.float64, types.int64), (types.float64, types.float64)]
    assert [s.return_type for s in f.nopython_signatures] == [types.int64, types.float64, types.float64]
    assert list(f.overloads) == f.signatures
    info = f.overloads[types.int64, types.int64]
    assert info.signature == int64(int64, int64) and info.compile_time > 0


def test_eager_signatures():
    for sig in ("float64(float64, int32)", float64(float64, int32), [float64(float64, int32)], ["f8(f8, i4)"], (float64, int32)):
        f = jit(sig)(lambda x, y: x + y)
        assert f.signatures == [(float64, int32)]
        assert f(1, 2) == 3.0 and type(f(1, 2)) is float
        assert f.signatures == [(float64, int32)]


def test_eager_return_type_converts():
    f = njit("float64(int64)")(lambda x: x + 1)
    assert f(1) == 2.0 and type(f(1)) is float


def test_choice_among_signatures():
    f = njit(["int64(int64)", "float64(float64)"])(lambda x: x + 1)
    assert type(f(1)) is int and type(f(np.int8(1))) is int and type(f(True)) is int
    assert type(f(1.0)) is float and type(f(np.float32(1.0))) is float
    with pytest.raises(TypeError, match="No matching definition for argument type\\(s\\) complex128"):
        f(1j)
    with pytest.raises(TypeError, match="No matching definition"):
        f(np.zeros(3))
    g = njit(["f8(i8, f8)", "f8(f8, i8)"])(lambda x, y: x + y)
    with pytest.raises(TypeError, match="Ambiguous overloading"):
        g(1, 1)
    assert g(1, 1.5) == 2.5


def test_conversion_to_a_signature():
    f = njit("int32(int32)")(lambda x: x)
    assert f(2**31) == -2**31 and f(2.9) == 2 and f(-1) == -1
    for bad, error in ((float("nan"), ValueError), (float("inf"), OverflowError), (1e30, OverflowError)):
        with pytest.raises(error):
            f(bad)
    g = njit("f4(f4)")(lambda x: x)
    assert g(0.1) == float(np.float32(0.1))
    with pytest.raises(TypeError):
        g("x")


def test_array_arguments_convert_to_any_layout():
    f = njit("f8(f8[:, :])")(lambda a: a[0, 1])
    a = np.arange(6.0).reshape(2, 3)
    assert f(a) == 1.0 and f(a.T) == 3.0 and f(a[:, ::2]) == 2.0
    g = njit("f8(f8[:, ::1])")(lambda a: a[0, 1])
    with pytest.raises(TypeError, match="No matching definition"):
        g(a.T)


def test_compile_and_disable():
    f = njit(lambda x: x + 1)
    f.compile("int64(int64)")
    f.compile((float64,))
    assert f.signatures == [(int64,), (float64,)]
    f.disable_compile()
    assert f(np.float32(1)) == 2.0
    with pytest.raises(TypeError, match="No matching"):
        f("x")
    f.disable_compile(False)
    assert f(1j) == 1 + 1j
    with pytest.raises(TypeError, match="takes 1"):
        f.compile("int64(int64, int64)")
    with pytest.raises(errors.SignatureError):
        f.compile("int64(")
    with pytest.raises(TypeError):
        f.compile(3)


def test_recompile_sees_new_globals():
    scope = {}
    exec("k = 1\ndef f(x):\n    return x + k\n", scope)
    f = njit(scope["f"])
    assert f(1) == 2 and f(1.5) == 2.5
    scope["k"] = 10
    assert f(1) == 2
    f.recompile()
    assert f(1) == 11 and f(1.5) == 11.5 and len(f.signatures) == 2


# --- errors --------------------------------------------------------------------------------------------------------------------


def test_unsupported_argument_names_the_parameter():
    with pytest.raises(errors.TypingError, match="argument 'y' of add\\(\\): .*class dict"):
        add(1, {})
    with pytest.raises(TypeError, match="argument 'args' of .*class dict"):
        njit(lambda *args: 0)(1, {})
    with pytest.raises(TypeError, match="empty list has no item type"):
        njit(lambda x: len(x))([])
    with pytest.raises(OverflowError, match="64 bits"):
        add(2**70, 1)


def test_errors_leave_the_function_usable():
    f = njit(lambda x, y: x // y)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            f(1, 0)
        assert f(7, 2) == 3
        with pytest.raises(TypeError):
            f({}, 1)


def test_kwargs_functions_are_refused():
    with pytest.raises(errors.UnsupportedError, match=r"\*\*"):
        njit(lambda **kw: 0)()


def test_compile_errors_show_the_line():
    def f(x):
        é = "é"
        return é + (x + undefined_name)  # noqa: F821
    g = njit(f)
    for _ in range(2):
        with pytest.raises((errors.HotloopError, NameError), match="undefined_name") as e:
            g(1)
    assert g.signatures == []
    if isinstance(e.value, errors.HotloopError):
        lines = str(e.value).splitlines()
        assert (e.value.filename, e.value.lineno, e.value.function) == (__file__, f.__code__.co_firstlineno + 2, f.__qualname__)
        assert lines[2] == "    return é + (x + undefined_name)  # noqa: F821"
        assert lines[3].strip("^ ") == "" and lines[2][lines[3].index("^"):].startswith("undefined_name")


# --- decorators ------------------------------------------------------------------------------------------------------------------


def test_ways_to_decorate():
    def f(x):
        return x + 1
    for d in (njit, jit, njit(), jit(), jit(nopython=True), njit(nogil=True), njit(fastmath=True), njit(boundscheck=False),
              njit(error_model="numpy"), njit(inline="always"), jit(None), njit(signature_or_function=None)):
        g = d(f)
        assert g(1) == 2 and g.py_func is f
    assert njit(njit(f)).py_func is f


def test_wrong_options():
    f = lambda x: x  # noqa: E731
    with pytest.raises(TypeError, match="nopyton"):
        njit(nopyton=True)(f)
    with pytest.raises(ValueError):
        jit(nopython=True, forceobj=True)(f)
    with pytest.raises(ValueError):
        njit(forceobj=True)(f)
    with pytest.raises(ValueError, match="error_model"):
        njit(error_model="c")(f)
    with pytest.raises(ValueError, match="'nans' is none of them"):
        njit(fastmath={"nnan", "nans"})(f)
    with pytest.raises(ValueError, match="inline"):
        njit(inline="yes")(f)
    with pytest.raises(ValueError, match="target"):
        jit(target="tpu")(f)
    with pytest.raises(TypeError, match="locals"):
        njit(locals=[1])(f)
    with pytest.raises(TypeError, match="is no type"):
        njit(locals={"x": 3})(f)
    for bad in (3, object(), len, int, staticmethod(f)):
        with pytest.raises(TypeError):
            njit(bad)


def test_options_without_effect_say_so_once(monkeypatch):
    monkeypatch.setattr(hotloop.decorators, "_warned", set())
    with pytest.warns(errors.HotloopOptionWarning, match="cache=True") as seen:
        njit(cache=True)(lambda x: x)
    assert seen[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        njit(cache=True)(lambda x: x)
        njit(cache=False, parallel=False, debug=False, no_cpython_wrapper=True)(lambda x: x)
    assert issubclass(errors.HotloopOptionWarning, errors.HotloopWarning)


def test_disable_jit():
    code = "import hotloop; f = lambda x: x; print(hotloop.njit(f) is f, hotloop.njit('i8(i8)')(f) is f)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "HOTLOOP_DISABLE_JIT": "1"})
    assert out.stdout.strip() == "True True", out.stderr


# --- a dispatcher is a function ----------------------------------------------------------------------------------------------------


def annotated(x: int) -> float:
    return x + 0.5


def test_looks_like_the_function():
    f = module_level
    assert (f.__name__, f.__qualname__, f.__module__, f.__doc__) == ("module_level", "module_level", __name__, "Adds one.")
    assert f.__wrapped__ is f.py_func and str(inspect.signature(f)) == "(x)"
    assert repr(f).startswith("CPUDispatcher(<function module_level")
    assert callable(f) and functools.partial(f, 3)() == 4
    for name in ("__code__", "__defaults__", "__kwdefaults__", "__annotations__"):
        assert getattr(f, name) is getattr(f.py_func, name)
    assert typing.get_type_hints(njit(annotated)) == {"x": int, "return": float}
    f.note = 3
    assert f.note == 3 and f.__dict__["note"] == 3
    del f.note
    assert f.targetoptions == {"nopython": True}
    with pytest.raises(AttributeError):
        f.py_func = None


def test_methods():
    class C:
        k = 5

        @njit
        def twice(self_or_x, y):
            return self_or_x + y

    class N(float):
        plus = njit(lambda x, y: x + y)
    assert N(1.5).plus(2) == 3.5 and N.plus(1.5, 2) == 3.5
    assert C.twice(1, 2) == 3

    class S:
        inc = staticmethod(njit(lambda x: x + 1))
    assert S.inc(1) == S().inc(1) == 2


def test_inspection(capsys):
    f = njit(lambda x: x + 1)
    f(1)
    f(1.5)
    f.inspect_types()
    shown = capsys.readouterr().out
    assert "int64" in shown and "float64" in shown and __file__ in shown
    llvm = f.inspect_llvm()
    assert list(llvm) == f.signatures and all("define" in text for text in llvm.values())
    assert "define" in f.inspect_llvm((int64,)) and "ret" in f.inspect_asm("(int64,)")
    assert isinstance(f.inspect_ir((int64,), stage="ir"), str)
    assert f.get_metadata((int64,))["seconds"] > 0
    with pytest.raises(KeyError):
        f.inspect_llvm((types.int8,))
    with pytest.raises(ValueError):
        f.inspect_ir(stage="x")
    assert f.stats.cache_hits == {}


# --- pickling -----------------------------------------------------------------------------------------------------------------------


def test_pickle_by_name():
    assert pickle.loads(pickle.dumps(module_level)) is module_level
    assert len(pickle.dumps(module_level)) < 100


def test_copy():
    assert copy.copy(module_level) is module_level and copy.deepcopy(module_level) is module_level


def make_closure(k, helper):
    import math

    @njit
    def inner(x, y=2):
        return helper(x) * k + y + math.floor(x)
    return inner


def test_pickle_closure_here():
    f = make_closure(3, module_level)
    assert pickle.loads(pickle.dumps(f)) is f


@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_pickle_closure_elsewhere(protocol, tmp_path):
    def local_helper(x):
        return x + 1

    @njit
    def fact(n):
        return 1 if n < 2 else n * fact(n - 1)
    f = make_closure(3, njit(local_helper))
    eager = njit("f8(f8)")(lambda x: x + 1)
    (tmp_path / "data").write_bytes(pickle.dumps([f, f, fact, eager], protocol))
    code = (f"import pickle; f, g, fact, eager = pickle.load(open({str(tmp_path / 'data')!r}, 'rb')); "
            "print(f(2), f is g, f.__name__, fact(5), eager(1), len(eager.signatures)); "
            "h = pickle.loads(pickle.dumps(f)); print(h is f)")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert out.stdout.split() == ["13", "True", "inner", "120", "2.0", "1", "True"], out.stderr


# --- life and death ---------------------------------------------------------------------------------------------------------------------


def test_garbage_collection():
    def make():
        @njit
        def f(x):
            return f(x - 1) + 1 if x > 0 else 0
        assert f(5) == 5
        f.me = f
        return weakref.ref(f)
    ref = make()
    gc.collect()
    assert ref() is None


def test_replaced_code_survives_a_running_call():
    f = njit(lambda x: x + 1)
    f(1)
    for _ in range(5):
        f.recompile()
    assert f(1) == 2


def test_result_keeps_memory_alive():
    f = njit(lambda n: np.zeros(n))
    a = f(10)
    b = a[2:]
    del a
    gc.collect()
    assert (b == 0).all() and b.flags.writeable and b.base is not None


def test_same_object_comes_back():
    f = njit(lambda x: x)
    for value in (np.arange(5.0), np.zeros((3, 4), order="F"), [1.0, 2.0], [np.zeros(2)], "text", np.zeros(3)[::2]):
        assert f(value) is value
    g = njit(lambda a, b: (b, a, a))
    x, y = np.zeros(2), [1]
    r = g(x, y)
    assert r[0] is y and r[1] is x and r[2] is x
    views = njit(lambda a: a[1:])(x)
    assert views.base is x
    readonly = np.arange(3)
    readonly.flags.writeable = False
    assert f(readonly) is readonly


# --- lists -------------------------------------------------------------------------------------------------------------------------------


def change(a, b):
    a.append(4.0)
    b[0] = 9.0
    return len(a)


def test_lists_are_written_back():
    f = njit(change)
    a, b = [1.0, 2.0], [3.0]
    kept = a[0]
    assert f(a, b) == 3 and a == [1.0, 2.0, 4.0] and b == [9.0] and a[0] is kept
    same = [1.0]
    assert f(same, same) == 2 and same == [9.0, 4.0]
    check(change, [1.0], [2.0])


def test_nested_lists_are_written_back():
    def f(rows):
        for r in rows:
            r.append(len(r))
        rows.append([7])
        return rows[0]
    rows = [[1], [2, 3]]
    first = rows[0]
    got = njit(f)(rows)
    assert got is first is rows[0] and rows == [[1, 1], [2, 3, 2], [7]]


def test_lists_are_written_back_after_an_exception():
    def f(a):
        a.append(1)
        return a[0] // 0
    a = [5]
    with pytest.raises(ZeroDivisionError):
        njit(f)(a)
    assert a == [5, 1]


def test_mixed_lists_are_refused():
    f = njit(lambda x: len(x))
    for value, words in (([1, 2.5], "item 0 is int, item 1 is float"), ([1.5, 2], "item 0 is float, item 1 is int"), ([1.0, "x"], "item 1 is str"),
                         ([True, 1], "item 1 is int"), ([1, None], "item 1 is none"), ([[1], [1.5]], "item 1 is"), ([1.0, {}], "class dict")):
        with pytest.raises(TypeError, match=words):
            f(value)
    assert f([1, 2]) == 2 and f([np.float64(1), 2.0]) == 2
    with pytest.raises(OverflowError):
        f([1, 2**70])


def test_empty_list_takes_a_known_specialisation():
    f = njit(lambda x: len(x))
    assert f([1.0]) == 1 and f([]) == 0
    g = njit("i8(List(i8))")(lambda x: len(x))
    assert g([]) == 0 and g([1, 2]) == 2


# --- threads --------------------------------------------------------------------------------------------------------------------------------


def run_together(n, work):
    results, barrier = [None] * n, threading.Barrier(n)

    def body(k):
        barrier.wait()
        try:
            results[k] = work(k)
        except BaseException as e:  # noqa: B902
            results[k] = e
    threads = [threading.Thread(target=body, args=(k,)) for k in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return results


def test_threads_compile_once():
    f = njit(lambda x: x * 2)
    assert run_together(8, lambda k: f(k)) == [2 * k for k in range(8)]
    assert f.signatures == [(types.int64,)]


def test_threads_compile_many_types():
    f = njit(nogil=True)(lambda x: x + x)
    values = [1, 1.5, 1j, np.int8(1), np.float32(1.5), (1,)[0], True, np.arange(4)[1]]
    assert run_together(8, lambda k: f(values[k])) == [v + v for v in [1, 1.5, 1j, 1, 1.5, 1, 1, 1]]


def test_nogil_releases_the_lock():
    @njit(nogil=True)
    def spin(n):
        x = 1.0
        for _ in range(n):
            x = x * 1.0000001 + 1e-9
        return x
    spin(1)
    ticks = []
    done = threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(1)
            done.wait(0.001)
    t = threading.Thread(target=tick)
    t.start()
    try:
        before = len(ticks)
        spin(100_000_000)
        assert len(ticks) - before > 3
    finally:
        done.set()
        t.join()


# --- functions as arguments -------------------------------------------------------------------------------------------------------------------


def test_functions_as_arguments():
    f = njit(lambda g, x: g(x) + 1)
    inc, dbl = njit(lambda x: x + 1), njit(lambda x: 2 * x)
    assert f(inc, 5) == 7 and f(dbl, 5) == 11 and f(inc, 6) == 8
    assert len(f.signatures) == 2


def test_specialisations_for_dead_functions_are_dropped():
    f = njit(lambda g, x: g(x))

    def call(k):
        return f(njit(lambda x: x + k), 1)
    assert [call(k) for k in range(20)] == [k + 1 for k in range(20)]
    gc.collect()
    assert call(5) == 6
    assert len(f.signatures) <= 2


def test_recursion():
    @njit
    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)
    assert fib(20) == 6765
