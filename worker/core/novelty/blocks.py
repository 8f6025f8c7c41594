"""Blocks of lines that stand on both sides of a diff, the longest first.

Each removed line justifies one added line at most, so that a copy of a moved block is new.
A line is compared without the white space around it. Blank lines are passed over.
"""

from __future__ import annotations

import heapq
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["MAX_STEPS", "SHORTEST", "Line", "Match", "has_substance", "match_blocks"]

SHORTEST = 3
"""Lines with substance that make a block: fewer are alike by chance."""
MAX_STEPS = 3_000_000
"""Pairs of lines that are looked at; beyond it (some seconds), blocks are left new."""

_WORDS = re.compile(r"\w+")
_KEYWORDS = (
    "else end try finally do then begin fi done endif endfor endwhile pass break continue "
    "return default esac loop"
)
_COMMON = frozenset(_KEYWORDS.split())


class Line(msgspec.Struct, frozen=True, gc=False):
    """A changed line: where it is, and the number of the change that it belongs to."""

    path: str
    number: int
    text: str
    """Without the white space around it; never empty."""
    change: int
    counts: bool = True
    """Whether it may be told as moved, where it is an added one: some report measures it."""


@dataclass(frozen=True, slots=True)
class Match:
    """Indexes of lines that hold the same text on both sides.

    Of a block that moved, line for line; of a group that stayed, all of them together.
    """

    removed: Sequence[int]
    added: Sequence[int]


def has_substance(text: str) -> bool:
    """Return whether a line is more than brackets and a word such as `else`."""
    words = _WORDS.findall(text)
    return bool(words) and not (len(words) == 1 and (len(words[0]) == 1 or words[0] in _COMMON))


def match_blocks(
    removed: Sequence[Line], added: Sequence[Line], in_place: Sequence[Sequence[Match]]
) -> tuple[list[Match], list[Match]]:
    """Return the blocks that moved, and the groups of `in_place` that stayed.

    `removed` and `added` have the lines of one change one after another. The lines of a
    change never move to itself: `in_place` has for each change the groups that may have
    stayed. Longer matches are taken first, and of equal ones what stayed.
    """
    return _Matcher(removed, added).run(in_place)


@dataclass(slots=True)
class _Matcher:
    removed: Sequence[Line]
    added: Sequence[Line]
    steps: int = 0
    gone: set[int] = field(default_factory=set)
    """Removed lines that justify an added one."""
    known: set[int] = field(default_factory=set)
    """Added lines that one justifies."""

    def run(self, in_place: Sequence[Sequence[Match]]) -> tuple[list[Match], list[Match]]:
        heap = [
            (-sum(self._size(group.removed) for group in groups), 0, index, 0, 0)
            for index, groups in enumerate(in_place)
        ]
        heap += [entry for run in self._common_runs() if (entry := self._entry(*run))]
        heapq.heapify(heap)
        moved: list[Match] = []
        stayed: list[Match] = []
        while heap:
            _, is_run, start, place, count = heapq.heappop(heap)
            if not is_run:
                stayed += filter(self._take, in_place[start])
                continue
            block = Match(range(place, place + count), range(start, start + count))
            if self._take(block):
                moved.append(block)
            else:
                for piece in self._free(place, start, count):
                    if entry := self._entry(*piece):
                        heapq.heappush(heap, entry)
        return moved, stayed

    def _size(self, removed: Iterable[int]) -> int:
        return sum(has_substance(self.removed[index].text) for index in removed)

    def _take(self, match: Match) -> bool:
        """Take the lines, if none of them is taken yet."""
        if not (self.gone.isdisjoint(match.removed) and self.known.isdisjoint(match.added)):
            return False
        self.gone.update(match.removed)
        self.known.update(match.added)
        return True

    def _entry(self, place: int, start: int, count: int) -> tuple[int, int, int, int, int] | None:
        """Return how a run stands in the heap; None where it is too short for a block."""
        size = self._size(range(place, place + count))
        return (-size, 1, start, place, count) if size >= SHORTEST else None

    def _free(self, removed: int, added: int, count: int) -> Iterator[tuple[int, int, int]]:
        """Yield the pieces of a run that are not taken on either side."""
        self.steps += count
        length = 0
        for offset in range(count + 1):
            taken = offset == count or (
                removed + offset in self.gone or added + offset in self.known
            )
            if not taken:
                length += 1
                continue
            if length and self.steps <= MAX_STEPS:
                yield removed + offset - length, added + offset - length, length
            length = 0

    def _common_runs(self) -> Iterator[tuple[int, int, int]]:
        """Yield (first removed, first added, lines) of all runs that can not be longer.

        Found from the last added line to the first, by three lines at a time.
        """
        places: dict[tuple[str, str, str], list[int]] = {}
        for index, key in _triples(self.removed):
            places.setdefault(key, []).append(index)
        wanted = {i: key for i, key in _triples(self.added) if self.added[i].counts}
        runs: dict[int, int] = {}
        for index in range(len(self.added) - 1, -2, -1):
            now: dict[int, int] = {}
            change = self.added[index].change if index >= 0 else -1
            for place in places.get(wanted[index], ()) if index in wanted else ():
                self.steps += 1
                if self.removed[place].change != change:
                    now[place] = runs.get(place + 1, 0) + 1
            for place, length in runs.items():
                if place - 1 not in now:
                    yield place, index + 1, length + 2
            if self.steps > MAX_STEPS:
                return
            runs = now


def _triples(lines: Sequence[Line]) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Yield each three lines that follow each other in one change, by the first one's index."""
    for index in range(len(lines) - 2):
        first, second, third = lines[index : index + 3]
        if first.change == third.change:
            yield index, (first.text, second.text, third.text)
