"""The branches of a file's lines: two to a line as bitmaps, what is unlike that one by one.

Nearly every line that branches has two ways on, and then three integers say all of it for a
whole file: 0.5 bytes a measured line, where an object for each takes many times that.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec

from worker.core.numbers import Ratio

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["NO_BRANCHES", "BranchLine", "Branches", "branch_line"]

_Counts = tuple[int, int, int | None]
"""Taken, total, and the bitmap of arms where they are told apart."""

_ARMS: dict[_Counts, int] = {(arms.bit_count(), 2, arms): ord("0") + arms + 4 for arms in range(4)}
_COUNTS: dict[_Counts, int] = {
    (taken, 2, None): ord("0") + arms + 4 for taken, arms in enumerate((0b00, 0b01, 0b11))
}
"""The mark of a line with two branches: bit 2 is set, the others are its arms; of a mere
count, the first ones."""
_MARKS: dict[_Counts, int] = _ARMS | _COUNTS
_FIRST, _SECOND, _PAIR = (
    bytes.maketrans(b"01234567", bytes(ord("0") + (mark >> bit & 1) for mark in range(8)))
    for bit in range(3)
)

_ONE = ord("1")


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


class Branches(msgspec.Struct, frozen=True, gc=False, eq=False):
    """A file's records of branches, sorted by key: iterating makes them `BranchLine`s.

    `octets` are three bitmaps of the same length on end: the `lines` with two branches in
    `order` (None: counted only), and those of them where the `first` and where the `second`
    arm was taken; of mere counts, where at least one and where both were. All others are the
    `rest`. Equal to the tuple of its records.
    """

    octets: bytes = b""
    order: str | None = None
    rest: tuple[BranchLine, ...] = ()

    @property
    def lines(self) -> int:
        """The bitmap of lines with two branches."""
        return int.from_bytes(self.octets[: len(self.octets) // 3], "little")

    @property
    def first(self) -> int:
        """Those whose first arm was taken, or of whose arms one was."""
        width = len(self.octets) // 3
        return int.from_bytes(self.octets[width : 2 * width], "little")

    @property
    def second(self) -> int:
        """Those whose second arm was taken, or of whose arms both were."""
        return int.from_bytes(self.octets[2 * (len(self.octets) // 3) :], "little")

    @staticmethod
    def of(records: Iterable[BranchLine]) -> Branches:
        """Return a file's records, which have to be sorted by key to be kept as bitmaps."""
        records = tuple(records)
        if not records:
            return NO_BRANCHES
        if any(one.key >= two.key for one, two in pairwise(records)):
            return Branches(rest=records)
        order: str | None = None
        pairs: list[tuple[int, _Counts]] = []
        rest: list[BranchLine] = []
        for record in records:
            counts = record.taken, record.total, record.arms
            own = None if record.arms is None else record.order
            if counts not in _MARKS or (own is None and record.order) or (pairs and own != order):
                rest.append(record)
            else:
                order = own
                pairs.append((record.line, counts))
        return Branches(_octets(pairs), order, tuple(rest))

    @staticmethod
    def counted(counted: Sequence[tuple[int, _Counts]], order: str) -> Branches:
        """Return the same of lines with their counts, each line once, in order.

        `order` is that of the arms where they are told apart.
        """
        if not counted:
            return NO_BRANCHES
        kinds = {counts for _, counts in counted}
        if kinds <= _ARMS.keys():
            return Branches(_octets(counted), order)
        if kinds <= _COUNTS.keys():
            return Branches(_octets(counted))
        return Branches.of(
            branch_line(line, *counts, "" if counts[2] is None else order)
            for line, counts in counted
        )

    def __iter__(self) -> Iterator[BranchLine]:
        if not self.rest:
            return self._pairs()
        return iter(sorted([*self._pairs(), *self.rest], key=_key) if self.octets else self.rest)

    def __len__(self) -> int:
        return self.lines.bit_count() + len(self.rest)

    def __bool__(self) -> bool:
        return bool(self.octets or self.rest)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Branches):
            return self._fields() == other._fields()
        return tuple(self) == other if isinstance(other, tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    @property
    def complete(self) -> int:
        """The bitmap of lines with a record of which all branches were taken."""
        return self._with_rest(self.first & self.second, complete=True)

    @property
    def incomplete(self) -> int:
        """The bitmap of lines with a record of which some branch was not taken."""
        if not self:
            return 0
        return self._with_rest(self.lines & ~(self.first & self.second), complete=False)

    @property
    def ratio(self) -> Ratio:
        """Branches taken, of branches; of several records of a line the greatest counts."""
        if not self.rest:
            taken = self.first.bit_count() + self.second.bit_count()
            return Ratio(taken, 2 * self.lines.bit_count())
        counting: dict[int, tuple[int, int]] = {}
        for branch in self:
            counts = branch.total, branch.taken
            if counts > counting.get(branch.line, (0, 0)):
                counting[branch.line] = counts
        return Ratio(
            sum(taken for _, taken in counting.values()),
            sum(total for total, _ in counting.values()),
        )

    def merge(self, other: Branches) -> Branches:
        """Return what both saw; records of the same key are merged."""
        if not other or self == other:
            return self
        if not self:
            return other
        if self.order == other.order and not self.rest and not other.rest:
            width = max(len(self.octets), len(other.octets)) // 3
            pairs = self.lines | other.lines, self.first | other.first, self.second | other.second
            return Branches(_join(*pairs, width=width), self.order)
        merged = {branch.key: branch for branch in self}
        for branch in other:
            known = merged.get(branch.key)
            merged[branch.key] = branch if known is None else known.merge(branch)
        return Branches.of(merged[key] for key in sorted(merged))

    def _fields(self) -> tuple[object, ...]:
        return self.octets, self.order, self.rest

    def _with_rest(self, lines: int, *, complete: bool) -> int:
        """Return the lines, and those of the rest that are so, without line 0."""
        numbers = [b.line for b in self.rest if (b.taken >= b.total) is complete]
        if numbers:
            marks = bytearray(b"0") * (max(numbers) + 1)
            for number in numbers:
                marks[number] = _ONE
            marks.reverse()
            lines |= int(marks, 2)
        return lines & ~1

    def _pairs(self) -> Iterator[BranchLine]:
        first, second = (f"{arm:b}"[::-1] for arm in (self.first, self.second))
        lines = f"{self.lines:b}"[::-1] if self.lines else ""
        told, order = self.order is not None, self.order or ""
        line = lines.find("1")
        while line >= 0:
            arms = (first[line : line + 1] == "1") + 2 * (second[line : line + 1] == "1")
            yield branch_line(line, arms.bit_count(), 2, arms if told else None, order)
            line = lines.find("1", line + 1)


NO_BRANCHES = Branches()

_key = attrgetter("key")


def _octets(pairs: Sequence[tuple[int, _Counts]]) -> bytes:
    """Return the bitmaps of `Branches`; the lines ascend."""
    if not pairs:
        return b""
    marks = bytearray(b"0") * (pairs[-1][0] + 1)
    for line, counts in pairs:
        marks[line] = _MARKS[counts]
    marks.reverse()
    bitmaps = (int(marks.translate(bit), 2) for bit in (_PAIR, _FIRST, _SECOND))
    return _join(*bitmaps, width=(len(marks) + 7) >> 3)


def _join(*bitmaps: int, width: int) -> bytes:
    return b"".join([lines.to_bytes(width, "little") for lines in bitmaps])
