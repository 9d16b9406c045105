"""The examples in the documentation are run: every page of docs/ that has any."""
import doctest
import pathlib

import pytest

PAGES = [p for p in sorted((pathlib.Path(__file__).parent.parent / "docs").glob("*.md")) if "\n>>>" in p.read_text()]  # Numba's messages have some behind a space
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def test_there_are_pages():
    assert {"vectorize.md", "guvectorize.md"} <= {p.name for p in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_page(page):
    result = doctest.testfile(str(page), module_relative=False, optionflags=FLAGS)
    assert result.attempted > 2 and result.failed == 0


@pytest.mark.parametrize("name", ["ufunc", "gufunc"])
def test_docstrings(name):
    import importlib
    result = doctest.testmod(importlib.import_module(f"hotloop.{name}"), optionflags=FLAGS)
    assert result.attempted and result.failed == 0
