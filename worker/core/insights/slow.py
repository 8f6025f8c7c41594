"""Slow tests: which they are, which of them are new, and what they wait for."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from worker.core.insight import Cell, Code, Insight, Place, Seconds, Table
from worker.core.insights._base import Look
from worker.core.insights._causes import Cause, find_causes
from worker.core.insights._tables import drop_empty
from worker.core.insights._tests import duration_of, joined_tests, ran_of
from worker.core.names import matches_any
from worker.core.numbers import format_count, format_limit, format_percent, format_seconds
from worker.core.results import GateResult, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.core.insights._tests import Ran
    from worker.core.static.joining import Joined
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "slow"
_GATE = "slow tests"
_UNKNOWN = "there is no test report of the base, so nobody knows which of them are new"


@dataclass(frozen=True, slots=True)
class _Slow:
    id: str
    taken: Fraction
    before: Fraction | None
    """At the base; None where it did not run there, or that is not known."""
    joined: Joined | None
    new: bool
    allowed: bool
    causes: tuple[Cause, ...]


def look(evidence: Evidence) -> Insight | None:
    """List the tests that take longer than `tests.slow.over`, those new by the change first."""
    inputs, rule = evidence.inputs, evidence.config.tests.slow
    whole = duration_of(inputs.tests)
    if whole is None:
        result = _neutral("no test report tells how long the tests take")
        return Insight(NAME, "Slow tests", result.summary, (), (result,)) if rule.blocking else None
    found = _find(evidence)
    results = _results(evidence, found) if rule.blocking else ()
    if not found and not results:
        return None
    new = [one for one in found if one.new]
    return Insight(
        NAME,
        "Slow tests",
        _summary(evidence, found, new, whole),
        (_table(found),),
        results,
        _advice(found),
        relevant=bool(new),
    )


def _find(evidence: Evidence) -> list[_Slow]:
    rule, joined = evidence.config.tests.slow, joined_tests(evidence)
    head = ran_of(evidence.inputs.tests)
    base = _base(evidence)
    moved = _moved(head, base or {}, rule.over)
    found = []
    for name, ran in head.items():
        if ran.duration is None or ran.duration <= rule.over:
            continue
        one, before = joined.get(name), (base or {}).get(name)
        was = before.duration if before is not None else None
        path = "" if one is None or one.test is None else f"{one.path}::{one.test.name}"
        allowed = any(matches_any(rule.allow, text) for text in (name, path) if text)
        known = moved.get(_last(name), 0) > 0 and before is None
        slow = was is not None and was > rule.over
        new = base is not None and not (slow or known or allowed)
        causes = find_causes(evidence, one)
        found.append(_Slow(name, ran.duration, was, one, new, allowed, causes))
    return sorted(found, key=lambda one: (not one.new, one.allowed, -one.taken, one.id))


def _base(evidence: Evidence) -> Mapping[str, Ran] | None:
    """Return the base's tests; None where no report of them told how long they take."""
    baseline = evidence.baseline
    if baseline is None or duration_of(baseline.tests) is None:
        return None
    return ran_of(baseline.tests)


def _moved(head: Mapping[str, Ran], base: Mapping[str, Ran], over: Fraction) -> Mapping[str, int]:
    """Return the names of slow tests of the base that are not where they were.

    One of that name somewhere else was moved or its class was renamed: it is not new.
    """
    found: dict[str, int] = {}
    for name, ran in base.items():
        if name not in head and ran.duration is not None and ran.duration > over:
            found[_last(name)] = found.get(_last(name), 0) + 1
    return found


def _last(name: str) -> str:
    return name.rpartition("::")[2]


def _summary(
    evidence: Evidence, found: Sequence[_Slow], new: Sequence[_Slow], whole: Fraction
) -> str:
    over = _limit(evidence)
    if not found:
        return f"no test takes more than {over}"
    tests = format_count(len(found), "test")
    verb = "takes" if len(found) == 1 else "take"
    text = f"{tests} {verb} more than {over}"
    if _base(evidence) is not None:
        text += f", {len(new):,} of them new" if new else ", none of them new"
    share = Fraction(100 * sum(one.taken for one in found), whole) if whole else Fraction(0)
    text += f"; together {format_percent(share)} of the tests' {format_seconds(whole)}"
    baseline = evidence.baseline
    before = duration_of(baseline.tests) if baseline is not None else None
    return text if before is None else f"{text}, {format_seconds(before)} at the base"


def _limit(evidence: Evidence) -> str:
    over = evidence.config.tests.slow.over
    return f"{format_limit(over)} s" if over < 60 else format_seconds(over)


def _table(found: Sequence[_Slow]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for one in found:
        note = "new" if one.new else "allowed" if one.allowed else None
        causes: list[Cell] = [(cause.what, cause.place) for cause in one.causes]
        before = None if one.before is None else Seconds(one.before)
        start = (Code(one.id), _place(one.joined), Seconds(one.taken))
        rows.append((*start, before, note, tuple(causes)))
    columns = ("test", "where", "time", "at the base", "note", "what it may wait for")
    return drop_empty(Table(columns, tuple(rows)))


def _place(joined: Joined | None) -> Place | None:
    if joined is None:
        return None
    return Place(joined.path, 0 if joined.test is None else 1 << joined.test.line)


def _advice(found: Sequence[_Slow]) -> tuple[str, ...]:
    """Say what helps against the causes that were seen, the most frequent first."""
    count: dict[str, int] = {}
    for one in found:
        for kind in {cause.kind for cause in one.causes}:
            count[kind] = count.get(kind, 0) + 1
    ordered = sorted(count, key=lambda kind: (-count[kind], kind))
    return tuple(_ADVICE[kind] for kind in ordered)


_ADVICE = {
    "sleep": "Wait for what must happen, with a limit, or hold the clock still, "
    "where a test sleeps for a fixed time.",
    "retry": "Give the retries no delay, or fewer attempts, while tests run.",
    "timeout": "Shorten the timeout where a test waits for it to pass.",
}


def _neutral(reason: str) -> GateResult:
    return GateResult(_GATE, Outcome.NEUTRAL, reason, "–", "no new one")


def _results(evidence: Evidence, found: Sequence[_Slow]) -> tuple[GateResult, ...]:
    over = _limit(evidence)
    if _base(evidence) is None:
        unlisted = [one for one in found if not one.allowed]
        if unlisted:
            return (_neutral(_UNKNOWN),)
    new = [one for one in found if one.new]
    actual = f"{len(new):,} new"
    if not new:
        summary = f"no test that takes more than {over} is new"
        return (GateResult(_GATE, Outcome.PASS, summary, actual, "no new one"),)
    first = new[0]
    tests = format_count(len(new), "new test takes", "new tests take")
    worst = f"the slowest is {first.id} with" if len(new) > 1 else f"{first.id} with"
    summary = f"{tests} more than {over}: {worst} {format_seconds(first.taken)}"
    return (GateResult(_GATE, Outcome.FAIL, summary, actual, "no new one"),)


LOOK = Look(NAME, look, judges=lambda config: config.tests.slow.blocking)
