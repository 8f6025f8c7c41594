"""The check run: title, summary, and how it was counted.

GitHub takes 65,535 bytes each of summary and text
(https://docs.github.com/en/rest/checks/runs#create-a-check-run).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.config import LineClass
from worker.core.numbers import format_count, format_percent
from worker.core.render.annotations import Annotation, annotate
from worker.core.render.elsewhere import comparison_notes, elsewhere_section
from worker.core.render.headline import headline
from worker.core.render.insights import insight_page
from worker.core.render.markdown import truncate_bytes
from worker.core.render.novelty import classes, unmeasured
from worker.core.render.overrides import debt_section, override_section
from worker.core.render.paths import path_section
from worker.core.render.sections import (
    covered_files,
    fallen_files,
    gates_table,
    notes,
    places,
    problems,
    provenance,
    sources,
    tests,
    uncovered_files,
)

if TYPE_CHECKING:
    from worker.core.render.context import Context
    from worker.core.verdict import Verdict

__all__ = ["Page", "how_it_was_counted", "render_check"]

_LIMIT = 65_000


@dataclass(frozen=True, slots=True)
class Page:
    """What a check run shows: a plain title, Markdown for the rest."""

    title: str
    summary: str
    text: str = ""
    annotations: tuple[Annotation, ...] = ()


def render_check(verdict: Verdict, context: Context) -> Page:
    """Return the check's page for a verdict."""
    summary = (
        override_section(context),
        path_section(context.unfound),
        gates_table(verdict),
        comparison_notes(verdict),
        problems(context),
        uncovered_files(verdict, context, budget=40_000, most=200),
        unmeasured(verdict, context),
        places(verdict, context),
        fallen_files(verdict, context),
        debt_section(context),
        elsewhere_section(verdict, context, budget=15_000, most=200),
        classes(verdict, context, budget=12_000),
        covered_files(verdict, context, budget=12_000),
        notes(context),
        provenance(verdict, context),
    )
    return Page(
        title=headline(verdict, context),
        summary=truncate_bytes("\n\n".join(part for part in summary if part), _LIMIT),
        text=truncate_bytes(_text(verdict, context), _LIMIT),
        annotations=annotate(verdict, context),
    )


def _text(verdict: Verdict, context: Context) -> str:
    """Return how it was counted, and the analyses in what is left of the page."""
    counted = how_it_was_counted(verdict, context)
    budget = _LIMIT - len(counted.encode()) - 100
    found = insight_page(verdict, context, budget=budget)
    return "\n\n".join(part for part in (counted, found) if part)


def _but_for(verdict: Verdict) -> str:
    """Return which of the added lines are not counted."""
    new, count = verdict.evidence.new_code, verdict.evidence.config.new_code.count
    parts = []
    if new.moved.total and LineClass.MOVED not in count:
        parts.append(f"{format_count(new.moved.total, 'line')} that only moved")
    if new.touched.total and LineClass.TOUCHED not in count:
        lines = format_count(new.touched.total, "line")
        parts.append(f"{lines} only re-indented or re-wrapped and not covered before")
    return f", but for {' and '.join(parts)}" if parts else ""


def how_it_was_counted(verdict: Verdict, context: Context) -> str:
    """Return which reports were read, and what was counted of them."""
    evidence = verdict.evidence
    lines = evidence.report.lines
    project = (
        f"The project has {format_count(lines.total, 'measured line')} "
        f"in {format_count(len(evidence.report), 'file')}; "
        f"{lines.covered:,} are covered, {format_percent(lines.percent)}."
    )
    new = evidence.new_code
    new_code = (
        f"The change touches {format_count(len(evidence.diff), 'file')}; of the lines it adds, "
        f"the reports measured {new.added.total:,}, and {new.added.covered:,} of them are covered. "
        "New code is what the diff from the merge base adds and a report measures"
    )
    new_code += f"{_but_for(verdict)}."
    read = sources(context, budget=30_000)
    parts = ("### How it was counted", read, tests(context), project, new_code)
    return "\n\n".join(part for part in parts if part)
