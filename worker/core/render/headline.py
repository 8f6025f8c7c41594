"""The one line that says it all: verdict, why, what to do."""

from __future__ import annotations

from worker.core.gates.new_code import lines_to_cover
from worker.core.numbers import format_count, format_limit, format_loss, format_percent
from worker.core.render.context import Context, conclude
from worker.core.verdict import Outcome, Verdict

__all__ = ["SIGNS", "headline", "sign"]

SIGNS = {"success": "✅", "failure": "❌", "action_required": "⚠️", "neutral": "⚪"}


def sign(verdict: Verdict, context: Context) -> str:
    """Return the sign that stands before the headline where no icon does."""
    return SIGNS[conclude(verdict, context)]


def headline(verdict: Verdict, context: Context) -> str:
    """Return the check's title, at most 255 characters, without Markdown."""
    failed = [_FAILURES[result.gate](verdict) for result in verdict.results if result.blocks]
    text = "; ".join(failed or (_new_code(verdict), _project(verdict)))
    if context.problems:
        reports = format_count(len(context.problems), "report")
        text = f"{reports} could not be read: mend it, then re-run CI; so far {text}"
    text = text[0].upper() + text[1:]
    return text if len(text) <= 255 else f"{text[:254]}…"


def _new_code(verdict: Verdict) -> str:
    lines = verdict.evidence.new_code.lines
    if not lines.total:
        return "no measured line was added or changed"
    counted = f"{lines.covered:,} of {format_count(lines.total, 'line')}"
    return f"new code is {format_percent(lines.percent)} covered, {counted}"


def _project(verdict: Verdict) -> str:
    evidence = verdict.evidence
    head = format_percent(evidence.report.lines.percent)
    if evidence.baseline is None or evidence.inputs.run_failed:
        return f"project {head}"
    if evidence.baseline.report.lines.percent == evidence.report.lines.percent:
        return f"project unchanged at {head}"
    base = format_percent(evidence.baseline.report.lines.percent)
    return f"project {base.removesuffix(' %')} → {head}"


def _new_code_failed(verdict: Verdict) -> str:
    lines = verdict.evidence.new_code.lines
    minimum = verdict.evidence.config.new_code.minimum
    more = lines_to_cover(lines, minimum)
    missed = format_count(lines.missed, "uncovered line")
    todo = f"cover its {missed}" if more == lines.missed else f"cover {more:,} more of its {missed}"
    percent = format_percent(lines.percent)
    return f"new code is {percent} covered, {format_limit(minimum)} % is needed: {todo}"


def _regression_failed(verdict: Verdict) -> str:
    evidence = verdict.evidence
    head = evidence.report.lines.percent
    base = evidence.baseline.report.lines.percent if evidence.baseline else None
    if head is None or base is None:  # pragma: no cover - a failed regression has both
        return "the project's coverage falls"
    limit = evidence.config.regression.maximum
    allowed = "is" if limit == 1 else "are"
    return (
        f"coverage falls by {format_loss(base - head)} to {format_percent(head)}, "
        f"at most {format_limit(limit)} {allowed} allowed"
    )


_FAILURES = {"new code": _new_code_failed, "regression": _regression_failed}


def outcome_sign(outcome: Outcome, *, blocking: bool) -> str:
    """Return the sign of a gate's row."""
    if outcome is Outcome.FAIL and not blocking:
        return "⚠️"
    return {Outcome.PASS: "✅", Outcome.FAIL: "❌", Outcome.NEUTRAL: "⚪"}[outcome]
