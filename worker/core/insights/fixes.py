"""The lines that fixes changed: how many of them had been covered when they were wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.insight import Cell, Insight, Table
from worker.core.insights._base import Look
from worker.core.insights.trends import months_of
from worker.core.numbers import Ratio, format_count, format_percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.material import Point
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "fixes"


def look(evidence: Evidence) -> Insight | None:
    """Sum up what the base branch's fixes changed; None where they changed no measured line."""
    fixes = [point for point in evidence.inputs.material.history if point.fixed is not None]
    whole = _sum(fixes)
    if not whole.total:
        return None
    counted = format_count(len(fixes), "fix", "fixes")
    lines = f"{whole.covered:,} of {format_count(whole.total, 'line')} that {counted} changed"
    summary = f"{lines} had been covered before ({format_percent(whole.percent)})"
    every = evidence.report.lines.percent
    if every is not None:
        summary += f"; of all lines {format_percent(every)} are"
    rows: list[tuple[Cell, ...]] = [
        (month, len(some), _sum(some)) for month, some in months_of(fixes).items()
    ]
    table = Table(("month", "fixes", "of the changed lines covered"), tuple(reversed(rows)))
    return Insight(NAME, "Later fixed lines", summary, (table,), relevant=False)


def _sum(fixes: Sequence[Point]) -> Ratio:
    return sum((point.fixed for point in fixes if point.fixed is not None), Ratio())


LOOK = Look(NAME, look)
