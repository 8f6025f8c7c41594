"""Side effects that tests run, and that none of these tests looks at."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from worker.core.insight import Cell, Code, Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._parts import sources_of
from worker.core.insights._ran import (
    Runs,
    choose_tests,
    has_contexts,
    measured_at,
    numbered_tests,
)
from worker.core.numbers import Ratio
from worker.core.static import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.core.insights._contexts import PlacedTest
    from worker.core.insights._ran import Ran
    from worker.core.static import Finding
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "side_effects"


class _Effect(NamedTuple):
    """A call that changes something outside, and what ran it."""

    path: str
    finding: Finding
    ran: Ran


def look(evidence: Evidence) -> Insight | None:
    """Find effects whose tests compare results alone, or nothing.

    Nothing where the reports do not tell which tests run a line, or no effect was run.
    """
    if not has_contexts(evidence):
        return None
    effects = list(_effects(evidence))
    if not effects:
        return None
    checking = _checking_fixtures(evidence)
    known = [one for one in effects if not one.ran.unknown and one.ran.tests]
    looking = choose_tests(evidence, lambda test: _looks(test, checking))
    left = [one for one in known if not one.ran.tests & looking]
    if not left:
        return None
    new = sum(1 for one in left if _is_new(evidence, one))
    return Insight(
        NAME,
        "Side effects",
        f"{len(left):,} of {len(known):,} that tests run are checked by none of them"
        f"{f', {new:,} of them new' if new else ''}",
        (_totals(evidence, known, left), _table(evidence, left)),
        relevant=bool(new),
    )


def _effects(evidence: Evidence) -> Iterator[_Effect]:
    facts = evidence.inputs.material.facts
    for file in sources_of(evidence):
        found = [
            (finding, measured_at(file, finding.line, finding.line))
            for finding in (facts[file.path].findings if file.path in facts else ())
            if finding.kind == "side-effect"
        ]
        wanted = 0
        for _, lines in found:
            wanted |= lines
        runs = Runs(evidence, {file.path: wanted})
        for finding, lines in found:
            ran = runs.at(file.path, lines)
            if ran.reached:
                yield _Effect(file.path, finding, ran)


def _checking_fixtures(evidence: Evidence) -> frozenset[str]:
    """Return the names of fixtures that can fail a test: they may look at what it does."""
    every = evidence.inputs.material.facts.values()
    return frozenset(one.name for facts in every for one in facts.fixtures if one.asserts)


def _looks(placed: PlacedTest, checking: frozenset[str]) -> bool:
    """Return whether a test may look at a side effect.

    It does not where it asserts nothing, and not where it compares what the tested code hands
    back, and neither it nor what it uses reads or watches anything else.
    """
    test = placed.test
    if not checking.isdisjoint(test.fixtures):
        return True
    if placed.kind is Kind.SILENT:
        return False
    return test.looks or any(one.how.endswith("()") for one in test.asserts)


def _places(tests: int) -> Iterator[int]:
    while tests:
        last = tests & -tests
        yield last.bit_length() - 1
        tests ^= last


def _is_new(evidence: Evidence, effect: _Effect) -> bool:
    changed = evidence.diff.files.get(effect.path)
    return changed is not None and bool(changed.added & 1 << effect.finding.line)


def _totals(evidence: Evidence, known: list[_Effect], left: list[_Effect]) -> Table:
    fresh = [one for one in known if _is_new(evidence, one)]
    rows: list[tuple[Cell, ...]] = [_total("all source files", known, left)]
    if fresh:
        rows.append(_total("new code", fresh, [one for one in left if _is_new(evidence, one)]))
    return Table(("side effects that tests run", "may be checked"), tuple(rows))


def _total(what: str, known: list[_Effect], left: list[_Effect]) -> tuple[Cell, ...]:
    return what, Ratio(len(known) - len(left), len(known))


def _table(evidence: Evidence, left: list[_Effect]) -> Table:
    ranked = sorted(left, key=lambda one: (not _is_new(evidence, one), one.path, one.finding.line))
    asserting = choose_tests(evidence, lambda test: test.kind is not Kind.SILENT)
    known = numbered_tests(evidence)
    rows = []
    for one in ranked:
        tests = one.ran.tests
        checks = "what is handed back" if tests & asserting else "nothing"
        some = tuple(Code(known[at].id) for at in islice(_places(tests), 3))
        place = Place(one.path, 1 << one.finding.line)
        rows.append((place, Code(one.finding.text), checks, tests.bit_count(), some))
    columns = ("where", "side effect", "its tests check", "tests", "such as")
    return Table(columns, tuple(rows), "Run by tests, and checked by none of them")


LOOK = Look(NAME, look)
