"""CPython's words for a call whose arguments don't fit the parameters.  Imported when a call fails."""
import inspect


def _names(names):
    quoted = [f"'{n}'" for n in names]
    if len(quoted) < 3:
        return " and ".join(quoted)
    return ", ".join(quoted[:-1]) + ", and " + quoted[-1]


def _missing(func, kind, names):
    plural = "s" if len(names) != 1 else ""
    return TypeError(f"{func}() missing {len(names)} required {kind} argument{plural}: {_names(names)}")


def _too_many(func, positional, defaults, given, keyword_only_given):
    most = len(positional)
    least = most - defaults
    takes = f"from {least} to {most}" if defaults else f"{most}"
    plural = "s" if most != 1 else ""
    extra = ""
    if keyword_only_given:
        extra = (f" positional argument{'s' if given != 1 else ''} (and {keyword_only_given} keyword-only "
                 f"argument{'s' if keyword_only_given != 1 else ''})")
    verb = "was" if given == 1 and not keyword_only_given else "were"
    return TypeError(f"{func}() takes {takes} positional argument{plural} but {given}{extra} {verb} given")


def explain(func, args, kwnames):
    """Raises the ``TypeError`` that calling `func` with these arguments raises in CPython.

    Parameters
    ----------
    func : function
    args : tuple
        Positional arguments.
    kwnames : tuple of str or None
        Names of the keyword arguments.
    """
    code = func.__code__
    names = code.co_varnames
    positional = names[:code.co_argcount]
    only_positional = positional[:code.co_posonlyargcount]
    keyword_only = names[code.co_argcount:code.co_argcount + code.co_kwonlyargcount]
    name = func.__qualname__
    given = set(positional[:len(args)])
    unknown = [k for k in kwnames or () if k not in names[len(only_positional):code.co_argcount + code.co_kwonlyargcount]]
    for k in kwnames or ():
        if k in unknown:
            by_position = [n for n in only_positional if n in (kwnames or ())]
            if by_position:
                raise TypeError(f"{name}() got some positional-only arguments passed as keyword arguments: '{', '.join(by_position)}'")
            raise TypeError(f"{name}() got an unexpected keyword argument '{k}'")
        if k in given:
            raise TypeError(f"{name}() got multiple values for argument '{k}'")
        given.add(k)
    defaults = len(func.__defaults__ or ())
    if len(args) > len(positional) and not code.co_flags & inspect.CO_VARARGS:
        raise _too_many(name, positional, defaults, len(args), sum(k in given for k in keyword_only))
    missing = [n for n in positional[:len(positional) - defaults] if n not in given]
    if missing:
        raise _missing(name, "positional", missing)
    missing = [n for n in keyword_only if n not in given and n not in (func.__kwdefaults__ or {})]
    if missing:
        raise _missing(name, "keyword-only", missing)
