"""New code: the lines that the change adds must be covered to at least a minimum."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from worker.core.gates._base import Gate
from worker.core.numbers import Ratio, format_count, format_limit, format_percent
from worker.core.verdict import Evidence, GateResult, NewCode, Outcome

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["GATE", "NOTHING_NEW", "lines_to_cover", "none_new"]

NAME = "new code"
NOTHING_NEW = "no new lines"


def judge(evidence: Evidence) -> tuple[GateResult, ...]:
    """Compare the new code's exact percentage with `gates.new_code.minimum`."""
    rule = evidence.config.new_code
    required = f"≥ {format_limit(rule.minimum)} %"
    lines = evidence.new_code.lines
    percent = lines.percent
    if percent is None:
        summary = f"{none_new(evidence.new_code)}: nothing to judge"
        return (GateResult(NAME, Outcome.NEUTRAL, summary, NOTHING_NEW, required, rule.blocking),)
    actual = f"{lines.covered:,} of {format_count(lines.total, 'line')}, {format_percent(percent)}"
    if lines.total < rule.ignore_under:
        summary = (
            f"{format_count(lines.total, 'new line')}, and changes of fewer than "
            f"{rule.ignore_under:,} are exempt (gates.new_code.ignore_under)"
        )
        return (GateResult(NAME, Outcome.NEUTRAL, summary, actual, required, rule.blocking),)
    if percent >= rule.minimum:
        summary = f"{format_percent(percent)} of the new code is covered"
        return (GateResult(NAME, Outcome.PASS, summary, actual, required, rule.blocking),)
    more = format_count(lines_to_cover(lines, rule.minimum), "more line")
    summary = f"{format_percent(percent)} of the new code is covered: cover {more}"
    headline = _headline(lines, rule.minimum)
    failed = GateResult(
        NAME, Outcome.FAIL, summary, actual, required, rule.blocking, headline=headline
    )
    return (failed,)


def none_new(new_code: NewCode) -> str:
    """Return what there is instead of new lines."""
    if not new_code.added.total:
        return "no measured line was added or changed"
    moved, touched = new_code.moved.total, new_code.touched.total
    parts = [f"{moved:,} moved"] if moved else []
    parts += [f"{touched:,} only touched"] if touched else []
    return f"no measured line is new ({', '.join(parts)})"


def _headline(lines: Ratio, minimum: Fraction) -> str:
    more = lines_to_cover(lines, minimum)
    missed = format_count(lines.missed, "uncovered line")
    todo = f"cover its {missed}" if more == lines.missed else f"cover {more:,} more of its {missed}"
    percent = format_percent(lines.percent)
    return f"new code is {percent} covered, {format_limit(minimum)} % is needed: {todo}"


def lines_to_cover(lines: Ratio, minimum: Fraction) -> int:
    """Return how many of the missed lines have to be covered to reach `minimum` per cent."""
    return max(0, ceil(minimum * lines.total / 100) - lines.covered)


GATE = Gate(NAME, judge)
