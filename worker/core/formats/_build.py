"""Collects a report's records, file by file, into bitmaps.

One byte a line while reading: a byte is set without a look at what is there, and a whole
file becomes an integer in one call. A dictionary a line takes forty times the room.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from worker.core.errors import ReportError
from worker.core.model import (
    MAX_LINE,
    BranchLine,
    FileCoverage,
    Function,
    Report,
    bitmap,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["FileBuilder", "ReportBuilder"]

_MAX_HITS = 2**63 - 1
"""Counts beyond what databases and encoders hold say no more than this one."""
_MAX_PATH = 4096
"""PATH_MAX of Linux: nothing longer is a file's name."""
_ZERO = b"0"
_ONE = ord("1")


class FileBuilder:
    """Gathers one file's records; of several for a line the greatest counts."""

    __slots__ = ("_branches", "_functions", "_hit", "_measured")

    def __init__(self) -> None:
        self._measured = bytearray(_ZERO)
        self._hit = bytearray(_ZERO)
        self._branches: dict[int, tuple[int, int]] = {}
        self._functions: dict[tuple[int, str], Function] = {}

    def add_lines(self, measured: Iterable[int], hit: Iterable[int]) -> None:
        """Add lines that were measured, and those of them that were hit.

        Raises `ReportError` for a line number below 1 or above `MAX_LINE`.
        """
        measured = list(measured)
        if not measured:
            return
        lowest, highest = min(measured), max(measured)
        if lowest < 1 or highest > MAX_LINE:
            wrong = lowest if lowest < 1 else highest
            raise ReportError(f"line number {wrong} is not between 1 and {MAX_LINE}")
        if highest >= len(self._measured):
            more = _ZERO * (highest + 1 - len(self._measured))
            self._measured += more
            self._hit += more
        marks = self._measured
        for line in measured:
            marks[line] = _ONE
        marks = self._hit
        for line in hit:
            marks[line] = _ONE

    def add_branches(self, line: int, taken: int, total: int) -> None:
        """Add that `taken` of the `total` branches on a line were taken.

        Line 0 is where coverage.py's LCOV puts branches to a function's exit.
        """
        if not 0 <= line <= MAX_LINE:
            raise ReportError(f"a branch's line number {line} is not between 0 and {MAX_LINE}")
        known = self._branches.get(line)
        if known is not None:
            taken, total = max(taken, known[0]), max(total, known[1])
        self._branches[line] = _counts(taken, total)

    def add_function(self, line: int, name: str, hits: int, end_line: int | None = None) -> None:
        """Add a function; one that is said to start on no line is left out."""
        if not 1 <= line <= MAX_LINE:
            return
        if end_line is not None and not line <= end_line <= MAX_LINE:
            end_line = None
        known = self._functions.get((line, name))
        if known is not None:
            hits = max(hits, known.hits)
            end_line = max(end_line or 0, known.end_line or 0) or None
        hits = min(max(hits, 0), _MAX_HITS)
        self._functions[line, name] = Function(line, name, hits, end_line)

    def build(self, path: str) -> FileCoverage:
        """Return what was gathered."""
        measured = _integer(self._measured)
        hit = _integer(self._hit)
        branches = tuple(
            BranchLine(line, taken, total)
            for line, (taken, total) in sorted(self._branches.items())
        )
        partial = hit & bitmap(
            branch.line for branch in branches if branch.line and branch.taken < branch.total
        )
        functions = tuple(self._functions[key] for key in sorted(self._functions))
        return FileCoverage(path, measured, hit, partial, branches, functions)


class ReportBuilder:
    """Gathers a report's files by the path as the report writes it."""

    __slots__ = ("_files",)

    def __init__(self) -> None:
        self._files: dict[str, FileBuilder] = {}

    def file(self, path: str) -> FileBuilder:
        """Return the builder of a path, the same one each time it is named."""
        known = self._files.get(path)
        if known is None:
            if not path or len(path) > _MAX_PATH:
                raise ReportError(f"a file's path has {len(path)} characters, not 1 to {_MAX_PATH}")
            known = self._files[path] = FileBuilder()
        return known

    def build(self) -> Report:
        """Return the report; the builder is empty afterwards."""
        built = []
        while self._files:  # each file's marks are let go as soon as they are a bitmap
            path, file = self._files.popitem()
            built.append(file.build(path))
        return Report.of(built)


@lru_cache(maxsize=1024)
def _counts(taken: int, total: int) -> tuple[int, int]:
    """Return the pair, the same object each time: nearly all lines have one of a few."""
    return taken, total


def _integer(marks: bytearray) -> int:
    """Return the bitmap of marks: the text "0110…" read backwards, in base 2, in linear time."""
    marks.reverse()
    return int(marks, 2)
