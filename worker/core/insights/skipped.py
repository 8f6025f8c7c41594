"""Skipped tests: which are never run, which on a condition alone, and which do not say why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.insight import Cell, Code, Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._contexts import tests_of
from worker.core.insights._tables import drop_empty
from worker.core.insights._tests import base_tests_of, id_before, joined_tests, ran_of
from worker.core.numbers import format_count
from worker.core.results import GateResult, Outcome
from worker.core.static import Language

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.core.insights._contexts import PlacedTest
    from worker.core.insights._tests import Ran
    from worker.core.static import Skip
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "skipped"
_GATE = "skipped tests"
_NO_REASON = re.compile(
    r"(?:unconditional skip|(?:test )?(?:is )?skipped(?: test)?|skip|pending|ignored|disabled"
    r"|None|null|0|condition: .+)?[.:!\s]*",
    re.IGNORECASE,
)
"""What runners write where a test says nothing. pytest names the condition itself."""


@dataclass(frozen=True, slots=True)
class _Skipped:
    """A test that is not run: as it is written, or as a runner's report says."""

    name: str
    place: Place | None
    reason: str
    condition: Cell
    """As it is written, or in words of our own where it is not; None where it always holds."""
    new: bool
    """Whether the change skips it."""
    ran: bool = False
    """Whether it ran nevertheless: its condition did not hold everywhere."""

    @property
    def bare(self) -> bool:
        return not self.reason


def look(evidence: Evidence) -> Insight | None:
    """List the skipped tests, those without a reason and those that the change skips first."""
    written, ran = _written(evidence), _ran(evidence)
    found = [*written, *ran]
    rule = evidence.config.tests.skipped
    results = _results(found) if rule.blocking and rule.reason else ()
    if not found:
        return (
            Insight(NAME, "Skipped tests", "no test is skipped", (), results) if results else None
        )
    always = [one for one in found if not one.condition]
    sometimes = [one for one in found if one.condition]
    new = [one for one in found if one.new]
    tables = [_table(always, "Never run"), _table(sometimes, "Not run on a condition")]
    return Insight(
        NAME,
        "Skipped tests",
        _summary(always, sometimes, new),
        tuple(table for table in tables if table.rows),
        results,
        relevant=bool(new),
    )


def _written(evidence: Evidence) -> list[_Skipped]:
    """Return the tests that are skipped as they are written, each with its first skip."""
    base = base_tests_of(evidence)
    known = None if base is None else {one.id: one for one in base}
    told = _told(evidence)
    found = []
    for one in tests_of(evidence):
        if not one.test.skips:
            continue
        skip = _worst(one.test.skips)
        before = None if known is None else known.get(id_before(evidence, one))
        new = known is not None and (before is None or not before.test.skips)
        place = Place(one.path, 1 << skip.line)
        ran, reason = told.get(one.id, (False, ""))
        condition = _condition(one, skip, ran=ran)
        found.append(_Skipped(one.test.name, place, skip.reason or reason, condition, new, ran))
    return found


def _condition(one: PlacedTest, skip: Skip, *, ran: bool) -> Cell:
    """Return when a test is skipped. Only Python's conditions are read."""
    if skip.condition:
        return Code(skip.condition)
    inside = one.language is not Language.PYTHON and skip.line > one.test.line
    return "as its body decides" if inside else "not always" if ran else None


def _told(evidence: Evidence) -> Mapping[str, tuple[bool, str]]:
    """Return whether written tests ran, and why not, by id, as reports tell."""
    joined = joined_tests(evidence)
    found: dict[str, tuple[bool, str]] = {}
    for name, ran in ran_of(evidence.inputs.tests).items():
        one = joined.get(name)
        if one is not None and one.test is not None:
            key = f"{one.path}::{one.test.name}"
            before, reason = found.get(key, (False, ""))
            found[key] = (before or not _is_skipped(ran), reason or _reason(ran))
    return found


def _reason(ran: Ran) -> str:
    """Return why a runner says that it skipped a test; empty for what it says of itself."""
    reasons = (case.reason for case in ran.cases if case.outcome == "skipped")
    return next((one for one in reasons if not _NO_REASON.fullmatch(one)), "")


def _worst(skips: Sequence[Skip]) -> Skip:
    """Return the skip that says most of a test: one that always holds, one without a reason."""
    return min(skips, key=lambda one: (bool(one.condition), bool(one.reason), one.line))


def _ran(evidence: Evidence) -> list[_Skipped]:
    """Return the tests that a runner skipped, and whose source does not tell it."""
    joined = joined_tests(evidence)
    base = evidence.baseline.tests if evidence.baseline is not None else None
    earlier = ran_of(base) if base is not None and base.cases else None
    found = []
    for name, ran in ran_of(evidence.inputs.tests).items():
        one = joined.get(name)
        test = one.test if one is not None else None
        if not _is_skipped(ran) or (test is not None and test.skips):
            continue
        before = (earlier or {}).get(name)
        new = earlier is not None and (before is None or not _is_skipped(before))
        place = None if one is None else Place(one.path, 0 if test is None else 1 << test.line)
        found.append(_Skipped(name, place, _reason(ran), None, new))
    return found


def _is_skipped(ran: Ran) -> bool:
    """Return whether no job ran a test."""
    return all(case.outcome == "skipped" for case in ran.cases)


def _summary(
    always: Sequence[_Skipped], sometimes: Sequence[_Skipped], new: Sequence[_Skipped]
) -> str:
    parts = []
    if always:
        bare = sum(1 for one in always if one.bare)
        said = "without a reason" if bare == len(always) else f"{bare:,} without a reason"
        said = said if bare else "with a reason"
        parts.append(f"{format_count(len(always), 'test')} never run, {said}")
    if sometimes:
        bare, ran = sum(one.bare for one in sometimes), sum(one.ran for one in sometimes)
        tests = f"{len(sometimes):,} more" if always else format_count(len(sometimes), "test")
        notes = [f"{bare:,} without a reason"] * bool(bare) + [f"{ran:,} ran"] * bool(ran)
        told = f": {', '.join(notes)}" if notes else ""
        parts.append(f"{tests} on a condition{told}")
    if new:
        whole = len(always) + len(sometimes)
        which = "" if len(new) == whole else f"{len(new):,} of "
        parts.append(f"the change skips {which}{'it' if whole == 1 else 'them'}")
    return "; ".join(parts)


def _table(found: Sequence[_Skipped], title: str) -> Table:
    """Return a row for each statement that skips tests, and one for all that runners name."""
    groups: dict[tuple[object, ...], list[_Skipped]] = {}
    for one in sorted(found, key=lambda one: (not one.new, not one.bare, _key(one))):
        key = (one.place, one.reason, one.condition, one.new, one.ran)
        groups.setdefault(key if one.place is not None else (*key, one.name), []).append(one)
    rows: list[tuple[Cell, ...]] = []
    for tests in groups.values():
        first = tests[0]
        rows.append(
            (
                tuple(Code(one.name) for one in tests),
                first.place,
                Code(first.reason) if first.reason else "none",
                first.condition,
                "new" if first.new else "ran" if first.ran else None,
            )
        )
    columns = ("tests", "where", "reason", "condition", "note")
    return drop_empty(Table(columns, tuple(rows), title))


def _key(one: _Skipped) -> tuple[str, int, str]:
    return (
        one.place.path if one.place is not None else "~",
        one.place.lines if one.place is not None else 0,
        one.name,
    )


def _results(found: Sequence[_Skipped]) -> tuple[GateResult, ...]:
    new = [one for one in found if one.new and one.bare]
    actual, required = f"{len(new):,} new without a reason", "each new one says why"
    if not new:
        summary = "every test that the change skips says why"
        return (GateResult(_GATE, Outcome.PASS, summary, actual, required),)
    tests = format_count(len(new), "test")
    which = f"first {new[0].name}" if len(new) > 1 else new[0].name
    summary = f"the change skips {tests} without a reason: {which}"
    return (GateResult(_GATE, Outcome.FAIL, summary, actual, required),)


LOOK = Look(NAME, look, judges=lambda config: config.tests.skipped.blocking)
