"""Which source a test file is there for, by its name and by what it imports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from worker.core.static import FileFacts

__all__ = ["Subjects", "stem_of"]

_NO_CODE = frozenset({"__init__", "__main__", "mod", "lib", "index"})
"""Names of files that gather others: nobody names a test for them."""
_TEST_PART = re.compile(
    r"^(?:test|spec)s?[_.-]|^Test(?=[A-Z])"
    r"|[_.-](?:test|spec|cy|unittest)s?$|(?:Tests?|TestCase|Spec|IT)$"
)
"""What a test's name has beside the name of what it tests."""


class Subjects:
    """What some test files are there for."""

    def __init__(self, tests: Iterable[str], facts: Mapping[str, FileFacts]) -> None:
        tests = list(tests)
        self._names = {_subject(path) for path in tests} - _NO_CODE
        self._imported = {
            part
            for path in tests
            if path in facts
            for name in facts[path].imports
            for part in _ends(name)
        }

    def hold(self, path: str) -> bool:
        """Return whether some test is named for a source file, or imports it."""
        key = _key(path)
        return stem_of(path).lower() in self._names or bool({key, key[-1:]} & self._imported)


def stem_of(path: str) -> str:
    """Return a file's name up to its first dot."""
    return path.rpartition("/")[2].partition(".")[0]


def _subject(path: str) -> str:
    """Return what a test's name says that it tests: "cart" of test_cart.py, CartTest.java."""
    name = path.rpartition("/")[2].rpartition(".")[0]
    return _TEST_PART.sub("", name).lower()


def _key(path: str) -> tuple[str, ...]:
    """Return the last two parts of a path without its suffix, as imports name it."""
    parts = [*path.split("/")[:-1], stem_of(path)]
    if parts[-1] in _NO_CODE:
        parts.pop()
    return tuple(parts[-2:])


def _ends(name: str) -> Iterator[tuple[str, ...]]:
    """Yield what an import may mean: the module that it names, or one that it is taken from."""
    parts = [part for part in re.split(r"[./\\:]+", name) if part]
    yield tuple(parts[-2:])
    yield tuple(parts[-3:-1])
