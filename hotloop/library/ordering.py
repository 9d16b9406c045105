"""max, min and sorted with a key; without one they are instructions.

As in CPython the key is asked once for each item, in order, and of items whose keys are equal the first one comes first.
"""
import sys

from .. import types
from ..errors import TypingError
from ..extending import overload


def _itself(x):
    return x


def _extreme(name, better):
    empty = f"{name}() {'iterable argument is empty' if sys.version_info >= (3, 12) else 'arg is an empty sequence'}"

    def of_items(iterable, *, key):
        found = False
        for x in iterable:
            rank = key(x)
            if not found or better(rank, best_rank):
                best, best_rank, found = x, rank, True
        if not found:
            raise ValueError(empty)
        return best

    def of_items_or(iterable, *, key, default):
        found = False
        for x in iterable:
            rank = key(x)
            if not found or better(rank, best_rank):
                best, best_rank, found = x, rank, True
        return best if found else default

    def without_key(iterable, *, key):
        return of_items(iterable, key=_itself)

    def choose(*args, key, default=None):
        if len(args) != 1:
            raise TypingError(f"{name}() of several values takes no key in compiled code: put them into a tuple")
        if isinstance(key, types.NoneType):
            return without_key if default is None else None
        return of_items if default is None else of_items_or
    return choose


overload(max)(_extreme("max", lambda a, b: a > b))
overload(min)(_extreme("min", lambda a, b: a < b))


def _by_key(iterable, *, key, reverse=False):
    items = list(iterable)
    ranks = [(key(x), -i if reverse else i) for i, x in enumerate(items)]
    ranks.sort(reverse=reverse)
    return [items[abs(i)] for _, i in ranks]


def _without_key(iterable, *, key, reverse=False):
    return sorted(iterable, reverse=reverse)


@overload(sorted)
def _sorted(iterable, *, key, reverse=None):
    return _without_key if isinstance(key, types.NoneType) else _by_key
