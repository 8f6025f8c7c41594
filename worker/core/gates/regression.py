"""Regression: the whole project's percentage may fall by at most so many points."""

from __future__ import annotations

from worker.core.gates._base import Gate
from worker.core.numbers import format_limit, format_percent, format_points
from worker.core.verdict import Evidence, GateResult, Outcome

__all__ = ["GATE"]

NAME = "regression"


def judge(evidence: Evidence) -> GateResult:
    """Compare the exact loss in points with `gates.regression.maximum`.

    Neutral where there is nothing to compare with, and where the run failed: a suite that
    stopped half-way says nothing about the whole.
    """
    rule = evidence.config.regression
    limit = format_limit(rule.maximum)
    required = f"≤ {limit} {'point' if rule.maximum == 1 else 'points'}"
    head = evidence.report.lines.percent
    shown = format_percent(head)
    base = evidence.baseline.report.lines.percent if evidence.baseline else None

    def neutral(reason: str) -> GateResult:
        return GateResult(NAME, Outcome.NEUTRAL, reason, shown, required, rule.blocking)

    if head is None:
        return neutral("the reports measure no line")
    if evidence.inputs.incomplete:
        return neutral("a report could not be read, so the total may be of a part of the tests")
    if evidence.inputs.run_failed:
        return neutral("CI failed, so the total may be of a part of the tests")
    if base is None:
        return neutral(evidence.inputs.no_baseline or "the baseline measures no line")
    change = head - base
    actual = f"{format_percent(base)} → {shown}, {format_points(change)}"
    if -change <= rule.maximum:
        summary = f"the project went from {format_percent(base)} to {shown}"
        return GateResult(NAME, Outcome.PASS, summary, actual, required, rule.blocking)
    summary = (
        f"the project fell from {format_percent(base)} to {shown}: at most {limit} "
        f"{'point is' if rule.maximum == 1 else 'points are'} allowed"
    )
    return GateResult(NAME, Outcome.FAIL, summary, actual, required, rule.blocking)


GATE = Gate(NAME, judge)
