"""Regression: the whole project's percentage may fall by at most so many points.

The loss is the baseline's percentage minus the head's. Two things may make the loss that is
judged smaller, and both are shown: lines that are known to flap (`noise`), and, where the
repository wants it (`adjust`), covered lines that the change deletes.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from worker.core.gates._base import Gate
from worker.core.numbers import (
    Ratio,
    format_count,
    format_limit,
    format_loss,
    format_percent,
    format_points,
)
from worker.core.verdict import Evidence, GateResult, Outcome

__all__ = ["GATE", "Loss", "describe_help", "measure_loss"]

NAME = "regression"


@dataclass(frozen=True, slots=True)
class Loss:
    """The project's loss in exact percentage points; negative where coverage rose."""

    raw: Fraction
    """The baseline's percentage minus the head's."""
    adjusted: Fraction | None
    """The same without the baseline's lines that the change deletes; None where none is left."""
    noise: Fraction
    """What is forgiven for lines that are known to flap; at most `noise` of the rule."""
    judged: Fraction
    """What the gate judges."""


def measure_loss(evidence: Evidence) -> Loss | None:
    """Return the loss; None where a side measures no line or there is no baseline."""
    rule = evidence.config.regression
    head = evidence.report.lines
    before = evidence.baseline.report.lines if evidence.baseline is not None else Ratio()
    if head.percent is None or before.percent is None:
        return None
    raw = before.percent - head.percent
    removed = evidence.elsewhere.removed
    kept = Ratio(before.covered - removed.covered, before.total - removed.total).percent
    adjusted = None if kept is None else kept - head.percent
    noise = min(Fraction(100 * evidence.elsewhere.noise, head.total), rule.noise)
    judged = raw if adjusted is None or not rule.adjust else min(raw, adjusted)
    return Loss(raw, adjusted, noise, judged - noise)


def judge(evidence: Evidence) -> tuple[GateResult, ...]:
    """Compare the exact loss in points with `gates.regression.maximum`.

    Neutral where there is nothing to compare with, and where not all tests are known to have
    run: a part of them says nothing about the whole.
    """
    rule = evidence.config.regression
    required = f"≤ {format_limit(rule.maximum)} {'point' if rule.maximum == 1 else 'points'}"
    shown = format_percent(evidence.report.lines.percent)
    loss = measure_loss(evidence)
    reason = _why_not(evidence)
    if loss is None or reason:
        reason = reason or evidence.inputs.no_baseline or "the baseline measures no line"
        return (GateResult(NAME, Outcome.NEUTRAL, reason, shown, required, rule.blocking),)
    base = format_percent(evidence.baseline.report.lines.percent if evidence.baseline else None)
    actual = f"{base} → {shown}, {format_points(-loss.raw)}"
    help_ = describe_help(evidence, loss)
    taken_off = f" ({help_})" if help_ else ""
    if loss.judged <= rule.maximum:
        summary = f"the project went from {base} to {shown}{taken_off}"
        return (GateResult(NAME, Outcome.PASS, summary, actual, required, rule.blocking),)
    limit = format_limit(rule.maximum)
    summary = (
        f"the project fell from {base} to {shown}{taken_off}: at most {limit} "
        f"{'point is' if rule.maximum == 1 else 'points are'} allowed"
    )
    headline = (
        f"coverage falls by {format_loss(loss.raw)} to {shown}, "
        f"at most {limit} {'is' if rule.maximum == 1 else 'are'} allowed"
    )
    failed = GateResult(
        NAME, Outcome.FAIL, summary, actual, required, rule.blocking, headline=headline
    )
    return (failed,)


def _why_not(evidence: Evidence) -> str:
    """Return why the loss is not judged though there may be one; empty where it is."""
    inputs = evidence.inputs
    if evidence.report.lines.percent is None:
        return "the reports measure no line"
    if inputs.incomplete:
        return "a report could not be read, so the total may be of a part of the tests"
    if inputs.run_failed:
        return "CI failed, so the total may be of a part of the tests"
    if evidence.missing_flags:
        names = ", ".join(evidence.missing_flags)
        return f"no report of the flag {names}, which the baseline has: its tests did not run"
    if evidence.missing_reports:
        missing = len(evidence.missing_reports)
        are = "is" if missing == 1 else "are"
        return (
            f"{format_count(missing, 'artifact')} that the baseline has {are} not there: "
            "not all tests may have run"
        )
    return ""


def describe_help(evidence: Evidence, loss: Loss) -> str:
    """Return what makes the judged loss less than the raw one, or would; empty where nothing."""
    if loss.raw <= 0:
        return ""
    rule = evidence.config.regression
    texts = []
    if loss.noise:
        lines = format_count(evidence.elsewhere.noise, "line")
        capped = ", the most that is forgiven" if loss.noise == rule.noise else ""
        verb = "is" if evidence.elsewhere.noise == 1 else "are"
        texts.append(f"{lines} of it {verb} known to flap ({format_points(loss.noise)}{capped})")
    shown = format_points(-loss.raw if loss.adjusted is None else -loss.adjusted)
    if shown != format_points(-loss.raw) and loss.adjusted is not None and loss.adjusted < loss.raw:
        removed = format_count(evidence.elsewhere.removed.total, "deleted line")
        texts.append(f"without the {removed} it {'is' if rule.adjust else 'would be'} {shown}")
    return "; ".join(texts)


GATE = Gate(NAME, judge)
