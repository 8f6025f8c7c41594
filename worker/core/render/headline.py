"""The one line that says it all: verdict, why, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.gates.new_code import none_new
from worker.core.numbers import format_count, format_percent
from worker.core.render.context import Context, conclude, standing
from worker.core.render.markdown import visible
from worker.core.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.overrides import Override

__all__ = ["SIGNS", "headline", "overridden_by", "sign"]

_LONGEST_REASON = 100

SIGNS = {"success": "✅", "failure": "❌", "action_required": "⚠️", "neutral": "⚪"}


def sign(verdict: Verdict, context: Context) -> str:
    """Return the sign that stands before the headline where no icon does."""
    return SIGNS[conclude(verdict, context)]


def headline(verdict: Verdict, context: Context) -> str:
    """Return the check's title, at most 255 characters, without Markdown."""
    results = verdict.results
    waived = len(standing(verdict, context)) < len(results)
    if waived and conclude(verdict, context) != "success":
        results = standing(verdict, context)  # what still stands in the way
    failed = [result.headline or result.summary for result in results if result.blocks]
    text = "; ".join(failed or (_new_code(verdict), _project(verdict)))
    if context.overrides and conclude(verdict, context) == "success":
        text = f"{overridden_by(context.overrides)}; {text}"
    elif context.problems:
        reports = format_count(len(context.problems), "report")
        text = f"{reports} could not be read: mend it, then re-run CI; so far {text}"
    elif context.unclear:
        paths = format_count(len(context.unclear), "path")
        text = (
            f"{paths} of the reports may be several files: say which by path_fixes; so far {text}"
        )
    text = visible(text[0].upper() + text[1:])
    return text if len(text) <= 255 else f"{text[:254]}…"


def overridden_by(overrides: Sequence[Override]) -> str:
    """Return who overrode and why, without Markdown: "overridden by mira because …"."""
    first = overrides[0]
    reason = visible(first.reason)
    reason = reason if len(reason) <= _LONGEST_REASON else f"{reason[: _LONGEST_REASON - 1]}…"
    more = f" and {len(overrides) - 1} more" if len(overrides) > 1 else ""
    return f"overridden by {first.who} because “{reason}”{more}"


def _new_code(verdict: Verdict) -> str:
    lines = verdict.evidence.new_code.lines
    if not lines.total:
        return none_new(verdict.evidence.new_code)
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


def outcome_sign(outcome: Outcome, *, blocking: bool) -> str:
    """Return the sign of a gate's row."""
    if outcome is Outcome.FAIL and not blocking:
        return "⚠️"
    return {Outcome.PASS: "✅", Outcome.FAIL: "❌", Outcome.NEUTRAL: "⚪"}[outcome]
