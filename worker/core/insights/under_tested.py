"""Under-tested files: coverage, missing lines and risk level, the least covered first."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from worker.core.insight import Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._risk import FileRisk, rank_files
from worker.core.numbers import format_count, format_limit

if TYPE_CHECKING:
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "under_tested"


def look(evidence: Evidence) -> Insight | None:
    """List the files with less coverage than `under_tested.below`."""
    limit = evidence.config.under_tested
    found = [one for one in rank_files(evidence) if _percent(one) < limit]
    if not found:
        return None
    found.sort(key=lambda one: (_percent(one), -one.file.missed.bit_count(), one.file.path))
    missing = sum(one.file.missed.bit_count() for one in found)
    rows = tuple(
        (Place(one.file.path), one.file.lines, one.file.missed.bit_count(), one.risk)
        for one in found
    )
    return Insight(
        NAME,
        "Under-tested",
        f"{format_count(len(found), 'file')} below {format_limit(limit)} %, "
        f"{format_count(missing, 'line')} missing",
        (Table(("file", "coverage", "missing lines", "risk level"), rows, shown=20),),
        relevant=False,  # what concerns the change is told by the risk of its files
    )


def _percent(one: FileRisk) -> Fraction:
    return one.file.lines.percent or Fraction(0)


LOOK = Look(NAME, look)
