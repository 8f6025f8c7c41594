"""What of an analysis stands in the comment: the rows that the change made, or can mend."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from worker.core.insight import Cell, Code, Insight, Place, Table
from worker.core.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from worker.core.diff import Diff

__all__ = ["fails", "narrow", "touches"]


def fails(insight: Insight) -> bool:
    """Return whether a result of an analysis fails."""
    return any(result.outcome is Outcome.FAIL for result in insight.results)


def touches(cell: Cell, changed: Container[str]) -> bool:
    """Return whether a cell names a file of the diff."""
    if isinstance(cell, tuple):
        return any(touches(part, changed) for part in cell)
    if isinstance(cell, Place):
        return cell.path in changed
    return isinstance(cell, Code) and cell.text in changed


def narrow(insight: Insight, diff: Diff) -> Insight:
    """Return an analysis with the change's own rows.

    They name lines that it adds, or a file of it as a whole. Where it adds none of the lines
    that an analysis which holds something against it names, all rows on its files are kept.
    Tables without places stay as they are, and so does what proves a failure.
    """
    rows = [row for one in insight.tables for row in one.rows]
    strict = insight.relevant is False or any(_is_added(row, diff) for row in rows)
    failing = fails(insight)
    harmless = failing and insight.relevant is False
    kept: list[Table] = []
    for one in insight.tables:
        if (failing and not one.aside) or not _has_places(one.rows):
            if not (harmless and one.aside):
                kept.append(one)
            continue
        own = tuple(row for row in one.rows if _is_own(row, diff, strict=strict))
        if own and one.ordered:
            own = one.rows
        if own and not _is_told(own, one.columns, kept):
            kept.append(replace(one, rows=own))
    summary = _failures(insight) if harmless else insight.summary
    return replace(insight, tables=tuple(kept), summary=summary)


def _failures(insight: Insight) -> str:
    """Return what fails: where the change did no harm, nothing else brings the analysis here."""
    failed = [one.summary for one in insight.results if one.outcome is Outcome.FAIL]
    return "; ".join(dict.fromkeys(failed))


def _is_own(row: Cell, diff: Diff, *, strict: bool) -> bool:
    if not touches(row, diff.files):
        return False
    lines = any(one.lines and one.path in diff.files for one in _places(row))
    return not (strict and lines) or _is_added(row, diff)


def _is_added(row: Cell, diff: Diff) -> bool:
    """Return whether a row names lines that the change adds."""
    return any(
        one.path in diff.files and one.lines & diff.files[one.path].added for one in _places(row)
    )


def _is_told(rows: Sequence[Cell], columns: tuple[str, ...], before: Sequence[Table]) -> bool:
    """Return whether an earlier table tells the same of the same files."""
    told = {place.path for one in before if one.columns == columns for place in _places(one.rows)}
    return bool(told) and all(place.path in told for place in _places(tuple(rows)))


def _has_places(cell: Cell) -> bool:
    return next(_places(cell), None) is not None


def _places(cell: Cell) -> Iterator[Place]:
    if isinstance(cell, tuple):
        for part in cell:
            yield from _places(part)
    elif isinstance(cell, Place):
        yield cell
