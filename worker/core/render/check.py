"""The check run: title, summary, and how it was counted.

GitHub takes 65,535 bytes each of summary and text
(https://docs.github.com/en/rest/checks/runs#create-a-check-run).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.numbers import format_count, format_percent
from worker.core.render.headline import headline
from worker.core.render.markdown import truncate_bytes
from worker.core.render.sections import (
    covered_files,
    fallen_files,
    gates_table,
    notes,
    problems,
    provenance,
    sources,
    uncovered_files,
)

if TYPE_CHECKING:
    from worker.core.render.context import Context
    from worker.core.verdict import Verdict

__all__ = ["Page", "render_check"]

_LIMIT = 65_000


@dataclass(frozen=True, slots=True)
class Page:
    """What a check run shows: a plain title, Markdown for the rest."""

    title: str
    summary: str
    text: str = ""


def render_check(verdict: Verdict, context: Context) -> Page:
    """Return the check's page for a verdict."""
    summary = (
        gates_table(verdict),
        problems(context),
        uncovered_files(verdict, context, budget=40_000, most=200),
        fallen_files(verdict, context),
        covered_files(verdict, context, budget=12_000),
        notes(context),
        provenance(verdict, context),
    )
    return Page(
        title=headline(verdict, context),
        summary=truncate_bytes("\n\n".join(part for part in summary if part), _LIMIT),
        text=truncate_bytes(_how_it_was_counted(verdict, context), _LIMIT),
    )


def _how_it_was_counted(verdict: Verdict, context: Context) -> str:
    evidence = verdict.evidence
    lines = evidence.report.lines
    project = (
        f"The project has {format_count(lines.total, 'measured line')} "
        f"in {format_count(len(evidence.report), 'file')}; "
        f"{lines.covered:,} are covered, {format_percent(lines.percent)}."
    )
    new = evidence.new_code.lines
    new_code = (
        f"The change touches {format_count(len(evidence.diff), 'file')}; of the lines it adds, "
        f"the reports measured {new.total:,}, and {new.covered:,} of them are covered. "
        "New code is what the diff from the merge base adds and a report measures."
    )
    parts = ("### How it was counted", sources(context, budget=30_000), project, new_code)
    return "\n\n".join(parts)
