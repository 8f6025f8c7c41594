"""Flaky tests: those that passed and failed on the same files in earlier runs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from worker.core.insight import Cell, Code, Insight, Table
from worker.core.insights._base import Look
from worker.core.numbers import format_count, format_limit, format_share
from worker.core.results import GateResult, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "flaky"
_GATE = "flaky tests"
_AGAIN = "passed when run again"
_COLUMNS = ("test", "flakes", "runs", "rate", "last", "now")


@dataclass(frozen=True, slots=True)
class _Flaky:
    id: str
    flakes: int
    runs: int
    last: date | None
    now: str
    """How it went now: "failed", "passed", `_AGAIN`, "skipped"; empty where no test ran."""

    @property
    def rate(self) -> Fraction:
        return Fraction(100 * self.flakes, max(self.runs, self.flakes, 1))

    @property
    def concerns(self) -> bool:
        """Whether this very run is one that it troubles."""
        return self.now not in {"", "passed", "skipped"}


def look(evidence: Evidence) -> Insight | None:
    """List the tests that flake and still run, those that failed just now first."""
    found = _flaky(evidence)
    tests = len({case.id for case in evidence.inputs.tests.cases})
    results = _results(evidence, found, tests)
    if not found and not results:
        return None
    found.sort(key=lambda one: (not one.concerns, -one.rate, -one.flakes, one.id))
    counted = f"{len(found):,} of {format_count(tests, 'test')}" if tests else f"{len(found):,}"
    summary = f"{counted} passed and failed on the same files in the last 90 days"
    if tests and found:
        summary += f": {format_share(Fraction(100 * len(found), tests))}"
    return Insight(
        NAME,
        "Flaky tests",
        summary,
        (Table(_COLUMNS, tuple(map(_row, found))),) if found else (),
        results,
        _advice(found),
        relevant=any(one.concerns for one in found),
    )


def _flaky(evidence: Evidence) -> list[_Flaky]:
    """Return the tests that are known to flake, or had to be run again for this report."""
    inputs = evidence.inputs
    now: dict[str, set[str]] = defaultdict(set)
    for case in inputs.tests.cases:
        again = case.outcome == "passed" and case.reruns
        now[case.id].add(_AGAIN if again else case.outcome)
    found = [
        _Flaky(one.id, one.flakes, one.runs, one.last, _worst(now.get(one.id, set())))
        for one in inputs.material.test_history
        if one.flakes and (one.id in now or not now)  # one that is gone flakes no more
    ]
    known = {one.id for one in found}
    again_now = [name for name in sorted(now.keys() - known) if _AGAIN in now[name]]
    today = inputs.material.today
    return found + [_Flaky(name, 1, 1, today, _worst(now[name])) for name in again_now]


def _worst(outcomes: set[str]) -> str:
    """Return what a test that several jobs ran came to."""
    order = ("error", "failed", _AGAIN, "passed", "skipped")
    worst = next((one for one in order if one in outcomes), "")
    return "failed" if worst == "error" else worst


def _row(one: _Flaky) -> tuple[Cell, ...]:
    last = one.last.isoformat() if one.last is not None else None
    return (Code(one.id), one.flakes, one.runs, format_share(one.rate), last, one.now or None)


def _advice(found: Sequence[_Flaky]) -> tuple[str, ...]:
    failed = sum(1 for one in found if one.now == "failed")
    if not failed:
        return ()
    tests = format_count(failed, "test")
    sentence = (
        f"{tests} that failed here flaked before: run the job again before you look for a "
        "cause in the change, and mend the test either way."
    )
    return (sentence,)


def _results(evidence: Evidence, found: Sequence[_Flaky], tests: int) -> tuple[GateResult, ...]:
    rule = evidence.config.tests.flaky
    if not rule.blocking:
        return ()
    required = f"≤ {format_limit(rule.maximum)} %"
    if not tests:
        reason = "no report of the tests was uploaded, so nobody knows which of them flake"
        return (GateResult(_GATE, Outcome.NEUTRAL, reason, "–", required, blocking=True),)
    share = Fraction(100 * len(found), tests)
    actual = format_share(share)
    summary = f"{len(found):,} of {format_count(tests, 'test')} flake ({actual})"
    outcome = Outcome.FAIL if share > rule.maximum else Outcome.PASS
    if outcome is Outcome.FAIL:
        summary += f", {format_limit(rule.maximum)} % may"
    return (GateResult(_GATE, outcome, summary, actual, required, blocking=True),)


LOOK = Look(NAME, look, judges=lambda config: config.tests.flaky.blocking)
