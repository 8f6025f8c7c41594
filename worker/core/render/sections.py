"""The parts that the comment and the check have in common."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from worker.core.gates.new_code import NOTHING_NEW
from worker.core.numbers import format_count
from worker.core.render.headline import outcome_sign
from worker.core.render.markdown import (
    code,
    cut_rows,
    file_url,
    fold,
    line_links,
    link,
    plain,
    table,
)
from worker.core.tested import Kind
from worker.core.verdict import GateResult, NewCodeFile, Outcome, Verdict

if TYPE_CHECKING:
    from worker.core.render.context import Context

__all__ = [
    "covered_files",
    "fallen_files",
    "file_cell",
    "file_row",
    "gates_table",
    "line_cell",
    "notes",
    "places",
    "problems",
    "provenance",
    "sources",
    "tests",
    "uncovered_files",
]

_OUTCOMES = (("skipped", "skipped"), ("failed", "failed"), ("error", "with an error"))
_HEADER = ("new code in", "covered", "uncovered lines")


def gates_table(verdict: Verdict) -> str:
    """Return the table of gates: what it is, what it must be, and whether that is so.

    Below it stands why a gate was not judged, where that is not plain from its row.
    """
    rows = []
    reasons = []
    for result in verdict.results:
        actual = f"**{result.actual}**" if result.outcome is Outcome.FAIL else result.actual
        required = result.required if result.blocking else f"{result.required}, advice only"
        rows.append(
            (
                _gate(result),
                actual,
                required,
                outcome_sign(result.outcome, blocking=result.blocking),
            )
        )
        if result.outcome is Outcome.NEUTRAL and result.actual != NOTHING_NEW:
            reasons.append(f"⚪ {_gate(result)} is not judged: {plain(result.summary)}.")
    text = table(("gate", "is", "must be", ""), "lrrc", rows)
    return "\n\n".join((text, *reasons))


def fallen_files(verdict: Verdict, context: Context, *, most: int = 10) -> str:
    """Return where the project lost coverage, where it lost too much; else nothing.

    The files with the most additional uncovered lines, against the baseline. New files whose
    uncovered lines stand with the new code are not told twice.
    """
    result = verdict.result("regression")
    baseline = verdict.evidence.baseline
    if baseline is None or result is None or result.outcome is not Outcome.FAIL:
        return ""
    before = baseline.report.files
    told = {file.path: file.missed for file in verdict.evidence.new_code.files}
    grown = []
    twice = False
    for file in verdict.evidence.report:
        old = before[file.path].missed.bit_count() if file.path in before else 0
        new = file.missed.bit_count()
        if file.path not in before and file.missed and not file.missed & ~told.get(file.path, 0):
            twice = True
        elif new > old:
            grown.append((new - old, file.path, old, new))
    grown.sort(key=lambda one: (-one[0], one[1]))
    if not grown:
        return (
            ""
            if twice
            else "No file has more uncovered lines than before: covered code was removed."
        )
    rows = [
        (file_cell(context, path), f"{old:,} → {new:,}", f"+{more:,}")
        for more, path, old, new in grown[:most]
    ]
    text = table(("coverage fell in", "uncovered lines", ""), "lrr", rows)
    left = grown[most:]
    if left:
        lines = format_count(sum(more for more, *_ in left), "line")
        text += f"\n\n… and {format_count(len(left), 'more file')} with {lines}."
    return text


def places(verdict: Verdict, context: Context, *, budget: int = 8_000) -> str:
    """Return where failed gates point to, a table for each; empty where none points anywhere."""
    parts = []
    for result in verdict.results:
        if result.outcome is not Outcome.FAIL or not result.places:
            continue
        rows = [
            (file_cell(context, path), line_cell(context, path, lines))
            for path, lines in result.places
        ]
        shown = cut_rows(rows, budget)
        text = table((f"{_gate(result)}: no longer covered", "lines"), "ll", rows[:shown])
        if shown < len(rows):
            text += f"\n\n… and {format_count(len(rows) - shown, 'more file')}."
        parts.append(text)
    return "\n\n".join(parts)


def uncovered_files(verdict: Verdict, context: Context, *, budget: int, most: int) -> str:
    """Return the table of files whose new code has uncovered lines, most uncovered first.

    At most `most` rows and `budget` bytes; what is left out is counted below the table.
    Empty where all of the new code is covered; folded where nobody has to do anything.
    """
    files = sorted(
        (file for file in verdict.evidence.new_code.files if file.missed),
        key=lambda file: (-file.missed.bit_count(), file.path),
    )
    if not files:
        return ""
    rows = [file_row(file, context) for file in files[:most]]
    shown = cut_rows(rows, budget)
    text = table(_HEADER, "lrl", rows[:shown])
    left = files[shown:]
    if left:
        lines = sum(file.missed.bit_count() for file in left)
        text += (
            f"\n\n… and {format_count(len(left), 'more file')} "
            f"with {format_count(lines, 'uncovered line')}."
        )
    if verdict.outcome is Outcome.FAIL:
        return text
    missed = sum(file.missed.bit_count() for file in files)
    return fold(f"{format_count(missed, 'uncovered line')} in the new code", text)


def covered_files(verdict: Verdict, context: Context, *, budget: int) -> str:
    """Return a folded table of files whose new code is covered in full; empty if none."""
    files = [file for file in verdict.evidence.new_code.files if file.covered and not file.missed]
    if not files:
        return ""
    rows = [file_row(file, context)[:2] for file in files]
    shown = cut_rows(rows, budget)
    body = table(_HEADER[:2], "lr", rows[:shown])
    if shown < len(files):
        body += f"\n\n… and {format_count(len(files) - shown, 'more file')}."
    return fold(f"Covered in full: {format_count(len(files), 'file')}", body)


def problems(context: Context) -> str:
    """Return what could not be read, and what may be several files; empty where nothing is."""
    parts = (
        ("Not read, and so not counted:", context.problems),
        ("Not counted, because it may be a changed file or another one:", context.unclear),
    )
    return "\n\n".join(
        "\n".join((f"**{title}**", "", *(f"- {text}" for text in texts)))
        for title, texts in parts
        if texts
    )


def notes(context: Context) -> str:
    """Return the notes as a list; empty where there are none."""
    return "\n>\n".join(f"> {text}" for text in context.notes)


def provenance(verdict: Verdict, context: Context) -> str:
    """Return the small print: which commits were compared, and what with."""
    base = f"{code(context.base_ref)} at {_commit(context, context.merge_base)}"
    head = _commit(context, context.head)
    merged = context.tested is not None and context.tested.kind is Kind.MERGE
    text = f"Tested: merge of {head} into {base}" if merged else f"Head {head} against {base}"
    baseline = verdict.evidence.baseline
    same = baseline.same_tree_as if baseline is not None else None
    alike = f" (the same files as {_commit(context, same)})" if same is not None else ""
    if baseline is not None and baseline.distance == 0 and alike:
        text += f" · baseline {_commit(context, baseline.commit)}{alike}"
    elif baseline is not None and baseline.distance == 0:
        text += ", whose report is the baseline"
    elif baseline is not None:
        back = format_count(baseline.distance, "commit")
        text += f" · baseline {_commit(context, baseline.commit)}{alike}, {back} before it"
    if context.page_url:
        text += f" · {link('all of it', context.page_url)}"
    return f"<sub>{text}</sub>"


def sources(context: Context, *, budget: int) -> str:
    """Return the table of the reports that were read."""
    rows = [
        (code(source.artifact), code(source.name), source.format, f"{source.files:,}")
        for source in sorted(context.sources, key=lambda one: (one.artifact, one.name, one.format))
    ]
    shown = cut_rows(rows, budget)
    text = table(("artifact", "report", "format", "files"), "lllr", rows[:shown])
    if shown < len(rows):
        text += f"\n\n… and {format_count(len(rows) - shown, 'more report')}."
    return text


def _gate(result: GateResult) -> str:
    return f"{result.gate}: {code(result.subject)}" if result.subject else result.gate


def tests(context: Context) -> str:
    """Return one line on the test reports that were read; empty where there were none."""
    if not context.tests:
        return ""
    counts: Counter[str] = Counter()
    for _, run in context.tests:
        counts.update(run.outcomes)
    parts = [f"{counts['passed']:,} passed"]
    parts += [f"{counts[name]:,} {word}" for name, word in _OUTCOMES if counts[name]]
    return f"Tests: {', '.join(parts)} ({format_count(len(context.tests), 'report')})."


def file_row(file: NewCodeFile, context: Context) -> tuple[str, str, str]:
    """Return a file's row: its name, how much of its new code is covered, the other lines."""
    lines = file.lines
    ranges = line_cell(context, file.path, file.missed)
    if file.functions:
        names = ", ".join(code(function) for function in file.functions[:3])
        ranges += f" ({names}{', …' if len(file.functions) > 3 else ''})"
    return (file_cell(context, file.path), f"{lines.covered:,} of {lines.total:,}", ranges)


def line_cell(context: Context, path: str, lines: int) -> str:
    """Return lines of the tested commit where a reader finds them: at the head, if he does."""
    moved = context.head_lines.get(path)
    if moved is not None:
        lines = moved.bitmap(lines)
    elsewhere = moved is None and path in context.head_lines
    return line_links(lines, file_url=_url(context, path, tested=elsewhere))


def _url(context: Context, path: str, *, tested: bool = False) -> str | None:
    if not context.repository_url:
        return None
    commit = context.tested.commit if tested and context.tested else context.head
    return file_url(context.repository_url, commit, path)


def file_cell(context: Context, path: str) -> str:
    """Return a file's name, linked to it at the head."""
    """Return a file's name, linked where links are known."""
    url = _url(context, path)
    return link(code(path), url) if url else code(path)


def _commit(context: Context, sha: str) -> str:
    if not context.repository_url:
        return sha[:7]
    return link(sha[:7], f"{context.repository_url}/commit/{sha}")
