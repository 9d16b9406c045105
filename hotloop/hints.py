"""What mends the usual mistakes: one table.

A row is ``Hint(name, pattern, text)``.  The first row whose pattern is found in the *case* gives the hint.  A case is one line of
text made of what is known about the error::

    operation | function called | types of the operands | first line of the message | source of the expression

``{…}`` in a text is filled in with: ``{name}`` the variable, attribute or function in question, ``{a}`` ``{b}`` ``{c}`` the
operands as they are written, ``{function}`` the function that is compiled, ``{0}`` ``{1}`` … the pattern's groups.

Names that are nearly right ("did you mean …?") come before the table.
"""
import re
from collections import namedtuple

Hint = namedtuple("Hint", "name pattern text")

HINTS = [
    # --- variables and types
    Hint("variable of two types, one of them None", r"^phi\|.*\bNone\b",
         "give {name} a value of its later type from the start, 0.0 or an array, and remember in a bool whether it was set"),
    Hint("tuple that grows", r"^phi\|.*\btuple\b.*\btuple\b",
         "a tuple's length is part of its type: collect into a list, {name} = [], and {name}.append(…)"),
    Hint("variable of two types", r"^phi\|",
         "a variable has one type in compiled code: use another name for the second value, or convert one of the two"),
    Hint("results of two types", r"^return\|.*in another", "return one type on every way, such as -1 or np.nan for \"nothing\""),
    Hint("None in arithmetic", r"^(?:add|sub|mul|truediv|floordiv|mod|pow|lt|le|gt|ge|neg)\|[^|]*\|[^|]*\bNone\b",
         "start with a number instead of None, or test `is None` before this line"),
    Hint("number that is too large", r"int beyond 64 bits", "integers have 64 bits in compiled code: a float holds larger ones, if not exactly"),
    Hint("text formatted with %", r"^mod\|[^|]*\|str\b", "use an f-string: f\"… {{x}}\""),
    Hint("number joined to text", r"^add\|[^|]*\|(?:str,.*|.*, str)\|",
         "text and numbers are not added: f\"{{x}}\" makes text of a number; text becomes a number with float(text) before the call"),
    Hint("text in arithmetic", r"^(?:add|sub|mul|truediv|floordiv|pow|neg|lt|le|gt|ge|eq|ne)\|[^|]*\|[^|]*\bstr\b",
         "text becomes a number with float(text), in Python, before the compiled function is called"),
    Hint("lists in arithmetic", r"^(?:add|sub|mul|truediv|pow)\|[^|]*\|[^|]*\blist of",
         "arithmetic item by item needs arrays: np.array(…)"),
    Hint("bits of a float", r"^(?:and|or|xor|lshift|rshift|invert)\|[^|]*\|[^|]*float", "bits belong to whole numbers: int(…), or a.astype(np.int64)"),
    Hint("matrix product of a number", r"^matmul\|", "@ multiplies arrays of one or two dimensions; a number is multiplied with *"),
    Hint("complex numbers compared", r"complex numbers have no order", "compare abs(z) or z.real"),
    Hint("identity", r"^is(?:_not)?\|", "use =="),

    # --- indexing and iteration
    Hint("mixed tuple indexed by a variable", r"items of this tuple have different types",
         "use an index that is written as a number, t[0], or make all items of one type"),
    Hint("float as an index", r"^(?:getitem|setitem)\|[^|]*\|[^|]*, float\d\d\|", "use // instead of /, or int(…)"),
    Hint("number indexed", r"^getitem\|[^|]*\|(?:u?int\d+|float\d+|complex\d+|bool)\b",
         "{a} is a single number here: pass an array, or leave the index out"),
    Hint("too many indices", r"too many indices", "{a} has fewer dimensions than there are indices; a.reshape(…) or a[:, None] adds one"),
    Hint("tuple written to", r"^setitem\|[^|]*\|(?:tuple|empty tuple)", "tuples do not change: use a list or an array"),
    Hint("list among the globals", r"\|(?:[^|]*, )?plain list(?:,[^|]*)?\|", "globals are constants in compiled code, and a list is none: pass it as an argument, or make it a tuple or an array"),
    Hint("dict among the globals", r"^getitem\|[^|]*\|dict\b", "globals are constants in compiled code, and a dict is none: pass the value as an argument"),
    Hint("text into an array of numbers", r"^setitem\|.*\bstr\b", "text becomes a number with float(text), before the compiled function is called"),
    Hint("sequence into one item", r"^setitem\|.*(?:list|tuple).*cannot be stored|setting an array element with a sequence",
         "assign to a slice of the same length, from an array: a[0:2] = np.array(…)"),
    Hint("complex into a real array", r"complex number cannot be stored", "create the array with dtype=np.complex128, or store z.real"),
    Hint("loop over a number", r"^getiter\|[^|]*\|(?:u?int\d+|float\d+)", "for i in range({a})"),
    Hint("number unpacked", r"^unpack\|[^|]*\|(?:u?int\d+|float\d+|complex\d+|bool)", "only tuples, lists and arrays are unpacked"),
    Hint("unpacking count", r"values to unpack", "write as many names on the left as there are items"),
    Hint("range of floats", r"^call\|builtins\.range\|[^|]*float", "use // instead of /, or int(…); np.arange and np.linspace take floats"),
    Hint("len of a number", r"^call\|builtins\.len\|(?:u?int|float|complex)", "{a} is a single number here; an array was meant?"),

    # --- attributes and methods
    Hint("arguments of an exception", r"^getattr\|[^|]*\|(?:exception|\w+(?:Error|Exception))\|.*'args'",
         "the arguments may be of any type: keep what is needed in a variable before the raise; str({a}) gives the text"),
    Hint("append to an array", r"^getattr\|.*array of.*'append'", "arrays have a fixed size: collect in a list, then np.array(list)"),
    Hint("list.add", r"^getattr\|.*list.*'add'", "lists grow with .append(x)"),
    Hint("str.format", r"^getattr\|.*\bstr\b.*'format'", "use an f-string: f\"… {{x}}\""),
    Hint("methods of text", r"^getattr\|[^|]*\|str\|", "work on text in Python, before or after the compiled function"),
    Hint("attribute of a number", r"^getattr\|[^|]*\|(?:u?int\d+|float\d+)\|.*'(?:shape|size|ndim|T|dtype|sum|copy|astype)'",
         "{a} is a single number here; call the function with an array"),
    Hint("attribute of None", r"^getattr\|[^|]*\|None", "{a} is None here: test it with `is None` first"),
    Hint("attributes are not assigned", r"^setattr\|", "keep the value in a variable and return it"),
    Hint("deleting attributes", r"del of attribute", "leave the line out"),

    # --- dicts, sets, strings
    Hint("dict", r"^(?:build_map|map_add)\|", "use variables, a namedtuple, or an array whose index is the key"),
    Hint("set", r"^(?:build_set|set_add)\|", "np.unique(array) gives each value once; `x in list` finds one"),

    # --- arguments of the function
    Hint("DataFrame as an argument", r"^argument\|.*\b(?:DataFrame|Series|Index)\b",
         "pass its numbers: {name}.to_numpy(), or one column, {name}[\"column\"].to_numpy()"),
    Hint("dict as an argument", r"^argument\|.*class dict\b", "pass the values one by one, or as an array or a namedtuple"),
    Hint("set as an argument", r"^argument\|.*class (?:set|frozenset)\b", "pass np.array(sorted({name}))"),
    Hint("array of objects", r"^argument\|.*dtype object", "convert it: {name}.astype(np.float64); rows of different length do not make an array of numbers"),
    Hint("array of text", r"^argument\|.*dtype <?[US]\d+", "pass numbers: np.unique({name}, return_inverse=True)[1] numbers the different texts"),
    Hint("array of dates", r"^argument\|.*dtype (?:datetime|timedelta)64", "pass {name}.astype(np.int64) and compute with the numbers"),
    Hint("structured array", r"^argument\|.*dtype \[", "pass its fields one by one: {name}[\"field\"]"),
    Hint("array of another byte order", r"^argument\|.*byte order", "{name}.astype({name}.dtype.newbyteorder(\"=\"))"),
    Hint("half precision", r"^argument\|.*dtype float16", "pass {name}.astype(np.float32)"),
    Hint("long double", r"^argument\|.*dtype (?:float128|longdouble|complex256)", "pass {name}.astype(np.float64)"),
    Hint("matrix or masked array", r"^argument\|.*behaves differently from the array", "pass np.asarray({name})"),
    Hint("list of mixed items as an argument", r"^argument\|.*holds items of one type", "pass a tuple, or items of one type: [float(x) for x in {name}]"),
    Hint("empty list as an argument", r"^argument\|.*empty list", "an empty array has a type: np.empty(0); or give the function a signature"),
    Hint("class as an argument", r"^argument\|.*the class .* is not supported as an argument", "name the class inside the function"),
    Hint("Decimal or Fraction", r"^argument\|.*(?:Decimal|Fraction)", "pass float({name})"),
    Hint("object as an argument", r"^argument\|.*values of class", "pass the numbers it holds: as arguments, as an array, or as a namedtuple"),

    # --- constructs of the language
    Hint("generator", r"contains yield|yield is not|async generator", "return a list or an array, or pass in an array to be filled"),
    Hint("generator expression", r"generator expression", "use a list: [… for …]"),
    Hint("async", r"async|coroutine", "compile the part that computes as an ordinary function, and call it from the async one"),
    Hint("with", r"with statement", "open files and locks in Python, and call the compiled function inside of `with`"),
    Hint("class inside", r"class definition", "define the class at module level; compiled code can use a namedtuple"),
    Hint("function of a library", r"^call\|.*takes \*\*kwargs", "call it in Python, before or after the compiled function; pass in and return the data"),
    Hint("kwargs", r"\*\*kwargs|keyword dictionar", "name the parameters, with defaults"),
    Hint("assignment to a global", r"assignment to global", "return the new value and assign it outside"),
    Hint("assignment to nonlocal", r"assignment to nonlocal", "return the new value, or keep it in an array of one item"),
    Hint("inner function that is returned", r"(?:inner function|function .*) cannot be returned (?:to Python|from)", "make the inner function a function of its own with @njit, and pass it what it needs"),
    Hint("inner function that calls itself", r"that calls itself", "move it out: a function at module level with @njit may call itself"),
    Hint("import inside", r"import of module|this import", "put the import at the top of the file"),
    Hint("raise of something else", r"exceptions must derive", "raise ValueError(\"…\")"),
    Hint("recursion with growing types", r"arguments of this recursive call grow", "pass arguments of the same types in the recursive call"),
    Hint("name that is not defined", r"name '(\w+)' is not defined", "define {0} before {function}() is called for the first time"),
    Hint("free variable without a value", r"free variable", "assign it before the function is called"),
    Hint("signature", r"the signature has|signature says", "make the signature's types match the function, or leave it out: the types are found at the first call"),

    # --- calls
    Hint("shape that is a list", r"shape must be an int or a tuple.*\[|\|list of int64\|.*shape must be", "write the shape as a tuple: (n, m)"),
    Hint("shape that is a float", r"shape must be an int or a tuple", "use // instead of /, or int(…)"),
    Hint("new shape that is a list", r"^call\|reshape\|.*list of", "write the shape as a tuple: a.reshape((n, m)) or a.reshape(n, m)"),
    Hint("math function of an array", r"^call\|math\.(\w+)\|\d-d array", "math.{0} takes one number; np.{0} takes arrays"),
    Hint("several values where one is needed", r"^call\|builtins\.(?:zip|enumerate|sum|sorted|any|all)\|.*int\d+ is not iterable",
         "only lists, tuples, arrays and ranges have items; range(n) counts up to n"),
    Hint("dtype in a variable", r"dtype is not known while compiling|dtype is not a dtype", "write the dtype itself: dtype=np.float64"),
    Hint("axis in a variable", r"(?:axes|axis).*(?:written|literal)", "write the axis as a number, axis=0, or as a tuple of numbers"),
    Hint("keyword that is not supported", r"^call\|[^|]*\|.*has no parameter '(\w+)' here",
         "the parameters that compiled code knows: {parameters}"),
    Hint("arguments that are missing", r"^call\|[^|]*\|.*needs a value for '(\w+)'", "it is called as {parameters}"),
    Hint("too many arguments", r"^call\|[^|]*\|.*takes at most", "it is called as {parameters}"),
    Hint("arguments of a function of the program", r"takes \d+ positional arguments? but|missing a required argument|got an unexpected keyword argument",
         "make the call fit the function's parameters: {signature}"),
    Hint("arguments unpacked from a list", r"f\(\*args\) needs a tuple", "pass a tuple, whose length is known, or index the list"),
    Hint("keywords unpacked from a dict", r"f\(\*\*kwargs\)", "write the arguments out: f(a=…, b=…)"),
    Hint("class called", r"the class (.+) cannot be called", "make the object in Python and pass the numbers it holds; a namedtuple works"),
    Hint("number called", r"a value of type .* cannot be called", "{callee} is a value, not a function; was a multiplication or an index meant?"),
    Hint("int() of text", r"^call\|builtins\.(?:int|float)\|str", "convert text to numbers in Python, before the call"),
    Hint("array made of text", r"^call\|numpy\.\w+\|str\|", "arrays in compiled code hold numbers"),
    Hint("array of ragged lists", r"no single shape|^build_list\|.*list of", "all rows must have the same length and depth; fill up with 0 or np.nan"),
    Hint("list of mixed items", r"^build_list\|", "use a tuple, (1, \"two\"), for items of several types, or two lists"),
    Hint("append of another type", r"^call\|append\|", "convert the item, or start the list with an item of the wider type"),
    Hint("print to a file", r"print\(\).*no parameter 'file'", "print outside of the compiled function"),
    Hint("print with sep or end", r"print\(\).*(?:sep|end) must be", "sep and end are str"),
    Hint("sorting", r"cannot be sorted", "sort in Python, or sort numbers that stand for the items"),
    Hint("a list among the globals", r"^call\|.*list\.(?:append|extend|insert|pop|remove|clear|sort)\b.*not supported",
         "globals are constants in compiled code: pass the list as an argument, or return what is to be added"),
    Hint("the random module of NumPy", r"numpy\.random\..* is not supported", "np.random.seed, random, rand, normal, uniform, randint and others work: see the documentation"),
    Hint("file access", r"^call\|.*(?:open|input|exec|eval|json|os\.|sys\.|time\.|logging|re\.|subprocess).*not supported",
         "call it in Python, before or after the compiled function; pass in and return the data"),
    Hint("function that compiled code does not know", r"is not supported in compiled code",
         "call it in Python, before or after the compiled function, or write it as a loop"),

]

_SIBLINGS = {"numpy": "np"}


def is_obvious(facts, first):
    """Is it of no use to say what would be accepted?"""
    return facts.get("op") in ("is", "is_not", "build_list") or bool(re.search(
        "has no parameter|needs a value|takes at most|takes .* positional|missing a required|unexpected keyword|"
        "is not supported in compiled code$|cannot be called here", first) and facts.get("op") != "getattr")


def _near(name, names):
    import difflib
    found = difflib.get_close_matches(name, list(names), 1, 0.6)
    return found[0] if found else None


def _did_you_mean(first, facts):
    """The nearest name to one that was not found."""
    m = re.search(r"name '(\w+)' is not defined", first)
    if m and facts.get("scope"):
        near = _near(m[1], facts["scope"])
        return near and f"did you mean {near}?"
    m = re.search(r"module '(\w+)' has no attribute '(\w+)'", first)
    if m:
        import sys
        module = sys.modules.get(m[1])
        near = _near(m[2], [n for n in dir(module) if not n.startswith("_")])
        return near and f"did you mean {_SIBLINGS.get(m[1], m[1])}.{near}?"
    if facts.get("op") == "getattr" and facts.get("names"):
        near = _near(facts.get("name", ""), facts["names"])
        return near and f"did you mean .{near}?"
    m = re.search(r"no parameter '(\w+)' here", first)
    if m and facts.get("parameters"):
        near = _near(m[1], _parameter_names(facts["parameters"]))
        return near and f"did you mean {near}=?"
    return None


def _parameter_names(rows):
    return [p.strip().strip("*=") for row in rows for p in row.split(",") if p.strip()]


def _called_as(facts):
    from .explain import function_name
    rows = facts.get("parameters") or [""]
    longest = max(rows, key=lambda r: r.count(","))
    parts = [p.strip() for p in longest.split(",") if p.strip()]
    return f"{function_name(facts.get('called', ''))}({', '.join(p + '…' if p.endswith('=') else p for p in parts)})"


def _signature(facts):
    import inspect
    f = facts.get("object")
    f = getattr(f, "py_func", f)
    try:
        return f"{f.__name__}{inspect.signature(f)}"
    except (AttributeError, TypeError, ValueError):
        return "see its definition"


class _Blanks(dict):
    def __missing__(self, key):
        if key == "parameters":
            return _called_as(self["facts"])
        if key == "callee":
            return self["facts"].get("callee text") or "this"
        if key == "signature":
            return _signature(self["facts"])
        return "it"


def _alternatives(pattern):
    """The parts between the bars that stand outside of parentheses."""
    parts, depth, start, k = [], 0, 0, 0
    while k < len(pattern):
        c = pattern[k]
        k += 1 + (c == "\\")
        depth += (c in "([") - (c in ")]")
        if c == "|" and not depth:
            parts.append(pattern[start:k - 1])
            start = k
    return [*parts, pattern[start:]]


def _may_be_found(pattern, case):
    """False when it is plain that the pattern is not in the case.  Compiling a regular expression takes 0.1 ms: for all of them that is longer than
    everything else that is done for the first error of a process."""
    for part in _alternatives(pattern):
        if part.startswith("^"):
            head, bar, _ = part[1:].partition(r"\|")
            words = head.removeprefix("(?:").removesuffix(")").split("|")
            if not bar or not all(map(str.isidentifier, words)) or case.partition("|")[0] in words:
                return True
        elif not set(part).isdisjoint("\\^$.*+?()[]{}") or part in case:
            return True
    return False


def find(first, facts, source, function):
    """The hint for an error, or None."""
    near = _did_you_mean(first, facts)
    if near:
        return near
    from .explain import type_words
    types = ", ".join(type_words(o[0]) for o in facts.get("operands", ()) or facts.get("places", ()))
    called = facts.get("called") or facts.get("callee") or ""
    case = f"{facts.get('op', '')}|{called}|{types}|{first}|{source}"
    for hint in HINTS:
        m = _may_be_found(hint.pattern, case) and re.search(hint.pattern, case)
        if m:
            texts = [t or "it" for t in facts.get("texts") or ()]
            values = _Blanks(zip("abcdef", texts), facts=facts, function=function, name=facts.get("name") or "it")
            return _fill(hint.text, m.groups(), values)
    return None


def _fill(text, groups, values):
    def blank(m):
        key = m[1]
        return str(groups[int(key)] if key.isdigit() else values[key])
    text = re.sub(r"(?<!\{)\{(\w+)\}(?!\})", blank, text)
    return text.replace("{{", "{").replace("}}", "}")
