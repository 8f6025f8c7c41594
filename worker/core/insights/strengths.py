"""Strengths: the packages and files that are tested well, as examples for the others."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from worker.core.insight import Code, Insight, Place, Table
from worker.core.insights._base import Look
from worker.core.insights._parts import list_parts, sources_of
from worker.core.numbers import format_count, format_limit

if TYPE_CHECKING:
    from worker.core.numbers import Ratio
    from worker.core.verdict import Evidence

__all__ = ["LOOK"]

NAME = "strengths"


def look(evidence: Evidence) -> Insight | None:
    """List the packages and files with more coverage than `strengths.above`."""
    limit = evidence.config.strengths
    sources, parts = sources_of(evidence), list_parts(evidence)
    files = [file for file in sources if _is_strong(file.lines, limit)]
    if not files:
        return None
    strong = [part for part in parts if _is_strong(part.lines, limit)]
    files.sort(key=lambda file: (-file.hit.bit_count(), file.path))
    strong.sort(key=lambda part: (-part.lines.covered, part.name))
    summary = f"above {format_limit(limit)} %: {len(files):,} of "
    summary += format_count(len(sources), "file")
    if strong:
        summary += f", {len(strong):,} of {format_count(len(parts), 'package')}"
    packages = tuple((Code(part.name), part.lines) for part in strong)
    return Insight(
        NAME,
        "Strengths",
        summary,
        (
            Table(("package", "coverage"), packages),
            Table(("file", "coverage"), tuple((Place(one.path), one.lines) for one in files)),
        ),
        relevant=False,
    )


def _is_strong(lines: Ratio, limit: Fraction) -> bool:
    return (lines.percent or Fraction(0)) > limit


LOOK = Look(NAME, look)
