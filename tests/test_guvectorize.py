"""@guvectorize: the gufuncs that it makes, against NumPy."""
import gc
import pickle
import subprocess
import sys
import weakref

import numpy as np
import pytest
from harness import laid_out
from ufuncs import largest, plus

from hotloop import float32, float64, guvectorize, int8, int64, njit
from hotloop.errors import SignatureError, TypingError


@guvectorize([(int8[:, :], int8[:, :])], "(n,m)->(n,m)")
def blur(x, out):
    n, m = x.shape
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            out[i, j] = (x[i - 1, j - 1] + x[i - 1, j] + x[i - 1, j + 1] + x[i, j - 1] + x[i, j] + x[i, j + 1]
                         + x[i + 1, j - 1] + x[i + 1, j] + x[i + 1, j + 1]) // 9


def blurred(x):
    n, m = x.shape[-2:]
    wide = x.astype(int)
    return sum(wide[..., 1 + i:n - 1 + i, 1 + j:m - 1 + j] for i in (-1, 0, 1) for j in (-1, 0, 1)) // 9


@guvectorize(["void(float32[:,:], float32[:,:], float32[:,:])", (float64[:, :], float64[:, :], float64[:, :])], "(m,n),(n,p)->(m,p)")
def matmul(a, b, c):
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = a[0, 0] * 0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            c[i, j] = s


@guvectorize([(float64[:], float64[:])], "(n)->(3)")
def extent(x, out):
    out[0], out[1], out[2] = x.min(), x.max(), x.sum()


@guvectorize([(float64[:], float64[:], float64[:])], "(n),(n)->()")
def inner(a, b, out):
    s = 0.0
    for i in range(len(a)):
        s += a[i] * b[i]
    out[0] = s


@guvectorize("(n),()->(n)")
def lazy_plus(x, k, out):
    for i in range(len(x)):
        out[i] = x[i] + k


@guvectorize([(float64[:], float64[:])], "(n)->()", target="parallel")
def positive_sum(x, out):
    s = 0.0
    for v in x:
        s += v
    if s < 0:
        raise ValueError("negative", s)
    out[0] = s


def numbers(*shape, dtype="f8", seed=0):
    r = np.random.default_rng(seed)
    return r.integers(-100, 100, shape).astype(dtype) if np.dtype(dtype).kind in "iu" else r.random(shape).astype(dtype)


def views(a):
    """One array of the same values in many layouts."""
    return {name: laid_out(a, name) for name in ("C", "F", "strided", "negative", "unaligned", "readonly")} | {
        "reversed rows": np.ascontiguousarray(a[..., ::-1])[..., ::-1], "swapped": a.astype(a.dtype.newbyteorder()), "list": a.tolist()}


# --- making ------------------------------------------------------------------------------------------------------------------------

def test_what_it_is():
    assert type(blur) is type(lazy_plus) is np.ufunc
    assert (blur.signature, blur.nin, blur.nout, blur.types, blur.identity) == ("(n,m)->(n,m)", 1, 1, ["b->b"], None)
    assert largest.nout == 2 and largest.types == ["d->dl"] and matmul.types == ["ff->f", "dd->d"]
    assert blur.__name__ == "blur"


@pytest.mark.parametrize("sig", [
    [(float64[:], float64[:])], [(float64[:], float64[::1])], "void(float64[:], float64[:])", "(f8[:], f8[:])", (float64[:], float64[:]),
    ["(float32[:], float32[:])", "(f8[:], f8[:])"]])
def test_forms_of_signatures(sig):
    f = guvectorize(sig, "(n)->(n)")(lambda x, out: doubled(x, out))
    x = np.arange(12.0).reshape(3, 4)
    assert f(x).dtype == np.float64 and (f(x) == 2 * x).all() and (f(x.T) == 2 * x.T).all()


@njit
def doubled(x, out):
    for i in range(len(x)):
        out[i] = 2 * x[i]


def test_options():
    for options in ({"nopython": True}, {"cache": False}, {"fastmath": True}, {"nogil": True}, {"target": "cpu"}, {"target": "parallel"}):
        assert (guvectorize([(float64[:], float64[:])], "(n)->(n)", **options)(lambda x, out: doubled(x, out))(np.ones(3)) == 2).all()
    for options, error in (({"target": "gpu"}, ValueError), ({"nonsense": 1}, TypeError), ({"identity": 7}, ValueError), ({"forceobj": True}, ValueError)):
        with pytest.raises(error):
            guvectorize([(float64[:], float64[:])], "(n)->(n)", **options)(lambda x, out: None)


@pytest.mark.parametrize("layout, what", [
    ("(n)->(n", "position 5"), ("(n)(m)->()", "position 3"), ("->(n)", "position 0"), ("(n)->,", "position 5"), ("(n),", "position 4"), ("(n)->(n)->(n)", "position 8"),
    ("(0)->()", "'0'"), ("(n-1)->()", "'n-1'"), ("(n,)->()", "''"), ("", "position 0"), ("(n)->()x", "position 7"), ("((n))->()", "position 0")])
def test_impossible_layouts(layout, what):
    with pytest.raises(ValueError, match=what):
        guvectorize([(float64[:], float64[:])], layout)


@pytest.mark.parametrize("sig, layout, what", [
    ((float64[:], float64), "(n)->()", "argument 2, 'out'"), ((float64, float64[:]), "(n)->()", "argument 1, 'x'"),
    ((float64[:, :], float64[:]), "(n)->()", r"argument 1, 'x', is array\(float64, 2d, A\)"), ((float64[:],) * 3, "(n)->()", "3 types"),
    ((float64[:], float64[:, :]), "(n)->(n)", "argument 2, 'out'"), ((float64[:], float64[:]), "(n),(n)->()", "3 operands"),
    ((float64[:, :], float64[:]), "()->(n)", "argument 1, 'x'")])
def test_signatures_that_do_not_fit(sig, layout, what):
    with pytest.raises(TypeError, match=what):
        guvectorize([sig], layout)(lambda x, out: None)


def test_wrong_functions():
    for sig, f, error in (("float64(float64[:], float64[:])", lambda x, out: None, TypeError), ("(f8[:]", lambda x, out: None, SignatureError),
                          (3, lambda x, out: None, TypeError), ([(float64[:], float64[:])], lambda x: None, TypeError),
                          ([(float64[:], float64[:])], lambda *x: None, TypeError), ([(float64[:], float64[:])], int, TypeError),
                          ([(float64[:], float64[:])], lambda x, out: 1.0, TypingError), ("(unicode_type, f8[:])", lambda x, out: None, TypeError)):
        with pytest.raises(error):
            guvectorize(sig, "()->(n)" if "unicode" in str(sig) else "(n)->(n)")(f)
    with pytest.raises(TypeError, match="layout"):
        guvectorize([(float64[:], float64[:])], 3)
    for writable in ("y", ["out"], [1], [-1], [True]):
        with pytest.raises(ValueError, match="writable_args"):
            guvectorize([(float64[:], float64[:])], "(n)->(n)", writable_args=writable)(lambda x, out: None)


# --- values ---------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("shape", [(7, 9), (1, 1), (3, 3), (0, 5), (5, 0), (2, 8, 6), (0, 4, 4), (2, 3, 5, 4)])
def test_blur(shape):
    for name, x in views(numbers(*shape, dtype="i1")).items():
        if name == "list" and np.asarray(x).shape != shape:
            continue
        out = np.full(shape, 99, "i1")
        got = blur(np.asarray(x, "i1"), out) if name == "list" else blur(x, out)
        assert got is out and (got[..., 1:-1, 1:-1] == blurred(np.asarray(x))).all()
        assert (got[..., 0, :] == 99).all() if shape[-2] else True


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4"])
def test_matmul_in_every_layout(dtype):
    a, b = numbers(2, 3, 4, dtype=dtype), numbers(4, 5, dtype=dtype, seed=1)
    want = a @ b
    for x in views(a).values():
        for y in views(b).values():
            got = matmul(x, y)
            lists = isinstance(x, list) or isinstance(y, list)
            assert got.dtype == ("f8" if dtype == "i4" or lists else dtype)
            np.testing.assert_allclose(got, want, rtol=1e-5)


def test_broadcasting_and_scalars():
    x, k = numbers(4, 1, 6), numbers(3)
    assert (plus(x, k) == x + k[:, None]).all() and plus(x, k).shape == (4, 3, 6)
    assert (plus(x, 2) == x + 2).all() and (plus(x.astype("f4"), np.int8(2)) == x.astype("f4").astype("f8") + 2).all()
    assert plus(np.zeros((0, 5)), 1.0).shape == (0, 5) and plus(np.zeros((5, 0)), 1.0).shape == (5, 0)
    with pytest.raises(ValueError, match="does not have enough dimensions"):
        plus(1.0, 1.0)


def test_several_outputs_and_keywords():
    x = numbers(5, 7)
    value, place = largest(x)
    assert (value == x.max(1)).all() and (place == x.argmax(1)).all() and place.dtype == np.int64
    value, place = largest(x, axis=0, keepdims=True)
    assert (value == x.max(0, keepdims=True)).all() and (place == x.argmax(0, keepdims=True)).all()
    into = np.zeros(5), np.zeros(5, "i8")
    assert largest(x, out=into) == into and (into[0] == x.max(1)).all()
    a, b = numbers(3, 4, 5), numbers(5, 2, seed=2)
    np.testing.assert_allclose(matmul(np.moveaxis(a, 1, 0), b, axes=[(0, 2), (0, 1), (0, 1)]), np.moveaxis(np.matmul(a, b), 0, -1))
    np.testing.assert_allclose(extent(x), np.stack([x.min(1), x.max(1), x.sum(1)], 1))
    np.testing.assert_allclose(extent(x, axes=[0, 0]), np.stack([x.min(0), x.max(0), x.sum(0)]))
    assert np.allclose(inner(x, x), (x * x).sum(1)) and np.allclose(inner(x, x, axis=0, keepdims=True), (x * x).sum(0, keepdims=True))
    assert plus(x, 1, dtype="f8", casting="same_kind", order="F").flags.f_contiguous


def test_where_is_numpys_to_refuse():
    for call in (lambda: blur.reduce(np.ones((3, 3), "i1")), lambda: blur.accumulate(np.ones(3, "i1")), lambda: inner.outer(np.ones(2), np.ones(2)),
                 lambda: inner.at(np.ones(2), [0], np.ones(2)), lambda: inner(np.ones(2), np.ones(2), where=True)):
        with pytest.raises((RuntimeError, TypeError)):
            call()


def test_writable_args():
    @guvectorize([(float64[:], float64[:])], "(n)->(n)", writable_args=("x",))
    def move(x, out):
        for i in range(len(x)):
            out[i] = x[i]
            x[i] = 0.0

    @guvectorize([(float64[:], float64[:])], "(n)->(n)")
    def forbidden(x, out):
        x[0] = 1.0
    x = np.arange(6.0).reshape(2, 3)
    assert move(x).tolist() == [[0, 1, 2], [3, 4, 5]] and not x.any()
    x = np.arange(6)
    assert move(x).sum() == 15 and not x.any()  # NumPy writes its copy back
    x = np.arange(12.0)[::2]
    assert move(x).sum() == 30 and not x.any()
    with pytest.raises(ValueError, match="read-only"):
        forbidden(x)
    assert not x.any()


@pytest.mark.parametrize("layout", ("(n), (k)", "(n),(k)->"))
@pytest.mark.parametrize("options", ({}, {"target": "parallel"}, {"writable_args": ("out",)}))
@pytest.mark.parametrize("sigs", ((), (["(f8[:], f8[:])"],)))
def test_without_outputs(sigs, layout, options):
    @guvectorize(*sigs, layout, **options)
    def add_to(x, out):
        for i in range(len(x)):
            out[i] += x[i]

    @njit
    def calls(x, out):
        add_to(x, out)
        return out

    assert (add_to.nin, add_to.nout) == (2, 0)
    for name, x in views(numbers(3000, 3)).items():
        if name == "readonly" and not options.get("writable_args"):  # nobody said that x is not written
            with pytest.raises(ValueError, match="read-only"):
                add_to(x, np.ones((3000, 4)))
            continue
        for out in (np.ones((3000, 4)), np.ones((4, 3000)).T, np.ones((3000, 8))[:, ::-2]):
            assert add_to(x, out) == ()
            assert (out[:, :3] == 1 + np.asarray(x)).all() and (out[:, 3] == 1).all()
    x, out = numbers(5, 3), np.ones((5, 4), np.int32)
    add_to(np.arange(15).reshape(5, 3), out)  # where NumPy has to copy, it writes the copy back
    assert out[:, :3].tolist() == (1 + np.arange(15).reshape(5, 3)).tolist()
    assert (calls(x, np.zeros((5, 4)))[:, :3] == x).all()
    with pytest.raises(ValueError, match="read-only"):
        add_to(x, laid_out(np.ones((5, 4)), "readonly"))
    with pytest.raises(IndexError, match="out of bounds"):
        add_to(x, np.ones((5, 2)))


def test_parallel():
    x = numbers(4000, 60)
    want = np.array([sum_of(row) for row in x])
    assert (positive_sum(x) == want).all() and (positive_sum(x[:, ::-2]) == np.array([sum_of(r) for r in x[:, ::-2]])).all()
    x[3000], x[200], x[201] = -1, -2, -3
    for _ in range(20):
        with pytest.raises(ValueError) as e:
            positive_sum(x)
        assert e.value.args == ("negative", -120.0)  # the first one, whichever thread met which
    assert positive_sum(np.ones((2, 3))).tolist() == [3, 3]


@njit
def sum_of(x):
    s = 0.0
    for v in x:
        s += v
    return s


# --- lazy ---------------------------------------------------------------------------------------------------------------------------------

def test_lazy():
    @guvectorize("(n),()->(n)")
    def f(x, k, out):
        for i in range(len(x)):
            out[i] = x[i] + k
    x, o = np.arange(6.0).reshape(2, 3), np.zeros((2, 3))
    with pytest.raises(TypeError, match="outputs of f.. are not known"):
        f(x, 1.0)
    assert f.types == []
    assert f(x, 1.0, o) is o and (o == x + 1).all() and f.types == ["dd->d"]
    assert (f(x, 5) == x + 5).all() and f.types == ["dd->d"]
    i = f(x, 1.5, out=np.zeros((2, 3), "i4"))
    assert i.dtype == np.int32 and (i == (x + 1.5).astype("i4")).all() and f.types == ["dd->d", "dd->i"]
    assert f(x, 1.5, np.zeros((2, 3))).tolist() == (x + 1.5).tolist()
    with pytest.raises(TypeError, match="not known"):
        f(x, 1.0)  # there are two loops now
    assert f(x, 1.0, dtype="f8").dtype == np.float64
    assert f(x.astype("f4"), 2, dtype="f4").dtype == np.float32 and f.types[2:] == ["ff->f"]
    assert f(x, 1, np.zeros((2, 3)), casting="unsafe").dtype == np.float64
    assert f([1, 2], 1, np.zeros(2, "i8")).tolist() == [2, 3] and f.types[3:] == ["ll->l"]


def test_lazy_shapes():
    for shape in ((3,), (0,), (2, 3), (2, 0), (4, 1, 2)):
        x, o = numbers(*shape), np.empty(shape)
        assert (lazy_plus(x, 2.0, o) == x + 2).all()
        assert (lazy_plus(x[..., ::-1], 2.0, o) == x[..., ::-1] + 2).all()
        assert (lazy_plus(x, 2.0, x) == o[..., ::-1]).all()  # in place


def test_lazy_bad_input():
    x = np.ones(3)
    frozen = np.ones(3)
    frozen.flags.writeable = False
    for args, error in (((x, 1.0, frozen), ValueError), ((x, 1.0, np.ones(4)), ValueError), ((x,), TypeError), ((x, 1.0, x, x), TypeError),
                        ((np.array([None]), 1.0, np.ones(1)), TypeError), ((x, "a", np.ones(3)), TypeError), ((x, 1.0, [1, 2, 3]), TypeError)):
        with pytest.raises(error):
            lazy_plus(*args)
    with pytest.raises(TypeError):
        lazy_plus(x, 1.0, nonsense=1)
    assert (frozen == 1).all() and (x == 1).all()


# --- bad input ------------------------------------------------------------------------------------------------------------------------------

def test_bad_input():
    frozen = np.zeros((3, 3), "i1")
    frozen.flags.writeable = False
    a = np.ones((3, 4))
    for call, error, what in (
            (lambda: blur(np.ones((3, 3))), TypeError, "safe"), (lambda: blur(np.ones(3, "i1")), ValueError, "enough dimensions"),
            (lambda: blur(np.array([[None]])), TypeError, "."), (lambda: blur(np.ones((3, 3), "i1"), frozen), ValueError, "read-only"),
            (lambda: matmul(a, a), ValueError, "mismatch in its core dimension 0"), (lambda: matmul(a, a.T, out=np.ones((4, 4))), ValueError, "."),
            (lambda: matmul(a, a.T, out=np.ones((3, 3), "i4")), TypeError, "(?i)cast"), (lambda: extent(np.ones(4), out=np.ones(2)), ValueError, "."),
            (lambda: matmul(a), TypeError, "."), (lambda: matmul("a", a), TypeError, "."), (lambda: matmul(a, np.datetime64("2020")), TypeError, "."),
            (lambda: plus(np.ones((2, 3)), np.ones(3)), ValueError, "broadcast"), (lambda: inner(a, a, axis=7), np.exceptions.AxisError, ".")):
        with pytest.raises(error, match=what):
            call()
    assert not frozen.any() and (a == 1).all()


def test_overlap():
    for shift in (0, 1, 4, 5, -1, -4):
        big = numbers(40, dtype="i1")
        image, to = big[8:32].reshape(6, 4), big[8 + shift:32 + shift].reshape(6, 4)
        want = blurred(image.copy())
        blur(image, to)
        assert (to[1:-1, 1:-1] == want).all()
    x = np.arange(10.0)
    plus(x[:-1], 1.0, x[1:])
    assert x.tolist() == [0] + [i + 1.0 for i in range(9)]


def test_exceptions_surface():
    @guvectorize([(float64[:], float64[:])], "(n)->(n)")
    def picky(x, out):
        for i in range(len(x)):
            if x[i] > 90:
                raise ValueError("too large", i)
            out[i] = x[len(x) - i - 1 + 20 * (x[i] > 80)]
    x = np.arange(60.0).reshape(6, 10)
    assert (picky(x) == x[:, ::-1]).all()
    for bad, error in ((95, ValueError), (85, IndexError)):
        x[4, 0] = bad
        for v in (x, x[:, ::-1], x.astype(">f8"), x[4]):
            with pytest.raises(error):
                picky(v)


# --- life ---------------------------------------------------------------------------------------------------------------------------------------

def test_pickle():
    assert pickle.loads(pickle.dumps(blur)) is blur
    scale = 3.0

    def scaled(x, out):
        for i in range(len(x)):
            out[i] = scale * x[i]
    for f in (guvectorize([(float64[:], float64[:])], "(n)->(n)")(scaled), guvectorize("(n)->(n)", writable_args=(0,))(scaled)):
        data = pickle.dumps(f)
        assert pickle.loads(data) is f
        program = ("import sys, pickle, numpy as np; f = pickle.load(sys.stdin.buffer); o = np.zeros(2); f(np.ones(2), o); "
                   "print(type(f) is np.ufunc, o.tolist(), f.types, f.signature)")
        out = subprocess.run([sys.executable, "-c", program], input=data, capture_output=True, check=True).stdout.decode()
        assert out.strip() == "True [3.0, 3.0] ['d->d'] (n)->(n)"


def test_freed():
    def make(lazy):
        def local(x, out):
            out[0] = x[0]
        f = guvectorize("(n)->()")(local) if lazy else guvectorize([(float32[:], float32[:])], "(n)->()")(local)
        f(np.ones(2, "f4"), np.zeros((), "f4"))
        return weakref.ref(local)
    refs = [make(True), make(False)]
    gc.collect()
    assert [r() for r in refs] == [None, None]


def test_overrides():
    class Mine:
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            return ufunc.__name__, method, len(inputs)
    assert plus(Mine(), 1) == ("plus", "__call__", 2)
    assert lazy_plus(Mine(), 1, np.ones(2)) == ("lazy_plus", "__call__", 2)
    assert lazy_plus(np.ones(2), 1, out=(Mine(),)) == ("lazy_plus", "__call__", 2)


def test_dimensions_that_may_be_missing():
    f = guvectorize([(float64[:, :], float64[:, :], float64[:, :])], "(m?,n),(n,p?)->(m?,p?)")(lambda a, b, c: product(a, b, c))
    a, b = numbers(3, 4), numbers(4, 2)
    for x in (a, a[0]):
        for y in (b, b[:, 1]):
            np.testing.assert_allclose(f(x, y), x @ y)


@njit
def product(a, b, c):
    c[:] = 0.0
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for k in range(a.shape[1]):
                c[i, j] += a[i, k] * b[k, j]


def test_numbers_of_other_kinds_and_indices():
    @guvectorize(["void(complex128[:], complex128[:], boolean[:])"], "(n),()->(n)")
    def near(a, b, out):
        for i in range(len(a)):
            out[i] = abs(a[i] - b[0]) < 0.5

    @guvectorize([(float64[:, :], int64, float64[:])], "(n,m),()->(m)")
    def row(x, k, out):
        out[:] = x[k]
    assert near([1j, 2, 3], 2).tolist() == [False, True, False] and near.types == ["DD->?"]
    x = numbers(2, 3)
    assert (row(x, [0, 1, -1]) == x[[0, 1, -1]]).all()
    for k in (2, -3):
        with pytest.raises(IndexError, match="out of bounds"):
            row(x, k)


# --- layouts without dimensions -----------------------------------------------------------------------------------------------------------


@guvectorize([(float64, float64, float64[:])], "(),()->()")
def added(x, y, out):
    out[0] = x + y


@guvectorize([(float64[:], float64[:])], "()->()", target="parallel")
def squared(x, out):
    out[0] = x[0] * x[0]


@guvectorize("(),()->()")
def lazy_added(x, y, out):
    out[0] = x + y


def test_no_core_dimensions():
    """To NumPy such a gufunc is an element-wise ufunc: `signature` is None, and it reduces."""
    a = numbers(4, 5)
    assert added.signature is None and added.types == ["dd->d"]
    assert (added(a, a[0]) == a + a[0]).all() and (added.reduce(a) == np.add.reduce(a)).all()
    assert (added.accumulate(a, axis=1) == np.add.accumulate(a, axis=1)).all() and (added.outer(a[0], a[1]) == np.add.outer(a[0], a[1])).all()
    assert (lazy_added(a, 1, np.zeros_like(a)) == a + 1).all() and (pickle.loads(pickle.dumps(lazy_added))(a, 1) == a + 1).all()
    x = np.arange(10.0)
    added(x[:-1], 5, x[1:])
    assert x.tolist() == [0, *range(5, 14)]
    x = np.arange(300_000.0)
    assert (squared(x) == x * x).all()

    @njit
    def f(x, y):
        return added(x, y), squared(x)
    got = f(a, a)
    assert (got[0] == a + a).all() and (got[1] == a * a).all() and f(2.0, 3) == (5.0, 4.0)
