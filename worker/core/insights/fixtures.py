"""Fixtures: set-up that has grown large, and set-up that is written more than once."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from worker.core.insight import Cell, Code, Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._contexts import tests_of
from worker.core.insights._tables import drop_empty
from worker.core.insights._tests import base_facts_of, base_tests_of, id_before
from worker.core.numbers import format_count
from worker.core.results import GateResult, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from worker.core.insights._contexts import PlacedTest
    from worker.core.static import FileFacts, Fixture
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "fixtures"
_GATE = "large fixtures"
_REPEATED = 3
"""So many tests that begin alike would be shorter with a fixture."""


class _Large(NamedTuple):
    """A file or a fixture with more lines than it should have."""

    name: str
    """Of the fixture; empty for the file as a whole."""
    place: Place
    lines: int
    before: int | None
    """At the base; None where it was not there, or that is not known."""
    fixtures: int
    new: bool


def look(evidence: Evidence) -> Insight | None:
    """List large set-up, tests with many fixtures, and set-up that is there more than once."""
    large = [*_large_files(evidence), *_large_fixtures(evidence)]
    laden = _laden(evidence)
    same = _same_fixtures(evidence.inputs.material.facts)
    alike, fresh = _alike(evidence)
    results = _results(evidence, large) if evidence.config.tests.fixtures.blocking else ()
    tables = (_table_of_files(large), _table_of_fixtures(large), laden, alike, same)
    if not any(one.rows for one in tables):
        text = "no set-up is large"
        return Insight(NAME, "Fixtures", text, (), results) if results else None
    return Insight(
        NAME,
        "Fixtures",
        _summary(large, laden, alike, same),
        tuple(one for one in tables if one.rows),
        results,
        relevant=fresh or any(one.new for one in large),
    )


def _large_files(evidence: Evidence) -> list[_Large]:
    limit, facts = evidence.config.tests.fixtures.file, evidence.inputs.material.facts
    base = base_facts_of(evidence)
    found = []
    for path in sorted(facts):
        one = facts[path]
        if path.rpartition("/")[2] != "conftest.py" or one.lines <= limit:
            continue
        was = _before(evidence, path, base)
        lines = None if was is None else was.lines
        new = base is not None and (lines is None or lines <= limit)
        found.append(_Large("", Place(path), one.lines, lines, len(_own(one)), new))
    return sorted(found, key=lambda one: (-one.lines, one.place.path))


def _large_fixtures(evidence: Evidence) -> list[_Large]:
    limit, facts = evidence.config.tests.fixtures.lines, evidence.inputs.material.facts
    base = base_facts_of(evidence)
    found = []
    for path in sorted(facts):
        for fixture in _own(facts[path]):
            if _size(fixture) <= limit:
                continue
            was = _before(evidence, path, base)
            sizes = {_key(one): _size(one) for one in _own(was)} if was is not None else {}
            lines = sizes.get(_key(fixture))
            new = base is not None and (lines is None or lines <= limit)
            place = Place(path, 1 << fixture.line)
            found.append(_Large(fixture.name, place, _size(fixture), lines, 1, new))
    return sorted(found, key=lambda one: (-one.lines, one.place.path, one.name))


def _before(
    evidence: Evidence, path: str, base: Mapping[str, FileFacts] | None
) -> FileFacts | None:
    file = evidence.diff.files.get(path)
    old = path if file is None or file.old_path is None else file.old_path
    return None if base is None else base.get(old)


def _own(facts: FileFacts) -> tuple[Fixture, ...]:
    """Return the fixtures of a file once each, though subclasses inherit them."""
    return tuple({one.line: one for one in reversed(facts.fixtures)}.values())[::-1]


def _key(fixture: Fixture) -> tuple[str, str]:
    return fixture.scope, fixture.name


def _size(fixture: Fixture) -> int:
    return fixture.end_line - fixture.line + 1


def _laden(evidence: Evidence) -> Table:
    """Return the tests that ask for many fixtures."""
    limit = evidence.config.tests.fixtures.per_test
    found = [one for one in tests_of(evidence) if len(one.test.fixtures) > limit]
    found.sort(key=lambda one: (-len(one.test.fixtures), one.path, one.test.line))
    rows = tuple(
        (
            Code(one.test.name),
            Place(one.path, 1 << one.test.line),
            len(one.test.fixtures),
            tuple(map(Code, one.test.fixtures)),
        )
        for one in found
    )
    return Table(("test", "where", "fixtures", "which"), rows, "Tests with many fixtures")


def _alike(evidence: Evidence) -> tuple[Table, bool]:
    """Return the tests that begin with the same statements, and whether the change adds one."""
    groups: dict[tuple[str, str], list[PlacedTest]] = defaultdict(list)
    for one in tests_of(evidence):
        if one.test.opening:
            groups[one.path.rpartition("/")[0], one.test.opening].append(one)
    found = [tests for tests in groups.values() if len(tests) >= _REPEATED]
    found.sort(key=lambda tests: (-len(tests), tests[0].path, tests[0].test.line))
    rows = tuple(_row(tests) for tests in found)
    base = base_tests_of(evidence)
    known = None if base is None else {one.id for one in base}
    fresh = known is not None and any(
        id_before(evidence, one) not in known
        for tests in found
        for one in tests
        if one.path in evidence.diff.files
    )
    columns = ("first three statements of", "tests that begin so", "which")
    return Table(columns, rows, "Set-up that several tests repeat"), fresh


def _row(tests: Sequence[PlacedTest]) -> tuple[Cell, ...]:
    by_file: dict[str, int] = defaultdict(int)
    for one in tests:
        by_file[one.path] |= 1 << one.test.line
    first = tests[0]
    return Code(first.test.name), len(tests), tuple(Place(*one) for one in by_file.items())


def _same_fixtures(facts: Mapping[str, FileFacts]) -> Table:
    """Return the fixtures that are written alike in several places."""
    groups: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for path, fixture in _fixtures(facts):
        if fixture.digest:
            groups[fixture.name, fixture.digest].append(Place(path, 1 << fixture.line))
    found = [(name, places) for (name, _), places in groups.items() if len(places) > 1]
    found.sort(key=lambda one: (-len(one[1]), one[0], one[1][0].path))
    rows = tuple((Code(name), len(places), tuple(places)) for name, places in found)
    title = "Fixtures that are written more than once"
    return Table(("fixture", "times", "where"), rows, title)


def _fixtures(facts: Mapping[str, FileFacts]) -> Iterator[tuple[str, Fixture]]:
    for path in sorted(facts):
        for fixture in _own(facts[path]):
            yield path, fixture


def _table_of_files(large: Sequence[_Large]) -> Table:
    rows = tuple((one.place, one.lines, one.before, one.fixtures) for one in large if not one.name)
    columns = ("file", "lines of code", "at the base", "fixtures")
    return drop_empty(Table(columns, rows, "Large files of set-up"))


def _table_of_fixtures(large: Sequence[_Large]) -> Table:
    rows = tuple((Code(one.name), one.place, one.lines, one.before) for one in large if one.name)
    columns = ("fixture", "where", "lines", "at the base")
    return drop_empty(Table(columns, rows, "Large fixtures"))


def _summary(large: Sequence[_Large], laden: Table, alike: Table, same: Table) -> str:
    files = sum(1 for one in large if not one.name)
    fixtures = len(large) - files
    repeated = sum(row[1] for row in alike.rows if isinstance(row[1], int))
    parts = [
        format_count(files, "large conftest.py", "large conftest.py files") if files else "",
        format_count(fixtures, "large fixture") if fixtures else "",
        f"{format_count(len(laden.rows), 'test')} with many fixtures" if laden.rows else "",
        f"{repeated:,} tests repeat their set-up" if repeated else "",
        f"{format_count(len(same.rows), 'fixture')} written more than once" if same.rows else "",
    ]
    return ", ".join(filter(None, parts))


def _results(evidence: Evidence, large: Sequence[_Large]) -> tuple[GateResult, ...]:
    new = [one for one in large if one.new]
    actual, required = f"{len(new):,} new", "no new one"
    if base_facts_of(evidence) is None:
        reason = "the tests at the base are not known"
        return (GateResult(_GATE, Outcome.NEUTRAL, reason, "–", required),)
    if not new:
        summary = "the change makes no fixture or conftest.py large"
        return (GateResult(_GATE, Outcome.PASS, summary, actual, required),)
    first = new[0]
    rule = evidence.config.tests.fixtures
    limit = rule.lines if first.name else rule.file
    what = f"the fixture {first.name}" if first.name else f"the file {first.place.path}"
    summary = f"{what} has {format_count(first.lines, 'line')}, {limit:,} are allowed"
    return (GateResult(_GATE, Outcome.FAIL, summary, actual, required),)


LOOK = Look(NAME, look, judges=lambda config: config.tests.fixtures.blocking)
