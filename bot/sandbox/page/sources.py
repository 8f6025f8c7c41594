"""Source files and diffs -> page data: lines with their numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.sandbox.diffs import Change

__all__ = ["DiffLine", "FileDiff", "view_changes", "view_source"]

_MOST_LINES = 20_000
"""Lines of a source that are shown."""
_MOST_DIFF_LINES = 4_000
"""Lines of a whole diff that are shown; files beyond are named only."""

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_KINDS = {"+": "added", "-": "removed", " ": "context", "\\": "note"}


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a diff: `kind` is `added`, `removed`, `context`, `hunk` or `note`."""

    kind: str
    old: int | None
    new: int | None
    text: str


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file of a diff; `hidden` says why there are no lines, "" where there are."""

    path: str
    previous: str | None
    status: str
    additions: int
    deletions: int
    lines: tuple[DiffLine, ...]
    hidden: str = ""


def view_source(data: bytes) -> tuple[str, ...] | None:
    """Return a file's lines, without their ends; None for a binary file."""
    # Git's own rule: a NUL among the first 8,000 bytes.
    if b"\0" in data[:8000]:
        return None
    # Not splitlines(): that also splits at form feeds, and every number would shift.
    lines = [line.removesuffix("\r") for line in data.decode(errors="replace").split("\n")]
    if lines and not lines[-1]:
        lines.pop()
    return tuple(lines[:_MOST_LINES])


def view_changes(changes: Iterable[Change]) -> tuple[FileDiff, ...]:
    """Return a diff's files, as many lines of them as a page can hold."""
    files: list[FileDiff] = []
    shown = 0
    for change in changes:
        lines = _diff_lines(change.patch or "")
        hidden = "" if lines else "Binary file, or renamed without a change."
        if shown + len(lines) > _MOST_DIFF_LINES:
            hidden, lines = "Too large to be shown here.", ()
        shown += len(lines)
        files.append(
            FileDiff(
                change.path,
                change.previous,
                change.status,
                change.additions,
                change.deletions,
                lines,
                hidden,
            )
        )
    return tuple(files)


def _diff_lines(patch: str) -> tuple[DiffLine, ...]:
    lines: list[DiffLine] = []
    old = new = 0
    for text in patch.split("\n") if patch else ():
        hunk = _HUNK.match(text)
        if hunk:
            old, new = int(hunk[1]), int(hunk[2])
            lines.append(DiffLine("hunk", None, None, text))
            continue
        kind = _KINDS.get(text[:1], "context")
        in_old, in_new = kind in ("context", "removed"), kind in ("context", "added")
        lines.append(
            DiffLine(kind, old if in_old else None, new if in_new else None, text.rstrip("\r"))
        )
        old += in_old
        new += in_new
    return tuple(lines)
