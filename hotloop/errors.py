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

    def __str__(self):
        text = super().__str__()
        return _coloured(text) if "\n" in text and _shown_by_the_interpreter() else text


def _shown_by_the_interpreter():
    """Is this the interpreter printing an uncaught exception on a terminal?

    Then no Python code is running but, from 3.13 on, the module traceback.  Whatever else asks for the text, a log, a test, a
    pickle, has a frame of its own below, and gets no colour."""
    import os
    import sys
    try:
        frame = sys._getframe(2)
    except ValueError:
        frame = None
    while frame is not None:
        if frame.f_globals.get("__name__") != "traceback":
            return False
        frame = frame.f_back
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or sys.excepthook is not sys.__excepthook__:
        return False
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False


def _coloured(text):
    """The first lines bold, the marks red, the labels green."""
    import re
    first, place, rest = text.partition("\n  File ")
    rest = re.sub(r"^( +)(\^+)$", "\\1\x1b[1;31m\\2\x1b[0m", rest, flags=re.M)
    rest = re.sub(r"^  (found|works if|called|hint)\b", "  \x1b[32m\\1\x1b[0m", rest, flags=re.M)
    return f"\x1b[1m{first}\x1b[0m{place}{rest}"


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


def compile_error(cls, reason, code, names, filename, function, span, facts):
    """The exception that the compiler raises, made of what C knows.

    Parameters
    ----------
    cls : str
        Name of a class of this module.
    reason : str
        What is wrong; empty when the facts say it.
    code : code or None
        The code object that was being compiled.
    names : dict or None
        Its global variables.
    filename : str or None
    function : str
        Qualified name of the function.
    span : tuple of int
        First line, first column, last line, last column: 1-based lines, 0-based byte columns; line 0 or column -1: not known.
    facts : dict or None
        See compiler/infer/explain.c.

    Returns
    -------
    HotloopError
    """
    from .explain import render
    error = globals()[cls](render(reason, code, names, filename, function, span, facts))
    error.filename, error.lineno, error.function = filename, span[0], function
    return error


def argument_error(cls, function, name, reason, value):
    """The exception about an argument that compiled code cannot take.

    Parameters
    ----------
    cls : type
    function : function
    name : str
        Name of the parameter.
    reason : str
    value : object

    Returns
    -------
    Exception
    """
    from .explain import argument
    error = cls(argument(function, name, reason, value))
    error.filename, error.lineno, error.function = function.__code__.co_filename, function.__code__.co_firstlineno, function.__qualname__
    return error


def function_error(cls, function, reason):
    """The exception about a function as a whole; `cls` is the name of a class of this module."""
    code = function.__code__
    return compile_error(cls, reason, code, function.__globals__, code.co_filename, function.__qualname__, (code.co_firstlineno, -1, 0, -1), None)
