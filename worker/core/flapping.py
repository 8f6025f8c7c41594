"""Lines whose coverage changes though nothing else does: known to flap.

They are learned from two whole reports of one tree, by the same reports of the same flags:
what differs between these is chance (timing, random data, the order of tests), not the code.

A line is known by its file's path and *shape*, the bitmap of its measured lines. A line's
text may be edited and a comment rewritten without the mark being lost; where lines of code
move, the shape is another one, and the file is learned anew. So a mark never lands on a line
that it was not learned for, which a line number alone would let happen.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from worker.core.model import FileCoverage, Report

__all__ = ["NO_FLAPPING", "Flapping", "learn_flapping", "shape_of"]

MOST_FLAPPING = 10
"""Per cent of the measured lines: where two reports differ in more, it is not chance."""


def shape_of(file: FileCoverage) -> str:
    """Return what stands for the places of a file's measured lines: 32 hexadecimal digits."""
    measured = file.measured
    octets = measured.to_bytes((measured.bit_length() + 7) >> 3, "little")
    return hashlib.sha256(octets).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Flapping:
    """Bitmaps of lines known to flap, by path and shape."""

    lines: Mapping[tuple[str, str], int] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, marks: Iterable[tuple[str, str, int]]) -> Flapping:
        """Return what marks of (path, shape, lines) say together."""
        known: dict[tuple[str, str], int] = {}
        for path, shape, lines in marks:
            known[path, shape] = known.get((path, shape), 0) | lines
        return cls(MappingProxyType({key: known[key] for key in sorted(known)}))

    def of_file(self, file: FileCoverage) -> int:
        """Return the bitmap of a file's lines that are known to flap."""
        return self.lines.get((file.path, shape_of(file)), 0) if self.lines else 0

    def __len__(self) -> int:
        return len(self.lines)


NO_FLAPPING = Flapping()


def learn_flapping(one: Report, other: Report) -> Flapping:
    """Return the lines in which two reports of one tree differ.

    Nothing is learned where they differ in more than a tenth of all lines: then something
    else than chance was different.
    """
    marks = []
    for file in one:
        again = other.files.get(file.path)
        if again is None or again.measured != file.measured:
            continue
        lines = (file.hit ^ again.hit) | (file.partial ^ again.partial)
        if lines:
            marks.append((file.path, shape_of(file), lines))
    changed = sum(lines.bit_count() for *_, lines in marks)
    total = max(one.lines.total, other.lines.total)
    return Flapping.of(marks) if changed * 100 <= MOST_FLAPPING * total else NO_FLAPPING
