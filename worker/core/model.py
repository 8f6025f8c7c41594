"""A coverage report as integers used as bitmaps.

Bit *n* of a bitmap stands for line *n* (bit 0 is never set). Merging, intersecting with a
diff and comparing two reports become `|`, `&`, `^` and `bit_count`: 5 million lines take
7 MB where a dictionary a line takes hundreds (docs/performance.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

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
    "format_lines",
    "line_numbers",
    "line_ranges",
]

MAX_LINE = 2_000_000
"""The highest line number believed. `DA:2000000000,1` would be an integer of 250 MB."""


@dataclass(frozen=True, slots=True, order=True)
class BranchLine:
    """How many of the branches that start on `line` were taken."""

    line: int
    taken: int
    total: int


@dataclass(frozen=True, slots=True, order=True)
class Function:
    """A function that the report names, with the lines it spans where the format tells."""

    line: int
    name: str
    hits: int
    end_line: int | None = None


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """What a report says of one file.

    `measured`, `hit` and `partial` are bitmaps of line numbers, and
    `partial ⊆ hit ⊆ measured`. A line is partial when it was hit and some branch on it was
    not taken. Branches and functions are sparse and sorted; formats without them leave
    them empty.
    """

    path: str
    measured: int = 0
    hit: int = 0
    partial: int = 0
    branches: tuple[BranchLine, ...] = ()
    functions: tuple[Function, ...] = ()

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
        return Ratio(
            sum(branch.taken for branch in self.branches),
            sum(branch.total for branch in self.branches),
        )

    def within(self, lines: int) -> Ratio:
        """Return the ratio over those measured lines that are in the bitmap `lines`."""
        return Ratio((self.hit & lines).bit_count(), (self.measured & lines).bit_count())

    def counting_partial_as_missed(self) -> Self:
        """Return the same file with partial lines no longer hit (`partial: missed`)."""
        return type(self)(
            self.path, self.measured, self.hit & ~self.partial, 0, self.branches, self.functions
        )

    def moved_to(self, path: str) -> Self:
        """Return the same coverage under another path."""
        return type(self)(
            path, self.measured, self.hit, self.partial, self.branches, self.functions
        )

    def merge(self, other: Self) -> Self:
        """Return what both saw together; each line keeps its best state.

        The states are ordered unmeasured < missed < partial < hit in full, and the merged
        state is the greater one, which makes merging associative, commutative and
        idempotent. Branches are merged line by line by the greater number taken: a
        count-only format does not say which branch it was.
        """
        full = (self.hit & ~self.partial) | (other.hit & ~other.partial)
        hit = self.hit | other.hit
        return type(self)(
            self.path,
            self.measured | other.measured,
            hit,
            hit & ~full,
            _merge_branches(self.branches, other.branches),
            _merge_functions(self.functions, other.functions),
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
    merged = {branch.line: branch for branch in ours}
    for branch in theirs:
        known = merged.get(branch.line)
        if known is not None:
            branch = BranchLine(  # noqa: PLW2901 - the merged one takes its place
                branch.line, max(branch.taken, known.taken), max(branch.total, known.total)
            )
        merged[branch.line] = branch
    return tuple(merged[line] for line in sorted(merged))


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
