"""The attributes and methods of dispatchers that are written in Python; binding/dispatcher.c forwards to them by name."""
import collections
import linecache
import sys

from .signatures import Signature, normalize

Overload = collections.namedtuple("Overload", "signature compile_time mutates")
Overload.__doc__ = "One specialisation: its signature, seconds of compilation, and a bit for each argument that it may change."
CacheStats = collections.namedtuple("CacheStats", "cache_path cache_hits cache_misses")


def compile(d, sig):
    """Compiles a specialisation now, for text, a `Signature` or a tuple of types; does nothing when it exists."""
    ret, args = normalize(sig)
    d._compile(args, None if ret is None else ret)


def signatures(d):
    return [args for args, *_ in d._overloads()]


def nopython_signatures(d):
    return [Signature(ret, args) for args, ret, *_ in d._overloads()]


def overloads(d):
    return {args: Overload(Signature(ret, args), seconds, mutates) for args, ret, seconds, mutates in d._overloads()}


def stats(d):
    return CacheStats(None, {}, {args: 1 for args in signatures(d)})


def get_metadata(d, signature=None):
    def facts(o):
        return {"signature": o.signature, "seconds": o.compile_time, "mutates": o.mutates}
    known = overloads(d)
    if signature is not None:
        return facts(known[normalize(signature)[1]])
    return {args: facts(o) for args, o in known.items()}


ObjectValue = collections.namedtuple("ObjectValue", "filename line what why")
ObjectValue.__doc__ = "A value that stayed a Python object: the file and line, the expression, and why it has no native type."


def _objects(d, types):
    out = []
    for filename, line, col, end_line, end_col, what, why in d._objects(types):
        text = linecache.getline(filename, line).encode() if end_line == line and end_col > col >= 0 else b""
        value = ObjectValue(filename, line, text[col:end_col].decode(errors="replace") or what, why)
        if value not in out:
            out.append(value)
    return sorted(out, key=lambda v: (v.filename, v.line))


def objects(d, signature=None):
    """The values that stayed Python objects: a list of `ObjectValue` for one signature, or a dict from argument types to it."""
    if d._interpreted is not None:
        return {(): _objects(d, ())} if signature is None else _objects(d, ())
    if signature is not None:
        return _objects(d, normalize(signature)[1])
    return {args: _objects(d, args) for args in signatures(d)}


def _texts(d, signature, what):
    if signature is not None:
        return d._inspect(normalize(signature)[1], what)
    return {args: d._inspect(args, what) for args in signatures(d)}


def inspect_llvm(d, signature=None):
    return _texts(d, signature, "llvm")


def inspect_asm(d, signature=None):
    return _texts(d, signature, "asm")


def inspect_ir(d, signature=None, stage="types"):
    if stage not in ("bytecode", "ir", "types", "llvm", "asm"):
        raise ValueError(f"stage is 'bytecode', 'ir', 'types', 'llvm' or 'asm', not {stage!r}")
    return _texts(d, signature, stage)


def _source(code):
    """Numbered lines of a function; none when its source is not at hand."""
    last = max((line for _, _, line in code.co_lines() if line), default=code.co_firstlineno)
    numbered = [(k, linecache.getline(code.co_filename, k).rstrip()) for k in range(code.co_firstlineno, last + 1)]
    return numbered if any(line for _, line in numbered) else []


def report(d, signature=None, file=..., measure=None):
    from .report import of_dispatcher
    return of_dispatcher(d, signature, file, measure)


def inspect_types(d, file=None, signature=None, pretty=False, style="default", **kwargs):
    if pretty:
        raise ValueError("pretty=True is not supported; the text goes to `file`")
    out = sys.stdout if file is None else file
    wanted = signatures(d) if signature is None else [normalize(signature)[1]]
    for args in wanted:
        code = d.py_func.__code__
        print(f"{d.py_func.__qualname__} ({', '.join(map(str, args))})", file=out)
        print("-" * 80, file=out)
        print(f"# File: {code.co_filename}, line {code.co_firstlineno}", file=out)
        for number, line in _source(code):
            print(f"{number:5}  {line}", file=out)
        print(file=out)
        print(d._inspect(args, "types"), file=out)
        print("=" * 80, file=out)


def __reduce__(d):
    from .pickling import reduce_dispatcher
    return reduce_dispatcher(d)


def __setstate__(d, state):
    from .pickling import set_state
    return set_state(d, state)


