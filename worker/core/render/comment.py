"""The pull request's one comment: five seconds to read, everything else folded away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.core.render.headline import headline, sign
from worker.core.render.markdown import truncate_bytes
from worker.core.render.sections import (
    covered_files,
    fallen_files,
    gates_table,
    notes,
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
    parts = (
        f"{MARKER}\n### {sign(verdict, context)} {headline(verdict, context)}",
        gates_table(verdict),
        problems(context),
        uncovered_files(verdict, context, budget=30_000, most=15),
        fallen_files(verdict, context),
        covered_files(verdict, context, budget=12_000),
        notes(context),
        provenance(verdict, context),
    )
    return truncate_bytes("\n\n".join(part for part in parts if part) + "\n", _LIMIT)
