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
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

import msgspec

from worker.core.numbers import Ratio

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = [
    "EMPTY_REPORT",
    "MAX_LINE",
    "BranchLine",
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


class BranchLine(msgspec.Struct, frozen=True, gc=False):
    """How many of the branches that start on `line` were taken.

    `arms` is a bitmap of those taken, by their index among the line's arms in the format's
    own stable order; None where the format counts and does not tell them apart. `order`
    names that order: arms of two orders are not each other's, so reports of one run in two
    formats do not add up to more than was taken.
    """

    line: int
    taken: int
    total: int
    arms: int | None = None
    order: str = ""

    @property
    def key(self) -> tuple[int, int, str]:
        """What two records must share for their arms to be the same."""
        return self.line, self.total, self.order

    def merge(self, other: BranchLine) -> BranchLine:
        """Return what both saw, of the same key: the arms of either.

        A count is a floor beside the arms, so that the result is the greatest count and
        the number of all arms, in whatever order reports are merged.
        """
        if self == other:
            return self
        if self.arms is None or other.arms is None:
            arms = other.arms if self.arms is None else self.arms
        else:
            arms = self.arms | other.arms
        seen = 0 if arms is None else arms.bit_count()
        taken = max(self.taken, other.taken, seen)
        return branch_line(self.line, taken, self.total, arms, self.order)


@lru_cache(maxsize=2**15)
def branch_line(
    line: int, taken: int, total: int, arms: int | None = None, order: str = ""
) -> BranchLine:
    """Return the record, mostly the same object each time.

    Line 40, one of two, is said of many files: shared, a line with branches takes 8 bytes
    and not 90.
    """
    return BranchLine(line, taken, total, arms, order)


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
    branches: tuple[BranchLine, ...] = ()
    functions: tuple[Function, ...] = ()
    contexts: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if self.hit & ~self.measured or self.partial & ~self.hit or self.measured & 1:
            raise ValueError(f"{self.path}: partial ⊆ hit ⊆ measured does not hold")

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
        counting: dict[int, tuple[int, int]] = {}
        for branch in self.branches:
            counts = branch.total, branch.taken
            if counts > counting.get(branch.line, (0, 0)):
                counting[branch.line] = counts
        return Ratio(
            sum(taken for _, taken in counting.values()),
            sum(total for total, _ in counting.values()),
        )

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
        branches = _merge_branches(self.branches, other.branches)
        full = (self.hit & ~self.partial) | (other.hit & ~other.partial)
        hit = self.hit | other.hit
        if hit & ~full and branches:
            full |= bitmap(b.line for b in branches if b.line and b.taken >= b.total)
        return type(self)(
            self.path,
            self.measured | other.measured,
            hit,
            hit & ~full,
            branches,
            _merge_functions(self.functions, other.functions),
            _merge_contexts(self.contexts, other.contexts),
        )


@dataclass(frozen=True, slots=True)
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

    @property
    def lines(self) -> Ratio:
        """Lines hit, of lines measured, over all files."""
        covered = total = 0
        for file in self:
            covered += file.hit.bit_count()
            total += file.measured.bit_count()
        return Ratio(covered, total)

    @property
    def branch_ratio(self) -> Ratio:
        """Branches taken, of branches, over all files."""
        return sum((file.branch_ratio for file in self), Ratio())

    def merge(self, other: Self) -> Self:
        """Return what both reports saw together."""
        return type(self).of((*self, *other))


EMPTY_REPORT = Report()


def weigh(report: Report) -> int:
    """Return about how many bytes a report takes in memory."""
    return sum(
        400
        + (file.measured.bit_length() + file.hit.bit_length() + file.partial.bit_length()) // 8
        + 100 * len(file.branches)
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


def _merge_branches(
    ours: tuple[BranchLine, ...], theirs: tuple[BranchLine, ...]
) -> tuple[BranchLine, ...]:
    if ours == theirs or not theirs:
        return ours
    if not ours:
        return theirs
    merged = {branch.key: branch for branch in ours}
    for branch in theirs:
        known = merged.get(branch.key)
        merged[branch.key] = branch if known is None else known.merge(branch)
    return tuple(merged[key] for key in sorted(merged))


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
