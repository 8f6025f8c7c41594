"""Test functions by what tools call them: paths, classes and names, cut at the front or not."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from worker.core.elsewhere.suites import normal_name
from worker.core.static import is_test_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.core.static import FileFacts, Kind, Language, TestFunction

__all__ = ["PlacedTest", "TestIndex"]

T = TypeVar("T")

_PLAIN = re.compile(r"\w+")
_LAST = re.compile(r"::|\.| > ")
_SUFFIX = re.compile(r"(?<=[^/])\.(?!py$)[^./]+$")
"""The suffix of a file whose class or module is named without it: CartTest.java."""


@dataclass(frozen=True, slots=True)
class PlacedTest:
    """A test function, where it stands and what it proves."""

    path: str
    test: TestFunction
    kind: Kind
    language: Language

    @property
    def id(self) -> str:
        """The file and the name: "tests/test_cart.py::TestCart::test_total"."""
        return f"{self.path}::{self.test.name}"


@dataclass(slots=True)
class TestIndex:
    """Finds the tests that a name means, whatever tool wrote it."""

    __test__ = False

    tests: tuple[PlacedTest, ...]
    facts: Mapping[str, FileFacts]
    _by_name: _Ends[PlacedTest] = field(init=False, repr=False)
    _files: _Ends[str] = field(init=False, repr=False)
    _by_file: dict[str, list[PlacedTest]] = field(init=False, repr=False)
    _loose: dict[str, list[PlacedTest]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._by_name, self._files = _Ends(), _Ends()
        self._by_file, self._loose = defaultdict(list), defaultdict(list)
        for one in self.tests:
            self._by_file[one.path].append(one)
            self._loose[_letters(_LAST.split(one.test.name)[-1])].append(one)
        helpers = (path for path in self.facts if is_test_path(path))
        for path in sorted({*self._by_file, *helpers}):
            for ends in dict.fromkeys(map(_path_ends, (path, _SUFFIX.sub("", path)))):
                self._files.add(ends, "", path)
                for one in self._by_file.get(path, ()):
                    self._by_name.add(ends, one.test.name.replace("::", "."), one)

    def find(self, name: str) -> tuple[PlacedTest, ...]:
        """Return the tests that a name without parameters may mean; none where nothing fits.

        In this order: the test itself; a test that its class inherits; all tests of the file
        that it names; a test with this name alone, as LCOV writes it.
        """
        normal = normal_name(name)
        for found in (self._by_name.find(normal), self._inherited(normal), self._of_file(normal)):
            if found:
                return tuple(found)
        loose = self._loose.get(name, ()) if _PLAIN.fullmatch(name) else ()
        return tuple(loose) if len(loose) == 1 else ()

    def _of_file(self, normal: str) -> Sequence[PlacedTest]:
        paths = self._files.find(f"{normal.removesuffix('.py').rstrip('.')}.")
        return [one for path in paths for one in self._by_file.get(path, ())]

    def _inherited(self, normal: str) -> Sequence[PlacedTest]:
        """Return the tests of that name in the file that is named, or in those it imports."""
        place, _, last = normal.rpartition(".")
        while "." in place:
            place = place.rpartition(".")[0]  # its class, or one that this stands in
            for path in self._files.find(f"{place}."):
                found = self._methods(path, last) or self._imported(path, last)
                if found:
                    return found
        return ()

    def _methods(self, path: str, last: str) -> list[PlacedTest]:
        tests = self._by_file.get(path, ())
        return [one for one in tests if one.test.name.endswith(f"::{last}")]

    def _imported(self, path: str, last: str) -> list[PlacedTest]:
        modules = self.facts[path].imports if path in self.facts else ()
        near = {other for module in modules for other in self._named(module.lstrip("."))}
        return [one for other in sorted(near) for one in self._methods(other, last)]

    def _named(self, module: str) -> Sequence[str]:
        """Return the test files that an import may mean: a module, or what is taken from one."""
        outer = module.rpartition(".")[0]
        return self._files.find(f"{module}.") or (self._files.find(f"{outer}.") if outer else ())


class _Ends(Generic[T]):
    """What dotted names mean that may be cut at the front, or have more there."""

    def __init__(self) -> None:
        self._whole: dict[str, list[T]] = defaultdict(list)
        self._cut: dict[str, list[T]] = defaultdict(list)

    def add(self, ends: Sequence[str], name: str, value: T) -> None:
        """Remember a value by its name behind each of the ends, of which the first is whole."""
        self._whole[ends[0] + name].append(value)
        for end in ends:
            self._cut[end + name].append(value)

    def find(self, name: str) -> Sequence[T]:
        """Return what is named so in full; or ends so; or is what the name ends with."""
        found = self._whole.get(name) or self._cut.get(name)
        if found:
            return found
        ends = _ends(name)[1:]
        return next((self._whole[end] for end in ends if end in self._whole), ())


def _ends(name: str) -> list[str]:
    """Return a dotted name and what is left of it without its first parts, the longest first.

    The last part that is not empty always stays: "a.b." is "a.b." and "b.".
    """
    parts = name.split(".")
    stop = len(parts) - (1 if name.endswith(".") else 0)
    return [".".join(parts[at:]) for at in range(stop)]


def _path_ends(path: str) -> tuple[str, ...]:
    """Return what dotted names of a file begin with: "tests.test_cart.", then "test_cart."."""
    parts = path.split("/")
    return tuple(normal_name(f"{'/'.join(parts[at:])}::") for at in range(len(parts)))


def _letters(name: str) -> str:
    return re.sub(r"\W", "_", name)
