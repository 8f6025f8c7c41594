"""The pull request's one comment: five seconds to read, everything else folded away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.render.context import conclude
from worker.core.render.elsewhere import comparison_notes, elsewhere_section
from worker.core.render.headline import headline, sign
from worker.core.render.insights import insight_section
from worker.core.render.markdown import fold, plain, truncate_bytes
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
    uncovered_files,
)

if TYPE_CHECKING:
    from worker.core.render.context import Context
    from worker.core.verdict import Verdict

__all__ = ["MARKER", "render_comment"]

MARKER = "<!-- covgate -->"
"""How the comment is found again, among those that this App wrote."""

_LIMIT = 65_000
"""GitHub takes 65,536 characters; bytes are never fewer than characters."""


def render_comment(verdict: Verdict, context: Context) -> str:
    """Return the comment's Markdown, marker first, at most 65,000 bytes."""
    title = f"{MARKER}\n### {sign(verdict, context)} {plain(headline(verdict, context))}"
    parts = (
        override_section(context),
        path_section(context.unfound),
        gates_table(verdict),
        comparison_notes(verdict),
        problems(context),
        uncovered_files(verdict, context, budget=30_000, most=15),
        unmeasured(verdict, context),
        places(verdict, context),
        fallen_files(verdict, context),
        debt_section(context),
        elsewhere_section(verdict, context, budget=12_000),
        insight_section(verdict, context, budget=12_000),
        classes(verdict, context, budget=8_000),
        covered_files(verdict, context, budget=12_000),
        notes(context),
        provenance(verdict, context),
    )
    body = "\n\n".join(part for part in parts if part)
    if verdict.evidence.config.comment.folded and conclude(verdict, context) == "success":
        body = fold("Details", body)
    return truncate_bytes(f"{title}\n\n{body}\n", _LIMIT)
