"""What an LCOV tracefile says of one file, until all of it was read."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from worker.core.formats._build import FileBuilder, Room

__all__ = ["Arm", "Section", "decode"]

_ARM_ROOM = 200
_NAME_ROOM = 250
_NUMBER_ROOM = 40
"""About what Python needs for a branch, a function or a line, until its file is folded."""
Arm: TypeAlias = tuple[int, int, int] | tuple[int, int, bytes]
"""A line, and what tells this branch from the others on it: block and branch.

Sorted, they are a line's arms in an order that is the same in every tracefile.
"""


class _Functions:
    """What was read of a file's functions, whose lines and hits may come in any order."""

    __slots__ = ("_aliases", "_found", "_hits", "_leaders")

    def __init__(self) -> None:
        self._found: list[tuple[int, int | None, bytes]] = []
        self._hits: dict[bytes, int] = {}
        self._leaders: dict[bytes, tuple[int, int | None]] = {}
        self._aliases: list[tuple[bytes, int, bytes]] = []

    def add(self, value: bytes) -> None:
        """Read "FN:line,name" (lcov 1) or "FN:line,end,name" (lcov 2); names may have commas."""
        number, name = value.split(b",", 1)
        end, _, rest = name.partition(b",")
        if rest and end.isdigit():
            self._found.append((int(number), int(end), rest))
        else:
            self._found.append((int(number), None, name))

    def add_hits(self, value: bytes) -> None:
        """Read "FNDA:hits,name"."""
        hits, name = value.split(b",", 1)
        self._hits[name] = max(self._hits.get(name, 0), int(hits))

    def add_leader(self, value: bytes) -> None:
        """Read "FNL:index,line,end" (lcov 2.2), the end being left out by some."""
        index, number, *end = value.split(b",")
        self._leaders[index] = (int(number), int(end[0]) if end else None)

    def add_alias(self, value: bytes) -> None:
        """Read "FNA:index,hits,name"."""
        index, hits, name = value.split(b",", 2)
        self._aliases.append((index, int(hits), name))

    def give(self, file: FileBuilder) -> None:
        """Give them to the file."""
        for line, end, name in self._found:
            file.add_function(line, decode(name), self._hits.get(name, 0), end)
        for leader, hits, name in self._aliases:
            if leader in self._leaders:
                line, end = self._leaders[leader]
                file.add_function(line, decode(name), hits, end)


class Section:
    """What was read of one file and not yet folded: branches arm by arm, functions by name."""

    __slots__ = ("_functions", "_room", "_taken", "arms", "contexts", "file", "repeated")

    def __init__(self, file: FileBuilder, room: Room, *, repeated: bool) -> None:
        self.file = file
        self.repeated = repeated
        self.arms: dict[Arm, int] = {}
        self.contexts: dict[str, list[int]] = {}
        self._functions: _Functions | None = None
        self._room = room
        self._taken = 0

    def functions(self, octets: int) -> _Functions:
        """Return the functions, to add one whose record is that long."""
        self._take_room(_NAME_ROOM + octets)
        if self._functions is None:
            self._functions = _Functions()
        return self._functions

    def add_arm(self, arm: Arm, taken: int) -> None:
        """Add one branch; fewer times than never is never."""
        known = self.arms.get(arm)
        if known is None:
            self._take_room(_ARM_ROOM + (len(arm[2]) if isinstance(arm[2], bytes) else 0))
            known = 0
        self.arms[arm] = max(known, taken)

    def add_to_test(self, test: str, line: int) -> None:
        """Add a line that a test hit."""
        lines = self.contexts.get(test)
        if lines is None:
            self._take_room(_NAME_ROOM + len(test))
            lines = self.contexts[test] = []
        self._take_room(_NUMBER_ROOM)
        lines.append(line)

    def fold(self) -> None:
        """Give branches, contexts and functions to the file."""
        if self.arms:
            self._fold_arms()
        for name, lines in self.contexts.items():
            self.file.add_context(name, lines)
        if self._functions is not None:
            self._functions.give(self.file)
        self._room.give_back(self._taken)

    def _fold_arms(self) -> None:
        for line, arms in groupby(sorted(self.arms.items()), _line_of):
            taken = total = 0
            for _, count in arms:
                if count:
                    taken |= 1 << total
                total += 1
            self.file.add_arm_bitmap(line, taken, total)

    def _take_room(self, octets: int) -> None:
        """Take room for one more of them, until the file is folded."""
        self._room.take(octets)
        self._taken += octets


def _line_of(item: tuple[Arm, int]) -> int:
    return item[0][0]


def decode(value: bytes) -> str:
    """Return a path or a name as text."""
    return value.decode("utf-8", "replace")
