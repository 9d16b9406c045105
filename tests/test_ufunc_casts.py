"""Calls of ufuncs and gufuncs in compiled code with operands of other dtypes: the loop, casts and refusals are those of the call from Python."""
import itertools

import numpy as np
import pytest
from ufuncs import plus

from hotloop import float32, float64, guvectorize, int64, njit, vectorize
from hotloop.errors import TypingError

DTYPES = "?bhilBHILfdFD"
SIGNATURES = [
    ["f4(f4,f4)"], ["f4(f4,f4)", "f8(f8,f8)"], ["f8(f8,f8)", "f4(f4,f4)"], ["i4(i4,i4)", "f8(f8,f8)"], ["i8(i8,i8)", "f4(f4,f4)"],
    ["i1(i1,i1)", "u1(u1,u1)", "i8(i8,i8)", "c16(c16,c16)"], ["f8(i4,f8)", "f8(f8,i4)"], ["u8(u8,u8)"], ["b1(b1,b1)", "f4(f4,f4)"]]


@guvectorize([(float32[:], float32, float32[:]), (float64[:], float64, float64[:])], "(n),()->(n)")
def plus2(x, k, out):
    for i in range(len(x)):
        out[i] = x[i] + k


@guvectorize([(int64[:], int64, int64[:]), (float32[:], float32, float32[:])], "(n),()->(n)")
def plus3(x, k, out):
    for i in range(len(x)):
        out[i] = x[i] + k


@guvectorize([(float64[:], float64[:])], "(n)->()", writable_args=("x",))
def take(x, out):
    out[0] = x[0]
    x[0] = -1


@guvectorize([(float64[:], float64, float64[:])], "(n),()->(n)")
def picky(x, k, out):
    for i in range(len(x)):
        out[i] = x[i] + k
        if x[i] > 90:
            raise ValueError("too large", x[i])


def outcome(f, *args):
    """dtype and values, or whether it is refused for its types (by the compiler with a TypingError) or for its shapes."""
    try:
        r = f(*args)
    except (TypeError, OverflowError, TypingError):
        return "types"
    except ValueError:
        return "shapes"
    return [(np.asarray(v).dtype if np.ndim(v) else None, np.asarray(v).tolist()) for v in (r if isinstance(r, tuple) else (r,))]


@pytest.mark.parametrize("signatures", SIGNATURES, ids=" ".join)
def test_loop_of_a_ufunc(signatures):
    @vectorize(signatures)
    def add(a, b):
        return a + b

    @njit
    def call(a, b):
        return add(a, b)
    arrays = [np.ones(2, d) for d in DTYPES] + [np.array(2, "f4"), np.array(2)]
    for a, b in itertools.product(arrays, arrays):
        assert outcome(call, a, b) == outcome(add, a, b), (a.dtype, b.dtype)
    for a, b in itertools.product(arrays, (1, 2.5, True, 1j)):
        assert outcome(call, a, b) == outcome(add, a, b), (a.dtype, b)


@pytest.mark.parametrize("number", ["1", "2.5", "True", "1j", "-1", "300"])
@pytest.mark.parametrize("signatures", [SIGNATURES[k] for k in (1, 5, 6, 7)], ids=" ".join)
def test_literals_beside_arrays(signatures, number):
    @vectorize(signatures)
    def add(a, b):
        return a + b
    call = eval(f"njit(lambda a: add(a, {number}))", {"njit": njit, "add": add})
    for d in "?bhlBLfd":
        assert outcome(call, np.ones(2, d)) == outcome(add, np.ones(2, d), eval(number)), d


@pytest.mark.parametrize("gufunc", [plus, plus2, plus3], ids=lambda g: g.__name__ + str(len(g.types)))
def test_loop_of_a_gufunc(gufunc):
    @njit
    def call(x, k):
        return gufunc(x, k)
    others = [1, 2.5, 1j, np.array([1.0, 2.0]), np.array([1, 2], "i2"), np.array(3, "f4"), np.array(3, "u8")]
    for d, k in itertools.product(DTYPES, others):
        assert outcome(call, np.arange(3).astype(d), k) == outcome(gufunc, np.arange(3).astype(d), k), (d, k)


@pytest.mark.parametrize("dtype", DTYPES)
def test_outputs(dtype):
    @njit
    def positional(x, o):
        return plus(x, 1.5, o)

    @njit
    def keyword(x, o):
        return plus(x, 1.5, out=o)
    for call in (positional, keyword):
        for x in (np.arange(6.0).reshape(2, 3), np.arange(6, dtype="i2").reshape(2, 3)):
            for o in (np.zeros((2, 3), dtype), np.zeros((3, 2), dtype).T, np.zeros((2, 6), dtype)[:, ::2], np.zeros((2, 4), dtype)):
                expected = o.copy()
                want, got = outcome(lambda a, b: plus(a, 1.5, b), x, expected), outcome(call, x, o)
                assert got == want
                assert (o == expected).all()
    o = np.zeros(3, dtype)
    if np.can_cast("f8", dtype, "same_kind"):
        assert positional(np.arange(3), o) is o


def test_output_of_another_dtype_overlaps():
    for shift in (0, 1):
        memory = [np.arange(12.0) for _ in range(2)]
        for m, f in zip(memory, (plus, njit(lambda x, k, o: plus(x, k, o)))):
            f(m[:4], 1.0, m.view("f4")[shift:shift + 4])
        assert (memory[0] == memory[1]).all()


def test_message_of_an_output():
    @njit
    def gu(x, o):
        plus(x, 1.0, o)

    @njit
    def plain(x, o):
        np.add(x, x, out=o)

    @njit
    def in_place(x, o):
        o += x
    for f, name in ((gu, "plus"), (plain, "add"), (in_place, "add")):
        for o in (np.zeros(3, "i4"), np.zeros(3, "?")):
            with pytest.raises(TypingError) as e:
                f(np.ones(3), o)
            assert f"Cannot cast ufunc '{name}' output from dtype('float64') to dtype('{o.dtype}') with casting rule 'same_kind'" in str(e.value)
    for f in (plain, in_place):
        with pytest.raises(TypingError, match="from dtype.'int64'. to dtype.'uint8'"):
            f(np.ones(3, int), np.zeros(3, "u1"))


@pytest.mark.parametrize("dtype", ["i1", "i8", "f4", "f8", "u2"])
def test_written_inputs_are_written_back(dtype):
    @njit
    def call(x):
        before = x * 2
        return take(x), before + 0
    x, y = np.arange(1, 7).reshape(2, 3).astype(dtype), np.arange(1, 7).reshape(2, 3).astype(dtype)
    got, before = call(x)
    with np.errstate(all="ignore"):
        want = take(y)
    assert (got == want).all() and (x == y).all() and (before[:, 0] == [2, 8]).all()
    frozen = y.copy()
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        call(frozen)


# --- inside of try -----------------------------------------------------------------------------------------------------------------------


@vectorize(["float64(float64,float64)"])
def added(a, b):
    if a > 90:
        raise ValueError("too large", a)
    return a + b


def tries(f):
    @njit
    def call(x, o):
        state, r = 0, o
        try:
            state = 1
            r = f(x, 1.0, o)
            state = 2
            f(r, 1.0, out=o)
            state = 3
        except ValueError:
            return -state, r.sum()
        finally:
            state = 5
        return state, r.sum()
    return call


@pytest.mark.parametrize("f", [np.add, added, plus, picky], ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_out_in_try(f, dtype):
    call = tries(f)
    for x, n, state in ((np.arange(3.0), 3, 5), (np.arange(3), 3, 5), (np.arange(3.0), 2, -1), (np.array([1.0, 89.5, 2.0]), 3, 5 if f in (np.add, plus) else -2),
                        (np.array([1.0, 95.0]), 2, 5 if f in (np.add, plus) else -1)):
        o = np.zeros(n, dtype)
        got = call(x, o)
        assert got[0] == state
        expected = np.asarray(x) + {5: 2.0, -2: 1.0}.get(state, 0)
        if state in (5, -2):
            np.testing.assert_allclose(o, expected if f is not picky or state == 5 else o)
            assert got[1] == pytest.approx(o.sum())


def test_caught_in_a_loop():
    @njit
    def call(x, o):
        failed = 0
        for i in range(len(x)):
            try:
                picky(x[i], 1.0, out=o[i])
            except ValueError:
                failed += 1
                continue
            added(x[i], 2, o[i])
        return failed
    x = np.array([[1.0, 2.0], [95.0, 1.0], [3.0, 4.0]])
    o = np.zeros((3, 2), "f4")
    assert call(x, o) == 1 and o[0].tolist() == [3, 4] and o[2].tolist() == [5, 6]


def test_foreign_byte_order_is_refused_as_an_argument():
    @njit
    def call(x):
        return plus(x, 1.0)
    with pytest.raises(TypeError):
        call(np.arange(3.0).astype(">f8"))
    assert plus(np.arange(3.0).astype(">f8"), 1.0).tolist() == [1, 2, 3]
