"""The public interface: decorators, signatures, the dispatcher's attributes, typeof, types."""
import copy
import gc
import inspect
import pickle
import subprocess
import sys
import threading
import warnings
import weakref

import numpy as np
import pytest

import hotloop
from harness import check, check_error
from hotloop import jit, njit, typeof, types


def add(a, b):
    """Adds."""
    return a + b


# --- decorators -------------------------------------------------------------------------------------------------------------


def test_forms_of_the_decorator():
    for f in (jit(add), njit(add), jit()(add), njit()(add), jit(nopython=True)(add), njit(nogil=True)(add)):
        assert f(1, 2) == 3 and f.py_func is add


def test_looks_like_the_function():
    f = njit(add)
    assert f.__name__ == "add" and f.__doc__ == "Adds." and f.__module__ == __name__
    assert f.__wrapped__ is add
    assert inspect.signature(f) == inspect.signature(add)
    assert "add" in repr(f)


@pytest.mark.parametrize("options", [
    {"nopython": True}, {"nogil": True}, {"fastmath": True}, {"error_model": "numpy"}, {"error_model": "python"},
    {"boundscheck": True}, {"boundscheck": False}, {"inline": "always"}, {"inline": "never"},
    {"locals": {"a": types.float64}},
])
def test_options(options):
    assert jit(**options)(add)(1, 2) == 3


@pytest.mark.parametrize("options", [{"cache": True}, {"parallel": True}])
def test_options_of_later(options):
    """Accepted; if the machinery is not there, that is said once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert njit(**options)(add)(1, 2) == 3


def test_unknown_option():
    with pytest.raises((TypeError, KeyError), match="nonsense"):
        njit(nonsense=True)(add)


@pytest.mark.parametrize("bad", [3, None, [1]])
def test_not_a_function(bad):
    with pytest.raises((TypeError, ValueError)):
        njit(bad)(1) if bad is not None else njit(bad)(None)


def test_jit_of_a_jitted_function():
    f = njit(add)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            g = njit(f)
        except TypeError:
            return
    assert g(1, 2) == 3


def test_error_model():
    def div(a, b):
        return a / b

    with pytest.raises(ZeroDivisionError):
        njit(div)(1.0, 0.0)
    assert njit(error_model="numpy")(div)(1.0, 0.0) == float("inf")
    with pytest.raises((ValueError, TypeError)):
        njit(error_model="other")(div)(1.0, 1.0)


def test_boundscheck():
    """Checked unless switched off."""
    def get(a, i):
        return a[i]

    a = np.arange(4.0)
    check(get, a, 3)
    check(get, a, 4)
    check(get, a, -4)
    check(get, a, -5)
    check(get, a, 10, boundscheck=True)
    assert njit(boundscheck=False)(get)(a, -1) == 3.0


def test_locals():
    def f(x):
        y = x * 2
        return y / 3

    g = njit(locals={"y": types.float32})(f)
    assert g(1.1) == float(np.float32(2.2)) / 3 or g(1.1) == float(np.float32(2.2) / np.float32(3))


def test_fastmath():
    def total(a):
        s = 0.0
        for x in a:
            s += x
        return s

    a = np.random.default_rng(0).random(1001)
    assert abs(njit(fastmath=True)(total)(a) - a.sum()) < 1e-9
    assert njit(total)(a) == total(a)    # without fastmath: the order of additions is kept


@pytest.mark.parametrize("flags, reorders", ((set(), False), ({"nnan", "ninf"}, False), ({"reassoc", "nsz"}, True), ({"reassoc", "nsz", "arcp", "contract", "afn"}, True),
                                             (["fast"], True), ({"fast", "nsz"}, True), (True, True), (False, False)))
def test_flags_of_fastmath(flags, reorders):
    @njit(fastmath=flags)
    def there_and_back(x, y):
        return (x - y) + y

    @njit(fastmath=flags)
    def is_nan(x):
        return x != x
    assert (there_and_back(1.0, 1e300) == 1.0) == reorders
    if not isinstance(flags, bool) and not {"fast", "nnan"} & set(flags):
        assert is_nan(np.nan) and np.isnan(njit(fastmath=flags)(lambda x: np.exp(x))(np.nan))


def test_recompile_with_other_options():
    @njit
    def f(x, y):
        return (x - y) + y
    assert f(1.0, 1e300) == 0.0
    for flags, wanted in ((True, 1.0), (False, 0.0), ({"reassoc", "nsz"}, 1.0), ({"nnan"}, 0.0)):
        f.targetoptions["fastmath"] = flags
        f.recompile()
        assert f(1.0, 1e300) == wanted
    f.targetoptions["fastmath"] = {"slow"}
    with pytest.raises(ValueError, match="'slow' is none of them"):
        f.recompile()
    assert f(1.0, 1e300) == 0.0

    @njit(error_model="python")
    def g(x):
        return 1.0 / x
    with pytest.raises(ZeroDivisionError):
        g(0.0)
    g.targetoptions["error_model"] = "numpy"
    g.recompile()
    assert g(0.0) == np.inf


# --- eager signatures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signature", [
    "float64(float64, float64)", "f8(f8,f8)", "(float64, float64)", types.float64(types.float64, types.float64),
    (types.float64, types.float64), ["float64(float64, float64)"], "double(double, double)",
])
def test_eager(signature):
    f = njit(signature)(add)
    assert len(f.signatures) == 1
    assert f(1, 2) == 3.0 and type(f(1, 2)) is float
    assert len(f.signatures) == 1      # no other types are compiled


def test_eager_list():
    f = njit([types.int64(types.int64, types.int64), "float64(float64, float64)"])(add)
    assert len(f.signatures) == 2
    assert type(f(1, 2)) is int and type(f(1, 2.5)) is float


def test_eager_refuses_other_types():
    f = njit("int64(int64, int64)")(add)
    with pytest.raises(TypeError):
        f((1, 2), (3,))
    with pytest.raises(TypeError):
        f(1j, 2)


def test_eager_return_type_converts():
    f = njit("float32(float64, float64)")(add)
    assert f(0.1, 0.2) == float(np.float32(0.1 + 0.2))
    f = njit("float64(int64, int64)")(add)
    assert f(1, 2) == 3.0 and type(f(1, 2)) is float


@pytest.mark.parametrize("text, args", [
    ("float64(float64[:])", (np.ones(3),)),
    ("float64(float64[::1])", (np.ones(3),)),
    ("f8(f8[:,:])", (np.ones((3, 2))[:, ::-1],)),
    ("f4(f4[:,::1])", (np.ones((3, 2), "f4"),)),
    ("i8(i4[::1,:])", (np.asfortranarray(np.ones((3, 2), "i4")),)),
    ("uint64(uint8[:])", (np.ones(3, "u1"),)),
    ("complex128(complex128[:])", (np.ones(3, "c16"),)),
])
def test_eager_arrays(text, args):
    def total(a):
        return np.sum(a)

    f = njit(text)(total)
    assert f(*args) == np.sum(args[0])
    with pytest.raises(TypeError):
        f(np.ones((1, 1, 1, 1)))


@pytest.mark.parametrize("text", ["float64(float64", "nonsense(int64)", "int64(int64))", "__import__('os').system('x')", "",
                                  "float64[:", "int64 int64", "(1,2)"])
def test_signature_text_is_parsed_not_evaluated(text):
    with pytest.raises((ValueError, TypeError, SyntaxError, NameError)):
        njit(text)(add)


def test_signature_of_wrong_length():
    with pytest.raises((TypeError, ValueError, hotloop.TypingError)):
        njit("int64(int64)")(add)


# --- overload choice ---------------------------------------------------------------------------------------------------------------


def test_choice_prefers_the_closest():
    f = njit(["int64(int64)", "float64(float64)", "complex128(complex128)"])(lambda x: x + 1)
    assert type(f(1)) is int and type(f(1.0)) is float and type(f(1j)) is complex
    assert type(f(True)) is int
    assert type(f(np.int32(1))) is int
    assert type(f(np.float32(1))) is float
    assert type(f(np.complex64(1))) is complex


def test_choice_converts_safely():
    f = njit(["float64(float64)"])(lambda x: x)
    assert f(3) == 3.0 and type(f(3)) is float
    assert f(True) == 1.0


def test_lazy_makes_one_each():
    f = njit(add)
    f(1, 2), f(1.0, 2), f(1, 2.0), f(True, 2), f(1j, 2)
    assert len(f.signatures) == 5
    f(10, 20), f(3.0, 4)
    assert len(f.signatures) == 5


# --- attributes of the dispatcher ------------------------------------------------------------------------------------------------------


def test_signatures_and_overloads():
    f = njit(add)
    assert f.signatures == [] and len(f.overloads) == 0
    f(1, 2)
    f(1.0, 2.0)
    assert f.signatures == [(types.int64, types.int64), (types.float64, types.float64)]
    assert f.nopython_signatures == f.signatures or len(f.nopython_signatures) == 2
    assert set(f.overloads) == set(f.signatures)
    assert all(str(t) in ("int64", "float64") for s in f.signatures for t in s)


def test_compile():
    f = njit(add)
    f.compile("float64(float64, float64)")
    f.compile((types.int64, types.int64))
    assert len(f.signatures) == 2
    f(1, 2), f(1.0, 2.0)
    assert len(f.signatures) == 2


def test_disable_compile():
    f = njit(add)
    f(1, 2)
    if not hasattr(f, "disable_compile"):
        pytest.skip("disable_compile is not part of the interface")
    f.disable_compile()
    with pytest.raises(TypeError):
        f((1,), (2,))


def test_recompile():
    scope = {"K": 1}
    exec("def f(x):\n    return x + K\n", scope)
    f = njit(scope["f"])
    assert f(1) == 2 and f(1.0) == 2.0
    scope["K"] = 100
    f.recompile()
    assert f(1) == 101 and f(1.0) == 101.0
    assert len(f.signatures) == 2


def test_stats():
    f = njit(add)
    f(1, 2)
    f.stats


def test_inspect(capsys):
    f = njit(add)
    f(1, 2), f(1.5, 2)
    llvm, asm = f.inspect_llvm(), f.inspect_asm()
    assert set(llvm) == set(asm) == set(f.signatures)
    assert all("define" in text for text in llvm.values())
    assert all("ret" in text for text in asm.values())
    assert f.inspect_llvm(f.signatures[0]) == llvm[f.signatures[0]]
    f.inspect_types()
    text = capsys.readouterr().out
    assert "int64" in text and "float64" in text and "a + b" in text
    with pytest.raises(KeyError):
        f.inspect_llvm((types.complex64,))


def test_inspect_types_to_file(tmp_path):
    f = njit(add)
    f(1, 2)
    with open(tmp_path / "out", "w") as out:
        f.inspect_types(file=out)
    assert "int64" in (tmp_path / "out").read_text()


@pytest.mark.parametrize("what", ["bytecode", "ir", "types", "llvm", "asm"])
def test_dump_variable(what):
    """HOTLOOP_DUMP prints a stage while a program runs."""
    program = "from hotloop import njit\n@njit\ndef twice(x):\n    return x * 2\nprint('answer', twice(21))\n"
    done = subprocess.run([sys.executable, "-c", program], env=_environment(HOTLOOP_DUMP=what), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "answer 42" in done.stdout
    assert "twice" in done.stderr + done.stdout.replace("answer", "")


def _environment(**more):
    import os
    return {**os.environ, "PYTHONSAFEPATH": "1", **more}


def test_attributes_are_refused():
    f = njit(add)
    with pytest.raises(AttributeError):
        f.no_such_attribute
    assert callable(f) and hash(f) == hash(f) and f == f and f != njit(add)


# --- calls -------------------------------------------------------------------------------------------------------------------------------


def test_numpy_scalars_as_arguments():
    f = njit(lambda x: x)
    for dtype in "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128".split():
        x = np.dtype(dtype).type(1)
        assert f(x) == x.item() and type(f(x)) is type(x.item()), dtype
    assert len(f.signatures) == 13


def test_big_integers():
    f = njit(lambda x: x)
    assert f(2**63 - 1) == 2**63 - 1 and f(-2**63) == -2**63
    assert f(2**63) == 2**63 and f(2**64 - 1) == 2**64 - 1     # as uint64
    for x in (2**64, -2**63 - 1, 10**30):
        with pytest.raises((OverflowError, TypeError, ValueError)):
            f(x)


def test_subclasses_of_numbers():
    class I(int):
        pass

    class F(float):
        pass

    f = njit(add)
    assert f(I(1), 2) == 3 and f(F(1.5), 2) == 3.5


def test_refused_arguments():
    f = njit(add)
    for bad in (object(), "text".encode(), {1: 2}, {1}, np.array([object()]), np.array(["a"]), [1, "a"], np.datetime64("2020"),
                memoryview(b"abc"), range, 1 .__add__):
        with pytest.raises((TypeError, hotloop.TypingError)):
            f(bad, 1)
    assert f(1, 2) == 3


def test_array_subclasses_and_views():
    f = njit(lambda a: a.sum())
    assert f(np.arange(4.0).view()) == 6
    assert f(np.arange(4.0)[::-1]) == 6
    m = np.arange(4.0).view(np.memmap) if False else np.arange(4.0)
    assert f(m) == 6


def test_returned_array_is_the_argument():
    a = np.arange(4.0)
    assert njit(lambda a: a)(a) is a
    b = njit(lambda a: a[1:])(a)
    b[0] = 99
    assert a[1] == 99


def test_array_outlives_its_argument():
    f = njit(lambda a: a[2:])
    b = f(np.arange(5.0))
    gc.collect()
    np.zeros(5)
    assert b.tolist() == [2, 3, 4]


def test_returned_new_array_owns_its_memory():
    a = njit(lambda n: np.ones(n))(1000)
    assert a.flags.writeable and a.flags.aligned and a.flags.c_contiguous
    ref = weakref.ref(a)
    b = a[10:]
    del a
    gc.collect()
    assert b.sum() == 990
    del b
    assert ref() is None


# --- pickling ------------------------------------------------------------------------------------------------------------------------------


@njit(nogil=True, error_model="numpy")
def module_level(a, b):
    return a / b


def test_pickle():
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        f = pickle.loads(pickle.dumps(module_level, protocol))
        assert f(1.0, 0.0) == float("inf")
    assert copy.copy(module_level)(1.0, 2.0) == 0.5
    assert copy.deepcopy(module_level)(1.0, 2.0) == 0.5


def test_pickle_in_another_process(tmp_path):
    (tmp_path / "mod.py").write_text("from hotloop import njit\n@njit\ndef f(x):\n    return x * 2\n")
    send = "import pickle, mod; mod.f(1); open('f.pickle', 'wb').write(pickle.dumps(mod.f))"
    take = "import pickle; print(pickle.load(open('f.pickle', 'rb'))(21))"
    import os
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"}
    subprocess.run([sys.executable, "-c", send], cwd=tmp_path, env=env, check=True)
    out = subprocess.run([sys.executable, "-c", take], cwd=tmp_path, env=env, check=True, capture_output=True, text=True)
    assert out.stdout.strip() == "42"


# --- threads and lifetime --------------------------------------------------------------------------------------------------------------------


def test_threads_compile_and_call():
    f = njit(lambda x, y: x * y + 1)
    args = [(2, 3), (2.0, 3), (2, 3.0), (2.0, 3.0), (1j, 2), (True, 2), (np.float32(2), 3), (np.int8(2), 3)]
    errors = []
    start = threading.Barrier(8)

    def work(k):
        try:
            start.wait()
            for i in range(40):
                x, y = args[(i + k) % len(args)]
                if f(x, y) != x * y + 1:
                    errors.append((x, y))
        except Exception as exc:
            errors.append(exc)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors
    assert len(f.signatures) == len(args)


def test_dropped_function_is_freed():
    def make():
        def f(x):
            return x + 1
        return f

    f = make()
    g = njit(f)
    g(1)
    ref = weakref.ref(f)
    del f, g
    gc.collect()
    assert ref() is None


def test_function_dropped_while_callers_live():
    @njit
    def inner(x):
        return x + 1

    def outer(x):
        return inner(x) * 2

    g = njit(outer)
    assert g(1) == 4
    del inner
    gc.collect()
    assert g(5) == 12


# --- typeof and types -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value, text", [
    (1, "int64"), (1.0, "float64"), (True, "bool"), (1j, "complex128"), (None, "none"), (np.float32(1), "float32"),
    (np.uint8(1), "uint8"), (np.bool_(1), "bool"), (2**63, "uint64"),
    (np.zeros(3), "array(float64, 1d, C)"), (np.zeros((3, 2)).T, "array(float64, 2d, F)"),
    (np.zeros((4, 4))[::2, ::2], "array(float64, 2d, A)"), (np.zeros((2, 2, 2), "i2"), "array(int16, 3d, C)"),
    ((1, 2.0), "Tuple(int64, float64)"), ((1, 2), "UniTuple(int64 x 2)"), ([1.0], "list(float64)"),
    ("a", "unicode_type"),
])
def test_typeof(value, text):
    assert str(typeof(value)) == text
    assert typeof(value) == typeof(value) and hash(typeof(value)) == hash(typeof(value))


def test_typeof_refuses():
    with pytest.raises((ValueError, TypeError)):
        typeof(object())


def test_types():
    for name in ("int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128 boolean none "
                 "intp uintp intc i1 i2 i4 i8 u1 u2 u4 u8 f4 f8 c8 c16 b1 void").split():
        assert hasattr(types, name), name
    assert types.intp == types.int64 and types.f8 == types.float64 and types.double == types.float64
    assert types.float64 != types.float32
    assert str(types.float64[:]) == "array(float64, 1d, A)"
    assert str(types.float64[:, ::1]) == "array(float64, 2d, C)"
    assert str(types.float64[::1, :]) == "array(float64, 2d, F)"
    assert str(types.float64(types.int64, types.float32)) == "(int64, float32) -> float64"
    assert types.Array(types.float64, 2, "C") == types.float64[:, ::1]
    assert str(types.Tuple((types.int64, types.float64))) == "Tuple(int64, float64)"
    assert types.UniTuple(types.int64, 3) == types.Tuple((types.int64,) * 3)
    assert typeof(np.zeros(3)) == types.float64[::1]


def test_types_pickle():
    for t in (types.int64, types.float64[:, ::1], types.Tuple((types.int64, types.float64)), typeof([1.0])):
        assert pickle.loads(pickle.dumps(t)) == t


def test_top_level_names():
    for name in ("jit njit prange typeof types int8 int64 uint8 float32 float64 complex64 complex128 boolean intp void "
                 "TypingError __version__").split():
        assert hasattr(hotloop, name), name


def test_prange_outside():
    assert list(hotloop.prange(3)) == [0, 1, 2]


# --- processes -------------------------------------------------------------------------------------------------------------------------------


def test_import_is_light():
    """Neither LLVM nor a heavy module is loaded by the import."""
    program = ("import sys, numpy; before = set(sys.modules); import hotloop; "
               "maps = open('/proc/self/maps').read(); "
               "print('libLLVM' in maps, len(set(sys.modules) - before))")
    out = subprocess.run([sys.executable, "-c", program], env=_environment(), capture_output=True, text=True, check=True).stdout
    llvm, modules = out.split()
    assert llvm == "False" and int(modules) < 30


def test_no_source_and_no_compiler(tmp_path):
    """Machine code is made without a C compiler and without the function's source."""
    program = ("import hotloop\n"
               "code = compile('def f(n):\\n    t = 0\\n    for i in range(n):\\n        t += i\\n    return t', 'gone.py', 'exec')\n"
               "scope = {}\nexec(code, scope)\nprint(hotloop.njit(scope['f'])(10))\n"
               "try:\n    hotloop.njit(lambda x: x.nothing)(1)\nexcept hotloop.TypingError as e:\n    print('error')\n")
    out = subprocess.run([sys.executable, "-c", program], env=_environment(PATH=str(tmp_path)), capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["45", "error"]


def test_fork():
    import os
    f = njit(add)
    assert f(1, 2) == 3
    pid = os.fork()
    if pid == 0:
        os._exit(0 if f(3, 4) == 7 and f(1.5, 2) == 3.5 and njit(lambda x: x * 3)(5) == 15 else 1)
    assert os.waitpid(pid, 0)[1] == 0


def test_error_text():
    def f(a):
        b = a + 1
        return b.no_such

    text = check_error(f, (1.0,), hotloop.TypingError)
    assert "no_such" in text and "test_api.py" in text and "return b.no_such" in text and "^" in text
