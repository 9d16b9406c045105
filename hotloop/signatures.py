"""Signatures: what a function takes and gives, as an object and as text.

The text is read by a small recursive-descent parser; nothing is evaluated.  Its grammar::

    signature  = type "(" [ type { "," type } [","] ] ")"  |  "(" … ")"  |  type
    type       = primary { "[" dim { "," dim } "]" }
    dim        = ":" | "::1"
    primary    = name [ arguments ]          a name of hotloop.types, optionally after "types." or "nb."
    arguments  = for Tuple, UniTuple, List, Optional, Array, NamedTuple-free constructors: "(" item { "," item } ")"
    item       = type | integer | string | "True" | "False" | "(" type { "," type } [","] ")"

A name followed by parentheses is a constructor when it is one of ``Tuple UniTuple List Optional (or optional) Array DType CPointer``, and otherwise the
return type of a signature.
"""
import re

from . import _binding, types
from .errors import SignatureError


class Signature:
    """Return type and argument types.

    Attributes
    ----------
    return_type : type or None
        None: to be found by inference.
    args : tuple of types
    """

    __slots__ = ("return_type", "args", "recvr", "pysig")

    def __init__(self, return_type, args, recvr=None, pysig=None):
        args = tuple(args)
        for t in (*args, *([] if return_type is None else [return_type])):
            if not isinstance(t, _binding.Type):
                raise TypeError(f"a signature is made of types, {t!r} is none")
        self.return_type, self.args, self.recvr, self.pysig = return_type, args, recvr, pysig

    def __eq__(self, other):
        if not isinstance(other, Signature):
            return NotImplemented
        return self.return_type is other.return_type and self.args == other.args

    def __hash__(self):
        return hash((self.return_type, self.args))

    def __repr__(self):
        args = ", ".join(map(str, self.args))
        return f"({args}) -> {self.return_type if self.return_type is not None else 'undefined'}"

    def __getitem__(self, index):
        """Signature of a function of functions is refused; an array of what a signature returns makes no sense."""
        raise TypeError("a signature can't be indexed")

    def __call__(self, *args):
        raise TypeError("a signature can't be called")

    def as_method(self):
        """The signature of the method: its first argument is the receiver."""
        return Signature(self.return_type, self.args[1:], recvr=self.args[0])

    def replace(self, **changes):
        """A copy with attributes changed."""
        values = {name: getattr(self, name) for name in self.__slots__}
        values.update(changes)
        return Signature(**values)


def signature(return_type, *args):
    """Makes a `Signature`."""
    return Signature(return_type, args)


_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z_][A-Za-z_0-9.]*)|(?P<int>\d+)|(?P<str>'[^']*'|\"[^\"]*\")|(?P<op>::1|[()\[\],:=]))")
_CONSTRUCTORS = ("Tuple", "UniTuple", "List", "Optional", "optional", "Array", "DType", "CPointer")
_PREFIXES = ("types.", "nb.types.", "numba.types.", "hotloop.types.", "nb.", "numba.", "hotloop.", "np.")
_PYTHON_NAMES = {"int": "int64", "float": "float64", "complex": "complex128", "bool": "boolean", "str": "unicode_type",
                 "None": "none"}


class _Parser:
    def __init__(self, text):
        self.text = text
        self.tokens = []
        at = 0
        end = len(text.rstrip())
        while at < end:
            m = _TOKEN.match(text, at)
            if not m:
                start = at + len(text[at:]) - len(text[at:].lstrip())
                self.fail(f"unexpected character {text[start]!r}", start)
            self.tokens.append((m.lastgroup, m.group(m.lastgroup), m.start(m.lastgroup)))
            at = m.end()
        self.tokens.append(("end", "", end))
        self.k = 0

    def fail(self, what, at=None):
        at = self.tokens[self.k][2] if at is None else at
        raise SignatureError(f"{what} at position {at} of the signature:\n    {self.text}\n    {' ' * at}^")

    def peek(self, value):
        return self.tokens[self.k][1] == value and self.tokens[self.k][0] in ("op", "end")

    def accept(self, value):
        if self.peek(value):
            self.k += 1
            return True
        return False

    def expect(self, value):
        if not self.accept(value):
            found = self.tokens[self.k][1]
            self.fail(f"expected {value!r}, found {found!r}" if found else f"expected {value!r}, but the text ends")

    def listed(self, item, close):
        """Items with commas between, up to the closing bracket; one comma may trail."""
        out = []
        while not self.accept(close):
            out.append(item())
            if not self.accept(","):
                self.expect(close)
                break
        return out

    # signature
    def signature(self):
        if self.accept("("):
            args, ret = self.listed(self.type, ")"), None
        else:
            ret = self.type()
            if self.peek(""):
                self.fail(f"{ret} is a type, not a signature; write the types of the arguments in parentheses", 0)
            self.expect("(")
            args = self.listed(self.type, ")")
        if not self.peek(""):
            self.fail(f"unexpected {self.tokens[self.k][1]!r}")
        return ret, args

    # type
    def type(self):
        kind, name, at = self.tokens[self.k]
        if kind != "name":
            self.fail(f"expected a type, found {name!r}" if name else "expected a type, but the text ends")
        self.k += 1
        for prefix in _PREFIXES:
            if name.startswith(prefix):
                name = name[len(prefix):]
                break
        t = self.constructor(name, at) if name in _CONSTRUCTORS else self.named(name, at)
        while self.accept("["):
            start = self.tokens[self.k - 1][2]
            dims = self.listed(self.dim, "]")
            if not dims:
                self.fail("expected ':', found ']'", start + 1)
            try:
                t = t[tuple(dims)]
            except (TypeError, ValueError) as e:
                self.fail(str(e), start)
        return t

    def named(self, name, at):
        t = getattr(types, _PYTHON_NAMES.get(name, name), None)
        if not isinstance(t, _binding.Type):
            self.fail(f"unknown type {name!r}", at)
        return t

    def dim(self):
        if self.accept("::1"):
            return slice(None, None, 1)
        if self.accept(":"):
            return slice(None)
        found = self.tokens[self.k][1]
        self.fail(f"expected ':' or '::1', found {found!r}")

    def constructor(self, name, at):
        self.expect("(")
        args, kwargs = [], {}
        for key, value in self.listed(self.item, ")"):
            if key:
                kwargs[key] = value
            else:
                args.append(value)
        try:
            return getattr(types, name)(*args, **kwargs)
        except (TypeError, ValueError) as e:
            self.fail(f"{name}: {e}", at)

    def item(self):
        kind, text, _ = self.tokens[self.k]
        if kind == "name" and self.tokens[self.k + 1][1] == "=":
            self.k += 2
            return text, self.item()[1]
        if kind == "int":
            self.k += 1
            return None, int(text)
        if kind == "str":
            self.k += 1
            return None, text[1:-1]
        if kind == "name" and text in ("True", "False"):
            self.k += 1
            return None, text == "True"
        if self.accept("("):
            return None, tuple(self.listed(self.type, ")"))
        if self.accept("["):
            return None, tuple(self.listed(self.type, "]"))
        return None, self.type()


def parse(text):
    """Reads a signature such as ``"float32(float32, int32)"`` or ``"(int64[:], f8[:, ::1])"``.

    Returns
    -------
    return_type : type or None
    args : tuple of types

    Raises
    ------
    hotloop.errors.SignatureError
        With the position of the mistake.
    """
    ret, args = _Parser(text).signature()
    return ret, tuple(args)


def parse_type(text):
    """Reads one type, such as ``"float64[:, ::1]"``."""
    p = _Parser(text)
    t = p.type()
    if not p.peek(""):
        p.fail(f"unexpected {p.tokens[p.k][1]!r}")
    return t


def as_type(value):
    """A type from a type, its text, a NumPy dtype or scalar class, or one of Python's number classes."""
    if isinstance(value, _binding.Type):
        return value
    if isinstance(value, str):
        return parse_type(value)
    if value is None:
        return types.none
    if value is str:
        return types.unicode_type
    try:
        return _binding.from_dtype(value)
    except TypeError:
        raise TypeError(f"{value!r} is no type") from None


def normalize(sig):
    """Any form of signature: text, `Signature`, or a tuple of argument types.

    Returns
    -------
    return_type : type or None
    args : tuple of types
    """
    if isinstance(sig, str):
        return parse(sig)
    if isinstance(sig, Signature):
        return sig.return_type, sig.args
    if isinstance(sig, (tuple, list)):
        return None, tuple(as_type(t) for t in sig)
    raise TypeError(f"a signature is a str, a tuple of types, or return_type(types…); {sig!r} is none of these")


def is_signature(value):
    """Whether `value` is one signature in any form (a list is several)."""
    return isinstance(value, (str, Signature, tuple))
