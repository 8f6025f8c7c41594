"""Collects a report's records, file by file, into bitmaps.

One byte a line while reading: a byte is set without a look at what is there, and a whole
file becomes an integer in one call. A dictionary a line takes forty times the room.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from worker.core.errors import ReportError
from worker.core.formats._base import quote
from worker.core.model import (
    MAX_LINE,
    Branches,
    FileCoverage,
    Function,
    Report,
    bitmap,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["FileBuilder", "ReportBuilder", "Room", "line_bitmap"]

_MAX_HITS = 2**63 - 1
"""Counts beyond what databases and encoders hold say no more than this one."""
_MAX_PATH = 4096
"""PATH_MAX of Linux: nothing longer is a file's name."""
_MAX_ROOM = 128 * 2**20
"""The most bytes that a report may take while it is read: up to a file's highest line each
takes two (64 million lines, twice Linux), or two bits as bitmaps. Files, branches, functions
and contexts take what Python needs for them, about."""
_FILE_ROOM = 400
_BRANCH_ROOM = 100
_FUNCTION_ROOM = 160
_CONTEXT_ROOM = 150
_ZERO = b"0"
_ONE = ord("1")

_Branches = tuple[int, int, int | None]
"""Taken, total, and the bitmap of arms if they are told apart."""


class Room:
    """How many more bytes a report may take."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = _MAX_ROOM

    def take(self, octets: int) -> None:
        """Take room. Without a limit, 3 MB of files with a line 2,000,000 took 400 GB."""
        self.left -= octets
        if self.left < 0:
            raise ReportError(
                "its files have too many lines in sum, or are too many, or have too many "
                "branches or functions; split the report"
            )

    def give_back(self, octets: int) -> None:
        """Take no more the room of what is gone."""
        self.left += octets


class FileBuilder:
    """Gathers one file's records; of several for a line the greatest counts.

    Branches: `add_arms` where the report tells a line's branches apart, `add_branches`
    where it only counts them. A line is partial when it was hit and not all were taken.
    `order` names the order of arms, see `BranchLine`.
    """

    __slots__ = (
        "_bitmaps",
        "_branches",
        "_contexts",
        "_functions",
        "_hit",
        "_measured",
        "_order",
        "_pairs",
        "_partial",
        "_room",
    )

    def __init__(self, order: str, room: Room) -> None:
        self._order = order
        self._room = room
        self._measured = bytearray(_ZERO)
        self._hit = bytearray(_ZERO)
        self._bitmaps = (0, 0)
        self._pairs = (0, 0, 0)
        self._partial = 0
        self._branches: dict[int, _Branches] = {}
        self._contexts: dict[str, int] = {}
        self._functions: dict[tuple[int, str], Function] = {}

    def add_lines(self, measured: Iterable[int], hit: Iterable[int]) -> None:
        """Add lines that were measured, and those of them that were hit.

        Raises `ReportError` for a line number below 1 or above `MAX_LINE`.
        """
        measured = _ascending(measured)
        if not measured:
            return
        highest = measured[-1]
        if highest >= len(self._measured):
            self._room.take(2 * (highest + 1 - len(self._measured)))
            more = _ZERO * (highest + 1 - len(self._measured))
            self._measured += more
            self._hit += more
        marks = self._measured
        for line in measured:
            marks[line] = _ONE
        marks = self._hit
        for line in hit:
            marks[line] = _ONE

    def add_bitmaps(self, measured: int, hit: int) -> None:
        """Add lines as bitmaps: those measured, and those of them that were hit."""
        known = self._bitmaps[0]
        self._room.take(max(measured.bit_length() - known.bit_length(), 0) // 4)
        self._bitmaps = known | measured, self._bitmaps[1] | hit

    def add_partials(self, lines: int) -> None:
        """Add a bitmap of lines of which the report says itself that a part did not run.

        Where it tells a line's branches, too, those decide: merging has only them to go by.
        """
        self._partial |= lines

    def add_branches(self, line: int, taken: int, total: int) -> None:
        """Add that `taken` of the `total` branches on a line were taken.

        Line 0 is where coverage.py's LCOV puts branches to a function's exit.
        """
        self._add_branches(line, taken, total, None)

    def add_arms(self, line: int, taken: Sequence[object]) -> None:
        """Add all branches of a line, in the format's own stable order; true: taken.

        Shards that take different arms then merge to all of them: the order has to be the
        same in every report of the same source. Arms that are added again are merged by
        position, if they are as many.
        """
        arms = 0
        for index, was_taken in enumerate(taken):
            if was_taken:
                arms |= 1 << index
        self._add_branches(line, arms.bit_count(), len(taken), arms)

    def add_arm_bitmap(self, line: int, arms: int, total: int) -> None:
        """Add the same, as a bitmap of those taken and the number of all."""
        self._add_branches(line, arms.bit_count(), total, arms)

    def add_pairs(self, lines: int, first: int, second: int) -> None:
        """Add lines with two arms as bitmaps: those lines, and where either arm was taken."""
        known = self._pairs
        self._room.take(3 * max(lines.bit_length() - known[0].bit_length(), 0) // 8)
        self._pairs = known[0] | lines, known[1] | first, known[2] | second

    def _add_branches(self, line: int, taken: int, total: int, arms: int | None) -> None:
        if not 0 <= line <= MAX_LINE:
            raise ReportError(f"a branch's line number {line} is not between 0 and {MAX_LINE}")
        known = self._branches.get(line)
        if known is None:
            self._room.take(_BRANCH_ROOM)
        elif arms is not None and known[2] is not None and total == known[1]:
            arms |= known[2]
            taken = arms.bit_count()
        else:
            taken, total, arms = max(taken, known[0]), max(total, known[1]), None
        self._branches[line] = _counts(taken, total, arms)

    def add_context(self, name: str, lines: Iterable[int]) -> None:
        """Add lines that a context (a test) hit; those that were not measured are left out.

        Raises `ReportError` for a line number below 1 or above `MAX_LINE`.
        """
        try:
            self.add_context_bitmap(name, bitmap(lines))
        except ValueError as error:
            raise ReportError(f"the context {quote(name)}: {error}") from None

    def add_context_bitmap(self, name: str, lines: int) -> None:
        """Add the same, of a bitmap of line numbers."""
        known = self._contexts.get(name)
        if known is None:
            self._room.take(_CONTEXT_ROOM + len(name) + lines.bit_length() // 8)
            self._contexts[name] = lines
        else:
            self._room.take(max(lines.bit_length() - known.bit_length(), 0) // 8)
            self._contexts[name] = known | lines

    def add_function(self, line: int, name: str, hits: int, end_line: int | None = None) -> None:
        """Add a function; one that is said to start on no line is left out."""
        if not 1 <= line <= MAX_LINE:
            return
        if end_line is not None and not line <= end_line <= MAX_LINE:
            end_line = None
        key = (line, name)
        known = self._functions.get(key)
        if known is None:
            self._room.take(_FUNCTION_ROOM + len(name))
        else:
            hits = max(hits, known.hits)
            end_line = max(end_line or 0, known.end_line or 0) or None
        if not 0 <= hits <= _MAX_HITS:
            hits = 0 if hits < 0 else _MAX_HITS
        self._functions[key] = Function(line, name, hits, end_line)

    def add_functions(self, functions: Sequence[Function]) -> None:
        """Add functions, each with its end: the same as one by one, in a third of the time."""
        known = {(function.line, function.name): function for function in functions}
        valid = all(1 <= f.line <= (f.end_line or 0) <= MAX_LINE for f in functions)
        if valid and not self._functions and len(known) == len(functions):
            self._room.take(sum([_FUNCTION_ROOM + len(name) for _, name in known]))
            self._functions = known
        else:
            for function in functions:
                self.add_function(function.line, function.name, function.hits, function.end_line)

    def build(self, path: str) -> FileCoverage:
        """Return what was gathered."""
        measured = _integer(self._measured) | self._bitmaps[0]
        hit = _integer(self._hit) | self._bitmaps[1]
        branches = Branches.counted(sorted(self._branches.items()), self._order)
        if self._pairs[0]:
            branches = branches.merge(_paired(self._pairs, self._order))
        partial = hit & branches.incomplete
        if self._pairs[0] and self._branches:  # of two records of a line one may be whole
            partial &= ~branches.complete
        if self._partial:
            partial |= hit & self._partial & ~branches.complete
        functions = tuple([self._functions[key] for key in sorted(self._functions)])
        contexts = tuple(
            [(name, lines & hit) for name, lines in sorted(self._contexts.items()) if lines & hit]
        )
        return FileCoverage(path, measured, hit, partial, branches, functions, contexts)


class ReportBuilder:
    """Gathers a report's files by the path as the report writes it.

    Give the format's name as `order` when its arms are told apart.
    """

    __slots__ = ("_built", "_files", "_order", "room")

    def __init__(self, order: str = "") -> None:
        self._order = order
        self._files: dict[str, FileBuilder] = {}
        self._built: list[FileCoverage] = []
        self.room = Room()
        """For what a format's own reader gathers, too."""

    def file(self, path: str) -> FileBuilder:
        """Return the builder of a path, the same one each time it is named."""
        known = self._files.get(path)
        if known is None:
            self._admit(path)
            known = self._files[path] = FileBuilder(self._order, self.room)
        return known

    def add_name(self, path: str) -> None:
        """Add a file of which nothing else is known."""
        self._admit(path)
        self._built.append(FileCoverage(path))

    def _admit(self, path: str) -> None:
        if not path or len(path) > _MAX_PATH:
            raise ReportError(f"a file's path has {len(path)} characters, not 1 to {_MAX_PATH}")
        self.room.take(_FILE_ROOM + len(path))

    def finish(self, path: str) -> None:
        """Build a file of which nothing more is to come: so it takes least room."""
        self._built.append(self._files.pop(path).build(path))

    def build(self) -> Report:
        """Return the report; the builder is empty afterwards."""
        while self._files:  # each file's marks are let go as soon as they are a bitmap
            path, file = self._files.popitem()
            self._built.append(file.build(path))
        built, self._built = self._built, []
        return Report.of(built)


def _paired(pairs: tuple[int, int, int], order: str) -> Branches:
    width = pairs[0].bit_length() + 7 >> 3
    return Branches(b"".join([lines.to_bytes(width, "little") for lines in pairs]), order)


@lru_cache(maxsize=1024)
def _counts(taken: int, total: int, arms: int | None) -> _Branches:
    """Return the same object each time: nearly all lines have one of a few."""
    return taken, total, arms


def line_bitmap(lines: Iterable[int]) -> int:
    """Return the bitmap of line numbers; `ReportError` for one below 1 or above `MAX_LINE`."""
    lines = _ascending(lines)
    if not lines:
        return 0
    marks = bytearray(_ZERO) * (lines[-1] + 1)
    for line in lines:
        marks[line] = _ONE
    return _integer(marks)


def _ascending(lines: Iterable[int]) -> list[int]:
    """Return line numbers in order: reports have them so, and that takes half of min and max."""
    ordered = sorted(lines)
    if ordered and (ordered[0] < 1 or ordered[-1] > MAX_LINE):
        wrong = ordered[0] if ordered[0] < 1 else ordered[-1]
        raise ReportError(f"line number {wrong} is not between 1 and {MAX_LINE}")
    return ordered


def _integer(marks: bytearray) -> int:
    """Return the bitmap of marks: the text "0110…" read backwards, in base 2, in linear time."""
    marks.reverse()
    return int(marks, 2)
