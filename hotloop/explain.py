"""The text of compilation errors.

Loaded when the first error is made.  The compiler hands over facts (compiler/infer/explain.c): what failed, at which
expression, with which operands, what it would have taken, and through which calls it came there.  Here they become at most
twelve lines that a reader who has never seen a compiler understands::

    `+` does not work between int64 and str
      File "prices.py", line 8, in total
        s = s + unit
            ^^^^^^^^
      found     s is int64 (line 6: s = 0)
                unit is str (argument)
      works if  unit is a number or an array; or s is a str
      called    from report(), line 14: return total(prices, "EUR")
      hint      text becomes a number with float(text), before the compiled function is called

The hints are the table in hints.py.  Names of types that stand in a reason are put into plain words, too.
"""
import ast
import builtins
import linecache
import os
import re

from . import hints

LINES = 12
WIDTH = 100

# --- types in words ----------------------------------------------------------------------------------------------

_WORDS = {"unicode_type": "str", "none": "None", "pyobject": "Python object", "ellipsis": "...", "unknown": "something unknown",
          "omitted": "nothing"}
_OBJECTS = {"type": "class", "module": "module", "function": "function", "builtin_function_or_method": "function", "numpy.ufunc": "function",
            "dict": "dict", "list": "plain list", "set": "set", "int": "int beyond 64 bits", "hotloop._binding.Dispatcher": "compiled function"}
_HEAD = re.compile(r"Literal\[|(?<![.\w])(?:array|list|UniTuple|Tuple|OptionalType|const|iter|dtype|closure|method|exception|slice|type)\((?!')"
                   r"|\b(?:unicode_type|pyobject|var\d+)\b")


def _closing(text, start, opening, closing):
    """Index of the bracket that closes the one at `start`; quotes are respected; -1 when there is none."""
    depth, quote, k = 0, None, start
    while k < len(text):
        c = text[k]
        if quote:
            if c == "\\":
                k += 1
            elif c == quote:
                quote = None
        elif c in "'\"" and opening == "[":
            quote = c
        elif c == opening:
            depth += 1
        elif c == closing:
            depth -= 1
            if not depth:
                return k
        k += 1
    return -1


def _split(text):
    """`text` at the commas outside of brackets."""
    parts, depth, last = [], 0, 0
    for k, c in enumerate(text):
        depth += c in "([" or -(c in ")]")
        if c == "," and not depth:
            parts.append(text[last:k].strip())
            last = k + 1
    return parts + [text[last:].strip()] if text.strip() else []


def type_words(name):
    """A type's name in words: ``array(float64, 1d, C)`` is a "1-d array of float64"."""
    if name.startswith("Literal["):
        end = _closing(name, 7, "[", "]")
        return type_words(name[end + 2:-1])
    if re.fullmatch(r"var\d+", name):
        return "something unknown"
    head, paren, inner = name.partition("(")
    if not paren:
        return _WORDS.get(name, name)
    inner = inner[:-1]
    if head == "array":
        item, ndim, *_, flags = *_split(inner), ""
        return f"{'read-only ' if 'readonly' in inner else ''}{ndim[:-1]}-d array of {type_words(item)}"
    if head == "list":
        return "empty list" if re.fullmatch(r"var\d+", inner) else f"list of {type_words(inner)}"
    if head == "UniTuple":
        item, _, count = inner.rpartition(" x ")
        return f"tuple of {count} {type_words(item)}"
    if head == "Tuple":
        return f"tuple ({', '.join(map(type_words, _split(inner)))})" if inner else "empty tuple"
    if head == "OptionalType":
        return f"{type_words(inner)} or None"
    if head == "exception":
        return "exception" if inner == "any" else inner
    if head == "dtype":
        return f"dtype {inner}"
    if head == "slice":
        return "slice"
    if head == "iter":
        return "iterator"
    if head == "closure":
        return "inner function"
    if head == "method":
        return f"method {inner.rpartition('.')[2]}"
    if head == "object":
        return _OBJECTS.get(inner) or f"object of class {inner.rpartition('.')[2]}"
    if head == "const":
        return "a plain list" if inner.startswith("[") else "a Python object" if re.match(r"[<{]", inner) else inner
    if head == "type" and inner.startswith("CPUDispatcher("):
        return f"function {inner[14:-1]}"
    return name


def in_words(text):
    """`text` with the names of types in it put into words."""
    out, k = "", 0
    while m := _HEAD.search(text, k):
        end = m.end()
        if m.group().endswith("["):
            end = _closing(text, m.end() - 1, "[", "]") + 1
            end = _closing(text, end, "(", ")") + 1 if end and text[end:end + 1] == "(" else 0
        elif m.group().endswith("("):
            end = _closing(text, m.end() - 1, "(", ")") + 1
        if not end:
            break
        out += text[k:m.start()] + type_words(text[m.start():end])
        k = end
    return out + text[k:]


def _article(words):
    if re.fullmatch(r"u?int\d+|float\d+|complex\d+|bool|str", words) or not re.match(r"\d|[a-z]", words) or words.startswith(("dtype", "something")):
        return words
    return f"an {words}" if re.match(r"[aeiou8]", words) else f"a {words}"


# --- source ------------------------------------------------------------------------------------------------------


def _short(text, width=WIDTH):
    text = " ".join(text.split())
    return text if len(text) <= width else text[:width - 1] + "…"


def _line(filename, line):
    return linecache.getline(filename, line).rstrip("\n") if filename and line > 0 else ""


def segment(filename, span):
    """The source between two positions; None when it is not known."""
    line, col, end_line, end_col = span
    if col < 0 or line <= 0 or end_line < line:
        return None
    lines = [_line(filename, k).encode() for k in range(line, end_line + 1)]
    if not lines[0]:
        return None
    lines[-1] = lines[-1][:end_col]
    lines[0] = lines[0][col:]
    return b"\n".join(lines).decode(errors="replace")


def _parse(text):
    """The expression or statement `text` with the source that its positions refer to; (None, "") when it is none."""
    for source, mode in ((f"({text}\n)", "eval"), (text, "exec")):
        try:
            tree = ast.parse(source, mode=mode)
        except (SyntaxError, ValueError):
            continue
        return (tree.body if mode == "eval" else tree.body[0] if tree.body else None), source
    return None, ""


def operand_texts(facts, filename, span):
    """How the operands are written in the source; None for those that cannot be found."""
    text = segment(filename, span)
    node, source = _parse(text) if text else (None, "")
    if facts.get("op") == "build_slice" and text:  # "a[i:j]", or "i:j" alone
        if not isinstance(node, ast.Subscript):
            node, source = _parse(f"_[{text}]")
        parts = (node.slice.lower, node.slice.upper, node.slice.step) if isinstance(getattr(node, "slice", None), ast.Slice) else (None,) * 3
        return [part and ast.get_source_segment(source, part) for part in parts][:len(facts.get("operands", ()))]
    nodes = []
    if isinstance(node, ast.BinOp):
        nodes = [node.left, node.right]
    elif isinstance(node, ast.AugAssign):
        nodes = [node.target, node.value]
    elif isinstance(node, ast.Compare):
        nodes = [node.left, *node.comparators] if len(node.comparators) == 1 else []
    elif isinstance(node, ast.UnaryOp):
        nodes = [node.operand]
    elif isinstance(node, ast.Subscript):
        nodes = [node.value, node.slice]
        whole, line = _parse(_line(filename, span[0]).strip())
        if facts.get("op") == "setitem" and isinstance(whole, ast.Assign):
            nodes.append((whole.value, line))
    elif isinstance(node, ast.Attribute):
        nodes = [node.value]
    elif isinstance(node, ast.Call) and facts.get("op") == "call_ex":
        nodes = [node.func, *(a.value for a in node.args if isinstance(a, ast.Starred))]
    elif isinstance(node, ast.Call):
        facts["callee text"] = ast.get_source_segment(source, node.func)
        nodes = list(node.args)
        if facts.get("method") and isinstance(node.func, ast.Attribute):
            nodes.insert(0, node.func.value)
        nodes += [k.value for k in node.keywords]
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)) and facts.get("op") != "unpack":
        nodes = node.elts
    elif isinstance(node, ast.For):
        nodes = [node.iter]
    elif isinstance(node, ast.Raise):
        nodes = [n for n in (node.exc, node.cause) if n is not None]
    elif facts.get("op") in ("unpack", "unpack_ex"):
        node, source = _parse(_line(filename, span[0]).strip())
        nodes = [node.value] if isinstance(node, ast.Assign) else [node.iter] if isinstance(node, ast.For) else []
    elif node is not None and len(facts.get("operands", ())) == 1:
        nodes = [node]
    found = [ast.get_source_segment(*(n[1], n[0]) if isinstance(n, tuple) else (source, n)) for n in nodes]
    n = len(facts.get("operands", ()))
    return (found + [None] * n)[:n]


def _instruction(code, span):
    """"byte 24 (BINARY_OP)": for code without source."""
    import dis
    try:
        for i in dis.get_instructions(code):
            p = i.positions
            if p is not None and (p.lineno, p.end_lineno) == (span[0], span[2]) and (p.col_offset, p.end_col_offset) in (
                    (span[1], span[3]), (None, None)) and i.opname not in ("CACHE", "RESUME", "PUSH_NULL", "PRECALL", "LOAD_FAST", "LOAD_CONST"):
                return f"bytecode offset {i.offset} ({i.opname})"
    except (TypeError, ValueError, LookupError):  # bytecode that dis does not understand either
        pass
    return ""


def _place(filename, function, code, span):
    """File, source line and caret."""
    line, col, end_line, end_col = span
    if not filename:
        return []
    if col < 0 and code is not None and line == code.co_firstlineno:  # the decorator's line: the function's own is meant
        while _line(filename, line).lstrip().startswith("@") and line < code.co_firstlineno + 20:
            line += 1
    where = f'  File "{filename}"' + (f", line {line}" if line > 0 else "") + (f", in {function}" if function else "")
    text = _line(filename, line)
    if not text.strip():
        at = _instruction(code, span) if code is not None else ""
        return [where + (f", {at}; the source is not available" if at else "")]
    if col < 0:
        return [where, f"    {text.strip()}"]
    raw = text.encode()
    start = len(raw[:col].decode(errors="replace"))
    stop = len(raw[:end_col].decode(errors="replace")) if end_line == line and end_col > col else len(text)
    lead = len(text) - len(text.lstrip())
    return [where, f"    {text.strip()}", "    " + " " * max(start - lead, 0) + "^" * max(stop - start, 1)]


def _definition(place, filename, line):
    """Where a value got its type: "(line 6: s = 0)", "(argument)", or nothing for what the reader sees anyway."""
    _, kind, name, (at, *_) = place
    if kind == "argument":
        return "argument"
    if at <= 0 or at == line:
        return ""
    text = _line(filename, at).strip()
    return f"line {at}: {_short(text, 60)}" if text else f"line {at}"


# --- what was found ----------------------------------------------------------------------------------------------

_SYMBOLS = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "lshift": "<<", "rshift": ">>",
            "and": "&", "or": "|", "xor": "^", "matmul": "@", "lt": "<", "le": "<=", "eq": "==", "ne": "!=", "gt": ">", "ge": ">=",
            "in": "in", "not_in": "not in", "is": "is", "is_not": "is not"}
_UNARY = {"neg": "-", "pos": "+", "invert": "~", "not": "not", "truth": "if"}
_PYTHON = {"array": "numpy.ndarray", "str": "str", "list": "list", "tuple": "tuple", "int": "int", "float": "float", "complex": "complex"}


def function_name(key):
    """``numpy.full`` as people write it: ``np.full``."""
    for long, short in (("numpy.", "np."), ("builtins.", ""), ("_io.", ""), ("io.open", "open")):
        if key.startswith(long) or key == long:
            return short + key[len(long):] if key != long else short
    return key


def _has_in_python(words, name):
    """Does Python's or NumPy's object have the attribute that compiled code lacks?"""
    if "array of" in words:
        import numpy
        return hasattr(numpy.ndarray, name)
    cls = {"str": str, "None": type(None), "empty list": list, "exception": BaseException}.get(words)
    if not cls and isinstance(known := getattr(builtins, words, None), type) and issubclass(known, BaseException):
        cls = known
    for start, c in (("list", list), ("tuple", tuple), ("int", int), ("uint", int), ("float", float), ("complex", complex), ("bool", bool)):
        cls = cls or (c if words.startswith(start) else None)
    return cls is not None and hasattr(cls, name)


def headline(reason, facts):
    """The first line: what is wrong."""
    op, types = facts.get("op", ""), [type_words(o[0]) for o in facts.get("operands", ())]
    called = function_name(facts["called"]) if "called" in facts else ""
    if facts.get("method") and types:
        called = f".{called}"
    if reason:
        reason = in_words(reason)
        if not reason.startswith("cannot unpack"):
            reason = reason.replace(": it is not iterable", " is not iterable")
        return f"{called}(): {reason}" if called else reason
    if op == "phi":
        a, b = ([type_words(p[0]) for p in facts.get("places", ())] + ["one type", "another"])[:2]
        name = facts.get("name")
        return f"{name or 'this value'} is {_article(a)} on one path and {_article(b)} on another"
    if op == "return":
        seen = list(dict.fromkeys(type_words(p[0]) for p in facts.get("places", ())))
        return f"the function returns {' in one place and '.join(_article(t) for t in seen[:2])} in another" if len(seen) > 1 else \
            f"the function returns {_article(seen[0]) if seen else 'another type'}, its signature says otherwise"
    if op in _SYMBOLS and len(types) == 2:
        return f"`{_SYMBOLS[op]}` does not work between {types[0]} and {types[1]}"
    if op in _UNARY and types:
        return f"`{_UNARY[op]}` does not work on {_article(types[0])}"
    if op == "getitem" and len(types) == 2:
        return f"{_article(types[0])} cannot be indexed" + (f" with {_article(types[1])}" if any(facts.get("accepts") or ()) else "")
    if op == "setitem" and types:
        return f"the items of {_article(types[0])} cannot be assigned" + (f": {types[2]}" if len(types) > 2 and any(facts.get("accepts") or ()) else "")
    if op == "delitem" and types:
        return f"the items of {_article(types[0])} cannot be deleted"
    if op == "getattr" and types:
        if _has_in_python(types[0], facts.get("name", "")):
            return f"the attribute '{facts['name']}' of {_article(types[0])} is not supported in compiled code"
        return f"{_article(types[0])} has no attribute '{facts.get('name')}'"
    if op == "setattr":
        return f"the attribute '{facts.get('name')}' of {_article(types[0])} cannot be set in compiled code"
    if op in ("build_map", "map_add"):
        return "a dict is not supported in compiled code"
    if op in ("build_set", "set_add"):
        return "a set is not supported in compiled code"
    if called:
        return f"{called}() does not take {' and '.join(_article(t) for t in types[facts.get('method', False):]) or 'no arguments'}"
    return f"this does not work on {' and '.join(_article(t) for t in types) or 'these values'}"


def _works_with(names, is_array):
    """The sample types that an operand may have, in words; what they hold is said where the operand is an array already."""
    s = set(names)
    out = []
    if {"int64", "float64", "complex128"} <= s:
        out.append("a number")
    elif {"int64", "float64"} <= s:
        out.append("an int or a float")
    elif "int64" in s:
        out.append("an int")
    elif "float64" in s:
        out.append("a float")
    elif "bool" in s:
        out.append("a bool")
    arrays = [n for n in names if n.startswith("array(")]
    if arrays:
        item = "" if len({n.split(",")[0] for n in arrays}) > 1 else " of " + arrays[0][6:].split(",")[0]
        matrix = {n.split(", ")[1][0] for n in arrays} == {"2"}
        out.append(("a 2-d array" if matrix else "an array") + (item if "int64" in item or is_array and not matrix else ""))
    if "unicode_type" in s:
        out.append("a str")
    if any(n.startswith("list(") for n in names):
        out.append("a list")
    if any(n.startswith("UniTuple(") for n in names):
        out.append("a tuple of ints")
    return " or ".join([", ".join(out[:-1]), out[-1]] if len(out) > 1 else out)


def _base(name):
    return name[name.rindex("](") + 2:-1] if name.startswith("Literal[") else name


def _works(facts, texts):
    clauses, seen = [], set()
    keywords = facts.get("keywords") or ()
    for k, names in reversed(list(enumerate(facts.get("accepts") or ()))):
        text = texts[k] if k < len(texts) and texts[k] else None
        own = _base(facts["operands"][k][0]) if k < len(facts.get("operands", ())) else None
        words = _works_with(names, own is not None and own.startswith("array("))
        if words and text and len(text) <= 40 and own not in names and text not in seen:
            seen.add(text)
            clauses.append(f"{keywords[k]} is {words}" if k < len(keywords) and keywords[k] else f"{text} is {words}")
    return "; or ".join(clauses[:2])


def _found(facts, texts, filename, span, first):
    rows, seen = [], set()
    if facts.get("op") in ("phi", "return"):
        name = facts.get("name") or ("this value" if facts["op"] == "phi" else "the result")
        for p in facts.get("places", ()):
            words = type_words(p[0])
            if words in seen:
                continue
            seen.add(words)
            at = p[3][0]
            text = _short(_line(filename, at).strip(), 60)
            where = "as an argument" if p[1] == "argument" else f"in line {at}" + (f": {text}" if text else "") if at > 0 else ""
            rows.append(f"{name} is {_article(words)} {where}".rstrip())
        return rows[:3]
    if facts.get("op") in ("build_list", "build_map", "build_set") or hints.is_obvious(facts, first):
        return []
    if "value" in facts:  # what was called is a value
        place, text = facts["value"], facts.get("callee text") or "this"
        return [f"{text} is {_article(type_words(place[0]))}" + (f" ({where})" if (where := _definition(place, filename, span[0])) else "")]
    keywords = facts.get("keywords") or ()
    places = facts.get("operands", ())
    telling = sum(1 for p in places if p[1] != "constant")
    for k, (place, text) in enumerate(zip(facts.get("operands", ()), texts)):
        if not text or len(text) > 60 or "\n" in text or text in seen or facts.get("op") == "call_ex" and not k:
            continue
        if place[1] == "constant" and telling > 1:  # a number or text that stands there for all to see
            continue
        seen.add(text)
        where = _definition(place, filename, span[0])
        prefix = f"{keywords[k]}=" if k < len(keywords) and keywords[k] else ""
        rows.append(f"{prefix}{text} is {_article(type_words(place[0]))}" + (f" ({where})" if where else ""))
    return rows[:4]


def _calls(facts, filename):
    rows = []
    for function, file, span in facts.get("calls", ()):
        text = _short(_line(file, span[0]).strip(), 60)
        where = f"line {span[0]}" if file == filename else f"{os.path.basename(file or '?')}, line {span[0]}"
        rows.append(f"from {function}(), {where}" + (f": {text}" if text else ""))
    if len(rows) > 2:
        rows[1:] = [f"… through {len(rows) - 2} more call{'s' * (len(rows) > 3)} " + rows[-1]]
    return rows


# --- the whole ---------------------------------------------------------------------------------------------------


def _labelled(label, rows):
    return [f"  {label if k == 0 else '':9} {_short(row)}" for k, row in enumerate(rows)]


def _wrapped(label, text):
    import textwrap
    return _labelled(label, textwrap.wrap(text, WIDTH - 14)[:2])


def render(reason, code, names, filename, function, span, facts):
    """The message of an error at a place in compiled code."""
    facts = dict(facts or {})
    returned = re.fullmatch(r"return\s+(\w+)", segment(filename, span) or "")
    if facts.get("op") == "phi" and returned:
        facts.setdefault("name", returned[1])
        span = (span[0], span[1] + returned.start(1), *span[2:])
    texts = operand_texts(facts, filename, span)
    facts.update(texts=texts, scope={*(names or ()), *dir(builtins), *(code.co_varnames if code else ())})
    reason = re.sub(r"\b_?io\.open\b", "open()", reason)
    first = headline(reason, facts)
    source = segment(filename, span) or ""
    head = [first, *_place(filename, function, code, span)]
    found = _labelled("found", _found(facts, texts, filename, span, first))
    works = _labelled("works if", [w] if (w := _works(facts, texts)) and not hints.is_obvious(facts, first) else [])
    calls = _labelled("called", _calls(facts, filename))
    hint = hints.find(first, facts, source, function)
    last = _wrapped("hint", hint) if hint else []
    while len(head) + len(found) + len(works) + len(calls) + len(last) > LINES:
        (found if len(found) > 2 else calls if len(calls) > 1 else works if works else found).pop()
    return "\n".join(head + found + works + calls + last)


def argument(function, name, reason, value):
    """The message about an argument that compiled code cannot take."""
    code = function.__code__
    filename, line = code.co_filename, code.co_firstlineno
    span = (0, -1, 0, -1)
    for k in range(line, line + 20):  # behind decorators
        text = _line(filename, k)
        at = re.search(rf"^\s*(?:async\s+)?def\b.*?\b({re.escape(name)})\b", text) or re.search(rf"\blambda\b[^:]*?\b({re.escape(name)})\b", text)
        if at:
            start = len(text[:at.start(1)].encode())
            span = (k, start, k, start + len(name.encode()))
            break
        if not text or re.match(r"\s*def\b", text):
            span = (k, -1, k, -1) if text else span
            break
    first = f"argument '{name}' of {function.__qualname__}(): {in_words(reason)}"
    hint = hints.find(first, {"op": "argument", "value": value, "name": name}, "", function.__qualname__)
    lines = [first, *_place(filename, function.__qualname__, None, span)]
    return "\n".join(lines + (_wrapped("hint", hint) if hint else []))
