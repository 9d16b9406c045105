"""The types of compiled code, with Numba's names.

Each type is one object: ``types.Array(types.float64, 2, "C") is types.float64[:, ::1]``.  Calling a type with types makes
a signature, ``float64(float64, int32)``; calling a number type with a value converts it, ``float32(3)``.  Indexing with
slices makes an array type: ``int64[:, :]`` any strides, ``int64[:, ::1]`` C order, ``int64[::1, :]`` Fortran order.
"""
from . import _binding

_classes = {}  # family name -> class; read by _binding when it makes the object of a type


def _family(cls):
    _classes[cls.__name__] = cls
    return cls


@_family
class Type(_binding.Type):
    """Base class of all types."""

    __slots__ = ()
    mutable = False
    reflected = False

    def __new__(cls, *args, **kwargs):
        raise TypeError(f"types of class {cls.__name__} can't be made from Python")

    def __init__(self, *args, **kwargs):
        pass

    @property
    def key(self):
        """What tells this type from others of its class."""
        return self.name

    @property
    def is_internal(self):
        return False

    def __str__(self):
        return self.name

    def __call__(self, *args):
        if len(args) == 1 and not isinstance(args[0], _binding.Type):
            return self.cast_python_value(args[0])
        from .signatures import Signature
        return Signature(self, args)

    def cast_python_value(self, value):
        """Converts a Python value, as calling the type in compiled code does."""
        raise TypeError(f"{self} can't be called with a value")

    def __getitem__(self, index):
        ndim, layout = _array_spec(index)
        return Array(self, ndim, layout)

    def __iter__(self):
        raise TypeError(f"{self} is not iterable")

    def can_convert_to(self, other):
        """How well a value of this type converts to `other`: 0 same, 1 promotion, 2 safe, 3 unsafe, None not at all."""
        how = _binding.can_cast(self, other)
        return None if how < 0 else how

    def unify(self, typingctx, other):
        """The type of a variable that holds values of both types, or None."""
        return _binding.unify(self, other)

    def is_precise(self):
        return self._kind not in ("UNKNOWN", "VAR")

    def __reduce__(self):
        return _load, _dump(self)

    __copy__ = __deepcopy__ = lambda self, memo=None: self


def _array_spec(index):
    parts = index if isinstance(index, tuple) else (index,)
    for p in parts:
        if not isinstance(p, slice) or p.start is not None or p.stop is not None or p.step not in (None, 1):
            raise TypeError("an array type is written with ':' per dimension, and '::1' for the one that is contiguous")
    ones = [k for k, p in enumerate(parts) if p.step == 1]
    if len(ones) > 1 or (ones and ones[0] not in (0, len(parts) - 1)):
        raise TypeError("'::1' may stand for the first dimension (Fortran order) or for the last one (C order)")
    if not ones:
        return len(parts), "A"
    return len(parts), "C" if ones[0] == len(parts) - 1 else "F"


class Opaque(Type):
    """A type whose values compiled code can't look into."""

    __slots__ = ()


@_family
class Undefined(Type):
    """Not known yet."""

    __slots__ = ()


# --- numbers ----------------------------------------------------------------------------------------------------------------


class Hashable(Type):
    """Base class of types whose values are hashable."""

    __slots__ = ()


class Number(Hashable):
    """Base class of the number types."""

    __slots__ = ()

    @property
    def bitwidth(self):
        """Size in bits."""
        return self._bits

    def cast_python_value(self, value):
        return _binding.as_dtype(self).type(value)


@_family
class Integer(Number):
    """Integers of 8 to 64 bits."""

    __slots__ = ()

    def __new__(cls, name, bitwidth=None, signed=None):
        found = globals().get(name)
        if not isinstance(found, Integer):
            raise ValueError(f"no integer type is named {name!r}")
        return found

    @property
    def signed(self):
        return self._signed

    @property
    def maxval(self):
        """Greatest value."""
        return (1 << (self._bits - self._signed)) - 1

    @property
    def minval(self):
        """Smallest value."""
        return -(1 << (self._bits - 1)) if self._signed else 0

    @classmethod
    def from_bitwidth(cls, bitwidth, signed=True):
        """The integer type of this size."""
        return globals()[("int" if signed else "uint") + str(bitwidth)]

    def cast_python_value(self, value):
        import numpy
        return numpy.asarray(int(value) if not hasattr(value, "dtype") else value).astype(_binding.as_dtype(self))[()]


@_family
class Float(Number):
    """float32 and float64."""

    __slots__ = ()


@_family
class Complex(Number):
    """complex64 and complex128."""

    __slots__ = ()

    @property
    def underlying_float(self):
        """The type of the real part."""
        return float32 if self._bits == 64 else float64


@_family
class Boolean(Hashable):
    """bool."""

    __slots__ = ()
    bitwidth = 8

    def cast_python_value(self, value):
        return bool(value)


# --- single values -----------------------------------------------------------------------------------------------------------


@_family
class NoneType(Opaque):
    """The type of None."""

    __slots__ = ()


@_family
class EllipsisType(Opaque):
    """The type of ``...``."""

    __slots__ = ()


@_family
class PyObject(Opaque):
    """Any Python object."""

    __slots__ = ()


@_family
class UnicodeType(Hashable):
    """str."""

    __slots__ = ()


@_family
class ExceptionInstance(Type):
    """A caught exception."""

    __slots__ = ()


@_family
class Omitted(Opaque):
    """An argument that was left to its default."""

    __slots__ = ()


@_family
class Function(Opaque):
    """A Python function, class or module that is known while compiling."""

    __slots__ = ()

    @property
    def key(self):
        return self._object

    @property
    def typing_key(self):
        return self._object


@_family
class Closure(Opaque):
    """A function made inside compiled code."""

    __slots__ = ()


@_family
class BoundFunction(Opaque):
    """A method of a value."""

    __slots__ = ()


@_family
class Dispatcher(Opaque):
    """A jitted function as an argument."""

    __slots__ = ()

    @property
    def dispatcher(self):
        """The function, or None when it is gone."""
        return self._dispatcher


@_family
class DType(Opaque):
    """A NumPy dtype as a value."""

    __slots__ = ()

    def __new__(cls, dtype):
        return _binding.dtype_type(dtype)

    @property
    def dtype(self):
        return self._elem


class NumberClass(DType):
    """Numba's name for the type of a number type used as a value."""

    __slots__ = ()


# --- literals -----------------------------------------------------------------------------------------------------------------


@_family
class Literal(Type):
    """The type of one value that is known while compiling."""

    __slots__ = ()

    def __new__(cls, value):
        return literal(value)

    @property
    def literal_value(self):
        return self._object

    @property
    def literal_type(self):
        return self._elem


@_family
class IntegerLiteral(Literal, Integer):
    """A known int."""

    __slots__ = ()
    __new__ = Literal.__new__

    @property
    def bitwidth(self):
        return self._elem._bits

    @property
    def signed(self):
        return self._elem._signed


@_family
class BooleanLiteral(Literal, Boolean):
    """A known bool."""

    __slots__ = ()
    __new__ = Literal.__new__


@_family
class StringLiteral(Literal, UnicodeType):
    """A known str."""

    __slots__ = ()
    __new__ = Literal.__new__


def literal(value):
    """The type of this very value: an int, bool, str, float or complex.

    Raises
    ------
    hotloop.errors.LiteralTypingError
        The value can't be a literal.
    """
    t = _binding.literal_type(value)
    if t is None:
        from .errors import LiteralTypingError
        raise LiteralTypingError(f"{value!r} can't be used as a literal")
    return t


def unliteral(t):
    """`t` with literals, also inside of tuples, replaced by their plain types."""
    return _binding.unliteral(t)


def maybe_literal(value):
    """Like `literal`, None when the value can't be one."""
    return _binding.literal_type(value)


# --- containers ---------------------------------------------------------------------------------------------------------------


class IterableType(Type):
    """Base class of what `for` goes through."""

    __slots__ = ()


class Sequence(IterableType):
    """Base class of what has a length and an index."""

    __slots__ = ()


class Buffer(IterableType):
    """Base class of array types."""

    __slots__ = ()


@_family
class Array(Buffer):
    """NumPy arrays.

    Parameters
    ----------
    dtype : type
        Of the items.
    ndim : int
    layout : {'C', 'F', 'A'}
        C-contiguous, Fortran-contiguous, any.
    readonly : bool
    aligned : bool
        Whether the items lie at multiples of their size.
    """

    __slots__ = ()

    def __new__(cls, dtype, ndim, layout, readonly=False, name=None, aligned=True):
        return _binding.array_type(dtype, ndim, layout, readonly, aligned)

    @property
    def dtype(self):
        return self._elem

    @property
    def ndim(self):
        return self._ndim

    @property
    def layout(self):
        return self._layout

    @property
    def readonly(self):
        return self._readonly

    @property
    def mutable(self):
        return not self._readonly

    @property
    def aligned(self):
        return not self._unaligned

    @property
    def is_c_contig(self):
        return self._layout == "C"

    @property
    def is_f_contig(self):
        return self._layout == "F" or (self._layout == "C" and self._ndim <= 1)

    @property
    def is_contig(self):
        return self._layout in "CF"

    @property
    def key(self):
        return self.dtype, self.ndim, self.layout, self.mutable, self.aligned

    def copy(self, dtype=None, ndim=None, layout=None, readonly=None):
        """The same type with some attributes changed."""
        return Array(self.dtype if dtype is None else dtype, self.ndim if ndim is None else ndim,
                     self.layout if layout is None else layout, self.readonly if readonly is None else readonly,
                     aligned=self.aligned)

    @property
    def as_dtype(self):
        """The NumPy dtype of the items."""
        return _binding.as_dtype(self._elem)

    def __repr__(self):
        return f"Array({self._elem!r}, {self._ndim}, {self._layout!r}, {self._readonly}, aligned={self.aligned})"


class BaseTuple(Sequence, Hashable):
    """Base class of tuple types."""

    __slots__ = ()

    @property
    def types(self):
        """Types of the items."""
        return self._items

    @property
    def count(self):
        return len(self._items)

    def __len__(self):
        return len(self._items)

    def __iter__(self):
        return iter(self._items)

    def __getitem__(self, index):
        """The type of an item; with slices without bounds, as elsewhere, an array type is not possible."""
        return self._items[index]

    def __bool__(self):
        return True

    @property
    def key(self):
        return self._items

    @classmethod
    def from_types(cls, tys, pyclass=None):
        """The type of a tuple, or named tuple, of these items."""
        return _binding.tuple_type(tuple(tys), pyclass)


@_family
class Tuple(BaseTuple):
    """Tuples of several types, e.g. ``Tuple((int64, float64))``."""

    __slots__ = ()

    def __new__(cls, types):
        return _binding.tuple_type(tuple(types))


class _Uniform:
    __slots__ = ()

    @property
    def dtype(self):
        """Type of the items."""
        return self._items[0]


@_family
class UniTuple(_Uniform, BaseTuple):
    """Tuples of one type, e.g. ``UniTuple(float64, 3)``."""

    __slots__ = ()

    def __new__(cls, dtype, count):
        return _binding.tuple_type((dtype,) * count)

    def __repr__(self):
        return f"UniTuple({self._items[0]!r}, {len(self._items)})"


class BaseNamedTuple(BaseTuple):
    """Base class of named tuple types."""

    __slots__ = ()

    @property
    def instance_class(self):
        """The class made by `collections.namedtuple`."""
        return self._object

    @property
    def fields(self):
        return self._object._fields


@_family
class NamedTuple(BaseNamedTuple):
    """Named tuples of several types."""

    __slots__ = ()

    def __new__(cls, types, cls_):
        return _binding.tuple_type(tuple(types), cls_)


@_family
class NamedUniTuple(_Uniform, BaseNamedTuple):
    """Named tuples of one type."""

    __slots__ = ()

    def __new__(cls, dtype, count, cls_):
        return _binding.tuple_type((dtype,) * count, cls_)


@_family
class List(Sequence):
    """Python lists whose items are all of one type."""

    __slots__ = ()
    mutable = True

    def __new__(cls, dtype, reflected=True):
        return _binding.list_type(dtype)

    @property
    def dtype(self):
        return self._elem

    @property
    def reflected(self):
        return True


@_family
class Optional(Type):
    """A value or None."""

    __slots__ = ()

    def __new__(cls, typ):
        return _binding.optional_type(typ)

    @property
    def type(self):
        return self._elem


optional = Optional


@_family
class CPointer(Opaque):
    """A C pointer, as callbacks get them: ``p[i]`` reads, ``p[i] = x`` writes, and nobody checks the index."""

    __slots__ = ()

    def __new__(cls, dtype):
        return _binding.pointer_type(dtype)

    @property
    def dtype(self):
        return self._elem


@_family
class RangeType(IterableType):
    """range."""

    __slots__ = ()

    @property
    def dtype(self):
        return int64


@_family
class SliceType(Type):
    """slice."""

    __slots__ = ()

    @property
    def has_step(self):
        return self._items[2] is not none


@_family
class IteratorType(IterableType):
    """Iterators inside compiled code."""

    __slots__ = ()

    @property
    def yield_type(self):
        return self._elem


# --- instances ------------------------------------------------------------------------------------------------------------------

_fixed = _binding.fixed_type
none = void = _fixed("none")
boolean = bool_ = bool8 = b1 = _fixed("boolean")
int8 = i1 = char = _fixed("int8")
int16 = i2 = short = _fixed("int16")
int32 = i4 = intc = int_c = _fixed("int32")
int64 = i8 = int_ = long_ = longlong = intp = ssize_t = _fixed("int64")
uint8 = u1 = byte = uchar = _fixed("uint8")
uint16 = u2 = ushort = _fixed("uint16")
uint32 = u4 = uintc = _fixed("uint32")
uint64 = u8 = uint = ulong = ulonglong = uintp = size_t = _fixed("uint64")
float32 = f4 = float_ = _fixed("float32")
float64 = f8 = double = _fixed("float64")
complex64 = c8 = _fixed("complex64")
complex128 = c16 = _fixed("complex128")
unicode_type = string = _fixed("unicode_type")
range_type = range_state64_type = _fixed("range")
ellipsis = _fixed("ellipsis")
pyobject = _fixed("pyobject")
undefined = _fixed("unknown")
omitted = _fixed("omitted")
voidptr = _binding.pointer_type(none)
slice2_type = _binding.slice_type((int64, int64, none))
slice3_type = _binding.slice_type((int64, int64, int64))

signed_domain = frozenset([int8, int16, int32, int64])
unsigned_domain = frozenset([uint8, uint16, uint32, uint64])
integer_domain = signed_domain | unsigned_domain
real_domain = frozenset([float32, float64])
complex_domain = frozenset([complex64, complex128])
number_domain = real_domain | integer_domain | complex_domain


# --- pickling -------------------------------------------------------------------------------------------------------------------


def _dump(t):
    kind = t._kind
    if kind == "ARRAY":
        return kind, t._elem, t._ndim, t._layout, t._readonly, not t._unaligned
    if kind == "TUPLE":
        return kind, t._items, t._object
    if kind in ("LIST", "OPTIONAL", "DTYPE", "POINTER"):
        return kind, t._elem
    if kind == "LITERAL":
        return kind, t._object
    if kind == "SLICE":
        return kind, t._items
    if globals().get(t.name) is t:
        return "NAME", t.name
    for name, value in globals().items():
        if value is t:
            return "NAME", name
    raise TypeError(f"the type {t} can't be pickled")


def _load(kind, *args):
    makers = {"ARRAY": _binding.array_type, "TUPLE": _binding.tuple_type, "LIST": _binding.list_type,
              "OPTIONAL": _binding.optional_type, "POINTER": _binding.pointer_type, "DTYPE": _binding.dtype_type, "LITERAL": _binding.literal_type,
              "SLICE": _binding.slice_type, "NAME": lambda name: globals()[name]}
    return makers[kind](*args)
