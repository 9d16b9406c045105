"""Signatures as text and as objects."""
import pytest

import numpy as np

from hotloop import errors, types
from hotloop import float64, int32, int64, njit
from hotloop.signatures import Signature, as_type, normalize, parse, parse_type, signature


@pytest.mark.parametrize("text, ret, args", [
    ("float32(float32,int32)", types.float32, (types.float32, types.int32)),
    ("  float32 ( float32 , int32 ) ", types.float32, (types.float32, types.int32)),
    ("f8()", types.f8, ()),
    ("(i8,)", None, (types.i8,)),
    ("()", None, ()),
    ("(int64[:], f8[:,::1])", None, (types.int64[:], types.f8[:, ::1])),
    ("void(float64[::1,:])", types.none, (types.float64[::1, :],)),
    ("Tuple((int64, float64))(i8)", types.Tuple((types.int64, types.float64)), (types.i8,)),
    ("Tuple([int64, float64])(i8)", types.Tuple((types.int64, types.float64)), (types.i8,)),
    ("UniTuple(float64, 3)(UniTuple(f4,2))", types.UniTuple(types.float64, 3), (types.UniTuple(types.f4, 2),)),
    ("List(int64)(List(List(f8)))", types.List(types.int64), (types.List(types.List(types.f8)),)),
    ("types.int64(types.float64[:])", types.int64, (types.float64[:],)),
    ("nb.int64(nb.types.float64)", types.int64, (types.float64,)),
    ("Optional(int64)(int64)", types.Optional(types.int64), (types.int64,)),
    ("optional(int64)(int64)", types.optional(types.int64), (types.int64,)),
    ("Array(float64, 2, 'C', readonly=True)(int64)", types.Array(types.float64, 2, "C", readonly=True), (types.int64,)),
    ("bool(int, float, complex, str, None)", types.boolean,
     (types.int64, types.float64, types.complex128, types.unicode_type, types.none)),
    ("boolean[:](uint8[:,:,:])", types.boolean[:], (types.uint8[:, :, :],)),
    ("int64(int64,)", types.int64, (types.int64,)),
])
def test_parse(text, ret, args):
    assert parse(text) == (ret, args)


@pytest.mark.parametrize("text, position, words", [
    ("", 0, "expected a type"),
    ("int64", 0, "is a type, not a signature"),
    ("int64(", 6, "expected a type"),
    ("int64(foo)", 6, "unknown type 'foo'"),
    ("int64(int64 int64)", 12, "expected '\\)'"),
    ("int64(int64[)", 12, "expected ':'"),
    ("int64(int64[])", 12, "expected ':'"),
    ("int64(int64[1])", 12, "expected ':'"),
    ("int64(int64[:,::1,:])", 11, "'::1' may stand"),
    ("int64(int64))", 12, "unexpected '\\)'"),
    ("int64(int64);", 12, "unexpected character ';'"),
    ("__import__('os').system('true')", 16, "unexpected character"),
    ("types.__name__(int64)", 0, "unknown type '__name__'"),
    ("Type(int64)", 0, "unknown type 'Type'"),
    ("UniTuple(int64)(int64)", 0, "UniTuple"),
    ("Tuple(int64(int64)", None, "expected|Tuple"),
    ("int64(3)", 6, "expected a type"),
])
def test_parse_errors_name_the_position(text, position, words):
    with pytest.raises(errors.SignatureError, match=words) as e:
        parse(text)
    assert isinstance(e.value, ValueError)
    lines = str(e.value).splitlines()
    if position is not None:
        assert f"at position {position} " in lines[0]
        assert lines[2].index("^") - 4 == position
    assert lines[1].strip() == text.strip()


def test_parse_type():
    assert parse_type("float64[:, ::1]") is types.float64[:, ::1]
    with pytest.raises(errors.SignatureError):
        parse_type("float64(int64)")


def test_calling_a_type_makes_a_signature():
    s = float64(float64, int32)
    assert isinstance(s, Signature) and s.return_type is float64 and s.args == (float64, int32)
    assert repr(s) == "(float64, int32) -> float64"
    assert s == signature(float64, float64, int32) == Signature(float64, (float64, int32))
    assert hash(s) == hash(signature(float64, float64, int32))
    assert s != float64(float64, float64) and s != 3
    assert int64() == signature(int64)
    assert float64[:](int64).return_type is float64[:]


def test_signature_needs_types():
    with pytest.raises(TypeError, match="3"):
        float64(float64, 3)
    with pytest.raises(TypeError):
        Signature(int, (float64,))


def test_normalize():
    assert normalize("i8(f8)") == (types.i8, (types.f8,))
    assert normalize(float64(int32)) == (float64, (int32,))
    assert normalize((int32, "f8[:]", np.float32, float)) == (None, (int32, types.f8[:], types.f4, types.f8))
    with pytest.raises(TypeError):
        normalize(3)
    with pytest.raises(TypeError):
        normalize((3,))


def test_as_type():
    assert as_type(np.int8) is types.int8 and as_type(np.dtype("c8")) is types.complex64 and as_type(bool) is types.boolean
    assert as_type(None) is types.none and as_type(str) is types.unicode_type and as_type("u2") is types.uint16
    with pytest.raises(TypeError):
        as_type(object())


def test_signature_methods():
    s = float64(int32, int64)
    assert s.replace(return_type=int64) == int64(int32, int64)
    assert s.as_method().args == (int64,) and s.as_method().recvr is int32


@pytest.mark.parametrize("sig", ["UniTuple(f8, 2)(f8)", "f8[:](f8)", "unicode_type(f8)", "void(f8)", "Tuple((f8, f8[:]))(f8)"])
def test_what_is_returned_must_fit_the_signature(sig):
    with pytest.raises(errors.TypingError, match="returns float64, its signature says otherwise"):
        njit(sig)(lambda a: a)
    assert njit("Tuple((i4, c16))(f8)")(lambda a: (a, a))(2.5) == (2, 2.5 + 0j)
