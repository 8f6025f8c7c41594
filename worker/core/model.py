"""A coverage report as integers used as bitmaps.

Bit *n* of a bitmap stands for line *n* (bit 0 is never set). Merging, intersecting with a
diff and comparing two reports become `|`, `&`, `^` and `bit_count`: 5 million lines take
7 MB where a dictionary a line takes hundreds (docs/performance.md).

What a report has many of is a frozen `msgspec.Struct`: made ten times faster than a frozen
dataclass, and as long as nothing in it can point back, of no concern to the cyclic garbage
collector.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

import msgspec

from worker.core.branches import NO_BRANCHES, Branches, BranchLine, branch_line
from worker.core.numbers import Ratio

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = [
    "EMPTY_REPORT",
    "MAX_LINE",
    "BranchLine",
    "Branches",
    "FileCoverage",
    "Function",
    "Report",
    "bitmap",
    "branch_line",
    "format_lines",
    "line_numbers",
    "line_ranges",
    "weigh",
]

MAX_LINE = 2_000_000
"""The highest line number believed. `DA:2000000000,1` would be an integer of 250 MB."""


class Function(msgspec.Struct, frozen=True, gc=False, order=True):
    """A function that the report names, with the lines it spans where the format tells."""

    line: int
    name: str
    hits: int
    end_line: int | None = None


class FileCoverage(msgspec.Struct, frozen=True, gc=False):
    """What a report says of one file.

    `measured`, `hit` and `partial` are bitmaps of line numbers, and
    `partial ⊆ hit ⊆ measured`. A line is partial when it was hit and some branch on it was
    not taken. Branches and functions are sparse and sorted; formats without them leave
    them empty.

    A line may have several records of branches: where reports of different builds claim
    different totals for it, or tell its arms apart in different orders. That with the
    greatest total counts, and of those the one with the most taken.

    `contexts` are (name, bitmap of the lines hit in it), sorted by name, none of them
    empty: the tests, where the report tells them apart.
    """

    path: str
    measured: int = 0
    hit: int = 0
    partial: int = 0
    branches: Branches = NO_BRANCHES
    functions: tuple[Function, ...] = ()
    contexts: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if self.hit & ~self.measured or self.partial & ~self.hit or self.measured & 1:
            raise ValueError(f"{self.path}: partial ⊆ hit ⊆ measured does not hold")
        records: object = self.branches
        if type(records) is tuple:  # as one writes down a few
            msgspec.structs.force_setattr(self, "branches", Branches.of(records))

    @property
    def missed(self) -> int:
        """The bitmap of lines that were measured and not hit."""
        return self.measured & ~self.hit

    @property
    def lines(self) -> Ratio:
        """Lines hit, of lines measured."""
        return Ratio(self.hit.bit_count(), self.measured.bit_count())

    @property
    def branch_ratio(self) -> Ratio:
        """Branches taken, of branches."""
        return self.branches.ratio

    def within(self, lines: int) -> Ratio:
        """Return the ratio over those measured lines that are in the bitmap `lines`."""
        return Ratio((self.hit & lines).bit_count(), (self.measured & lines).bit_count())

    def counting_partial_as_missed(self) -> Self:
        """Return the same file with partial lines no longer hit (`partial: missed`)."""
        return msgspec.structs.replace(self, hit=self.hit & ~self.partial, partial=0)

    def moved_to(self, path: str) -> Self:
        """Return the same coverage under another path."""
        return msgspec.structs.replace(self, path=path)

    def merge(self, other: Self) -> Self:
        """Return what both saw together; each line keeps its best state.

        The states are ordered unmeasured < missed < partial < hit in full, and the merged
        state is the greater one; a line whose arms were all taken, some here and some
        there, is hit in full, too. That makes merging associative, commutative and
        idempotent (tests/core/test_model.py).
        """
        branches = self.branches.merge(other.branches)
        full = (self.hit & ~self.partial) | (other.hit & ~other.partial)
        hit = self.hit | other.hit
        if hit & ~full and branches:
            full |= branches.complete
        return type(self)(
            self.path,
            self.measured | other.measured,
            hit,
            hit & ~full,
            branches,
            _merge_functions(self.functions, other.functions),
            _merge_contexts(self.contexts, other.contexts),
        )


@dataclass(frozen=True)  # without slots: its totals, asked for many times, are kept
class Report:
    """Coverage by path, sorted by path. Merging has `EMPTY_REPORT` as its unit."""

    files: Mapping[str, FileCoverage] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, files: Iterable[FileCoverage]) -> Self:
        """Return a report of `files`; records of the same path are merged."""
        merged: dict[str, FileCoverage] = {}
        for file in files:
            known = merged.get(file.path)
            merged[file.path] = file if known is None else known.merge(file)
        return cls(MappingProxyType({path: merged[path] for path in sorted(merged)}))

    def __iter__(self) -> Iterator[FileCoverage]:
        return iter(self.files.values())

    def __len__(self) -> int:
        return len(self.files)

    @cached_property
    def lines(self) -> Ratio:
        """Lines hit, of lines measured, over all files."""
        files = self.files.values()
        covered = sum(map(int.bit_count, map(_hit, files)))
        return Ratio(covered, sum(map(int.bit_count, map(_measured, files))))

    @cached_property
    def branch_ratio(self) -> Ratio:
        """Branches taken, of branches, over all files."""
        return sum((file.branch_ratio for file in self), Ratio())

    def merge(self, other: Self) -> Self:
        """Return what both reports saw together."""
        return type(self).of((*self, *other))


EMPTY_REPORT = Report()

_hit, _measured = attrgetter("hit"), attrgetter("measured")


def weigh(report: Report) -> int:
    """Return about how many bytes a report takes in memory."""
    return sum(
        400
        + (file.measured.bit_length() + file.hit.bit_length() + file.partial.bit_length()) // 8
        + len(file.branches.octets)
        + 100 * len(file.branches.rest)
        + 160 * len(file.functions)
        + sum(lines.bit_length() // 8 for _, lines in file.contexts)
        for file in report
    )


def bitmap(lines: Iterable[int]) -> int:
    """Return the bitmap of line numbers (each from 1 to `MAX_LINE`)."""
    numbers = sorted(set(lines))
    if not numbers:
        return 0
    if numbers[0] < 1 or numbers[-1] > MAX_LINE:
        raise ValueError(f"line numbers run from 1 to {MAX_LINE}")
    octets = bytearray(numbers[-1] // 8 + 1)
    for number in numbers:
        octets[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(octets, "little")


def line_numbers(lines: int) -> list[int]:
    """Return the line numbers of a bitmap, ascending."""
    return [number for first, last in line_ranges(lines) for number in range(first, last + 1)]


def line_ranges(lines: int) -> list[tuple[int, int]]:
    """Return a bitmap's runs of consecutive lines as (first, last), ascending."""
    ranges = []
    offset = 0
    while lines:
        skip = (lines & -lines).bit_length() - 1
        lines >>= skip
        length = (~lines & (lines + 1)).bit_length() - 1
        ranges.append((offset + skip, offset + skip + length - 1))
        lines >>= length
        offset += skip + length
    return ranges


def format_lines(lines: int) -> str:
    """Return a bitmap as people write it: "3, 5–9, 12"; empty for no line."""
    return ", ".join(
        str(first) if first == last else f"{first}–{last}" for first, last in line_ranges(lines)
    )


def _merge_functions(
    ours: tuple[Function, ...], theirs: tuple[Function, ...]
) -> tuple[Function, ...]:
    if ours == theirs or not theirs:
        return ours
    if not ours:
        return theirs
    merged = {(function.line, function.name): function for function in ours}
    for function in theirs:
        key = (function.line, function.name)
        known = merged.get(key)
        if known is None:
            merged[key] = function
        else:
            end = max(
                (e for e in (known.end_line, function.end_line) if e is not None), default=None
            )
            merged[key] = Function(*key, max(known.hits, function.hits), end)
    return tuple(sorted(merged.values(), key=lambda f: (f.line, f.name)))


def _merge_contexts(
    ours: tuple[tuple[str, int], ...], theirs: tuple[tuple[str, int], ...]
) -> tuple[tuple[str, int], ...]:
    if ours == theirs or not theirs:
        return ours
    if not ours:
        return theirs
    merged = dict(ours)
    for name, lines in theirs:
        merged[name] = merged.get(name, 0) | lines
    return tuple(sorted(merged.items()))
