"""A short way through LCOV's long runs of `DA` and `BRDA` records.

A section's records of one kind mostly stand in one block. Such blocks are cut out, and those
of many sections read together, by the column: numpy looks for the separators of a megabyte
at once, and digits become numbers, and numbers bitmaps, without an object of Python for each.
What is not such a plain block is left to the general way; both give the same, and
tests/core/formats/test_lcov.py proves it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from worker.core.formats._arms import group_arms
from worker.core.formats._columns import ALL, NotPlainError, read_bitmaps, read_numbers
from worker.core.model import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from worker.core.formats._arms import Arms
    from worker.core.formats._columns import Flags, Numbers, Octets

__all__ = ["Runs", "read_branches", "read_lines", "take_runs"]

_DIGITS = b"0123456789"
_LINE = b"DA:,\n"
_ARM = b"BRDA:,,,\n"
"""What is left of a record without its digits."""
_LAST_SEPARATOR = ord(",")
"""Of the bytes in a run only comma and newline are not above it."""
_NEWLINE = ord("\n")
_ZERO = ord("0")
_MAX_PLACE = 2**20
"""Of block and branch: with the line's 21 bits they fit into 62."""
_MAX_SECTION = 2**22
"""Bytes: it is copied a few times, and its separators are gathered."""


class Runs(msgspec.Struct, frozen=True, gc=False):
    """A section's blocks of `DA` and of `BRDA` records, and what is left to read."""

    lines: bytes
    branches: bytes
    rest: bytes

    @property
    def size(self) -> int:
        """Bytes of the runs."""
        return len(self.lines) + len(self.branches)


def take_runs(section: bytes) -> Runs | None:
    """Return the runs of a plain section: one file, and each kind of record in one block."""
    if len(section) > _MAX_SECTION:
        return None
    path = section.find(b"SF:")
    if (path > 0 and section[path - 1] != _NEWLINE) or section.find(b"DA:", 0, path) >= 0:
        return None  # a DA or BRDA of no file
    lines, rest = _take_out(section, b"\nDA:")
    branches, rest = _take_out(rest, b"\nBRDA:")
    if rest.count(b"SF:") != 1 or rest.find(b"\nTN:", path) >= 0:  # several files, or tests
        return None
    if lines.translate(None, _DIGITS) != _LINE * lines.count(b"\n"):
        return None
    shape = branches.replace(b",-\n", b",\n").translate(None, _DIGITS)
    if shape != _ARM * branches.count(b"\n"):
        return None
    return Runs(lines, branches, rest)


def _take_out(section: bytes, mark: bytes) -> tuple[bytes, bytes]:
    """Return the block from the first to the last `mark`, and the rest."""
    start = section.find(mark)
    if start < 0:
        return b"", section
    end = section.find(b"\n", section.rfind(mark) + 1)
    if end < 0:
        end = len(section)
    return section[start + 1 : end] + b"\n", section[:start] + section[end:]


def read_lines(runs: Sequence[bytes]) -> Iterator[tuple[int, ...]]:
    """Yield for each run of `DA` records the bitmaps of lines measured, and hit."""
    if not runs:
        return iter(())
    text, separators = _separators(runs, 2)
    commas, ends = separators.T
    lines = read_numbers(text, _starts(ends, b"DA:"), commas)
    if len(lines) and not 1 <= lines.min() <= lines.max() <= MAX_LINE:
        raise NotPlainError
    hit = _positive(text, commas + 1, ends)
    return read_bitmaps([run.count(b"\n") for run in runs], lines, ALL, hit)


def read_branches(runs: Sequence[bytes], apart: Sequence[bool]) -> Iterator[Arms]:
    """Yield for each run of `BRDA` records the branches by line, or singly where `apart`."""
    if not runs:
        return iter(())
    text, separators = _separators(runs, 4)
    first, second, third, ends = separators.T
    lines = read_numbers(text, _starts(ends, b"BRDA:"), first)
    blocks = read_numbers(text, first + 1, second)
    branches = read_numbers(text, second + 1, third)
    taken = _positive(text, third + 1, ends) & (text[third + 1] != ord("-"))
    for column, most in ((lines, MAX_LINE), (blocks, _MAX_PLACE - 1), (branches, _MAX_PLACE - 1)):
        if len(column) and column.max() > most:
            raise NotPlainError
    places = (lines * _MAX_PLACE + blocks) * _MAX_PLACE + branches
    return group_arms([run.count(b"\n") for run in runs], lines, places, taken, apart)


def _separators(runs: Sequence[bytes], fields: int) -> tuple[Octets, Numbers]:
    """Return the text of the runs, and where each record's separators stand, record by row."""
    text = np.frombuffer(b"".join(runs), np.uint8)
    return text, np.flatnonzero(text <= _LAST_SEPARATOR).reshape(-1, fields)


def _starts(ends: Numbers, keyword: bytes) -> Numbers:
    """Return where the first numbers of records begin, given where the records end."""
    starts = np.full_like(ends, len(keyword))
    starts[1:] += ends[:-1] + 1
    return starts


def _positive(text: Octets, starts: Numbers, ends: Numbers) -> Flags:
    """Return which numbers are not zero, of any length; they have no zeros before them."""
    positive: Flags = text[starts] != _ZERO
    widths = ends - starts
    if (widths < 1).any() or (widths[~positive] > 1).any():
        raise NotPlainError
    return positive
