"""Exceptions and warnings.

``HotloopError`` is the base of everything that compilation raises; the names behind it are Numba's, so that programs
which catch them go on working.  Errors that a Python programmer would expect under a built-in name have that base too:
an argument of an unsupported class is a ``TypeError``.
"""


class HotloopError(Exception):
    """Base class: the function, its arguments or its options can't be compiled."""

    @property
    def msg(self):
        """The message."""
        return str(self.args[0]) if self.args else ""


class TypingError(HotloopError):
    """No type fits a value, or no operation fits the types."""


class UnsupportedTypeError(TypingError, TypeError):
    """A value of this class can't be passed into compiled code."""


class UnsupportedError(HotloopError):
    """A construct of the language that compiled code does not support."""


class UnsupportedBytecodeError(UnsupportedError):
    """A bytecode instruction that the reader does not know."""


class LoweringError(HotloopError):
    """Code generation failed."""


class InternalError(HotloopError):
    """A mistake in the compiler itself."""


class ConstantInferenceError(HotloopError):
    """A value that must be known while compiling is not."""


class RequireLiteralValue(TypingError):
    """An argument must be a literal."""


class LiteralTypingError(TypingError):
    """A literal of the wrong kind."""


class NumbaValueError(TypingError):
    """A value that an operation can't take, found while compiling."""


class NumbaAttributeError(TypingError):
    """No such attribute."""


class NumbaAssertionError(TypingError):
    """An assertion failed while compiling."""


class NumbaNotImplementedError(TypingError):
    """Not supported."""


class NumbaKeyError(TypingError):
    """No such key."""


class NumbaIndexError(TypingError):
    """Index out of range, found while compiling."""


class NumbaRuntimeError(HotloopError):
    """Failure of compiled code that is no exception of the program."""


class SignatureError(HotloopError, ValueError):
    """A signature that can't be read."""


class HotloopWarning(Warning):
    """Base class of warnings."""


class HotloopOptionWarning(HotloopWarning):
    """An option that is accepted and has no effect."""


class HotloopPerformanceWarning(HotloopWarning):
    """Code that runs, and could run faster."""


class HotloopDeprecationWarning(HotloopWarning, DeprecationWarning):
    """A name that will go away."""


class HotloopPendingDeprecationWarning(HotloopWarning, PendingDeprecationWarning):
    """A name that will be deprecated."""


class HotloopExperimentalFeatureWarning(HotloopWarning):
    """A feature that may change."""


# Numba's names.
NumbaError = HotloopError
NumbaTypeError = UnsupportedTypeError
NumbaWarning = HotloopWarning
NumbaPerformanceWarning = HotloopPerformanceWarning
NumbaDeprecationWarning = HotloopDeprecationWarning
NumbaPendingDeprecationWarning = HotloopPendingDeprecationWarning
NumbaExperimentalFeatureWarning = HotloopExperimentalFeatureWarning
CompilerError = InternalError
ByteCodeSupportError = UnsupportedBytecodeError


def _caret(filename, line, col, end_line, end_col):
    """The source line and the marks under the expression; empty when there is no source or no position."""
    import linecache
    text = linecache.getline(filename, line).rstrip("\n") if filename and line > 0 else ""
    if not text.strip():
        return ""
    lead = len(text) - len(text.lstrip())
    out = f"\n    {text.strip()}"
    if col >= 0:
        raw = text.encode()
        start = len(raw[:col].decode(errors="replace"))
        stop = len(raw[:end_col].decode(errors="replace")) if end_line == line and end_col > col else len(text)
        out += "\n    " + " " * max(start - lead, 0) + "^" * max(stop - start, 1)
    return out


def compile_error(cls, message, filename, function, line, col, end_line, end_col):
    """The exception that the compiler raises, made of what C knows: class name, message and source span.

    Parameters
    ----------
    cls : str
        Name of a class of this module.
    message : str
    filename : str or None
    function : str
        Qualified name of the function that was being compiled.
    line, col, end_line, end_col : int
        1-based lines, 0-based byte columns; line 0 or column -1: not known.

    Returns
    -------
    HotloopError
    """
    place = f"{filename}:{line}" if line > 0 else (filename or "<unknown>")
    where = f"\n  in {function}, {place}" if filename else ""
    error = globals()[cls](f"{message}{where}{_caret(filename, line, col, end_line, end_col)}")
    error.filename, error.lineno, error.function = filename, line, function
    return error
