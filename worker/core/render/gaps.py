"""The prioritised list of missing tests: a table for the document, and the reply to `gaps`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.core.insights._choice import choose_files_of
from worker.core.insights._gaps import list_gaps
from worker.core.model import line_ranges
from worker.core.numbers import format_count
from worker.core.render.insights import cell_text
from worker.core.render.markdown import code, cut_rows, table
from worker.core.render.sections import file_cell, line_cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.core.insights._gaps import Gap
    from worker.core.render.context import Context
    from worker.core.verdict import Verdict

__all__ = ["gap_data", "gap_table", "no_package", "render_gaps"]

_COLUMNS = ("missing test", "file", "risk", "level", "lines to cover", "which")
_ALIGN = "llllrl"
_MOST = 20
_BUDGET = 12_000
_MOST_NAMES = 10


def gap_table(gaps: Sequence[Gap], context: Context, *, most: int, budget: int) -> str:
    """Return the gaps as a table of at most so many rows and bytes, and how many more there are."""
    rows = [_row(gap, context) for gap in gaps[:most]]
    shown = cut_rows(rows, budget)
    text = table(_COLUMNS, _ALIGN, rows[:shown])
    left = len(gaps) - shown
    return f"{text}\n\n… and {format_count(left, 'more test')}." if left else text


def _row(gap: Gap, context: Context) -> list[str]:
    return [
        _what(gap, context),
        file_cell(context, gap.path),
        cell_text(gap.risk, context),
        gap.level,
        f"{gap.lines.bit_count():,}",
        line_cell(context, gap.path, gap.lines),
    ]


def _what(gap: Gap, context: Context) -> str:
    if gap.function is None:
        return gap.what
    return gap.what.replace("it", cell_text(gap.function, context), 1)


def render_gaps(verdict: Verdict, context: Context, wanted: str) -> str | None:
    """Return the most urgent gaps of the project, or of a package or folder; None for none such.

    As Markdown, for a reply.
    """
    evidence = verdict.evidence
    gaps = list_gaps(evidence)
    place = "the project"
    if wanted:
        files = choose_files_of(evidence, wanted).files
        if not files:
            return None
        gaps = tuple(gap for gap in gaps if gap.path in files)
        place = code(wanted)
    if not gaps:
        return f"No file of {place} is at medium risk or worse: no test is urgently missing."
    lines = sum(gap.lines.bit_count() for gap in gaps)
    text = (
        f"In {place}, {format_count(len(gaps), 'test')} {'is' if len(gaps) == 1 else 'are'} "
        f"missing in {format_count(len({gap.path for gap in gaps}), 'file')}, for "
        f"{format_count(lines, 'line')}; the most urgent first."
    )
    return f"{text}\n\n{gap_table(gaps, context, most=_MOST, budget=_BUDGET)}"


def no_package(verdict: Verdict, wanted: str) -> str:
    """Return that there is no such package or folder, the nearest one, and what there is."""
    choice = choose_files_of(verdict.evidence, wanted)
    hint = f"; did you mean {code(choice.close)}?" if choice.close else "."
    some = ", ".join(code(name) for name in choice.names[:_MOST_NAMES])
    there = f" There are {some}." if some else " No report measures a source file."
    return f"there is no package or folder {code(wanted)} with measured files{hint}{there}"


def gap_data(gaps: Sequence[Gap]) -> list[dict[str, Any]]:
    """Return the gaps for programs."""
    return [
        {
            "priority": gap.priority,
            "risk": str(gap.risk),
            "file": gap.path,
            "missing": gap.what,
            "function": getattr(gap.function, "text", None),
            "level": gap.level,
            "lines": [list(span) for span in line_ranges(gap.lines)],
            "effort": gap.lines.bit_count(),
        }
        for gap in gaps
    ]
