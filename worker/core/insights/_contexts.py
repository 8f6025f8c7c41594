"""Joins coverage contexts with the test functions that they name.

A context is a name that a report gives to what ran a line:

- pytest-cov, `--cov-context=test`: "tests/test_cart.py::TestCart::test_total[a]|run"
  https://pytest-cov.readthedocs.io/en/latest/contexts.html
- coverage.py, `dynamic_context = test_function`: "tests.test_cart.TestCart.test_total", and
  "static|dynamic" where a static context is set, too
  https://coverage.readthedocs.io/en/latest/contexts.html
- LCOV, `TN:` with letters, digits and underscores alone
  https://manpages.debian.org/stable/lcov/geninfo.1.en.html

Runners name files from their own root, which may be a folder of the repository: a name is
looked for by its end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from worker.core.insights._index import PlacedTest, TestIndex
from worker.core.insights._parts import remember
from worker.core.static import Kind, classify, is_test_path, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.core.verdict import Evidence

__all__ = [
    "Context",
    "PlacedTest",
    "Reach",
    "TestIndex",
    "contexts_of",
    "tests_are_told",
    "tests_of",
]

_PHASE = re.compile(r"\|(?:setup|run|call|teardown)$")
_PROSE = (".rst", ".md", ".txt")


class Reach(StrEnum):
    """By what a line was run."""

    REAL = "real"
    MOCKED = "mocked"
    SILENT = "asserts nothing"
    IMPORT = "import"
    """No test: the module was imported."""
    UNKNOWN = "unknown"
    """A context that names no test that was found."""


_REACH = {Kind.REAL: Reach.REAL, Kind.MOCKED: Reach.MOCKED, Kind.SILENT: Reach.SILENT}


@dataclass(frozen=True, slots=True)
class Context:
    """What a context means: the tests that it may name, and the best that they prove.

    A context of a whole file has all of the file's tests. A doctest is real, for it compares
    what is printed, and has no test function.
    """

    reach: Reach
    tests: tuple[PlacedTest, ...] = ()


IMPORTED = Context(Reach.IMPORT)
DOCTEST = Context(Reach.REAL)
UNKNOWN = Context(Reach.UNKNOWN)


def tests_of(evidence: Evidence) -> tuple[PlacedTest, ...]:
    """Return the tests of the tree that facts are known of, by path and line."""
    return remember(evidence, "tests", _tests)


def contexts_of(evidence: Evidence) -> Mapping[str, Context]:
    """Return what every context of the report means, by its name."""
    return remember(evidence, "contexts", _contexts)


def tests_are_told(evidence: Evidence) -> bool:
    """Return whether some context of the report leads to a test.

    LCOV may have one name for a whole run, which tells no tests apart.
    """
    return any(one.tests or one is DOCTEST for one in contexts_of(evidence).values())


def _tests(evidence: Evidence) -> tuple[PlacedTest, ...]:
    known = evidence.inputs.material.facts
    # `resolve` joins what stands in several files, which needs all test files at once.
    own = {path: one for path, one in known.items() if one.tests or is_test_path(path)}
    resolved = resolve(own)
    return tuple(
        PlacedTest(path, test, classify(test), resolved[path].language)
        for path in sorted(resolved)
        for test in resolved[path].tests
    )


def _contexts(evidence: Evidence) -> Mapping[str, Context]:
    names = {name for file in evidence.report for name, _ in file.contexts}
    index = TestIndex(tests_of(evidence), evidence.inputs.material.facts)
    parsed = {name: _parse(name) for name in names}
    statics = {one.static for one in parsed.values() if one.static}
    found: dict[str, Context] = {}
    known: dict[str, Context] = {}
    for name in sorted(names):
        one = parsed[name]
        if not one.name or one.name in statics:
            found[name] = IMPORTED
            continue
        context = known.get(one.name)
        if context is None:
            context = known[one.name] = _context(one.name, index)
        found[name] = context
    return found


@dataclass(frozen=True, slots=True)
class _Name:
    """A context's name in parts: a static context in front, and what names the test."""

    static: str
    name: str


def _parse(context: str) -> _Name:
    """Return a context's name without its phase and parameters, which may hold anything."""
    place = _PHASE.sub("", context).partition("[")[0]
    static, _, name = place.rpartition("|")
    return _Name(static, name)


def _context(name: str, index: TestIndex) -> Context:
    tests = index.find(name)
    if tests:
        kinds = {one.kind for one in tests}
        best = next(kind for kind in (Kind.REAL, Kind.MOCKED, Kind.SILENT) if kind in kinds)
        return Context(_REACH[best], tests)
    return DOCTEST if _is_doctest(name) else UNKNOWN


def _is_doctest(name: str) -> bool:
    """Return whether pytest names a doctest so: "src/cart.py::src.cart.total", "a.rst::a.rst".

    https://docs.pytest.org/en/stable/how-to/doctest.html
    """
    path, _, item = name.partition("::")
    last = path.rpartition("/")[2]
    if path.endswith(_PROSE):
        return item == last
    stem = path.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
    named = path.endswith(".py") and "::" not in item and stem in item.split(".")
    return named and ("." in item or not is_test_path(path))
