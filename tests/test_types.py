"""Type objects and typeof."""
import collections
import copy
import enum
import gc
import math
import pickle
import subprocess
import sys

import numpy as np
import pytest

import hotloop
from hotloop import errors, types
from hotloop import typeof

Point = collections.namedtuple("Point", "x y")
Mixed = collections.namedtuple("Mixed", "n v")
DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128".split()


class Colour(enum.IntEnum):
    RED = 1


@pytest.mark.parametrize("value, name", [
    (1, "int64"), (-1, "int64"), (0, "int64"), (2**62, "int64"), (-2**63, "int64"), (2**63 - 1, "int64"), (2**63, "uint64"), (2**64 - 1, "uint64"),
    (True, "bool"), (1.0, "float64"), (1j, "complex128"), (None, "none"), ("text", "unicode_type"), (..., "ellipsis"),
    (range(3), "range"), (slice(None, 3), "slice(none, int64, none)"), (slice(1, 2, 3), "slice(int64, int64, int64)"),
    ((), "Tuple()"), ((1, 2), "UniTuple(int64 x 2)"), ((1, 2.0), "Tuple(int64, float64)"), ((1, (2.0,)), "Tuple(int64, UniTuple(float64 x 1))"),
    (Point(1, 2), "Point(int64 x 2)"), (Mixed(1, 2.0), "Mixed(int64, float64)"),
    ([1], "list(int64)"), ([1.0], "list(float64)"), ([[1], []], "list(list(int64))"), ([(1, 2.0)], "list(Tuple(int64, float64))"),
    (np.dtype("f4"), "dtype(float32)"), (np.int8, "dtype(int8)"), (Colour.RED, "int64"), (np.float64(1), "float64"),
])
def test_typeof(value, name):
    assert str(typeof(value)) == name
    assert typeof(value) is typeof(value)


@pytest.mark.parametrize("dtype", DTYPES)
def test_typeof_numpy(dtype):
    t = typeof(np.dtype(dtype).type(1))
    assert str(t) == dtype
    assert typeof(np.zeros(3, dtype)).dtype is t
    assert hotloop.from_dtype(dtype) is t
    assert types.DType(t).dtype is t


def test_typeof_array_layouts():
    c = np.zeros((3, 4))
    assert typeof(c).layout == "C"
    assert typeof(c.T).layout == "F"
    assert typeof(c[:, ::2]).layout == "A"
    assert typeof(c[0]).layout == "C"
    assert typeof(c[:, 0]).layout == "A"
    assert typeof(np.zeros((1, 5)).T).layout == "C"
    assert typeof(np.zeros((0, 5))[::2]).layout == "C"
    assert typeof(np.zeros(())).layout == "C" and typeof(np.zeros(())).ndim == 0


def test_typeof_array_flags():
    a = np.zeros(4)
    a.flags.writeable = False
    t = typeof(a)
    assert t.readonly and not t.mutable and t.aligned and t is not typeof(np.zeros(4))
    assert str(t) == "array(float64, 1d, C, readonly)"
    raw = np.zeros(33, np.uint8)[1:].view(np.float64)
    assert not typeof(raw).aligned
    assert typeof(raw) is types.Array(types.float64, 1, "C", aligned=False)


def test_typeof_list_of_arrays_takes_the_common_layout():
    a = np.zeros(6)
    assert typeof([a, a[::2]]) is types.List(types.float64[:])
    with pytest.raises(errors.UnsupportedTypeError, match="item 0 is array.*item 1 is array"):
        typeof([a, a.astype("f4")])


@pytest.mark.parametrize("value, words", [
    ({}, "class dict"), (set(), "class set"), (b"x", "class bytes"), (object(), "class object"), (lambda: 0, "@njit"),
    (np.zeros(2, ">f8"), "byte order"), (np.zeros(2, object), "dtype object"), (np.zeros(2, "f2"), "dtype float16"),
    (np.zeros(2, "M8[s]"), "datetime64"), (np.zeros(2, [("a", "i4")]), "not supported"), (np.zeros(2, "U3"), "not supported"),
    (np.float16(1), "float16"), (np.datetime64("2020"), "datetime64"), (np.longdouble(1), "longdouble"),
    (np.ma.zeros(3), "np.asarray"), (type("L", (list,), {})([1]), "list"), (type("T", (tuple,), {})([1]), "tuple"),
    (slice("a"), "slice with str"), (dict, "class dict"), (math, "module"), ([{}], "class dict"), (({},), "class dict"),
    ([(1,), (2.0,)], "item 1 is"), (tuple(range(1001)), "1000 items"), (slice(1.5), "slice with float"),
])
def test_typeof_refuses(value, words):
    with pytest.raises(TypeError, match=words) as e:
        typeof(value)
    assert isinstance(e.value, errors.TypingError)


def test_typeof_refuses_big_ints_and_endless_lists():
    for big in 2**64, -2**63 - 1:
        with pytest.raises(OverflowError, match="64 bits"):
            typeof(big)
    endless = []
    endless.append(endless)
    with pytest.raises(RecursionError):
        typeof(endless)


def test_ndarray_subclass_that_is_a_plain_array(tmp_path):
    m = np.memmap(tmp_path / "data", np.float64, "w+", shape=3)
    assert typeof(m) is types.float64[::1]

    class Units(np.ndarray):
        def __array_ufunc__(self, *args, **kwargs):
            return NotImplemented
    with pytest.raises(TypeError, match="np.asarray"):
        typeof(np.zeros(3).view(Units))


def test_array_spelling():
    f8 = types.float64
    assert f8[:] is types.Array(f8, 1, "A")
    assert f8[::1] is types.Array(f8, 1, "C")
    assert f8[:, ::1] is types.Array(f8, 2, "C")
    assert f8[::1, :] is types.Array(f8, 2, "F")
    assert f8[:, :, :] is types.Array(f8, 3, "A")
    for wrong in ((slice(1), slice(None)), (slice(None), 3), (slice(None), slice(None, None, 2)), (slice(None, None, 1),) * 2,
                  (slice(None), slice(None, None, 1), slice(None))):
        with pytest.raises(TypeError):
            f8[wrong]


def test_reprs():
    assert repr(types.int32) == str(types.int32) == "int32"
    assert repr(types.float64[:, ::1]) == "Array(float64, 2, 'C', False, aligned=True)"
    assert str(types.float64[:, ::1]) == "array(float64, 2d, C)"
    assert repr(types.UniTuple(types.int8, 3)) == "UniTuple(int8, 3)" and str(types.UniTuple(types.int8, 3)) == "UniTuple(int8 x 3)"
    assert repr(types.literal(5)) == "Literal[5](int64)"
    assert repr(types.Optional(types.float64)) == "OptionalType(float64)"


def test_classes():
    cases = {types.int8: types.Integer, types.float32: types.Float, types.complex64: types.Complex, types.boolean: types.Boolean,
             types.none: types.NoneType, types.unicode_type: types.UnicodeType, types.float64[:]: types.Array,
             types.Tuple((types.int8, types.int16)): types.Tuple, types.UniTuple(types.int8, 2): types.UniTuple,
             typeof(Point(1, 2)): types.NamedUniTuple, typeof(Mixed(1, 2.0)): types.NamedTuple, types.List(types.int8): types.List,
             types.Optional(types.int8): types.Optional, types.literal(1): types.IntegerLiteral, types.literal("s"): types.StringLiteral,
             types.literal(True): types.BooleanLiteral, typeof(range(2)): types.RangeType, typeof(slice(2)): types.SliceType,
             typeof(np.int8): types.DType, types.pyobject: types.PyObject}
    for t, cls in cases.items():
        assert type(t) is cls and isinstance(t, types.Type)
    assert isinstance(types.int8, types.Number) and not isinstance(types.boolean, types.Number)
    assert isinstance(types.literal(1), types.Literal) and isinstance(types.literal(1), types.Integer)
    assert isinstance(types.UniTuple(types.int8, 2), types.BaseTuple)


def test_attributes():
    assert (types.int8.bitwidth, types.int8.signed, types.uint16.signed) == (8, True, False)
    assert (types.int8.minval, types.int8.maxval, types.uint8.maxval) == (-128, 127, 255)
    a = types.int32[:, ::1]
    assert (a.dtype, a.ndim, a.layout, a.is_c_contig, a.is_f_contig, a.mutable) == (types.int32, 2, "C", True, False, True)
    assert a.copy(layout="A") is types.int32[:, :] and a.copy(ndim=1, dtype=types.f8) is types.f8[::1] and a.copy(readonly=True).readonly
    t = types.Tuple((types.int8, types.float32))
    assert (t.types, t.count, len(t), t[1], list(t)) == ((types.int8, types.float32), 2, 2, types.float32, [types.int8, types.float32])
    assert types.UniTuple(types.int8, 3).dtype is types.int8
    assert typeof(Mixed(1, 2.0)).instance_class is Mixed and typeof(Mixed(1, 2.0)).fields == ("n", "v")
    lit = types.literal(7)
    assert (lit.literal_value, lit.literal_type, types.unliteral(lit)) == (7, types.int64, types.int64)
    assert types.Optional(types.int8).type is types.int8 and types.List(types.int8).dtype is types.int8
    assert types.complex64.underlying_float is types.float32


def test_aliases():
    assert types.intp is types.int64 is types.i8 and types.u1 is types.uint8 is types.byte and types.f4 is types.float32
    assert types.void is types.none and types.boolean is types.bool_ is types.b1 and types.c16 is types.complex128
    assert hotloop.float64 is types.float64 and hotloop.core.types is types


def test_interning_and_homogeneous_tuples():
    assert types.Tuple((types.int8, types.int8)) is types.UniTuple(types.int8, 2)
    assert types.Tuple([types.int8]) is types.UniTuple(types.int8, 1)
    assert types.NamedTuple((types.int64, types.float64), Mixed) is typeof(Mixed(1, 2.0))
    assert types.literal(3) is types.literal(3) is not types.literal(3.0)
    assert types.literal(True) is not types.literal(1)
    assert types.Integer("int8") is types.int8 and types.Integer.from_bitwidth(16, False) is types.uint16


def test_conversion_in_plain_python():
    assert types.float32(3) == 3 and type(types.float32(3)) is np.float32
    assert type(types.int64(2.9)) is np.int64 and types.int64(2.9) == 2
    assert types.int8(300) == 44 and types.uint8(-1) == 255
    assert types.boolean(3) is True and types.complex64(1) == 1
    with pytest.raises(TypeError):
        types.none(3)


def test_types_cannot_be_made_up():
    for cls in types.Type, types.Float, types.NoneType, types.RangeType:
        with pytest.raises(TypeError):
            cls("x")
    with pytest.raises(ValueError):
        types.Integer("int7")
    with pytest.raises(TypeError):
        types.Array(types.none, 1, "C")
    with pytest.raises(TypeError):
        types.Array("float64", 1, "C")
    with pytest.raises(ValueError):
        types.Array(types.int8, 1, "X")
    with pytest.raises(ValueError):
        types.Array(types.int8, 65, "C")
    with pytest.raises(TypeError):
        types.Tuple((1, 2))
    with pytest.raises(errors.LiteralTypingError):
        types.literal([])


def test_pickle_and_copy():
    for t in (types.int8, types.float64[:, ::1], types.Tuple((types.int8, types.float32)), typeof(Point(1, 2)), types.List(types.int8),
              types.Optional(types.int8), types.literal("x"), typeof(slice(2)), types.none, typeof(np.int8), types.pyobject):
        assert pickle.loads(pickle.dumps(t)) is t
        assert copy.copy(t) is t and copy.deepcopy(t) is t


def test_conversion_table():
    assert types.int8.can_convert_to(types.int8) == 0
    assert types.int8.can_convert_to(types.int64) == 1
    assert types.int64.can_convert_to(types.float64) == 2
    assert types.float64.can_convert_to(types.int64) == 3
    assert types.complex128.can_convert_to(types.float64) is None
    assert types.int64.unify(None, types.float64) is types.float64


def test_typeof_and_dispatchers():
    @hotloop.njit
    def f(x):
        return x
    t = typeof(f)
    assert isinstance(t, types.Dispatcher) and t.dispatcher is f and typeof(f) is t

    @hotloop.njit
    def g(x):
        return x
    assert typeof(g) is not t
    del f
    gc.collect()
    assert t.dispatcher is None


def test_import_is_light():
    """No submodule that a program may not need, and no LLVM, is loaded by `import hotloop`."""
    code = ("import sys, hotloop; hotloop.njit(lambda x: x); "
            "print([m for m in sys.modules if m in ('hotloop.types', 'hotloop._compiler', 'hotloop.signatures', 'inspect')])")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "hotloop." not in out.stdout
