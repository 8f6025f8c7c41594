"""New code: the lines that the change adds must be covered to at least a minimum."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from worker.core.gates._base import Gate
from worker.core.numbers import Ratio, format_count, format_limit, format_percent
from worker.core.verdict import Evidence, GateResult, Outcome

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["GATE", "NOTHING_NEW", "lines_to_cover"]

NAME = "new code"
NOTHING_NEW = "no new lines"


def judge(evidence: Evidence) -> GateResult:
    """Compare the new code's exact percentage with `gates.new_code.minimum`."""
    rule = evidence.config.new_code
    required = f"≥ {format_limit(rule.minimum)} %"
    lines = evidence.new_code.lines
    percent = lines.percent
    if percent is None:
        summary = "no measured line was added or changed: nothing to judge"
        return GateResult(NAME, Outcome.NEUTRAL, summary, NOTHING_NEW, required, rule.blocking)
    actual = f"{lines.covered:,} of {format_count(lines.total, 'line')}, {format_percent(percent)}"
    if percent >= rule.minimum:
        summary = f"{format_percent(percent)} of the new code is covered"
        return GateResult(NAME, Outcome.PASS, summary, actual, required, rule.blocking)
    more = format_count(lines_to_cover(lines, rule.minimum), "more line")
    summary = f"{format_percent(percent)} of the new code is covered: cover {more}"
    return GateResult(NAME, Outcome.FAIL, summary, actual, required, rule.blocking)


def lines_to_cover(lines: Ratio, minimum: Fraction) -> int:
    """Return how many of the missed lines have to be covered to reach `minimum` per cent."""
    return max(0, ceil(minimum * lines.total / 100) - lines.covered)


GATE = Gate(NAME, judge)
