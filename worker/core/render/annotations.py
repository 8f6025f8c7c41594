"""Remarks beside the lines of a pull request's diff: what of the new code no test runs.

GitHub shows a check's annotations under "Files changed".
https://docs.github.com/en/rest/checks/runs#create-a-check-run
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.core.model import line_ranges
from worker.core.numbers import format_count
from worker.core.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.core.render.context import Context
    from worker.core.verdict import NewCodeFile, Verdict

__all__ = ["MOST_ANNOTATIONS", "Annotation", "annotate"]

MOST_ANNOTATIONS = 50
"""GitHub takes no more in one request, and more would hide the diff."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A remark on lines of a file at the head; plain text, which GitHub does not render.

    `level` is `notice` or `warning`.
    """

    path: str
    first: int
    last: int
    level: str
    title: str
    message: str


def annotate(verdict: Verdict, context: Context) -> tuple[Annotation, ...]:
    """Return the remarks on the new code that is not covered, the longest stretches first.

    As many as the configuration allows. Lines of which nobody knows where they are at the
    head have none.
    """
    new = verdict.result("new code")
    level = "warning" if new is not None and new.outcome is Outcome.FAIL else "notice"
    found = [
        one
        for file in verdict.evidence.new_code.files
        for one in _annotate_file(file, context, level)
    ]
    found.sort(key=lambda one: (one.first - one.last, one.path, one.first))
    most = min(verdict.evidence.config.annotations, MOST_ANNOTATIONS)
    return tuple(sorted(found[:most], key=lambda one: (one.path, one.first)))


def _annotate_file(file: NewCodeFile, context: Context, level: str) -> Iterator[Annotation]:
    missed = file.missed
    if file.path in context.head_lines:
        moved = context.head_lines[file.path]
        missed = moved.bitmap(missed) if moved is not None else 0
    for first, last in line_ranges(missed):
        count = last - first + 1
        runs = "This new line is" if count == 1 else f"These {format_count(count, 'new line')} are"
        message = f"{runs} not run by any test."
        if len(file.functions) == 1:
            message += f" Function: {file.functions[0]}"
        yield Annotation(file.path, first, last, level, "Not covered", message)
