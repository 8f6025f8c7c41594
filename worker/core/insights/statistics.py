"""Test statistics: how many tests and assertions there are, of each type and in each folder."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from worker.core.insight import Cell, Code, Insight, Number, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._contexts import tests_of
from worker.core.insights._tests import base_facts_of, base_tests_of, id_before, types_of
from worker.core.numbers import format_count, format_limit, format_number
from worker.core.results import GateResult, Outcome
from worker.core.static import is_test_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from worker.core.insights._contexts import PlacedTest
    from worker.core.static import FileFacts
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "statistics"
_GATE = "assertions per test"
_PROPERTIES = re.compile(
    r"(?<![a-z])(?:hypothesis|fast-check|proptest|quickcheck|jqwik|rantly|prop_check|FsCheck"
    r"|testing/quick|pgregory\.net/rapid|io\.kotest\.property|org\.scalacheck)(?![a-z])"
)
"""Libraries that make up values and look for one that breaks a law."""
_CASES = "test cases written out"


@dataclass(frozen=True, slots=True)
class _Sums:
    """Counts of some tests."""

    files: int
    tests: int
    cases: int
    assertions: int
    none: int
    one: int
    skipped: int

    @property
    def density(self) -> Fraction | None:
        """Assertions per test."""
        return Fraction(self.assertions, self.tests) if self.tests else None


def look(evidence: Evidence) -> Insight | None:
    """Count what test files hold, and what the change does to it; nothing without their text."""
    tests = tests_of(evidence)
    if not tests:
        return None
    now = _sum(tests)
    base = base_tests_of(evidence)
    before = None if base is None else _sum(base)
    tables = (
        _whole(evidence, now, before),
        _grouped(tests, _by_type(evidence), "type", "By type"),
        _grouped(tests, lambda one: one.path.rpartition("/")[0] or ".", "folder", "By folder"),
        _thin(evidence, tests, base),
    )
    return Insight(
        NAME,
        "Test statistics",
        _summary(evidence, now, before),
        tuple(one for one in tables if one.rows),
        _results(evidence, now, before),
        relevant=before is not None and (now.none > before.none or now.tests < before.tests),
    )


def _sum(tests: Iterable[PlacedTest]) -> _Sums:
    files, counts = set(), [0] * 6
    for placed in tests:
        test = placed.test
        files.add(placed.path)
        asserts = len(test.asserts)
        added = (1, test.cases, asserts, not asserts, asserts == 1, bool(test.skips))
        counts = [count + more for count, more in zip(counts, added, strict=True)]
    return _Sums(len(files), *counts)


def _summary(evidence: Evidence, now: _Sums, before: _Sums | None) -> str:
    tests = format_count(now.tests, "test")
    text = f"{tests} in {format_count(now.files, 'file')}"
    low, high = evidence.config.tests.assertions.target
    if now.density is not None:
        text += f", {format_number(now.density)} assertions each"
        text += f", target {format_limit(low)} to {format_limit(high)}" * (now.density < low)
    if before is not None and before != now:
        more = _more(now.tests - before.tests, "test")
        asserts = _more(now.assertions - before.assertions, "assertion")
        text += f"; the change: {more}, {asserts}"
    return text


def _more(count: int, word: str) -> str:
    return f"{format_number(count, signed=True)} {word}{'' if abs(count) == 1 else 's'}"


def _whole(evidence: Evidence, now: _Sums, before: _Sums | None) -> Table:
    """Return all counts, and those at the base where they are others."""
    facts, base_facts = evidence.inputs.material.facts, base_facts_of(evidence)
    lines = _lines(facts)
    rows = _rows(evidence, now, lines)
    properties = _properties(facts)
    if before is None or base_facts is None:
        return Table(("", "now"), (*rows, *properties), shown=20)
    earlier = _rows(evidence, before, _lines(base_facts))
    if rows == earlier:
        return Table(("", "now"), (*rows, *properties), shown=20)
    compared: list[tuple[Cell, ...]] = [
        (name, new, old, _change(new, old))
        for (name, new), (_, old) in zip(rows, earlier, strict=True)
    ]
    compared += [(*row, None, None) for row in properties]
    return Table(("", "now", "at the base", "change"), tuple(compared), shown=20)


def _rows(
    evidence: Evidence, sums: _Sums, lines: tuple[int, int]
) -> list[tuple[str, int | Number]]:
    low, high = evidence.config.tests.assertions.target
    target = f"{format_limit(low)} to {format_limit(high)}"
    return [
        ("test files", sums.files),
        ("tests", sums.tests),
        ("assertions", sums.assertions),
        (f"assertions per test, target {target}", Number(sums.density)),
        ("tests without an assertion", sums.none),
        ("tests with one assertion", sums.one),
        ("tests that may be skipped", sums.skipped),
        ("lines of test code", lines[0]),
        ("lines of measured source", lines[1]),
        ("lines of tests for a line of source", Number(_per(lines))),
    ]


def _change(now: int | Number, before: int | Number) -> Number | None:
    new = now.value if isinstance(now, Number) else now
    old = before.value if isinstance(before, Number) else before
    return None if new is None or old is None or new == old else Number(new - old, signed=True)


def _lines(facts: Mapping[str, FileFacts]) -> tuple[int, int]:
    """Return the lines of code of tests and of the source that reports measure."""
    tests = sum(one.lines for path, one in facts.items() if is_test_path(path))
    return tests, sum(one.lines for path, one in facts.items() if not is_test_path(path))


def _per(lines: tuple[int, int]) -> Fraction | None:
    return Fraction(lines[0], lines[1]) if lines[1] else None


def _properties(facts: Mapping[str, FileFacts]) -> list[tuple[Cell, ...]]:
    """Return a row on files that test laws by made-up values, where there are any."""
    found = [
        path
        for path, one in facts.items()
        if (is_test_path(path) or one.tests) and any(map(_PROPERTIES.search, one.imports))
    ]
    return [("files with property tests", len(found))] if found else []


def _by_type(evidence: Evidence) -> Callable[[PlacedTest], str]:
    types = types_of(evidence)
    return lambda one: types.get(one.id, "")


def _grouped(
    tests: Sequence[PlacedTest], group: Callable[[PlacedTest], str], what: str, title: str
) -> Table:
    """Return the counts by group, the largest first; nothing where there is but one."""
    found: dict[str, list[PlacedTest]] = defaultdict(list)
    for one in tests:
        found[group(one)].append(one)
    rows: list[tuple[Cell, ...]] = []
    for name in sorted(found, key=lambda name: (-len(found[name]), name)):
        sums = _sum(found[name])
        rows.append(
            (
                Code(name) if name else "not told",
                sums.files,
                sums.tests,
                sums.assertions,
                Number(sums.density),
                sums.none,
                sums.one,
                sums.skipped,
            )
        )
    columns = (what, "files", "tests", "assertions", "per test", "without", "with one", "skipped")
    return Table(columns, tuple(rows) if len(rows) > 1 else (), title)


def _thin(
    evidence: Evidence, tests: Sequence[PlacedTest], base: Sequence[PlacedTest] | None
) -> Table:
    """Return the tests that the change adds with one assertion or none."""
    known = None if base is None else {one.id for one in base}
    rows: list[tuple[Cell, ...]] = []
    for one in tests:
        if known is None or one.path not in evidence.diff.files or len(one.test.asserts) > 1:
            continue
        if id_before(evidence, one) not in known:
            place = Place(one.path, 1 << one.test.line)
            rows.append((Code(one.test.name), place, len(one.test.asserts)))
    rows.sort(key=lambda row: row[2] == 1)
    return Table(("test", "where", "assertions"), tuple(rows), "New tests that check little")


def _results(evidence: Evidence, now: _Sums, before: _Sums | None) -> tuple[GateResult, ...]:
    rule = evidence.config.tests.assertions
    low = rule.target[0]
    if not rule.blocking or now.density is None:
        return ()
    actual, required = format_number(now.density), f"≥ {format_limit(low)}, or not less"
    was = None if before is None else before.density
    if now.density >= low:
        outcome, summary = Outcome.PASS, f"tests have {actual} assertions on average"
    elif was is None:
        outcome = Outcome.NEUTRAL
        summary = "how many assertions the tests had at the base is not known"
    elif now.density < was:
        outcome = Outcome.FAIL
        summary = (
            f"tests have {actual} assertions on average, {format_limit(low)} are asked for, "
            f"and it was {format_number(was)} at the base"
        )
    else:
        outcome = Outcome.PASS
        summary = f"the change does not lower the {actual} assertions that tests have on average"
    return (GateResult(_GATE, outcome, summary, actual, required),)


LOOK = Look(NAME, look, judges=lambda config: config.tests.assertions.blocking)
