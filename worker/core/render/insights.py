"""What the analyses found: folds for people, a line each for the terminal, data for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.core.insight import (
    Cell,
    Code,
    Insight,
    Number,
    Place,
    Points,
    Risk,
    Seconds,
    Table,
)
from worker.core.model import line_ranges
from worker.core.numbers import (
    Ratio,
    format_count,
    format_number,
    format_percent,
    format_points,
    format_seconds,
    round_percent,
)
from worker.core.render.markdown import code, cut_rows, fold, plain, plain_summary, table
from worker.core.render.narrow import fails, narrow, touches
from worker.core.render.sections import file_cell, line_cell

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from fractions import Fraction

    from worker.core.render.context import Context
    from worker.core.verdict import Verdict

__all__ = [
    "cell_text",
    "insight_data",
    "insight_document",
    "insight_lines",
    "insight_page",
    "insight_section",
]

_MOST_FOLDS = 6
_MOST_PARTS = 8
"""Of a list in one cell."""
_MOST_DATA = 200
"""Rows of a table for programs; how many more there are is told."""
_FOLD_BYTES = 6_000
_MOST_ROWS = 2_000
_OF_A_CHANGE = frozenset({"new code", "in the change"})
_DOCUMENT_BYTES = 500_000
"""Of one table of the document."""
_LONGEST_TITLE = 240
_LONGEST_HEADING = 60
_LONGEST_WORDS = 100
_SIGNS = {Risk.CRITICAL: "🔴", Risk.HIGH: "🟠", Risk.MEDIUM: "🟡", Risk.LOW: "🟢"}
_NONE = "–"


def insight_section(verdict: Verdict, context: Context, *, budget: int) -> str:
    """Return folds of what concerns the change or fails; empty for nothing.

    First what fails, then what the analysis itself holds against the change, then what merely
    touches it.
    At most six, and `budget` bytes. Of a table that names places, the change's own rows alone
    are shown, unless its analysis fails.
    """
    diff = verdict.evidence.diff
    found = [one for one in verdict.insights if _concerns(one, diff.files)]
    found.sort(key=lambda one: (not fails(one), one.relevant is None))
    folds: list[str] = []
    for insight in found[:_MOST_FOLDS]:
        text = _fold(narrow(insight, diff), context, diff.files)
        if len("\n\n".join((*folds, text)).encode()) > budget:
            break
        folds.append(text)
    left = found[len(folds) :]
    if left:
        names = ", ".join(plain(_cut(one.title, _LONGEST_HEADING)) for one in left)
        folds.append(f"In the check, too: {names}.")
    return "\n\n".join(folds)


def insight_page(verdict: Verdict, context: Context, *, budget: int) -> str:
    """Return all that the analyses found, in their order, in at most `budget` bytes."""
    changed = verdict.evidence.diff.files
    parts: list[str] = ["### Analyses"]
    for at, insight in enumerate(verdict.insights):
        text = _fold(insight, context, changed)
        if len("\n\n".join((*parts, text)).encode()) > budget:
            left = format_count(len(verdict.insights) - at, "more analysis", "more analyses")
            parts.append(f"… and {left}.")
            break
        parts.append(text)
    return "\n\n".join(parts) if verdict.insights else ""


def insight_lines(verdict: Verdict) -> list[str]:
    """Return a line for each analysis, not yet safe for a terminal."""
    return [f"{insight.title}: {insight.summary}" for insight in verdict.insights]


def insight_data(verdict: Verdict) -> list[dict[str, Any]]:
    """Return the same for programs, with exact values; 200 rows a table at most."""
    return [
        {
            "name": insight.name,
            "title": insight.title,
            "summary": insight.summary,
            "tables": [_table_data(one) for one in insight.tables],
            "advice": list(insight.advice),
        }
        for insight in verdict.insights
    ]


def _concerns(insight: Insight, changed: Container[str]) -> bool:
    if fails(insight):
        return True
    if insight.relevant is not None:
        return insight.relevant
    return any(touches(row, changed) for one in insight.tables for row in one.rows)


def _fold(insight: Insight, context: Context, changed: Container[str]) -> str:
    parts = [_table(one, context, changed) for one in insight.tables]
    if insight.advice:
        parts.append("\n".join(f"- {plain(sentence)}" for sentence in insight.advice))
    title = plain_summary(_cut(f"{insight.title}: {insight.summary}", _LONGEST_TITLE))
    return fold(title, "\n\n".join(part for part in parts if part))


def _table(found: Table, context: Context, changed: Container[str]) -> str:
    """Return a table, the rows on files of the diff first; empty where it has none."""
    if not found.rows:
        return ""
    rows = list(found.rows)
    if not found.ordered:
        rows.sort(key=lambda row: not touches(row, changed))
    return _draw(found, rows[: found.shown], context, _FOLD_BYTES)


def insight_document(insight: Insight, context: Context) -> str:
    """Return all that an analysis found, unfolded, with all rows; 2,000 of a table at most.

    Columns in which nothing stands are left out: a document is of no change.
    """
    parts = [f"{plain(insight.summary[:1].upper() + insight.summary[1:])}."]
    for one in insight.tables:
        if one.rows:
            told = [
                at
                for at, name in enumerate(one.columns)
                if any(_tells(row[at], name) for row in one.rows)
            ]
            told_of = Table(
                tuple(one.columns[at] for at in told),
                tuple(tuple(row[at] for at in told) for row in one.rows),
                one.title,
            )
            parts.append(_draw(told_of, told_of.rows[:_MOST_ROWS], context, _DOCUMENT_BYTES))
    if insight.advice:
        parts.append("\n".join(f"- {plain(sentence)}" for sentence in insight.advice))
    return "\n\n".join(parts)


def _tells(cell: Cell, column: str) -> bool:
    """Return whether anything stands in a cell: no change has no lines and no tests."""
    if column in _OF_A_CHANGE and cell == 0:
        return False
    if isinstance(cell, Ratio):
        return bool(cell.total)
    if isinstance(cell, Place):
        return cell.named or bool(cell.lines)
    return cell is not None and cell != ()


def _draw(found: Table, rows: Sequence[tuple[Cell, ...]], context: Context, budget: int) -> str:
    cells = [[cell_text(cell, context) for cell in row] for row in rows]
    shown = cut_rows(cells, budget)
    align = "".join(_side([row[at] for row in found.rows]) for at in range(len(found.columns)))
    text = table(
        [plain(_cut(one, _LONGEST_HEADING)) for one in found.columns], align, cells[:shown]
    )
    if found.title:
        text = f"**{plain(found.title)}**\n\n{text}"
    left = len(found.rows) - shown
    return f"{text}\n\n… and {format_count(left, 'more row')}." if left else text


def _cut(text: str, longest: int) -> str:
    """Return a text that may quote names which nobody has kept short."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _side(column: list[Cell]) -> str:
    """Return how a column is aligned: numbers to the right."""
    numbers = (int, Ratio, Seconds, Points, Number)
    return "r" if all(cell is None or isinstance(cell, numbers) for cell in column) else "l"


def cell_text(cell: Cell, context: Context) -> str:
    """Return a cell as Markdown."""
    if cell is None or (isinstance(cell, tuple) and not cell):
        return _NONE
    if isinstance(cell, tuple):
        shown = ", ".join(cell_text(part, context) for part in cell[:_MOST_PARTS])
        left = len(cell) - _MOST_PARTS
        return f"{shown} and {left:,} more" if left > 0 else shown
    if isinstance(cell, Risk):
        return f"{_SIGNS[cell]} {cell.upper()}"
    if isinstance(cell, Code):
        return code(cell.text)
    if isinstance(cell, Place):
        lines = line_cell(context, cell.path, cell.lines)
        return f"{file_cell(context, cell.path)} {lines}".rstrip() if cell.named else lines or _NONE
    if isinstance(cell, str):
        return plain(_cut(cell, _LONGEST_WORDS))
    if isinstance(cell, int):
        return f"{cell:,}"
    return _number(cell)


def _number(cell: Seconds | Points | Number | Ratio) -> str:
    if isinstance(cell, Number):
        return _NONE if cell.value is None else format_number(cell.value, signed=cell.signed)
    if isinstance(cell, Seconds):
        return _NONE if cell.value is None else format_seconds(cell.value)
    if isinstance(cell, Points):
        return format_points(cell.value)
    if not cell.total:
        return _NONE
    return f"{format_percent(cell.percent)}, {cell.covered:,} of {cell.total:,}"


def _table_data(found: Table) -> dict[str, Any]:
    return {
        "title": found.title,
        "columns": list(found.columns),
        "rows": [[_cell_data(cell) for cell in row] for row in found.rows[:_MOST_DATA]],
        "more_rows": max(0, len(found.rows) - _MOST_DATA),
    }


def _cell_data(cell: Cell) -> Any:  # noqa: ANN401 - JSON
    """Return a cell for programs: names as texts, fractions as "numerator/denominator"."""
    if isinstance(cell, tuple):
        return [_cell_data(part) for part in cell]
    if isinstance(cell, Code):
        return cell.text
    if isinstance(cell, Place):
        return {"path": cell.path, "lines": [list(span) for span in line_ranges(cell.lines)]}
    if isinstance(cell, Ratio):
        percent = None if cell.percent is None else round_percent(cell.percent)
        return {"covered": cell.covered, "total": cell.total, "percent": percent}
    if isinstance(cell, Seconds):
        return {"seconds": _fraction(cell.value)}
    if isinstance(cell, Points):
        return {"points": _fraction(cell.value)}
    if isinstance(cell, Number):
        return _fraction(cell.value)
    return str(cell) if isinstance(cell, Risk) else cell


def _fraction(value: Fraction | int | None) -> int | str | None:
    """Return an exact number: 3 is 3, a half is "1/2"."""
    if value is None:
        return None
    return value.numerator if value.denominator == 1 else str(value)
