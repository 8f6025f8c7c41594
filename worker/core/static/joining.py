"""Finds the test, as it is written, that a runner's report speaks of.

Runners name a test by its class, module, package or file and by its own name, each in its own
way: pytest "tests.unit.test_cart.TestCart" and "test_total[2]", Surefire "com.shop.CartTest"
and "total(int)[2]", Vitest "src/cart.test.ts" and "Cart > adds", jest-junit "Cart adds" twice,
go-junit-report "example.com/shop/cart" and "TestTotal/two", nextest "shop::cart" and
"cart::tests::adds", PHPUnit "Tests.Unit.CartTest" and "testTotal with data set #1".
What is not certain is not joined: two tests may have the same name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from worker.core.junit import TestCase
    from worker.core.static.facts import TestFunction

__all__ = ["Joined", "Joiner"]

_PIECES = re.compile(r"::|[.\\/:$]+")
_STEPS = re.compile("::| > | \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} ")
_CASE = re.compile(r"(?P<name>[\w$.:-]+?)\s*(?:[\[({/].*| with data set .*)", re.DOTALL)
"""What follows the name of a test that runs with several values."""


class Joined(NamedTuple):
    """A written test, and its file; None where only the file is certain."""

    path: str
    test: TestFunction | None


class _File:
    """The tests of one file by their names."""

    __slots__ = ("last", "path", "tests", "whole")

    def __init__(self, path: str, tests: Sequence[TestFunction]) -> None:
        self.path = path
        self.tests = tests
        self.whole: dict[str, TestFunction] = {}
        self.last: dict[str, list[TestFunction]] = defaultdict(list)
        for test in tests:
            steps = _STEPS.split(test.name)
            self.whole.setdefault(_spaced(" ".join(steps)), test)
            self.last[_spaced(steps[-1])].append(test)


class Joiner:
    """Joins the cases of runners' reports with the tests of files, by path."""

    def __init__(self, tests: Mapping[str, Sequence[TestFunction]]) -> None:
        self._files: dict[str, _File] = {}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_folder: dict[str, list[str]] = defaultdict(list)
        self._by_test: dict[str, list[str]] = defaultdict(list)
        self._by_whole: dict[str, list[Joined]] = defaultdict(list)
        for path in sorted(tests):
            if tests[path]:
                self._add(_File(path, tests[path]))

    def _add(self, file: _File) -> None:
        path = file.path
        self._files[path] = file
        self._by_name[_stem(path)].append(path)
        if path.endswith(".go"):
            folder = path.rpartition("/")[0]
            self._by_folder[folder.rpartition("/")[2].lower()].append(path)
        for name in file.last:
            self._by_test[name].append(path)
        for name, test in file.whole.items():
            self._by_whole[name].append(Joined(path, test))

    def find(self, case: TestCase) -> Joined | None:
        """Return the test of a case, or its file alone; None where neither is certain."""
        paths, rest, certain = self._paths(case)
        found = [
            Joined(path, test)
            for path in paths
            if (test := self._test(self._files[path], case, rest)) is not None
        ]
        if len(found) == 1:
            return found[0]
        if certain:
            return Joined(paths[0], None) if len(paths) == 1 else None
        return self._by_names_alone(case)

    def _by_names_alone(self, case: TestCase) -> Joined | None:
        """Return the only test of the project that has the names of a case.

        First by its suites and its name as one, then by its name alone.
        """
        found = {one for name in _with_suites(case) for one in self._by_whole.get(name, ())}
        for name in () if found else _names(case, ()):
            last = _spaced(_STEPS.split(name)[-1])
            found = {
                Joined(path, test)
                for path in self._by_test.get(last, ())
                for test in self._files[path].last[last]
            }
            if found:
                break
        return found.pop() if len(found) == 1 else None

    def _paths(self, case: TestCase) -> tuple[list[str], tuple[str, ...], bool]:
        """Return the files that a case may be in, what its class has beside, and how certain."""
        owner = case.classname or case.id.rpartition("::")[0]
        for written in (case.file, owner if "/" in owner or "\\" in owner else ""):
            found = self._spelt(written)
            if found:
                inner = case.classname if written == case.file else ""
                return found, self._beside(found, inner), True
        parts = tuple(part for part in _PIECES.split(owner) if part)
        best, rest, size = self._longest(parts)
        if best:
            return best, rest, size > 1
        modules = tuple(case.name.split("::")[:-1])
        inside = [path for path in self._longest(modules)[0] if path.endswith(".rs")]
        return (inside or self._package(parts)), (), False

    def _longest(self, parts: tuple[str, ...]) -> tuple[list[str], tuple[str, ...], int]:
        """Return the files that most of a class's first parts name, the rest, and how many."""
        best: list[str] = []
        rest: tuple[str, ...] = ()
        size = 0
        for end in range(len(parts), 0, -1):
            for path in self._by_name.get(parts[end - 1].lower(), ()):
                common = _overlap(parts[:end], path)
                if common > size:
                    best, rest, size = [path], parts[end:], common
                elif common and common == size:
                    best.append(path)
            if best:
                break
        return best, rest, size

    def _beside(self, paths: Iterable[str], classname: str) -> tuple[str, ...]:
        """Return what a class's name has behind that of its file."""
        parts = tuple(part for part in _PIECES.split(classname) if part)
        stems = {_stem(path) for path in paths}
        for at in range(len(parts) - 1, -1, -1):
            if parts[at].lower() in stems:
                return parts[at + 1 :]
        return ()

    def _spelt(self, written: str) -> list[str]:
        """Return the files that a path may mean: it may begin above or below the repository."""
        written = written.replace("\\", "/").removeprefix("./").lstrip("/")
        if not written:
            return []
        if written in self._files:
            return [written]
        found = [
            path
            for path in self._by_name.get(_stem(written), ())
            if f"/{path}".endswith(f"/{written}") or f"/{written}".endswith(f"/{path}")
        ]
        longest = max((len(path) for path in found if written.endswith(path)), default=0)
        return [path for path in found if len(path) >= longest]

    def _package(self, parts: Sequence[str]) -> list[str]:
        """Return the files of a package of Go, by its import path."""
        best: list[str] = []
        size = 0
        for path in self._by_folder.get(parts[-1].lower() if parts else "", ()):
            common = _overlap(parts, path.rpartition("/")[0])
            if common > size:
                best, size = [path], common
            elif common and common == size:
                best.append(path)
        return best

    def _test(self, file: _File, case: TestCase, rest: tuple[str, ...]) -> TestFunction | None:
        for name in _names(case, rest):
            if name in file.whole:
                return file.whole[name]
        for name in _names(case, rest):
            same = file.last.get(_spaced(_STEPS.split(name)[-1]), ())
            if len(same) == 1:
                return same[0]
        full = _spaced(case.name)
        ends = [test for name, tests in file.last.items() if full.endswith(f" {name}")
                for test in tests]  # fmt: skip
        return ends[0] if len(ends) == 1 else None


def _names(case: TestCase, rest: tuple[str, ...]) -> Iterator[str]:
    """Yield how the test of a case may be written, the most certain first."""
    case_of = _CASE.fullmatch(case.name)
    bare = case_of["name"] if case_of else case.name
    for name in dict.fromkeys((case.name, bare)):
        steps = _STEPS.split(name)
        if rest:
            yield _spaced(" ".join([*rest, *steps]))
        yield _spaced(" ".join(steps))
        if len(steps) > 1:
            yield _spaced(steps[-1])
    if "." in bare and " " not in bare:
        yield bare.rpartition(".")[2]


def _with_suites(case: TestCase) -> Iterator[str]:
    """Yield the names of a case together with its suites', as Jest's and Mocha's reports do."""
    suites = _spaced(" ".join(_STEPS.split(case.classname)))
    yield _spaced(f"{suites} {' '.join(_STEPS.split(case.name))}")
    if " " in suites:
        yield suites


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _stem(path: str) -> str:
    """Return a file's name without its last suffix, in small letters."""
    return path.rpartition("/")[2].rpartition(".")[0].lower() or path.lower()


def _overlap(parts: Sequence[str], path: str) -> int:
    """Return how many parts a class and a path have in common at their ends.

    All of the shorter one, or else nothing: `com.shop.CartTest` is not src/old/CartTest.java.
    """
    stem, dot, suffix = path.rpartition(".")
    known = [one.lower() for one in (stem if dot and "/" not in suffix else path).split("/")]
    asked = [one.lower() for one in parts]
    count = 0
    for left, right in zip(reversed(asked), reversed(known), strict=False):
        if left != right:
            break
        count += 1
    return count if count == min(len(asked), len(known)) else 0
