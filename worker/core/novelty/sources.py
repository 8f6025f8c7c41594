"""Source files by their names: which are code, which are tests, what is a comment in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["has_code", "is_aside", "is_test", "suffix_of", "suffixes_of"]

_TEST_FOLDERS = frozenset(
    {"test", "tests", "testing", "testdata", "spec", "specs", "e2e", "fixtures", "testfixtures"}
    | {"androidtest", "__tests__", "__mocks__", "__fixtures__", "t"}
)
_TEST_NAME = re.compile(
    r"(?:test_.*|tests|conftest|.*(?:_test|_tests|_spec|_unittest|[.-](?:test|tests|spec|cy|stories)))"
    r"\.[^.]+|.*[a-z0-9](?:Tests?|TestCase|Spec|IT)\.[A-Za-z]+"
)
_ASIDE_FOLDERS = frozenset({"doc", "docs", "example", "examples", "benchmark", "benchmarks"})
_ASIDE_NAME = re.compile(
    r"(?:setup|noxfile|conf|fabfile|gulpfile|gruntfile|rakefile|package)\.[^.]+"
    r"|.*\.config\.[a-z]+|.*\.d\.[cm]?ts",
    re.IGNORECASE,
)
"""What no test is expected to run: packaging, building, types without code."""

_SLASHES = ("//", "/*", "*/")
_SUFFIXES = {
    ("#",): "py pyi pyx rb sh bash pl pm r ex exs jl nim coffee tcl",
    ("--",): "lua hs elm sql adb ads vhd vhdl",
    (";",): "clj cljs cljc lisp el scm",
    ("%",): "erl hrl",
    ("'",): "vb bas",
    ("#", "<#", "#>"): "ps1 psm1",
    (*_SLASHES, "#"): "php",
}
_COMMENTS = {suffix: marks for marks, names in _SUFFIXES.items() for suffix in names.split()}
"""What comments begin with, by suffix; in all other languages as in C."""
_WORD = re.compile(r"\w")


def suffix_of(path: str) -> str:
    """Return what follows the last dot of a file's name, in small letters; empty for none."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name.lstrip(".") else ""


def suffixes_of(paths: Iterable[str]) -> frozenset[str]:
    """Return the suffixes of files, without that of files that have none."""
    return frozenset(map(suffix_of, paths)) - {""}


def is_test(path: str) -> bool:
    """Return whether a file is a test, or helps tests, by its name or folder."""
    *folders, name = path.split("/")
    return bool(_TEST_NAME.fullmatch(name)) or any(
        folder.lower() in _TEST_FOLDERS for folder in folders
    )


def is_aside(path: str) -> bool:
    """Return whether a file is code that no test is expected to run: documents, packaging."""
    *folders, name = path.split("/")
    return bool(_ASIDE_NAME.fullmatch(name)) or any(
        folder.lower() in _ASIDE_FOLDERS for folder in folders
    )


def has_code(line: str, suffix: str) -> bool:
    """Return whether a line of a file with this suffix holds code, by its looks.

    Blank lines, lines of brackets alone, and whole-line comments do not; the inside of a
    text over several lines, such as Python's docstrings, is taken for code.
    """
    text = line.strip()
    if not _WORD.search(text):
        return False
    marks = _COMMENTS.get(suffix, _SLASHES)
    return not (text.startswith(marks) or ("/*" in marks and text.startswith("* ")))
