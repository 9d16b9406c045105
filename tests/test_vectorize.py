"""@vectorize: the ufuncs that it makes, against np.vectorize and NumPy's own."""
import gc
import math
import os
import pickle
import subprocess
import sys
import threading
import warnings
import weakref

import numpy as np
import pytest
from harness import laid_out

from hotloop import complex128, float32, float64, get_num_threads, int32, int64, njit, set_num_threads, vectorize
from hotloop.config import NUMBA_NUM_THREADS
from hotloop.errors import SignatureError, TypingError


def clip_py(y, a, b):
    if y < a:
        return a
    if y > b:
        return b
    return y


def gauss_py(x, mean, sigma):
    return math.exp(-0.5 * ((x - mean) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))


def add_py(a, b):
    return a + b


def picky_py(a, b):
    if a > 90:
        raise ValueError("too large")
    return a + b


add = vectorize(["float32(float32,float32)", float64(float64, float64)], identity=0)(add_py)
by_name = vectorize(add_py)


@vectorize(identity=1)
def times(a, b):
    return a * b





def pair_in_a_variable(a):
    pair = a, a + 1
    return pair


# --- making ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("sig, types", [
    ("float32(float32,int32)", ["fi->f"]), (float32(float32, int32), ["fi->f"]), ("(f4, i4)", ["fi->d"]),
    (["int32(int32,int32)", float64(float64, float64)], ["ii->i", "dd->d"]), ([int64(int32, int32)], ["ii->l"]),
    (complex128(complex128, float64), ["Dd->D"]), ("b1(b1,u1)", ["?B->?"])])
def test_eager_signatures(sig, types):
    f = vectorize(sig)(lambda a, b: a + b)
    assert type(f) is np.ufunc and f.types == types and (f.nin, f.nout, f.ntypes, f.identity) == (2, 1, len(types), None)
    given = [np.array([1, 0], c) for c in types[0][:2]]
    assert f(*given).dtype.char == types[0][-1]
    assert f(*given).tolist() == (given[0] + given[1]).astype(types[0][-1]).tolist()


def test_lazy_compiles_once_per_combination():
    f = vectorize(add_py)
    assert type(f) is np.ufunc and f.ntypes == 0
    f(1.0, 2.0), f(np.ones(3), 2.0), f(np.ones((2, 2)), np.ones(2))
    assert f.types == ["dd->d"]
    assert f(1, 2) == 3 and isinstance(f(1, 2), np.int64) and f.types == ["dd->d", "ll->l"]
    assert f(np.float32(1), 2).dtype == np.float32 and f(2.5, np.ones(1, "f4")).dtype == np.float32 and f.types[2:] == ["ff->f"]
    assert f(np.ones(2, "F"), 1.5).dtype == np.complex64
    assert f(np.float16(1), np.float16(2)).dtype == np.float32
    with pytest.raises(OverflowError):
        f(np.int8(1), 1000)


def test_forms_of_the_decorator():
    @vectorize
    def bare(a):
        """Doc."""
        return a + 1

    @vectorize()
    def empty(a):
        return a + 1

    @vectorize(nopython=True, fastmath=True, target="cpu", cache=False)
    def options(a):
        return a + 1
    assert bare(1) == empty(1) == options(1) == vectorize(njit(lambda a: a + 1))(1) == 2
    assert bare.__name__ == "bare" and "Doc." in bare.__doc__


def test_options_refused():
    for kwargs, error in (({"target": "cuda"}, ValueError), ({"identity": 7}, ValueError), ({"identity": "x"}, ValueError),
                          ({"nonsense": 1}, TypeError), ({"forceobj": True}, ValueError)):
        with pytest.raises(error):
            vectorize(**kwargs)(add_py)


@pytest.mark.parametrize("sig, error", [
    ("float32(float32", SignatureError), ("nonsense(f8)", SignatureError), ("f8(f8)", TypeError), ("f8[:](f8,f8)", TypeError),
    ("f8(f8[:],f8)", TypeError), (3, TypeError), ([3], TypeError), ("unicode_type(f8,f8)", TypeError), (["f8(f8,f8)", "x"], Exception)])
def test_wrong_signatures(sig, error):
    with pytest.raises(error):
        vectorize(sig)(add_py)


def test_wrong_functions():
    for f in (lambda *a: 1, lambda a, *, b: a, lambda: 1, int, "f8("):
        with pytest.raises((TypeError, SignatureError)):
            vectorize(f)(1)
    with pytest.raises(TypingError, match="number"):
        vectorize(lambda a: (a, None))(1.0)
    with pytest.raises(TypingError, match="spelled out"):
        vectorize(pair_in_a_variable)(1.0)
    with pytest.raises(TypingError, match="number"):
        vectorize(lambda a: None)(1.0)


# --- values: every layout, against np.vectorize -------------------------------------------------------------------------------

def layouts(dtype):
    a = (np.arange(1, 1201) % 97).astype(dtype)
    return {"contiguous": a, "strided": a[::3], "reversed": a[::-1], "scalar": a[5], "0-d": np.array(a[5]), "one": a[:1], "empty": a[:0],
            "2-d": a.reshape(40, 30), "fortran": a.reshape(30, 40).T, "swapped": a.astype(np.dtype(dtype).newbyteorder()), "broadcast":
            np.broadcast_to(a[:30], (40, 30)), "unaligned": laid_out(a, "unaligned"), "readonly": laid_out(a, "readonly")}


@pytest.mark.parametrize("dtype", ["i1", "u2", "i4", "i8", "u8", "f4", "f8", "c8", "c16", "?"])
@pytest.mark.parametrize("f", [add_py, lambda a, b: a * b + a])
def test_layouts(f, dtype):
    u = vectorize(f)
    rows = layouts(dtype)
    for left in rows.values():
        for right in (rows["scalar"], rows["contiguous"], left):
            try:
                np.broadcast_shapes(left.shape, right.shape)
            except ValueError:
                continue
            got = u(left, right)
            wide = {"b": "i8", "i": "i8", "u": "u8" if dtype == "u8" else "i8"}.get(np.dtype(dtype).kind, dtype)
            want = f(np.asarray(left).astype(wide), np.asarray(right).astype(wide))
            assert type(got) is type(want) and got.shape == want.shape and got.dtype == want.dtype
            np.testing.assert_allclose(got, want, rtol=1e-6)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 255, 256, 257, 1000, 4096])
def test_clip_with_constants(n):
    clip = vectorize(["int32(int32,int32,int32)", "float32(float32,float32,float32)", "float64(float64,float64,float64)"])(clip_py)
    for dtype in "i4", "f4", "f8":
        y = np.arange(n).astype(dtype)
        for a, b in ((3, 300), (y, 300), (3, y), (y[::-1], y)):
            got, want = clip(y, a, b), np.where(y < a, a, np.where(y > b, b, y)).astype(dtype)
            assert got.dtype == want.dtype and (got == want).all()
    want = np.vectorize(clip_py, otypes="d")(np.arange(n) * 1.0, 3.5, 9.25) if n else np.zeros(0)
    assert (clip(np.arange(n) * 1.0, 3.5, 9.25) == want).all()


def test_gaussian_density():
    g = vectorize("float32(float32,float32,float32)")(gauss_py)
    x = np.linspace(-3, 3, 10001, dtype="f4")
    want = np.exp(-0.5 * ((x.astype("f8") - 0.5) / 1.5) ** 2) / (1.5 * np.sqrt(2 * np.pi))
    for args in ((x, 0.5, 1.5), (x, np.float32(0.5), np.full_like(x, 1.5))):
        got = g(*args)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, want, rtol=3e-6)


def test_loops_calls_and_recursion_inside():
    @njit
    def square(a):
        return a * a

    @vectorize
    def power(a, n):
        r = 1.0
        for _ in range(n):
            r *= a
        return r + square(a)

    @vectorize("i8(i8)")
    def fib(n):
        return n if n < 2 else fib_scalar(n - 1) + fib_scalar(n - 2)
    a = np.linspace(0, 2, 50)
    np.testing.assert_allclose(power(a, np.arange(50)), a ** np.arange(50) + a * a, rtol=1e-12)
    assert fib(np.arange(10)).tolist() == [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]


@njit
def fib_scalar(n):
    return n if n < 2 else fib_scalar(n - 1) + fib_scalar(n - 2)


# --- what NumPy does with a ufunc ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("ours, numpys", [(add, np.add), (times, np.multiply)])
def test_methods(ours, numpys):
    a, b = np.random.default_rng(1).random((6, 8)), np.random.default_rng(2).random(8)
    for call in (lambda f: f(a, b), lambda f: f.reduce(a), lambda f: f.reduce(a, axis=1, keepdims=True), lambda f: f.reduce(a, axis=None),
                 lambda f: f.reduce(np.zeros(0)), lambda f: f.reduce(a, initial=3.0), lambda f: f.reduce(a, axis=0, where=a > 0.5),
                 lambda f: f.accumulate(a, axis=1), lambda f: f.accumulate(b), lambda f: f.reduceat(b, [0, 3, 5]), lambda f: f.outer(b, b),
                 lambda f: f(a, b, where=a > 0.5, out=np.zeros_like(a)), lambda f: f(a, 1, dtype="f4", casting="same_kind"),
                 lambda f: f(a, b, out=np.empty((6, 8), "f4"), casting="same_kind"), lambda f: f(a.T, 2.0, order="F"),
                 lambda f: f(a[:, ::2], a[:, 1::2]), lambda f: f(a.astype("f4"), 2), lambda f: f(3, 2.5), lambda f: f(a, b[:, None, None])):
        got, want = call(ours), call(numpys)
        assert got.dtype == want.dtype and got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=1e-6)
        if isinstance(want, np.ndarray):
            assert got.flags.c_contiguous == want.flags.c_contiguous
    assert ours.identity == numpys.identity


def test_at_and_overlap():
    for ours, numpys in (add, np.add), (times, np.multiply):
        x, y = np.arange(1.0, 600), np.arange(1.0, 600)
        ours.at(x, [0, 0, 5], 2.0), numpys.at(y, [0, 0, 5], 2.0)
        assert (x == y).all()
        ours(x[1:], x[:-1], out=x[1:]), numpys(y[1:], y[:-1], out=y[1:])
        ours(x, x, out=x), numpys(y, y, out=y)
        ours(x, x[3], out=x), numpys(y, y[3], out=y)
        ours(x[::-1], x, out=x), numpys(y[::-1], y, out=y)
        np.testing.assert_array_equal(x, y)


def test_reductions_of_integers_and_bool():
    f = vectorize(identity=0)(add_py)
    for dtype in "i1", "i4", "u8", "?", "i8":
        a = np.arange(24).reshape(4, 6).astype(dtype)
        for axis in 0, 1, None:
            got = f.reduce(a, axis=axis)
            assert (got == a.sum(axis=axis)).all() and got.dtype == ("u8" if dtype == "u8" else "i8")
    unordered = vectorize(add_py)
    with pytest.raises(ValueError, match="not reorderable"):
        unordered.reduce(np.ones((2, 2)), axis=None)
    with pytest.raises(ValueError, match="identity"):
        unordered.reduce(np.ones(0))
    assert vectorize(identity="reorderable")(add_py).reduce(np.ones((2, 2)), axis=None) == 4


def test_overrides():
    class Mine:
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            return ufunc.__name__, method, len(inputs)
    assert add(Mine(), 1) == ("add_py", "__call__", 2)
    assert times.reduce(Mine()) == ("times", "reduce", 1)
    masked = add(np.ma.array([1.0, 2.0], mask=[0, 1]), 1.0)
    assert isinstance(masked, np.ma.MaskedArray)


def test_ecosystem():
    da = pytest.importorskip("dask.array")
    x = da.arange(1000, chunks=100).astype("f8")
    assert (add(x, 1.0).compute() == np.arange(1000) + 1.0).all()
    assert (times(x, x).compute(scheduler="processes", num_workers=2) == np.arange(1000.0) ** 2).all()


# --- several outputs ---------------------------------------------------------------------------------------------------------------

@vectorize
def divided(a, b):
    return a // b, a % b


def test_several_outputs():
    eager = vectorize(["UniTuple(int64, 2)(int64, int64)", "Tuple((float64, float64))(float64, float64)"])(lambda a, b: quotient(a, b))
    for f in (divided, eager):
        assert (f.nin, f.nout) == (2, 2) and type(f) is np.ufunc
        for rows in (layouts("i8"), layouts("f8")):
            for a in rows.values():
                b = a.dtype.type(7)
                q, r = f(a, b)
                wq, wr = np.divmod(a, b)
                np.testing.assert_array_equal(q, wq)
                np.testing.assert_array_equal(r, wr)
                assert q.dtype == wq.dtype and r.dtype == wr.dtype
    assert eager.types == ["ll->ll", "dd->dd"]
    a, q, r = np.arange(12.0), np.zeros(12), np.zeros(12, "f4")
    assert divided(a, 5, out=(q, None))[0] is q and (q == a // 5).all()
    assert divided(a, 5, q, r, casting="same_kind")[1] is r
    assert (r == a % 5).all()
    got = divided(a, 5, where=a > 6, out=(np.full(12, -1.0), np.full(12, -1.0)))
    assert (got[0] == np.where(a > 6, a // 5, -1)).all()
    assert divided.outer(a, a[1:3])[1].shape == (12, 2)
    assert divided(np.arange(3), 2, dtype="f8")[0].dtype == np.float64
    with pytest.raises(ValueError, match="reduce only supported"):
        divided.reduce(a)
    mixed = vectorize("Tuple((int64, boolean, complex64))(float32)")(lambda x: (x, x > 1, x))
    assert mixed.types == ["f->l?F"] and [v.tolist() for v in mixed(np.array([0.5, 2], "f4"))] == [[0, 2], [False, True], [0.5, 2]]


@njit
def quotient(a, b):
    return a // b, a % b


def test_how_many_outputs():
    one_constant = vectorize(lambda a: (1, 2.5))
    assert one_constant.nout == 2 and one_constant(3) == (1, 2.5)
    assert vectorize(lambda a: (a, a, a) if a > 1 else (a, 0, 1)).nout == 3
    with pytest.raises(TypeError, match="differ in the number of results"):
        vectorize(["f8(f8)", "UniTuple(f8, 2)(f8)"])(lambda a: a)
    with pytest.raises(TypingError):
        vectorize("UniTuple(f8, 2)(f8)")(lambda a: a)


# --- target="parallel" ----------------------------------------------------------------------------------------------------------------

def test_parallel_gives_the_same_bits():
    serial, parallel = (vectorize(["f4(f4,f4,f4)", "f8(f8,f8,f8)"], target=t)(gauss_py) for t in ("cpu", "parallel"))
    r = np.random.default_rng(3)
    before = get_num_threads()
    try:
        for n in (0, 1, 255, 256, 4095, 70_000, 300_001):
            for dtype in "f4", "f8":
                x = r.uniform(-3, 3, n).astype(dtype)
                want = serial(x, 0.5, 1.5)
                for threads in range(1, NUMBA_NUM_THREADS + 1):
                    set_num_threads(threads)
                    for v, w in ((x, want), (x[::-1], want[::-1]), (x[::3], want[::3])):
                        got = parallel(v, 0.5, 1.5)
                        assert got.tobytes() == serial(v, 0.5, 1.5).tobytes()
                        np.testing.assert_allclose(got, w, rtol=1e-6)
    finally:
        set_num_threads(before)


def test_parallel_keeps_to_the_order_where_it_matters():
    p = vectorize(["f8(f8,f8)"], identity=0, target="parallel")(add_py)
    x = np.arange(400_000.0)
    assert p.reduce(x) == x.sum() and (p.accumulate(x) == np.add.accumulate(x)).all()
    assert (p.reduce(x.reshape(2, -1), axis=0) == x.reshape(2, -1).sum(0)).all()
    want = x[1:] + x[:-1]
    p(x[1:], x[:-1], out=x[1:])
    assert (x[1:] == want).all()
    y = np.zeros(10)
    p.at(y, np.zeros(300_000, int), 1.0)
    assert y[0] == 300_000
    assert (p(x, x, out=x) == np.concatenate([[0], 2 * want])).all()


def test_parallel_exceptions():
    p = vectorize("f8(f8,f8)", target="parallel")(picky_where)
    x = np.zeros(600_000)
    x[[599_999, 300_000, 100_000, 100_001]] = 93, 92, 91, 94
    for _ in range(10):
        with pytest.raises(ValueError) as e:
            p(x, 1.0)
        assert e.value.args == ("too large", 91.0)
    assert (p(np.zeros_like(x), 1.0) == 1).all()


def picky_where(a, b):
    if a > 90:
        raise ValueError("too large", a)
    return a + b


def test_parallel_from_many_threads_and_after_fork():
    program = """
import os, threading, numpy as np
from hotloop import vectorize
p = vectorize("f8(f8,f8)", target="parallel")(lambda a, b: a * b + 1)
x = np.arange(500_000.0)
def work():
    for _ in range(20):
        assert (p(x, 2.0) == x * 2 + 1).all()
threads = [threading.Thread(target=work) for _ in range(6)]
[t.start() for t in threads], [t.join() for t in threads]
pid = os.fork()
if pid == 0:
    work()
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
work()
print("done")
"""
    out = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, timeout=120, env={**os.environ, "HOTLOOP_NUM_THREADS": "3"})
    assert out.stdout == b"done\n", out.stderr


def test_options():
    for options in ({"fastmath": True}, {"nogil": True}, {"cache": False}, {"nopython": True}, {"boundscheck": True}, {"target": "parallel", "fastmath": True}):
        f = vectorize("f8(f8,f8,f8)", **options)(gauss_py)
        np.testing.assert_allclose(f(np.linspace(-2, 2, 1001), 0.5, 1.5), vectorize("f8(f8,f8,f8)")(gauss_py)(np.linspace(-2, 2, 1001), 0.5, 1.5), rtol=1e-14)
        assert pickle.loads(pickle.dumps(f)) is f
    # reassociation is what fastmath allows
    exact, fast = (vectorize("f8(f8,f8)", fastmath=o)(lambda a, b: (a + b) - a) for o in (False, True))
    assert exact(1e17, 1.0) == 0 and fast(1e17, 1.0) in (0, 1)


def test_error_model():
    f = vectorize(lambda a, b: (a / b, math.log(a)))
    with np.errstate(all="raise"):  # loops set no floating-point flags
        q, l = f(np.array([1.0, -1.0, 0.0]), np.array([0.0, 0.0, 0.0]))
    assert q[0] == np.inf and q[1] == -np.inf and np.isnan(q[2]) and np.isnan(l[1]) and l[2] == -np.inf
    assert vectorize(lambda a, b: a // b)(np.array([5, 6]), 0).tolist() == [0, 0]


# --- errors ----------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("decorate", [vectorize, vectorize("f8(f8,f8)")])
def test_exceptions_surface(decorate):
    f = decorate(picky_py)
    ramp = np.arange(100.0)
    for call in (lambda: f(99.0, 1.0), lambda: f(ramp, 1.0), lambda: f(ramp[::2], ramp[::2]), lambda: f(ramp.astype(">f8"), 1.0),
                 lambda: f.reduce(ramp), lambda: f.accumulate(ramp), lambda: f.outer(ramp, ramp), lambda: f.at(ramp.copy(), [99], 1.0),
                 lambda: f(ramp.reshape(10, 10).T, 1.0), lambda: f.reduceat(ramp, [0, 50])):
        with pytest.raises(ValueError, match="too large"):
            call()
    assert (f(ramp[:50], ramp[:50]) == 2 * ramp[:50]).all()


def test_bad_input():
    out = np.zeros(3)
    out.flags.writeable = False
    for f in (add, times, np.add):
        for bad in (object(), np.array([None]), "text", np.datetime64("2020-01-01"), None):
            if f is not np.add or isinstance(bad, str):
                with pytest.raises(TypeError):
                    f(bad, 1.0)
        with pytest.raises(ValueError, match="read-only"):
            f(1.0, np.ones(3), out=out)
        with pytest.raises(ValueError, match="broadcast"):
            f(np.ones(3), np.ones(4))
        with pytest.raises(TypeError, match="(?i)cast"):
            f(np.ones(3), np.ones(3), out=np.zeros(3, "i4"))
        with pytest.raises(TypeError):
            f(1.0)
        with pytest.raises(TypeError):
            f(1.0, 2.0, nonsense=3)
    narrow = vectorize("f4(f4)")(lambda a: a)
    with pytest.raises(TypeError, match="safe"):
        narrow(np.ones(2))
    assert narrow(np.ones(2), signature="f->f", casting="same_kind").dtype == np.float32
    assert not out.any()


def test_no_warnings_from_branches():
    @vectorize
    def inverse(a):
        return 1 / a if a != 0 else 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert inverse(np.array([0.0, 2.0] * 100))[:2].tolist() == [0.0, 0.5]
        assert vectorize(lambda a, b: a / b)(np.ones(9), 0.0)[3] == np.inf


# --- life ------------------------------------------------------------------------------------------------------------------------

def test_pickle_by_name():
    assert pickle.loads(pickle.dumps(times)) is times
    assert pickle.loads(pickle.dumps(np.add)) is np.add


def test_pickle_by_code():
    offset = 3

    def shifted(a, b):
        return a + b + offset
    for f in (vectorize(shifted, ), vectorize(["f4(f4,f4)"], identity=1)(shifted)):
        data = pickle.dumps(f)
        assert pickle.loads(data) is f
        program = ("import sys, pickle, numpy as np; f = pickle.load(sys.stdin.buffer); "
                   "print(type(f) is np.ufunc, f(np.float32(1), np.float32(2)), f.types, f.identity, f is pickle.loads(pickle.dumps(f)))")
        out = subprocess.run([sys.executable, "-c", program], input=data, capture_output=True, check=True).stdout.decode()
        assert out.split() == ["True", "6.0", "['ff->f']", str(f.identity), "True"]


def test_freed():
    def make():
        def local(a):
            return a + 1
        f = vectorize(local)
        f(1), f(1.0)
        return weakref.ref(local)
    ref = make()
    gc.collect()
    assert ref() is None


def test_threads():
    f = vectorize(add_py)
    a, results = np.arange(1000.0), []

    def work(dtype):
        results.append((f(a.astype(dtype), 1) == a + 1).all())
    threads = [threading.Thread(target=work, args=(d,)) for d in ("f8", "f4", "i4", "f8", "i8", "f4")]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == [True] * 6 and len(f.types) == 4


def test_import_is_lazy():
    code = "import sys, hotloop; print('hotloop.ufunc' in sys.modules); hotloop.vectorize; print('hotloop.ufunc' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.split() == [b"False", b"True"]


# --- from compiled code ------------------------------------------------------------------------------------------------------------

def test_called_from_compiled_code():
    narrow = vectorize(["int32(float32)", "float64(float64)"])(lambda a: a * 2.5)

    @njit
    def f(a, n):
        return times(a, n), add(a, n), narrow(n)

    @njit
    def total(xs):
        s = 0.0
        for x in xs:
            s += add(x, 1.0)
        return s
    assert f(1.5, 2) == (3.0, 3.5, 5.0)
    assert f(np.float32(1.5), np.float32(3)) == (4.5, 4.5, 7)
    assert total(np.ones(3)) == 6.0

    @vectorize
    def outer(a):
        return times(a, a)
    assert outer(np.arange(4)).tolist() == [0, 1, 4, 9]
