"""What the change adds beside new code, and the source files that no report mentions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.config import LineClass, OnUnmeasured
from worker.core.model import format_lines
from worker.core.novelty import Why
from worker.core.numbers import format_count
from worker.core.render.markdown import code, cut_rows, fold, table
from worker.core.render.sections import file_cell, line_cell

if TYPE_CHECKING:
    from worker.core.novelty import UnmeasuredFile
    from worker.core.render.context import Context
    from worker.core.verdict import NewCodeFile, Verdict

__all__ = ["class_lines", "classes", "unmeasured", "unmeasured_lines"]

_MOST = 5
_MOST_ORIGINS = 3
_WHY = {
    Why.DROPPED: "the baseline's report has it: perhaps some tests did not run",
    Why.FOLDER: "no file of its folder is in a report: no test loads one, or the tool leaves "
    "the folder out",
    Why.NEIGHBOURS: "other files of its folder are: no test loads this one, or the tool leaves "
    "it out",
}


def classes(verdict: Verdict, context: Context, *, budget: int) -> str:
    """Return a folded table of moved and touched lines; empty where there are none."""
    files = [file for file in verdict.evidence.new_code.files if file.moved or file.touched]
    if not files:
        return ""
    rows = [
        (
            file_cell(context, file.path),
            _moved(file, context),
            line_cell(context, file.path, file.touched),
        )
        for file in files
    ]
    shown = cut_rows(rows, budget)
    body = table(("file", "moved", "touched, uncovered before"), "lll", rows[:shown])
    if shown < len(rows):
        body += f"\n\n… and {format_count(len(rows) - shown, 'more file')}."
    return fold(f"Beside the new lines: {_summary(verdict)}", body)


def class_lines(verdict: Verdict) -> list[str]:
    """Return the same as lines of text, names as they are."""
    files = [file for file in verdict.evidence.new_code.files if file.moved or file.touched]
    if not files:
        return []
    lines = ["", f"Beside the new lines: {_summary(verdict)}"]
    for file in files:
        parts = []
        if file.moved:
            parts.append(f"moved {format_lines(file.moved)}")
        if file.lost:
            parts.append(f"no longer covered {format_lines(file.lost)}")
        if file.touched:
            parts.append(f"touched {format_lines(file.touched)}")
        lines.append(f"  {file.path}: {'; '.join(parts)}")
    return lines


def unmeasured(verdict: Verdict, context: Context) -> str:
    """Return the changed source files that no report mentions; empty where there are none."""
    files = verdict.evidence.new_code.unmeasured
    if not files:
        return ""
    items = [f"- {file_cell(context, file.path)}: {_what(file, verdict)}" for file in files[:_MOST]]
    if len(files) > _MOST:
        items.append(f"- … and {format_count(len(files) - _MOST, 'more file')}")
    return "\n".join((f"⚠️ {_are_in_no_report(files)}:\n", *items))


def unmeasured_lines(verdict: Verdict) -> list[str]:
    """Return the same as lines of text, names as they are."""
    files = verdict.evidence.new_code.unmeasured
    if not files:
        return []
    lines = ["", f"{_are_in_no_report(files)}:"]
    return lines + [f"  {file.path}: {_what(file, verdict)}" for file in files]


def _summary(verdict: Verdict) -> str:
    new_code, count = verdict.evidence.new_code, verdict.evidence.config.new_code.count
    moved, touched, lost = new_code.moved, new_code.touched, new_code.lost
    parts = []
    if moved.total:
        text = f"{format_count(moved.total, 'line')} moved, {moved.covered:,} covered"
        text += f", {lost:,} no longer" if lost else ""
        parts.append(text + (" (counted)" if LineClass.MOVED in count else ""))
    if touched.total:
        text = f"{format_count(touched.total, 'line')} only re-indented or re-wrapped"
        text += ", uncovered before"
        parts.append(text + (" (counted)" if LineClass.TOUCHED in count else ""))
    return " · ".join(parts)


def _moved(file: NewCodeFile, context: Context) -> str:
    if not file.moved:
        return ""
    text = line_cell(context, file.path, file.moved)
    origins = [code(path) for path in file.moved_from[:_MOST_ORIGINS]]
    text += f" from {', '.join(origins)}{', …' if len(file.moved_from) > _MOST_ORIGINS else ''}"
    if file.lost:
        text += f"; no longer covered: {line_cell(context, file.path, file.lost)}"
    return text


def _are_in_no_report(files: tuple[UnmeasuredFile, ...]) -> str:
    count = format_count(len(files), "changed source file")
    return f"{count} {'is' if len(files) == 1 else 'are'} in no report"


def _what(file: UnmeasuredFile, verdict: Verdict) -> str:
    reason = _WHY[file.why]
    if not file.lines:
        return f"GitHub does not show its lines; {reason}"
    lines = format_count(file.lines.bit_count(), "added line")
    counted = verdict.evidence.config.new_code.unmeasured is OnUnmeasured.COUNT
    return f"{lines} of code{', counted as uncovered' if counted else ''}; {reason}"
