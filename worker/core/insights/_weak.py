"""Tests that prove little: mocked ones with their mocks, and those that assert nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from worker.core.insight import Cell, Code, Place, Table
from worker.core.insights._contexts import contexts_of
from worker.core.insights._parts import sources_of
from worker.core.numbers import Ratio
from worker.core.static import Kind, Language, stand_ins_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.core.insights._contexts import PlacedTest
    from worker.core.insights._reach import Reached
    from worker.core.verdict import Evidence

__all__ = ["test_tables"]

_READ = {
    Language.PYTHON: "Python, by syntax tree",
    Language.JAVASCRIPT: "JavaScript and TypeScript, by patterns",
    Language.OTHER: "other languages, by patterns",
}
_BY_PATTERNS = "by patterns"


def test_tables(
    evidence: Evidence, tests: Sequence[PlacedTest], reached: Mapping[str, Reached]
) -> tuple[Table, ...]:
    """Return the tests by kind, and those that are mocked or assert nothing.

    Those come first that alone reach the most lines, where contexts tell.
    """
    alone = _count_alone(evidence, reached)
    order = sorted(tests, key=lambda one: (-alone.get(one.id, 0), one.path, one.test.line))
    counted = bool(reached)
    return (
        _by_kind(tests),
        _mocked([one for one in order if one.kind is Kind.MOCKED], alone, counted=counted),
        _silent([one for one in order if one.kind is Kind.SILENT], alone, counted=counted),
    )


def _count_alone(evidence: Evidence, reached: Mapping[str, Reached]) -> dict[str, int]:
    """Return by test how many source lines it reaches that no real test reaches."""
    contexts = contexts_of(evidence) if reached else {}
    weak = {
        name: [one.id for one in context.tests]
        for name, context in contexts.items()
        if context.tests and all(one.kind is not Kind.REAL for one in context.tests)
    }
    found: dict[str, int] = defaultdict(int)
    for file in sources_of(evidence) if weak else ():
        hollow = reached[file.path].hollow
        if not hollow:
            continue
        lines: dict[str, int] = defaultdict(int)  # a test has a context for each phase
        for name, hit in file.contexts:
            for test in weak.get(name, ()) if hit & hollow else ():
                lines[test] |= hit & hollow
        for test, bits in lines.items():
            found[test] += bits.bit_count()
    return found


def _by_kind(tests: Sequence[PlacedTest]) -> Table:
    kinds = Counter((one.language, one.kind) for one in tests)
    rows: list[tuple[Cell, ...]] = []
    for language in Language:
        total = sum(kinds[language, kind] for kind in Kind)
        if total:
            rows.append((_READ[language], *(Ratio(kinds[language, one], total) for one in Kind)))
    return Table(("tests", *map(str, Kind)), tuple(rows), "Tests by what they prove", aside=True)


def _mocked(tests: Sequence[PlacedTest], alone: Mapping[str, int], *, counted: bool) -> Table:
    rows = tuple((*_row(one, alone, counted=counted), *_mocks(one)) for one in tests)
    columns = (*_columns(counted=counted), "mocks", "where")
    return Table(columns, rows, "Mocked tests", aside=True)


def _silent(tests: Sequence[PlacedTest], alone: Mapping[str, int], *, counted: bool) -> Table:
    rows = tuple(_row(one, alone, counted=counted) for one in tests)
    return Table(_columns(counted=counted), rows, "Tests that assert nothing", aside=True)


def _columns(*, counted: bool) -> tuple[str, ...]:
    return ("file", "test", *["lines no real test reaches"] * counted)


def _row(one: PlacedTest, alone: Mapping[str, int], *, counted: bool) -> tuple[Cell, ...]:
    name: Cell = Code(one.test.name)
    if one.language is not Language.PYTHON:
        name = (name, _BY_PATTERNS)
    row: tuple[Cell, ...] = (Place(one.path, 1 << one.test.line), name)
    return (*row, alone.get(one.id, 0)) if counted else row


def _mocks(one: PlacedTest) -> tuple[Cell, Cell]:
    """Return what stands in, and the lines that put it there, by file."""
    mocks = stand_ins_of(one.test)
    named = dict.fromkeys(mock.target or mock.how for mock in mocks)
    lines: dict[str, int] = {}
    for mock in mocks:
        path = mock.path or one.path
        lines[path] = lines.get(path, 0) | 1 << mock.line
    places = tuple(Place(path, bits, named=path != one.path) for path, bits in lines.items())
    return tuple(map(Code, named)), places
