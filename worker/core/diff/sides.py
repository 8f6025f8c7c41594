r"""Whole files out of patches: a small or a new file stands in its patch as it is.

What comes out is a guess until its blob id says that it is the file: patches tell no bytes
that are no UTF-8, and not whether a file goes on behind the last hunk.
"""

from __future__ import annotations

import re

__all__ = ["apply_patch", "show_sides", "undo_patch"]

_HUNK = re.compile(r"@@ -(\d{1,10})(?:,(\d{1,10}))? \+(\d{1,10})(?:,(\d{1,10}))? @@")
_NOTE = "\\"
"""What "No newline at end of file" begins with: it speaks of the line before."""


def show_sides(patch: str) -> tuple[bytes, bytes] | None:
    """Return what a patch shows of the old and the new file; None where it begins further down.

    They are the whole files where nothing comes behind the patch.
    """
    hunks = _read(patch)
    if len(hunks) != 1 or any(int(hunks[0][0][side]) > 1 for side in (1, 3)):
        return None
    body = hunks[0][1]
    return b"".join(_side(body, "-")), b"".join(_side(body, "+"))


def apply_patch(patch: str, old: bytes, /) -> bytes | None:
    """Return the file after a patch, by the file before it; None where they do not fit."""
    return _cross(patch, old, "-", "+", 1)


def undo_patch(patch: str, new: bytes, /) -> bytes | None:
    """Return the file before a patch, by the file after it; None where they do not fit."""
    return _cross(patch, new, "+", "-", 3)


def _cross(patch: str, known: bytes, here: str, there: str, start: int) -> bytes | None:
    """Return the other side of a patch; `start` is where a hunk's head tells this side's line."""
    lines = re.findall(rb"[^\n]*\n|[^\n]+", known)
    other: list[bytes] = []
    at = 0
    for head, body in _read(patch):
        shown = _side(body, here)
        # A hunk that shows nothing of a side names the line before it.
        first = max(0, int(head[start]) - 1) if shown else int(head[start])
        if first < at or lines[first : first + len(shown)] != shown:
            return None
        other += lines[at:first]
        other += _side(body, there)
        at = first + len(shown)
    return b"".join([*other, *lines[at:]])


def _read(patch: str) -> list[tuple[re.Match[str], list[str]]]:
    """Return the hunks, each with its lines.

    The patch was read before (`parse_patch`): no line inside a hunk begins with "@".
    """
    hunks: list[tuple[re.Match[str], list[str]]] = []
    for line in patch.split("\n"):
        head = _HUNK.match(line)
        if head is not None:
            hunks.append((head, []))
        elif hunks:
            hunks[-1][1].append(line)
    return hunks


def _side(body: list[str], mark: str) -> list[bytes]:
    """Return the lines of one side, with their ends as far as they have one."""
    lines: list[bytes] = []
    last = ""
    for line in body:
        if line.startswith(_NOTE):
            if lines and last in {mark, " "}:
                lines[-1] = lines[-1].removesuffix(b"\n")
        elif line[:1] in {mark, " "}:
            lines.append(line[1:].encode("utf-8", "surrogatepass") + b"\n")
        last = line[:1]
    return lines
