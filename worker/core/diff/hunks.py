"""The text of changed lines: read from hunks, and written as hunks."""

from __future__ import annotations

from dataclasses import dataclass

from worker.core.diff.patch import STEP
from worker.core.model import line_ranges

__all__ = ["Change", "read_changes", "write_patch"]


@dataclass(frozen=True, slots=True)
class Change:
    """Lines that stood together and what stands in their place; either may be none.

    `old` and `new` are the numbers of the first line on each side. Lines have no line feed
    at their ends.
    """

    old: int
    removed: tuple[str, ...]
    new: int
    added: tuple[str, ...]


def read_changes(patch: str) -> list[Change]:
    """Return the changes that a patch tells, in its order.

    The patch was read before (`parse_patch`, `parse_unified`), so it is whole.
    """
    text = f"\n{patch}" if patch else ""
    changes: list[Change] = []
    at = old = new = 0
    for step in STEP.finditer(text):
        start, end = step.span()
        kept = text.count("\n", at, start)
        old += kept
        new += kept
        at = end
        if text[start + 1] == "@":
            old, _, new, _ = map(int, step.groups("1"))
        elif text[start + 1] in "+-":
            lines = text[start + 1 : end].split("\n")
            removed = tuple([line[1:] for line in lines if line[0] == "-"])
            added = tuple([line[1:] for line in lines if line[0] == "+"])
            changes.append(_joined(changes, Change(old, removed, new, added)))
            old += len(removed)
            new += len(added)
    return changes


def _joined(changes: list[Change], change: Change) -> Change:
    """Return the change, with the last one taken in where a mere note parted the two.

    "No newline at end of file" stands between the last line of the old side and the new
    side's.
    """
    if changes and not change.removed:
        last = changes[-1]
        if not last.added and (last.old + len(last.removed), last.new) == (change.old, change.new):
            del changes[-1]
            return Change(last.old, last.removed, last.new, change.added)
    return change


def write_patch(old: list[bytes], new: list[bytes], added: int, removed: int) -> str:
    """Return hunks without context that tell what two texts' bitmaps of lines say.

    Bytes that are no UTF-8 are replaced, as in GitHub's patches.
    """
    parts = []
    for (first, count), (begin, length) in _runs(added, removed):
        parts.append(f"@@ -{first},{count} +{begin},{length} @@")
        parts += (f"-{_text(line)}" for line in old[first - 1 : first - 1 + count] if count)
        parts += (f"+{_text(line)}" for line in new[begin - 1 : begin - 1 + length] if length)
    return "\n".join(parts)


def _text(line: bytes) -> str:
    return line.removesuffix(b"\n").decode("utf-8", "replace")


def _runs(added: int, removed: int) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Pair the runs of both sides that stand at the same place, as (first, lines) each."""
    runs = []
    old_runs, new_runs = line_ranges(removed)[::-1], line_ranges(added)[::-1]
    shift = 0  # how much further down the new side is
    while old_runs or new_runs:
        old_at = old_runs[-1][0] if old_runs else None
        new_at = new_runs[-1][0] if new_runs else None
        place = min(at for at in (old_at, None if new_at is None else new_at - shift) if at)
        count = length = 0
        if old_at == place:
            first, last = old_runs.pop()
            count = last - first + 1
        if new_at is not None and new_at - shift == place:
            begin, end = new_runs.pop()
            length = end - begin + 1
        runs.append(((place, count), (place + shift, length)))
        shift += length - count
    return runs
