"""The parts that the comment and the check have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.numbers import format_count
from worker.core.render.headline import outcome_sign
from worker.core.render.markdown import (
    code,
    cut_rows,
    file_url,
    fold,
    line_links,
    link,
    table,
)
from worker.core.verdict import NewCodeFile, Outcome, Verdict

if TYPE_CHECKING:
    from worker.core.render.context import Context

__all__ = [
    "covered_files",
    "gates_table",
    "notes",
    "problems",
    "provenance",
    "sources",
    "uncovered_files",
]

_HEADER = ("new code in", "covered", "uncovered lines")


def gates_table(verdict: Verdict) -> str:
    """Return the table of gates: what it is, what it must be, and whether that is so."""
    rows = []
    for result in verdict.results:
        actual = result.actual
        if result.outcome is Outcome.FAIL:
            actual = f"**{actual}**"
        elif result.outcome is Outcome.NEUTRAL:
            actual = f"{actual}<br>not judged: {result.summary}"
        required = result.required if result.blocking else f"{result.required}<br>advice only"
        rows.append(
            (result.gate, actual, required, outcome_sign(result.outcome, blocking=result.blocking))
        )
    return table(("gate", "is", "must be", ""), "lrrc", rows)


def uncovered_files(verdict: Verdict, context: Context, *, budget: int, most: int) -> str:
    """Return the table of files whose new code has uncovered lines, most uncovered first.

    At most `most` rows and `budget` bytes; what is left out is counted below the table.
    Empty where all of the new code is covered.
    """
    files = sorted(
        (file for file in verdict.evidence.new_code.files if file.missed),
        key=lambda file: (-file.missed.bit_count(), file.path),
    )
    if not files:
        return ""
    rows = [_row(file, context) for file in files[:most]]
    shown = cut_rows(rows, budget)
    text = table(_HEADER, "lrl", rows[:shown])
    left = files[shown:]
    if left:
        lines = sum(file.missed.bit_count() for file in left)
        text += (
            f"\n\n… and {format_count(len(left), 'more file')} "
            f"with {format_count(lines, 'uncovered line')}."
        )
    return text


def covered_files(verdict: Verdict, context: Context, *, budget: int) -> str:
    """Return a folded table of files whose new code is covered in full; empty if none."""
    files = [file for file in verdict.evidence.new_code.files if not file.missed]
    if not files:
        return ""
    rows = [_row(file, context)[:2] for file in files]
    shown = cut_rows(rows, budget)
    body = table(_HEADER[:2], "lr", rows[:shown])
    if shown < len(files):
        body += f"\n\n… and {format_count(len(files) - shown, 'more file')}."
    return fold(f"Covered in full: {format_count(len(files), 'file')}", body)


def problems(context: Context) -> str:
    """Return the reports that could not be read, as a list; empty where all could."""
    if not context.problems:
        return ""
    items = "\n".join(f"- {text}" for text in context.problems)
    return f"**Not read, and so not counted:**\n\n{items}"


def notes(context: Context) -> str:
    """Return the notes as a list; empty where there are none."""
    return "\n".join(f"> {text}" for text in context.notes)


def provenance(verdict: Verdict, context: Context) -> str:
    """Return the small print: which commits were compared, and what with."""
    head = _commit(context, context.head)
    parts = [
        f"Head {head} against {code(context.base_ref)} at {_commit(context, context.merge_base)}"
    ]
    baseline = verdict.evidence.baseline
    if baseline is not None:
        back = (
            "the merge base itself"
            if baseline.distance == 0
            else f"{format_count(baseline.distance, 'commit')} before it"
        )
        parts.append(f"baseline {_commit(context, baseline.commit)}, {back}")
    return f"<sub>{' · '.join(parts)}</sub>"


def sources(context: Context, *, budget: int) -> str:
    """Return the table of the reports that were read."""
    rows = [
        (code(source.artifact), code(source.name), source.format, f"{source.files:,}")
        for source in sorted(context.sources)
    ]
    shown = cut_rows(rows, budget)
    text = table(("artifact", "report", "format", "files"), "lllr", rows[:shown])
    if shown < len(rows):
        text += f"\n\n… and {format_count(len(rows) - shown, 'more report')}."
    return text


def _row(file: NewCodeFile, context: Context) -> tuple[str, str, str]:
    lines = file.lines
    name = code(file.path)
    if not context.repository_url:
        ranges = line_links(file.missed, file_url="")
        return (name, f"{lines.covered:,} of {lines.total:,}", ranges)
    url = file_url(context.repository_url, context.head, file.path)
    ranges = line_links(file.missed, file_url=url)
    if file.functions:
        names = ", ".join(code(function) for function in file.functions[:3])
        ranges += f" ({names}{', …' if len(file.functions) > 3 else ''})"
    return (link(name, url), f"{lines.covered:,} of {lines.total:,}", ranges)


def _commit(context: Context, sha: str) -> str:
    short = f"`{sha[:7]}`"
    return (
        link(short, f"{context.repository_url}/commit/{sha}") if context.repository_url else short
    )
